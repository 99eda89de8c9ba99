// SPDX-License-Identifier: Apache-2.0
//! The self-test as the supervisor runs it, with a levitation task and a probe that answer as they should.

use super::*;
use crate::link::{PEER_WORDS, PeerMail, UnitCode};
use crate::mailbox::Words as _;
use crate::probe::{PROBE_RESULT_WORDS, ProbeStatus, Target};
use crate::retained::Retained;
use crate::self_test::{Item, MemoryChecks, SelfTestReport, Stage, Verdict};
use crate::warming::cutout::Trip;
use crate::warming::messages::CutOutMail;

const WELL: MemoryChecks = MemoryChecks { ram: Some(true), flash: Some(true) };

/// A unit that tests itself; the rotor lies at the wall, and its angle has noise.
struct Rig {
    bench: Bench,
    peer_therapy: bool,
    /// What the levitation task says besides, and what the pair says of this unit once an order was given.
    seen: LevitationMail,
    unit: Option<UnitCode>,
    /// What the pairs of Halls show of the currents of their coils [V].
    answer_v: [f32; 2],
}

impl Rig {
    fn new(memory: MemoryChecks) -> Self {
        let mut bench = Bench::new();
        bench.task.begin_self_test(memory);
        let seen = LevitationMail {
            displacement_x_m: 0.5e-3,
            bus_voltage_v: 48.0,
            windings_tested: true,
            ..bearing(BearingState::Off, 0.0)
        };
        Self { bench, peer_therapy: false, seen, unit: None, answer_v: [1.5e-3; 2] }
    }

    fn report(&self) -> SelfTestReport {
        self.bench.mail.self_test.read().unwrap().1
    }

    fn period(&mut self) -> SupervisorMail {
        let bench = &mut self.bench;
        let request = bench.mail.supervisor.read::<SupervisorMail>().map_or(0, |(_, mail)| mail.levitate);
        let state = if bench.drives && request == LevitateRequest::Service as u32 {
            BearingState::Service
        } else {
            BearingState::Off
        };
        let noise_rad = if bench.levitation.rotor_angle_rad > 0.0 { -1e-3 } else { 1e-3 };
        bench.therapy = self.peer_therapy;
        bench.write(LevitationMail { state: state as u32, rotor_angle_rad: noise_rad, ..self.seen });
        if let Some(state) = self.unit.filter(|_| bench.answered > 0) {
            bench.drives = false;
            bench.levitation.report =
                PeerReport { state, innovation_ok: true, ..PeerReport::default() }.to_bits();
            bench.mail.levitation.write(&bench.levitation);
        }
        self.answer_probe();
        self.bench.step()
    }

    fn pass(&mut self, periods: u32) {
        (0..periods).for_each(|_| {
            self.period();
        });
    }

    /// The probe measures coils of 1 ohm without inductance, as far as anybody asks.
    fn answer_probe(&mut self) {
        let Some((_, request)) = self.bench.mail.probe_request.read::<ProbeRequest>() else { return };
        let nothing = ProbeResult::from_words([0; PROBE_RESULT_WORDS]);
        let mut result = ProbeResult {
            number: request.number,
            status: ProbeStatus::Done as u32,
            frequency_hz: request.frequency_hz,
            ..nothing
        };
        if request.target == Target::CoilCurrent as u32 {
            result.tones[4].cosine = request.cosine_x;
            result.tones[5].sine = request.sine_y;
            result.tones[0].cosine = self.answer_v[0];
            result.tones[3].sine = self.answer_v[1];
        }
        self.bench.mail.probe_result.write(&result);
    }

    /// Goes on until the self-test is over; how many periods that takes.
    fn finish(&mut self) -> u32 {
        (1..2000)
            .find(|_| {
                self.period();
                self.report().is_over()
            })
            .unwrap()
    }
}

#[test]
fn land_ends_it_and_lift_off_is_free_at_once() {
    let mut rig = Rig::new(WELL);
    (0..20).for_each(|_| {
        rig.period();
    });
    assert_eq!(rig.bench.command(Command::Service), Some(Refusal::SelfTest));
    assert_eq!(rig.bench.command(Command::Land), None);
    assert!(rig.report().is_over());
    assert_eq!(rig.report().verdict(Item::Displacement), Verdict::NotRun);
    assert_eq!(rig.bench.command(Command::LiftOff), None);
}

#[test]
fn a_head_that_comes_meanwhile_ends_it() {
    let mut rig = Rig::new(WELL);
    (0..20).for_each(|_| {
        rig.period();
    });
    rig.bench.drives = true;
    rig.bench.therapy = true;
    let seen = rig.bench.plant(BearingState::Levitated, 400.0);
    assert_eq!(seen.state, UnitState::Operating as u32);
    assert!(rig.report().is_over());
    assert_eq!(rig.bench.step().levitate, LevitateRequest::Levitate as u32);
}

#[test]
fn beside_a_unit_that_drives_the_head_is_not_even_asked_for() {
    let mut rig = Rig::new(WELL);
    rig.peer_therapy = true;
    let report = PeerReport { drives: true, therapy: true, ..PeerReport::default() };
    let words = PeerMail::from_words([0; PEER_WORDS]);
    let seen_m = 0.45e-3;
    rig.bench.mail.peer.write(&PeerMail { report: report.to_bits(), displacement_x_m: seen_m, ..words });
    rig.finish();
    assert_eq!(rig.bench.answered, 0, "no order was given");
    assert_eq!(rig.report().verdict(Item::RotorPlace), Verdict::Passed);
    assert_eq!(rig.report().verdict(Item::Gate), Verdict::NotRun);
    // Further apart than both may be.
    let mut rig = Rig::new(WELL);
    rig.peer_therapy = true;
    let far = PeerMail { report: report.to_bits(), displacement_x_m: 0.43e-3, ..words };
    rig.bench.mail.peer.write(&far);
    rig.finish();
    assert_eq!(rig.report().verdict(Item::RotorPlace), Verdict::Failed);
    assert!(!rig.report().blocks(), "which of the two is wrong is for the pair to find out");
    // Once, or what is no number, says nothing.
    let near = PeerMail { report: report.to_bits(), displacement_x_m: seen_m, ..words };
    let none = PeerMail { displacement_x_m: f32::NAN, ..near };
    for (usual, last, wanted) in
        [(near, far, Verdict::Passed), (near, none, Verdict::Passed), (none, none, Verdict::NotRun)]
    {
        let mut rig = Rig::new(WELL);
        rig.peer_therapy = true;
        rig.bench.mail.peer.write(&usual);
        rig.pass(49);
        rig.bench.mail.peer.write(&last);
        rig.finish();
        assert_eq!(rig.report().verdict(Item::RotorPlace), wanted);
    }
}

#[test]
fn one_bad_sample_is_no_failure_and_three_are() {
    let faults = fault::DISPLACEMENT | fault::CURRENT | fault::BUS_VOLTAGE | fault::ANGLE;
    for (looks, failed) in [(2, false), (3, true)] {
        let mut rig = Rig::new(WELL);
        rig.pass(20);
        rig.seen.recent_faults = faults;
        rig.seen.phase_current_a_a = 1.0;
        rig.pass(looks);
        rig.seen.recent_faults = 0;
        rig.seen.phase_current_a_a = 0.0;
        while rig.report().stage == Stage::Watch as u32 {
            rig.period();
        }
        for item in [Item::Displacement, Item::CurrentSensors, Item::Supply, Item::AngleHalls] {
            assert_eq!(rig.report().verdict(item) == Verdict::Failed, failed, "{item:?}");
        }
    }
    // One that has just begun stands still.
    let mut rig = Rig::new(WELL);
    rig.pass(49);
    rig.seen.faults = fault::DISPLACEMENT;
    rig.finish();
    assert!(rig.report().blocks());
}

#[test]
fn a_head_that_could_not_be_given_back_is_not_asked_for() {
    let mut rig = Rig::new(WELL);
    rig.seen.pair_alarms = arbitration::alarm::LINK_LOST;
    rig.finish();
    assert_eq!(rig.bench.answered, 0, "no order was given");
    assert_eq!(rig.report().verdict(Item::Link), Verdict::NotFitted);
    assert_eq!((rig.report().failed, rig.report().verdict(Item::Gate)), (0, Verdict::NotRun));
}

#[test]
fn nothing_has_current_beside_a_rotor_that_turns_or_may() {
    for (speed_rad_per_s, faults) in [(100.0, 0), (-100.0, 0), (f32::NAN, 0), (0.0, fault::ANGLE)] {
        let mut rig = Rig::new(WELL);
        rig.seen.rotor_speed_rad_per_s = speed_rad_per_s;
        rig.seen.faults = faults;
        rig.finish();
        assert_eq!((rig.bench.answered, rig.report().verdict(Item::Gate)), (0, Verdict::NotRun));
    }
}

#[test]
fn a_gate_that_stays_shut_is_named_and_no_other_fault_is_taken_for_it() {
    // The start was granted, and no current has come.
    let mut rig = Rig::new(WELL);
    rig.unit = Some(UnitCode::Isolated);
    rig.finish();
    assert_eq!(rig.report().verdict(Item::Gate), Verdict::Failed);
    assert!(rig.report().blocks());
    for (refusal, faults, wanted) in [
        (arbitration::Refusal::NotInPair, 0, Verdict::Failed),
        (arbitration::Refusal::NotFit, 0, Verdict::Failed),
        (arbitration::Refusal::NotFit, fault::CURRENT, Verdict::NotRun),
    ] {
        let mut rig = Rig::new(WELL);
        rig.bench.refusal = Some(arbitration::Refusal::OtherDrives);
        rig.pass(60);
        (rig.bench.refusal, rig.seen.recent_faults) = (Some(refusal), faults);
        rig.finish();
        assert_eq!(rig.report().verdict(Item::Gate), wanted, "{refusal:?}");
    }
}

#[test]
fn a_cut_out_that_starts_is_waited_for_and_not_for_ever() {
    for (starts_periods, wanted) in [(200, Verdict::Passed), (2000, Verdict::Failed)] {
        let mut rig = Rig::new(WELL);
        let [water_celsius, blood_celsius] = [36.0, 36.0];
        let says = |trip| CutOutMail { trip, water_celsius, blood_celsius };
        rig.bench.mail.cut_out.write(&says(Trip::Start as u32));
        for period in 0..2000 {
            if period == starts_periods {
                rig.bench.mail.cut_out.write(&says(0));
            }
            rig.period();
        }
        assert!(rig.report().is_over());
        assert_eq!(rig.report().verdict(Item::CutOut), wanted);
    }
}

#[test]
fn lift_off_ends_it_in_every_stage_and_is_refused_for_what_was_found_by_then() {
    let waits = CutOutMail { trip: Trip::Start as u32, water_celsius: 36.0, blood_celsius: 36.0 };
    for stage in [Stage::Watch, Stage::Ask, Stage::Coils, Stage::Wait] {
        let mut rig = Rig::new(WELL);
        rig.bench.mail.cut_out.write(&waits);
        if stage == Stage::Wait {
            rig.seen.pair_alarms = arbitration::alarm::LINK_LOST;
        }
        while rig.report_stage() != stage as u32 {
            rig.period();
        }
        assert_eq!(rig.bench.command(Command::LiftOff), None, "{stage:?}");
        assert!(rig.report().is_over());
        let seen = rig.bench.step();
        assert_eq!(
            (seen.state, seen.levitate),
            (UnitState::LiftingOff as u32, LevitateRequest::Levitate as u32)
        );
    }
    let mut rig = Rig::new(MemoryChecks { ram: Some(false), ..WELL });
    rig.pass(20);
    assert_eq!(rig.bench.command(Command::LiftOffAlone), Some(Refusal::SelfTestFailed));
    assert!(rig.report().is_over());
}

#[test]
fn what_the_pair_refuses_is_not_taken_for_done() {
    let mut rig = Rig::new(MemoryChecks { ram: Some(false), ..WELL });
    rig.bench.refusal = Some(arbitration::Refusal::Therapy);
    rig.finish();
    rig.pass(95);
    assert_eq!(rig.bench.answered, 1, "once a second");
    rig.pass(200);
    assert_eq!(rig.bench.answered, 3, "until it has left");
    rig.seen.isolation = Isolation::SelfTest as u32;
    rig.pass(300);
    assert_eq!(rig.bench.answered, 3);
    rig.bench.refusal = Some(arbitration::Refusal::NotFit);
    assert_eq!(rig.bench.command(Command::Rejoin), Some(Refusal::NotFit));
    assert_eq!(rig.report().stage, Stage::Over as u32);
    assert_eq!(rig.bench.command(Command::LiftOff), Some(Refusal::SelfTestFailed));
    rig.bench.refusal = None;
    rig.period();
    assert_eq!(rig.bench.command(Command::Rejoin), None);
    assert_eq!(rig.report().stage, Stage::Waived as u32);
}

#[test]
fn a_head_that_the_other_unit_has_for_its_own_test_is_waited_for_and_not_for_ever() {
    let mut rig = Rig::new(WELL);
    rig.bench.refusal = Some(arbitration::Refusal::OtherDrives);
    let periods = rig.finish();
    assert!((500..700).contains(&periods), "{periods}");
    assert!(rig.bench.answered > 20, "{}", rig.bench.answered);
    assert_eq!((rig.report().failed, rig.report().verdict(Item::Gate)), (0, Verdict::NotRun));
    let mut rig = Rig::new(WELL);
    rig.bench.refusal = Some(arbitration::Refusal::OtherDrives);
    (0..200).for_each(|_| {
        rig.period();
    });
    rig.bench.refusal = None;
    rig.finish();
    assert_eq!(rig.report().verdict(Item::Gate), Verdict::Passed);
}

#[test]
fn a_unit_that_should_not_drive_says_so_leaves_the_pair_and_is_let_in_by_the_operator_alone() {
    let mut rig = Rig::new(MemoryChecks { ram: Some(false), ..WELL });
    rig.finish();
    let seen = (0..10).map(|_| rig.period()).last().unwrap();
    assert_eq!(seen.order, Order::Isolate.code());
    assert!(seen.alarms & fault::SELF_TEST != 0);
    for command in [Command::LiftOff, Command::LiftOffAlone] {
        assert_eq!(rig.bench.command(command), Some(Refusal::SelfTestFailed));
    }
    // A supervisor that starts anew knows it.
    rig.bench.restart();
    rig.period();
    assert!(rig.period().alarms & fault::SELF_TEST != 0);
    assert_eq!(rig.bench.command(Command::LiftOff), Some(Refusal::SelfTestFailed));
    rig.bench.levitation.isolation = Isolation::SelfTest as u32;
    rig.bench.mail.levitation.write(&rig.bench.levitation);
    rig.bench.refusal = Some(arbitration::Refusal::Isolated);
    assert_eq!(rig.bench.command(Command::Rejoin), Some(Refusal::SelfTestFailed), "another unit serves");
    rig.bench.refusal = None;
    assert_eq!(rig.bench.command(Command::Rejoin), None);
    assert_eq!(rig.bench.mail.supervisor.read::<SupervisorMail>().unwrap().1.order, Order::Rejoin.code());
    assert_eq!(rig.report().stage, Stage::Waived as u32);
    rig.bench.write(LevitationMail { isolation: 0, ..rig.bench.levitation });
    assert_eq!(rig.bench.command(Command::LiftOff), None);
    rig.bench.restart();
    assert!(rig.period().alarms & fault::SELF_TEST != 0, "waived is not forgotten");
}

#[test]
fn a_supervisor_that_starts_anew_does_not_go_on_with_it() {
    let mut rig = Rig::new(WELL);
    while rig.report_stage() != Stage::Coils as u32 {
        rig.period();
    }
    rig.bench.restart();
    let seen = (0..3).map(|_| rig.period()).last().unwrap();
    assert!(rig.report().is_over());
    assert_eq!(seen.levitate, LevitateRequest::Off as u32);
    assert_eq!(rig.report().verdict(Item::CoilXResistance), Verdict::NotRun);
}

#[test]
fn without_a_levitation_task_it_ends_and_nothing_was_run() {
    let mut bench = Bench::new();
    bench.task.begin_self_test(WELL);
    (0..70).for_each(|_| {
        bench.step();
    });
    let report = bench.mail.self_test.read::<SelfTestReport>().unwrap().1;
    assert!(report.is_over());
    assert_eq!((report.passed, report.failed), (Item::Ram.bit() | Item::Flash.bit(), 0));
}

impl Rig {
    fn report_stage(&self) -> u32 {
        self.bench.mail.self_test.read::<SelfTestReport>().map_or(0, |(_, report)| report.stage)
    }
}

#[test]
fn a_head_is_not_asked_for_with_a_hall_that_is_named() {
    for named in [fault::HALL_ELEMENT, fault::HALL_DRIFT, fault::INTERFERENCE] {
        let mut rig = Rig::new(WELL);
        rig.seen.recent_faults = named;
        rig.finish();
        assert_eq!(rig.report().failed, Item::HallElements.bit());
        assert_eq!((rig.bench.answered, rig.report().verdict(Item::Gate)), (0, Verdict::NotRun));
    }
}

#[test]
fn a_pair_that_does_not_show_its_coil_is_found_on_either_axis() {
    // A quarter of 5 um/A x 0.15 A, at 2 kV/m.
    for (answer_v, wanted) in [
        ([0.38e-3, 1e-3], Verdict::Passed),
        ([1e-3, 0.38e-3], Verdict::Passed),
        ([0.37e-3, 1e-3], Verdict::Failed),
        ([1e-3, 0.37e-3], Verdict::Failed),
        ([f32::NAN, 1e-3], Verdict::Failed),
    ] {
        let mut rig = Rig::new(WELL);
        rig.answer_v = answer_v;
        rig.finish();
        assert_eq!(rig.report().verdict(Item::HallAnswer), wanted, "{answer_v:?}");
        let blocks = rig.report().blocking & Item::HallAnswer.bit() != 0;
        assert_eq!(blocks, wanted == Verdict::Failed, "{answer_v:?}");
    }
}

#[test]
fn a_unit_that_was_blocked_before_a_reset_still_is_and_says_so() {
    let mut rig = Rig::new(MemoryChecks { ram: Some(false), ..WELL });
    // The pair does not let it go before the reset.
    rig.bench.refusal = Some(arbitration::Refusal::Therapy);
    rig.finish();
    rig.pass(3);
    let kept = rig.bench.mail.retained.read::<Retained>().unwrap().1;
    assert_eq!(kept.isolation, Some(Isolation::SelfTest));
    // One that holds a rotor all the same holds it again.
    (rig.bench.drives, rig.bench.therapy) = (true, true);
    rig.bench.plant(BearingState::Levitated, 400.0);
    let kept = rig.bench.mail.retained.read::<Retained>().unwrap().1;
    assert_eq!((kept.isolation, kept.drove), (None, true));
    let mut bench = Bench::new();
    bench.write(LevitationMail { isolation: Isolation::SelfTest as u32, ..bench.levitation });
    assert_eq!(bench.command(Command::LiftOff), Some(Refusal::SelfTestFailed));
    assert!(bench.step().alarms & fault::SELF_TEST != 0);
    // Let in again it may lift off, and the alarm stays.
    bench.write(LevitationMail { isolation: 0, ..bench.levitation });
    assert_eq!(bench.command(Command::LiftOff), None);
    assert!(bench.step().alarms & fault::SELF_TEST != 0);
}

#[test]
fn a_rejoin_that_is_refused_says_why() {
    for (isolation, refusal) in [
        (Isolation::SelfTest, Refusal::SelfTestFailed),
        (Isolation::Deaf, Refusal::IsDeaf),
        (Isolation::NoCurrent, Refusal::NoCurrent),
        (Isolation::Challenge, Refusal::SawWrongly),
    ] {
        let mut bench = Bench::new();
        bench.refusal = Some(arbitration::Refusal::Isolated);
        bench.write(LevitationMail { isolation: isolation as u32, ..bench.levitation });
        assert_eq!(bench.command(Command::Rejoin), Some(refusal));
        assert_eq!(bench.mail.supervisor.read::<SupervisorMail>().unwrap().1.order, Order::Rejoin.code());
    }
}

#[test]
fn windings_of_a_board_that_cannot_test_them_have_not_passed() {
    for (windings_tested, faults, verdict) in
        [(false, 0, Verdict::NotFitted), (true, 0, Verdict::Passed), (true, fault::WINDING, Verdict::Failed)]
    {
        let mut rig = Rig::new(WELL);
        rig.seen = LevitationMail { windings_tested, faults, recent_faults: faults, ..rig.seen };
        rig.finish();
        assert_eq!(rig.report().verdict(Item::Windings), verdict);
    }
}

#[test]
fn a_power_task_that_has_fallen_silent_passes_no_battery() {
    use crate::power::messages::POWER_WORDS;
    let nothing = PowerMail::from_words([0; POWER_WORDS]);
    let well = PowerMail { charge: 0.9, remaining_s: 3600.0, load_w: 10.0, ..nothing };
    for (speaks, verdict) in [(true, Verdict::Passed), (false, Verdict::Failed)] {
        let mut rig = Rig::new(WELL);
        rig.bench.mail.power.write(&well);
        let is_over = (0..2000).any(|_| {
            if speaks {
                rig.bench.mail.power.write(&well);
            }
            rig.period();
            rig.report().is_over()
        });
        assert!(is_over);
        assert_eq!(rig.report().verdict(Item::Battery), verdict, "{speaks}");
    }
}
