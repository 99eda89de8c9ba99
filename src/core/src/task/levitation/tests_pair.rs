// SPDX-License-Identifier: Apache-2.0
//! The protocol of the pair within the levitation task: a floating rotor, a line, and frames made by hand.

use super::pair::Situation;
use super::*;
use crate::arbitration::{Isolation, Order, Refusal};
use crate::link::{PeerMail, PeerReport, UnitCode};
use crate::ports::pair::{FOREIGN_RIPPLE, GATE_DOUBTED, GATE_OPEN, LINE_CURRENT, LINE_EDGES};

const DRIVEN: u32 = LINE_CURRENT | LINE_EDGES | FOREIGN_RIPPLE;

fn seen(pair: u32) -> Situation {
    Situation {
        periods: 1,
        elapsed_us: 50,
        pair,
        faults: 0,
        sees_rotor: true,
        is_deaf: false,
        floats: true,
        halls_whole: true,
        halls_well: true,
        has_jumped: false,
        displacement_m: [0.0; 2],
        coil_current_mean_a: [0.0; 2],
        asked: false,
        levitate: LevitateRequest::Off,
        therapy: false,
    }
}

/// A unit whose hardware latch opens at once and says so two periods later.
struct Bench {
    pair: PairControl,
    mail: Mailboxes,
    news: u32,
    gates: [bool; 2],
}

impl Bench {
    fn new(role: Role) -> Self {
        Self {
            pair: PairControl::new(role, &BearingConfig::ECMO_50, 50),
            mail: Mailboxes::new(),
            news: 0,
            gates: [false; 2],
        }
    }

    fn hears(&mut self, report: PeerReport, coil_current_x_a: f32, displacement_x_m: f32) {
        self.news += 1;
        self.mail.peer.write(&PeerMail {
            news: self.news,
            silent: false,
            report: report.to_bits(),
            coil_current_x_a,
            coil_current_y_a: f32::NAN,
            torque_current_a: 2.0,
            displacement_x_m,
            displacement_y_m: 0.0,
        });
    }

    fn step(&mut self, now: Situation) -> pair::Drive {
        let [asked, open] = self.gates;
        let bits = if open { now.pair | GATE_OPEN } else { now.pair };
        let drive = self.pair.step(&self.mail, &Situation { pair: bits, asked, ..now });
        self.gates = [drive.gate && !drive.waits && drive.levitate != LevitateRequest::Off, asked];
        drive
    }

    fn run(&mut self, periods: u32, now: Situation) -> pair::Drive {
        (1..periods).for_each(|_| {
            self.step(now);
        });
        self.step(now)
    }
}

const DRIVES: PeerReport = PeerReport {
    state: UnitCode::Active,
    drives: true,
    current_flows: true,
    therapy: true,
    challenge: false,
    innovation_ok: true,
    hand_back: false,
};

/// A rotor that is not to be held any more.
fn set_down(bench: &mut Bench) {
    let land = Situation { levitate: LevitateRequest::Land, therapy: false, ..seen(LINE_CURRENT) };
    bench.run(10, land);
}

/// A backup that has seen the other unit drive.
fn backup() -> Bench {
    let mut bench = Bench::new(Role::EmergencyDrive);
    bench.hears(DRIVES, 1.5, 0.0);
    bench.run(40, seen(DRIVEN));
    bench
}

#[test]
fn a_released_line_is_taken_over_in_three_samples_and_held_before_the_supervisor_knows() {
    let mut bench = backup();
    let released = seen(LINE_CURRENT);
    let gates: std::vec::Vec<bool> = (0..4).map(|_| bench.step(released).gate).collect();
    assert_eq!(gates, [false, false, true, true]);
    for _ in 0..1000 {
        let drive = bench.step(released);
        assert!(drive.gate && !drive.waits && drive.levitate == LevitateRequest::Levitate);
    }
    // The supervisor has caught up; what it asks for counts from now on.
    bench.step(Situation { levitate: LevitateRequest::Levitate, therapy: true, ..released });
    let land = Situation { levitate: LevitateRequest::Land, therapy: true, ..released };
    assert_eq!(bench.step(land).levitate, LevitateRequest::Land);
}

#[test]
fn mirrored_currents_act_while_the_line_lives_and_what_is_no_number_does_not() {
    let mut bench = backup();
    let drive = bench.step(seen(DRIVEN));
    assert_eq!((drive.foreign_coil_a, drive.foreign_torque_a), (Some([1.5, 0.0]), 2.0));
    let drive = bench.step(seen(LINE_CURRENT));
    assert_eq!((drive.foreign_coil_a, drive.foreign_torque_a), (None, 0.0));
    bench.hears(DRIVES, 1e6, 0.0);
    // It still drives: what acts has not ended.
    assert_eq!(bench.step(seen(DRIVEN)).foreign_coil_a, Some([0.0; 2]));
}

#[test]
fn an_order_waits_for_what_may_pass_and_is_carried_out_once() {
    let mut bench = Bench::new(Role::Host);
    let start = Situation { levitate: LevitateRequest::Levitate, therapy: true, ..seen(LINE_CURRENT) };
    bench.pair.post(7, Order::Start { alone: false }.code());
    let unfit = Situation { sees_rotor: false, ..start };
    assert!(!bench.run(10, unfit).gate && bench.pair.order_number == 0);
    assert!(bench.step(start).gate);
    assert_eq!((bench.pair.order_number, bench.pair.order_result), (7, 0));
    // The same number again is no order.
    bench.run(10, start);
    bench.pair.post(7, Order::HandBack.code());
    bench.run(10, start);
    assert_eq!((bench.pair.order_number, bench.pair.order_result), (7, 0));
}

#[test]
fn an_order_that_is_never_fit_is_given_up_and_says_why() {
    let mut bench = Bench::new(Role::Host);
    bench.pair.post(1, Order::Start { alone: false }.code());
    bench.run(1000, Situation { sees_rotor: false, ..seen(LINE_CURRENT) });
    assert_eq!((bench.pair.order_number, bench.pair.order_result), (1, Refusal::NotFit as u32));
    assert!(!bench.run(100, seen(LINE_CURRENT)).gate, "it does not come true later");
}

#[test]
fn a_unit_alone_keeps_trying_while_it_is_blind_or_its_gate_is_dead() {
    for bad in [
        Situation { sees_rotor: false, ..seen(LINE_CURRENT) },
        seen(LINE_CURRENT | crate::ports::pair::GATE_FAULT),
        Situation { faults: fault::BEARING_LOST, ..seen(LINE_CURRENT) },
    ] {
        let mut bench = Bench::new(Role::Host);
        let held = |now: Situation| Situation { levitate: LevitateRequest::Levitate, therapy: true, ..now };
        bench.pair.post(1, Order::Start { alone: false }.code());
        bench.run(100, held(seen(LINE_CURRENT)));
        assert!(bench.run(2000, held(bad)).gate, "{bad:?}");
        assert!(bench.run(10, held(seen(LINE_CURRENT))).gate);
    }
}

#[test]
fn a_failing_unit_gives_the_head_to_one_that_is_ready() {
    let mut bench = Bench::new(Role::Host);
    let held = Situation { levitate: LevitateRequest::Levitate, therapy: true, ..seen(LINE_CURRENT) };
    bench.hears(PeerReport { state: UnitCode::Ready, drives: false, ..DRIVES }, 0.0, 0.0);
    bench.pair.post(1, Order::Start { alone: false }.code());
    bench.run(20, held);
    bench.hears(PeerReport { state: UnitCode::Ready, drives: false, ..DRIVES }, 0.0, 0.0);
    assert!(bench.step(held).gate);
    assert!(!bench.run(2, Situation { sees_rotor: false, ..held }).gate);
    assert_eq!(bench.pair.outputs.isolation, Some(Isolation::Fault));
}

#[test]
fn a_deaf_unit_gives_the_head_to_one_that_sees_the_rotor_elsewhere_and_does_not_take_it_back() {
    let ready = PeerReport { state: UnitCode::Ready, drives: false, ..DRIVES };
    let held = Situation { levitate: LevitateRequest::Levitate, therapy: true, ..seen(LINE_CURRENT) };
    let deaf = Situation { is_deaf: true, ..held };
    let drives = || {
        let mut bench = Bench::new(Role::Host);
        bench.hears(ready, 0.0, 0.0);
        bench.pair.post(1, Order::Start { alone: false }.code());
        bench.run(20, held);
        bench
    };
    let mut bench = drives();
    for _ in 0..10 {
        bench.hears(ready, 0.0, 20e-6);
        assert!(bench.run(10, deaf).gate, "both see it at the same place");
    }
    for _ in 0..2 {
        bench.hears(ready, 0.0, 80e-6);
        assert!(bench.run(10, deaf).gate, "elsewhere in two frames");
    }
    bench.hears(ready, 0.0, 80e-6);
    assert!(bench.run(5, held).gate, "it hears");
    assert!(bench.run(5, Situation { halls_well: false, ..deaf }).gate, "interference");
    assert!(!bench.run(2, deaf).gate);
    assert_eq!(bench.pair.outputs.isolation, Some(Isolation::Deaf));

    for doubtful in
        [PeerReport { state: UnitCode::Standby, ..ready }, PeerReport { innovation_ok: false, ..ready }]
    {
        let mut bench = drives();
        for _ in 0..10 {
            bench.hears(doubtful, 0.0, 80e-6);
            assert!(bench.run(10, deaf).gate, "{doubtful:?}");
        }
    }

    let mut alone = drives();
    for _ in 0..10 {
        alone.hears(ready, 0.0, 80e-6);
        alone.run(10, held);
    }
    alone.run(100, held);
    assert!(alone.run(1000, deaf).gate, "nobody is heard");
}

#[test]
fn a_backup_that_sees_the_rotor_elsewhere_for_three_frames_challenges() {
    let mut bench = backup();
    for frame in 0..4 {
        bench.hears(DRIVES, 0.0, 80e-6);
        bench.run(10, seen(DRIVEN));
        let challenges = PeerReport::from_bits(bench.pair.report).challenge;
        assert_eq!(challenges, frame >= 2, "{frame}");
    }
}

#[test]
fn a_backup_that_is_disturbed_itself_does_not_challenge() {
    let mut bench = backup();
    for _ in 0..10 {
        bench.hears(DRIVES, 0.0, 80e-6);
        bench.run(10, Situation { halls_well: false, ..seen(DRIVEN) });
        assert!(!PeerReport::from_bits(bench.pair.report).challenge);
    }
}

#[test]
fn a_challenge_refutes_a_named_hall_and_no_interference() {
    let challenger =
        PeerReport { state: UnitCode::Ready, drives: false, current_flows: false, challenge: true, ..DRIVES };
    let drives_on = |now: Situation| {
        let mut bench = backup();
        let held = Situation { levitate: LevitateRequest::Levitate, therapy: true, ..now };
        bench.run(20, seen(LINE_CURRENT));
        bench.run(40, Situation { levitate: LevitateRequest::Levitate, therapy: true, ..seen(LINE_CURRENT) });
        bench.hears(challenger, 0.0, 80e-6);
        bench.run(10, held).gate
    };
    assert!(drives_on(Situation { halls_well: false, ..seen(LINE_CURRENT) }));
    assert!(!drives_on(Situation { halls_well: false, halls_whole: false, ..seen(LINE_CURRENT) }));
}

#[test]
fn a_unit_that_lost_a_challenge_joins_again_when_both_have_agreed_for_a_second() {
    let mut bench = backup();
    bench.pair.isolate(Role::EmergencyDrive, Isolation::Challenge);
    let mut number = 0;
    let mut rejoin = |bench: &mut Bench| {
        number += 1;
        bench.pair.post(number, Order::Rejoin.code());
        bench.run(2, seen(DRIVEN));
        assert_eq!(bench.pair.order_number, number);
        Refusal::from_code(bench.pair.order_result)
    };
    let agree = |bench: &mut Bench, frames: u32, now: Situation| {
        for _ in 0..frames {
            bench.hears(DRIVES, 0.0, 40e-6);
            bench.run(10, now);
        }
    };
    bench.hears(DRIVES, 0.0, 60e-6);
    bench.run(10, seen(DRIVEN));
    agree(&mut bench, 1_999, seen(DRIVEN));
    assert_eq!(rejoin(&mut bench), Some(Refusal::Isolated), "a frame is missing");
    // What breaks the row begins it anew.
    bench.hears(DRIVES, 0.0, 60e-6);
    bench.run(10, seen(DRIVEN));
    agree(&mut bench, 1_000, seen(DRIVEN));
    agree(&mut bench, 1, Situation { halls_well: false, ..seen(DRIVEN) });
    agree(&mut bench, 1_000, seen(DRIVEN));
    bench.run(100, seen(DRIVEN));
    agree(&mut bench, 1_999, seen(DRIVEN));
    assert_eq!(rejoin(&mut bench), Some(Refusal::Isolated));
    agree(&mut bench, 1, seen(DRIVEN));
    assert_eq!(rejoin(&mut bench), None);
    assert_eq!(bench.pair.outputs.isolation, None);
}

#[test]
fn a_fault_for_which_a_unit_is_not_ready_does_not_keep_it_from_driving() {
    for (faults, offers, drives) in [
        (0, true, true),
        (fault::WINDING, false, true),
        (fault::CURRENT, false, true),
        (fault::BUS_VOLTAGE, false, true),
        (fault::COIL_OPEN, false, false),
        (fault::DISPLACEMENT, false, false),
        (fault::SAMPLES_STALE, false, false),
        (fault::PHASE_SHORT, false, false),
    ] {
        let mut bench = backup();
        bench.run(40, Situation { faults, ..seen(DRIVEN) });
        let is_ready = PeerReport::from_bits(bench.pair.report).state == UnitCode::Ready;
        assert_eq!(is_ready, offers, "faults {faults:#x}");
        assert_eq!(
            bench.run(20, Situation { faults, ..seen(LINE_CURRENT) }).gate,
            drives,
            "faults {faults:#x}"
        );
    }
}

#[test]
fn a_unit_whose_motor_gate_driver_is_doubted_is_a_backup_all_the_same() {
    let mut bench = backup();
    bench.run(40, seen(DRIVEN | GATE_DOUBTED));
    assert_eq!(
        PeerReport::from_bits(bench.pair.report).state,
        UnitCode::Ready,
        "the coil bridges have no part in it"
    );
    assert!(bench.run(20, seen(LINE_CURRENT | GATE_DOUBTED)).gate);
}

#[test]
fn a_unit_that_was_isolated_is_out_of_the_pair_from_its_first_period_on() {
    let mut bench = Bench::new(Role::EmergencyDrive);
    bench.pair.isolate(Role::EmergencyDrive, Isolation::Deaf);
    bench.hears(DRIVES, 0.0, 0.0);
    bench.run(40, seen(DRIVEN));
    assert_eq!(bench.pair.outputs.isolation, Some(Isolation::Deaf));
    assert!(!bench.run(1000, seen(LINE_CURRENT)).gate);
}

#[test]
fn the_answer_of_a_settled_period_is_that_of_a_machine_that_decides_every_time() {
    let mut random = 1_u32;
    let mut draw = |below: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 16) % below
    };
    let (mut quick, mut slow) = (Bench::new(Role::EmergencyDrive), Bench::new(Role::EmergencyDrive));
    let mut now = seen(DRIVEN);
    for period in 0..200_000 {
        if draw(40) == 0 {
            now = Situation {
                pair: [DRIVEN, LINE_CURRENT, 0, LINE_CURRENT | FOREIGN_RIPPLE][draw(4) as usize],
                sees_rotor: draw(8) != 0,
                is_deaf: draw(40) == 0,
                floats: draw(4) != 0,
                halls_whole: draw(4) != 0,
                halls_well: draw(4) != 0,
                has_jumped: draw(8) == 0,
                displacement_m: [if draw(4) == 0 { 70e-6 } else { 0.0 }, 0.0],
                levitate: if draw(2) == 0 { LevitateRequest::Levitate } else { LevitateRequest::Off },
                therapy: draw(2) == 0,
                ..now
            };
        }
        if draw(10) == 0 {
            let report = PeerReport { drives: draw(2) == 0, ..DRIVES };
            quick.hears(report, 0.5, 0.0);
            slow.hears(report, 0.5, 0.0);
        }
        if draw(500) == 0 {
            let (number, order) = (period, 1 + draw(7));
            quick.pair.post(number, order);
            slow.pair.post(number, order);
        }
        slow.pair.unsettle();
        assert_eq!(quick.step(now), slow.step(now), "{period}");
        assert_eq!(quick.pair.report, slow.pair.report, "{period}");
        assert_eq!(quick.pair.outputs.alarms, slow.pair.outputs.alarms, "{period}");
    }
}

#[test]
fn while_a_rotor_is_to_be_held_off_means_hold_and_after_that_it_means_off() {
    let mut bench = backup();
    bench.run(10, seen(LINE_CURRENT));
    let held = Situation { levitate: LevitateRequest::Levitate, therapy: true, ..seen(LINE_CURRENT) };
    bench.run(10, held);
    // A supervisor that was late, or has just started.
    assert_eq!(bench.run(10, seen(LINE_CURRENT)).levitate, LevitateRequest::Levitate);
    bench.run(10, held);
    set_down(&mut bench);
    assert_eq!(bench.step(seen(LINE_CURRENT)).levitate, LevitateRequest::Off);
}

#[test]
fn without_a_link_a_rotor_that_was_set_down_is_not_lifted_by_the_backup() {
    for (floats, takes) in [(true, true), (false, false)] {
        let mut bench = backup();
        // The link dies; the line shows edges on.
        bench.run(100, Situation { floats, ..seen(DRIVEN) });
        assert_eq!(bench.run(100, Situation { floats, ..seen(LINE_CURRENT) }).gate, takes, "{floats}");
    }
}

#[test]
fn currents_of_a_unit_that_is_not_heard_do_not_act() {
    let mut bench = backup();
    let drive = bench.run(100, seen(DRIVEN));
    assert_eq!((drive.foreign_coil_a, drive.foreign_torque_a), (None, 0.0));
}
