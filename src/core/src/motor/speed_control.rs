// SPDX-License-Identifier: Apache-2.0
//! Pump speed: set-point in rpm in, torque-current reference out, at 1 kHz.
//!
//! # Model
//! J w' = k_t i_q - T_load. With the reference r behind its slew limit:
//! k_t i_q = k_p (r - w) + T_load + J r', k_p = J w_b.
//!
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | r, r' | speed reference and its slope | rad/s, rad/s2 | `reference_rad_per_s` |
//! | T_load | load torque from the angle observer | N.m | `load_torque_n_m` |
//! | w_b | bandwidth of the speed control | rad/s | `speed_bandwidth_hz` |
//! | k_p | speed gain | N.m.s/rad | `gain_n_m_s_per_rad` |
//! | k_t, J | torque constant, inertia | N.m/A, kg.m2 | `MotorConfig` |
//! | k_p / k_t, 1 / k_t, J / (T k_t) | the same as currents, T the period | | `gain_a_s_per_rad`, `load_a_per_n_m`, `slope_a_s_per_rad` |
//!
//! # Why no integrator
//! The load torque is the integral action. The observer integrates the phase error with the *measured* current as
//! its input; whatever holds the rotor back, a wrong k_t or J included, ends up in T_load, so no speed error is
//! left. An integrator here would be a second one: overshoot, and a state to unwind. There is none to wind up.
//!
//! # Limits and failure
//! The torque current stays within `current_window.rs`: ceiling, power, bus sag, regeneration; overspeed and stall are
//! watched by `speed_guard.rs`. A clipped current pulls the reference back to what can be reached (back-calculation), so
//! the slope resumes from the real speed. Each limit sets its bit of [`limits`]. A set-point that is no number leaves the
//! reference where it is; a speed, load, bus voltage or ceiling that is no number is taken at its worst: no current.
//! Disabled, the reference follows the rotor, and on enabling it starts there once more, so that enabling never jolts; at the set-point, if
//! the rotor is within [`NEAR_RAD_PER_S`] of it: what an estimate is off by is no ramp to be driven. Meanwhile the
//! current of a first period stands in the output of a unit that stands by: it drives with it from the takeover until the next period of
//! this task, up to a millisecond later.
//!
//! # Source
//! Disturbance observer: K. Ohnishi, M. Shibata, T. Murakami, "Motion control for advanced mechatronics",
//! IEEE/ASME Trans. Mechatronics 1(1), 1996. Back-calculation of the reference: R. Hanus, M. Kinnaert,
//! J.-L. Henrotte, "Conditioning technique, a general anti-windup and bumpless transfer method", Automatica
//! 23(6), 1987.
//!
//! # Shown by
//! `the_whole_motor_reaches_4000_rpm_and_holds_it`, `each_limit_holds_and_says_so`,
//! `after_a_stall_the_speed_comes_back_without_overshoot`.

use super::config::{MotorConfig, SpeedConfig};
use super::current_window::{CurrentWindow, FluxCurrent};
use super::limits;
use super::speed_guard::SpeedGuard;
use crate::config::ConfigError;
use crate::math::{between, larger, slew, smaller};
use crate::units::{RAD_PER_S_PER_HZ, RAD_PER_S_PER_RPM};

/// What of the ceiling must flow before a rotor that does not turn is a stalled one.
const FULL: f32 = 0.5;
/// So near to the set-point the speed is the set-point: 20 rpm, what an estimate is off by and a takeover costs.
const NEAR_RAD_PER_S: f32 = 2.0;
/// Slowest set-point without angle Halls: 800 rpm. Below 600 rpm the angle would be lost, and the pump with it.
const SENSORLESS_RAD_PER_S_MIN: f32 = 83.8;

/// What one step of speed control looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpeedInput {
    /// Wanted speed [rpm].
    pub setpoint_rpm: f32,
    /// Speed from the angle observer [rad/s].
    pub speed_rad_per_s: f32,
    /// Load torque from the angle observer [N.m].
    pub load_torque_n_m: f32,
    /// Bus voltage [V].
    pub bus_voltage_v: f32,
    /// Largest torque current, `motor_current_limit_a_max` of the configuration [A].
    pub torque_current_limit_a: f32,
    /// The angle comes from the back-EMF.
    pub sensorless: bool,
    /// False: the bridge is open, follow the rotor.
    pub enable: bool,
    /// The other unit drives: the current is ready with which this one would go on.
    pub stands_by: bool,
}

/// What one step of speed control decides.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SpeedOutput {
    /// Reference of the current control [A].
    pub torque_current_reference_a: f32,
    /// The one along the flux [A].
    pub flux_current_reference_a: f32,
    /// Where the speed should be now [rad/s].
    pub speed_reference_rad_per_s: f32,
    /// Bits of [`limits`].
    pub limits: u32,
}

/// Speed control of one unit; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct SpeedControl {
    gain_a_s_per_rad: f32,
    load_a_per_n_m: f32,
    slope_a_s_per_rad: f32,
    back_rad_per_s_per_a: f32,
    speed_rad_per_s_max: f32,
    step_up_rad_per_s: f32,
    step_down_rad_per_s: f32,
    window: CurrentWindow,
    reference_rad_per_s: f32,
    enabled: bool,
    guard: SpeedGuard,
    /// All the current that there is flows.
    full: bool,
    flux: FluxCurrent,
}

impl SpeedControl {
    /// For one motor, called once every `period_s`.
    ///
    /// # Errors
    /// The first field that is outside its range.
    pub fn new(config: &SpeedConfig, motor: &MotorConfig, period_s: f32) -> Result<Self, ConfigError> {
        config.check_order()?;
        motor.checked_pole_pairs()?;
        let per_step = RAD_PER_S_PER_RPM * period_s;
        let (inertia_kg_m2, torque_n_m_per_a) = (motor.rotor_inertia_kg_m2, motor.torque_n_m_per_a());
        let gain_n_m_s_per_rad = inertia_kg_m2 * config.speed_bandwidth_hz * RAD_PER_S_PER_HZ;
        Ok(Self {
            gain_a_s_per_rad: gain_n_m_s_per_rad / torque_n_m_per_a,
            load_a_per_n_m: 1.0 / torque_n_m_per_a,
            slope_a_s_per_rad: inertia_kg_m2 / (period_s * torque_n_m_per_a),
            back_rad_per_s_per_a: torque_n_m_per_a / gain_n_m_s_per_rad,
            speed_rad_per_s_max: config.speed_rpm_max * RAD_PER_S_PER_RPM,
            step_up_rad_per_s: config.speed_slew_up_rpm_per_s * per_step,
            step_down_rad_per_s: config.speed_slew_down_rpm_per_s * per_step,
            window: CurrentWindow::new(config, motor),
            reference_rad_per_s: 0.0,
            enabled: false,
            guard: SpeedGuard::default(),
            full: false,
            flux: FluxCurrent::new(motor, period_s),
        })
    }

    /// One period.
    pub fn step(&mut self, input: &SpeedInput) -> SpeedOutput {
        let speed = input.speed_rad_per_s;
        if !input.enable || !speed.is_finite() || !input.load_torque_n_m.is_finite() {
            self.reference_rad_per_s = if speed.is_finite() { speed } else { 0.0 };
            (self.enabled, self.full) = (false, false);
            self.flux.rest();
            self.guard.rest();
            return SpeedOutput {
                torque_current_reference_a: self.ready_a(input),
                speed_reference_rad_per_s: self.reference_rad_per_s,
                ..SpeedOutput::default()
            };
        }
        if !self.enabled {
            // What was reported before may have been the speed of a rotor that nobody saw.
            self.reference_rad_per_s = speed;
        }
        let (mut setpoint, mut limits) = self.setpoint(input.setpoint_rpm);
        if !self.enabled {
            self.reference_rad_per_s = first_reference(setpoint, speed);
            self.enabled = true;
        }
        if input.sensorless && setpoint > 0.0 && setpoint < SENSORLESS_RAD_PER_S_MIN {
            (setpoint, limits) = (SENSORLESS_RAD_PER_S_MIN, limits | limits::SPEED_RANGE);
        }
        if setpoint == 0.0 {
            self.guard.rest();
        }
        let guarded = self.guard.step(speed, self.speed_rad_per_s_max, self.full);
        let before = self.reference_rad_per_s;
        let reference = slew(before, setpoint, self.step_up_rad_per_s, self.step_down_rad_per_s);
        if reference != setpoint {
            limits |= limits::SLEW;
        }
        let wanted_a = self.wanted_a(before, reference, input);
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

    /// The first current of a control that is enabled now, for a unit that stands by [A].
    fn ready_a(&self, input: &SpeedInput) -> f32 {
        let SpeedInput { speed_rad_per_s, load_torque_n_m, stands_by, .. } = *input;
        if !stands_by || !speed_rad_per_s.is_finite() || !load_torque_n_m.is_finite() {
            return 0.0;
        }
        let (setpoint, _) = self.setpoint(input.setpoint_rpm);
        let before = first_reference(setpoint, speed_rad_per_s);
        let reference = slew(before, setpoint, self.step_up_rad_per_s, self.step_down_rad_per_s);
        let overspeed = SpeedGuard::is_fast(speed_rad_per_s, self.speed_rad_per_s_max);
        self.window.clip(self.wanted_a(before, reference, input), input, overspeed).0
    }

    /// The control law: the current with which the reference goes from `before` to here in a period [A].
    fn wanted_a(&self, before: f32, reference: f32, input: &SpeedInput) -> f32 {
        self.gain_a_s_per_rad * (reference - input.speed_rad_per_s)
            + self.load_a_per_n_m * input.load_torque_n_m
            + self.slope_a_s_per_rad * (reference - before)
    }

    /// The set-point in rad/s, within its range.
    fn setpoint(&self, setpoint_rpm: f32) -> (f32, u32) {
        if setpoint_rpm.is_nan() {
            return (self.reference_rad_per_s, limits::SPEED_RANGE);
        }
        let wanted = setpoint_rpm * RAD_PER_S_PER_RPM;
        let setpoint = between(wanted, 0.0, self.speed_rad_per_s_max);
        (setpoint, if setpoint == wanted { 0 } else { limits::SPEED_RANGE })
    }
}

/// Where the reference starts.
fn first_reference(setpoint: f32, speed: f32) -> f32 {
    if (setpoint - speed).abs() < NEAR_RAD_PER_S { setpoint } else { speed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn control() -> SpeedControl {
        SpeedControl::new(&SpeedConfig::ECMO_50, &MotorConfig::ECMO_50, 1e-3).unwrap()
    }

    const HOLD: SpeedInput = SpeedInput {
        setpoint_rpm: 4000.0,
        speed_rad_per_s: 418.879,
        load_torque_n_m: 0.026,
        bus_voltage_v: 48.0,
        torque_current_limit_a: 6.0,
        sensorless: false,
        enable: true,
        stands_by: true,
    };

    /// The control after it has followed the rotor, so the reference is the speed.
    fn control_at(speed_rad_per_s: f32) -> SpeedControl {
        let mut control = control();
        control.step(&SpeedInput { speed_rad_per_s, enable: false, ..HOLD });
        control
    }

    #[test]
    fn without_angle_halls_the_pump_is_not_slowed_to_where_the_angle_is_lost() {
        let mut control = control_at(HOLD.speed_rad_per_s);
        let slow = SpeedInput { setpoint_rpm: 500.0, sensorless: true, ..HOLD };
        let last = (0..3000).map(|_| control.step(&slow)).last().unwrap();
        assert_ne!(last.limits & limits::SPEED_RANGE, 0);
        assert!(control.reference_rad_per_s >= SENSORLESS_RAD_PER_S_MIN);
        assert!((0..3000).any(|_| control.step(&SpeedInput { setpoint_rpm: 0.0, ..slow }).limits
            & limits::SPEED_RANGE
            == 0));
    }

    #[test]
    fn what_keeps_the_speed_is_ready_before_the_bridge_opens() {
        let ready_a = |input: SpeedInput| {
            control().step(&SpeedInput { enable: false, ..input }).torque_current_reference_a
        };
        assert!((ready_a(HOLD) - 0.026 / 0.03).abs() < 1e-3);
        let slow = SpeedInput { speed_rad_per_s: 300.0, ..HOLD };
        let first_a = control_at(300.0).step(&slow).torque_current_reference_a;
        assert!((ready_a(slow) - first_a).abs() < 1e-6, "the ramp, too");
        assert_eq!(ready_a(SpeedInput { stands_by: false, ..HOLD }), 0.0);
        assert!(ready_a(SpeedInput { load_torque_n_m: 1.0, ..HOLD }) <= 6.0);
        for load_torque_n_m in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(ready_a(SpeedInput { load_torque_n_m, ..HOLD }), 0.0, "{load_torque_n_m}");
        }
        assert_eq!(ready_a(SpeedInput { speed_rad_per_s: f32::NAN, ..HOLD }), 0.0);
        assert!(ready_a(SpeedInput { speed_rad_per_s: 2000.0, ..HOLD }) <= 0.0, "too fast already");
    }

    #[test]
    fn what_the_estimate_is_off_by_is_not_ramped() {
        let first_a = |speed_rad_per_s: f32| {
            let input = SpeedInput { speed_rad_per_s, load_torque_n_m: 0.0, ..HOLD };
            control_at(speed_rad_per_s).step(&input).torque_current_reference_a
        };
        for off in [-1.5, 1.5] {
            assert!(
                first_a(HOLD.speed_rad_per_s + off).abs() < 0.1,
                "{off}: {}",
                first_a(HOLD.speed_rad_per_s + off)
            );
        }
        assert!(first_a(HOLD.speed_rad_per_s - 3.0) > 0.3, "a ramp");
    }

    #[test]
    fn at_the_setpoint_the_current_carries_the_load() {
        let output = control_at(HOLD.speed_rad_per_s).step(&HOLD);
        assert!((output.torque_current_reference_a - 0.026 / 0.03).abs() < 1e-3);
        assert_eq!(output.limits, 0);
    }

    #[test]
    fn enabling_on_a_turning_rotor_never_jolts() {
        for speed_rad_per_s in [-600.0, -50.0, 0.0, 300.0] {
            let input = SpeedInput { speed_rad_per_s, load_torque_n_m: 0.0, ..HOLD };
            let first = control_at(speed_rad_per_s).step(&input).torque_current_reference_a;
            // Only the inertia times the slew rate and one step of the slope: 0.70 A and 0.02 A.
            assert!(first > 0.69 && first < 0.74, "{first}");
        }
    }

    #[test]
    fn enabling_starts_from_the_rotor_and_not_from_what_was_reported_before() {
        let mut control = control_at(0.0);
        let first = control.step(&SpeedInput { speed_rad_per_s: 300.0, load_torque_n_m: 0.0, ..HOLD });
        assert!((first.torque_current_reference_a - 0.72).abs() < 0.02, "{first:?}");
    }

    #[test]
    fn up_and_down_have_their_own_slew() {
        let config = SpeedConfig { speed_slew_down_rpm_per_s: 1000.0, ..SpeedConfig::ECMO_50 };
        let mut control = SpeedControl::new(&config, &MotorConfig::ECMO_50, 1e-3).unwrap();
        control.step(&SpeedInput { enable: false, ..HOLD });
        let up = control.step(&SpeedInput { setpoint_rpm: 5000.0, ..HOLD });
        let rise = up.speed_reference_rad_per_s - HOLD.speed_rad_per_s;
        assert!((rise - 4.0 * RAD_PER_S_PER_RPM).abs() < 1e-3, "{rise}");
        assert_eq!(up.limits, limits::SLEW);
        let down = control.step(&SpeedInput { setpoint_rpm: 1000.0, ..HOLD });
        let fall = up.speed_reference_rad_per_s - down.speed_reference_rad_per_s;
        assert!((fall - 1.0 * RAD_PER_S_PER_RPM).abs() < 1e-3, "{fall}");
    }

    #[test]
    fn each_limit_holds_and_says_so() {
        let heavy = SpeedInput { load_torque_n_m: 0.5, ..HOLD };
        let cases = [
            (heavy, 5.662, limits::POWER), // 1.5 (8.378 i + 0.6 i^2) = 100 W
            (SpeedInput { torque_current_limit_a: 2.0, ..heavy }, 2.0, limits::TORQUE_CURRENT),
            (SpeedInput { bus_voltage_v: 24.0, ..heavy }, 2.0, limits::BUS_SAG),
            (SpeedInput { bus_voltage_v: 18.0, ..heavy }, 0.0, limits::BUS_SAG),
            (SpeedInput { load_torque_n_m: -0.5, ..HOLD }, -6.0, limits::TORQUE_CURRENT),
            (SpeedInput { load_torque_n_m: -0.5, bus_voltage_v: 53.0, ..HOLD }, -3.0, limits::REGENERATION),
            (SpeedInput { load_torque_n_m: -0.5, bus_voltage_v: 55.5, ..HOLD }, 0.0, limits::REGENERATION),
        ];
        for (input, expected_a, limit) in cases {
            let output = control_at(HOLD.speed_rad_per_s).step(&input);
            assert!((output.torque_current_reference_a - expected_a).abs() < 0.01, "{input:?}: {output:?}");
            assert_eq!(output.limits, limit, "{input:?}");
        }
    }

    #[test]
    fn a_sag_to_24_v_leaves_what_5000_rpm_needs() {
        let (speed_rad_per_s, load_torque_n_m) = (523.6, 0.037);
        let input = SpeedInput {
            setpoint_rpm: 5000.0,
            speed_rad_per_s,
            load_torque_n_m,
            bus_voltage_v: 24.0,
            ..HOLD
        };
        assert_eq!(control_at(speed_rad_per_s).step(&input).limits & limits::BUS_SAG, 0);
    }

    #[test]
    fn no_number_is_taken_at_its_worst() {
        let nan = f32::NAN;
        let kept = control_at(HOLD.speed_rad_per_s).step(&SpeedInput { setpoint_rpm: nan, ..HOLD });
        assert_eq!(kept.limits, limits::SPEED_RANGE);
        assert!((kept.speed_reference_rad_per_s - HOLD.speed_rad_per_s).abs() < 1e-3);
        for input in [
            SpeedInput { speed_rad_per_s: nan, ..HOLD },
            SpeedInput { load_torque_n_m: nan, ..HOLD },
            SpeedInput { bus_voltage_v: nan, ..HOLD },
            SpeedInput { torque_current_limit_a: nan, ..HOLD },
        ] {
            assert_eq!(
                control_at(HOLD.speed_rad_per_s).step(&input).torque_current_reference_a,
                0.0,
                "{input:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_current_is_never_past_its_ceiling(
            setpoint_rpm in any::<f32>(), speed_rad_per_s in -700.0_f32..700.0,
            load_torque_n_m in any::<f32>(), bus_voltage_v in any::<f32>(), ceiling in 0.0_f32..8.0,
        ) {
            let input = SpeedInput {
                setpoint_rpm, speed_rad_per_s, load_torque_n_m, bus_voltage_v,
                torque_current_limit_a: ceiling, sensorless: false, enable: true, stands_by: true,
            };
            let mut control = control();
            for enable in [false, true, true] {
                let output = control.step(&SpeedInput { enable, ..input });
                prop_assert!(output.torque_current_reference_a.abs() <= ceiling);
                prop_assert!(output.speed_reference_rad_per_s.abs() < 800.0);
            }
        }
    }
}
