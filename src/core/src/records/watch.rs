// SPDX-License-Identifier: Apache-2.0
//! The mails of a unit, compared with those of the period before: what of it is an event. 100 Hz, after the alarm task.
//!
//! # Model
//! It stands in the thread of the alarm task, so that no erase of the flash makes it late: what it finds waits in the queue. The first look
//! at a mail is no event, but for what stands then: alarms, a head that is driven, and a unit that is isolated.
//!
//! # Limits and failure
//! What comes and goes within one period is not seen; alarms, commands and orders stand for longer, touchdowns are counted by the task that
//! sees them. Refusals of the link are told once a minute and kind, with their count: whoever sends rubbish cannot fill the log with it.
//!
//! # Shown by
//! Tests below.

use super::crc_32;
use super::event::{Event, Source};
use super::queue::EventQueue;
use crate::alarms::{ALARMS, AlarmSet, AlarmStatus, Priority, Pump, SET_WORDS};
use crate::circulation::sensing::OrderResult;
use crate::link::{LINK_REFUSALS, LinkMail, LinkRefusal, PeerReport, RemoteCommandMail};
use crate::mail::{
    CircuitOrderMail, CirculationMail, CommandMail, LevitationMail, Mailboxes, SupervisorMail,
};
use crate::mailbox::Reader;
use crate::schedule::TaskId;
use crate::unit::Role;
use crate::units::RPM_PER_RAD_PER_S;

/// Code of [`Source::Log`]: the unit has started.
pub const STARTED: u8 = 1;
/// Events were lost.
pub const LOST: u8 = 2;
/// Code of [`Source::Pair`]: out of the pair, or in it again.
pub const ISOLATED: u8 = 2;
/// Code of [`Source::Alarm`]: raised.
pub const RAISED: u8 = 1;
/// Shown no more.
pub const OVER: u8 = 2;
/// Seen by the operator.
pub const ACKNOWLEDGED: u8 = 3;
/// Periods between two events about refusals of one kind: one minute.
const REFUSALS_PERIODS: u32 = 60 * TaskId::Alarm.slot().rate_hz;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct RecordWatch {
    unit: Role,
    levitation: Reader<LevitationMail>,
    circulation: Reader<CirculationMail>,
    supervisor: Reader<SupervisorMail>,
    command: Reader<CommandMail>,
    remote_command: Reader<RemoteCommandMail>,
    circuit_order: Reader<CircuitOrderMail>,
    link: Reader<LinkMail>,
    before: Option<Seen>,
    alarms: AlarmStatus,
    refused: [u32; LINK_REFUSALS],
    /// Periods until refusals are looked at again.
    refusals_wait: u32,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    unit_state: u32,
    bearing_state: u32,
    drives: bool,
    isolation: u32,
    touchdowns: u32,
    command: u32,
    remote: u32,
    mode: u32,
    /// Number of the order to the circuit's sensors, and its result once it is there.
    order: (u32, Option<u32>),
}

impl RecordWatch {
    /// Of that unit.
    #[must_use]
    pub const fn new(unit: Role) -> Self {
        let period_us = TaskId::Alarm.slot().period_us();
        Self {
            unit,
            levitation: Reader::new(period_us),
            circulation: Reader::new(period_us),
            supervisor: Reader::new(period_us),
            command: Reader::new(period_us),
            remote_command: Reader::new(period_us),
            circuit_order: Reader::new(period_us),
            link: Reader::new(period_us),
            before: None,
            alarms: AlarmStatus {
                standing: AlarmSet::from_words([0; SET_WORDS]),
                latched: AlarmSet::from_words([0; SET_WORDS]),
                acknowledged: AlarmSet::from_words([0; SET_WORDS]),
                escalated: AlarmSet::from_words([0; SET_WORDS]),
                pump: Pump::Unknown,
                periods: 0,
                answered: 0,
                pause_ms: 0,
                tone_hz: 0.0,
                light: None,
            },
            refused: [0; LINK_REFUSALS],
            refusals_wait: 0,
        }
    }

    /// One period, at this time since the start of the unit, with what the alarm task shows in it.
    pub fn step(&mut self, mail: &Mailboxes, alarms: &AlarmStatus, time_ms: u32, queue: &EventQueue) {
        self.levitation.poll(&mail.levitation);
        self.circulation.poll(&mail.circulation);
        self.supervisor.poll(&mail.supervisor);
        self.command.poll(&mail.command);
        self.remote_command.poll(&mail.remote_command);
        self.circuit_order.poll(&mail.circuit_order);
        self.link.poll(&mail.link);
        let put = |source, code, value, cause| {
            queue.put(&Event { source, code, unit: self.unit, value, cause }, time_ms);
        };
        if let Some(now) = self.seen() {
            let before = self.before.unwrap_or(Seen { drives: false, isolation: 0, ..now });
            self.tell_states(&before, &now, &put);
            self.tell_orders(&before, &now, &put);
            self.before = Some(now);
        }
        tell_alarms(&self.alarms, alarms, &put);
        let refused = self.refusals_wait.checked_sub(1);
        let told = if refused.is_none() { self.tell_refusals(&put) } else { None };
        self.refusals_wait = if told.is_some() { REFUSALS_PERIODS } else { refused.unwrap_or(0) };
        self.refused = told.unwrap_or(self.refused);
        self.alarms = *alarms;
    }

    /// `None` until levitation task and supervisor have spoken.
    fn seen(&self) -> Option<Seen> {
        let levitation = self.levitation.latest()?;
        let supervisor = self.supervisor.latest()?;
        let circulation = self.circulation.latest();
        let order = circulation
            .filter(|circulation| circulation.order_result != OrderResult::Running as u32)
            .map(|circulation| (circulation.order_number, Some(circulation.order_result)));
        Some(Seen {
            unit_state: supervisor.state,
            bearing_state: levitation.state,
            drives: PeerReport::from_bits(levitation.report).drives,
            isolation: levitation.isolation,
            touchdowns: levitation.touchdown_count,
            command: supervisor.command_number,
            remote: supervisor.remote_number,
            mode: circulation.map_or(0, |circulation| circulation.mode),
            order: order.or(self.before.map(|before| before.order)).unwrap_or((0, None)),
        })
    }

    fn tell_states(&self, before: &Seen, now: &Seen, put: &impl Fn(Source, u8, f32, u32)) {
        let levitation = self.levitation.latest();
        let speed_rpm = levitation.map_or(f32::NAN, |mail| mail.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S);
        if now.unit_state != before.unit_state {
            put(Source::Unit, now.unit_state as u8, 0.0, before.unit_state);
        }
        if now.bearing_state != before.bearing_state {
            put(Source::Bearing, now.bearing_state as u8, 0.0, before.bearing_state);
        }
        if now.drives != before.drives {
            let pair_alarms = levitation.map_or(0, |mail| mail.pair_alarms);
            put(Source::Pair, u8::from(now.drives), speed_rpm, pair_alarms);
        }
        if now.isolation != before.isolation {
            put(Source::Pair, ISOLATED, speed_rpm, now.isolation);
        }
        if now.touchdowns != before.touchdowns {
            put(Source::Touchdown, 0, speed_rpm, now.touchdowns);
        }
        if now.mode != before.mode {
            let flow_lpm = self.circulation.latest().map_or(f32::NAN, |mail| mail.flow_target_lpm);
            put(Source::Mode, now.mode as u8, flow_lpm, before.mode);
        }
    }

    fn tell_orders(&self, before: &Seen, now: &Seen, put: &impl Fn(Source, u8, f32, u32)) {
        let Some(supervisor) = self.supervisor.latest() else { return };
        if now.command != before.command
            && let Some(asked) = self.command.latest().filter(|asked| asked.number == now.command)
        {
            put(Source::Command, supervisor.command_result as u8, asked.value, asked.kind);
        }
        if now.remote != before.remote
            && let Some(asked) = self.remote_command.latest().filter(|asked| asked.number == now.remote)
        {
            put(Source::Remote, supervisor.remote_result as u8, asked.value, asked.kind);
        }
        if now.order != before.order
            && let (number, Some(result)) = now.order
            && let Some(asked) = self.circuit_order.latest().filter(|asked| asked.number == number)
        {
            put(Source::Circuit, result as u8, asked.value, asked.kind);
        }
    }

    /// Counts that were told now; `None` when none has grown.
    fn tell_refusals(&self, put: &impl Fn(Source, u8, f32, u32)) -> Option<[u32; LINK_REFUSALS]> {
        let refused = self.link.latest()?.refused;
        let mut is_told = false;
        for (kind, (now, before)) in LinkRefusal::ALL.iter().zip(refused.iter().zip(&self.refused)) {
            if kind.is_of_command() && now != before {
                put(Source::Refused, *kind as u8, 0.0, *now);
                is_told = true;
            }
        }
        is_told.then_some(refused)
    }
}

fn tell_alarms(before: &AlarmStatus, now: &AlarmStatus, put: &impl Fn(Source, u8, f32, u32)) {
    let parts = |status: &AlarmStatus| [status.standing, status.acknowledged, status.latched];
    if parts(before) == parts(now) {
        return;
    }
    for (index, alarm) in ALARMS.iter().enumerate() {
        let [stood, was_seen, was_latched] = parts(before).map(|set| set.contains(index));
        let [stands, is_seen, is_latched] = parts(now).map(|set| set.contains(index));
        let priority: Priority = alarm.priority();
        let tell = |code| put(Source::Alarm, code, priority as u32 as f32, crc_32(alarm.name.as_bytes()));
        // A latched one whose condition comes again is raised again.
        if stands && (!stood || (was_latched && !is_latched)) {
            tell(RAISED);
        }
        if stood && !stands {
            tell(OVER);
        }
        if stands && is_seen && !was_seen {
            tell(ACKNOWLEDGED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{BearingState, CIRCULATION_WORDS, LEVITATION_WORDS, SUPERVISOR_WORDS, UnitState};
    use crate::mailbox::Words as _;
    use std::vec::Vec;

    struct Bench {
        watch: RecordWatch,
        mail: Mailboxes,
        queue: EventQueue,
        levitation: LevitationMail,
        supervisor: SupervisorMail,
        circulation: CirculationMail,
        alarms: AlarmStatus,
    }

    impl Bench {
        fn new() -> Self {
            let mut bench = Self {
                watch: RecordWatch::new(Role::Host),
                mail: Mailboxes::new(),
                queue: EventQueue::new(),
                levitation: LevitationMail::from_words([0; LEVITATION_WORDS]),
                supervisor: SupervisorMail::from_words([0; SUPERVISOR_WORDS]),
                circulation: CirculationMail::from_words([0; CIRCULATION_WORDS]),
                alarms: AlarmStatus::default(),
            };
            assert_eq!(bench.step(), []);
            bench
        }

        fn step(&mut self) -> Vec<(Source, u8, f32, u32)> {
            self.mail.levitation.write(&self.levitation);
            self.mail.supervisor.write(&self.supervisor);
            self.mail.circulation.write(&self.circulation);
            self.watch.step(&self.mail, &self.alarms, 20, &self.queue);
            core::iter::from_fn(|| {
                let (event, time_ms) = self.queue.next(Role::Host, 0)?;
                assert_eq!(time_ms, 20);
                self.queue.written(&event);
                Some((event.source, event.code, event.value, event.cause))
            })
            .collect()
        }
    }

    fn drives(drives: bool) -> u32 {
        PeerReport { drives, ..PeerReport::default() }.to_bits()
    }

    #[test]
    fn a_change_is_told_once() {
        let mut bench = Bench::new();
        bench.supervisor.state = UnitState::LiftingOff as u32;
        bench.levitation.state = BearingState::LiftOff as u32;
        bench.levitation.report = drives(true);
        bench.levitation.pair_alarms = 6;
        let told = bench.step();
        assert_eq!(
            told,
            [(Source::Unit, 1, 0.0, 0), (Source::Bearing, 1, 0.0, 0), (Source::Pair, 1, 0.0, 6)]
        );
        assert_eq!(bench.step(), []);
        bench.levitation.touchdown_count = 3;
        bench.levitation.rotor_speed_rad_per_s = 100.0;
        assert!(matches!(bench.step()[..], [(Source::Touchdown, 0, rpm, 3)] if (rpm - 954.93).abs() < 0.1));
    }

    #[test]
    fn why_a_unit_is_isolated_is_told_and_that_it_has_joined_again() {
        let mut bench = Bench::new();
        bench.levitation.isolation = 3;
        assert_eq!(bench.step(), [(Source::Pair, ISOLATED, 0.0, 3)]);
        assert_eq!(bench.step(), []);
        bench.levitation.isolation = 0;
        assert_eq!(bench.step(), [(Source::Pair, ISOLATED, 0.0, 0)]);
    }

    /// A unit that starts into a therapy that it drives, with alarms that stand.
    #[test]
    fn what_stands_at_the_first_look_is_told() {
        let mut watch = RecordWatch::new(Role::EmergencyDrive);
        let (mail, queue) = (Mailboxes::new(), EventQueue::new());
        let standing = AlarmSet::from_words([1, 0, 0]);
        watch.step(&mail, &AlarmStatus { standing, ..AlarmStatus::default() }, 0, &queue);
        let (event, _) = queue.next(Role::Host, 0).unwrap();
        assert_eq!((event.source, event.code, event.unit), (Source::Alarm, RAISED, Role::EmergencyDrive));
        assert_eq!(event.cause, crc_32(ALARMS[0].name.as_bytes()));
    }

    #[test]
    fn an_alarm_is_told_when_it_comes_is_seen_comes_again_and_goes() {
        let mut bench = Bench::new();
        let (one, none) = (AlarmSet::from_words([0, 1, 0]), AlarmSet::default());
        let name = crc_32(ALARMS[32].name.as_bytes());
        let priority = ALARMS[32].priority() as u32 as f32;
        let mut told = Vec::new();
        for (standing, acknowledged, latched) in
            [(one, none, none), (one, one, none), (one, none, one), (one, none, none), (none, none, none)]
        {
            bench.alarms = AlarmStatus { standing, acknowledged, latched, ..AlarmStatus::default() };
            told.extend(bench.step());
        }
        let expected = [RAISED, ACKNOWLEDGED, RAISED, OVER].map(|code| (Source::Alarm, code, priority, name));
        assert_eq!(told, expected);
    }

    #[test]
    fn names_of_alarms_have_different_numbers() {
        for (index, alarm) in ALARMS.iter().enumerate() {
            let number = crc_32(alarm.name.as_bytes());
            assert!(
                ALARMS[..index].iter().all(|other| crc_32(other.name.as_bytes()) != number),
                "{}",
                alarm.name
            );
        }
    }

    #[test]
    fn commands_are_told_with_their_answer() {
        let mut bench = Bench::new();
        bench.mail.command.write(&CommandMail { number: 5, kind: 4, value: 3000.0 });
        assert_eq!(bench.step(), [], "nobody has looked at it");
        (bench.supervisor.command_number, bench.supervisor.command_result) = (5, 3);
        assert_eq!(bench.step(), [(Source::Command, 3, 3000.0, 4)]);
        bench.mail.circuit_order.write(&CircuitOrderMail { number: 1, kind: 2, value: 4.0 });
        (bench.circulation.order_number, bench.circulation.order_result) = (1, OrderResult::Running as u32);
        assert_eq!(bench.step(), []);
        bench.circulation.order_result = OrderResult::Done as u32;
        assert_eq!(bench.step(), [(Source::Circuit, 0, 4.0, 2)]);
        assert_eq!(bench.step(), []);
    }

    #[test]
    fn a_flood_of_refusals_is_one_event_a_minute_and_kind() {
        let mut bench = Bench::new();
        let mut refused = [0; LINK_REFUSALS];
        let mut told = Vec::new();
        for period in 0..2 * REFUSALS_PERIODS {
            refused[LinkRefusal::Authentication as usize] += 1;
            refused[LinkRefusal::Checksum as usize] += 1;
            let mail =
                LinkMail { time_ms: 0, alarms: 0, commands_admitted: 0, peer_audio_paused_s: 0, refused };
            bench.mail.link.write(&mail);
            told.extend(bench.step().into_iter().map(|event| (period, event)));
        }
        let kind = LinkRefusal::Authentication as u8;
        assert_eq!(told.len(), 2);
        assert_eq!(told[0], (0, (Source::Refused, kind, 0.0, 1)));
        assert_eq!((told[1].1.0, told[1].1.1), (Source::Refused, kind));
        assert!(told[1].0 >= REFUSALS_PERIODS);
    }
}
