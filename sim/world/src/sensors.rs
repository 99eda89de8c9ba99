// SPDX-License-Identifier: Apache-2.0
//! Sensors of the winding sets: from the state of the world to what the converters deliver.
//!
//! # Model
//! | sensor | signal |
//! |---|---|
//! | displacement Hall pair | 1.65 V + offset +- gain v/2 x_s, offset and gain by element; x_s: sensor plane, runout (1x, 2x) and pickup through a first-order lag; noise, converter step, 0 to 3.3 V |
//! | angle Halls | (1 +- mismatch/2) (cos, sin)(theta + offset) + noise |
//! | currents | i (1 +- gain error) +- offset + noise, converter step, 2048 steps either way |
//! | bus voltage | exact |
//!
//! Where +- stands, the sign alternates: x, y; A, B, C. Sensors of the circuit: `circuit_sensors.rs`.
//! # Timing
//! Lags are exact for an input that is linear within a period.
//! # Limits and failure
//! Temperature drifts are 0: the world has no temperatures yet. Faults: `sensor_faults.rs`.
//! # Source
//! Plant file ecmo-50.

use core::f64::consts::PI;

use levitas_core::ports::{LevitationInputs, valid};

use crate::dynamics::{COIL, Dynamics, PHASE, POSITION, State, TILT};
use crate::fault::Fault;
use crate::noise::Noise;
use crate::parameters::Plant;
use crate::sensor_faults::{Additions, SensorFaults};

/// Mid level and top of the converters [V].
pub(crate) const MID_V: f64 = 1.65;
pub(crate) const TOP_V: f64 = 3.3;
/// Steps of a current sensor to either side.
pub(crate) const CURRENT_STEPS: f64 = 2048.0;
/// Angle by which the runout of the target once per turn is ahead of the rotor, on x [rad].
pub const RUNOUT_1X_RAD: f64 = 0.7;
/// Likewise of the part twice per turn.
pub const RUNOUT_2X_RAD: f64 = -0.4;

/// Streams of a seed: 0, 1 sensors of the sets, 2 circuit, from here on the faults of the sets.
const FAULT_STREAM: u64 = 3;

/// First-order lag, exact for inputs that are linear between two updates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lag {
    keep: f64,
    from_old: f64,
    from_new: f64,
}

impl Lag {
    pub(crate) fn new(time_constant_s: f64, step_s: f64) -> Self {
        let ratio = step_s / time_constant_s;
        let keep = libm::exp(-ratio);
        let mean = -libm::expm1(-ratio) / ratio;
        Self { keep, from_old: mean - keep, from_new: 1.0 - mean }
    }

    pub(crate) fn update(&self, output: f64, old: f64, new: f64) -> f64 {
        self.keep * output + self.from_old * old + self.from_new * new
    }
}

/// Rounds to the nearest multiple of `lsb`; 0 means no converter.
fn quantise(value: f64, lsb: f64) -> f64 {
    /// 1.5 times 2^52: adding it leaves no place for a fraction.
    const NO_FRACTION: f64 = 6_755_399_441_055_744.0;
    if lsb > 0.0 { ((value / lsb + NO_FRACTION) - NO_FRACTION) * lsb } else { value }
}

/// Errors of the current sensors: gain and offset by channel.
fn current_errors(plant: &Plant, sign: f64) -> [f64; 2] {
    [1.0 + sign * plant.sensor_current.gain_error, sign * plant.sensor_current.offset_a]
}

/// The sensors of one winding set.
#[derive(Clone, Debug)]
pub(crate) struct SetSensors {
    set: usize,
    noise: Noise,
    lag: Lag,
    /// Input and output of the lags, per axis [m].
    seen_m: [f64; 2],
    lagged_m: [f64; 2],
    sample_count: u32,
    step_s: f64,
    runout_1x: [f64; 2],
    runout_2x: [f64; 2],
    angle_offset: [f64; 2],
    hall_noise_v: f64,
    hall_lsb_v: f64,
    /// Mid level and volts per metre of the elements x+, x-, y+, y-.
    element_mid_v: [f64; 4],
    element_v_per_m: [f64; 4],
    faults: SensorFaults,
    /// The samples delivered last; none before the first.
    last: Option<LevitationInputs>,
}

impl SetSensors {
    pub(crate) fn new(plant: &Plant, set: usize, seed: u64, step_s: f64) -> Self {
        let sensor = &plant.sensor_displacement;
        let half = 0.5 * sensor.v_per_m;
        let direction = |size: f64, angle: f64| [size * libm::cos(angle), size * libm::sin(angle)];
        Self {
            set,
            noise: Noise::new(seed, set as u64),
            lag: Lag::new(0.5 / (PI * sensor.bandwidth_hz), step_s),
            seen_m: [0.0; 2],
            lagged_m: [0.0; 2],
            sample_count: 0,
            step_s,
            runout_1x: direction(sensor.runout_1x_m, RUNOUT_1X_RAD),
            runout_2x: direction(sensor.runout_2x_m, RUNOUT_2X_RAD),
            angle_offset: direction(1.0, plant.sensor_angle.offset_error_rad),
            // The two Halls of a pair have half of the signal each and independent noise.
            hall_noise_v: sensor.noise_rms_m * sensor.v_per_m * core::f64::consts::FRAC_1_SQRT_2,
            hall_lsb_v: sensor.lsb_m * sensor.v_per_m,
            element_mid_v: [
                MID_V + sensor.element_offset_x_plus_v,
                MID_V + sensor.element_offset_x_minus_v,
                MID_V + sensor.element_offset_y_plus_v,
                MID_V + sensor.element_offset_y_minus_v,
            ],
            element_v_per_m: [
                half * sensor.element_gain_x_plus,
                -half * sensor.element_gain_x_minus,
                half * sensor.element_gain_y_plus,
                -half * sensor.element_gain_y_minus,
            ],
            faults: SensorFaults::new(seed, FAULT_STREAM + set as u64),
            last: None,
        }
    }

    /// What the displacement Halls would show without lag and noise [m].
    fn seen(&self, plant: &Plant, state: &State, direction: [f64; 2]) -> [f64; 2] {
        let sensor = &plant.sensor_displacement;
        let [cosine, sine] = direction;
        let [cosine_2, sine_2] = [cosine * cosine - sine * sine, 2.0 * sine * cosine];
        let (r1, r2) = (self.runout_1x, self.runout_2x);
        let runout = [
            r1[0] * cosine - r1[1] * sine + r2[0] * cosine_2 - r2[1] * sine_2,
            r1[1] * cosine + r1[0] * sine + r2[1] * cosine_2 + r2[0] * sine_2,
        ];
        let plane = Dynamics::plane(state, POSITION, TILT, plant.rotor.sensor_plane_offset_m);
        let own = &state[COIL + 2 * self.set..COIL + 2 * self.set + 2];
        let other = &state[COIL + 2 - 2 * self.set..COIL + 4 - 2 * self.set];
        core::array::from_fn(|axis| {
            let motor = state[PHASE + axis] + state[PHASE + 2 + axis];
            plane[axis]
                + runout[axis]
                + sensor.coil_pickup_m_per_a * own[axis]
                + sensor.coil_pickup_cross_m_per_a * own[1 - axis]
                + sensor.other_set_pickup_m_per_a * other[axis]
                + sensor.motor_pickup_m_per_a * motor
        })
    }

    /// Starts the lags in rest.
    pub(crate) fn start(&mut self, plant: &Plant, state: &State, direction: [f64; 2]) {
        self.seen_m = self.seen(plant, state, direction);
        self.lagged_m = self.seen_m;
    }

    /// Follows the state at the end of a period.
    pub(crate) fn follow(&mut self, plant: &Plant, state: &State, direction: [f64; 2]) {
        let seen = self.seen(plant, state, direction);
        for (lagged, (old, new)) in self.lagged_m.iter_mut().zip(self.seen_m.into_iter().zip(seen)) {
            *lagged = self.lag.update(*lagged, old, new);
        }
        self.seen_m = seen;
        self.faults.follow(self.step_s);
    }

    /// Takes a fault of the sensors, ignores the others.
    pub(crate) fn fault(&mut self, fault: &Fault, plant: &Plant) {
        self.faults.start(fault, plant);
    }

    /// Ends all faults.
    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    /// The samples of this instant; phase currents as they are at the terminals.
    pub(crate) fn sample(
        &mut self,
        plant: &Plant,
        state: &State,
        direction: [f64; 2],
        phases: [f64; 3],
        bus_voltage_v: f64,
    ) -> LevitationInputs {
        self.sample_count = self.sample_count.wrapping_add(1);
        let coil = COIL + 2 * self.set;
        let add = self.faults.additions();
        let [coil_x, coil_y, a, b, c] = add.current_a;
        let mut samples = LevitationInputs {
            displacement_hall_v: self.displacement_halls(&add),
            angle_hall_v: self.angle_halls(plant, direction, add.angle_v),
            coil_current_a: [
                self.current(plant, state[coil], 1.0, coil_x),
                self.current(plant, state[coil + 1], -1.0, coil_y),
            ],
            phase_current_a: [
                self.current(plant, phases[0], 1.0, a),
                self.current(plant, phases[1], -1.0, b),
                self.current(plant, phases[2], 1.0, c),
            ],
            bus_voltage_v: bus_voltage_v as f32,
            sample_count: self.sample_count,
            valid: valid::LEVITATION,
            pair: 0,
        };
        self.faults.replace(&mut samples, self.last.as_ref());
        self.last = Some(samples);
        samples
    }

    fn displacement_halls(&mut self, add: &Additions) -> [f32; 4] {
        core::array::from_fn(|channel| {
            let gain = 1.0 + add.displacement_gain[channel / 2];
            let signal = gain * self.element_v_per_m[channel] * self.lagged_m[channel / 2];
            let noise = self.hall_noise_v * self.noise.gaussian();
            let volt = self.element_mid_v[channel] + signal + noise + add.displacement_v[channel];
            quantise(volt, self.hall_lsb_v).clamp(0.0, TOP_V) as f32
        })
    }

    fn angle_halls(&mut self, plant: &Plant, direction: [f64; 2], add_v: [f64; 2]) -> [f32; 2] {
        let (sensor, [cosine, sine], [oc, os]) = (&plant.sensor_angle, direction, self.angle_offset);
        let half = 0.5 * sensor.amplitude_mismatch;
        let cosine_v =
            (cosine * oc - sine * os) * (1.0 + half) + sensor.noise_rms_rad * self.noise.gaussian();
        let sine_v = (sine * oc + cosine * os) * (1.0 - half) + sensor.noise_rms_rad * self.noise.gaussian();
        // The amplitude of 1 V leaves room for noise and mismatch: the rails are met under a fault alone.
        [cosine_v + add_v[0], sine_v + add_v[1]].map(|volt| volt.clamp(-MID_V, TOP_V - MID_V) as f32)
    }

    fn current(&mut self, plant: &Plant, current_a: f64, sign: f64, add_a: f64) -> f32 {
        let [gain, offset] = current_errors(plant, sign);
        let sensor = &plant.sensor_current;
        let read = gain * current_a + offset + sensor.noise_rms_a * self.noise.gaussian() + add_a;
        let bound = if sensor.lsb_a > 0.0 { CURRENT_STEPS * sensor.lsb_a } else { f64::INFINITY };
        quantise(read, sensor.lsb_a).clamp(-bound, bound) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_follows_a_ramp_exactly() {
        let (tau, step) = (1.0 / (2.0 * PI * 10e3), 50e-6);
        let lag = Lag::new(tau, step);
        let (mut output, mut time) = (0.0, 0.0);
        for _ in 0..10 {
            output = lag.update(output, time, time + step);
            time += step;
        }
        let expected = time - tau + tau * libm::exp(-time / tau);
        assert!((output - expected).abs() < 1e-15);
    }

    #[test]
    fn converter_rounds_to_its_steps() {
        assert_eq!(quantise(1.26, 0.5), 1.5);
        assert_eq!(quantise(-1.26, 0.5), -1.5);
        assert_eq!(quantise(1.26, 0.0), 1.26);
    }
}
