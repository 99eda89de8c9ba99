// SPDX-License-Identifier: Apache-2.0
//! What is really the case, as opposed to what the sensors say.

use crate::power::PowerTruth;
use crate::warming::WarmingTruth;

/// The state of the world at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Truth {
    /// Time since the start [s].
    pub time_s: f64,
    /// Displacement of the rotor's centre x, y, z [m].
    pub displacement_m: [f64; 3],
    /// Velocity of the rotor's centre x, y, z [m/s].
    pub velocity_m_per_s: [f64; 3],
    /// Tilt about x and y [rad].
    pub tilt_rad: [f64; 2],
    /// Rate of tilt [rad/s].
    pub tilt_rate_rad_per_s: [f64; 2],
    /// Angle of the rotor, 0 to 2 pi [rad].
    pub rotor_angle_rad: f64,
    /// Speed of the rotor [rad/s].
    pub rotor_speed_rad_per_s: f64,
    /// Coil currents by set, then axis [A].
    pub coil_current_a: [[f64; 2]; 2],
    /// Currents of the windings A, B, C by set [A].
    pub phase_current_a: [[f64; 3]; 2],
    /// Voltage of the DC bus by set [V].
    pub bus_voltage_v: [f64; 2],
    /// Mains and battery by set.
    pub power: [PowerTruth; 2],
    /// Current square to the rotor's flux by set [A].
    pub torque_current_a: [f64; 2],
    /// Force of all coils [N].
    pub coil_force_n: [f64; 2],
    /// Hydraulic radial force [N].
    pub static_force_n: [f64; 2],
    /// Radial force of the disturbances of the last period [N].
    pub disturbance_force_n: [f64; 2],
    /// Torque of the motor [N m].
    pub motor_torque_n_m: f64,
    /// Torque of the pump against it [N m].
    pub pump_torque_n_m: f64,
    /// The gate of a set is open: its latch has let the request pass.
    pub gate_open: [bool; 2],
    /// When the gate of a set last opened and last closed [s]; before the start for never.
    pub gate_opened_s: [f64; 2],
    /// See `gate_opened_s`.
    pub gate_closed_s: [f64; 2],
    /// Last valid PWM update of a unit that drives: the last edge of its line [s].
    pub last_update_s: [f64; 2],
    /// The rotor touches the touchdown circle.
    pub touching: bool,
    /// How often it came to touch after having been free by a tenth of the clearance.
    pub touchdown_count: u32,
    /// A rim of the rotor touches an axial stop; not part of `touching`.
    pub axial_touching: bool,
    /// How often it came to that, counted like `touchdown_count` and not part of it.
    pub axial_touchdown_count: u32,
    /// Blood flow toward the return cannula [L/min].
    pub flow_lpm: f64,
    /// Pump head [mmHg].
    pub head_mmhg: f64,
    /// Pressure before the pump [mmHg].
    pub drainage_pressure_mmhg: f64,
    /// Pressure before the membrane lung [mmHg].
    pub pre_membrane_pressure_mmhg: f64,
    /// Pressure behind the membrane lung [mmHg].
    pub return_pressure_mmhg: f64,
    /// Opening of the return clamp, 0 to 1.
    pub clamp_opening: f64,
    /// Opening of the clamp on the drainage tubing, 0 to 1.
    pub drainage_clamp_opening: f64,
    /// Part of the tube that is air at the flow meter, behind the membrane lung.
    pub air_at_meter: f64,
    /// Part of the tube that is air before the pump.
    pub air_before_pump: f64,
    /// Part of the pump's head that is filled with air.
    pub air_in_head: f64,
    /// Air that has gone into the patient [mL].
    pub air_in_patient_ml: f64,
    /// Blood in the drainage tubing, the head, the membrane lung, the return tubing [C].
    pub blood_celsius: [f64; 4],
    /// Body of the patient [C].
    pub patient_celsius: f64,
    /// The warming device, where there is one.
    pub warming: Option<WarmingTruth>,
    /// Pressure around the drainage cannula [mmHg].
    pub venous_pressure_mmhg: f64,
    /// Pressure around the return cannula [mmHg].
    pub arterial_pressure_mmhg: f64,
    /// The patient, when there is one and not fixed pressures.
    pub patient: Option<PatientTruth>,
    /// His ECG.
    pub ecg: Option<EcgTruth>,
}

/// The ECG of a living patient.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EcgTruth {
    /// What the front end has, of the last millisecond [mV]; not a number without electrodes.
    pub ecg_mv: f64,
    /// R waves that it has shown.
    pub r_wave_count: u32,
    /// When the last of them was [s].
    pub r_wave_s: f64,
}

/// The state of a living patient.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PatientTruth {
    /// Pressure in the aorta [mmHg].
    pub aortic_pressure_mmhg: f64,
    /// Pressure in the vena cava [mmHg].
    pub vena_cava_pressure_mmhg: f64,
    /// Pressure in the right atrium [mmHg].
    pub right_atrial_pressure_mmhg: f64,
    /// Pressure in the left ventricle [mmHg].
    pub left_ventricular_pressure_mmhg: f64,
    /// Pressure in the pulmonary arteries [mmHg].
    pub pulmonary_pressure_mmhg: f64,
    /// Flow through the aortic valve [L/min].
    pub aortic_valve_flow_lpm: f64,
    /// Pressure of the aorta, mean of the last beat [mmHg]; in arrest of the last three seconds, as the other means.
    pub map_mmhg: f64,
    /// Pressure in the vena cava, mean of the last beat [mmHg].
    pub central_venous_pressure_mmhg: f64,
    /// Output of the left ventricle, mean of the last beat [L/min].
    pub native_output_lpm: f64,
    /// Pressure in the pulmonary arteries, mean of the last beat [mmHg].
    pub mean_pulmonary_pressure_mmhg: f64,
    /// Beats per minute; 0 in arrest.
    pub heart_rate_bpm: f64,
    /// Place in the beat, 0 to 1: systole from 0 to 0.45, contraction of the atria from 0.9 to 0.99.
    pub heart_phase: f64,
    /// Beats since the start.
    pub beat_count: u32,
    /// Part of the drainage inlet that the wall of the vein covers, 0 to 1.
    pub cava_collapse: f64,
    /// Part of the returned blood that is drained again; 0 where nothing returns to the right atrium.
    pub recirculation: f64,
    /// All blood of the patient, without that in the circuit [mL].
    pub blood_volume_ml: f64,
}
