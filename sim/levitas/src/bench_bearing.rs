// SPDX-License-Identifier: Apache-2.0
//! The linear part of one bearing axis, written with the sections of a peer: the same mathematics for `levitas bench`.
//!
//! # Model
//! With fixed gains an axis of [`Bearing`] is linear from displacement (pickup taken off, with what the notch adds) and coil
//! current to the coil voltage: observer, state feedback, predictive current loop.
//! ```text
//! u = H_x(z) (x + w) + H_i(z) i
//! ```
//! H_x and H_i have six states in common; each is a sum of three sections of second order (`bench_sections.rs`): six sections
//! an axis, a block of a crate has one input. One pole is at 1, the voltage that the coil model lacks: what the past
//! left there stays, so that two axes agree to a constant unless they began alike.
//!
//! # What is the same and what is not
//! Pickup and notch are the core's ([`SeenCurrents`], [`Synchronous`]) for everybody: no crate has a notch that adapts. What
//! differs is the linear part: for ours the core's equations, folded as there, written again in [`Equations`]; for
//! idsp and biquad sections in f32. pid cannot: it has no observer and no section. The whole steps: `bench_whole.rs`.
//!
//! # Source
//! `src/core/src/bearing`; the same model in `tests/clients/bearing_design.py`, `closed_loop`.
//!
//! # Shown by
//! Unit tests below: on a recorded run each gives the voltage of `Bearing::step` within `TOLERANCE_V`, to that constant.

use biquad::Coefficients;
use dsp_process::SplitProcess as _;
use levitas_core::bearing::displacement::SeenCurrents;
use levitas_core::bearing::synchronous::Synchronous;
use levitas_core::bearing::turn::Turn;
use levitas_core::bearing::{BearingConfig, BearingInput, RotorDirection};
use levitas_core::mail::LevitateRequest;
use levitas_core::ports::LevitationInputs;
use levitas_core::probe::Excitation;
use levitas_world::STEP_S;

use crate::bench_peers::{Contestant, add};
use crate::bench_sections::{Numbers, STATES, VOLTAGE, characteristic, quadratics, sections};

/// Largest difference from the voltage of the whole step on a recorded run [V].
#[cfg(test)]
const TOLERANCE_V: f32 = 0.001;
/// Circles of the samples before the whole step is compared or timed: 1.2 s, in which the rotor lifts off.
pub(crate) const WARM_CIRCLES: usize = 20;
/// Rate of the notch here [1/s].
const SLOW_RATE_PER_S: f32 = 0.05;
/// Speed of the recorded run.
const SPEED_RAD_PER_S: f32 = 418.9;
/// Periods from which the notch learns at once, as in the core.
const LEARN_PERIODS: f32 = 4.0;
/// Why the equations cost time beside sections.
const CHAIN: &str = "each of our equations waits for the last one, six sections run side by side";

/// A section of second order.
pub(crate) trait Section {
    /// b_0, b_1, b_2, a_1, a_2 of b(z) / (1 + a_1 / z + a_2 / z^2).
    fn of(coefficients: [f64; 5]) -> Self;
    fn run(&mut self, value: f32) -> f32;
}

/// idsp, transposed direct form.
#[derive(Clone)]
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
    /// Coil voltage [V], from displacement with what the notch adds, and the own current.
    fn voltage_v(&mut self, displacement_m: f32, current_a: f32) -> f32;
}

/// Ours: the core's equations.
pub(crate) struct Equations {
    numbers: Numbers<f32>,
    state: [f32; STATES],
}

impl Linear for Equations {
    fn new(config: &BearingConfig, period_s: f64) -> Self {
        Self { numbers: Numbers::new(config, period_s).single(), state: [0.0; STATES] }
    }

    fn voltage_v(&mut self, displacement_m: f32, current_a: f32) -> f32 {
        self.numbers.step(&mut self.state, displacement_m, current_a);
        self.state[VOLTAGE]
    }
}

/// A peer's: sections.
#[derive(Clone)]
pub(crate) struct Sections<S> {
    displacement: [S; STATES / 2],
    current: [S; STATES / 2],
}

impl<S: Section> Linear for Sections<S> {
    fn new(config: &BearingConfig, period_s: f64) -> Self {
        let numbers = Numbers::new(config, period_s);
        let factors = quadratics(characteristic(&numbers));
        Self {
            displacement: sections(&numbers, &factors, [1.0, 0.0]).map(S::of),
            current: sections(&numbers, &factors, [0.0, 1.0]).map(S::of),
        }
    }

    fn voltage_v(&mut self, displacement_m: f32, current_a: f32) -> f32 {
        let [a, b, c] = &mut self.displacement;
        let by_displacement_v = a.run(displacement_m) + b.run(displacement_m) + c.run(displacement_m);
        let [a, b, c] = &mut self.current;
        by_displacement_v + a.run(current_a) + b.run(current_a) + c.run(current_a)
    }
}

/// The core's notch of one axis, fed as the core feeds it: every fourth period, x and y in turns.
#[derive(Clone)]
pub(crate) struct Notch {
    notch: Synchronous,
    gathered_a: f32,
    turns: u32,
    turn: u32,
}

impl Notch {
    pub(crate) fn new(config: &BearingConfig, turn: u32) -> Self {
        let notch = Synchronous::new(config, LEARN_PERIODS * STEP_S as f32);
        Self { notch, gathered_a: 0.0, turns: 0, turn }
    }

    /// What is added to this sample [m].
    pub(crate) fn added_m(&self, turn: &Turn) -> f32 {
        self.notch.added_m(turn)
    }

    pub(crate) fn mean_current_a(&self) -> f32 {
        self.notch.mean_current_a()
    }

    /// Takes in the current of this period and, when it `may`, learns beside this disturbance.
    pub(crate) fn learn(&mut self, turn: &Turn, current_a: f32, disturbance_n: f32, may: bool) {
        self.gathered_a += current_a;
        self.turns = self.turns.wrapping_add(1);
        if self.turns & 3 == self.turn {
            let mean_a = std::mem::take(&mut self.gathered_a) * (1.0 / LEARN_PERIODS);
            if may {
                self.notch.adapt(turn, mean_a, disturbance_n);
            }
        }
    }
}

/// Both axes: from Hall voltages and currents to duties.
pub(crate) struct Axes<L> {
    axes: [(L, Notch); 2],
    currents: SeenCurrents,
    m_per_v: f32,
    pickup_m_per_a: [f32; 2],
}

impl<L: Linear> Axes<L> {
    /// Both Hall pairs have the gain and the mid levels of the design.
    pub(crate) fn new(config: &BearingConfig) -> Self {
        let axis = |turn| (L::new(config, STEP_S), Notch::new(config, turn));
        Self {
            axes: [axis(0), axis(2)],
            currents: SeenCurrents::new(config, STEP_S as f32),
            m_per_v: 1.0 / config.hall_v_per_m,
            pickup_m_per_a: [
                config.coil_pickup_taken_off * config.coil_pickup_m_per_a,
                config.coil_pickup_cross_m_per_a,
            ],
        }
    }

    pub(crate) fn step(&mut self, samples: &LevitationInputs, rotor: Option<RotorDirection>) -> [f32; 2] {
        let turn = Turn::of(rotor);
        let [x_plus, x_minus, y_plus, y_minus] = samples.displacement_hall_v;
        let [x_a, y_a] = self.currents.step(samples.coil_current_a);
        let [p, q] = self.pickup_m_per_a;
        let per_v = 1.0 / samples.bus_voltage_v;
        let mut axis = |index: usize, difference_v: f32, pickup_m: f32| {
            let (linear, notch) = &mut self.axes[index];
            let displacement_m = difference_v * self.m_per_v - pickup_m + notch.added_m(&turn);
            let current_a = samples.coil_current_a[index];
            notch.learn(&turn, current_a, 0.0, true);
            linear.voltage_v(displacement_m, current_a) * per_v
        };
        [axis(0, x_plus - x_minus, p * x_a + q * y_a), axis(1, y_plus - y_minus, p * y_a + q * x_a)]
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
        foreign_current_a: None,
        waits: false,
        request: LevitateRequest::Levitate,
        excitation: &Excitation::None,
    }
}

/// The rows: both axes with notch, by the linear part of everybody.
pub(crate) fn rows(list: &mut Vec<Contestant<'_>>) {
    const WORK: &str = "bearing, equations alone";
    fn linear<L: Linear>(mut axes: Axes<L>) -> impl FnMut(&LevitationInputs) -> f32 {
        move |samples| axes.step(samples, Some(direction(samples))).iter().sum()
    }
    let config = slow_notch(&BearingConfig::ECMO_50);
    add(list, WORK, "ours", "", linear(Axes::<Equations>::new(&config)));
    add(list, WORK, "idsp", CHAIN, linear(Axes::<Sections<IdspSection>>::new(&config)));
    add(list, WORK, "biquad", CHAIN, linear(Axes::<Sections<BiquadSection>>::new(&config)));
}

#[cfg(test)]
mod tests {
    use levitas_core::bearing::Bearing;
    use levitas_core::mail::BearingState;

    use super::*;
    use crate::bench::recorded_without_notch;
    use crate::scenario::load;

    const COMPARED_CIRCLES: usize = 5;

    /// Largest difference of the voltage from that of the whole step [V], and the largest voltage.
    fn difference_v<L: Linear>() -> (f32, f32) {
        let config = slow_notch(&BearingConfig::ECMO_50);
        let samples = recorded_without_notch(&load("0_demonstration", &[]).unwrap()).unwrap().samples;
        let mut ours = Bearing::new(&config, STEP_S as f32).unwrap();
        let mut theirs = Axes::<L>::new(&config);
        let (mut worst_v, mut largest_v) = (0.0_f32, 0.0_f32);
        let mut constant_v = None;
        for circle in 0..WARM_CIRCLES + COMPARED_CIRCLES {
            for samples in &samples {
                let rotor = (circle >= WARM_CIRCLES).then(|| direction(samples));
                let output = ours.step(&bearing_input(samples, rotor));
                let duty = theirs.step(samples, rotor);
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
