// SPDX-License-Identifier: Apache-2.0
//! Which fast frame is news, and for how long the link counts as alive.
//!
//! # Model
//! Every frame has a number that counts up and the newest number that its sender has received from the other side.
//! ```text
//! news  =  number is ahead of the last believed one by 1 to AHEAD_MAX
//!      and echo is one of the last ECHO_MAX numbers that this unit has sent, less than AGE_PERIODS ago
//! ```
//! The sender quoted the echo after this unit had sent it, so a frame that is news is younger than `AGE_PERIODS`, which is less
//! than the time after which frames may contradict a drive line. A frame that comes twice or late is not ahead. A recording that is
//! played again, even one with the right next number, shows an old echo. A link that works one way only shows no new echo,
//! and both sides call it silent. After a silence, or when the other unit has started again, any number is taken whose echo is right.
//!
//! What is echoed is not what is believed: two units that have never met must quote each other's first numbers. But a
//! frame that is not news moves nothing by which others are judged.
//!
//! # Limits and failure
//! Numbers wrap at 65536, 33 s of frames; a recording of just that age with just that phase would pass one frame in
//! 65536 / `ECHO_MAX`. Authenticated commands do not rest on this.
//!
//! # Source
//! The counter of AUTOSAR E2E, with the echo of a challenge and response.
//!
//! # Shown by
//! Tests below; on the wire the counter of E2E profile 5 comes on top.

use super::PeerReport;

/// Frames that may be missing in a row and the next one still be news.
const AHEAD_MAX: u16 = 16;
/// Age of an echo in own frames: a frame's way there and back, and one or two that were lost.
const ECHO_MAX: u16 = 4;
/// Age of an echo in periods of the levitation task: 1.9 ms, whether own frames go out in time or not.
const AGE_PERIODS: u32 = 38;
const _: () = assert!(AGE_PERIODS < crate::arbitration::Times::AT_20_KHZ.doubt as u32);
/// Periods of the levitation task without news after which the link is silent: three frames at 2 kHz.
const SILENT_PERIODS: u16 = 30;

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Believed.
    News,
    /// Its number was seen, or is not ahead.
    Old,
    /// Its echo is not one of the numbers sent of late: a recording, a late frame, or the way back is cut.
    Deaf,
}

/// Freshness of the fast frames of the other unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Freshness {
    sent: u16,
    /// When the last `ECHO_MAX` numbers were sent, by the clock below; a number lies where its last bits say.
    sent_at: [u32; ECHO_MAX as usize],
    /// Periods of the levitation task, wraps.
    clock: u32,
    /// The number that is echoed.
    heard: u16,
    /// The last number that was believed.
    received: u16,
    report: Option<PeerReport>,
    age: u16,
    is_new: bool,
}

impl Freshness {
    /// Nothing heard; own numbers begin at `number`, which should differ from one power-up to the next.
    #[must_use]
    pub fn new(number: u16) -> Self {
        Self {
            sent: number,
            sent_at: [0; ECHO_MAX as usize],
            clock: AGE_PERIODS,
            heard: 0,
            received: 0,
            report: None,
            age: SILENT_PERIODS,
            is_new: false,
        }
    }

    /// Number and echo of the next own frame.
    pub fn next_frame(&mut self) -> (u16, u16) {
        self.sent = self.sent.wrapping_add(1);
        let clock = self.clock;
        if let Some(sent_at) = self.sent_at.get_mut(usize::from(self.sent % ECHO_MAX)) {
            *sent_at = clock;
        }
        (self.sent, self.heard)
    }

    /// A frame of the other unit.
    pub fn receive(&mut self, number: u16, echo: u16, report: PeerReport) -> Frame {
        let is_silent = self.age >= SILENT_PERIODS;
        let is_ahead_of = |last: u16| (1..=AHEAD_MAX).contains(&number.wrapping_sub(last));
        if !is_silent && !is_ahead_of(self.received) {
            return Frame::Old;
        }
        if is_silent || is_ahead_of(self.heard) {
            self.heard = number;
        }
        if !self.is_recent(echo) {
            return Frame::Deaf;
        }
        (self.heard, self.received) = (number, number);
        self.report = Some(report);
        self.age = 0;
        self.is_new = true;
        Frame::News
    }

    /// Whether an own number was sent of late.
    fn is_recent(&self, echo: u16) -> bool {
        let sent_at = self.sent_at.get(usize::from(echo % ECHO_MAX));
        self.sent.wrapping_sub(echo) < ECHO_MAX
            && sent_at.is_some_and(|sent_at| self.clock.wrapping_sub(*sent_at) < AGE_PERIODS)
    }

    /// `periods` of the levitation task have passed. The newest report while it is fresh, and whether it is news.
    pub fn step(&mut self, periods: u16) -> (Option<PeerReport>, bool) {
        self.clock = self.clock.wrapping_add(periods.into());
        let is_new = core::mem::take(&mut self.is_new);
        self.age = if is_new { 0 } else { self.age.saturating_add(periods).min(SILENT_PERIODS) };
        (self.report.filter(|_| self.age < SILENT_PERIODS), is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REPORT: PeerReport = PeerReport {
        state: crate::link::UnitCode::Active,
        drives: true,
        current_flows: true,
        therapy: true,
        challenge: false,
        innovation_ok: true,
        hand_back: false,
    };

    fn talk(a: &mut Freshness, b: &mut Freshness) -> [Frame; 2] {
        let ((number, echo), (other_number, other_echo)) = (a.next_frame(), b.next_frame());
        [b.receive(number, echo, REPORT), a.receive(other_number, other_echo, REPORT)]
    }

    fn acquainted() -> (Freshness, Freshness) {
        let (mut a, mut b) = (Freshness::new(65_530), Freshness::new(7));
        for _ in 0..3 {
            talk(&mut a, &mut b);
        }
        (a, b)
    }

    #[test]
    fn two_that_have_never_met_believe_each_other_after_two_frames() {
        let (mut a, mut b) = (Freshness::new(65_530), Freshness::new(7));
        talk(&mut a, &mut b);
        assert_eq!(talk(&mut a, &mut b), [Frame::News; 2]);
        for _ in 0..100_000 {
            assert_eq!(talk(&mut a, &mut b), [Frame::News; 2]);
        }
    }

    #[test]
    fn a_frame_counts_once_and_only_forward() {
        let (mut a, mut b) = acquainted();
        let (first, first_echo) = a.next_frame();
        let (second, second_echo) = a.next_frame();
        assert_eq!(b.receive(second, second_echo, REPORT), Frame::News);
        assert_eq!(b.receive(second, second_echo, REPORT), Frame::Old);
        assert_eq!(b.receive(first, first_echo, REPORT), Frame::Old);
    }

    #[test]
    fn a_report_is_fresh_for_three_frames_and_news_once() {
        let (mut a, mut b) = acquainted();
        talk(&mut a, &mut b);
        assert_eq!(b.step(1), (Some(REPORT), true));
        assert_eq!(b.step(SILENT_PERIODS - 1), (Some(REPORT), false));
        assert_eq!(b.step(1), (None, false));
    }

    #[test]
    fn a_link_that_works_one_way_falls_silent_on_both_sides() {
        let (mut a, mut b) = acquainted();
        let mut believed = 0;
        for _ in 0..1000 {
            let (number, echo) = a.next_frame();
            b.next_frame();
            believed += u32::from(b.receive(number, echo, REPORT) == Frame::News);
            b.step(10);
        }
        // The last echoes stay in the window for a moment.
        assert!(believed <= u32::from(ECHO_MAX), "{believed}");
        assert_eq!(b.step(1).0, None);
    }

    #[test]
    fn a_frame_is_news_for_less_time_than_it_takes_to_doubt_a_line() {
        for (late, expected) in [(AGE_PERIODS - 1, Frame::News), (AGE_PERIODS, Frame::Deaf)] {
            let (mut a, mut b) = acquainted();
            let (number, echo) = b.next_frame();
            a.receive(number, echo, REPORT);
            let frame = a.next_frame();
            // Frames of this unit may go out in the meantime or not.
            b.next_frame();
            for _ in 0..late {
                b.step(1);
            }
            assert_eq!(b.receive(frame.0, frame.1, REPORT), expected, "{late}");
        }
    }

    #[test]
    fn a_frame_that_is_not_believed_makes_no_later_one_old() {
        let (mut a, mut b) = acquainted();
        let (number, echo) = a.next_frame();
        let deaf = b.receive(number.wrapping_add(10), echo.wrapping_sub(100), REPORT);
        assert_eq!(deaf, Frame::Deaf);
        assert_eq!(b.receive(number, echo, REPORT), Frame::News);
        assert_eq!(b.next_frame().1, number);
    }

    #[test]
    fn two_lost_frames_in_a_row_do_not_make_the_way_back_deaf() {
        let (mut a, mut b) = acquainted();
        for lost in [true, true, false] {
            let (number, echo) = b.next_frame();
            if !lost {
                a.receive(number, echo, REPORT);
            }
            b.step(10);
            let (number, echo) = a.next_frame();
            assert_eq!(b.receive(number, echo, REPORT), Frame::News);
        }
    }

    #[test]
    fn a_unit_that_starts_again_is_believed_again() {
        let (_, mut b) = acquainted();
        let mut a = Freshness::new(30_000);
        b.step(1);
        b.step(SILENT_PERIODS);
        talk(&mut a, &mut b);
        assert_eq!(talk(&mut a, &mut b), [Frame::News; 2]);
    }

    proptest! {
        #[test]
        fn a_recording_is_never_believed(age in 32_u16..60_000, length in 1_u16..200, is_link_dead: bool) {
            let (mut a, mut b) = acquainted();
            let recorded: std::vec::Vec<(u16, u16)> = (0..length).map(|_| {
                let frame = a.next_frame();
                b.receive(frame.0, frame.1, REPORT);
                let (number, echo) = b.next_frame();
                a.receive(number, echo, REPORT);
                frame
            }).collect();
            for _ in 0..age {
                talk(&mut a, &mut b);
                b.step(10);
            }
            if is_link_dead {
                b.step(1);
                b.step(SILENT_PERIODS);
                // The dead link's own numbers are still counted by the sender.
                for _ in 0..ECHO_MAX {
                    b.next_frame();
                }
            }
            for (number, echo) in recorded {
                b.next_frame();
                prop_assert_ne!(b.receive(number, echo, REPORT), Frame::News);
                b.step(10);
            }
        }
    }
}
