// SPDX-License-Identifier: Apache-2.0
//! Faults of windings and bridges against circuit theory, each beside a twin without it.

mod common;

use common::{OFF, close, quiet_plant, world};
use levitas_core::ports::LevitationOutputs;
use levitas_world::{Fault, InitialState, Plant, World, units};

/// A rotor that does not move and a bus that nothing moves: 1 ohm and 2 mH per coil, 0.6 ohm and 0.6 mH per phase.
fn locked_plant() -> Plant {
    let mut plant = quiet_plant();
    plant.drive.bus_capacitance_f = 1.0;
    plant.drive.supply_resistance_ohm = 1.0e-3;
    plant.bearing.motion_emf_v_s_per_m = 0.0;
    plant.rotor.mass_kg = 10.0;
    plant.rotor.k_x_n_per_m = 0.0;
    plant.motor.inertia_kg_m2 = 0.1;
    plant.pump.torque_disc_mn_m_per_krpm2 = 0.0;
    plant
}

fn still() -> World {
    world(locked_plant(), InitialState::default())
}

fn turning(plant: Plant, rpm: f64) -> World {
    let speed = rpm * units::RAD_PER_S_PER_RPM;
    world(plant, InitialState { rotor_speed_rad_per_s: speed, ..InitialState::default() })
}

fn coils(set: usize, duty: [f32; 2]) -> [LevitationOutputs; 2] {
    let mut outputs = OFF;
    outputs[set] = LevitationOutputs { coil_duty: duty, coil_gate: 1, ..outputs[set] };
    outputs
}

fn phases(duty: [f32; 3]) -> [LevitationOutputs; 2] {
    [LevitationOutputs { phase_duty: duty, phase_gate: 1, ..OFF[0] }, OFF[1]]
}

fn run(world: &mut World, outputs: &[LevitationOutputs; 2], periods: usize) {
    for _ in 0..periods {
        world.advance(outputs);
    }
}

/// Current in a winding after `t` seconds under `volt`, from `current`.
fn relaxed(current: f64, volt: f64, resistance: f64, inductance: f64, t: f64) -> f64 {
    volt / resistance + (current - volt / resistance) * (-t * resistance / inductance).exp()
}

#[test]
fn an_open_coil_carries_nothing() {
    let mut plant = locked_plant();
    plant.bearing.motion_emf_v_s_per_m = 8.0;
    plant.bearing.set_mutual_coupling = 0.0;
    let start = InitialState { velocity_m_per_s: [0.01, 0.01, 0.0], ..InitialState::default() };
    let mut whole = world(plant, start);
    let mut broken = whole.clone();
    broken.fault(0, Fault::CoilOpen { axis: 0 }).unwrap();
    run(&mut whole, &coils(0, [0.1, 0.1]), 100);
    run(&mut broken, &coils(0, [0.1, 0.1]), 100);
    assert!(whole.truth().coil_current_a[0][0] > 3.0);
    assert_eq!(broken.truth().coil_current_a[0][0], 0.0, "neither duty nor motion drives a current");
    let y = |world: &World| world.truth().coil_current_a[0][1];
    assert!((y(&broken) / y(&whole) - 1.0).abs() < 1e-4, "y is whole, but for the load of the bus");
    broken.clear(0);
    run(&mut broken, &coils(0, [0.1, 0.0]), 100);
    assert!(broken.truth().coil_current_a[0][0] > 3.0, "it conducts again");
}

/// The coil of the other set keeps its flux L (i_B + k i_A): it takes over k i_A, unless it cannot carry current.
#[test]
fn the_flux_of_a_broken_coil_goes_to_the_other_set() {
    for (gate, expected) in [(1, 0.1), (0, 0.0)] {
        let mut broken = still();
        let mut outputs = coils(0, [0.125, -0.0625]);
        outputs[1].coil_gate = gate;
        run(&mut broken, &outputs, 1200);
        let before = broken.truth().coil_current_a;
        broken.fault(0, Fault::CoilOpen { axis: 0 }).unwrap();
        let after = broken.truth().coil_current_a;
        assert_eq!(after[0], [0.0, before[0][1]], "the arc takes the current at once");
        let taken = after[1][0] - before[1][0];
        assert!((taken - expected * before[0][0]).abs() < 1e-12, "gate {gate}: {taken}");
        if gate == 1 {
            outputs[1].coil_duty = [0.0; 2];
            run(&mut broken, &outputs, 20);
            // Alone on its axis: 2 mH without the other set.
            let decayed = relaxed(after[1][0], 0.0, 1.0, 2.0e-3, 20.0 * 50e-6);
            close("coil B after coil A has opened", broken.truth().coil_current_a[1][0], decayed, 1e-4);
        }
    }
}

#[test]
fn an_open_phase_leaves_two_in_series() {
    let mut whole = still();
    let duty = phases([0.55, 0.5, 0.45]);
    run(&mut whole, &duty, 31);
    let mut broken = whole.clone();
    let [_, b, c] = whole.truth().phase_current_a[0];
    broken.fault(0, Fault::PhaseOpen { phase: 0 }).unwrap();
    // The flux of the loop B, C stays: the difference of their currents, which now are opposite.
    let [after_a, after_b, after_c] = broken.truth().phase_current_a[0];
    assert!(after_a.abs() < 1e-15 && (after_b + after_c).abs() < 1e-15);
    close("phase B after phase A has opened", after_b, 0.5 * (b - c), 1e-9);
    // From here on 2.4 V in 1.2 ohm and 1.2 mH.
    run(&mut broken, &duty, 20);
    let [_, later_b, _] = broken.truth().phase_current_a[0];
    close("phases B and C in series", later_b, relaxed(after_b, 2.4, 1.2, 1.2e-3, 1e-3), 1e-4);
    run(&mut whole, &duty, 20);
    assert!(whole.truth().phase_current_a[0][0] > 1.0, "the twin drives phase A");
    broken.fault(0, Fault::PhaseOpen { phase: 1 }).unwrap();
    run(&mut broken, &duty, 2);
    assert_eq!(broken.truth().phase_current_a[0], [0.0; 3], "two open phases leave no loop");
}

/// Short-circuited on a turning rotor: the back-EMF line to line in twice the impedance of a phase.
#[test]
fn back_emf_drives_two_phases_in_series() {
    let mut broken = turning(locked_plant(), 3000.0);
    broken.fault(0, Fault::PhaseOpen { phase: 1 }).unwrap();
    run(&mut broken, &phases([0.5; 3]), 400);
    let speed = broken.truth().rotor_speed_rad_per_s;
    let mut peak = 0.0_f64;
    for _ in 0..400 {
        broken.advance(&phases([0.5; 3]));
        let [a, b, c] = broken.truth().phase_current_a[0];
        assert!(b.abs() < 1e-12 && (a + c).abs() < 1e-12);
        peak = peak.max(a.abs());
    }
    let expected = 3.0_f64.sqrt() * speed * 0.02 / 2.0 / 0.6_f64.hypot(speed * 0.6e-3);
    close("short-circuit current of two phases", peak, expected, 0.002);
}

/// Phase A on the lower rail, the others at 24 V: -16 V on phase A's winding.
#[test]
fn a_shorted_phase_lies_on_the_lower_rail_until_its_gate_opens() {
    let mut whole = turning(locked_plant(), 0.0);
    let mut shorted = whole.clone();
    shorted.fault(0, Fault::PhaseShort { phase: 0 }).unwrap();
    whole.advance(&phases([0.5; 3]));
    run(&mut shorted, &phases([0.9, 0.5, 0.5]), 21);
    let [a, b, c] = shorted.truth().phase_current_a[0];
    close("shorted phase after 1 ms", a, relaxed(0.0, -16.0, 0.6, 0.6e-3, 1e-3), 1e-3);
    assert!((b - c).abs() < 1e-9 && (a + b + c).abs() < 1e-12);
    run(&mut whole, &phases([0.5; 3]), 20);
    assert!(whole.truth().phase_current_a[0].iter().all(|i| i.abs() < 1e-9), "the twin stays at rest");
    // With the gate the isolation switch opens: to zero against the bus, and the fault drives no more.
    run(&mut shorted, &OFF, 40);
    assert_eq!(shorted.truth().phase_current_a[0], [0.0; 3]);
}

/// A turning rotor drives a current into a shorted phase through the closed bridge, and none once the gate is open.
#[test]
fn an_open_gate_ends_the_short_of_a_turning_rotor() {
    let mut shorted = turning(locked_plant(), 3000.0);
    shorted.fault(0, Fault::PhaseShort { phase: 2 }).unwrap();
    run(&mut shorted, &phases([0.0; 3]), 200);
    let speed = shorted.truth().rotor_speed_rad_per_s;
    let current = shorted.truth().phase_current_a[0];
    let size = (current.iter().map(|i| i * i).sum::<f64>() * 2.0 / 3.0).sqrt();
    close("all terminals on the lower rail", size, speed * 0.02 / 0.6_f64.hypot(speed * 0.6e-3), 0.002);
    run(&mut shorted, &OFF, 200);
    assert_eq!(shorted.truth().phase_current_a[0], [0.0; 3]);
    let torque = shorted.truth().motor_torque_n_m;
    assert_eq!(torque, 0.0, "6.3 V line to line stay below the bus");
}

#[test]
fn dead_gate_drivers_leave_everything_to_the_diodes() {
    let mut whole = still();
    let mut outputs = coils(0, [0.125, 0.0]);
    outputs[0] = LevitationOutputs { phase_duty: [0.6, 0.45, 0.45], phase_gate: 1, ..outputs[0] };
    run(&mut whole, &outputs, 800);
    let mut dead = whole.clone();
    dead.fault(0, Fault::GateFault).unwrap();
    let before = dead.truth();
    run(&mut dead, &outputs, 1);
    let coil = relaxed(before.coil_current_a[0][0], -48.0, 1.0, 2.0e-3, 50e-6);
    close("coil 50 us after the gate drivers", dead.truth().coil_current_a[0][0], coil, 1e-3);
    let phase = relaxed(before.phase_current_a[0][0], -32.0, 0.6, 0.6e-3, 50e-6);
    close("phase 50 us after the gate drivers", dead.truth().phase_current_a[0][0], phase, 1e-3);
    run(&mut dead, &outputs, 40);
    assert_eq!((dead.truth().coil_current_a[0], dead.truth().phase_current_a[0]), ([0.0; 2], [0.0; 3]));
    run(&mut whole, &outputs, 41);
    assert!(whole.truth().coil_current_a[0][0] > 5.9, "the twin goes on");
    dead.clear(0);
    run(&mut dead, &outputs, 800);
    assert!(dead.truth().coil_current_a[0][0] > 5.8, "and so does this one, repaired");
}

#[test]
fn a_fault_stays_in_its_own_set() {
    let mut broken = still();
    for fault in [Fault::CoilOpen { axis: 0 }, Fault::PhaseOpen { phase: 0 }, Fault::GateFault] {
        broken.fault(1, fault).unwrap();
    }
    run(&mut broken, &coils(0, [0.125, 0.0]), 400);
    assert!(broken.truth().coil_current_a[0][0] > 5.9);
    broken.fault(7, Fault::SampleLoss).unwrap();
    assert_eq!((broken.sample(1).valid, broken.sample(0).valid != 0), (0, true), "what is not A is B");
}

/// B and C exchanged: the drive's field turns the other way, and its sensors and faults are at the terminals.
#[test]
fn a_negative_phase_order_exchanges_b_and_c() {
    let mut plant = locked_plant();
    let duty = |b, c| phases([0.5, b, c]);
    let mut straight = world(plant, InitialState::default());
    run(&mut straight, &duty(0.6, 0.4), 20);
    plant.motor.phase_order = -1.0;
    let mut crossed = world(plant, InitialState::default());
    run(&mut crossed, &duty(0.6, 0.4), 20);
    let ([_, b, c], [_, xb, xc]) = (straight.truth().phase_current_a[0], crossed.truth().phase_current_a[0]);
    assert_eq!((b, c), (xc, xb), "windings");
    let seen = crossed.sample(0).phase_current_a;
    assert!(seen[1] > 0.0 && seen[2] < 0.0 && xb < 0.0, "terminals");
    crossed.fault(0, Fault::PhaseOpen { phase: 1 }).unwrap();
    run(&mut crossed, &phases([0.6, 0.5, 0.4]), 20);
    let [a, b, c] = crossed.truth().phase_current_a[0];
    assert!(c.abs() < 1e-12 && a > 0.0 && b < 0.0, "terminal B leads to winding C");
}
