// SPDX-License-Identifier: Apache-2.0
//! Records in an image of the flash: every whole one that is there, whatever is around it, and what is damaged.
//!
//! # Model
//! No layout is asked for: at each byte that can be the length of a record, what follows is one when its CRC-32 fits. So any part of a flash
//! can be read, from `flash.bin` of native_sim or out of a debugger, in any order of sectors and with any headers. Behind a record, where
//! the next one would lie, anything but erased flash is damage. Records are told apart by their length, and put in the order of
//! their numbers; what was written twice counts once.
//!
//! # Limits and failure
//! A damaged record whose neighbour before it is damaged, too, or that is the first of its sector, is not seen here; its number is
//! missing all the same, which is told for events.

use std::collections::BTreeMap;

use levitas_core::records::event::{EVENT_BYTES, EVENT_RECORD_BYTES, Event};
use levitas_core::records::snapshot::{Part, SNAPSHOT_BYTES, SNAPSHOT_RECORD_BYTES};
use levitas_core::records::trend::{self, TREND_BYTES, TREND_FIELDS, TREND_RECORD_BYTES};
use levitas_core::records::{Head, LINK_BYTES, Step, link_of};

use crate::input::{BadInput, Checked};

/// Kinds of records with the bytes of one.
const KINDS: [(&str, usize); 3] =
    [("event", EVENT_RECORD_BYTES), ("trend", TREND_RECORD_BYTES), ("snapshot part", SNAPSHOT_RECORD_BYTES)];
/// FCB's length before and its CRC-8 behind a record.
const AROUND: usize = 2;

/// What an image holds.
#[derive(Clone, Debug, Default)]
pub struct FlashImage {
    /// Events in the order of their numbers; `None` for one of another version.
    pub events: Vec<(Head, Option<Event>)>,
    /// Trends, likewise.
    pub trends: Vec<(Head, [f32; TREND_FIELDS])>,
    /// Parts of snapshots, likewise.
    pub parts: Vec<(Head, Part)>,
    /// What is wrong with it, a line each.
    pub faults: Vec<String>,
    /// What the event after each of them would carry.
    links: Vec<[u8; LINK_BYTES]>,
}

/// As hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl FlashImage {
    /// Reads an image.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut found: [BTreeMap<u32, &[u8]>; KINDS.len()] = Default::default();
        let mut image = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            match record_at(bytes, at) {
                None => at += 1,
                Some((kind, record)) => {
                    let (name, size) = KINDS[kind];
                    let number = Head::decode(record).map_or(0, |(head, _)| head.number);
                    if found[kind].insert(number, record).is_some_and(|other| other != record) {
                        image.faults.push(format!(
                            "{name} {number}: there are two, the later one in the image counts"
                        ));
                    }
                    at += size + AROUND;
                    if let Some(damaged) = bytes.get(at..at + size + AROUND)
                        && record_at(bytes, at).is_none()
                        && damaged.iter().any(|byte| *byte != 0xff)
                        && at % 4096 + size + AROUND <= 4096
                    {
                        image.faults.push(format!("offset {at:#x}: a damaged record behind {name} {number}"));
                    }
                }
            }
        }
        let [events, trends, parts] = found;
        image.take_events(&events);
        image.trends = decoded(&trends, |says: &[u8; TREND_BYTES]| trend::decode(says));
        image.parts = decoded(&parts, |says: &[u8; SNAPSHOT_BYTES]| Part::decode(says));
        image
    }

    /// What the event after the last one would carry.
    #[must_use]
    pub fn link(&self) -> Option<[u8; LINK_BYTES]> {
        self.links.last().copied()
    }

    /// A link that was noted must be that of an event which is there.
    ///
    /// # Errors
    /// It is no link.
    pub fn check_link(&mut self, noted: &str) -> Checked<()> {
        let is_link = noted.len() == 2 * LINK_BYTES && noted.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_link {
            let allowed = format!("{} hexadecimal digits", 2 * LINK_BYTES);
            return Err(BadInput::key("--link", "link", noted, "no link", allowed));
        }
        if !self.links.iter().any(|link| hex(link).eq_ignore_ascii_case(noted)) {
            self.faults.push(format!(
                "link {noted}: of no event here: the log was changed, or has dropped the event"
            ));
        }
        Ok(())
    }

    fn take_events(&mut self, records: &BTreeMap<u32, &[u8]>) {
        let mut before: Option<&[u8]> = None;
        for (number, record) in records {
            match Step::of(before, record) {
                Some(Step::Gap(missing)) => {
                    let first = number - missing;
                    self.faults.push(format!("events {first} to {} are missing", number - 1));
                }
                Some(Step::Broken) => {
                    self.faults.push(format!(
                        "event {number}: it was not written after event {}: one of them was changed",
                        number - 1
                    ));
                }
                _ => {}
            }
            before = Some(record);
        }
        self.links = records.values().map(|record| link_of(record)).collect();
        self.events = decoded(records, |says: &[u8; EVENT_BYTES]| Event::decode(says));
    }
}

fn decoded<const N: usize, T>(
    records: &BTreeMap<u32, &[u8]>,
    decode: impl Fn(&[u8; N]) -> T,
) -> Vec<(Head, T)> {
    records
        .values()
        .filter_map(|record| Head::decode(record))
        .filter_map(|(head, says)| says.try_into().ok().map(|says| (head, decode(says))))
        .collect()
}

/// The record whose length stands at a place: its kind, its bytes.
fn record_at(bytes: &[u8], at: usize) -> Option<(usize, &[u8])> {
    let kind = KINDS.iter().position(|(_, size)| bytes.get(at) == Some(&(*size as u8)))?;
    let record = bytes.get(at + 1..at + 1 + KINDS[kind].1)?;
    Head::decode(record).filter(|(head, _)| head.number != 0).map(|_| (kind, record))
}
