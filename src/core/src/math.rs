// SPDX-License-Identifier: Apache-2.0
//! Single-precision mathematics of the fast path, the same bits on every machine.
//!
//! Only `+ - * /`, comparisons and integer conversions, all exactly rounded by IEEE 754, and never a fused
//! multiply-add: so host, simulator and chip agree bit for bit, which no two `libm` do. Every function is total:
//! any input, NaN and infinity included, gives a number inside the stated range.
//!
//! | function | largest error (asserted by the tests) |
//! |---|---|
//! | [`sin_cos`] | 1.5e-7 for angles in -pi to pi |
//! | [`atan2`] | 7e-7 rad |
//! | [`sqrt`] | 2e-7 of the result |
//! | [`exp_of_minus`] | 2e-6 for 0 to 4 |
//! | [`wrap_to_pi`] | 1e-6 rad within three turns |
//!
//! # Source
//! The coefficients interpolate the remainder of the Taylor series at Chebyshev nodes of the squared argument
//! (near-minimax): W. J. Cody, W. Waite, "Software Manual for the Elementary Functions", 1980, chapters 8 and 11,
//! also for the two-part reduction by pi/2.

use core::f32::consts::{FRAC_2_PI, FRAC_PI_2, PI};

/// Leading bits of pi/2, so that a small integer times it is exact.
const HALF_PI_HIGH: f32 = 1.570_312_5;
/// What [`HALF_PI_HIGH`] leaves of pi/2.
const HALF_PI_LOW: f32 = 4.838_268e-4;
/// 1.5 * 2^23: a sum with it is rounded to a whole number, which stands in its last bits, as long as it is below 2^22.
const ROUNDER: f32 = 12_582_912.0;
/// Largest angle that [`sin_cos`] reduces: 16 turns; the error grows to 1e-6 there [rad].
pub const ANGLE_RAD_MAX: f32 = 100.0;

/// `value` kept within `-limit` to `limit`; NaN gives `-limit`. Two instructions on Armv8-M and Cortex-M7.
#[must_use]
#[inline(always)]
pub fn saturate(value: f32, limit: f32) -> f32 {
    value.max(-limit).min(limit)
}

/// `value` kept within `min` to `max`; NaN gives `min`. Two instructions on Armv8-M and Cortex-M7.
#[must_use]
#[inline(always)]
pub fn between(value: f32, min: f32, max: f32) -> f32 {
    value.max(min).min(max)
}

/// `value` kept within `min` to `max`; NaN gives `min` or, when 0 is inside, 0.
#[must_use]
pub fn saturate_between(value: f32, min: f32, max: f32) -> f32 {
    if value > max {
        max
    } else if value >= min {
        value
    } else if value.is_nan() && min < 0.0 && max > 0.0 {
        0.0
    } else {
        min
    }
}

/// `from` moved toward `to` by at most `up` or `down` (both positive).
#[must_use]
pub fn slew(from: f32, to: f32, up: f32, down: f32) -> f32 {
    from + saturate_between(to - from, -down, up)
}

/// The larger value; `b` when either is NaN.
#[must_use]
pub fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// The smaller value; `b` when either is NaN.
#[must_use]
pub fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The nearest integer, halves away from zero; saturates at the range of `i32`, NaN gives 0.
fn nearest(value: f32) -> i32 {
    (if value < 0.0 { value - 0.5 } else { value + 0.5 }) as i32
}

/// The same angle within -pi to pi [rad]. Beyond three turns the resolution of `f32` shows; NaN gives 0.
#[must_use]
pub fn wrap_to_pi(angle_rad: f32) -> f32 {
    if angle_rad.abs() < PI {
        return angle_rad;
    }
    let half_turns_even = nearest(angle_rad * (0.5 * FRAC_2_PI) * 0.5) as f32 * 4.0;
    let wrapped = (angle_rad - half_turns_even * HALF_PI_HIGH) - half_turns_even * HALF_PI_LOW;
    saturate(wrapped, PI)
}

/// Sine and cosine of an angle [rad]; what is beyond [`ANGLE_RAD_MAX`] or no number is taken as 0.
#[must_use]
pub fn sin_cos(angle_rad: f32) -> (f32, f32) {
    let is_angle = angle_rad.abs() <= ANGLE_RAD_MAX; // false for NaN
    if !is_angle {
        return (0.0, 1.0);
    }
    let rounded = angle_rad * FRAC_2_PI + ROUNDER;
    let (quarter_turns, quarters) = (rounded.to_bits(), rounded - ROUNDER);
    let x = (angle_rad - quarters * HALF_PI_HIGH) - quarters * HALF_PI_LOW;
    let z = x * x;
    let sin = x + x * z * (-0.166_666_65 + z * (0.008_332_746 + z * -0.000_195_873_87));
    let cos = 1.0 - 0.5 * z + z * z * (0.041_666_665 + z * (-0.001_388_83 + z * 2.454_743_7e-5));
    let (sin, cos) = if quarter_turns & 1 == 0 { (sin, cos) } else { (cos, sin) };
    (turned(sin, quarter_turns), turned(cos, quarter_turns.wrapping_add(1)))
}

/// `value` with the sign that a sine has so many quarter turns on: the other one in the third and fourth quarter.
fn turned(value: f32, quarter_turns: u32) -> f32 {
    f32::from_bits(value.to_bits() ^ ((quarter_turns & 2) << 30))
}

/// Angle of the vector (x, y) within -pi to pi [rad]; 0 for the null vector and for NaN.
#[must_use]
pub fn atan2(y: f32, x: f32) -> f32 {
    let (x_size, y_size) = (x.abs(), y.abs());
    let (short, long) = if y_size > x_size { (x_size, y_size) } else { (y_size, x_size) };
    if !(short <= long && long > 0.0 && long < f32::INFINITY) {
        return 0.0;
    }
    let r = short / long;
    let z = r * r;
    let tail = 0.103_942_62 + z * (-0.066_890_81 + z * (0.029_852_264 + z * -0.006_343_974));
    let octant = r + r * z * (-0.333_332_67 + z * (0.199_934_68 + z * (-0.141_764_3 + z * tail)));
    let quadrant = if y_size > x_size { FRAC_PI_2 - octant } else { octant };
    let half = if x < 0.0 { PI - quadrant } else { quadrant };
    if y < 0.0 { -half } else { half }
}

/// e^-x for x >= 0; 1 for what is below 0 or no number.
#[must_use]
pub fn exp_of_minus(x: f32) -> f32 {
    if x.is_nan() || x <= 0.0 {
        return 1.0;
    }
    // e^-x = (e^(-x/16))^16; four terms of the series leave less than 1e-6 up to x = 4.
    let s = smaller(x, 16.0) / 16.0;
    let root = 1.0 - s * (1.0 - s / 2.0 * (1.0 - s / 3.0 * (1.0 - s / 4.0 * (1.0 - s / 5.0))));
    let power_4 = root * root * root * root;
    power_4 * power_4 * power_4 * power_4
}

/// Square root by a first guess from the exponent and three Newton steps; 0 for what has none.
#[must_use]
pub fn sqrt(value: f32) -> f32 {
    if !(f32::MIN_POSITIVE..f32::INFINITY).contains(&value) {
        return 0.0;
    }
    // Halving the exponent field halves the logarithm; the constant restores its bias. Within 4 %.
    let mut root = f32::from_bits((value.to_bits() >> 1).wrapping_add(0x1fbd_1df5));
    for _ in 0..3 {
        root = 0.5 * (root + value / root);
    }
    root
}

#[cfg(test)]
#[allow(clippy::disallowed_types)] // f64 is the reference here
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STEPS: i32 = 200_000;

    #[test]
    fn sine_and_cosine_are_within_1_5e_7() {
        let mut worst = 0.0_f64;
        for step in -STEPS..=STEPS {
            let angle = PI * (step as f32 / STEPS as f32);
            let (sin, cos) = sin_cos(angle);
            let (sin_true, cos_true) = f64::from(angle).sin_cos();
            worst = worst.max((f64::from(sin) - sin_true).abs()).max((f64::from(cos) - cos_true).abs());
        }
        std::println!("sin_cos: largest error {worst:.2e}");
        assert!(worst < 1.5e-7, "{worst:e}");
        for far in [-100.0_f32, -37.7, 55.5, 100.0] {
            let (sin, cos) = sin_cos(far);
            let (sin_true, cos_true) = f64::from(far).sin_cos();
            assert!((f64::from(sin) - sin_true).abs() < 1e-6 && (f64::from(cos) - cos_true).abs() < 1e-6);
        }
        assert_eq!((sin_cos(101.0), sin_cos(f32::NAN)), ((0.0, 1.0), (0.0, 1.0)));
    }

    #[test]
    fn the_arc_tangent_is_within_7e_7_rad() {
        let mut worst = 0.0_f64;
        for step in -STEPS..STEPS {
            let angle = std::f64::consts::PI * f64::from(step) / f64::from(STEPS);
            let (sin, cos) = ((0.7 * angle.sin()) as f32, (0.7 * angle.cos()) as f32);
            let expected = f64::from(sin).atan2(f64::from(cos));
            let error = (f64::from(atan2(sin, cos)) - expected).abs();
            worst = worst.max(error.min((error - std::f64::consts::TAU).abs()));
        }
        std::println!("atan2: largest error {worst:.2e} rad");
        assert!(worst < 7e-7, "{worst:e}");
        assert_eq!((atan2(0.0, 0.0), atan2(f32::NAN, 1.0), atan2(1.0, f32::NAN)), (0.0, 0.0, 0.0));
    }

    #[test]
    fn the_square_root_is_within_2e_7() {
        let mut worst = 0.0_f64;
        let mut value = 1e-30_f32;
        while value < 1e30 {
            worst = worst.max((f64::from(sqrt(value)) / f64::from(value).sqrt() - 1.0).abs());
            value *= 1.003;
        }
        std::println!("sqrt: largest relative error {worst:.2e}");
        assert!(worst < 2e-7, "{worst:e}");
        assert_eq!((sqrt(0.0), sqrt(-1.0), sqrt(f32::NAN)), (0.0, 0.0, 0.0));
    }

    #[test]
    fn the_exponential_is_within_2e_6() {
        let worst = (0..4000).map(|step| {
            let x = step as f32 * 1e-3;
            (f64::from(exp_of_minus(x)) - (-f64::from(x)).exp()).abs()
        });
        assert!(worst.fold(0.0, f64::max) < 2e-6);
        assert_eq!((exp_of_minus(f32::NAN), exp_of_minus(-1.0)), (1.0, 1.0));
        assert!(exp_of_minus(f32::INFINITY) < 1e-3);
    }

    #[test]
    fn slew_takes_the_side_it_moves_to() {
        assert_eq!(slew(1.0, 5.0, 2.0, 0.5), 3.0);
        assert_eq!(slew(1.0, -5.0, 2.0, 0.5), 0.5);
        assert_eq!(slew(1.0, 1.25, 2.0, 0.5), 1.25);
        assert_eq!(slew(1.0, f32::NAN, 2.0, 0.5), 1.0);
    }

    proptest! {
        #[test]
        fn wrapping_keeps_the_angle(angle in -20.0_f32..20.0) {
            let turns = (f64::from(angle) - f64::from(wrap_to_pi(angle))) / std::f64::consts::TAU;
            prop_assert!((turns - turns.round()).abs() < 3e-7, "{turns}");
        }

        #[test]
        fn every_function_is_total(bits in any::<u32>(), other in any::<u32>()) {
            let (value, second) = (f32::from_bits(bits), f32::from_bits(other));
            let (sin, cos) = sin_cos(value);
            prop_assert!(sin.abs() <= 1.0001 && cos.abs() <= 1.0001);
            prop_assert!(wrap_to_pi(value).abs() <= PI);
            prop_assert!(atan2(value, second).abs() <= PI);
            prop_assert!(sqrt(value) >= 0.0);
            prop_assert!(saturate(value, 2.0).abs() <= 2.0);
            prop_assert!((1.0..=2.0).contains(&saturate_between(value, 1.0, 2.0)));
        }
    }
}
