// SPDX-License-Identifier: Apache-2.0
//! What one step costs: each task and each part of the world, in nanoseconds on this machine.
//!
//! # Model
//! The closed loop runs as in a simulation, lift-off, spin-up and running; the clock is read before and after every
//! part, and what reading it costs, measured first, is taken off. Shown is the mean over all calls of a part; the
//! whole loop is then timed again without a clock inside. After that our steps run beside those of the peers
//! (`bench_peers.rs`) on samples of the last turns.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use levitas_core::ports::{LevitationInputs, LevitationOutputs};
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::levitation::LevitationTask;
use levitas_core::task::supervisor::Command;
use levitas_core::unit::{Role, Unit};
use levitas_world::{STEP_S, World};

use crate::bench_levitation::Orders;
use crate::bench_peers;
use crate::input::{BadInput, Checked};
use crate::scenario::Scenario;
use crate::simulation::setup;

/// Ticks of the measured run: two simulated seconds.
const TICKS: u64 = 40_000;
/// Tick at which the rotor is asked to spin, after lift-off.
const SPIN_TICK: u64 = 6_000;
/// Speed it is asked for [rpm].
const SPIN_RPM: f32 = 4000.0;
/// Samples that are kept: four turns.
const KEPT: u64 = 1_200;
/// Readings of the clock for its own cost.
const CLOCK_READINGS: u32 = 200_000;

/// Parts of a tick.
const PARTS: [&str; 7] = [
    "task levitation",
    "task speed",
    "task circulation",
    "task supervisor",
    "world: samples of one unit",
    "world: circuit samples",
    "world: one period",
];

/// Time and calls of each part.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    nanoseconds: [f64; PARTS.len()],
    calls: [u64; PARTS.len()],
}

impl Tally {
    fn time<T>(&mut self, part: usize, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = black_box(work());
        self.nanoseconds[part] += started.elapsed().as_nanos() as f64;
        self.calls[part] += 1;
        result
    }
}

/// Measures, and gives the table.
///
/// # Errors
/// The scenario's plant or configuration is refused.
pub fn bench(scenario: &Scenario) -> Checked<String> {
    let clock_ns = clock_cost_ns();
    let mut tally = Tally::default();
    run_timed(scenario, &mut |part, work| tally.time(part, work))?;
    let started = Instant::now();
    let recorded = recorded(scenario)?;
    let whole_ns = started.elapsed().as_nanos() as f64;
    let mut text = format!("  {:30} {:>10} {:>12}\n", "part", "ns a call", "calls a tick");
    for (index, name) in PARTS.iter().enumerate() {
        let calls = tally.calls[index].max(1) as f64;
        let cost_ns = (tally.nanoseconds[index] / calls - clock_ns).max(0.0);
        let _ = writeln!(text, "  {name:30} {cost_ns:>10.0} {:>12.3}", calls / TICKS as f64);
    }
    let tick_ns = whole_ns / TICKS as f64;
    let _ = writeln!(text, "  {:30} {tick_ns:>10.0} {:>12}", "whole tick, one unit", 1);
    let _ = writeln!(
        text,
        "\n{TICKS} ticks of {:.0} us: {:.1} x real time; reading the clock costs {clock_ns:.0} ns and is taken off",
        STEP_S * 1e6,
        STEP_S * 1e9 / tick_ns
    );
    Ok(text + &bench_peers::table(&recorded, &recorded_without_notch(scenario)?.samples))
}

fn clock_cost_ns() -> f64 {
    let started = Instant::now();
    let mut last = started;
    for _ in 0..CLOCK_READINGS {
        last = black_box(Instant::now());
    }
    (last - started).as_nanos() as f64 / f64::from(CLOCK_READINGS)
}

/// The last four turns of a run.
pub(crate) struct Recorded {
    /// The levitation task before them.
    pub(crate) task: LevitationTask,
    pub(crate) samples: Vec<LevitationInputs>,
    /// What the other tasks wanted after each.
    pub(crate) orders: Vec<Orders>,
}

/// Runs the loop; `timed` carries out a part of it.
fn run_timed(scenario: &Scenario, timed: &mut dyn FnMut(usize, &mut dyn FnMut())) -> Checked<Recorded> {
    let refused = |error: &dyn std::fmt::Display| BadInput::of(&scenario.argument, error, "");
    let mut world = World::new(&setup(scenario)).map_err(|error| refused(&error))?;
    world.connect_lines();
    let mut unit = Unit::new(&scenario.host, Role::Host).map_err(|error| refused(&error))?;
    unit.command(Command::LiftOff);
    let mut outputs = [LevitationOutputs::default(); 2];
    let (mut task, mut kept, mut orders) = (unit.levitation().clone(), Vec::new(), Vec::new());
    for tick in 0..TICKS {
        if tick + KEPT == TICKS {
            task = unit.levitation().clone();
        }
        if tick == SPIN_TICK {
            unit.command(Command::speed(SPIN_RPM));
        }
        for slot in SCHEDULE.iter().filter(|slot| slot.is_due(tick)) {
            match slot.task {
                TaskId::Levitation => {
                    let mut samples = None;
                    timed(4, &mut || samples = Some(world.sample(0)));
                    if let Some(samples) = samples {
                        if tick + KEPT >= TICKS {
                            kept.push(samples);
                        }
                        timed(0, &mut || outputs[0] = unit.step_levitation(&samples));
                    }
                }
                TaskId::Speed => timed(1, &mut || unit.step_speed()),
                TaskId::Circulation => {
                    let mut samples = None;
                    timed(5, &mut || samples = Some(world.sample_circulation()));
                    if let Some(samples) = samples {
                        timed(2, &mut || unit.step_circulation(&samples));
                    }
                }
                TaskId::Link => {
                    unit.step_link();
                }
                TaskId::Supervisor => timed(3, &mut || unit.step_supervisor()),
                TaskId::Alarm => {
                    unit.step_alarm();
                }
                TaskId::CutOut | TaskId::Warming => {}
            }
        }
        if tick + KEPT >= TICKS {
            orders.extend(Orders::of(&unit.mail));
        }
        timed(6, &mut || world.advance(&outputs));
    }
    black_box(world.truth());
    Ok(Recorded { task, samples: kept, orders })
}

/// A run as it is.
pub(crate) fn recorded(scenario: &Scenario) -> Checked<Recorded> {
    run_timed(scenario, &mut |_, work| work())
}

/// Samples of a run without notch: a bearing that has learned nothing yet gives the voltages of that run.
pub(crate) fn recorded_without_notch(scenario: &Scenario) -> Checked<Recorded> {
    let mut scenario = scenario.clone();
    scenario.host.levitation.bearing.synchronous_rate_per_s = 0.0;
    recorded(&scenario)
}
