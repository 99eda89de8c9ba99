// SPDX-License-Identifier: Apache-2.0
//! Whether blood would run back through a pump that is stopped: from an artery, unless the line is known to be clamped.

use super::{SILENT_US_MAX, SupervisorTask, UnitState};
use crate::schedule::TaskId;

/// Flow up to which a line counts as clamped [L/min]: the zero of a meter is better than that, and a beat moves more through an open line.
const CLAMPED_LPM_MAX: f32 = 0.1;
/// Periods for which it must be so: 1 s, in which every heart beats that supports a patient.
const CLAMPED_PERIODS: u32 = TaskId::Supervisor.slot().rate_hz;

impl SupervisorTask {
    /// Looks for how long nothing has flowed.
    pub(super) fn watch_clamp(&mut self) {
        let clamped = self
            .circulation
            .fresh(SILENT_US_MAX)
            .is_some_and(|seen| seen.flow_valid && seen.flow_lpm.abs() < CLAMPED_LPM_MAX);
        self.clamped_periods = if clamped { self.clamped_periods.saturating_add(1) } else { 0 };
    }

    /// This unit holds the rotor, or is about to, and could let go of it.
    pub(super) fn holds_rotor(&self) -> bool {
        matches!(self.state, UnitState::LiftingOff | UnitState::Operating)
    }

    /// Whether the pump is all that keeps blood from running back.
    pub(super) fn holds_back(&self) -> bool {
        self.holds_rotor()
            && self.therapy.settings.return_is_arterial >= 0.5
            && self.clamped_periods < CLAMPED_PERIODS
    }
}
