// SPDX-License-Identifier: Apache-2.0
//! One run, or one search for the largest level that the rotor survives: a built-in scenario with settings.
//!
//! # Model
//! Everything is a scenario of `tests/scenarios`, so that every figure can be replayed with `levitas run`. A search
//! halves the interval between a level that was survived and one that was not, on a grid: it takes for granted that
//! what is survived at a level is survived below it.
//!
//! *Survived* means: no touchdown, and the rim stays within the axial clearance.

use std::collections::BTreeMap;

use super::commissioned;
use super::design::Corner;
use crate::input::Checked;
use crate::scenario::{Scenario, Setting, load};
use crate::simulation::run;

/// What is done at every corner, and how.
#[derive(Clone, Copy, Debug)]
pub struct Experiment {
    /// Built-in scenario.
    pub scenario: &'static str,
    /// Speeds that its event 2 takes [rpm]; empty when it sets none.
    pub speeds_rpm: &'static [u32],
    /// What is searched for, if anything.
    pub search: Option<Search>,
}

/// A search for the largest level that is survived.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// Key of the level, of event 3.
    pub key: &'static str,
    /// Factor from the level as it is told to the unit of the key.
    pub scale: f64,
    /// Step of the grid.
    pub step: f64,
    /// Largest level, in steps.
    pub steps_max: u32,
}

/// One point of the plan.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Index of the experiment.
    pub experiment: usize,
    /// The plant.
    pub corner: Corner,
    /// The speed [rpm]; `None` where the scenario sets none.
    pub speed_rpm: Option<u32>,
}

/// What a point gave.
#[derive(Clone, Debug)]
pub struct Row {
    /// The point.
    pub point: Point,
    /// Metrics of the run, or of the last survived one of a search.
    pub metrics: BTreeMap<&'static str, f64>,
    /// Largest survived level of a search; 0 when none was.
    pub level: Option<f64>,
    /// Length of the 1x orbit that is free of current [um].
    pub free_orbit_um: f64,
    /// Command that replays it.
    pub replay: String,
    /// Runs that it took.
    pub runs: u32,
    /// Simulated time that it took [s].
    pub simulated_s: f64,
}

/// Radius of the 1x orbit of a rotor that turns about its own centre of mass and on its negative stiffness [um]:
/// e m W^2 / ((m + m_film) W^2 + k_x), with m_film = pi rho R L^3 / (12 C).
#[must_use]
pub fn free_orbit_um(scenario: &Scenario, speed_rpm: f64) -> f64 {
    let (rotor, fluid) = (&scenario.plant.rotor, &scenario.plant.rotor_fluid);
    let film_kg = std::f64::consts::PI * fluid.density_kg_per_m3 * fluid.radius_m * fluid.length_m.powi(3)
        / (12.0 * rotor.clearance_m);
    let square = (speed_rpm * levitas_world::units::RAD_PER_S_PER_RPM).powi(2);
    let force = rotor.eccentricity_m * rotor.mass_kg * square;
    force / ((rotor.mass_kg + film_kg) * square + rotor.k_x_n_per_m) * 1e6
}

/// The command line that runs a scenario with settings.
#[must_use]
pub fn replay(scenario: &str, settings: &[String]) -> String {
    let mut line = format!("levitas run {scenario}");
    for setting in settings {
        line.push_str(&format!(" --set {setting}"));
    }
    line
}

/// A built-in scenario with settings.
///
/// # Errors
/// A setting is refused.
pub fn scenario_with(name: &str, settings: &[String]) -> Checked<Scenario> {
    let settings = settings.iter().map(|text| Setting::parse(text)).collect::<Checked<Vec<_>>>()?;
    load(name, &settings)
}

impl Experiment {
    /// Carries out a point.
    ///
    /// # Errors
    /// A setting is refused.
    pub fn carry_out(&self, point: Point) -> Checked<Row> {
        let mut settings = point.corner.settings();
        if point.corner.commissioned {
            let told = commissioned::settings(&scenario_with(self.scenario, &settings)?);
            settings.extend(told);
        }
        settings.extend(point.speed_rpm.map(|speed_rpm| format!("event.2.value={speed_rpm}")));
        match &self.search {
            None => self.row(point, &settings),
            Some(search) => self.find(point, &settings, search),
        }
    }

    fn row(&self, point: Point, settings: &[String]) -> Checked<Row> {
        let scenario = scenario_with(self.scenario, settings)?;
        let metrics = run(&scenario, &mut |_| {})?.metrics.numbers;
        let speed_rpm = metrics.get("pump.speed_rpm").copied().unwrap_or(0.0);
        Ok(Row {
            point,
            level: None,
            free_orbit_um: free_orbit_um(&scenario, speed_rpm),
            replay: replay(self.scenario, settings),
            runs: 1,
            simulated_s: scenario.duration_s,
            metrics,
        })
    }

    /// The largest level on the grid that is survived, by halving.
    fn find(&self, point: Point, settings: &[String], search: &Search) -> Checked<Row> {
        let at = |steps: u32| -> Checked<(Row, bool)> {
            let level = f64::from(steps) * search.step * search.scale;
            let mut all = settings.to_vec();
            all.push(format!("event.3.{}={}", search.key, crate::metrics::rounded(level, 9)));
            let clearance_um = scenario_with(self.scenario, &all)?.plant.rotor.axial_clearance_m * 1e6;
            let row = self.row(point, &all)?;
            let held = survived(&row, clearance_um);
            Ok((row, held))
        };
        let (mut survived, mut lost) = (0, search.steps_max + 1);
        let (mut runs, mut simulated_s) = (0, 0.0);
        let mut best = None;
        while lost - survived > 1 {
            let middle = u32::midpoint(survived, lost);
            let (row, held) = at(middle)?;
            runs += row.runs;
            simulated_s += row.simulated_s;
            if held {
                survived = middle;
                best = Some(row);
            } else {
                lost = middle;
            }
        }
        let row = match best {
            Some(row) => row,
            None => at(1)?.0,
        };
        Ok(Row { level: Some(f64::from(survived) * search.step), runs, simulated_s, ..row })
    }
}

fn survived(row: &Row, axial_clearance_um: f64) -> bool {
    let get = |name| row.metrics.get(name).copied();
    get("levitation.touchdowns") == Some(0.0)
        && get("levitation.axial_peak_um").is_some_and(|peak_um| peak_um < axial_clearance_um)
}
