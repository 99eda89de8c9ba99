// SPDX-License-Identifier: Apache-2.0
//! The log of a run: what the scenario did and what was seen to happen, numbered without gaps.

use std::fmt::Write as _;

use serde_json::json;

use crate::metrics::rounded;

/// Kinds of logged events that the program itself sees, with their meaning.
pub const OBSERVED_KINDS: [(&str, &str); 27] = [
    ("warming_state", "the warming task is in another state: off, preparing, warming, waiting, stopped"),
    ("cut_out_state", "the cut-out of the warming device has closed, or opened for this reason"),
    ("power_state", "what a unit says of mains and battery: when it changes, and each minute on battery"),
    (
        "self_test",
        "the self-test of a unit begins, or is over: one line for each item, with what was measured",
    ),
    ("priming", "the guide for priming of a unit is at another step or speed, or over, kits.md"),
    ("load_test", "the load test of a unit's battery goes on, or has an end: resistance and capacity"),
    ("command_refused", "the unit refused a command of the scenario; the text says why"),
    ("command_answered", "a unit has looked at a command of the link; the text has its answer"),
    (
        "link_refused",
        "a unit has refused frames or commands of the link; the text has how many of which kind since the last such line",
    ),
    ("unit_state", "a unit is in another state, see supervisor.md"),
    ("isolated", "a unit is out of the pair, and why, see arbitration.md; or in it again"),
    ("bearing_state", "the driving unit's bearing changed its state"),
    (
        "lifted_off",
        "the rotor has come within 10 % of the clearance and stayed there for 20 ms; the time is when it came",
    ),
    ("takeover", "the head went from one unit to the other"),
    ("touchdown", "the rotor touched after it had lifted off"),
    ("disturbance_end", "a force, shock or moment is over"),
    ("fault_end", "a fault with `duration_s` is over, and with it every fault of its unit"),
    ("alarm", "the host raised an alarm; the text has its name and its meaning"),
    ("alarm_cleared", "an alarm of the host is over: its condition has been away for 10 ms"),
    ("condition", "the circulation of the unit that drives says what is wrong, and what is done about it"),
    ("condition_cleared", "what was wrong with the circulation is over"),
    ("alarm_shown", "a unit shows an alarm: its name, priority, headline, and what to do"),
    ("alarm_over", "a unit shows that alarm no more"),
    ("order_done", "an order to the sensors of the circuit is carried out"),
    ("order_refused", "such an order is refused, at once or in the end, and why"),
    ("invariant_broken", "an invariant of the world was broken; the text says which"),
    ("end", "the run is over"),
];

/// One line of `events.jsonl`.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEvent {
    /// 1, 2, 3 ... without gaps.
    pub number: u32,
    /// When it happened [s].
    pub time_s: f64,
    /// An event of the scenario format or one of [`OBSERVED_KINDS`].
    pub kind: String,
    /// For people.
    pub text: String,
}

/// The log.
#[derive(Clone, Debug, Default)]
pub struct EventLog {
    events: Vec<LoggedEvent>,
}

impl EventLog {
    /// Enters an event at its time: what is only known afterwards still stands where it happened.
    pub fn push(&mut self, time_s: f64, kind: &str, text: impl Into<String>) {
        let index = self.events.partition_point(|event| event.time_s <= time_s);
        self.events
            .insert(index, LoggedEvent { number: 0, time_s, kind: kind.to_owned(), text: text.into() });
        for (event, number) in self.events.iter_mut().zip(1..).skip(index) {
            event.number = number;
        }
    }

    /// All events in the order of time.
    #[must_use]
    pub fn events(&self) -> &[LoggedEvent] {
        &self.events
    }

    /// True when the numbers run 1, 2, 3 ... to the last.
    #[must_use]
    pub fn is_gapless(&self) -> bool {
        self.events.iter().zip(1..).all(|(event, number)| event.number == number)
    }

    /// One JSON object per line.
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        let mut lines = String::new();
        for event in &self.events {
            let (time_s, kind, text) = (rounded(event.time_s, 9), json!(event.kind), json!(event.text));
            let number = event.number;
            let _ =
                write!(lines, "{{\"number\":{number},\"time_s\":{time_s},\"kind\":{kind},\"text\":{text}}}");
            lines.push('\n');
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_gapless_and_lines_are_json() {
        let mut log = EventLog::default();
        log.push(0.1, "lift_off", "");
        log.push(0.3, "touchdown", "");
        log.push(0.15, "lifted_off", "after \"50 ms\"");
        assert!(log.is_gapless());
        let lines = log.to_json_lines();
        let second: serde_json::Value = serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap();
        assert_eq!((second["number"].as_u64(), second["kind"].as_str()), (Some(2), Some("lifted_off")));
    }
}
