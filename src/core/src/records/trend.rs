// SPDX-License-Identifier: Apache-2.0
//! What is kept once a second: a number of 16 bits for each quantity, in the order of [`FIELDS`].
//!
//! # Model
//! The latest mails, each value over its resolution, rounded; what is not believed, not known, not there or of a task that has not
//! written since the last trend is [`UNKNOWN`], what is beyond the range of 16 bits is the end of it.

use core::sync::atomic::{AtomicU32, Ordering};

use super::FRAME_BYTES;
use crate::health::orbit::OrbitMail;
use crate::mail::{CirculationMail, LevitationMail, Mailboxes};
use crate::mailbox::{Mailbox, Words};
use crate::math::larger;
use crate::motor::limits;
use crate::units::RPM_PER_RAD_PER_S;
use crate::warming::messages::WarmingMail;

/// Quantities of a trend.
pub const TREND_FIELDS: usize = 12;
/// Bytes of a trend.
pub const TREND_BYTES: usize = 2 * TREND_FIELDS;
/// Bytes of the record of a trend.
pub const TREND_RECORD_BYTES: usize = TREND_BYTES + FRAME_BYTES;
/// Not known.
pub const UNKNOWN: i16 = i16::MIN;

/// Name with its unit, and the resolution in that unit.
pub const FIELDS: [(&str, f32); TREND_FIELDS] = [
    ("flow_lpm", 0.001),
    ("flow_estimate_lpm", 0.001),
    ("speed_rpm", 1.0),
    ("speed_setpoint_rpm", 1.0),
    ("drainage_pressure_mmhg", 0.1),
    ("pre_membrane_pressure_mmhg", 0.1),
    ("return_pressure_mmhg", 0.1),
    ("blood_celsius", 0.01),
    ("water_celsius", 0.01),
    ("shaft_power_w", 0.01),
    ("bus_voltage_v", 0.01),
    ("displacement_rms_um", 0.01),
];

/// Who makes the trends of a unit: one thread.
#[derive(Debug, Default)]
pub struct TrendWatch {
    /// Sequences of the mails of the last trend: levitation, circulation, warming.
    seen: [AtomicU32; 3],
}

impl TrendWatch {
    /// No trend yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { seen: [const { AtomicU32::new(0) }; 3] }
    }

    /// The trend of this moment.
    #[must_use]
    pub fn step(&self, mail: &Mailboxes) -> [u8; TREND_BYTES] {
        let [levitation, circulation, warming] = &self.seen;
        let levitation: Option<LevitationMail> = news(&mail.levitation, levitation);
        // It comes once for many turns, from a task that goes on with levitation.
        let orbit = levitation.and_then(|_| latest(&mail.orbit)).map(|(_, orbit)| orbit);
        of(levitation, news(&mail.circulation, circulation), news(&mail.warming, warming), orbit)
    }
}

fn latest<T: Words<N>, const N: usize>(mailbox: &Mailbox<N>) -> Option<(u32, T)> {
    // A writer of another priority may be at it; it is done within microseconds.
    (0..4).find_map(|_| mailbox.read())
}

/// What has been written since it was asked for the last time.
fn news<T: Words<N>, const N: usize>(mailbox: &Mailbox<N>, seen: &AtomicU32) -> Option<T> {
    let (sequence, mail) = latest(mailbox)?;
    (seen.swap(sequence, Ordering::Relaxed) != sequence).then_some(mail)
}

fn of(
    levitation: Option<LevitationMail>,
    circulation: Option<CirculationMail>,
    warming: Option<WarmingMail>,
    orbit: Option<OrbitMail>,
) -> [u8; TREND_BYTES] {
    let of_levitation = |value: fn(&LevitationMail) -> f32| levitation.as_ref().map_or(f32::NAN, value);
    let of_circulation = |value: fn(&CirculationMail) -> f32| circulation.as_ref().map_or(f32::NAN, value);
    let of_warming = |value: fn(&WarmingMail) -> f32| warming.as_ref().map_or(f32::NAN, value);
    encode(&[
        of_circulation(|mail| if mail.flow_valid { mail.flow_lpm } else { f32::NAN }),
        of_circulation(|mail| mail.flow_estimate_lpm),
        of_levitation(|mail| known_rad_per_s(mail) * RPM_PER_RAD_PER_S),
        of_circulation(|mail| mail.speed_setpoint_rpm),
        of_circulation(|mail| believed(mail.drainage_pressure_mmhg, mail.drainage_trouble)),
        of_circulation(|mail| believed(mail.pre_membrane_pressure_mmhg, mail.pre_membrane_trouble)),
        of_circulation(|mail| believed(mail.return_pressure_mmhg, mail.return_trouble)),
        of_warming(|mail| mail.blood_celsius),
        of_warming(|mail| mail.water_celsius),
        of_levitation(|mail| mail.load_torque_n_m * known_rad_per_s(mail)),
        of_levitation(|mail| mail.bus_voltage_v),
        orbit.map_or(f32::NAN, |mail| larger(mail.rms_x_m, mail.rms_y_m) * 1e6),
    ])
}

/// Without an angle the speed is an assumption.
fn known_rad_per_s(mail: &LevitationMail) -> f32 {
    if mail.limits & limits::ANGLE_LOST == 0 { mail.rotor_speed_rad_per_s } else { f32::NAN }
}

fn believed(value: f32, trouble: u32) -> f32 {
    if trouble == 0 { value } else { f32::NAN }
}

fn encode(values: &[f32; TREND_FIELDS]) -> [u8; TREND_BYTES] {
    let mut bytes = [0; TREND_BYTES];
    for ((place, value), (_, resolution)) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(values).zip(FIELDS) {
        let steps = value / resolution;
        // A cast saturates and cuts off.
        let rounded = (steps + if steps < 0.0 { -0.5 } else { 0.5 }) as i16;
        *place = if value.is_finite() { rounded.max(-i16::MAX) } else { UNKNOWN }.to_le_bytes();
    }
    bytes
}

/// The values of a trend in the units of [`FIELDS`]; not a number where one is not known.
#[must_use]
pub fn decode(bytes: &[u8; TREND_BYTES]) -> [f32; TREND_FIELDS] {
    let mut values = [f32::NAN; TREND_FIELDS];
    for ((value, bytes), (_, resolution)) in values.iter_mut().zip(bytes.as_chunks::<2>().0).zip(FIELDS) {
        let steps = i16::from_le_bytes(*bytes);
        if steps != UNKNOWN {
            *value = f32::from(steps) * resolution;
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_to_their_resolution_and_what_is_unknown_stays_so() {
        let mut values = FIELDS.map(|(_, resolution)| resolution * 1234.4);
        (values[0], values[1], values[2]) = (f32::NAN, -1e9, 1e9);
        let found = decode(&encode(&values));
        assert!(found[0].is_nan());
        assert!((found[1] + 32.767).abs() < 1e-5 && found[2] == 32767.0);
        for ((found, value), (name, resolution)) in found.iter().zip(values).zip(FIELDS).skip(3) {
            assert!((found - value).abs() < 0.51 * resolution, "{name}: {found} {value}");
        }
        assert_eq!(encode(&[-0.0; TREND_FIELDS]), [0; TREND_BYTES]);
    }

    #[test]
    fn a_unit_of_which_nothing_is_heard_has_a_trend_without_values() {
        assert!(decode(&TrendWatch::new().step(&Mailboxes::new())).iter().all(|value| value.is_nan()));
    }

    #[test]
    fn a_task_that_stands_still_has_no_values_and_a_rotor_without_an_angle_no_speed() {
        let (mail, watch) = (Mailboxes::new(), TrendWatch::new());
        let zeros = LevitationMail::from_words([0; crate::mail::LEVITATION_WORDS]);
        let levitation = LevitationMail { rotor_speed_rad_per_s: 300.0, bus_voltage_v: 48.0, ..zeros };
        let known = |trend: [u8; TREND_BYTES]| {
            let values = decode(&trend);
            [values[2], values[10]].map(|value| !value.is_nan())
        };
        mail.levitation.write(&levitation);
        assert_eq!(known(watch.step(&mail)), [true, true]);
        assert_eq!(known(watch.step(&mail)), [false, false], "nothing new");
        mail.levitation.write(&LevitationMail { limits: limits::ANGLE_LOST, ..levitation });
        assert_eq!(known(watch.step(&mail)), [false, true]);
    }

    #[test]
    fn names_are_different_and_end_in_their_unit() {
        for (index, (name, resolution)) in FIELDS.iter().enumerate() {
            assert!(*resolution > 0.0 && FIELDS[..index].iter().all(|(other, _)| other != name));
            assert!(
                ["lpm", "rpm", "mmhg", "celsius", "w", "v", "um"].contains(&name.rsplit('_').next().unwrap())
            );
        }
    }
}
