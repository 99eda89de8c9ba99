// SPDX-License-Identifier: Apache-2.0
//! What is learned of the drainage line, and what it says of the vein before it.
//!
//! # Model
//! ```text
//! w = (P_v + s) / (Q (Q + Q_0)),   s = -p_d - L Q',   narrow = w / w_0,   P = a Q^2 + b Q - s
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | p_d | drainage pressure | mmHg | |
//! | Q, Q' | flow by the meter and its slope | L/min, L/min/s | |
//! | s | suction that the flow itself takes | mmHg | [`Point`] |
//! | P_v | venous pressure, taken as constant | mmHg | `VENOUS_MMHG` |
//! | L | inertance of two metres of 3/8" tubing | mmHg/(L/min/s) | `INERTANCE` |
//! | Q_0 | flow at which the cannula's square law takes over from the tubing's linear one | L/min | `CROSSOVER_LPM` |
//! | w_0 | what w was while all was well, over half a minute | mmHg/(L/min)^2 | `usual` |
//! | P | pressure in the vein, by the drop of the open line | mmHg | [`Drop`] |
//!
//! The first form finds a line that narrows whatever the flow is. The second one is measured anew in each event, at two flows: a
//! mmHg is what divides a vein that gives its all from one that closes, and no law of a line is known so well over all flows.
//! # Limits
//! Under [`LEARNING_LPM_MIN`] nothing is learned, and before something was learned nothing is found. A line that narrows over half a minute
//! is learned as usual. The meter is behind the compliance of the lung and swings with it at 0.6 Hz: a [`Point`] is good when speed and flow have been steady for a second.

use crate::circulation::interventions::Signs;
use crate::circulation::modes::PERIOD_S;
use crate::math::{between, larger, smaller};

const VENOUS_MMHG: f32 = 5.0;
const INERTANCE: f32 = 3.9;
const CROSSOVER_LPM: f32 = 1.0;
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
/// So narrow a line is not learned as usual.
const NOT_USUAL: f32 = 1.5;
/// Steepest flow that a circuit can have [L/min/s].
const SLOPE_MAX: f32 = 10.0;
/// Lag of the flow's slope [periods].
const SLOPE_LAG: f32 = 3.0;
/// A vein that closes sucks this much deeper than over the last second or two [mmHg], and neither flow nor speed rise
/// [L/min/s, part of the mean of the last half second]: the meter is late when the speed rises or a clamp closes.
const DEEPER_MMHG: f32 = 5.0;
const DRAINAGE_MEAN_S: f32 = 1.5;
const RISING_LPM_PER_S: f32 = 0.5;
const RISING: f32 = 1.04;
const SPEED_MEAN_S: f32 = 0.4;
const TREND_S: f32 = 0.15;
/// Lags of a point: at a probe, of the guard, and from there back to before the vein closed, which takes 0.3 s [s].
const QUICK_S: f32 = 0.25;
const MEAN_S: f32 = 1.0;
const BEFORE_S: f32 = 0.3;
/// Two points that are nearer to each other give no law [L/min].
const APART_LPM: f32 = 0.4;

/// A flow and the suction that it takes, -p_d - L Q'.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    /// Flow [L/min].
    pub(super) lpm: f32,
    /// Suction [mmHg].
    pub(super) suction_mmhg: f32,
}

impl Point {
    fn follow(&mut self, to: Self, lag_s: f32) {
        self.lpm += (to.lpm - self.lpm) * PERIOD_S / lag_s;
        self.suction_mmhg += (to.suction_mmhg - self.suction_mmhg) * PERIOD_S / lag_s;
    }

    /// The same flow with so much more suction: the drop of the line when that is the pressure in the vein [mmHg].
    pub(super) const fn of_vein(self, venous_mmhg: f32) -> Self {
        Self { suction_mmhg: self.suction_mmhg + venous_mmhg, ..self }
    }

    /// Q (Q + Q_0) of a flow [(L/min)^2].
    fn form(self) -> f32 {
        let size = larger(self.lpm, FLOW_LPM_MIN);
        size * (size + CROSSOVER_LPM)
    }

    /// w [mmHg/(L/min)^2].
    pub(super) fn w(self) -> f32 {
        (VENOUS_MMHG + self.suction_mmhg) / self.form()
    }

    /// Suction beyond that of a line of this w [mmHg].
    pub(super) fn beyond_mmhg(self, w: f32) -> f32 {
        VENOUS_MMHG + self.suction_mmhg - w * self.form()
    }
}

/// Drop of an open line, a Q^2 + b Q.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Drop {
    square: f32,
    linear: f32,
}

impl Drop {
    /// Through the drops at two flows, the smaller one first; through that one alone when they are too near to each other.
    pub(super) fn through(first: Point, second: Point) -> Self {
        let size = larger(first.lpm, FLOW_LPM_MIN);
        let apart = second.lpm - size;
        if apart < APART_LPM {
            let square = larger(first.suction_mmhg, 0.0) / first.form();
            return Self { square, linear: square * CROSSOVER_LPM };
        }
        let (low, high) = (first.suction_mmhg / size, second.suction_mmhg / second.lpm);
        let square = between((high - low) / apart, 0.0, larger(low / size, 0.0));
        Self { square, linear: low - square * size }
    }

    /// Pressure in the vein [mmHg].
    pub(super) fn venous_mmhg(&self, at: Point) -> f32 {
        at.lpm * (self.square * at.lpm + self.linear) - at.suction_mmhg
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Line {
    /// w_0 [mmHg/(L/min)^2].
    pub(super) usual: f32,
    learned_s: f32,
    last_lpm: Option<f32>,
    slope: f32,
    /// Enough suction to close a vein.
    pub(super) sucks: bool,
    /// More suction than a moment ago, and no more flow.
    pub(super) deepens: bool,
    trend: f32,
    drainage_mean_mmhg: f32,
    speed_mean_rpm: f32,
    quick: Point,
    mean: Point,
    /// Point of a moment ago: before a vein that has just closed did so.
    pub(super) before: Point,
}

impl Line {
    /// What was learned stays.
    pub(super) fn resumed(&self) -> Self {
        Self { usual: self.usual, learned_s: self.learned_s, ..Self::default() }
    }

    /// Point of the last quarter of a second, while the signals are believed.
    pub(super) fn quick(&self) -> Option<Point> {
        self.last_lpm.map(|_| self.quick)
    }

    /// Point of the last second, likewise.
    pub(super) fn mean(&self) -> Option<Point> {
        self.last_lpm.map(|_| self.mean)
    }

    /// One period: how narrow drainage is, if w and w_0 are known. `learns`: this w may be usual; `whatever`: however narrow.
    pub(super) fn step(&mut self, signs: &Signs, learns: bool, whatever: bool) -> Option<f32> {
        // By the meter alone: another source is no change of the vein.
        let (Some(flow), Some(drainage)) = (signs.meter_lpm, signs.drainage_mmhg) else {
            self.last_lpm = None;
            return None;
        };
        let change = self.last_lpm.map_or(0.0, |last| (flow - last) / PERIOD_S);
        self.slope += (between(change, -SLOPE_MAX, SLOPE_MAX) - self.slope) / SLOPE_LAG;
        let now = Point { lpm: flow, suction_mmhg: -drainage - INERTANCE * self.slope };
        if self.last_lpm.is_none() {
            (self.quick, self.mean, self.before) = (now, now, now);
        }
        self.last_lpm = Some(flow);
        self.quick.follow(now, QUICK_S);
        self.mean.follow(now, MEAN_S);
        self.before.follow(self.mean, BEFORE_S);
        if learns && flow > LEARNING_LPM_MIN && self.slope.abs() < STEADY_LPM_PER_S {
            self.learn(larger(now.w(), USUAL_MIN), whatever);
        }
        self.sucks = VENOUS_MMHG - drainage > SUCTION_MMHG_MIN;
        self.trend += (self.slope - self.trend) * PERIOD_S / TREND_S;
        self.drainage_mean_mmhg += (drainage - self.drainage_mean_mmhg) * PERIOD_S / DRAINAGE_MEAN_S;
        self.speed_mean_rpm += (signs.speed_rpm - self.speed_mean_rpm) * PERIOD_S / SPEED_MEAN_S;
        let rises = signs.speed_rpm > RISING * self.speed_mean_rpm || self.trend > RISING_LPM_PER_S;
        self.deepens = !rises && drainage < self.drainage_mean_mmhg - DEEPER_MMHG;
        (self.learned_s >= ACQUAINTED_S).then(|| now.w() / self.usual)
    }

    fn learn(&mut self, w: f32, whatever: bool) {
        self.learned_s = smaller(self.learned_s + PERIOD_S, LEARNED_S);
        if whatever || w < NOT_USUAL * self.usual || self.learned_s < ACQUAINTED_S {
            self.usual += (w - self.usual) * PERIOD_S / larger(self.learned_s, PERIOD_S);
        }
    }
}
