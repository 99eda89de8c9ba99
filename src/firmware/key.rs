// SPDX-License-Identifier: Apache-2.0
//! The command key of a unit: read at the start, put in and erased by the shell.
//!
//! # Sessions
//! A command quotes the session of the unit that it goes to, so that a recording from before a start is void. The session follows from
//! the number of starts with a key, which is written before any frame is sent. Where it cannot be written there is no key either.
//!
//! # Limits and failure
//! A key that is put in counts from the next start on; one that is erased is revoked at once. What was erased stays in the flash until its
//! sector is erased: formatting does that.

use core::sync::atomic::Ordering;

use levitas_wire::{CommandKey, KEY_RECORD_BYTES, KeyRecordError, key_of_record, key_record};

use super::shim::{self, Entry};
use super::text;
use super::units::{self, FirmwareUnit};

/// `-EEXIST`, `-EINVAL`, `-EIO`.
const EXISTS: i32 = -17;
const INVALID: i32 = -22;
const IO: i32 = -5;

/// What is stored.
#[allow(clippy::large_enum_variant, reason = "it lives for one call, at the start or at the shell")]
enum Stored {
    Nothing,
    Key(CommandKey),
    Refused(KeyRecordError),
    Unreadable(i32),
}

fn stored(unit: &FirmwareUnit) -> Stored {
    // One byte more than a record has, so that a longer one shows.
    let mut bytes = [0; KEY_RECORD_BYTES + 1];
    let found = match shim::read_entry_surely(Entry::Key, unit.number, &mut bytes) {
        Err(shim::NO_ENTRY) => Stored::Nothing,
        Err(error) => Stored::Unreadable(error),
        Ok(count) => match key_of_record(bytes.get(..count).unwrap_or(&bytes)) {
            Ok(key) => Stored::Key(key),
            Err(error) => Stored::Refused(error),
        },
    };
    core::hint::black_box(&mut bytes).fill(0);
    found
}

/// The key in force from this start on, and the session of it.
pub(crate) fn at_start(unit: &FirmwareUnit) -> (Option<CommandKey>, u32) {
    let without = (None, unit.number.wrapping_add(1));
    let key = match stored(unit) {
        Stored::Key(key) => key,
        Stored::Refused(error) => {
            zephyr::printkln!("levitas: unit {}: command key refused: {}", unit.number, error);
            return without;
        }
        Stored::Unreadable(error) if error != shim::NOT_MOUNTED => {
            zephyr::printkln!(
                "levitas: unit {}: command key could not be read: storage error {}",
                unit.number,
                error
            );
            return without;
        }
        // Where it is not mounted that has been said.
        Stored::Nothing | Stored::Unreadable(_) => return without,
    };
    match next_start(unit) {
        Ok(starts) => (Some(key), starts.wrapping_mul(2).wrapping_add(unit.number)),
        Err(error) => {
            zephyr::printkln!(
                "levitas: unit {}: commands are refused: starts not counted: storage error {}",
                unit.number,
                error
            );
            without
        }
    }
}

/// Counts this start.
fn next_start(unit: &FirmwareUnit) -> Result<u32, i32> {
    let mut bytes = [0; 4];
    let starts = match shim::read_entry_surely(Entry::Starts, unit.number, &mut bytes) {
        Ok(4) => u32::from_le_bytes(bytes),
        Err(shim::NO_ENTRY) => 0,
        Ok(_) => return Err(IO),
        Err(error) => return Err(error),
    };
    let starts = starts.wrapping_add(1);
    shim::write_entry(Entry::Starts, unit.number, &starts.to_le_bytes())?;
    Ok(starts)
}

/// Writes a key where there is none.
fn store(unit: &FirmwareUnit, key: &[u8; 16]) -> Result<(), (i32, &'static str)> {
    match stored(unit) {
        Stored::Nothing => {}
        Stored::Key(_) => return Err((EXISTS, "there is one already: erase it first")),
        Stored::Refused(_) => return Err((EXISTS, "there is a damaged one: erase it first")),
        Stored::Unreadable(error) => return Err((error, "the storage does not answer")),
    }
    let record = key_record(key).ok_or((INVALID, "16 equal bytes are no key"))?;
    shim::write_entry(Entry::Key, unit.number, &record)
        .map_err(|error| (error, "the storage does not take it"))?;
    match stored(unit) {
        Stored::Key(_) => Ok(()),
        _ => Err((IO, "it does not read back as it was written")),
    }
}

fn unit_of(unit: u32) -> Option<&'static FirmwareUnit> {
    usize::try_from(unit).ok().and_then(units::get)
}

/// See `shim.h`.
///
/// # Safety
/// `line` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_key_read(unit: u32, line: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let line = unsafe { text::buffer(line, size) };
    let Some(unit) = unit_of(unit) else { return false };
    match stored(unit) {
        Stored::Nothing => text::fill(line, format_args!("not set")),
        Stored::Key(key) => {
            let [a, b, c] = key.check_value();
            text::fill(line, format_args!("set, check value {a:02X}{b:02X}{c:02X}"));
            return true;
        }
        Stored::Refused(error) => text::fill(line, format_args!("refused: {error}")),
        Stored::Unreadable(error) => text::fill(line, format_args!("unknown: storage error {error}")),
    }
    false
}

/// See `shim.h`.
///
/// # Safety
/// `line` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_key_store(unit: u32, key: Option<&[u8; 16]>, line: *mut u8, size: usize) -> i32 {
    // SAFETY: the caller's promise.
    let line = unsafe { text::buffer(line, size) };
    let (Some(unit), Some(key)) = (unit_of(unit), key) else { return INVALID };
    match store(unit, key) {
        Ok(()) => 0,
        Err((error, reason)) => {
            text::fill(line, format_args!("{reason}"));
            error
        }
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_key_delete(unit: u32) -> i32 {
    let Some(unit) = unit_of(unit) else { return INVALID };
    unit.key_revoked.store(true, Ordering::Relaxed);
    shim::delete_entry(Entry::Key, unit.number)
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_key_revoke(unit: u32) {
    if let Some(unit) = unit_of(unit) {
        unit.key_revoked.store(true, Ordering::Relaxed);
    }
}
