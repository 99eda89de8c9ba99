// SPDX-License-Identifier: Apache-2.0
mod confirmation;
mod limits;
mod priming;
mod reset;
mod self_test;
mod states;

use super::*;
use crate::arbitration;
use crate::circulation::pressures::trouble;
use crate::circulation::therapy::{Mode, TherapyMail, TherapySettings};
use crate::commissioning::{Outcome, Reason, Stage};
use crate::mail::CirculationMail;

fn bearing(state: BearingState, speed_rad_per_s: f32) -> LevitationMail {
    let words = crate::mailbox::Words::from_words([0; crate::mail::LEVITATION_WORDS]);
    LevitationMail { state: state as u32, rotor_speed_rad_per_s: speed_rad_per_s, ..words }
}

fn circulation(speed_setpoint_rpm: f32) -> CirculationMail {
    let words = crate::mailbox::Words::from_words([0; crate::mail::CIRCULATION_WORDS]);
    CirculationMail { speed_setpoint_rpm, ..words }
}

/// What another unit that drives in this mode tells.
fn there(mode: Mode) -> PeerTherapy {
    let settings = TherapySettings {
        speed_setpoint_rpm: 4000.0,
        flow_setpoint_lpm: 3.5,
        pressure_setpoint_mmhg: 180.0,
        drainage_pressure_mmhg_min: -80.0,
        return_pressure_mmhg_max: 280.0,
        return_is_arterial: 0.0,
        pulse_rate_bpm: 72.0,
        ..TherapySettings::ADULT
    };
    PeerTherapy { mode, asked_mode: mode, settings, ..PeerTherapy::IDLE }
}

/// With the return in a vein, where a pump may be stopped at any time.
const VEIN: UnitConfig = {
    let mut config = UnitConfig::ECMO_50;
    config.supervisor.first_return_is_arterial = 0.0;
    config
};

/// A supervisor, and a levitation task that answers its orders.
struct Bench {
    task: SupervisorTask,
    mail: Mailboxes,
    number: u32,
    /// Why the pair refuses to start, if it does.
    refusal: Option<arbitration::Refusal>,
    answered: u32,
    drives: bool,
    /// The head is to be held.
    therapy: bool,
    levitation: LevitationMail,
    /// It speaks.
    alarm_task: bool,
}

impl Bench {
    fn new() -> Self {
        let task = SupervisorTask::new(&VEIN, Role::Host).unwrap();
        let levitation = bearing(BearingState::Off, 0.0);
        let mut bench = Self {
            task,
            mail: Mailboxes::new(),
            number: 0,
            refusal: None,
            answered: 0,
            drives: false,
            therapy: false,
            levitation,
            alarm_task: true,
        };
        bench.write(levitation);
        bench
    }

    fn restart(&mut self) {
        self.task = SupervisorTask::new(&VEIN, Role::Host).unwrap();
    }

    fn command(&mut self, command: Command) -> Option<Refusal> {
        self.number += 1;
        self.mail.command.write(&command.to_mail(self.number));
        let seen = (0..2).map(|_| self.step()).last().unwrap();
        assert_eq!(seen.command_number, self.number);
        Refusal::from_code(seen.command_result)
    }

    /// Levitation and circulation go on, and nothing is wrong.
    fn drive_quietly(&mut self, periods: u32) {
        for _ in 0..periods {
            self.write(self.levitation);
            self.mail.circulation.write(&circulation(0.0));
            self.step();
        }
    }

    fn plant(&mut self, state: BearingState, speed_rad_per_s: f32) -> SupervisorMail {
        self.write(bearing(state, speed_rad_per_s));
        self.step()
    }

    /// The levitation task writes its mail.
    fn write(&mut self, levitation: LevitationMail) {
        let (drives, therapy) = (self.drives, self.therapy);
        let report = PeerReport { drives, therapy, innovation_ok: true, ..PeerReport::default() };
        self.levitation = LevitationMail {
            report: report.to_bits(),
            order_number: self.answered,
            order_result: self.refusal.map_or(0, |refusal| refusal as u32),
            ..levitation
        };
        self.mail.levitation.write(&self.levitation);
    }

    fn step(&mut self) -> SupervisorMail {
        if self.alarm_task {
            self.mail.alarm.write(&AlarmStatus::default());
        }
        self.task.step(&self.mail);
        let seen = self.mail.supervisor.read::<SupervisorMail>().unwrap().1;
        if seen.order_number != self.answered {
            self.answered = seen.order_number;
            match Order::from_code(seen.order) {
                Some(Order::Start { .. }) => self.drives = self.refusal.is_none(),
                Some(Order::Stop) => self.drives = false,
                _ => {}
            }
            self.write(self.levitation);
        }
        seen
    }
}

#[test]
fn an_alarm_task_that_stands_is_sounded_here_and_told_to_the_other_unit() {
    let mut bench = Bench::new();
    for _ in 0..200 {
        assert_eq!((bench.step().alarms, bench.task.sounds()), (0, None));
    }
    bench.alarm_task = false;
    let silent: std::vec::Vec<bool> = (0..100).map(|_| bench.step().alarms == fault::ALARM_SILENT).collect();
    assert!(silent[..19].iter().all(|said| !said) && silent[19..].iter().all(|said| *said), "{silent:?}");
    assert!(bench.task.sounds().is_some());
    bench.alarm_task = true;
    assert_eq!((bench.step().alarms, bench.task.sounds()), (0, None));
}

#[test]
fn a_session_from_lift_off_to_landing() {
    let mut bench = Bench::new();
    assert_eq!(bench.command(Command::speed(3000.0)), Some(Refusal::NotLevitated));
    assert_eq!(bench.command(Command::LiftOff), None);
    assert_eq!(bench.step().levitate, LevitateRequest::Levitate as u32);
    bench.plant(BearingState::Levitated, 0.0);
    assert_eq!(bench.command(Command::speed(3000.0)), None);
    assert_eq!(bench.step().speed_setpoint_rpm, 3000.0);
    assert_eq!(bench.plant(BearingState::Levitated, 314.0).state, UnitState::Operating as u32);
    assert_eq!(bench.command(Command::Land), None);
    // Still fast: the speed goes first.
    let seen = bench.plant(BearingState::Levitated, 314.0);
    assert_eq!((seen.levitate, seen.speed_setpoint_rpm), (LevitateRequest::Levitate as u32, 0.0));
    assert_eq!(bench.command(Command::speed(1000.0)), Some(Refusal::IsLanding));
    // Slow must last: half a second.
    for _ in 0..49 {
        assert_eq!(bench.plant(BearingState::Levitated, 1.0).levitate, LevitateRequest::Levitate as u32);
    }
    assert_eq!(bench.plant(BearingState::Levitated, 1.0).levitate, LevitateRequest::Land as u32);
    assert_eq!(bench.command(Command::LiftOff), Some(Refusal::IsLanding));
    assert_eq!(bench.plant(BearingState::Landing, 10.0).levitate, LevitateRequest::Land as u32);
    assert_eq!(bench.plant(BearingState::Off, 0.0).state, UnitState::Standby as u32);
}

#[test]
fn service_begins_in_standby_and_gives_the_coils_to_the_probe() {
    let mut bench = Bench::new();
    assert_eq!(bench.command(Command::Service), None);
    let seen = bench.plant(BearingState::Service, 0.0);
    assert_eq!((seen.state, seen.levitate), (UnitState::Service as u32, LevitateRequest::Service as u32));
    assert_eq!(bench.command(Command::speed(1000.0)), Some(Refusal::NotLevitated));
    assert_eq!(bench.command(Command::Land), None);
    assert_eq!(bench.step().levitate, LevitateRequest::Off as u32);
    bench.command(Command::Service);
    assert_eq!(bench.command(Command::LiftOff), None);
    assert_eq!(bench.step().levitate, LevitateRequest::Levitate as u32);
    for state in [UnitState::LiftingOff, UnitState::Operating] {
        assert_eq!(bench.command(Command::Service), Some(Refusal::NotStandby), "{state:?}");
        bench.plant(BearingState::Levitated, 0.0);
    }
    // A supervisor that restarts in service ends it.
    let mut bench = Bench::new();
    assert_eq!(bench.plant(BearingState::Service, 0.0).levitate, LevitateRequest::Off as u32);
}

#[test]
fn landing_can_be_called_off_while_the_rotor_is_fast() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    bench.command(Command::Land);
    bench.plant(BearingState::Levitated, 314.0);
    assert_eq!(bench.command(Command::LiftOff), None);
    assert_eq!(bench.step().state, UnitState::Operating as u32);
    assert_eq!(bench.command(Command::speed(3000.0)), None);
}

#[test]
fn a_speed_that_nobody_knows_is_not_slow_but_landing_ends_all_the_same() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    bench.command(Command::Land);
    let blind = LevitationMail {
        state: BearingState::Levitated as u32,
        faults: fault::ANGLE,
        ..crate::mailbox::Words::from_words([0; crate::mail::LEVITATION_WORDS])
    };
    for _ in 0..5990 {
        bench.write(blind);
        assert_eq!(bench.step().levitate, LevitateRequest::Levitate as u32);
    }
    for _ in 0..20 {
        bench.write(blind);
        bench.step();
    }
    assert_eq!(bench.step().levitate, LevitateRequest::Land as u32);
}

#[test]
fn a_restarted_supervisor_takes_over_a_running_pump() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    bench.mail.circulation.write(&circulation(4000.0));
    bench.command(Command::speed(3000.0)); // carried out by the one before, not again by the next
    bench.restart();
    let seen = bench.plant(BearingState::Levitated, 400.0);
    assert_eq!((seen.state, seen.levitate), (UnitState::Operating as u32, LevitateRequest::Levitate as u32));
    assert_eq!(
        seen.speed_setpoint_rpm, 3000.0,
        "what the operator wants, whatever an intervention makes of it"
    );
}

#[test]
fn a_restarted_supervisor_goes_on_landing() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    bench.mail.circulation.write(&circulation(4000.0));
    bench.command(Command::Land);
    bench.restart();
    let seen = bench.plant(BearingState::Levitated, 400.0);
    assert_eq!((seen.state, seen.speed_setpoint_rpm), (UnitState::Landing as u32, 0.0));
    assert_eq!(seen.levitate, LevitateRequest::Levitate as u32, "until the rotor is slow");
}

#[test]
fn a_restarted_supervisor_does_not_carry_out_the_last_command_again() {
    for command in [Command::LiftOff, Command::Service] {
        let mut bench = Bench::new();
        bench.command(command);
        bench.restart();
        let seen = bench.plant(BearingState::Off, 0.0);
        assert_eq!((seen.state, seen.levitate), (0, LevitateRequest::Off as u32), "{command:?}");
        assert_eq!(bench.command(Command::LiftOff), None);
    }
}

#[test]
fn a_restarted_supervisor_asks_for_nothing_before_it_has_read_what_the_bearing_does() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    bench.command(Command::speed(4000.0));
    let before = bench.mail.supervisor.read::<SupervisorMail>();
    bench.restart();
    // The levitation task writes whenever this one looks.
    for _ in 0..1000 {
        bench.mail.levitation.begin_write();
        bench.task.step(&bench.mail);
        assert_eq!(bench.mail.supervisor.read::<SupervisorMail>(), before);
    }
    let seen = bench.plant(BearingState::Levitated, 400.0);
    let wanted = (UnitState::Operating as u32, LevitateRequest::Levitate as u32, 4000.0);
    assert_eq!((seen.state, seen.levitate, seen.speed_setpoint_rpm), wanted);
}

#[test]
fn a_levitation_task_that_never_speaks_is_not_waited_for() {
    let mut bench = Bench::new();
    bench.mail = Mailboxes::new();
    let speaks = |bench: &mut Bench| {
        bench.task.step(&bench.mail);
        bench.mail.supervisor.read::<SupervisorMail>()
    };
    assert!((0..FIRST_PERIODS).all(|_| speaks(&mut bench).is_none()));
    let (_, seen) = speaks(&mut bench).unwrap();
    assert_eq!((seen.state, seen.levitate), (0, LevitateRequest::Off as u32));
    assert_eq!(bench.command(Command::LiftOff), None);
}

#[test]
fn a_supervisor_that_died_while_it_wrote_leaves_set_point_and_carried_out_command() {
    // It died in its own mail: nobody knows the number of the last command, but there is no new one.
    let mut bench = Bench::new();
    bench.command(Command::Commission);
    bench.mail.supervisor.begin_write();
    bench.restart();
    assert_eq!(bench.plant(BearingState::Off, 0.0).state, UnitState::Standby as u32);
    assert_eq!(bench.command(Command::LiftOff), None);
    // The circulation task is writing just now: what the supervisor before asked of it stands.
    bench.plant(BearingState::Levitated, 0.0);
    bench.command(Command::speed(4000.0));
    bench.mail.circulation.begin_write();
    bench.restart();
    assert_eq!(bench.plant(BearingState::Levitated, 400.0).speed_setpoint_rpm, 4000.0);
}

#[test]
fn a_supervisor_that_restarts_while_commissioning_holds_the_rotor_and_sets_it_down() {
    // The mail in which the one before may have died: its own, its report, or none.
    for torn in 0..3 {
        let mut bench = Bench::new();
        bench.command(Command::Commission);
        bench.plant(BearingState::Levitated, 0.0);
        let asked = bench.mail.probe_request.read::<ProbeRequest>().unwrap().1.number;
        match torn {
            0 => bench.mail.supervisor.begin_write(),
            1 => bench.mail.commissioning.begin_write(),
            _ => {}
        }
        bench.restart();
        let seen = bench.plant(BearingState::Levitated, 40.0);
        // In this state the levitation task takes no torque current; the probe is told to let go.
        let wanted = (UnitState::Commissioning as u32, LevitateRequest::Levitate as u32);
        assert_eq!((seen.state, seen.levitate), wanted, "{torn}");
        let asks = bench.mail.probe_request.read::<ProbeRequest>().unwrap().1;
        assert_eq!(asks, ProbeRequest::listening(asked + 1), "{torn}");
        let report = bench.mail.commissioning.read::<CommissioningReport>().unwrap().1;
        let stage = if torn == 1 { Stage::Idle } else { Stage::Wall };
        let outcome = Outcome::Failed(stage, Reason::Restarted);
        assert_eq!((report.stage, report.outcome), (Stage::Over, outcome));
        for command in [Command::LiftOff, Command::Commission, Command::speed(1000.0)] {
            assert!(bench.command(command).is_some(), "{command:?}");
        }
        assert_eq!(bench.command(Command::Land), None);
        for _ in 0..100 {
            assert_eq!(bench.plant(BearingState::Levitated, 40.0).levitate, wanted.1);
        }
        let slow = (0..60).map(|_| bench.plant(BearingState::Levitated, 1.0)).last().unwrap();
        assert_eq!(slow.levitate, LevitateRequest::Land as u32);
        let seen = bench.plant(BearingState::Off, 0.0);
        assert_eq!((seen.state, seen.levitate), (0, LevitateRequest::Off as u32));
        assert_eq!(bench.command(Command::LiftOff), None);
    }
}

#[test]
fn a_supervisor_that_restarts_while_the_rotor_goes_down_lets_it_go_down_slowly() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    bench.command(Command::Land);
    bench.restart();
    let seen = bench.plant(BearingState::Landing, 1.0);
    assert_eq!((seen.state, seen.levitate), (UnitState::Landing as u32, LevitateRequest::Levitate as u32));
    let slow = (0..60).map(|_| bench.plant(BearingState::Levitated, 1.0)).last().unwrap();
    assert_eq!(slow.levitate, LevitateRequest::Land as u32);
}

#[test]
fn speeds_outside_the_range_are_refused_and_change_nothing() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    assert_eq!(bench.command(Command::speed(5500.0)), None);
    for speed_rpm in [5500.5, -1.0, f32::NAN, f32::INFINITY] {
        assert_eq!(bench.command(Command::speed(speed_rpm)), Some(Refusal::OutOfReach));
    }
    assert_eq!(bench.step().speed_setpoint_rpm, 5500.0);
}

#[test]
fn a_touchdown_does_not_end_operation() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    let seen = bench.plant(BearingState::Touchdown, 300.0);
    assert_eq!(seen.state, UnitState::Operating as u32);
    assert_eq!(seen.levitate, LevitateRequest::Levitate as u32);
}

#[test]
fn a_standby_unit_refuses_everything_and_a_command_runs_once() {
    let mut bench = Bench::new();
    bench.refusal = Some(arbitration::Refusal::OtherDrives);
    for command in [Command::LiftOff, Command::LiftOffAlone, Command::Service, Command::Commission] {
        assert_eq!(bench.command(command), Some(Refusal::OtherDrives), "{command:?}");
        let seen = bench.step();
        assert_eq!((seen.state, seen.levitate), (0, LevitateRequest::Off as u32), "{command:?}");
    }
    bench.refusal = None;
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    bench.command(Command::Land);
    // The rotor is down; the old command, still in its mailbox, must not act again.
    bench.plant(BearingState::Off, 0.0);
    assert_eq!(bench.step().state, UnitState::Standby as u32);
}

#[test]
fn a_unit_that_has_taken_the_head_carries_on_with_the_settings_of_the_other_one() {
    let mut bench = Bench::new();
    bench.therapy = true;
    bench.mail.peer_therapy.write(&there(Mode::Speed));
    assert_eq!(bench.plant(BearingState::Off, 419.0).speed_setpoint_rpm, 4000.0);
    bench.drives = true;
    let seen = bench.plant(BearingState::Levitated, 418.0);
    assert_eq!((seen.state, seen.levitate), (UnitState::Operating as u32, LevitateRequest::Levitate as u32));
    assert_eq!(seen.speed_setpoint_rpm, 4000.0);
    // It loses the head again.
    bench.drives = false;
    let seen = bench.plant(BearingState::Off, 418.0);
    assert_eq!((seen.state, seen.levitate), (UnitState::Standby as u32, LevitateRequest::Off as u32));
}

#[test]
fn without_news_of_the_settings_the_speed_that_the_rotor_has_is_the_set_point() {
    let mut bench = Bench::new();
    bench.mail.peer_therapy.write(&there(Mode::Speed));
    let held = PeerReport { therapy: true, ..PeerReport::default() };
    for _ in 0..200 {
        bench.mail.levitation.write(&LevitationMail {
            report: held.to_bits(),
            ..bearing(BearingState::Off, 300.0 / RPM_PER_RAD_PER_S)
        });
        bench.step();
    }
    assert!((bench.step().speed_setpoint_rpm - 300.0).abs() < 0.1);
}

#[test]
fn a_refused_lift_off_does_not_touch_the_set_point_of_the_backup() {
    let mut bench = Bench::new();
    bench.refusal = Some(arbitration::Refusal::OtherDrives);
    bench.mail.peer_therapy.write(&there(Mode::Speed));
    bench.step();
    bench.number += 1;
    bench.mail.command.write(&Command::LiftOff.to_mail(bench.number));
    for _ in 0..3 {
        assert_eq!(bench.step().speed_setpoint_rpm, 4000.0);
    }
}

#[test]
fn a_supervisor_that_restarts_before_the_answer_does_not_give_the_order_again() {
    let mut bench = operating();
    let before = bench.answered;
    bench.task.config.drill_quiet_s_min = 0.0;
    bench.number += 1;
    bench.mail.command.write(&Command::TakeoverDrill.to_mail(bench.number));
    bench.task.step(&bench.mail);
    bench.restart();
    let seen: std::vec::Vec<u32> = (0..5)
        .map(|_| {
            bench.task.step(&bench.mail);
            bench.mail.supervisor.read::<SupervisorMail>().unwrap().1.order_number
        })
        .collect();
    assert_eq!(seen, [before + 1; 5]);
}

#[test]
fn an_order_that_nobody_answers_is_withdrawn_and_leads_back() {
    let mut bench = Bench::new();
    bench.number += 1;
    bench.mail.command.write(&Command::LiftOff.to_mail(bench.number));
    let mut seen = None;
    for _ in 0..2 + ORDER_PERIODS_MAX {
        // The levitation task speaks and does not answer.
        bench.task.step(&bench.mail);
        seen = bench.mail.supervisor.read::<SupervisorMail>().map(|(_, mail)| mail);
    }
    let seen = seen.unwrap();
    assert_eq!((seen.command_number, seen.command_result), (bench.number, Refusal::Silent as u32));
    assert_eq!((seen.state, seen.levitate), (0, LevitateRequest::Off as u32));
    assert_eq!((seen.order_number, Order::from_code(seen.order)), (2, None), "in the place of number 1");
}

#[test]
fn a_refused_order_to_the_pair_changes_nothing() {
    let mut bench = operating();
    bench.refusal = Some(arbitration::Refusal::OtherNotReady);
    bench.task.config.drill_quiet_s_min = 0.0;
    for command in [Command::HandBack, Command::TakeoverDrill] {
        assert_eq!(bench.command(command), Some(Refusal::OtherNotReady));
        assert_eq!(bench.step().state, UnitState::Operating as u32);
    }
}

/// A command of the link, void at a time of its clock, and what became of it after so many periods.
fn remote(
    bench: &mut Bench,
    number: u32,
    command: Command,
    expires_ms: u32,
    periods: usize,
) -> SupervisorMail {
    let (kind, value) = command.code();
    bench.mail.remote_command.write(&RemoteCommandMail { number, kind, value, expires_ms });
    (0..periods)
        .map(|_| {
            write_clock(bench, 1000);
            bench.step()
        })
        .last()
        .unwrap()
}

fn write_clock(bench: &Bench, time_ms: u32) {
    let refused = [0; crate::link::LINK_REFUSALS];
    bench.mail.link.write(&LinkMail {
        time_ms,
        alarms: 0,
        commands_admitted: 0,
        peer_audio_paused_s: 0,
        refused,
    });
}

fn remote_answer(seen: SupervisorMail) -> (u32, Option<Refusal>) {
    (seen.remote_number, Refusal::from_code(seen.remote_result))
}

#[test]
fn every_command_has_its_own_code() {
    for kind in 0..256 {
        if let Some(command) = Command::from_code(kind, 7.0) {
            assert_eq!(command.code().0, kind);
        }
    }
    assert_eq!(Command::from_code(4, 7.0), Some(Command::speed(7.0)));
}

#[test]
fn a_command_of_the_link_is_judged_like_one_of_the_operator() {
    let mut bench = Bench::new();
    bench.step();
    let fast = Command::speed(3000.0);
    let seen = remote(&mut bench, 1, fast, 1100, 1);
    assert_eq!(remote_answer(seen), (1, Some(Refusal::NotLevitated)));
    let seen = remote(&mut bench, 2, Command::LiftOff, 1100, 2);
    assert_eq!(remote_answer(seen), (2, None));
    bench.plant(BearingState::Levitated, 0.0);
    let seen = remote(&mut bench, 3, Command::speed(1e6), 1100, 1);
    assert_eq!(remote_answer(seen), (3, Some(Refusal::OutOfReach)));
    let seen = remote(&mut bench, 4, fast, 1100, 1);
    assert_eq!((remote_answer(seen), seen.speed_setpoint_rpm), ((4, None), 3000.0));
    assert_eq!(seen.command_number, 0, "nobody at the shell has asked");
    bench.mail.remote_command.write(&RemoteCommandMail { number: 5, kind: 3, value: 0.0, expires_ms: 1100 });
    assert_eq!(remote_answer(bench.step()), (5, Some(Refusal::Unknown)));
}

#[test]
fn a_command_of_the_link_is_carried_out_once_and_in_its_time() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    let speed = |speed_rpm| Command::speed(speed_rpm);
    for (number, expires_ms, in_time) in [(1, 1011, true), (2, 1010, false), (3, 900, false)] {
        let seen = remote(&mut bench, number, speed(number as f32), expires_ms, 1);
        let refusal = (!in_time).then_some(Refusal::TooLate);
        assert_eq!(remote_answer(seen), (number, refusal), "{expires_ms}");
    }
    bench.command(speed(500.0));
    assert_eq!(bench.step().speed_setpoint_rpm, 500.0, "number 1 is not done again");
    // The clock of the link stands: nothing is known to be in time.
    (0..3).for_each(|_| {
        bench.step();
    });
    let (kind, value) = speed(4.0).code();
    bench.mail.remote_command.write(&RemoteCommandMail { number: 4, kind, value, expires_ms: 1100 });
    assert_eq!(remote_answer(bench.step()), (4, Some(Refusal::TooLate)));
}

/// Each period without news makes the clock 10 ms older; how far it has gone meanwhile is counted.
#[test]
fn the_clock_of_the_link_goes_on_while_there_is_no_news_of_it() {
    for (silent_periods, first_in_time_ms) in [(0, 1011), (1, 1021), (2, 1031)] {
        for (expires_ms, refusal) in
            [(first_in_time_ms - 1, Refusal::TooLate), (first_in_time_ms, Refusal::Unknown)]
        {
            let mut bench = Bench::new();
            bench.step();
            write_clock(&bench, 1000);
            // The period that reads the clock, then those without news of it; the last of them all looks at the command.
            (0..silent_periods).for_each(|_| {
                bench.step();
            });
            bench.mail.remote_command.write(&RemoteCommandMail {
                number: 1,
                kind: 3,
                value: 0.0,
                expires_ms,
            });
            assert_eq!(remote_answer(bench.step()), (1, Some(refusal)), "{silent_periods} {expires_ms}");
        }
    }
}

#[test]
fn a_command_of_the_link_does_not_wait_for_another_one() {
    let mut bench = Bench::new();
    bench.step();
    write_clock(&bench, 1000);
    bench.mail.command.write(&Command::LiftOff.to_mail(1));
    bench.mail.remote_command.write(&RemoteCommandMail { number: 1, kind: 2, value: 0.0, expires_ms: 1100 });
    let seen = bench.step();
    assert_eq!((remote_answer(seen), seen.command_number), ((1, Some(Refusal::UnderWay)), 0));
    let seen = bench.step();
    assert_eq!((seen.command_number, seen.state), (1, UnitState::LiftingOff as u32));
}

#[test]
fn a_supervisor_that_starts_anew_carries_out_no_command_of_the_link_from_before() {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    let seen = remote(&mut bench, 1, Command::speed(3000.0), 1100, 1);
    assert_eq!(remote_answer(seen), (1, None));
    bench.command(Command::speed(500.0));
    bench.restart();
    bench.mail.remote_command.write(&RemoteCommandMail { number: 2, kind: 2, value: 0.0, expires_ms: 1100 });
    write_clock(&bench, 1000);
    let seen = bench.step();
    assert_eq!(remote_answer(seen), (2, Some(Refusal::TooLate)));
    assert_eq!(seen.state, UnitState::Operating as u32, "not landing");
    bench.restart();
    assert_eq!(remote_answer(bench.step()), (2, Some(Refusal::TooLate)));
}

#[test]
fn a_drill_is_for_a_unit_that_has_driven_without_an_alarm_for_five_minutes() {
    let mut bench = operating();
    bench.drive_quietly(29_000);
    assert_eq!(bench.command(Command::TakeoverDrill), Some(Refusal::NotQuiet));
    bench.drive_quietly(1100);
    // The pair is asked now.
    bench.number += 1;
    bench.mail.command.write(&Command::TakeoverDrill.to_mail(bench.number));
    assert_eq!(bench.step().order, Order::Drill.code());
    for (alarm, refused) in [(fault::HALL_DRIFT, true), (fault::CALIBRATION, false)] {
        let mut bench = operating();
        bench.drive_quietly(1);
        bench.task.quiet_periods = 40_000;
        bench.write(LevitationMail { faults: alarm, ..bench.levitation });
        bench.number += 1;
        bench.mail.command.write(&Command::TakeoverDrill.to_mail(bench.number));
        assert_eq!(bench.step().order == Order::Drill.code(), !refused);
        assert_eq!(bench.task.quiet_periods == 0, refused);
    }
}

#[test]
fn a_drill_is_refused_while_mains_or_battery_have_an_alarm() {
    use crate::mailbox::Words as _;
    use crate::power::conditions::{BATTERY_5_MIN, MAINS_LOST};
    let alarms = [(0, false), (MAINS_LOST, true), (BATTERY_5_MIN | MAINS_LOST, true)];
    // A power task that has stopped says nothing of now.
    for (conditions, stops, refused) in
        alarms.into_iter().map(|(conditions, refused)| (conditions, false, refused)).chain([(0, true, true)])
    {
        let mut bench = operating();
        // On a bench, too, where no minutes are asked for.
        bench.task.config.drill_quiet_s_min = 0.0;
        let power = PowerMail::from_words([0; crate::power::messages::POWER_WORDS]);
        for period in 0..100 {
            if period < 20 || !stops {
                bench.mail.power.write(&PowerMail { conditions, charge: 0.9, ..power });
            }
            bench.drive_quietly(1);
        }
        assert_eq!(bench.task.quiet_periods == 0, refused);
        bench.number += 1;
        bench.mail.command.write(&Command::TakeoverDrill.to_mail(bench.number));
        assert_eq!(bench.step().order == Order::Drill.code(), !refused);
    }
}

#[test]
fn a_drill_wants_both_units_well_fed() {
    use crate::mailbox::Words as _;
    use crate::power::told::PowerSource::{Battery, Mains, NotTold};
    let power = PowerMail::from_words([0; crate::power::messages::POWER_WORDS]);
    // Own charge; what the other unit tells; whether the drill may be.
    for (own, power_source, battery_alarm, there_pct, may) in [
        (0.9, Mains, false, Some(90.0), true),
        (0.9, NotTold, false, None, true),
        (0.5, Mains, false, Some(90.0), false),
        (0.9, Mains, false, Some(50.0), false),
        (0.9, Mains, true, Some(90.0), false),
        (0.9, Battery, false, Some(90.0), false),
    ] {
        let mut bench = operating();
        bench.task.config.drill_quiet_s_min = 0.0;
        bench.mail.peer_power.write(&PowerTold {
            power_source,
            battery_alarm,
            battery_charge_pct: there_pct,
            battery_remaining_min: None,
        });
        for _ in 0..20 {
            bench.mail.power.write(&PowerMail { charge: own, ..power });
            bench.drive_quietly(1);
        }
        bench.number += 1;
        bench.mail.command.write(&Command::TakeoverDrill.to_mail(bench.number));
        let case = (own, power_source, battery_alarm, there_pct);
        assert_eq!(bench.step().order == Order::Drill.code(), may, "{case:?}");
    }
}

#[test]
fn a_circulation_task_that_is_not_heard_of_is_no_quiet() {
    let mut bench = operating();
    bench.drive_quietly(100);
    for _ in 0..6 {
        bench.write(bench.levitation);
        bench.step();
    }
    assert_eq!(bench.task.quiet_periods, 0);
    assert_eq!(bench.command(Command::TakeoverDrill), Some(Refusal::NotQuiet));
}

#[test]
fn a_pump_on_an_artery_is_stopped_behind_a_clamp_or_when_asked_twice() {
    let flows =
        |flow_lpm: f32, flow_valid: bool| CirculationMail { flow_lpm, flow_valid, ..circulation(3000.0) };
    let arterial = || {
        let mut bench = operating();
        bench.task.therapy.settings.return_is_arterial = 1.0;
        bench
    };
    let run = |bench: &mut Bench, seen: CirculationMail, periods: u32| {
        for _ in 0..periods {
            bench.mail.circulation.write(&seen);
            bench.step();
        }
    };
    for (seen, refusal) in [
        (flows(0.02, true), None),
        (flows(-0.02, true), None),
        (flows(0.3, true), Some(Refusal::NotClamped)),
        (flows(-1.6, true), Some(Refusal::NotClamped)),
        (flows(0.0, false), Some(Refusal::NotClamped)),
        (flows(f32::NAN, true), Some(Refusal::NotClamped)),
    ] {
        let mut bench = arterial();
        run(&mut bench, seen, 101);
        assert_eq!(bench.command(Command::Land), refusal, "{} {}", seen.flow_lpm, seen.flow_valid);
        assert_eq!(bench.task.state == UnitState::Landing, refusal.is_none());
    }
    // Clamped for less than a second is a heart between two beats.
    let mut bench = arterial();
    run(&mut bench, flows(0.3, true), 200);
    run(&mut bench, flows(0.0, true), 50);
    assert_eq!(bench.command(Command::Land), Some(Refusal::NotClamped));
    run(&mut bench, flows(0.3, true), 900);
    assert_eq!(bench.command(Command::Land), None, "asked twice");
    let mut bench = arterial();
    assert_eq!(bench.command(Command::Land), Some(Refusal::NotClamped));
    run(&mut bench, flows(0.3, true), 1100);
    assert_eq!(bench.command(Command::Land), Some(Refusal::NotClamped), "too long ago");
}

#[test]
fn a_rotor_that_is_being_set_down_is_not_handed_over() {
    let mut bench = operating();
    assert_eq!(bench.command(Command::Land), None);
    for command in [Command::HandBack, Command::TakeoverDrill] {
        assert_eq!(bench.command(command), Some(Refusal::IsLanding));
        assert_eq!(bench.task.state, UnitState::Landing);
    }
}

#[test]
fn a_unit_that_stands_by_refuses_what_only_the_other_one_can_do() {
    let mut bench = Bench::new();
    bench.therapy = true;
    bench.mail.peer_therapy.write(&there(Mode::Flow));
    bench.plant(BearingState::Off, 0.0);
    for command in [Command::Land, Command::speed(3000.0), Command::Resume] {
        assert_eq!(bench.command(command), Some(Refusal::OtherDrives), "{command:?}");
    }
}

#[test]
fn no_mode_is_accepted_that_nobody_would_follow() {
    let mut bench = operating();
    bench.drive_quietly(10);
    let first = therapy(&bench);
    for _ in 0..6 {
        bench.step();
    }
    for command in [Command::SetMode { mode: Mode::Flow, value: 2.0 }, Command::Resume] {
        assert_eq!(bench.command(command), Some(Refusal::CirculationSilent), "{command:?}");
    }
    assert_eq!(therapy(&bench), first);
    bench.drive_quietly(1);
    assert_eq!(bench.command(Command::Resume), None);
}

#[test]
fn a_unit_that_gets_the_head_and_no_therapy_keeps_the_speed_and_says_so() {
    let mut bench = Bench::new();
    bench.drives = true;
    bench.therapy = true;
    let blind = LevitationMail { faults: fault::ANGLE, ..bearing(BearingState::Levitated, 100.0) };
    bench.step();
    bench.write(blind);
    assert_eq!(bench.step().alarms, 0, "nobody knows the speed yet");
    let seen = bench.plant(BearingState::Levitated, 300.0);
    assert_eq!(seen.state, UnitState::Operating as u32);
    assert!((seen.speed_setpoint_rpm - 2864.8).abs() < 0.1, "{}", seen.speed_setpoint_rpm);
    assert_eq!(seen.alarms, fault::THERAPY_LOST);
    // It does not follow the rotor: that would be no control.
    assert!((bench.plant(BearingState::Levitated, 200.0).speed_setpoint_rpm - 2864.8).abs() < 0.1);
    assert_eq!(bench.command(Command::speed(3000.0)), None);
    assert_eq!(bench.step().alarms, 0);
    // One that knows the therapy says nothing.
    let mut bench = Bench::new();
    bench.therapy = true;
    bench.mail.peer_therapy.write(&there(Mode::Flow));
    bench.plant(BearingState::Off, 300.0);
    bench.drives = true;
    let seen = bench.plant(BearingState::Levitated, 300.0);
    assert_eq!((seen.alarms, therapy(&bench).therapy.mode), (0, Mode::Flow));
}

#[test]
fn what_was_just_set_is_told_before_the_head_is_handed_over() {
    let mut bench = operating();
    assert_eq!(bench.command(Command::speed(2500.0)), None);
    bench.number += 1;
    bench.mail.command.write(&Command::HandBack.to_mail(bench.number));
    let waited = (1..20).find(|_| bench.step().order == Order::HandBack.code());
    assert_eq!(waited, Some(4), "periods");
}

fn therapy(bench: &Bench) -> TherapyMail {
    bench.mail.therapy.read().unwrap().1
}

fn operating() -> Bench {
    let mut bench = Bench::new();
    bench.command(Command::LiftOff);
    bench.plant(BearingState::Levitated, 0.0);
    bench
}

#[test]
fn every_command_has_its_code_both_ways() {
    for code in 0..200 {
        if let Some(command) = Command::from_code(code, 7.0) {
            assert_eq!(command.code().0, code, "{command:?}");
        }
    }
    let last = 64 + TherapySettings::FIELDS.len() as u32 - 1;
    assert_eq!(Command::from_code(last, 1.0), Some(Command::Set { setting: last - 64, value: 1.0 }));
}

#[test]
fn a_mode_comes_with_its_set_point_and_is_refused_with_one_out_of_reach() {
    let mut bench = operating();
    assert_eq!(bench.command(Command::SetMode { mode: Mode::Flow, value: 4.0 }), None);
    let TherapyMail { therapy: first, .. } = therapy(&bench);
    assert_eq!((first.mode, first.settings.flow_setpoint_lpm), (Mode::Flow, 4.0));
    for (mode, value) in [
        (Mode::Flow, 8.1),
        (Mode::Flow, f32::NAN),
        (Mode::Speed, 5501.0),
        (Mode::Pressure, 301.0),
        (Mode::Pressure, -101.0),
        (Mode::RetrogradeTrial, 0.5),
        (Mode::Weaning, 0.1),
    ] {
        assert_eq!(
            bench.command(Command::SetMode { mode, value }),
            Some(Refusal::OutOfReach),
            "{mode:?} {value}"
        );
        assert_eq!(therapy(&bench).therapy, first);
    }
    let seen = CirculationMail { flow_lpm_max: 5.0, ..circulation(3000.0) };
    bench.mail.circulation.write(&seen);
    assert_eq!(bench.command(Command::SetMode { mode: Mode::Flow, value: 5.5 }), Some(Refusal::OutOfReach));
    assert_eq!(bench.command(Command::SetMode { mode: Mode::ZeroFlow, value: 0.0 }), None);
    assert_eq!(bench.command(Command::Land), None);
    assert_eq!(therapy(&bench).therapy.mode, Mode::Speed);
}

#[test]
fn a_pressure_without_its_sensor_is_none_to_follow_and_nothing_changes() {
    let drainage = CirculationMail { drainage_trouble: trouble::FROZEN, ..circulation(3000.0) };
    let back = CirculationMail { return_trouble: trouble::MISSING, ..circulation(3000.0) };
    let pressure = |value| Command::SetMode { mode: Mode::Pressure, value };
    for (seen, gone, left) in [(drainage, -50.0, 150.0), (back, 150.0, -50.0)] {
        let mut bench = operating();
        assert_eq!(bench.command(Command::SetMode { mode: Mode::Flow, value: 4.0 }), None);
        let before = therapy(&bench);
        bench.mail.circulation.write(&seen);
        assert_eq!(bench.command(pressure(gone)), Some(Refusal::OutOfReach), "{gone} mmHg");
        assert_eq!(therapy(&bench), before);
        assert_eq!(bench.command(pressure(left)), None, "{left} mmHg");
        assert_eq!(therapy(&bench).therapy.settings.pressure_setpoint_mmhg, left);
        bench.mail.circulation.write(&circulation(3000.0));
        assert_eq!(bench.command(pressure(gone)), None, "it is believed again");
    }
}

#[test]
fn settings_are_set_one_by_one_and_set_points_with_their_mode() {
    let mut bench = operating();
    let number = |name| TherapySettings::index_of(name).unwrap();
    let set = |name, value| Command::Set { setting: number(name), value };
    assert_eq!(bench.command(set("return_pressure_mmhg_max", 250.0)), None);
    assert_eq!(therapy(&bench).therapy.settings.return_pressure_mmhg_max, 250.0);
    assert_eq!(bench.command(set("return_pressure_mmhg_max", 500.0)), Some(Refusal::OutOfReach));
    assert_eq!(bench.command(set("flow_setpoint_lpm", 3.0)), Some(Refusal::SetpointOfMode));
    assert_eq!(bench.command(Command::Set { setting: 99, value: 0.0 }), Some(Refusal::Unknown));
    assert_eq!(bench.command(Command::Resume), None);
    assert_eq!(therapy(&bench).resumes, 1);
}

#[test]
fn the_therapy_of_the_unit_that_drives_carries_over() {
    for (mode, here) in [
        (Mode::Speed, Mode::Speed),
        (Mode::Flow, Mode::Flow),
        (Mode::Pressure, Mode::Pressure),
        (Mode::ZeroFlow, Mode::ZeroFlow),
        (Mode::Weaning, Mode::Flow),
        (Mode::Pulsatile, Mode::Pulsatile),
        (Mode::RetrogradeTrial, Mode::ZeroFlow),
    ] {
        let mut bench = Bench::new();
        bench.mail.peer_therapy.write(&there(mode));
        bench.therapy = true;
        bench.write(bench.levitation);
        bench.step();
        let own = therapy(&bench).therapy;
        assert_eq!(own, Therapy { mode: here, settings: there(mode).settings }, "{mode:?}");
        let mut wrong = there(mode);
        (wrong.settings.return_pressure_mmhg_max, wrong.settings.flow_setpoint_lpm) = (900.0, f32::NAN);
        bench.mail.peer_therapy.write(&wrong);
        bench.step();
        assert_eq!(therapy(&bench).therapy, own, "what is out of range does not carry over");
    }
}

#[test]
fn what_the_other_unit_would_overwrite_is_refused_here() {
    let mut bench = Bench::new();
    let limit = TherapySettings::index_of("return_pressure_mmhg_max").unwrap();
    assert_eq!(bench.command(Command::Set { setting: limit, value: 250.0 }), None);
    bench.mail.peer_therapy.write(&there(Mode::Flow));
    bench.therapy = true;
    bench.write(bench.levitation);
    bench.step();
    assert_eq!(bench.command(Command::Set { setting: limit, value: 200.0 }), Some(Refusal::OtherDrives));
    assert_eq!(therapy(&bench).therapy.settings.return_pressure_mmhg_max, 280.0);
}

#[test]
fn a_mode_that_air_holds_back_carries_over_as_it_was_asked_for() {
    let mut bench = Bench::new();
    let held = PeerTherapy {
        asked_mode: Mode::Flow,
        conditions: crate::circulation::conditions::AIR_IN_RETURN,
        ..there(Mode::ZeroFlow)
    };
    bench.mail.peer_therapy.write(&held);
    bench.therapy = true;
    bench.write(bench.levitation);
    bench.step();
    assert_eq!(therapy(&bench).therapy.mode, Mode::Flow);
}

#[test]
fn a_supervisor_that_starts_anew_knows_the_therapy() {
    let mut bench = operating();
    bench.command(Command::SetMode { mode: Mode::Flow, value: 4.0 });
    bench.restart();
    bench.plant(BearingState::Levitated, 300.0);
    let own = therapy(&bench).therapy;
    assert_eq!((own.mode, own.settings.flow_setpoint_lpm), (Mode::Flow, 4.0));
}
