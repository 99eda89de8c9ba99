// SPDX-License-Identifier: Apache-2.0
//! Whether a pair of Halls hears anything: one that is deaf shows a rotor at rest and still has its noise.
//!
//! # Why at once
//! The observer takes what it cannot explain for a disturbance. Of a deaf pair it cannot explain its own coil: the disturbance takes off
//! whatever the coil pulls, the feedback pulls more, and within three milliseconds the rotor is at the wall. That is too fast for means over
//! frames at 2 kHz.
//!
//! # Model
//! A Hall stands in the field of its coil, so a pair shows p i besides the rotor, even of one that does not move. While the current
//! changes by amperes a pair must show something. What is shown and what the current alone would show are smoothed over `SMOOTH_S` and
//! compared as changes against their means over `MEAN_S`, h, in squares over `SQUARE_S`:
//! ```text
//! deaf:  (p i)_h^2 > PICKUP_M2_MIN  and  x_h^2 < SHOWN (p i)_h^2,   PERIODS in a row
//! or     |mean of i| > FULL i_max,                                  FULL_PERIODS in a row
//! ```
//! The second is what follows if the first was missed: the rotor lies at the wall, and the coil pulls with all it has. One that
//! were near the centre, as a deaf pair shows it, would not stay there: k_x takes it away by an e-fold in 2.9 ms, a thousandfold in 20 ms.
//!
//! # Limits and failure
//! It is no proof. A rotor that follows its coil, m x'' = k_i i, takes back what the field adds at sqrt(k_i / (m p)), 640 Hz for the nominal plant,
//! and a shock of 30 g makes such moments; so does a force that holds it at the wall. So it is asked only while both pairs show a rotor near the
//! centre, as deaf ones do, and nothing follows from it unless the other unit sees it elsewhere (`task/levitation/pair.rs`); a unit that is
//! alone believes its Halls whatever this says. Without a calibrated pickup nothing is
//! found by the first sign. A load of 95 % of what the coil can hold looks as a full coil does.
//!
//! # Shown by
//! Unit tests below; the rows "a pair is deaf" of `docs/takeover.md`.

/// Time constants of the smoothing, of the means, and of the squares [s].
const SMOOTH_S: f32 = 0.1e-3;
const MEAN_S: f32 = 2e-3;
const SQUARE_S: f32 = 0.25e-3;
/// Change of the pickup from which it is asked, squared [m^2]: an ampere of the nominal coil.
const PICKUP_M2_MIN: f32 = 2.5e-6 * 2.5e-6;
/// Part of it that a deaf pair shows at most, as power: its noise.
const SHOWN: f32 = 0.1;
/// Periods in a row that must show it: 0.4 ms.
const PERIODS: u32 = 8;
/// Part of the largest current that counts as all of it, and periods in a row with it: 20 ms.
const FULL: f32 = 0.95;
const FULL_PERIODS: u32 = 400;
/// Periods for which it stands then: 5 ms, ten frames of the other unit.
const DEAF_PERIODS: u32 = 100;

/// Shares by which the smoothed value, its mean and the square follow in a period.
#[derive(Clone, Copy, Debug)]
struct Shares {
    smooth: f32,
    mean: f32,
    square: f32,
}

/// A signal, smoothed; its mean; and the mean of the square of its change against it.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    smooth_m: [f32; 2],
    mean_m: f32,
    square_m2: f32,
}

impl Change {
    #[inline(always)]
    fn step(&mut self, now_m: f32, shares: &Shares) {
        let [first_m, second_m] = &mut self.smooth_m;
        *first_m += shares.smooth * (now_m - *first_m);
        *second_m += shares.smooth * (*first_m - *second_m);
        let change_m = *second_m - self.mean_m;
        self.mean_m += shares.mean * change_m;
        self.square_m2 += shares.square * (change_m * change_m - self.square_m2);
    }
}

/// See the [module](self); one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    shares: Shares,
    full_a: f32,
    pickup: Change,
    shown: Change,
    periods: u32,
    full_periods: u32,
    deaf_periods: u32,
}

impl Answer {
    pub(super) fn new(current_a_max: f32, period_s: f32) -> Self {
        Self {
            shares: Shares {
                smooth: period_s / SMOOTH_S,
                mean: period_s / MEAN_S,
                square: period_s / SQUARE_S,
            },
            full_a: FULL * current_a_max,
            pickup: Change::default(),
            shown: Change::default(),
            periods: 0,
            full_periods: 0,
            deaf_periods: 0,
        }
    }

    /// The pair does not show what its coil does.
    pub(super) const fn is_deaf(&self) -> bool {
        self.deaf_periods > 0
    }

    /// It is not deaf, whatever its coil does.
    pub(super) fn hears(&mut self) {
        (self.periods, self.full_periods, self.deaf_periods) = (0, 0, 0);
    }

    /// One period: what the pair shows by its voltages alone, and what the coils' field makes of it [m]; mean current of its own coil [A].
    #[inline(always)]
    pub(super) fn step(&mut self, shown_m: f32, pickup_m: f32, mean_current_a: f32) {
        if !(shown_m + pickup_m).is_finite() {
            return;
        }
        self.pickup.step(pickup_m, &self.shares);
        self.shown.step(shown_m, &self.shares);
        let is_full = mean_current_a.abs() > self.full_a;
        if is_full || self.pickup.square_m2 > PICKUP_M2_MIN || self.deaf_periods > 0 {
            self.judge(is_full);
        } else {
            (self.periods, self.full_periods) = (0, 0);
        }
    }

    #[cold]
    #[inline(never)]
    fn judge(&mut self, is_full: bool) {
        let is_missing =
            self.pickup.square_m2 > PICKUP_M2_MIN && self.shown.square_m2 < SHOWN * self.pickup.square_m2;
        self.periods = if is_missing { self.periods.saturating_add(1) } else { 0 };
        self.full_periods = if is_full { self.full_periods.saturating_add(1) } else { 0 };
        let is_deaf = self.periods >= PERIODS || self.full_periods >= FULL_PERIODS;
        self.deaf_periods = if is_deaf { DEAF_PERIODS } else { self.deaf_periods.saturating_sub(1) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_S: f32 = 50e-6;

    /// Periods until the pair is deaf, within 10 ms in which the coil's current swings at 200 Hz; shown displacement by pickup and noise [m].
    fn deaf_after(pickup_m: f32, shown_m: impl Fn(f32, f32) -> f32) -> Option<u32> {
        let mut answer = Answer::new(6.0, PERIOD_S);
        let mut random = 1_u32;
        let mut noise_m = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            2e-6 * 2.0 * ((random >> 8) as f32 / (1 << 24) as f32 - 0.5)
        };
        (0..200).find(|period| {
            let time_s = *period as f32 * PERIOD_S;
            let pickup_m = pickup_m * (core::f32::consts::TAU * 200.0 * time_s).sin();
            answer.step(shown_m(pickup_m, noise_m()), pickup_m, 0.0);
            answer.is_deaf()
        })
    }

    #[test]
    fn a_pair_that_does_not_show_its_coil_is_deaf_within_a_millisecond_and_a_half() {
        let after = deaf_after(20e-6, |_, noise_m| 3e-6 + noise_m).unwrap();
        assert!(after < 30, "{after}");
    }

    #[test]
    fn a_pair_at_a_wall_shows_its_coil_and_one_that_holds_shows_more() {
        for factor in [0.6, 1.0, -0.6, -1.0, 5.0, -5.0] {
            for pickup_m in [3e-6, 10e-6, 50e-6] {
                assert_eq!(deaf_after(pickup_m, |pickup_m, noise_m| factor * pickup_m + noise_m), None);
            }
        }
    }

    #[test]
    fn a_sample_that_is_no_number_is_passed_over() {
        let mut answer = Answer::new(6.0, PERIOD_S);
        answer.step(f32::NAN, 0.0, 0.0);
        answer.step(0.0, f32::NAN, f32::NAN);
        assert!((0..100).any(|period| {
            answer.step(0.0, 30e-6 * (period as f32 * 0.06).sin(), 0.0);
            answer.is_deaf()
        }));
    }

    #[test]
    fn without_a_current_nothing_is_asked() {
        assert_eq!(deaf_after(2e-6, |_, noise_m| noise_m), None);
        assert_eq!(deaf_after(0.0, |_, _| 0.0), None);
    }

    #[test]
    fn a_coil_that_pulls_with_all_it_has_for_20_ms_is_told_whatever_its_pickup() {
        for pickup_m_per_a in [0.0, 5e-6] {
            let mut answer = Answer::new(6.0, PERIOD_S);
            let mut told_after = |current_a: f32, periods: u32| {
                (1..=periods).find(|_| {
                    answer.step(15e-6, pickup_m_per_a * current_a, current_a);
                    answer.is_deaf()
                })
            };
            assert_eq!(told_after(-0.94 * 6.0, 2000), None);
            assert_eq!(told_after(-6.0, 1000), Some(FULL_PERIODS));
        }
    }

    #[test]
    fn a_coil_at_its_limit_counts_from_when_the_rotor_is_near_the_centre() {
        let mut answer = Answer::new(6.0, PERIOD_S);
        for period in 0..4 * FULL_PERIODS {
            answer.step(if period < 2 * FULL_PERIODS { 550e-6 } else { 15e-6 }, 30e-6, 6.0);
            if period < 2 * FULL_PERIODS {
                answer.hears();
            }
            assert_eq!(answer.is_deaf(), period >= 3 * FULL_PERIODS - 1, "{period}");
        }
    }

    #[test]
    fn it_is_believed_again_when_it_shows_the_coil() {
        let mut answer = Answer::new(6.0, PERIOD_S);
        let mut step = |period: u32, hears: bool| {
            let pickup_m = 30e-6 * (period as f32 * 0.06).sin();
            answer.step(if hears { pickup_m } else { 0.0 }, pickup_m, 0.0);
            answer.is_deaf()
        };
        assert!((0..100).any(|period| step(period, false)));
        // Some time constants of the squares, and the time for which it stands.
        assert!((100..120 + DEAF_PERIODS).any(|period| !step(period, true)));
        assert!(!(120 + DEAF_PERIODS..500).any(|period| step(period, true)));
    }
}
