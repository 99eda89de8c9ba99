// SPDX-License-Identifier: Apache-2.0
//! TOML with places: every value knows its file, line and column, so that a refusal can say them.
//!
//! The scenario format is small and its refusals matter more than its parsing, so tables are read key by key
//! from the parser's spanned tree, without a derive between the user's file and the message.

use std::fmt::Display;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::input::{BadInput, Checked, allowed_names, range_text};

/// A file's text and the name under which messages speak of it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path as the user gave it, or the name of a built-in file.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Value of a key that can be overridden.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Integer or float; may still be NaN or infinite, so that the range check can say so.
    Number(f64),
    /// Array of numbers.
    Numbers(Vec<f64>),
    /// String.
    Text(String),
    /// Anything else, as the user wrote it.
    Other(&'static str),
}

impl Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Numbers(numbers) => write!(f, "{numbers:?}"),
            Self::Text(text) => write!(f, "\"{text}\""),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

impl Value {
    /// What kind of value it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Numbers(_) => "an array of numbers",
            Self::Text(_) => "a string",
            Self::Other(kind) => kind,
        }
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub String);

impl Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Source {
    /// `file:line:column` of a byte offset.
    #[must_use]
    pub fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        Place(format!("{}:{line}:{column}", self.name))
    }

    /// Parses the text.
    ///
    /// # Errors
    /// The first syntax error, with line and column.
    pub fn parse(&self) -> Checked<DeTable<'_>> {
        match DeTable::parse(&self.text) {
            Ok(table) => Ok(table.into_inner()),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                let problem = format!("broken TOML: {}", error.message());
                Err(BadInput::of(self.place(offset), problem, "TOML 1.1, see docs/scenarios.md"))
            }
        }
    }
}

/// One table of a file.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    source: &'a Source,
    label: String,
    offset: usize,
    table: &'a DeTable<'a>,
    /// Entries of the command line, which win over those of the file.
    above: Vec<(String, Entry)>,
}

/// The value of one key, with where it stands.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Key, with the label of its table.
    pub key: String,
    /// The value.
    pub value: Value,
    /// File, line, column.
    pub place: Place,
}

impl Entry {
    /// A refusal of this entry.
    pub fn refuse(&self, problem: impl Display, allowed: impl Display) -> BadInput {
        BadInput::key(&self.place, &self.key, &self.value, problem, allowed)
    }

    /// The number, within a range.
    ///
    /// # Errors
    /// Not a number, not finite, or outside of the range.
    pub fn number(&self, range: &RangeInclusive<f64>) -> Checked<f64> {
        let allowed = || format!("a number from {}", range_text(*range.start(), *range.end()));
        match self.value {
            Value::Number(number) if !number.is_finite() => {
                Err(self.refuse("this is not a finite number", allowed()))
            }
            Value::Number(number) if range.contains(&number) => Ok(number),
            Value::Number(_) => Err(self.refuse("out of range", allowed())),
            _ => Err(self.refuse(format!("this is {}", self.value.kind()), allowed())),
        }
    }

    /// The text.
    ///
    /// # Errors
    /// Not a string.
    pub fn text(&self) -> Checked<&str> {
        match &self.value {
            Value::Text(text) => Ok(text),
            other => Err(self.refuse(format!("this is {}", other.kind()), "a string in quotes")),
        }
    }
}

impl<'a> Table<'a> {
    /// The top table of a file.
    #[must_use]
    pub fn top(source: &'a Source, table: &'a DeTable<'a>) -> Self {
        Self { source, label: String::new(), offset: 0, table, above: Vec::new() }
    }

    /// Place of the table itself.
    #[must_use]
    pub fn place(&self) -> Place {
        if self.label.is_empty() { Place(self.source.name.clone()) } else { self.source.place(self.offset) }
    }

    /// Key with the label of the table.
    fn labelled(&self, key: &str) -> String {
        if self.label.is_empty() { key.to_owned() } else { format!("{}: {key}", self.label) }
    }

    /// Refuses keys that are not in the list.
    ///
    /// # Errors
    /// The first key in the file that is not allowed.
    pub fn allow_keys(&self, allowed: &[&str], owner: &str) -> Checked<()> {
        let mut unknown: Vec<_> =
            self.table.keys().filter(|key| !allowed.contains(&&**key.get_ref())).collect();
        unknown.sort_by_key(|key| key.span().start);
        if let Some(key) = unknown.first() {
            return Err(BadInput::key(
                self.source.place(key.span().start),
                self.labelled(key.get_ref()),
                "",
                format!("unknown key{owner}"),
                allowed_names(key.get_ref(), allowed),
            ));
        }
        match self.above.iter().find(|(key, _)| !allowed.contains(&key.as_str())) {
            None => Ok(()),
            Some((key, entry)) => Err(BadInput::key(
                &entry.place,
                &entry.key,
                "",
                format!("unknown key{owner}"),
                allowed_names(key, allowed),
            )),
        }
    }

    /// Puts an entry of the command line above what the file says.
    pub fn set(&mut self, key: &str, entry: &Entry) {
        self.above.push((key.to_owned(), entry.clone()));
    }

    /// The entry of a key.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<Entry> {
        if let Some((_, entry)) = self.above.iter().rfind(|(name, _)| name == key) {
            return Some(entry.clone());
        }
        let value = self.table.get(key)?;
        Some(Entry {
            key: self.labelled(key),
            value: plain(value),
            place: self.source.place(value.span().start),
        })
    }

    /// The entry of a key that must be there.
    ///
    /// # Errors
    /// The key is missing.
    pub fn required(&self, key: &str, allowed: &str) -> Checked<Entry> {
        self.entry(key)
            .ok_or_else(|| BadInput::key(self.place(), self.labelled(key), "", "the key is missing", allowed))
    }

    /// All entries with dotted keys, tables inside flattened, in the order of the file.
    #[must_use]
    pub fn flattened(&self) -> Vec<(String, Entry)> {
        let mut entries = Vec::new();
        self.flatten_into("", self.table, &mut entries);
        entries.sort_by_key(|(offset, ..)| *offset);
        entries.into_iter().map(|(_, path, entry)| (path, entry)).collect()
    }

    fn flatten_into(&self, prefix: &str, table: &DeTable<'a>, entries: &mut Vec<(usize, String, Entry)>) {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            if let DeValue::Table(inner) = value.get_ref() {
                self.flatten_into(&format!("{path}."), inner, entries);
            } else {
                let place = self.source.place(value.span().start);
                let entry = Entry { key: self.labelled(&path), value: plain(value), place };
                entries.push((key.span().start, path, entry));
            }
        }
    }

    /// The sub-table of a key, `None` when the key is absent.
    ///
    /// # Errors
    /// The key is there and is no table.
    pub fn table(&self, key: &str) -> Checked<Option<Table<'a>>> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Table(table) => Ok(Some(Table {
                source: self.source,
                label: format!("[{}]", self.labelled(key)),
                offset: value.span().start,
                table,
                above: Vec::new(),
            })),
            _ => Err(self.wrong_shape(key, value, format!("a table, written [{key}]"))),
        }
    }

    /// The tables of an array of tables; empty when the key is absent.
    ///
    /// # Errors
    /// The key is there and is no array of tables.
    pub fn tables(&self, key: &str) -> Checked<Vec<Table<'a>>> {
        let Some(value) = self.table.get(key) else { return Ok(Vec::new()) };
        let allowed = || format!("tables, each headed by [[{key}]]");
        let DeValue::Array(array) = value.get_ref() else {
            return Err(self.wrong_shape(key, value, allowed()));
        };
        let mut tables = Vec::new();
        for (index, item) in array.iter().enumerate() {
            let DeValue::Table(table) = item.get_ref() else {
                return Err(self.wrong_shape(key, item, allowed()));
            };
            let label = format!("[[{key}]] {}", index + 1);
            tables.push(Table {
                source: self.source,
                label,
                offset: item.span().start,
                table,
                above: Vec::new(),
            });
        }
        Ok(tables)
    }

    fn wrong_shape(&self, key: &str, value: &Spanned<DeValue<'_>>, allowed: String) -> BadInput {
        let kind = plain(value).kind();
        let place = self.source.place(value.span().start);
        BadInput::key(place, self.labelled(key), "", format!("this is {kind}"), allowed)
    }
}

/// A value from the command line: TOML where it is TOML, else a string.
#[must_use]
pub fn value_of_argument(text: &str) -> Value {
    let document = format!("value = {text}");
    match DeTable::parse(&document) {
        Ok(table) if table.get_ref().len() == 1 => {
            table.get_ref().get("value").map_or_else(|| Value::Text(text.to_owned()), plain)
        }
        _ => Value::Text(text.to_owned()),
    }
}

fn plain(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        DeValue::Integer(_) | DeValue::Float(_) => Value::Number(number_of(value.get_ref())),
        DeValue::Boolean(_) => Value::Other("a boolean"),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Table(_) => Value::Other("a table"),
        DeValue::Array(items) => {
            let numbers = |item: &Spanned<DeValue<'_>>| {
                matches!(item.get_ref(), DeValue::Integer(_) | DeValue::Float(_))
                    .then(|| number_of(item.get_ref()))
            };
            items
                .iter()
                .map(numbers)
                .collect::<Option<Vec<f64>>>()
                .map_or(Value::Other("an array"), Value::Numbers)
        }
    }
}

fn number_of(value: &DeValue<'_>) -> f64 {
    match value {
        DeValue::Float(float) => float.as_str().parse().unwrap_or(f64::NAN),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().unwrap_or(f64::NAN),
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or(f64::NAN, |number| number as f64)
        }
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "t.toml".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn numbers_of_every_spelling_are_read() {
        for (text, number) in [
            ("1_000", 1000.0),
            ("0x10", 16.0),
            ("20e3", 20e3),
            ("-1", -1.0),
            ("1_0.5", 10.5),
            ("+inf", f64::INFINITY),
        ] {
            assert_eq!(value_of_argument(text), Value::Number(number), "{text}");
        }
        assert!(matches!(value_of_argument("nan"), Value::Number(number) if number.is_nan()));
        assert_eq!(value_of_argument("heartmate3"), Value::Text("heartmate3".to_owned()));
        assert_eq!(value_of_argument("[1, 2.5]"), Value::Numbers(vec![1.0, 2.5]));
        assert_eq!(value_of_argument("1\nb = 2"), Value::Text("1\nb = 2".to_owned()));
    }

    #[test]
    fn a_syntax_error_names_line_and_column() {
        let error = source("title = \"a\"\nduration_s = = 3\n").parse().unwrap_err();
        assert!(error.place.starts_with("t.toml:2:"), "{error}");
    }

    #[test]
    fn an_override_may_be_quoted_or_dotted() {
        let quoted = source("[override]\n\"rotor.mass_kg\" = 1\nrotor.clearance_m = 2\n");
        let document = quoted.parse().unwrap();
        let table = Table::top(&quoted, &document).table("override").unwrap().unwrap();
        let keys: Vec<String> = table.flattened().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["rotor.mass_kg", "rotor.clearance_m"]);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place() {
        let file = source("title = \"a\"\n[[event]]\nat_z = 1\n");
        let document = file.parse().unwrap();
        let events = Table::top(&file, &document).tables("event").unwrap();
        let error = events[0].allow_keys(&["at_s", "do"], "").unwrap_err();
        assert_eq!((error.place.as_str(), error.key.as_str()), ("t.toml:3:1", "[[event]] 1: at_z"));
    }
}
