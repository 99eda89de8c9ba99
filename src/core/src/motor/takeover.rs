// SPDX-License-Identifier: Apache-2.0
//! Who gives the rotor angle: the Halls, or for want of them the back-EMF.
//!
//! # Model
//! ```text
//!          no agreeing pair for GLITCH_STEPS, and an EMF;  or DOUBT_LOOKS of contradiction
//!   Halls -------------------------------------------------------------------------------> EMF
//!         <------------------------------------------------------------------------------
//!                                  pair agrees for a whole turn
//! ```
//! Both show the phase error of the angle observer. What the one who takes over sees otherwise than the one before (the
//! offset of the Halls, half a period of the EMF) is its bias: it is taken off and fades, so neither way jolts.
//!
//! # Limits and failure
//! A pair that is away for [`GLITCH_STEPS`] or less is no loss: the model carries on, nobody takes over.
//!
//! # Shown by
//! `tests_angle_faults.rs`.

use core::f32::consts::TAU;

use super::back_emf::{BackEmf, KEEP_RAD_PER_S_MIN};
use super::config::MotorConfig;
use super::transforms::Dq;
use crate::math::saturate;

/// Longest disagreement of the Halls that ends with the first pair that agrees [steps]: 1 ms.
pub(super) const GLITCH_STEPS: u32 = 20;
/// Looks in a row at which the EMF contradicts until the Halls are not believed: 0.6 ms, one look every other step.
pub(super) const DOUBT_LOOKS: u32 = 6;
/// Average of the error of Halls that agree again: over 3 ms.
const HALL_ERROR_STEP: f32 = 1.0 / 64.0;
/// Largest bias [rad], and how fast it fades [rad/s].
const BIAS_RAD_MAX: f32 = 0.1;
const BIAS_FADE_RAD_PER_S: f32 = 0.05;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Takeover {
    emf: BackEmf,
    /// The angle comes from the EMF.
    sensorless: bool,
    period_s: f32,
    /// Steps since the Halls were believed.
    steps_without: u32,
    /// Turned while Halls and EMF agree [rad].
    agreed_rad: f32,
    /// What Halls that agree again show otherwise than the EMF, averaged [rad].
    hall_error: f32,
    /// Looks at which the EMF has contradicted the Halls.
    doubt_looks: u32,
    bias_rad: f32,
    bias_step_rad: f32,
}

impl Takeover {
    /// For a checked configuration.
    pub(super) fn new(config: &MotorConfig, period_s: f32) -> Self {
        Self {
            emf: BackEmf::new(config),
            sensorless: false,
            period_s,
            steps_without: 0,
            agreed_rad: 0.0,
            hall_error: 0.0,
            doubt_looks: 0,
            bias_rad: 0.0,
            bias_step_rad: BIAS_FADE_RAD_PER_S * period_s,
        }
    }

    pub(super) fn is_sensorless(&self) -> bool {
        self.sensorless
    }

    /// Nobody gives an angle.
    pub(super) fn lost(&mut self) {
        (self.sensorless, self.bias_rad) = (false, 0.0);
    }

    /// The phase error less the bias.
    pub(super) fn without_bias(&mut self, raw_error: f32) -> f32 {
        if self.bias_rad != 0.0 {
            self.bias_rad -= saturate(self.bias_rad, self.bias_step_rad);
        }
        raw_error - self.bias_rad
    }

    /// A look, every other step: true when the EMF has contradicted the Halls for long.
    pub(super) fn is_contradicted(&mut self, unmodelled_v: Option<&Dq>, speed_rad_per_s: f32) -> bool {
        let contradicts = unmodelled_v.is_some_and(|v| self.emf.contradicts(v, speed_rad_per_s));
        self.doubt_looks = if contradicts { self.doubt_looks.saturating_add(1) } else { 0 };
        self.doubt_looks >= DOUBT_LOOKS
    }

    /// True when a pair that agrees after it did not is to be believed.
    pub(super) fn halls_are_back(&mut self) -> bool {
        if self.sensorless {
            if self.agreed_rad < TAU {
                return false;
            }
            self.bias_rad = saturate(self.hall_error, BIAS_RAD_MAX);
        }
        (self.sensorless, self.steps_without, self.doubt_looks) = (false, 0, 0);
        true
    }

    /// The phase error that the EMF shows, if it shows one; `hall_error` is that of a pair that agrees.
    pub(super) fn emf_error(
        &mut self,
        hall_error: Option<f32>,
        unmodelled_v: Option<&Dq>,
        speed_rad_per_s: f32,
    ) -> Option<f32> {
        self.steps_without = self.steps_without.saturating_add(1);
        if self.sensorless && self.steps_without <= GLITCH_STEPS {
            return Some(0.0); // started from the EMF: v still shows the estimate of before
        }
        let raw_error = unmodelled_v
            .filter(|_| self.steps_without > GLITCH_STEPS)
            .and_then(|v| self.emf.error(v, speed_rad_per_s, self.sensorless));
        let Some(raw_error) = raw_error else {
            self.sensorless = false;
            return None;
        };
        if !self.sensorless {
            self.start(saturate(raw_error, BIAS_RAD_MAX));
        }
        match hall_error {
            None => self.agreed_rad = 0.0,
            Some(hall_error) => {
                self.agreed_rad += self.period_s * speed_rad_per_s.abs();
                self.hall_error += HALL_ERROR_STEP * (hall_error - self.hall_error);
            }
        }
        Some(self.without_bias(raw_error))
    }

    /// Phase error [rad] and speed [rad/s] that the EMF shows whatever was estimated, and whether it can go on with them.
    pub(super) fn start_from_emf(&mut self, unmodelled_v: &Dq, speed_rad_per_s: f32) -> (f32, f32, bool) {
        let (error_rad, speed_rad_per_s) = self.emf.rotor(unmodelled_v, speed_rad_per_s);
        let goes_on = speed_rad_per_s.abs() > KEEP_RAD_PER_S_MIN;
        (self.steps_without, self.doubt_looks) = (0, 0);
        if goes_on {
            self.start(0.0);
        }
        (error_rad, speed_rad_per_s, goes_on)
    }

    fn start(&mut self, bias_rad: f32) {
        (self.sensorless, self.bias_rad) = (true, bias_rad);
        (self.agreed_rad, self.hall_error) = (0.0, 0.0);
    }
}
