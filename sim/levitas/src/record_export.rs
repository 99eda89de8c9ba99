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
use mdf4_rs::{DataType, DecodedValue, MdfWriter};
use serde_json::json;

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

/// The unit that the name of a signal ends with, as units are written.
fn unit_of(name: &str) -> &str {
    match name.rsplit('_').next() {
        Some("a") => "A",
        Some("v") => "V",
        unit => unit.unwrap_or(""),
    }
}

/// A channel group for each snapshot, its time counted from the trigger.
///
/// # Errors
/// What the writer says.
pub fn snapshots_mdf(snapshots: &[Snapshot]) -> Result<Vec<u8>, mdf4_rs::Error> {
    let mut writer = MdfWriter::in_memory();
    writer.init_mdf_file()?;
    for snapshot in snapshots {
        // A data group of its own for each: records of one group then need no number.
        let group = writer.add_channel_group(None, |_| {})?;
        writer.set_channel_group_name(&group, &snapshot.name)?;
        let mut last = writer.add_channel(&group, None, |channel| {
            channel.name = Some("time_s".to_owned());
            channel.data_type = DataType::FloatLE;
            channel.bit_count = 64;
        })?;
        writer.set_time_channel(&last)?;
        writer.set_channel_unit(&last, "s")?;
        for (name, _) in SIGNALS {
            last = writer.add_channel(&group, Some(&last), |channel| {
                channel.name = Some(name.to_owned());
                channel.data_type = DataType::FloatLE;
                channel.bit_count = 32;
            })?;
            writer.set_channel_unit(&last, unit_of(name))?;
        }
        writer.start_data_block_for_cg(&group, 0)?;
        for (place, sample) in snapshot.samples.iter().enumerate() {
            let Some(sample) = sample else { continue };
            let time_s = (place as f64 - TRIGGER_SAMPLE as f64) / f64::from(BASE_RATE_HZ);
            let values = sample.iter().map(|value| DecodedValue::Float(f64::from(*value)));
            let record: Vec<DecodedValue> =
                std::iter::once(DecodedValue::Float(time_s)).chain(values).collect();
            writer.write_record(&group, &record)?;
        }
        writer.finish_data_block(&group)?;
    }
    writer.finalize()?;
    Ok(writer.into_inner().into_inner())
}
