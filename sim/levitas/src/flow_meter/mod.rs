// SPDX-License-Identifier: Apache-2.0
//! How far the flow meter of the core can be trusted, against the ultrasound of the world.
//!
//! | check | what is done | bound |
//! |---|---|---|
//! | error | every flow in saline and blood of 20 to 40 %, at 33 to 39 C, with every meter; zeroed while it was clamped | 5 % of the flow |
//! | error, calibrated | the same, after one known flow: 4 L/min, 30 %, 37 C; and the sound's path from the prime | 2 % or 0.05 L/min |
//! | step | from one flow to another at once; the time until 95 % of the step is read for good | 100 ms |
//! | bubble | 0.3 to 2 mL, bubbles of 2 to 8 mm, alone or among blood | all found |
//! | quiet | pulses, blood that thins, single lost shots, no air | no bubble, never invalid |
//!
//! Errors are those of the mean over two seconds; the scatter of the filtered flow stands beside them.

mod rig;
mod table;

use std::sync::atomic::{AtomicUsize, Ordering};

use levitas_core::circulation::flow_meter::Fluid;
use levitas_world::Blood;

use crate::corners::pool;
use crate::input::Checked;
pub(crate) use rig::Dice;
use rig::Rig;
pub use table::{markdown, plain, to_json};

/// Flows of the table [L/min].
pub const FLOWS_LPM: [f64; 10] = [0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];
const HAEMATOCRITS_PCT: [f64; 4] = [0.0, 20.0, 30.0, 40.0];
const TEMPERATURES_CELSIUS: [f64; 3] = [33.0, 36.0, 39.0];
/// What a meter is calibrated with.
const KNOWN_LPM: f64 = 4.0;
/// Steps from and to [L/min].
const STEPS_LPM: [[f64; 2]; 5] = [[0.0, 4.0], [1.0, 5.0], [5.0, 1.0], [4.0, -1.0], [3.0, 3.8]];

/// Bounds.
const ERROR_PCT: f64 = 5.0;
const CALIBRATED_PCT: f64 = 2.0;
const CALIBRATED_LPM: f64 = 0.05;
const STEP_MS: u32 = 100;

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Meters, each with errors of its own.
    pub meters: u32,
    /// Runs with a bubble.
    pub bubbles: u32,
    /// Hours without one.
    pub quiet_h: f64,
}

/// The worst error at a flow.
#[derive(Clone, Copy, Debug)]
pub struct FlowRow {
    /// True flow [L/min].
    pub flow_lpm: f64,
    /// Worst error of a zeroed meter [L/min], and the blood it was in.
    pub error_lpm: f64,
    /// Where.
    pub blood: Blood,
    /// After the calibration.
    pub calibrated_lpm: f64,
    /// Where.
    pub calibrated_blood: Blood,
    /// Largest scatter of the filtered flow [L/min rms].
    pub rms_lpm: f64,
}

/// Everything that was found.
#[derive(Clone, Debug)]
pub struct FlowCheck {
    /// What was done.
    pub effort: Effort,
    /// By flow.
    pub rows: Vec<FlowRow>,
    /// Fluids that were taken for the other one, and how many were looked at.
    pub wrong_fluids: [u32; 2],
    /// Largest error of the trend of the haematocrit, in blood [%].
    pub haematocrit_pct: f64,
    /// Slowest step [ms].
    pub step_ms: u32,
    /// Bubbles found, and runs.
    pub found: [u32; 2],
    /// Size read over true size: least, median, largest.
    pub size_ratio: [f64; 3],
    /// Bubbles told where there was none.
    pub false_bubbles: u32,
    /// Periods in which the flow was marked although the meter was well.
    pub invalid_periods: u32,
}

impl FlowCheck {
    /// Every bound that is missed, one line each.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for row in &self.rows {
            let flow_lpm = row.flow_lpm;
            if row.error_lpm > ERROR_PCT / 100.0 * flow_lpm {
                lines.push(format!("{flow_lpm} L/min: {:.3} L/min off, bound {ERROR_PCT} %", row.error_lpm));
            }
            if row.calibrated_lpm > CALIBRATED_LPM.max(CALIBRATED_PCT / 100.0 * flow_lpm) {
                let off = row.calibrated_lpm;
                lines.push(format!("{flow_lpm} L/min, calibrated: {off:.3} L/min off, bound {CALIBRATED_PCT} % or {CALIBRATED_LPM} L/min"));
            }
        }
        let mut bound = |is_met: bool, line: String| {
            if !is_met {
                lines.push(line);
            }
        };
        let [wrong, fluids] = self.wrong_fluids;
        bound(wrong == 0, format!("{wrong} of {fluids} fluids taken for the other one"));
        bound(self.step_ms < STEP_MS, format!("a step takes {} ms, bound {STEP_MS} ms", self.step_ms));
        let [found, runs] = self.found;
        bound(found == runs, format!("{found} of {runs} bubbles found"));
        bound(self.false_bubbles == 0, format!("{} bubbles told where there was none", self.false_bubbles));
        bound(
            self.invalid_periods == 0,
            format!("marked in {} periods without a reason", self.invalid_periods),
        );
        lines
    }
}

/// A part that runs alone.
enum Task {
    Errors(u64),
    Bubbles(u64),
    Quiet(u64),
}

/// What a part found.
enum Found {
    Errors(Vec<FlowRow>, [u32; 2], f64, u32),
    Bubble(bool, f64),
    Quiet(u32, u32),
}

/// Runs everything. `progress` gets the finished share.
///
/// # Errors
/// None; the signature is that of the other plans.
pub fn check(effort: Effort, jobs: usize, progress: &(dyn Fn(f64) + Sync)) -> Checked<FlowCheck> {
    let quiet = effort.quiet_h.ceil() as u64;
    let tasks: Vec<Task> = (0..u64::from(effort.meters))
        .map(Task::Errors)
        .chain((0..u64::from(effort.bubbles)).map(Task::Bubbles))
        .chain((0..quiet).map(Task::Quiet))
        .collect();
    let finished = AtomicUsize::new(0);
    let total = tasks.len() as f64;
    let done = || progress((finished.fetch_add(1, Ordering::Relaxed) + 1) as f64 / total);
    let work = |task: &Task| {
        Ok(match *task {
            Task::Errors(number) => errors(number),
            Task::Bubbles(number) => bubble(number),
            Task::Quiet(number) => quiet_hour(number, (effort.quiet_h - number as f64).min(1.0)),
        })
    };
    let found = pool::carry_out(&tasks, jobs, &work, &done)?;
    Ok(gather(effort, found))
}

fn gather(effort: Effort, found: Vec<Found>) -> FlowCheck {
    let mut all = FlowCheck {
        effort,
        rows: Vec::new(),
        wrong_fluids: [0; 2],
        haematocrit_pct: 0.0,
        step_ms: 0,
        found: [0; 2],
        size_ratio: [f64::NAN; 3],
        false_bubbles: 0,
        invalid_periods: 0,
    };
    let mut ratios = Vec::new();
    for part in found {
        match part {
            Found::Errors(rows, [wrong, fluids], haematocrit_pct, step_ms) => {
                merge(&mut all.rows, rows);
                all.wrong_fluids = [all.wrong_fluids[0] + wrong, all.wrong_fluids[1] + fluids];
                all.haematocrit_pct = all.haematocrit_pct.max(haematocrit_pct);
                all.step_ms = all.step_ms.max(step_ms);
            }
            Found::Bubble(is_found, ratio) => {
                all.found = [all.found[0] + u32::from(is_found), all.found[1] + 1];
                ratios.push(ratio);
            }
            Found::Quiet(bubbles, periods) => {
                all.false_bubbles += bubbles;
                all.invalid_periods += periods;
            }
        }
    }
    ratios.sort_by(f64::total_cmp);
    if let (Some(least), Some(largest)) = (ratios.first(), ratios.last()) {
        all.size_ratio = [*least, ratios[ratios.len() / 2], *largest];
    }
    all
}

fn merge(into: &mut Vec<FlowRow>, rows: Vec<FlowRow>) {
    if into.is_empty() {
        *into = rows;
        return;
    }
    for (worst, row) in into.iter_mut().zip(rows) {
        if row.error_lpm > worst.error_lpm {
            (worst.error_lpm, worst.blood) = (row.error_lpm, row.blood);
        }
        if row.calibrated_lpm > worst.calibrated_lpm {
            (worst.calibrated_lpm, worst.calibrated_blood) = (row.calibrated_lpm, row.calibrated_blood);
        }
        worst.rms_lpm = worst.rms_lpm.max(row.rms_lpm);
    }
}

/// Errors and steps of a meter.
fn errors(number: u64) -> Found {
    let mut plain = Rig::new(number);
    plain.run(10_000, 0.0, true);
    let mut calibrated = Rig::new(number);
    calibrated.prime();
    calibrated.blood = Blood::ORDINARY;
    calibrated.run(1000, KNOWN_LPM, false);
    calibrated.meter.weigh(KNOWN_LPM as f32).expect("a flow that can be weighed");
    calibrated.run(10_100, KNOWN_LPM, false);

    let (mut rows, mut wrong, mut haematocrit) = (Vec::new(), [0; 2], 0.0_f64);
    for flow_lpm in FLOWS_LPM {
        let mut row = FlowRow {
            flow_lpm,
            error_lpm: 0.0,
            blood: Blood::SALINE,
            calibrated_lpm: 0.0,
            calibrated_blood: Blood::SALINE,
            rms_lpm: 0.0,
        };
        for blood in bloods() {
            let error = |rig: &mut Rig| {
                rig.blood = blood;
                rig.run(3000, flow_lpm, false);
                let (means, reading) = rig.run(2000, flow_lpm, false);
                ((means.mean() - flow_lpm).abs(), means.rms(), reading)
            };
            let (error_lpm, rms_lpm, _) = error(&mut plain);
            if error_lpm > row.error_lpm {
                (row.error_lpm, row.blood) = (error_lpm, blood);
            }
            let (calibrated_lpm, _, reading) = error(&mut calibrated);
            if calibrated_lpm > row.calibrated_lpm {
                (row.calibrated_lpm, row.calibrated_blood) = (calibrated_lpm, blood);
            }
            row.rms_lpm = row.rms_lpm.max(rms_lpm);
            let is_saline = blood.haematocrit_pct == 0.0;
            let is_right = reading.fluid == if is_saline { Fluid::Saline } else { Fluid::Blood };
            wrong = [wrong[0] + u32::from(!is_right), wrong[1] + 1];
            if let Some(seen_pct) = reading.haematocrit_pct.filter(|_| !is_saline) {
                haematocrit = haematocrit.max((f64::from(seen_pct) - blood.haematocrit_pct).abs());
            }
        }
        rows.push(row);
    }
    let step_ms = STEPS_LPM.iter().map(|[from, to]| step_ms(&calibrated, *from, *to)).max().unwrap_or(0);
    Found::Errors(rows, wrong, haematocrit, step_ms)
}

fn bloods() -> impl Iterator<Item = Blood> {
    HAEMATOCRITS_PCT.into_iter().flat_map(|haematocrit_pct| {
        TEMPERATURES_CELSIUS
            .into_iter()
            .map(move |temperature_celsius| Blood { haematocrit_pct, temperature_celsius })
    })
}

/// Time from a step to the last reading that is more than 5 % of it off [ms].
fn step_ms(rig: &Rig, from_lpm: f64, to_lpm: f64) -> u32 {
    let mut rig = rig.clone();
    rig.blood = Blood::ORDINARY;
    rig.run(3000, from_lpm, false);
    let band_lpm = 0.05 * (to_lpm - from_lpm).abs();
    let mut settled = rig.clone();
    let target_lpm = settled.run(3000, to_lpm, false).0.mean();
    let mut last_ms = 0;
    for millisecond in 1..=500 {
        let reading = rig.millisecond(to_lpm, false);
        if reading.is_some_and(|reading| (f64::from(reading.flow_lpm) - target_lpm).abs() > band_lpm) {
            // The next period's reading is the first good one.
            last_ms = millisecond + 10;
        }
    }
    last_ms
}

/// One bubble, or a cloud of it.
fn bubble(number: u64) -> Found {
    let mut dice = Dice::new(0xb0bb_1e00 + number);
    let mut rig = Rig::new(1 + number);
    rig.prime();
    rig.blood =
        Blood { haematocrit_pct: dice.between(20.0, 40.0), temperature_celsius: dice.between(33.0, 39.0) };
    let flow_lpm = dice.between(0.5, 8.0);
    // Half of them have the smallest size that must be found.
    let volume_ml = if number.is_multiple_of(2) { 0.3 } else { dice.between(0.3, 2.0) };
    let settle_ms = dice.between(2000.0, 2010.0) as u32;
    let (_, before) = rig.run(settle_ms, flow_lpm, false);
    rig.inject(volume_ml, dice.between(0.2, 1.0), dice.between(2e-3, 8e-3));
    let (_, after) = rig.run(2000, flow_lpm, false);
    let is_found = before.bubble_count == 0 && after.bubble_count > 0;
    Found::Bubble(is_found, if is_found { f64::from(after.bubble_ml) / volume_ml } else { 0.0 })
}

/// Up to an hour in which nothing is wrong: pulses, blood that thins and cools, a lost shot each ten seconds or so.
fn quiet_hour(number: u64, hours: f64) -> Found {
    let mut dice = Dice::new(0x9_0000 + number);
    let mut rig = Rig::new(1 + number);
    rig.prime();
    rig.blood = Blood::ORDINARY;
    rig.run(2000, 4.0, false);
    let milliseconds = (hours * 3.6e6) as u32;
    let mean_lpm = dice.between(0.5, 6.0);
    let pulse_lpm = dice.between(0.0, 1.0) * mean_lpm;
    let (mut lost_at, mut invalid, mut bubbles) = (0, 0, 0);
    for millisecond in 0..milliseconds {
        let share = f64::from(millisecond) / f64::from(milliseconds);
        rig.blood = Blood { haematocrit_pct: 40.0 - 18.0 * share, temperature_celsius: 37.5 - 3.0 * share };
        let flow_lpm = mean_lpm + pulse_lpm * (f64::from(millisecond) * 1e-3 * 8.0).sin();
        if millisecond == lost_at {
            rig.loses_shot = true;
            lost_at += dice.between(1000.0, 20_000.0) as u32;
        }
        if let Some(reading) = rig.millisecond(flow_lpm, false) {
            invalid += u32::from(!reading.is_valid);
            bubbles = reading.bubble_count;
        }
    }
    Found::Quiet(bubbles, invalid)
}
