// SPDX-License-Identifier: Apache-2.0
//! The link between the two units: the codec of the wire on the bus of the world.
//!
//! Every frame goes through `levitas-wire` both ways, so that what the other unit reads is what the wire can carry, and takes
//! the time and the troubles of [`CanBus`]. Tools outside are a third node, see [`crate::remote`]. The emergency drive's frames
//! wait for the host's, which start in the same instant. A full bus is one on which the third node sends the longest frames
//! with the lowest priority, one right after the other.

use levitas_core::task::link::{LinkOutputs, LinkTask};
use levitas_wire::{ExtendedId, Frame, Id, Receiver, StandardId, Unit as Sender, encode_fast, encode_slow};
use levitas_world::{CanBus, CanFault, CanFrame, CanNode, CanStatistics};

use crate::candump;
use crate::remote::{Forgery, Order, OutsideNode, simulator_key};
use crate::unit_in_loop::UnitInLoop;

/// A frame that was on the bus: time [s], who sent it, frame.
pub type Heard = (f64, Option<CanNode>, CanFrame);

/// What fills the bus: the lowest priority, the longest data.
const FILLER: CanFrame =
    CanFrame { id: 0x7ff, extended: false, fd: true, brs: true, remote: false, len: 64, data: [0x55; 64] };
/// So many of them wait or are on their way: when one ends the next one is there.
const FILLERS: u64 = 2;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct LinkBus {
    bus: Box<CanBus>,
    receivers: [Receiver; 2],
    outside: Option<Box<OutsideNode>>,
    slow_frames: [u8; 2],
    /// The third node fills the bus.
    full: bool,
    /// Frames that it has queued.
    filling: u64,
    /// Lines of the log, if one is kept.
    log: Option<String>,
    /// What was on the bus since somebody outside looked, if anybody does.
    heard: Option<Vec<Heard>>,
}

impl LinkBus {
    /// A quiet bus; a unit that is not there has no power.
    #[must_use]
    pub fn new(seed: u64, has_drive: bool) -> Self {
        let mut bus = Box::new(CanBus::new(seed));
        if !has_drive {
            bus.switch_off(CanNode::Drive);
        }
        let receivers = [Sender::Host, Sender::Drive].map(|unit| Receiver::new(unit, simulator_key()));
        Self {
            bus,
            receivers,
            outside: None,
            slow_frames: [0; 2],
            log: None,
            heard: None,
            full: false,
            filling: 0,
        }
    }

    /// Switches on the node of tools outside: without it nobody sends commands.
    pub fn attach_outside(&mut self, seed: u64) {
        self.outside = OutsideNode::attach(&mut self.bus, seed).map(Box::new);
    }

    /// The node outside sends a genuine command; false when it cannot.
    pub fn order(&mut self, order: Order, now_s: f64) -> bool {
        self.outside.as_mut().is_some_and(|outside| outside.command(order, now_s, &mut self.bus))
    }

    /// The node outside begins to forge commands to a unit over the bus; with 0 it ends.
    pub fn attack(&mut self, set: usize, rate_hz: f64, now_s: f64) {
        if let Some(outside) = &mut self.outside {
            outside.attack(set, rate_hz, now_s);
        }
    }

    /// Busy share of the bus in the last second.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.bus.load()
    }

    /// Forged frames that went to the bus.
    #[must_use]
    pub fn forged(&self) -> u64 {
        self.outside.as_ref().map_or(0, |outside| outside.forged())
    }

    /// A forged frame that does not go over the bus.
    pub fn forge(&mut self, kind: Forgery, set: usize, now_s: f64) -> Option<CanFrame> {
        self.outside.as_mut()?.forge(kind, set, now_s)
    }

    /// Gives a frame to a unit.
    pub fn hand_on<U: UnitInLoop>(&self, frame: &CanFrame, unit: &mut U) {
        if let Some(receiver) = self.receivers.get(unit.set()) {
            unit.hear(frame, receiver);
        }
    }

    /// Keeps a log of every frame from now on, in the form of `candump -l`.
    pub fn keep_log(&mut self) {
        self.bus.tap();
        self.log = Some(String::new());
    }

    /// Keeps none any more.
    pub fn drop_log(&mut self) {
        self.log = None;
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &str {
        self.log.as_deref().unwrap_or("")
    }

    /// Somebody outside takes part: its node has power, and every frame is kept until [`Self::take_heard`].
    pub fn connect_outside(&mut self) {
        self.bus.switch_on(CanNode::Outside);
        self.bus.tap();
        self.heard = Some(Vec::new());
    }

    /// What was on the bus since the last call.
    pub fn take_heard(&mut self) -> Vec<Heard> {
        self.heard.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The bus, for who takes part from outside.
    pub fn bus(&mut self) -> &mut CanBus {
        &mut self.bus
    }

    /// A fault of the bus begins.
    pub fn fault(&mut self, fault: CanFault) {
        let started = self.bus.fault(fault);
        debug_assert!(started.is_ok(), "checked before the first tick: {started:?}");
    }

    /// Every fault of the bus is over.
    pub fn clear(&mut self) {
        self.bus.clear();
        self.attack(0, 0.0, 0.0);
    }

    /// The bus is full from now on, or has room again.
    pub fn fill(&mut self, full: bool) {
        self.full = full;
    }

    /// What the controller of a unit has counted.
    #[must_use]
    pub fn statistics(&self, set: usize) -> CanStatistics {
        self.bus.statistics(CanNode::of_set(set))
    }

    /// A unit loses its power, or has it again.
    pub fn power(&mut self, set: usize, on: bool) {
        let node = CanNode::of_set(set);
        if on { self.bus.switch_on(node) } else { self.bus.switch_off(node) }
    }

    /// A unit that is bus-off asks to come back.
    pub fn recover(&mut self, set: usize) {
        self.bus.recover(CanNode::of_set(set));
    }

    /// Sends a frame of a unit as it is. A controller that cannot take it loses it.
    pub fn send_frame(&mut self, set: usize, frame: CanFrame, now_s: f64) {
        let _ = self.bus.send(CanNode::of_set(set), frame, now_s);
    }

    /// Sends the frames of a unit, named by its winding set. A controller whose buffers are full loses them.
    pub fn send(&mut self, set: usize, outputs: &LinkOutputs, now_s: f64) {
        let (from, node) =
            if set == 0 { (Sender::Host, CanNode::Host) } else { (Sender::Drive, CanNode::Drive) };
        if let Some(fast) = &outputs.fast {
            self.queue(node, &encode_fast(fast, from), now_s);
        }
        if let (Some(slow), Some(counter)) = (&outputs.slow, self.slow_frames.get_mut(set)) {
            *counter = counter.wrapping_add(1);
            let frame = encode_slow(slow, from, *counter);
            self.queue(node, &frame, now_s);
        }
    }

    fn queue(&mut self, node: CanNode, frame: &Frame, now_s: f64) {
        let Some(frame) = on_bus(frame) else { return };
        // Bus-off, or nobody acknowledges: what does not fit is old by the time it could be sent.
        if self.bus.send(node, frame, now_s).is_err() {
            self.bus.recover(node);
        }
    }

    /// The third node always has a frame to send while the bus is to be full, and leaves after its last one if nobody else
    /// is outside.
    fn keep_full(&mut self, now_s: f64) {
        if !self.full && self.filling == 0 {
            return;
        }
        let statistics = self.bus.statistics(CanNode::Outside);
        let waiting = self.filling.saturating_sub(statistics.sent + statistics.lost);
        if self.full {
            self.bus.switch_on(CanNode::Outside);
            for _ in waiting..FILLERS {
                match self.bus.send(CanNode::Outside, FILLER, now_s) {
                    Ok(()) => self.filling += 1,
                    // Errors on the bus have driven it bus-off.
                    Err(_) => self.bus.recover(CanNode::Outside),
                }
            }
            while self.outside.is_none() && self.bus.receive(CanNode::Outside).is_some() {}
        } else if waiting == 0 && self.outside.is_none() && self.heard.is_none() {
            self.bus.switch_off(CanNode::Outside);
        }
    }

    /// Delivers what has arrived by now.
    pub fn deliver<U: UnitInLoop>(&mut self, now_s: f64, units: &mut [U]) {
        self.bus.advance(now_s);
        self.keep_full(now_s);
        while let Some((time_s, from, frame)) = self.bus.tapped() {
            if let Some(log) = &mut self.log {
                log.push_str(&candump::line(time_s, &frame));
                log.push('\n');
            }
            if let Some(heard) = &mut self.heard {
                heard.push((time_s, from, frame));
            }
            let unit = units.iter_mut().find(|unit| Some(CanNode::of_set(unit.set())) == from);
            unit.into_iter().for_each(|unit| unit.sent(&frame));
        }
        for unit in units.iter_mut().filter(|unit| unit.listens()) {
            while let Some((_, frame)) = self.bus.receive(CanNode::of_set(unit.set())) {
                self.hand_on(&frame, unit);
            }
        }
        if let Some(outside) = &mut self.outside {
            outside.step(now_s, &mut self.bus);
        }
    }
}

/// Gives a task what a frame says, or counts why it says nothing.
pub fn give(frame: &CanFrame, receiver: &Receiver, task: &mut LinkTask) {
    if let Some(id) = id_of(frame) {
        receiver.receive(id, frame.fd, frame.data(), task);
    }
}

/// The id of a frame as the wire has it.
pub(crate) fn id_of(frame: &CanFrame) -> Option<Id> {
    if frame.extended {
        return ExtendedId::new(frame.id).map(Id::Extended);
    }
    u16::try_from(frame.id).ok().and_then(StandardId::new).map(Id::Standard)
}

/// A frame of the codec for the bus; all that it makes exist there.
pub(crate) fn on_bus(frame: &Frame) -> Option<CanFrame> {
    let Id::Standard(id) = frame.id() else { return None };
    let make = if frame.is_fd() { CanFrame::fd } else { CanFrame::classic };
    make(u32::from(id.as_raw()), frame.data()).ok()
}
