// SPDX-License-Identifier: Apache-2.0
//! Where the rotor points, once and twice around: made once per period for both axes, notch and runout.
//!
//! Without a trusted angle all sines and cosines are zero, so that sums of harmonics vanish by themselves.

/// Slowest rotor for which the notch adapts: 300 rpm [rad/s].
const SPEED_RAD_PER_S_MIN: f32 = 31.4;

/// Direction and speed of the rotor, as far as they are to be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotorDirection {
    /// Cosine of the rotor angle.
    pub cos: f32,
    /// Sine of the rotor angle.
    pub sin: f32,
    /// Speed [rad/s].
    pub speed_rad_per_s: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub(super) cos: f32,
    pub(super) sin: f32,
    /// Of twice the angle.
    pub(super) cos_2: f32,
    pub(super) sin_2: f32,
    pub(super) speed_rad_per_s: f32,
    /// The angle is to be trusted.
    pub(super) known: bool,
    /// It is, and the rotor is fast enough for the notch.
    pub(super) adapts: bool,
}

impl Turn {
    /// An angle that nobody knows.
    pub(super) const UNKNOWN: Self = Self {
        cos: 0.0,
        sin: 0.0,
        cos_2: 0.0,
        sin_2: 0.0,
        speed_rad_per_s: 0.0,
        known: false,
        adapts: false,
    };

    /// The rotor's direction, or that nobody knows it.
    #[must_use]
    pub fn of(rotor: Option<RotorDirection>) -> Self {
        let Some(RotorDirection { cos, sin, speed_rad_per_s }) = rotor else { return Self::UNKNOWN };
        Self {
            cos,
            sin,
            cos_2: cos * cos - sin * sin,
            sin_2: 2.0 * cos * sin,
            speed_rad_per_s,
            known: true,
            adapts: speed_rad_per_s.abs() > SPEED_RAD_PER_S_MIN,
        }
    }

    /// a_1 cos + b_1 sin + a_2 cos_2 + b_2 sin_2.
    pub(super) fn sum(&self, [a_1, b_1]: [f32; 2], [a_2, b_2]: [f32; 2]) -> f32 {
        a_1 * self.cos + b_1 * self.sin + a_2 * self.cos_2 + b_2 * self.sin_2
    }
}
