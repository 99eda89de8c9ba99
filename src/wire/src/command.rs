// SPDX-License-Identifier: Apache-2.0
//! Authentication codes of commands.
//!
//! # Model
//! Tag: first 8 bytes of AES-CMAC with a key of 128 bits, over the CAN id, high byte first, and all bytes of the frame
//! before the tag. The id is that of the addressee, so a command to one unit is none to the other. Tags are compared in
//! constant time. A command that was taken once is refused again by its sequence, in `levitas_core::link`.
//! # Source
//! RFC 4493; NIST SP 800-38B, appendix A, on the length of tags: 64 bits where guesses are few and counted.
//! # Shown by
//! Tests below: examples of RFC 4493. `tests/clients/test_wire.py`: the independent package cryptography.

use core::fmt;

use aes::Aes128;
use cmac::{Cmac, KeyInit, Mac};
use embedded_can::Id;

/// Bytes of a tag.
pub(crate) const TAG_SIZE: usize = 8;

/// The key that both units and the tools in service share. It never shows itself.
#[derive(Clone)]
pub struct CommandKey(Cmac<Aes128>);

impl CommandKey {
    /// A key; none of 16 equal bytes, which is what erased or empty memory holds.
    #[must_use]
    pub fn new(bytes: &[u8; 16]) -> Option<Self> {
        let [first, rest @ ..] = bytes;
        let is_empty = rest.iter().all(|byte| byte == first);
        if is_empty { None } else { Some(Self(Cmac::new(bytes.into()))) }
    }

    /// A number that two people can compare to know that they have the same key, and that does not tell it: see `key_record.rs`.
    #[must_use]
    pub fn check_value(&self) -> [u8; 3] {
        let code = self.0.clone().chain_update([0; 16]).finalize().into_bytes();
        code.first_chunk().copied().unwrap_or_default()
    }

    /// Writes the tag over its place at the end of a frame.
    pub(crate) fn sign(&self, id: Id, data: &mut [u8]) {
        if let Some((body, tag)) = data.split_last_chunk_mut::<TAG_SIZE>() {
            let code = self.code(id, body).finalize().into_bytes();
            for (byte, value) in tag.iter_mut().zip(code) {
                *byte = value;
            }
        }
    }

    /// Whether a frame ends in its tag.
    pub(crate) fn verifies(&self, id: Id, data: &[u8]) -> bool {
        data.split_last_chunk::<TAG_SIZE>()
            .is_some_and(|(body, tag)| self.code(id, body).verify_truncated_left(tag).is_ok())
    }

    fn code(&self, id: Id, body: &[u8]) -> Cmac<Aes128> {
        let number = match id {
            Id::Standard(id) => id.as_raw(),
            // No frame of the link: the code fits none.
            Id::Extended(_) => u16::MAX,
        };
        self.0.clone().chain_update(number.to_be_bytes()).chain_update(body)
    }
}

impl fmt::Debug for CommandKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CommandKey(..)")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use embedded_can::StandardId;

    /// Key of RFC 4493, section 4.
    const KEY: [u8; 16] =
        [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c];

    fn key() -> CommandKey {
        CommandKey::new(&KEY).unwrap()
    }

    fn id(number: u16) -> Id {
        Id::Standard(StandardId::new(number).unwrap())
    }

    /// RFC 4493, section 4, examples 2 and 3: 16 and 40 bytes.
    #[test]
    fn codes_are_those_of_rfc_4493() {
        let message = [
            0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
            0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
            0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11,
        ];
        let code = |length: usize| key().0.chain_update(&message[..length]).finalize().into_bytes();
        let of_16 =
            [0x07, 0x0a, 0x16, 0xb4, 0x6b, 0x4d, 0x41, 0x44, 0xf7, 0x9b, 0xdd, 0x9d, 0xd0, 0x4a, 0x28, 0x7c];
        let of_40 =
            [0xdf, 0xa6, 0x67, 0x47, 0xde, 0x9a, 0xe6, 0x30, 0x30, 0xca, 0x32, 0x61, 0x14, 0x97, 0xc8, 0x27];
        assert_eq!((code(16).as_slice(), code(40).as_slice()), (&of_16[..], &of_40[..]));
    }

    #[test]
    fn a_tag_fits_its_bytes_its_id_and_its_key_alone() {
        let mut data = [7; 32];
        key().sign(id(0x20), &mut data);
        assert!(key().verifies(id(0x20), &data));
        assert!(!key().verifies(id(0x21), &data), "to the other unit");
        let mut other = KEY;
        other[15] ^= 1;
        assert!(!CommandKey::new(&other).unwrap().verifies(id(0x20), &data));
        for bit in 0..data.len() * 8 {
            let mut bad = data;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!key().verifies(id(0x20), &bad), "bit {bit}");
        }
    }

    #[test]
    fn nothing_shorter_than_a_tag_is_verified_or_written() {
        let mut data = [7; 7];
        key().sign(id(0x20), &mut data);
        assert_eq!(data, [7; 7]);
        assert!(!key().verifies(id(0x20), &data));
    }

    #[test]
    fn erased_and_empty_memory_is_no_key() {
        assert!(CommandKey::new(&[0; 16]).is_none() && CommandKey::new(&[0xff; 16]).is_none());
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(std::format!("{:?}", key()), "CommandKey(..)");
    }
}
