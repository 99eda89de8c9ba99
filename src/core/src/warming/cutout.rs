// SPDX-License-Identifier: Apache-2.0
//! The cut-out: takes the power from the heater when water or blood is too warm, whatever the control does, believes or has become.
//!
//! # Model
//! It opens when the water is at 41.0 C 10 s ahead, or the blood at 39.5 C 5 s ahead, at the present rate, for three periods, and when a sensor
//! of its own has not been believable for 1 s (no number, an end of the converter's range, or the same to the last bit for 5 s). It
//! stays open until its button is pressed with both 1 K under their limits. What comes and goes counts as in `trouble.rs`: a sample that
//! is not believable takes nothing from what counts as too warm, and a good one little from what counts as unbelievable.
//!
//! It starts open, and closes by itself once, after a second in which both sensors were well and 1 K under their limits. One that starts
//! anew stays open if it was; see [`CutOut::resume`].
//!
//! It reads two sensors and a button that nobody else reads, writes one output that nobody else writes, and shares no state. It has no
//! clock: what stops it stops its output, and a monostable opens the relay.
//! # Stale input
//! A driver that does not vouch for a sample counts as a sensor that is not believable.
//! # Limits and failure
//! A sensor that drifts down is not seen here: the control compares the two, and behind both a thermostat opens at 43 C.
//! # Shown by
//! Unit tests below; every pair of faults and the cut-out alone: docs/warming.md.

use super::limits::{
    CUT_OUT_BLOOD_CELSIUS, CUT_OUT_BLOOD_LEAD_S, CUT_OUT_HYSTERESIS_K, CUT_OUT_WATER_CELSIUS,
    CUT_OUT_WATER_LEAD_S, PERIOD_S, PERIODS_PER_S, PLAUSIBLE_CELSIUS,
};
use super::trouble::Trouble;
use crate::code::from_code;
use crate::math::larger;
use crate::ports::{CutOutInputs, CutOutOutputs, valid};

/// Periods over a limit.
const PERIODS_OVER: u32 = 3;
const PERIODS_BAD: u32 = PERIODS_PER_S;
const PERIODS_FROZEN: u32 = 5 * PERIODS_PER_S;
/// Both are well so long before it closes at its start.
const PERIODS_WELL: u32 = PERIODS_PER_S;
/// Time constant of the rate [s].
const RATE_S: f32 = 1.0;

/// Why it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Trip {
    /// The water was too warm, or about to be.
    Water = 1,
    /// The blood was too warm.
    Blood = 2,
    /// A sensor of its own is not to be believed.
    Sensor = 3,
    /// It has just started.
    Start = 4,
}

from_code!(Trip: u32 { Water, Blood, Sensor, Start });

/// A sensor of the cut-out, with its limit.
#[derive(Clone, Copy, Debug)]
struct OwnSensor {
    limit_celsius: f32,
    lead_s: f32,
    celsius: f32,
    /// The last one that can be a temperature.
    last_celsius: f32,
    mean_celsius: f32,
    equal: u32,
    bad: Trouble,
    over: Trouble,
}

impl OwnSensor {
    const fn new(limit_celsius: f32, lead_s: f32) -> Self {
        Self {
            limit_celsius,
            lead_s,
            celsius: f32::NAN,
            last_celsius: f32::NAN,
            mean_celsius: f32::NAN,
            equal: 0,
            bad: Trouble::after(PERIODS_BAD),
            over: Trouble::after(PERIODS_OVER),
        }
    }

    fn take(&mut self, celsius: f32, is_valid: bool) {
        let (min, max) = PLAUSIBLE_CELSIUS;
        self.celsius = celsius;
        let can_be = is_valid && celsius >= min && celsius <= max;
        if can_be {
            self.equal = if celsius == self.last_celsius { self.equal.saturating_add(1) } else { 0 };
            self.last_celsius = celsius;
        }
        let is_good = can_be && self.equal < PERIODS_FROZEN;
        self.bad.step(!is_good);
        if !is_good {
            return;
        }
        // From the second good sample on there is a rate; one that was missed makes it larger.
        let rate_k_per_s = larger((celsius - self.mean_celsius) / RATE_S, 0.0);
        self.mean_celsius = if self.mean_celsius.is_nan() {
            celsius
        } else {
            self.mean_celsius + PERIOD_S / RATE_S * (celsius - self.mean_celsius)
        };
        self.over.step(celsius + self.lead_s * rate_k_per_s >= self.limit_celsius);
    }

    /// Well, and so far under its limit that it may close.
    fn is_cool(&self) -> bool {
        self.bad.is_over() && self.over.is_over() && self.celsius < self.limit_celsius - CUT_OUT_HYSTERESIS_K
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct CutOut {
    water: OwnSensor,
    blood: OwnSensor,
    trip: Option<Trip>,
    /// Periods in which it might close.
    well: u32,
    button: bool,
    permit: u32,
}

impl Default for CutOut {
    fn default() -> Self {
        Self {
            water: OwnSensor::new(CUT_OUT_WATER_CELSIUS, CUT_OUT_WATER_LEAD_S),
            blood: OwnSensor::new(CUT_OUT_BLOOD_CELSIUS, CUT_OUT_BLOOD_LEAD_S),
            trip: Some(Trip::Start),
            well: 0,
            // One that is pressed from the start is none.
            button: true,
            permit: 0,
        }
    }
}

impl CutOut {
    /// It was open for this reason before it started anew, and is until its button is pressed.
    pub fn resume(&mut self, trip: Trip) {
        self.trip = Some(trip);
    }

    /// One period.
    pub fn step(&mut self, inputs: &CutOutInputs) -> CutOutOutputs {
        self.water.take(inputs.water_celsius, inputs.valid & valid::CUT_OUT_WATER != 0);
        self.blood.take(inputs.blood_celsius, inputs.valid & valid::CUT_OUT_BLOOD != 0);
        let is_cool = self.water.is_cool() && self.blood.is_cool();
        self.well = if is_cool { self.well.saturating_add(1) } else { 0 };
        let pressed = inputs.reset == 1 && !self.button;
        self.button = inputs.reset == 1;
        let has_started = self.trip == Some(Trip::Start) && self.well >= PERIODS_WELL;
        if has_started || pressed && is_cool {
            self.trip = None;
        }
        if matches!(self.trip, None | Some(Trip::Start)) {
            self.trip = self.reason().or(self.trip);
        }
        if self.trip.is_none() {
            self.permit ^= 1;
        }
        CutOutOutputs { permit: self.permit }
    }

    fn reason(&self) -> Option<Trip> {
        if self.water.over.stands() {
            Some(Trip::Water)
        } else if self.blood.over.stands() {
            Some(Trip::Blood)
        } else if self.water.bad.stands() || self.blood.bad.stands() {
            Some(Trip::Sensor)
        } else {
            None
        }
    }

    /// Why it is open; `None` while it is not.
    #[must_use]
    pub const fn trip(&self) -> Option<Trip> {
        self.trip
    }

    /// Water and blood as its own sensors show them [C].
    #[must_use]
    pub const fn celsius(&self) -> [f32; 2] {
        [self.water.celsius, self.blood.celsius]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Temperatures with a millikelvin of noise.
    fn warm(period: u32, water_celsius: f32, blood_celsius: f32) -> CutOutInputs {
        let noise = 0.001 * (period % 2) as f32;
        CutOutInputs {
            water_celsius: water_celsius + noise,
            blood_celsius: blood_celsius - noise,
            reset: 0,
            valid: valid::CUT_OUT,
        }
    }

    /// Periods from the beginning of `inputs` until the output stands still, after ten good seconds.
    fn opens_after(inputs: impl Fn(u32) -> CutOutInputs) -> Option<u32> {
        let mut cut_out = CutOut::default();
        let mut last = 0;
        for period in 0..100 {
            let permit = cut_out.step(&warm(period, 38.0, 37.0)).permit;
            assert_eq!(permit != last, period >= PERIODS_WELL - 1, "period {period}");
            last = permit;
        }
        (0..600).find(|&period| {
            let permit = cut_out.step(&inputs(period)).permit;
            core::mem::replace(&mut last, permit) == permit
        })
    }

    #[test]
    fn it_opens_at_its_limits_and_not_below() {
        assert_eq!(opens_after(|period| warm(period, 40.99, 37.0).slow(period)), None);
        assert_eq!(opens_after(|period| warm(period, 38.0, 39.49).slow(period)), None);
        assert_eq!(opens_after(|period| warm(period, 41.01, 37.0)), Some(PERIODS_OVER - 1));
        assert_eq!(opens_after(|period| warm(period, 38.0, 39.51)), Some(PERIODS_OVER - 1));
    }

    impl CutOutInputs {
        /// Water and blood come to where they are meant to be from 38 and 37 C, slower and slower.
        fn slow(self, period: u32) -> Self {
            let left = (-0.008 * period as f32).exp();
            Self {
                water_celsius: self.water_celsius - left * (self.water_celsius - 38.0),
                blood_celsius: self.blood_celsius - left * (self.blood_celsius - 37.0),
                ..self
            }
        }
    }

    #[test]
    fn it_looks_ahead() {
        // 0.5 K/s: 41.0 C are ahead by 10 s at 36 C, as soon as the rate is known.
        let opened = opens_after(|period| warm(period, 38.0 + 0.05 * period as f32, 37.0)).unwrap();
        assert!((4..=20).contains(&opened), "{opened}");
    }

    #[test]
    fn whatever_its_sensors_say_it_opens_within_its_time_or_they_are_well() {
        for bad in [f32::NAN, f32::INFINITY, -20.0, 100.0, 4.9, 60.1] {
            assert_eq!(opens_after(|period| warm(period, bad, 37.0)), Some(PERIODS_BAD - 1), "{bad}");
            assert_eq!(opens_after(|period| warm(period, 38.0, bad)), Some(PERIODS_BAD - 1), "{bad}");
        }
        for bit in [valid::CUT_OUT_WATER, valid::CUT_OUT_BLOOD] {
            let without = |period| CutOutInputs { valid: valid::CUT_OUT & !bit, ..warm(period, 38.0, 37.0) };
            assert_eq!(opens_after(without), Some(PERIODS_BAD - 1));
        }
        let frozen = opens_after(|_| warm(0, 38.0, 37.0)).unwrap();
        assert!(frozen <= PERIODS_FROZEN + PERIODS_BAD, "{frozen}");
        // A second without samples, less one, is no reason.
        let gap = |period| CutOutInputs {
            valid: if period < PERIODS_BAD - 1 { 0 } else { valid::CUT_OUT },
            ..warm(period, 38.0, 37.0)
        };
        assert_eq!(opens_after(gap), None);
    }

    #[test]
    fn it_stays_open_until_its_button_is_pressed_in_the_cool() {
        let mut cut_out = CutOut::default();
        (0..10).for_each(|period| {
            cut_out.step(&warm(period, 41.5, 37.0));
        });
        assert_eq!(cut_out.trip(), Some(Trip::Water));
        let pressed = |period, water| CutOutInputs { reset: 1, ..warm(period, water, 37.0) };
        (10..20).for_each(|period| {
            cut_out.step(&pressed(period, 40.5));
        });
        (20..200).for_each(|period| {
            cut_out.step(&pressed(period, 38.0));
        });
        assert_eq!(cut_out.trip(), Some(Trip::Water), "a button that is held, or too warm");
        cut_out.step(&warm(200, 38.0, 37.0));
        cut_out.step(&pressed(201, 38.0));
        assert_eq!(cut_out.trip(), None);
    }

    #[test]
    fn a_sensor_that_comes_and_goes_does_not_hold_it_closed() {
        let every_other = |period: u32, water: f32| CutOutInputs {
            valid: if period.is_multiple_of(2) { valid::CUT_OUT } else { valid::CUT_OUT_BLOOD },
            ..warm(period / 2, water, 37.0)
        };
        // Hot: as soon as three samples have said so. Cool: as a sensor that is not to be believed.
        assert_eq!(opens_after(|period| every_other(period, 41.1)), Some(2 * (PERIODS_OVER - 1)));
        let loose = opens_after(|period| every_other(period, 38.0)).unwrap();
        assert!(loose <= 4 * PERIODS_BAD, "{loose}");
        // Hot, but every other sample says that it is not.
        let wrong =
            opens_after(|period| warm(period, if period.is_multiple_of(2) { 41.1 } else { 36.0 }, 37.0))
                .unwrap();
        assert!(wrong <= 4 * PERIODS_OVER, "{wrong}");
        // The rate is not lost between two samples, of which each third is missing: at 0.3 K/s 41.0 C are ahead at 38.0 C.
        let ahead = opens_after(|period| CutOutInputs {
            valid: if period.is_multiple_of(3) { valid::CUT_OUT_BLOOD } else { valid::CUT_OUT },
            ..warm(period, 37.5 + 0.03 * period as f32, 37.0)
        });
        assert!(ahead.is_some_and(|period| period <= 40), "{ahead:?}");
        // The same value for ever, with a gap now and then.
        let frozen = opens_after(|period| CutOutInputs {
            valid: if period.is_multiple_of(20) { 0 } else { valid::CUT_OUT },
            ..warm(0, 38.0, 37.0)
        });
        assert!(frozen.is_some_and(|period| period < 2 * PERIODS_FROZEN), "{frozen:?}");
    }

    #[test]
    fn it_starts_open_and_closes_in_the_cool_alone() {
        let mut hot = CutOut::default();
        (0..600).for_each(|period| {
            hot.step(&warm(period, 40.5, 37.0));
        });
        assert_eq!(hot.trip(), Some(Trip::Start));
        (0..PERIODS_WELL - 1).for_each(|period| {
            hot.step(&warm(period, 39.0, 37.0));
        });
        assert_eq!(hot.trip(), Some(Trip::Start));
        hot.step(&warm(9, 39.0, 37.0));
        assert_eq!(hot.trip(), None);
        let mut open = CutOut::default();
        open.resume(Trip::Water);
        (0..600).for_each(|period| {
            open.step(&warm(period, 38.0, 37.0));
        });
        assert_eq!(open.trip(), Some(Trip::Water));
    }

    proptest! {
        /// Whatever came before, hot water or hot blood for three periods opens it, and nothing but the button closes it.
        #[test]
        fn what_is_hot_opens_it_whatever_came_before(
            before in prop::collection::vec((any::<u32>(), any::<u32>(), any::<u32>()), 0..100),
            hot_water in any::<bool>(),
            over_k in 0.01..15.0_f32,
            after in prop::collection::vec((any::<u32>(), any::<u32>(), any::<u32>()), 1..100),
        ) {
            let mut cut_out = CutOut::default();
            let any_inputs = |(water, blood, valid): (u32, u32, u32)| CutOutInputs {
                water_celsius: f32::from_bits(water),
                blood_celsius: f32::from_bits(blood),
                reset: 0,
                valid,
            };
            for raw in before {
                cut_out.step(&any_inputs(raw));
            }
            let (water, blood) = if hot_water { (41.0 + over_k, 37.0) } else { (38.0, 39.5 + over_k) };
            (0..PERIODS_OVER).for_each(|period| {
                cut_out.step(&warm(period, water, blood));
            });
            prop_assert!(cut_out.trip().is_some());
            let stands = cut_out.step(&warm(0, water, blood)).permit;
            for raw in after {
                prop_assert_eq!(cut_out.step(&any_inputs(raw)).permit, stands);
            }
        }
    }
}
