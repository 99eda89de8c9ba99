// SPDX-License-Identifier: Apache-2.0
//! Frames that must not be used: forged, recorded, late, cut, damaged, mislabelled.
//!
//! # Model
//! This attacker hears the whole bus and is worse than one without the key: what is expired, too long, of another session, of another
//! length, with one bit turned, under another id or of another version is otherwise the next genuine command, with the right tag. So each
//! refusal has one reason, and a unit that did not look for it would carry the command out. Only the tag of the first kind is guessed.
//! CRCs are no secret: cyclic frames are sealed anew after every change.

use levitas_core::link::CommandFrame;
use levitas_core::task::supervisor::Command;
use levitas_wire::{CommandKey, Id, StandardId, encode_command, seal};
use levitas_world::CanFrame;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use super::tool::{Order, ServiceTool, unit_of};
use crate::link_bus::on_bus;

/// Stream of the generator.
const STREAM: u128 = 0x6c65_7669_7461_7303;
/// Longest frame of CAN FD.
const LENGTH_MAX: u64 = levitas_world::CAN_DATA_MAX as u64;
/// Ids of 11 bits.
const IDS: u64 = 0x800;
/// Ids from here to below the next one are for service tools: no unit listens to them.
const SERVICE_IDS: std::ops::Range<u32> = 0x100..0x160;
/// Genuine commands that are kept.
const COMMANDS_MAX: usize = 64;

macro_rules! forgeries {
    ($($variant:ident $name:literal $doc:literal;)+) => {
        /// Kinds of frames that must not be used.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Forgery { $( #[doc = $doc] $variant, )+ }

        impl Forgery {
            /// Every kind.
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// Name and description.
            #[must_use]
            pub const fn text(self) -> (&'static str, &'static str) {
                match self { $( Self::$variant => ($name, $doc), )+ }
            }
        }
    };
}
forgeries! {
    Tag "forged" "the next command with a tag that is guessed";
    Replay "replayed" "a genuine command of before, byte for byte";
    Expired "expired" "authentic, 0 to 10 s after its time";
    TooLong "too long" "authentic, for 1 s and more to come";
    Session "other session" "authentic, for another power-up";
    Length "other length" "authentic, cut or filled to every length from 0 to 64";
    Bit "bit turned" "authentic, every bit in turn turned over";
    Id "other id" "authentic, under every other id of 11 bits but those of the classic frames, which no unit listens to, and under ids of 29";
    Counter "wrong counter" "a status frame whose counter contradicts its number, or that was there before";
    Version "other version" "command or status frame of another version of the protocol, sealed";
}

impl Forgery {
    /// It goes to the id of the unit's commands.
    #[must_use]
    pub const fn is_command(self) -> bool {
        !matches!(self, Self::Id | Self::Counter)
    }
}

/// Kinds.
const KINDS: usize = Forgery::ALL.len();

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Forger {
    draw: Pcg64,
    key: CommandKey,
    /// Frames made so far, by kind.
    made: [u64; KINDS],
    commands: [Vec<CanFrame>; 2],
    /// Newest fast and slow frame of each unit.
    status: [[Option<CanFrame>; 2]; 2],
}

/// CRC or tag anew.
fn sealed(mut it: CanFrame, key: &CommandKey) -> CanFrame {
    let id = u16::try_from(it.id).ok().and_then(StandardId::new);
    if let (Some(id), Some(data)) = (id, it.data.get_mut(..usize::from(it.len))) {
        seal(Id::Standard(id), data, key);
    }
    it
}

impl Forger {
    /// One that has heard nothing yet.
    #[must_use]
    pub fn new(seed: u64, key: CommandKey) -> Self {
        Self {
            draw: Pcg64::new(u128::from(seed), STREAM),
            key,
            made: [0; KINDS],
            commands: [const { Vec::new() }; 2],
            status: [[None; 2]; 2],
        }
    }

    /// A frame of the bus, kept to be sent again. The status frames have ids 0x010, 0x011, 0x030, 0x031, commands 0x020, 0x021.
    pub fn hear(&mut self, frame: &CanFrame) {
        let set = (frame.id & 1) as usize;
        match frame.id {
            0x020 | 0x021 => {
                if self.commands[set].len() == COMMANDS_MAX {
                    self.commands[set].remove(0);
                }
                self.commands[set].push(*frame);
            }
            0x010 | 0x011 => self.status[set][0] = Some(*frame),
            0x030 | 0x031 => self.status[set][1] = Some(*frame),
            _ => {}
        }
    }

    /// A frame of a kind against a unit; `None` while there is nothing to make it of.
    pub fn forge(&mut self, kind: Forgery, set: usize, tool: &ServiceTool, now_s: f64) -> Option<CanFrame> {
        let speed_rpm = 1000.0 + (self.draw.next_u64() % 4000) as f32;
        let next = tool.next(Order { set, command: Command::speed(speed_rpm) }, now_s)?;
        let number = self.made[kind as usize];
        let made = match kind {
            Forgery::Tag => self.guessed(next, set)?,
            Forgery::Replay => self.replayed(set, number)?,
            Forgery::Expired => {
                let late_ms = 100 + (self.draw.next_u64() % 10_000) as u32;
                self.authentic(
                    &CommandFrame { expires_ms: next.expires_ms.wrapping_sub(late_ms), ..next },
                    set,
                )?
            }
            Forgery::TooLong => {
                // More than a frame can wait in the buffers of a busy bus: it must be too long when it arrives.
                let longer_ms = 1000 + (self.draw.next_u64() % 1_000_000) as u32;
                self.authentic(
                    &CommandFrame { expires_ms: next.expires_ms.wrapping_add(longer_ms), ..next },
                    set,
                )?
            }
            Forgery::Session => {
                let other = next.session ^ (1 + self.draw.next_u64() as u32 % u32::MAX);
                self.authentic(&CommandFrame { session: other, ..next }, set)?
            }
            Forgery::Length => {
                let right = self.authentic(&next, set)?;
                let wrong = number % LENGTH_MAX;
                let len = wrong + u64::from(wrong >= u64::from(right.len));
                CanFrame { len: len as u8, ..right }
            }
            Forgery::Bit => {
                let mut it = self.authentic(&next, set)?;
                let bit = (number % (8 * u64::from(it.len))) as usize;
                *it.data.get_mut(bit / 8)? ^= 1 << (bit % 8);
                it
            }
            Forgery::Id => self.mislabelled(&next, set, number)?,
            Forgery::Counter => self.miscounted(set, number)?,
            Forgery::Version => self.of_other_version(&next, set, number)?,
        };
        self.made[kind as usize] += 1;
        Some(made)
    }

    fn authentic(&self, command: &CommandFrame, set: usize) -> Option<CanFrame> {
        encode_command(command, unit_of(set), &self.key).ok().as_ref().and_then(on_bus)
    }

    fn guessed(&mut self, next: CommandFrame, set: usize) -> Option<CanFrame> {
        let mut it = self.authentic(&next, set)?;
        let guess = self.draw.next_u64().to_le_bytes();
        let tag = it.data.get_mut(24..32)?;
        if *tag == guess {
            return None;
        }
        tag.copy_from_slice(&guess);
        Some(it)
    }

    /// The newest one and any other by turns: within its time, and after it.
    fn replayed(&mut self, set: usize, number: u64) -> Option<CanFrame> {
        let commands = &self.commands[set];
        let any = self.draw.next_u64() as usize % commands.len().max(1);
        if number.is_multiple_of(2) { commands.last().copied() } else { commands.get(any).copied() }
    }

    fn mislabelled(&self, next: &CommandFrame, set: usize, number: u64) -> Option<CanFrame> {
        let right = self.authentic(next, set)?;
        let extended = number % 16 == 15;
        let mut id = (number % IDS) as u32;
        if !extended && (id == right.id || SERVICE_IDS.contains(&id)) {
            id = SERVICE_IDS.end;
        }
        Some(CanFrame { id, extended, ..right })
    }

    /// Status frames of the other unit.
    fn miscounted(&mut self, set: usize, number: u64) -> Option<CanFrame> {
        let [fast, slow] = self.status[1 - set];
        match number % 3 {
            0 => fast,
            1 => slow,
            _ => {
                let mut it = fast?;
                *it.data.get_mut(2)? ^= 1 + (self.draw.next_u64() % 255) as u8;
                Some(sealed(it, &self.key))
            }
        }
    }

    fn of_other_version(&mut self, next: &CommandFrame, set: usize, number: u64) -> Option<CanFrame> {
        let [fast, slow] = self.status[1 - set];
        let other = 1 + (self.draw.next_u64() % 15) as u8;
        let (mut it, byte, shift) = match number % 3 {
            0 => (fast?, 3, 4),
            1 => (slow?, 3, 4),
            _ => (self.authentic(next, set)?, 17, 0),
        };
        *it.data.get_mut(byte)? ^= other << shift;
        Some(sealed(it, &self.key))
    }
}
