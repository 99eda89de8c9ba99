// SPDX-License-Identifier: Apache-2.0
//! The guide for priming in a unit: its state, its speeds, and that it is in nobody's way.

use super::*;
use crate::circulation::conditions as condition;
use crate::circulation::sensing::{CircuitOrder, OrderResult};
use crate::mail::CircuitOrderMail;
use crate::priming::{Outcome, PrimingMail, PrimingOrder, Step};
use crate::task::supervisor::SupervisorState as S;

const BEGIN: Command = Command::Prime(PrimingOrder::Begin);
const CONFIRM: Command = Command::Prime(PrimingOrder::Confirm);
const SKIP: Command = Command::Prime(PrimingOrder::Skip);
const END: Command = Command::Prime(PrimingOrder::End);

fn saline() -> CirculationMail {
    CirculationMail {
        flow_valid: true,
        flow_lpm: 3.0,
        flow_lpm_max: 8.0,
        bubbles_valid: true,
        fluid: Fluid::Saline as u32,
        ..circulation(0.0)
    }
}

fn go_on(bench: &mut Bench, seen: &CirculationMail, periods: u32) {
    for _ in 0..periods {
        bench.write(bench.levitation);
        bench.mail.circulation.write(seen);
        bench.step();
    }
}

fn report(bench: &Bench) -> PrimingMail {
    bench.mail.priming.read::<PrimingMail>().unwrap().1
}

/// Step, outcome, state, set-point.
fn stands(bench: &Bench) -> (Step, Outcome, S, f32) {
    let said = bench.mail.supervisor.read::<SupervisorMail>().unwrap().1;
    let report = report(bench);
    (
        Step::from_code(report.step).unwrap(),
        Outcome::from_code(report.outcome).unwrap(),
        S::from_code(said.named_state).unwrap(),
        said.speed_setpoint_rpm,
    )
}

/// A rotor that is held, and a guide that turns it slowly.
fn slow() -> Bench {
    let mut bench = Bench::new();
    assert_eq!(bench.command(BEGIN), None);
    assert_eq!(bench.command(CONFIRM), None);
    assert_eq!(bench.command(SKIP), None);
    go_on(&mut bench, &saline(), 3);
    assert_eq!(stands(&bench), (Step::Lift, Outcome::UnderWay, S::Priming, 0.0));
    assert_eq!(bench.command(Command::LiftOff), None);
    assert_eq!(stands(&bench).2, S::Priming);
    bench.plant(BearingState::Levitated, 0.0);
    go_on(&mut bench, &saline(), 3);
    assert_eq!(stands(&bench), (Step::Slow, Outcome::UnderWay, S::Priming, 1000.0));
    bench
}

#[test]
fn the_guide_turns_the_pump_and_the_unit_is_priming_all_the_while() {
    let mut bench = slow();
    go_on(&mut bench, &saline(), 1010);
    assert_eq!(stands(&bench), (Step::Purge, Outcome::UnderWay, S::Priming, 1500.0));
    assert_eq!(bench.command(SKIP), None);
    assert_eq!(report(&bench).skipped, 0b10_0010);
    assert_eq!(bench.command(CONFIRM), Some(Refusal::GuideSees));
    let order = CircuitOrderMail { number: 4, kind: CircuitOrder::Clamped as u32, value: 0.0 };
    bench.mail.circuit_order.write(&order);
    let running = OrderResult::Running as u32;
    go_on(&mut bench, &CirculationMail { order_number: 4, order_result: running, ..saline() }, 500);
    assert_eq!(stands(&bench), (Step::Clamp, Outcome::UnderWay, S::Priming, 1000.0));
    let done = CirculationMail { order_number: 4, ..saline() };
    go_on(&mut bench, &done, 3);
    assert_eq!(stands(&bench), (Step::Check, Outcome::UnderWay, S::Priming, 2000.0));
    go_on(&mut bench, &done, 2010);
    assert_eq!(stands(&bench), (Step::Look, Outcome::UnderWay, S::Priming, 1500.0));
    assert_eq!(bench.command(CONFIRM), None);
    // It never stops a pump.
    assert_eq!(stands(&bench), (Step::Look, Outcome::Ready, S::Priming, 1500.0));
    assert_eq!(bench.command(SKIP), Some(Refusal::NoGuide));
    assert_eq!(bench.command(BEGIN), None);
    assert_eq!((report(&bench).run, report(&bench).skipped), (2, 0));
}

#[test]
fn what_ends_a_guide_and_what_goes_with_it() {
    let set = Command::Set { setting: TherapySettings::index_of("flow_lpm_min").unwrap(), value: 0.5 };
    for (command, outcome, speed_rpm) in [
        (Command::speed(3000.0), Outcome::OtherOrder, 3000.0),
        (Command::SetMode { mode: Mode::Flow, value: 2.0 }, Outcome::OtherOrder, 1000.0),
        (Command::Land, Outcome::OtherOrder, 0.0),
        (END, Outcome::Ended, 1000.0),
        (Command::LiftOff, Outcome::UnderWay, 1000.0),
        (Command::Resume, Outcome::UnderWay, 1000.0),
        (set, Outcome::UnderWay, 1000.0),
    ] {
        let mut bench = slow();
        assert_eq!(bench.command(command), None, "{command:?}");
        let (_, found, _, found_rpm) = stands(&bench);
        assert_eq!((found, found_rpm), (outcome, speed_rpm), "{command:?}");
    }
    // What is refused ends nothing.
    let mut bench = slow();
    assert_eq!(bench.command(Command::speed(9000.0)), Some(Refusal::OutOfReach));
    assert_eq!(bench.command(Command::PowerOff), Some(Refusal::Pumping));
    assert_eq!(stands(&bench).1, Outcome::UnderWay);
    assert_eq!(bench.command(Command::PowerOff), None);
    assert_eq!((stands(&bench).1, stands(&bench).2), (Outcome::OtherOrder, S::Landing));
}

#[test]
fn without_a_rotor_the_commands_of_a_guide_are_those_of_standby() {
    let mut bench = Bench::new();
    assert_eq!(bench.command(BEGIN), None);
    assert_eq!(stands(&bench).2, S::Priming);
    assert_eq!(bench.command(Command::speed(3000.0)), Some(Refusal::NotLevitated));
    bench.task.is_blocked = true;
    assert_eq!(bench.command(Command::LiftOff), Some(Refusal::SelfTestFailed));
    bench.task.is_blocked = false;
    assert_eq!(bench.command(Command::Service), None);
    assert_eq!((stands(&bench).1, stands(&bench).2), (Outcome::OtherOrder, S::Service));
    for order in [CONFIRM, SKIP, END] {
        assert_eq!(bench.command(order), Some(Refusal::NoGuide));
    }
}

#[test]
fn an_emergency_start_does_not_wait_for_the_guide() {
    let mut bench = Bench::new();
    assert_eq!(bench.command(BEGIN), None);
    assert_eq!(bench.command(Command::LiftOff), None);
    bench.plant(BearingState::Levitated, 0.0);
    assert_eq!(bench.command(Command::speed(4000.0)), None);
    assert_eq!(stands(&bench), (Step::Fill, Outcome::OtherOrder, S::DegradedTherapy, 4000.0));
}

#[test]
fn a_guide_ends_where_the_other_unit_takes_the_head_or_this_task_starts_anew() {
    let mut bench = slow();
    (bench.drives, bench.therapy) = (false, true);
    bench.mail.peer_therapy.write(&there(Mode::Flow));
    go_on(&mut bench, &saline(), 3);
    assert_eq!((stands(&bench).1, stands(&bench).2), (Outcome::RotorLost, S::Backup));
    // Before a rotor is held, too.
    let mut bench = Bench::new();
    assert_eq!(bench.command(BEGIN), None);
    bench.therapy = true;
    bench.mail.peer_therapy.write(&there(Mode::Flow));
    bench.plant(BearingState::Off, 0.0);
    assert_eq!((stands(&bench).1, stands(&bench).2), (Outcome::RotorLost, S::Backup));
    // So does one on a unit that takes a head of which nobody has told it anything.
    let mut bench = Bench::new();
    assert_eq!(bench.command(BEGIN), None);
    bench.drives = true;
    bench.plant(BearingState::Levitated, 200.0);
    go_on(&mut bench, &saline(), 3);
    assert_eq!(stands(&bench).1, Outcome::RotorLost);
    let mut bench = slow();
    bench.restart();
    go_on(&mut bench, &saline(), 3);
    let (_, outcome, state, _) = stands(&bench);
    assert_eq!((outcome, state), (Outcome::CutOff, S::Priming), "saline flows");
    assert_eq!(therapy(&bench).therapy.settings.speed_setpoint_rpm, 1000.0);
}

#[test]
fn what_air_holds_is_resumed_while_it_is_held() {
    let mut bench = slow();
    let before = therapy(&bench).resumes;
    let held = CirculationMail { conditions: condition::AIR_IN_RETURN, ..saline() };
    go_on(&mut bench, &held, 2);
    go_on(&mut bench, &saline(), 10);
    assert_eq!(therapy(&bench).resumes, before + 2);
}
