// SPDX-License-Identifier: Apache-2.0
//! The levitation task: holds the rotor and drives the phase currents of one winding set. 20 kHz.
//!
//! # Reads and writes
//! Samples of its own winding set; the mail of the supervisor (levitate or not, may this unit drive) and of the
//! speed task (torque current). Gives duties and gates, and its mail.
//!
//! # Stale input
//! | input | meaning when late, missing or invalid |
//! |---|---|
//! | displacement, angle, currents | the observers carry on with their models, the fault is named |
//! | bus voltage | the last good one; the bearing never counts on less than `BEARING_BUS_V_MIN` |
//! | trigger | missed periods are predicted over and counted, up to `MISSED_MAX`; more than that, or a counter that runs backwards, is one missed period |
//! | sample counter stands still | nothing is new: every group counts as missing |
//! | speed task | silent for `SPEED_SILENT_US_MAX`: the speed of that moment is held by a proportional law; while landing the motor coasts instead |
//! | supervisor | its last request stands, also when it asks for what does not exist: whoever is levitated stays levitated |
//!
//! A value that no converter can deliver (not finite, beyond `PLAUSIBLE_V`, twice the largest current) counts as missing.
//!
//! # Shown by
//! Unit tests below; `tests/scenarios/1a_levitation.toml`; the replay test of `tests/zephyr`.

use crate::bearing::{Bearing, BearingConfig, BearingInput, RotorDirection};
use crate::config::ConfigError;
use crate::mail::{
    BearingState, LevitateRequest, LevitationMail, Mailboxes, SpeedMail, SupervisorMail, UnitState, fault,
};
use crate::mailbox::Reader;
use crate::math::{larger, saturate};
use crate::motor::transforms::AlphaBeta;
use crate::motor::{MotorConfig, MotorDrive, MotorInput, limits};
use crate::ports::{LevitationInputs, LevitationOutputs, valid};
use crate::probe::{Excitation, Probe, ProbeLimits, SET_POINT_FRACTION_MAX, UnitNow};
use crate::schedule::TaskId;

/// Most missed triggers that are predicted over: 5 ms, after which no model knows where the rotor is.
const MISSED_MAX: u32 = 100;
/// Age from which the speed task counts as silent: five of its periods [us].
const SPEED_SILENT_US_MAX: u32 = 5_000;
/// Age from which the supervisor counts as silent: five of its periods [us].
const SUPERVISOR_SILENT_US_MAX: u32 = 50_000;
/// Torque current per speed error while the speed task is silent [A.s/rad]: 1 A for 100 rpm.
const HOLD_A_S_PER_RAD: f32 = 0.1;
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
    /// This unit may energise the head.
    drive: bool,
    /// The motor is to be energised.
    motor_enable: bool,
    /// What is wrong with the two, and what the speed task has found.
    faults: u32,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct LevitationTask {
    bearing: Bearing,
    motor: MotorDrive,
    supervisor: Reader<SupervisorMail>,
    speed: Reader<SpeedMail>,
    held_speed_rad_per_s: Option<f32>,
    torque_current_reference_a: f32,
    flux_current_reference_a: f32,
    torque_current_a_max: f32,
    coil_plausible: Size,
    phase_plausible: Size,
    orders: Orders,
    bus_voltage_v: f32,
    coil_current_a: [f32; 2],
    sample_count: Option<u32>,
    missed_samples: u32,
    drive_line: bool,
    standing_faults: u32,
    probe: Probe,
    coil_duty: [f32; 2],
}

impl LevitationTask {
    /// A levitation task with everything open.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &LevitationConfig) -> Result<Self, ConfigError> {
        let period_us = TaskId::Levitation.slot().period_us();
        let period_s = period_us as f32 * crate::units::S_PER_US;
        Ok(Self {
            bearing: Bearing::new(&config.bearing, period_s)?,
            motor: MotorDrive::new(&config.motor, period_s)?,
            supervisor: Reader::new(period_us),
            speed: Reader::new(period_us),
            held_speed_rad_per_s: None,
            torque_current_reference_a: 0.0,
            flux_current_reference_a: 0.0,
            torque_current_a_max: config.motor.motor_current_limit_a_max,
            coil_plausible: size(PLAUSIBLE_CURRENT_FACTOR * config.bearing.coil_current_a_max),
            phase_plausible: size(PLAUSIBLE_CURRENT_FACTOR * config.motor.motor_current_limit_a_max),
            orders: Orders::default(),
            bus_voltage_v: BUS_V,
            coil_current_a: [0.0; 2],
            sample_count: None,
            missed_samples: 0,
            drive_line: false,
            standing_faults: 0,
            probe: Probe::new(probe_limits(config), period_us),
            coil_duty: [0.0; 2],
        })
    }

    /// A copy of the calibration record was refused at power-up: `fault::CALIBRATION` stands from now on.
    pub fn doubt_calibration(&mut self) {
        self.standing_faults |= fault::CALIBRATION;
    }

    /// One period.
    pub fn step(&mut self, samples: &LevitationInputs, mail: &Mailboxes) -> LevitationOutputs {
        let (groups, missed, mut faults) = self.count(samples);
        let periods = missed.saturating_add(1);
        let elapsed_us = TaskId::Levitation.slot().period_us().saturating_mul(periods);
        let news = self.supervisor.poll_after(&mail.supervisor, elapsed_us)
            | self.speed.poll_after(&mail.speed, elapsed_us);
        if news
            || self.supervisor.age_us() > SUPERVISOR_SILENT_US_MAX
            || self.speed.age_us() > SPEED_SILENT_US_MAX
        {
            self.take_orders();
        }
        let Orders { levitate, drive, motor_enable, faults: order_faults } = self.orders;
        faults |= order_faults | self.take_bus_voltage(samples, groups);

        let coil_current_a =
            believable(groups & valid::COIL_CURRENT, &samples.coil_current_a, self.coil_plausible);
        let excitation = if self.probe.is_wanted(mail) {
            let now = self.unit_now(periods);
            self.probe.excite(mail, &now)
        } else {
            Excitation::None
        };
        let hall_v =
            believable(groups & valid::DISPLACEMENT, &samples.displacement_hall_v, size(PLAUSIBLE_V));
        let bearing = self.bearing.step(&BearingInput {
            hall_v,
            coil_current_a,
            bus_voltage_v: larger(self.bus_voltage_v, BEARING_BUS_V_MIN),
            missed,
            rotor: self.rotor_direction(),
            request: if drive { levitate } else { LevitateRequest::Off },
            excitation: &excitation,
        });
        let held = self.bearing.state() != BearingState::Off;
        let imposed_a = match excitation {
            Excitation::MotorCurrent([alpha, beta]) => Some(AlphaBeta { alpha, beta }),
            _ => None,
        };
        let motor_enable = (motor_enable || imposed_a.is_some()) && held && drive;
        let phase_current_a =
            believable(groups & valid::PHASE_CURRENT, &samples.phase_current_a, self.phase_plausible);
        let input = MotorInput {
            angle_hall_v: believable(groups & valid::ANGLE, &samples.angle_hall_v, size(PLAUSIBLE_V)),
            phase_current_a,
            bus_voltage_v: self.bus_voltage_v,
            torque_current_reference_a: self.torque_current_reference_a,
            flux_current_reference_a: self.flux_current_reference_a,
            imposed_a,
            enable: motor_enable,
        };
        if missed != 0 {
            self.predict_motor(&input, missed);
        }
        let motor = self.motor.step(&input);
        faults |= bearing.faults | motor.faults | self.standing_faults;
        faults |= if phase_current_a.is_none() { fault::CURRENT } else { 0 };
        self.coil_current_a = coil_current_a.unwrap_or(self.coil_current_a);
        self.publish(mail, bearing.limits | motor.limits, faults);
        if self.probe.is_active() {
            self.listen(mail, hall_v, input.angle_hall_v, bearing.limits | motor.limits, faults);
            self.coil_duty = bearing.coil_duty;
        }

        // The line lives as long as this unit energises anything in the head.
        self.drive_line = (bearing.gate || motor.gate) && !self.drive_line;
        LevitationOutputs {
            coil_duty: bearing.coil_duty,
            phase_duty: motor.phase_duty,
            coil_gate: u32::from(bearing.gate),
            phase_gate: u32::from(motor.gate),
            drive_line: u32::from(self.drive_line),
        }
    }

    /// Carries the motor's models over missed triggers.
    #[cold]
    fn predict_motor(&mut self, input: &MotorInput, missed: u32) {
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
        hall_v: Option<[f32; 4]>,
        angle_hall_v: Option<[f32; 2]>,
        limits: u32,
        faults: u32,
    ) {
        let [last_0, last_1, last_2, last_3, .., last_cos, last_sin] = self.probe.signals();
        let [x_plus, x_minus, y_plus, y_minus] = hall_v.unwrap_or([last_0, last_1, last_2, last_3]);
        let [cosine, sine] = angle_hall_v.unwrap_or([last_cos, last_sin]);
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

    /// Takes over what supervisor and speed task want now.
    #[cold]
    #[inline(never)]
    fn take_orders(&mut self) {
        let Some(supervisor) = self.supervisor.latest() else {
            self.orders = Orders { motor_enable: false, drive: false, faults: 0, ..self.orders };
            return;
        };
        let request = LevitateRequest::from_code(supervisor.levitate);
        let silent = request.is_none() || self.supervisor.age_us() > SUPERVISOR_SILENT_US_MAX;
        let mut faults = if silent { fault::SUPERVISOR_SILENT } else { 0 };
        let motor_enable = self.torque_current(supervisor.state, &mut faults);
        self.orders = Orders {
            levitate: request.unwrap_or(self.orders.levitate),
            drive: supervisor.drive,
            motor_enable,
            faults,
        };
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
            self.held_speed_rad_per_s = None;
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
        let held_rad_per_s = *self.held_speed_rad_per_s.get_or_insert(measured_rad_per_s);
        self.torque_current_reference_a = saturate(
            speed.torque_current_reference_a + HOLD_A_S_PER_RAD * (held_rad_per_s - measured_rad_per_s),
            self.torque_current_a_max,
        );
        speed.motor_enable
    }

    fn publish(&self, mail: &Mailboxes, limits: u32, faults: u32) {
        let [displacement_x_m, displacement_y_m] = self.bearing.displacement_m();
        let [coil_current_x_a, coil_current_y_a] = self.coil_current_a;
        let rotor = self.motor.rotor();
        mail.levitation.write(&LevitationMail {
            state: self.bearing.state() as u32,
            displacement_x_m,
            displacement_y_m,
            coil_current_x_a,
            coil_current_y_a,
            rotor_angle_rad: rotor.angle_rad,
            rotor_speed_rad_per_s: rotor.speed_rad_per_s,
            torque_current_a: self.motor.current_dq_a().q,
            load_torque_n_m: rotor.load_torque_n_m,
            bus_voltage_v: self.bus_voltage_v,
            touchdown_count: self.bearing.touchdown_count(),
            missed_samples: self.missed_samples,
            limits,
            faults,
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

/// The samples of a group if the driver vouches for it and each lies within +-`limit`. Sizes are compared as bits, the sign
/// shifted out: for a float in memory that is one instruction, and no number is larger than every number.
#[inline(always)]
fn believable<const N: usize>(vouched: u32, values: &[f32; N], limit: Size) -> Option<[f32; N]> {
    let inside = values.iter().all(|value| size(*value) < limit);
    (vouched != 0 && inside).then_some(*values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::{ProbeRequest, ProbeResult, ProbeStatus, Signal, Target};

    /// A converter never shows the same twice for long: a tenth of a step of noise.
    fn noise(sample_count: u32, channel: u32, size: f32) -> f32 {
        let mixed = (sample_count ^ channel.wrapping_mul(0x9e37)).wrapping_mul(2_654_435_761) >> 16;
        size * (mixed as f32 / 32_768.0 - 1.0)
    }

    fn centred(sample_count: u32) -> LevitationInputs {
        LevitationInputs {
            displacement_hall_v: [0, 1, 2, 3].map(|channel| 1.65 + noise(sample_count, channel, 1e-4)),
            coil_current_a: [4, 5].map(|channel| noise(sample_count, channel, 4e-4)),
            phase_current_a: [6, 7, 8].map(|channel| noise(sample_count, channel, 4e-4)),
            angle_hall_v: [1.0, 0.0],
            bus_voltage_v: 48.0,
            sample_count,
            valid: valid::LEVITATION,
        }
    }

    fn supervisor(levitate: LevitateRequest, drive: bool) -> SupervisorMail {
        SupervisorMail {
            state: 0,
            levitate: levitate as u32,
            drive,
            speed_setpoint_rpm: 0.0,
            command_number: 0,
            command_result: 0,
        }
    }

    /// The bench has no motor: any current that is asked for would be missed.
    const NO_TORQUE: SpeedMail = SpeedMail {
        torque_current_reference_a: 0.0,
        flux_current_reference_a: 0.0,
        motor_enable: true,
        speed_reference_rad_per_s: 0.0,
        limits: 0,
    };

    struct Bench {
        task: LevitationTask,
        mail: Mailboxes,
        count: u32,
    }

    impl Bench {
        fn new() -> Self {
            let motor = MotorConfig { motor_current_a_min: 0.0, ..MotorConfig::ECMO_50 };
            let task = LevitationTask::new(&LevitationConfig { motor, ..LevitationConfig::ECMO_50 }).unwrap();
            Self { task, mail: Mailboxes::new(), count: 0 }
        }

        fn step(&mut self, change: impl Fn(&mut LevitationInputs)) -> (LevitationOutputs, LevitationMail) {
            self.count += 1;
            let mut samples = centred(self.count);
            change(&mut samples);
            let outputs = self.task.step(&samples, &self.mail);
            (outputs, self.mail.levitation.read().unwrap().1)
        }

        fn levitated() -> Self {
            let mut bench = Self::new();
            bench.mail.supervisor.write(&supervisor(LevitateRequest::Levitate, true));
            for _ in 0..1000 {
                bench.step(|_| {});
            }
            let (outputs, mail) = bench.step(|_| {});
            assert_eq!((outputs.coil_gate, mail.state), (1, BearingState::Levitated as u32));
            bench
        }
    }

    #[test]
    fn without_a_supervisor_or_in_standby_all_gates_stay_open() {
        let mut bench = Bench::new();
        assert_eq!(bench.step(|_| {}).0.coil_gate, 0);
        bench.mail.supervisor.write(&supervisor(LevitateRequest::Levitate, false));
        let outputs = bench.step(|_| {}).0;
        assert_eq!((outputs.coil_gate, outputs.phase_gate, outputs.drive_line), (0, 0, 0));
    }

    #[test]
    fn the_drive_line_alternates_while_it_drives_and_only_then() {
        let mut bench = Bench::levitated();
        let levels: std::vec::Vec<u32> = (0..4).map(|_| bench.step(|_| {}).0.drive_line).collect();
        assert!(levels == [0, 1, 0, 1] || levels == [1, 0, 1, 0], "{levels:?}");
        bench.mail.supervisor.write(&supervisor(LevitateRequest::Off, true));
        assert!((0..4).all(|_| bench.step(|_| {}).0.drive_line == 0));
    }

    #[test]
    fn a_silent_supervisor_never_drops_the_rotor() {
        let mut bench = Bench::levitated();
        let mail = (0..40_000).map(|_| bench.step(|_| {})).last().unwrap().1;
        assert_eq!(mail.state, BearingState::Levitated as u32);
        assert_ne!(mail.faults & fault::SUPERVISOR_SILENT, 0);
    }

    #[test]
    fn a_silent_speed_task_is_named_and_the_motor_stays_on() {
        let mut bench = Bench::levitated();
        bench.mail.speed.write(&NO_TORQUE);
        for _ in 0..101 {
            assert_eq!(bench.step(|_| {}).1.faults & fault::SPEED_TASK_SILENT, 0);
        }
        let (outputs, mail) = bench.step(|_| {});
        assert_ne!(mail.faults & fault::SPEED_TASK_SILENT, 0);
        assert_eq!(outputs.phase_gate, 1);
    }

    #[test]
    fn missed_triggers_are_counted_across_the_wrap() {
        let mut bench = Bench::new();
        bench.task.step(&centred(u32::MAX - 1), &bench.mail);
        bench.task.step(&centred(2), &bench.mail);
        assert_eq!(bench.task.missed_samples, 3);
    }

    #[test]
    fn a_counter_that_stands_still_or_jumps_is_no_reason_to_move_the_rotor() {
        let mut bench = Bench::levitated();
        let held = bench.count;
        let mail = bench.step(|samples| samples.sample_count = held).1;
        assert_ne!(mail.faults & fault::SAMPLES_STALE, 0);
        bench.count = held;
        // A fetch that failed before it filled the struct: all zero, nothing valid.
        let (outputs, mail) = bench.step(|samples| *samples = LevitationInputs::default());
        assert_eq!((outputs.coil_gate, mail.state), (1, BearingState::Levitated as u32));
        let missed = mail.missed_samples;
        // Halls that are away for a while are not missed triggers.
        for _ in 0..20 {
            bench.step(|samples| samples.valid &= !valid::DISPLACEMENT);
        }
        assert_eq!(bench.step(|_| {}).1.missed_samples, missed);
        // A jump, forward or back, is one missed period and nothing predicted.
        for count in [1_000_000, 5] {
            bench.count = count;
            let (outputs, mail) = bench.step(|_| {});
            assert!(outputs.coil_duty.iter().all(|duty| duty.abs() < 0.02), "{outputs:?}");
            assert_eq!(mail.state, BearingState::Levitated as u32);
        }
        assert_eq!(bench.step(|_| {}).1.missed_samples, missed + 2);
    }

    #[test]
    fn a_wrong_word_from_the_supervisor_leaves_the_last_request() {
        let mut bench = Bench::levitated();
        let wrong = SupervisorMail { levitate: 9, ..supervisor(LevitateRequest::Off, true) };
        bench.mail.supervisor.write(&wrong);
        let (outputs, mail) = bench.step(|_| {});
        assert_eq!(outputs.coil_gate, 1);
        assert_ne!(mail.faults & fault::SUPERVISOR_SILENT, 0);
    }

    #[test]
    fn landing_lets_the_motor_coast_when_the_speed_task_is_silent() {
        let mut bench = Bench::levitated();
        bench.mail.speed.write(&NO_TORQUE);
        for _ in 0..200 {
            bench.step(|_| {});
        }
        assert_eq!(bench.step(|_| {}).0.phase_gate, 1);
        let landing = SupervisorMail {
            state: UnitState::Landing as u32,
            ..supervisor(LevitateRequest::Levitate, true)
        };
        bench.mail.supervisor.write(&landing);
        assert_eq!(bench.step(|_| {}).0.phase_gate, 0);
    }

    #[test]
    fn without_displacement_nothing_lifts_off_and_nothing_counts_as_levitated() {
        let mut blind = Bench::new();
        blind.mail.supervisor.write(&supervisor(LevitateRequest::Levitate, true));
        for _ in 0..2000 {
            let (outputs, mail) = blind.step(|samples| samples.valid &= !valid::DISPLACEMENT);
            assert_eq!((outputs.coil_gate, mail.state), (0, BearingState::Off as u32));
        }
        let mut bench = Bench::levitated();
        let broken = |samples: &mut LevitationInputs| {
            let [_, _, y_plus_v, y_minus_v] = samples.displacement_hall_v;
            samples.displacement_hall_v = [0.0, 3.3, y_plus_v, y_minus_v];
        };
        let mails: std::vec::Vec<LevitationMail> = (0..202).map(|_| bench.step(broken).1).collect();
        assert_eq!(mails[100].faults & fault::BEARING_LOST, 0, "5 ms are carried");
        assert_ne!(mails[112].faults & fault::BEARING_LOST, 0, "then the other unit is asked");
        assert_eq!(mails[198].state, BearingState::Levitated as u32, "and 10 ms are tried");
        let (outputs, mail) = bench.step(broken);
        assert_eq!((outputs.coil_gate, mail.state), (0, BearingState::Touchdown as u32));
        for _ in 0..2000 {
            bench.step(|_| {});
        }
        assert_eq!(bench.step(|_| {}).1.state, BearingState::Levitated as u32, "and it comes back");
    }

    #[test]
    fn in_service_the_coils_carry_what_the_probe_asks_for_and_only_that() {
        let mut bench = Bench::new();
        bench.mail.supervisor.write(&supervisor(LevitateRequest::Service, true));
        let outputs = bench.step(|_| {}).0;
        assert_eq!((outputs.coil_gate, outputs.phase_gate), (1, 0));
        assert!(outputs.coil_duty.iter().all(|duty| duty.abs() < 1e-4), "{outputs:?}");
        let mut request = ProbeRequest {
            target: Target::CoilCurrent as u32,
            offset_x: 2.0,
            settle_s: 0.02,
            measure_s: 0.01,
            ..ProbeRequest::listening(1)
        };
        bench.mail.probe_request.write(&request);
        // The coil as the model has it: 1 ohm, 2 mH.
        let mut current_a = [0.0_f32; 2];
        let mut acting = [0.0_f32; 2];
        for _ in 0..1000 {
            let measured_a = current_a;
            let outputs = bench.step(|samples| samples.coil_current_a = measured_a).0;
            for (current_a, duty) in current_a.iter_mut().zip(acting) {
                *current_a += (48.0 * duty - *current_a) * (50e-6 / 2e-3);
            }
            acting = outputs.coil_duty;
        }
        let result: ProbeResult = bench.mail.probe_result.read().unwrap().1;
        assert_eq!(result.status, ProbeStatus::Done as u32);
        let mean = |signal| result.tone(signal).mean;
        assert!((mean(Signal::CoilCurrentX) - 2.0).abs() < 1e-3 && mean(Signal::CoilCurrentY).abs() < 1e-3);
        assert!((mean(Signal::CoilVoltageX) - 2.0).abs() < 2e-3, "{}", mean(Signal::CoilVoltageX));

        request = ProbeRequest {
            number: 2,
            target: Target::MotorCurrent as u32,
            cosine_x: 1.0,
            sine_y: 1.0,
            frequency_hz: 5.0,
            offset_x: 0.0,
            ..request
        };
        bench.mail.probe_request.write(&request);
        // There is no motor behind the gate: the phases are found to carry nothing.
        let gates: u32 = (0..10).map(|_| bench.step(|_| {}).0.phase_gate).sum();
        assert!(gates > 4, "{gates}");
        bench.mail.supervisor.write(&supervisor(LevitateRequest::Off, true));
        let outputs = bench.step(|_| {}).0;
        assert_eq!((outputs.coil_gate, outputs.phase_gate), (0, 0));
    }

    #[test]
    fn a_bus_that_is_down_reads_as_down() {
        let mut bench = Bench::levitated();
        assert_eq!(bench.step(|samples| samples.bus_voltage_v = 0.0).1.bus_voltage_v, 0.0);
        let mail = bench.step(|samples| samples.bus_voltage_v = f32::NAN).1;
        assert_eq!((mail.bus_voltage_v, mail.faults & fault::BUS_VOLTAGE), (0.0, fault::BUS_VOLTAGE));
    }

    #[test]
    fn nonsense_never_leaves_the_ranges_and_leaves_no_trace() {
        let mut bench = Bench::levitated();
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-40] {
            for group in 0..5 {
                for _ in 0..5 {
                    let (outputs, mail) = bench.step(|samples| match group {
                        0 => samples.displacement_hall_v[1] = value,
                        1 => samples.angle_hall_v = [value; 2],
                        2 => samples.coil_current_a[0] = value,
                        3 => samples.phase_current_a[2] = value,
                        _ => samples.bus_voltage_v = value,
                    });
                    assert!(outputs.coil_duty.iter().all(|duty| duty.abs() <= 1.0), "{value} {group}");
                    assert!(
                        outputs.phase_duty.iter().all(|duty| (0.0..=1.0).contains(duty)),
                        "{value} {group}"
                    );
                    assert_eq!(mail.state, BearingState::Levitated as u32, "{value} {group}");
                }
                // A Hall is believed again after 0.1 s.
                for _ in 0..2100 {
                    bench.step(|_| {});
                }
                let (outputs, mail) = bench.step(|_| {});
                // Nobody else is here, and there is no coil that would follow its voltage.
                let absent = fault::SUPERVISOR_SILENT
                    | fault::SPEED_TASK_SILENT
                    | fault::COIL_OPEN
                    | fault::BEARING_LOST;
                assert_eq!(mail.faults & !absent, 0, "{value} {group}");
                assert!(
                    outputs.coil_duty.iter().all(|duty| duty.abs() < 0.01),
                    "{value} {group}: {outputs:?}"
                );
            }
        }
    }

    #[test]
    fn invalid_groups_are_named() {
        let mut bench = Bench::levitated();
        let faults =
            |bench: &mut Bench, group: u32| bench.step(|samples| samples.valid &= !group).1.faults & 0xf;
        assert_eq!(faults(&mut bench, valid::DISPLACEMENT), fault::DISPLACEMENT);
        assert_eq!(faults(&mut bench, valid::COIL_CURRENT), fault::CURRENT);
        assert_eq!(faults(&mut bench, valid::PHASE_CURRENT), fault::CURRENT);
        assert_eq!(faults(&mut bench, valid::BUS_VOLTAGE), fault::BUS_VOLTAGE);
        assert_eq!(faults(&mut bench, valid::ANGLE), fault::ANGLE);
    }
}
