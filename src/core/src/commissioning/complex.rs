// SPDX-License-Identifier: Apache-2.0
//! Complex numbers for tones: mean + cosine cos(phi) + sine sin(phi) is the real part of (cosine - j sine) exp(j phi).

use crate::probe::Tone;
use core::ops::{Add, Mul, Sub};

/// re + j im.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Complex {
    pub(super) re: f32,
    pub(super) im: f32,
}

impl Complex {
    pub(super) const ONE: Self = Self { re: 1.0, im: 0.0 };

    /// exp(j angle).
    pub(super) fn turn(angle_rad: f32) -> Self {
        let (im, re) = crate::math::sin_cos(angle_rad);
        Self { re, im }
    }

    pub(super) fn of(tone: &Tone) -> Self {
        Self { re: tone.cosine, im: -tone.sine }
    }

    pub(super) fn times(self, factor: f32) -> Self {
        Self { re: self.re * factor, im: self.im * factor }
    }

    pub(super) fn square(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// This over another one; no number when that is 0.
    pub(super) fn over(self, other: Self) -> Self {
        let conjugate = Self { im: -other.im, ..other };
        (self * conjugate).times(1.0 / other.square())
    }

    pub(super) fn size(self) -> f32 {
        crate::math::sqrt(self.square())
    }

    pub(super) fn angle_rad(self) -> f32 {
        crate::math::atan2(self.im, self.re)
    }
}

impl Add for Complex {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }
}

impl Sub for Complex {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, im: self.im - other.im }
    }
}

impl Mul for Complex {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_behind_the_cosine_has_a_negative_angle() {
        // cos(phi - 0.3) = cos 0.3 cos phi + sin 0.3 sin phi
        let late = Complex::of(&Tone { mean: 7.0, cosine: 0.3_f32.cos(), sine: 0.3_f32.sin() });
        assert!((late.angle_rad() + 0.3).abs() < 1e-6 && (late.size() - 1.0).abs() < 1e-6);
        let quotient = late.over(Complex::turn(0.5));
        assert!((quotient.angle_rad() + 0.8).abs() < 1e-6);
        assert!((late + Complex::ONE - Complex::ONE - late).size() < 1e-6);
    }
}
