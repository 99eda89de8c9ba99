// SPDX-License-Identifier: Apache-2.0
//! Which order is asked back when, how it is answered, and a unit that is to be switched off.

use super::*;
use crate::arbitration::alarm::CHALLENGED;
use crate::mailbox::Words as _;
use crate::power::conditions::MAINS_LOST;
use crate::power::messages::POWER_WORDS;
use crate::power::told::PowerSource;
use crate::task::supervisor::SupervisorState as S;

const NOTHING: f32 = 0.02;
const FLOWS: f32 = 3.0;

/// What makes an order dangerous, or not.
#[derive(Clone, Copy)]
struct Case {
    arterial: bool,
    speed_rpm: f32,
    flow_lpm: f32,
    /// Alarms of this unit and of the other one.
    here: u32,
    there: u32,
    /// Each is on mains.
    fed_here: bool,
    fed_there: bool,
    /// The other unit sees the rotor elsewhere.
    challenged: bool,
}

const PUMPS: Case = Case {
    arterial: true,
    speed_rpm: 3000.0,
    flow_lpm: FLOWS,
    here: 0,
    there: 0,
    fed_here: true,
    fed_there: true,
    challenged: false,
};

/// A unit that drives, for long enough to know whether the line is clamped.
fn driving(case: Case) -> Bench {
    let mut bench = super::operating();
    bench.task.therapy.settings.return_is_arterial = f32::from(u8::from(case.arterial));
    assert_eq!(bench.command(Command::speed(case.speed_rpm)), None);
    let conditions = if case.fed_here { 0 } else { MAINS_LOST };
    let power = PowerMail { conditions, ..PowerMail::from_words([0; POWER_WORDS]) };
    let power_source = if case.fed_there { PowerSource::Mains } else { PowerSource::Battery };
    bench.mail.peer_power.write(&PowerTold { power_source, ..PowerTold::default() });
    bench.levitation.pair_alarms = if case.challenged { CHALLENGED } else { 0 };
    for _ in 0..150 {
        bench.mail.power.write(&power);
        bench.write(LevitationMail { faults: case.here, ..bench.levitation });
        bench.mail.peer_therapy.write(&PeerTherapy { alarms: case.there, ..there(Mode::Speed) });
        go_on(&mut bench, case.flow_lpm, 1);
    }
    bench
}

fn go_on(bench: &mut Bench, flow_lpm: f32, periods: u32) {
    let seen = CirculationMail { flow_lpm, flow_valid: true, flow_lpm_max: 8.0, ..circulation(3000.0) };
    for _ in 0..periods {
        bench.write(bench.levitation);
        bench.mail.circulation.write(&seen);
        bench.step();
    }
}

fn set(name: &str, value: f32) -> Command {
    Command::Set { setting: TherapySettings::index_of(name).unwrap(), value }
}

fn named(bench: &Bench) -> S {
    S::from_code(bench.mail.supervisor.read::<SupervisorMail>().unwrap().1.named_state).unwrap()
}

const TRIAL: Command = Command::SetMode { mode: Mode::RetrogradeTrial, value: -0.3 };

#[test]
fn an_order_is_asked_back_where_the_table_says_so_and_nowhere_else() {
    let vein = Case { arterial: false, ..PUMPS };
    let clamped = Case { flow_lpm: NOTHING, ..PUMPS };
    let rests = Case { speed_rpm: 0.0, ..PUMPS };
    let hall = fault::HALL_ELEMENT;
    let in_vein = set("return_is_arterial", 0.0);
    for (number, (command, case, question)) in [
        (Command::Land, PUMPS, 21),
        (Command::Land, rests, 21),
        (Command::Land, vein, 0),
        (Command::Land, clamped, 0),
        (Command::PowerOff, PUMPS, 29),
        (Command::PowerOff, vein, 29),
        (Command::PowerOff, clamped, 29),
        (Command::PowerOff, rests, 29),
        (Command::PowerOff, Case { speed_rpm: 0.0, ..vein }, 0),
        (Command::PowerOff, Case { speed_rpm: 0.0, ..clamped }, 0),
        (TRIAL, PUMPS, 30),
        (TRIAL, vein, 30),
        (in_vein, PUMPS, 31),
        (in_vein, clamped, 0),
        (in_vein, vein, 0),
        (set("return_is_arterial", 1.0), vein, 0),
        (Command::HandBack, PUMPS, 0),
        (Command::HandBack, Case { there: hall, ..PUMPS }, 32),
        (Command::HandBack, Case { there: fault::SELF_TEST, ..PUMPS }, 0),
        (Command::HandBack, Case { there: hall, here: fault::CURRENT, ..PUMPS }, 0),
        (Command::HandBack, Case { fed_there: false, ..PUMPS }, 32),
        (Command::HandBack, Case { fed_there: false, fed_here: false, ..PUMPS }, 0),
        (Command::HandBack, Case { there: hall, challenged: true, ..PUMPS }, 0),
        (Command::HandBack, Case { there: hall, fed_here: false, ..PUMPS }, 0),
        // What may be meant for an emergency.
        (Command::LiftOff, PUMPS, 0),
        (Command::speed(5000.0), PUMPS, 0),
        (Command::speed(0.0), PUMPS, 0),
        (Command::SetMode { mode: Mode::ZeroFlow, value: 0.0 }, PUMPS, 0),
        (Command::Resume, PUMPS, 0),
        (set("suction_answer", 0.0), PUMPS, 0),
        (set("return_pressure_mmhg_max", 400.0), PUMPS, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let mut bench = driving(case);
        let found = bench.command(command).map_or(0, |refusal| refusal as i32);
        assert_eq!(found, question, "{number}: {command:?}");
        let answered = bench.command(command);
        assert_eq!(answered, None, "{number}: {command:?}, asked twice");
    }
}

#[test]
fn each_question_is_one_line_that_says_what_to_do() {
    let questions = Danger::ALL.iter().map(|danger| danger.question());
    assert!(questions.clone().all(|question| question.reason().contains("ask again within 10 s")));
    assert!(questions.map(|question| question as u32).eq([21, 29, 30, 31, 32]));
}

#[test]
fn only_the_same_order_from_the_same_place_within_ten_seconds_is_the_answer() {
    let asked = Some(Refusal::Pumping);
    // In time, and too late.
    for (periods, second) in [(980, None), (1010, asked)] {
        let mut bench = driving(PUMPS);
        assert_eq!(bench.command(Command::PowerOff), asked);
        assert_eq!(named(&bench), S::Therapy);
        go_on(&mut bench, FLOWS, periods);
        assert_eq!(bench.command(Command::PowerOff), second, "{periods}");
    }
    // Another question takes the place of the first one.
    let mut bench = driving(PUMPS);
    assert_eq!(bench.command(Command::PowerOff), asked);
    assert_eq!(bench.command(Command::Land), Some(Refusal::NotClamped));
    assert_eq!(bench.command(Command::PowerOff), asked);
    // Another value is another order.
    let mut bench = driving(PUMPS);
    assert_eq!(bench.command(TRIAL), Some(Refusal::RunsBackward));
    let more = Command::SetMode { mode: Mode::RetrogradeTrial, value: -1.0 };
    assert_eq!(bench.command(more), Some(Refusal::RunsBackward));
    // A tool at the link does not answer for the operator.
    let mut bench = driving(PUMPS);
    assert_eq!(bench.command(Command::Land), Some(Refusal::NotClamped));
    for (number, answer) in [(1, Some(Refusal::NotClamped)), (2, None)] {
        let seen = remote(&mut bench, number, Command::Land, 1050, 1);
        assert_eq!(remote_answer(seen), (number, answer));
    }
    // An answer is used up.
    let mut bench = driving(PUMPS);
    let seen = [(); 3].map(|()| bench.command(TRIAL));
    assert_eq!(seen, [Some(Refusal::RunsBackward), None, Some(Refusal::RunsBackward)]);
}

#[test]
fn power_off_sets_the_rotor_down_and_then_says_that_the_unit_may_be_switched_off() {
    let mut bench = driving(PUMPS);
    assert_eq!(bench.command(Command::PowerOff), Some(Refusal::Pumping));
    assert_eq!(bench.task.therapy.settings.speed_setpoint_rpm, 3000.0);
    assert_eq!(bench.command(Command::PowerOff), None);
    assert_eq!((named(&bench), bench.task.therapy.settings.speed_setpoint_rpm), (S::Landing, 0.0));
    for _ in 0..60 {
        bench.plant(BearingState::Levitated, 1.0);
    }
    bench.plant(BearingState::Off, 0.0);
    bench.step();
    assert_eq!((named(&bench), bench.drives), (S::Shutdown, false));
    assert_eq!(bench.command(Command::speed(3000.0)), Some(Refusal::ShutDown));
    // A supervisor that starts anew knows it.
    bench.restart();
    bench.step();
    assert_eq!(named(&bench), S::Shutdown);
    // Nothing that saves a patient is barred.
    assert_eq!(bench.command(Command::LiftOff), None);
    assert_eq!(named(&bench), S::LiftOff);
}

#[test]
fn power_off_that_is_called_off_is_forgotten() {
    let mut bench = driving(Case { arterial: false, speed_rpm: 0.0, ..PUMPS });
    assert_eq!(bench.command(Command::PowerOff), None);
    assert_eq!(bench.command(Command::LiftOff), None);
    assert_eq!(bench.command(Command::Land), None);
    for _ in 0..60 {
        bench.plant(BearingState::Levitated, 1.0);
    }
    bench.plant(BearingState::Off, 0.0);
    bench.step();
    assert_eq!(named(&bench), S::Standby);
}

#[test]
fn a_backup_is_switched_off_unasked_and_takes_the_head_all_the_same_while_it_can() {
    let mut bench = Bench::new();
    bench.therapy = true;
    bench.mail.peer_therapy.write(&there(Mode::Flow));
    bench.plant(BearingState::Off, 0.0);
    assert_eq!(named(&bench), S::Backup);
    assert_eq!(bench.command(Command::PowerOff), None);
    assert_eq!(named(&bench), S::Shutdown);
    bench.drives = true;
    bench.plant(BearingState::Levitated, 300.0);
    assert_eq!(bench.task.state, UnitState::Operating);
    assert_eq!(therapy(&bench).therapy.mode, Mode::Flow);
    // That was that: after a landing it stands by.
    bench.drives = false;
    bench.plant(BearingState::Off, 0.0);
    assert_ne!(named(&bench), S::Shutdown);
}
