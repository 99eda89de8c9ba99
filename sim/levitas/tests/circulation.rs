// SPDX-License-Identifier: Apache-2.0
//! The tables of docs/circulation.md, short: every row holds or is known not to, and what does not is found.

use levitas::circulation::{Circulations, Effort, Row, circulate, markdown, plain};

const SHORT: Effort = Effort { seeds: 1, suctions: 5, jobs: 2 };

#[test]
fn every_row_holds_and_what_does_not_is_found() {
    let all = circulate(SHORT, &|_| {}).unwrap();
    let missed: Vec<String> = all.rows.iter().filter_map(Row::finding).collect();
    assert!(missed.is_empty(), "{missed:?}");
    // What is known to be off says so, and may not be further off.
    let known: Vec<&Row> = all.rows.iter().filter(|row| row.known.is_some()).collect();
    assert_eq!(known.len(), 3);
    for row in known {
        assert!(!row.holds() && row.known.is_some_and(|known| row.bound < known), "{row:?}");
        assert!(plain(&all).lines().any(|line| line.starts_with("missed ") && line.contains(row.story)));
        assert!(
            markdown(&all, None).lines().any(|line| line.contains(row.story) && line.ends_with("| missed |"))
        );
        let further = Row { worst: row.known.unwrap() + 0.01, ..row.clone() };
        assert!(further.finding().is_some_and(|finding| finding.contains(row.story)));
    }
    let [none, plain, dip] = &all.suctions.all;
    assert_eq!([none.cases, plain.cases, dip.cases], [5; 3]);
    assert!(all.suctions.drawn >= 5);
    let after = |change: &dyn Fn(&mut Circulations)| {
        let mut changed = all.clone();
        change(&mut changed);
        changed.findings().len()
    };
    let now = after(&|_| {});
    assert_eq!(after(&|all| all.rows[0].worst = 2.501), now + 1);
    assert_eq!(after(&|all| all.rows[0].worst = f64::NAN), now + 1);
    assert_eq!(after(&|all| all.suctions.wanted = 6), now + 1);
}
