// SPDX-License-Identifier: Apache-2.0
//! What a unit answers to a step.

use levitas_core::mail::LevitationMail;
use levitas_core::ports::LevitationOutputs;

use crate::Frames;
use crate::cursor::{Reader, Writer};

/// What a unit does in this period, and what it says of itself: the world looks at it, the plant does not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// Outputs for the plant.
    pub outputs: LevitationOutputs,
    /// What its levitation task said last; `None` before its first step.
    pub said: Option<LevitationMail>,
    /// Number of the last command that its supervisor looked at, and the code of the result.
    pub command_number: u32,
    /// See `command_number`.
    pub command_result: u32,
    /// The CAN controller takes part.
    pub bus_on: bool,
    /// It asks to come back from bus-off.
    pub bus_recover: bool,
    /// Frames to send.
    pub frames: Frames,
}

impl Reply {
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        let outputs = &self.outputs;
        writer.f32s(&outputs.coil_duty);
        writer.f32s(&outputs.phase_duty);
        for word in [outputs.coil_gate, outputs.phase_gate, outputs.drive_line, outputs.latch_override] {
            writer.u32(word);
        }
        writer.u8(u8::from(self.said.is_some()));
        if let Some(said) = &self.said {
            writer.words(said);
        }
        writer.u32(self.command_number);
        writer.u32(self.command_result);
        writer.u8(u8::from(self.bus_on));
        writer.u8(u8::from(self.bus_recover));
        writer.frames(&self.frames);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            outputs: LevitationOutputs {
                coil_duty: reader.f32s()?,
                phase_duty: reader.f32s()?,
                coil_gate: reader.u32()?,
                phase_gate: reader.u32()?,
                drive_line: reader.u32()?,
                latch_override: reader.u32()?,
            },
            said: if reader.flag()? { Some(reader.words()?) } else { None },
            command_number: reader.u32()?,
            command_result: reader.u32()?,
            bus_on: reader.flag()?,
            bus_recover: reader.flag()?,
            frames: reader.frames()?,
        })
    }
}
