// SPDX-License-Identifier: Apache-2.0
//! Rotor angle, speed and load torque from two analog Halls in quadrature.
//!
//! # Model
//! theta' = w, J w' = k_t i_q - T_load, T_load' = 0; the Halls give A_c cos(theta) + o_c, A_s sin(theta) + o_s.
//!
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | theta, w | mechanical angle and speed | rad, rad/s | `angle_rad`, `speed_rad_per_s` |
//! | T_load | torque that the motor must hold against | N.m | `load_torque_n_m` |
//! | J | inertia of rotor and fluid | kg.m2 | `rotor_inertia_kg_m2` |
//! | A, o | amplitude, offset of a channel | V | `HallChannel` |
//! | e | phase error, sine of (measured - predicted) | 1 | `error` |
//!
//! Predict with the motor torque, then correct: theta += l1 e, w += l2 e, T_load -= J l3 e, with the triple pole p:
//! l1 = 1 - p^3, l2 = 3/2 (1-p)^2 (1+p) / T, l3 = (1-p)^3 / T^2. Because the motor torque is fed in, a current
//! step moves the estimate without lag, and a constant load leaves no error. e is the cross product of the
//! normalised pair and the predicted one: no arc tangent, no square root, no wrap.
//!
//! Each channel learns its own amplitude and offset (least mean squares against the estimated angle, 0.5 s) while
//! the rotor turns faster than [`LEARNING_RAD_PER_S_MIN`]: a mismatch of 2 % would otherwise be 0.01 rad at twice
//! the rotor frequency, an offset a ripple at once.
//!
//! # States
//! ```text
//!         plausible pair           200 steps            implausible, missing, or e > 0.25
//!  Lost ----------------> Acquiring ---------> Tracking <-------------------------------> Coasting
//!   ^  angle := atan2        | implausible                     agrees again                  |
//!   +------------------------+<------------------ angle_coast_s_max is over -----------------+
//! ```
//! Acquiring has a fast double pole and no load torque, so it catches a rotor that already turns, either way.
//!
//! # Signs
//! Angles turn from x to y. A positive load torque brakes positive rotation.
//!
//! # Timing
//! One `step` per 20 kHz period. From a cold start 10 ms to `Tracking`; the estimate holds for the sample instant.
//!
//! # Limits and failure
//! Figures with 0.01 rad noise and 2 % mismatch (asserted by the tests): speed noise at 4000 rpm under 0.5 rad/s rms
//! once learned and under 1 before; a rotor at +-6000 rpm is caught within 6 rad/s, either way, after 15 ms.
//! Lost holds the speed and reports it as not trusted.
//! While coasting the angle is that of the model; the error after 50 ms at 4000 rpm is under 0.05 rad
//! when the load stays what it was.
//!
//! # Source
//! E. Brookner, "Tracking and Kalman Filtering Made Easy", 1998, chapter 1 (critically damped g-h-k filter);
//! R. D. Lorenz, K. W. Van Patten, "High-resolution velocity estimation for all-digital AC servo drives", IEEE
//! Trans. Ind. Appl. 27(4), 1991 (torque feed-forward in the observer).
//!
//! # Shown by
//! `speed_noise_at_4000_rpm`, `a_turning_rotor_is_caught`, `it_starts_from_any_angle`,
//! `a_lost_pair_coasts_then_gives_up_and_comes_back`, `a_touchdown_does_not_shake_it_off`.

use super::config::MotorConfig;
use super::limits;
use super::transforms::Rotation;
use crate::math::{atan2, saturate, saturate_between, wrap_to_pi};
use crate::units::RAD_PER_S_PER_HZ;

/// Slowest speed at which the channels learn [rad/s].
pub const LEARNING_RAD_PER_S_MIN: f32 = 100.0;
/// Step of the learning: 1/(0.5 s x 10 kHz), each channel learns every other step.
const LEARNING_STEP: f32 = 2e-4;
/// Largest offset that is learned, as a fraction of the nominal amplitude.
const OFFSET_FRACTION_MAX: f32 = 0.2;
/// Learned amplitude over nominal.
const AMPLITUDE_RATIO: (f32, f32) = (0.7, 1.3);
/// Plausible squares of the normalised amplitude: 0.7 to 1.3.
const PLAUSIBLE_SQUARE: (f32, f32) = (0.49, 1.69);
/// Largest phase error that is a measurement while tracking; ten times what a touchdown makes.
const ERROR_MAX: f32 = 0.25;
/// Double pole of the acquisition [rad/s] and its length [steps].
const ACQUIRE_RAD_PER_S: f32 = 1500.0;
const ACQUIRE_STEPS: u32 = 200;

/// What the observer knows at the sample instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotorEstimate {
    /// Mechanical angle, -pi to pi [rad].
    pub angle_rad: f32,
    /// Mechanical speed [rad/s].
    pub speed_rad_per_s: f32,
    /// Torque the motor holds against [N.m].
    pub load_torque_n_m: f32,
    /// Cosine of the angle.
    pub cos: f32,
    /// Sine of the angle.
    pub sin: f32,
    /// True when the angle comes from plausible Halls, false while it is searched for, modelled or lost.
    pub trusted: bool,
}

/// Learned amplitude and offset of one Hall.
#[derive(Clone, Copy, Debug)]
struct HallChannel {
    amplitude_v: f32,
    offset_v: f32,
}

impl HallChannel {
    fn normalised(&self, hall_v: f32) -> f32 {
        (hall_v - self.offset_v) / self.amplitude_v
    }

    /// One step down the gradient of (hall - amplitude * expected - offset)^2.
    fn learn(&mut self, hall_v: f32, expected: f32, nominal_v: f32) {
        let error_v = hall_v - self.amplitude_v * expected - self.offset_v;
        let amplitude_v = self.amplitude_v + 2.0 * LEARNING_STEP * error_v * expected;
        let (low, high) = AMPLITUDE_RATIO;
        self.amplitude_v = saturate_between(amplitude_v, low * nominal_v, high * nominal_v);
        self.offset_v = saturate(self.offset_v + LEARNING_STEP * error_v, OFFSET_FRACTION_MAX * nominal_v);
    }
}

/// Corrections per unit of phase error.
#[derive(Clone, Copy, Debug)]
struct Gains {
    angle_rad: f32,
    speed_rad_per_s: f32,
    load_torque_n_m: f32,
}

impl Gains {
    /// Triple pole, with load torque.
    fn track(pole_rad_per_s: f32, inertia_kg_m2: f32, period_s: f32) -> Self {
        let p = discrete_pole(pole_rad_per_s, period_s);
        let r = 1.0 - p;
        Self {
            angle_rad: 1.0 - p * p * p,
            speed_rad_per_s: 1.5 * r * r * (1.0 + p) / period_s,
            load_torque_n_m: inertia_kg_m2 * r * r * r / (period_s * period_s),
        }
    }

    /// Double pole, without.
    fn acquire(pole_rad_per_s: f32, period_s: f32) -> Self {
        let p = discrete_pole(pole_rad_per_s, period_s);
        let r = 1.0 - p;
        Self { angle_rad: 1.0 - p * p, speed_rad_per_s: r * r / period_s, load_torque_n_m: 0.0 }
    }
}

/// exp(-w T) to third order in w T.
fn discrete_pole(pole_rad_per_s: f32, period_s: f32) -> f32 {
    let half = 0.5 * pole_rad_per_s * period_s;
    (1.0 - half) / (1.0 + half)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Lost,
    Acquiring { steps_left: u32 },
    Tracking,
    Coasting { steps_left: u32 },
}

/// Angle, speed and load torque; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct AngleObserver {
    period_s: f32,
    inverse_inertia: f32,
    track: Gains,
    acquire: Gains,
    coast_steps: u32,
    nominal_v: f32,
    cosine: HallChannel,
    sine: HallChannel,
    learn_sine: bool,
    /// Hall angle to rotor angle.
    offset_rad: f32,
    offset: Rotation,
    phase: Phase,
    // The state, in the angle of the Halls.
    angle_rad: f32,
    rotation: Rotation,
    speed_rad_per_s: f32,
    load_torque_n_m: f32,
}

impl AngleObserver {
    /// For a checked configuration.
    #[must_use]
    pub(super) fn new(config: &MotorConfig, period_s: f32) -> Self {
        let nominal_v = config.angle_hall_amplitude_v;
        let channel = HallChannel { amplitude_v: nominal_v, offset_v: 0.0 };
        let pole_rad_per_s = config.angle_observer_bandwidth_hz * RAD_PER_S_PER_HZ;
        Self {
            period_s,
            inverse_inertia: 1.0 / config.rotor_inertia_kg_m2,
            track: Gains::track(pole_rad_per_s, config.rotor_inertia_kg_m2, period_s),
            acquire: Gains::acquire(ACQUIRE_RAD_PER_S, period_s),
            coast_steps: (config.angle_coast_s_max / period_s) as u32,
            nominal_v,
            cosine: channel,
            sine: channel,
            learn_sine: false,
            offset_rad: -config.angle_hall_offset_rad,
            offset: Rotation::of_angle(-config.angle_hall_offset_rad),
            phase: Phase::Lost,
            angle_rad: 0.0,
            rotation: Rotation::IDENTITY,
            speed_rad_per_s: 0.0,
            load_torque_n_m: 0.0,
        }
    }

    /// One period: the Hall pair now [V], and the motor torque since the last step [N.m]. Gives [`limits`] bits.
    pub fn step(&mut self, hall_v: Option<[f32; 2]>, motor_torque_n_m: f32) -> u32 {
        let has_model = matches!(self.phase, Phase::Tracking | Phase::Coasting { .. });
        self.predict(if has_model { motor_torque_n_m } else { 0.0 });
        let pair = hall_v.and_then(|hall_v| self.plausible(hall_v));
        self.phase = match (self.phase, pair) {
            (Phase::Lost, Some((cos, sin))) => {
                self.turn_to(atan2(sin, cos));
                self.speed_rad_per_s = 0.0;
                Phase::Acquiring { steps_left: ACQUIRE_STEPS }
            }
            (Phase::Acquiring { steps_left }, Some(pair)) => {
                self.correct(self.error(pair), self.acquire);
                match steps_left.checked_sub(1) {
                    Some(steps_left) => Phase::Acquiring { steps_left },
                    None => Phase::Tracking,
                }
            }
            (Phase::Lost | Phase::Acquiring { .. }, None) => Phase::Lost,
            (Phase::Tracking, pair) => self.track_or(pair, hall_v, self.coast_steps.checked_sub(1)),
            (Phase::Coasting { steps_left }, pair) => self.track_or(pair, hall_v, steps_left.checked_sub(1)),
        };
        match self.phase {
            Phase::Tracking => 0,
            Phase::Coasting { .. } => limits::ANGLE_COASTING,
            Phase::Lost | Phase::Acquiring { .. } => {
                self.load_torque_n_m = 0.0;
                limits::ANGLE_LOST
            }
        }
    }

    /// The estimate at the sample of the last step.
    #[must_use]
    pub fn estimate(&self) -> RotorEstimate {
        let Rotation { cos, sin } = self.rotor_rotation();
        RotorEstimate {
            angle_rad: wrap_to_pi(self.angle_rad + self.offset_rad),
            speed_rad_per_s: self.speed_rad_per_s,
            load_torque_n_m: self.load_torque_n_m,
            cos,
            sin,
            trusted: self.phase == Phase::Tracking,
        }
    }

    /// Angle of the rotor as a rotation.
    #[must_use]
    pub fn rotor_rotation(&self) -> Rotation {
        self.rotation.turned_by(self.offset)
    }

    /// Speed of the rotor [rad/s].
    #[must_use]
    pub fn speed_rad_per_s(&self) -> f32 {
        self.speed_rad_per_s
    }

    fn predict(&mut self, motor_torque_n_m: f32) {
        let gain_rad_per_s = (motor_torque_n_m - self.load_torque_n_m) * self.inverse_inertia * self.period_s;
        let angle_rad = self.angle_rad + self.period_s * (self.speed_rad_per_s + 0.5 * gain_rad_per_s);
        self.speed_rad_per_s += gain_rad_per_s;
        self.turn_to(angle_rad);
    }

    fn turn_to(&mut self, angle_rad: f32) {
        self.angle_rad = wrap_to_pi(angle_rad);
        self.rotation = Rotation::of_angle(self.angle_rad);
    }

    /// The normalised pair, unless its amplitude cannot be that of a magnet (or is no number).
    fn plausible(&self, [cos_v, sin_v]: [f32; 2]) -> Option<(f32, f32)> {
        let (cos, sin) = (self.cosine.normalised(cos_v), self.sine.normalised(sin_v));
        let square = cos * cos + sin * sin;
        let (low, high) = PLAUSIBLE_SQUARE;
        (square >= low && square <= high).then_some((cos, sin))
    }

    /// Sine of the phase error; beyond a quarter turn its sign alone.
    fn error(&self, (cos, sin): (f32, f32)) -> f32 {
        let across = sin * self.rotation.cos - cos * self.rotation.sin;
        let along = cos * self.rotation.cos + sin * self.rotation.sin;
        match (along > 0.0, across < 0.0) {
            (true, _) => across,
            (false, true) => -1.0,
            (false, false) => 1.0,
        }
    }

    fn correct(&mut self, error: f32, gains: Gains) {
        let turn_rad = gains.angle_rad * error;
        self.angle_rad += turn_rad; // wrapped by the next prediction
        self.rotation = self.rotation.turned_by_small(turn_rad);
        self.speed_rad_per_s += gains.speed_rad_per_s * error;
        self.load_torque_n_m -= gains.load_torque_n_m * error;
    }

    /// The channels take turns.
    fn learn(&mut self, cos_v: f32, sin_v: f32) {
        self.learn_sine = !self.learn_sine;
        if self.learn_sine {
            self.sine.learn(sin_v, self.rotation.sin, self.nominal_v);
        } else {
            self.cosine.learn(cos_v, self.rotation.cos, self.nominal_v);
        }
    }

    /// Tracks a pair that agrees with the model; without one coasts, as long as there are steps left.
    fn track_or(&mut self, pair: Option<(f32, f32)>, hall_v: Option<[f32; 2]>, left: Option<u32>) -> Phase {
        if let (Some(pair), Some([cos_v, sin_v])) = (pair, hall_v) {
            let error = self.error(pair);
            if error.abs() < ERROR_MAX {
                self.correct(error, self.track);
                if self.speed_rad_per_s.abs() > LEARNING_RAD_PER_S_MIN {
                    self.learn(cos_v, sin_v);
                }
                return Phase::Tracking;
            }
        }
        left.map_or(Phase::Lost, |steps_left| Phase::Coasting { steps_left })
    }
}

#[cfg(test)]
#[path = "angle_observer_tests.rs"]
mod tests;
