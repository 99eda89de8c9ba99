// SPDX-License-Identifier: Apache-2.0
//! Limits and settings as they lie in the storage, over a power-off of any length.
//!
//! # Format
//! Of each setting, in their order and without those of [`is_kept`]: its value as f32, then the CRC-32 of its name, a line
//! feed and those four bytes. All numbers are little-endian. So each stands for itself: what decays is lost alone and named, and so is
//! what an image of other settings has left in its place.
//!
//! # Limits and failure
//! A setting that is lost, or out of its range, is what it is on a unit that has never been set. Nothing tells whose patient they were for:
//! they stand until somebody changes them, and the shell shows them. Only what takes a protection away must be said of each patient anew.
//!
//! # Source
//! IEC 60601-1-8: alarm settings outlive an interruption of the power of up to 30 s. CRC-32: ISO/IEC 13239 annex A, as the records.
//!
//! # Shown by
//! Tests below; `tests/zephyr/firmware/src/settings.c`.

use crate::circulation::therapy::{Mode, Therapy, TherapySettings};
use crate::config::Field;
use crate::records::crc_32_of_parts;

/// Bytes of one setting.
const ENTRY_BYTES: usize = 8;
/// Settings that are not kept.
const NOT_KEPT: usize = 6;
/// Bytes of the record.
pub const SETTINGS_RECORD_BYTES: usize = ENTRY_BYTES * (TherapySettings::FIELDS.len() - NOT_KEPT);

/// A setting outlives a power-off. Not a set-point, which comes with a mode; and not where the return cannula lies: with that of a vein the next
/// patient would have neither the floor against backflow nor the hold on air before an artery.
fn is_kept(field: &Field<f32>) -> bool {
    !Mode::is_setpoint(field.name) && field.name != "return_is_arterial"
}

/// The settings that are kept, and their places among all.
fn kept() -> impl Iterator<Item = (usize, &'static Field<f32>)> {
    TherapySettings::FIELDS.iter().enumerate().filter(|(_, field)| is_kept(field))
}

fn check(field: &Field<f32>, value: [u8; 4]) -> [u8; 4] {
    crc_32_of_parts(&[field.name.as_bytes(), b"\n", &value]).to_le_bytes()
}

/// The record of these settings.
#[must_use]
pub fn encode(settings: &TherapySettings) -> [u8; SETTINGS_RECORD_BYTES] {
    let (mut settings, mut record) = (*settings, [0; SETTINGS_RECORD_BYTES]);
    for (entry, (_, field)) in record.as_chunks_mut::<ENTRY_BYTES>().0.iter_mut().zip(kept()) {
        let value = settings.field_mut(field.name).copied().unwrap_or_default().to_le_bytes();
        let says = value.into_iter().chain(check(field, value));
        entry.iter_mut().zip(says).for_each(|(place, byte)| *place = byte);
    }
    record
}

/// The settings of a record, over those of a unit that has never been set; and which are lost, a bit each in the order of the fields.
#[must_use]
pub fn decode(record: &[u8], unset: &TherapySettings) -> (TherapySettings, u32) {
    let (mut therapy, mut unset) = (Therapy { settings: *unset, ..Therapy::IDLE }, *unset);
    let mut entries = record.as_chunks::<ENTRY_BYTES>().0.iter();
    let mut lost = 0;
    for (index, field) in kept() {
        let found = entries.next().and_then(|[a, b, c, d, sum @ ..]| {
            let value = [*a, *b, *c, *d];
            (check(field, value) == *sum).then(|| f32::from_le_bytes(value))
        });
        // What a unit is made with may lie outside of what an operator may ask for: on a bench it does.
        let mut is_unset = |value: f32| unset.field_mut(field.name).copied() == Some(value);
        if found.is_none_or(|value| therapy.set(field, value).is_err() && !is_unset(value)) {
            lost |= 1 << index;
        }
    }
    (therapy.settings, lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Other values than those of a new unit, each within its range.
    fn set() -> TherapySettings {
        let mut settings = TherapySettings::ADULT;
        for field in TherapySettings::FIELDS {
            *settings.field_mut(field.name).unwrap() = field.min + 0.75 * (field.max - field.min);
        }
        settings
    }

    #[test]
    fn every_limit_and_setting_comes_back_but_set_points_and_the_vessel_of_the_patient_before() {
        let vein = TherapySettings { return_is_arterial: 0.0, ..set() };
        let (mut found, lost) = decode(&encode(&vein), &TherapySettings::ADULT);
        assert_eq!((lost, found.return_is_arterial), (0, 1.0));
        for field in TherapySettings::FIELDS {
            let is_new = Mode::is_setpoint(field.name) || field.name == "return_is_arterial";
            let mut expected = if is_new { TherapySettings::ADULT } else { set() };
            assert_eq!(found.field_mut(field.name), expected.field_mut(field.name), "{}", field.name);
        }
        assert_eq!(kept().count() + NOT_KEPT, TherapySettings::FIELDS.len());
    }

    #[test]
    fn decay_takes_the_setting_that_it_hits_and_no_other() {
        let whole = encode(&set());
        let (kept_settings, _) = decode(&whole, &TherapySettings::ADULT);
        let places: Vec<(usize, &Field<f32>)> = kept().collect();
        for bit in 0..8 * SETTINGS_RECORD_BYTES {
            let mut record = whole;
            record[bit / 8] ^= 1 << (bit % 8);
            let (mut found, lost) = decode(&record, &TherapySettings::ADULT);
            let (index, hit) = places[bit / 8 / ENTRY_BYTES];
            assert_eq!(lost, 1 << index, "bit {bit}");
            let mut unset = TherapySettings::ADULT;
            assert_eq!(found.field_mut(hit.name), unset.field_mut(hit.name), "{}", hit.name);
            *found.field_mut(hit.name).unwrap() = *set().field_mut(hit.name).unwrap();
            assert_eq!(found, kept_settings, "bit {bit}");
        }
    }

    #[test]
    fn what_is_short_or_blank_or_out_of_range_is_lost_and_named() {
        let all = kept().fold(0, |bits, (index, _)| bits | 1 << index);
        for blank in [&[][..], &[0xff; SETTINGS_RECORD_BYTES], &[0; SETTINGS_RECORD_BYTES]] {
            assert_eq!(decode(blank, &TherapySettings::ADULT), (TherapySettings::ADULT, all));
        }
        let (found, lost) = decode(&encode(&set())[..ENTRY_BYTES + 3], &TherapySettings::ADULT);
        let (first, field) = kept().next().unwrap();
        assert_eq!((lost, field.name), (all & !(1 << first), "drainage_pressure_mmhg_min"));
        assert_eq!(found.drainage_pressure_mmhg_min, set().drainage_pressure_mmhg_min);
        for wrong in [f32::NAN, 401.0, f32::NEG_INFINITY] {
            let record = encode(&TherapySettings { return_pressure_mmhg_max: wrong, ..set() });
            let (found, lost) = decode(&record, &TherapySettings::ADULT);
            let index = TherapySettings::index_of("return_pressure_mmhg_max").unwrap();
            assert_eq!((lost, found.return_pressure_mmhg_max), (1 << index, 300.0), "{wrong}");
        }
    }

    #[test]
    fn the_limits_that_a_unit_is_made_with_are_not_lost_though_nobody_could_ask_for_them() {
        let bench = TherapySettings { return_pressure_mmhg_max: 1000.0, ..set() };
        let made = TherapySettings { return_pressure_mmhg_max: 1000.0, ..TherapySettings::ADULT };
        let (found, lost) = decode(&encode(&bench), &made);
        assert_eq!((found.return_pressure_mmhg_max, lost), (1000.0, 0));
    }

    /// Where this fails a unit that gets this image loses its limits.
    #[test]
    fn the_layout_is_as_it_was() {
        let record = encode(&TherapySettings::ADULT);
        assert_eq!(record[..4], (-100.0_f32).to_le_bytes());
        assert_eq!(
            record[4..8],
            crate::records::crc_32(b"drainage_pressure_mmhg_min\n\0\0\xc8\xc2").to_le_bytes()
        );
        assert_eq!(record.len(), 96);
    }
}
