// SPDX-License-Identifier: Apache-2.0
//! Every number of a living patient. Pressures in mmHg, volumes in mL, flows in mL/s.
//!
//! The ranges keep the patient's fixed step stable, whatever is drawn from them (test `patient_properties`).

use levitas_core::ranged_struct;

use super::{Ranged, Section};

ranged_struct! {
    /// How much blood there is.
    pub struct BloodVolume: f64 {
        /// All blood of the patient [mL].
        volume_ml: 100.0..=10000.0,
        /// Its part that stretches vessels and chambers; the rest fills them without pressure [mL].
        stressed_ml: 20.0..=4000.0,
    }
}

ranged_struct! {
    /// Four chambers of time-varying elastance, and their valves.
    pub struct Heart: f64 {
        /// Beats per minute [1/min].
        rate_bpm: 20.0..=240.0,
        /// 1 beats, 0 stands still in diastole [1].
        beating: 0.0..=1.0,
        /// Left ventricle, at the peak of systole [mmHg/mL].
        left_elastance_mmhg_per_ml: 0.02..=20.0,
        /// Right ventricle, at the peak of systole [mmHg/mL].
        right_elastance_mmhg_per_ml: 0.02..=10.0,
        /// Left ventricle in diastole: pressure = this e^(stiffness V) + offset [mmHg].
        left_diastolic_mmhg: 0.001..=1.0,
        /// Left ventricle in diastole [1/mL].
        left_stiffness_per_ml: 0.005..=0.3,
        /// Right ventricle in diastole: pressure = this e^(stiffness V) + offset [mmHg].
        right_diastolic_mmhg: 0.001..=1.0,
        /// Right ventricle in diastole [1/mL].
        right_stiffness_per_ml: 0.005..=0.3,
        /// Both ventricles in diastole [mmHg].
        diastolic_offset_mmhg: 0.0..=10.0,
        /// Left atrium, contracted [mmHg/mL].
        left_atrium_contracted_mmhg_per_ml: 0.02..=10.0,
        /// Left atrium, relaxed [mmHg/mL].
        left_atrium_relaxed_mmhg_per_ml: 0.02..=10.0,
        /// Right atrium, contracted [mmHg/mL].
        right_atrium_contracted_mmhg_per_ml: 0.02..=10.0,
        /// Right atrium, relaxed [mmHg/mL].
        right_atrium_relaxed_mmhg_per_ml: 0.02..=10.0,
        /// Mitral and tricuspid valve: flow = this times the root of the pressure drop [mL/s/mmHg^0.5].
        inlet_valve_ml_per_s: 100.0..=1000.0,
        /// Aortic and pulmonary valve: flow = this times the root of the pressure drop [mL/s/mmHg^0.5].
        outlet_valve_ml_per_s: 100.0..=1000.0,
        /// Inertance of the blood in a valve [mmHg s2/mL].
        valve_inertance_mmhg_s2_per_ml: 2.0e-4..=2.0e-3,
    }
}

ranged_struct! {
    /// Aorta, arteries, veins.
    pub struct SystemicVessels: f64 {
        /// Compliance of the aorta [mL/mmHg].
        aorta_compliance_ml_per_mmhg: 0.02..=2.0,
        /// Resistance from the aorta to the arteries [mmHg s/mL].
        aorta_resistance_mmhg_s_per_ml: 1.0e-4..=0.05,
        /// Inertance from the aorta to the arteries [mmHg s2/mL].
        aorta_inertance_mmhg_s2_per_ml: 3.0e-5..=1.0e-3,
        /// Compliance of the arteries [mL/mmHg].
        artery_compliance_ml_per_mmhg: 0.05..=5.0,
        /// Resistance from the arteries to the veins [mmHg s/mL].
        peripheral_resistance_mmhg_s_per_ml: 0.05..=3.0,
        /// Inertance from the arteries to the veins [mmHg s2/mL].
        peripheral_inertance_mmhg_s2_per_ml: 1.6e-3..=0.05,
        /// Compliance of the veins [mL/mmHg].
        vein_compliance_ml_per_mmhg: 2.0..=300.0,
        /// Resistance from the veins to the vena cava [mmHg s/mL].
        vein_resistance_mmhg_s_per_ml: 5.0e-3..=1.0,
    }
}

ranged_struct! {
    /// The great vein around the drainage cannula, which collapses when it is emptied.
    pub struct VenaCava: f64 {
        /// Volume at which its wall is without stress [mL].
        unstressed_ml: 15.0..=300.0,
        /// Scale of the tube law [mmHg].
        stiffness_mmhg: 0.05..=2.0,
        /// Resistance to the right atrium [mmHg s/mL].
        resistance_mmhg_s_per_ml: 5.0e-3..=0.1,
        /// Pressure drop of the cannula's open inlet per flow squared; grows with one over the open part squared [mmHg/(L/min)2].
        inlet_mmhg_per_lpm2: 0.01..=10.0,
        /// Suction across the inlet that holds the wall against it [mmHg].
        hold_mmhg: 1.0..=200.0,
        /// Volume by which a wall that is held lags, as a part of the unstressed one [1].
        hold_fraction: 0.0..=0.6,
    }
}

ranged_struct! {
    /// Pulmonary sinus, arteries, veins.
    pub struct PulmonaryVessels: f64 {
        /// Compliance of the pulmonary sinus [mL/mmHg].
        sinus_compliance_ml_per_mmhg: 0.03..=2.0,
        /// Resistance from the sinus to the arteries [mmHg s/mL].
        sinus_resistance_mmhg_s_per_ml: 1.0e-4..=0.05,
        /// Inertance from the sinus to the arteries [mmHg s2/mL].
        sinus_inertance_mmhg_s2_per_ml: 3.0e-5..=1.0e-3,
        /// Compliance of the arteries [mL/mmHg].
        artery_compliance_ml_per_mmhg: 0.2..=20.0,
        /// Resistance from the arteries to the veins [mmHg s/mL].
        resistance_mmhg_s_per_ml: 0.01..=2.0,
        /// Inertance from the arteries to the veins [mmHg s2/mL].
        inertance_mmhg_s2_per_ml: 1.6e-3..=0.05,
        /// Compliance of the veins [mL/mmHg].
        vein_compliance_ml_per_mmhg: 1.0..=100.0,
        /// Resistance from the veins to the left atrium [mmHg s/mL].
        vein_resistance_mmhg_s_per_ml: 2.0e-3..=0.1,
    }
}

ranged_struct! {
    /// Where the circuit drains from and returns to.
    pub struct Cannulation: f64 {
        /// Part of the drained flow that is taken from the vena cava; the rest from the right atrium [1].
        drainage_cava_share: 0.0..=1.0,
        /// Part of the returned flow that goes into the right atrium: 0 veno-arterial, 1 veno-venous [1].
        return_atrium_share: 0.0..=1.0,
        /// Part of the arterial return that enters by the femoral artery; the rest by the aorta [1].
        return_femoral_share: 0.0..=1.0,
        /// How directly the return to the right atrium faces the drainage: 0 far apart, 1 tip to tip [1].
        tip_coupling: 0.0..=1.0,
    }
}

assembly! {
    /// A patient with a circulation of his own.
    pub struct LivingPatient {
        /// How much blood.
        blood: BloodVolume = "blood",
        /// The heart.
        heart: Heart = "heart",
        /// From the aorta to the veins.
        systemic: SystemicVessels = "systemic",
        /// The drained vein.
        cava: VenaCava = "cava",
        /// Through the lungs.
        pulmonary: PulmonaryVessels = "pulmonary",
        /// Where the cannulas lie.
        cannulation: Cannulation = "cannulation",
    }
}
