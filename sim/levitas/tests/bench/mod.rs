// SPDX-License-Identifier: Apache-2.0
//! Host and world in one process, for the tests in closed loop.

#![allow(dead_code, reason = "every test program uses its own part")]

use levitas_core::mail::{BearingState, LevitationMail};
use levitas_core::ports::{LevitationInputs, LevitationOutputs};
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::supervisor::Command;
use levitas_core::unit::{Role, Unit, UnitConfig};
use levitas_world::{ECMO_50, Plant, RotorStart, STEP_S, Setup, Truth, VA_25_21, VA_FIXED, World};

/// Host and world, stepped by the schedule.
pub(crate) struct Bench {
    pub(crate) host: Unit,
    pub(crate) world: World,
    pub(crate) tick: u64,
}

impl Bench {
    pub(crate) fn new(plant: Plant, config: &UnitConfig, seed: u64, angle_rad: f64) -> Self {
        let setup = Setup {
            plant,
            circuit: VA_25_21,
            patient: VA_FIXED,
            pump_table: None,
            seed,
            start: RotorStart::Lying { angle_rad },
        };
        let mut world = World::new(&setup).expect("the set-up is good");
        world.connect_lines();
        let host = Unit::new(config, Role::Host).expect("the configuration is good");
        Self { host, world, tick: 0 }
    }

    pub(crate) fn nominal(seed: u64) -> Self {
        Self::new(ECMO_50, &UnitConfig::BENCH, seed, seed as f64)
    }

    /// Runs for a time and shows every period to `watch`.
    pub(crate) fn run(&mut self, duration_s: f64, watch: impl FnMut(&Truth, &Unit)) {
        self.run_changed(duration_s, |_| {}, watch);
    }

    /// As `run`, with samples that are tampered with.
    pub(crate) fn run_changed(
        &mut self,
        duration_s: f64,
        mut change: impl FnMut(&mut LevitationInputs),
        mut watch: impl FnMut(&Truth, &Unit),
    ) {
        for _ in 0..(duration_s / STEP_S).round() as u64 {
            let mut outputs = LevitationOutputs::default();
            for slot in SCHEDULE.iter().filter(|slot| slot.is_due(self.tick)) {
                match slot.task {
                    TaskId::Levitation => {
                        let mut samples = self.world.sample(0);
                        change(&mut samples);
                        outputs = self.host.step_levitation(&samples);
                    }
                    TaskId::Link => {
                        self.host.step_link();
                    }
                    TaskId::Speed => self.host.step_speed(),
                    TaskId::Circulation => self.host.step_circulation(&self.world.sample_circulation()),
                    TaskId::Supervisor => self.host.step_supervisor(),
                    TaskId::Alarm => {
                        self.host.step_alarm();
                    }
                    TaskId::CutOut | TaskId::Warming => {}
                }
            }
            self.world.advance(&[outputs, LevitationOutputs::default()]);
            self.tick += 1;
            watch(&self.world.truth(), &self.host);
        }
    }

    pub(crate) fn command(&mut self, command: Command) {
        let number = self.host.command(command);
        self.run(0.03, |_, _| {});
        assert_eq!(self.host.command_result(number), Some(Ok(())), "{command:?}");
    }

    pub(crate) fn levitated(mut self) -> Self {
        self.command(Command::LiftOff);
        self.run(0.1, |_, _| {});
        assert_eq!(self.reported().state, BearingState::Levitated as u32);
        self
    }

    pub(crate) fn at_speed(self, speed_rpm: f32) -> Self {
        let mut bench = self.levitated();
        bench.command(Command::speed(speed_rpm));
        bench.run(4.0, |_, _| {});
        bench
    }

    pub(crate) fn reported(&self) -> LevitationMail {
        self.host.mail.levitation.read().expect("the levitation task runs").1
    }
}

/// Distance of the rotor from the centre [um].
pub(crate) fn radius_um(truth: &Truth) -> f64 {
    truth.displacement_m[0].hypot(truth.displacement_m[1]) * 1e6
}
