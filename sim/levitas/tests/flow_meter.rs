// SPDX-License-Identifier: Apache-2.0
//! The flow meter against the world's ultrasound, short; docs/flow-meter.md has the whole.

use levitas::flow_meter::{Effort, FlowCheck, check};

const SHORT: Effort = Effort { meters: 2, bubbles: 40, quiet_h: 0.1 };

#[test]
fn every_bound_is_met_and_what_does_not_hold_is_found() {
    let found = check(SHORT, 2, &|_| {}).unwrap();
    assert_eq!(found.findings(), Vec::<String>::new());
    assert_eq!((found.rows.len(), found.found, found.wrong_fluids[1]), (10, [40, 40], 240));
    let [least, median, largest] = found.size_ratio;
    assert!(least > 0.33 && median > 0.6 && median < 1.5 && largest < 3.0, "{:?}", found.size_ratio);
    assert!(found.haematocrit_pct < 6.0, "{}", found.haematocrit_pct);
    let after = |change: &dyn Fn(&mut FlowCheck)| {
        let mut changed = found.clone();
        change(&mut changed);
        changed.findings().len()
    };
    assert_eq!(after(&|check| check.rows[0].error_lpm = 0.0101), 1);
    assert_eq!(after(&|check| check.rows[0].calibrated_lpm = 0.051), 1);
    assert_eq!(after(&|check| check.rows[9].calibrated_lpm = 0.161), 1);
    assert_eq!(after(&|check| check.rows[9].calibrated_lpm = 0.159), 0);
    assert_eq!(after(&|check| check.wrong_fluids[0] = 1), 1);
    assert_eq!(after(&|check| check.step_ms = 100), 1);
    assert_eq!(after(&|check| check.found[0] = 39), 1);
    assert_eq!(after(&|check| check.false_bubbles = 1), 1);
    assert_eq!(after(&|check| check.invalid_periods = 1), 1);
}
