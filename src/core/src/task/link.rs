// SPDX-License-Identifier: Apache-2.0
//! The link task: what this unit says to the other one, and what it believes of it. 2 kHz.
//!
//! # Reads and writes
//! The mail of levitation, supervisor and circulation goes into the frames; frames that are believed go into
//! `mail.peer` and `mail.peer_settings`. Bytes, checksums and bus are not its business: see `levitas-wire`.
//!
//! # Stale input
//! A unit whose levitation task stands must not go on saying *I drive*: without news of it for `STANDS_US_MAX` there is no
//! fast frame. Silence of the other unit is told as such after three missing frames ([`crate::link::Freshness`]).
//!
//! # Shown by
//! Unit tests below; `sim/levitas/tests/takeover.rs`.

use core::f32::consts::TAU;

use crate::link::{
    FastStatus, Frame, Freshness, PeerMail, PeerReport, PeerSettingsMail, SlowFreshness, SlowStatus,
};
use crate::mail::{LevitationMail, Mailboxes, SupervisorMail, fault};
use crate::mailbox::Reader;
use crate::motor::transforms::{Abc, Rotation};
use crate::schedule::{BASE_RATE_HZ, TaskId};

/// Age of the levitation task's mail from which it counts as standing [us]: one period more than the mail can be old.
const STANDS_US_MAX: u32 = 500;
/// Periods of the levitation task in one of this task.
const LEVITATION_PERIODS: u16 = (BASE_RATE_HZ / TaskId::Link.slot().rate_hz) as u16;
/// Periods from one slow frame to the next: 100 Hz.
const SLOW_PERIODS: u32 = TaskId::Link.slot().rate_hz / 100;
/// The same as time [ms].
const SLOW_MS: u16 = 10;
const PERIODS_PER_MS: u32 = TaskId::Link.slot().rate_hz / 1000;

/// Frames to send.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkOutputs {
    /// Every period, while the levitation task runs.
    pub fast: Option<FastStatus>,
    /// Every 10 ms.
    pub slow: Option<SlowStatus>,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct LinkTask {
    session: u32,
    pole_pairs: u32,
    freshness: Freshness,
    slow: SlowFreshness,
    levitation: Reader<LevitationMail>,
    supervisor: Reader<SupervisorMail>,
    periods: u32,
    /// Since the session began; wraps.
    time_ms: u32,
    heard: bool,
    news: u32,
    peer: FastStatus,
}

impl LinkTask {
    /// A link on which nothing was heard yet, in session 0.
    #[must_use]
    pub fn new(pole_pairs: u32) -> Self {
        let period_us = TaskId::Link.slot().period_us();
        Self {
            session: 0,
            pole_pairs,
            freshness: Freshness::new(0),
            slow: SlowFreshness::default(),
            levitation: Reader::new(period_us),
            supervisor: Reader::new(period_us),
            periods: 0,
            time_ms: 0,
            heard: false,
            news: 0,
            peer: FastStatus::default(),
        }
    }

    /// Begins a session, before the first period: a number that differs from one power-up to the next.
    pub fn begin(&mut self, session: u32) {
        self.session = session;
        self.freshness = Freshness::new((session ^ session >> 16) as u16);
    }

    /// A fast frame of the other unit came.
    pub fn receive_fast(&mut self, status: &FastStatus) -> Frame {
        let frame = self.freshness.receive(status.number, status.echo, status.report);
        if frame == Frame::News {
            self.peer = *status;
            self.news = self.news.wrapping_add(1);
        }
        frame
    }

    /// A slow frame of the other unit came, with its E2E counter.
    pub fn receive_slow(&mut self, counter: u8, status: &SlowStatus) -> Frame {
        self.slow.receive(counter, *status)
    }

    /// One period; frames that have come were given before.
    pub fn step(&mut self, mail: &Mailboxes) -> LinkOutputs {
        self.levitation.poll(&mail.levitation);
        self.supervisor.poll(&mail.supervisor);
        self.hand_on(mail);
        self.periods = self.periods.wrapping_add(1);
        if self.periods.is_multiple_of(PERIODS_PER_MS) {
            self.time_ms = self.time_ms.wrapping_add(1);
        }
        if self.periods.is_multiple_of(SLOW_PERIODS) {
            self.hand_on_settings(mail);
        }
        LinkOutputs {
            fast: self.levitation.fresh(STANDS_US_MAX).map(|levitation| self.fast(&levitation)),
            slow: self.periods.is_multiple_of(SLOW_PERIODS).then(|| self.slow()),
        }
    }

    /// Tells the supervisor what the other unit has been set to, while that is of now and its fast frames are, too.
    fn hand_on_settings(&mut self, mail: &Mailboxes) {
        let Some(status) = self.slow.step(SLOW_MS).filter(|_| self.heard) else { return };
        let speed_setpoint_rpm = status.speed_setpoint_rpm;
        if speed_setpoint_rpm.is_finite() {
            mail.peer_settings.write(&PeerSettingsMail { speed_setpoint_rpm, alarms: status.alarms });
        }
    }

    /// Tells the other tasks what is known of the other unit; a number that is not told becomes no number.
    fn hand_on(&mut self, mail: &Mailboxes) {
        let (report, _) = self.freshness.step(LEVITATION_PERIODS);
        self.heard = report.is_some();
        let peer = &self.peer;
        let told = |value: Option<f32>| value.unwrap_or(f32::NAN);
        let [coil_current_x_a, coil_current_y_a] = peer.coil_current_a.map(told);
        let [displacement_x_m, displacement_y_m] = peer.displacement_m.map(told);
        let [a, b] = peer.phase_current_a.map(told);
        let rotor = Rotation::of_angle(told(peer.rotor_angle_rad)).times(self.pole_pairs);
        mail.peer.write(&PeerMail {
            news: self.news,
            silent: report.is_none(),
            report: report.unwrap_or_default().to_bits(),
            coil_current_x_a,
            coil_current_y_a,
            torque_current_a: Abc { a, b, c: -a - b }.to_alpha_beta().to_dq(rotor).q,
            displacement_x_m,
            displacement_y_m,
        });
    }

    fn fast(&mut self, levitation: &LevitationMail) -> FastStatus {
        let (number, echo) = self.freshness.next_frame();
        let angle_rad = levitation.rotor_angle_rad;
        // What this unit does not believe itself it does not tell.
        let told = |bit: u32| move |value: f32| (levitation.faults & bit == 0).then_some(value);
        FastStatus {
            number,
            echo,
            report: PeerReport::from_bits(levitation.report),
            rotor_angle_rad: Some(if angle_rad < 0.0 { angle_rad + TAU } else { angle_rad }),
            rotor_speed_rad_per_s: Some(levitation.rotor_speed_rad_per_s),
            coil_current_a: [levitation.coil_current_mean_x_a, levitation.coil_current_mean_y_a]
                .map(told(fault::CURRENT)),
            phase_current_a: [levitation.phase_current_a_a, levitation.phase_current_b_a]
                .map(told(fault::CURRENT)),
            displacement_m: [levitation.displacement_x_m, levitation.displacement_y_m]
                .map(told(fault::DISPLACEMENT)),
        }
    }

    fn slow(&self) -> SlowStatus {
        SlowStatus {
            session: self.session,
            time_ms: self.time_ms,
            speed_setpoint_rpm: self.supervisor.latest().map_or(0.0, |mail| mail.speed_setpoint_rpm),
            alarms: self.levitation.latest().map_or(0, |mail| mail.faults),
            ..SlowStatus::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::LEVITATION_WORDS;
    use crate::mailbox::Words;

    struct Bench {
        task: LinkTask,
        mail: Mailboxes,
    }

    impl Bench {
        fn new(session: u32) -> Self {
            let mut task = LinkTask::new(1);
            task.begin(session);
            Self { task, mail: Mailboxes::new() }
        }

        fn write(&self, change: impl Fn(&mut LevitationMail)) {
            let mut mail: LevitationMail = Words::<LEVITATION_WORDS>::from_words([0; LEVITATION_WORDS]);
            change(&mut mail);
            self.mail.levitation.write(&mail);
        }

        fn peer(&self) -> PeerMail {
            self.mail.peer.read().unwrap().1
        }
    }

    /// Both send and hear each other.
    fn talk(a: &mut Bench, b: &mut Bench) -> [LinkOutputs; 2] {
        let sent = [a.task.step(&a.mail), b.task.step(&b.mail)];
        for (from, to) in [(0, &mut *b), (1, &mut *a)] {
            if let Some(fast) = &sent[from].fast {
                to.task.receive_fast(fast);
            }
            if let Some(slow) = &sent[from].slow {
                to.task.receive_slow((slow.time_ms / 10) as u8, slow);
            }
        }
        sent
    }

    #[test]
    fn the_torque_current_arrives_whatever_the_angle() {
        let (mut a, mut b) = (Bench::new(1), Bench::new(2));
        for angle_rad in [-3.1_f32, -1.5, -0.1, 0.0, 0.7, 1.6, 3.1] {
            let current_a = |phase_rad: f32| -2.0 * (angle_rad - phase_rad).sin();
            for _ in 0..4 {
                a.write(|mail| {
                    mail.rotor_angle_rad = angle_rad;
                    (mail.phase_current_a_a, mail.phase_current_b_a) = (current_a(0.0), current_a(TAU / 3.0));
                });
                b.write(|_| {});
                talk(&mut a, &mut b);
            }
            assert!((b.peer().torque_current_a - 2.0).abs() < 1e-3, "{angle_rad}: {:?}", b.peer());
        }
    }

    #[test]
    fn a_unit_whose_levitation_task_stands_says_nothing_and_is_called_silent() {
        let (mut a, mut b) = (Bench::new(1), Bench::new(2));
        for _ in 0..4 {
            a.write(|_| {});
            b.write(|_| {});
            talk(&mut a, &mut b);
        }
        assert!(!b.peer().silent);
        let silent: std::vec::Vec<bool> = (0..6)
            .map(|_| {
                b.write(|_| {});
                talk(&mut a, &mut b);
                b.peer().silent
            })
            .collect();
        assert_eq!(silent, [false, false, false, false, true, true]);
    }

    #[test]
    fn settings_carry_over_the_wrap_of_the_clock() {
        let (mut a, mut b) = (Bench::new(1), Bench::new(2));
        a.task.time_ms = u32::MAX - 15;
        let mut news = 0;
        for _ in 0..100 {
            a.write(|_| {});
            b.write(|_| {});
            let slow = a.task.step(&a.mail).slow;
            b.task.step(&b.mail);
            if let Some(slow) = slow {
                let counter = (slow.time_ms.wrapping_add(100) / 10) as u8;
                news += u32::from(b.task.receive_slow(counter, &slow) == Frame::News);
            }
        }
        assert!(a.task.time_ms < 1000, "it has wrapped");
        assert_eq!(news, 5);
    }

    #[test]
    fn settings_carry_over_every_ten_milliseconds() {
        let (mut a, mut b) = (Bench::new(1), Bench::new(2));
        let supervisor: SupervisorMail =
            Words::<{ crate::mail::SUPERVISOR_WORDS }>::from_words([0; crate::mail::SUPERVISOR_WORDS]);
        a.mail.supervisor.write(&SupervisorMail { speed_setpoint_rpm: 4000.0, ..supervisor });
        let slow = (0..60)
            .filter(|_| {
                a.write(|_| {});
                b.write(|_| {});
                talk(&mut a, &mut b)[0].slow.is_some()
            })
            .count();
        assert_eq!(slow, 3);
        let settings: PeerSettingsMail = b.mail.peer_settings.read().unwrap().1;
        assert_eq!(settings.speed_setpoint_rpm, 4000.0);
    }
}
