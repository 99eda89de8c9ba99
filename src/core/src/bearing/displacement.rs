// SPDX-License-Identifier: Apache-2.0
//! Displacement of the rotor from two differential Hall pairs, less what the coils do to the Halls.
//!
//! # Model
//! v+ = v_mid+ + g x_h / 2, v- = v_mid- - g x_h / 2, x_h = x + p i_own + q i_other
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | g | sensitivity of the pair | V/m | `hall_v_per_m` times `hall_gain_*` |
//! | v_mid+, v_mid- | output at the centre | V | `hall_mid_*` |
//! | p, q | pickup of the own and of the other coil | m/A | `coil_pickup_m_per_a`, `coil_pickup_cross_m_per_a` |
//! | tau | time constant of the Halls | s | `hall_bandwidth_hz` |
//!
//! The Halls show the pickup through their own lag. Between two samples the current is nearly a straight line, so what
//! they show is i[k] + w (i[k-1] - i[k]) with w = tau / T (1 - exp(-T / tau)), 0.30 for 10 kHz. Taking off the pickup
//! of i[k] itself leaves a loop through the fast current: 0.176 A rms at idle in place of 0.159 A. Why only a part of p
//! is taken off (`coil_pickup_taken_off`): `BearingConfig::ECMO_50`.
//!
//! # Limits and failure
//! The sum of a pair does not depend on x. A pair whose sum is off by more than `hall_sum_tolerance_v` has
//! a broken Hall, and a rotor beyond the wall is none; both give `None`, and the observer carries on with its model.
//! Resolution 0.4 um, noise 1 um rms (plant ecmo-50).
//!
//! # Source
//! Differential measurement with magnetic bearings: G. Schweitzer, E. Maslen, Magnetic Bearings, 2009, ch. 3.
//!
//! # Shown by
//! Unit tests below.

use super::BearingConfig;
use crate::math::exp_of_minus;
use crate::units::RAD_PER_S_PER_HZ;

/// Largest displacement that is believed, as a fraction of the clearance: the wall gives way by less than a tenth.
const PLAUSIBLE_FRACTION: f32 = 1.2;

/// One axis: displacement [m], or `None` when the pair is not to be believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct HallPair {
    m_per_v: f32,
    sum_v: f32,
    difference_v: f32,
    sum_tolerance_v: f32,
    pickup_m_per_a: f32,
    pickup_cross_m_per_a: f32,
    displacement_m_max: f32,
    lag_weight: f32,
    seen_a: [f32; 2],
    last_a: [f32; 2],
}

/// What calibration says of one pair.
#[derive(Clone, Copy, Debug)]
pub(super) struct PairCalibration {
    gain: f32,
    mid_plus_v: f32,
    mid_minus_v: f32,
}

impl PairCalibration {
    pub(super) fn x(config: &BearingConfig) -> Self {
        Self {
            gain: config.hall_gain_x,
            mid_plus_v: config.hall_mid_x_plus_v,
            mid_minus_v: config.hall_mid_x_minus_v,
        }
    }

    pub(super) fn y(config: &BearingConfig) -> Self {
        Self {
            gain: config.hall_gain_y,
            mid_plus_v: config.hall_mid_y_plus_v,
            mid_minus_v: config.hall_mid_y_minus_v,
        }
    }
}

impl HallPair {
    pub(super) fn new(config: &BearingConfig, pair: &PairCalibration, period_s: f32) -> Self {
        let ratio = RAD_PER_S_PER_HZ * config.hall_bandwidth_hz * period_s;
        Self {
            m_per_v: 1.0 / (config.hall_v_per_m * pair.gain),
            sum_v: pair.mid_plus_v + pair.mid_minus_v,
            difference_v: pair.mid_plus_v - pair.mid_minus_v,
            sum_tolerance_v: config.hall_sum_tolerance_v,
            pickup_m_per_a: config.coil_pickup_taken_off * config.coil_pickup_m_per_a,
            pickup_cross_m_per_a: config.coil_pickup_cross_m_per_a,
            displacement_m_max: PLAUSIBLE_FRACTION * config.clearance_m,
            lag_weight: (1.0 - exp_of_minus(ratio)) / ratio,
            seen_a: [0.0; 2],
            last_a: [0.0; 2],
        }
    }

    /// Takes in the currents of this sample, of the axis' own and of the other coil [A].
    pub(super) fn see_currents(&mut self, own_a: f32, other_a: f32) {
        let [last_own_a, last_other_a] = self.last_a;
        self.seen_a = [
            own_a + self.lag_weight * (last_own_a - own_a),
            other_a + self.lag_weight * (last_other_a - other_a),
        ];
        self.last_a = [own_a, other_a];
    }

    /// Displacement along this axis [m], from the pair's voltages; the currents come first.
    pub(super) fn displacement_m(&self, plus_v: f32, minus_v: f32) -> Option<f32> {
        let sum_error_v = plus_v + minus_v - self.sum_v;
        if !(sum_error_v > -self.sum_tolerance_v && sum_error_v < self.sum_tolerance_v) {
            return None;
        }
        let [own_a, other_a] = self.seen_a;
        let pickup_m = self.pickup_m_per_a * own_a + self.pickup_cross_m_per_a * other_a;
        let displacement_m = (plus_v - minus_v - self.difference_v) * self.m_per_v - pickup_m;
        (displacement_m > -self.displacement_m_max && displacement_m < self.displacement_m_max)
            .then_some(displacement_m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> HallPair {
        let config = BearingConfig::ECMO_50;
        HallPair::new(&config, &PairCalibration::x(&config), 50e-6)
    }

    #[test]
    fn a_tenth_of_a_millimetre_is_two_tenths_of_a_volt() {
        let displacement_m = pair().displacement_m(1.75, 1.55).unwrap();
        assert!((displacement_m - 100e-6).abs() < 1e-9, "{displacement_m}");
    }

    #[test]
    fn calibration_moves_the_centre_and_the_scale_of_its_axis() {
        let config = BearingConfig {
            hall_gain_y: 1.1,
            hall_mid_y_plus_v: 1.70,
            hall_mid_y_minus_v: 1.62,
            ..BearingConfig::ECMO_50
        };
        let y = HallPair::new(&config, &PairCalibration::y(&config), 50e-6);
        let displacement_m = y.displacement_m(1.70 + 0.11, 1.62 - 0.11).unwrap();
        assert!((displacement_m - 100e-6).abs() < 1e-9, "{displacement_m}");
        let x = HallPair::new(&config, &PairCalibration::x(&config), 50e-6);
        assert!((x.displacement_m(1.75, 1.55).unwrap() - 100e-6).abs() < 1e-9);
    }

    #[test]
    fn coil_pickup_is_taken_off() {
        let mut pair = pair();
        // The first sample of a step shows two thirds of it, the next one all.
        pair.see_currents(2.0, 1.0);
        let config = BearingConfig::ECMO_50;
        let pickup_m = 2.0 * config.coil_pickup_taken_off * config.coil_pickup_m_per_a
            + config.coil_pickup_cross_m_per_a;
        let first_m = pair.displacement_m(1.65, 1.65).unwrap();
        assert!((first_m + 0.696 * pickup_m).abs() < 0.02e-6, "{first_m}");
        pair.see_currents(2.0, 1.0);
        let displacement_m = pair.displacement_m(1.65, 1.65).unwrap();
        assert!((displacement_m + pickup_m).abs() < 1e-9, "{displacement_m}");
    }

    #[test]
    fn a_broken_hall_is_not_a_displacement() {
        assert_eq!(pair().displacement_m(0.0, 1.65), None, "open, pulled down");
        assert_eq!(pair().displacement_m(3.3, 1.65), None, "stuck high");
        assert_eq!(pair().displacement_m(f32::NAN, 1.65), None);
        // Both edges of the range: 1.2 times 0.5 mm are 1.2 V between the Halls.
        assert!(pair().displacement_m(1.65 + 0.599, 1.65 - 0.599).is_some());
        assert!(pair().displacement_m(1.65 + 0.601, 1.65 - 0.601).is_none());
        // Both edges of the tolerance.
        let tolerance_v = BearingConfig::ECMO_50.hall_sum_tolerance_v;
        assert!(pair().displacement_m(1.65 + 0.99 * tolerance_v, 1.65).is_some());
        assert!(pair().displacement_m(1.65 + 1.01 * tolerance_v, 1.65).is_none());
    }
}
