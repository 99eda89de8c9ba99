// SPDX-License-Identifier: Apache-2.0
//! Watches the host's alarms: logs them, measures how soon they come, judges them by the fault catalogue.
//!
//! # Model
//! An alarm is a bit of `LevitationMail::faults` ([`fault::TABLE`]). It rises when the bit is set, and is over when the
//! bit has been away for [`CLEAR_S`]: a bit that flickers is one alarm.
//!
//! # Limits and failure
//! *In time*: the bit is set at some moment between the fault and its bound. A fault that is over before its bound, or
//! whose bound lies beyond the run, is not judged; neither is a fault of the emergency drive, which is not in the loop.
//! *False*: a rise before the first fault or disturbance, with one exception: `touchdown` once the rotor has truly
//! touched, for which the invariant `touchdown` stands. That the angle is not known in the first [`FIND_ANGLE_S`] is no
//! alarm: the unit has just been switched on, is finding the angle, and energises nothing.

use levitas_core::mail::fault;

use crate::channel::Sample;
use crate::event_log::EventLog;
use crate::fault_catalogue::{alarm_name, all_alarms};
use crate::metrics::{ALARM_LATENCY, Metrics};
use crate::scenario::{EventAction, InjectedFault, Scenario, sensor_of};
use crate::story::Act;

/// Time without its condition after which an alarm is over [s].
const CLEAR_S: f64 = 0.010;
/// Time from the start in which the angle may still be unknown [s].
const FIND_ANGLE_S: f64 = 0.020;
/// What rounding may take from a bound of whole periods [s].
const TIME_TOLERANCE_S: f64 = 1e-9;

/// One bit of the host.
#[derive(Clone, Copy, Debug)]
struct Alarm {
    bit: u32,
    name: &'static str,
    doc: &'static str,
    up: bool,
    seen_s: f64,
    first_s: Option<f64>,
}

/// A fault that is waiting for its alarm, or has got it.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    at_s: f64,
    /// When its time began [s]: with the fault, or when the bus fell low enough.
    since_s: Option<f64>,
    injected: InjectedFault,
    raised: bool,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct AlarmWatch {
    alarms: Vec<Alarm>,
    awaited: Vec<Awaited>,
    /// Where latencies start: the first fault, without one the first disturbance [s].
    from_s: f64,
    /// First fault or disturbance [s].
    cause_s: f64,
    false_alarm: Option<(f64, &'static str)>,
}

impl Awaited {
    fn step(&mut self, sample: &Sample, alarms: u64) {
        if sample.time_s <= self.at_s {
            return;
        }
        if self.since_s.is_none() && self.injected.below_bus_v == f64::INFINITY {
            self.since_s = Some(self.at_s);
        } else if self.since_s.is_none() && sample.bus_voltage_v < self.injected.below_bus_v {
            self.since_s = Some(sample.time_s);
        }
        let Some(since_s) = self.since_s else { return };
        let in_time = sample.time_s - since_s <= self.injected.within_s + TIME_TOLERANCE_S;
        self.raised |= in_time && alarms & self.injected.alarm != 0;
    }
}

impl AlarmWatch {
    /// A watch over one run.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let alarm = |(bit, name, doc): &(u32, &'static str, &'static str)| Alarm {
            bit: *bit,
            name,
            doc,
            up: false,
            seen_s: f64::NEG_INFINITY,
            first_s: None,
        };
        let faults = scenario.events.iter().filter_map(|event| match event.action {
            EventAction::Fault(injected) => {
                Some(Awaited { at_s: event.at_s, since_s: None, injected, raised: false })
            }
            _ => None,
        });
        let is_watched =
            |awaited: &Awaited| awaited.injected.set == 0 || sensor_of(awaited.injected.set).is_some();
        let awaited: Vec<Awaited> = faults.filter(is_watched).collect();
        let cause_s = scenario.story().first(Act::Disturb).unwrap_or(f64::INFINITY);
        Self {
            alarms: fault::TABLE.iter().map(alarm).collect(),
            from_s: awaited.first().map_or(cause_s, |first| first.at_s),
            cause_s,
            awaited,
            false_alarm: None,
        }
    }

    /// Takes one step, with the true touchdowns so far; what rises or ends goes to the log.
    pub fn step(&mut self, sample: &Sample, touchdowns: u32, log: &mut EventLog) {
        let time_s = sample.time_s;
        let finding = if time_s < FIND_ANGLE_S { fault::ANGLE } else { 0 };
        let faults = sample.faults & !finding;
        for awaited in &mut self.awaited {
            awaited.step(sample, all_alarms(faults, sample.pair_alarms));
        }
        if faults != 0 || self.alarms.iter().any(|alarm| alarm.up) {
            self.log_alarms(time_s, faults, touchdowns, log);
        }
    }

    fn log_alarms(&mut self, time_s: f64, faults: u32, touchdowns: u32, log: &mut EventLog) {
        for alarm in &mut self.alarms {
            let set = faults & alarm.bit != 0;
            if set {
                alarm.seen_s = time_s;
            }
            if set && !alarm.up {
                alarm.up = true;
                log.push(time_s, "alarm", format!("{}: {}", alarm.name, alarm.doc.trim()));
                if time_s > self.from_s {
                    alarm.first_s.get_or_insert(time_s);
                }
                let touched = alarm.bit == fault::TOUCHDOWN && touchdowns > 0;
                // A copy that is refused is the cause; the log names it.
                let is_true = touched || alarm.bit == fault::CALIBRATION;
                if time_s <= self.cause_s && !is_true {
                    self.false_alarm.get_or_insert((time_s, alarm.name));
                }
            }
            if alarm.up && time_s - alarm.seen_s >= CLEAR_S {
                alarm.up = false;
                log.push(alarm.seen_s, "alarm_cleared", alarm.name);
            }
        }
    }

    /// The invariants that the alarms broke in a run of this length: time, name, text.
    #[must_use]
    pub fn broken(&self, duration_s: f64) -> Vec<(f64, &'static str, String)> {
        let mut broken = Vec::new();
        if let Some((time_s, name)) = self.false_alarm {
            broken.push((time_s, "false_alarm", format!("{name} without a cause")));
        }
        for Awaited { at_s, since_s, injected, raised } in &self.awaited {
            let Some(since_s) = since_s else { continue };
            let due_s = since_s + injected.within_s;
            let lasts_s = injected.duration_s.unwrap_or(f64::INFINITY);
            if *raised || due_s >= duration_s || at_s + lasts_s < due_s {
                continue;
            }
            let name = alarm_name(injected.alarm);
            let within_ms = injected.within_s * 1e3;
            let text = format!("{} did not raise {name} within {within_ms:.2} ms", injected.name);
            broken.push((due_s, "alarm_in_time", text));
        }
        broken
    }

    /// Enters the latencies.
    pub fn measure(&self, metrics: &mut Metrics) {
        for alarm in &self.alarms {
            if let Some(first_s) = alarm.first_s {
                metrics.set_of(ALARM_LATENCY, alarm.name, first_s - self.from_s);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Found;
    use crate::scenario::read;
    use crate::toml_file::Source;
    use std::path::PathBuf;

    const PERIOD_S: f64 = 50e-6;

    /// Watches 0.1 s with a hall_open of 20 ms at 50 ms; `faults` are the bits at the end of each period.
    fn watched(faults: impl Fn(f64) -> u32) -> (AlarmWatch, EventLog) {
        let text = "title = \"t\"\nduration_s = 0.1\n[[event]]\nat_s = 0.05\ndo = \"fault\"\ntarget = \"host\"\n\
                    fault = \"hall_open\"\nelement = \"x+\"\nrail = \"low\"\nduration_s = 0.02\n";
        let source = Source { name: "t.toml".to_owned(), text: text.to_owned() };
        let found = Found { name: "t".to_owned(), folder: PathBuf::new(), source };
        let mut watch = AlarmWatch::new(&read(&found, "t.toml", &[]).unwrap());
        let mut log = EventLog::default();
        for k in 1..=2000_u32 {
            let time_s = f64::from(k) * PERIOD_S;
            watch.step(&Sample { time_s, faults: faults(time_s), ..Sample::default() }, 0, &mut log);
        }
        (watch, log)
    }

    fn broken(watch: &AlarmWatch) -> Vec<&'static str> {
        watch.broken(0.1).iter().map(|(_, name, _)| *name).collect()
    }

    #[test]
    fn an_alarm_in_time_is_measured_and_one_too_late_breaks_the_invariant() {
        for (periods, wanted) in [(1.0, &[][..]), (2.0, &[]), (3.0, &["alarm_in_time"])] {
            let rise_s = 0.05 + (periods - 0.5) * PERIOD_S;
            let (watch, log) =
                watched(|time_s| if time_s > rise_s && time_s < 0.06 { fault::HALL_ELEMENT } else { 0 });
            assert_eq!(broken(&watch), wanted, "{periods}");
            let mut metrics = Metrics::default();
            watch.measure(&mut metrics);
            let latency_s = metrics.get("alarm.hall_element.latency_s").unwrap();
            assert!((latency_s - periods * PERIOD_S).abs() < 1e-9, "{latency_s}");
            let kinds: Vec<&str> = log.events().iter().map(|event| event.kind.as_str()).collect();
            assert_eq!(kinds, ["alarm", "alarm_cleared"]);
        }
        assert_eq!(broken(&watched(|_| 0).0), ["alarm_in_time"]);
    }

    #[test]
    fn an_alarm_without_a_cause_is_false_and_a_flicker_is_one_alarm() {
        let flicker =
            |time_s: f64| if time_s > 0.03 && time_s * 1e3 % 2.0 < 1.0 { fault::HALL_ELEMENT } else { 0 };
        let (watch, log) = watched(flicker);
        assert_eq!(broken(&watch), ["false_alarm"]);
        assert_eq!(log.events().len(), 1);
        let switched_on = |time_s: f64| if time_s < 0.015 { fault::ANGLE } else { 0 };
        assert!(watched(switched_on).1.events().is_empty());
        assert_eq!(
            broken(&watched(|time_s| if time_s < 0.025 { fault::ANGLE } else { 0 }).0)[0],
            "false_alarm"
        );
    }
}
