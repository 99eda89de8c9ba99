// SPDX-License-Identifier: Apache-2.0
//! Our steps beside the same work built from the crates that a user would pick: idsp, biquad, pid, foc.
//!
//! # Model
//! Samples are recorded from a run at 4000 rpm, four whole turns, and every contestant gets them in a circle. A round times
//! each contestant once over all samples, one after the other; shown is the median of [`ROUNDS`] rounds a step, and ours over
//! theirs: below one ours is faster. Where it is not, the line says why.
//!
//! # Rows
//! | work | in |
//! |---|---|
//! | sine and cosine, FOC | `bench_motor.rs` |
//! | speed step, and its equations alone | `bench_speed.rs` |
//! | bearing, equations alone | `bench_bearing.rs` |
//! | bearing, the whole step | `bench_whole.rs` |
//! | levitation step | `bench_levitation.rs` |
//!
//! In a whole step only the mathematics is the peer's; vote, limits, states and mail around it are ours, called from the core.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use levitas_core::mail::{BearingState, LevitationMail, Mailboxes};
use levitas_core::ports::LevitationInputs;

use crate::bench::Recorded;
use crate::{bench_bearing, bench_levitation, bench_motor, bench_speed, bench_whole};

/// Rounds, of which the median is shown.
const ROUNDS: usize = 101;
/// Ratio from which ours is slower as it is printed.
const SLOWER: f64 = 1.005;
/// Works whose name begins so get the samples of a run without notch.
const WITHOUT_NOTCH: &str = "bearing,";

/// One way to do a piece of work: the result of a step is summed up, so that nothing is left out.
pub(crate) struct Contestant<'a> {
    work: &'static str,
    name: &'static str,
    /// Always beside the line.
    pub(crate) note: String,
    /// Beside it where ours is slower.
    why: &'static str,
    step: Box<dyn FnMut(&LevitationInputs) -> f32 + 'a>,
    times_ns: Vec<f64>,
}

/// The table of all contestants.
pub(crate) fn table(recorded: &Recorded, without_notch: &[LevitationInputs]) -> String {
    let mail = Mailboxes::new();
    let mut contestants = contestants(recorded, without_notch, &mail);
    for _ in 0..ROUNDS {
        for contestant in &mut contestants {
            let samples =
                if contestant.work.starts_with(WITHOUT_NOTCH) { without_notch } else { &recorded.samples };
            let started = Instant::now();
            let sum: f32 = samples.iter().map(|samples| (contestant.step)(black_box(samples))).sum();
            black_box(sum);
            contestant.times_ns.push(started.elapsed().as_nanos() as f64 / samples.len() as f64);
        }
    }
    let mut text =
        format!("\n  {:34} {:12} {:>8} {:>14}\n", "the same work, median", "by", "ns", "ours / theirs");
    let mut ours_ns = 0.0;
    for contestant in &mut contestants {
        contestant.times_ns.sort_by(f64::total_cmp);
        let median_ns = contestant.times_ns[ROUNDS / 2];
        if contestant.name == "ours" {
            ours_ns = median_ns;
        }
        let ratio = ours_ns / median_ns;
        let Contestant { work, name, note, why, .. } = contestant;
        let why = if ratio >= SLOWER { *why } else { "" };
        let between = if note.is_empty() || why.is_empty() { "" } else { "; " };
        let line = format!("  {work:34} {name:12} {median_ns:>8.1} {ratio:>14.2}   {note}{between}{why}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    drop(contestants);
    let flies = mail
        .levitation
        .read::<LevitationMail>()
        .is_some_and(|(_, mail)| mail.state == BearingState::Levitated as u32 && mail.faults == 0);
    if !flies {
        text += "  our unit did not stay levitated without a fault: its step was not the everyday one\n";
    }
    text
}

fn contestants<'a>(
    recorded: &Recorded,
    without_notch: &[LevitationInputs],
    mail: &'a Mailboxes,
) -> Vec<Contestant<'a>> {
    let mut list = Vec::new();
    bench_motor::rotations(&mut list);
    bench_motor::currents(&mut list);
    bench_speed::rows(&mut list);
    bench_bearing::rows(&mut list);
    bench_whole::rows(&mut list, without_notch);
    bench_levitation::rows(&mut list, recorded, mail);
    list
}

/// One more row; `why` says what costs the time where ours is slower.
pub(crate) fn add<'a, 'l>(
    list: &'l mut Vec<Contestant<'a>>,
    work: &'static str,
    name: &'static str,
    why: &'static str,
    step: impl FnMut(&LevitationInputs) -> f32 + 'a,
) -> &'l mut Contestant<'a> {
    let times_ns = Vec::with_capacity(ROUNDS);
    list.push_mut(Contestant { work, name, note: String::new(), why, step: Box::new(step), times_ns })
}
