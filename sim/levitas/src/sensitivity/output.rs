// SPDX-License-Identifier: Apache-2.0
//! The answer as a table, as JSON and as CSV.

use std::fmt::Write as _;

use levitas_core::health::Zone;
use levitas_core::health::sensitivity::{Peak, Response, SensitivityPoint};
use serde_json::{Value, json};

use super::{Answer, AxisResult, Question};
use crate::metrics::rounded;
use crate::scenario::Scenario;
use crate::summary::setting;

/// Frequencies per axis that the table shows: every second one is enough for a terminal.
const ROWS_EVERY: usize = 2;

/// The table for a terminal.
#[must_use]
pub fn table(scenario: &Scenario, question: &Question, answer: &Answer) -> String {
    let mut text = format!(
        "Sensitivity at {:.0} rpm, {} um at the summing point\n{}\n",
        answer.speed_rpm,
        question.amplitude_um,
        setting(scenario)
    );
    for setting in &scenario.overridden {
        let _ = writeln!(text, "  with {setting}");
    }
    for axis in &answer.axes {
        let _ = writeln!(text, "\n  {}   f Hz      |S|    deg   |S| raw    deg", axis.name);
        for point in axis.points.iter().step_by(ROWS_EVERY) {
            let note = note(point);
            let _ = writeln!(
                text,
                "  {:9.1} {:8.3} {:6.1} {:9.3} {:6.1}{note}",
                point.frequency_hz,
                point.compensated.magnitude(),
                degrees(point.compensated),
                point.raw.magnitude(),
                degrees(point.raw),
            );
        }
    }
    text.push('\n');
    for axis in &answer.axes {
        let _ = writeln!(text, "  {}", verdict(axis));
    }
    let orbit = &answer.orbit;
    let um = |x_m: f32, y_m: f32| f64::from(x_m.max(y_m)) * 1e6;
    let _ = writeln!(
        text,
        "  clearance use {:.1} %, zone {} (at most {:.1} % while measuring); 1x {:.1} um, 2x {:.1} um, rms {:.1} um",
        orbit.clearance_use * 100.0,
        orbit.zone().letter(),
        answer.clearance_use_max * 100.0,
        um(orbit.first_x_m, orbit.first_y_m),
        um(orbit.second_x_m, orbit.second_y_m),
        um(orbit.rms_x_m, orbit.rms_y_m),
    );
    text
}

/// `x: peak 1.76 at 443 Hz, zone A; at the Halls 1.83 at 2153 Hz, zone A`.
#[must_use]
pub fn verdict(axis: &AxisResult) -> String {
    let peak = |peak: &Peak| {
        format!("{:.3} at {:.0} Hz, zone {}", peak.value, peak.frequency_hz, peak.zone.letter())
    };
    let mut text = format!("{}: peak {}; at the Halls {}", axis.name, peak(&axis.peak), peak(&axis.raw_peak));
    let doubtful = axis.points.iter().filter(|point| !note(point).is_empty()).count();
    if doubtful > 0 {
        let _ = write!(text, "; {doubtful} of {} points doubtful", axis.points.len());
    }
    text
}

/// What makes a point doubtful.
fn note(point: &SensitivityPoint) -> &'static str {
    match (point.limited, point.faults) {
        (true, _) => "  a coil was at its limit",
        (false, 0) => "",
        _ => "  a fault was named",
    }
}

fn degrees(response: Response) -> f32 {
    response.phase_rad().to_degrees()
}

/// JSON object for `sensitivity.json` and `--json`.
#[must_use]
pub fn json(scenario: &Scenario, question: &Question, answer: &Answer) -> String {
    let six = |value: f32| rounded(f64::from(value), 6);
    let um = |value_m: f32| rounded(f64::from(value_m) * 1e6, 3);
    let peak = |peak: &Peak| {
        json!({
            "value": six(peak.value), "frequency_hz": six(peak.frequency_hz), "zone": peak.zone.letter(),
        })
    };
    let point = |point: &SensitivityPoint| {
        json!({
            "frequency_hz": six(point.frequency_hz),
            "magnitude": six(point.compensated.magnitude()),
            "phase_deg": rounded(f64::from(degrees(point.compensated)), 3),
            "raw_magnitude": six(point.raw.magnitude()),
            "raw_phase_deg": rounded(f64::from(degrees(point.raw)), 3),
            "limited": point.limited,
            "faults": point.faults,
        })
    };
    let axes: serde_json::Map<String, Value> = answer
        .axes
        .iter()
        .map(|axis| {
            let points: Vec<Value> = axis.points.iter().map(point).collect();
            let value = json!({"peak": peak(&axis.peak), "raw_peak": peak(&axis.raw_peak), "points": points});
            (axis.name.to_owned(), value)
        })
        .collect();
    let orbit = &answer.orbit;
    let object = json!({
        "scenario": scenario.name,
        "seed": scenario.seed,
        "overridden": scenario.overridden,
        "speed_rpm": rounded(answer.speed_rpm, 1),
        "amplitude_um": question.amplitude_um,
        "zone": answer.zone().letter(),
        "axes": axes,
        "orbit": {
            "clearance_use_pct": rounded(f64::from(orbit.clearance_use) * 100.0, 3),
            "zone": orbit.zone().letter(),
            "clearance_use_max_pct": rounded(f64::from(answer.clearance_use_max) * 100.0, 3),
            "rms_um": [um(orbit.rms_x_m), um(orbit.rms_y_m)],
            "first_um": [um(orbit.first_x_m), um(orbit.first_y_m)],
            "second_um": [um(orbit.second_x_m), um(orbit.second_y_m)],
        },
    });
    format!("{object:#}\n")
}

/// One row per axis and frequency.
#[must_use]
pub fn csv(answer: &Answer) -> String {
    let mut text =
        String::from("axis,frequency_hz,magnitude,phase_deg,raw_magnitude,raw_phase_deg,limited,faults\n");
    for axis in &answer.axes {
        for point in &axis.points {
            let _ = writeln!(
                text,
                "{},{:.3},{:.5},{:.2},{:.5},{:.2},{},{}",
                axis.name,
                point.frequency_hz,
                point.compensated.magnitude(),
                degrees(point.compensated),
                point.raw.magnitude(),
                degrees(point.raw),
                u8::from(point.limited),
                point.faults,
            );
        }
    }
    text
}

/// One line for each axis that is not in zone A.
#[must_use]
pub fn complaints(answer: &Answer) -> Vec<String> {
    answer.axes.iter().filter(|axis| axis.zone() != Zone::A).map(verdict).collect()
}
