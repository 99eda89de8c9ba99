// SPDX-License-Identifier: Apache-2.0
//! Drawn cases of suction, each with every answer, beside the best that a sweep of the speed finds.
//!
//! A case is a patient who loses blood while the flow that is asked for stays. *Onset* is when the vein covers half of the inlet. The sweep lets
//! the same patient, as he is at the end, have every speed for five seconds: the largest mean flow is the best.

use std::sync::atomic::{AtomicUsize, Ordering};

use levitas_world::{PatientChange, VA_25_21_ELASTIC as VA_25_21};

use super::flow::adult;
use super::rig::{Dice, PERIOD_S, Rig};
use crate::analysis::mean;
use crate::corners::pool;
use crate::input::Checked;

/// The vein covers more than this part of the inlet: suction.
const COLLAPSED: f64 = 0.5;
/// Time after the onset that is looked at [s].
const WATCHED_S: f64 = 60.0;
/// Longest wait for an onset [s].
const WAIT_S: f64 = 90.0;
/// An event that begins this soon after the one before is its second [s].
const SECOND_S: f64 = 30.0;

/// Answers, in the order of the setting `suction_answer`.
pub(super) const NAMES: [&str; 3] = ["none", "plain reduction", "dip in two steps"];

/// What became of one case.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Case {
    /// Longest time that the vein was shut at a stretch [s].
    relief_s: f64,
    /// From the onset until the flow, averaged over a second, stays at 80 % of the best [s]; infinite when not within 30 s.
    back_s: f64,
    /// A second event within `SECOND_S`.
    again: bool,
    /// Mean flow from 30 s after the onset on, as a part of the best.
    of_best: f64,
}

/// All cases with one answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer {
    /// Cases in which suction came at all.
    pub cases: u32,
    /// Relieved within a second.
    pub relieved: u32,
    /// Flow back within 10 s.
    pub back: u32,
    /// Without a second event within 30 s.
    pub once: u32,
    /// Mean flow afterwards at least 80 % of the best.
    pub enough: u32,
    /// Worst and mean of the flow afterwards as a part of the best.
    pub of_best: [f64; 2],
    /// Longest relief [s].
    pub relief_s_max: f64,
}

/// All answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answers(pub [Answer; 3]);

impl Answers {
    /// What the last answer does not hold.
    pub(super) fn findings(&self) -> Vec<String> {
        let Answer { cases, relieved, back, once, enough, .. } = self.0[2];
        [
            ("relieved within 1 s", relieved),
            ("flow back within 10 s", back),
            ("no second event", once),
            ("80 % of the best", enough),
        ]
        .into_iter()
        .filter(|(_, count)| *count < cases || cases == 0)
        .map(|(what, count)| format!("suction, {}: {what} in {count} of {cases} cases", NAMES[2]))
        .collect()
    }
}

/// A patient just before the vein closes, or none when it does not.
fn onset(seed: u64, answer: u32) -> Checked<Option<Rig>> {
    let mut dice = Dice::new(seed ^ 0x5eed);
    let flow_lpm = dice.between(3.5, 5.0) as f32;
    let lost_ml = dice.between(450.0, 700.0);
    let over_s = dice.between(5.0, 40.0);
    let mut rig = Rig::new(VA_25_21, adult(), seed)?.settled(flow_lpm);
    rig.therapy.settings.suction_answer = answer as f32;
    rig.patient(PatientChange::BloodLoss { ml: lost_ml, over_s });
    for _ in 0..(WAIT_S / PERIOD_S) as u32 {
        rig.period();
        if rig.collapse() > COLLAPSED {
            return Ok(Some(rig));
        }
    }
    Ok(None)
}

/// The best mean flow of a sweep [L/min].
pub(super) fn best_lpm(rig: &Rig) -> f64 {
    (0..16)
        .map(|step| {
            let speed_rpm = 2000.0 + 150.0 * f64::from(step);
            let mut swept = rig.clone();
            // Open first, as staff would.
            (0..100).for_each(|_| {
                swept.turn(1800.0);
            });
            (0..200).for_each(|_| {
                swept.turn(speed_rpm);
            });
            let flows: Vec<f64> = (0..300).map(|_| swept.turn(speed_rpm)).collect();
            mean(&flows)
        })
        .fold(0.0, f64::max)
}

fn case(seed: u64, answer: u32) -> Checked<Option<Case>> {
    let Some(mut rig) = onset(seed, answer)? else { return Ok(None) };
    let periods = (WATCHED_S / PERIOD_S) as usize;
    let (mut flows, mut shut) = (Vec::with_capacity(periods), Vec::with_capacity(periods));
    for _ in 0..periods {
        flows.push(rig.period());
        shut.push(rig.collapse() > COLLAPSED);
    }
    let best = best_lpm(&rig);
    let mut case = Case { back_s: f64::INFINITY, ..Case::default() };
    let (mut stretch, mut open_since) = (0.0, None);
    for (index, is_shut) in shut.iter().enumerate() {
        stretch = if *is_shut { stretch + PERIOD_S } else { 0.0 };
        case.relief_s = case.relief_s.max(stretch);
        let time_s = index as f64 * PERIOD_S;
        match (is_shut, open_since) {
            (false, None) => open_since = Some(time_s),
            // A beat that shuts it once more before it has been open for a second is the same event.
            (true, Some(since)) if time_s - since > 1.0 => case.again |= time_s < SECOND_S,
            (true, Some(_)) => open_since = None,
            _ => {}
        }
    }
    // Back: from then on the flow, averaged over a second, stays at 80 % of the best.
    let beat = (1.0 / PERIOD_S) as usize;
    let is_low = |flows: &[f64]| mean(flows) < 0.8 * best;
    let last = flows[..periods / 2].windows(beat).rposition(is_low).map_or(0, |last| last + beat);
    case.back_s = if last + 1 >= periods / 2 { f64::INFINITY } else { last as f64 * PERIOD_S };
    case.of_best = mean(&flows[periods / 2..]) / best;
    Ok(Some(case))
}

/// So many cases with each answer.
pub(super) fn answers(cases: u64, jobs: usize, progress: &(dyn Fn(f64) + Sync)) -> Checked<Answers> {
    let tasks: Vec<(u32, u64)> =
        (0..3_u32).flat_map(|answer| (1..=cases).map(move |seed| (answer, seed))).collect();
    let done = AtomicUsize::new(0);
    let found = pool::carry_out(&tasks, jobs, &|(answer, seed): &(u32, u64)| case(*seed, *answer), &|| {
        let count = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress(count as f64 / tasks.len() as f64);
    })?;
    let mut answers = Answers::default();
    for ((answer, _), case) in tasks.iter().zip(found) {
        let Some(case) = case else { continue };
        let all = &mut answers.0[*answer as usize];
        let [worst, sum] = if all.cases == 0 { [f64::INFINITY, 0.0] } else { all.of_best };
        all.cases += 1;
        all.relieved += u32::from(case.relief_s <= 1.0);
        all.back += u32::from(case.back_s <= 10.0);
        all.once += u32::from(!case.again);
        all.enough += u32::from(case.of_best >= 0.8);
        all.relief_s_max = all.relief_s_max.max(case.relief_s);
        all.of_best = [worst.min(case.of_best), sum + case.of_best];
    }
    for answer in &mut answers.0 {
        answer.of_best[1] /= f64::from(answer.cases.max(1));
    }
    Ok(answers)
}
