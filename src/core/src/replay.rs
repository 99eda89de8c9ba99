// SPDX-License-Identifier: Apache-2.0
//! Replay of recorded samples through the levitation task, the same on every machine.
//!
//! The recording is made by `cargo xtask record` and compared bit by bit on the host (`cargo test`) and on the
//! chip (`tests/zephyr`). Only the levitation task runs; the mail it would get is fixed here.

use crate::arbitration::Order;
use crate::mail::{LevitateRequest, Mailboxes, SpeedMail, SupervisorMail, UnitState};
use crate::ports::{LevitationInputs, LevitationOutputs};
use crate::schedule::TaskId;
use crate::task::levitation::LevitationTask;

/// Periods in the recording.
pub const REPLAY_STEPS: u32 = 1000;
/// Period from which the motor is energised: the rotor is off the wall then.
const MOTOR_FROM_STEP: u32 = 600;
/// Torque current asked for from then on [A].
const TORQUE_CURRENT_A: f32 = 2.0;

/// Period `index` of the replay; start with a new task and empty mailboxes at 0.
pub fn replay_step(
    task: &mut LevitationTask,
    mail: &Mailboxes,
    index: u32,
    samples: &LevitationInputs,
) -> LevitationOutputs {
    if index == 0 {
        mail.supervisor.write(&SupervisorMail {
            state: UnitState::LiftingOff as u32,
            levitate: LevitateRequest::Levitate as u32,
            order_number: 1,
            order: Order::Start { alone: true }.code(),
            speed_setpoint_rpm: 0.0,
            command_number: 0,
            command_result: 0,
            remote_number: 0,
            remote_result: 0,
            alarms: 0,
            named_state: 0,
        });
    }
    if index >= MOTOR_FROM_STEP && TaskId::Speed.slot().is_due(u64::from(index)) {
        mail.speed.write(&SpeedMail {
            torque_current_reference_a: TORQUE_CURRENT_A,
            flux_current_reference_a: 0.0,
            motor_enable: true,
            speed_reference_rad_per_s: 0.0,
            limits: 0,
        });
    }
    task.step(samples, mail)
}
