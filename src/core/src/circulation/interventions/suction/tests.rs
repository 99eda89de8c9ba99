// SPDX-License-Identifier: Apache-2.0
//! Stages of the answer to suction, one after the other; with a patient behind them see `levitas circulation`.

use super::super::tests::{SHUT, VA, acquainted, stand, well};
use super::super::{Interventions, Signs};
use crate::circulation::conditions as condition;
use crate::circulation::therapy::{Therapy, TherapySettings};

/// What a line of so many times the usual drop shows at this speed, with so much pressure in the vein.
fn drained(speed_rpm: f32, factor: f32, venous_mmhg: f32) -> Signs {
    let flow = 4.0 * speed_rpm / 3400.0;
    let drainage = venous_mmhg - factor * (1.69 * flow * flow + 5.0 * flow);
    Signs { flow_lpm: Some(flow), meter_lpm: Some(flow), drainage_mmhg: Some(drainage), speed_rpm, ..well() }
}

/// The mode asks for 3400 rpm and a lid may hold it lower; the lid at the end, and every condition on the way.
fn under_lid(
    all: &mut Interventions,
    seconds: f32,
    mut circuit: impl FnMut(f32) -> Signs,
) -> (Option<f32>, u32) {
    let (mut lid_rpm, mut told) = (None, 0);
    for _ in 0..(seconds * 100.0) as u32 {
        let speed_rpm = lid_rpm.map_or(3400.0, |lid: f32| lid.min(3400.0));
        let (asked, bits) = all.step(&VA, &circuit(speed_rpm));
        (lid_rpm, told) = (asked.speed_rpm_max, told | bits);
    }
    (lid_rpm, told)
}

/// A vein has just closed and opened in the dips: the guard begins.
fn guarded(venous_mmhg: f32) -> Interventions {
    let mut all = acquainted();
    stand(&mut all, &VA, &SHUT, 0.2);
    for lid_part in [0.80, 0.62, 0.62, 0.62, 0.74, 0.74, 0.74] {
        stand(&mut all, &VA, &drained(lid_part * 3400.0, 1.0, venous_mmhg), 0.36);
    }
    all
}

#[test]
fn a_vein_that_closes_gets_two_dips_and_a_probe() {
    let mut all = acquainted();
    let (asked, told) = stand(&mut all, &VA, &SHUT, 0.2);
    assert!(told & condition::SUCTION != 0);
    assert_eq!(asked.speed_rpm_max, Some(0.80 * 3400.0));
    let (asked, _) = stand(&mut all, &VA, &SHUT, 0.2);
    assert_eq!(asked.speed_rpm_max, Some(0.62 * 3400.0));
    let (asked, _) = stand(&mut all, &VA, &drained(2108.0, 1.0, 2.0), 0.8);
    assert_eq!(asked.speed_rpm_max, Some(0.62 * 3400.0));
    let (asked, _) = stand(&mut all, &VA, &drained(2516.0, 1.0, 2.0), 0.3);
    assert_eq!(asked.speed_rpm_max, Some(0.74 * 3400.0));
    let (asked, told) = stand(&mut all, &VA, &drained(2516.0, 1.0, 2.0), 1.4);
    let lid_rpm = asked.speed_rpm_max.unwrap();
    assert!((0.62 * 3400.0..3400.0).contains(&lid_rpm) && lid_rpm != 0.74 * 3400.0, "the guard: {lid_rpm}");
    assert_eq!(told & condition::INLET_OCCLUSION, 0);
}

#[test]
fn the_guard_lets_a_full_vein_go_and_holds_an_empty_one() {
    // Blood is given: the speed that the mode asks for is less than the lid, which ends.
    let mut all = guarded(2.0);
    let (lid_rpm, _) = under_lid(&mut all, 30.0, |speed_rpm| drained(speed_rpm, 1.0, 8.0));
    assert_eq!(lid_rpm, None);
    // Every rpm takes from the vein: the lid rests where the vein keeps its pressure, by its own drop of the line.
    let vein = |speed_rpm: f32| drained(speed_rpm, 1.0, 2.0 - (speed_rpm - 2600.0) / 100.0);
    let mut all = guarded(2.0);
    let (early_rpm, _) = under_lid(&mut all, 5.0, vein);
    let (late_rpm, told) = under_lid(&mut all, 60.0, vein);
    let (early_rpm, late_rpm) = (early_rpm.unwrap(), late_rpm.unwrap());
    assert!((0.62 * 3400.0..3200.0).contains(&early_rpm), "over the dip: {early_rpm}");
    assert!((early_rpm..3200.0).contains(&late_rpm), "it tries a little more: {early_rpm}, {late_rpm}");
    assert_eq!(told & condition::INLET_OCCLUSION, 0);
}

#[test]
fn a_guard_that_sees_nothing_holds_its_lid_and_ends_it_slowly() {
    let mut all = guarded(2.0);
    let before = stand(&mut all, &VA, &drained(2800.0, 1.0, 0.0), 1.0).0.speed_rpm_max;
    let blind = Signs { meter_lpm: None, speed_rpm: before.unwrap(), ..well() };
    assert_eq!(stand(&mut all, &VA, &blind, 29.0).0.speed_rpm_max, before);
    let (asked, _) = stand(&mut all, &VA, &blind, 60.0);
    assert_eq!(asked.speed_rpm_max, None);
}

#[test]
fn a_vein_that_closes_under_the_guard_gets_another_dip() {
    let mut all = guarded(2.0);
    stand(&mut all, &VA, &drained(2800.0, 1.0, 0.0), 3.0);
    let (asked, _) = stand(&mut all, &VA, &Signs { speed_rpm: 2800.0, ..SHUT }, 0.2);
    assert_eq!(asked.speed_rpm_max, Some(0.80 * 2800.0));
}

#[test]
fn a_vein_that_closes_in_the_probe_gets_another_dip() {
    let mut all = acquainted();
    stand(&mut all, &VA, &SHUT, 0.4);
    stand(&mut all, &VA, &drained(2108.0, 1.0, 0.0), 1.2);
    stand(&mut all, &VA, &drained(2516.0, 1.0, -2.0), 0.6);
    let (asked, told) = stand(&mut all, &VA, &Signs { speed_rpm: 2516.0, ..SHUT }, 0.2);
    assert_eq!(asked.speed_rpm_max, Some(0.80 * 2516.0));
    assert_eq!(told & condition::INLET_OCCLUSION, 0);
}

#[test]
fn a_plain_reduction_stays_and_rises_slowly() {
    let plain = Therapy { settings: TherapySettings { suction_answer: 1.0, ..VA.settings }, ..VA };
    let mut all = acquainted();
    stand(&mut all, &plain, &SHUT, 0.2);
    let open = drained(2720.0, 1.0, 2.0);
    assert_eq!(stand(&mut all, &plain, &open, 29.0).0.speed_rpm_max, Some(0.80 * 3400.0));
    let lid_rpm = stand(&mut all, &plain, &open, 5.0).0.speed_rpm_max.unwrap();
    assert!((2730.0..2810.0).contains(&lid_rpm), "{lid_rpm}");
    assert_eq!(stand(&mut all, &plain, &open, 60.0).0.speed_rpm_max, None);
}

#[test]
fn without_an_answer_suction_is_told_while_it_is_seen() {
    let none = Therapy { settings: TherapySettings { suction_answer: 0.0, ..VA.settings }, ..VA };
    let mut all = acquainted();
    let (asked, told) = stand(&mut all, &none, &SHUT, 0.2);
    assert_eq!((asked.speed_rpm_max, told & condition::SUCTION), (None, condition::SUCTION));
    stand(&mut all, &none, &well(), 1.0);
    assert_eq!(all.step(&none, &well()).1 & condition::SUCTION, 0);
}

#[test]
fn a_kink_of_any_size_is_told_until_it_is_over_and_leaves_no_lid() {
    for factor in [2.5, 3.0, 4.0, 6.0] {
        let mut all = acquainted();
        let kinked = |speed_rpm: f32| drained(speed_rpm, factor, 5.0);
        let (lid_rpm, told) = under_lid(&mut all, 5.0, kinked);
        assert!(told & condition::INLET_OCCLUSION != 0, "{factor}");
        assert_eq!(lid_rpm, None, "{factor}");
        let (lid_rpm, told) = under_lid(&mut all, 30.0, kinked);
        assert_eq!((lid_rpm, told & condition::SUCTION), (None, 0), "{factor}");
        assert!(all.step(&VA, &kinked(3400.0)).1 & condition::INLET_OCCLUSION != 0, "as long as it is there");
        // At half the speed at which it happened.
        let slow = drained(1700.0, 1.0, 5.0);
        stand(&mut all, &VA, &slow, 8.0);
        assert_eq!(all.step(&VA, &slow).1, 0, "it is over when drainage is wide again");
    }
}

#[test]
fn a_vein_that_was_taken_for_a_kink_is_answered_when_it_closes() {
    let mut all = acquainted();
    under_lid(&mut all, 10.0, |speed_rpm| drained(speed_rpm, 2.5, 5.0));
    let mut shut = drained(3400.0, 2.5, -250.0);
    shut.meter_lpm = Some(2.0);
    let (asked, told) = stand(&mut all, &VA, &shut, 0.2);
    assert!(asked.speed_rpm_max.is_some() && told & condition::SUCTION != 0);
}

/// The range of the guard is that of the first event: three that follow, each at a lower speed, leave no lid on a vein that has filled.
#[test]
fn a_vein_that_closed_again_and_again_and_then_fills_is_given_its_speed_back() {
    let mut all = guarded(2.0);
    for speed_rpm in [2600.0, 2300.0, 2100.0] {
        stand(&mut all, &VA, &drained(speed_rpm, 1.0, 0.0), 0.5);
        stand(&mut all, &VA, &Signs { speed_rpm, ..SHUT }, 0.2);
        for lid_part in [0.80, 0.62, 0.62, 0.62, 0.74, 0.74, 0.74] {
            stand(&mut all, &VA, &drained(lid_part * speed_rpm, 1.0, 1.0), 0.36);
        }
    }
    let held_rpm = all.step(&VA, &drained(1600.0, 1.0, 0.0)).0.speed_rpm_max.unwrap();
    assert!(held_rpm < 2200.0, "{held_rpm}");
    let (lid_rpm, _) = under_lid(&mut all, 60.0, |speed_rpm| drained(speed_rpm, 1.0, 8.0));
    assert_eq!(lid_rpm, None);
}

#[test]
fn a_kink_is_told_on_and_forgotten_by_nobody_when_the_operator_resumes() {
    let mut all = acquainted();
    let kinked = |speed_rpm: f32| drained(speed_rpm, 4.0, 5.0);
    under_lid(&mut all, 5.0, kinked);
    all.step(&VA, &Signs { resume: true, ..kinked(3400.0) });
    let (_, told) = under_lid(&mut all, 3.0, kinked);
    assert!(told & condition::INLET_OCCLUSION != 0);
    // Straight again, and a vein that closes then is seen.
    stand(&mut all, &VA, &drained(3400.0, 1.0, 5.0), 8.0);
    assert_eq!(all.step(&VA, &well()).1, 0);
    let (asked, told) = stand(&mut all, &VA, &SHUT, 0.3);
    assert!(asked.speed_rpm_max.is_some() && told & condition::SUCTION != 0);
}

#[test]
fn a_vein_that_closes_behind_a_kink_gets_a_guard_and_the_kink_stays_told() {
    let mut all = acquainted();
    let kinked = |speed_rpm: f32, venous_mmhg: f32| drained(speed_rpm, 2.0, venous_mmhg);
    under_lid(&mut all, 10.0, |speed_rpm| kinked(speed_rpm, 5.0));
    let mut shut = kinked(3400.0, -250.0);
    shut.meter_lpm = Some(2.0);
    let (_, told) = stand(&mut all, &VA, &shut, 0.2);
    assert!(told & condition::INLET_OCCLUSION != 0);
    let (lid_rpm, told) = under_lid(&mut all, 5.0, |speed_rpm| kinked(speed_rpm, 2.0));
    assert!(lid_rpm.is_some(), "it is no second kink");
    assert!(told & condition::INLET_OCCLUSION != 0 && told & condition::SUCTION != 0);
}
