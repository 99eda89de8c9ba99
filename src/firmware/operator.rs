// SPDX-License-Identifier: Apache-2.0
//! What an operator at the shell sees and asks for.

use core::sync::atomic::Ordering;

use levitas_core::link::LinkMail;
use levitas_core::mail::{CirculationMail, CommandMail, LevitationMail, SupervisorMail, fault};
use levitas_core::task::supervisor::Refusal;
use levitas_core::units::RPM_PER_RAD_PER_S;

use super::text::{self, Decimal, Names};
use super::therapy;
use super::units;

/// Mirrors `struct levitas_unit_status`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UnitStatus {
    pub(crate) state: u32,
    pub(crate) bearing_state: u32,
    pub(crate) displacement_m: [f32; 2],
    pub(crate) coil_current_a: [f32; 2],
    pub(crate) speed_setpoint_rpm: f32,
    pub(crate) speed_rpm: f32,
    pub(crate) torque_current_a: f32,
    pub(crate) bus_voltage_v: f32,
    pub(crate) flow_lpm: f32,
    pub(crate) drainage_pressure_mmhg: f32,
    pub(crate) pre_membrane_pressure_mmhg: f32,
    pub(crate) return_pressure_mmhg: f32,
    pub(crate) flow_valid: u32,
    pub(crate) pressures_valid: u32,
    pub(crate) touchdown_count: u32,
    pub(crate) missed_samples: u32,
    pub(crate) limits: u32,
    pub(crate) faults: u32,
    /// Mode in force, flow that is followed, what is wrong with the circulation.
    pub(crate) mode: u32,
    pub(crate) flow_target_lpm: f32,
    pub(crate) conditions: u32,
    pub(crate) command_number: u32,
    pub(crate) command_result: u32,
}

/// Mirrors `struct levitas_command`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct OperatorCommand {
    pub(crate) kind: u32,
    pub(crate) value: f32,
}

impl UnitStatus {
    fn add_levitation(&mut self, mail: &LevitationMail) {
        self.bearing_state = mail.state;
        self.displacement_m = [mail.displacement_x_m, mail.displacement_y_m];
        self.coil_current_a = [mail.coil_current_x_a, mail.coil_current_y_a];
        self.speed_rpm = mail.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S;
        self.torque_current_a = mail.torque_current_a;
        self.bus_voltage_v = mail.bus_voltage_v;
        self.touchdown_count = mail.touchdown_count;
        self.missed_samples = mail.missed_samples;
        self.limits = mail.limits;
        self.faults = mail.faults;
    }

    fn add_circulation(&mut self, mail: &CirculationMail) {
        self.flow_lpm = mail.flow_lpm;
        self.flow_valid = u32::from(mail.flow_valid);
        self.drainage_pressure_mmhg = mail.drainage_pressure_mmhg;
        self.pre_membrane_pressure_mmhg = mail.pre_membrane_pressure_mmhg;
        self.return_pressure_mmhg = mail.return_pressure_mmhg;
        self.pressures_valid = u32::from(mail.pressures_valid);
        self.mode = mail.mode;
        self.flow_target_lpm = mail.flow_target_lpm;
        self.conditions = mail.conditions;
        self.faults |= mail.alarms;
    }

    fn add_supervisor(&mut self, mail: &SupervisorMail) {
        self.state = mail.state;
        self.speed_setpoint_rpm = mail.speed_setpoint_rpm;
        self.command_number = mail.command_number;
        self.command_result = mail.command_result;
        self.faults |= mail.alarms;
    }
}

/// State code outside every table of names, for a unit that cannot be read.
const STATE_UNKNOWN: u32 = u32::MAX;

/// Looks at a mailbox before it counts as unreadable; a look that a writer interrupts finds nothing.
const LOOKS_MAX: usize = 8;

/// The latest mail; `None` when there is none, or no look found it whole.
pub(crate) fn look<T>(mut read: impl FnMut() -> Option<(u32, T)>) -> Option<T> {
    // The compiler does not see how many, or each place that looks would hold the whole look eight times.
    (0..core::hint::black_box(LOOKS_MAX)).find_map(|_| read()).map(|(_, mail)| mail)
}

fn status(unit: &units::FirmwareUnit) -> UnitStatus {
    // A mailbox that nobody has written, or that no look found whole, leaves its state unknown.
    let mut status =
        UnitStatus { state: STATE_UNKNOWN, bearing_state: STATE_UNKNOWN, ..UnitStatus::default() };
    if let Some(mail) = look(|| unit.mail.levitation.read()) {
        status.add_levitation(&mail);
    }
    if let Some(mail) = look(|| unit.mail.link.read::<LinkMail>()) {
        status.faults |= mail.alarms;
    }
    if let Some(mail) = look(|| unit.mail.circulation.read()) {
        status.add_circulation(&mail);
    }
    if let Some(mail) = look(|| unit.mail.supervisor.read()) {
        status.add_supervisor(&mail);
    }
    status
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_status_read(unit: u32, result: Option<&mut UnitStatus>) {
    let unit = usize::try_from(unit).ok().and_then(units::get);
    if let (Some(unit), Some(result)) = (unit, result) {
        *result = status(unit);
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_command_post(unit: u32, command: Option<&OperatorCommand>) -> u32 {
    let unit = usize::try_from(unit).ok().and_then(units::get);
    let (Some(unit), Some(command)) = (unit, command) else { return 0 };
    let number = unit.command_number.load(Ordering::Relaxed).wrapping_add(1);
    unit.command_number.store(number, Ordering::Relaxed);
    unit.mail.command.write(&CommandMail { number, kind: command.kind, value: command.value });
    number
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_refusal_text(
    unit: u32,
    result: u32,
    command: Option<&OperatorCommand>,
    text: *mut u8,
    size: usize,
) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    match (Refusal::from_code(result), command) {
        (None, _) => text::fill(buffer, format_args!("accepted")),
        (Some(refusal @ Refusal::OutOfReach), Some(command)) => match therapy::allowed(unit, command) {
            Some((name, range)) => {
                text::fill(buffer, format_args!("{name} {}: allowed is {range}", Decimal(command.value)));
            }
            None => text::fill(buffer, format_args!("{refusal}")),
        },
        (Some(refusal @ Refusal::SensorLost), Some(command)) => match therapy::allowed(unit, command) {
            Some((name, range)) => {
                text::fill(buffer, format_args!("{name}: {refusal}; with it allowed is {range}"));
            }
            None => text::fill(buffer, format_args!("{refusal}")),
        },
        (Some(refusal), _) => text::fill(buffer, format_args!("{refusal}")),
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_fault_names(faults: u32, text: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let set = fault::TABLE.iter().filter(|(bit, _, _)| faults & bit != 0);
    text::fill(buffer, format_args!("{}", Names(set.map(|(_, name, _)| *name))));
}
