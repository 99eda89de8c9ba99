// SPDX-License-Identifier: Apache-2.0
//! Whether the current sensor of one bearing coil is to be believed, and whether the coil conducts at all.
//!
//! # Model
//! A sample that is invalid, repeats itself or is further from the prediction than `OUTLIER_A` is passed over; after
//! `DOUBTED_PERIODS` or `STUCK_REPEATS` the sensor is named.
//! An open coil shows no current, with the noise of a living sensor, whatever the voltage: the changes that the voltage must
//! make are missing, and their sum is what is watched. Where a large current must flow and a living sensor shows none, coil or
//! sensor is gone at once: which of them is open for 0.5 ms more, but a unit that can give the head away need not wait.
//!
//! # Shown by
//! Unit tests of `current_loop.rs`.

use crate::math::between;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct CurrentWatch {
    /// Change of the current that the voltage under way makes.
    driven_a: f32,
    last_a: f32,
    repeats: u32,
    missing_a2: f32,
    open_periods: u32,
    in_step: bool,
    doubted_periods: u32,
    gone_periods: u32,
}

/// Innovation from which a sample is not believed [A]: four times what L -20 % makes of the full bus in a period.
const OUTLIER_A: f32 = 1.2;
/// Periods in a row after which a sensor that is not believed is named.
const DOUBTED_PERIODS: u32 = 5;
/// Repeats of a sample from which it is left out, and from which its sensor is stuck. Noise 5 mA, step 4 mA: the most
/// frequent code has probability 0.31, k repeats have 0.31^k / sqrt(k + 1): 8: once in 2 s, for which the model stands in;
/// 24: once in 7 years of two coils.
pub(super) const SUSPECT_REPEATS: u32 = 8;
pub(super) const STUCK_REPEATS: u32 = 24;
/// Part of the change that the voltage must make which no healthy coil lacks: L +-20 % are a quarter.
const FOLLOW_SHARE: f32 = 0.6;
/// Sum of (change by the voltage) x (what is missing of it) by which a coil is open [A^2]. At idle the changes are 50 to
/// 80 mA rms and an open coil sums it up in 0.5 ms; a healthy one sums up nothing.
const OPEN_A2: f32 = 0.02;
/// Repeats from which a sensor is not called alive.
const ALIVE_REPEATS: u32 = 3;
/// Periods in a row for which an open coil must show.
const OPEN_PERIODS: u32 = 3;
/// Periods in a row in which a current beyond `OUTLIER_A` must be missing.
const GONE_PERIODS: u32 = 3;
/// What a sensor shows of no current at most [A]: offset 20 mA, noise 5 mA.
const NO_CURRENT_A: f32 = 0.1;
/// Part of a current innovation that is believed: half of it is the sensor's 5 mA of noise.
const SHARE: f32 = 0.5;
/// Part of it that is believed when interference is about: 50 um of it are 0.35 A.
const ROUGH_SHARE: f32 = 0.05;

impl CurrentWatch {
    /// Forgets the past: coil open, no current.
    pub(super) fn restart(&mut self) {
        *self = Self { last_a: self.last_a, ..Self::default() };
    }

    /// The sensor has shown something else than the model for long enough to be named.
    #[must_use]
    pub fn is_doubted(&self) -> bool {
        self.doubted_periods >= DOUBTED_PERIODS || self.repeats >= STUCK_REPEATS
    }

    /// Nothing is to be named.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.in_step && self.doubted_periods | self.open_periods == 0
    }

    /// The current does not follow the voltage at all.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open_periods >= OPEN_PERIODS
    }

    /// A large current is gone, by its coil or by its sensor.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.gone_periods >= GONE_PERIODS
    }

    /// The sample as far as it is to be believed beside the predicted one, and bookkeeping of what is wrong with it.
    pub fn screen(&mut self, measured_a: Option<f32>, predicted_a: f32) -> Option<f32> {
        let Some(measured_a) = measured_a else {
            self.in_step = false;
            return None;
        };
        self.repeats = if measured_a == self.last_a { self.repeats.saturating_add(1) } else { 0 };
        self.last_a = measured_a;
        let far = (measured_a - predicted_a).abs() >= OUTLIER_A;
        if far || self.repeats >= SUSPECT_REPEATS || self.doubted_periods > 0 {
            let gone = far && measured_a.abs() < NO_CURRENT_A && self.repeats < ALIVE_REPEATS;
            self.gone_periods = if gone { self.gone_periods.saturating_add(1) } else { 0 };
            self.doubt(far).then_some(measured_a)
        } else {
            self.gone_periods = 0;
            Some(measured_a)
        }
    }

    /// Whether a sample that is far from the prediction, repeats itself or follows one that was, is believed after all.
    #[cold]
    #[inline(never)]
    fn doubt(&mut self, far: bool) -> bool {
        let outlier = far && (self.in_step || self.doubted_periods > 0) && !self.is_open();
        let repeats = self.repeats >= SUSPECT_REPEATS;
        // What repeats itself is under suspicion: the next sample is not taken for the truth wherever it is.
        self.doubted_periods =
            if outlier { self.doubted_periods.saturating_add(1) } else { u32::from(repeats) };
        self.in_step &= !repeats;
        !(outlier || repeats)
    }

    /// Takes in the screened sample and its difference from the prediction; the part of the difference that is believed:
    /// half, of a rough one a twentieth, of an open coil, and when the loop falls into step with its sensor again, all.
    #[inline(always)]
    pub fn share(&mut self, screened_a: f32, innovation_a: f32, rough: bool) -> f32 {
        let was_open = self.is_open();
        if rough {
            self.fall_out_of_step(false);
            ROUGH_SHARE
        } else if !self.in_step {
            self.fall_out_of_step(true);
            1.0
        } else {
            self.book_missing(screened_a, innovation_a);
            if was_open { 1.0 } else { SHARE }
        }
    }

    /// By how much the voltage that is under way changes the current until the next sample [A].
    pub fn drive(&mut self, driven_a: f32) {
        self.driven_a = driven_a;
    }

    /// The sums begin anew; a coil that is open stays open until a current is seen.
    fn fall_out_of_step(&mut self, in_step: bool) {
        self.in_step = in_step;
        if !self.is_open() {
            (self.missing_a2, self.open_periods) = (0.0, 0);
        }
    }

    /// Sums what is missing of the changes that the voltage must make while there is no current to speak of. A sensor that
    /// repeats itself says nothing about the coil.
    fn book_missing(&mut self, measured_a: f32, innovation_a: f32) {
        if self.repeats >= ALIVE_REPEATS {
            self.open_periods = if self.is_open() { self.open_periods } else { 0 };
            return;
        }
        let missing_a2 = self.missing_a2 - self.driven_a * (innovation_a + FOLLOW_SHARE * self.driven_a);
        self.missing_a2 =
            if measured_a.abs() < NO_CURRENT_A { between(missing_a2, 0.0, 2.0 * OPEN_A2) } else { 0.0 };
        self.open_periods = if self.missing_a2 > OPEN_A2 { self.open_periods.saturating_add(1) } else { 0 };
    }
}
