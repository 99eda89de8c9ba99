// SPDX-License-Identifier: Apache-2.0
//! Regulator on displacement, velocity, current and integral; Kalman filter on displacement and velocity.
//!
//! # Model
//! The filter knows the motion under k_x and the measured current, but no disturbance force: what pushes the rotor bends
//! its velocity. The integral acts on the sample, so that no error stays. State and current are predicted to where
//! the reference acts.

use super::axis::{Axis, Law};
use super::gains;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Lqg {
    gains: gains::Lqg,
    period_s: f64,
    displacement_m: f64,
    velocity_m_per_s: f64,
    integral_m_s: f64,
}

impl Lqg {
    pub(super) fn new(gains: gains::Lqg, period_s: f64) -> Self {
        Self { gains, period_s, displacement_m: 0.0, velocity_m_per_s: 0.0, integral_m_s: 0.0 }
    }
}

impl Law for Lqg {
    fn observe(&mut self, sample_m: f64, limited: bool) -> f64 {
        let innovation_m = sample_m - (self.displacement_m - Axis::HALL_LAG_S * self.velocity_m_per_s);
        self.displacement_m += self.gains.observer_x * innovation_m;
        self.velocity_m_per_s += self.gains.observer_v_per_s * innovation_m;
        if !limited {
            self.integral_m_s += sample_m * self.period_s;
        }
        self.velocity_m_per_s
    }

    fn reference_a(&mut self, now_a: f64, next_a: f64) -> f64 {
        let (x, v) = (self.displacement_m, self.velocity_m_per_s);
        let pole = (Axis::K_X_N_PER_M / Axis::MASS_KG).sqrt();
        let (cosh, sinh) = ((pole * self.period_s).cosh(), (pole * self.period_s).sinh());
        // What the force alone would do to a rotor in the centre: it is pushed as if displaced by F / k_x.
        let pushed_m = Axis::K_I_N_PER_A * 0.5 * (now_a + next_a) / Axis::K_X_N_PER_M;
        self.displacement_m = cosh * (x + pushed_m) + sinh / pole * v - pushed_m;
        self.velocity_m_per_s = pole * sinh * (x + pushed_m) + cosh * v;
        let gains = &self.gains;
        -(gains.feedback_x_a_per_m * self.displacement_m
            + gains.feedback_v_a_s_per_m * self.velocity_m_per_s
            + gains.feedback_i * next_a
            + gains.feedback_integral_a_per_m_s * self.integral_m_s)
    }
}
