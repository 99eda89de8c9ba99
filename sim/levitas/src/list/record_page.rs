// SPDX-License-Identifier: Apache-2.0
//! What the records of the firmware say.

use levitas_core::records::event::{EVENT_RECORD_BYTES, Source};
use levitas_core::records::snapshot::{SAMPLES, SAMPLES_PER_RECORD, SIGNALS, SNAPSHOT_RECORD_BYTES};
use levitas_core::records::trend::{FIELDS, TREND_RECORD_BYTES};

use super::Table;

/// Events, trends, signals.
pub(super) fn tables() -> Vec<Table> {
    let events = Source::TABLE.iter().map(|(source, name, meanings, doc)| {
        let [code, value, cause] = meanings.map(str::to_owned);
        vec![format!("{} {name}", *source as u8), code, value, cause, (*doc).to_owned()]
    });
    let fields = |fields: &[(&str, f32)]| {
        fields.iter().map(|(name, resolution)| vec![(*name).to_owned(), resolution.to_string()]).collect()
    };
    vec![
        Table::new(
            "Events",
            format!("{EVENT_RECORD_BYTES} bytes each."),
            &["source", "code", "value", "cause", "meaning"],
            events.collect(),
        ),
        Table::new(
            "Trends",
            format!("{TREND_RECORD_BYTES} bytes each, in this order; -32768 is not known."),
            &["quantity", "resolution"],
            fields(&FIELDS),
        ),
        Table::new(
            "Signals of a snapshot",
            format!(
                "{SAMPLES} samples in this order; {SAMPLES_PER_RECORD} of them in a record of {SNAPSHOT_RECORD_BYTES} bytes."
            ),
            &["signal", "resolution"],
            fields(&SIGNALS),
        ),
    ]
}
