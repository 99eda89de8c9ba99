// SPDX-License-Identifier: Apache-2.0
//! Where the frames of the units come from.

use levitas_world::{CanBus, CanFrame, CanNode};

/// Puts frames on the bus as time goes by.
pub(crate) trait Source {
    /// All frames up to this time [s]; the bus may advance as far.
    fn feed(&mut self, bus: &mut CanBus, until_s: f64);

    /// Nothing more will come.
    fn is_over(&self) -> bool {
        false
    }

    /// The bus waits for the first listener, so that it misses nothing.
    fn waits(&self) -> bool {
        false
    }
}

/// A log, sent by the host in its time; the drive acknowledges.
#[derive(Debug)]
pub(crate) struct Log {
    frames: Vec<(f64, CanFrame)>,
    next: usize,
}

impl Log {
    pub(crate) const fn new(frames: Vec<(f64, CanFrame)>) -> Self {
        Self { frames, next: 0 }
    }
}

impl Source for Log {
    fn feed(&mut self, bus: &mut CanBus, until_s: f64) {
        // Time starts with the first frame.
        let start_s = self.frames.first().map_or(0.0, |(time_s, _)| *time_s);
        while let Some((time_s, frame)) = self.frames.get(self.next) {
            let due_s = time_s - start_s;
            if due_s > until_s {
                return;
            }
            // A log that is denser than a bus can be waits until there is room.
            if bus.send(CanNode::Host, *frame, due_s).is_err() {
                bus.recover(CanNode::Host);
                return;
            }
            self.next += 1;
        }
    }

    fn is_over(&self) -> bool {
        self.next == self.frames.len()
    }

    fn waits(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_sent_in_its_time_and_all_of_it() {
        let frame = |k: u8| CanFrame::classic(0x10, &[k]).unwrap();
        // 100 frames at once, more than a node has buffers, then one 50 ms later.
        let frames = (0..100).map(|k| (7.0, frame(k))).chain([(7.05, frame(100))]).collect();
        let (mut log, mut bus, mut heard) = (Log::new(frames), CanBus::new(1), Vec::new());
        for ms in 0..60 {
            log.feed(&mut bus, f64::from(ms) * 1e-3);
            bus.advance(f64::from(ms) * 1e-3);
            heard.extend(std::iter::from_fn(|| bus.receive(CanNode::Drive)));
        }
        assert!(log.is_over());
        assert_eq!(
            heard.iter().map(|(_, frame)| frame.data[0]).collect::<Vec<_>>(),
            (0..=100).collect::<Vec<_>>()
        );
        assert!(heard[99].0 < 0.02 && heard[100].0 > 0.05 && heard[100].0 < 0.0501);
    }
}
