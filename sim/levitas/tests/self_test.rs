// SPDX-License-Identifier: Apache-2.0
//! The self-test in closed loop: what it must find, what it must not disturb, and what comes of it.

mod stepped;

use levitas::scenario::{Scenario, Setting, load};
use levitas::simulation::{Simulation, run};
use levitas_core::arbitration::Isolation;
use levitas_core::link::PeerReport;
use levitas_core::mail::{BearingState, fault};
use levitas_core::self_test::{Item, SelfTestReport, Stage, Verdict};
use levitas_core::task::supervisor::{Command, Refusal};
use stepped::{ask, break_unit, pass};

/// Longest self-test [s].
const LONGEST_S: f64 = 12.0;

fn scenario(name: &str, settings: &[&str]) -> Scenario {
    let settings: Vec<Setting> =
        settings.iter().chain(&["duration_s=30"]).map(|text| Setting::parse(text).unwrap()).collect();
    let mut scenario = load(name, &settings).unwrap();
    scenario.events.retain(|event| event.at_s == 0.0);
    scenario
}

fn report(simulation: &Simulation<'_>) -> Option<SelfTestReport> {
    simulation.host_mail()?.self_test.read::<SelfTestReport>().map(|(_, report)| report)
}

/// Steps until the host's self-test is over.
fn tested(simulation: &mut Simulation<'_>) -> SelfTestReport {
    loop {
        simulation.step();
        if let Some(report) = report(simulation).filter(SelfTestReport::is_over) {
            return report;
        }
        assert!(simulation.truth().time_s < LONGEST_S, "{:?}", report(simulation));
    }
}

/// Commands lift-off: why it was refused, or none with a rotor that is held.
fn lift(simulation: &mut Simulation<'_>) -> Option<Refusal> {
    let refusal = ask(simulation, Command::LiftOff);
    assert!(refusal.is_some() || simulation.said(0).unwrap().state == BearingState::Levitated as u32);
    refusal
}

fn names(report: &SelfTestReport, verdict: Verdict) -> Vec<&'static str> {
    Item::ALL.iter().filter(|item| report.verdict(**item) == verdict).map(|item| item.name()).collect()
}

/// What needs the head.
const WITHOUT_HEAD: [&str; 8] = [
    "gate",
    "coil_x_resistance",
    "coil_y_resistance",
    "coil_x_inductance",
    "coil_y_inductance",
    "phase_short",
    "phase_open",
    "hall_answer",
];

/// Faults of the host, their parameters, and every item that must fail of it.
const FOUND: [(&str, &[f64], &[Item]); 29] = [
    ("hall_open", &[0.0, 1.0], &[Item::HallElements]),
    ("hall_open", &[3.0, 0.0], &[Item::HallElements]),
    ("hall_stuck", &[1.0], &[Item::HallElements]),
    ("hall_noise", &[2.0, 300.0], &[Item::HallElements]),
    ("hall_frozen", &[0.0], &[Item::Displacement, Item::HallElements]),
    ("sample_loss", &[], &[Item::Displacement, Item::AngleHalls, Item::CurrentSensors, Item::Supply]),
    ("samples_frozen", &[], &[Item::Displacement, Item::AngleHalls, Item::CurrentSensors, Item::Supply]),
    ("bus_sensor_loss", &[], &[Item::Supply]),
    ("bus_sag", &[30.0], &[Item::Supply]),
    ("angle_loss", &[0.0, 0.0], &[Item::AngleHalls]),
    ("angle_loss", &[1.0, 1.0], &[Item::AngleHalls]),
    ("angle_stuck", &[], &[Item::AngleHalls]),
    ("current_stuck", &[0.0], &[Item::CurrentSensors]),
    ("current_stuck", &[1.0], &[Item::CurrentSensors]),
    ("current_stuck", &[2.0], &[Item::CurrentSensors]),
    ("current_stuck", &[3.0], &[Item::CurrentSensors]),
    ("current_stuck", &[4.0], &[Item::CurrentSensors]),
    ("coil_open", &[0.0], &[Item::CoilXResistance, Item::Windings]),
    ("coil_open", &[1.0], &[Item::CoilYResistance, Item::Windings]),
    ("gate_driver_fault", &[], &[Item::Gate]),
    ("phase_open", &[0.0], &[Item::PhaseOpen, Item::Windings]),
    ("phase_open", &[1.0], &[Item::PhaseOpen, Item::Windings]),
    ("phase_open", &[2.0], &[Item::PhaseOpen, Item::Windings]),
    ("winding_leak", &[], &[Item::Windings]),
    ("phase_short", &[0.0], &[Item::PhaseShort]),
    ("phase_short", &[1.0], &[Item::PhaseShort]),
    ("phase_short", &[2.0], &[Item::PhaseShort]),
    ("battery_sensor_loss", &[], &[Item::Battery]),
    ("battery_sensor_stuck", &[], &[Item::Battery]),
];

#[test]
fn every_fault_is_found_and_named_and_blocks_or_does_not() {
    let scenario = scenario("9a_self_test", &[]);
    let mut wrong = Vec::new();
    for (name, values, items) in FOUND {
        let mut simulation = Simulation::new(&scenario).unwrap();
        break_unit(&mut simulation, 0, name, values);
        let found = tested(&mut simulation);
        let failed = names(&found, Verdict::Failed);
        let wanted: Vec<&str> = items.iter().map(|item| item.name()).collect();
        let blocks = name != "bus_sag" && items.iter().any(|item| item.blocks());
        println!(
            "{name} {values:?}: {failed:?} after {} ms, angle {} mdeg",
            found.time_ms,
            found.measured[Item::AngleHalls as usize]
        );
        // A unit that should not drive has told the other one so.
        pass(&mut simulation, 0.2);
        let said = simulation.said(0).unwrap();
        let has_left = Isolation::from_code(said.isolation).is_some();
        let alarm = simulation.links().alarms(0) & fault::SELF_TEST != 0;
        let refusal = lift(&mut simulation);
        let held = failed == wanted
            && (has_left, refusal == Some(Refusal::SelfTestFailed)) == (blocks, blocks)
            && alarm != wanted.is_empty();
        if !held {
            wrong.push(format!("{name} {values:?}: {failed:?}, left {has_left}, {refusal:?}, alarm {alarm}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_coil_that_is_not_what_was_calibrated_is_found_on_both_sides() {
    let (resistances, inductances) =
        ([Item::CoilXResistance, Item::CoilYResistance], [Item::CoilXInductance, Item::CoilYInductance]);
    for (setting, items) in [
        ("bearing.inductance_h=1.2e-3", inductances.as_slice()),
        ("bearing.inductance_h=3e-3", &inductances),
        ("bearing.resistance_ohm=0.4", &resistances),
        ("bearing.resistance_ohm=2.1", &resistances),
        // The corners of the design are sound.
        ("bearing.inductance_h=1.6e-3", &[]),
        ("bearing.inductance_h=2.4e-3", &[]),
        ("bearing.resistance_ohm=0.8", &[]),
        ("bearing.resistance_ohm=1.2", &[]),
        // One that is 50 K warmer, too.
        ("bearing.resistance_ohm=1.44", &[]),
    ] {
        // With the cross coupling of the plant the rotor creeps along the wall, without it comes to rest.
        for cross in ["rotor.k_x_cross_fraction=0.05", "rotor.k_x_cross_fraction=0"] {
            let scenario = scenario("9a_self_test", &[setting, cross]);
            let found = tested(&mut Simulation::new(&scenario).unwrap());
            let wanted: Vec<&str> = items.iter().map(|item| item.name()).collect();
            assert_eq!(names(&found, Verdict::Failed), wanted, "{setting} {cross}");
        }
    }
}

/// Largest speed of the rotor within 4 s [rpm], and its least distance from the centre over the clearance.
fn moves(simulation: &mut Simulation<'_>, clearance_m: f64) -> (f64, f64) {
    let (mut speed_rad_per_s, mut radius_m) = (0.0_f64, f64::INFINITY);
    while simulation.truth().time_s < 4.0 {
        simulation.step();
        let truth = simulation.truth();
        assert_ne!(truth.gate_open, [true; 2]);
        speed_rad_per_s = speed_rad_per_s.max(truth.rotor_speed_rad_per_s.abs());
        radius_m = radius_m.min(truth.displacement_m[0].hypot(truth.displacement_m[1]));
    }
    (speed_rad_per_s * 30.0 / std::f64::consts::PI, radius_m / clearance_m)
}

#[test]
fn no_seed_finds_what_is_not_there_and_no_rotor_is_moved() {
    let mut slowest_ms = 0;
    for (seed, cross) in (1..=6).flat_map(|seed| [(seed, "0.05"), (seed, "0")]) {
        let settings = [&format!("seed={seed}"), &format!("rotor.k_x_cross_fraction={cross}")];
        let mut settings: Vec<&str> = settings.into_iter().map(String::as_str).collect();
        let tests = scenario("9a_self_test", &settings);
        settings.push("self_test=no");
        let rests = scenario("9a_self_test", &settings);
        let clearance_m = tests.plant.rotor.clearance_m;
        let mut simulation = Simulation::new(&tests).unwrap();
        let (tested_rpm, least) = moves(&mut simulation, clearance_m);
        let (untested_rpm, _) = moves(&mut Simulation::new(&rests).unwrap(), clearance_m);
        println!("{settings:?}: {tested_rpm:.1} rpm, {untested_rpm:.1} rpm without, within {least:.3}");
        assert!(tested_rpm < untested_rpm + 5.0 && least > 0.95, "{settings:?}");
        let found = report(&simulation).unwrap();
        assert_eq!(names(&found, Verdict::Failed), [""; 0], "{settings:?}");
        assert_eq!(names(&found, Verdict::NotRun), [""; 0], "{settings:?}");
        assert_eq!(names(&found, Verdict::NotFitted), ["cut_out"], "{settings:?}");
        // The emergency drive, likewise.
        let drive: Vec<&str> = simulation
            .log()
            .events()
            .iter()
            .filter(|event| event.kind == "self_test" && event.text.starts_with("emergency_drive"))
            .map(|event| event.text.as_str())
            .collect();
        assert_eq!(drive.iter().filter(|line| line.contains(" passed")).count(), 21, "{drive:?}");
        slowest_ms = slowest_ms.max(found.time_ms);
        assert_eq!(lift(&mut simulation), None);
    }
    assert!(slowest_ms < 1500, "{slowest_ms} ms");
}

#[test]
fn what_the_image_found_of_its_memory_blocks_until_the_operator_wants_the_unit() {
    for (setting, item) in [("self_test=ram_fails", Item::Ram), ("self_test=flash_fails", Item::Flash)] {
        let scenario = scenario("9a_self_test", &[setting]);
        let mut simulation = Simulation::new(&scenario).unwrap();
        assert_eq!(names(&tested(&mut simulation), Verdict::Failed), [item.name()]);
        pass(&mut simulation, 2.0);
        assert_eq!(lift(&mut simulation), Some(Refusal::SelfTestFailed));
        // While another unit would drive, it stays out.
        assert_eq!(ask(&mut simulation, Command::Rejoin), Some(Refusal::SelfTestFailed));
        break_unit(&mut simulation, 1, "power_loss", &[]);
        pass(&mut simulation, 0.1);
        assert_eq!(ask(&mut simulation, Command::Rejoin), None);
        assert_eq!(report(&simulation).unwrap().stage, Stage::Waived as u32);
        assert_eq!(ask(&mut simulation, Command::LiftOffAlone), None);
        assert_eq!(simulation.said(0).unwrap().state, BearingState::Levitated as u32);
        assert!(simulation.links().alarms(0) & fault::SELF_TEST != 0, "it is not forgotten");
    }
}

#[test]
fn a_unit_that_was_reset_does_not_test_itself() {
    let scenario = scenario("9a_self_test", &[]);
    let mut simulation = Simulation::new(&scenario).unwrap();
    tested(&mut simulation);
    pass(&mut simulation, 2.0);
    break_unit(&mut simulation, 0, "reboot", &[0.1]);
    pass(&mut simulation, 1.0);
    assert_eq!(report(&simulation), None);
    assert_eq!(lift(&mut simulation), None);
}

#[test]
fn a_unit_that_is_switched_on_beside_one_that_drives_puts_no_current_into_anything() {
    let scenario = scenario("9a_self_test", &[]);
    let mut simulation = Simulation::new(&scenario).unwrap();
    tested(&mut simulation);
    pass(&mut simulation, 2.0);
    assert_eq!(lift(&mut simulation), None);
    simulation.command(Command::speed(3000.0), "set_mode");
    pass(&mut simulation, 2.0);
    break_unit(&mut simulation, 0, "power_loss", &[]);
    pass(&mut simulation, 0.5);
    simulation.clear(0);
    let before = report(&simulation);
    assert!(before.is_none(), "{before:?}");
    let end_s = simulation.truth().time_s + 4.0;
    while simulation.truth().time_s < end_s {
        simulation.step();
        assert_eq!(simulation.truth().gate_open, [false, true]);
    }
    let found = report(&simulation).unwrap();
    assert!(found.is_over());
    assert_eq!(names(&found, Verdict::Failed), [""; 0]);
    assert_eq!(names(&found, Verdict::NotRun), WITHOUT_HEAD);
}

#[test]
fn a_unit_alone_tests_itself_without_current_and_knows_that_nobody_is_there() {
    let scenario = scenario("9a_self_test", &["units=host"]);
    let mut simulation = Simulation::new(&scenario).unwrap();
    let found = tested(&mut simulation);
    assert_eq!(names(&found, Verdict::Failed), [""; 0]);
    assert_eq!(names(&found, Verdict::NotFitted), ["link", "cut_out"]);
    assert_eq!(names(&found, Verdict::NotRun), WITHOUT_HEAD);
    pass(&mut simulation, 1.0);
    assert_eq!(lift(&mut simulation), None);
}

#[test]
fn a_link_that_is_lost_at_power_up_keeps_the_head_from_nobody() {
    let scenario = scenario("9a_self_test", &[]);
    let mut simulation = Simulation::new(&scenario).unwrap();
    break_unit(&mut simulation, 0, "can_break", &[]);
    let found = tested(&mut simulation);
    assert_eq!(names(&found, Verdict::Failed), [""; 0]);
    assert_eq!(names(&found, Verdict::NotRun), WITHOUT_HEAD);
    pass(&mut simulation, 4.0);
    for set in [0, 1] {
        let report = PeerReport::from_bits(simulation.said(set).unwrap().report);
        assert!(!report.drives, "unit {set} has edges on its line");
    }
    assert_eq!(lift(&mut simulation), None);
}

#[test]
fn lift_off_waits_for_no_stage() {
    for stage in [Stage::Watch, Stage::Coils, Stage::Phases, Stage::Wait] {
        let scenario = scenario("9a_self_test", &[]);
        let mut simulation = Simulation::new(&scenario).unwrap();
        pass(&mut simulation, 0.2);
        while report(&simulation).unwrap().stage != stage as u32 {
            simulation.step();
            assert!(simulation.truth().time_s < LONGEST_S, "{stage:?}");
        }
        assert_eq!(lift(&mut simulation), None, "{stage:?}");
        assert_eq!(names(&report(&simulation).unwrap(), Verdict::Failed), [""; 0]);
    }
}

#[test]
fn a_run_without_the_key_has_no_self_test() {
    let mut scenario = scenario("9a_self_test", &["self_test=no"]);
    scenario.duration_s = 1.0;
    let outcome = run(&scenario, &mut |_| {}).unwrap();
    assert_eq!(outcome.metrics.get("self_test.time_s"), None);
    assert!(outcome.log.events().iter().all(|event| event.kind != "self_test"));
}
