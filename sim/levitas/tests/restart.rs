// SPDX-License-Identifier: Apache-2.0
//! A supervisor that starts anew in the middle of commissioning, against the world, with the phases the other way round.

use levitas_core::commissioning::{CommissioningReport, Outcome, Reason, Stage};
use levitas_core::mail::{BearingState, LevitationMail, Mailboxes, SupervisorMail, UnitState};
use levitas_core::ports::LevitationOutputs;
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::circulation::CirculationTask;
use levitas_core::task::levitation::LevitationTask;
use levitas_core::task::speed::SpeedTask;
use levitas_core::task::supervisor::{Command, SupervisorTask};
use levitas_core::unit::{Role, UnitConfig};
use levitas_world::{ECMO_50, RotorStart, STEP_S, Setup, VA_25_21, VA_FIXED, World};

/// The tasks of a host one by one, as the threads of the firmware have them.
struct Bench {
    levitation: LevitationTask,
    speed: SpeedTask,
    circulation: CirculationTask,
    supervisor: SupervisorTask,
    mail: Mailboxes,
    world: World,
    tick: u64,
}

impl Bench {
    fn new() -> Self {
        let mut plant = ECMO_50;
        plant.motor.phase_order = -1.0;
        let (circuit, patient) = (VA_25_21, VA_FIXED);
        let start = RotorStart::Lying { angle_rad: 2.0 };
        let config = UnitConfig::BENCH;
        let setup = Setup { plant, circuit, patient, pump_table: None, seed: 4, start };
        let mut world = World::new(&setup).unwrap();
        world.connect_lines();
        Self {
            levitation: LevitationTask::new(&config.levitation, Role::Host).unwrap(),
            speed: SpeedTask::new(&config.speed, &config.levitation).unwrap(),
            circulation: CirculationTask::new(&config.flow_meter, config.speed.speed_rpm_max).unwrap(),
            supervisor: SupervisorTask::new(&config, Role::Host).unwrap(),
            mail: Mailboxes::new(),
            world,
            tick: 0,
        }
    }

    fn step(&mut self) -> LevitationOutputs {
        let mut outputs = LevitationOutputs::default();
        for slot in SCHEDULE.iter().filter(|slot| slot.is_due(self.tick)) {
            match slot.task {
                TaskId::Levitation => outputs = self.levitation.step(&self.world.sample(0), &self.mail),
                TaskId::Link | TaskId::Alarm | TaskId::CutOut | TaskId::Warming => {}
                TaskId::Speed => self.speed.step(&self.mail),
                TaskId::Circulation => {
                    self.circulation.step(&self.world.sample_circulation(), &self.mail);
                }
                TaskId::Supervisor => self.supervisor.step(&self.mail),
            }
        }
        self.world.advance(&[outputs, LevitationOutputs::default()]);
        self.tick += 1;
        outputs
    }

    fn report(&self) -> CommissioningReport {
        self.mail
            .commissioning
            .read()
            .map_or_else(|| CommissioningReport::new(&UnitConfig::BENCH), |(_, mail)| mail)
    }

    fn states(&self) -> (u32, u32) {
        let supervisor = self.mail.supervisor.read::<SupervisorMail>().unwrap().1;
        (supervisor.state, self.mail.levitation.read::<LevitationMail>().unwrap().1.state)
    }
}

fn ticks(time_s: f64) -> u64 {
    (time_s / STEP_S).round() as u64
}

#[test]
fn a_restart_in_the_middle_of_commissioning_holds_the_rotor_drives_nothing_and_sets_it_down() {
    for (stage, wait_s) in [(Stage::Force, 1.0), (Stage::Motor, 2.0), (Stage::Runout, 4.0)] {
        let mut bench = Bench::new();
        bench.mail.command.write(&Command::Commission.to_mail(1));
        let end = ticks(60.0);
        while bench.report().stage != stage && bench.tick < end {
            bench.step();
        }
        let mut fastest_rad_per_s = 0.0_f64;
        for _ in 0..ticks(wait_s) {
            bench.step();
            fastest_rad_per_s = fastest_rad_per_s.max(bench.world.truth().rotor_speed_rad_per_s.abs());
        }
        let before = bench.world.truth();
        assert_eq!(bench.report().stage, stage);
        bench.supervisor = SupervisorTask::new(&UnitConfig::BENCH, Role::Host).unwrap();
        // One period of the supervisor, and the fading of what the probe had asked for.
        for _ in 0..ticks(0.04) {
            bench.step();
        }
        let (mut down_s, mut last_rad_per_s) = (0.0, 0.0);
        while bench.states().0 != UnitState::Standby as u32 && down_s < 70.0 {
            let outputs = bench.step();
            down_s += STEP_S;
            let now = bench.world.truth();
            assert_eq!(outputs.phase_gate, 0, "{stage:?}, {down_s:.3} s");
            let (_, bearing) = bench.states();
            let held = bearing == BearingState::Levitated as u32;
            assert!(held || bearing == BearingState::Landing as u32 || bearing == BearingState::Off as u32);
            if held {
                last_rad_per_s = now.rotor_speed_rad_per_s;
            }
            // Once it is being set down it may roll along the wall.
            let calm = now.touchdown_count == before.touchdown_count
                && now.rotor_speed_rad_per_s.abs() <= fastest_rad_per_s + 0.1;
            assert!(!held || calm, "{stage:?}, {down_s:.3} s: {now:?}");
        }
        println!(
            "{stage:?}: {:.1} rad/s at the restart, {last_rad_per_s:.1} rad/s when it was set down, {down_s:.1} s",
            before.rotor_speed_rad_per_s
        );
        assert!(last_rad_per_s.abs() < 10.0, "100 rpm, as after a landing without angle Halls");
        assert_eq!(bench.states(), (UnitState::Standby as u32, BearingState::Off as u32));
        assert_eq!(bench.report().outcome, Outcome::Failed(stage, Reason::Restarted));
    }
}
