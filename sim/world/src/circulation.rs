// SPDX-License-Identifier: Apache-2.0
//! Pump, circuit and patient together, without the rotor's mechanics: flow and pressures at a given speed.
//!
//! # Timing
//! The circuit goes in levitation periods, the patient in steps of ten of them. In each step the circuit sees the ends of
//! the patient go linearly from the last but one state to the last one, so they are one step old and without jumps; the
//! patient then takes the circuit's mean flow over that step, so that no blood is lost between the two.
//! # Shown by
//! `tests/patient.rs`, `tests/patient_properties.rs`.

use crate::blood::Blood;
use crate::circuit::air::AirInCircuit;
use crate::circuit::heat::{BODY_CELSIUS, Heat};
use crate::circuit::{BloodCircuit, CircuitChange, Line, Pressures};
use crate::keys::RangeError;
use crate::parameters::{Patient, Plant, RotorFluid};
use crate::patient::{Body, ChangeError, Ends, NextBeat, PatientChange, STEP_S};
use crate::pump::{Hydraulics, KRPM_PER_RAD_PER_S, ShaftTorque};
use crate::setup::{Setup, SetupError};
use crate::truth::Truth;
use crate::ultrasound::Air;
use crate::units::RAD_PER_S_PER_RPM;
use crate::warming::WarmingDevice;

/// Levitation periods per step of the patient.
const PERIODS: u32 = (STEP_S / crate::world::STEP_S + 0.5) as u32;

/// Blood of a fixed patient, who has none [mL]: his heat capacity is that of an adult.
const FIXED_ML: f64 = 5000.0;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Circulation {
    hydraulics: Hydraulics,
    pub(crate) circuit: BloodCircuit,
    air: AirInCircuit,
    heat: Heat,
    /// In place of the heater-cooler of the house.
    warming: Option<WarmingDevice>,
    plant: Plant,
    shaft: ShaftTorque,
    blood: Blood,
    patient: Option<Body>,
    /// What the patient does at the start and at the end of the present step.
    ends: [Ends; 2],
    period: u32,
    /// Drained and returned.
    flow_lpm_sum: [f64; 2],
}

impl Circulation {
    /// A circulation at rest, with its clamp open.
    ///
    /// # Errors
    /// The first value of the set-up that is out of range.
    pub fn new(setup: &Setup) -> Result<Self, SetupError> {
        setup.check()?;
        let mut circulation = Self::of(setup);
        circulation.start(0.0, 1.0, 0.0);
        Ok(circulation)
    }

    /// One levitation period at a speed.
    pub fn advance_at(&mut self, speed_rpm: f64) {
        let speed = speed_rpm * RAD_PER_S_PER_RPM;
        self.advance([speed; 2], crate::world::STEP_S);
    }

    /// What is the case at a speed; without a rotor and its windings.
    #[must_use]
    pub fn truth_at(&self, speed_rpm: f64) -> Truth {
        let speed = speed_rpm * RAD_PER_S_PER_RPM;
        let torque_n_m = self.shaft.torque_n_m(speed * KRPM_PER_RAD_PER_S, self.circuit.pumped_lpm);
        let truth = Truth {
            rotor_speed_rad_per_s: speed,
            pump_torque_n_m: torque_n_m * self.air.torque_factor(),
            ..Truth::default()
        };
        self.tell(self.pressures(speed), truth)
    }

    /// Adds what it knows to the truth.
    pub(crate) fn tell(&self, pressures: Pressures, truth: Truth) -> Truth {
        Truth {
            flow_lpm: self.circuit.flow_lpm,
            head_mmhg: pressures.head_mmhg,
            drainage_pressure_mmhg: pressures.drainage_mmhg,
            pre_membrane_pressure_mmhg: pressures.pre_membrane_mmhg,
            return_pressure_mmhg: pressures.return_mmhg,
            clamp_opening: self.circuit.return_clamp.opening,
            drainage_clamp_opening: self.circuit.drainage_clamp.opening,
            air_at_meter: self.air.at_meter(),
            air_before_pump: self.air.before_pump(),
            air_in_head: self.air.in_head(),
            air_in_patient_ml: self.air.in_patient_ml,
            blood_celsius: self.heat.celsius,
            patient_celsius: self.heat.patient_celsius,
            warming: self.warming.as_ref().map(WarmingDevice::truth),
            venous_pressure_mmhg: self.circuit.ends.venous_mmhg,
            arterial_pressure_mmhg: self.circuit.ends.arterial_mmhg,
            patient: self.patient.as_ref().map(Body::truth),
            ..truth
        }
    }

    /// Something happens to the circuit.
    ///
    /// # Errors
    /// The first of its numbers that is out of range.
    pub fn change_circuit(&mut self, change: &CircuitChange) -> Result<(), RangeError> {
        change.check()?;
        self.circuit.change(change);
        if let CircuitChange::AirBolus { ml, line } = *change {
            self.air.enter(ml, line == Line::Return);
        }
        if let Some(blood) = change.blood(self.blood.temperature_celsius) {
            self.blood = blood;
            let fluid = RotorFluid {
                viscosity_pa_s: blood.viscosity_pa_s(),
                density_kg_per_m3: blood.density_kg_per_m3(),
                ..self.plant.rotor_fluid
            };
            self.plant.rotor_fluid = fluid;
            self.hydraulics.set_fluid(&fluid);
            self.circuit.set_fluid(&fluid);
            self.shaft = ShaftTorque::new(&self.plant, &fluid);
        }
        Ok(())
    }

    /// Water of the heat exchanger [C]; `None` when none flows.
    pub fn set_water(&mut self, celsius: Option<f64>) {
        self.heat.exchange = Heat::house(celsius);
    }

    /// A warming device in place of the heater-cooler of the house, with water of this temperature [C].
    pub(crate) fn connect_warming(&mut self, water_celsius: f64, seed: u64) {
        let [.., lung, _] = self.heat.celsius;
        let mut device = WarmingDevice::new(&self.plant.warming, lung, seed, STEP_S);
        device.fill(water_celsius, lung);
        self.warming = Some(device);
        self.heat.exchange = None;
    }

    /// The warming device, if there is one.
    pub(crate) fn warming(&mut self) -> Option<&mut WarmingDevice> {
        self.warming.as_mut()
    }

    /// The blood in the flow meter, at the temperature of the return line.
    pub(crate) fn blood_at_meter(&self) -> Blood {
        let [.., temperature_celsius] = self.heat.celsius;
        Blood { temperature_celsius, ..self.blood }
    }

    /// The air in it.
    pub(crate) fn air_at_meter(&self) -> Air {
        Air { fraction: self.air.at_meter(), ..Air::NONE }
    }

    /// What flows: at the start the plant's fluid counts, in all that follows this blood.
    #[must_use]
    pub fn blood(&self) -> Blood {
        self.blood
    }

    /// Viscosity and density of what flows.
    pub(crate) fn fluid(&self) -> RotorFluid {
        self.plant.rotor_fluid
    }

    /// Something happens to the patient.
    ///
    /// # Errors
    /// The first of its numbers that is out of range, or there is no patient.
    pub fn change_patient(&mut self, change: &PatientChange) -> Result<(), ChangeError> {
        change.check()?;
        self.patient.as_mut().ok_or(ChangeError::NoPatient)?.change(change);
        Ok(())
    }

    /// The next beat of the patient's heart; `None` when it stands still, or nobody lives.
    pub(crate) fn next_beat(&self) -> Option<NextBeat> {
        self.patient.as_ref().and_then(Body::next_beat)
    }

    /// The circulation of a set-up that was checked.
    pub(crate) fn of(setup: &Setup) -> Self {
        let (patient, ends) = match &setup.patient {
            Patient::Fixed(fixed) => (
                None,
                Ends {
                    venous_mmhg: fixed.venous_pressure_mmhg,
                    arterial_mmhg: fixed.arterial_pressure_mmhg,
                    inlet_mmhg_per_lpm2: 0.0,
                },
            ),
            Patient::Living(living) => {
                let body = Body::new(living, setup.seed);
                let ends = body.ends();
                (Some(body), ends)
            }
        };
        let volume_ml = patient.as_ref().map_or(FIXED_ML, Body::volume_ml);
        Self {
            hydraulics: Hydraulics::new(&setup.plant, setup.pump_table.clone()),
            circuit: BloodCircuit::new(&setup.circuit, ends, &setup.plant.rotor_fluid),
            air: AirInCircuit::new(&setup.circuit, setup.plant.pump.priming_volume_ml),
            heat: Heat::new(
                &setup.circuit,
                setup.plant.pump.priming_volume_ml,
                volume_ml,
                setup.plant.warming.room_celsius,
            ),
            warming: None,
            plant: setup.plant,
            shaft: ShaftTorque::new(&setup.plant, &setup.plant.rotor_fluid),
            blood: Blood { temperature_celsius: BODY_CELSIUS, ..Blood::ORDINARY },
            patient,
            ends: [ends; 2],
            period: 0,
            flow_lpm_sum: [0.0; 2],
        }
    }

    /// Starts with a flow, an opening of the return clamp and a speed [rad/s].
    pub(crate) fn start(&mut self, flow_lpm: f64, clamp_opening: f64, speed: f64) {
        self.circuit.start(flow_lpm, clamp_opening);
        self.circuit.settle_rate(&self.hydraulics, speed);
    }

    /// One period with the speed going from the first to the second value [rad/s].
    pub(crate) fn advance(&mut self, speeds: [f64; 2], step_s: f64) {
        let part = |period: u32| f64::from(period) / f64::from(PERIODS);
        let [from, to] = self.ends;
        let now = match self.patient {
            Some(_) => [from.toward(&to, part(self.period)), from.toward(&to, part(self.period + 1))],
            None => self.ends,
        };
        let before = [self.circuit.drained_lpm, self.circuit.flow_lpm];
        self.circuit.advance(&self.hydraulics, speeds, &now, self.air.head_factor(), step_s);
        let after = [self.circuit.drained_lpm, self.circuit.flow_lpm];
        let mean_lpm: [f64; 2] = core::array::from_fn(|end| 0.5 * (before[end] + after[end]));
        let krpm = speeds[1] * KRPM_PER_RAD_PER_S;
        self.air.advance(mean_lpm[1], krpm.abs(), step_s);
        for (sum, mean) in self.flow_lpm_sum.iter_mut().zip(mean_lpm) {
            *sum += mean;
        }
        self.period += 1;
        if self.period == PERIODS {
            let [drained_lpm, returned_lpm] = self.flow_lpm_sum.map(|sum| sum / f64::from(PERIODS));
            (self.period, self.flow_lpm_sum) = (0, [0.0; 2]);
            let shaft_w = self.shaft.torque_n_m(krpm, returned_lpm) * self.air.torque_factor() * speeds[1];
            if let Some(device) = &mut self.warming {
                let [.., lung, _] = self.heat.celsius;
                self.heat.exchange = device.exchange();
                device.advance(lung);
            }
            self.heat.advance(returned_lpm, shaft_w, STEP_S);
            if let Some(patient) = &mut self.patient {
                patient.advance(STEP_S, drained_lpm, returned_lpm);
                self.ends = [to, patient.ends()];
            }
        }
    }

    /// What air in the head leaves of its torque.
    pub(crate) fn torque_factor(&self) -> f64 {
        self.air.torque_factor()
    }

    /// Pressures at the three sites and the head.
    pub(crate) fn pressures(&self, speed: f64) -> Pressures {
        self.circuit.pressures(&self.hydraulics, speed, self.air.head_factor())
    }
}
