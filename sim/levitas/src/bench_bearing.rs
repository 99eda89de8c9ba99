// SPDX-License-Identifier: Apache-2.0
//! The linear part of one bearing axis, written with the sections of a peer: the same mathematics for `levitas bench`.
//!
//! # Model
//! With fixed gains an axis of [`Bearing`] is linear from displacement sample (with what the
//! notch adds), own and other coil current to the coil voltage: pickup, observer, state feedback, predictive current loop.
//! ```text
//! u = H_x(z) (x + w - F(z) (p i_own + q i_other)) + H_i(z) i_own        F = (1 - w_h) + w_h / z
//! ```
//! H_x and H_i have six states in common; each is a sum of three sections of second order (`bench_sections.rs`). With F seven
//! sections an axis: a block of a crate has one input. One pole is at 1, the voltage that the coil model lacks: what the past
//! left there stays, so that two axes agree to a constant unless they began alike.
//!
//! # What is the same and what is not
//! | | linear part | generalised notch | vote, screening, limits, faults, states |
//! |---|---|---|---|
//! | ours, whole step | as in the core | as in the core | yes |
//! | ours, linear | the core's equations as they stand, written again in [`Equations`]: the core does not show its parts | [`Notch`] | no |
//! | idsp, biquad | sections in f32 | [`Notch`]: no crate has one that adapts | no |
//! | pid | cannot: no observer, no section | - | - |
//!
//! All get the same cosine and sine of the rotor. [`Notch`] leaves out standing still in a shock, forgetting and the limit.
//! "Ours not slower" is not reached on x86-64: the whole step takes 2.7 times as long as a peer's sections, the
//! equations alone 1.4 times.
//!
//! # Source
//! `src/core/src/bearing`; the same model in `tests/clients/bearing_design.py`, `closed_loop`.
//!
//! # Shown by
//! Unit tests below: on a recorded run each gives the voltage of `Bearing::step` within `TOLERANCE_V`, to that constant.

use biquad::Coefficients;
use dsp_process::SplitProcess as _;
use levitas_core::bearing::{Bearing, BearingConfig, BearingInput, RotorDirection};
use levitas_core::mail::LevitateRequest;
use levitas_core::ports::LevitationInputs;
use levitas_core::probe::Excitation;
use levitas_world::STEP_S;

use crate::bench_peers::{Contestant, add};
use crate::bench_sections::{Numbers, STATES, VOLTAGE, characteristic, quadratics, sections};

/// Largest difference from the voltage of the whole step on a recorded run [V].
#[cfg(test)]
const TOLERANCE_V: f32 = 0.001;
/// Names of the rows.
pub(crate) const WORK: &str = "bearing, same mathematics";
/// Ours without what is not linear.
pub(crate) const LINEAR: &str = "ours, linear";
/// Circles of the samples before anything is compared or timed: 1.2 s, in which the rotor lifts off.
const WARM_CIRCLES: usize = 20;
/// Rate of the notch here [1/s].
const SLOW_RATE_PER_S: f32 = 0.05;
/// Speed of the recorded run.
const SPEED_RAD_PER_S: f32 = 418.9;
/// Time constants of the notch [s], as in the core.
const MEAN_S: f64 = 0.1;
const LEARN_S: f64 = 0.02;

/// A section of second order.
pub(crate) trait Section {
    /// b_0, b_1, b_2, a_1, a_2 of b(z) / (1 + a_1 / z + a_2 / z^2).
    fn of(coefficients: [f64; 5]) -> Self;
    fn run(&mut self, value: f32) -> f32;
}

/// idsp, transposed direct form.
pub(crate) struct IdspSection(idsp::iir::Biquad<f32>, idsp::iir::DirectForm2Transposed<f32>);

impl Section for IdspSection {
    fn of([b0, b1, b2, a1, a2]: [f64; 5]) -> Self {
        Self(idsp::iir::Biquad::from([b0, b1, b2, -a1, -a2].map(|value| value as f32)), Default::default())
    }

    fn run(&mut self, value: f32) -> f32 {
        self.0.process(&mut self.1, value)
    }
}

/// biquad, likewise.
pub(crate) type BiquadSection = biquad::DirectForm2Transposed<f32>;

impl Section for BiquadSection {
    fn of(coefficients: [f64; 5]) -> Self {
        let [b0, b1, b2, a1, a2] = coefficients.map(|value| value as f32);
        Self::new(Coefficients { a1, a2, b0, b1, b2 })
    }

    fn run(&mut self, value: f32) -> f32 {
        biquad::Biquad::run(self, value)
    }
}

/// The linear part of an axis.
pub(crate) trait Linear {
    fn new(config: &BearingConfig, period_s: f64) -> Self;
    /// Coil voltage [V], from the sample with what the notch adds, the pickup without the Halls' lag and the own current.
    fn voltage_v(&mut self, sample_m: f32, pickup_m: f32, current_a: f32) -> f32;
}

/// Ours: the core's equations.
pub(crate) struct Equations {
    numbers: Numbers<f32>,
    lag_weight: f32,
    last_pickup_m: f32,
    state: [f32; STATES],
}

impl Linear for Equations {
    fn new(config: &BearingConfig, period_s: f64) -> Self {
        let numbers = Numbers::new(config, period_s);
        let lag_weight = lag_weight(&numbers, period_s) as f32;
        Self { numbers: numbers.single(), lag_weight, last_pickup_m: 0.0, state: [0.0; STATES] }
    }

    fn voltage_v(&mut self, sample_m: f32, pickup_m: f32, current_a: f32) -> f32 {
        let seen_m = pickup_m + self.lag_weight * (self.last_pickup_m - pickup_m);
        self.last_pickup_m = pickup_m;
        self.numbers.step(&mut self.state, sample_m - seen_m, current_a);
        self.state[VOLTAGE]
    }
}

/// A peer's: sections.
pub(crate) struct Sections<S> {
    pickup: S,
    displacement: [S; STATES / 2],
    current: [S; STATES / 2],
}

impl<S: Section> Linear for Sections<S> {
    fn new(config: &BearingConfig, period_s: f64) -> Self {
        let numbers = Numbers::new(config, period_s);
        let weight = lag_weight(&numbers, period_s);
        let factors = quadratics(characteristic(&numbers));
        Self {
            pickup: S::of([1.0 - weight, weight, 0.0, 0.0, 0.0]),
            displacement: sections(&numbers, &factors, [1.0, 0.0]).map(S::of),
            current: sections(&numbers, &factors, [0.0, 1.0]).map(S::of),
        }
    }

    fn voltage_v(&mut self, sample_m: f32, pickup_m: f32, current_a: f32) -> f32 {
        let displacement_m = sample_m - self.pickup.run(pickup_m);
        let [a, b, c] = &mut self.displacement;
        let by_displacement_v = a.run(displacement_m) + b.run(displacement_m) + c.run(displacement_m);
        let [a, b, c] = &mut self.current;
        by_displacement_v + a.run(current_a) + b.run(current_a) + c.run(current_a)
    }
}

fn lag_weight(numbers: &Numbers<f64>, period_s: f64) -> f64 {
    let ratio = period_s / numbers.hall_lag_s;
    (1.0 - (-ratio).exp()) / ratio
}

/// Generalised notch of one axis, without its provisions for faults. It learns every fourth period, x and y in turns, as the core's.
pub(crate) struct Notch {
    coefficients_m: [f32; 4],
    sums_a: [f32; 4],
    gathered_a: f32,
    turns: u32,
    turn: u32,
    mean_a: f32,
    mean_gain: f32,
    periods: u32,
    learn_periods: u32,
    step_n: f32,
    k_x_n_per_m: f32,
    mass_kg: f32,
}

impl Notch {
    fn new(config: &BearingConfig, period_s: f64, turn: u32) -> Self {
        let period_s = 4.0 * period_s;
        Self {
            coefficients_m: [0.0; 4],
            sums_a: [0.0; 4],
            gathered_a: 0.0,
            turns: 0,
            turn,
            mean_a: 0.0,
            mean_gain: (period_s / MEAN_S) as f32,
            periods: 0,
            learn_periods: (LEARN_S / period_s) as u32,
            step_n: 2.0 * config.synchronous_rate_per_s * period_s as f32 * config.force_current_n_per_a,
            k_x_n_per_m: config.force_displacement_n_per_m,
            mass_kg: config.levitated_mass_kg,
        }
    }

    /// What is added to this sample [m]; then learns from the current.
    fn step(&mut self, rotor: Option<&RotorDirection>, current_a: f32) -> f32 {
        self.gathered_a += current_a;
        self.turns = self.turns.wrapping_add(1);
        let is_its_turn = self.turns & 3 == self.turn;
        let mut current_ac_a = 0.0;
        if is_its_turn {
            current_ac_a = 0.25 * std::mem::take(&mut self.gathered_a) - self.mean_a;
            self.mean_a += self.mean_gain * current_ac_a;
        }
        let Some(&RotorDirection { cos, sin, speed_rad_per_s }) = rotor else { return 0.0 };
        let waves = [cos, sin, cos * cos - sin * sin, 2.0 * cos * sin];
        let added_m =
            waves.iter().zip(&self.coefficients_m).map(|(wave, coefficient_m)| coefficient_m * wave).sum();
        if !is_its_turn {
            return added_m;
        }
        for (wave, sum_a) in waves.iter().zip(&mut self.sums_a) {
            *sum_a += current_ac_a * wave;
        }
        self.periods += 1;
        if self.periods >= self.learn_periods {
            let speed_2 = speed_rad_per_s * speed_rad_per_s;
            let step = |speed_2: f32| self.step_n / (self.k_x_n_per_m + self.mass_kg * speed_2);
            let (first, second) = (step(speed_2), step(4.0 * speed_2));
            for ((coefficient_m, sum_a), step) in
                self.coefficients_m.iter_mut().zip(&self.sums_a).zip([first, first, second, second])
            {
                *coefficient_m -= step * sum_a;
            }
            (self.sums_a, self.periods) = ([0.0; 4], 0);
        }
        added_m
    }
}

/// Both axes: from Hall voltages and currents to duties.
pub(crate) struct Axes<L> {
    axes: [(L, Notch); 2],
    m_per_v: f32,
    pickup_m_per_a: [f32; 2],
}

impl<L: Linear> Axes<L> {
    /// Both Hall pairs have the gain and the mid levels of the design.
    pub(crate) fn new(config: &BearingConfig) -> Self {
        let axis = |turn| (L::new(config, STEP_S), Notch::new(config, STEP_S, turn));
        Self {
            axes: [axis(0), axis(2)],
            m_per_v: 1.0 / config.hall_v_per_m,
            pickup_m_per_a: [
                config.coil_pickup_taken_off * config.coil_pickup_m_per_a,
                config.coil_pickup_cross_m_per_a,
            ],
        }
    }

    pub(crate) fn step(&mut self, samples: &LevitationInputs, rotor: Option<&RotorDirection>) -> [f32; 2] {
        let [x_plus, x_minus, y_plus, y_minus] = samples.displacement_hall_v;
        let [x_a, y_a] = samples.coil_current_a;
        let [p, q] = self.pickup_m_per_a;
        let [(x, x_notch), (y, y_notch)] = &mut self.axes;
        let x_m = (x_plus - x_minus) * self.m_per_v + x_notch.step(rotor, x_a);
        let y_m = (y_plus - y_minus) * self.m_per_v + y_notch.step(rotor, y_a);
        [
            x.voltage_v(x_m, p * x_a + q * y_a, x_a) / samples.bus_voltage_v,
            y.voltage_v(y_m, p * y_a + q * x_a, y_a) / samples.bus_voltage_v,
        ]
    }
}

/// Direction of the rotor, for every contestant alike: the Halls of the bench have the amplitude 1 V.
pub(crate) fn direction(samples: &LevitationInputs) -> RotorDirection {
    let [cos, sin] = samples.angle_hall_v;
    RotorDirection { cos, sin, speed_rad_per_s: SPEED_RAD_PER_S }
}

/// A notch that learns as always, but so slowly that the samples of a run without notch go on fitting.
pub(crate) fn slow_notch(config: &BearingConfig) -> BearingConfig {
    BearingConfig { synchronous_rate_per_s: SLOW_RATE_PER_S, ..*config }
}

/// What the whole bearing gets: levitate, nothing is missing.
pub(crate) fn bearing_input(samples: &LevitationInputs, rotor: Option<RotorDirection>) -> BearingInput<'_> {
    BearingInput {
        hall_v: Some(&samples.displacement_hall_v),
        coil_current_a: Some(&samples.coil_current_a),
        bus_voltage_v: samples.bus_voltage_v,
        missed: 0,
        rotor,
        request: LevitateRequest::Levitate,
        excitation: &Excitation::None,
    }
}

/// The rows: both axes, by the whole step and by the linear part of everybody.
pub(crate) fn rows(list: &mut Vec<Contestant<'_>>, samples: &[LevitationInputs]) {
    let config = slow_notch(&BearingConfig::ECMO_50);
    if let Ok(mut ours) = Bearing::new(&config, STEP_S as f32) {
        (0..WARM_CIRCLES).for_each(|_| {
            samples.iter().for_each(|samples| {
                ours.step(&bearing_input(samples, None));
            });
        });
        let flying = ours;
        let (mut period, samples_a_circle) = (0, samples.len());
        add(list, WORK, "ours", move |samples| {
            // Every circle begins alike, so that nothing drifts into a limit.
            period = if period == samples_a_circle { 1 } else { period + 1 };
            if period == 1 {
                ours = flying;
            }
            ours.step(&bearing_input(samples, Some(direction(samples)))).coil_duty.iter().sum()
        });
    }
    fn linear<L: Linear>(mut axes: Axes<L>) -> impl FnMut(&LevitationInputs) -> f32 {
        move |samples| axes.step(samples, Some(&direction(samples))).iter().sum()
    }
    add(list, WORK, LINEAR, linear(Axes::<Equations>::new(&config)));
    add(list, WORK, "idsp", linear(Axes::<Sections<IdspSection>>::new(&config)));
    add(list, WORK, "biquad", linear(Axes::<Sections<BiquadSection>>::new(&config)));
}

#[cfg(test)]
mod tests {
    use levitas_core::mail::BearingState;

    use super::*;
    use crate::bench::recorded_without_notch;
    use crate::scenario::load;

    const COMPARED_CIRCLES: usize = 5;

    /// Largest difference of the voltage from that of the whole step [V], and the largest voltage.
    fn difference_v<L: Linear>() -> (f32, f32) {
        let config = slow_notch(&BearingConfig::ECMO_50);
        let samples = recorded_without_notch(&load("0_demonstration", &[]).unwrap()).unwrap();
        let mut ours = Bearing::new(&config, STEP_S as f32).unwrap();
        let mut theirs = Axes::<L>::new(&config);
        let (mut worst_v, mut largest_v) = (0.0_f32, 0.0_f32);
        let mut constant_v = None;
        for circle in 0..WARM_CIRCLES + COMPARED_CIRCLES {
            for samples in &samples {
                let rotor = (circle >= WARM_CIRCLES).then(|| direction(samples));
                let output = ours.step(&bearing_input(samples, rotor));
                let duty = theirs.step(samples, rotor.as_ref());
                if circle >= WARM_CIRCLES {
                    assert_eq!((ours.state(), output.faults, output.limits), (BearingState::Levitated, 0, 0));
                    let volts = output.coil_duty.map(|duty| duty * samples.bus_voltage_v);
                    let more_v = [0, 1].map(|axis| volts[axis] - duty[axis] * samples.bus_voltage_v);
                    let begun_v = *constant_v.get_or_insert(more_v);
                    for axis in 0..2 {
                        worst_v = worst_v.max((more_v[axis] - begun_v[axis]).abs());
                        largest_v = largest_v.max(volts[axis].abs());
                    }
                }
            }
        }
        assert!(
            ours.notch_m().iter().any(|coefficient_m| coefficient_m.abs() > 1e-7),
            "{:?}",
            ours.notch_m()
        );
        (worst_v, largest_v)
    }

    fn assert_same<L: Linear>() {
        let (worst_v, largest_v) = difference_v::<L>();
        println!("{worst_v} V of {largest_v} V");
        assert!(largest_v > 1.0 && worst_v < TOLERANCE_V, "{worst_v} V of {largest_v} V");
    }

    #[test]
    fn the_equations_are_those_of_the_core() {
        assert_same::<Equations>();
    }

    #[test]
    fn the_sections_of_idsp_are_the_same_mathematics() {
        assert_same::<Sections<IdspSection>>();
    }

    #[test]
    fn the_sections_of_biquad_are_the_same_mathematics() {
        assert_same::<Sections<BiquadSection>>();
    }
}
