// SPDX-License-Identifier: Apache-2.0
//! Records for C, which has the flash: what is to be written, as bytes, and what bytes say.
//!
//! C keeps the last record of each log; number and link of the next one follow from it here.

use core::fmt::{Display, Formatter, Result as FmtResult};

use levitas_core::alarms::ALARMS;
use levitas_core::kits::registry::Kit;
use levitas_core::records::event::{EVENT_BYTES, EVENT_RECORD_BYTES, Event, KITS_END, Source};
use levitas_core::records::snapshot::SNAPSHOT_RECORD_BYTES;
use levitas_core::records::trend::{self, TREND_BYTES, TREND_RECORD_BYTES};
use levitas_core::records::{Head, LINK_BYTES, Step, crc_32, link_of, watch};
use levitas_core::unit::Role;

use super::shim;
use super::text::{self, Decimal};
use super::units::{self, FirmwareUnit};

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_snapshot_record(
    last: Option<&[u8; SNAPSHOT_RECORD_BYTES]>,
    start: u32,
    unit: u32,
    part: u32,
    record: Option<&mut [u8; SNAPSHOT_RECORD_BYTES]>,
) -> bool {
    let (Some(unit), Some(record)) = (unit_of(unit), record) else { return false };
    let Some((says, time_ms)) = unit.snapshot.part(part as usize, unit.role) else { return false };
    Head::after(last.map(|last| &last[..]), start, time_ms).encode(&says, record)
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_snapshot_release(unit: u32) {
    if let Some(unit) = unit_of(unit) {
        unit.snapshot.release();
    }
}

/// As in `shim.h`, from which C takes the room for them.
const _: () = assert!(EVENT_BYTES == 12 && EVENT_RECORD_BYTES == 44 && TREND_RECORD_BYTES == 56);
const _: () = assert!(SNAPSHOT_RECORD_BYTES == 116 && LINK_BYTES == 16);

/// Mirrors `enum levitas_record_step`; a gap is more than these by what is missing.
const FIRST: u32 = 0;
const LINKED: u32 = 1;
const BROKEN: u32 = 2;
const BACK: u32 = 3;
const GAP: u32 = 4;

fn unit_of(number: u32) -> Option<&'static FirmwareUnit> {
    usize::try_from(number).ok().and_then(units::get)
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_event_make(
    source: u32,
    code: u32,
    unit: u32,
    cause: u32,
    says: Option<&mut [u8; EVENT_BYTES]>,
) {
    let Some(source) = u8::try_from(source).ok().and_then(Source::from_code) else { return };
    let unit = if unit == 0 { Role::Host } else { Role::EmergencyDrive };
    let event = Event { source, code: code as u8, unit, value: 0.0, cause };
    if let Some(says) = says {
        *says = event.encode();
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_event_next(
    unit: u32,
    says: Option<&mut [u8; EVENT_BYTES]>,
    time_ms: Option<&mut u32>,
) -> bool {
    let (Some(unit), Some(says), Some(time_ms)) = (unit_of(unit), says, time_ms) else { return false };
    let Some((event, seen_ms)) = unit.events.next(unit.role, *time_ms) else { return false };
    (*says, *time_ms) = (event.encode(), seen_ms);
    true
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_event_written(unit: u32, says: Option<&[u8; EVENT_BYTES]>) {
    if let (Some(unit), Some(event)) = (unit_of(unit), says.and_then(|says| Event::decode(says))) {
        unit.events.written(&event);
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_event_record(
    last: Option<&[u8; EVENT_RECORD_BYTES]>,
    start: u32,
    time_ms: u32,
    says: Option<&[u8; EVENT_BYTES]>,
    record: Option<&mut [u8; EVENT_RECORD_BYTES]>,
) {
    if let (Some(says), Some(record)) = (says, record) {
        Head::after(last.map(|last| &last[..]), start, time_ms).encode(says, record);
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_trend_record(
    last: Option<&[u8; TREND_RECORD_BYTES]>,
    start: u32,
    time_ms: u32,
    unit: u32,
    record: Option<&mut [u8; TREND_RECORD_BYTES]>,
) {
    if let (Some(unit), Some(record)) = (unit_of(unit), record) {
        Head::after(last.map(|last| &last[..]), start, time_ms).encode(&unit.trends.step(&unit.mail), record);
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_event_step(
    before: Option<&[u8; EVENT_RECORD_BYTES]>,
    record: Option<&[u8; EVENT_RECORD_BYTES]>,
) -> u32 {
    match record.and_then(|record| Step::of(before.map(|before| &before[..]), record)) {
        Some(Step::First) => FIRST,
        Some(Step::Linked) => LINKED,
        Some(Step::Broken) => BROKEN,
        Some(Step::Back) | None => BACK,
        Some(Step::Gap(missing)) => GAP.saturating_add(missing),
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_event_link(
    record: Option<&[u8; EVENT_RECORD_BYTES]>,
    link: Option<&mut [u8; LINK_BYTES]>,
) {
    if let (Some(record), Some(link)) = (record, link) {
        *link = link_of(record);
    }
}

/// A disposable was taken into use; the event is written at once, by the shell's thread.
pub(crate) fn kit(kit: &Kit) {
    let reason = kit.reason.map_or(0, |reason| (reason as u32 + 1) << 8);
    write_kit(kit.kind as u8, 0.0, kit.objections | reason);
}

/// The therapy is over for so many of them; likewise.
pub(crate) fn kits_end(count: usize) {
    write_kit(KITS_END, count as f32, 0);
}

fn write_kit(code: u8, value: f32, cause: u32) {
    let event = Event { source: Source::Kit, code, unit: Role::Host, value, cause };
    if let Err(error) = shim::record_event(&event.encode()) {
        zephyr::printkln!("levitas: records: error {}: a kit, or its end, is not written down", error);
    }
}

/// Number and time of a record.
struct When(Head);

impl Display for When {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        let Head { number, start, time_ms, .. } = self.0;
        write!(f, "{number}: start {start} + {}.{:03} s", time_ms / 1000, time_ms % 1000)
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_event_text(
    record: Option<&[u8; EVENT_RECORD_BYTES]>,
    text: *mut u8,
    size: usize,
) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some((head, says)) = record.and_then(|record| Head::decode(record)) else { return };
    let when = When(head);
    let Some(Event { source, code, unit, value, cause }) = Event::decode(says) else {
        return text::fill(buffer, format_args!("{when}: of another version"));
    };
    let unit = if unit == Role::Host { "host" } else { "drive" };
    let name = source.name();
    let alarm = ALARMS.iter().find(|alarm| source == Source::Alarm && crc_32(alarm.name.as_bytes()) == cause);
    match alarm {
        Some(alarm) => {
            let what = match code {
                watch::RAISED => "raised",
                watch::OVER => "over",
                _ => "acknowledged",
            };
            text::fill(buffer, format_args!("{when}: {unit} {name} {} {what}", alarm.name));
        }
        None => text::fill(
            buffer,
            format_args!("{when}: {unit} {name} {code}, value {}, cause {cause}", Decimal(value)),
        ),
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_trend_text(
    record: Option<&[u8; TREND_RECORD_BYTES]>,
    text: *mut u8,
    size: usize,
) {
    /// The quantities that are known.
    struct Values([f32; trend::TREND_FIELDS]);
    impl Display for Values {
        fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
            let known = self.0.iter().zip(trend::FIELDS).filter(|(value, _)| !value.is_nan());
            known
                .map(|(value, (name, _))| (Decimal(*value), name))
                .try_for_each(|(value, name)| write!(f, " {name} {value}"))
        }
    }
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some((head, says)) = record.and_then(|record| Head::decode(record)) else { return };
    let Ok(says) = <&[u8; TREND_BYTES]>::try_from(says) else { return };
    text::fill(buffer, format_args!("{}:{}", When(head), Values(trend::decode(says))));
}
