// SPDX-License-Identifier: Apache-2.0
//! Sensors of the circuit: flow meter, pressure sensors, ECG electrodes.
//!
//! # Model
//! | sensor | signal |
//! |---|---|
//! | transit times, amplitude | means of a millisecond, see `ultrasound.rs` |
//! | pressure | first-order lag, +- offset, noise |
//! | ECG | of a living patient, one sample per millisecond, in step with his heart; see `ecg.rs` |
//!
//! Where +- stands, the sign alternates site by site.
//! # Timing
//! A batch holds the last ten milliseconds. Reading it takes nothing away: two units see the same.
//! Lags are exact for an input that is linear within a period.

use levitas_core::ports::{BATCH, CirculationInputs, FlowShot, valid};

use crate::blood::Blood;
use crate::circuit::Pressures;
use crate::circuit_faults::{CircuitFault, CircuitFaults, CircuitSensor};
use crate::ecg::{EcgGenerator, EcgKind};
use crate::noise::Noise;
use crate::parameters::Plant;
use crate::patient::{NextBeat, PatientChange};
use crate::sensors::Lag;
use crate::truth::EcgTruth;
use crate::ultrasound::{Air, SHOTS_HZ, Ultrasound};

/// Valid bits of drainage, pre-membrane, return.
const PRESSURE_BITS: [u32; 3] =
    [valid::DRAINAGE_PRESSURE, valid::PRE_MEMBRANE_PRESSURE, valid::RETURN_PRESSURE];
/// Stream of a seed.
const NOISE_STREAM: u64 = 6;

/// What is where the sensors are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtSensors {
    pub(crate) pressures: Pressures,
    pub(crate) flow_lpm: f64,
    pub(crate) blood: Blood,
    pub(crate) air: Air,
    /// Of the heart; `None` when it stands still.
    pub(crate) next_beat: Option<NextBeat>,
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

    fn last(&self) -> Option<&T> {
        self.samples[..self.count].last()
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
    /// The last samples of the pressures.
    said_mmhg: [f32; 3],
    /// Of the millisecond that runs.
    flow_sum_lpm: f64,
    steps: u32,
    steps_per_sample: u32,
    ultrasound: Ultrasound,
    faults: CircuitFaults,
    step_s: f64,
    shots: Batch<FlowShot>,
    /// `None` where nobody lives.
    heart: Option<EcgGenerator>,
    /// The front end says that there are electrodes.
    has_electrodes: bool,
    ecg_mv: Batch<f32>,
    /// Samples since the start.
    milliseconds: u32,
    r_wave_count: u32,
    r_wave_s: f64,
}

impl CircuitSensors {
    pub(crate) fn new(plant: &Plant, seed: u64, step_s: f64, is_alive: bool) -> Self {
        Self {
            noise: Noise::new(seed, NOISE_STREAM),
            lag: Lag::new(plant.pressure_sensor.lag_s, step_s),
            seen_mmhg: [0.0; 3],
            lagged_mmhg: [0.0; 3],
            said_mmhg: [0.0; 3],
            flow_sum_lpm: 0.0,
            steps: 0,
            steps_per_sample: libm::round(1.0 / (SHOTS_HZ * step_s)) as u32,
            ultrasound: Ultrasound::new(&plant.flow_meter, seed),
            faults: CircuitFaults::default(),
            step_s,
            shots: Batch::new(),
            heart: is_alive.then(|| EcgGenerator::driven(EcgKind::Sinus, seed)),
            has_electrodes: true,
            ecg_mv: Batch::new(),
            milliseconds: 0,
            r_wave_count: 0,
            r_wave_s: 0.0,
        }
    }

    /// What of a change of the patient is one of his ECG.
    pub(crate) fn change(&mut self, change: &PatientChange) {
        let Some(heart) = &mut self.heart else { return };
        match *change {
            PatientChange::Rhythm(kind) => {
                heart.set_kind(kind);
                heart.set_electrode(true);
                self.has_electrodes = true;
            }
            PatientChange::ElectrodesOff { is_noticed } => {
                heart.set_electrode(false);
                self.has_electrodes = !is_noticed;
            }
            _ => {}
        }
    }

    /// What the ECG really is.
    pub(crate) fn ecg_truth(&self) -> Option<EcgTruth> {
        self.heart.as_ref().map(|_| EcgTruth {
            ecg_mv: self.ecg_mv.last().map_or(f64::NAN, |sample_mv| f64::from(*sample_mv)),
            r_wave_count: self.r_wave_count,
            r_wave_s: self.r_wave_s,
        })
    }

    /// A sensor breaks.
    pub(crate) fn fault(&mut self, sensor: CircuitSensor, fault: CircuitFault) {
        self.faults.start(sensor, fault);
    }

    /// All that is broken in a sensor is whole again.
    pub(crate) fn clear(&mut self, sensor: CircuitSensor) {
        self.faults.clear(sensor);
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
        self.faults.follow(self.step_s);
        self.flow_sum_lpm += there.flow_lpm;
        self.steps += 1;
        if self.steps == self.steps_per_sample {
            self.end_millisecond(there);
        }
    }

    fn end_millisecond(&mut self, there: &AtSensors) {
        let mean_lpm = self.flow_sum_lpm / f64::from(self.steps);
        (self.flow_sum_lpm, self.steps) = (0.0, 0);
        let seen_lpm = (1.0 + self.faults.flow.bias) * mean_lpm;
        let shot = self.ultrasound.shot(seen_lpm, &there.blood, &there.air);
        if !self.faults.flow.is_frozen {
            let shot = self.broken_shot(shot);
            self.shots.push(shot);
        }
        self.sample_ecg(there.next_beat);
    }

    /// What a meter with its faults makes of a shot.
    fn broken_shot(&mut self, mut shot: FlowShot) -> FlowShot {
        let faults = self.faults.flow;
        if let Some(last) = self.shots.last().filter(|_| faults.is_blind) {
            shot.amplitude = last.amplitude;
        }
        shot.transit_up_s += (self.spike(faults.spikes) / 1e9) as f32;
        if faults.is_nan {
            shot = FlowShot { transit_up_s: f32::NAN, transit_down_s: f32::NAN, amplitude: f32::NAN };
        }
        shot
    }

    /// A spike of so much either way, or none; nothing is drawn where there are none.
    fn spike(&mut self, (probability, height): (f64, f64)) -> f64 {
        if probability == 0.0 || self.noise.uniform() >= probability {
            return 0.0;
        }
        if self.noise.uniform() < 0.5 { height } else { -height }
    }

    fn sample_ecg(&mut self, next_beat: Option<NextBeat>) {
        let Some(heart) = &mut self.heart else { return };
        self.milliseconds = self.milliseconds.wrapping_add(1);
        let now_s = f64::from(self.milliseconds) / SHOTS_HZ;
        heart.expect(next_beat.map(|beat| (now_s + beat.in_s, beat.is_ventricular)));
        let ecg_mv = heart.sample(now_s);
        if let Some(at_s) = heart.passed_beat().filter(|_| heart.has_electrode()) {
            (self.r_wave_count, self.r_wave_s) = (self.r_wave_count.wrapping_add(1), at_s);
        }
        match self.has_electrodes {
            true => self.ecg_mv.push(ecg_mv as f32),
            false => self.ecg_mv = Batch::new(),
        }
    }

    /// The samples of this instant.
    pub(crate) fn sample(&mut self, plant: &Plant) -> CirculationInputs {
        let [drainage, pre_membrane, back] = self.pressures(plant);
        let mut valid = valid::CIRCULATION;
        if self.ecg_mv.count == BATCH {
            valid |= valid::ECG;
        }
        if self.faults.flow.is_lost {
            valid &= !valid::FLOW;
        }
        for (faults, bit) in self.faults.pressures.iter().zip(PRESSURE_BITS) {
            if faults.is_lost {
                valid &= !bit;
            }
        }
        CirculationInputs {
            shots: self.shots.samples,
            ecg_mv: self.ecg_mv.samples,
            drainage_pressure_mmhg: drainage,
            pre_membrane_pressure_mmhg: pre_membrane,
            return_pressure_mmhg: back,
            shot_count: self.shots.count as u32,
            valid,
        }
    }

    fn pressures(&mut self, plant: &Plant) -> [f32; 3] {
        let sensor = &plant.pressure_sensor;
        let mut there_mmhg = self.lagged_mmhg;
        if self.faults.are_exchanged() {
            there_mmhg.swap(0, 2);
        }
        let mut sign = -1.0;
        for (site, (there_mmhg, faults)) in there_mmhg.into_iter().zip(self.faults.pressures).enumerate() {
            sign = -sign;
            let pressure = there_mmhg + faults.drifted_mmhg + self.spike(faults.spikes);
            let pressure =
                pressure + sign * sensor.offset_mmhg + sensor.noise_rms_mmhg * self.noise.gaussian();
            if !faults.is_frozen {
                self.said_mmhg[site] = if faults.is_nan { f32::NAN } else { pressure as f32 };
            }
        }
        self.said_mmhg
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ECMO_50;

    /// 4 L/min, and pressures to tell apart.
    fn there() -> AtSensors {
        let pressures = Pressures {
            drainage_mmhg: -40.0,
            pre_membrane_mmhg: 200.0,
            return_mmhg: 150.0,
            ..Pressures::default()
        };
        AtSensors { pressures, flow_lpm: 4.0, blood: Blood::ORDINARY, air: Air::NONE, next_beat: None }
    }

    fn sound_sensors() -> CircuitSensors {
        let mut sensors = CircuitSensors::new(&ECMO_50, 1, 50e-6, false);
        sensors.start(&there().pressures);
        sensors
    }

    /// So many milliseconds, and the samples at their end.
    fn follow(sensors: &mut CircuitSensors, milliseconds: u32) -> CirculationInputs {
        (0..20 * milliseconds).for_each(|_| sensors.follow(&there()));
        sensors.sample(&ECMO_50)
    }

    #[test]
    fn what_breaks_shows_at_its_sensor_alone_and_heals() {
        let mut sensors = sound_sensors();
        let second = |sensors: &mut CircuitSensors| follow(sensors, 1000);
        let difference = |samples: &CirculationInputs| {
            samples.shots.iter().map(|shot| f64::from(shot.transit_up_s - shot.transit_down_s)).sum::<f64>()
        };
        let sound = second(&mut sensors);
        for (sensor, bit) in CircuitSensor::ALL.into_iter().zip([1 << 9, 1 << 10, 1 << 11, 1 << 8]) {
            for fault in [CircuitFault::FlowLoss, CircuitFault::PressureLoss] {
                sensors.fault(sensor, fault);
            }
            assert_eq!(second(&mut sensors).valid, valid::CIRCULATION & !bit, "{sensor:?}");
            sensors.clear(sensor);
            assert_eq!(second(&mut sensors).valid, valid::CIRCULATION);
        }
        sensors.fault(CircuitSensor::Flow, CircuitFault::FlowBias { share: 0.2 });
        sensors.fault(CircuitSensor::Flow, CircuitFault::BubbleLoss);
        sensors.fault(CircuitSensor::PreMembrane, CircuitFault::PressureDrift { mmhg_per_s: 10.0 });
        let broken = second(&mut sensors);
        assert!((difference(&broken) / difference(&sound) - 1.2).abs() < 0.01);
        assert!(broken.shots.iter().all(|shot| shot.amplitude == broken.shots[0].amplitude));
        assert!((broken.pre_membrane_pressure_mmhg - sound.pre_membrane_pressure_mmhg - 10.0).abs() < 3.0);
        assert!((broken.return_pressure_mmhg - sound.return_pressure_mmhg).abs() < 3.0);
        CircuitSensor::ALL.into_iter().for_each(|sensor| sensors.clear(sensor));
        let healed = second(&mut sensors);
        assert!((difference(&healed) / difference(&sound) - 1.0).abs() < 0.01);
        assert!(healed.shots[0].amplitude != healed.shots[1].amplitude);
        assert!((healed.pre_membrane_pressure_mmhg - sound.pre_membrane_pressure_mmhg).abs() < 3.0);
        assert!(CircuitFault::FlowBias { share: 1.1 }.check().is_err());
        assert!(CircuitFault::PressureDrift { mmhg_per_s: f64::NAN }.check().is_err());
    }

    #[test]
    fn frozen_sensors_say_the_same_and_those_beside_them_go_on() {
        let mut sensors = sound_sensors();
        let before = follow(&mut sensors, 100);
        sensors.fault(CircuitSensor::Flow, CircuitFault::FlowFrozen);
        sensors.fault(CircuitSensor::Return, CircuitFault::PressureFrozen);
        for _ in 0..5 {
            let frozen = follow(&mut sensors, 10);
            assert_eq!((frozen.shots, frozen.valid), (before.shots, valid::CIRCULATION));
            assert_eq!(frozen.return_pressure_mmhg, before.return_pressure_mmhg);
            assert!(frozen.pre_membrane_pressure_mmhg != before.pre_membrane_pressure_mmhg);
        }
        CircuitSensor::ALL.into_iter().for_each(|sensor| sensors.clear(sensor));
        let healed = follow(&mut sensors, 10);
        assert!(healed.shots.iter().zip(&before.shots).all(|(now, then)| now != then));
        assert!(healed.return_pressure_mmhg != before.return_pressure_mmhg);
    }

    #[test]
    fn spikes_come_as_often_and_as_high_as_asked_either_way() {
        let mut sensors = sound_sensors();
        let sound = follow(&mut sensors, 100);
        sensors.fault(CircuitSensor::Flow, CircuitFault::FlowSpikes { probability: 0.3, ns: 20.0 });
        sensors
            .fault(CircuitSensor::Drainage, CircuitFault::PressureSpikes { probability: 0.3, mmhg: 400.0 });
        let [mut high, mut low, mut late, mut early] = [0; 4];
        for _ in 0..1000 {
            let spiking = follow(&mut sensors, 10);
            let off_mmhg = spiking.drainage_pressure_mmhg - sound.drainage_pressure_mmhg;
            assert!(off_mmhg.abs() < 5.0 || (off_mmhg.abs() - 400.0).abs() < 5.0, "{off_mmhg}");
            (high, low) = (high + u32::from(off_mmhg > 300.0), low + u32::from(off_mmhg < -300.0));
            assert!((spiking.return_pressure_mmhg - sound.return_pressure_mmhg).abs() < 5.0);
            for shot in &spiking.shots {
                let off_s = shot.transit_up_s - sound.shots[0].transit_up_s;
                assert!(off_s.abs() < 0.5e-9 || (off_s.abs() - 20e-9).abs() < 0.5e-9, "{off_s}");
                (late, early) = (late + u32::from(off_s > 10e-9), early + u32::from(off_s < -10e-9));
            }
        }
        assert!([high, low].iter().all(|count| (100..200).contains(count)), "{high} {low} of 1000");
        assert!([late, early].iter().all(|count| (1300..1700).contains(count)), "{late} {early} of 10000");
    }

    #[test]
    fn no_numbers_and_exchanged_sensors_are_what_they_say() {
        let mut sensors = sound_sensors();
        let sound = follow(&mut sensors, 100);
        sensors.fault(CircuitSensor::Flow, CircuitFault::FlowNan);
        sensors.fault(CircuitSensor::PreMembrane, CircuitFault::PressureNan);
        sensors.fault(CircuitSensor::Return, CircuitFault::PressuresExchanged);
        let broken = follow(&mut sensors, 10);
        assert_eq!(broken.valid, valid::CIRCULATION, "they vouch for it");
        assert!(broken.shots.iter().all(|shot| shot.transit_up_s.is_nan() && shot.amplitude.is_nan()));
        assert!(broken.pre_membrane_pressure_mmhg.is_nan());
        assert!((broken.drainage_pressure_mmhg - sound.return_pressure_mmhg).abs() < 8.0);
        assert!((broken.return_pressure_mmhg - sound.drainage_pressure_mmhg).abs() < 8.0);
        // An exchange is one of both, and ends where it began.
        sensors.fault(CircuitSensor::PreMembrane, CircuitFault::PressuresExchanged);
        CircuitSensor::ALL.into_iter().for_each(|sensor| sensors.clear(sensor));
        let healed = follow(&mut sensors, 10);
        assert!((healed.drainage_pressure_mmhg - sound.drainage_pressure_mmhg).abs() < 8.0);
        assert!((healed.pre_membrane_pressure_mmhg - sound.pre_membrane_pressure_mmhg).abs() < 8.0);
        assert!(CircuitFault::PressureSpikes { probability: 1.1, mmhg: 1.0 }.check().is_err());
        assert!(CircuitFault::FlowSpikes { probability: 0.1, ns: f64::INFINITY }.check().is_err());
    }

    #[test]
    fn a_batch_is_the_last_ten_milliseconds() {
        let mut sensors = CircuitSensors::new(&ECMO_50, 1, 50e-6, true);
        let follow = |sensors: &mut CircuitSensors, millisecond: u32| {
            for _ in 0..20 {
                let there = AtSensors {
                    pressures: Pressures::default(),
                    flow_lpm: 0.0,
                    blood: Blood::ORDINARY,
                    air: Air::NONE,
                    next_beat: None,
                };
                sensors.follow(&there);
            }
            let samples = sensors.sample(&ECMO_50);
            assert_eq!(samples.shot_count, millisecond.min(10));
            samples
        };
        for millisecond in 1..=25 {
            let samples = follow(&mut sensors, millisecond);
            assert_eq!(samples.valid & valid::ECG != 0, millisecond >= 10);
            let newest = samples.ecg_mv[samples.shot_count as usize - 1];
            assert_eq!(f64::from(newest), sensors.ecg_truth().unwrap().ecg_mv);
        }
        let before = follow(&mut sensors, 26);
        sensors.change(&PatientChange::ElectrodesOff { is_noticed: true });
        let samples = follow(&mut sensors, 27);
        assert_eq!(samples.shots[8], before.shots[9], "a shot moves up and stays as it was");
        assert_eq!(samples.valid & valid::ECG, 0, "an electrode is off");
        assert_eq!(samples.valid & valid::CIRCULATION, valid::CIRCULATION);
        sensors.change(&PatientChange::ElectrodesOff { is_noticed: false });
        let largest =
            (28..1000).map(|millisecond| follow(&mut sensors, millisecond).ecg_mv[9]).fold(0.0, f32::max);
        assert!(
            follow(&mut sensors, 1000).valid & valid::ECG != 0 && largest > 4.9,
            "an open input: {largest}"
        );
        sensors.change(&PatientChange::Rhythm(EcgKind::Sinus));
        let largest =
            (1001..2000).map(|millisecond| follow(&mut sensors, millisecond).ecg_mv[9]).fold(0.0, f32::max);
        assert!(largest < 1.0, "no heart, and electrodes on: {largest}");
    }
}
