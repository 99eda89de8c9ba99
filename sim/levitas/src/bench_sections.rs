// SPDX-License-Identifier: Apache-2.0
//! The linear part of a bearing axis as numbers, equations and sections of second order; for `bench_bearing.rs`.
//!
//! # Model
//! [`Numbers::step`] is the core's axis without limits: observer, state feedback, predictive current loop. From it, at the
//! start and in f64: characteristic polynomial (Faddeev-LeVerrier), its quadratic factors (Bairstow), and for each input the
//! shares of the factors in the impulse response. The sum of the sections has the same response to the rounding of f32.
//!
//! # Source
//! `src/core/src/bearing/{observer,state_feedback,current_loop}.rs`.
//!
//! # Shown by
//! Unit tests of `bench_bearing.rs`.

use std::f64::consts::PI;
use std::ops::{Add, Mul, Sub};

use levitas_core::bearing::BearingConfig;

/// States that both transfer functions have in common, and which of them is the voltage.
pub(crate) const STATES: usize = 6;
pub(crate) const VOLTAGE: usize = 4;
/// Part of a current innovation that is booked to the voltage the model lacks, as in the core.
const LACK_FRACTION: f64 = 0.003;
/// More than enough steps for a factor.
const BAIRSTOW_STEPS: usize = 200;

/// Numbers of the equations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers<T> {
    half: T,
    hall_lag_s: T,
    observer: [T; 3],
    motion: [T; 5],
    k_i: T,
    half_k_i: T,
    emf_a_s_per_m: T,
    decay: T,
    a_per_v: T,
    reference_v_per_a: T,
    next_v_per_a: T,
    lack_v_per_a: T,
    hold_a_per_n: T,
    feedback: [T; 3],
}

impl Numbers<f64> {
    pub(crate) fn new(config: &BearingConfig, period_s: f64) -> Self {
        let known = |value: f32| f64::from(value);
        let (mass_kg, k_i) = (known(config.levitated_mass_kg), known(config.force_current_n_per_a));
        let pole2 = known(config.force_displacement_n_per_m) / mass_kg;
        let (pole, resistance) = (pole2.sqrt(), known(config.coil_resistance_ohm));
        let (cosh, sinh) = ((pole * period_s).cosh(), (pole * period_s).sinh());
        let decay = (-resistance * period_s / known(config.coil_inductance_h)).exp();
        let a_per_v = (1.0 - decay) / resistance;
        let fraction = known(config.current_loop_fraction);
        let motion =
            [cosh, sinh / pole, pole * sinh, (cosh - 1.0) / (pole2 * mass_kg), sinh / (pole * mass_kg)];
        Self {
            half: 0.5,
            hall_lag_s: 1.0 / (2.0 * PI * known(config.hall_bandwidth_hz)),
            observer: [
                config.observer_displacement,
                config.observer_velocity_per_s,
                config.observer_force_n_per_m,
            ]
            .map(known),
            motion,
            k_i,
            half_k_i: 0.5 * k_i,
            emf_a_s_per_m: a_per_v * k_i,
            decay,
            a_per_v,
            reference_v_per_a: fraction / a_per_v,
            next_v_per_a: (1.0 - fraction - decay) / a_per_v,
            lack_v_per_a: LACK_FRACTION / a_per_v,
            hold_a_per_n: (1.0 + known(config.feedback_current)) / k_i,
            feedback: [
                config.feedback_displacement_a_per_m,
                config.feedback_velocity_a_s_per_m,
                config.feedback_current,
            ]
            .map(known),
        }
    }

    pub(crate) fn single(&self) -> Numbers<f32> {
        let single = |value: f64| value as f32;
        Numbers {
            half: single(self.half),
            hall_lag_s: single(self.hall_lag_s),
            observer: self.observer.map(single),
            motion: self.motion.map(single),
            k_i: single(self.k_i),
            half_k_i: single(self.half_k_i),
            emf_a_s_per_m: single(self.emf_a_s_per_m),
            decay: single(self.decay),
            a_per_v: single(self.a_per_v),
            reference_v_per_a: single(self.reference_v_per_a),
            next_v_per_a: single(self.next_v_per_a),
            lack_v_per_a: single(self.lack_v_per_a),
            hold_a_per_n: single(self.hold_a_per_n),
            feedback: self.feedback.map(single),
        }
    }
}

impl<T: Copy + Add<Output = T> + Sub<Output = T> + Mul<Output = T>> Numbers<T> {
    /// One period of x, v, d, lack, voltage, expected current; the last but one is what comes out.
    pub(crate) fn step(&self, state: &mut [T; STATES], displacement: T, current: T) {
        let [x, v, d, lack, voltage, expected] = *state;
        let ([l_x, l_v, l_d], [a_xx, a_xv, a_vx, b_x, b_v]) = (self.observer, self.motion);
        let innovation = displacement - (x - self.hall_lag_s * v);
        let (x, v, d) = (x + l_x * innovation, v + l_v * innovation, d + l_d * innovation);
        let current_innovation = current - expected;
        let now = expected + self.half * current_innovation;
        let lack = lack + self.lack_v_per_a * current_innovation;
        let next = self.decay * now + self.a_per_v * (voltage + lack) - self.emf_a_s_per_m * v;
        let force = self.half_k_i * (now + next) + d;
        let (x, v) = (a_xx * x + a_xv * v + b_x * force, a_vx * x + a_xx * v + b_v * force);
        let [g_x, g_v, g_i] = self.feedback;
        // The reference with its sign turned: numbers here are only added, subtracted and multiplied.
        let less = self.hold_a_per_n * d + g_i * next + g_x * x + g_v * v;
        let voltage = self.next_v_per_a * next - lack + self.k_i * v - self.reference_v_per_a * less;
        *state = [x, v, d, lack, voltage, next];
    }
}

/// State matrix, row by row, by one step from every unit state.
fn matrix(numbers: &Numbers<f64>) -> [[f64; STATES]; STATES] {
    let mut rows = [[0.0; STATES]; STATES];
    for column in 0..STATES {
        let mut state = [0.0; STATES];
        state[column] = 1.0;
        numbers.step(&mut state, 0.0, 0.0);
        for (row, value) in rows.iter_mut().zip(state) {
            row[column] = value;
        }
    }
    rows
}

/// Characteristic polynomial, highest power first (Faddeev-LeVerrier).
pub(crate) fn characteristic(numbers: &Numbers<f64>) -> Vec<f64> {
    let a = matrix(numbers);
    let mut polynomial = vec![1.0];
    let mut product = [[0.0; STATES]; STATES];
    for power in 1..=STATES {
        let mut sum = product;
        let last = polynomial[power - 1];
        (0..STATES).for_each(|index| sum[index][index] += last);
        for (row, product) in a.iter().zip(&mut product) {
            for (column, value) in product.iter_mut().enumerate() {
                *value = (0..STATES).map(|index| row[index] * sum[index][column]).sum();
            }
        }
        let trace: f64 = (0..STATES).map(|index| product[index][index]).sum();
        polynomial.push(-trace / power as f64);
    }
    polynomial
}

/// Real factors z^2 + a_1 z + a_2 (Bairstow).
pub(crate) fn quadratics(mut polynomial: Vec<f64>) -> [[f64; 2]; STATES / 2] {
    let mut factors = [[0.0; 2]; STATES / 2];
    for factor in &mut factors {
        let (mut r, mut s) = (1.0, -0.3);
        let mut quotient = polynomial.clone();
        for _ in 0..BAIRSTOW_STEPS {
            quotient = divided(&polynomial, r, s);
            let slopes = divided(&quotient, r, s);
            let n = quotient.len() - 1;
            let (b_1, b_0) = (quotient[n - 1], quotient[n]);
            let (c_3, c_2, c_1) = (if n < 3 { 0.0 } else { slopes[n - 3] }, slopes[n - 2], slopes[n - 1]);
            let determinant = c_2 * c_2 - c_3 * c_1;
            if determinant == 0.0 {
                break;
            }
            r += (b_0 * c_3 - b_1 * c_2) / determinant;
            s += (b_1 * c_1 - b_0 * c_2) / determinant;
        }
        *factor = [-r, -s];
        quotient.truncate(quotient.len() - 2);
        polynomial = quotient;
    }
    factors
}

/// Synthetic division by z^2 - r z - s.
fn divided(polynomial: &[f64], r: f64, s: f64) -> Vec<f64> {
    let mut quotient = Vec::with_capacity(polynomial.len());
    for (index, coefficient) in polynomial.iter().enumerate() {
        let before = |back: usize| if index < back { 0.0 } else { quotient[index - back] };
        let value = coefficient + r * before(1) + s * before(2);
        quotient.push(value);
    }
    quotient
}

/// Sections whose sum has the impulse response from this input; the first one takes the direct part.
pub(crate) fn sections(
    numbers: &Numbers<f64>,
    factors: &[[f64; 2]; STATES / 2],
    input: [f64; 2],
) -> [[f64; 5]; STATES / 2] {
    let mut state = [0.0; STATES];
    let response: Vec<f64> = (0..=STATES)
        .map(|period| {
            let [displacement, current] = if period == 0 { input } else { [0.0; 2] };
            numbers.step(&mut state, displacement, current);
            state[VOLTAGE]
        })
        .collect();
    // Column by column: impulse response of 1/z and of 1/z^2 over each factor; last the response that they are to give.
    let mut rows = [[0.0; STATES + 1]; STATES];
    for (index, [a_1, a_2]) in factors.iter().enumerate() {
        let (mut now, mut last) = (1.0, 0.0);
        for row in &mut rows {
            (row[2 * index], row[2 * index + 1]) = (now, last);
            (now, last) = (-a_1 * now - a_2 * last, now);
        }
    }
    rows.iter_mut().zip(&response[1..]).for_each(|(row, value)| row[STATES] = *value);
    let shares = solved(rows);
    let mut direct = response[0];
    std::array::from_fn(|index| {
        let ([a_1, a_2], b_0) = (factors[index], std::mem::take(&mut direct));
        [b_0, shares[2 * index] + b_0 * a_1, shares[2 * index + 1] + b_0 * a_2, a_1, a_2]
    })
}

/// Solution of linear equations, the right-hand side in the last column (Gauss-Jordan with pivots).
fn solved(mut rows: [[f64; STATES + 1]; STATES]) -> [f64; STATES] {
    for column in 0..STATES {
        let size = |row: usize| rows[row][column].abs();
        let pivot = (column..STATES).max_by(|&a, &b| size(a).total_cmp(&size(b))).unwrap_or(column);
        rows.swap(column, pivot);
        let scale = rows[column][column];
        let pivot_row = rows[column].map(|value| value / scale);
        for row in &mut rows {
            let share = row[column];
            row.iter_mut().zip(pivot_row).for_each(|(value, pivot)| *value -= share * pivot);
        }
        rows[column] = pivot_row;
    }
    rows.map(|row| row[STATES])
}
