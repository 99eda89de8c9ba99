// SPDX-License-Identifier: Apache-2.0
//! What the loop needs of a unit, wherever it runs: in this program ([`crate::installed`]) or in a process of its own.

use levitas_core::link::PeerReport;
use levitas_core::mail::{LevitationMail, Mailboxes};
use levitas_core::ports::LevitationOutputs;
use levitas_core::schedule::TaskId;
use levitas_core::task::supervisor::{Command, Refusal};
use levitas_wire::Receiver;
use levitas_world::{CanFrame, World};

use crate::installed::Computer;
use crate::link_bus::LinkBus;

/// How a unit was lost that no event of the scenario took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// It says nothing any more, as after a hang; otherwise it is gone, as without power.
    pub is_silent: bool,
    /// One line.
    pub reason: String,
}

/// A unit in the loop; within a tick, which is a period of its own clock, the calls come in the order of this list.
pub trait UnitInLoop {
    /// Winding set of the unit.
    fn set(&self) -> usize;

    /// What its levitation task said last.
    fn said(&self) -> Option<LevitationMail>;

    /// Its mail, where that can be looked at.
    fn mail(&self) -> Option<&Mailboxes> {
        None
    }

    /// What its levitation task says of the pair; nothing while it does not run.
    fn report(&self) -> PeerReport;

    /// Something happens to the computer; gates and line are the world's.
    fn fault(&mut self, computer: Computer, tick: u64, step_s: f64);

    /// What stood goes on; what was without power starts anew.
    fn clear(&mut self, tick: u64, world: &mut World, bus: &mut LinkBus);

    /// Posts a command; the supervisor looks at it in its next period. Returns the command's number.
    fn command(&mut self, command: Command) -> u32;

    /// What became of a command: `None` while nobody has looked at it.
    fn command_result(&self, number: u32) -> Option<Result<(), Refusal>>;

    /// Before the tasks of a tick: a unit that boots may be ready.
    fn begin_tick(&mut self, tick: u64, world: &mut World, bus: &mut LinkBus);

    /// A frame of this unit was sent.
    fn sent(&mut self, _frame: &CanFrame) {}

    /// Frames for this unit are delivered while its link task runs.
    fn listens(&self) -> bool;

    /// A frame has come; the receiver of the unit knows its id and its key.
    fn hear(&mut self, frame: &CanFrame, receiver: &Receiver);

    /// Runs a task that is due, or prepares what it will find.
    fn run(&mut self, task: TaskId, tick: u64, world: &mut World, bus: &mut LinkBus);

    /// Starts what runs elsewhere on this tick.
    fn ask(&mut self, _tick: u64, _bus: &LinkBus) {}

    /// Waits for what runs elsewhere; a unit that is lost by this says so once.
    fn answer(&mut self, _now_s: f64, _bus: &mut LinkBus) -> Option<Loss> {
        None
    }

    /// Outputs for the world.
    fn outputs(&self) -> LevitationOutputs;
}

/// A unit of which the loop need not know where it runs.
impl<T: UnitInLoop + ?Sized> UnitInLoop for Box<T> {
    fn set(&self) -> usize {
        (**self).set()
    }
    fn said(&self) -> Option<LevitationMail> {
        (**self).said()
    }
    fn mail(&self) -> Option<&Mailboxes> {
        (**self).mail()
    }
    fn report(&self) -> PeerReport {
        (**self).report()
    }
    fn fault(&mut self, computer: Computer, tick: u64, step_s: f64) {
        (**self).fault(computer, tick, step_s);
    }
    fn clear(&mut self, tick: u64, world: &mut World, bus: &mut LinkBus) {
        (**self).clear(tick, world, bus);
    }
    fn command(&mut self, command: Command) -> u32 {
        (**self).command(command)
    }
    fn command_result(&self, number: u32) -> Option<Result<(), Refusal>> {
        (**self).command_result(number)
    }
    fn begin_tick(&mut self, tick: u64, world: &mut World, bus: &mut LinkBus) {
        (**self).begin_tick(tick, world, bus);
    }
    fn sent(&mut self, frame: &CanFrame) {
        (**self).sent(frame);
    }
    fn listens(&self) -> bool {
        (**self).listens()
    }
    fn hear(&mut self, frame: &CanFrame, receiver: &Receiver) {
        (**self).hear(frame, receiver);
    }
    fn run(&mut self, task: TaskId, tick: u64, world: &mut World, bus: &mut LinkBus) {
        (**self).run(task, tick, world, bus);
    }
    fn ask(&mut self, tick: u64, bus: &LinkBus) {
        (**self).ask(tick, bus);
    }
    fn answer(&mut self, now_s: f64, bus: &mut LinkBus) -> Option<Loss> {
        (**self).answer(now_s, bus)
    }
    fn outputs(&self) -> LevitationOutputs {
        (**self).outputs()
    }
}
