// SPDX-License-Identifier: Apache-2.0
//! Step size, beats, and the start of a patient.

use super::*;
use crate::{Patient, VA_ADULT, VASOPLEGIC};

fn body(preset: &Patient) -> Body {
    let Patient::Living(parameters) = preset else { panic!("a living patient") };
    Body::new(parameters, 1)
}

/// Aortic pressure, native output and right atrial pressure through two seconds, every 10 ms.
fn course(mut body: Body, step_s: f64) -> std::vec::Vec<[f64; 3]> {
    let steps = (10e-3 / step_s + 0.5) as u32;
    (0..200)
        .map(|_| {
            for _ in 0..steps {
                body.advance(step_s, 3.0, 3.0);
            }
            let truth = body.truth();
            [truth.aortic_pressure_mmhg, truth.native_output_lpm, truth.right_atrial_pressure_mmhg]
        })
        .collect()
}

/// The step against one ten times smaller: course of the aortic pressure within 0.05 mmHg, output of the last beat within
/// 0.1 %.
#[test]
fn the_step_is_small_enough() {
    for preset in [VA_ADULT, VASOPLEGIC] {
        let start = body(&preset);
        let (coarse, fine) = (course(start.clone(), STEP_S), course(start, 0.1 * STEP_S));
        let worst = |index: usize| {
            coarse.iter().zip(&fine).map(|(a, b)| (a[index] - b[index]).abs()).fold(0.0, f64::max)
        };
        let (aorta, atrium) = (worst(0), worst(2));
        // The last 10 ms may end another beat; the output is compared a little before.
        let output = coarse[190][1] / fine[190][1] - 1.0;
        std::println!("step: aorta {aorta:.4} mmHg, output {:.4} %, atrium {atrium:.4} mmHg", 100.0 * output);
        assert!(aorta < 0.05 && atrium < 0.01, "{aorta} and {atrium} mmHg");
        assert!(output.abs() < 1e-3, "{output}");
    }
}

#[test]
fn a_clone_goes_on_as_its_original() {
    let mut original = body(&VA_ADULT);
    let mut copy = original.clone();
    for _ in 0..1000 {
        original.advance(STEP_S, 3.0, 3.0);
        copy.advance(STEP_S, 3.0, 3.0);
    }
    assert_eq!(original.state.map(f64::to_bits), copy.state.map(f64::to_bits));
}

#[test]
fn a_new_patient_has_settled_and_has_the_blood_of_the_file() {
    let mut settled = body(&VA_ADULT);
    assert!((settled.volume_ml() - 3420.0).abs() < 1e-6, "{}", settled.volume_ml());
    let before = settled.truth();
    for _ in 0..40_000 {
        settled.advance(STEP_S, 0.0, 0.0);
    }
    let after = settled.truth();
    assert!((after.map_mmhg / before.map_mmhg - 1.0).abs() < 0.01, "{before:?} {after:?}");
    assert!((after.native_output_lpm / before.native_output_lpm - 1.0).abs() < 0.01);
    // 20 s at 120 beats a minute.
    assert_eq!(after.beat_count, 40);
}

/// In a closed loop at rest each side pumps the same, and the aortic valve carries what the beat's mean says.
#[test]
fn the_means_of_a_beat_are_those_of_its_course() {
    let mut patient = body(&VA_ADULT);
    let (mut flow, mut pressure, mut steps) = (0.0, 0.0, 0.0);
    for _ in 0..1000 {
        patient.advance(STEP_S, 0.0, 0.0);
        let truth = patient.truth();
        flow += truth.aortic_valve_flow_lpm;
        pressure += truth.aortic_pressure_mmhg;
        steps += 1.0;
    }
    let truth = patient.truth();
    assert!((flow / steps / truth.native_output_lpm - 1.0).abs() < 0.01, "{} L/min", flow / steps);
    assert!((pressure / steps / truth.map_mmhg - 1.0).abs() < 0.01, "{} mmHg", pressure / steps);
}
