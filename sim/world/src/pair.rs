// SPDX-License-Identifier: Apache-2.0
//! What joins the two units beside the rotor: drive lines with their monostables, and the latch before each gate.
//!
//! # Model
//! Each unit owns one line. An edge leaves it with the PWM update; the receiver's monostable holds for `drive_line.monostable_s`
//! after the last edge, the sender's own one for `drive_line.own_monostable_s`, +-20 % drawn for each part from the seed.
//! | line | the receiver sees |
//! |---|---|
//! | edges, the last one younger than its monostable | driving |
//! | none, cable sound, the sender with or without power | released: its loop stays closed, 4 mA |
//! | stuck at either level | released |
//! | cut | broken: no current |
//!
//! The latch of a unit opens while its own line lives (its own monostable) and the other line is released, or broken
//! and overridden. Once open it stays open while the own line lives and the gate is asked for. A dead gate driver and
//! lost power end edges and gate at once. Where no lines are connected, a bench, gates follow what is asked for.
//!
//! Ripple of the other set: a comparator behind a filter tuned to the other unit's carrier shows it while bridges of the
//! other set switch.
//!
//! # Timing
//! Continuous: a monostable falls and a latch opens in the middle of a period, see [`Pair::next_change_s`]; edges leave with
//! the PWM update of the clock that each unit has.
//! # Limits and failure
//! Monostables keep the world's time. The ripple comparator is ideal.
//! # Source
//! `docs/arbitration.md`.
//! # Shown by
//! Unit tests below; `tests/pair.rs`.

use levitas_core::ports::{LevitationOutputs, pair};
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg32;

use crate::fault::Fault;
use crate::parameters::DriveLine;

/// Tolerance of a monostable.
const MONOSTABLE_TOLERANCE: f64 = 0.2;
/// Two instants closer than this are one [s].
const SAME_S: f64 = 1.0e-9;

/// A cable as its receiver finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cable {
    Sound,
    Cut,
    Stuck,
}

/// One unit's end: its line, its receiver of the other one, its latch.
#[derive(Clone, Copy, Debug)]
struct End {
    level: u32,
    /// When the last edge left [s].
    edge_s: f64,
    /// How long the own monostable and the one behind the other line hold [s].
    own_s: f64,
    receiver_s: f64,
    /// The own line's cable.
    cable: Cable,
    /// Since when there is no power [s].
    dead_s: f64,
    gate_fault: bool,
    wanted: bool,
    overrides: bool,
    open: bool,
    opened_s: f64,
    closed_s: f64,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    connected: bool,
    ends: [End; 2],
}

impl Pair {
    /// A bench: nothing connected.
    pub(crate) fn bench() -> Self {
        let end = End {
            level: 0,
            edge_s: f64::NEG_INFINITY,
            own_s: 0.0,
            receiver_s: 0.0,
            cable: Cable::Sound,
            dead_s: f64::INFINITY,
            gate_fault: false,
            wanted: false,
            overrides: false,
            open: false,
            opened_s: f64::NEG_INFINITY,
            closed_s: f64::NEG_INFINITY,
        };
        Self { connected: false, ends: [end; 2] }
    }

    /// Connects both lines; the parts are drawn from the seed.
    pub(crate) fn connect(&mut self, line: &DriveLine, seed: u64) {
        let mut draw = Pcg32::seed_from_u64(seed ^ 0x6c69_6e65);
        let mut drawn_s = |nominal_s: f64| {
            let part = f64::from(draw.next_u32()) / f64::from(u32::MAX);
            nominal_s * (1.0 + MONOSTABLE_TOLERANCE * (2.0 * part - 1.0))
        };
        self.connected = true;
        for end in &mut self.ends {
            (end.own_s, end.receiver_s) = (drawn_s(line.own_monostable_s), drawn_s(line.monostable_s));
        }
    }

    /// Takes a fault of lines, gates and power, ignores the others.
    pub(crate) fn fault(&mut self, set: usize, fault: &Fault, now_s: f64) {
        let Some(end) = self.ends.get_mut(set) else { return };
        match *fault {
            Fault::LineCut => end.cable = Cable::Cut,
            Fault::LineStuck => end.cable = Cable::Stuck,
            Fault::GateFault => end.gate_fault = true,
            Fault::PowerLoss { after_s } => end.dead_s = now_s + after_s,
            _ => {}
        }
        self.settle(now_s);
    }

    /// A unit has power again.
    pub(crate) fn restore_power(&mut self, set: usize) {
        if let Some(end) = self.ends.get_mut(set) {
            end.dead_s = f64::INFINITY;
        }
    }

    /// Ends the faults of a unit.
    pub(crate) fn clear(&mut self, set: usize) {
        if let Some(end) = self.ends.get_mut(set) {
            (end.cable, end.gate_fault) = (Cable::Sound, false);
        }
    }

    /// The PWM update at the start of a period of either set.
    pub(crate) fn update(&mut self, outputs: &[LevitationOutputs; 2], now_s: f64) {
        for (end, output) in self.ends.iter_mut().zip(outputs) {
            let edge = output.drive_line != end.level;
            end.level = output.drive_line;
            if edge && !end.gate_fault && !end.is_dead(now_s) {
                end.edge_s = now_s;
            }
            end.wanted = output.coil_gate != 0 || output.phase_gate != 0;
            end.overrides = output.latch_override != 0;
        }
        self.settle(now_s);
    }

    /// Opens and closes the latches by what holds at this instant.
    pub(crate) fn settle(&mut self, now_s: f64) {
        let lines = [0, 1].map(|set| self.line(set, now_s));
        for (end, line) in self.ends.iter_mut().zip(lines) {
            let lives = !self.connected || end.edge_s + end.own_s > now_s + SAME_S;
            let may = end.wanted && lives && !end.gate_fault && !end.is_dead(now_s);
            let released = line == pair::LINE_CURRENT;
            let opens = !self.connected || released || end.overrides && line == 0;
            let open = may && (end.open || opens);
            match (end.open, open) {
                (false, true) => end.opened_s = now_s,
                (true, false) => end.closed_s = now_s,
                _ => {}
            }
            end.open = open;
        }
    }

    /// The next instant after `now_s` at which a latch may move [s].
    pub(crate) fn next_change_s(&self, now_s: f64) -> f64 {
        let [a, b] = &self.ends;
        let mut next_s = f64::INFINITY;
        let mut take = |at_s: f64| {
            if at_s > now_s + SAME_S {
                next_s = next_s.min(at_s);
            }
        };
        for (end, other) in [(a, b), (b, a)] {
            take(end.dead_s);
            if self.connected && end.open {
                take(end.edge_s + end.own_s);
            }
            if self.connected && end.wanted && !end.open {
                take(other.edge_s + end.receiver_s);
            }
        }
        next_s
    }

    /// What of the outputs passes the latches.
    pub(crate) fn gated(&self, mut outputs: [LevitationOutputs; 2]) -> [LevitationOutputs; 2] {
        for (output, end) in outputs.iter_mut().zip(&self.ends) {
            if !end.open {
                (output.coil_gate, output.phase_gate) = (0, 0);
            }
        }
        outputs
    }

    /// Whether the gate of a set is open.
    pub(crate) fn is_open(&self, set: usize) -> bool {
        self.ends.get(set).is_some_and(|end| end.open)
    }

    /// When each gate last opened [s].
    pub(crate) fn opened_s(&self) -> [f64; 2] {
        self.ends.map(|end| end.opened_s)
    }

    /// When each gate last closed [s].
    pub(crate) fn closed_s(&self) -> [f64; 2] {
        self.ends.map(|end| end.closed_s)
    }

    /// When the last edge left each unit [s].
    pub(crate) fn last_update_s(&self) -> [f64; 2] {
        self.ends.map(|end| end.edge_s)
    }

    /// What a unit reads of its pair: bits of [`pair`].
    pub(crate) fn read(&self, set: usize, now_s: f64) -> u32 {
        let bit = |is: bool, bit: u32| if is { bit } else { 0 };
        self.line(set, now_s)
            | bit(self.is_open(1 - set), pair::FOREIGN_RIPPLE)
            | bit(self.is_open(set), pair::GATE_OPEN)
            | bit(self.ends[set].gate_fault, pair::GATE_FAULT)
    }

    /// The other unit's line, as this one receives it.
    fn line(&self, set: usize, now_s: f64) -> u32 {
        let (here, sender) = (&self.ends[set], &self.ends[1 - set]);
        match sender.cable {
            Cable::Cut => 0,
            _ if !self.connected => 0,
            Cable::Sound if sender.edge_s + here.receiver_s > now_s + SAME_S => {
                pair::LINE_CURRENT | pair::LINE_EDGES
            }
            Cable::Sound | Cable::Stuck => pair::LINE_CURRENT,
        }
    }
}

impl End {
    fn is_dead(&self, now_s: f64) -> bool {
        now_s + SAME_S >= self.dead_s
    }
}
