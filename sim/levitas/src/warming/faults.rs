// SPDX-License-Identifier: Apache-2.0
//! Every fault of the warming device alone, and every pair: those of which a bound is asked, and those that are wholly in the cut-out's
//! chain, of which none is. Of a fault alone the worst over the seeds is shown; runs of pairs take the seeds by turns, and each draws how
//! fast its sensors drift.

use levitas_core::warming::Aim;
use levitas_core::warming::conditions::TABLE;
use levitas_world::{TemperatureFault, WarmingFault, WarmingSensor};

use super::rig::Rig;
use super::{BLOOD_CELSIUS_MAX, Effort, WATER_CELSIUS_MAX};
use crate::corners::pool;
use crate::flow_meter::Dice;
use crate::input::Checked;

/// A drift that reaches its 10 K within a run [K/s]: that of a fault alone.
const DRIFT_K_PER_S: f64 = 0.02;
/// Drifts of pairs, by their logarithm [K/s]: from 1.2 K at the end of a run to 10 K within ten seconds.
const DRIFT_RANGE_K_PER_S: [f64; 2] = [0.001, 1.0];
/// They are whole multiples of this, so that a name says all of it [K/s].
const DRIFT_STEP_K_PER_S: f64 = 1e-4;
/// Seed of what is drawn.
const DRAW: u64 = 0x7761_726d;
/// Time after the faults [s].
const AFTER_S: f64 = 1200.0;
/// The second fault comes so long after the first [s].
const LATER_S: f64 = 120.0;

/// What breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Broken {
    /// Something of the device.
    Device(WarmingFault),
    /// The control task stands; its outputs stay as they were.
    ControlStalls,
    /// The cut-out task stands; its output stays as it was.
    CutOutStalls,
    /// The blood stands still.
    BloodStops,
}

impl Broken {
    /// It is in the chain of the cut-out.
    pub(super) fn is_in_cut_out(&self) -> bool {
        match self {
            Self::Device(WarmingFault::Sensor(sensor, _)) => {
                matches!(sensor, WarmingSensor::CutOutWater | WarmingSensor::CutOutBlood)
            }
            Self::Device(WarmingFault::CutOutRelayWelded) | Self::CutOutStalls => true,
            _ => false,
        }
    }

    /// In words.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Device(WarmingFault::Sensor(sensor, fault)) => {
                let sensor = match sensor {
                    WarmingSensor::WaterA => "water sensor A",
                    WarmingSensor::WaterB => "water sensor B",
                    WarmingSensor::Blood => "blood sensor",
                    WarmingSensor::CutOutWater => "cut-out's water sensor",
                    WarmingSensor::CutOutBlood => "cut-out's blood sensor",
                };
                let fault = match fault {
                    TemperatureFault::Open => "open",
                    TemperatureFault::Short => "shorted",
                    TemperatureFault::Stuck => "stuck",
                    TemperatureFault::Drift { k_per_s } => {
                        let direction = if *k_per_s > 0.0 { "up" } else { "down" };
                        return format!("{sensor} drifts {direction} by {:.4} K/s", k_per_s.abs());
                    }
                };
                return format!("{sensor} {fault}");
            }
            Self::Device(WarmingFault::HeaterStuckOn) => "heater stuck on",
            Self::Device(WarmingFault::RelayWelded) => "control's relay welded",
            Self::Device(WarmingFault::CutOutRelayWelded) => "cut-out's relay welded",
            Self::Device(WarmingFault::PowerMeterDead) => "power meter dead",
            Self::Device(WarmingFault::LevelStuck) => "level sensor stuck",
            Self::Device(WarmingFault::WaterFlowStuck) => "water flow sensor stuck",
            Self::Device(WarmingFault::WaterLoss { .. }) => "water runs out, 2 L/min",
            Self::Device(WarmingFault::WaterPumpStops) => "water pump stands",
            Self::Device(WarmingFault::Leakage { .. }) => "heater leaks 5 mA",
            Self::ControlStalls => "control task stands",
            Self::CutOutStalls => "cut-out task stands",
            Self::BloodStops => "blood stands",
        }
        .to_owned()
    }

    /// The same, with a drift that is drawn.
    fn drawn(self, dice: &mut Dice) -> Self {
        let Self::Device(WarmingFault::Sensor(sensor, TemperatureFault::Drift { k_per_s })) = self else {
            return self;
        };
        let [slowest, fastest] = DRIFT_RANGE_K_PER_S.map(f64::ln);
        let size = (dice.between(slowest, fastest).exp() / DRIFT_STEP_K_PER_S).round() * DRIFT_STEP_K_PER_S;
        let drift = TemperatureFault::Drift { k_per_s: size.copysign(k_per_s) };
        Self::Device(WarmingFault::Sensor(sensor, drift))
    }
}

/// All faults.
pub(super) fn all() -> Vec<Broken> {
    let mut faults: Vec<Broken> = [
        WarmingFault::HeaterStuckOn,
        WarmingFault::RelayWelded,
        WarmingFault::PowerMeterDead,
        WarmingFault::LevelStuck,
        WarmingFault::WaterFlowStuck,
        WarmingFault::WaterLoss { lpm: 2.0 },
        WarmingFault::WaterPumpStops,
        WarmingFault::Leakage { ma: 5.0 },
        WarmingFault::CutOutRelayWelded,
    ]
    .map(Broken::Device)
    .into();
    faults.extend([Broken::ControlStalls, Broken::CutOutStalls, Broken::BloodStops]);
    for sensor in WarmingSensor::ALL {
        let kinds = [
            TemperatureFault::Open,
            TemperatureFault::Short,
            TemperatureFault::Stuck,
            TemperatureFault::Drift { k_per_s: DRIFT_K_PER_S },
            TemperatureFault::Drift { k_per_s: -DRIFT_K_PER_S },
        ];
        faults.extend(kinds.map(|kind| Broken::Device(WarmingFault::Sensor(sensor, kind))));
    }
    faults
}

/// What goes on when something breaks: patient, flow, target and rate, settled for so long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Situation {
    name: &'static str,
    patient_celsius: f64,
    flow_lpm: f64,
    celsius_per_h: f32,
    settled_s: f64,
}

/// All of them; the first is that of the table of single faults.
pub(super) const SITUATIONS: [Situation; 5] = [
    Situation {
        name: "steady at 37 C, 4 L/min",
        patient_celsius: 37.0,
        flow_lpm: 4.0,
        celsius_per_h: 0.5,
        settled_s: 1800.0,
    },
    Situation {
        name: "rewarming at full power, 4 L/min",
        patient_celsius: 35.0,
        flow_lpm: 4.0,
        celsius_per_h: 6.0,
        settled_s: 300.0,
    },
    Situation {
        name: "steady at 37 C, 1 L/min",
        patient_celsius: 37.0,
        flow_lpm: 1.0,
        celsius_per_h: 0.5,
        settled_s: 1800.0,
    },
    Situation {
        name: "rewarming at full power, 6 L/min",
        patient_celsius: 35.0,
        flow_lpm: 6.0,
        celsius_per_h: 6.0,
        settled_s: 300.0,
    },
    Situation {
        name: "steady at 37 C, blood stands",
        patient_celsius: 37.0,
        flow_lpm: 0.0,
        celsius_per_h: 0.5,
        settled_s: 1800.0,
    },
];

impl Situation {
    fn rig(&self, seed: u64) -> Checked<Rig> {
        let mut rig = Rig::new(self.patient_celsius, self.flow_lpm, seed)?;
        rig.set(Aim::Blood, 37.0, self.celsius_per_h)?;
        rig.settle(self.settled_s);
        Ok(rig)
    }

    /// A rig of each seed.
    fn rigs(&self, seeds: u64, jobs: usize) -> Checked<Vec<Rig>> {
        let seeds: Vec<u64> = (1..=seeds).collect();
        pool::carry_out(&seeds, jobs, &|seed| self.rig(*seed), &|| {})
    }
}

/// A fault alone.
#[derive(Clone, Debug)]
pub struct Single {
    /// What breaks.
    pub fault: String,
    /// Conditions that are told with every seed, by name.
    pub told: Vec<&'static str>,
    /// The first of all, after the fault, at the latest [s]; `None` when there is a seed with which nothing is told.
    pub told_s: Option<f64>,
    /// Hottest water and blood of all seeds [C].
    pub celsius: [f64; 2],
}

/// All pairs of a situation.
#[derive(Clone, Debug)]
pub struct Pairs {
    /// What went on.
    pub situation: &'static str,
    /// How many runs.
    pub count: usize,
    /// Hottest water, and in which pair [C].
    pub water: (f64, String),
    /// Hottest blood, likewise [C].
    pub blood: (f64, String),
}

/// Each fault alone, steady at 37 C.
pub(super) fn singles(seeds: u64, jobs: usize, done: &(dyn Fn() + Sync)) -> Checked<Vec<Single>> {
    let settled = SITUATIONS[0].rigs(seeds, jobs)?;
    let work = |fault: &Broken| {
        let (mut conditions, mut told_s, mut hottest) = (u32::MAX, Some(0.0_f64), [f64::NEG_INFINITY; 2]);
        for rig in &settled {
            let mut rig = rig.clone();
            rig.break_down(fault)?;
            rig.run(AFTER_S, |_| {});
            let extremes = rig.extremes;
            conditions &= extremes.conditions;
            told_s = told_s.zip(extremes.told_s).map(|(latest, this)| latest.max(this));
            hottest = rig.hotter(hottest);
        }
        let told = TABLE.iter().filter(|(bit, ..)| conditions & bit != 0).map(|(_, name, _)| *name);
        Ok(Single { fault: fault.name(), told: told.collect(), told_s, celsius: hottest })
    };
    pool::carry_out(&all(), jobs, &work, done)
}

/// A run of a pair.
struct Run {
    broken: [Broken; 2],
    /// The second one comes so long after the first [s].
    later_s: f64,
    seed: u64,
}

/// Each pair that is wholly in the cut-out's chain, or each that is not, together and one after the other, with the seeds by turns.
fn plan(in_chain: bool, seeds: u64, dice: &mut Dice) -> Vec<Run> {
    let faults = all();
    let mut runs: Vec<Run> = Vec::new();
    for (index, first) in faults.iter().enumerate() {
        let others = faults[index + 1..].iter();
        for second in others.filter(|second| in_chain == (first.is_in_cut_out() && second.is_in_cut_out())) {
            for (one, other, later_s) in
                [(first, second, 0.0), (first, second, LATER_S), (second, first, LATER_S)]
            {
                let at = runs.len() as u64;
                // Each order takes the seeds by turns, and the orders of a pair take different ones.
                let seed = 1 + (at / 3 + at % 3) % seeds;
                runs.push(Run { broken: [one.drawn(dice), other.drawn(dice)], later_s, seed });
            }
        }
    }
    runs
}

/// What [`plan`] says, in the first so many situations.
pub(super) fn pairs(in_chain: bool, effort: Effort, done: &(dyn Fn() + Sync)) -> Checked<Vec<Pairs>> {
    let mut dice = Dice::new(DRAW);
    let mut all = Vec::new();
    for situation in &SITUATIONS[..effort.situations.min(SITUATIONS.len())] {
        let settled = situation.rigs(effort.seeds, effort.jobs)?;
        let runs = plan(in_chain, effort.seeds, &mut dice);
        let work = |run: &Run| {
            let mut rig = settled[run.seed as usize - 1].clone();
            let [first, second] = &run.broken;
            rig.break_down(first)?;
            rig.run(run.later_s, |_| {});
            rig.break_down(second)?;
            rig.run(AFTER_S, |_| {});
            Ok(rig.hotter([f64::NEG_INFINITY; 2]))
        };
        let found = pool::carry_out(&runs, effort.jobs, &work, &|| {})?;
        done();
        let hottest = |part: usize| {
            let by_part = |a: &usize, b: &usize| found[*a][part].total_cmp(&found[*b][part]);
            let at = (0..found.len()).max_by(by_part).unwrap_or(0);
            let Run { broken: [first, second], later_s, seed } = &runs[at];
            let order = if *later_s > 0.0 { "then" } else { "and" };
            (found[at][part], format!("{} {order} {}, seed {seed}", first.name(), second.name()))
        };
        all.push(Pairs {
            situation: situation.name,
            count: found.len(),
            water: hottest(0),
            blood: hottest(1),
        });
    }
    Ok(all)
}

impl Single {
    /// One line when a bound does not hold.
    pub(super) fn finding(&self) -> Option<String> {
        beyond(&self.fault, self.celsius)
    }
}

impl Pairs {
    /// One line when a bound does not hold.
    pub(super) fn finding(&self) -> Option<String> {
        beyond(
            &format!("{}: {}; {}", self.situation, self.water.1, self.blood.1),
            [self.water.0, self.blood.0],
        )
    }
}

/// Water or blood that is too warm, or no number.
fn beyond(what: &str, [water, blood]: [f64; 2]) -> Option<String> {
    let holds = water <= WATER_CELSIUS_MAX && blood <= BLOOD_CELSIUS_MAX;
    (!holds).then(|| format!("{what}: water {water:.2} C, blood {blood:.2} C"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every order of every pair of kinds is there; each seed has its share of each order, and drifts fill their range.
    #[test]
    fn runs_have_all_seeds_in_every_order_and_drifts_of_every_speed() {
        for seeds in 1..=4 {
            let runs = plan(false, seeds, &mut Dice::new(DRAW));
            for order in 0..3 {
                let of_order = runs.iter().skip(order).step_by(3);
                for seed in 1..=seeds {
                    let own = of_order.clone().filter(|run| run.seed == seed).count();
                    let expected = runs.len() / 3 / seeds as usize;
                    assert!(own.abs_diff(expected) <= 1, "{seed} of {seeds}, order {order}: {own}");
                }
            }
        }
        let runs = plan(false, 3, &mut Dice::new(DRAW));
        let drifts = runs.iter().flat_map(|run| run.broken).filter_map(|broken| match broken {
            Broken::Device(WarmingFault::Sensor(_, TemperatureFault::Drift { k_per_s })) => Some(k_per_s),
            _ => None,
        });
        let (mut up, mut down): (Vec<f64>, Vec<f64>) = drifts.partition(|k_per_s| *k_per_s > 0.0);
        down.iter_mut().for_each(|k_per_s| *k_per_s = -*k_per_s);
        for sizes in [&mut up, &mut down] {
            sizes.sort_by(f64::total_cmp);
            let [slowest, fastest] = DRIFT_RANGE_K_PER_S;
            assert!(sizes[0] >= slowest && sizes[sizes.len() - 1] <= fastest);
            // By the logarithm: a third of them in each decade.
            for decade in [[0.001, 0.01], [0.01, 0.1], [0.1, 1.0]] {
                let own = sizes.iter().filter(|size| (decade[0]..decade[1]).contains(*size)).count();
                let part = own as f64 / sizes.len() as f64;
                assert!((0.28..0.39).contains(&part), "{decade:?}: {part}");
            }
        }
    }
}
