// SPDX-License-Identifier: Apache-2.0
//! A tool in service: it hears session and clock of both units in their slow frames, and commands them with the key.

use levitas_core::link::{CommandFrame, EXPIRY_MS_MAX};
use levitas_core::task::supervisor::Command;
use levitas_wire::{CommandKey, Frame, Id, Received, Unit, decode, encode_command};

/// Part of a command's longest life that this tool does not use: its idea of a unit's clock is a frame old [ms].
const CAUTION_MS: u32 = 10;

/// A command for a unit, named by its winding set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Winding set.
    pub set: usize,
    /// What is asked.
    pub command: Command,
}

/// What is known of a unit.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    session: u32,
    time_ms: u32,
    heard_at_s: f64,
    /// Sequence of the last command that was sent to it in this session.
    sequence: u32,
}

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct ServiceTool {
    known: [Option<Known>; 2],
}

/// The unit of a winding set.
pub(crate) const fn unit_of(set: usize) -> Unit {
    if set == 0 { Unit::Host } else { Unit::Drive }
}

impl ServiceTool {
    /// A frame of the bus.
    pub fn hear(&mut self, id: Id, fd: bool, data: &[u8], now_s: f64) {
        let Ok(Received::Slow { from, status, .. }) = decode(id, fd, data, None) else { return };
        if let Some(known) = self.known.get_mut(from as usize) {
            let sequence = known.filter(|known| known.session == status.session).map_or(0, |it| it.sequence);
            let (session, time_ms) = (status.session, status.time_ms);
            *known = Some(Known { session, time_ms, heard_at_s: now_s, sequence });
        }
    }

    /// What would be sent as the next command; `None` while nothing has been heard of the unit.
    #[must_use]
    pub fn next(&self, order: Order, now_s: f64) -> Option<CommandFrame> {
        let known = self.known.get(order.set).copied().flatten()?;
        let (kind, value) = order.command.code();
        let passed_ms = ((now_s - known.heard_at_s) * 1e3) as u32;
        Some(CommandFrame {
            session: known.session,
            sequence: known.sequence.wrapping_add(1),
            expires_ms: known.time_ms.wrapping_add(passed_ms).wrapping_add(EXPIRY_MS_MAX - CAUTION_MS),
            kind: u8::try_from(kind).ok()?,
            value,
        })
    }

    /// The next command, to be sent now.
    pub fn command(&mut self, order: Order, now_s: f64, key: &CommandKey) -> Option<Frame> {
        let command = self.next(order, now_s)?;
        let frame = encode_command(&command, unit_of(order.set), key).ok()?;
        if let Some(Some(known)) = self.known.get_mut(order.set) {
            known.sequence = command.sequence;
        }
        Some(frame)
    }
}
