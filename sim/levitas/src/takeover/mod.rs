// SPDX-License-Identifier: Apache-2.0
//! Every way in which the driving unit can fail, in every situation, at many phases of its period: what the takeover costs.
//!
//! # Model
//! One run with both units leads up to each situation. From there it is forked: once without a fault, the twin, and once
//! for every fault and phase. A phase is a time from 0 to the situation's `phase_span_s` after the fork, drawn from the
//! seed, so that a loss of power falls anywhere in a period and in a turn of the rotor.
//!
//! # Figures
//! | figure | definition |
//! |---|---|
//! | total | from the last valid PWM update of the one unit to the first PWM edge of the other |
//! | nobody, both | longest time without an open gate, and with both |
//! | radius | largest true radius from the fault on |
//! | peak | that less the largest radius of the twin, or of the fork's last 50 ms if it is larger: two sets of Halls have two centres |
//! | lift-off | from the fault to when the rotor is within a tenth of the clearance for good |
//! | dip | largest lack of flow against the twin |
//! | step of the coils, of the motor | current of the other unit, 0.5 ms after its first PWM edge, less that of the twin's driving unit at that time, mean over 0.25 ms; parts of the largest current that the control allows. The duties of the first period say nothing: they have to bring up the current of a coil that had none |
//!
//! # Limits and failure
//! A takeover that does not happen is a row that is not met. Where a unit can help itself (one Hall of a pair drifts) either
//! may drive afterwards. The clocks of both units are one but in the situation that says so.

mod plan;
mod table;

use levitas_core::task::levitation::LevitationConfig;
use levitas_core::task::supervisor::Command;
use levitas_core::unit::UnitConfig;
use levitas_world::STEP_S;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use crate::corners::pool;
use crate::input::Checked;
use crate::metrics::{PairFigures, PairWatch};
use crate::scenario::Scenario;
use crate::simulation::Simulation;

pub use plan::{CASES, Case, Injected, Kind, SITUATIONS, Situation};
pub use table::{markdown, plain, to_json};

/// How long a fork goes on after the fault [s], and after one of a unit that is alive and wrong: its loop may take long to swing up.
const WATCH_S: f64 = 0.2;
const WATCH_WRONG_S: f64 = 0.5;
/// End of it, in which nothing of the fault is left [s].
const SETTLED_S: f64 = 0.05;
/// Flow below which a dip is no figure [L/min].
const FLOW_LPM_MIN: f64 = 0.2;
/// Stream of the generator that draws the phases.
const PHASE_STREAM: u128 = 0x6c65_7669_7461_7302;

/// The worst of a case in a situation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What happened.
    pub case: &'static Case,
    /// Where.
    pub situation: &'static Situation,
    /// Phases that were tried.
    pub phases: u32,
    /// Phases after which the other unit drives, or, where the first is to stay, the first one.
    pub right: u32,
    /// Worst figures of the pair.
    pub pair: PairFigures,
    /// Largest radius [um].
    pub radius_um: f64,
    /// Largest radius less the one before, or the one that stays [um].
    pub peak_um: f64,
    /// Largest dip [%].
    pub dip_pct: f64,
    /// Most touchdowns.
    pub touchdowns: u32,
    /// Largest volume that ran back [mL].
    pub reverse_ml: f64,
    /// Longest time from the fault to the end of lift-off [s].
    pub lift_off_s: f64,
    /// Largest difference of the currents of the coils and of the torque current from the twin's, parts of full scale.
    pub step: [f64; 2],
    /// Phases in which it was measured: the other unit drove for long enough.
    pub steps: u32,
    /// Phase of the largest radius [s].
    pub worst_phase_s: f64,
    /// Simulated time of the forks [s].
    pub simulated_s: f64,
}

impl Row {
    fn new(case: &'static Case, situation: &'static Situation, phases: u32) -> Self {
        Self {
            case,
            situation,
            phases,
            right: 0,
            pair: PairFigures::default(),
            radius_um: 0.0,
            peak_um: 0.0,
            dip_pct: 0.0,
            touchdowns: 0,
            reverse_ml: 0.0,
            lift_off_s: 0.0,
            step: [0.0; 2],
            steps: 0,
            worst_phase_s: 0.0,
            simulated_s: 0.0,
        }
    }

    /// Whether every bound holds.
    #[must_use]
    pub fn is_met(&self) -> bool {
        let bounds = self.case.bounds(self.situation);
        self.right == self.phases
            && self.touchdowns == 0
            && self.reverse_ml <= bounds.reverse_ml
            && self.pair.total_s <= bounds.total_s
            // Ten periods are half a millisecond, however their times are rounded.
            && self.pair.nobody_s <= bounds.nobody_s + 1e-9
            && self.pair.both_s <= bounds.both_s
            && self.radius_um <= bounds.radius_um
            && self.peak_um <= bounds.peak_um
            && self.dip_pct <= bounds.dip_pct
            && self.lift_off_s <= bounds.lift_off_s
            && self.step.iter().all(|step| *step <= bounds.step)
            && (bounds.step.is_infinite() || self.steps >= self.case.takers_min(self.phases))
    }
}

/// Runs the plan, as far as `only` is in the name of what fails. `progress` gets the finished rows and how many there are.
///
/// # Errors
/// The scenario behind it is refused.
pub fn takeover(
    phases: u32,
    only: &str,
    jobs: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Checked<Vec<Row>> {
    let points: Vec<(usize, &'static Case)> = (0..SITUATIONS.len())
        .flat_map(|at| CASES.iter().map(move |case| (at, case)))
        .filter(|(at, case)| case.applies(&SITUATIONS[*at]) && case.name.contains(only))
        .collect();
    // The way to a situation is the same for every case, at a seed.
    let seeds = |at: usize| {
        points.iter().filter(|point| point.0 == at).map(|point| point.1.seeds(&SITUATIONS[at])).max()
    };
    let starts: Vec<(usize, u32)> = (0..SITUATIONS.len())
        .flat_map(|at| (0..seeds(at).unwrap_or(0).min(phases)).map(move |seed| (at, seed)))
        .collect();
    let scenarios = starts.iter().map(|(at, seed)| SITUATIONS[*at].scenario(u64::from(*seed) + 1));
    let scenarios: Vec<Scenario> = scenarios.collect::<Checked<_>>()?;
    let numbers: Vec<usize> = (0..starts.len()).collect();
    let total = starts.len() + points.len();
    let finished = std::sync::atomic::AtomicUsize::new(0);
    let done = || progress(finished.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, total);
    let lead_up = |number: &usize| Start::new(&scenarios[*number], &SITUATIONS[starts[*number].0]);
    let led: Vec<Start<'_>> = pool::carry_out(&numbers, jobs, &lead_up, &done)?;
    let of = |at: usize| starts.iter().zip(&led).filter(move |(start, _)| start.0 == at);
    let work = |(at, case): &(usize, &'static Case)| {
        let here: Vec<&Start<'_>> = of(*at).map(|(_, start)| start).collect();
        Ok(row(&here, &SITUATIONS[*at], case, phases))
    };
    pool::carry_out(&points, jobs, &work, &done)
}

/// One case in one situation, with a part of the phases at each seed.
fn row(starts: &[&Start<'_>], situation: &'static Situation, case: &'static Case, phases: u32) -> Row {
    let mut row = Row::new(case, situation, phases);
    let seeds = case.seeds(situation).min(phases);
    for (seed, start) in (0..seeds).zip(starts) {
        let mut draw = Pcg64::new(u128::from(seed) + 1, PHASE_STREAM);
        for _ in (seed..phases).step_by(seeds as usize) {
            let phase_s = situation.phase_span_s * (draw.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            row.take(&fork(&start.base, situation, case, phase_s, &start.twin), phase_s);
        }
    }
    row
}

/// A run that has come to its situation, and how it goes on without a fault.
struct Start<'a> {
    base: Simulation<'a>,
    twin: Twin,
}

impl<'a> Start<'a> {
    fn new(scenario: &'a Scenario, situation: &Situation) -> Checked<Self> {
        let mut base = Simulation::new(scenario)?;
        situation.lead_up(&mut base)?;
        let twin = Twin::of(&base, situation);
        Ok(Self { base, twin })
    }
}

/// The run without the fault.
struct Twin {
    flow_lpm: Vec<f64>,
    /// Of the unit that drives.
    currents: Vec<Currents>,
    /// Largest radius [um].
    radius_um: f64,
}

impl Twin {
    fn of(base: &Simulation<'_>, situation: &Situation) -> Self {
        let mut simulation = base.clone();
        let mut twin = Self { flow_lpm: Vec::new(), currents: Vec::new(), radius_um: 0.0 };
        for tick in 0..ticks(situation.phase_span_s + WATCH_WRONG_S) + 2 {
            simulation.step();
            twin.flow_lpm.push(simulation.sample().flow_lpm);
            twin.currents.push(Currents::of(&simulation, situation.driver()));
            if tick < ticks(situation.phase_span_s + WATCH_S) + 2 {
                twin.radius_um = twin.radius_um.max(simulation.sample().radius_m() * 1e6);
            }
        }
        twin
    }
}

/// What one fork showed.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    right: bool,
    pair: PairFigures,
    radius_um: f64,
    peak_um: f64,
    dip_pct: f64,
    touchdowns: u32,
    reverse_ml: f64,
    lift_off_s: f64,
    step: Option<[f64; 2]>,
}

impl Row {
    fn take(&mut self, seen: &Seen, phase_s: f64) {
        self.right += u32::from(seen.right);
        self.pair.count = self.pair.count.max(seen.pair.count);
        self.pair.total_s = self.pair.total_s.max(seen.pair.total_s);
        self.pair.nobody_s = self.pair.nobody_s.max(seen.pair.nobody_s);
        self.pair.both_s = self.pair.both_s.max(seen.pair.both_s);
        if seen.radius_um > self.radius_um {
            (self.radius_um, self.worst_phase_s) = (seen.radius_um, phase_s);
        }
        self.peak_um = self.peak_um.max(seen.peak_um);
        self.dip_pct = self.dip_pct.max(seen.dip_pct);
        self.touchdowns = self.touchdowns.max(seen.touchdowns);
        self.reverse_ml = self.reverse_ml.max(seen.reverse_ml);
        self.lift_off_s = self.lift_off_s.max(seen.lift_off_s);
        self.steps += u32::from(seen.step.is_some());
        for (most, now) in self.step.iter_mut().zip(seen.step.unwrap_or_default()) {
            // What is no number is the largest of all.
            *most = if now.is_nan() { f64::INFINITY } else { most.max(now) };
        }
        self.simulated_s += phase_s + watch_s(self.case);
    }
}

fn watch_s(case: &Case) -> f64 {
    if case.is_wrong { WATCH_WRONG_S } else { WATCH_S }
}

/// One fork: the fault `phase_s` from now, then on for [`watch_s`].
fn fork(base: &Simulation<'_>, situation: &Situation, case: &Case, phase_s: f64, twin: &Twin) -> Seen {
    let mut simulation = base.clone();
    let (first, watched) = (ticks(phase_s), ticks(watch_s(case)));
    let touched_before = simulation.truth().touchdown_count;
    let at_s = simulation.sample().time_s + phase_s;
    let mut watch = PairWatch::default();
    let mut seen = Seen::default();
    let (mut volume_ml, mut highest_ml) = (0.0_f64, 0.0_f64);
    let mut settled_um = 0.0_f64;
    for (tick, twin_lpm) in twin.flow_lpm.iter().enumerate().take(first + watched) {
        if tick == first {
            start(&mut simulation, situation, case, at_s);
        }
        simulation.step();
        let sample = simulation.sample();
        watch.step(sample);
        if tick < first {
            continue;
        }
        let taker = 1 - situation.driver();
        let opened_s = sample.gate_opened_s[taker];
        if seen.step.is_none() && opened_s >= at_s && sample.time_s >= opened_s + STEP_AFTER_S {
            seen.step = twin.currents.get(tick).map(|twin| Currents::of(&simulation, taker).from(twin));
        }
        let radius_um = sample.radius_m() * 1e6;
        if tick + ticks(SETTLED_S) >= first + watched {
            settled_um = settled_um.max(radius_um);
        }
        if !situation.is_lift_off {
            seen.radius_um = seen.radius_um.max(radius_um);
        } else if radius_um > LIFTED_UM {
            seen.lift_off_s = sample.time_s - at_s;
        }
        if *twin_lpm > FLOW_LPM_MIN {
            seen.dip_pct = seen.dip_pct.max(100.0 * (twin_lpm - sample.flow_lpm) / twin_lpm);
        }
        volume_ml += sample.flow_lpm * 1000.0 / 60.0 * STEP_S;
        highest_ml = highest_ml.max(volume_ml);
        seen.reverse_ml = seen.reverse_ml.max(highest_ml - volume_ml);
    }
    seen.peak_um = (seen.radius_um - twin.radius_um.max(settled_um)).max(0.0);
    seen.pair = *watch.figures();
    seen.right = case.is_right(situation, simulation.sample().gate_open);
    seen.touchdowns = simulation.truth().touchdown_count - touched_before;
    seen
}

/// After its first edge a unit has brought up its currents [s].
const STEP_AFTER_S: f64 = 0.5e-3;

/// What a unit drives.
#[derive(Clone, Copy, Debug)]
struct Currents {
    /// Coils x, y, mean over 0.25 ms [A].
    coil_a: [f32; 2],
    torque_a: f32,
}

impl Currents {
    fn of(simulation: &Simulation<'_>, set: usize) -> Self {
        simulation.said(set).map_or(Self { coil_a: [f32::NAN; 2], torque_a: f32::NAN }, |said| Self {
            coil_a: [said.coil_current_mean_x_a, said.coil_current_mean_y_a],
            torque_a: said.torque_current_a,
        })
    }

    /// Largest difference of the coils, and that of the motor, in parts of full scale.
    fn from(&self, other: &Self) -> [f64; 2] {
        let LevitationConfig { bearing, motor, .. } = UnitConfig::ECMO_50.levitation;
        let apart = |a: f32, b: f32, most_a: f32| f64::from((a - b).abs() / most_a);
        let [x, y] =
            [0, 1].map(|axis| apart(self.coil_a[axis], other.coil_a[axis], bearing.coil_current_a_max));
        [x.max(y), apart(self.torque_a, other.torque_a, motor.motor_current_limit_a_max)]
    }
}

/// A lifted rotor stays within a tenth of the clearance [um].
const LIFTED_UM: f64 = 50.0;

/// What the case does, at a time within this tick [s].
fn start(simulation: &mut Simulation<'_>, situation: &Situation, case: &Case, at_s: f64) {
    let set = if situation.by_drive { 1 - case.unit } else { case.unit };
    match case.kind {
        Kind::Faults(faults) => {
            for fault in faults {
                simulation.fault(set, &(fault.make)(), at_s);
            }
        }
        Kind::HandBack => simulation.command(Command::HandBack, case.name),
        Kind::Drill => simulation.command(Command::TakeoverDrill, case.name),
        Kind::DrillWith(faults) => {
            for fault in faults {
                simulation.fault(1 - set, &(fault.make)(), at_s);
            }
            simulation.command(Command::TakeoverDrill, case.name);
        }
    }
}

fn ticks(time_s: f64) -> usize {
    (time_s / STEP_S).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head that was never taken has no figures.
    #[test]
    fn a_row_in_which_nobody_took_the_head_that_was_to_be_given_is_not_met() {
        for (name, takers) in
            [("power loss", 4), ("drill, the other unit's coil open", 1), ("drive line cut", 0)]
        {
            let case = CASES.iter().find(|case| case.name == name).unwrap();
            let situation = SITUATIONS.iter().find(|situation| situation.name == "3000 rpm").unwrap();
            let met = |steps| Row { right: 4, steps, ..Row::new(case, situation, 4) }.is_met();
            assert!(met(takers), "{name}");
            assert!(takers == 0 || !met(takers - 1), "{name}");
        }
    }
}
