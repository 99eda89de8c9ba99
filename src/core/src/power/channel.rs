// SPDX-License-Identifier: Apache-2.0
//! One sensor of mains or battery alone: is what it says a measurement.
//!
//! # Model
//! | trouble | when |
//! |---|---|
//! | missing | the driver does not vouch for it |
//! | wild | no number, or outside its range |
//! | frozen | the same to the last bit for 1 s; the noise of the converter moves it. Not of mains that are gone: a converter of one sign shows 0 then |
//!
//! What is in trouble is `None` at once. It is *out* after 1 s of that, until 1 s without trouble has passed.

/// Periods in a second.
const PERIODS: u32 = super::PERIODS_PER_S;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    range: [f32; 2],
    still_below: f32,
    last: f32,
    equal: u32,
    bad: u32,
    out: bool,
}

impl Channel {
    pub(super) const fn new(range: [f32; 2]) -> Self {
        Self { range, still_below: f32::NEG_INFINITY, last: f32::NAN, equal: 0, bad: 0, out: false }
    }

    /// Values below this may repeat themselves.
    pub(super) const fn still_below(self, value: f32) -> Self {
        Self { still_below: value, ..self }
    }

    /// One period; the value, if it is one.
    pub(super) fn step(&mut self, is_there: bool, value: f32) -> Option<f32> {
        let [min, max] = self.range;
        self.equal = if value == self.last { self.equal.saturating_add(1) } else { 0 };
        self.last = value;
        let lives = self.equal < PERIODS || value < self.still_below;
        let is_good = is_there && (min..=max).contains(&value) && lives;
        self.bad = if is_good { self.bad.saturating_sub(1) } else { self.bad.saturating_add(1).min(PERIODS) };
        self.out = if self.out { self.bad > 0 } else { self.bad >= PERIODS };
        is_good.then_some(value)
    }

    /// It has been in trouble for long.
    pub(super) const fn is_out(&self) -> bool {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_wild_and_frozen_are_no_values_and_are_told_after_a_second() {
        let noisy = |period: u32| 40.0 + 0.001 * (period % 3) as f32;
        type Value = fn(u32) -> f32;
        let cases: [(bool, Value); 4] = [
            (false, |_| 40.5),
            (true, |_| f32::NAN),
            (true, |k| 80.0 + k as f32),
            (true, |k| -90.0 - k as f32),
        ];
        for (is_there, value) in cases {
            let mut channel = Channel::new([-60.0, 60.0]);
            for period in 0..1000 {
                assert!(channel.step(true, noisy(period)).is_some() && !channel.is_out());
            }
            for period in 0..99 {
                assert!(channel.step(is_there, value(period)).is_none() && !channel.is_out());
            }
            channel.step(is_there, value(99));
            assert!(channel.is_out());
            for period in 0..99 {
                assert!(channel.step(true, noisy(period)).is_some() && channel.is_out());
            }
            channel.step(true, noisy(99));
            assert!(!channel.is_out());
        }
        let mut frozen = Channel::new([-60.0, 60.0]);
        let believed = (0..1000).filter(|_| frozen.step(true, 0.0).is_some()).count();
        assert_eq!((believed, frozen.is_out()), (100, true), "the first and its repetitions of a second");
    }
}
