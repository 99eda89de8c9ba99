// SPDX-License-Identifier: Apache-2.0
//! Expectations: bounds on metrics that decide about the exit code.

use crate::input::{Checked, allowed_names};
use crate::metrics::{INVARIANTS_BROKEN, LATER_METRICS, METRICS, Metrics, metric_named};
use crate::toml_file::Table;

/// One `[[expect]]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expect {
    /// Key of the metric.
    pub metric: &'static str,
    /// Smallest allowed value.
    pub min: Option<f64>,
    /// Largest allowed value.
    pub max: Option<f64>,
}

/// An expectation, held against a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The expectation.
    pub expect: Expect,
    /// What the run gave; `None` when the metric does not apply.
    pub value: Option<f64>,
    /// True when it lies within the bounds.
    pub held: bool,
}

impl Expect {
    /// Compares with the metrics of a run; an absent metric does not hold.
    #[must_use]
    pub fn judge(&self, metrics: &Metrics) -> Verdict {
        let value = metrics.get(self.metric);
        let held = value.is_some_and(|value| {
            self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
        });
        Verdict { expect: *self, value, held }
    }

    /// `<= 50`, `>= 1`, or `1 to 50`.
    #[must_use]
    pub fn bounds(&self) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("{min} to {max}"),
            (Some(min), None) => format!(">= {min}"),
            (None, Some(max)) => format!("<= {max}"),
            (None, None) => String::new(),
        }
    }
}

/// Reads one `[[expect]]`.
pub(super) fn read(table: &Table<'_>) -> Checked<Expect> {
    table.allow_keys(&["metric", "min", "max"], " of expect")?;
    let entry = table.required("metric", "the name of a metric, see `levitas list metrics`")?;
    let name = entry.text()?;
    let names: Vec<&str> =
        METRICS.iter().map(|metric| metric.name).filter(|name| *name != INVARIANTS_BROKEN).collect();
    let Some(metric) = metric_named(name) else {
        let later = LATER_METRICS.contains(&name);
        let problem = if later { "this metric is not available yet" } else { "unknown metric" };
        return Err(entry.refuse(problem, allowed_names(name, &names)));
    };
    if metric.name == INVARIANTS_BROKEN {
        return Err(entry.refuse("this is a list and always has to be empty", allowed_names("", &names)));
    }
    let finite = f64::MIN..=f64::MAX;
    let bound = |key: &str| table.entry(key).map(|entry| entry.number(&finite)).transpose();
    let expect = Expect { metric: metric.name, min: bound("min")?, max: bound("max")? };
    match (expect.min, expect.max) {
        (None, None) => Err(entry.refuse("there is no bound", "min, max or both")),
        (Some(min), Some(max)) if min > max => {
            let allowed = format!("at most max = {max}");
            Err(table.required("min", &allowed)?.refuse(format!("min is above max = {max}"), allowed))
        }
        _ => Ok(expect),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_inclusive_and_absent_metrics_do_not_hold() {
        let mut metrics = Metrics::default();
        metrics.set("flow.lpm", 4.0);
        let expect = |metric, min, max| Expect { metric, min, max }.judge(&metrics).held;
        assert!(expect("flow.lpm", Some(4.0), Some(4.0)));
        assert!(!expect("flow.lpm", Some(4.1), None));
        assert!(!expect("flow.lpm", None, Some(3.9)));
        assert!(!expect("levitation.peak_um", None, Some(1e9)));
    }
}
