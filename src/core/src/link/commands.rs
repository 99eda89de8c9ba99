// SPDX-License-Identifier: Apache-2.0
//! Which command is carried out: once, in its session and in its time, or not at all.
//!
//! # Model
//! A command quotes the session of the unit that is to carry it out and a moment of *that unit's* clock at which it is void;
//! both stand in that unit's slow frames. So nobody's clock has to agree with another one's, and a command that was
//! recorded before a power-up, or waited in a queue, has no way to be right again.
//!
//! | refused | when |
//! |---|---|
//! | [`CommandRefusal::Authentication`] | its code is wrong; nothing else of it is looked at, see [`CommandGate::refuse`] |
//! | [`CommandRefusal::Session`] | it was meant for another power-up of this unit, or for another unit |
//! | [`CommandRefusal::Expired`] | its time is over |
//! | [`CommandRefusal::TooLong`] | it would live for more than [`EXPIRY_MS_MAX`] |
//! | [`CommandRefusal::Sequence`] | its sequence number, or a later one, was carried out |
//!
//! # Limits and failure
//! Refusals are counted by kind and saturate. They fill a bucket that leaks one every [`ALARM_MS`]: [`ALARM_REFUSALS`] within any
//! such time raise an alarm, which stands for as long after the last one. The clock wraps after 49 days, which the comparison allows for.
//!
//! # Shown by
//! Tests below.

use super::CommandFrame;

/// Longest life of a command [ms].
pub const EXPIRY_MS_MAX: u32 = 100;
/// Refusals that raise the alarm ...
pub const ALARM_REFUSALS: u32 = 5;
/// ... within this time [ms].
pub const ALARM_MS: u32 = 10_000;

/// Why a command of the link was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandRefusal {
    /// Its authentication code is wrong.
    Authentication,
    /// Another session.
    Session,
    /// Its time is over.
    Expired,
    /// It would live too long.
    TooLong,
    /// It was carried out, or a later one was.
    Sequence,
}

/// How often each kind of refusal has come since power-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefusalCounts {
    /// [`CommandRefusal::Authentication`].
    pub authentication: u32,
    /// [`CommandRefusal::Session`].
    pub session: u32,
    /// [`CommandRefusal::Expired`].
    pub expired: u32,
    /// [`CommandRefusal::TooLong`].
    pub too_long: u32,
    /// [`CommandRefusal::Sequence`].
    pub sequence: u32,
}

/// The gate that every command of the link goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandGate {
    session: u32,
    sequence: u32,
    counts: RefusalCounts,
    /// What was in the bucket at `filled_at_ms`, each refusal being [`ALARM_MS`].
    bucket_ms: u32,
    filled_at_ms: u32,
}

impl CommandGate {
    /// `session` is a number that this unit has never used before.
    #[must_use]
    pub fn new(session: u32) -> Self {
        Self { session, sequence: 0, counts: RefusalCounts::default(), bucket_ms: 0, filled_at_ms: 0 }
    }

    /// A command whose code was found right, at the time of this unit's clock.
    ///
    /// # Errors
    /// Why it is not carried out; counted.
    pub fn admit(&mut self, command: &CommandFrame, now_ms: u32) -> Result<(), CommandRefusal> {
        match self.judge(command, now_ms) {
            Ok(()) => {
                self.sequence = command.sequence;
                Ok(())
            }
            Err(refusal) => {
                self.count(refusal, now_ms);
                Err(refusal)
            }
        }
    }

    /// A command whose code was found wrong: counted, and forgotten.
    pub fn refuse(&mut self, now_ms: u32) -> CommandRefusal {
        self.count(CommandRefusal::Authentication, now_ms);
        CommandRefusal::Authentication
    }

    /// So many refusals of late that somebody must look.
    #[must_use]
    pub fn is_alarmed(&self, now_ms: u32) -> bool {
        self.level_ms(now_ms) > (ALARM_REFUSALS - 1) * ALARM_MS
    }

    /// What is in the bucket.
    fn level_ms(&self, now_ms: u32) -> u32 {
        self.bucket_ms.saturating_sub(now_ms.wrapping_sub(self.filled_at_ms))
    }

    /// Refusals since power-up.
    #[must_use]
    pub fn counts(&self) -> RefusalCounts {
        self.counts
    }

    fn judge(&self, command: &CommandFrame, now_ms: u32) -> Result<(), CommandRefusal> {
        if command.session != self.session {
            return Err(CommandRefusal::Session);
        }
        let left_ms = command.expires_ms.wrapping_sub(now_ms);
        if left_ms == 0 || left_ms > u32::MAX / 2 {
            return Err(CommandRefusal::Expired);
        }
        if left_ms > EXPIRY_MS_MAX {
            return Err(CommandRefusal::TooLong);
        }
        if command.sequence <= self.sequence {
            return Err(CommandRefusal::Sequence);
        }
        Ok(())
    }

    fn count(&mut self, refusal: CommandRefusal, now_ms: u32) {
        let counter = match refusal {
            CommandRefusal::Authentication => &mut self.counts.authentication,
            CommandRefusal::Session => &mut self.counts.session,
            CommandRefusal::Expired => &mut self.counts.expired,
            CommandRefusal::TooLong => &mut self.counts.too_long,
            CommandRefusal::Sequence => &mut self.counts.sequence,
        };
        *counter = counter.saturating_add(1);
        let level_ms = self.level_ms(now_ms).saturating_add(ALARM_MS);
        (self.bucket_ms, self.filled_at_ms) = (level_ms.min(ALARM_REFUSALS * ALARM_MS), now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: u32 = u32::MAX - 20;

    fn command(sequence: u32) -> CommandFrame {
        CommandFrame {
            session: 9,
            sequence,
            expires_ms: NOW_MS.wrapping_add(EXPIRY_MS_MAX),
            kind: 1,
            value: 0.0,
        }
    }

    #[test]
    fn a_command_is_carried_out_once() {
        let mut gate = CommandGate::new(9);
        assert_eq!(gate.admit(&command(1), NOW_MS), Ok(()));
        assert_eq!(gate.admit(&command(1), NOW_MS), Err(CommandRefusal::Sequence));
        assert_eq!(gate.admit(&command(3), NOW_MS), Ok(()));
        assert_eq!(gate.admit(&command(2), NOW_MS), Err(CommandRefusal::Sequence));
        assert_eq!(gate.counts(), RefusalCounts { sequence: 2, ..RefusalCounts::default() });
    }

    #[test]
    fn its_time_ends_after_a_tenth_of_a_second_also_where_the_clock_wraps() {
        for (passed_ms, expected) in [
            (0, Ok(())),
            (99, Ok(())),
            (100, Err(CommandRefusal::Expired)),
            (5000, Err(CommandRefusal::Expired)),
        ] {
            let mut gate = CommandGate::new(9);
            assert_eq!(gate.admit(&command(1), NOW_MS.wrapping_add(passed_ms)), expected, "{passed_ms}");
        }
        let mut gate = CommandGate::new(9);
        assert_eq!(gate.admit(&command(1), NOW_MS - 1), Err(CommandRefusal::TooLong));
    }

    #[test]
    fn another_session_and_a_wrong_code_are_refused_and_change_nothing() {
        let mut gate = CommandGate::new(9);
        let other = CommandFrame { session: 8, ..command(7) };
        assert_eq!(gate.admit(&other, NOW_MS), Err(CommandRefusal::Session));
        assert_eq!(gate.refuse(NOW_MS), CommandRefusal::Authentication);
        assert_eq!((gate.counts().session, gate.counts().authentication), (1, 1));
        assert_eq!(gate.admit(&command(1), NOW_MS), Ok(()));
    }

    #[test]
    fn five_refusals_in_ten_seconds_raise_the_alarm_and_one_a_minute_does_not() {
        let mut gate = CommandGate::new(9);
        for index in 0..20 {
            gate.refuse(index * 60_000);
            assert!(!gate.is_alarmed(index * 60_000));
        }
        let start_ms = 20 * 60_000;
        for index in 0..ALARM_REFUSALS {
            assert!(!gate.is_alarmed(start_ms + index));
            gate.refuse(start_ms + index);
        }
        assert!(gate.is_alarmed(start_ms + ALARM_MS - 1));
        assert!(!gate.is_alarmed(start_ms + ALARM_MS + ALARM_REFUSALS));
    }

    /// Three, then two, with the border of any fixed ten seconds between them.
    #[test]
    fn the_alarm_does_not_ask_when_the_ten_seconds_began() {
        let mut gate = CommandGate::new(9);
        for now_ms in [0, 9_000, 9_100, 12_000, 12_100] {
            assert!(!gate.is_alarmed(now_ms));
            gate.refuse(now_ms);
        }
        gate.refuse(12_200);
        assert!(gate.is_alarmed(12_200));
    }

    /// A flood is over soon after its end, and a clock that wraps does not matter.
    #[test]
    fn the_bucket_has_a_rim() {
        let mut gate = CommandGate::new(9);
        for _ in 0..1000 {
            gate.refuse(NOW_MS);
        }
        assert!(gate.is_alarmed(NOW_MS.wrapping_add(ALARM_MS - 1)));
        assert!(!gate.is_alarmed(NOW_MS.wrapping_add(ALARM_MS)));
    }

    proptest! {
        #[test]
        fn nothing_is_carried_out_twice_late_or_across_sessions(
            sent in proptest::collection::vec((8_u32..10, 0_u32..6, 0_u32..200, any::<bool>()), 1..60),
        ) {
            let mut gate = CommandGate::new(9);
            let mut done = std::vec::Vec::new();
            let mut now_ms = 1000_u32;
            for (session, sequence, delay_ms, is_authentic) in sent {
                let expires_ms = now_ms + EXPIRY_MS_MAX;
                now_ms += delay_ms;
                let command = CommandFrame { session, sequence, expires_ms, ..CommandFrame::default() };
                if !is_authentic {
                    gate.refuse(now_ms);
                } else if gate.admit(&command, now_ms).is_ok() {
                    prop_assert!(session == 9 && delay_ms < EXPIRY_MS_MAX);
                    prop_assert!(done.iter().all(|before| *before < sequence));
                    done.push(sequence);
                }
            }
        }
    }
}
