// SPDX-License-Identifier: Apache-2.0
//! The touchdown circle: falling on it, lying, rolling, spinning and bouncing on it.

mod common;

use std::f64::consts::PI;

use common::{ADDED_MASS, OFF, close, frequency, quiet_plant, world};
use levitas_world::{InitialState, RotorStart, World, units};

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
