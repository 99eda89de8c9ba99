// SPDX-License-Identifier: Apache-2.0
//! Heart beats in a raw ECG of one channel, as soon as the QRS complex turns.
//!
//! # Model
//! ```text
//! sample -> quality -> filters -> slope -> pair of half waves -> size > threshold -> beat
//! ```
//! | step | in |
//! |---|---|
//! | gaps bridged, electrode off, saturation | [`super::quality`] |
//! | pacing spikes, mains, baseline, muscle | [`super::filters`] |
//! | rise and fall | [`super::half_waves`] |
//! | signal, noise, T waves, late beats | [`super::levels`] |
//!
//! The R wave is where the slope was zero between rise and fall, less the delay of the filters. The complex is taken when
//! its second half wave has begun, not when it is over: that is what keeps the latency low.
//!
//! # Timing
//! [`SAMPLES_PER_STEP`] samples a step, one millisecond each; fewer are as many missing ones. A beat is told in the step in which it is
//! found, with the age of its R wave at the end of that step: 30 to 60 ms (`levitas ecg`). The first
//! [`LEARN_MS`] give no beats, nor do those after a second without a signal.
//!
//! # Limits and failure
//! Total: any sample, NaN too. No beats while the quality is worse than noisy. Rates up to 270 /min. A beat of less than a
//! third of the usual size is missed, and so is one that follows another within 450 ms and is much smaller: that is what a T wave looks like.
//!
//! # Shown by
//! Unit tests; `tests/ecg.rs` of the simulator, with a real record and synthetic ones; docs/ecg.md.

use super::filters::{DELAY_MS, Filters};
use super::half_waves::{HalfWaves, Pair};
use super::levels::{Levels, REFRACTORY_MS};
use super::quality::{Quality, QualityWatch};
use super::{SAMPLE_MS, SAMPLES_PER_STEP};
use crate::math::{larger, saturate_between};

/// Time in which the size of a beat is learnt [ms].
pub const LEARN_MS: f32 = 2000.0;
/// A pair of so much of the largest one is a beat while there is no threshold.
const LEARN_SHARE: f32 = 0.6;
/// From finding a beat to knowing its size [ms].
const SIZE_MS: f32 = 120.0;
/// From a beat until what follows is noise [ms].
const NOISE_AFTER_MS: f32 = 320.0;
/// Spike of a pacemaker [mV].
const SPIKE_MV: f32 = 0.5;
/// A pair of so many beats' size is an artefact.
const ARTEFACT_BEATS: f32 = 6.0;
/// Interval that is assumed before there is one, and its range [ms].
const INTERVAL_MS: (f32, f32, f32) = (800.0, 300.0, 1500.0);

/// What a step has found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EcgReport {
    /// Age of the R wave of a new beat [ms].
    pub beat_age_ms: Option<f32>,
    /// What the signal is worth.
    pub quality: Quality,
    /// Spikes of a pacemaker since power-up; wraps.
    pub spike_count: u32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct QrsDetector {
    watch: QualityWatch,
    filters: Filters,
    waves: HalfWaves,
    levels: Levels,
    learn_ms: f32,
    largest_mv: f32,
    /// Since the last beat was found, and since its R wave.
    found_ms: f32,
    since_ms: f32,
    interval_ms: f32,
    is_sized: bool,
    in_spike: bool,
    spike_count: u32,
}

impl QrsDetector {
    /// For a front end that saturates at plus and minus this.
    #[must_use]
    pub fn new(rail_mv: f32) -> Self {
        Self {
            watch: QualityWatch::new(rail_mv),
            filters: Filters::default(),
            waves: HalfWaves::default(),
            levels: Levels::default(),
            learn_ms: LEARN_MS,
            largest_mv: 0.0,
            found_ms: f32::INFINITY,
            since_ms: f32::INFINITY,
            interval_ms: INTERVAL_MS.0,
            is_sized: true,
            in_spike: false,
            spike_count: 0,
        }
    }

    /// A period of 10 ms, its samples from the oldest to the newest [mV].
    pub fn step(&mut self, samples_mv: &[f32]) -> EcgReport {
        let mut beat_age_ms = None;
        let present = samples_mv.iter().copied().map(Some);
        for sample_mv in present.chain(core::iter::repeat(None)).take(SAMPLES_PER_STEP) {
            beat_age_ms = beat_age_ms.map(|age_ms| age_ms + SAMPLE_MS);
            beat_age_ms = self.sample(sample_mv).or(beat_age_ms);
        }
        let is_learning = self.learn_ms > 0.0;
        let noise_share = if is_learning { 1.0 } else { self.levels.noise_share() };
        EcgReport { beat_age_ms, quality: self.watch.quality(noise_share), spike_count: self.spike_count }
    }

    /// One sample; age of the R wave of a beat that it shows.
    fn sample(&mut self, sample_mv: Option<f32>) -> Option<f32> {
        let filtered = self.filters.step(self.watch.take(sample_mv));
        self.watch.hear(filtered.hum_mv);
        self.count_spikes(filtered.spike_mv);
        self.found_ms += SAMPLE_MS;
        self.since_ms += SAMPLE_MS;
        if self.watch.is_forgotten() {
            (self.learn_ms, self.largest_mv) = (LEARN_MS, 0.0);
        }
        if !self.watch.is_settled() {
            self.waves = HalfWaves::default();
            return None;
        }
        let pair = self.waves.step(filtered.slope_mv, self.levels.dead_mv());
        if self.learn_ms > 0.0 {
            self.learn(&pair);
            return None;
        }
        self.follow(&pair);
        self.is_beat(&pair).then(|| self.take(&pair))
    }

    fn count_spikes(&mut self, spike_mv: f32) {
        let in_spike = spike_mv.abs() > SPIKE_MV;
        if in_spike && !self.in_spike {
            self.spike_count = self.spike_count.wrapping_add(1);
        }
        self.in_spike = in_spike;
    }

    fn learn(&mut self, pair: &Pair) {
        if pair.is_balanced {
            self.largest_mv = larger(self.largest_mv, pair.size_mv);
            if pair.size_mv > LEARN_SHARE * self.largest_mv {
                (self.found_ms, self.since_ms) = (0.0, pair.crossing_age_ms + DELAY_MS);
            }
        }
        self.learn_ms -= SAMPLE_MS;
        if self.learn_ms <= 0.0 {
            self.levels = Levels::learnt(self.largest_mv);
        }
    }

    /// Levels of beats and noise.
    fn follow(&mut self, pair: &Pair) {
        self.levels.wait(self.found_ms);
        if self.found_ms <= SIZE_MS {
            self.largest_mv = larger(self.largest_mv, pair.size_mv);
        } else if !self.is_sized {
            self.levels.beat(self.largest_mv);
            self.is_sized = true;
        }
        if self.found_ms > NOISE_AFTER_MS && pair.is_new && pair.is_balanced {
            self.levels.noise(pair.size_mv);
        }
    }

    fn is_beat(&self, pair: &Pair) -> bool {
        let threshold_mv = self.levels.threshold_mv(self.since_ms, self.interval_ms);
        self.found_ms > REFRACTORY_MS
            && pair.is_balanced
            && pair.size_mv > threshold_mv
            && pair.size_mv < ARTEFACT_BEATS * larger(self.levels.beat_mv(), threshold_mv)
    }

    fn take(&mut self, pair: &Pair) -> f32 {
        let age_ms = pair.crossing_age_ms + DELAY_MS;
        let (_, shortest_ms, longest_ms) = INTERVAL_MS;
        let interval_ms = saturate_between(self.since_ms - age_ms, shortest_ms, longest_ms);
        self.interval_ms += 0.25 * (interval_ms - self.interval_ms);
        (self.found_ms, self.since_ms, self.largest_mv, self.is_sized) = (0.0, age_ms, pair.size_mv, false);
        age_ms
    }
}

#[cfg(test)]
#[path = "detector_tests.rs"]
mod tests;
