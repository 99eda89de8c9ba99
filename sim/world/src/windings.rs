// SPDX-License-Identifier: Apache-2.0
//! Bearing coils and motor phases of both winding sets, and the bridges that drive them.
//!
//! # Model
//! Coils, per axis (A, B: winding sets; v: radial velocity along the coil's axis; k = M / L):
//! L (di_A/dt + k di_B/dt) = u_A - R i_A - K v, and the same with A and B exchanged.
//! Phases, per set, in amplitude-invariant alpha, beta: L di/dt = u - R i - p w psi (-sin p theta, cos p theta).
//! Sets couple through their coils alone.
//! | gate | u |
//! |---|---|
//! | switching | averaged over the PWM period: duty times bus; phases less their mean (floating star) |
//! | open, current flows | the diodes put the bus against the current until it is zero |
//! | open, no current | open circuit: the current stays zero |
//!
//! # Timing
//! Duties hold for a whole period. The instant when a freewheeling current ends is rounded up to a substep (12.5 us).
//! # Limits and failure
//! Duty is cut to -1..1 (coils) and 0..1 (phases); a duty that is not a number counts as 0. An open bridge does
//! not conduct again by back-EMF: 20 V line to line at 5500 rpm against a bus of 48 V.

use levitas_core::ports::LevitationOutputs;

use crate::dynamics::{COIL, Held, PHASE, State};
use crate::parameters::Plant;

/// Electrical constants that the bridges need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windings {
    coil_inductance_h: f64,
    set_mutual_coupling: f64,
}

/// Directions of the phase axes in alpha, beta.
const HALF_SQRT_3: f64 = 0.866_025_403_784_438_6;
const PHASE_AXIS: [[f64; 2]; 3] = [[1.0, 0.0], [-0.5, HALF_SQRT_3], [-0.5, -HALF_SQRT_3]];
/// Currents below this are none [A].
const NO_CURRENT_A: f64 = 1.0e-9;

/// Phase currents from alpha, beta.
pub(crate) fn phase_currents(alpha_beta: [f64; 2]) -> [f64; 3] {
    PHASE_AXIS.map(|axis| axis[0] * alpha_beta[0] + axis[1] * alpha_beta[1])
}

/// Alpha, beta from three phase values; their mean drops out.
fn alpha_beta(phases: [f64; 3]) -> [f64; 2] {
    let [a, b, c] = phases;
    [(2.0 * a - b - c) / 3.0, (b - c) / (2.0 * HALF_SQRT_3)]
}

fn duty(value: f32, low: f64, high: f64) -> f64 {
    let value = f64::from(value);
    if value.is_nan() { 0.0_f64.max(low) } else { value.clamp(low, high) }
}

impl Windings {
    pub(crate) fn new(plant: &Plant) -> Self {
        Self {
            coil_inductance_h: plant.bearing.inductance_h,
            set_mutual_coupling: plant.bearing.set_mutual_coupling,
        }
    }

    /// Puts voltages and conduction of both sets into `held` for the substep that starts at `state`.
    pub(crate) fn apply(
        &self,
        outputs: &[LevitationOutputs; 2],
        bus_v: [f64; 2],
        state: &State,
        held: &mut Held,
    ) {
        for set in 0..2 {
            self.apply_phases(&outputs[set], bus_v[set], set, state, held);
        }
        for axis in 0..2 {
            let mut free = [true; 2];
            for set in 0..2 {
                let channel = 2 * set + axis;
                let current = state[COIL + channel];
                let output = &outputs[set];
                held.coil_voltage_v[channel] = if output.coil_gate != 0 {
                    duty(output.coil_duty[axis], -1.0, 1.0) * bus_v[set]
                } else if current.abs() > NO_CURRENT_A {
                    -bus_v[set].copysign(current)
                } else {
                    free[set] = false;
                    0.0
                };
            }
            held.coil_inverse[axis] = self.coil_inverse(free);
        }
    }

    /// Inverse inductance of the two sets' coils on one axis [1/H]: AA, AB = BA, BB.
    fn coil_inverse(&self, free: [bool; 2]) -> [f64; 3] {
        let (self_inverse, k) = (1.0 / self.coil_inductance_h, self.set_mutual_coupling);
        match free {
            [true, true] => {
                let factor = self_inverse / (1.0 - k * k);
                [factor, -k * factor, factor]
            }
            [true, false] => [self_inverse, 0.0, 0.0],
            [false, true] => [0.0, 0.0, self_inverse],
            [false, false] => [0.0; 3],
        }
    }

    fn apply_phases(
        &self,
        output: &LevitationOutputs,
        bus_v: f64,
        set: usize,
        state: &State,
        held: &mut Held,
    ) {
        let current = [state[PHASE + 2 * set], state[PHASE + 2 * set + 1]];
        if output.phase_gate != 0 {
            held.phase_voltage_v[set] =
                alpha_beta(output.phase_duty.map(|value| duty(value, 0.0, 1.0) * bus_v));
            held.phase_projection[set] = [1.0, 0.0, 1.0];
            return;
        }
        let phases = phase_currents(current);
        let signs = phases.map(|i| if i.abs() > NO_CURRENT_A { 1.0_f64.copysign(i) } else { 0.0 });
        held.phase_voltage_v[set] = alpha_beta(signs.map(|sign| -0.5 * bus_v * sign));
        held.phase_projection[set] = match signs.iter().filter(|&&sign| sign == 0.0).count() {
            0 => [1.0, 0.0, 1.0],
            1 => {
                // Two phases conduct in series: only current square to the third one's axis can change.
                let idle = signs.iter().position(|&sign| sign == 0.0).unwrap_or(0);
                let [x, y] = PHASE_AXIS[idle];
                [y * y, -x * y, x * x]
            }
            _ => [0.0; 3],
        };
    }

    /// Ends freewheeling currents that crossed zero in the substep from `before` to `state`.
    pub(crate) fn extinguish(&self, outputs: &[LevitationOutputs; 2], before: &State, state: &mut State) {
        for (set, output) in outputs.iter().enumerate() {
            if output.coil_gate == 0 {
                for channel in COIL + 2 * set..COIL + 2 * set + 2 {
                    if state[channel] * before[channel] <= 0.0 {
                        state[channel] = 0.0;
                    }
                }
            }
            if output.phase_gate == 0 {
                let alpha = PHASE + 2 * set;
                let ended =
                    ended_phases([before[alpha], before[alpha + 1]], [state[alpha], state[alpha + 1]]);
                state[alpha..alpha + 2].copy_from_slice(&ended);
            }
        }
    }
}

/// Current after a freewheeling substep: a phase whose sign changed is out.
fn ended_phases(before: [f64; 2], after: [f64; 2]) -> [f64; 2] {
    let (old, new) = (phase_currents(before), phase_currents(after));
    let out = |phase: usize| old[phase].abs() <= NO_CURRENT_A || old[phase] * new[phase] <= 0.0;
    match (0..3).filter(|&phase| out(phase)).count() {
        0 => after,
        1 => {
            let idle = (0..3).find(|&phase| out(phase)).unwrap_or(0);
            let axis = PHASE_AXIS[idle];
            [after[0] - new[idle] * axis[0], after[1] - new[idle] * axis[1]]
        }
        _ => [0.0; 2],
    }
}
