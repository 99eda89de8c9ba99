// SPDX-License-Identifier: Apache-2.0
//! Flow and head of the pump from its speed and torque: what the flow meter would say, and whether it is right. 100 Hz.
//!
//! # Model
//! ```text
//! T = d n^2 + e n Q + f          (torque)
//! H = a n^2 - b n Q - c Q|Q|     (head)
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | n, Q | speed, flow | krpm, L/min | |
//! | d | drag of the disc; with it the viscosity, as mu^0.3 | mN m / krpm^2 | `torque` |
//! | e | torque of the flow | mN m / (krpm L/min) | `torque` |
//! | f | error of the torque estimate | mN m | `torque` |
//! | a, b, c | shut-off head and its losses | mmHg / krpm^2, mmHg / (krpm L/min), mmHg / (L/min)^2 | `head` |
//!
//! Both laws are linear in their parameters. While the meter lives they are learnt from it ([`regressor`]), starting with the
//! numbers of the pump; each law is solved for the flow, with the variance that its parameters and its noise leave, and the
//! two flows are weighted by it:
//! ```text
//! var Q_T = (h P h + r_T) / (e n)^2,   var Q_H = (h P h + r_H) / (b n + 2 c |Q|)^2
//! ```
//! 10 % of flow is 4 % of torque: viscosity and the error of the torque estimate have to be of the last minutes. When the meter is
//! lost the torque goes on being learnt, slowly, from the flow of the head, if that is measured; the head never from the torque.
//!
//! # The meter
//! Disagreement is |Q_meter - Q| > 3 sd, sd of both together, for [`DISAGREE_S`]. From two sd on nothing is learnt from it, so that it
//! cannot talk the laws into agreeing; unless the head agrees with it: then it is the blood that has changed, and the torque learns.
//!
//! # Timing
//! Inputs are averaged over [`AVERAGE_S`], all products alike, so that the laws hold for averages; learning every [`LEARN_S`].
//!
//! # Limits and failure
//! Not below [`SPEED_KRPM_MIN`], nor without torque: then the deviation is [`UNKNOWN_LPM`] or more. The torque tells no flow below 0.3
//! L/min. A bias of the meter that grows more slowly than blood changes is learnt and not seen.
//! Which of the two is wrong a disagreement does not say, [`witness`] does; it lasts until they agree or [`PumpEstimator::forget`]. After power-up there is what
//! the numbers of the pump say, within 1 to 2 L/min.
//!
//! # Source
//! The laws are those of plant ecmo-50, after the similarity of centrifugal pumps (A. J. Stepanoff, Centrifugal and Axial Flow Pumps, 1957). Flow from speed and motor current with viscosity learnt: T. Tsukiya, T. Akamatsu, et al., Use of motor current in
//! flow rate measurement for the magnetically suspended centrifugal blood pump, Artif. Organs 21 (1997) 396.
//!
//! # Shown by
//! Unit tests, with a pump that has other exponents and coefficients than these laws; docs/flow_estimate.md.

mod regressor;
pub mod witness;

use crate::config::ConfigError;
use crate::math::{larger, saturate, sqrt};
use regressor::{Prior, Regressor};

/// Time constant of the averages [s].
pub const AVERAGE_S: f32 = 0.5;
/// Time between two lessons [s].
pub const LEARN_S: f32 = 0.1;
/// Time of a disagreement before it is told [s].
pub const DISAGREE_S: f32 = 3.0;
/// Slowest speed of an estimate [krpm].
pub const SPEED_KRPM_MIN: f32 = 1.0;
/// Deviation up to which an estimate carries a mode [L/min].
const CARRIES_SD_LPM_MAX: f32 = 0.6;
/// Deviation of a flow that nobody knows [L/min].
pub const UNKNOWN_LPM: f32 = 10.0;
/// Largest flow of an estimate [L/min].
const FLOW_LPM_MAX: f32 = 12.0;
/// What is larger is no measurement.
const SPEED_RPM_MAX: f32 = 20_000.0;
const TORQUE_N_M_MAX: f32 = 1.0;
const HEAD_MMHG_MAX: f32 = 2000.0;
/// Below, torque tells nothing of the flow [L/min].
const TORQUE_FLOW_LPM_MIN: f32 = 0.3;
/// Deviation of averaged torque [mN m] and head [mmHg] from the law, which no averaging takes away.
const TORQUE_MN_M: f32 = 0.15;
const HEAD_MMHG: f32 = 2.0;
/// Deviation of the meter: constant [L/min] and of its value.
const METER_LPM: f32 = 0.05;
const METER_SHARE: f32 = 0.03;
/// A lesson every 0.1 s of noise that lasts 10 s counts so many times less.
const LESSONS_PER_NOISE: f32 = 100.0;
/// Disagreement that is told, and that ends the learning, in deviations.
const DISAGREE: f32 = 3.0;
const DOUBT: f32 = 2.0;

crate::ranged_struct! {
    /// Numbers of a pump, as its maker gives them.
    pub struct PumpMap: f32 {
        /// Shut-off head [mmHg / krpm^2].
        shut_off_mmhg_per_krpm2: 1.0..=200.0,
        /// Loss of head with speed and flow [mmHg / (krpm L/min)].
        loss_mmhg_per_krpm_lpm: 0.0..=50.0,
        /// Loss of head with the square of the flow [mmHg / (L/min)^2].
        loss_mmhg_per_lpm2: 0.01..=50.0,
        /// Drag of the disc in blood [mN m / krpm^2].
        disc_mn_m_per_krpm2: 0.01..=10.0,
        /// Torque of the flow [mN m / (krpm L/min)].
        flow_mn_m_per_krpm_lpm: 0.05..=10.0,
    }
}

impl PumpMap {
    /// For the plant ecmo-50.
    pub const ECMO_50: Self = Self {
        shut_off_mmhg_per_krpm2: 25.0,
        loss_mmhg_per_krpm_lpm: 0.6,
        loss_mmhg_per_lpm2: 1.44,
        disc_mn_m_per_krpm2: 0.85,
        flow_mn_m_per_krpm_lpm: 0.62,
    };

    fn torque(&self) -> Regressor<3> {
        let disc = self.disc_mn_m_per_krpm2;
        let flow = self.flow_mn_m_per_krpm_lpm;
        Regressor::new([
            // Haematocrit 20 to 40 %: mu^0.3 +-9 %; 25 % between authors: 7 %.
            Prior { mean: disc, deviation: 0.15 * disc, drift: 2e-3 * disc },
            Prior { mean: flow, deviation: 0.1 * flow, drift: 2e-4 * flow },
            Prior { mean: 0.0, deviation: 0.5, drift: 2e-3 },
        ])
    }

    fn head(&self) -> Regressor<3> {
        let [a, b, c] = [self.shut_off_mmhg_per_krpm2, self.loss_mmhg_per_krpm_lpm, self.loss_mmhg_per_lpm2];
        Regressor::new([
            Prior { mean: a, deviation: 0.06 * a, drift: 2e-4 * a },
            Prior { mean: b, deviation: 0.5 * b + 0.1, drift: 1e-3 * b },
            Prior { mean: c, deviation: 0.2 * c, drift: 4e-4 * c },
        ])
    }
}

/// What a step says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Flow by the laws [L/min].
    pub flow_lpm: f32,
    /// Its standard deviation [L/min].
    pub flow_sd_lpm: f32,
    /// Head as measured, by the law where it is not [mmHg].
    pub head_mmhg: f32,
    /// Its standard deviation [mmHg].
    pub head_sd_mmhg: f32,
    /// The meter says something else, beyond both uncertainties.
    pub meter_disagrees: bool,
}

impl Estimate {
    /// The flow [L/min], while it is known well enough to carry a mode.
    #[must_use]
    pub fn carried_lpm(&self) -> Option<f32> {
        (self.flow_sd_lpm < CARRIES_SD_LPM_MAX).then_some(self.flow_lpm)
    }
}

/// A flow with its variance.
#[derive(Clone, Copy, Debug)]
struct Flow {
    lpm: f32,
    variance: f32,
}

impl Flow {
    const UNKNOWN: Self = Self { lpm: 0.0, variance: UNKNOWN_LPM * UNKNOWN_LPM };

    /// Both, weighted by their uncertainty.
    fn with(self, other: Self) -> Self {
        let sum = self.variance + other.variance;
        let lpm = (self.lpm * other.variance + other.lpm * self.variance) / sum;
        Self {
            // Of two at the end of the range the mean is rounded beyond it.
            lpm: saturate(lpm, FLOW_LPM_MAX),
            variance: self.variance * other.variance / sum,
        }
    }

    /// Distance of a measured flow, over the deviation of both.
    fn deviations_of(self, meter_lpm: f32) -> f32 {
        (meter_lpm - self.lpm).abs() / sqrt(self.variance + meter_variance(meter_lpm))
    }
}

fn meter_variance(meter_lpm: f32) -> f32 {
    let deviation = METER_LPM + METER_SHARE * meter_lpm.abs();
    deviation * deviation
}

/// Averages of what enters the laws; those of the flow hold while it is measured.
#[derive(Clone, Copy, Debug, Default)]
struct Averages {
    n: f32,
    n2: f32,
    torque_mn_m: f32,
    head_mmhg: Option<f32>,
    flow: Option<MeterAverages>,
}

#[derive(Clone, Copy, Debug)]
struct MeterAverages {
    q: f32,
    nq: f32,
    qq: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct PumpEstimator {
    map: PumpMap,
    torque: Regressor<3>,
    head: Regressor<3>,
    averages: Averages,
    has_torque: bool,
    learn_s: f32,
    disagree_s: f32,
    last_flow_lpm: f32,
}

impl PumpEstimator {
    /// For a pump of these numbers.
    ///
    /// # Errors
    /// A number outside its range.
    pub fn new(map: &PumpMap) -> Result<Self, ConfigError> {
        map.check()?;
        Ok(Self::untaught(*map))
    }

    fn untaught(map: PumpMap) -> Self {
        Self {
            map,
            torque: map.torque(),
            head: map.head(),
            averages: Averages::default(),
            has_torque: false,
            learn_s: 0.0,
            disagree_s: 0.0,
            last_flow_lpm: 0.0,
        }
    }

    /// Back to the numbers of the pump: another pump head is on, or somebody has found that the meter was right all along.
    pub fn forget(&mut self) {
        *self = Self::untaught(self.map);
    }

    /// One period: speed, torque that brakes the rotor, head over the pump and flow of the meter where they are valid.
    pub fn update(
        &mut self,
        speed_rpm: f32,
        torque_n_m: f32,
        head_mmhg: Option<f32>,
        flow_lpm: Option<f32>,
        dt_s: f32,
    ) -> Estimate {
        let head_mmhg = head_mmhg.filter(|head_mmhg| head_mmhg.abs() < HEAD_MMHG_MAX);
        let flow_lpm = flow_lpm.filter(|flow_lpm| flow_lpm.abs() < 2.0 * FLOW_LPM_MAX);
        if !(speed_rpm.abs() < SPEED_RPM_MAX && torque_n_m.abs() < TORQUE_N_M_MAX) {
            self.has_torque = false;
            return self.unknown(head_mmhg);
        }
        self.average(speed_rpm * 1e-3, torque_n_m * 1e3, head_mmhg, flow_lpm, dt_s);
        self.torque.drift(dt_s);
        self.head.drift(dt_s);
        if self.averages.n < SPEED_KRPM_MIN {
            return self.unknown(head_mmhg);
        }
        let by_torque = self.flow_by_torque();
        let by_head = self.flow_by_head();
        let flow = by_head.map_or(by_torque, |by_head| by_head.with(by_torque));
        self.watch_meter(flow, by_head, dt_s);
        self.learn_s += dt_s;
        if self.learn_s >= LEARN_S {
            self.learn_s = 0.0;
            self.learn(flow, by_head);
        }
        self.last_flow_lpm = flow.lpm;
        let (head_mmhg, head_sd_mmhg) = self.head_with(flow);
        Estimate {
            flow_lpm: flow.lpm,
            flow_sd_lpm: sqrt(flow.variance),
            head_mmhg,
            head_sd_mmhg,
            meter_disagrees: self.disagree_s >= DISAGREE_S,
        }
    }

    /// Nothing is known; the next estimate starts anew.
    fn unknown(&mut self, head_mmhg: Option<f32>) -> Estimate {
        self.disagree_s = 0.0;
        Estimate {
            flow_lpm: self.last_flow_lpm,
            flow_sd_lpm: UNKNOWN_LPM,
            head_mmhg: head_mmhg.unwrap_or(0.0),
            head_sd_mmhg: if head_mmhg.is_some() { HEAD_MMHG } else { f32::MAX },
            meter_disagrees: false,
        }
    }

    fn average(
        &mut self,
        n: f32,
        torque_mn_m: f32,
        head_mmhg: Option<f32>,
        flow_lpm: Option<f32>,
        dt_s: f32,
    ) {
        let gain = dt_s / (AVERAGE_S + dt_s);
        let toward = |from: f32, to: f32| from + gain * (to - from);
        let last = if self.has_torque {
            self.averages
        } else {
            Averages { n, n2: n * n, torque_mn_m, head_mmhg: None, flow: None }
        };
        self.has_torque = true;
        self.averages = Averages {
            n: toward(last.n, n),
            n2: toward(last.n2, n * n),
            torque_mn_m: toward(last.torque_mn_m, torque_mn_m),
            head_mmhg: head_mmhg.map(|now| toward(last.head_mmhg.unwrap_or(now), now)),
            flow: flow_lpm.map(|q| {
                let now = MeterAverages { q, nq: n * q, qq: q * q.abs() };
                let last = last.flow.unwrap_or(now);
                MeterAverages {
                    q: toward(last.q, now.q),
                    nq: toward(last.nq, now.nq),
                    qq: toward(last.qq, now.qq),
                }
            }),
        };
    }

    fn flow_by_torque(&self) -> Flow {
        let Averages { n, n2, torque_mn_m, .. } = self.averages;
        let [disc, flow, offset] = self.torque.theta();
        let slope = flow * n;
        let lpm = saturate((torque_mn_m - offset - disc * n2) / slope, FLOW_LPM_MAX);
        let (_, variance) = self.torque.predict(&[n2, n * lpm, 1.0]);
        let variance = (variance + TORQUE_MN_M * TORQUE_MN_M) / (slope * slope);
        let flat = if lpm < TORQUE_FLOW_LPM_MIN { Flow::UNKNOWN.variance } else { 0.0 };
        Flow { lpm, variance: variance + flat }
    }

    fn flow_by_head(&self) -> Option<Flow> {
        let Averages { n, n2, head_mmhg, .. } = self.averages;
        let [a, b, c] = self.head.theta();
        let loss_mmhg = a * n2 - head_mmhg?;
        let root = sqrt(b * b * n2 + 4.0 * c * loss_mmhg.abs());
        let lpm = saturate((root - b * n) / (2.0 * c), FLOW_LPM_MAX) * loss_mmhg.signum();
        // The slope at no flow is small; the curve is not, so that half a litre of flow is taken with it.
        let slope = b * n + 2.0 * c * larger(lpm.abs(), 0.5);
        let (_, variance) = self.head.predict(&[n2, -n * lpm, -lpm * lpm.abs()]);
        Some(Flow { lpm, variance: (variance + HEAD_MMHG * HEAD_MMHG) / (slope * slope) })
    }

    /// Head as measured, or by the law with a flow.
    fn head_with(&self, flow: Flow) -> (f32, f32) {
        let Averages { n, n2, head_mmhg, .. } = self.averages;
        if let Some(head_mmhg) = head_mmhg {
            return (head_mmhg, HEAD_MMHG);
        }
        let [_, b, c] = self.head.theta();
        let (mmhg, variance) = self.head.predict(&[n2, -n * flow.lpm, -flow.lpm * flow.lpm.abs()]);
        let slope = b * n + 2.0 * c * flow.lpm.abs();
        (mmhg, sqrt(variance + slope * slope * flow.variance))
    }

    /// Whether what the meter says can be.
    fn watch_meter(&mut self, flow: Flow, by_head: Option<Flow>, dt_s: f32) {
        let disagrees = self.averages.flow.is_some_and(|meter| {
            flow.deviations_of(meter.q) > DISAGREE
                && by_head.is_none_or(|by_head| by_head.deviations_of(meter.q) > DOUBT)
        });
        self.disagree_s = if disagrees { self.disagree_s + dt_s } else { 0.0 };
    }

    fn learn(&mut self, flow: Flow, by_head: Option<Flow>) {
        let Averages { n, n2, torque_mn_m, head_mmhg, flow: meter } = self.averages;
        let [_, e, _] = self.torque.theta();
        let torque_variance =
            |flow_variance: f32| LESSONS_PER_NOISE * (TORQUE_MN_M * TORQUE_MN_M + e * e * n2 * flow_variance);
        let Some(meter) = meter else {
            // The blood may change while the meter is lost; the head does not feel it.
            if let Some(by_head) = by_head {
                self.torque.learn(
                    &[n2, n * by_head.lpm, 1.0],
                    torque_mn_m,
                    torque_variance(by_head.variance),
                );
            }
            return;
        };
        let head_agrees = by_head.is_some_and(|by_head| by_head.deviations_of(meter.q) < DOUBT);
        if !head_agrees && flow.deviations_of(meter.q) > DOUBT {
            return;
        }
        if meter.q > TORQUE_FLOW_LPM_MIN {
            self.torque.learn(&[n2, meter.nq, 1.0], torque_mn_m, torque_variance(0.0));
        }
        if let Some(head_mmhg) = head_mmhg {
            let variance = LESSONS_PER_NOISE * HEAD_MMHG * HEAD_MMHG;
            self.head.learn(&[n2, -meter.nq, -meter.qq], head_mmhg, variance);
        }
    }
}

#[cfg(test)]
mod tests;
