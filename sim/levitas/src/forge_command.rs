// SPDX-License-Identifier: Apache-2.0
//! The command `levitas forge`.

use std::path::PathBuf;

use levitas::corners::document::{self, Page};
use levitas::forge::{forge, markdown, plain, to_json};
use levitas::input::{BadInput, Checked};
use levitas::progress::Progress;

use super::{check_json, complain, say, write_json};

/// Generated section that the table fills in a page.
const SECTION: &str = "forge";
/// Fewest and most frames: every kind comes several times; some minutes.
const FRAMES: std::ops::RangeInclusive<u64> = 1000..=100_000_000;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas forge --frames 10000
  levitas forge --markdown docs/commands.md --json forge.json

Two units pump 4 L/min while somebody with a key forges commands and status frames; docs/commands.md explains the table.
Exit code 1 when a frame is carried out or not counted, or the drive feels it, one line on standard error each.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Forged frames in all; a twentieth of them goes over the bus
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    frames: u64,
    /// Seed of every random draw
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Put the table into this page: a new file, or the section `generated: forge` of one that has it
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the figures to this file too; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// No table and no progress; only what does not hold
    #[arg(long, short)]
    quiet: bool,
}

/// Runs it; true when nothing was carried out and nothing was felt.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let frames = arguments.frames;
    if !FRAMES.contains(&frames) {
        let allowed = format!("{} to {}", FRAMES.start(), FRAMES.end());
        return Err(BadInput::key("--frames", "frames", frames, "too few or too many", allowed));
    }
    check_json(arguments.json.as_deref())?;
    let page = arguments.markdown.as_deref().map(Page::open).transpose()?;
    page.iter().try_for_each(|page| page.check(SECTION))?;
    let mut progress = Progress::new("forge", 1.0, "of all", arguments.quiet);
    let forged = forge(frames, arguments.seed, &mut |share| progress.show(share))?;
    progress.finish();
    let commit = document::commit();
    let to_stdout = write_json(arguments.json.as_deref(), &to_json(&forged, commit.as_deref()))?;
    if let Some(page) = page {
        let command = format!("cargo sim -- forge --frames {frames} --seed {}", arguments.seed);
        page.write(SECTION, &command, &markdown(&forged, commit.as_deref()))?;
    }
    if !arguments.quiet && !to_stdout {
        say(&plain(&forged));
    }
    let findings = forged.findings();
    for finding in &findings {
        complain(&format!("forge: {finding}"));
    }
    Ok(findings.is_empty())
}
