// SPDX-License-Identifier: Apache-2.0
//! Weaning: the flow goes down in steps, each held until it has been steady for its whole length.
//!
//! # Model
//! ```text
//! hold for weaning_step_s --steady--> one step down, no lower than weaning_flow_lpm
//!      |
//!      +--not steady for UNSTEADY_S--> one step up, and hold
//! ```
//! *Steady*: the flow stays within 10 % of the step, at least 0.2 L/min. That is what the circuit can see; the patient's own pressure and gases are
//! for the staff, who end the guide by any other mode.
//!
//! # Source
//! Steps of 0.5 L/min to 1 to 1.5 L/min: ELSO interim guidelines for VA ECMO in adults, 2021, section on weaning (general knowledge).

use super::PERIOD_S;
use crate::circulation::therapy::TherapySettings;
use crate::math::{larger, smaller};

/// Time outside of the band after which a step was too much [s].
const UNSTEADY_S: f32 = 10.0;
/// Time that a step is given to settle before it is judged [s].
const SETTLE_S: f32 = 5.0;
const BAND: f32 = 0.1;
const BAND_LPM_MIN: f32 = 0.2;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Weaning {
    target_lpm: f32,
    start_lpm: f32,
    held_s: f32,
    outside_s: f32,
    unsteady: bool,
}

impl Weaning {
    /// From the flow that was followed, or its end where that is higher [L/min].
    pub(super) fn from(flow_lpm: f32) -> Self {
        Self { target_lpm: flow_lpm, start_lpm: flow_lpm, ..Self::default() }
    }

    /// The flow to follow [L/min].
    pub(super) fn step(&mut self, settings: &TherapySettings, flow_lpm: Option<f32>) -> f32 {
        self.held_s += PERIOD_S;
        let band_lpm = larger(BAND * self.target_lpm, BAND_LPM_MIN);
        let is_outside = flow_lpm.is_none_or(|flow| (flow - self.target_lpm).abs() > band_lpm);
        if self.held_s > SETTLE_S && is_outside {
            self.outside_s += PERIOD_S;
        }
        if self.outside_s > UNSTEADY_S {
            self.go(smaller(self.target_lpm + settings.weaning_step_lpm, self.start_lpm), true);
        } else if self.held_s >= settings.weaning_step_s {
            let lower = larger(self.target_lpm - settings.weaning_step_lpm, settings.weaning_flow_lpm);
            self.go(smaller(lower, self.target_lpm), false);
        }
        self.target_lpm
    }

    fn go(&mut self, target_lpm: f32, unsteady: bool) {
        *self = Self { target_lpm, start_lpm: self.start_lpm, unsteady, ..Self::default() };
    }

    /// The last step was taken back.
    pub(super) const fn is_unsteady(&self) -> bool {
        self.unsteady
    }
}
