// SPDX-License-Identifier: Apache-2.0
//! Air on the way to an artery: counted whatever the unit does, and held back until the operator resumes.
//!
//! # The unit that stands by
//! It counts the same bubbles, for the other one may fail in the moment in which they pass. It lets go when the other one has let go:
//! its bit falls, or blood flows on for `FLOWS_S` although its bit was not heard.

use super::super::conditions as condition;
use super::super::modes::PERIOD_S;
use super::{Signs, Standing};
use crate::link::PeerTherapy;
use crate::math::larger;

/// Air that ends the flow to an artery, at once or in bubbles one after the other [mL].
const AIR_ML_MAX: f32 = 0.5;
/// So much of it is forgotten in a second [mL/s]: single small bubbles are told and no more.
const FORGOTTEN_ML_PER_S: f32 = 0.05;
/// For how long a bubble is told [s].
const BUBBLE_TOLD_S: f32 = 10.0;
/// Flow that no hold lets through [L/min].
const FLOWS_LPM: f32 = 0.5;
/// Blood that flows for so long is not held [s]; a pump that is held slows down sooner.
const FLOWS_S: f32 = 2.0;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ReturnAir {
    told_s: f32,
    air_ml: f32,
    held: bool,
    /// The other unit has said that it holds.
    held_there: bool,
    flows: Standing,
}

impl ReturnAir {
    /// The flow is held.
    pub(super) const fn is_held(&self) -> bool {
        self.held
    }

    /// It was held by the task before this one.
    pub(super) fn recall(&mut self) {
        self.held = true;
    }

    /// One period; bits of [`condition`].
    pub(super) fn step(&mut self, signs: &Signs, arterial: bool) -> u32 {
        if signs.resume {
            *self = Self::default();
        }
        self.told_s = if signs.bubble_ml > 0.0 { BUBBLE_TOLD_S } else { larger(self.told_s - PERIOD_S, 0.0) };
        self.air_ml = larger(self.air_ml + signs.bubble_ml - FORGOTTEN_ML_PER_S * PERIOD_S, 0.0);
        self.held |= arterial && self.air_ml >= AIR_ML_MAX;
        let told = if self.told_s > 0.0 { condition::BUBBLE } else { 0 };
        if self.held { told | condition::AIR_IN_RETURN } else { told }
    }

    /// What the unit that drives does about it; `None`: it is not heard of.
    pub(super) fn follow(&mut self, there: Option<&PeerTherapy>, signs: &Signs) {
        let holds = there.is_some_and(|there| there.conditions & condition::AIR_IN_RETURN != 0);
        let let_go = there.is_some() && self.held_there && !holds;
        let flows = !holds && self.held && signs.flow_lpm.is_some_and(|flow_lpm| flow_lpm > FLOWS_LPM);
        if let_go || self.flows.after(flows, FLOWS_S) {
            *self = Self::default();
        }
        self.held |= holds;
        self.held_there = if there.is_some() { holds } else { self.held_there };
    }
}
