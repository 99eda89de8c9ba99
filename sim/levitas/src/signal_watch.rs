// SPDX-License-Identifier: Apache-2.0
//! Watches what the alarm systems of the units show: logs it, and measures how soon it is shown.

use levitas_core::alarms::{ALARMS, AlarmSet, AlarmStatus, COUNT};

use crate::event_log::EventLog;
use crate::metrics::{Metrics, SIGNAL_LATENCY};

/// Who shows it, by winding set.
const UNITS: [&str; 2] = ["host", "emergency_drive"];

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct SignalWatch {
    standing: [AlarmSet; 2],
    /// The last event of the scenario [s].
    cause_s: f64,
    /// From the event before to the first time that each alarm is shown, by whichever unit [s].
    first_s: [Option<f64>; COUNT],
}

impl Default for SignalWatch {
    fn default() -> Self {
        Self { standing: [AlarmSet::default(); 2], cause_s: 0.0, first_s: [None; COUNT] }
    }
}

impl SignalWatch {
    /// The scenario does something.
    pub fn act(&mut self, time_s: f64) {
        self.cause_s = time_s;
    }

    /// What the unit of that set shows now; `None`: it is off, and shows nothing.
    pub fn step(&mut self, time_s: f64, set: usize, status: Option<&AlarmStatus>, log: &mut EventLog) {
        let shown = status.map_or(AlarmSet::default(), |status| status.standing);
        let Some((before, unit)) = self.standing.get_mut(set).zip(UNITS.get(set)) else { return };
        for (index, (alarm, first_s)) in ALARMS.iter().zip(&mut self.first_s).enumerate() {
            let (is, was) = (shown.contains(index), before.contains(index));
            if is && !was {
                first_s.get_or_insert(time_s - self.cause_s);
                let text = format!(
                    "{unit}: {}, {} priority: {}. {}",
                    alarm.name,
                    alarm.priority().name(),
                    alarm.message,
                    alarm.action
                );
                log.push(time_s, "alarm_shown", text);
            } else if was && !is {
                log.push(time_s, "alarm_over", format!("{unit}: {}", alarm.name));
            }
        }
        *before = shown;
    }

    /// Enters the latencies.
    pub fn measure(&self, metrics: &mut Metrics) {
        for (alarm, first_s) in ALARMS.iter().zip(self.first_s) {
            if let Some(first_s) = first_s {
                metrics.set_of(SIGNAL_LATENCY, alarm.name, first_s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use levitas_core::alarms::{AlarmSystem, Signs};
    use levitas_core::circulation::conditions::LOW_FLOW;

    #[test]
    fn an_alarm_is_logged_when_it_comes_and_goes_and_timed_from_the_event_before() {
        let (mut watch, mut log) = (SignalWatch::default(), EventLog::default());
        let mut system = AlarmSystem::default();
        watch.act(2.0);
        for step in 0..300 {
            let conditions = if (50..100).contains(&step) { LOW_FLOW } else { 0 };
            let status = system.step(&Signs { conditions, drives: true, ..Signs::default() }, None);
            watch.step(2.0 + f64::from(step) * 0.01, 1, Some(&status), &mut log);
        }
        let kinds: Vec<&str> = log.events().iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["alarm_shown", "alarm_over"]);
        assert!(log.events()[0].text.starts_with("emergency_drive: low_flow, high priority: LOW FLOW."));
        let mut metrics = Metrics::default();
        watch.measure(&mut metrics);
        assert!((metrics.get("signal.low_flow.latency_s").unwrap() - 0.5).abs() < 1e-9);
    }
}
