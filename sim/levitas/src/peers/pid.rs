// SPDX-License-Identifier: Apache-2.0
//! PID with a lag on the whole and a second one on the derivative.
//!
//! # Model
//! i = -(k_p x + k_i integral of x + k_d v), x behind the lag `noise_hz`, v the derivative behind the lag `derivative_hz`.
//! The integral stands still while the reference is limited.

use super::axis::{Law, smoothing};
use super::gains;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Pid {
    gains: gains::Pid,
    noise: f64,
    derivative: f64,
    period_s: f64,
    quiet_m: f64,
    slow_m: f64,
    integral_m_s: f64,
    velocity_m_per_s: f64,
}

impl Pid {
    pub(super) fn new(gains: gains::Pid, period_s: f64) -> Self {
        Self {
            gains,
            noise: smoothing(gains.noise_hz, period_s),
            derivative: smoothing(gains.derivative_hz, period_s),
            period_s,
            quiet_m: 0.0,
            slow_m: 0.0,
            integral_m_s: 0.0,
            velocity_m_per_s: 0.0,
        }
    }
}

impl Law for Pid {
    fn observe(&mut self, sample_m: f64, limited: bool) -> f64 {
        self.quiet_m += self.noise * (sample_m - self.quiet_m);
        self.velocity_m_per_s = self.derivative * (self.quiet_m - self.slow_m) / self.period_s;
        self.slow_m += self.velocity_m_per_s * self.period_s;
        if !limited {
            self.integral_m_s += self.quiet_m * self.period_s;
        }
        self.velocity_m_per_s
    }

    fn reference_a(&mut self, _now_a: f64, _next_a: f64) -> f64 {
        let gains = &self.gains;
        -(gains.proportional_a_per_m * self.quiet_m
            + gains.derivative_a_s_per_m * self.velocity_m_per_s
            + gains.integral_a_per_m_s * self.integral_m_s)
    }
}
