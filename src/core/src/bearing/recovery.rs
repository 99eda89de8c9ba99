// SPDX-License-Identifier: Apache-2.0
//! When a rotor that touched is lifted again.
//!
//! # States
//! ```text
//!                touch              1 ms, at any speed
//!   no tries ------------> first -------------------------> lifted --- held for 1 s ---> no tries
//!                                                            |   ^
//!                 touches again, or is not centred in time   |   | slower than `relift_speed_rpm_max` and 0.1 s,
//!                                                            v   | or 1 s
//!                                                           again   more than `TRIES`: the bearing is lost
//! ```
//! A touch at speed comes from a shock more often than from a broken bearing, and every millisecond at the wall rubs:
//! so the first try comes at once. The next ones wait until the speed task has slowed the rotor down, because each failed
//! try is a blow of the spinning rotor against the wall. After `TRIES` the other unit is asked to take over; a unit
//! that is alone has nobody to ask and keeps trying, once a second: a latched stop would end the support.
//!
//! # Limits and failure
//! A speed that nobody knows counts as too fast, so the tries come once a second.
//!
//! # Shown by
//! Unit tests below; `sim/levitas/tests/bearing_faults.rs`.

use super::BearingConfig;
use super::turn::RotorDirection;
use crate::units::RAD_PER_S_PER_RPM;

/// Tries without success after which the bearing counts as lost.
const TRIES: u32 = 3;
/// Time between a touch and the first try [s].
const FIRST_S: f32 = 1e-3;
/// Time between a touch and a later try with a slow rotor [s].
const SLOW_S: f32 = 0.1;
/// Time between a touch and a later try with any rotor [s].
const ANY_S: f32 = 1.0;
/// Time for which a rotor must be held until its touches are forgotten [s].
const HELD_S: f32 = 1.0;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovery {
    tries: u32,
    waited_periods: u32,
    held_periods: u32,
    speed_rad_per_s_max: f32,
    first_periods: u32,
    slow_periods: u32,
    any_periods: u32,
    held_periods_min: u32,
}

impl Recovery {
    pub(super) fn new(config: &BearingConfig, period_s: f32) -> Self {
        Self {
            tries: 0,
            waited_periods: 0,
            held_periods: 0,
            speed_rad_per_s_max: config.relift_speed_rpm_max * RAD_PER_S_PER_RPM,
            first_periods: (FIRST_S / period_s) as u32,
            slow_periods: (SLOW_S / period_s) as u32,
            any_periods: (ANY_S / period_s) as u32,
            held_periods_min: (HELD_S / period_s) as u32,
        }
    }

    /// The rotor touched, or a try has failed.
    pub(super) fn touch(&mut self) {
        self.tries = self.tries.saturating_add(1);
        (self.waited_periods, self.held_periods) = (0, 0);
    }

    /// The bearing is asked for no more: what was tried before does not count against the next time.
    pub(super) fn forget(&mut self) {
        (self.tries, self.held_periods) = (0, 0);
    }

    /// One period at the wall; whether it is time for a try.
    pub(super) fn may_lift(&mut self, rotor: Option<&RotorDirection>) -> bool {
        self.waited_periods = self.waited_periods.saturating_add(1);
        let slow = rotor.is_some_and(|rotor| rotor.speed_rad_per_s.abs() < self.speed_rad_per_s_max);
        let wait = match (self.tries, slow) {
            (0 | 1, _) => self.first_periods,
            (_, true) => self.slow_periods,
            (_, false) => self.any_periods,
        };
        self.waited_periods >= wait
    }

    /// One period of a rotor that is held.
    pub(super) fn hold(&mut self) {
        if self.tries != 0 {
            self.held_periods = self.held_periods.saturating_add(1);
            if self.held_periods >= self.held_periods_min {
                (self.tries, self.held_periods) = (0, 0);
            }
        }
    }

    /// More tries than a bearing in order needs.
    pub(super) fn is_lost(&self) -> bool {
        self.tries > TRIES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_S: f32 = 50e-6;

    /// Time from a touch to the next try [s].
    fn wait_s(recovery: &mut Recovery, speed_rad_per_s: Option<f32>) -> f32 {
        recovery.touch();
        let rotor =
            speed_rad_per_s.map(|speed_rad_per_s| RotorDirection { cos: 1.0, sin: 0.0, speed_rad_per_s });
        let periods = (1..100_000).find(|_| recovery.may_lift(rotor.as_ref())).unwrap();
        periods as f32 * PERIOD_S
    }

    #[test]
    fn the_first_try_comes_at_once_and_the_next_ones_wait_for_a_slow_rotor() {
        let mut recovery = Recovery::new(&BearingConfig::ECMO_50, PERIOD_S);
        assert!((wait_s(&mut recovery, Some(576.0)) - 0.001).abs() < 1e-4);
        assert!((wait_s(&mut recovery, Some(576.0)) - 1.0).abs() < 1e-3);
        assert!((wait_s(&mut recovery, Some(-100.0)) - 0.1).abs() < 1e-3);
        assert!(!recovery.is_lost());
        assert!((wait_s(&mut recovery, None) - 1.0).abs() < 1e-3);
        assert!(recovery.is_lost());
        // A unit that is alone goes on for as long as it takes.
        for _ in 0..100 {
            assert!((wait_s(&mut recovery, Some(576.0)) - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn a_rotor_that_is_held_is_forgiven() {
        let mut recovery = Recovery::new(&BearingConfig::ECMO_50, PERIOD_S);
        (0..5).for_each(|_| recovery.touch());
        (0..19_999).for_each(|_| recovery.hold());
        assert!(recovery.is_lost());
        recovery.hold();
        assert!(!recovery.is_lost());
        assert!((wait_s(&mut recovery, Some(576.0)) - 0.001).abs() < 1e-4);
    }
}
