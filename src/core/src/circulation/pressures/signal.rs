// SPDX-License-Identifier: Apache-2.0
//! One pressure sensor alone: is what it says a pressure, and where is its zero.
//!
//! # Model
//! | trouble | when |
//! |---|---|
//! | missing | the driver does not vouch for it, for 50 ms |
//! | range | no number, or outside -500 to 1000 mmHg: no transducer of a circuit shows it |
//! | spike | more than 100 mmHg from the pressure so far; believed when three in a row agree within that: it has moved |
//! | spikes | two in a row that do not agree, or one within 0.3 s of such a move: marked at once, until 0.3 s without any |
//! | frozen | the same to the last bit for 0.2 s; a transducer has 0.5 mmHg of noise |
//!
//! Zeroing: the sensor is open to air for a second, and somebody says so; the mean is taken off from then on, 30 mmHg at most
//! and only when it stood still.
//! # Timing
//! The last good pressure stands and is valid for 50 ms, so that a single lost sample is no alarm.
//! # Source
//! A clamp that closes in 0.3 s at 5 L/min changes a pressure by some 20 mmHg per period; the bands are several times that.

use super::trouble;

/// Range of a transducer [mmHg].
const RANGE_MMHG: (f32, f32) = (-500.0, 1000.0);
const BAND_MMHG: f32 = 100.0;
const STRAYS_TO_MOVE: u32 = 3;
/// No pressure moves by a band twice in so many periods; a sensor that did is believed after so many good ones.
const WILD_PERIODS: u32 = 30;
const PERIODS_FROZEN: u32 = 20;
/// Periods that the last pressure stands for.
const GAP_PERIODS_MAX: u32 = 5;
/// Periods of a zeroing, the largest zero, and how far its samples may be apart [mmHg].
const ZERO_PERIODS: u32 = 100;
const ZERO_MMHG_MAX: f32 = 30.0;
const ZERO_SPREAD_MMHG: f32 = 8.0;

/// Why a zero was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroRefused {
    /// The sensor did not answer all the time, or not as a sensor should.
    NoSignal,
    /// It did not stand still: it is not open to air.
    Unsteady,
    /// It is farther off than a sensor can be.
    TooFarOff,
}

/// A zeroing that runs.
#[derive(Clone, Copy, Debug)]
struct Zeroing {
    periods: u32,
    sum_mmhg: f32,
    min_mmhg: f32,
    max_mmhg: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Signal {
    zero_mmhg: f32,
    zeroing: Option<Zeroing>,
    last_mmhg: f32,
    equal_periods: u32,
    stray_mmhg: f32,
    strays: u32,
    /// Since it has moved by more than the band.
    settled_periods: u32,
    /// It jumps about: good samples that it is to show yet.
    wild_periods: u32,
    gap_periods: u32,
    /// The last good pressure is one that the next can be compared with.
    knows: bool,
    /// What is wrong with the last sample.
    sample_trouble: u32,
    pressure_mmhg: f32,
}

impl Signal {
    pub(super) const fn new() -> Self {
        Self {
            zero_mmhg: 0.0,
            zeroing: None,
            last_mmhg: f32::NAN,
            equal_periods: 0,
            stray_mmhg: 0.0,
            strays: 0,
            settled_periods: u32::MAX,
            wild_periods: 0,
            gap_periods: u32::MAX,
            knows: false,
            sample_trouble: trouble::MISSING,
            pressure_mmhg: 0.0,
        }
    }

    /// The sensor is open to air from now on, for a second.
    pub(super) fn zero(&mut self) {
        let (min_mmhg, max_mmhg) = (f32::INFINITY, f32::NEG_INFINITY);
        self.zeroing = Some(Zeroing { periods: 0, sum_mmhg: 0.0, min_mmhg, max_mmhg });
    }

    /// The last good pressure [mmHg].
    pub(super) fn pressure_mmhg(&self) -> f32 {
        self.pressure_mmhg
    }

    /// Bits of [`trouble`]; 0 while the pressure is to be believed.
    pub(super) fn trouble(&self) -> u32 {
        let wild = if self.wild_periods > 0 { trouble::SPIKE } else { 0 };
        if self.gap_periods <= GAP_PERIODS_MAX { wild } else { self.sample_trouble }
    }

    /// One period; `None` is no sample. The result of a zeroing when it ends.
    pub(super) fn step(&mut self, sample_mmhg: Option<f32>) -> Option<Result<(), ZeroRefused>> {
        self.sample_trouble = self.look(sample_mmhg);
        if self.sample_trouble == 0 {
            (self.gap_periods, self.knows) = (0, true);
            self.pressure_mmhg = self.last_mmhg - self.zero_mmhg;
        } else {
            self.gap_periods = self.gap_periods.saturating_add(1);
            self.knows &= self.sample_trouble == trouble::SPIKE || self.gap_periods <= GAP_PERIODS_MAX;
        }
        let result = self.go_on_zeroing()?;
        self.zeroing = None;
        Some(result.map(|zero_mmhg| self.zero_mmhg = zero_mmhg))
    }

    fn look(&mut self, sample_mmhg: Option<f32>) -> u32 {
        let Some(sample_mmhg) = sample_mmhg else { return trouble::MISSING };
        let (min_mmhg, max_mmhg) = RANGE_MMHG;
        if !(min_mmhg..=max_mmhg).contains(&sample_mmhg) {
            return trouble::RANGE;
        }
        let is_equal = sample_mmhg == self.last_mmhg;
        self.equal_periods = if is_equal { self.equal_periods.saturating_add(1) } else { 0 };
        self.last_mmhg = sample_mmhg;
        if self.equal_periods >= PERIODS_FROZEN {
            return trouble::FROZEN;
        }
        self.settled_periods = self.settled_periods.saturating_add(1);
        let so_far_mmhg = self.pressure_mmhg + self.zero_mmhg;
        if !self.knows || (sample_mmhg - so_far_mmhg).abs() < BAND_MMHG {
            self.strays = 0;
            self.wild_periods = self.wild_periods.saturating_sub(1);
            return 0;
        }
        let agrees = (sample_mmhg - self.stray_mmhg).abs() < BAND_MMHG;
        let moves_twice = self.strays > 0 && !agrees || self.settled_periods < WILD_PERIODS;
        if moves_twice || self.wild_periods > 0 {
            self.wild_periods = WILD_PERIODS;
        }
        if self.strays == 0 || !agrees {
            (self.stray_mmhg, self.strays) = (sample_mmhg, 0);
        }
        self.strays = self.strays.saturating_add(1);
        if self.strays < STRAYS_TO_MOVE {
            return trouble::SPIKE;
        }
        (self.strays, self.settled_periods) = (0, 0);
        0
    }

    fn go_on_zeroing(&mut self) -> Option<Result<f32, ZeroRefused>> {
        let zeroing = self.zeroing.as_mut()?;
        if self.sample_trouble != 0 {
            return Some(Err(ZeroRefused::NoSignal));
        }
        zeroing.periods = zeroing.periods.saturating_add(1);
        zeroing.sum_mmhg += self.last_mmhg;
        zeroing.min_mmhg = zeroing.min_mmhg.min(self.last_mmhg);
        zeroing.max_mmhg = zeroing.max_mmhg.max(self.last_mmhg);
        if zeroing.periods < ZERO_PERIODS {
            return None;
        }
        let zero_mmhg = zeroing.sum_mmhg / ZERO_PERIODS as f32;
        Some(if zeroing.max_mmhg - zeroing.min_mmhg > ZERO_SPREAD_MMHG {
            Err(ZeroRefused::Unsteady)
        } else if zero_mmhg.abs() > ZERO_MMHG_MAX {
            Err(ZeroRefused::TooFarOff)
        } else {
            Ok(zero_mmhg)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// Noise of a period, within 1 mmHg.
    fn noise(period: u32) -> f32 {
        (period.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 * 2.0 - 1.0
    }

    fn run(signal: &mut Signal, periods: u32, mmhg: f32) -> Vec<Result<(), ZeroRefused>> {
        (0..periods).filter_map(|period| signal.step(Some(mmhg + noise(period)))).collect()
    }

    #[test]
    fn a_pressure_passes_and_what_is_none_is_named() {
        let mut signal = Signal::new();
        assert_eq!(signal.trouble(), trouble::MISSING);
        run(&mut signal, 50, -40.0);
        assert_eq!(signal.trouble(), 0);
        assert!((signal.pressure_mmhg() + 40.0).abs() < 1.1);
        let after = |sample: Option<f32>, expected: u32| {
            let mut signal = signal;
            for period in 1..=100 {
                signal.step(sample);
                let standing = if expected == trouble::FROZEN { 25 } else { 5 };
                let marked = if period > standing { expected } else { 0 };
                assert_eq!(signal.trouble(), marked, "{sample:?}, period {period}");
                assert!((signal.pressure_mmhg() + 40.0).abs() < 2.1);
            }
            run(&mut signal, 1, -41.0);
            assert_eq!(signal.trouble(), 0, "it comes back");
        };
        after(None, trouble::MISSING);
        after(Some(f32::NAN), trouble::RANGE);
        after(Some(f32::INFINITY), trouble::RANGE);
        after(Some(-501.0), trouble::RANGE);
        after(Some(1001.0), trouble::RANGE);
        after(Some(-40.0), trouble::FROZEN);
    }

    #[test]
    fn spikes_never_pass_and_a_step_is_there_after_three_periods() {
        let mut signal = Signal::new();
        run(&mut signal, 50, 100.0);
        for period in 0..300 {
            let spike =
                if period % 3 == 0 { 600.0 + 150.0 * (period % 2) as f32 } else { 100.0 + noise(period) };
            signal.step(Some(spike));
            assert!((signal.pressure_mmhg() - 100.0).abs() < 1.1);
            assert_eq!(signal.trouble(), 0);
        }
        run(&mut signal, 2, 300.0);
        assert!((signal.pressure_mmhg() - 100.0).abs() < 1.1);
        run(&mut signal, 1, 300.0);
        assert!((signal.pressure_mmhg() - 300.0).abs() < 1.1);
        // Wild all the time is marked.
        for period in 0..100 {
            signal.step(Some(if period % 2 == 0 { -300.0 } else { 900.0 }));
        }
        assert_eq!(signal.trouble(), trouble::SPIKE);
    }

    /// Either way by chance, so that now and then three in a row agree.
    #[test]
    fn what_jumps_about_is_marked_though_three_in_a_row_agree_and_until_it_has_settled() {
        for seed in 0..200_u32 {
            let mut signal = Signal::new();
            run(&mut signal, 50, 150.0);
            let mut random = seed;
            let mut wrong = 0;
            for period in 0..500 {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let spike = if random & 1 << 20 == 0 { 500.0 } else { -500.0 };
                signal.step(Some(150.0 + spike + noise(period)));
                wrong += u32::from(signal.trouble() == 0 && (signal.pressure_mmhg() - 150.0).abs() > 3.0);
            }
            // The first ones may be all alike: a step, until another one comes.
            assert!(wrong <= 12, "seed {seed}: {wrong} periods");
            assert_eq!(signal.trouble(), trouble::SPIKE);
            let marked = (0..100).filter(|period| {
                signal.step(Some(150.0 + noise(*period)));
                signal.trouble() != 0
            });
            assert!((29..=33).contains(&marked.count()), "seed {seed}");
        }
        // A step alone is none of that.
        let mut signal = Signal::new();
        run(&mut signal, 50, 150.0);
        run(&mut signal, 3, 400.0);
        assert_eq!((signal.trouble(), signal.pressure_mmhg() > 390.0), (0, true));
    }

    #[test]
    fn the_zero_is_taken_in_air_alone() {
        let mut signal = Signal::new();
        run(&mut signal, 10, 12.0);
        signal.zero();
        assert_eq!(run(&mut signal, 100, 12.0), [Ok(())]);
        run(&mut signal, 10, 12.0);
        assert!(signal.pressure_mmhg().abs() < 1.1, "{}", signal.pressure_mmhg());
        let refused = |samples: &dyn Fn(u32) -> Option<f32>, expected| {
            let mut signal = signal;
            signal.zero();
            let results: Vec<_> = (0..200).filter_map(|period| signal.step(samples(period))).collect();
            assert_eq!(results, [Err(expected)]);
            run(&mut signal, 10, 112.0);
            assert!((signal.pressure_mmhg() - 100.0).abs() < 1.1, "the old zero stands");
        };
        refused(&|period| (period != 50).then(|| noise(period)), ZeroRefused::NoSignal);
        refused(&|period| Some(20.0 * (period % 2) as f32 + noise(period)), ZeroRefused::Unsteady);
        refused(&|period| Some(35.0 + noise(period)), ZeroRefused::TooFarOff);
    }
}
