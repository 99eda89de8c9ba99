// SPDX-License-Identifier: Apache-2.0
//! Shutdown, power-off and the guide for priming in closed loop: what a unit says, word by word.

use levitas::scenario::{Setting, load};
use levitas::simulation::run;

/// What a run has logged of these kinds, without times.
fn told(name: &str, kinds: &[&str]) -> Vec<String> {
    let outcome = run(&load(name, &[]).unwrap(), &mut |_| {}).unwrap();
    assert!(outcome.passed(), "{name}: {:?} {:?}", outcome.verdicts, outcome.metrics.invariants_broken);
    let is_of = |kind: &str| kinds.contains(&kind);
    let events = outcome.log.events().iter().filter(|event| is_of(&event.kind));
    events.map(|event| format!("{} {}", event.kind, event.text)).collect()
}

const ASKED_BACK: &str = "command_refused power_off: the pump pumps: hand the head to the other unit, or clamp the return line and ask again within 10 s";

#[test]
fn power_off_that_is_asked_once_stops_nothing() {
    let told = told("6b_power_off_asked_once", &["unit_state", "command_refused"]);
    assert_eq!(
        told,
        [
            "unit_state host: standby",
            "unit_state host: lift_off",
            "unit_state host: levitation",
            "unit_state host: degraded_therapy",
            ASKED_BACK,
            ASKED_BACK,
        ]
    );
}

#[test]
fn power_off_that_is_asked_twice_ends_in_shutdown() {
    let told = told("6c_power_off", &["unit_state", "command_refused"]);
    assert_eq!(
        told,
        [
            "unit_state host: standby",
            "unit_state emergency_drive: standby",
            "unit_state host: lift_off",
            "unit_state emergency_drive: backup",
            "unit_state host: levitation",
            "unit_state host: degraded_therapy",
            "unit_state host: therapy",
            ASKED_BACK,
            "unit_state host: landing",
            "unit_state host: shutdown",
            "unit_state emergency_drive: standby",
        ]
    );
}

#[test]
fn the_guide_primes_a_circuit_and_sees_the_air_in_it() {
    let told = told("6a_priming", &["unit_state", "command_refused", "priming"]);
    let starts: Vec<&str> = told.iter().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(
        starts,
        [
            "standby",
            "1 of 9, fill",
            "priming",
            "2 of 9, zero_pressures, 0 %",
            "3 of 9, saline, 0 %",
            "4 of 9, lift, 0 %",
            "the drive sees this step by itself",
            "5 of 9, slow at 1000 rpm, 0 %",
            "6 of 9, purge at 1500 rpm, 0 %",
            "6 of 9, purge at 2500 rpm, 0 %",
            "6 of 9, purge at 3500 rpm, 0 %",
            "7 of 9, clamp at 1000 rpm, 0 %",
            "8 of 9, check at 2000 rpm, 0 %",
            "8 of 9, check at 3500 rpm, 0 %",
            "9 of 9, look at 1500 rpm",
            "ready to connect",
        ]
    );
}

/// Of two runs that differ by 2 mL of air alone, the first speed takes longer in the one with it: what had passed counts no more.
#[test]
fn air_makes_the_purge_longer() {
    let purge_s = |ml: &str| {
        let scenario = load("6a_priming", &[Setting::parse(ml).unwrap()]).unwrap();
        let log = run(&scenario, &mut |_| {}).unwrap().log;
        let at = |speed: &str| {
            let event =
                log.events().iter().find(|event| event.text.contains(&format!("purge at {speed} rpm")));
            event.unwrap().time_s
        };
        at("2500") - at("1500")
    };
    let (without_s, with_s) = (purge_s("event.12.ml=0.01"), purge_s("event.12.ml=2"));
    // The air passes the meter 12.4 s after the purge has begun, at 17.6 s.
    assert!((with_s - without_s - 12.4).abs() < 0.6, "{without_s} s without, {with_s} s with");
}
