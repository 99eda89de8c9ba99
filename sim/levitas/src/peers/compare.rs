// SPDX-License-Identifier: Apache-2.0
//! All contenders through all figures, on so many threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::figures::{FIGURES, Goal, Part, Value, measure, parts};
use super::{Comparison, Contender};
use crate::corners::pool::carry_out;
use crate::input::Checked;

/// Number of runs of a comparison of so many contenders, for a progress bar.
#[must_use]
pub fn run_count(contenders: usize) -> usize {
    contenders * parts().len()
}

/// Measures every figure of these contenders. The result does not depend on the number of threads.
///
/// # Errors
/// The plant or a configuration is refused.
pub fn compare(
    contenders: &[Contender],
    jobs: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Checked<Comparison> {
    measure_all(&pairs(contenders, |_| true), jobs, progress)
}

/// Measures the parts from which these figures come, and what else comes from them.
///
/// # Errors
/// As [`compare`].
pub fn compare_figures(
    contenders: &[Contender],
    keys: &[&str],
    jobs: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Checked<Comparison> {
    measure_all(&pairs(contenders, |part| part.gives(keys)), jobs, progress)
}

/// Contenders with parts.
fn pairs(contenders: &[Contender], wanted: impl Fn(&Part) -> bool) -> Vec<(Contender, Part)> {
    let parts: Vec<Part> = parts().into_iter().filter(wanted).collect();
    contenders.iter().flat_map(|contender| parts.iter().map(|part| (*contender, *part))).collect()
}

fn measure_all(
    work: &[(Contender, Part)],
    jobs: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Checked<Comparison> {
    let done = AtomicUsize::new(0);
    let results = carry_out(work, jobs, &|(contender, part)| measure(*contender, *part), &|| {
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
    })?;
    let mut columns: BTreeMap<Contender, BTreeMap<&'static str, Value>> = BTreeMap::new();
    for ((contender, _), measured) in work.iter().zip(results) {
        let column = columns.entry(*contender).or_default();
        let touches = measured.iter().any(|(_, value)| *value == Value::Touches);
        for (key, value) in measured {
            column.entry(key).and_modify(|old| *old = worse(key, *old, value)).or_insert(value);
        }
        let count = column.entry("touchdowns").or_insert(Value::Number(0.0));
        if let (true, Value::Number(count)) = (touches, count) {
            *count += 1.0;
        }
    }
    Ok(Comparison { columns })
}

/// The worse of two measurements of a figure.
fn worse(key: &str, a: Value, b: Value) -> Value {
    let more = FIGURES.iter().any(|figure| figure.key == key && figure.goal == Goal::More);
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Value::Number(if more { a.min(b) } else { a.max(b) }),
        _ => Value::Touches,
    }
}
