// SPDX-License-Identifier: Apache-2.0
//! Signs in, answers out; with a patient behind them see `tests/scenarios/5*.toml`.

use super::*;
use crate::circulation::modes::ModeControl;
use crate::circulation::therapy::TherapySettings;
use proptest::prelude::*;

pub(super) const VA: Therapy = Therapy { mode: Mode::Flow, settings: TherapySettings::ADULT };

pub(super) fn well() -> Signs {
    Signs {
        flow_lpm: Some(4.0),
        meter_lpm: Some(4.0),
        drainage_mmhg: Some(-42.0),
        return_mmhg: Some(160.0),
        speed_rpm: 3400.0,
        torque_n_m: Some(0.018),
        bubble_ml: 0.0,
        resume: false,
    }
}

/// The same signs for some time: what is asked at the end, and every condition on the way.
pub(super) fn stand(
    all: &mut Interventions,
    therapy: &Therapy,
    signs: &Signs,
    seconds: f32,
) -> (Override, u32) {
    let mut told = 0;
    let mut asked = Override::default();
    for _ in 0..(seconds * 100.0) as u32 {
        let (now, bits) = all.step(therapy, signs);
        (asked, told) = (now, told | bits);
    }
    (asked, told)
}

/// From one flow to another in a second, with what an open drainage shows meanwhile.
fn glide(all: &mut Interventions, from: &Signs, to: &Signs) {
    let (start, end) = (from.flow_lpm.unwrap(), to.flow_lpm.unwrap());
    for step in 1..=100 {
        let flow = start + (end - start) * step as f32 / 100.0;
        let drainage = 5.0 - 1.69 * flow * flow - 5.0 * flow - 3.9 * (end - start);
        all.step(
            &VA,
            &Signs { flow_lpm: Some(flow), meter_lpm: Some(flow), drainage_mmhg: Some(drainage), ..*to },
        );
    }
}

pub(super) fn acquainted() -> Interventions {
    let mut all = Interventions::default();
    assert_eq!(stand(&mut all, &VA, &well(), 60.0), (Override::default(), 0));
    all
}

pub(super) const SHUT: Signs = Signs {
    flow_lpm: Some(2.0),
    meter_lpm: Some(2.0),
    drainage_mmhg: Some(-95.0),
    return_mmhg: Some(160.0),
    speed_rpm: 3400.0,
    torque_n_m: Some(0.018),
    bubble_ml: 0.0,
    resume: false,
};

#[test]
fn a_unit_that_looks_on_goes_on_where_the_other_one_was() {
    let open = Signs {
        flow_lpm: Some(2.2),
        meter_lpm: Some(2.2),
        drainage_mmhg: Some(-14.0),
        speed_rpm: 2100.0,
        torque_n_m: None,
        ..well()
    };
    let mut drives = acquainted();
    let mut looks_on = Interventions::default();
    (0..6000).for_each(|_| {
        looks_on.follow(&VA, &well(), Some(&PeerTherapy::IDLE));
    });
    // At every period the other one could be lost: at the onset, in both dips, in the return, under the lid.
    let mut speed_rpm = 3400.0;
    for (signs, periods) in [(SHUT, 60), (open, 160), (well(), 400)] {
        for period in 0..periods {
            let signs = Signs { speed_rpm, ..signs };
            let (asked, told) = drives.step(&VA, &signs);
            speed_rpm = asked.speed_rpm_max.unwrap_or(speed_rpm);
            looks_on.follow(&VA, &signs, Some(&PeerTherapy { conditions: told, ..PeerTherapy::IDLE }));
            let next = looks_on.clone().step(&VA, &signs);
            assert_eq!(next, drives.clone().step(&VA, &signs), "{period}: {asked:?} {told:x}");
        }
    }
    assert!(looks_on.clone().step(&VA, &well()).0.speed_rpm_max.is_some());
}

/// What is told comes two periods late, and the unit that looks on sees the vein close some periods before or after the other one, or not at all.
#[test]
fn a_unit_that_looks_on_dips_with_the_other_one_whenever_it_saw_the_vein_close() {
    let open = Signs { flow_lpm: Some(2.2), meter_lpm: Some(2.2), drainage_mmhg: Some(-14.0), ..well() };
    let later = |periods: usize, period: usize| if period < 20 + periods { well() } else { SHUT };
    for sees_after in [0, 18, 20, 22, 25, usize::MAX / 2] {
        let mut drives = acquainted();
        let mut looks_on = acquainted();
        let mut told = [PeerTherapy::IDLE; 2];
        let mut speed_rpm = 3400.0;
        let mut dips = 0;
        for period in 0..400 {
            let with = |signs: Signs| Signs { speed_rpm, ..signs };
            let (here, there) = if period < 100 {
                (with(later(sees_after, period)), with(later(20, period)))
            } else {
                (with(open), with(open))
            };
            let (asked, conditions) = drives.step(&VA, &there);
            speed_rpm = asked.speed_rpm_max.unwrap_or(speed_rpm);
            let [before, last] = told;
            looks_on.follow(&VA, &here, Some(&before));
            looks_on.join(&VA, &before);
            let lid = drives.suction_lid();
            let now = PeerTherapy {
                conditions,
                suction_lid_rpm: lid.rpm,
                suction_lid_age_ms: lid.age_ms,
                ..PeerTherapy::IDLE
            };
            told = [last, now];
            if before.suction_lid_rpm > 0.0 && lid.age_ms < 2600 {
                dips += 1;
                assert_eq!(looks_on.suction_lid(), lid, "{sees_after} {period}");
            }
        }
        assert!(dips > 200, "{dips}");
    }
}

/// What a unit says that has this lid since so many milliseconds; 0 rpm: none.
fn under(suction_lid_rpm: f32, suction_lid_age_ms: u16) -> PeerTherapy {
    let conditions = if suction_lid_rpm > 0.0 { condition::SUCTION } else { 0 };
    PeerTherapy { suction_lid_rpm, suction_lid_age_ms, conditions, ..PeerTherapy::IDLE }
}

/// Looks on for so many periods while the other unit goes through its dips and its probe.
fn dip_along(all: &mut Interventions, signs: &Signs, onset_rpm: f32) {
    for age_ms in (0..2650).step_by(10) {
        let part = if age_ms < 250 {
            0.80
        } else if age_ms < 1250 {
            0.62
        } else {
            0.74
        };
        let there = under(part * onset_rpm, age_ms);
        all.follow(&VA, signs, Some(&there));
        all.join(&VA, &there);
    }
}

#[test]
fn a_unit_that_has_just_come_takes_no_dip_for_a_kink() {
    let mut joins = Interventions::default();
    dip_along(&mut joins, &well(), 3400.0);
    for _ in 0..100 {
        assert_eq!(joins.follow(&VA, &well(), Some(&under(0.0, 0))) & condition::INLET_OCCLUSION, 0);
    }
    assert_eq!(joins.step(&VA, &well()).1 & condition::INLET_OCCLUSION, 0);
}

/// The other one has found a kink at the end of its probe: no lid stays here for a moment.
#[test]
fn a_unit_that_looks_on_at_a_kink_has_no_lid_when_the_other_one_has_none() {
    let mut looks_on = acquainted();
    let kinked = Signs { drainage_mmhg: Some(-95.0), meter_lpm: Some(2.2), flow_lpm: Some(2.2), ..well() };
    dip_along(&mut looks_on, &kinked, 3400.0);
    for _ in 0..20 {
        looks_on.follow(&VA, &kinked, Some(&under(0.0, 0)));
        looks_on.join(&VA, &under(0.0, 0));
        assert_eq!(lid_of(&looks_on), None);
    }
}

/// It does not know at which speed the lid began, and so does not keep a vein that has filled from more.
#[test]
fn a_unit_that_came_under_a_lid_gives_a_full_vein_its_speed_back() {
    let mut joins = acquainted();
    for _ in 0..100 {
        joins.follow(&VA, &well(), Some(&under(2500.0, 9000)));
        joins.join(&VA, &under(2500.0, 9000));
    }
    dip_along(&mut joins, &well(), 2500.0);
    let mut speed_rpm = 1850.0_f32;
    let lid_rpm = (0..9000).map(|_| {
        let flow = Some(4.0 * speed_rpm / 3400.0);
        let open = Signs { flow_lpm: flow, meter_lpm: flow, drainage_mmhg: Some(-10.0), speed_rpm, ..well() };
        let lid_rpm = joins.step(&VA, &open).0.speed_rpm_max;
        speed_rpm = lid_rpm.map_or(3400.0, |lid| lid.min(3400.0));
        lid_rpm
    });
    assert_eq!(lid_rpm.last().unwrap(), None);
}

#[test]
fn a_unit_that_comes_under_a_lid_holds_it_and_lets_go_with_the_other_one() {
    let mut joins = Interventions::default();
    for lid_rpm in [2500.0, 2600.0, 2550.0] {
        joins.follow(&VA, &well(), Some(&under(lid_rpm, 9000)));
        joins.join(&VA, &under(lid_rpm, 9000));
        assert_eq!(lid_of(&joins), Some(lid_rpm));
    }
    (0..30).for_each(|_| {
        joins.follow(&VA, &well(), Some(&under(0.0, 0)));
    });
    assert_eq!(lid_of(&joins), None);
}

#[test]
fn a_unit_that_looks_on_holds_air_back_as_long_as_the_other_one_does() {
    let air = Signs { bubble_ml: 1.0, ..well() };
    let held = Signs { flow_lpm: Some(0.2), meter_lpm: Some(0.2), speed_rpm: 2000.0, ..well() };
    let there = |conditions| PeerTherapy { conditions, ..PeerTherapy::IDLE };
    let (holds, lets_go) = (there(condition::AIR_IN_RETURN), there(0));
    let follow = |all: &mut Interventions, signs: &Signs, there: Option<&PeerTherapy>, periods: u32| {
        (0..periods).fold(0, |_, _| all.follow(&VA, signs, there))
    };
    let would_hold = |all: &Interventions| all.clone().step(&VA, &held).0.zero_flow;
    // The other one is lost in the moment of the bubble.
    let mut all = acquainted();
    follow(&mut all, &air, Some(&lets_go), 1);
    assert!(would_hold(&all));
    // It was not: the bubble counts there, then it is seen to resume.
    assert_eq!(
        follow(&mut all, &held, Some(&holds), 500) & condition::AIR_IN_RETURN,
        condition::AIR_IN_RETURN
    );
    follow(&mut all, &well(), Some(&lets_go), 1);
    assert!(!would_hold(&all));
    // It has judged otherwise, or its word was not heard: the blood flows on.
    for there in [Some(&lets_go), None] {
        let mut all = acquainted();
        follow(&mut all, &air, Some(&lets_go), 1);
        follow(&mut all, &well(), there, 198);
        assert!(would_hold(&all));
        follow(&mut all, &well(), there, 3);
        assert!(!would_hold(&all));
    }
    // The link is gone, and nothing flows: it holds, for whatever time.
    let mut all = acquainted();
    follow(&mut all, &held, Some(&holds), 1);
    follow(&mut all, &held, None, 10_000);
    assert!(would_hold(&all));
}

#[test]
fn landing_ends_no_air() {
    let mut all = acquainted();
    stand(&mut all, &VA, &Signs { bubble_ml: 1.0, ..well() }, 0.01);
    let still = Signs { flow_lpm: Some(0.0), meter_lpm: Some(0.0), speed_rpm: 0.0, ..well() };
    for _ in 0..1000 {
        assert!(all.stand(&VA, &still) & condition::AIR_IN_RETURN != 0);
    }
    assert!(all.step(&VA, &well()).0.zero_flow);
    assert!(!all.step(&VA, &Signs { resume: true, ..well() }).0.zero_flow);
}

#[test]
fn blood_that_stops_is_told_at_any_speed_and_not_before_it_has_flowed() {
    let slow =
        |flow_lpm| Signs { flow_lpm: Some(flow_lpm), meter_lpm: Some(flow_lpm), speed_rpm: 1000.0, ..well() };
    let mut all = Interventions::default();
    assert_eq!(stand(&mut all, &VA, &slow(0.0), 60.0).1, 0, "the line has never been open");
    stand(&mut all, &VA, &slow(0.8), 3.0);
    let (asked, told) = stand(&mut all, &VA, &slow(0.1), 20.0);
    assert_eq!(told, condition::LOW_FLOW | condition::SWEEP_GAS);
    assert_eq!(asked, Override::default());
}

#[test]
fn a_danger_of_the_return_line_is_told_whoever_pumps_and_not_beat_by_beat() {
    let back = Signs {
        flow_lpm: Some(-0.5),
        meter_lpm: Some(-0.5),
        speed_rpm: 0.0,
        return_mmhg: Some(-5.0),
        ..well()
    };
    let mut all = Interventions::default();
    let told = (0..60).fold(0, |_, _| all.stand(&VA, &back));
    assert_eq!(told, condition::BACKFLOW | condition::MEMBRANE_NEGATIVE);
    for _ in 0..200 {
        assert!(
            all.stand(&VA, &well()) & condition::BACKFLOW != 0,
            "within three seconds another beat may come"
        );
    }
    assert_eq!((0..200).fold(0, |_, _| all.stand(&VA, &well())), 0);
}

/// A unit that has looked on while the vein closed and the other one answered, for 1.5 s.
fn has_looked_on() -> Interventions {
    let mut looks_on = Interventions::default();
    (0..6000).for_each(|_| {
        looks_on.follow(&VA, &well(), Some(&PeerTherapy::IDLE));
    });
    (0..50).for_each(|_| {
        looks_on.follow(&VA, &SHUT, Some(&IN_SUCTION));
    });
    (0..100).for_each(|_| {
        looks_on.follow(&VA, &well(), Some(&IN_SUCTION));
    });
    looks_on
}

const IN_SUCTION: PeerTherapy = PeerTherapy { conditions: condition::SUCTION, ..PeerTherapy::IDLE };

fn lid_of(looks_on: &Interventions) -> Option<f32> {
    looks_on.clone().step(&VA, &well()).0.speed_rpm_max
}

/// The floor against backflow holds the rotor above the lid; nobody has resumed.
#[test]
fn a_rotor_that_is_faster_than_the_lid_has_one_as_long_as_the_other_unit_says_so() {
    let mut looks_on = has_looked_on();
    let raised = Signs { speed_rpm: 3400.0, ..well() };
    for _ in 0..300 {
        looks_on.follow(&VA, &raised, Some(&IN_SUCTION));
        assert!(lid_of(&looks_on).is_some_and(|lid_rpm| lid_rpm < 3200.0));
    }
    // Nothing is heard: nothing is known to have changed.
    (0..300).for_each(|_| {
        looks_on.follow(&VA, &raised, None);
    });
    assert!(lid_of(&looks_on).is_some());
}

/// Even if the rotor has not come back yet.
#[test]
fn the_operator_resumes_there_and_there_is_no_lid_here() {
    let mut looks_on = has_looked_on();
    let slow = Signs { speed_rpm: 2100.0, ..well() };
    (0..9).for_each(|_| {
        looks_on.follow(&VA, &slow, Some(&PeerTherapy::IDLE));
    });
    assert!(lid_of(&looks_on).is_some(), "both may be some periods apart");
    looks_on.follow(&VA, &slow, Some(&PeerTherapy::IDLE));
    assert_eq!(lid_of(&looks_on), None);
}

#[test]
fn less_speed_and_less_flow_are_no_suction() {
    let mut all = acquainted();
    let mut before = well();
    for (flow, drainage) in [(3.0, -27.0), (2.0, -14.0), (1.0, -3.0), (5.0, -63.0), (4.0, -42.0)] {
        let signs =
            Signs { flow_lpm: Some(flow), meter_lpm: Some(flow), drainage_mmhg: Some(drainage), ..well() };
        glide(&mut all, &before, &signs);
        before = signs;
        let (asked, told) = stand(&mut all, &VA, &signs, 3.0);
        assert_eq!((asked, told & condition::SUCTION), (Override::default(), 0), "{flow}");
    }
}

#[test]
fn a_pump_that_moves_nothing_idles_and_goes_on_when_it_flows() {
    let mut all = acquainted();
    let closed = Signs {
        flow_lpm: Some(0.05),
        meter_lpm: Some(0.05),
        return_mmhg: Some(295.0),
        drainage_mmhg: Some(4.0),
        ..well()
    };
    glide(&mut all, &well(), &closed);
    let (asked, told) = stand(&mut all, &VA, &closed, 9.8);
    assert_eq!((asked.speed_rpm_max, told & condition::OUTLET_OCCLUSION), (None, 0));
    // The mean of a few beats takes its time, too.
    let (asked, told) = stand(&mut all, &VA, &closed, 6.0);
    assert_eq!(asked.speed_rpm_max, Some(IDLE_RPM));
    assert!(told & condition::OUTLET_OCCLUSION != 0 && told & condition::SWEEP_GAS != 0);
    let (asked, _) =
        stand(&mut all, &VA, &Signs { flow_lpm: Some(0.8), meter_lpm: Some(0.8), ..closed }, 0.1);
    assert_eq!(asked.speed_rpm_max, None);
    // Asked for: no intervention.
    let zero = Therapy { mode: Mode::ZeroFlow, ..VA };
    let (asked, told) = stand(&mut all, &zero, &closed, 30.0);
    assert_eq!((asked.speed_rpm_max, told & condition::OUTLET_OCCLUSION), (None, 0));
}

#[test]
fn what_no_flow_is_depends_on_the_patient() {
    let trickle = Signs { flow_lpm: Some(0.25), meter_lpm: Some(0.25), drainage_mmhg: Some(4.0), ..well() };
    for (least_lpm, occluded) in [(8.0, true), (1.0, true), (0.3, false), (0.0, false)] {
        let mut therapy = VA;
        therapy.settings.flow_lpm_min = least_lpm;
        let (_, told) = stand(&mut Interventions::default(), &therapy, &trickle, 20.0);
        assert_eq!(told & condition::OUTLET_OCCLUSION != 0, occluded, "{least_lpm}");
        let closed = Signs { flow_lpm: Some(0.05), meter_lpm: Some(0.05), ..trickle };
        let (_, told) = stand(&mut Interventions::default(), &therapy, &closed, 20.0);
        assert!(told & condition::OUTLET_OCCLUSION != 0, "closed for every patient");
    }
}

#[test]
fn air_in_the_head_is_torque_that_is_gone() {
    let mut all = acquainted();
    let (_, told) = stand(&mut all, &VA, &Signs { flow_lpm: Some(0.2), meter_lpm: Some(0.2), ..well() }, 2.0);
    assert_eq!(told & condition::AIR_LOCK, 0, "there is torque");
    let (_, told) = stand(&mut all, &VA, &Signs { torque_n_m: None, ..well() }, 2.0);
    assert_eq!(told & condition::AIR_LOCK, 0, "nobody knows");
    let (asked, told) = stand(&mut all, &VA, &Signs { torque_n_m: Some(0.004), ..well() }, 0.3);
    assert!(told & condition::AIR_LOCK != 0 && asked.speed_rpm_max == Some(IDLE_RPM));
}

#[test]
fn air_to_an_artery_holds_zero_flow_until_the_operator_resumes() {
    for (sizes, holds) in [(&[0.6][..], true), (&[0.2, 0.2], false), (&[0.2, 0.2, 0.2], true)] {
        let mut all = acquainted();
        let mut asked = Override::default();
        let mut told = 0;
        for size in sizes {
            (asked, told) = all.step(&VA, &Signs { bubble_ml: *size, ..well() });
        }
        assert_eq!(asked.zero_flow, holds, "{sizes:?}");
        assert_eq!(told & condition::AIR_IN_RETURN != 0, holds);
        assert!(told & condition::BUBBLE != 0);
        let (asked, _) = stand(&mut all, &VA, &well(), 60.0);
        assert_eq!(asked.zero_flow, holds, "not by itself");
        let (asked, told) = all.step(&VA, &Signs { resume: true, ..well() });
        assert_eq!((asked, told), (Override::default(), 0));
    }
    let mut all = acquainted();
    let vv = Therapy { settings: TherapySettings { return_is_arterial: 0.0, ..VA.settings }, ..VA };
    let (asked, told) = all.step(&vv, &Signs { bubble_ml: 3.0, ..well() });
    assert_eq!((asked.zero_flow, told), (false, condition::BUBBLE));
}

#[test]
fn low_flow_backflow_and_negative_pressure_are_told_in_their_time() {
    for (signs, bit, delay_s) in [
        (Signs { flow_lpm: Some(0.8), meter_lpm: Some(0.8), ..well() }, condition::LOW_FLOW, LOW_FLOW_S),
        (Signs { flow_lpm: Some(-0.2), meter_lpm: Some(-0.2), ..well() }, condition::BACKFLOW, BACKFLOW_S),
        (Signs { return_mmhg: Some(-5.0), ..well() }, condition::MEMBRANE_NEGATIVE, NEGATIVE_S),
    ] {
        let mut all = acquainted();
        let (_, told) = stand(&mut all, &VA, &signs, delay_s - 0.02);
        assert_eq!(told & bit, 0);
        // The mean of a few beats takes its time, too.
        let (_, told) = stand(&mut all, &VA, &signs, if bit == condition::LOW_FLOW { 5.0 } else { 0.05 });
        assert!(told & bit != 0);
    }
}

#[test]
fn a_lid_never_lets_blood_flow_back() {
    let mut control = ModeControl::default();
    let seen = crate::circulation::modes::Seen {
        flow_lpm: Some(4.0),
        drainage_mmhg: Some(-42.0),
        return_mmhg: Some(120.0),
        speed_rpm: 3400.0,
        ..Default::default()
    };
    control.follow(&VA, &seen);
    let lid = Override { speed_rpm_max: Some(800.0), zero_flow: false };
    let decision = control.step(&VA, &lid, &seen);
    // sqrt(120 / 25) krpm is the speed of zero flow.
    assert!(decision.speed_rpm > 2190.0, "{} rpm", decision.speed_rpm);
}

proptest! {
    #[test]
    fn without_believed_signs_nothing_is_done(speed_rpm in 0.0f32..6000.0, seconds in 1u32..30) {
        let mut all = Interventions::default();
        let blind = Signs { speed_rpm, ..Signs::default() };
        prop_assert_eq!(stand(&mut all, &VA, &blind, seconds as f32), (Override::default(), 0));
    }

    #[test]
    fn a_lid_is_never_below_six_tenths_of_the_speed_of_an_event(
        flows in prop::collection::vec(-2.0f32..8.0, 200),
        drainages in prop::collection::vec(-250.0f32..20.0, 200),
    ) {
        let mut all = acquainted();
        let mut speed_rpm = 3400.0_f32;
        for (flow, drainage) in flows.into_iter().zip(drainages) {
            let signs = Signs { flow_lpm: Some(flow), meter_lpm: Some(flow), drainage_mmhg: Some(drainage), speed_rpm, ..well() };
            let (asked, _) = all.step(&VA, &signs);
            speed_rpm = asked.speed_rpm_max.unwrap_or(3400.0).min(3400.0);
            prop_assert!(asked.speed_rpm_max.is_none_or(|lid| lid >= 0.599 * signs.speed_rpm), "{:?}", asked);
        }
    }
}
