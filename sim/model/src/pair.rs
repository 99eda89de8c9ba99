// SPDX-License-Identifier: Apache-2.0
//! Two units, two lines, one link, one rotor: what the protocol runs on, one levitation period a step.
//!
//! The protocol is the core's own, [`Arbitration`]. Around it stands only what the hardware does by itself:
//!
//! * A line lives while its sender retriggers it and for `monostable` periods more. A stuck line reads as released, a cut
//!   one as broken.
//! * A gate opens while it is asked for, its own line lives and the other line reads released (or reads broken and
//!   the override is given); once open it stays open while it is asked for and the own line lives.
//! * Current flows while the gate is open and the power stage is good, from the same period on.
//! * The rotor is held by a unit whose current flows and that is not blind.
//!
//! Both units step in every period but one that the adversary lets skip: their clocks are not the same. A skipped unit sends no
//! edge either.

use levitas_core::arbitration::{Arbitration, Inputs, Isolation, Line, Order, Outputs, Times, alarm};
use levitas_core::link::{PeerReport, UnitCode};
use levitas_core::unit::Role;

use crate::rules::Rules;

/// Whether a unit runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// It steps.
    On,
    /// Its levitation task stands; its link goes on saying what it said last.
    Hung,
    /// It has no power.
    Off,
}

/// What a unit's set of sensors tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sensors {
    /// The truth.
    Good,
    /// The truth, but something else of the unit has failed its self-check: it does not offer itself.
    Doubted,
    /// The same of a winding that is open: it shows no ripple of the other set either.
    NoRipple,
    /// Nothing, and the unit knows.
    Lost,
    /// Something wrong, and the unit alone would not know.
    Wrong,
}

/// What a unit's power stage does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// What it is asked.
    Good,
    /// Nothing, and the hardware has silenced the line.
    Dead,
    /// No current, and nobody was told.
    Open,
}

/// A drive line between its sender and the other unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// As sent.
    Good,
    /// No edges arrive.
    Stuck,
    /// No current arrives.
    Cut,
}

/// How a frame fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It is lost, or what arrives is a copy of an older one, which is not news.
    Lost,
    /// The one before it arrives now.
    Late,
}

/// One unit and what is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Side {
    /// The protocol.
    pub machine: Arbitration,
    /// Whether it runs.
    pub power: Power,
    /// Its sensors.
    pub sensors: Sensors,
    /// Its power stage.
    pub stage: Stage,
    /// Its line.
    pub wire: Wire,
    line: bool,
    gate: bool,
    latch_override: bool,
    /// Periods since the last edge.
    silent: u8,
    /// The gates are open to current.
    pub is_open: bool,
    flows: bool,
    /// Periods in which it has not stepped.
    missed: u8,
    /// Its current has flowed since the gates opened: it would notice if that ended.
    has_flowed: bool,
    /// What the next frame will say.
    sent: PeerReport,
    /// What the last frame said.
    sent_before: PeerReport,
    received: Option<PeerReport>,
    /// Periods since it came.
    received_age: u8,
}

/// Who could have been expected to hold the rotor when nobody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cover {
    /// Any unit that can.
    Anybody,
    /// The unit that lets go on an operator's order, or the ready one that was to take over.
    Ordered,
    /// A ready unit that the holder knew, without any order.
    Backup,
}

/// Both of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// Host, emergency drive.
    pub sides: [Side; 2],
    /// An operator wants the rotor held.
    pub wanted: bool,
    /// Periods for which both have driven.
    pub overlap: u8,
    /// Periods for which nobody has held a rotor that somebody could hold.
    pub nobody: u8,
    /// Periods for which nobody has held the rotor.
    unheld: u8,
    /// Periods since the units sent their last frames.
    frame_age: u8,
    /// Whom the rotor was last held with.
    pub cover: Cover,
    /// In this period a unit began to take the head although all that it had was a broken line.
    pub uncaused: bool,
}

/// What the adversary chooses for one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// Fate of the frame to the host, to the emergency drive.
    pub fates: [Fate; 2],
    /// An order to one of the units.
    pub order: Option<(usize, Order)>,
    /// A unit whose clock is a period behind.
    pub skips: Option<usize>,
}

impl Period {
    /// The adversary does nothing.
    pub const QUIET: Self = Self { fates: [Fate::Arrives; 2], order: None, skips: None };
}

impl Side {
    fn new(role: Role, times: Times, therapy: bool) -> Self {
        Self {
            machine: Arbitration::new(role, times, therapy),
            power: Power::On,
            sensors: Sensors::Good,
            stage: Stage::Good,
            wire: Wire::Good,
            line: false,
            gate: false,
            latch_override: false,
            silent: u8::MAX,
            is_open: false,
            flows: false,
            missed: 0,
            has_flowed: false,
            sent: PeerReport::default(),
            sent_before: PeerReport::default(),
            received: None,
            received_age: u8::MAX,
        }
    }

    /// The unit starts again, with what it knew of the therapy and why it was isolated, or without.
    pub fn restart(&mut self, role: Role, times: Times, remembers: bool) {
        let (sensors, stage, wire) = (self.sensors, self.stage, self.wire);
        let isolation = self.machine.isolation().filter(|_| remembers);
        *self = Self { sensors, stage, wire, ..Self::new(role, times, remembers) };
        if let Some(reason) = isolation {
            self.machine = Arbitration::isolated(role, times, reason);
        }
    }

    /// It runs, and its power stage is good.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.power == Power::On && self.stage == Stage::Good
    }

    /// One more lost frame would leave the link alive.
    #[must_use]
    pub fn would_stay_fresh(&self, rules: &Rules) -> bool {
        self.received_age.saturating_add(rules.frame_periods) < rules.link_silent
    }

    /// The last frame did not come in its time.
    #[must_use]
    pub fn has_missed(&self, rules: &Rules) -> bool {
        self.received_age >= rules.frame_periods
    }

    /// Its sensors tell the truth.
    #[must_use]
    pub fn sees(&self) -> bool {
        matches!(self.sensors, Sensors::Good | Sensors::Doubted | Sensors::NoRipple)
    }

    /// It drives and would hold the rotor.
    fn holds(&self) -> bool {
        self.flows && self.sensors != Sensors::Lost
    }

    /// Nothing but the protocol keeps it from holding the rotor.
    fn is_able(&self) -> bool {
        let in_pair = self.machine.isolation().is_none();
        self.power == Power::On
            && self.sees()
            && self.stage == Stage::Good
            && in_pair
            && self.machine.therapy()
    }

    /// It has begun to take the head although it knows that the line is broken and the other unit says that it holds the rotor, and gives it to nobody.
    fn has_taken_unseen(&self, before: &Self, outputs: &Outputs, told: Option<PeerReport>) -> bool {
        matches!(before.machine.code(), UnitCode::Standby | UnitCode::Ready)
            && self.machine.code() == UnitCode::Active
            && outputs.alarms & alarm::LINE_BROKEN != 0
            && told.is_some_and(|peer| peer.drives && peer.current_flows && !peer.hand_back)
    }

    /// What the other unit receives of this one's line.
    fn line_received(&self, rules: &Rules) -> Line {
        match self.wire {
            Wire::Good if self.silent < rules.monostable => Line::Driving,
            Wire::Good | Wire::Stuck => Line::Released,
            Wire::Cut => Line::Broken,
        }
    }

    /// What the hardware does with gate and line, given the other line.
    fn switch(&mut self, other: Line, skips: bool, rules: &Rules) {
        let retriggers = self.power == Power::On && !skips && self.line && self.stage != Stage::Dead;
        self.silent = if retriggers { 0 } else { self.silent.saturating_add(1).min(rules.monostable) };
        let asked = self.gate && self.power != Power::Off && self.stage != Stage::Dead;
        let may_open = other == Line::Released || self.latch_override && other == Line::Broken;
        self.is_open = asked && self.silent < rules.monostable && (self.is_open || may_open);
        self.flows = self.is_open && self.stage == Stage::Good;
        self.has_flowed = self.is_open && (self.has_flowed || self.flows);
    }

    /// A frame of the other unit. True when it is news.
    fn receive(&mut self, fate: Option<Fate>, other: &Self, rules: &Rules) -> bool {
        let frame = match fate {
            _ if other.power == Power::Off => None,
            Some(Fate::Arrives) => Some(other.sent),
            // Only news if the frame before was not received in its time.
            Some(Fate::Late) if self.received_age >= rules.frame_periods => Some(other.sent_before),
            _ => None,
        };
        self.received = frame.or(self.received);
        self.received_age =
            if frame.is_some() { 0 } else { self.received_age.saturating_add(1).min(rules.link_silent) };
        frame.is_some()
    }
}

impl Pair {
    /// Both after power-up: who remembers that it drove a rotor that is to be held. Perhaps both do.
    #[must_use]
    pub fn started(rules: &Rules, therapies: [bool; 2]) -> Self {
        let [host, drive] = therapies;
        Self {
            sides: [
                Side::new(Role::Host, rules.unit_times(), host),
                Side::new(Role::EmergencyDrive, rules.unit_times(), drive),
            ],
            wanted: host || drive,
            overlap: 0,
            nobody: 0,
            unheld: u8::MAX,
            frame_age: 0,
            cover: Cover::Anybody,
            uncaused: false,
        }
        .bounded(rules)
    }

    /// One of them holds a rotor that is to be held, the other one is its backup.
    #[must_use]
    pub fn holding(rules: &Rules, holder: usize) -> Self {
        let mut pair = Self::started(rules, [false; 2]);
        for index in 0..u16::from(rules.link_silent) + 2 * rules.times.ready {
            let order = (index == rules.times.ready).then_some((holder, Order::Start { alone: true }));
            pair.step(&Period { order, ..Period::QUIET }, rules);
            pair.wanted |= pair.may_lift_off();
        }
        pair
    }

    fn bounded(mut self, rules: &Rules) -> Self {
        for side in &mut self.sides {
            side.silent = side.silent.min(rules.monostable);
            side.received_age = side.received_age.min(rules.link_silent);
        }
        self.unheld = self.unheld.min(rules.unheld_seen);
        self
    }

    /// The unit that does not hold the rotor is ready, and the one that holds it knows.
    fn has_backup(&self) -> bool {
        let [host, drive] = &self.sides;
        [(host, drive), (drive, host)].into_iter().any(|(holder, backup)| {
            let known = holder.received.is_some_and(|report| report.state == UnitCode::Ready);
            holder.holds() && known && backup.is_able() && backup.machine.code() == UnitCode::Ready
        })
    }

    /// Whether somebody holds the rotor.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.sides.iter().any(Side::holds)
    }

    /// A unit drives and would carry out a lift-off.
    #[must_use]
    pub fn may_lift_off(&self) -> bool {
        self.sides.iter().any(|side| side.holds() && side.machine.code() == UnitCode::Active)
    }

    /// One period.
    pub fn step(&mut self, period: &Period, rules: &Rules) {
        let before = self.sides;
        let lines = [before[1].line_received(rules), before[0].line_received(rules)];
        let due = self.frame_is_due(rules);
        self.frame_age = (self.frame_age + 1) % rules.frame_periods;
        let mut obeyed = None;
        self.uncaused = false;
        for (index, side) in self.sides.iter_mut().enumerate() {
            let other = &before[1 - index];
            let skips = period.skips == Some(index);
            side.switch(lines[index], skips, rules);
            if due {
                side.sent_before = before[index].sent;
            }
            let is_new = side.receive(due.then_some(period.fates[index]), other, rules);
            if side.power != Power::On || skips {
                side.missed = side.missed.saturating_add(1).min(rules.monostable + 1);
                continue;
            }
            let inputs = inputs(side, other, lines[index], is_new, self.wanted, self.unheld, rules);
            let periods = u16::from(std::mem::take(&mut side.missed)) + 1;
            let order = period.order.and_then(|(to, order)| (to == index).then_some(order));
            let outputs = side.machine.step(&rules.break_it(&Inputs { order, periods, ..inputs }));
            obeyed = obeyed.or(order.filter(|_| outputs.refusal.is_none()));
            side.take(&outputs);
            let is_unseen = order.is_none() && side.has_taken_unseen(&before[index], &outputs, inputs.peer);
            self.uncaused |= is_unseen && other.holds();
        }
        self.count(rules);
        self.cover = if self.wanted { self.covered(obeyed) } else { Cover::Anybody };
        self.forget(rules);
    }

    /// Frames arrive in this period, if they do.
    #[must_use]
    pub fn frame_is_due(&self, rules: &Rules) -> bool {
        self.frame_age + 1 == rules.frame_periods
    }

    /// Whom the rotor is held with from now on, after an order that was not refused.
    fn covered(&self, obeyed: Option<Order>) -> Cover {
        let codes = self.sides.map(|side| side.machine.code());
        let changes_hands = codes.contains(&UnitCode::Releasing) || codes == [UnitCode::Active; 2];
        let both_know = self.sides.iter().all(|side| side.machine.therapy());
        match (self.cover, obeyed) {
            (_, Some(Order::HandBack | Order::Drill)) if both_know => Cover::Ordered,
            (Cover::Backup, Some(Order::Stop)) => Cover::Ordered,
            (Cover::Ordered, None) if changes_hands => Cover::Ordered,
            (cover, None) if !self.is_held() => cover,
            _ if self.has_backup() => Cover::Backup,
            _ => Cover::Anybody,
        }
    }

    /// Forgets what can have no effect any more, so that states that behave alike are alike.
    fn forget(&mut self, rules: &Rules) {
        for index in 0..2 {
            let age = self.sides[1 - index].received_age;
            let side = &mut self.sides[index];
            if age < rules.frame_periods {
                side.sent_before = PeerReport::default();
            }
            if side.received_age >= rules.link_silent {
                side.received = None;
            }
        }
    }

    fn count(&mut self, rules: &Rules) {
        let both = self.sides.iter().all(|side| side.flows);
        let held = self.is_held();
        let able = self.sides.iter().any(Side::is_able);
        let count =
            |counter: u8, holds: bool, most: u8| if holds { counter.saturating_add(1).min(most) } else { 0 };
        self.overlap = count(self.overlap, both, rules.overlap_max() + 1);
        self.nobody = count(self.nobody, self.wanted && !held && able, rules.nobody_counted());
        self.unheld = count(self.unheld, !held, rules.unheld_seen);
    }
}

impl Side {
    fn take(&mut self, outputs: &Outputs) {
        self.line = outputs.line;
        self.gate = outputs.gate;
        self.latch_override = outputs.latch_override;
        self.sent = outputs.report;
    }
}

fn inputs(
    side: &Side,
    other: &Side,
    line: Line,
    peer_is_new: bool,
    wanted: bool,
    unheld: u8,
    rules: &Rules,
) -> Inputs {
    let others_wrong = other.sensors == Sensors::Wrong && other.is_open;
    Inputs {
        periods: 1,
        line,
        peer: side.received.filter(|_| side.received_age < rules.link_silent),
        peer_is_new,
        able: side.sensors != Sensors::Lost
            && side.stage != Stage::Dead
            && !(side.stage == Stage::Open && side.has_flowed),
        fit: side.sensors == Sensors::Good && side.stage == Stage::Good,
        failed: (side.sensors == Sensors::Lost || side.stage == Stage::Open && side.has_flowed)
            .then_some(Isolation::Fault),
        gate_dead: side.stage == Stage::Dead,
        current_flows: side.flows,
        foreign_drive: other.flows && side.sensors != Sensors::NoRipple,
        rotor_unheld: unheld >= rules.unheld_seen || side.sensors == Sensors::NoRipple && !side.is_open,
        rotor_astray: unheld >= rules.unheld_seen,
        rotor_floats: true,
        innovation_ok: side.sees(),
        disagrees: others_wrong || side.sensors == Sensors::Wrong && other.is_open,
        agrees: side.sees(),
        therapy: side.flows.then_some(wanted),
        order: None,
    }
}
