// SPDX-License-Identifier: Apache-2.0
//! Bad input, in one line: where, which key, which value, what is wrong with it and what is allowed.
//!
//! Every refusal of the program is a [`BadInput`]; it ends as one line on standard error and exit code 2.

use std::fmt::{Display, Formatter, Result as FmtResult, Write as _};

/// Why an input was refused. Its text is one line whatever the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadInput {
    /// File with line and column, or the option of the command line.
    pub place: String,
    /// Key, with the number of its event or expectation; empty when the whole file is meant.
    pub key: String,
    /// The value as the user wrote it; empty when there is none.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What is allowed instead.
    pub allowed: String,
}

/// Result of reading input.
pub type Checked<T> = Result<T, BadInput>;

/// Most items that a list of allowed names shows before it points to `levitas list`.
const NAMES_SHOWN_MAX: usize = 24;
/// Longest value that is repeated in full.
const VALUE_LENGTH_MAX: usize = 80;

impl BadInput {
    /// A refusal of a whole file or option.
    pub fn of(place: impl Display, problem: impl Display, allowed: impl Display) -> Self {
        Self::key(place, "", "", problem, allowed)
    }

    /// A refusal of one key.
    pub fn key(
        place: impl Display,
        key: impl Display,
        value: impl Display,
        problem: impl Display,
        allowed: impl Display,
    ) -> Self {
        Self {
            place: place.to_string(),
            key: key.to_string(),
            value: value.to_string(),
            problem: problem.to_string(),
            allowed: allowed.to_string(),
        }
    }
}

impl Display for BadInput {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        let mut line = self.place.clone();
        if !self.key.is_empty() {
            let _ = write!(line, ": {}", self.key);
            if !self.value.is_empty() {
                let _ = write!(line, " = {}", shortened(&self.value));
            }
        }
        let _ = write!(line, ": {}", self.problem);
        if !self.allowed.is_empty() {
            let _ = write!(line, "; allowed is {}", self.allowed);
        }
        f.write_str(&one_line(&line))
    }
}

impl std::error::Error for BadInput {}

fn shortened(value: &str) -> String {
    if value.chars().count() <= VALUE_LENGTH_MAX {
        return value.to_owned();
    }
    let head: String = value.chars().take(VALUE_LENGTH_MAX).collect();
    format!("{head}...")
}

/// The text with control characters escaped, so that it stays one line on a terminal.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// A number as a person would write it: 0.001, 200000, 1e-8.
#[must_use]
pub fn number_text(number: f64) -> String {
    let plain = number == 0.0 || (1e-3..1e7).contains(&number.abs());
    if plain { number.to_string() } else { format!("{number:e}") }
}

/// `0.001 to 10`.
#[must_use]
pub fn range_text(min: f64, max: f64) -> String {
    format!("{} to {}", number_text(min), number_text(max))
}

/// `a, b or c`; a long list is cut.
pub fn any_of<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMES_SHOWN_MAX).map(AsRef::as_ref).collect();
    let rest = names.len() - shown.len();
    if rest > 0 {
        return format!("{} and {rest} more", shown.join(", "));
    }
    match shown.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// The allowed names for an unknown one: the nearest ones first, when any is near, else all.
pub fn allowed_names<T: AsRef<str>>(unknown: &str, names: &[T]) -> String {
    let mut near: Vec<(usize, &str)> = names
        .iter()
        .map(|name| (edit_distance(unknown, name.as_ref()), name.as_ref()))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 4))
        .collect();
    near.sort_unstable();
    match near.first() {
        Some((_, nearest)) if names.len() > NAMES_SHOWN_MAX => {
            format!("{nearest} (did you mean it?) and {} others, see `levitas list`", names.len() - 1)
        }
        Some((_, nearest)) => format!("{} (did you mean {nearest}?)", any_of(names)),
        None => any_of(names),
    }
}

/// Number of single-character edits between two names (Levenshtein 1966).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_line_even_when_the_value_is_not() {
        let error = BadInput::key("a.toml:3:1", "title", "two\nlines\u{1b}[2J", "bad", "one line");
        assert_eq!(error.to_string(), "a.toml:3:1: title = two\\nlines\\u{1b}[2J: bad; allowed is one line");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(range_text(1e-8, 200e3), "1e-8 to 200000");
        assert_eq!(
            (number_text(-0.05), number_text(0.0), number_text(5e-5)),
            ("-0.05".into(), "0".into(), "5e-5".into())
        );
    }

    #[test]
    fn names_are_listed_and_the_nearest_is_offered() {
        assert_eq!(any_of(&["a", "b", "c"]), "a, b or c");
        assert_eq!(any_of::<&str>(&[]), "nothing");
        assert!(allowed_names("lift_of", &["lift_off", "land"]).ends_with("(did you mean lift_off?)"));
        assert_eq!(edit_distance("kitten", "sitting"), 3);
    }
}
