// SPDX-License-Identifier: Apache-2.0
//! The speed step beside the same step around a peer's controller, for `levitas bench`.
//!
//! # What the peers do
//! [`PeerSpeed`] is the step of [`SpeedControl`] with a PI of the crate in the place of our gain: set-point and its range,
//! slew, feed-forward of load and slope, window of the torque current, back-calculation, overspeed, stall, current along the
//! flux. Window, guard and flux current are the core's own; the rest is written here as it is there. What a crate has against
//! wind-up (idsp: clamp, pid: limit of the integral, biquad: nothing) is left in.
//!
//! The rows "equations alone" are one PI against our law, written again: gain, feed-forward of load and slope.
//!
//! # Shown by
//! The unit test below: with a proportional gain alone every peer gives the output of [`SpeedControl`].

use biquad::Biquad as _;
use dsp_process::SplitProcess as _;
use idsp::iir::BiquadClamp;
use levitas_core::math::{between, larger, slew, smaller};
use levitas_core::motor::current_window::{CurrentWindow, FluxCurrent};
use levitas_core::motor::speed_guard::SpeedGuard;
use levitas_core::motor::{MotorConfig, SpeedConfig, SpeedControl, SpeedInput, SpeedOutput, limits};
use levitas_core::ports::LevitationInputs;
use levitas_core::units::{RAD_PER_S_PER_HZ, RAD_PER_S_PER_RPM};

use crate::bench_peers::{Contestant, add};

/// Speed task [s].
const PERIOD_S: f32 = 1e-3;
/// Largest torque current [A].
const CURRENT_A_MAX: f32 = 6.0;
/// Where a crate limits its own output [A]: beyond the window, which limits it together with what is fed forward.
const CLAMP_A: f32 = 5.0 * CURRENT_A_MAX;
/// Integral action of the peers in a period, as a part of the proportional one: a quarter of 5 Hz.
const INTEGRAL: f32 = 0.008;
/// As in the core.
const FULL: f32 = 0.5;
const SENSORLESS_RAD_PER_S_MIN: f32 = 83.8;

/// What the speed control of one period gets: 4000 rpm with a ripple.
fn input(samples: &LevitationInputs) -> SpeedInput {
    SpeedInput {
        setpoint_rpm: 4000.0,
        speed_rad_per_s: 418.9 + samples.angle_hall_v[0],
        load_torque_n_m: 0.02,
        bus_voltage_v: samples.bus_voltage_v,
        torque_current_limit_a: CURRENT_A_MAX,
        sensorless: false,
        enable: true,
        stands_by: false,
    }
}

/// A peer's PI: reference and speed in, current out.
trait Pi {
    fn new(gain: f32, integral: f32) -> Self;
    fn current_a(&mut self, reference: f32, speed: f32) -> f32;
}

/// b_0, b_1 and the pole of a PI as a section; without an integral it is a gain.
fn section(gain: f32, integral: f32) -> [f32; 3] {
    if integral == 0.0 { [gain, 0.0, 0.0] } else { [gain + integral, -gain, 1.0] }
}

struct IdspPi(BiquadClamp<f32>, idsp::iir::DirectForm2Transposed<f32>);

impl Pi for IdspPi {
    fn new(gain: f32, integral: f32) -> Self {
        let [b0, b1, pole] = section(gain, integral);
        let coeff = idsp::iir::Biquad::from([b0, b1, 0.0, pole, 0.0]);
        let clamp = BiquadClamp { coeff, u: 0.0, min: -CLAMP_A, max: CLAMP_A };
        Self(clamp, Default::default())
    }

    fn current_a(&mut self, reference: f32, speed: f32) -> f32 {
        self.0.process(&mut self.1, reference - speed)
    }
}

struct BiquadPi(biquad::DirectForm2Transposed<f32>);

impl Pi for BiquadPi {
    fn new(gain: f32, integral: f32) -> Self {
        let [b0, b1, pole] = section(gain, integral);
        let coefficients = biquad::Coefficients { a1: -pole, a2: 0.0, b0, b1, b2: 0.0 };
        Self(biquad::DirectForm2Transposed::new(coefficients))
    }

    fn current_a(&mut self, reference: f32, speed: f32) -> f32 {
        self.0.run(reference - speed)
    }
}

impl Pi for pid::Pid<f32> {
    fn new(gain: f32, integral: f32) -> Self {
        let mut controller = Self::new(0.0, CLAMP_A);
        controller.p(gain, CLAMP_A).i(integral, CLAMP_A);
        controller
    }

    fn current_a(&mut self, reference: f32, speed: f32) -> f32 {
        self.setpoint(reference).next_control_output(speed).output
    }
}

/// Numbers of the law.
#[derive(Clone, Copy)]
struct Gains {
    gain_a_s_per_rad: f32,
    load_a_per_n_m: f32,
    slope_a_s_per_rad: f32,
}

impl Gains {
    fn new(config: &SpeedConfig, motor: &MotorConfig) -> Self {
        let (inertia_kg_m2, torque_n_m_per_a) = (motor.rotor_inertia_kg_m2, motor.torque_n_m_per_a());
        Self {
            gain_a_s_per_rad: inertia_kg_m2 * config.speed_bandwidth_hz * RAD_PER_S_PER_HZ / torque_n_m_per_a,
            load_a_per_n_m: 1.0 / torque_n_m_per_a,
            slope_a_s_per_rad: inertia_kg_m2 / (PERIOD_S * torque_n_m_per_a),
        }
    }
}

/// See the [module](self).
struct PeerSpeed<P> {
    pi: P,
    gains: Gains,
    back_rad_per_s_per_a: f32,
    speed_rad_per_s_max: f32,
    step_up_rad_per_s: f32,
    step_down_rad_per_s: f32,
    window: CurrentWindow,
    guard: SpeedGuard,
    flux: FluxCurrent,
    reference_rad_per_s: f32,
    enabled: bool,
    full: bool,
}

impl<P: Pi> PeerSpeed<P> {
    fn new(config: &SpeedConfig, motor: &MotorConfig, integral: f32) -> Self {
        let gains = Gains::new(config, motor);
        let per_step = RAD_PER_S_PER_RPM * PERIOD_S;
        Self {
            pi: P::new(gains.gain_a_s_per_rad, integral * gains.gain_a_s_per_rad),
            gains,
            back_rad_per_s_per_a: 1.0 / gains.gain_a_s_per_rad,
            speed_rad_per_s_max: config.speed_rpm_max * RAD_PER_S_PER_RPM,
            step_up_rad_per_s: config.speed_slew_up_rpm_per_s * per_step,
            step_down_rad_per_s: config.speed_slew_down_rpm_per_s * per_step,
            window: CurrentWindow::new(config, motor),
            guard: SpeedGuard::default(),
            flux: FluxCurrent::new(motor, PERIOD_S),
            reference_rad_per_s: 0.0,
            enabled: false,
            full: false,
        }
    }

    fn step(&mut self, input: &SpeedInput) -> SpeedOutput {
        let speed = input.speed_rad_per_s;
        if !input.enable || !speed.is_finite() || !input.load_torque_n_m.is_finite() {
            return self.rest(speed);
        }
        if !self.enabled {
            (self.reference_rad_per_s, self.enabled) = (speed, true);
        }
        let (setpoint, mut limits) = self.setpoint(input);
        if setpoint == 0.0 {
            self.guard.rest();
        }
        let guarded = self.guard.step(speed, self.speed_rad_per_s_max, self.full);
        let before = self.reference_rad_per_s;
        let reference = slew(before, setpoint, self.step_up_rad_per_s, self.step_down_rad_per_s);
        if reference != setpoint {
            limits |= limits::SLEW;
        }
        let wanted_a = self.pi.current_a(reference, speed)
            + self.gains.load_a_per_n_m * input.load_torque_n_m
            + self.gains.slope_a_s_per_rad * (reference - before);
        let overspeed = guarded & limits::OVERSPEED != 0;
        let (current_a, active) =
            if self.guard.waits() { (0.0, 0) } else { self.window.clip(wanted_a, input, overspeed) };
        self.full = active != 0 && current_a.abs() > FULL * input.torque_current_limit_a;
        let back_rad_per_s = (current_a - wanted_a) * self.back_rad_per_s_per_a;
        self.reference_rad_per_s =
            between(reference + back_rad_per_s, smaller(speed, reference), larger(speed, reference));
        SpeedOutput {
            torque_current_reference_a: current_a,
            flux_current_reference_a: self.flux.step(current_a, input, &self.window),
            speed_reference_rad_per_s: self.reference_rad_per_s,
            limits: limits | active | guarded,
        }
    }

    #[cold]
    fn rest(&mut self, speed: f32) -> SpeedOutput {
        self.reference_rad_per_s = if speed.is_finite() { speed } else { 0.0 };
        (self.enabled, self.full) = (false, false);
        self.flux.rest();
        self.guard.rest();
        SpeedOutput { speed_reference_rad_per_s: self.reference_rad_per_s, ..SpeedOutput::default() }
    }

    fn setpoint(&self, input: &SpeedInput) -> (f32, u32) {
        if input.setpoint_rpm.is_nan() {
            return (self.reference_rad_per_s, limits::SPEED_RANGE);
        }
        let wanted = input.setpoint_rpm * RAD_PER_S_PER_RPM;
        let setpoint = between(wanted, 0.0, self.speed_rad_per_s_max);
        if input.sensorless && setpoint > 0.0 && setpoint < SENSORLESS_RAD_PER_S_MIN {
            (SENSORLESS_RAD_PER_S_MIN, limits::SPEED_RANGE)
        } else {
            (setpoint, if setpoint == wanted { 0 } else { limits::SPEED_RANGE })
        }
    }
}

/// The rows.
pub(crate) fn rows(list: &mut Vec<Contestant<'_>>) {
    fn whole<P: Pi>(
        config: &SpeedConfig,
        motor: &MotorConfig,
    ) -> impl FnMut(&LevitationInputs) -> f32 + use<P> {
        let mut peer = PeerSpeed::<P>::new(config, motor, INTEGRAL);
        move |samples| peer.step(&input(samples)).torque_current_reference_a
    }
    fn alone<P: Pi>(gains: &Gains) -> impl FnMut(&LevitationInputs) -> f32 + use<P> {
        let mut pi = P::new(gains.gain_a_s_per_rad, INTEGRAL * gains.gain_a_s_per_rad);
        move |samples| pi.current_a(418.9, input(samples).speed_rad_per_s)
    }
    let (config, motor) = (SpeedConfig::ECMO_50, MotorConfig::ECMO_50);
    const WORK: &str = "speed step";
    if let Ok(mut ours) = SpeedControl::new(&config, &motor, PERIOD_S) {
        add(list, WORK, "ours", "", move |samples| ours.step(&input(samples)).torque_current_reference_a);
    }
    add(list, WORK, "idsp", "", whole::<IdspPi>(&config, &motor));
    add(list, WORK, "biquad", "", whole::<BiquadPi>(&config, &motor));
    add(list, WORK, "pid", "", whole::<pid::Pid<f32>>(&config, &motor));

    const ALONE: &str = "speed, equations alone";
    const MORE: &str = "ours has feed-forward of load and slope, theirs one PI";
    let gains = Gains::new(&config, &motor);
    let mut before = 418.9;
    add(list, ALONE, "ours", "", move |samples| {
        let SpeedInput { speed_rad_per_s, load_torque_n_m, .. } = input(samples);
        // A reference that is not known beforehand, so that the slope is not none.
        let reference = 418.9 + 1e-3 * samples.bus_voltage_v;
        let slope = reference - std::mem::replace(&mut before, reference);
        gains.gain_a_s_per_rad * (reference - speed_rad_per_s)
            + gains.load_a_per_n_m * load_torque_n_m
            + gains.slope_a_s_per_rad * slope
    });
    add(list, ALONE, "idsp", MORE, alone::<IdspPi>(&gains));
    add(list, ALONE, "biquad", MORE, alone::<BiquadPi>(&gains));
    add(list, ALONE, "pid", MORE, alone::<pid::Pid<f32>>(&gains));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ours and a peer without integral over a story with every limit in it.
    fn assert_same<P: Pi>() {
        let (config, motor) = (SpeedConfig::ECMO_50, MotorConfig::ECMO_50);
        let mut ours = SpeedControl::new(&config, &motor, PERIOD_S).unwrap();
        let mut theirs = PeerSpeed::<P>::new(&config, &motor, 0.0);
        let hold = SpeedInput { ..input(&LevitationInputs { bus_voltage_v: 48.0, ..Default::default() }) };
        let story = [
            SpeedInput { enable: false, speed_rad_per_s: 0.0, ..hold },
            SpeedInput { speed_rad_per_s: 0.0, ..hold },
            hold,
            SpeedInput { load_torque_n_m: 0.18, ..hold },
            SpeedInput { load_torque_n_m: 0.18, bus_voltage_v: 24.0, ..hold },
            SpeedInput { setpoint_rpm: 1000.0, load_torque_n_m: -0.1, bus_voltage_v: 54.0, ..hold },
            SpeedInput { speed_rad_per_s: 650.0, ..hold },
            SpeedInput { setpoint_rpm: 300.0, sensorless: true, ..hold },
        ];
        let mut seen = 0;
        for input in story {
            for period in 0..700 {
                let (our, their) = (ours.step(&input), theirs.step(&input));
                let apart_a = our.torque_current_reference_a - their.torque_current_reference_a;
                assert!(apart_a.abs() < 1e-3, "{input:?} {period}: {our:?} {their:?}");
                let apart_a = our.flux_current_reference_a - their.flux_current_reference_a;
                assert!(apart_a.abs() < 1e-3, "{input:?} {period}: {our:?} {their:?}");
                assert_eq!(our.limits, their.limits, "{input:?} {period}");
                seen |= our.limits;
            }
        }
        let all = limits::SLEW
            | limits::SPEED_RANGE
            | limits::POWER
            | limits::BUS_SAG
            | limits::REGENERATION
            | limits::OVERSPEED;
        assert_eq!(seen & all, all, "{seen:b}");
    }

    #[test]
    fn a_peer_without_integral_does_what_ours_does() {
        assert_same::<IdspPi>();
        assert_same::<BiquadPi>();
        assert_same::<pid::Pid<f32>>();
    }
}
