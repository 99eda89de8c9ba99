// SPDX-License-Identifier: Apache-2.0
//! What the Halls of one axis show of a rotor that turns on the spot: runout of the sensing target.
//!
//! # Model
//! r = c_1 cos(theta) + s_1 sin(theta) + c_2 cos(2 theta) + s_2 sin(2 theta), taken off the sample.
//! The coefficients are found at commissioning, by slow roll (`runout_*`); 0 where nobody has looked.
//!
//! # Timing
//! The angle is that of the sample before, and the Halls lag by a third of a period: of 10 um once per turn this leaves
//! 0.2 um at 5500 rpm, which the notch takes up.
//!
//! # Limits and failure
//! Without a trusted angle nothing is taken off: the sample is then wrong by the runout, 15 um, as it was before anybody
//! measured it.
//!
//! # Shown by
//! `tests::runout_is_taken_off_where_the_angle_is_known`.

use super::BearingConfig;
use super::turn::Turn;

/// See the [module](self); one axis.
#[derive(Clone, Copy, Debug)]
pub struct Runout {
    first_m: [f32; 2],
    second_m: [f32; 2],
}

impl Runout {
    /// Of the axis x.
    #[must_use]
    pub fn x(config: &BearingConfig) -> Self {
        Self {
            first_m: [config.runout_x_cos_1_m, config.runout_x_sin_1_m],
            second_m: [config.runout_x_cos_2_m, config.runout_x_sin_2_m],
        }
    }

    /// Of the axis y.
    #[must_use]
    pub fn y(config: &BearingConfig) -> Self {
        Self {
            first_m: [config.runout_y_cos_1_m, config.runout_y_sin_1_m],
            second_m: [config.runout_y_cos_2_m, config.runout_y_sin_2_m],
        }
    }

    /// What to take off the sample [m].
    #[must_use]
    pub fn at_m(&self, turn: &Turn) -> f32 {
        turn.sum(self.first_m, self.second_m)
    }
}

#[cfg(test)]
mod tests {
    use super::super::turn::RotorDirection;
    use super::*;

    #[test]
    fn runout_is_taken_off_where_the_angle_is_known() {
        let config = BearingConfig {
            runout_x_cos_1_m: 3e-6,
            runout_x_sin_1_m: -4e-6,
            runout_y_cos_2_m: 2e-6,
            runout_y_sin_2_m: 1e-6,
            ..BearingConfig::ECMO_50
        };
        let (x, y) = (Runout::x(&config), Runout::y(&config));
        let (sin, cos) = crate::math::sin_cos(0.5);
        let turn = Turn::of(Some(RotorDirection { cos, sin, speed_rad_per_s: 0.0 }));
        let close = |a: f32, b: f32| (a - b).abs() < 1e-12;
        assert!(close(x.at_m(&turn), 3e-6 * cos - 4e-6 * sin));
        let (sin_2, cos_2) = crate::math::sin_cos(1.0);
        assert!(close(y.at_m(&turn), 2e-6 * cos_2 + 1e-6 * sin_2));
        assert_eq!(x.at_m(&Turn::UNKNOWN), 0.0);
    }
}
