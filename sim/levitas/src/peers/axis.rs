// SPDX-License-Identifier: Apache-2.0
//! One axis of a peer: what its law is given, and the current loop that carries out what it decides.
//!
//! # Model
//! Hall pair and pickup as `levitas_core::bearing` takes them, with a pickup of the law's own choice. Current loop as
//! there: i[k+1] is predicted from the voltage under way, the motion EMF and an observed lack of voltage, and the
//! voltage is chosen that takes the part c of the error away. In place of the core's doubts about a current sensor the
//! peers believe it, as nothing is wrong with it here.
//! | symbol | meaning | here |
//! |---|---|---|
//! | c | part of the current error that one period takes away | `current_loop_fraction` |
//! | w | weight of the last current in what the Halls show | `lag_weight` |

use levitas_core::bearing::BearingConfig;
use levitas_core::motor::RotorEstimate;

use super::gains::Surroundings;
use super::notch::Notch;

/// A control law of one axis.
pub(super) trait Law {
    /// Takes in the displacement sample, and whether the last reference was limited; gives the velocity [m/s].
    fn observe(&mut self, sample_m: f64, limited: bool) -> f64;
    /// Current reference for the next period, from the current now and at its start [A].
    fn reference_a(&mut self, now_a: f64, next_a: f64) -> f64;
}

/// Part of the difference that a first-order lag takes away in one period.
pub(super) fn smoothing(bandwidth_hz: f64, period_s: f64) -> f64 {
    -(-std::f64::consts::TAU * bandwidth_hz * period_s).exp_m1()
}

const LACK_FRACTION: f64 = 0.003;
const DUTY_MAX: f64 = 0.97;
const CURRENT_A_MAX: f64 = 6.0;

/// Samples of one axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct AxisInput {
    /// Halls at the positive and the negative side [V].
    pub(super) hall_v: [f32; 2],
    /// Current of the own and of the other coil [A].
    pub(super) current_a: [f64; 2],
    /// Bus [V].
    pub(super) bus_v: f64,
}

/// See the [module](self).
pub(super) struct Axis {
    law: Box<dyn Law>,
    notch: Option<Notch>,
    /// The law runs every so many periods.
    every: u32,
    wait: u32,
    surroundings: Surroundings,
    decay: f64,
    a_per_v: f64,
    lag_weight: f64,
    last_a: [f64; 2],
    lack_v: f64,
    voltage_v: f64,
    predicted_a: f64,
    velocity_m_per_s: f64,
    reference_a: f64,
    limited: bool,
}

impl Axis {
    /// Levitated mass, film included.
    pub(super) const MASS_KG: f64 = BearingConfig::ECMO_50.levitated_mass_kg as f64;
    /// Force-displacement factor.
    pub(super) const K_X_N_PER_M: f64 = BearingConfig::ECMO_50.force_displacement_n_per_m as f64;
    /// Force-current factor.
    pub(super) const K_I_N_PER_A: f64 = BearingConfig::ECMO_50.force_current_n_per_a as f64;
    /// Time constant of the Halls.
    pub(super) const HALL_LAG_S: f64 =
        1.0 / (std::f64::consts::TAU * BearingConfig::ECMO_50.hall_bandwidth_hz as f64);

    pub(super) fn new(
        law: Box<dyn Law>,
        every: u32,
        notch: Option<Notch>,
        surroundings: Surroundings,
        period_s: f64,
    ) -> Self {
        let config = BearingConfig::ECMO_50;
        let (resistance, inductance) =
            (f64::from(config.coil_resistance_ohm), f64::from(config.coil_inductance_h));
        let decay = (-resistance * period_s / inductance).exp();
        Self {
            law,
            notch,
            every,
            wait: 0,
            surroundings,
            decay,
            a_per_v: (1.0 - decay) / resistance,
            lag_weight: lag_weight(period_s),
            last_a: [0.0; 2],
            lack_v: 0.0,
            voltage_v: 0.0,
            predicted_a: 0.0,
            velocity_m_per_s: 0.0,
            reference_a: 0.0,
            limited: false,
        }
    }

    /// Duty for the next period, -1 to 1.
    pub(super) fn step(&mut self, input: &AxisInput, rotor: &RotorEstimate) -> f64 {
        let current_a = input.current_a[0];
        let sample_m = self.sample_m(input);
        let seen_m = self.notch.as_mut().map_or(sample_m, |notch| notch.filter(sample_m, current_a, rotor));
        let due = self.wait == 0;
        self.wait = if due { self.every - 1 } else { self.wait - 1 };
        if due {
            self.velocity_m_per_s = self.law.observe(seen_m, self.limited);
        }
        let innovation_a = current_a - self.predicted_a;
        self.lack_v += LACK_FRACTION / self.a_per_v * innovation_a;
        let now_a = self.predicted_a + 0.5 * innovation_a;
        let emf_v = Self::K_I_N_PER_A * self.velocity_m_per_s;
        let next_a = self.decay * now_a + self.a_per_v * (self.voltage_v - emf_v + self.lack_v);
        self.predicted_a = next_a;
        if due {
            let wanted_a = self.law.reference_a(now_a, next_a);
            self.reference_a = wanted_a.clamp(-CURRENT_A_MAX, CURRENT_A_MAX);
            self.limited = self.reference_a != wanted_a;
        }
        let target_a = next_a + self.surroundings.current_loop_fraction * (self.reference_a - next_a);
        let wanted_v = (target_a - self.decay * next_a) / self.a_per_v + emf_v - self.lack_v;
        let most_v = DUTY_MAX * input.bus_v;
        self.voltage_v = wanted_v.clamp(-most_v, most_v);
        self.voltage_v / input.bus_v
    }

    /// Displacement of the sample with the pickup taken off [m].
    fn sample_m(&mut self, input: &AxisInput) -> f64 {
        let config = BearingConfig::ECMO_50;
        let seen_a: [f64; 2] = std::array::from_fn(|coil| {
            input.current_a[coil] + self.lag_weight * (self.last_a[coil] - input.current_a[coil])
        });
        self.last_a = input.current_a;
        let pickup_m = self.surroundings.taken_off_m_per_a * seen_a[0]
            + f64::from(config.coil_pickup_cross_m_per_a) * seen_a[1];
        f64::from(input.hall_v[0] - input.hall_v[1]) / f64::from(config.hall_v_per_m) - pickup_m
    }
}

/// Weight of the last current in what the Halls show of the pickup.
pub(super) fn lag_weight(period_s: f64) -> f64 {
    let ratio = period_s / Axis::HALL_LAG_S;
    -(-ratio).exp_m1() / ratio
}
