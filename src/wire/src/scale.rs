// SPDX-License-Identifier: Apache-2.0
//! Raw codes and physical values of scaled signals.

use crate::decode::Rejection;

/// How a value lies in its bits; the constants come from the DBC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    pub(crate) signal: &'static str,
    /// Steps of a unit: a whole number, so that a decimal comes back as it is written.
    pub(crate) steps: f32,
    pub(crate) raw_min: i32,
    pub(crate) raw_max: i32,
    /// Outside of the range: there is no number.
    pub(crate) raw_none: i32,
}

impl Scale {
    /// The raw code nearest to a value; beyond the range its end, for NaN the code that every receiver refuses.
    pub(crate) fn saturated<Raw: TryFrom<i32> + Default>(&self, value: f32) -> Raw {
        let steps = value * self.steps;
        let rounded = (steps + 0.5_f32.copysign(steps)) as i32;
        let raw = if steps.is_nan() { self.raw_none } else { rounded.max(self.raw_min).min(self.raw_max) };
        // Range and code of no number fit the signal's bits; the build checks that.
        Raw::try_from(raw).unwrap_or_default()
    }

    /// The raw code nearest to a value within the range.
    pub(crate) fn exact(&self, value: f32) -> Result<i32, Rejection> {
        let steps = value * self.steps;
        let within = (self.raw_min as f32..=self.raw_max as f32).contains(&steps);
        if within { Ok(self.saturated(value)) } else { Err(Rejection::OutOfRange(self.signal)) }
    }

    /// The value of a raw code within the range.
    pub(crate) fn value(&self, raw: impl Into<i32>) -> Result<f32, Rejection> {
        let raw = raw.into();
        if raw < self.raw_min || self.raw_max < raw {
            return Err(Rejection::OutOfRange(self.signal));
        }
        Ok(raw as f32 / self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEED: Scale = Scale { signal: "speed", steps: 2.0, raw_min: -10, raw_max: 10, raw_none: -128 };
    const REFUSED: Result<f32, Rejection> = Err(Rejection::OutOfRange("speed"));

    #[test]
    fn a_decimal_comes_back_as_it_is_written() {
        let hundredths = Scale { signal: "", steps: 100.0, raw_min: -1000, raw_max: 1000, raw_none: -2000 };
        for (raw, value) in [(10, 0.1), (30, 0.3), (70, 0.7), (-110, -1.1)] {
            assert_eq!((hundredths.value(raw), hundredths.saturated::<i32>(value)), (Ok(value), raw));
        }
    }

    #[test]
    fn values_go_to_the_nearest_step() {
        for (value, raw) in [(0.0, 0), (0.24, 0), (0.26, 1), (-0.26, -1), (2.5, 5), (-2.5, -5)] {
            assert_eq!(SPEED.saturated::<i32>(value), raw, "{value}");
        }
    }

    #[test]
    fn values_beyond_the_range_saturate_on_either_side() {
        for (value, raw) in [(5.0, 10), (5.3, 10), (f32::MAX, 10), (f32::INFINITY, 10)] {
            assert_eq!(
                (SPEED.saturated::<i32>(value), SPEED.saturated::<i32>(-value)),
                (raw, -raw),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused_by_name() {
        assert_eq!(SPEED.value(SPEED.saturated::<i8>(f32::NAN)), REFUSED);
        assert_eq!(SPEED.exact(f32::NAN), Err(Rejection::OutOfRange("speed")));
    }

    #[test]
    fn the_edges_of_the_range_are_within() {
        assert_eq!((SPEED.value(10), SPEED.value(-10)), (Ok(5.0), Ok(-5.0)));
        assert_eq!((SPEED.value(11), SPEED.value(-11)), (REFUSED, REFUSED));
        assert_eq!((SPEED.exact(5.0), SPEED.exact(-5.0)), (Ok(10), Ok(-10)));
        assert!(SPEED.exact(5.01).is_err() && SPEED.exact(-5.01).is_err());
    }
}
