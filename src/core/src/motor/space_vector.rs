// SPDX-License-Identifier: Apache-2.0
//! Space-vector modulation: a voltage vector in, the duties of three half bridges out.
//!
//! # Model
//! Each phase voltage gets the same offset -(max + min)/2, which a floating star does not see and which centres
//! the three duties: identical to space-vector modulation with equal zero vectors, without sectors or tables.
//!
//! | symbol | meaning | unit |
//! |---|---|---|
//! | v_bus | bus voltage | V |
//! | span | largest less smallest phase voltage; at most v_bus | V |
//!
//! duty_x = 1/2 + (v_x - (max + min)/2) / v_bus. Linear for every angle up to v_bus/sqrt(3), 15 % more than
//! sine modulation, and up to 2/3 v_bus in the corners of the hexagon.
//!
//! # Limits and failure
//! A vector outside the hexagon is shortened onto it at the same angle; `scale` says by how much, so that the
//! current control knows what really acts. Below [`BUS_VOLTAGE_V_MIN`], or with a number that is none, the
//! duties are equal (no voltage) and `scale` is 0.
//!
//! # Source
//! V. Blasko, "Analysis of a hybrid PWM based on modified space-vector and triangle-comparison methods",
//! IEEE Trans. Ind. Appl. 33(3), 1997.
//!
//! # Shown by
//! `linear_up_to_v_bus_over_sqrt_3`, `outside_the_hexagon_the_angle_stays`.

use super::transforms::{Abc, AlphaBeta};

/// Below this bus voltage no voltage is made [V].
pub const BUS_VOLTAGE_V_MIN: f32 = 1.0;
/// Four units in the last place under 1, so that rounding never leads out of 0 to 1: cheaper than three clamps.
const BELOW_ONE: f32 = 1.0 - 4.0 * f32::EPSILON;

/// Duties and what they make of the demanded vector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Modulation {
    /// On-times of the upper switches, 0 to 1.
    pub duty: Abc,
    /// Real vector over demanded vector: 1, or less when saturated.
    pub scale: f32,
}

impl Modulation {
    /// Equal duties: no voltage.
    pub const ZERO: Self = Self { duty: Abc { a: 0.5, b: 0.5, c: 0.5 }, scale: 0.0 };

    /// True when the demanded vector was too long for the bus.
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        self.scale < 1.0
    }
}

/// A number from [`BUS_VOLTAGE_V_MIN`] on. Positive floats are ordered as their bits are, so that one comparison does.
fn is_bus(bus_voltage_v: f32) -> bool {
    const MIN: u32 = BUS_VOLTAGE_V_MIN.to_bits();
    const RANGE: u32 = f32::INFINITY.to_bits().wrapping_sub(MIN);
    bus_voltage_v.to_bits().wrapping_sub(MIN) < RANGE
}

/// Duties that make the voltage vector [V] from the bus voltage [V].
#[must_use]
pub fn modulate(voltage_v: AlphaBeta, bus_voltage_v: f32) -> Modulation {
    let phase = voltage_v.to_abc();
    let max = phase.a.max(phase.b).max(phase.c);
    let min = phase.a.min(phase.b).min(phase.c);
    let span = max - min;
    // B has a part of both components: it is no number when one of them is none, which min and max pass over.
    let is_vector = (phase.b + span).is_finite();
    if !is_bus(bus_voltage_v) || !is_vector {
        return Modulation::ZERO;
    }
    let scale = if span > bus_voltage_v { bus_voltage_v / span } else { 1.0 };
    let duty_per_v = scale * BELOW_ONE / bus_voltage_v;
    let common_mode = 0.5 * (max + min);
    let duty = |voltage: f32| 0.5 + (voltage - common_mode) * duty_per_v;
    Modulation { duty: Abc { a: duty(phase.a), b: duty(phase.b), c: duty(phase.c) }, scale }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::motor::transforms::Rotation;
    use proptest::prelude::*;

    /// What a floating star sees of three duties.
    fn star_voltage(duty: Abc, bus_voltage_v: f32) -> AlphaBeta {
        let vector = duty.to_alpha_beta();
        AlphaBeta { alpha: vector.alpha * bus_voltage_v, beta: vector.beta * bus_voltage_v }
    }

    fn vector(length: f32, angle: f32) -> AlphaBeta {
        let rotation = Rotation::of_angle(angle);
        AlphaBeta { alpha: length * rotation.cos, beta: length * rotation.sin }
    }

    proptest! {
        #[test]
        fn linear_up_to_v_bus_over_sqrt_3(
            bus in 5.0_f32..60.0, depth in 0.0_f32..0.999, angle in -3.2_f32..3.2,
        ) {
            let demanded = vector(depth * bus / 3.0_f32.sqrt(), angle);
            let modulation = modulate(demanded, bus);
            let made = star_voltage(modulation.duty, bus);
            prop_assert!(!modulation.is_saturated());
            prop_assert!((made.alpha - demanded.alpha).abs() < 1e-5 * bus);
            prop_assert!((made.beta - demanded.beta).abs() < 1e-5 * bus);
        }

        #[test]
        fn outside_the_hexagon_the_angle_stays(
            bus in 5.0_f32..60.0, depth in 1.2_f32..50.0, angle in -3.2_f32..3.2,
        ) {
            let demanded = vector(depth * bus / 3.0_f32.sqrt(), angle);
            let modulation = modulate(demanded, bus);
            let made = star_voltage(modulation.duty, bus);
            prop_assert!(modulation.is_saturated());
            prop_assert!((made.alpha - modulation.scale * demanded.alpha).abs() < 1e-5 * bus);
            prop_assert!((made.beta - modulation.scale * demanded.beta).abs() < 1e-5 * bus);
            let length = (made.alpha * made.alpha + made.beta * made.beta).sqrt();
            prop_assert!(length > 0.999 * bus / 3.0_f32.sqrt() && length < 0.667 * bus);
        }

        #[test]
        fn duties_stay_within_0_and_1_whatever_comes(a in any::<u32>(), b in any::<u32>(), v in any::<u32>()) {
            let voltage = AlphaBeta { alpha: f32::from_bits(a), beta: f32::from_bits(b) };
            let Abc { a, b, c } = modulate(voltage, f32::from_bits(v)).duty;
            for duty in [a, b, c] {
                prop_assert!((0.0..=1.0).contains(&duty));
            }
        }
    }

    #[test]
    fn no_bus_no_voltage() {
        for bus in [0.0, 0.99, -48.0, f32::NAN, f32::INFINITY] {
            assert_eq!(modulate(vector(5.0, 0.0), bus), Modulation::ZERO);
        }
    }
}
