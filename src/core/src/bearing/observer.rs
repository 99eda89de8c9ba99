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
//! The correction gains were searched together with the feedback (`BearingConfig::ECMO_50`).
//! The disturbance takes up the static load, unbalance, contact and model errors.
//!
//! # Without a sample
//! The estimate leaves the truth as fast as the rotor leaves the centre, an e-fold in 2.9 ms. What it starts with decides: d
//! follows a force within half a millisecond and pays with 1.1 N rms of noise, which alone would be 140 um after 5 ms,
//! so an observer that is blind for more than one period goes on with the mean of d over `STEADY_S`. Largest peak of 60
//! runs with all samples lost for 5 ms: 44 um. Interference makes it blind, too, before its samples are called rough.
//!
//! # Outliers
//! The first few samples that are further off than a rotor can be are passed over: interference is called by its name after
//! the third. If they go on the model is wrong, not the sensor, and all are believed until the rotor has been where it is
//! expected for `REARM_PERIODS`. A gate that closes again at once makes a limit cycle after a hard knock (870 Hz, 60 um).
//!
//! # Timing
//! `correct` with the innovation of period k, or `coast` when there is none, then `advance` to period k+1.
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

/// Innovation from which a sample is an outlier, as a fraction of the clearance. At idle an innovation has 1.3 um rms, and
/// no force of this bearing or of a shock of 100 g moves the rotor by half a micrometre from one sample to the next.
const OUTLIER_FRACTION: f32 = 0.02;
/// Most outliers in a row that are passed over.
const OUTLIERS_MAX: u32 = 3;
/// Periods without an outlier after which outliers are passed over again: 20 ms.
const REARM_PERIODS: u32 = 400;

/// Correction by rough samples of displacement [1], velocity [1/s] and acceleration [1/s^2]: poles at 78 and 210 Hz, damping
/// ratio 0.7. Slower ones come near the unstable pole, and a force moves the rotor too far.
const ROUGH_GAIN: [f32; 3] = [0.11, 130.0, 40e3];
/// Most of a rough sample's innovation that counts, as a fraction of the clearance.
const ROUGH_FRACTION: f32 = 0.06;

/// Time constant of the steady disturbance [s].
const STEADY_S: f32 = 3e-3;

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
    rough_m: f32,
    /// Outliers in a row; once they are believed, `OUTLIERS_MAX` and the periods until they are passed over again.
    outliers: u32,
    /// They are believed because the model may be wrong.
    expected: bool,
    displacement_limit_m: f32,
    disturbance_limit_n: f32,
    steady_gain: f32,
    steady_n: f32,
    k_x_n_per_m: f32,
    started: bool,
    /// The last sample was rough.
    rough: bool,
    state: AxisState,
}

impl Observer {
    pub(super) fn new(config: &BearingConfig, period_s: f32) -> Self {
        let [l_x, l_v, l_a] = ROUGH_GAIN;
        Self {
            gain: [
                config.observer_displacement,
                config.observer_velocity_per_s,
                config.observer_force_n_per_m,
            ],
            rough_gain: [l_x, l_v, l_a * config.levitated_mass_kg],
            hall_lag_s: 1.0 / (RAD_PER_S_PER_HZ * config.hall_bandwidth_hz),
            outlier_m: OUTLIER_FRACTION * config.clearance_m,
            rough_m: ROUGH_FRACTION * config.clearance_m,
            outliers: 0,
            expected: false,
            displacement_limit_m: 2.0 * config.clearance_m,
            disturbance_limit_n: config.disturbance_n_max,
            steady_gain: 2.0 * period_s / STEADY_S,
            steady_n: 0.0,
            k_x_n_per_m: config.force_displacement_n_per_m,
            started: false,
            rough: false,
            state: AxisState::default(),
        }
    }

    pub(super) fn state(&self) -> &AxisState {
        &self.state
    }

    /// The disturbance without its noise: its mean over [`STEADY_S`] [N].
    pub(super) fn steady_n(&self) -> f32 {
        self.steady_n
    }

    /// What the Halls are expected to show at this sample [m]; 0 before the first one.
    pub(super) fn expected_m(&self) -> f32 {
        self.state.displacement_m - self.hall_lag_s * self.state.velocity_m_per_s
    }

    /// Outliers went on until they were believed, and have not been over for long: a sensor has jumped, no rotor.
    pub(super) fn has_jumped(&self) -> bool {
        self.outliers > OUTLIERS_MAX && !self.expected
    }

    /// Takes in a sample less [`Self::expected_m`]; false when it was passed over as an outlier. A `rough` sample has so
    /// much noise that it is followed with care, and what noise has made of the disturbance before it was noticed is
    /// forgotten: with so little gain it would stay for milliseconds and push the rotor away. The first sample finds the
    /// rotor at rest against the wall, which holds it against k_x.
    #[inline(always)]
    pub(super) fn correct(&mut self, innovation_m: f32, rough: bool) -> bool {
        if !self.started {
            self.start(innovation_m);
            return true;
        }
        let begins = rough && !self.rough;
        self.rough = rough;
        if rough {
            if begins {
                self.coast();
            }
            self.take(self.rough_gain, saturate(innovation_m, self.rough_m));
            return true;
        }
        if (self.outliers != 0 || innovation_m.abs() > self.outlier_m) && self.is_passed_over(innovation_m) {
            return false;
        }
        self.take(self.gain, innovation_m);
        true
    }

    #[cold]
    fn start(&mut self, innovation_m: f32) {
        self.started = true;
        self.steady_n = saturate(-self.k_x_n_per_m * innovation_m, self.disturbance_limit_n);
        self.state =
            AxisState { displacement_m: innovation_m, velocity_m_per_s: 0.0, disturbance_n: self.steady_n };
    }

    /// Moves the state by an innovation.
    #[inline(always)]
    fn take(&mut self, [l_x, l_v, l_d]: [f32; 3], innovation_m: f32) {
        self.state.displacement_m += l_x * innovation_m;
        self.state.velocity_m_per_s += l_v * innovation_m;
        self.state.disturbance_n =
            saturate(self.state.disturbance_n + l_d * innovation_m, self.disturbance_limit_n);
    }

    /// Every other period: the mean of the disturbance goes on. While the samples are missing it is the disturbance.
    pub(super) fn settle(&mut self) {
        self.steady_n += self.steady_gain * (self.state.disturbance_n - self.steady_n);
    }

    /// Keeps account of outliers; whether this sample is one that is passed over.
    #[cold]
    fn is_passed_over(&mut self, innovation_m: f32) -> bool {
        let outlier = innovation_m.abs() > self.outlier_m;
        if outlier && self.outliers < OUTLIERS_MAX {
            self.outliers = self.outliers.saturating_add(1);
            return true;
        }
        let rearm_left = if outlier { REARM_PERIODS } else { self.outliers.saturating_sub(OUTLIERS_MAX + 1) };
        self.outliers = if rearm_left > 0 { OUTLIERS_MAX.saturating_add(rearm_left) } else { 0 };
        self.expected &= rearm_left > 0;
        false
    }

    /// A force has ended, and when is known to a few periods only: for a while what is further off than a rotor can be is the model's
    /// fault and not the sensor's.
    pub(super) fn expect_outliers(&mut self) {
        (self.outliers, self.expected) = (OUTLIERS_MAX.saturating_add(REARM_PERIODS), true);
    }

    /// There is no sample to believe: on with what the disturbance has been for a while.
    pub(super) fn coast(&mut self) {
        self.state.disturbance_n = self.steady_n;
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
        let mut observer = Observer::new(&config, PERIOD_S);
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

    /// Whether a sample that is further off than a rotor can be is believed, `periods` good ones after a force has ended.
    fn believes_an_outlier(force_ended: bool, periods: u32) -> bool {
        let mut observer = Observer::new(&BearingConfig::ECMO_50, PERIOD_S);
        observer.correct(0.0, false);
        if force_ended {
            observer.expect_outliers();
        }
        for _ in 0..periods {
            observer.correct(0.0, false);
        }
        assert!(!observer.has_jumped(), "the model was wrong, no Hall");
        observer.correct(20e-6, false)
    }

    #[test]
    fn when_a_force_has_ended_a_rotor_elsewhere_is_believed_at_once_for_a_while() {
        assert!(believes_an_outlier(true, 0) && believes_an_outlier(true, REARM_PERIODS / 2));
        assert!(!believes_an_outlier(true, REARM_PERIODS + 1) && !believes_an_outlier(false, 0));
    }

    #[test]
    fn what_noise_has_made_of_the_disturbance_is_forgotten_when_it_is_noticed() {
        let mut observer = Observer::new(&BearingConfig::ECMO_50, PERIOD_S);
        observer.correct(0.0, false);
        let steady_n = observer.steady_n();
        for _ in 0..3 {
            observer.correct(4e-6, false);
        }
        let believed_n = observer.state().disturbance_n - steady_n;
        assert!(believed_n > 1.0, "{believed_n}");
        observer.correct(4e-6, true);
        let left_n = observer.state().disturbance_n - steady_n;
        assert!(left_n < 0.1 * believed_n, "{left_n}");
        // Only when it begins: afterwards the disturbance is followed, with care.
        observer.correct(4e-6, true);
        assert!(observer.state().disturbance_n - steady_n > left_n);
    }

    #[test]
    fn one_absurd_sample_is_passed_over_and_a_lasting_one_is_believed() {
        let config = BearingConfig::ECMO_50;
        let mut observer = Observer::new(&config, PERIOD_S);
        observer.correct(0.0, false);
        let absurd_m = 0.31 * config.clearance_m;
        let accepted: std::vec::Vec<bool> = (0..4).map(|_| observer.correct(absurd_m, false)).collect();
        assert_eq!(accepted, [false, false, false, true]);
        assert!(observer.state().displacement_m > 0.05 * config.clearance_m);
    }

    #[test]
    fn believed_outliers_are_believed_until_the_rotor_has_been_where_it_is_expected() {
        let config = BearingConfig::ECMO_50;
        let mut observer = Observer::new(&config, PERIOD_S);
        observer.correct(0.0, false);
        let outlier_m = 1.01 * OUTLIER_FRACTION * config.clearance_m;
        for _ in 0..OUTLIERS_MAX {
            assert!(!observer.correct(outlier_m, false));
        }
        for quiet_periods in [0, 1, REARM_PERIODS - 1] {
            assert!(observer.correct(-outlier_m, false), "{quiet_periods}");
            assert!((0..quiet_periods).all(|_| observer.correct(0.99 * outlier_m, false)));
        }
        assert!(observer.correct(0.0, false));
        assert!(!observer.correct(outlier_m, false));
    }

    #[test]
    fn a_blind_observer_goes_on_with_the_steady_disturbance() {
        let config = BearingConfig::ECMO_50;
        let mut observer = Observer::new(&config, PERIOD_S);
        observer.correct(0.0, false);
        observer.correct(2e-6, false);
        observer.settle();
        let noisy_n = observer.state().disturbance_n;
        observer.coast();
        let steady_n = observer.state().disturbance_n;
        assert!((steady_n / noisy_n - 2.0 * PERIOD_S / STEADY_S).abs() < 1e-6, "{noisy_n} {steady_n}");
    }

    #[test]
    fn without_samples_the_state_stays_bounded() {
        let config = BearingConfig::ECMO_50;
        let motion = Motion::new(&config, PERIOD_S);
        let mut observer = Observer::new(&config, PERIOD_S);
        observer.correct(100e-6, false);
        for _ in 0..20_000 {
            let next = motion.after(observer.state(), 5.0);
            observer.advance(next);
        }
        assert!(observer.state().displacement_m.abs() <= 2.0 * config.clearance_m);
        assert!(observer.state().velocity_m_per_s.is_finite());
    }
}
