// SPDX-License-Identifier: Apache-2.0
//! What the operator can set of the therapy: its value in a new adult, its range, and why so.

use levitas_core::circulation::therapy::{Mode, TherapySettings};

use super::Table;
use crate::scenario::settings_of;

/// Why it is so, where there is a reason; numbers are those of the references of docs/circulation.md.
const REASONS: [(&str, &str); 9] = [
    (
        "drainage_pressure_mmhg_min",
        "usual limit; -300 is the absolute one. Suction costs red cells [1] and draws gas out of the blood [2]",
    ),
    ("return_pressure_mmhg_max", "usual limit behind the membrane lung; 400 is the absolute one"),
    (
        "flow_lpm_min",
        "below it haemolysis and recirculation in the head rise steeply [3][4]; 3 to 5 L/min are usual [17]",
    ),
    ("return_is_arterial", "in an artery nothing may flow back and no air may go on"),
    ("pulse_amplitude_rpm", "maker's range of another pump: 1000 to 4000 rpm [5]"),
    ("pulse_rate_bpm", "rates in use: 60 to 90 /min [6]"),
    ("pulse_delay_ms", "see ecg.md"),
    ("weaning_step_s", "general knowledge of weaning guidelines"),
    ("weaning_step_lpm", "general knowledge of weaning guidelines"),
];

/// Which event of a scenario sets it: `set`, `set_limit`, or a mode that it comes with.
fn set_by(name: &str) -> String {
    let modes: Vec<&str> =
        Mode::ALL.into_iter().filter(|mode| mode.setpoint() == Some(name)).map(Mode::name).collect();
    match &modes[..] {
        [] if settings_of("set_limit").contains(&name) => "set_limit".to_owned(),
        [] => "set".to_owned(),
        modes => format!("mode {}", modes.join(", ")),
    }
}

/// The table.
pub(super) fn tables() -> Vec<Table> {
    let mut adult = TherapySettings::ADULT;
    let rows = TherapySettings::FIELDS.iter().map(|field| {
        let first = adult.field_mut(field.name).map_or(String::new(), |value| value.to_string());
        let reason = REASONS.iter().find(|(name, _)| *name == field.name).map_or("", |(_, reason)| reason);
        vec![
            field.name.to_owned(),
            first,
            format!("{} to {}", field.min, field.max),
            field.doc.trim().to_owned(),
            set_by(field.name),
            reason.to_owned(),
        ]
    });
    vec![Table::new(
        "Of a new adult",
        "",
        &["setting", "at first", "range", "meaning", "set by", "reason"],
        rows.collect(),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_of_a_setting_and_every_event_takes_what_it_is_said_to() {
        assert!(REASONS.iter().all(|(name, _)| TherapySettings::index_of(name).is_some()));
        for field in TherapySettings::FIELDS {
            let by = set_by(field.name);
            assert_eq!(settings_of("set").contains(&field.name), by == "set", "{}", field.name);
        }
        assert_eq!(set_by("speed_setpoint_rpm"), "mode speed, pulsatile");
    }
}
