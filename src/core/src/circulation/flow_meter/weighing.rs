// SPDX-License-Identifier: Apache-2.0
//! One known flow gives the gain: the meter is weighed against it for ten seconds.
//!
//! # Model
//! gain = known flow / mean of 10,000 good shots. Both halves must agree within 3 %: who changes the flow meanwhile, or has just
//! changed it, learns nothing. Ten seconds are many beats: a pulse of a quarter of the flow adds 2 / (w T) of it, 0.6 % at most.
//! # Source
//! The bounds are those of what the meter can be: `docs/flow-meter.md`.

use super::CalibrationRefused;

/// Shots of a half.
const HALF_SHOTS: u16 = 5000;
const STEADY: f32 = 0.03;
const LPM_MIN: f32 = 1.0;
const GAIN: (f32, f32) = (0.85, 1.15);

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighing {
    known_lpm: f32,
    halves_lpm: [f32; 2],
    shots: u16,
}

impl Weighing {
    /// Begins, if the flow is one that can be weighed.
    pub(super) fn new(known_lpm: f32) -> Result<Self, CalibrationRefused> {
        let is_flow = (LPM_MIN..f32::INFINITY).contains(&known_lpm);
        let begun = Self { known_lpm, halves_lpm: [0.0; 2], shots: 0 };
        if is_flow { Ok(begun) } else { Err(CalibrationRefused::KnownFlow) }
    }

    /// Takes a flow without gain; the gain when it is the last one.
    pub(super) fn step(&mut self, raw_lpm: f32) -> Option<Result<f32, CalibrationRefused>> {
        let [first, second] = &mut self.halves_lpm;
        let half = if self.shots < HALF_SHOTS { first } else { second };
        *half += raw_lpm / f32::from(HALF_SHOTS);
        self.shots = self.shots.saturating_add(1);
        (self.shots >= HALF_SHOTS.saturating_mul(2)).then(|| self.gain())
    }

    fn gain(&self) -> Result<f32, CalibrationRefused> {
        let [first, second] = self.halves_lpm;
        let mean_lpm = 0.5 * (first + second);
        let (gain_min, gain_max) = GAIN;
        let gain = self.known_lpm / mean_lpm;
        if !(gain_min..=gain_max).contains(&gain) {
            Err(CalibrationRefused::TooFarOff)
        } else if (first - second).abs() > STEADY * mean_lpm.abs() {
            Err(CalibrationRefused::Unsteady)
        } else {
            Ok(gain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weighed(known_lpm: f32, flow: impl Fn(u16) -> f32) -> Result<f32, CalibrationRefused> {
        let mut weighing = Weighing::new(known_lpm)?;
        let mut results = (0..10_000).filter_map(|shot| weighing.step(flow(shot)));
        let result = results.next().unwrap();
        assert_eq!(results.next(), None);
        result
    }

    #[test]
    fn a_steady_flow_and_a_pulse_have_their_mean() {
        assert!((weighed(4.0, |_| 4.2).unwrap() - 4.0 / 4.2).abs() < 1e-3);
        // 75 beats a minute, a quarter of the mean either way.
        let pulse = |shot: u16| 4.0 + 1.0 * crate::math::sin_cos(f32::from(shot) * 7.85e-3).0;
        assert!((weighed(4.0, pulse).unwrap() - 1.0).abs() < 0.0065);
    }

    #[test]
    fn what_cannot_be_weighed_is_refused() {
        for known_lpm in [0.9, -4.0, f32::NAN, f32::INFINITY] {
            assert_eq!(weighed(known_lpm, |_| 4.0), Err(CalibrationRefused::KnownFlow));
        }
        assert_eq!(weighed(4.0, |_| 4.8), Err(CalibrationRefused::TooFarOff));
        assert_eq!(weighed(4.0, |_| 3.4), Err(CalibrationRefused::TooFarOff));
        assert_eq!(weighed(4.0, |_| f32::NAN), Err(CalibrationRefused::TooFarOff));
        assert_eq!(weighed(4.0, |_| 0.0), Err(CalibrationRefused::TooFarOff));
        let rising = |shot: u16| 3.9 + 0.2 * f32::from(shot) / 10_000.0;
        assert!(weighed(4.0, rising).is_ok());
        let rising = |shot: u16| 3.8 + 0.4 * f32::from(shot) / 10_000.0;
        assert_eq!(weighed(4.0, rising), Err(CalibrationRefused::Unsteady));
    }
}
