// SPDX-License-Identifier: Apache-2.0
//! The speed task: speed set-point in, torque current out. 1 kHz.
//!
//! # Reads and writes
//! The mail of the levitation task (speed, load torque, bus) and of the circulation task (set-point);
//! gives the torque-current reference. Being the 1 kHz reader of the levitation task, it also keeps the figures of the
//! orbit ([`crate::health::orbit`]).
//!
//! # Stale input
//! Circulation silent: its last set-point stands. Levitation silent for `LEVITATION_SILENT_US_MAX`: the motor is
//! switched off, because then nobody knows the speed. The motor is energised only while the rotor is levitated,
//! or touching and about to be lifted again, and while the motor does not keep its bridge open for want of an angle,
//! a current or a bus: otherwise the reference would run away from a rotor that cannot follow.
//!
//! # While the other unit drives
//! This one follows the rotor. As long as that floats, the current that keeps its speed stands ready, so that after a takeover the
//! first period of the motor has it: this task runs up to a millisecond later.
//!
//! # Touchdown
//! While the rotor touches and for `CALM_PERIODS` after, the set-point is capped to `touchdown_speed_rpm_max`.
//!
//! # Shown by
//! Unit tests below; `tests/scenarios/1a_levitation.toml`.

use crate::config::ConfigError;
use crate::health::orbit::OrbitMonitor;
use crate::link::PeerReport;
use crate::mail::{BearingState, CirculationMail, LevitationMail, Mailboxes, SpeedMail, fault};
use crate::mailbox::Reader;
use crate::math::smaller;
use crate::motor::{SpeedConfig, SpeedControl, SpeedInput, limits};
use crate::schedule::TaskId;
use crate::task::levitation::LevitationConfig;

/// Age from which the levitation task counts as silent [us].
const LEVITATION_SILENT_US_MAX: u32 = 5_000;

/// Periods without a touch after which the speed is free again: 1 s.
const CALM_PERIODS: u32 = TaskId::Speed.slot().rate_hz;

/// A rotor that floats is within this part of the clearance.
const FLOATS: f32 = 0.5;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct SpeedTask {
    control: SpeedControl,
    levitation: Reader<LevitationMail>,
    circulation: Reader<CirculationMail>,
    torque_current_limit_a: f32,
    touchdown_speed_rpm_max: f32,
    capped_periods: u32,
    /// Radius within which a rotor floats [m].
    floats_m: f32,
    orbit: OrbitMonitor,
}

impl SpeedTask {
    /// A speed task with the motor off; the motor's numbers give its feed-forward and its limits, the bearing's the clearance.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &SpeedConfig, levitation: &LevitationConfig) -> Result<Self, ConfigError> {
        let motor = &levitation.motor;
        let period_us = TaskId::Speed.slot().period_us();
        Ok(Self {
            control: SpeedControl::new(config, motor, period_us as f32 * crate::units::S_PER_US)?,
            levitation: Reader::new(period_us),
            circulation: Reader::new(period_us),
            torque_current_limit_a: motor.motor_current_limit_a_max,
            touchdown_speed_rpm_max: config.touchdown_speed_rpm_max,
            capped_periods: 0,
            floats_m: FLOATS * levitation.bearing.clearance_m,
            orbit: OrbitMonitor::new(levitation.bearing.clearance_m),
        })
    }

    /// One period.
    pub fn step(&mut self, mail: &Mailboxes) {
        self.levitation.poll(&mail.levitation);
        self.circulation.poll(&mail.circulation);
        let setpoint_rpm =
            self.circulation.latest().map_or(0.0, |circulation| circulation.speed_setpoint_rpm);
        let levitation = self.levitation.fresh(LEVITATION_SILENT_US_MAX);
        let touches = levitation.is_some_and(|levitation| levitation.faults & fault::TOUCHDOWN != 0);
        self.capped_periods = if touches { CALM_PERIODS } else { self.capped_periods.saturating_sub(1) };
        let setpoint_rpm = if self.capped_periods > 0 {
            smaller(setpoint_rpm, self.touchdown_speed_rpm_max)
        } else {
            setpoint_rpm
        };
        let holds = levitation.is_some_and(|levitation| is_held(&levitation));
        let stands_by = levitation.is_some_and(|levitation| self.is_held_there(&levitation));
        let enable =
            holds && levitation.is_some_and(|levitation| levitation.limits & limits::BRIDGE_OPEN == 0);
        let output = self.control.step(&SpeedInput {
            setpoint_rpm,
            speed_rad_per_s: levitation.map_or(0.0, |levitation| levitation.rotor_speed_rad_per_s),
            load_torque_n_m: levitation.map_or(0.0, |levitation| levitation.load_torque_n_m),
            bus_voltage_v: levitation.map_or(0.0, |levitation| levitation.bus_voltage_v),
            torque_current_limit_a: self.torque_current_limit_a,
            sensorless: levitation.is_some_and(|levitation| levitation.faults & fault::SENSORLESS != 0),
            enable,
            stands_by,
        });
        mail.speed.write(&SpeedMail {
            torque_current_reference_a: output.torque_current_reference_a,
            flux_current_reference_a: output.flux_current_reference_a,
            motor_enable: holds || stands_by,
            speed_reference_rad_per_s: output.speed_reference_rad_per_s,
            limits: output.limits,
        });
        if let Some(orbit) = levitation.and_then(|levitation| self.orbit.step(&levitation)) {
            mail.orbit.write(&orbit);
        }
    }
}

impl SpeedTask {
    /// The other unit drives a rotor that floats: this one may have to go on at any moment.
    fn is_held_there(&self, levitation: &LevitationMail) -> bool {
        let report = PeerReport::from_bits(levitation.report);
        let (x_m, y_m) = (levitation.displacement_x_m, levitation.displacement_y_m);
        report.therapy
            && !report.drives
            && levitation.faults & fault::DISPLACEMENT == 0
            && x_m * x_m + y_m * y_m < self.floats_m * self.floats_m
    }
}

/// Levitated, or on the way back to it after a touchdown.
fn is_held(levitation: &LevitationMail) -> bool {
    matches!(
        BearingState::from_code(levitation.state),
        Some(BearingState::Levitated | BearingState::Touchdown)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{CIRCULATION_WORDS, LEVITATION_WORDS};
    use crate::mailbox::Words;

    fn levitation(state: BearingState) -> LevitationMail {
        let empty: LevitationMail = Words::<LEVITATION_WORDS>::from_words([0; LEVITATION_WORDS]);
        LevitationMail { state: state as u32, bus_voltage_v: 48.0, ..empty }
    }

    fn setpoint(speed_setpoint_rpm: f32) -> CirculationMail {
        let empty: CirculationMail = Words::<CIRCULATION_WORDS>::from_words([0; CIRCULATION_WORDS]);
        CirculationMail { speed_setpoint_rpm, ..empty }
    }

    #[test]
    fn the_motor_is_energised_only_while_somebody_holds_the_rotor() {
        let mut task = SpeedTask::new(&SpeedConfig::ECMO_50, &LevitationConfig::ECMO_50).unwrap();
        let mail = Mailboxes::new();
        mail.circulation.write(&setpoint(3000.0));
        let step = |task: &mut SpeedTask, state| {
            mail.levitation.write(&levitation(state));
            task.step(&mail);
            mail.speed.read::<SpeedMail>().unwrap().1
        };
        assert!(!step(&mut task, BearingState::Off).motor_enable);
        assert!(!step(&mut task, BearingState::LiftOff).motor_enable);
        assert!(step(&mut task, BearingState::Levitated).motor_enable);
        assert!(step(&mut task, BearingState::Levitated).torque_current_reference_a > 0.0);
        assert!(!step(&mut task, BearingState::Landing).motor_enable);
    }

    #[test]
    fn the_unit_that_stands_by_has_the_current_ready_while_the_rotor_floats() {
        let mail = Mailboxes::new();
        mail.circulation.write(&setpoint(3000.0));
        let floats = LevitationMail {
            report: PeerReport { therapy: true, ..PeerReport::default() }.to_bits(),
            rotor_speed_rad_per_s: 314.0,
            load_torque_n_m: 0.03,
            displacement_x_m: 50e-6,
            ..levitation(BearingState::Off)
        };
        let ready = |said: LevitationMail| {
            let mut task = SpeedTask::new(&SpeedConfig::ECMO_50, &LevitationConfig::ECMO_50).unwrap();
            mail.levitation.write(&said);
            task.step(&mail);
            let speed = mail.speed.read::<SpeedMail>().unwrap().1;
            (speed.motor_enable, speed.torque_current_reference_a)
        };
        let (enable, ready_a) = ready(floats);
        assert!(enable && (ready_a - 1.0).abs() < 0.02, "{ready_a}");
        let report = PeerReport { therapy: true, drives: true, ..PeerReport::default() }.to_bits();
        for not in [
            LevitationMail { report, ..floats },
            LevitationMail { report: 0, ..floats },
            LevitationMail { displacement_x_m: 400e-6, ..floats },
            LevitationMail { faults: fault::DISPLACEMENT, ..floats },
            LevitationMail { displacement_y_m: f32::NAN, ..floats },
        ] {
            assert_eq!(ready(not), (false, 0.0));
        }
    }

    #[test]
    fn a_bridge_kept_open_by_the_motor_does_not_let_the_reference_run_away() {
        let mut task = SpeedTask::new(&SpeedConfig::ECMO_50, &LevitationConfig::ECMO_50).unwrap();
        let mail = Mailboxes::new();
        mail.circulation.write(&setpoint(3000.0));
        for _ in 0..1000 {
            mail.levitation
                .write(&LevitationMail { limits: limits::ANGLE_LOST, ..levitation(BearingState::Levitated) });
            task.step(&mail);
        }
        let seen = mail.speed.read::<SpeedMail>().unwrap().1;
        // Enabled, so that the motor may find out whether a rotor without an angle turns; it opens the bridge itself.
        assert!(seen.motor_enable && seen.speed_reference_rad_per_s == 0.0, "{seen:?}");
        assert_eq!(seen.torque_current_reference_a, 0.0);
    }

    #[test]
    fn a_rotor_that_touches_is_slowed_down_and_for_a_second_after() {
        let levitation_config = LevitationConfig::ECMO_50;
        let mut task = SpeedTask::new(&SpeedConfig::ECMO_50, &levitation_config).unwrap();
        let mail = Mailboxes::new();
        mail.circulation.write(&setpoint(4000.0));
        let mut rotor_speed_rad_per_s = 0.0;
        let mut reference_rpm = |periods: u32, faults: u32| {
            for _ in 0..periods {
                let held = levitation(BearingState::Levitated);
                mail.levitation.write(&LevitationMail { faults, rotor_speed_rad_per_s, ..held });
                task.step(&mail);
                // A rotor that follows.
                rotor_speed_rad_per_s = mail.speed.read::<SpeedMail>().unwrap().1.speed_reference_rad_per_s;
            }
            rotor_speed_rad_per_s * crate::units::RPM_PER_RAD_PER_S
        };
        assert!((reference_rpm(1500, 0) - 4000.0).abs() < 10.0);
        assert!((reference_rpm(800, fault::TOUCHDOWN) - 2000.0).abs() < 10.0);
        assert!((reference_rpm(990, 0) - 2000.0).abs() < 10.0);
        assert!((reference_rpm(1000, 0) - 4000.0).abs() < 10.0);
    }

    #[test]
    fn nobody_knows_the_speed_when_levitation_is_silent() {
        let mut task = SpeedTask::new(&SpeedConfig::ECMO_50, &LevitationConfig::ECMO_50).unwrap();
        let mail = Mailboxes::new();
        mail.circulation.write(&setpoint(3000.0));
        mail.levitation.write(&levitation(BearingState::Levitated));
        let enabled = (0..8).map(|_| {
            task.step(&mail);
            mail.speed.read::<SpeedMail>().unwrap().1.motor_enable
        });
        assert_eq!(enabled.collect::<std::vec::Vec<_>>(), [true, true, true, true, true, true, false, false]);
    }
}
