// SPDX-License-Identifier: Apache-2.0
//! One scenario with many seeds: how far the figures spread, and which seeds fail.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde_json::json;

use crate::analysis::median_of_sorted;
use crate::input::{BadInput, Checked};
use crate::metrics::{METRICS, REALTIME_FACTOR, rounded};
use crate::scenario::{SEED_MAX, Scenario};
use crate::simulation::run;
use crate::summary::{failures, shown};

/// Most seeds of one sweep.
const SEED_COUNT_MAX: u64 = 1_000_000;

/// Reads `A..B` (B is not run) or `A..=B`.
///
/// # Errors
/// Not two whole numbers, or none between them.
pub fn parse_seeds(text: &str) -> Checked<Range<u64>> {
    let allowed = "A..B with A < B, for instance 0..200 for the 200 seeds 0 to 199, or A..=B";
    let refused = |problem: &str| BadInput::key("--seeds", "seeds", text, problem, allowed);
    let (first, last, inclusive) = match text.split_once("..=") {
        Some((first, last)) => (first, last, true),
        None => {
            let (first, last) = text.split_once("..").ok_or_else(|| refused("there is no .."))?;
            (first, last, false)
        }
    };
    let number = |part: &str| part.trim().parse::<u64>().ok().filter(|seed| *seed <= SEED_MAX);
    let (Some(first), Some(last)) = (number(first), number(last)) else {
        return Err(refused("not two whole numbers below 2^53"));
    };
    let end = last + u64::from(inclusive);
    match end.checked_sub(first) {
        None | Some(0) => Err(refused("no seed in it")),
        Some(count) if count > SEED_COUNT_MAX => Err(refused("more than a million seeds")),
        Some(_) => Ok(first..end),
    }
}

/// A seed that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// Why, one line each.
    pub reasons: Vec<String>,
}

/// Result of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweep {
    /// Values of each metric over the seeds, sorted.
    pub values: BTreeMap<&'static str, Vec<f64>>,
    /// Seeds that failed, in order.
    pub failures: Vec<Failure>,
    /// Number of seeds.
    pub count: u64,
}

/// Runs all seeds on so many threads. The result does not depend on the number of threads.
///
/// # Errors
/// The scenario's numbers are refused as a whole.
pub fn sweep(
    scenario: &Scenario,
    seeds: Range<u64>,
    jobs: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Checked<Sweep> {
    let next = AtomicU64::new(seeds.start);
    let done = AtomicUsize::new(0);
    let results = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let outcome = run(&Scenario { seed, ..scenario.clone() }, &mut |_| {});
                    let result = outcome.map(|outcome| (outcome.metrics.numbers.clone(), failures(&outcome)));
                    if let Ok(mut results) = results.lock() {
                        results.insert(seed, result);
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    let mut sweep = Sweep { count: seeds.end - seeds.start, ..Sweep::default() };
    for (seed, result) in results.into_inner().unwrap_or_default() {
        let (numbers, reasons) = result?;
        for (name, value) in numbers.into_iter().filter(|(name, _)| *name != REALTIME_FACTOR) {
            sweep.values.entry(name).or_default().push(value);
        }
        if !reasons.is_empty() {
            sweep.failures.push(Failure { seed, reasons });
        }
    }
    for values in sweep.values.values_mut() {
        values.sort_by(f64::total_cmp);
    }
    Ok(sweep)
}

impl Sweep {
    /// Smallest, middle and largest value of a metric.
    #[must_use]
    pub fn spread(&self, name: &str) -> Option<[f64; 3]> {
        let values = self.values.get(name)?;
        Some([*values.first()?, median_of_sorted(values), *values.last()?])
    }

    /// The table for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text =
            format!("  {:40} {:>11} {:>11} {:>11} {:6} {}\n", "metric", "min", "median", "max", "", "seeds");
        for metric in METRICS.iter() {
            let Some(spread) = self.spread(metric.name) else { continue };
            let [min, median, max] = spread.map(|value| shown(metric, value));
            let count = self.values.get(metric.name).map_or(0, Vec::len);
            let _ = writeln!(
                text,
                "  {:40} {min:>11} {median:>11} {max:>11} {:6} {count}",
                metric.name, metric.unit
            );
        }
        text
    }

    /// JSON for `--json`.
    #[must_use]
    pub fn to_json(&self, scenario: &Scenario, replay: &dyn Fn(u64) -> String) -> String {
        let spreads: serde_json::Map<String, serde_json::Value> = METRICS
            .iter()
            .filter_map(|metric| {
                let [min, median, max] = self.spread(metric.name)?.map(|value| rounded(value, 9));
                let count = self.values.get(metric.name).map_or(0, Vec::len);
                Some((
                    metric.name.to_owned(),
                    json!({"min": min, "median": median, "max": max, "seeds": count}),
                ))
            })
            .collect();
        let failed: Vec<serde_json::Value> = self
            .failures
            .iter()
            .map(|failure| json!({"seed": failure.seed, "reasons": failure.reasons, "replay": replay(failure.seed)}))
            .collect();
        let object =
            json!({"scenario": scenario.name, "seeds": self.count, "metrics": spreads, "failures": failed});
        format!("{object:#}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_seeds() {
        assert_eq!(parse_seeds("0..200").unwrap(), 0..200);
        assert_eq!(parse_seeds("5..=5").unwrap(), 5..6);
        for text in ["7", "5..5", "9..3", "a..b", "0..99999999", "-1..4", "0..=18446744073709551615"] {
            assert!(parse_seeds(text).unwrap_err().to_string().contains("allowed is A..B"), "{text}");
        }
    }
}
