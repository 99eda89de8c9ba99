// SPDX-License-Identifier: Apache-2.0
//! Which keys of the parameter files have an effect: each is set to another allowed value, and the bytes are compared.

mod common;

use common::{OFF, setup};
use levitas_core::ports::{CutOutOutputs, LevitationOutputs, PowerOutputs, WarmingOutputs};
use levitas_world::{
    Air, Blood, Circuit, Circulation, ECMO_50, Fault, FixedPatient, InitialState, KeyInfo, LivingPatient,
    Patient, Plant, PowerBench, Setup, Ultrasound, VA_25_21_ELASTIC, VA_ADULT, WarmingBench, WarmingFault,
    World, units,
};

/// The keys that can be set, or could if they had more than one allowed value, and change nothing; docs/world.md
/// gives the reason of each.
const NO_EFFECT: [&str; 9] = [
    "motor.current_a_max",
    "drive.pwm_hz",
    "drive.control_hz",
    "drive.delay_periods",
    "drive.hold_up_s",
    "sensor.displacement.gain_drift_per_k",
    "sensor.displacement.offset_drift_m_per_k",
    "drive_line.monostable_s",
    "drive_line.debounce_samples",
];

/// 20 ms with coils and phases of both sets driven; samples of both sets and of the circuit, and the truth.
fn bytes(setup: &Setup) -> Vec<u64> {
    let mut world = World::new(setup).unwrap();
    let driven = LevitationOutputs {
        coil_duty: [0.1, -0.05],
        phase_duty: [0.5, 0.55, 0.45],
        coil_gate: 1,
        phase_gate: 1,
        drive_line: 1,
        latch_override: 0,
    };
    let mut bits = Vec::new();
    for period in 0..400 {
        for set in 0..2 {
            let samples = world.sample(set);
            bits.extend(samples.displacement_hall_v.map(|v| u64::from(v.to_bits())));
            bits.extend(samples.angle_hall_v.map(|v| u64::from(v.to_bits())));
            bits.extend(samples.coil_current_a.map(|v| u64::from(v.to_bits())));
            bits.extend(samples.phase_current_a.map(|v| u64::from(v.to_bits())));
            bits.push(u64::from(samples.bus_voltage_v.to_bits()));
        }
        if period % 100 == 99 {
            let circuit = world.sample_circulation();
            bits.extend(
                [
                    circuit.shots[0].transit_up_s,
                    circuit.shots[0].transit_down_s,
                    circuit.drainage_pressure_mmhg,
                    circuit.pre_membrane_pressure_mmhg,
                    circuit.return_pressure_mmhg,
                ]
                .map(|v| u64::from(v.to_bits())),
            );
        }
        world.advance(&[driven, if period < 200 { driven } else { OFF[1] }]);
        let truth = world.truth();
        bits.extend(truth.displacement_m.map(f64::to_bits));
        bits.extend([truth.rotor_speed_rad_per_s.to_bits(), truth.flow_lpm.to_bits()]);
        bits.extend(truth.blood_celsius.map(f64::to_bits));
        if let Some(patient) = truth.patient {
            bits.extend(
                [patient.aortic_pressure_mmhg, patient.blood_volume_ml, patient.recirculation]
                    .map(f64::to_bits),
            );
        }
    }
    // A line that shows edges and then stands still.
    world.connect_lines();
    for period in 0..20 {
        let edges = LevitationOutputs { drive_line: u32::from(period < 10 && period % 2 == 0), ..driven };
        world.advance(&[edges, OFF[1]]);
    }
    bits.push(world.truth().gate_closed_s[0].to_bits());
    bits.extend(warm_blood_with_bubbles(setup));
    bits.extend(warmed(setup));
    bits.extend(powered(setup));
    if matches!(setup.patient, Patient::Living(_)) {
        bits.extend(suction(setup));
    }
    bits
}

/// A pump that collapses the vena cava.
fn suction(setup: &Setup) -> [u64; 2] {
    let mut circulation = Circulation::new(setup).unwrap();
    for _ in 0..20_000 {
        circulation.advance_at(6000.0);
    }
    let truth = circulation.truth_at(6000.0);
    [truth.flow_lpm.to_bits(), truth.patient.unwrap().cava_collapse.to_bits()]
}

/// What the warming device says while it heats with the pump on, of itself, after its outputs have stood still, and of its thermostat.
fn warmed(setup: &Setup) -> Vec<u64> {
    let mut bench = WarmingBench::new(&setup.plant, &setup.circuit, 5000.0, 37.0, setup.seed);
    bench.blood_flow_lpm = 4.0;
    let mut bits = Vec::new();
    for tenth in 0..3000 {
        // Edges for ten seconds; relays that are welded from twelve on.
        let edge = if tenth < 100 { tenth % 2 } else { 0 };
        bench.control(&WarmingOutputs { heater_duty: 1.0, heater_relay: 1, water_pump: 1, alive: edge });
        bench.cut_out(&CutOutOutputs { permit: edge });
        if tenth == 120 {
            bench.blood_flow_lpm = 0.0;
            bench.fault(&WarmingFault::RelayWelded).unwrap();
            bench.fault(&WarmingFault::CutOutRelayWelded).unwrap();
        }
        bench.advance();
        let (truth, samples, own) = (bench.truth(), bench.sample(), bench.sample_cut_out());
        bits.extend([truth.water_celsius, truth.heater_w, truth.water_flow_lpm].map(f64::to_bits));
        let shown = [samples.water_celsius[0], samples.blood_celsius, samples.leakage_ma, own.water_celsius];
        bits.extend(shown.map(|value| u64::from(value.to_bits())));
    }
    bits
}

/// Bus and battery: the load test and what the charger does after it, then without mains.
fn powered(setup: &Setup) -> Vec<u64> {
    let mut bench = PowerBench::new(&setup.plant, setup.seed);
    bench.load_w = 20.0;
    let mut bits = Vec::new();
    for period in 0..220 {
        bench.control(&PowerOutputs { test_load: u32::from(period < 150), hold_charger: 0 });
        if period == 180 {
            bench.fault(&Fault::MainsLoss).unwrap();
        }
        bench.advance();
        let (truth, bus_v) = bench.truth();
        bits.extend([truth.charge, truth.open_v, truth.battery_a, bus_v].map(f64::to_bits));
        let shown = bench.sample();
        let shown = [shown.mains_v, shown.battery_v, shown.battery_a, shown.load_a];
        bits.extend(shown.map(|value| u64::from(value.to_bits())));
    }
    bits
}

/// What the flow meter says of blood at 39 C, with little air and with so much that the echo is nearly gone.
fn warm_blood_with_bubbles(setup: &Setup) -> impl Iterator<Item = u64> {
    let mut meter = Ultrasound::new(&setup.plant.flow_meter, setup.seed);
    let blood = Blood { temperature_celsius: 39.0, ..Blood::ORDINARY };
    [0.02, 0.5].into_iter().flat_map(move |fraction| {
        let shot = meter.shot(4.0, &blood, &Air { fraction, ..Air::NONE });
        [shot.transit_up_s, shot.transit_down_s, shot.amplitude].map(|value| u64::from(value.to_bits()))
    })
}

/// Three situations, so that every law has its turn: laminar flow through a half-open clamp with the rotor off its
/// centre; turbulent flow in a circuit that stretches; a clamp that is about to open, with the rotor on the touchdown circle and the axial stop.
fn situations() -> [Setup; 3] {
    let turning = |rpm: f64| InitialState {
        rotor_speed_rad_per_s: rpm * units::RAD_PER_S_PER_RPM,
        displacement_m: [50e-6, -30e-6, 0.0],
        tilt_rad: [1e-3, -1e-3],
        ..InitialState::default()
    };
    let laminar = InitialState { flow_lpm: 1.0, clamp_opening: 0.5, ..turning(1500.0) };
    let turbulent = InitialState { flow_lpm: 5.0, clamp_opening: 1.0, ..turning(4000.0) };
    let opening = InitialState { displacement_m: [0.5e-3, 0.0, -0.8e-3], ..turning(2500.0) };
    let [laminar, turbulent, opening] = [laminar, turbulent, opening].map(|start| setup(ECMO_50, start));
    [laminar, Setup { circuit: VA_25_21_ELASTIC, ..turbulent }, opening]
}

/// The same with a patient, drained from both places, returned to all three.
fn with_patient() -> [Setup; 3] {
    situations().map(|situation| {
        let mut patient = VA_ADULT;
        patient.set("blood.stressed_ml", &[500.0]).unwrap();
        patient.set("cannulation.drainage_cava_share", &[0.8]).unwrap();
        patient.set("cannulation.return_atrium_share", &[0.2]).unwrap();
        patient.set("cannulation.return_femoral_share", &[0.5]).unwrap();
        Setup { patient, ..situation }
    })
}

/// Sets a key of one of the three files.
type Set = fn(&mut Setup, &str, &[f64]);

/// True when an end or the middle of the key's range, other than its present value, changes any situation's bytes.
fn has_effect(info: &KeyInfo, set: Set, base: &[(Setup, Vec<u64>); 3]) -> bool {
    [info.min, info.max, 0.5 * (info.min + info.max)].iter().any(|&value| {
        base.clone().into_iter().any(|(mut changed, before)| {
            set(&mut changed, &info.key.to_string(), &[value; 4][..info.count]);
            changed.check().is_ok() && bytes(&changed) != before
        })
    })
}

#[test]
fn every_key_has_an_effect_but_those_listed() {
    let run = |situation: Setup| {
        let bytes = bytes(&situation);
        (situation, bytes)
    };
    let (fixed, living) = (situations().map(run), with_patient().map(run));
    let idle_in =
        |base: &[(Setup, Vec<u64>); 3], keys: &mut dyn Iterator<Item = KeyInfo>, set: Set| -> Vec<String> {
            keys.filter(|info| !has_effect(info, set, base)).map(|info| info.key.to_string()).collect()
        };
    let idle = |keys: &mut dyn Iterator<Item = KeyInfo>, set: Set| idle_in(&fixed, keys, set);
    assert_eq!(
        idle(&mut Plant::keys(), |setup, key, values| setup.plant.set(key, values).unwrap()),
        NO_EFFECT
    );
    let none: [&str; 0] = [];
    assert_eq!(
        idle(&mut Circuit::keys(), |setup, key, values| setup.circuit.set(key, values).unwrap()),
        none
    );
    assert_eq!(
        idle(&mut FixedPatient::keys(), |setup, key, values| setup.patient.set(key, values).unwrap()),
        none
    );
    assert_eq!(
        idle_in(&living, &mut LivingPatient::keys(), |setup, key, values| {
            setup.patient.set(key, values).unwrap();
        }),
        none
    );
}

#[test]
fn the_page_lists_the_keys_without_effect() {
    let page = include_str!("../../../docs/world.md");
    let (_, table) = page.split_once("| key without effect | why |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let listed: Vec<&str> =
        rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    assert_eq!(listed, NO_EFFECT);
}
