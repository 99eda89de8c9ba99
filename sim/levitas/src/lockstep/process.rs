// SPDX-License-Identifier: Apache-2.0
//! A unit in a process of its own.
//!
//! # What can happen to it
//! | | process | outputs | power |
//! |---|---|---|---|
//! | runs | steps with the world | of this period | on |
//! | levitation stalls | steps, but its trigger fails | the last ones, its line stands still | on |
//! | hangs | stopped | the last ones | on |
//! | dead, or starting again | killed | none | off |

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use levitas_core::link::PeerReport;
use levitas_core::mail::{CommandMail, LevitationMail};
use levitas_core::ports::{CirculationInputs, LevitationInputs, LevitationOutputs};
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::supervisor::{Command, Refusal};
use levitas_lockstep::{Bus, BusState, Reply, Step};
use levitas_wire::Receiver;
use levitas_world::{CanFrame, CanState, World};

use crate::installed::Computer;
use crate::link_bus::LinkBus;
use crate::lockstep::door::{Connection, Door};
use crate::lockstep::{SILENCE, UNIT_NAMES};
use crate::unit_in_loop::{Loss, UnitInLoop};

/// Wall time that the world waits for the new process of a unit that starts again; then it stays without.
const RETURN_TIME: Duration = Duration::from_secs(10);

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Runs {
    All,
    AllButLevitation,
    Nothing,
    Off,
    /// Starts in this tick or later, as a new process.
    Boots(u64),
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Process {
    set: usize,
    door: Rc<RefCell<Door>>,
    connection: Option<Connection>,
    runs: Runs,
    reply: Reply,
    bus_on: bool,
    command: Option<CommandMail>,
    commands: u32,
    samples: LevitationInputs,
    circulation: Option<CirculationInputs>,
    sent: VecDeque<u32>,
    frames: VecDeque<CanFrame>,
    /// The step could not even be sent.
    send_failed: Option<ErrorKind>,
}

impl Process {
    /// Waits for the process of a unit, and says which it is.
    pub(super) fn join(set: usize, door: &Rc<RefCell<Door>>) -> (Self, i32) {
        let connection = door.borrow_mut().wait_for(set, None);
        let pid = connection.as_ref().map_or(0, |connection| connection.pid);
        let process = Self {
            set,
            door: Rc::clone(door),
            connection,
            runs: Runs::All,
            reply: Reply::default(),
            bus_on: true,
            command: None,
            commands: 0,
            samples: LevitationInputs::default(),
            circulation: None,
            sent: VecDeque::new(),
            frames: VecDeque::new(),
            send_failed: None,
        };
        (process, pid)
    }

    /// Tasks run in the process.
    fn steps(&self) -> bool {
        matches!(self.runs, Runs::All | Runs::AllButLevitation)
    }

    /// The process is gone, or is made so.
    fn end(&mut self, runs: Runs) {
        if let Some(connection) = self.connection.take() {
            let _ = connection.kill();
        }
        self.door.borrow_mut().leave(self.set);
        self.runs = runs;
    }

    /// A new process takes this place, at a tick in which all tasks are due, as they are at its start.
    fn boot(&mut self, world: &mut World, bus: &mut LinkBus) {
        let came = self.door.borrow_mut().wait_for(self.set, Some(RETURN_TIME));
        let Some(connection) = came else {
            let name = UNIT_NAMES[self.set];
            let wall_s = RETURN_TIME.as_secs();
            let line = format!("{name}: no new process within {wall_s} s: it stays without power");
            self.door.borrow().complain(&line);
            self.runs = Runs::Off;
            return;
        };
        self.connection = Some(connection);
        (self.reply, self.command, self.bus_on) = (Reply::default(), None, true);
        self.sent.clear();
        self.frames.clear();
        self.runs = Runs::All;
        world.restore_power(self.set);
        bus.power(self.set, true);
    }

    /// What the process finds in this tick.
    fn step(&mut self, tick: u64, bus: &LinkBus) -> Step {
        let statistics = bus.statistics(self.set);
        let sent = self.sent.drain(..self.sent.len().min(levitas_lockstep::FRAMES_MAX)).collect();
        let frames = self.frames.drain(..self.frames.len().min(levitas_lockstep::FRAMES_MAX)).collect();
        let state = match statistics.state {
            CanState::ErrorActive => BusState::ErrorActive,
            CanState::ErrorPassive => BusState::ErrorPassive,
            CanState::BusOff => BusState::BusOff,
        };
        Step {
            tick,
            trigger: self.runs == Runs::All,
            samples: self.samples,
            circulation: self.circulation.take(),
            command: self.command,
            bus: Bus { state, tec: statistics.tec, rec: statistics.rec, sent, frames },
        }
    }

    /// Takes the answer over.
    fn take(&mut self, reply: Reply, now_s: f64, bus: &mut LinkBus) {
        if reply.bus_on != self.bus_on {
            self.bus_on = reply.bus_on;
            bus.power(self.set, reply.bus_on);
        }
        if reply.bus_recover {
            bus.recover(self.set);
        }
        for frame in &reply.frames {
            bus.send_frame(self.set, *frame, now_s);
        }
        self.reply = reply;
    }

    /// Why no answer came.
    fn loss(&self, error: ErrorKind, text: &str) -> Loss {
        let name = UNIT_NAMES[self.set];
        match error {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                let silence_s = SILENCE.as_secs();
                Loss { is_silent: true, reason: format!("{name}: silent for {silence_s} s: stopped") }
            }
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                Loss { is_silent: false, reason: format!("{name}: the process has ended") }
            }
            _ => Loss { is_silent: false, reason: format!("{name}: {text}") },
        }
    }
}

impl UnitInLoop for Process {
    fn set(&self) -> usize {
        self.set
    }

    fn said(&self) -> Option<LevitationMail> {
        self.reply.said
    }

    fn report(&self) -> PeerReport {
        let said = self.said().filter(|_| self.runs == Runs::All);
        said.map_or_else(PeerReport::default, |mail| PeerReport::from_bits(mail.report))
    }

    fn fault(&mut self, computer: Computer, tick: u64, step_s: f64) {
        match computer {
            Computer::PowerLoss => self.end(Runs::Off),
            Computer::Reboot { boot_s } => self.end(Runs::Boots(tick + (boot_s / step_s).ceil() as u64)),
            Computer::Hang => {
                if let Some(Err(error)) = self.connection.as_ref().map(Connection::stop) {
                    self.door.borrow().complain(&format!("{}: {error}", UNIT_NAMES[self.set]));
                }
                self.runs = Runs::Nothing;
            }
            Computer::Stall(_) => self.runs = Runs::AllButLevitation,
        }
    }

    fn clear(&mut self, tick: u64, world: &mut World, bus: &mut LinkBus) {
        match self.runs {
            Runs::AllButLevitation => self.runs = Runs::All,
            // Its time stood still, so it cannot go on.
            Runs::Nothing => {
                self.end(Runs::Boots(tick));
                bus.power(self.set, false);
                self.begin_tick(tick, world, bus);
            }
            Runs::Off => {
                self.runs = Runs::Boots(tick);
                self.begin_tick(tick, world, bus);
            }
            Runs::All | Runs::Boots(_) => {}
        }
    }

    fn command(&mut self, command: Command) -> u32 {
        self.commands = self.commands.wrapping_add(1);
        self.command = Some(command.to_mail(self.commands));
        self.commands
    }

    fn command_result(&self, number: u32) -> Option<Result<(), Refusal>> {
        let reply = &self.reply;
        (reply.command_number == number).then(|| Refusal::from_code(reply.command_result).map_or(Ok(()), Err))
    }

    fn begin_tick(&mut self, tick: u64, world: &mut World, bus: &mut LinkBus) {
        if !SCHEDULE.iter().all(|slot| slot.is_due(tick)) {
            return;
        }
        if matches!(self.runs, Runs::Boots(at) if tick >= at) {
            self.boot(world, bus);
        }
        // Whoever else comes is told that there is no room.
        self.door.borrow_mut().look();
    }

    fn sent(&mut self, frame: &CanFrame) {
        if self.steps() {
            self.sent.push_back(frame.id);
        }
    }

    fn listens(&self) -> bool {
        self.steps()
    }

    fn hear(&mut self, frame: &CanFrame, _: &Receiver) {
        self.frames.push_back(*frame);
    }

    fn run(&mut self, task: TaskId, _tick: u64, world: &mut World, _bus: &mut LinkBus) {
        match task {
            TaskId::Levitation => self.samples = world.sample(self.set),
            TaskId::Circulation if self.steps() => self.circulation = Some(world.sample_circulation()),
            _ => {}
        }
    }

    fn ask(&mut self, tick: u64, bus: &LinkBus) {
        if self.steps() {
            let step = self.step(tick, bus);
            let sent = self.connection.as_mut().map(|connection| connection.send(step));
            self.send_failed = sent.and_then(Result::err).map(|error| error.kind());
        }
    }

    fn answer(&mut self, now_s: f64, bus: &mut LinkBus) -> Option<Loss> {
        if !self.steps() {
            return None;
        }
        if let Some(error) = self.send_failed.take() {
            return Some(self.loss(error, "the step cannot be sent"));
        }
        match self.connection.as_mut()?.receive() {
            Ok(reply) => {
                self.take(reply, now_s, bus);
                None
            }
            Err(error) => Some(self.loss(error.kind(), &error.to_string())),
        }
    }

    fn outputs(&self) -> LevitationOutputs {
        match self.runs {
            Runs::Off | Runs::Boots(_) => LevitationOutputs::default(),
            _ => self.reply.outputs,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.end();
            if self.runs == Runs::Nothing {
                // It stands, and nobody would ever wake it.
                let _ = connection.kill();
            }
        }
    }
}
