// SPDX-License-Identifier: Apache-2.0
//! Limits and settings over a power-off: read from the storage at the start, and what the thread of `settings.c` writes there.

use core::sync::atomic::Ordering;

use levitas_core::circulation::settings_record::{SETTINGS_RECORD_BYTES, encode};
use levitas_core::circulation::therapy::{TherapyMail, TherapySettings};

use super::operator::look;
use super::shim::{self, Entry};
use super::units::{self, FirmwareUnit};

/// Mirrors `LEVITAS_SETTINGS_BYTES`.
const _: () = assert!(SETTINGS_RECORD_BYTES == 96);

/// Before the first period, on a storage that is mounted: the limits of before. What is lost is named. Of those that could not be read nothing is
/// known: what lies there is left as it is.
pub(crate) fn at_start(unit: &FirmwareUnit) {
    let mut bytes = [0; SETTINGS_RECORD_BYTES];
    match shim::read_entry_surely(Entry::Settings, unit.number, &mut bytes) {
        Err(shim::NO_ENTRY) => unit.settings_known.store(true, Ordering::Relaxed),
        Err(error) => zephyr::printkln!(
            "levitas: unit {}: limits and settings could not be read from the storage, and none is kept over a power-off: error {}",
            unit.number,
            error
        ),
        Ok(count) => {
            let record = bytes.get(..count).unwrap_or(&bytes);
            // Otherwise they are not in force, and not to be written over either.
            let Some(lost) = unit.supervisor.with(|supervisor| supervisor.recall_settings(record)) else {
                return;
            };
            unit.settings_known.store(true, Ordering::Relaxed);
            let fields = TherapySettings::FIELDS.iter().zip(0..);
            for (field, _) in fields.filter(|(_, index)| lost & 1 << index != 0) {
                zephyr::printkln!(
                    "levitas: unit {}: {} is damaged in the storage, and lost there",
                    unit.number,
                    field.name
                );
            }
        }
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_settings_record(unit: u32, record: Option<&mut [u8; SETTINGS_RECORD_BYTES]>) -> bool {
    let unit = usize::try_from(unit).ok().and_then(units::get).filter(|unit| may_write(unit));
    let said = unit.and_then(|unit| look(|| unit.mail.therapy.read::<TherapyMail>()));
    let (Some(said), Some(record)) = (said, record) else { return false };
    *record = encode(&said.therapy.settings);
    true
}

/// The start has read what lies in the storage, or nothing lies there any more, as after formatting.
fn may_write(unit: &FirmwareUnit) -> bool {
    let nothing = || shim::read_entry(Entry::Settings, unit.number, &mut [0]) == Err(shim::NO_ENTRY);
    // Once known is for good: the start may say so meanwhile.
    let known = unit.settings_known.load(Ordering::Relaxed) || nothing();
    if known {
        unit.settings_known.store(true, Ordering::Relaxed);
    }
    known
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_settings_are_known(unit: u32) -> bool {
    let unit = usize::try_from(unit).ok().and_then(units::get);
    unit.is_some_and(|unit| unit.settings_known.load(Ordering::Relaxed))
}
