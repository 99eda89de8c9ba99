// SPDX-License-Identifier: Apache-2.0
//! The command `levitas compare`.

use levitas::corners::document;
use levitas::input::Checked;
use levitas::peers::{Contender, compare, run_count};

use super::batch::{Batch, Jobs, Texts};

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas compare
  levitas compare --markdown docs/levitation.md
  levitas compare --json - | jq .LADRC

A published PID, active damping at 10 kHz, a tuned PID without and with notches, LQG and LADRC, in plant ecmo-50; two
minutes on two cores. What was given to them and how they were tuned: docs/levitation.md.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    jobs: Jobs,
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; it has no expectations, so it is true.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let jobs = arguments.jobs.count()?;
    let desk = arguments.batch.open("compare")?;
    let runs = run_count(Contender::ALL.len()) as f64;
    let comparison =
        desk.watch(runs, "runs", |progress| compare(&Contender::ALL, jobs, &|done| progress(done as f64)))?;
    let texts = Texts {
        json: comparison.to_json(),
        markdown: comparison.to_markdown(document::commit().as_deref()),
        plain: comparison.table(),
    };
    desk.publish("cargo sim -- compare", &texts)?;
    Ok(true)
}
