// SPDX-License-Identifier: Apache-2.0
//! Torque current of a three-phase motor: d/q reference in, d/q voltage out, one period ahead.
//!
//! # Model
//! In the rotor frame, at the sample k, with the voltage u that acts until k+1:
//! i_d(k+1) = a i_d + w T i_q + b (u_d + v_d), i_q(k+1) = a i_q - w T i_d + b (u_q - w psi_m + v_q).
//!
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | a, b | decay (1 - RT/2L)/(1 + RT/2L) and gain (T/L)/(1 + RT/2L) of one period | 1, A/V | `decay`, `gain_a_per_v` |
//! | w | electrical angular speed | rad/s | `speed_rad_per_s` |
//! | v | disturbance voltage: all that the model leaves out | V | `disturbance_v` |
//! | alpha | part of the remaining error that one period takes away | 1 | `approach` in `new` |
//! | alpha / b | what the reference asks for | V/A | `reference_v_per_a` |
//! | (1 - alpha - a) / b | what the current that there will be asks for | V/A | `next_v_per_a` |
//! | T / b | with w, what the other component induces | V.s/A | `cross_v_s_per_a` |
//!
//! # Control
//! A voltage computed at k acts from k+1 to k+2. So: predict i(k+1) from the voltage that acts already; aim at
//! i(k+2) = i(k+1) + alpha (reference - i(k+1)); invert the model, which decouples the axes and feeds the
//! back-EMF forward: u_d = (alpha reference_d + (1 - alpha - a) i_d - w T i_q) / b - v_d. The reference step response is a first-order one behind the delay: no overshoot, and the
//! -3 dB frequency w_b is exact with alpha = sqrt(c^2 + 2c) - c, c = 1 - cos(w_b T).
//!
//! The integral action is the disturbance estimate, v += g/b (i - i_predicted). Why not a PI: a PI of 2 kHz with
//! 1.5 periods of delay has 40 degrees less phase, overshoots, and needs an anti-windup. Here nothing can wind up:
//! the prediction uses the voltage that really acted ([`CurrentControl::realised`]), so a saturated bridge is no
//! disturbance, and the estimate is a first-order filter, not an integral, of bounded innovations.
//!
//! # Signs
//! Positive i_q turns the rotor from x to y. In operation the d reference is 0: surface magnets, no field weakening.
//!
//! # Timing
//! One `step` per period; the caller turns the voltage by the angle 1.5 periods ahead, the middle of its action.
//!
//! # Limits and failure
//! Without a measurement the current runs on the prediction; how long is the caller's decision.
//!
//! # Source
//! G. F. Franklin, J. D. Powell, M. Workman, "Digital Control of Dynamic Systems", 3rd edition, 1998, chapter 8
//! (prediction estimator, disturbance estimation); machine: Leonhard (see `transforms`), chapter 14.
//!
//! # Shown by
//! `bandwidth_is_above_2_khz_at_any_speed`, `the_step_has_no_overshoot_and_no_error_left`,
//! `a_spread_of_thirty_percent_is_stable`, `saturation_leaves_nothing_behind`.

use super::config::MotorConfig;
use super::transforms::{AlphaBeta, Dq, Rotation};
use crate::math::{sin_cos, sqrt};
use crate::units::RAD_PER_S_PER_HZ;

/// Current control of one winding set; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct CurrentControl {
    period_s: f32,
    decay: f32,
    gain_a_per_v: f32,
    reference_v_per_a: f32,
    next_v_per_a: f32,
    cross_v_s_per_a: f32,
    flux_linkage_wb: f32,
    disturbance_gain_v_per_a: f32,
    /// Current at the coming sample as predicted at the last one.
    predicted_a: Dq,
    /// Voltage that acts from this sample to the next.
    acting_v: Dq,
    disturbance_v: Dq,
    /// How far the last current was from its prediction.
    surprise_a: Dq,
}

impl CurrentControl {
    /// For a checked configuration.
    #[must_use]
    pub(super) fn new(config: &MotorConfig, period_s: f32) -> Self {
        let half = 0.5 * config.motor_phase_resistance_ohm * period_s / config.motor_phase_inductance_h;
        let gain_a_per_v = period_s / config.motor_phase_inductance_h / (1.0 + half);
        let (_, cos) = sin_cos(config.motor_current_bandwidth_hz * RAD_PER_S_PER_HZ * period_s);
        let c = 1.0 - cos;
        let (approach, decay) = (sqrt(c * c + 2.0 * c) - c, (1.0 - half) / (1.0 + half));
        let x = config.motor_disturbance_bandwidth_hz * RAD_PER_S_PER_HZ * period_s;
        Self {
            period_s,
            decay,
            gain_a_per_v,
            reference_v_per_a: approach / gain_a_per_v,
            next_v_per_a: (1.0 - approach - decay) / gain_a_per_v,
            cross_v_s_per_a: period_s / gain_a_per_v,
            flux_linkage_wb: config.motor_flux_linkage_wb,
            disturbance_gain_v_per_a: x / (1.0 + 0.5 * x) / gain_a_per_v,
            predicted_a: Dq::default(),
            acting_v: Dq::default(),
            disturbance_v: Dq::default(),
            surprise_a: Dq::default(),
        }
    }

    /// Current at this sample: measured, or predicted where that is missing [A].
    #[must_use]
    pub fn current_a(&self, measured_a: Option<Dq>) -> Dq {
        measured_a.unwrap_or(self.predicted_a)
    }

    /// Voltage that the model does not explain, as seen up to the last step [V].
    #[must_use]
    pub fn disturbance_v(&self) -> &Dq {
        &self.disturbance_v
    }

    /// How far the last current was from its prediction [A].
    #[must_use]
    pub fn surprise_a(&self) -> Dq {
        self.surprise_a
    }

    /// The voltage [V] to act during the next period; call [`Self::realised`] after the modulation.
    pub fn step(&mut self, measured_a: Option<Dq>, reference_a: Dq, speed_rad_per_s: f32) -> Dq {
        let now = self.current_a(measured_a);
        self.surprise_a = Dq { d: now.d - self.predicted_a.d, q: now.q - self.predicted_a.q };
        self.disturbance_v.d += self.disturbance_gain_v_per_a * self.surprise_a.d;
        self.disturbance_v.q += self.disturbance_gain_v_per_a * self.surprise_a.q;
        let next = self.after_a_period(now, speed_rad_per_s);
        self.predicted_a = next;
        let cross_v_per_a = speed_rad_per_s * self.cross_v_s_per_a;
        let back_emf_v = speed_rad_per_s * self.flux_linkage_wb;
        let (by_reference, by_next) = (self.reference_v_per_a, self.next_v_per_a);
        self.acting_v = Dq {
            d: by_reference * reference_a.d + by_next * next.d
                - cross_v_per_a * next.q
                - self.disturbance_v.d,
            q: by_reference * reference_a.q + by_next * next.q + cross_v_per_a * next.d
                - self.disturbance_v.q
                + back_emf_v,
        };
        self.acting_v
    }

    /// Tells which part of the last voltage the bridge really makes, see `Modulation::scale`.
    pub fn realised(&mut self, scale: f32) {
        self.acting_v = self.acting_v.scaled(scale);
    }

    /// The frame has been turned by an angle that explains the disturbance [rad].
    pub fn turn_frame(&mut self, angle_rad: f32) {
        let turn = Rotation::of_angle(angle_rad);
        let turned = |vector: Dq| AlphaBeta { alpha: vector.d, beta: vector.q }.to_dq(turn);
        (self.predicted_a, self.acting_v) = (turned(self.predicted_a), turned(self.acting_v));
        self.disturbance_v = Dq::default();
    }

    /// With an open phase there is no other current, and nothing to learn about one.
    pub fn keep_to(&mut self, line: Dq) {
        self.predicted_a = self.predicted_a.along(line);
        self.disturbance_v = self.disturbance_v.along(line);
    }

    /// In place of a step while the bridge is open: ready to start against the back-EMF without a jolt.
    pub fn stand_by(&mut self, measured_a: Option<Dq>, speed_rad_per_s: f32) {
        self.predicted_a = measured_a.unwrap_or_default();
        self.acting_v = Dq { d: 0.0, q: speed_rad_per_s * self.flux_linkage_wb };
        self.disturbance_v = Dq::default();
    }

    /// The current one period later, under the voltage that acts [A].
    fn after_a_period(&self, now: Dq, speed_rad_per_s: f32) -> Dq {
        let turn = speed_rad_per_s * self.period_s;
        let back_emf_v = speed_rad_per_s * self.flux_linkage_wb;
        let (acting_v, disturbance_v) = (self.acting_v, self.disturbance_v);
        Dq {
            d: self.decay * now.d + turn * now.q + self.gain_a_per_v * (acting_v.d + disturbance_v.d),
            q: self.decay * now.q - turn * now.d
                + self.gain_a_per_v * (acting_v.q + disturbance_v.q - back_emf_v),
        }
    }
}

#[cfg(test)]
#[path = "current_control_tests.rs"]
mod tests;
