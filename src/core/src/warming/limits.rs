// SPDX-License-Identifier: Apache-2.0
//! Design numbers of the warming device, each with its reason.
//!
//! # Source
//! facts/clinical.md 2.5 (temperature limits; 43 C and over damages cells), 3.7 (500 W in a litre: 0.12 K/s), 4.3 row 15; bounds of the
//! device: water 42.0 C, blood 40.0 C, whatever two faults there are.

use crate::schedule::TaskId;

/// Periods of both tasks per second.
pub const PERIODS_PER_S: u32 = TaskId::Warming.slot().rate_hz;
/// One period [s].
pub const PERIOD_S: f32 = 1.0 / PERIODS_PER_S as f32;

/// Water that the control asks for [C]: a lung that passes everything on, and sensors that are off by 0.1 K, still leave 40.0 C of blood.
pub const WATER_CELSIUS_MAX: f32 = 39.5;
/// Water over blood [K]: gas leaves blood that is warmed too fast.
pub const WATER_OVER_BLOOD_K_MAX: f32 = 10.0;
/// Water under blood that is pumped while nothing is heated [K]: a litre so cold takes 4.2 kJ from the patient, 0.02 K.
pub const WATER_UNDER_BLOOD_K_MAX: f32 = 1.0;
/// The same while water or blood is too warm, so that it cools [K]: 0.09 K of the patient.
pub const WATER_UNDER_HOT_BLOOD_K_MAX: f32 = 5.0;
/// Water that is followed while no blood temperature is believed [C].
pub const WATER_BLIND_CELSIUS_MAX: f32 = 38.0;
/// Water from which the control stops itself [C]: 0.7 K over the most that it asks for, 0.8 K under the cut-out.
pub const WATER_CELSIUS_ALARM: f32 = 40.2;
/// Blood from which nothing is heated [C], and under which it is again.
pub const BLOOD_CELSIUS_ALARM: f32 = 39.0;
/// See [`BLOOD_CELSIUS_ALARM`].
pub const BLOOD_CELSIUS_AGAIN: f32 = 38.5;

/// Water at which the cut-out opens, [`CUT_OUT_WATER_LEAD_S`] ahead [C].
pub const CUT_OUT_WATER_CELSIUS: f32 = 41.0;
/// Blood at which it opens, [`CUT_OUT_BLOOD_LEAD_S`] ahead [C]: what heater and water have stored must not lift it to 40.0 C.
pub const CUT_OUT_BLOOD_CELSIUS: f32 = 39.5;
/// How far it looks ahead at the water [s]: lag of its sensor, its count of three, and what the sheath holds while the water runs out.
pub const CUT_OUT_WATER_LEAD_S: f32 = 10.0;
/// The same at the blood [s], which rises by half a kelvin within seconds when the pump begins.
pub const CUT_OUT_BLOOD_LEAD_S: f32 = 5.0;
/// What both must have fallen by before its button works [K].
pub const CUT_OUT_HYSTERESIS_K: f32 = 1.0;

/// Temperatures that can be [C].
pub const PLAUSIBLE_CELSIUS: (f32, f32) = (5.0, 60.0);
/// Two sensors in the same water [K].
pub const WATER_APART_K_MAX: f32 = 0.5;
/// A sensor of the cut-out beside that of the control [K].
pub const CUT_OUT_APART_K_MAX: f32 = 1.0;

/// Heater's power beside what it was told [W]: the meter's own error.
pub const POWER_OFF_W: f32 = 15.0;
/// The same, as a part of what it was told [1]: mains that are off by 10 % make 21 %.
pub const POWER_OFF_PART: f32 = 0.25;
/// Leakage current [mA]: a tenth of what a residual-current device takes, far over that of a sound heater (general knowledge, unverified).
pub const LEAKAGE_MA_MAX: f32 = 2.0;
/// Level under which nothing is heated, and over which it is again [1].
pub const LEVEL_MIN: f32 = 0.5;
/// See [`LEVEL_MIN`].
pub const LEVEL_AGAIN: f32 = 0.6;
/// Flow under which nothing is heated [L/min]: a third of what the pump gives.
pub const WATER_FLOW_LPM_MIN: f32 = 3.0;

/// Temperature of a room, for what the water loses [C].
pub const ROOM_CELSIUS: f32 = 22.0;
