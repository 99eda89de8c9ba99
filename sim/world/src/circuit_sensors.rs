// SPDX-License-Identifier: Apache-2.0
//! Sensors of the circuit: flow meter, pressure sensors, ECG electrodes.
//!
//! # Model
//! | sensor | signal |
//! |---|---|
//! | transit time | L / (c -+ v cos) + wall delay +- drift/2 + noise / sqrt(shots), means of a millisecond |
//! | pressure | first-order lag, +- offset, noise |
//! | ECG | as it is given, one sample per millisecond |
//!
//! Where +- stands, the sign alternates site by site.
//! # Timing
//! A batch holds the last ten milliseconds. Reading it takes nothing away: two units see the same.
//! Lags are exact for an input that is linear within a period.
//! # Source
//! The flow meter's path: L = D / sin(angle), true angle = assumed angle + error.

use core::f64::consts::PI;

use levitas_core::ports::{BATCH, CirculationInputs, FlowShot, valid};

use crate::circuit::{Pressures, reynolds_per_lpm, turbulence};
use crate::noise::Noise;
use crate::parameters::{FlowMeter, Plant};
use crate::sensors::Lag;
use crate::units::{M3_PER_S_PER_LPM, RAD_PER_DEG};

/// Samples of a batch per second.
const BATCH_HZ: f64 = 1000.0;
/// Stream of a seed.
const NOISE_STREAM: u64 = 2;

/// What is where the sensors are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtSensors {
    pub(crate) pressures: Pressures,
    pub(crate) flow_lpm: f64,
    /// `None` without electrodes.
    pub(crate) ecg_mv: Option<f64>,
}

/// The last millisecond samples, oldest first.
#[derive(Clone, Copy, Debug)]
struct Batch<T> {
    samples: [T; BATCH],
    count: usize,
}

impl<T: Copy + Default> Batch<T> {
    fn new() -> Self {
        Self { samples: [T::default(); BATCH], count: 0 }
    }

    fn push(&mut self, sample: T) {
        if self.count == BATCH {
            self.samples.rotate_left(1);
            self.count -= 1;
        }
        self.samples[self.count] = sample;
        self.count += 1;
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(crate) struct CircuitSensors {
    noise: Noise,
    lag: Lag,
    seen_mmhg: [f64; 3],
    lagged_mmhg: [f64; 3],
    /// Of the millisecond that runs.
    flow_sum_lpm: f64,
    steps: u32,
    steps_per_sample: u32,
    path: Path,
    shots: Batch<FlowShot>,
    ecg_mv: Batch<f32>,
}

/// The ultrasonic path, reduced to what a transit time needs.
#[derive(Clone, Copy, Debug)]
struct Path {
    length_m: f64,
    velocity_per_lpm: f64,
    reynolds_per_lpm: f64,
    meter: FlowMeter,
}

impl Path {
    fn new(plant: &Plant) -> Self {
        let meter = plant.flow_meter;
        let angle = (meter.path_angle_deg + meter.path_angle_error_deg) * RAD_PER_DEG;
        let area = 0.25 * PI * meter.diameter_m * meter.diameter_m;
        Self {
            length_m: meter.diameter_m / libm::sin(angle),
            velocity_per_lpm: M3_PER_S_PER_LPM / area * libm::cos(angle),
            reynolds_per_lpm: reynolds_per_lpm(meter.diameter_m, &plant.rotor_fluid),
            meter,
        }
    }

    /// Transit times against and with the flow [s].
    fn transit_s(&self, flow_lpm: f64) -> [f64; 2] {
        let laminar = 1.0 - turbulence(self.reynolds_per_lpm * flow_lpm.abs());
        let along = self.velocity_per_lpm * flow_lpm * (1.0 + self.meter.profile_error * laminar);
        let c = self.meter.sound_speed_m_per_s;
        let (wall, drift) = (self.meter.wall_delay_s, 0.5 * self.meter.zero_drift_s);
        [self.length_m / (c - along) + wall + drift, self.length_m / (c + along) + wall - drift]
    }
}

impl CircuitSensors {
    pub(crate) fn new(plant: &Plant, seed: u64, step_s: f64) -> Self {
        Self {
            noise: Noise::new(seed, NOISE_STREAM),
            lag: Lag::new(plant.pressure_sensor.lag_s, step_s),
            seen_mmhg: [0.0; 3],
            lagged_mmhg: [0.0; 3],
            flow_sum_lpm: 0.0,
            steps: 0,
            steps_per_sample: libm::round(1.0 / (BATCH_HZ * step_s)) as u32,
            path: Path::new(plant),
            shots: Batch::new(),
            ecg_mv: Batch::new(),
        }
    }

    /// Starts the lags in rest.
    pub(crate) fn start(&mut self, pressures: &Pressures) {
        self.seen_mmhg = [pressures.drainage_mmhg, pressures.pre_membrane_mmhg, pressures.return_mmhg];
        self.lagged_mmhg = self.seen_mmhg;
    }

    /// Follows the circuit at the end of a period.
    pub(crate) fn follow(&mut self, plant: &Plant, there: &AtSensors) {
        let pressures = &there.pressures;
        let seen = [pressures.drainage_mmhg, pressures.pre_membrane_mmhg, pressures.return_mmhg];
        for (lagged, (old, new)) in self.lagged_mmhg.iter_mut().zip(self.seen_mmhg.into_iter().zip(seen)) {
            *lagged = self.lag.update(*lagged, old, new);
        }
        self.seen_mmhg = seen;
        self.flow_sum_lpm += there.flow_lpm;
        self.steps += 1;
        if self.steps == self.steps_per_sample {
            self.end_millisecond(plant, there.ecg_mv);
        }
    }

    fn end_millisecond(&mut self, plant: &Plant, ecg_mv: Option<f64>) {
        let mean_lpm = self.flow_sum_lpm / f64::from(self.steps);
        (self.flow_sum_lpm, self.steps) = (0.0, 0);
        let raw_shots = (plant.flow_meter.shots_per_s / BATCH_HZ).max(1.0);
        let spread = plant.flow_meter.timing_noise_rms_s / libm::sqrt(raw_shots);
        let [up, down] = self.path.transit_s(mean_lpm).map(|time| time + spread * self.noise.gaussian());
        self.shots.push(FlowShot { transit_up_s: up as f32, transit_down_s: down as f32, amplitude: 1.0 });
        match ecg_mv {
            Some(ecg_mv) => self.ecg_mv.push(ecg_mv as f32),
            None => self.ecg_mv = Batch::new(),
        }
    }

    /// The samples of this instant.
    pub(crate) fn sample(&mut self, plant: &Plant) -> CirculationInputs {
        let [drainage, pre_membrane, back] = self.pressures(plant);
        let ecg = if self.ecg_mv.count == BATCH { valid::ECG } else { 0 };
        CirculationInputs {
            shots: self.shots.samples,
            ecg_mv: self.ecg_mv.samples,
            drainage_pressure_mmhg: drainage,
            pre_membrane_pressure_mmhg: pre_membrane,
            return_pressure_mmhg: back,
            shot_count: self.shots.count as u32,
            valid: valid::CIRCULATION | ecg,
        }
    }

    fn pressures(&mut self, plant: &Plant) -> [f32; 3] {
        let sensor = &plant.pressure_sensor;
        let mut sign = -1.0;
        self.lagged_mmhg.map(|pressure| {
            sign = -sign;
            (pressure + sign * sensor.offset_mmhg + sensor.noise_rms_mmhg * self.noise.gaussian()) as f32
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ECMO_50;

    #[test]
    fn transit_times_have_the_published_figures() {
        let mut plant = ECMO_50;
        plant.flow_meter.path_angle_error_deg = 0.0;
        plant.flow_meter.profile_error = 0.0;
        plant.flow_meter.zero_drift_s = 0.0;
        plant.flow_meter.wall_delay_s = 0.0;
        let path = Path::new(&plant);
        assert!((path.length_m * 1e3 - 13.47).abs() < 0.005, "path {} m", path.length_m);
        let [still, _] = path.transit_s(0.0);
        assert!((still * 1e6 - 8.58).abs() < 0.005, "t0 {still} s");
        let [up, down] = path.transit_s(1.0);
        assert!(((up - down) * 1e9 - 1.81).abs() < 0.005, "difference {} s", up - down);
    }

    #[test]
    fn a_batch_is_the_last_ten_milliseconds() {
        let mut sensors = CircuitSensors::new(&ECMO_50, 1, 50e-6);
        let mut follow = |millisecond: u32, ecg_mv| {
            for _ in 0..20 {
                let there = AtSensors { pressures: Pressures::default(), flow_lpm: 0.0, ecg_mv };
                sensors.follow(&ECMO_50, &there);
            }
            let samples = sensors.sample(&ECMO_50);
            assert_eq!(samples.shot_count, millisecond.min(10));
            samples
        };
        for millisecond in 1..=25 {
            let samples = follow(millisecond, Some(f64::from(millisecond)));
            assert_eq!(samples.valid & valid::ECG != 0, millisecond >= 10);
            let newest = samples.ecg_mv[samples.shot_count as usize - 1];
            assert_eq!(newest, millisecond as f32);
        }
        let first = follow(26, Some(26.0)).shots[9];
        let samples = follow(27, None);
        assert_eq!(samples.shots[8], first, "a shot moves up and stays as it was");
        assert_eq!(samples.valid & valid::ECG, 0, "an electrode is off");
        assert_eq!(samples.valid & valid::CIRCULATION, valid::CIRCULATION);
    }
}
