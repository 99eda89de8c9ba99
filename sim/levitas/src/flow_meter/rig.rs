// SPDX-License-Identifier: Apache-2.0
//! A meter of the world with its tube, and the core's flow meter behind it.

use std::collections::VecDeque;

use levitas_core::circulation::flow_meter::{FlowMeter, FlowMeterConfig, FlowReading, Surroundings};
use levitas_core::ports::{BATCH, CirculationInputs, FlowShot, valid};
use levitas_world::{Air, Blood, ECMO_50, Ultrasound};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// Millilitres that flow in a millisecond at 1 L/min.
const ML_PER_MS_PER_LPM: f64 = 1.0 / 60.0;
/// How warm the saline of the prime is.
const PRIME: Blood = Blood::SALINE;

/// Random numbers of a check.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Pcg64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Pcg64::seed_from_u64(seed))
    }

    pub(crate) fn between(&mut self, min: f64, max: f64) -> f64 {
        min + (max - min) * ((self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

/// Where air goes through the tube.
#[derive(Clone, Debug, Default)]
struct AirInTube {
    /// Air that came in each of the last milliseconds, and the volume that flowed in it [mL].
    parts: VecDeque<[f64; 2]>,
    waiting_ml: f64,
    /// Part of the volume that is air, while some waits.
    fraction: f64,
    diameter_m: f64,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Rig {
    ultrasound: Ultrasound,
    beam_ml: f64,
    pub(super) meter: FlowMeter,
    pub(super) blood: Blood,
    air: AirInTube,
    /// The next shot has no echo.
    pub(super) loses_shot: bool,
    samples: CirculationInputs,
    filled: usize,
}

impl Rig {
    /// Number 0 is the meter of the plant file; every other one has errors of its own, as large as the plant's.
    pub(super) fn new(number: u64) -> Self {
        let mut parameters = ECMO_50.flow_meter;
        if number > 0 {
            let mut dice = Dice::new(number);
            parameters.path_angle_error_deg = dice.between(-1.0, 1.0);
            parameters.zero_drift_s *= dice.between(-1.0, 1.0);
            parameters.zero_drift_s_per_k *= dice.between(-1.0, 1.0);
            parameters.wall_delay_s += dice.between(-20e-9, 20e-9);
            parameters.wall_delay_s_per_k *= dice.between(0.5, 1.5);
            parameters.beam_width_fraction += dice.between(-0.05, 0.05);
            parameters.straight_length_m = dice.between(0.1, 1.0);
        }
        let radius_m = 0.5 * parameters.diameter_m;
        Self {
            ultrasound: Ultrasound::new(&parameters, number),
            // The oblique beam reaches along one diameter of tube.
            beam_ml: std::f64::consts::PI * radius_m * radius_m * parameters.diameter_m * 1e6,
            meter: FlowMeter::new(&FlowMeterConfig::ECMO_50).expect("the preset is within its ranges"),
            blood: PRIME,
            air: AirInTube::default(),
            loses_shot: false,
            samples: CirculationInputs { valid: valid::CIRCULATION, ..CirculationInputs::default() },
            filled: 0,
        }
    }

    /// The line is clamped for 10 s while it is full of warm saline: zero, and the path of the sound.
    pub(super) fn prime(&mut self) {
        self.blood = PRIME;
        self.run(10_000, 0.0, true);
        let temperature_celsius = PRIME.temperature_celsius as f32;
        self.meter.calibrate_in_saline(temperature_celsius).expect("saline is what flows");
    }

    /// Air comes, as a part of the volume that flows, in bubbles of this diameter.
    pub(super) fn inject(&mut self, volume_ml: f64, fraction: f64, diameter_m: f64) {
        (self.air.waiting_ml, self.air.fraction, self.air.diameter_m) = (volume_ml, fraction, diameter_m);
    }

    /// A millisecond; a reading when a batch is full.
    pub(super) fn millisecond(&mut self, flow_lpm: f64, clamped: bool) -> Option<FlowReading> {
        let air = self.move_air(flow_lpm);
        let shot = self.ultrasound.shot(flow_lpm, &self.blood, &air);
        self.samples.shots[self.filled] = if self.loses_shot { FlowShot::default() } else { shot };
        self.loses_shot = false;
        self.filled += 1;
        if self.filled < BATCH {
            return None;
        }
        (self.samples.shot_count, self.filled) = (BATCH as u32, 0);
        let around = Surroundings {
            flow_is_zero: clamped,
            temperature_celsius: self.blood.temperature_celsius as f32,
        };
        Some(self.meter.step(&self.samples, &around))
    }

    /// So many milliseconds of a flow; mean and scatter of the readings, and the last one.
    pub(super) fn run(&mut self, milliseconds: u32, flow_lpm: f64, clamped: bool) -> (Means, FlowReading) {
        let (mut means, mut last) = (Means::default(), FlowReading::default());
        for _ in 0..milliseconds {
            if let Some(reading) = self.millisecond(flow_lpm, clamped) {
                means.add(f64::from(reading.flow_lpm));
                last = reading;
            }
        }
        (means, last)
    }

    fn move_air(&mut self, flow_lpm: f64) -> Air {
        let air = &mut self.air;
        if air.waiting_ml <= 0.0 && air.parts.is_empty() {
            return Air::NONE;
        }
        let moved_ml = flow_lpm.abs() * ML_PER_MS_PER_LPM;
        let comes_ml = (moved_ml * air.fraction).min(air.waiting_ml);
        air.waiting_ml -= comes_ml;
        air.parts.push_back([comes_ml, moved_ml]);
        let mut moved_sum: f64 = air.parts.iter().map(|part| part[1]).sum();
        while moved_sum > self.beam_ml
            && let Some([_, oldest_ml]) = air.parts.pop_front()
        {
            moved_sum -= oldest_ml;
        }
        let in_beam_ml: f64 = air.parts.iter().map(|part| part[0]).sum();
        if in_beam_ml <= 0.0 && air.waiting_ml <= 0.0 {
            air.parts.clear();
        }
        Air { fraction: (in_beam_ml / self.beam_ml).min(1.0), bubble_diameter_m: air.diameter_m }
    }
}

/// Mean and scatter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Means {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Means {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum / self.count
    }

    pub(super) fn rms(&self) -> f64 {
        (self.squares / self.count - self.mean() * self.mean()).max(0.0).sqrt()
    }
}
