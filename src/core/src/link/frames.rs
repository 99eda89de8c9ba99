// SPDX-License-Identifier: Apache-2.0
//! What each frame of the link says, in physical units.
//!
//! These structs are what tasks and protocol see. Bits, scale factors, checksums and authentication codes belong to crate
//! `levitas-wire`, whose only source is `can/levitas.dbc`.
//!
//! | frame | rate | for |
//! |---|---|---|
//! | [`FastStatus`] | 2 kHz | takeover: what the sender does, and the currents it applies; its mains and battery |
//! | [`SlowStatus`] | 100 Hz | what must carry over: set-points, limits, alarms |
//! | [`CommandFrame`] | when asked | what an operator wants of this unit |
//!
//! # Never mirrored
//! Displacement is sent so that the two units can be compared; it enters no observer. Observer states, integrators of
//! the bearing and runout tables are not sent at all: a failing unit must not poison the other.

use super::PeerTherapy;
use crate::code::from_code;
use crate::power::told::PowerTold;

/// State of a unit in the pair; the transitions are drawn in [`crate::arbitration`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum UnitCode {
    /// Not proven, or not asked: drives nothing and would not take over.
    #[default]
    Standby = 0,
    /// Proven: would take over.
    Ready = 1,
    /// Drives the head.
    Active = 2,
    /// Gives the head to the other unit and looks whether that holds it.
    Releasing = 3,
    /// Failed: switches open, until an operator lets it join again.
    Isolated = 4,
    /// Taken out of the pair by an operator.
    Service = 5,
}

from_code!(UnitCode: u8 { Standby, Ready, Active, Releasing, Isolated, Service });

/// What a unit says of itself in every fast frame: all that the protocol of the pair needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PeerReport {
    /// Its state.
    pub state: UnitCode,
    /// It asks for its gates: its line shows edges.
    pub drives: bool,
    /// Its currents follow what it asks of its bridges.
    pub current_flows: bool,
    /// The head is to be held: true from lift-off until the rotor has been set down.
    pub therapy: bool,
    /// It does not believe what the active unit does.
    pub challenge: bool,
    /// Its own measurements agree with its own model.
    pub innovation_ok: bool,
    /// It waits for the other unit to arm, then lets go: a coordinated hand-back.
    pub hand_back: bool,
}

/// The fast frame, 2 kHz. What the sender cannot tell is `None`, and so is what does not lie in its range: the report has to come
/// through all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FastStatus {
    /// Counts the sender's fast frames and wraps; starts anywhere.
    pub number: u16,
    /// Number of the newest fast frame that the sender has received from the unit this goes to.
    pub echo: u16,
    /// For the protocol.
    pub report: PeerReport,
    /// Rotor angle [rad], 0 to 2 pi.
    pub rotor_angle_rad: Option<f32>,
    /// Rotor speed [rad/s].
    pub rotor_speed_rad_per_s: Option<f32>,
    /// Measured currents of the sender's coils x, y [A].
    pub coil_current_a: [Option<f32>; 2],
    /// Measured currents of the sender's phases A, B [A]; C is minus their sum.
    pub phase_current_a: [Option<f32>; 2],
    /// Displacement x, y as the sender sees it [m]; for comparison only.
    pub displacement_m: [Option<f32>; 2],
    /// Its mains and battery. The slow frame would do, and has no room.
    pub power: PowerTold,
}

/// The slow frame, 100 Hz: what the other unit needs to carry on as if nothing had happened.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SlowStatus {
    /// Session of the sender: a new number at each of its power-ups. Commands quote it.
    pub session: u32,
    /// The sender's clock [ms], wraps. Commands quote it for their expiry.
    pub time_ms: u32,
    /// What the circulation does: all that is set, and what holds it.
    pub therapy: PeerTherapy,
    /// Amplitude of the coil current that turns with the rotor [A].
    pub synchronous_current_a: f32,
    /// Rest of the audio pause [s], 0 when audible.
    pub audio_paused_s: u8,
    /// Low half of the sequence of the last command of the link that the supervisor has looked at.
    pub command_sequence: u16,
    /// What became of it: 0 it was accepted, else the code of a [`crate::task::supervisor::Refusal`].
    pub command_result: u8,
}

/// A command, as it was authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CommandFrame {
    /// Session of the unit that is to carry it out, from that unit's slow frame.
    pub session: u32,
    /// Counts the commands of a session, from 1.
    pub sequence: u32,
    /// From here on the command is void, by the clock of the unit that is to carry it out [ms].
    pub expires_ms: u32,
    /// What is asked, a code.
    pub kind: u8,
    /// Its argument, in the unit of the kind.
    pub value: f32,
}
