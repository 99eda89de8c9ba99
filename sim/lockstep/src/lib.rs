// SPDX-License-Identifier: Apache-2.0
//! The messages between the world and a unit that runs in a process of its own, one pair per levitation period.
//!
//! # Model
//! A unit says [`Hello`], then hears [`ToUnit`] messages. It answers each [`Step`] with a [`Reply`] and makes no step of its own
//! accord, so a run depends on nothing but what the messages say. What a unit samples, the frames it hears and the
//! operator's command travel down; its outputs, the frames it sends and what it says of itself travel up.
//!
//! # Layout
//! Little-endian, without padding, behind eight bytes that every version has: `LVLS`, version, kind. Frames have as many
//! bytes as their length says. Version and layout change together; the text of a refusal stays as it is in all versions, so
//! that every unit can say why it was refused.
//!
//! # Limits and failure
//! Nothing panics or allocates. A message that is cut short, too long or of another version is refused as a whole.
#![no_std]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects))]

#[cfg(test)]
extern crate std;

mod cursor;
mod reply;
mod step;
#[cfg(test)]
mod tests;

use core::fmt;

use heapless::Vec;
use levitas_world::CanFrame;

use cursor::{Reader, Writer};
pub use reply::Reply;
pub use step::{Bus, BusState, Step};

/// Version of the layout; changes with it.
pub const VERSION: u16 = 2;
/// Most frames in one message; what does not fit waits for the next one.
pub const FRAMES_MAX: usize = 8;
/// No message is longer.
pub const SIZE_MAX: usize = 1024;
/// Longest text of a refusal that is sent.
const TEXT_MAX: usize = 256;

const MAGIC: [u8; 4] = *b"LVLS";
const HELLO: u16 = 1;
const STEP: u16 = 2;
const REPLY: u16 = 3;
const REFUSED: u16 = 4;
const END: u16 = 5;

/// Frames of one message.
pub type Frames = Vec<CanFrame, FRAMES_MAX>;

/// What a unit says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Winding set: 0 the host's, 1 the emergency drive's.
    pub set: u8,
}

/// What the world says.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are steps, and there is no heap")]
pub enum ToUnit<'a> {
    /// A period begins.
    Step(Step),
    /// The unit takes no part; one line that says why.
    Refused(&'a str),
    /// The run is over.
    End,
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// They do not begin as one.
    Stranger,
    /// They are one of this version.
    Version(u16),
    /// They end too early or too late, or say what does not exist.
    Content,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stranger => f.write_str("this is no lockstep message"),
            Self::Version(version) => {
                write!(f, "version {version} of the lockstep messages; allowed is {VERSION}")
            }
            Self::Content => f.write_str("a lockstep message with content that does not exist"),
        }
    }
}

impl core::error::Error for Malformed {}

/// Begins a message.
fn begin(bytes: &mut [u8; SIZE_MAX], kind: u16) -> Writer<'_> {
    let mut writer = Writer::new(bytes);
    writer.bytes(&MAGIC);
    writer.u16(VERSION);
    writer.u16(kind);
    writer
}

/// Kind of a message and what follows; a refusal may have any version.
fn open(bytes: &[u8]) -> Result<(u16, Reader<'_>), Malformed> {
    let mut reader = Reader::new(bytes);
    if reader.array() != Some(MAGIC) {
        return Err(Malformed::Stranger);
    }
    let (Some(version), Some(kind)) = (reader.u16(), reader.u16()) else {
        return Err(Malformed::Stranger);
    };
    if version == VERSION || kind == REFUSED { Ok((kind, reader)) } else { Err(Malformed::Version(version)) }
}

impl Hello {
    /// Writes the message; its length.
    pub fn encode(&self, bytes: &mut [u8; SIZE_MAX]) -> usize {
        let mut writer = begin(bytes, HELLO);
        writer.u8(self.set);
        writer.length()
    }

    /// Reads the message.
    ///
    /// # Errors
    /// It is none, or of another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (kind, mut reader) = open(bytes)?;
        let set = reader.u8().filter(|set| *set < 2);
        match (kind, set) {
            (HELLO, Some(set)) if reader.is_at_end() => Ok(Self { set }),
            _ => Err(Malformed::Content),
        }
    }
}

impl<'a> ToUnit<'a> {
    /// Writes the message; its length. Of a long refusal the beginning.
    pub fn encode(&self, bytes: &mut [u8; SIZE_MAX]) -> usize {
        let mut writer;
        match self {
            Self::Step(step) => {
                writer = begin(bytes, STEP);
                step.write(&mut writer);
            }
            Self::Refused(text) => {
                writer = begin(bytes, REFUSED);
                writer.bytes(text.as_bytes().get(..text.floor_char_boundary(TEXT_MAX)).unwrap_or_default());
            }
            Self::End => writer = begin(bytes, END),
        }
        writer.length()
    }

    /// Reads the message.
    ///
    /// # Errors
    /// It is none, or of another version; a refusal may be of any.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (kind, mut reader) = open(bytes)?;
        match kind {
            STEP => Step::read(&mut reader).filter(|_| reader.is_at_end()).map(Self::Step),
            REFUSED => core::str::from_utf8(reader.rest()).ok().map(Self::Refused),
            END if reader.is_at_end() => Some(Self::End),
            _ => None,
        }
        .ok_or(Malformed::Content)
    }
}

impl Reply {
    /// Writes the message; its length.
    pub fn encode(&self, bytes: &mut [u8; SIZE_MAX]) -> usize {
        let mut writer = begin(bytes, REPLY);
        self.write(&mut writer);
        writer.length()
    }

    /// Reads the message.
    ///
    /// # Errors
    /// It is none, or of another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let (kind, mut reader) = open(bytes)?;
        if kind != REPLY {
            return Err(Malformed::Content);
        }
        Self::read(&mut reader).filter(|_| reader.is_at_end()).ok_or(Malformed::Content)
    }
}
