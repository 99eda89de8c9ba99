// SPDX-License-Identifier: Apache-2.0
//! The living patient over drawn parameters, speeds and changes: blood is conserved, and nothing runs away.

mod common;

use common::{quiet_plant, setup};
use levitas_world::{
    Circulation, InitialState, KeyInfo, LivingPatient, Patient, PatientChange, STEP_S, Setup, VA_25_21,
    VA_ADULT,
};
use proptest::prelude::*;

fn circulation(patient: Patient) -> Circulation {
    let setup = Setup { patient, circuit: VA_25_21, ..setup(quiet_plant(), InitialState::default()) };
    Circulation::new(&setup).unwrap()
}

fn run(circulation: &mut Circulation, rpm: f64, seconds: f64) {
    for _ in 0..(seconds / STEP_S).round() as u32 {
        circulation.advance_at(rpm);
    }
}

/// A patient with every key at a place in its range, on a logarithmic scale where the range has one.
fn drawn(places: &[f64]) -> Patient {
    let mut patient = VA_ADULT;
    for (info, place) in LivingPatient::keys().zip(places) {
        patient.set(&info.key.to_string(), &[at(&info, *place)]).unwrap();
    }
    if patient.check_together().is_err_and(|error| error.min > error.max) {
        patient.set("cava.unstressed_ml", &[15.0]).unwrap();
    }
    if let Err(error) = patient.check_together() {
        patient.set("blood.stressed_ml", &[error.value.clamp(error.min, error.max)]).unwrap();
    }
    patient
}

fn at(info: &KeyInfo, place: f64) -> f64 {
    if info.min > 0.0 {
        info.min * (info.max / info.min).powf(place)
    } else {
        info.min + place * (info.max - info.min)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_patient_in_range_stays_finite(
        places in prop::collection::vec(prop_oneof![3 => 0.0..=1.0, 1 => Just(0.0), 1 => Just(1.0)], 64),
        speeds in prop::collection::vec(0.0..6000.0_f64, 3),
    ) {
        let mut world = circulation(drawn(&places));
        let volume_ml = world.truth_at(0.0).patient.unwrap().blood_volume_ml;
        for rpm in speeds {
            run(&mut world, rpm, 1.0);
            let truth = world.truth_at(rpm);
            let patient = truth.patient.unwrap();
            for value in [
                truth.flow_lpm, truth.drainage_pressure_mmhg, truth.return_pressure_mmhg,
                patient.aortic_pressure_mmhg, patient.left_ventricular_pressure_mmhg, patient.map_mmhg,
                patient.aortic_valve_flow_lpm,
            ] {
                prop_assert!(value.abs() < 5000.0, "{truth:?}");
            }
            prop_assert!((0.0..=0.97 + 1e-12).contains(&patient.cava_collapse));
            prop_assert!((patient.blood_volume_ml - volume_ml).abs() < 1e-6 * volume_ml);
        }
    }

    #[test]
    fn blood_is_conserved_but_for_what_is_given_and_lost(
        lost_ml in 0.0..400.0_f64, given_ml in 0.0..800.0_f64, rpm in 0.0..5500.0_f64,
        tilt_deg in -30.0..90.0_f64,
    ) {
        let mut world = circulation(VA_ADULT);
        let before_ml = world.truth_at(0.0).patient.unwrap().blood_volume_ml;
        for change in [
            PatientChange::BloodLoss { ml: lost_ml, over_s: 2.0 },
            PatientChange::Volume { ml: given_ml, over_s: 1.0 },
            PatientChange::Posture { tilt_deg },
        ] {
            world.change_patient(&change).unwrap();
        }
        run(&mut world, rpm, 3.0);
        let after_ml = world.truth_at(0.0).patient.unwrap().blood_volume_ml;
        prop_assert!((after_ml - before_ml - given_ml + lost_ml).abs() < 1e-6, "{before_ml} to {after_ml}");
    }
}
