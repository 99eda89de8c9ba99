// SPDX-License-Identifier: Apache-2.0
//! The supervisor task: which commands are allowed when, and what the unit does next. 100 Hz.
//!
//! # States
//! ```text
//! Standby --LiftOff--> LiftingOff --levitated--> Operating --Land--> Landing --rotor down--> Standby
//!                          |                         ^  |
//!                          +---------Land----------> |  +-- touchdown: stays Operating, the bearing
//!                                                    |      lifts off again by itself
//! ```
//! `Land` first brings the speed set-point to zero; the rotor is set down below `land_speed_rpm_max`.
//!
//! # Stale input
//! Without news of the levitation task for `SILENT_US_MAX` the state stands: the supervisor never stops a pump
//! because it cannot see it.
//!
//! # Shown by
//! Unit tests below; `tests/scenarios/1a_levitation.toml`.

use crate::config::ConfigError;
use crate::mail::{
    BearingState, CommandMail, LevitateRequest, LevitationMail, Mailboxes, SupervisorMail, UnitState,
};
use crate::mailbox::Reader;
use crate::schedule::TaskId;
use crate::units::RPM_PER_RAD_PER_S;

/// Age from which the levitation task counts as silent [us].
const SILENT_US_MAX: u32 = 50_000;

crate::ranged_struct! {
    /// Configuration of the supervisor.
    pub struct SupervisorConfig: f32 {
        /// Speed below which the rotor may be set down [rpm].
        land_speed_rpm_max: 1.0..=500.0,
    }
}

impl SupervisorConfig {
    /// For the plant ecmo-50: 60 rpm is 0.16 m/s at the rotor's rim.
    pub const ECMO_50: Self = Self { land_speed_rpm_max: 60.0 };
}

/// What an operator can ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Lift the rotor off and hold it.
    LiftOff,
    /// Stop the motor, then set the rotor down.
    Land,
    /// Speed mode with this set-point.
    SetSpeed {
        /// Set-point [rpm].
        speed_rpm: f32,
    },
}

impl Command {
    /// The command as it lies in the mailbox.
    #[must_use]
    pub fn to_mail(self, number: u32) -> CommandMail {
        let (kind, value) = match self {
            Self::LiftOff => (1, 0.0),
            Self::Land => (2, 0.0),
            Self::SetSpeed { speed_rpm } => (3, speed_rpm),
        };
        CommandMail { number, kind, value }
    }

    /// The command of a mail, if there is one of that kind.
    #[must_use]
    pub fn from_mail(mail: &CommandMail) -> Option<Self> {
        match mail.kind {
            1 => Some(Self::LiftOff),
            2 => Some(Self::Land),
            3 => Some(Self::SetSpeed { speed_rpm: mail.value }),
            _ => None,
        }
    }
}

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Refusal {
    /// No such command.
    Unknown = 1,
    /// The set-point is not a number or outside 0 to the limit.
    SpeedOutOfRange = 2,
    /// A speed needs a levitated rotor.
    NotLevitated = 3,
    /// This unit stands by and may not energise the head.
    NotDriving = 4,
    /// The rotor is being set down.
    IsLanding = 5,
}

impl Refusal {
    /// The refusal of a code; `None` for 0, "accepted".
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        [Self::Unknown, Self::SpeedOutOfRange, Self::NotLevitated, Self::NotDriving, Self::IsLanding]
            .into_iter()
            .find(|refusal| *refusal as u32 == code)
    }

    /// One line for the operator.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "no such command",
            Self::SpeedOutOfRange => "speed outside of 0 to the limit",
            Self::NotLevitated => "the rotor is not levitated: lift it first",
            Self::NotDriving => "this unit stands by; the other one drives the head",
            Self::IsLanding => "the rotor is being set down: wait, then lift",
        }
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.reason())
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct SupervisorTask {
    config: SupervisorConfig,
    speed_rpm_max: f32,
    drive: bool,
    state: UnitState,
    speed_setpoint_rpm: f32,
    command_number: u32,
    command_result: u32,
    command: Reader<CommandMail>,
    levitation: Reader<LevitationMail>,
}

impl SupervisorTask {
    /// A supervisor in standby. `speed_rpm_max` is the speed task's limit, so that a set-point beyond it is refused
    /// and not quietly clipped; `drive` says whether this unit may energise the head.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &SupervisorConfig, speed_rpm_max: f32, drive: bool) -> Result<Self, ConfigError> {
        config.check()?;
        let period_us = TaskId::Supervisor.slot().period_us();
        Ok(Self {
            config: *config,
            speed_rpm_max,
            drive,
            state: UnitState::Standby,
            speed_setpoint_rpm: 0.0,
            command_number: 0,
            command_result: 0,
            command: Reader::new(period_us),
            levitation: Reader::new(period_us),
        })
    }

    /// One period.
    pub fn step(&mut self, mail: &Mailboxes) {
        self.command.poll(&mail.command);
        self.levitation.poll(&mail.levitation);
        if let Some(levitation) = self.levitation.fresh(SILENT_US_MAX) {
            self.follow(&levitation);
        }
        self.obey();
        mail.supervisor.write(&SupervisorMail {
            state: self.state as u32,
            levitate: self.request() as u32,
            drive: self.drive,
            speed_setpoint_rpm: self.speed_setpoint_rpm,
            command_number: self.command_number,
            command_result: self.command_result,
        });
    }

    /// State changes that the plant causes.
    fn follow(&mut self, levitation: &LevitationMail) {
        let bearing = BearingState::from_code(levitation.state);
        match (self.state, bearing) {
            (UnitState::LiftingOff, BearingState::Levitated) => self.state = UnitState::Operating,
            (UnitState::Landing, BearingState::Off) => self.state = UnitState::Standby,
            _ => {}
        }
    }

    /// Carries out a command whose number is new.
    fn obey(&mut self) {
        let Some(mail) = self.command.latest().filter(|mail| mail.number != self.command_number) else {
            return;
        };
        self.command_number = mail.number;
        let result =
            Command::from_mail(&mail).ok_or(Refusal::Unknown).and_then(|command| self.apply(command));
        self.command_result = result.map_or_else(|refusal| refusal as u32, |()| 0);
    }

    fn apply(&mut self, command: Command) -> Result<(), Refusal> {
        if !self.drive {
            return Err(Refusal::NotDriving);
        }
        match (command, self.state) {
            (Command::LiftOff, UnitState::Standby) => self.state = UnitState::LiftingOff,
            (Command::LiftOff, UnitState::LiftingOff | UnitState::Operating) => {}
            (Command::Land, UnitState::LiftingOff | UnitState::Operating | UnitState::Landing) => {
                self.state = UnitState::Landing;
                self.speed_setpoint_rpm = 0.0;
            }
            (Command::Land, UnitState::Standby) => {}
            (Command::SetSpeed { speed_rpm }, UnitState::Operating) => {
                if !(0.0..=self.speed_rpm_max).contains(&speed_rpm) {
                    return Err(Refusal::SpeedOutOfRange);
                }
                self.speed_setpoint_rpm = speed_rpm;
            }
            (Command::SetSpeed { .. }, UnitState::Standby | UnitState::LiftingOff) => {
                return Err(Refusal::NotLevitated);
            }
            (Command::SetSpeed { .. } | Command::LiftOff, UnitState::Landing) => {
                return Err(Refusal::IsLanding);
            }
        }
        Ok(())
    }

    /// What the bearing is to do in this state.
    fn request(&self) -> LevitateRequest {
        let speed_rpm = self
            .levitation
            .latest()
            .map_or(0.0, |levitation| levitation.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S);
        let slow = speed_rpm < self.config.land_speed_rpm_max && speed_rpm > -self.config.land_speed_rpm_max;
        match self.state {
            UnitState::Standby => LevitateRequest::Off,
            UnitState::LiftingOff | UnitState::Operating => LevitateRequest::Levitate,
            UnitState::Landing if slow => LevitateRequest::Land,
            UnitState::Landing => LevitateRequest::Levitate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        task: SupervisorTask,
        mail: Mailboxes,
        number: u32,
    }

    impl Bench {
        fn new(drive: bool) -> Self {
            let task = SupervisorTask::new(&SupervisorConfig::ECMO_50, 5500.0, drive).unwrap();
            Self { task, mail: Mailboxes::new(), number: 0 }
        }

        fn command(&mut self, command: Command) -> Option<Refusal> {
            self.number += 1;
            self.mail.command.write(&command.to_mail(self.number));
            let seen = self.step();
            assert_eq!(seen.command_number, self.number);
            Refusal::from_code(seen.command_result)
        }

        fn plant(&mut self, state: BearingState, speed_rad_per_s: f32) -> SupervisorMail {
            let words = crate::mailbox::Words::from_words([0; crate::mail::LEVITATION_WORDS]);
            let mail =
                LevitationMail { state: state as u32, rotor_speed_rad_per_s: speed_rad_per_s, ..words };
            self.mail.levitation.write(&mail);
            self.step()
        }

        fn step(&mut self) -> SupervisorMail {
            self.task.step(&self.mail);
            self.mail.supervisor.read().unwrap().1
        }
    }

    #[test]
    fn a_session_from_lift_off_to_landing() {
        let mut bench = Bench::new(true);
        assert_eq!(bench.command(Command::SetSpeed { speed_rpm: 3000.0 }), Some(Refusal::NotLevitated));
        assert_eq!(bench.command(Command::LiftOff), None);
        assert_eq!(bench.step().levitate, LevitateRequest::Levitate as u32);
        bench.plant(BearingState::Levitated, 0.0);
        assert_eq!(bench.command(Command::SetSpeed { speed_rpm: 3000.0 }), None);
        assert_eq!(bench.step().speed_setpoint_rpm, 3000.0);
        assert_eq!(bench.plant(BearingState::Levitated, 314.0).state, UnitState::Operating as u32);
        assert_eq!(bench.command(Command::Land), None);
        // Still fast: the speed goes first.
        let seen = bench.plant(BearingState::Levitated, 314.0);
        assert_eq!((seen.levitate, seen.speed_setpoint_rpm), (LevitateRequest::Levitate as u32, 0.0));
        assert_eq!(bench.command(Command::LiftOff), Some(Refusal::IsLanding));
        assert_eq!(bench.plant(BearingState::Levitated, 1.0).levitate, LevitateRequest::Land as u32);
        assert_eq!(bench.plant(BearingState::Off, 0.0).state, UnitState::Standby as u32);
    }

    #[test]
    fn speeds_outside_the_range_are_refused_and_change_nothing() {
        let mut bench = Bench::new(true);
        bench.command(Command::LiftOff);
        bench.plant(BearingState::Levitated, 0.0);
        assert_eq!(bench.command(Command::SetSpeed { speed_rpm: 5500.0 }), None);
        for speed_rpm in [5500.5, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(bench.command(Command::SetSpeed { speed_rpm }), Some(Refusal::SpeedOutOfRange));
        }
        assert_eq!(bench.step().speed_setpoint_rpm, 5500.0);
    }

    #[test]
    fn a_touchdown_does_not_end_operation() {
        let mut bench = Bench::new(true);
        bench.command(Command::LiftOff);
        bench.plant(BearingState::Levitated, 0.0);
        let seen = bench.plant(BearingState::Touchdown, 300.0);
        assert_eq!(seen.state, UnitState::Operating as u32);
        assert_eq!(seen.levitate, LevitateRequest::Levitate as u32);
    }

    #[test]
    fn a_standby_unit_refuses_everything_and_a_command_runs_once() {
        let mut bench = Bench::new(false);
        assert_eq!(bench.command(Command::LiftOff), Some(Refusal::NotDriving));
        let mut bench = Bench::new(true);
        bench.command(Command::LiftOff);
        bench.plant(BearingState::Levitated, 0.0);
        bench.command(Command::Land);
        // The rotor is down; the old command, still in its mailbox, must not act again.
        bench.plant(BearingState::Off, 0.0);
        assert_eq!(bench.step().state, UnitState::Standby as u32);
    }
}
