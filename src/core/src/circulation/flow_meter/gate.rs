// SPDX-License-Identifier: Apache-2.0
//! Which shots are let through: no spikes, nothing frozen, and how good the signal is.
//!
//! # Model
//! | shot | is |
//! |---|---|
//! | within 0.35 m/s (1.5 L/min) of the flow so far | good |
//! | farther off, but the 20th in a row that is, and all within 0.35 m/s of the first | good: the flow is another one now |
//! | farther off otherwise | a spike |
//! | not believed, see `shot.rs` | missing |
//! | both times the same to the last bit as before, for the tenth time | frozen |
//!
//! The inertia of the blood lets the flow change by 0.1 L/min in a millisecond at most, so a step over the band is a false
//! time; a band that is never entered again would be a meter that never comes back.
//! Quality: share of good shots, first-order over 100 ms.
//! # Limits and failure
//! A meter whose noise is smaller than the last bit of a time (0.9 ps) would look frozen; ours has 28 ps.
//! Interference that says the same false flow for 20 ms passes.

use super::shot::Estimate;
use crate::ports::FlowShot;

/// Largest change within the band [m/s].
pub(super) const BAND_M_PER_S: f32 = 0.35;
/// Shots outside the band, one after the other and alike, that are a new flow.
const SHOTS_TO_MOVE: u32 = 20;
/// Equal shots that are a frozen meter.
const SHOTS_FROZEN: u32 = 10;
/// Time constant of the quality [shots].
const QUALITY_SHOTS: f32 = 100.0;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    last: FlowShot,
    equal_shots: u32,
    stray_m_per_s: f32,
    stray_shots: u32,
    quality: f32,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self { last: FlowShot::default(), equal_shots: 0, stray_m_per_s: 0.0, stray_shots: 0, quality: 0.0 }
    }

    /// Share of good shots, 0 to 1.
    pub(super) fn quality(&self) -> f32 {
        self.quality
    }

    /// The shot's estimate, if it passes; `so_far_m_per_s` is `None` when nothing is known.
    pub(super) fn pass(
        &mut self,
        shot: &FlowShot,
        estimate: Option<Estimate>,
        so_far_m_per_s: Option<f32>,
    ) -> Option<Estimate> {
        let is_equal =
            shot.transit_up_s == self.last.transit_up_s && shot.transit_down_s == self.last.transit_down_s;
        self.equal_shots = if is_equal { self.equal_shots.saturating_add(1) } else { 0 };
        self.last = *shot;
        let is_frozen = self.equal_shots >= SHOTS_FROZEN;
        let passed = estimate.filter(|estimate| !is_frozen && self.is_near(estimate, so_far_m_per_s));
        let good = if passed.is_some() { 1.0 } else { 0.0 };
        self.quality += (good - self.quality) / QUALITY_SHOTS;
        passed
    }

    /// The meter has said nothing in a period of so many shots.
    pub(super) fn miss(&mut self, shots: u8) {
        for _ in 0..shots {
            self.quality -= self.quality / QUALITY_SHOTS;
        }
    }

    fn is_near(&mut self, estimate: &Estimate, so_far_m_per_s: Option<f32>) -> bool {
        let velocity = estimate.velocity_m_per_s;
        // When nothing is known any shot is a beginning, but not after wild ones.
        let is_begun = so_far_m_per_s.is_none() && self.stray_shots == 0;
        if is_begun || so_far_m_per_s.is_some_and(|so_far| (velocity - so_far).abs() < BAND_M_PER_S) {
            self.stray_shots = 0;
            return true;
        }
        if self.stray_shots == 0 || (velocity - self.stray_m_per_s).abs() >= BAND_M_PER_S {
            (self.stray_m_per_s, self.stray_shots) = (velocity, 0);
        }
        self.stray_shots = self.stray_shots.saturating_add(1);
        let has_moved = self.stray_shots >= SHOTS_TO_MOVE;
        if has_moved {
            self.stray_shots = 0;
        }
        has_moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(gate: &mut Gate, number: u32, velocity_m_per_s: f32, so_far: Option<f32>) -> bool {
        let shot =
            FlowShot { transit_up_s: 1e-5 + 1e-11 * number as f32, transit_down_s: 1e-5, amplitude: 1.0 };
        let estimate = Estimate { velocity_m_per_s, difference_s: 0.0, sound_speed_m_per_s: 1570.0 };
        gate.pass(&shot, Some(estimate), so_far).is_some()
    }

    #[test]
    fn a_spike_is_kept_out_and_a_step_comes_in_after_20_ms() {
        let mut gate = Gate::new();
        assert!(see(&mut gate, 0, 1.0, None));
        assert!(see(&mut gate, 1, 1.3, Some(1.0)));
        assert!(!see(&mut gate, 2, 2.0, Some(1.0)));
        assert!(see(&mut gate, 3, 1.0, Some(1.0)));
        let passed =
            (0..30).position(|number| see(&mut gate, number, 2.0 + 0.01 * (number % 3) as f32, Some(1.0)));
        assert_eq!(passed, Some(19));
    }

    #[test]
    fn wild_shots_never_become_a_flow() {
        let mut gate = Gate::new();
        for number in 0..1000 {
            let wild = if number % 2 == 0 { 3.0 } else { -3.0 };
            // After 50 ms the flow so far is too old to be one.
            let so_far = (number < 50).then_some(1.0);
            assert!(!see(&mut gate, number, wild, so_far));
        }
        assert!(gate.quality() < 0.01);
    }

    #[test]
    fn frozen_times_pass_nine_times_and_never_again() {
        let mut gate = Gate::new();
        let passed = (0..500).filter(|_| see(&mut gate, 7, 1.0, Some(1.0))).count();
        assert_eq!(passed, 10, "the first, and nine that equal it");
        assert!(gate.quality() < 0.01);
        assert!(see(&mut gate, 8, 1.0, Some(1.0)), "it lives again");
    }

    #[test]
    fn quality_is_the_share_of_good_shots() {
        let mut gate = Gate::new();
        for number in 0..2000 {
            see(&mut gate, number, if number % 4 == 0 { 3.0 } else { 1.0 }, Some(1.0));
        }
        assert!((gate.quality() - 0.75).abs() < 0.02, "{}", gate.quality());
        (0..50).for_each(|_| gate.miss(10));
        assert!(gate.quality() < 0.01);
    }
}
