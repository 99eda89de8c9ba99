// SPDX-License-Identifier: Apache-2.0
//! The other unit's drive line, as this unit receives it.
//!
//! The line is a current loop that the receiver feeds and the sender interrupts. Edges say *I drive the head*; each
//! receiver's own monostable decodes them, so a line that stands still reads as silent whatever its level. An
//! unpowered sender leaves the loop closed: 4 mA, released. A cut cable carries nothing: unknown.

use super::Times;

/// What a receiver makes of the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Line {
    /// Edges: the sender drives the head.
    Driving,
    /// Steady current: the sender does not drive.
    Released,
    /// No current, or no such line: nothing is known.
    #[default]
    Broken,
}

/// The line with its history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct DriveLine {
    raw: Line,
    /// Samples in a row that said `raw`, up to as many as are asked for.
    same: u16,
    settled: Line,
}

impl DriveLine {
    /// Takes a sample. Edges are believed at once, since the monostable has judged them; anything else once it has
    /// been the same for `debounce` samples.
    pub(super) fn observe(&mut self, line: Line, times: &Times) {
        self.same = if line == self.raw { self.same.saturating_add(1).min(times.debounce) } else { 1 };
        self.raw = line;
        if line == Line::Driving || self.same >= times.debounce {
            self.settled = line;
        }
    }

    /// What the line says, debounced.
    pub(super) fn settled(&self) -> Line {
        self.settled
    }

    /// The edges have ended in this or the last samples, which is not yet believed.
    pub(super) fn has_just_ended(&self) -> bool {
        self.settled == Line::Driving && self.raw != Line::Driving
    }

    /// The last sample said something else than what is believed.
    pub(super) fn is_changing(&self) -> bool {
        self.settled != self.raw
    }

    /// The line says released, and said so in the last sample.
    pub(super) fn is_released(&self) -> bool {
        self.settled == Line::Released && self.raw == Line::Released
    }
}
