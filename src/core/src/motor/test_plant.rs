// SPDX-License-Identifier: Apache-2.0
//! A motor for the tests of this folder: exact phase equations, pump load, noisy Halls. Not the world.
#![allow(clippy::disallowed_types)] // the plant is f64

use std::f64::consts::TAU;

/// Period of the 20 kHz step [s].
pub(crate) const PERIOD_S: f64 = 50e-6;

/// Phase windings, rotor and sensors.
#[derive(Clone, Debug)]
pub(crate) struct TestMotor {
    pub(crate) resistance_ohm: f64,
    pub(crate) inductance_h: f64,
    pub(crate) flux_linkage_wb: f64,
    pub(crate) pole_pairs: f64,
    pub(crate) inertia_kg_m2: f64,
    /// Torque of the pump at 4000 rpm, grows with the square of the speed [N.m].
    pub(crate) load_n_m: f64,
    pub(crate) current_a: [f64; 2],
    pub(crate) angle_rad: f64,
    pub(crate) speed_rad_per_s: f64,
    pub(crate) hall_noise_v: f64,
    /// Amplitudes of the cosine and the sine channel, and their offsets [V].
    pub(crate) hall_amplitude_v: [f64; 2],
    pub(crate) hall_offset_v: [f64; 2],
    pub(crate) noise: Noise,
    /// Phases that are interrupted, or on the lower rail while the bridge switches.
    pub(crate) open: [bool; 3],
    pub(crate) shorted: [bool; 3],
}

impl TestMotor {
    /// ecmo-50 at an angle, with the sensor imperfections of the plant file.
    pub(crate) fn at_rest(angle_rad: f64) -> Self {
        Self {
            resistance_ohm: 0.6,
            inductance_h: 0.6e-3,
            flux_linkage_wb: 0.02,
            pole_pairs: 1.0,
            inertia_kg_m2: 5e-5,
            load_n_m: 26e-3,
            current_a: [0.0; 2],
            angle_rad,
            speed_rad_per_s: 0.0,
            hall_noise_v: 0.01,
            hall_amplitude_v: [1.01, 0.99],
            hall_offset_v: [0.0; 2],
            noise: Noise(1),
            open: [false; 3],
            shorted: [false; 3],
        }
    }

    /// One period of the electrical equations at constant speed, solved exactly.
    pub(crate) fn turn_with_voltage(&mut self, duty: [f32; 3], bus_voltage_v: f64) {
        let on_rail = |phase: usize| if self.shorted[phase] { 0.0 } else { f64::from(duty[phase]) };
        let [a, b, c] = [0, 1, 2].map(|phase| on_rail(phase) * bus_voltage_v);
        let voltage = [(2.0 * a - b - c) / 3.0, (b - c) / 3.0_f64.sqrt()];
        let decay = (-PERIOD_S * self.resistance_ohm / self.inductance_h).exp();
        let before = self.forced_by_emf();
        self.angle_rad = (self.angle_rad + self.speed_rad_per_s * PERIOD_S).rem_euclid(TAU);
        let after = self.forced_by_emf();
        for axis in 0..2 {
            self.current_a[axis] = after[axis]
                + decay * (self.current_a[axis] - before[axis])
                + (1.0 - decay) * voltage[axis] / self.resistance_ohm;
        }
        self.interrupt();
    }

    /// No current along the axis of an open phase: the other two are in series.
    fn interrupt(&mut self) {
        for phase in 0..3 {
            if self.open[phase] {
                let (sin, cos) = (TAU / 3.0 * phase as f64).sin_cos();
                let along = self.current_a[0] * cos + self.current_a[1] * sin;
                self.current_a[0] -= along * cos;
                self.current_a[1] -= along * sin;
            }
        }
    }

    /// One period with open bridges: the current is gone at once.
    pub(crate) fn turn_open(&mut self) {
        self.angle_rad = (self.angle_rad + self.speed_rad_per_s * PERIOD_S).rem_euclid(TAU);
        self.current_a = [0.0; 2];
    }

    /// One period of the rotor.
    pub(crate) fn accelerate(&mut self) {
        let torque = 1.5 * self.pole_pairs * self.flux_linkage_wb * self.current_dq_a()[1];
        self.speed_rad_per_s += PERIOD_S * (torque - self.load_torque_n_m()) / self.inertia_kg_m2;
    }

    pub(crate) fn load_torque_n_m(&self) -> f64 {
        let relative = self.speed_rad_per_s / 418.9;
        self.load_n_m * relative * relative.abs()
    }

    /// Periodic current that the back-EMF alone drives: -j w psi e^(j theta) / (R + j w L).
    fn forced_by_emf(&self) -> [f64; 2] {
        let (sin, cos) = (self.pole_pairs * self.angle_rad).sin_cos();
        let speed = self.pole_pairs * self.speed_rad_per_s;
        let reactance = speed * self.inductance_h;
        let factor = speed * self.flux_linkage_wb / (self.resistance_ohm.powi(2) + reactance.powi(2));
        // (sin - j cos)(R - j X)
        [
            factor * (sin * self.resistance_ohm - cos * reactance),
            factor * (-cos * self.resistance_ohm - sin * reactance),
        ]
    }

    pub(crate) fn current_dq_a(&self) -> [f64; 2] {
        let (sin, cos) = (self.pole_pairs * self.angle_rad).sin_cos();
        let [alpha, beta] = self.current_a;
        [alpha * cos + beta * sin, beta * cos - alpha * sin]
    }

    pub(crate) fn phase_current_a(&self) -> [f32; 3] {
        let [alpha, beta] = self.current_a;
        let beta_part = 0.75_f64.sqrt() * beta;
        [alpha as f32, (beta_part - 0.5 * alpha) as f32, (-beta_part - 0.5 * alpha) as f32]
    }

    pub(crate) fn hall_v(&mut self) -> [f32; 2] {
        let (sin, cos) = self.angle_rad.sin_cos();
        let pair = [cos, sin];
        std::array::from_fn(|i| {
            let clean = self.hall_amplitude_v[i] * pair[i] + self.hall_offset_v[i];
            (clean + self.hall_noise_v * self.noise.gauss()) as f32
        })
    }
}

/// A small seeded source of normal noise (xorshift64*, sum of twelve).
#[derive(Clone, Debug)]
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn gauss(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
