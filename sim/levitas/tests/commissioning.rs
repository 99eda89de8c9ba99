// SPDX-License-Identifier: Apache-2.0
//! Commissioning of drives that differ in everything at once: what is found is compared with the world's truth.

use levitas::commission::{Bench, Commissioned};
use levitas::scenario::{Setting, load};
use levitas::simulation::{Simulation, run};
use levitas_core::calibration::{Calibration, Identity, RECORD_BYTES, Record};
use levitas_core::commissioning::{Outcome, Reason, Stage};
use levitas_core::mail::{BearingState, fault};
use levitas_core::unit::{Role, UnitConfig};

const IDENTITY: Identity = Identity { serial_number: 7, role: Role::Host };

fn commission(settings: &[&str], stop_s: Option<f64>) -> Commissioned {
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
    Bench::new(&settings).unwrap().run(&IDENTITY, stop_s, &mut |_, _| {}).unwrap()
}

fn assert_accurate(settings: &[&str]) {
    let done = commission(settings, None);
    assert!(done.passed(), "{settings:?}: {:?}", done.failures());
    let record = Record::decode(&done.record.unwrap(), &IDENTITY).unwrap();
    assert_eq!(record.values, done.report.values);
    let mut config = UnitConfig::BENCH;
    record.values.apply(&mut config);
    assert_eq!(config.check(), Ok(()));
}

/// Stiff, weak, resistive, swapped, turned, with offsets; in blood.
const ONE_WAY: [&str; 14] = [
    "rotor.k_x_n_per_m=24e3",
    "bearing.k_i_n_per_a=6.6",
    "bearing.resistance_ohm=1.2",
    "bearing.inductance_h=1.65e-3",
    "sensor.displacement.coil_pickup_m_per_a=6e-6",
    "sensor.angle.offset_error_rad=0.5",
    "wiring.gain_x=1.045",
    "wiring.gain_y=0.955",
    "wiring.mid_x_plus_v=0.02",
    "wiring.mid_x_minus_v=-0.01",
    "wiring.mid_y_plus_v=-0.015",
    "wiring.mid_y_minus_v=0.012",
    "wiring.phase_order=-1",
    "seed=3",
];

/// Soft, strong, inductive, turned the other way; in air.
const OTHER_WAY: [&str; 13] = [
    "rotor.k_x_n_per_m=10.5e3",
    "bearing.k_i_n_per_a=9.5",
    "bearing.resistance_ohm=0.8",
    "bearing.inductance_h=2.4e-3",
    "sensor.displacement.coil_pickup_m_per_a=4e-6",
    "sensor.angle.offset_error_rad=-0.5",
    "rotor.force_angle_error_deg=5",
    "rotor.fluid.viscosity_pa_s=1.8e-5",
    "rotor.fluid.density_kg_per_m3=1.2",
    "wiring.gain_x=0.96",
    "wiring.gain_y=1.05",
    "wiring.mid_y_minus_v=0.02",
    "seed=5",
];

#[test]
fn a_drive_as_designed_is_found_as_designed() {
    assert_accurate(&["seed=1"]);
}

#[test]
fn a_drive_that_differs_in_everything_is_found() {
    assert_accurate(&ONE_WAY);
    assert_accurate(&OTHER_WAY);
}

#[test]
fn a_stop_at_any_stage_leaves_no_record_and_a_rotor_that_lies() {
    for (stop_s, stage) in
        [(3.0, Stage::Wall), (7.0, Stage::Coils), (12.0, Stage::Force), (33.0, Stage::Runout)]
    {
        let done = commission(&["seed=2"], Some(stop_s));
        assert_eq!(done.report.outcome, Outcome::Failed(stage, Reason::Stopped));
        assert!(done.record.is_none());
        assert_eq!(done.report.stage, Stage::Over, "it ended by itself");
    }
}

#[test]
fn what_is_not_plausible_is_refused_by_its_name() {
    let done = commission(&["wiring.gain_x=0.75"], None);
    let Outcome::Failed(Stage::Wall, Reason::Implausible(error)) = done.report.outcome else {
        panic!("{:?}", done.report.outcome);
    };
    assert_eq!(error.field, "hall_gain_x");
    assert!(done.record.is_none() && error.min > 0.75);
}

/// Bearing state and faults at the end of a lift-off with these copies.
fn lift_off(copies: [Option<Vec<u8>>; 2]) -> (u32, u32) {
    let mut scenario = load("1f_lift_off", &[]).unwrap();
    scenario.serial_number = IDENTITY.serial_number;
    scenario.calibration = copies;
    let mut simulation = Simulation::new(&scenario).unwrap();
    for _ in 0..simulation.ticks() {
        simulation.step();
    }
    (simulation.sample().bearing_state, simulation.sample().faults & fault::CALIBRATION)
}

#[test]
fn a_corrupt_record_raises_the_alarm_and_the_rotor_flies_all_the_same() {
    let values = Calibration { force_displacement_n_per_m: 16e3, ..Calibration::of(&UnitConfig::BENCH) };
    let good = Record { sequence: 1, values }.encode(&IDENTITY);
    let mut damaged = good;
    damaged[RECORD_BYTES / 2] ^= 1;
    let (good, damaged) = (good.to_vec(), damaged.to_vec());
    let levitated = BearingState::Levitated as u32;
    for (copies, alarm) in [
        ([None, None], 0),
        ([Some(good.clone()), Some(good.clone())], 0),
        ([Some(good.clone()), None], 0),
        ([Some(damaged.clone()), Some(good)], fault::CALIBRATION),
        ([Some(damaged), Some(b"noise".to_vec())], fault::CALIBRATION),
    ] {
        assert_eq!(lift_off(copies.clone()), (levitated, alarm), "{copies:?}");
    }
}

/// Kinds and texts of the log that are about the record, and what 20 N move, of a seed with one or both copies corrupt.
fn with_corrupt(copy: &str, seed: u64) -> (Vec<String>, f64) {
    let settings = [format!("seed={seed}"), format!("event.1.copy={copy}")];
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
    let scenario = load("3q_calibration_one_corrupt", &settings).unwrap();
    let outcome = run(&scenario, &mut |_| {}).unwrap();
    let metric = |name| outcome.metrics.get(name).unwrap();
    assert_eq!((metric("levitation.touchdowns"), outcome.metrics.invariants_broken.len()), (0.0, 0));
    assert!(metric("alarm.calibration.latency_s") <= 100e-6, "{copy}, seed {seed}");
    let about = |text: &str| text.contains("calibration") || text.starts_with("copy ");
    let texts = outcome.log.events().iter().filter(|event| about(&event.text));
    (texts.map(|event| format!("{}: {}", event.kind, event.text)).collect(), metric("levitation.peak_um"))
}

#[test]
fn a_turned_bit_anywhere_in_a_copy_is_named_and_the_other_copy_or_the_defaults_hold_the_rotor() {
    for seed in 0..6 {
        let mut peaks_um = [0.0; 3];
        for (peak_um, (copy, refused)) in
            peaks_um.iter_mut().zip([("a", [true, false]), ("b", [false, true]), ("both", [true; 2])])
        {
            let (log, moved_um) = with_corrupt(copy, seed);
            *peak_um = moved_um;
            for (letter, refused) in ["A", "B"].into_iter().zip(refused) {
                let kind = if refused { "calibration_refused" } else { "calibration_valid" };
                assert!(
                    log.iter().any(|text| text.starts_with(&format!("{kind}: copy {letter}"))),
                    "{copy}: {log:?}"
                );
            }
            // The alarm stands to the end.
            assert!(!log.iter().any(|text| text.starts_with("alarm_cleared")), "{copy}: {log:?}");
        }
        let [a_um, b_um, both_um] = peaks_um;
        println!(
            "seed {seed}: 20 N move {a_um:.1}, {b_um:.1} um by the record, {both_um:.1} um by the defaults"
        );
        assert!((a_um - b_um).abs() < 1e-6 && both_um > a_um + 5.0);
    }
}
