// SPDX-License-Identifier: Apache-2.0
//! Signals over time as ASAM MDF 4.10, which asammdf and the tools of the makers of measuring systems read.
//!
//! # Source
//! ASAM MDF 4.1; written by the crate mdf4-rs, read back by asammdf in `tests/clients`.

use mdf4_rs::{DataType, DecodedValue, Error, MdfWriter};

use crate::channel::CHANNELS;
use crate::recording::Recording;

/// Signals that share their times.
pub struct Group {
    /// Name of the channel group.
    pub name: String,
    /// Names of the signals, each with its unit's suffix.
    pub names: Vec<&'static str>,
    /// Time [s] and a value of each signal.
    pub rows: Vec<(f64, Vec<f32>)>,
}

/// The file.
///
/// # Errors
/// What the writer says.
pub fn mdf(groups: &[Group]) -> Result<Vec<u8>, Error> {
    let mut writer = MdfWriter::in_memory();
    writer.init_mdf_file()?;
    for Group { name, names, rows } in groups {
        // A data group of its own for each: records of one group then need no number.
        let group = writer.add_channel_group(None, |_| {})?;
        writer.set_channel_group_name(&group, name)?;
        let mut last = writer.add_channel(&group, None, |channel| {
            channel.name = Some("time_s".to_owned());
            channel.data_type = DataType::FloatLE;
            channel.bit_count = 64;
        })?;
        writer.set_time_channel(&last)?;
        writer.set_channel_unit(&last, "s")?;
        for name in names {
            last = writer.add_channel(&group, Some(&last), |channel| {
                channel.name = Some((*name).to_owned());
                channel.data_type = DataType::FloatLE;
                channel.bit_count = 32;
            })?;
            writer.set_channel_unit(&last, unit_of(name))?;
        }
        writer.start_data_block_for_cg(&group, 0)?;
        for (time_s, values) in rows {
            let values = values.iter().map(|value| DecodedValue::Float(f64::from(*value)));
            let record: Vec<DecodedValue> =
                std::iter::once(DecodedValue::Float(*time_s)).chain(values).collect();
            writer.write_record(&group, &record)?;
        }
        writer.finish_data_block(&group)?;
    }
    writer.finalize()?;
    Ok(writer.into_inner().into_inner())
}

/// The rows of a run's trace, not rounded as those of `trace.csv` are.
///
/// # Errors
/// What the writer says.
pub fn trace_mdf(name: &str, recording: &Recording) -> Result<Vec<u8>, Error> {
    let names = CHANNELS.iter().map(|channel| channel.name).collect();
    let rows = recording.rows().iter().map(|row| (row.time_s, row.values.to_vec())).collect();
    mdf(&[Group { name: name.to_owned(), names, rows }])
}

/// The unit that a name ends with, as units are written; none for a code.
#[must_use]
pub fn unit_of(name: &str) -> &'static str {
    match name.rsplit('_').next() {
        Some("um") => "um",
        Some("a") => "A",
        Some("v") => "V",
        Some("mv") => "mV",
        Some("rad") => "rad",
        Some("rpm") => "rpm",
        Some("lpm") => "L/min",
        Some("mmhg") => "mmHg",
        Some("pct") => "%",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_has_the_unit_of_its_name_or_is_a_code() {
        let codes = ["bearing_state", "touching", "beat_found", "pulse_begun"];
        for channel in CHANNELS {
            assert_eq!(unit_of(channel.name).is_empty(), codes.contains(&channel.name), "{}", channel.name);
        }
    }
}
