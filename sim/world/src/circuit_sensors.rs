// SPDX-License-Identifier: Apache-2.0
//! Sensors of the circuit: flow meter, pressure sensors, ECG electrodes.
//!
//! # Model
//! | sensor | signal |
//! |---|---|
//! | transit times, amplitude | means of a millisecond, see `ultrasound.rs` |
//! | pressure | first-order lag, +- offset, noise |
//! | ECG | as it is given, one sample per millisecond |
//!
//! Where +- stands, the sign alternates site by site.
//! # Timing
//! A batch holds the last ten milliseconds. Reading it takes nothing away: two units see the same.
//! Lags are exact for an input that is linear within a period.

use levitas_core::ports::{BATCH, CirculationInputs, FlowShot, valid};

use crate::blood::Blood;
use crate::circuit::Pressures;
use crate::noise::Noise;
use crate::parameters::Plant;
use crate::sensors::Lag;
use crate::ultrasound::{Air, SHOTS_HZ, Ultrasound};

/// Stream of a seed.
const NOISE_STREAM: u64 = 6;

/// What is where the sensors are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtSensors {
    pub(crate) pressures: Pressures,
    pub(crate) flow_lpm: f64,
    pub(crate) blood: Blood,
    pub(crate) air: Air,
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
    ultrasound: Ultrasound,
    shots: Batch<FlowShot>,
    ecg_mv: Batch<f32>,
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
            steps_per_sample: libm::round(1.0 / (SHOTS_HZ * step_s)) as u32,
            ultrasound: Ultrasound::new(&plant.flow_meter, seed),
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
    pub(crate) fn follow(&mut self, there: &AtSensors) {
        let pressures = &there.pressures;
        let seen = [pressures.drainage_mmhg, pressures.pre_membrane_mmhg, pressures.return_mmhg];
        for (lagged, (old, new)) in self.lagged_mmhg.iter_mut().zip(self.seen_mmhg.into_iter().zip(seen)) {
            *lagged = self.lag.update(*lagged, old, new);
        }
        self.seen_mmhg = seen;
        self.flow_sum_lpm += there.flow_lpm;
        self.steps += 1;
        if self.steps == self.steps_per_sample {
            self.end_millisecond(there);
        }
    }

    fn end_millisecond(&mut self, there: &AtSensors) {
        let mean_lpm = self.flow_sum_lpm / f64::from(self.steps);
        (self.flow_sum_lpm, self.steps) = (0.0, 0);
        self.shots.push(self.ultrasound.shot(mean_lpm, &there.blood, &there.air));
        match there.ecg_mv {
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
    fn a_batch_is_the_last_ten_milliseconds() {
        let mut sensors = CircuitSensors::new(&ECMO_50, 1, 50e-6);
        let mut follow = |millisecond: u32, ecg_mv| {
            for _ in 0..20 {
                let there = AtSensors {
                    pressures: Pressures::default(),
                    flow_lpm: 0.0,
                    blood: Blood::ORDINARY,
                    air: Air::NONE,
                    ecg_mv,
                };
                sensors.follow(&there);
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
