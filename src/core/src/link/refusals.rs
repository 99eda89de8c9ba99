// SPDX-License-Identifier: Apache-2.0
//! Frames and commands of the link that were refused: why, how often, and when somebody must look.
//!
//! # Model
//! Each refusal is counted by its kind since power-up and saturates. Those of commands, but for [`LinkRefusal::Busy`], which an honest
//! tool that repeats itself meets, fill a bucket that leaks one every
//! [`ALARM_MS`]: [`ALARM_REFUSALS`] within any such time raise [`fault::COMMANDS_REFUSED`], which stands for as long after the last
//! one. A frame of another version of the protocol raises [`fault::PROTOCOL_VERSION`] for [`VERSION_MS`].
//!
//! # Limits and failure
//! Frames that are damaged or stale raise no alarm here: who gets no sound frame says that the link is lost. The clock wraps after
//! 49 days, which the comparisons allow for.
//!
//! # Shown by
//! Tests below.

use crate::mail::fault;

/// Refused commands that raise the alarm ...
pub const ALARM_REFUSALS: u32 = 5;
/// ... within this time [ms].
pub const ALARM_MS: u32 = 10_000;
/// Time for which a frame of another version counts [ms].
pub const VERSION_MS: u32 = 1_000;

macro_rules! refusals {
    ($($variant:ident $name:literal $doc:literal;)+) => {
        /// Why a frame or a command of the link was not used.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum LinkRefusal { $( #[doc = $doc] $variant, )+ }

        impl LinkRefusal {
            /// Every kind, in the order of their codes.
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// Its name, as metrics and shell spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// Its meaning.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $( Self::$variant => $doc, )+ }
            }
        }
    };
}
refusals! {
    Authentication "commands.refused_authentication" "The authentication code of a command is wrong, or this unit has no key; nothing else of it is looked at.";
    Malformed "commands.refused_malformed" "A command has another length or format, or asks what does not exist.";
    Session "commands.refused_session" "A command was meant for another power-up of this unit.";
    Expired "commands.refused_expired" "The time of a command is over.";
    TooLong "commands.refused_too_long" "A command would live for longer than it may.";
    Sequence "commands.refused_sequence" "The sequence number of a command, or a later one, was carried out.";
    Busy "commands.refused_busy" "The command before it has not been answered yet.";
    Flood "commands.refused_flood" "More commands in one period than are looked at.";
    UnknownId "frames.rejected_unknown_id" "No frame of the link has this id.";
    OwnId "frames.rejected_own_id" "Another one sends under an id of this unit.";
    Format "frames.rejected_format" "A classic frame under the id of an FD frame.";
    Length "frames.rejected_length" "Not the number of bytes of its id.";
    Checksum "frames.rejected_checksum" "The CRC does not fit bytes and data id.";
    Counter "frames.rejected_counter" "The E2E counter contradicts the number of the frame.";
    Version "frames.rejected_version" "A frame, or a command whose code is right, is of another version of the protocol.";
    Value "frames.rejected_value" "A signal has a code that its range leaves out.";
    Old "frames.rejected_old" "A sound frame that is no news: it comes twice, late, out of order, or echoes what is long past.";
}

/// Kinds of refusals.
pub const LINK_REFUSALS: usize = LinkRefusal::ALL.len();

impl LinkRefusal {
    /// It is of a command, not of a frame.
    #[must_use]
    pub const fn is_of_command(self) -> bool {
        (self as usize) < Self::UnknownId as usize
    }

    /// Somebody may be trying: not where the command was right in all but that the one before it had no answer yet.
    const fn is_suspect(self) -> bool {
        self.is_of_command() && !matches!(self, Self::Busy)
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    counts: [u32; LINK_REFUSALS],
    /// What was in the bucket at `filled_at_ms`, each refusal being [`ALARM_MS`].
    bucket_ms: u32,
    filled_at_ms: u32,
    /// When the last frame of another version came.
    version_at_ms: Option<u32>,
}

impl Refusals {
    /// A refusal, at the time of this unit's clock.
    pub fn count(&mut self, refusal: LinkRefusal, now_ms: u32) {
        if let Some(count) = self.counts.get_mut(refusal as usize) {
            *count = count.saturating_add(1);
        }
        if refusal.is_suspect() {
            let level_ms = self.level_ms(now_ms).saturating_add(ALARM_MS);
            (self.bucket_ms, self.filled_at_ms) = (level_ms.min(ALARM_REFUSALS * ALARM_MS), now_ms);
        }
        if refusal == LinkRefusal::Version {
            self.version_at_ms = Some(now_ms);
        }
    }

    /// Refusals since power-up by kind, in the order of [`LinkRefusal::ALL`].
    #[must_use]
    pub fn counts(&self) -> [u32; LINK_REFUSALS] {
        self.counts
    }

    /// Alarms that stand, bits of [`fault`]; to be asked more often than the clock wraps.
    pub fn alarms(&mut self, now_ms: u32) -> u32 {
        // What has leaked out stays out, also when the clock wraps.
        (self.bucket_ms, self.filled_at_ms) = (self.level_ms(now_ms), now_ms);
        self.version_at_ms = self.version_at_ms.filter(|at_ms| now_ms.wrapping_sub(*at_ms) < VERSION_MS);
        let commands = self.bucket_ms > (ALARM_REFUSALS - 1) * ALARM_MS;
        (if commands { fault::COMMANDS_REFUSED } else { 0 })
            | self.version_at_ms.map_or(0, |_| fault::PROTOCOL_VERSION)
    }

    /// What is in the bucket.
    fn level_ms(&self, now_ms: u32) -> u32 {
        self.bucket_ms.saturating_sub(now_ms.wrapping_sub(self.filled_at_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON_WRAPS_MS: u32 = u32::MAX - 20;

    fn is_alarmed(refusals: &mut Refusals, now_ms: u32) -> bool {
        refusals.alarms(now_ms) == fault::COMMANDS_REFUSED
    }

    #[test]
    fn each_kind_has_its_name_and_its_counter() {
        for (index, refusal) in LinkRefusal::ALL.iter().enumerate() {
            assert_eq!(*refusal as usize, index);
            let mut refusals = Refusals::default();
            refusals.count(*refusal, 0);
            assert_eq!(refusals.counts().iter().sum::<u32>(), 1);
            assert_eq!(refusals.counts()[index], 1);
            assert!(LinkRefusal::ALL[..index].iter().all(|other| other.name() != refusal.name()));
            assert_eq!(refusal.name().starts_with("commands."), refusal.is_of_command());
        }
    }

    #[test]
    fn counts_saturate() {
        let mut refusals = Refusals { counts: [u32::MAX; LINK_REFUSALS], ..Refusals::default() };
        refusals.count(LinkRefusal::Length, 0);
        assert_eq!(refusals.counts(), [u32::MAX; LINK_REFUSALS]);
    }

    #[test]
    fn five_refusals_in_ten_seconds_raise_the_alarm_and_one_a_minute_does_not() {
        let mut refusals = Refusals::default();
        for index in 0..20 {
            refusals.count(LinkRefusal::Authentication, index * 60_000);
            assert!(!is_alarmed(&mut refusals, index * 60_000));
        }
        let start_ms = 20 * 60_000;
        for index in 0..ALARM_REFUSALS {
            assert!(!is_alarmed(&mut refusals, start_ms + index));
            refusals.count(LinkRefusal::Session, start_ms + index);
        }
        assert!(is_alarmed(&mut refusals, start_ms + ALARM_MS - 1));
        assert!(!is_alarmed(&mut refusals, start_ms + ALARM_MS + ALARM_REFUSALS));
    }

    #[test]
    fn a_tool_that_repeats_itself_before_its_answer_raises_nothing() {
        let mut refusals = Refusals::default();
        for now_ms in 0..100 {
            refusals.count(LinkRefusal::Busy, now_ms);
            assert_eq!(refusals.alarms(now_ms), 0);
        }
        assert_eq!(refusals.counts()[LinkRefusal::Busy as usize], 100);
        for kind in LinkRefusal::ALL.iter().filter(|kind| kind.is_of_command() && **kind != LinkRefusal::Busy)
        {
            let mut refusals = Refusals::default();
            (0..ALARM_REFUSALS).for_each(|_| refusals.count(*kind, 0));
            assert!(is_alarmed(&mut refusals, 0), "{kind:?}");
        }
    }

    /// Three, then two, with the border of any fixed ten seconds between them.
    #[test]
    fn the_alarm_does_not_ask_when_the_ten_seconds_began() {
        let mut refusals = Refusals::default();
        for now_ms in [0, 9_000, 9_100, 12_000, 12_100] {
            assert!(!is_alarmed(&mut refusals, now_ms));
            refusals.count(LinkRefusal::Malformed, now_ms);
        }
        refusals.count(LinkRefusal::Malformed, 12_200);
        assert!(is_alarmed(&mut refusals, 12_200));
    }

    /// A flood is over soon after its end, and a clock that wraps does not matter.
    #[test]
    fn the_bucket_has_a_rim() {
        let mut refusals = Refusals::default();
        for _ in 0..1000 {
            refusals.count(LinkRefusal::Flood, SOON_WRAPS_MS);
        }
        assert!(is_alarmed(&mut refusals, SOON_WRAPS_MS.wrapping_add(ALARM_MS - 1)));
        assert!(!is_alarmed(&mut refusals, SOON_WRAPS_MS.wrapping_add(ALARM_MS)));
    }

    #[test]
    fn frames_that_are_damaged_raise_nothing_and_those_of_another_version_say_so_for_a_second() {
        let mut refusals = Refusals::default();
        for _ in 0..1000 {
            refusals.count(LinkRefusal::Checksum, SOON_WRAPS_MS);
            refusals.count(LinkRefusal::Old, SOON_WRAPS_MS);
        }
        assert_eq!(refusals.alarms(SOON_WRAPS_MS), 0);
        refusals.count(LinkRefusal::Version, SOON_WRAPS_MS);
        let last_ms = SOON_WRAPS_MS.wrapping_add(VERSION_MS - 1);
        assert_eq!(refusals.alarms(last_ms), fault::PROTOCOL_VERSION);
        assert_eq!(refusals.alarms(last_ms.wrapping_add(1)), 0);
        assert_eq!(refusals.alarms(last_ms), 0, "it is forgotten, not only past");
    }
}
