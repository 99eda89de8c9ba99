// SPDX-License-Identifier: Apache-2.0
//! Records as files of others: events as JSON lines, trends as CSV, snapshots as ASAM MDF 4.10.
//!
//! # Source
//! ASAM MDF 4.1; written by the crate mdf4-rs, read back by asammdf in `tests/clients/test_records.py`.

use std::fmt::Write as _;

use levitas_core::records::Head;
use levitas_core::records::event::Event;
use levitas_core::records::snapshot::{Part, SAMPLES, SIGNALS, SIGNALS_COUNT, TRIGGER_SAMPLE};
use levitas_core::records::trend::{FIELDS, TREND_FIELDS};
use levitas_core::schedule::BASE_RATE_HZ;
use levitas_core::unit::Role;
use serde_json::json;

use crate::mdf::{Group, mdf};
use crate::record_text::event_text;
use crate::recording::push_number;

/// Times of records, in their order: milliseconds that have wrapped go on.
struct Clock {
    last: Option<(u32, u32)>,
    wraps: u64,
}

impl Clock {
    const fn new() -> Self {
        Self { last: None, wraps: 0 }
    }

    /// Time since its start [s]. What was seen a moment before the record before it was is no wrap.
    fn time_s(&mut self, head: &Head) -> f64 {
        match self.last {
            Some((start, last_ms)) if start == head.start => {
                // Seen before the wrap, written after it.
                if head.time_ms > last_ms && head.time_ms - last_ms > u32::MAX / 2 && self.wraps > 0 {
                    return ((self.wraps - 1) * (1 << 32) + u64::from(head.time_ms)) as f64 / 1e3;
                }
                self.wraps += u64::from(head.time_ms < last_ms && last_ms - head.time_ms > u32::MAX / 2);
            }
            _ => self.wraps = 0,
        }
        self.last = Some((head.start, head.time_ms));
        (self.wraps * (1 << 32) + u64::from(head.time_ms)) as f64 / 1e3
    }
}

fn unit_name(unit: Role) -> &'static str {
    if unit == Role::Host { "host" } else { "emergency_drive" }
}

/// One event per line, in the order of their numbers.
#[must_use]
pub fn events_json_lines(events: &[(Head, Option<Event>)]) -> String {
    let mut clock = Clock::new();
    let mut lines = String::new();
    for (head, event) in events {
        let mut line = json!({ "number": head.number, "start": head.start, "time_s": clock.time_s(head) });
        match event {
            None => line["source"] = json!("unknown"),
            Some(event) => {
                line["unit"] = json!(unit_name(event.unit));
                line["source"] = json!(event.source.name());
                line["code"] = json!(event.code);
                // JSON has no way to say that something is not a number.
                line["value"] = if event.value.is_finite() { json!(event.value) } else { json!(null) };
                line["cause"] = json!(event.cause);
                line["text"] = json!(event_text(event));
            }
        }
        let _ = writeln!(lines, "{line}");
    }
    lines
}

/// One trend per row.
#[must_use]
pub fn trends_csv(trends: &[(Head, [f32; TREND_FIELDS])]) -> String {
    let mut clock = Clock::new();
    let mut csv = String::from("number,start,time_s");
    FIELDS.iter().for_each(|(name, _)| {
        csv.push(',');
        csv.push_str(name);
    });
    csv.push('\n');
    for (head, values) in trends {
        let _ = write!(csv, "{},{},{:.3}", head.number, head.start, clock.time_s(head));
        for value in values {
            csv.push(',');
            if value.is_finite() {
                push_number(&mut csv, *value, 3);
            }
        }
        csv.push('\n');
    }
    csv
}

/// A snapshot, as far as its parts are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Which one: unit, cause and moment.
    pub name: String,
    /// By place; a sample whose part is missing has none.
    pub samples: Vec<Option<[f32; SIGNALS_COUNT]>>,
}

/// The snapshots that the parts are of.
#[must_use]
pub fn snapshots(parts: &[(Head, Part)]) -> Vec<Snapshot> {
    let mut found: Vec<((u32, u32, Role), Snapshot)> = Vec::new();
    for (head, part) in parts {
        let key = (head.start, head.time_ms, part.unit);
        // The units' parts alternate while both store one.
        if found.iter().all(|(known, _)| *known != key) {
            let why = part.trigger.map_or("unknown", |trigger| trigger.name());
            let (unit, time_s) = (unit_name(part.unit), f64::from(head.time_ms) / 1e3);
            let name = format!("{unit}: {why} at {time_s:.3} s of start {}", head.start);
            found.push((key, Snapshot { name, samples: vec![None; SAMPLES] }));
        }
        let Some((_, snapshot)) = found.iter_mut().find(|(known, _)| *known == key) else { continue };
        let places = snapshot.samples.iter_mut().skip(part.first);
        places.zip(part.samples).for_each(|(place, sample)| *place = Some(sample));
    }
    found.into_iter().map(|(_, snapshot)| snapshot).collect()
}

/// A channel group for each snapshot, its time counted from the trigger.
///
/// # Errors
/// What the writer says.
pub fn snapshots_mdf(snapshots: &[Snapshot]) -> Result<Vec<u8>, mdf4_rs::Error> {
    let names = SIGNALS.map(|(name, _)| name);
    let group = |snapshot: &Snapshot| {
        let samples = snapshot.samples.iter().enumerate();
        let rows = samples.filter_map(|(place, sample)| {
            let time_s = (place as f64 - TRIGGER_SAMPLE as f64) / f64::from(BASE_RATE_HZ);
            Some((time_s, sample.as_ref()?.to_vec()))
        });
        Group { name: snapshot.name.clone(), names: names.to_vec(), rows: rows.collect() }
    };
    mdf(&snapshots.iter().map(group).collect::<Vec<_>>())
}
