// SPDX-License-Identifier: Apache-2.0
//! The clock of a unit: when its periods begin, in the time of the world.
//!
//! # Model
//! | quantity | value |
//! |---|---|
//! | period | 50 us over 1 + d, with d the drift of the scenario (`clock_ppm`) for the host, and -d for the emergency drive |
//! | begin of period k | (k + p) periods, p from 0 to 1 drawn from the seed for each unit |
//!
//! Without drift every unit has the clock of the world, and p is 0. What a unit does it does by its own clock: sampling, PWM,
//! tasks, the age of what it has heard. Rotor, windings, monostables, the bus between the units and the scenario keep the world's.
//!
//! # Limits and failure
//! A drift is constant and there is no jitter. The sensors of the circuit deliver in the world's milliseconds: a unit
//! reads one of them twice, or misses one, when it has slid by as much. A unit that starts again keeps its phase.

use levitas_world::STEP_S;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

/// Stream of the draws.
const PHASE_STREAM: u128 = 0x6c65_7669_7461_7308;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    period_s: f64,
    phase: f64,
    /// Periods that have begun.
    tick: u64,
}

impl Clock {
    /// The clock of a winding set, before its first period.
    pub(crate) fn new(set: usize, drift_ppm: f64, seed: u64) -> Self {
        if drift_ppm == 0.0 {
            return Self { period_s: STEP_S, phase: 0.0, tick: 0 };
        }
        let mut draw = Pcg64::new(u128::from(seed), PHASE_STREAM);
        let phases = [(); 2].map(|()| (draw.next_u64() >> 11) as f64 / (1_u64 << 53) as f64);
        let drift = if set == 0 { drift_ppm } else { -drift_ppm } * 1e-6;
        Self { period_s: STEP_S / (1.0 + drift), phase: phases[set.min(1)], tick: 0 }
    }

    /// When the next period begins [s].
    pub(crate) fn next_s(&self) -> f64 {
        (self.tick as f64 + self.phase) * self.period_s
    }

    /// Number of the period that begins next.
    pub(crate) fn tick(&self) -> u64 {
        self.tick
    }

    /// It has begun.
    pub(crate) fn go_on(&mut self) {
        self.tick += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_drift_every_period_begins_with_one_of_the_world() {
        let mut clock = Clock::new(1, 0.0, 7);
        for tick in 0..10_000_u64 {
            assert_eq!((clock.tick(), clock.next_s()), (tick, tick as f64 * STEP_S));
            clock.go_on();
        }
    }

    #[test]
    fn clocks_slide_through_each_other_once_in_the_time_that_their_drift_gives() {
        let mut clocks = [0, 1].map(|set| Clock::new(set, 100.0, 7));
        assert!(clocks[0].next_s() != clocks[1].next_s());
        let second = 20_000;
        for _ in 0..second {
            clocks.iter_mut().for_each(Clock::go_on);
        }
        let [host_s, drive_s] = clocks.map(|clock| clock.next_s());
        // 200 us in a second, and a phase of less than a period each.
        assert!((drive_s - host_s - 200e-6).abs() < STEP_S);
        assert!((host_s - 1.0 + 100e-6).abs() < STEP_S);
    }
}
