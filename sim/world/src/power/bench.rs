// SPDX-License-Identifier: Apache-2.0
//! Bus, mains and battery alone, with a load that is told: for runs of hours.

use levitas_core::ports::{PowerInputs, PowerOutputs};

use super::{BATTERY_PERIODS, Power, PowerTruth};
use crate::bus::Bus;
use crate::fault::{Fault, FaultError};
use crate::parameters::Plant;
use crate::world::STEP_S;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct PowerBench {
    /// What the unit takes beside its electronics [W].
    pub load_w: f64,
    bus: Bus,
    power: Power,
}

impl PowerBench {
    /// With mains, and the battery as the plant says.
    #[must_use]
    pub fn new(plant: &Plant, seed: u64) -> Self {
        Self { load_w: 0.0, bus: Bus::new(&plant.drive, STEP_S), power: Power::new(plant, 0, seed, STEP_S) }
    }

    /// Ten milliseconds: a period of the power task.
    pub fn advance(&mut self) {
        for _ in 0..BATTERY_PERIODS {
            let current_a = self.bus.advance(self.load_w * STEP_S, self.power.instead());
            self.power.advance(current_a, self.bus.voltage_v);
        }
    }

    /// Starts a fault.
    ///
    /// # Errors
    /// The first of its numbers that is out of range.
    pub fn fault(&mut self, fault: &Fault) -> Result<(), FaultError> {
        fault.check()?;
        self.bus.fault(fault);
        self.power.fault(fault);
        Ok(())
    }

    /// Ends every fault.
    pub fn clear(&mut self) {
        self.bus.clear();
        self.power.clear();
    }

    /// The sensors, now.
    pub fn sample(&mut self) -> PowerInputs {
        self.power.sample()
    }

    /// What the unit asks for, until the next call.
    pub fn control(&mut self, outputs: &PowerOutputs) {
        self.power.control(outputs);
    }

    /// What is really the case, and the voltage of the bus [V].
    #[must_use]
    pub fn truth(&self) -> (PowerTruth, f64) {
        (self.power.truth(), self.bus.voltage_v)
    }
}
