// SPDX-License-Identifier: Apache-2.0
//! Drawn cases of suction, each with every answer, beside the best that a sweep of the speed finds.
//!
//! A case is a patient whose vein gives less than the flow that is asked for, for one of the causes of [`Cause`]. *Onset* is when the vein
//! covers half of the inlet; where it never does without an answer there is no case, and another one is drawn. The sweep lets the same patient, as he is at that time, have every speed for five seconds: the largest mean flow is
//! the best. It is made three times, because what a vein gives changes within the minute: a flow is back when it stays at 80 % of what
//! is possible then, and not of what is possible a minute later.

use std::sync::atomic::{AtomicUsize, Ordering};

use levitas_world::{CircuitChange, KinkSite, PatientChange, VA_25_21_ELASTIC as VA_25_21};

use super::flow::adult;
use super::rig::{Dice, PERIOD_S, Rig};
use crate::analysis::mean;
use crate::corners::pool;
use crate::input::Checked;
use levitas_core::circulation::therapy::Mode;

/// The vein covers more than this part of the inlet: suction.
pub(super) const COLLAPSED: f64 = 0.5;
/// Time after the onset that is looked at [s].
const WATCHED_S: f64 = 60.0;
/// Longest wait for an onset [s].
const WAIT_S: f64 = 90.0;
/// An event that begins this soon after the one before is its second [s].
const SECOND_S: f64 = 30.0;
/// Most draws for each case that is wanted.
const DRAWS_MAX: u64 = 3;

/// When the speed is swept, from the onset on [s].
const SWEPT_S: [f64; 3] = [10.0, 30.0, WATCHED_S];

/// Answers, in the order of the setting `suction_answer`.
pub(super) const NAMES: [&str; 3] = ["none", "plain reduction", "dip in two steps"];

/// Why a vein closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Blood is lost, and goes on being lost after the onset.
    Loss,
    /// Blood is lost until the onset.
    LossEnded,
    /// The operator asks for more than a vein of little blood gives.
    SetPoint,
    /// Blood sinks into the legs of a patient of little blood.
    Posture,
    /// Blood is lost through a cannula that has had a kink for a while.
    KinkAndLoss,
}

impl Cause {
    /// All of them, drawn in turn.
    pub(super) const ALL: [Self; 5] =
        [Self::Loss, Self::LossEnded, Self::SetPoint, Self::Posture, Self::KinkAndLoss];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss that goes on",
            Self::LossEnded => "loss that has ended",
            Self::SetPoint => "flow set too high",
            Self::Posture => "head raised",
            Self::KinkAndLoss => "kink, then loss",
        }
    }
}

/// What became of one case.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Case {
    /// The vein closed before this answer was there.
    closes: bool,
    /// Longest time that the vein was shut at a stretch [s].
    relief_s: f64,
    /// From the onset until the flow, averaged over a second, stays at 80 % of the best [s]; infinite when not within 30 s.
    back_s: f64,
    /// A second event within `SECOND_S`, and within the time that is looked at.
    again: bool,
    again_later: bool,
    /// Mean flow from 30 s after the onset on, as a part of the best.
    of_best: f64,
}

/// All cases with one answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer {
    /// Cases in which the vein closes without an answer.
    pub cases: u32,
    /// Of them, those in which it closed with this one.
    pub closed: u32,
    /// Relieved within a second.
    pub relieved: u32,
    /// Flow back within 10 s.
    pub back: u32,
    /// Without a second event within 30 s.
    pub once: u32,
    /// Nor within the minute.
    pub once_in_minute: u32,
    /// Mean flow afterwards at least 80 % of the best.
    pub enough: u32,
    /// Worst flow afterwards as a part of the best, and the sum over the cases.
    pub of_best_min: f64,
    /// See there.
    pub of_best_sum: f64,
    /// Longest time until the flow is back [s].
    pub back_s_max: f64,
    /// Longest relief [s].
    pub relief_s_max: f64,
}

impl Answer {
    fn add(&mut self, case: &Case) {
        let worst = if self.cases == 0 { f64::INFINITY } else { self.of_best_min };
        self.cases += 1;
        self.closed += u32::from(case.closes);
        self.relieved += u32::from(case.relief_s <= 1.0);
        self.back += u32::from(case.back_s <= 10.0);
        self.once += u32::from(!case.again);
        self.once_in_minute += u32::from(!case.again_later);
        self.enough += u32::from(case.of_best >= 0.8);
        self.relief_s_max = self.relief_s_max.max(case.relief_s);
        self.of_best_min = worst.min(case.of_best);
        self.of_best_sum += case.of_best;
        self.back_s_max = self.back_s_max.max(case.back_s);
    }

    /// Mean flow afterwards as a part of the best.
    pub(super) fn of_best_mean(&self) -> f64 {
        self.of_best_sum / f64::from(self.cases.max(1))
    }
}

/// All answers: over all cases, and the last one by cause.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answers {
    /// In the order of [`NAMES`].
    pub all: [Answer; 3],
    /// Of the last answer, in the order of [`Cause::ALL`].
    pub by_cause: [Answer; 5],
    /// Cases that were drawn; without an answer the vein closes in [`Answer::cases`] of them.
    pub drawn: u64,
    /// Cases that were wanted.
    pub wanted: u64,
}

impl Answers {
    /// What the last answer does not hold.
    pub(super) fn findings(&self) -> Vec<String> {
        let Answer { cases, relieved, back, once, enough, .. } = self.all[2];
        let few = (u64::from(cases) < self.wanted)
            .then(|| format!("suction: {cases} of {} cases in {} draws", self.wanted, self.drawn));
        let missed = [
            ("relieved within 1 s", relieved),
            ("flow back within 10 s", back),
            ("no second event", once),
            ("80 % of the best", enough),
        ]
        .into_iter()
        .filter(|(_, count)| *count < cases || cases == 0)
        .map(|(what, count)| format!("suction, {}: {what} in {count} of {cases} cases", NAMES[2]));
        few.into_iter().chain(missed).collect()
    }
}

fn cause(seed: u64) -> Cause {
    Cause::ALL[(seed % Cause::ALL.len() as u64) as usize]
}

/// A patient at the onset, or after the wait for it when the vein does not close; and whether it does.
fn onset(seed: u64, answer: u32) -> Checked<(Rig, bool)> {
    let mut dice = Dice::new(seed ^ 0x5eed);
    let cause = cause(seed);
    let flow_lpm = dice.between(3.5, 5.0) as f32;
    let lost_ml = dice.between(450.0, 700.0);
    let over_s = dice.between(5.0, 40.0);
    let settled_lpm = if cause == Cause::SetPoint { 2.5 } else { flow_lpm };
    let mut rig = Rig::new(VA_25_21, adult(), seed)?.settled(settled_lpm);
    rig.therapy.settings.suction_answer = answer as f32;
    let loss = PatientChange::BloodLoss { ml: lost_ml, over_s };
    match cause {
        Cause::Loss => rig.patient(loss),
        Cause::LossEnded => {}
        Cause::SetPoint => {
            rig.patient(loss);
            rig.run(45.0);
            rig.set_mode(Mode::Flow, flow_lpm);
        }
        Cause::Posture => {
            // So much that the flow is still there.
            rig.patient(PatientChange::BloodLoss { ml: 0.5 * lost_ml, over_s });
            rig.run(45.0);
            rig.patient(PatientChange::Posture { tilt_deg: dice.between(30.0, 75.0) });
        }
        Cause::KinkAndLoss => {
            let factor = dice.between(1.2, 1.8);
            rig.circuit(CircuitChange::Kink { site: KinkSite::DrainageCannula, factor });
            rig.run(60.0);
            rig.patient(loss);
        }
    }
    for period in 0..(WAIT_S / PERIOD_S) as u32 {
        if cause == Cause::LossEnded && period % 100 == 0 {
            rig.patient(PatientChange::BloodLoss { ml: lost_ml / over_s, over_s: 1.0 });
        }
        rig.period();
        if rig.collapse() > COLLAPSED {
            return Ok((rig, true));
        }
    }
    Ok((rig, false))
}

/// The best mean flow of a sweep [L/min].
pub(super) fn best_lpm(rig: &Rig) -> f64 {
    let mut opened = rig.clone();
    // Open first, as staff would.
    (0..100).for_each(|_| {
        opened.turn(1800.0);
    });
    (0..16)
        .map(|step| {
            let speed_rpm = 2000.0 + 150.0 * f64::from(step);
            let mut swept = opened.clone();
            (0..200).for_each(|_| {
                swept.turn(speed_rpm);
            });
            let flows: Vec<f64> = (0..300).map(|_| swept.turn(speed_rpm)).collect();
            mean(&flows)
        })
        .fold(0.0, f64::max)
}

/// What becomes of it; without an answer nothing where the vein does not close. An answer that is there before it closes has to show its flow all the same.
fn case(seed: u64, answer: u32) -> Checked<Option<Case>> {
    let (mut rig, closes) = onset(seed, answer)?;
    if !closes && answer == 0 {
        return Ok(None);
    }
    let periods = (WATCHED_S / PERIOD_S) as usize;
    let (mut flows, mut shut) = (Vec::with_capacity(periods), Vec::with_capacity(periods));
    let mut bests = Vec::new();
    for index in 1..=periods {
        flows.push(rig.period());
        shut.push(rig.collapse() > COLLAPSED);
        if SWEPT_S.iter().any(|time_s| index == (time_s / PERIOD_S) as usize) {
            bests.push(best_lpm(&rig));
        }
    }
    let [early, middle, best] = bests[..] else { unreachable!("three sweeps") };
    let mut case = Case { closes, back_s: f64::INFINITY, ..Case::default() };
    let (mut stretch, mut open_since) = (0.0, None);
    for (index, is_shut) in shut.iter().enumerate() {
        stretch = if *is_shut { stretch + PERIOD_S } else { 0.0 };
        case.relief_s = case.relief_s.max(stretch);
        let time_s = index as f64 * PERIOD_S;
        match (is_shut, open_since) {
            (false, None) => open_since = Some(time_s),
            // A beat that shuts it once more before it has been open for a second is the same event.
            (true, Some(since)) if time_s - since > 1.0 => {
                case.again |= time_s < SECOND_S;
                case.again_later = true;
            }
            (true, Some(_)) => open_since = None,
            _ => {}
        }
    }
    // Back: from then on the flow, averaged over a second, stays at 80 % of what is possible at that time.
    let beat = (1.0 / PERIOD_S) as usize;
    let [early_s, middle_s, _] = SWEPT_S;
    let is_low = |(index, flows): &(usize, &[f64])| {
        let time_s = (index + beat) as f64 * PERIOD_S;
        let part = ((time_s - early_s) / (middle_s - early_s)).clamp(0.0, 1.0);
        mean(flows) < 0.8 * (early + part * (middle - early))
    };
    let until = (middle_s / PERIOD_S) as usize;
    let last = flows[..until].windows(beat).enumerate().rfind(is_low);
    let last = last.map_or(0, |(index, _)| index + beat);
    case.back_s = if last + 1 >= until { f64::INFINITY } else { last as f64 * PERIOD_S };
    case.of_best = mean(&flows[periods / 2..]) / best;
    Ok(Some(case))
}

/// Draws until the vein has closed in so many cases without an answer: their seeds, with what becomes of them, and the number of draws.
fn drawn(cases: u64, jobs: usize, progress: &(dyn Fn() + Sync)) -> Checked<(Vec<(u64, Case)>, u64)> {
    let (mut found, mut draws) = (Vec::new(), 0);
    while (found.len() as u64) < cases && draws < DRAWS_MAX * cases {
        let missing = cases - found.len() as u64;
        let seeds: Vec<u64> = (draws + 1..=draws + missing).collect();
        draws += missing;
        let these = pool::carry_out(&seeds, jobs, &|seed: &u64| case(*seed, 0), progress)?;
        found.extend(seeds.into_iter().zip(these).filter_map(|(seed, case)| Some((seed, case?))));
    }
    Ok((found, draws))
}

/// So many cases with each answer.
pub(super) fn answers(cases: u64, jobs: usize, progress: &(dyn Fn(f64) + Sync)) -> Checked<Answers> {
    let done = AtomicUsize::new(0);
    let one_more = || {
        let count = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress((count as f64 / (3 * cases) as f64).min(1.0));
    };
    let (without, draws) = drawn(cases, jobs, &one_more)?;
    let tasks: Vec<(u32, u64)> =
        [1, 2].into_iter().flat_map(|answer| without.iter().map(move |(seed, _)| (answer, *seed))).collect();
    let with = pool::carry_out(&tasks, jobs, &|(answer, seed): &(u32, u64)| case(*seed, *answer), &one_more)?;
    let mut answers = Answers { drawn: draws, wanted: cases, ..Answers::default() };
    for (_, case) in &without {
        answers.all[0].add(case);
    }
    for ((answer, seed), case) in tasks.iter().zip(with) {
        let Some(case) = case else { continue };
        answers.all[*answer as usize].add(&case);
        if *answer == 2 {
            answers.by_cause[cause(*seed) as usize].add(&case);
        }
    }
    Ok(answers)
}
