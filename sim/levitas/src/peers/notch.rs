// SPDX-License-Identifier: Apache-2.0
//! Synchronous notches for a law that has none: plain and generalised.
//!
//! # Model
//! A sum of harmonics n = 1, 2 of the rotor angle is added to the sample, w = sum a_n cos(n theta) + b_n sin(n theta).
//! | kind | adapted until | step |
//! |---|---|---|
//! | plain, T = 1 | the *sample* that the law sees has no synchronous part | a_n' = -2 e y cos(n theta) |
//! | generalised | the *current* has none | a_n' = -2 e T i cos(n theta), T = k_i / (k_x + m (n W)^2) |
//!
//! Rate e, slow mean and lowest speed are those of ours; neither freezes during a shock.

use levitas_core::motor::RotorEstimate;

use super::axis::Axis;

/// Which notch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// T = 1.
    Plain,
    /// T by speed, on the measured current.
    Generalised,
}

/// Rate of adaptation [1/s].
const RATE_PER_S: f64 = 4.0;
/// Slowest rotor [rad/s].
const SPEED_RAD_PER_S_MIN: f64 = 31.4;
/// Time constant of the current's slow mean [s].
const MEAN_S: f64 = 0.1;

/// See the [module](self); one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notch {
    kind: Kind,
    period_s: f64,
    coefficients_m: [[f64; 2]; 2],
    mean_a: f64,
    mean_m: f64,
}

impl Notch {
    pub(super) fn new(kind: Kind, period_s: f64) -> Self {
        Self { kind, period_s, coefficients_m: [[0.0; 2]; 2], mean_a: 0.0, mean_m: 0.0 }
    }

    /// The sample as the law is to see it.
    pub(super) fn filter(&mut self, sample_m: f64, current_a: f64, rotor: &RotorEstimate) -> f64 {
        let (cos, sin) = (f64::from(rotor.cos), f64::from(rotor.sin));
        let waves = [[cos, sin], [cos * cos - sin * sin, 2.0 * cos * sin]];
        let speed = f64::from(rotor.speed_rad_per_s);
        if !rotor.trusted || speed.abs() < SPEED_RAD_PER_S_MIN {
            return sample_m;
        }
        let added_m: f64 =
            self.coefficients_m.iter().zip(waves).map(|(c, w)| c[0] * w[0] + c[1] * w[1]).sum();
        let seen_m = sample_m + added_m;
        let part = self.period_s / MEAN_S;
        self.mean_a += part * (current_a - self.mean_a);
        self.mean_m += part * (seen_m - self.mean_m);
        for (order, (coefficient, wave)) in self.coefficients_m.iter_mut().zip(waves).enumerate() {
            let frequency = (order + 1) as f64 * speed;
            let error_m = match self.kind {
                Kind::Plain => seen_m - self.mean_m,
                Kind::Generalised => {
                    (current_a - self.mean_a) * Axis::K_I_N_PER_A
                        / (Axis::K_X_N_PER_M + Axis::MASS_KG * frequency * frequency)
                }
            };
            for (value, wave) in coefficient.iter_mut().zip(wave) {
                *value -= 2.0 * RATE_PER_S * self.period_s * error_m * wave;
            }
        }
        seen_m
    }
}
