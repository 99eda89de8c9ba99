// SPDX-License-Identifier: Apache-2.0
//! Faults that were there a moment ago, for tasks that look rarely: a unit that fails is out of the pair within a millisecond, and what
//! it failed of is gone from its faults before anybody at 100 Hz has looked.

use crate::schedule::{BASE_RATE_HZ, TaskId};

/// Periods of the alarm task in which a fault is there for it: a look may be late by a period, or be lost when levitation writes
/// while it reads.
const LOOKS: u32 = 2;
const WINDOW_PERIODS: u32 = LOOKS * BASE_RATE_HZ / TaskId::Alarm.slot().rate_hz;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RecentFaults {
    /// Of this window.
    now: u32,
    /// Of the window before.
    before: u32,
    periods: u32,
}

impl RecentFaults {
    /// Takes the faults of a period; bits that were set in the last [`LOOKS`] periods of the alarm task, up to twice that.
    #[inline(always)]
    pub(super) fn step(&mut self, faults: u32) -> u32 {
        if self.periods >= WINDOW_PERIODS {
            (self.before, self.now, self.periods) = (self.now, 0, 0);
        }
        self.periods = self.periods.wrapping_add(1);
        self.now |= faults;
        self.now | self.before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_one_period_is_there_for_every_look_of_the_alarm_task_and_then_gone() {
        for phase in 0..WINDOW_PERIODS {
            let mut recent = RecentFaults::default();
            for _ in 0..phase {
                assert_eq!(recent.step(0), 0);
            }
            assert_eq!(recent.step(4), 4);
            let lasts = (1..).find(|_| recent.step(0) == 0).unwrap();
            assert!((WINDOW_PERIODS..=2 * WINDOW_PERIODS).contains(&lasts), "{phase}: {lasts}");
        }
    }
}
