// SPDX-License-Identifier: Apache-2.0
//! The named states, and that a unit in each does what the table says.

use super::*;
use crate::priming::PrimingOrder;
use crate::self_test::MemoryChecks;

/// One of each kind, with an argument that can be.
fn commands() -> [Command; 13] {
    let setting = TherapySettings::index_of("return_pressure_mmhg_max").unwrap();
    [
        Command::LiftOff,
        Command::LiftOffAlone,
        Command::Land,
        Command::PowerOff,
        Command::speed(1000.0),
        Command::Resume,
        Command::Set { setting, value: 250.0 },
        Command::Service,
        Command::Commission,
        Command::HandBack,
        Command::TakeoverDrill,
        Command::Rejoin,
        Command::Prime(PrimingOrder::Begin),
    ]
}

/// A unit of that role that holds the rotor, with a circulation task that measures this fluid.
fn holding(role: Role, fluid: Fluid, speed_rpm: f32) -> Bench {
    let mut bench = Bench::new();
    bench.task = SupervisorTask::new(&VEIN, role).unwrap();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    assert_eq!(bench.command(Command::speed(speed_rpm)), None);
    let seen = CirculationMail { fluid: fluid as u32, ..circulation(0.0) };
    for _ in 0..UNWELL {
        bench.write(bench.levitation);
        bench.mail.circulation.write(&seen);
        bench.step();
    }
    bench
}

/// Periods after which what was wrong at the start is forgotten.
const UNWELL: u32 = 105;

fn in_state(state: SupervisorState) -> Bench {
    use SupervisorState as S;
    let mut bench = match state {
        S::Standby | S::SelfTest | S::Backup | S::LiftOff | S::Service | S::Commissioning | S::Shutdown => {
            Bench::new()
        }
        S::Levitation => holding(Role::Host, Fluid::Blood, 0.0),
        S::Priming => holding(Role::Host, Fluid::Saline, 3000.0),
        S::Therapy | S::DegradedTherapy | S::Landing => holding(Role::Host, Fluid::Blood, 3000.0),
        S::TakenOver => holding(Role::EmergencyDrive, Fluid::Blood, 3000.0),
    };
    match state {
        S::Backup => {
            bench.therapy = true;
            bench.mail.peer_therapy.write(&there(Mode::Flow));
            bench.plant(BearingState::Off, 0.0);
        }
        S::SelfTest => bench.task.begin_self_test(MemoryChecks::default()),
        S::LiftOff => assert_eq!(bench.command(Command::LiftOff), None),
        S::Service => assert_eq!(bench.command(Command::Service), None),
        S::Commissioning => assert_eq!(bench.command(Command::Commission), None),
        S::Landing => assert_eq!(bench.command(Command::Land), None),
        S::Shutdown => assert_eq!(bench.command(Command::PowerOff), None),
        S::DegradedTherapy => bench.write(LevitationMail { faults: fault::HALL_ELEMENT, ..bench.levitation }),
        _ => {}
    }
    bench.step();
    bench
}

#[test]
fn every_named_state_follows_of_what_the_unit_knows() {
    for state in SupervisorState::ALL {
        let seen = in_state(state).step();
        assert_eq!(SupervisorState::from_code(seen.named_state), Some(state));
    }
}

/// State by state, in the order of [`commands`]: 0 allowed, a reason for which it is refused, or below zero one that may hold.
#[rustfmt::skip]
const TABLE: [(SupervisorState, [i32; 13]); 13] = {
    use SupervisorState as S;
    [
        (S::Standby,         [-24, -24,  0,  0,   3,   3,  0,  0,  0,  0, -20,  0,   0]),
        (S::Backup,          [-24, -24,  8,  0,   8,   8,  8,  0,  0,  0, -20,  0,   8]),
        (S::LiftOff,         [  0,   0,  0,  0,   3,   3,  0,  6,  6,  0, -20,  0,   0]),
        (S::Levitation,      [  0,   0,  0,  0, -22, -22,  0,  6,  6,  0, -20,  0,   0]),
        (S::Priming,         [  0,   0,  0,  0, -22, -22,  0,  6,  6,  0, -20,  0,   0]),
        (S::Therapy,         [  0,   0,  0,  0, -22, -22,  0,  6,  6,  0, -20,  0, 35]),
        (S::DegradedTherapy, [  0,   0,  0,  0, -22, -22,  0,  6,  6,  0, -20,  0, 35]),
        (S::TakenOver,       [  0,   0,  0,  0, -22, -22,  0,  6,  6,  0, -20,  0, 35]),
        (S::Landing,         [ -5,  -5,  0,  0,   5,   5,  0,  6,  6,  5,   5,  0,   5]),
        (S::Service,         [-24, -24,  0,  0,   3,   3,  0,  0,  6,  0, -20,  0, 35]),
        (S::Commissioning,   [  7,   7,  0,  7,   7,   7,  7,  7,  7,  7,   7,  7,   7]),
        (S::SelfTest,        [-24, -24,  0, 23,  23,  23, 23, 23, 23, 23,  23, 23,  23]),
        (S::Shutdown,        [-24, -24, 28,  0,  28,  28, 28, 28, 28, 28,  28,  0,  28]),
    ]
};

#[test]
fn a_unit_does_what_the_table_says() {
    assert_eq!(TABLE.map(|(state, _)| state), SupervisorState::ALL);
    for (state, row) in TABLE {
        for (command, code) in commands().into_iter().zip(row) {
            let said = match permission(state, command) {
                Permission::Allowed => 0,
                Permission::Refused(refusal) => refusal as i32,
                Permission::Unless(refusal) => -(refusal as i32),
            };
            assert_eq!(said, code, "{state:?} {command:?}");
            let mut bench = in_state(state);
            // Of what may hold one does: whoever drives here has not done so for five minutes.
            let wanted = match command {
                Command::TakeoverDrill if code == -20 && bench.drives => 20,
                // Allowed, and asked back: confirmation.rs.
                Command::PowerOff
                    if matches!(bench.task.state, UnitState::Operating) && bench.task.pumps() =>
                {
                    29
                }
                _ => code.max(0),
            };
            let found = bench.command(command).map_or(0, |refusal| refusal as i32);
            assert_eq!(found, wanted, "{state:?} {command:?}");
        }
    }
}

#[test]
fn what_a_self_test_found_bars_neither_drills_nor_the_state_of_a_therapy_that_is_well() {
    let mut bench = in_state(SupervisorState::Therapy);
    bench.task.config.drill_quiet_s_min = 0.0;
    bench.task.own_alarms |= fault::SELF_TEST;
    for _ in 0..10 {
        let there = PeerTherapy { alarms: fault::SELF_TEST, ..there(Mode::Flow) };
        bench.mail.peer_therapy.write(&there);
        bench.drive_quietly(1);
    }
    let seen = bench.mail.supervisor.read::<SupervisorMail>().unwrap().1;
    assert_eq!(seen.named_state, SupervisorState::Therapy as u32);
    assert_eq!(bench.command(Command::TakeoverDrill), None);
}

#[test]
fn an_alarm_that_ends_is_told_for_a_second() {
    let mut bench = in_state(SupervisorState::DegradedTherapy);
    bench.levitation.faults = 0;
    for period in 0..UNWELL {
        bench.drive_quietly(1);
        let state = bench.mail.supervisor.read::<SupervisorMail>().unwrap().1.named_state;
        let wanted = if period < 100 { SupervisorState::DegradedTherapy } else { SupervisorState::Therapy };
        assert!(state == wanted as u32 || (98..102).contains(&period), "{period}");
    }
}
