// SPDX-License-Identifier: Apache-2.0
//! What a unit keeps over a reset in RAM that is not cleared, so that a therapy goes on by itself.
//!
//! # Model
//! The supervisor writes a [`Retained`] every 10 ms, as mail. Whoever has the RAM keeps it there as bytes with a CRC-32, even numbers in
//! one place and odd ones in another: a reset in the middle of a write leaves the one before. At the next start [`Retained::newest`] is what is left, and
//! [`crate::unit::UnitTasks::restart`] what is made of it.
//!
//! | bytes | content |
//! |---|---|
//! | 0 to 3 | `LKP2`: format and version; it changes with what follows |
//! | 4 to 7 | number: one more than that of the record before, wraps |
//! | 8 to 11 | 1: this unit drove a rotor that is to be held; else 0 |
//! | 12 to 15 | why this unit was isolated: an [`Isolation`]; 0: it was not |
//! | 16 ... | therapy, word by word as the mail of a [`PeerTherapy`] |
//! | last 4 | CRC-32 of everything before it, exclusive or that of the names of the settings |
//!
//! All numbers are little-endian. The names of the settings are in it so that a record of another image, whose words stand for other settings, is none.
//!
//! # Limits and failure
//! RAM without power forgets, and not at once: a CRC that fits says that nothing was lost, not that there was power. That is for the
//! [`ResetCause`] to say. A record has no age: it is as old as the supervisor was silent before the reset, 10 ms where it was not. A unit that took the
//! head in that time does not take it again by itself. Nothing is kept of observers, estimates and learned values.
//!
//! # Source
//! CRC-32: ISO/IEC 13239 annex A, as the calibration record.
//!
//! # Shown by
//! Tests below; `tests/scenarios/4n_reboot_alone.toml`, `4o_reboot_while_air_holds.toml`.

use crate::arbitration::Isolation;
use crate::circulation::therapy::TherapySettings;
use crate::link::{PEER_THERAPY_WORDS, PeerTherapy};
use crate::mailbox::Words;
use crate::records::{crc_32, crc_32_of_names};

/// First bytes of a record.
const MAGIC: [u8; 4] = *b"LKP2";
/// Which settings the words stand for.
const SETTINGS: u32 = crc_32_of_names(TherapySettings::FIELDS);
/// Words of a [`Retained`].
pub const RETAINED_WORDS: usize = 3 + PEER_THERAPY_WORDS;
/// Bytes that the CRC covers.
const COVERED_BYTES: usize = MAGIC.len() + 4 * RETAINED_WORDS;
/// Bytes of a record.
pub const RETAINED_BYTES: usize = COVERED_BYTES + 4;

/// Why a unit starts, as its reset controller says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// Its supply was away, however shortly, or nobody knows. Somebody may have switched it off and on: nothing goes on by itself.
    PowerOn,
    /// A watchdog, a fault of the software.
    Other,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retained {
    /// Counts the records; wraps.
    pub number: u32,
    /// This unit drove a rotor that is to be held.
    pub drove: bool,
    /// Why it was isolated; `None`: it was not.
    pub isolation: Option<Isolation>,
    /// What was asked for, and what held it.
    pub therapy: PeerTherapy,
}

impl Retained {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; RETAINED_BYTES] {
        let mut record = [0; RETAINED_BYTES];
        let says = self.to_words().into_iter().flat_map(u32::to_le_bytes);
        record.iter_mut().zip(MAGIC.into_iter().chain(says)).for_each(|(place, byte)| *place = byte);
        if let Some((covered, check)) = record.split_last_chunk_mut::<4>() {
            *check = (crc_32(covered) ^ SETTINGS).to_le_bytes();
        }
        record
    }

    /// The record of bytes; `None` where length, format or CRC do not fit.
    #[must_use]
    fn decode(record: &[u8]) -> Option<Self> {
        let record: &[u8; RETAINED_BYTES] = record.try_into().ok()?;
        let (covered, check) = record.split_last_chunk::<4>()?;
        let says = covered.strip_prefix(&MAGIC)?;
        if crc_32(covered) ^ SETTINGS != u32::from_le_bytes(*check) {
            return None;
        }
        let mut words = [0; RETAINED_WORDS];
        for (word, bytes) in words.iter_mut().zip(says.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Some(Self::from_words(words))
    }

    /// What is kept from the start on, until the supervisor keeps something else: the same, in the place of the older record, and after a
    /// power-up without a rotor to be held or a reason to stay out of the pair, which the self-test looks for anew.
    #[must_use]
    pub(crate) fn after(&self, cause: ResetCause) -> Self {
        let is_reset = cause != ResetCause::PowerOn;
        let (drove, isolation) = (self.drove && is_reset, self.isolation.filter(|_| is_reset));
        Self { number: self.number.wrapping_add(1), drove, isolation, ..*self }
    }

    /// What lies in the two places: the whole record that was written last.
    #[must_use]
    pub fn newest(places: [&[u8]; 2]) -> Option<Self> {
        match places.map(Self::decode) {
            [Some(a), Some(b)] => Some(if b.number.wrapping_sub(a.number).cast_signed() > 0 { b } else { a }),
            [a, b] => a.or(b),
        }
    }
}

impl Words<RETAINED_WORDS> for Retained {
    fn to_words(&self) -> [u32; RETAINED_WORDS] {
        let mut words = [0; RETAINED_WORDS];
        let [number, drove, isolation, therapy @ ..] = &mut words;
        (*number, *drove) = (self.number, u32::from(self.drove));
        *isolation = self.isolation.map_or(0, |reason| reason as u32);
        *therapy = self.therapy.to_words();
        words
    }

    fn from_words([number, drove, isolation, therapy @ ..]: [u32; RETAINED_WORDS]) -> Self {
        let isolation = Isolation::from_code(isolation);
        Self { number, drove: drove != 0, isolation, therapy: PeerTherapy::from_words(therapy) }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::circulation::therapy::{Mode, TherapySettings};

    fn kept(number: u32) -> Retained {
        let settings = TherapySettings { flow_setpoint_lpm: 3.5, ..TherapySettings::ADULT };
        let therapy = PeerTherapy {
            mode: Mode::ZeroFlow,
            asked_mode: Mode::Flow,
            settings,
            conditions: 5,
            alarms: 9,
            suction_lid_rpm: 2108.5,
            suction_lid_age_ms: 300,
        };
        Retained { number, drove: true, isolation: None, therapy }
    }

    #[test]
    fn it_comes_back_whole_from_bytes_and_from_mail() {
        for record in [kept(7), Retained { drove: false, isolation: Some(Isolation::Deaf), ..kept(u32::MAX) }]
        {
            assert_eq!(Retained::newest([&record.encode(), &[]]), Some(record));
            assert_eq!(Retained::from_words(record.to_words()), record);
        }
    }

    #[test]
    fn a_reset_in_the_middle_of_a_write_leaves_the_record_before() {
        for (older, newer) in [(7, 8), (u32::MAX, 0)] {
            let (before, after, other) = (kept(older - 1).encode(), kept(newer).encode(), kept(older));
            for written in 0..RETAINED_BYTES {
                let mut torn = before;
                torn[..written].copy_from_slice(&after[..written]);
                let expected = if torn == after { newer } else { older };
                for places in [[&torn[..], &other.encode()], [&other.encode(), &torn[..]]] {
                    let found = Retained::newest(places).unwrap();
                    assert_eq!(found.number, expected, "{written} bytes");
                }
            }
            assert_eq!(Retained::newest([&after, &other.encode()]).map(|kept| kept.number), Some(newer));
            assert_eq!(Retained::newest([&other.encode(), &after]).map(|kept| kept.number), Some(newer));
        }
    }

    /// Where this fails the bytes mean something else than in the images before: [`MAGIC`] must change, unless the settings themselves have.
    #[test]
    fn the_layout_is_as_it_was() {
        let words: [u32; RETAINED_BYTES / 4] = [
            0x32504b4c, 0x00000007, 0x00000001, 0x00000000, 0x00000004, 0x00000001, 0x00000005, 0x00000009,
            0x4503c800, 0x0000012c, 0x00000000, 0x40600000, 0x43480000, 0x3fc00000, 0xbe99999a, 0xc2c80000,
            0x43960000, 0x3f800000, 0x3f800000, 0x447a0000, 0x42700000, 0x420c0000, 0x00000000, 0x43960000,
            0x44160000, 0x3f000000, 0x44160000, 0x40000000, 0x7b465515,
        ];
        assert_eq!(kept(7).encode()[..], words.map(u32::to_le_bytes).concat());
    }

    #[test]
    fn a_record_of_other_settings_is_none() {
        let whole = kept(7).encode();
        let (covered, _) = whole.split_last_chunk::<4>().unwrap();
        let [first, rest @ ..] = TherapySettings::FIELDS else { panic!("no settings") };
        let swapped: Vec<_> = rest.iter().chain([first]).copied().collect();
        for fields in [rest, &swapped] {
            let check = (crc_32(covered) ^ crc_32_of_names(fields)).to_le_bytes();
            assert_eq!(Retained::newest([&[covered, &check].concat(), &[]]), None);
        }
    }

    /// A copy that was missed, and a number that has wrapped meanwhile.
    #[test]
    fn of_two_records_that_are_no_neighbours_the_one_written_later_is_the_newest() {
        for (older, newer) in [(7, 10), (6, 9), (u32::MAX - 1, 1), (u32::MAX, 2)] {
            let (before, after) = (kept(older).encode(), kept(newer).encode());
            for places in [[&before[..], &after[..]], [&after[..], &before[..]]] {
                assert_eq!(Retained::newest(places), Some(kept(newer)), "{older} {newer}");
            }
        }
    }

    #[test]
    fn ram_that_has_forgotten_anything_is_no_record() {
        let whole = kept(7).encode();
        for bit in 0..8 * RETAINED_BYTES {
            let mut damaged = whole;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Retained::newest([&damaged, &[]]), None, "bit {bit}");
        }
        for blank in [[0; RETAINED_BYTES], [0xff; RETAINED_BYTES]] {
            assert_eq!(Retained::newest([&blank, &blank]), None);
        }
        assert_eq!(Retained::newest([&whole[1..], &[]]), None);
    }
}
