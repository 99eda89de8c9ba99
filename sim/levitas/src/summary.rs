// SPDX-License-Identifier: Apache-2.0
//! The table after a run: figures with units, bounds and verdicts.

use std::fmt::Write as _;

use levitas_core::health::Zone;

use crate::invariants::INVARIANTS;
use crate::metrics::{CLEARANCE_USE, METRICS, Metric, REALTIME_FACTOR};
use crate::scenario::{Scenario, Verdict};
use crate::simulation::Outcome;

/// A number as a person wants to see it.
#[must_use]
pub fn shown(metric: &Metric, value: f64) -> String {
    let text = format!("{value:.*}", metric.decimals);
    if text.starts_with('-') && text.chars().all(|character| !character.is_ascii_digit() || character == '0')
    {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

/// What a figure means, where a standard says so.
#[must_use]
pub fn remark(metric: &Metric, value: f64) -> Option<String> {
    let zone = || Zone::of_clearance_use((value / 100.0) as f32);
    (metric.name == CLEARANCE_USE).then(|| format!("zone {}", zone().letter()))
}

/// One line that says what ran.
#[must_use]
pub fn setting(scenario: &Scenario) -> String {
    let mut line = format!(
        "plant {}, circuit {}, patient {}, seed {}",
        scenario.plant_name, scenario.circuit_name, scenario.patient_name, scenario.seed
    );
    if let Some(curve) = &scenario.pump_curve {
        let _ = write!(line, ", pump curve {curve}");
    }
    line
}

/// The whole table.
#[must_use]
pub fn table(scenario: &Scenario, outcome: &Outcome) -> String {
    let mut text = format!("{}\n{}\n", scenario.title, setting(scenario));
    for setting in &scenario.overridden {
        let _ = writeln!(text, "  with {setting}");
    }
    text.push('\n');
    for metric in METRICS.iter().filter(|metric| metric.name != REALTIME_FACTOR) {
        let Some(value) = outcome.metrics.get(metric.name) else { continue };
        let _ = write!(text, "  {:40} {:>10} {:6}", metric.name, shown(metric, value), metric.unit);
        if let Some(remark) = remark(metric, value) {
            let _ = write!(text, " {remark}");
        }
        for verdict in outcome.verdicts.iter().filter(|verdict| verdict.expect.metric == metric.name) {
            let word = if verdict.held { "held" } else { "NOT HELD" };
            let _ = write!(text, " {} {word}", verdict.expect.bounds());
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    let held = outcome.verdicts.iter().filter(|verdict| verdict.held).count();
    let broken = outcome.metrics.invariants_broken.len();
    let _ = writeln!(
        text,
        "\nexpectations: {held} of {} held; invariants: {} of {} held",
        outcome.verdicts.len(),
        INVARIANTS.len() - broken,
        INVARIANTS.len()
    );
    text
}

/// `simulated 6.0 s in 0.21 s: 28 x real time`.
#[must_use]
pub fn speed(simulated_s: f64, wall_s: f64) -> String {
    let factor = simulated_s / wall_s.max(1e-9);
    let digits = usize::from(factor < 10.0);
    format!("simulated {simulated_s:.1} s in {wall_s:.2} s: {factor:.digits$} x real time")
}

/// One line per expectation that did not hold and per invariant that broke.
#[must_use]
pub fn failures(outcome: &Outcome) -> Vec<String> {
    let mut lines: Vec<String> =
        outcome.verdicts.iter().filter(|verdict| !verdict.held).map(failed_expectation).collect();
    for name in &outcome.metrics.invariants_broken {
        let event = outcome
            .log
            .events()
            .iter()
            .find(|event| event.kind == "invariant_broken" && event.text.starts_with(name));
        let (time_s, text) =
            event.map_or((f64::NAN, name.as_str()), |event| (event.time_s, event.text.as_str()));
        lines.push(format!("invariant broken at {time_s:.4} s: {text}"));
    }
    lines
}

fn failed_expectation(verdict: &Verdict) -> String {
    let metric = METRICS.iter().find(|metric| metric.name == verdict.expect.metric);
    let unit = metric.map_or("", |metric| metric.unit);
    let value = match (verdict.value, metric) {
        (Some(value), Some(metric)) => format!("= {} {unit}", shown(metric, value)),
        _ => "is absent: it does not apply to this run".to_owned(),
    };
    format!(
        "expectation not held: {} {}, expected {} {unit}",
        verdict.expect.metric,
        value.trim(),
        verdict.expect.bounds()
    )
    .trim_end()
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_and_zeros_read_well() {
        assert_eq!(speed(6.0, 0.21), "simulated 6.0 s in 0.21 s: 29 x real time");
        assert_eq!(speed(6.0, 2.0), "simulated 6.0 s in 2.00 s: 3.0 x real time");
        let metric = Metric { name: "", unit: "", decimals: 2, doc: "" };
        assert_eq!((shown(&metric, -0.001), shown(&metric, -1.0)), ("0.00".to_owned(), "-1.00".to_owned()));
    }
}
