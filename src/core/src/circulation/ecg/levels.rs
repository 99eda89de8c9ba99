// SPDX-License-Identifier: Apache-2.0
//! The threshold between beats and the rest, which follows the signal.
//!
//! # Model
//! Sizes are those of a pair of half waves, S of the beats, N of what lies between them.
//! ```text
//! T = N + 0.35 (S - N), not below FLOOR_MV
//! T waves: not below 0.6 (last beat) until 220 ms after it, then falling to nothing at 450 ms
//! late beat: after 1.6 RR falling to N + 0.15 (S - N) within 1 s
//! none for 2 s: S halves every 1.4 s
//! ```
//! A beat moves S by 0.2 of the difference, within 0.3 to 2.5 S; a pair of noise moves N by 0.1 of it.
//!
//! # Source
//! J. Pan, W. J. Tompkins, A real-time QRS detection algorithm, IEEE Trans. Biomed. Eng. 32 (1985) 230:
//! signal and noise level; the refractory shares follow Christov 2004 (see [`super::filters`]).

use crate::math::{between, larger, smaller};

/// Smallest threshold: a QRS complex of 0.1 mV [mV].
const FLOOR_MV: f32 = 0.06;
/// Place of the threshold between noise and signal.
const SHARE: f32 = 0.35;
/// The same for a beat that is late.
const LATE_SHARE: f32 = 0.15;
/// A beat is late after so many intervals.
const LATE_INTERVALS: f32 = 1.6;
/// Time in which the threshold falls for a late beat [ms].
const LATE_MS: f32 = 1000.0;
/// Time after which the level of the beats is forgotten [ms], and how fast.
const FORGET_AFTER_MS: f32 = 2000.0;
const FORGET_MS: f32 = 2000.0;
/// No second beat within so long of the first [ms].
pub const REFRACTORY_MS: f32 = 220.0;
/// End of the time in which a T wave may come [ms].
const T_WAVE_MS: f32 = 450.0;
/// Size of a T wave, of its beat.
const T_WAVE_SHARE: f32 = 0.6;
const BEAT_GAIN: f32 = 0.2;
const NOISE_GAIN: f32 = 0.1;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct Levels {
    beat_mv: f32,
    noise_mv: f32,
    last_beat_mv: f32,
}

impl Levels {
    /// As learnt from the largest pair of the first seconds.
    #[must_use]
    pub fn learnt(largest_mv: f32) -> Self {
        let beat_mv = 0.7 * largest_mv;
        Self { beat_mv, noise_mv: 0.1 * largest_mv, last_beat_mv: beat_mv }
    }

    /// Size from which a pair is a beat, so long after the last one, with intervals of that length [mV].
    #[must_use]
    pub fn threshold_mv(&self, since_ms: f32, interval_ms: f32) -> f32 {
        let late = between((since_ms - LATE_INTERVALS * interval_ms) / LATE_MS, 0.0, 1.0);
        let share = SHARE - late * (SHARE - LATE_SHARE);
        let usual_mv = self.noise_mv + share * (self.beat_mv - self.noise_mv);
        let t_wave = between((T_WAVE_MS - since_ms) / (T_WAVE_MS - REFRACTORY_MS), 0.0, 1.0);
        larger(larger(usual_mv, FLOOR_MV), T_WAVE_SHARE * t_wave * self.last_beat_mv)
    }

    /// Dead band of the half waves [mV].
    #[must_use]
    pub fn dead_mv(&self) -> f32 {
        0.15 * larger(self.threshold_mv(f32::INFINITY, 0.0), FLOOR_MV)
    }

    /// Usual size of a beat [mV].
    #[must_use]
    pub fn beat_mv(&self) -> f32 {
        self.beat_mv
    }

    /// Noise, of the size of a beat.
    #[must_use]
    pub fn noise_share(&self) -> f32 {
        self.noise_mv / larger(self.beat_mv, FLOOR_MV)
    }

    /// A beat of this size.
    pub fn beat(&mut self, size_mv: f32) {
        let size_mv = between(size_mv, 0.3 * self.beat_mv, 2.5 * self.beat_mv);
        self.beat_mv += BEAT_GAIN * (size_mv - self.beat_mv);
        self.last_beat_mv = size_mv;
    }

    /// A pair that is none.
    pub fn noise(&mut self, size_mv: f32) {
        self.noise_mv += NOISE_GAIN * (smaller(size_mv, self.beat_mv) - self.noise_mv);
    }

    /// A millisecond, so long after the last beat.
    pub fn wait(&mut self, since_ms: f32) {
        if since_ms > FORGET_AFTER_MS {
            self.beat_mv -= self.beat_mv * (super::SAMPLE_MS / FORGET_MS);
            self.noise_mv = smaller(self.noise_mv, self.beat_mv);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beats of 1 mV above noise of 0.1 mV.
    fn levels() -> Levels {
        let mut levels = Levels::learnt(1.0);
        (0..50).for_each(|_| levels.beat(1.0));
        (0..100).for_each(|_| levels.noise(0.1));
        levels
    }

    #[test]
    fn the_threshold_lies_between_noise_and_beats() {
        let levels = levels();
        assert!((levels.beat_mv() - 1.0).abs() < 1e-3 && (levels.noise_share() - 0.1).abs() < 1e-3);
        assert!((levels.threshold_mv(700.0, 800.0) - (0.1 + SHARE * 0.9)).abs() < 1e-3);
        assert!((levels.dead_mv() - 0.15 * (0.1 + LATE_SHARE * 0.9)).abs() < 1e-3);
    }

    #[test]
    fn a_t_wave_meets_a_higher_one_and_a_late_beat_a_lower_one() {
        let levels = levels();
        let at = |since_ms| levels.threshold_mv(since_ms, 800.0);
        assert!((at(REFRACTORY_MS) - T_WAVE_SHARE).abs() < 1e-3);
        assert!(at(REFRACTORY_MS) > at(250.0) && at(250.0) > at(T_WAVE_MS));
        assert_eq!(at(T_WAVE_MS), at(LATE_INTERVALS * 800.0));
        assert!((at(LATE_INTERVALS * 800.0 + LATE_MS) - (0.1 + LATE_SHARE * 0.9)).abs() < 1e-3);
    }

    #[test]
    fn one_beat_of_any_size_moves_the_level_by_little() {
        for (size_mv, level_mv) in [(100.0, 1.3), (0.0, 0.86), (f32::NAN, 0.86)] {
            let mut levels = levels();
            levels.beat(size_mv);
            assert!((levels.beat_mv() - level_mv).abs() < 1e-3, "{size_mv}: {}", levels.beat_mv());
        }
    }

    #[test]
    fn beats_that_stay_away_are_forgotten_and_the_floor_stays() {
        let mut levels = levels();
        (0..2000).for_each(|_| levels.wait(FORGET_AFTER_MS));
        assert!((levels.beat_mv() - 1.0).abs() < 1e-3, "not yet");
        (0..20_000).for_each(|_| levels.wait(FORGET_AFTER_MS + 1.0));
        assert_eq!((levels.threshold_mv(5000.0, 800.0), levels.noise_share() <= 1.0), (FLOOR_MV, true));
    }
}
