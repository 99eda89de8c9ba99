// SPDX-License-Identifier: Apache-2.0
//! Which torque current speed control may ask for, and the current along the flux.
//!
//! # Model
//! In the direction of rotation the torque current lies between -braking and motoring:
//!
//! | limit | acts on |
//! |---|---|
//! | ceiling: the largest torque current of the configuration | both directions |
//! | power: R i^2 + E i <= 2/3 P_max, E = p psi_m w | motoring |
//! | bus sag: ceiling falls linearly between two voltages, so levitation keeps its own | motoring |
//! | overspeed: none, as `speed_guard.rs` says | motoring |
//! | regeneration: falls linearly as the bus rises, so that it stays under 56 V | braking |
//!
//! The narrowest one holds and is named by its bit of [`limits`]. Power is judged by the current that the others leave, so
//! that the root is taken only when it is what limits.
//!
//! # Current along the flux
//! It makes no torque, and heat: `motor_current_a_min` less the torque current, slowly, so that an open phase shows at
//! light load (none without Halls: it would couple a wrong resistance into the angle); and, while braking lifts the bus,
//! up to [`BURN_A`], which turns what the braking gives back into heat instead of nothing being braked at all.
//!
//! # Limits and failure
//! A bus voltage or a ceiling that is no number leaves no current.
//!
//! # Shown by
//! `each_limit_holds_and_says_so` in `speed_control.rs`, unit tests below.

use super::config::{MotorConfig, SpeedConfig};
use super::limits;
use super::speed_control::SpeedInput;
use crate::math::{between, larger, slew, smaller, sqrt};

/// Largest current along the flux that burns braking power [A]: 14 W.
const BURN_A: f32 = 4.0;
/// Slew of the current that keeps the phases visible [A/s].
const FLUX_A_PER_S: f32 = 2.0;

/// 1 at one bus voltage, linearly down to 0 at another.
#[derive(Clone, Copy, Debug)]
struct Ramp {
    end_v: f32,
    per_v: f32,
}

impl Ramp {
    fn new(start_v: f32, end_v: f32) -> Self {
        Self { end_v, per_v: 1.0 / (start_v - end_v) }
    }

    /// 0 for a voltage that is no number.
    fn left(&self, bus_voltage_v: f32) -> f32 {
        between((bus_voltage_v - self.end_v) * self.per_v, 0.0, 1.0)
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct CurrentWindow {
    sag: Ramp,
    regeneration: Ramp,
    back_emf_v_s: f32,
    resistance_ohm: f32,
    /// 2/3 P_max.
    power_w: f32,
    /// 4 R 2/3 P_max.
    root_v2: f32,
}

impl CurrentWindow {
    /// For configurations that have been checked.
    #[must_use]
    pub fn new(config: &SpeedConfig, motor: &MotorConfig) -> Self {
        let (resistance_ohm, power_w) = (motor.motor_phase_resistance_ohm, config.motor_power_w_max / 1.5);
        Self {
            sag: Ramp::new(config.bus_sag_start_v, config.bus_sag_end_v),
            regeneration: Ramp::new(config.bus_regeneration_start_v, config.bus_regeneration_end_v),
            back_emf_v_s: motor.motor_pole_pairs * motor.motor_flux_linkage_wb,
            resistance_ohm,
            power_w,
            root_v2: 4.0 * resistance_ohm * power_w,
        }
    }

    /// The wanted current within the window, and the bit of what held it.
    #[must_use]
    pub fn clip(&self, wanted_a: f32, input: &SpeedInput, overspeed: bool) -> (f32, u32) {
        let ceiling_a = between(input.torque_current_limit_a, 0.0, f32::MAX);
        let direction = if input.speed_rad_per_s < 0.0 { -1.0 } else { 1.0 };
        let along_a = direction * wanted_a;
        let (clipped_a, limit) = if along_a < 0.0 {
            let (braking_a, limit) = self.braking(ceiling_a, input.bus_voltage_v);
            if -along_a > braking_a { (-braking_a, limit) } else { (along_a, 0) }
        } else {
            self.motoring(along_a, ceiling_a, input, overspeed)
        };
        (direction * clipped_a, limit)
    }

    /// A wanted current that drives the rotor, and the bit of what held it.
    fn motoring(&self, wanted_a: f32, ceiling_a: f32, input: &SpeedInput, overspeed: bool) -> (f32, u32) {
        let sag_a = ceiling_a * self.sag.left(input.bus_voltage_v);
        let (motoring_a, limit) = if overspeed {
            (0.0, limits::OVERSPEED)
        } else if sag_a < ceiling_a {
            (sag_a, limits::BUS_SAG)
        } else {
            (ceiling_a, limits::TORQUE_CURRENT)
        };
        let (current_a, limit) = if wanted_a > motoring_a { (motoring_a, limit) } else { (wanted_a, 0) };
        let back_emf_v = self.back_emf_v_s * input.speed_rad_per_s.abs();
        if current_a * (self.resistance_ohm * current_a + back_emf_v) > self.power_w {
            (smaller(self.power_a(back_emf_v), current_a), limits::POWER)
        } else {
            (current_a, limit)
        }
    }

    /// The largest braking current, and the bit of what makes it so.
    fn braking(&self, ceiling_a: f32, bus_voltage_v: f32) -> (f32, u32) {
        let regeneration_a = ceiling_a * self.regeneration.left(bus_voltage_v);
        if regeneration_a < ceiling_a {
            (regeneration_a, limits::REGENERATION)
        } else {
            (ceiling_a, limits::TORQUE_CURRENT)
        }
    }

    /// The positive root of R i^2 + E i = 2/3 P_max, in the form that never cancels [A].
    fn power_a(&self, back_emf_v: f32) -> f32 {
        2.0 * self.power_w / (back_emf_v + sqrt(back_emf_v * back_emf_v + self.root_v2))
    }

    /// Current along the flux that burns what this bus voltage cannot take [A].
    fn burn_a(&self, bus_voltage_v: f32) -> f32 {
        BURN_A * (1.0 - self.regeneration.left(bus_voltage_v))
    }
}

/// Current along the flux: what keeps the phases visible, or burns what braking gives back.
#[derive(Clone, Copy, Debug)]
pub struct FluxCurrent {
    visible_a: f32,
    step_a: f32,
    current_a_min: f32,
}

impl FluxCurrent {
    /// None yet; called once every `period_s`.
    #[must_use]
    pub fn new(motor: &MotorConfig, period_s: f32) -> Self {
        Self { visible_a: 0.0, step_a: FLUX_A_PER_S * period_s, current_a_min: motor.motor_current_a_min }
    }

    /// No current.
    pub fn rest(&mut self) {
        self.visible_a = 0.0;
    }

    /// Reference along the flux beside this torque current [A].
    pub fn step(&mut self, torque_current_a: f32, input: &SpeedInput, window: &CurrentWindow) -> f32 {
        let missing_a =
            if input.sensorless { 0.0 } else { larger(self.current_a_min - torque_current_a.abs(), 0.0) };
        self.visible_a = slew(self.visible_a, missing_a, self.step_a, self.step_a);
        if torque_current_a * input.speed_rad_per_s < 0.0 {
            larger(self.visible_a, window.burn_a(input.bus_voltage_v))
        } else {
            self.visible_a
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INPUT: SpeedInput = SpeedInput {
        setpoint_rpm: 4000.0,
        speed_rad_per_s: 418.879,
        load_torque_n_m: 0.0,
        bus_voltage_v: 48.0,
        torque_current_limit_a: 6.0,
        sensorless: false,
        enable: true,
        stands_by: false,
    };

    fn window() -> CurrentWindow {
        CurrentWindow::new(&SpeedConfig::ECMO_50, &MotorConfig::ECMO_50)
    }

    #[test]
    fn the_window_is_that_of_the_direction_of_rotation() {
        let backward = SpeedInput { speed_rad_per_s: -418.879, ..INPUT };
        for wanted_a in [-9.0, -3.0, 0.0, 3.0, 5.66, 5.67, 9.0] {
            let (current_a, limit) = window().clip(wanted_a, &INPUT, false);
            let (mirrored_a, mirrored_limit) = window().clip(-wanted_a, &backward, false);
            assert_eq!((current_a, limit), (-mirrored_a, mirrored_limit), "{wanted_a}");
        }
    }

    #[test]
    fn overspeed_leaves_the_braking_current_alone() {
        assert_eq!(window().clip(3.0, &INPUT, true), (0.0, limits::OVERSPEED));
        assert_eq!(window().clip(-3.0, &INPUT, true), (-3.0, 0));
    }

    proptest! {
        #[test]
        fn the_power_is_kept_and_named_only_where_it_limits(
            wanted_a in 0.0_f32..20.0, speed_rad_per_s in 0.0_f32..700.0, ceiling_a in 0.0_f32..20.0,
        ) {
            let input = SpeedInput { speed_rad_per_s, torque_current_limit_a: ceiling_a, ..INPUT };
            let (current_a, limit) = window().clip(wanted_a, &input, false);
            let power_w = |a: f32| 1.5 * a * (0.6 * a + 0.02 * speed_rad_per_s);
            prop_assert!(current_a <= wanted_a && current_a <= ceiling_a);
            prop_assert!(power_w(current_a) < 100.01);
            match limit {
                0 => prop_assert_eq!(current_a, wanted_a),
                limits::POWER => prop_assert!(power_w(current_a) > 99.99),
                _ => prop_assert!(limit == limits::TORQUE_CURRENT && current_a == ceiling_a),
            }
        }
    }
}
