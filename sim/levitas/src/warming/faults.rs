// SPDX-License-Identifier: Apache-2.0
//! Every fault of the warming device alone, and every pair: those of which a bound is asked, and those that are wholly in the cut-out's
//! chain, of which none is.

use levitas_core::warming::Aim;
use levitas_core::warming::conditions::TABLE;
use levitas_world::{TemperatureFault, WarmingFault, WarmingSensor};

use super::rig::Rig;
use super::{BLOOD_CELSIUS_MAX, WATER_CELSIUS_MAX};
use crate::corners::pool;
use crate::input::Checked;

/// A drift that reaches its 10 K within a run [K/s].
const DRIFT_K_PER_S: f64 = 0.02;
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
                    TemperatureFault::Drift { k_per_s } if *k_per_s > 0.0 => "drifts up",
                    TemperatureFault::Drift { .. } => "drifts down",
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
pub(super) const SITUATIONS: [Situation; 4] = [
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
];

impl Situation {
    fn rig(&self, seed: u64) -> Checked<Rig> {
        let mut rig = Rig::new(self.patient_celsius, self.flow_lpm, seed)?;
        rig.set(Aim::Blood, 37.0, self.celsius_per_h)?;
        rig.settle(self.settled_s);
        Ok(rig)
    }
}

/// A fault alone.
#[derive(Clone, Debug)]
pub struct Single {
    /// What breaks.
    pub fault: String,
    /// Conditions that are told, by name.
    pub told: Vec<&'static str>,
    /// The first of them, after the fault [s].
    pub told_s: Option<f64>,
    /// Hottest water and blood [C].
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
pub(super) fn singles(jobs: usize, done: &(dyn Fn() + Sync)) -> Checked<Vec<Single>> {
    let settled = SITUATIONS[0].rig(1)?;
    let work = |fault: &Broken| {
        let mut rig = settled.clone();
        rig.break_down(fault)?;
        rig.run(AFTER_S, |_| {});
        let extremes = rig.extremes;
        let told = TABLE.iter().filter(|(bit, ..)| extremes.conditions & bit != 0).map(|(_, name, _)| *name);
        Ok(Single {
            fault: fault.name(),
            told: told.collect(),
            told_s: extremes.told_s,
            celsius: [extremes.water_celsius, extremes.blood_celsius],
        })
    };
    pool::carry_out(&all(), jobs, &work, done)
}

/// Each pair that is wholly in the cut-out's chain, or each that is not, together and one after the other, in the first so many
/// situations.
pub(super) fn pairs(
    in_chain: bool,
    situations: usize,
    jobs: usize,
    done: &(dyn Fn() + Sync),
) -> Checked<Vec<Pairs>> {
    let faults = all();
    let mut drawn = Vec::new();
    for (index, first) in faults.iter().enumerate() {
        for second in &faults[index + 1..] {
            if in_chain == (first.is_in_cut_out() && second.is_in_cut_out()) {
                drawn.extend([
                    (*first, *second, 0.0),
                    (*first, *second, LATER_S),
                    (*second, *first, LATER_S),
                ]);
            }
        }
    }
    let mut all = Vec::new();
    for situation in &SITUATIONS[..situations.min(SITUATIONS.len())] {
        let settled = situation.rig(1)?;
        let work = |(first, second, later_s): &(Broken, Broken, f64)| {
            let mut rig = settled.clone();
            rig.break_down(first)?;
            rig.run(*later_s, |_| {});
            rig.break_down(second)?;
            rig.run(AFTER_S, |_| {});
            Ok([rig.extremes.water_celsius, rig.extremes.blood_celsius])
        };
        let found = pool::carry_out(&drawn, jobs, &work, &|| {})?;
        done();
        let hottest = |part: usize| {
            let hotter = |a: &usize, b: &usize| found[*a][part].total_cmp(&found[*b][part]);
            let at = (0..found.len()).max_by(hotter).unwrap_or(0);
            let (first, second, later_s) = &drawn[at];
            let order = if *later_s > 0.0 { "then" } else { "and" };
            (found[at][part], format!("{} {order} {}", first.name(), second.name()))
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
