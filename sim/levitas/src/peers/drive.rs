// SPDX-License-Identifier: Apache-2.0
//! What drives the head: the whole unit of the core, or a peer's bearing beside the core's motor.

use levitas_core::motor::{MotorConfig, MotorDrive, MotorInput, SpeedConfig, SpeedControl, SpeedInput};
use levitas_core::ports::{LevitationInputs, LevitationOutputs};
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::supervisor::Command;
use levitas_core::unit::{Role, Unit, UnitConfig};
use levitas_world::{STEP_S, World};

use super::axis::{Axis, AxisInput, Law};
use super::notch::Notch;
use super::{Contender, damped::Damped, gains, ladrc::Ladrc, lqg::Lqg, pid::Pid};
use crate::input::{BadInput, Checked};

/// A contender in the loop.
pub(super) enum Drive {
    /// Ours.
    Unit(Box<Unit>),
    /// Any other.
    Peer(Box<Peer>),
}

impl Drive {
    pub(super) fn new(contender: Contender) -> Checked<Self> {
        let refused = |error: &dyn std::fmt::Display| BadInput::of(contender.name(), error, "");
        if contender == Contender::Ours {
            let unit = Unit::new(&UnitConfig::BENCH, Role::Host).map_err(|error| refused(&error))?;
            unit_command(unit, Command::LiftOff)
        } else {
            let peer = Peer::new(contender).map_err(|error| refused(&error))?;
            Ok(Self::Peer(Box::new(peer)))
        }
    }

    /// From now on the pump is to turn so fast.
    pub(super) fn set_speed(&mut self, speed_rpm: f32) {
        match self {
            Self::Unit(unit) => {
                unit.command(Command::speed(speed_rpm));
            }
            Self::Peer(peer) => peer.setpoint_rpm = speed_rpm,
        }
    }

    /// Outputs of the tick.
    pub(super) fn step(
        &mut self,
        samples: &LevitationInputs,
        world: &mut World,
        tick: u64,
    ) -> LevitationOutputs {
        match self {
            Self::Peer(peer) => peer.step(samples, tick),
            Self::Unit(unit) => {
                let mut outputs = LevitationOutputs::default();
                for slot in SCHEDULE.iter().filter(|slot| slot.is_due(tick)) {
                    match slot.task {
                        TaskId::Levitation => outputs = unit.step_levitation(samples),
                        TaskId::Link => {
                            unit.step_link();
                        }
                        TaskId::Speed => unit.step_speed(),
                        TaskId::Circulation => unit.step_circulation(&world.sample_circulation()),
                        TaskId::Supervisor => unit.step_supervisor(),
                        TaskId::Alarm => {
                            unit.step_alarm();
                        }
                        TaskId::CutOut | TaskId::Warming => {}
                    }
                }
                outputs
            }
        }
    }
}

fn unit_command(mut unit: Unit, command: Command) -> Checked<Drive> {
    unit.command(command);
    Ok(Drive::Unit(Box::new(unit)))
}

/// A peer's bearing and the core's motor.
pub(super) struct Peer {
    axes: [Axis; 2],
    motor: MotorDrive,
    speed: SpeedControl,
    setpoint_rpm: f32,
    torque_current_reference_a: f32,
}

impl Peer {
    fn new(contender: Contender) -> Result<Self, levitas_core::config::ConfigError> {
        let motor = MotorConfig::ECMO_50;
        let axis = || Self::axis(contender);
        Ok(Self {
            axes: [axis(), axis()],
            motor: MotorDrive::new(&motor, STEP_S as f32)?,
            speed: SpeedControl::new(
                &SpeedConfig::ECMO_50,
                &motor,
                TaskId::Speed.slot().period_us() as f32 * 1e-6,
            )?,
            setpoint_rpm: 0.0,
            torque_current_reference_a: 0.0,
        })
    }

    fn axis(contender: Contender) -> Axis {
        let (law, every, surroundings): (Box<dyn Law>, u32, _) = match contender {
            Contender::PublishedPid | Contender::Ours => {
                (Box::new(Pid::new(gains::PUBLISHED_PID, STEP_S)), 1, gains::AS_OURS)
            }
            Contender::ActiveDamping => {
                (Box::new(Damped::new(gains::ACTIVE_DAMPING, 2.0 * STEP_S)), 2, gains::AS_OURS)
            }
            Contender::TunedPid | Contender::PlainNotch | Contender::GeneralisedNotch => {
                (Box::new(Pid::new(gains::TUNED_PID, STEP_S)), 1, gains::TUNED_PID_IN)
            }
            Contender::Lqg => (Box::new(Lqg::new(gains::LQG, STEP_S)), 1, gains::LQG_IN),
            Contender::Ladrc => (Box::new(Ladrc::new(gains::LADRC, STEP_S)), 1, gains::LADRC_IN),
        };
        let notch = contender.notch().map(|kind| Notch::new(kind, STEP_S));
        Axis::new(law, every, notch, surroundings, STEP_S)
    }

    fn step(&mut self, samples: &LevitationInputs, tick: u64) -> LevitationOutputs {
        let rotor = self.motor.rotor();
        if TaskId::Speed.slot().is_due(tick) {
            let speed = self.speed.step(&SpeedInput {
                setpoint_rpm: self.setpoint_rpm,
                speed_rad_per_s: rotor.speed_rad_per_s,
                load_torque_n_m: rotor.load_torque_n_m,
                bus_voltage_v: samples.bus_voltage_v,
                torque_current_limit_a: MotorConfig::ECMO_50.motor_current_limit_a_max,
                sensorless: false,
                enable: self.setpoint_rpm > 0.0,
                stands_by: false,
            });
            self.torque_current_reference_a = speed.torque_current_reference_a;
        }
        let [x_plus, x_minus, y_plus, y_minus] = samples.displacement_hall_v;
        let [i_x, i_y] = samples.coil_current_a.map(f64::from);
        let bus_v = f64::from(samples.bus_voltage_v);
        let [x, y] = &mut self.axes;
        let coil_duty = [
            x.step(&AxisInput { hall_v: [x_plus, x_minus], current_a: [i_x, i_y], bus_v }, &rotor),
            y.step(&AxisInput { hall_v: [y_plus, y_minus], current_a: [i_y, i_x], bus_v }, &rotor),
        ];
        let motor = self.motor.step(&MotorInput {
            angle_hall_v: Some(&samples.angle_hall_v),
            phase_current_a: Some(&samples.phase_current_a),
            bus_voltage_v: samples.bus_voltage_v,
            torque_current_reference_a: self.torque_current_reference_a,
            flux_current_reference_a: 0.0,
            foreign_torque_a: 0.0,
            imposed_a: None,
            enable: self.setpoint_rpm > 0.0,
        });
        LevitationOutputs {
            coil_duty: coil_duty.map(|duty| duty as f32),
            phase_duty: motor.phase_duty,
            coil_gate: 1,
            phase_gate: u32::from(motor.gate),
            drive_line: (tick % 2) as u32,
            latch_override: 0,
        }
    }
}

/// Part of the own coil's pickup that the contender takes off [m/A].
pub(super) fn taken_off_m_per_a(contender: Contender) -> f64 {
    match contender {
        Contender::Ours => {
            let bearing = UnitConfig::BENCH.levitation.bearing;
            f64::from(bearing.coil_pickup_m_per_a) * f64::from(bearing.coil_pickup_taken_off)
        }
        Contender::PublishedPid | Contender::ActiveDamping => gains::AS_OURS.taken_off_m_per_a,
        Contender::TunedPid | Contender::PlainNotch | Contender::GeneralisedNotch => {
            gains::TUNED_PID_IN.taken_off_m_per_a
        }
        Contender::Lqg => gains::LQG_IN.taken_off_m_per_a,
        Contender::Ladrc => gains::LADRC_IN.taken_off_m_per_a,
    }
}
