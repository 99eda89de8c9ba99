// SPDX-License-Identifier: Apache-2.0
//! What the tests of the world share.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use levitas_core::ports::LevitationOutputs;
use levitas_world::{ECMO_50, InitialState, Plant, RotorStart, Setup, VA_25_21, VA_FIXED, World};

/// m_a of the film by the plant file's formula, for the nominal plant [kg].
pub const ADDED_MASS: f64 = std::f64::consts::PI * 1055.0 * 25e-3 * 1.728e-6 / (12.0 * 0.5e-3);

/// Gates open, nothing driven.
pub const OFF: [LevitationOutputs; 2] = [LevitationOutputs {
    coil_duty: [0.0; 2],
    phase_duty: [0.0; 3],
    coil_gate: 0,
    phase_gate: 0,
    drive_line: 0,
    latch_override: 0,
}; 2];

/// The nominal plant without anything that pushes the rotor off: no gravity, static force, unbalance.
pub fn quiet_plant() -> Plant {
    let mut plant = ECMO_50;
    plant.rotor.gravity_z_m_per_s2 = 0.0;
    plant.rotor.static_radial_force_n = 0.0;
    plant.rotor.eccentricity_m = 0.0;
    plant.rotor.dynamic_unbalance_kg_m2 = 0.0;
    plant.rotor.axial_thrust_n = 0.0;
    plant
}

/// The nominal circuit and patient.
pub fn setup(plant: Plant, start: InitialState) -> Setup {
    Setup {
        plant,
        circuit: VA_25_21,
        patient: VA_FIXED,
        pump_table: None,
        seed: 1,
        start: RotorStart::State(start),
    }
}

/// A world in a given state.
pub fn world(plant: Plant, start: InitialState) -> World {
    World::new(&setup(plant, start)).unwrap()
}

/// The root of a rising or falling function between two bounds.
pub fn root(mut low: f64, mut high: f64, function: impl Fn(f64) -> f64) -> f64 {
    let rising = function(high) > function(low);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if (function(middle) > 0.0) == rising { high = middle } else { low = middle }
    }
    0.5 * (low + high)
}

/// Fails, showing both, when `value` is off `expected` by more than a fraction; prints the figure for docs/world.md.
#[track_caller]
pub fn close(what: &str, value: f64, expected: f64, fraction: f64) {
    let error = value / expected - 1.0;
    println!("CHECK {what}: {value:.5e}, expected {expected:.5e}, off by {:.4} %", error * 100.0);
    assert!(error.abs() <= fraction, "{what}: {value} but expected {expected}, off by {error:e}");
}

/// Angular frequency of a trace, by counting upward zero crossings with interpolation.
pub fn frequency(trace: &[f64]) -> f64 {
    let crossing = |k: usize| trace[k] < 0.0 && trace[k + 1] >= 0.0;
    let times: Vec<f64> = (0..trace.len() - 1)
        .filter(|&k| crossing(k))
        .map(|k| (k as f64 + trace[k] / (trace[k] - trace[k + 1])) * 50e-6)
        .collect();
    std::f64::consts::TAU * (times.len() - 1) as f64 / (times[times.len() - 1] - times[0])
}
