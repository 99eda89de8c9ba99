// SPDX-License-Identifier: Apache-2.0
//! Two sets with clocks of their own: a period of the world in parts is the same period, and each set's outputs change at its instant.

mod common;

use common::{OFF, world};
use levitas_core::ports::LevitationOutputs;
use levitas_world::{ECMO_50, InitialState, STEP_S, World};

fn driven() -> LevitationOutputs {
    LevitationOutputs {
        coil_duty: [0.02, -0.01],
        phase_duty: [0.55, 0.5, 0.45],
        coil_gate: 1,
        phase_gate: 1,
        ..OFF[0]
    }
}

fn turning() -> World {
    world(
        ECMO_50,
        InitialState {
            displacement_m: [60e-6, -20e-6, 0.0],
            rotor_speed_rad_per_s: 300.0,
            ..InitialState::default()
        },
    )
}

#[test]
fn a_period_in_parts_is_the_same_period() {
    let (mut whole, mut parted) = (turning(), turning());
    parted.part_clocks();
    for period in 0..60_u32 {
        whole.advance(&[driven(), OFF[1]]);
        parted.update(&[Some(driven()), Some(OFF[1])]);
        // Not back, and nothing happens twice.
        for part in [f64::from(period % 10) / 10.0, 0.3, 0.3, 0.77] {
            parted.pass_to(part * STEP_S);
        }
        parted.complete();
        assert_eq!(parted.time_s(), whole.time_s());
    }
    let (a, b) = (whole.truth(), parted.truth());
    for axis in 0..3 {
        assert!((a.displacement_m[axis] - b.displacement_m[axis]).abs() < 1e-9, "{a:?} {b:?}");
    }
    assert!((a.displacement_m[0] - 60e-6).abs() > 50e-6 && a.touchdown_count == 0, "it moves: {a:?}");
    assert!((a.rotor_angle_rad - b.rotor_angle_rad).abs() < 1e-6);
    assert!((a.coil_current_a[0][0] - b.coil_current_a[0][0]).abs() < 1e-3);
    assert!((a.phase_current_a[0][0] - b.phase_current_a[0][0]).abs() < 1e-3);
    assert!((a.bus_voltage_v[0] - b.bus_voltage_v[0]).abs() < 1e-3);
    assert!((a.flow_lpm - b.flow_lpm).abs() < 1e-6);
}

#[test]
fn the_outputs_of_a_set_act_from_its_own_instant_on() {
    let mut world = world(ECMO_50, InitialState::default());
    world.connect_lines();
    world.part_clocks();
    let edge = |period: u32| LevitationOutputs { drive_line: period & 1, coil_gate: 1, ..OFF[0] };
    for period in 0..10 {
        world.update(&[Some(edge(period)), None]);
        world.pass_to(0.4 * STEP_S);
        // The other set has a period here, and asks for nothing.
        world.update(&[None, Some(OFF[1])]);
        world.complete();
    }
    // The host is silent from now on, the other set drives.
    for period in 10..20 {
        world.pass_to(0.4 * STEP_S);
        world.update(&[None, Some(edge(period))]);
        world.complete();
    }
    let truth = world.truth();
    let in_period = |at_s: f64| (at_s / STEP_S).fract();
    assert!((truth.last_update_s[0] - 9.0 * STEP_S).abs() < 1e-9, "{truth:?}");
    assert!((in_period(truth.last_update_s[1]) - 0.4).abs() < 1e-6, "{truth:?}");
    assert_eq!(truth.gate_open, [false, true]);
    // The latch opens when the host's line has fallen, wherever that is in a period.
    let open_after_s = truth.gate_opened_s[1] - truth.last_update_s[0];
    assert!((120e-6..=180e-6).contains(&open_after_s), "{open_after_s}");
}

#[test]
fn a_sample_in_the_middle_of_a_period_is_of_that_instant() {
    let mut world = turning();
    world.part_clocks();
    let angle_rad = |world: &mut World| {
        let [cosine, sine] = world.sample(1).angle_hall_v.map(f64::from);
        sine.atan2(cosine)
    };
    // The noise of the Halls is 10 mrad.
    let mean_rad = |world: &mut World| (0..400).map(|_| angle_rad(world)).sum::<f64>() / 400.0;
    let start_rad = mean_rad(&mut world);
    world.pass_to(0.5 * STEP_S);
    let turned_rad = mean_rad(&mut world) - start_rad;
    assert!((turned_rad - 300.0 * 0.5 * STEP_S).abs() < 2e-3, "{turned_rad}");
}
