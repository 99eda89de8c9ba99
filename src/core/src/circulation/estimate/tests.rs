// SPDX-License-Identifier: Apache-2.0
//! The estimator on a pump whose exponents and coefficients are not those of its laws, in flow mode on a changing load.

use super::*;
use proptest::prelude::*;

const DT_S: f32 = 0.01;
const SETPOINT_LPM: f32 = 4.0;

/// A pump of its own kind: other exponents, other coefficients, blood that is not water.
fn torque_mn_m(n: f32, q: f32, haematocrit_pct: f32) -> f32 {
    let viscosity_mpa_s = 10_f32.powf(0.01138 * haematocrit_pct + 0.03699);
    0.80 * n.powf(1.9) * (viscosity_mpa_s / 2.4).powf(0.27) + 0.66 * n.powf(0.95) * q.max(0.0).powf(0.95)
}

fn head_mmhg(n: f32, q: f32) -> f32 {
    24.2 * n.powf(1.96) - 0.8 * n * q - 1.25 * q.signum() * q.abs().powf(1.95)
}

/// Pump, circuit, sensors and a flow mode.
struct Rig {
    estimator: PumpEstimator,
    time_s: f32,
    seed: u32,
    n: f32,
    q: f32,
    haematocrit_pct: f32,
    /// Pressure that the pump works against at no flow, and what the cannulae take [mmHg, mmHg / (L/min)^2].
    load_mmhg: f32,
    resistance: f32,
    meter_gain: f32,
    has_meter: bool,
    has_head: bool,
    /// The flow mode follows the estimate even where there is a meter.
    last: Option<Estimate>,
}

impl Rig {
    fn new(seed: u32, has_head: bool) -> Self {
        Self {
            estimator: PumpEstimator::new(&PumpMap::ECMO_50).unwrap(),
            time_s: 0.0,
            seed,
            n: 3.4,
            q: 0.0,
            haematocrit_pct: 30.0,
            load_mmhg: 80.0,
            resistance: 10.0,
            meter_gain: 1.0,
            has_meter: true,
            has_head,
            last: None,
        }
    }

    /// Nearly Gaussian.
    fn noise(&mut self) -> f32 {
        let mut uniform = || {
            self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.seed >> 8) as f32 / 16_777_216.0 - 0.5
        };
        (0..6).map(|_| uniform()).sum::<f32>() * 1.414
    }

    fn swing(&self, period_s: f32) -> f32 {
        (core::f32::consts::TAU * self.time_s / period_s).sin()
    }

    fn step(&mut self) -> Estimate {
        self.time_s += DT_S;
        // The heart takes part: the load swings with it.
        let load_mmhg = self.load_mmhg + 10.0 * self.swing(0.8);
        let (mut low, mut high) = (-3.0, 12.0);
        for _ in 0..30 {
            let q = 0.5 * (low + high);
            let surplus_mmhg = head_mmhg(self.n, q) - load_mmhg - self.resistance * q * q.abs();
            (low, high) = if surplus_mmhg > 0.0 { (q, high) } else { (low, q) };
        }
        // Inertance of the circuit.
        self.q += 0.1 * (low - self.q);
        let torque = torque_mn_m(self.n, self.q, self.haematocrit_pct);
        let torque = torque + 0.3 * self.noise() + 0.15 * self.swing(600.0);
        let head = head_mmhg(self.n, self.q) + 2.0 * self.noise() + 1.5 * self.swing(450.0);
        let meter = self.meter_gain * self.q + 0.05 * self.noise();
        let head = self.has_head.then_some(head);
        let meter = self.has_meter.then_some(meter);
        let estimate = self.estimator.update(self.n * 1e3, torque * 1e-3, head, meter, DT_S);
        let seen_lpm = meter.unwrap_or(estimate.flow_lpm);
        self.n = (self.n + 0.3 * DT_S * (SETPOINT_LPM - seen_lpm)).clamp(1.5, 5.5);
        self.last = Some(estimate);
        estimate
    }

    /// Flow mode on a load that changes, haematocrit on its way; largest error of the true flow's mean over a beat from the
    /// set-point, and of the estimate in its own deviations, once the first seconds are over.
    fn pump(&mut self, duration_s: f32, haematocrit_pct: f32) -> (f32, f32) {
        let (mut worst_lpm, mut worst_deviations) = (0.0_f32, 0.0_f32);
        let (mut mean_lpm, mut mean_estimate_lpm) = (self.q, self.q);
        let per_step = (haematocrit_pct - self.haematocrit_pct) * DT_S / duration_s;
        let start_s = self.time_s;
        while self.time_s < start_s + duration_s {
            self.haematocrit_pct += per_step;
            self.load_mmhg = 85.0 + 25.0 * self.swing(97.0);
            self.resistance = 10.0 + 2.5 * self.swing(61.0);
            let estimate = self.step();
            mean_lpm += DT_S * (self.q - mean_lpm);
            mean_estimate_lpm += DT_S * (estimate.flow_lpm - mean_estimate_lpm);
            if self.time_s > start_s + 20.0 {
                worst_lpm = worst_lpm.max((mean_lpm - SETPOINT_LPM).abs());
                let off_lpm = (mean_estimate_lpm - mean_lpm).abs();
                worst_deviations = worst_deviations.max(off_lpm / estimate.flow_sd_lpm);
            }
        }
        (worst_lpm, worst_deviations)
    }
}

#[test]
fn the_meter_lost_the_flow_stays_within_ten_percent_for_ten_minutes() {
    for has_head in [true, false] {
        for (seed, haematocrit_pct) in [(1, 20.0), (2, 30.0), (3, 40.0)] {
            let mut rig = Rig::new(seed, has_head);
            rig.pump(300.0, haematocrit_pct);
            rig.has_meter = false;
            let (worst_lpm, deviations) = rig.pump(600.0, haematocrit_pct);
            assert!(
                worst_lpm < 0.1 * SETPOINT_LPM,
                "head {has_head}, {haematocrit_pct} %: {worst_lpm} L/min"
            );
            assert!(deviations < 3.0, "head {has_head}, {haematocrit_pct} %: {deviations}");
        }
    }
}

/// With the head, blood may change meanwhile.
#[test]
fn blood_that_changes_after_the_meter_is_lost_does_not_mislead_the_head() {
    for haematocrit_pct in [20.0, 40.0] {
        let mut rig = Rig::new(4, true);
        rig.pump(300.0, 30.0);
        rig.has_meter = false;
        let (worst_lpm, deviations) = rig.pump(600.0, haematocrit_pct);
        assert!(worst_lpm < 0.1 * SETPOINT_LPM, "{haematocrit_pct} %: {worst_lpm} L/min");
        assert!(deviations < 3.0, "{haematocrit_pct} %: {deviations}");
    }
}

#[test]
fn a_meter_that_becomes_wrong_is_named_and_not_believed() {
    for (has_head, meter_gain) in [(true, 1.25), (true, 0.8), (false, 1.35), (false, 0.7)] {
        let mut rig = Rig::new(5, has_head);
        rig.pump(300.0, 30.0);
        assert!(!rig.last.unwrap().meter_disagrees);
        rig.meter_gain = meter_gain;
        rig.pump(30.0, 30.0);
        let estimate = rig.last.unwrap();
        assert!(estimate.meter_disagrees, "head {has_head}, {meter_gain}: {estimate:?}, true {}", rig.q);
        let off_lpm = (estimate.flow_lpm - rig.q).abs();
        assert!(off_lpm < 0.5, "head {has_head}, {meter_gain}: {off_lpm} L/min");
    }
}

#[test]
fn a_right_meter_is_never_named_whatever_the_blood_does() {
    for (seed, has_head) in [(6, true), (7, false)] {
        let mut rig = Rig::new(seed, has_head);
        let mut named = 0_u32;
        for haematocrit_pct in [40.0, 20.0, 35.0] {
            for _ in 0..10 {
                let step_pct = rig.haematocrit_pct + 0.1 * (haematocrit_pct - rig.haematocrit_pct);
                rig.pump(60.0, step_pct.max(20.0));
                named += u32::from(rig.last.unwrap().meter_disagrees);
            }
        }
        assert_eq!(named, 0, "head {has_head}");
    }
}

#[test]
fn without_a_measured_head_the_law_gives_it() {
    let mut rig = Rig::new(8, true);
    rig.pump(300.0, 30.0);
    rig.has_head = false;
    rig.pump(60.0, 30.0);
    let estimate = rig.last.unwrap();
    let off_mmhg = (estimate.head_mmhg - head_mmhg(rig.n, rig.q)).abs();
    assert!(off_mmhg < 3.0 * estimate.head_sd_mmhg && off_mmhg < 15.0, "{off_mmhg} of {estimate:?}");
}

#[test]
fn a_pump_that_stands_or_is_not_measured_has_no_flow_that_is_known() {
    let mut estimator = PumpEstimator::new(&PumpMap::ECMO_50).unwrap();
    for (speed_rpm, torque_n_m) in [(0.0, 0.0), (f32::NAN, 0.02), (3500.0, f32::INFINITY)] {
        let estimate = estimator.update(speed_rpm, torque_n_m, None, Some(4.0), DT_S);
        assert!(estimate.flow_sd_lpm >= UNKNOWN_LPM && estimate.flow_lpm.is_finite(), "{estimate:?}");
    }
    let estimate = estimator.update(3500.0, 19.1e-3, None, None, DT_S);
    assert!((estimate.flow_lpm - 4.0).abs() < 0.05 && estimate.flow_sd_lpm > 0.5, "{estimate:?}");
    let wrong = PumpMap { loss_mmhg_per_lpm2: 0.0, ..PumpMap::ECMO_50 };
    assert_eq!(PumpEstimator::new(&wrong).unwrap_err().field, "loss_mmhg_per_lpm2");
}

#[test]
fn the_head_tells_which_way_it_flows() {
    let mut estimator = PumpEstimator::new(&PumpMap::ECMO_50).unwrap();
    let shut_off_mmhg = 25.0 * 4.0;
    for (head_mmhg, q) in [(shut_off_mmhg - 1.2 * 3.0 - 1.44 * 9.0, 3.0), (shut_off_mmhg + 1.2 + 1.44, -1.0)]
    {
        estimator.averages.head_mmhg = None;
        estimator.update(2000.0, 3.4e-3, Some(head_mmhg), None, DT_S);
        let flow = estimator.flow_by_head().unwrap();
        assert!((flow.lpm - q).abs() < 1e-3, "{flow:?}");
    }
}

proptest! {
    /// Any inputs: what comes out is a number with a positive deviation. What nonsense has taught is never silently believed
    /// against a meter, and can be forgotten.
    #[test]
    fn whatever_comes_in_it_goes_on(
        inputs in proptest::collection::vec(
            (proptest::num::f32::ANY, proptest::num::f32::ANY, proptest::option::of(proptest::num::f32::ANY),
             proptest::option::of(proptest::num::f32::ANY)), 1..100)
    ) {
        let mut estimator = PumpEstimator::new(&PumpMap::ECMO_50).unwrap();
        for (speed_rpm, torque_n_m, head_mmhg, flow_lpm) in inputs {
            let estimate = estimator.update(speed_rpm, torque_n_m, head_mmhg, flow_lpm, DT_S);
            prop_assert!(estimate.flow_lpm.abs() <= FLOW_LPM_MAX && estimate.flow_sd_lpm > 0.0, "{:?}", estimate);
            prop_assert!(!estimate.head_mmhg.is_nan() && estimate.head_sd_mmhg > 0.0, "{:?}", estimate);
        }
        let minute = |estimator: &mut PumpEstimator| {
            (0..6000).map(|_| estimator.update(3500.0, 19.1e-3, Some(274.9), Some(4.0), DT_S)).last().unwrap()
        };
        let last = minute(&mut estimator);
        let sd_lpm = sqrt(last.flow_sd_lpm * last.flow_sd_lpm + meter_variance(4.0));
        let within = (last.flow_lpm - 4.0).abs() <= 1.01 * DISAGREE * sd_lpm;
        prop_assert!(within || last.meter_disagrees, "{:?}", last);
        estimator.forget();
        let last = minute(&mut estimator);
        let is_near = (last.flow_lpm - 4.0).abs() < 0.1;
        prop_assert!(is_near && last.flow_sd_lpm < 0.2 && !last.meter_disagrees, "{:?}", last);
    }
}
