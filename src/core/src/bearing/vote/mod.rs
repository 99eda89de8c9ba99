// SPDX-License-Identifier: Apache-2.0
//! Which of the two Halls of a pair is to be believed.
//!
//! # Model
//! The rotor moves d = v+ - v- and leaves s = v+ + v- where it is (both less their mid levels). Both Halls: x = d / g;
//! one alone: x = (d +- s) / g. So a vote is a weight w of s: x = (d + w s) / g.
//!
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | w | 0: both, 1: plus alone, -1: minus alone | 1 | `weight` |
//! | n | noise of one Hall; s has sqrt(2) n | V | `hall_noise_v` |
//! | m | mean of s over 2 ms; less that of the other axis, because a supply moves both | V | `mean_v` |
//! | q | mean of (s - m)^2 over 16 samples | V^2 | `square_v2` |
//! | r | mean of (s - m) nu g, nu the innovation of the pair: q when plus lies, -q when minus lies | V^2 | `lean_v2` |
//!
//! # Who lies
//! | what is seen | who | named after |
//! |---|---|---|
//! | a Hall shows a place beyond the wall, and the other one does not agree | that one | this sample |
//! | a Hall repeats itself to the last bit 18 times | that one | 0.9 ms |
//! | both repeat themselves 4 times; 9 times | nobody is believed; and it is named | 0.45 ms |
//! | q above 40 n^2 (9 Hall noises) for 1 ms, the other axis is quiet | the sign of r | 1 ms |
//! | the same on both axes | nobody: interference, and the observer follows with care | 0.15 ms |
//! | \|m\| above `hall_sum_tolerance_v` | see below | 10 um of motion |
//!
//! What no converter delivers, no number or more than 5 V, leaves the whole pair out.
//! A single sample that is far off takes the Hall that is nearer to the prediction, without consequence.
//!
//! ## Drift
//! The loop follows a drifting pair, so the innovation is blind to it. But a rotor that was moved is pulled away by k_x:
//! an e of plus moves it by -e / g and costs the mean current k_x e / (g k_i), the same e of minus costs the opposite.
//! So the change of the mean current since s was small has the sign of s when plus drifts. The load may have changed
//! as well and the vote have been wrong: then the current goes on changing with s, and the vote is turned over.
//!
//! Only of a rotor that is held does the current tell anything. So the current while s was small (the base) counts only if
//! it was taken while levitated; without one, as on a drive that was never calibrated, the drift is named and nobody is
//! voted out.
//!
//! # How often a healthy Hall repeats itself
//! Noise 1.4 mV, step 0.8 mV: the most frequent code has probability p = 0.23, and k repeats have p^k / sqrt(k + 1):
//! 18: 5e-13, once a year with four Halls at 20 kHz, for 0.1 s on one Hall. A pair: 4: (1e-3)^2, one sample in a million
//! is left out; 9: (5e-7)^2, once in four years.
//!
//! # Limits and failure
//! A Hall that was voted out is believed again when it has agreed within 7 n for `AGREED_S`.
//! Two faults on one pair within 0.1 s are not told apart. A drift to be told needs a load that does not change by more
//! than 0.1 N while it passes from a quarter of its threshold to all of it.
//!
//! # Shown by
//! Unit tests; `sim/levitas/tests/bearing_faults.rs`.

mod limits;

use super::BearingConfig;
use crate::mail::fault;
use crate::math::{saturate, smaller};
use limits::Limits;

/// Range of a believable Hall voltage [V]: no converter delivers more.
const PLAUSIBLE_V: f32 = 5.0;
/// Part of a sample in q and r.
const SQUARE_FRACTION: f32 = 1.0 / 16.0;
/// Repeats by which one Hall is stuck.
const STUCK_REPEATS: u32 = 18;
/// Repeats of both Halls from which they are left out, and from which they are frozen.
const SUSPECT_REPEATS: u32 = 4;
const FROZEN_REPEATS: u32 = 9;
/// Periods of noise after which r tells who, and after which a Hall is named even if r does not.
const NOISY_PERIODS: u32 = 20;
const NOISY_PERIODS_MAX: u32 = 60;
/// Part of q that r must reach.
const LEAN_FRACTION: f32 = 0.5;
/// Step of s, as a part of the limit of one sample, without which in the last 16 samples q was reached by creeping.
const JUMP_FRACTION: f32 = 0.8;
const JUMP_PERIODS: u32 = 16;
/// Change of the mean current by which a drift is told [A]: three times its noise, a third of what 10 um of motion cost.
const DRIFT_A: f32 = 6e-3;
/// Periods for which s must be off: the same as half a turn shows of a stuck Hall at 3000 rpm.
const DRIFT_PERIODS: u32 = 200;
/// Change of the weight in one period after a drift: 10 ms from both to one.
const WEIGHT_STEP: f32 = 0.005;

/// What one pair shows now, mid levels taken off.
#[derive(Clone, Copy, Debug)]
pub(super) struct PairSample {
    /// v+, v- as they are [V].
    pub(super) hall_v: [f32; 2],
    /// v+ - v- [V].
    pub(super) difference_v: f32,
    /// v+ + v- [V].
    pub(super) sum_v: f32,
    /// Innovation of the pair as a voltage [V].
    pub(super) innovation_v: f32,
    /// Slow mean of the coil current [A].
    pub(super) mean_current_a: f32,
}

/// What the other axis knows.
#[derive(Clone, Copy, Debug)]
struct Opinion {
    mean_v: f32,
    noisy: bool,
}

/// Who is left out, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Vote {
    Both,
    /// The target of the weight; a drift may be judged again.
    One {
        weight: f32,
        drift: bool,
    },
}

/// See the [module](self); one axis.
#[derive(Clone, Copy, Debug)]
pub struct Voter {
    last_v: [f32; 2],
    last_sum_v: f32,
    repeats: [u32; 2],
    mean_v: f32,
    square_v2: f32,
    lean_v2: f32,
    /// Mean current while s was small and the rotor levitated; else no number, with which no comparison is true.
    base_current_a: f32,
    calm: bool,
    rough: bool,
    weight: f32,
    vote: Vote,
    noisy_periods: u32,
    smooth_periods: u32,
    creeps: bool,
    sides: [bool; 2],
    drift_periods: u32,
    agreed_periods: u32,
    judged_mean_v: f32,
    settled_periods: u32,
    faults: u32,
    limits: Limits,
}

impl Voter {
    /// `difference_v_max` is what a rotor at the wall makes of d, `v_per_m` the gain g.
    pub(super) fn new(config: &BearingConfig, difference_v_max: f32, v_per_m: f32, period_s: f32) -> Self {
        Self {
            last_v: [0.0; 2],
            last_sum_v: 0.0,
            smooth_periods: 0,
            creeps: false,
            sides: [false; 2],
            drift_periods: 0,
            repeats: [0; 2],
            mean_v: 0.0,
            square_v2: 0.0,
            lean_v2: 0.0,
            base_current_a: f32::NAN,
            calm: true,
            rough: false,
            weight: 0.0,
            vote: Vote::Both,
            noisy_periods: 0,
            agreed_periods: 0,
            judged_mean_v: 0.0,
            settled_periods: 0,
            faults: 0,
            limits: Limits::new(config, difference_v_max, v_per_m, period_s),
        }
    }

    /// Bits of [`fault`] that stand.
    #[must_use]
    pub fn faults(&self) -> u32 {
        self.faults
    }

    /// This pair shows more noise than its Halls have.
    pub(super) fn is_noisy(&self) -> bool {
        self.square_v2 > self.limits.square_v2
    }

    /// The observer must not trust a sample much: noise that no vote can take away.
    #[must_use]
    pub fn is_rough(&self) -> bool {
        self.rough
    }

    /// Both Halls are believed and there is nothing to be named.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.calm
    }

    /// Neither Hall is voted out or named; noise alone names none.
    pub(super) fn has_named_none(&self) -> bool {
        self.vote == Vote::Both && self.faults == 0
    }

    /// The rotor has not been levitated yet: the current of now is no base.
    pub(super) fn forget_base(&mut self) {
        self.base_current_a = f32::NAN;
    }

    fn opinion(&self) -> Opinion {
        Opinion { mean_v: self.mean_v, noisy: self.is_noisy() }
    }

    /// Takes in what one pair shows, as it is and with the mid levels taken off; whether both Halls are to be believed
    /// without a word. If not, [`Self::added_v`] says what to do. Every other period with the mean current, for the means.
    pub(super) fn is_calm(
        &mut self,
        hall_v: [f32; 2],
        difference_v: f32,
        sum_v: f32,
        mean_current_a: Option<f32>,
    ) -> bool {
        let limits = &self.limits;
        let ([plus_v, minus_v], [last_plus_v, last_minus_v]) = (hall_v, self.last_v);
        let [plus_repeats, minus_repeats] = self.repeats;
        let plus_repeats = if plus_v == last_plus_v { plus_repeats.saturating_add(1) } else { 0 };
        let minus_repeats = if minus_v == last_minus_v { minus_repeats.saturating_add(1) } else { 0 };
        self.last_v = hall_v;
        self.repeats = [plus_repeats, minus_repeats];
        let deviation_v = sum_v - self.mean_v;
        let deviation_v2 = deviation_v * deviation_v;
        // A calm one is smaller than the clip, see `judge` for one that is not.
        let square_v2 = self.square_v2 + SQUARE_FRACTION * (deviation_v2 - self.square_v2);
        let calm = self.calm
            && deviation_v2 < limits.sample_v2
            && square_v2 < limits.square_v2
            && difference_v.abs() < limits.difference_v
            && plus_repeats.max(minus_repeats) < SUSPECT_REPEATS;
        if calm {
            self.square_v2 = square_v2;
            self.last_sum_v = sum_v;
            if let Some(mean_current_a) = mean_current_a {
                self.mean_v += limits.settle_gain * deviation_v;
                self.base_current_a = mean_current_a;
                self.calm = self.mean_v.abs() < limits.base_v;
            }
        }
        calm
    }

    /// For a pair that is not calm: what is to be added to d [V]; `None` when no Hall is to be believed now.
    #[cold]
    #[inline(never)]
    pub(super) fn added_v(&mut self, sample: &PairSample, other: &Self) -> Option<f32> {
        let added_v = self.judge(sample, &other.opinion());
        self.rough = match self.vote {
            Vote::Both => self.is_noisy(),
            Vote::One { .. } => other.is_noisy(),
        };
        let based = self.mean_v.abs() < self.limits.base_v;
        self.calm = self.vote == Vote::Both && self.faults == 0 && !self.rough && based;
        added_v
    }

    fn judge(&mut self, sample: &PairSample, other: &Opinion) -> Option<f32> {
        if !sample.hall_v.iter().all(|hall_v| hall_v.abs() < PLAUSIBLE_V) {
            self.faults |= fault::DISPLACEMENT;
            return None;
        }
        let deviation_v = sample.sum_v - self.mean_v;
        let deviation_v2 = deviation_v * deviation_v;
        self.square_v2 += SQUARE_FRACTION * (smaller(deviation_v2, self.limits.clip_v2) - self.square_v2);
        let far = deviation_v2 >= self.limits.sample_v2;
        self.follow(sample, deviation_v, other);
        self.last_sum_v = sample.sum_v;
        let [plus_repeats, minus_repeats] = self.repeats;
        let pair_repeats = plus_repeats.min(minus_repeats);
        self.faults &= !fault::DISPLACEMENT;
        let dead = [
            plus_repeats >= STUCK_REPEATS || far && !self.is_place(sample.sum_v + sample.difference_v),
            minus_repeats >= STUCK_REPEATS || far && !self.is_place(sample.sum_v - sample.difference_v),
        ];
        if pair_repeats >= FROZEN_REPEATS || dead == [true; 2] {
            self.faults |= fault::HALL_ELEMENT | fault::DISPLACEMENT;
            return None;
        }
        if pair_repeats >= SUSPECT_REPEATS {
            return None;
        }
        self.vote(dead, sample, other);
        let added_v = if self.vote == Vote::Both && far && !self.creeps && !other.noisy {
            let added_v = if sample.innovation_v * deviation_v < 0.0 { deviation_v } else { -deviation_v };
            // Neither is where the rotor is expected: noise on both, or on a pair that has not been called noisy yet.
            if (sample.innovation_v + added_v).abs() > 2.0 * self.limits.sample_v {
                return None;
            }
            added_v
        } else {
            self.weight * (sample.sum_v - other.mean_v)
        };
        let place_v = sample.difference_v + added_v;
        if place_v.abs() < self.limits.difference_v {
            Some(added_v)
        } else {
            self.faults |= fault::DISPLACEMENT;
            None
        }
    }

    /// Whether one Hall, by twice its voltage, shows a place within the walls.
    fn is_place(&self, double_v: f32) -> bool {
        double_v.abs() < 2.0 * self.limits.hall_v
    }

    /// Brings the means up to this sample.
    fn follow(&mut self, sample: &PairSample, deviation_v: f32, other: &Opinion) {
        let limits = &self.limits;
        let jumps = (sample.sum_v - self.last_sum_v).abs() > JUMP_FRACTION * limits.sample_v;
        self.smooth_periods = if jumps { 0 } else { self.smooth_periods.saturating_add(1) };
        let creeps = self.smooth_periods > JUMP_PERIODS;
        let noisy = self.is_noisy();
        // Interference tells nothing of one Hall, and what it leaves in the means fades at its own pace on each axis.
        let told = noisy && !other.noisy && creeps == self.creeps;
        self.creeps = creeps;
        if told {
            self.noisy_periods = self.noisy_periods.saturating_add(1);
            let lean_v = if creeps { -sample.difference_v } else { sample.innovation_v };
            let lean_v2 = saturate(lean_v, limits.clip_v) * saturate(deviation_v, limits.clip_v);
            self.lean_v2 += SQUARE_FRACTION * (lean_v2 - self.lean_v2);
            let [above, below] = self.sides;
            self.sides = [above || deviation_v > 0.0, below || deviation_v < 0.0];
        } else {
            self.noisy_periods = 0;
            if !creeps {
                (self.lean_v2, self.sides) = (0.0, [false; 2]);
            }
        }
        if !noisy || self.creeps {
            self.mean_v += limits.mean_gain * saturate(deviation_v, limits.sample_v);
            let apart_v = self.mean_v - other.mean_v;
            if self.vote == Vote::Both && apart_v.abs() < limits.base_v {
                self.base_current_a = sample.mean_current_a;
            }
        }
    }

    /// Moves the vote and the weight by one period.
    fn vote(&mut self, dead: [bool; 2], sample: &PairSample, other: &Opinion) {
        self.vote = match (self.vote, dead) {
            (Vote::Both, [false, false]) => self.vote_on_both(sample, other),
            (Vote::Both, [plus_dead, _]) => self.leave_out(plus_dead, false),
            (Vote::One { weight, drift }, _) => self.vote_on_one(weight, drift, dead, sample, other),
        };
        self.weight = match self.vote {
            Vote::Both => 0.0,
            Vote::One { weight, drift: true } => self.weight + saturate(weight - self.weight, WEIGHT_STEP),
            Vote::One { weight, drift: false } => weight,
        };
    }

    /// Leaves out one Hall.
    fn leave_out(&mut self, plus: bool, drift: bool) -> Vote {
        (self.agreed_periods, self.settled_periods) = (0, 0);
        self.faults = if drift { fault::HALL_DRIFT } else { fault::HALL_ELEMENT };
        Vote::One { weight: if plus { -1.0 } else { 1.0 }, drift }
    }

    /// Noise and drift of a pair of which both Halls are believed.
    fn vote_on_both(&mut self, sample: &PairSample, other: &Opinion) -> Vote {
        self.faults = 0;
        if self.noisy_periods >= NOISY_PERIODS && !other.noisy {
            let told = !self.creeps || self.sides == [true; 2];
            if told && self.lean_v2.abs() > LEAN_FRACTION * self.square_v2 {
                return self.leave_out(self.lean_v2 > 0.0, false);
            }
            self.faults = if self.noisy_periods >= NOISY_PERIODS_MAX { fault::HALL_ELEMENT } else { 0 };
        }
        let apart_v = self.mean_v - other.mean_v;
        // The one of two pairs that is further off: a drift of one axis shows in the difference of both.
        if apart_v.abs() > self.limits.drift_v && self.mean_v.abs() > other.mean_v.abs() {
            self.faults |= fault::HALL_DRIFT;
            self.drift_periods = self.drift_periods.saturating_add(1);
            let change_a = sample.mean_current_a - self.base_current_a;
            let plus_a = self.limits.drift_a_per_v * apart_v;
            if change_a.abs() > DRIFT_A && self.drift_periods > DRIFT_PERIODS {
                return self.leave_out(change_a * plus_a > 0.0, true);
            }
        } else {
            self.drift_periods = 0;
        }
        Vote::Both
    }

    /// Whether a Hall that was left out agrees again, and whether a drift was told rightly.
    fn vote_on_one(
        &mut self,
        weight: f32,
        drift: bool,
        dead: [bool; 2],
        sample: &PairSample,
        other: &Opinion,
    ) -> Vote {
        let [plus_dead, minus_dead] = dead;
        if if weight > 0.0 { plus_dead } else { minus_dead } {
            return self.leave_out(plus_dead, false);
        }
        let agreed = !(plus_dead || minus_dead || self.is_noisy())
            && (sample.sum_v - other.mean_v).abs() < self.limits.agreed_v;
        self.agreed_periods = if agreed { self.agreed_periods.saturating_add(1) } else { 0 };
        if self.agreed_periods >= self.limits.agreed_periods {
            self.faults = 0;
            return Vote::Both;
        }
        if drift && self.is_mistaken(weight, sample) {
            return self.leave_out(weight > 0.0, true);
        }
        Vote::One { weight, drift }
    }

    /// The mean current goes on changing with s although the drifting Hall was left out: it was the other one.
    fn is_mistaken(&mut self, weight: f32, sample: &PairSample) -> bool {
        self.settled_periods = self.settled_periods.saturating_add(1);
        let change_v = self.mean_v - self.judged_mean_v;
        let change_a = sample.mean_current_a - self.base_current_a;
        if self.settled_periods > self.limits.settle_periods && change_v.abs() < self.limits.drift_v {
            return false;
        }
        (self.judged_mean_v, self.base_current_a) = (self.mean_v, sample.mean_current_a);
        // One Hall alone moves the rotor twice as far as its share in a pair.
        self.settled_periods > self.limits.settle_periods
            && weight * change_a * change_v > self.limits.drift_a_per_v * change_v * change_v
    }
}

#[cfg(test)]
mod tests;
