// SPDX-License-Identifier: Apache-2.0
//! Three current sensors on a star that needs two: one that stands still is found and done without.
//!
//! # Model
//! The currents into a floating star add up to nothing. When the three samples do not, a sensor is wrong; the one that
//! repeats its value to the last bit meanwhile is the one that stands still, and its current is what the other two leave.
//!
//! # Timing
//! Found [`REPEATS_MIN`] steps after the sum has passed [`SUM_A_MAX`]; until then the current is wrong by no more than
//! that. Believed again after [`ALIVE_STEPS`] in which it moves and the sum is right.
//!
//! # Limits and failure
//! A live sensor has noise of more than a step of its converter and repeats one sample in five, so a dozen in a row once
//! in 10^8. A wrong sum without a repeating sensor (interference) changes nothing. Two sensors that stand still are not
//! told apart: the first is done without.
//!
//! # Shown by
//! Unit test below; in the world `sim/levitas/tests/motor_faults.rs`.

/// Largest sum of sound sensors [A]: offsets, gain errors of 1 % at 6 A, noise.
const SUM_A_MAX: f32 = 0.2;
/// Repetitions in a row that no live sensor makes.
const REPEATS_MIN: u32 = 12;
/// Steps in which a sensor that stood still must move before it is believed: 10 ms.
const ALIVE_STEPS: u32 = 200;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CurrentSensors {
    last_a: [f32; 3],
    repeats: [u32; 3],
    stuck: Option<usize>,
    alive_steps: u32,
}

impl CurrentSensors {
    /// True while one of them is done without.
    pub(super) fn is_one_stuck(&self) -> bool {
        self.stuck.is_some()
    }

    /// The currents as far as they are known [A].
    pub(super) fn step(&mut self, phase_a: [f32; 3]) -> [f32; 3] {
        let [a, b, c] = phase_a;
        let is_balanced = (a + b + c).abs() < SUM_A_MAX;
        if is_balanced && self.stuck.is_none() {
            return phase_a;
        }
        self.repaired(phase_a, is_balanced)
    }

    fn repaired(&mut self, mut phase_a: [f32; 3], is_balanced: bool) -> [f32; 3] {
        for ((repeats, last_a), now_a) in self.repeats.iter_mut().zip(&mut self.last_a).zip(phase_a) {
            *repeats = if now_a == *last_a { repeats.saturating_add(1) } else { 0 };
            *last_a = now_a;
        }
        let stands_still = self.repeats.iter().position(|repeats| *repeats >= REPEATS_MIN);
        let Some(stuck) = self.stuck.or(stands_still) else { return phase_a };
        self.alive_steps =
            if stands_still.is_some() || !is_balanced { 0 } else { self.alive_steps.saturating_add(1) };
        self.stuck = (self.alive_steps < ALIVE_STEPS).then_some(stuck);
        let [a, b, c] = phase_a;
        if let Some(current_a) = phase_a.get_mut(stuck) {
            *current_a -= a + b + c;
        }
        phase_a
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensor_that_stands_still_is_done_without_until_it_moves() {
        let mut sensors = CurrentSensors::default();
        let mut worst_a = 0.0_f32;
        for step in 0..4000_u16 {
            let angle = 0.01 * f32::from(step);
            let third = core::f32::consts::TAU / 3.0;
            let truth = [0.0, 1.0, 2.0].map(|phase| 2.0 * crate::math::sin_cos(angle - third * phase).0);
            let mut seen = truth;
            if (1000..2500).contains(&step) {
                seen[1] = 0.7;
            }
            let error_a = (sensors.step(seen)[1] - truth[1]).abs();
            if !(1000..1100).contains(&step) {
                worst_a = worst_a.max(error_a);
            }
            let phase = (step >= 1100, step < 2690);
            assert!(sensors.is_one_stuck() || phase != (true, true), "{step}");
            assert!(!sensors.is_one_stuck() || (1000..2720).contains(&step), "{step}");
        }
        assert!(worst_a < 1e-5 && !sensors.is_one_stuck(), "{worst_a}");
    }
}
