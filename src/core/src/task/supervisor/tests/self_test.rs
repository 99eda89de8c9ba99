// SPDX-License-Identifier: Apache-2.0
//! The self-test as the supervisor runs it, with a levitation task and a probe that answer as they should.

use super::*;
use crate::link::{PEER_WORDS, PeerMail, UnitCode};
use crate::mailbox::Words as _;
use crate::probe::{PROBE_RESULT_WORDS, ProbeStatus, Target};
use crate::self_test::{Item, MemoryChecks, SelfTestReport, Stage, Verdict};

const WELL: MemoryChecks = MemoryChecks { ram: Some(true), flash: Some(true) };

/// A unit that tests itself; the rotor lies at the wall, and its angle has noise.
struct Rig {
    bench: Bench,
    peer_therapy: bool,
}

impl Rig {
    fn new(memory: MemoryChecks) -> Self {
        let mut bench = Bench::new();
        bench.task.begin_self_test(memory);
        Self { bench, peer_therapy: false }
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
        bench.write(LevitationMail {
            displacement_x_m: 0.5e-3,
            bus_voltage_v: 48.0,
            rotor_angle_rad: noise_rad,
            ..bearing(state, 0.0)
        });
        self.answer_probe();
        self.bench.step()
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
    assert_eq!(rig.bench.command(Command::LiftOff), Some(Refusal::SelfTest));
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
    assert_eq!(seen.order, Order::Service.code());
    assert!(seen.alarms & fault::SELF_TEST != 0);
    for command in [Command::LiftOff, Command::LiftOffAlone] {
        assert_eq!(rig.bench.command(command), Some(Refusal::SelfTestFailed));
    }
    // A supervisor that starts anew knows it.
    rig.bench.restart();
    rig.period();
    assert!(rig.period().alarms & fault::SELF_TEST != 0);
    assert_eq!(rig.bench.command(Command::LiftOff), Some(Refusal::SelfTestFailed));
    let report = PeerReport { state: UnitCode::Service, ..PeerReport::default() };
    rig.bench.levitation.report = report.to_bits();
    rig.bench.mail.levitation.write(&rig.bench.levitation);
    assert_eq!(rig.bench.command(Command::Rejoin), None);
    assert_eq!(rig.bench.mail.supervisor.read::<SupervisorMail>().unwrap().1.order, Order::Rejoin.code());
    assert_eq!(rig.report().stage, Stage::Waived as u32);
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
