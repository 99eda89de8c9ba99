// SPDX-License-Identifier: Apache-2.0
//! What happens on a wire, one frame after the other: arbitration, the frame's end, errors.

use heapless::Vec;

use crate::can_bus::bits::{BIT_NS, CanBits};
use crate::can_bus::controller::{CanState, Pending};
use crate::can_bus::frame::CanFrame;
use crate::can_bus::{BUS, CanBus, INTERMISSION_NS, PARTIES, STRANGER};

/// An error flag; those of several nodes overlap to as much as twice that.
const FLAG_BITS: u64 = 6;
const DELIMITER_BITS: u64 = 8;
/// For so long an error-passive node lets others go first.
const SUSPEND_NS: u64 = 8 * BIT_NS;
/// What a babbling node sends.
const BABBLE: CanFrame =
    CanFrame { id: 0, extended: false, fd: false, brs: false, remote: false, len: 8, data: [0x55; 64] };

/// Where a frame came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Buffer,
    Babble,
    Memory,
}

/// Who sends, and what.
#[derive(Clone, Copy, Debug)]
struct Sender {
    party: usize,
    pending: Pending,
    source: Source,
    /// It has lost its power meanwhile: its new life counts nothing of this frame.
    is_void: bool,
}

/// How a frame on the wire will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// With EOF.
    Good,
    /// With EOF, and the receivers have it.
    Delivered,
    /// With error flags.
    Destroyed,
    /// With the error flag of its sender.
    Unacknowledged,
}

/// A frame on the wire. More than one node may send it, if all send the same bits.
#[derive(Clone, Debug)]
struct Flight {
    senders: Vec<Sender, PARTIES>,
    start_ns: u64,
    end_ns: u64,
    fate: Fate,
}

/// A wire: the bus, or the stub of a node that is cut off.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    /// From here on a frame may start.
    free_ns: u64,
    flight: Option<Flight>,
}

impl CanBus {
    pub(crate) fn advance_wire(&mut self, wire: usize, until_ns: u64) {
        let idle_stub = wire != BUS && self.wire_of[wire - 1] == BUS;
        let in_flight = |flight: &Flight| flight.end_ns - BIT_NS > until_ns;
        if idle_stub || self.wires[wire].flight.as_ref().is_some_and(in_flight) {
            return;
        }
        loop {
            let moved = match self.wires[wire].flight.take() {
                Some(flight) => self.end_frame(wire, flight, until_ns),
                None => self.start_frame(wire, until_ns),
            };
            if !moved {
                return;
            }
        }
    }

    fn is_on(&self, wire: usize, party: usize) -> bool {
        self.wire_of[party] == wire && self.nodes[party].is_present()
    }

    /// The earliest time from which a party has something to send.
    fn ready_ns(&self, party: usize, from_ns: u64) -> Option<u64> {
        let node = &self.nodes[party];
        let babble_ns = self.faults[party].babble.map(|babble| babble.next_ns);
        let memory = self.replay.as_ref().filter(|_| party == STRANGER).and_then(|replay| replay.next());
        let sources = [node.is_waiting().then_some(0), babble_ns, memory.map(|(due_ns, _)| *due_ns)];
        sources.into_iter().flatten().min().map(|ready_ns| ready_ns.max(from_ns).max(node.not_before_ns))
    }

    /// What a party would send now.
    fn offer(&self, party: usize, now_ns: u64) -> Option<Sender> {
        let new =
            |frame, source| Sender { party, pending: Pending::new(frame, 0, false), source, is_void: false };
        let babble = self.faults[party].babble.filter(|babble| babble.next_ns <= now_ns);
        let babble = babble.map(|_| new(BABBLE, Source::Babble));
        let memory = self.replay.as_ref().filter(|_| party == STRANGER).and_then(|replay| replay.next());
        let memory =
            memory.filter(|(due_ns, _)| *due_ns <= now_ns).map(|(_, frame)| new(*frame, Source::Memory));
        let first = self.nodes[party].first();
        let buffer =
            first.map(|pending| Sender { party, pending: *pending, source: Source::Buffer, is_void: false });
        [babble, memory, buffer].into_iter().flatten().min_by_key(|sender| sender.pending.priority)
    }

    /// Arbitration, when somebody has something to send before `until_ns`.
    fn start_frame(&mut self, wire: usize, until_ns: u64) -> bool {
        let free_ns = self.wires[wire].free_ns;
        let from_ns = free_ns.max(self.now_ns);
        let present = |bus: &Self, party: &usize| bus.is_on(wire, *party);
        let parties = (0..PARTIES).filter(|party| present(self, party));
        let ready = parties.filter_map(|party| self.ready_ns(party, from_ns)).min();
        let start_ns = ready.unwrap_or(u64::MAX).min(until_ns);
        for party in 0..PARTIES {
            if self.wire_of[party] == wire {
                self.nodes[party].see_idle(free_ns, start_ns);
            }
        }
        if start_ns == until_ns {
            return false;
        }
        let mut offers: Vec<Sender, PARTIES> = (0..PARTIES)
            .filter(|party| present(self, party))
            .filter(|party| self.ready_ns(*party, from_ns).is_some_and(|ready_ns| ready_ns <= start_ns))
            .filter_map(|party| self.offer(party, start_ns))
            .collect();
        let best = offers.iter().map(|sender| sender.pending.priority).min();
        for loser in offers.iter().filter(|sender| Some(sender.pending.priority) != best) {
            if loser.source == Source::Buffer {
                self.nodes[loser.party].lose_arbitration();
            }
        }
        offers.retain(|sender| Some(sender.pending.priority) == best);
        self.fly(wire, offers, start_ns);
        true
    }

    /// Puts the winners' frame on the wire and decides how it will end.
    fn fly(&mut self, wire: usize, senders: Vec<Sender, PARTIES>, start_ns: u64) {
        let Some(frame) = senders.first().map(|sender| sender.pending.frame) else { return };
        let bits = frame.bits();
        let occupied_ns = bits.end_ns(bits.total()) + INTERMISSION_NS;
        for sender in &senders {
            match sender.source {
                Source::Buffer => self.nodes[sender.party].start(),
                Source::Memory => self.replay.iter_mut().for_each(super::Replay::start),
                Source::Babble => {
                    if let Some(babble) = &mut self.faults[sender.party].babble {
                        let pause_ns = (occupied_ns as f64 / babble.share) as u64;
                        babble.next_ns = start_ns.saturating_add(pause_ns);
                    }
                }
            }
        }
        let differs = senders.iter().filter_map(|sender| frame.first_difference(&sender.pending.frame)).min();
        let heard = (0..PARTIES)
            .any(|party| self.is_on(wire, party) && !senders.iter().any(|sender| sender.party == party));
        let struck = self.strike(wire, &bits);
        let destroyed_at = [differs, struck].into_iter().flatten().min();
        let (fate, end_ns) = match destroyed_at {
            Some(bit) => (Fate::Destroyed, start_ns + bits.end_ns(bit) + self.error_frame_ns()),
            None if heard => (Fate::Good, start_ns + bits.end_ns(bits.total())),
            None => {
                let flag_ns = (FLAG_BITS + DELIMITER_BITS) * BIT_NS;
                (Fate::Unacknowledged, start_ns + bits.end_ns(bits.acknowledge()) + flag_ns)
            }
        };
        self.wires[wire].flight = Some(Flight { senders, start_ns, end_ns, fate });
    }

    /// The bit in which interference destroys a frame on the bus.
    fn strike(&mut self, wire: usize, bits: &CanBits) -> Option<u32> {
        if wire != BUS || self.errors <= 0.0 || self.noise.uniform() >= self.errors {
            return None;
        }
        Some(1 + (self.noise.uniform() * f64::from(bits.total() - 1)) as u32)
    }

    /// Flags of several nodes, one after the other or together, and the delimiter.
    fn error_frame_ns(&mut self) -> u64 {
        let later = (self.noise.uniform() * (FLAG_BITS + 1) as f64) as u64;
        (FLAG_BITS + later + DELIMITER_BITS) * BIT_NS
    }

    /// What is due of a frame on the wire; false when nothing more is until `until_ns`.
    fn end_frame(&mut self, wire: usize, mut flight: Flight, until_ns: u64) -> bool {
        if flight.fate == Fate::Good && flight.end_ns - BIT_NS <= until_ns {
            flight.fate = Fate::Delivered;
            self.deliver(wire, &flight);
        }
        if flight.end_ns > until_ns {
            self.wires[wire].flight = Some(flight);
            return false;
        }
        let free_ns = flight.end_ns + INTERMISSION_NS;
        self.wires[wire].free_ns = free_ns;
        if wire == BUS {
            self.load.record(flight.start_ns, free_ns);
        }
        for party in 0..PARTIES {
            if self.wire_of[party] == wire {
                self.count_end(party, &flight);
            }
        }
        for sender in &flight.senders {
            self.end_sending(sender, flight.fate, free_ns);
        }
        true
    }

    /// A frame's end as a node sees it that does not send.
    fn count_end(&mut self, party: usize, flight: &Flight) {
        let node = &mut self.nodes[party];
        node.see_frame_end();
        let sends = flight.senders.iter().any(|sender| sender.party == party);
        if flight.fate == Fate::Destroyed && node.is_present() && !sends {
            node.receive_failed();
        }
    }

    fn end_sending(&mut self, sender: &Sender, fate: Fate, free_ns: u64) {
        let node = &mut self.nodes[sender.party];
        if sender.is_void {
            return node.forget();
        }
        let was_passive = node.statistics.state == CanState::ErrorPassive;
        if fate == Fate::Delivered {
            node.sent(sender.source == Source::Buffer);
        } else {
            node.send_failed(fate == Fate::Unacknowledged);
            match sender.source {
                Source::Buffer => node.take_back(sender.pending),
                Source::Memory => self.replay.iter_mut().for_each(|it| it.take_back(sender.pending.frame)),
                Source::Babble => {
                    self.faults[sender.party].babble.iter_mut().for_each(|babble| babble.next_ns = 0);
                }
            }
        }
        let node = &mut self.nodes[sender.party];
        if was_passive || node.statistics.state == CanState::ErrorPassive {
            node.not_before_ns = free_ns + SUSPEND_NS;
        }
    }

    /// Gives a good frame to everyone who listens.
    fn deliver(&mut self, wire: usize, flight: &Flight) {
        let Some(sender) = flight.senders.first() else { return };
        let (frame, time_ns) = (sender.pending.frame, flight.end_ns - BIT_NS);
        let sends = |party| flight.senders.iter().any(|sender| sender.party == party);
        for party in 0..STRANGER {
            if self.is_on(wire, party) && !sends(party) {
                let faults = self.faults[party];
                let missed = faults.loss > 0.0 && self.noise.uniform() < faults.loss;
                self.nodes[party].take(time_ns + faults.delay_ns, &frame, missed);
            }
        }
        if wire == BUS {
            self.tap.hear(time_ns, sender.party, &frame);
            if !sends(STRANGER) {
                self.replay.iter_mut().for_each(|replay| replay.hear(time_ns, &frame));
            }
        }
    }

    /// The party stops sending in the middle of a frame, if it does send one: the others see an error, unless another
    /// sends the same bits.
    pub(crate) fn fall_silent(&mut self, party: usize, forget: bool) {
        let wire = self.wire_of[party];
        let Some(mut flight) = self.wires[wire].flight.take() else { return };
        if let Some(sender) = flight.senders.iter_mut().find(|sender| sender.party == party) {
            sender.is_void = forget;
            if flight.senders.len() == 1 && flight.fate == Fate::Good {
                flight.fate = Fate::Destroyed;
                flight.end_ns = self.now_ns + self.error_frame_ns();
            }
        }
        self.wires[wire].flight = Some(flight);
    }

    /// Puts a party on a wire of its own.
    pub(crate) fn cut_off(&mut self, party: usize) {
        if self.wire_of[party] == BUS {
            self.fall_silent(party, false);
            let end_ns = self.wires[BUS].flight.as_ref().map_or(self.now_ns, |flight| flight.end_ns);
            self.wire_of[party] = 1 + party;
            self.wires[1 + party] = Wire { free_ns: end_ns + INTERMISSION_NS, flight: None };
        }
    }

    /// Puts a party back on the bus; what it was sending alone waits again.
    pub(crate) fn connect(&mut self, party: usize) {
        let stub = core::mem::take(&mut self.wires[1 + party]);
        for sender in stub.flight.iter().flat_map(|flight| &flight.senders) {
            match sender.source {
                Source::Buffer => self.nodes[party].take_back(sender.pending),
                Source::Babble | Source::Memory => {}
            }
        }
        self.wire_of[party] = BUS;
    }
}
