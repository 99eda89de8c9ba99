// SPDX-License-Identifier: Apache-2.0
//! The named states, and that a unit in each does what the table says.

use super::*;
use crate::self_test::MemoryChecks;

/// One of each kind, with an argument that can be.
fn commands() -> [Command; 11] {
    let setting = TherapySettings::index_of("return_pressure_mmhg_max").unwrap();
    [
        Command::LiftOff,
        Command::LiftOffAlone,
        Command::Land,
        Command::speed(1000.0),
        Command::Resume,
        Command::Set { setting, value: 250.0 },
        Command::Service,
        Command::Commission,
        Command::HandBack,
        Command::TakeoverDrill,
        Command::Rejoin,
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
        S::Standby | S::SelfTest | S::Backup | S::LiftOff | S::Service | S::Commissioning => Bench::new(),
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

#[test]
fn a_unit_does_what_the_table_says() {
    for state in SupervisorState::ALL {
        for command in commands() {
            let found = in_state(state).command(command);
            let held = match permission(state, command) {
                Permission::Allowed => found.is_none(),
                Permission::Refused(refusal) => found == Some(refusal),
                Permission::Unless(refusal) => found.is_none() || found == Some(refusal),
            };
            assert!(held, "{state:?} {command:?}: {found:?}");
        }
    }
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
