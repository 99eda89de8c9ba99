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
//! | A, o | amplitude, offset of a channel | V | `hall_channel.rs` |
//! | e | phase error, sine of (measured - predicted) | 1 | `error` |
//!
//! Predict with the motor torque, then correct: theta += l1 e, w += l2 e, T_load -= J l3 e, with a triple pole
//! (`observer_gains.rs`). Because the motor torque is fed in, a current step moves the estimate without lag, and a
//! constant load leaves no error. e is the cross product of the normalised pair and the predicted one: no arc tangent, no
//! square root, no wrap. Each channel learns its own amplitude and offset (`hall_channel.rs`) above
//! [`LEARNING_RAD_PER_S_MIN`]. Without Halls e comes from the back-EMF (`back_emf.rs`).
//!
//! # States
//! ```text
//!         plausible pair     200 steps, believed    implausible, missing, repeated, e > 0.25, or the EMF disagrees
//!  Lost ----------------> Acquiring ---------> Tracking <-------------------------------> Coasting
//!   ^  angle := atan2        | implausible       |   agrees again; after the EMF for a turn  |
//!   +------------------------+<------------------+------ no step of coasting left, no EMF ---+
//!                                brakes as no rotor can, no EMF
//! ```
//! Acquiring has a fast double pole and no load torque, so it catches a rotor that already turns, either way.
//!
//! Coasting runs on the model, and faster than 800 rpm after 1 ms on the EMF: sensorless (`takeover.rs`). Slower, it runs
//! on the model alone as long as steps are left.
//!
//! # Stuck Halls
//! A pair that stands still while the rotor turns has the right amplitude, and once per turn the right angle.
//! These rules keep it from being believed:
//!
//! | rule | because |
//! |---|---|
//! | a pair that repeats the one before to the last bit, above [`REPEAT_RAD_PER_S_MIN`], is missing | noise and motion change every live sample; it is a converter that stands still |
//! | an EMF that contradicts the pair for 0.6 ms is right; angle and speed start anew from it | it stands still for no rotor that turns, and turns for no rotor that stands still |
//! | after the EMF took over, a pair must agree with it for a whole turn | a stuck one agrees for a twelfth |
//! | a step of coasting costs one from a budget of `angle_coast_s_max`, one of tracking or of EMF gives one back | without an EMF, agreeing for a twelfth of each turn must not refill the budget |
//! | a load torque that brakes by more than [`BRAKING_RAD_PER_S2_MAX`] is no load | slow enough for the observer to follow it, a pair that stops looks like a rotor that stops at once |
//! | after a loss at speed a pair that stands still is not believed | next paragraph |
//!
//! From a loss on, the reported speed is the one of the loss, falling with [`COAST_DOWN_S`] as a rotor falls that
//! nothing but its pump brakes. An acquired pair is believed when it has made one whole turn, either way, or when the
//! reported speed has come below [`STANDSTILL_RAD_PER_S_MAX`]. So a first start (nothing was lost) is believed after
//! 10 ms, a rotor that turns after 10 ms and 1.5 turns at most (33 ms at 4000 rpm; catching it may count half a turn
//! either way), and a rotor that came to a stop unseen after 12 s x ln(w / 6.3 rad/s): 50 s from 4000 rpm, 54 s from
//! 5500 rpm; a unit that may drive asks the windings and knows after 60 ms (`standstill_probe.rs`). One stuck channel
//! swings and never turns.
//!
//! # Signs
//! Angles turn from x to y. A positive load torque brakes positive rotation.
//!
//! # Timing
//! One `step` per 20 kHz period. From a cold start 10 ms to `Tracking`; the estimate is that of the sample instant, with
//! the corrections of all samples before.
//!
//! # Limits and failure
//! Figures with 0.01 rad noise and 2 % mismatch (asserted by the tests): speed noise at 4000 rpm under 0.5 rad/s rms
//! once learned and under 1 before; a rotor at +-6000 rpm is caught within 6 rad/s, either way, after 15 ms.
//! Lost Halls at 900 to 5500 rpm: 0.1 A of jolt, no speed lost; psi wrong by 10 %, R and L by 20 %: 0.05 rad.
//! A stuck pair that keeps its noise is not seen for some ms: 6 A and 90 rpm lost at 1000 rpm, 2 A and 50 rpm at
//! 4000; slower than 800 rpm it opens the bridge.
//! What is left: a stuck pair with noise on a rotor under 200 rpm, whose EMF is too small to disprove it, looks like a
//! blocked rotor (the speed control then gives up, `STALL`); without a current (bridge open) nothing disproves it but
//! its budget. A rotor that turns at power-up while the Halls are away is not caught: nobody looks for its EMF with the bridge
//! open, so the motor stays off; one whose Halls are frozen from the start is taken for one that stands, until the EMF of
//! the first current disproves it.
//! While coasting without EMF the angle is that of the model; the error after 50 ms at 4000 rpm is under 0.05 rad
//! when the load stays what it was.
//!
//! # Source
//! E. Brookner, "Tracking and Kalman Filtering Made Easy", 1998, chapter 1 (critically damped g-h-k filter);
//! R. D. Lorenz, K. W. Van Patten, "High-resolution velocity estimation for all-digital AC servo drives", IEEE
//! Trans. Ind. Appl. 27(4), 1991 (torque feed-forward in the observer).
//!
//! # Shown by
//! `speed_noise_at_4000_rpm`, `a_turning_rotor_is_caught`, `it_starts_from_any_angle`,
//! `a_lost_pair_coasts_then_gives_up_and_comes_back`, `a_touchdown_does_not_shake_it_off`,
//! `a_frozen_channel_is_not_believed`, `a_frozen_pair_is_lost_and_stays_lost`,
//! `a_rotor_that_stopped_unseen_is_believed_in_time`; with the drive `tests_angle_faults.rs`.

use core::f32::consts::{PI, TAU};

use super::config::MotorConfig;
use super::hall_channel::HallChannel;
use super::limits;
use super::observer_gains::Gains;
use super::takeover::Takeover;
use super::transforms::{Dq, Rotation};
use crate::math::{atan2, larger, wrap_to_pi};
use crate::units::RAD_PER_S_PER_HZ;

/// Slowest speed at which the channels learn [rad/s].
pub const LEARNING_RAD_PER_S_MIN: f32 = 100.0;
/// Plausible squares of the normalised amplitude: 0.7 to 1.3.
const PLAUSIBLE_SQUARE: (f32, f32) = (0.7 * 0.7, 1.3 * 1.3);
/// Largest phase error that is a measurement while tracking; ten times what a touchdown makes.
const ERROR_MAX: f32 = 0.25;
/// Largest turn of a period that is taken by the short series [rad].
const SMALL_RAD: f32 = 0.2;
/// Double pole of the acquisition [rad/s] and its length [steps].
const ACQUIRE_RAD_PER_S: f32 = 1500.0;
const ACQUIRE_STEPS: u32 = 200;

/// Above this speed two live samples are never the same [rad/s]: 5 mV of motion in ten periods, and noise.
pub const REPEAT_RAD_PER_S_MIN: f32 = 10.0;
/// No load brakes the rotor faster [rad/s2]: half as much again as a touchdown with 20 N and a friction of 0.3.
/// Motors that could do more by themselves get a quarter above that.
pub const BRAKING_RAD_PER_S2_MAX: f32 = 4500.0;
const BRAKING_OVER_MOTOR: f32 = 1.25;
/// After a loss, a rotor that must be slower than this by now may stand still [rad/s]: 60 rpm.
pub const STANDSTILL_RAD_PER_S_MAX: f32 = TAU;
/// Time constant of the coast-down that is waited for [s]. The load of ecmo-50, 26 mN.m at 4000 rpm and falling with
/// the square of the speed, takes 53 s from 5500 to 60 rpm; half of it (clamped: no flow) leaves 110 rpm then. The drag
/// of the film, some 8.5 uN.m.s/rad, would make it 13 s and is not counted on.
pub const COAST_DOWN_S: f32 = 12.0;

/// What the observer knows at the sample instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotorEstimate {
    /// Mechanical angle, -pi to pi [rad].
    pub angle_rad: f32,
    /// Mechanical speed [rad/s]; without an angle that of the loss, slowly falling.
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Lost,
    Acquiring { steps_left: u32 },
    Tracking,
    Coasting,
}

/// Angle, speed and load torque; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct AngleObserver {
    period_s: f32,
    inverse_inertia: f32,
    track: Gains,
    acquire: Gains,
    coast_steps: u32,
    /// What is left of them.
    coast_steps_left: u32,
    load_torque_n_m_max: f32,
    last_hall_v: [f32; 2],
    nominal_v: f32,
    cosine: HallChannel,
    sine: HallChannel,
    turns: u32,
    /// Hall angle to rotor angle.
    offset_rad: f32,
    offset: Rotation,
    phase: Phase,
    takeover: Takeover,
    /// By how much the angle has been set anew in this step [rad].
    jump_rad: f32,
    // The state, in the angle of the Halls.
    angle_rad: f32,
    /// Correction of the angle that the next prediction makes [rad].
    correction_rad: f32,
    rotation: Rotation,
    speed_rad_per_s: f32,
    load_torque_n_m: f32,
    /// Turned since the acquisition settled.
    turned_rad: f32,
    /// The speed while there is an angle; then the fastest that the rotor can still be.
    reported_rad_per_s: f32,
}

impl AngleObserver {
    /// For a checked configuration.
    #[must_use]
    pub(super) fn new(config: &MotorConfig, period_s: f32) -> Self {
        let nominal_v = config.angle_hall_amplitude_v;
        let channel = HallChannel::new(nominal_v);
        let pole_rad_per_s = config.angle_observer_bandwidth_hz * RAD_PER_S_PER_HZ;
        Self {
            period_s,
            inverse_inertia: 1.0 / config.rotor_inertia_kg_m2,
            track: Gains::track(pole_rad_per_s, config.rotor_inertia_kg_m2, period_s),
            acquire: Gains::acquire(ACQUIRE_RAD_PER_S, period_s),
            coast_steps: (config.angle_coast_s_max / period_s) as u32,
            coast_steps_left: 0,
            load_torque_n_m_max: larger(
                BRAKING_RAD_PER_S2_MAX * config.rotor_inertia_kg_m2,
                BRAKING_OVER_MOTOR * config.torque_n_m_per_a() * config.motor_current_limit_a_max,
            ),
            last_hall_v: [0.0; 2],
            nominal_v,
            cosine: channel,
            sine: channel,
            turns: 0,
            offset_rad: -config.angle_hall_offset_rad,
            offset: Rotation::of_angle(-config.angle_hall_offset_rad),
            phase: Phase::Lost,
            takeover: Takeover::new(config, period_s),
            jump_rad: 0.0,
            angle_rad: 0.0,
            correction_rad: 0.0,
            rotation: Rotation::IDENTITY,
            speed_rad_per_s: 0.0,
            load_torque_n_m: 0.0,
            turned_rad: 0.0,
            reported_rad_per_s: 0.0,
        }
    }

    /// One period: the Hall pair now [V], the motor torque since the last step [N.m], and the voltage that the current
    /// control cannot explain [V] while there is a current to explain. Gives [`limits`] bits.
    #[inline(always)]
    pub fn step(
        &mut self,
        hall_v: Option<&[f32; 2]>,
        motor_torque_n_m: f32,
        unmodelled_v: Option<&Dq>,
    ) -> u32 {
        self.jump_rad = 0.0;
        let has_model = matches!(self.phase, Phase::Tracking | Phase::Coasting);
        self.predict(if has_model { motor_torque_n_m } else { 0.0 });
        let hall_v = hall_v.filter(|hall_v| !(self.repeats(hall_v) && has_model));
        let pair = hall_v.and_then(|hall_v| self.plausible(hall_v));
        self.phase = match (self.phase, pair) {
            (Phase::Lost, Some((cos, sin))) => {
                self.turn_to(atan2(sin, cos));
                (self.speed_rad_per_s, self.turned_rad) = (0.0, 0.0);
                Phase::Acquiring { steps_left: ACQUIRE_STEPS }
            }
            (Phase::Acquiring { steps_left }, Some(pair)) => {
                self.correct(self.error(pair), self.acquire);
                match steps_left.checked_sub(1) {
                    Some(steps_left) => Phase::Acquiring { steps_left },
                    None => self.believe_or_wait(),
                }
            }
            (Phase::Lost | Phase::Acquiring { .. }, None) => Phase::Lost,
            (Phase::Tracking | Phase::Coasting, pair) => self.track_or_coast(pair, hall_v, unmodelled_v),
        };
        self.report()
    }

    /// What is told about this step, and the [`limits`] bits.
    fn report(&mut self) -> u32 {
        match self.phase {
            Phase::Tracking => {
                self.reported_rad_per_s = self.speed_rad_per_s;
                0
            }
            Phase::Coasting => {
                self.reported_rad_per_s = self.speed_rad_per_s;
                limits::ANGLE_COASTING
            }
            Phase::Lost | Phase::Acquiring { .. } => {
                self.load_torque_n_m = 0.0;
                self.takeover.lost();
                self.reported_rad_per_s -= self.period_s / COAST_DOWN_S * self.reported_rad_per_s;
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
            speed_rad_per_s: self.reported_rad_per_s,
            load_torque_n_m: self.load_torque_n_m,
            cos,
            sin,
            trusted: self.phase == Phase::Tracking || self.takeover.is_sensorless(),
        }
    }

    /// Angle of the rotor as a rotation.
    #[must_use]
    pub fn rotor_rotation(&self) -> Rotation {
        self.rotation.turned_by(self.offset)
    }

    /// By how much the angle has been set anew in the last step: what was known in the rotor frame is of another one
    /// [rad].
    #[must_use]
    pub fn jump_rad(&self) -> f32 {
        self.jump_rad
    }

    /// True while the angle comes from the back-EMF.
    #[must_use]
    pub fn is_sensorless(&self) -> bool {
        self.takeover.is_sensorless()
    }

    /// Speed with which the angle moves, whether it is trusted or not [rad/s].
    #[must_use]
    pub fn speed_rad_per_s(&self) -> f32 {
        self.speed_rad_per_s
    }

    /// True while an acquired pair is not believed, because it stands still after a loss at speed.
    #[must_use]
    pub(super) fn waits_for_a_turn(&self) -> bool {
        self.phase == Phase::Acquiring { steps_left: 0 }
    }

    /// Nobody knows the angle, or whether to believe the one that is seen.
    #[must_use]
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.phase, Phase::Lost | Phase::Acquiring { .. })
    }

    /// The rotor stands, as somebody else has seen: a pair that stands still is believed.
    pub(super) fn stands(&mut self) {
        self.reported_rad_per_s = 0.0;
    }

    fn predict(&mut self, motor_torque_n_m: f32) {
        let gain_rad_per_s = (motor_torque_n_m - self.load_torque_n_m) * self.inverse_inertia * self.period_s;
        let turn_rad = self.period_s * (self.speed_rad_per_s + 0.5 * gain_rad_per_s) + self.correction_rad;
        self.speed_rad_per_s += gain_rad_per_s;
        self.correction_rad = 0.0;
        let angle_rad = self.angle_rad + turn_rad;
        if angle_rad.abs() < PI && turn_rad.abs() < SMALL_RAD {
            self.angle_rad = angle_rad;
            self.rotation = self.rotation.turned_by_small(turn_rad);
        } else {
            self.turn_to(angle_rad);
        }
    }

    /// Once per turn too, so that rounding does not add up.
    fn turn_to(&mut self, angle_rad: f32) {
        self.angle_rad = wrap_to_pi(angle_rad);
        self.rotation = Rotation::of_angle(self.angle_rad);
    }

    /// True for a pair that is the last one although the rotor turns.
    fn repeats(&mut self, hall_v: &[f32; 2]) -> bool {
        let is_last = *hall_v == self.last_hall_v;
        self.last_hall_v = *hall_v;
        is_last && self.speed_rad_per_s.abs() > REPEAT_RAD_PER_S_MIN
    }

    /// Tracks an acquired rotor that has made a turn, or may stand still by now. The right to coast has to be earned.
    fn believe_or_wait(&mut self) -> Phase {
        self.turned_rad += self.period_s * self.speed_rad_per_s;
        if self.turned_rad.abs() < TAU && self.reported_rad_per_s.abs() > STANDSTILL_RAD_PER_S_MAX {
            return Phase::Acquiring { steps_left: 0 };
        }
        self.coast_steps_left = 0;
        Phase::Tracking
    }

    /// The normalised pair, unless its amplitude cannot be that of a magnet (or is no number).
    fn plausible(&self, [cos_v, sin_v]: &[f32; 2]) -> Option<(f32, f32)> {
        let (cos, sin) = (self.cosine.normalised(*cos_v), self.sine.normalised(*sin_v));
        let square = cos * cos + sin * sin;
        let (low, high) = PLAUSIBLE_SQUARE;
        let from_middle = square - 0.5 * (low + high);
        (from_middle.abs() <= 0.5 * (high - low)).then_some((cos, sin))
    }

    /// Sine of the phase error; beyond a quarter turn its sign alone.
    fn error(&self, (cos, sin): (f32, f32)) -> f32 {
        let across = sin * self.rotation.cos - cos * self.rotation.sin;
        let along = cos * self.rotation.cos + sin * self.rotation.sin;
        if along > 0.0 { across } else { beyond_a_quarter(across) }
    }

    /// The angle's part waits for the next prediction, where it costs nothing.
    fn correct(&mut self, error: f32, gains: Gains) {
        self.correction_rad = gains.angle_rad * error;
        self.speed_rad_per_s += gains.speed_rad_per_s * error;
        self.load_torque_n_m -= gains.load_torque_n_m * error;
    }

    /// The channels take turns, one every other step.
    fn learn(&mut self, cos_v: f32, sin_v: f32) {
        if self.speed_rad_per_s.abs() <= LEARNING_RAD_PER_S_MIN {
            return;
        }
        if self.turns & 2 == 0 {
            self.cosine.learn(cos_v, self.rotation.cos, self.nominal_v);
        } else {
            self.sine.learn(sin_v, self.rotation.sin, self.nominal_v);
        }
    }

    /// Tracks a pair that agrees with the model and that the EMF does not contradict.
    #[inline(always)]
    fn track_or_coast(
        &mut self,
        pair: Option<(f32, f32)>,
        hall_v: Option<&[f32; 2]>,
        unmodelled_v: Option<&Dq>,
    ) -> Phase {
        let (Some(pair), Some(&[cos_v, sin_v])) = (pair, hall_v) else {
            return self.coast(None, unmodelled_v);
        };
        let raw_error = self.error(pair);
        if raw_error.abs() >= ERROR_MAX {
            return self.coast(None, unmodelled_v);
        }
        if self.phase == Phase::Coasting && !self.takeover.halls_are_back() {
            return self.coast(Some(raw_error), unmodelled_v);
        }
        // A look at the EMF and learning take turns.
        self.turns = self.turns.wrapping_add(1);
        let looks = self.turns & 1 != 0;
        if looks && self.takeover.is_contradicted(unmodelled_v, self.speed_rad_per_s) {
            return self.start_from_emf(unmodelled_v);
        }
        let error = self.takeover.without_bias(raw_error);
        self.correct(error, self.track);
        if self.load_torque_n_m.abs() > self.load_torque_n_m_max {
            return self.start_from_emf(unmodelled_v);
        }
        if !looks {
            self.learn(cos_v, sin_v);
        }
        if self.coast_steps_left < self.coast_steps {
            self.coast_steps_left = self.coast_steps_left.saturating_add(1);
        }
        Phase::Tracking
    }

    /// Halls that move otherwise than the rotor have pulled the estimate along: angle and speed are those of the EMF.
    #[cold]
    #[inline(never)]
    fn start_from_emf(&mut self, unmodelled_v: Option<&Dq>) -> Phase {
        let Some(unmodelled_v) = unmodelled_v else { return Phase::Lost };
        let (error_rad, speed_rad_per_s, goes_on) =
            self.takeover.start_from_emf(unmodelled_v, self.speed_rad_per_s);
        self.turn_to(self.angle_rad + error_rad);
        (self.speed_rad_per_s, self.load_torque_n_m, self.jump_rad) = (speed_rad_per_s, 0.0, error_rad);
        self.reported_rad_per_s = speed_rad_per_s;
        if goes_on { Phase::Coasting } else { Phase::Lost }
    }

    /// Without Halls: by the EMF, which gives back what coasting costs; without one as long as steps are left.
    #[cold]
    #[inline(never)]
    fn coast(&mut self, hall_error: Option<f32>, unmodelled_v: Option<&Dq>) -> Phase {
        let Some(error) = self.takeover.emf_error(hall_error, unmodelled_v, self.speed_rad_per_s) else {
            let Some(steps_left) = self.coast_steps_left.checked_sub(1) else { return Phase::Lost };
            self.coast_steps_left = steps_left;
            return Phase::Coasting;
        };
        self.correct(error, self.track);
        if self.load_torque_n_m.abs() > self.load_torque_n_m_max {
            return Phase::Lost;
        }
        self.coast_steps_left = self.coast_steps_left.saturating_add(1).min(self.coast_steps);
        Phase::Coasting
    }
}

/// The sign alone of a phase error beyond a quarter turn.
#[cold]
fn beyond_a_quarter(across: f32) -> f32 {
    if across < 0.0 { -1.0 } else { 1.0 }
}

#[cfg(test)]
#[path = "angle_observer_tests.rs"]
mod tests;
