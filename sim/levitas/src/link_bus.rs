// SPDX-License-Identifier: Apache-2.0
//! The link between the two units: frames as bytes, with the time that they take.
//!
//! Every frame goes through the codec of `levitas-wire` both ways, so that what the other unit reads is what the wire can
//! carry.

use std::collections::VecDeque;

use levitas_core::task::link::LinkOutputs;
use levitas_wire::{Frame, Received, Unit as Sender, decode, encode_fast, encode_slow};

use crate::installed::Installed;

/// From the link task that sends a frame to the one that may read it: frame time with waiting, and the driver [ticks].
const DELAY_TICKS: u64 = 5;

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct LinkBus {
    under_way: VecDeque<(u64, usize, Frame)>,
    slow_frames: [u8; 2],
    /// Nothing gets through.
    pub broken: bool,
}

impl LinkBus {
    /// Sends the frames of a unit, named by its winding set.
    pub fn send(&mut self, set: usize, outputs: &LinkOutputs, tick: u64) {
        let from = if set == 0 { Sender::Host } else { Sender::Drive };
        let at = tick + DELAY_TICKS;
        if let Some(fast) = &outputs.fast {
            self.under_way.push_back((at, set, encode_fast(fast, from)));
        }
        if let (Some(slow), Some(counter)) = (&outputs.slow, self.slow_frames.get_mut(set)) {
            *counter = counter.wrapping_add(1);
            self.under_way.push_back((at, set, encode_slow(slow, from, *counter)));
        }
    }

    /// Delivers what has arrived by this tick.
    pub fn deliver(&mut self, tick: u64, units: &mut [Installed<'_>]) {
        while let Some((_, set, frame)) = self.under_way.pop_front_if(|(at, ..)| *at <= tick) {
            if self.broken {
                continue;
            }
            let Ok(received) = decode(frame.id(), frame.is_fd(), frame.data(), None) else { continue };
            for unit in units.iter_mut().filter(|unit| unit.set() != set && unit.listens()) {
                let link = unit.unit().link();
                match &received {
                    Received::Fast { status, .. } => {
                        link.receive_fast(status);
                    }
                    Received::Slow { counter, status, .. } => {
                        link.receive_slow(*counter, status);
                    }
                    Received::Command { .. } | Received::Service { .. } => {}
                }
            }
        }
    }
}
