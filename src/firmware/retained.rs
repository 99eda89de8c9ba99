// SPDX-License-Identifier: Apache-2.0
//! The therapy over a reset: read at the start, written whenever the supervisor has run. The memory is that of
//! `src/firmware/retained.c`, the bytes are the core's.
//!
//! Nothing is printed at the start: the console would hold up a rotor that is falling. `levitas status` says what was found.

use core::fmt;
use core::sync::atomic::Ordering;

use levitas_core::retained::{RETAINED_BYTES, ResetCause, Retained};
use levitas_core::unit;

use super::units::{self, FirmwareUnit};
use super::{shim, text};

/// Codes of `enum levitas_reset_cause`: those by which the supply was there all the time and nobody pulled the reset line, and what they
/// are called.
const LIVE_RESETS: core::ops::RangeInclusive<u32> = 2..=4;
const CAUSES: [&str; 6] =
    ["unknown cause", "power-up", "watchdog", "lock-up of the processor", "software", "reset line"];

/// What a start found: the code of its cause, and these.
const CAUSE: u32 = 0xff;
const FITTED: u32 = 1 << 8;
const WHOLE: u32 = 1 << 9;
const DROVE: u32 = 1 << 10;
/// What is in the memory is read.
const LIVE: u32 = 1 << 11;
/// The cause stands beside those of later resets, or in their place.
const UNCLEARED: u32 = 1 << 12;
/// The memory does not hold what is written.
const REFUSED: u32 = 1 << 13;

/// `LEVITAS_CRASH_BYTES` of `shim.h`: those of `crash.c`, before all places.
const CRASH_BYTES: u32 = 52;

/// Where a place of a unit begins [bytes]; even numbers of records lie in place 0, odd ones in place 1.
fn offset(unit: &FirmwareUnit, place: u32) -> u32 {
    CRASH_BYTES + (2 * unit.number + place) * RETAINED_BYTES as u32
}

/// What lies in both places of a unit.
fn read(unit: &FirmwareUnit) -> Result<[[u8; RETAINED_BYTES]; 2], i32> {
    let mut places = [[0; RETAINED_BYTES]; 2];
    for (place, bytes) in (0..).zip(&mut places) {
        shim::read_retained(offset(unit, place), bytes)?;
    }
    Ok(places)
}

/// Before anything else: asks why this image starts. A cause by which the supply was there all the time counts where it can be cleared, or a
/// watchdog right behind a power-up could hide that one. By any other the memory is blanked and not read, and the cause is cleared behind that: a
/// start that is reset meanwhile is followed by one that does the same. True: this is a power-up, or may be one.
pub(crate) fn begin(units: &[FirmwareUnit]) -> bool {
    let code = shim::reset_cause();
    let live = LIVE_RESETS.contains(&code);
    let found = if live && shim::clear_reset_cause().is_ok() {
        shim::take_crash();
        FITTED | LIVE
    } else {
        match shim::blank_retained() {
            Ok(()) if live || shim::clear_reset_cause().is_err() => FITTED | UNCLEARED,
            Ok(()) => FITTED,
            Err(shim::NO_DEVICE) => 0,
            Err(_) => REFUSED,
        }
    };
    for unit in units {
        unit.start.store(code | found, Ordering::Relaxed);
    }
    found & LIVE == 0
}

/// Before the first period: has the tasks go on with what was kept, if anything was.
pub(crate) fn restart(unit: &FirmwareUnit) {
    let found = unit.start.load(Ordering::Relaxed);
    if found & LIVE == 0 {
        return;
    }
    let Ok([a, b]) = read(unit) else {
        unit.start.fetch_and(!FITTED, Ordering::Relaxed);
        return;
    };
    if let Some(kept) = Retained::newest([&a, &b]) {
        let goes_on = unit.levitation.with(|levitation| {
            unit.supervisor.with(|supervisor| {
                unit.circulation.with(|circulation| {
                    let cause = ResetCause::Other;
                    unit::restart(unit.role, cause, &kept, &unit.mail, levitation, supervisor, circulation);
                })
            })
        });
        // Otherwise the unit waits for an operator, as without a record.
        if goes_on.flatten().flatten().is_some() {
            let drove = if kept.drove { DROVE } else { 0 };
            unit.start.fetch_or(WHOLE | drove, Ordering::Relaxed);
            keep(unit);
        }
    }
}

/// What the supervisor has said last, in the place of the older record. A memory that does not take it is given up.
pub(crate) fn keep(unit: &FirmwareUnit) {
    if unit.start.load(Ordering::Relaxed) & (FITTED | REFUSED) != FITTED {
        return;
    }
    if let Some((_, kept)) = unit.mail.retained.read::<Retained>()
        && shim::write_retained(offset(unit, kept.number % 2), &kept.encode()).is_err()
    {
        unit.start.fetch_or(REFUSED, Ordering::Relaxed);
    }
}

/// What a start found, in words.
struct Start(u32);

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 & REFUSED != 0 {
            return f.write_str("nothing is kept over a reset: its memory does not hold what is written");
        }
        if self.0 & FITTED == 0 {
            return f.write_str("nothing is kept over a reset: there is no memory for it");
        }
        let cause =
            usize::try_from(self.0 & CAUSE).ok().and_then(|code| CAUSES.get(code)).unwrap_or(&CAUSES[0]);
        f.write_str(cause)?;
        let says = |bit| self.0 & bit != 0;
        f.write_str(match (says(LIVE), says(UNCLEARED), says(WHOLE), says(DROVE)) {
            (false, false, ..) => ": waits for an operator",
            (false, true, ..) => ", which cannot be cleared: waits for an operator",
            (true, _, false, _) => "; no whole record: waits for an operator",
            (true, _, true, false) => "; record whole, did not drive: waits for an operator",
            (true, _, true, true) => {
                "; record whole, drove: takes the head by itself, unless the other unit has it"
            }
        })
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_start_text(unit: u32, text: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    if let Some(unit) = usize::try_from(unit).ok().and_then(units::get) {
        text::fill(buffer, format_args!("{}", Start(unit.start.load(Ordering::Relaxed))));
    }
}
