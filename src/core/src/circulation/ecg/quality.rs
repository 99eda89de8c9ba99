// SPDX-License-Identifier: Apache-2.0
//! Whether an ECG can be used: samples missing, electrode off, saturated, flat, drowned in noise.
//!
//! # Model
//! | quality | when | ends |
//! |---|---|---|
//! | `Missing` | more than [`GAP_MS`] without a sample, or samples that are no numbers | [`SETTLE_MS`] after the last one |
//! | `Saturated` | at the rail for more than [`GAP_MS`] | likewise |
//! | `LeadOff` | at the rail again and again for [`LEAD_OFF_MS`], or mains above [`HUM_MV_MAX`]: an open input follows what is near | likewise |
//! | `Flat` | changes by less than [`FLAT_MV`] in [`FLAT_MS`]: nobody is connected, or a heart stands still | with the first larger change |
//! | `Noisy` | the half waves between the beats reach [`NOISE_SHARE_MAX`] of those of the beats | below it |
//!
//! The worst one counts, in the order of the table. A gap of up to [`GAP_MS`] is bridged with the last sample: so is the spike
//! of a pacemaker that drives the input to the rail.
//!
//! # Source
//! The numbers are of our choice; `levitas ecg` shows what comes of them.
//!
//! # Shown by
//! Unit tests below; `tests/ecg.rs` of the simulator.

use crate::math::{larger, saturate, smaller};

/// Longest gap that is bridged [ms].
pub const GAP_MS: u32 = 5;
/// Time that filters and half waves need after a gap [ms].
pub const SETTLE_MS: u32 = 150;
/// At the rail again and again for so long, the electrode is off [ms].
pub const LEAD_OFF_MS: u32 = 500;
/// Mean size of mains and muscle with which the electrode is taken for off [mV].
pub const HUM_MV_MAX: f32 = 0.6;
/// Smallest change of a signal [mV].
pub const FLAT_MV: f32 = 0.03;
/// Largest noise, of the size of a beat [1]: the synthetic ECG with noise stays below, noise without a heart is mostly above.
pub const NOISE_SHARE_MAX: f32 = 0.22;
/// Part of the range from which a sample is at the rail.
const RAIL_SHARE: f32 = 0.98;
/// Gap after which the size of the beats is learnt anew [ms].
const FORGET_MS: u32 = 1000;
/// Time over which the hum is averaged [ms].
const HUM_MS: f32 = 500.0;
/// Time over which flatness is judged [ms].
pub const FLAT_MS: u32 = 3000;

/// What an ECG is worth; see the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// Beats can be believed.
    Good,
    /// Too much noise between the beats.
    Noisy,
    /// No signal at all.
    Flat,
    /// No electrode.
    LeadOff,
    /// At the rail.
    Saturated,
    /// No samples.
    #[default]
    Missing,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct QualityWatch {
    front_end_mv: f32,
    last_mv: f32,
    missing_ms: u32,
    at_rail_ms: u32,
    settle_ms: u32,
    unsettled_ms: u32,
    /// Why there is nothing to be seen until it has settled.
    fault: Quality,
    hum_mv: f32,
    least_mv: f32,
    most_mv: f32,
    block_ms: u32,
    is_flat: bool,
}

impl QualityWatch {
    /// For a front end that saturates at plus and minus this.
    #[must_use]
    pub fn new(rail_mv: f32) -> Self {
        Self {
            front_end_mv: rail_mv,
            last_mv: 0.0,
            missing_ms: 0,
            at_rail_ms: 0,
            settle_ms: SETTLE_MS,
            unsettled_ms: 0,
            fault: Quality::Missing,
            hum_mv: 0.0,
            least_mv: f32::INFINITY,
            most_mv: f32::NEG_INFINITY,
            block_ms: 0,
            is_flat: false,
        }
    }

    /// One sample, `None` when there is none: the one to go on with.
    pub fn take(&mut self, sample_mv: Option<f32>) -> f32 {
        let sample_mv = sample_mv
            .filter(|sample_mv| sample_mv.is_finite())
            .map(|sample_mv| saturate(sample_mv, self.front_end_mv));
        self.missing_ms = if sample_mv.is_some() { 0 } else { self.missing_ms.saturating_add(1) };
        let is_railed = sample_mv.is_some_and(|sample_mv| sample_mv.abs() >= RAIL_SHARE * self.front_end_mv);
        self.at_rail_ms = if is_railed { self.at_rail_ms.saturating_add(1) } else { 0 };
        self.settle_ms = self.settle_ms.saturating_sub(1);
        self.unsettled_ms = if self.settle_ms > 0 { self.unsettled_ms.saturating_add(1) } else { 0 };
        if self.missing_ms > GAP_MS {
            (self.fault, self.settle_ms) = (Quality::Missing, SETTLE_MS);
        } else if self.at_rail_ms > GAP_MS {
            let is_off = self.unsettled_ms >= LEAD_OFF_MS;
            (self.fault, self.settle_ms) =
                (if is_off { Quality::LeadOff } else { Quality::Saturated }, SETTLE_MS);
        }
        if let Some(sample_mv) = sample_mv {
            self.last_mv = sample_mv;
            self.look_for_flatness(sample_mv);
        }
        self.last_mv
    }

    fn look_for_flatness(&mut self, sample_mv: f32) {
        self.least_mv = smaller(self.least_mv, sample_mv);
        self.most_mv = larger(self.most_mv, sample_mv);
        let is_moving = self.most_mv - self.least_mv >= FLAT_MV;
        self.is_flat &= !is_moving;
        self.block_ms = self.block_ms.saturating_add(1);
        if self.block_ms >= FLAT_MS {
            self.is_flat = !is_moving;
            (self.least_mv, self.most_mv, self.block_ms) = (sample_mv, sample_mv, 0);
        }
    }

    /// What the filters took off as mains of the sample taken last.
    pub fn hear(&mut self, hum_mv: f32) {
        self.hum_mv += (hum_mv.abs() - self.hum_mv) / HUM_MS;
        if self.hum_mv > HUM_MV_MAX {
            let is_first = self.settle_ms == 0;
            self.fault = if is_first { Quality::LeadOff } else { self.fault };
            self.settle_ms = SETTLE_MS;
        }
    }

    /// What the signal is worth with noise of this share of a beat.
    #[must_use]
    pub fn quality(&self, noise_share: f32) -> Quality {
        if self.settle_ms > 0 {
            self.fault
        } else if self.is_flat {
            Quality::Flat
        } else if noise_share < NOISE_SHARE_MAX {
            Quality::Good
        } else {
            Quality::Noisy
        }
    }

    /// Nothing is known any more of how large the beats are.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.is_flat || self.unsettled_ms >= FORGET_MS
    }

    /// Filters and half waves see nothing of a gap.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.settle_ms == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quality after a second of a signal, then the sample, so many times.
    fn after(sample_mv: Option<f32>, count: u32) -> (QualityWatch, Quality) {
        let mut watch = QualityWatch::new(5.0);
        for index in 0..1000_u16 {
            watch.take(Some(f32::from(index % 100) * 0.01));
        }
        assert_eq!(watch.quality(0.1), Quality::Good);
        for _ in 0..count {
            watch.take(sample_mv);
        }
        (watch, watch.quality(0.1))
    }

    #[test]
    fn gaps_and_rails_at_both_sides_of_their_limits() {
        assert_eq!(after(None, GAP_MS).1, Quality::Good);
        assert_eq!(after(None, GAP_MS + 1).1, Quality::Missing);
        assert_eq!(after(Some(f32::NAN), GAP_MS + 1).1, Quality::Missing);
        assert_eq!(after(Some(-5.0), GAP_MS).1, Quality::Good);
        assert_eq!(after(Some(-5.0), GAP_MS + 1).1, Quality::Saturated);
        let off_ms = GAP_MS + LEAD_OFF_MS;
        assert_eq!(after(Some(5.0), off_ms).1, Quality::Saturated);
        assert_eq!(after(Some(5.0), off_ms + 1).1, Quality::LeadOff);
        assert_eq!(after(Some(4.8), 10).1, Quality::Good);
    }

    #[test]
    fn a_gap_ends_after_it_has_settled() {
        let (mut watch, _) = after(None, 20);
        for _ in 0..SETTLE_MS - 1 {
            watch.take(Some(0.2));
        }
        assert_eq!(watch.quality(0.1), Quality::Missing);
        watch.take(Some(0.3));
        watch.take(Some(0.3));
        assert_eq!(watch.quality(0.1), Quality::Good);
    }

    #[test]
    fn the_last_sample_bridges_a_gap() {
        let (mut watch, _) = after(Some(0.7), 1);
        assert_eq!((watch.take(None), watch.take(Some(f32::INFINITY))), (0.7, 0.7));
    }

    #[test]
    fn flat_noisy_and_humming() {
        let (mut watch, quality) = after(Some(0.5), 2 * FLAT_MS);
        assert!(quality == Quality::Flat && watch.is_forgotten());
        watch.take(Some(0.6));
        assert_eq!(watch.quality(0.1), Quality::Good);
        assert_eq!(watch.quality(NOISE_SHARE_MAX), Quality::Noisy);
        assert_eq!(watch.quality(f32::NAN), Quality::Noisy);
        for _ in 0..2000 {
            watch.take(Some(0.6));
            watch.hear(1.0);
        }
        assert!(watch.quality(0.1) == Quality::LeadOff && watch.is_forgotten());
        for _ in 0..1000 {
            watch.take(Some(0.6));
            watch.hear(0.1);
        }
        assert!(watch.is_settled() && !watch.is_forgotten());
    }
}
