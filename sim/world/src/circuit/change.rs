// SPDX-License-Identifier: Apache-2.0
//! What happens to a circuit: clamps, kinks, clots, air, other blood.

use crate::blood::Blood;
use crate::keys::{RangeError, check_numbers};

/// A side of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Between membrane lung and patient.
    Return,
    /// Between patient and pump.
    Drainage,
}

/// A part that can be kinked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KinkSite {
    /// The drainage cannula.
    DrainageCannula,
    /// The tubing from it to the pump.
    DrainageTubing,
    /// The tubing from the membrane lung to the return cannula.
    ReturnTubing,
    /// The return cannula.
    ReturnCannula,
}

/// What happens to the circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CircuitChange {
    /// A hand closes the clamp of a line, in 0.3 s.
    Clamp(Line),
    /// A hand opens it, in the time of the circuit's file.
    Unclamp(Line),
    /// The pressure drop of a part becomes this times what it was without a kink.
    Kink {
        /// Where.
        site: KinkSite,
        /// 1: no kink.
        factor: f64,
    },
    /// The resistance of the membrane lung becomes this times that of a new one.
    Clot {
        /// 1: no clot.
        factor: f64,
    },
    /// Air enters at the patient's end of the drainage, or behind the membrane lung.
    AirBolus {
        /// How much [mL].
        ml: f64,
        /// Where.
        line: Line,
    },
    /// Blood of another haematocrit fills the circuit; 0 is saline.
    Viscosity {
        /// Haematocrit [%].
        haematocrit_pct: f64,
    },
}

impl CircuitChange {
    /// Checks its numbers.
    ///
    /// # Errors
    /// The first one that is out of range.
    pub fn check(&self) -> Result<(), RangeError> {
        match *self {
            Self::Clamp(_) | Self::Unclamp(_) => Ok(()),
            Self::Kink { factor, .. } => check_numbers("kink", &[("factor", factor, [1.0, 1000.0])]),
            Self::Clot { factor } => check_numbers("clot", &[("factor", factor, [1.0, 100.0])]),
            Self::AirBolus { ml, .. } => check_numbers("air_bolus", &[("ml", ml, [0.01, 200.0])]),
            Self::Viscosity { haematocrit_pct } => {
                check_numbers("viscosity", &[("haematocrit_pct", haematocrit_pct, [0.0, 70.0])])
            }
        }
    }

    /// The blood of a change of it, at this temperature.
    pub(crate) fn blood(&self, temperature_celsius: f64) -> Option<Blood> {
        match *self {
            Self::Viscosity { haematocrit_pct } => Some(Blood { haematocrit_pct, temperature_celsius }),
            _ => None,
        }
    }
}
