// SPDX-License-Identifier: Apache-2.0
//! The result for people, for pages and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::suction::{Answer, NAMES};
use super::{Circulations, Row};
use crate::metrics::rounded;

fn verdict(row: &Row) -> &'static str {
    if row.finding().is_none() { "held" } else { "missed" }
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
    for (name, answer) in NAMES.iter().zip(&all.suctions.0) {
        let _ = writeln!(text, "suction, answer {name}: {}", words(answer));
    }
    text
}

fn words(answer: &Answer) -> String {
    let Answer { cases, relieved, back, once, enough, of_best: [worst, mean], relief_s_max } = answer;
    format!(
        "{cases} cases; within 1 s {relieved} (longest {relief_s_max:.2} s), back in 10 s {back}, once {once}, 80 % of the best {enough} \
         (mean {:.0} %, worst {:.0} %)",
        100.0 * mean,
        100.0 * worst
    )
}

/// For a page.
#[must_use]
pub fn markdown(all: &Circulations, commit: Option<&str>) -> String {
    let mut text = format!("From commit {}.\n\n", commit.unwrap_or("unknown"));
    text.push_str("| story | figure | worst | bound | verdict |\n|---|---|---|---|---|\n");
    for row in &all.rows {
        let Row { story, figure, worst, bound } = row;
        let _ = writeln!(text, "| {story} | {figure} | {worst:.3} | {bound} | {} |", verdict(row));
    }
    text.push_str(
        "\n| answer to suction | cases | relieved within 1 s | longest | flow back within 10 s | no second event within 30 s | \
         80 % of the best flow | mean, worst of it |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (name, answer) in NAMES.iter().zip(&all.suctions.0) {
        let Answer { cases, relieved, back, once, enough, of_best: [worst, mean], relief_s_max } = answer;
        let _ = writeln!(
            text,
            "| {name} | {cases} | {relieved} | {relief_s_max:.2} s | {back} | {once} | {enough} | {:.0} %, {:.0} % |",
            100.0 * mean,
            100.0 * worst
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
            json!({ "story": row.story, "figure": row.figure, "worst": rounded(row.worst, 4), "bound": row.bound, "held": row.finding().is_none() })
        })
        .collect();
    let suctions: Vec<Value> = NAMES
        .iter()
        .zip(&all.suctions.0)
        .map(|(name, answer)| {
            let Answer { cases, relieved, back, once, enough, of_best, relief_s_max } = answer;
            json!({ "answer": name, "cases": cases, "relieved": relieved, "back": back, "once": once, "enough": enough,
                    "of_best_worst": rounded(of_best[0], 4), "of_best_mean": rounded(of_best[1], 4), "relief_s_max": relief_s_max })
        })
        .collect();
    format!("{:#}\n", json!({ "commit": commit, "rows": rows, "suctions": suctions }))
}
