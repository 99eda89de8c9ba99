// SPDX-License-Identifier: Apache-2.0
//! Angle Halls that are lost, stuck, or come back, on the whole motor.
#![allow(clippy::disallowed_types, clippy::arithmetic_side_effects)] // the plant is f64, tests may overflow

use super::rig::Rig;
use super::test_plant::{PERIOD_S, TestMotor};
use super::*;

/// What the Halls of a fault show.
type Broken = fn(&mut TestMotor, [f32; 2]) -> Option<[f32; 2]>;

fn steps(seconds: f64) -> u32 {
    (seconds / PERIOD_S) as u32
}

/// Worst values of a time.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    rpm_off: f64,
    jolt_a: f64,
    faults: u32,
    gate_open: u32,
}

/// A rig at speed, and the torque current that holds it.
fn at_speed(rpm: f32, seed: u64) -> (Rig, f64) {
    let mut rig = Rig::new(TestMotor::at_rest(seed as f64));
    rig.motor.noise.0 = seed;
    rig.setpoint_rpm = rpm;
    rig.run(2.0);
    let mut mean_a = 0.0;
    for _ in 0..steps(0.1) {
        rig.step();
        mean_a += rig.motor.current_dq_a()[1] / f64::from(steps(0.1));
    }
    assert!((rig.rpm() - f64::from(rpm)).abs() < 20.0, "{} of {rpm}", rig.rpm());
    assert_eq!(rig.faults & fault::SENSORLESS, 0, "{rpm}");
    (rig, mean_a)
}

/// Runs with the Halls of `broken`, or sound ones.
fn run(rig: &mut Rig, seconds: f64, hold_a: f64, broken: Option<Broken>) -> Worst {
    let last_v = rig.motor.hall_v();
    let mut worst = Worst::default();
    for _ in 0..steps(seconds) {
        let output = match broken {
            None => rig.step(),
            Some(broken) => {
                let halls = broken(&mut rig.motor, last_v);
                rig.step_with_halls(halls)
            }
        };
        worst.rpm_off = worst.rpm_off.max((rig.rpm() - f64::from(rig.setpoint_rpm)).abs());
        worst.jolt_a = worst.jolt_a.max((rig.motor.current_dq_a()[1] - hold_a).abs());
        worst.faults |= output.faults;
        worst.gate_open += u32::from(!output.gate);
    }
    worst
}

const LOST: [(&str, Broken); 4] = [
    ("missing", |_, _| None),
    ("open", |motor, _| motor.hall_v().map(|_| 1.65).into()),
    ("one open", |motor, _| [motor.hall_v()[0], -1.65].into()),
    ("frozen", |_, last_v| Some(last_v)),
];

#[test]
fn without_halls_the_pump_goes_on_by_its_back_emf() {
    for rpm in [900.0, 1000.0, 3000.0, 5500.0] {
        for (name, broken) in LOST {
            let (mut rig, hold_a) = at_speed(rpm, 3);
            let first = run(&mut rig, 1.0, hold_a, Some(broken));
            let error = (rig.drive.rotor().angle_rad as f64 - rig.motor.angle_rad).sin();
            let back = run(&mut rig, 1.0, hold_a, None);
            std::println!(
                "{rpm} rpm, {name}: {:.1} rpm off, jolt {:.2} A, angle {error:.3}; back: {:.1} rpm, {:.2} A",
                first.rpm_off,
                first.jolt_a,
                back.rpm_off,
                back.jolt_a
            );
            assert_eq!(first.faults, fault::ANGLE | fault::SENSORLESS);
            assert_eq!((first.gate_open, back.gate_open), (0, 0));
            assert_eq!(rig.waiting.faults, 0);
            assert!(
                first.rpm_off < 15.0 && back.rpm_off < 15.0,
                "2 % mismatch at 900 rpm, where nothing learns"
            );
            assert!(first.jolt_a < 0.2 && back.jolt_a < 0.5 && error.abs() < 0.05);
        }
    }
}

/// Windings and magnet other than the model's, with a load step and down to 850 rpm, all without Halls.
#[test]
fn a_wrong_model_is_carried_too() {
    for (ohm, henry, weber) in [(0.8, 0.8, 0.9), (1.2, 1.2, 1.1), (0.8, 1.2, 1.1), (1.2, 0.8, 0.9)] {
        let mut motor = TestMotor::at_rest(0.0);
        motor.resistance_ohm *= ohm;
        motor.inductance_h *= henry;
        motor.flux_linkage_wb *= weber;
        let mut rig = Rig::new(motor);
        rig.setpoint_rpm = 5000.0;
        rig.run(2.0);
        let lost: Option<Broken> = Some(|_, _| None);
        let first = run(&mut rig, 0.5, 0.0, lost);
        rig.motor.load_n_m += 0.015;
        let loaded = run(&mut rig, 1.0, 0.0, lost);
        let error = (f64::from(rig.drive.rotor().angle_rad) - rig.motor.angle_rad).sin();
        rig.setpoint_rpm = 850.0;
        let down = run(&mut rig, 2.0, 0.0, lost);
        let slow = run(&mut rig, 0.5, 0.0, lost);
        std::println!(
            "R x {ohm}, L x {henry}, psi x {weber}: {:.1} rpm off, load step {:.1} rpm, angle {error:.3}; 850 rpm: {:.1}",
            first.rpm_off,
            loaded.rpm_off,
            slow.rpm_off
        );
        assert_eq!([first, loaded, down, slow].map(|worst| worst.gate_open), [0; 4]);
        assert!(first.rpm_off < 5.0 && loaded.rpm_off < 100.0 && slow.rpm_off < 30.0 && error.abs() < 0.1);
    }
}

/// Below 800 rpm nobody knows the angle: the rotor coasts, and is caught when the Halls are back.
#[test]
fn a_slow_rotor_without_halls_coasts() {
    for rpm in [300.0, 700.0] {
        let (mut rig, hold_a) = at_speed(rpm, 1);
        let coasting = run(&mut rig, 0.0499, hold_a, Some(|_, _| None));
        assert_eq!((coasting.faults, coasting.gate_open), (fault::ANGLE, 0));
        run(&mut rig, 0.0002, hold_a, Some(|_, _| None));
        let lost = run(&mut rig, 0.5, hold_a, Some(|_, _| None));
        assert_eq!((lost.faults, lost.gate_open), (fault::ANGLE, steps(0.5)));
        run(&mut rig, 1.5, hold_a, None);
        assert!((rig.rpm() - f64::from(rpm)).abs() < 20.0 && rig.waiting.faults == 0, "{}", rig.rpm());
    }
}

/// Slow down to a speed at which a pair that stands still pulls the estimate along at once.
#[test]
fn a_frozen_pair_with_live_noise_is_no_blocked_rotor() {
    for rpm in [200.0, 300.0, 500.0] {
        let (mut rig, hold_a) = at_speed(rpm, 1);
        let worst = run(&mut rig, 1.0, hold_a, Some(frozen_but_noisy));
        std::println!("{rpm} rpm, frozen: {:.0} rpm off, open {} steps", worst.rpm_off, worst.gate_open);
        assert!(worst.gate_open > steps(0.98) && worst.faults == fault::ANGLE && worst.rpm_off < 150.0);
        assert!(!rig.waiting.gate && rig.drive.rotor().speed_rad_per_s > 0.0);
    }
}

/// Faster than any load brakes: as Halls that stop on a rotor that turns. The windings know better.
#[test]
fn a_rotor_that_jams_at_once_is_tried_again_and_comes_back() {
    for rpm in [1000.0, 4000.0, 5500.0] {
        let (mut rig, _) = at_speed(rpm, 2);
        (rig.jam_n_m, rig.limits) = (f64::INFINITY, 0);
        let mut known_s = None;
        for step in 0..steps(3.0) {
            rig.step();
            if known_s.is_none()
                && step > 100
                && rig.waiting.limits & limits::ANGLE_LOST == 0
                && rig.waiting.gate
            {
                known_s = Some(f64::from(step) * PERIOD_S);
            }
        }
        let stalled = rig.limits & limits::STALL != 0;
        rig.jam_n_m = 0.0;
        let (.., peak) = rig.run(4.0);
        std::println!("{rpm} rpm: tried after {known_s:?} s, stall told {stalled}, back at {:.0}", rig.rpm());
        assert!(known_s.is_some_and(|s| s < 0.2) && stalled, "{known_s:?}");
        assert!((rig.rpm() - f64::from(rpm)).abs() < 20.0 && peak < 1.02 * f64::from(rpm), "{peak}");
    }
}

/// One converter for Halls and currents, frozen as a whole: the currents of a pulse are those before it, and prove nothing.
#[test]
fn a_converter_that_stands_still_is_no_jam() {
    let (mut rig, _) = at_speed(600.0, 4);
    let (halls, currents) = (rig.motor.hall_v(), [0.02_f32, 0.0, -0.01]);
    let mut driven = 0;
    for step in 0..steps(1.0) {
        let output = rig.step_with(Some(halls), Some(currents));
        driven += u32::from(step > steps(0.2) && output.gate);
    }
    assert_eq!(driven, 0);
    assert!(rig.waiting.limits & limits::ANGLE_LOST != 0, "the Halls are not believed");
}

/// Halls that are frozen and live in their noise, on a rotor that coasts too slowly for its EMF to be followed: the
/// pulses find that it turns, down to the speed that is called standing.
#[test]
fn stuck_halls_on_a_slow_rotor_do_not_pass_for_a_jam() {
    for seed in 1..5 {
        let (mut rig, hold_a) = at_speed(300.0, seed);
        let (mut pulses, mut turning_rpm) = (0_u32, f64::MAX);
        let last_v = rig.motor.hall_v();
        for _ in 0..steps(0.5) {
            let halls = frozen_but_noisy(&mut rig.motor, last_v);
            rig.step_with_halls(halls);
            pulses += u32::from(rig.waiting.gate && rig.waiting.limits & limits::ANGLE_LOST != 0);
            turning_rpm = turning_rpm.min(rig.rpm());
            assert!(rig.motor.current_dq_a().iter().all(|a| a.abs() < hold_a.abs() + 6.5));
        }
        assert!(pulses > 5 && turning_rpm > 30.0, "{pulses} {turning_rpm}");
        assert!(rig.waiting.limits & limits::ANGLE_LOST != 0, "the Halls are not believed");
    }
}

fn frozen_but_noisy(motor: &mut TestMotor, last_v: [f32; 2]) -> Option<[f32; 2]> {
    let noise_v = motor.hall_noise_v;
    Some(last_v.map(|v| v + (noise_v * motor.noise.gauss()) as f32))
}

#[test]
fn a_frozen_pair_with_live_noise_is_not_believed() {
    for hall_noise_v in [1e-3, 1e-2] {
        for rpm in [900.0, 1000.0, 2000.0, 4000.0, 5500.0] {
            for seed in 1..5 {
                let (mut rig, hold_a) = at_speed(rpm, seed);
                rig.motor.hall_noise_v = hall_noise_v;
                let first = run(&mut rig, 1.0, hold_a, Some(frozen_but_noisy));
                rig.motor.hall_noise_v = 0.01;
                let back = run(&mut rig, 1.0, hold_a, None);
                std::println!(
                    "{rpm} rpm, {hall_noise_v} V: {:.1} rpm off, jolt {:.2} A; back: {:.1} rpm, {:.2} A, {} {}",
                    first.rpm_off,
                    first.jolt_a,
                    back.rpm_off,
                    back.jolt_a,
                    first.gate_open,
                    back.gate_open
                );
                assert_eq!((first.gate_open, back.gate_open), (0, 0));
                assert!(first.jolt_a < 6.5 && first.rpm_off < if rpm > 3000.0 { 60.0 } else { 300.0 });
                assert!(back.rpm_off < 15.0);
            }
        }
    }
}
