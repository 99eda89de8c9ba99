// SPDX-License-Identifier: Apache-2.0
//! Three phases, stator frame, rotor frame: one type each, and the ways between them.
//!
//! # Model
//! | symbol | meaning | here |
//! |---|---|---|
//! | a, b, c | phase quantities; a floating star has no common mode | [`Abc`] |
//! | alpha, beta | stator frame, alpha on phase A's axis, beta 90 degrees ahead | [`AlphaBeta`] |
//! | d, q | rotor frame, d on the rotor flux, q 90 degrees ahead (electrical) | [`Dq`] |
//! | cos, sin | of the angle from alpha to d | [`Rotation`] |
//!
//! Clarke, amplitude-invariant: alpha = (2a - b - c)/3, beta = (b - c)/sqrt(3). A balanced set of amplitude 1 is
//! a vector of length 1, and torque is 3/2 p psi_m i_q.
//! Park: d = alpha cos + beta sin, q = beta cos - alpha sin.
//!
//! # Signs
//! Phase order A, B, C turns from alpha to beta, which is from x to y.
//!
//! # Source
//! E. Clarke 1943, R. H. Park 1929; in this form W. Leonhard, "Control of Electrical Drives", 3rd edition, 2001,
//! chapter 10.

const SQRT_3: f32 = 1.732_050_8;

/// Quantities of the three phases.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Abc {
    /// Phase A.
    pub a: f32,
    /// Phase B.
    pub b: f32,
    /// Phase C.
    pub c: f32,
}

/// A vector in the stator frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AlphaBeta {
    /// Along phase A's axis.
    pub alpha: f32,
    /// 90 degrees ahead of it.
    pub beta: f32,
}

/// A vector in the rotor frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dq {
    /// Along the rotor flux.
    pub d: f32,
    /// 90 degrees ahead: makes torque.
    pub q: f32,
}

/// An angle as cosine and sine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rotation {
    /// Cosine of the angle.
    pub cos: f32,
    /// Sine of the angle.
    pub sin: f32,
}

impl Abc {
    /// With B and C exchanged.
    #[must_use]
    pub fn reordered(self) -> Self {
        Self { a: self.a, b: self.c, c: self.b }
    }

    /// Clarke: what of it is no common mode.
    #[must_use]
    pub fn to_alpha_beta(self) -> AlphaBeta {
        AlphaBeta {
            alpha: (2.0 * self.a - self.b - self.c) * (1.0 / 3.0),
            beta: (self.b - self.c) * (1.0 / SQRT_3),
        }
    }
}

impl AlphaBeta {
    /// Inverse Clarke: phases without common mode.
    #[must_use]
    pub fn to_abc(self) -> Abc {
        let half_alpha = 0.5 * self.alpha;
        let beta_part = (0.5 * SQRT_3) * self.beta;
        Abc { a: self.alpha, b: beta_part - half_alpha, c: -beta_part - half_alpha }
    }

    /// Park: the same vector seen from the rotor.
    #[must_use]
    pub fn to_dq(self, rotor: Rotation) -> Dq {
        Dq {
            d: self.alpha * rotor.cos + self.beta * rotor.sin,
            q: self.beta * rotor.cos - self.alpha * rotor.sin,
        }
    }
}

impl Dq {
    /// Inverse Park: the same vector seen from the stator.
    #[must_use]
    pub fn to_alpha_beta(self, rotor: Rotation) -> AlphaBeta {
        AlphaBeta {
            alpha: self.d * rotor.cos - self.q * rotor.sin,
            beta: self.d * rotor.sin + self.q * rotor.cos,
        }
    }

    /// The part of it that lies on a line, given by a vector of length 1.
    #[must_use]
    pub fn along(self, line: Self) -> Self {
        line.scaled(self.d * line.d + self.q * line.q)
    }

    /// The vector times a factor.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        Self { d: self.d * factor, q: self.q * factor }
    }
}

impl Rotation {
    /// No rotation.
    pub const IDENTITY: Self = Self { cos: 1.0, sin: 0.0 };

    /// Of an angle within a few turns [rad].
    #[must_use]
    pub fn of_angle(angle_rad: f32) -> Self {
        let (sin, cos) = crate::math::sin_cos(angle_rad);
        Self { cos, sin }
    }

    /// Turned further by a small angle; within 3e-6 up to 0.2 rad, by the Taylor series.
    #[must_use]
    pub fn turned_by_small(self, angle_rad: f32) -> Self {
        let square = angle_rad * angle_rad;
        let cos = 1.0 - square * (0.5 - square * (1.0 / 24.0));
        let sin = angle_rad * (1.0 - square * (1.0 / 6.0));
        self.turned_by(Self { cos, sin })
    }

    /// Turned further by another rotation.
    #[must_use]
    pub fn turned_by(self, other: Self) -> Self {
        Self {
            cos: self.cos * other.cos - self.sin * other.sin,
            sin: self.sin * other.cos + self.cos * other.sin,
        }
    }

    /// The electrical rotation of `pole_pairs` for this mechanical one.
    #[must_use]
    pub fn times(self, pole_pairs: u32) -> Self {
        let mut electrical = self;
        for _ in 1..pole_pairs {
            electrical = electrical.turned_by(self);
        }
        electrical
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEAR: f32 = 2e-5; // 100 A, 7 digits

    proptest! {
        #[test]
        fn clarke_then_inverse_is_identity_less_the_common_mode(
            a in -100.0_f32..100.0, b in -100.0_f32..100.0, common in -10.0_f32..10.0,
        ) {
            let phases = Abc { a: a + common, b: b + common, c: -a - b + common };
            let back = phases.to_alpha_beta().to_abc();
            let error = (back.a - a).abs() + (back.b - b).abs() + (back.c + a + b).abs();
            prop_assert!(error < 3.0 * NEAR * 2.0, "{error}");
        }

        #[test]
        fn park_then_inverse_is_identity(
            alpha in -100.0_f32..100.0, beta in -100.0_f32..100.0, angle in -3.2_f32..3.2,
        ) {
            let rotor = Rotation::of_angle(angle);
            let back = AlphaBeta { alpha, beta }.to_dq(rotor).to_alpha_beta(rotor);
            prop_assert!((back.alpha - alpha).abs() < 3.0 * NEAR && (back.beta - beta).abs() < 3.0 * NEAR);
        }

        #[test]
        fn small_turns_agree_with_the_sum_of_the_angles(angle in -3.0_f32..3.0, turn in -0.2_f32..0.2) {
            let turned = Rotation::of_angle(angle).turned_by_small(turn);
            let expected = Rotation::of_angle(angle + turn);
            prop_assert!((turned.cos - expected.cos).abs() < 3e-6 && (turned.sin - expected.sin).abs() < 3e-6);
        }

        #[test]
        fn pole_pairs_multiply_the_angle(angle in -0.7_f32..0.7, pole_pairs in 1_u32..=4) {
            let electrical = Rotation::of_angle(angle).times(pole_pairs);
            let expected = Rotation::of_angle(angle * pole_pairs as f32);
            prop_assert!((electrical.cos - expected.cos).abs() < 2e-6);
            prop_assert!((electrical.sin - expected.sin).abs() < 2e-6);
        }
    }

    #[test]
    fn a_balanced_set_of_amplitude_one_is_a_vector_of_length_one_on_d() {
        let angle = 0.3_f32;
        let phase = |shift: f32| Rotation::of_angle(angle - shift).cos;
        let third = core::f32::consts::TAU / 3.0;
        let phases = Abc { a: phase(0.0), b: phase(third), c: phase(2.0 * third) };
        let dq = phases.to_alpha_beta().to_dq(Rotation::of_angle(angle));
        assert!((dq.d - 1.0).abs() < 1e-6 && dq.q.abs() < 1e-6);
    }
}
