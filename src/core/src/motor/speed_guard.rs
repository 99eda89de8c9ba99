// SPDX-License-Identifier: Apache-2.0
//! Overspeed and stall: what speed control may not go on with.
//!
//! # Model
//! | condition | begins | acts | ends |
//! |---|---|---|---|
//! | overspeed | faster than [`OVERSPEED`] times `speed_rpm_max`, either way, for [`OVERSPEED_PERIODS`] | no motoring current; braking as the bus allows | below `speed_rpm_max` |
//! | stall | slower than [`STALL_RAD_PER_S`] with all the current there is for [`STALL_PERIODS`] | no current for [`BACK_OFF_PERIODS`], then again; after [`TRIES_MAX`] tries after a pause [`LONG_FACTOR`] times as long | it turns; the set-point is zero; disabled |
//!
//! # Limits and failure
//! A stall is full current without the *reported* speed: a blocked rotor, or angle Halls that stand still (see the
//! observer). Each try heats the winding with 16 W per phase for half a second.
//!
//! # Shown by
//! Unit tests below; `after_a_stall_the_speed_comes_back_without_overshoot` in `tests.rs`; in the world
//! `an_overspeed_is_braked_and_named` in `sim/levitas/tests/motor_faults.rs`.

use super::limits;

/// Overspeed over the largest set-point.
const OVERSPEED: f32 = 1.1;
/// 5 ms at 1 kHz: noise of the estimate is none.
const OVERSPEED_PERIODS: u32 = 5;
/// A rotor that turns [rad/s]: 190 rpm.
const STALL_RAD_PER_S: f32 = 20.0;
/// 0.5 s at 1 kHz: 6 A take a free rotor to 190 rpm in 6 ms, with the pump's load no longer.
const STALL_PERIODS: u32 = 500;
/// 1 s at 1 kHz.
const BACK_OFF_PERIODS: u32 = 1000;
const TRIES_MAX: u32 = 5;
/// Longer pauses in place of giving up, which would end the support: 0.5 s of 16 W every 10 s.
const LONG_FACTOR: u32 = 10;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct SpeedGuard {
    fast_periods: u32,
    overspeed: bool,
    stalled_periods: u32,
    back_off_periods: u32,
    tries: u32,
}

impl SpeedGuard {
    /// Faster than any control leaves a rotor, either way.
    pub fn is_fast(speed_rad_per_s: f32, speed_rad_per_s_max: f32) -> bool {
        speed_rad_per_s.abs() > OVERSPEED * speed_rad_per_s_max
    }

    /// One period of an enabled control. `saturated`: the last current was all there was. Gives [`limits`] bits: with
    /// `OVERSPEED` no motoring current shall flow; `waits` says whether any shall.
    pub fn step(&mut self, speed_rad_per_s: f32, speed_rad_per_s_max: f32, saturated: bool) -> u32 {
        let size = speed_rad_per_s.abs();
        let is_fast = Self::is_fast(speed_rad_per_s, speed_rad_per_s_max);
        self.fast_periods = if is_fast { self.fast_periods.saturating_add(1) } else { 0 };
        self.overspeed =
            self.fast_periods >= OVERSPEED_PERIODS || (self.overspeed && size > speed_rad_per_s_max);
        if size > STALL_RAD_PER_S {
            (self.stalled_periods, self.tries) = (0, 0);
        } else if self.back_off_periods > 0 {
            self.back_off_periods = self.back_off_periods.saturating_sub(1);
        } else {
            self.stalled_periods = if saturated { self.stalled_periods.saturating_add(1) } else { 0 };
            if self.stalled_periods >= STALL_PERIODS {
                let factor = if self.tries < TRIES_MAX { 1 } else { LONG_FACTOR };
                (self.stalled_periods, self.back_off_periods) = (0, BACK_OFF_PERIODS.saturating_mul(factor));
                self.tries = self.tries.saturating_add(1);
            }
        }
        let stall = if self.tries > 0 { limits::STALL } else { 0 };
        stall | if self.overspeed { limits::OVERSPEED } else { 0 }
    }

    /// True while the rotor is left alone after a stall.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.back_off_periods > 0
    }

    /// Nobody wants the rotor to turn.
    pub fn rest(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_backs_off_and_is_tried_again_at_a_bounded_rate() {
        let mut guard = SpeedGuard::default();
        let (mut tries, mut pulled) = (0, 0);
        for _ in 0..100_000 {
            let waited = guard.waits();
            guard.step(1.0, 576.0, !waited);
            tries += u32::from(guard.waits() && !waited);
            pulled += u32::from(!guard.waits());
        }
        // Five tries in 7.5 s, then one every 10.5 s: never for good, and never more than a twentieth of the time.
        assert!(tries > TRIES_MAX + 7 && tries < TRIES_MAX + 11, "{tries}");
        assert!(pulled < tries * (STALL_PERIODS + 2), "{pulled}");
        assert_eq!(guard.step(1.0, 576.0, false), limits::STALL);
        guard.rest();
        assert!(!guard.waits() && guard.step(1.0, 576.0, false) == 0);
    }

    #[test]
    fn a_short_pull_or_a_rotor_that_turns_is_no_stall() {
        let mut guard = SpeedGuard::default();
        for period in 0..10_000_u32 {
            assert_eq!(guard.step(1.0, 576.0, period % 500 != 499), 0);
            assert_eq!(guard.step(25.0, 576.0, true), 0);
        }
    }

    #[test]
    fn overspeed_lasts_until_the_speed_is_in_range() {
        let mut guard = SpeedGuard::default();
        for _ in 0..4 {
            assert_eq!(guard.step(-640.0, 576.0, false), 0);
        }
        assert_eq!(guard.step(-640.0, 576.0, false), limits::OVERSPEED);
        assert_eq!(guard.step(-580.0, 576.0, false), limits::OVERSPEED);
        assert_eq!(guard.step(-570.0, 576.0, false), 0);
    }
}
