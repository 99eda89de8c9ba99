// SPDX-License-Identifier: Apache-2.0
//! The bits of a frame on the wire: what arbitrates, where stuff bits fall, how long it takes.
//!
//! # Model
//! | part | bits | rate | stuff bits |
//! |---|---|---|---|
//! | head | SOF, identifier, control field; classic: data and CRC-15 too; FD: up to BRS | nominal | one of the other level after five equal ones |
//! | data phase of FD frames | ESI, DLC, data | data, with BRS | the same |
//! | | stuff count (4), CRC-17 (up to 16 bytes) or CRC-21 | the same | fixed: one before, one after every four bits: 6 or 7 |
//! | | CRC delimiter | the same | none |
//! | tail | classic: CRC delimiter; ACK slot, ACK delimiter, EOF (7) | nominal | none |
//!
//! After five equal bits at the end of an FD frame's data the fixed stuff bit is the only one. So the values of stuff
//! count and CRC move nothing in FD frames and are not computed; the CRC-15 of classic frames is, as it can be stuffed.
//! The rate switches at the sample point of BRS and back at that of the CRC delimiter: with the same sample point in both
//! rates that is as if BRS were nominal as a whole and the delimiter at the data rate.
//! # Source
//! ISO 11898-1:2015, 10.4 (frame formats), 10.5 (stuffing).
//! # Shown by
//! The unit tests and `tests/can_bus_bits.rs`, where frames are serialised a second time, as text.

use crate::can_bus::frame::CanFrame;

/// One bit at 1 Mbit/s [ns].
pub(crate) const BIT_NS: u64 = 1000;
/// One bit at 5 Mbit/s [ns].
pub(crate) const DATA_BIT_NS: u64 = 200;
/// ACK slot, its delimiter, EOF.
const TAIL_BITS: u32 = 1 + 1 + 7;
/// Stuff count, CRC, fixed stuff bits, CRC delimiter; up to 16 bytes and beyond.
const FD_CRC_FIELD_BITS: [u32; 2] = [4 + 17 + 6 + 1, 4 + 21 + 7 + 1];
/// x^14 + x^10 + x^8 + x^7 + x^4 + x^3 + 1; x^15 is implied.
const CRC_15: u32 = 0x4599;

/// Bits of a frame by rate, without the intermission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanBits {
    /// From SOF on, at the nominal rate.
    pub head: u32,
    /// Then, at the data rate; 0 in frames without a switched rate.
    pub data: u32,
    /// Then to the end of EOF, at the nominal rate.
    pub tail: u32,
}

impl CanBits {
    /// All bits.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.head + self.data + self.tail
    }

    /// Time from SOF to the end of EOF at 1 and 5 Mbit/s [s].
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.end_ns(self.total()) as f64 * 1e-9
    }

    /// From SOF to the end of the bit with this number, counted from 1 [ns].
    pub(crate) fn end_ns(&self, bit: u32) -> u64 {
        let fast = bit.saturating_sub(self.head).min(self.data);
        u64::from(bit - fast) * BIT_NS + u64::from(fast) * DATA_BIT_NS
    }

    /// Number of the ACK slot.
    pub(crate) const fn acknowledge(&self) -> u32 {
        self.total() - TAIL_BITS + 1
    }
}

/// Bits of a frame without stuff bits, from SOF to what dynamic stuffing covers.
struct Field {
    words: [u64; 9],
    len: u32,
    /// Bits before the first at the data rate.
    slow: u32,
}

impl Field {
    fn of(frame: &CanFrame) -> Self {
        let mut field = Self { words: [0; 9], len: 0, slow: u32::MAX };
        field.push(0, 1);
        field.push_identifier(frame);
        if frame.fd {
            // FDF, res, BRS, ESI.
            field.push(0b100 | u32::from(frame.brs), 3);
            field.slow = if frame.brs { field.len } else { u32::MAX };
            field.push(0, 1);
        } else {
            // r0; extended frames have r1 before it.
            field.push(0, if frame.extended { 2 } else { 1 });
        }
        field.push(frame.code(), 4);
        for byte in frame.data() {
            field.push(u32::from(*byte), 8);
        }
        if !frame.fd {
            field.push(field.crc_15(), 15);
        }
        field
    }

    /// Identifier and what stands with it in the arbitration field: RTR or RRS, SRR, IDE.
    fn push_identifier(&mut self, frame: &CanFrame) {
        let remote = u32::from(frame.remote);
        if frame.extended {
            self.push(frame.id >> 18, 11);
            self.push(0b11, 2);
            self.push(frame.id & 0x3_ffff, 18);
            self.push(remote, 1);
        } else {
            self.push(frame.id, 11);
            self.push(remote << 1, 2);
        }
    }

    /// Appends the low `count` bits of a value that has no others, the highest first.
    fn push(&mut self, value: u32, count: u32) {
        let (word, room) = ((self.len / 64) as usize, 64 - self.len % 64);
        if count <= room {
            self.words[word] |= u64::from(value) << (room - count);
        } else {
            self.words[word] |= u64::from(value) >> (count - room);
            self.words[word + 1] |= u64::from(value) << (64 + room - count);
        }
        self.len += count;
    }

    fn bit(&self, at: u32) -> bool {
        self.words[(at / 64) as usize] << (at % 64) >> 63 != 0
    }

    /// Eight bits from a multiple of 8 on.
    fn byte(&self, at: u32) -> u8 {
        (self.words[(at / 64) as usize] << (at % 64) >> 56) as u8
    }

    fn crc_15(&self) -> u32 {
        (0..self.len).fold(0, |crc, at| {
            let feedback = u32::from(self.bit(at)) ^ (crc >> 14);
            (crc << 1 & 0x7fff) ^ if feedback != 0 { CRC_15 } else { 0 }
        })
    }

    /// Bits on the wire before the bit that has this number here, counted from 0: that many and the stuff bits.
    fn position(&self, end: u32) -> u32 {
        let (mut run, mut stuffed) = (Run::IDLE, 0);
        for at in (0..end / 8).map(|byte| 8 * byte) {
            let (count, next) = AFTER_BYTE[run.0 as usize][usize::from(self.byte(at))];
            (run, stuffed) = (next, stuffed + u32::from(count));
        }
        for at in end / 8 * 8..end {
            let (stuff, next) = run.after(self.bit(at));
            (run, stuffed) = (next, stuffed + u32::from(stuff));
        }
        end + stuffed
    }
}

/// How many equal bits came last, and which: twice the count, plus the bit.
#[derive(Clone, Copy)]
struct Run(u8);

impl Run {
    const IDLE: Self = Self(1);
    const COUNT: usize = 10;

    /// After one more bit, and whether a stuff bit follows it.
    const fn after(self, bit: bool) -> (bool, Self) {
        let count = if self.0 & 1 == bit as u8 { self.0 / 2 + 1 } else { 1 };
        if count == 5 { (true, Self(2 + !bit as u8)) } else { (false, Self(2 * count + bit as u8)) }
    }
}

/// Stuff bits in and after 8 bits, and what they leave behind, by what came before.
static AFTER_BYTE: [[(u8, Run); 256]; Run::COUNT] = {
    let mut table = [[(0, Run::IDLE); 256]; Run::COUNT];
    let mut entry = 0;
    while entry < 256 * Run::COUNT {
        let (mut stuffed, mut run, mut at) = (0, Run((entry / 256) as u8), 8);
        while at > 0 {
            at -= 1;
            let (stuff, next) = run.after(entry >> at & 1 != 0);
            (stuffed, run) = (stuffed + stuff as u8, next);
        }
        table[entry / 256][entry % 256] = (stuffed, run);
        entry += 1;
    }
    table
};

impl CanFrame {
    /// Its bits on the wire, stuff bits among them, without the intermission of 3 bits.
    #[must_use]
    pub fn bits(&self) -> CanBits {
        let field = Field::of(self);
        if !self.fd {
            return CanBits { head: field.position(field.len), data: 0, tail: 1 + TAIL_BITS };
        }
        // The stuff bit that would follow the last bit is the fixed one.
        let stuffed = field.position(field.len - 1) + 1;
        let all = stuffed + FD_CRC_FIELD_BITS[usize::from(self.len > 16)];
        let head = if self.brs { field.position(field.slow) } else { all };
        CanBits { head, data: all - head, tail: TAIL_BITS }
    }

    /// What decides arbitration, as a number: the frame with the lowest wins.
    pub(crate) fn priority(&self) -> u32 {
        let remote = u32::from(self.remote);
        if self.extended {
            (self.id >> 18) << 21 | 0b11 << 19 | (self.id & 0x3_ffff) << 1 | remote
        } else {
            self.id << 21 | remote << 20
        }
    }

    /// Number, counted from 1, of the first bit on the wire in which two frames differ.
    pub(crate) fn first_difference(&self, other: &Self) -> Option<u32> {
        let (one, two) = (Field::of(self), Field::of(other));
        let shared = one.len.min(two.len);
        (0..shared).find(|at| one.bit(*at) != two.bit(*at)).map(|at| one.position(at) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check value of CRC-15/CAN in the catalogue of parametrised CRC algorithms (G. Cook): 0x059e for "123456789".
    #[test]
    fn crc_15_has_the_check_value_of_the_catalogue() {
        let mut field = Field { words: [0; 9], len: 0, slow: 0 };
        b"123456789".iter().for_each(|byte| field.push(u32::from(*byte), 8));
        assert_eq!(field.crc_15(), 0x059e);
    }

    #[test]
    fn the_longest_frame_fits() {
        let mut frame = CanFrame::fd(0, &[0; 64]).unwrap();
        (frame.id, frame.extended) = (0x1fff_ffff, true);
        assert_eq!(Field::of(&frame).len, 41 + 512);
    }

    #[test]
    fn priority_follows_the_bits_of_arbitration() {
        let plain = CanFrame::classic(0x123, &[]).unwrap();
        let remote = CanFrame { remote: true, ..plain };
        let extended = CanFrame { id: 0x123 << 18, extended: true, ..plain };
        let later = CanFrame::classic(0x124, &[]).unwrap();
        let order = [plain, remote, extended, later].map(|frame| frame.priority());
        assert!(order.is_sorted_by(|one, two| one < two), "{order:x?}");
        assert_eq!(CanFrame::classic(0, &[]).unwrap().priority(), 0);
    }

    #[test]
    fn time_runs_at_both_rates() {
        let bits = CanBits { head: 20, data: 100, tail: 9 };
        assert_eq!([0, 20, 21, 120, 129].map(|bit| bits.end_ns(bit)), [0, 20_000, 20_200, 40_000, 49_000]);
        assert_eq!(bits.acknowledge(), 121);
    }

    #[test]
    fn frames_differ_where_their_bits_do() {
        let frame = |data: &[u8]| CanFrame::classic(0x7ff, data).unwrap();
        // SOF, five of the identifier, stuff bit, five, stuff bit, one; RTR, IDE, r0, two of the DLC, stuff bit, one.
        let before = 1 + 5 + 1 + 5 + 1 + 1 + 3 + 2 + 1 + 1;
        assert_eq!(frame(&[]).first_difference(&frame(&[0x00])), Some(before + 1));
        assert_eq!(frame(&[0x80]).first_difference(&frame(&[0x00])), Some(before + 1 + 1));
        assert_eq!(frame(&[1]).first_difference(&frame(&[1])), None);
    }
}
