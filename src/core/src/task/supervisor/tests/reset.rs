// SPDX-License-Identifier: Apache-2.0
//! A reset of the whole unit: what is kept, and who goes on with it.

use super::super::reset::KEPT_PERIODS;
use super::*;
use crate::circulation::conditions as condition;
use crate::link::{PEER_WORDS, PeerMail};
use crate::mailbox::Words;
use crate::ports::{CirculationInputs, LevitationInputs};
use crate::retained::{ResetCause, Retained};
use crate::unit::{Role, UnitTasks};

/// What a unit that drives in this mode keeps.
fn kept(mode: Mode) -> Retained {
    let mut bench = operating();
    bench.therapy = true;
    bench.task.take(&there(mode));
    for _ in 0..3 {
        bench.write(bench.levitation);
        bench.step();
    }
    retained(&bench)
}

fn retained(bench: &Bench) -> Retained {
    bench.mail.retained.read().unwrap().1
}

/// The same unit after the reset; the head is to be held, and nobody drives it.
fn after_reset(retained: &Retained) -> Bench {
    let mut bench = Bench::new();
    let mut tasks = UnitTasks::new(&VEIN, Role::Host).unwrap();
    tasks.restart(Role::Host, ResetCause::Other, retained, &bench.mail);
    bench.task = tasks.supervisor;
    bench.therapy = true;
    bench.write(bench.levitation);
    bench
}

/// What the other unit says by its fast frames.
fn other(bench: &Bench, drives: bool) {
    let report = PeerReport { drives, therapy: true, ..PeerReport::default() };
    let words: PeerMail = crate::mailbox::Words::<PEER_WORDS>::from_words([0; PEER_WORDS]);
    bench.mail.peer.write(&PeerMail { silent: false, report: report.to_bits(), ..words });
}

fn takes_the_head(bench: &mut Bench) -> SupervisorMail {
    bench.drives = true;
    bench.plant(BearingState::LiftOff, 400.0)
}

#[test]
fn a_unit_that_drove_goes_on_with_its_therapy_and_says_so_for_a_second() {
    let before = kept(Mode::Flow);
    assert!(before.drove);
    let mut bench = after_reset(&before);
    assert_eq!((bench.step().state, therapy(&bench).therapy.mode), (UnitState::Standby as u32, Mode::Flow));
    let seen = takes_the_head(&mut bench);
    assert_eq!((seen.state, seen.alarms), (UnitState::Operating as u32, fault::RESTARTED));
    let own = therapy(&bench).therapy;
    assert_eq!((own.mode, own.settings), (Mode::Flow, there(Mode::Flow).settings));
    for _ in 0..KEPT_PERIODS - 1 {
        assert_eq!(bench.plant(BearingState::Levitated, 400.0).alarms, fault::RESTARTED);
    }
    assert_eq!(bench.plant(BearingState::Levitated, 400.0).alarms, 0);
    assert_eq!(therapy(&bench).therapy, own);
    // The next reset finds the same again, in the place after the last one.
    bench.step();
    let next = retained(&bench);
    assert_eq!((next.drove, next.therapy.mode), (true, Mode::Flow));
    assert_eq!(next.number.wrapping_sub(before.number), KEPT_PERIODS + 4);
}

#[test]
fn a_supervisor_that_is_later_than_the_bearing_knows_it_too() {
    let mut bench = after_reset(&kept(Mode::Flow));
    let seen = takes_the_head(&mut bench);
    assert_eq!((seen.state, seen.alarms), (UnitState::Operating as u32, fault::RESTARTED));
    assert_eq!(therapy(&bench).therapy.mode, Mode::Flow);
}

#[test]
fn what_nobody_carries_on_unasked_is_not_carried_on_here() {
    for (mode, expected) in [(Mode::Weaning, Mode::Flow), (Mode::RetrogradeTrial, Mode::ZeroFlow)] {
        let mut bench = after_reset(&kept(mode));
        bench.step();
        takes_the_head(&mut bench);
        assert_eq!(therapy(&bench).therapy.mode, expected);
    }
}

#[test]
fn the_therapy_of_a_unit_that_drives_goes_before_what_was_kept() {
    let mut bench = after_reset(&kept(Mode::Flow));
    bench.step();
    other(&bench, true);
    bench.mail.peer_therapy.write(&there(Mode::Pressure));
    bench.step();
    assert_eq!(therapy(&bench).therapy.mode, Mode::Pressure);
    let seen = takes_the_head(&mut bench);
    assert_eq!((seen.alarms, therapy(&bench).therapy.mode), (0, Mode::Pressure), "a takeover as any other");
}

#[test]
fn what_was_kept_goes_before_a_unit_that_does_not_drive_and_may_know_nothing() {
    let mut bench = after_reset(&kept(Mode::Flow));
    for _ in 0..5 {
        other(&bench, false);
        bench.mail.peer_therapy.write(&PeerTherapy::IDLE);
        bench.write(bench.levitation);
        bench.step();
    }
    assert_eq!(takes_the_head(&mut bench).alarms, fault::RESTARTED);
    assert_eq!(therapy(&bench).therapy.mode, Mode::Flow);
}

#[test]
fn what_is_older_than_a_second_is_not_trusted_and_that_is_said() {
    let lost = fault::RESTARTED | fault::THERAPY_LOST;
    for (periods, expected) in [(98, fault::RESTARTED), (99, lost), (400, lost)] {
        let mut bench = after_reset(&kept(Mode::Flow));
        for _ in 0..periods {
            bench.write(bench.levitation);
            bench.step();
        }
        assert_eq!(takes_the_head(&mut bench).alarms, expected, "{periods}");
        // Long enough to be seen, however late it came.
        for _ in 0..KEPT_PERIODS - 2 {
            assert_eq!(bench.plant(BearingState::Levitated, 400.0).alarms, expected, "{periods}");
        }
        let mode = if expected == fault::RESTARTED { Mode::Flow } else { Mode::Speed };
        assert_eq!(therapy(&bench).therapy.mode, mode);
    }
}

#[test]
fn who_did_not_drive_or_had_set_the_rotor_down_has_nothing_to_go_on_with() {
    for (drives, held) in [(false, true), (true, false), (false, false)] {
        let mut bench = operating();
        bench.task.take(&there(Mode::Flow));
        (bench.drives, bench.therapy) = (drives, held);
        bench.write(bench.levitation);
        bench.step();
        let before = retained(&bench);
        assert!(!before.drove, "{drives} {held}");
        let mut bench = after_reset(&before);
        bench.step();
        assert_eq!(therapy(&bench).therapy.mode, Mode::Speed);
        assert_eq!(takes_the_head(&mut bench).alarms, fault::THERAPY_LOST);
    }
}

#[test]
fn an_operator_who_begins_anew_begins_with_nothing() {
    let mut bench = after_reset(&kept(Mode::Flow));
    bench.step();
    bench.command(Command::LiftOff);
    let seen = bench.plant(BearingState::Levitated, 0.0);
    assert_eq!((seen.state, seen.alarms), (UnitState::Operating as u32, 0));
    assert_eq!((therapy(&bench).therapy.mode, seen.speed_setpoint_rpm), (Mode::Speed, 0.0));
}

/// It is refused when the unit has begun to take the head by itself, or is not fit yet.
#[test]
fn an_order_that_is_refused_changes_nothing() {
    for refusal in [arbitration::Refusal::Drives, arbitration::Refusal::NotFit] {
        for command in [Command::LiftOff, Command::Service, Command::Commission] {
            let mut bench = after_reset(&kept(Mode::Flow));
            bench.step();
            bench.refusal = Some(refusal);
            bench.number += 1;
            bench.mail.command.write(&command.to_mail(bench.number));
            bench.step();
            let seen = takes_the_head(&mut bench);
            assert_eq!(seen.command_result, Refusal::of_order(refusal as u32, None) as u32);
            assert_eq!(
                (seen.state, seen.alarms),
                (UnitState::Operating as u32, fault::RESTARTED),
                "{command:?}"
            );
            assert_eq!(therapy(&bench).therapy.mode, Mode::Flow);
        }
    }
}

#[test]
fn a_second_reset_before_the_head_is_taken_finds_the_same() {
    let mut before = kept(Mode::Flow);
    for _ in 0..3 {
        let first = before.number;
        let mut bench = after_reset(&before);
        // Before the supervisor has spoken, too.
        let at_once = retained(&bench);
        assert_eq!((at_once.drove, at_once.therapy, at_once.number), (true, before.therapy, first + 1));
        for _ in 0..3 {
            bench.write(bench.levitation);
            bench.step();
            let again = retained(&bench);
            assert_eq!((again.drove, again.therapy), (true, before.therapy));
        }
        before = retained(&bench);
        assert_eq!(before.number, first + 4);
    }
    let mut bench = after_reset(&before);
    assert_eq!(takes_the_head(&mut bench).alarms, fault::RESTARTED);
    assert_eq!(therapy(&bench).therapy.mode, Mode::Flow);
}

#[test]
fn a_supervisor_that_starts_alone_counts_on() {
    let mut bench = operating();
    let before = retained(&bench).number;
    assert!(before > 0);
    bench.restart();
    bench.write(bench.levitation);
    bench.step();
    assert_eq!(retained(&bench).number, before + 1);
}

/// Whether the levitation task knows of a rotor that is to be held.
fn holds(tasks: &mut UnitTasks, mail: &Mailboxes) -> bool {
    tasks.levitation.step(&LevitationInputs::default(), mail);
    PeerReport::from_bits(mail.levitation.read::<LevitationMail>().unwrap().1.report).therapy
}

/// An operator who switches off and on again does not expect a rotor that lifts off; nor does the next reset bring that back.
#[test]
fn after_power_was_away_nothing_goes_on_by_itself() {
    let before = kept(Mode::Flow);
    let mut bench = Bench::new();
    let mut tasks = UnitTasks::new(&VEIN, Role::Host).unwrap();
    tasks.restart(Role::Host, ResetCause::PowerOn, &before, &bench.mail);
    assert!(!holds(&mut tasks, &bench.mail));
    bench.task = tasks.supervisor;
    let at_once = retained(&bench);
    assert_eq!((at_once.drove, at_once.number), (false, before.number + 1));
    let mut others = UnitTasks::new(&VEIN, Role::Host).unwrap();
    others.restart(Role::Host, ResetCause::Other, &before, &Mailboxes::new());
    assert!(holds(&mut others, &Mailboxes::new()));
    bench.write(bench.levitation);
    bench.step();
    assert_eq!(therapy(&bench).therapy.mode, Mode::Speed);
    assert!(!retained(&bench).drove);
}

/// What the circulation task makes of what was kept, with another unit that says in each period that it is idle; then this one drives.
fn circulates(kept: &PeerTherapy, drives_there: bool) -> [CirculationMail; 2] {
    let mail = Mailboxes::new();
    let mut tasks = UnitTasks::new(&VEIN, Role::Host).unwrap();
    tasks.restart(
        Role::Host,
        ResetCause::Other,
        &Retained { number: 7, drove: true, isolation: None, therapy: *kept },
        &mail,
    );
    let bench = Bench { mail, ..Bench::new() };
    bench.mail.levitation.write(&bearing(BearingState::Off, 300.0));
    let mut seen = |state: UnitState, periods: u32| {
        for _ in 0..periods {
            other(&bench, drives_there);
            bench.mail.peer_therapy.write(&PeerTherapy::IDLE);
            let supervisor: SupervisorMail = Words::from_words([0; crate::mail::SUPERVISOR_WORDS]);
            bench.mail.supervisor.write(&SupervisorMail { state: state as u32, ..supervisor });
            let therapy = Therapy { mode: kept.asked_mode, settings: kept.settings };
            bench.mail.therapy.write(&TherapyMail { therapy, asked: 0, resumes: 0 });
            tasks.circulation.step(&CirculationInputs::default(), &bench.mail);
        }
        bench.mail.circulation.read().unwrap().1
    };
    [seen(UnitState::Standby, 30), seen(UnitState::Operating, 1)]
}

#[test]
fn what_held_the_flow_holds_it_whatever_a_unit_says_that_does_not_drive() {
    let kept = there(Mode::Flow);
    let air = PeerTherapy { mode: Mode::ZeroFlow, conditions: condition::AIR_IN_RETURN, ..kept };
    let lid = PeerTherapy {
        conditions: condition::SUCTION,
        suction_lid_rpm: 2500.0,
        suction_lid_age_ms: 9000,
        ..kept
    };
    let doubted = PeerTherapy { alarms: fault::FLOW_METER, conditions: condition::FLOW_DOUBTED, ..kept };
    for (kept, bits) in
        [(air, condition::AIR_IN_RETURN), (lid, condition::SUCTION), (doubted, condition::FLOW_DOUBTED)]
    {
        let [_, drives] = circulates(&kept, false);
        assert_eq!(drives.conditions & bits, bits);
        // The unit that drives knows better; air is held until blood has flowed there.
        let [_, drives] = circulates(&kept, true);
        assert_eq!(drives.conditions & bits, bits & condition::AIR_IN_RETURN);
    }
    let [looks_on, drives] = circulates(&air, false);
    assert_eq!(looks_on.conditions & condition::AIR_IN_RETURN, condition::AIR_IN_RETURN);
    assert_eq!(drives.mode, Mode::ZeroFlow as u32);
    let [looks_on, drives] = circulates(&lid, false);
    assert_eq!((looks_on.suction_lid_rpm, drives.suction_lid_rpm), (2500.0, 2500.0));
}

#[test]
fn why_a_unit_is_isolated_outlives_every_reset_but_a_power_up() {
    let mut bench = Bench::new();
    bench.write(LevitationMail { isolation: Isolation::Deaf as u32, ..bench.levitation });
    bench.step();
    let before = retained(&bench);
    assert_eq!((before.isolation, before.drove), (Some(Isolation::Deaf), false));
    for (cause, isolation) in [(ResetCause::Other, Some(Isolation::Deaf)), (ResetCause::PowerOn, None)] {
        let mail = Mailboxes::new();
        let mut tasks = UnitTasks::new(&VEIN, Role::Host).unwrap();
        tasks.restart(Role::Host, cause, &before, &mail);
        assert_eq!(mail.retained.read::<Retained>().unwrap().1.isolation, isolation, "kept at once");
        tasks.levitation.step(&LevitationInputs::default(), &mail);
        let said = mail.levitation.read::<LevitationMail>().unwrap().1;
        assert_eq!(Isolation::from_code(said.isolation), isolation, "{cause:?}, in the first period");
    }
    // A levitation task that has not spoken yet says nothing else.
    let mail = Mailboxes::new();
    let mut tasks = UnitTasks::new(&VEIN, Role::Host).unwrap();
    tasks.restart(Role::Host, ResetCause::Other, &before, &mail);
    (0..20).for_each(|_| tasks.supervisor.step(&mail));
    assert_eq!(mail.retained.read::<Retained>().unwrap().1.isolation, Some(Isolation::Deaf));
    // What let the unit in again is kept, too.
    bench.write(LevitationMail { isolation: 0, ..bench.levitation });
    bench.step();
    assert_eq!(retained(&bench).isolation, None);
}
