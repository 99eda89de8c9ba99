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
        observer.step(Some(&motor.hall_v()), 0.0, None);
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
        observer.step(Some(&motor.hall_v()), motor.load_torque_n_m() as f32, None);
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
        observer.step(Some(&motor.hall_v()), 0.0, None);
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
            let limits = observer.step(bad.as_ref(), 0.0, None);
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

/// One channel stuck, the other alive: the pair is plausible for a part of each turn, and agrees for a small one.
#[test]
fn a_frozen_channel_is_not_believed() {
    let mut slowest = 0;
    for stuck_v in [-0.9_f32, -0.3, 0.0, 0.5, 0.75, 0.9] {
        for rad_per_s in [105.0, RAD_PER_S_4000_RPM, 576.0] {
            let (mut observer, mut motor) = (observer(), free_rotor(rad_per_s));
            run(&mut observer, &mut motor, 20_000);
            let mut lost = None;
            for step in 0..20_000 {
                motor.turn_open();
                let [cos_v, _] = motor.hall_v();
                if observer.step(Some(&[cos_v, stuck_v]), 0.0, None) & limits::ANGLE_LOST != 0 {
                    lost.get_or_insert(step);
                }
                let trusted = lost.is_some() && observer.estimate().trusted;
                assert!(!trusted, "{stuck_v} V at {rad_per_s} rad/s: step {step}");
            }
            slowest = slowest.max(lost.unwrap_or(20_000));
        }
    }
    std::println!("one stuck channel: lost within {:.0} ms", 1e3 * f64::from(slowest) * PERIOD_S);
    assert!(slowest < 3000);
}

/// Both channels stuck, with and without noise, at every angle.
#[test]
fn a_frozen_pair_is_lost_and_stays_lost() {
    for rad_per_s in [-576.0, 105.0, RAD_PER_S_4000_RPM, 576.0] {
        for part in 0..16 {
            let noise_v = 0.01 * f64::from(part % 2);
            let (mut observer, mut motor) = (observer(), free_rotor(rad_per_s));
            motor.angle_rad = f64::from(part) * 0.39;
            run(&mut observer, &mut motor, 20_000);
            let frozen_v = motor.hall_v();
            let mut lost = None;
            for step in 0..20_000 {
                let hall_v = frozen_v.map(|hall_v| hall_v + (noise_v * motor.noise.gauss()) as f32);
                if observer.step(Some(&hall_v), 0.0, None) & limits::ANGLE_LOST != 0 {
                    lost.get_or_insert(step);
                }
                let estimate = observer.estimate();
                assert!(
                    lost.is_none() || !estimate.trusted,
                    "{rad_per_s} rad/s, part {part}, step {step} {estimate:?}, lost {lost:?}"
                );
            }
            assert!(lost.is_some_and(|steps| steps < 1500), "{rad_per_s} rad/s, part {part}: {lost:?} steps");
            // Alive again and still turning: catching it may count half a turn for or against it.
            let turn_steps = (std::f64::consts::TAU / rad_per_s.abs() / PERIOD_S) as u32;
            run(&mut observer, &mut motor, 2 * turn_steps / 5);
            assert!(!observer.estimate().trusted);
            run(&mut observer, &mut motor, 200 + 11 * turn_steps / 10);
            assert!(observer.estimate().trusted, "{rad_per_s} rad/s, part {part}");
        }
    }
}

#[test]
fn a_rotor_that_stopped_unseen_is_believed_in_time() {
    // With the noise of live Halls, and without any.
    for (rad_per_s, hall_noise_v, seconds) in
        [(RAD_PER_S_4000_RPM, 0.01, 50.4), (576.0, 0.01, 54.3), (20.0, 0.01, 13.9), (576.0, 0.0, 54.3)]
    {
        let (mut observer, mut motor) = (observer(), free_rotor(rad_per_s));
        run(&mut observer, &mut motor, 20_000);
        motor.hall_noise_v = hall_noise_v;
        for _ in 0..2000 {
            observer.step(None, 0.0, None);
        }
        motor.speed_rad_per_s = 0.0;
        let (mut steps, mut before) = (2000, f32::INFINITY);
        while !observer.estimate().trusted {
            assert!(observer.estimate().speed_rad_per_s < before, "the reported speed never rises");
            before = observer.estimate().speed_rad_per_s;
            observer.step(Some(&motor.hall_v()), 0.0, None);
            steps += 1;
        }
        let waited_s = f64::from(steps) * PERIOD_S;
        std::println!("stopped unseen from {rad_per_s} rad/s: believed after {waited_s:.1} s");
        assert!((waited_s - seconds).abs() < 0.3, "{waited_s}");
        assert!(observer.estimate().speed_rad_per_s.abs() < 20.0);
    }
}

#[test]
fn a_first_start_from_standstill_is_believed_at_once() {
    let (mut observer, mut motor) = (observer(), TestMotor::at_rest(0.7));
    run(&mut observer, &mut motor, 199);
    assert!(!observer.estimate().trusted);
    run(&mut observer, &mut motor, 4);
    assert!(observer.estimate().trusted);
    // And with Halls without any noise, as on a bench.
    let mut observer = AngleObserver::new(&MotorConfig::ECMO_50, PERIOD_S as f32);
    for _ in 0..1000 {
        observer.step(Some(&[1.0, 0.0]), 0.0, None);
    }
    assert!(observer.estimate().trusted);
}

#[test]
fn the_configured_offset_turns_the_estimate() {
    let config = MotorConfig { angle_hall_offset_rad: 0.03, ..MotorConfig::ECMO_50 };
    let mut observer = AngleObserver::new(&config, PERIOD_S as f32);
    let mut motor = TestMotor::at_rest(2.0);
    run(&mut observer, &mut motor, 2_000);
    assert!((angle_error(&observer, &motor) + 0.03).abs() < 0.015);
}
