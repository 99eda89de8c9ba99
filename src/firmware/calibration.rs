// SPDX-License-Identifier: Apache-2.0
//! The calibration records of this image's units: read at the start, shown, written after commissioning.
//!
//! What a record must be, which copy is in force and which one is written first says the core; this is only the way to
//! and from the storage. Read by the start and by the shell, written by the thread of src/firmware/commission.c.

use core::sync::atomic::Ordering;

use levitas_core::calibration::{
    Calibration, CalibrationError, Identity, Place, RECORD_BYTES, Record, Selection, Stored,
};
use levitas_core::commissioning::{CommissioningReport, Outcome};

use super::operator::look;
use super::units::{self, CONFIG, FirmwareUnit};
use super::{shim, text};

/// Number of values of a record.
pub(crate) const VALUES: usize = Calibration::FIELDS.len();

/// One byte more than a record has, so that a longer one shows.
const BUFFER_BYTES: usize = RECORD_BYTES + 1;

/// Code of "no place": the values that the drive is built with are in force.
pub(crate) const PLACE_NONE: u32 = 2;

const STATE_MISSING: u32 = 0;
const STATE_VALID: u32 = 1;
const STATE_REFUSED: u32 = 2;

/// Mirrors `struct levitas_calibration_copy`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct CopyView {
    pub(crate) state: u32,
    pub(crate) sequence: u32,
    pub(crate) values: [f32; VALUES],
    pub(crate) reason: [u8; 128],
}

/// Mirrors `struct levitas_calibration`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct CalibrationView {
    pub(crate) copies: [CopyView; 2],
    pub(crate) place: u32,
    pub(crate) start_place: u32,
    pub(crate) start_sequence: u32,
}

/// Why a record was not written, or not twice.
enum Failure {
    /// There are no values that passed.
    NotPassed,
    /// The drive would refuse it when it reads it.
    Refused(CalibrationError),
    /// The storage did not take it.
    Write(Place, i32),
    /// It does not read back as it was written.
    Differs(Place),
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotPassed => f.write_str("no run has passed"),
            Self::Refused(error) => error.fmt(f),
            Self::Write(place, error) => write!(f, "copy {}: storage error {error}", place.letter()),
            Self::Differs(place) => write!(f, "copy {} does not read back as written", place.letter()),
        }
    }
}

fn identity(unit: &FirmwareUnit) -> Identity {
    Identity { serial_number: shim::serial_number(), role: unit.role }
}

/// Reads one place.
fn read<'a>(unit: &FirmwareUnit, place: Place, buffer: &'a mut [u8; BUFFER_BYTES]) -> Stored<'a> {
    match shim::read_storage(unit.number, place, buffer) {
        Ok(count) => Ok(buffer.get(..count).unwrap_or(buffer)),
        Err(shim::NO_ENTRY) => Err(CalibrationError::Missing),
        Err(_) => Err(CalibrationError::Unreadable),
    }
}

/// What lies in the two places of a unit.
pub(crate) fn select(unit: &FirmwareUnit) -> Selection {
    let (mut a, mut b) = ([0; BUFFER_BYTES], [0; BUFFER_BYTES]);
    let places = [read(unit, Place::A, &mut a), read(unit, Place::B, &mut b)];
    Selection::new(places, &identity(unit), &CONFIG)
}

/// Says on the console which copies the start refused.
pub(crate) fn report(unit: &FirmwareUnit, selection: &Selection) {
    for (place, copy) in [Place::A, Place::B].into_iter().zip(&selection.copies) {
        if let Err(error) = copy
            && !matches!(error, CalibrationError::Missing)
        {
            zephyr::printkln!(
                "levitas: unit {}: calibration copy {} refused: {}",
                unit.number,
                place.letter(),
                error
            );
        }
    }
}

/// Writes one place and reads it again.
fn write(unit: &FirmwareUnit, place: Place, bytes: &[u8; RECORD_BYTES]) -> Result<(), Failure> {
    shim::write_storage(unit.number, place, bytes).map_err(|error| Failure::Write(place, error))?;
    let mut buffer = [0; BUFFER_BYTES];
    match read(unit, place, &mut buffer) {
        Ok(found) if found == bytes => Ok(()),
        _ => Err(Failure::Differs(place)),
    }
}

/// The values that the last run found, if it passed.
fn passed(unit: &FirmwareUnit) -> Option<Calibration> {
    let report: CommissioningReport = look(|| unit.mail.commissioning.read())?;
    (report.outcome == Outcome::Passed).then_some(report.values)
}

/// What became of a record.
enum Verdict {
    /// It is in both places.
    Both(u32),
    /// It is in the first one alone.
    One(u32, Failure),
    /// It was given to the storage and does not read back: a fault of the medium, or of reading, which may pass.
    Unknown(u32, Failure),
    /// Nothing of it is there.
    Nowhere(Failure),
}

impl core::fmt::Display for Verdict {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        const NEXT: &str = "in force from the next start on";
        match self {
            Self::Both(number) => write!(f, "stored as number {number} in both copies; it is {NEXT}"),
            Self::One(number, failure) => {
                write!(f, "stored as number {number} in one copy only: {failure}; {NEXT}")
            }
            Self::Unknown(number, failure) => write!(
                f,
                "not known to be stored: {failure}; the next start takes number {number} if it reads well then"
            ),
            Self::Nowhere(failure) => write!(f, "not stored: {failure}; what was in force stays so"),
        }
    }
}

/// Makes a record of what the last run found and writes it to both places, the one that is not in force first. The
/// second write begins only when the first reads back well, so that one whole record is there at any instant.
fn store(unit: &FirmwareUnit) -> Verdict {
    let Some(values) = passed(unit) else { return Verdict::Nowhere(Failure::NotPassed) };
    let before = select(unit);
    let number = before.next_sequence();
    let bytes = match before.next_record(values, &identity(unit), &CONFIG) {
        Ok(bytes) => bytes,
        Err(error) => return Verdict::Nowhere(Failure::Refused(error)),
    };
    let first = before.write_first();
    match write(unit, first, &bytes) {
        Ok(()) => match write(unit, first.other(), &bytes) {
            Ok(()) => Verdict::Both(number),
            Err(failure) => Verdict::One(number, failure),
        },
        Err(failure) => look_again(unit, first, &bytes, number, failure),
    }
}

/// What is to be said of a first write that failed: the next start judges by what it reads, not by what was answered here.
fn look_again(
    unit: &FirmwareUnit,
    place: Place,
    bytes: &[u8; RECORD_BYTES],
    number: u32,
    failure: Failure,
) -> Verdict {
    let mut buffer = [0; BUFFER_BYTES];
    match (read(unit, place, &mut buffer), &failure) {
        (Ok(found), _) if found == bytes => Verdict::One(number, failure),
        (_, Failure::Write(_, shim::NOT_MOUNTED)) => Verdict::Nowhere(failure),
        (Err(CalibrationError::Unreadable), _) | (_, Failure::Differs(_)) => {
            Verdict::Unknown(number, failure)
        }
        _ => Verdict::Nowhere(failure),
    }
}

/// See `shim.h`.
///
/// # Safety
/// `line` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_calibration_store(unit: u32, line: *mut u8, size: usize) -> i32 {
    // SAFETY: the caller's promise.
    let line = unsafe { text::buffer(line, size) };
    let Some(unit) = usize::try_from(unit).ok().and_then(units::get) else { return -1 };
    let stored = store(unit);
    text::fill(line, format_args!("{stored}"));
    match stored {
        Verdict::Both(_) => 0,
        Verdict::One(..) => 1,
        Verdict::Unknown(..) => 2,
        Verdict::Nowhere(_) => -1,
    }
}

fn view(copy: &Result<Record, CalibrationError>) -> CopyView {
    let mut view = CopyView { state: STATE_VALID, sequence: 0, values: [f32::NAN; VALUES], reason: [0; 128] };
    match copy {
        Ok(record) => {
            view.sequence = record.sequence;
            let mut values = record.values;
            for (to, field) in view.values.iter_mut().zip(Calibration::FIELDS) {
                *to = values.field_mut(field.name).map_or(f32::NAN, |value| *value);
            }
        }
        Err(error) => {
            view.state =
                if matches!(error, CalibrationError::Missing) { STATE_MISSING } else { STATE_REFUSED };
            text::fill(&mut view.reason, format_args!("{error}"));
        }
    }
    view
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_calibration_read(unit: u32, result: Option<&mut CalibrationView>) {
    let unit = usize::try_from(unit).ok().and_then(units::get);
    let (Some(unit), Some(result)) = (unit, result) else { return };
    let selection = select(unit);
    *result = CalibrationView {
        copies: selection.copies.each_ref().map(view),
        place: selection.place.map_or(PLACE_NONE, |place| place as u32),
        start_place: unit.start_place(),
        start_sequence: unit.start_sequence.load(Ordering::Relaxed),
    };
}
