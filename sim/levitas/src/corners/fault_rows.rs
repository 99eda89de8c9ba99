// SPDX-License-Identifier: Apache-2.0
//! Every fault of the host at three speeds and many seeds: does the rotor touch, is the alarm in time.
//!
//! # Model
//! The built-in scenarios whose third event is a fault, none that expects a touchdown. The seed chooses the part that
//! breaks (which Hall, which rail, which phase), so that a few seeds have been at each, and draws noise and angle.

use super::experiment::{replay, scenario_with};
use crate::catalogue::SCENARIOS;
use crate::fault_catalogue::{FAULTS, FaultSpec};
use crate::input::Checked;
use crate::key_spec::Allowed;
use crate::metrics::ALARM_LATENCY;
use crate::scenario::{EventAction, InjectedFault};
use crate::simulation::run;

/// Speeds at which every fault is tried [rpm].
pub const SPEEDS_RPM: [u32; 3] = [1000, 3000, 5500];
/// First letter of the scenarios about faults.
const THEME: char = '3';

/// One run of the plan.
#[derive(Clone, Copy, Debug)]
pub struct FaultPoint {
    /// Built-in scenario.
    pub scenario: &'static str,
    /// Its fault in the catalogue.
    pub spec: &'static str,
    /// Pump speed [rpm].
    pub speed_rpm: u32,
    /// Seed.
    pub seed: u64,
}

/// What it gave.
#[derive(Clone, Debug)]
pub struct FaultRow {
    /// The point.
    pub point: FaultPoint,
    /// The rotor touched.
    pub touched: bool,
    /// Largest radius of the rotor after the fault, less the orbit [um].
    pub peak_um: f64,
    /// Time to the alarm; infinite when it did not come [s].
    pub latency_s: f64,
    /// It came in the time that it had, or none was due.
    pub in_time: bool,
    /// Command that replays it.
    pub replay: String,
    /// Simulated time [s].
    pub simulated_s: f64,
}

fn fault_of(scenario: &crate::scenario::Scenario) -> Option<InjectedFault> {
    match scenario.events.get(2).map(|event| &event.action) {
        Some(EventAction::Fault(injected)) if injected.set == 0 => Some(*injected),
        _ => None,
    }
}

/// All points: faults, speeds, so many seeds.
///
/// # Errors
/// A built-in scenario is refused.
pub fn plan(seeds: u64) -> Checked<Vec<FaultPoint>> {
    let mut points = Vec::new();
    for file in SCENARIOS.iter().filter(|file| file.name.starts_with(THEME)) {
        let scenario = scenario_with(file.name, &[])?;
        let Some(injected) = fault_of(&scenario).filter(|_| !scenario.expects_touchdown()) else { continue };
        for speed_rpm in SPEEDS_RPM {
            points.extend((0..seeds).map(|seed| FaultPoint {
                scenario: file.name,
                spec: injected.name,
                speed_rpm,
                seed,
            }));
        }
    }
    Ok(points)
}

/// The part that breaks, as settings: the seed counts through all combinations of the fault's names.
fn parts(spec: &FaultSpec, seed: u64) -> Vec<String> {
    let mut rest = seed as usize;
    let mut settings = Vec::new();
    for key in spec.keys {
        if let Allowed::Names(names) = key.allowed {
            settings.push(format!("event.3.{}={}", key.name, names[rest % names.len()]));
            rest /= names.len();
        }
    }
    settings
}

/// Carries out a point.
///
/// # Errors
/// A setting is refused.
pub fn carry_out(point: &FaultPoint) -> Checked<FaultRow> {
    let spec = FAULTS.iter().find(|spec| spec.name == point.spec);
    let mut settings = vec![format!("seed={}", point.seed), format!("event.2.value={}", point.speed_rpm)];
    settings.extend(spec.map(|spec| parts(spec, point.seed)).unwrap_or_default());
    let scenario = scenario_with(point.scenario, &settings)?;
    let metrics = run(&scenario, &mut |_| {})?.metrics;
    let alarm = spec.map_or("", |spec| spec.alarm);
    let latency = format!("{}{alarm}{}", ALARM_LATENCY.0, ALARM_LATENCY.1);
    Ok(FaultRow {
        point: *point,
        touched: metrics.get("levitation.touchdowns") != Some(0.0),
        peak_um: metrics.get("levitation.peak_um").unwrap_or(f64::INFINITY),
        latency_s: metrics.get(&latency).unwrap_or(f64::INFINITY),
        in_time: metrics.invariants_broken.iter().all(|name| name != "alarm_in_time"),
        replay: replay(point.scenario, &settings),
        simulated_s: scenario.duration_s,
    })
}

impl FaultRow {
    /// The latency for comparing: an alarm that was not due counts least, one that was late most.
    fn slowness_s(&self) -> f64 {
        match (self.in_time, self.latency_s.is_finite()) {
            (false, false) => f64::INFINITY,
            (true, false) => -1.0,
            _ => self.latency_s,
        }
    }
}

/// Rows of one scenario, summed up.
#[derive(Clone, Debug)]
pub struct FaultSummary<'a> {
    /// Built-in scenario.
    pub scenario: &'static str,
    /// Name of the alarm.
    pub alarm: &'static str,
    /// Number of runs.
    pub runs: usize,
    /// Runs in which the rotor touched.
    pub touchdowns: usize,
    /// Runs in which the alarm was late or did not come.
    pub late: usize,
    /// The bound of the alarm.
    pub within: String,
    /// The row with the longest latency.
    pub slowest: &'a FaultRow,
    /// The row that moved the rotor furthest.
    pub furthest: &'a FaultRow,
}

impl FaultSummary<'_> {
    /// No touchdown, and every alarm in time.
    #[must_use]
    pub fn held(&self) -> bool {
        self.touchdowns == 0 && self.late == 0
    }
}

/// One summary for each scenario, in the order of the rows.
#[must_use]
pub fn summaries(rows: &[FaultRow]) -> Vec<FaultSummary<'_>> {
    let mut names: Vec<&'static str> = rows.iter().map(|row| row.point.scenario).collect();
    names.dedup();
    let summary = |name: &'static str| {
        let mine: Vec<&FaultRow> = rows.iter().filter(|row| row.point.scenario == name).collect();
        let spec = FAULTS.iter().find(|spec| mine.first().is_some_and(|row| row.point.spec == spec.name));
        let most = |figure: fn(&FaultRow) -> f64| {
            mine.iter().copied().max_by(|a, b| figure(a).total_cmp(&figure(b)))
        };
        Some(FaultSummary {
            scenario: name,
            alarm: spec?.alarm,
            within: spec?.within_text(),
            runs: mine.len(),
            touchdowns: mine.iter().filter(|row| row.touched).count(),
            late: mine.iter().filter(|row| !row.in_time).count(),
            slowest: most(FaultRow::slowness_s)?,
            furthest: most(|row| if row.touched { f64::INFINITY } else { row.peak_um })?,
        })
    };
    names.into_iter().filter_map(summary).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_break_every_part() {
        let open = FAULTS.iter().find(|spec| spec.name == "hall_open").unwrap();
        let all: std::collections::BTreeSet<Vec<String>> = (0..8).map(|seed| parts(open, seed)).collect();
        assert_eq!(all.len(), 8);
        assert_eq!(parts(open, 6), ["event.3.element=y+", "event.3.rail=high"]);
        assert!(parts(FAULTS.iter().find(|spec| spec.name == "sample_loss").unwrap(), 3).is_empty());
    }
}
