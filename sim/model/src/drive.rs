// SPDX-License-Identifier: Apache-2.0
//! The pair with the times of the product: faults, orders and lost frames are drawn from a seed.
//!
//! The search runs on short times, since every state counts. Whether the bounds hold in milliseconds as well is seen here.

use levitas_core::arbitration::Order;
use levitas_core::link::UnitCode;
use levitas_core::unit::Role;
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;

use crate::pair::{Cover, Fate, Pair, Period, Power, Sensors, Stage, Wire};
use crate::rules::Rules;
use crate::search::Fault;

/// Periods of a run: 0.4 s.
const PERIODS: u32 = 8_000;
/// Periods until the rotor is held and both units have found each other.
const START_PERIODS: u32 = 400;

/// What a run has met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Longest time for which both drove [periods].
    pub overlap: u8,
    /// Longest time for which nobody held the rotor although a unit was ready [periods].
    pub backed: u8,
    /// Longest time for which nobody held it on its way from one unit to the other, or back [periods].
    pub ordered: u8,
    /// Longest time for which nobody held a rotor that somebody could hold [periods].
    pub nobody: u8,
    /// The other unit holds the rotor than the one that began.
    pub changed: bool,
}

impl Met {
    /// The worse of both, figure by figure.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        Self {
            overlap: self.overlap.max(other.overlap),
            backed: self.backed.max(other.backed),
            ordered: self.ordered.max(other.ordered),
            nobody: self.nobody.max(other.nobody),
            changed: self.changed || other.changed,
        }
    }
}

/// One run under one fault.
#[must_use]
pub fn drive(rules: &Rules, fault: Fault, seed: u64) -> Met {
    let mut random = Random(Pcg32::new(seed, 0x9e37_79b9_7f4a_7c15));
    let mut pair = Pair::started(rules, [false; 2]);
    let first = random.below(2) as usize;
    let mut strikes = Strikes { next: START_PERIODS + random.below(PERIODS / 2), left: rules.strikes_max };
    let mut is_lossy = false;
    let mut met = Met::default();
    for index in 0..PERIODS {
        let mut period = Period { fates: [Fate::Arrives; 2], order: None, skips: None };
        for (to, fate) in period.fates.iter_mut().enumerate() {
            let losable = fault == Fault::Link || pair.sides[to].would_stay_fresh(rules);
            *fate = match random.below(100) {
                0 if losable => Fate::Lost,
                1 => Fate::Late,
                2..70 if is_lossy => Fate::Lost,
                _ => Fate::Arrives,
            };
        }
        // 100 ppm between the clocks would be a period in 10 000.
        period.skips = (random.below(2_000) == 0).then(|| random.below(2) as usize);
        match index {
            START_PERIODS => period.order = Some((first, Order::Start { alone: false })),
            _ if index > START_PERIODS && random.below(1_000) == 0 => {
                period.order = Some(random.order(&pair))
            }
            _ => {}
        }
        if index == strikes.next {
            is_lossy = fault == Fault::Link && !is_lossy;
            strikes.next = random.strike(&mut pair, fault, &mut strikes.left, index, rules);
        }
        pair.wanted |= pair.may_lift_off();
        pair.step(&period, rules);
        let nobody = |cover| if pair.cover == cover { pair.nobody } else { 0 };
        met = met.worst(Met {
            overlap: pair.overlap,
            backed: nobody(Cover::Backup),
            ordered: nobody(Cover::Ordered),
            nobody: nobody(Cover::Anybody),
            changed: pair.sides[1 - first].is_open,
        });
    }
    met
}

/// When the fault strikes next, and how often it still does.
struct Strikes {
    next: u32,
    left: u8,
}

struct Random(Pcg32);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0.next_u32() % bound
    }

    fn order(&mut self, pair: &Pair) -> (usize, Order) {
        let unit = self.below(2) as usize;
        let order = match pair.sides[unit].machine.code() {
            UnitCode::Active if self.below(2) == 0 => Order::HandBack,
            UnitCode::Active => Order::Drill,
            _ => Order::Rejoin,
        };
        (unit, order)
    }

    /// The fault comes, goes or changes. The period in which it does so next.
    fn strike(&mut self, pair: &mut Pair, fault: Fault, left: &mut u8, index: u32, rules: &Rules) -> u32 {
        if *left == 0 && pair.sides.iter().all(|side| side.power == Power::On) {
            return u32::MAX;
        }
        let is_over = match fault {
            Fault::Nothing | Fault::Link => false,
            Fault::Line(unit) | Fault::LinkAndLine(unit) | Fault::LineUnbacked(unit) => {
                let wires = [Wire::Good, Wire::Cut, Wire::Stuck];
                let others = wires.into_iter().filter(|wire| *wire != pair.sides[unit].wire);
                let wire = others.clone().nth(self.below(2) as usize).unwrap_or(Wire::Cut);
                pair.sides[unit].wire = wire;
                wire == Wire::Good
            }
            Fault::Unit(unit) | Fault::Unbacked(unit) => self.strike_unit(pair, unit, *left == 1, rules),
            Fault::Sensors(unit) => {
                let faults = [Sensors::Lost, Sensors::Wrong];
                let side = &mut pair.sides[unit];
                let recovers = side.sensors != Sensors::Good;
                side.sensors = if recovers { Sensors::Good } else { faults[self.below(2) as usize] };
                recovers
            }
        };
        *left -= u8::from(!is_over);
        let scale = [20, 100, PERIODS / 4][self.below(3) as usize];
        // What has been struck for the last time stays so, but a unit is started again.
        let goes_on = *left > 0 || matches!(fault, Fault::Unit(_) | Fault::Unbacked(_));
        if goes_on { index + 1 + self.below(scale) } else { u32::MAX }
    }

    /// True if a unit that did not run does so again.
    fn strike_unit(&mut self, pair: &mut Pair, unit: usize, is_last: bool, rules: &Rules) -> bool {
        let side = &mut pair.sides[unit];
        let role = [Role::Host, Role::EmergencyDrive][unit];
        match (side.power, self.below(4)) {
            (Power::Hung, 0 | 1) => side.power = Power::On,
            (Power::Hung | Power::Off, _) => side.restart(role, rules.unit_times(), true),
            (Power::On, 0 | 1) if is_last => {
                side.stage = [Stage::Dead, Stage::Open][self.below(2) as usize];
                return false;
            }
            (Power::On, 0) => {
                side.power = Power::Off;
                return false;
            }
            (Power::On, _) => {
                side.power = Power::Hung;
                return false;
            }
        }
        true
    }
}
