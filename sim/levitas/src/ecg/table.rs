// SPDX-License-Identifier: Apache-2.0
//! The table of ECGs: for a terminal, as Markdown, as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Row;
use super::score::quantile;
use crate::metrics::rounded;

/// Headings of the table.
const HEADINGS: [&str; 10] = [
    "signal",
    "beats",
    "missed",
    "extra",
    "sensitivity [%]",
    "predictivity [%]",
    "latency [ms]",
    "pulses",
    "off [ms]",
    "verdict",
];

/// A quantile and the largest.
fn pair(sorted: &[f64]) -> String {
    if sorted.is_empty() {
        return String::new();
    }
    format!("{:.1} / {:.1}", quantile(sorted, 0.95), quantile(sorted, 1.0))
}

fn cells(row: &Row) -> [String; 10] {
    let score = &row.score;
    [
        row.name.clone(),
        format!("{}", score.matched + score.missed),
        format!("{}", score.missed),
        format!("{}", score.extra),
        format!("{:.2}", score.sensitivity_pct()),
        format!("{:.2}", score.predictivity_pct()),
        pair(&score.latency_ms),
        format!("{}", row.pulse_off_ms.len()),
        pair(&row.pulse_off_ms),
        if row.is_met() { "met".to_owned() } else { "not met".to_owned() },
    ]
}

/// For a terminal.
#[must_use]
pub fn plain(rows: &[Row]) -> String {
    let lines: Vec<[String; 10]> =
        std::iter::once(HEADINGS.map(str::to_owned)).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        for (index, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ =
                if index == 0 { write!(text, "  {cell:width$}") } else { write!(text, "  {cell:>width$}") };
        }
        text.push('\n');
    }
    text
}

/// As the generated section of a page.
#[must_use]
pub fn markdown(rows: &[Row], commit: Option<&str>) -> String {
    let mut text = format!("From commit {}.\n\n", commit.unwrap_or("unknown"));
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
        let score = &row.score;
        let figure = |sorted: &[f64], part: f64| rounded(quantile(sorted, part), 3);
        json!({
            "signal": row.name,
            "duration_s": row.duration_s,
            "matched": score.matched,
            "missed": score.missed,
            "extra": score.extra,
            "sensitivity_pct": rounded(score.sensitivity_pct(), 4),
            "predictivity_pct": rounded(score.predictivity_pct(), 4),
            "latency_median_ms": figure(&score.latency_ms, 0.5),
            "latency_95_ms": figure(&score.latency_ms, 0.95),
            "latency_max_ms": figure(&score.latency_ms, 1.0),
            "r_wave_off_median_ms": figure(&score.off_ms, 0.5),
            "pulses": row.pulse_off_ms.len(),
            "pulse_off_95_ms": figure(&row.pulse_off_ms, 0.95),
            "pulse_off_max_ms": figure(&row.pulse_off_ms, 1.0),
            "on_ecg_pct": rounded(row.on_ecg_pct, 2),
            "met": row.is_met(),
        })
    };
    let rows: Vec<Value> = rows.iter().map(one).collect();
    format!("{:#}\n", json!({ "commit": commit, "rows": rows }))
}
