// SPDX-License-Identifier: Apache-2.0
//! A reset of the whole unit: what is kept, and who goes on with it.

use super::*;
use crate::link::{PEER_WORDS, PeerMail};
use crate::retained::Retained;

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
    bench.task.restart(retained);
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
    for _ in 0..97 {
        assert_eq!(bench.plant(BearingState::Levitated, 400.0).alarms, fault::RESTARTED);
    }
    assert_eq!(bench.plant(BearingState::Levitated, 400.0).alarms, 0);
    assert_eq!(therapy(&bench).therapy, own);
    // The next reset finds the same again, in the place after the last one.
    bench.step();
    let next = retained(&bench);
    assert_eq!((next.drove, next.therapy.mode), (true, Mode::Flow));
    assert_eq!(next.number.wrapping_sub(before.number), 101);
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
    for (periods, expected) in [(98, fault::RESTARTED), (99, fault::THERAPY_LOST)] {
        let mut bench = after_reset(&kept(Mode::Flow));
        for _ in 0..periods {
            bench.write(bench.levitation);
            bench.step();
        }
        assert_eq!(takes_the_head(&mut bench).alarms, expected, "{periods}");
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
