// SPDX-License-Identifier: Apache-2.0
//! Does each phase carry what its voltage must cause? Names an open phase and a shorted one, and says what to do.
//!
//! # Model
//! | fault | the current control sees | named after |
//! |---|---|---|
//! | phase open | one phase without current, although the prediction gives it some, while the other two cancel | [`MISSING_STEPS`] |
//! | phase on a rail | an unmodelled voltage v of 2/3 of half the bus along the axis of the phase, and a current to match | as v is learned: 0.2 to 0.6 ms |
//! | two phases open, bridge dead | more than one phase without current | [`MISSING_STEPS`] |
//!
//! # States
//! ```text
//!            one phase without current                       1 s, to see whether it is closed
//!  Sound ---------------------------------> Line (two phases) --------------------------> Sound
//!    |  ^                                     |
//!    |  | wait is over                        | short
//!    +--+--------------> Open <---------------+
//!      short, or no phase carries     (bridge open: 5 ms, four times as long each time, up to WAITS_MAX times)
//! ```
//! On two phases the current keeps to a line in the stator frame, square to the axis of the open phase. The torque is
//! the wanted one in the mean and zero twice per electrical turn; the rotor's inertia carries it over.
//!
//! # Timing
//! Nothing is looked at while the current is within [`SURPRISE_A_MAX`] of its prediction: that is all it costs. In an
//! open phase the prediction is a third of the reference, step after step (0.49/(1 + 0.49 + 0.09) with the control's approach
//! and its disturbance gain, whatever the voltage). A phase near its zero crossing shows nothing: the time to the alarm
//! counts from when its reference is beyond 0.08 A. With the smallest current vector of 1 A (`motor_current_a_min`) that is 1.5 ms of 30 ms at 1000 rpm.
//!
//! # Limits and failure
//! A current vector above [`OVER_CURRENT`] times the limit opens the bridge in the same step, whatever the reason.
//! An alarm ends after [`SOUND_STEPS`] without fault. After [`FORGIVEN_STEPS`] the tries count anew.
//!
//! # Source
//! Engineering choice; the two-phase operation is that of a single-phase machine, J. R. Fu, T. A. Lipo, "Disturbance-free
//! operation of a multiphase current-regulated motor drive with an opened phase", IEEE Trans. Ind. Appl. 30(5), 1994,
//! without their use of the neutral.
//!
//! # Shown by
//! `tests_phase_faults.rs`; in the world `sim/levitas/tests/motor_faults.rs`.

use super::transforms::{Abc, AlphaBeta, Dq};
use crate::mail::fault;

/// Distance of the current from its prediction below which every phase is sound [A]: twice the noise.
pub(super) const SURPRISE_A_MAX: f32 = 0.012;
/// A phase with less is without current [A]: offset and noise of the sensor.
const MISSING_A_MAX: f32 = 0.04;
/// A phase that falls short of its prediction by less says nothing [A]: twice the noise, which seldom keeps its sign.
const SHORTFALL_A_MIN: f32 = 0.012;
/// Largest sum of the three currents when one is open: offsets [A], and gain errors. A sensor that shows nothing makes more.
const SUM_A_MAX: f32 = 0.06;
const SUM_PART_MAX: f32 = 0.03;
/// Steps without current that make an open phase: 0.35 ms; a current step is under way after 0.15 ms.
const MISSING_STEPS: u8 = 7;
/// Unmodelled voltage that only a rail makes [V]: fixed part and part of the bus. A wrong angle, psi or R stays below.
const SHORT_V: f32 = 3.0;
const SHORT_OF_BUS: f32 = 1.0 / 16.0;
/// Largest current vector over the largest reference.
const OVER_CURRENT: f32 = 1.3;
/// Time on two phases before all three are tried again [steps]: 1 s.
const LINE_STEPS: u32 = 20_000;
/// First wait with the bridge open [steps]: 5 ms; the factor from one to the next; how many of them.
const WAIT_STEPS: u32 = 100;
const WAIT_FACTOR: u32 = 4;
/// The wait grows so often; then it is tried again every 5 s: a motor that stays off for good ends the support.
const WAITS_MAX: u32 = 5;
/// Steps without fault after which the alarm ends: 50 ms, and the tries are forgiven: 1 s.
const SOUND_STEPS: u32 = 1000;
const FORGIVEN_STEPS: u32 = 20_000;

const HALF: f32 = 0.5;
const HALF_SQRT_3: f32 = 0.866_025_4;
/// Square to the axis of each phase, A, B, C.
const LINES: [AlphaBeta; 3] = [
    AlphaBeta { alpha: 0.0, beta: 1.0 },
    AlphaBeta { alpha: HALF_SQRT_3, beta: HALF },
    AlphaBeta { alpha: HALF_SQRT_3, beta: -HALF },
];

/// What one look is at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Measured currents, in the order of their names [A].
    pub(super) current_a: Abc,
    /// How far they are from their prediction [A].
    pub(super) surprise_a: Abc,
    /// Square of the current vector [A2].
    pub(super) square_a2: f32,
    pub(super) unmodelled_v: Dq,
    pub(super) bus_voltage_v: f32,
}

/// How the phases are used.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Sound,
    Line { phase: usize, steps_left: u32 },
    Open { steps_left: u32 },
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct PhaseMonitor {
    state: State,
    over_current_a2: f32,
    /// Steps without current that should have had some, since there was any; by phase.
    steps: [u8; 3],
    /// A step, a try or a fault is counted or shown.
    unsettled: bool,
    /// Bits of [`fault`] that are shown.
    faults: u32,
    tries: u32,
    sound_steps: u32,
}

impl PhaseMonitor {
    pub(super) fn new(current_limit_a: f32) -> Self {
        Self {
            state: State::Sound,
            over_current_a2: OVER_CURRENT * OVER_CURRENT * current_limit_a * current_limit_a,
            steps: [0; 3],
            unsettled: false,
            faults: 0,
            tries: 0,
            sound_steps: 0,
        }
    }

    /// Bits of [`fault`].
    pub(super) fn faults(&self) -> u32 {
        self.faults
    }

    /// Line to which the current keeps while a phase is open.
    pub(super) fn line(&self) -> Option<AlphaBeta> {
        match self.state {
            State::Line { phase, .. } => LINES.get(phase).copied(),
            State::Sound | State::Open { .. } => None,
        }
    }

    /// Once per step, whatever the bridge does: true while it must stay open.
    pub(super) fn waits(&mut self) -> bool {
        let State::Open { steps_left } = self.state else { return false };
        self.state = match steps_left.checked_sub(1) {
            Some(steps_left) => State::Open { steps_left },
            None => State::Sound,
        };
        true
    }

    /// A step in which the current is the predicted one.
    pub(super) fn is_sound(&mut self) {
        if self.unsettled {
            self.settle();
        }
    }

    #[cold]
    #[inline(never)]
    fn settle(&mut self) {
        if self.steps != [0; 3] {
            self.steps = self.steps.map(|steps| steps.saturating_sub(1));
        }
        if self.tries != 0 || self.faults != 0 {
            self.count_sound();
        }
        self.unsettled = self.steps != [0; 3] || self.tries != 0 || self.faults != 0;
    }

    fn count_sound(&mut self) {
        self.sound_steps = self.sound_steps.saturating_add(1);
        if self.sound_steps > SOUND_STEPS && self.state == State::Sound {
            self.faults = 0;
        }
        if self.sound_steps > FORGIVEN_STEPS {
            self.tries = 0;
        }
    }

    /// A step in which it does not; true when the bridge must open now.
    #[cold]
    #[inline(never)]
    pub(super) fn look(&mut self, look: &Look) -> bool {
        self.unsettled = true;
        match self.state {
            State::Sound => {
                self.look_for_missing(look);
                if matches!(self.state, State::Line { .. }) {
                    return false; // what the voltage does not explain now, the open phase does
                }
            }
            State::Line { phase, steps_left } => {
                self.state = match steps_left.checked_sub(1) {
                    Some(steps_left) => State::Line { phase, steps_left },
                    None => State::Sound,
                };
            }
            State::Open { .. } => return true,
        }
        let bound_v = SHORT_V + SHORT_OF_BUS * look.bus_voltage_v;
        let v = look.unmodelled_v;
        if v.d * v.d + v.q * v.q > bound_v * bound_v && self.steps == [0; 3] {
            self.open(fault::PHASE_SHORT);
        }
        matches!(self.state, State::Open { .. }) || look.square_a2 > self.over_current_a2
    }

    /// Counts the steps that each phase has been without current.
    fn look_for_missing(&mut self, look: &Look) {
        let Abc { a, b, c } = look.current_a;
        let balanced = (a + b + c).abs() < SUM_A_MAX + SUM_PART_MAX * (a.abs() + b.abs() + c.abs());
        let surprise = look.surprise_a;
        let phases = [(a, surprise.a), (b, surprise.b), (c, surprise.c)];
        for (steps, (current, surprise)) in self.steps.iter_mut().zip(phases) {
            if current.abs() > MISSING_A_MAX || !balanced {
                *steps = 0;
            } else if surprise * (current - surprise) < 0.0 && surprise.abs() > SHORTFALL_A_MIN {
                *steps = steps.saturating_add(1);
            } else {
                *steps = steps.saturating_sub(1);
            }
        }
        if self.steps == [0; 3] {
            self.count_sound();
        } else {
            self.sound_steps = 0;
        }
        let Some(phase) = self.steps.iter().position(|steps| *steps >= MISSING_STEPS) else { return };
        let missing = self.steps.iter().filter(|steps| **steps > 0).count();
        if missing > 1 {
            self.open(fault::PHASE_OPEN);
        } else {
            (self.state, self.steps) = (State::Line { phase, steps_left: LINE_STEPS }, [0; 3]);
            self.faults |= fault::PHASE_OPEN;
        }
    }

    fn open(&mut self, fault: u32) {
        self.faults |= fault;
        let factor = WAIT_FACTOR.saturating_pow(self.tries.min(WAITS_MAX));
        self.tries = self.tries.saturating_add(1);
        (self.steps, self.sound_steps) = ([0; 3], 0);
        self.state = State::Open { steps_left: WAIT_STEPS.saturating_mul(factor) };
    }
}
