// SPDX-License-Identifier: Apache-2.0
//! Current control against the exact solution of the phase equations.
#![allow(clippy::disallowed_types)] // the plant is f64

use super::*;
use crate::motor::space_vector::modulate;
use crate::motor::test_plant::{PERIOD_S, TestMotor};
use crate::motor::transforms::{Abc, Rotation};
use std::vec::Vec;

/// The control with the true angle and a constant speed, 48 V unless changed.
struct Bench {
    motor: TestMotor,
    control: CurrentControl,
    waiting: Abc,
    bus_voltage_v: f32,
    saturated: bool,
}

impl Bench {
    fn new(speed_rad_per_s: f64) -> Self {
        let motor = TestMotor { speed_rad_per_s, ..TestMotor::at_rest(0.3) };
        let control = CurrentControl::new(&MotorConfig::ECMO_50, PERIOD_S as f32);
        Self {
            motor,
            control,
            waiting: Abc { a: 0.5, b: 0.5, c: 0.5 },
            bus_voltage_v: 48.0,
            saturated: false,
        }
    }

    /// One period; gives the true current at its beginning.
    fn step(&mut self, reference_q_a: f64) -> [f64; 2] {
        let truth = self.motor.current_dq_a();
        let phases = self.motor.phase_current_a();
        let speed = self.motor.speed_rad_per_s as f32;
        let rotor = Rotation::of_angle(self.motor.angle_rad as f32);
        let measured = Abc { a: phases[0], b: phases[1], c: phases[2] }.to_alpha_beta().to_dq(rotor);
        let demand = self.control.step(Some(measured), Dq { d: 0.0, q: reference_q_a as f32 }, speed);
        let middle = rotor.turned_by_small(1.5 * speed * PERIOD_S as f32);
        let modulation = modulate(demand.to_alpha_beta(middle), self.bus_voltage_v);
        self.control.realised(modulation.scale);
        self.saturated = modulation.is_saturated();
        let Abc { a, b, c } = self.waiting;
        self.motor.turn_with_voltage([a, b, c], f64::from(self.bus_voltage_v));
        self.waiting = modulation.duty;
        truth
    }

    fn run(&mut self, steps: usize, reference_q_a: f64) -> Vec<[f64; 2]> {
        (0..steps).map(|_| self.step(reference_q_a)).collect()
    }

    /// Gain from reference to true current at a frequency.
    fn gain(&mut self, frequency_hz: f64) -> f64 {
        let steps_per_s = 1.0 / PERIOD_S;
        let (mut re, mut im) = (0.0, 0.0);
        for step in 0..4000 {
            let phase = std::f64::consts::TAU * frequency_hz * f64::from(step) / steps_per_s;
            let current = self.step(phase.cos())[1];
            if step >= 2000 {
                re += current * phase.cos() / 1000.0;
                im += current * phase.sin() / 1000.0;
            }
        }
        re.hypot(im)
    }
}

const SPEEDS_RAD_PER_S: [f64; 4] = [0.0, 419.0, 576.0, -576.0];

#[test]
fn bandwidth_is_above_2_khz_at_any_speed() {
    for speed in SPEEDS_RAD_PER_S {
        let mut frequency_hz = 100.0;
        let mut peak = 0.0_f64;
        while frequency_hz < 5000.0 {
            let gain = Bench::new(speed).gain(frequency_hz);
            peak = peak.max(gain);
            if gain < 0.5_f64.sqrt() {
                break;
            }
            frequency_hz += 20.0;
        }
        std::println!("{speed} rad/s: bandwidth {frequency_hz} Hz, resonance peak {peak:.4}");
        assert!((2100.0..2300.0).contains(&frequency_hz), "{frequency_hz}");
        assert!(peak < 1.01);
    }
}

#[test]
fn the_step_has_no_overshoot_and_no_error_left() {
    for speed in SPEEDS_RAD_PER_S {
        let mut bench = Bench::new(speed);
        bench.run(400, 0.0);
        let response = bench.run(400, 2.0);
        let overshoot = response.iter().map(|i| i[1]).fold(0.0, f64::max) / 2.0 - 1.0;
        let d_peak = response.iter().map(|i| i[0].abs()).fold(0.0, f64::max);
        let rise = response.iter().position(|i| i[1] > 1.8).unwrap();
        let last = response.last().unwrap();
        std::println!(
            "{speed} rad/s: overshoot {:.2} %, 90 % after {} us, d peak {d_peak:.4} A, left {:.1e} A",
            100.0 * overshoot,
            rise * 50,
            (last[1] - 2.0).abs()
        );
        assert!(overshoot < 0.01 && d_peak < 0.02 && rise <= 7);
        assert!((last[1] - 2.0).abs() < 1e-3 && last[0].abs() < 1e-3);
    }
}

/// Largest overshoot over all corners of L, R +-30 % and psi +-10 %, and the largest error left after 30 ms.
fn worst_of_spread(motor_disturbance_bandwidth_hz: f32) -> (f64, f64) {
    let config = MotorConfig { motor_disturbance_bandwidth_hz, ..MotorConfig::ECMO_50 };
    let (mut overshoot, mut left) = (0.0_f64, 0.0_f64);
    for corner in 0..8_u32 {
        let pick = |bit: u32, low: f64, high: f64| if corner & bit == 0 { low } else { high };
        let mut bench = Bench::new(576.0);
        bench.control = CurrentControl::new(&config, PERIOD_S as f32);
        bench.motor.inductance_h *= pick(1, 0.7, 1.3);
        bench.motor.resistance_ohm *= pick(2, 0.7, 1.3);
        bench.motor.flux_linkage_wb *= pick(4, 0.9, 1.1);
        bench.run(400, 0.0);
        let response = bench.run(600, 2.0);
        overshoot = overshoot.max(response.iter().map(|i| i[1]).fold(0.0, f64::max) / 2.0 - 1.0);
        let last = response.last().unwrap();
        left = left.max((last[1] - 2.0).abs()).max(last[0].abs());
    }
    (overshoot, left)
}

#[test]
fn a_spread_of_thirty_percent_is_stable() {
    // The chosen 300 Hz, and both sides of it: the margin of a tuned number.
    for (bandwidth_hz, overshoot_max) in [(100.0, 0.12), (300.0, 0.10), (600.0, 0.10), (1000.0, 0.10)] {
        let (overshoot, left) = worst_of_spread(bandwidth_hz);
        std::println!(
            "disturbance {bandwidth_hz} Hz, L, R +-30 %, psi +-10 %: overshoot {:.1} %, left {left:.1e} A",
            100.0 * overshoot
        );
        assert!(overshoot < overshoot_max && left < 2e-3, "{bandwidth_hz}: {overshoot} {left}");
    }
}

#[test]
fn saturation_leaves_nothing_behind() {
    // 14 V cannot push 6 A against the 11.5 V of 576 rad/s: 50 ms in saturation, then back to 1 A.
    let mut bench = Bench::new(576.0);
    bench.bus_voltage_v = 24.0;
    bench.run(400, 0.0);
    let limited = bench.run(1000, 6.0);
    assert!(bench.saturated);
    let reached = limited.last().unwrap()[1];
    assert!((1.0..6.0).contains(&reached), "{reached}");
    let back = bench.run(400, 1.0);
    let settled = back.iter().rposition(|i| (i[1] - 1.0).abs() > 0.05).unwrap() + 1;
    let undershoot = back.iter().map(|i| 1.0 - i[1]).fold(0.0, f64::max);
    std::println!(
        "24 V: {reached:.2} A of 6 A; back at 1 A within 5 % after {} us, undershoot {undershoot:.3} A",
        settled * 50
    );
    assert!(settled <= 12, "{settled}");
    assert!(undershoot < 0.05);
}

#[test]
fn it_starts_against_the_back_emf_without_a_jolt() {
    let mut bench = Bench::new(576.0);
    bench.control.stand_by(Some(Dq::default()), 576.0);
    // The bridge is open during the period of the first step, so no current flows yet.
    let first = bench.control.step(Some(Dq::default()), Dq::default(), 576.0);
    assert!((first.q - 576.0 * 0.02).abs() < 0.01 && first.d.abs() < 0.01, "{first:?}");
}

#[test]
fn without_measurements_it_runs_on_the_model_for_a_millisecond() {
    let mut bench = Bench::new(419.0);
    bench.run(400, 2.0);
    let mut worst = 0.0_f64;
    for _ in 0..20 {
        let demand = bench.control.step(None, Dq { d: 0.0, q: 2.0 }, 419.0);
        let rotor = Rotation::of_angle(bench.motor.angle_rad as f32).turned_by_small(1.5 * 419.0 * 50e-6);
        let Abc { a, b, c } = bench.waiting;
        bench.motor.turn_with_voltage([a, b, c], 48.0);
        bench.waiting = modulate(demand.to_alpha_beta(rotor), 48.0).duty;
        worst = worst.max((bench.motor.current_dq_a()[1] - 2.0).abs());
    }
    std::println!("1 ms without current samples: off by {worst:.4} A");
    assert!(worst < 0.02);
}
