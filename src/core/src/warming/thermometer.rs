// SPDX-License-Identifier: Apache-2.0
//! One temperature sensor alone: is what it says a temperature.
//!
//! # Model
//! | trouble | when |
//! |---|---|
//! | missing | the driver does not vouch for it |
//! | open, short | no number, or outside 5 to 60 C: an end of the converter's range |
//! | jump | more than 1 K from one period to the next: 5 kW could not do that to a litre through a lag of 2 s |
//! | frozen | the same to the last bit for 10 s; the converter resolves a millikelvin, and there is noise |
//!
//! # Timing
//! The last good value stands for 1 s; after a jump for none. What comes and goes counts as in `trouble.rs`. A sensor is believed again
//! after 5 s without trouble.

use super::limits::{PERIODS_PER_S, PLAUSIBLE_CELSIUS};
use super::trouble::Trouble;

const JUMP_K: f32 = 1.0;
const PERIODS_FROZEN: u32 = 10 * PERIODS_PER_S;
const PERIODS_BAD: u32 = PERIODS_PER_S;
const PERIODS_GOOD: u32 = 5 * PERIODS_PER_S;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Thermometer {
    celsius: f32,
    last_celsius: f32,
    equal: u32,
    bad: Trouble,
    good: u32,
    is_believed: bool,
}

impl Thermometer {
    /// Believed from the first good sample on.
    pub(super) const NEW: Self = Self {
        celsius: f32::NAN,
        last_celsius: f32::NAN,
        equal: 0,
        bad: Trouble::after(PERIODS_BAD),
        good: 0,
        is_believed: false,
    };

    /// One period; the temperature, if it is believed.
    pub(super) fn step(&mut self, sample_celsius: Option<f32>) -> Option<f32> {
        let (min, max) = PLAUSIBLE_CELSIUS;
        let sample = sample_celsius.filter(|celsius| (min..=max).contains(celsius));
        if let Some(celsius) = sample {
            self.equal = if celsius == self.last_celsius { self.equal.saturating_add(1) } else { 0 };
            let jumped = (celsius - self.last_celsius).abs() > JUMP_K;
            let is_first = self.last_celsius.is_nan();
            self.last_celsius = celsius;
            if is_first {
                self.is_believed = true;
            }
            self.judge(!jumped && self.equal < PERIODS_FROZEN, jumped);
            if self.good > 0 {
                self.celsius = celsius;
            }
        } else {
            self.judge(false, false);
        }
        self.is_believed.then_some(self.celsius)
    }

    /// True when it has been in trouble for long.
    pub(super) fn is_out(&self) -> bool {
        !self.is_believed && (self.bad.stands() || self.good > 0)
    }

    fn judge(&mut self, is_good: bool, jumped: bool) {
        self.good = if is_good { self.good.saturating_add(1) } else { 0 };
        if self.bad.step(!is_good) || jumped {
            self.is_believed = false;
        } else if self.good >= PERIODS_GOOD {
            self.is_believed = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warm(thermometer: &mut Thermometer, periods: u32) -> Option<f32> {
        (0..periods).map(|k| thermometer.step(Some(37.0 + 0.001 * (k % 3) as f32))).last().unwrap()
    }

    #[test]
    fn what_is_no_temperature_stands_for_a_second_and_comes_back_after_five() {
        for sample in [None, Some(f32::NAN), Some(-20.0), Some(100.0)] {
            let mut thermometer = Thermometer::NEW;
            assert_eq!(warm(&mut thermometer, 1), Some(37.0));
            for period in 1..=12 {
                assert_eq!(thermometer.step(sample).is_some(), period < PERIODS_BAD, "{sample:?}");
            }
            assert!(thermometer.is_out());
            assert_eq!(warm(&mut thermometer, PERIODS_GOOD - 1), None);
            assert!(warm(&mut thermometer, 1).is_some() && !thermometer.is_out());
        }
    }

    #[test]
    fn a_jump_and_a_value_that_stands_still_are_not_believed() {
        let mut thermometer = Thermometer::NEW;
        warm(&mut thermometer, 10);
        assert_eq!(thermometer.step(Some(38.5)), None);
        assert!((0..49).all(|k| thermometer.step(Some(38.5 + 0.001 * (k % 2) as f32)).is_none()));
        let mut frozen = Thermometer::NEW;
        assert!((0..100).all(|_| frozen.step(Some(37.0)).is_some()));
        assert!((0..12).map(|_| frozen.step(Some(37.0))).last().unwrap().is_none());
    }

    /// It is not believed while it comes and goes, which a count that each good sample ends would never find.
    #[test]
    fn one_that_answers_every_other_time_is_out() {
        let mut loose = Thermometer::NEW;
        let mut seen =
            |period: u32| loose.step(period.is_multiple_of(2).then_some(37.0 + 0.001 * (period % 3) as f32));
        assert!((0..30).all(|period| seen(period).is_some()));
        assert!((30..60).map(&mut seen).last().unwrap().is_none());
        assert!((60..600).all(|period| seen(period).is_none()));
        assert!(loose.is_out());
    }

    #[test]
    fn one_that_never_spoke_is_out_after_a_second() {
        let mut silent = Thermometer::NEW;
        assert_eq!(silent.step(None), None);
        assert!(!silent.is_out());
        (0..10).for_each(|_| assert_eq!(silent.step(None), None));
        assert!(silent.is_out());
    }
}
