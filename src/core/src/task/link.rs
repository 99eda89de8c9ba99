// SPDX-License-Identifier: Apache-2.0
//! The link task: what this unit says to the other one, and what it believes of it. 2 kHz.
//!
//! # Reads and writes
//! The mail of levitation, supervisor, circulation, alarms and power goes into the frames; frames that are believed go into
//! `mail.peer`, `mail.peer_therapy` and `mail.peer_power`. Bytes, checksums and bus are not its business: see `levitas-wire`.
//!
//! # Commands
//! A command whose code is right goes through [`CommandGate`] and then to the supervisor as any other: it says what is allowed. The
//! answer stands in the slow frames. What is refused is counted in `mail.link`, with the alarms of it.
//!
//! # Stale input
//! A unit whose levitation task stands must not go on saying *I drive*: without news of it for `STANDS_US_MAX` there is no
//! fast frame. Silence of the other unit is told as such after three missing frames ([`crate::link::Freshness`]).
//!
//! # Shown by
//! `tests.rs`; `sim/levitas/tests/takeover.rs`, `sim/levitas/tests/forge.rs`.

use core::f32::consts::TAU;

use crate::alarms::AlarmStatus;
use crate::circulation::therapy::{Therapy, TherapyMail};
use crate::link::{
    CommandFrame, CommandGate, FastStatus, Frame, Freshness, LINK_REFUSALS, LinkMail, LinkRefusal,
    NO_PAUSE_TOLD, OwnTherapy, PeerMail, PeerReport, PeerTherapy, Refusals, RemoteCommandMail, SlowFreshness,
    SlowStatus,
};
use crate::mail::{CirculationMail, LevitationMail, Mailboxes, SupervisorMail, fault};
use crate::mailbox::Reader;
use crate::motor::transforms::{Abc, Rotation};
use crate::power::messages::PowerMail;
use crate::power::told::PowerTold;
use crate::schedule::{BASE_RATE_HZ, TaskId};

/// Age of the levitation task's mail from which it counts as standing [us]: one period more than the mail can be old.
const STANDS_US_MAX: u32 = 500;
/// Periods of the levitation task in one of this task.
const LEVITATION_PERIODS: u16 = (BASE_RATE_HZ / TaskId::Link.slot().rate_hz) as u16;
/// Periods from one slow frame to the next: 100 Hz.
const SLOW_PERIODS: u32 = TaskId::Link.slot().rate_hz / 100;
/// The same as time [ms].
const SLOW_MS: u16 = 10;
const SLOW_US: u32 = 1000 * SLOW_MS as u32;
const PERIODS_PER_MS: u32 = TaskId::Link.slot().rate_hz / 1000;
/// Commands whose codes are looked at in one period: the others of a flood cost nothing.
pub const COMMANDS_PER_PERIOD_MAX: u32 = 4;

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
    therapy: Reader<TherapyMail>,
    circulation: Reader<CirculationMail>,
    alarm: Reader<AlarmStatus>,
    power: Reader<PowerMail>,
    periods: u32,
    /// Since the session began; wraps. And what of it was told last.
    time_ms: u32,
    told_ms: u32,
    heard: bool,
    news: u32,
    peer: FastStatus,
    gate: CommandGate,
    refusals: Refusals,
    alarms: u32,
    /// Commands that came in this period.
    commands: u32,
    commands_admitted: u32,
    /// A command that was admitted and has not gone to the supervisor.
    command: Option<RemoteCommandMail>,
    own_therapy: OwnTherapy,
    /// As in [`LinkMail`].
    peer_audio_paused_s: u32,
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
            therapy: Reader::new(period_us),
            circulation: Reader::new(period_us),
            alarm: Reader::new(period_us),
            power: Reader::new(period_us),
            periods: 0,
            time_ms: 0,
            told_ms: 0,
            heard: false,
            news: 0,
            peer: FastStatus::default(),
            gate: CommandGate::new(0),
            refusals: Refusals::default(),
            alarms: 0,
            commands: 0,
            commands_admitted: 0,
            command: None,
            own_therapy: OwnTherapy::default(),
            peer_audio_paused_s: NO_PAUSE_TOLD,
        }
    }

    /// Begins a session, before the first period: a number that differs from one power-up to the next.
    pub fn begin(&mut self, session: u32) {
        self.session = session;
        self.freshness = Freshness::new((session ^ session >> 16) as u16);
        self.gate = CommandGate::new(session);
    }

    /// A fast frame of the other unit came.
    pub fn receive_fast(&mut self, status: &FastStatus) -> Frame {
        let frame = self.freshness.receive(status.number, status.echo, status.report);
        if frame == Frame::News {
            self.peer = *status;
            self.news = self.news.wrapping_add(1);
        } else {
            self.refuse(LinkRefusal::Old);
        }
        frame
    }

    /// A slow frame of the other unit came, with its E2E counter.
    pub fn receive_slow(&mut self, counter: u8, status: &SlowStatus) -> Frame {
        let frame = self.slow.receive(counter, *status);
        if frame == Frame::Old {
            self.refuse(LinkRefusal::Old);
        }
        frame
    }

    /// A command for this unit is there: whether its code is to be looked at. Asked before each.
    pub fn takes_command(&mut self) -> bool {
        self.commands = self.commands.saturating_add(1);
        let takes = self.commands <= COMMANDS_PER_PERIOD_MAX;
        if !takes {
            self.refuse(LinkRefusal::Flood);
        }
        takes
    }

    /// A command whose code was found right. It goes to the supervisor with the next period, or is refused and counted.
    pub fn receive_command(&mut self, command: &CommandFrame) {
        let answered = self.supervisor.latest().map(|mail| mail.remote_number);
        match self.gate.admit(command, self.time_ms, answered) {
            Ok(()) => {
                let CommandFrame { sequence: number, kind, value, expires_ms, .. } = *command;
                self.command = Some(RemoteCommandMail { number, kind: u32::from(kind), value, expires_ms });
                self.commands_admitted = self.commands_admitted.saturating_add(1);
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// A frame, or a command, is not what it must be.
    pub fn refuse(&mut self, refusal: LinkRefusal) {
        self.refusals.count(refusal, self.time_ms);
    }

    /// Refusals since power-up by kind, in the order of [`LinkRefusal::ALL`].
    #[must_use]
    pub fn refused(&self) -> [u32; LINK_REFUSALS] {
        self.refusals.counts()
    }

    /// One period; frames that have come were given before.
    pub fn step(&mut self, mail: &Mailboxes) -> LinkOutputs {
        self.levitation.poll(&mail.levitation);
        self.supervisor.poll(&mail.supervisor);
        self.circulation.poll(&mail.circulation);
        self.hand_on(mail);
        self.post(mail);
        self.commands = 0;
        self.pass(1);
        // Also at once when it has caught up: the supervisor may have stood as well, and comes next.
        if self.time_ms != self.told_ms {
            self.tell(mail);
        }
        if self.periods.is_multiple_of(SLOW_PERIODS) {
            self.therapy.poll(&mail.therapy);
            self.circulation.poll(&mail.circulation);
            self.alarm.poll(&mail.alarm);
            self.power.poll_after(&mail.power, SLOW_US);
            self.hand_on_therapy(mail);
            if self.heard {
                mail.peer_power.write(&self.peer.power);
            }
        }
        LinkOutputs {
            fast: self.levitation.fresh(STANDS_US_MAX).map(|levitation| self.fast(&levitation)),
            slow: self.periods.is_multiple_of(SLOW_PERIODS).then(|| self.slow()),
        }
    }

    /// This task has stood and so missed that many periods: its clock catches up. Told before anything that has queued meanwhile is
    /// received, so that what is void by now is refused.
    pub fn stood(&mut self, periods: u32) {
        self.pass(periods);
    }

    fn pass(&mut self, periods: u32) {
        let odd = self.periods.checked_rem(PERIODS_PER_MS).unwrap_or(0);
        let passed_ms = odd.saturating_add(periods).checked_div(PERIODS_PER_MS).unwrap_or(0);
        self.periods = self.periods.wrapping_add(periods);
        self.time_ms = self.time_ms.wrapping_add(passed_ms);
    }

    /// Hands the last command to the supervisor, once.
    fn post(&mut self, mail: &Mailboxes) {
        if let Some(command) = self.command.take() {
            mail.remote_command.write(&command);
        }
    }

    /// Tells what this task knows of itself.
    fn tell(&mut self, mail: &Mailboxes) {
        self.told_ms = self.time_ms;
        self.alarms = self.refusals.alarms(self.time_ms);
        mail.link.write(&LinkMail {
            time_ms: self.time_ms,
            alarms: self.alarms,
            commands_admitted: self.commands_admitted,
            peer_audio_paused_s: self.peer_audio_paused_s,
            refused: self.refusals.counts(),
        });
    }

    /// Tells the other tasks what the other unit has been set to, while that is of now and its fast frames are, too.
    fn hand_on_therapy(&mut self, mail: &Mailboxes) {
        let status = self.slow.step(SLOW_MS).filter(|_| self.heard);
        if let Some(status) = status {
            mail.peer_therapy.write(&status.therapy);
        }
        let drives = self.peer.report.drives;
        self.peer_audio_paused_s =
            status.filter(|_| drives).map_or(NO_PAUSE_TOLD, |status| status.audio_paused_s.into());
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
            power: PowerMail::heard(&self.power).map_or(PowerTold::default(), |power| PowerTold::of(&power)),
        }
    }

    fn slow(&mut self) -> SlowStatus {
        let supervisor = self.supervisor.latest();
        SlowStatus {
            session: self.session,
            time_ms: self.time_ms,
            therapy: self.own_therapy(),
            synchronous_current_a: self.levitation.latest().map_or(0.0, |mail| mail.synchronous_current_a),
            // The pause is 120 s at most.
            audio_paused_s: self.alarm.latest().map_or(0, |mail| mail.pause_ms.div_ceil(1000) as u8),
            command_sequence: supervisor.map_or(0, |mail| mail.remote_number as u16),
            // Every code of a refusal fits.
            command_result: supervisor.map_or(0, |mail| mail.remote_result as u8),
        }
    }

    /// What the other unit needs to carry on.
    fn own_therapy(&mut self) -> PeerTherapy {
        let supervisor = self.supervisor.latest();
        let mut asked = self.therapy.latest().map_or(Therapy::IDLE, |mail| mail.therapy);
        let alarms = self.levitation.latest().map_or(0, |mail| mail.faults)
            | supervisor.map_or(0, |mail| mail.alarms)
            | self.alarms;
        if let Some(supervisor) = supervisor {
            asked.settings.speed_setpoint_rpm = supervisor.speed_setpoint_rpm;
        }
        self.own_therapy.now(&asked, &self.circulation, alarms)
    }
}

#[cfg(test)]
mod tests;
