// SPDX-License-Identifier: Apache-2.0
//! Every alarm of the table is raised by a built-in scenario, in time and alone, and goes or stays as the table says: the scenarios that list it
//! are run with all others (`scenarios.rs`), this file sees to it that none is missing.

use std::fmt::Write as _;

use levitas::catalogue::SCENARIOS;
use levitas::scenario::{Event, EventAction, Scenario, load};
use levitas_core::alarms::{ALARMS, AlarmOrder};

/// What no scenario raises, and why.
const NOT_RAISED: [(&str, &str); 2] = [
    (
        "both_drive",
        "both gates are never open together for more than 10 ms, or the invariant of that name ends the run; the alarm wants 20; core: tests of arbitration",
    ),
    (
        "settings",
        "a run has no storage of settings; core: tests of settings.rs; on Zephyr: tests/zephyr/firmware/src/settings.c",
    ),
];

fn scenarios() -> Vec<Scenario> {
    SCENARIOS.iter().map(|file| load(file.name, &[]).unwrap()).collect()
}

#[test]
fn every_alarm_is_raised_by_a_scenario_or_says_why_not() {
    let scenarios = scenarios();
    let mut wrong = String::new();
    for (index, alarm) in ALARMS.iter().enumerate() {
        let lists =
            scenarios.iter().any(|scenario| scenario.alarms.iter().any(|listed| listed.index == index));
        let excused = NOT_RAISED.iter().any(|(name, _)| *name == alarm.name);
        if lists == excused {
            let _ = writeln!(wrong, "{}: listed by a scenario: {lists}, excused: {excused}", alarm.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(NOT_RAISED.iter().all(|(name, _)| ALARMS.iter().any(|alarm| alarm.name == *name)));
}

#[test]
fn what_latches_is_acknowledged_in_a_scenario() {
    let scenarios = scenarios();
    for (index, alarm) in ALARMS.iter().enumerate().filter(|(_, alarm)| alarm.latching) {
        let goes = scenarios.iter().any(|scenario| {
            let over_s = scenario
                .alarms
                .iter()
                .filter(|listed| listed.index == index)
                .filter_map(|listed| listed.over_by_s);
            over_s.into_iter().any(|over_s| {
                let acknowledges =
                    |event: &Event| matches!(event.action, EventAction::AlarmOrder(AlarmOrder::Acknowledge));
                scenario.events.iter().any(|event| acknowledges(event) && event.at_s < over_s)
            })
        });
        // A short circuit of the motor stands until the unit has been changed.
        assert!(goes || alarm.name == "phase_short", "{}", alarm.name);
    }
}
