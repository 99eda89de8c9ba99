// SPDX-License-Identifier: Apache-2.0
//! Unique device identification: a GS1 element string in, product, lot, serial number and dates out.
//!
//! # Model
//! Two forms of the same string are read:
//! | form | looks like | an element ends |
//! |---|---|---|
//! | scanned | `]d2010950110153000317271119` `10AB-123` GS `21...`; the symbology identifier may be missing | after its length where that is predefined, else at the separator GS (code 29) or `^`, or at the end |
//! | printed | `(01)09501101530003(17)271119(10)AB-123` | at the next `(` |
//!
//! | identifier | is | length |
//! |---|---|---|
//! | (01) | GTIN: the product, the last digit is a check digit | 14 digits |
//! | (10) | batch or lot | 1 to 20 of the character set 82 |
//! | (11), (17) | production date, expiration date, YYMMDD; DD = 00 is the last day of the month | 6 digits |
//! | (21) | serial number | 1 to 20 of the character set 82 |
//!
//! Other elements are passed over. The century is the one that brings the year nearest to the date of the command: up to 50 years ahead,
//! up to 49 back.
//! # Limits and failure
//! Anything else is refused by a [`UdiError`] with the place, counted in characters from 1. What is in parentheses inside a lot or a serial number can
//! only be scanned: in the printed form it would be an identifier. HIBCC and ICCBBA, the other agencies, are refused.
//! # Source
//! GS1 General Specifications 26.0, 2026: 3.2 (identifiers), 7.8.5 (predefined lengths), 7.8.6 (separators), 7.9.1 (check digit), 7.11 (character
//! set 82), 7.12 (century); numbers and rules as two implementations cite them, zint 2026-07 and biip 5.2.0: the original is not public.
//! # Shown by
//! `udi/tests.rs`; `tests/clients/test_kits.py` against biip.

use core::fmt::{Display, Formatter, Result as FmtResult, Write as _};

use super::date::{Date, days_in, number};

/// Separators between elements of the scanned form: FNC1 as a scanner sends it, and as one sends it whose host takes printable characters
/// alone. `^` is in no element: it is not of the character set 82.
const SEPARATORS: [char; 2] = ['\u{1d}', '^'];
/// Symbology identifiers that announce element strings: GS1-128, GS1 DataMatrix, GS1 DataBar and composite, GS1 DotCode, GS1 QR Code.
const SYMBOLOGIES: [&str; 5] = ["]C1", "]d2", "]e0", "]J1", "]Q3"];
/// Longest lot, longest serial number [characters].
pub const TEXT_LENGTH_MAX: usize = 20;

/// What a UDI says; texts are parts of the string that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udi<'a> {
    /// Product, 14 digits.
    pub gtin: &'a str,
    /// Batch or lot.
    pub lot: Option<&'a str>,
    /// Serial number.
    pub serial: Option<&'a str>,
    /// Day of production.
    pub produced: Option<Date>,
    /// Last day on which it may be used.
    pub expires: Option<Date>,
}

/// Why a string is no UDI. Places are counted in characters from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdiError<'a> {
    /// There is nothing.
    Empty,
    /// It begins with `]`, and not with one of the five identifiers.
    Symbology,
    /// No application identifier where one must be.
    Identifier {
        /// Where.
        at: usize,
        /// It has to stand in parentheses.
        printed: bool,
    },
    /// An element is too short or too long.
    Length {
        /// Where its value begins.
        at: usize,
        /// Its identifier.
        identifier: &'a str,
        /// Characters that there are.
        found: usize,
        /// Fewest that are allowed.
        min: usize,
        /// Most that are allowed.
        max: usize,
    },
    /// A character that is no digit in a number or a date.
    Digit {
        /// Where.
        at: usize,
        /// Its identifier.
        identifier: &'a str,
        /// The character.
        found: char,
    },
    /// A character that is in no element string.
    Character {
        /// Where.
        at: usize,
        /// The character.
        found: char,
    },
    /// The check digit of the GTIN is another one.
    CheckDigit {
        /// Where.
        at: usize,
        /// The digit that there is.
        found: u8,
        /// The digit that belongs to the other 13.
        wanted: u8,
    },
    /// Month or day does not exist.
    Day {
        /// Where it stands.
        at: usize,
        /// Its identifier.
        identifier: &'a str,
        /// Month or day.
        name: &'static str,
        /// The number that there is.
        found: u8,
        /// Smallest that is allowed.
        min: u8,
        /// Largest that is allowed.
        max: u8,
    },
    /// An element comes again and says something else.
    Contradiction {
        /// Where its value begins.
        at: usize,
        /// Its identifier.
        identifier: &'a str,
    },
    /// No element (01).
    NoGtin,
}

impl<'a> Udi<'a> {
    /// Reads a string on a day, which decides the century of its dates.
    ///
    /// # Errors
    /// What is wrong first, where, and what is allowed.
    pub fn parse(text: &'a str, today: Date) -> Result<Self, UdiError<'a>> {
        if text.is_empty() {
            return Err(UdiError::Empty);
        }
        if let Some((index, found)) = text.char_indices().find(|(_, found)| !found.is_ascii()) {
            return Err(UdiError::Character { at: place(index), found });
        }
        let mut at = if text.starts_with(']') { symbology_length(text)? } else { 0 };
        let printed = from(text, at).starts_with('(');
        let mut found = Found::default();
        while at < text.len() {
            let (element, next) =
                if printed { printed_element(text, at)? } else { scanned_element(text, at)? };
            found.take(&element, today)?;
            at = next;
        }
        let Found { gtin, lot, serial, produced, expires } = found;
        let gtin = gtin.ok_or(UdiError::NoGtin)?;
        Ok(Self { gtin, lot, serial, produced, expires })
    }
}

/// Place of a character for people.
const fn place(index: usize) -> usize {
    index.saturating_add(1)
}

/// The rest from a place on.
fn from(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or("")
}

fn symbology_length(text: &str) -> Result<usize, UdiError<'_>> {
    let known = SYMBOLOGIES.iter().find(|known| text.starts_with(**known));
    known.map(|known| known.len()).ok_or(UdiError::Symbology)
}

/// Digits of the identifier and length of the value of an element that needs no separator, by its first two digits (figure 7.8.5-2).
const fn predefined(first: u8, second: u8) -> Option<(usize, usize)> {
    match (first, second) {
        (b'0', b'0') => Some((2, 18)),
        (b'0', b'1'..=b'3') => Some((2, 14)),
        (b'0', b'4') => Some((2, 16)),
        (b'1', b'1'..=b'9') => Some((2, 6)),
        (b'2', b'0') => Some((2, 2)),
        (b'3', b'1'..=b'6') => Some((4, 6)),
        (b'4', b'1') => Some((3, 13)),
        _ => None,
    }
}

struct Element<'a> {
    identifier: &'a str,
    value: &'a str,
    /// Where the value begins, from 0.
    index: usize,
}

impl<'a> Element<'a> {
    fn length(&self, min: usize, max: usize) -> Result<(), UdiError<'a>> {
        let found = self.value.len();
        if (min..=max).contains(&found) {
            return Ok(());
        }
        Err(UdiError::Length { at: place(self.index), identifier: self.identifier, found, min, max })
    }

    /// The first character that is not of a kind, and its place.
    fn stranger(&self, kind: fn(char) -> bool) -> Option<(usize, char)> {
        let (index, found) = self.value.char_indices().find(|(_, found)| !kind(*found))?;
        Some((place(self.index.saturating_add(index)), found))
    }

    fn digits(&self) -> Result<(), UdiError<'a>> {
        let stranger = self.stranger(|found| found.is_ascii_digit());
        stranger.map_or(Ok(()), |(at, found)| Err(UdiError::Digit { at, identifier: self.identifier, found }))
    }
}

/// The identifier that begins here, with the length of its value where that is predefined.
fn identifier(digits: &str) -> Option<(usize, Option<usize>)> {
    let mut bytes = digits.bytes().take_while(u8::is_ascii_digit);
    let (length, value) = match predefined(bytes.next()?, bytes.next()?) {
        Some((length, value)) => (length, Some(value)),
        // How many more digits there are is only known of those that concern us.
        None => (2, None),
    };
    (bytes.count().saturating_add(2) >= length).then_some((length, value))
}

/// True for a scanned string whose separators have been lost, or might have been: one that has a lot or a serial number and no `^`.
#[must_use]
pub fn lacks_separators(text: &str, udi: &Udi<'_>) -> bool {
    let has_text = udi.lot.is_some() || udi.serial.is_some();
    has_text && !text.starts_with(['(']) && !text.contains(['^'])
}

fn scanned_element(text: &str, at: usize) -> Result<(Element<'_>, usize), UdiError<'_>> {
    let wrong = UdiError::Identifier { at: place(at), printed: false };
    let rest = from(text, at);
    let (length, predefined) = identifier(rest).ok_or(wrong)?;
    let (identifier, value) = rest.split_at_checked(length).ok_or(wrong)?;
    let end = value.find(SEPARATORS).unwrap_or(value.len());
    let value = value.get(..end.min(predefined.unwrap_or(end))).unwrap_or("");
    let element = Element { identifier, value, index: at.saturating_add(length) };
    if let Some(length) = predefined {
        element.length(length, length)?;
    }
    let end = element.index.saturating_add(value.len());
    // A separator that need not be there is allowed (7.8.6).
    let separator = usize::from(from(text, end).starts_with(SEPARATORS));
    Ok((element, end.saturating_add(separator)))
}

fn printed_element(text: &str, at: usize) -> Result<(Element<'_>, usize), UdiError<'_>> {
    let wrong = UdiError::Identifier { at: place(at), printed: true };
    let (inside, _) =
        from(text, at).strip_prefix('(').and_then(|rest| rest.split_once([')'])).ok_or(wrong)?;
    let digits = (2..=4).contains(&inside.len()) && inside.bytes().all(|byte| byte.is_ascii_digit());
    let (length, predefined) = identifier(inside).filter(|_| digits).ok_or(wrong)?;
    if predefined.is_some() && inside.len() != length {
        return Err(wrong);
    }
    let index = at.saturating_add(inside.len()).saturating_add(2);
    let rest = from(text, index);
    let end = rest.find(['(']).unwrap_or(rest.len());
    let element = Element { identifier: inside, value: rest.get(..end).unwrap_or(""), index };
    if let Some(length) = predefined {
        element.length(length, length)?;
    }
    Ok((element, index.saturating_add(end)))
}

#[derive(Default)]
struct Found<'a> {
    gtin: Option<&'a str>,
    lot: Option<&'a str>,
    serial: Option<&'a str>,
    produced: Option<Date>,
    expires: Option<Date>,
}

impl<'a> Found<'a> {
    fn take(&mut self, element: &Element<'a>, today: Date) -> Result<(), UdiError<'a>> {
        let text = || {
            element.length(1, TEXT_LENGTH_MAX)?;
            in_set_82(element)
        };
        match element.identifier {
            "01" => put(&mut self.gtin, gtin(element)?, element),
            "10" => put(&mut self.lot, text()?, element),
            "21" => put(&mut self.serial, text()?, element),
            "11" => put(&mut self.produced, date(element, today)?, element),
            "17" => put(&mut self.expires, date(element, today)?, element),
            _ => {
                element.length(1, usize::MAX)?;
                in_set_82(element).map(|_| ())
            }
        }
    }
}

fn put<'a, T: PartialEq>(
    place_of: &mut Option<T>,
    value: T,
    element: &Element<'a>,
) -> Result<(), UdiError<'a>> {
    if place_of.as_ref().is_some_and(|old| *old != value) {
        return Err(UdiError::Contradiction { at: place(element.index), identifier: element.identifier });
    }
    *place_of = Some(value);
    Ok(())
}

fn in_set_82<'a>(element: &Element<'a>) -> Result<&'a str, UdiError<'a>> {
    let stranger = element.stranger(|found| {
        found.is_ascii_alphanumeric() || "!\"%&'()*+,-./:;<=>?_".chars().any(|one| one == found)
    });
    stranger.map_or(Ok(element.value), |(at, found)| Err(UdiError::Character { at, found }))
}

/// Weights 3 and 1 by turns from the right; the check digit fills the sum up to a multiple of ten.
fn gtin<'a>(element: &Element<'a>) -> Result<&'a str, UdiError<'a>> {
    element.digits()?;
    let mut digits = element.value.bytes().rev().map(|byte| byte & 0x0F);
    let found = digits.next().unwrap_or(0);
    let weighted =
        digits.zip([3_u8, 1].into_iter().cycle()).map(|(digit, weight)| digit.saturating_mul(weight));
    // Thirteen digits: 7 * 27 + 6 * 9 at most.
    let wanted = 10_u8.saturating_sub(weighted.fold(0, u8::saturating_add) % 10) % 10;
    if found != wanted {
        let last = element.index.saturating_add(element.value.len());
        return Err(UdiError::CheckDigit { at: last, found, wanted });
    }
    Ok(element.value)
}

/// `YYMMDD`, six characters.
fn date<'a>(element: &Element<'a>, today: Date) -> Result<Date, UdiError<'a>> {
    element.digits()?;
    let part = |at: usize| element.value.get(at..at.saturating_add(2)).and_then(number).unwrap_or(0);
    let wrong = |at: usize, name, found, min, max| {
        let at = place(element.index.saturating_add(at));
        UdiError::Day { at, identifier: element.identifier, name, found, min, max }
    };
    let year = year(part(0), today.year());
    let [month, day] = [part(2), part(4)].map(|part| u8::try_from(part).unwrap_or(0));
    let days = days_in(year, month);
    if days == 0 {
        return Err(wrong(2, "month", month, 1, 12));
    }
    let last = if day == 0 { days } else { day };
    Date::new(year, month, last).ok_or_else(|| wrong(4, "day", day, 0, days))
}

/// The year of two digits (7.12).
fn year(two_digits: u16, this_year: u16) -> u16 {
    let this = this_year % 100;
    let year = this_year.saturating_sub(this).saturating_add(two_digits);
    if two_digits > this.saturating_add(50) {
        year.saturating_sub(100)
    } else if two_digits.saturating_add(50) <= this {
        year.saturating_add(100)
    } else {
        year
    }
}

/// A character as it can be shown on one line.
struct Shown(char);

impl Display for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        if self.0.is_ascii_graphic() {
            return f.write_char(self.0);
        }
        write!(f, "code {}", u32::from(self.0))
    }
}

impl Display for UdiError<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        match self {
            Self::Empty => f.write_str(
                "empty; allowed is a GS1 element string like (01)09501101530003(17)271119(10)AB-123",
            ),
            Self::Symbology => {
                f.write_str("character 1: unknown symbology identifier; allowed is ]C1, ]d2, ]e0, ]J1 or ]Q3")
            }
            Self::Identifier { at, printed } => {
                let parentheses = if *printed { " in parentheses, as at the beginning" } else { "" };
                write!(f, "character {at}: no GS1 identifier; allowed is one of 2 to 4 digits{parentheses}")
            }
            Self::Length { at, identifier, found, min, max } => {
                write!(f, "character {at}: ({identifier}) has {found} characters; allowed is {min}")?;
                match *max {
                    usize::MAX => f.write_str(" or more"),
                    max if max == *min => Ok(()),
                    max => write!(f, " to {max}"),
                }
            }
            Self::Digit { at, identifier, found } => {
                write!(f, "character {at}: {} in ({identifier}); allowed is 0 to 9", Shown(*found))
            }
            Self::Character { at, found } => write!(
                f,
                "character {at}: {} is in no GS1 element; allowed is A to Z, a to z, 0 to 9 and ! \" % & ' ( ) * + , - . / : ; < = > ? _",
                Shown(*found)
            ),
            Self::CheckDigit { at, found, wanted } => {
                write!(
                    f,
                    "character {at}: check digit {found} of (01); allowed is {wanted}, or another digit is wrong"
                )
            }
            Self::Day { at, identifier, name, found, min, max } => {
                write!(
                    f,
                    "character {at}: {name} {found:02} in ({identifier}); allowed is {min:02} to {max:02}"
                )
            }
            Self::Contradiction { at, identifier } => {
                write!(f, "character {at}: ({identifier}) comes again with another value; allowed is one")
            }
            Self::NoGtin => f.write_str("no product; allowed is a string with (01) and its 14 digits"),
        }
    }
}

impl core::error::Error for UdiError<'_> {}

#[cfg(test)]
mod tests;
