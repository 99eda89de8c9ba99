// SPDX-License-Identifier: Apache-2.0
//! Orders that harm a patient when they are meant otherwise: refused once with a question, carried out when they are given again.
//!
//! # Model
//! [`Danger`] is the whole list: which order, when, and why. The question is a [`Refusal`] like others, so that shell, link and logs need
//! to know nothing of it. The same order with the same value from the same place within ten seconds is the answer: what another operator asks for,
//! or asks for later, answers nothing. What helps in an emergency is never asked back: lifting off, more speed, `zero_flow`,
//! `resume`, a return that is arterial from now on, and giving the head away by a unit that is not well itself.
//!
//! # Shown by
//! `tests/confirmation.rs`; `tests/scenarios/6b_power_off_asked_once.toml`, `6c_power_off.toml`; `docs/supervisor.md` is generated from here.

use super::remote::{Asked, Origin};
use super::{Command, PAST, Refusal, SILENT_US_MAX, SupervisorTask};
use crate::arbitration::alarm;
use crate::circulation::therapy::{Mode, TherapySettings};
use crate::link::PEER_THERAPY_US_MAX;
use crate::schedule::TaskId;

/// Periods in which an order that was asked back can be given again: 10 s.
const AGAIN_PERIODS: u32 = TaskId::Supervisor.slot().rate_hz.saturating_mul(10);

macro_rules! dangers {
    ($($variant:ident $question:ident $order:literal $when:literal $why:literal;)+) => {
        /// What an order can do that is not meant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Danger {
            $( #[doc = $why] $variant, )+
        }

        impl Danger {
            /// All of them.
            pub const ALL: &[Self] = &[$( Self::$variant ),+];

            /// The order.
            #[must_use]
            pub const fn order(self) -> &'static str {
                match self { $( Self::$variant => $order, )+ }
            }

            /// When it is asked back.
            #[must_use]
            pub const fn when(self) -> &'static str {
                match self { $( Self::$variant => $when, )+ }
            }

            /// Why.
            #[must_use]
            pub const fn why(self) -> &'static str {
                match self { $( Self::$variant => $why, )+ }
            }

            /// What the operator reads.
            #[must_use]
            pub const fn question(self) -> Refusal {
                match self { $( Self::$variant => Refusal::$question, )+ }
            }
        }
    };
}
dangers! {
    Land NotClamped "land"
        "the rotor is held, the return is arterial, and the meter has not shown a clamped line for 1 s"
        "Blood runs back through a pump that stands.";
    PowerOff Pumping "power off"
        "the rotor is held, and something is to be pumped or the line is as above"
        "Support ends, and the next hand takes the power away.";
    RetrogradeTrial RunsBackward "set mode retrograde_trial"
        "always"
        "Blood flows backward and the patient is without support: not to be had by a slip among the modes.";
    VenousReturn ProtectsArtery "set return_is_arterial to 0"
        "as with land"
        "The floor against backflow and the hold on air before an artery end at once.";
    HandBack OtherUnwell "hand back"
        "the other unit has an alarm of its own or runs on its battery, and nothing is wrong with this one"
        "The head goes from the unit that is well to the one that is not.";
}

impl Danger {
    /// What is to be feared of this command.
    pub(super) fn of(command: Command) -> Option<Self> {
        match command {
            Command::Land => Some(Self::Land),
            Command::PowerOff => Some(Self::PowerOff),
            Command::SetMode { mode: Mode::RetrogradeTrial, .. } => Some(Self::RetrogradeTrial),
            Command::Set { setting, value } => {
                let is_vessel = Some(setting) == TherapySettings::index_of("return_is_arterial");
                (is_vessel && (0.0..0.5).contains(&value)).then_some(Self::VenousReturn)
            }
            Command::HandBack => Some(Self::HandBack),
            _ => None,
        }
    }
}

/// An order that was asked back.
#[derive(Clone, Copy, Debug)]
pub(super) struct AskedBack {
    command: Command,
    origin: Origin,
    /// For which it can still be given again.
    periods: u32,
}

impl SupervisorTask {
    /// A question does not stand for ever.
    pub(super) fn watch_question(&mut self) {
        self.asked_back = self.asked_back.and_then(|asked| {
            let periods = asked.periods.checked_sub(1)?;
            Some(AskedBack { periods, ..asked })
        });
    }

    /// The question that this command has to be given again for.
    pub(super) fn question(&mut self, command: Command, asked: Asked) -> Option<Refusal> {
        let danger = Danger::of(command).filter(|danger| self.is_near(*danger))?;
        let before = self.asked_back.take();
        let is_answer =
            before.is_some_and(|before| before.command == command && before.origin == asked.origin);
        if is_answer {
            return None;
        }
        self.asked_back = Some(AskedBack { command, origin: asked.origin, periods: AGAIN_PERIODS });
        Some(danger.question())
    }

    fn is_near(&self, danger: Danger) -> bool {
        match danger {
            Danger::Land | Danger::VenousReturn => self.holds_back(),
            Danger::PowerOff => self.holds_rotor() && self.pumps() || self.holds_back(),
            Danger::RetrogradeTrial => true,
            Danger::HandBack => self.is_well_alone(),
        }
    }

    /// The other unit has an alarm of its own or a low battery, and this one none.
    fn is_well_alone(&self) -> bool {
        let there = self.peer_therapy.fresh(PEER_THERAPY_US_MAX).map_or(0, |there| there.alarms);
        let levitation = self.levitation.fresh(SILENT_US_MAX).map(|levitation| levitation.faults);
        let circuit = self.circulation.fresh(SILENT_US_MAX).map_or(0, |seen| seen.alarms);
        let here = levitation.map(|faults| (faults | circuit | self.own_alarms) & !PAST);
        let is_well_there = there & !PAST == 0 && self.is_fed_there();
        !is_well_there && here == Some(0) && !self.is_challenged() && self.is_fed_here()
    }

    /// The other unit sees the rotor elsewhere: it may be the one that is right.
    fn is_challenged(&self) -> bool {
        let told = self.levitation.fresh(SILENT_US_MAX).map_or(0, |levitation| levitation.pair_alarms);
        told & alarm::CHALLENGED != 0
    }
}
