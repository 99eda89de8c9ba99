// SPDX-License-Identifier: Apache-2.0
//! The whole motor, 20 kHz and 1 kHz together, on a pump.
#![allow(clippy::disallowed_types, clippy::arithmetic_side_effects)] // the plant is f64, tests may overflow

use super::test_plant::{PERIOD_S, TestMotor};
use super::*;
use crate::units::RPM_PER_RAD_PER_S;
use proptest::prelude::*;

/// Motor, drive and speed control with the delays of the real schedule.
struct Rig {
    motor: TestMotor,
    drive: MotorDrive,
    speed: SpeedControl,
    waiting: MotorOutput,
    torque_current_reference_a: f32,
    setpoint_rpm: f32,
    bus_voltage_v: f32,
    enable: bool,
    stalled: bool,
    tick: u32,
    /// All bits seen since the rig was built.
    limits: u32,
}

impl Rig {
    fn new(motor: TestMotor) -> Self {
        let mut config = MotorConfig { motor_pole_pairs: motor.pole_pairs as f32, ..MotorConfig::ECMO_50 };
        if motor.pole_pairs > 1.0 {
            config.motor_flux_linkage_wb = motor.flux_linkage_wb as f32;
        }
        Self {
            motor,
            drive: MotorDrive::new(&config, PERIOD_S as f32).unwrap(),
            speed: SpeedControl::new(&SpeedConfig::ECMO_50, &config, 1e-3).unwrap(),
            waiting: MotorOutput { phase_duty: [0.5; 3], gate: false, limits: 0 },
            torque_current_reference_a: 0.0,
            setpoint_rpm: 4000.0,
            bus_voltage_v: 48.0,
            enable: true,
            stalled: false,
            tick: 0,
            limits: 0,
        }
    }

    fn step_with(
        &mut self,
        angle_hall_v: Option<[f32; 2]>,
        phase_current_a: Option<[f32; 3]>,
    ) -> MotorOutput {
        let output = self.drive.step(&MotorInput {
            angle_hall_v,
            phase_current_a,
            bus_voltage_v: self.bus_voltage_v,
            torque_current_reference_a: self.torque_current_reference_a,
            enable: self.enable,
        });
        if self.tick.is_multiple_of(20) {
            let rotor = self.drive.rotor();
            let decided = self.speed.step(&SpeedInput {
                setpoint_rpm: self.setpoint_rpm,
                speed_rad_per_s: rotor.speed_rad_per_s,
                load_torque_n_m: rotor.load_torque_n_m,
                bus_voltage_v: self.bus_voltage_v,
                torque_current_limit_a: self.drive.torque_current_limit_a(),
                enable: self.enable && self.drive.torque_current_limit_a() > 0.0,
            });
            self.torque_current_reference_a = decided.torque_current_reference_a;
            self.limits |= decided.limits;
        }
        self.tick += 1;
        self.limits |= output.limits;
        if self.waiting.gate {
            self.motor.turn_with_voltage(self.waiting.phase_duty, f64::from(self.bus_voltage_v));
        } else {
            self.motor.turn_open();
        }
        self.motor.accelerate();
        if self.stalled {
            self.motor.speed_rad_per_s = 0.0;
        }
        self.waiting = output;
        output
    }

    fn step(&mut self) -> MotorOutput {
        let halls = self.motor.hall_v();
        // The current sensors of the plant: 5 mA noise, 20 mA offset on one phase.
        let currents =
            self.motor.phase_current_a().map(|current| current + 0.005 * self.motor.noise.gauss() as f32);
        self.step_with(Some(halls), Some([currents[0] + 0.02, currents[1], currents[2]]))
    }

    fn rpm(&self) -> f64 {
        self.motor.speed_rad_per_s * f64::from(RPM_PER_RAD_PER_S)
    }

    /// Runs and gives mean, rms deviation from the set-point and peak of the true speed [rpm].
    fn run(&mut self, seconds: f64) -> (f64, f64, f64) {
        let steps = (seconds / PERIOD_S) as u32;
        let (mut sum, mut square, mut peak) = (0.0, 0.0, f64::MIN);
        for _ in 0..steps {
            self.step();
            let rpm = self.rpm();
            sum += rpm / f64::from(steps);
            square += (rpm - f64::from(self.setpoint_rpm)).powi(2) / f64::from(steps);
            peak = peak.max(rpm);
        }
        (sum, square.sqrt(), peak)
    }
}

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
                angle_hall_v: Some([f32::from_bits(cos), f32::from_bits(sin)]),
                phase_current_a: Some([f32::from_bits(a), f32::from_bits(b), f32::from_bits(c)]),
                bus_voltage_v: f32::from_bits(bus),
                torque_current_reference_a: f32::from_bits(reference),
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
    rig.stalled = true;
    rig.run(1.0);
    rig.stalled = false;
    let (_, _, peak) = rig.run(2.5);
    std::println!("after a stall of 1 s: peak {peak:.0} rpm, now {:.0} rpm", rig.rpm());
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
fn lost_halls_coast_and_then_open_the_bridge() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.run(2.5);
    for step in 0..1000 {
        let currents = rig.motor.phase_current_a();
        let output = rig.step_with(None, Some(currents));
        assert!(output.gate, "step {step}");
        assert_eq!(output.limits & limits::ANGLE_COASTING, limits::ANGLE_COASTING);
    }
    let rpm = rig.rpm();
    std::println!("50 ms without angle Halls: {rpm:.0} rpm");
    assert!((rpm - 4000.0).abs() < 40.0);
    let currents = rig.motor.phase_current_a();
    let output = rig.step_with(None, Some(currents));
    assert!(!output.gate && output.limits & limits::ANGLE_LOST != 0);
    assert_eq!(rig.drive.torque_current_limit_a(), 0.0);
    rig.run(2.0);
    assert!((rig.rpm() - 4000.0).abs() < 10.0);
}

#[test]
fn lost_currents_coast_for_a_millisecond() {
    let mut rig = Rig::new(TestMotor::at_rest(0.0));
    rig.run(1.5);
    for bad in [None, Some([f32::NAN; 3]), Some([99.0, 0.0, 0.0])] {
        for _ in 0..CURRENT_COAST_STEPS {
            let halls = rig.motor.hall_v();
            let output = rig.step_with(Some(halls), bad);
            assert!(output.gate && output.limits & limits::CURRENT_COASTING != 0);
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
            phase_current_a: Some([0.0; 3]),
            bus_voltage_v,
            torque_current_reference_a: 1.0,
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
