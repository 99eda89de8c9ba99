// SPDX-License-Identifier: Apache-2.0
//! A listener on the bus that takes no part: for logs and tools.

use heapless::Deque;

use crate::can_bus::frame::CanFrame;

/// Frames that wait to be read.
const COUNT_MAX: usize = 64;

/// What has been heard: time, party, frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tap {
    pub(crate) on: bool,
    pub(crate) missed: u64,
    heard: Deque<(u64, usize, CanFrame), COUNT_MAX>,
}

impl Tap {
    /// Hears a frame, when it is on and has room.
    pub(crate) fn hear(&mut self, time_ns: u64, party: usize, frame: &CanFrame) {
        if self.on && self.heard.push_back((time_ns, party, *frame)).is_err() {
            self.missed += 1;
        }
    }

    pub(crate) fn read(&mut self) -> Option<(u64, usize, CanFrame)> {
        self.heard.pop_front()
    }
}
