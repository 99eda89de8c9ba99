// SPDX-License-Identifier: Apache-2.0
//! Generalised notch: lets the rotor turn about its own axis of inertia, without synchronous coil current.
//!
//! # Model
//! A sum of harmonics of the rotor angle is added to the displacement sample of each axis,
//! w = sum_n a_n cos(n theta) + b_n sin(n theta), n = 1, 2, and adapted until the *measured* current has none of them:
//! ```text
//! a_n' = -2 e T_n i cos(n theta),   b_n' = -2 e T_n i sin(n theta),   T_n = k_i / (k_x + m (n W)^2)
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | i | measured coil current less its slow mean | A | - |
//! | e | rate of adaptation | 1/s | `synchronous_rate_per_s` |
//! | W | rotor speed | rad/s | - |
//! | T_n | what current a displacement costs, inverted: the generalised part, scheduled by speed | m/A | - |
//!
//! # Why this T
//! Below the bandwidth of the loop the rotor follows -w, and the current for that is (k_x + m W^2) w / k_i, in
//! phase. Because the state feedback acts on the state predicted past the delay, this holds within 3 degrees to
//! 120 Hz and within 19 degrees and a factor of 1.7 at 183 Hz, the second harmonic of 5500 rpm
//! (`tests/clients/test_gains.py`); an adaptation is stable within 90 degrees. A plain notch takes T = 1 with the
//! sign of S, turned by up to 180 degrees below the crossover of an unstable plant, and drops the rotor.
//!
//! w also takes up runout: whether a displacement is runout or motion makes no difference to the current.
//!
//! # Why the current is averaged first
//! The products i cos(n theta), i sin(n theta) are summed over `LEARN_S`, then the coefficients move once. Moved in
//! every period they carry the current of all frequencies back into the loop: -2 e T s / (s^2 + (n W)^2), at 400 Hz, where
//! the loop has least margin, 3 um per ampere. Measured: peak sensitivity 3.2 at 1000 rpm, 2.5 at 3000 rpm and 2.0 at
//! standstill; averaged it is 2.0 at any speed (`levitas sensitivity`).
//!
//! # Timing
//! One step per levitation period. Adapts above `SPEED_RAD_PER_S_MIN` and forgets below.
//!
//! # Limits and failure
//! While the disturbance force is off its slow mean by more than `synchronous_freeze_n`, and `FREEZE_S` after, the
//! coefficients stand still: an 11 ms shock is a half wave of 45 Hz, which at 2700 rpm would be taken for unbalance.
//! They do so for `FREEZE_S_MAX` at most, because a heavy unbalance jumps with every turn.
//! Each coefficient is limited to `synchronous_m_max`. Without a trusted angle the coefficients stand still and w is zero.
//!
//! # Source
//! R. Herzog, P. Buhler, C. Gahler, R. Larsonneur, Unbalance compensation using generalized notch filters in the
//! multivariable feedback of magnetic bearings, IEEE Trans. Control Syst. Technol. 4(5), 1996, 580, equation 7.
//!
//! # Shown by
//! `synchronous_current_vanishes_and_the_orbit_is_the_free_one` and `a_shock_is_not_taken_for_unbalance` in
//! `sim/levitas/tests/closed_loop.rs`.

use super::BearingConfig;
use super::turn::Turn;
use crate::math::{larger, saturate, sqrt};

/// Time for which the coefficients stand still after a disturbance [s].
const FREEZE_S: f32 = 0.1;
/// Longest time for which the coefficients stand still; what jumps for longer is unbalance [s].
const FREEZE_S_MAX: f32 = 0.3;
/// Time constant of the slow means of current and disturbance [s].
const MEAN_S: f32 = 0.1;
/// Time constant with which the coefficients are forgotten at standstill [s].
const FORGET_S: f32 = 0.05;
/// Time over which the current is averaged before the coefficients move [s].
const LEARN_S: f32 = 0.02;

/// Cosine and sine coefficient of one harmonic [m].
type Harmonic = [f32; 2];

/// See the [module](self); one axis.
#[derive(Clone, Copy, Debug)]
pub struct Synchronous {
    first: Harmonic,
    second: Harmonic,
    first_sum_a: Harmonic,
    second_sum_a: Harmonic,
    sum_periods: u32,
    amplitude_a: f32,
    learn_periods: u32,
    mean_current_a: f32,
    mean_disturbance_n: f32,
    /// Periods that the coefficients still stand still, and for how many they have.
    freeze_left: u32,
    frozen_periods: u32,
    freeze_periods: u32,
    freeze_periods_max: u32,
    step_factor: f32,
    k_i_n_per_a: f32,
    k_x_n_per_m: f32,
    mass_kg: f32,
    freeze_n: f32,
    coefficient_m_max: f32,
    mean_gain: f32,
    forget: f32,
}

impl Synchronous {
    /// A notch that has learned nothing; it learns once every `period_s`.
    #[must_use]
    pub fn new(config: &BearingConfig, period_s: f32) -> Self {
        Self {
            first: [0.0; 2],
            second: [0.0; 2],
            first_sum_a: [0.0; 2],
            second_sum_a: [0.0; 2],
            sum_periods: 0,
            amplitude_a: 0.0,
            learn_periods: (LEARN_S / period_s) as u32,
            mean_current_a: 0.0,
            mean_disturbance_n: 0.0,
            freeze_left: 0,
            frozen_periods: 0,
            freeze_periods: (FREEZE_S / period_s) as u32,
            freeze_periods_max: (FREEZE_S_MAX / period_s) as u32,
            step_factor: 2.0 * config.synchronous_rate_per_s * period_s,
            k_i_n_per_a: config.force_current_n_per_a,
            k_x_n_per_m: config.force_displacement_n_per_m,
            mass_kg: config.levitated_mass_kg,
            freeze_n: config.synchronous_freeze_n,
            coefficient_m_max: config.synchronous_m_max,
            mean_gain: period_s / MEAN_S,
            forget: 1.0 - period_s / FORGET_S,
        }
    }

    /// Cosine and sine coefficient of the first, then of the second harmonic [m].
    #[must_use]
    pub fn coefficients_m(&self) -> [f32; 4] {
        let ([a_1, b_1], [a_2, b_2]) = (self.first, self.second);
        [a_1, b_1, a_2, b_2]
    }

    /// What is added to this sample [m].
    #[must_use]
    pub fn added_m(&self, turn: &Turn) -> f32 {
        turn.sum(self.first, self.second)
    }

    /// Amplitude of the current that turns with the rotor, over the last `LEARN_S` in which it adapted; 0 at standstill [A].
    #[must_use]
    pub fn amplitude_a(&self) -> f32 {
        self.amplitude_a
    }

    /// Slow mean of the coil current [A].
    #[must_use]
    pub fn mean_current_a(&self) -> f32 {
        self.mean_current_a
    }

    /// Adapts to the measured current of this sample.
    #[inline(always)]
    pub fn adapt(&mut self, turn: &Turn, current_a: f32, disturbance_n: f32) {
        let current_ac_a = current_a - self.mean_current_a;
        self.mean_current_a += self.mean_gain * current_ac_a;
        let jump_n = disturbance_n - self.mean_disturbance_n;
        self.mean_disturbance_n += self.mean_gain * jump_n;
        self.watch(jump_n.abs() > self.freeze_n);
        if turn.adapts && !self.is_frozen() {
            let ([first_cos_a, first_sin_a], [second_cos_a, second_sin_a]) =
                (&mut self.first_sum_a, &mut self.second_sum_a);
            *first_cos_a += current_ac_a * turn.cos;
            *first_sin_a += current_ac_a * turn.sin;
            *second_cos_a += current_ac_a * turn.cos_2;
            *second_sin_a += current_ac_a * turn.sin_2;
            self.sum_periods = self.sum_periods.saturating_add(1);
            if self.sum_periods >= self.learn_periods {
                self.learn(turn.speed_rad_per_s * turn.speed_rad_per_s);
            }
        } else if turn.known {
            self.restart();
            if !turn.adapts {
                self.amplitude_a = 0.0;
                self.first = self.first.map(|coefficient_m| coefficient_m * self.forget);
                self.second = self.second.map(|coefficient_m| coefficient_m * self.forget);
            }
        }
    }

    /// Moves the coefficients by what the sums say, at this square of the speed.
    fn learn(&mut self, speed_2: f32) {
        let (first, second) = (self.step_m_per_a(speed_2), self.step_m_per_a(4.0 * speed_2));
        let limit_m = self.coefficient_m_max;
        let toward = |coefficient_m: &mut f32, step_m: f32| {
            *coefficient_m = saturate(*coefficient_m - step_m, limit_m);
        };
        let [cos_a, sin_a] = self.first_sum_a;
        self.amplitude_a = 2.0 * sqrt(cos_a * cos_a + sin_a * sin_a) / larger(self.sum_periods as f32, 1.0);
        for (coefficient_m, sum_a) in self.first.iter_mut().zip(self.first_sum_a) {
            toward(coefficient_m, first * sum_a);
        }
        for (coefficient_m, sum_a) in self.second.iter_mut().zip(self.second_sum_a) {
            toward(coefficient_m, second * sum_a);
        }
        self.restart();
    }

    /// Forgets the sums.
    fn restart(&mut self) {
        (self.first_sum_a, self.second_sum_a, self.sum_periods) = ([0.0; 2], [0.0; 2], 0);
    }

    /// Counts the periods by which [`Self::is_frozen`] decides.
    fn watch(&mut self, jumps: bool) {
        if jumps {
            self.freeze_left = self.freeze_periods;
        } else if self.freeze_left == 0 {
            return;
        }
        self.freeze_left = self.freeze_left.saturating_sub(1);
        self.frozen_periods = if self.freeze_left == 0 { 0 } else { self.frozen_periods.saturating_add(1) };
    }

    /// Stands still while the disturbance jumps, unless it does so for longer than any shock: that is unbalance itself.
    fn is_frozen(&self) -> bool {
        self.freeze_left != 0 && self.frozen_periods < self.freeze_periods_max
    }

    /// 2 e T for one period, at the square of the harmonic's frequency [m/A].
    fn step_m_per_a(&self, frequency_2: f32) -> f32 {
        self.step_factor * self.k_i_n_per_a / (self.k_x_n_per_m + self.mass_kg * frequency_2)
    }
}
