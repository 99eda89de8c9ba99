// SPDX-License-Identifier: Apache-2.0
//! What breaks in the sensors of the circuit.
//!
//! # Model
//! | fault | effect |
//! |---|---|
//! | `FlowLoss` | the meter does not answer |
//! | `FlowBias` | the beam sees the flow times 1 + share: scale, or a wrong tube |
//! | `BubbleLoss` | the amplitude repeats its last value to the last bit |
//! | `PressureLoss` | the transducer does not answer |
//! | `PressureDrift` | its zero wanders away |
//!
//! # Timing
//! From the next millisecond and the next sample on, until it is cleared.
//! # Limits and failure
//! A number out of range is refused before anything has changed; a fault of another kind of sensor does nothing.
//! # Shown by
//! The unit tests of `circuit_sensors.rs`.

use crate::fault::FaultError;
use crate::keys::check_numbers;

const SHARE_RANGE: [f64; 2] = [-0.9, 1.0];
const DRIFT_RANGE_MMHG_PER_S: [f64; 2] = [-100.0, 100.0];

/// A sensor of the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitSensor {
    /// Pressure before the pump.
    Drainage,
    /// Pressure between pump and membrane lung.
    PreMembrane,
    /// Pressure behind the membrane lung.
    Return,
    /// Flow meter, with its eye for bubbles.
    Flow,
}

impl CircuitSensor {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Drainage, Self::PreMembrane, Self::Return, Self::Flow];
}

/// What breaks in one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CircuitFault {
    /// The flow meter does not answer.
    FlowLoss,
    /// It reads too much by this share.
    FlowBias {
        /// Share of the flow, -0.9 to 1 [1].
        share: f64,
    },
    /// It sees no bubbles any more.
    BubbleLoss,
    /// A pressure sensor does not answer.
    PressureLoss,
    /// Its zero wanders away.
    PressureDrift {
        /// How fast [mmHg/s], -100 to 100.
        mmhg_per_s: f64,
    },
}

impl CircuitFault {
    /// It can happen to this sensor.
    #[must_use]
    pub fn fits(&self, sensor: CircuitSensor) -> bool {
        let is_pressure = matches!(self, Self::PressureLoss | Self::PressureDrift { .. });
        is_pressure == (sensor != CircuitSensor::Flow)
    }

    /// Checks its numbers.
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn check(&self) -> Result<(), FaultError> {
        match *self {
            Self::FlowBias { share } => check_numbers("flow_meter_bias", &[("share", share, SHARE_RANGE)]),
            Self::PressureDrift { mmhg_per_s } => {
                check_numbers("pressure_drift", &[("mmhg_per_s", mmhg_per_s, DRIFT_RANGE_MMHG_PER_S)])
            }
            Self::FlowLoss | Self::BubbleLoss | Self::PressureLoss => Ok(()),
        }
    }
}

/// What is broken now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CircuitFaults {
    pub(crate) flow_lost: bool,
    pub(crate) flow_bias: f64,
    pub(crate) bubbles_lost: bool,
    pub(crate) pressure_lost: [bool; 3],
    drift_mmhg_per_s: [f64; 3],
    pub(crate) drifted_mmhg: [f64; 3],
}

impl CircuitFaults {
    pub(crate) fn start(&mut self, sensor: CircuitSensor, fault: CircuitFault) {
        if !fault.fits(sensor) {
            return;
        }
        let site = sensor as usize;
        match fault {
            CircuitFault::FlowLoss => self.flow_lost = true,
            CircuitFault::FlowBias { share } => self.flow_bias = share,
            CircuitFault::BubbleLoss => self.bubbles_lost = true,
            CircuitFault::PressureLoss => self.pressure_lost[site] = true,
            CircuitFault::PressureDrift { mmhg_per_s } => self.drift_mmhg_per_s[site] = mmhg_per_s,
        }
    }

    pub(crate) fn clear(&mut self, sensor: CircuitSensor) {
        if sensor == CircuitSensor::Flow {
            (self.flow_lost, self.flow_bias, self.bubbles_lost) = (false, 0.0, false);
        } else {
            let site = sensor as usize;
            self.pressure_lost[site] = false;
            (self.drift_mmhg_per_s[site], self.drifted_mmhg[site]) = (0.0, 0.0);
        }
    }

    pub(crate) fn follow(&mut self, step_s: f64) {
        for (drifted, rate) in self.drifted_mmhg.iter_mut().zip(self.drift_mmhg_per_s) {
            *drifted += rate * step_s;
        }
    }
}
