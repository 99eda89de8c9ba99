// SPDX-License-Identifier: Apache-2.0
//! A guide for priming and de-airing a circuit: what is to be done next, and whether it is done. 100 Hz, in the supervisor.
//!
//! # States
//! ```text
//! fill --> zero_pressures --> saline --> lift --> slow --> purge --> clamp --> check --> look --> ready
//! ```
//! A [`Step`] ends when the drive sees what it asks for, where the drive cannot see it when the operator confirms, or when it is skipped, which
//! is kept. From every step the guide ends by order, by any order that begins something else, by blood at the meter, and when
//! the head is lost; see [`Outcome`].
//!
//! # It is advice
//! Nothing waits for it. A mode that the operator sets is carried out and ends it; lift-off is allowed before, meanwhile and without it. It
//! sets speeds while a rotor is held, and never stops a pump: where it ends, the speed stays.
//!
//! # What it goes by
//! | what | by |
//! |---|---|
//! | an order to the sensors | its answer, `CircuitOrderMail` and `CirculationMail` |
//! | saline, blood | speed of sound at the meter ([`crate::circulation::flow_meter`]) |
//! | air | bubbles at the meter; air in the head by its torque (`air_lock`) |
//! | nothing is wrong | no alarm of either unit and no condition but limits, as for a drill |
//!
//! Air on its way to an artery holds the flow ([`crate::circulation::interventions`]); in a circuit that is de-aired it leads to a bag. So the
//! guide resumes in the steps that drive air out, as long as the meter says that saline flows. Later no air is expected, and what comes holds.
//!
//! # Source
//! 1.34 L are two times 670 mL, the whole prime of a set with tubing and lung (Novalung, facts of systems, S17, S18): what was there has passed
//! the meter, and once more. Speeds, 10 s: our own, from 1500 rpm, usual before a line is opened, to 3500 rpm.
//!
//! # Shown by
//! `tests.rs`; `tests/scenarios/6a_priming.toml`.

mod step;
#[cfg(test)]
mod tests;

pub use step::Step;

use crate::circulation::conditions as condition;
use crate::circulation::flow_meter::Fluid;
use crate::circulation::modes::PERIOD_S;
use crate::circulation::sensing::CircuitOrder;
use crate::code::from_code;
use crate::mail::CirculationMail;

/// What has to pass the meter without a bubble [mL].
const PURGE_ML: f32 = 1340.0;
/// For which the other criteria have to last [s].
const LAST_S: f32 = 10.0;
/// Flow that is one [L/min]: no meter of a closed line shows as much.
const FLOWS_LPM: f32 = 0.3;
const ML_PER_L: f32 = 1000.0;
const S_PER_MIN: f32 = 60.0;

/// What an operator can ask of the guide; codes of the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum PrimingOrder {
    /// Begin, or begin anew.
    Begin = 0,
    /// What the drive cannot see is done.
    Confirm = 1,
    /// The next step, whatever this one has come to.
    Skip = 2,
    /// No more of it.
    End = 3,
}

from_code!(PrimingOrder: u32 { Begin, Confirm, Skip, End });

impl PrimingOrder {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Begin, Self::Confirm, Self::Skip, Self::End];

    /// As shell and scenarios spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Confirm => "confirm",
            Self::Skip => "skip",
            Self::End => "end",
        }
    }
}

/// How the guide stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Outcome {
    /// It is under way.
    #[default]
    UnderWay = 0,
    /// Every step is done, or was skipped.
    Ready = 1,
    /// The operator has ended it.
    Ended = 2,
    /// The operator has begun something else.
    OtherOrder = 3,
    /// Blood has come.
    Blood = 4,
    /// Another unit holds the rotor than did, or nobody.
    RotorLost = 5,
    /// The supervisor has started anew.
    CutOff = 6,
}

from_code!(Outcome: u32 { UnderWay, Ready, Ended, OtherOrder, Blood, RotorLost, CutOff });

impl Outcome {
    /// In one phrase.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::UnderWay => "under way",
            Self::Ready => "ready to connect: clamp both lines first",
            Self::Ended => "ended by the operator",
            Self::OtherOrder => "ended by another order",
            Self::Blood => "ended: blood is at the meter",
            Self::RotorLost => "ended: this unit has lost the head, or has just taken it",
            Self::CutOff => "ended: the supervisor has started anew",
        }
    }
}

snapshot! {
    /// What the guide says.
    pub struct PrimingMail [PRIMING_WORDS] {
        /// Counts how often it was begun; 0: never.
        pub run: u32,
        /// Code of a [`Step`]; of one that is over the last one.
        pub step: u32,
        /// Code of an [`Outcome`].
        pub outcome: u32,
        /// Bits of the steps that were skipped.
        pub skipped: u32,
        /// How far the present speed, or the orders, have come [%].
        pub progress_pct: u32,
        /// Speed that the step has asked for; 0: none [rpm].
        pub speed_rpm: f32,
    }
}

impl PrimingMail {
    /// Names of the steps that were skipped.
    pub fn skipped(&self) -> impl Iterator<Item = &'static str> + Clone {
        let skipped = self.skipped;
        Step::ALL.into_iter().filter(move |step| skipped & step.bit() != 0).map(Step::name)
    }
}

/// One line: where it stands, and what it waits for.
impl core::fmt::Display for PrimingMail {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let outcome = Outcome::from_code(self.outcome).unwrap_or_default();
        let Some(step) = Step::from_code(self.step).filter(|_| self.run != 0) else {
            return f.write_str("no priming guide since this start");
        };
        if outcome == Outcome::UnderWay {
            write!(f, "{} of {}, {}", self.step.saturating_add(1), Step::ALL.len(), step.name())?;
            if self.speed_rpm > 0.0 {
                write!(f, " at {} rpm", self.speed_rpm as u32)?;
            }
            if !step.is_confirmed() {
                write!(f, ", {} %", self.progress_pct)?;
            }
            write!(f, ": {}", step.text())?;
        } else {
            f.write_str(outcome.text())?;
            if outcome != Outcome::Ready {
                write!(f, "; at step {}", step.name())?;
            }
        }
        let mut skipped = self.skipped();
        if let Some(first) = skipped.next() {
            write!(f, " SKIPPED: {first}")?;
            skipped.try_for_each(|name| write!(f, ", {name}"))?;
        }
        Ok(())
    }
}

/// What it looks at in one period.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrimingInput {
    /// This unit holds the rotor.
    pub holds: bool,
    /// No alarm, and no condition but limits.
    pub is_well: bool,
    /// Of the circulation task, while it is heard of.
    pub circulation: Option<CirculationMail>,
    /// An order to the sensors that was carried out since the last period.
    pub order_done: Option<CircuitOrder>,
}

/// What it wants of the supervisor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PrimingWish {
    /// A speed, once [rpm].
    pub speed_rpm: Option<f32>,
    /// What air holds is to go on.
    pub resumes: bool,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Priming {
    run: u32,
    step: Step,
    /// Which of the step's speeds.
    stage: usize,
    /// How much of what this stage needs there has been [s], or [mL].
    good: f32,
    /// Bits of the codes of [`CircuitOrder`].
    orders: u32,
    bubbles: Option<u32>,
    has_held: bool,
    asked_rpm: Option<f32>,
    skipped: u32,
    outcome: Outcome,
}

impl Priming {
    /// At its first step; `run` counts.
    #[must_use]
    pub const fn new(run: u32) -> Self {
        Self {
            run,
            step: Step::Fill,
            stage: 0,
            good: 0.0,
            orders: 0,
            bubbles: None,
            has_held: false,
            asked_rpm: None,
            skipped: 0,
            outcome: Outcome::UnderWay,
        }
    }

    /// What it says.
    #[must_use]
    pub fn report(&self) -> PrimingMail {
        PrimingMail {
            run: self.run,
            step: self.step as u32,
            outcome: self.outcome as u32,
            skipped: self.skipped,
            progress_pct: (100.0 * self.progress()) as u32,
            speed_rpm: self.speed_rpm().unwrap_or(0.0),
        }
    }

    /// It is over, whatever has come of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.outcome != Outcome::UnderWay
    }

    /// It ends here, unless it is over.
    pub fn end(&mut self, outcome: Outcome) {
        if !self.is_over() {
            self.outcome = outcome;
        }
    }

    /// The operator's word for this step.
    pub fn skip(&mut self) {
        self.skipped |= self.step.bit();
        self.go_on();
    }

    /// False where it is not for the operator to say.
    pub fn confirm(&mut self) -> bool {
        let is_his = self.step.is_confirmed();
        if is_his {
            self.go_on();
        }
        is_his
    }

    /// One period.
    pub fn step(&mut self, input: &PrimingInput) -> PrimingWish {
        self.orders |= input.order_done.map_or(0, order_bit);
        let fluid = input.circulation.map_or(Fluid::Unknown, |seen| Fluid::from_code(seen.fluid));
        if fluid == Fluid::Blood {
            self.end(Outcome::Blood);
        }
        if self.has_held && !input.holds {
            self.end(Outcome::RotorLost);
        }
        self.has_held |= input.holds;
        if self.is_over() {
            return PrimingWish::default();
        }
        if self.is_met(input) {
            self.good = 0.0;
            self.stage = self.stage.saturating_add(1);
            if self.stage >= self.step.speeds_rpm().len() {
                self.go_on();
            }
        }
        let air_holds = input.circulation.is_some_and(|seen| seen.conditions & condition::AIR_IN_RETURN != 0);
        let speed_rpm = self.speed_rpm().filter(|_| input.holds && !self.is_over());
        let is_new = speed_rpm.is_some() && speed_rpm != self.asked_rpm;
        self.asked_rpm = speed_rpm.or(self.asked_rpm);
        PrimingWish {
            speed_rpm: speed_rpm.filter(|_| is_new),
            resumes: air_holds && fluid == Fluid::Saline && speed_rpm.is_some() && self.step.expects_air(),
        }
    }

    /// The next step, or the end.
    fn go_on(&mut self) {
        (self.stage, self.good) = (0, 0.0);
        match self.step.next() {
            Some(next) => self.step = next,
            None => self.end(Outcome::Ready),
        }
    }

    fn speed_rpm(&self) -> Option<f32> {
        self.step.speeds_rpm().get(self.stage).copied()
    }

    /// What a stage needs [s], or [mL]; 0 where it does not take its time.
    fn need(&self) -> f32 {
        match self.step {
            Step::Slow | Step::Check => LAST_S,
            Step::Purge => PURGE_ML,
            _ => 0.0,
        }
    }

    fn progress(&self) -> f32 {
        let orders = self.step.orders();
        if orders.is_empty() {
            let need = self.need();
            return if need > 0.0 { self.good / need } else { 0.0 };
        }
        let done = orders.iter().filter(|order| self.orders & order_bit(**order) != 0).count();
        done as f32 / orders.len() as f32
    }

    /// The stage has what it needs.
    fn is_met(&mut self, input: &PrimingInput) -> bool {
        let Some(seen) = input.circulation else {
            self.good = 0.0;
            return false;
        };
        let has_bubble =
            self.bubbles.replace(seen.bubble_count).is_some_and(|before| before != seen.bubble_count);
        let flows = seen.flow_valid && seen.flow_lpm > FLOWS_LPM;
        let has_no_air = seen.conditions & condition::AIR_LOCK == 0 && seen.bubbles_valid && !has_bubble;
        // A meter that was not told of the saline does not know it.
        let is_prime = seen.fluid == Fluid::Saline as u32 || self.skipped & Step::Saline.bit() != 0;
        match self.step {
            Step::Fill | Step::Look => false,
            Step::ZeroPressures | Step::Clamp => self.progress() >= 1.0,
            Step::Saline => seen.fluid == Fluid::Saline as u32,
            Step::Lift => input.holds,
            // Bubbles there will be; the head has to be full.
            Step::Slow => {
                let is_full = seen.conditions & condition::AIR_LOCK == 0;
                self.lasts(flows && is_full && is_prime, PERIOD_S)
            }
            Step::Purge => {
                let passed_ml = seen.flow_lpm * ML_PER_L / S_PER_MIN * PERIOD_S;
                self.lasts(flows && has_no_air && is_prime, passed_ml)
            }
            Step::Check => self.lasts(flows && has_no_air && is_prime && input.is_well, PERIOD_S),
        }
    }

    /// Counts what is good without a break; whether there is enough of it.
    fn lasts(&mut self, is_good: bool, amount: f32) -> bool {
        self.good = if is_good { self.good + amount } else { 0.0 };
        self.good >= self.need()
    }
}

fn order_bit(order: CircuitOrder) -> u32 {
    1_u32.wrapping_shl(order as u32)
}
