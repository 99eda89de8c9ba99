// SPDX-License-Identifier: Apache-2.0
//! Drive lines and latches: when a gate opens, when it falls, and what the other unit sees of it.

mod common;

use levitas_core::ports::{LevitationOutputs, pair};
use levitas_world::{ECMO_50, Fault, InitialState, STEP_S, Setup, World};

const WINDINGS: u32 = pair::WINDING_OPEN | pair::WINDING_LEAK | pair::WINDING_TESTED;

/// Two units whose outputs the test makes.
struct Pair {
    world: World,
    level: [u32; 2],
    drives: [bool; 2],
    overrides: [bool; 2],
}

impl Pair {
    fn new() -> Self {
        Self::with_parts(1)
    }

    /// With monostables of this seed.
    fn with_parts(seed: u64) -> Self {
        let setup = Setup { seed, ..common::setup(ECMO_50, InitialState::default()) };
        let mut world = World::new(&setup).unwrap();
        world.connect_lines();
        Self { world, level: [0; 2], drives: [false; 2], overrides: [false; 2] }
    }

    /// Periods in which a unit that drives toggles its line and asks for its gates.
    fn run(&mut self, periods: usize) {
        for _ in 0..periods {
            let outputs = [0, 1].map(|set| {
                if self.drives[set] {
                    self.level[set] ^= 1;
                }
                LevitationOutputs {
                    coil_gate: u32::from(self.drives[set]),
                    phase_gate: 0,
                    drive_line: self.level[set],
                    latch_override: u32::from(self.overrides[set]),
                    ..LevitationOutputs::default()
                }
            });
            self.world.advance(&outputs);
        }
    }

    /// What a unit sees of the head; without [`Pair::finds`].
    fn sees(&mut self, set: usize) -> u32 {
        self.world.sample(set).pair & !WINDINGS
    }

    /// What the test of its resting windings says.
    fn finds(&mut self, set: usize) -> u32 {
        self.world.sample(set).pair & WINDINGS
    }

    fn open(&self) -> [bool; 2] {
        self.world.truth().gate_open
    }
}

#[test]
fn edges_open_the_own_latch_and_show_at_the_other_unit() {
    let mut pair = Pair::new();
    assert_eq!(pair.sees(1), pair::LINE_CURRENT, "released: there is current and no edge");
    pair.drives[0] = true;
    pair.run(2);
    assert_eq!(pair.open(), [true, false]);
    assert_eq!(pair.sees(1), pair::LINE_CURRENT | pair::LINE_EDGES | pair::FOREIGN_RIPPLE);
    assert_eq!(pair.sees(0), pair::LINE_CURRENT | pair::GATE_OPEN);
}

#[test]
fn a_winding_that_fails_is_found_at_rest_and_only_there() {
    const PASSED: u32 = pair::WINDING_TESTED;
    for (fault, finds) in [
        (Fault::CoilOpen { axis: 1 }, pair::WINDING_OPEN),
        (Fault::PhaseOpen { phase: 2 }, pair::WINDING_OPEN),
        (Fault::WindingLeak, pair::WINDING_LEAK),
        (Fault::PhaseShort { phase: 0 }, 0),
        (Fault::GateFault, 0),
    ] {
        let mut pair = Pair::new();
        pair.world.fault(1, fault).unwrap();
        pair.run(199);
        let before = if finds == 0 { PASSED } else { 0 };
        assert_eq!(pair.finds(1), before, "{fault:?}: the test takes 10 ms");
        pair.run(2);
        assert_eq!([0, 1].map(|set| pair.finds(set)), [PASSED, PASSED | finds], "{fault:?}");
        pair.drives[1] = true;
        pair.run(4);
        let opened = if fault == Fault::GateFault { PASSED } else { 0 };
        assert_eq!(pair.finds(1), opened, "{fault:?}: its gates are asked for");
        pair.drives[1] = false;
        pair.run(210);
        assert_eq!(pair.finds(1), PASSED | finds, "{fault:?}");
        pair.world.clear(1);
        assert_eq!(pair.finds(1), PASSED, "{fault:?}");
    }
}

#[test]
fn a_unit_that_stands_loses_gate_and_line_with_the_monostables() {
    let mut pair = Pair::new();
    pair.drives[0] = true;
    pair.run(20);
    let last_edge_s = pair.world.truth().last_update_s[0];
    // It hangs: its gates are still asked for, its line stands still.
    let hung = LevitationOutputs { coil_gate: 1, drive_line: pair.level[0], ..LevitationOutputs::default() };
    for _ in 0..8 {
        pair.world.advance(&[hung, LevitationOutputs::default()]);
    }
    let truth = pair.world.truth();
    let held_s = truth.gate_closed_s[0] - truth.last_update_s[0];
    assert!(truth.last_update_s[0] - last_edge_s <= 1.01 * STEP_S, "one edge was still under way");
    assert!((132e-6..=198e-6).contains(&held_s), "{held_s}");
    assert_eq!(pair.sees(1), pair::LINE_CURRENT);
}

/// The edges end while the other unit waits with its own: from there on hardware acts alone.
#[test]
fn a_head_that_is_handed_over_is_nobodys_for_less_than_a_period_whatever_the_parts() {
    let (mut longest_s, mut overlap_s) = (0.0_f64, 0.0_f64);
    for seed in 0..300 {
        let mut pair = Pair::with_parts(seed);
        pair.drives = [true, false];
        pair.run(4);
        pair.drives = [true, true];
        pair.run(4);
        for _ in 0..7 {
            pair.level[1] ^= 1;
            let falls = LevitationOutputs { coil_gate: 1, drive_line: pair.level[0], ..Default::default() };
            let arms = LevitationOutputs { coil_gate: 1, drive_line: pair.level[1], ..Default::default() };
            pair.world.advance(&[falls, arms]);
        }
        assert_eq!(pair.open(), [false, true], "seed {seed}");
        let truth = pair.world.truth();
        let gap_s = truth.gate_opened_s[1] - truth.gate_closed_s[0];
        (longest_s, overlap_s) = (longest_s.max(gap_s), overlap_s.max(-gap_s));
    }
    let line = ECMO_50.drive_line;
    let most_s = 1.2 * line.monostable_s - 0.8 * line.own_monostable_s;
    assert!(longest_s <= most_s && most_s < STEP_S, "{longest_s} of {most_s}");
    assert!(longest_s > 0.6 * most_s, "parts near both ends were drawn: {longest_s}");
    assert!(overlap_s <= 1.2 * line.own_monostable_s - 0.8 * line.monostable_s, "{overlap_s}");
}

/// The yield counts four periods from one sample of a unit that stalls to the next (`sim/model`).
#[test]
fn the_gates_of_a_unit_that_stands_close_within_four_periods() {
    const { assert!(1.2 * ECMO_50.drive_line.own_monostable_s < 4.0 * STEP_S) };
    for seed in 0..300 {
        let mut pair = Pair::with_parts(seed);
        pair.drives[0] = true;
        pair.run(4);
        let stands = LevitationOutputs { coil_gate: 1, drive_line: pair.level[0], ..Default::default() };
        for _ in 0..7 {
            pair.world.advance(&[stands, LevitationOutputs::default()]);
        }
        let truth = pair.world.truth();
        let held_s = truth.gate_closed_s[0] - truth.last_update_s[0];
        assert!(held_s > 0.0 && held_s < 4.0 * STEP_S, "seed {seed}: {held_s}");
    }
}

#[test]
fn no_latch_opens_while_the_other_line_lives_or_is_cut_unless_that_is_overridden() {
    let mut pair = Pair::new();
    pair.drives = [true, false];
    pair.run(10);
    pair.drives[1] = true;
    pair.overrides[1] = true;
    pair.run(10);
    assert_eq!(pair.open(), [true, false], "edges are never overridden");
    // Once open it stays open, whatever the other line does.
    pair.drives = [true, false];
    pair.run(10);
    assert!(pair.world.fault(1, Fault::LineCut).is_ok());
    pair.run(10);
    assert_eq!(pair.sees(0) & (pair::LINE_CURRENT | pair::LINE_EDGES), 0);
    assert_eq!(pair.open(), [true, false]);
    // The other way round it does not open until it is overridden.
    let mut pair = Pair::new();
    assert!(pair.world.fault(0, Fault::LineCut).is_ok());
    pair.drives[1] = true;
    pair.run(10);
    assert_eq!(pair.open(), [false, false]);
    pair.overrides[1] = true;
    pair.run(2);
    assert_eq!(pair.open(), [false, true]);
}

#[test]
fn power_is_lost_in_the_middle_of_a_period_and_comes_back() {
    let mut pair = Pair::new();
    pair.drives[0] = true;
    pair.run(10);
    let now_s = pair.world.truth().time_s;
    assert!(pair.world.fault(0, Fault::PowerLoss { after_s: 17e-6 }).is_ok());
    pair.run(6);
    assert!((pair.world.truth().gate_closed_s[0] - now_s - 17e-6).abs() < 1e-9);
    assert_eq!(pair.sees(1), pair::LINE_CURRENT, "without power the loop stays closed");
    pair.world.restore_power(0);
    pair.run(2);
    assert_eq!(pair.open(), [true, false]);
}

#[test]
fn a_dead_gate_driver_silences_the_line_and_says_so() {
    let mut pair = Pair::new();
    pair.drives[0] = true;
    pair.run(10);
    assert!(pair.world.fault(0, Fault::GateFault).is_ok());
    pair.run(5);
    assert_eq!(pair.sees(0), pair::LINE_CURRENT | pair::GATE_FAULT);
    assert_eq!(pair.sees(1), pair::LINE_CURRENT);
    pair.world.clear(0);
    pair.run(2);
    assert_eq!(pair.open(), [true, false]);
}

#[test]
fn a_bench_without_lines_lets_every_request_pass() {
    let mut pair = Pair { world: common::world(ECMO_50, InitialState::default()), ..Pair::new() };
    let asked = LevitationOutputs { coil_gate: 1, ..LevitationOutputs::default() };
    for _ in 0..10 {
        pair.world.advance(&[asked, asked]);
    }
    assert_eq!(pair.open(), [true, true]);
    assert_eq!(pair.sees(0), pair::GATE_OPEN | pair::FOREIGN_RIPPLE);
}
