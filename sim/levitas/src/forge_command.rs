// SPDX-License-Identifier: Apache-2.0
//! The command `levitas forge`.

use levitas::corners::document;
use levitas::forge::{forge, markdown, plain, to_json};
use levitas::input::{BadInput, Checked};

use super::batch::{Batch, Texts};
use super::complain;

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
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; true when nothing was carried out and nothing was felt.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let frames = arguments.frames;
    if !FRAMES.contains(&frames) {
        let allowed = format!("{} to {}", FRAMES.start(), FRAMES.end());
        return Err(BadInput::key("--frames", "frames", frames, "too few or too many", allowed));
    }
    let desk = arguments.batch.open("forge")?;
    let forged =
        desk.watch(1.0, "of all", |progress| forge(frames, arguments.seed, &mut |share| progress(share)))?;
    let commit = document::commit();
    let command = format!("cargo sim -- forge --frames {frames} --seed {}", arguments.seed);
    let texts = Texts {
        json: to_json(&forged, commit.as_deref()),
        markdown: markdown(&forged, commit.as_deref()),
        plain: plain(&forged),
    };
    desk.publish(&command, &texts)?;
    let findings = forged.findings();
    for finding in &findings {
        complain(&format!("forge: {finding}"));
    }
    Ok(findings.is_empty())
}
