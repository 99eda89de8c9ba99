// SPDX-License-Identifier: Apache-2.0
//! The classic frames for service tools: parts of the fast and the slow status, coarser, at 10 to 100 Hz.

use levitas_core::circulation::therapy::{Mode, TherapySettings};
use levitas_core::link::{FastStatus, PeerReport, PeerTherapy, SlowStatus};

/// What one classic frame says; members as in [`FastStatus`] and [`SlowStatus`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Service {
    /// State of the sender in the pair.
    State { number: u16, echo: u16, report: PeerReport },
    /// Speed and displacement of the rotor as the sender sees them.
    Motion { rotor_speed_rad_per_s: f32, displacement_m: [f32; 2] },
    /// Measured currents of the sender.
    Currents { coil_current_a: [f32; 2], phase_current_a: [f32; 2] },
    /// Set-points of the sender.
    Setpoints { speed_setpoint_rpm: f32, flow_setpoint_lpm: f32, pressure_setpoint_mmhg: f32 },
    /// Alarm limits of the sender, and its synchronous current.
    Limits { drainage_pressure_mmhg_min: f32, return_pressure_mmhg_max: f32, synchronous_current_a: f32 },
    /// Mode and alarms of the sender.
    Alarms { mode: Mode, audio_paused_s: u8, alarms: u32 },
}

impl Service {
    /// What is sent of a fast status, at 100 Hz.
    #[must_use]
    pub fn of_fast(status: &FastStatus) -> [Self; 3] {
        let FastStatus { number, echo, report, .. } = *status;
        [
            Self::State { number, echo, report },
            Self::Motion {
                rotor_speed_rad_per_s: or_nan(status.rotor_speed_rad_per_s),
                displacement_m: status.displacement_m.map(or_nan),
            },
            Self::Currents {
                coil_current_a: status.coil_current_a.map(or_nan),
                phase_current_a: status.phase_current_a.map(or_nan),
            },
        ]
    }

    /// What is sent of a slow status, at 10 Hz.
    #[must_use]
    pub const fn of_slow(status: &SlowStatus) -> [Self; 3] {
        let SlowStatus { synchronous_current_a, audio_paused_s, .. } = *status;
        let PeerTherapy { mode, alarms, settings, .. } = status.therapy;
        let TherapySettings { speed_setpoint_rpm, flow_setpoint_lpm, pressure_setpoint_mmhg, .. } = settings;
        let TherapySettings { drainage_pressure_mmhg_min, return_pressure_mmhg_max, .. } = settings;
        [
            Self::Setpoints { speed_setpoint_rpm, flow_setpoint_lpm, pressure_setpoint_mmhg },
            Self::Limits { drainage_pressure_mmhg_min, return_pressure_mmhg_max, synchronous_current_a },
            Self::Alarms { mode, audio_paused_s, alarms },
        ]
    }
}

/// NaN is what has no number on the wire.
pub(crate) fn or_nan(value: Option<f32>) -> f32 {
    value.unwrap_or(f32::NAN)
}
