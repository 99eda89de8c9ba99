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
//! | [`LinkRefusal::Session`] | it was meant for another power-up of this unit, or for another unit |
//! | [`LinkRefusal::Expired`] | its time is over |
//! | [`LinkRefusal::TooLong`] | it would live for more than [`EXPIRY_MS_MAX`] |
//! | [`LinkRefusal::Sequence`] | its sequence number, or a later one, was carried out |
//! | [`LinkRefusal::Busy`] | the supervisor has not answered the one before it; its number is not used up, it may come again in its time |
//!
//! Its code was found right before, or nothing of it is looked at: see [`super::LinkRefusal::Authentication`].
//!
//! # Limits and failure
//! The clock wraps after 49 days, which the comparison allows for. A session ends with its last sequence number.
//!
//! # Shown by
//! Tests below; every order of events in which frames come, with what the supervisor does: `sim/model/src/commands.rs`.

use super::{CommandFrame, LinkRefusal};

/// Longest life of a command [ms].
pub const EXPIRY_MS_MAX: u32 = 100;

/// The gate that every command of the link goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandGate {
    session: u32,
    sequence: u32,
}

impl CommandGate {
    /// `session` is a number that this unit has never used before.
    #[must_use]
    pub fn new(session: u32) -> Self {
        Self { session, sequence: 0 }
    }

    /// A command whose code was found right, at the time of this unit's clock: it is handed to the supervisor, and its number is used up.
    /// `answered`: the number of the last command of the link that the supervisor has answered.
    ///
    /// # Errors
    /// Why it is not handed on.
    pub fn admit(
        &mut self,
        command: &CommandFrame,
        now_ms: u32,
        answered: Option<u32>,
    ) -> Result<(), LinkRefusal> {
        if command.session != self.session {
            return Err(LinkRefusal::Session);
        }
        if is_past(command.expires_ms, now_ms) {
            return Err(LinkRefusal::Expired);
        }
        if command.expires_ms.wrapping_sub(now_ms) > EXPIRY_MS_MAX {
            return Err(LinkRefusal::TooLong);
        }
        if command.sequence <= self.sequence {
            return Err(LinkRefusal::Sequence);
        }
        if self.sequence != 0 && answered != Some(self.sequence) {
            return Err(LinkRefusal::Busy);
        }
        self.sequence = command.sequence;
        Ok(())
    }
}

/// Whether a moment has come, on a clock that wraps.
#[must_use]
pub fn is_past(moment_ms: u32, now_ms: u32) -> bool {
    let left_ms = moment_ms.wrapping_sub(now_ms);
    left_ms == 0 || left_ms > u32::MAX / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW_MS: u32 = u32::MAX - 20;

    /// What the gate says where the supervisor has answered all.
    fn admit(gate: &mut CommandGate, command: &CommandFrame, now_ms: u32) -> Result<(), LinkRefusal> {
        let answered = Some(gate.sequence);
        gate.admit(command, now_ms, answered)
    }

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
        assert_eq!(admit(&mut gate, &command(1), NOW_MS), Ok(()));
        assert_eq!(admit(&mut gate, &command(1), NOW_MS), Err(LinkRefusal::Sequence));
        assert_eq!(admit(&mut gate, &command(3), NOW_MS), Ok(()));
        assert_eq!(admit(&mut gate, &command(2), NOW_MS), Err(LinkRefusal::Sequence));
    }

    #[test]
    fn its_time_ends_after_a_tenth_of_a_second_also_where_the_clock_wraps() {
        for (passed_ms, expected) in
            [(0, Ok(())), (99, Ok(())), (100, Err(LinkRefusal::Expired)), (5000, Err(LinkRefusal::Expired))]
        {
            let mut gate = CommandGate::new(9);
            assert_eq!(
                admit(&mut gate, &command(1), NOW_MS.wrapping_add(passed_ms)),
                expected,
                "{passed_ms}"
            );
        }
        let mut gate = CommandGate::new(9);
        assert_eq!(admit(&mut gate, &command(1), NOW_MS - 1), Err(LinkRefusal::TooLong));
    }

    #[test]
    fn the_next_one_waits_for_the_answer_and_keeps_its_number() {
        let mut gate = CommandGate::new(9);
        assert_eq!(gate.admit(&command(1), NOW_MS, None), Ok(()));
        for answered in [None, Some(0)] {
            assert_eq!(gate.admit(&command(2), NOW_MS, answered), Err(LinkRefusal::Busy));
        }
        assert_eq!(gate.admit(&command(2), NOW_MS, Some(1)), Ok(()));
    }

    #[test]
    fn another_session_is_refused_and_changes_nothing() {
        let mut gate = CommandGate::new(9);
        let other = CommandFrame { session: 8, ..command(7) };
        assert_eq!(admit(&mut gate, &other, NOW_MS), Err(LinkRefusal::Session));
        assert_eq!(admit(&mut gate, &command(1), NOW_MS), Ok(()));
    }

    proptest! {
        #[test]
        fn nothing_is_carried_out_twice_late_or_across_sessions(
            sent in proptest::collection::vec((8_u32..10, 0_u32..6, 0_u32..200), 1..60),
        ) {
            let mut gate = CommandGate::new(9);
            let mut done = std::vec::Vec::new();
            let mut now_ms = 1000_u32;
            for (session, sequence, delay_ms) in sent {
                let expires_ms = now_ms + EXPIRY_MS_MAX;
                now_ms += delay_ms;
                let command = CommandFrame { session, sequence, expires_ms, ..CommandFrame::default() };
                if admit(&mut gate, &command, now_ms).is_ok() {
                    prop_assert!(session == 9 && delay_ms < EXPIRY_MS_MAX);
                    prop_assert!(done.iter().all(|before| *before < sequence));
                    done.push(sequence);
                }
            }
        }
    }
}
