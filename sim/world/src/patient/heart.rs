// SPDX-License-Identifier: Apache-2.0
//! Chambers of time-varying elastance, and valves with inertance.
//!
//! # Model
//! Phase 0 to 1 is a beat; 0 is the onset of the ventricles' systole.
//! | equation | |
//! |---|---|
//! | ventricle | P = e E V + (1 - e) (A e^(k V) + B) |
//! | its activation e | (1 - cos(pi phase / 0.3)) / 2 to phase 0.3, then (1 + cos(pi (phase - 0.3) / 0.15)) / 2 to 0.45, then 0 |
//! | atrium | P = (E_relaxed + (E_contracted - E_relaxed) e) V |
//! | its activation e | (1 - cos(2 pi (phase - 0.9) / 0.09)) / 2 from phase 0.9 to 0.99, else 0 |
//! | valve | L dQ/dt = dP - Q^2 / CQ^2 while open; it closes where the flow ends |
//!
//! The valve of the source has no inertance, so its flow has an infinite slope at dP = 0; the inertance of the blood in
//! it, rho l / A with 1 cm and 4 cm2, makes it one that a fixed step can follow, and is physical.
//! # Limits and failure
//! No regurgitation. Above k V = 6 the diastolic law goes on as its tangent, so that it stays finite and not stiff.
//! # Source
//! N. Thiel et al., ECLIPSE (RWTH Aachen), `state_eq.py`: activations, elastances, valve law.

use core::f64::consts::PI;

use crate::parameters::Heart;

/// Phases at which the ventricles' activation is highest and over.
const SYSTOLE_PEAK: f64 = 0.3;
pub(crate) const SYSTOLE_END: f64 = 0.45;
/// Phases of the atrial contraction.
const ATRIAL_START: f64 = 0.9;
const ATRIAL_LENGTH: f64 = 0.09;
/// Where a heart that stands still stays: in diastole, before the atria.
pub(crate) const STANDSTILL: f64 = 0.5;
/// Largest exponent of the diastolic law; beyond it goes on as its tangent.
const EXPONENT_MAX: f64 = 6.0;

/// How far the chambers are contracted, 0 to 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Activation {
    pub(crate) ventricle: f64,
    pub(crate) atrium: f64,
}

impl Activation {
    pub(crate) fn at(phase: f64) -> Self {
        let ventricle = if phase < SYSTOLE_PEAK {
            0.5 * (1.0 - libm::cos(PI * phase / SYSTOLE_PEAK))
        } else if phase < SYSTOLE_END {
            0.5 * (1.0 + libm::cos(PI * (phase - SYSTOLE_PEAK) / (SYSTOLE_END - SYSTOLE_PEAK)))
        } else {
            0.0
        };
        let kick = (phase - ATRIAL_START) / ATRIAL_LENGTH;
        let atrium = if (0.0..1.0).contains(&kick) { 0.5 * (1.0 - libm::cos(2.0 * PI * kick)) } else { 0.0 };
        Self { ventricle, atrium }
    }
}

/// Passive pressure of a ventricle [mmHg].
fn diastolic(scale: f64, stiffness: f64, offset: f64, volume: f64) -> f64 {
    let exponent = stiffness * volume;
    let over = (exponent - EXPONENT_MAX).max(0.0);
    scale * libm::exp(exponent.min(EXPONENT_MAX)) * (1.0 + over) + offset
}

impl Heart {
    /// Pressure of the left ventricle [mmHg]; `contractility` scales its elastance.
    pub(crate) fn left_ventricle(&self, active: f64, contractility: f64, volume: f64) -> f64 {
        let passive = diastolic(
            self.left_diastolic_mmhg,
            self.left_stiffness_per_ml,
            self.diastolic_offset_mmhg,
            volume,
        );
        active * contractility * self.left_elastance_mmhg_per_ml * volume + (1.0 - active) * passive
    }

    /// Pressure of the right ventricle [mmHg].
    pub(crate) fn right_ventricle(&self, active: f64, contractility: f64, volume: f64) -> f64 {
        let passive = diastolic(
            self.right_diastolic_mmhg,
            self.right_stiffness_per_ml,
            self.diastolic_offset_mmhg,
            volume,
        );
        active * contractility * self.right_elastance_mmhg_per_ml * volume + (1.0 - active) * passive
    }

    /// Pressure of the left atrium [mmHg].
    pub(crate) fn left_atrium(&self, active: f64, volume: f64) -> f64 {
        let relaxed = self.left_atrium_relaxed_mmhg_per_ml;
        (relaxed + (self.left_atrium_contracted_mmhg_per_ml - relaxed) * active) * volume
    }

    /// Pressure of the right atrium [mmHg].
    pub(crate) fn right_atrium(&self, active: f64, volume: f64) -> f64 {
        let relaxed = self.right_atrium_relaxed_mmhg_per_ml;
        (relaxed + (self.right_atrium_contracted_mmhg_per_ml - relaxed) * active) * volume
    }
}

/// A valve: one over its conductance squared, one over its inertance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Valve {
    loss: f64,
    mobility: f64,
}

impl Valve {
    pub(crate) fn new(conductance_ml_per_s: f64, inertance: f64) -> Self {
        Self { loss: 1.0 / (conductance_ml_per_s * conductance_ml_per_s), mobility: 1.0 / inertance }
    }

    /// Rate of change of its flow [mL/s2] at a pressure drop [mmHg].
    pub(crate) fn rate(&self, drop: f64, flow: f64) -> f64 {
        if flow <= 0.0 && drop <= 0.0 {
            return 0.0;
        }
        (drop - self.loss * flow * flow.abs()) * self.mobility
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Patient, VA_ADULT};

    fn heart() -> Heart {
        let Patient::Living(patient) = VA_ADULT else { panic!("a living patient") };
        patient.heart
    }

    #[test]
    fn activation_is_continuous_and_has_its_peaks() {
        for (phase, ventricle, atrium) in [
            (0.0, 0.0, 0.0),
            (0.15, 0.5, 0.0),
            (0.3, 1.0, 0.0),
            (0.375, 0.5, 0.0),
            (0.45, 0.0, 0.0),
            (0.945, 0.0, 1.0),
        ] {
            let active = Activation::at(phase);
            assert!((active.ventricle - ventricle).abs() < 1e-12, "{phase}: {active:?}");
            assert!((active.atrium - atrium).abs() < 1e-12, "{phase}: {active:?}");
        }
        let mut before = Activation::at(0.0);
        for step in 1..=10_000 {
            let now = Activation::at(f64::from(step) * 1e-4);
            assert!((now.ventricle - before.ventricle).abs() < 2e-3, "{step}");
            assert!((now.atrium - before.atrium).abs() < 4e-3, "{step}");
            before = now;
        }
    }

    #[test]
    fn chambers_have_the_figures_of_the_source() {
        let mut heart = heart();
        heart.left_elastance_mmhg_per_ml = 2.8;
        (heart.left_diastolic_mmhg, heart.left_stiffness_per_ml, heart.diastolic_offset_mmhg) =
            (0.064, 0.033, 2.5);
        // End-systole at 50 mL; end-diastole at 120 mL: 0.064 e^3.96 + 2.5.
        assert!((heart.left_ventricle(1.0, 1.0, 50.0) - 140.0).abs() < 1e-9);
        assert!((heart.left_ventricle(1.0, 0.5, 50.0) - 70.0).abs() < 1e-9);
        assert!((heart.left_ventricle(0.0, 1.0, 120.0) - 5.857).abs() < 2e-3);
        (heart.right_atrium_relaxed_mmhg_per_ml, heart.right_atrium_contracted_mmhg_per_ml) = (0.1575, 0.225);
        assert!((heart.right_atrium(0.0, 25.0) - 3.9375).abs() < 1e-9);
        assert!((heart.right_atrium(1.0, 25.0) - 5.625).abs() < 1e-9);
    }

    #[test]
    fn the_diastolic_law_goes_on_as_its_tangent() {
        let at = |volume: f64| diastolic(0.064, 0.033, 2.5, volume);
        let edge = EXPONENT_MAX / 0.033;
        let slope = |from: f64, to: f64| (at(to) - at(from)) / (to - from);
        assert!((slope(edge - 1e-4, edge) / slope(edge, edge + 100.0) - 1.0).abs() < 1e-4);
    }

    /// The steady flow of the source: CQ times the root of the drop.
    #[test]
    fn a_valve_carries_its_flow_and_stays_shut_against_a_drop() {
        let valve = Valve::new(350.0, 2e-4);
        assert!(valve.rate(4.0, 700.0).abs() < 1e-6);
        assert!(valve.rate(4.0, 699.0) > 0.0 && valve.rate(4.0, 701.0) < 0.0);
        assert_eq!(valve.rate(-80.0, 0.0), 0.0);
        assert!(valve.rate(-80.0, 10.0) < 0.0, "flow in an open valve is braked");
    }
}
