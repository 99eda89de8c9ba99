// SPDX-License-Identifier: Apache-2.0
//! Conversion ratios between the units of the electromechanics and of the circulation; the only place of them.
//!
//! A ratio is named `<unit it gives>_PER_<unit it takes>`: `speed_rad_per_s = speed_rpm * RAD_PER_S_PER_RPM`.
//! Everything inside the motor and the bearing is SI; pump speed as set and shown is in rpm, pressure in mmHg,
//! blood flow in L/min.
//!
//! # Source
//! BIPM, The International System of Units, 9th edition, 2019; mmHg: NIST SP 811, 2008, table B.8.

use core::f32::consts::PI;

/// Radians in one turn.
pub const RAD_PER_TURN: f32 = 2.0 * PI;
/// Radians per degree.
pub const RAD_PER_DEG: f32 = PI / 180.0;
/// Angular speed [rad/s] of one revolution per minute; also [rad/s2] of 1 rpm/s.
pub const RAD_PER_S_PER_RPM: f32 = PI / 30.0;
/// Revolutions per minute of 1 rad/s.
pub const RPM_PER_RAD_PER_S: f32 = 30.0 / PI;
/// Angular frequency [rad/s] of 1 Hz.
pub const RAD_PER_S_PER_HZ: f32 = 2.0 * PI;
/// Pascal per millimetre of mercury.
pub const PA_PER_MMHG: f32 = 133.322_39;
/// Litres per minute of 1 m3/s.
pub const LPM_PER_M3_PER_S: f32 = 60_000.0;
/// Seconds per microsecond.
pub const S_PER_US: f32 = 1e-6;
/// Seconds per millisecond.
pub const S_PER_MS: f32 = 1e-3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_thousand_rpm_is_419_rad_per_s_and_back() {
        let speed_rad_per_s = 4000.0 * RAD_PER_S_PER_RPM;
        assert!((speed_rad_per_s - 418.879).abs() < 1e-3);
        assert!((speed_rad_per_s * RPM_PER_RAD_PER_S - 4000.0).abs() < 1e-3);
    }

    #[test]
    fn one_atmosphere_is_760_mmhg_and_six_litres_a_minute_are_100_ml_a_second() {
        assert!((760.0 * PA_PER_MMHG - 101_325.0).abs() < 0.1);
        assert!((100e-6 * LPM_PER_M3_PER_S - 6.0).abs() < 1e-6);
    }
}
