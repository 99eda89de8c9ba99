// SPDX-License-Identifier: Apache-2.0
//! `levitas corners`: the figures of the drive at the corners of its tolerances, and every fault at every speed.
//!
//! # Model
//! The plan is made of points, each a built-in scenario with settings ([`design`], [`figures`]); all points run on a
//! few threads ([`pool`]); then the worst combinations follow from what was worse alone, and run too; then the faults
//! ([`fault_rows`]). The controllers have the fixed gains of the nominal plant; all runs that are no search are made
//! once more with a controller that knows its plant ([`commissioned`]).
//!
//! # Timing
//! The result does not depend on the number of threads, except for the simulator's own speed, which is measured last and
//! alone.

pub mod commissioned;
pub mod design;
pub mod document;
pub mod experiment;
pub mod fault_rows;
pub mod figures;
pub(crate) mod pool;
pub mod table;

use std::sync::atomic::{AtomicUsize, Ordering};

use design::{Corner, Levels, extremes, fraction, one_at_a_time, wide};
use experiment::{Experiment, Point, Row, scenario_with};
use fault_rows::FaultRow;
use figures::{Design, EXPERIMENTS, FIGURES, Figure};

use crate::input::Checked;
use crate::simulation::run;

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// A part of the plan, for continuous integration.
    pub short: bool,
    /// Threads.
    pub jobs: usize,
}

/// Seeds of each fault at each speed, in the whole plan and in the short one.
const FAULT_SEEDS: [u64; 2] = [20, 2];
/// Runs of which the fastest counts.
const REALTIME_RUNS: u32 = 3;
/// Scenario whose speed is measured, with both units in the loop.
const REALTIME_SCENARIO: &str = "1a_levitation";

/// Everything that was found.
#[derive(Clone, Debug)]
pub struct Corners {
    /// Rows of the plan and of the worst combinations.
    pub rows: Vec<Row>,
    /// Rows of the faults.
    pub faults: Vec<FaultRow>,
    /// Simulated time over wall-clock time, both units and the world on one core; the best of a few.
    pub realtime_factor: f64,
    /// It was the short plan.
    pub short: bool,
}

/// A figure with what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// The figure.
    pub figure: &'a Figure,
    /// Worst of the nominal plant over all speeds.
    pub nominal: Option<(f64, &'a Row)>,
    /// Worst of all corners with the clearance of 0.5 mm and the fixed gains.
    pub worst: Option<(f64, &'a Row)>,
    /// Worst of the corners after an exact commissioning, the nominal plant included; `None` for a search.
    pub commissioned: Option<(f64, &'a Row)>,
    /// Worst of the head with 1.5 mm.
    pub wide: Option<(f64, &'a Row)>,
}

fn corners_of(experiment: usize, short: bool) -> Vec<Corner> {
    let corners = match (Experiment::design(experiment), short) {
        (Design::Nominal, _) => return vec![Corner::NOMINAL],
        (Design::Extremes, false) => [vec![Corner::NOMINAL], extremes(), wide()],
        (Design::Extremes, true) => [vec![Corner::NOMINAL], fraction(), wide()],
        (Design::Fraction, false) => [one_at_a_time(), fraction(), wide()],
        (Design::Fraction, true) => [one_at_a_time().into_iter().take(3).collect(), Vec::new(), wide()],
    };
    let mut corners = corners.concat();
    if EXPERIMENTS[experiment].search.is_none() {
        // The nominal plant is known already.
        let off = corners.iter().filter(|corner| !corner.is_nominal() && !corner.wide);
        let known: Vec<Corner> = off.copied().map(Corner::known).collect();
        corners.extend(known);
    }
    corners
}

/// The points of the plan.
#[must_use]
pub fn plan(short: bool) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, experiment) in EXPERIMENTS.iter().enumerate() {
        let speeds: Vec<Option<u32>> = match experiment.speeds_rpm {
            [] => vec![None],
            speeds if short => speeds.iter().skip(speeds.len() / 2).step_by(2).copied().map(Some).collect(),
            speeds => speeds.iter().copied().map(Some).collect(),
        };
        for corner in corners_of(index, short) {
            points.extend(speeds.iter().map(|speed_rpm| Point {
                experiment: index,
                corner,
                speed_rpm: *speed_rpm,
            }));
        }
    }
    points
}

/// The worst combinations: for each figure and speed every factor at the side that alone was the worse one; with the
/// fixed gains and after commissioning.
fn worst_combinations(rows: &[Row]) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::new();
    for figure in FIGURES.iter().filter(|figure| Experiment::design(figure.experiment) == Design::Fraction) {
        let mine: Vec<&Row> = rows.iter().filter(|row| row.point.experiment == figure.experiment).collect();
        let mut cases: Vec<(Option<u32>, bool)> =
            mine.iter().map(|row| (row.point.speed_rpm, row.point.corner.commissioned)).collect();
        cases.sort_unstable();
        cases.dedup();
        for (speed_rpm, commissioned) in cases {
            let levels = worse_sides(figure, &mine, speed_rpm, commissioned);
            let corner = Corner { levels, wide: false, commissioned };
            let point = Point { experiment: figure.experiment, corner, speed_rpm };
            let known = |other: &Point| {
                other.experiment == point.experiment
                    && other.corner == point.corner
                    && other.speed_rpm == speed_rpm
            };
            if !points.iter().any(known) && !mine.iter().any(|row| known(&row.point)) {
                points.push(point);
            }
        }
    }
    points
}

/// Every factor at the side that alone was the worse one; nominal where that was not run.
fn worse_sides(figure: &Figure, rows: &[&Row], speed_rpm: Option<u32>, commissioned: bool) -> Levels {
    let alone = |factor: usize, level: i8| {
        let row = rows.iter().find(|row| {
            let corner = &row.point.corner;
            row.point.speed_rpm == speed_rpm
                && corner.commissioned == commissioned
                && corner.single() == Some((factor, level))
        })?;
        figure.of(row)
    };
    std::array::from_fn(|factor| match (alone(factor, -1), alone(factor, 1)) {
        (Some(low), Some(high)) if figure.is_worse(low, high) => -1,
        (Some(_), Some(_)) => 1,
        _ => 0,
    })
}

/// Runs the plan. `progress` hears of the finished tasks and of how many there are.
///
/// # Errors
/// A built-in scenario or a setting of the plan is refused.
pub fn corners(extent: Extent, progress: &(dyn Fn(usize, usize) + Sync)) -> Checked<Corners> {
    let points = plan(extent.short);
    let faults = fault_rows::plan(FAULT_SEEDS[usize::from(extent.short)])?;
    let finished = AtomicUsize::new(0);
    let total = AtomicUsize::new(points.len() + faults.len());
    let done = || progress(finished.fetch_add(1, Ordering::Relaxed) + 1, total.load(Ordering::Relaxed));
    let work = |point: &Point| EXPERIMENTS[point.experiment].carry_out(*point);
    let mut rows = pool::carry_out(&points, extent.jobs, &work, &done)?;
    let combinations = worst_combinations(&rows);
    total.fetch_add(combinations.len(), Ordering::Relaxed);
    rows.extend(pool::carry_out(&combinations, extent.jobs, &work, &done)?);
    let faults = pool::carry_out(&faults, extent.jobs, &fault_rows::carry_out, &done)?;
    Ok(Corners { rows, faults, realtime_factor: realtime_factor()?, short: extent.short })
}

/// Simulated time over wall-clock time with both units, the best of a few runs.
fn realtime_factor() -> Checked<f64> {
    let scenario = scenario_with(REALTIME_SCENARIO, &["units=both".to_owned()])?;
    let mut best = 0.0_f64;
    for _ in 0..REALTIME_RUNS {
        let outcome = run(&scenario, &mut |_| {})?;
        best = best.max(scenario.duration_s / outcome.wall_s.max(1e-9));
    }
    Ok(best)
}

impl Corners {
    /// The figures, in the order of the table.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding<'_>> {
        FIGURES.iter().map(|figure| self.finding(figure)).collect()
    }

    fn finding<'a>(&'a self, figure: &'a Figure) -> Finding<'a> {
        let worst = |belongs: &dyn Fn(&Corner) -> bool| {
            let values = self.rows.iter().filter(|row| belongs(&row.point.corner));
            values.filter_map(|row| Some((figure.of(row)?, row))).fold(
                None,
                |worst: Option<(f64, &Row)>, next| match worst {
                    Some(worst) if !figure.is_worse(next.0, worst.0) => Some(worst),
                    _ => Some(next),
                },
            )
        };
        let searched = EXPERIMENTS[figure.experiment].search.is_some();
        let commissioned = || worst(&|corner| corner.commissioned || corner.is_nominal());
        Finding {
            figure,
            nominal: worst(&Corner::is_nominal),
            worst: worst(&|corner| !corner.wide && !corner.commissioned),
            commissioned: if searched { None } else { commissioned() },
            wide: worst(&|corner| corner.wide),
        }
    }

    /// Rows that are no search and in which the rotor touched, or never flew.
    #[must_use]
    pub fn touched(&self) -> Vec<&Row> {
        let touched = |row: &&Row| {
            row.level.is_none() && row.metrics.get("levitation.touchdowns").copied() != Some(0.0)
        };
        self.rows.iter().filter(touched).collect()
    }

    /// Number of runs, and the simulated time in all [s].
    #[must_use]
    pub fn effort(&self) -> (u32, f64) {
        let runs: u32 = self.rows.iter().map(|row| row.runs).sum();
        let simulated_s: f64 = self.rows.iter().map(|row| row.simulated_s).sum();
        let faults_s: f64 = self.faults.iter().map(|row| row.simulated_s).sum();
        (runs + self.faults.len() as u32, simulated_s + faults_s)
    }

    /// What must hold and does not, one line each, with the command that shows it: the nominal plant, no touchdown
    /// anywhere, every fault. A corner that misses a bound stands in the table.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for finding in self.findings() {
            let figure = finding.figure;
            let Some((value, row)) = finding.nominal else { continue };
            if figure.verdict(value) == "not met" {
                let bound = figure.bounds[0].unwrap_or_default();
                let (shown, unit) = (figure.shown(value), figure.unit);
                lines.push(format!(
                    "{} = {shown} {unit}, must be {bound} {unit}; {}",
                    figure.name, row.replay
                ));
            }
        }
        lines.extend(self.touched().iter().map(|row| format!("the rotor touched; {}", row.replay)));
        for summary in fault_rows::summaries(&self.faults).iter().filter(|summary| !summary.held()) {
            let row = if summary.touchdowns > 0 { summary.furthest } else { summary.slowest };
            lines.push(format!(
                "{}: {} of {} runs touched, {} alarms late; {}",
                summary.scenario, summary.touchdowns, summary.runs, summary.late, row.replay
            ));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_plan_is_part_of_a_plan_of_the_stated_size() {
        assert!(plan(true).len() < plan(false).len() / 5);
        assert!((1400..2000).contains(&plan(false).len()), "{}", plan(false).len());
    }

    #[test]
    fn the_worst_combination_takes_every_factor_at_its_worse_side() {
        let row = |corner: Corner, peak_um: f64| Row {
            point: Point { experiment: 2, corner, speed_rpm: Some(0) },
            metrics: [("levitation.peak_um", peak_um)].into(),
            level: None,
            free_orbit_um: 1.0,
            replay: String::new(),
            runs: 1,
            simulated_s: 1.0,
        };
        // Everything is worse at its high end, k_i (the second factor) at its low one.
        let peak_um =
            |(factor, level): (usize, i8)| 60.0 + f64::from(level) * if factor == 1 { -5.0 } else { 5.0 };
        let rows: Vec<Row> = one_at_a_time()
            .into_iter()
            .map(|corner| row(corner, corner.single().map_or(60.0, peak_um)))
            .collect();
        let points = worst_combinations(&rows);
        assert_eq!(points.len(), 1);
        assert_eq!(points[0].corner, Corner { levels: [1, -1, 1, 1, 1, 1, 1, 1], ..Corner::NOMINAL });
        let corners = Corners { rows, faults: Vec::new(), realtime_factor: 1.0, short: true };
        let finding = corners.findings()[5];
        assert_eq!((finding.nominal.unwrap().0, finding.worst.unwrap().0), (60.0, 65.0));
        assert!(finding.wide.is_none());
        assert_eq!(finding.commissioned.unwrap().0, 60.0, "of the nominal plant alone");
        assert_eq!(corners.touched().len(), 17, "without the metric the rotor never flew");
    }
}
