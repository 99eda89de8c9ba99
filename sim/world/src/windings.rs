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
//! | open, back-EMF of the phases above the bus | the diodes rectify: the highest phase feeds the upper rail, the lowest the lower one, the third when its terminal passes a rail |
//!
//! | fault | |
//! |---|---|
//! | coil open | no current, whatever is applied or induced. At the break the arc takes the current at once; the other set's coil on the axis keeps its flux and so takes over k i, if it conducts |
//! | phase open | the other two are in series. At the break the arc takes the phase's current; the flux of the loop of the other two stays |
//! | phase short | terminal on the lower rail, whatever the duty. With the phase gate the isolation switch opens too: the phase freewheels and is then free of current as the others |
//! | winding leak | nothing: one connection of a floating supply to the stator carries no current |
//! | gate fault | both bridges open |
//!
//! Test of a set at rest: a small current through each winding, beside the bridges. An open winding does not pass it, one that leaks loses some
//! of it to the stator; a phase on a rail behind its isolation switch does neither. It takes [`TEST_S`].
//!
//! Phases of faults are the drive's terminals. With a negative phase order terminal B leads to winding C and C to B.
//! # Timing
//! Duties hold for a whole period. The instant when a freewheeling current ends is rounded up to a substep (12.5 us);
//! so is the one when a phase begins to rectify.
//! # Limits and failure
//! Duty is cut to -1..1 (coils) and 0..1 (phases); a duty that is not a number counts as 0. An open coil bridge does
//! not conduct by motion EMF: 1 V at 0.1 m/s. A shorted terminal draws nothing from the bus: its own half bridge has
//! switched itself off.

use levitas_core::ports::{LevitationOutputs, pair};

use crate::dynamics::{ANGLE, COIL, Held, PHASE, SPEED, State, rotate, small_angle};
use crate::fault::Fault;
use crate::parameters::Plant;

/// Electrical constants that the bridges need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Windings {
    coil_inductance_h: f64,
    set_mutual_coupling: f64,
    /// Back-EMF per speed, peak per phase [V s/rad].
    emf_v_s_per_rad: f64,
    poles: f64,
    /// Terminals B and C are exchanged.
    crossed: bool,
    /// Interrupted coils A x, A y, B x, B y and windings A, B, C by set; windings on the lower rail.
    coil_open: [bool; 4],
    phase_open: [[bool; 3]; 2],
    phase_shorted: [[bool; 3]; 2],
    leaks: [bool; 2],
    gate_fault: [bool; 2],
}

/// How long a failed winding has had to rest before its test says so [s].
pub(crate) const TEST_S: f64 = 10.0e-3;
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
            emf_v_s_per_rad: plant.motor.pole_pairs * plant.motor.flux_linkage_wb,
            poles: plant.motor.pole_pairs,
            crossed: plant.motor.phase_order < 0.0,
            coil_open: [false; 4],
            phase_open: [[false; 3]; 2],
            phase_shorted: [[false; 3]; 2],
            leaks: [false; 2],
            gate_fault: [false; 2],
        }
    }

    /// Takes a fault of windings or bridges, ignores the others. What is interrupted loses its current here.
    ///
    /// `outputs` are those of the coming period.
    pub(crate) fn fault(
        &mut self,
        set: usize,
        fault: &Fault,
        outputs: &[LevitationOutputs; 2],
        state: &mut State,
    ) {
        match *fault {
            Fault::CoilOpen { axis } => {
                let closed = self.reach(*outputs)[1 - set].coil_gate != 0;
                self.break_coil(set, axis, closed, state);
            }
            Fault::PhaseOpen { phase } => {
                self.phase_open[set][self.winding(phase)] = true;
                let [xx, xy, yy] = projection(self.phase_open[set]);
                let (alpha, beta) = (state[PHASE + 2 * set], state[PHASE + 2 * set + 1]);
                state[PHASE + 2 * set] = xx * alpha + xy * beta;
                state[PHASE + 2 * set + 1] = xy * alpha + yy * beta;
            }
            Fault::PhaseShort { phase } => self.phase_shorted[set][self.winding(phase)] = true,
            Fault::WindingLeak => self.leaks[set] = true,
            Fault::GateFault => self.gate_fault[set] = true,
            _ => {}
        }
    }

    /// `closed`: the gate of the other set's coils.
    fn break_coil(&mut self, set: usize, axis: usize, closed: bool, state: &mut State) {
        let (broken, other) = (2 * set + axis, 2 * (1 - set) + axis);
        self.coil_open[broken] = true;
        let current = core::mem::replace(&mut state[COIL + broken], 0.0);
        if !self.coil_open[other] && (closed || state[COIL + other].abs() > NO_CURRENT_A) {
            state[COIL + other] += self.set_mutual_coupling * current;
        }
    }

    /// Ends the faults of a set.
    pub(crate) fn clear(&mut self, set: usize) {
        self.coil_open[2 * set..2 * set + 2].fill(false);
        self.phase_open[set] = [false; 3];
        self.phase_shorted[set] = [false; 3];
        self.leaks[set] = false;
        self.gate_fault[set] = false;
    }

    /// What the test of a set at rest finds: bits of [`pair`].
    pub(crate) fn test(&self, set: usize) -> u32 {
        let is_open =
            self.coil_open[2 * set..2 * set + 2].contains(&true) || self.phase_open[set].contains(&true);
        pair::WINDING_TESTED
            | if is_open { pair::WINDING_OPEN } else { 0 }
            | if self.leaks[set] { pair::WINDING_LEAK } else { 0 }
    }

    /// The winding at a terminal of the drive, and the terminal of a winding.
    fn winding(&self, terminal: usize) -> usize {
        if self.crossed && terminal > 0 { 3 - terminal } else { terminal }
    }

    /// What the phase current sensors at the drive's terminals see of a set [A].
    pub(crate) fn terminal_currents(&self, state: &State, set: usize) -> [f64; 3] {
        let mut currents = phase_currents([state[PHASE + 2 * set], state[PHASE + 2 * set + 1]]);
        if self.crossed {
            currents.swap(1, 2);
        }
        currents
    }

    /// What of the outputs reaches bridges and windings.
    pub(crate) fn reach(&self, mut outputs: [LevitationOutputs; 2]) -> [LevitationOutputs; 2] {
        if self.crossed || self.gate_fault != [false; 2] {
            for (output, gate_fault) in outputs.iter_mut().zip(self.gate_fault) {
                if gate_fault {
                    (output.coil_gate, output.phase_gate) = (0, 0);
                }
                if self.crossed {
                    output.phase_duty.swap(1, 2);
                }
            }
        }
        outputs
    }

    /// Diodes conduct in a set.
    pub(crate) fn freewheels(
        &self,
        output: &LevitationOutputs,
        set: usize,
        state: &State,
        bus_v: f64,
    ) -> bool {
        let conducts = |first: usize| state[first] != 0.0 || state[first + 1] != 0.0;
        (output.coil_gate == 0 && conducts(COIL + 2 * set))
            || (output.phase_gate == 0 && (conducts(PHASE + 2 * set) || self.line_emf_v(state) > bus_v))
    }

    /// Peak of the back-EMF line to line [V].
    fn line_emf_v(&self, state: &State) -> f64 {
        2.0 * HALF_SQRT_3 * self.emf_v_s_per_rad * state[SPEED].abs()
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
                held.coil_voltage_v[channel] = if self.coil_open[channel] {
                    free[set] = false;
                    0.0
                } else if output.coil_gate != 0 {
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
        if output.phase_gate != 0 {
            let mut terminals = output.phase_duty.map(|value| duty(value, 0.0, 1.0) * bus_v);
            for (terminal, shorted) in terminals.iter_mut().zip(self.phase_shorted[set]) {
                if shorted {
                    *terminal = 0.0;
                }
            }
            held.phase_voltage_v[set] = alpha_beta(terminals);
            held.phase_projection[set] = projection(self.phase_open[set]);
            return;
        }
        let signs = self.diodes(bus_v, set, state, held);
        held.phase_sign[set] = signs;
        held.phase_voltage_v[set] = alpha_beta(signs.map(|sign| -0.5 * bus_v * sign));
        held.phase_projection[set] = projection(signs.map(|sign| sign == 0.0));
    }

    /// Signs of the currents that the diodes of an open phase bridge carry, 0 for none.
    fn diodes(&self, bus_v: f64, set: usize, state: &State, held: &Held) -> [f64; 3] {
        let phases = phase_currents([state[PHASE + 2 * set], state[PHASE + 2 * set + 1]]);
        let mut signs = phases.map(|i| if i.abs() > NO_CURRENT_A { 1.0_f64.copysign(i) } else { 0.0 });
        if self.line_emf_v(state) <= bus_v {
            return signs;
        }
        let emf = phase_currents(self.emf_v(state, held));
        let open = self.phase_open[set];
        let idle = |phase: usize| !open[phase] && signs[phase] == 0.0;
        match (0..3).filter(|&phase| signs[phase] == 0.0).count() {
            3 => {
                let by_emf = |a: &usize, b: &usize| emf[*a].total_cmp(&emf[*b]);
                let high = (0..3).filter(|&phase| idle(phase)).max_by(by_emf);
                let low = (0..3).filter(|&phase| idle(phase)).min_by(by_emf);
                if let (Some(high), Some(low)) = (high, low)
                    && emf[high] - emf[low] > bus_v
                {
                    (signs[high], signs[low]) = (-1.0, 1.0);
                }
            }
            1 => {
                // Two phases at opposite rails: the star point is half the idle phase's back-EMF off the bus' middle.
                if let Some(third) = (0..3).find(|&phase| idle(phase))
                    && 1.5 * emf[third].abs() > 0.5 * bus_v
                {
                    signs[third] = -1.0_f64.copysign(emf[third]);
                }
            }
            _ => {}
        }
        signs
    }

    /// Back-EMF in alpha, beta [V].
    fn emf_v(&self, state: &State, held: &Held) -> [f64; 2] {
        let [cosine, sine] = rotate(small_angle(self.poles * state[ANGLE]), held.direction_electrical);
        let size = self.emf_v_s_per_rad * state[SPEED];
        [-size * sine, size * cosine]
    }

    /// What the bridges of a set took from the bus in a substep of `step_s` [J]; below 0 they gave.
    pub(crate) fn taken_j(held: &Held, set: usize, before: &State, after: &State, step_s: f64) -> f64 {
        let sum = |k: usize| before[k] + after[k];
        let (coil, phase) = (2 * set, PHASE + 2 * set);
        let [alpha_v, beta_v] = held.phase_voltage_v[set];
        let coils = held.coil_voltage_v[coil] * sum(COIL + coil)
            + held.coil_voltage_v[coil + 1] * sum(COIL + coil + 1);
        0.5 * step_s * (coils + 1.5 * (alpha_v * sum(phase) + beta_v * sum(phase + 1)))
    }

    /// Ends freewheeling currents that crossed zero in the substep from `before` to `state`.
    pub(crate) fn extinguish(
        &self,
        outputs: &[LevitationOutputs; 2],
        held: &Held,
        before: &State,
        state: &mut State,
    ) {
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
                let ended = ended_phases(held.phase_sign[set], [state[alpha], state[alpha + 1]]);
                state[alpha..alpha + 2].copy_from_slice(&ended);
            }
        }
    }
}

/// Projection onto the currents that can change, xx, xy, yy: with one idle phase the other two are in series and only
/// current square to its axis is left, with two idle ones none is.
fn projection(idle: [bool; 3]) -> [f64; 3] {
    match idle {
        [false, false, false] => [1.0, 0.0, 1.0],
        [true, false, false] => square_to(PHASE_AXIS[0]),
        [false, true, false] => square_to(PHASE_AXIS[1]),
        [false, false, true] => square_to(PHASE_AXIS[2]),
        _ => [0.0; 3],
    }
}

const fn square_to([x, y]: [f64; 2]) -> [f64; 3] {
    [y * y, -x * y, x * x]
}

/// Current after a substep in which the diodes carried currents of these signs: a phase whose sign changed is out.
fn ended_phases(signs: [f64; 3], after: [f64; 2]) -> [f64; 2] {
    let new = phase_currents(after);
    let out = |phase: usize| signs[phase] * new[phase] <= 0.0;
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
