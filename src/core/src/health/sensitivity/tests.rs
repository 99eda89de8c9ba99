// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::mail::BearingState;
use crate::math::sin_cos;
use crate::probe::{Excitation, Probe, ProbeLimits, SIGNALS, UnitNow};
use crate::units::RAD_PER_S_PER_HZ;
use proptest::prelude::*;

/// Sweep of a loop of an integrator of gain `gain` per period, whose Halls also show a runout.
fn sweep(gain: f32, config: &SweepConfig, running_hz: f32, runout_m: f32) -> Sweep {
    let limits = ProbeLimits { set_point_m: 0.0, coil_current_a: 0.0, motor_current_a: 0.0 };
    let (mut probe, mail) = (Probe::new(limits, 50), Mailboxes::new());
    let mut sweep = Sweep::new(Axis::Y, config, 2e3).unwrap();
    let now = UnitNow {
        periods: 1,
        bearing: BearingState::Levitated,
        motor_wanted: true,
        rotor_speed_rad_per_s: running_hz * RAD_PER_TURN,
        notch_m: [0.0; 8],
    };
    let (mut integral_m, mut turns) = (0.0_f32, 0.0_f32);
    for tick in 0..2_000_000 {
        if tick % 200 == 0 && sweep.step(&mail, now.rotor_speed_rad_per_s) == Progress::Done {
            return sweep;
        }
        let excitation = if probe.is_wanted(&mail) { probe.excite(&mail, &now) } else { Excitation::None };
        let added_m = if let Excitation::Displacement([0.0, added_m]) = excitation { added_m } else { 0.0 };
        turns = (turns + running_hz * 50e-6).fract();
        let runout_m = runout_m * (sin_cos(RAD_PER_TURN * turns).0 + sin_cos(RAD_PER_TURN * 2.0 * turns).0);
        let before_m = integral_m + runout_m;
        let after_m = before_m + added_m;
        integral_m -= gain * after_m;
        let mut signals = [0.0; SIGNALS];
        signals[Signal::DisplacementY as usize] = after_m;
        signals[Signal::HallYPlus as usize] = 1.65 + 1e3 * before_m;
        signals[Signal::HallYMinus as usize] = 1.65 - 1e3 * before_m;
        if probe.is_active() {
            probe.listen(&mail, &now, &signals, 0, 0);
        }
    }
    panic!("no end: {:?}", sweep.progress);
}

/// S = (z - 1) / (z - 1 + g).
fn textbook(gain: f32, frequency_hz: f32) -> Response {
    let (sin, cos) = sin_cos(RAD_PER_S_PER_HZ * frequency_hz * 50e-6);
    let (u, v) = (cos - 1.0, sin);
    let size = (u + gain) * (u + gain) + v * v;
    Response { re: (u * (u + gain) + v * v) / size, im: v * gain / size }
}

#[test]
fn the_sensitivity_of_an_integrating_loop() {
    let sweep = sweep(1.5, &SweepConfig::STANDARD, 0.0, 0.0);
    assert_eq!(sweep.points().count(), 60);
    for point in sweep.points() {
        let expected = textbook(1.5, point.frequency_hz);
        for found in [point.compensated, point.raw] {
            let error = Response { re: found.re - expected.re, im: found.im - expected.im };
            assert!(error.magnitude() < 1e-3, "{point:?} {expected:?}");
        }
    }
    // |S| grows with frequency: 1.5 / ... at z = -1 it would be 4; the peak is the last point.
    let (peak, last) = (sweep.peak().unwrap(), sweep.points().last().unwrap());
    assert_eq!((peak.frequency_hz, peak.zone), (last.frequency_hz, Zone::A));
    assert!((last.frequency_hz - 5000.0).abs() < 3.0);
    assert!((peak.value / textbook(1.5, last.frequency_hz).magnitude() - 1.0).abs() < 1e-3);
}

#[test]
fn a_runout_three_times_as_large_as_the_excitation_hardly_shows() {
    for running_hz in [16.7, 50.0, 91.7] {
        let sweep = sweep(0.1, &SweepConfig::STANDARD, running_hz, 10e-6);
        assert!(sweep.points().count() >= 40);
        for point in sweep.points() {
            let found = point.compensated.magnitude();
            let expected = textbook(0.1, point.frequency_hz).magnitude();
            assert!((found - expected).abs() < 0.012, "{running_hz}: {point:?} {expected}");
        }
    }
}

#[test]
fn a_pump_that_stops_pumping_ends_the_sweep() {
    let limits = ProbeLimits { set_point_m: 0.0, coil_current_a: 0.0, motor_current_a: 0.0 };
    let (mut probe, mail) = (Probe::new(limits, 50), Mailboxes::new());
    let mut sweep = Sweep::new(Axis::X, &SweepConfig::STANDARD, 2e3).unwrap();
    assert_eq!(sweep.step(&mail, 0.0), Progress::Running(0));
    let now = UnitNow {
        periods: 1,
        bearing: BearingState::Landing,
        motor_wanted: false,
        rotor_speed_rad_per_s: 0.0,
        notch_m: [0.0; 8],
    };
    assert!(probe.is_wanted(&mail));
    probe.excite(&mail, &now);
    assert_eq!(sweep.step(&mail, 0.0), Progress::Failed(ProbeStatus::WrongState));
    assert_eq!(sweep.step(&mail, 0.0), Progress::Failed(ProbeStatus::WrongState));
}

proptest! {
    #[test]
    fn every_frequency_keeps_off_the_harmonics(running_hz in 0.0_f32..100.0, frequency_hz in 1.0_f32..8000.0) {
        let (moved_hz, measure_s) = avoiding(running_hz, frequency_hz, 0.2);
        prop_assert!(measure_s >= 0.2 && measure_s * moved_hz >= 3.9 * moved_hz / frequency_hz);
        prop_assert!((moved_hz - frequency_hz).abs() <= 0.34 * running_hz);
        for harmonic in 1..=6 {
            let distance_hz = (moved_hz - harmonic as f32 * running_hz).abs();
            prop_assert!(running_hz < 1.0 || distance_hz > 0.33 * running_hz);
            prop_assert!(running_hz < 1.3 || frequency_hz > 6.5 * running_hz || distance_hz * measure_s > 3.9);
        }
    }
}
