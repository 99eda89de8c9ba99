// SPDX-License-Identifier: Apache-2.0
//! Constants of the vote, from the noise of the Halls and the physics of the bearing; the symbols are those of the module.

use crate::bearing::BearingConfig;
use crate::math::{smaller, sqrt};

/// Limit of one sample's s - m, in Hall noises: 7.5 standard deviations of s.
const SAMPLE_NOISES: f32 = 10.6;
/// Limit of q, in squares of the Hall noise: 20 variances of s.
const SQUARE_NOISES: f32 = 40.0;
/// One sample counts for no more than this in q and r, in roots of the limit of q: no single one exceeds it.
const CLIP: f32 = 4.0;
/// Time constant of m [s].
const MEAN_S: f32 = 2e-3;
/// Part of the drift threshold up to which the mean current belongs to a healthy pair.
const BASE_FRACTION: f32 = 0.25;
/// Time after a vote on drift in which the mean current settles [s].
const SETTLE_S: f32 = 0.3;
/// Voltages that a Hall with power does not leave, as a distance from the middle of 3.3 V [V].
const RAIL_V: f32 = 1.45;
/// Agreement after which a Hall is believed again [s], within this many Hall noises.
const AGREED_S: f32 = 0.1;
const AGREED_NOISES: f32 = 7.0;

/// Constants of the vote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) sample_v: f32,
    pub(super) sample_v2: f32,
    pub(super) square_v2: f32,
    pub(super) clip_v: f32,
    pub(super) clip_v2: f32,
    pub(super) mean_gain: f32,
    /// The same for every other period.
    pub(super) settle_gain: f32,
    pub(super) base_v: f32,
    pub(super) drift_v: f32,
    pub(super) agreed_v: f32,
    pub(super) agreed_periods: u32,
    pub(super) settle_periods: u32,
    pub(super) hall_v: f32,
    pub(super) difference_v: f32,
    pub(super) drift_a_per_v: f32,
}

impl Limits {
    pub(super) fn new(config: &BearingConfig, difference_v_max: f32, v_per_m: f32, period_s: f32) -> Self {
        let noise_v2 = config.hall_noise_v * config.hall_noise_v;
        let square_v2 = SQUARE_NOISES * noise_v2;
        let clip_v2 = CLIP * CLIP * square_v2;
        Self {
            sample_v: SAMPLE_NOISES * config.hall_noise_v,
            sample_v2: SAMPLE_NOISES * SAMPLE_NOISES * noise_v2,
            square_v2,
            clip_v: sqrt(clip_v2),
            clip_v2,
            mean_gain: period_s / MEAN_S,
            settle_gain: 2.0 * period_s / MEAN_S,
            base_v: BASE_FRACTION * config.hall_sum_tolerance_v,
            drift_v: config.hall_sum_tolerance_v,
            agreed_v: AGREED_NOISES * config.hall_noise_v,
            agreed_periods: (AGREED_S / period_s) as u32,
            settle_periods: (SETTLE_S / period_s) as u32,
            hall_v: smaller(0.5 * difference_v_max, RAIL_V),
            difference_v: difference_v_max,
            drift_a_per_v: config.force_displacement_n_per_m / (config.force_current_n_per_a * v_per_m),
        }
    }
}
