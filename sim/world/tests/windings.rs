// SPDX-License-Identifier: Apache-2.0
//! Coils and phases against circuit theory: step responses, mutual coupling, back-EMF, freewheeling, delay.

mod common;

use common::{OFF, close, quiet_plant, world};
use levitas_core::ports::LevitationOutputs;
use levitas_world::{InitialState, Plant, World, units};

/// A rotor that does not move and induces nothing, on a bus that nothing moves either, for the electrical checks.
fn locked_plant() -> Plant {
    let mut plant = quiet_plant();
    plant.drive.bus_capacitance_f = 1.0;
    plant.drive.supply_resistance_ohm = 1.0e-3;
    plant.bearing.motion_emf_v_s_per_m = 0.0;
    plant.rotor.mass_kg = 10.0;
    plant.rotor.k_x_n_per_m = 0.0;
    plant.motor.inertia_kg_m2 = 0.1;
    plant
}

fn coils(set: usize, duty: [f32; 2]) -> [LevitationOutputs; 2] {
    let mut outputs = OFF;
    outputs[set] = LevitationOutputs { coil_duty: duty, coil_gate: 1, ..outputs[set] };
    outputs
}

fn phases(set: usize, duty: [f32; 3]) -> [LevitationOutputs; 2] {
    let mut outputs = OFF;
    outputs[set] = LevitationOutputs { phase_duty: duty, phase_gate: 1, ..outputs[set] };
    outputs
}

fn run(world: &mut World, outputs: &[LevitationOutputs; 2], periods: usize) {
    for _ in 0..periods {
        world.advance(outputs);
    }
}

/// The first period after an output is still driven by the one before it.
#[test]
fn outputs_act_in_the_next_period() {
    let mut still = world(locked_plant(), InitialState::default());
    still.advance(&coils(0, [0.5, 0.0]));
    assert_eq!(still.truth().coil_current_a[0][0], 0.0);
    still.advance(&OFF);
    assert!(still.truth().coil_current_a[0][0] > 0.5);
}

#[test]
fn a_coil_alone_follows_its_step_response() {
    let mut stepped = world(locked_plant(), InitialState::default());
    run(&mut stepped, &coils(0, [0.125, -0.0625]), 41);
    let grown = 1.0 - (-1.0_f64).exp();
    close("coil x after one time constant", stepped.truth().coil_current_a[0][0], 6.0 * grown, 0.001);
    close("coil y after one time constant", stepped.truth().coil_current_a[0][1], -3.0 * grown, 0.001);
    assert_eq!(stepped.truth().coil_current_a[1], [0.0; 2], "the open set carries nothing");
    run(&mut stepped, &coils(0, [0.125, -0.0625]), 400);
    close("coil x at the end", stepped.truth().coil_current_a[0][0], 6.0, 0.001);
}

/// With both sets switching, sum and difference of the currents see (1 + k) L and (1 - k) L.
#[test]
fn the_sets_couple_as_sum_and_difference() {
    let mut stepped = world(locked_plant(), InitialState::default());
    let outputs = [coils(0, [0.125, 0.0])[0], coils(1, [0.0, 0.0])[1]];
    run(&mut stepped, &outputs, 21);
    let rise = |inductance: f64| 6.0 * (1.0 - (-1e-3_f64 / inductance).exp());
    let (sum, difference) = (rise(2.2e-3), rise(1.8e-3));
    let truth = stepped.truth();
    close("coupled coil A", truth.coil_current_a[0][0], 0.5 * (sum + difference), 0.001);
    close("coupled coil B", truth.coil_current_a[1][0], 0.5 * (sum - difference), 0.001);
}

#[test]
fn a_moving_rotor_induces_its_voltage() {
    let start = InitialState { velocity_m_per_s: [0.01, 0.0, 0.0], ..InitialState::default() };
    let mut plant = locked_plant();
    plant.bearing.motion_emf_v_s_per_m = 8.0;
    let mut moving = world(plant, start);
    run(&mut moving, &coils(0, [0.0, 0.0]), 21);
    let expected = -8.0 * 0.01 * (1.0 - (-0.5_f64).exp());
    close("current by motion EMF", moving.truth().coil_current_a[0][0], expected, 0.002);
}

/// Force per current: 8 N/A at first, 5 % less at 6 A.
#[test]
fn force_saturates_with_current() {
    let mut driven = world(locked_plant(), InitialState::default());
    run(&mut driven, &coils(0, [0.125, 0.0125]), 800);
    let [x, y] = driven.truth().coil_force_n;
    close("force at 6 A", x, 8.0 * 6.0 * 0.95, 0.001);
    close("force at 0.6 A", y, 8.0 * 0.6 * (1.0 - 0.05 * 0.01), 0.001);
}

#[test]
fn an_opened_coil_freewheels_against_the_bus() {
    let mut opened = world(locked_plant(), InitialState::default());
    run(&mut opened, &coils(0, [0.125, 0.0]), 800);
    let before = opened.truth().coil_current_a[0][0];
    opened.advance(&OFF);
    run(&mut opened, &OFF, 2);
    let after_100_us = (before + 48.0) * (-100e-6_f64 / 2e-3).exp() - 48.0;
    close("freewheeling coil after 100 us", opened.truth().coil_current_a[0][0], after_100_us, 0.001);
    run(&mut opened, &OFF, 6);
    assert_eq!(opened.truth().coil_current_a[0][0], 0.0, "open circuit once the current has gone");
}

#[test]
fn a_phase_follows_its_step_response() {
    let mut stepped = world(locked_plant(), InitialState::default());
    // Phase A against B and C in parallel: voltage of phase A is 2/3 of the line voltage, 0.6 ohm, 0.6 mH.
    run(&mut stepped, &phases(0, [0.6, 0.5, 0.5]), 21);
    let expected = 48.0 * 0.1 * 2.0 / 3.0 / 0.6 * (1.0 - (-1.0_f64).exp());
    let [a, b, c] = stepped.truth().phase_current_a[0];
    close("phase A after one time constant", a, expected, 0.001);
    close("phase B", b, -0.5 * expected, 0.001);
    assert!((a + b + c).abs() < 1e-12, "the star floats");
}

/// Short-circuited phases of a turning rotor: the stationary current of the rotating frame, and the brake torque.
#[test]
fn back_emf_drives_the_short_circuit_current() {
    let speed = 1000.0 * units::RAD_PER_S_PER_RPM;
    let start = InitialState { rotor_speed_rad_per_s: speed, ..InitialState::default() };
    let mut plant = locked_plant();
    plant.pump.torque_disc_mn_m_per_krpm2 = 0.0;
    let mut shorted = world(plant, start);
    run(&mut shorted, &phases(1, [0.5; 3]), 400);
    let truth = shorted.truth();
    let w = truth.rotor_speed_rad_per_s;
    let (r, x, emf) = (0.6, w * 0.6e-3, w * 0.02);
    let torque_current = -emf * r / (r * r + x * x);
    close("short-circuit q current", truth.torque_current_a[1], torque_current, 0.001);
    close("its torque", truth.motor_torque_n_m, 0.03 * torque_current, 0.001);
    let current = truth.phase_current_a[1];
    close(
        "power of the short circuit",
        current.iter().map(|i| i * i * 0.6).sum(),
        -truth.motor_torque_n_m * w,
        0.005,
    );
}

/// Currents before and after the first period with open gates, for the duties that drove them.
fn opened_phases(opened: &mut World, duty: [f32; 3]) -> ([f64; 3], [f64; 3]) {
    run(opened, &phases(0, duty), 200);
    opened.advance(&OFF);
    let before = opened.truth().phase_current_a[0];
    opened.advance(&OFF);
    (before, opened.truth().phase_current_a[0])
}

/// Current after `t` seconds in 0.6 ohm and 0.6 mH with `volt` against it.
fn decayed(current: f64, volt: f64, t: f64) -> f64 {
    (current + volt / 0.6) * (-t * 0.6 / 0.6e-3).exp() - volt / 0.6
}

#[test]
fn opened_phases_freewheel_to_zero_and_stay() {
    let mut opened = world(locked_plant(), InitialState::default());
    let (before, after) = opened_phases(&mut opened, [0.6, 0.45, 0.45]);
    // Currents +, -, -: 2/3 of the bus against phase A, 1/3 against the others.
    close("freewheeling phase A after 50 us", after[0], decayed(before[0], 32.0, 50e-6), 1e-4);
    close("freewheeling phase B after 50 us", after[1], -decayed(-before[1], 16.0, 50e-6), 1e-4);
    run(&mut opened, &OFF, 20);
    assert_eq!(opened.truth().phase_current_a[0], [0.0; 3]);
}

/// Phase C ends first; from then on A and B are in series with half the bus against each. The world ends C only at the
/// end of a substep, up to 12.5 us late, but then takes what C has overshot out of A and B, which makes up for it.
#[test]
fn the_phase_that_ends_first_leaves_two_in_series() {
    let mut opened = world(locked_plant(), InitialState::default());
    let (before, after) = opened_phases(&mut opened, [0.6, 0.45, 0.5]);
    let ends_s = 1e-3 * ((-before[2] + 16.0 / 0.6) / (16.0 / 0.6)).ln();
    assert!(ends_s > 37.5e-6 && ends_s < 50e-6, "{ends_s}");
    let expected = decayed(decayed(before[0], 32.0, ends_s), 24.0, 50e-6 - ends_s);
    close("phase A after phase C has ended", after[0], expected, 1e-4);
    assert!(after[2].abs() < 1e-12 && (after[0] + after[1]).abs() < 1e-12, "{after:?}");
}

/// Spin-up by a constant current vector is J dw/dt = torque: checked against the integral of the torque itself.
#[test]
fn torque_turns_the_rotor() {
    let mut spun = world(quiet_plant(), InitialState::default());
    let (mut impulse, mut last) = (0.0, spun.truth());
    // Voltage along q at standstill: phases B and C against each other give beta.
    for _ in 0..100 {
        spun.advance(&phases(0, [0.5, 0.56, 0.44]));
        let now = spun.truth();
        let net = |t: &levitas_world::Truth| t.motor_torque_n_m - t.pump_torque_n_m;
        impulse += 0.5 * 50e-6 * (net(&last) + net(&now));
        last = now;
    }
    close("speed by torque", last.rotor_speed_rad_per_s, impulse / 5.0e-5, 0.001);
    assert!(last.rotor_speed_rad_per_s > 0.0);
}

#[test]
fn nonsense_duties_are_bounded() {
    let mut driven = world(locked_plant(), InitialState::default());
    let wild = LevitationOutputs {
        coil_duty: [f32::NAN, f32::INFINITY],
        phase_duty: [f32::NAN, -3.0, 9.0],
        coil_gate: 1,
        phase_gate: 1,
        drive_line: 0,
        latch_override: 0,
    };
    run(&mut driven, &[wild, wild], 4000);
    let truth = driven.truth();
    assert_eq!(truth.coil_current_a[0][0], 0.0);
    close("full duty", truth.coil_current_a[0][1], 48.0, 0.01);
}
