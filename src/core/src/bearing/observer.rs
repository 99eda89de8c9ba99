// SPDX-License-Identifier: Apache-2.0
//! Displacement, velocity and disturbance force of one axis, from displacement and current.
//!
//! # Model
//! m x'' = k_x x + k_i i + d, d' = 0 (plus noise), sampled with the current held at its mean over the period:
//! ```text
//! x[k+1] = a_xx x[k] + a_xv v[k] + b_x (k_i i[k] + d[k])
//! v[k+1] = a_vx x[k] + a_xx v[k] + b_v (k_i i[k] + d[k])
//! d[k+1] = d[k]
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | m | rotor mass with the fluid that moves with it | kg | `levitated_mass_kg` |
//! | k_x | force-displacement factor, unstable pole sqrt(k_x / m) | N/m | `force_displacement_n_per_m` |
//! | k_i | force-current factor | N/A | `force_current_n_per_a` |
//! | l_x, l_v, l_d | correction per metre of innovation | 1, 1/s, N/m | `observer_*` |
//!
//! | tau | time constant of the Halls: the sample is that of x - tau v | s | `hall_bandwidth_hz` |
//!
//! The correction gains are those of a steady-state Kalman filter; `tests/clients/test_gains.py` recomputes them.
//! The disturbance takes up the static load, unbalance, contact and model errors.
//!
//! # Timing
//! `correct` with the innovation of period k, then `advance` to period k+1. Without a believable sample only `advance`:
//! the estimate then leaves the truth as fast as the rotor leaves the centre, an e-fold in 2.9 ms.
//!
//! # Source
//! K. J. Astrom, B. Wittenmark, Computer-Controlled Systems, 3rd ed., sections 2.3 (sampling) and 9.3 (disturbance).
//!
//! # Shown by
//! Unit tests below; closed loop in [`super`].

use super::BearingConfig;
use crate::math::saturate;
use crate::units::RAD_PER_S_PER_HZ;

/// Sampled motion of a mass on a negative spring: exact for piecewise constant force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motion {
    a_xx: f32,
    a_xv: f32,
    a_vx: f32,
    b_x: f32,
    b_v: f32,
}

impl Motion {
    pub(super) fn new(config: &BearingConfig, period_s: f32) -> Self {
        let pole2 = config.force_displacement_n_per_m / config.levitated_mass_kg;
        let s = pole2 * period_s * period_s;
        // cosh(sqrt(s)) and sinh(sqrt(s)) / sqrt(s); s < 0.01, so three terms leave less than 1e-10.
        let cosh = 1.0 + s / 2.0 * (1.0 + s / 12.0);
        let sinhc = 1.0 + s / 6.0 * (1.0 + s / 20.0);
        let coshc = 0.5 * (1.0 + s / 12.0); // (cosh - 1) / s
        Self {
            a_xx: cosh,
            a_xv: period_s * sinhc,
            a_vx: pole2 * period_s * sinhc,
            b_x: period_s * period_s * coshc / config.levitated_mass_kg,
            b_v: period_s * sinhc / config.levitated_mass_kg,
        }
    }

    /// State one period later under a constant force [N].
    pub(super) fn after(&self, state: &AxisState, force_n: f32) -> AxisState {
        AxisState {
            displacement_m: self.a_xx * state.displacement_m
                + self.a_xv * state.velocity_m_per_s
                + self.b_x * force_n,
            velocity_m_per_s: self.a_vx * state.displacement_m
                + self.a_xx * state.velocity_m_per_s
                + self.b_v * force_n,
            disturbance_n: state.disturbance_n,
        }
    }
}

/// Innovation from which a sample is an outlier, as a fraction of the clearance: no force of this bearing or of a
/// shock of 100 g moves the rotor by a tenth of that from one sample to the next. Of a rough sample no more counts.
const OUTLIER_FRACTION: f32 = 0.06;
/// Most outliers in a row that are passed over; then the model is wrong, not the sensor.
const OUTLIER_COUNT_MAX: u32 = 3;

/// Bandwidth of the observer for rough samples, as a part of the designed one. Noise of 50 um rms then costs 0.3 A rms in
/// place of 8 A; at a fifth and less the unstable pole is near and a force moves the rotor too far.
const ROUGH_BANDWIDTH: f32 = 0.25;

/// Estimated state of one axis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AxisState {
    /// Displacement [m].
    pub displacement_m: f32,
    /// Velocity [m/s].
    pub velocity_m_per_s: f32,
    /// Disturbance force [N], positive toward the positive axis.
    pub disturbance_n: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Observer {
    gain: [f32; 3],
    rough_gain: [f32; 3],
    hall_lag_s: f32,
    outlier_m: f32,
    outlier_count: u32,
    displacement_limit_m: f32,
    disturbance_limit_n: f32,
    k_x_n_per_m: f32,
    started: bool,
    state: AxisState,
}

impl Observer {
    pub(super) fn new(config: &BearingConfig) -> Self {
        let gain =
            [config.observer_displacement, config.observer_velocity_per_s, config.observer_force_n_per_m];
        let [l_x, l_v, l_d] = gain;
        let slower = ROUGH_BANDWIDTH;
        Self {
            gain,
            rough_gain: [slower * l_x, slower * slower * l_v, slower * slower * slower * l_d],
            hall_lag_s: 1.0 / (RAD_PER_S_PER_HZ * config.hall_bandwidth_hz),
            outlier_m: OUTLIER_FRACTION * config.clearance_m,
            outlier_count: 0,
            displacement_limit_m: 2.0 * config.clearance_m,
            disturbance_limit_n: config.disturbance_n_max,
            k_x_n_per_m: config.force_displacement_n_per_m,
            started: false,
            state: AxisState::default(),
        }
    }

    pub(super) fn state(&self) -> &AxisState {
        &self.state
    }

    /// What the Halls are expected to show at this sample [m]; 0 before the first one.
    pub(super) fn expected_m(&self) -> f32 {
        self.state.displacement_m - self.hall_lag_s * self.state.velocity_m_per_s
    }

    /// Takes in a sample less [`Self::expected_m`]; false when it was passed over as an outlier. A `rough` sample has so
    /// much noise that it is followed with care. The first one finds the rotor at rest against the wall, which holds it
    /// against k_x.
    pub(super) fn correct(&mut self, innovation_m: f32, rough: bool) -> bool {
        if !self.started {
            self.started = true;
            let disturbance_n = saturate(-self.k_x_n_per_m * innovation_m, self.disturbance_limit_n);
            self.state = AxisState { displacement_m: innovation_m, velocity_m_per_s: 0.0, disturbance_n };
            return true;
        }
        let ([l_x, l_v, l_d], innovation_m) = if rough {
            (self.rough_gain, saturate(innovation_m, self.outlier_m))
        } else if innovation_m.abs() > self.outlier_m && self.outlier_count < OUTLIER_COUNT_MAX {
            self.outlier_count = self.outlier_count.saturating_add(1);
            return false;
        } else {
            (self.gain, innovation_m)
        };
        self.outlier_count = 0;
        self.state.displacement_m += l_x * innovation_m;
        self.state.velocity_m_per_s += l_v * innovation_m;
        self.state.disturbance_n =
            saturate(self.state.disturbance_n + l_d * innovation_m, self.disturbance_limit_n);
        true
    }

    /// Takes over the prediction as the state of the next period, kept within what is physically possible.
    pub(super) fn advance(&mut self, next: AxisState) {
        let bounded_m = saturate(next.displacement_m, self.displacement_limit_m);
        // A rotor at the wall does not move on: otherwise a blind observer's velocity would grow without bound.
        let at_wall = bounded_m != next.displacement_m;
        self.state = AxisState {
            displacement_m: bounded_m,
            velocity_m_per_s: if at_wall { 0.0 } else { next.velocity_m_per_s },
            disturbance_n: next.disturbance_n,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_S: f32 = 50e-6;

    #[test]
    #[allow(clippy::disallowed_types)]
    fn sampled_motion_is_the_cosh_solution() {
        let config = BearingConfig::ECMO_50;
        let motion = Motion::new(&config, PERIOD_S);
        let mut state = AxisState { displacement_m: 10e-6, ..AxisState::default() };
        for _ in 0..100 {
            state = motion.after(&state, 0.0);
        }
        let pole =
            (f64::from(config.force_displacement_n_per_m) / f64::from(config.levitated_mass_kg)).sqrt();
        let exact = 10e-6 * (pole * 5e-3).cosh();
        assert!((f64::from(state.displacement_m) / exact - 1.0).abs() < 1e-4, "{state:?}, {exact}");
    }

    #[test]
    fn a_static_force_is_found() {
        let config = BearingConfig::ECMO_50;
        let motion = Motion::new(&config, PERIOD_S);
        let mut observer = Observer::new(&config);
        // Moved from the centre to 20 um and held there by something that is not the coil: d must become -k_x x.
        observer.correct(0.0, false);
        for _ in 0..400 {
            observer.correct(20e-6 - observer.expected_m(), false);
            let next = motion.after(observer.state(), observer.state().disturbance_n);
            observer.advance(next);
        }
        let expected_n = -config.force_displacement_n_per_m * 20e-6;
        assert!((observer.state().disturbance_n - expected_n).abs() < 1e-3, "{:?}", observer.state());
        assert!(observer.state().velocity_m_per_s.abs() < 1e-4);
    }

    #[test]
    fn one_absurd_sample_is_passed_over_and_a_lasting_one_is_believed() {
        let config = BearingConfig::ECMO_50;
        let mut observer = Observer::new(&config);
        observer.correct(0.0, false);
        let absurd_m = 0.31 * config.clearance_m;
        let accepted: std::vec::Vec<bool> = (0..4).map(|_| observer.correct(absurd_m, false)).collect();
        assert_eq!(accepted, [false, false, false, true]);
        assert!(observer.state().displacement_m > 0.1 * config.clearance_m);
    }

    #[test]
    fn without_samples_the_state_stays_bounded() {
        let config = BearingConfig::ECMO_50;
        let motion = Motion::new(&config, PERIOD_S);
        let mut observer = Observer::new(&config);
        observer.correct(100e-6, false);
        for _ in 0..20_000 {
            let next = motion.after(observer.state(), 5.0);
            observer.advance(next);
        }
        assert!(observer.state().displacement_m.abs() <= 2.0 * config.clearance_m);
        assert!(observer.state().velocity_m_per_s.is_finite());
    }
}
