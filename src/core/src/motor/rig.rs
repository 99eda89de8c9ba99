// SPDX-License-Identifier: Apache-2.0
//! The whole motor on a bench, 20 kHz and 1 kHz together on a pump, and the scan of the tuned numbers.
#![allow(clippy::disallowed_types, clippy::arithmetic_side_effects)] // the plant is f64, tests may overflow

use super::test_plant::{PERIOD_S, TestMotor};
use super::*;
use crate::units::RPM_PER_RAD_PER_S;

/// Motor, drive and speed control with the delays of the real schedule.
pub(super) struct Rig {
    pub(super) motor: TestMotor,
    pub(super) drive: MotorDrive,
    pub(super) speed: SpeedControl,
    pub(super) waiting: MotorOutput,
    pub(super) torque_current_reference_a: f32,
    pub(super) flux_current_reference_a: f32,
    pub(super) setpoint_rpm: f32,
    pub(super) bus_voltage_v: f32,
    pub(super) current_limit_a: f32,
    pub(super) enable: bool,
    /// Friction of a jam; an infinite one stops the rotor at once [N.m].
    pub(super) jam_n_m: f64,
    /// Phases B and C are exchanged in the cable.
    pub(super) crossed: bool,
    pub(super) imposed_a: Option<AlphaBeta>,
    pub(super) tick: u32,
    /// All bits seen since the rig was built.
    pub(super) limits: u32,
    pub(super) faults: u32,
}

impl Rig {
    pub(super) fn new(motor: TestMotor) -> Self {
        let mut config = MotorConfig { motor_pole_pairs: motor.pole_pairs as f32, ..MotorConfig::ECMO_50 };
        if motor.pole_pairs > 1.0 {
            config.motor_flux_linkage_wb = motor.flux_linkage_wb as f32;
        }
        Self::with(motor, &config, &SpeedConfig::ECMO_50)
    }

    pub(super) fn with(motor: TestMotor, config: &MotorConfig, speed: &SpeedConfig) -> Self {
        Self {
            motor,
            drive: MotorDrive::new(config, PERIOD_S as f32).unwrap(),
            speed: SpeedControl::new(speed, config, 1e-3).unwrap(),
            waiting: MotorOutput { phase_duty: [0.5; 3], gate: false, limits: 0, faults: 0 },
            torque_current_reference_a: 0.0,
            flux_current_reference_a: 0.0,
            setpoint_rpm: 4000.0,
            bus_voltage_v: 48.0,
            current_limit_a: config.motor_current_limit_a_max,
            enable: true,
            jam_n_m: 0.0,
            crossed: false,
            imposed_a: None,
            tick: 0,
            limits: 0,
            faults: 0,
        }
    }

    pub(super) fn step_with(
        &mut self,
        angle_hall_v: Option<[f32; 2]>,
        phase_current_a: Option<[f32; 3]>,
    ) -> MotorOutput {
        let wired = |[a, b, c]: [f32; 3]| if self.crossed { [a, c, b] } else { [a, b, c] };
        let phase_current_a = phase_current_a.map(wired);
        let output = self.drive.step(&MotorInput {
            angle_hall_v: angle_hall_v.as_ref(),
            phase_current_a: phase_current_a.as_ref(),
            bus_voltage_v: self.bus_voltage_v,
            torque_current_reference_a: self.torque_current_reference_a,
            flux_current_reference_a: self.flux_current_reference_a,
            foreign_torque_a: 0.0,
            imposed_a: self.imposed_a,
            enable: self.enable,
        });
        if self.tick.is_multiple_of(20) {
            let rotor = self.drive.rotor();
            let decided = self.speed.step(&SpeedInput {
                setpoint_rpm: self.setpoint_rpm,
                speed_rad_per_s: rotor.speed_rad_per_s,
                load_torque_n_m: rotor.load_torque_n_m,
                bus_voltage_v: self.bus_voltage_v,
                torque_current_limit_a: self.current_limit_a,
                sensorless: output.faults & fault::SENSORLESS != 0,
                enable: self.enable && output.limits & limits::BRIDGE_OPEN == 0,
                stands_by: false,
            });
            self.torque_current_reference_a = decided.torque_current_reference_a;
            self.flux_current_reference_a = decided.flux_current_reference_a;
            self.limits |= decided.limits;
        }
        self.tick += 1;
        self.limits |= output.limits;
        self.faults |= output.faults;
        if self.waiting.gate {
            let [a, b, c] = self.waiting.phase_duty;
            let duty = if self.crossed { [a, c, b] } else { [a, b, c] };
            self.motor.turn_with_voltage(duty, f64::from(self.bus_voltage_v));
        } else {
            self.motor.turn_open();
        }
        self.motor.accelerate();
        let jam_rad_per_s = self.jam_n_m / self.motor.inertia_kg_m2 * PERIOD_S;
        self.motor.speed_rad_per_s -=
            self.motor.speed_rad_per_s.signum() * jam_rad_per_s.min(self.motor.speed_rad_per_s.abs());
        self.waiting = output;
        output
    }

    pub(super) fn step(&mut self) -> MotorOutput {
        let halls = self.motor.hall_v();
        self.step_with_halls(Some(halls))
    }

    /// With the current sensors of the plant: 5 mA noise, 20 mA offset on one phase.
    pub(super) fn step_with_halls(&mut self, angle_hall_v: Option<[f32; 2]>) -> MotorOutput {
        let currents =
            self.motor.phase_current_a().map(|current| current + 0.005 * self.motor.noise.gauss() as f32);
        self.step_with(angle_hall_v, Some([currents[0] + 0.02, currents[1], currents[2]]))
    }

    pub(super) fn rpm(&self) -> f64 {
        self.motor.speed_rad_per_s * f64::from(RPM_PER_RAD_PER_S)
    }

    /// Runs and gives mean, rms deviation from the set-point and peak of the true speed [rpm].
    pub(super) fn run(&mut self, seconds: f64) -> (f64, f64, f64) {
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

/// Speed error [rpm rms], rms current at hold less its mean [A], and speed lost to a load step of 20 mN.m [rpm].
fn quality(config: &MotorConfig, speed: &SpeedConfig, inertia: f64, load: f64) -> [f64; 3] {
    let mut motor = TestMotor::at_rest(0.0);
    motor.inertia_kg_m2 *= inertia;
    motor.load_n_m *= load;
    let mut rig = Rig::with(motor, config, speed);
    rig.run(2.5);
    let (mut rms, mut sum_a, mut square_a) = (0.0, 0.0, 0.0);
    for _ in 0..20_000 {
        rig.step();
        rms += (rig.rpm() - 4000.0).powi(2) / 20_000.0;
        let current_a = rig.motor.current_dq_a()[1];
        sum_a += current_a / 20_000.0;
        square_a += current_a * current_a / 20_000.0;
    }
    rig.motor.load_n_m += 0.02;
    let mut lowest = f64::MAX;
    for _ in 0..20_000 {
        rig.step();
        lowest = lowest.min(rig.rpm());
    }
    [rms.sqrt(), (square_a - sum_a * sum_a).max(0.0).sqrt(), 4000.0 - lowest]
}

/// The table in `config.rs`:
/// `cargo test --release -p levitas-core scan_of_the_tuned_numbers -- --ignored --nocapture`.
#[test]
#[ignore = "a scan for people: nothing to assert"]
fn scan_of_the_tuned_numbers() {
    let scan = |name: &str, values: &[f32], change: fn(&mut MotorConfig, &mut SpeedConfig, f32)| {
        for value in values {
            let (mut config, mut speed) = (MotorConfig::ECMO_50, SpeedConfig::ECMO_50);
            change(&mut config, &mut speed, *value);
            let [rms, current_a, lost] = quality(&config, &speed, 1.0, 1.0);
            let mut worst = [0.0_f64; 2];
            for (inertia, load) in [(0.6, 0.5), (0.6, 2.0), (1.5, 0.5), (1.5, 2.0)] {
                let [rms, _, lost] = quality(&config, &speed, inertia, load);
                worst = [worst[0].max(rms), worst[1].max(lost)];
            }
            let passes = worst[0] < 5.0 && worst[1] < 100.0;
            std::println!(
                "{name} {value}: {rms:.2} rpm rms, {current_a:.3} A rms, {lost:.0} rpm lost; \
                 corners {:.2} rpm rms, {:.0} rpm lost: {}",
                worst[0],
                worst[1],
                if passes { "passes" } else { "fails" }
            );
        }
    };
    scan(
        "angle_observer_bandwidth_hz",
        &[5.0, 7.0, 10.0, 20.0, 30.0, 40.0, 60.0, 80.0],
        |motor, _, value| {
            motor.angle_observer_bandwidth_hz = value;
        },
    );
    scan("speed_bandwidth_hz", &[0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0], |_, speed, value| {
        speed.speed_bandwidth_hz = value;
    });
    scan("motor_disturbance_bandwidth_hz", &[30.0, 100.0, 300.0, 1000.0], |motor, _, value| {
        motor.motor_disturbance_bandwidth_hz = value;
    });
}
