// SPDX-License-Identifier: Apache-2.0
//! What must be so before a pump is stopped: where blood would run back from an artery, the line is clamped, or the operator has asked twice.

use super::{SILENT_US_MAX, SupervisorTask};
use crate::schedule::TaskId;

/// Flow up to which a line counts as clamped [L/min]: the zero of a meter is better than that, and a beat moves more through an open line.
const CLAMPED_LPM_MAX: f32 = 0.1;
/// Periods for which it must be so: 1 s, in which every heart beats that supports a patient.
const CLAMPED_PERIODS: u32 = TaskId::Supervisor.slot().rate_hz;
/// Periods in which an operator who was refused can ask again: 10 s.
const AGAIN_PERIODS: u32 = TaskId::Supervisor.slot().rate_hz.saturating_mul(10);

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clamp {
    clamped_periods: u32,
    again_periods: u32,
}

impl SupervisorTask {
    /// Looks for how long nothing has flowed.
    pub(super) fn watch_clamp(&mut self) {
        let clamped = self
            .circulation
            .fresh(SILENT_US_MAX)
            .is_some_and(|seen| seen.flow_valid && seen.flow_lpm.abs() < CLAMPED_LPM_MAX);
        let clamp = &mut self.clamp;
        clamp.clamped_periods = if clamped { clamp.clamped_periods.saturating_add(1) } else { 0 };
        clamp.again_periods = clamp.again_periods.saturating_sub(1);
    }

    /// Whether the pump may be stopped: the return is not in an artery, or the line is known to be clamped. Asked again within ten seconds
    /// it may: the operator knows better.
    pub(super) fn may_stop(&mut self) -> bool {
        let is_safe = self.therapy.settings.return_is_arterial < 0.5
            || self.clamp.clamped_periods >= CLAMPED_PERIODS
            || self.clamp.again_periods > 0;
        self.clamp.again_periods = if is_safe { 0 } else { AGAIN_PERIODS };
        is_safe
    }
}
