// SPDX-License-Identifier: Apache-2.0
//! The calibration record: what commissioning found on this drive, kept in two copies.
//!
//! # Format
//! | bytes | content |
//! |---|---|
//! | 0 to 3 | "LCAL" |
//! | 4, 5 | version, [`VERSION`] |
//! | 6, 7 | winding and Hall set: 0 A (host), 1 B (emergency drive) |
//! | 8 to 11 | serial number of the unit |
//! | 12 to 15 | sequence number: counts commissionings, wraps |
//! | 16 to 19 | number of bytes of the values |
//! | 20 ... | the fields of [`Calibration`] in their order, as f32 |
//! | last 4 | CRC-32 of everything before it |
//!
//! All numbers are little-endian. CRC-32 is the one of ISO 3309 (HDLC), Ethernet and zip: it finds every error of up
//! to 32 bits in a row, and every three single bits in a record of this length.
//!
//! # Two copies
//! The record in force is the newest valid copy ([`Selection`]). A new one goes first over the copy that is *not* in
//! force ([`Selection::write_first`]) and, once that reads back well, over the other. So a power cut at any
//! instant leaves one whole record: the old one during the first write, the new one during the second.
//!
//! A new record is counted on from the newest copy whose check sum fits, also when this drive refuses its values: another
//! image, whose ranges are wider, would take that copy again, and must find it older than what was found since.
//!
//! # Limits and failure
//! A copy that is short, of another version, unit or set, damaged, no number or outside of what is plausible is
//! refused with the name of what is wrong, and so is one whose gains the configuration does not allow; nothing of it is used. Without a valid copy the drive runs on the values it is
//! built with, which is what it did on its first day: interference that eats the record must not stop a rotor.
//! Where any copy was refused the unit shows `fault::CALIBRATION`.
//!
//! # Source
//! ISO/IEC 13239 annex A (CRC-32); check value 0xcbf43926 for "123456789", asserted by a test.
//!
//! # Shown by
//! `tests.rs`; `levitas run --calibration`.

mod selection;
mod values;

use crate::config::ConfigError;
use crate::unit::{Role, UnitConfig};
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
pub use selection::{Place, Selection, Stored};
pub use values::Calibration;

/// First bytes of a record.
const MAGIC: [u8; 4] = *b"LCAL";
/// Version of the format; it changes with the fields of [`Calibration`].
pub const VERSION: u16 = 1;
/// Bytes before the values.
const HEADER_BYTES: usize = 20;
/// Bytes of the values.
const VALUE_BYTES: usize = Calibration::FIELDS.len().saturating_mul(4);
/// Bytes that the CRC covers.
const COVERED_BYTES: usize = HEADER_BYTES.saturating_add(VALUE_BYTES);
/// Bytes of a record.
pub const RECORD_BYTES: usize = COVERED_BYTES.saturating_add(4);
/// No table: a record is read twice per power-up.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Sequence number of these bytes, if their check sum fits: also of a record that is refused for what it says.
fn sequence_of(bytes: &[u8]) -> Option<u32> {
    let (covered, check) = bytes.split_last_chunk::<4>()?;
    let [magic @ .., n_0, n_1, n_2, n_3, _, _, _, _] = covered.first_chunk::<HEADER_BYTES>()?;
    let whole = magic.starts_with(&MAGIC) && CRC.checksum(covered) == u32::from_le_bytes(*check);
    whole.then(|| u32::from_le_bytes([*n_0, *n_1, *n_2, *n_3]))
}

/// Counted later than the other one.
const fn is_newer(sequence: u32, other: u32) -> bool {
    let ahead = sequence.wrapping_sub(other);
    ahead != 0 && ahead <= u32::MAX >> 1
}

/// Which drive a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Serial number of the unit.
    pub serial_number: u32,
    /// Its role, which decides the winding and Hall set.
    pub role: Role,
}

/// A valid record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// Counts commissionings.
    pub sequence: u32,
    /// What was found.
    pub values: Calibration,
}

/// Why a copy is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CalibrationError {
    /// There is no copy.
    Missing,
    /// The place cannot be read.
    Unreadable,
    /// Another number of bytes than a record has.
    Length {
        /// How many there are.
        bytes: usize,
    },
    /// Does not begin like a record.
    Magic,
    /// Another version of the format.
    Version {
        /// The one found.
        version: u16,
    },
    /// Damaged: the check sum does not fit.
    Crc {
        /// As it stands in the record.
        stored: u32,
        /// As it would have to be.
        computed: u32,
    },
    /// The record of another unit.
    SerialNumber {
        /// The one found.
        serial_number: u32,
    },
    /// The record of the other winding set.
    Set {
        /// The one found.
        set: u16,
    },
    /// A value that is no number or not plausible.
    Value(ConfigError),
    /// A field of the configuration that the record, or the gains that follow from it, would push out of its range.
    Inadmissible(ConfigError),
}

impl CalibrationError {
    /// The part or field that is wrong, by name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Length { .. } => "length",
            Self::Magic => "magic",
            Self::Version { .. } => "version",
            Self::Crc { .. } => "crc",
            Self::SerialNumber { .. } => "serial_number",
            Self::Set { .. } => "set",
            Self::Value(error) | Self::Inadmissible(error) => error.field,
        }
    }
}

impl core::fmt::Display for CalibrationError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Missing => f.write_str("missing: there is no such copy"),
            Self::Unreadable => f.write_str("unreadable: the storage does not answer"),
            Self::Length { bytes } => write!(f, "length: {bytes} bytes, a record has {RECORD_BYTES}"),
            Self::Magic => f.write_str("magic: this is no calibration record"),
            Self::Version { version } => write!(f, "version: {version}, this drive reads {VERSION}"),
            Self::Crc { stored, computed } => {
                write!(f, "crc: {stored:#010x} is stored, {computed:#010x} fits; the record is damaged")
            }
            Self::SerialNumber { serial_number } => {
                write!(f, "serial_number: {serial_number}, the record of another unit")
            }
            Self::Set { set } => write!(f, "set: {set}, the record of the other winding set"),
            Self::Value(error) => error.fmt(f),
            Self::Inadmissible(error) => write!(f, "{error}; it would follow from this record"),
        }
    }
}

impl core::error::Error for CalibrationError {}

/// Number of a role's winding and Hall set.
const fn set_of(role: Role) -> u16 {
    match role {
        Role::Host => 0,
        Role::EmergencyDrive => 1,
    }
}

impl Record {
    /// The record as bytes.
    #[must_use]
    pub fn encode(&self, identity: &Identity) -> [u8; RECORD_BYTES] {
        let header = MAGIC
            .into_iter()
            .chain(VERSION.to_le_bytes())
            .chain(set_of(identity.role).to_le_bytes())
            .chain(identity.serial_number.to_le_bytes())
            .chain(self.sequence.to_le_bytes())
            .chain((VALUE_BYTES as u32).to_le_bytes());
        let mut bytes = [0; RECORD_BYTES];
        for (to, from) in bytes.iter_mut().zip(header.chain(self.values.bytes())) {
            *to = from;
        }
        if let Some((covered, check)) = bytes.split_last_chunk_mut::<4>() {
            *check = CRC.checksum(covered).to_le_bytes();
        }
        bytes
    }

    /// The record of these bytes, if every part of it is as it must be.
    ///
    /// # Errors
    /// The first part or field that is not.
    pub fn decode(bytes: &[u8], identity: &Identity) -> Result<Self, CalibrationError> {
        let wrong_length = CalibrationError::Length { bytes: bytes.len() };
        let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(wrong_length)?;
        let (version, _) = rest.split_first_chunk::<2>().ok_or(wrong_length)?;
        if *magic != MAGIC {
            return Err(CalibrationError::Magic);
        }
        // The version comes before the length: another version may have another one.
        let version = u16::from_le_bytes(*version);
        if version != VERSION {
            return Err(CalibrationError::Version { version });
        }
        let whole: &[u8; RECORD_BYTES] = bytes.try_into().map_err(|_| wrong_length)?;
        Self::decode_whole(whole, identity)
    }

    fn decode_whole(bytes: &[u8; RECORD_BYTES], identity: &Identity) -> Result<Self, CalibrationError> {
        let (covered, check) = bytes.split_last_chunk::<4>().ok_or(CalibrationError::Magic)?;
        let (stored, computed) = (u32::from_le_bytes(*check), CRC.checksum(covered));
        if stored != computed {
            return Err(CalibrationError::Crc { stored, computed });
        }
        let (header, values) = covered.split_first_chunk::<HEADER_BYTES>().ok_or(CalibrationError::Magic)?;
        let [_, _, _, _, _, _, set_0, set_1, serial @ ..] = *header;
        let [s_0, s_1, s_2, s_3, n_0, n_1, n_2, n_3, length @ ..] = serial;
        let serial_number = u32::from_le_bytes([s_0, s_1, s_2, s_3]);
        if serial_number != identity.serial_number {
            return Err(CalibrationError::SerialNumber { serial_number });
        }
        let set = u16::from_le_bytes([set_0, set_1]);
        if set != set_of(identity.role) {
            return Err(CalibrationError::Set { set });
        }
        let length = u32::from_le_bytes(length);
        if length != VALUE_BYTES as u32 {
            return Err(CalibrationError::Length { bytes: length as usize });
        }
        let values = Calibration::from_bytes(values);
        values.check().map_err(CalibrationError::Value)?;
        values.check_phase_order().map_err(CalibrationError::Value)?;
        Ok(Self { sequence: u32::from_le_bytes([n_0, n_1, n_2, n_3]), values })
    }

    /// Whether this configuration can take the values, the gains that follow from them included.
    fn check_for(&self, config: &UnitConfig) -> Result<(), CalibrationError> {
        let mut calibrated = *config;
        self.values.apply(&mut calibrated);
        calibrated.check().map_err(CalibrationError::Inadmissible)
    }
}

#[cfg(test)]
mod tests;
