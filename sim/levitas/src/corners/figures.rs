// SPDX-License-Identifier: Apache-2.0
//! What is run at the corners and which figures come of it: the table of ARCHITECTURE section 8, row by row.

use super::experiment::{Experiment, Row, Search};

/// Positions in [`EXPERIMENTS`].
const IDLE: usize = 0;
const FASTEST: usize = 1;
const STEP: usize = 2;
const SHOCK: usize = 3;
const OUTAGE_1_N: usize = 4;
const OUTAGE_3_N: usize = 5;
const RADIAL: usize = 6;
const AXIAL: usize = 7;
const TILT: usize = 8;

/// Speeds of the short version, and of what does not depend on the speed much [rpm].
const FEW_SPEEDS: &[u32] = &[1000, 3000, 5500];
/// An outage, on a grid of a quarter of a millisecond.
const OUTAGE: Option<Search> = Some(Search { key: "duration_s", scale: 1e-3, step: 0.25, steps_max: 31 });

/// Everything that is run.
pub const EXPERIMENTS: [Experiment; 9] = [
    Experiment { scenario: "2a_idle", speeds_rpm: &[], search: None },
    Experiment { scenario: "2e_fastest_lift_off", speeds_rpm: &[], search: None },
    Experiment { scenario: "2b_force_step", speeds_rpm: &[0, 3000, 5500], search: None },
    Experiment {
        scenario: "2c_shock_30_g",
        speeds_rpm: &[0, 1000, 2000, 2700, 3000, 4000, 5000, 5500],
        search: None,
    },
    Experiment { scenario: "2f_outage_1_n", speeds_rpm: FEW_SPEEDS, search: OUTAGE },
    Experiment { scenario: "2g_outage_3_n", speeds_rpm: FEW_SPEEDS, search: OUTAGE },
    Experiment {
        scenario: "2c_shock_30_g",
        speeds_rpm: &[0, 3000, 5500],
        search: Some(Search { key: "g", scale: 1.0, step: 5.0, steps_max: 63 }),
    },
    Experiment {
        scenario: "2h_axial_shock",
        speeds_rpm: FEW_SPEEDS,
        search: Some(Search { key: "g", scale: 1.0, step: 0.1, steps_max: 127 }),
    },
    Experiment {
        scenario: "2i_tilt_shock",
        speeds_rpm: FEW_SPEEDS,
        search: Some(Search { key: "n_m", scale: 1e-3, step: 1.0, steps_max: 127 }),
    },
];

/// Which corners an experiment is run at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// All combinations of both ends.
    Extremes,
    /// One at a time, the fraction, the worst combination.
    Fraction,
    /// The nominal plant: what is passive has no tolerance here.
    Nominal,
}

impl Experiment {
    /// Its design.
    #[must_use]
    pub fn design(index: usize) -> Design {
        match index {
            IDLE | FASTEST => Design::Extremes,
            RADIAL | AXIAL | TILT => Design::Nominal,
            _ => Design::Fraction,
        }
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// For people.
    pub name: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Decimals that are shown.
    pub decimals: usize,
    /// Bound that must hold, and the one beyond it.
    pub bounds: [Option<f64>; 2],
    /// Large values are good ones.
    pub larger_is_better: bool,
    /// Experiment that gives it.
    pub experiment: usize,
    /// Smallest speed at which it says something [rpm].
    pub speed_rpm_min: u32,
    /// Its value in a row.
    pub value: fn(&Row) -> Option<f64>,
}

fn metric(row: &Row, name: &str, scale: f64) -> Option<f64> {
    row.metrics.get(name).map(|value| value * scale)
}

const fn figure(
    name: &'static str,
    unit: &'static str,
    decimals: usize,
    bounds: [Option<f64>; 2],
    experiment: usize,
    value: fn(&Row) -> Option<f64>,
) -> Figure {
    let larger_is_better = EXPERIMENTS[experiment].search.is_some();
    Figure { name, unit, decimals, bounds, larger_is_better, experiment, speed_rpm_min: 0, value }
}

const fn turning(figure: Figure) -> Figure {
    Figure { speed_rpm_min: 1000, ..figure }
}

/// All lines, in the order of the table.
#[rustfmt::skip]
pub const FIGURES: [Figure; 15] = [
    figure("lift-off, S-curve", "ms", 1, [Some(40.0), None], IDLE, |row| metric(row, "levitation.liftoff_s", 1e3)),
    figure("lift-off, fastest", "ms", 1, [Some(7.0), Some(4.0)], FASTEST, |row| metric(row, "levitation.liftoff_s", 1e3)),
    figure("overshoot of the fastest lift-off", "um", 1, [Some(50.0), None], FASTEST, |row| metric(row, "levitation.overshoot_um", 1.0)),
    figure("idle: displacement, rms per axis", "um", 2, [Some(0.5), None], IDLE, |row| metric(row, "levitation.rms_um", 1.0)),
    figure("idle: AC current, rms per axis", "A", 3, [Some(0.16), None], IDLE, |row| metric(row, "levitation.current_rms_a", 1.0)),
    figure("20 N step, peak", "um", 1, [Some(65.0), Some(45.0)], STEP, |row| metric(row, "levitation.peak_um", 1.0)),
    figure("30 g radial shock of 11 ms, peak", "um", 1, [Some(60.0), Some(45.0)], SHOCK, |row| metric(row, "levitation.peak_um", 1.0)),
    turning(figure("1x current, 1000 to 5500 rpm", "mA", 2, [Some(2.0), Some(1.0)], SHOCK, |row| metric(row, "levitation.sync_current_a", 1e3))),
    turning(figure("1x orbit, off the current-free one", "%", 1, [Some(5.0), Some(1.0)], SHOCK, orbit_error_pct)),
    turning(figure("2x current", "mA", 2, [Some(25.0), Some(10.0)], SHOCK, |row| metric(row, "levitation.second_harmonic_current_a", 1e3))),
    figure("control outage survived, 1 N static", "ms", 2, [Some(5.0), Some(6.0)], OUTAGE_1_N, |row| row.level),
    figure("control outage survived, 3 N static", "ms", 2, [Some(4.0), None], OUTAGE_3_N, |row| row.level),
    figure("radial shock of 11 ms survived, rim included", "g", 0, [None, None], RADIAL, |row| row.level),
    figure("axial shock of 11 ms survived (passive axis)", "g", 1, [None, None], AXIAL, |row| row.level),
    figure("tilt shock of 11 ms survived (passive axes)", "mN.m", 0, [None, None], TILT, |row| row.level),
];

/// Distance of the 1x orbit from the one that is free of current [%].
fn orbit_error_pct(row: &Row) -> Option<f64> {
    let orbit_um = row.metrics.get("levitation.orbit_1x_um")?;
    Some((orbit_um / row.free_orbit_um - 1.0).abs() * 100.0)
}

impl Figure {
    /// Its value at a row; `None` where it says nothing, the worst there is where the run has no such metric.
    #[must_use]
    pub fn of(&self, row: &Row) -> Option<f64> {
        let says = row.point.experiment == self.experiment
            && row.point.speed_rpm.is_none_or(|speed_rpm| speed_rpm >= self.speed_rpm_min);
        says.then(|| (self.value)(row).filter(|value| value.is_finite()).unwrap_or(self.lost()))
    }

    /// The value of a rotor that was lost.
    #[must_use]
    pub fn lost(&self) -> f64 {
        if self.larger_is_better { 0.0 } else { f64::INFINITY }
    }

    /// True when `a` is worse than `b`.
    #[must_use]
    pub fn is_worse(&self, a: f64, b: f64) -> bool {
        if self.larger_is_better { a < b } else { a > b }
    }

    /// True when the bound holds.
    #[must_use]
    pub fn holds(&self, value: f64, bound: f64) -> bool {
        if self.larger_is_better { value >= bound } else { value <= bound }
    }

    /// `beyond`, `met` or `not met`; `-` without a bound.
    #[must_use]
    pub fn verdict(&self, value: f64) -> &'static str {
        match self.bounds {
            [_, Some(beyond)] if self.holds(value, beyond) => "beyond",
            [Some(must), _] if self.holds(value, must) => "met",
            [Some(_), _] => "not met",
            _ => "-",
        }
    }

    /// A value for people.
    #[must_use]
    pub fn shown(&self, value: f64) -> String {
        if value.is_finite() { format!("{value:.*}", self.decimals) } else { "lost".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_go_the_right_way() {
        let [step, outage, axial] = [5, 10, 13].map(|index| &FIGURES[index]);
        assert_eq!(
            [44.0, 45.1, 65.1, f64::INFINITY].map(|v| step.verdict(v)),
            ["beyond", "met", "not met", "not met"]
        );
        assert_eq!([6.0, 5.0, 4.9].map(|v| outage.verdict(v)), ["beyond", "met", "not met"]);
        assert_eq!(
            (axial.verdict(1.0), outage.is_worse(1.0, 2.0), step.is_worse(1.0, 2.0)),
            ("-", true, false)
        );
        assert_eq!(
            (step.shown(step.lost()), outage.shown(outage.lost())),
            ("lost".to_owned(), "0.00".to_owned())
        );
    }

    #[test]
    fn every_scenario_of_an_experiment_has_its_keys() {
        for experiment in EXPERIMENTS {
            let mut settings: Vec<String> =
                experiment.speeds_rpm.first().map(|rpm| format!("event.2.value={rpm}")).into_iter().collect();
            settings.extend(experiment.search.map(|s| format!("event.3.{}={}", s.key, s.step * s.scale)));
            super::super::experiment::scenario_with(experiment.scenario, &settings).unwrap();
        }
    }
}
