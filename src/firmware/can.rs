// SPDX-License-Identifier: Apache-2.0
//! The link over the CAN controller of the board: the codec of `levitas-wire` on frames of `shim.h`.

use levitas_core::task::link::LinkOutputs;
use levitas_core::unit::Role;
use levitas_wire::{ExtendedId, Frame, Id, StandardId, Unit, encode_fast, encode_slow};

use super::shim;
use super::units::FirmwareUnit;

/// Bits of [`RawFrame::flags`].
pub(crate) mod flag {
    /// Identifier of 29 bits.
    pub(crate) const EXTENDED: u8 = 1;
    /// CAN FD format.
    pub(crate) const FD: u8 = 1 << 1;
    /// Switched bit rate.
    pub(crate) const BRS: u8 = 1 << 2;
    /// Remote frame.
    #[cfg(levitas_lockstep)]
    pub(crate) const REMOTE: u8 = 1 << 3;
}

/// Bytes of the longest frame.
pub(crate) const DATA_MAX: usize = 64;

/// Mirrors `struct levitas_can_frame`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawFrame {
    pub(crate) id: u32,
    pub(crate) flags: u8,
    pub(crate) length: u8,
    pub(crate) reserved: [u8; 2],
    pub(crate) data: [u8; DATA_MAX],
}

impl RawFrame {
    /// A frame without bytes.
    pub(crate) const EMPTY: Self = Self { id: 0, flags: 0, length: 0, reserved: [0; 2], data: [0; DATA_MAX] };

    /// As the codec has it; its identifiers have 11 bits.
    fn of(frame: &Frame) -> Option<Self> {
        let Id::Standard(id) = frame.id() else { return None };
        let flags = if frame.is_fd() { flag::FD | flag::BRS } else { 0 };
        let length = u8::try_from(frame.data().len()).ok()?;
        let mut raw = Self { id: u32::from(id.as_raw()), flags, length, ..Self::EMPTY };
        raw.data.get_mut(..frame.data().len())?.copy_from_slice(frame.data());
        Some(raw)
    }

    /// Its identifier.
    pub(crate) fn id(&self) -> Option<Id> {
        if self.flags & flag::EXTENDED != 0 {
            return ExtendedId::new(self.id).map(Id::Extended);
        }
        u16::try_from(self.id).ok().and_then(StandardId::new).map(Id::Standard)
    }

    /// It has CAN FD format.
    pub(crate) fn is_fd(&self) -> bool {
        self.flags & flag::FD != 0
    }

    /// Its bytes.
    pub(crate) fn data(&self) -> Option<&[u8]> {
        self.data.get(..usize::from(self.length))
    }
}

/// One end of the link.
pub(crate) struct CanLink {
    sender: Unit,
    slow_frames: u8,
}

impl CanLink {
    /// Starts the controller; `None` where there is none for this unit, and one line when there is one that does not start.
    pub(crate) fn start(unit: &FirmwareUnit) -> Option<Self> {
        match shim::start_can() {
            Ok(()) => {}
            Err(shim::NO_DEVICE) => return None,
            Err(error) => {
                zephyr::printkln!("levitas: CAN: error {}: this unit hears nothing of the other one", error);
                return None;
            }
        }
        let sender = match unit.role {
            Role::Host => Unit::Host,
            Role::EmergencyDrive => Unit::Drive,
        };
        Some(Self { sender, slow_frames: 0 })
    }

    /// Sends. What the controller does not take is old by the time it could.
    pub(crate) fn speak(&mut self, outputs: &LinkOutputs) {
        let send = |frame: &Frame| {
            if let Some(frame) = RawFrame::of(frame) {
                let _ = shim::send_can(&frame);
            }
        };
        if let Some(fast) = &outputs.fast {
            send(&encode_fast(fast, self.sender));
        }
        if let Some(slow) = &outputs.slow {
            self.slow_frames = self.slow_frames.wrapping_add(1);
            send(&encode_slow(slow, self.sender, self.slow_frames));
        }
    }
}
