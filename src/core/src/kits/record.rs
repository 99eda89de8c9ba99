// SPDX-License-Identifier: Apache-2.0
//! The list of kits as it lies in the storage, over a power-off of any length: a record for each place.
//!
//! # Format
//! Kind, reason (0: none), objections, whether it has ended (0: no; else which one it was to end of those here, from 1), a byte each; day of the command and last day of use, each as year (2 bytes, 0: none),
//! month, day; time in use in s (4); product, lot, serial number, each as length (0xff: unknown) and 20 bytes; CRC-32 of all that (4). Little-endian.
//!
//! # Limits and failure
//! A record that decays is lost alone. The time in use is kept in steps of ten minutes, rounded down, so that the flash lasts: it is short by
//! that much for each start at most. While the unit is off nothing counts.
//!
//! # Source
//! CRC-32: ISO/IEC 13239 annex A, as the records.
//!
//! # Shown by
//! Tests below; `tests/zephyr/firmware/src/kits.c`.

use super::date::Date;
use super::registry::{KITS_MAX, Kind, Kit, Reason, Registry, TABLE, Text};
use super::udi::TEXT_LENGTH_MAX;
use crate::records::crc_32;

/// Steps of the time in use \[s\].
const STEP_S: u32 = 600;
const TEXT_BYTES: usize = 1 + TEXT_LENGTH_MAX;
const NO_TEXT: u8 = 0xff;
/// Bytes of the record of a kit.
pub const KIT_RECORD_BYTES: usize = 4 + 4 + 4 + 4 + 3 * TEXT_BYTES + 4;

/// What a place holds, or nothing of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl Registry {
    /// The record of the kit in a place; `None` while it is empty.
    #[must_use]
    pub fn record(&self, place: usize, now_s: u32) -> Option<[u8; KIT_RECORD_BYTES]> {
        let kit = self.kits.get(place)?.as_ref()?;
        let mut record = [0; KIT_RECORD_BYTES];
        let seconds = kit.seconds(now_s);
        // One that has ended counts no more, and its time is that.
        let kept_s = if kit.until_s.is_some() { seconds } else { (seconds / STEP_S).saturating_mul(STEP_S) };
        let reason = kit.reason.map_or(0, |reason| (reason as u8).saturating_add(1));
        let sooner = self.kits().filter(|old| old.until_s.is_some() && old.end_key() < kit.end_key()).count();
        let ended = kit.until_s.map_or(0, |_| (sooner as u8).saturating_add(1));
        let head = [kit.kind as u8, reason, kit.objections as u8, ended];
        let texts = [Some(&kit.gtin), kit.lot.as_ref(), kit.serial.as_ref()].map(text_bytes);
        let bytes = head
            .into_iter()
            .chain(date_bytes(Some(kit.added)))
            .chain(date_bytes(kit.expires))
            .chain(kept_s.to_le_bytes())
            .chain(texts.into_iter().flatten());
        if let Some((body, sum)) = record.split_last_chunk_mut::<4>() {
            body.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
            *sum = crc_32(body).to_le_bytes();
        }
        Some(record)
    }

    /// Takes the kit of a record into its place, as of a unit that has just started.
    ///
    /// # Errors
    /// The record is damaged, or there is no such place.
    pub fn recall(&mut self, place: usize, record: &[u8; KIT_RECORD_BYTES]) -> Result<(), Damaged> {
        let place = self.kits.get_mut(place).ok_or(Damaged)?;
        *place = Some(kit_of(record).ok_or(Damaged)?);
        Ok(())
    }
}

const _: () = assert!(
    TABLE.len() <= 8 && KITS_MAX <= 16,
    "objections are a byte; places are identifiers of the storage"
);

fn date_bytes(date: Option<Date>) -> [u8; 4] {
    let (year, month, day) = date.map_or((0, 0, 0), Date::parts);
    let [low, high] = year.to_le_bytes();
    [low, high, month, day]
}

fn text_bytes(text: Option<&Text>) -> [u8; TEXT_BYTES] {
    let text = text.map(Text::as_str);
    let mut bytes = [0; TEXT_BYTES];
    let length = text.map_or(NO_TEXT, |text| text.len() as u8);
    let says = core::iter::once(length).chain(text.unwrap_or_default().bytes());
    bytes.iter_mut().zip(says).for_each(|(place, byte)| *place = byte);
    bytes
}

fn kit_of(record: &[u8; KIT_RECORD_BYTES]) -> Option<Kit> {
    let (body, sum) = record.split_last_chunk::<4>()?;
    if crc_32(body) != u32::from_le_bytes(*sum) {
        return None;
    }
    let ([kind, reason, objections, ended], rest) = body.split_first_chunk()?;
    let (added, rest) = rest.split_first_chunk()?;
    let (expires, rest) = rest.split_first_chunk()?;
    let (seconds, rest) = rest.split_first_chunk()?;
    let (gtin, rest) = rest.split_first_chunk()?;
    let (lot, rest) = rest.split_first_chunk()?;
    let (serial, _) = rest.split_first_chunk()?;
    Some(Kit {
        kind: Kind::ALL.get(usize::from(*kind)).copied()?,
        gtin: text_of(gtin)??,
        lot: text_of(lot)?,
        serial: text_of(serial)?,
        expires: date_of(*expires)?,
        added: date_of(*added)??,
        since_s: 0,
        before_s: u32::from_le_bytes(*seconds),
        until_s: (*ended != 0).then_some(0),
        ended: ended.wrapping_sub(1),
        objections: u32::from(*objections),
        reason: match reason.checked_sub(1) {
            Some(code) => Some(Reason::ALL.get(usize::from(code)).copied()?),
            None => None,
        },
    })
}

/// A day or none; `None` for a day that does not exist.
fn date_of([low, high, month, day]: [u8; 4]) -> Option<Option<Date>> {
    let year = u16::from_le_bytes([low, high]);
    if year == 0 { Some(None) } else { Date::new(year, month, day).map(Some) }
}

/// A text or none; `None` for one that is none.
fn text_of([length, bytes @ ..]: &[u8; TEXT_BYTES]) -> Option<Option<Text>> {
    if *length == NO_TEXT {
        return Some(None);
    }
    let bytes = bytes.get(..usize::from(*length))?;
    core::str::from_utf8(bytes).ok().map(|text| Some(Text::new(text)))
}

#[cfg(test)]
mod tests {
    use super::super::udi::Udi;
    use super::*;

    /// A kit of each sort, taken at 1000 s, and the list of them.
    fn list() -> Registry {
        let today = Date::parse("2026-11-27").unwrap();
        let mut registry = Registry::new();
        for (kind, text, reason) in [
            (Kind::Circulation, "(01)09501101530003(17)271119(10)AB-123(21)7", None),
            (Kind::Puncture, "(01)04012345678901(17)261126(10)A", Some(Reason::Emergency)),
            (Kind::Warming, "(01)04012345678901(21)01234567890123456789", Some(Reason::Inspected)),
            (Kind::Circulation, "(01)09501101530003(17)271119(21)8", None),
        ] {
            registry.add(kind, &Udi::parse(text, today).unwrap(), today, reason, 1000).unwrap();
        }
        registry
    }

    fn recalled(before: &Registry, now_s: u32) -> Registry {
        let mut after = Registry::new();
        for place in 0..KITS_MAX {
            if let Some(record) = before.record(place, now_s) {
                assert_eq!(after.recall(place, &record), Ok(()));
            }
        }
        after
    }

    #[test]
    fn the_list_comes_back_with_its_hours_and_reuse_is_found() {
        let before = list();
        let mut after = recalled(&before, 1000 + 2 * 3600 + 700);
        assert_eq!(after.kits().count(), 4);
        for (old, new) in before.kits().zip(after.kits()) {
            let (before_s, until_s, ended) = (new.before_s, new.until_s, new.ended);
            let zeroed = Kit { since_s: 0, before_s, until_s, ended, ..*old };
            assert_eq!(*new, zeroed);
            assert_eq!(new.until_s.is_some(), old.until_s.is_some());
        }
        // The first one was exchanged at once; of the others 130 minutes are kept of 131, and they go on.
        let minutes: std::vec::Vec<u32> = after.kits().map(|kit| kit.minutes(600)).collect();
        assert_eq!(minutes, [0, 140, 140, 140]);
        let today = Date::parse("2026-11-28").unwrap();
        let again = Udi::parse("(01)09501101530003(17)271119(10)AB-123(21)7", today).unwrap();
        assert!(after.add(Kind::Circulation, &again, today, None, 700).is_err(), "it is not new");
        let kit = after.add(Kind::Circulation, &again, today, Some(Reason::NoOther), 700).unwrap();
        assert_eq!((kit.seconds(700), kit.reason), (700, Some(Reason::NoOther)));
        // A second start takes nothing away.
        assert_eq!(recalled(&recalled(&after, 1200), 0).kits().map(|kit| kit.minutes(0)).max(), Some(150));
    }

    #[test]
    fn a_record_changes_every_ten_minutes_and_not_at_all_once_its_kit_has_ended() {
        let registry = list();
        let at = |place, now_s| registry.record(place, now_s).unwrap();
        assert_eq!(at(1, 1000), at(1, 1599));
        assert_ne!(at(1, 1000), at(1, 1600));
        assert_eq!(at(0, 1000), at(0, 100_000));
        assert_eq!(registry.record(4, 1000), None);
        assert_eq!(registry.record(KITS_MAX, 1000), None);
    }

    #[test]
    fn after_a_power_off_too_the_one_goes_that_ended_longest_ago() {
        let today = Date::parse("2026-11-27").unwrap();
        let take = |registry: &mut Registry, kind, serial: u32, now_s| {
            let text = std::format!("(01)09501101530003(17)271119(21){serial}");
            registry.add(kind, &Udi::parse(&text, today).unwrap(), today, None, now_s).unwrap();
        };
        let serials = |registry: &Registry| -> std::vec::Vec<u32> {
            registry.kits().map(|kit| kit.serial.unwrap().as_str().parse().unwrap()).collect()
        };
        // The one in place 1 ends first, then the one in place 0; the rest is in use.
        let mut registry = Registry::new();
        for (kind, serial, now_s) in [
            (Kind::Warming, 0, 0),
            (Kind::Circulation, 1, 0),
            (Kind::Circulation, 2, 100),
            (Kind::Warming, 3, 200),
        ] {
            take(&mut registry, kind, serial, now_s);
        }
        for serial in 4..KITS_MAX as u32 {
            take(&mut registry, Kind::Puncture, serial, 300);
        }
        let mut after = recalled(&recalled(&registry, 400), 0);
        // One that ends after the start, if only in its first second, ended later than all of before.
        take(&mut after, Kind::Circulation, 16, 0);
        assert!(!serials(&after).contains(&1) && serials(&after).contains(&0));
        take(&mut after, Kind::Puncture, 17, 0);
        assert!(!serials(&after).contains(&0) && serials(&after).contains(&2));
        take(&mut after, Kind::Puncture, 18, 0);
        assert!(!serials(&after).contains(&2));
    }

    #[test]
    fn what_has_decayed_is_no_kit() {
        let registry = list();
        let whole = registry.record(1, 5000).unwrap();
        for bit in 0..8 * KIT_RECORD_BYTES {
            let mut record = whole;
            record[bit / 8] ^= 1 << (bit % 8);
            let mut after = registry;
            assert_eq!(after.recall(5, &record), Err(Damaged), "bit {bit}");
            assert_eq!(after, registry, "bit {bit}");
        }
        let mut after = registry;
        assert_eq!(after.recall(KITS_MAX, &whole), Err(Damaged));
        assert_eq!(after.recall(5, &[0; KIT_RECORD_BYTES]), Err(Damaged));
        assert_eq!(after.recall(5, &[0xff; KIT_RECORD_BYTES]), Err(Damaged));
    }

    /// What a check sum that fits does not make true.
    #[test]
    fn what_no_kit_can_be_is_none() {
        let whole = list().record(1, 5000).unwrap();
        for (place, byte) in [(0, 5), (1, 4), (6, 13), (7, 0), (10, 0), (16, 21), (16, NO_TEXT), (17, 0xc3)] {
            let mut record = whole;
            record[place] = byte;
            let (body, sum) = record.split_last_chunk_mut::<4>().unwrap();
            *sum = crc_32(body).to_le_bytes();
            assert_eq!(Registry::new().recall(0, &record), Err(Damaged), "{place}: {byte}");
        }
    }
}
