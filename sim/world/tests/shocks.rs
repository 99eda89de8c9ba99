// SPDX-License-Identifier: Apache-2.0
//! Axial and tilting shocks, the axial stops, and a dry pump, against hand calculations.

mod common;

use common::{OFF, close, quiet_plant, world};
use levitas_world::{Disturbance, ECMO_50, InitialState, Plant, RotorStart, Truth, World, units};

fn peak(world: &mut World, periods: usize, of: impl Fn(&Truth) -> f64) -> f64 {
    let mut peak = 0.0_f64;
    for _ in 0..periods {
        world.advance(&OFF);
        peak = peak.max(of(&world.truth()).abs());
    }
    peak
}

/// A rotor that neither spins nor leaves its centre radially.
fn axial_plant() -> Plant {
    let mut plant = quiet_plant();
    plant.rotor.k_x_n_per_m = 0.0;
    plant.rotor.axial_damping_n_s_per_m = 0.0;
    plant.rotor.tilt_damping_n_m_s_per_rad = 0.0;
    plant
}

/// Half-sine shock of a mass on a spring: for a pulse of frequency w_p = pi / T on an eigenfrequency w, the response
/// after the pulse has the amplitude (F / k) 2 r cos(pi w / (2 w_p)) / (1 - r^2) with r = w_p / w.
fn after_pulse(static_deflection: f64, eigen: f64, duration_s: f64) -> f64 {
    let pulse = std::f64::consts::PI / duration_s;
    let r = pulse / eigen;
    (static_deflection * 2.0 * r * (0.5 * std::f64::consts::PI / r).cos() / (1.0 - r * r)).abs()
}

#[test]
fn an_axial_shock_swings_the_rotor_on_its_axial_spring() {
    let mut shaken = world(axial_plant(), InitialState::default());
    shaken.disturb(Disturbance::AxialShock { g: 2.0, duration_s: 5e-3 }).unwrap();
    for _ in 0..100 {
        shaken.advance(&OFF);
    }
    let swing = peak(&mut shaken, 2000, |truth| truth.displacement_m[2]);
    let force = 0.1 * 2.0 * units::STANDARD_GRAVITY_M_PER_S2;
    let eigen = (6.0e3 / 0.1_f64).sqrt();
    close("axial swing after a shock", swing, after_pulse(force / 6.0e3, eigen, 5e-3), 0.001);
    assert_eq!(shaken.truth().displacement_m[..2], [0.0; 2], "nothing of it is radial");
    assert_eq!(shaken.truth().axial_touchdown_count, 0);
}

#[test]
fn a_tilt_shock_swings_the_rotor_on_its_tilt_spring() {
    let mut shaken = world(axial_plant(), InitialState::default());
    shaken.disturb(Disturbance::TiltShock { n_m: 0.01, duration_s: 5e-3 }).unwrap();
    for _ in 0..100 {
        shaken.advance(&OFF);
    }
    let swing = peak(&mut shaken, 2000, |truth| truth.tilt_rad[0]);
    let eigen = (1.5 / 2.41e-5_f64).sqrt();
    close("tilt swing after a shock", swing, after_pulse(0.01 / 1.5, eigen, 5e-3), 0.001);
    assert!(shaken.truth().tilt_rad[1].abs() < 1e-12, "no gyroscope at rest");
}

/// The axial level decides between a touch of the stop and none; the radial count knows nothing of it.
#[test]
fn a_hard_axial_shock_touches_the_stop_and_is_counted_apart() {
    for (g, touches) in [(4.0, false), (8.0, true)] {
        let mut shaken = world(ECMO_50, InitialState::default());
        shaken.disturb(Disturbance::AxialShock { g, duration_s: 11e-3 }).unwrap();
        let (mut touched, mut deepest) = (false, 0.0_f64);
        for _ in 0..400 {
            shaken.advance(&OFF);
            let truth = shaken.truth();
            touched |= truth.axial_touching;
            deepest = deepest.max(truth.displacement_m[2]);
        }
        let count = shaken.truth().axial_touchdown_count;
        assert_eq!((touched, count > 0), (touches, touches), "{g} g: {deepest} m");
        // It arrives with less than 0.2 m/s: 0.2 sqrt(m / k) = 45 um deep.
        assert!(deepest < 0.845e-3, "{g} g: the stop holds at {deepest} m");
    }
}

/// A rotor that is tilted on purpose meets the stops with its rims: on both sides when it is in the middle.
#[test]
fn a_tilted_rotor_meets_the_stops_with_its_rims() {
    let mut plant = axial_plant();
    plant.rotor.tilt_damping_n_m_s_per_rad = 0.02;
    plant.rotor.axial_damping_n_s_per_m = 100.0;
    let tilted = |plant: Plant, n_m: f64| {
        let mut tilted = world(plant, InitialState::default());
        tilted.disturb(Disturbance::Tilt { n_m, duration_s: 10.0 }).unwrap();
        for _ in 0..20_000 {
            tilted.advance(&OFF);
        }
        tilted.truth()
    };
    // 0.8 mm at 25 mm is 32 mrad: 48 mN m against the spring of 1.5 N m/rad.
    let free = tilted(plant, 0.047);
    close("tilt on its spring", free.tilt_rad[0], 0.047 / 1.5, 1e-4);
    assert!(!free.axial_touching);
    // Beyond that both rims stand on their stops: 2 k R^2 on top of the spring.
    let held = tilted(plant, 0.148);
    let expected = 0.032 + 0.1 / (1.5 + 2.0 * 2.0e6 * 0.025 * 0.025);
    close("tilt between the stops", held.tilt_rad[0], expected, 1e-4);
    assert!(held.axial_touching && held.displacement_m[2].abs() < 1e-9 && !held.touching);
    // Lifted by 2 N, one rim touches at less tilt, and the stop pushes the rotor down and upright.
    plant.rotor.gravity_z_m_per_s2 = 20.0;
    let lifted = 0.1 * 20.0 / 6.0e3;
    let one = tilted(plant, 0.04);
    assert!(one.axial_touching && one.displacement_m[2] < lifted && one.tilt_rad[0] < 0.04 / 1.5);
    let moment = 1.5 * (0.04 / 1.5 - one.tilt_rad[0]);
    close("moment of one rim", moment / 0.025, 6.0e3 * (lifted - one.displacement_m[2]), 0.001);
}

/// Air in the pump: no film to speak of, 1/879 of the head and of the flow's torque, hardly any drag.
#[test]
fn a_dry_pump_has_next_to_no_fluid_forces() {
    let mut plant = ECMO_50;
    plant.rotor_fluid.viscosity_pa_s = 1.8e-5;
    plant.rotor_fluid.density_kg_per_m3 = 1.2;
    assert!(plant.check().is_ok());
    let start =
        InitialState { rotor_speed_rad_per_s: 4000.0 * units::RAD_PER_S_PER_RPM, ..InitialState::default() };
    let (wet, dry) = (world(ECMO_50, start).truth(), world(plant, start).truth());
    close("head of a dry pump", dry.head_mmhg, wet.head_mmhg * 1.2 / 1055.0, 1e-9);
    let drag = (1.8e-5 / 3.6e-3_f64).powf(0.3) * (1.2 / 1055.0_f64).powf(0.7);
    close("disc torque of a dry pump", dry.pump_torque_n_m, wet.pump_torque_n_m * drag, 1e-9);
    let mut setup = common::setup(plant, start);
    setup.start = RotorStart::Lying { angle_rad: 0.3 };
    let mut lying = World::new(&setup).unwrap();
    for _ in 0..4000 {
        lying.advance(&OFF);
    }
    assert!(lying.truth().displacement_m.iter().all(|x| x.abs() < 1e-3) && lying.truth().touching);
}
