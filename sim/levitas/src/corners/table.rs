// SPDX-License-Identifier: Apache-2.0
//! The tables of the corners: for a terminal, as Markdown, as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::experiment::Row;
use super::fault_rows::{FaultSummary, summaries};
use super::figures::Figure;
use super::{Corners, Finding};
use crate::metrics::rounded;

/// Bounds of the simulator's own speed [x real time].
const REALTIME_BOUNDS: [f64; 2] = [10.0, 30.0];

fn bound(figure: &Figure, index: usize) -> String {
    figure.bounds[index].map_or(String::new(), |bound| format!("{bound}"))
}

fn value(figure: &Figure, found: Option<(f64, &Row)>) -> String {
    found.map_or(String::new(), |(value, _)| figure.shown(value))
}

/// Nominal, worst, after commissioning, wide.
fn values(finding: &Finding<'_>) -> [String; 4] {
    [finding.nominal, finding.worst, finding.commissioned, finding.wide]
        .map(|found| value(finding.figure, found))
}

/// `k_x 25 N/mm, L +20 %; 5500 rpm`.
fn place(row: &Row) -> String {
    let speed = row.point.speed_rpm.map_or(String::new(), |speed_rpm| format!("; {speed_rpm} rpm"));
    format!("{}{speed}", row.point.corner.text())
}

fn verdict(finding: &Finding<'_>) -> String {
    let of = |found: Option<(f64, &Row)>| found.map_or("-", |(value, _)| finding.figure.verdict(value));
    match (of(finding.nominal), of(finding.worst)) {
        ("-", _) => "reported".to_owned(),
        (nominal, worst) if nominal == worst => nominal.to_owned(),
        (nominal, worst) => format!("nominal {nominal}, corners {worst}"),
    }
}

fn latency(summary: &FaultSummary<'_>) -> String {
    match summary.slowest {
        row if row.latency_s.is_finite() => format!("{} ms", rounded(row.latency_s * 1e3, 2)),
        row if row.in_time => "not due".to_owned(),
        _ => "never".to_owned(),
    }
}

fn fault_verdict(summary: &FaultSummary<'_>) -> &'static str {
    if summary.held() { "met" } else { "not met" }
}

fn realtime_verdict(factor: f64) -> &'static str {
    match factor {
        factor if factor >= REALTIME_BOUNDS[1] => "beyond",
        factor if factor >= REALTIME_BOUNDS[0] => "met",
        _ => "not met",
    }
}

fn effort(corners: &Corners) -> String {
    let (runs, simulated_s) = corners.effort();
    let extent = if corners.short { "the short plan" } else { "the whole plan" };
    format!("{runs} runs, {simulated_s:.0} simulated seconds, {extent}")
}

/// For a terminal.
#[must_use]
pub fn plain(corners: &Corners) -> String {
    let mut text = format!(
        "  {:46} {:>6} {:>6} {:>8} {:>8} {:>12} {:>8}\n",
        "figure", "must", "beyond", "nominal", "worst", "commissioned", "1.5 mm"
    );
    for finding in corners.findings() {
        let figure = finding.figure;
        let name = format!("{} [{}]", figure.name, figure.unit);
        let [must, beyond] = [bound(figure, 0), bound(figure, 1)];
        let [nominal, worst, commissioned, wide] = values(&finding);
        let _ = writeln!(
            text,
            "  {name:46} {must:>6} {beyond:>6} {nominal:>8} {worst:>8} {commissioned:>12} {wide:>8}  {}",
            verdict(&finding)
        );
        if let Some((_, row)) = finding.worst {
            let _ = writeln!(text, "      worst at {}: {}", place(row), row.replay);
        }
    }
    let _ =
        writeln!(text, "  {:46} {:>6} {:>6} {:>8}", "runs with a touchdown", 0, "", corners.touched().len());
    let _ = writeln!(
        text,
        "  {:46} {:>6} {:>6} {:>8.0}  {:>30} {}",
        "simulator, both units [x real time]",
        REALTIME_BOUNDS[0],
        REALTIME_BOUNDS[1],
        corners.realtime_factor,
        "",
        realtime_verdict(corners.realtime_factor)
    );
    let _ = writeln!(
        text,
        "\n  {:22} {:14} {:>5} {:>8} {:>5} {:>10} {:>10} {:>9}",
        "fault", "alarm", "runs", "touched", "late", "slowest", "bound", "peak"
    );
    for summary in summaries(&corners.faults) {
        let (slowest, within) = (latency(&summary), &summary.within);
        let _ = writeln!(
            text,
            "  {:22} {:14} {:>5} {:>8} {:>5} {slowest:>10} {within:>10} {:>6.0} um  {}",
            summary.scenario,
            summary.alarm,
            summary.runs,
            summary.touchdowns,
            summary.late,
            summary.furthest.peak_um,
            fault_verdict(&summary)
        );
    }
    let _ = writeln!(text, "\n{}", effort(corners));
    text
}

/// As the generated section of a page.
#[must_use]
pub fn markdown(corners: &Corners, commit: Option<&str>) -> String {
    let mut text = format!("From commit {}: {}.\n\n", commit.unwrap_or("unknown"), effort(corners));
    text.push_str(
        "| figure | unit | must | beyond | nominal | worst corner | after commissioning | C = 1.5 mm | verdict | worst at |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
    for finding in corners.findings() {
        let figure = finding.figure;
        let [nominal, worst, commissioned, wide] = values(&finding);
        let at = finding.worst.map_or(String::new(), |(_, row)| place(row));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {nominal} | {worst} | {commissioned} | {wide} | {} | {at} |",
            figure.name,
            figure.unit,
            bound(figure, 0),
            bound(figure, 1),
            verdict(&finding)
        );
    }
    let touched = corners.touched();
    let verdict = if touched.is_empty() { "met" } else { "not met" };
    let _ = writeln!(
        text,
        "| runs with a touchdown, all of the above but the searches | | 0 | | | {} | | | {verdict} | |",
        touched.len()
    );
    let factor = corners.realtime_factor;
    let _ = writeln!(
        text,
        "| simulator, both units and world, one core | x real time | {} | {} | {factor:.0} | | | | {} | |",
        REALTIME_BOUNDS[0],
        REALTIME_BOUNDS[1],
        realtime_verdict(factor)
    );
    text.push_str("\nThe worst rows, to replay:\n\n```sh\n");
    for finding in corners.findings() {
        if let Some((_, row)) = finding.worst {
            let _ = writeln!(text, "# {}\ncargo sim -- {}", finding.figure.name, command_of(row));
        }
        if let Some((_, row)) = finding.commissioned.filter(|(_, row)| row.point.corner.commissioned) {
            let name = finding.figure.name;
            let _ = writeln!(text, "# {name}, after commissioning\ncargo sim -- {}", command_of(row));
        }
    }
    for row in touched.iter().take(5) {
        let _ = writeln!(text, "# touched\ncargo sim -- {}", command_of(row));
    }
    text.push_str("```\n");
    fault_markdown(corners, &mut text);
    text
}

fn command_of(row: &Row) -> &str {
    row.replay.trim_start_matches("levitas ")
}

fn fault_markdown(corners: &Corners, text: &mut String) {
    text.push_str("\n| fault scenario | alarm | runs | touchdowns | late alarms | slowest alarm | its bound | largest peak | verdict |\n");
    text.push_str("|---|---|---|---|---|---|---|---|---|\n");
    let all = summaries(&corners.faults);
    for summary in &all {
        let (slowest, within) = (latency(summary), &summary.within);
        let peak = if summary.touchdowns > 0 {
            "touched".to_owned()
        } else {
            format!("{:.0} um", summary.furthest.peak_um)
        };
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {} | {} | {slowest} | {within} | {peak} | {} |",
            summary.scenario,
            summary.alarm,
            summary.runs,
            summary.touchdowns,
            summary.late,
            fault_verdict(summary)
        );
    }
    text.push_str("\nThe slowest alarm and the largest peak of each, to replay:\n\n```sh\n");
    for summary in &all {
        for row in [summary.slowest, summary.furthest] {
            let _ = writeln!(text, "cargo sim -- {}", row.replay.trim_start_matches("levitas "));
        }
    }
    text.push_str("```\n");
}

/// As JSON.
#[must_use]
pub fn to_json(corners: &Corners, commit: Option<&str>) -> String {
    let found = |figure: &Figure, found: Option<(f64, &Row)>| {
        found.map_or(Value::Null, |(value, row)| {
            json!({"value": number(value), "verdict": figure.verdict(value), "at": place(row), "replay": row.replay})
        })
    };
    let figures: Vec<Value> = corners
        .findings()
        .iter()
        .map(|finding| {
            let figure = finding.figure;
            json!({
                "figure": figure.name, "unit": figure.unit, "must": figure.bounds[0], "beyond": figure.bounds[1],
                "nominal": found(figure, finding.nominal), "worst": found(figure, finding.worst),
                "commissioned": found(figure, finding.commissioned),
                "clearance_1_5_mm": found(figure, finding.wide),
            })
        })
        .collect();
    let faults: Vec<Value> = summaries(&corners.faults)
        .iter()
        .map(|summary| {
            json!({
                "scenario": summary.scenario, "alarm": summary.alarm, "runs": summary.runs,
                "touchdowns": summary.touchdowns, "late": summary.late, "held": summary.held(),
                "slowest": {"latency_s": number(summary.slowest.latency_s), "bound": summary.within,
                    "replay": summary.slowest.replay},
                "furthest": {"peak_um": number(summary.furthest.peak_um), "replay": summary.furthest.replay},
            })
        })
        .collect();
    let (runs, simulated_s) = corners.effort();
    let touched: Vec<&str> = corners.touched().iter().map(|row| row.replay.as_str()).collect();
    let object = json!({
        "commit": commit, "short": corners.short, "runs": runs, "simulated_s": rounded(simulated_s, 3),
        "figures": figures, "touched": touched, "faults": faults,
        "realtime_factor": rounded(corners.realtime_factor, 1),
    });
    format!("{object:#}\n")
}

/// A number; `null` for a rotor that was lost or an alarm that never came.
fn number(value: f64) -> Value {
    if value.is_finite() { json!(rounded(value, 9)) } else { Value::Null }
}
