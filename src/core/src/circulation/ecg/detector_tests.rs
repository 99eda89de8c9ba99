// SPDX-License-Identifier: Apache-2.0
//! The detector with simple waves at given times; `tests/ecg.rs` of the simulator has whole rhythms.

use super::*;
use crate::math::exp_of_minus;
use proptest::prelude::*;
use std::vec::Vec;

/// A Gaussian of this height and width [mV, ms], so long after its middle.
fn bump(height_mv: f32, width_ms: f32, since_ms: f32) -> f32 {
    let distance = since_ms / width_ms;
    if distance.abs() < 2.8 { height_mv * exp_of_minus(0.5 * distance * distance) } else { 0.0 }
}

/// QRS and T wave of a beat in a rhythm.
fn beat(height_mv: f32, time_ms: f32, interval_ms: f32) -> f32 {
    let since_ms = phase_ms(time_ms, interval_ms);
    let t_wave_ms = 0.3 * interval_ms.min(900.0) + 20.0;
    bump(height_mv, 12.0, since_ms) - bump(0.2 * height_mv, 12.0, since_ms - 30.0)
        + bump(0.35 * height_mv, 0.17 * t_wave_ms, since_ms - t_wave_ms)
}

/// R waves that were found in a signal [ms], and the largest latency; the last report.
fn run(
    detector: &mut QrsDetector,
    count_ms: u16,
    signal_mv: impl Fn(f32) -> f32,
) -> (Vec<f32>, f32, EcgReport) {
    let (mut found_ms, mut oldest_ms, mut last) = (Vec::new(), 0.0_f32, EcgReport::default());
    for step in 0..count_ms / 10 {
        let samples: Vec<f32> = (0..10).map(|index| signal_mv(f32::from(10 * step + index))).collect();
        last = detector.step(&samples);
        if let Some(age_ms) = last.beat_age_ms {
            found_ms.push(f32::from(10 * step + 9) - age_ms);
            oldest_ms = oldest_ms.max(age_ms);
        }
    }
    (found_ms, oldest_ms, last)
}

/// Time since the last R wave of a rhythm [ms], the first one at half an interval; with the one to come as negative.
fn phase_ms(time_ms: f32, interval_ms: f32) -> f32 {
    let since_ms = time_ms % interval_ms - 0.5 * interval_ms;
    if since_ms < -100.0 { since_ms + interval_ms } else { since_ms }
}

fn is_every(found_ms: &[f32], interval_ms: f32, from_ms: f32) -> bool {
    let offs = found_ms.iter().map(|at_ms| phase_ms(*at_ms, interval_ms).abs());
    let expected = ((20_000.0 - from_ms) / interval_ms) as usize;
    offs.fold(0.0, f32::max) < 3.0 && found_ms.len().abs_diff(expected) <= 1
}

#[test]
fn beats_of_any_size_and_rate_are_found_once_with_their_place() {
    for (height_mv, interval_ms) in
        [(1.0, 800.0), (-1.0, 800.0), (0.25, 800.0), (3.0, 800.0), (1.0, 300.0), (1.0, 1900.0)]
    {
        let mut detector = QrsDetector::new(5.0);
        let (found_ms, oldest_ms, last) =
            run(&mut detector, 20_000, |time_ms| beat(height_mv, time_ms, interval_ms));
        assert!(is_every(&found_ms, interval_ms, LEARN_MS), "{height_mv} {interval_ms}: {found_ms:?}");
        assert!((25.0..=60.0).contains(&oldest_ms) && last.quality == Quality::Good, "{oldest_ms}: {last:?}");
    }
}

#[test]
fn a_spike_is_no_beat_and_the_beat_behind_it_is_one() {
    let spike = |time_ms: f32, ahead_ms: f32| {
        let since_ms = phase_ms(time_ms + ahead_ms, 800.0);
        if (0.0..2.0).contains(&since_ms) { 4.0 } else { 0.0 }
    };
    let mut detector = QrsDetector::new(5.0);
    let (found_ms, _, last) = run(&mut detector, 20_000, |time_ms| {
        spike(time_ms, 60.0) + bump(1.0, 25.0, phase_ms(time_ms, 800.0))
    });
    assert!(is_every(&found_ms, 800.0, LEARN_MS), "{found_ms:?}");
    assert_eq!(last.spike_count, 25);
    let (found_ms, _, last) =
        run(&mut detector, 10_000, |time_ms| spike(time_ms, 60.0) + 0.01 * (time_ms % 7.0));
    assert_eq!((found_ms.len(), last.spike_count), (0, 38), "nothing is captured");
}

#[test]
fn steps_and_slow_waves_of_the_electrode_are_no_beats() {
    let mut detector = QrsDetector::new(5.0);
    let (found_ms, ..) = run(&mut detector, 20_000, |time_ms| {
        let step_mv = if time_ms % 5000.0 < 2500.0 { 1.5 } else { 0.0 };
        let wander_mv = (time_ms % 4000.0 - 2000.0).abs() * 1e-3;
        step_mv + wander_mv + beat(1.0, time_ms, 800.0)
    });
    // A step less than 100 ms before an R wave is taken for the rise of its complex.
    let is_extra = |at_ms: &f32| phase_ms(*at_ms, 800.0).abs() > 100.0;
    let extra: Vec<f32> = found_ms.iter().copied().filter(is_extra).collect();
    assert!(extra.is_empty() && found_ms.len() >= 21, "{extra:?} of {}", found_ms.len());
}

#[test]
fn nothing_is_found_without_a_signal_and_all_is_soon_after() {
    let mut detector = QrsDetector::new(5.0);
    let (found_ms, _, last) = run(&mut detector, 10_000, |_| 0.0);
    assert_eq!((found_ms.len(), last.quality), (0, Quality::Flat));
    let rhythm = |time_ms: f32| beat(1.0, time_ms, 800.0);
    let (found_ms, _, last) = run(&mut detector, 20_000, rhythm);
    assert!(found_ms[0] < 4000.0 && last.quality == Quality::Good, "{found_ms:?}");
    for _ in 0..200 {
        assert_eq!(detector.step(&[]).beat_age_ms, None);
    }
    assert_eq!(detector.step(&[]).quality, Quality::Missing);
    let (found_ms, ..) = run(&mut detector, 20_000, |time_ms| 0.3 * rhythm(time_ms));
    assert!(found_ms[0] < 4000.0 && found_ms.len() >= 20, "a third of the size: {found_ms:?}");
    let (found_ms, _, last) = run(&mut detector, 2000, |_| 5.0);
    assert_eq!((found_ms.len(), last.quality), (0, Quality::LeadOff));
}

#[test]
fn much_smaller_beats_are_found_again() {
    let mut detector = QrsDetector::new(5.0);
    let (before, ..) = run(&mut detector, 20_000, |time_ms| beat(2.0, time_ms, 800.0));
    let (after, ..) = run(&mut detector, 20_000, |time_ms| beat(0.4, time_ms, 800.0));
    assert!(before.len() >= 21 && after.len() >= 18, "{} {}", before.len(), after.len());
    let (larger, ..) = run(&mut detector, 20_000, |time_ms| beat(4.0, time_ms, 800.0));
    assert!(larger.len() >= 18, "{}", larger.len());
}

proptest! {
    /// Any samples: ages are sensible, beats keep their distance, and the signal is found again afterwards.
    #[test]
    fn whatever_comes_in_it_goes_on(
        blocks in proptest::collection::vec((0_usize..13, proptest::num::f32::ANY, -6.0_f32..6.0), 1..200)
    ) {
        let mut detector = QrsDetector::new(5.0);
        let mut since_ms = f32::INFINITY;
        for (count, odd_mv, even_mv) in blocks {
            let samples: Vec<f32> = (0..count).map(|index| if index % 2 == 0 { even_mv } else { odd_mv }).collect();
            since_ms += 10.0;
            if let Some(age_ms) = detector.step(&samples).beat_age_ms {
                prop_assert!((DELAY_MS..400.0).contains(&age_ms), "{}", age_ms);
                prop_assert!(since_ms > REFRACTORY_MS - 10.0);
                since_ms = 0.0;
            }
        }
        let (found_ms, ..) = run(&mut detector, 20_000, |time_ms| beat(1.0, time_ms, 800.0));
        let late = found_ms.iter().filter(|at_ms| **at_ms > 12_000.0).count();
        prop_assert!((9..=11).contains(&late), "{:?}", found_ms);
    }
}
