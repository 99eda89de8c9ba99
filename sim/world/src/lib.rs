// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
// Units stand in brackets, [rpm], which rustdoc takes for links.
#![allow(rustdoc::broken_intra_doc_links)]

#[cfg(test)]
extern crate std;

mod blood;
mod bus;
mod can_bus;
mod circuit;
mod circuit_faults;
mod circuit_sensors;
mod circulation;
mod disturbance;
mod dynamics;
mod ecg;
mod fault;
mod film;
mod keys;
mod noise;
mod pair;
#[allow(clippy::double_comparisons, reason = "two keys have a single allowed value")]
mod parameters;
mod parts;
mod patient;
mod power;
mod presets;
mod pump;
mod pump_table;
mod sensor_faults;
mod sensors;
mod setup;
mod truth;
mod ultrasound;
mod warming;
mod windings;
mod world;

pub use blood::Blood;
pub use can_bus::{
    CAN_DATA_MAX, CAN_INTERMISSION_S, CAN_LENGTHS, CanBits, CanBus, CanFault, CanFaultError, CanFrame,
    CanFrameError, CanNode, CanSendError, CanState, CanStatistics,
};
pub use circuit::{CircuitChange, KinkSite, Line};
pub use circuit_faults::{CircuitFault, CircuitSensor};
pub use circulation::Circulation;
pub use disturbance::{Disturbance, DisturbanceError};
pub use ecg::{EcgGenerator, EcgKind, NOTICE_S, RAIL_MV};
pub use fault::{Fault, FaultError};
pub use keys::{Key, KeyInfo, PlantError, RangeError, SetError};
pub use parameters::{
    AngleSensor, Battery, Bearing, BloodVolume, Cannula, CannulaLaw, Cannulation, Circuit, Compliance,
    CurrentSensor, DisplacementSensor, Drive, DriveLine, FixedPatient, FlowMeter, Heart, LivingPatient,
    MembraneLung, Motor, Patient, Plant, PressureSensor, PulmonaryVessels, Pump, ReturnClamp, Rotor,
    RotorFluid, Section, SystemicVessels, Tubing, VECTOR_KEYS, VectorKey, VenaCava, Warming,
};
pub use parts::{
    CannulaSize, DRAINAGE_CANNULAS, LungType, MEMBRANE_LUNGS, RETURN_CANNULAS, cannula_mmhg_per_lpm2,
};
pub use patient::{ChangeError, PatientChange, R_WAVE_LEAD_S};
pub use power::{PowerBench, PowerTruth};
pub use presets::{
    ARREST, BENCH, BENCH_LOOP, ECMO_50, HYPOVOLAEMIC, PAEDIATRIC, PAEDIATRIC_19_15, VA_21_17, VA_25_21,
    VA_25_21_ELASTIC, VA_ADULT, VA_FIXED, VASOPLEGIC, VV_25_19, VV_ADULT,
};
pub use pump_table::{CurveError, CurvePoint, CurveProblem, POINT_COUNT_MAX, PumpTable, SPEED_COUNT_MAX};
pub use sensors::{RUNOUT_1X_RAD, RUNOUT_2X_RAD};
pub use setup::{InitialState, RotorStart, Setup, SetupError};
pub use truth::{EcgTruth, PatientTruth, Truth};
pub use ultrasound::{Air, Ultrasound};
pub use warming::{TemperatureFault, WarmingBench, WarmingDevice, WarmingFault, WarmingSensor, WarmingTruth};
pub use world::{STEP_S, World};

/// Conversion factors, exact where the definition is.
pub mod units {
    /// Pascal per millimetre of mercury.
    pub const PA_PER_MMHG: f64 = 133.322_387_415;
    /// Cubic metres per second per litre per minute.
    pub const M3_PER_S_PER_LPM: f64 = 1.0 / 60_000.0;
    /// Radians per second per revolution per minute.
    pub const RAD_PER_S_PER_RPM: f64 = core::f64::consts::PI / 30.0;
    /// Radians per degree.
    pub const RAD_PER_DEG: f64 = core::f64::consts::PI / 180.0;
    /// Standard acceleration of gravity, the g of a shock [m/s2].
    pub const STANDARD_GRAVITY_M_PER_S2: f64 = 9.806_65;
}
