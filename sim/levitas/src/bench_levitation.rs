// SPDX-License-Identifier: Apache-2.0
//! The whole levitation step around the blocks of a peer, for `levitas bench`.
//!
//! # What the peers do
//! [`PeerTask`] does what the levitation task does around bearing and motor: sample counter, plausible bus and coil currents,
//! orders of supervisor and speed task by mail with their ages, its own mail, the drive line. The bearing is that of
//! `bench_whole.rs`, the motor that of the row FOC: a peer's judges no sample there, coasts over none and names no fault.
//! What commissioning asks for, the probe, is looked at and not answered.
//!
//! Supervisor and speed task write the mail of the recorded run, to ours and theirs alike: with any other torque current ours
//! would find that the recorded currents do not follow, and name a fault.
//!
//! # Shown by
//! The unit test below: over the samples ours flies on without a fault.

use std::borrow::Borrow;

use levitas_core::bearing::{BearingConfig, BearingInput};
use levitas_core::mail::{
    BearingState, LevitateRequest, LevitationMail, Mailboxes, SpeedMail, SupervisorMail, fault,
};
use levitas_core::mailbox::Reader;
use levitas_core::math::{larger, saturate};
use levitas_core::motor::MotorConfig;
use levitas_core::ports::{LevitationInputs, LevitationOutputs, valid};
use levitas_core::probe::Excitation;
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::levitation::LevitationTask;

use crate::bench::Recorded;
use crate::bench_axis::PidAxis;
use crate::bench_bearing::{BiquadSection, IdspSection, Linear, Sections, direction};
use crate::bench_motor::{BiquadBlocks, BlockMotor, FocCrate, IdspBlocks, Motor, PidBlocks};
use crate::bench_peers::{Contestant, add};
use crate::bench_whole::{PeerBearing, warm};

/// As in the core.
const MISSED_MAX: u32 = 100;
const SPEED_SILENT_US_MAX: u32 = 5_000;
const SUPERVISOR_SILENT_US_MAX: u32 = 50_000;
const PLAUSIBLE_BUS_V: (f32, f32) = (-2.0, 120.0);
const BEARING_BUS_V_MIN: f32 = 12.0;
const BUS_SAG_V: f32 = 36.0;

/// What the other tasks want.
#[derive(Clone, Copy)]
pub(crate) struct Orders {
    supervisor: SupervisorMail,
    speed: SpeedMail,
}

impl Orders {
    /// Those that lie in these mailboxes; `None` when a task has not spoken yet.
    pub(crate) fn of(mail: &Mailboxes) -> Option<Self> {
        let (_, supervisor) = mail.supervisor.read()?;
        let (_, speed) = mail.speed.read()?;
        Some(Self { supervisor, speed })
    }

    /// The tasks that are due write them anew.
    fn write(&self, tick: u64, mail: &Mailboxes) {
        for slot in SCHEDULE.iter().filter(|slot| slot.is_due(tick)) {
            match slot.task {
                TaskId::Supervisor => mail.supervisor.write(&self.supervisor),
                TaskId::Speed => mail.speed.write(&self.speed),
                _ => (),
            }
        }
    }
}

/// See the [module](self).
#[derive(Clone)]
struct PeerTask<L, M> {
    bearing: PeerBearing<L>,
    motor: M,
    supervisor: Reader<SupervisorMail>,
    speed: Reader<SpeedMail>,
    levitate: LevitateRequest,
    drive: bool,
    motor_enable: bool,
    order_faults: u32,
    torque_current_a: f32,
    torque_current_a_max: f32,
    coil_current_a_max: f32,
    coil_current_a: [f32; 2],
    bus_voltage_v: f32,
    sample_count: Option<u32>,
    missed_samples: u32,
    drive_line: bool,
}

impl<L: Linear, M: Motor> PeerTask<L, M> {
    fn new(bearing: PeerBearing<L>, motor: M) -> Self {
        let (config, motor_config) = (BearingConfig::ECMO_50, MotorConfig::ECMO_50);
        let period_us = TaskId::Levitation.slot().period_us();
        Self {
            bearing,
            motor,
            supervisor: Reader::new(period_us),
            speed: Reader::new(period_us),
            levitate: LevitateRequest::Levitate,
            drive: true,
            motor_enable: true,
            order_faults: 0,
            torque_current_a: 0.0,
            torque_current_a_max: motor_config.motor_current_limit_a_max,
            coil_current_a_max: 2.0 * config.coil_current_a_max,
            coil_current_a: [0.0; 2],
            bus_voltage_v: 48.0,
            sample_count: None,
            missed_samples: 0,
            drive_line: false,
        }
    }

    fn step(&mut self, samples: &LevitationInputs, mail: &Mailboxes) -> LevitationOutputs {
        let (groups, missed, mut faults) = self.count(samples);
        let period_us = TaskId::Levitation.slot().period_us();
        self.read(mail, period_us * (missed + 1));
        faults |= self.order_faults | self.take_bus_voltage(samples, groups);
        let plausible = samples.coil_current_a.iter().all(|a| a.abs() < self.coil_current_a_max);
        let coil_current_a =
            (groups & valid::COIL_CURRENT != 0 && plausible).then_some(&samples.coil_current_a);
        let bearing = self.bearing.step(&BearingInput {
            hall_v: (groups & valid::DISPLACEMENT != 0).then_some(&samples.displacement_hall_v),
            coil_current_a,
            bus_voltage_v: larger(self.bus_voltage_v, BEARING_BUS_V_MIN),
            missed,
            rotor: Some(direction(samples)),
            foreign_current_a: None,
            waits: false,
            request: if self.drive { self.levitate } else { LevitateRequest::Off },
            excitation: &Excitation::None,
        });
        let enable = self.motor_enable && self.drive && self.bearing.state() != BearingState::Off;
        let phase_duty = if enable { self.motor.step(samples, self.torque_current_a) } else { [0.0; 3] };
        if let Some(coil_current_a) = coil_current_a {
            self.coil_current_a = *coil_current_a;
        }
        self.publish(mail, bearing.limits, faults | bearing.faults);
        self.drive_line = (bearing.gate || enable) && !self.drive_line;
        LevitationOutputs {
            coil_duty: bearing.coil_duty,
            phase_duty,
            coil_gate: u32::from(bearing.gate),
            phase_gate: u32::from(enable),
            drive_line: u32::from(self.drive_line),
            latch_override: 0,
        }
    }

    fn count(&mut self, samples: &LevitationInputs) -> (u32, u32, u32) {
        if samples.valid & valid::DISPLACEMENT == 0 {
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

    #[cold]
    #[inline(never)]
    fn take_orders(&mut self) {
        let (Some(supervisor), Some(speed)) = (self.supervisor.latest(), self.speed.latest()) else { return };
        self.levitate = LevitateRequest::from_code(supervisor.levitate).unwrap_or(self.levitate);
        self.drive = supervisor.order_number > 0;
        self.motor_enable = speed.motor_enable;
        self.torque_current_a = saturate(speed.torque_current_reference_a, self.torque_current_a_max);
        let supervisor_silent = self.supervisor.age_us() > SUPERVISOR_SILENT_US_MAX;
        let speed_silent = self.speed.age_us() > SPEED_SILENT_US_MAX;
        self.order_faults = if supervisor_silent { fault::SUPERVISOR_SILENT } else { 0 }
            | if speed_silent { fault::SPEED_TASK_SILENT } else { 0 };
    }

    fn publish(&self, mail: &Mailboxes, limits: u32, faults: u32) {
        let [displacement_x_m, displacement_y_m] = self.bearing.displacement_m();
        let [coil_current_x_a, coil_current_y_a] = self.coil_current_a;
        let [rotor_angle_rad, torque_current_a] = self.motor.seen();
        mail.levitation.write(&LevitationMail {
            state: self.bearing.state() as u32,
            displacement_x_m,
            displacement_y_m,
            coil_current_x_a,
            coil_current_mean_x_a: coil_current_x_a,
            coil_current_mean_y_a: coil_current_y_a,
            coil_current_y_a,
            synchronous_current_a: 0.0,
            rotor_angle_rad,
            rotor_speed_rad_per_s: 0.0,
            torque_current_a,
            load_torque_n_m: 0.0,
            bus_voltage_v: self.bus_voltage_v,
            touchdown_count: self.bearing.touchdown_count(),
            missed_samples: self.missed_samples,
            limits,
            faults,
            recent_faults: faults,
            phase_current_a_a: 0.0,
            phase_current_b_a: 0.0,
            report: 0,
            pair_alarms: 0,
            isolation: 0,
            order_number: 0,
            order_result: 0,
            windings_tested: false,
        });
    }
}

/// One contestant on its mailboxes: every circle of the samples begins alike, so that nothing drifts into a limit.
fn circling<T: Clone>(
    orders: Vec<Orders>,
    begin: T,
    mail: impl Borrow<Mailboxes>,
    step: impl Fn(&mut T, &LevitationInputs, &Mailboxes) -> LevitationOutputs,
) -> impl FnMut(&LevitationInputs) -> f32 {
    let (mut task, mut period) = (begin.clone(), 0);
    move |samples| {
        if period == orders.len() {
            (task, period) = (begin.clone(), 0);
        }
        let outputs = step(&mut task, samples, mail.borrow());
        orders[period].write(period as u64, mail.borrow());
        period += 1;
        outputs.coil_duty[0] + outputs.phase_duty[0]
    }
}

/// One peer.
fn peer<L: Linear + Clone, M: Motor + Clone>(
    orders: &[Orders],
    samples: &[LevitationInputs],
    motor: M,
) -> impl FnMut(&LevitationInputs) -> f32 + use<L, M> {
    let mut begin = PeerTask::new(warm::<L>(&BearingConfig::ECMO_50, samples), motor);
    begin.sample_count = samples.first().map(|samples| samples.sample_count.wrapping_sub(1));
    circling(orders.to_vec(), begin, Mailboxes::new(), PeerTask::step)
}

/// The rows; ours writes into `mail`.
pub(crate) fn rows<'a>(list: &mut Vec<Contestant<'a>>, recorded: &Recorded, mail: &'a Mailboxes) {
    const WORK: &str = "levitation step, two axes and FOC";
    let Recorded { task, orders, samples } = recorded;
    let ours = circling(orders.clone(), task.clone(), mail, LevitationTask::step);
    add(list, WORK, "ours", "", ours);
    const MOTOR: &str = "their motor judges no sample and has no fault, and no protocol of the pair runs; see also the whole bearing";
    let idsp = peer::<Sections<IdspSection>, _>(orders, samples, BlockMotor::<IdspBlocks>::new());
    add(list, WORK, "idsp", MOTOR, idsp);
    let biquad = peer::<Sections<BiquadSection>, _>(orders, samples, BlockMotor::<BiquadBlocks>::new());
    add(list, WORK, "biquad", MOTOR, biquad);
    add(list, WORK, "pid", MOTOR, peer::<PidAxis, _>(orders, samples, BlockMotor::<PidBlocks>::new()));
    add(list, WORK, "idsp + foc", MOTOR, peer::<Sections<IdspSection>, _>(orders, samples, FocCrate::new()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::recorded;
    use crate::scenario::load;

    #[test]
    fn in_a_circle_ours_flies_on_without_a_fault() {
        let Recorded { mut task, orders, samples } =
            recorded(&load("0_demonstration", &[]).unwrap()).unwrap();
        let mail = Mailboxes::new();
        for (period, samples) in samples.iter().enumerate() {
            task.step(samples, &mail);
            orders[period].write(period as u64, &mail);
            let (_, seen) = mail.levitation.read::<LevitationMail>().unwrap();
            assert_eq!((seen.state, seen.faults), (BearingState::Levitated as u32, 0), "{period} {seen:?}");
        }
    }
}
