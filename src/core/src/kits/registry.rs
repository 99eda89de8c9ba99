// SPDX-License-Identifier: Apache-2.0
//! Which kits this unit has in use, since when, and by whose leave when one should not have been used.
//!
//! # Model
//! A kit that has expired, has no expiration date, or whose product and serial number have been here before is refused; with a reason it is
//! taken, and both stay with it. A circulation kit and a warming set take the place of the one before, which ends; the others add up.
//! # Limits and failure
//! The unit has no clock of the wall: the day comes with the command, the hours are those for which the unit has run. 16 kits are
//! kept, over a power-off by `record.rs`; a new one takes the place of the one that ended longest ago, and without one it is refused. A place of the
//! storage that could not be read is left to what may lie there, until nothing does. Reuse is known of kits in the list alone, and not of a kit without a serial number.
//! # Shown by
//! Tests below; `sim/levitas/tests/kits.rs`.

use core::fmt::{Display, Formatter, Result as FmtResult};

use super::date::Date;
use super::udi::{TEXT_LENGTH_MAX, Udi};
use crate::code::bit_table;

/// Kits that are kept.
pub const KITS_MAX: usize = 16;

bit_table! {
    0 EXPIRED "expired" "Its expiration date is over.";
    1 UNDATED "undated" "It has no expiration date.";
    2 REUSED "reused" "Its serial number has been in use before.";
    3 TOO_EARLY "too_early" "The day is before that of another kit, or before it was made.";
}

/// Names of a choice, as command lines spell them.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $text:literal),+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Name in command lines.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The one of a name.
            #[must_use]
            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().find(|one| one.name() == name).copied()
            }
        }
    };
}

named! {
    /// What a kit is for.
    Kind {
        /// Pump head, membrane lung, tubing.
        Circulation "circulation",
        /// Cannula through which blood comes.
        DrainageCannula "drainage_cannula",
        /// Cannula through which it goes back.
        ReturnCannula "return_cannula",
        /// Needles, wires and dilators.
        Puncture "puncture",
        /// Tubes of the water.
        Warming "warming"
    }
}

named! {
    /// Why a kit is used that should not be.
    Reason {
        /// There is no time.
        Emergency "emergency",
        /// There is no other one.
        NoOther "no_other",
        /// Somebody who may do so has looked at it and takes it.
        Inspected "inspected"
    }
}

impl Kind {
    /// A new one takes the place of the one before.
    const fn is_exchanged(self) -> bool {
        matches!(self, Self::Circulation | Self::Warming)
    }
}

/// A short text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    bytes: [u8; TEXT_LENGTH_MAX],
    length: usize,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let mut bytes = [0; TEXT_LENGTH_MAX];
        let length = bytes.iter_mut().zip(text.bytes()).map(|(to, from)| *to = from).count();
        Self { bytes, length }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or("")
    }
}

/// A kit that is or was in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kit {
    /// What it is for.
    pub kind: Kind,
    /// Product, 14 digits.
    pub gtin: Text,
    /// Batch or lot.
    pub lot: Option<Text>,
    /// Serial number.
    pub serial: Option<Text>,
    /// Last day on which it may be used.
    pub expires: Option<Date>,
    /// Day on which it was taken, as the operator said.
    pub added: Date,
    /// When it was taken, for the first time if it was more than once, since the unit has started [s].
    pub since_s: u32,
    /// For how long it had been in use before the unit has started \[s\].
    pub before_s: u32,
    /// When another took its place, or the therapy was over; 0: before the unit has started.
    pub until_s: Option<u32>,
    /// Which one it was to end of those that had ended before the unit has started, from 0; [`u8::MAX`] for one that has not.
    pub ended: u8,
    /// What was against it: bits of [`TABLE`].
    pub objections: u32,
    /// Why it was taken all the same.
    pub reason: Option<Reason>,
}

impl Kit {
    /// Seconds for which it has been in use.
    #[must_use]
    pub fn seconds(&self, now_s: u32) -> u32 {
        self.before_s.saturating_add(self.until_s.unwrap_or(now_s).saturating_sub(self.since_s))
    }

    /// Minutes for which it has been in use.
    #[must_use]
    pub fn minutes(&self, now_s: u32) -> u32 {
        self.seconds(now_s) / 60
    }

    /// What was against it: name and sentence.
    pub fn objections(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        sentences(self.objections)
    }

    /// The smaller, the longer ago it ended. The day is for records that knew no order.
    pub(super) const fn end_key(&self) -> (Option<u32>, u8, Date) {
        (self.until_s, self.ended, self.added)
    }

    /// Seconds since it was taken for the first time, in use or not.
    const fn age_s(&self, now_s: u32) -> u32 {
        self.before_s.saturating_add(now_s.saturating_sub(self.since_s))
    }

    fn is_same(&self, udi: &Udi<'_>) -> bool {
        let serial = self.serial.as_ref().map(Text::as_str);
        serial.is_some() && serial == udi.serial && self.gtin.as_str() == udi.gtin
    }
}

fn sentences(objections: u32) -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().filter(move |(bit, ..)| objections & bit != 0).map(|(_, name, sentence)| (*name, *sentence))
}

/// Why a kit is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Something is against it, bits of [`TABLE`], and no reason was given.
    Objections(u32),
    /// No room, and none has ended.
    Full,
}

impl Display for Refused {
    fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult {
        let Self::Objections(objections) = self else {
            return write!(
                f,
                "no place is free: {KITS_MAX} kits are in use, or theirs cannot be read; allowed is no more"
            );
        };
        for (_, sentence) in sentences(*objections) {
            write!(f, "{sentence} ")?;
        }
        f.write_str("Allowed is another kit, or this one with a reason:")?;
        Reason::ALL.iter().try_for_each(|reason| write!(f, " {}", reason.name()))
    }
}

impl core::error::Error for Refused {}

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registry {
    pub(super) kits: [Option<Kit>; KITS_MAX],
    /// Places of the storage that could not be read: what may lie there is left alone.
    unread: [bool; KITS_MAX],
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// No kit yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { kits: [None; KITS_MAX], unread: [false; KITS_MAX] }
    }

    /// What lies in a place of the storage is not known: no kit gets it.
    pub fn leave(&mut self, place: usize) {
        if let Some(unread) = self.unread.get_mut(place) {
            *unread = true;
        }
    }

    /// A place that could not be read: no kit gets it.
    #[must_use]
    pub fn is_left(&self, place: usize) -> bool {
        self.unread.get(place).copied().unwrap_or_default()
    }

    /// Nothing lies there any more: a kit may have it.
    pub fn free(&mut self, place: usize) {
        if let Some(unread) = self.unread.get_mut(place) {
            *unread = false;
        }
    }

    /// All that are kept.
    pub fn kits(&self) -> impl Iterator<Item = &Kit> {
        self.kits.iter().flatten()
    }

    /// What is against a kit on a day: bits of [`TABLE`].
    #[must_use]
    pub fn objections(&self, udi: &Udi<'_>, today: Date) -> u32 {
        let dated = match udi.expires {
            Some(expires) if expires < today => EXPIRED,
            Some(_) => 0,
            None => UNDATED,
        };
        let reused = if self.kits().any(|kit| kit.is_same(udi)) { REUSED } else { 0 };
        let is_over = self.kits().map(|kit| kit.added).chain(udi.produced).any(|day| day > today);
        dated | reused | if is_over { TOO_EARLY } else { 0 }
    }

    /// Takes a kit into use on a day, so many seconds after the start.
    ///
    /// # Errors
    /// Something is against it and there is no reason, or there is no room.
    pub fn add(
        &mut self,
        kind: Kind,
        udi: &Udi<'_>,
        today: Date,
        reason: Option<Reason>,
        now_s: u32,
    ) -> Result<Kit, Refused> {
        let objections = self.objections(udi, today);
        if objections != 0 && reason.is_none() {
            return Err(Refused::Objections(objections));
        }
        // One that comes again has not become younger.
        let before = self.kits().filter(|kit| kit.is_same(udi)).max_by_key(|kit| kit.age_s(now_s));
        let (since_s, before_s) = before.map_or((now_s, 0), |kit| (kit.since_s, kit.before_s));
        let kit = Kit {
            kind,
            gtin: Text::new(udi.gtin),
            lot: udi.lot.map(Text::new),
            serial: udi.serial.map(Text::new),
            expires: udi.expires,
            added: today,
            since_s,
            before_s,
            until_s: None,
            ended: u8::MAX,
            objections,
            reason: reason.filter(|_| objections != 0),
        };
        let replaced = |old: &&mut Kit| kind.is_exchanged() && old.kind == kind && old.until_s.is_none();
        self.end(now_s, replaced);
        // Where one was replaced there is a place, so that a refusal has changed nothing.
        let known = self.kits.iter_mut().zip(&self.unread).filter(|(_, unread)| !**unread);
        let free = known
            .map(|(place, _)| place)
            .filter(|place| place.is_none_or(|old| old.until_s.is_some()))
            .min_by_key(|place| place.as_ref().map(Kit::end_key));
        *free.ok_or(Refused::Full)? = Some(kit);
        Ok(kit)
    }

    /// The therapy is over: none is in use any more. How many were.
    pub fn end_all(&mut self, now_s: u32) -> usize {
        self.end(now_s, |kit| kit.until_s.is_none())
    }

    fn end(&mut self, now_s: u32, ends: impl Fn(&&mut Kit) -> bool) -> usize {
        self.kits.iter_mut().flatten().filter(ends).map(|kit| kit.until_s = Some(now_s)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString as _;

    const TODAY: &str = "2026-11-27";

    fn add(
        registry: &mut Registry,
        kind: Kind,
        text: &str,
        reason: Option<Reason>,
        now_s: u32,
    ) -> Result<Kit, Refused> {
        let today = Date::parse(TODAY).unwrap();
        registry.add(kind, &Udi::parse(text, today).unwrap(), today, reason, now_s)
    }

    #[test]
    fn a_kit_may_be_used_on_its_last_day_and_not_on_the_next() {
        let mut registry = Registry::new();
        for (text, wanted) in [
            ("(01)09501101530003(17)261127(10)A", 0),
            ("(01)09501101530003(17)261100(10)A", 0),
            ("(01)09501101530003(17)261126(10)A", EXPIRED),
            ("(01)09501101530003(17)261000(10)A", EXPIRED),
            ("(01)09501101530003(10)A", UNDATED),
        ] {
            let result = add(&mut registry, Kind::Puncture, text, None, 0).map(|kit| kit.objections);
            assert_eq!(result, if wanted == 0 { Ok(0) } else { Err(Refused::Objections(wanted)) }, "{text}");
        }
        assert_eq!(registry.kits().count(), 2);
    }

    #[test]
    fn what_was_in_use_is_refused_and_taken_for_a_reason_that_stays_with_it() {
        let mut registry = Registry::new();
        let text = "(01)09501101530003(17)250101(10)A(21)7";
        let refused = add(&mut registry, Kind::Circulation, text, None, 0).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "Its expiration date is over. Allowed is another kit, or this one with a reason: emergency no_other inspected"
        );
        let kit = add(&mut registry, Kind::Circulation, text, Some(Reason::Emergency), 10).unwrap();
        assert_eq!(
            (kit.objections, kit.reason, kit.added.to_string()),
            (EXPIRED, Some(Reason::Emergency), TODAY.into())
        );
        let again = add(&mut registry, Kind::Circulation, text, None, 20);
        assert_eq!(again, Err(Refused::Objections(EXPIRED | REUSED)));
        // Another product with the same number, and the same product without one, are others.
        for other in ["(01)04012345678901(17)270101(21)7", "(01)09501101530003(17)270101(10)A"] {
            assert!(add(&mut registry, Kind::Puncture, other, None, 20).is_ok(), "{other}");
        }
        // A reason that nobody needed is not recorded.
        let good = add(
            &mut registry,
            Kind::Puncture,
            "(01)04012345678901(17)270101(21)8",
            Some(Reason::NoOther),
            20,
        );
        assert_eq!(good.unwrap().reason, None);
    }

    #[test]
    fn a_day_that_is_over_makes_no_kit_young() {
        let mut registry = Registry::new();
        let udi = |text| Udi::parse(text, Date::parse(TODAY).unwrap()).unwrap();
        let mut take = |text, day: &str, reason, now_s| {
            let day = Date::parse(day).unwrap();
            registry.add(Kind::Puncture, &udi(text), day, reason, now_s)
        };
        let expired = "(01)09501101530003(11)261120(17)261126(21)7";
        let too_early = Err(Refused::Objections(TOO_EARLY));
        assert_eq!(take(expired, "2025-11-26", None, 0), too_early, "before it was made");
        assert_eq!(take("(01)04012345678901(17)270101(21)8", TODAY, None, 100).unwrap().objections, 0);
        assert_eq!(take(expired, "2026-11-26", None, 200), too_early);
        // The other day may have been the wrong one: a reason takes it, and both are recorded.
        let inspected = Some(Reason::Inspected);
        let kit = take(expired, "2026-11-26", inspected, 300).unwrap();
        assert_eq!((kit.since_s, kit.objections, kit.reason), (300, TOO_EARLY, inspected));
        assert_eq!(take(expired, "2026-11-28", inspected, 7500).unwrap().minutes(7500), 120);
    }

    #[test]
    fn a_circulation_kit_ends_the_one_before_and_cannulas_add_up() {
        let mut registry = Registry::new();
        let mut take = |kind, serial: u32, now_s| {
            let text = std::format!("(01)09501101530003(17)270101(21){serial}");
            add(&mut registry, kind, &text, None, now_s).unwrap();
        };
        take(Kind::Circulation, 1, 100);
        take(Kind::DrainageCannula, 2, 100);
        take(Kind::DrainageCannula, 3, 100);
        take(Kind::Circulation, 4, 7300);
        let minutes: std::vec::Vec<u32> = registry.kits().map(|kit| kit.minutes(10_900)).collect();
        assert_eq!(minutes, [120, 180, 180, 60]);
    }

    #[test]
    fn a_kit_that_comes_again_is_as_old_as_the_oldest_of_it() {
        let mut registry = Registry::new();
        let text = "(01)09501101530003(17)270101(21)7";
        let inspected = Some(Reason::Inspected);
        add(&mut registry, Kind::Puncture, text, None, 7200).unwrap();
        // What the storage has of it from before the start is older, and lies behind it.
        let old = Kit { since_s: 0, before_s: 36_000, until_s: Some(0), ..registry.kits[0].unwrap() };
        registry.kits[1] = Some(old);
        assert_eq!(add(&mut registry, Kind::Puncture, text, inspected, 7200).unwrap().minutes(7200), 720);
    }

    #[test]
    fn a_place_that_could_not_be_read_is_not_filled() {
        let mut registry = Registry::new();
        registry.leave(0);
        registry.leave(KITS_MAX);
        for serial in 1..KITS_MAX {
            let text = std::format!("(01)09501101530003(17)270101(21){serial}");
            add(&mut registry, Kind::Puncture, &text, None, 0).unwrap();
        }
        let last = add(&mut registry, Kind::Puncture, "(01)09501101530003(17)270101(21)L", None, 0);
        assert_eq!((last, registry.record(0, 0)), (Err(Refused::Full), None));
        registry.free(0);
        registry.free(KITS_MAX);
        assert_eq!((registry.is_left(0), registry.is_left(KITS_MAX)), (false, false));
        assert!(add(&mut registry, Kind::Puncture, "(01)09501101530003(17)270101(21)L", None, 0).is_ok());
    }

    #[test]
    fn a_full_list_forgets_what_has_ended_longest_and_nothing_in_use() {
        let mut registry = Registry::new();
        for serial in 0..KITS_MAX {
            let kind = if serial < 3 { Kind::Circulation } else { Kind::Puncture };
            let text = std::format!("(01)09501101530003(17)270101(21){serial}");
            add(&mut registry, kind, &text, None, serial as u32).unwrap();
        }
        let serials = |registry: &Registry| {
            registry.kits().map(|kit| kit.serial.unwrap().as_str().to_string()).collect::<std::vec::Vec<_>>()
        };
        add(&mut registry, Kind::Puncture, "(01)09501101530003(17)270101(21)A", None, 100).unwrap();
        assert!(
            !serials(&registry).contains(&"0".to_string()) && serials(&registry).contains(&"1".to_string())
        );
        add(&mut registry, Kind::Puncture, "(01)09501101530003(17)270101(21)B", None, 100).unwrap();
        let full = registry;
        let refused = add(&mut registry, Kind::Puncture, "(01)09501101530003(17)270101(21)C", None, 100);
        assert_eq!(refused, Err(Refused::Full));
        assert_eq!(serials(&registry), serials(&full));
        // So does the end of the therapy, and the kit that is exchanged makes room.
        let mut over = registry;
        assert_eq!(over.end_all(200), KITS_MAX);
        assert_eq!(over.end_all(300), 0);
        assert!(over.kits().all(|kit| kit.until_s == Some(200)));
        add(&mut over, Kind::Puncture, "(01)09501101530003(17)270101(21)C", None, 300).unwrap();
        add(&mut registry, Kind::Circulation, "(01)09501101530003(17)270101(21)D", None, 100).unwrap();
        assert!(!serials(&registry).contains(&"2".to_string()));
    }
}
