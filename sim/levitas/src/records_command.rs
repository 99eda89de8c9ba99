// SPDX-License-Identifier: Apache-2.0
//! The command `levitas records`.

use std::path::PathBuf;

use levitas::flash_image::FlashImage;
use levitas::input::{BadInput, Checked};
use levitas::outputs::{check_file, write_bytes};
use levitas::record_export::{events_json_lines, snapshots, snapshots_mdf, trends_csv};

use super::{complain, say};

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas records flash.bin
  levitas records flash.bin --events events.jsonl --csv trends.csv --mdf snapshots.mf4

Reads an image of the flash, or of any part of it: flash.bin of native_sim, or what a debugger has read out. docs/records.md.
Exit code 1 when something is damaged, missing or changed, one line on standard error each; 2 when the file cannot be read.";

/// Command line of `levitas records`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The image
    #[arg(value_name = "FILE")]
    image: PathBuf,
    /// Write the events to this file, one JSON object per line
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Write the trends to this file, as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write the snapshots to this file, as ASAM MDF 4
    #[arg(long, value_name = "FILE")]
    mdf: Option<PathBuf>,
    /// The last link that somebody has noted, 32 hexadecimal digits: it must be that of an event in the image
    #[arg(long, value_name = "HEX")]
    link: Option<String>,
}

/// Reads, checks, writes. True when nothing is wrong.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let outputs = [("--events", &arguments.events), ("--csv", &arguments.csv), ("--mdf", &arguments.mdf)];
    for (option, file) in outputs {
        file.as_deref().map_or(Ok(()), |file| check_file(file, option))?;
    }
    let bytes = std::fs::read(&arguments.image)
        .map_err(|error| BadInput::of(arguments.image.display(), error, "a file that can be read"))?;
    let mut image = FlashImage::read(&bytes);
    if let Some(link) = &arguments.link {
        image.check_link(link)?;
    }
    let snapshots = snapshots(&image.parts);
    for snapshot in &snapshots {
        let missing = snapshot.samples.iter().filter(|sample| sample.is_none()).count();
        if missing != 0 {
            image.faults.push(format!("snapshot {}: {missing} samples are missing", snapshot.name));
        }
    }
    let events = || Ok(events_json_lines(&image.events).into_bytes());
    let trends = || Ok(trends_csv(&image.trends).into_bytes());
    let mdf =
        || snapshots_mdf(&snapshots).map_err(|error| BadInput::of("--mdf", error, "a log with snapshots"));
    let contents: [&dyn Fn() -> Checked<Vec<u8>>; 3] = [&events, &trends, &mdf];
    for ((option, file), content) in outputs.iter().zip(contents) {
        if let Some(file) = file {
            write_bytes(file, &content()?, option)?;
        }
    }
    say(&told(&image, snapshots.len()));
    image.faults.iter().for_each(|fault| complain(fault));
    Ok(image.faults.is_empty())
}

fn told(image: &FlashImage, snapshots: usize) -> String {
    let range = |numbers: Option<(u32, u32)>| {
        numbers.map_or(String::new(), |(first, last)| format!(", numbers {first} to {last}"))
    };
    let ends = |heads: &[u32]| Some((*heads.first()?, *heads.last()?));
    let events: Vec<u32> = image.events.iter().map(|(head, _)| head.number).collect();
    let trends: Vec<u32> = image.trends.iter().map(|(head, _)| head.number).collect();
    let link = image.link().map_or(String::new(), |link| {
        format!("link of the last event: {}\n", levitas::flash_image::hex(&link))
    });
    format!(
        "{} events{}\n{} trends{}\n{snapshots} snapshots\n{link}",
        events.len(),
        range(ends(&events)),
        trends.len(),
        range(ends(&trends)),
    )
}
