// SPDX-License-Identifier: Apache-2.0
//! A lithium-ion battery: voltage at rest by state of charge, a resistance, and one that comes with time.
//!
//! # Model
//! | symbol | meaning | unit |
//! |---|---|---|
//! | s | state of charge, 0 to 1 | 1 |
//! | U_0 | voltage of a cell at rest: -1.031 exp(-35 s) + 3.685 + 0.2156 s - 0.1178 s^2 + 0.3201 s^3 | V |
//! | R | resistance of a cell at once: R_25 (1 + 2.10 exp(-24.37 s)) exp(B (1/T - 1/298.15 K)) | ohm |
//! | R_p, tau | polarisation: tau dU_p/dt = R_p I - U_p, R_p with T as R | ohm, s |
//!
//! Terminal voltage = N (U_0 + offset) - U_p - (N R + R_wiring) I; s falls by I dt over the capacity.
//! # Timing
//! Steps of 10 ms with the mean current of the last; the bus solves its own voltage within.
//! # Limits and failure
//! At s = 0 the protection is open until charge comes in. No self-discharge, no hysteresis, no heat of its own, one polarisation where [1] has two.
//! # Source
//! [1] M. Chen, G. A. Rincon-Mora, Accurate electrical battery model capable of predicting runtime and I-V performance, IEEE Trans. Energy
//! Convers. 21 (2006) 504: equation 2 for U_0, the ratio and the exponent of R from equation 3. Sizes: the plant file.

use crate::parameters::Battery as Parameters;

/// Rise of the resistance towards empty, and how fast it goes with charge [1].
const EMPTY_RISE: f64 = 2.10;
const EMPTY_RATE: f64 = 24.37;
const KELVIN: f64 = 273.15;
const REFERENCE_K: f64 = 298.15;
const S_PER_H: f64 = 3600.0;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Battery {
    parameters: Parameters,
    /// Factor of both resistances by temperature.
    warmth: f64,
    pub(super) charge: f64,
    polarisation_v: f64,
    capacity_factor: f64,
    resistance_factor: f64,
}

/// Voltage of a cell at rest [V].
fn rest_v(charge: f64) -> f64 {
    let s = charge;
    3.685 - 1.031 * libm::exp(-35.0 * s) + s * (0.2156 + s * (-0.1178 + 0.3201 * s))
}

impl Battery {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let kelvin = parameters.celsius + KELVIN;
        let warmth = libm::exp(parameters.resistance_activation_k * (1.0 / kelvin - 1.0 / REFERENCE_K));
        Self {
            parameters: *parameters,
            warmth,
            charge: parameters.start_charge,
            polarisation_v: 0.0,
            capacity_factor: 1.0,
            resistance_factor: 1.0,
        }
    }

    /// It has aged: so much of its capacity and of its resistance.
    pub(super) fn age(&mut self, capacity_factor: f64, resistance_factor: f64) {
        (self.capacity_factor, self.resistance_factor) = (capacity_factor, resistance_factor);
    }

    /// Its voltage without load [V].
    pub(super) fn open_v(&self) -> f64 {
        let cell_v = rest_v(self.charge) + self.parameters.cell_offset_v;
        self.parameters.series_cells * cell_v - self.polarisation_v
    }

    /// The same when it is full and at rest [V].
    pub(super) fn full_v(&self) -> f64 {
        self.parameters.series_cells * (rest_v(1.0) + self.parameters.cell_offset_v)
    }

    /// Its resistance at once, with wiring [ohm].
    pub(super) fn resistance_ohm(&self) -> f64 {
        let rise = 1.0 + EMPTY_RISE * libm::exp(-EMPTY_RATE * self.charge);
        self.cells(self.parameters.cell_resistance_ohm) * rise + self.parameters.wiring_ohm
    }

    /// A step of `step_s` in which it gave `current_a`, or took.
    pub(super) fn advance(&mut self, current_a: f64, step_s: f64) {
        let coulomb = self.parameters.capacity_ah * self.capacity_factor * S_PER_H;
        self.charge = (self.charge - current_a * step_s / coulomb).clamp(0.0, 1.0);
        let keep = libm::exp(-step_s / self.parameters.polarisation_s);
        let tends_to_v = self.cells(self.parameters.cell_polarisation_ohm) * current_a;
        self.polarisation_v = tends_to_v + (self.polarisation_v - tends_to_v) * keep;
    }

    fn cells(&self, cell_ohm: f64) -> f64 {
        self.parameters.series_cells * cell_ohm * self.warmth * self.resistance_factor
    }
}
