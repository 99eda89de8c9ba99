// SPDX-License-Identifier: Apache-2.0
//! The short plan of the corners: the nominal plant meets its bounds, every fault is survived and named in time, and what
//! a row names as its command gives the figure of the row.

mod common;

use std::fs;

use common::{Scratch, levitas};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Metric and scale behind some of the figures.
const REPLAYED: [(&str, &str, f64); 3] = [
    ("20 N step, peak", "levitation.peak_um", 1.0),
    ("idle: AC current, rms per axis", "levitation.current_rms_a", 1.0),
    ("2x current", "levitation.second_harmonic_current_a", 1e3),
];

/// The command of a row gives its figure.
fn replays(scratch: &Scratch, row: &Value, metric: &str, scale: f64) {
    let replay = row["replay"].as_str().unwrap();
    let command: Vec<&str> = replay.split(' ').skip(1).collect();
    let replayed =
        levitas(&scratch.path, &[&command[..], &["--json", "-", "--quiet", "--out", "out"]].concat());
    let value = json(&replayed.stdout)[metric].as_f64().unwrap() * scale;
    let told = row["value"].as_f64().unwrap();
    assert!((value - told).abs() < 1e-5 * told.abs(), "{replay}: {value} for {told}");
}

#[test]
fn the_short_plan_holds_and_its_rows_can_be_replayed() {
    let scratch = Scratch::new("corners");
    fs::write(
        scratch.path.join("page.md"),
        "before\n<!-- generated: corners, `x` -->\nold\n<!-- end of generated part -->\nafter\n",
    )
    .unwrap();
    let run = levitas(
        &scratch.path,
        &["corners", "--short", "--quiet", "--json", "c.json", "--markdown", "page.md"],
    );
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let found = json(&fs::read_to_string(scratch.path.join("c.json")).unwrap());
    assert_eq!(found["touched"].as_array().map(Vec::len), Some(0));
    assert!(found["faults"].as_array().unwrap().len() >= 14);
    let row = |figure: &str| {
        found["figures"].as_array().unwrap().iter().find(|row| row["figure"] == figure).unwrap()
    };
    for (figure, metric, scale) in REPLAYED {
        let row = row(figure);
        replays(&scratch, &row["worst"], metric, scale);
        replays(&scratch, &row["commissioned"], metric, scale);
    }
    let step = row("20 N step, peak");
    let peak_um = |which: &str| step[which]["value"].as_f64().unwrap();
    assert!(peak_um("commissioned") < peak_um("worst"), "{step}");
    assert!(step["commissioned"]["replay"].as_str().unwrap().contains("--set config.host."));
    assert!(row("control outage survived, 1 N static")["commissioned"].is_null());
    let page = fs::read_to_string(scratch.path.join("page.md")).unwrap();
    assert!(
        page.starts_with("before\n<!-- generated: corners, `cargo sim -- corners --short` -->\nFrom commit ")
    );
    assert!(page.ends_with("<!-- end of generated part -->\nafter\n") && !page.contains("old"));
    assert!(
        page.contains("| 20 N step, peak | um | 65 | 45 |")
            && page.contains("cargo sim -- run 2b_force_step --set")
    );
}
