// SPDX-License-Identifier: Apache-2.0
//! Bubbles, from the amplitude that they take: how many, and how large.
//!
//! # Model
//! Shadows overlap at random: amplitude / clear amplitude = exp(-shadow), shadow = 3/2 fraction L / d. With bubbles of
//! d = 4 mm the air in a shot is `fraction |Q| dt`; without an echo the fraction is taken as 1. -ln(a) is
//! (1 - a) / sqrt(a), which is 2 % too much at a = 0.5 and 24 % at 0.1.
//! | event | when |
//! |---|---|
//! | begins | the shadow is over 0.15 in two shots one after the other |
//! | is a bubble | it holds 0.1 mL; counted at once, not when it is over |
//! | ends | the shadow is below 0.08 in five shots one after the other |
//!
//! The clear amplitude follows what is received: 5 s where there is no event, not at all in one.
//! | amplitude | is |
//! |---|---|
//! | no number, infinite, below 0 | broken: neither air nor clear |
//! | over 1.5 times the clear one | a spike, likewise; the twentieth in a row that is alike is the clear one: the coupling has become better |
//! | dark for one shot alone | interference |
//! # Timing
//! A bubble is counted with the shot that makes it 0.1 mL, so in the batch after it.
//! # Limits and failure
//! Size is within a factor of 3 when bubbles are 2 to 8 mm; foam finer than that reads too large, a slug too small by what
//! it hides. An event of 2 s is no bubble but a lost coupling; an amplitude that is the same to the last bit for 50 shots, or of which half
//! is broken, spikes or interference over 100 ms, is no detector: `works` is false then.
//! # Source
//! References of `docs/circulation.md`: amplitude loss, by size and number; alarms at 0.5 to 1 mL in use.

use crate::math::{between, sqrt};
use crate::ports::FlowShot;

/// Diameter that bubbles are taken to have [m].
const BUBBLE_DIAMETER_M: f32 = 4e-3;
const SHADOW_BEGINS: f32 = 0.15;
const SHADOW_ENDS: f32 = 0.08;
const SHOTS_TO_BEGIN: u32 = 2;
const SHOTS_TO_END: u32 = 5;
/// Smaller events are not counted [mL].
const BUBBLE_ML_MIN: f32 = 0.1;
/// An event that lasts so long is none [shots].
const EVENT_SHOTS_MAX: u32 = 2000;
/// Amplitudes that are equal to the last bit [shots].
const FROZEN_SHOTS: u32 = 50;
/// Brighter than clear by this factor is a spike, unless so many in a row are, as bright as the first of them within this share.
const BRIGHT: f32 = 1.5;
const BRIGHT_SHOTS: u32 = 20;
const BRIGHT_ALIKE: f32 = 0.1;
/// Time constant of the share of good amplitudes [shots], and the least that shows bubbles.
const QUALITY_SHOTS: f32 = 100.0;
const QUALITY_MIN: f32 = 0.5;
/// Time constant of the clear amplitude [shots].
const CLEAR_SHOTS: f32 = 5000.0;
/// Millilitres in a millisecond at 1 L/min.
const ML_PER_SHOT_PER_LPM: f32 = 1.0 / 60.0;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct BubbleDetector {
    fraction_per_shadow: f32,
    /// 0 before the first echo.
    clear_amplitude: f32,
    last_amplitude: f32,
    equal_shots: u32,
    bright_shots: u32,
    first_bright: f32,
    /// Share of good amplitudes, 0 to 1.
    quality: f32,
    dark_shots: u32,
    clear_shots: u32,
    event_shots: u32,
    event_ml: f32,
    /// What the first dark shot held, before it was known to be an event [mL].
    doubtful_ml: f32,
    counted: bool,
    pub(super) count: u32,
    /// The last or present bubble [mL].
    pub(super) size_ml: f32,
    /// Air of bubbles since this was set to 0 [mL].
    pub(super) passed_ml: f32,
}

impl BubbleDetector {
    pub(super) fn new(path_length_m: f32) -> Self {
        Self {
            fraction_per_shadow: BUBBLE_DIAMETER_M / (1.5 * path_length_m),
            clear_amplitude: 0.0,
            last_amplitude: -1.0,
            equal_shots: 0,
            bright_shots: 0,
            first_bright: 0.0,
            quality: 0.0,
            dark_shots: 0,
            clear_shots: 0,
            event_shots: 0,
            event_ml: 0.0,
            doubtful_ml: 0.0,
            counted: false,
            count: 0,
            size_ml: 0.0,
            passed_ml: 0.0,
        }
    }

    /// The amplitude is one that can show bubbles.
    pub(super) fn works(&self) -> bool {
        self.quality >= QUALITY_MIN && self.equal_shots < FROZEN_SHOTS && self.event_shots < EVENT_SHOTS_MAX
    }

    /// A bubble is in the beam now.
    pub(super) fn is_in_event(&self) -> bool {
        self.event_shots > 0
    }

    pub(super) fn step(&mut self, shot: &FlowShot, flow_lpm: f32) {
        let amplitude = shot.amplitude;
        let is_equal = amplitude == self.last_amplitude;
        self.equal_shots = if is_equal { self.equal_shots.saturating_add(1) } else { 0 };
        self.last_amplitude = amplitude;
        let is_good = if self.is_amplitude(amplitude) {
            self.shows(amplitude, flow_lpm)
        } else {
            // Dark shots with this between them are not one after the other.
            self.dark_shots = 0;
            false
        };
        let good = if is_good { 1.0 } else { 0.0 };
        self.quality += (good - self.quality) / QUALITY_SHOTS;
        if self.quality < QUALITY_MIN {
            // What began as a bubble would never be seen to end.
            self.event_shots = 0;
        }
    }

    /// Neither broken nor a spike.
    fn is_amplitude(&mut self, amplitude: f32) -> bool {
        if !(0.0..f32::INFINITY).contains(&amplitude) {
            self.bright_shots = 0;
            return false;
        }
        if amplitude <= BRIGHT * self.clear_amplitude {
            self.bright_shots = 0;
            return true;
        }
        let is_alike = (amplitude - self.first_bright).abs() <= BRIGHT_ALIKE * self.first_bright;
        if self.bright_shots == 0 || !is_alike {
            (self.first_bright, self.bright_shots) = (amplitude, 0);
        }
        self.bright_shots = self.bright_shots.saturating_add(1);
        if self.bright_shots >= BRIGHT_SHOTS {
            (self.clear_amplitude, self.bright_shots) = (amplitude, 0);
        }
        false
    }

    /// Takes an amplitude; whether it is no interference.
    fn shows(&mut self, amplitude: f32, flow_lpm: f32) -> bool {
        if self.clear_amplitude == 0.0 {
            return false;
        }
        let relative = between(amplitude / self.clear_amplitude, 1e-3, 1.0);
        let shadow = (1.0 - relative) / sqrt(relative);
        let is_echo = amplitude > 0.0;
        let fraction = if is_echo { between(shadow * self.fraction_per_shadow, 0.0, 1.0) } else { 1.0 };
        self.watch(shadow, fraction * flow_lpm.abs() * ML_PER_SHOT_PER_LPM);
        if !self.is_in_event() && self.dark_shots == 0 {
            self.clear_amplitude += (amplitude - self.clear_amplitude) / CLEAR_SHOTS;
        }
        self.is_in_event() || self.dark_shots == 0
    }

    fn watch(&mut self, shadow: f32, air_ml: f32) {
        self.dark_shots = if shadow > SHADOW_BEGINS { self.dark_shots.saturating_add(1) } else { 0 };
        self.clear_shots = if shadow < SHADOW_ENDS { self.clear_shots.saturating_add(1) } else { 0 };
        if self.is_in_event() {
            self.event_shots = self.event_shots.saturating_add(1);
            self.event_ml += air_ml;
            if self.clear_shots >= SHOTS_TO_END {
                self.event_shots = 0;
            }
        } else if self.dark_shots >= SHOTS_TO_BEGIN {
            (self.event_shots, self.event_ml, self.counted) = (1, self.doubtful_ml + air_ml, false);
        }
        self.doubtful_ml = air_ml;
        // At the end of what is no bubble it must not become one.
        if self.is_in_event() && self.event_ml >= BUBBLE_ML_MIN && self.event_shots < EVENT_SHOTS_MAX {
            if self.counted {
                self.passed_ml += air_ml;
            } else {
                self.count = self.count.wrapping_add(1);
                self.counted = true;
                self.passed_ml += self.event_ml;
            }
            self.size_ml = self.event_ml;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const PATH_M: f32 = 13.47e-3;

    fn detector() -> BubbleDetector {
        let mut detector = BubbleDetector::new(PATH_M);
        clear(&mut detector, 1000);
        detector
    }

    /// A quiet amplitude whose last bits move, as they do in every receiver.
    fn clear(detector: &mut BubbleDetector, shots: u32) {
        for shot in 0..shots {
            see(detector, 1.0 + 0.001 * (shot % 3) as f32);
        }
    }

    fn see(detector: &mut BubbleDetector, amplitude: f32) {
        detector.step(&FlowShot { amplitude, ..FlowShot::default() }, 5.0);
    }

    #[test]
    fn a_slug_of_a_third_of_a_millilitre_is_one_bubble() {
        let mut detector = detector();
        // 5 L/min are 0.083 mL in a millisecond.
        (0..4).for_each(|_| see(&mut detector, 0.0));
        assert_eq!(detector.count, 1);
        assert!((detector.size_ml - 4.0 / 12.0).abs() < 1e-3, "{}", detector.size_ml);
        assert!(detector.is_in_event());
        clear(&mut detector, 10);
        assert!(!detector.is_in_event() && detector.works());
        (0..4).for_each(|_| see(&mut detector, 0.0));
        assert_eq!(detector.count, 2, "two bubbles are two");
        assert!((detector.passed_ml - 8.0 / 12.0).abs() < 1e-3, "{}", detector.passed_ml);
    }

    #[test]
    fn dispersed_air_adds_up_and_specks_are_not_counted() {
        let mut dispersed = detector();
        // exp(-1.5 * 0.2 * 13.47 / 4) = 0.364: a fifth of air for 20 ms are 0.33 mL.
        (0..20).for_each(|_| see(&mut dispersed, 0.364));
        clear(&mut dispersed, 10);
        assert_eq!(dispersed.count, 1);
        assert!((dispersed.size_ml - 0.333).abs() < 0.04, "{}", dispersed.size_ml);
        let mut speck = detector();
        (0..3).for_each(|_| see(&mut speck, 0.7));
        clear(&mut speck, 10);
        assert_eq!(speck.count, 0);
    }

    #[test]
    fn one_shot_without_echo_is_interference() {
        let mut detector = detector();
        for _ in 0..100 {
            see(&mut detector, 0.0);
            clear(&mut detector, 20);
        }
        assert_eq!(detector.count, 0);
    }

    #[test]
    fn a_receiver_that_ages_is_followed_and_a_lost_coupling_is_named() {
        let mut aging = detector();
        for shot in 0..200_000_u32 {
            see(&mut aging, 1.0 - 2e-6 * shot as f32 + 0.001 * (shot % 3) as f32);
        }
        assert_eq!((aging.count, aging.works()), (0, true));
        let mut lost = detector();
        for shot in 0..3000_u32 {
            see(&mut lost, 0.2 + 0.001 * (shot % 3) as f32);
        }
        assert!(!lost.works());
    }

    #[test]
    fn what_is_broken_or_a_spike_is_no_air_and_is_named_when_it_is_half_of_all() {
        for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1.0, 50.0] {
            let mut some = detector();
            for shot in 0..3000_u32 {
                see(&mut some, if shot % 3 == 0 { broken } else { 1.0 + 0.001 * (shot % 4) as f32 });
            }
            assert!(some.works() && some.count == 0 && some.passed_ml == 0.0, "{broken}");
            (0..4).for_each(|_| see(&mut some, 0.0));
            assert_eq!(some.count, 1, "{broken}: a bubble is still seen");
            let mut all = detector();
            // Of the spikes none is like the one before.
            let shots = (1..=1000_u32)
                .map(|shot| if shot % 2 == 0 { 0.0 } else { broken * (1.0 + 0.01 * shot as f32) });
            let named = shots.map(|amplitude| (see(&mut all, amplitude), all.works()).1).collect::<Vec<_>>();
            assert_eq!(named.iter().position(|works| !works), Some(68), "{broken}");
            assert!(!all.works() && all.count == 0 && all.passed_ml == 0.0, "{broken}");
            clear(&mut all, 100);
            assert!(all.works(), "{broken}: it is over");
        }
    }

    #[test]
    fn a_coupling_that_becomes_better_is_the_clear_one_at_once() {
        let mut detector = detector();
        for shot in 0..200_u32 {
            see(&mut detector, 2.0 + 0.001 * (shot % 3) as f32);
        }
        (0..4).for_each(|_| see(&mut detector, 0.7));
        assert!(detector.works() && detector.is_in_event(), "a third of it is dark");
    }

    #[test]
    fn what_shows_nothing_does_not_work() {
        let mut frozen = detector();
        (0..50).for_each(|_| see(&mut frozen, 1.0));
        assert!(!frozen.works(), "the same to the last bit");
        clear(&mut frozen, 2);
        assert!(frozen.works());
        let mut dead = BubbleDetector::new(PATH_M);
        (0..10).for_each(|_| see(&mut dead, f32::NAN));
        assert!(!dead.works(), "never an echo");
    }
}
