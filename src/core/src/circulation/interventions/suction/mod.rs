// SPDX-License-Identifier: Apache-2.0
//! Suction: the drainage cannula sucks the vein shut. Found by how narrow drainage is, answered by a dip in two steps, a probe and a guard.
//!
//! What is learned of line and vein, and the symbols, are in [`line`].
//!
//! # Model
//! It counts as suction while drainage is narrow and deepens and neither flow nor speed rise. With less speed, flow and suction fall together and
//! w stays; when the vein closes flow falls while suction grows. A vein that flutters is narrow part of the time: evidence builds up fast
//! and fades slowly.
//!
//! A kink stays a kink at a low flow, a vein that has had its rest is wide again: the probe tells them apart, and gives the second of the two points
//! through which the drop of the open line is drawn. The first one is that of the moment before it closed. What the vein had at these two
//! times is assumed, `CLOSING_MMHG` and `OPEN_MMHG`, the second one corrected by a part of what a square law through the first point says.
//!
//! From then on the guard sets the lid so that the vein keeps a pressure at which it is open and gives all that comes:
//! ```text
//! lid' = K_p P' + K_i (P - P*),   P* = HELD_MMHG, after a while slowly down to `LOWER_MMHG` less
//! ```
//! because what was assumed is uncertain by two mmHg, and a mmHg of a vein is half a litre a minute.
//!
//! # States
//! ```text
//! Watching --evidence--> Dip 1 --0.25 s--> Dip 2 --1 s--> Probe --1.4 s, wide--> Guard --the mode asks for less than the lid--> Watching
//!    ^                     ^                 ^              |  |                  |  |
//!    |                     +-----evidence----|--------------+--|------------------+  |
//!    |                                       +-----------------|----4 s at its lowest+
//!    +--------narrow: told as occlusion until it is wide-------+
//! ```
//! Plain reduction, and a guard that sees nothing any more: `Lid` stays for 30 s, then it rises by 0.5 % a second.
//!
//! # The unit that stands by
//! It sees the same vein close, some periods earlier or later, and a vein takes 7 L/min/s from the flow meanwhile. So it is told the lid of the
//! unit that drives and how old its dip is, and is where that one is: [`SuctionLid`].
//!
//! # Source
//! Two steps reverse a collapse faster than one: E. Molegraaf et al., the reference in `docs/circulation.md`. Times and speeds of the stages, gains and
//! pressures: the campaign `levitas circulation`, whose table is there.

mod line;
#[cfg(test)]
mod tests;

use super::{ALONE_S, Signs, Standing};
use crate::circulation::conditions as condition;
use crate::circulation::modes::PERIOD_S;
use crate::math::{between, larger};
use crate::schedule::TaskId;
use line::{Drop, Line, Point};

/// Narrow, and narrow when it has just been.
const NARROW: f32 = 1.5;
const NARROW_AGAIN: f32 = 1.35;
/// No kink is as narrow within a moment: a vein that is shut, in a probe, and behind what was taken for a kink.
const SHUT_IN_PROBE: f32 = 2.0;
const SHUT_IN_KINK: f32 = 2.5;
/// Evidence gained in a period that is narrow, lost in one that is not: six periods in a row, or a vein that is shut a quarter of the time.
const GAIN: f32 = 1.0 / 6.0;
const LOSS: f32 = 1.0 / 20.0;
/// Speeds of the two steps and of the probe, as parts of the speed at which it happened, and how long they take [s]: the vein comes free
/// and fills; at the probe the blood between the compliances of the circuit has swung once.
const DIPS: [f32; 2] = [0.80, 0.62];
const DIP_S: [f32; 2] = [0.25, 1.0];
const PROBE: f32 = 0.74;
const PROBE_S: f32 = 1.4;
/// A kink: so narrow at the probe, and with so much more suction than the usual line has [mmHg]: of a small flow the venous pressure, which
/// nobody knows, is a large part.
const KINK: f32 = 1.3;
const KINK_MMHG: f32 = 7.0;
/// It is over when drainage is as wide as this, by a flow that is large enough to say so [L/min], for some time [s].
const WIDE: f32 = 1.25;
const WIDE_LPM: f32 = 1.0;
const WIDE_S: f32 = 1.0;
/// Pressure of a vein that is about to close, and at the probe, with the part of what the square law says that is added and the range of all that
/// [mmHg]: of the patients of the world it was -1.4 to 2.7.
const CLOSING_MMHG: f32 = -2.8;
const OPEN_MMHG: f32 = 1.2;
const TRUST: f32 = 0.45;
const OPEN_MMHG_RANGE: [f32; 2] = [-1.5, 3.0];
/// Pressure that the guard keeps [mmHg]: a vein below 0 gives all that comes, one below -3 closes.
const HELD_MMHG: f32 = -0.4;
/// By how much less it tries in the end, how fast and from when on [mmHg, mmHg/s, s].
const LOWER_MMHG: f32 = 2.5;
const LOWER_MMHG_PER_S: f32 = 0.1;
const LOWER_AFTER_S: f32 = 5.0;
/// Its gains [rpm/mmHg, rpm/s/mmHg]: more of the first one meets the swing of drainage line and meter, at 0.6 Hz.
const RPM_PER_MMHG: f32 = 50.0;
const RPM_PER_S_PER_MMHG: f32 = 40.0;
/// How it begins: so much faster than the probe for each mmHg that the vein has over what is kept [rpm/mmHg].
const FIRST_RPM_PER_MMHG: f32 = 160.0;
/// Its range, as parts of the speed at which it happened, and happened first; at its lowest for so long: something else has changed [s].
const GUARD_RANGE: [f32; 2] = [0.60, 1.05];
const LOWEST_S: f32 = 4.0;
/// The mode asks for less than this part of the lid for so long [s].
const LESS: f32 = 0.97;
const LESS_S: f32 = 1.0;
/// The lid of a plain reduction stays for so long [s], then it rises by this part in a second, up to this part.
const LID_S: f32 = 30.0;
const RISE_PER_S: f32 = 0.005;
const LID_MAX: f32 = 1.05;
/// Age of what the other unit tells, from its period to this one [periods]: one until it is sent, one until it is read.
const LATE_PERIODS: u32 = 2;
const PERIOD_MS: u32 = 1000 / TaskId::Circulation.slot().rate_hz;

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
    Probe,
    /// Drop of the open line, and the pressure in the vein of the last period [mmHg].
    Guard {
        drop: Drop,
        last_mmhg: Option<f32>,
    },
    Lid,
}

/// The lid that suction has put on the speed, as one unit tells the other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SuctionLid {
    /// The lid [rpm]; 0: there is none.
    pub rpm: f32,
    /// Time since the dip began [ms].
    pub age_ms: u16,
}

impl SuctionLid {
    /// No lid.
    pub const NONE: Self = Self { rpm: 0.0, age_ms: 0 };
}

/// A dip that the other unit does not share for so long is this one's alone [periods].
const ALONE: u32 = periods(ALONE_S);
/// Lengths of the dips and of the probe [periods].
const STAGES: [u32; 3] = [periods(DIP_S[0]), periods(DIP_S[1]), periods(PROBE_S)];

const fn periods(seconds: f32) -> u32 {
    (seconds / PERIOD_S + 0.5) as u32
}

/// Stage, and for how long it has lasted, at that age of a dip [periods]; `None`: the probe is over.
fn stage_at(age: u32) -> Option<(Stage, u32)> {
    let [first, second, probe] = STAGES;
    let in_second = age.saturating_sub(first);
    let in_probe = in_second.saturating_sub(second);
    if age < first {
        Some((Stage::Dip { second: false }, age))
    } else if in_second < second {
        Some((Stage::Dip { second: true }, in_second))
    } else {
        (in_probe < probe).then_some((Stage::Probe, in_probe))
    }
}

/// The other way round; after the probe, that and all the time since.
const fn age_of(stage: Stage, in_stage: u32) -> u32 {
    let [first, second, probe] = STAGES;
    let before = match stage {
        Stage::Watching | Stage::Dip { second: false } => 0,
        Stage::Dip { second: true } => first,
        Stage::Probe => first.saturating_add(second),
        Stage::Guard { .. } | Stage::Lid => first.saturating_add(second).saturating_add(probe),
    };
    before.saturating_add(in_stage)
}

impl Stage {
    /// Its lid, as a part of the speed at the onset.
    const fn part(self) -> f32 {
        match self {
            Self::Dip { second: false } => DIPS[0],
            Self::Dip { second: true } => DIPS[1],
            Self::Probe => PROBE,
            Self::Watching | Self::Guard { .. } | Self::Lid => 1.0,
        }
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Suction {
    stage: Stage,
    /// Periods in this stage.
    in_stage: u32,
    line: Line,
    evidence: f32,
    onset_rpm: f32,
    /// Speed at which the first event of these happened: a vein that fills again is given it back, however often it closed.
    first_rpm: f32,
    lid_rpm: f32,
    /// Before the vein closed.
    closing: Point,
    less: Standing,
    lowest: Standing,
    /// A kink stands; w_0 of before it.
    kinked: Option<f32>,
    wide: Standing,
}

impl Suction {
    /// The operator resumes: no lid any more; what was learned stays, and a kink until it is wide.
    pub(super) fn resumed(&self) -> Self {
        Self { line: self.line.resumed(), kinked: self.kinked, ..Self::default() }
    }

    /// The lid on the speed [rpm], and bits of conditions.
    pub(super) fn step(&mut self, signs: &Signs, answer: Answer, quiet: bool) -> (Option<f32>, u32) {
        self.in_stage = self.in_stage.saturating_add(1);
        // A kink that stays, and what a lid has settled on, becomes usual.
        let is_settled = self.stage == Stage::Lid && self.has_lasted(periods(LID_S));
        let whatever = self.kinked.is_some() || is_settled;
        let narrow = self.line.step(signs, self.stage == Stage::Watching || is_settled, whatever);
        if quiet {
            *self = self.resumed();
            return (None, 0);
        }
        self.weigh(narrow);
        self.look_at_kink();
        let is_over = |most: f32| narrow.is_some_and(|narrow| narrow > most);
        let is_event = self.evidence >= 1.0
            && match self.stage {
                Stage::Watching => self.kinked.is_none() || is_over(SHUT_IN_KINK),
                Stage::Probe => is_over(SHUT_IN_PROBE),
                Stage::Dip { .. } => false,
                Stage::Guard { .. } | Stage::Lid => true,
            };
        if is_event {
            self.begin(answer, signs.speed_rpm);
        } else {
            self.go_on(signs.speed_rpm);
        }
        let bits = match self.stage {
            Stage::Watching if answer != Answer::None || self.evidence < 0.5 => 0,
            _ => condition::SUCTION,
        };
        let lid = (self.stage != Stage::Watching).then_some(self.lid_rpm);
        (lid, if self.kinked.is_some() { bits | condition::INLET_OCCLUSION } else { bits })
    }

    fn go_on(&mut self, speed_rpm: f32) {
        match self.stage {
            Stage::Watching => {}
            Stage::Dip { second } => self.dip(second),
            Stage::Probe if !self.has_lasted(STAGES[2]) => {}
            Stage::Probe => self.judge(),
            Stage::Guard { drop, last_mmhg } => self.guard(drop, last_mmhg, speed_rpm),
            Stage::Lid => self.rest(speed_rpm),
        }
    }

    fn weigh(&mut self, narrow: Option<f32>) {
        // A vein that has just closed is near to it: less is enough.
        let threshold = if self.stage == Stage::Watching { NARROW } else { NARROW_AGAIN };
        let is_narrow =
            self.line.sucks && self.line.deepens && narrow.is_some_and(|narrow| narrow > threshold);
        let change = if is_narrow { GAIN } else { -LOSS };
        self.evidence = between(self.evidence + change, 0.0, 1.0);
    }

    /// A kink is over when drainage is as wide as before it, at whatever speed.
    fn look_at_kink(&mut self) {
        let Some(before) = self.kinked else { return };
        let is_wide = self.line.mean().is_some_and(|now| now.lpm > WIDE_LPM && now.w() < WIDE * before);
        if self.wide.after(is_wide, WIDE_S) {
            self.no_kink();
        }
    }

    fn no_kink(&mut self) {
        self.wide = Standing::default();
        self.line.usual = self.kinked.take().unwrap_or(self.line.usual);
    }

    fn begin(&mut self, answer: Answer, speed_rpm: f32) {
        if self.stage == Stage::Watching {
            self.first_rpm = speed_rpm;
        }
        self.onset_rpm = speed_rpm;
        self.closing = self.line.before;
        // It is told while the evidence stands.
        if answer == Answer::None {
            return;
        }
        self.evidence = 0.0;
        self.lid_rpm = DIPS[0] * speed_rpm;
        self.go(if answer == Answer::Plain { Stage::Lid } else { Stage::Dip { second: false } });
    }

    fn dip(&mut self, second: bool) {
        let [first, second_one, _] = STAGES;
        if !second && self.has_lasted(first) {
            self.lid_rpm = DIPS[1] * self.onset_rpm;
            self.go(Stage::Dip { second: true });
        } else if second && self.has_lasted(second_one) {
            self.lid_rpm = PROBE * self.onset_rpm;
            self.evidence = 0.0;
            self.go(Stage::Probe);
        }
    }

    /// At the end of the probe: a kink or a vein.
    fn judge(&mut self) {
        self.evidence = 0.0;
        let usual = self.line.usual;
        // A unit that has just come knows no usual line, and calls none a kink.
        let Some(now) = self.line.quick().filter(|_| usual > 0.0) else { return self.go(Stage::Lid) };
        if now.w() > KINK * usual && now.beyond_mmhg(usual) > KINK_MMHG {
            self.kinked = self.kinked.or(Some(usual));
            self.line.usual = now.w();
            return self.go(Stage::Watching);
        }
        let closing = self.closing.of_vein(CLOSING_MMHG);
        let part = now.lpm / larger(closing.lpm, now.lpm);
        let by_square_mmhg = closing.suction_mmhg * part * part - now.suction_mmhg;
        let [least_mmhg, most_mmhg] = OPEN_MMHG_RANGE;
        let open_mmhg = between(OPEN_MMHG + TRUST * by_square_mmhg, least_mmhg, most_mmhg);
        self.lid_rpm += FIRST_RPM_PER_MMHG * (open_mmhg - HELD_MMHG);
        (self.less, self.lowest) = (Standing::default(), Standing::default());
        let drop = Drop::through(now.of_vein(open_mmhg), closing);
        self.go(Stage::Guard { drop, last_mmhg: None });
    }

    /// The lid keeps the vein open.
    fn guard(&mut self, drop: Drop, last_mmhg: Option<f32>, speed_rpm: f32) {
        let Some(now) = self.line.mean() else { return self.go(Stage::Lid) };
        let venous_mmhg = drop.venous_mmhg(now);
        self.stage = Stage::Guard { drop, last_mmhg: Some(venous_mmhg) };
        let in_stage_s = self.in_stage as f32 * PERIOD_S;
        let lower_mmhg = between(LOWER_MMHG_PER_S * (in_stage_s - LOWER_AFTER_S), 0.0, LOWER_MMHG);
        let over_mmhg = venous_mmhg - (HELD_MMHG - lower_mmhg);
        let change_mmhg = venous_mmhg - last_mmhg.unwrap_or(venous_mmhg);
        let [least, most] = GUARD_RANGE;
        let (least_rpm, most_rpm) = (least * self.onset_rpm, most * self.first_rpm);
        let moved_rpm = RPM_PER_MMHG * change_mmhg + RPM_PER_S_PER_MMHG * PERIOD_S * over_mmhg;
        self.lid_rpm = between(self.lid_rpm + moved_rpm, least_rpm, most_rpm);
        if self.lowest.after(self.lid_rpm <= least_rpm, LOWEST_S) {
            // A kink, or a vein that gives much less: the next probe tells.
            self.onset_rpm = speed_rpm;
            self.lid_rpm = DIPS[1] * speed_rpm;
            self.go(Stage::Dip { second: true });
        } else if self.less.after(speed_rpm < LESS * self.lid_rpm, LESS_S) {
            self.go(Stage::Watching);
        }
    }

    /// The lid stays, and at last rises until the mode asks for less.
    fn rest(&mut self, speed_rpm: f32) {
        if !self.has_lasted(periods(LID_S)) {
            return;
        }
        self.lid_rpm += RISE_PER_S * self.onset_rpm * PERIOD_S;
        if speed_rpm < LESS * self.lid_rpm || self.lid_rpm > LID_MAX * self.first_rpm {
            self.go(Stage::Watching);
        }
    }

    fn go(&mut self, stage: Stage) {
        (self.stage, self.in_stage) = (stage, 0);
    }

    const fn has_lasted(&self, periods: u32) -> bool {
        self.in_stage >= periods
    }

    /// The lid, for the other unit.
    pub(super) fn lid(&self) -> SuctionLid {
        if self.stage == Stage::Watching {
            return SuctionLid::NONE;
        }
        let age_ms = age_of(self.stage, self.in_stage).saturating_mul(PERIOD_MS);
        SuctionLid { rpm: self.lid_rpm, age_ms: u16::try_from(age_ms).unwrap_or(u16::MAX) }
    }

    /// One period in which the other unit drives under this lid: this one is where that one is by now.
    pub(super) fn join(&mut self, there: &SuctionLid) {
        if there.rpm <= 0.0 {
            return;
        }
        let told = u32::from(there.age_ms) / PERIOD_MS;
        let age = told.saturating_add(LATE_PERIODS);
        let Some((stage, in_stage)) = stage_at(age) else {
            // In its last periods the probe may have found a kink, which has no lid.
            if stage_at(told).is_none() {
                self.hold(there.rpm);
            }
            return;
        };
        // The lid is that of the stage in which it was told.
        let told_in = stage_at(told).map_or(stage, |(stage, _)| stage);
        let onset_rpm = there.rpm / told_in.part();
        let goes_on = matches!(self.stage, Stage::Dip { .. } | Stage::Probe)
            && age_of(self.stage, self.in_stage) <= age.saturating_add(ALONE);
        if !goes_on {
            self.closing = self.line.before;
        }
        self.first_rpm =
            if self.stage == Stage::Watching { onset_rpm } else { larger(self.first_rpm, onset_rpm) };
        self.evidence = if stage == self.stage { self.evidence } else { 0.0 };
        (self.onset_rpm, self.lid_rpm) = (onset_rpm, stage.part() * onset_rpm);
        (self.stage, self.in_stage) = (stage, in_stage);
    }

    /// After the probe: its lid, whatever this unit has made of it.
    fn hold(&mut self, lid_rpm: f32) {
        match self.stage {
            Stage::Guard { .. } | Stage::Lid => {}
            // A dip of its own: the other one is about to see what this one has seen, or it sees it alone.
            Stage::Dip { .. } | Stage::Probe if age_of(self.stage, self.in_stage) < ALONE => return,
            Stage::Dip { .. } | Stage::Probe => self.go(Stage::Lid),
            // It has just come, and does not know at which speed that began.
            Stage::Watching => {
                (self.first_rpm, self.onset_rpm) = (f32::INFINITY, lid_rpm);
                self.go(Stage::Lid);
            }
        }
        self.lid_rpm = lid_rpm;
    }
}
