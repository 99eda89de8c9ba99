// SPDX-License-Identifier: Apache-2.0
//! Where the frames of the units come from.

use levitas_world::{CanBus, CanFrame, CanNode};

use crate::input::Checked;
use crate::link_bus::Heard;
use crate::scenario::Scenario;
use crate::simulation::Simulation;

/// A bus with the units on it.
pub(crate) enum Source {
    /// Frames that are made or read, on a bus of their own.
    Fed(Box<CanBus>, Box<dyn Feeder>),
    /// Two units that run.
    Live(Box<Simulation<'static>>),
}

impl Source {
    /// A bus with these frames.
    pub(crate) fn fed(feeder: impl Feeder + 'static) -> Self {
        let mut bus = Box::new(CanBus::new(0));
        bus.switch_on(CanNode::Outside);
        bus.tap();
        Self::Fed(bus, Box::new(feeder))
    }

    /// Both units of a scenario; it must outlive the hub, which lives as long as the program.
    ///
    /// # Errors
    /// As [`Simulation::new`].
    pub(crate) fn live(scenario: Scenario) -> Checked<Self> {
        let mut simulation = Simulation::new(Box::leak(Box::new(scenario)))?;
        simulation.link().connect_outside();
        Ok(Self::Live(Box::new(simulation)))
    }

    pub(crate) fn bus(&mut self) -> &mut CanBus {
        match self {
            Self::Fed(bus, _) => bus,
            Self::Live(simulation) => simulation.link().bus(),
        }
    }

    /// Lets everything run to this time [s]; what was on the bus meanwhile.
    pub(crate) fn run_to(&mut self, now_s: f64) -> Vec<Heard> {
        match self {
            Self::Fed(bus, feeder) => {
                feeder.feed(bus, now_s);
                bus.advance(now_s);
                for node in CanNode::ALL {
                    while bus.receive(node).is_some() {}
                }
                std::iter::from_fn(|| bus.tapped()).collect()
            }
            Self::Live(simulation) => {
                while !simulation.is_over() && simulation.sample().time_s < now_s {
                    simulation.step();
                }
                simulation.link().bus().advance(now_s);
                while simulation.link().bus().receive(CanNode::Outside).is_some() {}
                simulation.link().take_heard()
            }
        }
    }

    /// Nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Fed(_, feeder) => feeder.is_over(),
            Self::Live(simulation) => simulation.is_over(),
        }
    }

    /// The bus waits for the first listener, so that it misses nothing.
    pub(crate) fn waits(&self) -> bool {
        match self {
            Self::Fed(_, feeder) => feeder.waits(),
            Self::Live(_) => true,
        }
    }
}

/// Puts frames on the bus as time goes by.
pub(crate) trait Feeder {
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

impl Feeder for Log {
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
