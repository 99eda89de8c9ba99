// SPDX-License-Identifier: Apache-2.0
//! Power-on self-test: what a unit can find out about itself before a patient depends on it.
//!
//! # Stages
//! ```text
//! Watch --0.5 s--> Ask --the unit has the head--> Coils --> Phases --> Wait --battery known--> Over
//!                   |  ^                            |         |         ^
//!                   +--+ the other unit tests itself                    |
//!                   +--the head is not to be had, or not fit------------+
//! ```
//! The head is asked for only where the pair will take it back, so the other unit must be heard, and only while the rotor is known to be at rest.
//! What each item is, its limit and whether its failure blocks: [`items`]. What was found: [`SelfTestReport`].
//!
//! # Use
//! The supervisor makes one after power-up, never after another reset, steps it once a period (100 Hz), takes the head while
//! [`SelfTest::needs_head`], and posts its requests to the probe. `Land` and lift-off end it, and so does a takeover: what is open then was not run.
//!
//! # Why so
//! Coils and phases get current by the head and the probe as in service: that is no therapy, so the other unit takes nothing over from it, and a latch
//! lets the gate open only while the other unit's line is released. A unit that starts beside one that drives cannot have the head: for its
//! coils and phases nothing is said. The emergency drive asks 1.5 s after the host would, so that two that are switched on together do not meet.
//!
//! The coils get a sine of 0.15 A at 300 Hz: 1.2 N of 8.75 N that hold the rotor at the wall, and too fast for it to go anywhere; a direct current would slide
//! it along the wall and turn it by a quarter. The phases get a current vector that turns too fast for any rotor: 0.5 A at 250 Hz.
//!
//! # Model
//! R and L of a coil follow of its one sine, as in [`crate::commissioning`]. The EMF of a rotor that slides along the wall counts with them:
//! k_i^2 / (m w^2) = 0.14 mH off L where it slides freely, and up to 0.2 ohm on R or 0.1 ohm off it where the wall brakes it (world of the simulator).
//!
//! # Limits and failure
//! Every wait has an end: [`AGAIN_PERIODS_MAX`], [`PROBE_PERIODS_MAX`], [`WAIT_PERIODS_MAX`]; the whole is over after 12 s at the latest.
//!
//! # Shown by
//! `sim/levitas/tests/self_test.rs`; the supervisor's `tests/self_test.rs`; `tests/scenarios/9a_self_test.toml`; `docs/self-test.md`.

pub mod items;
mod report;
mod watched;
pub use items::Item;
pub use report::{SELF_TEST_WORDS, SelfTestReport, Stage, Verdict};

use crate::arbitration::alarm as pair;
use crate::commissioning::{coil, pair_swing_v};
use crate::link::{PeerMail, PeerReport, UnitCode};
use crate::mail::{BearingState, LevitationMail, fault};
use crate::math::sqrt;
use crate::power::conditions as power;
use crate::power::messages::PowerMail;
use crate::probe::{ProbeRequest, ProbeResult, ProbeStatus, Signal, TURNING_RAD_PER_S_MAX, Target, Tone};
use crate::schedule::TaskId;
use crate::task::supervisor::Refusal;
use crate::unit::{Role, UnitConfig};
use crate::units::S_PER_US;
use crate::warming::cutout::Trip;
use crate::warming::messages::CutOutMail;
use watched::Watched;

/// Steps per second, and what one of them lasts [ms].
const RATE_HZ: u32 = TaskId::Supervisor.slot().rate_hz;
const PERIOD_MS: u32 = 1000 / RATE_HZ;
/// Sensors are watched until here, 0.5 s, from here on: what filters show at the start is none of theirs.
const WATCH_PERIODS: u32 = RATE_HZ / 2;
const START_PERIODS: u32 = RATE_HZ / 10;
/// The emergency drive asks for the head later by so much: 1.5 s, in which the host is done.
const STAGGER_PERIODS: u32 = RATE_HZ.saturating_mul(3) / 2;
/// A head that the other unit has for its own test is asked for again every 0.1 s, for 5 s.
const AGAIN_PERIODS: u32 = RATE_HZ / 10;
const AGAIN_PERIODS_MAX: u32 = RATE_HZ.saturating_mul(5);
/// The rotor comes to rest for 0.1 s before a current is asked for.
const REST_PERIODS: u32 = RATE_HZ / 10;
/// A probe that has not answered after 2 s will not.
const PROBE_PERIODS_MAX: u32 = RATE_HZ.saturating_mul(2);
/// Battery and cut-out have said by then what they know, since the start: 7 s.
const WAIT_PERIODS_MAX: u32 = RATE_HZ.saturating_mul(7);

/// Amplitude [A] and frequency [Hz] of the current of each coil.
const COIL_A: f32 = 0.15;
const COIL_HZ: f32 = 300.0;
/// Current vector of the phases, over ten times what the monitor takes for none [A], and how often it turns [Hz].
const PHASE_A: f32 = 0.5;
const PHASE_HZ: f32 = 250.0;
/// What a coil carries at least of what it is asked for.
const CARRIED_PART: f32 = 0.5;
/// Least spread of the rotor angle that living Halls show of a rotor at rest in 0.4 s [rad]: 6 mrad of noise are the least of six seeds, and 8 urad what
/// the observer makes of Halls that stand still.
const ALIVE_RAD: f32 = 3.5e-4;
/// Place of a rotor at the wall, over the clearance.
const AT_WALL: (f32, f32) = (0.8, 1.2);
/// Largest distance of the places where both units see a rotor that is held [m].
const AGREE_M: f32 = 60e-6;
/// Of a sound coil, over its calibration.
const RESISTANCE_PART: (f32, f32) = (0.6, 1.8);
const INDUCTANCE_PART: (f32, f32) = (0.7, 1.3);
/// Part of the field of its coil that a pair shows at least, where that is over the noise [m].
const ANSWER_PART: f32 = 0.25;
const ANSWER_M_MIN: f32 = 0.1e-6;
const MH_PER_H: f32 = 1e3;
const UM_PER_M: f32 = 1e6;
const PERCENT: f32 = 100.0;
const MDEG_PER_RAD: f32 = 57_295.78;

/// What the image has found out before the tasks started; `None`: it did not look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryChecks {
    /// RAM keeps what is written.
    pub ram: Option<bool>,
    /// The program in flash fits its CRC.
    pub flash: Option<bool>,
}

/// What a step looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct SelfTestInput {
    /// Mail of the levitation task; `None` while it is silent.
    pub levitation: Option<LevitationMail>,
    /// The other unit, while it is heard.
    pub peer: Option<PeerMail>,
    /// Mail of the power task; `None`: mains and battery are not this unit's.
    pub power: Option<PowerMail>,
    /// Mail of the cut-out; `None`: there is no warming device.
    pub cut_out: Option<CutOutMail>,
    /// What the probe answered last.
    pub result: Option<ProbeResult>,
    /// The unit has the head, and coils and phases are the probe's.
    pub has_head: bool,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct SelfTest {
    clearance_m: f32,
    resistance_ohm: f32,
    inductance_h: f32,
    /// Field of a coil in its pair at `COIL_A` [m], and sensitivity of the pairs [V/m].
    field_m: f32,
    hall_v_per_m: [f32; 2],
    report: SelfTestReport,
    stage: Stage,
    /// Periods since the start, and of the stage.
    periods: u32,
    stage_periods: u32,
    /// Until the head is asked for again.
    pause_periods: u32,
    watched: Watched,
    probe_number: u32,
    request: ProbeRequest,
}

impl SelfTest {
    /// A self-test that begins; `probe_number` is the last one that anybody gave the probe.
    #[must_use]
    pub fn new(config: &UnitConfig, role: Role, memory: MemoryChecks, probe_number: u32) -> Self {
        let bearing = &config.levitation.bearing;
        let mut report = SelfTestReport::new();
        for (item, passed) in [(Item::Ram, memory.ram), (Item::Flash, memory.flash)] {
            if let Some(passed) = passed {
                report.enter(item, passed);
            }
        }
        Self {
            clearance_m: bearing.clearance_m,
            resistance_ohm: bearing.coil_resistance_ohm,
            inductance_h: bearing.coil_inductance_h,
            field_m: bearing.coil_pickup_m_per_a.abs() * COIL_A,
            hall_v_per_m: [bearing.hall_gain_x, bearing.hall_gain_y].map(|gain| gain * bearing.hall_v_per_m),
            report,
            stage: Stage::Watch,
            periods: 0,
            stage_periods: 0,
            // One at least, so that the rotor is looked at before the head is asked for.
            pause_periods: if role == Role::EmergencyDrive { STAGGER_PERIODS } else { 1 },
            watched: Watched { bus_v_min: f32::MAX, ..Watched::default() },
            probe_number,
            request: ProbeRequest::listening(probe_number),
        }
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> SelfTestReport {
        self.report
    }

    /// The unit is to have the head.
    #[must_use]
    pub fn needs_head(&self) -> bool {
        match self.stage {
            Stage::Ask => self.pause_periods == 0,
            Stage::Coils | Stage::Phases => true,
            _ => false,
        }
    }

    /// It ends here: what is open was not run.
    pub fn stop(&mut self) {
        self.enter(Stage::Over);
    }

    /// The pair has not given the head.
    pub fn refused(&mut self, refusal: Refusal) {
        // Only a start isolates a unit that tests itself; what else shuts one out of the pair has been seen.
        if matches!(refusal, Refusal::NotInPair | Refusal::NotFit) && !self.watched.is_unfit {
            self.report.enter(Item::Gate, false);
        }
        let may_pass = refusal == Refusal::OtherDrives && self.stage_periods < AGAIN_PERIODS_MAX;
        self.pause_periods = AGAIN_PERIODS;
        if !may_pass {
            self.enter(Stage::Wait);
        }
    }

    /// One period; what the probe is to do.
    pub fn step(&mut self, input: &SelfTestInput) -> Option<ProbeRequest> {
        self.periods = self.periods.saturating_add(1);
        self.stage_periods = self.stage_periods.saturating_add(1);
        if let Some(levitation) = input.levitation.filter(|_| self.periods > START_PERIODS) {
            self.watched.look(&levitation, input.peer.as_ref(), self.stage == Stage::Watch);
        }
        let state = input.levitation.map(|levitation| PeerReport::from_bits(levitation.report).state);
        match self.stage {
            // The pair has seen no current of a unit that it let drive.
            Stage::Ask | Stage::Coils if state == Some(UnitCode::Isolated) => {
                self.refused(Refusal::NotInPair);
            }
            Stage::Watch if self.stage_periods >= WATCH_PERIODS => self.judge_sensors(input),
            Stage::Ask => self.ask(input),
            Stage::Coils | Stage::Phases => return self.drive(input),
            Stage::Wait => self.judge_slow(input),
            _ => {}
        }
        None
    }

    fn enter(&mut self, stage: Stage) {
        (self.stage, self.stage_periods) = (stage, 0);
        self.report.stage = stage as u32;
        self.report.time_ms = self.periods.saturating_mul(PERIOD_MS);
    }

    /// Judges what needs no current.
    fn judge_sensors(&mut self, input: &SelfTestInput) {
        let faults = self.watched.standing(input);
        let Watched { current_a_max, bus_v_min, heard, place, angle_rad, angle_spread_rad, .. } =
            self.watched;
        let Some(levitation) = input.levitation.filter(|_| angle_rad.is_some()) else {
            return self.enter(Stage::Over);
        };
        let without = |bits: u32| faults & bits == 0;
        let report = &mut self.report;
        report.enter(Item::Calibration, without(fault::CALIBRATION));
        let sees_rotor = without(fault::DISPLACEMENT | fault::SAMPLES_STALE);
        report.enter(Item::Displacement, sees_rotor);
        if levitation.windings_tested {
            report.enter(Item::Windings, without(fault::WINDING));
        } else {
            report.enter_absent(Item::Windings);
        }
        let elements = fault::HALL_ELEMENT | fault::HALL_DRIFT | fault::INTERFERENCE;
        report.enter(Item::HallElements, without(elements));
        let spread_rad = angle_spread_rad.1 - angle_spread_rad.0;
        let sees_angle = without(fault::ANGLE | fault::SENSORLESS) && spread_rad >= ALIVE_RAD;
        report.enter_measured(Item::AngleHalls, spread_rad * MDEG_PER_RAD, sees_angle);
        report.enter_measured(Item::CurrentSensors, current_a_max, without(fault::CURRENT));
        let is_measured = without(fault::BUS_VOLTAGE);
        let supply_v = if is_measured { bus_v_min } else { f32::NAN };
        report.measure(Item::Supply, supply_v);
        // A bus that is low holds the rotor all the same.
        report.enter_as(Item::Supply, is_measured && without(fault::BUS_SAG), !is_measured);
        let (broken, doubted) = (pair::LINE_BROKEN, pair::LINE_DOUBTED);
        match (heard, levitation.pair_alarms) {
            (false, alarms) if alarms & broken != 0 => report.enter_absent(Item::DriveLine),
            (_, alarms) => report.enter(Item::DriveLine, alarms & (broken | doubted) == 0),
        }
        if heard {
            report.enter(Item::Link, true)
        } else {
            report.enter_absent(Item::Link)
        }
        if sees_rotor && place.looks > 0 {
            let mean_m = place.sum_m / place.looks as f32;
            let at_wall = is_part(mean_m, self.clearance_m, AT_WALL);
            report.measure(Item::RotorPlace, mean_m * UM_PER_M);
            // Which of two sees a rotor wrongly that one of them holds is for the pair to find out.
            let passed = if place.is_held { mean_m <= AGREE_M } else { at_wall };
            report.enter_as(Item::RotorPlace, passed, !place.is_held);
        }
        // A unit with a Hall that is named has lost before it begins: the other one may challenge it.
        let is_unwanted = self.report.blocking | self.report.failed & Item::HallElements.bit() != 0;
        self.enter(if is_unwanted || is_held(&levitation) { Stage::Wait } else { Stage::Ask });
    }

    /// Waits for the head.
    fn ask(&mut self, input: &SelfTestInput) {
        self.pause_periods = self.pause_periods.saturating_sub(1);
        let may_ask = |levitation: &LevitationMail| is_heard(levitation) && is_at_rest(levitation);
        let waits = input.has_head || self.pause_periods > 0;
        if input.levitation.is_none_or(|levitation| is_held(&levitation) || !(waits || may_ask(&levitation)))
        {
            self.enter(Stage::Wait);
        } else if input.has_head {
            self.begin(Stage::Coils);
        }
    }

    /// The next stage with currents.
    fn begin(&mut self, stage: Stage) {
        self.enter(stage);
        (self.watched.once, self.watched.twice, self.watched.thrice) = (0, 0, 0);
        self.request = ProbeRequest::listening(self.probe_number);
    }

    /// Has the probe drive coils or phases, and judges what it measures.
    fn drive(&mut self, input: &SelfTestInput) -> Option<ProbeRequest> {
        if !input.has_head || self.stage_periods > PROBE_PERIODS_MAX {
            self.enter(Stage::Wait);
            return None;
        }
        let in_service =
            input.levitation.is_some_and(|levitation| levitation.state == BearingState::Service as u32);
        if self.stage_periods <= REST_PERIODS {
            return None;
        }
        if self.request.number == self.probe_number {
            if !in_service {
                return None;
            }
            let number = self.probe_number.wrapping_add(1).max(1);
            self.request = ProbeRequest { number, ..self.wanted() };
        }
        let answer = input.result.filter(|result| result.number == self.request.number);
        let Some(status) = answer.and_then(|answer| ProbeStatus::from_code(answer.status)) else {
            return Some(self.request);
        };
        match (status, answer) {
            (ProbeStatus::Done, Some(result)) => {
                self.probe_number = self.request.number;
                if self.stage == Stage::Coils {
                    self.judge_coils(&result, input)
                } else {
                    self.judge_phases(input)
                }
                None
            }
            (status, _) if status.is_final() => {
                self.enter(Stage::Wait);
                None
            }
            _ => Some(self.request),
        }
    }

    /// What the probe is to do in this stage.
    fn wanted(&self) -> ProbeRequest {
        let nothing = ProbeRequest::listening(0);
        if self.stage == Stage::Coils {
            return ProbeRequest {
                target: Target::CoilCurrent as u32,
                cosine_x: COIL_A,
                sine_y: COIL_A,
                frequency_hz: COIL_HZ,
                settle_s: 0.1,
                measure_s: 0.1,
                ..nothing
            };
        }
        ProbeRequest {
            target: Target::MotorCurrent as u32,
            cosine_x: PHASE_A,
            sine_y: PHASE_A,
            frequency_hz: PHASE_HZ,
            settle_s: 0.05,
            measure_s: 0.1,
            ..nothing
        }
    }

    /// Judges the answer of the probe at the coils.
    fn judge_coils(&mut self, result: &ProbeResult, input: &SelfTestInput) {
        let carries = [Signal::CoilCurrentX, Signal::CoilCurrentY]
            .map(|signal| swing(&result.tone(signal)) >= CARRIED_PART * COIL_A);
        if !self.believes_currents(input) {
            return self.enter(Stage::Wait);
        }
        let gate = carries.contains(&true);
        self.report.enter(Item::Gate, gate);
        if !gate {
            return self.enter(Stage::Wait);
        }
        let items =
            [(Item::CoilXResistance, Item::CoilXInductance), (Item::CoilYResistance, Item::CoilYInductance)];
        let period_s = TaskId::Levitation.slot().period_us() as f32 * S_PER_US;
        for (axis, (carries, (resistance, inductance))) in carries.into_iter().zip(items).enumerate() {
            let [resistance_ohm, inductance_h] = coil(result, COIL_HZ, axis, period_s);
            let passed = carries && is_part(resistance_ohm, self.resistance_ohm, RESISTANCE_PART);
            self.report.enter_measured(resistance, resistance_ohm, passed);
            // Of a coil that is open nobody can count the turns.
            if carries {
                let passed = is_part(inductance_h, self.inductance_h, INDUCTANCE_PART);
                self.report.enter_measured(inductance, inductance_h * MH_PER_H, passed);
            }
        }
        if carries == [true; 2] {
            self.judge_answer(result);
        }
        if self.report.blocking == 0 { self.begin(Stage::Phases) } else { self.enter(Stage::Wait) }
    }

    /// Whether both pairs show what their coils do: one that is deaf shows a rotor at the centre, and nothing else.
    fn judge_answer(&mut self, result: &ProbeResult) {
        let least_m = ANSWER_PART * self.field_m;
        let shown_m = pair_swing_v(result)
            .iter()
            .zip(self.hall_v_per_m)
            .fold(f32::MAX, |least_m, (swing_v, v_per_m)| least_m.min(swing_v / v_per_m));
        if least_m >= ANSWER_M_MIN {
            self.report.enter_measured(Item::HallAnswer, shown_m * UM_PER_M, shown_m >= least_m);
        }
    }

    /// Whether no current sensor was named in this stage; one that stands still is found by a current alone.
    fn believes_currents(&mut self, input: &SelfTestInput) -> bool {
        let believes = self.watched.standing(input) & fault::CURRENT == 0;
        if !believes {
            self.report.enter(Item::CurrentSensors, false);
        }
        believes
    }

    /// Judges what the monitor of the phases has said meanwhile.
    fn judge_phases(&mut self, input: &SelfTestInput) {
        // The monitor has counted samples itself.
        let faults = self.watched.once;
        if self.believes_currents(input) {
            self.report.enter(Item::PhaseShort, faults & fault::PHASE_SHORT == 0);
            // Of one that lies on a rail nobody can tell.
            if faults & fault::PHASE_SHORT == 0 {
                self.report.enter(Item::PhaseOpen, faults & fault::PHASE_OPEN == 0);
            }
        }
        self.enter(Stage::Wait);
    }

    /// Judges what takes seconds to be known.
    fn judge_slow(&mut self, input: &SelfTestInput) {
        let low = power::BATTERY_UNKNOWN | power::BATTERY_WEAK | power::BATTERY_15_MIN | power::BATTERY_5_MIN;
        let is_late = self.periods >= WAIT_PERIODS_MAX;
        if !is_late && input.cut_out.is_some_and(|cut_out| cut_out.trip == Trip::Start as u32) {
            return;
        }
        match input.power {
            None => self.report.enter_absent(Item::Battery),
            // What would be left needs the load, which is known as soon as the charge is.
            Some(power) if power.conditions & low == 0 && power.remaining_s.is_nan() && !is_late => return,
            Some(power) => {
                let passed = power.conditions & low == 0 && !power.remaining_s.is_nan();
                self.report.enter_measured(Item::Battery, power.charge * PERCENT, passed);
            }
        }
        match input.cut_out {
            None => self.report.enter_absent(Item::CutOut),
            Some(cut_out) => self.report.enter(Item::CutOut, cut_out.trip == 0),
        }
        self.enter(Stage::Over);
    }
}

/// The rotor is to be held, by the other unit then: a patient goes before a test.
fn is_held(levitation: &LevitationMail) -> bool {
    PeerReport::from_bits(levitation.report).therapy
}

fn is_heard(levitation: &LevitationMail) -> bool {
    levitation.pair_alarms & pair::LINK_LOST == 0
}

/// The rotor is known to turn no faster than the probe allows.
fn is_at_rest(levitation: &LevitationMail) -> bool {
    levitation.faults & fault::ANGLE == 0 && levitation.rotor_speed_rad_per_s.abs() <= TURNING_RAD_PER_S_MAX
}

/// A value lies within these parts of the one it should be; no number does not.
fn is_part(value: f32, nominal: f32, (least, most): (f32, f32)) -> bool {
    (least..=most).contains(&(value / nominal))
}

/// Amplitude of a tone.
fn swing(tone: &Tone) -> f32 {
    sqrt(tone.cosine * tone.cosine + tone.sine * tone.sine)
}
