// SPDX-License-Identifier: Apache-2.0
//! How well the flow follows its set-point: settling and steady error of the beat-averaged flow.

use super::Metrics;

/// The flow is averaged over this time, at least a beat [s].
const BEAT_S: f64 = 1.0;
/// Within this part of the set-point it has settled.
const SETTLED: f64 = 0.02;
/// The steady error is the mean over this time [s].
const STEADY_S: f64 = 5.0;
/// Time between two values [s].
const STEP_S: f64 = 0.01;

/// Flows since the last set-point.
#[derive(Clone, Debug, Default)]
pub(super) struct FlowFigures {
    setpoint_lpm: Option<f64>,
    next_s: f64,
    flows_lpm: Vec<f64>,
    disturbed: bool,
}

impl FlowFigures {
    /// Something breaks or is disturbed: what follows is no settling.
    pub(super) fn disturb(&mut self) {
        self.disturbed |= !self.flows_lpm.is_empty();
    }

    /// One step; `setpoint_lpm` is not finite when no flow is followed.
    pub(super) fn step(&mut self, time_s: f64, setpoint_lpm: f64, flow_lpm: f64) {
        if !setpoint_lpm.is_finite() {
            return;
        }
        if self.setpoint_lpm != Some(setpoint_lpm) {
            *self = Self { setpoint_lpm: Some(setpoint_lpm), next_s: time_s, ..Self::default() };
        }
        if time_s >= self.next_s && !self.disturbed {
            self.next_s += STEP_S;
            self.flows_lpm.push(flow_lpm);
        }
    }

    /// Enters the figures of the last set-point above zero.
    pub(super) fn measure(&self, metrics: &mut Metrics) {
        let Some(setpoint) = self.setpoint_lpm.filter(|setpoint| *setpoint > 0.0) else { return };
        let beat = (BEAT_S / STEP_S) as usize;
        let means: Vec<f64> =
            self.flows_lpm.windows(beat).map(|flows| flows.iter().sum::<f64>() / beat as f64).collect();
        let is_outside = |mean: &f64| (mean - setpoint).abs() > SETTLED * setpoint;
        // The middle of a window is its time.
        let settled = means.iter().rposition(is_outside).map_or(0, |last| last + 1);
        if settled < means.len() {
            metrics.set("flow.settle_s", (settled + beat / 2) as f64 * STEP_S);
        }
        let steady = (STEADY_S / STEP_S) as usize;
        if self.flows_lpm.len() >= 2 * steady {
            let last = &self.flows_lpm[self.flows_lpm.len() - steady..];
            let mean = last.iter().sum::<f64>() / steady as f64;
            metrics.set("flow.error_pct", 100.0 * (mean - setpoint).abs() / setpoint);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_order_answer_settles_after_four_time_constants() {
        let mut figures = FlowFigures::default();
        for step in 0..2000 {
            let time_s = f64::from(step) * STEP_S;
            let beat = 0.5 * (std::f64::consts::TAU * time_s).sin();
            figures.step(time_s, 4.0, 4.0 * (1.0 - (-time_s / 0.5).exp()) + beat);
        }
        let mut metrics = Metrics::default();
        figures.measure(&mut metrics);
        // ln(50) time constants; the mean over a second of it is a little behind.
        let settle_s = metrics.get("flow.settle_s").unwrap();
        assert!((settle_s - 0.5 * 50.0_f64.ln()).abs() < 0.15, "{settle_s}");
        assert!(metrics.get("flow.error_pct").unwrap() < 0.01);
    }

    #[test]
    fn what_never_settles_has_no_figure() {
        let mut figures = FlowFigures::default();
        (0..500).for_each(|step| figures.step(f64::from(step) * STEP_S, 4.0, 3.0));
        let mut metrics = Metrics::default();
        figures.measure(&mut metrics);
        assert_eq!(metrics.get("flow.settle_s"), None);
    }
}
