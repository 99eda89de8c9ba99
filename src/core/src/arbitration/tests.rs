// SPDX-License-Identifier: Apache-2.0
mod isolation;

use super::*;
use proptest::prelude::*;

const TIMES: Times = Times::AT_20_KHZ;

/// A unit and what it is shown, period by period.
#[derive(Clone)]
struct Rig {
    unit: Arbitration,
    seen: Inputs,
}

/// A healthy unit that is proven, beside a host that drives a rotor that is to be held.
fn ready(role: Role) -> Rig {
    let other = PeerReport {
        state: UnitCode::Active,
        drives: true,
        current_flows: true,
        therapy: true,
        innovation_ok: true,
        ..PeerReport::default()
    };
    let mut rig = Rig {
        unit: Arbitration::new(role, TIMES, false),
        seen: Inputs {
            periods: 1,
            rotor_floats: true,
            line: Line::Driving,
            peer: Some(other),
            peer_is_new: true,
            able: true,
            fit: true,
            innovation_ok: true,
            ..Inputs::default()
        },
    };
    rig.run(100);
    assert_eq!(rig.unit.code(), UnitCode::Ready);
    rig
}

/// A unit that drives a held rotor, beside one that is ready.
fn active(role: Role) -> Rig {
    let mut rig = ready(role);
    rig.seen.line = Line::Released;
    rig.seen.peer = Some(PeerReport {
        state: UnitCode::Ready,
        innovation_ok: true,
        therapy: true,
        ..PeerReport::default()
    });
    rig.run(5);
    rig.seen.current_flows = true;
    rig.seen.therapy = Some(true);
    rig.run(5);
    assert_eq!(rig.unit.code(), UnitCode::Active);
    rig
}

impl Rig {
    fn step(&mut self) -> Outputs {
        self.unit.step(&self.seen)
    }

    fn run(&mut self, periods: u32) -> Outputs {
        (0..periods).map(|_| self.step()).last().unwrap()
    }

    fn order(&mut self, order: Order) -> Option<Refusal> {
        self.unit.step(&Inputs { order: Some(order), ..self.seen }).refusal
    }

    /// Periods until the unit drives, `None` if it does not within a second.
    fn drives_after(&mut self) -> Option<u32> {
        (1..20_000).find(|_| self.step().gate)
    }
}

#[test]
fn a_released_line_is_taken_over_at_the_third_sample() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Released;
    assert_eq!(rig.drives_after(), Some(u32::from(TIMES.debounce)));
}

#[test]
fn a_unit_that_is_not_ready_is_the_last_resort() {
    let unready = |seen: &dyn Fn(&mut Inputs)| {
        let mut rig = ready(Role::EmergencyDrive);
        rig.seen.fit = false;
        rig.run(40);
        assert_eq!(rig.unit.code(), UnitCode::Standby);
        rig.seen.line = Line::Released;
        rig.seen.rotor_unheld = true;
        seen(&mut rig.seen);
        rig.drives_after().map(|periods| (periods, rig.unit.code()))
    };
    let evident = u32::from(TIMES.evidence.max(TIMES.debounce));
    assert_eq!(unready(&|_| {}), Some((evident, UnitCode::Active)));
    // Its currents do not flow here, so the head would be given on: to see more is another test's matter.
    assert_eq!(unready(&|seen| seen.rotor_unheld = false), None, "somebody's ripple is in the windings");
    assert_eq!(unready(&|seen| seen.line = Line::Driving), None);
    assert_eq!(unready(&|seen| seen.able = false), None, "it would hold nothing");
    let good =
        PeerReport { state: UnitCode::Ready, therapy: true, innovation_ok: true, ..PeerReport::default() };
    assert_eq!(unready(&|seen| seen.peer = Some(good)), None, "a good one will take it");
    let over = PeerReport { state: UnitCode::Standby, innovation_ok: true, ..PeerReport::default() };
    let ended = |seen: &mut Inputs| {
        (seen.peer, seen.rotor_unheld) = (Some(PeerReport { drives: true, ..over }), true)
    };
    assert_eq!(unready(&ended), None, "nothing is to be held");
    // Without current for as long as no takeover takes.
    let idle = Some((u32::from(TIMES.doubt), UnitCode::Active));
    for (current_flows, taken) in [(true, None), (false, idle)] {
        let claims = PeerReport { state: UnitCode::Active, drives: true, current_flows, ..good };
        let broken = |seen: &mut Inputs| (seen.line, seen.peer) = (Line::Broken, Some(claims));
        assert_eq!(
            unready(&broken),
            taken,
            "with an open winding it sees no ripple, so it believes what the link says of current"
        );
    }
}

#[test]
fn a_host_that_claims_a_head_without_current_locks_out_nobody_who_could_hold_it() {
    // Its gate is dead: the hardware has silenced its line, and its link lives. The drive has restarted, is not fit, and has not seen it drive.
    let beside = |current_flows| {
        let mut rig = ready(Role::EmergencyDrive);
        rig.unit = Arbitration::new(Role::EmergencyDrive, TIMES, true);
        (rig.seen.line, rig.seen.fit, rig.seen.rotor_unheld) = (Line::Released, false, true);
        rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { current_flows, ..peer });
        rig
    };
    let doubted = u32::from(TIMES.debounce + TIMES.doubt - 1);
    assert_eq!(beside(false).drives_after(), Some(doubted));
    assert_eq!(beside(true).drives_after(), None);
    // Where it does not see that nobody holds the rotor, an operator can.
    for (current_flows, fit, alone, refusal) in [
        (false, false, true, None),
        (false, true, true, None),
        (false, false, false, Some(Refusal::NotFit)),
        (false, true, false, Some(Refusal::OtherDrives)),
        (true, false, true, Some(Refusal::OtherDrives)),
        (true, true, true, Some(Refusal::OtherDrives)),
    ] {
        let mut rig = beside(current_flows);
        (rig.seen.rotor_unheld, rig.seen.fit) = (false, fit);
        rig.run(doubted);
        assert_eq!(rig.order(Order::Start { alone }), refusal, "{current_flows} {fit} {alone}");
    }
}

#[test]
fn a_drive_that_restarts_alone_and_unfit_is_the_last_resort_after_the_host_had_its_time() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.unit = Arbitration::new(Role::EmergencyDrive, TIMES, true);
    (rig.seen.line, rig.seen.peer, rig.seen.fit, rig.seen.rotor_unheld) = (Line::Released, None, false, true);
    assert_eq!(rig.drives_after(), Some(u32::from(TIMES.stagger)));
}

#[test]
fn a_unit_that_is_not_ready_takes_no_offer_and_starts_when_it_is_told_to() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.fit = false;
    rig.run(40);
    if let Some(peer) = &mut rig.seen.peer {
        (peer.hand_back, peer.state) = (true, UnitCode::Releasing);
    }
    rig.run(200);
    assert_eq!(rig.unit.code(), UnitCode::Standby);
    let would = PeerReport { state: UnitCode::Ready, therapy: true, ..PeerReport::default() };
    (rig.seen.line, rig.seen.peer) = (Line::Broken, Some(would));
    rig.run(40);
    let alone = Order::Start { alone: true };
    assert_eq!(rig.order(alone), Some(Refusal::NotFit), "the other one is better");
    // One that does not know of the therapy takes nothing by itself.
    for peer in [None, Some(PeerReport { therapy: false, ..would })] {
        let mut rig = rig.clone();
        rig.seen.peer = peer;
        rig.run(40);
        assert_eq!(rig.order(alone), None, "{peer:?}");
        assert_eq!(rig.unit.code(), UnitCode::Active);
    }
}

#[test]
fn two_released_samples_are_interference() {
    let mut rig = ready(Role::EmergencyDrive);
    for _ in 0..1000 {
        rig.seen.line = Line::Released;
        assert!(!rig.run(2).gate);
        rig.seen.line = Line::Driving;
        assert!(!rig.step().gate);
    }
}

#[test]
fn a_broken_line_alone_and_a_silent_link_alone_are_alarms() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Broken;
    assert_eq!(rig.drives_after(), None);
    assert_eq!(rig.step().alarms & alarm::LINE_BROKEN, alarm::LINE_BROKEN);

    let mut rig = ready(Role::EmergencyDrive);
    (rig.seen.peer, rig.seen.peer_is_new) = (None, false);
    assert_eq!(rig.drives_after(), None);
    assert_eq!(rig.step().alarms & alarm::LINK_LOST, alarm::LINK_LOST);
}

#[test]
fn a_broken_line_and_a_silent_link_need_a_rotor_that_nobody_holds() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Broken;
    (rig.seen.peer, rig.seen.peer_is_new) = (None, false);
    assert_eq!(rig.drives_after(), None);
    rig.seen.rotor_astray = true;
    assert_eq!(rig.drives_after(), Some(u32::from(TIMES.evidence)));
    assert!(rig.step().latch_override);
}

#[test]
fn a_shock_is_no_evidence_while_the_other_unit_is_heard() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Broken;
    rig.seen.rotor_astray = true;
    assert_eq!(rig.drives_after(), None);
}

#[test]
fn a_broken_line_whose_sender_says_that_it_has_failed_is_taken_over() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Broken;
    rig.run(10);
    rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { state: UnitCode::Isolated, drives: false, ..peer });
    assert_eq!(rig.drives_after(), Some(1));
}

#[test]
fn a_head_that_need_not_be_held_is_not_taken() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { therapy: false, ..peer });
    rig.run(10);
    rig.seen.line = Line::Released;
    assert_eq!(rig.drives_after(), None);
}

#[test]
fn a_unit_without_current_of_its_own_lets_go_and_isolates_itself() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Released;
    rig.seen.peer =
        rig.seen.peer.map(|peer| PeerReport { state: UnitCode::Releasing, drives: false, ..peer });
    rig.run(u32::from(TIMES.debounce));
    assert!(rig.run(u32::from(TIMES.prove) - 1).gate);
    let outputs = rig.step();
    assert!(!outputs.line && !outputs.gate);
    assert_eq!(outputs.report.state, UnitCode::Isolated);
    assert_eq!(outputs.isolation, Some(Isolation::NoCurrent));
}

#[test]
fn who_has_just_taken_the_head_does_not_let_it_go_to_the_unit_that_had_it_by_the_last_frame() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Released;
    rig.run(u32::from(TIMES.debounce));
    rig.seen.current_flows = true;
    rig.step();
    rig.seen.failed = Some(Isolation::Fault);
    // New frames go on saying so: the line is wrong.
    let mut doubting = rig.clone();
    // Two samples have contradicted the frame.
    assert!(doubting.run(u32::from(TIMES.doubt) - 3).gate);
    assert!(doubting.step().isolation.is_some());
    // It stays the last one.
    rig.seen.peer_is_new = false;
    assert!(rig.run(1000).gate);
    rig.seen.peer = None;
    assert!(rig.run(1000).gate);
}

#[test]
fn a_unit_without_current_of_its_own_keeps_trying_where_nobody_else_would_hold_the_rotor() {
    let mut rig = active(Role::Host);
    let ready = rig.seen.peer;
    rig.seen.peer = ready.map(|peer| PeerReport { state: UnitCode::Standby, ..peer });
    rig.step();
    rig.seen.current_flows = false;
    assert!(rig.run(1000).gate);
    rig.seen.peer = ready;
    assert!(rig.step().isolation.is_some());
}

#[test]
fn of_two_that_drive_the_host_yields_after_two_milliseconds_and_does_not_come_back() {
    for (role, yields) in [(Role::Host, true), (Role::EmergencyDrive, false)] {
        let mut rig = active(role);
        rig.seen.foreign_drive = true;
        // Its line is stuck, so that only link and ripple tell.
        rig.seen.peer =
            rig.seen.peer.map(|peer| PeerReport { drives: true, state: UnitCode::Active, ..peer });
        assert!(rig.run(u32::from(TIMES.yielding) - 1).gate);
        assert_eq!(!rig.run(1).gate, yields);
        rig.seen.current_flows = false;
        if yields {
            assert_eq!(rig.drives_after(), None);
            assert_eq!(rig.step().alarms & alarm::LINE_DOUBTED, alarm::LINE_DOUBTED);
        }
    }
}

#[test]
fn ripple_alone_makes_nobody_yield() {
    let mut rig = active(Role::Host);
    rig.seen.foreign_drive = true;
    assert!(rig.run(10_000).gate);
}

#[test]
fn a_unit_that_cannot_hold_the_rotor_keeps_trying_until_another_one_is_ready() {
    let mut rig = active(Role::Host);
    rig.seen.failed = Some(Isolation::Fault);
    let ready = rig.seen.peer;
    rig.seen.peer = ready.map(|peer| PeerReport { state: UnitCode::Standby, ..peer });
    assert!(rig.run(1000).gate);
    rig.seen.peer = ready;
    let outputs = rig.step();
    assert!(!outputs.gate && !outputs.line && outputs.isolation == Some(Isolation::Fault));
}

#[test]
fn a_unit_alone_keeps_trying_whatever_the_line_of_a_unit_without_power_reads() {
    let mut rig = Rig {
        unit: Arbitration::new(Role::Host, TIMES, false),
        seen: Inputs {
            periods: 1,
            rotor_floats: true,
            line: Line::Released,
            able: true,
            fit: true,
            innovation_ok: true,
            ..Inputs::default()
        },
    };
    rig.run(50);
    assert_eq!(rig.order(Order::Start { alone: true }), None);
    rig.seen.current_flows = true;
    rig.seen.therapy = Some(true);
    rig.run(50);
    rig.seen.failed = Some(Isolation::Fault);
    assert!(rig.run(10_000).gate);
}

#[test]
fn a_unit_whose_gates_have_closed_asks_for_them_anew_with_the_override_if_it_must() {
    let mut rig = active(Role::Host);
    rig.seen.line = Line::Broken;
    assert!(rig.run(100).gate);
    // Its own line has lapsed in a stall of 0.3 ms.
    rig.seen.current_flows = false;
    rig.seen.periods = 6;
    assert!(!rig.step().latch_override);
    rig.seen.periods = 1;
    assert!(rig.run(u32::from(TIMES.prove) - 1).latch_override);
}

#[test]
fn missed_periods_are_no_samples() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Released;
    rig.seen.periods = 50;
    assert!(!rig.run(u32::from(TIMES.debounce) - 1).gate);
    assert!(rig.step().gate);
}

#[test]
fn a_unit_that_was_said_to_be_ready_is_let_go_for_as_long_as_its_line_is_there() {
    for (line, state, stays) in [
        (Line::Released, UnitCode::Ready, false),
        (Line::Broken, UnitCode::Ready, true),
        (Line::Released, UnitCode::Standby, true),
    ] {
        let mut rig = active(Role::Host);
        rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { state, ..peer });
        rig.step();
        (rig.seen.line, rig.seen.peer, rig.seen.peer_is_new) = (line, None, false);
        rig.run(10);
        rig.seen.failed = Some(Isolation::Fault);
        assert_eq!(rig.run(10).gate, stays, "{line:?} {state:?}");
    }
}

#[test]
fn a_unit_whose_gates_have_closed_beside_one_that_drives_becomes_the_backup() {
    let mut rig = active(Role::EmergencyDrive);
    rig.seen.current_flows = false;
    rig.seen.line = Line::Driving;
    assert!(rig.run(u32::from(TIMES.prove) - 1).gate);
    let outputs = rig.step();
    assert!(!outputs.gate && outputs.isolation.is_none());
    assert_eq!(outputs.report.state, UnitCode::Ready);
}

#[test]
fn missed_periods_are_no_evidence() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Broken;
    rig.run(10);
    rig.seen.rotor_unheld = true;
    rig.seen.periods = 50;
    assert!(!rig.run(u32::from(TIMES.evidence) - 1).gate);
    assert!(rig.step().gate);

    let mut rig = active(Role::Host);
    rig.seen.foreign_drive = true;
    rig.seen.line = Line::Driving;
    rig.seen.periods = 50;
    assert!(rig.run(u32::from(TIMES.yielding) - 1).gate);
    assert!(!rig.step().gate);
}

#[test]
fn no_order_puts_off_that_the_host_yields() {
    let mut rig = active(Role::Host);
    rig.seen.therapy = Some(false);
    rig.seen.foreign_drive = true;
    rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { drives: true, ..peer });
    rig.run(u32::from(TIMES.yielding) - 1);
    assert_eq!(rig.order(Order::Stop), Some(Refusal::OtherDrives));
    assert_eq!(rig.unit.code(), UnitCode::Ready);
}

#[test]
fn nobody_leaves_the_pair_while_the_last_edges_of_the_other_unit_are_still_believed() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Released;
    rig.step();
    assert_eq!(rig.order(Order::Isolate), Some(Refusal::Therapy));
}

#[test]
fn the_head_is_given_to_nobody_who_does_not_know_that_it_is_to_be_held() {
    for order in [Order::HandBack, Order::Drill] {
        let mut rig = active(Role::Host);
        rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { therapy: false, ..peer });
        assert_eq!(rig.order(order), Some(Refusal::OtherNotReady));
    }
}

#[test]
fn a_drill_needs_the_line_of_the_other_unit() {
    let mut rig = active(Role::Host);
    rig.seen.line = Line::Broken;
    rig.run(5);
    assert_eq!(rig.order(Order::Drill), Some(Refusal::OtherUnknown));
}

#[test]
fn a_challenge_is_lost_only_by_who_is_proven_wrong() {
    for (own_ok, other_ok, stays) in
        [(true, true, true), (true, false, true), (false, false, true), (false, true, false)]
    {
        let mut rig = active(Role::Host);
        rig.seen.innovation_ok = own_ok;
        rig.seen.peer =
            rig.seen.peer.map(|peer| PeerReport { challenge: true, innovation_ok: other_ok, ..peer });
        assert_eq!(rig.run(100).gate, stays, "{own_ok} {other_ok}");
    }
}

#[test]
fn nobody_lets_go_to_a_challenge_whose_line_carries_no_current() {
    for (line, stays) in [(Line::Broken, true), (Line::Released, false)] {
        let mut rig = active(Role::Host);
        rig.seen.line = line;
        rig.run(10);
        rig.seen.innovation_ok = false;
        rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { challenge: true, innovation_ok: true, ..peer });
        let outputs = rig.run(100);
        assert_eq!(outputs.gate, stays, "{line:?}");
        assert_eq!(outputs.alarms & alarm::CHALLENGED != 0, stays, "{line:?}");
    }
}

#[test]
fn a_hand_back_ends_the_edges_when_the_other_one_has_armed_and_the_gate_with_the_monostable() {
    let mut rig = active(Role::EmergencyDrive);
    assert_eq!(rig.order(Order::HandBack), None);
    assert!(rig.run(20).line);
    rig.seen.line = Line::Driving;
    let outputs = rig.step();
    assert!(!outputs.line && outputs.gate);
    let outputs = rig.run(u32::from(TIMES.fall));
    assert!(!outputs.line && !outputs.gate);
    rig.seen.current_flows = false;
    rig.seen.peer = rig.seen.peer.map(|peer| PeerReport {
        drives: true,
        current_flows: true,
        state: UnitCode::Active,
        ..peer
    });
    assert_eq!(rig.run(1).report.state, UnitCode::Ready);
}

#[test]
fn a_hand_back_that_nobody_answers_ends_after_five_milliseconds() {
    let mut rig = active(Role::EmergencyDrive);
    assert_eq!(rig.order(Order::HandBack), None);
    assert_eq!(rig.run(u32::from(TIMES.arm) - 1).report.state, UnitCode::Releasing);
    assert_eq!(rig.step().report.state, UnitCode::Active);
}

#[test]
fn a_drill_that_nobody_answers_is_taken_back_after_the_longest_takeover() {
    let mut rig = active(Role::Host);
    assert_eq!(rig.order(Order::Drill), None);
    rig.seen.current_flows = false;
    assert_eq!(rig.drives_after(), Some(u32::from(TIMES.watch)));
}

#[test]
fn a_drill_whose_taker_says_that_it_is_not_ready_is_taken_back_at_once() {
    let after = |state, is_new, drives| {
        let mut rig = active(Role::Host);
        assert_eq!(rig.order(Order::Drill), None);
        rig.seen.current_flows = false;
        rig.run(2);
        rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { state, drives, ..peer });
        rig.seen.peer_is_new = is_new;
        rig.drives_after()
    };
    let longest = Some(u32::from(TIMES.watch) - 2);
    for state in [UnitCode::Standby, UnitCode::Isolated, UnitCode::Service] {
        assert_eq!(after(state, true, false), Some(1), "{state:?}");
        assert_eq!(after(state, false, false), longest, "{state:?}, said before");
    }
    assert_eq!(after(UnitCode::Ready, true, false), longest, "it is on its way");
    assert_eq!(after(UnitCode::Standby, true, true), longest, "the last resort is, too");
}

#[test]
fn a_drill_whose_taker_gives_up_is_taken_back_at_the_first_sample() {
    let mut rig = active(Role::Host);
    assert_eq!(rig.order(Order::Drill), None);
    rig.seen.current_flows = false;
    rig.run(6);
    rig.seen.line = Line::Driving;
    assert!(!rig.run(6).gate);
    rig.seen.line = Line::Released;
    assert_eq!(rig.drives_after(), Some(1));
}

#[test]
fn a_unit_that_has_let_go_waits_for_longer_than_another_one_can_arm() {
    let mut rig = active(Role::EmergencyDrive);
    assert_eq!(rig.order(Order::HandBack), None);
    rig.seen.line = Line::Driving;
    rig.run(5);
    rig.seen.current_flows = false;
    assert_eq!(rig.run(u32::from(TIMES.arm)).report.state, UnitCode::Releasing);
    rig.seen.line = Line::Released;
    assert_eq!(rig.drives_after(), Some(1));
}

#[test]
fn a_unit_that_has_just_begun_to_drive_is_not_at_once_a_contradiction() {
    let mut rig = active(Role::Host);
    assert_eq!(rig.order(Order::Drill), None);
    rig.seen.current_flows = false;
    rig.run(5);
    // It hangs before its first edge, and its frames go on.
    rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { state: UnitCode::Active, drives: true, ..peer });
    let outputs = rig.step();
    assert_eq!(outputs.alarms & alarm::LINE_DOUBTED, 0);
    assert_eq!(rig.drives_after(), Some(u32::from(TIMES.watch) - 6));
}

#[test]
fn a_line_is_doubted_when_frames_contradict_it_for_two_milliseconds() {
    let mut rig = active(Role::EmergencyDrive);
    rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { drives: true, ..peer });
    assert_eq!(rig.run(u32::from(TIMES.doubt) - 1).alarms & alarm::LINE_DOUBTED, 0);
    assert_eq!(rig.step().alarms & alarm::LINE_DOUBTED, alarm::LINE_DOUBTED);
}

#[test]
fn a_claim_without_current_keeps_nobody_waiting_who_sees_that_the_rotor_is_lost() {
    let mut rig = active(Role::Host);
    assert_eq!(rig.order(Order::Drill), None);
    rig.seen.current_flows = false;
    rig.seen.line = Line::Broken;
    rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { state: UnitCode::Active, drives: true, ..peer });
    assert!(!rig.run(u32::from(TIMES.watch)).gate);
    rig.seen.rotor_unheld = true;
    assert_eq!(rig.drives_after(), Some(u32::from(TIMES.evidence)));
    assert!(rig.step().latch_override);
}

#[test]
fn of_two_that_take_at_once_the_host_makes_room() {
    for (role, periods) in [(Role::Host, TIMES.prove), (Role::EmergencyDrive, TIMES.arm)] {
        let mut rig = ready(role);
        rig.seen.line = Line::Released;
        assert!(rig.run(3).gate);
        rig.seen.line = Line::Driving;
        rig.step();
        assert!(rig.run(u32::from(periods) - 1).line, "{role:?}");
        assert!(!rig.step().line, "{role:?}");
    }
}

#[test]
fn a_stall_while_it_takes_the_head_does_not_count_against_the_unit() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Released;
    assert!(rig.run(3).gate);
    rig.run(u32::from(TIMES.prove) - 1);
    rig.seen.periods = 20;
    assert!(rig.step().gate);
    rig.seen.periods = 1;
    assert!(rig.run(u32::from(TIMES.prove) - 1).gate);
}

#[test]
fn a_line_that_breaks_while_the_latch_opens_does_not_count_against_the_unit() {
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Released;
    assert!(rig.run(3).gate);
    rig.seen.line = Line::Broken;
    let outputs = rig.run(u32::from(TIMES.debounce));
    assert!(outputs.gate && outputs.latch_override);
    assert!(rig.run(u32::from(TIMES.prove) - 1).gate);
    // Nor one that comes and goes.
    let mut rig = ready(Role::EmergencyDrive);
    rig.seen.line = Line::Released;
    assert!(rig.run(3).gate);
    rig.run(u32::from(TIMES.prove) - 1);
    rig.seen.line = Line::Broken;
    assert!(rig.step().gate);
}

#[test]
fn what_was_counted_of_two_that_drive_stands_while_the_link_is_silent() {
    let mut rig = active(Role::Host);
    rig.seen.foreign_drive = true;
    let heard = rig.seen.peer.map(|peer| PeerReport { drives: true, state: UnitCode::Active, ..peer });
    for _ in 1..TIMES.yielding {
        rig.seen.peer = heard;
        assert!(rig.step().gate);
        rig.seen.peer = None;
        assert!(rig.run(100).gate);
    }
    rig.seen.peer = heard;
    assert!(!rig.step().gate);
}

#[test]
fn orders_that_would_drop_a_rotor_are_refused_by_name() {
    let mut rig = active(Role::Host);
    assert_eq!(rig.order(Order::Stop), Some(Refusal::Therapy));
    assert_eq!(rig.order(Order::Isolate), Some(Refusal::Drives));
    assert_eq!(rig.order(Order::Start { alone: false }), Some(Refusal::Drives));
    rig.seen.peer = None;
    assert_eq!(rig.order(Order::HandBack), Some(Refusal::OtherNotReady));
    assert_eq!(rig.order(Order::Drill), Some(Refusal::OtherNotReady));
    rig.seen.therapy = Some(false);
    rig.step();
    assert_eq!(rig.order(Order::Stop), Some(Refusal::OtherUnknown));

    let mut rig = ready(Role::EmergencyDrive);
    assert_eq!(rig.order(Order::Start { alone: true }), Some(Refusal::OtherDrives));
    assert_eq!(rig.order(Order::HandBack), Some(Refusal::NotActive));
    assert_eq!(rig.order(Order::Rejoin), Some(Refusal::InPair));
    rig.seen.line = Line::Broken;
    (rig.seen.peer, rig.seen.peer_is_new) = (None, false);
    rig.run(5);
    assert_eq!(rig.order(Order::Isolate), Some(Refusal::Therapy));
    assert_eq!(rig.order(Order::Start { alone: false }), Some(Refusal::OtherUnknown));
    assert_eq!(rig.order(Order::Start { alone: true }), None);
}

#[test]
fn a_rotor_that_was_set_down_is_announced_before_it_is_let_go() {
    let mut rig = active(Role::Host);
    rig.seen.therapy = Some(false);
    rig.step();
    assert_eq!(rig.order(Order::Stop), None);
    let outputs = rig.run(u32::from(TIMES.announce) - 1);
    assert!(outputs.gate && !outputs.report.therapy);
    assert!(!rig.step().gate);
}

#[test]
fn after_a_restart_of_both_the_host_goes_first() {
    let lying = |role| Rig {
        unit: Arbitration::new(role, TIMES, true),
        seen: Inputs {
            periods: 1,
            rotor_floats: true,
            line: Line::Released,
            able: true,
            fit: true,
            peer: Some(PeerReport::default()),
            peer_is_new: true,
            ..Inputs::default()
        },
    };
    let host = lying(Role::Host).drives_after().unwrap();
    let drive = lying(Role::EmergencyDrive).drives_after().unwrap();
    assert!(host + 40 < drive, "{host} {drive}");
}

fn any_line() -> impl Strategy<Value = Line> {
    prop_oneof![Just(Line::Driving), Just(Line::Released), Just(Line::Broken)]
}

fn any_order() -> impl Strategy<Value = Option<Order>> {
    proptest::option::weighted(
        0.05,
        prop_oneof![
            any::<bool>().prop_map(|alone| Order::Start { alone }),
            Just(Order::Stop),
            Just(Order::HandBack),
            Just(Order::Drill),
            Just(Order::Isolate),
            Just(Order::Rejoin),
        ],
    )
}

proptest! {
    /// Whatever is seen: edges imply the gate, isolation excludes both, and a unit that is out of the pair drives nothing.
    #[test]
    fn outputs_never_contradict_each_other(
        periods in proptest::collection::vec((any_line(), any_order(), any::<u16>(), 1_u16..50), 1..400),
        is_host: bool,
    ) {
        let role = if is_host { Role::Host } else { Role::EmergencyDrive };
        let mut unit = Arbitration::new(role, TIMES, true);
        for (line, order, bits, periods) in periods {
            let bit = |index: u16| bits >> index & 1 == 1;
            let peer = PeerReport {
                state: UnitCode::from_code((bits & 7) as u8).unwrap_or_default(),
                drives: bit(3),
                current_flows: bit(4),
                therapy: bit(5),
                challenge: bit(6),
                innovation_ok: bit(7),
                hand_back: bit(8),
            };
            let outputs = unit.step(&Inputs {
                periods, line, order,
                peer: bit(9).then_some(peer),
                peer_is_new: bit(10),
                able: bit(1),
                fit: bit(11),
                failed: bit(12).then_some(Isolation::Deaf),
                gate_dead: false,
                current_flows: bit(13),
                foreign_drive: bit(14),
                rotor_unheld: bit(15),
                rotor_astray: bit(3),
                rotor_floats: true,
                innovation_ok: bit(4),
                disagrees: bit(5),
                agrees: bit(2),
                therapy: bit(6).then_some(bit(7)),
            });
            prop_assert!(!outputs.line || outputs.gate);
            prop_assert!(outputs.isolation.is_none() || !outputs.gate);
            prop_assert_eq!(outputs.report.drives, outputs.line);
            let out_of_pair = matches!(unit.code(), UnitCode::Isolated | UnitCode::Standby);
            prop_assert!(!out_of_pair || !outputs.gate);
        }
    }
}
