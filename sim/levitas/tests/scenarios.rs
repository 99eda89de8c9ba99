// SPDX-License-Identifier: Apache-2.0
//! Every built-in scenario holds; points settle on measured tables; lift-off works from everywhere; runs repeat.

mod common;

use std::fs;
use std::path::Path;

use common::{Scratch, levitas};
use levitas::catalogue::{PUMP_SHELF, SCENARIOS};
use levitas::curve::read_points;
use levitas::scenario::{Setting, load};
use levitas::simulation::run;
use levitas::sweep::sweep;
use levitas::toml_file::Source;

fn scenario_file(name: &str) -> String {
    format!("{}/../../tests/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

fn settings(texts: &[&str]) -> Vec<Setting> {
    texts.iter().map(|text| Setting::parse(text).unwrap()).collect()
}

/// Half of the built-in scenarios, for two cores.
fn run_built_in(parity: usize) {
    let scratch = Scratch::new(&format!("all-{parity}"));
    for scenario in SCENARIOS.iter().skip(parity).step_by(2) {
        let run = levitas(&scratch.path, &["run", scenario.name, "--quiet"]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", scenario.name);
        for file in ["metrics.json", "trace.csv", "events.jsonl", "report.html"] {
            assert!(
                scratch.path.join("out").join(scenario.name).join(file).is_file(),
                "{}: {file}",
                scenario.name
            );
        }
    }
}

#[test]
fn every_even_built_in_scenario_exits_with_0() {
    run_built_in(0);
}

#[test]
fn every_odd_built_in_scenario_exits_with_0() {
    run_built_in(1);
}

#[test]
fn the_demonstration_runs_without_arguments_and_from_any_folder() {
    let scratch = Scratch::new("demonstration");
    let run = levitas(&scratch.path, &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(
        run.stdout.contains("x real time") && run.stdout.contains("report: out/0_demonstration/report.html")
    );
}

/// Head of the table at a flow, at a tabulated speed: linear between the two points around it, written anew here.
fn head_on_table(source: &Source, speed_rpm: f64, flow_lpm: f64) -> f64 {
    let (points, _) = read_points(source).unwrap();
    let row: Vec<(f64, f64)> =
        points.iter().filter(|p| p.speed_rpm == speed_rpm).map(|p| (p.flow_lpm, p.head_mmhg)).collect();
    let around = |pair: &&[(f64, f64)]| pair[0].0 <= flow_lpm && flow_lpm <= pair[1].0;
    let pair = row.windows(2).find(around).expect("flow on the table");
    pair[0].1 + (pair[1].1 - pair[0].1) * (flow_lpm - pair[0].0) / (pair[1].0 - pair[0].0)
}

/// Runs a pump-curve scenario on the bench loop at a speed and a throttle; it must settle on the table.
fn settles_on_table(name: &str, source: &Source, speed_rpm: f64, throttle: f64) {
    let old = fs::read_to_string(scenario_file(name)).unwrap();
    let old = old.split("[[expect]]").next().unwrap();
    let (before, _) = old.split_once("value = ").unwrap();
    let scratch = Scratch::new(&format!("{name}-{speed_rpm}-{throttle}"));
    let file = scratch.path.join("point.toml");
    fs::write(scratch.path.join("1e_own_table.csv"), &source.text).unwrap();
    fs::write(&file, format!("{before}value = {speed_rpm}\n")).unwrap();
    let throttle = format!("circuit.return_cannula.resistance_mmhg_per_lpm2={throttle}");
    let changes = ["circuit=bench-loop", "patient=bench", "config.host.speed_rpm_max=7500", &throttle];
    let scenario = load(file.to_str().unwrap(), &settings(&changes)).unwrap();
    let metrics = run(&scenario, &mut |_| {}).unwrap().metrics;
    let get = |name| metrics.get(name).unwrap();
    assert!((get("pump.speed_rpm") - speed_rpm).abs() < 5.0, "{speed_rpm} rpm: {}", get("pump.speed_rpm"));
    let table_mmhg = head_on_table(source, speed_rpm, get("flow.lpm"));
    let off = (get("pump.head_mmhg") - table_mmhg).abs() / table_mmhg;
    assert!(off < 0.02, "{name}, {speed_rpm} rpm, {:.2} L/min: {:.1} %", get("flow.lpm"), off * 100.0);
}

#[test]
fn settled_points_lie_on_the_heartmate_3_table_within_2_percent() {
    let source = PUMP_SHELF.find("heartmate3", Path::new("")).unwrap().source;
    let points =
        [(5000.0, 20.0), (5000.0, 7.0), (6000.0, 10.0), (6000.0, 3.0), (7000.0, 12.0), (7000.0, 5.0)];
    for (speed_rpm, throttle) in points {
        settles_on_table("1d_heartmate3", &source, speed_rpm, throttle);
    }
}

#[test]
fn settled_points_lie_on_a_table_of_ones_own_within_2_percent() {
    let file = scenario_file("1e_own_table").replace(".toml", ".csv");
    let source = Source { name: file.clone(), text: fs::read_to_string(file).unwrap() };
    for (speed_rpm, throttle) in [(3000.0, 40.0), (3000.0, 10.0), (4000.0, 60.0), (4000.0, 8.0)] {
        settles_on_table("1e_own_table", &source, speed_rpm, throttle);
    }
}

#[test]
fn lift_off_succeeds_from_anywhere_with_little_overshoot() {
    let scenario = load(&scenario_file("1f_lift_off"), &[]).unwrap();
    let result = sweep(&scenario, 0..32, 2, &|_| {}).unwrap();
    assert!(result.failures.is_empty(), "{:?}", result.failures);
    assert_eq!(result.values["levitation.liftoff_s"].len(), 32);
    assert!(result.spread("levitation.overshoot_um").unwrap()[2] < 50.0);
}

#[test]
fn a_sweep_does_not_depend_on_its_threads() {
    let scenario = load(&scenario_file("1f_lift_off"), &settings(&["duration_s=0.1"])).unwrap();
    assert_eq!(sweep(&scenario, 5..9, 1, &|_| {}), sweep(&scenario, 5..9, 3, &|_| {}));
}

/// All outputs of a run, without the wall-clock line of metrics.json.
fn outputs(folder: &Path) -> Vec<String> {
    ["metrics.json", "trace.csv", "events.jsonl", "report.html"]
        .map(|file| {
            let text = fs::read_to_string(folder.join(file)).unwrap();
            text.lines().filter(|line| !line.contains("sim.realtime_factor")).collect::<Vec<_>>().join("\n")
        })
        .to_vec()
}

#[test]
fn one_seed_gives_the_same_bytes_and_another_does_not() {
    let scratch = Scratch::new("bytes");
    for (out, seed) in [("a", "7"), ("b", "7"), ("c", "8")] {
        let run = levitas(&scratch.path, &["run", "1a_levitation", "--seed", seed, "--out", out, "--quiet"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
    }
    let [a, b, c] = ["a", "b", "c"].map(|out| outputs(&scratch.path.join(out)));
    assert!(a == b, "the same seed gave other bytes");
    for (mine, other) in a.iter().zip(&c) {
        assert!(mine != other, "another seed gave the same bytes");
    }
}

#[test]
fn a_unit_in_standby_changes_nothing() {
    let [alone, both] = ["units=host", "units=both"].map(|units| {
        let settings = settings(&["duration_s=3.6", units]);
        run(&load(&scenario_file("1a_levitation"), &settings).unwrap(), &mut |_| {}).unwrap()
    });
    assert_eq!(alone.recording.to_csv(), both.recording.to_csv());
}

#[test]
fn what_is_expected_decides_about_the_exit_code() {
    let scratch = Scratch::new("expect");
    let file = scratch.path.join("hard.toml");
    let text = "title = \"h\"\nduration_s = 0.3\n[[event]]\nat_s = 0.02\ndo = \"lift_off\"\n\
                [[event]]\nat_s = 0.15\ndo = \"disturb\"\nkind = \"force_step\"\nnewton = 200\nangle_deg = 0\n\
                duration_s = 0.1\n[[expect]]\nmetric = \"levitation.liftoff_s\"\nmax = 0.001\n\
                [[expect]]\nmetric = \"levitation.orbit_1x_um\"\nmax = 1\n";
    fs::write(&file, text).unwrap();
    let run = levitas(&scratch.path, &["run", "hard.toml", "--json", "m.json", "--quiet"]);
    assert_eq!(run.code, 1);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert!(
        lines[0].contains("levitation.liftoff_s = 0.0") && lines[0].contains("expected <= 0.001 s"),
        "{lines:?}"
    );
    assert!(lines[1].contains("levitation.orbit_1x_um is absent"), "{lines:?}");
    assert!(lines[2].contains("invariant broken at 0.1") && lines[2].contains("touchdown"), "{lines:?}");
    let metrics: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(scratch.path.join("m.json")).unwrap()).unwrap();
    assert_eq!(metrics["invariants.broken"][0], "touchdown");
    assert_eq!(
        fs::read_to_string(scratch.path.join("m.json")).unwrap(),
        fs::read_to_string(scratch.path.join("out/hard/metrics.json")).unwrap()
    );
}

#[test]
fn two_commands_at_one_instant_are_both_seen_and_a_refused_one_is_logged() {
    let scratch = Scratch::new("refused");
    let speed =
        |rpm: u32| format!("[[event]]\nat_s = 0.02\ndo = \"set_mode\"\nmode = \"speed\"\nvalue = {rpm}\n");
    let text = format!("title = \"r\"\nduration_s = 0.2\n{}{}", speed(1000), speed(9000));
    fs::write(scratch.path.join("r.toml"), text).unwrap();
    let run = levitas(&scratch.path, &["run", "r.toml", "--quiet"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let log = fs::read_to_string(scratch.path.join("out/r/events.jsonl")).unwrap();
    assert_eq!(log.matches("command_refused").count(), 2, "{log}");
}

#[test]
fn values_that_depend_on_each_other_may_be_set_in_any_order() {
    let name = scenario_file("1f_lift_off");
    let both = ["config.host.bus_sag_start_v=58", "config.host.bus_sag_end_v=50"];
    for order in [[both[0], both[1]], [both[1], both[0]]] {
        assert!(load(&name, &settings(&order)).is_ok(), "{order:?}");
    }
}
