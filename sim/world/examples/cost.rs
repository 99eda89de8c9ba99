// SPDX-License-Identifier: Apache-2.0
//! What one levitation period of the world costs: `cargo run --release -p levitas-world --example cost`.
//!
//! The rotor flies on a simple controller of set A while the pump runs, so that the branches are those of normal
//! operation. Each figure is the least of nine rounds.

use std::hint::black_box;
use std::time::Instant;

use levitas_core::ports::LevitationOutputs;
use levitas_world::{ECMO_50, InitialState, RotorStart, Setup, VA_25_21, VA_FIXED, World};

const PERIODS: usize = 40_000;

fn world() -> World {
    let start = InitialState {
        rotor_speed_rad_per_s: 400.0,
        flow_lpm: 4.0,
        clamp_opening: 1.0,
        ..InitialState::default()
    };
    let setup = Setup {
        plant: ECMO_50,
        circuit: VA_25_21,
        patient: VA_FIXED,
        pump_table: None,
        seed: 1,
        start: RotorStart::State(start),
    };
    World::new(&setup).expect("the presets are sound")
}

/// A rough state feedback on true values, good enough to stay off the touchdown circle.
fn control(world: &World) -> LevitationOutputs {
    let truth = world.truth();
    let duty = |axis: usize| {
        let reference = -5600.0 * truth.displacement_m[axis] - 13.0 * truth.velocity_m_per_s[axis];
        let voltage = 6.0 * (reference - truth.coil_current_a[0][axis]) + reference;
        (voltage / 48.0).clamp(-1.0, 1.0) as f32
    };
    LevitationOutputs { coil_duty: [duty(0), duty(1)], coil_gate: 1, ..LevitationOutputs::default() }
}

/// Least time per call over nine rounds [ns].
fn cost_ns(mut call: impl FnMut()) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..9 {
        let start = Instant::now();
        for _ in 0..PERIODS {
            call();
        }
        least = least.min(start.elapsed().as_nanos() as f64 / PERIODS as f64);
    }
    least
}

fn main() {
    let mut flying = world();
    let mut both = [LevitationOutputs::default(); 2];
    let advance = cost_ns(|| {
        flying.advance(black_box(&both));
        both[0] = control(&flying);
    });
    assert_eq!(flying.truth().touchdown_count, 0, "the example's controller lost the rotor");
    let truth = cost_ns(|| both[0] = black_box(control(black_box(&flying))));
    let sample = cost_ns(|| {
        black_box(flying.sample(0));
    });
    let circulation = cost_ns(|| {
        black_box(flying.sample_circulation());
    });
    println!("advance               {:7.0} ns per period", advance - truth);
    println!("sample of one set     {sample:7.0} ns");
    println!("sample of the circuit {circulation:7.0} ns, every 200th period");
    println!("size of a World       {:7} bytes", size_of::<World>());
    let per_period = advance - truth + 2.0 * sample + circulation / 200.0;
    println!(
        "world with both sets  {per_period:7.0} ns per period of 50 us: {:.0} x real time",
        50e3 / per_period
    );
}
