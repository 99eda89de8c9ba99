// SPDX-License-Identifier: Apache-2.0
//! The command `levitas takeover`.

use levitas::corners::document;
use levitas::input::{BadInput, Checked};
use levitas::takeover::{Row, markdown, plain, takeover, to_json};

use super::batch::{Batch, Jobs, Texts};
use super::complain;

/// Most phases of a row.
const PHASES_MAX: u32 = 100_000;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas takeover --phases 5
  levitas takeover --only wrong
  levitas takeover --markdown docs/takeover.md --json takeover.json

Both units, every way to fail, in every situation, at so many phases of the control period and of the rotor's turn; five
minutes on one core. docs/takeover.md explains the table.
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
    #[command(flatten)]
    jobs: Jobs,
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; true when every row holds.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let phases = arguments.phases;
    if !(1..=PHASES_MAX).contains(&phases) {
        let allowed = format!("1 to {PHASES_MAX}");
        return Err(BadInput::key("--phases", "phases", phases, "too few or too many", allowed));
    }
    let only = arguments.only.as_deref().unwrap_or("");
    let jobs = arguments.jobs.count()?;
    let desk = arguments.batch.open("takeover")?;
    let rows = desk.watch(1.0, "of all", |progress| {
        takeover(phases, only, jobs, &|done, total| progress(done as f64 / total as f64))
    })?;
    let commit = document::commit();
    let command = match phases {
        100 => "cargo sim -- takeover".to_owned(),
        _ => format!("cargo sim -- takeover --phases {phases}"),
    };
    let texts = Texts {
        json: to_json(&rows, commit.as_deref()),
        markdown: markdown(&rows, commit.as_deref()),
        plain: plain(&rows),
    };
    desk.publish(&command, &texts)?;
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
