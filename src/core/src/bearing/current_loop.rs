// SPDX-License-Identifier: Apache-2.0
//! Current of one bearing coil: reference in, duty out, with the delay and the bus voltage taken into account.
//!
//! # Model
//! L i' + R i + k_i v = u; the voltage computed in period k acts in period k+1:
//! ```text
//! i[k+1] = a i[k] + b (u[k-1] - e[k] + w[k])     a = exp(-R T / L), b = (1 - a) / R, e = k_i v
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | R, L | resistance, inductance | ohm, H | `coil_resistance_ohm`, `coil_inductance_h` |
//! | e | motion EMF, by reciprocity k_i times the velocity | V | - |
//! | w | voltage that the model lacks (dead time, warm copper, gain) | V | observed |
//! | b k_i | what the motion makes of the current | A s/m | `emf_a_s_per_m` |
//! | c | part of the current error that one period takes away | 1 | `current_loop_fraction` |
//! | c / b | what the reference asks for | V/A | `reference_v_per_a` |
//! | (1 - c - a) / b | what the current that there will be asks for | V/A | `next_v_per_a` |
//!
//! Predictive: the current at the start of the next period is known from the voltage already under way, so the
//! voltage is chosen that makes i[k+2] = i[k+1] + c (i_ref - i[k+1]). Closed-loop pole 1 - c, nearly
//! dead-beat at c = 0.898. Solved for the voltage: u = (c i_ref + (1 - c - a) i[k+1]) / b + e - w.
//!
//! # Limits and failure
//! The voltage is clipped to the bus **before** it enters the prediction, so there is no integrator to wind up;
//! `w` is observed from the difference of measured and predicted current only.
//! What `current_watch.rs` does not believe is replaced by the prediction: the coil is stable by its resistance, so the model
//! alone holds the current within the error of R. Of an open coil it is believed that there is no current, so that the
//! observer knows that nothing holds the rotor and the loop is ready when the coil conducts again.
//!
//! # Source
//! Predictive current control with delay compensation: P. Cortes et al., IEEE Trans. Ind. Electron. 59(2), 2012, 1323.
//!
//! # Shown by
//! Unit tests below.

use super::BearingConfig;
use super::current_watch::CurrentWatch;
use crate::math::{exp_of_minus, saturate};

/// What is known of a coil and wanted of its loop; the same for both axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coil {
    decay: f32,
    a_per_v: f32,
    reference_v_per_a: f32,
    next_v_per_a: f32,
    emf_v_s_per_m: f32,
    emf_a_s_per_m: f32,
    lack_gain_v_per_a: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CurrentLoop {
    pub(super) watch: CurrentWatch,
    lack_v: f32,
    voltage_v: f32,
    predicted_a: f32,
    next_a: f32,
}

/// What the current does while the voltage computed now is still on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct CurrentForecast {
    /// At the start of the next period [A].
    pub(super) next_a: f32,
    /// Sum of now and then, twice the mean over the present period [A].
    pub(super) sum_a: f32,
}

/// What a bridge makes of the bus; the same for both axes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bridge {
    voltage_v_max: f32,
    duty_per_v: f32,
}

impl Bridge {
    /// Below 1 V there is nothing to divide.
    pub(super) fn of(bus_voltage_v: f32) -> Self {
        let duty_per_v = if bus_voltage_v > 1.0 { 1.0 / bus_voltage_v } else { 0.0 };
        Self { voltage_v_max: DUTY_MAX * bus_voltage_v, duty_per_v }
    }
}

/// Part of a current innovation that is booked to the voltage the model lacks: a filter of 17 ms.
const LACK_FRACTION: f32 = 0.003;
/// Largest part of the bus voltage that is used; the rest belongs to the current sampling window.
const DUTY_MAX: f32 = 0.97;

impl Coil {
    pub(super) fn new(config: &BearingConfig, period_s: f32) -> Self {
        let decay = exp_of_minus(config.coil_resistance_ohm * period_s / config.coil_inductance_h);
        let a_per_v = (1.0 - decay) / config.coil_resistance_ohm;
        Self {
            decay,
            a_per_v,
            reference_v_per_a: config.current_loop_fraction / a_per_v,
            next_v_per_a: (1.0 - config.current_loop_fraction - decay) / a_per_v,
            emf_v_s_per_m: config.force_current_n_per_a,
            emf_a_s_per_m: a_per_v * config.force_current_n_per_a,
            lack_gain_v_per_a: LACK_FRACTION / a_per_v,
        }
    }
}

impl CurrentLoop {
    /// Forgets the past: coils open, no current.
    pub(super) fn restart(&mut self) {
        (self.lack_v, self.voltage_v, self.predicted_a, self.next_a) = (0.0, 0.0, 0.0, 0.0);
        self.watch.restart();
    }

    /// The current that is expected at the next sample [A].
    pub(super) fn predicted_a(&self) -> f32 {
        self.predicted_a
    }

    /// The sample as far as it is to be believed.
    pub(super) fn screen(&mut self, measured_a: Option<f32>) -> Option<f32> {
        self.watch.screen(measured_a, self.predicted_a)
    }

    /// Takes in the screened sample of this period, as far as the watch believes it.
    #[inline(always)]
    pub(super) fn forecast(
        &mut self,
        coil: &Coil,
        screened_a: Option<f32>,
        velocity_m_per_s: f32,
        rough: bool,
    ) -> CurrentForecast {
        let mut now_a = self.predicted_a;
        let was_open = self.watch.is_open();
        if let Some(screened_a) = screened_a {
            let innovation_a = screened_a - self.predicted_a;
            now_a += self.watch.share(screened_a, innovation_a, rough) * innovation_a;
            if !was_open {
                self.lack_v += coil.lack_gain_v_per_a * innovation_a;
            }
        }
        // Here and in `duty` what is known first is added first: each sum waits for its last part alone.
        let driven_a = coil.decay * now_a + coil.a_per_v * (self.voltage_v + self.lack_v);
        let next_a = driven_a - coil.emf_a_s_per_m * velocity_m_per_s;
        self.watch.drive(next_a - now_a);
        self.predicted_a = next_a;
        // An open coil does not follow; a controller that thinks it does swings from rail to rail.
        self.next_a = if was_open { now_a } else { next_a };
        CurrentForecast { next_a: self.next_a, sum_a: now_a + self.next_a }
    }

    /// Duty for the next period, -1 to 1, and whether the bus voltage limits it.
    pub(super) fn duty(
        &mut self,
        coil: &Coil,
        reference_a: f32,
        velocity_m_per_s: f32,
        bridge: Bridge,
    ) -> (f32, bool) {
        let wanted_v = coil.next_v_per_a * self.next_a - self.lack_v
            + coil.emf_v_s_per_m * velocity_m_per_s
            + coil.reference_v_per_a * reference_a;
        self.voltage_v = saturate(wanted_v, bridge.voltage_v_max);
        (self.voltage_v * bridge.duty_per_v, self.voltage_v != wanted_v)
    }
}

#[cfg(test)]
mod tests {
    use super::super::current_watch::{STUCK_REPEATS, SUSPECT_REPEATS};
    use super::*;

    /// R-L coil with one period of delay, stepped exactly; returns the current after each period.
    fn respond(reference_a: f32, resistance_ohm: f32, periods: usize) -> std::vec::Vec<f32> {
        let config = BearingConfig::ECMO_50;
        let (coil, mut current_loop) = (Coil::new(&config, 50e-6), CurrentLoop::default());
        let decay = (-resistance_ohm * 50e-6 / config.coil_inductance_h).exp();
        let (mut current_a, mut acting_v) = (0.0, 0.0);
        (0..periods)
            .map(|_| {
                let screened_a = current_loop.screen(Some(current_a));
                current_loop.forecast(&coil, screened_a, 0.0, false);
                let (duty, _) = current_loop.duty(&coil, reference_a, 0.0, Bridge::of(48.0));
                current_a = decay * current_a + (1.0 - decay) / resistance_ohm * acting_v;
                acting_v = duty * 48.0;
                current_a
            })
            .collect()
    }

    #[test]
    fn a_small_step_follows_the_designed_pole() {
        let response = respond(0.5, 1.0, 12);
        let pole = 1.0 - BearingConfig::ECMO_50.current_loop_fraction;
        // One period of delay, one of ZOH, then the pole.
        for (index, current_a) in response.iter().enumerate().skip(1) {
            let expected_a = 0.5 * (1.0 - pole.powi(index as i32));
            assert!((current_a - expected_a).abs() < 2e-3, "{index}: {current_a} {expected_a}");
        }
    }

    #[test]
    fn a_stuck_sensor_is_passed_over_and_named() {
        let config = BearingConfig::ECMO_50;
        let (coil, mut current_loop) = (Coil::new(&config, 50e-6), CurrentLoop::default());
        let decay = (-config.coil_resistance_ohm * 50e-6 / config.coil_inductance_h).exp();
        let (mut current_a, mut acting_v) = (0.0_f32, 0.0);
        for period in 0..400 {
            let noise_a = 4e-3 * (period % 2) as f32;
            let screened_a = current_loop.screen(Some(if period < 20 { current_a + noise_a } else { 5.0 }));
            current_loop.forecast(&coil, screened_a, 0.0, false);
            let (duty, _) = current_loop.duty(&coil, 0.5, 0.0, Bridge::of(48.0));
            current_a = decay * current_a + (1.0 - decay) * acting_v;
            acting_v = duty * 48.0;
            assert!(period < 10 || (current_a - 0.5).abs() < 0.05, "{period}: {current_a}");
            assert_eq!(current_loop.watch.is_doubted(), period >= 24, "{period}");
        }
    }

    #[test]
    fn a_sensor_that_sticks_and_then_jumps_is_not_believed() {
        let coil = Coil::new(&BearingConfig::ECMO_50, 50e-6);
        let mut current_loop = CurrentLoop::default();
        for _ in 0..SUSPECT_REPEATS + 4 {
            let screened_a = current_loop.screen(Some(0.012));
            current_loop.forecast(&coil, screened_a, 0.0, false);
        }
        assert_eq!(current_loop.screen(Some(5.0)), None);
        assert_eq!(current_loop.screen(Some(0.016)), Some(0.016));
    }

    /// A coil that follows a changing reference; shows periods from the fault on until it is called open, and until doubted.
    fn broken(show: impl Fn(f32, u32) -> f32, conducts: bool) -> (Option<u32>, Option<u32>) {
        let config = BearingConfig::ECMO_50;
        let (coil, mut current_loop) = (Coil::new(&config, 50e-6), CurrentLoop::default());
        let decay = (-config.coil_resistance_ohm * 50e-6 / config.coil_inductance_h).exp();
        let (mut current_a, mut acting_v, mut random) = (0.0_f32, 0.0, 1_u32);
        let (mut open, mut doubted) = (None, None);
        for period in 0..400_u32 {
            let mut noise = || {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 8) as f32 / 8_388_608.0 - 1.0
            };
            let healthy = period < 200;
            let sensed_a = ((current_a + 9e-3 * noise()) / 4e-3).round() * 4e-3;
            let screened_a =
                current_loop.screen(Some(if healthy { sensed_a } else { show(sensed_a, period) }));
            current_loop.forecast(&coil, screened_a, 0.0, false);
            let (duty, _) = current_loop.duty(&coil, 0.28 * noise(), 0.0, Bridge::of(48.0));
            current_a = if healthy || conducts { decay * current_a + (1.0 - decay) * acting_v } else { 0.0 };
            acting_v = duty * 48.0;
            assert!(
                !(healthy && (current_loop.watch.is_open() || current_loop.watch.is_doubted())),
                "{period}"
            );
            open = open.or((!healthy && current_loop.watch.is_open()).then(|| period - 200));
            doubted = doubted.or((!healthy && current_loop.watch.is_doubted()).then(|| period - 200));
        }
        (open, doubted)
    }

    #[test]
    fn an_open_coil_and_a_stuck_sensor_are_told_apart() {
        let (open, _) = broken(|sensed_a, _| sensed_a, false);
        assert!(open.is_some_and(|periods| periods < 20), "{open:?}");
        let (open, doubted) = broken(|_, _| 0.012, true);
        assert_eq!((open, doubted), (None, Some(STUCK_REPEATS)));
    }

    #[test]
    fn a_large_current_that_is_gone_is_named_in_three_samples_whatever_has_lost_it() {
        let config = BearingConfig::ECMO_50;
        let coil = Coil::new(&config, 50e-6);
        // Every value follows another one, every one comes twice, none moves; all of them follow one of the current. What sticks
        // near zero and is left behind by the current is a sensor.
        type Noise = fn(u32) -> f32;
        let changing: Noise = |k| 4e-3 * (k * k % 5) as f32 - 8e-3;
        let in_pairs: Noise = |k| 4e-3 * (k / 2 % 3) as f32;
        let still: Noise = |_| 0.012;
        let cases = [
            (3.0, changing, Some(3)),
            (-3.0, changing, Some(3)),
            (3.0, in_pairs, Some(3)),
            (-3.0, in_pairs, Some(3)),
            (3.0, still, Some(3)),
            (0.8, changing, None),
        ];
        for (large_a, noise_a, gone_after) in cases {
            let mut current_loop = CurrentLoop::default();
            let mut gone = None;
            for period in 0..160_u32 {
                let flows = period < 100;
                let sensed_a = if flows { large_a } else { 0.0 } + noise_a(period);
                let screened_a = current_loop.screen(Some(sensed_a));
                current_loop.forecast(&coil, screened_a, 0.0, false);
                current_loop.duty(&coil, large_a, 0.0, Bridge::of(48.0));
                assert!(!(flows && current_loop.watch.is_gone()), "{period}");
                gone = gone.or(current_loop.watch.is_gone().then(|| period - 99));
            }
            assert_eq!(gone, gone_after, "{large_a} A");
        }
    }

    #[test]
    fn a_sensor_that_sticks_near_zero_is_no_coil_that_is_gone() {
        let coil = Coil::new(&BearingConfig::ECMO_50, 50e-6);
        let mut current_loop = CurrentLoop::default();
        let mut doubted = false;
        for period in 0..60_u32 {
            let reference_a = if period < 10 { 0.0 } else { 3.0 };
            let screened_a = current_loop.screen(Some(0.012));
            current_loop.forecast(&coil, screened_a, 0.0, false);
            current_loop.duty(&coil, reference_a, 0.0, Bridge::of(48.0));
            assert!(!current_loop.watch.is_gone(), "{period}");
            doubted |= current_loop.watch.is_doubted();
        }
        assert!(doubted);
    }

    #[test]
    fn the_voltage_on_an_open_coil_is_that_of_the_reference() {
        let config = BearingConfig::ECMO_50;
        let coil = Coil::new(&config, 50e-6);
        let mut current_loop = CurrentLoop::default();
        let per_a = coil.reference_v_per_a / 48.0;
        let (mut fed_back_a, mut open) = (0.0, 0);
        for period in 0..4000_u32 {
            let noise_a = 4e-3 * (period * period % 5) as f32 - 8e-3;
            let screened_a = current_loop.screen(Some(noise_a));
            fed_back_a = current_loop.forecast(&coil, screened_a, 0.0, false).next_a;
            let reference_a = 0.2 * (period / 2 % 2) as f32 - config.feedback_current * fed_back_a;
            let (duty, _) = current_loop.duty(&coil, reference_a, 0.0, Bridge::of(48.0));
            open += u32::from(current_loop.watch.is_open());
            assert!(open < 4 || duty.abs() < 0.25 * per_a, "{period}: {duty}");
        }
        assert!(open > 3900 && fed_back_a.abs() < 0.01, "{open} {fed_back_a}");
    }

    #[test]
    fn warm_copper_leaves_no_error() {
        let last_a = *respond(1.0, 1.3, 1000).last().unwrap();
        assert!((last_a - 1.0).abs() < 1e-3, "{last_a}");
    }

    #[test]
    fn the_bus_limits_a_large_step_without_overshoot() {
        let response = respond(6.0, 1.0, 60);
        let peak_a = response.iter().copied().fold(0.0, f32::max);
        assert!(peak_a < 6.1, "{peak_a}");
        // 48 V * 0.97 on 2 mH and 1 ohm: 6 A take 0.275 ms, 5.5 periods, and two of delay.
        assert!(response[5] < 5.9 && response[11] > 5.9, "{response:?}");
    }
}
