// SPDX-License-Identifier: Apache-2.0
//! What is done when the circuit does not flow as it should: watched signs, staged answers, one-touch resume. 100 Hz.
//!
//! | sign | answer | ends |
//! |---|---|---|
//! | [suction](Suction): drainage becomes narrow at once | two-step dip, a probe, a guard that moves a lid on the speed | by itself |
//! | drainage is narrow at the probe | told; the drainage limit holds the speed | when it is wide again |
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

mod return_air;
mod suction;
#[cfg(test)]
mod tests;

use super::conditions as condition;
use super::modes::{BeatMean, Override, PERIOD_S, is_rest};
use super::therapy::{Mode, Therapy};
use crate::link::PeerTherapy;
use crate::math::{between, larger, smaller};
use return_air::ReturnAir;
pub use suction::SuctionLid;
use suction::{Answer, Suction};

/// Speed while nothing can flow, or air is in the head [rpm]: a watt of heat, and more head than a low arterial pressure. The floor
/// raises it where that is not enough.
const IDLE_RPM: f32 = 2000.0;
/// A pump that turns [rpm].
const TURNING_RPM: f32 = 1500.0;
/// Part of the least flow of this patient, [`flow_lpm_min`](crate::circulation::therapy::TherapySettings), that is none.
const NO_FLOW_PART: f32 = 0.3;
/// It is no less than a meter of a closed line may show, and no more than that of an adult [L/min]: a limit that is set high says nothing
/// of a closed line.
const NO_FLOW_LPM: [f32; 2] = [0.1, 0.3];
/// So much more shows an open circuit again.
const FLOWS_PART: f32 = 5.0 / 3.0;
const NO_FLOW_S: f32 = 10.0;
/// Disc torque of the head in blood [N.m/krpm^2], and the part of it below which there is air in the head.
const DISC_N_M_PER_KRPM2: f32 = 0.85e-3;
const AIR_PART: f32 = 0.6;
const AIR_S: f32 = 0.2;
/// Torque that shows blood in the head again, as a part of the disc torque, and for how long: air comes and goes with the beat.
const BLOOD_PART: f32 = 0.8;
const BLOOD_S: f32 = 2.0;
const LOW_FLOW_S: f32 = 5.0;
const BACKFLOW_LPM: f32 = -0.1;
const BACKFLOW_S: f32 = 0.3;
/// For so long it is told on [s]: between two beats it is not over.
const BACKFLOW_TOLD_S: f32 = 3.0;
const NEGATIVE_S: f32 = 0.5;
/// Suction that the unit that drives does not answer for so long is none, or the operator has resumed there [s]: both see a vein close
/// within a few periods of each other.
const ALONE_S: f32 = 0.1;

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
    /// The other unit drives and does not answer the suction that this one sees.
    alone: Standing,
    no_flow: Standing,
    occluded: bool,
    air: Standing,
    blood: Standing,
    has_air: bool,
    /// Blood has flowed, or the pump has turned as if it should.
    has_flowed: bool,
    low: Standing,
    line: ReturnLine,
    flow_mean: BeatMean,
    return_air: ReturnAir,
}

/// Dangers of the return line, which are there whether a pump turns or not.
#[derive(Clone, Copy, Debug, Default)]
struct ReturnLine {
    backward: Standing,
    told_s: f32,
    negative: Standing,
}

impl ReturnLine {
    /// One period; bits of [`condition`].
    fn step(&mut self, therapy: &Therapy, signs: &Signs) -> u32 {
        let may_go_back = therapy.settings.return_is_arterial < 0.5 || therapy.mode == Mode::RetrogradeTrial;
        let back = !may_go_back && signs.flow_lpm.is_some_and(|flow| flow < BACKFLOW_LPM);
        self.told_s = if self.backward.after(back, BACKFLOW_S) {
            BACKFLOW_TOLD_S
        } else {
            larger(self.told_s - PERIOD_S, 0.0)
        };
        let negative = signs.return_mmhg.is_some_and(|pressure| pressure < 0.0);
        let told = if self.told_s > 0.0 { condition::BACKFLOW } else { 0 };
        if self.negative.after(negative, NEGATIVE_S) { told | condition::MEMBRANE_NEGATIVE } else { told }
    }
}

impl Interventions {
    /// The task before this one held the flow because of air.
    pub fn recall_air(&mut self) {
        self.return_air.recall();
    }

    /// One period: what is asked of the speed, and bits of [`condition`].
    pub fn step(&mut self, therapy: &Therapy, signs: &Signs) -> (Override, u32) {
        if signs.resume {
            let (has_flowed, return_air) = (self.has_flowed, self.return_air);
            *self = Self { suction: self.suction.resumed(), has_flowed, return_air, ..Self::default() };
        }
        let standing_bits = self.watch_return(therapy, signs);
        let quiet = is_rest(therapy.mode) || self.return_air.is_held();
        let mean_lpm = self.flow_mean.update(signs.flow_lpm);
        let (suction_lid, suction_bits) =
            self.suction.step(signs, Answer::of(therapy.settings.suction_answer), quiet);
        let no_flow_bits = self.watch_flow(therapy, signs, mean_lpm, quiet);
        let air = self.has_air(signs);
        let low = self.low.after(
            !quiet
                && therapy.mode != Mode::Weaning
                && self.has_flowed
                && mean_lpm.is_some_and(|flow| flow < therapy.settings.flow_lpm_min),
            LOW_FLOW_S,
        );
        let idle = (self.occluded || air).then_some(IDLE_RPM);
        let lid = match (suction_lid, idle) {
            (Some(a), Some(b)) => Some(smaller(a, b)),
            (a, b) => a.or(b),
        };
        let told = [(air, condition::AIR_LOCK), (low, condition::LOW_FLOW)];
        let bits = told.into_iter().filter(|(stands, _)| *stands).fold(0, |bits, (_, bit)| bits | bit);
        let asked = Override { speed_rpm_max: lid, zero_flow: self.return_air.is_held() };
        (asked, bits | suction_bits | no_flow_bits | standing_bits)
    }

    /// One period in which another unit drives, and what it says of itself while that is fresh: its answers to suction and to air are
    /// followed, all others begin anew with their signs. Bits of [`condition`], of what is a danger whoever drives.
    ///
    /// The rotor does not tell whether it has a lid: the floor against backflow and pulses raise it above one.
    pub fn follow(&mut self, therapy: &Therapy, signs: &Signs, there: Option<&PeerTherapy>) -> u32 {
        let (mut suction, mut alone) = (self.suction, self.alone);
        let (_, told) =
            suction.step(signs, Answer::of(therapy.settings.suction_answer), is_rest(therapy.mode));
        let is_denied = there.is_some_and(|there| there.conditions & condition::SUCTION == 0);
        if alone.after(told & condition::SUCTION != 0 && is_denied, ALONE_S) {
            suction = suction.resumed();
        }
        self.return_air.follow(there, signs);
        let bits = self.rest(therapy, signs, suction);
        self.alone = alone;
        bits
    }

    /// The other unit has just told its lid: suction is here where it is there. After [`Self::follow`].
    pub fn join(&mut self, therapy: &Therapy, there: &PeerTherapy) {
        if !is_rest(therapy.mode) {
            self.suction.join(&SuctionLid { rpm: there.suction_lid_rpm, age_ms: there.suction_lid_age_ms });
        }
    }

    /// The lid of suction, for the other unit.
    #[must_use]
    pub fn suction_lid(&self) -> SuctionLid {
        self.suction.lid()
    }

    /// One period in which nobody pumps: likewise.
    pub fn stand(&mut self, therapy: &Therapy, signs: &Signs) -> u32 {
        self.rest(therapy, signs, Suction::default())
    }

    fn rest(&mut self, therapy: &Therapy, signs: &Signs, suction: Suction) -> u32 {
        let bits = self.watch_return(therapy, signs);
        *self = Self { suction, line: self.line, return_air: self.return_air, ..Self::default() };
        bits
    }

    fn watch_return(&mut self, therapy: &Therapy, signs: &Signs) -> u32 {
        let arterial = therapy.settings.return_is_arterial >= 0.5;
        self.line.step(therapy, signs) | self.return_air.step(signs, arterial)
    }

    /// A pump that turns and moves nothing.
    fn watch_flow(&mut self, therapy: &Therapy, signs: &Signs, mean_lpm: Option<f32>, quiet: bool) -> u32 {
        let [least_lpm, most_lpm] = NO_FLOW_LPM;
        let none_lpm = between(NO_FLOW_PART * therapy.settings.flow_lpm_min, least_lpm, most_lpm);
        let flows = signs.flow_lpm.is_some_and(|flow| flow > FLOWS_PART * none_lpm);
        let none = !flows && mean_lpm.is_some_and(|flow| flow.abs() < none_lpm);
        self.has_flowed |=
            signs.speed_rpm > TURNING_RPM || mean_lpm.is_some_and(|flow| flow > FLOWS_PART * none_lpm);
        let stands = self.no_flow.after(none && self.has_flowed, NO_FLOW_S);
        if stands && !quiet && signs.speed_rpm > TURNING_RPM {
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
        let disc_n_m = DISC_N_M_PER_KRPM2 * krpm * krpm;
        let turns = signs.speed_rpm > TURNING_RPM;
        let gone = signs.torque_n_m.is_some_and(|torque| torque < AIR_PART * disc_n_m);
        // An unknown torque is no blood.
        let back = signs.torque_n_m.is_some_and(|torque| torque > BLOOD_PART * disc_n_m);
        if self.air.after(turns && gone, AIR_S) {
            self.has_air = true;
        }
        if self.blood.after(back || !turns, BLOOD_S) {
            self.has_air = false;
        }
        self.has_air
    }
}
