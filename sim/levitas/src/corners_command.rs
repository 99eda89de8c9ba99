// SPDX-License-Identifier: Apache-2.0
//! The command `levitas corners`.

use levitas::corners::{Extent, corners, document, table};
use levitas::input::Checked;

use super::batch::{Batch, Jobs, Texts};
use super::complain;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas corners --short
  levitas corners --markdown docs/levitation.md --json corners.json

The whole plan takes some minutes on two cores. Each figure stands with what it must be, its nominal value and its worst
corner, and with the command that replays the worst. Writes no folders. docs/levitation.md explains the table.
Exit code 1 when the nominal plant misses a bound, a rotor touches or a fault row does not hold, one line on standard error
each. A corner that misses a bound says so in the table.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A part of the plan, in less than a minute
    #[arg(long)]
    short: bool,
    #[command(flatten)]
    jobs: Jobs,
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; true when what must hold does.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let jobs = arguments.jobs.count()?;
    let desk = arguments.batch.open("corners")?;
    let extent = Extent { short: arguments.short, jobs };
    let found = desk.watch(1.0, "of all", |progress| {
        corners(extent, &|done, total| progress(done as f64 / total as f64))
    })?;
    let commit = document::commit();
    let command = if extent.short { "cargo sim -- corners --short" } else { "cargo sim -- corners" };
    let texts = Texts {
        json: table::to_json(&found, commit.as_deref()),
        markdown: table::markdown(&found, commit.as_deref()),
        plain: table::plain(&found),
    };
    desk.publish(command, &texts)?;
    let failures = found.failures();
    for line in &failures {
        complain(line);
    }
    Ok(failures.is_empty())
}
