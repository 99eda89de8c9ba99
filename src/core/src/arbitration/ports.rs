// SPDX-License-Identifier: Apache-2.0
//! What goes into the protocol and what comes out of it, once per period of the levitation task.

use super::{Isolation, Line};
use crate::code::from_code;
use crate::link::PeerReport;

/// What a unit knows in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Inputs {
    /// Periods since the last step: one, and those that were missed.
    pub periods: u16,
    /// The other unit's drive line.
    pub line: Line,
    /// The newest report of the other unit while it is fresh; `None` while the link is silent: three frames missing.
    pub peer: Option<PeerReport>,
    /// A fast frame was believed since the last step.
    pub peer_is_new: bool,
    /// This unit would hold the rotor as well as it can: it sees it, and nothing is known that keeps it from doing so.
    pub able: bool,
    /// The self-check passes: own Halls, current and bus sensors, coils and phases as far as they were driven or are tested at rest, gate driver, and nothing refutes it.
    pub fit: bool,
    /// Why the own bearing cannot hold the rotor, if it cannot.
    pub failed: Option<Isolation>,
    /// The own gate driver is off by hardware, and with it the own line.
    pub gate_dead: bool,
    /// The own currents follow the own duties.
    pub current_flows: bool,
    /// The other set's PWM ripple is in the own windings.
    pub foreign_drive: bool,
    /// Nobody holds the rotor: the other set's ripple is not there, and the own gate is shut.
    pub rotor_unheld: bool,
    /// The rotor is beyond 50 um.
    pub rotor_astray: bool,
    /// The rotor is off the wall, as far as the own Halls see.
    pub rotor_floats: bool,
    /// The own measurements agree with the own model.
    pub innovation_ok: bool,
    /// The residual has disagreed with the active unit for 1 ms.
    pub disagrees: bool,
    /// Both units have seen the rotor in the same place for a second, and the own Halls are well.
    pub agrees: bool,
    /// While this unit drives: whether the head is to be held, from lift-off until the rotor has been set down. `None`
    /// while the supervisor has not caught up with a takeover.
    pub therapy: Option<bool>,
    /// What an operator asks for in this period.
    pub order: Option<Order>,
}

/// What an operator can ask of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Drive the head. Refused while the other unit might do so; `alone` says that the operator has looked and there
    /// is none, which is needed only where line and link say nothing.
    Start {
        /// No other unit is connected.
        alone: bool,
    },
    /// Release the head; the rotor has been set down.
    Stop,
    /// Give the head to the other unit, which must be ready.
    HandBack,
    /// Release the head as a failure would, and take it back if the other unit does not hold it.
    Drill,
    /// Leave the pair for what the self-test has found.
    Isolate,
    /// Join the pair again.
    Rejoin,
}

impl Order {
    /// As a code, from 1.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::Start { alone: false } => 1,
            Self::Start { alone: true } => 2,
            Self::Stop => 3,
            Self::HandBack => 4,
            Self::Drill => 5,
            Self::Isolate => 6,
            Self::Rejoin => 7,
        }
    }

    /// The order of a code; `None` for a code that does not exist.
    #[must_use]
    pub const fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            1 => Self::Start { alone: false },
            2 => Self::Start { alone: true },
            3 => Self::Stop,
            4 => Self::HandBack,
            5 => Self::Drill,
            6 => Self::Isolate,
            7 => Self::Rejoin,
            _ => return None,
        })
    }
}

/// Why an order was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Refusal {
    /// This unit does not drive the head.
    NotActive = 1,
    /// This unit drives the head, or is giving it away.
    Drives,
    /// The self-check finds what keeps this unit from holding a rotor.
    NotFit,
    /// The other unit drives the head.
    OtherDrives,
    /// Neither line nor link says that the other unit does not drive.
    OtherUnknown,
    /// The other unit is not ready, or the link is silent.
    OtherNotReady,
    /// The rotor is held.
    Therapy,
    /// Nothing is to be held.
    NoTherapy,
    /// A unit that is isolated has to join again first.
    NotInPair,
    /// Only a unit that is isolated can join again.
    InPair,
    /// Why this unit is isolated still stands, and another one serves.
    Isolated,
}

from_code!(Refusal: u32 {
    NotActive, Drives, NotFit, OtherDrives, OtherUnknown, OtherNotReady, Therapy, NoTherapy, NotInPair, InPair,
    Isolated
});

/// What the protocol asks for in one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// Retrigger the own line.
    pub line: bool,
    /// Ask for the own gates. The latch opens them only while the own line lives and the other one is released.
    pub gate: bool,
    /// Let the latch open although the other line is broken.
    pub latch_override: bool,
    /// Open the isolation switches of the own windings, for this reason.
    pub isolation: Option<Isolation>,
    /// For the fast frame.
    pub report: PeerReport,
    /// Bits of [`alarm`] that stand now.
    pub alarms: u32,
    /// The order of this period was refused.
    pub refusal: Option<Refusal>,
}

/// Alarm conditions of the pair.
pub mod alarm {
    crate::code::bit_table! {
        0 LINE_BROKEN "line_broken" "The drive line of the other unit is broken: what it does is known by the link alone.";
        1 LINE_DOUBTED "line_doubted" "The other unit's line says released, its frames say that it drives.";
        2 LINK_LOST "link_lost" "The link to the other unit is silent.";
        3 NO_BACKUP "no_backup" "The head is held, and the other unit would not take over.";
        4 CHALLENGED "challenged" "The two units see the rotor differently, and neither is proven wrong.";
        5 ISOLATED "isolated" "This unit has failed and has isolated its windings.";
        6 BOTH_DRIVE "both_drive" "Two units drive the head at once.";
        7 NOBODY_DRIVES "nobody_drives" "The rotor is to be held, and nobody does.";
    }
}
