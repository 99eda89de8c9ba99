// SPDX-License-Identifier: Apache-2.0
//! One unit: its role, its whole configuration, and all its tasks with their mailboxes.
//!
//! The simulator steps a [`Unit`]; on Zephyr each thread owns its task and the mailboxes are a `static`.

use crate::alarms::AlarmStatus;
use crate::calibration::{Identity, Selection, Stored};
use crate::circulation::flow_meter::FlowMeterConfig;
use crate::commissioning::CommissioningConfig;
use crate::config::{ConfigError, Field};
use crate::mail::{Mailboxes, SupervisorMail};
use crate::motor::SpeedConfig;
use crate::ports::{
    CirculationInputs, CutOutInputs, CutOutOutputs, LevitationInputs, LevitationOutputs, PowerInputs,
    PowerOutputs, WarmingInputs, WarmingOutputs,
};
use crate::power::PowerConfig;
use crate::retained::{ResetCause, Retained};
use crate::self_test::MemoryChecks;
use crate::task::alarm::AlarmTask;
use crate::task::circulation::CirculationTask;
use crate::task::cut_out::CutOutTask;
use crate::task::levitation::{LevitationConfig, LevitationTask};
use crate::task::link::{LinkOutputs, LinkTask};
use crate::task::power::PowerTask;
use crate::task::speed::SpeedTask;
use crate::task::supervisor::{Command, Refusal, SupervisorConfig, SupervisorTask};
use crate::task::warming::WarmingTask;
use crate::warming::WarmingConfig;

/// Which of the two units this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Runs the therapy on winding set A.
    Host,
    /// Hot backup on winding set B.
    EmergencyDrive,
}

/// The configuration of every task of a unit. Field names are unique over all tasks, so that a field is addressed
/// by its name alone: `config.host.speed_rpm_max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitConfig {
    /// Levitation task.
    pub levitation: LevitationConfig,
    /// Speed task.
    pub speed: SpeedConfig,
    /// Flow meter, in the circulation task.
    pub flow_meter: FlowMeterConfig,
    /// Supervisor task.
    pub supervisor: SupervisorConfig,
    /// Commissioning.
    pub commissioning: CommissioningConfig,
    /// Warming task, where there is a warming device.
    pub warming: WarmingConfig,
    /// Power task, where mains and battery are measured.
    pub power: PowerConfig,
}

impl UnitConfig {
    /// For the plant ecmo-50.
    pub const ECMO_50: Self = Self {
        levitation: LevitationConfig::ECMO_50,
        speed: SpeedConfig::ECMO_50,
        flow_meter: FlowMeterConfig::ECMO_50,
        supervisor: SupervisorConfig::ECMO_50,
        commissioning: CommissioningConfig::ECMO_50,
        warming: WarmingConfig::ECMO_50,
        power: PowerConfig::ECMO_50,
    };

    /// The same on a bench, where no limit of a therapy holds the speed back.
    pub const BENCH: Self = Self { supervisor: SupervisorConfig::BENCH, ..Self::ECMO_50 };

    /// Tables of all fields, by part.
    pub const PARTS: [(&'static str, &'static [Field<f32>]); 8] = [
        ("bearing", crate::bearing::BearingConfig::FIELDS),
        ("motor", crate::motor::MotorConfig::FIELDS),
        ("speed", SpeedConfig::FIELDS),
        ("flow meter", FlowMeterConfig::FIELDS),
        ("supervisor", SupervisorConfig::FIELDS),
        ("commissioning", CommissioningConfig::FIELDS),
        ("warming", WarmingConfig::FIELDS),
        ("power", PowerConfig::FIELDS),
    ];

    /// The field of that name, to read or to override.
    pub fn field_mut(&mut self, name: &str) -> Option<&mut f32> {
        self.levitation
            .bearing
            .field_mut(name)
            .or_else(|| self.levitation.motor.field_mut(name))
            .or_else(|| self.speed.field_mut(name))
            .or_else(|| self.flow_meter.field_mut(name))
            .or_else(|| self.supervisor.field_mut(name))
            .or_else(|| self.commissioning.field_mut(name))
            .or_else(|| self.warming.field_mut(name))
            .or_else(|| self.power.field_mut(name))
    }

    /// Checks everything that `UnitTasks::new` checks, without making a task.
    ///
    /// # Errors
    /// The first field that is outside its range.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.levitation.bearing.check()?;
        self.levitation.motor.checked_pole_pairs()?;
        self.speed.check_order()?;
        self.flow_meter.check()?;
        self.supervisor.check()?;
        self.commissioning.check()?;
        self.warming.check()?;
        self.power.check()
    }
}

/// The tasks of a unit after power-up: nothing energised. On Zephyr each goes to the thread that steps it.
#[derive(Clone, Debug)]
pub struct UnitTasks {
    /// 20 kHz.
    pub levitation: LevitationTask,
    /// 2 kHz.
    pub link: LinkTask,
    /// 1 kHz.
    pub speed: SpeedTask,
    /// 100 Hz.
    pub circulation: CirculationTask,
    /// 100 Hz.
    pub supervisor: SupervisorTask,
    /// 100 Hz.
    pub alarm: AlarmTask,
    /// 10 Hz, where there is a warming device, as the next one.
    pub cut_out: CutOutTask,
    /// 10 Hz.
    pub warming: WarmingTask,
    /// 100 Hz, before the supervisor, where mains and battery are measured.
    pub power: PowerTask,
}

impl UnitTasks {
    /// Tasks that run on this configuration as it is.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &UnitConfig, role: Role) -> Result<Self, ConfigError> {
        Ok(Self {
            levitation: UnitTask::of(config, role)?,
            link: UnitTask::of(config, role)?,
            speed: UnitTask::of(config, role)?,
            circulation: UnitTask::of(config, role)?,
            supervisor: UnitTask::of(config, role)?,
            alarm: UnitTask::of(config, role)?,
            cut_out: UnitTask::of(config, role)?,
            warming: UnitTask::of(config, role)?,
            power: UnitTask::of(config, role)?,
        })
    }

    /// Tasks that run on the record in force, or on `config` as it is when there is none; they say in
    /// `fault::CALIBRATION` when a copy was refused. `selection` was made with the same `config`.
    ///
    /// # Errors
    /// A field of `config` itself that is outside its range: a record never is a reason.
    pub fn calibrated(config: &UnitConfig, role: Role, selection: &Selection) -> Result<Self, ConfigError> {
        let mut tasks = Self::new(&selection.configuration(config), role)?;
        if selection.is_refused() {
            tasks.levitation.doubt_calibration();
        }
        Ok(tasks)
    }

    /// See [`restart`].
    pub fn restart(&mut self, role: Role, cause: ResetCause, retained: &Retained, mail: &Mailboxes) {
        let Self { levitation, supervisor, circulation, .. } = self;
        restart(role, cause, retained, mail, levitation, supervisor, circulation);
    }

    /// The unit tests itself now, if it has just been switched on: a therapy that goes on after another reset is not to wait. Before the
    /// first period.
    pub fn self_test(&mut self, cause: ResetCause, memory: MemoryChecks) {
        if cause == ResetCause::PowerOn {
            self.supervisor.begin_self_test(memory);
        }
    }
}

/// This unit was reset, and this is what it has kept: if it drove a rotor that is to be held it holds it again, unless the
/// other unit does, and goes on with the therapy; one that was isolated still is; neither after its supply was away. Before the first
/// period, with the mailboxes of these tasks: what is kept from now on is mail at once.
pub fn restart(
    role: Role,
    cause: ResetCause,
    retained: &Retained,
    mail: &Mailboxes,
    levitation: &mut LevitationTask,
    supervisor: &mut SupervisorTask,
    circulation: &mut CirculationTask,
) {
    let kept = retained.after(cause);
    mail.retained.write(&kept);
    if let Some(reason) = kept.isolation {
        levitation.isolate(role, reason);
    } else if kept.drove {
        levitation.resume(role);
        supervisor.restart(&kept.therapy);
        circulation.restart(&kept.therapy);
    }
}

/// A task that is made from the configuration of its unit.
pub trait UnitTask: Sized {
    /// As it is after power-up: nothing energised.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    fn of(config: &UnitConfig, role: Role) -> Result<Self, ConfigError>;
}

impl UnitTask for LevitationTask {
    fn of(config: &UnitConfig, role: Role) -> Result<Self, ConfigError> {
        Self::new(&config.levitation, role)
    }
}

impl UnitTask for LinkTask {
    fn of(config: &UnitConfig, _: Role) -> Result<Self, ConfigError> {
        Ok(Self::new(config.levitation.motor.checked_pole_pairs()?))
    }
}

impl UnitTask for SpeedTask {
    fn of(config: &UnitConfig, _: Role) -> Result<Self, ConfigError> {
        Self::new(&config.speed, &config.levitation)
    }
}

impl UnitTask for CirculationTask {
    fn of(config: &UnitConfig, _: Role) -> Result<Self, ConfigError> {
        Self::new(&config.flow_meter, config.speed.speed_rpm_max)
    }
}

impl UnitTask for SupervisorTask {
    fn of(config: &UnitConfig, role: Role) -> Result<Self, ConfigError> {
        Self::new(config, role)
    }
}

impl UnitTask for AlarmTask {
    fn of(_: &UnitConfig, _: Role) -> Result<Self, ConfigError> {
        Ok(Self::default())
    }
}

impl UnitTask for CutOutTask {
    fn of(_: &UnitConfig, _: Role) -> Result<Self, ConfigError> {
        Ok(Self::default())
    }
}

impl UnitTask for WarmingTask {
    fn of(config: &UnitConfig, _: Role) -> Result<Self, ConfigError> {
        Self::new(&config.warming)
    }
}

impl UnitTask for PowerTask {
    fn of(config: &UnitConfig, _: Role) -> Result<Self, ConfigError> {
        Self::new(&config.power)
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Unit {
    /// Mailboxes of this unit.
    pub mail: Mailboxes,
    tasks: UnitTasks,
    command_number: u32,
}

impl Unit {
    /// A unit after power-up: nothing energised.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &UnitConfig, role: Role) -> Result<Self, ConfigError> {
        UnitTasks::new(config, role).map(Self::of)
    }

    /// A unit after power-up with what lies in its two places for the calibration record; see
    /// [`UnitTasks::calibrated`].
    ///
    /// # Errors
    /// A field of `config` itself that is outside its range.
    pub fn calibrated(
        config: &UnitConfig,
        identity: &Identity,
        places: [Stored<'_>; 2],
    ) -> Result<(Self, Selection), ConfigError> {
        let selection = Selection::new(places, identity, config);
        let tasks = UnitTasks::calibrated(config, identity.role, &selection)?;
        Ok((Self::of(tasks), selection))
    }

    fn of(tasks: UnitTasks) -> Self {
        Self { mail: Mailboxes::new(), tasks, command_number: 0 }
    }

    /// Posts a command; the supervisor looks at it in its next period. Returns the command's number.
    pub fn command(&mut self, command: Command) -> u32 {
        self.command_number = self.command_number.wrapping_add(1);
        self.mail.command.write(&command.to_mail(self.command_number));
        self.command_number
    }

    /// What became of a command: `None` while nobody has looked at it.
    pub fn command_result(&self, number: u32) -> Option<Result<(), Refusal>> {
        let (_, seen) = self.mail.supervisor.read::<SupervisorMail>()?;
        (seen.command_number == number).then(|| Refusal::from_code(seen.command_result).map_or(Ok(()), Err))
    }

    /// The levitation task as it is now.
    #[must_use]
    pub fn levitation(&self) -> &LevitationTask {
        &self.tasks.levitation
    }

    /// One period of the levitation task.
    pub fn step_levitation(&mut self, samples: &LevitationInputs) -> LevitationOutputs {
        self.tasks.levitation.step(samples, &self.mail)
    }

    /// Begins a session of the link; see [`LinkTask::begin`].
    pub fn begin_session(&mut self, session: u32) {
        self.tasks.link.begin(session);
    }

    /// This unit was reset, and this is what it has kept; see [`UnitTasks::restart`].
    pub fn restart(&mut self, role: Role, cause: ResetCause, retained: &Retained) {
        self.tasks.restart(role, cause, retained, &self.mail);
    }

    /// The unit tests itself if it has just been switched on; see [`UnitTasks::self_test`].
    pub fn self_test(&mut self, cause: ResetCause, memory: MemoryChecks) {
        self.tasks.self_test(cause, memory);
    }

    /// The link task, for the frames that come.
    pub fn link(&mut self) -> &mut LinkTask {
        &mut self.tasks.link
    }

    /// One period of the link task; the frames that it sends.
    pub fn step_link(&mut self) -> LinkOutputs {
        self.tasks.link.step(&self.mail)
    }

    /// One period of the speed task.
    pub fn step_speed(&mut self) {
        self.tasks.speed.step(&self.mail);
    }

    /// One period of the circulation task.
    pub fn step_circulation(&mut self, samples: &CirculationInputs) {
        self.tasks.circulation.step(samples, &self.mail);
    }

    /// One period of the power task, before that of the supervisor.
    pub fn step_power(&mut self, samples: &PowerInputs) -> PowerOutputs {
        self.tasks.power.step(samples, &self.mail)
    }

    /// One period of the supervisor task.
    pub fn step_supervisor(&mut self) {
        self.tasks.supervisor.step(&self.mail);
    }

    /// One period of the alarm task; what is shown, heard and lit.
    pub fn step_alarm(&mut self) -> AlarmStatus {
        self.tasks.alarm.step(&self.mail)
    }

    /// One period of the cut-out of the warming device.
    pub fn step_cut_out(&mut self, samples: &CutOutInputs) -> CutOutOutputs {
        self.tasks.cut_out.step(samples, &self.mail)
    }

    /// One period of the warming task.
    pub fn step_warming(&mut self, samples: &WarmingInputs) -> WarmingOutputs {
        self.tasks.warming.step(samples, &self.mail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_are_unique_and_reachable() {
        let names: std::vec::Vec<&str> =
            UnitConfig::PARTS.iter().flat_map(|(_, fields)| fields.iter().map(|field| field.name)).collect();
        let mut config = UnitConfig::ECMO_50;
        for (index, name) in names.iter().enumerate() {
            assert!(!names[..index].contains(name), "{name} twice");
            assert!(config.field_mut(name).is_some(), "{name}");
        }
        assert!(config.field_mut("no_such_field").is_none());
        assert_eq!(config, UnitConfig::ECMO_50);
    }

    #[test]
    fn every_field_is_checked_on_both_sides_of_its_range() {
        for (_, fields) in UnitConfig::PARTS {
            for field in fields {
                for value in [f32::NAN, field.max * 1.01 + 1e-6, field.min - field.min.abs() * 0.01 - 1e-6] {
                    let mut config = UnitConfig::ECMO_50;
                    *config.field_mut(field.name).unwrap() = value;
                    let refused = config.check().unwrap_err();
                    assert_eq!(refused.field, field.name, "{value}");
                    // The check stands apart from what makes the tasks, but must never know better or worse.
                    let not_made = UnitTasks::new(&config, Role::Host).unwrap_err();
                    assert_eq!(std::format!("{refused:?}"), std::format!("{not_made:?}"));
                }
            }
        }
        assert_eq!(UnitConfig::ECMO_50.check(), Ok(()));
    }
}
