// SPDX-License-Identifier: Apache-2.0
//! The result for people, for pages and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::suction::{Answer, Answers, Cause, NAMES};
use super::{Circulations, Row};
use crate::metrics::rounded;

fn verdict(row: &Row) -> &'static str {
    if row.holds() { "held" } else { "missed" }
}

/// For a terminal.
#[must_use]
pub fn plain(all: &Circulations) -> String {
    let mut text = String::new();
    for row in &all.rows {
        let (story, figure) = (row.story, row.figure);
        let _ =
            writeln!(text, "{:<7} {:>9.3} of {:<6} {story}: {figure}", verdict(row), row.worst, row.bound);
    }
    let _ = writeln!(text, "{}", draws(&all.suctions));
    for (name, answer) in lines(&all.suctions) {
        let _ = writeln!(text, "suction, answer {name}: {}", words(answer));
    }
    text
}

/// Every answer over all cases, then the last one by cause.
fn lines(answers: &Answers) -> Vec<(String, &Answer)> {
    let all = NAMES.iter().map(|name| (*name).to_owned()).zip(&answers.all);
    let by_cause = Cause::ALL.iter().map(|cause| format!("{}, {}", NAMES[2], cause.name()));
    all.chain(by_cause.zip(&answers.by_cause)).collect()
}

/// How many cases were drawn.
fn draws(answers: &Answers) -> String {
    let [without, ..] = &answers.all;
    format!("Suction: {} cases drawn; without an answer the vein closed in {}.", answers.drawn, without.cases)
}

/// A time, or that there is none.
fn seconds(time_s: f64) -> String {
    if time_s.is_finite() { format!("{time_s:.1} s") } else { "over 30 s".to_owned() }
}

fn words(answer: &Answer) -> String {
    let Answer {
        cases,
        closed,
        relieved,
        back,
        once,
        once_in_minute,
        enough,
        of_best_min,
        relief_s_max,
        back_s_max,
        ..
    } = answer;
    format!(
        "{cases} cases, closed {closed}; within 1 s {relieved} (longest {relief_s_max:.2} s), back in 10 s {back} (longest {}), once {once}, in the minute {once_in_minute}, 80 % of the best {enough} \
         (mean {:.0} %, worst {:.0} %)",
        seconds(*back_s_max),
        100.0 * answer.of_best_mean(),
        100.0 * of_best_min
    )
}

/// For a page.
#[must_use]
pub fn markdown(all: &Circulations, commit: Option<&str>) -> String {
    let mut text = format!("From commit {}.\n\n", commit.unwrap_or("unknown"));
    text.push_str("| story | figure | worst | bound | verdict |\n|---|---|---|---|---|\n");
    for row in &all.rows {
        let Row { story, figure, worst, bound, .. } = row;
        let _ = writeln!(text, "| {story} | {figure} | {worst:.3} | {bound} | {} |", verdict(row));
    }
    let _ = write!(text, "\n{}\n", draws(&all.suctions));
    text.push_str(
        "\n| answer to suction | cases | vein closed | relieved within 1 s | longest | flow back within 10 s | longest | no second event within 30 s | within 60 s | \
         80 % of the best flow | mean, worst of it |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (name, answer) in lines(&all.suctions) {
        let Answer {
            cases,
            closed,
            relieved,
            back,
            once,
            once_in_minute,
            enough,
            of_best_min,
            relief_s_max,
            back_s_max,
            ..
        } = answer;
        let _ = writeln!(
            text,
            "| {name} | {cases} | {closed} | {relieved} | {relief_s_max:.2} s | {back} | {} | {once} | {once_in_minute} | {enough} | {:.0} %, {:.0} % |",
            seconds(*back_s_max),
            100.0 * answer.of_best_mean(),
            100.0 * of_best_min
        );
    }
    text
}

/// For a program.
#[must_use]
pub fn to_json(all: &Circulations, commit: Option<&str>) -> String {
    let rows: Vec<Value> = all
        .rows
        .iter()
        .map(|row| {
            json!({ "story": row.story, "figure": row.figure, "worst": rounded(row.worst, 4), "bound": row.bound, "held": row.holds() })
        })
        .collect();
    let suctions: Vec<Value> = lines(&all.suctions)
        .into_iter()
        .map(|(name, answer)| {
            let Answer { cases, closed, relieved, back, once, once_in_minute, enough, of_best_min, relief_s_max, back_s_max, .. } = answer;
            json!({ "answer": name, "cases": cases, "closed": closed, "relieved": relieved, "back": back, "once": once, "once_in_minute": once_in_minute, "enough": enough,
                    "of_best_worst": rounded(*of_best_min, 4), "of_best_mean": rounded(answer.of_best_mean(), 4),
                    "relief_s_max": relief_s_max, "back_s_max": back_s_max })
        })
        .collect();
    format!(
        "{:#}\n",
        json!({ "commit": commit, "rows": rows, "suctions_drawn": all.suctions.drawn, "suctions": suctions })
    )
}
