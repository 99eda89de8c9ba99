// SPDX-License-Identifier: Apache-2.0
//! The guide for priming as the supervisor runs it: what it sees, what is done of what it wants, and what ends it.
//!
//! # Restart
//! How far it had come is lost with this task; the speed that it has set stands.

use super::{Command, Refusal, SILENT_US_MAX, SupervisorTask, UnitState};
use crate::circulation::sensing::{CircuitOrder, OrderResult};
use crate::circulation::therapy::Mode;
use crate::mail::Mailboxes;
use crate::priming::{Outcome, Priming, PrimingInput, PrimingMail, PrimingOrder};

impl SupervisorTask {
    /// What the operator says to the guide.
    ///
    /// # Errors
    /// It is not under way, or the step is none that people confirm.
    pub(super) fn prime(&mut self, order: PrimingOrder, mail: &Mailboxes) -> Result<(), Refusal> {
        match (&mut self.priming, order) {
            (_, PrimingOrder::Begin) => {
                let run = mail.priming.read::<PrimingMail>().map_or(0, |(_, before)| before.run);
                self.priming = Some(Priming::new(run.wrapping_add(1)));
            }
            (None, _) => return Err(Refusal::NoGuide),
            (Some(guide), PrimingOrder::Confirm) => {
                return guide.confirm().then_some(()).ok_or(Refusal::GuideSees);
            }
            (Some(guide), PrimingOrder::Skip) => guide.skip(),
            (Some(guide), PrimingOrder::End) => guide.end(Outcome::Ended),
        }
        Ok(())
    }

    /// A command that was carried out and begins something else.
    pub(super) fn end_priming_by(&mut self, command: Command) {
        let goes_with_it = matches!(
            command,
            Command::Prime(_)
                | Command::LiftOff
                | Command::LiftOffAlone
                | Command::Set { .. }
                | Command::Resume
                | Command::Rejoin
        );
        if !goes_with_it {
            self.end_priming(Outcome::OtherOrder);
        }
    }

    /// The guide ends if it is under way.
    pub(super) fn end_priming(&mut self, outcome: Outcome) {
        if let Some(guide) = &mut self.priming {
            guide.end(outcome);
        }
    }

    /// One step of the guide, if it is under way.
    pub(super) fn run_priming(&mut self, mail: &Mailboxes) {
        let order_done = self.circuit_order_done();
        let Some(mut guide) = self.priming.take() else { return };
        if self.mirrors {
            guide.end(Outcome::RotorLost);
        }
        let wish = guide.step(&PrimingInput {
            holds: self.state == UnitState::Operating,
            is_well: self.is_well,
            circulation: self.circulation.fresh(SILENT_US_MAX),
            order_done,
        });
        if let Some(speed_rpm) = wish.speed_rpm {
            // A speed beyond this drive's limit is not set: what the step waits for comes at the speed before, or it is skipped.
            if self.set_mode(Mode::Speed, speed_rpm).is_ok() {
                self.unchanged_periods = 0;
            }
        }
        self.resumes = self.resumes.wrapping_add(u32::from(wish.resumes));
        mail.priming.write(&guide.report());
        self.priming = (!guide.is_over()).then_some(guide);
    }

    /// The order to the circuit's sensors that was carried out since the period before.
    fn circuit_order_done(&mut self) -> Option<CircuitOrder> {
        let seen = self.circulation.latest()?;
        let now = (seen.order_number, seen.order_result);
        let before = self.order_seen.replace(now)?;
        let order = self.circuit_order.latest().filter(|order| order.number == seen.order_number)?;
        let is_done = now != before && seen.order_result == OrderResult::Done as u32;
        CircuitOrder::from_code(order.kind).filter(|_| is_done)
    }
}

/// What a guide before a restart of this task had come to is over.
pub(super) fn recall_priming(mail: &Mailboxes) {
    let before = mail.priming.read::<PrimingMail>().map(|(_, before)| before);
    if let Some(before) = before.filter(|before| before.outcome == Outcome::UnderWay as u32) {
        mail.priming.write(&PrimingMail { outcome: Outcome::CutOff as u32, ..before });
    }
}
