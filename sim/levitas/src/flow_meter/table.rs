// SPDX-License-Identifier: Apache-2.0
//! What was found of the flow meter, for people, for pages and for programs.

use std::fmt::Write as _;

use levitas_world::Blood;
use serde_json::{Value, json};

use super::{FlowCheck, FlowRow};

const HEADINGS: [&str; 7] =
    ["flow", "zeroed, worst", "in", "calibrated, worst", "in", "calibrated, L/min", "scatter, L/min rms"];

fn fluid(blood: &Blood) -> String {
    let what = if blood.haematocrit_pct > 0.0 {
        format!("{:.0} %", blood.haematocrit_pct)
    } else {
        "saline".to_owned()
    };
    format!("{what}, {:.0} C", blood.temperature_celsius)
}

fn cells(row: &FlowRow) -> [String; 7] {
    let pct = |error_lpm: f64| format!("{:.2} %", 100.0 * error_lpm / row.flow_lpm);
    [
        format!("{} L/min", row.flow_lpm),
        pct(row.error_lpm),
        fluid(&row.blood),
        pct(row.calibrated_lpm),
        fluid(&row.calibrated_blood),
        format!("{:.3}", row.calibrated_lpm),
        format!("{:.4}", row.rms_lpm),
    ]
}

/// The figures beside the table of errors.
fn figures(check: &FlowCheck) -> Vec<(&'static str, String)> {
    let [wrong, fluids] = check.wrong_fluids;
    let [found, runs] = check.found;
    let [least, median, largest] = check.size_ratio;
    let mut lines = vec![
        ("fluid taken for the other one", format!("{wrong} of {fluids}")),
        ("trend of the haematocrit, worst", format!("{:.1} % off", check.haematocrit_pct)),
        ("slowest step, within 5 % of it for good", format!("{} ms", check.step_ms)),
        ("bubbles found", format!("{found} of {runs}")),
        ("bubbles told in quiet time", format!("{} in {} h", check.false_bubbles, check.effort.quiet_h)),
        ("periods marked in quiet time", check.invalid_periods.to_string()),
    ];
    if runs > 0 {
        let ratios = format!("{least:.2}, {median:.2}, {largest:.2}");
        lines.push(("size read over true size: least, median, largest", ratios));
    }
    lines
}

/// For a terminal.
#[must_use]
pub fn plain(check: &FlowCheck) -> String {
    let widths = [9, 14, 13, 18, 13, 18, 19];
    let mut text = String::new();
    for line in std::iter::once(HEADINGS.map(str::to_owned)).chain(check.rows.iter().map(cells)) {
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(text, "{cell:>width$}");
        }
        text.push('\n');
    }
    for (name, figure) in figures(check) {
        let _ = writeln!(text, "{name}: {figure}");
    }
    text
}

/// For a page.
#[must_use]
pub fn markdown(check: &FlowCheck, commit: Option<&str>) -> String {
    let mut text = format!("{} meters, commit {}.\n\n", check.effort.meters, commit.unwrap_or("unknown"));
    let _ = writeln!(text, "| {} |\n|{}", HEADINGS.join(" | "), "---|".repeat(HEADINGS.len()));
    for row in &check.rows {
        let _ = writeln!(text, "| {} |", cells(row).join(" | "));
    }
    text.push_str("\n| what | figure |\n|---|---|\n");
    for (name, figure) in figures(check) {
        let _ = writeln!(text, "| {name} | {figure} |");
    }
    text
}

/// All figures.
#[must_use]
pub fn to_json(check: &FlowCheck, commit: Option<&str>) -> String {
    let blood = |blood: &Blood| json!({ "haematocrit_pct": blood.haematocrit_pct, "temperature_celsius": blood.temperature_celsius });
    let row = |row: &FlowRow| {
        json!({
            "flow_lpm": row.flow_lpm,
            "error_lpm": row.error_lpm,
            "blood": blood(&row.blood),
            "calibrated_error_lpm": row.calibrated_lpm,
            "calibrated_blood": blood(&row.calibrated_blood),
            "rms_lpm": row.rms_lpm,
        })
    };
    let rows: Vec<Value> = check.rows.iter().map(row).collect();
    let value = json!({
        "commit": commit,
        "meters": check.effort.meters,
        "rows": rows,
        "wrong_fluids": check.wrong_fluids[0],
        "fluids": check.wrong_fluids[1],
        "haematocrit_error_pct": check.haematocrit_pct,
        "step_ms": check.step_ms,
        "bubbles_found": check.found[0],
        "bubble_runs": check.found[1],
        "bubble_size_ratio": check.size_ratio,
        "quiet_h": check.effort.quiet_h,
        "false_bubbles": check.false_bubbles,
        "invalid_periods": check.invalid_periods,
        "findings": check.findings(),
    });
    format!("{value:#}\n")
}
