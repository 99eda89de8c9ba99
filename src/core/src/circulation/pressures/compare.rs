// SPDX-License-Identifier: Apache-2.0
//! The pressures against each other and against the pump: which of them drifts, and are two of them exchanged.
//!
//! # Model
//! ```text
//! r1 = (pre-membrane - drainage) - s H(n, Q),   H = 25 n^2 - 0.6 n Q - 1.44 Q|Q|   (mmHg, 1000/min, L/min)
//! r2 = (pre-membrane - return) - R Q
//! ```
//! s and R are learned with 5 minutes while nothing is wrong, so that an own pump, its wear and an own lung are as good as those of the design.
//! | seen for 3 s | is |
//! |---|---|
//! | r1 is over 30 mmHg, r2 not | drift of the drainage sensor |
//! | both are, with the same sign | drift of the pre-membrane sensor |
//! | r2 is below -30 mmHg, r1 not: the lung would push | drift of the return sensor |
//! | r2 is over 30 mmHg, r1 not | a clot, or drift of the return sensor: told as resistance of the lung |
//!
//! Exchanged (1 s): what is called drainage is over what is called return while the pump makes 50 mmHg and more, and
//! with the two the other way round the pump's head is right to 40 %.
//! # Timing
//! A drift of x mmHg/s is told after 30 / x s and 3 s, later in the first minutes; below 0.1 mmHg/s it is learned instead, and is what the operator zeroes.
//! # Limits and failure
//! Below 50 mmHg of head nothing is compared. A drift of the flow meter looks like a small r1, 6 mmHg per L/min; the meter has
//! checks of its own.
//! # Source
//! H: References of `docs/circulation.md`, proposed law of a levitated pump.

use super::trouble;
use crate::math::between;

/// Head from which on something is said [mmHg].
const HEAD_MMHG_MIN: f32 = 50.0;
const RESIDUAL_MMHG_MAX: f32 = 30.0;
const DRIFT_PERIODS: u32 = 300;
const SWAP_PERIODS: u32 = 100;
/// Time constant of what is learned [periods], and periods after which it counts.
const LEARN_PERIODS: f32 = 30_000.0;
const KNOWN_PERIODS: f32 = 500.0;
/// The head that an exchange must explain, over the head of the design.
const SWAP_HEAD: core::ops::RangeInclusive<f32> = 0.6..=1.4;

/// What is compared: all of it is believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    /// Drainage, pre-membrane, return [mmHg].
    pub(super) pressures_mmhg: [f32; 3],
    pub(super) speed_rpm: f32,
    pub(super) flow_lpm: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    /// Head over design.
    scale: f32,
    lung_mmhg_per_lpm: f32,
    learned_periods: f32,
    /// Bits that are seen, and for how long.
    suspicion: u32,
    periods: u32,
    /// Told until it is gone for as long as it took to tell.
    told: u32,
    innocent_periods: u32,
}

/// Head of the pump of the design [mmHg].
fn head_mmhg(speed_rpm: f32, flow_lpm: f32) -> f32 {
    let n = speed_rpm * 1e-3;
    25.0 * n * n - 0.6 * n * flow_lpm - 1.44 * flow_lpm * flow_lpm.abs()
}

impl Comparison {
    pub(super) const fn new() -> Self {
        Self {
            scale: 1.0,
            lung_mmhg_per_lpm: 0.0,
            learned_periods: 0.0,
            suspicion: 0,
            periods: 0,
            told: 0,
            innocent_periods: 0,
        }
    }

    /// The lung is a new one.
    pub(super) fn exchange_lung(&mut self) {
        self.learned_periods = 0.0;
    }

    /// Trouble of the sites drainage, pre-membrane, return.
    pub(super) fn trouble(&self) -> [u32; 3] {
        let [drainage, pre_membrane, back, _] = self.told.to_le_bytes().map(u32::from);
        [drainage, pre_membrane, back]
    }

    pub(super) fn step(&mut self, scene: Option<&Scene>) {
        let Some(scene) = scene else { return };
        let head_mmhg = head_mmhg(scene.speed_rpm, scene.flow_lpm);
        if head_mmhg < HEAD_MMHG_MIN {
            return;
        }
        let suspicion = self.suspect(scene, head_mmhg);
        if suspicion == 0 && self.told == 0 {
            self.learn(scene, head_mmhg);
        }
        self.tell(suspicion);
    }

    fn suspect(&self, scene: &Scene, head_mmhg: f32) -> u32 {
        let [drainage, pre_membrane, back] = scene.pressures_mmhg;
        if drainage > back && SWAP_HEAD.contains(&((pre_membrane - back) / head_mmhg)) {
            return trouble::SWAPPED | trouble::SWAPPED << 16;
        }
        if self.learned_periods < KNOWN_PERIODS {
            return 0;
        }
        let pump = pre_membrane - drainage - self.scale * head_mmhg;
        let lung = pre_membrane - back - self.lung_mmhg_per_lpm * scene.flow_lpm;
        let (pump_off, lung_off) = (pump.abs() > RESIDUAL_MMHG_MAX, lung.abs() > RESIDUAL_MMHG_MAX);
        match (pump_off, lung_off) {
            (true, false) => trouble::DRIFT,
            (true, true) if pump * lung > 0.0 => trouble::DRIFT << 8,
            (false, true) if lung < 0.0 => trouble::DRIFT << 16,
            _ => 0,
        }
    }

    fn learn(&mut self, scene: &Scene, head_mmhg: f32) {
        let [drainage, pre_membrane, back] = scene.pressures_mmhg;
        self.learned_periods = crate::math::smaller(self.learned_periods + 1.0, LEARN_PERIODS);
        let scale = between((pre_membrane - drainage) / head_mmhg, 0.05, 4.0);
        self.scale += (scale - self.scale) / self.learned_periods;
        if scene.flow_lpm >= 1.0 {
            let lung = between((pre_membrane - back) / scene.flow_lpm, 0.0, 100.0);
            self.lung_mmhg_per_lpm += (lung - self.lung_mmhg_per_lpm) / self.learned_periods;
        }
    }

    fn tell(&mut self, suspicion: u32) {
        let delay = if suspicion & trouble::SWAPPED != 0 { SWAP_PERIODS } else { DRIFT_PERIODS };
        self.periods =
            if suspicion != 0 && suspicion == self.suspicion { self.periods.saturating_add(1) } else { 0 };
        self.suspicion = suspicion;
        if self.periods >= delay {
            self.told = suspicion;
        }
        self.innocent_periods = if suspicion == 0 { self.innocent_periods.saturating_add(1) } else { 0 };
        if self.innocent_periods >= DRIFT_PERIODS {
            self.told = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pump that is 10 % better than designed and a lung of 12 mmHg/(L/min), at some flow.
    fn scene(speed_rpm: f32, flow_lpm: f32, off_mmhg: [f32; 3]) -> Scene {
        let drainage = 5.0 - 4.0 * flow_lpm * flow_lpm;
        let pre_membrane = drainage + 1.1 * head_mmhg(speed_rpm, flow_lpm);
        let pressures = [drainage, pre_membrane, pre_membrane - 12.0 * flow_lpm];
        let [d, p, r] = pressures;
        let [off_d, off_p, off_r] = off_mmhg;
        Scene { pressures_mmhg: [d + off_d, p + off_p, r + off_r], speed_rpm, flow_lpm }
    }

    fn run(comparison: &mut Comparison, periods: u32, off_mmhg: [f32; 3]) -> [u32; 3] {
        for period in 0..periods {
            // The speed wanders, so that head and flow do not stand still.
            let wave = crate::math::sin_cos(period as f32 * 1e-2 % core::f32::consts::TAU).0;
            comparison.step(Some(&scene(3500.0 + 200.0 * wave, 4.0 + 0.3 * wave, off_mmhg)));
        }
        comparison.trouble()
    }

    fn learned() -> Comparison {
        let mut comparison = Comparison::new();
        assert_eq!(run(&mut comparison, 2000, [0.0; 3]), [0; 3]);
        comparison
    }

    #[test]
    fn the_sensor_that_drifts_is_named_and_forgiven() {
        for (off_mmhg, expected) in [
            ([40.0, 0.0, 0.0], [trouble::DRIFT, 0, 0]),
            ([-40.0, 0.0, 0.0], [trouble::DRIFT, 0, 0]),
            ([0.0, 40.0, 0.0], [0, trouble::DRIFT, 0]),
            ([0.0, -40.0, 0.0], [0, trouble::DRIFT, 0]),
            ([0.0, 0.0, 40.0], [0, 0, trouble::DRIFT]),
            // As a clot would look.
            ([0.0, 0.0, -40.0], [0; 3]),
            ([0.0, 20.0, 0.0], [0; 3]),
        ] {
            let mut comparison = learned();
            assert_eq!(run(&mut comparison, 250, off_mmhg), [0; 3], "{off_mmhg:?}: not yet");
            assert_eq!(run(&mut comparison, 100, off_mmhg), expected, "{off_mmhg:?}");
            run(&mut comparison, 400, [0.0; 3]);
            assert_eq!(comparison.trouble(), [0; 3], "{off_mmhg:?} is over");
        }
    }

    #[test]
    fn a_drift_of_half_a_millimetre_per_second_is_told_within_a_minute_and_a_half() {
        let mut comparison = Comparison::new();
        run(&mut comparison, 30_000, [0.0; 3]);
        let second =
            (1..200).find(|second| run(&mut comparison, 100, [0.5 * *second as f32, 0.0, 0.0]) != [0; 3]);
        assert!(second.is_some_and(|second| second <= 90), "{second:?}");
    }

    #[test]
    fn exchanged_sensors_are_seen_from_the_first_second_on() {
        let mut comparison = Comparison::new();
        for _ in 0..110 {
            let mut scene = scene(3500.0, 4.0, [0.0; 3]);
            scene.pressures_mmhg.swap(0, 2);
            comparison.step(Some(&scene));
        }
        assert_eq!(comparison.trouble(), [trouble::SWAPPED, 0, trouble::SWAPPED]);
        // Without head the signs say nothing.
        let mut still = Comparison::new();
        for _ in 0..1000 {
            still.step(Some(&Scene { pressures_mmhg: [60.0, 30.0, 20.0], speed_rpm: 800.0, flow_lpm: -1.0 }));
        }
        assert_eq!(still.trouble(), [0; 3]);
    }
}
