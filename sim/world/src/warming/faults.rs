// SPDX-License-Identifier: Apache-2.0
//! What breaks in the warming device.

use crate::fault::FaultError;
use crate::keys::check_numbers;

const DRIFT_RANGE_K_PER_S: [f64; 2] = [-1.0, 1.0];
const LOSS_RANGE_LPM: [f64; 2] = [0.0, 10.0];
const LEAKAGE_RANGE_MA: [f64; 2] = [0.0, 1000.0];

/// A temperature sensor of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmingSensor {
    /// The control's first water sensor.
    WaterA,
    /// Its second one.
    WaterB,
    /// Its blood sensor.
    Blood,
    /// The cut-out's water sensor.
    CutOutWater,
    /// Its blood sensor.
    CutOutBlood,
}

impl WarmingSensor {
    /// All of them, in the order in which offsets alternate.
    pub const ALL: [Self; 5] =
        [Self::WaterA, Self::WaterB, Self::Blood, Self::CutOutWater, Self::CutOutBlood];
}

/// What breaks in a temperature sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TemperatureFault {
    /// Its wire is open: it reads the cold end of the converter's range, -20 C.
    Open,
    /// It is shorted: it reads the hot end, 100 C.
    Short,
    /// It repeats its last value to the last bit.
    Stuck,
    /// It wanders away, by 10 K at most.
    Drift {
        /// How fast [K/s], -1 to 1.
        k_per_s: f64,
    },
}

/// What breaks in the device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WarmingFault {
    /// A temperature sensor.
    Sensor(WarmingSensor, TemperatureFault),
    /// The heater's switch conducts whatever it is told.
    HeaterStuckOn,
    /// The control's relay is welded.
    RelayWelded,
    /// The cut-out's relay is welded.
    CutOutRelayWelded,
    /// The power meter reads nothing.
    PowerMeterDead,
    /// The level sensor shows full.
    LevelStuck,
    /// The flow sensor shows what the pump gives when it runs.
    WaterFlowStuck,
    /// Water runs out, down to what stays around the heater.
    WaterLoss {
        /// How fast [L/min], 0 to 10.
        lpm: f64,
    },
    /// The water pump stands.
    WaterPumpStops,
    /// The heater leaks current.
    Leakage {
        /// How much [mA], 0 to 1000.
        ma: f64,
    },
}

impl WarmingFault {
    /// Checks its numbers.
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn check(&self) -> Result<(), FaultError> {
        match *self {
            Self::Sensor(_, TemperatureFault::Drift { k_per_s }) => {
                check_numbers("temperature_drift", &[("k_per_s", k_per_s, DRIFT_RANGE_K_PER_S)])
            }
            Self::WaterLoss { lpm } => check_numbers("water_loss", &[("lpm", lpm, LOSS_RANGE_LPM)]),
            Self::Leakage { ma } => check_numbers("heater_leakage", &[("ma", ma, LEAKAGE_RANGE_MA)]),
            _ => Ok(()),
        }
    }
}

/// What is broken now, but for sensors.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Broken {
    pub(super) heater_stuck: bool,
    pub(super) relay_welded: bool,
    pub(super) cut_out_welded: bool,
    pub(super) meter_dead: bool,
    pub(super) level_stuck: bool,
    pub(super) flow_stuck: bool,
    pub(super) loss_lpm: f64,
    pub(super) pump_stands: bool,
    pub(super) leakage_ma: f64,
}

impl Broken {
    /// Takes what is no fault of a sensor.
    pub(super) fn take(&mut self, fault: &WarmingFault) {
        match *fault {
            WarmingFault::Sensor(..) => {}
            WarmingFault::HeaterStuckOn => self.heater_stuck = true,
            WarmingFault::RelayWelded => self.relay_welded = true,
            WarmingFault::CutOutRelayWelded => self.cut_out_welded = true,
            WarmingFault::PowerMeterDead => self.meter_dead = true,
            WarmingFault::LevelStuck => self.level_stuck = true,
            WarmingFault::WaterFlowStuck => self.flow_stuck = true,
            WarmingFault::WaterLoss { lpm } => self.loss_lpm = lpm,
            WarmingFault::WaterPumpStops => self.pump_stands = true,
            WarmingFault::Leakage { ma } => self.leakage_ma = ma,
        }
    }
}
