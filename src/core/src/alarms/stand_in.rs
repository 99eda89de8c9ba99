// SPDX-License-Identifier: Apache-2.0
//! What sounds and lights up in place of an alarm task that is silent. 100 Hz, in the supervisor's thread.
//!
//! High priority, which nobody can silence but by switching the unit off: which alarms stand nobody knows any more.
//!
//! # Limits and failure
//! The pattern goes on for as long as the task is silent: its clock begins anew where the patterns do.
//!
//! # Shown by
//! Test below.

use super::AlarmStatus;
use super::entry::Priority;
use super::pattern::PATTERNS_MS;
use crate::schedule::TaskId;

/// Period of the supervisor's thread [ms].
const PERIOD_MS: u32 = TaskId::Supervisor.slot().period_us() / 1000;
/// An alarm task that has said nothing for so long is silent [ms]: twice the time after which its watchdog stops it.
const SILENT_MS_MAX: u32 = 200;
/// So long it is given for its first word [ms].
const START_MS: u32 = 1000;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct StandIn {
    silent_ms: u32,
}

impl StandIn {
    /// The task has not yet been heard of.
    #[must_use]
    pub const fn new() -> Self {
        Self { silent_ms: 0 }
    }

    /// One period of the supervisor: whether the alarm task has spoken in it, and whether it ever did. What is to be heard and seen in its place.
    pub fn step(&mut self, speaks: bool, has_spoken: bool) -> Option<AlarmStatus> {
        if speaks {
            self.silent_ms = 0;
            return None;
        }
        self.silent_ms = self.silent_ms.saturating_add(PERIOD_MS);
        let over_ms = self.silent_ms.checked_sub(if has_spoken { SILENT_MS_MAX } else { START_MS })?;
        if over_ms >= PATTERNS_MS {
            self.silent_ms = self.silent_ms.saturating_sub(PATTERNS_MS);
        }
        let (burst, flash) = (Priority::High.burst(), Priority::High.flash());
        Some(AlarmStatus {
            tone_hz: burst.tone_hz(over_ms),
            light: flash.is_lit(over_ms).then_some(flash.colour),
            ..AlarmStatus::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOKEN: bool = true;

    #[test]
    fn every_pattern_begins_anew_where_the_clock_does() {
        for priority in [Priority::Low, Priority::Medium, Priority::High] {
            let (burst, flash) = (priority.burst(), priority.flash());
            assert_eq!((PATTERNS_MS % burst.period_ms, PATTERNS_MS % flash.period_ms), (0, 0));
        }
    }

    #[test]
    fn a_task_that_speaks_is_left_alone_and_one_that_does_not_is_given_its_time() {
        for (has_spoken, given_ms) in [(false, START_MS), (true, SILENT_MS_MAX)] {
            let mut stand_in = StandIn::new();
            assert_eq!(stand_in.step(true, true), None);
            let periods = (1..1000).find(|_| stand_in.step(false, has_spoken).is_some()).unwrap();
            assert_eq!(periods * PERIOD_MS, given_ms);
            assert_eq!(stand_in.step(true, true), None);
            assert_eq!(stand_in.step(false, true), None);
        }
    }

    /// From the first minute on to beyond 2^32 us, 71.6 min, each burst and each flash is that of the pattern.
    #[test]
    fn what_stands_in_goes_on_for_longer_than_the_microseconds_of_a_word() {
        let mut stand_in = StandIn::new();
        let mut time_ms = 0;
        while time_ms < u32::MAX / 1000 + 2 * PATTERNS_MS {
            let Some(status) = stand_in.step(false, SPOKEN) else { continue };
            let high = Priority::High;
            assert_eq!(status.tone_hz, high.burst().tone_hz(time_ms), "{time_ms} ms");
            assert_eq!(status.light.is_some(), high.flash().is_lit(time_ms), "{time_ms} ms");
            assert!(stand_in.silent_ms < SILENT_MS_MAX + PATTERNS_MS, "its clock never ends");
            time_ms += PERIOD_MS;
        }
    }
}
