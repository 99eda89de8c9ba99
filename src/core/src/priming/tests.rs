// SPDX-License-Identifier: Apache-2.0
use std::string::ToString as _;

use super::*;
use crate::mail::CIRCULATION_WORDS;
use crate::mailbox::Words as _;

/// A circuit that is well: 3 L/min of saline.
fn saline() -> CirculationMail {
    CirculationMail {
        flow_valid: true,
        flow_lpm: 3.0,
        fluid: Fluid::Saline as u32,
        bubbles_valid: true,
        ..CirculationMail::from_words([0; CIRCULATION_WORDS])
    }
}

fn seen(circulation: CirculationMail) -> PrimingInput {
    PrimingInput { holds: true, is_well: true, circulation: Some(circulation), order_done: None }
}

/// A guide that has come to this step, and holds a rotor from `lift` on.
fn at(step: Step) -> Priming {
    let mut guide = Priming::new(1);
    (guide.step, guide.has_held) = (step, step as u32 > Step::Lift as u32);
    guide
}

/// Periods until the step is another one, and the speeds that were asked for meanwhile.
fn run(guide: &mut Priming, input: &PrimingInput, periods: u32) -> (Option<u32>, std::vec::Vec<f32>) {
    let before = guide.step;
    let mut speeds = std::vec::Vec::new();
    for period in 1..=periods {
        speeds.extend(guide.step(input).speed_rpm);
        if guide.step != before || guide.is_over() {
            return (Some(period), speeds);
        }
    }
    (None, speeds)
}

#[test]
fn each_step_ends_by_its_own_criterion_and_by_nothing_else() {
    let well = seen(saline());
    let rest = CirculationMail { flow_lpm: 0.0, ..saline() };
    let unknown = CirculationMail { fluid: Fluid::Unknown as u32, ..saline() };
    let lock = CirculationMail { conditions: condition::AIR_LOCK, ..saline() };
    let blind = CirculationMail { bubbles_valid: false, ..saline() };
    let no_meter = CirculationMail { flow_valid: false, ..saline() };
    let ill = PrimingInput { is_well: false, ..well };
    let lying = PrimingInput { holds: false, ..well };
    for (step, input, periods) in [
        (Step::Fill, well, None),
        (Step::Look, well, None),
        (Step::ZeroPressures, well, None),
        (Step::Saline, well, Some(1)),
        (Step::Saline, seen(unknown), None),
        (Step::Lift, well, Some(1)),
        (Step::Lift, lying, None),
        // 10 s.
        (Step::Slow, well, Some(1000)),
        (Step::Slow, ill, Some(1000)),
        (Step::Slow, seen(blind), Some(1000)),
        (Step::Slow, seen(rest), None),
        (Step::Slow, seen(lock), None),
        (Step::Slow, seen(unknown), None),
        (Step::Slow, seen(no_meter), None),
        // 1.34 L at 3 L/min are 26.8 s, three times.
        (Step::Purge, well, Some(8040)),
        (Step::Purge, seen(rest), None),
        (Step::Purge, seen(lock), None),
        (Step::Purge, seen(blind), None),
        (Step::Purge, seen(no_meter), None),
        (Step::Clamp, well, None),
        (Step::Check, well, Some(2000)),
        (Step::Check, ill, None),
        (Step::Check, seen(rest), None),
        (Step::Check, seen(blind), None),
        (Step::Check, PrimingInput { circulation: None, ..well }, None),
    ] {
        let (found, _) = run(&mut at(step), &input, 10_000);
        // Sums of many periods are not exact.
        let is_right = match (found, periods) {
            (Some(found), Some(wanted)) => u32::abs_diff(found, wanted) <= 1 + wanted / 500,
            _ => found == periods,
        };
        assert!(is_right, "{step:?}: {found:?}, wanted {periods:?}");
    }
}

#[test]
fn the_orders_of_a_step_count_from_the_beginning_of_the_guide() {
    use CircuitOrder as O;
    for (step, orders, is_met) in [
        (Step::ZeroPressures, &[O::ZeroDrainage, O::ZeroPreMembrane, O::ZeroReturn][..], true),
        (Step::ZeroPressures, &[O::ZeroReturn, O::ZeroReturn, O::ZeroDrainage][..], false),
        (Step::Clamp, &[O::Clamped][..], true),
        (Step::Clamp, &[O::Saline, O::ZeroDrainage, O::KnownFlow][..], false),
    ] {
        let mut guide = at(Step::Fill);
        for order in orders {
            guide.step(&PrimingInput { order_done: Some(*order), ..seen(saline()) });
        }
        guide.step = step;
        assert_eq!(run(&mut guide, &seen(saline()), 3).0.is_some(), is_met, "{step:?} {orders:?}");
    }
}

#[test]
fn a_bubble_begins_the_present_speed_anew() {
    let mut guide = at(Step::Purge);
    let mut mail = saline();
    assert_eq!(run(&mut guide, &seen(mail), 2600), (None, std::vec![1500.0]));
    assert_eq!(guide.report().progress_pct, 97);
    mail.bubble_count = 1;
    assert_eq!(run(&mut guide, &seen(mail), 1), (None, std::vec![]));
    assert_eq!(guide.report().progress_pct, 0);
    assert_eq!(run(&mut guide, &seen(mail), 2700), (None, std::vec![2500.0]));
}

#[test]
fn a_guide_from_its_beginning_to_its_end() {
    let mut guide = Priming::new(7);
    let lying = PrimingInput { holds: false, ..seen(saline()) };
    assert!(guide.confirm());
    guide.skip();
    assert_eq!(run(&mut guide, &lying, 10), (Some(1), std::vec![]));
    assert_eq!(run(&mut guide, &lying, 1000), (None, std::vec![]), "no speed while the rotor lies");
    let input = seen(saline());
    let mut speeds = std::vec::Vec::new();
    for wanted in [Step::Slow, Step::Purge, Step::Clamp] {
        speeds.extend(run(&mut guide, &input, 10_000).1);
        assert_eq!(guide.step, wanted);
    }
    assert!(!guide.confirm(), "the drive sees the clamp");
    speeds.extend(run(&mut guide, &PrimingInput { order_done: Some(CircuitOrder::Clamped), ..input }, 2).1);
    speeds.extend(run(&mut guide, &input, 3000).1);
    assert_eq!(guide.step, Step::Look);
    assert_eq!(speeds, [1000.0, 1500.0, 2500.0, 3500.0, 1000.0, 2000.0, 3500.0, 1500.0]);
    assert!(guide.confirm());
    let report = guide.report();
    assert_eq!((report.run, report.outcome), (7, Outcome::Ready as u32));
    assert_eq!(report.to_string(), "ready to connect: clamp both lines first SKIPPED: zero_pressures");
    assert_eq!(guide.step(&input), PrimingWish::default());
}

#[test]
fn what_ends_a_guide() {
    let blood = CirculationMail { fluid: Fluid::Blood as u32, ..saline() };
    let lying = PrimingInput { holds: false, ..seen(saline()) };
    for (input, outcome) in [(seen(blood), Outcome::Blood), (lying, Outcome::RotorLost)] {
        let mut guide = at(Step::Purge);
        guide.step(&seen(saline()));
        assert_eq!(guide.step(&input), PrimingWish::default());
        assert_eq!(guide.report().outcome, outcome as u32);
        // What it has ended by first stands.
        guide.end(Outcome::Ended);
        assert_eq!(guide.report().outcome, outcome as u32);
    }
}

#[test]
fn what_air_holds_goes_on_only_where_saline_surely_flows() {
    let held = CirculationMail { conditions: condition::AIR_IN_RETURN, ..saline() };
    let unknown = CirculationMail { fluid: Fluid::Unknown as u32, ..held };
    for (step, mail, resumes) in [
        (Step::Purge, held, true),
        (Step::Purge, saline(), false),
        (Step::Purge, unknown, false),
        (Step::Slow, held, true),
        // Nothing should come here any more.
        (Step::Check, held, false),
        (Step::Look, held, false),
        // It does not turn the pump here.
        (Step::Lift, held, false),
        (Step::ZeroPressures, held, false),
    ] {
        let mut guide = at(step);
        guide.skipped = Step::Saline.bit();
        let input = PrimingInput { holds: step as u32 > Step::Lift as u32, ..seen(mail) };
        assert_eq!(guide.step(&input).resumes, resumes, "{step:?}");
    }
}

#[test]
fn one_line_says_where_it_stands() {
    let mut guide = at(Step::Purge);
    run(&mut guide, &seen(saline()), 1341);
    assert_eq!(
        guide.report().to_string(),
        "6 of 9, purge at 1500 rpm, 50 %: Wait, and tap lung and connectors: at each speed 1.34 L, twice the prime, have to pass the meter without a bubble."
    );
    guide.end(Outcome::Blood);
    assert_eq!(guide.report().to_string(), "ended: blood is at the meter; at step purge");
    assert_eq!(PrimingMail::from_words([0; PRIMING_WORDS]).to_string(), "no priming guide since this start");
    for step in Step::ALL {
        assert!(step.text().len() < 150 && step.text().ends_with('.'), "{step:?}");
        assert_eq!(step.text().contains("then confirm"), step.is_confirmed(), "{step:?}");
    }
}
