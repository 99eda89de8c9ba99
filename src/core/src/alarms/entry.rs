// SPDX-License-Identifier: Apache-2.0
//! What an entry of the alarm table says, and how its priority follows from harm and onset.
//!
//! # Source
//! Priorities: IEC 60601-1-8, table 1, as secondary sources give it (`docs/alarms.md`).

use crate::code::from_code;

/// What a task needs that sees the cause by itself, or misses another one [ms].
const DETECTION_MS: u32 = 100;

/// What comes of it when nobody answers the alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Death, or an injury that stays.
    Death,
    /// An injury that heals.
    Injury,
    /// Discomfort, or delay.
    Minor,
}

/// How soon it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onset {
    /// Sooner than anybody can answer.
    Immediate,
    /// There is time to answer, not to leave.
    Prompt,
    /// Minutes to hours.
    Delayed,
}

/// How much an alarm hurries; the order is that of the codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Priority {
    /// Be aware.
    Low = 1,
    /// Answer promptly.
    Medium = 2,
    /// Answer at once.
    High = 3,
}

from_code!(Priority: u32 { Low, Medium, High });

impl Priority {
    /// As logs spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The next one up.
    #[must_use]
    pub const fn above(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium | Self::High => Self::High,
        }
    }
}

/// What an alarm is a sign of: one bit of one of the words that the tasks write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Of [`crate::mail::fault`]: this unit.
    Fault(u32),
    /// Of [`crate::circulation::conditions`].
    Circulation(u32),
    /// Of [`crate::arbitration::alarm`]: the two units.
    Pair(u32),
    /// Of [`crate::warming::conditions`].
    Warming(u32),
    /// Of [`crate::power::conditions`].
    Power(u32),
    /// Of [`silence`](super::silence): a task that is not heard of.
    Silence(u32),
}

/// When a sign is an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Whatever the unit does.
    Always,
    /// While a rotor is to be held, by whichever unit.
    Therapy,
    /// On the unit that drives the head, for two buzzers for one cause help nobody; on each while nobody drives.
    Drives,
}

/// One alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// As logs, metrics and the shell spell it.
    pub name: &'static str,
    /// Its condition.
    pub sign: Sign,
    /// See [`Harm`].
    pub harm: Harm,
    /// See [`Onset`].
    pub onset: Onset,
    /// See [`When`].
    pub when: When,
    /// Its signals go on after the condition has ended, until it is acknowledged.
    pub latching: bool,
    /// From the cause to the sign at most, what the tasks need to find it [ms]; from the moment on at which the cause is as large as it has to be.
    pub detection_ms: u32,
    /// For how long the sign must stand [ms].
    pub condition_delay_ms: u32,
    /// From the alarm to its sound [ms]; light and text come at once.
    pub signal_delay_ms: u32,
    /// One priority more when nobody has acknowledged it for so long [s]; 0: never.
    pub escalates_after_s: u32,
    /// The headline, at most 32 characters.
    pub message: &'static str,
    /// What to do, in one or two sentences.
    pub action: &'static str,
}

impl Alarm {
    /// An alarm without delays that ends with its condition.
    #[must_use]
    pub const fn new(name: &'static str, sign: Sign, when: When, harm: Harm, onset: Onset) -> Self {
        Self {
            name,
            sign,
            harm,
            onset,
            when,
            latching: false,
            detection_ms: DETECTION_MS,
            condition_delay_ms: 0,
            signal_delay_ms: 0,
            escalates_after_s: 0,
            message: "",
            action: "",
        }
    }

    /// It latches.
    #[must_use]
    pub const fn latching(self) -> Self {
        Self { latching: true, ..self }
    }

    /// Found that late.
    #[must_use]
    pub const fn found_within_ms(self, detection_ms: u32) -> Self {
        Self { detection_ms, ..self }
    }

    /// With its condition delay.
    #[must_use]
    pub const fn after_ms(self, condition_delay_ms: u32) -> Self {
        Self { condition_delay_ms, ..self }
    }

    /// With its signal delay.
    #[must_use]
    pub const fn sounds_after_ms(self, signal_delay_ms: u32) -> Self {
        Self { signal_delay_ms, ..self }
    }

    /// With its escalation.
    #[must_use]
    pub const fn escalates_after_s(self, escalates_after_s: u32) -> Self {
        Self { escalates_after_s, ..self }
    }

    /// With its texts.
    #[must_use]
    pub const fn says(self, message: &'static str, action: &'static str) -> Self {
        Self { message, action, ..self }
    }

    /// By harm and onset.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        match (self.harm, self.onset) {
            (Harm::Death, Onset::Immediate | Onset::Prompt) | (Harm::Injury, Onset::Immediate) => {
                Priority::High
            }
            (Harm::Death, Onset::Delayed)
            | (Harm::Injury, Onset::Prompt)
            | (Harm::Minor, Onset::Immediate) => Priority::Medium,
            (Harm::Injury, Onset::Delayed) | (Harm::Minor, Onset::Prompt | Onset::Delayed) => Priority::Low,
        }
    }

    /// What has happened: the sentence of its bit, where the bit is declared.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        let (table, bit) = match self.sign {
            Sign::Fault(bit) => (crate::mail::fault::TABLE, bit),
            Sign::Circulation(bit) => (crate::circulation::conditions::TABLE, bit),
            Sign::Pair(bit) => (crate::arbitration::alarm::TABLE, bit),
            Sign::Warming(bit) => (crate::warming::conditions::TABLE, bit),
            Sign::Power(bit) => (crate::power::conditions::TABLE, bit),
            Sign::Silence(bit) => (super::silence::TABLE, bit),
        };
        table.iter().find(|(mask, ..)| *mask == bit).map_or("", |(_, _, text)| text)
    }
}
