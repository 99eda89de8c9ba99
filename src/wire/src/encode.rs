// SPDX-License-Identifier: Apache-2.0
//! Structs to frames.

use levitas_core::link::{CommandFrame, FastStatus, PeerTherapy, SlowStatus};

use crate::command::CommandKey;
use crate::decode::{Rejection, command_codes};
use crate::e2e::{protect, sum_up};
use crate::frame::Frame;
use crate::identity::{Identity, Layout, Unit};
use crate::messages::{
    CommandToHost, HostFastStatus, HostServiceAlarms, HostServiceCurrents, HostServiceLimits,
    HostServiceMotion, HostServiceSetpoints, HostServiceState, HostSlowStatus, PROTOCOL_VERSION,
};
use crate::service::{Service, or_nan};
use embedded_can::Id;

/// Writes a `PeerReport` into a message that has its signals.
macro_rules! set_report {
    ($message:ident, $report:expr) => {
        $message.set_state_raw_val($report.state as u8);
        $message.set_drives_raw_val(u8::from($report.drives));
        $message.set_current_flows_raw_val(u8::from($report.current_flows));
        $message.set_therapy_raw_val(u8::from($report.therapy));
        $message.set_challenge_raw_val(u8::from($report.challenge));
        $message.set_innovation_ok_raw_val(u8::from($report.innovation_ok));
        $message.set_hand_back_raw_val(u8::from($report.hand_back));
    };
}

/// Writes the currents of coils and phases into a message that has their signals.
macro_rules! set_currents {
    ($message:ident: $type:ident, $coil_current_a:expr, $phase_current_a:expr) => {
        let ([coil_x, coil_y], [phase_a, phase_b]) = ($coil_current_a, $phase_current_a);
        $message.set_coil_current_x_a_raw_val($type::COIL_CURRENT_X_A.saturated(coil_x));
        $message.set_coil_current_y_a_raw_val($type::COIL_CURRENT_Y_A.saturated(coil_y));
        $message.set_phase_current_a_a_raw_val($type::PHASE_CURRENT_A_A.saturated(phase_a));
        $message.set_phase_current_b_a_raw_val($type::PHASE_CURRENT_B_A.saturated(phase_b));
    };
}

/// Writes the displacement into a message that has its signals.
macro_rules! set_displacement {
    ($message:ident: $type:ident, $displacement_m:expr) => {
        let [x, y] = $displacement_m;
        $message.set_displacement_x_m_raw_val($type::DISPLACEMENT_X_M.saturated(x));
        $message.set_displacement_y_m_raw_val($type::DISPLACEMENT_Y_M.saturated(y));
    };
}

/// Writes signals that a struct or variant has under the same names.
macro_rules! set_scaled {
    ($message:ident: $type:ident, $($setter:ident($scale:ident, $value:expr);)*) => {
        $($message.$setter($type::$scale.saturated($value));)*
    };
}

fn protected(layout: Layout, from: Unit, payload: &[u8], counter: u8) -> Frame {
    let identity = Identity::of(layout, from);
    let mut frame = Frame::new(identity, payload);
    protect(frame.data_mut(), identity.facts, counter);
    frame
}

/// The fast frame of a unit. The E2E counter is the low byte of the frame's number.
#[must_use]
pub fn encode_fast(status: &FastStatus, from: Unit) -> Frame {
    let mut message = HostFastStatus::ZERO;
    message.set_version_raw_val(PROTOCOL_VERSION);
    message.set_number_raw_val(status.number);
    message.set_echo_raw_val(status.echo);
    set_report!(message, status.report);
    set_scaled!(message: HostFastStatus,
        set_rotor_angle_rad_raw_val(ROTOR_ANGLE_RAD, or_nan(status.rotor_angle_rad));
        set_rotor_speed_rad_per_s_raw_val(ROTOR_SPEED_RAD_PER_S, or_nan(status.rotor_speed_rad_per_s));
    );
    let (coil, phase) = (status.coil_current_a.map(or_nan), status.phase_current_a.map(or_nan));
    set_currents!(message: HostFastStatus, coil, phase);
    set_displacement!(message: HostFastStatus, status.displacement_m.map(or_nan));
    let power = status.power;
    message.set_power_source_raw_val(power.power_source as u8);
    message.set_battery_alarm_raw_val(u8::from(power.battery_alarm));
    set_scaled!(message: HostFastStatus,
        set_battery_charge_pct_raw_val(BATTERY_CHARGE_PCT, or_nan(power.battery_charge_pct));
        set_battery_remaining_min_raw_val(BATTERY_REMAINING_MIN, or_nan(power.battery_remaining_min));
    );
    let [counter, _] = status.number.to_le_bytes();
    protected(Layout::Fast, from, message.raw(), counter)
}

/// The slow frame of a unit; `counter` goes up by one with each.
#[must_use]
pub fn encode_slow(status: &SlowStatus, from: Unit, counter: u8) -> Frame {
    let mut message = HostSlowStatus::ZERO;
    message.set_version_raw_val(PROTOCOL_VERSION);
    message.set_session_raw_val(status.session);
    message.set_time_ms_raw_val(status.time_ms);
    let PeerTherapy { mode, asked_mode, settings, conditions, alarms, .. } = status.therapy;
    message.set_mode_raw_val(mode as u8);
    message.set_asked_mode_raw_val(asked_mode as u8);
    message.set_conditions_raw_val(conditions);
    message.set_alarms_raw_val(alarms);
    message.set_audio_paused_s_raw_val(status.audio_paused_s);
    message.set_command_sequence_raw_val(status.command_sequence);
    message.set_command_result_raw_val(status.command_result);
    message.set_suction_lid_age_ms_raw_val(status.therapy.suction_lid_age_ms);
    set_scaled!(message: HostSlowStatus,
        set_synchronous_current_a_raw_val(SYNCHRONOUS_CURRENT_A, status.synchronous_current_a);
        set_speed_setpoint_rpm_raw_val(SPEED_SETPOINT_RPM, settings.speed_setpoint_rpm);
        set_flow_setpoint_lpm_raw_val(FLOW_SETPOINT_LPM, settings.flow_setpoint_lpm);
        set_pressure_setpoint_mmhg_raw_val(PRESSURE_SETPOINT_MMHG, settings.pressure_setpoint_mmhg);
        set_weaning_flow_lpm_raw_val(WEANING_FLOW_LPM, settings.weaning_flow_lpm);
        set_trial_flow_lpm_raw_val(TRIAL_FLOW_LPM, settings.trial_flow_lpm);
        set_drainage_pressure_mmhg_min_raw_val(DRAINAGE_PRESSURE_MMHG_MIN, settings.drainage_pressure_mmhg_min);
        set_return_pressure_mmhg_max_raw_val(RETURN_PRESSURE_MMHG_MAX, settings.return_pressure_mmhg_max);
        set_flow_lpm_min_raw_val(FLOW_LPM_MIN, settings.flow_lpm_min);
        set_return_is_arterial_raw_val(RETURN_IS_ARTERIAL, settings.return_is_arterial);
        set_pulse_amplitude_rpm_raw_val(PULSE_AMPLITUDE_RPM, settings.pulse_amplitude_rpm);
        set_pulse_rate_bpm_raw_val(PULSE_RATE_BPM, settings.pulse_rate_bpm);
        set_pulse_duty_pct_raw_val(PULSE_DUTY_PCT, settings.pulse_duty_pct);
        set_pulse_by_ecg_raw_val(PULSE_BY_ECG, settings.pulse_by_ecg);
        set_pulse_delay_ms_raw_val(PULSE_DELAY_MS, settings.pulse_delay_ms);
        set_weaning_step_s_raw_val(WEANING_STEP_S, settings.weaning_step_s);
        set_weaning_step_lpm_raw_val(WEANING_STEP_LPM, settings.weaning_step_lpm);
        set_trial_s_max_raw_val(TRIAL_S_MAX, settings.trial_s_max);
        set_suction_answer_raw_val(SUCTION_ANSWER, settings.suction_answer);
        set_suction_lid_rpm_raw_val(SUCTION_LID_RPM, status.therapy.suction_lid_rpm);
    );
    protected(Layout::Slow, from, message.raw(), counter)
}

/// A command to a unit, with its tag.
///
/// # Errors
/// The kind does not exist, or the value is out of range or no number: a command is sent as asked or not at all.
pub fn encode_command(command: &CommandFrame, to: Unit, key: &CommandKey) -> Result<Frame, Rejection> {
    let mut message = CommandToHost::ZERO;
    message.set_version_raw_val(PROTOCOL_VERSION);
    message.set_session_raw_val(command.session);
    message.set_sequence_raw_val(command.sequence);
    message.set_expires_ms_raw_val(command.expires_ms);
    message.set_kind_raw_val(command.kind);
    message.set_value_raw_val(CommandToHost::VALUE.exact(command.value)?);
    command_codes(&message)?;
    let identity = Identity::of(Layout::Command, to);
    let mut frame = Frame::new(identity, message.raw());
    key.sign(identity.id, frame.data_mut());
    Ok(frame)
}

/// Writes CRC or tag over the bytes of a frame that somebody has made or changed himself: for tools and tests. An id that is none of
/// the link's leaves them alone.
pub fn seal(id: Id, data: &mut [u8], key: &CommandKey) {
    match Identity::find(id) {
        Some(identity) if identity.layout == Layout::Command => key.sign(id, data),
        Some(identity) => sum_up(data, identity.facts),
        None => {}
    }
}

/// A classic frame of a unit for service tools; `counter` goes up by one with each of its kind.
#[must_use]
pub fn encode_service(content: &Service, from: Unit, counter: u8) -> Frame {
    let send = |layout, payload: &[u8]| protected(layout, from, payload, counter);
    match *content {
        Service::State { number, echo, report } => {
            let mut message = HostServiceState::ZERO;
            message.set_version_raw_val(PROTOCOL_VERSION);
            message.set_number_raw_val(number);
            message.set_echo_raw_val(echo);
            set_report!(message, report);
            send(Layout::State, message.raw())
        }
        Service::Motion { rotor_speed_rad_per_s, displacement_m } => {
            let mut message = HostServiceMotion::ZERO;
            message.set_version_raw_val(PROTOCOL_VERSION);
            set_scaled!(message: HostServiceMotion,
                set_rotor_speed_rad_per_s_raw_val(ROTOR_SPEED_RAD_PER_S, rotor_speed_rad_per_s);
            );
            set_displacement!(message: HostServiceMotion, displacement_m);
            send(Layout::Motion, message.raw())
        }
        Service::Currents { coil_current_a, phase_current_a } => {
            let mut message = HostServiceCurrents::ZERO;
            message.set_version_raw_val(PROTOCOL_VERSION);
            set_currents!(message: HostServiceCurrents, coil_current_a, phase_current_a);
            send(Layout::Currents, message.raw())
        }
        Service::Setpoints { speed_setpoint_rpm, flow_setpoint_lpm, pressure_setpoint_mmhg } => {
            let mut message = HostServiceSetpoints::ZERO;
            message.set_version_raw_val(PROTOCOL_VERSION);
            set_scaled!(message: HostServiceSetpoints,
                set_speed_setpoint_rpm_raw_val(SPEED_SETPOINT_RPM, speed_setpoint_rpm);
                set_flow_setpoint_lpm_raw_val(FLOW_SETPOINT_LPM, flow_setpoint_lpm);
                set_pressure_setpoint_mmhg_raw_val(PRESSURE_SETPOINT_MMHG, pressure_setpoint_mmhg);
            );
            send(Layout::Setpoints, message.raw())
        }
        Service::Limits { drainage_pressure_mmhg_min, return_pressure_mmhg_max, synchronous_current_a } => {
            let mut message = HostServiceLimits::ZERO;
            message.set_version_raw_val(PROTOCOL_VERSION);
            set_scaled!(message: HostServiceLimits,
                set_drainage_pressure_mmhg_min_raw_val(DRAINAGE_PRESSURE_MMHG_MIN, drainage_pressure_mmhg_min);
                set_return_pressure_mmhg_max_raw_val(RETURN_PRESSURE_MMHG_MAX, return_pressure_mmhg_max);
                set_synchronous_current_a_raw_val(SYNCHRONOUS_CURRENT_A, synchronous_current_a);
            );
            send(Layout::Limits, message.raw())
        }
        Service::Alarms { mode, audio_paused_s, alarms } => {
            let mut message = HostServiceAlarms::ZERO;
            message.set_version_raw_val(PROTOCOL_VERSION);
            message.set_mode_raw_val(mode as u8);
            message.set_audio_paused_s_raw_val(audio_paused_s);
            message.set_alarms_raw_val(alarms);
            send(Layout::Alarms, message.raw())
        }
    }
}
