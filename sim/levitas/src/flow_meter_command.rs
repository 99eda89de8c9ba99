// SPDX-License-Identifier: Apache-2.0
//! The command `levitas flow-meter`.

use levitas::corners::document;
use levitas::flow_meter::{Effort, check, markdown, plain, to_json};
use levitas::input::{BadInput, Checked};

use super::batch::{Batch, Jobs, Texts};
use super::complain;

/// Most of each.
const COUNT_MAX: u32 = 100_000;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas flow-meter --quiet-hours 0.1
  levitas flow-meter --markdown docs/flow-meter.md --json flow_meter.json

The core's flow meter behind the world's ultrasound, at every flow, fluid and temperature; docs/flow-meter.md explains the table.
Exit code 1 when a bound is missed, one line on standard error each.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Meters, each with errors of its own; the first is the plant's
    #[arg(long, value_name = "N", default_value_t = 20)]
    meters: u32,
    /// Runs with a bubble
    #[arg(long, value_name = "N", default_value_t = 500)]
    bubbles: u32,
    /// Hours without a bubble
    #[arg(long, value_name = "H", default_value_t = 24.0)]
    quiet_hours: f64,
    #[command(flatten)]
    jobs: Jobs,
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; true when every bound is met.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let Arguments { meters, bubbles, quiet_hours, .. } = *arguments;
    if !(1..=COUNT_MAX).contains(&meters) {
        let allowed = format!("1 to {COUNT_MAX}");
        return Err(BadInput::key("--meters", "meters", meters, "too few or too many", allowed));
    }
    if bubbles > COUNT_MAX {
        return Err(BadInput::key("--bubbles", "bubbles", bubbles, "too many", format!("0 to {COUNT_MAX}")));
    }
    if !(0.0..=1e4).contains(&quiet_hours) {
        return Err(BadInput::key("--quiet-hours", "quiet_hours", quiet_hours, "out of range", "0 to 10000"));
    }
    let jobs = arguments.jobs.count()?;
    let desk = arguments.batch.open("flow-meter")?;
    let effort = Effort { meters, bubbles, quiet_h: quiet_hours };
    let found = desk.watch(1.0, "of all", |progress| check(effort, jobs, progress))?;
    let commit = document::commit();
    let texts = Texts {
        json: to_json(&found, commit.as_deref()),
        markdown: markdown(&found, commit.as_deref()),
        plain: plain(&found),
    };
    desk.publish(
        &format!("cargo sim -- flow-meter --meters {meters} --bubbles {bubbles} --quiet-hours {quiet_hours}"),
        &texts,
    )?;
    let findings = found.findings();
    for finding in &findings {
        complain(&format!("flow-meter: {finding}"));
    }
    Ok(findings.is_empty())
}
