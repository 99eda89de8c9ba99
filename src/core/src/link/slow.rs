// SPDX-License-Identifier: Apache-2.0
//! Which slow frame is news, and for how long its set-points may be carried on.
//!
//! # Model
//! ```text
//! news  =  counter of E2E is ahead of the last believed one by 1 to AHEAD_MAX
//!      and of the same session, and the sender's clock is ahead as well
//! after a silence: any counter, but of a known session only with a clock that is ahead
//! ```
//! So a frame that comes twice, late, or again after a silence is not news. Its age is counted from when it came.
//!
//! # Limits and failure
//! A recording of another session passes after a silence: slow frames echo nothing. What is mirrored is therefore taken over by
//! a unit only beside fresh fast frames, and commands rest on session and clock of the unit that they go to.
//!
//! # Shown by
//! Tests below.

use super::{Frame, SlowStatus};

/// Frames that may be missing in a row and the next one still be news.
const AHEAD_MAX: u8 = 4;
/// Age at which a slow frame counts no more [ms]: five of 10 ms are missing.
pub const SLOW_SILENT_MS: u16 = 50;

/// Freshness of the slow frames of the other unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowFreshness {
    counter: u8,
    status: Option<SlowStatus>,
    age_ms: u16,
}

impl Default for SlowFreshness {
    fn default() -> Self {
        Self { counter: 0, status: None, age_ms: SLOW_SILENT_MS }
    }
}

impl SlowFreshness {
    /// A slow frame of the other unit, with its E2E counter.
    pub fn receive(&mut self, counter: u8, status: SlowStatus) -> Frame {
        let is_silent = self.age_ms >= SLOW_SILENT_MS;
        let is_next = (1..=AHEAD_MAX).contains(&counter.wrapping_sub(self.counter));
        let is_later = match self.status {
            Some(last) if last.session == status.session => {
                let passed_ms = status.time_ms.wrapping_sub(last.time_ms);
                passed_ms != 0 && passed_ms <= u32::MAX / 2
            }
            _ => is_silent,
        };
        if !is_later || !is_silent && !is_next {
            return Frame::Old;
        }
        *self = Self { counter, status: Some(status), age_ms: 0 };
        Frame::News
    }

    /// Time has passed. What the other unit says, while it is fresh.
    pub fn step(&mut self, passed_ms: u16) -> Option<SlowStatus> {
        self.age_ms = self.age_ms.saturating_add(passed_ms).min(SLOW_SILENT_MS);
        self.status.filter(|_| self.age_ms < SLOW_SILENT_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(session: u32, time_ms: u32) -> SlowStatus {
        SlowStatus { session, time_ms, ..SlowStatus::default() }
    }

    /// Has believed the frame with counter 7 of session 1 at 1000 ms.
    fn acquainted() -> SlowFreshness {
        let mut slow = SlowFreshness::default();
        assert_eq!(slow.receive(7, status(1, 1000)), Frame::News);
        slow
    }

    #[test]
    fn it_is_fresh_for_five_frames() {
        let mut slow = acquainted();
        assert_eq!(slow.step(SLOW_SILENT_MS - 1), Some(status(1, 1000)));
        assert_eq!(slow.step(1), None);
        assert_eq!(slow.step(u16::MAX), None);
    }

    #[test]
    fn a_frame_counts_once_and_only_forward() {
        let mut slow = acquainted();
        for (counter, time_ms, expected) in [
            (7, 1000, Frame::Old),
            (6, 1010, Frame::Old),
            (8, 990, Frame::Old),
            (12, 1010, Frame::Old),
            (11, 1010, Frame::News),
        ] {
            assert_eq!(slow.receive(counter, status(1, time_ms)), expected, "{counter} {time_ms}");
        }
    }

    #[test]
    fn counter_and_clock_wrap() {
        let mut slow = SlowFreshness::default();
        slow.receive(255, status(1, u32::MAX));
        assert_eq!(slow.receive(0, status(1, 9)), Frame::News);
    }

    #[test]
    fn after_a_silence_any_counter_counts_but_no_recording_of_the_session() {
        let mut slow = acquainted();
        slow.step(SLOW_SILENT_MS);
        assert_eq!(slow.receive(8, status(1, 1000)), Frame::Old);
        assert_eq!(slow.receive(200, status(1, 1700)), Frame::News);
    }

    #[test]
    fn another_session_counts_only_after_a_silence() {
        let mut slow = acquainted();
        assert_eq!(slow.receive(8, status(2, 5)), Frame::Old);
        slow.step(SLOW_SILENT_MS);
        assert_eq!(slow.receive(8, status(2, 5)), Frame::News);
    }
}
