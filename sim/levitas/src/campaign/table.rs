// SPDX-License-Identifier: Apache-2.0
//! A campaign in words: for a terminal, as Markdown, as JSON. Made from the lines of the results alone.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::plan::MINUTE_S;
use super::statements::{Over, STATEMENTS, Statement};
use super::{Line, S_PER_H, Settings};
use crate::metrics::rounded;

/// Headings of the two tables.
const STATEMENT_HEADINGS: [&str; 6] =
    ["statement", "unit", "each hour", "worst hour", "all hours", "verdict"];
const HOUR_HEADINGS: [&str; 9] = [
    "hour",
    "drives",
    "plant",
    "drill [min]",
    "total [us]",
    "flow disturbance [%]",
    "radius [um]",
    "frames lost",
    "verdict",
];

/// A statement that an hour does not keep.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// The hour.
    pub hour: u32,
    /// The statement.
    pub statement: &'static Statement,
    /// What it is instead, in the unit of the statement.
    pub value: f64,
    /// When [s].
    pub at_s: Option<f64>,
}

/// What there is of a campaign.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Its settings.
    pub settings: Settings,
    /// Finished hours, in their order.
    pub lines: Vec<Line>,
}

impl Campaign {
    /// Every statement that does not hold.
    #[must_use]
    pub fn failures(&self) -> Vec<Failure> {
        self.lines.iter().flat_map(Line::failures).collect()
    }

    /// A failure in one line, with the command that shows it again.
    #[must_use]
    pub fn complaint(&self, failure: &Failure) -> String {
        let Failure { hour, statement, value, at_s } = failure;
        let minute = at_s.map_or_else(String::new, |at_s| format!(", minute {:.4}", at_s / MINUTE_S));
        let number = format!("{} {}", shown(statement, *value), statement.unit);
        let shown = number.trim_end();
        let bound = statement.bound.text();
        format!(
            "hour {hour}{minute}: {} = {shown}, must be {bound}; replay with: levitas campaign{} --only {hour} \
             --out out/hour_{hour}",
            statement.key,
            self.settings.options()
        )
    }

    /// How much there is of it.
    #[must_use]
    pub fn effort(&self) -> String {
        let Settings { seed, hours, minutes } = self.settings;
        let simulated_h = self.lines.iter().map(|line| line.value("simulated_s")).sum::<f64>() / S_PER_H;
        format!(
            "seed {seed}: {} of {hours} shards of {minutes} min, {} simulated hours",
            self.lines.len(),
            rounded(simulated_h, 2)
        )
    }

    /// Commits of the programs that ran the hours.
    fn commits(&self) -> String {
        let mut commits: Vec<&str> = self.lines.iter().map(|line| line.commit.as_str()).collect();
        commits.sort_unstable();
        commits.dedup();
        commits.join(", ")
    }

    fn statement_cells(&self, statement: &Statement) -> [String; 6] {
        let values: Vec<f64> = self.lines.iter().map(|line| line.value(statement.key)).collect();
        let held = values.iter().all(|value| statement.bound.holds(*value));
        let worst = match (statement.over, statement.bound) {
            (Over::Sum, super::Bound::Least(_)) | (Over::Least, _) => {
                values.iter().copied().fold(f64::INFINITY, f64::min)
            }
            _ => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        };
        let has_sum = statement.over == Over::Sum;
        let sum: f64 = values.iter().sum();
        [
            statement.text.to_owned(),
            statement.unit.to_owned(),
            statement.bound.text(),
            if statement.bound.text().is_empty() { String::new() } else { shown(statement, worst) },
            if has_sum { shown(statement, sum) } else { String::new() },
            match (statement.bound.text().is_empty(), held) {
                (true, _) => String::new(),
                (false, true) => "held".to_owned(),
                (false, false) => "NOT HELD".to_owned(),
            },
        ]
    }

    fn hour_cells(line: &Line) -> [String; 9] {
        let failed = line.failures();
        let names: Vec<&str> = failed.iter().map(|failure| failure.statement.key).collect();
        let figure = |key: &str| {
            let statement = STATEMENTS.iter().find(|statement| statement.key == key);
            statement.map_or_else(String::new, |statement| shown(statement, line.value(key)))
        };
        [
            line.hour.to_string(),
            line.driver.replace('_', " "),
            line.plant.clone(),
            format!("{:.1}", line.drill_s / MINUTE_S),
            figure("total_us"),
            figure("flow_disturbance_pct"),
            figure("radius_um"),
            figure("frames_lost"),
            if names.is_empty() { "held".to_owned() } else { format!("NOT HELD: {}", names.join(", ")) },
        ]
    }

    /// For a terminal.
    #[must_use]
    pub fn plain(&self) -> String {
        let statements: Vec<_> = STATEMENTS.iter().map(|statement| self.statement_cells(statement)).collect();
        let hours: Vec<_> = self.lines.iter().map(Self::hour_cells).collect();
        format!(
            "{}\n{}\n{}\n",
            aligned(&STATEMENT_HEADINGS, &statements, &[0, 1, 5]),
            aligned(&HOUR_HEADINGS, &hours, &[1, 2, 8]),
            self.effort()
        )
    }

    /// As the generated section of a page.
    #[must_use]
    pub fn markdown(&self) -> String {
        let statements: Vec<_> = STATEMENTS.iter().map(|statement| self.statement_cells(statement)).collect();
        let hours: Vec<_> = self.lines.iter().map(Self::hour_cells).collect();
        format!(
            "From commit {}, {}.\n\n{}\n{}",
            self.commits(),
            self.effort(),
            piped(&STATEMENT_HEADINGS, &statements),
            piped(&HOUR_HEADINGS, &hours)
        )
    }

    /// All figures.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Settings { seed, hours, minutes } = self.settings;
        let statement = |statement: &Statement| {
            let values: Vec<Value> =
                self.lines.iter().map(|line| json!([line.hour, line.value(statement.key)])).collect();
            let held = self.lines.iter().all(|line| statement.bound.holds(line.value(statement.key)));
            (statement.key.to_owned(), json!({ "unit": statement.unit, "hours": values, "held": held }))
        };
        let statements: serde_json::Map<String, Value> = STATEMENTS.iter().map(statement).collect();
        let all = json!({
            "seed": seed, "hours": hours, "minutes": minutes, "done": self.lines.len(), "statements": statements,
        });
        format!("{all:#}\n")
    }
}

/// A value with the decimals of its statement.
fn shown(statement: &Statement, value: f64) -> String {
    format!("{}", rounded(value, statement.decimals))
}

fn aligned<const N: usize>(headings: &[&str; N], rows: &[[String; N]], left: &[usize]) -> String {
    let lines: Vec<[String; N]> =
        std::iter::once(headings.map(str::to_owned)).chain(rows.iter().cloned()).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let mut row = String::new();
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ = if left.contains(&column) {
                write!(row, "  {cell:width$}")
            } else {
                write!(row, "  {cell:>width$}")
            };
        }
        let _ = writeln!(text, "{}", row.trim_end());
    }
    text
}

fn piped<const N: usize>(headings: &[&str; N], rows: &[[String; N]]) -> String {
    let mut text = format!("| {} |\n|{}\n", headings.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}
