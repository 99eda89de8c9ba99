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
//! of i[k] itself leaves a loop through the fast current: 0.163 A rms at idle in place of 0.157 A. Why only a part of p
//! is taken off (`coil_pickup_taken_off`): `BearingConfig::ECMO_50`.
//!
//! # Limits and failure
//! The sum of a pair does not depend on x; what it tells of a broken Hall is in `vote`. Without a Hall to
//! believe there is no innovation, and the observer carries on with its model.
//! Resolution 0.4 um, noise 1 um rms (plant ecmo-50).
//!
//! # Source
//! Differential measurement with magnetic bearings: G. Schweitzer, E. Maslen, Magnetic Bearings, 2009, ch. 3.
//!
//! # Shown by
//! Unit tests below.

use super::BearingConfig;
use super::answer::Answer;
use super::vote::{PairSample, Voter};
use crate::math::exp_of_minus;
use crate::units::RAD_PER_S_PER_HZ;

/// Largest displacement of the pair that is believed, as a fraction of the clearance: the wall gives way by less than a tenth, a rotor that
/// is pressed against it tilts by as much in the plane of the Halls, and the field of the coil adds 6 %.
const PLAUSIBLE_FRACTION: f32 = 1.3;

/// The Halls of one axis.
#[derive(Clone, Copy, Debug)]
pub struct HallPair {
    /// Who of the two is believed.
    pub voter: Voter,
    m_per_v: f32,
    v_per_m: f32,
    sum_v: f32,
    difference_v: f32,
    pickup_m_per_a: f32,
    pickup_cross_m_per_a: f32,
    answer: Answer,
}

/// What the Halls of one axis show at a sample.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Voltages of plus and minus [V].
    pub hall_v: [f32; 2],
    /// Currents of the own and of the other coil, through the lag of the Halls [A].
    pub current_a: [f32; 2],
    /// What the probe adds at the summing point [m].
    pub injected_m: f32,
}

/// Coil currents x, y as the Halls show them, through their lag.
#[derive(Clone, Copy, Debug)]
pub struct SeenCurrents {
    lag_weight: f32,
    last_a: [f32; 2],
}

impl SeenCurrents {
    /// No current yet.
    #[must_use]
    pub fn new(config: &BearingConfig, period_s: f32) -> Self {
        let ratio = RAD_PER_S_PER_HZ * config.hall_bandwidth_hz * period_s;
        Self { lag_weight: (1.0 - exp_of_minus(ratio)) / ratio, last_a: [0.0; 2] }
    }

    /// Takes in the currents of this sample; what the Halls show of them [A].
    pub fn step(&mut self, now_a: [f32; 2]) -> [f32; 2] {
        let ([x_a, y_a], [last_x_a, last_y_a]) = (now_a, self.last_a);
        self.last_a = now_a;
        [x_a + self.lag_weight * (last_x_a - x_a), y_a + self.lag_weight * (last_y_a - y_a)]
    }
}

/// What calibration says of one pair.
#[derive(Clone, Copy, Debug)]
pub struct PairCalibration {
    gain: f32,
    mid_plus_v: f32,
    mid_minus_v: f32,
}

impl PairCalibration {
    /// Of the axis x.
    #[must_use]
    pub fn x(config: &BearingConfig) -> Self {
        Self {
            gain: config.hall_gain_x,
            mid_plus_v: config.hall_mid_x_plus_v,
            mid_minus_v: config.hall_mid_x_minus_v,
        }
    }

    /// Of the axis y.
    #[must_use]
    pub fn y(config: &BearingConfig) -> Self {
        Self {
            gain: config.hall_gain_y,
            mid_plus_v: config.hall_mid_y_plus_v,
            mid_minus_v: config.hall_mid_y_minus_v,
        }
    }
}

impl HallPair {
    /// A pair that has shown nothing yet.
    #[must_use]
    pub fn new(config: &BearingConfig, pair: &PairCalibration, period_s: f32) -> Self {
        let v_per_m = config.hall_v_per_m * pair.gain;
        let difference_v_max = PLAUSIBLE_FRACTION * config.clearance_m * v_per_m;
        Self {
            voter: Voter::new(config, difference_v_max, v_per_m, period_s),
            m_per_v: 1.0 / v_per_m,
            v_per_m,
            sum_v: pair.mid_plus_v + pair.mid_minus_v,
            difference_v: pair.mid_plus_v - pair.mid_minus_v,
            answer: Answer::new(config.coil_current_a_max, period_s),
            pickup_m_per_a: config.coil_pickup_taken_off * config.coil_pickup_m_per_a,
            pickup_cross_m_per_a: config.coil_pickup_cross_m_per_a,
        }
    }

    /// The pair does not show what its coil does, see [`super::answer`].
    #[must_use]
    pub const fn is_deaf(&self) -> bool {
        self.answer.is_deaf()
    }

    /// It shows a rotor far from the centre, as no deaf one does.
    pub(super) fn hears(&mut self) {
        self.answer.hears();
    }

    /// Displacement along this axis less the expected one [m], from the pair's voltages and what the Halls show of the
    /// axis' own and of the other coil's current.
    #[inline(always)]
    pub fn innovation_m(
        &mut self,
        seen: &Seen,
        expected_m: f32,
        mean_current_a: f32,
        other: &Voter,
        settles: bool,
    ) -> Option<f32> {
        let &Seen { hall_v, current_a: [own_a, other_a], .. } = seen;
        let [plus_v, minus_v] = hall_v;
        let pickup_m = self.pickup_m_per_a * own_a + self.pickup_cross_m_per_a * other_a;
        let difference_v = plus_v - minus_v - self.difference_v;
        let sum_v = plus_v + minus_v - self.sum_v;
        let shown_m = difference_v * self.m_per_v;
        self.answer.step(shown_m, pickup_m, mean_current_a);
        let innovation_m = shown_m - pickup_m - expected_m;
        if self.voter.is_calm(hall_v, difference_v, sum_v, settles.then_some(mean_current_a)) {
            return Some(innovation_m);
        }
        let innovation_v = innovation_m * self.v_per_m;
        let sample = PairSample { hall_v, difference_v, sum_v, innovation_v, mean_current_a };
        let added_v = self.voter.added_v(&sample, other)?;
        Some(innovation_m + added_v * self.m_per_v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> HallPair {
        let config = BearingConfig::ECMO_50;
        HallPair::new(&config, &PairCalibration::x(&config), 50e-6)
    }

    fn displacement_m(pair: &mut HallPair, plus_v: f32, minus_v: f32) -> Option<f32> {
        let other = pair.voter;
        let seen = Seen { hall_v: [plus_v, minus_v], current_a: [0.0; 2], injected_m: 0.0 };
        pair.innovation_m(&seen, 0.0, 0.0, &other, true)
    }

    #[test]
    fn a_tenth_of_a_millimetre_is_two_tenths_of_a_volt() {
        let seen_m = displacement_m(&mut pair(), 1.75, 1.55).unwrap();
        assert!((seen_m - 100e-6).abs() < 1e-9, "{seen_m}");
    }

    #[test]
    fn calibration_moves_the_centre_and_the_scale_of_its_axis() {
        let config = BearingConfig {
            hall_gain_y: 1.1,
            hall_mid_y_plus_v: 1.70,
            hall_mid_y_minus_v: 1.62,
            ..BearingConfig::ECMO_50
        };
        let mut y = HallPair::new(&config, &PairCalibration::y(&config), 50e-6);
        let y_m = displacement_m(&mut y, 1.70 + 0.11, 1.62 - 0.11).unwrap();
        assert!((y_m - 100e-6).abs() < 1e-9, "{y_m}");
        let mut x = HallPair::new(&config, &PairCalibration::x(&config), 50e-6);
        assert!((displacement_m(&mut x, 1.75, 1.55).unwrap() - 100e-6).abs() < 1e-9);
    }

    #[test]
    fn coil_pickup_is_taken_off() {
        let config = BearingConfig::ECMO_50;
        let mut currents = SeenCurrents::new(&config, 50e-6);
        let mut displacement_m = |current_a| {
            let mut pair = pair();
            let other = pair.voter;
            let seen = Seen { hall_v: [1.65; 2], current_a: currents.step(current_a), injected_m: 0.0 };
            pair.innovation_m(&seen, 0.0, 0.0, &other, true).unwrap()
        };
        let pickup_m = 2.0 * config.coil_pickup_taken_off * config.coil_pickup_m_per_a
            + config.coil_pickup_cross_m_per_a;
        // The first sample of a step shows two thirds of it, the next one all.
        let first_m = displacement_m([2.0, 1.0]);
        assert!((first_m + 0.696 * pickup_m).abs() < 0.02e-6, "{first_m}");
        let second_m = displacement_m([2.0, 1.0]);
        assert!((second_m + pickup_m).abs() < 1e-9, "{second_m}");
    }

    #[test]
    fn a_rotor_beyond_the_wall_is_none() {
        // Both edges of the range: 1.3 times 0.5 mm are 1.3 V between the Halls.
        assert!(displacement_m(&mut pair(), 1.65 + 0.649, 1.65 - 0.649).is_some());
        assert_eq!(displacement_m(&mut pair(), 1.65 + 0.651, 1.65 - 0.651), None);
    }

    #[test]
    fn one_hall_beyond_the_wall_leaves_the_other_one() {
        for broken_v in [0.0, 3.3] {
            let minus_m = displacement_m(&mut pair(), broken_v, 1.65 - 0.05);
            assert!(minus_m.is_some_and(|seen_m| (seen_m - 50e-6).abs() < 1e-9), "{broken_v}: {minus_m:?}");
            let plus_m = displacement_m(&mut pair(), 1.65 + 0.05, broken_v);
            assert!(plus_m.is_some_and(|seen_m| (seen_m - 50e-6).abs() < 1e-9), "{broken_v}: {plus_m:?}");
        }
        assert_eq!(displacement_m(&mut pair(), 0.0, 0.0), None);
        assert_eq!(displacement_m(&mut pair(), f32::NAN, 1.65), None);
    }
}
