// SPDX-License-Identifier: Apache-2.0
//! The blood circuit: one flow through cannulas, tubing, membrane lung and pump, between the two ends of a patient.
//!
//! # Model
//! venous -> drainage cannula -> tubing -> [drainage] pump -> tubing -> [pre-membrane] lung -> [return] tubing
//! with clamp -> return cannula -> arterial. One incompressible flow Q:
//! L dQ/dt = P_v - P_a + H(w, Q) - sum of drops(Q). Air takes a part of H.
//! | element | drop [mmHg], Q in L/min |
//! |---|---|
//! | cannula | R Q\|Q\|, R times (nu / nu of water)^exponent |
//! | membrane lung | R Q, R with the viscosity |
//! | clamps on both lines, opening s | R (1/s^2 - 1) Q\|Q\|; s < 0.01: Q = 0 |
//! | kink, clot | times its factor |
//! | tubing, laminar (Re < 2000) | 128 mu l Q / (pi D^4) |
//! | tubing, turbulent (Re > 3000) | f l/D rho v^2 / 2, f = 0.316 Re^-0.25 (Blasius) |
//! | tubing, between | the two blended by 3 u^2 - 2 u^3, u = (Re - 2000) / 1000 |
//! | inertance of tubing | L = rho l / A |
//!
//! # Timing
//! One Runge-Kutta step of 50 us per levitation period, with the speed linear in time.
//! # Limits and failure
//! With a compliance in its file it stretches, see [`elastic`], else it is rigid. No hydrostatic heads, no inertance of
//! cannulas and lung.
//! # Source
//! `docs/world.md`: makers' charts by way of published fits.

pub(crate) mod air;
mod change;
mod clamp;
mod elastic;
pub(crate) mod heat;
mod tube;

pub use change::{CircuitChange, KinkSite, Line};

use clamp::Clamp;
use elastic::Nodes;
use tube::Tube;
pub(crate) use tube::turbulence;

use crate::parameters::{Circuit, RotorFluid, Tubing};
use crate::patient::Ends;
use crate::pump::Hydraulics;

/// How long the staff remembers the peaks of the arterial pressure [s].
const PEAK_S: f64 = 5.0;
/// Water at 20 C, which cannulas are measured with [m2/s].
const WATER_M2_PER_S: f64 = 1.004e-6;
/// Least inertance [mmHg/(L/min/s)], that of half a metre of 3/8" tubing: keeps the fixed step stable.
const INERTANCE_MIN: f64 = 1.0;

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
    /// Factors of the fluid: cannulas against water, lung against the fluid of the start.
    cannula_factor: f64,
    lung_factor: f64,
    start_viscosity_pa_s: f64,
    /// Factors of kinks, by site, and of clots.
    kinks: [f64; 4],
    clot: f64,
    /// Returned flow, which passes the meter [L/min]; in a rigid circuit all three are one.
    pub(crate) flow_lpm: f64,
    /// Flow of the pump [L/min].
    pub(crate) pumped_lpm: f64,
    /// Drained flow [L/min].
    pub(crate) drained_lpm: f64,
    /// Rate of change of the pump's flow at the end of the last step [L/min/s].
    pub(crate) flow_rate: f64,
    nodes: Nodes,
    /// Highest pressure of the last beats around the return cannula, as the staff sees it [mmHg].
    arterial_peak_mmhg: f64,
    pub(crate) return_clamp: Clamp,
    pub(crate) drainage_clamp: Clamp,
}

/// What a step of the flow goes through.
#[derive(Clone, Copy)]
struct Instant {
    speed: f64,
    /// Of drainage and return clamp.
    openings: [f64; 2],
    ends: Ends,
    /// What air leaves of the pump's head.
    head_factor: f64,
}

impl BloodCircuit {
    pub(crate) fn new(circuit: &Circuit, ends: Ends, fluid: &RotorFluid) -> Self {
        let tube = |tubing: &Tubing| Tube::new(tubing, fluid);
        let mut new = Self {
            circuit: *circuit,
            ends,
            drainage_tube: tube(&circuit.drainage_tubing),
            pump_tube: tube(&circuit.pump_tubing),
            return_tube: tube(&circuit.return_tubing),
            inertance: 0.0,
            cannula_factor: 1.0,
            lung_factor: 1.0,
            start_viscosity_pa_s: fluid.viscosity_pa_s,
            kinks: [1.0; 4],
            clot: 1.0,
            flow_lpm: 0.0,
            pumped_lpm: 0.0,
            drained_lpm: 0.0,
            flow_rate: 0.0,
            nodes: [0.0; 5],
            arterial_peak_mmhg: ends.arterial_mmhg,
            return_clamp: Clamp::at(0.0),
            drainage_clamp: Clamp::OPEN,
        };
        new.set_fluid(fluid);
        new
    }

    /// Another fluid fills the circuit.
    pub(crate) fn set_fluid(&mut self, fluid: &RotorFluid) {
        let tube = |tubing: &Tubing| Tube::new(tubing, fluid);
        self.drainage_tube = tube(&self.circuit.drainage_tubing);
        self.pump_tube = tube(&self.circuit.pump_tubing);
        self.return_tube = tube(&self.circuit.return_tubing);
        self.inertance =
            (self.drainage_tube.inertance + self.pump_tube.inertance + self.return_tube.inertance)
                .max(INERTANCE_MIN);
        let kinematic = fluid.viscosity_pa_s / fluid.density_kg_per_m3;
        self.cannula_factor = libm::pow(kinematic / WATER_M2_PER_S, self.circuit.cannulas.viscosity_exponent);
        self.lung_factor = fluid.viscosity_pa_s / self.start_viscosity_pa_s;
    }

    /// Starts with a given flow and opening of the return clamp.
    pub(crate) fn start(&mut self, flow_lpm: f64, clamp_opening: f64) {
        self.return_clamp = Clamp::at(clamp_opening);
        self.set_flow(if self.return_clamp.is_shut() { 0.0 } else { flow_lpm });
        self.nodes = self.steady_nodes(self.flow_lpm);
    }

    /// One flow all the way round.
    fn set_flow(&mut self, flow_lpm: f64) {
        (self.flow_lpm, self.pumped_lpm, self.drained_lpm) = (flow_lpm, flow_lpm, flow_lpm);
    }

    /// Rate of change of the flow of a start.
    pub(crate) fn settle_rate(&mut self, pump: &Hydraulics, speed: f64) {
        let now = Instant { speed, openings: self.openings(0.0), ends: self.ends, head_factor: 1.0 };
        self.flow_rate = self.rate(pump, self.flow_lpm, &now);
    }

    /// A hand closes or opens a clamp, a part kinks, the lung clots.
    pub(crate) fn change(&mut self, change: &CircuitChange) {
        match *change {
            CircuitChange::Clamp(line) => self.clamp_of(line).close(),
            CircuitChange::Unclamp(line) => self.clamp_of(line).open(),
            CircuitChange::Kink { site, factor } => self.kinks[site as usize] = factor,
            CircuitChange::Clot { factor } => self.clot = factor,
            CircuitChange::AirBolus { .. } | CircuitChange::Viscosity { .. } => {}
        }
    }

    fn clamp_of(&mut self, line: Line) -> &mut Clamp {
        match line {
            Line::Return => &mut self.return_clamp,
            Line::Drainage => &mut self.drainage_clamp,
        }
    }

    /// Openings of drainage and return clamp after some time.
    fn openings(&self, time_s: f64) -> [f64; 2] {
        [&self.drainage_clamp, &self.return_clamp]
            .map(|clamp| clamp.after(&self.circuit.return_clamp, time_s))
    }

    /// Resistance of a clamp.
    fn clamp_resistance(&self, opening: f64) -> f64 {
        self.circuit.return_clamp.resistance_mmhg_per_lpm2 * (1.0 / (opening * opening) - 1.0)
    }

    /// Drop upstream of the pump.
    fn drainage_drop(&self, flow: f64, opening: f64, ends: &Ends) -> f64 {
        let cannula = self.circuit.drainage_cannula.resistance_mmhg_per_lpm2
            * (self.cannula_factor * self.kinks[KinkSite::DrainageCannula as usize]);
        (cannula + ends.inlet_mmhg_per_lpm2 + self.clamp_resistance(opening)) * flow * flow.abs()
            + self.kinks[KinkSite::DrainageTubing as usize] * self.drainage_tube.drop_mmhg(flow)
    }

    /// Drop of the membrane lung.
    fn lung_drop(&self, flow: f64) -> f64 {
        self.circuit.membrane_lung.resistance_mmhg_per_lpm * (self.lung_factor * self.clot) * flow
    }

    /// Drop behind the membrane lung.
    fn return_drop(&self, flow: f64, opening: f64) -> f64 {
        let cannula = self.circuit.return_cannula.resistance_mmhg_per_lpm2
            * (self.cannula_factor * self.kinks[KinkSite::ReturnCannula as usize]);
        (cannula + self.clamp_resistance(opening)) * flow * flow.abs()
            + self.kinks[KinkSite::ReturnTubing as usize] * self.return_tube.drop_mmhg(flow)
    }

    fn rate(&self, pump: &Hydraulics, flow: f64, now: &Instant) -> f64 {
        let [drainage, back] = now.openings;
        if drainage < clamp::OPENING_MIN || back < clamp::OPENING_MIN {
            return 0.0;
        }
        let drops = self.drainage_drop(flow, drainage, &now.ends)
            + self.pump_tube.drop_mmhg(flow)
            + self.lung_drop(flow)
            + self.return_drop(flow, back);
        let gain =
            now.ends.venous_mmhg - now.ends.arterial_mmhg + pump.head_mmhg(now.speed, flow) * now.head_factor;
        (gain - drops) / self.inertance
    }

    /// One step of `step_s` with speed [rad/s] and the patient's ends going from the first to the second value.
    pub(crate) fn advance(
        &mut self,
        pump: &Hydraulics,
        speeds: [f64; 2],
        ends: &[Ends; 2],
        head_factor: f64,
        step_s: f64,
    ) {
        self.work_clamp(pump, speeds[0], step_s);
        let at = |part: f64, speed: f64, ends: Ends| Instant {
            speed,
            openings: self.openings(step_s * part),
            ends,
            head_factor,
        };
        let start = at(0.0, speeds[0], ends[0]);
        let middle = at(0.5, 0.5 * (speeds[0] + speeds[1]), ends[0].toward(&ends[1], 0.5));
        let end = at(1.0, speeds[1], ends[1]);
        if self.is_elastic() {
            self.advance_nodes(pump, &[start, middle, end], step_s);
        } else {
            self.advance_rigid(pump, &[start, middle, end], step_s);
        }
        [self.drainage_clamp.opening, self.return_clamp.opening] = end.openings;
        self.ends = ends[1];
        if !self.is_elastic() && (self.drainage_clamp.is_shut() || self.return_clamp.is_shut()) {
            self.set_flow(0.0);
            self.flow_rate = 0.0;
        }
    }

    /// One classic Runge-Kutta step of the one flow.
    fn advance_rigid(&mut self, pump: &Hydraulics, [start, middle, end]: &[Instant; 3], step_s: f64) {
        let q = self.flow_lpm;
        let k1 = self.rate(pump, q, start);
        let k2 = self.rate(pump, q + 0.5 * step_s * k1, middle);
        let k3 = self.rate(pump, q + 0.5 * step_s * k2, middle);
        let k4 = self.rate(pump, q + step_s * k3, end);
        self.set_flow(q + step_s / 6.0 * (k1 + 2.0 * (k2 + k3) + k4));
        self.flow_rate = k4;
    }

    /// The staff opens the clamp of the start once the pump would push forward against the highest pressure of the last beats.
    fn work_clamp(&mut self, pump: &Hydraulics, speed: f64, step_s: f64) {
        if !self.return_clamp.waits() {
            return;
        }
        let arterial = self.ends.arterial_mmhg;
        self.arterial_peak_mmhg += (arterial - self.arterial_peak_mmhg) * step_s / PEAK_S;
        self.arterial_peak_mmhg = self.arterial_peak_mmhg.max(arterial);
        let wanted = self.arterial_peak_mmhg + self.circuit.return_clamp.head_margin_mmhg;
        // A circuit that stretches has to be filled up to that pressure first.
        let filled = !self.is_elastic() || self.nodes[4] > self.arterial_peak_mmhg;
        if filled && pump.head_mmhg(speed, 0.0) > wanted {
            self.return_clamp.open();
        }
    }

    /// Pressures at the three sites. They are counted from the patient's vein on, behind a shut drainage clamp from the
    /// artery back: nothing flows then.
    pub(crate) fn pressures(&self, pump: &Hydraulics, speed: f64, head_factor: f64) -> Pressures {
        let (flow, rate) = (self.pumped_lpm, self.flow_rate);
        let head_mmhg = pump.head_mmhg(speed, flow) * head_factor;
        if self.is_elastic() {
            let [.., drainage_mmhg, return_mmhg] = self.nodes;
            let pre_membrane_mmhg = return_mmhg + self.lung_drop(flow);
            return Pressures { head_mmhg, drainage_mmhg, pre_membrane_mmhg, return_mmhg };
        }
        if self.drainage_clamp.is_shut() {
            let return_mmhg = self.ends.arterial_mmhg;
            let drainage_mmhg = return_mmhg - head_mmhg;
            return Pressures { head_mmhg, drainage_mmhg, pre_membrane_mmhg: return_mmhg, return_mmhg };
        }
        let drainage_mmhg = self.ends.venous_mmhg
            - self.drainage_drop(flow, self.drainage_clamp.opening, &self.ends)
            - self.drainage_tube.inertance * rate;
        let pre_membrane_mmhg =
            drainage_mmhg + head_mmhg - self.pump_tube.drop_mmhg(flow) - self.pump_tube.inertance * rate;
        let return_mmhg = pre_membrane_mmhg - self.lung_drop(flow);
        Pressures { head_mmhg, drainage_mmhg, pre_membrane_mmhg, return_mmhg }
    }
}
