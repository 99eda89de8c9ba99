// SPDX-License-Identifier: Apache-2.0
//! Commissioning: finds the calibration of a drive on the drive itself, stage by stage, within safe currents.
//!
//! # Stages
//! ```text
//! Wall -> Coils -> LiftOff -> Force -> Pickup -> Motor -> Runout -> SetDown -> Over
//!   |       |         |         |        |         |        |         ^
//!   +-------+---------+---------+--------+---------+--------+-- stop, fault, touchdown, time-out
//! ```
//! | stage | what is done | what it gives | here |
//! |---|---|---|---|
//! | wall | rotor pressed all around by the coils | Hall mids and gains, R | `wall.rs` |
//! | coils | 1.5 kHz at the wall | L | `force.rs` |
//! | force | set-points of the levitated rotor, still and swinging | k_i, k_x; mass as a check | `force.rs` |
//! | pickup | 2 kHz, which the rotor cannot follow | pickup own, cross | `force.rs` |
//! | motor | the rotor follows a turning current | angle offset, phase order | `findings.rs` |
//! | runout | slow roll by that current, the notch learns | runout tables | `findings.rs` |
//!
//! # Use
//! The supervisor makes one on command, steps it once a period (100 Hz), does what [`Commissioning::hold`] says, and
//! posts its requests to the probe. [`CommissioningReport`] tells how far it is. A record is made from `values` once the
//! outcome is `Passed`, not before.
//!
//! # Limits and failure
//! Currents: `commissioning_*`. Every stage has a time limit; every value a range. Whatever ends it, the rotor is braked by
//! the turning current as far as it follows, then set down; the configuration in force is not touched. Pole pairs other
//! than 1 would need a longer turn per current vector and are refused by a rotor that does not follow.
//!
//! # Source
//! Identification of magnetic bearings: G. Schweitzer, E. Maslen, Magnetic Bearings, 2009, ch. 15; the rest in each file.
//!
//! # Shown by
//! `sim/levitas/tests/commissioning.rs`; `levitas commission`.

mod complex;
mod config;
mod findings;
mod force;
mod least_squares;
mod report;
mod script;
mod wall;

pub use config::CommissioningConfig;
pub(crate) use findings::{coil, pair_swing_v};
pub use report::{COMMISSIONING_WORDS, Checks, CommissioningReport, Outcome, Reason, Stage};

use crate::calibration::Calibration;
use crate::mail::{BearingState, LevitateRequest, LevitationMail, fault, limit};
use crate::probe::{ProbeRequest, ProbeResult, ProbeStatus};
use crate::schedule::TaskId;
use crate::unit::UnitConfig;
use crate::units::{RAD_PER_S_PER_HZ, S_PER_US};
use findings::Findings;
use force::Tilt;
use script::{MOTOR_HZ, Pointing, ROLL_MEASUREMENTS, ROLL_S, ROLL_SETTLE_S, ROLLS};

/// Steps per second.
const RATE_HZ: u32 = TaskId::Supervisor.slot().rate_hz;
/// Longest time to reach the state that a stage needs: 5 s.
const STATE_STEPS_MAX: u32 = RATE_HZ.saturating_mul(5);
/// Time for which that state must last before the stage begins: 0.3 s.
const STATE_STEPS: u32 = RATE_HZ.saturating_mul(3) / 10;
/// Longest time of a probe beyond what it was asked for: 2 s.
const PROBE_STEPS_SPARE: u32 = RATE_HZ.saturating_mul(2);
/// Time for which a silent levitation task is waited for: 0.1 s.
const SILENT_STEPS_MAX: u32 = RATE_HZ / 10;
/// Time before and of the measurement of angle and order [s].
const MOTOR_SETTLE_S: f32 = 1.0;
const MOTOR_S: f32 = 3.0;
/// Part of the current with which the order is tried: the shaken rotor stays slower than the probe allows.
const MOTOR_TRY: f32 = 0.4;
/// Steps of the stage motor: 0 tries the order of the configuration, then come these; between the first two of them the
/// other order is tried.
const MOTOR_OTHER_ORDER: u32 = 1;
const MOTOR_FOLLOWS: u32 = 3;
const MOTOR_LAST: u32 = 4;
const MOTOR_OVER: u32 = 5;
/// Steps of the slow roll at one speed: steering, then the measurements.
const ROLL_STEPS: u32 = ROLL_MEASUREMENTS.saturating_add(1);
/// A steered rotor is at its speed when it has been this near to it for so long: 0.3 s [rad/s].
const STEERED_RAD_PER_S: f32 = 3.0;
const STEERED_STEPS: u32 = RATE_HZ.saturating_mul(3) / 10;
/// Speed at which the rotor is set down [Hz].
const SET_DOWN_HZ: f32 = 0.3;
/// Faults with which nothing can be measured. What the bearing thinks of its Halls is none of them: their mids and gains
/// are not known yet; a broken one shows in the circle of the wall and in values that are not plausible.
const FAULTS: u32 = fault::CURRENT | fault::BUS_VOLTAGE | fault::SAMPLES_STALE;

/// What the routine knows beforehand.
#[derive(Clone, Copy, Debug)]
struct Parameters {
    config: CommissioningConfig,
    before: Calibration,
    clearance_m: f32,
    hall_v_per_m: f32,
    hall_lag_s: f32,
    angle_hall_amplitude_v: f32,
    phase_order: f32,
    period_s: f32,
}

impl Parameters {
    fn new(config: &UnitConfig) -> Self {
        let bearing = &config.levitation.bearing;
        Self {
            config: config.commissioning,
            before: Calibration::of(config),
            clearance_m: bearing.clearance_m,
            hall_v_per_m: bearing.hall_v_per_m,
            hall_lag_s: 1.0 / (RAD_PER_S_PER_HZ * bearing.hall_bandwidth_hz),
            angle_hall_amplitude_v: config.levitation.motor.angle_hall_amplitude_v,
            phase_order: config.levitation.motor.motor_phase_order,
            period_s: TaskId::Levitation.slot().period_us() as f32 * S_PER_US,
        }
    }

    fn tilt(&self) -> Tilt {
        Tilt {
            sensor_plane_m: self.config.sensor_plane_offset_m,
            actuator_plane_m: self.config.actuator_plane_offset_m,
            stiffness_n_m_per_rad: self.config.tilt_stiffness_n_m_per_rad,
            frequency_hz: self.config.tilt_frequency_hz,
        }
    }
}

/// What a step of the routine looks at.
#[derive(Clone, Copy, Debug)]
pub struct CommissioningInput {
    /// Mail of the levitation task; `None` while it is silent.
    pub levitation: Option<LevitationMail>,
    /// What the probe answered last.
    pub result: Option<ProbeResult>,
}

/// Where a stage is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Progress {
    /// Waiting for the state of the bearing that the stage needs.
    Arriving { waited: u32, there: u32 },
    /// Waiting for an answer of the probe.
    Probing { left: u32 },
    /// The motor brings the rotor to a speed.
    Steering { frequency_hz: f32, part: f32, waited: u32, there: u32 },
    /// The rotor is on its way down.
    SettingDown { waited: u32 },
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Commissioning {
    parameters: Parameters,
    findings: Findings,
    stage: Stage,
    step: u32,
    progress: Progress,
    request: ProbeRequest,
    start_rad: f32,
    begin_rad: f32,
    trim_rad: f32,
    silent_steps: u32,
    touchdown_count: Option<u32>,
    ended: Outcome,
}

impl Commissioning {
    /// A routine that begins; `probe_number` is the last one that anybody gave the probe.
    #[must_use]
    pub fn new(config: &UnitConfig, probe_number: u32) -> Self {
        Self {
            parameters: Parameters::new(config),
            findings: Findings::new(CommissioningReport::new(config)),
            stage: Stage::Wall,
            step: 0,
            progress: Progress::Arriving { waited: 0, there: 0 },
            request: ProbeRequest::listening(probe_number),
            start_rad: 0.0,
            begin_rad: 0.0,
            trim_rad: 0.0,
            silent_steps: 0,
            touchdown_count: None,
            ended: Outcome::Running,
        }
    }

    /// How far it is, and what it found.
    #[must_use]
    pub fn report(&self) -> CommissioningReport {
        let outcome = if self.stage == Stage::Over { self.ended } else { Outcome::Running };
        CommissioningReport { stage: self.stage, outcome, ..self.findings.report }
    }

    /// The rotor lies and the coils are open: nothing more to do.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// What the bearing is to do.
    #[must_use]
    pub fn hold(&self) -> LevitateRequest {
        match (self.stage, self.progress) {
            (Stage::Wall | Stage::Coils, _) => LevitateRequest::Service,
            (Stage::Idle | Stage::Over, _) => LevitateRequest::Off,
            (Stage::SetDown, Progress::SettingDown { .. }) => LevitateRequest::Land,
            _ => LevitateRequest::Levitate,
        }
    }

    /// The operator wants it to end.
    pub fn stop(&mut self) {
        self.fail(Reason::Stopped);
    }

    /// One period; gives what the probe is to do, again in every period.
    pub fn step(&mut self, input: &CommissioningInput) -> Option<ProbeRequest> {
        if self.is_over() {
            return None;
        }
        self.silent_steps = if input.levitation.is_some() { 0 } else { self.silent_steps.saturating_add(1) };
        if self.silent_steps > SILENT_STEPS_MAX {
            self.fail(Reason::Silent);
        }
        let Some(levitation) = input.levitation else { return Some(self.request) };
        self.watch_touchdowns(&levitation);
        match self.progress {
            Progress::Arriving { waited, there } => self.arrive(&levitation, waited, there),
            Progress::Probing { left } => self.wait_for_probe(&levitation, input.result, left),
            Progress::Steering { .. } => self.steer(&levitation, input.result),
            Progress::SettingDown { waited } => {
                let down = levitation.state == BearingState::Off as u32;
                if down || waited > STATE_STEPS_MAX {
                    self.stage = Stage::Over;
                }
                self.progress = Progress::SettingDown { waited: waited.saturating_add(1) };
            }
        }
        Some(self.request)
    }

    fn watch_touchdowns(&mut self, levitation: &LevitationMail) {
        let before = *self.touchdown_count.get_or_insert(levitation.touchdown_count);
        if levitation.touchdown_count != before && self.stage != Stage::SetDown {
            self.touchdown_count = Some(levitation.touchdown_count);
            self.fail(Reason::Touchdown);
        }
    }

    /// Waits until the bearing is in the state that the stage needs, and has been for a while.
    fn arrive(&mut self, levitation: &LevitationMail, waited: u32, there: u32) {
        let wanted = match self.stage {
            Stage::Wall | Stage::Coils => BearingState::Service,
            _ => BearingState::Levitated,
        };
        let there = if levitation.state == wanted as u32 { there.saturating_add(1) } else { 0 };
        self.progress = Progress::Arriving { waited: waited.saturating_add(1), there };
        if there >= STATE_STEPS {
            self.start_rad = crate::math::atan2(levitation.displacement_y_m, levitation.displacement_x_m);
            self.ask(levitation);
        } else if waited > STATE_STEPS_MAX {
            self.fail(Reason::TimeOut);
        }
    }

    /// Posts the request of the present step, or goes on to the next stage when there is none.
    fn ask(&mut self, levitation: &LevitationMail) {
        match self.stage {
            Stage::Motor => return self.ask_motor(levitation),
            Stage::Runout => return self.ask_roll(levitation),
            Stage::SetDown => return self.steer_to(SET_DOWN_HZ, 1.0),
            _ => {}
        }
        let Parameters { config, clearance_m, .. } = &self.parameters;
        match script::request(config, *clearance_m, self.stage, self.step, self.start_rad) {
            Some(request) => self.post(request),
            None => self.next_stage(levitation),
        }
    }

    fn post(&mut self, request: ProbeRequest) {
        let number = self.request.number.wrapping_add(1);
        self.request = ProbeRequest { number: if number == 0 { 1 } else { number }, ..request };
        // Two whole cycles are measured whatever was asked for.
        let cycles_s = if request.frequency_hz > 0.0 { 2.0 / request.frequency_hz } else { 0.0 };
        let longest_s = request.settle_s + request.measure_s + cycles_s;
        let left = PROBE_STEPS_SPARE.saturating_add((longest_s * RATE_HZ as f32) as u32);
        self.progress = Progress::Probing { left };
    }

    fn wait_for_probe(&mut self, levitation: &LevitationMail, result: Option<ProbeResult>, left: u32) {
        let Some(left) = left.checked_sub(1) else { return self.fail(Reason::TimeOut) };
        self.progress = Progress::Probing { left };
        let Some(result) = result.filter(|result| result.number == self.request.number) else { return };
        match ProbeStatus::from_code(result.status) {
            Some(ProbeStatus::Done) => self.answered(levitation, &result),
            Some(status) if status.is_final() => self.fail(Reason::Probe(status)),
            _ => {}
        }
    }

    /// A measurement is there.
    fn answered(&mut self, levitation: &LevitationMail, result: &ProbeResult) {
        let faults = result.faults & FAULTS;
        if faults != 0 {
            return self.fail(Reason::Fault(faults));
        }
        // Pickup compares displacement with current, whatever voltage made it.
        let voltage = if self.stage == Stage::Pickup { 0 } else { limit::COIL_VOLTAGE };
        if result.limits & (limit::COIL_CURRENT | voltage) != 0 {
            return self.fail(Reason::Limit);
        }
        match self.stage {
            Stage::Motor => return self.motor_answered(levitation, result),
            Stage::Runout => self.findings.take_roll(self.roll_index(), result),
            stage => self.findings.take(&self.parameters, stage, self.step, result),
        }
        self.step = self.step.saturating_add(1);
        self.ask(levitation);
    }

    /// First the order of the configuration, then the other one: with the wrong order the rotor is shaken, so it is
    /// calmed by the other one before that is tried. At last once more with a rotor that does not swing.
    fn ask_motor(&mut self, levitation: &LevitationMail) {
        self.findings.order = if self.step < MOTOR_OTHER_ORDER { 1.0 } else { self.findings.order };
        match self.step {
            MOTOR_OTHER_ORDER => {
                self.findings.order = -1.0;
                self.steer_to(MOTOR_HZ, MOTOR_TRY);
            }
            MOTOR_FOLLOWS => self.steer_to(MOTOR_HZ, 1.0),
            MOTOR_LAST => self.turn(levitation, MOTOR_HZ, 1.0, MOTOR_SETTLE_S, MOTOR_S),
            MOTOR_OVER => self.next_stage(levitation),
            _ => self.turn(levitation, MOTOR_HZ, MOTOR_TRY, MOTOR_SETTLE_S, MOTOR_S),
        }
    }

    fn motor_answered(&mut self, levitation: &LevitationMail, result: &ProbeResult) {
        let order = self.findings.order;
        let follows = self.findings.take_motor(&self.parameters, self.begin_rad, order, result);
        self.step = match (self.step, follows) {
            (MOTOR_LAST, true) => MOTOR_OVER,
            (_, true) => MOTOR_FOLLOWS,
            (0, false) => MOTOR_OTHER_ORDER,
            (_, false) => return self.fail(Reason::NotFollowing),
        };
        self.ask(levitation);
    }

    /// Steers to each speed of the slow roll, turns there, and takes what the notch has learned.
    fn ask_roll(&mut self, levitation: &LevitationMail) {
        let (index, measurement) = (self.roll_index(), self.step % ROLL_STEPS);
        let Some(roll) = ROLLS.get(index) else { return self.next_stage(levitation) };
        match measurement {
            0 => self.steer_to(roll.frequency_hz, roll.fraction),
            1 => self.turn(levitation, roll.frequency_hz, roll.fraction, ROLL_SETTLE_S, ROLL_S),
            // The same current turns on.
            _ => self.post(ProbeRequest { settle_s: 0.0, ..self.request }),
        }
    }

    fn roll_index(&self) -> usize {
        (self.step / ROLL_STEPS) as usize
    }

    /// Where the rotor points, the offset known by now taken into account.
    fn pointing(&self, levitation: &LevitationMail) -> Pointing {
        let known_rad = self.findings.offset_rad - self.parameters.before.angle_hall_offset_rad;
        Pointing { angle_rad: levitation.rotor_angle_rad - known_rad, order: self.findings.order }
    }

    /// A current that turns from where the rotor points now.
    fn turn(
        &mut self,
        levitation: &LevitationMail,
        frequency_hz: f32,
        part: f32,
        settle_s: f32,
        measure_s: f32,
    ) {
        let pointing = self.pointing(levitation);
        self.begin_rad = pointing.angle_rad;
        let current_a = part * self.parameters.config.commissioning_phase_current_a;
        let request = script::turning(current_a, &pointing, frequency_hz);
        self.post(ProbeRequest { settle_s, measure_s, ..request });
    }

    fn steer_to(&mut self, frequency_hz: f32, part: f32) {
        self.trim_rad = 0.0;
        self.progress = Progress::Steering { frequency_hz, part, waited: 0, there: 0 };
    }

    /// One period of steering: the current leads the rotor by as much as its speed lacks.
    fn steer(&mut self, levitation: &LevitationMail, result: Option<ProbeResult>) {
        let Progress::Steering { frequency_hz, part, waited, there } = self.progress else { return };
        if let Some(result) = result.filter(|result| result.number == self.request.number)
            && let Some(status) = ProbeStatus::from_code(result.status)
            && status.is_final()
            && waited > 0
        {
            return self.fail(Reason::Probe(status));
        }
        let speed_rad_per_s = levitation.rotor_speed_rad_per_s;
        let missing_rad_per_s = RAD_PER_S_PER_HZ * frequency_hz - speed_rad_per_s;
        let current_a = part * self.parameters.config.commissioning_phase_current_a;
        let pointing = self.pointing(levitation);
        let request =
            script::steering(current_a, &pointing, speed_rad_per_s, missing_rad_per_s, &mut self.trim_rad);
        self.post(request);
        let near = missing_rad_per_s.abs() < STEERED_RAD_PER_S;
        let there = if near { there.saturating_add(1) } else { 0 };
        let waited = waited.saturating_add(1);
        self.progress = Progress::Steering { frequency_hz, part, waited, there };
        if there >= STEERED_STEPS {
            if self.stage == Stage::SetDown {
                return self.set_down();
            }
            self.step = self.step.saturating_add(1);
            self.ask(levitation);
        } else if waited > STATE_STEPS_MAX {
            self.fail(Reason::NotFollowing);
        }
    }

    /// Opens the motor and lets the bearing put the rotor down.
    fn set_down(&mut self) {
        self.request = ProbeRequest::listening(self.request.number.wrapping_add(1));
        self.progress = Progress::SettingDown { waited: 0 };
    }

    /// Ends this stage and begins the next one.
    fn next_stage(&mut self, levitation: &LevitationMail) {
        if let Err(reason) = self.findings.conclude(&self.parameters, self.stage) {
            return self.fail(reason);
        }
        self.stage = match self.stage {
            Stage::Idle => Stage::Wall,
            Stage::Wall => Stage::Coils,
            Stage::Coils => Stage::LiftOff,
            Stage::LiftOff => Stage::Force,
            Stage::Force => Stage::Pickup,
            Stage::Pickup => Stage::Motor,
            Stage::Motor => Stage::Runout,
            Stage::Runout | Stage::SetDown | Stage::Over => Stage::SetDown,
        };
        self.step = 0;
        match self.stage {
            Stage::LiftOff => self.progress = Progress::Arriving { waited: 0, there: 0 },
            Stage::SetDown => {
                self.ended = Outcome::Passed;
                self.ask(levitation);
            }
            _ => self.ask(levitation),
        }
    }

    /// Ends it without a record; the rotor is braked, if it is held, and set down. What fails while it is set down
    /// only sets it down the sooner.
    fn fail(&mut self, reason: Reason) {
        let held = !matches!(self.stage, Stage::Wall | Stage::Coils | Stage::LiftOff | Stage::SetDown);
        let seen = !matches!(reason, Reason::Silent | Reason::Touchdown);
        match self.stage {
            Stage::Over => return,
            Stage::SetDown if matches!(self.progress, Progress::SettingDown { .. }) => return,
            Stage::SetDown => {}
            stage => self.ended = Outcome::Failed(stage, reason),
        }
        self.stage = Stage::SetDown;
        self.request = ProbeRequest::listening(self.request.number.wrapping_add(1));
        self.progress = if held && seen {
            Progress::Arriving { waited: 0, there: STATE_STEPS } // at once, if it is levitated
        } else {
            Progress::SettingDown { waited: 0 }
        };
    }
}

#[cfg(test)]
mod tests;
