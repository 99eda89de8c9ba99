// SPDX-License-Identifier: Apache-2.0
//! Limits and set-points whose sensor is missing: nobody could follow or watch them, so they are refused.
//!
//! | what is set | refused unless |
//! |---|---|
//! | limit of the drainage pressure | that one is to be believed |
//! | limit of the return pressure | that one is, or the pre-membrane pressure, which stands in for it |
//! | flow, and its alarm limit | the meter is, or the flow is known by speed and torque |
//!
//! A set-point of a pressure is out of reach then: [`reach`](crate::circulation::reach).
//!
//! # Shown by
//! `tests/limits.rs`.

use super::SupervisorTask;

impl SupervisorTask {
    /// Nobody could follow or watch this. A circulation task that has said nothing yet has lost no sensor.
    pub(super) fn lacks_sensor(&self, setting: &str) -> bool {
        let Some(seen) = self.circulation.latest() else { return false };
        match setting {
            "drainage_pressure_mmhg_min" => seen.drainage_trouble != 0,
            "return_pressure_mmhg_max" => seen.return_trouble != 0 && seen.pre_membrane_trouble != 0,
            "flow_setpoint_lpm" | "weaning_flow_lpm" | "trial_flow_lpm" | "flow_lpm_min" => {
                !seen.flow_valid && seen.flow_estimate_lpm.is_nan()
            }
            _ => false,
        }
    }
}
