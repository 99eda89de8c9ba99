// SPDX-License-Identifier: Apache-2.0
//! What the warming device does to a patient: control and cut-out of the core on device and heat of the world, without rotor and unit.
//!
//! | part | what it shows |
//! |---|---|
//! | `rig.rs` | the loop |
//! | `stories.rs` | rewarming, cooling, steady, the cut-out alone |
//! | `faults.rs` | each fault, each pair of faults |

mod faults;
mod rig;
mod stories;
mod table;

use std::sync::atomic::{AtomicUsize, Ordering};

pub use faults::{Pairs, Single};
pub use stories::Row;
pub use table::{markdown, plain, to_json};

use crate::input::Checked;

/// Water that is never to be exceeded [C].
pub const WATER_CELSIUS_MAX: f64 = 42.0;
/// Blood that is never to be exceeded [C].
pub const BLOOD_CELSIUS_MAX: f64 = 40.0;

/// Water that the thermostat lets be, when nothing else is left [C]: 43 C, what its lag and the sheath add, and a kelvin.
pub const THERMOSTAT_WATER_CELSIUS_MAX: f64 = 45.0;
/// Situations in which pairs of faults are run.
pub const SITUATIONS_MAX: usize = faults::SITUATIONS.len();
/// Seeds of one run.
pub const SEEDS_MAX: u64 = 1000;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Seeds of each story and each fault; runs of pairs take them by turns.
    pub seeds: u64,
    /// Situations in which all pairs of faults are run, 0 to [`SITUATIONS_MAX`].
    pub situations: usize,
    /// Threads.
    pub jobs: usize,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Warmings {
    /// Stories in the order of the table.
    pub rows: Vec<Row>,
    /// Each fault alone.
    pub singles: Vec<Single>,
    /// All pairs of which a bound is asked, by situation.
    pub pairs: Vec<Pairs>,
    /// Pairs that are wholly in the chain of the cut-out, by situation: nothing is asked of them.
    pub in_chain: Vec<Pairs>,
}

impl Warmings {
    /// What does not hold, one line each.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let rows = self.rows.iter().filter_map(Row::finding);
        let singles = self.singles.iter().filter_map(Single::finding);
        rows.chain(singles).chain(self.pairs.iter().filter_map(Pairs::finding)).collect()
    }
}

/// Runs everything; `progress` gets the share that is done.
///
/// # Errors
/// A setting that the core refuses.
pub fn warm(effort: Effort, progress: &(dyn Fn(f64) + Sync)) -> Checked<Warmings> {
    let parts = 1 + effort.situations + stories::STORIES.len();
    let finished = AtomicUsize::new(0);
    let done = || progress((finished.fetch_add(1, Ordering::Relaxed) + 1) as f64 / parts as f64);
    let mut rows: Vec<Row> = Vec::new();
    for story in stories::STORIES {
        let mut own: Vec<Row> = Vec::new();
        for seed in 1..=effort.seeds {
            for (at, row) in story(seed)?.into_iter().enumerate() {
                match own.get_mut(at) {
                    // A figure that is no number is worse than any.
                    Some(known) if row.worst > known.worst || row.worst.is_nan() => *known = row,
                    Some(_) => {}
                    None => own.push(row),
                }
            }
        }
        rows.extend(own);
        done();
    }
    let singles = faults::singles(effort.seeds, effort.jobs, &|| {})?;
    done();
    let pairs = faults::pairs(false, effort, &done)?;
    let in_chain = faults::pairs(true, effort, &|| {})?;
    Ok(Warmings { rows, singles, pairs, in_chain })
}
