// SPDX-License-Identifier: Apache-2.0
use super::*;
use crate::mail::LEVITATION_WORDS;
use crate::mailbox::Words;

fn levitation(state: BearingState) -> LevitationMail {
    let empty: LevitationMail = Words::<LEVITATION_WORDS>::from_words([0; LEVITATION_WORDS]);
    LevitationMail { state: state as u32, ..empty }
}

fn input(state: BearingState, result: Option<ProbeResult>) -> CommissioningInput {
    CommissioningInput { levitation: Some(levitation(state)), result }
}

/// Steps until the first request of the stage is posted.
fn at_the_wall() -> (Commissioning, ProbeRequest) {
    let mut routine = Commissioning::new(&UnitConfig::ECMO_50, 41);
    assert_eq!(routine.hold(), LevitateRequest::Service);
    for _ in 0..STATE_STEPS {
        routine.step(&input(BearingState::Service, None));
    }
    let request = routine.step(&input(BearingState::Service, None)).unwrap();
    assert_eq!(request.number, 42);
    (routine, request)
}

fn ended(mut routine: Commissioning) -> Outcome {
    for _ in 0..20 {
        routine.step(&input(BearingState::Off, None));
    }
    assert_eq!((routine.is_over(), routine.hold()), (true, LevitateRequest::Off));
    routine.report().outcome
}

#[test]
fn a_stop_ends_it_without_a_record() {
    let (mut routine, _) = at_the_wall();
    routine.stop();
    assert_eq!(routine.hold(), LevitateRequest::Land);
    assert_eq!(ended(routine), Outcome::Failed(Stage::Wall, Reason::Stopped));
}

#[test]
fn what_the_probe_refuses_is_passed_on() {
    let (mut routine, request) = at_the_wall();
    let status = ProbeStatus::WrongState as u32;
    let refused = ProbeResult { number: request.number, status, ..ProbeResult::default() };
    routine.step(&input(BearingState::Service, Some(refused)));
    assert_eq!(ended(routine), Outcome::Failed(Stage::Wall, Reason::Probe(ProbeStatus::WrongState)));
}

#[test]
fn a_probe_that_never_answers_a_bearing_that_never_comes_and_silence_are_time_outs() {
    let (mut routine, _) = at_the_wall();
    for _ in 0..300 {
        routine.step(&input(BearingState::Service, None));
    }
    assert_eq!(ended(routine), Outcome::Failed(Stage::Wall, Reason::TimeOut));

    let mut routine = Commissioning::new(&UnitConfig::ECMO_50, 0);
    for _ in 0..600 {
        routine.step(&input(BearingState::Off, None));
    }
    assert_eq!(ended(routine), Outcome::Failed(Stage::Wall, Reason::TimeOut));

    let (mut routine, _) = at_the_wall();
    for _ in 0..20 {
        routine.step(&CommissioningInput { levitation: None, result: None });
    }
    assert_eq!(ended(routine), Outcome::Failed(Stage::Wall, Reason::Silent));
}

#[test]
fn a_fault_and_a_limit_in_a_measurement_end_it() {
    for (limits, faults, reason) in [
        (limit::COIL_CURRENT, 0, Reason::Limit),
        (0, fault::CURRENT | fault::ANGLE, Reason::Fault(fault::CURRENT)),
    ] {
        let (mut routine, request) = at_the_wall();
        let status = ProbeStatus::Done as u32;
        let result = ProbeResult { number: request.number, status, limits, faults, ..ProbeResult::default() };
        routine.step(&input(BearingState::Service, Some(result)));
        assert_eq!(ended(routine), Outcome::Failed(Stage::Wall, reason));
    }
}

#[test]
fn a_touchdown_ends_it() {
    let (mut routine, _) = at_the_wall();
    let touched = LevitationMail { touchdown_count: 1, ..levitation(BearingState::Touchdown) };
    routine.step(&CommissioningInput { levitation: Some(touched), result: None });
    assert_eq!(ended(routine), Outcome::Failed(Stage::Wall, Reason::Touchdown));
}

#[test]
fn nothing_that_the_probe_is_asked_for_is_beyond_its_limits() {
    let config = CommissioningConfig::ECMO_50;
    let clearance_m = 0.5e-3;
    for (stage, steps) in [(Stage::Wall, 24), (Stage::Coils, 2), (Stage::Force, 10), (Stage::Pickup, 2)] {
        let requests: std::vec::Vec<ProbeRequest> =
            (0..).map_while(|step| script::request(&config, clearance_m, stage, step, 0.3)).collect();
        assert_eq!(requests.len(), steps, "{stage:?}");
        for request in requests {
            let swing_x = request.offset_x.abs() + request.cosine_x.abs() + request.sine_x.abs();
            let swing_y = request.offset_y.abs() + request.cosine_y.abs() + request.sine_y.abs();
            let most = match stage {
                Stage::Wall | Stage::Coils => config.commissioning_coil_current_a,
                Stage::Force => crate::probe::SET_POINT_FRACTION_MAX * clearance_m,
                _ => crate::probe::DISPLACEMENT_M_MAX,
            };
            assert!(swing_x <= most && swing_y <= most, "{request:?}");
        }
    }
}
