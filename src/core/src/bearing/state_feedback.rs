// SPDX-License-Identifier: Apache-2.0
//! Current reference of one axis: state feedback around a moving set-point, with the disturbance cancelled.
//!
//! # Model
//! ```text
//! i_eq  = (m r'' - k_x r - d) / k_i                                what holds the rotor on the set-point
//! i_ref = i_eq - g_x (x - r) - g_v (v - r') - g_i (i - i_eq)
//! ```
//! Sorted for the fast path: what belongs to r is `lead_a`, which is nothing at the centre; d has (1 + g_i) / k_i.
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | r | set-point | m | [`Setpoint`] |
//! | x, v, d, i | state at the start of the **next** period, where the reference begins to act | m, m/s, N, A | - |
//! | g_x, g_v, g_i | feedback gains | A/m, A s/m, 1 | `feedback_*` |
//!
//! Because x, v and i are predicted to the instant at which the reference acts, the one period of delay is no
//! phase lag of the loop; what is left of it is the delay of the disturbance estimate. The gains are those of
//! a linear-quadratic regulator on (x, v, i), weights in `tests/clients/test_gains.py`, which recomputes them:
//! sensitivity peak 2.0, 20 N step 65 um, idle current 0.16 A rms with 1 um rms of sensor noise.
//!
//! # Limits and failure
//! The reference is limited to `coil_current_a_max`.
//!
//! # Source
//! Astrom and Wittenmark (see [`super::observer`]) section 4.5; G. Schweitzer, E. Maslen, Magnetic Bearings, 2009, ch. 8.

use super::observer::AxisState;
use super::{BearingConfig, trajectory::Setpoint};
use crate::math::saturate;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct StateFeedback {
    gain: [f32; 3],
    mass_kg: f32,
    k_x_n_per_m: f32,
    /// (1 + g_i) / k_i.
    hold_a_per_n: f32,
    current_a_max: f32,
}

impl StateFeedback {
    pub(super) fn new(config: &BearingConfig) -> Self {
        Self {
            gain: [
                config.feedback_displacement_a_per_m,
                config.feedback_velocity_a_s_per_m,
                config.feedback_current,
            ],
            mass_kg: config.levitated_mass_kg,
            k_x_n_per_m: config.force_displacement_n_per_m,
            hold_a_per_n: (1.0 + config.feedback_current) / config.force_current_n_per_a,
            current_a_max: config.coil_current_a_max,
        }
    }

    /// Part of the current reference that belongs to the set-point [A].
    pub(super) fn lead_a(&self, setpoint: &Setpoint) -> f32 {
        let [g_x, g_v, _] = self.gain;
        let force_n =
            self.mass_kg * setpoint.acceleration_m_per_s2 - self.k_x_n_per_m * setpoint.displacement_m;
        self.hold_a_per_n * force_n + g_x * setpoint.displacement_m + g_v * setpoint.velocity_m_per_s
    }

    /// Current reference [A], and whether it is at its limit.
    pub(super) fn reference_a(&self, next: &AxisState, next_current_a: f32, lead_a: f32) -> (f32, bool) {
        let [g_x, g_v, g_i] = self.gain;
        // In the order in which the terms are known.
        let wanted_a = lead_a
            - self.hold_a_per_n * next.disturbance_n
            - g_i * next_current_a
            - g_x * next.displacement_m
            - g_v * next.velocity_m_per_s;
        let reference_a = saturate(wanted_a, self.current_a_max);
        (reference_a, reference_a != wanted_a)
    }
}
