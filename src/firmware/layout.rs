// SPDX-License-Identifier: Apache-2.0
//! Size and offset of every member that crosses the border to C, as Rust sees them.
//!
//! Only images with the simulated plant run tests, so only they have this module. The destructuring in the macro fails to compile when a member is forgotten; the test in tests/zephyr/firmware
//! compares the rows with C's.

use core::ffi::c_char;

use levitas_core::ports::{CirculationInputs, FlowShot, LevitationInputs, LevitationOutputs};
#[cfg(levitas_warming)]
use levitas_core::ports::{CutOutInputs, CutOutOutputs, WarmingInputs, WarmingOutputs};
#[cfg(levitas_power_sim)]
use levitas_core::ports::{PowerInputs, PowerOutputs};

use super::calibration::{CalibrationView, CopyView};
use super::can::RawFrame;
use super::circuit_sensors::{EcgBatch, FlowBatch};
use super::commissioning::{CommissioningView, FieldView};
use super::link::LinkView;
use super::operator::{OperatorCommand, UnitStatus};
use super::signed::SignedCommand;
use super::world::{ForceStep, PlantTruth};
#[cfg(levitas_power_sim)]
use super::world_power::PowerSample;
#[cfg(levitas_warming)]
use super::world_warming::{HeatTruth, HeaterSample};

/// Mirrors `struct levitas_layout_row`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayoutRow {
    record: *const c_char,
    member: *const c_char,
    offset: u32,
    size: u32,
}

// SAFETY: the pointers are to string constants.
unsafe impl Sync for LayoutRow {}

/// A string constant with its terminating zero.
macro_rules! c_text {
    ($text:expr) => {
        concat!($text, "\0").as_ptr().cast::<c_char>()
    };
}

/// Size of the member that a projection selects.
const fn member_size<S, M>(_: fn(&S) -> &M) -> usize {
    size_of::<M>()
}

macro_rules! rows {
    ($rows:ident: $( $record:ident as $c_record:literal { $($member:ident),+ $(,)? } )+) => {
        $( const _: fn($record) = |$record { $($member: _),+ }| (); )+
        static $rows: &[LayoutRow] = &[ $(
            LayoutRow {
                record: c_text!($c_record),
                member: c_text!(""),
                offset: 0,
                size: size_of::<$record>() as u32,
            },
            $( LayoutRow {
                record: c_text!($c_record),
                member: c_text!(stringify!($member)),
                offset: core::mem::offset_of!($record, $member) as u32,
                size: member_size(|record: &$record| &record.$member) as u32,
            }, )+
        )+ ];
    };
}

rows! {
    ROWS:
    LevitationInputs as "levitas_levitation_inputs" {
        displacement_hall_v, angle_hall_v, coil_current_a, phase_current_a, bus_voltage_v, sample_count, valid,
        pair,
    }
    LevitationOutputs as "levitas_levitation_outputs" {
        coil_duty, phase_duty, coil_gate, phase_gate, drive_line, latch_override,
    }
    CirculationInputs as "levitas_circulation_inputs" {
        shots, ecg_mv, drainage_pressure_mmhg, pre_membrane_pressure_mmhg, return_pressure_mmhg, shot_count, valid,
    }
    FlowShot as "levitas_flow_shot" { transit_up_s, transit_down_s, amplitude }
    FlowBatch as "levitas_world_flow_batch" { number, count, shots }
    EcgBatch as "levitas_world_ecg_batch" { number, ecg_mv }
    UnitStatus as "levitas_unit_status" {
        state, bearing_state, displacement_m, coil_current_a, speed_setpoint_rpm, speed_rpm, torque_current_a,
        bus_voltage_v, flow_lpm, drainage_pressure_mmhg, pre_membrane_pressure_mmhg, return_pressure_mmhg,
        flow_valid, pressures_valid, touchdown_count, missed_samples, limits, faults, mode, flow_target_lpm, conditions,
        command_number, command_result,
    }
    OperatorCommand as "levitas_command" { kind, value }
    CopyView as "levitas_calibration_copy" { state, sequence, values, reason }
    CalibrationView as "levitas_calibration" { copies, place, start_place, start_sequence }
    LinkView as "levitas_link" { time_ms, alarms, commands_admitted, refused, remote_number, remote_result }
    SignedCommand as "levitas_signed_command" { key, unit, session, sequence, expires_ms, kind, value }
    FieldView as "levitas_field" { name, min, max }
    CommissioningView as "levitas_commissioning" { stage, outcome, values, stage_name, reason }
    PlantTruth as "levitas_truth" {
        displacement_m, speed_rpm, flow_lpm, head_mmhg, touching, touchdown_count, periods,
    }
    ForceStep as "levitas_force_step" { force_n, angle_rad, duration_s }
    RawFrame as "levitas_can_frame" { id, flags, length, reserved, data }
    LayoutRow as "levitas_layout_row" { record, member, offset, size }
}

#[cfg(levitas_warming)]
rows! {
    WARMING_ROWS:
    WarmingInputs as "levitas_warming_inputs" {
        water_celsius, blood_celsius, heater_power_w, leakage_ma, water_flow_lpm, water_level, valid,
    }
    WarmingOutputs as "levitas_warming_outputs" { heater_duty, heater_relay, water_pump, alive }
    CutOutInputs as "levitas_cut_out_inputs" { water_celsius, blood_celsius, reset, valid }
    CutOutOutputs as "levitas_cut_out_outputs" { permit }
    HeaterSample as "levitas_heater_sample" { power_w, leakage_ma, water_flow_lpm, water_level }
    HeatTruth as "levitas_warming_truth" { water_celsius, blood_celsius, heater_w, cut_out_closed }
}

#[cfg(levitas_power_sim)]
rows! {
    POWER_ROWS:
    PowerInputs as "levitas_power_inputs" { mains_v, battery_v, battery_a, load_a, valid }
    PowerOutputs as "levitas_power_outputs" { test_load, hold_charger }
    PowerSample as "levitas_power_sample" { mains_v, battery_v, battery_a, load_a, measured }
}

/// See `shim.h`.
#[cfg(levitas_power_sim)]
#[unsafe(no_mangle)]
extern "C" fn levitas_power_layout(rows: Option<&mut *const LayoutRow>) -> usize {
    if let Some(rows) = rows {
        *rows = POWER_ROWS.as_ptr();
    }
    POWER_ROWS.len()
}

/// See `shim.h`.
#[cfg(levitas_warming)]
#[unsafe(no_mangle)]
extern "C" fn levitas_warming_layout(rows: Option<&mut *const LayoutRow>) -> usize {
    if let Some(rows) = rows {
        *rows = WARMING_ROWS.as_ptr();
    }
    WARMING_ROWS.len()
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_layout(rows: Option<&mut *const LayoutRow>) -> usize {
    if let Some(rows) = rows {
        *rows = ROWS.as_ptr();
    }
    ROWS.len()
}
