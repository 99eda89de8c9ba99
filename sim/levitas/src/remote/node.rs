// SPDX-License-Identifier: Apache-2.0
//! The third node on the bus: commands of the scenario, and forged frames at a rate.

use levitas_wire::CommandKey;
use levitas_world::{CanBus, CanFrame, CanNode};

use super::{Forger, Forgery, Order, ServiceTool, simulator_key};
use crate::link_bus::{id_of, on_bus};

/// Ids of the cyclic frames of both units.
const STATUS_IDS: [u32; 4] = [0x010, 0x011, 0x030, 0x031];

/// An attack over the bus.
#[derive(Clone, Copy, Debug)]
struct Attack {
    set: usize,
    period_s: f64,
    next_s: f64,
    frames: usize,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct OutsideNode {
    key: CommandKey,
    tool: ServiceTool,
    forger: Forger,
    attack: Option<Attack>,
    /// Forged frames that went to the bus.
    forged: u64,
}

impl OutsideNode {
    /// Switches the node on. `None`: there is no key, which the simulator's is.
    #[must_use]
    pub fn attach(bus: &mut CanBus, seed: u64) -> Option<Self> {
        let key = simulator_key()?;
        bus.switch_on(CanNode::Outside);
        let forger = Forger::new(seed, key.clone());
        Some(Self { key, tool: ServiceTool::default(), forger, attack: None, forged: 0 })
    }

    /// Sends a genuine command; false when the unit has not been heard of, or the node cannot send.
    pub fn command(&mut self, order: Order, now_s: f64, bus: &mut CanBus) -> bool {
        let frame = self.tool.command(order, now_s, &self.key);
        let Some(frame) = frame.as_ref().and_then(on_bus) else { return false };
        let sent = send(bus, frame, now_s);
        // What has never been sent would not be a replay.
        if sent {
            self.forger.hear(&frame);
        }
        sent
    }

    /// Begins to forge commands to a unit, so many frames per second; with 0 it ends.
    pub fn attack(&mut self, set: usize, rate_hz: f64, now_s: f64) {
        let attack = Attack { set, period_s: 1.0 / rate_hz, next_s: now_s, frames: 0 };
        self.attack = (rate_hz > 0.0).then_some(attack);
    }

    /// A frame against a unit, by whatever way it is sent.
    pub fn forge(&mut self, kind: Forgery, set: usize, now_s: f64) -> Option<CanFrame> {
        self.forger.forge(kind, set, &self.tool, now_s)
    }

    /// Forged frames that went to the bus.
    #[must_use]
    pub fn forged(&self) -> u64 {
        self.forged
    }

    /// Hears what has arrived by now, and sends what is due.
    pub fn step(&mut self, now_s: f64, bus: &mut CanBus) {
        while let Some((_, frame)) = bus.receive(CanNode::Outside) {
            self.forger.hear(&frame);
            if let Some(id) = id_of(&frame) {
                self.tool.hear(id, frame.fd, frame.data(), now_s);
            }
        }
        while let Some(attack) = self.attack.filter(|attack| attack.next_s <= now_s) {
            let next_s = attack.next_s + attack.period_s;
            self.attack = Some(Attack { next_s, frames: attack.frames + 1, ..attack });
            let kind = Forgery::ALL.get(attack.frames % Forgery::ALL.len());
            let frame = kind.and_then(|kind| self.forge(*kind, attack.set, now_s));
            let Some(frame) = frame.filter(is_sent) else { continue };
            self.forged += u64::from(send(bus, frame, now_s));
        }
    }
}

/// Lengths that no bus carries are not sent; nor is what would collide with a unit that sends under the same id: that is a matter of
/// the fault `can_errors`.
fn is_sent(frame: &CanFrame) -> bool {
    frame.check().is_ok() && (frame.extended || !STATUS_IDS.contains(&frame.id))
}

fn send(bus: &mut CanBus, frame: CanFrame, now_s: f64) -> bool {
    let sent = bus.send(CanNode::Outside, frame, now_s).is_ok();
    if !sent {
        bus.recover(CanNode::Outside);
    }
    sent
}
