// SPDX-License-Identifier: Apache-2.0
//! The command `levitas takeover`.

use std::path::PathBuf;
use std::sync::Mutex;

use levitas::corners::document::{self, Page};
use levitas::input::{BadInput, Checked};
use levitas::progress::Progress;
use levitas::takeover::{Row, markdown, plain, takeover, to_json};

use super::{check_json, complain, say, threads, write_json};

/// Generated section that the table fills in a page.
const SECTION: &str = "takeover";
/// Most phases of a row.
const PHASES_MAX: u32 = 100_000;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas takeover --phases 5
  levitas takeover --only wrong
  levitas takeover --markdown docs/takeover.md --json takeover.json

Both units, every way to fail, in every situation, at so many phases of the control period and of the rotor's turn; a
minute or two on two cores. docs/takeover.md explains the table.
Exit code 1 when a row misses a bound, one line on standard error each.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Phases at which each fault falls
    #[arg(long, value_name = "N", default_value_t = 100)]
    phases: u32,
    /// Only what has this text in its name, as in the column "what fails"
    #[arg(long, value_name = "TEXT", conflicts_with = "markdown")]
    only: Option<String>,
    /// Put the table into this page: a new file, or the section `generated: takeover` of one that has it
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the figures to this file too; - is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Threads [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// No table and no progress; only what does not hold
    #[arg(long, short)]
    quiet: bool,
}

/// Runs it; true when every row holds.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let phases = arguments.phases;
    if !(1..=PHASES_MAX).contains(&phases) {
        let allowed = format!("1 to {PHASES_MAX}");
        return Err(BadInput::key("--phases", "phases", phases, "too few or too many", allowed));
    }
    let jobs = threads(arguments.jobs)?;
    check_json(arguments.json.as_deref())?;
    let page = arguments.markdown.as_deref().map(Page::open).transpose()?;
    page.iter().try_for_each(|page| page.check(SECTION))?;
    let progress = Mutex::new(Progress::new("takeover", 1.0, "of all", arguments.quiet));
    let only = arguments.only.as_deref().unwrap_or("");
    let rows = takeover(phases, only, jobs, &|done, total| {
        if let Ok(mut progress) = progress.lock() {
            progress.show(done as f64 / total as f64);
        }
    });
    if let Ok(mut progress) = progress.lock() {
        progress.finish();
    }
    let (rows, commit) = (rows?, document::commit());
    let to_stdout = write_json(arguments.json.as_deref(), &to_json(&rows, commit.as_deref()))?;
    if let Some(page) = page {
        let command = match phases {
            100 => "cargo sim -- takeover".to_owned(),
            _ => format!("cargo sim -- takeover --phases {phases}"),
        };
        page.write(SECTION, &command, &markdown(&rows, commit.as_deref()))?;
    }
    if !arguments.quiet && !to_stdout {
        say(&plain(&rows));
    }
    for row in rows.iter().filter(|row| !row.is_met()) {
        complain(&format!("takeover: {}", text(row)));
    }
    Ok(rows.iter().all(Row::is_met))
}

fn text(row: &Row) -> String {
    format!(
        "{}, {}: a bound is missed; largest radius {:.1} um, {:.2} ms after the fork",
        row.case.name,
        row.situation.name,
        row.radius_um,
        row.worst_phase_s * 1e3
    )
}
