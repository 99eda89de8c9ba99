// SPDX-License-Identifier: Apache-2.0
//! The one schedule: which task runs how often, on the simulator and on the chip alike.
//!
//! Within one tick the tasks run in the order of the table (rate-monotonic; on Zephyr the order is the thread
//! priority). The base tick is the levitation period.
//!
//! The two tasks of the warming device have a table of their own: they run only where there is one, after all others, and so slowly that the
//! tick in which everything of the first table is due comes ten times as often.

/// Rate of the base tick, which is the levitation task's [Hz].
pub const BASE_RATE_HZ: u32 = 20_000;

/// A task of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskId {
    /// Magnetic bearing and motor currents.
    Levitation,
    /// What the two units say to each other.
    Link,
    /// Pump speed.
    Speed,
    /// Modes and circuit measurements.
    Circulation,
    /// Operator, states.
    Supervisor,
    /// What is shown, heard and lit.
    Alarm,
    /// Takes the power from the heater when it is too warm.
    CutOut,
    /// Heater and water pump.
    Warming,
}

/// One line of [`SCHEDULE`] or [`WARMING_SCHEDULE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Which task.
    pub task: TaskId,
    /// Its rate [Hz], a divisor of [`BASE_RATE_HZ`].
    pub rate_hz: u32,
}

/// All tasks that every unit has, highest priority first.
pub const SCHEDULE: [Slot; 6] = [
    Slot { task: TaskId::Levitation, rate_hz: 20_000 },
    Slot { task: TaskId::Link, rate_hz: 2_000 },
    Slot { task: TaskId::Speed, rate_hz: 1_000 },
    Slot { task: TaskId::Circulation, rate_hz: 100 },
    Slot { task: TaskId::Supervisor, rate_hz: 100 },
    Slot { task: TaskId::Alarm, rate_hz: 100 },
];

/// The tasks of a warming device.
pub const WARMING_SCHEDULE: [Slot; 2] =
    [Slot { task: TaskId::CutOut, rate_hz: 10 }, Slot { task: TaskId::Warming, rate_hz: 10 }];

impl Slot {
    /// Base ticks from one run to the next.
    #[must_use]
    pub const fn period_ticks(&self) -> u32 {
        match BASE_RATE_HZ.checked_div(self.rate_hz) {
            Some(ticks) => ticks,
            None => 0,
        }
    }

    /// Time from one run to the next [us].
    #[must_use]
    pub const fn period_us(&self) -> u32 {
        match 1_000_000_u32.checked_div(self.rate_hz) {
            Some(period_us) => period_us,
            None => 0,
        }
    }

    /// True when the task runs in this base tick.
    #[must_use]
    pub const fn is_due(&self, tick: u64) -> bool {
        let period = self.period_ticks() as u64;
        matches!(tick.checked_rem(period), Some(0))
    }
}

impl TaskId {
    /// The schedule line of this task.
    #[must_use]
    pub const fn slot(self) -> Slot {
        let [levitation, link, speed, circulation, supervisor, alarm] = SCHEDULE;
        let [cut_out, warming] = WARMING_SCHEDULE;
        match self {
            Self::Levitation => levitation,
            Self::Link => link,
            Self::Speed => speed,
            Self::Circulation => circulation,
            Self::Supervisor => supervisor,
            Self::Alarm => alarm,
            Self::CutOut => cut_out,
            Self::Warming => warming,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rate_divides_the_base_rate_and_slots_are_in_order() {
        for slot in SCHEDULE.into_iter().chain(WARMING_SCHEDULE) {
            assert_eq!(BASE_RATE_HZ % slot.rate_hz, 0, "{slot:?}");
            assert_eq!(slot.task.slot(), slot);
        }
        assert!(SCHEDULE.windows(2).all(|pair| pair[0].rate_hz >= pair[1].rate_hz));
    }

    #[test]
    fn a_1_khz_task_is_due_every_twentieth_tick() {
        let due: std::vec::Vec<u64> = (0..61).filter(|&tick| TaskId::Speed.slot().is_due(tick)).collect();
        assert_eq!(due, [0, 20, 40, 60]);
    }
}
