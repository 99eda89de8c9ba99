// SPDX-License-Identifier: Apache-2.0
//! Parameters of a linear law, learnt while they drift: recursive least squares with a prior, as a Kalman filter.
//!
//! # Model
//! ```text
//! y = h theta + noise;   theta drifts by d_i per root of a second
//! k = P h / (h P h + r),   theta += k (y - h theta),   P -= k h P
//! ```
//! P starts as the squares of the prior's deviations and grows by the drift, never beyond them: what is not excited does
//! not wind up. theta stays within [`REACH`] deviations of the prior.
//!
//! # Limits and failure
//! A value that is no number, or beyond [`OUTLIER`] deviations of parameters and noise together, changes nothing. Rounding cannot make P negative: its diagonal is kept at [`FLOOR`] of the prior.
//!
//! # Source
//! L. Ljung, System Identification, 2nd ed. 1999, section 11.2 (the Kalman filter interpretation).

use crate::math::{larger, saturate};

/// Largest distance of a parameter from its prior, in deviations of the prior.
const REACH: f32 = 3.0;
/// A value that is off by so many deviations teaches nothing.
const OUTLIER: f32 = 4.0;
/// Least variance, of the prior's.
const FLOOR: f32 = 1e-6;

/// A parameter before anything is learnt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prior {
    pub(super) mean: f32,
    /// Standard deviation.
    pub(super) deviation: f32,
    /// Standard deviation of the change in a second; the change of a minute is 7.7 times as large.
    pub(super) drift: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Regressor<const N: usize> {
    prior: [Prior; N],
    theta: [f32; N],
    covariance: [[f32; N]; N],
}

fn dot<const N: usize>(a: &[f32; N], b: &[f32; N]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl<const N: usize> Regressor<N> {
    pub(super) fn new(prior: [Prior; N]) -> Self {
        let mut covariance = [[0.0; N]; N];
        for (index, (row, prior)) in covariance.iter_mut().zip(&prior).enumerate() {
            if let Some(diagonal) = row.get_mut(index) {
                *diagonal = prior.deviation * prior.deviation;
            }
        }
        Self { prior, theta: prior.map(|prior| prior.mean), covariance }
    }

    pub(super) fn theta(&self) -> [f32; N] {
        self.theta
    }

    /// Value of the law, and its variance.
    pub(super) fn predict(&self, h: &[f32; N]) -> (f32, f32) {
        let spread = self.covariance.map(|row| dot(&row, h));
        (dot(&self.theta, h), larger(dot(h, &spread), 0.0))
    }

    /// Time goes by.
    pub(super) fn drift(&mut self, dt_s: f32) {
        for (index, (row, prior)) in self.covariance.iter_mut().zip(&self.prior).enumerate() {
            if let Some(diagonal) = row.get_mut(index) {
                let room = 1.0 - *diagonal / (prior.deviation * prior.deviation);
                *diagonal += larger(room, 0.0) * prior.drift * prior.drift * dt_s;
            }
        }
    }

    /// The law had this value, with noise of this variance.
    pub(super) fn learn(&mut self, h: &[f32; N], value: f32, variance: f32) {
        let spread = self.covariance.map(|row| dot(&row, h));
        let innovation_variance = dot(h, &spread) + variance;
        let error = value - dot(&self.theta, h);
        // What is no number or infinite fails, too.
        let is_plausible = error * error < OUTLIER * OUTLIER * innovation_variance;
        if !(is_plausible && innovation_variance > 0.0 && innovation_variance < f32::INFINITY) {
            return;
        }
        let gain = spread.map(|spread| spread / innovation_variance);
        for ((theta, gain), prior) in self.theta.iter_mut().zip(&gain).zip(&self.prior) {
            let off = *theta + gain * error - prior.mean;
            *theta = prior.mean + saturate(off, REACH * prior.deviation);
        }
        for (index, (row, gain)) in self.covariance.iter_mut().zip(&gain).enumerate() {
            for (element, spread) in row.iter_mut().zip(&spread) {
                *element -= gain * spread;
            }
            if let (Some(diagonal), Some(prior)) = (row.get_mut(index), self.prior.get(index)) {
                *diagonal = larger(*diagonal, FLOOR * prior.deviation * prior.deviation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prior(mean: f32, deviation: f32) -> Prior {
        Prior { mean, deviation, drift: 0.0 }
    }

    #[test]
    fn a_line_is_learnt_and_its_uncertainty_falls() {
        let mut regressor = Regressor::new([prior(1.0, 0.5), prior(0.0, 1.0)]);
        let before = regressor.predict(&[2.0, 1.0]).1;
        for step in 0..400_u16 {
            let x = f32::from(step % 7);
            let noise = if step % 2 == 0 { 0.05 } else { -0.05 };
            regressor.learn(&[x, 1.0], 1.3 * x - 0.4 + noise, 0.0025);
        }
        let [slope, offset] = regressor.theta();
        assert!((slope - 1.3).abs() < 0.01 && (offset + 0.4).abs() < 0.03, "{slope} {offset}");
        assert!(regressor.predict(&[2.0, 1.0]).1 < 1e-4 * before);
    }

    /// At one place a line cannot be told, and the prior says the rest.
    #[test]
    fn what_is_not_excited_stays_at_the_prior_and_uncertain() {
        let mut regressor = Regressor::new([prior(1.0, 0.1), prior(0.0, 1.0)]);
        for _ in 0..10_000 {
            regressor.drift(0.1);
            regressor.learn(&[2.0, 1.0], 5.0, 0.01);
        }
        let (here, variance_here) = regressor.predict(&[2.0, 1.0]);
        let (_, variance_there) = regressor.predict(&[4.0, 1.0]);
        assert!((here - 5.0).abs() < 0.01 && variance_here < 1e-3, "{here} {variance_here}");
        assert!(variance_there > 0.01, "{variance_there}");
        assert!((regressor.theta()[0] - 1.0).abs() < 0.15);
    }

    #[test]
    fn a_drift_is_followed_and_does_not_wind_up() {
        let mut regressor = Regressor::new([Prior { mean: 1.0, deviation: 0.3, drift: 0.01 }]);
        for step in 0..6000_u16 {
            regressor.drift(0.1);
            regressor.learn(&[1.0], 1.0 + f32::from(step) * 5e-5, 1e-3);
        }
        assert!((regressor.theta()[0] - 1.3).abs() < 0.03, "{:?}", regressor.theta());
        (0..1_000_000).for_each(|_| regressor.drift(0.1));
        assert!(regressor.predict(&[1.0]).1 <= 0.0901);
    }

    proptest! {
        #[test]
        fn whatever_it_is_told_it_stays_within_reach(
            told in proptest::collection::vec(
                (proptest::array::uniform2(proptest::num::f32::ANY), proptest::num::f32::ANY, 0.0_f32..10.0), 1..60)
        ) {
            let mut regressor = Regressor::new([prior(1.0, 0.1), prior(-2.0, 0.5)]);
            for (h, value, variance) in told {
                regressor.learn(&h, value, variance);
                let [first, second] = regressor.theta();
                prop_assert!((first - 1.0).abs() <= 0.301 && (second + 2.0).abs() <= 1.51);
            }
        }
    }
}
