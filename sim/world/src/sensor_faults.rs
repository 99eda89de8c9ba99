// SPDX-License-Identifier: Apache-2.0
//! Faults of one unit's sensors: what they add before the converters and put in place of the samples after them.
//!
//! # Model
//! | fault | signal |
//! |---|---|
//! | Hall noise, drift | v/2 per metre on the element, the sign that its own displacement has: what a reader of it alone sees |
//! | pair drift, miscalibrated | both elements as if the rotor moved; the displacement of the pair times a gain, plus an offset |
//! | EMI | Gaussian, independent in every channel and sample; v/sqrt(2) per metre on each displacement Hall, so that the difference of a pair has the rms named; the same voltage on the angle Halls; the same fraction of the converter's range on the currents |
//! | open | rail: 0 or 3.3 V; angle Halls +-1.65 V off their mid level |
//! | stuck, frozen | the sample delivered last, to the last bit |
//! | sample loss | everything as delivered last, `valid` 0, the count goes on |
//! | samples frozen | everything as delivered last, the count too |
//! | bus sensor loss | bus voltage not `valid` |
//!
//! v: `v_per_m`. A fault's noise is a stream of its own: the other noise of a run stays as it was without the fault.
//! # Limits and failure
//! The bus voltage has no EMI, the currents none if they have no converter (`lsb_a` 0). Before the first sample
//! there is nothing to repeat: what is stuck then repeats the first one.
//! # Shown by
//! `tests/sensor_faults.rs`.

use core::f64::consts::FRAC_1_SQRT_2;

use levitas_core::ports::{LevitationInputs, valid};

use crate::fault::Fault;
use crate::noise::Noise;
use crate::parameters::Plant;
use crate::sensors::{CURRENT_STEPS, MID_V, TOP_V};

/// Where a channel's samples come from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Reading {
    #[default]
    Sensor,
    Rail {
        high: bool,
    },
    Stuck,
}

impl Reading {
    fn put(self, sample: &mut f32, last: f32, [low, high]: [f64; 2]) {
        match self {
            Self::Sensor => {}
            Self::Rail { high: upper } => *sample = if upper { high } else { low } as f32,
            Self::Stuck => *sample = last,
        }
    }
}

/// What faults add to the analog signals of one instant.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Additions {
    pub(crate) displacement_v: [f64; 4],
    /// Factor on what the pairs x, y show of the displacement, less one.
    pub(crate) displacement_gain: [f64; 2],
    pub(crate) angle_v: [f64; 2],
    /// Coils x, y, phases A, B, C at the terminals [A].
    pub(crate) current_a: [f64; 5],
}

/// The faults that act on one unit's sensors.
#[derive(Clone, Debug)]
pub(crate) struct SensorFaults {
    any: bool,
    lost: bool,
    frozen: bool,
    bus_lost: bool,
    hall: [Reading; 4],
    angle: [Reading; 2],
    current: [Reading; 5],
    hall_noise_v: [f64; 4],
    hall_drift_v_per_s: [f64; 4],
    hall_drift_v: [f64; 4],
    hall_gain: [f64; 2],
    hall_offset_v: [f64; 2],
    emi_v: f64,
    emi_a: f64,
    noise: Noise,
}

impl SensorFaults {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self {
            any: false,
            lost: false,
            frozen: false,
            bus_lost: false,
            hall: Default::default(),
            angle: Default::default(),
            current: Default::default(),
            hall_noise_v: [0.0; 4],
            hall_drift_v_per_s: [0.0; 4],
            hall_drift_v: [0.0; 4],
            hall_gain: [0.0; 2],
            hall_offset_v: [0.0; 2],
            emi_v: 0.0,
            emi_a: 0.0,
            noise: Noise::new(seed, stream),
        }
    }

    /// Takes a fault of the sensors, ignores the others.
    pub(crate) fn start(&mut self, fault: &Fault, plant: &Plant) {
        let v_per_m = plant.sensor_displacement.v_per_m;
        match *fault {
            Fault::HallOpen { element, high } => self.hall[element] = Reading::Rail { high },
            Fault::HallStuck { element } => self.hall[element] = Reading::Stuck,
            Fault::HallFrozen { axis } => self.hall[2 * axis..2 * axis + 2].fill(Reading::Stuck),
            Fault::HallNoise { element, rms_m } => self.hall_noise_v[element] = 0.5 * v_per_m * rms_m,
            Fault::HallDrift { element, m_per_s } => {
                let sign = if element % 2 == 0 { 0.5 } else { -0.5 };
                self.hall_drift_v_per_s[element] = sign * v_per_m * m_per_s;
            }
            Fault::HallPairDrift { axis, m_per_s } => {
                let per_s = 0.5 * v_per_m * m_per_s;
                self.hall_drift_v_per_s[2 * axis..2 * axis + 2].copy_from_slice(&[per_s, -per_s]);
            }
            Fault::HallMiscalibrated { axis, gain, offset_m } => {
                self.hall_gain[axis] = gain - 1.0;
                self.hall_offset_v[axis] = 0.5 * v_per_m * offset_m;
            }
            Fault::EmiBurst { rms_m } => {
                self.emi_v = FRAC_1_SQRT_2 * v_per_m * rms_m;
                self.emi_a = self.emi_v / TOP_V * 2.0 * CURRENT_STEPS * plant.sensor_current.lsb_a;
            }
            Fault::SampleLoss => self.lost = true,
            Fault::SamplesFrozen => self.frozen = true,
            Fault::BusSensorLoss => self.bus_lost = true,
            Fault::AngleOpen { channel, high } => self.angle[channel] = Reading::Rail { high },
            Fault::AngleStuck => self.angle = [Reading::Stuck; 2],
            Fault::CurrentStuck { channel } => self.current[channel] = Reading::Stuck,
            Fault::CoilOpen { .. }
            | Fault::PhaseOpen { .. }
            | Fault::PhaseShort { .. }
            | Fault::WindingLeak
            | Fault::BusSag { .. }
            | Fault::MainsLoss
            | Fault::BatteryWeak { .. }
            | Fault::BatterySensorLoss
            | Fault::BatterySensorStuck
            | Fault::GateFault
            | Fault::PowerLoss { .. }
            | Fault::LineCut
            | Fault::LineStuck => return,
        }
        self.any = true;
    }

    /// Ends all; the noise goes on from where it is.
    pub(crate) fn clear(&mut self) {
        if self.any {
            *self = Self { noise: self.noise.clone(), ..Self::new(0, 0) };
        }
    }

    /// Lets drifts go on by a period.
    pub(crate) fn follow(&mut self, step_s: f64) {
        if self.any {
            for (drift_v, per_s) in self.hall_drift_v.iter_mut().zip(self.hall_drift_v_per_s) {
                *drift_v += per_s * step_s;
            }
        }
    }

    /// What comes on top of the analog signals of this instant.
    pub(crate) fn additions(&mut self) -> Additions {
        let mut add = Additions::default();
        if !self.any {
            return add;
        }
        for (element, volt) in add.displacement_v.iter_mut().enumerate() {
            let sign = if element % 2 == 0 { 1.0 } else { -1.0 };
            *volt = self.hall_drift_v[element] + sign * self.hall_offset_v[element / 2];
            if self.hall_noise_v[element] > 0.0 {
                *volt += self.hall_noise_v[element] * self.noise.gaussian();
            }
        }
        add.displacement_gain = self.hall_gain;
        if self.emi_v > 0.0 {
            for volt in add.displacement_v.iter_mut().chain(&mut add.angle_v) {
                *volt += self.emi_v * self.noise.gaussian();
            }
            add.current_a = core::array::from_fn(|_| self.emi_a * self.noise.gaussian());
        }
        add
    }

    /// Puts what is open, stuck or lost in place of the samples; `last` is what was delivered before, if anything.
    pub(crate) fn replace(&self, samples: &mut LevitationInputs, last: Option<&LevitationInputs>) {
        if !self.any {
            return;
        }
        let last = *last.unwrap_or(samples);
        let rails = [0.0, TOP_V];
        for (k, sample) in samples.displacement_hall_v.iter_mut().enumerate() {
            self.hall[k].put(sample, last.displacement_hall_v[k], rails);
        }
        for (k, sample) in samples.angle_hall_v.iter_mut().enumerate() {
            self.angle[k].put(sample, last.angle_hall_v[k], rails.map(|rail| rail - MID_V));
        }
        let currents = samples.coil_current_a.iter_mut().chain(&mut samples.phase_current_a);
        let before = last.coil_current_a.iter().chain(&last.phase_current_a);
        for ((reading, sample), &last_a) in self.current.iter().zip(currents).zip(before) {
            reading.put(sample, last_a, [0.0; 2]);
        }
        if self.lost {
            *samples = LevitationInputs { sample_count: samples.sample_count, valid: 0, ..last };
        } else if self.frozen {
            *samples = last;
        }
        if self.bus_lost {
            samples.valid &= !valid::BUS_VOLTAGE;
        }
    }
}
