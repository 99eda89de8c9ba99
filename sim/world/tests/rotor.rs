// SPDX-License-Identifier: Apache-2.0
//! The rotor against closed solutions: free fall, gyroscopics, orbit, axial and tilt springs, contact, energy.

mod common;

use std::f64::consts::PI;

use common::{OFF, close, quiet_plant, world};
use levitas_core::ports::LevitationOutputs;
use levitas_world::{Disturbance, InitialState, RotorStart, World, units};

/// C and m_a of the film by the plant file's formula, for the nominal plant.
const FILM_DAMPING: f64 = PI * 3.6e-3 * 25e-3 * 1.728e-6 / (2.0 * 1.25e-10);
const ADDED_MASS: f64 = PI * 1055.0 * 25e-3 * 1.728e-6 / (12.0 * 0.5e-3);

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

/// Angular frequency of a trace of tilt about x, by counting upward zero crossings with interpolation.
fn frequency(trace: &[f64]) -> f64 {
    let crossing = |k: usize| trace[k] < 0.0 && trace[k + 1] >= 0.0;
    let times: Vec<f64> = (0..trace.len() - 1)
        .filter(|&k| crossing(k))
        .map(|k| (k as f64 + trace[k] / (trace[k] - trace[k + 1])) * 50e-6)
        .collect();
    2.0 * PI * (times.len() - 1) as f64 / (times[times.len() - 1] - times[0])
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

#[test]
fn a_released_rotor_touches_down_once_and_comes_to_rest() {
    let start = InitialState { displacement_m: [0.1e-3, 0.05e-3, 0.0], ..InitialState::default() };
    let mut falling = world(levitas_world::ECMO_50, start);
    assert!(!falling.truth().touching);
    let mut deepest: f64 = 0.0;
    for _ in 0..10_000 {
        falling.advance(&OFF);
        let [x, y, _] = falling.truth().displacement_m;
        deepest = deepest.max(x.hypot(y) - 0.5e-3);
    }
    let truth = falling.truth();
    let [vx, vy, _] = truth.velocity_m_per_s;
    println!("CHECK deepest contact {:.1} um, touchdowns {}", deepest * 1e6, truth.touchdown_count);
    assert!(truth.touching && truth.touchdown_count == 1, "{} touchdowns", truth.touchdown_count);
    assert!(deepest < 0.1 * 0.5e-3, "{deepest}");
    assert!(vx.hypot(vy) < 0.05, "it still moves: {vx} {vy}");
}

#[test]
fn a_lying_rotor_touches_from_the_start_and_has_not_touched_down() {
    for step in 0..12 {
        let angle_rad = f64::from(step) * PI / 6.0;
        let lying = levitas_world::Setup {
            start: RotorStart::Lying { angle_rad },
            ..common::setup(levitas_world::ECMO_50, InitialState::default())
        };
        let mut lying = World::new(&lying).unwrap();
        for _ in 0..100 {
            lying.advance(&OFF);
        }
        assert_eq!(lying.truth().touchdown_count, 0);
        let [x, y, _] = lying.truth().displacement_m;
        assert!((x.hypot(y) / 0.5e-3 - 1.0).abs() < 0.02);
    }
}

/// Friction makes a lying rotor roll on the touchdown circle: under a steady force F it swings about the lowest place
/// with sqrt(F / (M r)), M = m + m_a + J / R^2, and its spin follows, -v / R. Without friction it would slide, with
/// m + m_a alone and no spin.
#[test]
fn a_lying_rotor_rolls_like_a_pendulum() {
    let mut plant = quiet_plant();
    plant.rotor.gravity_x_m_per_s2 = 9.81;
    plant.rotor.k_x_cross_fraction = 0.0;
    plant.rotor.eddy_damping_n_s_per_m = 0.0;
    plant.rotor_fluid.viscosity_pa_s = 1e-4;
    plant.pump.torque_disc_mn_m_per_krpm2 = 0.0;
    let radius = 0.5e-3 + (15e3 * 0.5e-3 + 0.981) / 2.0e6;
    let (sine, cosine) = 0.2_f64.sin_cos();
    let start =
        InitialState { displacement_m: [radius * cosine, radius * sine, 0.0], ..InitialState::default() };
    let mut lying = world(plant, start);
    let (mut trace, mut fastest, mut sliding): (Vec<f64>, f64, f64) = (Vec::new(), 0.0, 0.0);
    for _ in 0..4000 {
        lying.advance(&OFF);
        let truth = lying.truth();
        assert!(truth.touching && truth.touchdown_count == 0);
        let ([x, y, _], [vx, vy, _]) = (truth.displacement_m, truth.velocity_m_per_s);
        let along = (vy * x - vx * y) / x.hypot(y);
        fastest = fastest.max(along.abs());
        sliding = sliding.max((along + 25e-3 * truth.rotor_speed_rad_per_s).abs());
        trace.push(y.atan2(x));
    }
    let mass = 0.1 + ADDED_MASS + 5.0e-5 / (25e-3 * 25e-3);
    close("swing of a lying rotor, rolling", frequency(&trace), (0.981 / (mass * radius)).sqrt(), 0.02);
    println!("CHECK fastest {fastest:.3e} m/s, its surface slides at {sliding:.3e} m/s");
    assert!(sliding < 0.2 * fastest, "it slides: {sliding} of {fastest}");
    let late = trace[3000..].iter().fold(0.0_f64, |most, angle| most.max(angle.abs()));
    println!("CHECK swing of 0.2 rad is {late:.4} rad after 0.15 s");
}

/// The nominal rotor, lying at this angle, 1 s later.
fn left_lying(angle_rad: f64) -> levitas_world::Truth {
    let mut lying = World::new(&levitas_world::Setup {
        start: RotorStart::Lying { angle_rad },
        ..common::setup(levitas_world::ECMO_50, InitialState::default())
    })
    .unwrap();
    for _ in 0..20_000 {
        lying.advance(&OFF);
    }
    lying.truth()
}

/// The skew part of k_x shifts the place of rest from the static force's direction by asin(k_c r / F). The other way
/// round it feeds a rotor that got past the top for ever: more than the damper of the wall takes.
#[test]
fn a_lying_rotor_rests_beside_the_static_force_or_rolls_on() {
    for degree in [0.0_f64, 90.0, 180.0, 330.0] {
        let truth = left_lying(degree.to_radians());
        let [x, y, _] = truth.displacement_m;
        let expected = 0.5 + (0.05 * 15e3 * x.hypot(y)).asin();
        close(&format!("place of rest from {degree} deg"), y.atan2(x), expected, 0.002);
        assert!(truth.rotor_speed_rad_per_s.abs() < 0.01, "{}", truth.rotor_speed_rad_per_s);
    }
    for degree in [210.0_f64, 225.0, 240.0] {
        let truth = left_lying(degree.to_radians());
        assert!(truth.rotor_speed_rad_per_s < -1.0 && truth.touchdown_count == 0);
    }
}

/// A rotor that spins and is thrown backward along the circle is driven on by friction, mu k s, and held back by the
/// damper of the wall, d s w: above w = mu k / d = 667 1/s it slows down. Without the damper it would work its way up to
/// the 4000 1/s of rotor and wall and into the wall.
#[test]
fn a_spinning_rotor_in_contact_does_not_whip() {
    let start = InitialState {
        displacement_m: [0.5e-3, 0.0, 0.0],
        velocity_m_per_s: [0.0, -1.0, 0.0],
        rotor_speed_rad_per_s: 4000.0 * units::RAD_PER_S_PER_RPM,
        ..InitialState::default()
    };
    let mut spinning = world(levitas_world::ECMO_50, start);
    let whirl = |world: &World| {
        let ([x, y, _], [vx, vy, _]) = (world.truth().displacement_m, world.truth().velocity_m_per_s);
        (vy * x - vx * y) / (x * x + y * y)
    };
    let mut deepest = 0.0_f64;
    for _ in 0..400 {
        spinning.advance(&OFF);
        let [x, y, _] = spinning.truth().displacement_m;
        deepest = deepest.max(x.hypot(y) - 0.5e-3);
    }
    println!("CHECK whirl from -2000 1/s: {:.0} 1/s after 20 ms", whirl(&spinning));
    println!("CHECK deepest of the whirl: {:.1} um", deepest * 1e6);
    assert!(whirl(&spinning).abs() < 667.0 && deepest < 0.15e-3, "{deepest} m");
}

/// Contact can only take energy: without negative stiffness and spin, a rotor that bounces gets slower each time.
#[test]
fn contact_takes_energy_and_never_gives_any() {
    let mut plant = quiet_plant();
    plant.rotor.k_x_n_per_m = 0.0;
    plant.rotor.eddy_damping_n_s_per_m = 0.0;
    plant.rotor_fluid.viscosity_pa_s = 1e-4;
    let start = InitialState { velocity_m_per_s: [0.4, 0.1, 0.0], ..InitialState::default() };
    let mut bouncing = world(plant, start);
    let mut fastest = f64::INFINITY;
    for _ in 0..2000 {
        bouncing.advance(&OFF);
        if !bouncing.truth().touching {
            let [vx, vy, _] = bouncing.truth().velocity_m_per_s;
            let speed = vx.hypot(vy);
            assert!(speed <= fastest * (1.0 + 1e-6), "{speed} after {fastest}");
            fastest = speed;
        }
    }
    println!("CHECK speed after bounces {fastest:.4} m/s of 0.4123 m/s");
    assert!(fastest < 0.3);
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
