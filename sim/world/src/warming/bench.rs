// SPDX-License-Identifier: Apache-2.0
//! The warming device on a circuit and a patient of which only the heat is looked at: hours in a second.

use levitas_core::ports::{CutOutInputs, CutOutOutputs, WarmingInputs, WarmingOutputs};

use super::{WarmingDevice, WarmingFault, WarmingTruth};
use crate::circuit::heat::Heat;
use crate::fault::FaultError;
use crate::parameters::{Circuit, Plant};

/// One step [s]: a fortieth of the time that blood stays in the pump head.
const STEP_S: f64 = 0.01;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct WarmingBench {
    heat: Heat,
    device: WarmingDevice,
    /// Blood through the circuit [L/min].
    pub blood_flow_lpm: f64,
    /// Power of the pump's shaft, which ends in the blood [W].
    pub shaft_w: f64,
}

impl WarmingBench {
    /// A patient with this much blood, all of him and the circuit at a temperature, the water as cold as the room.
    #[must_use]
    pub fn new(plant: &Plant, circuit: &Circuit, blood_ml: f64, celsius: f64, seed: u64) -> Self {
        let room_celsius = plant.warming.room_celsius;
        let mut heat = Heat::new(circuit, plant.pump.priming_volume_ml, blood_ml, room_celsius);
        heat.start(celsius);
        let device = WarmingDevice::new(&plant.warming, celsius, seed, STEP_S);
        Self { heat, device, blood_flow_lpm: 0.0, shaft_w: 0.0 }
    }

    /// Water of this temperature is filled in.
    pub fn fill(&mut self, water_celsius: f64) {
        let [.., lung, _] = self.heat.celsius;
        self.device.fill(water_celsius, lung);
    }

    /// The control's samples.
    pub fn sample(&mut self) -> WarmingInputs {
        self.device.sample()
    }

    /// The cut-out's samples.
    pub fn sample_cut_out(&mut self) -> CutOutInputs {
        self.device.sample_cut_out()
    }

    /// What the control says; it stands until it says something else.
    pub fn control(&mut self, outputs: &WarmingOutputs) {
        self.device.control(outputs);
    }

    /// What the cut-out says, likewise.
    pub fn cut_out(&mut self, outputs: &CutOutOutputs) {
        self.device.cut_out(outputs);
    }

    /// The cut-out's button is held, or let go.
    pub fn press(&mut self, is_pressed: bool) {
        self.device.press(is_pressed);
    }

    /// Something breaks.
    ///
    /// # Errors
    /// The first of its numbers that is out of range.
    pub fn fault(&mut self, fault: &WarmingFault) -> Result<(), FaultError> {
        self.device.fault(fault)
    }

    /// Everything is whole, and full, again.
    pub fn clear(&mut self) {
        self.device.clear();
    }

    /// A tenth of a second.
    pub fn advance(&mut self) {
        for _ in 0..10 {
            let [.., lung, _] = self.heat.celsius;
            self.heat.exchange = self.device.exchange();
            self.device.advance(lung);
            self.heat.advance(self.blood_flow_lpm, self.shaft_w, STEP_S);
        }
    }

    /// What the device really does.
    #[must_use]
    pub fn truth(&self) -> WarmingTruth {
        self.device.truth()
    }

    /// The hottest blood of the circuit, of that which leaves the lung and of the patient [C].
    #[must_use]
    pub fn blood_celsius(&self) -> [f64; 3] {
        let [.., lung, _] = self.heat.celsius;
        [self.heat.celsius.into_iter().fold(lung, f64::max), lung, self.heat.patient_celsius]
    }
}
