// SPDX-License-Identifier: Apache-2.0
//! Linear active disturbance rejection: all that is not the coil's force is one disturbance, estimated and cancelled.
//!
//! # Model
//! x'' = f + b_0 i. Extended state observer on (x, v, f) with all poles at w_o, discrete; i = -(w_c^2 x + 2 w_c v + f) / b_0.
//! k_x is part of f. The observer gets the measured current in place of the reference, and is predicted to where the
//! reference acts.

use super::axis::Law;
use super::gains;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Ladrc {
    gains: gains::Ladrc,
    observer: [f64; 3],
    period_s: f64,
    /// x [m], v [m/s], f [m/s^2].
    state: [f64; 3],
}

impl Ladrc {
    pub(super) fn new(gains: gains::Ladrc, period_s: f64) -> Self {
        let pole = (-gains.observer_rad_per_s * period_s).exp();
        let rest = 1.0 - pole;
        let observer = [
            1.0 - pole * pole * pole,
            1.5 * rest * rest * (1.0 + pole) / period_s,
            rest * rest * rest / (period_s * period_s),
        ];
        Self { gains, observer, period_s, state: [0.0; 3] }
    }
}

impl Law for Ladrc {
    fn observe(&mut self, sample_m: f64, _limited: bool) -> f64 {
        let innovation_m = sample_m - self.state[0];
        for (state, gain) in self.state.iter_mut().zip(self.observer) {
            *state += gain * innovation_m;
        }
        self.state[1]
    }

    fn reference_a(&mut self, now_a: f64, next_a: f64) -> f64 {
        let [x, v, f] = self.state;
        let (t, w) = (self.period_s, self.gains.controller_rad_per_s);
        let acceleration = f + self.gains.gain_m_per_s2_a * 0.5 * (now_a + next_a);
        let (x, v) = (x + t * v + 0.5 * t * t * acceleration, v + t * acceleration);
        self.state = [x, v, f];
        -(w * w * x + 2.0 * w * v + f) / self.gains.gain_m_per_s2_a
    }
}
