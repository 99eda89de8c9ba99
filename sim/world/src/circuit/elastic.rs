// SPDX-License-Identifier: Apache-2.0
//! A circuit that stretches: three flows and two pressures between them.
//!
//! # Model
//! Drained flow Q_d, flow of the pump Q_p, returned flow Q_r; P_d before the pump, P_r behind the membrane lung.
//! | equation | |
//! |---|---|
//! | L_d dQ_d/dt = P_v - P_d - drops | drainage cannula, inlet, clamp, tubing |
//! | C_d dP_d/dt = Q_d - Q_p | drainage tubing |
//! | L_p dQ_p/dt = P_d + H - P_r - drops | pump, its tubing, membrane lung |
//! | C_r dP_r/dt = Q_p - Q_r | membrane lung and tubing around it |
//! | L_r dQ_r/dt = P_r - P_a - drops | return tubing, clamp, return cannula |
//!
//! Without it a clamp that shuts stops 4 m of blood at once, and the pressure before it is as high as it likes.

use super::clamp::OPENING_MIN;
use super::{BloodCircuit, INERTANCE_MIN, Instant};
use crate::pump::Hydraulics;

/// Least inertance of the pump's tubing [mmHg/(L/min/s)].
const PUMP_INERTANCE_MIN: f64 = 0.1 * INERTANCE_MIN;
/// L/min per mL/s.
const LPM_PER_ML_PER_S: f64 = 0.06;

/// Flows Q_d, Q_p, Q_r [L/min], pressures P_d, P_r [mmHg].
pub(super) type Nodes = [f64; 5];

impl BloodCircuit {
    /// Both sides stretch; else the circuit is rigid.
    pub(super) fn is_elastic(&self) -> bool {
        let compliance = &self.circuit.compliance;
        compliance.drainage_ml_per_mmhg >= 0.01 && compliance.return_ml_per_mmhg >= 0.01
    }

    /// The nodes of a steady flow.
    pub(super) fn steady_nodes(&self, flow: f64) -> Nodes {
        let [drainage, back] = self.openings(0.0);
        let venous = self.ends.venous_mmhg - self.drainage_drop(flow, drainage.max(OPENING_MIN), &self.ends);
        let arterial = self.ends.arterial_mmhg + self.return_drop(flow, back.max(OPENING_MIN));
        [flow, flow, flow, venous, arterial]
    }

    fn node_rates(&self, pump: &Hydraulics, nodes: &Nodes, now: &Instant) -> Nodes {
        let [drained, pumped, returned, before, behind] = *nodes;
        let [drainage, back] = now.openings;
        let compliance = &self.circuit.compliance;
        let drained_rate = if drainage < OPENING_MIN {
            0.0
        } else {
            (now.ends.venous_mmhg - before - self.drainage_drop(drained, drainage, &now.ends))
                / self.drainage_tube.inertance.max(INERTANCE_MIN)
        };
        let returned_rate = if back < OPENING_MIN {
            0.0
        } else {
            (behind - now.ends.arterial_mmhg - self.return_drop(returned, back))
                / self.return_tube.inertance.max(INERTANCE_MIN)
        };
        let gain = before - behind + pump.head_mmhg(now.speed, pumped) * now.head_factor;
        let drops = self.pump_tube.drop_mmhg(pumped) + self.lung_drop(pumped);
        [
            drained_rate,
            (gain - drops) / self.pump_tube.inertance.max(PUMP_INERTANCE_MIN),
            returned_rate,
            (drained - pumped) / (LPM_PER_ML_PER_S * compliance.drainage_ml_per_mmhg),
            (pumped - returned) / (LPM_PER_ML_PER_S * compliance.return_ml_per_mmhg),
        ]
    }

    /// One classic Runge-Kutta step through its start, middle and end.
    pub(super) fn advance_nodes(&mut self, pump: &Hydraulics, instants: &[Instant; 3], step_s: f64) {
        let [start, middle, end] = instants;
        let nodes = self.nodes;
        let moved = |rates: &Nodes, by_s: f64| -> Nodes {
            core::array::from_fn(|index| nodes[index] + by_s * rates[index])
        };
        let k1 = self.node_rates(pump, &nodes, start);
        let k2 = self.node_rates(pump, &moved(&k1, 0.5 * step_s), middle);
        let k3 = self.node_rates(pump, &moved(&k2, 0.5 * step_s), middle);
        let k4 = self.node_rates(pump, &moved(&k3, step_s), end);
        for (index, node) in self.nodes.iter_mut().enumerate() {
            *node += step_s / 6.0 * (k1[index] + 2.0 * (k2[index] + k3[index]) + k4[index]);
        }
        let [drainage, back] = end.openings;
        if drainage < OPENING_MIN {
            self.nodes[0] = 0.0;
        }
        if back < OPENING_MIN {
            self.nodes[2] = 0.0;
        }
        self.flow_rate = k4[1];
        [self.drained_lpm, self.pumped_lpm, self.flow_lpm, ..] = self.nodes;
    }
}
