// SPDX-License-Identifier: Apache-2.0
//! Gains of the angle observer from its poles.
//!
//! # Model
//! With all poles at p: l1 = 1 - p^3, l2 = 3/2 (1-p)^2 (1+p) / T, l3 = (1-p)^3 / T^2; without load torque
//! l1 = 1 - p^2, l2 = (1-p)^2 / T.
//!
//! # Source
//! As in `angle_observer.rs`.

/// Corrections per unit of phase error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gains {
    pub(super) angle_rad: f32,
    pub(super) speed_rad_per_s: f32,
    pub(super) load_torque_n_m: f32,
}

impl Gains {
    /// Triple pole, with load torque.
    pub(super) fn track(pole_rad_per_s: f32, inertia_kg_m2: f32, period_s: f32) -> Self {
        let p = discrete_pole(pole_rad_per_s, period_s);
        let r = 1.0 - p;
        Self {
            angle_rad: 1.0 - p * p * p,
            speed_rad_per_s: 1.5 * r * r * (1.0 + p) / period_s,
            load_torque_n_m: inertia_kg_m2 * r * r * r / (period_s * period_s),
        }
    }

    /// Double pole, without.
    pub(super) fn acquire(pole_rad_per_s: f32, period_s: f32) -> Self {
        let p = discrete_pole(pole_rad_per_s, period_s);
        let r = 1.0 - p;
        Self { angle_rad: 1.0 - p * p, speed_rad_per_s: r * r / period_s, load_torque_n_m: 0.0 }
    }
}

/// exp(-w T) to third order in w T.
fn discrete_pole(pole_rad_per_s: f32, period_s: f32) -> f32 {
    let half = 0.5 * pole_rad_per_s * period_s;
    (1.0 - half) / (1.0 + half)
}
