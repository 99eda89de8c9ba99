// SPDX-License-Identifier: Apache-2.0
//! The CAN bus with faults: errors and bus-off, break, loss, babble, delay, replay.

use levitas_world::{CanBus, CanFault, CanFrame, CanNode, CanSendError, CanState};

use CanNode::{Drive, Host, Outside};

fn fast(id: u32, number: u32) -> CanFrame {
    let mut data = [0; 32];
    data[..4].copy_from_slice(&number.to_le_bytes());
    CanFrame::fd(id, &data).unwrap()
}

fn number(frame: &CanFrame) -> u32 {
    u32::from_le_bytes(frame.data[..4].try_into().unwrap())
}

fn heard(bus: &mut CanBus, node: CanNode) -> Vec<(f64, CanFrame)> {
    core::iter::from_fn(|| bus.receive(node)).collect()
}

/// Both units send at 2 kHz; what each hears.
struct Pair {
    bus: CanBus,
    sent: u32,
    host_heard: Vec<(f64, CanFrame)>,
    drive_heard: Vec<(f64, CanFrame)>,
}

impl Pair {
    fn new(seed: u64) -> Self {
        Self { bus: CanBus::new(seed), sent: 0, host_heard: Vec::new(), drive_heard: Vec::new() }
    }

    /// Runs for so many periods; frames that find no buffer are dropped.
    fn run(&mut self, periods: u32) {
        for _ in 0..periods {
            let now_s = f64::from(self.sent) * 0.5e-3;
            let _ = self.bus.send(Host, fast(0x10, self.sent), now_s);
            let _ = self.bus.send(Drive, fast(0x11, self.sent), now_s + 0.1e-3);
            self.bus.advance(now_s + 0.5e-3);
            self.sent += 1;
            self.host_heard.extend(heard(&mut self.bus, Host));
            self.drive_heard.extend(heard(&mut self.bus, Drive));
        }
    }
}

#[test]
fn a_quiet_pair_loses_nothing() {
    let mut pair = Pair::new(1);
    pair.run(4000);
    assert_eq!((pair.host_heard.len(), pair.drive_heard.len()), (4000, 4000));
}

#[test]
fn destroyed_frames_are_sent_again_at_once() {
    let mut pair = Pair::new(1);
    pair.bus.fault(CanFault::Errors { probability: 0.1 }).unwrap();
    pair.run(20_000);
    assert_eq!((pair.host_heard.len(), pair.drive_heard.len()), (20_000, 20_000));
    let failed = pair.bus.statistics(Host).failed as f64;
    // One in ten of all attempts: 20,000 / 0.9 of them; four standard deviations.
    let (expected, spread) = (20_000.0 / 9.0, 4.0 * f64::sqrt(20_000.0 / 9.0 / 0.9));
    assert!((failed - expected).abs() < spread, "{failed}");
    let counted = pair.bus.statistics(Host);
    assert_eq!(counted.state, CanState::ErrorActive);
    pair.bus.clear();
    pair.run(200);
    assert_eq!((pair.bus.statistics(Host).tec, pair.bus.statistics(Host).rec), (0, 0));
}

#[test]
fn an_error_frame_takes_17_to_23_bits_behind_the_destroyed_bit() {
    let (mut shortest_s, mut longest_s) = (f64::MAX, 0.0_f64);
    for seed in 0..400 {
        let mut bus = CanBus::new(seed);
        let frame = CanFrame::classic(0x10, &[0x55; 8]).unwrap();
        bus.fault(CanFault::Errors { probability: 1.0 }).unwrap();
        bus.send_once(Host, frame, 0.0).unwrap();
        bus.send(Drive, frame, 1e-6).unwrap();
        while bus.statistics(Host).failed == 0 {
            bus.advance(bus.now_s() + 1e-6);
        }
        bus.clear();
        // The drive starts after the intermission.
        bus.advance(1e-3);
        let start_s = heard(&mut bus, Host)[0].0 + 1e-6 - frame.bits().duration_s();
        shortest_s = shortest_s.min(start_s);
        longest_s = longest_s.max(start_s);
    }
    let total_s = CanFrame::classic(0x10, &[0x55; 8]).unwrap().bits().duration_s();
    assert!(shortest_s > 17.9e-6 && shortest_s < 22.0e-6, "{shortest_s}");
    assert!(longest_s > total_s + 15e-6 && longest_s < total_s - 1e-6 + 23.1e-6, "{longest_s} {total_s}");
}

#[test]
fn errors_without_end_lead_to_bus_off_and_back_when_asked() {
    let mut bus = CanBus::new(1);
    bus.fault(CanFault::Errors { probability: 1.0 }).unwrap();
    for k in 0..3 {
        bus.send(Host, fast(0x10, k), 0.0).unwrap();
    }
    bus.advance(0.1);
    let counted = bus.statistics(Host);
    // 16 attempts to 128, 16 more to 256.
    assert_eq!((counted.failed, counted.tec, counted.state, counted.lost), (32, 256, CanState::BusOff, 3));
    assert_eq!((bus.statistics(Drive).rec, bus.statistics(Drive).state), (32, CanState::ErrorActive));
    assert_eq!(bus.send(Host, fast(0x10, 3), 0.2), Err(CanSendError::BusOff));
    bus.clear();
    bus.advance(1.0);
    assert_eq!(bus.statistics(Host).state, CanState::BusOff);
    bus.recover(Host);
    // 128 times 11 bits of an idle bus: 1.408 ms.
    bus.advance(1.001_407);
    assert_eq!(bus.statistics(Host).state, CanState::BusOff);
    bus.advance(1.001_408);
    assert_eq!((bus.statistics(Host).state, bus.statistics(Host).tec), (CanState::ErrorActive, 0));
    bus.send(Host, fast(0x10, 4), 1.1).unwrap();
    bus.advance(1.2);
    assert_eq!(heard(&mut bus, Drive).iter().map(|(_, frame)| number(frame)).collect::<Vec<_>>(), [4]);
}

#[test]
fn recovery_on_a_full_bus_takes_128_frames() {
    let mut bus = CanBus::new(1);
    bus.switch_on(Outside);
    bus.fault(CanFault::Errors { probability: 1.0 }).unwrap();
    bus.send(Host, fast(0x10, 0), 0.0).unwrap();
    bus.advance(0.1);
    bus.clear();
    let sent = bus.statistics(Drive).sent;
    bus.recover(Host);
    let mut now_s = 0.1;
    while bus.statistics(Host).state == CanState::BusOff {
        while bus.send(Drive, fast(0x11, 0), now_s).is_ok() {}
        now_s += 20e-6;
        bus.advance(now_s);
        heard(&mut bus, Outside);
    }
    assert_eq!(bus.statistics(Drive).sent - sent, 128);
}

#[test]
fn an_error_passive_node_lets_others_go_first() {
    let mut bus = CanBus::new(1);
    bus.fault(CanFault::Break { node: Host }).unwrap();
    bus.send(Host, fast(0x10, 0), 0.0).unwrap();
    bus.advance(0.01);
    bus.clear();
    assert_eq!(bus.statistics(Host).state, CanState::ErrorPassive);
    for k in 1..3 {
        bus.send(Host, fast(0x10, k), 0.01).unwrap();
    }
    bus.send(Drive, fast(0x11, 0), 0.01005).unwrap();
    bus.advance(0.02);
    let host: Vec<f64> = heard(&mut bus, Drive).iter().map(|(time_s, _)| *time_s).collect();
    let drive = heard(&mut bus, Host)[0].0;
    assert!(host.len() == 3 && host[0] < drive && drive < host[1], "{host:?} {drive}");
}

#[test]
fn a_node_cut_off_sends_and_hears_nothing_and_becomes_error_passive() {
    let mut pair = Pair::new(1);
    pair.bus.switch_on(Outside);
    pair.run(100);
    pair.bus.fault(CanFault::Break { node: Drive }).unwrap();
    let before = (pair.host_heard.len(), pair.drive_heard.len());
    pair.run(1000);
    assert_eq!((pair.host_heard.len(), pair.drive_heard.len()), before);
    let counted = pair.bus.statistics(Drive);
    assert_eq!((counted.tec, counted.state), (128, CanState::ErrorPassive));
    // The tool acknowledges the host's frames.
    assert_eq!(pair.bus.statistics(Host).tec, 0);
    assert_eq!(pair.bus.statistics(Host).sent, 1100);
    pair.bus.clear();
    pair.run(200);
    assert!(pair.drive_heard.len() > before.1 + 190 && pair.host_heard.len() > before.0 + 190);
    assert_eq!(pair.bus.statistics(Drive).state, CanState::ErrorActive);
}

#[test]
fn a_break_in_the_middle_of_a_frame_destroys_it() {
    let mut bus = CanBus::new(1);
    bus.switch_on(Outside);
    bus.send(Host, fast(0x10, 7), 0.0).unwrap();
    bus.advance(50e-6);
    bus.fault(CanFault::Break { node: Host }).unwrap();
    bus.advance(1e-3);
    assert_eq!((heard(&mut bus, Drive).len(), bus.statistics(Drive).rec), (0, 1));
    bus.clear();
    bus.advance(2e-3);
    assert_eq!(heard(&mut bus, Drive).len(), 1);
    bus.send(Host, fast(0x10, 8), 3e-3).unwrap();
    bus.advance(3.05e-3);
    bus.switch_off(Host);
    bus.switch_on(Host);
    bus.advance(4e-3);
    assert_eq!((heard(&mut bus, Drive).len(), bus.statistics(Host).lost), (0, 1));
    // The drive saw the error, the host has forgotten it.
    assert_eq!((bus.statistics(Host).tec, bus.statistics(Drive).rec), (0, 1));
}

#[test]
fn a_lossy_driver_misses_its_share() {
    let mut pair = Pair::new(5);
    pair.bus.fault(CanFault::Loss { node: Drive, probability: 0.25 }).unwrap();
    pair.run(10_000);
    let missed = pair.bus.statistics(Drive).missed as f64;
    assert!((missed - 2500.0).abs() < 4.0 * f64::sqrt(10_000.0 * 0.25 * 0.75), "{missed}");
    assert_eq!(pair.drive_heard.len(), 10_000 - missed as usize);
    assert_eq!((pair.host_heard.len(), pair.bus.statistics(Host).tec), (10_000, 0));
}

#[test]
fn babble_takes_its_share_and_the_rest_waits_no_longer_than_a_frame() {
    let mut pair = Pair::new(1);
    pair.bus.switch_on(Outside);
    pair.bus.fault(CanFault::Babble { node: Outside, share: 0.3 }).unwrap();
    pair.run(4000);
    let theirs = |frames: &[(f64, CanFrame)]| frames.iter().filter(|(_, frame)| frame.id != 0).count();
    assert_eq!((theirs(&pair.host_heard), theirs(&pair.drive_heard)), (4000, 4000));
    let babble_s = pair.host_heard.iter().filter(|(_, frame)| frame.id == 0).count() as f64
        * (pair.host_heard.iter().find(|(_, frame)| frame.id == 0).unwrap().1.bits().duration_s() + 3e-6);
    // A frame that has begun holds it up now and then, so it takes somewhat less than asked for.
    assert!(babble_s > 0.25 * 2.0 && babble_s < 0.3 * 2.0, "{babble_s}");
}

#[test]
fn babble_with_no_share_is_silence() {
    let mut pair = Pair::new(1);
    pair.bus.fault(CanFault::Babble { node: Drive, share: 0.0 }).unwrap();
    pair.run(100);
    assert!(pair.host_heard.len() == 100 && pair.host_heard.iter().all(|(_, frame)| frame.id != 0));
}

#[test]
fn babble_without_pause_keeps_everybody_out() {
    let mut pair = Pair::new(1);
    pair.bus.switch_on(Outside);
    pair.bus.fault(CanFault::Babble { node: Outside, share: 1.0 }).unwrap();
    pair.run(2500);
    assert!(pair.host_heard.iter().chain(&pair.drive_heard).all(|(_, frame)| frame.id == 0));
    assert!(pair.bus.load() > 0.999);
    assert_eq!(pair.bus.statistics(Host).sent, 0);
    // Waiting is no error.
    assert_eq!(pair.bus.statistics(Host).tec, 0);
    pair.bus.clear();
    pair.run(100);
    assert!(pair.drive_heard.iter().any(|(_, frame)| frame.id == 0x10));
}

#[test]
fn late_frames_keep_their_order_when_the_delay_ends() {
    let mut pair = Pair::new(1);
    pair.run(10);
    let prompt_s: Vec<f64> = pair.drive_heard.iter().map(|(time_s, _)| *time_s % 0.5e-3).collect();
    pair.bus.fault(CanFault::Delay { node: Drive, delay_s: 3e-3 }).unwrap();
    pair.run(100);
    let late_s = pair.drive_heard[50].0 - f64::from(number(&pair.drive_heard[50].1)) * 0.5e-3;
    assert!((late_s - prompt_s[0] - 3e-3).abs() < 1e-6, "{late_s} {prompt_s:?}");
    pair.bus.clear();
    pair.run(20);
    let numbers: Vec<u32> = pair.drive_heard.iter().map(|(_, frame)| number(frame)).collect();
    assert_eq!(numbers, (0..130).collect::<Vec<_>>());
    assert!(pair.drive_heard.is_sorted_by(|one, two| one.0 <= two.0));
}

#[test]
fn a_stranger_sends_again_what_it_heard() {
    let mut pair = Pair::new(1);
    pair.bus.fault(CanFault::Replay { delay_s: 0.1, rate_hz: 100.0 }).unwrap();
    pair.run(2000);
    // Host frames are heard once by the drive, the stranger's by both; each is as old as said.
    let mut newest = None;
    let mut again = 0;
    for (time_s, frame) in pair.drive_heard.iter().filter(|(_, frame)| frame.id == 0x10) {
        if newest.is_some_and(|newest| number(frame) <= newest) {
            again += 1;
            let age_s = time_s - f64::from(number(frame)) * 0.5e-3;
            assert!(age_s > 0.1 && age_s < 0.1006, "{age_s}");
        }
        newest = newest.max(Some(number(frame)));
    }
    let foreign = pair.drive_heard.iter().filter(|(_, frame)| frame.id == 0x11).count();
    assert!((88..=91).contains(&(again + foreign)), "{again} {foreign}");
    pair.bus.clear();
    let before = pair.drive_heard.len();
    pair.run(1000);
    assert_eq!(pair.drive_heard.len(), before + 1000);
}

#[test]
fn a_tap_names_the_stranger_as_nobody() {
    let mut bus = CanBus::new(1);
    bus.tap();
    bus.fault(CanFault::Replay { delay_s: 1e-3, rate_hz: 2000.0 }).unwrap();
    bus.send(Host, fast(0x10, 1), 0.0).unwrap();
    bus.advance(0.1);
    let senders: Vec<_> =
        core::iter::from_fn(|| bus.tapped()).map(|(_, from, frame)| (from, number(&frame))).collect();
    assert_eq!(senders, [(Some(Host), 1), (None, 1)]);
}
