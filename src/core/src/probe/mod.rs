// SPDX-License-Identifier: Apache-2.0
//! One exciter and one lock-in inside the levitation task, for sensitivity, commissioning and service.
//!
//! # Use
//! Write a [`ProbeRequest`] with a new number, and the same again at least every second; read [`ProbeResult`] until it
//! shows that number and a final status. After `Done` the excitation stays, so that measurements can follow each other
//! without a gap; a request with target [`Target::Listen`] takes it back.
//!
//! # Model
//! e = offset + c cos(phi) + s sin(phi) on each axis, phi turned by [`phasor`]; [`lock_in`] finds mean, c and s of
//! every [`Signal`] in the same phi, which begins at 0 with every change of a part and goes on otherwise. The measurement
//! is as long as whole cycles are, the frequency exact to 3e-4. Every part
//! of e moves to what is asked for, and back, within [`SLEW_S`].
//!
//! # Timing
//! The excitation of period k acts on the sample of k (displacement), or on what is computed from it. The signals are
//! those of the sample k; the coil voltage is the one that acts from k to k+1. Cost when off, all that the probe adds to the
//! step: 41 instructions on Cortex-M7, 61 on Cortex-M55.
//!
//! # Limits and failure
//! | target | needs | per axis at most |
//! |---|---|---|
//! | displacement | levitated | [`DISPLACEMENT_M_MAX`] |
//! | set-point | levitated and at rest | [`SET_POINT_FRACTION_MAX`] of the clearance, [`SET_POINT_M_PER_S2_MAX`] |
//! | coil current | service | `coil_current_a_max` |
//! | motor current | service, or levitated and at rest | `motor_current_limit_a_max` |
//!
//! At rest: the speed set-point is zero, and the rotor slower than [`TURNING_RAD_PER_S_MAX`]. No rotor that pumps is led 150 um
//! aside.
//!
//! What is beyond is refused by name, not clipped. When the unit leaves the state that the target needs the excitation
//! is zero in the same period and stays so; but a set-point of a rotor that is still held fades out, because a jump of it
//! would be one of the rotor. A request that is not renewed for [`STALE_US_MAX`] fades out.
//! Therapy sees of an excited displacement that the rotor moves by as much again, 20 um at most, and a freeze of the
//! notch, 0.3 s at most, when it begins.
//!
//! # Shown by
//! Unit tests here and in `tests.rs`; `sim/levitas/tests/sensitivity.rs`.

mod lock_in;
mod messages;
mod phasor;
#[cfg(test)]
mod tests;

pub use messages::{
    NOTCH_COEFFICIENTS, PROBE_REQUEST_WORDS, PROBE_RESULT_WORDS, ProbeRequest, ProbeResult, ProbeStatus,
    SIGNALS, Signal, Target, Tone,
};

use crate::mail::{BearingState, Mailboxes};
use crate::mailbox::Reader;
use crate::math::{larger, saturate};
use crate::units::{RAD_PER_S_PER_HZ, RAD_PER_TURN};
use lock_in::LockIn;
use phasor::Phasor;

/// Age of a request from which it counts as withdrawn [us].
pub const STALE_US_MAX: u32 = 1_000_000;
/// Largest displacement that is added at the summing point, per axis [m].
pub const DISPLACEMENT_M_MAX: f32 = 20e-6;
/// Largest set-point, per axis, as a fraction of the clearance: the edge of zone A.
pub const SET_POINT_FRACTION_MAX: f32 = 0.3;
/// Largest acceleration of a set-point, per axis: 5 N for a rotor of 124 g [m/s^2].
pub const SET_POINT_M_PER_S2_MAX: f32 = 40.0;
/// Fastest rotor with which the probe may take the motor or move the set-point: 600 rpm [rad/s].
pub const TURNING_RAD_PER_S_MAX: f32 = 62.8;
/// Time in which a part of the excitation goes from zero to its limit [s].
pub const SLEW_S: f32 = 0.02;
/// Lowest and highest frequency [Hz].
pub const FREQUENCY_HZ: (f32, f32) = (0.5, 8000.0);
/// Longest time to settle [s].
pub const SETTLE_S_MAX: f32 = 10.0;
/// Shortest and longest time to measure [s].
pub const MEASURE_S: (f32, f32) = (1e-3, 10.0);
/// Fewest cycles of a measurement, see [`lock_in`].
const CYCLES_MIN: f32 = 2.0;

/// What is excited in this period, of the axes x and y.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Excitation {
    /// Nothing.
    #[default]
    None,
    /// Added to the displacement at the summing point [m].
    Displacement([f32; 2]),
    /// Set-point of the bearing.
    SetPoint {
        /// Displacement [m].
        displacement_m: [f32; 2],
        /// Velocity [m/s].
        velocity_m_per_s: [f32; 2],
        /// Acceleration [m/s^2].
        acceleration_m_per_s2: [f32; 2],
    },
    /// References of the coil currents [A].
    CoilCurrent([f32; 2]),
    /// Motor current vector in the stator frame [A].
    MotorCurrent([f32; 2]),
}

/// Largest excitation of each target.
#[derive(Clone, Copy, Debug)]
pub struct ProbeLimits {
    /// Set-point [m].
    pub set_point_m: f32,
    /// Coil current [A].
    pub coil_current_a: f32,
    /// Motor current [A].
    pub motor_current_a: f32,
}

/// What the probe must know of the unit in this period.
#[derive(Clone, Copy, Debug)]
pub struct UnitNow {
    /// Periods since the last step, 1 if no trigger was missed.
    pub periods: u32,
    /// State of the bearing after its last step.
    pub bearing: BearingState,
    /// The motor is not free: a speed is wanted, or the rotor is being set down.
    pub motor_wanted: bool,
    /// Rotor speed [rad/s].
    pub rotor_speed_rad_per_s: f32,
    /// Coefficients of the notch [m].
    pub notch_m: [f32; NOTCH_COEFFICIENTS],
}

/// Offset, cosine and sine part, each of x and y.
type Parts = [[f32; 2]; 3];

/// How far the present request has come; `left` counts periods.
#[derive(Clone, Copy, Debug)]
enum Progress {
    Over,
    Settling { left: u32 },
    Measuring { left: u32 },
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    request: Reader<ProbeRequest>,
    limits: ProbeLimits,
    period_us: u32,
    period_s: f32,
    number: u32,
    target: Target,
    wanted: Parts,
    applied: Parts,
    slew: f32,
    limit: f32,
    phasor: Phasor,
    frequency_hz: f32,
    progress: Progress,
    active: bool,
    measure_periods: u32,
    signals: [f32; SIGNALS],
    lock_in: LockIn,
    seen_limits: u32,
    seen_faults: u32,
}

impl Probe {
    /// A probe that does nothing.
    #[must_use]
    pub fn new(limits: ProbeLimits, period_us: u32) -> Self {
        Self {
            request: Reader::new(period_us),
            limits,
            period_us,
            period_s: period_us as f32 * crate::units::S_PER_US,
            number: 0,
            target: Target::Listen,
            wanted: Parts::default(),
            applied: Parts::default(),
            slew: 0.0,
            limit: 0.0,
            phasor: Phasor::new(0.0),
            frequency_hz: 0.0,
            progress: Progress::Over,
            active: false,
            measure_periods: 1,
            signals: [0.0; SIGNALS],
            lock_in: LockIn::new([0.0; SIGNALS], 1),
            seen_limits: 0,
            seen_faults: 0,
        }
    }

    /// True when [`Self::excite`] is to be called: something was asked, or is still going on.
    #[must_use]
    pub fn is_wanted(&self, mail: &Mailboxes) -> bool {
        self.active || self.request.is_behind(&mail.probe_request)
    }

    /// True when [`Self::listen`] is to be called.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// The signals of the last period.
    #[must_use]
    pub fn signals(&self) -> [f32; SIGNALS] {
        self.signals
    }

    /// What is to be excited in this period.
    pub fn excite(&mut self, mail: &Mailboxes, now: &UnitNow) -> Excitation {
        self.request.poll_after(&mail.probe_request, now.periods.saturating_mul(self.period_us));
        if let Some(request) = self.request.latest().filter(|request| request.number != self.number) {
            let status = self.take(&request, now).err().unwrap_or(ProbeStatus::Settling);
            if status.is_final() {
                self.withdraw();
            }
            self.answer(mail, status, now);
        } else if self.request.age_us() > STALE_US_MAX {
            self.end(mail, ProbeStatus::Stale, now);
        }
        if !self.is_permitted(now) {
            if !(self.target == Target::SetPoint && now.bearing == BearingState::Levitated) {
                self.target = Target::Listen;
                self.applied = Parts::default();
            }
            self.end(mail, ProbeStatus::Stopped, now);
        }
        for _ in 1..now.periods {
            self.measure();
        }
        let moving = self.move_parts();
        let resting = self.applied == Parts::default() && !moving;
        self.active = !(resting && matches!(self.progress, Progress::Over));
        if !self.active {
            self.target = Target::Listen;
            return Excitation::None;
        }
        self.settle(moving);
        self.excitation()
    }

    /// Takes the signals of this period; `limits` and `faults` are those of the mail.
    pub fn listen(
        &mut self,
        mail: &Mailboxes,
        now: &UnitNow,
        signals: &[f32; SIGNALS],
        limits: u32,
        faults: u32,
    ) {
        self.signals = *signals;
        if matches!(self.progress, Progress::Measuring { left } if left == self.measure_periods) {
            self.lock_in = LockIn::new(*signals, self.measure_periods);
            (self.seen_limits, self.seen_faults) = (0, 0);
        }
        self.seen_limits |= limits;
        self.seen_faults |= faults;
        self.measure();
        if matches!(self.progress, Progress::Measuring { left: 0 }) {
            self.progress = Progress::Over;
            self.answer(mail, ProbeStatus::Done, now);
        }
    }

    /// One period of the measurement, if there is one, and of the phase.
    fn measure(&mut self) {
        if let Progress::Measuring { left } = &mut self.progress
            && *left > 0
        {
            *left = left.saturating_sub(1);
            self.lock_in.add(&self.signals, &self.phasor);
        }
        self.phasor.step();
    }

    /// Takes over a new request.
    fn take(&mut self, request: &ProbeRequest, now: &UnitNow) -> Result<(), ProbeStatus> {
        self.number = request.number;
        let target = Target::from_code(request.target).ok_or(ProbeStatus::NoSuchTarget)?;
        let parts = [
            [request.offset_x, request.offset_y],
            [request.cosine_x, request.cosine_y],
            [request.sine_x, request.sine_y],
        ];
        self.check(target, &parts, request)?;
        let was = core::mem::replace(&mut self.target, target);
        if target == Target::Listen {
            self.withdraw();
            self.target = was; // which fades out
        } else {
            if !self.is_permitted(now) {
                self.target = was;
                let rest = matches!(target, Target::SetPoint | Target::MotorCurrent);
                let turning = rest && now.bearing == BearingState::Levitated;
                return Err(if turning { ProbeStatus::Turning } else { ProbeStatus::WrongState });
            }
            if was != target {
                self.applied = Parts::default();
            }
            if self.wanted != parts {
                self.phasor = Phasor::new(0.0);
            }
            self.wanted = parts;
            self.limit = self.limit_of(target);
            self.slew = self.limit * self.period_s / SLEW_S;
        }
        self.tune(request.frequency_hz, request.measure_s);
        // One period at least, so that every signal is of the time since the request.
        let settle_periods = (request.settle_s / self.period_s) as u32;
        self.progress = Progress::Settling { left: settle_periods.saturating_add(1) };
        Ok(())
    }

    /// Refuses, by name, what is no number or beyond a limit.
    fn check(&self, target: Target, parts: &Parts, request: &ProbeRequest) -> Result<(), ProbeStatus> {
        let inside = |value: f32, (min, max): (f32, f32)| value >= min && value <= max; // false for NaN
        let frequency_hz = request.frequency_hz;
        if frequency_hz != 0.0 && !inside(frequency_hz, FREQUENCY_HZ) {
            return Err(ProbeStatus::Frequency);
        }
        if !inside(request.settle_s, (0.0, SETTLE_S_MAX)) {
            return Err(ProbeStatus::Settle);
        }
        if !inside(request.measure_s, MEASURE_S) {
            return Err(ProbeStatus::Measure);
        }
        let omega = RAD_PER_S_PER_HZ * frequency_hz;
        let [offset, cosine, sine] = parts;
        for ((offset, cosine), sine) in offset.iter().zip(cosine).zip(sine) {
            let swing = cosine.abs() + sine.abs();
            let fits = swing + offset.abs() <= self.limit_of(target);
            let slow = target != Target::SetPoint || swing * omega * omega <= SET_POINT_M_PER_S2_MAX;
            if !(fits && slow) {
                return Err(ProbeStatus::Amplitude);
            }
        }
        Ok(())
    }

    /// Largest excitation of a target, per axis.
    fn limit_of(&self, target: Target) -> f32 {
        match target {
            Target::Listen => f32::MAX,
            Target::Displacement => DISPLACEMENT_M_MAX,
            Target::SetPoint => self.limits.set_point_m,
            Target::CoilCurrent => self.limits.coil_current_a,
            Target::MotorCurrent => self.limits.motor_current_a,
        }
    }

    /// The state of the unit is one that the target may be excited in.
    fn is_permitted(&self, now: &UnitNow) -> bool {
        let levitated = now.bearing == BearingState::Levitated;
        let service = now.bearing == BearingState::Service;
        let rests = !now.motor_wanted && now.rotor_speed_rad_per_s.abs() <= TURNING_RAD_PER_S_MAX;
        match self.target {
            Target::Listen => true,
            Target::Displacement => levitated,
            Target::SetPoint => levitated && rests,
            Target::CoilCurrent => service,
            Target::MotorCurrent => service || levitated && rests,
        }
    }

    /// Length of the measurement such that whole cycles fit, and the frequency that has them.
    fn tune(&mut self, frequency_hz: f32, measure_s: f32) {
        let turns = frequency_hz * self.period_s; // per period; below one half: 8 kHz of 20 kHz
        let cycles = larger((frequency_hz * measure_s + 0.5) as u32 as f32, CYCLES_MIN);
        let periods = if turns > 0.0 { cycles / turns } else { measure_s / self.period_s };
        self.measure_periods = ((periods + 0.5) as u32).max(1);
        let turns = if turns > 0.0 { cycles / self.measure_periods as f32 } else { 0.0 };
        self.frequency_hz = turns / self.period_s;
        self.phasor = self.phasor.turning(RAD_PER_TURN * turns);
    }

    /// Begins the measurement when nothing moves any more and the time to settle is over.
    fn settle(&mut self, moving: bool) {
        if let Progress::Settling { left } = self.progress
            && !moving
        {
            self.progress = if left == 0 {
                Progress::Measuring { left: self.measure_periods }
            } else {
                Progress::Settling { left: left.saturating_sub(1) }
            };
        }
    }

    /// Moves every part toward what is wanted; true while one is still on its way.
    fn move_parts(&mut self) -> bool {
        let mut moving = false;
        let wanted = self.wanted.iter().flatten();
        for (applied, wanted) in self.applied.iter_mut().flatten().zip(wanted) {
            let error = wanted - *applied;
            let step = saturate(error, self.slew);
            moving |= step != error;
            *applied = if step == error { *wanted } else { *applied + step };
        }
        moving
    }

    /// The excitation of this period.
    fn excitation(&self) -> Excitation {
        let [[offset_x, offset_y], [cosine_x, cosine_y], [sine_x, sine_y]] = self.applied;
        let Phasor { cos, sin, .. } = self.phasor;
        let swing = [cosine_x * cos + sine_x * sin, cosine_y * cos + sine_y * sin];
        let [swing_x, swing_y] = swing;
        let value = [offset_x + swing_x, offset_y + swing_y].map(|value| saturate(value, self.limit));
        match self.target {
            Target::Listen => Excitation::None,
            Target::Displacement => Excitation::Displacement(value),
            Target::SetPoint => {
                let omega = RAD_PER_S_PER_HZ * self.frequency_hz;
                Excitation::SetPoint {
                    displacement_m: value,
                    velocity_m_per_s: [
                        omega * (sine_x * cos - cosine_x * sin),
                        omega * (sine_y * cos - cosine_y * sin),
                    ],
                    acceleration_m_per_s2: swing.map(|swing| -omega * omega * swing),
                }
            }
            Target::CoilCurrent => Excitation::CoilCurrent(value),
            Target::MotorCurrent => Excitation::MotorCurrent(value),
        }
    }

    /// From now on everything goes back to zero.
    fn withdraw(&mut self) {
        self.wanted = Parts::default();
        self.progress = Progress::Over;
    }

    /// Ends what was asked, and says why if it was not finished.
    fn end(&mut self, mail: &Mailboxes, status: ProbeStatus, now: &UnitNow) {
        if !matches!(self.progress, Progress::Over) {
            self.answer(mail, status, now);
        }
        self.withdraw();
    }

    fn answer(&self, mail: &Mailboxes, status: ProbeStatus, now: &UnitNow) {
        let done = status == ProbeStatus::Done;
        mail.probe_result.write(&ProbeResult {
            number: self.number,
            status: status as u32,
            frequency_hz: self.frequency_hz,
            periods: self.measure_periods,
            limits: self.seen_limits,
            faults: self.seen_faults,
            rotor_speed_rad_per_s: now.rotor_speed_rad_per_s,
            notch_m: now.notch_m,
            tones: if done { self.lock_in.tones(self.measure_periods) } else { [Tone::default(); SIGNALS] },
        });
    }
}
