// SPDX-License-Identifier: Apache-2.0
//! Friction and inertance of tubing; the laws stand in the [circuit](super).

use core::f64::consts::PI;

use crate::parameters::{RotorFluid, Tubing};
use crate::units::{M3_PER_S_PER_LPM, PA_PER_MMHG};

/// Reynolds numbers between which the laminar law gives way to the turbulent one.
const REYNOLDS_LAMINAR: f64 = 2000.0;
const REYNOLDS_TURBULENT: f64 = 3000.0;
/// Share of turbulent flow at a Reynolds number, 0 to 1.
pub(crate) fn turbulence(reynolds: f64) -> f64 {
    let u = ((reynolds - REYNOLDS_LAMINAR) / (REYNOLDS_TURBULENT - REYNOLDS_LAMINAR)).clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

/// Reynolds number per L/min in a tube.
pub(crate) fn reynolds_per_lpm(diameter_m: f64, fluid: &RotorFluid) -> f64 {
    4.0 * fluid.density_kg_per_m3 * M3_PER_S_PER_LPM / (PI * diameter_m * fluid.viscosity_pa_s)
}

/// Tubing as the coefficients of its laws, in mmHg and L/min.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tube {
    reynolds_per_lpm: f64,
    laminar: f64,
    turbulent: f64,
    /// mmHg/(L/min/s).
    pub(crate) inertance: f64,
}

impl Tube {
    pub(crate) fn new(tubing: &Tubing, fluid: &RotorFluid) -> Self {
        let (length, diameter) = (tubing.length_m, tubing.diameter_m);
        let area = 0.25 * PI * diameter * diameter;
        let velocity = M3_PER_S_PER_LPM / area;
        let reynolds = reynolds_per_lpm(diameter, fluid);
        let dynamic_pa = 0.5 * fluid.density_kg_per_m3 * velocity * velocity;
        let friction = 0.316 / libm::sqrt(libm::sqrt(reynolds));
        let poiseuille = 32.0 * fluid.viscosity_pa_s * length * velocity / (diameter * diameter);
        Self {
            reynolds_per_lpm: reynolds,
            laminar: poiseuille / PA_PER_MMHG,
            turbulent: friction * length / diameter * dynamic_pa / PA_PER_MMHG,
            inertance: fluid.density_kg_per_m3 * length / area * M3_PER_S_PER_LPM / PA_PER_MMHG,
        }
    }

    /// Pressure drop by friction [mmHg].
    pub(crate) fn drop_mmhg(&self, flow_lpm: f64) -> f64 {
        let size = flow_lpm.abs();
        let share = turbulence(self.reynolds_per_lpm * size);
        let laminar = self.laminar * flow_lpm;
        if share == 0.0 {
            return laminar;
        }
        let root = libm::sqrt(size);
        let turbulent = self.turbulent * flow_lpm * root * libm::sqrt(root);
        laminar + share * (turbulent - laminar)
    }
}
