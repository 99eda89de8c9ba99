// SPDX-License-Identifier: Apache-2.0
//! What happens in an hour: drawn from its seed before it begins.
//!
//! | what | how often | how much |
//! |---|---|---|
//! | who drives | once | the host, or the emergency drive from 3 s on |
//! | plant | once | each tolerance of the corners low, nominal or high; the gains stay those of the nominal plant |
//! | frame loss | always, both units | 1 % |
//! | outage of the link | every minute | 5 ms, either unit |
//! | interference in the analog signals | every minute | 5 to 50 ms, 10 to 50 um rms, either unit or both |
//! | errors on the bus | every minute | 20 to 500 ms, 5 to 50 % of the frames |
//! | full bus | in the first minute, then in three of ten | 5 to 19 s of frames of the lowest priority without a gap |
//! | a babbling unit | in one minute of five | 20 to 200 ms, half of the bus to all of it, highest priority |
//! | force step | in every second minute | 1 to 15 N for 50 ms to 2 s |
//! | radial shock | in every second minute | 1 to 15 g, half-sine of 11 ms, as in transport |
//! | axial shock | in one minute of five | 0.5 to 3 g, half-sine of 11 ms |
//! | another speed | in three minutes of ten | 2500 to 5500 rpm |
//! | drill | once, in a minute after the first if there is one | the head is handed back 5 s later |
//!
//! # Limits
//! An operator does not start a drill in the middle of trouble: from 4 s before it until 10 s after it nothing begins but a full
//! bus; frames are lost all the time.

use std::f64::consts::TAU;

use levitas_core::task::supervisor::Command;
use levitas_world::{CanFault, CanNode, Disturbance, Fault};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use crate::corners::design::Corner;
use crate::fault_catalogue::Broken;

/// Tells the generator that draws the plan from others of the same seed.
const PLAN_STREAM: u64 = 0x7669_7461_7303;

/// A second, and a minute [s].
pub(super) const MINUTE_S: f64 = 60.0;
/// Rotor and flow have settled [s].
pub(super) const SETTLED_S: f64 = 6.0;
/// When the rotor is to be lifted, and when to turn [s].
const LIFT_S: f64 = 0.02;
const TURN_S: f64 = 0.3;
/// When the emergency drive gets the head, if it is to drive [s].
const GIVEN_S: f64 = 3.0;
/// Share of the frames that each driver loses.
pub(super) const LOSS: f64 = 0.01;
/// Length of an outage [s].
pub(super) const OUTAGE_S: f64 = 5e-3;
/// From drill to hand-back, and to the end of the watch over both [s].
pub(super) const HAND_BACK_S: f64 = 5.0;
pub(super) const DRILL_WATCH_S: f64 = 8.0;
/// Calm before and after the start of a drill [s].
const CALM_S: [f64; 2] = [4.0, 10.0];
/// Second of its minute in which a drill begins: the calm lies within that minute.
const DRILL_SECOND: [f64; 2] = [10.0, 45.0];
/// A half-sine as in transport [s].
const SHOCK_S: f64 = 0.011;
/// Where a node stands for the unit of the fault.
const TARGET: CanNode = CanNode::Host;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    /// An order of the operator.
    Order(Command, &'static str),
    /// The head is handed to this unit.
    HandBack { to: usize },
    /// The drill.
    Drill,
    /// A load on the rotor.
    Load(Disturbance),
    /// The link of a unit is out for [`OUTAGE_S`].
    Outage { set: usize },
    /// Something else is broken for a while.
    Trouble { kind: Kind, sets: [bool; 2], broken: Broken, duration_s: f64 },
    /// The bus is full for a while.
    FullBus { duration_s: f64 },
}

impl What {
    /// From its beginning to its end [s].
    pub(super) fn duration_s(&self) -> f64 {
        match *self {
            Self::Order(..) | Self::HandBack { .. } | Self::Drill => 0.0,
            Self::Load(load) => load.duration_s().unwrap_or(f64::INFINITY),
            Self::Outage { .. } => OUTAGE_S,
            Self::Trouble { duration_s, .. } | Self::FullBus { duration_s } => duration_s,
        }
    }
}

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Interference,
    BusErrors,
    Babble,
}

/// An event of the plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Action {
    /// When [s].
    pub at_s: f64,
    /// What.
    pub what: What,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The plant.
    pub corner: Corner,
    /// The unit that drives.
    pub driver: usize,
    /// When the drill begins [s].
    pub drill_s: f64,
    /// In the order of time.
    pub actions: Vec<Action>,
}

/// What broken thing loses frames all the time, at the unit that it befalls.
pub(super) const FRAME_LOSS: Broken = Broken::Bus(CanFault::Loss { node: TARGET, probability: LOSS });
/// What an outage breaks.
pub(super) const OUTAGE: Broken = Broken::Bus(CanFault::Break { node: TARGET });

impl Plan {
    /// The plan of a seed.
    pub(super) fn draw(seed: u64, minutes: u32) -> Self {
        let mut dice = Dice(Pcg64::seed_from_u64(seed ^ PLAN_STREAM));
        let mut corner = Corner::NOMINAL;
        corner.levels = corner.levels.map(|_| dice.below(3) as i8 - 1);
        let driver = dice.below(2) as usize;
        let drill_minute = if minutes > 1 { 1 + dice.below(minutes - 1) } else { 0 };
        let drill_s = f64::from(drill_minute) * MINUTE_S + dice.between(DRILL_SECOND);
        let mut plan = Self { corner, driver, drill_s, actions: Vec::new() };
        plan.add(LIFT_S, What::Order(Command::LiftOff, "lift_off"));
        plan.add(TURN_S, dice.speed());
        if driver == 1 {
            plan.add(GIVEN_S, What::HandBack { to: driver });
        }
        plan.add(drill_s, What::Drill);
        plan.add(drill_s + HAND_BACK_S, What::HandBack { to: driver });
        for minute in 0..minutes {
            plan.minute(minute, &mut dice);
        }
        plan.actions.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        plan
    }

    fn add(&mut self, at_s: f64, what: What) {
        self.actions.push(Action { at_s, what });
    }

    fn minute(&mut self, minute: u32, dice: &mut Dice) {
        self.add_in(minute, dice, |dice| What::Outage { set: dice.below(2) as usize });
        self.add_in(minute, dice, |dice| {
            let sets = [[true, false], [false, true], [true, true]][dice.below(3) as usize];
            let broken = Broken::World(Fault::EmiBurst { rms_m: dice.between([10e-6, 50e-6]) });
            What::Trouble { kind: Kind::Interference, sets, broken, duration_s: dice.between([5e-3, 50e-3]) }
        });
        self.add_in(minute, dice, |dice| {
            let broken = Broken::Bus(CanFault::Errors { probability: dice.between([0.05, 0.5]) });
            let duration_s = dice.between([0.02, 0.5]);
            What::Trouble { kind: Kind::BusErrors, sets: [true, false], broken, duration_s }
        });
        if dice.chance(0.2) {
            self.add_in(minute, dice, |dice| {
                let sets = [[true, false], [false, true]][dice.below(2) as usize];
                let broken = Broken::Bus(CanFault::Babble { node: TARGET, share: dice.between([0.5, 1.0]) });
                What::Trouble { kind: Kind::Babble, sets, broken, duration_s: dice.between([0.02, 0.2]) }
            });
        }
        if minute == 0 || dice.chance(0.3) {
            let at_s = f64::from(minute) * MINUTE_S + dice.between([SETTLED_S, 40.0]);
            self.add(at_s, What::FullBus { duration_s: dice.between([5.0, 19.0]) });
        }
        if dice.chance(0.5) {
            self.add_in(minute, dice, |dice| {
                let [newton, angle_rad] = [dice.between([1.0, 15.0]), dice.between([0.0, TAU])];
                let duration_s = dice.between([0.05, 2.0]);
                What::Load(Disturbance::ForceStep { newton, angle_rad, duration_s })
            });
        }
        if dice.chance(0.5) {
            self.add_in(minute, dice, |dice| {
                let [g, angle_rad] = [dice.between([1.0, 15.0]), dice.between([0.0, TAU])];
                What::Load(Disturbance::Shock { g, duration_s: SHOCK_S, angle_rad })
            });
        }
        if dice.chance(0.2) {
            self.add_in(minute, dice, |dice| {
                let g = dice.between([0.5, 3.0]);
                What::Load(Disturbance::AxialShock { g, duration_s: SHOCK_S })
            });
        }
        if minute > 0 && dice.chance(0.3) {
            self.add_in(minute, dice, Dice::speed);
        }
    }

    /// Adds something at a drawn moment of a minute, in which the rotor turns and no drill is near.
    fn add_in(&mut self, minute: u32, dice: &mut Dice, draw: impl Fn(&mut Dice) -> What) {
        let begin_s = f64::from(minute) * MINUTE_S;
        let from_s = begin_s + if minute == 0 { SETTLED_S } else { 0.0 };
        let to_s = begin_s + MINUTE_S - OUTAGE_S - TELL_S;
        let calm_s = [self.drill_s - CALM_S[0], self.drill_s + CALM_S[1]];
        let calm_here = (begin_s..begin_s + MINUTE_S).contains(&self.drill_s);
        let room_s = to_s - from_s - if calm_here { calm_s[1] - calm_s[0] } else { 0.0 };
        let mut at_s = from_s + dice.between([0.0, room_s]);
        if calm_here && at_s > calm_s[0] {
            at_s += calm_s[1] - calm_s[0];
        }
        let what = draw(dice);
        self.add(at_s, what);
    }
}

/// After an outage the alarm has this long [s].
pub(super) const TELL_S: f64 = 2e-3;

struct Dice(Pcg64);

impl Dice {
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, [low, high]: [f64; 2]) -> f64 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, count: u32) -> u32 {
        (self.unit() * f64::from(count)) as u32
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    fn speed(&mut self) -> What {
        let speed_rpm = (self.between([2500.0, 5500.0]) / 10.0).round() as f32 * 10.0;
        What::Order(Command::speed(speed_rpm), "set_speed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minute_has_its_outage_and_a_drill_has_its_calm() {
        for (seed, minutes) in (0..200).map(|seed| (seed, [1, 2, 5, 60][seed as usize % 4])) {
            let plan = Plan::draw(seed, minutes);
            let is_near = |action: &&Action| {
                (plan.drill_s - CALM_S[0]..plan.drill_s + CALM_S[1]).contains(&action.at_s)
            };
            let near: Vec<&Action> = plan
                .actions
                .iter()
                .filter(is_near)
                .filter(|action| !matches!(action.what, What::FullBus { .. }))
                .collect();
            assert_eq!(near.len(), 2, "{near:?}");
            let end_s = f64::from(minutes) * MINUTE_S;
            assert!(plan.drill_s + DRILL_WATCH_S < end_s && (minutes == 1 || plan.drill_s > MINUTE_S));
            for minute in 0..minutes {
                let is_in = |action: &&Action| {
                    matches!(action.what, What::Outage { .. })
                        && (action.at_s / MINUTE_S).floor() == f64::from(minute)
                        && ((action.at_s + OUTAGE_S) / MINUTE_S).floor() == f64::from(minute)
                };
                assert_eq!(plan.actions.iter().filter(is_in).count(), 1, "seed {seed}, minute {minute}");
            }
        }
    }

    #[test]
    fn everything_that_is_drawn_is_allowed_and_happens() {
        let mut kinds = [0_u32; 6];
        for seed in 0..20 {
            for action in Plan::draw(seed, 60).actions {
                let (kind, is_allowed) = match action.what {
                    What::Order(..) | What::HandBack { .. } | What::Drill => (0, true),
                    What::Load(disturbance) => (1, disturbance.check().is_ok()),
                    What::Outage { .. } => (2, true),
                    What::Trouble { broken: Broken::Bus(fault), .. } => (3, fault.check().is_ok()),
                    What::Trouble { broken: Broken::World(fault), .. } => (4, fault.check().is_ok()),
                    What::Trouble { .. } => (0, false),
                    What::FullBus { duration_s } => (5, duration_s < 19.0),
                };
                kinds[kind] += 1;
                assert!(is_allowed, "{action:?}");
            }
        }
        assert!(kinds.iter().all(|count| *count > 100), "{kinds:?}");
    }

    #[test]
    fn the_plants_of_neighbouring_hours_have_nothing_in_common() {
        let plans: Vec<Plan> = (1000..1600).map(|seed| Plan::draw(seed, 1)).collect();
        for factor in 0..plans[0].corner.levels.len() {
            let level = |index: usize| plans[index].corner.levels[factor];
            let same = (1..plans.len()).filter(|index| level(*index) == level(index - 1)).count();
            assert!((150..250).contains(&same), "factor {factor}: {same} of 600, a third is expected");
        }
    }
}
