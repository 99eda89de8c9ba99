// SPDX-License-Identifier: Apache-2.0
//! Figures of circuit and patient.

use super::Metrics;
use crate::channel::{BodySample, Sample};

/// From this part of the inlet on a vena cava counts as collapsed.
const COLLAPSED: f64 = 0.5;

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct CirculationWatch {
    /// From when on the flow counts [s].
    from_s: Option<f64>,
    step_s: f64,
    flow_sum_lpm: f64,
    steps: f64,
    pre_membrane_max_mmhg: f64,
    return_min_mmhg: f64,
    /// Time over the limit; `None` while none is known.
    return_over_s: Option<f64>,
    collapse_max: f64,
    collapse_s: f64,
    body: BodySample,
}

impl CirculationWatch {
    /// `from_s`: the first event that changes something.
    pub(super) fn new(from_s: Option<f64>, step_s: f64) -> Self {
        Self {
            from_s,
            step_s,
            flow_sum_lpm: 0.0,
            steps: 0.0,
            pre_membrane_max_mmhg: f64::NEG_INFINITY,
            return_min_mmhg: f64::INFINITY,
            return_over_s: None,
            collapse_max: f64::NEG_INFINITY,
            collapse_s: 0.0,
            body: BodySample::default(),
        }
    }

    pub(super) fn step(&mut self, sample: &Sample) {
        if self.from_s.is_some_and(|from_s| sample.time_s > from_s) {
            self.flow_sum_lpm += sample.flow_lpm;
            self.steps += 1.0;
        }
        self.pre_membrane_max_mmhg = self.pre_membrane_max_mmhg.max(sample.pre_membrane_pressure_mmhg);
        self.return_min_mmhg = self.return_min_mmhg.min(sample.return_pressure_mmhg);
        if let Some(limit_mmhg) = sample.return_limit_mmhg {
            let over_s = if sample.return_pressure_mmhg > limit_mmhg { self.step_s } else { 0.0 };
            self.return_over_s = Some(self.return_over_s.unwrap_or(0.0) + over_s);
        }
        self.body = sample.body;
        if sample.body.cava_collapse.is_finite() {
            self.collapse_max = self.collapse_max.max(sample.body.cava_collapse);
            self.collapse_s += if sample.body.cava_collapse > COLLAPSED { self.step_s } else { 0.0 };
        }
    }

    /// Enters the figures; the mean flow without an event is that of the window, which is there already.
    pub(super) fn enter(&self, metrics: &mut Metrics) {
        let mean_lpm = match self.from_s {
            Some(_) => self.flow_sum_lpm / self.steps,
            None => metrics.get("flow.lpm").unwrap_or(f64::NAN),
        };
        metrics.set("flow.mean_lpm", mean_lpm);
        metrics.set("pressure.pre_membrane_max_mmhg", self.pre_membrane_max_mmhg);
        metrics.set("pressure.return_min_mmhg", self.return_min_mmhg);
        if let Some(over_s) = self.return_over_s {
            metrics.set("pressure.return_over_s", over_s);
        }
        metrics.set("patient.air_ml", self.body.air_in_patient_ml);
        if self.body.map_mmhg.is_finite() {
            metrics.set("patient.map_mmhg", self.body.map_mmhg);
            metrics.set("patient.native_output_lpm", self.body.native_output_lpm);
            metrics.set("patient.collapse_max_pct", 100.0 * self.collapse_max);
            metrics.set("patient.collapse_s", self.collapse_s);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(from_s: Option<f64>, living: bool) -> Metrics {
        let mut watch = CirculationWatch::new(from_s, 0.1);
        for step in 1..=20_u32 {
            let time_s = f64::from(step) * 0.1;
            let mut sample = Sample {
                time_s,
                flow_lpm: time_s,
                return_pressure_mmhg: 100.0 - time_s,
                pre_membrane_pressure_mmhg: 200.0 + time_s,
                ..Sample::default()
            };
            if living {
                // The limit is told from 0.5 s on, and crossed until then and for 0.5 s more.
                sample.return_limit_mmhg = (step >= 5).then_some(99.05);
                sample.body.map_mmhg = 70.0 + time_s;
                sample.body.native_output_lpm = 1.0;
                sample.body.cava_collapse = if step > 15 { 0.8 } else { 0.1 };
            }
            watch.step(&sample);
        }
        let mut metrics = Metrics::default();
        metrics.set("flow.lpm", 7.0);
        watch.enter(&mut metrics);
        metrics
    }

    #[test]
    fn flow_counts_from_the_first_event_on() {
        let after = watched(Some(1.0), true);
        for (name, value) in [
            ("flow.mean_lpm", 1.55),
            ("pressure.return_min_mmhg", 98.0),
            ("pressure.return_over_s", 0.5),
            ("pressure.pre_membrane_max_mmhg", 202.0),
            ("patient.map_mmhg", 72.0),
            ("patient.native_output_lpm", 1.0),
            ("patient.collapse_max_pct", 80.0),
            ("patient.collapse_s", 0.5),
        ] {
            let found = after.get(name).unwrap_or(f64::NAN);
            assert!((found - value).abs() < 1e-9, "{name}: {found}");
        }
    }

    #[test]
    fn without_an_event_it_is_that_of_the_window_and_without_a_patient_there_are_no_figures_of_him() {
        let metrics = watched(None, false);
        assert_eq!(metrics.get("flow.mean_lpm"), Some(7.0));
        assert_eq!(metrics.get("patient.map_mmhg"), None);
        assert_eq!(metrics.get("pressure.return_over_s"), None);
        assert_eq!(metrics.get("patient.air_ml"), Some(0.0));
    }
}
