// SPDX-License-Identifier: Apache-2.0
//! The only unit is reset at every speed and for every time: it comes back by itself, and docs/restart.md says how soon. Both units are reset: what
//! held the flow holds it.

mod common;

use std::fmt::Write as _;
use std::fs;

use common::Scratch;
use levitas::scenario::load;
use levitas::sweep::sweep;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Speed [rpm], and time until the tasks run [s]. A rotor of 5500 rpm touches after 8 ms.
const RESETS: [(u32, f64, bool); 10] = [
    (5500, 0.004, false),
    (5500, 0.01, true),
    (5500, 0.02, true),
    (5500, 0.05, true),
    (5500, 0.1, true),
    (5500, 0.2, true),
    (5500, 0.3, true),
    (5500, 0.6, true),
    (4000, 0.1, true),
    (2000, 0.1, true),
];
const SEEDS: u64 = 4;
/// Circulation, supervisor and slow frames have a period of 10 ms: both units are reset at these times of it [ms].
const PHASES_MS: [u32; 6] = [0, 1, 2, 4, 6, 8];
/// The S-curve of a lift-off, and what comes before it [s].
const LIFT_S_MAX: f64 = 0.032;
/// Slew limit of the speed [rpm/s], and what the end of the slope takes beyond it [s].
const SLEW_RPM_PER_S: f64 = 4000.0;
const SETTLE_S_MAX: f64 = 0.04;

#[test]
fn a_unit_that_is_alone_comes_back_by_itself_as_the_page_says() {
    let scratch = Scratch::new("reset");
    let text = fs::read_to_string(format!("{ROOT}/tests/scenarios/4n_reboot_alone.toml")).unwrap();
    let story = text.split("[[alarm]]").next().unwrap();
    let page = fs::read_to_string(format!("{ROOT}/docs/restart.md")).unwrap();
    let mut missing = String::new();
    for (speed_rpm, boot_s, touches) in RESETS {
        let mut story = story.replace("value = 5500", &format!("value = {speed_rpm}"));
        story = story.replace("boot_s = 0.1", &format!("boot_s = {boot_s}"));
        if touches {
            story += "[[expect]]\nmetric = \"levitation.touchdowns\"\nmin = 1\nmax = 1\n";
        }
        let file = scratch.path.join("reset.toml");
        fs::write(&file, story).unwrap();
        let result = sweep(&load(file.to_str().unwrap(), &[]).unwrap(), 0..SEEDS, 2, &|_| {}).unwrap();
        assert!(result.failures.is_empty(), "{speed_rpm} rpm, {boot_s} s: {:?}", result.failures);
        let worst = |name| {
            let spread = &result.values[name];
            assert_eq!(spread.len() as u64, SEEDS, "{speed_rpm} rpm, {boot_s} s: {name}");
            if name == "restart.speed_min_rpm" { spread[0] } else { *spread.last().unwrap() }
        };
        let [run_s, held_s, speed_s] = ["restart.run_s", "restart.held_s", "restart.speed_s"].map(&worst);
        let [slowest_rpm, wall_s] = ["restart.speed_min_rpm", "restart.wall_s"].map(worst);
        assert!((run_s - boot_s).abs() < 1e-4 && held_s - run_s < LIFT_S_MAX, "{boot_s} s: {held_s}");
        let slope_s = (f64::from(speed_rpm) - slowest_rpm) / SLEW_RPM_PER_S;
        assert!(speed_s < held_s + slope_s + SETTLE_S_MAX, "{speed_rpm} rpm, {boot_s} s: {speed_s} s");
        let row = format!(
            "| {speed_rpm} | {:.0} | {:.0} | {:.0} | {slowest_rpm:.0} | {:.0} |",
            1e3 * run_s,
            1e3 * wall_s,
            1e3 * held_s,
            1e3 * speed_s
        );
        println!("{row}");
        if !page.lines().any(|line| line == row) {
            let _ = writeln!(missing, "{row}");
        }
    }
    assert!(missing.is_empty(), "not in docs/restart.md:\n{missing}");
}

/// The emergency drive did not drive: it is there first, comes back with nothing, and says so.
#[test]
fn air_that_is_held_is_held_when_both_units_are_reset() {
    let scratch = Scratch::new("reset-both");
    let text = fs::read_to_string(format!("{ROOT}/tests/scenarios/4o_reboot_while_air_holds.toml")).unwrap();
    let story = text.split("[[alarm]]").next().unwrap();
    let (story, resumes) = story.split_once("[[event]]\nat_s = 11.0").unwrap();
    assert!(resumes.contains("resume"));
    let story = story.replace("duration_s = 16", "duration_s = 12\nunits = \"both\"");
    for phase_ms in PHASES_MS {
        let at_s = 8.00037 + 1e-3 * f64::from(phase_ms);
        let mut story = story.replace("at_s = 8.00137", &format!("at_s = {at_s:.5}"));
        let _ = write!(story, "[[event]]\nat_s = {at_s:.5}\ndo = \"fault\"\ntarget = \"emergency_drive\"\n");
        story += "fault = \"reboot\"\nboot_s = 0.05\n";
        let file = scratch.path.join("both.toml");
        fs::write(&file, story).unwrap();
        let result = sweep(&load(file.to_str().unwrap(), &[]).unwrap(), 0..1, 1, &|_| {}).unwrap();
        // Invariants break: nobody could hold the rotor.
        let worst = |name: &str| *result.values[name].last().unwrap();
        let (held_s, mean_lpm) = (worst("alarm.restarted.latency_s"), worst("flow.mean_lpm"));
        println!("{phase_ms} ms: told after {held_s:.3} s, {mean_lpm:.2} L/min");
        assert!(held_s < 0.15, "{phase_ms} ms: {held_s} s");
        // 2.4 where the air is pumped on.
        assert!(mean_lpm < 1.0, "{phase_ms} ms: {mean_lpm} L/min");
    }
}
