// SPDX-License-Identifier: Apache-2.0
//! Figures of the warming device.

use super::Metrics;
use crate::channel::ThermalSample;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct ThermalFigures {
    last: Option<ThermalSample>,
    blood_max_celsius: f64,
    blood_min_celsius: f64,
    water_max_celsius: f64,
}

impl ThermalFigures {
    pub(super) const NEW: Self = Self {
        last: None,
        blood_max_celsius: f64::NEG_INFINITY,
        blood_min_celsius: f64::INFINITY,
        water_max_celsius: f64::NEG_INFINITY,
    };

    pub(super) fn step(&mut self, sample: Option<ThermalSample>) {
        let Some(sample) = sample else { return };
        self.last = Some(sample);
        self.blood_max_celsius = self.blood_max_celsius.max(sample.blood_max_celsius);
        self.blood_min_celsius = self.blood_min_celsius.min(sample.blood_celsius);
        self.water_max_celsius = self.water_max_celsius.max(sample.water_celsius);
    }

    pub(super) fn enter(&self, metrics: &mut Metrics) {
        let Some(last) = self.last else { return };
        metrics.set("thermal.blood_celsius", last.blood_celsius);
        metrics.set("thermal.blood_max_celsius", self.blood_max_celsius);
        metrics.set("thermal.blood_min_celsius", self.blood_min_celsius);
        metrics.set("thermal.water_max_celsius", self.water_max_celsius);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_of_the_run_and_absent_without_a_device() {
        let (mut figures, mut metrics) = (ThermalFigures::NEW, Metrics::default());
        figures.step(None);
        figures.enter(&mut metrics);
        assert!(metrics.numbers.is_empty());
        for (blood_celsius, water_celsius) in [(37.0, 38.0), (36.0, 41.0), (36.5, 39.0)] {
            let blood_max_celsius = blood_celsius + 1.0;
            figures.step(Some(ThermalSample { blood_max_celsius, blood_celsius, water_celsius }));
        }
        figures.enter(&mut metrics);
        let names = ["blood_celsius", "blood_max_celsius", "blood_min_celsius", "water_max_celsius"];
        let found = names.map(|name| metrics.get(&format!("thermal.{name}")).unwrap());
        assert_eq!(found, [36.5, 38.0, 36.0, 41.0]);
    }
}
