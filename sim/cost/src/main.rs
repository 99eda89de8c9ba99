// SPDX-License-Identifier: Apache-2.0
//! Counts the instructions of one step of each task. `cargo xtask cost` builds, runs and judges it.
//!
//! # Model
//! One unit against the simulated plant: the pump turns, the rotor is lifted, the speed is set, and when everything has
//! settled, notch and learning at work, each step is counted, that of the levitation task with its sample for the snapshot. Before that the recorded lift-off is replayed.
//! On a chip under QEMU the clock counts instructions (`chip.rs`) and each part is one line on the terminal:
//! `part steps mean longest`. On the host the clock stands still and callgrind counts the functions `cost_*`.
#![cfg_attr(target_os = "none", no_std)]
#![cfg_attr(target_os = "none", no_main)]

#[cfg(target_os = "none")]
mod chip;

use core::fmt::Write;
use core::hint::black_box;

use levitas_core::mail::Mailboxes;
use levitas_core::ports::{CirculationInputs, LevitationInputs, LevitationOutputs};
use levitas_core::records::snapshot::{SnapshotRing, SnapshotWriter};
use levitas_core::replay::replay_step;
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::levitation::LevitationTask;
use levitas_core::task::supervisor::Command;
use levitas_core::unit::{Role, Unit, UnitConfig};
use levitas_world::{ECMO_50, InitialState, RotorStart, Setup, VA_25_21, VA_FIXED, World};

/// Samples of the recorded lift-off, see `cargo xtask record`.
const RECORDED: &[u8] = include_bytes!("../../../tests/data/levitation_samples.bin");
/// Bytes of one recorded period.
const RECORD_SIZE: usize = 60;
/// Speed of the rotor at the start, and the one it is asked for in rad/s and in rpm.
const START_RAD_PER_S: f64 = 400.0;
const SPEED_RPM: f32 = 4000.0;
/// Period in which the speed is asked for, first one that counts, and the end.
const SPEED_TICK: u64 = 3_000;
const COUNT_TICK: u64 = 8_000;
const END_TICK: u64 = 12_000;
/// Times that nothing is counted, for the cost of the counting.
const EMPTY_STEPS: u32 = 1_000;

/// What counts.
trait Clock {
    /// Its reading.
    fn now(&self) -> u32;
    /// Instructions between two readings, in thousandths.
    fn thousandths(&self, began: u32, ended: u32) -> u64;
}

/// Instructions of the steps of one part, in thousandths.
#[derive(Clone, Copy, Default)]
struct Tally {
    steps: u64,
    total: u64,
    longest: u64,
}

impl Tally {
    fn count<T>(&mut self, clock: &impl Clock, work: impl FnOnce() -> T) -> T {
        let began = clock.now();
        let result = black_box(work());
        let spent = clock.thousandths(began, clock.now());
        self.steps += 1;
        self.total += spent;
        self.longest = self.longest.max(spent);
        result
    }

    fn mean(&self) -> u64 {
        self.total / self.steps.max(1)
    }

    /// One line; `overhead` is what the counting itself costs.
    fn write(&self, out: &mut impl Write, part: &str, overhead: u64) {
        let [mean, longest] =
            [self.mean(), self.longest].map(|it| (it.saturating_sub(overhead) + 500) / 1000);
        let _ = writeln!(out, "{part} {} {mean} {longest}", self.steps);
    }
}

#[inline(never)]
fn cost_lift_off(
    task: &mut LevitationTask,
    mail: &Mailboxes,
    index: u32,
    samples: &LevitationInputs,
) -> LevitationOutputs {
    replay_step(task, mail, index, samples)
}

#[inline(never)]
fn cost_levitation(
    unit: &mut Unit,
    snapshot: &mut (SnapshotWriter, SnapshotRing),
    samples: &LevitationInputs,
) -> LevitationOutputs {
    let outputs = unit.step_levitation(samples);
    snapshot.0.step(&unit.mail, &snapshot.1, || 0);
    outputs
}

#[inline(never)]
fn cost_speed(unit: &mut Unit) {
    unit.step_speed();
}

#[inline(never)]
fn cost_circulation(unit: &mut Unit, samples: &CirculationInputs) {
    unit.step_circulation(samples);
}

#[inline(never)]
fn cost_supervisor(unit: &mut Unit) {
    unit.step_supervisor();
}

#[inline(never)]
fn nothing() {
    black_box(());
}

/// Counts everything and writes one line per part.
fn measure(clock: &impl Clock, out: &mut impl Write) {
    let mut empty = Tally::default();
    for _ in 0..EMPTY_STEPS {
        empty.count(clock, nothing);
    }
    let overhead = empty.mean();
    lift_off(clock).write(out, "lift_off", overhead);
    let parts = ["levitation", "speed", "circulation", "supervisor"];
    for (tally, part) in at_speed(clock, out).iter().zip(parts) {
        tally.write(out, part, overhead);
    }
}

/// The recorded lift-off.
fn lift_off(clock: &impl Clock) -> Tally {
    let mut task =
        LevitationTask::new(&UnitConfig::BENCH.levitation, Role::Host).expect("the preset is sound");
    let mail = Mailboxes::new();
    let mut tally = Tally::default();
    for (index, record) in (0..).zip(RECORDED.chunks_exact(RECORD_SIZE)) {
        let samples = samples_of(record);
        tally.count(clock, || cost_lift_off(&mut task, &mail, index, black_box(&samples)));
    }
    tally
}

/// Samples from the bytes of a record.
fn samples_of(record: &[u8]) -> LevitationInputs {
    let word = |index: usize| {
        record
            .get(4 * index..)
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |bytes| u32::from_le_bytes(*bytes))
    };
    let value = |index| f32::from_bits(word(index));
    LevitationInputs {
        displacement_hall_v: [value(0), value(1), value(2), value(3)],
        angle_hall_v: [value(4), value(5)],
        coil_current_a: [value(6), value(7)],
        phase_current_a: [value(8), value(9), value(10)],
        bus_voltage_v: value(11),
        sample_count: word(12),
        valid: word(13),
        pair: word(14),
    }
}

/// All tasks while the rotor turns: levitation, speed, circulation, supervisor.
fn at_speed(clock: &impl Clock, out: &mut impl Write) -> [Tally; 4] {
    let start = InitialState {
        rotor_speed_rad_per_s: START_RAD_PER_S,
        flow_lpm: 4.0,
        clamp_opening: 1.0,
        ..InitialState::default()
    };
    let (plant, circuit, patient, start) = (ECMO_50, VA_25_21, VA_FIXED, RotorStart::State(start));
    let setup = Setup { plant, circuit, patient, pump_table: None, seed: 1, start };
    let mut world = World::new(&setup).expect("the presets are sound");
    world.connect_lines();
    let mut unit = Unit::new(&UnitConfig::BENCH, Role::Host).expect("the preset is sound");
    unit.command(Command::LiftOff);
    let mut snapshot = (SnapshotWriter::default(), SnapshotRing::new());
    snapshot.1.release();
    let mut outputs = [LevitationOutputs::default(); 2];
    let mut tallies = [Tally::default(); 4];
    for tick in 0..END_TICK {
        if tick == SPEED_TICK {
            unit.command(Command::speed(SPEED_RPM));
        }
        for slot in SCHEDULE.iter().filter(|slot| slot.is_due(tick)) {
            let counts = tick >= COUNT_TICK;
            let [levitation, speed, circulation, supervisor] = &mut tallies;
            match slot.task {
                TaskId::Levitation => {
                    let samples = world.sample(0);
                    outputs[0] = if counts {
                        levitation
                            .count(clock, || cost_levitation(&mut unit, &mut snapshot, black_box(&samples)))
                    } else {
                        unit.step_levitation(&samples)
                    };
                }
                TaskId::Link => {
                    unit.step_link();
                }
                TaskId::Speed if counts => speed.count(clock, || cost_speed(&mut unit)),
                TaskId::Speed => unit.step_speed(),
                TaskId::Circulation => {
                    let samples = world.sample_circulation();
                    if counts {
                        circulation.count(clock, || cost_circulation(&mut unit, black_box(&samples)));
                    } else {
                        unit.step_circulation(&samples);
                    }
                }
                TaskId::Supervisor if counts => supervisor.count(clock, || cost_supervisor(&mut unit)),
                TaskId::Supervisor => unit.step_supervisor(),
                TaskId::Alarm => {
                    unit.step_alarm();
                }
                TaskId::CutOut | TaskId::Warming => {}
            }
        }
        world.advance(&outputs);
    }
    let truth = world.truth();
    let _ = writeln!(out, "# {} touchdowns, {:.0} rad/s", truth.touchdown_count, truth.rotor_speed_rad_per_s);
    tallies
}

#[cfg(not(target_os = "none"))]
fn main() {
    /// Callgrind counts.
    struct Nobody;
    impl Clock for Nobody {
        fn now(&self) -> u32 {
            0
        }
        fn thousandths(&self, _: u32, _: u32) -> u64 {
            0
        }
    }
    let mut text = String::new();
    measure(&Nobody, &mut text);
    print!("{text}");
}
