// SPDX-License-Identifier: Apache-2.0
//! When the heart beats: intervals of a rhythm, and the R wave before each systole.
//!
//! # Model
//! An interval is a factor times 60 s over the heart rate. Systole keeps its length, diastole takes the rest.
//! | rhythm | factor |
//! |---|---|
//! | ectopic beats | 15 % of the beats come after 0.66 and are ventricular; the one after it comes after 1.34 |
//! | atrial fibrillation | 1 +- 0.25, normally distributed, 0.55 to 1.7 |
//! | all others | 1, exactly |
//!
//! The R wave comes [`R_WAVE_LEAD_S`] before the onset of systole.
//! # Source
//! Onset of the QRS complex to onset of the right ventricle's systole: 75 ms in 30 adults (The relationship between electrical and
//! mechanical events in the cardiac cycle of man, scilit.com 97ebe292); the complex of [`crate::EcgGenerator`] begins 40 ms before its R wave.

use super::Body;
use super::heart::SYSTOLE_END;
use crate::ecg::EcgKind;
use crate::noise::Noise;

/// From the R wave to the onset of systole [s].
pub const R_WAVE_LEAD_S: f64 = 0.035;
/// Stream of a seed.
const NOISE_STREAM: u64 = 103;
const ECTOPIC_PART: f64 = 0.15;
const EARLY: f64 = 0.66;
const PAUSE: f64 = 1.34;
const FIBRILLATION_SD: f64 = 0.25;
const FIBRILLATION: (f64, f64) = (0.55, 1.7);

/// The beat that the heart has next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NextBeat {
    /// Time until its R wave; below 0 when that has passed [s].
    pub(crate) in_s: f64,
    /// It begins in a ventricle.
    pub(crate) is_ventricular: bool,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Rhythm {
    pub(super) kind: EcgKind,
    noise: Noise,
    /// Of the interval that runs.
    factor: f64,
    ends_ventricular: bool,
}

impl Rhythm {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            kind: EcgKind::Sinus,
            noise: Noise::new(seed, NOISE_STREAM),
            factor: 1.0,
            ends_ventricular: false,
        }
    }

    /// Systole begins, and with it the next interval.
    pub(super) fn beat(&mut self) {
        let was_early = self.ends_ventricular;
        self.ends_ventricular = false;
        self.factor = match self.kind {
            EcgKind::AtrialFibrillation => {
                let (least, most) = FIBRILLATION;
                (1.0 + FIBRILLATION_SD * self.noise.gaussian()).clamp(least, most)
            }
            EcgKind::Ectopic if was_early => PAUSE,
            EcgKind::Ectopic if self.noise.uniform() < ECTOPIC_PART => {
                self.ends_ventricular = true;
                EARLY
            }
            _ => 1.0,
        };
    }

    /// Length of diastole over that of a beat with factor 1.
    pub(super) fn diastole(&self) -> f64 {
        (self.factor - SYSTOLE_END) / (1.0 - SYSTOLE_END)
    }
}

impl Body {
    /// The next beat; `None` when the heart stands still.
    pub(crate) fn next_beat(&self) -> Option<NextBeat> {
        if !self.beating {
            return None;
        }
        let systole = (SYSTOLE_END - self.phase).max(0.0);
        let diastole = (1.0 - self.phase.max(SYSTOLE_END)) * self.rhythm.diastole();
        let onset_s = (systole + diastole) * 60.0 / self.rate_bpm;
        Some(NextBeat { in_s: onset_s - R_WAVE_LEAD_S, is_ventricular: self.rhythm.ends_ventricular })
    }
}
