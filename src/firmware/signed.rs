// SPDX-License-Identifier: Apache-2.0
//! Genuine commands of the link for tests. Only images with the simulated plant run tests, so only they have this module.

use levitas_core::link::CommandFrame;
use levitas_wire::{CommandKey, Unit, encode_command};

/// Mirrors `struct levitas_signed_command`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedCommand {
    pub(crate) key: [u8; 16],
    pub(crate) unit: u32,
    pub(crate) session: u32,
    pub(crate) sequence: u32,
    pub(crate) expires_ms: u32,
    pub(crate) kind: u32,
    pub(crate) value: f32,
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_command_sign(command: Option<&SignedCommand>, bytes: Option<&mut [u8; 32]>) -> bool {
    let (Some(command), Some(bytes)) = (command, bytes) else { return false };
    let to = if command.unit == 0 { Unit::Host } else { Unit::Drive };
    let frame = CommandFrame {
        session: command.session,
        sequence: command.sequence,
        expires_ms: command.expires_ms,
        kind: command.kind as u8,
        value: command.value,
    };
    let signed = CommandKey::new(&command.key).and_then(|key| encode_command(&frame, to, &key).ok());
    let Some(signed) = signed else { return false };
    for (place, byte) in bytes.iter_mut().zip(signed.data()) {
        *place = *byte;
    }
    true
}
