// SPDX-License-Identifier: Apache-2.0
//! The moments of a run that are shown with every sample: lift-off, the settled orbit, each disturbance.

use std::fmt::Write as _;

use super::data::{marks, push_array};
use super::{escaped, plain_words};
use crate::channel::channel_index;
use crate::event_log::LoggedEvent;
use crate::recording::Row;
use crate::scenario::Scenario;
use crate::simulation::Outcome;
use crate::story::{Act, Story};

/// Most moments on a page.
const MOMENTS_MAX: usize = 10;
/// What the SVG's radius of the outer circle is, in its own units.
const OUTER: f64 = 100.0;
/// ms per s.
const MS_PER_S: f64 = 1e3;

/// A stretch of full-rate rows.
pub(super) struct Moment {
    id: String,
    title: String,
    remark: String,
    label: String,
    zero_s: f64,
    rows: Vec<Row>,
    clearance_um: f64,
    whole_clearance: bool,
}

/// The moments of a run, in the order of time.
pub(super) fn moments(scenario: &Scenario, outcome: &Outcome, story: &Story) -> Vec<Moment> {
    let mut spans = story.detail_spans();
    let settled = spans.pop();
    let acts: Vec<_> = story.marks.iter().filter(|mark| mark.act != Act::SetMode).collect();
    let mut found = Vec::new();
    for (mark, span) in acts.iter().zip(spans) {
        let Some((title, act)) = title(scenario, mark.act, mark.time_s) else { continue };
        found.push((mark.time_s, span, title, remark(outcome, act, mark.time_s), true));
    }
    if let Some(span) = settled {
        let turning = outcome.metrics.get("levitation.orbit_1x_um").is_some();
        let title = if turning { "Settled orbit" } else { "Held at the centre" };
        let remark = match (outcome.metrics.get("pump.speed_rpm"), turning) {
            (Some(speed_rpm), true) => format!("the last 0.1 s of the measuring window, {speed_rpm:.0} rpm"),
            _ => "the last 0.1 s of the measuring window".to_owned(),
        };
        found.push((span.start_s, span, title.to_owned(), remark, false));
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.truncate(MOMENTS_MAX);
    let clearance_um = story.clearance_m * 1e6;
    found
        .into_iter()
        .enumerate()
        .map(|(index, (zero_s, span, title, remark, whole_clearance))| Moment {
            id: format!("moment-{index}"),
            label: if whole_clearance { "time since the event [ms]" } else { "time [ms]" }.to_owned(),
            title,
            remark,
            zero_s,
            rows: outcome.recording.rows().iter().filter(|row| span.contains(row.time_s)).copied().collect(),
            clearance_um,
            whole_clearance,
        })
        .filter(|moment| moment.rows.len() > 2)
        .collect()
}

/// Heading of an act; ends of disturbances have no moment of their own unless they come late.
fn title(scenario: &Scenario, act: Act, time_s: f64) -> Option<(String, Act)> {
    let event = scenario.events.iter().find(|event| {
        let end_s = event.at_s + event.action.duration_s();
        event.action.act() == Some(act) && event.at_s == time_s || act == Act::DisturbEnd && end_s == time_s
    })?;
    let text = plain_words(&event.text);
    let capital = |text: &str| {
        let mut letters = text.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    match act {
        Act::LiftOff => Some(("Lift-off".to_owned(), act)),
        Act::Land => Some(("Landing".to_owned(), act)),
        Act::Disturb => Some((capital(&text), act)),
        Act::DisturbEnd if event.name == "clear" => Some((format!("Faults of {text} are over"), act)),
        Act::DisturbEnd if event.action.duration_s() >= 0.06 => Some((format!("End of {text}"), act)),
        Act::DisturbEnd | Act::SetMode => None,
    }
}

fn remark(outcome: &Outcome, act: Act, time_s: f64) -> String {
    let metric = |name| outcome.metrics.get(name);
    match (act, metric("levitation.liftoff_s"), metric("levitation.overshoot_um")) {
        (Act::LiftOff, Some(taken_s), Some(overshoot_um)) => {
            let angle_deg = angle_deg_at(outcome.recording.rows(), time_s);
            let taken_ms = taken_s * MS_PER_S;
            format!(
                "from {angle_deg:.0}\u{b0} on the touchdown circle in {taken_ms:.1} ms, overshoot {overshoot_um:.1} \u{b5}m"
            )
        }
        (Act::LiftOff, ..) => "the rotor was not held".to_owned(),
        _ => String::new(),
    }
}

/// Direction in which the rotor lay at a time, 0 to 360.
fn angle_deg_at(rows: &[Row], time_s: f64) -> f64 {
    let (x, y) = (channel_index("displacement_x_um"), channel_index("displacement_y_um"));
    match (rows.iter().find(|row| row.time_s >= time_s), x, y) {
        (Some(row), Some(x), Some(y)) => {
            f64::from(row.values[y]).atan2(f64::from(row.values[x])).to_degrees().rem_euclid(360.0)
        }
        _ => 0.0,
    }
}

impl Moment {
    fn channel(&self, name: &str) -> impl Iterator<Item = f32> + '_ {
        let index = channel_index(name).unwrap_or(0);
        self.rows.iter().map(move |row| row.values[index])
    }

    /// Its part of the page.
    pub(super) fn section(&self) -> String {
        format!(
            "<section><h2>{} <small>{}</small></h2><div class=\"moment\" id=\"{}\">{}</div></section>\n",
            escaped(&self.title),
            escaped(&self.remark),
            self.id,
            self.orbit()
        )
    }

    /// The path of the rotor as a drawing. Orbits far inside the clearance are shown larger.
    fn orbit(&self) -> String {
        let points: Vec<(f64, f64)> = self
            .channel("displacement_x_um")
            .map(f64::from)
            .zip(self.channel("displacement_y_um").map(f64::from))
            .collect();
        let reach_um = points.iter().map(|(x, y)| x.hypot(*y)).fold(0.0, f64::max);
        let whole = self.whole_clearance && reach_um > 0.3 * self.clearance_um;
        let outer_um =
            if whole { self.clearance_um } else { nice_above(reach_um * 1.1).min(self.clearance_um) };
        let scale = OUTER / outer_um;
        let mut path = String::new();
        for (x, y) in &points {
            let _ = write!(path, "{:.1},{:.1} ", x * scale, -y * scale);
        }
        let outer = if outer_um >= self.clearance_um { "circle" } else { "ring" };
        let first = self.rows.iter().position(|row| row.time_s >= self.zero_s).unwrap_or(0);
        let (x, y) = points.get(first).copied().unwrap_or_default();
        let start = if self.whole_clearance {
            format!("<circle class=\"start\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"/>", x * scale, -y * scale)
        } else {
            String::new()
        };
        let name = if outer == "circle" { "touchdown circle" } else { "ring" };
        format!(
            "<div class=\"orbit\"><h3>Path of the rotor</h3><svg viewBox=\"-112 -112 224 236\" role=\"img\" \
             aria-label=\"Path of the rotor, {name} {outer_um} \u{b5}m\">\
             <line class=\"axis\" x1=\"-108\" x2=\"108\" y1=\"0\" y2=\"0\"/><line class=\"axis\" y1=\"-108\" y2=\"108\" x1=\"0\" x2=\"0\"/>\
             <circle class=\"ring\" r=\"50\"/><circle class=\"{outer}\" r=\"100\"/>\
             <polyline class=\"path\" points=\"{path}\"/>{start}\
             <text x=\"110\" y=\"-5\" text-anchor=\"end\">x</text><text x=\"5\" y=\"-103\">y</text>\
             <text x=\"0\" y=\"121\" text-anchor=\"middle\">{name} {outer_um} \u{b5}m</text></svg></div>"
        )
    }

    /// Its numbers for the charts; the time axis is in ms.
    pub(super) fn push_json(&self, events: &[LoggedEvent], text: &mut String) {
        let first_s = self.rows.first().map_or(0.0, |row| row.time_s);
        let step_s = self.rows.get(1).map_or(0.0, |row| row.time_s - first_s);
        let here: Vec<LoggedEvent> = events
            .iter()
            .filter(|event| {
                event.time_s >= first_s - step_s
                    && self.rows.last().is_some_and(|row| event.time_s <= row.time_s)
            })
            .cloned()
            .collect();
        let marks = marks(&here, |event| (event.time_s - self.zero_s) * MS_PER_S);
        let _ = write!(
            text,
            "{{\"id\":\"{}\",\"label\":\"{}\",\"from\":{:.4},\"step\":{:.4},\"events\":{marks}",
            self.id,
            self.label,
            (first_s - self.zero_s) * MS_PER_S,
            step_s * MS_PER_S,
        );
        for (key, channel, decimals) in [
            ("x", "displacement_x_um", 2),
            ("y", "displacement_y_um", 2),
            ("current_x", "coil_current_x_a", 3),
            ("current_y", "coil_current_y_a", 3),
        ] {
            let _ = write!(text, ",\"{key}\":");
            push_array(text, self.channel(channel), decimals);
        }
        text.push('}');
    }
}

/// The smallest round number (1, 1.5, 2, 3, 4, 5, 7.5 times a power of ten) that is not below the value.
fn nice_above(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let decade = 10_f64.powf(value.log10().floor());
    [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0]
        .into_iter()
        .map(|step| step * decade)
        .find(|nice| *nice >= value)
        .unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::nice_above;

    #[test]
    fn circles_have_round_radii() {
        for (value, nice) in [(0.9, 1.0), (9.6, 10.0), (10.6, 15.0), (26.6, 30.0), (0.0, 1.0), (500.0, 500.0)]
        {
            assert!((nice_above(value) - nice).abs() < 1e-9, "{value}");
        }
    }
}
