// SPDX-License-Identifier: Apache-2.0
//! Frames to structs, or the reason why not.
//!
//! Order: id, format, length, then checksum or tag, then counter, version and ranges. So nothing is read of a frame that is not
//! what its sender wrote, and every rejection has one reason. A fast frame is not refused for a measurement that has no number or lies out of
//! range: the report must come through.

use levitas_core::circulation::therapy::{Mode, TherapySettings};
use levitas_core::link::{CommandFrame, FastStatus, PeerReport, PeerTherapy, SlowStatus, UnitCode};
use levitas_core::power::told::{PowerSource, PowerTold};

use crate::command::CommandKey;
use crate::e2e::counter;
use crate::identity::{Identity, Layout, Unit};
use crate::messages::{
    CommandToHost, CommandToHostKind, HostFastStatus, HostServiceAlarms, HostServiceCurrents,
    HostServiceLimits, HostServiceMotion, HostServiceSetpoints, HostServiceState, HostSlowStatus,
    PROTOCOL_VERSION,
};
use crate::service::Service;
use embedded_can::Id;

/// A sound frame; whether it is fresh is judged elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Received {
    /// A fast frame; its number is its counter.
    Fast {
        /// The sender.
        from: Unit,
        /// What it says.
        status: FastStatus,
    },
    /// A slow frame.
    Slow {
        /// The sender.
        from: Unit,
        /// Counts the sender's slow frames, 0 to 255.
        counter: u8,
        /// What it says.
        status: SlowStatus,
    },
    /// A command with the tag of the key.
    Command {
        /// The unit that is to carry it out.
        to: Unit,
        /// What is asked.
        command: CommandFrame,
    },
    /// A classic frame for service tools.
    Service {
        /// The sender.
        from: Unit,
        /// Counts the sender's frames of this kind, 0 to 14.
        counter: u8,
        /// What it says.
        content: Service,
    },
}

/// Why a frame is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// No frame of the link has this id.
    UnknownId,
    /// A classic frame under the id of an FD frame, or the reverse.
    Format,
    /// Not the number of bytes of this id.
    Length,
    /// The CRC does not fit.
    Checksum,
    /// The counter is none of the profile's, or contradicts the number of the fast frame.
    Counter,
    /// Of another version of the protocol.
    Version,
    /// A command whose tag does not fit, or no key to test it with.
    Authentication,
    /// A signal, by name, has a code that its range leaves out, or has no number to tell.
    OutOfRange(&'static str),
}

/// Reads a `PeerReport` from a message that has its signals.
macro_rules! report {
    ($message:ident) => {
        PeerReport {
            state: UnitCode::from_code($message.state_raw_val()).ok_or(Rejection::OutOfRange("state"))?,
            drives: $message.drives(),
            current_flows: $message.current_flows(),
            therapy: $message.therapy(),
            challenge: $message.challenge(),
            innovation_ok: $message.innovation_ok(),
            hand_back: $message.hand_back(),
        }
    };
}

macro_rules! coil_current_a {
    ($message:ident: $type:ident) => {
        [
            $type::COIL_CURRENT_X_A.value($message.coil_current_x_a_raw_val()),
            $type::COIL_CURRENT_Y_A.value($message.coil_current_y_a_raw_val()),
        ]
    };
}

macro_rules! phase_current_a {
    ($message:ident: $type:ident) => {
        [
            $type::PHASE_CURRENT_A_A.value($message.phase_current_a_a_raw_val()),
            $type::PHASE_CURRENT_B_A.value($message.phase_current_b_a_raw_val()),
        ]
    };
}

macro_rules! displacement_m {
    ($message:ident: $type:ident) => {
        [
            $type::DISPLACEMENT_X_M.value($message.displacement_x_m_raw_val()),
            $type::DISPLACEMENT_Y_M.value($message.displacement_y_m_raw_val()),
        ]
    };
}

/// What a frame from the bus says. `fd`: it is a CAN FD frame. Without a key every command is refused.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn decode(id: Id, fd: bool, data: &[u8], key: Option<&CommandKey>) -> Result<Received, Rejection> {
    let identity = Identity::find(id).ok_or(Rejection::UnknownId)?;
    if identity.is_fd() != fd {
        return Err(Rejection::Format);
    }
    if data.len() != identity.size {
        return Err(Rejection::Length);
    }
    let from = identity.unit;
    if identity.layout == Layout::Command {
        if !key.is_some_and(|key| key.verifies(id, data)) {
            return Err(Rejection::Authentication);
        }
        return Ok(Received::Command { to: from, command: command(data)? });
    }
    let counter = counter(data, identity.facts)?;
    Ok(match identity.layout {
        Layout::Fast => Received::Fast { from, status: fast(data, counter)? },
        Layout::Slow => Received::Slow { from, counter, status: slow(data)? },
        layout => Received::Service { from, counter, content: service(layout, data)? },
    })
}

/// The bytes as a generated type.
fn message<'a, Message: TryFrom<&'a [u8]>>(data: &'a [u8]) -> Result<Message, Rejection> {
    Message::try_from(data).map_err(|_| Rejection::Length)
}

/// What a sound frame means depends on its version.
fn same_version(version: u8) -> Result<(), Rejection> {
    if version == PROTOCOL_VERSION { Ok(()) } else { Err(Rejection::Version) }
}

fn fast(data: &[u8], counter: u8) -> Result<FastStatus, Rejection> {
    let message: HostFastStatus = message(data)?;
    same_version(message.version_raw_val())?;
    let number = message.number_raw_val();
    let [low, _] = number.to_le_bytes();
    if counter != low {
        return Err(Rejection::Counter);
    }
    Ok(FastStatus {
        number,
        echo: message.echo_raw_val(),
        report: report!(message),
        rotor_angle_rad: HostFastStatus::ROTOR_ANGLE_RAD.value(message.rotor_angle_rad_raw_val()).ok(),
        rotor_speed_rad_per_s: HostFastStatus::ROTOR_SPEED_RAD_PER_S
            .value(message.rotor_speed_rad_per_s_raw_val())
            .ok(),
        coil_current_a: coil_current_a!(message: HostFastStatus).map(Result::ok),
        phase_current_a: phase_current_a!(message: HostFastStatus).map(Result::ok),
        displacement_m: displacement_m!(message: HostFastStatus).map(Result::ok),
        power: power(&message),
    })
}

/// A source that does not exist is none that was told, and no reason to refuse the report.
fn power(message: &HostFastStatus) -> PowerTold {
    let (charge, remaining) = (HostFastStatus::BATTERY_CHARGE_PCT, HostFastStatus::BATTERY_REMAINING_MIN);
    PowerTold {
        power_source: PowerSource::from_code(message.power_source_raw_val()).unwrap_or_default(),
        battery_alarm: message.battery_alarm(),
        battery_charge_pct: charge.value(message.battery_charge_pct_raw_val()).ok(),
        battery_remaining_min: remaining.value(message.battery_remaining_min_raw_val()).ok(),
    }
}

fn slow(data: &[u8]) -> Result<SlowStatus, Rejection> {
    let message: HostSlowStatus = message(data)?;
    same_version(message.version_raw_val())?;
    let therapy = PeerTherapy {
        mode: mode("mode", message.mode_raw_val())?,
        asked_mode: mode("asked_mode", message.asked_mode_raw_val())?,
        settings: settings(&message)?,
        conditions: message.conditions_raw_val(),
        alarms: message.alarms_raw_val(),
        suction_lid_rpm: HostSlowStatus::SUCTION_LID_RPM.value(message.suction_lid_rpm_raw_val())?,
        suction_lid_age_ms: message.suction_lid_age_ms_raw_val(),
    };
    Ok(SlowStatus {
        session: message.session_raw_val(),
        time_ms: message.time_ms_raw_val(),
        therapy,
        synchronous_current_a: HostSlowStatus::SYNCHRONOUS_CURRENT_A
            .value(message.synchronous_current_a_raw_val())?,
        audio_paused_s: message.audio_paused_s_raw_val(),
        command_sequence: message.command_sequence_raw_val(),
        command_result: message.command_result_raw_val(),
    })
}

/// Reads signals that a struct has under the same names.
macro_rules! scaled {
    ($message:ident: $type:ident => $made:ident { $($field:ident($scale:ident, $getter:ident);)* }) => {
        $made { $($field: $type::$scale.value($message.$getter())?,)* }
    };
}

fn settings(message: &HostSlowStatus) -> Result<TherapySettings, Rejection> {
    Ok(scaled!(message: HostSlowStatus => TherapySettings {
        speed_setpoint_rpm(SPEED_SETPOINT_RPM, speed_setpoint_rpm_raw_val);
        flow_setpoint_lpm(FLOW_SETPOINT_LPM, flow_setpoint_lpm_raw_val);
        pressure_setpoint_mmhg(PRESSURE_SETPOINT_MMHG, pressure_setpoint_mmhg_raw_val);
        weaning_flow_lpm(WEANING_FLOW_LPM, weaning_flow_lpm_raw_val);
        trial_flow_lpm(TRIAL_FLOW_LPM, trial_flow_lpm_raw_val);
        drainage_pressure_mmhg_min(DRAINAGE_PRESSURE_MMHG_MIN, drainage_pressure_mmhg_min_raw_val);
        return_pressure_mmhg_max(RETURN_PRESSURE_MMHG_MAX, return_pressure_mmhg_max_raw_val);
        flow_lpm_min(FLOW_LPM_MIN, flow_lpm_min_raw_val);
        return_is_arterial(RETURN_IS_ARTERIAL, return_is_arterial_raw_val);
        pulse_amplitude_rpm(PULSE_AMPLITUDE_RPM, pulse_amplitude_rpm_raw_val);
        pulse_rate_bpm(PULSE_RATE_BPM, pulse_rate_bpm_raw_val);
        pulse_duty_pct(PULSE_DUTY_PCT, pulse_duty_pct_raw_val);
        pulse_by_ecg(PULSE_BY_ECG, pulse_by_ecg_raw_val);
        pulse_delay_ms(PULSE_DELAY_MS, pulse_delay_ms_raw_val);
        weaning_step_s(WEANING_STEP_S, weaning_step_s_raw_val);
        weaning_step_lpm(WEANING_STEP_LPM, weaning_step_lpm_raw_val);
        trial_s_max(TRIAL_S_MAX, trial_s_max_raw_val);
        suction_answer(SUCTION_ANSWER, suction_answer_raw_val);
    }))
}

fn mode(signal: &'static str, code: u8) -> Result<Mode, Rejection> {
    Mode::from_code(u32::from(code)).ok_or(Rejection::OutOfRange(signal))
}

fn command(data: &[u8]) -> Result<CommandFrame, Rejection> {
    let message: CommandToHost = message(data)?;
    same_version(message.version_raw_val())?;
    command_codes(&message)?;
    Ok(CommandFrame {
        session: message.session_raw_val(),
        sequence: message.sequence_raw_val(),
        expires_ms: message.expires_ms_raw_val(),
        kind: message.kind_raw_val(),
        value: CommandToHost::VALUE.value(message.value_raw_val())?,
    })
}

/// The kind of a command exists.
pub(crate) fn command_codes(message: &CommandToHost) -> Result<(), Rejection> {
    match message.kind() {
        CommandToHostKind::_Other(_) => Err(Rejection::OutOfRange("kind")),
        _ => Ok(()),
    }
}

/// Two values, or why one of them is none.
fn both([x, y]: [Result<f32, Rejection>; 2]) -> Result<[f32; 2], Rejection> {
    Ok([x?, y?])
}

fn service(layout: Layout, data: &[u8]) -> Result<Service, Rejection> {
    Ok(match layout {
        Layout::State => {
            let message: HostServiceState = message(data)?;
            same_version(message.version_raw_val())?;
            let (number, echo) = (message.number_raw_val(), message.echo_raw_val());
            Service::State { number, echo, report: report!(message) }
        }
        Layout::Motion => {
            let message: HostServiceMotion = message(data)?;
            same_version(message.version_raw_val())?;
            let speed = HostServiceMotion::ROTOR_SPEED_RAD_PER_S;
            Service::Motion {
                rotor_speed_rad_per_s: speed.value(message.rotor_speed_rad_per_s_raw_val())?,
                displacement_m: both(displacement_m!(message: HostServiceMotion))?,
            }
        }
        Layout::Currents => {
            let message: HostServiceCurrents = message(data)?;
            same_version(message.version_raw_val())?;
            Service::Currents {
                coil_current_a: both(coil_current_a!(message: HostServiceCurrents))?,
                phase_current_a: both(phase_current_a!(message: HostServiceCurrents))?,
            }
        }
        Layout::Setpoints => setpoints(&message(data)?)?,
        Layout::Limits => limits(&message(data)?)?,
        Layout::Alarms => {
            let message: HostServiceAlarms = message(data)?;
            same_version(message.version_raw_val())?;
            Service::Alarms {
                mode: mode("mode", message.mode_raw_val())?,
                audio_paused_s: message.audio_paused_s_raw_val(),
                alarms: message.alarms_raw_val(),
            }
        }
        Layout::Fast | Layout::Slow | Layout::Command => return Err(Rejection::UnknownId),
    })
}

fn setpoints(message: &HostServiceSetpoints) -> Result<Service, Rejection> {
    same_version(message.version_raw_val())?;
    let (speed, flow) = (HostServiceSetpoints::SPEED_SETPOINT_RPM, HostServiceSetpoints::FLOW_SETPOINT_LPM);
    Ok(Service::Setpoints {
        speed_setpoint_rpm: speed.value(message.speed_setpoint_rpm_raw_val())?,
        flow_setpoint_lpm: flow.value(message.flow_setpoint_lpm_raw_val())?,
        pressure_setpoint_mmhg: HostServiceSetpoints::PRESSURE_SETPOINT_MMHG
            .value(message.pressure_setpoint_mmhg_raw_val())?,
    })
}

fn limits(message: &HostServiceLimits) -> Result<Service, Rejection> {
    same_version(message.version_raw_val())?;
    let drainage = HostServiceLimits::DRAINAGE_PRESSURE_MMHG_MIN;
    let returning = HostServiceLimits::RETURN_PRESSURE_MMHG_MAX;
    let synchronous = HostServiceLimits::SYNCHRONOUS_CURRENT_A;
    Ok(Service::Limits {
        drainage_pressure_mmhg_min: drainage.value(message.drainage_pressure_mmhg_min_raw_val())?,
        return_pressure_mmhg_max: returning.value(message.return_pressure_mmhg_max_raw_val())?,
        synchronous_current_a: synchronous.value(message.synchronous_current_a_raw_val())?,
    })
}
