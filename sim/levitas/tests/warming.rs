// SPDX-License-Identifier: Apache-2.0
//! The warming device against the world's heat, one seed and one situation; docs/warming.md has the whole.

use levitas::warming::{Effort, Warmings, warm};

#[test]
fn every_bound_is_met_and_what_does_not_hold_is_found() {
    let found = warm(Effort { seeds: 1, situations: 1, jobs: 2 }, &|_| {}).unwrap();
    assert_eq!(found.findings(), Vec::<String>::new());
    assert_eq!((found.rows.len(), found.singles.len(), found.pairs.len()), (35, 37, 1));
    // 37 faults, 12 of them in the chain of the cut-out, each pair in three orders.
    assert_eq!(found.pairs[0].count, 3 * (37 * 36 / 2 - 12 * 11 / 2));
    assert_eq!(found.in_chain[0].count, 3 * 12 * 11 / 2);
    let after = |change: &dyn Fn(&mut Warmings)| {
        let mut changed = found.clone();
        change(&mut changed);
        changed.findings().len()
    };
    assert_eq!(after(&|all| all.rows[0].worst = 0.201), 1);
    assert_eq!(after(&|all| all.rows[1].worst = f64::NAN), 1);
    assert_eq!(after(&|all| all.singles[0].celsius[0] = 42.01), 1);
    assert_eq!(after(&|all| all.singles[0].celsius[0] = 41.99), 0);
    assert_eq!(after(&|all| all.pairs[0].blood.0 = 40.01), 1);
    assert_eq!(after(&|all| all.pairs[0].water.0 = f64::NAN), 1);
}

/// What a fault must be told as; those without a line are found by nobody until they matter.
#[test]
fn faults_are_told() {
    let found = warm(Effort { seeds: 1, situations: 0, jobs: 2 }, &|_| {}).unwrap();
    for (fault, condition, within_s) in [
        ("heater stuck on", "heater", 1.5),
        ("power meter dead", "heater", 1.5),
        ("heater leaks 5 mA", "heater", 0.5),
        ("water runs out, 2 L/min", "water_loop", 20.0),
        ("water pump stands", "water_loop", 2.5),
        ("cut-out task stands", "cut_out", 0.6),
        ("water sensor A open", "temperature_sensor", 1.5),
        ("water sensor B stuck", "temperature_sensor", 12.0),
        ("blood sensor drifts down by 0.0200 K/s", "cut_out", 70.0),
        ("cut-out's water sensor drifts down by 0.0200 K/s", "cut_out", 70.0),
    ] {
        let single = found.singles.iter().find(|single| single.fault == fault).unwrap();
        assert!(single.told.contains(&condition), "{fault}: {:?}", single.told);
        assert!(single.told_s.unwrap() < within_s, "{fault}: {:?}", single.told_s);
    }
}
