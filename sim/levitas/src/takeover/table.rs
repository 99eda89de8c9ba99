// SPDX-License-Identifier: Apache-2.0
//! The table of takeovers: for a terminal, as Markdown, as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Row;
use crate::metrics::rounded;

/// Headings of the table.
const HEADINGS: [&str; 14] = [
    "what fails",
    "where",
    "phases",
    "right unit drives",
    "total [us]",
    "nobody [us]",
    "both [ms]",
    "radius [um]",
    "peak [um]",
    "flow dip [%]",
    "lift-off [ms]",
    "step of the coils [%]",
    "of the motor [%]",
    "verdict",
];

fn cells(row: &Row) -> [String; 14] {
    let figure = |value: f64, decimals: i32| format!("{}", rounded(value, decimals));
    let bounds = row.case.bounds(row.situation);
    let [coils, motor] = row.step;
    let when = |is: bool, text: String| if is { text } else { String::new() };
    [
        row.case.name.to_owned(),
        row.situation.name.to_owned(),
        format!("{}", row.phases),
        format!("{}", row.right),
        when(row.pair.count > 0, figure(row.pair.total_s * 1e6, 0)),
        figure(row.pair.nobody_s * 1e6, 0),
        figure(row.pair.both_s * 1e3, 2),
        match row.touchdowns {
            0 => when(!row.situation.is_lift_off, figure(row.radius_um, 1)),
            _ => "touched".to_owned(),
        },
        when(!row.situation.is_lift_off, figure(row.peak_um, 1)),
        when(row.situation.speed_rpm > 0.0, figure(row.dip_pct, 3)),
        when(bounds.lift_off_s.is_finite(), figure(row.lift_off_s * 1e3, 1)),
        when(row.pair.count > 0, figure(100.0 * coils, 1)),
        when(row.pair.count > 0 && row.situation.speed_rpm > 0.0, figure(100.0 * motor, 1)),
        if row.is_met() { "met".to_owned() } else { "not met".to_owned() },
    ]
}

fn effort(rows: &[Row]) -> String {
    let forks: u32 = rows.iter().map(|row| row.phases).sum();
    let simulated_s: f64 = rows.iter().map(|row| row.simulated_s).sum();
    format!("{forks} faults in {} rows, {simulated_s:.0} simulated seconds", rows.len())
}

/// For a terminal.
#[must_use]
pub fn plain(rows: &[Row]) -> String {
    let lines: Vec<[String; 14]> =
        std::iter::once(HEADINGS.map(str::to_owned)).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        for (index, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ =
                if index < 2 { write!(text, "  {cell:width$}") } else { write!(text, "  {cell:>width$}") };
        }
        text.push('\n');
    }
    let _ = writeln!(text, "\n{}", effort(rows));
    text
}

/// As the generated section of a page.
#[must_use]
pub fn markdown(rows: &[Row], commit: Option<&str>) -> String {
    let mut text = format!("From commit {}: {}.\n\n", commit.unwrap_or("unknown"), effort(rows));
    let _ = writeln!(text, "| {} |", HEADINGS.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(HEADINGS.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", cells(row).join(" | "));
    }
    text
}

/// All figures.
#[must_use]
pub fn to_json(rows: &[Row], commit: Option<&str>) -> String {
    let one = |row: &Row| {
        json!({
            "case": row.case.name,
            "situation": row.situation.name,
            "phases": row.phases,
            "right": row.right,
            "total_us": row.pair.total_s * 1e6,
            "nobody_us": row.pair.nobody_s * 1e6,
            "both_us": row.pair.both_s * 1e6,
            "radius_um": row.radius_um,
            "peak_um": row.peak_um,
            "dip_pct": row.dip_pct,
            "touchdowns": row.touchdowns,
            "reverse_ml": row.reverse_ml,
            "lift_off_s": row.lift_off_s,
            "step": row.step,
            "worst_phase_s": row.worst_phase_s,
            "met": row.is_met(),
        })
    };
    let rows: Vec<Value> = rows.iter().map(one).collect();
    format!("{:#}\n", json!({ "commit": commit, "rows": rows }))
}
