// SPDX-License-Identifier: Apache-2.0
//! What the set-point of a mode may be now: its range, the limits, and what pump, circuit and sensors give.
//!
//! | mode | least | most |
//! |---|---|---|
//! | speed, pulsatile | 0 | largest speed of the unit |
//! | flow, weaning | of its range | what [`super::pilot`] takes as the largest flow |
//! | pressure | the limit of the drainage pressure; 0 while that sensor is in trouble | the limit of the return pressure; -1 mmHg likewise |
//! | others | of its range | of its range |
//!
//! What nobody could follow or watch, because its sensor is missing, is refused too:
//!
//! | what is set | refused unless |
//! |---|---|
//! | limit of the drainage pressure | that one is to be believed |
//! | limit of the return pressure | that one is, or the pre-membrane pressure, which stands in for it |
//! | flow, and its alarm limit | the meter is, or the flow is known by speed and torque |
//!
//! # Limits and failure
//! With both sensors in trouble the least is above the most: nothing is left to follow. The pressure before the membrane lung stands in for a
//! limit, not for what is followed. A circulation task that has said nothing yet has lost no sensor.
//!
//! # Shown by
//! Tests here; `task/supervisor/tests/limits.rs`.

use super::therapy::{Mode, TherapySettings};
use crate::mail::CirculationMail;

/// The pressure nearest to zero that is one of the drainage [mmHg].
const DRAINAGE_MMHG_MOST: f32 = -1.0;

/// The least and the most that the set-point of a mode may be; `seen` is what the circulation task said last.
#[must_use]
pub fn reach(
    mode: Mode,
    settings: &TherapySettings,
    speed_rpm_max: f32,
    seen: Option<&CirculationMail>,
) -> (f32, f32) {
    let field = mode.setpoint().and_then(TherapySettings::index_of).and_then(TherapySettings::field);
    let (least, most) = field.map(|field| (field.min, field.max)).unwrap_or_default();
    match mode {
        Mode::Speed | Mode::Pulsatile => (0.0, speed_rpm_max),
        Mode::Pressure => {
            let (drainage, back) =
                seen.map_or((true, true), |seen| (seen.drainage_trouble == 0, seen.return_trouble == 0));
            (
                if drainage { least.max(settings.drainage_pressure_mmhg_min) } else { 0.0 },
                if back { most.min(settings.return_pressure_mmhg_max) } else { DRAINAGE_MMHG_MOST },
            )
        }
        Mode::Flow | Mode::Weaning => (least, seen.map_or(most, |seen| most.min(seen.flow_lpm_max))),
        Mode::ZeroFlow | Mode::RetrogradeTrial => (least, most),
    }
}

/// Nobody could follow or watch this setting.
#[must_use]
pub fn lacks_sensor(setting: &str, seen: &CirculationMail) -> bool {
    match setting {
        "drainage_pressure_mmhg_min" => seen.drainage_trouble != 0,
        "return_pressure_mmhg_max" => seen.return_trouble != 0 && seen.pre_membrane_trouble != 0,
        "flow_setpoint_lpm" | "weaning_flow_lpm" | "trial_flow_lpm" | "flow_lpm_min" => {
            !seen.flow_valid && seen.flow_estimate_lpm.is_nan()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circulation::pressures::trouble;
    use crate::mail::CIRCULATION_WORDS;
    use crate::mailbox::Words;

    fn of(mode: Mode, seen: &CirculationMail) -> (f32, f32) {
        reach(mode, &TherapySettings::ADULT, 5500.0, Some(seen))
    }

    fn seen() -> CirculationMail {
        CirculationMail { flow_lpm_max: 5.2, ..CirculationMail::from_words([0; CIRCULATION_WORDS]) }
    }

    #[test]
    fn pump_circuit_and_limits_bound_each_mode() {
        assert_eq!(of(Mode::Speed, &seen()), (0.0, 5500.0));
        assert_eq!(of(Mode::Pulsatile, &seen()), (0.0, 5500.0));
        assert_eq!(of(Mode::Flow, &seen()), (0.0, 5.2));
        assert_eq!(of(Mode::Weaning, &seen()), (0.5, 5.2));
        assert_eq!(of(Mode::Pressure, &seen()), (-100.0, 300.0));
        assert_eq!(of(Mode::RetrogradeTrial, &seen()), (-1.0, -0.1));
        assert_eq!(of(Mode::ZeroFlow, &seen()), (0.0, 0.0));
        let wide = CirculationMail { flow_lpm_max: f32::INFINITY, ..seen() };
        assert_eq!(of(Mode::Flow, &wide), (0.0, 8.0));
        assert_eq!(reach(Mode::Flow, &TherapySettings::ADULT, 5500.0, None), (0.0, 8.0));
        let settings = TherapySettings { drainage_pressure_mmhg_min: -60.0, ..TherapySettings::ADULT };
        assert_eq!(reach(Mode::Pressure, &settings, 5500.0, None), (-60.0, 300.0));
    }

    #[test]
    fn a_pressure_that_is_not_believed_is_none_to_follow() {
        let drainage = CirculationMail { drainage_trouble: trouble::FROZEN, ..seen() };
        let back = CirculationMail { return_trouble: trouble::RANGE, ..seen() };
        let both = CirculationMail {
            drainage_trouble: trouble::SWAPPED,
            return_trouble: trouble::SWAPPED,
            ..seen()
        };
        assert_eq!(of(Mode::Pressure, &drainage), (0.0, 300.0));
        assert_eq!(of(Mode::Pressure, &back), (-100.0, -1.0));
        let (least, most) = of(Mode::Pressure, &both);
        assert!([-50.0, -1.0, 0.0, 150.0].iter().all(|mmhg| !(least..=most).contains(mmhg)));
        let before = CirculationMail { pre_membrane_trouble: trouble::MISSING, ..seen() };
        assert_eq!(of(Mode::Pressure, &before), (-100.0, 300.0), "nobody follows that one");
    }

    /// A least and a largest value of one quantity, which would be inverted if their ranges met.
    #[test]
    fn limits_of_one_quantity_cannot_be_set_the_wrong_way_round() {
        let range = |name| {
            let field = TherapySettings::index_of(name).and_then(TherapySettings::field).unwrap();
            (field.min, field.max)
        };
        let lows =
            [("drainage_pressure_mmhg_min", "return_pressure_mmhg_max"), ("trial_flow_lpm", "flow_lpm_min")];
        for (low, high) in lows {
            assert!(range(low).1 < range(high).0, "{low} may be set above {high}");
        }
        // Every limit has been looked at: these alone bound a quantity from one side.
        let is_limit = |name: &str| name.ends_with("_min") || name.ends_with("_max");
        let limits = TherapySettings::FIELDS.iter().filter(|field| is_limit(field.name)).count();
        assert_eq!(limits, 4, "drainage, return, flow below which an alarm stands, length of a trial");
        // Whatever the limits are, pressure mode has a range.
        for drainage_pressure_mmhg_min in
            [range("drainage_pressure_mmhg_min").0, range("drainage_pressure_mmhg_min").1]
        {
            for return_pressure_mmhg_max in
                [range("return_pressure_mmhg_max").0, range("return_pressure_mmhg_max").1]
            {
                let settings = TherapySettings {
                    drainage_pressure_mmhg_min,
                    return_pressure_mmhg_max,
                    ..TherapySettings::ADULT
                };
                let (least, most) = reach(Mode::Pressure, &settings, 5500.0, Some(&seen()));
                assert!(least < 0.0 && most > 0.0, "{least} to {most}");
            }
        }
    }
}
