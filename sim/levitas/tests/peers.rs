// SPDX-License-Identifier: Apache-2.0
//! What `docs/levitation.md` claims of ours beside the control laws of others, at the nominal plant.

mod common;

use common::{Scratch, levitas};
use levitas::peers::Contender::{
    self, ActiveDamping, GeneralisedNotch, Ladrc, Lqg, PlainNotch, PublishedPid, TunedPid,
};
use levitas::peers::{Comparison, compare_figures};

/// In which rows ours is better, and than whom. LQG and LADRC, and in a shock the tuned PID, are ahead in what is missing.
const CLAIMS: [(&str, &[Contender]); 6] = [
    ("step_20n_um", &[PublishedPid, ActiveDamping, TunedPid, PlainNotch, GeneralisedNotch]),
    ("shock_2700_um", &[PublishedPid, ActiveDamping, GeneralisedNotch]),
    ("shock_5500_um", &[PublishedPid, ActiveDamping, PlainNotch]),
    ("orbit_5500_um", &[PublishedPid, ActiveDamping, TunedPid, PlainNotch, Lqg, Ladrc]),
    ("current_1x_5500_ma", &[PublishedPid, ActiveDamping, TunedPid, PlainNotch, Lqg, Ladrc]),
    ("current_2x_5500_ma", &[PublishedPid, ActiveDamping, TunedPid, PlainNotch, Lqg, Ladrc]),
];

/// The value; a rotor that touches is worse than any other.
fn value(comparison: &Comparison, contender: Contender, key: &str) -> f64 {
    comparison.number(contender, key).unwrap_or(f64::INFINITY)
}

#[test]
fn ours_is_better_where_the_page_says_so() {
    let keys = CLAIMS.map(|(key, _)| key);
    let comparison =
        compare_figures(&Contender::ALL, &keys, 2, &|_| {}).expect("the plant as shipped is good");
    for (key, others) in CLAIMS {
        let ours = value(&comparison, Contender::Ours, key);
        for contender in others {
            let theirs = value(&comparison, *contender, key);
            assert!(ours < theirs, "{key}: {ours}, {} {theirs}", contender.name());
        }
    }
    // With the same notch the rotor is as free of force.
    for key in ["orbit_5500_um", "current_1x_5500_ma", "current_2x_5500_ma"] {
        let [ours, theirs] =
            [Contender::Ours, GeneralisedNotch].map(|contender| value(&comparison, contender, key));
        assert!((ours - theirs).abs() < 1.0, "{key}: {ours}, {theirs}");
    }
}

#[test]
fn a_bad_command_line_is_one_line() {
    let scratch = Scratch::new("compare");
    for bad in [["--jobs", "0"], ["--markdown", "."], ["--json", "."]] {
        let run = levitas(&scratch.path, &["compare", bad[0], bad[1]]);
        assert_eq!((run.code, run.stderr.lines().count()), (2, 1), "{}", run.stderr);
    }
    assert!(scratch.names().is_empty());
}
