// SPDX-License-Identifier: Apache-2.0
//! The speed below which the beats of the heart have moved blood back, or nearly so.
//!
//! # Model
//! ```text
//! n_b  = n_m - (Q - Q_f) / G,  unless it is higher already
//! n_b' = -k (Q_b - Q_f),       by r at most; no higher than n
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | Q, n, n_m | flow, speed, its mean without the beat | L/min, rpm | |
//! | Q_b | least flow of the last 1.5 to 3 s | L/min | `trough_lpm` |
//! | Q_f | flow that is surely forward | L/min | [`FORWARD_LPM`] |
//! | G | flow over speed, more than there is | L/min/rpm | 1 / `RPM_PER_LPM` |
//! | n_b | the speed that the beats need | rpm | `least_rpm` |
//! | k, r | how fast it is found out that less would do | | `SLOW`, `SLOW_RPM_PER_S` |
//!
//! A loop that follows the flow within a beat adds to it: it takes speed away at the crest, which is missed in the trough. So no mode goes below
//! `n_b`, which comes down as slowly as the beats show that there is room. A large fall of the speed lands on `n_b` and goes on from there by r.
//!
//! # Limits and failure
//! A flow that is not believed moves nothing. Where blood may flow back, [`Beats::forget`] says so.

use super::PERIOD_S;
use crate::math::{between, larger, smaller};

/// Flow that is surely not backward [L/min].
pub(super) const FORWARD_LPM: f32 = 0.2;
/// Least time that is looked back over [s], at most twice that: a beat of 40 a minute, and a pulse of 20.
const LOOK_BACK_S: f32 = 1.5;
/// 1 / G [rpm per L/min]: at low flow it is 400. The rest is for an aorta that empties after the pump has slowed down, before the heart fills it.
const RPM_PER_LPM: f32 = 300.0;
/// k: over G a lag of 1.3 s, longer than a beat [rpm/s per L/min].
const SLOW: f32 = 300.0;
/// r: an aorta fills and empties by the pump in a second or two [rpm/s].
const SLOW_RPM_PER_S: f32 = 200.0;
/// Lag of n_m [s]: what the mode itself does within a beat is no need.
const MEAN_S: f32 = 1.0;
/// A line that has just been opened settles for so long, and no beat is like the next [s].
const KNOWN_S: f32 = 5.0;
/// A flow so far above the trough may be the fall of every beat [L/min].
const NEW_LOW_LPM: f32 = 0.1;

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Beats {
    /// Least flow in this stretch and in the one before [L/min].
    troughs_lpm: [Option<f32>; 2],
    stretch_s: f32,
    /// For how long the line has been open [s].
    age_s: f32,
    least_rpm: f32,
    mean_rpm: f32,
}

impl Beats {
    /// One period of the flow.
    pub(super) fn look(&mut self, flow_lpm: Option<f32>) {
        let Some(flow_lpm) = flow_lpm else { return };
        self.stretch_s += PERIOD_S;
        self.age_s = smaller(self.age_s + PERIOD_S, KNOWN_S);
        let [mut now, mut before] = self.troughs_lpm;
        if self.stretch_s >= LOOK_BACK_S {
            (now, before, self.stretch_s) = (None, now, 0.0);
        }
        self.troughs_lpm = [Some(now.map_or(flow_lpm, |least| smaller(least, flow_lpm))), before];
    }

    /// The least flow of the last beats [L/min].
    fn trough_lpm(&self) -> Option<f32> {
        self.troughs_lpm.into_iter().flatten().reduce(smaller)
    }

    /// The flow is lower than every beat has made it, or nearly: a fall that must be met at once.
    pub(super) fn is_new_low(&self, flow_lpm: f32) -> bool {
        let is_known = self.age_s >= KNOWN_S;
        self.trough_lpm().filter(|_| is_known).is_none_or(|trough_lpm| flow_lpm < trough_lpm + NEW_LOW_LPM)
    }

    /// One period at this speed [rpm]: the speed that the beats need [rpm].
    pub(super) fn least_rpm(&mut self, flow_lpm: Option<f32>, speed_rpm: f32) -> f32 {
        if let Some((flow_lpm, trough_lpm)) = flow_lpm.zip(self.trough_lpm()) {
            let slow = larger(trough_lpm - FORWARD_LPM, 0.0) * SLOW;
            self.least_rpm -= smaller(slow, SLOW_RPM_PER_S) * PERIOD_S;
            self.mean_rpm += (speed_rpm - self.mean_rpm) * PERIOD_S / MEAN_S;
            let needed_rpm = self.mean_rpm - (flow_lpm - FORWARD_LPM) * RPM_PER_LPM;
            self.least_rpm = larger(self.least_rpm, needed_rpm);
        }
        self.least_rpm = between(self.least_rpm, 0.0, speed_rpm);
        self.least_rpm
    }

    /// Nothing is needed; what the beats are like is known on.
    pub(super) fn forget(&mut self) {
        self.least_rpm = 0.0;
    }
}
