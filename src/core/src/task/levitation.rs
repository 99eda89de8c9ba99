// SPDX-License-Identifier: Apache-2.0
//! The levitation task: holds the rotor and drives the phase currents of one winding set. 20 kHz.
//!
//! # Reads and writes
//! Samples of its own winding set and what hardware says of the pair; the mail of the supervisor (levitate or not, orders to
//! the pair), of the link task (the other unit) and of the speed task (torque current). Gives duties, gates and the drive line,
//! and its mail. Whether this unit drives the head is decided here, in `pair.rs`.
//!
//! # Stale input
//! | input | meaning when late, missing or invalid |
//! |---|---|
//! | displacement, angle, currents | the observers carry on with their models, the fault is named |
//! | bus voltage | the last good one; the bearing never counts on less than `BEARING_BUS_V_MIN` |
//! | trigger | missed periods are predicted over and counted, up to `MISSED_MAX`; more than that, or a counter that runs backwards, is one missed period |
//! | sample counter stands still | nothing is new: every group counts as missing |
//! | speed task | silent for `SPEED_SILENT_US_MAX`: the speed of that moment is held by a proportional law; while landing the motor coasts instead |
//! | link task | silent for 2 ms: the other unit is unheard; the drive line still tells |
//! | supervisor | its last request stands, also when it asks for what does not exist: whoever is levitated stays levitated |
//!
//! A value that no converter can deliver (not finite, far beyond the range) counts as missing. Bus voltage and coil currents
//! are judged here; Halls and phase currents where they are used, by the comparison that is made of them anyway.
//!
//! # Shown by
//! Unit tests below; `tests/scenarios/1a_levitation.toml`; the replay test of `tests/zephyr`.

mod opinion;
mod pair;
mod recent;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_pair;

use crate::arbitration::Isolation;
use crate::bearing::{Bearing, BearingConfig, BearingInput, RotorDirection};
use crate::config::ConfigError;
use crate::mail::{
    BearingState, LevitateRequest, LevitationMail, Mailboxes, SpeedMail, SupervisorMail, UnitState, fault,
};
use crate::mailbox::Reader;
use crate::math::{larger, saturate};
use crate::motor::transforms::AlphaBeta;
use crate::motor::{MotorConfig, MotorDrive, MotorInput, limits};
use crate::ports::pair::{GATE_DOUBTED, GATE_OPEN, WINDING_LEAK, WINDING_OPEN, WINDING_TESTED};
use crate::ports::{LevitationInputs, LevitationOutputs, valid};
use crate::probe::{Excitation, Probe, ProbeLimits, SET_POINT_FRACTION_MAX, UnitNow};
use crate::schedule::TaskId;
use crate::unit::Role;
pub(crate) use pair::UNFIT;
use pair::{BLIND_SAMPLES, Drive, PairControl, Situation};
use recent::RecentFaults;

/// Most missed triggers that are predicted over: 5 ms, after which no model knows where the rotor is.
const MISSED_MAX: u32 = 100;
/// Age from which the speed task counts as silent: five of its periods [us].
const SPEED_SILENT_US_MAX: u32 = 5_000;
/// Age from which the supervisor counts as silent: five of its periods [us].
const SUPERVISOR_SILENT_US_MAX: u32 = 50_000;
/// Torque current per speed error while the speed task is silent [A.s/rad]: 1 A for 100 rpm.
const HOLD_A_S_PER_RAD: f32 = 0.1;
/// Share of a sample in the mean of the coil currents: 0.25 ms.
const MEAN_SHARE: f32 = 0.2;
/// Range of a believable sensor voltage [V].
const PLAUSIBLE_V: f32 = 5.0;
/// Believable currents, in multiples of the largest one that is asked for.
const PLAUSIBLE_CURRENT_FACTOR: f32 = 2.0;
/// Range of a believable bus voltage [V]: a bus that is down reads as what it is.
const PLAUSIBLE_BUS_V: (f32, f32) = (-2.0, 120.0);
/// Bus voltage that the bearing counts on at least [V]: a falsely low sample must not open the coils' throttle.
const BEARING_BUS_V_MIN: f32 = 12.0;
/// Bus voltage below which the supply counts as sagging [V]: where the speed task begins to take less.
const BUS_SAG_V: f32 = 36.0;
/// Bus voltage assumed until the first good sample [V].
const BUS_V: f32 = 48.0;

/// Configuration of the levitation task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevitationConfig {
    /// The bearing.
    pub bearing: BearingConfig,
    /// The motor's currents and angle.
    pub motor: MotorConfig,
}

impl LevitationConfig {
    /// For the plant ecmo-50.
    pub const ECMO_50: Self = Self { bearing: BearingConfig::ECMO_50, motor: MotorConfig::ECMO_50 };
}

/// What supervisor and speed task want: made anew when one of them has written or is silent.
#[derive(Clone, Copy, Debug, Default)]
struct Orders {
    /// The last request that exists.
    levitate: LevitateRequest,
    /// The rotor is to be held.
    therapy: bool,
    /// The motor is to be energised.
    motor_enable: bool,
    /// What is wrong with the two, and what the speed task has found.
    faults: u32,
}

/// What is done about the speed while the speed task is silent.
#[derive(Clone, Copy, Debug, Default)]
enum Hold {
    /// It speaks.
    #[default]
    No,
    /// The speed that the rotor had is held [rad/s].
    At(f32),
    /// The angle was lost meanwhile: there is nobody to try a rotor that may be jammed.
    Over,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct LevitationTask {
    bearing: Bearing,
    motor: MotorDrive,
    supervisor: Reader<SupervisorMail>,
    speed: Reader<SpeedMail>,
    hold: Hold,
    torque_current_reference_a: f32,
    flux_current_reference_a: f32,
    torque_current_a_max: f32,
    coil_plausible: Size,
    orders: Orders,
    bus_voltage_v: f32,
    coil_current_a: [f32; 2],
    coil_current_mean_a: [f32; 2],
    sample_count: Option<u32>,
    missed_samples: u32,
    pair: PairControl,
    drive_line: bool,
    faults: u32,
    recent_faults: RecentFaults,
    asked: bool,
    /// Samples in a row in which each axis was not seen; periods that were missed say nothing about the Halls.
    unseen_samples: [u32; 2],
    standing_faults: u32,
    /// The test of the resting windings has run.
    windings_tested: bool,
    probe: Probe,
    coil_duty: [f32; 2],
}

impl LevitationTask {
    /// A levitation task with everything open.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &LevitationConfig, role: Role) -> Result<Self, ConfigError> {
        let period_us = TaskId::Levitation.slot().period_us();
        let period_s = period_us as f32 * crate::units::S_PER_US;
        Ok(Self {
            bearing: Bearing::new(&config.bearing, period_s)?,
            motor: MotorDrive::new(&config.motor, period_s)?,
            supervisor: Reader::new(period_us),
            speed: Reader::new(period_us),
            hold: Hold::No,
            torque_current_reference_a: 0.0,
            flux_current_reference_a: 0.0,
            torque_current_a_max: config.motor.motor_current_limit_a_max,
            coil_plausible: size(PLAUSIBLE_CURRENT_FACTOR * config.bearing.coil_current_a_max),
            orders: Orders::default(),
            bus_voltage_v: BUS_V,
            coil_current_a: [0.0; 2],
            coil_current_mean_a: [0.0; 2],
            sample_count: None,
            missed_samples: 0,
            pair: PairControl::new(role, &config.bearing, period_us),
            drive_line: false,
            faults: 0,
            recent_faults: RecentFaults::default(),
            asked: false,
            unseen_samples: [BLIND_SAMPLES; 2],
            standing_faults: 0,
            windings_tested: false,
            probe: Probe::new(probe_limits(config), period_us),
            coil_duty: [0.0; 2],
        })
    }

    /// A copy of the calibration record was refused at power-up: `fault::CALIBRATION` stands from now on.
    pub fn doubt_calibration(&mut self) {
        self.standing_faults |= fault::CALIBRATION;
    }

    /// This unit drove a rotor that is to be held when it went down a moment ago: it holds it again unless the other one does.
    pub fn resume(&mut self, role: Role) {
        self.pair.resume(role);
    }

    /// This unit was isolated when it was reset: it is out of the pair from the first period on.
    pub fn isolate(&mut self, role: Role, reason: Isolation) {
        self.pair.isolate(role, reason);
    }

    /// One period.
    pub fn step(&mut self, samples: &LevitationInputs, mail: &Mailboxes) -> LevitationOutputs {
        let (groups, missed, mut faults) = self.count(samples);
        let periods = missed.saturating_add(1);
        let elapsed_us = TaskId::Levitation.slot().period_us().saturating_mul(periods);
        self.read(mail, elapsed_us);
        let Orders { motor_enable, faults: order_faults, .. } = self.orders;
        faults |= order_faults | self.take_bus_voltage(samples, groups);
        self.take_tests(samples.pair);

        let coil_current_a =
            believable(groups & valid::COIL_CURRENT, &samples.coil_current_a, self.coil_plausible);
        let excitation = if self.probe.is_wanted(mail) {
            let now = self.unit_now(periods);
            self.probe.excite(mail, &now)
        } else {
            Excitation::None
        };
        let drive = self.take_part(mail, samples.pair, periods, elapsed_us);
        let hall_v = vouched(groups & valid::DISPLACEMENT, &samples.displacement_hall_v);
        let bearing = self.bearing.step(&BearingInput {
            hall_v,
            coil_current_a,
            bus_voltage_v: larger(self.bus_voltage_v, BEARING_BUS_V_MIN),
            missed,
            rotor: self.rotor_direction(),
            foreign_current_a: drive.foreign_coil_a,
            waits: drive.waits,
            request: drive.levitate,
            excitation: &excitation,
        });
        let held = self.bearing.state() != BearingState::Off;
        let imposed_a = match excitation {
            Excitation::MotorCurrent([alpha, beta]) => Some(AlphaBeta { alpha, beta }),
            _ => None,
        };
        let motor_enable = (motor_enable || imposed_a.is_some()) && held && drive.gate && !drive.waits;
        let input = MotorInput {
            angle_hall_v: vouched(groups & valid::ANGLE, &samples.angle_hall_v),
            phase_current_a: vouched(groups & valid::PHASE_CURRENT, &samples.phase_current_a),
            bus_voltage_v: self.bus_voltage_v,
            torque_current_reference_a: self.torque_current_reference_a,
            flux_current_reference_a: self.flux_current_reference_a,
            foreign_torque_a: drive.foreign_torque_a,
            imposed_a,
            enable: motor_enable,
        };
        if missed != 0 {
            self.predict_motor(&input, missed);
        }
        let motor = self.motor.step(&input);
        faults |= bearing.faults | motor.faults | self.standing_faults;
        self.remember(coil_current_a);
        let limits = bearing.limits | motor.limits;
        self.faults = faults;
        self.asked = bearing.gate || motor.gate;
        self.count_unseen();
        let recent_faults = self.recent_faults.step(faults);
        self.publish(mail, limits, faults, recent_faults);
        if self.probe.is_active() {
            self.listen(mail, hall_v, input.angle_hall_v, limits, faults);
            self.coil_duty = bearing.coil_duty;
        }
        // A line that falls back to a level would show one edge more.
        self.drive_line ^= self.pair.outputs.line;
        LevitationOutputs {
            coil_duty: bearing.coil_duty,
            phase_duty: motor.phase_duty,
            coil_gate: u32::from(bearing.gate),
            phase_gate: u32::from(motor.gate),
            drive_line: u32::from(self.drive_line),
            latch_override: u32::from(self.pair.outputs.latch_override),
        }
    }

    /// Counts for how many samples in a row each axis has not been seen.
    #[inline(always)]
    fn count_unseen(&mut self) {
        for (unseen, blind_periods) in self.unseen_samples.iter_mut().zip(self.bearing.blind_periods_xy()) {
            *unseen = if blind_periods == 0 { 0 } else { unseen.saturating_add(1) };
        }
    }

    /// This unit's part in the pair.
    #[inline(always)]
    fn take_part(&mut self, mail: &Mailboxes, pair: u32, periods: u32, elapsed_us: u32) -> Drive {
        let Orders { levitate, therapy, .. } = self.orders;
        // A rotor that has been set down need not be held any more.
        let down = levitate == LevitateRequest::Land && self.bearing.state() == BearingState::Off;
        self.pair.step(
            mail,
            &Situation {
                periods,
                elapsed_us,
                pair,
                faults: self.faults,
                sees_rotor: self.unseen_samples.iter().all(|unseen| *unseen < BLIND_SAMPLES),
                is_deaf: self.bearing.is_deaf(),
                floats: self.bearing.is_clear(),
                halls_whole: self.bearing.has_whole_halls(),
                halls_well: self.bearing.has_well_halls(),
                has_jumped: self.bearing.has_jumped(),
                displacement_m: self.bearing.displacement_m(),
                coil_current_mean_a: self.coil_current_mean_a,
                asked: self.asked,
                levitate,
                therapy: therapy && !down,
            },
        )
    }

    /// Keeps the coil currents that are told: the last ones that were believed, and their mean.
    #[inline(always)]
    fn remember(&mut self, coil_current_a: Option<&[f32; 2]>) {
        self.coil_current_a = coil_current_a.copied().unwrap_or(self.coil_current_a);
        for (mean_a, now_a) in self.coil_current_mean_a.iter_mut().zip(self.coil_current_a) {
            *mean_a += MEAN_SHARE * (now_a - *mean_a);
        }
    }

    /// Carries the motor's models over missed triggers.
    #[cold]
    fn predict_motor(&mut self, input: &MotorInput<'_>, missed: u32) {
        let unseen = MotorInput { angle_hall_v: None, phase_current_a: None, ..*input };
        for _ in 0..missed {
            self.motor.step(&unseen);
        }
    }

    /// What the probe must know of the unit.
    fn unit_now(&self, periods: u32) -> UnitNow {
        let landing = UnitState::Landing as u32;
        UnitNow {
            periods,
            bearing: self.bearing.state(),
            motor_wanted: self
                .supervisor
                .latest()
                .is_none_or(|supervisor| supervisor.speed_setpoint_rpm != 0.0 || supervisor.state == landing),
            rotor_speed_rad_per_s: self.motor.rotor().speed_rad_per_s,
            notch_m: self.bearing.notch_m(),
        }
    }

    /// Shows the probe the signals of this period; what is missing keeps its last value.
    fn listen(
        &mut self,
        mail: &Mailboxes,
        hall_v: Option<&[f32; 4]>,
        angle_hall_v: Option<&[f32; 2]>,
        limits: u32,
        faults: u32,
    ) {
        let [last_0, last_1, last_2, last_3, .., last_cos, last_sin] = self.probe.signals();
        let plausible = size(PLAUSIBLE_V);
        let hall_v = hall_v.and_then(|hall_v| believable(1, hall_v, plausible));
        let angle_hall_v = angle_hall_v.and_then(|hall_v| believable(1, hall_v, plausible));
        let [x_plus, x_minus, y_plus, y_minus] = hall_v.copied().unwrap_or([last_0, last_1, last_2, last_3]);
        let [cosine, sine] = angle_hall_v.copied().unwrap_or([last_cos, last_sin]);
        let [current_x, current_y] = self.coil_current_a;
        let [voltage_x, voltage_y] = self.coil_duty.map(|duty| duty * self.bus_voltage_v);
        let [x, y] = self.bearing.summed_m();
        let signals = [
            x_plus, x_minus, y_plus, y_minus, current_x, current_y, voltage_x, voltage_y, x, y, cosine, sine,
        ];
        let now = self.unit_now(1);
        self.probe.listen(mail, &now, &signals, limits, faults);
    }

    /// Where the rotor pointed a period ago, if the angle is trusted.
    fn rotor_direction(&self) -> Option<RotorDirection> {
        let rotor = self.motor.rotor();
        rotor.trusted.then_some(RotorDirection {
            cos: rotor.cos,
            sin: rotor.sin,
            speed_rad_per_s: rotor.speed_rad_per_s,
        })
    }

    /// The groups of samples that are valid and new, the triggers missed since the last step, and the fault seen in the
    /// counter.
    fn count(&mut self, samples: &LevitationInputs) -> (u32, u32, u32) {
        if samples.valid & valid::DISPLACEMENT == 0 {
            // The counter comes with the displacement. The step itself is no missed one, so the count goes on by one.
            self.sample_count = self.sample_count.map(|last| last.wrapping_add(1));
            return (samples.valid, 0, 0);
        }
        let step = self.sample_count.map_or(1, |last| samples.sample_count.wrapping_sub(last));
        self.sample_count = Some(samples.sample_count);
        match step {
            1 => (samples.valid, 0, 0),
            0 => (0, 0, fault::SAMPLES_STALE),
            _ => {
                let between = step.saturating_sub(1);
                let (missed, counted) = if between <= MISSED_MAX { (between, between) } else { (0, 1) };
                self.missed_samples = self.missed_samples.saturating_add(counted);
                (samples.valid, missed, 0)
            }
        }
    }

    /// What the electronics say of themselves: the motor's gate driver, and the test of the windings at rest. Where these have driving current, or
    /// none was sent, it says nothing: the last word stands.
    fn take_tests(&mut self, bits: u32) {
        self.standing_faults &= !fault::PHASE_OPEN;
        self.standing_faults |= if bits & GATE_DOUBTED == 0 { 0 } else { fault::PHASE_OPEN };
        if bits & (GATE_OPEN | WINDING_TESTED) == WINDING_TESTED {
            self.windings_tested = true;
            let fails = bits & (WINDING_OPEN | WINDING_LEAK) != 0;
            let others = self.standing_faults & !fault::WINDING;
            self.standing_faults = others | if fails { fault::WINDING } else { 0 };
        }
    }

    fn take_bus_voltage(&mut self, samples: &LevitationInputs, groups: u32) -> u32 {
        let (min_v, max_v) = PLAUSIBLE_BUS_V;
        let from_middle_v = samples.bus_voltage_v - 0.5 * (min_v + max_v);
        if groups & valid::BUS_VOLTAGE != 0 && from_middle_v.abs() < 0.5 * (max_v - min_v) {
            self.bus_voltage_v = samples.bus_voltage_v;
            if samples.bus_voltage_v < BUS_SAG_V { fault::BUS_SAG } else { 0 }
        } else {
            fault::BUS_VOLTAGE
        }
    }

    /// Reads the mail of supervisor and speed task.
    #[inline(always)]
    fn read(&mut self, mail: &Mailboxes, elapsed_us: u32) {
        let news = self.supervisor.poll_after(&mail.supervisor, elapsed_us)
            | self.speed.poll_after(&mail.speed, elapsed_us);
        if news
            || self.supervisor.age_us() > SUPERVISOR_SILENT_US_MAX
            || self.speed.age_us() > SPEED_SILENT_US_MAX
        {
            self.take_orders();
        }
    }

    /// Takes over what supervisor and speed task want now.
    #[cold]
    #[inline(never)]
    fn take_orders(&mut self) {
        let Some(supervisor) = self.supervisor.latest() else {
            self.orders = Orders { motor_enable: false, faults: 0, ..self.orders };
            return;
        };
        let request = LevitateRequest::from_code(supervisor.levitate);
        let silent = request.is_none() || self.supervisor.age_us() > SUPERVISOR_SILENT_US_MAX;
        let mut faults = if silent { fault::SUPERVISOR_SILENT } else { 0 };
        let motor_enable = self.torque_current(supervisor.state, &mut faults);
        let levitate = request.unwrap_or(self.orders.levitate);
        let was_down =
            self.orders.levitate == LevitateRequest::Land && self.bearing.state() == BearingState::Off;
        if was_down && levitate == LevitateRequest::Off {
            // The supervisor has been faster than the next look at the rotor.
            self.pair.set_down();
        }
        self.orders =
            Orders { levitate, therapy: is_therapy(levitate, supervisor.state), motor_enable, faults };
        self.pair.post(supervisor.order_number, supervisor.order);
    }

    /// Updates the torque current reference; true when the motor is to be energised.
    fn torque_current(&mut self, unit_state: u32, faults: &mut u32) -> bool {
        let Some(speed) = self.speed.latest() else {
            return false;
        };
        // The order of the phases is not known yet: a speed control might drive the wrong way.
        if unit_state == UnitState::Commissioning as u32 {
            return false;
        }
        if self.speed.age_us() <= SPEED_SILENT_US_MAX {
            self.hold = Hold::No;
            self.torque_current_reference_a =
                saturate(speed.torque_current_reference_a, self.torque_current_a_max);
            self.flux_current_reference_a = speed.flux_current_reference_a;
            *faults |= speed_faults(speed.limits);
            return speed.motor_enable;
        }
        *faults |= fault::SPEED_TASK_SILENT;
        if unit_state == UnitState::Landing as u32 {
            return false;
        }
        let measured_rad_per_s = self.motor.rotor().speed_rad_per_s;
        let held_rad_per_s = match self.hold {
            _ if self.motor.is_angle_lost() => None,
            // Without the head there is no speed of its own to hold: that of the moment in which it takes it.
            _ if !self.pair.outputs.gate => Some(measured_rad_per_s),
            Hold::No => Some(measured_rad_per_s),
            Hold::At(held_rad_per_s) => Some(held_rad_per_s),
            Hold::Over => None,
        };
        let Some(held_rad_per_s) = held_rad_per_s else {
            self.hold = Hold::Over;
            return false;
        };
        self.hold = Hold::At(held_rad_per_s);
        self.torque_current_reference_a = saturate(
            speed.torque_current_reference_a + HOLD_A_S_PER_RAD * (held_rad_per_s - measured_rad_per_s),
            self.torque_current_a_max,
        );
        // What was ready for a takeover is for a rotor that floats.
        speed.motor_enable
            && matches!(self.bearing.state(), BearingState::Levitated | BearingState::Touchdown)
    }

    fn publish(&self, mail: &Mailboxes, limits: u32, faults: u32, recent_faults: u32) {
        let [displacement_x_m, displacement_y_m] = self.bearing.displacement_m();
        let [coil_current_x_a, coil_current_y_a] = self.coil_current_a;
        let [coil_current_mean_x_a, coil_current_mean_y_a] = self.coil_current_mean_a;
        let [phase_current_a_a, phase_current_b_a, _] = self.motor.phase_current_a();
        let rotor = self.motor.rotor();
        mail.levitation.write(&LevitationMail {
            state: self.bearing.state() as u32,
            displacement_x_m,
            displacement_y_m,
            coil_current_x_a,
            coil_current_y_a,
            coil_current_mean_x_a,
            coil_current_mean_y_a,
            synchronous_current_a: self.bearing.synchronous_current_a(),
            rotor_angle_rad: rotor.angle_rad,
            rotor_speed_rad_per_s: rotor.speed_rad_per_s,
            torque_current_a: self.motor.current_dq_a().q,
            load_torque_n_m: rotor.load_torque_n_m,
            bus_voltage_v: self.bus_voltage_v,
            touchdown_count: self.bearing.touchdown_count(),
            missed_samples: self.missed_samples,
            limits,
            faults,
            recent_faults,
            phase_current_a_a,
            phase_current_b_a,
            report: self.pair.report,
            pair_alarms: self.pair.outputs.alarms,
            isolation: self.pair.outputs.isolation.map_or(0, |reason| reason as u32),
            order_number: self.pair.order_number,
            order_result: self.pair.order_result,
            windings_tested: self.windings_tested,
        });
    }
}

/// What the bearing and the motor of this configuration allow the probe.
fn probe_limits(config: &LevitationConfig) -> ProbeLimits {
    ProbeLimits {
        set_point_m: SET_POINT_FRACTION_MAX * config.bearing.clearance_m,
        coil_current_a: config.bearing.coil_current_a_max,
        motor_current_a: config.motor.motor_current_limit_a_max,
    }
}

/// Whether a rotor is to be held: what is done to it at the wall or for commissioning is no therapy, and no reason for the other
/// unit to take the head.
fn is_therapy(levitate: LevitateRequest, unit_state: u32) -> bool {
    matches!(levitate, LevitateRequest::Levitate | LevitateRequest::Land)
        && unit_state != UnitState::Commissioning as u32
}

/// What the speed task has found.
fn speed_faults(bits: u32) -> u32 {
    let fault_of = |bit: u32, fault: u32| if bits & bit == 0 { 0 } else { fault };
    fault_of(limits::OVERSPEED, fault::OVERSPEED) | fault_of(limits::STALL, fault::STALL)
}

/// Bits of a value without its sign, shifted out.
type Size = u32;

const fn size(value: f32) -> Size {
    value.to_bits() << 1
}

/// The samples of a group if the driver vouches for it.
#[inline(always)]
fn vouched<const N: usize>(vouched: u32, values: &[f32; N]) -> Option<&[f32; N]> {
    (vouched != 0).then_some(values)
}

/// The same if each lies within +-`limit`. Sizes are compared as bits, the sign
/// shifted out: for a float in memory that is one instruction, and no number is larger than every number.
#[inline(always)]
fn believable<const N: usize>(vouched: u32, values: &[f32; N], limit: Size) -> Option<&[f32; N]> {
    let inside = values.iter().all(|value| size(*value) < limit);
    (vouched != 0 && inside).then_some(values)
}
