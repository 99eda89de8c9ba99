// SPDX-License-Identifier: Apache-2.0
//! The command `levitas ecg`.

use std::path::{Path, PathBuf};

use levitas::corners::document;
use levitas::ecg::{Row, Signal, judge, markdown, plain, record, to_json};
use levitas::input::{BadInput, Checked};
use levitas::outputs::{check_folder, write_folder};

use super::batch::{Batch, Texts};
use super::complain;

/// Lengths of a synthetic signal [s].
const DURATION_S: std::ops::RangeInclusive<u32> = 30..=86_400;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas ecg --seconds 120
  levitas ecg --record data/ecg/100
  levitas ecg --seconds 300 --out out/ecg     the signals, for other detectors
  levitas ecg --record data/ecg/100 --markdown docs/ecg.md --json ecg.json

Synthetic ECGs and, where there is one, a record of the MIT-BIH Arrhythmia Database (NAME.hea, .dat, .atr); docs/ecg.md
explains the table. Exit code 1 when a row misses a bound, one line on standard error each.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Length of each synthetic signal [s]
    #[arg(long, value_name = "S", default_value_t = 1800)]
    seconds: u32,
    /// Seed of every random draw
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Record without its extension; may be repeated
    #[arg(long, value_name = "PATH")]
    record: Vec<PathBuf>,
    /// Folder for the signals, their beats and those that were found, as CSV
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; true when every row holds.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let seconds = arguments.seconds;
    if !DURATION_S.contains(&seconds) {
        let allowed = format!("{} to {}", DURATION_S.start(), DURATION_S.end());
        return Err(BadInput::key("--seconds", "seconds", seconds, "too short or too long", allowed));
    }
    let records = arguments.record.iter().map(|path| read(path)).collect::<Checked<Vec<_>>>()?;
    arguments.out.iter().try_for_each(|folder| check_folder(folder, "--out"))?;
    let desk = arguments.batch.open("ecg")?;
    let (signals, rows) = desk.watch(1.0, "of all", |progress| {
        let signals: Vec<Signal> = records.into_iter().chain(Signal::all(arguments.seed, seconds)).collect();
        let one = |(index, signal): (usize, &Signal)| {
            progress(index as f64 / signals.len() as f64);
            judge(signal)
        };
        let rows: Vec<Row> = signals.iter().enumerate().map(one).collect();
        (signals, rows)
    });
    if let Some(folder) = &arguments.out {
        write(folder, &signals, &rows)?;
    }
    let commit = document::commit();
    let texts = Texts {
        json: to_json(&rows, commit.as_deref()),
        markdown: markdown(&rows, commit.as_deref()),
        plain: plain(&rows),
    };
    desk.publish(&command(arguments), &texts)?;
    for row in rows.iter().filter(|row| !row.is_met()) {
        complain(&format!("ecg: {}: a bound is missed", row.name));
    }
    Ok(rows.iter().all(Row::is_met))
}

/// What makes the page anew; a record by its name, wherever it was.
fn command(arguments: &Arguments) -> String {
    let records: String =
        arguments.record.iter().map(|path| format!(" --record data/ecg/{}", name_of(path))).collect();
    format!("cargo sim -- ecg --seconds {} --seed {}{records}", arguments.seconds, arguments.seed)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Checked<Signal> {
    let name = name_of(path);
    let folder = path.parent().unwrap_or(Path::new("."));
    Ok(Signal::recorded(&format!("record {name}"), record::read(folder, &name)?))
}

/// `SIGNAL.ecg.csv`, `SIGNAL.beats.csv` and `SIGNAL.found.csv` of each.
fn write(folder: &Path, signals: &[Signal], rows: &[Row]) -> Checked<()> {
    let mut files = Vec::new();
    for (signal, row) in signals.iter().zip(rows) {
        let name = signal.name.replace(' ', "_");
        let column = |head: &str, values: &mut dyn Iterator<Item = String>| {
            values.fold(format!("{head}\n"), |text, value| text + &value + "\n")
        };
        let samples = &mut signal.samples_mv.iter().map(|sample_mv| format!("{sample_mv:.4}"));
        let beats = &mut signal.beats_ms.iter().map(|at_ms| format!("{at_ms:.2}"));
        let found = &mut row.found.iter().map(|found| format!("{:.2},{:.2}", found.at_ms, found.told_ms));
        files.push((format!("{name}.ecg.csv"), column("ecg_mv", samples)));
        files.push((format!("{name}.beats.csv"), column("at_ms", beats)));
        files.push((format!("{name}.found.csv"), column("at_ms,told_ms", found)));
    }
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    write_folder(folder, &files)
}
