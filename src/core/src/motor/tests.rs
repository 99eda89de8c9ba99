// SPDX-License-Identifier: Apache-2.0
//! The whole motor, 20 kHz and 1 kHz together, on a pump.
#![allow(clippy::disallowed_types, clippy::arithmetic_side_effects)] // the plant is f64, tests may overflow

use super::rig::Rig;
use super::test_plant::{PERIOD_S, TestMotor};
use super::*;
use proptest::prelude::*;

#[test]
fn the_whole_motor_reaches_4000_rpm_and_holds_it() {
    for angle in [0.0, 1.5, 3.1, -2.0] {
        let mut rig = Rig::new(TestMotor::at_rest(angle));
        let (_, _, peak) = rig.run(1.3);
        let settled = rig.rpm();
        let (mean, rms, _) = rig.run(1.0);
        std::println!(
            "after 1.3 s {settled:.1} rpm, peak {peak:.1}; then mean {mean:.2}, rms error {rms:.2} rpm"
        );
        assert!((settled - 4000.0).abs() < 20.0 && peak < 4040.0);
        assert!(rms < 5.0, "{rms}");
        assert_eq!(rig.limits & (limits::VOLTAGE | limits::CURRENT | limits::POWER), 0);
    }
}

#[test]
fn a_wrong_model_still_leaves_no_speed_error() {
    for (inertia, flux, load) in [(0.7, 0.9, 1.0), (1.4, 1.1, 1.5), (1.4, 0.9, 0.3), (0.7, 1.1, 2.0)] {
        let mut motor = TestMotor::at_rest(0.0);
        motor.inertia_kg_m2 *= inertia;
        motor.flux_linkage_wb *= flux;
        motor.load_n_m *= load;
        let mut rig = Rig::new(motor);
        let (_, _, peak) = rig.run(2.0);
        let (mean, rms, _) = rig.run(1.0);
        std::println!(
            "J x {inertia}, psi x {flux}, load x {load}: peak {peak:.0}, mean {mean:.2}, rms {rms:.2} rpm"
        );
        assert!((mean - 4000.0).abs() < 1.0 && rms < 5.0 && peak < 4200.0);
    }
}

#[test]
fn three_pole_pairs_turn_as_well() {
    let motor = TestMotor { pole_pairs: 3.0, flux_linkage_wb: 0.01, ..TestMotor::at_rest(2.0) };
    let mut rig = Rig::new(motor);
    rig.setpoint_rpm = 3000.0;
    rig.run(1.3);
    let (mean, rms, _) = rig.run(0.5);
    std::println!("3 pole pairs: mean {mean:.2}, rms error {rms:.2} rpm");
    assert!((mean - 3000.0).abs() < 1.0 && rms < 5.0);
}

#[test]
fn a_burst_of_noise_on_the_halls_is_ridden_through() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.run(2.5);
    rig.motor.hall_noise_v = 0.5;
    let mut rpm_off = 0.0_f64;
    for step in 0..10_000 {
        if step == 200 {
            rig.motor.hall_noise_v = 0.01;
        }
        assert!(rig.step().gate, "step {step}");
        rpm_off = rpm_off.max((rig.rpm() - 4000.0).abs());
    }
    std::println!("10 ms of 0.5 V rms on the Halls: {rpm_off:.1} rpm off at most");
    assert!(rpm_off < 40.0);
}

proptest! {
    #[test]
    fn whatever_comes_the_duties_are_duties(
        samples in proptest::collection::vec((any::<[u32; 6]>(), any::<u32>(), any::<bool>()), 1..300),
    ) {
        let mut rig = Rig::new(TestMotor::at_rest(1.0));
        rig.run(0.02);
        for ([cos, sin, a, b, c, bus], reference, enable) in samples {
            let output = rig.drive.step(&MotorInput {
                angle_hall_v: Some(&[f32::from_bits(cos), f32::from_bits(sin)]),
                phase_current_a: Some(&[f32::from_bits(a), f32::from_bits(b), f32::from_bits(c)]),
                bus_voltage_v: f32::from_bits(bus),
                torque_current_reference_a: f32::from_bits(reference),
                flux_current_reference_a: 0.0,
                foreign_torque_a: 0.0,
                imposed_a: None,
                enable,
            });
            prop_assert!(output.phase_duty.iter().all(|duty| (0.0..=1.0).contains(duty)));
            let rotor = rig.drive.rotor();
            prop_assert!(rotor.angle_rad.abs() <= core::f32::consts::PI && rotor.speed_rad_per_s.is_finite());
            prop_assert!(rotor.cos.abs() < 1.001 && rotor.sin.abs() < 1.001 && rotor.load_torque_n_m.is_finite());
        }
        // And it comes back.
        rig.run(0.2);
        prop_assert!(rig.waiting.gate && rig.drive.rotor().trusted);
    }
}

#[test]
fn a_load_step_is_carried() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.run(2.5);
    rig.motor.load_n_m += 0.02;
    let lowest = (0..20_000)
        .map(|_| {
            rig.step();
            rig.rpm()
        })
        .fold(f64::MAX, f64::min);
    let (mean, rms, _) = rig.run(0.5);
    std::println!("20 mN.m load step: down to {lowest:.0} rpm, then {mean:.2} rpm, rms error {rms:.2}");
    assert!(lowest > 3900.0 && (mean - 4000.0).abs() < 1.0 && rms < 5.0);
}

#[test]
fn after_a_stall_the_speed_comes_back_without_overshoot() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.run(2.0);
    rig.jam_n_m = 0.2; // the motor makes 0.18
    rig.run(1.0);
    assert!(rig.rpm().abs() < 1.0 && rig.drive.rotor().trusted);
    rig.jam_n_m = 0.0;
    let (_, _, peak) = rig.run(2.5);
    std::println!("after a stall of 1 s: peak {peak:.0} rpm, now {:.0} rpm", rig.rpm());
    assert!(peak < 4080.0 && (rig.rpm() - 4000.0).abs() < 10.0);
}

/// A rotor that stops within a period looks like Halls that stop: the drive waits, then tries.
#[test]
fn after_a_stop_within_a_period_the_drive_waits_and_tries_again() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.run(2.0);
    rig.jam_n_m = f64::INFINITY;
    rig.run(0.2);
    rig.jam_n_m = 0.0;
    let mut steps = 0;
    while !rig.step().gate {
        steps += 1;
        assert!(steps < 52 * 20_000 && !rig.drive.rotor().trusted);
    }
    std::println!("stopped within a period: tried again after {:.1} s", f64::from(steps) * PERIOD_S);
    let (_, _, peak) = rig.run(2.5);
    assert!(peak < 4080.0 && (rig.rpm() - 4000.0).abs() < 10.0);
}

#[test]
fn a_spinning_rotor_is_taken_over_without_a_jolt() {
    for speed_rad_per_s in [-628.0, 200.0, 419.0] {
        let mut rig = Rig::new(TestMotor { speed_rad_per_s, load_n_m: 0.0, ..TestMotor::at_rest(0.4) });
        let mut peak = 0.0_f64;
        for _ in 0..1000 {
            rig.step();
            peak = peak.max(rig.motor.current_dq_a()[1].abs());
        }
        std::println!("{speed_rad_per_s} rad/s taken over: {peak:.2} A at most");
        assert!(peak < 1.6, "{peak}");
        rig.run(3.0);
        assert!((rig.rpm() - 4000.0).abs() < 10.0);
    }
}

#[test]
fn a_bus_of_24_v_still_turns_5000_rpm() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.setpoint_rpm = 5000.0;
    rig.run(2.0);
    rig.bus_voltage_v = 24.0;
    let (mean, rms, _) = rig.run(1.0);
    std::println!("24 V bus: {mean:.1} rpm, rms error {rms:.2}");
    assert!((mean - 5000.0).abs() < 5.0 && rms < 10.0);
}

#[test]
fn lost_currents_coast_for_a_millisecond() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.run(1.5);
    // The last one has no vector: what three sensors have in common is no current either.
    for bad in [None, Some([f32::NAN; 3]), Some([f32::INFINITY, 0.0, 0.0]), Some([30.0; 3])] {
        for _ in 0..CURRENT_COAST_STEPS {
            let halls = rig.motor.hall_v();
            let output = rig.step_with(Some(halls), bad);
            assert!(output.gate && output.limits & limits::CURRENT_COASTING != 0);
            assert_ne!(output.faults & fault::CURRENT, 0);
        }
        let halls = rig.motor.hall_v();
        let output = rig.step_with(Some(halls), bad);
        assert!(!output.gate && output.limits & limits::CURRENT_LOST != 0);
        rig.run(0.5);
        assert!(rig.waiting.gate);
    }
}

#[test]
fn without_a_bus_the_bridge_is_open_and_a_wild_reference_is_clipped() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.run(0.1);
    for bus_voltage_v in [0.0, 11.9, f32::NAN] {
        rig.bus_voltage_v = bus_voltage_v;
        let output = rig.drive.step(&MotorInput {
            angle_hall_v: None,
            phase_current_a: Some(&[0.0; 3]),
            bus_voltage_v,
            torque_current_reference_a: 1.0,
            flux_current_reference_a: 0.0,
            foreign_torque_a: 0.0,
            imposed_a: None,
            enable: true,
        });
        assert!(!output.gate && output.limits & limits::BUS_TOO_LOW != 0);
    }
    rig.bus_voltage_v = 48.0;
    rig.torque_current_reference_a = f32::INFINITY;
    assert!(rig.step().limits & limits::CURRENT != 0);
}

#[test]
fn bad_configurations_are_refused_by_name() {
    let bad = MotorConfig { motor_phase_inductance_h: f32::NAN, ..MotorConfig::ECMO_50 };
    assert_eq!(MotorDrive::new(&bad, 50e-6).unwrap_err().field, "motor_phase_inductance_h");
    let bad = SpeedConfig { speed_rpm_max: -1.0, ..SpeedConfig::ECMO_50 };
    assert_eq!(SpeedControl::new(&bad, &MotorConfig::ECMO_50, 1e-3).unwrap_err().field, "speed_rpm_max");
}

/// B and C exchanged in the cable: with the order of the cable the motor runs as ever, with the other it does not.
#[test]
fn the_phase_order_is_that_of_the_cable() {
    for (motor_phase_order, runs) in [(-1.0, true), (1.0, false)] {
        let config = MotorConfig { motor_phase_order, ..MotorConfig::ECMO_50 };
        let mut rig = Rig::with(TestMotor::at_rest(0.5), &config, &SpeedConfig::ECMO_50);
        rig.crossed = true;
        rig.setpoint_rpm = 1000.0;
        rig.run(1.0);
        assert_eq!((rig.rpm() - 1000.0).abs() < 10.0, runs, "{} rpm", rig.rpm());
    }
}

/// A current vector at a given angle pulls the rotor's flux there: what the Halls show then is their offset.
#[test]
fn an_imposed_current_turns_the_flux_toward_itself() {
    for (angle, crossed) in [(0.0, false), (2.0, false), (2.0, true)] {
        let mut rig = Rig::new(TestMotor::at_rest(0.5));
        (rig.crossed, rig.motor.load_n_m) = (crossed, 0.0);
        rig.jam_n_m = 5e-3; // it swings long in a vacuum
        let (sin, cos) = f64::sin_cos(angle);
        rig.imposed_a = Some(AlphaBeta { alpha: 2.0 * cos as f32, beta: 2.0 * sin as f32 });
        rig.run(1.0);
        let expected = if crossed { -angle } else { angle };
        let off = (rig.motor.angle_rad - expected).sin().asin();
        std::println!("2 A at {angle} rad, crossed: {crossed}: flux {off:.3} rad off");
        assert!(off.abs() < 0.12 && rig.waiting.gate, "{off}"); // 5 mN.m of friction against 60 mN.m
        let [d, q] = rig.motor.current_dq_a();
        assert!((d.hypot(q) - 2.0).abs() < 0.05);
        // No angle is needed for it, and the way back is through an open bridge.
        let currents = rig.motor.phase_current_a();
        assert!(rig.step_with(None, Some(currents)).gate);
        rig.imposed_a = None;
        assert!(!rig.step().gate && rig.step().gate);
    }
}
