// SPDX-License-Identifier: Apache-2.0
//! What SLCAN and socketcand have in common: commands in, answers and frames out, all of it text.

use levitas_world::CanFrame;

use crate::canhub::{slcan, socketcand};

/// How a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Slcan,
    Socketcand,
}

/// What follows from a command.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// To the client.
    pub(crate) answer: String,
    /// Onto the bus.
    pub(crate) frame: Option<CanFrame>,
    /// From here on it gets frames, or none.
    pub(crate) listens: Option<bool>,
    /// For the user of the hub.
    pub(crate) problem: Option<String>,
    /// The connection ends.
    pub(crate) ends: bool,
}

impl Outcome {
    pub(crate) fn answer(text: &str) -> Self {
        Self { answer: text.to_owned(), ..Self::default() }
    }

    pub(crate) fn problem(answer: &str, problem: impl Into<String>) -> Self {
        Self { problem: Some(problem.into()), ..Self::answer(answer) }
    }
}

impl Protocol {
    pub(crate) const ALL: [Self; 2] = [Self::Slcan, Self::Socketcand];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Slcan => "slcan",
            Self::Socketcand => "socketcand",
        }
    }

    /// What a client gets when it connects.
    pub(crate) const fn greeting(self) -> &'static str {
        match self {
            Self::Slcan => "",
            Self::Socketcand => "< hi >",
        }
    }

    /// The last byte of a command.
    pub(crate) const fn end(self) -> u8 {
        match self {
            Self::Slcan => b'\r',
            Self::Socketcand => b'>',
        }
    }

    /// A frame as the clients get it.
    pub(crate) fn show(self, time_s: f64, frame: &CanFrame) -> String {
        match self {
            Self::Slcan => slcan::show(frame),
            Self::Socketcand => socketcand::show(time_s, frame),
        }
    }
}

/// What a client has said so far.
#[derive(Debug)]
pub(crate) enum Session {
    Slcan(slcan::Session),
    Socketcand(socketcand::Session),
}

impl Session {
    pub(crate) fn new(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Slcan => Self::Slcan(slcan::Session::default()),
            Protocol::Socketcand => Self::Socketcand(socketcand::Session::default()),
        }
    }

    /// One command, without its last byte; `missed` when frames for this client have been dropped since it was told.
    pub(crate) fn command(&mut self, text: &str, missed: bool) -> Outcome {
        match self {
            Self::Slcan(session) => session.command(text.trim(), missed),
            Self::Socketcand(session) => session.command(text.trim()),
        }
    }
}
