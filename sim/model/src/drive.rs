// SPDX-License-Identifier: Apache-2.0
//! The pair with the times of the product: faults, orders and lost frames are drawn from a seed.
//!
//! The search runs on short times, since every state counts. Whether the bounds hold in milliseconds as well is seen here.

use levitas_core::arbitration::Order;
use levitas_core::link::UnitCode;
use levitas_core::unit::Role;
use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;

use crate::pair::{Fate, Pair, Period, Power, Sensors, Stage, Wire};
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
            nobody: self.nobody.max(other.nobody),
            changed: self.changed || other.changed,
        }
    }
}

/// One run under one fault.
#[must_use]
pub fn drive(rules: &Rules, fault: Fault, seed: u64) -> Met {
    let mut random = Random(Pcg32::new(seed, 0x9e37_79b9_7f4a_7c15));
    let mut pair = Pair::new(rules);
    let first = random.below(2) as usize;
    let struck_at = START_PERIODS + random.below(PERIODS / 2);
    let restarts_at = struck_at + 1 + random.below(PERIODS / 4);
    let mut met = Met::default();
    for index in 0..PERIODS {
        let mut period = Period { fates: [Fate::Arrives; 2], order: None, skips: None };
        for (to, fate) in period.fates.iter_mut().enumerate() {
            let losable = fault == Fault::Link || pair.sides[to].would_stay_fresh(rules);
            *fate = match random.below(100) {
                0 if losable => Fate::Lost,
                1 => Fate::Late,
                2..70 if fault == Fault::Link && index > struck_at => Fate::Lost,
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
        if index == struck_at {
            random.strike(&mut pair, fault);
        }
        if index == restarts_at {
            restart(&mut pair, rules);
        }
        pair.wanted |= pair.may_lift_off();
        pair.step(&period, rules);
        met = met.worst(Met {
            overlap: pair.overlap,
            nobody: pair.nobody,
            backed: if pair.backed { pair.nobody } else { 0 },
            changed: pair.sides[1 - first].is_open,
        });
    }
    met
}

fn restart(pair: &mut Pair, rules: &Rules) {
    let roles = [Role::Host, Role::EmergencyDrive];
    for (side, role) in pair.sides.iter_mut().zip(roles) {
        if side.power != Power::On {
            side.restart(role, rules.times, true);
        }
    }
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

    fn strike(&mut self, pair: &mut Pair, fault: Fault) {
        let second = self.below(2) == 0;
        match fault {
            Fault::Nothing | Fault::Link => {}
            Fault::Line(unit) | Fault::LinkAndLine(unit) => {
                pair.sides[unit].wire = if second { Wire::Cut } else { Wire::Stuck };
            }
            Fault::Unit(unit) => {
                let stage = self.below(2) == 0;
                match (second, stage) {
                    (false, false) => pair.sides[unit].power = Power::Off,
                    (false, true) => pair.sides[unit].power = Power::Hung,
                    (true, false) => pair.sides[unit].stage = Stage::Dead,
                    (true, true) => pair.sides[unit].stage = Stage::Open,
                }
            }
            Fault::Sensors(unit) => {
                pair.sides[unit].sensors = if second { Sensors::Lost } else { Sensors::Wrong };
            }
        }
    }
}
