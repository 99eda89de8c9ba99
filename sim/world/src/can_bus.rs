// SPDX-License-Identifier: Apache-2.0
//! The CAN FD bus between the two units and tools outside: bytes, bits and time, no meaning.
//!
//! # Model
//! 1 Mbit/s, data phase of FD frames with BRS 5 Mbit/s. A node has 32 transmit buffers, of which the frame with the highest
//! priority goes first and, among equal ones, the oldest, and a receive queue of 64. When the bus has been idle for the 3 bits
//! of the intermission, all nodes with a frame start at once and the lowest identifier wins. How long a frame takes
//! follows from its bits (`bits.rs`). Everyone but the sender has it one bit before the end of EOF, the sender counts it as
//! sent one bit later. Nobody there to acknowledge is an error. Errors end a frame with 6 to 12 bits of error flags, 8 of
//! delimiter, 3 of intermission; the frame is sent again at once, unless it is one-shot: then it is given up, as it is when
//! it loses arbitration. Error counters and bus-off: `controller.rs`. Frames with the same identifier from two nodes at the
//! same time destroy each other at the first bit that differs.
//! | fault | what happens |
//! |---|---|
//! | `Break` | the node has a wire of its own, where nobody acknowledges: it becomes error-passive and goes on trying |
//! | `Errors` | a frame on the bus is destroyed at a random bit |
//! | `Loss` | the frame is acknowledged and then lost in the driver |
//! | `Babble` | the node starts a frame with identifier 0 whenever its share of the time allows, in arbitration as everyone |
//! | `Delay` | received frames are handed over later, in their order |
//! | `Replay` | a node of its own keeps one frame each 1 / rate and sends it when it is so old |
//!
//! # Timing
//! Integer nanoseconds inside. `advance(until)` finishes what ends by then; what is queued at a time competes with all that
//! is queued at that time, in whatever order the calls came.
//! # Limits and failure
//! Bits have no propagation time and clocks are equal: a node that becomes ready starts within the bit. The last bit of EOF is
//! never destroyed, so no frame is received twice for that reason. All nodes see an error in the same bit. ESI is
//! dominant, also from error-passive nodes. No overload frames. A node that comes back to the bus waits for no idle time.
//! # Source
//! ISO 11898-1:2015.
//! # Shown by
//! `tests/can_bus.rs`, `tests/can_bus_bits.rs`, `tests/can_bus_faults.rs`, `tests/can_bus_properties.rs`.

use core::fmt;

use crate::noise::Noise;

mod bits;
mod controller;
mod fault;
mod frame;
mod load;
mod replay;
mod tap;
mod wire;

pub use bits::CanBits;
pub use controller::{CanState, CanStatistics};
pub use fault::{CanFault, CanFaultError};
pub use frame::{CAN_DATA_MAX, CAN_LENGTHS, CanFrame, CanFrameError};

use bits::BIT_NS;
use controller::{Controller, Pending};
use load::Load;
use replay::Replay;
use tap::Tap;
use wire::Wire;

/// Recessive bits between frames.
const INTERMISSION_NS: u64 = 3 * BIT_NS;
/// Time between two frames at least [s].
pub const CAN_INTERMISSION_S: f64 = INTERMISSION_NS as f64 * 1e-9;
/// The nodes and the stranger who replays.
const PARTIES: usize = CanNode::ALL.len() + 1;
const STRANGER: usize = PARTIES - 1;
/// The wire of all; the others are stubs of nodes cut off.
const BUS: usize = 0;
/// Stream of random numbers of the seed.
const STREAM: u64 = 0x43_41_4e;

/// A node of the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CanNode {
    /// The host.
    Host,
    /// The emergency drive.
    Drive,
    /// Tools outside; switched off at first.
    Outside,
}

impl CanNode {
    /// All nodes.
    pub const ALL: [Self; 3] = [Self::Host, Self::Drive, Self::Outside];

    /// The unit of a winding set, 0 or 1; sets beyond do not exist.
    #[must_use]
    pub const fn of_set(set: usize) -> Self {
        if set == 0 { Self::Host } else { Self::Drive }
    }
}

/// Why a frame was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanSendError {
    /// No frame of the bus.
    Frame(CanFrameError),
    /// All transmit buffers are taken.
    Full,
    /// The node is bus-off until it is asked to recover.
    BusOff,
    /// The node has no power.
    Off,
}

impl fmt::Display for CanSendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(error) => error.fmt(f),
            Self::Full => f.write_str("all transmit buffers are taken"),
            Self::BusOff => f.write_str("bus-off"),
            Self::Off => f.write_str("switched off"),
        }
    }
}

impl core::error::Error for CanSendError {}

/// Identifier 0 without end.
#[derive(Clone, Copy, Debug)]
struct Babble {
    share: f64,
    next_ns: u64,
}

/// What faults do at one node.
#[derive(Clone, Copy, Debug, Default)]
struct NodeFaults {
    loss: f64,
    delay_ns: u64,
    babble: Option<Babble>,
}

/// The bus with its nodes.
///
/// ```
/// use levitas_world::{CanBus, CanFault, CanFrame, CanNode};
///
/// let mut bus = CanBus::new(1);
/// bus.send(CanNode::Host, CanFrame::fd(0x010, &[7; 32]).unwrap(), 0.0).unwrap();
/// bus.fault(CanFault::Delay { node: CanNode::Drive, delay_s: 200e-6 }).unwrap();
/// bus.advance(200e-6);
/// assert_eq!(bus.receive(CanNode::Drive), None);
/// bus.advance(300e-6);
/// let (time_s, frame) = bus.receive(CanNode::Drive).unwrap();
/// assert!(time_s > 280e-6 && frame.data() == [7; 32]);
/// ```
#[derive(Clone, Debug)]
pub struct CanBus {
    now_ns: u64,
    /// Number of the next frame to be queued.
    number: u64,
    nodes: [Controller; PARTIES],
    /// Which wire a node is on.
    wire_of: [usize; PARTIES],
    wires: [Wire; PARTIES + 1],
    errors: f64,
    faults: [NodeFaults; PARTIES],
    replay: Option<Replay>,
    tap: Tap,
    load: Load,
    noise: Noise,
}

/// To the nearest nanosecond; negative times and NaN are 0.
fn nanoseconds(time_s: f64) -> u64 {
    libm::round(time_s * 1e9) as u64
}

fn seconds(time_ns: u64) -> f64 {
    time_ns as f64 * 1e-9
}

impl CanBus {
    /// A quiet bus at time 0 with both units switched on.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut bus = Self {
            now_ns: 0,
            number: 0,
            nodes: core::array::from_fn(|_| Controller::default()),
            wire_of: [BUS; PARTIES],
            wires: core::array::from_fn(|_| Wire::default()),
            errors: 0.0,
            faults: [NodeFaults::default(); PARTIES],
            replay: None,
            tap: Tap::default(),
            load: Load::new(),
            noise: Noise::new(seed, STREAM),
        };
        bus.switch_on(CanNode::Host);
        bus.switch_on(CanNode::Drive);
        bus
    }

    /// How far the bus has advanced [s].
    #[must_use]
    pub fn now_s(&self) -> f64 {
        seconds(self.now_ns)
    }

    /// Gives a node power: its controller starts anew. Without effect on one that has.
    pub fn switch_on(&mut self, node: CanNode) {
        if !self.nodes[node as usize].on {
            self.nodes[node as usize].switch(true);
        }
    }

    /// Takes a node's power: what it was to send and what it had received are gone.
    pub fn switch_off(&mut self, node: CanNode) {
        self.fall_silent(node as usize, true);
        self.nodes[node as usize].switch(false);
    }

    /// Queues a frame at a time; the bus advances to it.
    ///
    /// # Errors
    /// The frame does not exist on a bus, or the node cannot take it.
    pub fn send(&mut self, node: CanNode, frame: CanFrame, now_s: f64) -> Result<(), CanSendError> {
        self.queue(node, frame, now_s, false)
    }

    /// Queues a frame that is tried once: given up when it is destroyed, not acknowledged, or loses arbitration.
    ///
    /// # Errors
    /// As for `send`.
    pub fn send_once(&mut self, node: CanNode, frame: CanFrame, now_s: f64) -> Result<(), CanSendError> {
        self.queue(node, frame, now_s, true)
    }

    fn queue(&mut self, node: CanNode, frame: CanFrame, now_s: f64, once: bool) -> Result<(), CanSendError> {
        self.advance(now_s);
        frame.check().map_err(CanSendError::Frame)?;
        let controller = &mut self.nodes[node as usize];
        match controller.statistics.state {
            _ if !controller.on => Err(CanSendError::Off),
            CanState::BusOff => Err(CanSendError::BusOff),
            _ if controller.is_full() => Err(CanSendError::Full),
            _ => {
                controller.queue(Pending::new(frame, self.number, once));
                self.number += 1;
                Ok(())
            }
        }
    }

    /// Lets time pass; a time before the bus's own changes nothing.
    pub fn advance(&mut self, until_s: f64) {
        let until_ns = nanoseconds(until_s);
        if until_ns > self.now_ns {
            for wire in 0..self.wires.len() {
                self.advance_wire(wire, until_ns);
            }
            self.now_ns = until_ns;
        }
    }

    /// The oldest frame that a node has received, with the time of its reception [s].
    pub fn receive(&mut self, node: CanNode) -> Option<(f64, CanFrame)> {
        let (time_ns, frame) = self.nodes[node as usize].receive(self.now_ns)?;
        Some((seconds(time_ns), frame))
    }

    /// Begins to listen without taking part, not even to acknowledge; `tapped` has what is heard.
    pub fn tap(&mut self) {
        self.tap.on = true;
    }

    /// The oldest of up to 64 frames heard by the tap: when it was received [s], who sent it (`None`: a stranger), the frame.
    pub fn tapped(&mut self) -> Option<(f64, Option<CanNode>, CanFrame)> {
        let (time_ns, party, frame) = self.tap.read()?;
        Some((seconds(time_ns), CanNode::ALL.get(party).copied(), frame))
    }

    /// Frames that found the tap's queue full.
    #[must_use]
    pub fn tap_missed(&self) -> u64 {
        self.tap.missed
    }

    /// A node that is bus-off asks to come back, after 128 times 11 recessive bits.
    pub fn recover(&mut self, node: CanNode) {
        self.nodes[node as usize].recover(self.now_ns);
    }

    /// What a node has counted.
    #[must_use]
    pub fn statistics(&self, node: CanNode) -> CanStatistics {
        self.nodes[node as usize].statistics
    }

    /// Busy share of the last second, intermissions and error frames included, 0 to 1.
    #[must_use]
    pub fn load(&self) -> f64 {
        self.load.share(self.now_ns)
    }

    /// Lets a fault begin.
    ///
    /// # Errors
    /// The first number that is outside its range; nothing has changed then.
    pub fn fault(&mut self, fault: CanFault) -> Result<(), CanFaultError> {
        fault.check()?;
        match fault {
            CanFault::Break { node } => self.cut_off(node as usize),
            CanFault::Errors { probability } => self.errors = probability,
            CanFault::Loss { node, probability } => self.faults[node as usize].loss = probability,
            CanFault::Babble { node, share } => {
                let next_ns = if share > 0.0 { self.now_ns } else { u64::MAX };
                self.faults[node as usize].babble = Some(Babble { share, next_ns });
            }
            CanFault::Delay { node, delay_s } => self.faults[node as usize].delay_ns = nanoseconds(delay_s),
            CanFault::Replay { delay_s, rate_hz } => {
                self.nodes[STRANGER].switch(true);
                self.replay = Some(Replay::new(delay_s, rate_hz, self.now_ns));
            }
        }
        Ok(())
    }

    /// Ends all faults. Error counters stay as they are.
    pub fn clear(&mut self) {
        for party in 0..PARTIES {
            self.connect(party);
        }
        self.errors = 0.0;
        self.faults = [NodeFaults::default(); PARTIES];
        self.replay = None;
        self.nodes[STRANGER].switch(false);
    }
}
