// SPDX-License-Identifier: Apache-2.0
//! The CAN bus without faults: times, arbitration, queues, load, determinism.

use levitas_world::{
    CAN_INTERMISSION_S, CanBus, CanFault, CanFrame, CanFrameError, CanNode, CanSendError, CanState,
};

use CanNode::{Drive, Host, Outside};

fn fd(id: u32, size: usize) -> CanFrame {
    CanFrame::fd(id, &[0xa5; 64][..size]).unwrap()
}

fn classic(id: u32, data: &[u8]) -> CanFrame {
    CanFrame::classic(id, data).unwrap()
}

/// Everything a node has received until the bus's time.
fn heard(bus: &mut CanBus, node: CanNode) -> Vec<(f64, CanFrame)> {
    core::iter::from_fn(|| bus.receive(node)).collect()
}

fn ids(frames: &[(f64, CanFrame)]) -> Vec<u32> {
    frames.iter().map(|(_, frame)| frame.id).collect()
}

#[test]
fn a_frame_arrives_one_bit_before_its_end() {
    let mut bus = CanBus::new(1);
    let frame = fd(0x10, 32);
    bus.send(Host, frame, 1e-3).unwrap();
    let end_s = 1e-3 + frame.bits().duration_s();
    bus.advance(end_s - 1.1e-6);
    assert_eq!(bus.receive(Drive), None);
    bus.advance(end_s - 1e-6);
    assert_eq!(bus.statistics(Host).sent, 0);
    let (time_s, received) = bus.receive(Drive).unwrap();
    assert!((time_s - (end_s - 1e-6)).abs() < 1e-12 && received == frame);
    bus.advance(end_s);
    assert_eq!((bus.statistics(Host).sent, bus.statistics(Drive).received), (1, 1));
    assert_eq!(bus.receive(Host), None);
}

#[test]
fn the_lowest_identifier_wins_whatever_the_order_of_the_calls() {
    let frames = [
        (Drive, classic(0x123, &[1])),
        (Host, classic(0x123, &[])),
        (Host, fd(0x011, 8)),
        (Drive, fd(0x010, 8)),
    ];
    let frames = [frames, [frames[3], frames[2], frames[0], frames[1]]];
    for order in frames {
        let mut bus = CanBus::new(1);
        bus.switch_on(Outside);
        for (node, frame) in order.into_iter().filter(|(_, frame)| frame.id != 0x123 || frame.len == 1) {
            bus.send(node, frame, 0.0).unwrap();
        }
        bus.advance(1e-3);
        let all = heard(&mut bus, Outside);
        assert_eq!(ids(&all), [0x010, 0x011, 0x123]);
        // One after the other with three bits between: reception to reception is the later frame and the intermission.
        for pair in all.windows(2) {
            let expected = pair[1].1.bits().duration_s() + CAN_INTERMISSION_S;
            assert!((pair[1].0 - pair[0].0 - expected).abs() < 1e-12);
        }
    }
}

#[test]
fn a_frame_that_has_begun_is_not_interrupted() {
    let mut bus = CanBus::new(1);
    bus.switch_on(Outside);
    bus.send(Drive, fd(0x700, 64), 0.0).unwrap();
    bus.send(Host, classic(0, &[]), 1e-6).unwrap();
    bus.advance(1e-3);
    assert_eq!(ids(&heard(&mut bus, Outside)), [0x700, 0]);
}

#[test]
fn a_node_sends_by_priority_and_equal_ones_by_age() {
    let mut bus = CanBus::new(1);
    for (id, byte) in [(0x300, 0), (0x200, 1), (0x300, 2), (0x100, 3), (0x200, 4)] {
        bus.send(Host, classic(id, &[byte]), 0.0).unwrap();
    }
    bus.advance(1e-2);
    let bytes: Vec<u8> = heard(&mut bus, Drive).iter().map(|(_, frame)| frame.data[0]).collect();
    assert_eq!(bytes, [3, 1, 4, 0, 2]);
}

#[test]
fn the_formats_arbitrate_by_their_bits() {
    let plain = classic(0x123, &[1]);
    let remote = CanFrame { remote: true, ..plain };
    let extended = CanFrame { id: 0x123 << 18, extended: true, ..plain };
    let mut bus = CanBus::new(1);
    bus.switch_on(Outside);
    for frame in [extended, remote, plain] {
        bus.send(Host, frame, 0.0).unwrap();
    }
    bus.advance(1e-3);
    let order: Vec<_> =
        heard(&mut bus, Outside).iter().map(|(_, frame)| (frame.extended, frame.remote)).collect();
    assert_eq!(order, [(false, false), (false, true), (true, false)]);
}

#[test]
fn buffers_and_queue_have_an_end() {
    let mut bus = CanBus::new(1);
    for _ in 0..32 {
        bus.send(Host, fd(0x10, 32), 0.0).unwrap();
    }
    assert_eq!(bus.send(Host, fd(0x10, 32), 0.0), Err(CanSendError::Full));
    // The first is on the wire and keeps its buffer until it has arrived.
    assert_eq!(bus.send(Host, fd(0x10, 32), 50e-6), Err(CanSendError::Full));
    bus.send(Host, fd(0x10, 32), 110e-6).unwrap();
    for k in 0..40 {
        bus.send(Host, classic(0x20, &[k]), 0.1 + f64::from(k) * 1e-3).unwrap();
    }
    bus.advance(1.0);
    assert_eq!(heard(&mut bus, Drive).len(), 64);
    let counted = bus.statistics(Drive);
    assert_eq!((counted.received, counted.missed, bus.statistics(Host).sent), (64, 9, 73));
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let mut bus = CanBus::new(1);
    assert_eq!(bus.send(Outside, fd(1, 8), 0.0), Err(CanSendError::Off));
    let bad = CanFrame { len: 9, ..classic(1, &[]) };
    let error = bus.send(Host, bad, 0.0).unwrap_err();
    assert_eq!(error, CanSendError::Frame(CanFrameError::Length { len: 9, fd: false }));
}

#[test]
fn one_node_alone_gets_no_acknowledge_and_stays_error_passive() {
    let mut bus = CanBus::new(1);
    bus.switch_off(Drive);
    bus.send(Host, fd(0x10, 32), 0.0).unwrap();
    bus.advance(1.0);
    let counted = bus.statistics(Host);
    assert_eq!((counted.tec, counted.state, counted.sent), (128, CanState::ErrorPassive, 0));
    assert!(counted.failed > 1000);
    // Whoever comes gets the frame, and good frames heal.
    bus.switch_on(Drive);
    bus.advance(1.001);
    assert_eq!(heard(&mut bus, Drive).len(), 1);
    assert_eq!(bus.statistics(Host).tec, 127);
    assert_eq!(bus.statistics(Host).state, CanState::ErrorActive);
}

#[test]
fn a_tap_hears_all_and_acknowledges_nothing() {
    let mut bus = CanBus::new(1);
    bus.send(Host, fd(0x10, 32), 0.0).unwrap();
    bus.advance(1e-3);
    assert_eq!(bus.tapped(), None);
    bus.tap();
    bus.send(Host, fd(0x10, 32), 1e-3).unwrap();
    bus.send(Drive, fd(0x11, 32), 1e-3).unwrap();
    bus.advance(2e-3);
    let first_s = 1e-3 + fd(0x10, 32).bits().duration_s() - 1e-6;
    let (time_s, from, frame) = bus.tapped().unwrap();
    assert!((time_s - first_s).abs() < 1e-12 && from == Some(Host) && frame == fd(0x10, 32));
    assert_eq!(bus.tapped().map(|(_, from, frame)| (from, frame.id)), Some((Some(Drive), 0x11)));
    bus.switch_off(Drive);
    bus.send(Host, fd(0x10, 32), 2e-3).unwrap();
    bus.advance(0.1);
    assert_eq!((bus.tapped(), bus.statistics(Host).state), (None, CanState::ErrorPassive));
    bus.switch_on(Drive);
    fill(&mut bus, Host, fd(0x10, 64), 0.1, 0.2);
    assert_eq!(
        core::iter::from_fn(|| bus.tapped()).count() as u64 + bus.tap_missed(),
        bus.statistics(Host).sent - 2
    );
}

#[test]
fn one_shot_frames_are_tried_once() {
    let mut bus = CanBus::new(1);
    bus.send_once(Drive, fd(0x11, 32), 0.0).unwrap();
    bus.send_once(Host, fd(0x10, 32), 0.0).unwrap();
    bus.advance(1e-3);
    assert_eq!((heard(&mut bus, Drive).len(), heard(&mut bus, Host).len()), (1, 0));
    assert_eq!((bus.statistics(Drive).lost, bus.statistics(Host).lost), (1, 0));
    // While the bus is busy a frame waits; that is no lost arbitration.
    bus.send_once(Host, fd(0x10, 32), 2e-3).unwrap();
    bus.send_once(Drive, fd(0x11, 32), 2.01e-3).unwrap();
    bus.advance(3e-3);
    assert_eq!((heard(&mut bus, Drive).len(), heard(&mut bus, Host).len()), (1, 1));
}

#[test]
fn the_same_identifier_from_two_nodes_destroys_both_frames() {
    let mut bus = CanBus::new(1);
    bus.switch_on(Outside);
    bus.send_once(Host, classic(0x10, &[1]), 0.0).unwrap();
    bus.send_once(Drive, classic(0x10, &[2]), 0.0).unwrap();
    bus.advance(1e-3);
    assert_eq!(heard(&mut bus, Outside).len(), 0);
    assert_eq!((bus.statistics(Host).tec, bus.statistics(Drive).tec, bus.statistics(Outside).rec), (8, 8, 1));
    // Equal frames are one.
    bus.send(Host, classic(0x10, &[1]), 2e-3).unwrap();
    bus.send(Drive, classic(0x10, &[1]), 2e-3).unwrap();
    bus.advance(3e-3);
    assert_eq!(heard(&mut bus, Outside).len(), 1);
    assert_eq!((bus.statistics(Host).tec, bus.statistics(Drive).tec), (7, 7));
}

/// Keeps a node's buffers filled for a time.
fn fill(bus: &mut CanBus, node: CanNode, frame: CanFrame, from_s: f64, to_s: f64) {
    let mut now_s = from_s;
    while now_s < to_s {
        while bus.send(node, frame, now_s).is_ok() {}
        now_s += 1e-3;
    }
    bus.advance(to_s);
}

#[test]
fn load_is_what_frames_take_of_the_time() {
    let mut bus = CanBus::new(1);
    fill(&mut bus, Host, fd(0x10, 64), 0.0, 2.0);
    assert!(bus.load() > 0.999, "{}", bus.load());
    let sent = bus.statistics(Host).sent as f64;
    let each_s = fd(0x10, 64).bits().duration_s() + CAN_INTERMISSION_S;
    assert!((sent * each_s - 2.0).abs() < each_s, "{sent}");
    bus.advance(10.0);
    assert_eq!(bus.load(), 0.0);
    for k in 0..2000 {
        bus.send(Host, fd(0x10, 32), 10.0 + f64::from(k) * 0.5e-3).unwrap();
        bus.send(Drive, fd(0x11, 32), 10.0 + f64::from(k) * 0.5e-3).unwrap();
    }
    bus.advance(11.0);
    let expected = [0x10, 0x11].map(|id| 2000.0 * (fd(id, 32).bits().duration_s() + CAN_INTERMISSION_S));
    assert!((bus.load() - expected.iter().sum::<f64>()).abs() < 0.005, "{}", bus.load());
}

/// What happened on a bus with every fault, as text.
fn story(bus: &mut CanBus, from: u32, to: u32) -> String {
    let mut told = String::new();
    for step in from..to {
        let now_s = f64::from(step) * 250e-6;
        let _ = bus.send(Host, fd(0x10, 32), now_s);
        let _ = bus.send(Drive, classic(0x11, &step.to_le_bytes()), now_s);
        bus.recover(Host);
        for node in CanNode::ALL {
            told += &format!("{:?}{:?}", heard(bus, node), bus.statistics(node));
        }
    }
    told
}

fn faulty(seed: u64) -> CanBus {
    let mut bus = CanBus::new(seed);
    bus.switch_on(Outside);
    let faults = [
        CanFault::Errors { probability: 0.2 },
        CanFault::Loss { node: Drive, probability: 0.1 },
        CanFault::Babble { node: Outside, share: 0.1 },
        CanFault::Delay { node: Host, delay_s: 1e-3 },
        CanFault::Replay { delay_s: 5e-3, rate_hz: 500.0 },
    ];
    faults.into_iter().for_each(|fault| bus.fault(fault).unwrap());
    bus
}

#[test]
fn a_seed_repeats_seeds_differ_and_a_clone_goes_on() {
    let first = story(&mut faulty(7), 0, 400);
    assert_eq!(first, story(&mut faulty(7), 0, 400));
    assert_ne!(first, story(&mut faulty(8), 0, 400));
    let mut bus = faulty(7);
    let _ = story(&mut bus, 0, 200);
    let mut clone = bus.clone();
    assert_eq!(story(&mut bus, 200, 400), story(&mut clone, 200, 400));
}

#[test]
fn the_size_of_a_step_changes_nothing() {
    let run = |steps: u32| {
        let mut bus = faulty(3);
        for k in 0..20_u32 {
            let _ = bus.send(Host, fd(0x10, 32), f64::from(k) * 1e-3);
            (1..=steps)
                .for_each(|step| bus.advance(1e-3 * (f64::from(k) + f64::from(step) / f64::from(steps))));
        }
        CanNode::ALL.map(|node| (heard(&mut bus, node), bus.statistics(node)))
    };
    assert_eq!(run(1), run(64));
}
