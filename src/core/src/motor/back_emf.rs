// SPDX-License-Identifier: Apache-2.0
//! The back-EMF as a second opinion on the rotor angle, and as the only one when the Halls are lost.
//!
//! # Model
//! The current control knows the bridge's voltage and the current, so it knows the EMF: what its model of it leaves
//! unexplained is the disturbance voltage v. With the estimated angle delta ahead of the true one, w the true speed
//! and w' the estimated one (electrical):
//! v_d = -w psi sin(delta), v_q = w' psi - w psi cos(delta).
//!
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | v | disturbance voltage of the current control | V | `unmodelled_v` |
//! | psi | flux linkage of all pole pairs: E = psi w | V.s/rad | `flux_v_s` |
//! | E | EMF that the estimate expects | V | `emf_v` |
//!
//! So v_d / E is the phase error of the rotor, in the place of the one that the Halls give, and a v that is as long as a
//! good part of E says that one of angle and speed is wrong. v follows with the bandwidth of the disturbance estimate,
//! ten times that of the angle observer.
//!
//! # Limits and failure
//! Used above [`START_RAD_PER_S_MIN`] and kept down to [`KEEP_RAD_PER_S_MIN`], where the EMF of ecmo-50 is 1.7 and
//! 1.3 V. A resistance wrong by a tenth at 6 A makes 0.36 V, an inductance wrong by a fifth 0.1 rad, a current offset
//! of 20 mA 0.01 rad at 800 rpm. Dead time of the bridge looks like a voltage along the current and must be taken out by
//! the driver.
//!
//! # Source
//! S. Morimoto, K. Kawamoto, M. Sanada, Y. Takeda, "Sensorless control strategy for salient-pole PMSM based on extended
//! EMF in rotating reference frame", IEEE Trans. Ind. Appl. 38(4), 2002, here without saliency.
//!
//! # Shown by
//! `tests_angle_faults.rs`.

use super::config::MotorConfig;
use super::transforms::Dq;
use crate::math::{atan2, sqrt};

/// Slowest rotor whose EMF takes over from the Halls [rad/s]: 800 rpm.
pub(super) const START_RAD_PER_S_MIN: f32 = 83.8;
/// Slowest rotor whose EMF is followed once it has taken over [rad/s]: 600 rpm.
pub(super) const KEEP_RAD_PER_S_MIN: f32 = 62.8;
/// Parts of the EMF that the two components of v may make up while the angle is right enough to be corrected.
const ACROSS_MAX: f32 = 0.6;
const ALONG_MAX: f32 = 0.3;
/// A longer v contradicts the angle: a part of the EMF, and what wrong resistances make at standstill [V].
const CONTRADICTION: f32 = 0.2;
const CONTRADICTION_V: f32 = 0.5;
/// What a single wrong current sample has left in v decays faster, to 0.69 of its square from one look to the next.
const LASTING: f32 = 0.81;

/// EMF of one motor; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct BackEmf {
    flux_v_s: f32,
    inverse_pole_pairs: f32,
    /// Square of v at the last look [V2].
    square_v2: f32,
}

impl BackEmf {
    /// For a checked configuration.
    pub(super) fn new(config: &MotorConfig) -> Self {
        Self {
            flux_v_s: config.motor_pole_pairs * config.motor_flux_linkage_wb,
            inverse_pole_pairs: 1.0 / config.motor_pole_pairs,
            square_v2: 0.0,
        }
    }

    /// Phase error (true less estimated angle) [rad]; `None` when the EMF is too small, or none of a rotor with about
    /// this speed. `kept`: it has taken over already.
    pub(super) fn error(&self, unmodelled_v: &Dq, speed_rad_per_s: f32, kept: bool) -> Option<f32> {
        let emf_v = self.flux_v_s * speed_rad_per_s;
        let least_rad_per_s = if kept { KEEP_RAD_PER_S_MIN } else { START_RAD_PER_S_MIN };
        let fits = speed_rad_per_s.abs() > least_rad_per_s
            && unmodelled_v.d.abs() < ACROSS_MAX * emf_v.abs()
            && unmodelled_v.q.abs() < ALONG_MAX * emf_v.abs();
        fits.then(|| unmodelled_v.d * self.inverse_pole_pairs / emf_v)
    }

    /// A look, every other step: true when the EMF says that the rotor is elsewhere, or turns otherwise.
    pub(super) fn contradicts(&mut self, unmodelled_v: &Dq, speed_rad_per_s: f32) -> bool {
        let bound_v = CONTRADICTION_V + (CONTRADICTION * self.flux_v_s) * speed_rad_per_s.abs();
        let square_v2 = unmodelled_v.d * unmodelled_v.d + unmodelled_v.q * unmodelled_v.q;
        let lasts = square_v2 > LASTING * self.square_v2;
        self.square_v2 = square_v2;
        lasts && square_v2 > bound_v * bound_v
    }

    /// Phase error [rad] and speed [rad/s] from the whole EMF vector, for a rotor that turns in the estimated direction.
    pub(super) fn rotor(&self, unmodelled_v: &Dq, speed_rad_per_s: f32) -> (f32, f32) {
        let direction = if speed_rad_per_s < 0.0 { -1.0 } else { 1.0 };
        let across_v = direction * unmodelled_v.d;
        let along_v = direction * (self.flux_v_s * speed_rad_per_s - unmodelled_v.q);
        let size_v = sqrt(across_v * across_v + along_v * along_v);
        (atan2(across_v, along_v) * self.inverse_pole_pairs, direction * size_v / self.flux_v_s)
    }
}
