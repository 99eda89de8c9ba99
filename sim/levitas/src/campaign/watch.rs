// SPDX-License-Identifier: Apache-2.0
//! Watches an hour: every step for what [`Seen`] counts.
//!
//! # Model
//! A gate that opens after lift-off must have been asked for, by a drill or a hand-back, once each. Any other opening is a
//! false takeover, whether the head changes hands or not.

use std::ops::Range;

use levitas_core::arbitration::alarm;
use levitas_core::link::{PeerReport, UnitCode};
use levitas_world::STEP_S;

use super::plan::{MINUTE_S, OUTAGE_S, TELL_S};
use super::statements::{Figure, Seen};
use crate::channel::Sample;
use crate::invariants::is_finite;
use crate::metrics::PairWatch;
use crate::simulation::Simulation;

/// Lift-off is over [s].
const LIFTED_S: f64 = 1.0;
/// mL per L, and s per min.
const ML_PER_L: f64 = 1000.0;
/// The circulation tasks say something so often [s].
const CIRCULATION_PERIOD_S: f64 = 0.01;
/// The load of the bus is asked for so often [s].
const LOAD_PERIOD_S: f64 = 1.0;
/// What happens may raise an alarm for so long after its end: the slowest condition takes 10 s [s].
const DISTURBED_S: f64 = 15.0;
/// Flow below which a disturbance is no figure [L/min].
const FLOW_LPM_MIN: f64 = 0.2;

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    seen: Seen,
    pair: PairWatch,
    opened_s: [f64; 2],
    /// Openings of each gate that were asked for and have not come yet.
    asked: [u32; 2],
    touchdowns: Option<u32>,
    volume_ml: f64,
    volume_max_ml: f64,
    load_due_s: f64,
    circulation_due_s: f64,
    bubble_counts: [u32; 2],
    missed_samples: [u32; 2],
    /// End of the outage that is waiting for its alarm [s].
    untold_until_s: Option<f64>,
    told: u32,
    /// From the beginning of what happens until alarms can have nothing to do with it any more, in the order of time [s].
    disturbed_s: Vec<Range<f64>>,
}

impl Watch {
    pub(super) fn seen(&mut self) -> &mut Seen {
        &mut self.seen
    }

    /// A gate is to open.
    pub(super) fn ask(&mut self, set: usize) {
        self.asked[set] += 1;
    }

    /// Whether all gates have opened that were asked for.
    pub(super) fn is_served(&self) -> bool {
        self.asked == [0; 2]
    }

    /// Something begins that lasts so long; no earlier than what was told before.
    pub(super) fn disturb(&mut self, time_s: f64, duration_s: f64) {
        let until_s = time_s + duration_s + DISTURBED_S;
        match self.disturbed_s.last_mut().filter(|last| last.end >= time_s) {
            Some(last) => last.end = last.end.max(until_s),
            None => self.disturbed_s.push(time_s..until_s),
        }
    }

    /// An outage begins.
    pub(super) fn outage(&mut self, time_s: f64) {
        self.seen.outages.count(time_s);
        self.untold_until_s = Some(time_s + OUTAGE_S + TELL_S);
    }

    /// Takes a step; returns whether a gate opened that nobody asked for.
    pub(super) fn step(&mut self, simulation: &mut Simulation<'_>) -> bool {
        let sample = *simulation.sample();
        let time_s = sample.time_s;
        if self.untold_until_s.is_some() && sample.pair_alarms & alarm::LINK_LOST != 0 {
            (self.untold_until_s, self.told) = (None, self.told + 1);
        }
        if self.untold_until_s.is_some_and(|until_s| time_s > until_s) {
            self.untold_until_s = None;
        }
        if !is_finite(&sample) {
            self.seen.not_finite.count(time_s);
        }
        self.step_flow(&sample);
        if time_s >= self.load_due_s {
            self.load_due_s += LOAD_PERIOD_S;
            self.seen.bus_load.most(simulation.link().load(), time_s);
        }
        if time_s >= self.circulation_due_s {
            self.circulation_due_s += CIRCULATION_PERIOD_S;
            self.step_bubbles(&sample, simulation);
        }
        let is_false = self.step_gates(&sample);
        if time_s >= LIFTED_S {
            self.seen.radius_m.most(sample.radius_m(), time_s);
            self.step_touchdowns(&sample, simulation);
        }
        is_false
    }

    fn step_flow(&mut self, sample: &Sample) {
        self.volume_ml += sample.flow_lpm * ML_PER_L / MINUTE_S * STEP_S;
        self.volume_max_ml = self.volume_max_ml.max(self.volume_ml);
        self.seen.reverse_ml.most(self.volume_max_ml - self.volume_ml, sample.time_s);
    }

    fn step_bubbles(&mut self, sample: &Sample, simulation: &Simulation<'_>) {
        for (set, known) in self.bubble_counts.iter_mut().enumerate() {
            let Some(mail) = simulation.circulation(set) else { continue };
            for _ in *known..mail.bubble_count {
                self.seen.bubbles.count(sample.time_s);
            }
            *known = mail.bubble_count;
            if mail.bubbles_valid && sample.flow_lpm > FLOW_LPM_MIN {
                self.seen.bubble_periods.value += 1.0;
            }
        }
    }

    fn step_gates(&mut self, sample: &Sample) -> bool {
        self.pair.step(sample);
        let figures = *self.pair.figures();
        self.seen.both_s.most(figures.both_s, sample.time_s);
        self.seen.nobody_s.most(figures.nobody_s, sample.time_s);
        self.seen.total_s.most(figures.total_s, sample.time_s);
        let mut is_false = false;
        for set in 0..2 {
            if sample.gate_opened_s[set] <= self.opened_s[set] {
                continue;
            }
            self.opened_s[set] = sample.gate_opened_s[set];
            match &mut self.asked[set] {
                _ if sample.time_s < LIFTED_S && set == 0 => {}
                0 => {
                    self.seen.false_takeovers.count(sample.time_s);
                    is_false = true;
                }
                asked => *asked -= 1,
            }
        }
        is_false
    }

    fn step_touchdowns(&mut self, sample: &Sample, simulation: &Simulation<'_>) {
        let count = simulation.truth().touchdown_count;
        for _ in self.touchdowns.unwrap_or(count)..count {
            self.seen.touchdowns.count(sample.time_s);
        }
        self.touchdowns = Some(count);
        for set in 0..2 {
            let missed = simulation.said(set).map_or(0, |mail| mail.missed_samples);
            for _ in self.missed_samples[set]..missed {
                self.seen.missed_samples.count(sample.time_s);
            }
            self.missed_samples[set] = missed;
        }
    }

    /// Compares the flow with what it would have been.
    pub(super) fn compare(&mut self, simulation: &Simulation<'_>, twin: &Simulation<'_>) {
        let (flow_lpm, wanted_lpm) = (simulation.sample().flow_lpm, twin.sample().flow_lpm);
        if wanted_lpm > FLOW_LPM_MIN {
            let disturbance = (flow_lpm - wanted_lpm).abs() / wanted_lpm;
            self.seen.flow_disturbance.most(disturbance, simulation.sample().time_s);
        }
    }

    /// What was seen, at the end of so many minutes.
    pub(super) fn finish(mut self, simulation: &mut Simulation<'_>, minutes: u32) -> Seen {
        let statistics = [0, 1].map(|set| simulation.link().statistics(set));
        let sum = |of: fn(&levitas_world::CanStatistics) -> u64| {
            Figure::of(statistics.iter().map(|one| of(one) as f64).sum())
        };
        self.seen.frames = sum(|one| one.sent);
        self.seen.frames_lost = sum(|one| one.missed);
        self.seen.loss = Figure::of(self.seen.frames_lost.value / sum(|one| one.received + one.missed).value);
        self.seen.outages_missed = Figure::of(f64::from(minutes.saturating_sub(self.told)));
        self.seen.simulated_s = Figure::of(simulation.sample().time_s);
        let end_s = simulation.sample().time_s;
        let disturbed_s: f64 =
            self.disturbed_s.iter().map(|range| range.end.min(end_s) - range.start.min(end_s)).sum();
        self.seen.quiet_s = Figure::of(end_s - disturbed_s);
        for event in simulation.log().events() {
            match event.kind.as_str() {
                "command_refused" => self.seen.refusals.count(event.time_s),
                "alarm_shown" if !self.disturbed_s.iter().any(|range| range.contains(&event.time_s)) => {
                    self.seen.quiet_alarms.count(event.time_s);
                }
                _ => {}
            }
        }
        self.seen
    }
}

/// The gates when one set alone is open.
pub(super) fn only(set: usize) -> [bool; 2] {
    [set == 0, set == 1]
}

/// Both units are in the roles that they have when nothing happens: this one drives, the other one stands ready.
pub(super) fn in_their_roles(simulation: &Simulation<'_>, driver: usize) -> bool {
    let state = |set| simulation.said(set).map(|mail| PeerReport::from_bits(mail.report).state);
    simulation.sample().gate_open == only(driver)
        && (state(driver), state(1 - driver)) == (Some(UnitCode::Active), Some(UnitCode::Ready))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    #[test]
    fn disturbances_that_overlap_are_one() {
        let mut watch = Watch::default();
        for (time_s, duration_s) in [(1.0, 30.0), (2.0, 0.5), (40.0, 0.0), (60.0, 1.0)] {
            watch.disturb(time_s, duration_s);
        }
        assert_eq!(watch.disturbed_s, [1.0..40.0 + DISTURBED_S, 60.0..61.0 + DISTURBED_S]);
    }

    #[test]
    fn bubbles_and_alarms_that_there_are_would_be_counted() {
        let scenario = load("5h_air_in_return", &[]).unwrap();
        let air_s = scenario.events.iter().find(|event| event.name == "circuit").unwrap().at_s;
        let mut simulation = Simulation::new(&scenario).unwrap();
        let mut watch = Watch::default();
        while simulation.sample().time_s < air_s + 1.0 {
            simulation.step();
            watch.step(&mut simulation);
        }
        let undisturbed = watch.clone().finish(&mut simulation, 0);
        watch.disturb(air_s, 1.0);
        let seen = watch.finish(&mut simulation, 0);
        // Those of a unit that is alone come before.
        assert!(undisturbed.quiet_alarms.value > seen.quiet_alarms.value, "{undisturbed:?} {seen:?}");
        assert_eq!(seen.quiet_s.value, air_s);
        assert!(seen.bubbles.value >= 1.0 && seen.bubbles.at_s.is_some_and(|at_s| at_s > air_s), "{seen:?}");
        assert!(seen.bubble_periods.value > 100.0);
    }
}
