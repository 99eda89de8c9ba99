// SPDX-License-Identifier: Apache-2.0
//! A day of the calendar. The unit has no clock of the wall: whoever gives a command gives its date.
//!
//! # Source
//! Gregorian calendar; written as ISO 8601 writes it, 2026-11-27.

use core::fmt::{Display, Formatter, Result as FmtResult};

/// A day that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day, if there is one.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        (1..=days_in(year, month)).contains(&day).then_some(Self { year, month, day })
    }

    /// Reads `YYYY-MM-DD`; `None` for anything else, and for a day that does not exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ['-']);
        let mut next = |length: usize| parts.next().filter(|part| part.len() == length).and_then(number);
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        Self::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// Year, month, day.
    #[must_use]
    pub(super) const fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// Years after Christ.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }
}

impl Display for Date {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        write!(f, "{}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Days of a month; 0 for a month that does not exist.
pub(super) const fn days_in(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

/// The number that up to four digits are; `None` when one is no digit.
pub(super) fn number(digits: &str) -> Option<u16> {
    digits.bytes().try_fold(0_u16, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u16::from(byte & 0x0F))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_date_is_read_as_it_is_written() {
        for text in ["2026-11-27", "2024-02-29", "2000-02-29", "2099-12-31", "1999-01-01"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_none() {
        for text in [
            "2026-02-29",
            "2100-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2026-04-00",
            "26-04-01",
            "2026-4-1",
            "2026-11-27 ",
            "2026/11/27",
            "+026-11-27",
            "2026-11",
            "",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn days_are_in_order() {
        let days =
            ["2025-12-31", "2026-01-01", "2026-01-02", "2026-02-01"].map(|day| Date::parse(day).unwrap());
        assert!(days.is_sorted());
    }
}
