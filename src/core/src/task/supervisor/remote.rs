// SPDX-License-Identifier: Apache-2.0
//! Commands of the link: who asked, what is answered, and what is too late.
//!
//! # Stale input
//! A command of the link is void from a moment of the link task's clock on. While that clock is not known to run, it is void. To what the clock
//! said last are added the time since it was found in the mailbox and one period of this task, for which it may have lain there unread: the link
//! task may have stood. So nothing is carried out too late, and what has 10 ms left or less is void already.
//!
//! # Restart
//! What lies in the mailbox when a supervisor starts is not carried out: nobody knows whether it was.
//!
//! # Shown by
//! `tests.rs`; in every order of events `sim/model/src/commands.rs`.

use super::{Command, LINK_SILENT_US_MAX, Refusal, SupervisorTask};
use crate::link::is_past;
use crate::mail::{Mailboxes, SupervisorMail};
use crate::schedule::TaskId;

/// Longest time for which what is found in a mailbox has lain there [ms].
const PERIOD_MS: u32 = TaskId::Supervisor.slot().period_us() / 1000;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answered {
    /// Its number.
    pub number: u32,
    /// What became of it.
    pub result: u32,
}

impl Answered {
    /// For a supervisor that starts: one before it has said `before`, and may have carried out what lies in the mailbox.
    #[must_use]
    pub fn at_start(before: Self, lying: Option<u32>) -> Self {
        match lying {
            Some(number) if number != before.number => Self { number, result: Refusal::TooLate as u32 },
            _ => before,
        }
    }

    /// A command of the link with this number was not answered yet.
    #[must_use]
    pub fn is_new(&self, number: u32) -> bool {
        number != self.number
    }
}

/// Whether a command of the link is void by now, or may be. `told_ms`: the clock of the link task as it was found in the mailbox `age_us`
/// ago; `None`: never.
#[must_use]
pub fn is_void(expires_ms: u32, told_ms: Option<u32>, age_us: u32) -> bool {
    let fresh = told_ms.filter(|_| age_us <= LINK_SILENT_US_MAX);
    let latest_ms = |told_ms: u32| told_ms.wrapping_add((age_us / 1000).saturating_add(PERIOD_MS));
    fresh.is_none_or(|told_ms| is_past(expires_ms, latest_ms(told_ms)))
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
        self.remote_answered = Answered::at_start(before, self.remote.latest().map(|mail| mail.number));
    }

    /// Carries out a command of the link whose number is new.
    pub(super) fn obey_link(&mut self, mailboxes: &Mailboxes) {
        let answered = self.remote_answered;
        let Some(mail) = self.remote.latest().filter(|mail| answered.is_new(mail.number)) else { return };
        let asked = Asked { origin: Origin::Link, number: mail.number };
        if self.awaiting.is_some_and(|awaiting| awaiting.asked == asked) {
            return;
        }
        let told_ms = self.link.latest().map(|link| link.time_ms);
        let result = if is_void(mail.expires_ms, told_ms, self.link.age_us()) {
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
