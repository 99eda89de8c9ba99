// SPDX-License-Identifier: Apache-2.0
//! Pump, circuit and patient together, without the rotor's mechanics: flow and pressures at a given speed.
//!
//! # Timing
//! The circuit goes in levitation periods, the patient in steps of ten of them. In each step the circuit sees the ends of
//! the patient go linearly from the last but one state to the last one, so they are one step old and without jumps; the
//! patient then takes the circuit's mean flow over that step, so that no blood is lost between the two.
//! # Shown by
//! `tests/patient.rs`, `tests/patient_properties.rs`.

use crate::circuit::{BloodCircuit, Pressures};
use crate::parameters::Patient;
use crate::patient::{Body, ChangeError, Ends, PatientChange, STEP_S};
use crate::pump::Hydraulics;
use crate::setup::{Setup, SetupError};
use crate::truth::{PatientTruth, Truth};
use crate::units::RAD_PER_S_PER_RPM;

/// Levitation periods per step of the patient.
const PERIODS: u32 = (STEP_S / crate::world::STEP_S + 0.5) as u32;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Circulation {
    hydraulics: Hydraulics,
    pub(crate) circuit: BloodCircuit,
    patient: Option<Body>,
    /// What the patient does at the start and at the end of the present step.
    ends: [Ends; 2],
    period: u32,
    drained_lpm_sum: f64,
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
        let pressures = self.pressures(speed);
        Truth {
            rotor_speed_rad_per_s: speed,
            flow_lpm: self.circuit.flow_lpm,
            head_mmhg: pressures.head_mmhg,
            drainage_pressure_mmhg: pressures.drainage_mmhg,
            pre_membrane_pressure_mmhg: pressures.pre_membrane_mmhg,
            return_pressure_mmhg: pressures.return_mmhg,
            clamp_opening: self.circuit.clamp_opening,
            venous_pressure_mmhg: self.circuit.ends.venous_mmhg,
            arterial_pressure_mmhg: self.circuit.ends.arterial_mmhg,
            patient: self.patient(),
            ..Truth::default()
        }
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
                let body = Body::new(living);
                let ends = body.ends();
                (Some(body), ends)
            }
        };
        Self {
            hydraulics: Hydraulics::new(&setup.plant, setup.pump_table.clone()),
            circuit: BloodCircuit::new(&setup.circuit, ends, &setup.plant.rotor_fluid),
            patient,
            ends: [ends; 2],
            period: 0,
            drained_lpm_sum: 0.0,
        }
    }

    /// Starts with a flow, an opening of the return clamp and a speed [rad/s].
    pub(crate) fn start(&mut self, flow_lpm: f64, clamp_opening: f64, speed: f64) {
        self.circuit.start(flow_lpm, clamp_opening);
        self.circuit.settle_rate(&self.hydraulics, speed);
    }

    /// One period with the speed going from the first to the second value [rad/s].
    pub(crate) fn advance(&mut self, speeds: [f64; 2], step_s: f64) {
        let Some(patient) = &mut self.patient else {
            self.circuit.advance(&self.hydraulics, speeds, &self.ends, step_s);
            return;
        };
        let part = |period: u32| f64::from(period) / f64::from(PERIODS);
        let [from, to] = self.ends;
        let now = [from.toward(&to, part(self.period)), from.toward(&to, part(self.period + 1))];
        let before_lpm = self.circuit.flow_lpm;
        self.circuit.advance(&self.hydraulics, speeds, &now, step_s);
        self.drained_lpm_sum += 0.5 * (before_lpm + self.circuit.flow_lpm);
        self.period += 1;
        if self.period == PERIODS {
            let mean_lpm = self.drained_lpm_sum / f64::from(PERIODS);
            patient.advance(STEP_S, mean_lpm, mean_lpm);
            self.ends = [to, patient.ends()];
            (self.period, self.drained_lpm_sum) = (0, 0.0);
        }
    }

    /// Pressures at the three sites and the head.
    pub(crate) fn pressures(&self, speed: f64) -> Pressures {
        self.circuit.pressures(&self.hydraulics, speed)
    }

    /// The state of a living patient.
    pub(crate) fn patient(&self) -> Option<PatientTruth> {
        self.patient.as_ref().map(Body::truth)
    }
}
