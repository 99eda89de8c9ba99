// SPDX-License-Identifier: Apache-2.0
//! The longest time that frames can occupy the bus.
//!
//! # Model
//! Fields of a data frame with an 11-bit id; dynamic stuffing at its worst, one bit after the first five and then one
//! after every four, counting stuff bits themselves. An FD frame's CRC field has fixed stuff bits instead: one before it
//! and one after every four bits. Bits from the one after BRS to the CRC delimiter run at the data rate.
//! # Source
//! ISO 11898-1:2015, 10.4 (frame formats) and 10.5 (stuffing).

use can_dbc::{Dbc, Message};

use crate::facts::{cycle_ms, is_fd, network};

/// SOF, id, RTR, IDE, r0, DLC; then CRC.
const CLASSIC_HEAD_BITS: u64 = 1 + 11 + 1 + 1 + 1 + 4;
const CLASSIC_CRC_BITS: u64 = 15;
/// CRC delimiter of classic frames, ACK, its delimiter, EOF, intermission.
const CLASSIC_TAIL_BITS: u64 = 1 + FD_TAIL_BITS;
/// SOF, id, RRS, IDE, FDF, res, BRS.
const FD_HEAD_BITS: u64 = 1 + 11 + 1 + 1 + 1 + 1 + 1;
/// ESI, DLC.
const FD_CONTROL_BITS: u64 = 1 + 4;
/// Stuff count and its parity, CRC delimiter.
const FD_STUFF_COUNT_BITS: u64 = 4;
const FD_DELIMITER_BITS: u64 = 1;
/// ACK, its delimiter, EOF, intermission.
const FD_TAIL_BITS: u64 = 1 + 1 + 7 + 3;

/// Bits of one frame by rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameBits {
    /// At the rate of the arbitration.
    pub nominal: u64,
    /// At the data rate of FD frames.
    pub data: u64,
}

/// Stuff bits of so many bits, at worst.
fn stuff(bits: u64) -> u64 {
    bits.saturating_sub(1) / 4
}

/// The longest that a frame with so many bytes can be.
pub(crate) fn frame_bits(bytes: u64, fd: bool) -> FrameBits {
    let payload = 8 * bytes;
    if !fd {
        let stuffed = CLASSIC_HEAD_BITS + payload + CLASSIC_CRC_BITS;
        return FrameBits { nominal: stuffed + stuff(stuffed) + CLASSIC_TAIL_BITS, data: 0 };
    }
    let crc = if bytes > 16 { 21 } else { 17 };
    let crc_field = FD_STUFF_COUNT_BITS + crc;
    let (head, rest) = (FD_HEAD_BITS, FD_CONTROL_BITS + payload);
    let stuffed_head = head + stuff(head);
    let stuffed_rest = rest + stuff(head + rest) - stuff(head);
    FrameBits {
        nominal: stuffed_head + FD_TAIL_BITS,
        data: stuffed_rest + crc_field + 1 + stuff(crc_field) + FD_DELIMITER_BITS,
    }
}

/// The longest that a frame of a message can last [us].
pub(crate) fn duration_us(dbc: &Dbc, message: &Message) -> f64 {
    let bits = frame_bits(message.size, is_fd(dbc, message));
    let rate = |name: &str| network(dbc, name).unwrap_or(f64::INFINITY);
    1e6 * (bits.nominal as f64 / rate("Baudrate") + bits.data as f64 / rate("BaudrateCANFD"))
}

/// Share of the bus that a cyclic message takes at worst; 0 for those sent when asked.
pub(crate) fn load(dbc: &Dbc, message: &Message) -> f64 {
    let cycle_us = 1e3 * cycle_ms(dbc, message);
    if cycle_us > 0.0 { duration_us(dbc, message) / cycle_us } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8 bytes: 111 bits without stuffing and 24 stuff bits, the figure of the literature on response times
    /// (R. I. Davis et al., Controller Area Network (CAN) schedulability analysis, 2007, equation 1: 135 bits).
    #[test]
    fn a_classic_frame_of_8_bytes_has_135_bits_at_worst() {
        assert_eq!(frame_bits(8, false), FrameBits { nominal: 135, data: 0 });
        assert_eq!(frame_bits(0, false).nominal, 55);
    }

    #[test]
    fn the_crc_field_of_an_fd_frame_grows_beyond_16_bytes() {
        // 17 id and control bits with 4 stuff bits, 12 behind; ESI, DLC, 128 data bits with 33 stuff bits,
        // 21 bits of CRC field with 6 fixed stuff bits, delimiter.
        assert_eq!(frame_bits(16, true), FrameBits { nominal: 33, data: 5 + 128 + 33 + 21 + 6 + 1 });
        assert_eq!(frame_bits(64, true), FrameBits { nominal: 33, data: 5 + 512 + 129 + 25 + 7 + 1 });
    }
}
