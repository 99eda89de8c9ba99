// SPDX-License-Identifier: Apache-2.0
//! The command `levitas compare`.

use std::path::PathBuf;
use std::sync::Mutex;

use levitas::corners::document::{self, Page};
use levitas::input::Checked;
use levitas::peers::{Contender, compare, run_count};
use levitas::progress::Progress;

use super::{check_json, say, threads, write_json};

/// Generated section that the table fills in a page.
const SECTION: &str = "compare";

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
    /// Put the table into this page: a new file, or the section `generated: compare` of one that has it
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the figures to this file too; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// No table and no progress
    #[arg(long, short)]
    quiet: bool,
}

/// Runs it; it has no expectations, so it is true.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let jobs = threads(arguments.jobs)?;
    check_json(arguments.json.as_deref())?;
    let page = arguments.markdown.as_deref().map(Page::open).transpose()?;
    page.iter().try_for_each(|page| page.check(SECTION))?;
    let runs = run_count(Contender::ALL.len()) as f64;
    let progress = Mutex::new(Progress::new("compare", runs, "runs", arguments.quiet));
    let comparison = compare(&Contender::ALL, jobs, &|done| {
        if let Ok(mut progress) = progress.lock() {
            progress.show(done as f64);
        }
    });
    if let Ok(mut progress) = progress.lock() {
        progress.finish();
    }
    let (comparison, commit) = (comparison?, document::commit());
    let to_stdout = write_json(arguments.json.as_deref(), &comparison.to_json())?;
    if let Some(page) = page {
        page.write(SECTION, "cargo sim -- compare", &comparison.to_markdown(commit.as_deref()))?;
    }
    if !arguments.quiet && !to_stdout {
        say(&comparison.table());
    }
    Ok(true)
}
