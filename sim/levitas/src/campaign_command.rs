// SPDX-License-Identifier: Apache-2.0
//! The command `levitas campaign`.

use std::ops::Range;
use std::path::PathBuf;

use levitas::campaign::{Campaign, HOURS_MAX, MINUTES_MAX, SEED_MAX, Settings, Store, carry_out};
use levitas::corners::document;
use levitas::input::{BadInput, Checked};

use super::batch::{Batch, Jobs, Texts};
use super::complain;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  levitas campaign --hours 2 --minutes 5          ten minutes of it
  levitas campaign --markdown docs/campaign.md    all of it: about an hour of one core
  levitas campaign --only 7 --out out/hour_7      one hour of it

An hour that is finished is a line of campaign.jsonl in the folder; called again, the command goes on where it was
interrupted, or shows the table. What an hour did that failed is in hour_N.jsonl. docs/campaign.md explains the table.
Exit code 1 when a statement does not hold in an hour, one line on standard error each.";

/// Its command line.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Seed of everything that is drawn
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=SEED_MAX))]
    seed: u64,
    /// Hours
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=i64::from(HOURS_MAX)))]
    hours: u32,
    /// Length of each, shorter for a try
    #[arg(long, value_name = "N", default_value_t = MINUTES_MAX, value_parser = clap::value_parser!(u32).range(1..=i64::from(MINUTES_MAX)))]
    minutes: u32,
    /// Run this hour alone, or hours A to B-1
    #[arg(long, value_name = "H|A..B")]
    only: Option<String>,
    /// Folder of the results
    #[arg(long, value_name = "DIR", default_value = "out/campaign")]
    out: PathBuf,
    #[command(flatten)]
    jobs: Jobs,
    #[command(flatten)]
    batch: Batch,
}

/// Runs it; true when every statement holds in every hour that is finished.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let settings = Settings { seed: arguments.seed, hours: arguments.hours, minutes: arguments.minutes };
    let range = range(arguments.only.as_deref(), settings.hours)?;
    let jobs = arguments.jobs.count()?;
    let desk = arguments.batch.open("campaign")?;
    let store = Store::open(&arguments.out, settings, document::commit())?;
    if let Some(strangers) = store.strangers()? {
        complain(&format!("campaign: {}: {strangers}", arguments.out.display()));
    }
    let total_h = range.len() as f64 * f64::from(settings.minutes) / 60.0;
    desk.watch(total_h, "h", |progress| carry_out(&store, &range, jobs, progress))?;
    let campaign = Campaign { settings, lines: store.lines()? };
    let texts = Texts { json: campaign.to_json(), markdown: campaign.markdown(), plain: campaign.plain() };
    desk.publish(&format!("cargo sim -- campaign{}", settings.options()), &texts)?;
    let failures = campaign.failures();
    for failure in &failures {
        complain(&format!("campaign: {}", campaign.complaint(failure)));
    }
    Ok(failures.is_empty())
}

/// The hours to run.
fn range(only: Option<&str>, hours: u32) -> Checked<Range<u32>> {
    let Some(text) = only else { return Ok(0..hours) };
    let range = match text.split_once("..") {
        Some((from, to)) => from.parse().ok().zip(to.parse().ok()).map(|(from, to)| from..to),
        None => text.parse().ok().and_then(|hour: u32| Some(hour..hour.checked_add(1)?)),
    };
    let allowed = format!("an hour, or A..B, within 0..{hours}");
    match range {
        Some(range) if !range.is_empty() && range.end <= hours => Ok(range),
        _ => Err(BadInput::key("--only", "only", text, "there are no such hours", allowed)),
    }
}
