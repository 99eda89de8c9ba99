// SPDX-License-Identifier: Apache-2.0
//! One analog angle Hall: what its amplitude and its offset really are.
//!
//! # Model
//! h = A x + o with x the cosine (or sine) of the estimated angle. A and o go down the gradient of (h - A x - o)^2
//! (least mean squares, 0.5 s): a mismatch of 2 % would otherwise be 0.01 rad at twice the rotor frequency, an offset
//! a ripple at once.
//!
//! # Limits and failure
//! A stays within 0.7 to 1.3 of nominal, o within 0.2 of it. No number is learned as the lower bound.
//!
//! # Shown by
//! `speed_noise_at_4000_rpm` in `angle_observer_tests.rs`.

use crate::math::{between, saturate};

/// Step of the learning: 1/(0.5 s x 5 kHz), each channel learns every fourth step.
const LEARNING_STEP: f32 = 4e-4;
/// Largest offset that is learned, as a fraction of the nominal amplitude.
const OFFSET_FRACTION_MAX: f32 = 0.2;
/// Learned amplitude over nominal.
const AMPLITUDE_RATIO: (f32, f32) = (0.7, 1.3);

/// Learned amplitude and offset of one Hall.
#[derive(Clone, Copy, Debug)]
pub(super) struct HallChannel {
    amplitude_v: f32,
    offset_v: f32,
}

impl HallChannel {
    /// Nothing learned yet.
    pub(super) fn new(nominal_v: f32) -> Self {
        Self { amplitude_v: nominal_v, offset_v: 0.0 }
    }

    /// The sample as a part of the amplitude, -1 to 1.
    pub(super) fn normalised(&self, hall_v: f32) -> f32 {
        (hall_v - self.offset_v) / self.amplitude_v
    }

    /// One step down the gradient of (hall - amplitude * expected - offset)^2.
    pub(super) fn learn(&mut self, hall_v: f32, expected: f32, nominal_v: f32) {
        let error_v = hall_v - self.amplitude_v * expected - self.offset_v;
        let amplitude_v = self.amplitude_v + 2.0 * LEARNING_STEP * error_v * expected;
        let (low, high) = AMPLITUDE_RATIO;
        self.amplitude_v = between(amplitude_v, low * nominal_v, high * nominal_v);
        self.offset_v = saturate(self.offset_v + LEARNING_STEP * error_v, OFFSET_FRACTION_MAX * nominal_v);
    }
}
