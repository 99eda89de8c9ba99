// SPDX-License-Identifier: Apache-2.0
//! Half waves of the slope: a QRS complex is a steep rise and a steep fall, one next to the other.
//!
//! A half wave lasts from one change of sign to the next; what stays within a dead band changes nothing. Size of a complex:
//! the peaks of two half waves that follow each other, as long as the older peak is no older than [`PAIR_MS`]. A step of the
//! electrode has a rise and no fall, a T wave has peaks that are low and far apart. The two halves of a complex are of like size:
//! the fall of a wave before it and its own rise are not.

/// Longest time from the peak of a half wave to the size of the pair [ms].
const PAIR_MS: f32 = 110.0;
/// Least size of the second half wave, of the first one: the complex has turned.
const TURNED: f32 = 0.25;
/// Least size of the first half wave, of the second one: below, it is what comes before the complex.
const BEGUN: f32 = 0.4;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct HalfWaves {
    /// Of the half wave that goes on: 1 or -1; 0 before the first one.
    sign: f32,
    peak_mv: f32,
    peak_age_ms: f32,
    earlier_peak_mv: f32,
    earlier_peak_age_ms: f32,
    /// Time since the slope last had the sign of the earlier half wave.
    crossing_age_ms: f32,
    zero_age_ms: f32,
}

/// A pair of half waves at this sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pair {
    /// Peak to peak of its slope [mV].
    pub size_mv: f32,
    /// Both halves are there, of a size that fits.
    pub is_balanced: bool,
    /// Time since the slope was zero between them [ms].
    pub crossing_age_ms: f32,
    /// The half wave before has just ended.
    pub is_new: bool,
}

impl HalfWaves {
    /// One sample; what is smaller than `dead_mv` does not begin a half wave.
    pub fn step(&mut self, slope_mv: f32, dead_mv: f32) -> Pair {
        self.peak_age_ms += super::SAMPLE_MS;
        self.earlier_peak_age_ms += super::SAMPLE_MS;
        self.crossing_age_ms += super::SAMPLE_MS;
        self.zero_age_ms += super::SAMPLE_MS;
        let along_mv = slope_mv * self.sign;
        if along_mv > 0.0 {
            self.zero_age_ms = 0.0;
        }
        let is_new = slope_mv.abs() > dead_mv && along_mv <= 0.0;
        if is_new {
            (self.earlier_peak_mv, self.earlier_peak_age_ms) = (self.peak_mv, self.peak_age_ms);
            self.crossing_age_ms = self.zero_age_ms;
            (self.sign, self.zero_age_ms, self.peak_mv) = (slope_mv.signum(), 0.0, 0.0);
        }
        if slope_mv * self.sign > self.peak_mv {
            (self.peak_mv, self.peak_age_ms) = (slope_mv.abs(), 0.0);
        }
        let earlier_mv = if self.earlier_peak_age_ms <= PAIR_MS { self.earlier_peak_mv } else { 0.0 };
        let size_mv = earlier_mv + self.peak_mv;
        Pair {
            size_mv,
            is_balanced: self.peak_mv >= TURNED * earlier_mv && earlier_mv > BEGUN * self.peak_mv,
            crossing_age_ms: self.crossing_age_ms,
            is_new,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(slopes_mv: impl IntoIterator<Item = f32>) -> Pair {
        let mut waves = HalfWaves::default();
        slopes_mv.into_iter().fold(Pair::default(), |_, slope_mv| waves.step(slope_mv, 0.05))
    }

    #[test]
    fn a_rise_and_a_fall_are_a_pair_with_the_zero_between_them() {
        let pair = last([0.0, 0.2, 0.5, 0.3, 0.02, -0.02, -0.04, -0.1, -0.4]);
        assert!((pair.size_mv - 0.9).abs() < 1e-6 && pair.is_balanced, "{pair:?}");
        assert_eq!(pair.crossing_age_ms, 4.0);
    }

    #[test]
    fn a_step_has_no_second_half_and_old_peaks_do_not_count() {
        assert!(!last([0.0, 0.3, 1.0, 0.3, 0.0, 0.02, -0.02]).is_balanced);
        let fall = |gap| last([0.5].into_iter().chain([0.0; 200].into_iter().take(gap)).chain([-0.4]));
        assert_eq!((fall(109).size_mv, fall(110).size_mv), (0.9, 0.4));
        assert!(fall(109).is_balanced && !fall(110).is_balanced);
    }

    #[test]
    fn what_is_no_number_changes_nothing() {
        let pair = last([0.5, f32::NAN, -0.4]);
        assert!(pair.size_mv == 0.9 && pair.is_balanced);
    }
}
