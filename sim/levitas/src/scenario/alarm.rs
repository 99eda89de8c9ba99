// SPDX-License-Identifier: Apache-2.0
//! Alarms of a scenario: what the units must show, and nothing else. [`crate::signal_watch`] judges it.

use levitas_core::alarms::ALARMS;

use crate::input::{BadInput, Checked, allowed_names};
use crate::toml_file::Table;

/// One `[[alarm]]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedAlarm {
    /// Index in [`ALARMS`].
    pub index: usize,
    /// When its cause is large enough [s]; it is shown within the detection and condition delays of the table.
    pub from_s: f64,
    /// By when it is over [s]; `None`: it stands at the end of the run.
    pub over_by_s: Option<f64>,
}

/// Reads one `[[alarm]]`.
pub(super) fn read(table: &Table<'_>, end_s: f64) -> Checked<ExpectedAlarm> {
    table.allow_keys(&["name", "from_s", "over_by_s"], " of alarm")?;
    let entry = table.required("name", "the name of an alarm, see `levitas list alarms`")?;
    let name = entry.text()?;
    let Some(index) = ALARMS.iter().position(|alarm| alarm.name == name) else {
        let names: Vec<&str> = ALARMS.iter().map(|alarm| alarm.name).collect();
        return Err(entry.refuse("unknown alarm", allowed_names(name, &names)));
    };
    let time_s = |key: &str, least_s: f64| {
        let allowed = format!("a time from {least_s} to the end at {end_s} s");
        let entry = table.required(key, &allowed)?;
        entry.number(&(least_s..=end_s)).map_err(|error| BadInput { allowed, ..error })
    };
    let from_s = time_s("from_s", 0.0)?;
    let over_by_s = table.entry("over_by_s").map(|_| time_s("over_by_s", from_s)).transpose()?;
    Ok(ExpectedAlarm { index, from_s, over_by_s })
}
