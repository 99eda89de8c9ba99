// SPDX-License-Identifier: Apache-2.0
//! The command key as it lies in the storage of a unit.
//!
//! # Model
//! ```text
//! 0..4 "LKEY" | 4..6 version | 6..8 zero | 8..24 key | 24..28 CRC-32 of the bytes before; little endian
//! ```
//! # Limits and failure
//! A record that is not whole is no key, and a unit without one refuses every command. The storage is not encrypted: who can read
//! its flash has the key.
//! # Source
//! Check value: first 3 bytes of the AES-CMAC over 16 zero bytes, as ASC X9.24-1 has it for AES. No command is as short.
//! # Shown by
//! Tests below; tests/zephyr/firmware/src/command_key.c.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};

use crate::command::CommandKey;

/// Bytes of a record.
pub const KEY_RECORD_BYTES: usize = 28;
const MAGIC: [u8; 4] = *b"LKEY";
const VERSION: [u8; 4] = [1, 0, 0, 0];

static CRC_32: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Why bytes are no key record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRecordError {
    /// Another number of bytes.
    Length,
    /// Another beginning.
    Magic,
    /// A version that this program does not know.
    Version,
    /// The check sum does not fit.
    Crc,
    /// All bytes of the key are the same, as in memory that is erased or empty.
    Empty,
}

impl fmt::Display for KeyRecordError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Length => "length: it has another number of bytes",
            Self::Magic => "magic: it begins in another way",
            Self::Version => "version: it was written by another program",
            Self::Crc => "crc: the record is damaged",
            Self::Empty => "key: all its bytes are the same",
        })
    }
}

/// The record of a key; `None` for bytes that are no key.
#[must_use]
pub fn key_record(key: &[u8; 16]) -> Option<[u8; KEY_RECORD_BYTES]> {
    CommandKey::new(key)?;
    let mut record = [0; KEY_RECORD_BYTES];
    let body = MAGIC.iter().chain(&VERSION).chain(key);
    for (place, byte) in record.iter_mut().zip(body) {
        *place = *byte;
    }
    if let Some((body, crc)) = record.split_last_chunk_mut::<4>() {
        *crc = CRC_32.checksum(body).to_le_bytes();
    }
    Some(record)
}

/// The key of a record.
///
/// # Errors
/// What is wrong with the record.
pub fn key_of_record(record: &[u8]) -> Result<CommandKey, KeyRecordError> {
    let record: &[u8; KEY_RECORD_BYTES] = record.try_into().map_err(|_| KeyRecordError::Length)?;
    let Some((body, crc)) = record.split_last_chunk::<4>() else { return Err(KeyRecordError::Length) };
    let Some((magic, rest)) = body.split_first_chunk::<4>() else { return Err(KeyRecordError::Length) };
    let Some((version, key)) = rest.split_first_chunk::<4>() else { return Err(KeyRecordError::Length) };
    if *magic != MAGIC {
        return Err(KeyRecordError::Magic);
    }
    if *crc != CRC_32.checksum(body).to_le_bytes() {
        return Err(KeyRecordError::Crc);
    }
    if *version != VERSION {
        return Err(KeyRecordError::Version);
    }
    let key = key.try_into().map_err(|_| KeyRecordError::Length)?;
    CommandKey::new(key).ok_or(KeyRecordError::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    #[test]
    fn a_key_is_found_again() {
        let record = key_record(&KEY).unwrap();
        let check_value = CommandKey::new(&KEY).unwrap().check_value();
        assert_eq!(key_of_record(&record).map(|key| key.check_value()), Ok(check_value));
    }

    #[test]
    fn what_is_no_key_has_no_record() {
        assert_eq!(key_record(&[0xff; 16]), None);
    }

    #[test]
    fn every_damage_is_named() {
        let record = key_record(&KEY).unwrap();
        for bit in 0..8 * KEY_RECORD_BYTES {
            let mut bad = record;
            bad[bit / 8] ^= 1 << (bit % 8);
            let expected = if bit < 32 { KeyRecordError::Magic } else { KeyRecordError::Crc };
            assert_eq!(key_of_record(&bad).err(), Some(expected), "bit {bit}");
        }
        for length in 0..KEY_RECORD_BYTES {
            assert_eq!(key_of_record(&record[..length]).err(), Some(KeyRecordError::Length));
        }
        let summed = |change: &dyn Fn(&mut [u8; KEY_RECORD_BYTES])| {
            let mut other = record;
            change(&mut other);
            let crc = CRC_32.checksum(&other[..24]).to_le_bytes();
            other[24..].copy_from_slice(&crc);
            key_of_record(&other).err()
        };
        assert_eq!(summed(&|it| it[4] = 2), Some(KeyRecordError::Version));
        assert_eq!(summed(&|it| it[8..24].fill(0)), Some(KeyRecordError::Empty));
    }
}
