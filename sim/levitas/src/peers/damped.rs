// SPDX-License-Identifier: Apache-2.0
//! Active stiffness and damping: forces that cancel k_x and damp, and a PI around them.
//!
//! # Model
//! F = -(k_a x + d/dt lag(b_a x)) - PI(x), i = F / k_i, k_a = k_x + m (w_b / 2)^2, b_a = m w_b: both poles at w_b / 2 if the
//! lag were none. The firmware that it was read in runs it at 10 kHz, and so does [`super::drive`].

use super::axis::{Axis, Law, smoothing};
use super::gains;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Damped {
    stiffness_n_per_m: f64,
    damping_n_s_per_m: f64,
    integral_n_per_m_s: f64,
    lag: f64,
    period_s: f64,
    sample_m: f64,
    slow_m: f64,
    integral_m_s: f64,
    velocity_m_per_s: f64,
}

impl Damped {
    pub(super) fn new(gains: gains::Damped, period_s: f64) -> Self {
        let rad_per_s = std::f64::consts::TAU * gains.bandwidth_hz;
        let stiffness = Axis::K_X_N_PER_M + Axis::MASS_KG * rad_per_s * rad_per_s / 4.0;
        Self {
            stiffness_n_per_m: stiffness + gains.proportional_n_per_m,
            damping_n_s_per_m: Axis::MASS_KG * rad_per_s,
            integral_n_per_m_s: gains.integral_n_per_m_s,
            lag: smoothing(gains.damping_hz, period_s),
            period_s,
            sample_m: 0.0,
            slow_m: 0.0,
            integral_m_s: 0.0,
            velocity_m_per_s: 0.0,
        }
    }
}

impl Law for Damped {
    fn observe(&mut self, sample_m: f64, limited: bool) -> f64 {
        self.sample_m = sample_m;
        self.velocity_m_per_s = self.lag * (sample_m - self.slow_m) / self.period_s;
        self.slow_m += self.velocity_m_per_s * self.period_s;
        if !limited {
            self.integral_m_s += sample_m * self.period_s;
        }
        self.velocity_m_per_s
    }

    fn reference_a(&mut self, _now_a: f64, _next_a: f64) -> f64 {
        let force_n = self.stiffness_n_per_m * self.sample_m
            + self.damping_n_s_per_m * self.velocity_m_per_s
            + self.integral_n_per_m_s * self.integral_m_s;
        -force_n / Axis::K_I_N_PER_A
    }
}
