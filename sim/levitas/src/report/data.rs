// SPDX-License-Identifier: Apache-2.0
//! The numbers of the page as JSON: short, in the units of the axes, rounded to what a plot can show.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::moment::Moment;
use crate::channel::{CHANNELS, channel_index};
use crate::event_log::LoggedEvent;
use crate::recording::push_number;
use crate::simulation::Outcome;

/// Channels of the overview whose envelope is drawn.
const BANDS: [&str; 13] = [
    "displacement_x_um",
    "displacement_y_um",
    "coil_current_x_a",
    "coil_current_y_a",
    "torque_current_a",
    "aortic_pressure_mmhg",
    "vena_cava_pressure_mmhg",
    "pulmonary_pressure_mmhg",
    "cava_collapse_pct",
    "air_at_meter_pct",
    "ecg_mv",
    "beat_found",
    "pulse_begun",
];
/// Channels of the overview that are drawn as lines.
const LINES: [&str; 8] = [
    "speed_setpoint_rpm",
    "speed_rpm",
    "head_mmhg",
    "pre_membrane_pressure_mmhg",
    "return_pressure_mmhg",
    "drainage_pressure_mmhg",
    "flow_lpm",
    "native_output_lpm",
];
/// Kinds of logged events that get no line in a plot.
const UNMARKED: [&str; 3] = ["bearing_state", "alarm_cleared", "end"];

/// All numbers of the page.
pub(super) fn json(outcome: &Outcome, moments: &[Moment]) -> String {
    let mut text = String::from("{\"events\":");
    let _ = write!(text, "{}", marks(outcome.log.events(), |event| event.time_s));
    let lifted_s =
        outcome.log.events().iter().find(|event| event.kind == "lifted_off").map(|event| event.time_s);
    let _ = write!(text, ",\"lifted\":{}", json!(lifted_s));
    text.push_str(",\"overview\":");
    overview(outcome, &mut text);
    text.push_str(",\"moments\":[");
    for (index, moment) in moments.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        moment.push_json(outcome.log.events(), &mut text);
    }
    text.push_str("]}");
    text
}

/// Events as marks on a time axis.
pub(super) fn marks(events: &[LoggedEvent], position: impl Fn(&LoggedEvent) -> f64) -> Value {
    events
        .iter()
        .filter(|event| !UNMARKED.contains(&event.kind.as_str()))
        .map(|event| json!({"number": event.number, "at": position(event)}))
        .collect()
}

fn overview(outcome: &Outcome, text: &mut String) {
    let buckets = outcome.recording.buckets();
    let from_s = buckets.first().map_or(0.0, |bucket| bucket.time_s);
    let step_s = buckets.get(1).map_or(0.0, |bucket| bucket.time_s - from_s);
    let _ = write!(text, "{{\"from\":{from_s},\"step\":{step_s:.6},\"count\":{}", buckets.len());
    for (side, names) in [("low", [&LINES[..], &BANDS[..]].concat()), ("high", BANDS.to_vec())] {
        let _ = write!(text, ",\"{side}\":{{");
        for (position, name) in names.iter().enumerate() {
            let Some(index) = channel_index(name) else { continue };
            let _ = write!(text, "{}\"{name}\":", if position > 0 { "," } else { "" });
            let values = buckets.iter().map(|bucket| {
                let (low, high) = (bucket.min[index], bucket.max[index]);
                match side {
                    "high" => high,
                    _ if LINES.contains(name) => (low + high) / 2.0,
                    _ => low,
                }
            });
            push_array(text, values, CHANNELS[index].decimals.min(3));
        }
        text.push('}');
    }
    text.push('}');
}

/// An array of numbers; what is not finite becomes `null`.
pub(super) fn push_array(text: &mut String, values: impl Iterator<Item = f32>, decimals: usize) {
    text.push('[');
    for (index, value) in values.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if value.is_finite() {
            push_number(text, value, decimals);
        } else {
            text.push_str("null");
        }
    }
    text.push(']');
}
