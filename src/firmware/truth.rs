// SPDX-License-Identifier: Apache-2.0
//! The calibration that is right for the simulated plant, for the test that compares it with what commissioning finds.

use core::f32::consts::FRAC_PI_2;

use levitas_core::calibration::Calibration;
use levitas_core::math::sin_cos;
use levitas_world::{ECMO_50, RUNOUT_1X_RAD, RUNOUT_2X_RAD};

use super::calibration::VALUES;
use super::units::CONFIG;

/// Cosine part of a runout of that size and direction [m].
fn part(size_m: f64, angle_rad: f32) -> f32 {
    size_m as f32 * sin_cos(angle_rad).1
}

/// What an exact commissioning would find. The plant's mids and gains are those that the drive is built with.
fn truth() -> Calibration {
    let (sensor, bearing) = (&ECMO_50.sensor_displacement, &ECMO_50.bearing);
    // x = r cos(n theta + a), y = r sin(n theta + a).
    let (once_m, once_rad) = (sensor.runout_1x_m, RUNOUT_1X_RAD as f32);
    let (twice_m, twice_rad) = (sensor.runout_2x_m, RUNOUT_2X_RAD as f32);
    Calibration {
        coil_pickup_m_per_a: sensor.coil_pickup_m_per_a as f32,
        coil_pickup_cross_m_per_a: sensor.coil_pickup_cross_m_per_a as f32,
        runout_x_cos_1_m: part(once_m, once_rad),
        runout_x_sin_1_m: part(once_m, once_rad + FRAC_PI_2),
        runout_x_cos_2_m: part(twice_m, twice_rad),
        runout_x_sin_2_m: part(twice_m, twice_rad + FRAC_PI_2),
        runout_y_cos_1_m: part(once_m, once_rad - FRAC_PI_2),
        runout_y_sin_1_m: part(once_m, once_rad),
        runout_y_cos_2_m: part(twice_m, twice_rad - FRAC_PI_2),
        runout_y_sin_2_m: part(twice_m, twice_rad),
        force_displacement_n_per_m: ECMO_50.rotor.k_x_n_per_m as f32,
        force_current_n_per_a: bearing.k_i_n_per_a as f32,
        coil_resistance_ohm: bearing.resistance_ohm as f32,
        coil_inductance_h: bearing.inductance_h as f32,
        angle_hall_offset_rad: ECMO_50.sensor_angle.offset_error_rad as f32,
        ..Calibration::of(&CONFIG)
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_calibration(values: Option<&mut [f32; VALUES]>) {
    let Some(values) = values else { return };
    let mut truth = truth();
    for (to, field) in values.iter_mut().zip(Calibration::FIELDS) {
        *to = truth.field_mut(field.name).map_or(f32::NAN, |value| *value);
    }
}
