// SPDX-License-Identifier: Apache-2.0
//! The DC bus: drop under load, hold-up, energy balance, braking, rectified back-EMF.

mod common;

use common::{OFF, close, quiet_plant, world};
use levitas_core::ports::LevitationOutputs;
use levitas_world::{ECMO_50, Fault, InitialState, Plant, STEP_S, Truth, World, units};

/// Nothing but windings and bus: a rotor held by its mass, no electronics, no pump torque.
fn bare_plant() -> Plant {
    let mut plant = quiet_plant();
    plant.bearing.motion_emf_v_s_per_m = 0.0;
    plant.rotor.mass_kg = 10.0;
    plant.rotor.k_x_n_per_m = 0.0;
    plant.pump.torque_disc_mn_m_per_krpm2 = 0.0;
    plant.pump.torque_flow_mn_m_per_krpm_lpm = 0.0;
    plant.drive.electronics_w = 0.0;
    plant
}

fn turning(rpm: f64) -> InitialState {
    InitialState { rotor_speed_rad_per_s: rpm * units::RAD_PER_S_PER_RPM, ..InitialState::default() }
}

fn bus_v(world: &World) -> f64 {
    world.truth().bus_voltage_v[0]
}

fn bus_energy_j(truth: &Truth, capacitance_f: f64) -> f64 {
    0.5 * capacitance_f * truth.bus_voltage_v[0] * truth.bus_voltage_v[0]
}

/// Power that set A turns into heat and work at an instant [W], and the energy in its windings [J].
fn balance(truth: &Truth) -> (f64, f64) {
    let [x, y] = truth.coil_current_a[0];
    let coils = x * x + y * y;
    let phases: f64 = truth.phase_current_a[0].iter().map(|i| i * i).sum();
    let work = truth.motor_torque_n_m * truth.rotor_speed_rad_per_s;
    // Per winding; the three phase inductances count once each, as the star carries no common current.
    (1.0 * coils + 0.6 * phases + work, 0.5 * (2.0e-3 * coils + 0.6e-3 * phases))
}

/// Duties that drive a current along q, from the truth; `torque_current_a` below 0 brakes.
fn motor(truth: &Truth, torque_current_a: f64) -> LevitationOutputs {
    let voltage = 0.02 * truth.rotor_speed_rad_per_s
        + 0.6 * torque_current_a
        + 2.0 * (torque_current_a - truth.torque_current_a[0]);
    let angle = truth.rotor_angle_rad + 1.5 * STEP_S * truth.rotor_speed_rad_per_s;
    let [a, b] = [-voltage * angle.sin(), voltage * angle.cos()];
    let phases = [a, -0.5 * a + 0.75_f64.sqrt() * b, -0.5 * a - 0.75_f64.sqrt() * b];
    let duty = phases.map(|volt| (0.5 + volt / truth.bus_voltage_v[0]).clamp(0.0, 1.0) as f32);
    LevitationOutputs { phase_duty: duty, phase_gate: 1, ..LevitationOutputs::default() }
}

#[test]
fn a_load_takes_the_bus_down_by_the_drop_of_the_resistance() {
    let mut plant = bare_plant();
    plant.drive.supply_resistance_ohm = 0.5;
    plant.drive.electronics_w = 20.0;
    let mut loaded = world(plant, InitialState::default());
    let outputs = LevitationOutputs { coil_duty: [0.25, 0.0], coil_gate: 1, ..OFF[0] };
    for _ in 0..2000 {
        loaded.advance(&[outputs, OFF[1]]);
    }
    // U = 48 - 0.5 (0.25 i + 20 / U) with i = 0.25 U / 1 ohm: 1.03125 U^2 - 48 U + 10 = 0.
    let expected = (48.0 + (48.0_f64 * 48.0 - 4.0 * 1.03125 * 10.0).sqrt()) / (2.0 * 1.03125);
    close("bus under coil and electronics", bus_v(&loaded), expected, 1e-6);
    let other = (48.0 + (48.0_f64 * 48.0 - 4.0 * 10.0).sqrt()) / 2.0;
    close("bus of the other unit", loaded.truth().bus_voltage_v[1], other, 1e-6);
}

/// 43.2 W last 20 ms from 48 to 24 V: the plant file's hold-up time.
#[test]
fn the_bus_lasts_for_its_hold_up_time() {
    let mut plant = bare_plant();
    plant.drive.electronics_w = 43.2;
    let mut lost = world(plant, InitialState::default());
    lost.fault(0, Fault::BusSag { bus_v: 0.0 }).unwrap();
    let mut periods = 0;
    while bus_v(&lost) > 24.0 {
        lost.advance(&OFF);
        periods += 1;
    }
    close("hold-up time", f64::from(periods) * STEP_S, ECMO_50.drive.hold_up_s, 0.005);
    for _ in 0..400 {
        lost.advance(&OFF);
    }
    assert_eq!(bus_v(&lost), 0.0, "then it is empty, and not less");
    assert!(lost.truth().bus_voltage_v[1] > 47.9, "the other unit has a supply of its own");
    lost.clear(0);
    for _ in 0..20 {
        lost.advance(&OFF);
    }
    assert!(bus_v(&lost) > 47.9, "the supply is back");
}

#[test]
fn a_sag_is_reached_by_the_load_alone() {
    let mut sagged = world(bare_plant(), InitialState::default());
    sagged.fault(0, Fault::BusSag { bus_v: 30.0 }).unwrap();
    for _ in 0..1000 {
        sagged.advance(&OFF);
    }
    assert_eq!(bus_v(&sagged), 48.0, "nothing takes the capacitor's charge");
    let outputs = LevitationOutputs { coil_duty: [0.5, 0.0], coil_gate: 1, ..OFF[0] };
    for _ in 0..1000 {
        sagged.advance(&[outputs, OFF[1]]);
    }
    // i = 0.5 U, and the bus carries 0.5 i = 0.25 U through 0.05 ohm.
    close("bus in a sag to 30 V", bus_v(&sagged), 30.0 / (1.0 + 0.05 * 0.25), 1e-6);
}

/// Supply gone, coils and phases driven, rotor turning: what leaves the capacitor is heat, work and winding energy.
#[test]
fn energy_balances() {
    let mut driven = world(bare_plant(), turning(2000.0));
    driven.fault(0, Fault::BusSag { bus_v: 0.0 }).unwrap();
    let (start, mut spent_j) = (driven.truth(), 0.0);
    let mut last = start;
    for period in 0..400 {
        let coil = [0.06, if period < 200 { -0.04 } else { 0.03 }];
        let outputs = LevitationOutputs { coil_duty: coil, coil_gate: 1, ..motor(&last, 1.0) };
        driven.advance(&[outputs, OFF[1]]);
        let now = driven.truth();
        spent_j += 0.5 * STEP_S * (balance(&last).0 + balance(&now).0);
        last = now;
    }
    let spent_j = spent_j + balance(&last).1 - balance(&start).1;
    assert!(bus_energy_j(&last, 1e-3) > 0.2, "the bus is not empty yet");
    close("energy out of the bus", bus_energy_j(&start, 1e-3) - bus_energy_j(&last, 1e-3), spent_j, 0.002);
}

/// 8.3 J of a rotor at 5500 rpm go into the bus, less what the copper takes.
#[test]
fn braking_lifts_the_bus_by_the_kinetic_energy() {
    let plant = bare_plant();
    let mut braked = world(plant, turning(5500.0));
    let kinetic_j = |truth: &Truth| 0.5 * 5.0e-5 * truth.rotor_speed_rad_per_s.powi(2);
    let (start, mut heat_j) = (braked.truth(), 0.0);
    let mut last = start;
    while last.rotor_speed_rad_per_s > 1000.0 * units::RAD_PER_S_PER_RPM {
        braked.advance(&[motor(&last, -1.0), OFF[1]]);
        let now = braked.truth();
        let copper = |truth: &Truth| 0.6 * truth.phase_current_a[0].iter().map(|i| i * i).sum::<f64>();
        heat_j += 0.5 * STEP_S * (copper(&last) + copper(&now));
        last = now;
    }
    let expected = kinetic_j(&start) - kinetic_j(&last) - heat_j - balance(&last).1;
    close(
        "energy into the bus by braking",
        bus_energy_j(&last, 1e-3) - bus_energy_j(&start, 1e-3),
        expected,
        0.002,
    );
    assert!(last.bus_voltage_v[0] > 120.0, "{} V: nothing limits it", last.bus_voltage_v[0]);
    // The other way round nothing is lifted.
    let mut driven = world(plant, turning(1000.0));
    for _ in 0..2000 {
        let truth = driven.truth();
        assert!(truth.bus_voltage_v[0] <= 48.0);
        driven.advance(&[motor(&truth, 1.0), OFF[1]]);
    }
}

/// A coil that freewheels gives back L i^2 / 2 less its heat, and the diode keeps it in the capacitor.
#[test]
fn a_freewheeling_coil_gives_back() {
    let mut plant = bare_plant();
    plant.drive.bus_capacitance_f = 1e-4;
    let mut freed = world(plant, InitialState::default());
    let outputs = LevitationOutputs { coil_duty: [0.125, 0.0], coil_gate: 1, ..OFF[0] };
    for _ in 0..800 {
        freed.advance(&[outputs, OFF[1]]);
    }
    freed.advance(&OFF);
    let (before, current) = (freed.truth(), freed.truth().coil_current_a[0][0]);
    for _ in 0..50 {
        freed.advance(&OFF);
    }
    // The current falls by nearly constant voltage, (48 + R i) / L, to zero: its heat is R i^2 t / 3.
    let falls_s = 2.0e-3 * (1.0 + current / 49.0_f64).ln();
    let expected = 0.5 * 2.0e-3 * current * current - current * current * falls_s / 3.0;
    let gained = bus_energy_j(&freed.truth(), 1e-4) - bus_energy_j(&before, 1e-4);
    close("energy back from a coil", gained, expected, 0.01);
    assert!(bus_v(&freed) > 50.0);
}

/// Supply gone and gates open: a rotor that turns feeds the bus through the diodes, one that rests does not.
#[test]
fn a_turning_rotor_feeds_a_dying_bus() {
    let mut plant = bare_plant();
    plant.drive.electronics_w = 5.0;
    plant.motor.inertia_kg_m2 = 0.1;
    for (rpm, lives) in [(4000.0, true), (0.0, false)] {
        let mut dying = world(plant, turning(rpm));
        dying.fault(0, Fault::BusSag { bus_v: 0.0 }).unwrap();
        for _ in 0..10_000 {
            dying.advance(&OFF);
        }
        let truth = dying.truth();
        if lives {
            // Peak line to line sqrt(3) w psi = 14.5 V, less the copper of 5 W / 14 V in two phases.
            let peak = 3.0_f64.sqrt() * 0.02 * truth.rotor_speed_rad_per_s;
            let bus = truth.bus_voltage_v[0];
            assert!(bus < peak && bus > 0.9 * peak, "{bus} V of {peak} V");
            assert!(truth.motor_torque_n_m < 0.0, "and it brakes");
            // Power out of the shaft is electronics and copper.
            let mut power = 0.0;
            for _ in 0..3000 {
                dying.advance(&OFF);
                let now = dying.truth();
                let heat: f64 = now.phase_current_a[0].iter().map(|i| 0.6 * i * i).sum();
                power -= (now.motor_torque_n_m * now.rotor_speed_rad_per_s + heat) / 3000.0;
            }
            close("power of the rectified back-EMF", power, 5.0, 0.02);
        } else {
            assert_eq!(truth.bus_voltage_v[0], 0.0);
        }
    }
}
