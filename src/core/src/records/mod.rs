// SPDX-License-Identifier: Apache-2.0
//! What the unit writes down: events without gaps, trends at 1 Hz, snapshots at 20 kHz. Background, never on the way of a rotor.
//!
//! | file | what |
//! |---|---|
//! | `event.rs` | an event: source, what, value, cause |
//! | `watch.rs` | the mails of a unit, compared with those of 10 ms before: what of it is an event |
//! | `queue.rs` | from the task that sees an event to the thread that writes it; what is lost there is counted |
//! | `trend.rs` | the quantities that are kept once a second |
//! | `snapshot.rs` | eight signals at 20 kHz around what went wrong |
//!
//! # Format
//! Every record has the same frame around what it says. All numbers are little-endian.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 3 | number: 1, 2, 3 ... without gaps for the life of the log |
//! | 4 to 7 | start: counts the starts of the unit that have written to this log |
//! | 8 to 11 | time since that start [ms]; wraps after 49.7 days |
//! | 12 ... | what it says: [`event::EVENT_BYTES`], [`trend::TREND_BYTES`] or [`snapshot::SNAPSHOT_BYTES`] |
//! | last 20 to 5 | link: the first 16 bytes of the SHA-256 of the whole record before this one; zeros in record 1 |
//! | last 4 | CRC-32 of everything before it |
//!
//! The CRC tells a record that was torn by a power cut, or has decayed, from a whole one. The link tells a log that somebody has changed
//! from the one that was written: who changes, takes out or puts in a record must make every later record anew, and its last link
//! is another one then.
//!
//! # Limits and failure
//! The link has no secret: who can write the flash and makes all later records anew is found out only by somebody who knows a later
//! link, which the shell and the exports show. There is no clock of the wall. The start is one more than that of the last record, so a unit
//! that starts and writes nothing is not counted; it always writes that it has started.
//!
//! # Source
//! CRC-32: ISO/IEC 13239 annex A, as the calibration record. SHA-256: FIPS 180-4.
//!
//! # Shown by
//! Tests below; `tests/zephyr/records/src/main.c`, `tests/zephyr/firmware/src/records.c`.

pub mod event;
pub mod queue;
pub mod snapshot;
pub mod trend;
pub mod watch;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use sha2::{Digest, Sha256};

use crate::config::Field;

/// Bytes of a record before what it says.
pub const HEAD_BYTES: usize = 12;
/// Bytes of a link.
pub const LINK_BYTES: usize = 16;
/// Bytes of a record beside what it says.
pub const FRAME_BYTES: usize = HEAD_BYTES + LINK_BYTES + 4;
/// No table: ten records a second at most.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// The CRC-32 of the names of fields in their order, each with a line feed behind it: another one where a field was added, removed, renamed or
/// moved.
pub(crate) const fn crc_32_of_names(fields: &[Field<f32>]) -> u32 {
    let mut digest = CRC.digest();
    let mut rest = fields;
    while let [field, behind @ ..] = rest {
        digest.update(field.name.as_bytes());
        digest.update(b"\n");
        rest = behind;
    }
    digest.finalize()
}

/// The CRC-32 of records, and of the names that records carry as numbers.
#[must_use]
pub fn crc_32(bytes: &[u8]) -> u32 {
    CRC.checksum(bytes)
}

/// The same of what lies apart.
#[must_use]
pub(crate) fn crc_32_of_parts(parts: &[&[u8]]) -> u32 {
    let mut digest = CRC.digest();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize()
}

/// What frames a record: which, when, and after which other one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// 1, 2, 3 ...
    pub number: u32,
    /// Counts the starts of the unit.
    pub start: u32,
    /// Since that start [ms]; wraps.
    pub time_ms: u32,
    /// Of the record before; see [`link_of`].
    pub link: [u8; LINK_BYTES],
}

impl Head {
    /// The record after `last`, the bytes of a whole record; after none, the first one of a log.
    #[must_use]
    pub fn after(last: Option<&[u8]>, start: u32, time_ms: u32) -> Self {
        let number = last.and_then(number_of).unwrap_or(0).wrapping_add(1);
        Self { number, start, time_ms, link: last.map_or([0; LINK_BYTES], link_of) }
    }

    /// The whole record, [`FRAME_BYTES`] more than it says; false, and nothing is written, where `record` has another length.
    pub fn encode(&self, says: &[u8], record: &mut [u8]) -> bool {
        if record.len() != says.len().saturating_add(FRAME_BYTES) {
            return false;
        }
        let head = [self.number, self.start, self.time_ms];
        let body = head.into_iter().flat_map(u32::to_le_bytes).chain(says.iter().copied()).chain(self.link);
        record.iter_mut().zip(body).for_each(|(place, byte)| *place = byte);
        let Some((covered, check)) = record.split_last_chunk_mut::<4>() else { return false };
        *check = crc_32(covered).to_le_bytes();
        true
    }

    /// Head of a whole record and what it says; `None` where the CRC does not fit.
    #[must_use]
    pub fn decode(record: &[u8]) -> Option<(Self, &[u8])> {
        let (covered, check) = record.split_last_chunk::<4>()?;
        let (body, link) = covered.split_last_chunk::<LINK_BYTES>()?;
        let (head, says) = body.split_first_chunk::<HEAD_BYTES>()?;
        if crc_32(covered) != u32::from_le_bytes(*check) {
            return None;
        }
        let [number, start, time_ms] = words(head);
        Some((Self { number, start, time_ms, link: *link }, says))
    }
}

/// The little-endian words of bytes, zeros for what is missing.
fn words<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

/// Number that stands in a record.
fn number_of(record: &[u8]) -> Option<u32> {
    record.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// What the record after this one carries: the first bytes of the SHA-256 of all its bytes.
#[must_use]
pub fn link_of(record: &[u8]) -> [u8; LINK_BYTES] {
    let digest: [u8; 32] = Sha256::digest(record).into();
    digest.first_chunk().copied().unwrap_or([0; LINK_BYTES])
}

/// How a record follows the one that was looked at before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is the first one that is there.
    First,
    /// The next number, and its link is that of the record before.
    Linked,
    /// The next number, but the record before is not the one that it was written after.
    Broken,
    /// So many are missing before it.
    Gap(u32),
    /// Its number is not higher than that of the record before.
    Back,
}

impl Step {
    /// How a record follows the whole record that was found before it; `None` where it is no whole record itself.
    #[must_use]
    pub fn of(before: Option<&[u8]>, record: &[u8]) -> Option<Self> {
        let (head, _) = Head::decode(record)?;
        let Some(before) = before else { return Some(Self::First) };
        let ahead = head.number.checked_sub(number_of(before).unwrap_or(0));
        Some(match ahead {
            None | Some(0) => Self::Back,
            Some(1) if head.link == link_of(before) => Self::Linked,
            Some(1) => Self::Broken,
            Some(ahead) => Self::Gap(ahead.saturating_sub(1)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::event::{EVENT_BYTES, EVENT_RECORD_BYTES, Event};
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn log(events: &[[u8; EVENT_BYTES]]) -> Vec<[u8; EVENT_RECORD_BYTES]> {
        let mut records: Vec<[u8; EVENT_RECORD_BYTES]> = Vec::new();
        for (index, says) in events.iter().enumerate() {
            let mut record = [0; EVENT_RECORD_BYTES];
            let head = Head::after(records.last().map(|last| &last[..]), 7, index as u32 * 10);
            assert!(head.encode(says, &mut record));
            records.push(record);
        }
        records
    }

    fn steps(records: &[[u8; EVENT_RECORD_BYTES]]) -> Vec<Option<Step>> {
        let before = core::iter::once(None).chain(records.iter().map(|record| Some(&record[..])));
        before.zip(records).map(|(before, record)| Step::of(before, record)).collect()
    }

    #[test]
    fn a_log_is_linked_from_its_first_record_on() {
        let records = log(&[[1; EVENT_BYTES], [2; EVENT_BYTES], [3; EVENT_BYTES]]);
        assert_eq!(steps(&records), [Some(Step::First), Some(Step::Linked), Some(Step::Linked)]);
        let (head, says) = Head::decode(&records[0]).unwrap();
        assert_eq!((head.number, head.start, head.time_ms, head.link), (1, 7, 0, [0; LINK_BYTES]));
        assert_eq!(says, [1; EVENT_BYTES]);
        // FIPS 180-4, "abc".
        assert_eq!(link_of(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn what_is_taken_out_exchanged_or_put_in_shows() {
        let whole = log(&[[1; EVENT_BYTES], [2; EVENT_BYTES], [3; EVENT_BYTES], [4; EVENT_BYTES]]);
        assert_eq!(steps(&[whole[0], whole[2], whole[3]])[1], Some(Step::Gap(1)));
        assert_eq!(steps(&[whole[0], whole[2], whole[1], whole[3]])[2], Some(Step::Back));
        // Somebody who knows the format says something else, with a CRC that fits.
        let (head, _) = Head::decode(&whole[1]).unwrap();
        let mut other = whole.clone();
        assert!(head.encode(&[9; EVENT_BYTES], &mut other[1]));
        assert_eq!(
            steps(&other),
            [Some(Step::First), Some(Step::Linked), Some(Step::Broken), Some(Step::Linked)]
        );
    }

    #[test]
    fn another_length_is_no_record() {
        assert!(!Head::default().encode(&[0; EVENT_BYTES], &mut [0; EVENT_RECORD_BYTES + 1]));
        for length in 0..FRAME_BYTES {
            assert_eq!(Head::decode(&[0xff; FRAME_BYTES][..length]), None);
        }
    }

    proptest! {
        #[test]
        fn a_record_says_what_was_put_in_and_no_flipped_bit_passes(
            (number, start, time_ms) in (any::<u32>(), any::<u32>(), any::<u32>()),
            (says, link, bit) in (any::<[u8; EVENT_BYTES]>(), any::<[u8; LINK_BYTES]>(), 0..8 * EVENT_RECORD_BYTES),
        ) {
            let head = Head { number, start, time_ms, link };
            let mut record = [0; EVENT_RECORD_BYTES];
            prop_assert!(head.encode(&says, &mut record));
            prop_assert_eq!(Head::decode(&record), Some((head, &says[..])));
            record[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Head::decode(&record), None);
        }

        #[test]
        fn whatever_bytes_there_are_nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Head::decode(&bytes).map(|(_, says)| Event::decode(says));
            let _ = (Step::of(None, &bytes), Step::of(Some(&bytes), &bytes));
        }
    }
}
