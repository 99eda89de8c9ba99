// SPDX-License-Identifier: Apache-2.0
//! Watches what the alarm systems of the units show: logs it, measures how soon it is shown, holds it against the scenario's list.

use levitas_core::alarms::{ALARMS, AlarmSet, AlarmStatus, COUNT, PERIOD_MS};

use crate::event_log::EventLog;
use crate::metrics::{Metrics, SIGNAL_LATENCY};
use crate::scenario::ExpectedAlarm;

/// Who shows it, by winding set.
const UNITS: [&str; 2] = ["host", "emergency_drive"];
/// The alarm task sees a sign a period later at most, and what it shows is looked at in the next one [s].
const LOOK_S: f64 = 2e-3 * PERIOD_MS as f64;
const INVARIANT: &str = "alarms_shown";

/// An alarm that a unit shows, or has shown.
#[derive(Clone, Copy, Debug)]
struct Shown {
    index: usize,
    set: usize,
    from_s: f64,
    over_s: Option<f64>,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct SignalWatch {
    standing: [AlarmSet; 2],
    shown: Vec<Shown>,
    /// The last event of the scenario [s].
    cause_s: f64,
    /// From the event before to the first time that each alarm is shown, by whichever unit [s].
    first_s: [Option<f64>; COUNT],
    /// The last acknowledgement [s].
    seen_s: Option<f64>,
    /// Latching alarms that went unasked.
    gone: Vec<String>,
}

impl Default for SignalWatch {
    fn default() -> Self {
        Self {
            standing: [AlarmSet::default(); 2],
            shown: Vec::new(),
            cause_s: 0.0,
            first_s: [None; COUNT],
            seen_s: None,
            gone: Vec::new(),
        }
    }
}

impl SignalWatch {
    /// The scenario does something.
    pub fn act(&mut self, time_s: f64) {
        self.cause_s = time_s;
    }

    /// The operator acknowledges what stands.
    pub fn acknowledged(&mut self, time_s: f64) {
        self.seen_s = Some(time_s);
    }

    /// What the unit of that set shows now; `None`: it is off, and shows nothing.
    pub fn step(&mut self, time_s: f64, set: usize, status: Option<&AlarmStatus>, log: &mut EventLog) {
        let now = status.map_or(AlarmSet::default(), |status| status.standing);
        let Some((before, unit)) = self.standing.get_mut(set).zip(UNITS.get(set)) else { return };
        let before = std::mem::replace(before, now);
        for (index, alarm) in ALARMS.iter().enumerate() {
            let (is, was) = (now.contains(index), before.contains(index));
            if is && !was {
                self.first_s[index].get_or_insert(time_s - self.cause_s);
                self.shown.push(Shown { index, set, from_s: time_s, over_s: None });
                let text = format!(
                    "{unit}: {}, {} priority: {}. {}",
                    alarm.name,
                    alarm.priority().name(),
                    alarm.message,
                    alarm.action
                );
                log.push(time_s, "alarm_shown", text);
            } else if was && !is {
                self.end(time_s, index, set, status.is_some());
                log.push(time_s, "alarm_over", format!("{unit}: {}", alarm.name));
            }
        }
    }

    fn end(&mut self, time_s: f64, index: usize, set: usize, has_power: bool) {
        let is_it = |shown: &&mut Shown| shown.index == index && shown.set == set && shown.over_s.is_none();
        let Some(shown) = self.shown.iter_mut().find(is_it) else { return };
        shown.over_s = Some(time_s);
        let alarm = &ALARMS[index];
        let is_seen = self.seen_s.is_some_and(|seen_s| seen_s >= shown.from_s);
        if alarm.latching && has_power && !is_seen {
            self.gone.push(format!("{} latches, and went at {time_s:.2} s unasked", alarm.name));
        }
    }

    /// What the alarms broke in a run of this length, where the scenario lists them: time, name, text.
    #[must_use]
    pub fn broken(&self, expected: &[ExpectedAlarm], end_s: f64) -> Vec<(f64, &'static str, String)> {
        let mut wrong = self.gone.clone();
        wrong.extend(expected.iter().filter_map(|expected| self.against(expected)));
        let is_listed = |shown: &&Shown| expected.iter().any(|expected| expected.index == shown.index);
        if !expected.is_empty() {
            let others = self.shown.iter().filter(|shown| !is_listed(shown));
            wrong.extend(others.map(|shown| {
                format!("{} was shown at {:.2} s and is not listed", ALARMS[shown.index].name, shown.from_s)
            }));
        }
        if wrong.is_empty() { Vec::new() } else { vec![(end_s, INVARIANT, wrong.join("; "))] }
    }

    /// What is wrong with one alarm of the list.
    fn against(&self, expected: &ExpectedAlarm) -> Option<String> {
        let ExpectedAlarm { index, from_s, over_by_s } = *expected;
        let alarm = &ALARMS[index];
        let mine = || self.shown.iter().filter(|shown| shown.index == index);
        let first_s = mine().map(|shown| shown.from_s).fold(f64::INFINITY, f64::min);
        let delay_s = 1e-3 * f64::from(alarm.detection_ms + alarm.condition_delay_ms) + LOOK_S;
        let name = alarm.name;
        if first_s < from_s {
            return Some(format!("{name} was shown at {first_s:.2} s, before {from_s} s"));
        }
        if first_s > from_s + delay_s {
            let seen =
                if first_s.is_finite() { format!("at {first_s:.2} s") } else { "at no time".to_owned() };
            return Some(format!("{name} was shown {seen}, not by {:.2} s", from_s + delay_s));
        }
        let stands = mine().any(|shown| shown.over_s.is_none());
        let last_s = mine().filter_map(|shown| shown.over_s).fold(0.0, f64::max);
        match over_by_s {
            None if !stands => Some(format!("{name} went at {last_s:.2} s, and is to stand at the end")),
            Some(over_by_s) if stands => Some(format!("{name} stands, and is to be over by {over_by_s} s")),
            Some(over_by_s) if last_s > over_by_s => {
                Some(format!("{name} was over at {last_s:.2} s, not by {over_by_s} s"))
            }
            _ => None,
        }
    }

    /// Enters the latencies.
    pub fn measure(&self, metrics: &mut Metrics) {
        metrics.set("signals.shown", self.shown.len() as f64);
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
