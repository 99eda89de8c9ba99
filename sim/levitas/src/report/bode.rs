// SPDX-License-Identifier: Apache-2.0
//! The page of `levitas sensitivity`: a Bode plot of each axis, peaks, zones, orbit.

use std::fmt::Write as _;

use levitas_core::health::Zone;
use serde_json::{Value, json};

use super::{CHART, STYLE, UPLOT_CSS, UPLOT_JS, UPLOT_LICENCE, escaped, filled, overridden};
use crate::metrics::rounded;
use crate::scenario::Scenario;
use crate::sensitivity::{Answer, AxisResult, Question, verdict};
use crate::summary::setting;

const PAGE: &str = include_str!("../../report/sensitivity.html");
const SCRIPT: &str = include_str!("../../report/bode.js");

/// The page.
#[must_use]
pub fn sensitivity_page(scenario: &Scenario, question: &Question, answer: &Answer) -> String {
    let zone = answer.zone();
    let verdicts: Vec<String> = answer.axes.iter().map(verdict).collect();
    let parts = [
        ("title", escaped(&scenario.title)),
        ("speed", format!("{:.0}", answer.speed_rpm)),
        ("amplitude", question.amplitude_um.to_string()),
        ("setting", escaped(&setting(scenario))),
        ("overridden", overridden(scenario)),
        ("verdict_class", if zone == Zone::A { "held" } else { "failed" }.to_owned()),
        ("zone", zone.letter().to_owned()),
        ("verdict", escaped(&verdicts.join("; "))),
        ("cards", cards(answer)),
        ("axes", answer.axes.iter().map(section).collect()),
        ("seed", scenario.seed.to_string()),
        ("data", data(answer)),
        ("uplot_licence", UPLOT_LICENCE.to_owned()),
        ("uplot_css", UPLOT_CSS.to_owned()),
        ("uplot_js", UPLOT_JS.to_owned()),
        ("style", STYLE.to_owned()),
        ("chart", CHART.to_owned()),
        ("script", SCRIPT.to_owned()),
    ];
    filled(PAGE, &parts)
}

fn section(axis: &AxisResult) -> String {
    format!("<section><h2>Axis {0}</h2><div id=\"axis-{0}\"></div></section>", axis.name)
}

fn cards(answer: &Answer) -> String {
    let mut html = String::new();
    let mut card = |value: String, unit: &str, label: &str| {
        let _ = write!(html, "<div class=\"card\"><b>{value}<i>{unit}</i></b><span>{label}</span></div>");
    };
    for axis in &answer.axes {
        let label = format!("peak |S|, {}, zone {}", axis.name, axis.peak.zone.letter());
        card(format!("{:.2}", axis.peak.value), &format!("at {:.0} Hz", axis.peak.frequency_hz), &label);
    }
    let orbit = &answer.orbit;
    let label = format!("clearance use, zone {}", orbit.zone().letter());
    card(format!("{:.1}", orbit.clearance_use * 100.0), "%", &label);
    card(format!("{:.1}", orbit.first_x_m.max(orbit.first_y_m) * 1e6), "\u{b5}m", "1x amplitude");
    html
}

/// The numbers of the plots.
fn data(answer: &Answer) -> String {
    let axes: Vec<Value> = answer
        .axes
        .iter()
        .map(|axis| {
            let list = |value: fn(&levitas_core::health::sensitivity::SensitivityPoint) -> f32| -> Vec<f64> {
                axis.points.iter().map(|point| rounded(f64::from(value(point)), 4)).collect()
            };
            json!({
                "name": axis.name,
                "frequency_hz": list(|point| point.frequency_hz),
                "magnitude": list(|point| point.compensated.magnitude()),
                "raw_magnitude": list(|point| point.raw.magnitude()),
                "phase_deg": list(|point| point.compensated.phase_rad().to_degrees()),
                "raw_phase_deg": list(|point| point.raw.phase_rad().to_degrees()),
            })
        })
        .collect();
    let limits = json!([
        {"zones": "A | B", "value": 3.0}, {"zones": "B | C", "value": 4.0}, {"zones": "C | D", "value": 5.0},
    ]);
    json!({"axes": axes, "limits": limits}).to_string()
}
