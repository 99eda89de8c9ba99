// SPDX-License-Identifier: Apache-2.0
//! What is done when the circuit does not flow as it should: watched signs, staged answers, one-touch resume. 100 Hz.
//!
//! | sign | answer | ends |
//! |---|---|---|
//! | [suction](Suction): drainage becomes narrow at once | two-step dip, slow return, a lid on the speed | by itself |
//! | drainage stays narrow after the dip | told; the drainage limit holds the speed | when it is wide again |
//! | pump turns, nothing flows for 10 s | speed down to `IDLE_RPM`, because the head heats | when it flows |
//! | torque gone: air in the head | speed down to `IDLE_RPM`, told how to de-air | when the torque is back |
//! | small bubble at the meter | told | after 10 s |
//! | large or repeated air on the way to an artery | zero flow at once, CLAMP | by the operator alone |
//! | backflow, low flow, negative pressure behind the membrane | told; the floor of [`super::modes`] acts | by themselves |
//!
//! Every answer is a lid on the speed or zero flow, never a stop, and the floor against backflow goes before each of them.
//!
//! # Stale input
//! A sign whose signal is not believed is not there: an intervention is begun on what is known alone.
//!
//! # Source
//! Signs and thresholds: facts of failure cases with their references in `docs/circulation.md`.
//!
//! # Shown by
//! `tests.rs`; `tests/scenarios/5*.toml`.

mod suction;
#[cfg(test)]
mod tests;

use super::conditions as condition;
use super::modes::{Override, PERIOD_S};
use super::therapy::{Mode, Therapy};
use crate::link::PeerTherapy;
use crate::math::{larger, smaller};
use suction::{Answer, Suction};

/// Speed while nothing can flow, or air is in the head [rpm]: a watt of heat, and more head than a low arterial pressure. The floor
/// raises it where that is not enough.
const IDLE_RPM: f32 = 2000.0;
/// A pump that turns [rpm].
const TURNING_RPM: f32 = 1500.0;
/// Flow that is none [L/min].
const NO_FLOW_LPM: f32 = 0.3;
/// Flow that shows an open circuit again [L/min].
const FLOWS_LPM: f32 = 0.5;
const NO_FLOW_S: f32 = 10.0;
/// Disc torque of the head in blood [N.m/krpm^2], and the part of it below which there is air in the head.
const DISC_N_M_PER_KRPM2: f32 = 0.85e-3;
const AIR_PART: f32 = 0.6;
const AIR_S: f32 = 0.2;
const LOW_FLOW_S: f32 = 5.0;
const BACKFLOW_LPM: f32 = -0.1;
const BACKFLOW_S: f32 = 0.3;
const NEGATIVE_S: f32 = 0.5;
/// Air that ends the flow to an artery, at once or in bubbles one after the other [mL].
const AIR_ML_MAX: f32 = 0.5;
/// So much of it is forgotten in a second [mL/s]: single small bubbles are told and no more.
const FORGOTTEN_ML_PER_S: f32 = 0.05;
/// For how long a bubble is told [s].
const BUBBLE_TOLD_S: f32 = 10.0;
/// Lag of the flow that alarms are judged by [s]: longer than a beat or a pulse.
const FLOW_MEAN_S: f32 = 1.5;

/// What the interventions look at; `None` is not believed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signs {
    /// Measured flow, or the estimate [L/min].
    pub flow_lpm: Option<f32>,
    /// Measured flow alone [L/min].
    pub meter_lpm: Option<f32>,
    /// Drainage pressure [mmHg].
    pub drainage_mmhg: Option<f32>,
    /// Return pressure [mmHg].
    pub return_mmhg: Option<f32>,
    /// Speed of the rotor [rpm].
    pub speed_rpm: f32,
    /// Load torque on it [N.m].
    pub torque_n_m: Option<f32>,
    /// Air of bubbles that has passed the meter in this period [mL].
    pub bubble_ml: f32,
    /// The operator resumes.
    pub resume: bool,
}

/// Nothing is to flow, or backwards.
fn is_quiet(therapy: &Therapy) -> bool {
    matches!(therapy.mode, Mode::ZeroFlow | Mode::RetrogradeTrial)
}

/// A sign that counts when it has stood for some time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Standing {
    for_s: f32,
}

impl Standing {
    fn after(&mut self, is_there: bool, delay_s: f32) -> bool {
        self.for_s = if is_there { smaller(self.for_s + PERIOD_S, delay_s) } else { 0.0 };
        // Half a period: the sum of many periods is not exact.
        self.for_s >= delay_s - 0.5 * PERIOD_S
    }
}

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct Interventions {
    suction: Suction,
    no_flow: Standing,
    occluded: bool,
    air: Standing,
    low: Standing,
    backward: Standing,
    negative: Standing,
    /// Flow without the beat [L/min].
    flow_mean_lpm: Option<f32>,
    bubble_s: f32,
    bubbles_ml: f32,
    held_at_zero: bool,
}

impl Interventions {
    /// The other unit drives: a flow that it holds because of air is held on when this unit takes the head.
    pub fn adopt(&mut self, there: &PeerTherapy) {
        self.held_at_zero = there.conditions & condition::AIR_IN_RETURN != 0;
    }

    /// One period: what is asked of the speed, and bits of [`condition`].
    pub fn step(&mut self, therapy: &Therapy, signs: &Signs) -> (Override, u32) {
        if signs.resume {
            *self = Self { suction: self.suction.resumed(), ..Self::default() };
        }
        let arterial = therapy.settings.return_is_arterial >= 0.5;
        let quiet = is_quiet(therapy) || self.held_at_zero;
        self.flow_mean_lpm = signs.flow_lpm.map(|flow| {
            let mean = self.flow_mean_lpm.unwrap_or(flow);
            mean + (flow - mean) * PERIOD_S / FLOW_MEAN_S
        });
        let (suction_lid, suction_bits) =
            self.suction.step(signs, Answer::of(therapy.settings.suction_answer), quiet);
        let no_flow_bits = self.watch_flow(signs, quiet);
        let air = self.has_air(signs);
        let bubble_bits = self.watch_bubbles(signs, arterial);
        let flow = signs.flow_lpm;
        let low = self.low.after(
            !quiet
                && therapy.mode != Mode::Weaning
                && signs.speed_rpm > TURNING_RPM
                && self.flow_mean_lpm.is_some_and(|flow| flow < therapy.settings.flow_lpm_min),
            LOW_FLOW_S,
        );
        let trial = therapy.mode == Mode::RetrogradeTrial;
        let back = arterial && !trial && flow.is_some_and(|flow| flow < BACKFLOW_LPM);
        let backward = self.backward.after(back, BACKFLOW_S);
        let negative =
            self.negative.after(signs.return_mmhg.is_some_and(|pressure| pressure < 0.0), NEGATIVE_S);
        let idle = (self.occluded || air).then_some(IDLE_RPM);
        let lid = match (suction_lid, idle) {
            (Some(a), Some(b)) => Some(smaller(a, b)),
            (a, b) => a.or(b),
        };
        let told = [
            (air, condition::AIR_LOCK),
            (low, condition::LOW_FLOW),
            (backward, condition::BACKFLOW),
            (negative, condition::MEMBRANE_NEGATIVE),
        ];
        let bits = told.into_iter().filter(|(stands, _)| *stands).fold(0, |bits, (_, bit)| bits | bit);
        let asked = Override { speed_rpm_max: lid, zero_flow: self.held_at_zero };
        (asked, bits | suction_bits | no_flow_bits | bubble_bits)
    }

    /// One period in which another unit drives: of its answers the one to suction is followed, all others begin anew with
    /// their signs.
    pub fn follow(&mut self, therapy: &Therapy, signs: &Signs) {
        let mut suction = self.suction;
        suction.follow(signs, Answer::of(therapy.settings.suction_answer), is_quiet(therapy));
        *self = Self { suction, held_at_zero: self.held_at_zero, ..Self::default() };
    }

    /// A pump that turns and moves nothing.
    fn watch_flow(&mut self, signs: &Signs, quiet: bool) -> u32 {
        let flows = signs.flow_lpm.is_some_and(|flow| flow > FLOWS_LPM);
        let none = !flows && self.flow_mean_lpm.is_some_and(|flow| flow.abs() < NO_FLOW_LPM);
        let stands = self.no_flow.after(none && signs.speed_rpm > TURNING_RPM, NO_FLOW_S);
        if stands && !quiet {
            self.occluded = true;
        } else if quiet || flows {
            self.occluded = false;
        }
        let gas = if stands { condition::SWEEP_GAS } else { 0 };
        if self.occluded { gas | condition::OUTLET_OCCLUSION } else { gas }
    }

    /// Gas in the head is turned without torque; no blood is as thin.
    fn has_air(&mut self, signs: &Signs) -> bool {
        let krpm = signs.speed_rpm / 1000.0;
        let least_n_m = AIR_PART * DISC_N_M_PER_KRPM2 * krpm * krpm;
        let without_torque = signs.torque_n_m.is_some_and(|torque| torque < least_n_m);
        self.air.after(signs.speed_rpm > TURNING_RPM && without_torque, AIR_S)
    }

    fn watch_bubbles(&mut self, signs: &Signs, arterial: bool) -> u32 {
        self.bubble_s =
            if signs.bubble_ml > 0.0 { BUBBLE_TOLD_S } else { larger(self.bubble_s - PERIOD_S, 0.0) };
        self.bubbles_ml = larger(self.bubbles_ml + signs.bubble_ml - FORGOTTEN_ML_PER_S * PERIOD_S, 0.0);
        self.held_at_zero |= arterial && self.bubbles_ml >= AIR_ML_MAX;
        let told = if self.bubble_s > 0.0 { condition::BUBBLE } else { 0 };
        if self.held_at_zero { told | condition::AIR_IN_RETURN } else { told }
    }
}
