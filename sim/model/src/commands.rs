// SPDX-License-Identifier: Apache-2.0
//! A sender, a link that belongs to an attacker, and a unit that obeys: every state that commands of the link can reach.
//!
//! The rules are the core's own: [`CommandGate`] of the link task, [`is_void`] and [`Answered`] of the supervisor. Around them stand the
//! mailboxes, the two tasks with their periods, and a sender that does what `docs/commands.md` says.
//!
//! * A step is 5 ms: the link task tells its clock in each, the supervisor looks into its mailboxes in every second one, as at 100 Hz. In
//!   that one the link task tells its clock before and after.
//! * The attacker keeps every frame. Each reaches the unit never, late, again, in any order, at any moment. It has no key: nothing is
//!   forged, and the tag itself is not computed here.
//! * What a unit has heard in an earlier power-up may be right in time again, since its clock begins anew: of such frames the time is whatever
//!   suits the attacker.
//! * A task stands and goes on, both at once or one; the supervisor starts anew, also between a command and its answer; the unit does, with a
//!   new session; the sender does and knows nothing.
//! * From some moment on, whatever was before, all that works and what is sent arrives. From then on a command must be carried out in time,
//!   whatever the attacker repeats.
//!
//! # Time
//! Neither gate nor supervisor keeps a moment, so all moments are told from now on: *now* is always `NOW_MS`, near where the clock wraps.
//! That makes runs of any length a finite number of states. [`Row`] and `COMMANDS` bound how many commands are sent and how much fails.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI16, Ordering};

use levitas_core::link::{CommandFrame, CommandGate, EXPIRY_MS_MAX};
use levitas_core::task::supervisor::{Answered, is_void};
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::command_rules::{CommandBreak, Row};

/// Now, by the clock of the link task: what is past lies on the other side of its wrap.
const NOW_MS: u32 = 7;
/// Commands that are sent before all works.
const COMMANDS: usize = 3;
/// Step [ms].
const STEP_MS: i16 = 5;
/// From here on the past is all alike, for commands [ms].
const PAST_MS: i16 = -20;
/// The same for what a clock said, which is then not believed any more.
const STOOD_MS: i16 = -60;
/// Time of a frame that quotes another power-up: any.
const ANY_MS: i16 = i16::MAX;
/// Life of a command [ms]: the longest but a slow frame, by whose age the sender's idea of the unit's clock can be behind.
const LIFE_MS: i16 = EXPIRY_MS_MAX as i16 - SLOW_FRAME_MS;
/// Life of one that is soon over [ms].
const SHORT_LIFE_MS: i16 = 15;
/// A sender repeats a command whose answer it has not heard when so much of its time is left: as late as it can, since what is repeated is counted
/// as refused where it was not lost [ms].
const REPEAT_MS: i16 = 40;
/// From one slow frame to the next, and from one period of the supervisor to the next [ms].
const SLOW_FRAME_MS: i16 = 10;
const SUPERVISOR_MS: i16 = 10;

/// A command as it was sent; the attacker keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sent {
    /// For which power-up.
    power_up: u32,
    sequence: u32,
    /// Until it is void [ms].
    left_ms: i16,
    /// It was carried out.
    done: bool,
    /// It was sent when all worked.
    counts: bool,
}

/// The mail with the command for the supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Mail {
    number: u32,
    left_ms: i16,
    /// Whose it is.
    frame: usize,
}

/// What is told of the link task's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Clock {
    /// What it said last, from now [ms].
    told_ms: Option<i16>,
    /// The supervisor has not found that yet.
    is_new: bool,
    /// What the supervisor has found.
    found_ms: Option<i16>,
    /// How long ago it has [us].
    age_us: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Unit {
    power_up: u32,
    gate: CommandGate,
    clock: Clock,
    mail: Option<Mail>,
    link_stands: bool,
    supervisor_stands: bool,
    /// What the supervisor knows; `None`: it starts with its next period.
    answered: Option<Answered>,
    /// It has begun to carry out this number and has no answer yet.
    awaiting: Option<u32>,
    /// What it has said last, which the link task reads.
    said: Answered,
}

impl Unit {
    fn new(power_up: u32, session: u32) -> Self {
        Self {
            power_up,
            gate: CommandGate::new(session),
            clock: Clock { told_ms: None, is_new: false, found_ms: None, age_us: 0 },
            mail: None,
            link_stands: false,
            supervisor_stands: false,
            answered: None,
            awaiting: None,
            said: Answered::default(),
        }
    }

    /// The link task tells its clock, if it runs.
    fn tell(&mut self) {
        if !self.link_stands {
            (self.clock.told_ms, self.clock.is_new) = (Some(0), true);
        }
    }

    /// What stood goes on, the link task first: it comes before the supervisor and tells its clock at once.
    fn go_on(&mut self) {
        (self.link_stands, self.supervisor_stands) = (false, false);
        self.tell();
    }

    /// The supervisor starts anew with its next period.
    fn restart_supervisor(&mut self) {
        (self.answered, self.awaiting) = (None, None);
        self.clock = Clock { is_new: self.clock.told_ms.is_some(), found_ms: None, age_us: 0, ..self.clock };
    }
}

/// What the sender knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Sender {
    /// The power-up of the unit that it has heard of, from 1.
    power_up: u32,
    /// The last command that the unit has answered, as it says.
    answered: u32,
    /// The last number that it has used in this session.
    sequence: u32,
    /// The command whose answer it waits for.
    waits: Option<usize>,
}

/// What must never be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Wrong {
    late: bool,
    handed_on_late: bool,
    foreign: bool,
    twice: bool,
    lost: bool,
}

/// Sender, link and unit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Post {
    unit: Unit,
    sender: Sender,
    frames: Vec<Sent>,
    /// The supervisor's period is the next one.
    is_supervised: bool,
    failures: u8,
    /// For how long all has worked [ms].
    works_ms: Option<i16>,
    served: bool,
    wrong: Wrong,
}

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The sender sends the next command, void after so many milliseconds.
    Send(i16),
    /// A frame reaches the unit.
    Arrives(usize),
    /// A step passes.
    Step {
        /// The slow frame of it reaches the sender.
        heard: bool,
        /// What is carried out in it is answered in it.
        answers: bool,
        /// The supervisor ends before it has said what it did.
        ends: bool,
    },
    /// The sender hears a slow frame of the power-up before.
    HearsOld,
    /// The sender starts anew.
    SenderStarts,
    /// The unit starts anew.
    UnitStarts,
    /// The supervisor starts anew.
    SupervisorStarts,
    /// Link task, supervisor stand from now on.
    Stands(bool, bool),
    /// They go on.
    GoesOn,
    /// From now on all works.
    Works,
}

/// One search.
#[derive(Clone, Debug)]
pub struct Commands {
    /// What fails.
    pub row: Row,
    /// Commands that are sent before all works.
    pub commands: usize,
    /// Deliberate damage.
    pub broken: Option<CommandBreak>,
    /// The longest time for which a sender has waited while all worked [ms].
    pub waited_ms: Arc<AtomicI16>,
}

impl Commands {
    /// As the page shows it.
    #[must_use]
    pub fn of(row: Row) -> Self {
        Self { row, commands: COMMANDS, broken: None, waited_ms: Arc::default() }
    }

    fn breaks(&self, way: CommandBreak) -> bool {
        self.broken == Some(way)
    }

    fn session(&self, power_up: u32) -> u32 {
        if self.breaks(CommandBreak::SameSession) { 1 } else { power_up }
    }

    /// A frame comes to the link task, which runs.
    fn arrives(&self, post: &mut Post, index: usize) {
        let Some(sent) = post.frames.get(index).copied() else { return };
        let left_ms = if sent.left_ms == ANY_MS { LIFE_MS } else { sent.left_ms };
        let unit = &mut post.unit;
        let shown_ms = match self.broken {
            Some(CommandBreak::GateWithoutExpiry) => left_ms.max(1),
            _ => left_ms,
        };
        let session = match self.broken {
            Some(CommandBreak::GateWithoutSession) => self.session(unit.power_up),
            _ => self.session(sent.power_up),
        };
        let answered = match self.broken {
            Some(CommandBreak::GateWithoutAnswer) => unit.mail.map(|mail| mail.number),
            _ => Some(unit.said.number),
        };
        let command = CommandFrame {
            session,
            sequence: sent.sequence,
            expires_ms: moment(shown_ms),
            ..CommandFrame::default()
        };
        let waits = unit.mail.is_some_and(|mail| mail.number != unit.said.number);
        if self.breaks(CommandBreak::GateWithoutSequence) && !waits {
            unit.gate = CommandGate::new(self.session(unit.power_up));
        }
        if unit.gate.admit(&command, NOW_MS, answered).is_err() {
            return;
        }
        post.wrong.handed_on_late |= left_ms <= 0;
        post.wrong.lost |= waits;
        unit.mail = Some(Mail { number: sent.sequence, left_ms, frame: index });
    }

    /// The supervisor's period. Whether it has begun to carry something out.
    fn supervise(&self, post: &mut Post, answers: bool) {
        let unit = &mut post.unit;
        let clock = &mut unit.clock;
        clock.age_us = if clock.is_new { 0 } else { clock.age_us.saturating_add(10_000).min(30_000) };
        if clock.is_new {
            (clock.found_ms, clock.is_new) = (clock.told_ms, false);
        }
        let lying = unit.mail.map(|mail| mail.number);
        let known = unit.answered.unwrap_or_else(|| {
            let lying = lying.filter(|_| !self.breaks(CommandBreak::StartsWithTheMail));
            Answered::at_start(unit.said, lying)
        });
        unit.answered = Some(known);
        let Some(mail) = unit.mail.filter(|mail| known.is_new(mail.number)) else { return };
        let answer = Answered { number: mail.number, result: 0 };
        if unit.awaiting == Some(mail.number) {
            (unit.answered, unit.awaiting) = (Some(answer), None);
            return;
        }
        let found_ms = clock.found_ms.map(|found_ms| match self.broken {
            // As it was found, and the millisecond until it is told again.
            Some(CommandBreak::ClockThatStands) => moment(found_ms + 1 - SUPERVISOR_MS),
            _ => moment(found_ms),
        });
        let looks = !self.breaks(CommandBreak::SupervisorWithoutExpiry);
        if looks && is_void(moment(mail.left_ms), found_ms, clock.age_us) {
            unit.answered = Some(answer);
            return;
        }
        (unit.answered, unit.awaiting) =
            if answers { (Some(answer), None) } else { (Some(known), Some(mail.number)) };
        let Some(sent) = post.frames.get_mut(mail.frame) else { return };
        post.wrong.late |= mail.left_ms <= 0;
        post.wrong.twice |= sent.done;
        post.wrong.foreign |= sent.power_up != unit.power_up;
        sent.done = true;
        post.served |= sent.counts;
    }

    fn step(&self, post: &mut Post, heard: bool, answers: bool, ends: bool) {
        post.pass();
        let is_supervised = post.is_supervised;
        post.is_supervised = !is_supervised;
        post.unit.tell();
        if is_supervised && !post.unit.supervisor_stands {
            self.supervise(post, answers);
            // Where the link task stands from now on, this lies in its mailbox for a whole period of the supervisor.
            post.unit.tell();
            match post.unit.answered {
                Some(answered) if !ends => post.unit.said = answered,
                _ => post.unit.restart_supervisor(),
            }
        }
        if heard {
            Self::hears(post, post.unit.power_up, post.unit.said.number);
            let repeats = post.works_ms.is_some() && !self.breaks(CommandBreak::SendsOnce);
            let is_due =
                |index: &usize| post.frames.get(*index).is_some_and(|sent| sent.left_ms <= REPEAT_MS);
            if let Some(index) = post.sender.waits.filter(|_| repeats).filter(is_due) {
                self.arrives(post, index);
            }
        }
    }

    /// The sender hears a slow frame.
    fn hears(post: &mut Post, power_up: u32, answered: u32) {
        let sender = &mut post.sender;
        if power_up != sender.power_up {
            *sender = Sender { power_up, ..Sender::default() };
        }
        sender.answered = answered;
        let Some(sent) = sender.waits.and_then(|index| post.frames.get(index)) else { return };
        if sent.sequence == answered || sent.left_ms <= 0 {
            sender.waits = None;
        }
    }

    /// The next command. Its number follows the last own one and the last one that the unit has answered.
    fn send(&self, post: &mut Post, left_ms: i16) {
        let sender = &mut post.sender;
        sender.sequence = sender.sequence.max(sender.answered) + 1;
        sender.waits = Some(post.frames.len());
        let is_now = sender.power_up == post.unit.power_up;
        post.frames.push(Sent {
            power_up: sender.power_up,
            sequence: sender.sequence,
            left_ms: if is_now { left_ms } else { ANY_MS },
            done: false,
            counts: post.works_ms.is_some(),
        });
    }

    fn failures(&self, post: &Post, happenings: &mut Vec<Happening>) {
        let unit = &post.unit;
        if unit.link_stands || unit.supervisor_stands {
            happenings.push(Happening::GoesOn);
        }
        if post.failures >= self.row.failures() {
            return;
        }
        match self.row {
            Row::Link => {}
            Row::Sender => happenings.push(Happening::SenderStarts),
            Row::Unit => happenings.push(Happening::UnitStarts),
            Row::Supervisor => happenings.push(Happening::SupervisorStarts),
            Row::Stands if unit.link_stands || unit.supervisor_stands => {}
            Row::Stands => happenings.extend(
                [(true, true), (true, false), (false, true)]
                    .map(|(link, supervisor)| Happening::Stands(link, supervisor)),
            ),
        }
    }
}

/// A moment by the clock of the link task.
fn moment(from_now_ms: i16) -> u32 {
    NOW_MS.wrapping_add_signed(from_now_ms.into())
}

impl Post {
    /// Time passes.
    fn pass(&mut self) {
        let past = |left_ms: i16| if left_ms == ANY_MS { ANY_MS } else { (left_ms - STEP_MS).max(PAST_MS) };
        for sent in &mut self.frames {
            sent.left_ms = past(sent.left_ms);
        }
        if let Some(mail) = &mut self.unit.mail {
            mail.left_ms = past(mail.left_ms);
        }
        let clock = &mut self.unit.clock;
        for said_ms in [&mut clock.told_ms, &mut clock.found_ms] {
            *said_ms = said_ms.map(|said_ms| (said_ms - STEP_MS).max(STOOD_MS));
        }
        self.works_ms = self.works_ms.map(|works_ms| works_ms + STEP_MS);
    }

    /// The slow frame of this step is sent: half-way between two periods of the supervisor.
    fn tells(&self) -> bool {
        !self.is_supervised && !self.unit.link_stands
    }
}

impl Sender {
    fn may_send(&self) -> bool {
        self.power_up != 0 && self.waits.is_none()
    }
}

impl Model for Commands {
    type State = Post;
    type Action = Happening;

    fn init_states(&self) -> Vec<Post> {
        let post = |is_supervised| Post {
            unit: Unit::new(1, self.session(1)),
            sender: Sender::default(),
            frames: Vec::new(),
            is_supervised,
            failures: 0,
            works_ms: None,
            served: false,
            wrong: Wrong::default(),
        };
        vec![post(true)]
    }

    fn actions(&self, post: &Post, happenings: &mut Vec<Happening>) {
        let is_late = post.works_ms.is_some_and(|works_ms| works_ms > self.row.served_max_ms());
        if post.served || is_late || post.wrong != Wrong::default() {
            return;
        }
        if !post.unit.link_stands {
            happenings.extend((0..post.frames.len()).map(Happening::Arrives));
        }
        let works = post.works_ms.is_some();
        let may_send = post.sender.may_send();
        if works && may_send {
            happenings.push(Happening::Send(LIFE_MS));
            return;
        }
        if may_send && post.frames.len() < self.commands {
            happenings.extend([LIFE_MS, SHORT_LIFE_MS].map(Happening::Send));
        }
        let is_told = post.tells();
        for answers in [true, false] {
            let step = |heard, ends| Happening::Step { heard, answers, ends };
            if !answers && !post.is_supervised {
                continue;
            }
            happenings.push(step(is_told, false));
            if works {
                continue;
            }
            if is_told {
                happenings.push(step(false, false));
            }
            if post.is_supervised && self.row == Row::Supervisor && post.failures < self.row.failures() {
                happenings.push(step(false, true));
            }
        }
        if works {
            return;
        }
        happenings.push(Happening::Works);
        if post.unit.power_up > 1 {
            happenings.push(Happening::HearsOld);
        }
        self.failures(post, happenings);
    }

    fn next_state(&self, post: &Post, happening: Happening) -> Option<Post> {
        let mut next = post.clone();
        let unit = &mut next.unit;
        match happening {
            Happening::Send(left_ms) => {
                self.send(&mut next, left_ms);
                if next.works_ms.is_some() {
                    let index = next.frames.len() - 1;
                    self.arrives(&mut next, index);
                }
            }
            Happening::Arrives(index) => self.arrives(&mut next, index),
            Happening::Step { heard, answers, ends } => {
                next.failures += u8::from(ends);
                self.step(&mut next, heard, answers, ends);
            }
            Happening::HearsOld => {
                let power_up = unit.power_up - 1;
                Self::hears(&mut next, power_up, 0);
            }
            Happening::SenderStarts => (next.sender, next.failures) = (Sender::default(), post.failures + 1),
            Happening::UnitStarts => {
                let power_up = unit.power_up + 1;
                (*unit, next.failures) = (Unit::new(power_up, self.session(power_up)), post.failures + 1);
                next.frames.iter_mut().for_each(|sent| sent.left_ms = ANY_MS);
            }
            Happening::SupervisorStarts => {
                unit.restart_supervisor();
                next.failures += 1;
            }
            Happening::Stands(link, supervisor) => {
                (unit.link_stands, unit.supervisor_stands) = (link, supervisor);
                next.failures += 1;
            }
            Happening::GoesOn => unit.go_on(),
            Happening::Works => {
                unit.go_on();
                next.works_ms = Some(0);
            }
        }
        if let Some(works_ms) = next.works_ms {
            self.waited_ms.fetch_max(works_ms, Ordering::Relaxed);
        }
        (next != *post).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(LATE, |_, post| !post.wrong.late),
            Property::<Self>::always(HANDED_ON_LATE, |_, post| !post.wrong.handed_on_late),
            Property::<Self>::always(FOREIGN, |_, post| !post.wrong.foreign),
            Property::<Self>::always(TWICE, |_, post| !post.wrong.twice),
            Property::<Self>::always(LOST, |_, post| !post.wrong.lost),
            Property::<Self>::always(SERVED, |commands, post| {
                post.works_ms.is_none_or(|works_ms| works_ms <= commands.row.served_max_ms())
            }),
            Property::<Self>::sometimes(REACHED, |_, post| post.served),
        ]
    }
}

/// Its time is over by the clock of the link task.
pub const LATE: &str = "nothing is carried out when its time is over";
/// The gate alone.
pub const HANDED_ON_LATE: &str = "nothing is handed on when its time is over";
/// It was meant for an earlier power-up.
pub const FOREIGN: &str = "nothing is carried out in another session";
/// The same frame again.
pub const TWICE: &str = "nothing is carried out twice";
/// A later one takes its place before the supervisor has looked.
pub const LOST: &str = "what is handed on is looked at";
/// Over a link that works.
pub const SERVED: &str = "a command is carried out when all works";
/// The search reaches what it is about.
pub const REACHED: &str = "a command was carried out when all worked";

/// What a search has found.
#[derive(Clone, Debug)]
pub struct FoundCommands {
    /// Unlike states.
    pub states: usize,
    /// Events from power-up to the farthest of them.
    pub depth: usize,
    /// What was broken, each with the events that lead there.
    pub broken: Vec<(&'static str, String)>,
    /// Longest time for which a sender has waited while all worked [ms].
    pub waited_ms: i16,
    /// A command was carried out when all worked.
    pub reached: bool,
}

/// Searches everything that can be reached.
#[must_use]
pub fn search_commands(commands: Commands, threads: usize) -> FoundCommands {
    let waited_ms = Arc::clone(&commands.waited_ms);
    let checker = commands.checker().threads(threads).spawn_bfs().join();
    let discoveries = checker.discoveries();
    let reached = discoveries.contains_key(REACHED);
    let broken = discoveries.into_iter().filter(|(name, _)| *name != REACHED);
    FoundCommands {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        waited_ms: waited_ms.load(Ordering::Relaxed),
        broken: broken.map(|(name, path)| (name, told(path.into_vec()))).collect(),
        reached,
    }
}

/// The first property that is found broken, if one is.
#[must_use]
pub fn is_command_break_caught(broken: CommandBreak) -> Option<&'static str> {
    let commands = Commands { broken: Some(broken), ..Commands::of(broken.shown_by()) };
    let checker = commands.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    checker.discoveries().into_keys().filter(|name| *name != REACHED).min()
}

/// One line an event.
fn told(path: Vec<(Post, Option<Happening>)>) -> String {
    let mut text = String::new();
    for (post, happening) in path {
        let Unit { power_up, mail, said, clock, .. } = post.unit;
        let frames: Vec<_> =
            post.frames.iter().map(|sent| (sent.sequence, sent.left_ms, sent.done)).collect();
        let _ = writeln!(
            text,
            "  power-up {power_up}, clock {:?}, mail {:?}, said {}, sent {frames:?}: {}",
            clock.found_ms,
            mail.map(|mail| (mail.number, mail.left_ms)),
            said.number,
            happening.map_or_else(|| "here".into(), |happening| format!("{happening:?}"))
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broken_rule_is_found_by_what_it_breaks() {
        for (broken, expected) in [
            (CommandBreak::GateWithoutExpiry, HANDED_ON_LATE),
            (CommandBreak::SupervisorWithoutExpiry, LATE),
            (CommandBreak::ClockThatStands, LATE),
            (CommandBreak::GateWithoutSession, FOREIGN),
            (CommandBreak::SameSession, FOREIGN),
            (CommandBreak::GateWithoutSequence, TWICE),
            (CommandBreak::GateWithoutAnswer, LOST),
            (CommandBreak::StartsWithTheMail, TWICE),
            (CommandBreak::SendsOnce, SERVED),
        ] {
            assert_eq!(is_command_break_caught(broken), Some(expected), "{broken:?}");
        }
    }

    /// Two commands, so that it ends soon; the page searches more.
    #[test]
    fn no_rule_is_broken_and_every_sender_is_served() {
        for row in Row::ALL {
            let found = search_commands(Commands { commands: 2, ..Commands::of(row) }, 1);
            assert!(found.broken.is_empty(), "{}: {:?}", row.name(), found.broken);
            assert!(found.reached && found.states > 1000, "{}: {}", row.name(), found.states);
        }
    }
}
