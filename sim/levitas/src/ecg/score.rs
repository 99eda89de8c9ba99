// SPDX-License-Identifier: Apache-2.0
//! Beats that a detector has found against those that there are.
//!
//! # Source
//! ANSI/AAMI EC57:2012: beats match within 150 ms, each once. Unlike there, the first five minutes count too.

/// Largest distance of a match [ms].
pub const WINDOW_MS: f64 = 150.0;

/// A beat that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Where the R wave is said to be [ms].
    pub at_ms: f64,
    /// When it was told [ms].
    pub told_ms: f64,
}

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Beats that were found.
    pub matched: usize,
    /// Beats that were not.
    pub missed: usize,
    /// Found where there is none.
    pub extra: usize,
    /// From the R wave to the report, sorted [ms].
    pub latency_ms: Vec<f64>,
    /// Reported less true place, sorted [ms].
    pub off_ms: Vec<f64>,
}

impl Score {
    /// Both in the order of time.
    #[must_use]
    pub fn of(truth_ms: &[f64], found: &[Found]) -> Self {
        let mut score = Self::default();
        let mut rest = found;
        for beat_ms in truth_ms {
            while let Some((first, others)) = rest.split_first()
                && first.at_ms < beat_ms - WINDOW_MS
            {
                score.extra += 1;
                rest = others;
            }
            match rest.split_first() {
                Some((first, others)) if first.at_ms <= beat_ms + WINDOW_MS => {
                    score.matched += 1;
                    score.latency_ms.push(first.told_ms - beat_ms);
                    score.off_ms.push(first.at_ms - beat_ms);
                    rest = others;
                }
                _ => score.missed += 1,
            }
        }
        score.extra += rest.len();
        score.latency_ms.sort_by(f64::total_cmp);
        score.off_ms.sort_by(f64::total_cmp);
        score
    }

    /// Part of the beats that was found [%].
    #[must_use]
    pub fn sensitivity_pct(&self) -> f64 {
        percent(self.matched, self.matched + self.missed)
    }

    /// Part of what was found that is a beat [%].
    #[must_use]
    pub fn predictivity_pct(&self) -> f64 {
        percent(self.matched, self.matched + self.extra)
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / (whole as f64).max(1.0)
}

/// Value below which that part of the sorted ones lies (nearest rank); not a number when there is none.
#[must_use]
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let rank = (part * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(at_ms: f64) -> Found {
        Found { at_ms, told_ms: at_ms + 40.0 }
    }

    #[test]
    fn matched_missed_and_extra() {
        let score = Score::of(&[1000.0, 2000.0, 3000.0], &[500.0, 1150.0, 1500.0, 2151.0, 3010.0].map(found));
        assert_eq!((score.matched, score.missed, score.extra), (2, 1, 3));
        assert!((score.sensitivity_pct() - 200.0 / 3.0).abs() < 1e-9);
        assert!((score.predictivity_pct() - 40.0).abs() < 1e-9);
        assert_eq!((score.off_ms, score.latency_ms), (vec![10.0, 150.0], vec![50.0, 190.0]));
    }

    #[test]
    fn one_report_matches_one_beat_alone() {
        let score = Score::of(&[1000.0, 1200.0], &[found(1100.0)]);
        assert_eq!((score.matched, score.missed, score.extra), (1, 1, 0));
        let score = Score::of(&[], &[found(1.0)]);
        assert_eq!((score.extra, score.sensitivity_pct()), (1, 0.0));
    }

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            (quantile(&sorted, 0.95), quantile(&sorted, 0.5), quantile(&sorted, 1.0)),
            (95.0, 50.0, 100.0)
        );
        assert!(quantile(&[], 0.5).is_nan());
    }
}
