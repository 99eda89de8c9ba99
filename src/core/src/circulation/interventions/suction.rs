// SPDX-License-Identifier: Apache-2.0
//! Suction: the drainage cannula sucks the vein shut. Found by how narrow drainage is, answered by a dip in two steps.
//!
//! # Model
//! How narrow drainage is:
//! ```text
//! w = (P_v - p_d - L Q') / (Q (Q + Q_0)),   narrow = w / w_0
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | p_d | drainage pressure | mmHg | |
//! | Q, Q' | flow and its slope | L/min, L/min/s | |
//! | P_v | venous pressure, taken as constant | mmHg | `VENOUS_MMHG` |
//! | L | inertance of the drainage line | mmHg/(L/min/s) | `INERTANCE` |
//! | Q_0 | flow at which the cannula's square law takes over from the tubing's linear one | L/min | `CROSSOVER_LPM` |
//! | w_0 | what w was while all was well, over half a minute | mmHg/(L/min)^2 | `usual` |
//!
//! and it counts as suction while drainage deepens and the flow does not rise.
//!
//! With less speed, flow and suction fall together and w stays; when the vein closes flow falls while suction grows. A vein that
//! flutters is narrow part of the time: evidence builds up fast and fades slowly.
//!
//! # States
//! ```text
//! Watching --evidence--> Dip 1 --0.4 s, still narrow--> Dip 2 --0.6 s, still narrow--> Watching, told as occlusion
//!    ^                     |                              |
//!    |                     +------------wide again--------+--> Return: the lid rises to 95 % of the speed at which it happened, in 5 s
//!    +--the mode asks for less than the lid-- Lid <-----------------------------------+
//!                                              | gives way while drainage narrows, stays for 30 s, then rises by 0.5 % a second;
//!                                              | narrowing under the lowest lid: told as occlusion, no lid
//! ```
//! # Source
//! Two steps reverse a collapse faster than one: E. Molegraaf et al., the reference in `docs/circulation.md`.

use super::Signs;
use crate::circulation::conditions as condition;
use crate::circulation::modes::PERIOD_S;
use crate::math::{between, larger, smaller};

const VENOUS_MMHG: f32 = 5.0;
const INERTANCE: f32 = 3.9;
const CROSSOVER_LPM: f32 = 3.0;
/// Smallest flow at which w says something [L/min].
const FLOW_LPM_MIN: f32 = 0.4;
/// Less suction than this closes no vein [mmHg], and its w is uncertain by the venous pressure.
const SUCTION_MMHG_MIN: f32 = 30.0;
/// What is usual is learned from a flow that is this large and this steady [L/min, L/min/s].
const LEARNING_LPM_MIN: f32 = 1.0;
const STEADY_LPM_PER_S: f32 = 1.5;
/// Smallest w that is taken as usual [mmHg/(L/min)^2]: of a 29 Fr cannula.
const USUAL_MIN: f32 = 0.5;
/// Lag with which the usual is learned [s].
const LEARNED_S: f32 = 30.0;
/// Time after which a first value is believed [s].
const ACQUAINTED_S: f32 = 2.0;
/// Narrow, and wide again.
const NARROW: f32 = 1.5;
const NARROW_AGAIN: f32 = 1.35;
const WIDE: f32 = 1.25;
/// Evidence gained in a period that is narrow, lost in one that is not: six periods in a row, or a vein that is shut a quarter of the time.
const GAIN: f32 = 1.0 / 6.0;
const LOSS: f32 = 1.0 / 20.0;
/// Speeds of the two steps, as parts of the speed at which it happened.
const DIPS: [f32; 2] = [0.80, 0.62];
const DIP_S: [f32; 2] = [0.4, 0.6];
/// Where the lid comes to rest.
const LID: f32 = 0.90;
const RETURN_S: f32 = 4.0;
const LID_S: f32 = 30.0;
/// Part of the lid by which it rises in a second afterwards.
const RISE_PER_S: f32 = 0.005;
/// Steepest flow that a circuit can have [L/min/s].
const SLOPE_MAX: f32 = 10.0;
/// On average so narrow: the vein begins to cover the inlet, and the lid gives way by this part of it in a second.
const NARROWING: f32 = 1.15;
const YIELD_PER_S: f32 = 0.04;
/// No lower than this part of the speed at which it happened.
const LID_MIN: f32 = 0.70;
/// Over so many seconds.
const MEAN_S: f32 = 0.5;
/// A vein that is given way to opens; what is narrowing under the lowest lid for so long is a kink [s].
const KINKED_S: f32 = 4.0;
/// A vein that closes sucks this much deeper than over the last second or two [mmHg], and the flow does not rise [L/min/s]: the meter, behind the
/// compliance of the lung, is late when the speed rises or a clamp closes.
const DEEPER_MMHG: f32 = 5.0;
const DRAINAGE_MEAN_S: f32 = 1.5;
const RISING_LPM_PER_S: f32 = 0.5;
const TREND_S: f32 = 0.15;
/// Lag of the flow's slope [periods].
const SLOPE_LAG: f32 = 3.0;

/// What is done, setting `suction_answer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    None,
    Plain,
    Dip,
}

impl Answer {
    pub(super) fn of(setting: f32) -> Self {
        if setting < 0.5 {
            Self::None
        } else if setting < 1.5 {
            Self::Plain
        } else {
            Self::Dip
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    #[default]
    Watching,
    Dip {
        second: bool,
    },
    Return,
    Lid,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Suction {
    stage: Stage,
    in_stage_s: f32,
    usual: f32,
    learned_s: f32,
    evidence: f32,
    onset_rpm: f32,
    lid_rpm: f32,
    last_lpm: Option<f32>,
    slope: f32,
    occluded: bool,
    /// Enough suction to close a vein.
    sucks: bool,
    /// More suction than a moment ago, and no more flow.
    deepens: bool,
    trend: f32,
    drainage_mean_mmhg: f32,
    /// How narrow drainage is, without the beat.
    mean_narrow: f32,
    /// For how long the lowest lid has not helped [s].
    kinked_s: f32,
}

impl Suction {
    /// The operator resumes: no lid any more, what was learned stays.
    pub(super) fn resumed(&self) -> Self {
        Self { usual: self.usual, learned_s: self.learned_s, ..Self::default() }
    }

    /// The lid on the speed [rpm], and bits of conditions.
    pub(super) fn step(&mut self, signs: &Signs, answer: Answer, quiet: bool) -> (Option<f32>, u32) {
        self.in_stage_s += PERIOD_S;
        let narrow = self.narrowness(signs);
        if quiet {
            *self = self.resumed();
            return (None, 0);
        }
        self.weigh(narrow);
        let is_wide = narrow.is_none_or(|narrow| narrow < WIDE);
        match self.stage {
            Stage::Watching => self.watch(narrow, answer, signs.speed_rpm),
            Stage::Dip { second } => self.dip(second, is_wide),
            Stage::Return => self.come_back(answer, signs.speed_rpm),
            Stage::Lid => self.rest(answer, signs.speed_rpm),
        }
        let bits = match self.stage {
            Stage::Watching if answer != Answer::None || self.evidence < 0.5 => 0,
            _ => condition::SUCTION,
        };
        let lid = (self.stage != Stage::Watching).then_some(self.lid_rpm);
        (lid, if self.occluded { bits | condition::INLET_OCCLUSION } else { bits })
    }

    /// w over the usual w, if both are known.
    fn narrowness(&mut self, signs: &Signs) -> Option<f32> {
        // By the meter alone: another source is no change of the vein.
        let (Some(flow), Some(drainage)) = (signs.meter_lpm, signs.drainage_mmhg) else {
            self.last_lpm = None;
            return None;
        };
        let change = self.last_lpm.map_or(0.0, |last| (flow - last) / PERIOD_S);
        self.last_lpm = Some(flow);
        self.slope += (between(change, -SLOPE_MAX, SLOPE_MAX) - self.slope) / SLOPE_LAG;
        let size = larger(flow, FLOW_LPM_MIN);
        let w = (VENOUS_MMHG - drainage - INERTANCE * self.slope) / (size * (size + CROSSOVER_LPM));
        let is_telling = flow > LEARNING_LPM_MIN && self.slope.abs() < STEADY_LPM_PER_S;
        let is_settled = self.stage == Stage::Lid && self.in_stage_s > LID_S;
        if (self.stage == Stage::Watching || is_settled) && is_telling {
            self.learn(larger(w, USUAL_MIN));
        }
        self.sucks = VENOUS_MMHG - drainage > SUCTION_MMHG_MIN;
        self.trend += (self.slope - self.trend) * PERIOD_S / TREND_S;
        self.drainage_mean_mmhg += (drainage - self.drainage_mean_mmhg) * PERIOD_S / DRAINAGE_MEAN_S;
        self.deepens = self.trend < RISING_LPM_PER_S && drainage < self.drainage_mean_mmhg - DEEPER_MMHG;
        (self.learned_s >= ACQUAINTED_S).then(|| w / self.usual)
    }

    fn learn(&mut self, w: f32) {
        self.learned_s = smaller(self.learned_s + PERIOD_S, LEARNED_S);
        // A kink that stays, and what a lid has settled on, becomes usual.
        let is_usual = w < NARROW * self.usual
            || self.learned_s < ACQUAINTED_S
            || self.occluded
            || self.stage == Stage::Lid;
        if is_usual {
            self.usual += (w - self.usual) * PERIOD_S / larger(self.learned_s, PERIOD_S);
        }
    }

    fn weigh(&mut self, narrow: Option<f32>) {
        // A vein that has just closed is near to it: less is enough.
        let threshold = if self.stage == Stage::Watching { NARROW } else { NARROW_AGAIN };
        let is_narrow = self.sucks && self.deepens && narrow.is_some_and(|narrow| narrow > threshold);
        let change = if is_narrow { GAIN } else { -LOSS };
        let seen = narrow.filter(|_| self.sucks).unwrap_or(1.0);
        self.mean_narrow += (seen - self.mean_narrow) * PERIOD_S / MEAN_S;
        self.evidence = between(self.evidence + change, 0.0, 1.0);
    }

    fn watch(&mut self, narrow: Option<f32>, answer: Answer, speed_rpm: f32) {
        if self.occluded {
            // Told already; a dip does not help against a kink.
            let is_back = speed_rpm > 0.9 * self.onset_rpm;
            self.occluded = !is_back || narrow.is_some_and(|narrow| narrow > WIDE);
        } else if self.evidence >= 1.0 {
            self.begin(answer, speed_rpm);
        }
    }

    fn begin(&mut self, answer: Answer, speed_rpm: f32) {
        self.onset_rpm = speed_rpm;
        self.lid_rpm = DIPS[0] * speed_rpm;
        match answer {
            // It is told while the evidence stands.
            Answer::None => self.lid_rpm = f32::INFINITY,
            Answer::Plain => {
                self.evidence = 0.0;
                self.go(Stage::Lid);
            }
            Answer::Dip => {
                self.evidence = 0.0;
                self.go(Stage::Dip { second: false });
            }
        }
    }

    fn dip(&mut self, second: bool, is_wide: bool) {
        let [first_s, second_s] = DIP_S;
        let is_over = self.in_stage_s >= if second { second_s } else { first_s };
        if !is_over {
            return;
        }
        if is_wide {
            (self.evidence, self.mean_narrow) = (0.0, 1.0);
            self.go(Stage::Return);
        } else if !second {
            self.lid_rpm = DIPS[1] * self.onset_rpm;
            self.go(Stage::Dip { second: true });
        } else {
            (self.occluded, self.evidence) = (true, 0.0);
            self.go(Stage::Watching);
        }
    }

    /// The lid rises to where it is to rest, unless drainage becomes narrow on the way.
    fn come_back(&mut self, answer: Answer, speed_rpm: f32) {
        if self.evidence >= 1.0 {
            self.begin(answer, larger(speed_rpm, self.lid_rpm));
        } else if self.mean_narrow > NARROWING {
            self.lid_rpm *= 1.0 - YIELD_PER_S;
            self.go(Stage::Lid);
        } else if self.in_stage_s >= RETURN_S {
            self.go(Stage::Lid);
        } else {
            let rise_rpm = self.onset_rpm * (LID - DIPS[1]) / RETURN_S * PERIOD_S;
            self.lid_rpm = smaller(self.lid_rpm + rise_rpm, LID * self.onset_rpm);
        }
    }

    /// The lid gives way while drainage is becoming narrow, stays, and at last rises until the mode asks for less.
    fn rest(&mut self, answer: Answer, speed_rpm: f32) {
        if self.evidence >= 1.0 {
            self.begin(answer, speed_rpm);
        } else if answer == Answer::Dip && self.mean_narrow > NARROWING && self.in_stage_s < LID_S {
            // From the speed that there is: a lid far above it holds nothing.
            let from_rpm = smaller(self.lid_rpm, 1.02 * speed_rpm);
            let yielded = from_rpm - YIELD_PER_S * self.onset_rpm * PERIOD_S;
            let least_rpm = LID_MIN * self.onset_rpm;
            // In a return that was cut short the lid may be lower still.
            self.lid_rpm = smaller(self.lid_rpm, larger(yielded, least_rpm));
            let is_kinked = self.lid_rpm <= least_rpm && self.mean_narrow > NARROWING;
            self.kinked_s = if is_kinked { self.kinked_s + PERIOD_S } else { 0.0 };
            if self.kinked_s >= KINKED_S {
                self.occluded = true;
                self.go(Stage::Watching);
            }
        } else if self.in_stage_s < LID_S {
            self.kinked_s = 0.0;
        } else {
            self.lid_rpm += RISE_PER_S * self.onset_rpm * PERIOD_S;
            if speed_rpm < 0.97 * self.lid_rpm || self.lid_rpm > 1.05 * self.onset_rpm {
                self.go(Stage::Watching);
            }
        }
    }

    fn go(&mut self, stage: Stage) {
        (self.stage, self.in_stage_s, self.kinked_s) = (stage, 0.0, 0.0);
    }
}
