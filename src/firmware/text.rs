// SPDX-License-Identifier: Apache-2.0
//! Text for C: written into a buffer with a terminating zero; what does not fit is cut off, and "..." says so.

use core::fmt::{Arguments, Result, Write};

/// How a text ends that was cut off.
const CUT: &[u8] = b"...";

struct Text<'a> {
    free: core::slice::IterMut<'a, u8>,
    cut: bool,
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> Result {
        for byte in text.bytes() {
            match self.free.next() {
                Some(place) => *place = byte,
                None => self.cut = true,
            }
        }
        Ok(())
    }
}

/// A number with up to three decimals. The formatting and parsing of the core library would take 80 KiB of flash for it.
pub(crate) struct Decimal(pub(crate) f32);

impl core::fmt::Display for Decimal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> Result {
        if self.0.is_nan() || self.0.abs() >= 1e6 {
            return f.write_str(if self.0.is_nan() { "NaN" } else { "too large" });
        }
        // A cast saturates.
        let thousandths = (self.0.abs() * 1000.0 + 0.5) as u32;
        let (whole, part) = (thousandths / 1000, thousandths % 1000);
        let sign = if self.0 < 0.0 && thousandths > 0 { "-" } else { "" };
        match (part % 10, part % 100) {
            _ if part == 0 => write!(f, "{sign}{whole}"),
            (_, 0) => write!(f, "{sign}{whole}.{}", part / 100),
            (0, _) => write!(f, "{sign}{whole}.{:02}", part / 10),
            _ => write!(f, "{sign}{whole}.{part:03}"),
        }
    }
}

/// Names with a comma between them.
pub(crate) struct Names<I>(pub(crate) I);

impl<I: Iterator<Item = &'static str> + Clone> core::fmt::Display for Names<I> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> Result {
        let mut names = self.0.clone().enumerate();
        names.try_for_each(|(index, name)| write!(f, "{}{name}", if index == 0 { "" } else { ", " }))
    }
}

/// The number of a text like `-12.5`: a sign, digits, a point, up to three digits; `None` for anything else.
pub(crate) fn decimal(text: &str) -> Option<f32> {
    let (sign, digits) = text.strip_prefix('-').map_or((1.0, text), |rest| (-1.0, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |digits: &str, most: usize| {
        (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_number(whole, 6) || !is_number(part, 3) {
        return None;
    }
    let value =
        |digits: &str| digits.bytes().fold(0_u32, |sum, byte| sum * 10 + u32::from(byte - b'0')) as f32;
    let scale = match part.len() {
        1 => 10.0,
        2 => 100.0,
        _ => 1000.0,
    };
    Some(sign * (value(whole) * scale + value(part)) / scale)
}

/// Fills a buffer.
pub(crate) fn fill(buffer: &mut [u8], text: Arguments<'_>) {
    buffer.fill(0);
    let Some((_, free)) = buffer.split_last_mut() else { return };
    let mut written = Text { free: free.iter_mut(), cut: false };
    // Never fails; it cuts off.
    let _ = written.write_fmt(text);
    if written.cut {
        for (place, byte) in free.iter_mut().rev().zip(CUT.iter().rev()) {
            *place = *byte;
        }
    }
}

/// A buffer of C's as a slice of zeros; empty for a null pointer.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during `'a`.
pub(crate) unsafe fn buffer<'a>(text: *mut u8, size: usize) -> &'a mut [u8] {
    if text.is_null() {
        return &mut [];
    }
    // SAFETY: the caller's promise; the bytes need not be initialised, so they are before the slice is made.
    unsafe {
        text.write_bytes(0, size);
        core::slice::from_raw_parts_mut(text, size)
    }
}
