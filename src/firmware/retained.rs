// SPDX-License-Identifier: Apache-2.0
//! The therapy over a reset: read at the start, written whenever the supervisor has run. The memory is that of
//! `src/firmware/retained.c`, the bytes are the core's.
//!
//! Nothing is printed at the start: the console would hold up a rotor that is falling. `levitas status` says what was found.

use core::fmt;
use core::sync::atomic::Ordering;

use levitas_core::retained::{RETAINED_BYTES, ResetCause, Retained};
use levitas_core::unit::UnitTasks;

use super::units::{self, FirmwareUnit};
use super::{shim, text};

/// Codes of `enum levitas_reset_cause`: those by which the supply was there all the time, and what they are called.
const LIVE_RESETS: core::ops::RangeInclusive<u32> = 2..=5;
const CAUSES: [&str; 6] =
    ["unknown cause", "power-up", "watchdog", "lock-up of the processor", "software", "reset line"];

/// What a start found: the code of its cause, and these.
const CAUSE: u32 = 0xff;
const FITTED: u32 = 1 << 8;
const WHOLE: u32 = 1 << 9;
const DROVE: u32 = 1 << 10;

/// Where a place of a unit begins [bytes]; even numbers of records lie in place 0, odd ones in place 1.
fn offset(unit: &FirmwareUnit, place: u32) -> u32 {
    (2 * unit.number + place) * RETAINED_BYTES as u32
}

/// What lies in both places of a unit.
fn read(unit: &FirmwareUnit) -> Result<[[u8; RETAINED_BYTES]; 2], i32> {
    let mut places = [[0; RETAINED_BYTES]; 2];
    for (place, bytes) in (0..).zip(&mut places) {
        shim::read_retained(offset(unit, place), bytes)?;
    }
    Ok(places)
}

/// Before the first period: has the tasks go on with what was kept, if anything was. Behind this nothing that is left in the memory lifts a
/// rotor off again after a power-up.
pub(crate) fn restart(unit: &FirmwareUnit, tasks: &mut UnitTasks) {
    let Ok([a, b]) = read(unit) else { return };
    let code = shim::reset_cause();
    let mut found = FITTED | code;
    if let Some(kept) = Retained::newest([&a, &b]) {
        found |= WHOLE | if kept.drove { DROVE } else { 0 };
        let cause = if LIVE_RESETS.contains(&code) { ResetCause::Other } else { ResetCause::PowerOn };
        tasks.restart(unit.role, cause, &kept, &unit.mail);
    }
    unit.start.store(found, Ordering::Relaxed);
    keep(unit);
}

/// What the supervisor has said last, in the place of the older record. A memory that does not take it is given up.
pub(crate) fn keep(unit: &FirmwareUnit) {
    if unit.start.load(Ordering::Relaxed) & FITTED == 0 {
        return;
    }
    if let Some((_, kept)) = unit.mail.retained.read::<Retained>()
        && shim::write_retained(offset(unit, kept.number % 2), &kept.encode()).is_err()
    {
        unit.start.fetch_and(!FITTED, Ordering::Relaxed);
    }
}

/// What a start found, in words.
struct Start(u32);

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 & FITTED == 0 {
            return f.write_str("nothing is kept over a reset: there is no memory for it");
        }
        let code = self.0 & CAUSE;
        let cause = usize::try_from(code).ok().and_then(|code| CAUSES.get(code)).unwrap_or(&CAUSES[0]);
        let record = match (self.0 & WHOLE != 0, self.0 & DROVE != 0) {
            (false, _) => "no whole record",
            (true, false) => "record whole, did not drive",
            (true, true) => "record whole, drove",
        };
        let then = if self.0 & DROVE != 0 && LIVE_RESETS.contains(&code) {
            "takes the head by itself, unless the other unit has it"
        } else {
            "waits for an operator"
        };
        write!(f, "{cause}; {record}: {then}")
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
