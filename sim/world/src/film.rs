// SPDX-License-Identifier: Apache-2.0
//! Fluid film around the rotor: damping, cross coupling, added mass, inertia stiffness.
//!
//! # Model
//! Short annulus of width c, laminar:
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | C = pi mu R L^3 / (2 c^3) | damping | N s/m | `damping_n_s_per_m` |
//! | k_c = C W / 2 | cross coupling, drives forward whirl | N/m | `damping_n_s_per_m` times W/2 |
//! | m_a = pi rho R L^3 / (12 c) | added mass | kg | `added_mass_kg` |
//! | -m_a W^2 / 4 | inertia stiffness: pushes outward | N/m | `added_mass_kg` times W^2/4 |
//! # Limits and failure
//! The Taylor number of the nominal plant is 217, beyond the laminar law: read the values as +-50 %. The film's
//! Coriolis force m_a W v is left out; `docs/world.md` shows what each choice does to the orbit.
//! # Source
//! The plant file ecmo-50 and its sizing study.

use core::f64::consts::PI;

use crate::parameters::{Rotor, RotorFluid};

/// The two constants of the film.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Film {
    /// C.
    pub(crate) damping_n_s_per_m: f64,
    /// m_a.
    pub(crate) added_mass_kg: f64,
}

impl Film {
    pub(crate) fn new(rotor: &Rotor, fluid: &RotorFluid) -> Self {
        let c = rotor.clearance_m;
        let length_cubed = fluid.length_m * fluid.length_m * fluid.length_m;
        let disc = PI * fluid.radius_m * length_cubed;
        Self {
            damping_n_s_per_m: fluid.viscosity_pa_s * disc / (2.0 * c * c * c),
            added_mass_kg: fluid.density_kg_per_m3 * disc / (12.0 * c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ECMO_50;

    /// The sizing study's figures: C 1.95 N s/m, 23.9 g at 0.5 mm; 9.05, 39.8 g at 0.3 mm; 0.07, 8.0 g at 1.5 mm.
    #[test]
    fn film_has_the_figures_of_the_sizing_study() {
        for (clearance_m, damping, mass_g) in
            [(0.3e-3, 9.05, 39.8), (0.5e-3, 1.95, 23.9), (1.5e-3, 0.07, 8.0)]
        {
            let rotor = Rotor { clearance_m, ..ECMO_50.rotor };
            let film = Film::new(&rotor, &ECMO_50.rotor_fluid);
            // To half a unit of the last digit given.
            assert!((film.damping_n_s_per_m - damping).abs() < 0.005, "{}", film.damping_n_s_per_m);
            assert!((film.added_mass_kg * 1e3 - mass_g).abs() < 0.05, "{}", film.added_mass_kg);
        }
    }
}
