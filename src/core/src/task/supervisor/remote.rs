// SPDX-License-Identifier: Apache-2.0
//! Commands of the link: who asked, what is answered, and what is too late.
//!
//! # Stale input
//! A command of the link is void from a moment of the link task's clock on. While that clock is not known to run, it is void. What the clock
//! said last is counted on by the time since it was found in the mailbox. Where the link task stood it had lain there before, for less than
//! one period of this task, 10 ms: by so much a command can be carried out too late.
//!
//! # Restart
//! What lies in the mailbox when a supervisor starts is not carried out: nobody knows whether it was.

use super::{Command, LINK_SILENT_US_MAX, Refusal, SupervisorTask};
use crate::link::is_past;
use crate::mail::{Mailboxes, SupervisorMail};

/// Who asks for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The operator at this unit.
    Local,
    /// Somebody on the link who has the key.
    Link,
    /// This unit, for its self-test.
    SelfTest,
}

/// A command that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) origin: Origin,
    pub(super) number: u32,
}

/// The last command of an origin that was looked at to the end, and what became of it: 0, or the code of a [`Refusal`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answered {
    pub(super) number: u32,
    pub(super) result: u32,
}

impl SupervisorTask {
    /// Answers whoever asked.
    pub(super) fn conclude(&mut self, asked: Asked, result: u32) {
        let answered = Answered { number: asked.number, result };
        match asked.origin {
            Origin::Local => self.answered = answered,
            Origin::Link => self.remote_answered = answered,
            Origin::SelfTest => self.self_test_answered(result),
        }
    }

    /// A supervisor before this one may have carried out what lies in the mailbox.
    pub(super) fn forget_remote(&mut self, last: Option<&SupervisorMail>) {
        let before = last.map_or_else(Answered::default, |last| Answered {
            number: last.remote_number,
            result: last.remote_result,
        });
        self.remote_answered = match self.remote.latest() {
            Some(mail) if mail.number != before.number => {
                Answered { number: mail.number, result: Refusal::TooLate as u32 }
            }
            _ => before,
        };
    }

    /// What the clock of the link task says now, while it is known to run: what it said, the time since, and the millisecond by which it
    /// is behind when it is read.
    fn link_time_ms(&self) -> Option<u32> {
        let link = self.link.fresh(LINK_SILENT_US_MAX)?;
        Some(link.time_ms.wrapping_add((self.link.age_us() / 1000).saturating_add(1)))
    }

    /// Carries out a command of the link whose number is new.
    pub(super) fn obey_link(&mut self, mailboxes: &Mailboxes) {
        let answered = self.remote_answered.number;
        let Some(mail) = self.remote.latest().filter(|mail| mail.number != answered) else { return };
        let asked = Asked { origin: Origin::Link, number: mail.number };
        if self.awaiting.is_some_and(|awaiting| awaiting.asked == asked) {
            return;
        }
        let now_ms = self.link_time_ms();
        let result = if now_ms.is_none_or(|now_ms| is_past(mail.expires_ms, now_ms)) {
            Err(Refusal::TooLate)
        } else if self.awaiting.is_some() || self.is_untold(mail.kind) {
            Err(Refusal::UnderWay)
        } else {
            Command::from_code(mail.kind, mail.value)
                .ok_or(Refusal::Unknown)
                .and_then(|command| self.apply(command, asked, mailboxes))
        };
        if self.awaiting.is_none_or(|awaiting| awaiting.asked != asked) {
            self.conclude(asked, result.map_or_else(|refusal| refusal as u32, |()| 0));
        }
    }
}
