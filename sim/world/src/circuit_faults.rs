// SPDX-License-Identifier: Apache-2.0
//! What breaks in the sensors of the circuit.
//!
//! # Model
//! | fault | effect |
//! |---|---|
//! | `FlowLoss` | the meter does not answer |
//! | `FlowBias` | the beam sees the flow times 1 + share: scale, or a wrong tube |
//! | `FlowFrozen` | the last batch is delivered again and again |
//! | `FlowSpikes` | some shots have an upstream time that is too long or too short |
//! | `FlowNan` | times and amplitudes are no numbers |
//! | `BubbleLoss` | the amplitude repeats its last value to the last bit |
//! | `PressureLoss` | the transducer does not answer |
//! | `PressureDrift` | its zero wanders away |
//! | `PressureFrozen` | the last sample is delivered again and again |
//! | `PressureSpikes` | some samples are too high or too low |
//! | `PressureNan` | no sample is a number |
//! | `PressuresExchanged` | drainage and return sensor are connected the other way round |
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
const SPIKE_RANGE_MMHG: [f64; 2] = [0.0, 2000.0];
const SPIKE_RANGE_NS: [f64; 2] = [0.0, 1000.0];
const PROBABILITY_RANGE: [f64; 2] = [0.0, 1.0];

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
    /// It delivers its last shots again and again.
    FlowFrozen,
    /// Some of its shots are wild.
    FlowSpikes {
        /// Share of the shots, 0 to 1 [1].
        probability: f64,
        /// How much longer or shorter the upstream time is [ns], 0 to 1000.
        ns: f64,
    },
    /// It delivers what is no number.
    FlowNan,
    /// It sees no bubbles any more.
    BubbleLoss,
    /// A pressure sensor does not answer.
    PressureLoss,
    /// Its zero wanders away.
    PressureDrift {
        /// How fast [mmHg/s], -100 to 100.
        mmhg_per_s: f64,
    },
    /// It delivers its last sample again and again.
    PressureFrozen,
    /// Some of its samples are wild.
    PressureSpikes {
        /// Share of the samples, 0 to 1 [1].
        probability: f64,
        /// How much higher or lower they are [mmHg], 0 to 2000.
        mmhg: f64,
    },
    /// It delivers what is no number.
    PressureNan,
    /// The sensors of drainage and return are exchanged.
    PressuresExchanged,
}

impl CircuitFault {
    /// It can happen to this sensor.
    #[must_use]
    pub fn fits(&self, sensor: CircuitSensor) -> bool {
        match self {
            Self::FlowLoss
            | Self::FlowBias { .. }
            | Self::FlowFrozen
            | Self::FlowSpikes { .. }
            | Self::FlowNan
            | Self::BubbleLoss => sensor == CircuitSensor::Flow,
            Self::PressureLoss
            | Self::PressureDrift { .. }
            | Self::PressureFrozen
            | Self::PressureSpikes { .. }
            | Self::PressureNan => sensor != CircuitSensor::Flow,
            Self::PressuresExchanged => {
                matches!(sensor, CircuitSensor::Drainage | CircuitSensor::Return)
            }
        }
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
            Self::FlowSpikes { probability, ns } => check_numbers(
                "flow_meter_spikes",
                &[("probability", probability, PROBABILITY_RANGE), ("ns", ns, SPIKE_RANGE_NS)],
            ),
            Self::PressureSpikes { probability, mmhg } => check_numbers(
                "pressure_spikes",
                &[("probability", probability, PROBABILITY_RANGE), ("mmhg", mmhg, SPIKE_RANGE_MMHG)],
            ),
            Self::FlowLoss
            | Self::FlowFrozen
            | Self::FlowNan
            | Self::BubbleLoss
            | Self::PressureLoss
            | Self::PressureFrozen
            | Self::PressureNan
            | Self::PressuresExchanged => Ok(()),
        }
    }
}

/// What is broken in the flow meter now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FlowFaults {
    pub(crate) is_lost: bool,
    pub(crate) bias: f64,
    pub(crate) is_frozen: bool,
    /// Share of the shots, and their error [ns].
    pub(crate) spikes: (f64, f64),
    pub(crate) is_nan: bool,
    pub(crate) is_blind: bool,
}

/// What is broken in a pressure sensor now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PressureFaults {
    pub(crate) is_lost: bool,
    drift_mmhg_per_s: f64,
    pub(crate) drifted_mmhg: f64,
    pub(crate) is_frozen: bool,
    /// Share of the samples, and their error [mmHg].
    pub(crate) spikes: (f64, f64),
    pub(crate) is_nan: bool,
    /// With the one at the other end.
    pub(crate) is_exchanged: bool,
}

/// What is broken now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CircuitFaults {
    pub(crate) flow: FlowFaults,
    /// Drainage, pre-membrane, return.
    pub(crate) pressures: [PressureFaults; 3],
}

impl CircuitFaults {
    pub(crate) fn start(&mut self, sensor: CircuitSensor, fault: CircuitFault) {
        if !fault.fits(sensor) {
            return;
        }
        let flow = &mut self.flow;
        match fault {
            CircuitFault::FlowLoss => flow.is_lost = true,
            CircuitFault::FlowBias { share } => flow.bias = share,
            CircuitFault::FlowFrozen => flow.is_frozen = true,
            CircuitFault::FlowSpikes { probability, ns } => flow.spikes = (probability, ns),
            CircuitFault::FlowNan => flow.is_nan = true,
            CircuitFault::BubbleLoss => flow.is_blind = true,
            _ => {}
        }
        let Some(pressure) = self.pressures.get_mut(sensor as usize) else { return };
        match fault {
            CircuitFault::PressureLoss => pressure.is_lost = true,
            CircuitFault::PressureDrift { mmhg_per_s } => pressure.drift_mmhg_per_s = mmhg_per_s,
            CircuitFault::PressureFrozen => pressure.is_frozen = true,
            CircuitFault::PressureSpikes { probability, mmhg } => pressure.spikes = (probability, mmhg),
            CircuitFault::PressureNan => pressure.is_nan = true,
            CircuitFault::PressuresExchanged => pressure.is_exchanged = true,
            _ => {}
        }
    }

    pub(crate) fn clear(&mut self, sensor: CircuitSensor) {
        match self.pressures.get_mut(sensor as usize) {
            Some(pressure) => *pressure = PressureFaults::default(),
            None => self.flow = FlowFaults::default(),
        }
    }

    pub(crate) fn follow(&mut self, step_s: f64) {
        for pressure in &mut self.pressures {
            pressure.drifted_mmhg += pressure.drift_mmhg_per_s * step_s;
        }
    }

    /// Drainage and return sensor are connected the other way round.
    pub(crate) fn are_exchanged(&self) -> bool {
        self.pressures.iter().any(|pressure| pressure.is_exchanged)
    }
}
