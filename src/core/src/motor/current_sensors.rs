// SPDX-License-Identifier: Apache-2.0
//! Three current sensors on a star that needs two: one that stands still is found and done without.
//!
//! # Model
//! The currents into a floating star add up to nothing. When the three samples do not, a sensor is wrong; the one that
//! repeats its value to the last bit meanwhile is the one that stands still, and its current is what the other two leave.
//!
//! A sensor that stands still near the peak of a slow current leaves the sum right for milliseconds: 1 A at 1000 rpm changes
//! by 0.2 A in 6 ms. So one sensor at a time is watched, and as soon as it moves it is the next one's turn: a sensor that
//! stands still keeps the watch, whatever the sum.
//!
//! # Timing
//! | seen | found after |
//! |---|---|
//! | a sum beyond [`SUM_A_MAX`] and a sensor that repeats itself | [`REPEATS_MIN`] steps, 0.6 ms |
//! | a sensor that keeps the watch | [`STILL_STEPS`] steps, 1.2 ms, and the turns of the others, 0.15 ms in the mean |
//!
//! Until then the current is wrong by no more than [`SUM_A_MAX`]. Believed again after [`ALIVE_STEPS`] in which it moves and
//! the sum is right.
//!
//! # How often a live sensor stands still
//! Noise 5 mA, step 4 mA: the most frequent code has probability p = 0.31 while the current stands, and k repeats have
//! p^k / sqrt(k + 1). 12: 2e-7, and the sum must be wrong as well. 24: 1.2e-13, and one of 14 000 watches a second: once in
//! 18 years of a current that stands, for 10 ms of the current that the other two leave, which is as good.
//!
//! # Limits and failure
//! A quieter sensor stands still for longer: with 2 mA of noise p can be 0.68, and a standing current is called stuck within
//! seconds. The current sensors need 4 mA of noise on a step of 4 mA, or the watch more steps.
//! A wrong sum without a repeating sensor (interference) changes nothing. Two sensors that stand still are not told apart: the
//! first is done without.
//!
//! # Shown by
//! Unit tests below; in the world `sim/levitas/tests/motor_faults.rs`.

/// Largest sum of sound sensors [A]: offsets, gain errors of 1 % at 6 A, noise.
const SUM_A_MAX: f32 = 0.2;
/// Repetitions in a row that no live sensor makes while the sum is wrong.
const REPEATS_MIN: u32 = 12;
/// Repetitions in a row that no live sensor makes at all; as many as those of a coil's.
const STILL_STEPS: u32 = 24;
/// Steps in which a sensor that stood still must move before it is believed: 10 ms.
const ALIVE_STEPS: u32 = 200;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CurrentSensors {
    last_a: [f32; 3],
    repeats: [u32; 3],
    stuck: Option<usize>,
    alive_steps: u32,
    /// Whose turn it is, what it showed, and for how long it has shown nothing else.
    watched: usize,
    watched_a: f32,
    still_steps: u32,
}

impl CurrentSensors {
    /// True while one of them is done without.
    pub(super) fn is_one_stuck(&self) -> bool {
        self.stuck.is_some()
    }

    /// The currents as far as they are known [A].
    pub(super) fn step(&mut self, phase_a: &[f32; 3]) -> [f32; 3] {
        let [a, b, c] = *phase_a;
        let is_balanced = (a + b + c).abs() < SUM_A_MAX;
        self.watch([a, b, c]);
        if is_balanced && self.still_steps < STILL_STEPS && self.stuck.is_none() {
            return [a, b, c];
        }
        self.repaired([a, b, c], is_balanced)
    }

    /// Looks at one sensor, and at the next one once it has moved.
    fn watch(&mut self, phase_a: [f32; 3]) {
        let [a, b, c] = phase_a;
        let (now_a, next, next_a) = match self.watched {
            0 => (a, 1, b),
            1 => (b, 2, c),
            _ => (c, 0, a),
        };
        if now_a == self.watched_a {
            self.still_steps = self.still_steps.saturating_add(1);
        } else {
            (self.watched, self.watched_a, self.still_steps) = (next, next_a, 0);
        }
    }

    #[cold]
    #[inline(never)]
    fn repaired(&mut self, mut phase_a: [f32; 3], is_balanced: bool) -> [f32; 3] {
        for ((repeats, last_a), now_a) in self.repeats.iter_mut().zip(&mut self.last_a).zip(phase_a) {
            *repeats = if now_a == *last_a { repeats.saturating_add(1) } else { 0 };
            *last_a = now_a;
        }
        let stands_still = self.repeats.iter().position(|repeats| *repeats >= REPEATS_MIN);
        let keeps_watch = (self.still_steps >= STILL_STEPS).then_some(self.watched);
        let Some(stuck) = self.stuck.or(stands_still).or(keeps_watch) else { return phase_a };
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
    #![allow(clippy::disallowed_types)] // the noise is f64
    use super::super::test_plant::Noise;
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
            let error_a = (sensors.step(&seen)[1] - truth[1]).abs();
            if !(1000..1100).contains(&step) {
                worst_a = worst_a.max(error_a);
            }
            let phase = (step >= 1100, step < 2690);
            assert!(sensors.is_one_stuck() || phase != (true, true), "{step}");
            assert!(!sensors.is_one_stuck() || (1000..2720).contains(&step), "{step}");
        }
        assert!(worst_a < 1e-5 && !sensors.is_one_stuck(), "{worst_a}");
    }

    /// What the converter makes of a current: noise 5 mA, step 4 mA.
    fn sample(current_a: f64, noise: &mut Noise) -> f32 {
        (4e-3 * ((current_a + 5e-3 * noise.gauss()) / 4e-3).round()) as f32
    }

    #[test]
    fn a_sensor_that_stands_still_at_the_peak_of_a_slow_current_is_found() {
        let mut noise = Noise(1);
        let mut slowest = 0;
        for run in 0..300_u32 {
            // From standstill with no current to 1000 rpm with 1 A; the sensor stops at its peak.
            let (peak_a, step_rad) = (f64::from(run / 3 % 2), f64::from(run / 6 % 2) * 5.2e-3);
            let stuck = run as usize % 3;
            let mut sensors = CurrentSensors::default();
            let mut stands_a = 0.0;
            let found = (0..400_u32).find(|step| {
                let angle_rad = step_rad * (f64::from(*step) - 300.0);
                let mut seen = [0_u32, 1, 2].map(|phase| {
                    let apart_rad = (f64::from(phase) - stuck as f64) * core::f64::consts::TAU / 3.0;
                    sample(peak_a * (angle_rad - apart_rad).cos(), &mut noise)
                });
                if *step <= 300 {
                    stands_a = seen[stuck];
                }
                seen[stuck] = if *step < 300 { seen[stuck] } else { stands_a };
                sensors.step(&seen);
                sensors.is_one_stuck()
            });
            assert_eq!(sensors.stuck, Some(stuck), "run {run}");
            slowest = slowest.max(found.unwrap() - 300);
        }
        std::println!("stuck at the peak: found after {slowest} steps at most");
        assert!((STILL_STEPS..40).contains(&slowest), "{slowest} steps");
    }

    #[test]
    fn live_sensors_keep_the_watch_as_seldom_as_is_said() {
        let mut noise = Noise(2);
        let mut sensors = CurrentSensors::default();
        let (mut watches, mut kept) = (0_u32, [0_u32; 9]);
        for _ in 0..2_000_000 {
            // The middle of a code is the worst place.
            let before = sensors.still_steps;
            sensors.step(&[0; 3].map(|_| sample(0.0, &mut noise)));
            assert!(!sensors.is_one_stuck());
            if sensors.still_steps == 0 {
                watches += 1;
                (0..9).filter(|steps| before >= *steps).for_each(|steps| kept[steps as usize] += 1);
            }
        }
        for repeats in [4, 6, 8] {
            let part = f64::from(kept[repeats]) / f64::from(watches);
            let said = 0.31_f64.powi(repeats as i32) / (repeats as f64 + 1.0).sqrt();
            std::println!("{repeats} repeats: {part:.1e} of {watches} watches, said {said:.1e}");
            assert!((0.3 * said..2.0 * said).contains(&part), "{repeats}: {part} {said}");
        }
    }
}
