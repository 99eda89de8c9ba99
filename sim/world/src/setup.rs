// SPDX-License-Identifier: Apache-2.0
//! What defines a world, and the state that it starts in.
//!
//! # Limits and failure
//! The values of the files are checked against their ranges, those of a start must be finite numbers.

use core::fmt;

use crate::dynamics::{ANGLE, POSITION, SPEED, State, TILT, TILT_RATE, VELOCITY};
use crate::keys::{Key, PlantError};
use crate::parameters::{Circuit, Patient, Plant};
use crate::pump_table::PumpTable;

/// Largest mean filling pressure of a patient [mmHg].
const FILLING_MMHG_MAX: f64 = 40.0;
/// Least stressed volume, in volumes of the vena cava.
const CAVAS_MIN: f64 = 3.0;

/// How the rotor starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RotorStart {
    /// At rest on the touchdown circle, at this angle from x to y; return clamp closed.
    Lying {
        /// Where it lies [rad].
        angle_rad: f64,
    },
    /// In any state, for tests.
    State(InitialState),
}

/// A state to start from; all zero and a closed clamp by default.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct InitialState {
    /// Displacement x, y, z [m].
    pub displacement_m: [f64; 3],
    /// Velocity x, y, z [m/s].
    pub velocity_m_per_s: [f64; 3],
    /// Tilt about x, y [rad].
    pub tilt_rad: [f64; 2],
    /// Rate of tilt about x, y [rad/s].
    pub tilt_rate_rad_per_s: [f64; 2],
    /// Angle of the rotor [rad].
    pub rotor_angle_rad: f64,
    /// Speed of the rotor [rad/s].
    pub rotor_speed_rad_per_s: f64,
    /// Flow [L/min]; 0 while the clamp is closed.
    pub flow_lpm: f64,
    /// Opening of the return clamp, 0 to 1.
    pub clamp_opening: f64,
}

/// Everything that defines a world.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Pump head, windings, sensors.
    pub plant: Plant,
    /// Cannulas, tubing, membrane lung.
    pub circuit: Circuit,
    /// Both ends of the circuit.
    pub patient: Patient,
    /// A measured pump instead of the formula.
    pub pump_table: Option<PumpTable>,
    /// Seed of all noise.
    pub seed: u64,
    /// How the rotor starts.
    pub start: RotorStart,
}

impl Setup {
    /// Checks plant, circuit and patient.
    ///
    /// # Errors
    /// The first value that is out of range.
    pub fn check(&self) -> Result<(), SetupError> {
        self.plant.check()?;
        self.circuit.check()?;
        self.patient.check()?;
        Ok(self.patient.check_together()?)
    }
}

impl Patient {
    /// Checks what the range of one key owes to other ones.
    ///
    /// # Errors
    /// More stressed volume than blood, or than the vessels take at 40 mmHg, or too little for the vena cava.
    pub fn check_together(&self) -> Result<(), PlantError> {
        let Self::Living(living) = self else { return Ok(()) };
        let (systemic, pulmonary) = (&living.systemic, &living.pulmonary);
        let compliance = systemic.aorta_compliance_ml_per_mmhg
            + systemic.artery_compliance_ml_per_mmhg
            + systemic.vein_compliance_ml_per_mmhg
            + pulmonary.sinus_compliance_ml_per_mmhg
            + pulmonary.artery_compliance_ml_per_mmhg
            + pulmonary.vein_compliance_ml_per_mmhg;
        let min = CAVAS_MIN * living.cava.unstressed_ml;
        let max = living.blood.volume_ml.min(min + FILLING_MMHG_MAX * compliance);
        let value = living.blood.stressed_ml;
        if value >= min && value <= max {
            return Ok(());
        }
        Err(PlantError { key: Key { section: "blood", name: "stressed_ml" }, value, min, max })
    }
}

/// A set-up that is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SetupError {
    /// A value of the plant, circuit or patient outside its range.
    Value(PlantError),
    /// The start has a value that is not a finite number.
    Start,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(error) => error.fmt(f),
            Self::Start => f.write_str("the rotor's start has a value that is not a finite number"),
        }
    }
}

impl core::error::Error for SetupError {}

impl From<PlantError> for SetupError {
    fn from(error: PlantError) -> Self {
        Self::Value(error)
    }
}

/// The state that a start means.
pub(crate) fn initial(plant: &Plant, start: &RotorStart) -> InitialState {
    match *start {
        RotorStart::State(state) => state,
        RotorStart::Lying { angle_rad } => {
            let (sine, cosine) = libm::sincos(angle_rad);
            // As deep in the touchdown circle as the negative stiffness presses it.
            let pressed = plant.rotor.k_x_n_per_m * plant.rotor.clearance_m
                / crate::dynamics::CONTACT_STIFFNESS_N_PER_M;
            let radius = plant.rotor.clearance_m + pressed;
            let rotor = &plant.rotor;
            let sag = rotor.mass_kg * rotor.gravity_z_m_per_s2 / rotor.axial_stiffness_n_per_m;
            let z = sag.clamp(-rotor.axial_clearance_m, rotor.axial_clearance_m);
            InitialState { displacement_m: [radius * cosine, radius * sine, z], ..InitialState::default() }
        }
    }
}

/// Its part that the equations of motion have.
pub(crate) fn to_state(start: &InitialState) -> State {
    let mut state = [0.0; 20];
    state[POSITION..TILT].copy_from_slice(&start.displacement_m);
    state[TILT..ANGLE].copy_from_slice(&start.tilt_rad);
    state[VELOCITY..TILT_RATE].copy_from_slice(&start.velocity_m_per_s);
    state[TILT_RATE..SPEED].copy_from_slice(&start.tilt_rate_rad_per_s);
    state[SPEED] = start.rotor_speed_rad_per_s;
    state
}
