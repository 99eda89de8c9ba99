// SPDX-License-Identifier: Apache-2.0
//! `levitas campaign`: every statement of this project about 24 hours, from seeded hours that are independent of each other.
//!
//! # Model
//! An hour begins with a rotor that lies at the wall, and ends. What happens in it is drawn from its seed ([`plan`]), both
//! units and the world run through it ([`hour`]), every step is watched ([`watch`]), and the statements are judged for each
//! hour ([`statements`]). A finished hour is one line of the results ([`store`]); the table is made from those lines
//! alone, so it does not depend on threads, order or interruptions.
//!
//! # Limits
//! Nothing is carried from one hour into the next, so what grows over 24 hours must be shown otherwise.

mod hour;
mod plan;
mod statements;
mod store;
mod table;
mod watch;

use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::corners::pool;
use crate::input::Checked;
use crate::outputs::write_file;

pub use statements::{Bound, Figure, Over, STATEMENTS, Seen, Statement};
pub use store::{Line, Store};
pub use table::{Campaign, Failure};

/// What makes a campaign what it is: the same settings, the same results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Seed of everything.
    pub seed: u64,
    /// Number of hours.
    pub hours: u32,
    /// Length of each [min], 60 but in short campaigns.
    pub minutes: u32,
}

/// Most hours of a campaign; the seeds of two campaigns lie so far apart.
pub const HOURS_MAX: u32 = 1000;
/// Longest shard [min].
pub const MINUTES_MAX: u32 = 60;
/// Largest seed of a campaign.
pub const SEED_MAX: u64 = crate::scenario::SEED_MAX / HOURS_MAX as u64 - 1;

impl Settings {
    /// Seed of an hour.
    #[must_use]
    pub fn seed_of(&self, hour: u32) -> u64 {
        self.seed * u64::from(HOURS_MAX) + u64::from(hour)
    }

    /// Options of a command line.
    #[must_use]
    pub fn options(&self) -> String {
        let Self { seed, hours, minutes } = self;
        let mut text = String::new();
        for (name, value, default) in [
            ("seed", *seed, 1),
            ("hours", u64::from(*hours), 24),
            ("minutes", u64::from(*minutes), u64::from(MINUTES_MAX)),
        ] {
            if value != default {
                text.push_str(&format!(" --{name} {value}"));
            }
        }
        text
    }
}

/// Runs the hours of a range that the results lack. `progress` gets the simulated hours done, those found done among
/// them. What an hour did that failed is written beside the results.
///
/// # Errors
/// The scenario behind it is refused, or the results cannot be written.
pub fn carry_out(
    store: &Store,
    range: &Range<u32>,
    jobs: usize,
    progress: &(dyn Fn(f64) + Sync),
) -> Checked<()> {
    let settings = *store.settings();
    let done: Vec<u32> = store.lines()?.iter().map(|line| line.hour).collect();
    let missing: Vec<u32> = range.clone().filter(|hour| !done.contains(hour)).collect();
    let found_s = (range.len() - missing.len()) as f64 * f64::from(settings.minutes) * plan::MINUTE_S;
    let seconds = AtomicU64::new(0);
    let tick = || {
        let simulated_s = (seconds.fetch_add(1, Ordering::Relaxed) + 1) as f64;
        progress((found_s + simulated_s) / S_PER_H);
    };
    let writing = Mutex::new(());
    let work = |hour: &u32| {
        let done = hour::run(&settings, *hour, &tick)?;
        let line = Line::of(*hour, &done, store.commit());
        let _alone = writing.lock();
        if !line.failures().is_empty() {
            write_file(&story_file(store.folder(), *hour), &done.log.to_json_lines(), "--out")?;
        }
        store.append(&line)
    };
    pool::carry_out(&missing, jobs, &work, &|| {}).map(|_| ())
}

/// Seconds per hour.
const S_PER_H: f64 = 3600.0;

/// What was done and seen in an hour that failed.
fn story_file(folder: &Path, hour: u32) -> std::path::PathBuf {
    folder.join(format!("hour_{hour}.jsonl"))
}
