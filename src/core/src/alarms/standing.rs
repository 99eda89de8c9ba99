// SPDX-License-Identifier: Apache-2.0
//! One alarm in time: from the sign over the condition delay to the alarm, and from there to its sound.
//!
//! ```text
//! Quiet --sign for its delay--> Standing --sign away for CLEAR_MS--> Quiet, or Latched if it latches and is not acknowledged
//! Latched --acknowledged--> Quiet;  Latched --sign for its delay--> Standing
//! ```
//! The condition delay leaks: a sign that is there for more than half of the time has stood for its delay in the end, one that comes and
//! goes more rarely has not.

use super::PERIOD_MS;
use super::entry::{Alarm, Priority};

/// A sign that is away for less is the same alarm: one that flickers is not many [ms].
pub const CLEAR_MS: u32 = 1000;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// For how long the sign has stood, less for how long it has been away [ms].
    stood_ms: u32,
    /// For how long it has been away [ms].
    away_ms: u32,
    /// For how long the alarm has stood without being acknowledged [ms]; none: it does not stand.
    unanswered_ms: Option<u32>,
    /// For how long it has been acknowledged [ms].
    answered_ms: Option<u32>,
    latched: bool,
}

impl Standing {
    /// One period. True when the alarm is new.
    pub fn step(&mut self, alarm: &Alarm, sign: bool) -> bool {
        if sign {
            let most_ms = alarm.condition_delay_ms.saturating_add(PERIOD_MS);
            self.stood_ms = self.stood_ms.saturating_add(PERIOD_MS).min(most_ms);
            self.away_ms = 0;
        } else {
            self.stood_ms = self.stood_ms.saturating_sub(PERIOD_MS);
            self.away_ms = self.away_ms.saturating_add(PERIOD_MS);
        }
        self.unanswered_ms = self.unanswered_ms.map(|ms| ms.saturating_add(PERIOD_MS));
        self.answered_ms = self.answered_ms.map(|ms| ms.saturating_add(PERIOD_MS));
        let is_new = sign && self.stood_ms > alarm.condition_delay_ms && (!self.stands() || self.latched);
        if is_new {
            *self = Self { stood_ms: self.stood_ms, unanswered_ms: Some(0), ..Self::default() };
        } else if self.away_ms >= CLEAR_MS {
            let latches = alarm.latching && self.answered_ms.is_none() && self.stands();
            self.latched = latches;
            if !latches {
                (self.unanswered_ms, self.answered_ms) = (None, None);
            }
        }
        is_new
    }

    /// The operator has seen it.
    pub fn acknowledge(&mut self) {
        if self.latched {
            (self.unanswered_ms, self.latched) = (None, false);
        } else if self.stands() {
            self.answered_ms = Some(0);
        }
    }

    /// An acknowledgement lasts for so long, then the alarm is heard again.
    pub fn remind_after_ms(&mut self, reminder_ms: u32) {
        if self.answered_ms.is_some_and(|ms| ms >= reminder_ms) {
            self.answered_ms = None;
        }
    }

    /// It is shown.
    pub const fn stands(&self) -> bool {
        self.unanswered_ms.is_some()
    }

    /// It is shown although its condition has ended.
    pub const fn is_latched(&self) -> bool {
        self.latched
    }

    /// It is shown, and the operator has seen it.
    pub const fn is_acknowledged(&self) -> bool {
        self.answered_ms.is_some()
    }

    /// Its priority now, if it stands.
    pub fn priority(&self, alarm: &Alarm) -> Option<Priority> {
        let stood_ms = self.unanswered_ms?;
        let escalates = alarm.escalates_after_s != 0
            && !self.is_acknowledged()
            && stood_ms >= alarm.escalates_after_s.saturating_mul(1000);
        Some(if escalates { alarm.priority().above() } else { alarm.priority() })
    }

    /// Whether it is to be heard.
    pub fn sounds(&self, alarm: &Alarm) -> bool {
        !self.is_acknowledged() && self.unanswered_ms.is_some_and(|ms| ms >= alarm.signal_delay_ms)
    }
}
