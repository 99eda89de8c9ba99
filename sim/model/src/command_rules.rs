// SPDX-License-Identifier: Apache-2.0
//! What fails while commands are sent, and ways to break their rules: each takes one rule away, as if the core did not have it.

/// A way to break the rules, to see that the search finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CommandBreak {
    /// The gate does not look at the time.
    GateWithoutExpiry,
    /// The supervisor does not look at the time.
    SupervisorWithoutExpiry,
    /// The supervisor takes what it finds of the link task's clock for now, whether that task stands or not.
    ClockThatStands,
    /// The gate does not look at the session.
    GateWithoutSession,
    /// A unit that starts anew begins the session that it had.
    SameSession,
    /// The gate forgets which numbers it has seen.
    GateWithoutSequence,
    /// The gate does not wait for the answer.
    GateWithoutAnswer,
    /// A supervisor that starts looks at what lies in its mailbox.
    StartsWithTheMail,
    /// The sender sends each command once and waits for its answer or its end.
    SendsOnce,
}

impl CommandBreak {
    /// In words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::GateWithoutExpiry => "the gate does not look at the time",
            Self::SupervisorWithoutExpiry => "the supervisor does not look at the time",
            Self::ClockThatStands => "the supervisor believes the clock of a link task that stands",
            Self::GateWithoutSession => "the gate does not look at the session",
            Self::SameSession => "a unit that starts anew begins the same session",
            Self::GateWithoutSequence => "the gate forgets the numbers that it has seen",
            Self::GateWithoutAnswer => "the gate does not wait for the answer",
            Self::StartsWithTheMail => "a supervisor that starts carries out what lies in its mailbox",
            Self::SendsOnce => "the sender does not repeat a command that has no answer",
        }
    }

    /// What fails where it shows.
    #[must_use]
    pub fn shown_by(self) -> Row {
        match self {
            Self::GateWithoutSession | Self::SameSession => Row::Unit,
            Self::StartsWithTheMail => Row::Supervisor,
            Self::ClockThatStands => Row::Stands,
            _ => Row::Link,
        }
    }
}

/// What fails beside the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Row {
    /// Nothing.
    Link,
    /// The sender starts anew.
    Sender,
    /// The unit starts anew, with a new session.
    Unit,
    /// Link task, supervisor or both stand and go on.
    Stands,
    /// The supervisor starts anew.
    Supervisor,
}

impl Row {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Link, Self::Sender, Self::Unit, Self::Stands, Self::Supervisor];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Link => "nothing else",
            Self::Sender => "the sender starts anew",
            Self::Unit => "the unit starts anew",
            Self::Stands => "a task stands",
            Self::Supervisor => "the supervisor starts anew",
        }
    }

    /// Most time from the moment at which all works until a command is carried out \[ms\]: the worst that the search finds, no more and no less. That it
    /// ends is plain: what the sender waits for is void after its life, and each command that the attacker has kept comes before its next one once.
    #[must_use]
    pub fn served_max_ms(self) -> i16 {
        match self {
            Self::Link | Self::Stands | Self::Supervisor => 80,
            // Nobody repeats what a sender or a unit that starts anew has forgotten: its life passes.
            Self::Sender | Self::Unit => 105,
        }
    }

    /// How often it fails.
    #[must_use]
    pub fn failures(self) -> u8 {
        match self {
            Self::Link => 0,
            Self::Sender | Self::Unit | Self::Stands | Self::Supervisor => 2,
        }
    }
}
