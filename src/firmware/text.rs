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
