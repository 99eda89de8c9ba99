// SPDX-License-Identifier: Apache-2.0
//! The stranger's memory: frames that are to be sent again at their time.

use heapless::Deque;

use crate::can_bus::fault::REPLAY_COUNT_MAX;
use crate::can_bus::frame::CanFrame;
use crate::can_bus::nanoseconds;

/// Frames kept, with the time from which they are sent again.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    kept: Deque<(u64, CanFrame), REPLAY_COUNT_MAX>,
    delay_ns: u64,
    period_ns: u64,
    /// From here on the next frame is kept.
    listen_ns: u64,
}

impl Replay {
    /// At rate 0 nothing is ever kept.
    pub(crate) fn new(delay_s: f64, rate_hz: f64, now_ns: u64) -> Self {
        let period_ns = nanoseconds(1.0 / rate_hz);
        let listen_ns = if rate_hz > 0.0 { now_ns } else { u64::MAX };
        Self { kept: Deque::new(), delay_ns: nanoseconds(delay_s), period_ns, listen_ns }
    }

    /// Hears a frame; keeps it when its turn has come and there is room.
    pub(crate) fn hear(&mut self, time_ns: u64, frame: &CanFrame) {
        if time_ns >= self.listen_ns && self.kept.push_back((time_ns + self.delay_ns, *frame)).is_ok() {
            self.listen_ns = (self.listen_ns.saturating_add(self.period_ns)).max(time_ns);
        }
    }

    /// The oldest frame, and when it is due.
    pub(crate) fn next(&self) -> Option<&(u64, CanFrame)> {
        self.kept.front()
    }

    /// The oldest frame is on the wire.
    pub(crate) fn start(&mut self) {
        self.kept.pop_front();
    }

    /// It was destroyed and is due again; given up when its place has been taken.
    pub(crate) fn take_back(&mut self, frame: CanFrame) {
        let _ = self.kept.push_front((0, frame));
    }
}
