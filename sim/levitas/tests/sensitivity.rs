// SPDX-License-Identifier: Apache-2.0
//! `levitas sensitivity`: the margin does not depend on the speed, files and exit codes, refusals in one line.

mod common;

use std::fs;

use common::{Scratch, levitas};
use levitas::scenario::{Scenario, Setting, load};
use levitas::sensitivity::{Answer, Axes, Question, measure};
use levitas_core::health::Zone;

fn scenario(settings: &[&str]) -> Scenario {
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
    load("0_demonstration", &settings).unwrap()
}

fn answer(settings: &[&str], speed_rpm: f64, amplitude_um: f64) -> Answer {
    let question = Question { axes: Axes::X, speed_rpm, amplitude_um };
    measure(&scenario(settings), &question, &mut |_| {}).unwrap().unwrap()
}

#[test]
fn the_margin_while_pumping_is_that_of_standstill() {
    let standing = answer(&[], 0.0, 3.0).axes.remove(0).peak;
    assert!((standing.value / 1.756 - 1.0).abs() < 0.03, "design 1.756, measured {standing:?}");
    // 10 um bring a coil to its voltage limit above 1 kHz, not at the peak.
    for (speed_rpm, amplitude_um) in [(1000.0, 3.0), (3000.0, 3.0), (3000.0, 10.0), (5500.0, 3.0)] {
        let answer = answer(&[], speed_rpm, amplitude_um);
        let peak = answer.axes[0].peak;
        assert!(
            (peak.value / standing.value - 1.0).abs() < 0.03,
            "{speed_rpm} rpm, {amplitude_um} um: {peak:?}"
        );
        assert!(answer.clearance_use_max < 0.1, "the patient's pump: {answer:?}");
    }
}

#[test]
fn a_bearing_with_too_much_damping_is_not_in_zone_a() {
    let answer = answer(&["config.host.feedback_velocity_a_s_per_m=80"], 3000.0, 1.0);
    assert_eq!((answer.axes[0].peak.zone, answer.axes[0].raw_peak.zone), (Zone::A, Zone::B));
    assert_eq!(answer.zone(), Zone::B);
}

#[test]
fn files_and_exit_codes() {
    let scratch = Scratch::new("sensitivity");
    let run = levitas(&scratch.path, &["sensitivity", "--axis", "y", "--speed", "0", "--json", "-"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(json["axes"]["x"].is_null() && json["axes"]["y"]["points"].as_array().unwrap().len() == 60);
    assert_eq!((&json["zone"], &json["orbit"]["zone"]), (&"A".into(), &"A".into()));
    assert!(
        run.stderr.contains("y: peak") && run.stderr.contains("zone A"),
        "the table goes to standard error"
    );
    let out = scratch.path.join("out/sensitivity");
    assert_eq!(fs::read_to_string(out.join("sensitivity.json")).unwrap(), run.stdout);
    assert_eq!(fs::read_to_string(out.join("sensitivity.csv")).unwrap().lines().count(), 61);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("id=\"axis-y\"") && !page.contains("{{"));

    let settings = ["--set", "config.host.feedback_velocity_a_s_per_m=80", "--amplitude-um", "1"];
    let run = levitas(&scratch.path, &[&["sensitivity", "--axis", "x", "-q"], &settings[..]].concat());
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.lines().count()), (1, "", 1), "{}", run.stderr);
    assert!(run.stderr.contains("zone B"), "{}", run.stderr);
}

#[test]
fn a_rotor_that_does_not_fly_is_no_measurement() {
    let scratch = Scratch::new("sensitivity-grounded");
    let run = levitas(&scratch.path, &["sensitivity", "--set", "config.host.coil_current_a_max=0.5"]);
    assert_eq!((run.code, run.stderr.lines().count()), (1, 1), "{}", run.stderr);
    assert!(run.stderr.contains("the rotor is not levitated"), "{}", run.stderr);
    assert!(scratch.names().is_empty());
}

#[test]
fn refusals_are_one_line_and_leave_nothing() {
    let scratch = Scratch::new("sensitivity-refused");
    for (arguments, wanted) in [
        (
            &["--speed", "5501"][..],
            "--speed: speed = 5501: this is outside of what is allowed; allowed is 0 to 5500",
        ),
        (&["--speed", "-1"], "allowed is 0 to 5500"),
        (&["--speed", "nan"], "allowed is 0 to 5500"),
        (&["--speed", "fast"], "invalid value"),
        (&["--amplitude-um", "0"], "allowed is 0.1 to 20"),
        (&["--amplitude-um", "20.1"], "allowed is 0.1 to 20"),
        (&["--amplitude-um", "inf"], "allowed is 0.1 to 20"),
        (&["--axis", "z"], "possible values: x, y, both"),
        (&["--set", "rotor.k_x=1"], "rotor.k_x"),
        (&["nobody"], "no such file"),
        (&["--out", "/dev/null"], "is no folder"),
        (&["--json", "/"], "this is a directory"),
    ] {
        let run = levitas(&scratch.path, &[&["sensitivity"], arguments].concat());
        assert_eq!((run.code, run.stderr.lines().count()), (2, 1), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(wanted), "{arguments:?}: {}", run.stderr);
        assert!(scratch.names().is_empty());
    }
}
