// SPDX-License-Identifier: Apache-2.0
//! Which id belongs to which layout and unit.
//!
//! Every message of the host has a twin of the emergency drive with the same layout; the build checks that. The codec uses
//! the host's generated type for both, and ids and data ids of each.

use embedded_can::Id;

use crate::messages;

/// Number of CAN FD frames in the attribute `VFrameFormat`.
const FORMAT_FD: u8 = 14;

/// One of the pair: the sender of a status, the addressee of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// The host.
    Host,
    /// The emergency drive.
    Drive,
}

/// Attributes of a message in the DBC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) format: u8,
    pub(crate) profile: u8,
    pub(crate) data_id: u16,
}

/// What a frame is, before its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) layout: Layout,
    pub(crate) unit: Unit,
    pub(crate) id: Id,
    pub(crate) size: usize,
    pub(crate) facts: Facts,
}

impl Identity {
    /// Whether the frame is a CAN FD frame.
    pub(crate) const fn is_fd(&self) -> bool {
        self.facts.format == FORMAT_FD
    }
}

macro_rules! layouts {
    ($($layout:ident: $host:ident, $drive:ident;)*) => {
        /// Layouts of frames; each has two ids.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Layout { $($layout,)* }

        impl Identity {
            /// All frames of the link.
            pub(crate) const ALL: &[Self] = &[$(
                Self::of(Layout::$layout, Unit::Host),
                Self::of(Layout::$layout, Unit::Drive),
            )*];

            /// The frame of a layout from, or for commands to, a unit.
            pub(crate) const fn of(layout: Layout, unit: Unit) -> Self {
                let (id, size, facts) = match (layout, unit) {
                    $(
                        (Layout::$layout, Unit::Host) => (
                            messages::$host::MESSAGE_ID,
                            messages::$host::MESSAGE_SIZE,
                            messages::$host::FACTS,
                        ),
                        (Layout::$layout, Unit::Drive) => (
                            messages::$drive::MESSAGE_ID,
                            messages::$drive::MESSAGE_SIZE,
                            messages::$drive::FACTS,
                        ),
                    )*
                };
                Self { layout, unit, id, size, facts }
            }
        }
    };
}

layouts! {
    Fast: HostFastStatus, DriveFastStatus;
    Command: CommandToHost, CommandToDrive;
    Slow: HostSlowStatus, DriveSlowStatus;
    State: HostServiceState, DriveServiceState;
    Motion: HostServiceMotion, DriveServiceMotion;
    Currents: HostServiceCurrents, DriveServiceCurrents;
    Setpoints: HostServiceSetpoints, DriveServiceSetpoints;
    Limits: HostServiceLimits, DriveServiceLimits;
    Alarms: HostServiceAlarms, DriveServiceAlarms;
}

impl Identity {
    /// The frame with an id, if the link has one.
    pub(crate) fn find(id: Id) -> Option<Self> {
        Self::ALL.iter().find(|identity| identity.id == id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_can::{ExtendedId, StandardId};

    #[test]
    fn ids_lead_to_layout_and_unit() {
        for identity in Identity::ALL {
            assert_eq!(Identity::find(identity.id), Some(*identity));
        }
        assert_eq!(Identity::find(Id::Standard(StandardId::new(0x7ff).unwrap())), None);
    }

    #[test]
    fn an_extended_id_with_the_same_number_is_another() {
        assert!(Identity::find(Id::Standard(StandardId::new(0x10).unwrap())).is_some());
        assert_eq!(Identity::find(Id::Extended(ExtendedId::new(0x10).unwrap())), None);
    }

    #[test]
    fn fast_frames_of_both_units_have_the_highest_priority() {
        let number = |identity: &Identity| match identity.id {
            Id::Standard(id) => id.as_raw(),
            Id::Extended(_) => u16::MAX,
        };
        let mut sorted: [Identity; Identity::ALL.len()] = core::array::from_fn(|at| Identity::ALL[at]);
        sorted.sort_by_key(number);
        assert!(sorted[..2].iter().all(|identity| identity.layout == Layout::Fast));
        assert!(sorted[2..4].iter().all(|identity| identity.layout == Layout::Command));
    }
}
