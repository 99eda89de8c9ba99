// SPDX-License-Identifier: Apache-2.0
//! The command `levitas warming`.

use levitas::corners::document;
use levitas::input::{BadInput, Checked};
use levitas::warming::{Effort, SEEDS_MAX, SITUATIONS_MAX, markdown, plain, to_json, warm};

use super::batch::{Batch, Jobs, Texts};
use super::complain;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas warming --seeds 1 --situations 1
  levitas warming --markdown docs/warming.md

Rewarming, cooling, the cut-out alone, each fault and each pair of faults, without the rotor; docs/warming.md explains the tables.
Exit code 1 when a bound is missed, one line on standard error each.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Seeds of each story and each fault; runs of pairs take them by turns
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: u64,
    /// Situations in which all pairs of faults are run
    #[arg(long, value_name = "N", default_value_t = SITUATIONS_MAX)]
    situations: usize,
    #[command(flatten)]
    jobs: Jobs,
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; true when everything held.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let Arguments { seeds, situations, jobs, batch } = arguments;
    if !(1..=SEEDS_MAX).contains(seeds) {
        let allowed = format!("1 to {SEEDS_MAX}");
        return Err(BadInput::key("--seeds", "number", seeds, "too few or too many", allowed));
    }
    if *situations > SITUATIONS_MAX {
        let allowed = format!("0 to {SITUATIONS_MAX}");
        return Err(BadInput::key("--situations", "number", situations, "too many", allowed));
    }
    let effort = Effort { seeds: *seeds, situations: *situations, jobs: jobs.count()? };
    let desk = batch.open("warming")?;
    let all = desk.watch(1.0, "of all", |progress| warm(effort, progress))?;
    let commit = document::commit();
    let command = format!("cargo sim -- warming --seeds {seeds} --situations {situations}");
    let texts = Texts {
        json: to_json(&all, commit.as_deref()),
        markdown: markdown(&all, commit.as_deref()),
        plain: plain(&all),
    };
    desk.publish(&command, &texts)?;
    let findings = all.findings();
    for finding in &findings {
        complain(&format!("warming: {finding}"));
    }
    Ok(findings.is_empty())
}
