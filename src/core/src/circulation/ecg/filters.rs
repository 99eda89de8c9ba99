// SPDX-License-Identifier: Apache-2.0
//! From a raw ECG to the slope of its QRS complexes: pacing spikes, mains and baseline off.
//!
//! # Model
//! ```text
//! m = median of 7;   s = mean of 20 of mean of 17 of m;   d = s[n] - s[n - 10]
//! ```
//! | stage | does | gain | delay |
//! |---|---|---|---|
//! | median of 7 | takes off what is no longer than 3 ms: the spike of a pacemaker | 1 for what lasts longer | 3 ms |
//! | means of 20 and of 17 ms | zeros at 50 Hz and its harmonics, and at 58.8 Hz | 1/2 at 24 Hz, < 0.01 from 48 to 61 Hz | 17.5 ms |
//! | difference over 10 ms | the baseline has no slope | 0.03 at 0.5 Hz | 5 ms |
//!
//! The whole passes 6 to 34 Hz (half of the largest gain, 0.73 at 19 Hz), where a QRS complex has most of its energy and P
//! and T waves have little. Sums are made anew with each sample: nothing of the past, no rounding either, is left after 53 ms.
//!
//! # Limits and failure
//! A front end narrower than 300 Hz stretches a spike of 2 ms beyond what the median takes off.
//!
//! # Source
//! N. V. Thakor, J. G. Webster, W. J. Tompkins, Estimation of QRS complex power spectra for design of a QRS filter, IEEE
//! Trans. Biomed. Eng. 31 (1984) 702: signal to noise is best at 17 Hz. I. I. Christov, Real time electrocardiogram QRS
//! detection using combined adaptive threshold, BioMed. Eng. OnLine 3:28 (2004): the mean over a period of the mains.
//!
//! # Shown by
//! Unit tests below.

/// Delay of the slope: the middle of its kernel [ms].
pub const DELAY_MS: f32 = 3.0 + 17.5 + 5.0;

/// The last N samples, the newest first.
#[derive(Clone, Copy, Debug)]
struct History<const N: usize>([f32; N]);

impl<const N: usize> History<N> {
    /// Takes a sample, gives back the one that is N samples old.
    fn push(&mut self, sample: f32) -> f32 {
        self.0.iter_mut().fold(sample, |newer, place| core::mem::replace(place, newer))
    }

    fn mean(&self) -> f32 {
        self.0.iter().sum::<f32>() / N as f32
    }

    /// The value that as many are below as above; N is odd.
    fn median(&self) -> f32 {
        let count = |is: &dyn Fn(f32) -> bool| self.0.iter().filter(|sample| is(**sample)).count();
        let is_middle = |value: &&f32| {
            let below = count(&|other| other < **value);
            let up_to = count(&|other| other <= **value);
            below <= N / 2 && up_to > N / 2
        };
        self.0.iter().find(is_middle).copied().unwrap_or(0.0)
    }
}

/// What the filters say of a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filtered {
    /// Change over 10 ms [mV].
    pub slope_mv: f32,
    /// What the median took off, of the sample of 3 ms ago [mV].
    pub spike_mv: f32,
    /// What the means took off: mains and muscle [mV].
    pub hum_mv: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Filters {
    raw: History<7>,
    spikeless: History<20>,
    half: History<17>,
    smooth: History<10>,
    is_filled: bool,
}

impl Default for Filters {
    fn default() -> Self {
        Self {
            raw: History([0.0; 7]),
            spikeless: History([0.0; 20]),
            half: History([0.0; 17]),
            smooth: History([0.0; 10]),
            is_filled: false,
        }
    }
}

impl Filters {
    /// One sample; the first one is taken for what was always there.
    pub fn step(&mut self, sample_mv: f32) -> Filtered {
        if !self.is_filled {
            *self = Self {
                raw: History([sample_mv; 7]),
                spikeless: History([sample_mv; 20]),
                half: History([sample_mv; 17]),
                smooth: History([sample_mv; 10]),
                is_filled: true,
            };
        }
        self.raw.push(sample_mv);
        let median_mv = self.raw.median();
        let [_, _, _, middle_mv, ..] = self.raw.0;
        // 17 ms ago is the middle of both means.
        let [.., middle_of_20_mv, _, _] = self.spikeless.0;
        self.spikeless.push(median_mv);
        self.half.push(self.spikeless.mean());
        let smooth_mv = self.half.mean();
        Filtered {
            slope_mv: smooth_mv - self.smooth.push(smooth_mv),
            spike_mv: middle_mv - median_mv,
            hum_mv: middle_of_20_mv - smooth_mv,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::sin_cos;
    use crate::units::{RAD_PER_S_PER_HZ, RAD_PER_TURN};
    use proptest::prelude::*;

    /// Amplitude of the slope of 1 mV at a frequency.
    fn gain(frequency_hz: f32) -> f32 {
        let mut filters = Filters::default();
        let mut turns = 0.0_f32;
        (0..6000).fold(0.0, |largest, index| {
            turns = (turns + frequency_hz * 1e-3).fract();
            let slope_mv = filters.step(sin_cos(turns * RAD_PER_TURN - core::f32::consts::PI).0).slope_mv;
            if index < 2000 { largest } else { largest.max(slope_mv.abs()) }
        })
    }

    #[test]
    fn the_gain_is_that_of_the_table() {
        let largest = gain(19.0);
        for frequency_hz in [6.0, 34.0] {
            let part = gain(frequency_hz) / largest;
            assert!((part - 0.5).abs() < 0.04, "{frequency_hz} Hz: {part}");
        }
        for frequency_hz in [10.0, 14.0, 18.0, 24.0] {
            assert!(gain(frequency_hz) / largest > 0.75 && gain(frequency_hz) < 1.02 * largest);
        }
        for frequency_hz in [48.0, 50.0, 55.0, 60.0, 61.0, 100.0, 120.0] {
            assert!(gain(frequency_hz) < 0.04 * largest, "{frequency_hz} Hz: {}", gain(frequency_hz));
        }
        assert!((gain(0.5) - 0.5 * RAD_PER_S_PER_HZ * 0.01).abs() < 1e-3);
    }

    #[test]
    fn a_spike_of_three_milliseconds_leaves_nothing_and_is_told() {
        let mut filters = Filters::default();
        let (mut slope_mv, mut spike_mv) = (0.0_f32, 0.0_f32);
        for index in 0..200 {
            let filtered = filters.step(if (100..103).contains(&index) { -4.0 } else { 0.5 });
            slope_mv = slope_mv.max(filtered.slope_mv.abs());
            spike_mv = spike_mv.min(filtered.spike_mv);
        }
        assert!(slope_mv < 1e-5 && spike_mv == -4.5, "{slope_mv} {spike_mv}");
    }

    #[test]
    fn a_peak_shows_as_rise_and_fall_with_the_zero_between_them_at_the_delay() {
        let mut filters = Filters::default();
        let (mut before, mut crossing) = (0.0, None);
        for index in 0_u16..400 {
            let distance = (f32::from(index) - 200.0) / 12.0;
            let slope_mv = filters.step(crate::math::exp_of_minus(0.5 * distance * distance)).slope_mv;
            if before > 0.05 && slope_mv <= 0.0 {
                crossing = crossing.or(Some(f32::from(index)));
            }
            before = if slope_mv > 0.05 || before > 0.05 && slope_mv > 0.0 { 1.0 } else { 0.0 };
        }
        let late_ms = crossing.unwrap() - 200.0 - DELAY_MS;
        assert!((0.0..=1.0).contains(&late_ms), "{late_ms}");
    }

    proptest! {
        #[test]
        fn the_median_has_as_many_below_as_above(samples in proptest::array::uniform7(-5.0_f32..5.0)) {
            let mut sorted = samples;
            sorted.sort_by(f32::total_cmp);
            prop_assert_eq!(History(samples).median(), sorted[3]);
        }

        #[test]
        fn nothing_of_the_past_is_left(past in proptest::collection::vec(-1e3_f32..1e3, 1..200)) {
            let mut filters = Filters::default();
            for sample in past {
                filters.step(sample);
            }
            let last = (0..60).fold(Filtered::default(), |_, _| filters.step(0.25));
            prop_assert_eq!(last, Filtered::default());
        }
    }
}
