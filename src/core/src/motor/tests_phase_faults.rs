// SPDX-License-Identifier: Apache-2.0
//! Open and shorted phases on the whole motor: found, told apart, carried.
#![allow(clippy::disallowed_types, clippy::arithmetic_side_effects)] // the plant is f64, tests may overflow

use super::rig::Rig;
use super::test_plant::{PERIOD_S, TestMotor};
use super::*;

fn steps(seconds: f64) -> u32 {
    (seconds / PERIOD_S) as u32
}

fn at_speed(rpm: f32, seed: u64) -> Rig {
    let mut rig = Rig::new(TestMotor::at_rest(seed as f64));
    rig.motor.noise.0 = seed;
    rig.setpoint_rpm = rpm;
    rig.run(2.0 + 0.0017 * seed as f64);
    assert_eq!(rig.faults & (fault::PHASE_OPEN | fault::PHASE_SHORT), 0);
    rig
}

/// Runs a time; gives the time to the first of `bits` [ms], the largest current [A] and the lowest and highest speed.
fn watch(rig: &mut Rig, seconds: f64, bits: u32) -> (f64, f64, [f64; 2]) {
    let (mut alarm_ms, mut peak_a, mut rpm) = (f64::INFINITY, 0.0_f64, [f64::MAX, f64::MIN]);
    for step in 0..steps(seconds) {
        let output = rig.step();
        if output.faults & bits != 0 {
            alarm_ms = alarm_ms.min(1e3 * PERIOD_S * f64::from(step + 1));
        }
        let [d, q] = rig.motor.current_dq_a();
        peak_a = peak_a.max(d.hypot(q));
        rpm = [rpm[0].min(rig.rpm()), rpm[1].max(rig.rpm())];
    }
    (alarm_ms, peak_a, rpm)
}

#[test]
fn a_shorted_phase_opens_the_bridge_and_is_named() {
    for rpm in [0.0, 1000.0, 3000.0, 5500.0] {
        let (mut worst_ms, mut worst_a) = (0.0_f64, 0.0_f64);
        for seed in 1..=12 {
            let mut rig = at_speed(rpm, seed);
            rig.motor.shorted[seed as usize % 3] = true;
            rig.faults = 0;
            let (alarm_ms, peak_a, _) = watch(&mut rig, 0.004, fault::PHASE_SHORT);
            (worst_ms, worst_a) = (worst_ms.max(alarm_ms), worst_a.max(peak_a));
            assert!(!rig.waiting.gate && rig.faults == fault::PHASE_SHORT, "{rpm} rpm: {:x}", rig.faults);
        }
        std::println!("short at {rpm} rpm: named after {worst_ms:.2} ms, {worst_a:.1} A at most");
        assert!(worst_ms < 1.0 && worst_a < 9.0);
    }
}

#[test]
fn after_a_short_the_bridge_tries_again_less_and_less_often() {
    let mut rig = at_speed(3000.0, 1);
    rig.motor.shorted[1] = true;
    let mut tries = 0;
    let mut gate = true;
    for _ in 0..steps(30.0) {
        let output = rig.step();
        tries += u32::from(output.gate && !gate);
        gate = output.gate;
    }
    // Six in the first 6.8 s, then one every 5.12 s, for ever.
    assert!((9..=11).contains(&tries), "{tries}");
    let mut rig = at_speed(3000.0, 1);
    rig.motor.shorted[1] = true;
    watch(&mut rig, 0.1, 0);
    rig.motor.shorted[1] = false;
    watch(&mut rig, 3.0, 0);
    assert!((rig.rpm() - 3000.0).abs() < 10.0 && rig.waiting.faults == 0);
}

#[test]
fn an_open_phase_is_named_and_the_pump_goes_on_with_two() {
    for rpm in [1000.0, 3000.0, 4000.0, 5500.0] {
        let (mut worst_ms, mut worst_a, mut band) = (0.0_f64, 0.0_f64, [f64::MAX, f64::MIN]);
        for seed in 1..=12 {
            let mut rig = at_speed(rpm, seed);
            let phase = seed as usize % 3;
            rig.motor.open[phase] = true;
            rig.faults = 0;
            let (alarm_ms, peak_a, range) = watch(&mut rig, 1.0, fault::PHASE_OPEN);
            (worst_ms, worst_a) = (worst_ms.max(alarm_ms), worst_a.max(peak_a));
            band = [band[0].min(range[0]), band[1].max(range[1])];
            assert_eq!(rig.faults, fault::PHASE_OPEN, "{rpm} rpm, seed {seed}: {:x}", rig.faults);
            rig.motor.open[phase] = false;
            watch(&mut rig, 1.2, 0);
            assert!(rig.waiting.faults == 0, "{rpm} rpm, seed {seed}: back");
        }
        std::println!(
            "open at {rpm} rpm: named after {worst_ms:.2} ms, {worst_a:.1} A at most, {band:.0?} rpm"
        );
        assert!(worst_ms < 2.0 && worst_a < 9.0);
        assert!(band[0] > f64::from(rpm) - 50.0 && band[1] < f64::from(rpm) + 50.0);
    }
}

/// Other windings than the model's, load steps, speed steps: nothing is named.
#[test]
fn sound_phases_are_left_alone() {
    for (ohm, henry, weber) in
        [(1.0, 1.0, 1.0), (0.8, 0.8, 0.9), (1.2, 1.2, 1.1), (0.8, 1.2, 1.1), (1.2, 0.8, 0.9)]
    {
        let mut motor = TestMotor::at_rest(0.0);
        motor.resistance_ohm *= ohm;
        motor.inductance_h *= henry;
        motor.flux_linkage_wb *= weber;
        let mut rig = Rig::new(motor);
        for (rpm, load_n_m) in [(300.0, 0.026), (0.0, 0.026), (5500.0, 0.026), (5500.0, 0.04), (1000.0, 0.0)]
        {
            (rig.setpoint_rpm, rig.motor.load_n_m) = (rpm, load_n_m);
            rig.run(1.5);
            rig.enable = false;
            rig.run(0.1);
            rig.enable = true;
        }
        assert_eq!(rig.faults & !fault::ANGLE, 0, "R x {ohm}, L x {henry}, psi x {weber}: {:x}", rig.faults);
    }
}
