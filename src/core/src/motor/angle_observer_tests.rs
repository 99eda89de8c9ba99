// SPDX-License-Identifier: Apache-2.0
//! The angle observer on a simulated rotor with noisy, unequal Halls.
#![allow(clippy::disallowed_types)] // the plant is f64

use super::*;
use crate::motor::test_plant::{PERIOD_S, TestMotor};

const RAD_PER_S_4000_RPM: f64 = 418.879;

fn observer() -> AngleObserver {
    AngleObserver::new(&MotorConfig::ECMO_50, PERIOD_S as f32)
}

/// A rotor that keeps its speed: no load, no current.
fn free_rotor(speed_rad_per_s: f64) -> TestMotor {
    TestMotor { speed_rad_per_s, load_n_m: 0.0, ..TestMotor::at_rest(1.0) }
}

fn angle_error(observer: &AngleObserver, motor: &TestMotor) -> f64 {
    let difference = f64::from(observer.estimate().angle_rad) - motor.angle_rad;
    difference.sin().atan2(difference.cos())
}

/// Steps, then the largest and the root mean square error of speed, and of angle.
fn run(observer: &mut AngleObserver, motor: &mut TestMotor, steps: u32) -> (f64, f64, f64) {
    let (mut peak, mut speed_square, mut angle_square) = (0.0_f64, 0.0, 0.0);
    for _ in 0..steps {
        motor.turn_open();
        observer.step(Some(motor.hall_v()), 0.0);
        let speed_error = f64::from(observer.speed_rad_per_s()) - motor.speed_rad_per_s;
        peak = peak.max(speed_error.abs());
        speed_square += speed_error.powi(2) / f64::from(steps);
        angle_square += angle_error(observer, motor).powi(2) / f64::from(steps);
    }
    (peak, speed_square.sqrt(), angle_square.sqrt())
}

#[test]
fn speed_noise_at_4000_rpm() {
    let (mut observer, mut motor) = (observer(), free_rotor(RAD_PER_S_4000_RPM));
    motor.hall_offset_v = [0.02, -0.015];
    run(&mut observer, &mut motor, 2_000);
    let (_, before, _) = run(&mut observer, &mut motor, 2_000);
    run(&mut observer, &mut motor, 60_000);
    let (_, after, angle) = run(&mut observer, &mut motor, 20_000);
    std::println!(
        "speed noise {before:.2} rad/s rms fresh, {after:.2} rad/s learned; angle {angle:.4} rad rms"
    );
    assert!(before < 4.0 && after < 0.5, "{before} {after}");
    assert!(angle < 3e-3);
}

#[test]
fn the_mismatch_of_the_plant_alone_stays_under_1_rad_per_s() {
    let (mut observer, mut motor) = (observer(), free_rotor(RAD_PER_S_4000_RPM));
    run(&mut observer, &mut motor, 1_000);
    let (_, fresh, _) = run(&mut observer, &mut motor, 2_000);
    std::println!("speed noise with 2 % mismatch, fresh: {fresh:.2} rad/s rms");
    assert!(fresh < 1.0, "{fresh}");
}

#[test]
fn a_turning_rotor_is_caught() {
    let mut worst = 0.0_f64;
    for direction in [-1.0, 1.0] {
        for seed in 1..=20 {
            let (mut observer, mut motor) = (observer(), free_rotor(direction * 628.3));
            motor.noise.0 = seed;
            motor.angle_rad = seed as f64;
            run(&mut observer, &mut motor, 300);
            assert!(observer.estimate().trusted);
            let (peak, _, _) = run(&mut observer, &mut motor, 2_000);
            worst = worst.max(peak);
        }
    }
    std::println!("+-6000 rpm: within {worst:.1} rad/s from 15 ms on");
    assert!(worst < 6.0, "{worst}");
}

#[test]
fn it_starts_from_any_angle() {
    for step in 0..72 {
        let angle = f64::from(step) * 5.0_f64.to_radians();
        let (mut observer, mut motor) = (observer(), TestMotor::at_rest(angle));
        run(&mut observer, &mut motor, 300);
        assert!(observer.estimate().trusted);
        let (_, speed, error) = run(&mut observer, &mut motor, 1_000);
        assert!(error < 0.02 && speed < 5.0, "{angle}: {error} rad, {speed} rad/s");
    }
}

#[test]
fn the_load_torque_is_found() {
    let (mut observer, mut motor) = (observer(), TestMotor::at_rest(0.0));
    motor.speed_rad_per_s = RAD_PER_S_4000_RPM;
    let mut found = 0.0;
    for step in 0..20_000 {
        motor.turn_open();
        // A motor torque that holds the speed against the pump.
        observer.step(Some(motor.hall_v()), motor.load_torque_n_m() as f32);
        if step >= 10_000 {
            found += f64::from(observer.estimate().load_torque_n_m) / 10_000.0;
        }
    }
    std::println!("load torque {:.2} mN.m of {:.2}", 1e3 * found, 1e3 * motor.load_torque_n_m());
    assert!((found - motor.load_torque_n_m()).abs() < 0.5e-3);
}

#[test]
fn a_touchdown_does_not_shake_it_off() {
    // 20 N at 25 mm with a friction of 0.3: 0.15 N.m, 3000 rad/s2.
    let (mut observer, mut motor) = (observer(), free_rotor(RAD_PER_S_4000_RPM));
    run(&mut observer, &mut motor, 20_000);
    let mut worst = 0.0_f64;
    for _ in 0..2000 {
        motor.speed_rad_per_s -= 3000.0 * PERIOD_S;
        motor.turn_open();
        observer.step(Some(motor.hall_v()), 0.0);
        assert!(observer.estimate().trusted);
        worst = worst.max(angle_error(&observer, &motor).abs());
    }
    let load_torque_n_m = observer.estimate().load_torque_n_m;
    std::println!("touchdown: angle off by {worst:.3} rad at most, load torque {load_torque_n_m:.3} N.m");
    assert!(worst < 0.05 && (load_torque_n_m - 0.15).abs() < 0.01);
}

#[test]
fn a_lost_pair_coasts_then_gives_up_and_comes_back() {
    let (mut observer, mut motor) = (observer(), free_rotor(RAD_PER_S_4000_RPM));
    run(&mut observer, &mut motor, 20_000);
    for bad in [None, Some([0.1, 0.1]), Some([3.0, 0.0]), Some([f32::NAN, 0.0]), Some([f32::INFINITY; 2])] {
        let mut steps = 0;
        loop {
            motor.turn_open();
            let limits = observer.step(bad, 0.0);
            if limits == limits::ANGLE_LOST {
                break;
            }
            assert_eq!(limits, limits::ANGLE_COASTING);
            assert!(!observer.estimate().trusted);
            assert!(angle_error(&observer, &motor).abs() < 0.05, "{bad:?}: after {steps} steps");
            steps += 1;
        }
        assert_eq!(steps, 1000, "{bad:?}");
        run(&mut observer, &mut motor, 4000);
        assert!(observer.estimate().trusted);
    }
}

#[test]
fn a_frozen_channel_is_not_believed() {
    let (mut observer, mut motor) = (observer(), free_rotor(RAD_PER_S_4000_RPM));
    run(&mut observer, &mut motor, 20_000);
    let mut seen = 0;
    for _ in 0..300 {
        motor.turn_open();
        let [cos, _] = motor.hall_v();
        seen |= observer.step(Some([cos, 0.5]), 0.0);
    }
    assert_eq!(seen & limits::ANGLE_COASTING, limits::ANGLE_COASTING);
}

#[test]
fn the_configured_offset_turns_the_estimate() {
    let config = MotorConfig { angle_hall_offset_rad: 0.03, ..MotorConfig::ECMO_50 };
    let mut observer = AngleObserver::new(&config, PERIOD_S as f32);
    let mut motor = TestMotor::at_rest(2.0);
    run(&mut observer, &mut motor, 2_000);
    assert!((angle_error(&observer, &motor) + 0.03).abs() < 0.015);
}
