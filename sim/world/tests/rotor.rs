// SPDX-License-Identifier: Apache-2.0
//! The rotor against closed solutions: free fall, gyroscopics, orbit, axial and tilt springs, energy.

mod common;

use std::f64::consts::PI;

use common::{ADDED_MASS, OFF, close, frequency, quiet_plant, world};
use levitas_core::ports::LevitationOutputs;
use levitas_world::{Disturbance, InitialState, RotorStart, World, units};

/// C of the film by the plant file's formula, for the nominal plant.
const FILM_DAMPING: f64 = PI * 3.6e-3 * 25e-3 * 1.728e-6 / (2.0 * 1.25e-10);

/// x(t) of m x'' + d x' - k x = 0 from x0 at rest.
fn unstable(m: f64, d: f64, k: f64, x0: f64, t: f64) -> f64 {
    let root = (d * d / (4.0 * m * m) + k / m).sqrt();
    let decay = d / (2.0 * m);
    x0 * (-decay * t).exp() * ((root * t).cosh() + decay / root * (root * t).sinh())
}

#[test]
fn the_uncontrolled_rotor_falls_along_the_cosh() {
    let mut plant = quiet_plant();
    plant.rotor.k_x_cross_fraction = 0.0;
    plant.rotor.eddy_damping_n_s_per_m = 0.0;
    plant.rotor_fluid.viscosity_pa_s = 1e-4;
    let mass = plant.rotor.mass_kg + ADDED_MASS;
    let start = InitialState { displacement_m: [10e-6, 0.0, 0.0], ..InitialState::default() };
    let mut falling = world(plant, start);
    for _ in 0..220 {
        falling.advance(&OFF);
    }
    let t: f64 = 220.0 * 50e-6;
    let cosh = 10e-6 * ((15e3 / mass).sqrt() * t).cosh();
    close("free fall, 11 ms, cosh", falling.truth().displacement_m[0], cosh, 0.01);
    let exact = unstable(mass, FILM_DAMPING * 1e-4 / 3.6e-3, 15e3, 10e-6, t);
    close("free fall, 11 ms, with the film's damping", falling.truth().displacement_m[0], exact, 1e-8);
}

#[test]
fn damping_by_film_and_eddies_slows_the_fall() {
    let mut plant = quiet_plant();
    plant.rotor.k_x_cross_fraction = 0.0;
    let start = InitialState { displacement_m: [0.0, 10e-6, 0.0], ..InitialState::default() };
    let mut falling = world(plant, start);
    for _ in 0..200 {
        falling.advance(&OFF);
    }
    let exact = unstable(0.1 + ADDED_MASS, FILM_DAMPING + 0.5, 15e3, 10e-6, 0.01);
    close("free fall, damped, 10 ms", falling.truth().displacement_m[1], exact, 1e-8);
}

/// Free gyroscopic motion in one of its two modes, chosen by the start: circular with signed frequency `mode`.
fn gyroscopic_frequency(speed: f64, mode: f64) -> f64 {
    let mut plant = quiet_plant();
    plant.rotor.tilt_damping_n_m_s_per_rad = 0.0;
    plant.rotor.k_x_n_per_m = 0.0;
    plant.pump.torque_disc_mn_m_per_krpm2 = 0.0;
    plant.pump.torque_flow_mn_m_per_krpm_lpm = 0.0;
    let start = InitialState {
        tilt_rad: [1e-3, 0.0],
        tilt_rate_rad_per_s: [0.0, mode * 1e-3],
        rotor_speed_rad_per_s: speed,
        ..InitialState::default()
    };
    let mut tilting = world(plant, start);
    let trace: Vec<f64> = (0..40_000)
        .map(|_| {
            tilting.advance(&OFF);
            tilting.truth().tilt_rad[0]
        })
        .collect();
    frequency(&trace)
}

#[test]
fn nutation_and_precession_have_their_frequencies() {
    for rpm in [500.0, 1000.0, 2500.0, 4000.0, 5500.0] {
        let speed = rpm * units::RAD_PER_S_PER_RPM;
        let half = 0.5 * 4.57e-5 * speed / 2.41e-5;
        let root = (half * half + 1.5 / 2.41e-5).sqrt();
        close(
            &format!("nutation at {rpm} rpm"),
            gyroscopic_frequency(speed, half + root),
            half + root,
            0.001,
        );
        close(
            &format!("precession at {rpm} rpm"),
            gyroscopic_frequency(speed, half - root),
            root - half,
            0.001,
        );
    }
}

/// Period of the axial oscillation and of the tilt at rest.
#[test]
fn axial_and_tilt_springs_have_their_frequencies() {
    let mut plant = quiet_plant();
    plant.rotor.axial_damping_n_s_per_m = 0.0;
    plant.rotor.tilt_damping_n_m_s_per_rad = 0.0;
    let start =
        InitialState { displacement_m: [0.0, 0.0, 0.1e-3], tilt_rad: [1e-3, 0.0], ..InitialState::default() };
    let mut ringing = world(plant, start);
    let (mut axial, mut tilt) = (Vec::new(), Vec::new());
    for _ in 0..40_000 {
        ringing.advance(&OFF);
        axial.push(ringing.truth().displacement_m[2]);
        tilt.push(ringing.truth().tilt_rad[0]);
    }
    close("axial frequency", frequency(&axial), (6.0e3_f64 / 0.1).sqrt(), 1e-4);
    close("tilt frequency at rest", frequency(&tilt), (1.5_f64 / 2.41e-5).sqrt(), 1e-4);
}

#[test]
fn gravity_and_thrust_set_the_axial_rest() {
    let plant = levitas_world::ECMO_50;
    let mut still = World::new(&levitas_world::Setup {
        start: RotorStart::Lying { angle_rad: 1.0 },
        ..common::setup(plant, InitialState::default())
    })
    .unwrap();
    for _ in 0..2000 {
        still.advance(&OFF);
    }
    close("axial sag", still.truth().displacement_m[2], -0.1 * 9.81 / 6.0e3, 1e-3);
}

/// On the circular solution z = z0 exp(j W t) of the equations, the rotor stays for a turn, though it is unstable:
/// z0 (-(m + m_a) W^2 - k_x - m_a W^2 / 4 + j (C + d) W - j (C W / 2 + k_c)) = m e W^2.
#[test]
fn the_current_free_orbit_is_the_one_of_the_equations() {
    let mut plant = quiet_plant();
    plant.rotor.eccentricity_m = 20e-6;
    plant.rotor.dynamic_unbalance_kg_m2 = 1.0e-7;
    plant.pump.torque_disc_mn_m_per_krpm2 = 0.0;
    plant.pump.torque_flow_mn_m_per_krpm_lpm = 0.0;
    let speed = 4000.0 * units::RAD_PER_S_PER_RPM;
    let square = speed * speed;
    let force = 0.1 * 20e-6 * square;
    let real = -(0.1 + ADDED_MASS) * square - 15e3 - 0.25 * ADDED_MASS * square;
    let imaginary = (FILM_DAMPING + 0.5) * speed - 0.5 * FILM_DAMPING * speed - 0.05 * 15e3;
    let size = real * real + imaginary * imaginary;
    let [x0, y0] = [force * real / size, -force * imaginary / size];
    let start = InitialState {
        displacement_m: [x0, y0, 0.0],
        velocity_m_per_s: [-y0 * speed, x0 * speed, 0.0],
        rotor_speed_rad_per_s: speed,
        ..InitialState::default()
    };
    let mut turning = world(plant, start);
    for _ in 0..300 {
        turning.advance(&OFF);
    }
    let truth = turning.truth();
    let (orbit, angle) = (x0.hypot(y0), truth.rotor_angle_rad);
    let [x, y, _] = truth.displacement_m;
    close("orbit at 4000 rpm, one turn later", x.hypot(y), orbit, 1e-4);
    close("its x", x, x0 * angle.cos() - y0 * angle.sin(), 1e-4);
    let published = force / ((0.1 + ADDED_MASS) * square + 15e3);
    close("orbit against the formula without inertia stiffness", orbit, published, 0.03);
}

/// Without losses, drive and contact the mechanical energy stays.
#[test]
fn energy_is_kept_by_the_integrator() {
    let mut plant = quiet_plant();
    plant.rotor.k_x_cross_fraction = 0.0;
    plant.rotor.eddy_damping_n_s_per_m = 0.0;
    plant.rotor.tilt_damping_n_m_s_per_rad = 0.0;
    plant.rotor.axial_damping_n_s_per_m = 0.0;
    plant.rotor_fluid.viscosity_pa_s = 1e-4;
    plant.rotor_fluid.length_m = 1e-3;
    let start = InitialState {
        displacement_m: [1e-6, -1e-6, 0.2e-3],
        tilt_rad: [2e-3, 1e-3],
        tilt_rate_rad_per_s: [0.1, -0.2],
        ..InitialState::default()
    };
    let mut free = world(plant, start);
    let energy = |world: &World| {
        let t = world.truth();
        let square = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>();
        0.5 * (0.1 * square(&t.velocity_m_per_s)
            + 2.41e-5 * square(&t.tilt_rate_rad_per_s)
            + 6.0e3 * t.displacement_m[2].powi(2)
            + 1.5 * square(&t.tilt_rad)
            - 15e3 * square(&t.displacement_m[..2]))
    };
    let before = energy(&free);
    for _ in 0..100 {
        free.advance(&OFF);
    }
    close("energy after 5 ms", energy(&free), before, 1e-4);
}

#[test]
fn a_force_step_and_a_shock_move_the_rotor_as_mass_says() {
    let mut plant = quiet_plant();
    plant.rotor.k_x_n_per_m = 0.0;
    plant.rotor.eddy_damping_n_s_per_m = 0.0;
    plant.rotor_fluid.viscosity_pa_s = 1e-4;
    let mut pushed = world(plant, InitialState::default());
    pushed.disturb(Disturbance::ForceStep { newton: 5.0, angle_rad: PI, duration_s: 1e-3 }).unwrap();
    for _ in 0..20 {
        pushed.advance(&OFF);
    }
    close(
        "velocity after 5 N for 1 ms",
        pushed.truth().velocity_m_per_s[0],
        -5e-3 / (0.1 + ADDED_MASS),
        0.001,
    );

    let mut shocked = world(plant, InitialState::default());
    shocked.disturb(Disturbance::Shock { g: 2.0, duration_s: 5e-3, angle_rad: PI / 2.0 }).unwrap();
    for _ in 0..100 {
        shocked.advance(&OFF);
    }
    let impulse = 0.1 * 2.0 * 9.806_65 * 5e-3 * 2.0 / PI;
    close("velocity after a shock", shocked.truth().velocity_m_per_s[1], impulse / (0.1 + ADDED_MASS), 0.002);
}

/// Circulatory stiffness feeds forward whirl with the positive sign that the film has.
#[test]
fn film_and_skew_coupling_push_in_the_direction_of_rotation() {
    let start = InitialState {
        displacement_m: [50e-6, 0.0, 0.0],
        rotor_speed_rad_per_s: 4000.0 * units::RAD_PER_S_PER_RPM,
        ..InitialState::default()
    };
    let plant = quiet_plant();
    let mut whirling = world(plant, start);
    whirling.advance(&OFF);
    let cross = 0.05 * 15e3 + 0.5 * FILM_DAMPING * start.rotor_speed_rad_per_s;
    let expected = cross * 50e-6 / (0.1 + ADDED_MASS) * 50e-6;
    close("tangential velocity after one period", whirling.truth().velocity_m_per_s[1], expected, 0.005);
}

/// A coil that pulls in +x lifts the rotor off the -x side, by set A and by set B alike.
#[test]
fn positive_current_pulls_toward_the_positive_axis() {
    for set in 0..2 {
        let mut pulled = world(quiet_plant(), InitialState::default());
        let mut outputs = OFF;
        outputs[set] = LevitationOutputs { coil_duty: [0.5, -0.5], coil_gate: 1, ..outputs[set] };
        for _ in 0..10 {
            pulled.advance(&outputs);
        }
        let truth = pulled.truth();
        assert!(truth.coil_current_a[set][0] > 0.0 && truth.displacement_m[0] > 0.0);
        assert!(truth.coil_current_a[set][1] < 0.0 && truth.displacement_m[1] < 0.0);
    }
}
