// SPDX-License-Identifier: Apache-2.0
//! The blood circuit: one flow through cannulas, tubing, membrane lung and pump, between the two ends of a patient.
//!
//! # Model
//! venous -> drainage cannula -> tubing -> [drainage] pump -> tubing -> [pre-membrane] lung -> [return] tubing
//! with clamp -> return cannula -> arterial. One incompressible flow Q:
//! L dQ/dt = P_v - P_a + H(w, Q) - sum of drops(Q).
//! | element | drop [mmHg], Q in L/min |
//! |---|---|
//! | cannula | R Q\|Q\| |
//! | membrane lung | R Q |
//! | clamp, opening s | R (1/s^2 - 1) Q\|Q\|; s < 0.01: Q = 0 |
//! | tubing, laminar (Re < 2000) | 128 mu l Q / (pi D^4) |
//! | tubing, turbulent (Re > 3000) | f l/D rho v^2 / 2, f = 0.316 Re^-0.25 (Blasius) |
//! | tubing, between | the two blended by 3 u^2 - 2 u^3, u = (Re - 2000) / 1000 |
//! | inertance of tubing | L = rho l / A |
//!
//! # Timing
//! One Runge-Kutta step of 50 us per levitation period, with the speed linear in time.
//! # Limits and failure
//! No compliance, no hydrostatic heads, no inertance of cannulas and lung, cannulas as measured with water.
//! # Source
//! `docs/world.md`: makers' charts by way of published fits.

use core::f64::consts::PI;

use crate::parameters::{Circuit, RotorFluid, Tubing};
use crate::patient::Ends;
use crate::pump::Hydraulics;
use crate::units::{M3_PER_S_PER_LPM, PA_PER_MMHG};

/// Reynolds numbers between which the laminar law gives way to the turbulent one.
const REYNOLDS_LAMINAR: f64 = 2000.0;
const REYNOLDS_TURBULENT: f64 = 3000.0;
/// A clamp less open than this lets nothing through.
const OPENING_MIN: f64 = 0.01;
/// Least inertance [mmHg/(L/min/s)], that of half a metre of 3/8" tubing: keeps the fixed step stable.
const INERTANCE_MIN: f64 = 1.0;

/// Share of turbulent flow at a Reynolds number, 0 to 1.
pub(crate) fn turbulence(reynolds: f64) -> f64 {
    let u = ((reynolds - REYNOLDS_LAMINAR) / (REYNOLDS_TURBULENT - REYNOLDS_LAMINAR)).clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

/// Reynolds number per L/min in a tube.
fn reynolds_per_lpm(diameter_m: f64, fluid: &RotorFluid) -> f64 {
    4.0 * fluid.density_kg_per_m3 * M3_PER_S_PER_LPM / (PI * diameter_m * fluid.viscosity_pa_s)
}

/// Tubing as the coefficients of its laws, in mmHg and L/min.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tube {
    reynolds_per_lpm: f64,
    laminar: f64,
    turbulent: f64,
    pub(crate) inertance: f64,
}

impl Tube {
    pub(crate) fn new(tubing: &Tubing, fluid: &RotorFluid) -> Self {
        let (length, diameter) = (tubing.length_m, tubing.diameter_m);
        let area = 0.25 * PI * diameter * diameter;
        let velocity = M3_PER_S_PER_LPM / area;
        let reynolds = reynolds_per_lpm(diameter, fluid);
        let dynamic_pa = 0.5 * fluid.density_kg_per_m3 * velocity * velocity;
        let friction = 0.316 / libm::sqrt(libm::sqrt(reynolds));
        let poiseuille = 32.0 * fluid.viscosity_pa_s * length * velocity / (diameter * diameter);
        Self {
            reynolds_per_lpm: reynolds,
            laminar: poiseuille / PA_PER_MMHG,
            turbulent: friction * length / diameter * dynamic_pa / PA_PER_MMHG,
            inertance: fluid.density_kg_per_m3 * length / area * M3_PER_S_PER_LPM / PA_PER_MMHG,
        }
    }

    /// Pressure drop by friction [mmHg].
    pub(crate) fn drop_mmhg(&self, flow_lpm: f64) -> f64 {
        let size = flow_lpm.abs();
        let share = turbulence(self.reynolds_per_lpm * size);
        let laminar = self.laminar * flow_lpm;
        if share == 0.0 {
            return laminar;
        }
        let root = libm::sqrt(size);
        let turbulent = self.turbulent * flow_lpm * root * libm::sqrt(root);
        laminar + share * (turbulent - laminar)
    }
}

/// Pressures and flow of this moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pressures {
    pub(crate) head_mmhg: f64,
    pub(crate) drainage_mmhg: f64,
    pub(crate) pre_membrane_mmhg: f64,
    pub(crate) return_mmhg: f64,
}

/// The circuit with its state.
#[derive(Clone, Debug)]
pub(crate) struct BloodCircuit {
    circuit: Circuit,
    /// What the patient does at both ends, now.
    pub(crate) ends: Ends,
    drainage_tube: Tube,
    pump_tube: Tube,
    return_tube: Tube,
    inertance: f64,
    /// Flow [L/min].
    pub(crate) flow_lpm: f64,
    /// Rate of change of the flow at the end of the last step [L/min/s].
    pub(crate) flow_rate: f64,
    /// 0 closed, 1 open.
    pub(crate) clamp_opening: f64,
    clamp_opens: bool,
}

impl BloodCircuit {
    pub(crate) fn new(circuit: &Circuit, ends: Ends, fluid: &RotorFluid) -> Self {
        let tube = |tubing: &Tubing| Tube::new(tubing, fluid);
        let (drainage_tube, pump_tube, return_tube) =
            (tube(&circuit.drainage_tubing), tube(&circuit.pump_tubing), tube(&circuit.return_tubing));
        let inertance =
            (drainage_tube.inertance + pump_tube.inertance + return_tube.inertance).max(INERTANCE_MIN);
        Self {
            circuit: *circuit,
            ends,
            drainage_tube,
            pump_tube,
            return_tube,
            inertance,
            flow_lpm: 0.0,
            flow_rate: 0.0,
            clamp_opening: 0.0,
            clamp_opens: false,
        }
    }

    /// Starts with a given flow and clamp opening.
    pub(crate) fn start(&mut self, flow_lpm: f64, clamp_opening: f64) {
        self.clamp_opening = clamp_opening.clamp(0.0, 1.0);
        self.clamp_opens = clamp_opening > 0.0;
        self.flow_lpm = if clamp_opening >= OPENING_MIN { flow_lpm } else { 0.0 };
    }

    /// Rate of change of the flow of a start.
    pub(crate) fn settle_rate(&mut self, pump: &Hydraulics, speed: f64) {
        self.flow_rate = self.rate(pump, speed, self.flow_lpm, self.clamp_opening, &self.ends);
    }

    /// Drop upstream of the pump.
    fn drainage_drop(&self, flow: f64, ends: &Ends) -> f64 {
        (self.circuit.drainage_cannula.resistance_mmhg_per_lpm2 + ends.inlet_mmhg_per_lpm2)
            * flow
            * flow.abs()
            + self.drainage_tube.drop_mmhg(flow)
    }

    /// Drop behind the membrane lung.
    fn return_drop(&self, flow: f64, opening: f64) -> f64 {
        let clamp = self.circuit.return_clamp.resistance_mmhg_per_lpm2 * (1.0 / (opening * opening) - 1.0);
        (self.circuit.return_cannula.resistance_mmhg_per_lpm2 + clamp) * flow * flow.abs()
            + self.return_tube.drop_mmhg(flow)
    }

    fn rate(&self, pump: &Hydraulics, speed: f64, flow: f64, opening: f64, ends: &Ends) -> f64 {
        if opening < OPENING_MIN {
            return 0.0;
        }
        let drops = self.drainage_drop(flow, ends)
            + self.pump_tube.drop_mmhg(flow)
            + self.circuit.membrane_lung.resistance_mmhg_per_lpm * flow
            + self.return_drop(flow, opening);
        let gain = ends.venous_mmhg - ends.arterial_mmhg + pump.head_mmhg(speed, flow);
        (gain - drops) / self.inertance
    }

    /// One step of `step_s` with speed [rad/s] and the patient's ends going from the first to the second value.
    pub(crate) fn advance(&mut self, pump: &Hydraulics, speeds: [f64; 2], ends: &[Ends; 2], step_s: f64) {
        self.work_clamp(pump, speeds[0]);
        let opening_rate = if self.clamp_opens { 1.0 / self.circuit.return_clamp.opening_s } else { 0.0 };
        let opening = |part: f64| (self.clamp_opening + opening_rate * step_s * part).min(1.0);
        let (start, middle, end) = (opening(0.0), opening(0.5), opening(1.0));
        let middle_speed = 0.5 * (speeds[0] + speeds[1]);
        let middle_ends = ends[0].toward(&ends[1], 0.5);
        let q = self.flow_lpm;
        let k1 = self.rate(pump, speeds[0], q, start, &ends[0]);
        let k2 = self.rate(pump, middle_speed, q + 0.5 * step_s * k1, middle, &middle_ends);
        let k3 = self.rate(pump, middle_speed, q + 0.5 * step_s * k2, middle, &middle_ends);
        let k4 = self.rate(pump, speeds[1], q + step_s * k3, end, &ends[1]);
        self.flow_lpm = q + step_s / 6.0 * (k1 + 2.0 * (k2 + k3) + k4);
        self.clamp_opening = end;
        self.flow_rate = k4;
        self.ends = ends[1];
    }

    /// The staff opens the clamp once the pump would push forward.
    fn work_clamp(&mut self, pump: &Hydraulics, speed: f64) {
        if self.clamp_opens {
            return;
        }
        let wanted = self.ends.arterial_mmhg + self.circuit.return_clamp.head_margin_mmhg;
        if pump.head_mmhg(speed, 0.0) > wanted {
            self.clamp_opens = true;
        }
    }

    /// Pressures at the three sites.
    pub(crate) fn pressures(&self, pump: &Hydraulics, speed: f64) -> Pressures {
        let (flow, rate) = (self.flow_lpm, self.flow_rate);
        let head_mmhg = pump.head_mmhg(speed, flow);
        let drainage_mmhg = self.ends.venous_mmhg
            - self.drainage_drop(flow, &self.ends)
            - self.drainage_tube.inertance * rate;
        let pre_membrane_mmhg =
            drainage_mmhg + head_mmhg - self.pump_tube.drop_mmhg(flow) - self.pump_tube.inertance * rate;
        let return_mmhg = pre_membrane_mmhg - self.circuit.membrane_lung.resistance_mmhg_per_lpm * flow;
        Pressures { head_mmhg, drainage_mmhg, pre_membrane_mmhg, return_mmhg }
    }
}
