// SPDX-License-Identifier: Apache-2.0
//! The states of a unit as people name them, and the one table of which command is allowed in which.
//!
//! # Model
//! No second state machine: [`SupervisorState::of`] derives the state of what the unit knows anyway, in every period anew. Which commands a
//! unit takes is then in [`permission`] alone. What it allows may still be asked back ([`super::confirmation`]),
//! or refused by the pair ([`crate::arbitration`]), or for its argument.
//!
//! # Shown by
//! `tests/states.rs`; `docs/supervisor.md` is generated from here.

use super::{Command, Refusal};
use crate::code::from_code;
use crate::mail::UnitState;
use crate::priming::PrimingOrder;

macro_rules! states {
    ($($code:literal $variant:ident $name:literal $text:literal;)+) => {
        /// A state of the unit.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(u32)]
        pub enum SupervisorState {
            #[default]
            $( #[doc = $text] $variant = $code, )+
        }

        from_code!(SupervisorState: u32 { $($variant),+ });

        impl SupervisorState {
            /// All of them.
            pub const ALL: [Self; [$($code),+].len()] = [$( Self::$variant ),+];

            /// As logs spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// What it means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }
    };
}
states! {
    0 Standby "standby" "Nothing is energised, and no rotor is known to be held.";
    1 Backup "backup" "The other unit drives the head; this one follows its therapy.";
    2 LiftOff "lift_off" "The rotor is on its way from the wall to the centre.";
    3 Levitation "levitation" "The rotor is held and nothing is to be pumped.";
    4 Priming "priming" "The guide for priming is under way, or the rotor is held and what flows is no blood.";
    5 Therapy "therapy" "The pump runs, and neither unit has an alarm.";
    6 DegradedTherapy "degraded_therapy" "The pump runs with an alarm of either unit, or one within the last second.";
    7 TakenOver "taken_over" "The emergency drive holds the rotor: the backup is in use.";
    8 Landing "landing" "The pump is being stopped, then the rotor set down.";
    9 Service "service" "The rotor lies at the wall, and the coils are the probe's.";
    10 Commissioning "commissioning" "The unit finds its calibration.";
    11 SelfTest "self_test" "The unit has been switched on and tests itself; it takes seconds.";
    12 Shutdown "shutdown" "The rotor lies, and the unit may be switched off.";
}

/// Of what the state follows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    pub(super) unit: UnitState,
    /// The self-test is under way.
    pub(super) tests: bool,
    /// The unit is to be switched off.
    pub(super) powers_off: bool,
    /// The guide for priming is under way.
    pub(super) guides: bool,
    /// The other unit drives, and this one has its therapy.
    pub(super) mirrors: bool,
    pub(super) is_emergency_drive: bool,
    /// Something is to be pumped.
    pub(super) pumps: bool,
    /// The flow meter says that saline flows.
    pub(super) saline: bool,
    /// No alarm of either unit stands, nor has for a second.
    pub(super) well: bool,
}

impl SupervisorState {
    /// The state that follows.
    pub(super) const fn of(known: &Known) -> Self {
        match known.unit {
            UnitState::Standby | UnitState::Service if known.tests => Self::SelfTest,
            UnitState::Standby | UnitState::LiftingOff | UnitState::Operating if known.guides => {
                Self::Priming
            }
            UnitState::Standby if known.powers_off => Self::Shutdown,
            UnitState::Standby if known.mirrors => Self::Backup,
            UnitState::Standby => Self::Standby,
            UnitState::LiftingOff => Self::LiftOff,
            UnitState::Landing => Self::Landing,
            UnitState::Service => Self::Service,
            UnitState::Commissioning => Self::Commissioning,
            UnitState::Operating if known.is_emergency_drive => Self::TakenOver,
            UnitState::Operating if known.saline => Self::Priming,
            UnitState::Operating if !known.pumps => Self::Levitation,
            UnitState::Operating if known.well => Self::Therapy,
            UnitState::Operating => Self::DegradedTherapy,
        }
    }
}

/// Whether a command is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// It is.
    Allowed,
    /// Unless this reason holds at the time.
    Unless(Refusal),
    /// It is not.
    Refused(Refusal),
}

/// The table: state by state, command by command. While the guide for priming is under way the state without it counts.
#[must_use]
pub const fn permission(state: SupervisorState, command: Command) -> Permission {
    use Command as C;
    use Permission::{Allowed, Refused, Unless};
    use SupervisorState as S;
    match (command, state) {
        (C::Land, S::Commissioning | S::SelfTest) => Allowed,
        (C::LiftOff | C::LiftOffAlone, S::SelfTest) => Unless(Refusal::SelfTestFailed),
        (_, S::Commissioning) => Refused(Refusal::Commissioning),
        (_, S::SelfTest) => Refused(Refusal::SelfTest),

        (C::LiftOff | C::LiftOffAlone, S::Standby | S::Backup | S::Service | S::Shutdown) => {
            Unless(Refusal::SelfTestFailed)
        }
        (C::LiftOff | C::LiftOffAlone, S::Landing) => Unless(Refusal::IsLanding),
        (C::LiftOff | C::LiftOffAlone, _) => Allowed,

        (C::Prime(order), _) if !matches!(order, PrimingOrder::Begin) => Unless(Refusal::NoGuide),
        (C::PowerOff | C::Rejoin, S::Shutdown) => Allowed,
        (_, S::Shutdown) => Refused(Refusal::ShutDown),

        (C::Land, S::Backup) => Refused(Refusal::OtherDrives),
        (C::Land | C::PowerOff, _) => Allowed,

        (C::SetMode { .. } | C::Resume, S::Backup) => Refused(Refusal::OtherDrives),
        (C::SetMode { .. } | C::Resume, S::Landing) => Refused(Refusal::IsLanding),
        (C::SetMode { .. } | C::Resume, S::Standby | S::LiftOff | S::Service) => {
            Refused(Refusal::NotLevitated)
        }
        (C::SetMode { .. } | C::Resume, _) => Unless(Refusal::CirculationSilent),

        (C::Prime(_), S::Backup) => Refused(Refusal::OtherDrives),
        (C::Prime(_), S::Landing) => Refused(Refusal::IsLanding),
        (C::Prime(_), S::Standby | S::LiftOff | S::Levitation | S::Priming) => Allowed,
        (C::Prime(_), _) => Refused(Refusal::NotForGuide),

        // Those of the unit that drives would be back at once.
        (C::Set { .. }, S::Backup) => Refused(Refusal::OtherDrives),
        (C::Set { .. }, _) => Allowed,

        (C::Service, S::Standby | S::Backup | S::Service) | (C::Commission, S::Standby | S::Backup) => {
            Allowed
        }
        (C::Service | C::Commission, _) => Refused(Refusal::NotStandby),

        (C::HandBack | C::TakeoverDrill, S::Landing) => Refused(Refusal::IsLanding),
        (C::TakeoverDrill, _) => Unless(Refusal::NotQuiet),
        (C::HandBack | C::Rejoin, _) => Allowed,
    }
}
