// SPDX-License-Identifier: Apache-2.0
//! What is recorded at every world step: one table of channels behind the trace, the report and the documentation.

use levitas_world::Truth;

/// One step of the simulation, as the recorders see it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// Time at the end of the step [s].
    pub time_s: f64,
    /// True displacement x, y, z [m].
    pub displacement_m: [f64; 3],
    /// True tilt about x, y [rad].
    pub tilt_rad: [f64; 2],
    /// Displacement x, y as the unit knows it [m].
    pub displacement_known_m: [f64; 2],
    /// True rotor angle, unwrapped [rad].
    pub rotor_angle_rad: f64,
    /// True pump speed [rpm].
    pub speed_rpm: f64,
    /// Speed that the scenario asks for [rpm]; NaN before the first speed command.
    pub speed_setpoint_rpm: f64,
    /// Flow that the scenario asks for [L/min]; not a number when it asks for none.
    pub flow_setpoint_lpm: f64,
    /// Coil currents x, y as sampled by the driving unit [A].
    pub coil_current_a: [f64; 2],
    /// Torque current as measured by the driving unit [A].
    pub torque_current_a: f64,
    /// True flow [L/min].
    pub flow_lpm: f64,
    /// True pump head [mmHg].
    pub head_mmhg: f64,
    /// True drainage pressure [mmHg].
    pub drainage_pressure_mmhg: f64,
    /// True pre-membrane pressure [mmHg].
    pub pre_membrane_pressure_mmhg: f64,
    /// True return pressure [mmHg].
    pub return_pressure_mmhg: f64,
    /// Its limit, as the driving unit is set [mmHg]; `None` while it says nothing.
    pub return_limit_mmhg: Option<f64>,
    /// True state of the circuit's air and of the patient.
    pub body: BodySample,
    /// True temperatures, with a warming device.
    pub thermal: Option<ThermalSample>,
    /// Code of the driving unit's bearing state.
    pub bearing_state: u32,
    /// The rotor touches its touchdown bearing.
    pub touching: bool,
    /// True bus voltage of the driving unit [V].
    pub bus_voltage_v: f64,
    /// Fault bits of the driving unit.
    pub faults: u32,
    /// Alarms of the pair, of both units: bits of [`levitas_core::arbitration::alarm`].
    pub pair_alarms: u32,
    /// Winding set whose unit is looked at: the driving one, without one the host's.
    pub driving_set: usize,
    /// The gates of the sets A and B are open.
    pub gate_open: [bool; 2],
    /// When each gate last opened [s].
    pub gate_opened_s: [f64; 2],
    /// When each gate last closed [s].
    pub gate_closed_s: [f64; 2],
    /// Last valid PWM update of each unit that drives [s].
    pub last_update_s: [f64; 2],
    /// The rotor is to be held: the unit that drives, or drove last, said so.
    pub held: bool,
}

/// Temperatures where there is a warming device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ThermalSample {
    /// The hottest blood anywhere in the circuit [C].
    pub blood_max_celsius: f64,
    /// Blood that leaves the membrane lung [C].
    pub blood_celsius: f64,
    /// Water of the device [C].
    pub water_celsius: f64,
}

impl ThermalSample {
    /// Of the world's truth.
    #[must_use]
    pub fn of(truth: &Truth) -> Option<Self> {
        let water_celsius = truth.warming?.water_celsius;
        let [.., blood_celsius, _] = truth.blood_celsius;
        let blood_max_celsius = truth.blood_celsius.into_iter().fold(blood_celsius, f64::max);
        Some(Self { blood_max_celsius, blood_celsius, water_celsius })
    }
}

/// What is recorded of the patient; NaN for fixed pressures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BodySample {
    /// Pressure in the aorta [mmHg].
    pub aortic_pressure_mmhg: f64,
    /// Pressure in the vena cava [mmHg].
    pub vena_cava_pressure_mmhg: f64,
    /// Pressure in the pulmonary arteries [mmHg].
    pub pulmonary_pressure_mmhg: f64,
    /// Pressure of the aorta, mean of the last beat [mmHg].
    pub map_mmhg: f64,
    /// Output of the left ventricle, mean of the last beat [L/min].
    pub native_output_lpm: f64,
    /// Part of the drainage inlet that the vein covers, 0 to 1.
    pub cava_collapse: f64,
    /// Part of the tube at the flow meter that is air, 0 to 1.
    pub air_at_meter: f64,
    /// Air that has gone into the patient [mL].
    pub air_in_patient_ml: f64,
    /// The ECG as the front end has it [mV].
    pub ecg_mv: f64,
    /// In the last period of its task the unit that drives has found a heart beat, begun a pulse after one.
    pub beat_found: bool,
    /// See `beat_found`.
    pub pulse_begun: bool,
}

impl Default for BodySample {
    fn default() -> Self {
        Self {
            aortic_pressure_mmhg: f64::NAN,
            vena_cava_pressure_mmhg: f64::NAN,
            pulmonary_pressure_mmhg: f64::NAN,
            map_mmhg: f64::NAN,
            native_output_lpm: f64::NAN,
            cava_collapse: f64::NAN,
            air_at_meter: 0.0,
            air_in_patient_ml: 0.0,
            ecg_mv: f64::NAN,
            beat_found: false,
            pulse_begun: false,
        }
    }
}

impl BodySample {
    /// Of the world's truth.
    #[must_use]
    pub fn of(truth: &Truth) -> Self {
        let air = Self {
            air_at_meter: truth.air_at_meter,
            air_in_patient_ml: truth.air_in_patient_ml,
            ..Self::default()
        };
        let Some(patient) = truth.patient else { return air };
        Self {
            aortic_pressure_mmhg: patient.aortic_pressure_mmhg,
            vena_cava_pressure_mmhg: patient.vena_cava_pressure_mmhg,
            pulmonary_pressure_mmhg: patient.pulmonary_pressure_mmhg,
            map_mmhg: patient.map_mmhg,
            native_output_lpm: patient.native_output_lpm,
            cava_collapse: patient.cava_collapse,
            ecg_mv: truth.ecg.map_or(f64::NAN, |ecg| ecg.ecg_mv),
            ..air
        }
    }
}

impl Sample {
    /// Distance of the rotor from the centre [m].
    #[must_use]
    pub fn radius_m(&self) -> f64 {
        self.displacement_m[0].hypot(self.displacement_m[1])
    }
}

/// A recorded quantity.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// Column name with the unit suffix.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Decimals in the trace.
    pub decimals: usize,
    /// Its value in its unit.
    pub value: fn(&Sample) -> f64,
}

/// Micrometres per metre.
pub const UM_PER_M: f64 = 1e6;
/// Number of [`CHANNELS`].
pub const CHANNEL_COUNT: usize = 27;
/// Number of bearing states with a name.
const STATE_NAMES: [&str; 6] = ["off", "lift_off", "levitated", "landing", "touchdown", "service"];

const fn channel(
    name: &'static str,
    decimals: usize,
    value: fn(&Sample) -> f64,
    doc: &'static str,
) -> Channel {
    Channel { name, doc, decimals, value }
}

/// All channels, in the order of the columns of `trace.csv` after `time_s`.
#[rustfmt::skip]
pub const CHANNELS: [Channel; CHANNEL_COUNT] = [
    channel("displacement_x_um", 3, |s| s.displacement_m[0] * UM_PER_M, "true displacement of the rotor, x"),
    channel("displacement_y_um", 3, |s| s.displacement_m[1] * UM_PER_M, "true displacement of the rotor, y"),
    channel("displacement_z_um", 3, |s| s.displacement_m[2] * UM_PER_M, "true displacement of the rotor along its axis"),
    channel("radius_um", 3, |s| s.radius_m() * UM_PER_M, "true distance of the rotor from the centre"),
    channel("displacement_known_x_um", 3, |s| s.displacement_known_m[0] * UM_PER_M, "displacement x as the driving unit knows it"),
    channel("displacement_known_y_um", 3, |s| s.displacement_known_m[1] * UM_PER_M, "displacement y as the driving unit knows it"),
    channel("coil_current_x_a", 4, |s| s.coil_current_a[0], "coil current x as sampled by the driving unit"),
    channel("coil_current_y_a", 4, |s| s.coil_current_a[1], "coil current y as sampled by the driving unit"),
    channel("torque_current_a", 4, |s| s.torque_current_a, "torque (q) current as measured by the driving unit"),
    channel("speed_rpm", 2, |s| s.speed_rpm, "true pump speed"),
    channel("speed_setpoint_rpm", 1, |s| s.speed_setpoint_rpm, "speed that the scenario asks for; empty before it asks"),
    channel("flow_lpm", 4, |s| s.flow_lpm, "true flow, positive toward the return cannula"),
    channel("head_mmhg", 2, |s| s.head_mmhg, "true pump head"),
    channel("drainage_pressure_mmhg", 2, |s| s.drainage_pressure_mmhg, "true pressure before the pump"),
    channel("pre_membrane_pressure_mmhg", 2, |s| s.pre_membrane_pressure_mmhg, "true pressure between pump and membrane lung"),
    channel("return_pressure_mmhg", 2, |s| s.return_pressure_mmhg, "true pressure between membrane lung and return cannula"),
    channel("aortic_pressure_mmhg", 2, |s| s.body.aortic_pressure_mmhg, "true pressure in the aorta; empty, as those below, where no patient lives"),
    channel("vena_cava_pressure_mmhg", 2, |s| s.body.vena_cava_pressure_mmhg, "true pressure in the vena cava"),
    channel("pulmonary_pressure_mmhg", 2, |s| s.body.pulmonary_pressure_mmhg, "true pressure in the pulmonary arteries"),
    channel("native_output_lpm", 3, |s| s.body.native_output_lpm, "true output of the left ventricle, mean of the last beat"),
    channel("cava_collapse_pct", 1, |s| 100.0 * s.body.cava_collapse, "part of the drainage inlet that the vein covers"),
    channel("air_at_meter_pct", 1, |s| 100.0 * s.body.air_at_meter, "part of the tube at the flow meter that is air"),
    channel("ecg_mv", 3, |s| s.body.ecg_mv, "ECG as the front end has it; empty without electrodes"),
    channel("beat_found", 0, |s| f64::from(u8::from(s.body.beat_found)), "1 for 10 ms from when the driving unit has found a heart beat"),
    channel("pulse_begun", 0, |s| f64::from(u8::from(s.body.pulse_begun)), "1 for 10 ms from when it has begun a pulse after one"),
    channel("bearing_state", 0, |s| f64::from(s.bearing_state), "state of the bearing: 0 off, 1 lift-off, 2 levitated, 3 landing, 4 touchdown, 5 service"),
    channel("touching", 0, |s| f64::from(u8::from(s.touching)), "1 while the rotor touches its touchdown bearing"),
];

/// Name of a bearing state's code.
#[must_use]
pub fn bearing_state_name(code: u32) -> &'static str {
    STATE_NAMES.get(code as usize).copied().unwrap_or("unknown")
}

/// Index of a channel by name.
#[must_use]
pub fn channel_index(name: &str) -> Option<usize> {
    CHANNELS.iter().position(|channel| channel.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_its_own_name_and_a_unit_or_is_a_code() {
        for (index, channel) in CHANNELS.iter().enumerate() {
            assert_eq!(channel_index(channel.name), Some(index), "{}", channel.name);
            let unit = channel.name.rsplit('_').next().unwrap();
            assert!(
                ["um", "a", "rpm", "lpm", "mmhg", "pct", "mv", "state", "touching", "found", "begun"]
                    .contains(&unit),
                "{unit}"
            );
        }
    }
}
