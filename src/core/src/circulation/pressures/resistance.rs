// SPDX-License-Identifier: Apache-2.0
//! Resistances of the membrane lung and of both cannulas, now and as they used to be.
//!
//! # Model
//! | part | resistance | changes when |
//! |---|---|---|
//! | membrane lung | (pre-membrane - return) / Q | it clots |
//! | drainage cannula and tube | (venous - drainage) / Q^2 | they kink, or the vein closes |
//! | return tube and cannula | (return - arterial) / Q^2 | they kink |
//!
//! Venous and arterial pressure are not measured: 5 and 60 mmHg are taken for them, so the two of the cannulas are good
//! for a comparison with before alone. Each is filtered with 1 s. The reference of the lung is the mean of its first minute, until
//! it is exchanged; those of the cannulas follow with 2 minutes, because a kink is sudden and a patient changes.
//! The [witness](crate::circulation::estimate::witness) has one of its own for the lung, which it feeds while meter and pump agree.
//! # Limits and failure
//! Below 1 L/min, or without one of the pressures, nothing is said and the reference stands.
//! # Source
//! References of `docs/circulation.md`: linear for lungs, square for cannulas.

use crate::math::smaller;

/// Flow from which on a resistance is one [L/min].
const FLOW_LPM_MIN: f32 = 1.0;
/// Time constant of a resistance [periods].
const FILTER_PERIODS: f32 = 100.0;
/// Periods without, after which nothing is known any more.
const GAP_PERIODS_MAX: u32 = 100;

/// A resistance, and over its reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resistance {
    /// mmHg/(L/min) of the lung, mmHg/(L/min)2 of a cannula.
    pub value: f32,
    /// Over the reference; `None` before there is one.
    pub ratio: Option<f32>,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trend {
    value: f32,
    periods: f32,
    gap_periods: u32,
    reference: f32,
    reference_periods: f32,
    reference_periods_max: f32,
    follows: bool,
}

impl Trend {
    /// A reference that is the mean of so many periods, and then follows with as many or stands.
    pub(crate) const fn new(reference_periods_max: f32, follows: bool) -> Self {
        Self {
            value: 0.0,
            periods: 0.0,
            gap_periods: u32::MAX,
            reference: 0.0,
            reference_periods: 0.0,
            reference_periods_max,
            follows,
        }
    }

    /// The part is a new one.
    pub(super) fn exchange(&mut self) {
        *self = Self::new(self.reference_periods_max, self.follows);
    }

    pub(super) fn resistance(&self) -> Option<Resistance> {
        let ratio = self.reference(self.reference_periods_max).map(|reference| self.value / reference);
        (self.gap_periods < GAP_PERIODS_MAX && self.periods >= FILTER_PERIODS)
            .then_some(Resistance { value: self.value, ratio })
    }

    /// The reference, when it is the mean of so many periods.
    pub(crate) fn reference(&self, periods_min: f32) -> Option<f32> {
        (self.reference_periods >= periods_min && self.reference > 0.0).then_some(self.reference)
    }

    /// One period with the pressure drop and what it is divided by.
    pub(crate) fn step(&mut self, drop_mmhg: Option<f32>, flow_lpm: Option<f32>, divisor: fn(f32) -> f32) {
        let flow_lpm = flow_lpm.filter(|flow_lpm| *flow_lpm >= FLOW_LPM_MIN);
        let Some((drop_mmhg, flow_lpm)) = drop_mmhg.zip(flow_lpm) else {
            self.gap_periods = self.gap_periods.saturating_add(1);
            return;
        };
        if self.gap_periods >= GAP_PERIODS_MAX {
            self.periods = 0.0;
        }
        self.gap_periods = 0;
        self.periods = smaller(self.periods + 1.0, FILTER_PERIODS);
        self.value += (drop_mmhg / divisor(flow_lpm) - self.value) / self.periods;
        if self.periods < FILTER_PERIODS {
            return;
        }
        let grows = self.reference_periods < self.reference_periods_max;
        if grows {
            self.reference_periods += 1.0;
        }
        if grows || self.follows {
            self.reference += (self.value - self.reference) / self.reference_periods;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(trend: &mut Trend, periods: u32, resistance: f32) -> Option<Resistance> {
        (0..periods).for_each(|_| trend.step(Some(resistance * 4.0), Some(4.0), |flow| flow));
        trend.resistance()
    }

    #[test]
    fn a_clot_is_a_ratio_to_the_first_minute_however_slow() {
        let mut lung = Trend::new(6000.0, false);
        assert_eq!(run(&mut lung, 50, 10.0), None);
        let young = run(&mut lung, 100, 10.0).unwrap();
        assert!((young.value - 10.0).abs() < 1e-3 && young.ratio.is_none());
        assert!((run(&mut lung, 7000, 10.0).unwrap().ratio.unwrap() - 1.0).abs() < 1e-3);
        assert!((run(&mut lung, 360_000, 16.0).unwrap().ratio.unwrap() - 1.6).abs() < 1e-2);
        lung.exchange();
        assert_eq!(lung.resistance(), None);
        assert!((run(&mut lung, 7000, 8.0).unwrap().ratio.unwrap() - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_kink_stands_out_and_is_forgotten_in_minutes() {
        let mut cannula = Trend::new(12_000.0, true);
        run(&mut cannula, 13_000, 2.0);
        let kinked = run(&mut cannula, 500, 5.0).unwrap();
        assert!(kinked.ratio.unwrap() > 2.2, "{kinked:?}");
        let old = run(&mut cannula, 60_000, 5.0).unwrap();
        assert!(old.ratio.unwrap() < 1.1, "{old:?}");
    }

    #[test]
    fn without_flow_or_pressure_nothing_is_said() {
        let mut lung = Trend::new(100.0, false);
        run(&mut lung, 300, 10.0);
        for _ in 0..99 {
            lung.step(Some(5.0), Some(0.5), |flow| flow);
        }
        assert!(lung.resistance().is_some());
        lung.step(None, Some(4.0), |flow| flow);
        lung.step(Some(40.0), None, |flow| flow);
        assert_eq!(lung.resistance(), None);
        assert!(
            (run(&mut lung, 150, 20.0).unwrap().ratio.unwrap() - 2.0).abs() < 1e-2,
            "the reference stands"
        );
    }
}
