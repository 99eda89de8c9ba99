// SPDX-License-Identifier: Apache-2.0
//! What commissioning finds, with the range in which each value is plausible.
//!
//! The ranges are those of a drive in working order, narrower than what the configuration allows: a value outside
//! means a broken part, a swapped cable or a damaged record.

use crate::config::ConfigError;
use crate::unit::UnitConfig;

crate::ranged_struct! {
    /// The values of a calibration record.
    pub struct Calibration: f32 {
        /// Output of the Hall x+ with the rotor at the centre [V].
        hall_mid_x_plus_v: 1.3..=2.0,
        /// Output of the Hall x- with the rotor at the centre [V].
        hall_mid_x_minus_v: 1.3..=2.0,
        /// Output of the Hall y+ with the rotor at the centre [V].
        hall_mid_y_plus_v: 1.3..=2.0,
        /// Output of the Hall y- with the rotor at the centre [V].
        hall_mid_y_minus_v: 1.3..=2.0,
        /// Gain of the Hall pair x against its nominal sensitivity [1].
        hall_gain_x: 0.8..=1.25,
        /// Gain of the Hall pair y against its nominal sensitivity [1].
        hall_gain_y: 0.8..=1.25,
        /// Apparent displacement by the current of the axis' own coil, mean of x and y [m/A].
        coil_pickup_m_per_a: -20e-6..=20e-6,
        /// Apparent displacement by the current of the other axis' coil, mean of x and y [m/A].
        coil_pickup_cross_m_per_a: -10e-6..=10e-6,
        /// Runout of x once per turn, cosine part [m].
        runout_x_cos_1_m: -50e-6..=50e-6,
        /// Runout of x once per turn, sine part [m].
        runout_x_sin_1_m: -50e-6..=50e-6,
        /// Runout of x twice per turn, cosine part [m].
        runout_x_cos_2_m: -25e-6..=25e-6,
        /// Runout of x twice per turn, sine part [m].
        runout_x_sin_2_m: -25e-6..=25e-6,
        /// Runout of y once per turn, cosine part [m].
        runout_y_cos_1_m: -50e-6..=50e-6,
        /// Runout of y once per turn, sine part [m].
        runout_y_sin_1_m: -50e-6..=50e-6,
        /// Runout of y twice per turn, cosine part [m].
        runout_y_cos_2_m: -25e-6..=25e-6,
        /// Runout of y twice per turn, sine part [m].
        runout_y_sin_2_m: -25e-6..=25e-6,
        /// Force-displacement factor k_x [N/m].
        force_displacement_n_per_m: 5e3..=35e3,
        /// Force-current factor k_i [N/A].
        force_current_n_per_a: 5.0..=12.0,
        /// Coil resistance R [ohm].
        coil_resistance_ohm: 0.5..=2.0,
        /// Coil inductance L [H].
        coil_inductance_h: 1e-3..=4e-3,
        /// What the angle Halls show when phase A faces the rotor flux [rad].
        angle_hall_offset_rad: -3.2..=3.2,
        /// Order of the phases: 1 A, B, C from x to y; -1 A, C, B.
        motor_phase_order: -1.0..=1.0,
    }
}

impl Calibration {
    /// No number anywhere.
    const NOTHING: Self = Self {
        hall_mid_x_plus_v: f32::NAN,
        hall_mid_x_minus_v: f32::NAN,
        hall_mid_y_plus_v: f32::NAN,
        hall_mid_y_minus_v: f32::NAN,
        hall_gain_x: f32::NAN,
        hall_gain_y: f32::NAN,
        coil_pickup_m_per_a: f32::NAN,
        coil_pickup_cross_m_per_a: f32::NAN,
        runout_x_cos_1_m: f32::NAN,
        runout_x_sin_1_m: f32::NAN,
        runout_x_cos_2_m: f32::NAN,
        runout_x_sin_2_m: f32::NAN,
        runout_y_cos_1_m: f32::NAN,
        runout_y_sin_1_m: f32::NAN,
        runout_y_cos_2_m: f32::NAN,
        runout_y_sin_2_m: f32::NAN,
        force_displacement_n_per_m: f32::NAN,
        force_current_n_per_a: f32::NAN,
        coil_resistance_ohm: f32::NAN,
        coil_inductance_h: f32::NAN,
        angle_hall_offset_rad: f32::NAN,
        motor_phase_order: f32::NAN,
    };

    /// What a configuration holds of these values: each field has the name of its configuration field.
    #[must_use]
    pub fn of(config: &UnitConfig) -> Self {
        let mut config = *config;
        Self::from_values(|name| config.field_mut(name).map_or(f32::NAN, |value| *value))
    }

    /// Puts the values into a configuration, and the gains that belong to them.
    pub fn apply(&self, config: &mut UnitConfig) {
        let mut values = *self;
        for field in Self::FIELDS {
            if let (Some(to), Some(from)) = (config.field_mut(field.name), values.field_mut(field.name)) {
                *to = *from;
            }
        }
        config.levitation.bearing = config.levitation.bearing.retuned();
    }

    /// The values as they stand in a record.
    pub(super) fn bytes(self) -> impl Iterator<Item = u8> {
        let mut values = self;
        Self::FIELDS.iter().flat_map(move |field| {
            values.field_mut(field.name).map_or(f32::NAN, |value| *value).to_le_bytes()
        })
    }

    /// The values of a record's bytes, not yet checked; what is missing is no number.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut rest = bytes;
        Self::from_values(|_| {
            rest.split_first_chunk::<4>().map_or(f32::NAN, |(value, left)| {
                rest = left;
                f32::from_le_bytes(*value)
            })
        })
    }

    /// Values in the order of the fields, by name.
    fn from_values(mut value_of: impl FnMut(&'static str) -> f32) -> Self {
        let mut calibration = Self::NOTHING;
        for field in Self::FIELDS {
            if let Some(to) = calibration.field_mut(field.name) {
                *to = value_of(field.name);
            }
        }
        calibration
    }

    /// The phase order is one of two, nothing between.
    pub(super) fn check_phase_order(&self) -> Result<(), ConfigError> {
        if self.motor_phase_order == 1.0 || self.motor_phase_order == -1.0 {
            return Ok(());
        }
        Err(ConfigError { field: "motor_phase_order", value: self.motor_phase_order, min: -1.0, max: 1.0 })
    }
}
