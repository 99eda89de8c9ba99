// SPDX-License-Identifier: Apache-2.0
//! A key of an event with what it may be: one table entry for reading, refusing and documenting.

use std::ops::RangeInclusive;

use crate::input::{Checked, any_of, range_text};
use crate::toml_file::Table;

/// What a key may be.
#[derive(Clone, Debug)]
pub enum Allowed {
    /// A number of a range.
    Numbers(RangeInclusive<f64>),
    /// One of these names.
    Names(&'static [&'static str]),
}

/// A key of an event, of a disturbance or of a fault.
#[derive(Clone, Debug)]
pub struct KeySpec {
    /// Name, a number's with its unit suffix.
    pub name: &'static str,
    /// Allowed values.
    pub allowed: Allowed,
    /// Meaning.
    pub doc: &'static str,
}

impl KeySpec {
    /// A key that takes a number.
    #[must_use]
    pub const fn numbers(name: &'static str, range: RangeInclusive<f64>, doc: &'static str) -> Self {
        Self { name, allowed: Allowed::Numbers(range), doc }
    }

    /// A key that takes a name.
    #[must_use]
    pub const fn names(name: &'static str, names: &'static [&'static str], doc: &'static str) -> Self {
        Self { name, allowed: Allowed::Names(names), doc }
    }

    /// What is allowed, for people.
    #[must_use]
    pub fn allowed_text(&self) -> String {
        match &self.allowed {
            Allowed::Numbers(range) => range_text(*range.start(), *range.end()),
            Allowed::Names(names) => any_of(names),
        }
    }

    /// The smallest number, or the first name's index.
    #[must_use]
    pub fn first(&self) -> f64 {
        match &self.allowed {
            Allowed::Numbers(range) => *range.start(),
            Allowed::Names(_) => 0.0,
        }
    }

    /// The largest number, or the last name's index.
    #[must_use]
    pub fn last(&self) -> f64 {
        match &self.allowed {
            Allowed::Numbers(range) => *range.end(),
            Allowed::Names(names) => names.len() as f64 - 1.0,
        }
    }

    /// The value in a table; of a name its index.
    ///
    /// # Errors
    /// The key is missing, or its value is not allowed.
    pub fn read(&self, table: &Table<'_>) -> Checked<f64> {
        match &self.allowed {
            Allowed::Numbers(range) => {
                let allowed = format!("a number from {}", self.allowed_text());
                table.required(self.name, &allowed)?.number(range)
            }
            Allowed::Names(names) => {
                let entry = table.required(self.name, &any_of(names))?;
                let index = names.iter().position(|name| entry.text().is_ok_and(|text| text == *name));
                match index {
                    Some(index) => Ok(index as f64),
                    None => Err(entry.refuse(format!("unknown {}", self.name), any_of(names))),
                }
            }
        }
    }

    /// A value as the format writes it.
    #[must_use]
    pub fn shown(&self, value: f64) -> String {
        match &self.allowed {
            Allowed::Numbers(_) => format!("{value}"),
            Allowed::Names(names) => names.get(value as usize).copied().unwrap_or_default().to_owned(),
        }
    }
}
