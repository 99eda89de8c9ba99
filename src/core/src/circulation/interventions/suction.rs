// SPDX-License-Identifier: Apache-2.0
//! Suction: the drainage cannula sucks the vein shut. Found by how narrow drainage is, answered by a dip in two steps and a guard.
//!
//! # Model
//! Drop of an ordinary drainage line, a cannula and 2 m of 3/8" tubing, and what it says of the pressure in the vein:
//! ```text
//! D(Q) = R Q^2 + laminar or turbulent law of the tubing        w = (P_0 - p_d - L Q') / D(Q),   narrow = w / w_0
//! P_v  = p_d + L Q' + w_c D(Q + C p_r'),                       w_c = (P_c - p_d - L Q') / D(Q) just before it closed
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | p_d, p_r' | drainage pressure, slope of the return pressure | mmHg, mmHg/s | |
//! | Q, Q' | flow and its slope | L/min, L/min/s | |
//! | P_0, P_c | venous pressure while all is well, and where a vein closes | mmHg | `VENOUS_MMHG`, `CLOSING_MMHG` |
//! | L | inertance of the drainage line | mmHg/(L/min/s) | `INERTANCE` |
//! | C | compliance of lung and tubing, less that of the drainage line: what is drained and not yet at the meter | L/min/(mmHg/s) | `COMPLIANCE` |
//! | w_0 | what w was while all was well, over half a minute | - | `usual` |
//!
//! With less speed, flow and suction fall together and w stays; when the vein closes flow falls while suction grows. It counts as suction
//! while drainage deepens and the flow does not rise. A vein that flutters is narrow part of the time: evidence builds up fast and fades slowly.
//!
//! A vein closes at a pressure near 0, and there it gives all the flow that there is: more speed only empties it. The event itself
//! says where that is, w_c, so the guard after it holds the venous pressure just above by the speed,
//! ```text
//! n' <= k_p (P_v - P*) + k_d P_v',   n' <= RISE
//! ```
//! and follows what the vein gives, up and down. P* sinks by a fifth of a mmHg a minute: what was learned is not for ever.
//!
//! # States
//! ```text
//! Watching --evidence--> Dip 1 --0.4 s, still narrow--> Dip 2 --0.6 s, as narrow as before--> Watching, told as occlusion
//!    ^                     ^ |                            |
//!    |            evidence | +-------wide again-----------+ or narrow otherwise: the vein is still shut
//!    |                     | v                            |
//!    +--the mode has had its way for 30 s-- Guard <-------+
//!    +--no vein fills for 2 s: occlusion------+
//! ```
//! # Source
//! Two steps reverse a collapse faster than one: E. Molegraaf et al., the reference in `docs/circulation.md`. Laws of tubing: Hagen,
//! Poiseuille, Blasius.

use super::Signs;
use crate::circulation::conditions as condition;
use crate::circulation::modes::PERIOD_S;
use crate::math::{between, larger, smaller, sqrt};

/// Venous pressure while all is well, that at which a vein closes, and that which the guard keeps at first [mmHg].
const VENOUS_MMHG: f32 = 5.0;
const CLOSING_MMHG: f32 = -2.0;
const KEPT_MMHG: f32 = -0.9;
/// By so much it sinks in a second [mmHg/s].
const FORGOTTEN_MMHG_PER_S: f32 = 0.2 / 60.0;
/// Inertance of 2 m of 3/8" tubing [mmHg/(L/min/s)].
const INERTANCE: f32 = 3.9;
/// Square law of a cannula of 25 Fr [mmHg/(L/min)^2]; the one that is used is a factor of it.
const CANNULA: f32 = 1.7;
/// Laws of 2 m of 3/8" tubing with blood of 3.6 mPa s: times Q, times Q^1.75; Reynolds number of 1 L/min, and where the first gives way to
/// the second.
const LAMINAR: f32 = 4.45;
const TURBULENT: f32 = 2.85;
const REYNOLDS_PER_LPM: f32 = 652.0;
const REYNOLDS: [f32; 2] = [2000.0, 3000.0];
/// 0.2 mL/mmHg [L/min/(mmHg/s)].
const COMPLIANCE: f32 = 0.011;
/// Smallest flow at which w says something [L/min].
const FLOW_LPM_MIN: f32 = 0.4;
/// Less suction than this closes no vein [mmHg], and its w is uncertain by the venous pressure.
const SUCTION_MMHG_MIN: f32 = 30.0;
/// What is usual is learned from a flow that is this large and this steady [L/min, L/min/s].
const LEARNING_LPM_MIN: f32 = 1.0;
const STEADY_LPM_PER_S: f32 = 1.5;
/// Smallest w that is taken as usual.
const USUAL_MIN: f32 = 0.3;
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
/// A rotor that is so much faster than the lid after this time has none: the operator has resumed, or there was no suction [s].
const ABOVE: f32 = 1.06;
const OBEYED_S: f32 = 0.45;
/// As narrow after both dips as after the first, within this factor: a kink, which less speed does not change.
const SAME: f32 = 1.25;
/// A plain reduction is held for so long, and rises by this part of its speed in a second.
const LID_S: f32 = 30.0;
const RISE_PER_S: f32 = 0.005;
/// The guard [rpm/s per mmHg, rpm per mmHg]. The vein's compliance, 10 mL/mmHg, and the flow per speed make P_v'' = -0.003 n' once it is
/// near to closing: 0.5 rad/s, damped by 0.7.
const GUARD_RPM_PER_S_PER_MMHG: f32 = 70.0;
const GUARD_RPM_PER_MMHG: f32 = 200.0;
/// Fastest way up, and down [rpm/s]; the first second, while the blood of the dip still swings.
const GUARD_UP_RPM_PER_S: f32 = 300.0;
const GUARD_DOWN_RPM_PER_S: f32 = 3000.0;
const SETTLING_S: f32 = 1.0;
const SETTLING_RPM_PER_S: f32 = 50.0;
/// The guard takes no more speed than down to this part of that at which it happened.
const GUARDED_MIN: f32 = 0.5;
/// It ends when the mode has left so much of what it allows unused for so long [rpm, s].
const UNUSED_RPM: f32 = 150.0;
const FREE_S: f32 = 30.0;
/// The dip fills the vein to this much above what is kept, until it is felt [mmHg].
const FILLED_MMHG: f32 = 2.0;
/// A vein that is let go fills in a second; what stays this much below what is kept for so long is a kink [mmHg, s].
const SHORT_MMHG: f32 = 4.0;
const SHORT_S: f32 = 2.0;
/// Lag of each of two filters of the venous pressure [s].
const VENOUS_LAG_S: f32 = 0.4;
/// Length of the stretches over which w_c is averaged [s]; the least of those 0.25 to 1 s old counts, before the vein began to close.
const STRETCH_S: f32 = 0.25;
/// Steepest flow that a circuit can have [L/min/s].
const SLOPE_MAX: f32 = 10.0;
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
    Guard,
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
    /// w, and the one at the first dip.
    w: f32,
    dipped_w: f32,
    /// w_c of the last stretches, the oldest first, and how long the present one is [s].
    stretches: [f32; 4],
    stretch_s: f32,
    /// w_c of the last event.
    closing_w: f32,
    /// Return pressure, filtered [mmHg].
    return_mmhg: Option<f32>,
    /// Venous pressure, filtered once and twice, and the least that is kept [mmHg].
    venous_mmhg: [f32; 2],
    kept_mmhg: f32,
    /// For how long the mode has not used what the guard allows, and how long it has kept nothing [s].
    free_s: f32,
    short_s: f32,
}

/// What suction asks of the speed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Asked {
    /// A lid [rpm].
    pub(super) speed_rpm_max: Option<f32>,
    /// No faster change than this [rpm/s].
    pub(super) rate_rpm_per_s_max: Option<f32>,
}

impl Suction {
    /// The operator resumes: no lid any more, what was learned stays.
    pub(super) fn resumed(&self) -> Self {
        let Self { usual, learned_s, stretches, stretch_s, .. } = *self;
        Self { usual, learned_s, stretches, stretch_s, ..Self::default() }
    }

    /// What is asked of the speed, and bits of conditions.
    pub(super) fn step(&mut self, signs: &Signs, answer: Answer, quiet: bool) -> (Asked, u32) {
        self.in_stage_s += PERIOD_S;
        let narrow = self.narrowness(signs);
        if quiet {
            *self = self.resumed();
            return (Asked::default(), 0);
        }
        self.weigh(narrow);
        let is_wide = narrow.is_none_or(|narrow| narrow < WIDE);
        let mut asked = Asked::default();
        match self.stage {
            Stage::Watching => self.watch(narrow, answer, signs.speed_rpm),
            Stage::Dip { second } => self.dip(second, is_wide),
            Stage::Guard => {
                // Blind it lets go slowly.
                let is_seen = narrow.is_some();
                asked.rate_rpm_per_s_max =
                    if is_seen { self.guard(answer, signs.speed_rpm) } else { Some(SETTLING_RPM_PER_S) };
            }
            Stage::Lid => self.rest(answer, signs.speed_rpm),
        }
        if matches!(self.stage, Stage::Dip { .. } | Stage::Lid) {
            asked.speed_rpm_max = Some(self.lid_rpm);
        }
        let bits = match self.stage {
            Stage::Watching if answer != Answer::None || self.evidence < 0.5 => 0,
            _ => condition::SUCTION,
        };
        (asked, if self.occluded { bits | condition::INLET_OCCLUSION } else { bits })
    }

    /// The same for a unit that looks on: it answers as the one that drives must do, unless the rotor shows that it does not.
    pub(super) fn follow(&mut self, signs: &Signs, answer: Answer, quiet: bool) {
        self.step(signs, answer, quiet);
        let has_lid = matches!(self.stage, Stage::Dip { .. } | Stage::Lid);
        let is_above = signs.speed_rpm > ABOVE * self.lid_rpm;
        if has_lid && self.in_stage_s > OBEYED_S && is_above {
            *self = self.resumed();
        }
    }

    /// w over the usual w, if both are known.
    fn narrowness(&mut self, signs: &Signs) -> Option<f32> {
        // By the meter alone: another source is no change of the vein.
        let (Some(flow), Some(drainage)) = (signs.meter_lpm, signs.drainage_mmhg) else {
            (self.last_lpm, self.return_mmhg) = (None, None);
            return None;
        };
        let change = self.last_lpm.map_or(0.0, |last| (flow - last) / PERIOD_S);
        self.last_lpm = Some(flow);
        self.slope += (between(change, -SLOPE_MAX, SLOPE_MAX) - self.slope) / SLOPE_LAG;
        let drop = line_mmhg(larger(flow, FLOW_LPM_MIN));
        let suction = -drainage - INERTANCE * self.slope;
        self.w = (VENOUS_MMHG + suction) / drop;
        let is_telling = flow > LEARNING_LPM_MIN && self.slope.abs() < STEADY_LPM_PER_S;
        if self.stage == Stage::Watching && is_telling {
            self.learn(larger(self.w, USUAL_MIN));
        }
        self.average((CLOSING_MMHG + suction) / drop);
        self.feel_vein(signs.return_mmhg, flow, suction);
        self.sucks = VENOUS_MMHG - drainage > SUCTION_MMHG_MIN;
        self.trend += (self.slope - self.trend) * PERIOD_S / TREND_S;
        self.drainage_mean_mmhg += (drainage - self.drainage_mean_mmhg) * PERIOD_S / DRAINAGE_MEAN_S;
        self.deepens = self.trend < RISING_LPM_PER_S && drainage < self.drainage_mean_mmhg - DEEPER_MMHG;
        (self.learned_s >= ACQUAINTED_S).then(|| self.w / self.usual)
    }

    /// w_c, were the vein about to close.
    fn average(&mut self, closing_w: f32) {
        self.stretch_s += PERIOD_S;
        let [.., present] = &mut self.stretches;
        *present += (closing_w - *present) * PERIOD_S / self.stretch_s;
        if self.stretch_s >= STRETCH_S {
            let [_, second, third, last] = self.stretches;
            (self.stretches, self.stretch_s) = ([second, third, last, 0.0], 0.0);
        }
    }

    /// The pressure in the vein, as the last event taught to see it.
    fn feel_vein(&mut self, return_mmhg: Option<f32>, flow: f32, suction: f32) {
        let part = PERIOD_S / VENOUS_LAG_S;
        let above = return_mmhg.map(|now| now - self.return_mmhg.unwrap_or(now));
        self.return_mmhg = return_mmhg.map(|now| now - above.unwrap_or(0.0) * (1.0 - part));
        let filling_lpm = COMPLIANCE * above.unwrap_or(0.0) / VENOUS_LAG_S;
        let drop = line_mmhg(larger(flow + filling_lpm, FLOW_LPM_MIN));
        let [once, twice] = &mut self.venous_mmhg;
        *once += (self.closing_w * drop - suction - *once) * part;
        *twice += (*once - *twice) * part;
    }

    fn learn(&mut self, w: f32) {
        self.learned_s = smaller(self.learned_s + PERIOD_S, LEARNED_S);
        // A kink that stays becomes usual.
        let is_usual = w < NARROW * self.usual || self.learned_s < ACQUAINTED_S || self.occluded;
        if is_usual {
            self.usual += (w - self.usual) * PERIOD_S / larger(self.learned_s, PERIOD_S);
        }
    }

    fn weigh(&mut self, narrow: Option<f32>) {
        // A vein that has just closed is near to it: less is enough.
        let threshold = if self.stage == Stage::Watching { NARROW } else { NARROW_AGAIN };
        let is_narrow = self.sucks && self.deepens && narrow.is_some_and(|narrow| narrow > threshold);
        let change = if is_narrow { GAIN } else { -LOSS };
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
                let [first, second, third, _] = self.stretches;
                self.closing_w = smaller(first, smaller(second, third));
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
        let is_same = (1.0 / SAME..SAME).contains(&(self.w / self.dipped_w));
        if !is_wide && !second {
            self.dipped_w = self.w;
            self.lid_rpm = DIPS[1] * self.onset_rpm;
            self.go(Stage::Dip { second: true });
        } else if !is_wide && is_same {
            (self.occluded, self.evidence) = (true, 0.0);
            self.go(Stage::Watching);
        } else {
            (self.evidence, self.free_s, self.short_s) = (0.0, 0.0, 0.0);
            self.kept_mmhg = KEPT_MMHG;
            self.venous_mmhg = [KEPT_MMHG + FILLED_MMHG; 2];
            self.go(Stage::Guard);
        }
    }

    /// The rate that keeps the vein open [rpm/s].
    fn guard(&mut self, answer: Answer, speed_rpm: f32) -> Option<f32> {
        if self.evidence >= 1.0 {
            self.begin(answer, speed_rpm);
            return None;
        }
        if self.in_stage_s < SETTLING_S {
            self.lid_rpm = speed_rpm;
            return Some(SETTLING_RPM_PER_S);
        }
        self.kept_mmhg -= FORGOTTEN_MMHG_PER_S * PERIOD_S;
        let [once, twice] = self.venous_mmhg;
        let is_short = twice < self.kept_mmhg - SHORT_MMHG;
        self.short_s = if is_short { self.short_s + PERIOD_S } else { 0.0 };
        if self.short_s > SHORT_S {
            self.occluded = true;
            self.go(Stage::Watching);
            return None;
        }
        let rate = GUARD_RPM_PER_S_PER_MMHG * (twice - self.kept_mmhg)
            + GUARD_RPM_PER_MMHG * (once - twice) / VENOUS_LAG_S;
        let down_rpm_per_s =
            if speed_rpm < GUARDED_MIN * self.onset_rpm { 0.0 } else { GUARD_DOWN_RPM_PER_S };
        let rate = between(rate, -down_rpm_per_s, GUARD_UP_RPM_PER_S);
        let allowed_rpm = self.lid_rpm + rate * PERIOD_S;
        self.lid_rpm = between(allowed_rpm, speed_rpm, speed_rpm + 1.5 * UNUSED_RPM);
        let is_free = self.lid_rpm > speed_rpm + UNUSED_RPM;
        self.free_s = if is_free { self.free_s + PERIOD_S } else { 0.0 };
        if self.free_s > FREE_S {
            self.go(Stage::Watching);
        }
        Some(rate)
    }

    /// The lid stays, and at last rises until the mode asks for less.
    fn rest(&mut self, answer: Answer, speed_rpm: f32) {
        if self.evidence >= 1.0 {
            self.begin(answer, speed_rpm);
        } else if self.in_stage_s >= LID_S {
            self.lid_rpm += RISE_PER_S * self.onset_rpm * PERIOD_S;
            if speed_rpm < 0.97 * self.lid_rpm || self.lid_rpm > 1.05 * self.onset_rpm {
                self.go(Stage::Watching);
            }
        }
    }

    fn go(&mut self, stage: Stage) {
        (self.stage, self.in_stage_s) = (stage, 0.0);
    }
}

/// Drop of an ordinary drainage line [mmHg].
pub(super) fn line_mmhg(flow_lpm: f32) -> f32 {
    let [laminar, turbulent] = REYNOLDS;
    let part = between((REYNOLDS_PER_LPM * flow_lpm - laminar) / (turbulent - laminar), 0.0, 1.0);
    let share = part * part * (3.0 - 2.0 * part);
    let root = sqrt(flow_lpm);
    let by_laminar = LAMINAR * flow_lpm;
    let by_turbulent = TURBULENT * flow_lpm * root * sqrt(root);
    CANNULA * flow_lpm * flow_lpm + by_laminar + share * (by_turbulent - by_laminar)
}
