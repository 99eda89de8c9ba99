// SPDX-License-Identifier: Apache-2.0
//! One contender in the plant: brought to a speed, then disturbed, then watched.

use std::f64::consts::TAU;

use levitas_world::{
    Disturbance, ECMO_50, Fault, InitialState, Plant, RotorStart, STEP_S, Setup, Truth, VA_25_21, VA_FIXED,
    World,
};

use super::Contender;
use super::axis::lag_weight;
use super::drive::{Drive, taken_off_m_per_a};
use crate::input::{BadInput, Checked};

/// Time in which every contender holds the rotor: ours lies down first and lifts off [s].
const HOLD_S: f64 = 0.25;
/// Time to spin up at 4000 rpm/s and for the notches to settle [s].
const SPIN_S: f64 = 3.0;
/// Radius beyond which a rotor is not held, as a fraction of the clearance.
const HELD_FRACTION: f64 = 0.9;
/// Time after a disturbance until all has calmed down [s].
const CALM_S: f64 = 0.2;
/// Time after an outage until the next one [s]: notches have learned again what the outage made them forget.
const SETTLED_S: f64 = 1.5;
/// Time over which the radius before a disturbance is taken: whole turns from 600 rpm on [s].
const BEFORE_S: f64 = 0.1;
/// Injected displacement [m]: ten times the noise.
const INJECTED_M: f64 = 10e-6;
/// Lowest and highest frequency at which the sensitivity is measured [Hz].
const FREQUENCIES: [f64; 2] = [30.0, 3000.0];

/// A contender in the plant.
pub(super) struct Trial {
    contender: Contender,
    world: World,
    drive: Drive,
    tick: u64,
    injected_m: f64,
    /// Displacement sample of x with the pickup taken off [m], and the last currents of it.
    after_m: f64,
    last_a: [f32; 2],
    touchdowns: u32,
}

impl Trial {
    /// Levitated, at rest.
    pub(super) fn new(contender: Contender, plant: &Plant, seed: u64) -> Checked<Self> {
        let setup = Setup {
            plant: *plant,
            circuit: VA_25_21,
            patient: VA_FIXED,
            pump_table: None,
            seed,
            start: RotorStart::State(InitialState::default()),
        };
        let mut world = World::new(&setup)
            .map_err(|error| BadInput::of("plant ecmo-50", error, "the plant as shipped"))?;
        world.connect_lines();
        let mut trial = Self {
            contender,
            world,
            drive: Drive::new(contender)?,
            tick: 0,
            injected_m: 0.0,
            after_m: 0.0,
            last_a: [0.0; 2],
            touchdowns: 0,
        };
        trial.run(HOLD_S, |_| {});
        trial.touchdowns = trial.world.truth().touchdown_count;
        Ok(trial)
    }

    /// Turning.
    pub(super) fn at_speed(contender: Contender, speed_rpm: f64, plant: &Plant, seed: u64) -> Checked<Self> {
        let mut trial = Self::new(contender, plant, seed)?;
        trial.drive.set_speed(speed_rpm as f32);
        trial.run(SPIN_S, |_| {});
        Ok(trial)
    }

    /// Whether the rotor has been held all the time.
    pub(super) fn is_held(&self) -> bool {
        let truth = self.world.truth();
        truth.touchdown_count == self.touchdowns
            && radius_m(&truth) < HELD_FRACTION * ECMO_50.rotor.clearance_m
    }

    /// Runs for a time and shows every period to `watch`.
    pub(super) fn run(&mut self, duration_s: f64, mut watch: impl FnMut(&Truth)) {
        for _ in 0..(duration_s / STEP_S).round() as u64 {
            self.step();
            watch(&self.world.truth());
        }
    }

    fn step(&mut self) {
        let mut samples = self.world.sample(0);
        let volt = (0.5 * ECMO_50.sensor_displacement.v_per_m * self.injected_m) as f32;
        samples.displacement_hall_v[0] += volt;
        samples.displacement_hall_v[1] -= volt;
        let weight = lag_weight(STEP_S);
        let seen_a = samples.coil_current_a.map(f64::from);
        let seen_a = [0, 1].map(|coil| seen_a[coil] + weight * (f64::from(self.last_a[coil]) - seen_a[coil]));
        self.last_a = samples.coil_current_a;
        let pickup_m = taken_off_m_per_a(self.contender) * seen_a[0]
            + ECMO_50.sensor_displacement.coil_pickup_cross_m_per_a * seen_a[1];
        let pair_v = f64::from(samples.displacement_hall_v[0] - samples.displacement_hall_v[1]);
        self.after_m = pair_v / ECMO_50.sensor_displacement.v_per_m - pickup_m;
        let outputs = self.drive.step(&samples, &mut self.world, self.tick);
        self.world.advance(&[outputs, Default::default()]);
        self.tick += 1;
    }

    /// Largest radius for a time [m].
    pub(super) fn peak_m(&mut self, duration_s: f64) -> f64 {
        let mut peak_m = 0.0_f64;
        self.run(duration_s, |truth| peak_m = peak_m.max(radius_m(truth)));
        peak_m
    }

    /// Largest distance after the disturbance from the mean position before it [m]; `None` when the rotor touched.
    pub(super) fn pushed_m(&mut self, disturbance: Disturbance) -> Checked<Option<f64>> {
        let (mut sum_m, mut count) = ([0.0; 2], 0.0);
        self.run(BEFORE_S, |truth| {
            sum_m = [sum_m[0] + truth.displacement_m[0], sum_m[1] + truth.displacement_m[1]];
            count += 1.0;
        });
        self.disturb(disturbance)?;
        let mut pushed_m = 0.0_f64;
        self.run(CALM_S, |truth| {
            let [x_m, y_m, _] = truth.displacement_m;
            pushed_m = pushed_m.max((x_m - sum_m[0] / count).hypot(y_m - sum_m[1] / count));
        });
        self.run(CALM_S, |_| {});
        Ok(self.is_held().then_some(pushed_m))
    }

    fn disturb(&mut self, disturbance: Disturbance) -> Checked<()> {
        self.world
            .disturb(disturbance)
            .map_err(|error| BadInput::of("disturbance", error, "one within its range"))
    }

    /// Largest radius before the disturbance and after it [m]; `None` when the rotor touched.
    pub(super) fn disturbed_m(&mut self, disturbance: Disturbance) -> Checked<Option<[f64; 2]>> {
        let before_m = self.peak_m(BEFORE_S);
        self.disturb(disturbance)?;
        let peak_m = self.peak_m(CALM_S);
        self.run(CALM_S, |_| {});
        Ok(self.is_held().then_some([before_m, peak_m]))
    }

    /// Both bridges stay open for a time; true when the rotor was caught again.
    pub(super) fn survives_outage(&mut self, duration_s: f64) -> Checked<bool> {
        self.world
            .fault(0, Fault::GateFault)
            .map_err(|error| BadInput::of("fault", error, "one within its range"))?;
        self.run(duration_s, |_| {});
        self.world.clear(0);
        self.run(SETTLED_S, |_| {});
        Ok(self.is_held())
    }

    /// Largest |after / injected| of x, displacement injected at the summing point.
    pub(super) fn sensitivity_peak(&mut self, count: u32) -> f64 {
        let [lowest, highest] = FREQUENCIES;
        let ratio = (highest / lowest).powf(1.0 / f64::from(count - 1));
        (0..count).map(|index| self.sensitivity(lowest * ratio.powi(index as i32))).fold(0.0, f64::max)
    }

    fn sensitivity(&mut self, frequency_hz: f64) -> f64 {
        // Whole cycles in whole periods: at least 0.1 s of them, after a fifth of that to settle.
        let cycles = (0.1 * frequency_hz).ceil();
        let count = (cycles / frequency_hz / STEP_S).round();
        let step_rad = TAU * cycles / count;
        let settle = (0.2 * count) as u64;
        let (mut cosine, mut sine) = (0.0, 0.0);
        for index in 0..settle + count as u64 {
            let (sin, cos) = (step_rad * index as f64).sin_cos();
            self.injected_m = INJECTED_M * cos;
            self.step();
            if index >= settle {
                cosine += self.after_m * cos;
                sine += self.after_m * sin;
            }
        }
        self.injected_m = 0.0;
        2.0 * f64::hypot(cosine, sine) / count / INJECTED_M
    }
}

/// Distance of the rotor's centre from the middle [m].
pub(super) fn radius_m(truth: &Truth) -> f64 {
    truth.displacement_m[0].hypot(truth.displacement_m[1])
}
