// SPDX-License-Identifier: Apache-2.0
//! The vote alone: a pair with noise and steps of the plant, an observer that knows where the rotor is.

use super::*;
use std::vec::Vec;

const PERIOD_S: f32 = 50e-6;

/// A pair of which the truth is known, beside a quiet pair of the other axis.
struct Rig {
    voter: Voter,
    other: Voter,
    random: u32,
    mean_current_a: f32,
    settles: bool,
}

impl Rig {
    fn new() -> Self {
        let voter = Voter::new(&BearingConfig::ECMO_50, 1.2, 2e3, PERIOD_S);
        Self { voter, other: voter, random: 7, mean_current_a: 0.0, settles: false }
    }

    /// A Hall's noise of 1.4 mV in steps of 0.8 mV about a voltage.
    fn hall_v(&mut self, true_v: f32, noise_v: f32) -> f32 {
        let sum: f32 = (0..12)
            .map(|_| {
                self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (self.random >> 8) as f32 / 16_777_216.0 - 0.5
            })
            .sum();
        ((true_v + noise_v * sum) / 0.8e-3).round() * 0.8e-3
    }

    /// Shows the deviations of both Halls from a rotor at the centre; the weight that is in force after it.
    fn show(&mut self, hall_v: [f32; 2]) -> Option<f32> {
        let [plus_v, minus_v] = hall_v;
        let (difference_v, sum_v) = (plus_v - minus_v, plus_v + minus_v);
        self.settles = !self.settles;
        let mean_current_a = self.settles.then_some(self.mean_current_a);
        if self.voter.is_calm(hall_v, difference_v, sum_v, mean_current_a) {
            return Some(0.0);
        }
        let sample = PairSample {
            hall_v,
            difference_v,
            sum_v,
            innovation_v: difference_v,
            mean_current_a: self.mean_current_a,
        };
        self.voter.added_v(&sample, &self.other).map(|_| self.voter.weight)
    }

    /// Runs with what is added to plus and minus, and its noise, by period; the weights.
    fn run(&mut self, periods: u32, fault: impl Fn(u32) -> [(f32, f32); 2]) -> Vec<Option<f32>> {
        (0..periods)
            .map(|period| {
                let [(plus_v, plus_noise_v), (minus_v, minus_noise_v)] = fault(period);
                let hall_v = [self.hall_v(plus_v, plus_noise_v), self.hall_v(minus_v, minus_noise_v)];
                self.show(hall_v)
            })
            .collect()
    }
}

const WELL: (f32, f32) = (0.0, 1.4e-3);

fn first(weights: &[Option<f32>], weight: f32) -> usize {
    weights.iter().position(|seen| *seen == Some(weight)).unwrap_or(usize::MAX)
}

#[test]
fn a_healthy_pair_is_never_voted_on() {
    // Fifty seconds; twice the noise as well, which the plant names as its worst.
    for noise_v in [1.4e-3, 2.8e-3] {
        let mut rig = Rig::new();
        let weights = rig.run(1_000_000, |_| [(0.0, noise_v); 2]);
        assert_eq!(rig.voter.faults(), 0);
        let other = weights.iter().filter(|weight| **weight != Some(0.0)).count();
        assert!(other <= 10, "{noise_v} V: {other} samples left out");
    }
}

#[test]
fn a_rail_and_a_noisy_hall_are_told_by_name() {
    for (plus, minus, weight) in [((1.65, 0.0), WELL, -1.0), (WELL, (-1.65, 0.0), 1.0)] {
        let mut rig = Rig::new();
        rig.run(1000, |_| [WELL; 2]);
        let weights = rig.run(100, |_| [plus, minus]);
        assert_eq!(first(&weights, weight), 0, "a rail, at once");
        assert_eq!(rig.voter.faults(), fault::HALL_ELEMENT);
    }
    for (plus, minus, weight) in [((0.0, 0.05), WELL, -1.0), (WELL, (0.0, 0.05), 1.0)] {
        let mut rig = Rig::new();
        rig.run(1000, |_| [WELL; 2]);
        let weights = rig.run(200, |_| [plus, minus]);
        assert!(first(&weights, weight) < 60, "noise of 50 um: {}", first(&weights, weight));
        assert!(first(&weights, -weight) == usize::MAX);
    }
}

#[test]
fn a_hall_is_stuck_after_18_repeats_and_believed_again_after_a_tenth_of_a_second() {
    let mut rig = Rig::new();
    rig.run(1000, |_| [WELL; 2]);
    let repeats = STUCK_REPEATS;
    for period in 0..=repeats {
        let minus_v = rig.hall_v(0.0, 1.4e-3);
        let weight = rig.show([0.8e-3, minus_v]);
        assert_eq!(weight == Some(-1.0), period == repeats, "{period}");
    }
    let weights = rig.run(2100, |_| [WELL; 2]);
    let back = first(&weights, 0.0);
    assert!((1999..2050).contains(&back), "{back}");
    assert_eq!(rig.voter.faults(), 0);
}

#[test]
fn a_pair_that_repeats_itself_is_left_out_first_and_named_later() {
    let mut rig = Rig::new();
    rig.run(1000, |_| [WELL; 2]);
    for period in 0..20 {
        let weight = rig.show([0.8e-3, -0.8e-3]);
        assert_eq!(weight.is_none(), period >= SUSPECT_REPEATS, "{period}");
        assert_eq!(rig.voter.faults() != 0, period >= FROZEN_REPEATS, "{period}");
    }
}

#[test]
fn the_current_tells_which_hall_drifts_and_a_wrong_vote_is_turned_over() {
    // 0.1 V/s on plus: k_x / (k_i g) = 0.94 A/V of s goes to the mean current while both are believed.
    let drift = |period: u32| [(5e-6 * period as f32, 1.4e-3), WELL];
    for (sense, weight) in [(1.0, -1.0), (-1.0, 1.0)] {
        let mut rig = Rig::new();
        rig.run(1000, |_| [WELL; 2]);
        let mut voted = None;
        for period in 0..8000 {
            rig.mean_current_a = sense * 0.94 * 5e-6 * period as f32;
            let [plus, minus] = drift(period);
            let hall_v = [rig.hall_v(plus.0, plus.1), rig.hall_v(minus.0, minus.1)];
            rig.show(hall_v);
            voted = voted.or(matches!(rig.voter.vote, Vote::One { .. }).then_some(period));
        }
        assert!(voted.is_some_and(|period| (4000..5000).contains(&period)), "20 mV: {voted:?}");
        assert_eq!((rig.voter.weight, rig.voter.faults()), (weight, fault::HALL_DRIFT));
    }
    // The load changed the other way at the vote: plus is believed, and its drift then costs twice the current.
    let mut rig = Rig::new();
    rig.run(1000, |_| [WELL; 2]);
    for period in 0..20_000 {
        let sum_v = 5e-6 * period as f32;
        rig.mean_current_a = match rig.voter.vote {
            Vote::One { weight, .. } if weight < 0.0 => 0.0,
            Vote::One { .. } => 2.0 * 0.94 * sum_v,
            Vote::Both => -0.02 * (period as f32 / 4000.0),
        };
        let hall_v = [rig.hall_v(sum_v, 1.4e-3), rig.hall_v(0.0, 1.4e-3)];
        rig.show(hall_v);
    }
    assert_eq!(rig.voter.weight, -1.0);
}

#[test]
fn a_drift_that_came_before_levitation_is_named_and_nobody_is_voted_out() {
    // It comes up in standby, where the current sensor has an offset; then the coil carries the load.
    let mut rig = Rig::new();
    rig.mean_current_a = 0.02;
    for period in 0..8000 {
        let drift_v = 1e-5 * (period as f32 - 4000.0).max(0.0);
        let hall_v = [rig.hall_v(drift_v, 1.4e-3), rig.hall_v(0.0, 1.4e-3)];
        rig.show(hall_v);
        rig.voter.forget_base();
    }
    rig.mean_current_a = 0.3;
    rig.run(4000, |_| [(0.04, 1.4e-3), WELL]);
    assert_eq!((rig.voter.vote, rig.voter.faults()), (Vote::Both, fault::HALL_DRIFT));
}

#[test]
fn a_supply_that_moves_both_axes_is_no_drift() {
    let mut rig = Rig::new();
    for period in 0..20_000 {
        let common_v = 2.5e-6 * period as f32;
        let hall_v = [rig.hall_v(common_v, 1.4e-3), rig.hall_v(common_v, 1.4e-3)];
        let other_v = [rig.hall_v(common_v, 1.4e-3), rig.hall_v(common_v, 1.4e-3)];
        core::mem::swap(&mut rig.voter, &mut rig.other);
        rig.show(other_v);
        core::mem::swap(&mut rig.voter, &mut rig.other);
        assert!(rig.show(hall_v).is_none_or(|weight| weight == 0.0), "{period}");
        assert_eq!(rig.voter.faults() | rig.other.faults(), 0, "{period}");
    }
    assert!(rig.voter.mean_v > 0.09, "{}", rig.voter.mean_v);
}

#[test]
fn noise_on_both_axes_is_nobodys() {
    let mut rig = Rig::new();
    for _ in 0..400 {
        let hall_v = [rig.hall_v(0.0, 0.07), rig.hall_v(0.0, 0.07)];
        let other_v = [rig.hall_v(0.0, 0.07), rig.hall_v(0.0, 0.07)];
        core::mem::swap(&mut rig.voter, &mut rig.other);
        rig.show(other_v);
        core::mem::swap(&mut rig.voter, &mut rig.other);
        rig.show(hall_v);
    }
    assert!(rig.voter.is_rough() && rig.other.is_rough());
    // And what it leaves fades without a vote.
    rig.other.square_v2 = 0.0;
    rig.run(400, |_| [WELL; 2]);
    assert!(!rig.voter.is_rough() && rig.voter.faults() == 0 && rig.voter.vote == Vote::Both);
}

#[test]
fn what_no_converter_delivers_leaves_the_pair_out_and_no_trace() {
    for nonsense_v in [f32::NAN, f32::INFINITY, f32::MIN, PLAUSIBLE_V] {
        let mut rig = Rig::new();
        let before = (rig.voter.square_v2, rig.voter.mean_v);
        assert_eq!(rig.show([nonsense_v, 0.0]), None, "{nonsense_v}");
        assert_eq!(rig.voter.faults(), fault::DISPLACEMENT);
        assert_eq!((rig.voter.square_v2, rig.voter.mean_v), before);
        assert_eq!(rig.show([1e-3, 0.0]), Some(0.0), "{nonsense_v}");
        assert!(rig.voter.faults() == 0 && rig.voter.is_well());
    }
}
