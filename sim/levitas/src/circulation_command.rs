// SPDX-License-Identifier: Apache-2.0
//! The command `levitas circulation`.

use levitas::circulation::{Effort, circulate, markdown, plain, to_json};
use levitas::corners::document;
use levitas::input::{BadInput, Checked};

use super::batch::{Batch, Jobs, Texts};
use super::complain;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas circulation --seeds 1 --suctions 10
  levitas circulation --markdown docs/circulation.md

Modes, limits and interventions against a living patient, without the rotor; docs/circulation.md explains the table.
Exit code 1 when a figure does not hold, one line on standard error each.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Seeds of each row
    #[arg(long, value_name = "N", default_value_t = 5)]
    seeds: u64,
    /// Cases of suction with each answer
    #[arg(long, value_name = "N", default_value_t = 200)]
    suctions: u64,
    #[command(flatten)]
    jobs: Jobs,
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; true when everything held.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let Arguments { seeds, suctions, jobs, batch } = arguments;
    for (key, value) in [("--seeds", *seeds), ("--suctions", *suctions)] {
        if !(1..=10_000).contains(&value) {
            return Err(BadInput::key(key, "number", value, "too few or too many", "1 to 10000"));
        }
    }
    let effort = Effort { seeds: *seeds, suctions: *suctions, jobs: jobs.count()? };
    let desk = batch.open("circulation")?;
    let all = desk.watch(1.0, "of all", |progress| circulate(effort, progress))?;
    let commit = document::commit();
    let command = format!("cargo sim -- circulation --seeds {seeds} --suctions {suctions}");
    let texts = Texts {
        json: to_json(&all, commit.as_deref()),
        markdown: markdown(&all, commit.as_deref()),
        plain: plain(&all),
    };
    desk.publish(&command, &texts)?;
    let findings = all.findings();
    for finding in &findings {
        complain(&format!("circulation: {finding}"));
    }
    Ok(findings.is_empty())
}
