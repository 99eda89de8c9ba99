// SPDX-License-Identifier: Apache-2.0
//! AUTOSAR E2E headers: profile 5 on CAN FD frames, profile 11 on classic frames.
//!
//! # Model
//! | profile | CRC | lies in | over | counter |
//! |---|---|---|---|---|
//! | 5 | 16 bits, 0x1021, start 0xffff | bytes 0, 1, low byte first | byte 2 to the end, then the data id, low byte first | byte 2 |
//! | 11, data id mode both | 8 bits, 0x1d, start 0 | byte 0 | the data id, low byte first, then byte 1 to the end | low half of byte 1, 0 to 14 |
//!
//! The data id is that of the message and is not sent. Freshness is judged by the receiver in `levitas_core::link`.
//! # Source
//! AUTOSAR, Specification of E2E Protocol (PRS), R22-11, profiles 5 and 11.
//! # Shown by
//! Tests below; `tests/clients/test_wire.py` with the independent package autosar-e2e.

use crc::{CRC_8_GSM_A, CRC_16_IBM_3740, Crc, Table};

use crate::decode::Rejection;
use crate::identity::Facts;

/// Profile of CAN FD frames.
const PROFILE_5: u8 = 5;
/// Profile of classic frames.
const PROFILE_11: u8 = 11;
/// First counter of profile 11 that is not used.
const COUNTER_11_END: u8 = 15;

static CRC_16: Crc<u16, Table<1>> = Crc::<u16, Table<1>>::new(&CRC_16_IBM_3740);
/// Polynomial of SAE J1850; in the E2E library's calls its start value and final inversion cancel.
static CRC_8: Crc<u8, Table<1>> = Crc::<u8, Table<1>>::new(&CRC_8_GSM_A);

/// Writes counter and CRC into a frame; a counter beyond the profile's wraps.
pub(crate) fn protect(data: &mut [u8], facts: Facts, counter: u8) {
    match (facts.profile, &mut *data) {
        (PROFILE_5, [_, _, place, ..]) => *place = counter,
        (PROFILE_11, [_, place, ..]) => {
            *place = *place & 0xf0 | counter.checked_rem(COUNTER_11_END).unwrap_or(0);
        }
        _ => (),
    }
    sum_up(data, facts);
}

/// Writes the CRC into a frame.
pub(crate) fn sum_up(data: &mut [u8], facts: Facts) {
    match (facts.profile, data) {
        (PROFILE_5, [low, high, rest @ ..]) => [*low, *high] = crc_5(rest, facts.data_id).to_le_bytes(),
        (PROFILE_11, [crc, rest @ ..]) => *crc = crc_11(rest, facts.data_id),
        _ => (),
    }
}

/// The counter of a frame whose CRC fits; a frame without a header has none and is refused.
pub(crate) fn counter(data: &[u8], facts: Facts) -> Result<u8, Rejection> {
    match (facts.profile, data) {
        (PROFILE_5, [low, high, rest @ ..]) if [*low, *high] == crc_5(rest, facts.data_id).to_le_bytes() => {
            rest.first().copied().ok_or(Rejection::Length)
        }
        (PROFILE_11, [crc, rest @ ..]) if *crc == crc_11(rest, facts.data_id) => {
            let counter = rest.first().map(|byte| byte & 0x0f).ok_or(Rejection::Length)?;
            if counter < COUNTER_11_END { Ok(counter) } else { Err(Rejection::Counter) }
        }
        _ => Err(Rejection::Checksum),
    }
}

fn crc_5(rest: &[u8], data_id: u16) -> u16 {
    let mut digest = CRC_16.digest();
    digest.update(rest);
    digest.update(&data_id.to_le_bytes());
    digest.finalize()
}

fn crc_11(rest: &[u8], data_id: u16) -> u8 {
    let mut digest = CRC_8.digest();
    digest.update(&data_id.to_le_bytes());
    digest.update(rest);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FD: Facts = Facts { format: 14, profile: PROFILE_5, data_id: 0x1234 };
    const CLASSIC: Facts = Facts { format: 0, profile: PROFILE_11, data_id: 0x1234 };

    /// Example of the specification: 8 bytes of zeros, counter 0, data id 0x1234.
    #[test]
    fn profile_5_gives_the_example_of_the_specification() {
        let mut data = [0; 8];
        protect(&mut data, FD, 0);
        assert_eq!(data, [0x1c, 0xca, 0, 0, 0, 0, 0, 0]);
        assert_eq!(counter(&data, FD), Ok(0));
    }

    /// Example of the specification: 8 bytes of zeros, counters 0 and 1, data id 0x123 in mode both.
    #[test]
    fn profile_11_gives_the_example_of_the_specification() {
        let facts = Facts { data_id: 0x123, ..CLASSIC };
        let mut data = [0; 8];
        protect(&mut data, facts, 0);
        assert_eq!(data, [0xcc, 0, 0, 0, 0, 0, 0, 0]);
        protect(&mut data, facts, 1);
        assert_eq!(data, [0x91, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(counter(&data, facts), Ok(1));
    }

    #[test]
    fn counters_wrap_after_255_and_after_14() {
        let mut data = [0; 8];
        for (sent, seen_5, seen_11) in [(14, 14, 14), (15, 15, 0), (255, 255, 0)] {
            protect(&mut data, FD, sent);
            assert_eq!(counter(&data, FD), Ok(seen_5));
            protect(&mut data, CLASSIC, sent);
            assert_eq!(counter(&data, CLASSIC), Ok(seen_11));
        }
    }

    #[test]
    fn counter_15_of_profile_11_is_refused_under_a_sound_crc() {
        let mut data = [0, 15, 0, 0, 0, 0, 0, 0];
        data[0] = crc_11(&data[1..], CLASSIC.data_id);
        assert_eq!(counter(&data, CLASSIC), Err(Rejection::Counter));
    }

    #[test]
    fn another_data_id_is_refused() {
        for facts in [FD, CLASSIC] {
            let mut data = [0; 8];
            protect(&mut data, facts, 1);
            let other = Facts { data_id: 0x1235, ..facts };
            assert_eq!(counter(&data, other), Err(Rejection::Checksum));
        }
    }

    #[test]
    fn a_frame_without_header_has_no_counter() {
        let none = Facts { profile: 0, ..FD };
        assert_eq!(counter(&[0; 8], none), Err(Rejection::Checksum));
        for short in [&[][..], &[0], &[0, 0]] {
            assert!(counter(short, FD).is_err() && counter(short, CLASSIC).is_err());
        }
    }
}
