// SPDX-License-Identifier: Apache-2.0
//! Who drove the head, and for how long nobody or both did: from the instants at which the gates of the world moved.

use super::Metrics;
use crate::channel::Sample;

/// Figures of the pair in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairFigures {
    /// How often the head went from one unit to the other.
    pub count: u32,
    /// Longest time from the last valid PWM update of one unit to the first PWM edge of the other [s].
    pub total_s: f64,
    /// Longest time in which no gate was open while a unit said that the rotor is to be held [s].
    pub nobody_s: f64,
    /// Longest time in which both gates were open [s].
    pub both_s: f64,
}

impl PairFigures {
    /// Enters the figures.
    pub fn measure(&self, metrics: &mut Metrics) {
        const US_PER_S: f64 = 1e6;
        metrics.set("takeover.count", f64::from(self.count));
        if self.count > 0 {
            metrics.set("takeover.total_us", self.total_s * US_PER_S);
        }
        metrics.set("takeover.nobody_us", self.nobody_s * US_PER_S);
        metrics.set("takeover.both_us", self.both_s * US_PER_S);
    }
}

/// Watches the gates; see the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub struct PairWatch {
    /// The set that drove last.
    driver: Option<usize>,
    /// Since when nobody has driven a rotor that is to be held [s].
    gap_since_s: Option<f64>,
    /// All gates were closed and no rotor was to be held: who drives next takes over from nobody.
    is_idle: bool,
    figures: PairFigures,
}

impl PairWatch {
    /// Takes a step.
    pub fn step(&mut self, sample: &Sample) {
        let [a, b] = sample.gate_open;
        let figures = &mut self.figures;
        let longest = |kept: &mut f64, from_s: f64, to_s: f64| {
            if from_s.is_finite() && to_s.is_finite() {
                *kept = kept.max(to_s - from_s);
            }
        };
        match (self.driver, a, b) {
            (_, true, true) => {
                let [opened_a_s, opened_b_s] = sample.gate_opened_s;
                longest(&mut figures.both_s, opened_a_s.max(opened_b_s), sample.time_s);
            }
            (Some(driver), false, false) if sample.held => {
                let since_s = sample.gate_closed_s[driver];
                self.gap_since_s = Some(since_s);
                longest(&mut figures.nobody_s, since_s, sample.time_s);
            }
            (_, false, false) => (self.gap_since_s, self.is_idle) = (None, true),
            (driver, a, _) => {
                let now = usize::from(!a);
                if let Some(since_s) = self.gap_since_s.take() {
                    longest(&mut figures.nobody_s, since_s, sample.gate_opened_s[now]);
                }
                if let Some(before) = driver.filter(|before| *before != now && !self.is_idle) {
                    figures.count += 1;
                    let (opened_s, closed_s) = (sample.gate_opened_s[now], sample.gate_closed_s[before]);
                    longest(&mut figures.total_s, sample.last_update_s[before], opened_s);
                    longest(&mut figures.nobody_s, closed_s, opened_s);
                    longest(&mut figures.both_s, opened_s, closed_s);
                }
                (self.driver, self.is_idle) = (Some(now), false);
            }
        }
    }

    /// What was seen so far.
    #[must_use]
    pub fn figures(&self) -> &PairFigures {
        &self.figures
    }

    /// The winding set that drove last.
    #[must_use]
    pub fn driver(&self) -> Option<usize> {
        self.driver
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(time_s: f64, gate_open: [bool; 2], opened_s: [f64; 2], closed_s: [f64; 2]) -> Sample {
        Sample {
            time_s,
            gate_open,
            gate_opened_s: opened_s,
            gate_closed_s: closed_s,
            last_update_s: [1.0, f64::NEG_INFINITY],
            held: true,
            ..Sample::default()
        }
    }

    #[test]
    fn a_gap_and_an_overlap_are_measured_between_the_gates() {
        let never = f64::NEG_INFINITY;
        let mut watch = PairWatch::default();
        watch.step(&sample(1.0, [true, false], [0.5, never], [never; 2]));
        assert_eq!(watch.figures(), &PairFigures::default());
        watch.step(&sample(1.000_1, [false, false], [0.5, never], [1.000_02, never]));
        watch.step(&sample(1.000_4, [false, true], [0.5, 1.000_35], [1.000_02, never]));
        let figures = *watch.figures();
        assert_eq!((figures.count, watch.driver()), (1, Some(1)));
        assert!((figures.total_s - 350e-6).abs() < 1e-9 && (figures.nobody_s - 330e-6).abs() < 1e-9);
        assert_eq!(figures.both_s, 0.0);
        // Back, with both for 30 us within one step.
        watch.step(&sample(2.0, [true, false], [1.999_96, 1.000_35], [1.000_02, 1.999_99]));
        assert!((watch.figures().both_s - 30e-6).abs() < 1e-9);
        assert_eq!(watch.figures().count, 2);
    }

    #[test]
    fn nobody_counts_only_while_the_rotor_is_to_be_held() {
        let mut watch = PairWatch::default();
        watch.step(&sample(1.0, [true, false], [0.5, f64::NEG_INFINITY], [f64::NEG_INFINITY; 2]));
        let set_down = Sample {
            held: false,
            ..sample(2.0, [false; 2], [0.5, f64::NEG_INFINITY], [1.5, f64::NEG_INFINITY])
        };
        watch.step(&set_down);
        assert_eq!(watch.figures().nobody_s, 0.0);
        watch.step(&Sample { held: true, ..set_down });
        assert!((watch.figures().nobody_s - 0.5).abs() < 1e-9);
        watch.step(&Sample { held: false, ..set_down });
        watch.step(&sample(3.0, [false, true], [0.5, 2.9], [1.5, f64::NEG_INFINITY]));
        assert_eq!((watch.figures().count, watch.driver()), (0, Some(1)), "from nobody");
        assert!((watch.figures().nobody_s - 0.5).abs() < 1e-9);
    }
}
