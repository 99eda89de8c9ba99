// SPDX-License-Identifier: Apache-2.0
//! What modes, limits and interventions do to a living patient: closed loop of the core's pilot and the world's circulation.
//!
//! The rotor is left out: its speed follows the set-point by the slew rate of the speed control, so that hundreds of cases take a minute. The
//! same stories with rotor, sensors and both units are `tests/scenarios/5*.toml`.
//!
//! | part | what it shows |
//! |---|---|
//! | `rig.rs` | the loop |
//! | `flow.rs` | settling, disturbances, clamp, changes of mode |
//! | `suction.rs` | drawn cases of suction with every answer, beside the best speed of a sweep |

mod flow;
mod rig;
mod suction;
mod table;

pub use flow::Row;
pub use suction::Answers;
pub use table::{markdown, plain, to_json};

use crate::input::Checked;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Seeds of each row.
    pub seeds: u64,
    /// Cases of suction.
    pub suctions: u64,
    /// Threads.
    pub jobs: usize,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Circulations {
    /// Rows in the order of the table.
    pub rows: Vec<Row>,
    /// Suction with every answer.
    pub suctions: Answers,
}

impl Circulations {
    /// What does not hold, one line each.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let rows = self.rows.iter().filter_map(Row::finding);
        rows.chain(self.suctions.findings()).collect()
    }
}

/// Runs everything; `progress` gets the share that is done.
///
/// # Errors
/// A set-up that the world refuses.
pub fn circulate(effort: Effort, progress: &(dyn Fn(f64) + Sync)) -> Checked<Circulations> {
    let rows = flow::rows(effort.seeds, &|share| progress(0.2 * share))?;
    let suctions = suction::answers(effort.suctions, effort.jobs, &|share| progress(0.2 + 0.8 * share))?;
    Ok(Circulations { rows, suctions })
}
