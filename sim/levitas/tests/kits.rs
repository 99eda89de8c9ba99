// SPDX-License-Identifier: Apache-2.0
//! `levitas kit`: which disposables may be used, and which limits go with cannulas.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::{Run, Scratch, levitas};
use levitas_core::kits::cannula;
use levitas_world::{CannulaSize, DRAINAGE_CANNULAS, RETURN_CANNULAS};

fn kit(arguments: &[&str]) -> Run {
    levitas(Path::new("."), &[&["kit"], arguments].concat())
}

fn check(udis: &[&str], options: &[&str]) -> Run {
    kit(&[&["check"], udis, &["--date", "2026-11-27"], options].concat())
}

#[test]
fn a_kit_is_read_and_may_be_used() {
    let run = check(&["]d20109501101530003112501011727111910AB-123\u{1d}217"], &[]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for line in [
        "product  09501101530003",
        "lot      AB-123",
        "serial   7",
        "produced 2025-01-01",
        "expires  2027-11-19",
        "may be used",
    ] {
        assert!(run.stdout.lines().any(|found| found.trim() == line), "{line}: {}", run.stdout);
    }
}

#[test]
fn an_expired_and_a_used_kit_are_refused_and_taken_for_a_reason() {
    let udis = [
        "(01)09501101530003(17)261126(21)7",
        "(01)04012345678901(17)261127(21)7",
        "(01)04012345678901(17)261127(21)7",
        "(01)04012345678901(10)A",
    ];
    let run = check(&udis, &[]);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!((run.code, lines.len()), (1, 3), "{}", run.stderr);
    for (line, wanted) in lines.iter().zip([
        "UDI 1: refused: Its expiration date is over.",
        "UDI 3: refused: Its serial number has been in use before.",
        "UDI 4: refused: It has no expiration date.",
    ]) {
        assert!(line.contains(wanted) && line.ends_with("emergency no_other inspected"), "{line}");
    }
    let run = check(&udis, &["--reason", "no_other"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for line in [
        "although expired, reason no_other",
        "although reused, reason no_other",
        "although undated, reason no_other",
    ] {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }
}

#[test]
fn cannulas_say_what_they_give_and_propose_limits_as_commands() {
    let run = kit(&["cannulas", "--drainage", "25", "--return", "21", "--flow", "4"]);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("levitas set drainage_pressure_mmhg_min -90\n"), "{}", run.stdout);
    assert!(run.stdout.contains("levitas set return_pressure_mmhg_max 240\n"), "{}", run.stdout);
    let narrow = kit(&["cannulas", "--drainage", "19", "--return", "15", "--flow", "4"]);
    assert!(narrow.stdout.contains("4.0 L/min may be more than these cannulas give"), "{}", narrow.stdout);
    let venous = kit(&["cannulas", "--drainage", "25", "--return", "21", "--flow", "4", "--venous"]);
    assert!(venous.stdout.contains("return_pressure_mmhg_max 165"), "{}", venous.stdout);
}

/// In the simulated patient each circuit gives the flow its limits were proposed for, and stays within them.
#[test]
fn proposed_limits_carry_the_flow_they_were_proposed_for() {
    let scratch = Scratch::new("kit-limits");
    for (circuit, patient, sizes, flow) in [
        ("va-25-21-elastic", "va-adult", ["25", "21"], "4"),
        ("va-21-17", "va-adult", ["21", "17"], "3"),
        ("vv-25-19", "vv-adult", ["25", "19"], "4"),
        ("paediatric-19-15", "paediatric", ["19", "15"], "2"),
    ] {
        let mut arguments = vec!["cannulas", "--drainage", sizes[0], "--return", sizes[1], "--flow", flow];
        arguments.extend((patient == "vv-adult").then_some("--venous"));
        let said = kit(&arguments).stdout;
        let mut text = format!(
            "title = \"limits\"\nduration_s = 30\ncircuit = \"{circuit}\"\npatient = \"{patient}\"\n\
             [[event]]\nat_s = 0.1\ndo = \"lift_off\"\n\
             [[event]]\nat_s = 0.3\ndo = \"set_mode\"\nmode = \"zero_flow\"\n\
             [[event]]\nat_s = 14.0\ndo = \"set_mode\"\nmode = \"flow\"\nvalue = {flow}\n\
             [[expect]]\nmetric = \"flow.error_pct\"\nmax = 1\n"
        );
        for (limit, metric, bound) in [
            ("drainage_pressure_mmhg_min", "pressure.drainage_min_mmhg", "min"),
            ("return_pressure_mmhg_max", "pressure.return_max_mmhg", "max"),
        ] {
            let value =
                said.lines().find_map(|line| line.trim().strip_prefix(&format!("levitas set {limit} ")));
            let value = value.unwrap();
            writeln!(text, "[[event]]\nat_s = 0.2\ndo = \"set_limit\"\nlimit = \"{limit}\"\nvalue = {value}")
                .unwrap();
            writeln!(text, "[[expect]]\nmetric = \"{metric}\"\n{bound} = {value}").unwrap();
        }
        fs::write(scratch.path.join("limits.toml"), text).unwrap();
        let run = levitas(&scratch.path, &["run", "limits.toml", "--quiet"]);
        assert_eq!(run.code, 0, "{circuit}: {}", run.stderr);
    }
}

/// More speed through the same circuit dissipates more; the heat index is that of 37 C while blood flows.
#[test]
fn the_shear_index_grows_with_the_speed_and_flowing_blood_stays_cool() {
    let scratch = Scratch::new("exposure");
    let run = |speed_rpm: u32| -> [f64; 2] {
        let text = format!(
            "title = \"exposure\"\nduration_s = 6\n[[event]]\nat_s = 0.1\ndo = \"lift_off\"\n\
             [[event]]\nat_s = 0.3\ndo = \"set_mode\"\nmode = \"speed\"\nvalue = {speed_rpm}\n"
        );
        fs::write(scratch.path.join("exposure.toml"), text).unwrap();
        let run = levitas(&scratch.path, &["run", "exposure.toml", "--json", "-", "--quiet"]);
        let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        ["exposure.shear_index", "exposure.heat_index_min_per_h"].map(|name| json[name].as_f64().unwrap())
    };
    let [slow, fast] = [3000, 4500].map(run);
    assert!(slow[0] > 0.1 && fast[0] > 1.5 * slow[0], "{slow:?} {fast:?}");
    // 37 C: 60 / 4^6 minutes.
    for heat in [slow[1], fast[1]] {
        assert!((0.0146..0.02).contains(&heat), "{slow:?} {fast:?}");
    }
}

/// Core and world share no code: their tables are the same all the same.
#[test]
fn cannulas_of_core_and_world_are_the_same() {
    let own = |sizes: &[cannula::Size]| -> Vec<(f64, f32)> {
        sizes.iter().map(|(size_fr, resistance)| (f64::from(*size_fr), *resistance)).collect()
    };
    let theirs = |sizes: &[CannulaSize]| -> Vec<(f64, f32)> {
        sizes.iter().map(|(size_fr, resistance)| (*size_fr, *resistance as f32)).collect()
    };
    assert_eq!(own(&cannula::DRAINAGE), theirs(&DRAINAGE_CANNULAS));
    assert_eq!(own(&cannula::RETURN), theirs(&RETURN_CANNULAS));
}
