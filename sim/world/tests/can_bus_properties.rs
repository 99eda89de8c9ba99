// SPDX-License-Identifier: Apache-2.0
//! Whatever is sent and whatever breaks: no frame is invented, doubled, or overtaken by a later one of its kind.

use std::collections::BTreeMap;

use levitas_world::{CanBus, CanFault, CanFrame, CanNode};
use proptest::prelude::*;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Deed {
    Send { node: CanNode, id: u32, size: usize, fd: bool, once: bool },
    Wait { ns: u32 },
    Fault(CanFault),
    Clear,
    Switch { node: CanNode, on: bool },
    Recover { node: CanNode },
}

fn node() -> impl Strategy<Value = CanNode> {
    prop_oneof![Just(CanNode::Host), Just(CanNode::Drive), Just(CanNode::Outside)]
}

fn fault() -> impl Strategy<Value = CanFault> {
    prop_oneof![
        node().prop_map(|node| CanFault::Break { node }),
        (0.0..0.7).prop_map(|probability| CanFault::Errors { probability }),
        (node(), 0.0..1.0).prop_map(|(node, probability)| CanFault::Loss { node, probability }),
        (node(), 0.0..0.01).prop_map(|(node, delay_s)| CanFault::Delay { node, delay_s }),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        8 => (node(), 0x10..0x18_u32, 5..9_usize, any::<bool>(), any::<bool>())
            .prop_map(|(node, id, size, fd, once)| Deed::Send { node, id, size, fd, once }),
        6 => (0..400_000_u32).prop_map(|ns| Deed::Wait { ns }),
        1 => fault().prop_map(Deed::Fault),
        1 => Just(Deed::Clear),
        1 => (node(), any::<bool>()).prop_map(|(node, on)| Deed::Switch { node, on }),
        1 => node().prop_map(|node| Deed::Recover { node }),
    ]
}

/// Frames carry their sender and a number that grows.
fn frame(node: CanNode, id: u32, size: usize, fd: bool, number: u32) -> CanFrame {
    let mut data = [node as u8; 8];
    data[1..5].copy_from_slice(&number.to_be_bytes());
    if fd { CanFrame::fd(id, &data[..size]).unwrap() } else { CanFrame::classic(id, &data[..size]).unwrap() }
}

/// What was sent and heard so far.
#[derive(Default)]
struct Ledger {
    accepted: Vec<(CanNode, CanFrame)>,
    newest: BTreeMap<(usize, u8, u32), u32>,
    heard: u64,
}

impl Ledger {
    fn listen(&mut self, bus: &mut CanBus) -> Result<(), TestCaseError> {
        for listener in CanNode::ALL {
            while let Some((time_s, frame)) = bus.receive(listener) {
                prop_assert!(time_s <= bus.now_s());
                let number = u32::from_be_bytes(frame.data[1..5].try_into().unwrap());
                let (sender, original) = self.accepted[number as usize];
                prop_assert!(original == frame && sender != listener, "invented or an echo: {frame:?}");
                let kind = (listener as usize, frame.data[0], frame.id);
                let before = self.newest.insert(kind, number);
                prop_assert!(before.is_none_or(|before| before < number), "{before:?} {number}");
                self.heard += 1;
            }
        }
        Ok(())
    }
}

fn run(deeds: &[Deed], seed: u64) -> Result<(Ledger, CanBus), TestCaseError> {
    let mut bus = CanBus::new(seed);
    let (mut ledger, mut now_s) = (Ledger::default(), 0.0);
    for deed in deeds {
        match *deed {
            Deed::Send { node, id, size, fd, once } => {
                let frame = frame(node, id, size, fd, ledger.accepted.len() as u32);
                let sent =
                    if once { bus.send_once(node, frame, now_s) } else { bus.send(node, frame, now_s) };
                if sent.is_ok() {
                    ledger.accepted.push((node, frame));
                }
            }
            Deed::Wait { ns } => now_s += f64::from(ns) * 1e-9,
            Deed::Fault(fault) => bus.fault(fault).unwrap(),
            Deed::Clear => bus.clear(),
            Deed::Switch { node, on: true } => bus.switch_on(node),
            Deed::Switch { node, on: false } => bus.switch_off(node),
            Deed::Recover { node } => bus.recover(node),
        }
        bus.advance(now_s);
        ledger.listen(&mut bus)?;
    }
    Ok((ledger, bus))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn frames_are_neither_invented_nor_doubled_nor_overtaken(
        deeds in prop::collection::vec(deed(), 0..200), seed in any::<u64>(),
    ) {
        let (mut ledger, mut bus) = run(&deeds, seed)?;
        bus.clear();
        CanNode::ALL.into_iter().for_each(|node| bus.switch_on(node));
        // Frames with the same identifier from two nodes can still drive both to bus-off.
        for _ in 0..10 {
            CanNode::ALL.into_iter().for_each(|node| bus.recover(node));
            bus.advance(bus.now_s() + 0.05);
            ledger.listen(&mut bus)?;
        }
        // Every frame that was taken arrived or was given up: nothing stays behind on a sound bus.
        let ends: u64 = CanNode::ALL.into_iter().map(|node| bus.statistics(node)).map(|it| it.sent + it.lost).sum();
        prop_assert_eq!(ends, ledger.accepted.len() as u64);
    }

    #[test]
    fn on_a_sound_bus_every_frame_arrives_everywhere(
        sends in prop::collection::vec((node(), 0x10..0x18_u32, 0..500_000_u32), 1..60), seed in any::<u64>(),
    ) {
        let mut bus = CanBus::new(seed);
        bus.switch_on(CanNode::Outside);
        let (mut ledger, mut now_s) = (Ledger::default(), 0.0);
        for (node, id, ns) in sends {
            // One sender for each identifier, as on any bus.
            let id = id * 4 + node as u32;
            now_s += f64::from(ns) * 1e-9;
            let frame = frame(node, id, 8, ns % 2 == 0, ledger.accepted.len() as u32);
            if bus.send(node, frame, now_s).is_ok() {
                ledger.accepted.push((node, frame));
            }
            ledger.listen(&mut bus)?;
        }
        bus.advance(now_s + 0.1);
        ledger.listen(&mut bus)?;
        prop_assert_eq!(ledger.heard, 2 * ledger.accepted.len() as u64);
    }
}
