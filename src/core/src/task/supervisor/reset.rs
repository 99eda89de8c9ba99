// SPDX-License-Identifier: Apache-2.0
//! What is kept over a reset, and how the unit goes on after one.
//!
//! # States
//! ```text
//! reset while this unit drove --> Standby, what was kept stands --this unit takes the head--> Operating, with it: `RESTARTED`
//!                                     |
//!                                     +--the other unit drives, or `KEPT_PERIODS`, or the operator begins anew--> forgotten
//! ```
//! The levitation task takes the head by itself ([`crate::arbitration`], restart) unless the other unit drives. What was kept goes before what
//! a unit tells that does not drive: that one may have been reset, too, and know nothing. It ages as the therapy of the other unit does;
//! after that the speed that the rotor has is held, with `THERAPY_LOST`.
//!
//! What carries over is what carries over to the other unit (`therapy.rs`).
//!
//! # Shown by
//! `tests/reset.rs`; `tests/scenarios/4n_reboot_alone.toml`, `4o_reboot_while_air_holds.toml`.

use super::SupervisorTask;
use crate::link::{PEER_THERAPY_US_MAX, PeerMail, PeerReport, PeerTherapy};
use crate::mail::{Mailboxes, fault};
use crate::retained::Retained;
use crate::schedule::TaskId;

/// Periods for which what was kept stands, and the alarm of a restart: as long as the therapy of the other unit.
const KEPT_PERIODS: u32 = PEER_THERAPY_US_MAX / TaskId::Supervisor.slot().period_us();

/// What was kept over the last reset, and what is kept for the next one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    before: Option<PeerTherapy>,
    /// Since the reset, up to [`KEPT_PERIODS`].
    periods: u32,
    /// Of the last record that was written.
    number: u32,
}

impl Kept {
    /// The therapy before the reset, while it stands.
    pub(super) const fn therapy(&self) -> Option<PeerTherapy> {
        self.before
    }

    /// It is of no account any more.
    pub(super) const fn forget(&mut self) {
        self.before = None;
    }
}

impl SupervisorTask {
    /// This unit was reset, and this is what it has kept.
    pub fn restart(&mut self, retained: &Retained) {
        let before = retained.drove.then_some(retained.therapy);
        self.kept = Kept { before, periods: 0, number: retained.number };
    }

    /// What was kept grows old, and ends where the other unit drives.
    pub(super) fn watch_kept(&mut self, mail: &Mailboxes) {
        if self.kept.periods >= KEPT_PERIODS {
            return;
        }
        self.kept.periods = self.kept.periods.saturating_add(1);
        let peer = mail.peer.read::<PeerMail>().map(|(_, peer)| peer);
        if peer.is_some_and(|peer| !peer.silent && PeerReport::from_bits(peer.report).drives) {
            self.kept.forget();
        }
        if self.kept.periods >= KEPT_PERIODS {
            self.own_alarms &= !fault::RESTARTED;
            self.mirrors &= self.kept.before.take().is_none();
        }
    }

    /// This unit has the head. Whether it goes on with what was kept.
    pub(super) fn carry_on(&mut self) -> bool {
        let Some(before) = self.kept.before.take() else { return false };
        self.take(&before);
        self.own_alarms |= fault::RESTARTED;
        true
    }

    /// What is kept from now on.
    pub(super) fn keep(&mut self, mail: &Mailboxes) {
        // What a levitation task has said that stands now is the last that is known: that it stands may be why the reset comes.
        let levitation = self.levitation.latest();
        let report = levitation.map(|levitation| PeerReport::from_bits(levitation.report));
        let alarms = levitation.map_or(0, |levitation| levitation.faults) | self.own_alarms;
        self.kept.number = self.kept.number.wrapping_add(1);
        mail.retained.write(&Retained {
            number: self.kept.number,
            drove: report.is_some_and(|report| report.drives && report.therapy),
            therapy: self.own_therapy.now(&self.therapy, &self.circulation, alarms),
        });
    }
}
