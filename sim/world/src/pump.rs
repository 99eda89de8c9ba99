// SPDX-License-Identifier: Apache-2.0
//! The pump: head and shaft torque from speed and flow.
//!
//! # Model
//! | equation | by |
//! |---|---|
//! | H = (a n^2 - b \|n\| Q - c Q\|Q\|) rho' [mmHg] | formula |
//! | H by [`PumpTable`], times rho' | measured points |
//! | T = d n\|n\| (mu / 3.6 mPa s)^0.3 rho'^0.7 + sgn(n) max(0, e \|n\| Q rho') [mN m] | always |
//!
//! rho' = rho / 1055 kg/m3: the same head in metres and the same flow pattern in a fluid of another density. The
//! exponents of the disc term are those of a turbulent boundary layer, whose drag goes with rho w^2 Re^-0.3.
//!
//! n in krpm, Q in L/min. The second term of the torque is never negative: "not below the disc term".
//! # Source
//! Plant file ecmo-50; the anchor 352 mmHg at 5 L/min and 4000 rpm was measured on a CentriMag.

use crate::parameters::{Plant, RotorFluid};
use crate::pump_table::PumpTable;
use crate::units::RAD_PER_S_PER_RPM;

/// Speed in krpm per rad/s.
pub(crate) const KRPM_PER_RAD_PER_S: f64 = 1e-3 / RAD_PER_S_PER_RPM;

/// Head by formula or by table.
#[derive(Clone, Debug)]
pub(crate) struct Hydraulics {
    a: f64,
    b: f64,
    c: f64,
    density_ratio: f64,
    table: Option<PumpTable>,
}

/// Shaft torque.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShaftTorque {
    disc_n_m: f64,
    flow_n_m: f64,
}

impl Hydraulics {
    pub(crate) fn new(plant: &Plant, table: Option<PumpTable>) -> Self {
        let pump = &plant.pump;
        Self {
            a: pump.a_mmhg_per_krpm2,
            b: pump.b_mmhg_per_krpm_lpm,
            c: pump.c_mmhg_per_lpm2,
            density_ratio: density_ratio(&plant.rotor_fluid),
            table,
        }
    }

    /// Another fluid.
    pub(crate) fn set_fluid(&mut self, fluid: &RotorFluid) {
        self.density_ratio = density_ratio(fluid);
    }

    /// Head [mmHg].
    pub(crate) fn head_mmhg(&self, speed_rad_per_s: f64, flow_lpm: f64) -> f64 {
        let n = (speed_rad_per_s * KRPM_PER_RAD_PER_S).abs();
        let head = match &self.table {
            Some(table) => table.head_mmhg(n * 1e3, flow_lpm),
            None => self.a * n * n - self.b * n * flow_lpm - self.c * flow_lpm * flow_lpm.abs(),
        };
        self.density_ratio * head
    }
}

/// Density over the one that the pump's numbers are given for.
fn density_ratio(fluid: &RotorFluid) -> f64 {
    fluid.density_kg_per_m3 / 1055.0
}

impl ShaftTorque {
    pub(crate) fn new(plant: &Plant, fluid: &RotorFluid) -> Self {
        let viscosity_ratio = fluid.viscosity_pa_s / 3.6e-3;
        let density_ratio = density_ratio(fluid);
        let drag = libm::pow(viscosity_ratio, 0.3) * libm::pow(density_ratio, 0.7);
        Self {
            disc_n_m: 1e-3 * plant.pump.torque_disc_mn_m_per_krpm2 * drag,
            flow_n_m: 1e-3 * plant.pump.torque_flow_mn_m_per_krpm_lpm * density_ratio,
        }
    }

    /// Torque that brakes a pump of `n` krpm, with the sign of `n` [N m].
    pub(crate) fn torque_n_m(&self, n: f64, flow_lpm: f64) -> f64 {
        n * (self.disc_n_m * n.abs() + self.flow_n_m * flow_lpm.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ECMO_50;

    const OMEGA_4000: f64 = 4000.0 * RAD_PER_S_PER_RPM;

    #[test]
    fn head_meets_the_measured_anchor() {
        let head = Hydraulics::new(&ECMO_50, None).head_mmhg(OMEGA_4000, 5.0);
        assert!((head / 352.0 - 1.0).abs() < 0.01, "{head} mmHg");
    }

    #[test]
    fn torque_at_the_anchor_is_26_mn_m_and_36_percent_efficient() {
        let torque = ShaftTorque::new(&ECMO_50, &ECMO_50.rotor_fluid).torque_n_m(4.0, 5.0);
        assert!((torque * 1e3 - 26.0).abs() < 0.05, "{torque}");
        let hydraulic_w = 352.0 * crate::units::PA_PER_MMHG * 5.0 * crate::units::M3_PER_S_PER_LPM;
        assert!((hydraulic_w / (torque * OMEGA_4000) - 0.36).abs() < 0.005);
    }

    #[test]
    fn torque_keeps_its_sign_and_never_falls_below_the_disc_term() {
        let shaft = ShaftTorque::new(&ECMO_50, &ECMO_50.rotor_fluid);
        assert_eq!(shaft.torque_n_m(4.0, -3.0), shaft.torque_n_m(4.0, 0.0));
        assert_eq!(shaft.torque_n_m(-4.0, 2.0), -shaft.torque_n_m(4.0, 2.0));
    }
}
