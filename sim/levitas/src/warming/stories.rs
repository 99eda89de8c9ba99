// SPDX-License-Identifier: Apache-2.0
//! Rows about temperatures: one story each, with each figure beside its bound.

use levitas_core::warming::Aim;
use levitas_core::warming::conditions::HEATER;
use levitas_world::{TemperatureFault, WarmingFault, WarmingSensor};

use super::faults::{self, Broken};
use super::rig::{PERIOD_S, Rig};
use super::{BLOOD_CELSIUS_MAX, THERMOSTAT_WATER_CELSIUS_MAX, WATER_CELSIUS_MAX};
use crate::input::Checked;

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What happens.
    pub story: &'static str,
    /// What is measured, with its unit.
    pub figure: &'static str,
    /// The worst over the seeds.
    pub worst: f64,
    /// Largest allowed.
    pub bound: f64,
}

impl Row {
    /// One line when it does not hold.
    #[must_use]
    pub fn finding(&self) -> Option<String> {
        let holds = self.worst <= self.bound;
        (!holds)
            .then(|| format!("{}: {} is {:.3}, allowed {}", self.story, self.figure, self.worst, self.bound))
    }
}

/// Figures of one seed, in the order of their rows.
type Figures = Vec<Row>;
/// A story with its seed.
pub(super) type Story = fn(u64) -> Checked<Figures>;

/// All stories.
pub(super) const STORIES: [Story; 12] = [
    rewarming,
    at_full_power,
    cooling,
    cold_water,
    cold_and_open,
    water_target,
    steady,
    slow_drift,
    broken_before,
    back_again,
    cut_out_alone,
    thermostat_alone,
];

/// Blood over the target that may be, in either direction [K].
const OVERSHOOT_K: f64 = 0.2;
const STEADY_K: f64 = 0.1;

fn row(story: &'static str, figure: &'static str, worst: f64, bound: f64) -> Row {
    Row { story, figure, worst, bound }
}

/// The steepest rise, or fall, of the blood over ten minutes [C/h].
fn steepest(trace: &[f64], sign: f64) -> f64 {
    const LAG: usize = (600.0 / PERIOD_S) as usize;
    trace.iter().zip(trace.iter().skip(LAG)).map(|(old, new)| sign * (new - old) * 6.0).fold(0.0, f64::max)
}

/// From 33 C to 37 C by the rate, which takes so many hours at most, and an hour and a half more.
fn rewarm(story: &'static str, celsius_per_h: f32, hours_max: f64, seed: u64) -> Checked<Figures> {
    let mut rig = Rig::new(33.0, 4.0, seed)?;
    rig.set(Aim::Blood, 37.0, celsius_per_h)?;
    rig.settle(0.0);
    let mut trace = Vec::new();
    let hours = 4.0 / f64::from(celsius_per_h) + 1.5;
    rig.run(3600.0 * hours, |rig| trace.push(rig.lung_celsius()));
    let hour = (3600.0 / PERIOD_S) as usize;
    let last_hour = &trace[trace.len() - hour..];
    let hottest = trace.iter().fold(f64::NEG_INFINITY, |hottest, celsius| hottest.max(*celsius));
    let off = last_hour.iter().fold(0.0_f64, |off, celsius| off.max((celsius - 37.0).abs()));
    let there_h =
        trace.iter().position(|celsius| *celsius > 36.9).map_or(f64::NAN, |at| at as f64 * PERIOD_S / 3600.0);
    let extremes = rig.extremes;
    Ok(vec![
        row(story, "overshoot [K]", (hottest - 37.0).max(0.0), OVERSHOOT_K),
        row(story, "off in the last hour [K]", off, STEADY_K),
        row(
            story,
            "steepest rise over ten minutes, over the rate [C/h]",
            steepest(&trace, 1.0) - f64::from(celsius_per_h),
            0.5,
        ),
        row(story, "water over blood [K]", extremes.water_over_blood_k, 10.0),
        row(story, "hottest water [C]", extremes.water_celsius, 40.0),
        row(story, "at 36.9 C after [h]", there_h, hours_max),
        row(story, "conditions told [1]", f64::from(extremes.conditions.count_ones()), 0.0),
    ])
}

fn rewarming(seed: u64) -> Checked<Figures> {
    rewarm("33 to 37 C at 0.5 C/h, 4 L/min", 0.5, 8.0, seed)
}

fn at_full_power(seed: u64) -> Checked<Figures> {
    rewarm("33 to 37 C at 6 C/h, 4 L/min: the heater at its limit", 6.0, 1.0, seed)
}

/// What is let cool does not fall faster than was asked, and stops where it should.
fn cooling(seed: u64) -> Checked<Figures> {
    const STORY: &str = "37 to 36 C at 0.5 C/h, 4 L/min";
    let mut rig = Rig::new(37.0, 4.0, seed)?;
    rig.set(Aim::Blood, 37.0, 0.5)?;
    rig.settle(1800.0);
    rig.set(Aim::Blood, 36.0, 0.5)?;
    let mut trace = Vec::new();
    rig.run(6.0 * 3600.0, |rig| trace.push(rig.lung_celsius()));
    let coldest = trace.iter().fold(f64::INFINITY, |coldest, celsius| coldest.min(*celsius));
    let at =
        trace.iter().position(|celsius| *celsius < 36.1).map_or(f64::NAN, |at| at as f64 * PERIOD_S / 3600.0);
    Ok(vec![
        row(STORY, "undershoot [K]", (36.0 - coldest).max(0.0), OVERSHOOT_K),
        row(STORY, "steepest fall over ten minutes, over the rate [C/h]", steepest(&trace, -1.0) - 0.5, 0.5),
        row(STORY, "at 36.1 C after [h]", at, 6.0),
    ])
}

/// A litre at room temperature must not reach the patient.
fn cold_water(seed: u64) -> Checked<Figures> {
    const STORY: &str = "water of 22 C, patient of 37 C, 4 L/min: the first ten minutes";
    let mut rig = Rig::new(37.0, 4.0, seed)?;
    rig.run(60.0, |_| {});
    let (before, mut coldest) = (rig.lung_celsius(), f64::INFINITY);
    rig.set(Aim::Blood, 37.0, 0.5)?;
    rig.run(600.0, |rig| coldest = coldest.min(rig.lung_celsius()));
    Ok(vec![row(STORY, "fall of the blood [K]", before - coldest, 0.2)])
}

/// Nothing is heated because the cut-out is open, or the pump comes back when the water has become cold: neither reaches the patient.
fn cold_and_open(seed: u64) -> Checked<Figures> {
    const STORY: &str = "water of 22 C, patient of 37 C, 4 L/min, cut-out open: the first ten minutes";
    const PUMP: &str = "37 C held, 4 L/min, cut-out opens, pump stands for two hours and comes back";
    let own = WarmingFault::Sensor(WarmingSensor::CutOutWater, TemperatureFault::Open);
    let mut rig = Rig::new(37.0, 4.0, seed)?;
    rig.break_down(&Broken::Device(own))?;
    rig.run(60.0, |_| {});
    let (before, mut coldest) = (rig.lung_celsius(), f64::INFINITY);
    rig.set(Aim::Blood, 37.0, 0.5)?;
    rig.run(600.0, |rig| coldest = coldest.min(rig.lung_celsius()));
    let at_start = before - coldest;
    let mut rig = Rig::new(37.0, 4.0, seed)?;
    rig.set(Aim::Blood, 37.0, 0.5)?;
    rig.settle(1800.0);
    rig.break_down(&Broken::Device(own))?;
    rig.break_down(&Broken::Device(WarmingFault::WaterPumpStops))?;
    rig.run(7200.0, |_| {});
    let (before, mut coldest) = (rig.lung_celsius(), f64::INFINITY);
    rig.bench.clear();
    rig.run(600.0, |rig| coldest = coldest.min(rig.lung_celsius()));
    Ok(vec![
        row(STORY, "fall of the blood [K]", at_start, 0.2),
        row(PUMP, "fall of the blood in the ten minutes after [K]", before - coldest, 0.2),
    ])
}

fn water_target(seed: u64) -> Checked<Figures> {
    const STORY: &str = "water to 38 C at 6 C/h, patient of 35 C, 4 L/min";
    let mut rig = Rig::new(35.0, 4.0, seed)?;
    rig.set(Aim::Water, 38.0, 6.0)?;
    rig.settle(3600.0);
    let mut off = 0.0_f64;
    rig.run(1800.0, |rig| off = off.max((rig.truth().water_celsius - 38.0).abs()));
    Ok(vec![row(STORY, "off after an hour [K]", off, STEADY_K)])
}

/// Every flow, and a flow that changes.
fn steady(seed: u64) -> Checked<Figures> {
    let mut worst = 0.0_f64;
    for flow_lpm in [0.5, 1.0, 2.0, 3.0, 5.0, 7.0] {
        let mut rig = Rig::new(37.0, flow_lpm, seed)?;
        rig.set(Aim::Blood, 37.0, 0.5)?;
        rig.settle(3600.0);
        rig.run(1800.0, |rig| worst = worst.max((rig.lung_celsius() - 37.0).abs()));
    }
    let mut rig = Rig::new(37.0, 4.0, seed)?;
    rig.set(Aim::Blood, 37.0, 0.5)?;
    rig.settle(3600.0);
    let mut changed = 0.0_f64;
    for flow_lpm in [2.0, 6.0, 1.0, 4.0] {
        rig.bench.blood_flow_lpm = flow_lpm;
        rig.run(900.0, |rig| changed = changed.max((rig.lung_celsius() - 37.0).abs()));
    }
    Ok(vec![
        row("37 C held, 0.5 to 7 L/min", "off [K]", worst, STEADY_K),
        row("37 C held, flow stepped 4, 2, 6, 1, 4 L/min", "off [K]", changed, 0.5),
    ])
}

/// A drift that no sensor shows by itself.
fn slow_drift(seed: u64) -> Checked<Figures> {
    const STORY: &str = "37 C held, the control's blood sensor drifts by 1 K/h for four hours";
    let (mut off, mut untold) = (0.0_f64, 0);
    for k_per_h in [-1.0, 1.0] {
        let mut rig = Rig::new(37.0, 4.0, seed)?;
        rig.set(Aim::Blood, 37.0, 0.5)?;
        rig.settle(3600.0);
        let drift = TemperatureFault::Drift { k_per_s: k_per_h / 3600.0 };
        rig.break_down(&Broken::Device(WarmingFault::Sensor(WarmingSensor::Blood, drift)))?;
        rig.run(4.0 * 3600.0, |rig| off = off.max(rig.lung_celsius() - 37.0));
        untold += u8::from(rig.extremes.conditions == 0);
    }
    Ok(vec![
        row(STORY, "blood over its target [K]", off, 1.0),
        row(STORY, "runs in which nothing is told [1]", f64::from(untold), 0.0),
    ])
}

/// What conducts alone is found before the water is heated.
fn broken_before(seed: u64) -> Checked<Figures> {
    let mut untold = 0;
    for fault in [WarmingFault::HeaterStuckOn, WarmingFault::RelayWelded] {
        let mut rig = Rig::new(37.0, 4.0, seed)?;
        rig.break_down(&Broken::Device(fault))?;
        rig.set(Aim::Blood, 37.0, 0.5)?;
        rig.run(60.0, |_| {});
        untold += u8::from(rig.extremes.conditions & HEATER == 0);
    }
    const STORY: &str = "heater stuck on, or relay welded, before the start";
    Ok(vec![row(STORY, "runs in which it is not told [1]", f64::from(untold), 0.0)])
}

/// Two faults, the cut-out opens; both are mended, and half an hour later the button is pressed and the target set anew.
fn back_again(seed: u64) -> Checked<Figures> {
    const STORY: &str =
        "heater stuck on and relay welded, mended after ten minutes, button pressed when it is cool";
    let mut rig = Rig::new(37.0, 4.0, seed)?;
    rig.set(Aim::Blood, 37.0, 6.0)?;
    rig.settle(1800.0);
    for fault in [WarmingFault::HeaterStuckOn, WarmingFault::RelayWelded] {
        rig.break_down(&Broken::Device(fault))?;
    }
    rig.run(600.0, |_| {});
    let opened = rig.has_tripped();
    rig.bench.clear();
    rig.run(1800.0, |_| {});
    let stayed = rig.has_tripped();
    rig.bench.press(true);
    rig.run(1.0, |_| {});
    rig.bench.press(false);
    rig.set(Aim::Blood, 37.0, 6.0)?;
    rig.settle(3600.0);
    let mut off = 0.0_f64;
    rig.run(600.0, |rig| off = off.max((rig.lung_celsius() - 37.0).abs()));
    let wrong = [opened, stayed, !rig.has_tripped()].into_iter().filter(|is_so| !is_so).count();
    Ok(vec![
        row(STORY, "not open, not open until the button, or open after it [1]", wrong as f64, 0.0),
        row(STORY, "off an hour later [K]", off, STEADY_K),
    ])
}

/// The control is gone, and full power comes out of its output for good; with each fault outside of the chain of the cut-out, too.
fn cut_out_alone(seed: u64) -> Checked<Figures> {
    let runaway = |patient_celsius: f64, flow_lpm: f64| -> Checked<Rig> {
        let mut rig = Rig::new(patient_celsius, flow_lpm, seed)?;
        rig.bench.fill(patient_celsius);
        rig.runs_away = true;
        Ok(rig)
    };
    let (mut alone, mut closed) = ([0.0_f64; 2], 0);
    for patient_celsius in [33.0, 37.0] {
        for flow_lpm in [0.0, 0.5, 1.0, 2.0, 4.0, 7.0] {
            let mut rig = runaway(patient_celsius, flow_lpm)?;
            rig.run(3600.0, |_| {});
            alone = rig.hotter(alone);
            closed += u8::from(!rig.has_tripped());
        }
    }
    let mut with_fault = [0.0_f64; 2];
    for fault in faults::all().iter().filter(|fault| !fault.is_in_cut_out()) {
        for flow_lpm in [1.0, 4.0] {
            let mut rig = runaway(37.0, flow_lpm)?;
            rig.break_down(fault)?;
            rig.run(1200.0, |_| {});
            with_fault = rig.hotter(with_fault);
        }
    }
    const STORY: &str = "control task removed, 500 W for good, 0 to 7 L/min, 33 to 37 C";
    const FAULT: &str = "the same at 1 and 4 L/min, 37 C, and each fault outside of the cut-out's chain";
    Ok(vec![
        row(STORY, "hottest water [C]", alone[0], WATER_CELSIUS_MAX),
        row(STORY, "hottest blood [C]", alone[1], BLOOD_CELSIUS_MAX),
        row(STORY, "runs in which it did not open [1]", f64::from(closed), 0.0),
        row(FAULT, "hottest water [C]", with_fault[0], WATER_CELSIUS_MAX),
        row(FAULT, "hottest blood [C]", with_fault[1], BLOOD_CELSIUS_MAX),
    ])
}

/// The control is gone, and the relay of the cut-out is welded: nothing electronic is left.
fn thermostat_alone(seed: u64) -> Checked<Figures> {
    const STORY: &str =
        "control task removed, 500 W for good, cut-out's relay welded, 0 to 7 L/min: the thermostat alone";
    let mut hottest = [0.0_f64; 2];
    for flow_lpm in [0.0, 1.0, 4.0, 7.0] {
        for pump in [None, Some(WarmingFault::WaterPumpStops)] {
            let mut rig = Rig::new(37.0, flow_lpm, seed)?;
            rig.bench.fill(37.0);
            rig.runs_away = true;
            for fault in [Some(WarmingFault::CutOutRelayWelded), pump].into_iter().flatten() {
                rig.break_down(&Broken::Device(fault))?;
            }
            rig.run(2.0 * 3600.0, |_| {});
            hottest = rig.hotter(hottest);
        }
    }
    Ok(vec![
        row(STORY, "hottest water [C]", hottest[0], THERMOSTAT_WATER_CELSIUS_MAX),
        row(STORY, "hottest blood [C]", hottest[1], THERMOSTAT_WATER_CELSIUS_MAX),
    ])
}
