// SPDX-License-Identifier: Apache-2.0
//! The commands besides `run`, and what a run leaves when it is interrupted.

mod common;

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Scratch, levitas};

#[test]
fn every_list_says_something_and_writes_nothing() {
    let scratch = Scratch::new("lists");
    for what in [
        "scenarios",
        "plants",
        "circuits",
        "patients",
        "pumps",
        "config",
        "events",
        "faults",
        "metrics",
        "channels",
        "records",
    ] {
        let plain = levitas(&scratch.path, &["list", what]);
        let markdown = levitas(&scratch.path, &["list", what, "--markdown"]);
        assert_eq!((plain.code, markdown.code), (0, 0), "{what}");
        assert!(plain.stdout.lines().count() > 1 && markdown.stdout.contains("|---|"), "{what}");
    }
    assert_eq!(
        levitas(&scratch.path, &["list"]).stdout,
        levitas(&scratch.path, &["list", "scenarios"]).stdout
    );
    assert!(scratch.names().is_empty());
}

#[test]
fn a_killed_run_leaves_nothing() {
    let scratch = Scratch::new("killed");
    let mut child = Command::new(env!("CARGO_BIN_EXE_levitas"))
        .args(["run", "0_demonstration", "--set", "duration_s=3600"])
        .current_dir(&scratch.path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "an hour is not simulated in 200 ms");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(scratch.names().is_empty(), "{:?}", scratch.names());
}

#[test]
fn a_sweep_names_what_failed_and_how_to_replay_it() {
    let scratch = Scratch::new("sweep");
    let text = "title = \"s\"\nduration_s = 0.06\n[[event]]\nat_s = 0.01\ndo = \"lift_off\"\n\
                [[expect]]\nmetric = \"levitation.liftoff_s\"\nmax = 0.0001\n";
    fs::write(scratch.path.join("s.toml"), text).unwrap();
    let run = levitas(
        &scratch.path,
        &["sweep", "s.toml", "--seeds", "3..5", "--set", "rotor.eccentricity_m=0", "--json", "s.json"],
    );
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("0 of 2 seeds passed"), "{}", run.stdout);
    let replay = "replay with: levitas run s.toml --seed 4 --set 'rotor.eccentricity_m=0'";
    assert!(run.stderr.lines().count() == 2 && run.stderr.contains(replay), "{}", run.stderr);
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(scratch.path.join("s.json")).unwrap()).unwrap();
    assert_eq!(json["failures"][1]["seed"], 4);
    assert_eq!(json["metrics"]["levitation.liftoff_s"]["seeds"], 2);
}

#[test]
fn json_on_standard_output_is_nothing_but_json() {
    let scratch = Scratch::new("json");
    let run = levitas(&scratch.path, &["run", "1f_lift_off", "--json", "-"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["levitation.touchdowns"], 0);
    assert!(run.stderr.contains("expectations: 3 of 3 held"), "the table goes to standard error");
}

#[test]
fn a_file_wins_over_a_built_in_name() {
    let scratch = Scratch::new("wins");
    fs::write(scratch.path.join("1f_lift_off"), "title = \"mine\"\nduration_s = 0.01\n").unwrap();
    let run = levitas(&scratch.path, &["run", "1f_lift_off"]);
    assert!(run.code == 0 && run.stdout.starts_with("mine\n"), "{}{}", run.stdout, run.stderr);
}
