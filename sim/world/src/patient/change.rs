// SPDX-License-Identifier: Apache-2.0
//! What happens to a patient: loss and gain of blood, tone, contractility, rate, rhythm, arrest, posture, electrodes.
//!
//! # Model
//! Blood leaves or enters the veins at an even rate. Posture moves blood of the veins into the part without stress: 600 mL
//! upright, as the sine of the angle, with a time constant of 5 s. A loss stops when a fifth of the blood is left.
//! # Source
//! 500 to 700 mL pool in the legs on standing up: textbook value. Its speed is a choice.

use core::fmt;

use super::Body;
use crate::ecg::EcgKind;
use crate::keys::{RangeError, check_numbers};
use crate::parameters::BloodVolume;

/// Blood that pools upright [mL], and how fast [s].
const POOLED_ML: f64 = 600.0;
const POOLING_S: f64 = 5.0;
/// Part of the first blood volume that is never lost.
const KEPT_PART: f64 = 0.2;
/// Transfers at the same time; more are joined with the last one.
const TRANSFERS_MAX: usize = 4;

/// What happens to the patient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PatientChange {
    /// Blood is lost.
    BloodLoss {
        /// How much [mL].
        ml: f64,
        /// In which time [s].
        over_s: f64,
    },
    /// Blood is given.
    Volume {
        /// How much [mL].
        ml: f64,
        /// In which time [s].
        over_s: f64,
    },
    /// The resistance of the arteries becomes this times the patient's own.
    Vasoplegia {
        /// Below 1: vasoplegia.
        factor: f64,
    },
    /// The elastance of the ventricles becomes this times the patient's own.
    Contractility {
        /// Below 1: failure.
        factor: f64,
    },
    /// Another heart rate; a heart that stands still beats again.
    HeartRate {
        /// Beats per minute.
        bpm: f64,
    },
    /// The heart stands still, relaxed.
    Arrest,
    /// Another rhythm, and the ECG that belongs to it, by electrodes on the skin.
    Rhythm(EcgKind),
    /// The electrodes of the ECG come off.
    ElectrodesOff {
        /// The front end says so; else it goes on with what an open input gives.
        is_noticed: bool,
    },
    /// Another posture.
    Posture {
        /// 0 lying, 90 upright, below 0 head down [deg].
        tilt_deg: f64,
    },
}

impl PatientChange {
    /// Checks its numbers.
    ///
    /// # Errors
    /// The first one that is out of range.
    pub fn check(&self) -> Result<(), RangeError> {
        match *self {
            Self::BloodLoss { ml, over_s } => {
                check_numbers("blood_loss", &[("ml", ml, [0.0, 5000.0]), ("over_s", over_s, [0.1, 3600.0])])
            }
            Self::Volume { ml, over_s } => {
                check_numbers("volume", &[("ml", ml, [0.0, 5000.0]), ("over_s", over_s, [0.1, 3600.0])])
            }
            Self::Vasoplegia { factor } => check_numbers("vasoplegia", &[("factor", factor, [0.2, 2.0])]),
            Self::Contractility { factor } => {
                check_numbers("contractility", &[("factor", factor, [0.0, 3.0])])
            }
            Self::HeartRate { bpm } => check_numbers("heart_rate", &[("bpm", bpm, [20.0, 240.0])]),
            Self::Arrest | Self::Rhythm(_) | Self::ElectrodesOff { .. } => Ok(()),
            Self::Posture { tilt_deg } => check_numbers("posture", &[("tilt_deg", tilt_deg, [-30.0, 90.0])]),
        }
    }
}

/// A change that is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ChangeError {
    /// A number is out of range.
    Range(RangeError),
    /// The circuit ends at fixed pressures: there is no patient to change.
    NoPatient,
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Range(error) => error.fmt(f),
            Self::NoPatient => {
                f.write_str("the patient is of kind fixed and cannot change: choose a living one")
            }
        }
    }
}

impl core::error::Error for ChangeError {}

impl From<RangeError> for ChangeError {
    fn from(error: RangeError) -> Self {
        Self::Range(error)
    }
}

impl Body {
    /// Something happens to the patient, from the next step on.
    pub(crate) fn change(&mut self, change: &PatientChange) {
        match *change {
            PatientChange::BloodLoss { ml, over_s } => self.transfers.start(-ml, over_s),
            PatientChange::Volume { ml, over_s } => self.transfers.start(ml, over_s),
            PatientChange::Vasoplegia { factor } => self.tone = factor,
            PatientChange::Contractility { factor } => self.contractility = factor,
            PatientChange::HeartRate { bpm } => {
                self.rate_bpm = bpm;
                self.beating = true;
            }
            PatientChange::Arrest => self.beating = false,
            PatientChange::Rhythm(kind) => self.rhythm.kind = kind,
            // A matter of the sensors.
            PatientChange::ElectrodesOff { .. } => {}
            PatientChange::Posture { tilt_deg } => {
                self.transfers.pooled_goal_ml = POOLED_ML * libm::sin(tilt_deg.to_radians());
            }
        }
    }
}

/// Blood that comes, goes or pools.
#[derive(Clone, Debug)]
pub(super) struct Transfers {
    /// Rate [mL/s] and what is left [mL], both negative for a loss.
    running: [(f64, f64); TRANSFERS_MAX],
    unstressed_ml: f64,
    pooled_ml: f64,
    pooled_goal_ml: f64,
    /// All blood, as given and lost, and what is kept of it at least.
    balance_ml: f64,
    kept_ml: f64,
}

impl Transfers {
    pub(super) fn new(blood: &BloodVolume) -> Self {
        Self {
            running: [(0.0, 0.0); TRANSFERS_MAX],
            unstressed_ml: blood.volume_ml - blood.stressed_ml,
            pooled_ml: 0.0,
            pooled_goal_ml: 0.0,
            balance_ml: blood.volume_ml,
            kept_ml: KEPT_PART * blood.volume_ml,
        }
    }

    /// Blood that fills vessels without pressure [mL].
    pub(super) fn unstressed_ml(&self) -> f64 {
        self.unstressed_ml + self.pooled_ml
    }

    fn start(&mut self, ml: f64, over_s: f64) {
        let last = self.running.len() - 1;
        let free = self.running.iter().position(|(_, left)| *left == 0.0).unwrap_or(last);
        if let Some((rate, left)) = self.running.get_mut(free) {
            *left += ml;
            *rate = ml / over_s;
        }
    }

    /// Mean flow into the veins in the coming step [mL/s].
    pub(super) fn advance(&mut self, step_s: f64) -> f64 {
        let mut moved_ml = 0.0;
        for (rate, left) in &mut self.running {
            if *left == 0.0 {
                continue;
            }
            let wanted = *rate * step_s;
            let part = if wanted.abs() < left.abs() { wanted } else { *left };
            *left -= part;
            if part > 0.0 || self.balance_ml + part >= self.kept_ml {
                moved_ml += part;
                self.balance_ml += part;
            }
        }
        let pooling_ml = (self.pooled_goal_ml - self.pooled_ml) * step_s / POOLING_S;
        self.pooled_ml += pooling_ml;
        (moved_ml - pooling_ml) / step_s
    }
}
