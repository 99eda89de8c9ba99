// SPDX-License-Identifier: Apache-2.0
//! A unit in the loop: the core's tasks, and the computer that runs them or does not.
//!
//! # What can happen to the computer
//! | | tasks | outputs | power |
//! |---|---|---|---|
//! | runs | all | of this period | on |
//! | a task stalls | all others | the last ones, where it is levitation: its line stands still | on |
//! | hangs | none | the last ones | on |
//! | dead, or starting again | none | none | off: gates and line fall at once |
//!
//! What a bridge does with a unit that stands is the matter of the world's monostables.

use levitas_core::calibration::{CalibrationError, Identity, Selection};
use levitas_core::link::LINK_REFUSALS;
use levitas_core::link::PeerReport;
use levitas_core::mail::{LevitationMail, Mailboxes};
use levitas_core::ports::LevitationOutputs;
use levitas_core::retained::{ResetCause, Retained};
use levitas_core::schedule::TaskId;
use levitas_core::task::supervisor::{Command, Refusal};
use levitas_core::unit::{Role, Unit};
use levitas_wire::Receiver;
use levitas_world::{CanFrame, World};

use crate::input::{BadInput, Checked};
use crate::link_bus::{self, LinkBus};
use crate::record_fault;
use crate::scenario::Scenario;
use crate::unit_in_loop::UnitInLoop;

/// What happens to the computer of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Computer {
    /// No power, for good.
    PowerLoss,
    /// Every task stands, the timers go on.
    Hang,
    /// One of its tasks stands.
    Stall(TaskId),
    /// It starts again, and runs after this time [s].
    Reboot {
        /// Time without power and until the tasks run [s].
        boot_s: f64,
    },
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Runs {
    All,
    AllBut(TaskId),
    Nothing,
    Off,
    /// Starts in this tick, with what the retained RAM says.
    Boots(u64),
}

/// See the [module](self).
#[derive(Clone)]
pub struct Installed<'a> {
    scenario: &'a Scenario,
    role: Role,
    unit: Unit,
    runs: Runs,
    outputs: LevitationOutputs,
    sessions: u32,
}

impl<'a> Installed<'a> {
    /// A unit after power-up, and what it found in the two places of its calibration record.
    ///
    /// # Errors
    /// The unit refuses the scenario's configuration.
    pub fn new(scenario: &'a Scenario, role: Role) -> Checked<(Self, Selection)> {
        let (unit, selection) = power_up(scenario, role)?;
        let mut installed = Self {
            scenario,
            role,
            unit,
            runs: Runs::All,
            outputs: LevitationOutputs::default(),
            sessions: 0,
        };
        installed.begin_session();
        installed.self_test(ResetCause::PowerOn);
        Ok((installed, selection))
    }

    /// Its mail.
    #[must_use]
    pub fn mail(&self) -> &Mailboxes {
        &self.unit.mail
    }

    /// What its link has refused since it started, by kind.
    pub fn refused(&mut self) -> [u32; LINK_REFUSALS] {
        self.unit.link().refused()
    }

    /// A new start, with what the RAM of the time before says.
    fn boot(&mut self, world: &mut World, bus: &mut LinkBus, cause: ResetCause) {
        let kept = self.unit.mail.retained.read::<Retained>();
        let kept = kept.and_then(|(_, kept)| Retained::newest([&kept.encode(), &[]]));
        // It started with this configuration before.
        if let Ok((unit, _)) = power_up(self.scenario, self.role) {
            self.unit = unit;
        }
        self.outputs = LevitationOutputs::default();
        if let Some(kept) = kept {
            self.unit.restart(self.role, cause, &kept);
        }
        self.self_test(cause);
        self.begin_session();
        self.runs = Runs::All;
        world.restore_power(self.set());
        bus.power(self.set(), true);
    }

    /// The unit tests itself where the scenario wants it.
    fn self_test(&mut self, cause: ResetCause) {
        if let Some(memory) = self.scenario.self_test {
            self.unit.self_test(cause, memory[self.set()]);
        }
    }

    /// A number that differs from unit to unit and from one power-up to the next.
    fn begin_session(&mut self) {
        self.sessions += 1;
        let mixed = (self.scenario.seed << 8 | u64::from(self.sessions) << 1 | self.set() as u64)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.unit.begin_session((mixed >> 32) as u32);
    }
}

impl UnitInLoop for Installed<'_> {
    fn set(&self) -> usize {
        usize::from(self.role == Role::EmergencyDrive)
    }

    fn said(&self) -> Option<LevitationMail> {
        self.unit.mail.levitation.read().map(|(_, mail)| mail)
    }

    fn mail(&self) -> Option<&Mailboxes> {
        (!matches!(self.runs, Runs::Off | Runs::Boots(_))).then_some(&self.unit.mail)
    }

    fn report(&self) -> PeerReport {
        let says = match self.runs {
            Runs::All => true,
            Runs::AllBut(task) => task != TaskId::Levitation,
            Runs::Nothing | Runs::Off | Runs::Boots(_) => false,
        };
        self.said()
            .filter(|_| says)
            .map_or_else(PeerReport::default, |mail| PeerReport::from_bits(mail.report))
    }

    fn fault(&mut self, computer: Computer, tick: u64, step_s: f64) {
        self.runs = match computer {
            Computer::PowerLoss => Runs::Off,
            Computer::Hang => Runs::Nothing,
            Computer::Stall(task) => Runs::AllBut(task),
            Computer::Reboot { boot_s } => Runs::Boots(tick + (boot_s / step_s).ceil() as u64),
        };
    }

    fn clear(&mut self, _tick: u64, world: &mut World, bus: &mut LinkBus) {
        match self.runs {
            Runs::Nothing | Runs::AllBut(_) => self.runs = Runs::All,
            // RAM may remember yet.
            Runs::Off => self.boot(world, bus, ResetCause::PowerOn),
            Runs::All | Runs::Boots(_) => {}
        }
    }

    fn command(&mut self, command: Command) -> u32 {
        self.unit.command(command)
    }

    fn command_result(&self, number: u32) -> Option<Result<(), Refusal>> {
        self.unit.command_result(number)
    }

    fn begin_tick(&mut self, tick: u64, world: &mut World, bus: &mut LinkBus) {
        if matches!(self.runs, Runs::Boots(at) if tick >= at) {
            self.boot(world, bus, ResetCause::Other);
        }
    }

    fn listens(&self) -> bool {
        matches!(self.runs, Runs::All | Runs::AllBut(_))
    }

    fn hear(&mut self, frame: &CanFrame, receiver: &Receiver) {
        link_bus::give(frame, receiver, self.unit.link());
    }

    fn run(&mut self, task: TaskId, _tick: u64, world: &mut World, bus: &mut LinkBus) {
        let set = self.set();
        // The converters go on whoever reads them.
        let samples = (task == TaskId::Levitation).then(|| world.sample(set));
        match (task, self.runs) {
            (_, Runs::Nothing | Runs::Off | Runs::Boots(_)) => {}
            (_, Runs::AllBut(stalled)) if stalled == task => {}
            (TaskId::Levitation, _) => {
                if let Some(samples) = samples {
                    self.outputs = self.unit.step_levitation(&samples);
                }
            }
            (TaskId::Link, _) => bus.send(set, &self.unit.step_link(), world.time_s()),
            (TaskId::Speed, _) => self.unit.step_speed(),
            (TaskId::Circulation, _) => self.unit.step_circulation(&world.sample_circulation()),
            (TaskId::Supervisor, _) => {
                let outputs = self.unit.step_power(&world.sample_power(set));
                world.control_power(set, &outputs);
                self.unit.step_supervisor();
            }
            (TaskId::Alarm, _) => {
                self.unit.step_alarm();
            }
            (TaskId::CutOut, _) => {
                if let Some(device) = world.warming().filter(|_| set == 0) {
                    let outputs = self.unit.step_cut_out(&device.sample_cut_out());
                    device.cut_out(&outputs);
                }
            }
            (TaskId::Warming, _) => {
                if let Some(device) = world.warming().filter(|_| set == 0) {
                    let outputs = self.unit.step_warming(&device.sample());
                    device.control(&outputs);
                }
            }
        }
    }

    fn outputs(&self) -> LevitationOutputs {
        match self.runs {
            Runs::Off | Runs::Boots(_) => LevitationOutputs::default(),
            _ => self.outputs,
        }
    }
}

/// A unit as it is after power-up.
fn power_up(scenario: &Scenario, role: Role) -> Checked<(Unit, Selection)> {
    let refused = |error: &dyn std::fmt::Display| BadInput::of(&scenario.argument, error, "");
    let identity = Identity { serial_number: scenario.serial_number, role };
    let (config, copies) = match role {
        Role::Host => (&scenario.host, record_fault::copies(scenario, &identity)?),
        Role::EmergencyDrive => (&scenario.emergency_drive, [None, None]),
    };
    let places = copies.each_ref().map(|copy| copy.as_deref().ok_or(CalibrationError::Missing));
    Unit::calibrated(config, &identity, places).map_err(|error| refused(&error))
}
