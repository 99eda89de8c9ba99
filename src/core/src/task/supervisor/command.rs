// SPDX-License-Identifier: Apache-2.0
//! What an operator can ask a unit for, and why it is not done. What is allowed when: [`super::states`].

use crate::arbitration::{self, Isolation};
use crate::circulation::therapy::Mode;
use crate::code::from_code;
use crate::mail::CommandMail;
use crate::priming::PrimingOrder;

/// Code of the command for mode 0; the others follow.
const MODE_KIND: u32 = 4;
/// Code of the command for the first order to the guide of priming; the others follow.
const PRIMING_KIND: u32 = 40;
/// Code of the command for setting 0; the others follow.
const SETTING_KIND: u32 = 64;

/// What an operator can ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Lift the rotor off and hold it.
    LiftOff,
    /// Stop the motor, then set the rotor down.
    Land,
    /// The same, and say when the unit may be switched off.
    PowerOff,
    /// A mode, with the set-point that comes with it.
    SetMode {
        /// Which.
        mode: Mode,
        /// In the unit of the mode's set-point; of no account where it has none.
        value: f32,
    },
    /// One of the settings of the therapy.
    Set {
        /// Number of the field in [`crate::circulation::therapy::TherapySettings::FIELDS`].
        setting: u32,
        /// In the unit of the field.
        value: f32,
    },
    /// End what an intervention holds.
    Resume,
    /// Leave the rotor where it lies and give the coils to the probe; `Land` ends it.
    Service,
    /// Find the calibration of this drive; `Land` stops it.
    Commission,
    /// As `LiftOff`, where neither line nor link says that there is no other unit: the operator has looked.
    LiftOffAlone,
    /// Give the head to the other unit, which must be ready.
    HandBack,
    /// Let go as a failure would, to see the other unit take over.
    TakeoverDrill,
    /// Join the pair again after a failure.
    Rejoin,
    /// To the guide for priming.
    Prime(PrimingOrder),
}

impl Command {
    /// Speed mode with this set-point.
    #[must_use]
    pub const fn speed(speed_rpm: f32) -> Self {
        Self::SetMode { mode: Mode::Speed, value: speed_rpm }
    }

    /// The command as it lies in the mailbox.
    #[must_use]
    pub fn to_mail(self, number: u32) -> CommandMail {
        let (kind, value) = self.code();
        CommandMail { number, kind, value }
    }

    /// Its code, in the mailbox as on the wire (`kind` in can/levitas.dbc), and its argument.
    #[must_use]
    pub const fn code(self) -> (u32, f32) {
        match self {
            Self::LiftOff => (1, 0.0),
            Self::Land => (2, 0.0),
            Self::SetMode { mode, value } => (MODE_KIND.wrapping_add(mode as u32), value),
            Self::Resume => (11, 0.0),
            Self::Set { setting, value } => (SETTING_KIND.saturating_add(setting), value),
            Self::TakeoverDrill => (16, 0.0),
            Self::HandBack => (17, 0.0),
            Self::Rejoin => (18, 0.0),
            Self::LiftOffAlone => (19, 0.0),
            Self::PowerOff => (20, 0.0),
            Self::Service => (32, 0.0),
            Self::Commission => (33, 0.0),
            Self::Prime(order) => (PRIMING_KIND.wrapping_add(order as u32), 0.0),
        }
    }

    /// The command of a code, if there is one.
    #[must_use]
    pub const fn from_code(kind: u32, value: f32) -> Option<Self> {
        match kind {
            1 => Some(Self::LiftOff),
            2 => Some(Self::Land),
            11 => Some(Self::Resume),
            16 => Some(Self::TakeoverDrill),
            17 => Some(Self::HandBack),
            18 => Some(Self::Rejoin),
            19 => Some(Self::LiftOffAlone),
            20 => Some(Self::PowerOff),
            32 => Some(Self::Service),
            33 => Some(Self::Commission),
            PRIMING_KIND..SETTING_KIND => match PrimingOrder::from_code(kind.wrapping_sub(PRIMING_KIND)) {
                Some(order) => Some(Self::Prime(order)),
                None => None,
            },
            MODE_KIND..PRIMING_KIND => match Mode::from_code(kind.wrapping_sub(MODE_KIND)) {
                Some(mode) => Some(Self::SetMode { mode, value }),
                None => None,
            },
            SETTING_KIND.. => Some(Self::Set { setting: kind.wrapping_sub(SETTING_KIND), value }),
            _ => None,
        }
    }
}

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    /// No such command.
    Unknown = 1,
    /// A set-point is not a number or outside what can be reached.
    OutOfReach = 2,
    /// A speed needs a levitated rotor.
    NotLevitated = 3,
    /// This unit does not drive the head.
    NotDriving = 4,
    /// The rotor is being set down.
    IsLanding = 5,
    /// Service and commissioning begin in standby.
    NotStandby = 6,
    /// Commissioning is under way.
    Commissioning = 7,
    /// The other unit drives the head.
    OtherDrives = 8,
    /// This unit's self-check does not pass.
    NotFit = 9,
    /// Neither line nor link says what the other unit does.
    OtherUnknown = 10,
    /// The other unit would not take the head.
    OtherNotReady = 11,
    /// This unit has failed and is isolated.
    NotInPair = 12,
    /// This unit is in the pair already.
    InPair = 13,
    /// No rotor is to be held.
    NoTherapy = 14,
    /// The rotor is held.
    Therapy = 15,
    /// The levitation task does not answer.
    Silent = 16,
    /// The command of the link was void before this task looked at it.
    TooLate = 17,
    /// The command of the link met one that is under way.
    UnderWay = 18,
    /// A set-point is set with its mode.
    SetpointOfMode = 19,
    /// An alarm stands, or has stood of late.
    NotQuiet = 20,
    /// Blood would run back through a pump that stands.
    NotClamped = 21,
    /// The circulation task does not answer.
    CirculationSilent = 22,
    /// The self-test is under way.
    SelfTest = 23,
    /// The self-test has found what this unit should not drive with.
    SelfTestFailed = 24,
    /// This unit is isolated because its Halls did not show its coil.
    IsDeaf = 25,
    /// It is isolated because no current came when it took the head.
    NoCurrent = 26,
    /// It is isolated because it saw the rotor wrongly.
    SawWrongly = 27,
    /// The unit is shut down.
    ShutDown = 28,
    /// The pump pumps, and is to be powered off.
    Pumping = 29,
    /// Blood would flow backward.
    RunsBackward = 30,
    /// The artery would lose what protects it.
    ProtectsArtery = 31,
    /// The other unit is less well than this one.
    OtherUnwell = 32,
    /// Nobody has begun the guide for priming.
    NoGuide = 33,
    /// The drive sees a step of the guide by itself.
    GuideSees = 34,
    /// A patient may be connected.
    NotForGuide = 35,
    /// The sensor of what is set cannot be believed.
    SensorLost = 36,
}

from_code!(Refusal: u32 {
    Unknown, OutOfReach, NotLevitated, NotDriving, IsLanding, NotStandby, Commissioning, OtherDrives, NotFit,
    OtherUnknown, OtherNotReady, NotInPair, InPair, NoTherapy, Therapy, Silent, TooLate,
    UnderWay, SetpointOfMode, NotQuiet, NotClamped, CirculationSilent, SelfTest, SelfTestFailed,
    IsDeaf, NoCurrent, SawWrongly, ShutDown, Pumping, RunsBackward, ProtectsArtery, OtherUnwell,
    NoGuide, GuideSees, NotForGuide, SensorLost
});

impl Refusal {
    /// What the pair's refusal of an order means for the command of a unit that is isolated for this reason, if it is.
    pub(super) const fn of_order(code: u32, isolation: Option<Isolation>) -> Self {
        use arbitration::Refusal as Pair;
        match Pair::from_code(code) {
            Some(Pair::NotActive) => Self::NotDriving,
            Some(Pair::NotFit) => Self::NotFit,
            Some(Pair::OtherDrives | Pair::Drives) => Self::OtherDrives,
            Some(Pair::OtherUnknown) => Self::OtherUnknown,
            Some(Pair::OtherNotReady) => Self::OtherNotReady,
            Some(Pair::NotInPair) => Self::NotInPair,
            Some(Pair::InPair) => Self::InPair,
            Some(Pair::NoTherapy) => Self::NoTherapy,
            Some(Pair::Therapy) => Self::Therapy,
            Some(Pair::Isolated) => match isolation {
                Some(Isolation::SelfTest) => Self::SelfTestFailed,
                Some(Isolation::Deaf) => Self::IsDeaf,
                Some(Isolation::NoCurrent) => Self::NoCurrent,
                Some(Isolation::Challenge) => Self::SawWrongly,
                Some(Isolation::Fault) | None => Self::NotFit,
            },
            None => Self::Unknown,
        }
    }

    /// One line for the operator.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "no such command",
            Self::OutOfReach => "outside of what is allowed",
            Self::NotLevitated => "the rotor is not levitated: lift it first",
            Self::NotDriving => "this unit does not drive the head",
            Self::IsLanding => "the rotor is being set down: wait, then lift",
            Self::NotStandby => "service and commissioning begin in standby: land first",
            Self::Commissioning => "commissioning is under way: land stops it",
            Self::OtherDrives => "the other unit drives the head",
            Self::NotFit => "the self-check of this unit does not pass: see its faults",
            Self::OtherUnknown => {
                "neither drive line nor link says what the other unit does: if there is none, lift alone"
            }
            Self::OtherNotReady => "the other unit is not ready",
            Self::NotInPair => "this unit has failed and is isolated: rejoin first",
            Self::InPair => "this unit is in the pair already",
            Self::NoTherapy => "no rotor is to be held",
            Self::Therapy => "the rotor is held",
            Self::Silent => "the levitation task does not answer",
            Self::TooLate => "the command came too late",
            Self::UnderWay => "another command is under way",
            Self::SetpointOfMode => "a set-point is set with its mode",
            Self::NotClamped => "blood would run back: clamp the return line first, or ask again within 10 s",
            Self::CirculationSilent => "the circulation task does not answer: the pump runs on at its speed",
            Self::SelfTest => "the self-test is under way: wait some seconds, or land to end it",
            Self::SelfTestFailed => {
                "this unit has failed its self-test: use the other one; if there is none, rejoin, then lift"
            }
            Self::IsDeaf => "its position sensors were deaf: mend this unit, then switch it off and on",
            Self::NoCurrent => {
                "no current came when it took the head: mend this unit, then switch it off and on"
            }
            Self::SawWrongly => "it saw the rotor wrongly: rejoin when both units have agreed for 1 s",
            Self::ShutDown => "this unit is shut down: switch it off, or lift the rotor to go on",
            Self::Pumping => {
                "the pump pumps: hand the head to the other unit, or clamp the return line and ask again within 10 s"
            }
            Self::RunsBackward => {
                "blood will flow backward, without support: if that is wanted, ask again within 10 s"
            }
            Self::ProtectsArtery => {
                "blood flows, and an artery loses its guard against backflow and air: if the return is in a vein, ask again within 10 s"
            }
            Self::OtherUnwell => {
                "the other unit has an alarm and this one has none: if it is to drive all the same, ask again within 10 s"
            }
            Self::NoGuide => "no priming guide is under way: begin it",
            Self::GuideSees => "the drive sees this step by itself: wait, or skip it",
            Self::NotForGuide => {
                "a patient may be connected, or the coils are the probe's: land, or stop a pump without patient, then begin"
            }
            Self::SensorLost => "its sensor is missing, or not to be believed",
            Self::NotQuiet => {
                "an alarm stands or has stood lately, or the battery of either unit is not more than half full"
            }
        }
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.reason())
    }
}
