// SPDX-License-Identifier: Apache-2.0
//! The result for people, for pages and for programs.

use std::fmt::Write as _;

use serde_json::json;

use super::{BLOOD_CELSIUS_MAX, Pairs, Row, Single, WATER_CELSIUS_MAX, Warmings};
use crate::metrics::rounded;

fn verdict(holds: bool) -> &'static str {
    if holds { "held" } else { "missed" }
}

/// What is told of a fault, and when.
fn told(single: &Single) -> String {
    match single.told_s {
        Some(told_s) => format!("{} after {told_s:.1} s", single.told.join(", ")),
        None => "-".to_owned(),
    }
}

/// For a terminal.
#[must_use]
pub fn plain(all: &Warmings) -> String {
    let mut text = String::new();
    for row in &all.rows {
        let Row { story, figure, worst, bound } = row;
        let verdict = verdict(row.finding().is_none());
        let _ = writeln!(text, "{verdict:<7} {worst:>9.3} of {bound:<6} {story}: {figure}");
    }
    for single in &all.singles {
        let [water, blood] = single.celsius;
        let verdict = verdict(single.finding().is_none());
        let _ = writeln!(
            text,
            "{verdict:<7} water {water:.2} C, blood {blood:.2} C  {}: {}",
            single.fault,
            told(single)
        );
    }
    for pairs in &all.pairs {
        let Pairs { situation, count, water, blood } = pairs;
        let verdict = verdict(pairs.finding().is_none());
        let _ =
            writeln!(text, "{verdict:<7} {count} pairs, {situation}: water {:.2} C ({})", water.0, water.1);
        let _ = writeln!(text, "{:<7} {:<width$}blood {:.2} C ({})", "", "", blood.0, blood.1, width = 8);
    }
    for Pairs { situation, count, water, blood } in &all.in_chain {
        let _ = writeln!(
            text,
            "{:<7} {count} pairs in the cut-out's chain, {situation}: water {:.2} C ({}), blood {:.2} C ({})",
            "", water.0, water.1, blood.0, blood.1
        );
    }
    text
}

/// For a page.
#[must_use]
pub fn markdown(all: &Warmings, commit: Option<&str>) -> String {
    let mut text = format!("From commit {}.\n\n", commit.unwrap_or("unknown"));
    text.push_str("| story | figure | worst | bound | verdict |\n|---|---|---|---|---|\n");
    for row in &all.rows {
        let Row { story, figure, worst, bound } = row;
        let verdict = verdict(row.finding().is_none());
        let _ = writeln!(text, "| {story} | {figure} | {worst:.3} | {bound} | {verdict} |");
    }
    let _ = writeln!(
        text,
        "\n| fault alone | told | hottest water, at most {WATER_CELSIUS_MAX:.1} C | hottest blood, at most {BLOOD_CELSIUS_MAX:.1} C | verdict |\n|---|---|---|---|---|"
    );
    for single in &all.singles {
        let [water, blood] = single.celsius;
        let verdict = verdict(single.finding().is_none());
        let _ = writeln!(
            text,
            "| {} | {} | {water:.2} C | {blood:.2} C | {verdict} |",
            single.fault,
            told(single)
        );
    }
    text.push_str("\n| pairs of faults | runs | hottest water | in | hottest blood | in | verdict |\n|---|---|---|---|---|---|---|\n");
    for pairs in &all.pairs {
        let Pairs { situation, count, water, blood } = pairs;
        let verdict = verdict(pairs.finding().is_none());
        let _ = writeln!(
            text,
            "| {situation} | {count} | {:.2} C | {} | {:.2} C | {} | {verdict} |",
            water.0, water.1, blood.0, blood.1
        );
    }
    text.push_str("\n| pairs wholly in the cut-out's chain, of which no bound is asked | runs | hottest water | in | hottest blood | in |\n|---|---|---|---|---|---|\n");
    for Pairs { situation, count, water, blood } in &all.in_chain {
        let _ = writeln!(
            text,
            "| {situation} | {count} | {:.2} C | {} | {:.2} C | {} |",
            water.0, water.1, blood.0, blood.1
        );
    }
    text
}

/// For a program.
#[must_use]
pub fn to_json(all: &Warmings, commit: Option<&str>) -> String {
    let rows: Vec<_> = all
        .rows
        .iter()
        .map(|row| json!({ "story": row.story, "figure": row.figure, "worst": rounded(row.worst, 4), "bound": row.bound, "held": row.finding().is_none() }))
        .collect();
    let singles: Vec<_> = all
        .singles
        .iter()
        .map(|single| {
            let [water, blood] = single.celsius.map(|celsius| rounded(celsius, 3));
            json!({ "fault": single.fault, "told": single.told, "told_s": single.told_s.map(|told_s| rounded(told_s, 1)),
                    "water_celsius": water, "blood_celsius": blood, "held": single.finding().is_none() })
        })
        .collect();
    let known = |pairs: &Pairs| {
        json!({ "situation": pairs.situation, "runs": pairs.count, "water_celsius": rounded(pairs.water.0, 3), "water_in": pairs.water.1,
                "blood_celsius": rounded(pairs.blood.0, 3), "blood_in": pairs.blood.1 })
    };
    let pairs: Vec<_> = all
        .pairs
        .iter()
        .map(|pairs| {
            let mut object = known(pairs);
            object["held"] = json!(pairs.finding().is_none());
            object
        })
        .collect();
    let in_chain: Vec<_> = all.in_chain.iter().map(known).collect();
    format!(
        "{:#}\n",
        json!({ "commit": commit, "rows": rows, "singles": singles, "pairs": pairs, "pairs_in_cut_out": in_chain })
    )
}
