// SPDX-License-Identifier: Apache-2.0
//! What isolates a unit, and what lets it join again.

use super::*;

/// A unit that is isolated for this reason, beside one that drives.
fn isolated(reason: Isolation) -> Rig {
    let mut rig = ready(Role::Host);
    rig.unit = Arbitration::isolated(Role::Host, TIMES, reason);
    assert_eq!(rig.run(100).isolation, Some(reason));
    rig
}

#[test]
fn beside_a_unit_that_serves_a_reason_that_stands_keeps_a_unit_out_of_the_pair() {
    for (reason, answer) in [
        (Isolation::Fault, None),
        (Isolation::NoCurrent, Some(Refusal::Isolated)),
        (Isolation::Deaf, Some(Refusal::Isolated)),
        (Isolation::Challenge, Some(Refusal::Isolated)),
        (Isolation::SelfTest, Some(Refusal::Isolated)),
    ] {
        let mut rig = isolated(reason);
        assert_eq!(rig.order(Order::Start { alone: true }), Some(Refusal::NotInPair));
        rig.seen.failed = Some(Isolation::Fault);
        assert_eq!(rig.order(Order::Rejoin), Some(Refusal::NotFit), "{reason:?}");
        rig.seen.failed = None;
        assert_eq!(rig.order(Order::Rejoin), answer, "{reason:?}");
        assert_eq!(rig.step().isolation.is_some(), answer.is_some(), "{reason:?}");
    }
}

#[test]
fn a_unit_that_lost_a_challenge_joins_again_once_both_agree_and_its_halls_are_well() {
    for (agrees, innovation_ok, answer) in
        [(false, true, Some(Refusal::Isolated)), (true, false, Some(Refusal::Isolated)), (true, true, None)]
    {
        let mut rig = isolated(Isolation::Challenge);
        (rig.seen.agrees, rig.seen.innovation_ok) = (agrees, innovation_ok);
        assert_eq!(rig.order(Order::Rejoin), answer, "{agrees} {innovation_ok}");
    }
}

#[test]
fn where_no_other_unit_serves_the_operator_has_the_last_word() {
    let silent = |rig: &mut Rig| (rig.seen.peer, rig.seen.peer_is_new) = (None, false);
    let states =
        [UnitCode::Standby, UnitCode::Ready, UnitCode::Active, UnitCode::Releasing, UnitCode::Isolated];
    for state in states {
        let mut rig = isolated(Isolation::Deaf);
        rig.seen.line = Line::Released;
        rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { state, drives: false, ..peer });
        rig.run(10);
        let serves = matches!(state, UnitCode::Ready | UnitCode::Active | UnitCode::Releasing);
        assert_eq!(rig.order(Order::Rejoin), serves.then_some(Refusal::Isolated), "{state:?}");
    }
    for (line, answer) in
        [(Line::Driving, Some(Refusal::Isolated)), (Line::Released, None), (Line::Broken, None)]
    {
        let mut rig = isolated(Isolation::SelfTest);
        silent(&mut rig);
        rig.seen.line = line;
        rig.run(100);
        assert_eq!(rig.order(Order::Rejoin), answer, "{line:?}");
    }
}

#[test]
fn whatever_isolates_a_unit_is_its_reason() {
    let mut rig = active(Role::Host);
    rig.seen.failed = Some(Isolation::Deaf);
    assert_eq!(rig.step().isolation, Some(Isolation::Deaf));
    let mut rig = active(Role::Host);
    rig.seen.gate_dead = true;
    assert_eq!(rig.step().isolation, Some(Isolation::Fault));
    let mut rig = active(Role::Host);
    rig.seen.innovation_ok = false;
    rig.seen.peer = rig.seen.peer.map(|peer| PeerReport { challenge: true, ..peer });
    let outputs = rig.step();
    assert_eq!(outputs.isolation, Some(Isolation::Challenge));
    assert_eq!(outputs.alarms & alarm::ISOLATED, alarm::ISOLATED);
    // The self-test orders it; a unit that is isolated already keeps its reason.
    let mut rig = ready(Role::Host);
    assert_eq!(rig.order(Order::Isolate), None);
    assert_eq!(rig.unit.isolation(), Some(Isolation::SelfTest));
    let mut rig = isolated(Isolation::Deaf);
    assert_eq!(rig.order(Order::Isolate), Some(Refusal::NotInPair));
    assert_eq!(rig.unit.isolation(), Some(Isolation::Deaf));
}
