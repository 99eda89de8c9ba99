// SPDX-License-Identifier: Apache-2.0
//! A CAN controller: transmit buffers, receive queue, error counters.
//!
//! # Model
//! Fault confinement by ISO 11898-1:2015, 12.1.4. The transmitter of a destroyed frame counts 8, its receivers 1; a good
//! frame takes 1 off. Over 127 the node is error-passive and leaves the bus to others for 8 bits after it has sent; over
//! 255, as transmitter, it is bus-off, and its frames are given up. An error-passive node that nobody acknowledges does
//! not count on. Bus-off ends, when asked for, after 128 times 11 recessive bits.

use heapless::{Deque, Vec};

use crate::can_bus::bits::BIT_NS;
use crate::can_bus::frame::CanFrame;

/// Transmit buffers and elements of the receive queue, as the FDCAN of the boards' controllers has at most.
const SEND_COUNT_MAX: usize = 32;
const RECEIVE_COUNT_MAX: usize = 64;
const PASSIVE_COUNT: u16 = 128;
const BUS_OFF_COUNT: u16 = 256;
/// Of a receiver that was error-passive, after a good frame; the standard allows 119 to 127.
const NO_LONGER_PASSIVE_COUNT: u16 = 127;
/// A transmitter's step after a destroyed frame.
const SEND_ERROR_COUNT: u16 = 8;
/// How often so many recessive bits must be seen to end bus-off.
const RECOVERY_COUNT: u16 = 128;
const RECOVERY_NS: u64 = 11 * BIT_NS;

/// State of a controller's error counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CanState {
    /// It takes part, and destroys what it finds wrong.
    #[default]
    ErrorActive,
    /// It takes part and disturbs nobody.
    ErrorPassive,
    /// It neither sends nor receives.
    BusOff,
}

/// What a controller has counted since the start, and its error counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CanStatistics {
    /// Frames sent and acknowledged.
    pub sent: u64,
    /// Frames received.
    pub received: u64,
    /// Attempts to send that were destroyed or not acknowledged.
    pub failed: u64,
    /// Frames given up: one-shot, bus-off, switched off.
    pub lost: u64,
    /// Good frames not taken: the receive queue was full, or the driver lost them.
    pub missed: u64,
    /// Transmit error counter.
    pub tec: u16,
    /// Receive error counter.
    pub rec: u16,
    /// What the counters make of it.
    pub state: CanState,
}

/// A frame that waits to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    pub(crate) frame: CanFrame,
    pub(crate) priority: u32,
    /// Order among frames with the same priority.
    pub(crate) number: u64,
    /// Not sent again after an error or lost arbitration.
    pub(crate) once: bool,
}

impl Pending {
    pub(crate) fn new(frame: CanFrame, number: u64, once: bool) -> Self {
        Self { frame, priority: frame.priority(), number, once }
    }
}

/// What is still to be seen before bus-off ends.
#[derive(Clone, Copy, Debug)]
struct Recovery {
    left: u16,
    since_ns: u64,
}

/// A controller on the bus.
#[derive(Clone, Debug, Default)]
pub(crate) struct Controller {
    /// Supplied with power.
    pub(crate) on: bool,
    /// Not before this time may it send: it was error-passive after its last frame.
    pub(crate) not_before_ns: u64,
    pub(crate) statistics: CanStatistics,
    waiting: Vec<Pending, SEND_COUNT_MAX>,
    /// One buffer is taken by a frame on the wire.
    sending: bool,
    received: Deque<(u64, CanFrame), RECEIVE_COUNT_MAX>,
    recovery: Option<Recovery>,
}

impl Controller {
    /// As after power-up; what was counted stays.
    pub(crate) fn switch(&mut self, on: bool) {
        self.statistics.lost += self.waiting.len() as u64;
        (self.statistics.tec, self.statistics.rec) = (0, 0);
        self.statistics.state = CanState::ErrorActive;
        *self = Self { on, statistics: self.statistics, sending: self.sending, ..Self::default() };
    }

    /// Takes part in the bus's life.
    pub(crate) fn is_present(&self) -> bool {
        self.on && self.statistics.state != CanState::BusOff
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() + usize::from(self.sending) >= SEND_COUNT_MAX
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// A frame to send. There is room: `is_full` was asked, and a frame on the wire keeps its buffer.
    pub(crate) fn queue(&mut self, pending: Pending) {
        self.statistics.lost += u64::from(self.waiting.push(pending).is_err());
    }

    /// The frame that goes first: by priority, then by age.
    pub(crate) fn first(&self) -> Option<&Pending> {
        self.waiting.iter().min_by_key(|pending| (pending.priority, pending.number))
    }

    /// Takes the frame that goes first out of its buffer, to the wire or, given up, to nowhere.
    fn take_first(&mut self) -> Option<Pending> {
        let number = self.first()?.number;
        let at = self.waiting.iter().position(|pending| pending.number == number)?;
        Some(self.waiting.swap_remove(at))
    }

    /// Puts the first frame on the wire.
    pub(crate) fn start(&mut self) {
        self.sending = self.take_first().is_some();
    }

    /// The first frame lost arbitration.
    pub(crate) fn lose_arbitration(&mut self) {
        if self.first().is_some_and(|pending| pending.once) {
            self.take_first();
            self.statistics.lost += 1;
        }
    }

    /// The frame from the wire goes back into its buffer, or is given up.
    pub(crate) fn take_back(&mut self, pending: Pending) {
        self.sending = false;
        if self.is_present() && !pending.once {
            self.queue(pending);
        } else {
            self.statistics.lost += 1;
        }
    }

    /// The frame on the wire was of the time before a power-up.
    pub(crate) fn forget(&mut self) {
        self.sending = false;
        self.statistics.lost += 1;
    }

    /// The frame on the wire arrived.
    pub(crate) fn sent(&mut self, from_buffer: bool) {
        self.sending &= !from_buffer;
        self.statistics.sent += 1;
        self.statistics.tec = self.statistics.tec.saturating_sub(1);
        self.judge();
    }

    /// The frame on the wire was destroyed, or nobody acknowledged it.
    pub(crate) fn send_failed(&mut self, unacknowledged: bool) {
        self.statistics.failed += 1;
        if !(unacknowledged && self.statistics.state == CanState::ErrorPassive) {
            self.statistics.tec += SEND_ERROR_COUNT;
        }
        self.judge();
        if self.statistics.state == CanState::BusOff {
            self.statistics.lost += self.waiting.len() as u64;
            self.waiting.clear();
        }
    }

    /// A frame of another was destroyed.
    pub(crate) fn receive_failed(&mut self) {
        self.statistics.rec = (self.statistics.rec + 1).min(PASSIVE_COUNT);
        self.judge();
    }

    /// A good frame, to be handed over at its time, or missed by the driver.
    pub(crate) fn take(&mut self, time_ns: u64, frame: &CanFrame, missed: bool) {
        let rec = self.statistics.rec;
        self.statistics.rec =
            if rec < PASSIVE_COUNT { rec.saturating_sub(1) } else { NO_LONGER_PASSIVE_COUNT };
        self.judge();
        // Frames keep their order when a delay ends.
        let time_ns = self.received.back().map_or(time_ns, |(last_ns, _)| time_ns.max(*last_ns));
        if missed || self.received.push_back((time_ns, *frame)).is_err() {
            self.statistics.missed += 1;
        } else {
            self.statistics.received += 1;
        }
    }

    /// The oldest frame whose time has come.
    pub(crate) fn receive(&mut self, now_ns: u64) -> Option<(u64, CanFrame)> {
        self.received.front().filter(|(time_ns, _)| *time_ns <= now_ns)?;
        self.received.pop_front()
    }

    fn judge(&mut self) {
        let counters = &mut self.statistics;
        counters.state = if counters.tec >= BUS_OFF_COUNT {
            CanState::BusOff
        } else if counters.tec.max(counters.rec) >= PASSIVE_COUNT {
            CanState::ErrorPassive
        } else {
            CanState::ErrorActive
        };
    }

    /// Asks for the end of bus-off; without effect in other states.
    pub(crate) fn recover(&mut self, now_ns: u64) {
        if self.statistics.state == CanState::BusOff && self.recovery.is_none() {
            self.recovery = Some(Recovery { left: RECOVERY_COUNT, since_ns: now_ns });
        }
    }

    /// The bus was idle from one time to another: every 11 recessive bits count.
    pub(crate) fn see_idle(&mut self, from_ns: u64, until_ns: u64) {
        let Some(recovery) = &mut self.recovery else { return };
        let from_ns = from_ns.max(recovery.since_ns);
        let seen = until_ns.saturating_sub(from_ns) / RECOVERY_NS;
        let seen = seen.min(u64::from(recovery.left));
        recovery.left -= seen as u16;
        recovery.since_ns = from_ns + seen * RECOVERY_NS;
        self.end_recovery();
    }

    /// A frame ended, good or not, and with it 11 recessive bits.
    pub(crate) fn see_frame_end(&mut self) {
        if let Some(recovery) = &mut self.recovery {
            recovery.left -= 1;
            self.end_recovery();
        }
    }

    fn end_recovery(&mut self) {
        if self.recovery.is_some_and(|recovery| recovery.left == 0) {
            self.recovery = None;
            (self.statistics.tec, self.statistics.rec) = (0, 0);
            self.judge();
        }
    }
}
