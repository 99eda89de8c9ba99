// SPDX-License-Identifier: Apache-2.0
//! Every state that the pair can reach under one fault, by breadth-first search.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use levitas_core::arbitration::{Isolation, Order};
use levitas_core::link::UnitCode;
use levitas_core::unit::Role;
use stateright::{Checker as _, HasDiscoveries, Model, Property};

use crate::pair::{Cover, Fate, Pair, Period, Power, Sensors, Stage, Wire};
use crate::rules::Rules;

/// The one thing that may fail, as often and in as many ways as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Nothing; single frames may still be lost or late.
    Nothing,
    /// Frames are lost and late at will, in one direction or both, for ever; what is doubled or replayed is no news, and so is lost.
    Link,
    /// The line of the host, of the emergency drive.
    Line(usize),
    /// Power, processor, or power stage of one unit; it may start again.
    Unit(usize),
    /// One unit's set of sensors.
    Sensors(usize),
    /// Two faults: the link, and the line of one unit. Messages alone cannot decide what has happened.
    LinkAndLine(usize),
    /// Two faults: this unit itself, beside one that is not ready.
    Unbacked(usize),
    /// Two faults: the line of this unit is cut, and the other one is not ready and sees no ripple.
    LineUnbacked(usize),
}

impl Fault {
    /// All single ones.
    pub const SINGLE: [Self; 8] = [
        Self::Nothing,
        Self::Link,
        Self::Line(0),
        Self::Line(1),
        Self::Unit(0),
        Self::Unit(1),
        Self::Sensors(0),
        Self::Sensors(1),
    ];

    /// The double ones.
    pub const DOUBLE: [Self; 2] = [Self::LinkAndLine(0), Self::LinkAndLine(1)];

    /// One unit itself or its line, beside one that is not ready.
    pub const UNBACKED: [Self; 4] =
        [Self::Unbacked(0), Self::Unbacked(1), Self::LineUnbacked(0), Self::LineUnbacked(1)];

    /// Whether frames may be lost without end.
    fn has_link(self) -> bool {
        matches!(self, Self::Link | Self::LinkAndLine(_))
    }

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> String {
        let of = |unit: usize| ["host", "emergency drive"][unit];
        match self {
            Self::Nothing => "none".into(),
            Self::Link => "link".into(),
            Self::Line(unit) => format!("line of the {}", of(unit)),
            Self::Unit(unit) => format!("the {} itself", of(unit)),
            Self::Sensors(unit) => format!("sensor set of the {}", of(unit)),
            Self::LinkAndLine(unit) => format!("link, and line of the {}", of(unit)),
            Self::Unbacked(unit) => format!("the {} itself, the other one not ready", of(unit)),
            Self::LineUnbacked(unit) => format!("line of the {} cut, the other one not ready", of(unit)),
        }
    }
}

/// The pair and what is left to the adversary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reached {
    /// The pair.
    pub pair: Pair,
    /// How often the fault has struck; that it ends does not count.
    strikes: u8,
    /// A clock may still slip, or a frame be lost or late.
    may_slip: bool,
}

/// What can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A period passes.
    Period(Period),
    /// A unit loses power or hangs.
    Power(usize, Power),
    /// A power stage fails.
    Stage(usize, Stage),
    /// A set of sensors fails.
    Sensors(usize, Sensors),
    /// A line fails or recovers.
    Wire(usize, Wire),
    /// A unit starts again, with what it knew of the therapy or without.
    Restart(usize, bool),
    /// A unit that hung goes on as if nothing had been.
    Resume(usize),
    /// The rotor is to be held, or has been set down.
    Wanted(bool),
}

/// One search.
#[derive(Clone, Debug)]
pub struct Search {
    /// Times and bounds.
    pub rules: Rules,
    /// What may fail.
    pub fault: Fault,
    /// The worst that was reached.
    pub worst: Arc<Worst>,
}

/// The longest times that a search has met [periods], and the states beyond the bounds.
#[derive(Debug, Default)]
pub struct Worst {
    /// Fingerprints of the states in which a bound is broken.
    pub bad: Mutex<HashSet<u64>>,
    /// Both drove.
    pub overlap: AtomicU8,
    /// Nobody held the rotor although a unit was ready.
    pub backed: AtomicU8,
    /// Nobody held it on its way from one unit to the other, or back.
    pub ordered: AtomicU8,
    /// Nobody held a rotor that somebody could hold.
    pub nobody: AtomicU8,
}

impl Worst {
    fn note(&self, state: &Reached, search: &Search) {
        let pair = &state.pair;
        if pair.overlap > search.rules.overlap_max() || pair.nobody > search.bound(pair.cover) {
            let mut hasher = DefaultHasher::new();
            state.hash(&mut hasher);
            if let Ok(mut bad) = self.bad.lock() {
                bad.insert(hasher.finish());
            }
        }
        let raise = |most: &AtomicU8, value: u8| {
            if most.load(Ordering::Relaxed) < value {
                most.fetch_max(value, Ordering::Relaxed);
            }
        };
        raise(&self.overlap, pair.overlap);
        raise(
            match pair.cover {
                Cover::Backup => &self.backed,
                Cover::Ordered => &self.ordered,
                Cover::Anybody => &self.nobody,
            },
            pair.nobody,
        );
    }

    fn figures(&self) -> [u8; 4] {
        [&self.overlap, &self.backed, &self.ordered, &self.nobody].map(|most| most.load(Ordering::Relaxed))
    }
}

const ROLES: [Role; 2] = [Role::Host, Role::EmergencyDrive];

impl Search {
    /// How long nobody may hold a rotor [periods].
    fn bound(&self, cover: Cover) -> u8 {
        if matches!(self.fault, Fault::Unbacked(_)) {
            self.rules.unbacked_max()
        } else {
            self.rules.bound(cover)
        }
    }

    fn fates(&self, state: &Reached, to: usize) -> Vec<Fate> {
        let mut fates = vec![Fate::Arrives];
        if !state.pair.frame_is_due(&self.rules) {
            return fates;
        }
        let side = &state.pair.sides[to];
        if self.fault.has_link() || state.may_slip && side.would_stay_fresh(&self.rules) {
            fates.push(Fate::Lost);
        }
        if side.has_missed(&self.rules) {
            fates.push(Fate::Late);
        }
        fates
    }

    /// The orders that the state of a unit does not refuse at once; a refused one changes nothing.
    fn orders(&self, pair: &Pair) -> Vec<Option<(usize, Order)>> {
        let mut orders = vec![None];
        for (unit, side) in pair.sides.iter().enumerate() {
            let alone = pair.sides[1 - unit].power == Power::Off;
            let possible: &[Order] = match side.machine.code() {
                UnitCode::Active if self.rules.holding => &[Order::HandBack, Order::Drill],
                _ if self.rules.holding => &[],
                UnitCode::Standby | UnitCode::Ready => &[Order::Start { alone }, Order::Isolate],
                UnitCode::Active => &[Order::Stop, Order::HandBack, Order::Drill],
                UnitCode::Isolated => &[Order::Rejoin],
                UnitCode::Releasing | UnitCode::Service => &[],
            };
            orders.extend(possible.iter().map(|&order| Some((unit, order))));
        }
        orders
    }

    fn strikes(&self, state: &Reached, events: &mut Vec<Event>) {
        match self.fault {
            Fault::LinkAndLine(unit) if state.strikes == 0 => {
                events.extend([Wire::Stuck, Wire::Cut].map(|wire| Event::Wire(unit, wire)));
            }
            Fault::Line(unit) => {
                events.push(Event::Wire(unit, Wire::Good));
                if state.strikes < self.rules.strikes_max {
                    events.extend([Wire::Stuck, Wire::Cut].map(|wire| Event::Wire(unit, wire)));
                }
            }
            Fault::LineUnbacked(unit) if state.strikes == 0 => events.push(Event::Wire(unit, Wire::Cut)),
            Fault::Unit(unit) | Fault::Unbacked(unit)
                if state.strikes < self.rules.strikes_max && state.pair.sides[unit].is_sound() =>
            {
                events.extend([Power::Off, Power::Hung].map(|power| Event::Power(unit, power)));
                if state.strikes == 0 {
                    events.push(Event::Stage(unit, Stage::Dead));
                }
                // A bridge that carries no current and tells nobody keeps its edges, and so the head from one that is not ready.
                if state.strikes == 0 && self.fault == Fault::Unit(unit) {
                    events.push(Event::Stage(unit, Stage::Open));
                }
            }
            Fault::Sensors(unit) if state.strikes == 0 => {
                events.extend([Sensors::Lost, Sensors::Wrong].map(|sensors| Event::Sensors(unit, sensors)));
            }
            _ => {}
        }
    }
}

impl Model for Search {
    type State = Reached;
    type Action = Event;

    fn init_states(&self) -> Vec<Reached> {
        let may_slip = !self.fault.has_link();
        let reached = |mut pair: Pair| {
            match self.fault {
                Fault::Unbacked(unit) => pair.sides[1 - unit].sensors = Sensors::Doubted,
                Fault::LineUnbacked(unit) => {
                    pair.sides[1 - unit].sensors = Sensors::NoRipple;
                    // Which the holder hears: no order gives it the head.
                    (0..2 * self.rules.frame_periods).for_each(|_| pair.step(&Period::QUIET, &self.rules));
                }
                _ => {}
            }
            Reached { pair, strikes: 0, may_slip }
        };
        if self.rules.holding {
            let mut holders = vec![0, 1];
            holders.retain(|holder| match self.fault {
                Fault::Unbacked(unit) | Fault::LineUnbacked(unit) => unit == *holder,
                _ => true,
            });
            return holders.into_iter().map(|holder| reached(Pair::holding(&self.rules, holder))).collect();
        }
        let started = [[false, false], [true, false], [false, true], [true, true]];
        let started = started.map(|therapies| reached(Pair::started(&self.rules, therapies)));
        started.to_vec()
    }

    fn actions(&self, state: &Reached, events: &mut Vec<Event>) {
        let pair = &state.pair;
        let orders = self.orders(pair);
        for to_host in self.fates(state, 0) {
            for to_drive in self.fates(state, 1) {
                let period =
                    |order, skips| Event::Period(Period { fates: [to_host, to_drive], order, skips });
                events.extend(orders.iter().map(|&order| period(order, None)));
                if state.may_slip {
                    events.extend([0, 1].map(|unit| period(None, Some(unit))));
                }
            }
        }
        if !self.rules.holding && (pair.wanted || pair.may_lift_off()) {
            events.push(Event::Wanted(!pair.wanted));
        }
        self.strikes(state, events);
        for (unit, side) in pair.sides.iter().enumerate() {
            if side.power == Power::Hung {
                events.push(Event::Resume(unit));
            }
            if side.power != Power::On {
                events.extend([true, false].map(|therapy| Event::Restart(unit, therapy)));
            }
        }
    }

    fn next_state(&self, state: &Reached, event: Event) -> Option<Reached> {
        let mut next = *state;
        let sides = &mut next.pair.sides;
        match event {
            Event::Period(period) => {
                let lost = !self.fault.has_link() && period.fates.contains(&Fate::Lost);
                next.may_slip &= period.skips.is_none() && !lost;
                next.pair.step(&period, &self.rules);
            }
            Event::Power(unit, power) => (sides[unit].power, next.strikes) = (power, state.strikes + 1),
            Event::Stage(unit, stage) => (sides[unit].stage, next.strikes) = (stage, self.rules.strikes_max),
            Event::Sensors(unit, sensors) => (sides[unit].sensors, next.strikes) = (sensors, 1),
            Event::Wire(unit, wire) if sides[unit].wire == wire => return None,
            Event::Wire(unit, wire) => {
                sides[unit].wire = wire;
                next.strikes += u8::from(wire != Wire::Good);
            }
            // What it remembers is true, if it remembers anything.
            Event::Restart(_, true) if !state.pair.wanted => return None,
            Event::Restart(unit, therapy) => {
                sides[unit].restart(ROLES[unit], self.rules.unit_times(), therapy);
            }
            Event::Resume(unit) => sides[unit].power = Power::On,
            Event::Wanted(wanted) => next.pair.wanted = wanted,
        }
        self.worst.note(&next, self);
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always(TWO_DRIVE, |search, state| {
                state.pair.overlap <= search.rules.overlap_max()
            }),
            Property::<Self>::always(NOBODY, |search, state| {
                state.pair.nobody <= search.bound(state.pair.cover)
            }),
            Property::<Self>::always(HEALTHY, |_, state| {
                state.pair.sides.iter().all(|side| {
                    matches!(side.machine.isolation(), None | Some(Isolation::SelfTest))
                        || !side.sees()
                        || side.stage != Stage::Good
                })
            }),
            Property::<Self>::always(CAUSED, |_, state| !state.pair.uncaused),
            Property::<Self>::sometimes(CHANGES, |_, state| {
                let [host, drive] = &state.pair.sides;
                state.pair.wanted && drive.is_open && !host.is_open
            }),
            // Keeps the search going when everything else has been found.
            Property::<Self>::always("a unit has one state", |_, _| true),
        ]
    }
}

/// Both energise the head for a bounded time.
pub const TWO_DRIVE: &str = "two drive only for a moment";
/// A ready unit takes the rotor at once; any unit that can hold it does so in bounded time.
pub const NOBODY: &str = "a rotor that can be held is held";
/// No unit isolates itself whose sensors and power stage are good, but by the order of its self-test; so a wrong standby never wins.
pub const HEALTHY: &str = "a healthy unit is not isolated";
/// Behind a broken line no unit takes the head from one that says that it holds it.
pub const CAUSED: &str = "a broken line alone is no reason to take the head";
/// The search reaches what it is about.
pub const CHANGES: &str = "the emergency drive holds the rotor alone";

/// What a search has found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Unlike states.
    pub states: usize,
    /// Events from power-up to the farthest of them.
    pub depth: usize,
    /// Longest overlap, longest time without holder with a backup, on an order and without either [periods].
    pub worst: [u8; 4],
    /// States in which a bound is broken.
    pub bad: usize,
    /// What was broken, each with the events that lead there.
    pub broken: Vec<(&'static str, String)>,
    /// The emergency drive came to hold the rotor alone.
    pub changed: bool,
}

/// Searches everything that can be reached.
#[must_use]
pub fn search(rules: Rules, fault: Fault, threads: usize) -> Found {
    let worst = Arc::new(Worst::default());
    let model = Search { rules, fault, worst: Arc::clone(&worst) };
    let checker = model.checker().threads(threads).spawn_bfs().join();
    let discoveries = checker.discoveries();
    let changed = discoveries.contains_key(CHANGES);
    let broken = discoveries.into_iter().filter(|(name, _)| *name != CHANGES);
    Found {
        states: checker.unique_state_count(),
        depth: checker.max_depth(),
        worst: worst.figures(),
        bad: worst.bad.lock().map_or(0, |bad| bad.len()),
        broken: broken.map(|(name, path)| (name, told(path.into_vec()))).collect(),
        changed,
    }
}

/// The first property that is found broken, if one is.
#[must_use]
pub fn is_caught(rules: Rules, fault: Fault) -> Option<&'static str> {
    let model = Search { rules, fault, worst: Arc::default() };
    let checker = model.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    checker.discoveries().into_keys().filter(|name| *name != CHANGES).min()
}

/// One line an event, with what both units were before it.
fn told(path: Vec<(Reached, Option<Event>)>) -> String {
    let mut text = String::new();
    for (state, event) in path {
        let [host, drive] = state.pair.sides.map(|side| (side.machine.code(), side.is_open));
        let Pair { wanted, nobody, overlap, .. } = state.pair;
        let what = match event {
            Some(Event::Period(Period { fates: [Fate::Arrives, Fate::Arrives], order, skips: None })) => {
                order.map_or(String::new(), |(unit, order)| format!("order to {unit}: {order:?}"))
            }
            Some(event) => format!("{event:?}"),
            None => "here".into(),
        };
        let _ = writeln!(
            text,
            "  host {host:?}, drive {drive:?}, wanted {wanted}, nobody {nobody}, both {overlap}: {what}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Break;

    #[test]
    fn a_step_of_the_protocol_that_is_broken_is_found_by_what_it_breaks() {
        for (broken, expected) in [
            (Break::TakesUnseen, CAUSED),
            (Break::HostKeeps, TWO_DRIVE),
            (Break::KeepsWithoutCurrent, NOBODY),
        ] {
            assert_eq!(is_caught(broken.rules(), broken.shown_by()), Some(expected), "{broken:?}");
        }
    }

    /// What keeps a last resort that sees no ripple from a rotor that is held is the current in the other unit's frames.
    #[test]
    fn a_unit_that_is_not_ready_behind_a_cut_line_takes_nothing_from_one_that_says_that_it_holds_it() {
        for unit in [0, 1] {
            let fault = Fault::LineUnbacked(unit);
            let found = search(Rules::ORDERED, fault, 1);
            assert!(found.broken.is_empty() && found.states > 100, "{found:?}");
            let deaf = Rules { broken: Some(Break::NobodyYields), ..Rules::ORDERED };
            assert_eq!(is_caught(deaf, fault), Some(CAUSED), "{}", fault.name());
        }
    }
}
