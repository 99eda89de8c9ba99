// SPDX-License-Identifier: Apache-2.0
//! What is kept over a reset, and how the unit goes on after one.
//!
//! # States
//! ```text
//! reset while this unit drove --> Standby, what was kept stands --this unit takes the head--> Operating, with it: `RESTARTED`
//!                                     |     |
//!                                     |     +--`KEPT_PERIODS`--> Standby --this unit takes the head--> Operating: `RESTARTED`, `THERAPY_LOST`
//!                                     +--the other unit drives, or the operator begins anew--> forgotten
//! ```
//! The levitation task takes the head by itself ([`crate::arbitration`], restart) unless the other unit drives. What was kept goes before what
//! a unit tells that does not drive: that one may have been reset, too, and know nothing. It ages as the therapy of the other unit does;
//! after that the speed that the rotor has is held, with `THERAPY_LOST`. While it stands it is kept for the next reset, which may come before
//! the head is taken. An order of the operator that is refused changes nothing.
//!
//! What carries over is what carries over to the other unit (`therapy.rs`).
//!
//! # Shown by
//! `tests/reset.rs`; `tests/scenarios/4n_reboot_alone.toml`, `4o_reboot_while_air_holds.toml`.

use super::SupervisorTask;
use crate::arbitration::Isolation;
use crate::link::{PEER_THERAPY_US_MAX, PeerMail, PeerReport, PeerTherapy};
use crate::mail::{Mailboxes, fault};
use crate::retained::Retained;
use crate::schedule::TaskId;

/// Periods for which what was kept stands, and the alarm of a restart: as long as the therapy of the other unit.
pub(super) const KEPT_PERIODS: u32 = PEER_THERAPY_US_MAX / TaskId::Supervisor.slot().period_us();

/// What was kept over the last reset, and what is kept for the next one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    /// This unit drove, and nobody has taken or been given the head since.
    drove: bool,
    before: Option<PeerTherapy>,
    /// Since the reset, up to [`KEPT_PERIODS`].
    periods: u32,
    /// For which the alarm is still raised.
    told_periods: u32,
    /// Of the last record that was written, and why this unit was isolated by then.
    number: u32,
    isolation: Option<Isolation>,
}

impl Kept {
    /// The therapy before the reset, while it stands.
    pub(super) const fn therapy(&self) -> Option<PeerTherapy> {
        self.before
    }

    /// It is of no account any more.
    pub(super) const fn forget(&mut self) {
        (self.drove, self.before) = (false, None);
    }
}

impl SupervisorTask {
    /// This unit was reset while it drove, and this was its therapy. Before the first period.
    pub fn restart(&mut self, before: &PeerTherapy) {
        self.kept = Kept { drove: true, before: Some(*before), ..Kept::default() };
    }

    /// The number of the records and what stands of the last one, over a restart of this task or of the unit.
    pub(super) fn count_on(&mut self, mail: &Mailboxes) {
        let last = mail.retained.read::<Retained>().map(|(_, last)| last);
        self.kept.number = last.map_or(0, |last| last.number);
        self.kept.isolation = last.and_then(|last| last.isolation);
    }

    /// What was kept grows old, and ends where the other unit drives.
    pub(super) fn watch_kept(&mut self, mail: &Mailboxes) {
        self.kept.told_periods = self.kept.told_periods.saturating_sub(1);
        if self.kept.told_periods == 0 {
            self.own_alarms &= !fault::RESTARTED;
        }
        if !self.kept.drove {
            return;
        }
        self.kept.periods = self.kept.periods.saturating_add(1);
        if mail.peer.read::<PeerMail>().is_some_and(|(_, peer)| peer.drives()) {
            self.kept.forget();
        }
        if self.kept.periods >= KEPT_PERIODS {
            self.mirrors &= self.kept.before.take().is_none();
        }
    }

    /// This unit has the head. Whether it goes on with what was kept.
    pub(super) fn carry_on(&mut self) -> bool {
        if self.kept.drove {
            self.own_alarms |= fault::RESTARTED;
            self.kept.told_periods = KEPT_PERIODS;
        }
        let before = self.kept.before;
        self.kept.forget();
        if let Some(before) = &before {
            self.take(before);
        }
        before.is_some()
    }

    /// What is kept from now on.
    pub(super) fn keep(&mut self, mail: &Mailboxes) {
        // What a levitation task has said that stands now is the last that is known: that it stands may be why the reset comes.
        let levitation = self.levitation.latest();
        let report = levitation.map(|levitation| PeerReport::from_bits(levitation.report));
        let alarms = levitation.map_or(0, |levitation| levitation.faults) | self.own_alarms;
        let drives = report.is_some_and(|report| report.drives && report.therapy);
        let now = self.own_therapy.now(&self.therapy, &self.circulation, alarms);
        self.kept.number = self.kept.number.wrapping_add(1);
        if levitation.is_some() {
            // What blocks a unit that the pair has not let go yet would not be looked for again; one that holds a rotor is to hold it again.
            let is_blocked = self.is_blocked && !drives;
            self.kept.isolation = self.isolation().or(is_blocked.then_some(Isolation::SelfTest));
        }
        mail.retained.write(&Retained {
            number: self.kept.number,
            drove: drives || self.kept.before.is_some(),
            isolation: self.kept.isolation,
            therapy: self.kept.before.unwrap_or(now),
        });
    }
}
