// SPDX-License-Identifier: Apache-2.0
//! The five temperature sensors: first-order lag, +- offset, noise, converter of 1 mK from -20 to 100 C.

use super::faults::{TemperatureFault, WarmingSensor};
use crate::noise::Noise;
use crate::parameters::Warming;

/// Range of the converter [C].
const CONVERTER_CELSIUS: [f64; 2] = [-20.0, 100.0];
const CONVERTER_PER_K: f64 = 1000.0;
const DRIFT_K_MAX: f64 = 10.0;
/// Stream of a seed.
const NOISE_STREAM: u64 = 7;

#[derive(Clone, Copy, Debug)]
struct Sensor {
    lagged_celsius: f64,
    keep: f64,
    offset_k: f64,
    drift_k_per_s: f64,
    drifted_k: f64,
    rail: Option<f64>,
    is_stuck: bool,
    shown_celsius: f32,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Sensors {
    sensors: [Sensor; 5],
    noise: Noise,
    noise_rms_k: f64,
}

impl Sensors {
    pub(super) fn new(parameters: &Warming, celsius: f64, seed: u64, step_s: f64) -> Self {
        let mut sign = -1.0;
        let sensors = WarmingSensor::ALL.map(|which| {
            sign = -sign;
            let is_own = matches!(which, WarmingSensor::CutOutWater | WarmingSensor::CutOutBlood);
            let lag_s = if is_own { parameters.cut_out_lag_s } else { parameters.sensor_lag_s };
            Sensor {
                lagged_celsius: celsius,
                keep: libm::exp(-step_s / lag_s),
                offset_k: sign * parameters.sensor_offset_k,
                drift_k_per_s: 0.0,
                drifted_k: 0.0,
                rail: None,
                is_stuck: false,
                shown_celsius: celsius as f32,
            }
        });
        Self { sensors, noise: Noise::new(seed, NOISE_STREAM), noise_rms_k: parameters.sensor_noise_rms_k }
    }

    /// All lags at rest.
    pub(super) fn settle(&mut self, water_celsius: f64, blood_celsius: f64) {
        for (sensor, which) in self.sensors.iter_mut().zip(WarmingSensor::ALL) {
            sensor.lagged_celsius = seen(which, water_celsius, blood_celsius);
        }
    }

    pub(super) fn follow(&mut self, water_celsius: f64, blood_celsius: f64, step_s: f64) {
        for (sensor, which) in self.sensors.iter_mut().zip(WarmingSensor::ALL) {
            let there = seen(which, water_celsius, blood_celsius);
            sensor.lagged_celsius = there + sensor.keep * (sensor.lagged_celsius - there);
            let drifted_k = sensor.drifted_k + sensor.drift_k_per_s * step_s;
            sensor.drifted_k = drifted_k.clamp(-DRIFT_K_MAX, DRIFT_K_MAX);
        }
    }

    pub(super) fn fault(&mut self, which: WarmingSensor, fault: TemperatureFault) {
        let sensor = &mut self.sensors[which as usize];
        let [cold, hot] = CONVERTER_CELSIUS;
        match fault {
            TemperatureFault::Open => sensor.rail = Some(cold),
            TemperatureFault::Short => sensor.rail = Some(hot),
            TemperatureFault::Stuck => sensor.is_stuck = true,
            TemperatureFault::Drift { k_per_s } => sensor.drift_k_per_s = k_per_s,
        }
    }

    pub(super) fn clear(&mut self) {
        for sensor in &mut self.sensors {
            (sensor.rail, sensor.is_stuck) = (None, false);
            (sensor.drift_k_per_s, sensor.drifted_k) = (0.0, 0.0);
        }
    }

    /// What a sensor shows now [C].
    pub(super) fn sample(&mut self, which: WarmingSensor) -> f32 {
        let noise_k = self.noise_rms_k * self.noise.gaussian();
        let sensor = &mut self.sensors[which as usize];
        if !sensor.is_stuck {
            let [cold, hot] = CONVERTER_CELSIUS;
            let celsius = sensor.lagged_celsius + sensor.offset_k + sensor.drifted_k + noise_k;
            let celsius = sensor.rail.unwrap_or(celsius).clamp(cold, hot);
            sensor.shown_celsius = (libm::round(celsius * CONVERTER_PER_K) / CONVERTER_PER_K) as f32;
        }
        sensor.shown_celsius
    }
}

/// What is where a sensor is.
fn seen(which: WarmingSensor, water_celsius: f64, blood_celsius: f64) -> f64 {
    match which {
        WarmingSensor::WaterA | WarmingSensor::WaterB | WarmingSensor::CutOutWater => water_celsius,
        WarmingSensor::Blood | WarmingSensor::CutOutBlood => blood_celsius,
    }
}
