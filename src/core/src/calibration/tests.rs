// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::unit::Unit;
use proptest::prelude::*;
use std::string::ToString as _;

const IDENTITY: Identity = Identity { serial_number: 4711, role: Role::Host };

fn record(sequence: u32) -> Record {
    Record { sequence, values: Calibration::of(&UnitConfig::ECMO_50) }
}

/// What the drive as it is built makes of these places; `None` is an empty one.
fn select(places: [Option<&[u8]>; 2]) -> Selection {
    let places = places.map(|bytes| bytes.ok_or(CalibrationError::Missing));
    Selection::new(places, &IDENTITY, &UnitConfig::ECMO_50)
}

/// A record with one thing changed and the check sum put right again.
fn forged(change: impl Fn(&mut [u8])) -> [u8; RECORD_BYTES] {
    let mut bytes = record(1).encode(&IDENTITY);
    change(&mut bytes);
    let (covered, check) = bytes.split_last_chunk_mut::<4>().unwrap();
    *check = CRC.checksum(covered).to_le_bytes();
    bytes
}

fn refused(bytes: &[u8]) -> &'static str {
    Record::decode(bytes, &IDENTITY).unwrap_err().name()
}

#[test]
fn the_check_sum_is_the_published_one() {
    assert_eq!(CRC.checksum(b"123456789"), 0xcbf4_3926);
}

#[test]
fn the_values_of_the_configuration_are_plausible_and_come_back() {
    let bytes = record(7).encode(&IDENTITY);
    assert_eq!(Record::decode(&bytes, &IDENTITY), Ok(record(7)));
    let mut config = UnitConfig::ECMO_50;
    record(7).values.apply(&mut config);
    assert_eq!(Calibration::of(&config), record(7).values);
    assert_eq!(config.check(), Ok(()));
}

#[test]
fn every_value_has_a_place_in_the_configuration_whose_range_holds_it() {
    let mut config = UnitConfig::ECMO_50;
    for field in Calibration::FIELDS {
        assert!(config.field_mut(field.name).is_some(), "{}", field.name);
        let own = UnitConfig::PARTS.iter().flat_map(|(_, fields)| fields.iter());
        let own = own.into_iter().find(|own| own.name == field.name).unwrap();
        assert!(own.min <= field.min && field.max <= own.max, "{}", field.name);
    }
}

#[test]
fn what_is_wrong_is_named() {
    let whole = record(1).encode(&IDENTITY);
    assert_eq!(refused(b""), "length");
    assert_eq!(refused(&whole[..RECORD_BYTES - 1]), "length");
    assert_eq!(refused(&[whole.as_slice(), &[0]].concat()), "length");
    assert_eq!(refused(b"no record of any kind"), "magic");
    assert_eq!(refused(&forged(|bytes| bytes[4] = 2)), "version");
    assert_eq!(refused(&forged(|bytes| bytes[6] = 1)), "set");
    assert_eq!(refused(&forged(|bytes| bytes[8] ^= 1)), "serial_number");
    assert_eq!(refused(&forged(|bytes| bytes[16] = 4)), "length");
    let other = Identity { role: Role::EmergencyDrive, ..IDENTITY };
    assert_eq!(Record::decode(&whole, &other).unwrap_err().name(), "set");
}

#[test]
fn a_value_out_of_range_is_named_with_its_range() {
    let k_i = Calibration::FIELDS.iter().position(|field| field.name == "force_current_n_per_a").unwrap();
    let at = HEADER_BYTES + 4 * k_i;
    let bytes = forged(|bytes| bytes[at..at + 4].copy_from_slice(&400.0_f32.to_le_bytes()));
    let error = Record::decode(&bytes, &IDENTITY).unwrap_err();
    assert_eq!(error.to_string(), "force_current_n_per_a = 400: allowed is 5 to 12");
}

#[test]
fn a_phase_order_between_the_two_is_refused() {
    let last = COVERED_BYTES - 4;
    let bytes = forged(|bytes| bytes[last..last + 4].copy_from_slice(&0.5_f32.to_le_bytes()));
    assert_eq!(refused(&bytes), "motor_phase_order");
}

#[test]
fn the_newest_valid_copy_is_in_force() {
    let (old, new) = (record(u32::MAX).encode(&IDENTITY), record(0).encode(&IDENTITY)); // over the wrap
    let mut damaged = new;
    damaged[30] ^= 0x10;
    let select = |a: Option<&[u8]>, b: Option<&[u8]>| select([a, b]);
    assert_eq!(select(Some(&old), Some(&new)).place, Some(Place::B));
    assert_eq!(select(Some(&new), Some(&old)).place, Some(Place::A));
    let one = select(Some(&damaged), Some(&old));
    assert_eq!((one.place, one.is_refused(), one.record()), (Some(Place::B), true, Some(record(u32::MAX))));
    assert_eq!(one.copies[0].unwrap_err().name(), "crc");
    let none = select(Some(&damaged), Some(b"xyz"));
    assert_eq!((none.place, none.record(), none.is_refused()), (None, None, true));
    let fresh = select(None, None);
    assert!(fresh.is_empty() && !fresh.is_refused() && fresh.record().is_none());
}

/// A heavy rotor: with the smallest plausible k_i its gains leave their ranges, with the k_i of the design they do not.
fn heavy() -> UnitConfig {
    let mut config = UnitConfig::ECMO_50;
    config.levitation.bearing.levitated_mass_kg = 0.6;
    config.levitation.bearing = config.levitation.bearing.retuned();
    config
}

#[test]
fn a_record_whose_gains_are_not_allowed_is_refused_by_their_name_and_the_drive_starts() {
    let config = heavy();
    let values = Calibration { force_current_n_per_a: 5.0, ..Calibration::of(&config) };
    let bad = Record { sequence: 9, values }.encode(&IDENTITY);
    let good = Record { sequence: 8, values: Calibration { force_current_n_per_a: 8.5, ..values } }
        .encode(&IDENTITY);
    assert!(Record::decode(&bad, &IDENTITY).is_ok(), "plausible by itself");
    let missing = Err(CalibrationError::Missing);
    for (places, force_current_n_per_a) in
        [([Ok(&bad[..]), Ok(&good[..])], 8.5), ([Ok(&good), Ok(&bad)], 8.5), ([Ok(&bad), missing], 8.0)]
    {
        let (_, selection) = Unit::calibrated(&config, &IDENTITY, places).unwrap();
        assert!(selection.is_refused());
        let refused = selection.copies.iter().find_map(|copy| copy.err()).unwrap();
        assert_eq!(refused.name(), "feedback_displacement_a_per_m");
        let in_force = selection.configuration(&config);
        assert_eq!(in_force.levitation.bearing.force_current_n_per_a, force_current_n_per_a);
    }
    let refused =
        Selection::new([missing, missing], &IDENTITY, &config).next_record(values, &IDENTITY, &config);
    assert_eq!(refused.unwrap_err().name(), "feedback_displacement_a_per_m", "not written either");
}

#[test]
fn a_place_that_cannot_be_read_is_an_alarm_and_the_other_copy_holds() {
    let good = record(3).encode(&IDENTITY);
    let selection =
        Selection::new([Err(CalibrationError::Unreadable), Ok(&good)], &IDENTITY, &UnitConfig::ECMO_50);
    assert_eq!((selection.place, selection.is_refused()), (Some(Place::B), true));
    assert_eq!(selection.copies[0].unwrap_err().name(), "unreadable");
}

#[test]
fn a_new_record_is_newer_than_the_one_in_force_and_is_read_again() {
    let old = record(3).encode(&IDENTITY);
    let found = select([Some(&old), None]);
    let values = Calibration { hall_gain_x: 1.02, ..record(3).values };
    let bytes = found.next_record(values, &IDENTITY, &UnitConfig::ECMO_50).unwrap();
    let again = select([Some(&old), Some(&bytes)]);
    assert_eq!((again.place, again.record()), (Some(Place::B), Some(Record { sequence: 4, values })));
}

/// Two copies that this image refuses for a value, and a wider one would take: what is found now must be newer than
/// both when that image comes, also when only one of the two writes was done.
#[test]
fn a_new_record_is_newer_than_the_copies_that_are_refused_for_what_they_say() {
    let implausible = Calibration { force_current_n_per_a: 20.0, ..record(0).values };
    let refused = |sequence| Record { sequence, values: implausible }.encode(&IDENTITY);
    let next = |a: Option<&[u8]>, b: Option<&[u8]>| select([a, b]).next_sequence();
    let (five, nine, six) = (refused(5), refused(9), record(6).encode(&IDENTITY));
    assert_eq!(select([Some(&nine), Some(&five)]).place, None);
    assert_eq!((next(Some(&nine), Some(&five)), next(Some(&five), Some(&nine))), (10, 10));
    assert_eq!((next(Some(&nine), None), next(None, Some(&nine))), (10, 10));
    assert_eq!((next(Some(&six), Some(&nine)), next(Some(&six), Some(&five))), (10, 7));
    assert_eq!(next(Some(&refused(u32::MAX)), Some(&refused(1))), 2, "over the wrap");
    // Another drive's and another version's record count, a damaged one does not.
    let other = Identity { serial_number: 1, ..IDENTITY };
    assert_eq!(next(Some(&record(30).encode(&other)), None), 31);
    assert_eq!(next(Some(&forged(|bytes| (bytes[4], bytes[12]) = (2, 40))), None), 41);
    let mut damaged = nine;
    damaged[13] ^= 1;
    assert_eq!((next(Some(&damaged), None), next(Some(&damaged), Some(&five))), (1, 6));
    for length in 0..RECORD_BYTES {
        assert_eq!(next(Some(&nine[..length]), None), 1, "{length}");
    }
}

#[test]
fn a_power_cut_at_any_byte_of_either_write_leaves_a_whole_record() {
    let old = record(3).encode(&IDENTITY);
    for start in [[Some(old), Some(old)], [Some(old), None], [None, Some(old)]] {
        let read = |places: &[Option<[u8; RECORD_BYTES]>; 2]| {
            let [a, b] = places;
            select([a.as_ref().map(|a| &a[..]), b.as_ref().map(|b| &b[..])])
        };
        let found = read(&start);
        let new = Record { sequence: found.next_sequence(), values: found.record().unwrap().values };
        let bytes = new.encode(&IDENTITY);
        let mut places = start;
        for place in [found.write_first(), found.write_first().other()] {
            for cut in 0..=RECORD_BYTES {
                let half = &mut places[place as usize].get_or_insert([0xff; RECORD_BYTES])[..cut];
                half.copy_from_slice(&bytes[..cut]);
                let left = read(&places).record().unwrap();
                assert!(left == record(3) || left == new, "{place:?} {cut}");
            }
        }
        assert_eq!(read(&places).copies, [Ok(new), Ok(new)]);
    }
}

proptest! {
    #[test]
    fn any_truncation_is_refused(length in 0..RECORD_BYTES) {
        prop_assert_eq!(refused(&record(1).encode(&IDENTITY)[..length]), "length");
    }

    #[test]
    fn any_flip_of_up_to_three_bits_is_refused_and_the_other_copy_holds(
        bits in prop::collection::btree_set(0..8 * RECORD_BYTES, 1..=3),
    ) {
        let mut bytes = record(2).encode(&IDENTITY);
        for bit in &bits {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        let name = refused(&bytes);
        prop_assert!(["magic", "version", "crc"].contains(&name), "{}", name);
        let other = record(1).encode(&IDENTITY);
        let selection = select([Some(&bytes), Some(&other)]);
        prop_assert_eq!(selection.record(), Some(record(1)));
        prop_assert!(selection.is_refused());
    }

    #[test]
    fn another_unit_or_version_is_refused_by_name(serial_number: u32, version: u16) {
        let bytes = record(1).encode(&Identity { serial_number, ..IDENTITY });
        let seen = Record::decode(&bytes, &IDENTITY).map_err(|error| error.name());
        let expected = if serial_number == IDENTITY.serial_number { Ok(record(1)) } else { Err("serial_number") };
        prop_assert_eq!(seen, expected);
        let bytes = forged(|bytes| bytes[4..6].copy_from_slice(&version.to_le_bytes()));
        let seen = Record::decode(&bytes, &IDENTITY).map_err(|error| error.name());
        prop_assert_eq!(seen, if version == VERSION { Ok(record(1)) } else { Err("version") });
    }

    #[test]
    fn any_value_is_taken_when_plausible_and_else_refused_by_its_name(
        index in 0..Calibration::FIELDS.len(), bits: u32,
    ) {
        let field = &Calibration::FIELDS[index];
        let value = f32::from_bits(bits);
        let at = HEADER_BYTES + 4 * index;
        let bytes = forged(|bytes| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes()));
        let taken = (field.min..=field.max).contains(&value)
            && (field.name != "motor_phase_order" || value.abs() == 1.0);
        match Record::decode(&bytes, &IDENTITY) {
            Ok(_) => prop_assert!(taken),
            Err(error) => {
                prop_assert!(!taken);
                prop_assert_eq!(error.name(), field.name);
            }
        }
    }

    #[test]
    fn noise_is_no_record(bytes in prop::collection::vec(any::<u8>(), 0..2 * RECORD_BYTES)) {
        prop_assert!(Record::decode(&bytes, &IDENTITY).is_err());
        let selection = select([Some(&bytes), None]);
        prop_assert!(selection.record().is_none() && selection.is_refused());
    }
}
