// SPDX-License-Identifier: Apache-2.0
//! Replays recorded samples through a levitation task of its own, for the bit-identity test.
//!
//! The sequence is [`levitas_core::replay`], which the host runs as well: same samples, same mail, same outputs.

use levitas_core::mail::Mailboxes;
use levitas_core::ports::{LevitationInputs, LevitationOutputs};
use levitas_core::replay::replay_step;
use levitas_core::task::levitation::LevitationTask;
use levitas_core::unit::Role;

use super::units::CONFIG;

/// See `shim.h`.
///
/// # Safety
/// `inputs` and `outputs` point to `count` records each, of which nobody else uses the outputs during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_replay(
    inputs: *const LevitationInputs,
    outputs: *mut LevitationOutputs,
    count: u32,
) -> i32 {
    let (Ok(length), Ok(mut task)) =
        (usize::try_from(count), LevitationTask::new(&CONFIG.levitation, Role::Host))
    else {
        return -1;
    };
    // SAFETY: the caller's promise.
    let (inputs, outputs) = unsafe {
        (core::slice::from_raw_parts(inputs, length), core::slice::from_raw_parts_mut(outputs, length))
    };
    let mail = Mailboxes::new();
    for (index, (samples, output)) in (0..count).zip(inputs.iter().zip(outputs)) {
        *output = replay_step(&mut task, &mail, index, samples);
    }
    0
}
