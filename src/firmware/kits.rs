// SPDX-License-Identifier: Apache-2.0
//! Disposables at the shell: words in, one line out. The list is here, and no task reads it: what the storage has is read before the threads start,
//! then shells and the thread of `settings.c`, which keeps it in the storage, have it one after the other.

use core::cell::UnsafeCell;
use core::ffi::c_char;
use core::fmt::{Arguments, Display, Formatter, Result as FmtResult};

use levitas_core::kits::date::Date;
use levitas_core::kits::record::KIT_RECORD_BYTES;
use levitas_core::kits::registry::{KITS_MAX, Kind, Kit, Reason, Registry, Text};
use levitas_core::kits::udi::{Udi, lacks_separators};
use levitas_core::mail::CirculationMail;

use super::operator::look;
use super::shim::{self, Entry};
use super::text::{self, Decimal};
use super::therapy::{Names, word};
use super::units;

/// Answers of `enum levitas_kit_answer`.
const WRONG: u32 = 0;
const TAKEN: u32 = 1;
const REFUSED: u32 = 2;

/// `-EBUSY`, and what that means to an operator.
const BUSY: i32 = -16;
const HELD: &str = "no answer: somebody holds the list of kits, or was stopped at it; while that is so it is neither shown, changed nor kept";

/// Mirrors `LEVITAS_KIT_RECORD_BYTES`.
const _: () = assert!(KIT_RECORD_BYTES == 83);

/// The list; its lock is in `settings.c`.
struct Shelf {
    registry: UnsafeCell<Registry>,
}

// SAFETY: the list is reached by whoever holds the lock and by nobody else.
unsafe impl Sync for Shelf {}

/// Made by the compiler: made where it is first used, it would take two of itself of a stack that has no room for them.
static SHELF: Shelf = Shelf { registry: UnsafeCell::new(Registry::new()) };

impl Shelf {
    /// Does something with the list, after whoever is at it; [`BUSY`] where that one does not let go.
    fn with<T>(&self, work: impl FnOnce(&mut Registry) -> T) -> Result<T, i32> {
        if !shim::lock_kits() {
            return Err(BUSY);
        }
        // SAFETY: the lock is held until it is given back below, so nobody else is here.
        let registry = unsafe { &mut *self.registry.get() };
        let done = work(registry);
        shim::unlock_kits();
        Ok(done)
    }
}

/// Behind the start of the tasks, before shell and storage thread have their turn: the kits of before. What is lost is named, and so is a place that cannot be read: what lies there is left as it is.
pub(crate) fn at_start() {
    if SHELF.with(|registry| (0..KITS_MAX as u32).for_each(|place| recall(registry, place))).is_err() {
        zephyr::printkln!("levitas: kits: {}", HELD);
    }
}

fn recall(registry: &mut Registry, place: u32) {
    let mut record = [0; KIT_RECORD_BYTES];
    let is_lost = match shim::read_entry_surely(Entry::Kits, place, &mut record) {
        Ok(KIT_RECORD_BYTES) => registry.recall(place as usize, &record).is_err(),
        // Where it is not mounted that has been said.
        Err(shim::NO_ENTRY | shim::NOT_MOUNTED) => false,
        Ok(_) => true,
        Err(error) => {
            registry.leave(place as usize);
            zephyr::printkln!(
                "levitas: kit {} of before the start is not known, and left as it is: storage error {}",
                place,
                error
            );
            false
        }
    };
    if is_lost {
        zephyr::printkln!("levitas: kit {} is damaged in the storage, and lost", place);
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_kit_record(place: u32, now_s: u32, record: Option<&mut [u8; KIT_RECORD_BYTES]>) -> i32 {
    let at = place as usize;
    // The storage is read while nobody waits for the list.
    let is_left = match SHELF.with(|registry| registry.is_left(at)) {
        Ok(is_left) => is_left,
        Err(error) => return error,
    };
    let is_free = is_left && shim::read_entry(Entry::Kits, place, &mut [0]) == Err(shim::NO_ENTRY);
    let kit = SHELF.with(|registry| {
        if is_free {
            registry.free(at);
        }
        registry.record(at, now_s)
    });
    match (kit, record) {
        (Ok(Some(kit)), Some(record)) => {
            *record = kit;
            KIT_RECORD_BYTES as i32
        }
        (Ok(_), _) => 0,
        (Err(error), _) => error,
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_kit_end(now_s: u32) -> i32 {
    let count = match SHELF.with(|registry| registry.end_all(now_s)) {
        Ok(count) => count,
        Err(error) => return error,
    };
    if count > 0 {
        #[cfg(levitas_records)]
        super::records::kits_end(count);
        shim::keep_kits();
    }
    count as i32
}

/// A kit on one line.
struct Line<'a> {
    kit: &'a Kit,
    now_s: u32,
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        let Self { kit, now_s } = self;
        let minutes = kit.minutes(*now_s);
        let state = if kit.until_s.is_some() { "ended after" } else { "in use for" };
        write!(f, "{} {}", kit.kind.name(), kit.gtin.as_str())?;
        for (name, text) in [("lot", &kit.lot), ("serial", &kit.serial)] {
            write!(f, ", {name} {}", text.as_ref().map_or("unknown", Text::as_str))?;
        }
        write!(f, ", since {}, {state} {} h {} min", kit.added, minutes / 60, minutes % 60)?;
        kit.objections().try_for_each(|(name, _)| write!(f, ", {name}"))?;
        kit.reason.map_or(Ok(()), |reason| write!(f, ", taken for reason {}", reason.name()))
    }
}

/// What the words say, or what is allowed.
fn add(words: [Option<&str>; 4], now_s: u32, say: &mut dyn FnMut(Arguments<'_>)) -> u32 {
    let [kind, udi, date, reason] = words;
    let Some(kind) = kind.and_then(Kind::of) else {
        let names = Names(Kind::ALL.iter().map(|kind| kind.name()));
        say(format_args!("kind: allowed is {names}"));
        return WRONG;
    };
    let Some(today) = date.and_then(Date::parse) else {
        say(format_args!("date: allowed is a day as YYYY-MM-DD"));
        return WRONG;
    };
    let chosen = reason.and_then(Reason::of);
    if chosen.is_none() && reason.is_some() {
        let names = Names(Reason::ALL.iter().map(|reason| reason.name()));
        say(format_args!("reason: allowed is {names}"));
        return WRONG;
    }
    let text = udi.unwrap_or("");
    let udi = match Udi::parse(text, today) {
        // The shell takes no character that cannot be printed: what a scanner sends between elements is lost on the way.
        Ok(udi) if lacks_separators(text, &udi) => {
            say(format_args!(
                "UDI: allowed is the printed form, or a scan in which ^ ends lot and serial number"
            ));
            return WRONG;
        }
        Ok(udi) => udi,
        Err(error) => {
            say(format_args!("UDI: {error}"));
            return WRONG;
        }
    };
    match SHELF.with(|registry| registry.add(kind, &udi, today, chosen, now_s)) {
        Ok(Ok(kit)) => {
            #[cfg(levitas_records)]
            super::records::kit(&kit);
            shim::keep_kits();
            let lung =
                if kind == Kind::Circulation { "; tell the sensors: levitas circuit new_lung" } else { "" };
            say(format_args!("{}{lung}", Line { kit: &kit, now_s }));
            TAKEN
        }
        Ok(Err(refused)) => {
            say(format_args!("{refused}"));
            REFUSED
        }
        Err(_) => {
            say(format_args!("{HELD}"));
            REFUSED
        }
    }
}

/// See `shim.h`.
///
/// # Safety
/// The words are null or texts with a terminating zero, `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_kit_add(
    kind: *const c_char,
    udi: *const c_char,
    date: *const c_char,
    reason: *const c_char,
    now_s: u32,
    text: *mut u8,
    size: usize,
) -> u32 {
    // SAFETY: the caller's promise.
    let (words, buffer) =
        unsafe { ([word(kind), word(udi), word(date), word(reason)], text::buffer(text, size)) };
    add(words, now_s, &mut |line| text::fill(buffer, line))
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_kit_text(unit: u32, index: u32, now_s: u32, text: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    let kit = match SHELF.with(|registry| registry.kits().nth(index).copied()) {
        Ok(Some(kit)) => kit,
        Ok(None) => return false,
        Err(_) => {
            text::fill(buffer, format_args!("{HELD}"));
            return index == 0;
        }
    };
    let line = Line { kit: &kit, now_s };
    let unit = usize::try_from(unit).ok().and_then(units::get);
    let mail = unit.and_then(|unit| look(|| unit.mail.circulation.read::<CirculationMail>()));
    match mail.filter(|_| kit.kind == Kind::Circulation && kit.until_s.is_none()) {
        Some(mail) if !mail.lung_mmhg_per_lpm.is_nan() => {
            let (lung, ratio) = (Decimal(mail.lung_mmhg_per_lpm), Decimal(mail.lung_ratio));
            let (shear, heat) = (Decimal(mail.shear_index), Decimal(mail.heat_index_min_per_h));
            text::fill(
                buffer,
                format_args!(
                    "{line}\n  lung {lung} mmHg/(L/min), {ratio} of its first minute\n  indices, no measurements: shear {shear}, heat {heat} min/h"
                ),
            );
        }
        _ => text::fill(buffer, format_args!("{line}")),
    }
    true
}
