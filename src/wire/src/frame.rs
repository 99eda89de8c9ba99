// SPDX-License-Identifier: Apache-2.0
//! A frame with its bytes.

use embedded_can::Id;

use crate::identity::Identity;

/// Bytes of the longest frame of the link.
pub(crate) const SIZE_MAX: usize = 64;

const _: () = {
    let mut rest: &[Identity] = Identity::ALL;
    while let [identity, others @ ..] = rest {
        assert!(identity.size <= SIZE_MAX, "SIZE_MAX is less than a message of the DBC");
        rest = others;
    }
};

/// A frame for the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    identity: Identity,
    bytes: [u8; SIZE_MAX],
}

impl Frame {
    /// A frame whose first bytes are those of a generated type.
    pub(crate) fn new(identity: Identity, payload: &[u8]) -> Self {
        let mut bytes = [0; SIZE_MAX];
        for (byte, value) in bytes.iter_mut().zip(payload) {
            *byte = *value;
        }
        Self { identity, bytes }
    }

    /// Its id; all ids of the link have 11 bits.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.identity.id
    }

    /// Whether it is a CAN FD frame, sent with the switched bit rate.
    #[must_use]
    pub const fn is_fd(&self) -> bool {
        self.identity.is_fd()
    }

    /// Its bytes.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.bytes.get(..self.identity.size).unwrap_or_default()
    }

    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.identity.size).unwrap_or_default()
    }
}
