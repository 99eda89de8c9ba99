// SPDX-License-Identifier: Apache-2.0
//! What a unit hears of the bus, on its way to its link task: the one place for simulator and firmware.
//!
//! # Limits and failure
//! Commands to the other unit and frames for service tools are none of this unit's business and cost nothing but the look at their ids.
//! Every other frame is used or counted as a refusal with one reason. A flood costs at most
//! `levitas_core::task::link::COMMANDS_PER_PERIOD_MAX` authentication codes in a period.

use embedded_can::Id;
use levitas_core::link::LinkRefusal;
use levitas_core::task::link::LinkTask;

use crate::command::CommandKey;
use crate::decode::{Received, Rejection, decode};
use crate::identity::{Identity, Layout, Unit};

/// Frames that a receive loop takes in one period of the link task, 0.5 ms: more than the bus can carry, whose shortest frame,
/// classic and empty, has 47 bits at 1 Mbit/s with the pause behind it. What lies there beyond waits for the next period.
pub const FRAMES_PER_PERIOD_MAX: usize = 11;

/// What a unit must know of itself to tell which frames are for it.
#[derive(Clone, Debug)]
pub struct Receiver {
    unit: Unit,
    key: Option<CommandKey>,
}

impl Receiver {
    /// Of a unit. Without a key it refuses every command.
    #[must_use]
    pub const fn new(unit: Unit, key: Option<CommandKey>) -> Self {
        Self { unit, key }
    }

    /// The key was put in, or taken away.
    pub fn set_key(&mut self, key: Option<CommandKey>) {
        self.key = key;
    }

    /// A frame came: it goes to the link task, as what it says or as a refusal. `fd`: it is a CAN FD frame.
    pub fn receive(&self, id: Id, fd: bool, data: &[u8], task: &mut LinkTask) {
        let Some(identity) = Identity::find(id) else { return task.refuse(LinkRefusal::UnknownId) };
        let is_own = identity.unit == self.unit;
        match identity.layout {
            Layout::Fast | Layout::Slow if is_own => task.refuse(LinkRefusal::OwnId),
            Layout::Fast | Layout::Slow => self.hand_on(id, fd, data, task),
            Layout::Command if is_own => self.hand_on_command(id, fd, data, task),
            _ => {}
        }
    }

    /// Beyond so many in a period a command costs nothing but its count.
    fn hand_on_command(&self, id: Id, fd: bool, data: &[u8], task: &mut LinkTask) {
        if task.takes_command() {
            self.hand_on(id, fd, data, task);
        }
    }

    fn hand_on(&self, id: Id, fd: bool, data: &[u8], task: &mut LinkTask) {
        match decode(id, fd, data, self.key.as_ref()) {
            Ok(Received::Fast { status, .. }) => {
                task.receive_fast(&status);
            }
            Ok(Received::Slow { counter, status, .. }) => {
                task.receive_slow(counter, &status);
            }
            Ok(Received::Command { command, .. }) => task.receive_command(&command),
            Ok(Received::Service { .. }) => {}
            Err(rejection) => {
                let is_command = Identity::find(id).is_some_and(|it| it.layout == Layout::Command);
                task.refuse(refusal(rejection, is_command));
            }
        }
    }
}

/// A rejection as the link task counts it: of a command all that is neither its code nor its version is one kind. Its version is read once
/// the code is right, so nobody without the key learns anything of it.
const fn refusal(rejection: Rejection, is_command: bool) -> LinkRefusal {
    match rejection {
        Rejection::Authentication => LinkRefusal::Authentication,
        Rejection::Version => LinkRefusal::Version,
        _ if is_command => LinkRefusal::Malformed,
        Rejection::UnknownId => LinkRefusal::UnknownId,
        Rejection::Format => LinkRefusal::Format,
        Rejection::Length => LinkRefusal::Length,
        Rejection::Checksum => LinkRefusal::Checksum,
        Rejection::Counter => LinkRefusal::Counter,
        Rejection::OutOfRange(_) => LinkRefusal::Value,
    }
}
