// SPDX-License-Identifier: Apache-2.0
//! Watches what the circulation of the unit that drives says is wrong: logs it, and measures how soon it is said.

use levitas_core::circulation::conditions::TABLE;

use crate::event_log::EventLog;
use crate::metrics::{CONDITION_LATENCY, Metrics};

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct ConditionWatch {
    stands: u32,
    /// The last event of the scenario [s].
    cause_s: f64,
    /// From the event before to the first time that each condition was said [s].
    first_s: [Option<f64>; TABLE.len()],
}

impl ConditionWatch {
    /// The scenario does something.
    pub fn act(&mut self, time_s: f64) {
        self.cause_s = time_s;
    }

    /// What stands now, bits of [`levitas_core::circulation::conditions`].
    pub fn step(&mut self, time_s: f64, conditions: u32, log: &mut EventLog) {
        let changed = self.stands ^ conditions;
        self.stands = conditions;
        for ((bit, name, text), first_s) in TABLE.iter().zip(&mut self.first_s) {
            if changed & bit == 0 {
                continue;
            }
            if conditions & bit == 0 {
                log.push(time_s, "condition_cleared", *name);
            } else {
                first_s.get_or_insert(time_s - self.cause_s);
                log.push(time_s, "condition", format!("{name}: {text}"));
            }
        }
    }

    /// Enters the latencies.
    pub fn measure(&self, metrics: &mut Metrics) {
        for ((_, name, _), first_s) in TABLE.iter().zip(self.first_s) {
            if let Some(first_s) = first_s {
                metrics.set_of(CONDITION_LATENCY, name, first_s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_logged_when_it_comes_and_goes_and_timed_from_the_event_before() {
        let (mut watch, mut log) = (ConditionWatch::default(), EventLog::default());
        let (bit, name, _) = TABLE[3];
        watch.act(2.0);
        for (time_s, conditions) in [(2.1, 0), (2.5, bit), (2.6, bit), (3.0, 0), (4.0, bit)] {
            watch.step(time_s, conditions, &mut log);
        }
        let kinds: Vec<&str> = log.events().iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["condition", "condition_cleared", "condition"]);
        let mut metrics = Metrics::default();
        watch.measure(&mut metrics);
        let metric = format!("{}{name}{}", CONDITION_LATENCY.0, CONDITION_LATENCY.1);
        assert!((metrics.get(&metric).unwrap() - 0.5).abs() < 1e-9);
    }
}
