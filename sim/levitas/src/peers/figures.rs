// SPDX-License-Identifier: Apache-2.0
//! The figures of the comparison, and how each is measured.
//!
//! | figure | measured |
//! |---|---|
//! | idle | at rest for 1 s: rms about the mean of true position and true coil current, larger axis |
//! | sensitivity | at rest: displacement injected at the summing point of x, 32 frequencies from 30 to 3000 Hz |
//! | worst corner | the same, 16 frequencies, over k_x 10, 25 N/mm, k_i, L, pickup -20, +20 % with R -20 %, sensor gain +5 % |
//! | step | at rest: 20 N for 0.2 s, worst of three directions, distance from where it was before |
//! | shock | half-sine of 30 g and 11 ms, worst of six directions, less the orbit before; and the largest radius itself |
//! | outage | at 4000 rpm: both bridges open, four times at any angle and 1.5 s apart, 0.25 ms longer each time until it touches; mean of 12 seeds, because what separates good laws is less than a step |
//! | 1x, 2x | harmonics of true position and true current over 6 s, larger axis; over 1.5 s the noise is worth 0.04 um at 1000 rpm |

use levitas_world::{Disturbance, ECMO_50, Truth};

use super::Contender;
use super::trial::Trial;
use crate::analysis::{ac_rms, harmonic_amplitude, whole_revolutions};
use crate::input::Checked;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Key in JSON.
    pub key: &'static str,
    /// Name with its unit.
    pub name: &'static str,
    /// Decimals that a person wants to see.
    pub decimals: usize,
    /// What is better.
    pub goal: Goal,
}

/// What is better in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Nothing: it is a limit that the laws were tuned to, and nobody is the best in it.
    Limit,
    /// Less.
    Less,
    /// More.
    More,
}

const fn limit(key: &'static str, name: &'static str, decimals: usize) -> Figure {
    Figure { key, name, decimals, goal: Goal::Limit }
}

const fn less(key: &'static str, name: &'static str, decimals: usize) -> Figure {
    Figure { key, name, decimals, goal: Goal::Less }
}

const fn more(key: &'static str, name: &'static str, decimals: usize) -> Figure {
    Figure { key, name, decimals, goal: Goal::More }
}

/// All rows.
#[rustfmt::skip]
pub const FIGURES: [Figure; 21] = [
    limit("idle_current_a", "idle current, A rms", 3),
    limit("idle_rms_um", "idle position, um rms", 2),
    limit("sensitivity_peak", "sensitivity peak", 2),
    limit("sensitivity_corner", "sensitivity peak, worst corner", 2),
    less("step_20n_um", "20 N step, um", 1),
    less("shock_1000_um", "30 g shock at 1000 rpm, um", 1),
    less("shock_2700_um", "30 g shock at 2700 rpm, um", 1),
    less("shock_5500_um", "30 g shock at 5500 rpm, um", 1),
    less("shock_radius_um", "largest radius in these shocks, um", 1),
    more("outage_1n_ms", "outage survived at 1 N, ms", 1),
    more("outage_3n_ms", "outage survived at 3 N, ms", 1),
    less("orbit_1000_um", "1x orbit at 1000 rpm, um", 1),
    less("orbit_4000_um", "1x orbit at 4000 rpm, um", 1),
    less("orbit_5500_um", "1x orbit at 5500 rpm, um", 1),
    less("current_1x_1000_ma", "1x current at 1000 rpm, mA", 0),
    less("current_1x_4000_ma", "1x current at 4000 rpm, mA", 0),
    less("current_1x_5500_ma", "1x current at 5500 rpm, mA", 0),
    less("current_2x_1000_ma", "2x current at 1000 rpm, mA", 0),
    less("current_2x_4000_ma", "2x current at 4000 rpm, mA", 0),
    less("current_2x_5500_ma", "2x current at 5500 rpm, mA", 0),
    less("touchdowns", "runs in which the rotor touched", 0),
];

/// A figure of a contender.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// It was measured.
    Number(f64),
    /// The rotor touched the wall.
    Touches,
}

/// Figures by key.
pub(super) type Measured = Vec<(&'static str, Value)>;

/// What is measured in one go, with one world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    /// Idle, sensitivity and step at rest.
    Rest,
    /// Sensitivity in a corner of the tolerance list, by its bits.
    Corner(u32),
    /// Shock, and orbit where it is asked for, at a speed [rpm].
    Turning { speed_rpm: f64, shock: Option<&'static str>, harmonics: Option<[&'static str; 3]> },
    /// Outage at a static force.
    Outage { key: &'static str, static_n: f64 },
}

const fn shock(speed_rpm: f64, shock: &'static str) -> Part {
    Part::Turning { speed_rpm, shock: Some(shock), harmonics: None }
}

const fn orbit(speed_rpm: f64, shock: Option<&'static str>, harmonics: [&'static str; 3]) -> Part {
    Part::Turning { speed_rpm, shock, harmonics: Some(harmonics) }
}

const ORBIT_1000: [&str; 3] = ["orbit_1000_um", "current_1x_1000_ma", "current_2x_1000_ma"];
const ORBIT_4000: [&str; 3] = ["orbit_4000_um", "current_1x_4000_ma", "current_2x_4000_ma"];
const ORBIT_5500: [&str; 3] = ["orbit_5500_um", "current_1x_5500_ma", "current_2x_5500_ma"];

/// Everything that is measured of a contender.
#[must_use]
pub(super) fn parts() -> Vec<Part> {
    let mut parts = vec![
        Part::Rest,
        orbit(1000.0, Some("shock_1000_um"), ORBIT_1000),
        shock(2700.0, "shock_2700_um"),
        orbit(4000.0, None, ORBIT_4000),
        orbit(5500.0, Some("shock_5500_um"), ORBIT_5500),
        Part::Outage { key: "outage_1n_ms", static_n: 1.0 },
        Part::Outage { key: "outage_3n_ms", static_n: 3.0 },
    ];
    parts.extend((0..CORNER_COUNT).map(Part::Corner));
    parts
}

const SEED: u64 = 1;
const OUTAGE_SEEDS: core::ops::RangeInclusive<u64> = 1..=12;
/// Bits: k_x, k_i, L, pickup.
const CORNER_COUNT: u32 = 16;
const UM_PER_M: f64 = 1e6;
const MA_PER_A: f64 = 1e3;
const MS_PER_S: f64 = 1e3;
/// Time over which the harmonics are measured [s].
const ORBIT_S: f64 = 6.0;
/// Directions of the steps and shocks [rad].
const STEP_RAD: [f64; 3] = [0.0, 0.8, 2.3];
const SHOCK_RAD: [f64; 6] = [0.3, 1.9, 3.1, 4.0, 4.8, 5.9];
/// Speed of the outage [rpm], its first length, how much longer each is than the one before, and the longest tried [s].
const OUTAGE_RPM: f64 = 4000.0;
const OUTAGE_S: [f64; 3] = [3e-3, 0.25e-3, 12e-3];
/// Outages of each length: the rotor is somewhere else on its orbit each time.
const OUTAGE_COUNT: u32 = 4;

impl Part {
    /// Whether one of these figures comes from it.
    pub(super) fn gives(&self, keys: &[&str]) -> bool {
        let any = |own: &[&str]| own.iter().any(|key| keys.contains(key));
        match self {
            Self::Rest => any(&["idle_current_a", "idle_rms_um", "sensitivity_peak", "step_20n_um"]),
            Self::Corner(_) => any(&["sensitivity_corner"]),
            Self::Turning { shock, harmonics, .. } => {
                shock.is_some_and(|key| any(&[key, "shock_radius_um"]))
                    || harmonics.is_some_and(|keys| any(&keys))
            }
            Self::Outage { key, .. } => any(&[key]),
        }
    }
}

/// Measures a part.
///
/// # Errors
/// The plant or the configuration is refused.
pub(super) fn measure(contender: Contender, part: Part) -> Checked<Measured> {
    match part {
        Part::Rest => at_rest(contender),
        Part::Corner(bits) => corner(contender, bits),
        Part::Turning { speed_rpm, shock, harmonics } => turning(contender, speed_rpm, shock, harmonics),
        Part::Outage { key, static_n } => outage(contender, key, static_n),
    }
}

fn or_touches(held: bool, number: f64) -> Value {
    if held { Value::Number(number) } else { Value::Touches }
}

/// The worst of several disturbances: radius less that before, and radius itself.
fn worst_um(trial: &mut Trial, disturbances: impl Iterator<Item = Disturbance>) -> Checked<[Value; 2]> {
    let mut worst_um = [0.0_f64; 2];
    for disturbance in disturbances {
        let Some([before_m, peak_m]) = trial.disturbed_m(disturbance)? else {
            return Ok([Value::Touches; 2]);
        };
        worst_um[0] = worst_um[0].max((peak_m - before_m) * UM_PER_M);
        worst_um[1] = worst_um[1].max(peak_m * UM_PER_M);
    }
    Ok(worst_um.map(Value::Number))
}

fn at_rest(contender: Contender) -> Checked<Measured> {
    let mut trial = Trial::new(contender, &ECMO_50, SEED)?;
    trial.run(0.3, |_| {});
    let mut watch = Watch::default();
    trial.run(1.0, |truth| watch.push(truth));
    let held = trial.is_held();
    let larger = |of: &[Vec<f64>; 2]| ac_rms(&of[0]).max(ac_rms(&of[1]));
    let mut measured = vec![
        ("idle_current_a", or_touches(held, larger(&watch.current_a))),
        ("idle_rms_um", or_touches(held, larger(&watch.position_m) * UM_PER_M)),
    ];
    let peak = trial.sensitivity_peak(32);
    measured.push(("sensitivity_peak", or_touches(trial.is_held(), peak)));
    let steps = STEP_RAD.map(|angle_rad| Disturbance::ForceStep { newton: 20.0, angle_rad, duration_s: 0.2 });
    trial.run(0.2, |_| {});
    let mut pushed = Value::Number(0.0);
    for step in steps {
        pushed = match (pushed, trial.pushed_m(step)?) {
            (Value::Number(worst_um), Some(pushed_m)) => Value::Number(worst_um.max(pushed_m * UM_PER_M)),
            _ => Value::Touches,
        };
    }
    measured.push(("step_20n_um", pushed));
    Ok(measured)
}

fn corner(contender: Contender, bits: u32) -> Checked<Measured> {
    let pick = |bit: u32, [low, high]: [f64; 2]| if bits >> bit & 1 == 0 { low } else { high };
    let mut plant = ECMO_50;
    plant.rotor.k_x_n_per_m = pick(0, [10e3, 25e3]);
    plant.bearing.k_i_n_per_a *= pick(1, [0.8, 1.2]);
    plant.bearing.motion_emf_v_s_per_m = plant.bearing.k_i_n_per_a;
    plant.bearing.inductance_h *= pick(2, [0.8, 1.2]);
    plant.sensor_displacement.coil_pickup_m_per_a *= pick(3, [0.8, 1.2]);
    plant.bearing.resistance_ohm *= 0.8;
    plant.sensor_displacement.v_per_m *= 1.05;
    let mut trial = Trial::new(contender, &plant, SEED)?;
    let peak = trial.sensitivity_peak(16);
    Ok(vec![("sensitivity_corner", or_touches(trial.is_held(), peak))])
}

fn turning(
    contender: Contender,
    speed_rpm: f64,
    shock: Option<&'static str>,
    harmonics: Option<[&'static str; 3]>,
) -> Checked<Measured> {
    let mut trial = Trial::at_speed(contender, speed_rpm, &ECMO_50, SEED)?;
    let mut measured = Measured::new();
    if let Some([orbit, first, second]) = harmonics {
        let mut watch = Watch::default();
        trial.run(ORBIT_S, |truth| watch.push(truth));
        let held = trial.is_held();
        measured.push((orbit, or_touches(held, watch.harmonic(&watch.position_m, 1.0) * UM_PER_M)));
        measured.push((first, or_touches(held, watch.harmonic(&watch.current_a, 1.0) * MA_PER_A)));
        measured.push((second, or_touches(held, watch.harmonic(&watch.current_a, 2.0) * MA_PER_A)));
    }
    if let Some(key) = shock {
        let shocks = SHOCK_RAD.map(|angle_rad| Disturbance::Shock { g: 30.0, duration_s: 0.011, angle_rad });
        let [moved, radius] = worst_um(&mut trial, shocks.into_iter())?;
        measured.extend([(key, moved), ("shock_radius_um", radius)]);
    }
    Ok(measured)
}

fn outage(contender: Contender, key: &'static str, static_n: f64) -> Checked<Measured> {
    let mut plant = ECMO_50;
    plant.rotor.static_radial_force_n = static_n;
    let (mut sum_s, mut seeds) = (0.0, 0.0);
    for seed in OUTAGE_SEEDS {
        let mut trial = Trial::at_speed(contender, OUTAGE_RPM, &plant, seed)?;
        if !trial.is_held() {
            return Ok(vec![(key, Value::Touches)]);
        }
        let Some(survived_s) = longest_outage_s(&mut trial)? else {
            return Ok(vec![(key, Value::Touches)]);
        };
        sum_s += survived_s;
        seeds += 1.0;
    }
    Ok(vec![(key, Value::Number(sum_s / seeds * MS_PER_S))])
}

/// `None` when it does not survive the first one.
fn longest_outage_s(trial: &mut Trial) -> Checked<Option<f64>> {
    let [mut duration_s, step_s, longest_s] = OUTAGE_S;
    let mut survived_s = None;
    while duration_s <= longest_s {
        for _ in 0..OUTAGE_COUNT {
            if !trial.survives_outage(duration_s)? {
                return Ok(survived_s);
            }
        }
        survived_s = Some(duration_s);
        duration_s += step_s;
    }
    Ok(survived_s)
}

/// Recorded truth.
#[derive(Default)]
struct Watch {
    angle_rad: Vec<f64>,
    position_m: [Vec<f64>; 2],
    current_a: [Vec<f64>; 2],
    turned_rad: f64,
    last_rad: f64,
}

impl Watch {
    fn push(&mut self, truth: &Truth) {
        // Unwrapped: less than half a turn per period.
        let turned = truth.rotor_angle_rad - self.last_rad;
        self.turned_rad += turned - std::f64::consts::TAU * (turned / std::f64::consts::TAU).round();
        self.last_rad = truth.rotor_angle_rad;
        self.angle_rad.push(self.turned_rad);
        for axis in 0..2 {
            self.position_m[axis].push(truth.displacement_m[axis]);
            self.current_a[axis].push(truth.coil_current_a[0][axis]);
        }
    }

    /// Amplitude of a harmonic over whole turns, larger axis.
    fn harmonic(&self, of: &[Vec<f64>; 2], order: f64) -> f64 {
        let from = whole_revolutions(&self.angle_rad).map_or(0, |(from, _)| from);
        let amplitude = |signal: &[f64]| harmonic_amplitude(&signal[from..], &self.angle_rad[from..], order);
        amplitude(&of[0]).max(amplitude(&of[1]))
    }
}
