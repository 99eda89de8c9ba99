// SPDX-License-Identifier: Apache-2.0
//! Gains of the peers. `tests/clients/test_peers.py` reads them here and compares them with the search.

use levitas_core::bearing::BearingConfig;

/// What every law has beside its own gains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings {
    /// Part of the current error that one period takes away [1].
    pub(super) current_loop_fraction: f64,
    /// Part of the own coil's pickup that is taken off [m/A].
    pub(super) taken_off_m_per_a: f64,
}

/// Gains of a PID.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pid {
    pub(super) proportional_a_per_m: f64,
    pub(super) derivative_a_s_per_m: f64,
    pub(super) integral_a_per_m_s: f64,
    /// Lag of the derivative [Hz].
    pub(super) derivative_hz: f64,
    /// Lag of the whole [Hz].
    pub(super) noise_hz: f64,
}

/// Numbers of the active damping.
#[derive(Clone, Copy, Debug)]
pub(super) struct Damped {
    pub(super) bandwidth_hz: f64,
    /// Lag of the derivative [Hz].
    pub(super) damping_hz: f64,
    pub(super) proportional_n_per_m: f64,
    pub(super) integral_n_per_m_s: f64,
}

/// Gains of regulator and Kalman filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lqg {
    pub(super) feedback_x_a_per_m: f64,
    pub(super) feedback_v_a_s_per_m: f64,
    pub(super) feedback_i: f64,
    pub(super) feedback_integral_a_per_m_s: f64,
    pub(super) observer_x: f64,
    pub(super) observer_v_per_s: f64,
}

/// Numbers of the linear active disturbance rejection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ladrc {
    /// w_o [rad/s].
    pub(super) observer_rad_per_s: f64,
    /// w_c [rad/s].
    pub(super) controller_rad_per_s: f64,
    /// b_0 [m/s^2/A].
    pub(super) gain_m_per_s2_a: f64,
}

/// As ours, for the laws that are taken as published.
pub(super) const AS_OURS: Surroundings = Surroundings {
    current_loop_fraction: OURS.current_loop_fraction as f64,
    taken_off_m_per_a: (OURS.coil_pickup_taken_off * OURS.coil_pickup_m_per_a) as f64,
};
const OURS: BearingConfig = BearingConfig::ECMO_50;

/// Closed-loop stiffness 30 N/mm, damping ratio 0.9 on 0.1 kg, integral time 50 ms.
pub(super) const PUBLISHED_PID: Pid = Pid {
    proportional_a_per_m: 5625.0,
    derivative_a_s_per_m: 13.0,
    integral_a_per_m_s: 112.5e3,
    derivative_hz: 4e3,
    noise_hz: 1e6, // none
};

/// 60 and 300 Hz are the published setting that is stable here; the published PI belongs to another rotor.
pub(super) const ACTIVE_DAMPING: Damped =
    Damped { bandwidth_hz: 60.0, damping_hz: 300.0, proportional_n_per_m: 14e3, integral_n_per_m_s: 280e3 };

pub(super) const TUNED_PID: Pid = Pid {
    proportional_a_per_m: 33.43e3,
    derivative_a_s_per_m: 38.55,
    integral_a_per_m_s: 27.71e6,
    derivative_hz: 2739.0,
    noise_hz: 2258.0,
};
pub(super) const TUNED_PID_IN: Surroundings =
    Surroundings { current_loop_fraction: 0.5063, taken_off_m_per_a: 3.600e-6 };

pub(super) const LQG: Lqg = Lqg {
    feedback_x_a_per_m: 85.09e3,
    feedback_v_a_s_per_m: 54.56,
    feedback_i: 0.1467,
    feedback_integral_a_per_m_s: 45.85e6,
    observer_x: 0.4073,
    observer_v_per_s: 1740.2,
};
pub(super) const LQG_IN: Surroundings =
    Surroundings { current_loop_fraction: 0.7176, taken_off_m_per_a: 4.253e-6 };

pub(super) const LADRC: Ladrc =
    Ladrc { observer_rad_per_s: 7550.0, controller_rad_per_s: 852.2, gain_m_per_s2_a: 63.44 };
pub(super) const LADRC_IN: Surroundings =
    Surroundings { current_loop_fraction: 0.2503, taken_off_m_per_a: 4.084e-6 };
