// SPDX-License-Identifier: Apache-2.0
//! Which of the two copies is in force, what follows from it, and where the next one goes.

use super::{Calibration, CalibrationError, Identity, RECORD_BYTES, Record, is_newer, sequence_of};
use crate::unit::UnitConfig;

/// What lies in a place: bytes, or why there are none.
pub type Stored<'a> = Result<&'a [u8], CalibrationError>;

/// One of the two places of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first one.
    A,
    /// The second one.
    B,
}

impl Place {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
        }
    }
}

/// What power-up finds in the two places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selection {
    /// What each place holds.
    pub copies: [Result<Record, CalibrationError>; 2],
    /// The place of the record in force; `None`: no valid copy, the values that the drive is built with are.
    pub place: Option<Place>,
    /// Sequence number of the newest copy whose check sum fits, refused ones included.
    newest_sequence: Option<u32>,
}

impl Selection {
    /// Reads both places. A copy is valid only if the drive's configuration, `config`, is admissible with it.
    #[must_use]
    pub fn new(places: [Stored<'_>; 2], identity: &Identity, config: &UnitConfig) -> Self {
        let copies = places.map(|bytes| {
            let record = Record::decode(bytes?, identity)?;
            record.check_for(config).map(|()| record)
        });
        let place = match &copies {
            [Ok(a), Ok(b)] if is_newer(b.sequence, a.sequence) => Some(Place::B),
            [Ok(_), _] => Some(Place::A),
            [Err(_), Ok(_)] => Some(Place::B),
            [Err(_), Err(_)] => None,
        };
        let newest_sequence = match places.map(|bytes| bytes.ok().and_then(sequence_of)) {
            [Some(a), Some(b)] if is_newer(b, a) => Some(b),
            [a, b] => a.or(b),
        };
        Self { copies, place, newest_sequence }
    }

    /// The record in force.
    #[must_use]
    pub fn record(&self) -> Option<Record> {
        let [a, b] = self.copies;
        match self.place? {
            Place::A => a.ok(),
            Place::B => b.ok(),
        }
    }

    /// The drive's configuration with the record in force put in; without one as it is.
    #[must_use]
    pub fn configuration(&self, config: &UnitConfig) -> UnitConfig {
        let mut calibrated = *config;
        if let Some(record) = self.record() {
            record.values.apply(&mut calibrated);
        }
        calibrated
    }

    /// Something that was once written is not to be trusted, or cannot be read; an empty place is none of that.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.copies.iter().any(|copy| !matches!(copy, Ok(_) | Err(CalibrationError::Missing)))
    }

    /// Nothing has ever been written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.copies.iter().all(|copy| matches!(copy, Err(CalibrationError::Missing)))
    }

    /// Where a new record goes first; then, once it reads back well, the other place.
    #[must_use]
    pub const fn write_first(&self) -> Place {
        match self.place {
            Some(Place::A) => Place::B,
            Some(Place::B) | None => Place::A,
        }
    }

    /// Sequence number of a new record: newer than whatever lies in the two places.
    #[must_use]
    pub fn next_sequence(&self) -> u32 {
        self.newest_sequence.map_or(1, |newest| newest.wrapping_add(1))
    }

    /// The bytes of a new record with these values, if this drive will take it when it reads it.
    ///
    /// # Errors
    /// The first field that is not plausible or not admissible.
    pub fn next_record(
        &self,
        values: Calibration,
        identity: &Identity,
        config: &UnitConfig,
    ) -> Result<[u8; RECORD_BYTES], CalibrationError> {
        let bytes = Record { sequence: self.next_sequence(), values }.encode(identity);
        Record::decode(&bytes, identity)?.check_for(config).map(|()| bytes)
    }
}
