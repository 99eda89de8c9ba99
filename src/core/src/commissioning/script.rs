// SPDX-License-Identifier: Apache-2.0
//! What is asked of the probe, stage by stage.

use super::config::CommissioningConfig;
use super::force::FREQUENCIES_HZ;
use super::report::Stage;
use super::wall::DIRECTIONS;
use crate::math::{saturate, sin_cos, smaller, wrap_to_pi};
use crate::probe::{
    DISPLACEMENT_M_MAX, MEASURE_S, ProbeRequest, SET_POINT_M_PER_S2_MAX, SETTLE_S_MAX, Target,
};
use crate::units::{RAD_PER_S_PER_HZ, RAD_PER_TURN};

/// Frequency at which inductance is measured: the wall and the rotor's mass hardly move [Hz].
pub(super) const INDUCTANCE_HZ: f32 = 1500.0;
/// Frequency at which pickup is measured: the rotor moves by a tenth of it [Hz].
pub(super) const PICKUP_HZ: f32 = 2000.0;
/// Frequency at which the rotor is turned to find angle and order [Hz].
pub(super) const MOTOR_HZ: f32 = 2.0;
/// Part of the probe's largest displacement that is added to find the pickup: 0.3 A.
const PICKUP_PART: f32 = 0.3;
/// Part of a limit that is used, so that rounding is no refusal.
const BELOW_LIMIT: f32 = 0.95;

/// One speed of the slow roll.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Roll {
    /// Turns per second [Hz].
    pub(super) frequency_hz: f32,
    /// Part of the configured current.
    pub(super) fraction: f32,
}

/// Slow roll, a fifth faster than what the notch needs to adapt. Whole cycles fit into [`ROLL_S`], so that the probe takes
/// the frequencies as they are [Hz].
pub(super) const SLOW_HZ: f32 = 6.0;
/// Fast roll, a fifth below what the probe allows: the rotor swings around the current [Hz].
pub(super) const FAST_HZ: f32 = 8.0;
/// Number of [`ROLLS`].
pub(super) const ROLL_COUNT: usize = 3;
/// The slow roll, at two speeds and with two currents.
pub(super) const ROLLS: [Roll; ROLL_COUNT] = [
    Roll { frequency_hz: SLOW_HZ, fraction: 1.0 },
    Roll { frequency_hz: FAST_HZ, fraction: 1.0 },
    Roll { frequency_hz: FAST_HZ, fraction: 0.5 },
];
/// Measurements at each, over which the coefficients of the notch are averaged.
pub(super) const ROLL_MEASUREMENTS: u32 = 4;
/// Time before the first of them: eight time constants of the notch [s].
pub(super) const ROLL_SETTLE_S: f32 = 2.0;
/// Length of each [s].
pub(super) const ROLL_S: f32 = 1.0;

/// Lead of the current over the rotor per missing speed when it is steered [rad.s/rad], and the largest [rad].
const LEAD_S: f32 = 0.02;
const LEAD_RAD_MAX: f32 = 1.0;
/// Integral part: what it grows by in a period, and the largest [rad].
const TRIM_S: f32 = 0.002;
const TRIM_RAD_MAX: f32 = 0.8;
/// From where the rotor points to the middle of the current's action: half a period of the routine, and the slewing of
/// the probe [s].
const AHEAD_S: f32 = 0.0063;

/// Where the rotor points now, and how the phases are taken to be connected against the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pointing {
    /// Angle of the rotor as far as it is known [rad].
    pub(super) angle_rad: f32,
    /// 1 as configured, -1 the other way round.
    pub(super) order: f32,
}

/// The request of a step; `None` after the last one. The motor's stages ask with [`turning`] and [`steering`].
pub(super) fn request(
    config: &CommissioningConfig,
    clearance_m: f32,
    stage: Stage,
    step: u32,
    start_rad: f32,
) -> Option<ProbeRequest> {
    match stage {
        Stage::Wall => wall(config, step, start_rad),
        Stage::Coils => coils(config, step),
        Stage::Force => force(config, clearance_m, step),
        Stage::Pickup => pickup(step),
        _ => None,
    }
}

/// A request on x or on y.
fn on_axis(axis: u32, offset: f32, cosine: f32) -> ProbeRequest {
    let nothing = ProbeRequest::listening(0);
    match axis {
        0 => ProbeRequest { offset_x: offset, cosine_x: cosine, ..nothing },
        _ => ProbeRequest { offset_y: offset, cosine_y: cosine, ..nothing },
    }
}

/// Full and half current into each direction, beginning where the rotor lies, so that it never has to cross.
fn wall(config: &CommissioningConfig, step: u32, start_rad: f32) -> Option<ProbeRequest> {
    let (direction, half) = (step >> 1, step & 1 == 1);
    if direction >= DIRECTIONS {
        return None;
    }
    let angle_rad = start_rad + direction as f32 * (RAD_PER_TURN / DIRECTIONS as f32);
    let (sin, cos) = sin_cos(angle_rad);
    let current_a = config.commissioning_coil_current_a * if half { 0.5 } else { 1.0 };
    Some(ProbeRequest {
        target: Target::CoilCurrent as u32,
        offset_x: current_a * cos,
        offset_y: current_a * sin,
        settle_s: 0.2,
        measure_s: 0.05,
        ..ProbeRequest::listening(0)
    })
}

/// 1.5 kHz on x, then on y, the rotor pressed along that axis.
fn coils(config: &CommissioningConfig, step: u32) -> Option<ProbeRequest> {
    let current_a = config.commissioning_coil_current_a;
    (step < 2).then_some(ProbeRequest {
        target: Target::CoilCurrent as u32,
        frequency_hz: INDUCTANCE_HZ,
        settle_s: 0.3,
        measure_s: 0.3,
        ..on_axis(step, 0.7 * current_a, 0.25 * current_a)
    })
}

/// Four still set-points, then three sines on x and three on y.
fn force(config: &CommissioningConfig, clearance_m: f32, step: u32) -> Option<ProbeRequest> {
    let largest_m = smaller(
        config.commissioning_set_point_m,
        BELOW_LIMIT * crate::probe::SET_POINT_FRACTION_MAX * clearance_m,
    );
    let target = Target::SetPoint as u32;
    if step < 4 {
        let offset_m = if step & 1 == 0 { largest_m } else { -largest_m };
        return Some(ProbeRequest {
            target,
            settle_s: 0.3,
            measure_s: 0.5,
            ..on_axis(step >> 1, offset_m, 0.0)
        });
    }
    let index = step.saturating_sub(4);
    let (axis, sine) = if index < 3 { (0, index) } else { (1, index.saturating_sub(3)) };
    let frequency_hz = *FREQUENCIES_HZ.get(sine as usize)?;
    let omega = RAD_PER_S_PER_HZ * frequency_hz;
    let amplitude_m = smaller(largest_m, BELOW_LIMIT * SET_POINT_M_PER_S2_MAX / (omega * omega));
    Some(ProbeRequest {
        target,
        frequency_hz,
        settle_s: 0.3,
        measure_s: 1.0,
        ..on_axis(axis, 0.0, amplitude_m)
    })
}

/// 2 kHz at the summing point of x, then of y.
fn pickup(step: u32) -> Option<ProbeRequest> {
    (step < 2).then_some(ProbeRequest {
        target: Target::Displacement as u32,
        frequency_hz: PICKUP_HZ,
        settle_s: 0.1,
        measure_s: 1.0,
        ..on_axis(step, 0.0, PICKUP_PART * DISPLACEMENT_M_MAX)
    })
}

/// A motor current that turns forward from where the rotor points.
pub(super) fn turning(current_a: f32, pointing: &Pointing, frequency_hz: f32) -> ProbeRequest {
    let (sin, cos) = sin_cos(wrap_to_pi(pointing.angle_rad));
    ProbeRequest {
        target: Target::MotorCurrent as u32,
        cosine_x: current_a * cos,
        sine_x: -current_a * sin,
        cosine_y: pointing.order * current_a * sin,
        sine_y: pointing.order * current_a * cos,
        frequency_hz,
        ..ProbeRequest::listening(0)
    }
}

/// A motor current for the next period that brings the rotor nearer to a speed. A current that only turns leaves the
/// rotor swinging around it, with nothing to damp that.
pub(super) fn steering(
    current_a: f32,
    pointing: &Pointing,
    speed_rad_per_s: f32,
    missing_rad_per_s: f32,
    trim_rad: &mut f32,
) -> ProbeRequest {
    *trim_rad = saturate(*trim_rad + TRIM_S * missing_rad_per_s, TRIM_RAD_MAX);
    let lead_rad = saturate(LEAD_S * missing_rad_per_s + *trim_rad, LEAD_RAD_MAX);
    let (sin, cos) = sin_cos(wrap_to_pi(pointing.angle_rad + AHEAD_S * speed_rad_per_s + lead_rad));
    ProbeRequest {
        target: Target::MotorCurrent as u32,
        offset_x: current_a * cos,
        offset_y: pointing.order * current_a * sin,
        settle_s: SETTLE_S_MAX,
        measure_s: MEASURE_S.0,
        ..ProbeRequest::listening(0)
    }
}
