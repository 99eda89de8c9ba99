// SPDX-License-Identifier: Apache-2.0
//! The comparison as a table for a terminal, as Markdown and as JSON; the best of each row is marked.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use super::Contender;
use super::figures::{FIGURES, Figure, Goal, Value};

/// Figures of all contenders.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Values by contender and key.
    pub columns: BTreeMap<Contender, BTreeMap<&'static str, Value>>,
}

impl Figure {
    fn show(&self, value: Option<&Value>) -> String {
        match value {
            None => "-".to_owned(),
            Some(Value::Touches) => "touches".to_owned(),
            Some(Value::Number(number)) => format!("{number:.*}", self.decimals),
        }
    }

    /// True when `a` is better than `b`.
    fn is_better(&self, a: f64, b: f64) -> bool {
        if self.goal == Goal::More { a > b } else { a < b }
    }
}

impl Comparison {
    /// The value of a contender.
    #[must_use]
    pub fn number(&self, contender: Contender, key: &str) -> Option<f64> {
        match self.columns.get(&contender)?.get(key)? {
            Value::Number(number) => Some(*number),
            Value::Touches => None,
        }
    }

    /// Who is the best in a row, to the decimals that are shown; nobody where there is nothing to win.
    #[must_use]
    pub fn best(&self, figure: &Figure) -> Vec<Contender> {
        if figure.goal == Goal::Limit {
            return Vec::new();
        }
        let scale = 10_f64.powi(figure.decimals as i32);
        let numbers: Vec<(Contender, f64)> = self
            .columns
            .keys()
            .filter_map(|contender| {
                Some((*contender, (self.number(*contender, figure.key)? * scale).round()))
            })
            .collect();
        let best = numbers
            .iter()
            .map(|(_, number)| *number)
            .reduce(|a, b| if figure.is_better(b, a) { b } else { a });
        numbers.iter().filter(|(_, number)| Some(*number) == best).map(|(contender, _)| *contender).collect()
    }

    /// The table, cells by `cell`, which is told whether the value is the best of its row.
    fn rows(&self, mut cell: impl FnMut(&str, bool) -> String) -> Vec<Vec<String>> {
        let mut rows = vec![vec!["figure".to_owned()]];
        rows[0].extend(self.columns.keys().map(|contender| contender.name().to_owned()));
        for figure in &FIGURES {
            let best = self.best(figure);
            let mut row = vec![figure.name.to_owned()];
            row.extend(self.columns.iter().map(|(contender, column)| {
                cell(&figure.show(column.get(figure.key)), best.contains(contender))
            }));
            rows.push(row);
        }
        rows
    }

    /// Rows in which somebody else is better than ours, one sentence each.
    #[must_use]
    pub fn losses(&self) -> Vec<String> {
        FIGURES
            .iter()
            .filter_map(|figure| {
                let best = self.best(figure);
                let first = *best.first()?;
                if best.contains(&Contender::Ours) || !self.columns.contains_key(&Contender::Ours) {
                    return None;
                }
                let value = |contender| figure.show(self.columns.get(&contender)?.get(figure.key)).into();
                let (ours, theirs): (Option<String>, Option<String>) = (value(Contender::Ours), value(first));
                Some(format!("{}: {} against {} of {}", figure.name, ours?, theirs?, first.name()))
            })
            .collect()
    }

    /// For a terminal; the best has a star.
    #[must_use]
    pub fn table(&self) -> String {
        let rows = self.rows(|value, best| if best { format!("{value}*") } else { format!("{value} ") });
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let mut text = String::new();
        for row in &rows {
            let _ = write!(text, "  {:w$}", row[0], w = width(0));
            for (column, cell) in row.iter().enumerate().skip(1) {
                let _ = write!(text, "  {cell:>w$}", w = width(column));
            }
            text.push('\n');
        }
        text + "\n* best of the row; the first four are limits that the laws were tuned to\n"
            + &self.told_losses("")
    }

    /// For a page; the best is bold.
    #[must_use]
    pub fn to_markdown(&self, commit: Option<&str>) -> String {
        let rows = self.rows(|value, best| if best { format!("**{value}**") } else { value.to_owned() });
        let mut text = format!("From commit {}.\n\n", commit.unwrap_or("unknown"));
        for (index, row) in rows.iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if index == 0 {
                let _ = writeln!(text, "|---|{}", "---:|".repeat(row.len() - 1));
            }
        }
        text + "\n" + &self.told_losses("- ")
    }

    fn told_losses(&self, bullet: &str) -> String {
        let losses = self.losses();
        if losses.is_empty() {
            return "Ours is the best or equal in every row.\n".to_owned();
        }
        let lines: String = losses.iter().map(|line| format!("{bullet}{line}\n")).collect();
        format!("Ours is not the best in:\n{}{lines}", if bullet.is_empty() { "" } else { "\n" })
    }

    /// JSON object: contender, key, number; a string where the rotor touched.
    #[must_use]
    pub fn to_json(&self) -> String {
        let columns: serde_json::Map<String, serde_json::Value> = self
            .columns
            .iter()
            .map(|(contender, column)| {
                let values: serde_json::Map<String, serde_json::Value> = column
                    .iter()
                    .map(|(key, value)| {
                        let value = match value {
                            Value::Number(number) => json!(crate::metrics::rounded(*number, 6)),
                            Value::Touches => json!("touches"),
                        };
                        ((*key).to_owned(), value)
                    })
                    .collect();
                (contender.name().to_owned(), values.into())
            })
            .collect();
        format!("{:#}\n", serde_json::Value::from(columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(ours: f64, other: Value) -> Comparison {
        let column = |value| BTreeMap::from([("step_20n_um", value)]);
        Comparison {
            columns: BTreeMap::from([
                (Contender::Ours, column(Value::Number(ours))),
                (Contender::Ladrc, column(other)),
            ]),
        }
    }

    #[test]
    fn the_best_is_marked_and_a_loss_is_told() {
        let won = two(60.0, Value::Number(63.04));
        assert!(
            won.to_markdown(None).contains("| 20 N step, um | **60.0** | 63.0 |"),
            "{}",
            won.to_markdown(None)
        );
        assert!(won.losses().is_empty());
        let lost = two(64.9, Value::Number(63.04));
        assert_eq!(lost.losses(), ["20 N step, um: 64.9 against 63.0 of LADRC"]);
        assert!(lost.table().contains("63.0*"));
    }

    #[test]
    fn who_touches_is_never_the_best_and_equals_are_both() {
        assert!(two(64.9, Value::Touches).table().contains("64.9*"));
        let equal = two(63.01, Value::Number(63.04));
        assert_eq!(equal.best(&FIGURES[4]), [Contender::Ours, Contender::Ladrc]);
        assert!(equal.to_json().contains("\"step_20n_um\": 63.01"));
    }
}
