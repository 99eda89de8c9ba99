// SPDX-License-Identifier: Apache-2.0
//! The alarm task: what the other tasks say, as alarms that are shown, heard and lit. 100 Hz, below all others: an alarm may be late by a
//! period, a rotor may not.
//!
//! # Stale input
//! A task that is not heard of for `SILENT_US_MAX` is an alarm of its own; what it said last counts on. One that has never spoken
//! is given `START_PERIODS`; a unit without a warming device has no tasks for it, and never misses them.
//!
//! The alarm task of the other unit is watched by that unit's supervisor, which says so over the link: alarms that nobody there shows are an alarm here. While
//! the link is silent nothing is known of them.
//!
//! # Audio pause
//! A unit that does not drive pauses when the one that drives does, and hears again when that one does: after a takeover it is as quiet as
//! that one was, but for what is new and hurries. Silence of the link is no news. Acknowledgements are not shared: after a takeover everything that stands is heard again.
//!
//! # Restart
//! A task that starts anew knows no acknowledgement and no pause: what stands is heard again. The order of before is not carried out again.
//!
//! # Shown by
//! Unit tests below; the machine itself: [`crate::alarms`].

use crate::alarms::{AlarmOrder, AlarmOrderMail, AlarmStatus, AlarmSystem, Signs, silence};
use crate::link::{LinkMail, NO_PAUSE_TOLD, PEER_THERAPY_US_MAX, PeerReport, PeerTherapy};
use crate::mail::{CirculationMail, LevitationMail, Mailboxes, SupervisorMail, fault};
use crate::mailbox::Reader;
use crate::motor::limits;
use crate::power::messages::PowerMail;
use crate::power::told::PowerTold;
use crate::schedule::TaskId;
use crate::warming::messages::{CutOutMail, WarmingMail};

/// Age from which a task counts as silent [us].
const SILENT_US_MAX: u32 = 50_000;
/// The same of the two tasks of the warming device, which run ten times a second [us].
const WARMING_SILENT_US_MAX: u32 = 500_000;
/// Periods until a task that has never spoken counts as silent: 1 s.
const START_PERIODS: u32 = TaskId::Alarm.slot().rate_hz;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct AlarmTask {
    system: AlarmSystem,
    levitation: Reader<LevitationMail>,
    link: Reader<LinkMail>,
    circulation: Reader<CirculationMail>,
    supervisor: Reader<SupervisorMail>,
    warming: Reader<WarmingMail>,
    cut_out: Reader<CutOutMail>,
    power: Reader<PowerMail>,
    peer_power: Reader<PowerTold>,
    peer_therapy: Reader<PeerTherapy>,
    order: Reader<AlarmOrderMail>,
    /// Number of the last order; none before the first period.
    answered: Option<u32>,
    /// What the other unit last told of its audio pause [s].
    peer_pause_s: u32,
    periods: u32,
}

impl Default for AlarmTask {
    fn default() -> Self {
        let period_us = TaskId::Alarm.slot().period_us();
        Self {
            system: AlarmSystem::default(),
            levitation: Reader::new(period_us),
            link: Reader::new(period_us),
            circulation: Reader::new(period_us),
            supervisor: Reader::new(period_us),
            warming: Reader::new(period_us),
            cut_out: Reader::new(period_us),
            power: Reader::new(period_us),
            peer_power: Reader::new(period_us),
            peer_therapy: Reader::new(period_us),
            order: Reader::new(period_us),
            answered: None,
            peer_pause_s: 0,
            periods: 0,
        }
    }
}

impl AlarmTask {
    /// One period; what it shows lies in `mail.alarm`.
    pub fn step(&mut self, mail: &Mailboxes) -> AlarmStatus {
        self.levitation.poll(&mail.levitation);
        self.link.poll(&mail.link);
        self.circulation.poll(&mail.circulation);
        self.supervisor.poll(&mail.supervisor);
        self.warming.poll(&mail.warming);
        self.cut_out.poll(&mail.cut_out);
        self.power.poll(&mail.power);
        self.peer_power.poll(&mail.peer_power);
        self.peer_therapy.poll(&mail.peer_therapy);
        self.order.poll(&mail.alarm_order);
        self.periods = self.periods.wrapping_add(1);
        self.follow_pause();
        let order = self.order();
        let status = AlarmStatus {
            periods: self.periods,
            answered: self.answered.unwrap_or(0),
            ..self.system.step(&self.signs(), order)
        };
        mail.alarm.write(&status);
        status
    }

    /// A pause that begins, is prolonged or ends on the unit that drives does so here.
    fn follow_pause(&mut self) {
        let drives = self.levitation.latest().is_some_and(|said| PeerReport::from_bits(said.report).drives);
        let told_s = self.link.latest().map_or(NO_PAUSE_TOLD, |link| link.peer_audio_paused_s);
        if drives || told_s == NO_PAUSE_TOLD {
            return;
        }
        let (before_s, now_s) = (core::mem::replace(&mut self.peer_pause_s, told_s), told_s);
        if now_s > before_s {
            self.system.pause_with(now_s.saturating_mul(1000));
        } else if now_s == 0 && before_s > 1 {
            // The last second of a pause ends here by itself.
            self.system.end_pause();
        }
    }

    fn order(&mut self) -> Option<AlarmOrder> {
        let asked = self.order.latest();
        let number = asked.map_or(0, |asked| asked.number);
        let is_new = self.answered.replace(number).is_some_and(|answered| answered != number);
        asked.filter(|_| is_new).and_then(|asked| AlarmOrder::from_code(asked.order))
    }

    fn signs(&self) -> Signs {
        let silent =
            |age_us: u32| age_us > SILENT_US_MAX && (age_us != u32::MAX || self.periods > START_PERIODS);
        let silence = [
            (self.levitation.age_us(), silence::LEVITATION),
            (self.link.age_us(), silence::LINK),
            (self.circulation.age_us(), silence::CIRCULATION),
        ]
        .into_iter()
        .filter(|(age_us, _)| silent(*age_us))
        .fold(0, |bits, (_, bit)| bits | bit);
        let no_warming = self.warming.latest().is_some() && self.warming.age_us() > WARMING_SILENT_US_MAX
            || self.cut_out.latest().is_some() && self.cut_out.age_us() > WARMING_SILENT_US_MAX;
        let silence = silence | if no_warming { silence::WARMING } else { 0 };
        let levitation = self.levitation.latest();
        let circulation = self.circulation.latest();
        let report = levitation.map(|levitation| PeerReport::from_bits(levitation.report));
        // That of this unit is not for itself to show: while it stands this task does not run.
        let faults = levitation.map_or(0, |levitation| levitation.recent_faults)
            | self.link.latest().map_or(0, |link| link.alarms)
            | circulation.map_or(0, |circulation| circulation.alarms)
            | self.supervisor.latest().map_or(0, |supervisor| supervisor.alarms) & !fault::ALARM_SILENT;
        let there = self.peer_therapy.fresh(PEER_THERAPY_US_MAX).map_or(0, |there| there.alarms);
        Signs {
            faults: faults | there & fault::ALARM_SILENT,
            conditions: circulation.map_or(0, |circulation| circulation.conditions),
            pair: levitation.map_or(0, |levitation| levitation.pair_alarms),
            warming: self.warming.latest().map_or(0, |warming| warming.conditions),
            power: PowerMail::heard(&self.power).map_or(0, |power| power.conditions)
                | self.peer_power.latest().map_or(0, |told| told.conditions()),
            silence,
            therapy: report.is_some_and(|report| report.therapy),
            drives: report.is_some_and(|report| report.drives),
            undriven: report.is_some_and(|report| report.drives)
                && levitation.is_some_and(|levitation| levitation.limits & limits::BRIDGE_OPEN != 0),
            speed_rad_per_s: self
                .levitation
                .fresh(SILENT_US_MAX)
                .filter(|levitation| levitation.limits & limits::ANGLE_LOST == 0)
                .map(|levitation| levitation.rotor_speed_rad_per_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circulation::conditions as condition;
    use crate::mail::{CIRCULATION_WORDS, LEVITATION_WORDS, SUPERVISOR_WORDS};
    use crate::mailbox::Words as _;
    use std::vec::Vec;

    /// A unit that drives, whose tasks say these things.
    struct Bench {
        task: AlarmTask,
        mail: Mailboxes,
        levitation: LevitationMail,
        circulation: CirculationMail,
        peer_audio_paused_s: u32,
    }

    impl Bench {
        fn new() -> Self {
            let report = PeerReport { drives: true, therapy: true, ..PeerReport::default() };
            let levitation = LevitationMail::from_words([0; LEVITATION_WORDS]);
            Self {
                task: AlarmTask::default(),
                mail: Mailboxes::new(),
                levitation: LevitationMail { report: report.to_bits(), ..levitation },
                circulation: CirculationMail::from_words([0; CIRCULATION_WORDS]),
                peer_audio_paused_s: NO_PAUSE_TOLD,
            }
        }

        /// Names of what stands after so many periods in which the tasks of `speaks` go on.
        fn run(&mut self, periods: u32, speaks: [bool; 3]) -> Vec<&'static str> {
            for period in 0..periods {
                if speaks[0] {
                    self.mail.levitation.write(&self.levitation);
                }
                if speaks[1] {
                    let refused = [0; crate::link::LINK_REFUSALS];
                    let link = LinkMail {
                        time_ms: period,
                        alarms: 0,
                        commands_admitted: 0,
                        peer_audio_paused_s: self.peer_audio_paused_s,
                        refused,
                    };
                    self.mail.link.write(&link);
                }
                if speaks[2] {
                    self.mail.circulation.write(&self.circulation);
                }
                self.task.step(&self.mail);
            }
            let (_, shown) = self.mail.alarm.read::<AlarmStatus>().unwrap();
            shown.standing.iter().map(|alarm| alarm.name).collect()
        }
    }

    #[test]
    fn what_a_task_says_is_an_alarm() {
        let mut bench = Bench::new();
        assert!(bench.run(200, [true; 3]).is_empty());
        bench.levitation.recent_faults = fault::COIL_OPEN;
        bench.circulation.conditions = condition::LOW_FLOW;
        bench.circulation.alarms = fault::FLOW_METER;
        assert_eq!(bench.run(2, [true; 3]), ["low_flow", "flow_meter", "coil_open"]);
    }

    #[test]
    fn the_battery_of_the_other_unit_is_an_alarm_on_the_one_that_drives() {
        for (drives, wanted) in [(true, &["other_battery"][..]), (false, &[])] {
            let mut bench = Bench::new();
            bench.levitation.report = PeerReport { drives, therapy: true, ..PeerReport::default() }.to_bits();
            bench.mail.peer_power.write(&PowerTold::default());
            assert!(bench.run(2, [true; 3]).is_empty());
            bench.mail.peer_power.write(&PowerTold { battery_alarm: true, ..PowerTold::default() });
            assert_eq!(bench.run(2, [true; 3]), wanted);
            bench.mail.peer_power.write(&PowerTold::default());
            assert!(bench.run(200, [true; 3]).is_empty(), "it ends with its cause");
        }
    }

    #[test]
    fn an_alarm_task_that_stands_is_told_by_the_other_unit_alone() {
        let mut bench = Bench::new();
        let supervisor = SupervisorMail::from_words([0; SUPERVISOR_WORDS]);
        bench.mail.supervisor.write(&SupervisorMail { alarms: fault::ALARM_SILENT, ..supervisor });
        assert!(bench.run(2, [true; 3]).is_empty(), "it runs");
        let there = PeerTherapy { alarms: fault::ALARM_SILENT | fault::COIL_OPEN, ..PeerTherapy::IDLE };
        bench.mail.peer_therapy.write(&there);
        assert_eq!(bench.run(2, [true; 3]), ["alarm_silent"], "the others are told there");
        bench.mail.peer_therapy.write(&PeerTherapy::IDLE);
        assert!(bench.run(200, [true; 3]).is_empty());
        bench.mail.peer_therapy.write(&there);
        bench.run(2, [true; 3]);
        assert!(bench.run(200, [true; 3]).is_empty(), "nothing is known any more");
    }

    #[test]
    fn a_power_task_that_is_not_heard_of_knows_nothing_of_the_battery() {
        let mut bench = Bench::new();
        bench.mail.power.write(&PowerMail::from_words([0; crate::power::messages::POWER_WORDS]));
        assert!(bench.run(50, [true; 3]).is_empty());
        assert_eq!(bench.run(2, [true; 3]), ["battery_unknown"]);
    }

    #[test]
    fn a_task_that_is_not_heard_of_is_an_alarm() {
        for (silent, name) in [(0, "levitation_silent"), (1, "link_silent"), (2, "circulation_silent")] {
            let mut bench = Bench::new();
            bench.run(10, [true; 3]);
            let speaks = [silent != 0, silent != 1, silent != 2];
            assert!(bench.run(5, speaks).is_empty());
            assert_eq!(bench.run(2, speaks), [name]);
        }
        let mut never = Bench::new();
        assert!(never.run(100, [false; 3]).is_empty(), "it may be starting");
        assert_eq!(never.run(2, [false; 3]), ["levitation_silent", "link_silent"]);
    }

    #[test]
    fn the_warming_device_is_heard_and_missed_once_it_was_there() {
        let mut bench = Bench::new();
        let warming = WarmingMail::from_words([0; crate::warming::messages::WARMING_WORDS]);
        let conditions = crate::warming::conditions::WATER_LOOP;
        bench.mail.warming.write(&WarmingMail { conditions, ..warming });
        assert_eq!(bench.run(2, [true; 3]), ["water_loop"]);
        assert_eq!(bench.run(47, [true; 3]), ["water_loop"]);
        assert_eq!(bench.run(4, [true; 3]), ["water_loop", "warming_silent"]);
        // For ever: the age is at its end after 72 minutes.
        assert_eq!(bench.run(72 * 60 * 100, [true; 3]), ["water_loop", "warming_silent"]);
    }

    #[test]
    fn an_order_is_carried_out_once_and_not_again_after_a_restart() {
        let mut bench = Bench::new();
        bench.circulation.conditions = condition::LOW_FLOW;
        bench.run(2, [true; 3]);
        let pause = AlarmOrderMail { number: 1, order: AlarmOrder::PauseAudio as u32 };
        bench.mail.alarm_order.write(&pause);
        bench.run(11, [true; 3]);
        let pause_ms = |bench: &Bench| bench.mail.alarm.read::<AlarmStatus>().unwrap().1.pause_ms;
        assert_eq!(pause_ms(&bench), crate::alarms::AUDIO_PAUSE_MS - 100);
        bench.task = AlarmTask::default();
        bench.run(1, [true; 3]);
        assert_eq!(pause_ms(&bench), 0);
    }

    #[test]
    fn the_pause_of_the_unit_that_drives_is_that_of_the_other_one() {
        let mut bench = Bench::new();
        bench.levitation.report = PeerReport { therapy: true, ..PeerReport::default() }.to_bits();
        let mut pause_s = |told_s: u32, periods: u32| {
            bench.peer_audio_paused_s = told_s;
            bench.run(periods, [true; 3]);
            bench.mail.alarm.read::<AlarmStatus>().unwrap().1.pause_ms.div_ceil(1000)
        };
        assert_eq!(pause_s(0, 10), 0);
        assert_eq!(pause_s(120, 1), 120, "it begins");
        assert_eq!(pause_s(110, 1000), 110, "it runs down here, too");
        assert_eq!(pause_s(120, 1), 120, "it is prolonged");
        assert_eq!(pause_s(NO_PAUSE_TOLD, 1000), 110, "the other unit is gone: it goes on");
        assert_eq!(pause_s(50, 1), 110, "the other unit drives again, and pauses for less");
        assert_eq!(pause_s(0, 1), 0, "it ends early");
        assert_eq!(pause_s(1, 1), 1);
        assert_eq!(pause_s(255, 1), 120, "no pause is longer");
        // What is new and hurries here is heard, though a few frames are lost then.
        bench.levitation.recent_faults = fault::TOUCHDOWN;
        bench.run(100, [true; 3]);
        let mut silent = bench;
        for told_s in [254, NO_PAUSE_TOLD, 253] {
            silent.peer_audio_paused_s = told_s;
            silent.run(10, [true; 3]);
            assert_eq!(silent.mail.alarm.read::<AlarmStatus>().unwrap().1.pause_ms, 0, "{told_s}");
        }
        // A unit that drives is paused by its own operator alone.
        let mut drives = Bench::new();
        drives.peer_audio_paused_s = 100;
        drives.run(10, [true; 3]);
        assert_eq!(drives.mail.alarm.read::<AlarmStatus>().unwrap().1.pause_ms, 0);
    }

    #[test]
    fn what_is_shown_travels_whole() {
        let mut bench = Bench::new();
        bench.circulation.conditions = condition::LOW_FLOW | condition::NOT_REACHED;
        bench.run(1, [true; 3]);
        let status = bench.task.step(&bench.mail);
        assert_eq!(bench.mail.alarm.read::<AlarmStatus>().unwrap().1, status);
        assert_eq!(status.standing.iter().next().map(|alarm| alarm.name), Some("low_flow"));
        assert_eq!(AlarmStatus::from_words(status.to_words()), status);
        assert_eq!(AlarmStatus::from_words(AlarmStatus::default().to_words()), AlarmStatus::default());
    }
}
