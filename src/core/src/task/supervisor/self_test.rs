// SPDX-License-Identifier: Apache-2.0
//! The self-test as the supervisor runs it: who has the head meanwhile, and what follows from what was found.
//!
//! # States
//! ```text
//! begin --> under way --over--> nothing failed, or only what warns: Standby
//!              |        +-----> something failed that blocks: Standby, lift-off refused, isolated --Rejoin--> as if it had passed
//!              +--Land, lift-off, the head has come to this unit, this task starts anew--> over, the rest was not run
//! ```
//! Any failure raises `SELF_TEST`, until the next start. A test of this program may be wrong and a patient may have no other unit, so nothing
//! blocks for good: where no other unit serves `Rejoin` is the operator's word for it, as after a failure in operation.
//! That a unit was blocked outlives every reset but a power-up, as the reason of its isolation ([`crate::arbitration`]), and with it the alarm.
//!
//! # Shown by
//! `tests/self_test.rs`; `sim/levitas/tests/self_test.rs`.

use super::remote::{Asked, Origin};
use super::{Isolation, Order, Refusal, SILENT_US_MAX, SupervisorTask, UnitState, release_probe};
use crate::link::PeerMail;
use crate::mail::{Mailboxes, fault};
use crate::power::messages::PowerMail;
use crate::probe::ProbeResult;
use crate::schedule::TaskId;
use crate::self_test::{MemoryChecks, SelfTest, SelfTestInput, SelfTestReport, Stage};
use crate::warming::messages::CutOutMail;

/// A pair that has refused to let this unit go is asked again after so many periods: 1 s. What it refuses for is a rotor that nobody else holds.
const LEAVE_PERIODS: u32 = TaskId::Supervisor.slot().rate_hz;

impl SupervisorTask {
    /// The unit has just been switched on and tests itself. Before the first period.
    pub fn begin_self_test(&mut self, memory: MemoryChecks) {
        self.self_test = Some(SelfTest::new(&self.unit, self.role, memory, 0));
    }

    /// One step of the self-test, if it is under way.
    pub(super) fn run_self_test(&mut self, mail: &Mailboxes) {
        let Some(mut test) = self.self_test.take() else { return };
        let is_awaited = self.awaiting.is_some();
        if !matches!(self.state, UnitState::Standby | UnitState::Service) {
            test.stop();
        }
        let input = SelfTestInput {
            levitation: self.levitation.fresh(SILENT_US_MAX),
            peer: mail.peer.read::<PeerMail>().map(|(_, peer)| peer).filter(|peer| !peer.silent),
            power: PowerMail::heard(&self.power),
            cut_out: mail.cut_out.read::<CutOutMail>().map(|(_, cut_out)| cut_out),
            result: mail.probe_result.read::<ProbeResult>().map(|(_, result)| result),
            has_head: self.state == UnitState::Service && !is_awaited,
        };
        if let Some(request) = test.step(&input) {
            mail.probe_request.write(&request);
        }
        let report = test.report();
        mail.self_test.write(&report);
        let needs_head = test.needs_head();
        // An order that is under way is answered first: the state is given back here.
        self.self_test = (is_awaited || !report.is_over()).then_some(test);
        match (self.state, needs_head) {
            (UnitState::Standby, true) if !is_awaited => {
                self.begin(UnitState::Service, false, Asked { origin: Origin::SelfTest, number: 0 });
            }
            (UnitState::Service, false) if !is_awaited => {
                self.state = UnitState::Standby;
                release_probe(mail);
            }
            _ => {}
        }
        if report.is_over() {
            self.take_report(&report);
        }
    }

    /// The operator does not wait for it: what was not looked at by now was not run.
    pub(super) fn end_self_test(&mut self, mail: &Mailboxes) {
        let Some(mut test) = self.self_test.take() else { return };
        test.stop();
        let report = test.report();
        mail.self_test.write(&report);
        self.take_report(&report);
        if self.state == UnitState::Service {
            self.state = UnitState::Standby;
            release_probe(mail);
        }
    }

    /// What follows from what was found.
    fn take_report(&mut self, report: &SelfTestReport) {
        if report.failed != 0 {
            self.own_alarms |= fault::SELF_TEST;
        }
        self.is_blocked = report.blocks();
        self.leaves = self.is_blocked;
    }

    /// The pair's answer to the order of the self-test.
    pub(super) fn self_test_answered(&mut self, result: u32) {
        if let Some((test, refusal)) = self.self_test.as_mut().zip(Refusal::from_code(result)) {
            test.refused(refusal);
        }
    }

    /// Why this unit is isolated, as the pair said last.
    pub(super) fn isolation(&self) -> Option<Isolation> {
        Isolation::from_code(self.levitation.latest()?.isolation)
    }

    /// A unit that should not drive leaves the pair as soon as it has let go of the head, and asks until it has left: the other unit is to know
    /// that it has no backup. One that was blocked before a reset says so again.
    pub(super) fn leave(&mut self) {
        if self.isolation() == Some(Isolation::SelfTest) {
            self.own_alarms |= fault::SELF_TEST;
        }
        self.leave_periods = self.leave_periods.saturating_sub(1);
        let Some(levitation) = self.levitation.fresh(SILENT_US_MAX).filter(|_| self.leaves) else { return };
        let is_free = self.state == UnitState::Standby && !self.drives && self.awaiting.is_none();
        match self.isolation() {
            Some(Isolation::SelfTest) => self.leaves = false,
            // Out of the pair for another reason: it leaves for this one when that is over.
            Some(_) => {}
            None if is_free && levitation.order_number == self.order_number && self.leave_periods == 0 => {
                self.order(Order::Isolate);
                self.leave_periods = LEAVE_PERIODS;
            }
            None => {}
        }
    }

    /// The operator wants this unit in the pair, whatever has been found.
    pub(super) fn rejoin(&mut self, asked: Asked, mail: &Mailboxes) {
        // One that could not leave has nothing to ask the pair.
        if self.isolation().is_some() || !self.is_blocked {
            self.ask(Order::Rejoin, asked);
        } else {
            self.waive(mail);
        }
    }

    /// It is in the pair by the operator's word: what was found blocks no more.
    pub(super) fn waive(&mut self, mail: &Mailboxes) {
        self.leaves = false;
        let was_blocked = core::mem::take(&mut self.is_blocked);
        if was_blocked && let Some((_, report)) = mail.self_test.read::<SelfTestReport>() {
            mail.self_test.write(&SelfTestReport { stage: Stage::Waived as u32, ..report });
        }
    }

    /// A self-test before a restart of this task is over, as far as it had come; what it has found stands.
    pub(super) fn recall_self_test(&mut self, mail: &Mailboxes) {
        let Some((_, mut report)) = mail.self_test.read::<SelfTestReport>() else { return };
        if !report.is_over() {
            report.stage = Stage::Over as u32;
            mail.self_test.write(&report);
            release_probe(mail);
        }
        self.take_report(&report);
    }
}
