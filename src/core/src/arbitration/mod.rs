// SPDX-License-Identifier: Apache-2.0
//! Which of the two units drives the head: one machine per unit, both alike but for the role.
//!
//! # States
//! ```text
//! Standby   not proven: fit for long enough --> Ready
//! Ready     not fit --> Standby; takeover, Start --> Taking; the other one offers --> Arming
//! Arming    own edges run, the latch waits: own current --> Active; the other one lets go --> Taking; too long --> Ready,
//!           sooner if both have begun to take at once and this is the host
//! Taking    own edges run, the latch opens: own current --> Active; the other one drives --> Arming;
//!           no current --> Isolated
//! Active    HandBack --> Offering; Drill --> LetGo; Stop --> Ending; two drive, and this is the host --> Ready;
//!           cannot hold and the other one would, gate dead, challenge lost --> Isolated
//! Offering  still drives: the other one arms --> LetGo; too long --> Active
//! LetGo     own edges have ended: the other one holds --> Ready; it does not, or says that it will not --> Taking
//! Ending    still drives and says that the rotor has been set down, then --> Standby
//! Isolated  failed, windings isolated, and why: Rejoin --> Standby
//! ```
//! Start begins in Standby too; the order Isolate leads to Isolated from every state that does not drive.
//!
//! # Isolated
//! [`Isolation`] says why. While another unit drives or would, Rejoin is refused until that is over: one that cannot hold the rotor is no backup.
//! Where nobody else would hold it the operator's word counts, whatever the reason: a pump that is refused is not safe.
//!
//! # Takeover
//! A ready unit takes the head that is to be held when
//! 1. the other line is validly released, or
//! 2. the line is broken or doubted and the other unit says by the link that it does not drive, or
//! 3. the line is broken or doubted, and nobody holds the rotor: there is neither ripple nor force of the other set,
//!    or, where the link is silent too, the rotor is beyond 50 um.
//!
//! A broken line alone and a silent link alone are alarms, never reasons. Two that drive at once heat the windings
//! within tens of milliseconds, a rotor that nobody drives touches within six: so overlap is risked and ended, by the host.
//!
//! # Restart
//! A unit that restarts while it drove begins in standby and knows that the head is to be held. Once fit it finds the other one
//! driving and stays the backup, or finds nobody and takes the head; the host goes first. One that was isolated begins isolated.
//!
//! # Hand-back
//! The driving unit announces it, the other one arms: its line shows edges, its latch waits. The first then stops
//! its edges and lets the monostables do the rest: its own, of 165 us +-20 %, closes its gates, the receiver's, of 150 us +-20 %, opens
//! the other's, 48 us later at most. No clock has to be agreed on.
//!
//! # Limits and failure
//! Every wait has an end, see [`Times`]. Every input may be anything at any time.
//!
//! # Source
//! The rules are argued in `docs/arbitration.md`; every state that two of these machines can reach under one fault is
//! searched by `cargo xtask model`.
//!
//! # Shown by
//! `tests.rs`, `tests/isolation.rs`; `sim/model`; `sim/levitas/tests/isolation.rs`.

mod isolation;
mod line;
mod orders;
mod ports;
#[cfg(test)]
mod tests;
mod times;

use crate::link::{PeerReport, UnitCode};
use crate::unit::Role;
pub use isolation::Isolation;
use line::DriveLine;
pub use line::Line;
pub use ports::{Inputs, Order, Outputs, Refusal, alarm};
pub use times::Times;

/// A state with what it needs; drawn in the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Standby,
    Ready,
    Arming {
        /// The other unit has offered the head; else both take it at once.
        offered: bool,
    },
    Taking {
        /// The latch may open although the other line is broken.
        unlatched: bool,
    },
    Active,
    Offering,
    LetGo {
        /// The gate falls with the monostable and not at once.
        softly: bool,
    },
    Ending,
    Isolated(Isolation),
}

/// What is known of the other unit's drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Other {
    /// Its line says so.
    Drives,
    /// It says so by the link alone.
    Claims,
    /// It does not.
    Released,
    /// Neither line nor link says anything.
    Unknown,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Arbitration {
    role: Role,
    times: Times,
    state: State,
    /// Periods since this state was entered, up to what it asks for.
    age: u16,
    line: DriveLine,
    line_doubted: bool,
    /// Samples for which the line has said released and the link that the other unit drives.
    contradicted: u16,
    /// Samples for which the link has said that the other unit drives without current.
    idle: u16,
    /// Samples for which the other unit has driven too.
    both: u16,
    /// Samples for which this unit has driven without current of its own.
    without: u16,
    /// The other unit would take the head, as it said last.
    backed: bool,
    /// Samples for which nobody has seemed to hold the rotor.
    unheld: u16,
    /// The head is to be held.
    therapy: bool,
    /// The other unit was seen to drive since this one started.
    acquainted: bool,
}

impl Arbitration {
    /// A unit after power-up. `therapy`: it drove a rotor that is to be held when it went down a moment ago.
    #[must_use]
    pub fn new(role: Role, times: Times, therapy: bool) -> Self {
        Self {
            role,
            times,
            state: State::Standby,
            age: 0,
            line: DriveLine::default(),
            line_doubted: false,
            contradicted: 0,
            idle: 0,
            both: 0,
            without: 0,
            backed: false,
            unheld: 0,
            therapy,
            acquainted: false,
        }
    }

    /// A unit that was isolated for this reason when it was reset.
    #[must_use]
    pub fn isolated(role: Role, times: Times, reason: Isolation) -> Self {
        Self { state: State::Isolated(reason), ..Self::new(role, times, false) }
    }

    /// Why it is isolated; `None`: it is not.
    #[must_use]
    pub const fn isolation(&self) -> Option<Isolation> {
        if let State::Isolated(reason) = self.state { Some(reason) } else { None }
    }

    /// Its state, as the link says it.
    #[must_use]
    pub fn code(&self) -> UnitCode {
        match self.state {
            State::Standby => UnitCode::Standby,
            State::Ready => UnitCode::Ready,
            State::Arming { .. } | State::Taking { .. } | State::Active => UnitCode::Active,
            State::Offering | State::LetGo { .. } | State::Ending => UnitCode::Releasing,
            State::Isolated(_) => UnitCode::Isolated,
        }
    }

    /// Whether the head is to be held, as far as this unit knows.
    #[must_use]
    pub fn therapy(&self) -> bool {
        self.therapy
    }

    /// One period.
    pub fn step(&mut self, inputs: &Inputs) -> Outputs {
        self.observe(inputs);
        let before = self.state;
        self.age = match before {
            // The own line ends after 132 us or more, and the gates close: the proof begins anew.
            State::Taking { .. } if inputs.periods > 2 => 0,
            State::Taking { .. } => self.age.saturating_add(1).min(self.age_max()),
            _ => self.age.saturating_add(inputs.periods).min(self.age_max()),
        };
        let refusal = inputs.order.and_then(|order| self.obey(order, inputs).err());
        if self.state == before {
            self.state = self.next(inputs);
        }
        // Who yields to a unit whose line says released does not trust that line any more.
        let yielded = self.must_yield() && self.state == State::Ready;
        self.line_doubted |= yielded && self.line.settled() == Line::Released;
        if self.state != before {
            self.age = 0;
        }
        self.outputs(inputs, refusal)
    }

    /// What is seen of the other unit.
    fn observe(&mut self, inputs: &Inputs) {
        let times = self.times;
        let count = |counter: u16, holds: bool, most: u16| {
            if holds { counter.saturating_add(1).min(most) } else { 0 }
        };
        self.line.observe(inputs.line, &times);
        let astray = inputs.rotor_astray && inputs.peer.is_none();
        self.unheld = count(self.unheld, inputs.rotor_unheld || astray, times.evidence);
        let line_drives = self.line.settled() == Line::Driving;
        let says_drives = inputs.peer.is_some_and(|peer| peer.drives);
        let says_holds = inputs.peer.is_some_and(|peer| peer.drives && peer.current_flows);
        let evident = inputs.foreign_drive && (line_drives || says_drives) || line_drives && says_holds;
        // Ripple goes on while the link is silent: what was counted stands.
        let is_mute = inputs.foreign_drive && inputs.peer.is_none() && !line_drives;
        if !(is_mute && self.is_proven()) {
            self.both = count(self.both, evident && self.is_proven(), times.yielding);
        }
        self.acquainted |= line_drives;

        self.without = count(self.without, self.is_proven() && !inputs.current_flows, times.prove);
        self.contradicted = count(self.contradicted, says_drives && self.line.is_released(), times.doubt);
        self.idle = count(self.idle, says_drives && !says_holds, times.doubt);
        let contradicts = inputs.peer_is_new && self.contradicted >= times.doubt;
        let consistent = line_drives || inputs.peer_is_new && !says_drives;
        self.line_doubted = (self.line_doubted || contradicts) && !consistent;
        if let Some(peer) = inputs.peer {
            // A frame that is older than the end of its unit's line says what is over; new ones make the line doubtful.
            let drives = peer.drives && (!self.line.is_released() || self.line_doubted);
            self.backed = drives || matches!(peer.state, UnitCode::Ready | UnitCode::Releasing);
        }

        match inputs.peer {
            _ if self.is_proven() => self.therapy = inputs.therapy.unwrap_or(self.therapy),
            Some(peer) if peer.drives && inputs.peer_is_new => self.therapy = peer.therapy,
            // Nobody says why it drives: a rotor that floats is to be held, one that was set down is not to be lifted.
            None if line_drives => self.therapy = inputs.rotor_floats,
            _ => {}
        }
    }

    /// Whether the other unit drives, by line and link.
    fn other(&self, inputs: &Inputs) -> Other {
        match (self.line.settled(), inputs.peer) {
            (Line::Driving, _) => Other::Drives,
            (Line::Released, _) if !self.line_doubted => Other::Released,
            (_, Some(peer)) if peer.drives => Other::Claims,
            (_, Some(_)) => Other::Released,
            (_, None) => Other::Unknown,
        }
    }

    /// Whether this unit should take the head that somebody is to hold.
    fn should_take(&self, inputs: &Inputs) -> bool {
        if !self.therapy {
            return false;
        }
        match self.other(inputs) {
            Other::Drives => false,
            // A drive that has just started does not know whether the host is about to: it lets the host go first.
            Other::Released => self.acquainted || self.role == Role::Host || self.age >= self.times.stagger,
            Other::Claims | Other::Unknown => self.unheld >= self.times.evidence,
        }
    }

    /// Nobody holds the rotor, by all that is seen of it, nobody is ready to, and this unit would not offer itself but could hold it: a
    /// bad holder is better than none, and keeps out of the way of a good one.
    fn is_last_resort(&self, inputs: &Inputs) -> bool {
        inputs.able
            && !would_take(inputs)
            // With an open winding this unit sees no ripple, so it believes the link.
            && self.is_free(inputs)
            && self.age >= self.times.ready
            && self.unheld >= self.times.evidence
            && self.should_take(inputs)
    }

    /// The longest age that this state asks for [periods].
    fn age_max(&self) -> u16 {
        let times = &self.times;
        match self.state {
            State::Standby | State::Ready if !self.acquainted => times.stagger.max(times.ready),
            State::Standby => times.ready,
            State::Arming { .. } => self.arming_max(),
            State::Offering => times.arm,
            State::LetGo { .. } => times.watch.max(times.settle).max(times.fall),
            State::Ending => times.announce,
            State::Ready | State::Active | State::Isolated(_) => 0,
            State::Taking { .. } => times.prove,
        }
    }

    /// For how long this unit arms. Of two that take the head at once and see each other's edges before a latch has opened,
    /// the host makes room.
    fn arming_max(&self) -> u16 {
        let collided = self.state == State::Arming { offered: false };
        if collided && self.role == Role::Host { self.times.prove } else { self.times.arm }
    }

    /// The state after this period, without orders.
    fn next(&self, inputs: &Inputs) -> State {
        let times = &self.times;
        let (broke, lost) = (broke(inputs), self.must_go(inputs));
        let isolated = |reason: Option<Isolation>| reason.map_or(self.state, State::Isolated);
        match self.state {
            State::Standby if inputs.fit && self.age >= times.ready => State::Ready,
            State::Ready if !inputs.fit => State::Standby,
            State::Ready if self.should_take(inputs) => self.taking(),
            State::Standby if self.is_last_resort(inputs) => self.taking(),
            State::Ready if is_offered(inputs) => State::Arming { offered: true },
            State::Arming { .. } | State::Taking { .. } if inputs.current_flows => State::Active,
            State::Arming { .. } | State::LetGo { .. } if broke.is_some() => isolated(broke),
            State::Arming { .. } if self.age >= self.arming_max() || !self.therapy => State::Ready,
            State::Arming { .. } if self.other(inputs) == Other::Released => self.taking(),
            State::Taking { .. } if self.line.settled() == Line::Driving => State::Arming { offered: false },
            // The latch may not have opened before: the line has just broken, or was just mended.
            State::Taking { .. } if self.state != self.taking() => self.taking(),
            State::Taking { .. } if self.line.is_changing() => self.state,
            State::Taking { .. } if self.age >= times.prove && self.may_leave(inputs) => {
                State::Isolated(Isolation::NoCurrent)
            }
            State::Active | State::Offering | State::Ending if lost.is_some() => isolated(lost),
            State::Active | State::Offering | State::Ending if self.must_yield() => State::Ready,
            State::Active | State::Offering if self.without >= times.prove => self.lapsed(inputs),
            State::Offering => self.offer(inputs),
            State::LetGo { .. } => self.watch(inputs),
            State::Ending if self.therapy => State::Active,
            State::Ending if self.age >= times.announce => State::Standby,
            state => state,
        }
    }

    /// The other unit does not drive, as far as line and link say.
    fn is_alone(&self, inputs: &Inputs) -> bool {
        matches!(self.other(inputs), Other::Released | Other::Unknown)
    }

    /// Nobody holds the head, as far as line and link say: who drives by the link alone, and for longer than a takeover takes without current,
    /// holds nothing.
    fn is_free(&self, inputs: &Inputs) -> bool {
        let claims_idly = self.other(inputs) == Other::Claims && self.idle >= self.times.doubt;
        claims_idly || self.is_alone(inputs)
    }

    fn taking(&self) -> State {
        State::Taking { unlatched: self.line.settled() == Line::Broken }
    }

    /// The gates of a unit that drove have closed, as after a stall that ended by itself: its line had fallen silent.
    fn lapsed(&self, inputs: &Inputs) -> State {
        if self.is_alone(inputs) { self.taking() } else { State::Ready }
    }

    /// Two drive at once, and this is the one that yields.
    fn must_yield(&self) -> bool {
        self.role == Role::Host && self.both >= self.times.yielding
    }

    /// A unit that offers the head.
    fn offer(&self, inputs: &Inputs) -> State {
        match self.other(inputs) {
            Other::Drives | Other::Claims => State::LetGo { softly: true },
            _ if self.age >= self.times.arm || !is_ready_peer(inputs) => State::Active,
            _ => State::Offering,
        }
    }

    /// A unit that has let go: somebody must hold the head.
    fn watch(&self, inputs: &Inputs) -> State {
        let holds = inputs.peer.is_some_and(|peer| inputs.peer_is_new && peer.drives && peer.current_flows);
        // A frame that was first seen behind the release says so, and the unit is not on its way to the head either.
        let refuses = inputs.peer_is_new
            && inputs.peer.is_some_and(|peer| !peer.drives && peer.state != UnitCode::Ready);
        let waited = refuses || self.age >= self.times.watch;
        match self.other(inputs) {
            Other::Claims if waited && self.unheld >= self.times.evidence => self.taking(),
            Other::Drives | Other::Claims if !self.line.has_just_ended() => {
                if holds || self.age >= self.times.settle { State::Ready } else { self.state }
            }
            _ if waited => self.taking(),
            _ => self.state,
        }
    }

    /// The other unit would hold the head if this one did not. Unheard it may still be there, but not without a line.
    fn other_would(&self, inputs: &Inputs) -> bool {
        self.backed && (inputs.peer.is_some() || self.line.settled() != Line::Broken)
    }

    /// A unit that has no current lets go of nothing that is not to be held or that the other one would hold.
    fn may_leave(&self, inputs: &Inputs) -> bool {
        !self.therapy || self.other_would(inputs)
    }

    /// Why a unit that drives must let go for good, if it must.
    fn must_go(&self, inputs: &Inputs) -> Option<Isolation> {
        let refuted = inputs
            .peer
            .is_some_and(|peer| peer.challenge && peer.innovation_ok && peer.state == UnitCode::Ready)
            && !inputs.innovation_ok
            // A frame can be imitated, the current of a line cannot: who lets go does so to a unit that is there.
            && self.line.settled() == Line::Released;
        let refuted = refuted.then_some(Isolation::Challenge);
        broke(inputs).filter(|_| self.other_would(inputs)).or(refuted)
    }

    fn drives(&self) -> bool {
        matches!(
            self.state,
            State::Arming { .. } | State::Taking { .. } | State::Active | State::Offering | State::Ending
        )
    }

    /// It drives, and its currents have followed.
    fn is_proven(&self) -> bool {
        matches!(self.state, State::Active | State::Offering | State::Ending)
    }

    fn outputs(&self, inputs: &Inputs, refusal: Option<Refusal>) -> Outputs {
        let falls = matches!(self.state, State::LetGo { softly: true }) && self.age < self.times.fall;
        Outputs {
            line: self.drives(),
            gate: self.drives() || falls,
            latch_override: self.state == State::Taking { unlatched: true },
            isolation: self.isolation(),
            report: PeerReport {
                state: self.code(),
                drives: self.drives(),
                current_flows: inputs.current_flows,
                therapy: self.therapy,
                challenge: self.state == State::Ready && inputs.disagrees,
                innovation_ok: inputs.innovation_ok,
                hand_back: self.state == State::Offering,
            },
            alarms: self.alarms(inputs),
            refusal,
        }
    }

    fn alarms(&self, inputs: &Inputs) -> u32 {
        let other = self.other(inputs);
        let challenged = inputs.peer.is_some_and(|peer| peer.challenge);
        [
            (self.line.settled() == Line::Broken, alarm::LINE_BROKEN),
            (self.line_doubted, alarm::LINE_DOUBTED),
            (inputs.peer.is_none(), alarm::LINK_LOST),
            (self.therapy && self.drives() && !is_ready_peer(inputs), alarm::NO_BACKUP),
            (self.drives() && challenged, alarm::CHALLENGED),
            (self.isolation().is_some(), alarm::ISOLATED),
            (self.both > 0, alarm::BOTH_DRIVE),
            (self.therapy && !self.drives() && other == Other::Released, alarm::NOBODY_DRIVES),
        ]
        .into_iter()
        .filter(|(stands, _)| *stands)
        .fold(0, |alarms, (_, bit)| alarms | bit)
    }
}

/// What makes a unit useless that could be of use.
fn broke(inputs: &Inputs) -> Option<Isolation> {
    inputs.failed.or(inputs.gate_dead.then_some(Isolation::Fault))
}

fn is_offered(inputs: &Inputs) -> bool {
    inputs.peer.is_some_and(|peer| peer.hand_back)
}

fn is_ready_peer(inputs: &Inputs) -> bool {
    inputs.peer.is_some_and(|peer| peer.state == UnitCode::Ready)
}

/// The other unit is ready and knows that the head is to be held.
fn would_take(inputs: &Inputs) -> bool {
    is_ready_peer(inputs) && inputs.peer.is_some_and(|peer| peer.therapy)
}
