// SPDX-License-Identifier: Apache-2.0
//! Rates of change of a patient's volumes and flows; the equations stand in the [patient](super).

use super::heart::Activation;
use super::{Body, cava};
use crate::parameters::LivingPatient;

/// Where in the state a volume or a flow is.
pub(super) const AORTA: usize = 0;
pub(super) const ARTERIES: usize = 1;
pub(super) const VEINS: usize = 2;
pub(super) const CAVA: usize = 3;
pub(super) const RIGHT_ATRIUM: usize = 4;
pub(super) const RIGHT_VENTRICLE: usize = 5;
pub(super) const LUNG_SINUS: usize = 6;
pub(super) const LUNG_ARTERIES: usize = 7;
pub(super) const LUNG_VEINS: usize = 8;
pub(super) const LEFT_ATRIUM: usize = 9;
pub(super) const LEFT_VENTRICLE: usize = 10;
pub(super) const VOLUMES: usize = 11;
pub(super) const Q_AORTA: usize = 11;
pub(super) const Q_PERIPHERAL: usize = 12;
pub(super) const Q_SINUS: usize = 13;
pub(super) const Q_LUNG: usize = 14;
pub(super) const Q_TRICUSPID: usize = 15;
pub(super) const Q_PULMONARY: usize = 16;
pub(super) const Q_MITRAL: usize = 17;
pub(super) const Q_AORTIC: usize = 18;
pub(super) const SIZE: usize = 19;

pub(super) type State = [f64; SIZE];

/// Inflow of a step [mL/s].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inflow {
    /// Of the circuit: out of the drainage, into the return.
    pub(super) drained: f64,
    pub(super) returned: f64,
    /// Into the veins: transfusion, less loss, less what pools.
    pub(super) veins: f64,
}

impl Body {
    /// Rates of change of volumes and flows.
    pub(super) fn rates(&self, state: &State, active: Activation, flow: &Inflow) -> State {
        let LivingPatient { systemic, pulmonary, cava, heart, cannulation, .. } = &self.parameters;
        let aorta = state[AORTA] / systemic.aorta_compliance_ml_per_mmhg;
        let arteries = state[ARTERIES] / systemic.artery_compliance_ml_per_mmhg;
        let veins = state[VEINS] / systemic.vein_compliance_ml_per_mmhg;
        let great_vein = cava.pressure_mmhg(state[CAVA]);
        let right_atrium = heart.right_atrium(active.atrium, state[RIGHT_ATRIUM]);
        let right_ventricle =
            heart.right_ventricle(active.ventricle, self.contractility, state[RIGHT_VENTRICLE]);
        let sinus = state[LUNG_SINUS] / pulmonary.sinus_compliance_ml_per_mmhg;
        let lung_arteries = state[LUNG_ARTERIES] / pulmonary.artery_compliance_ml_per_mmhg;
        let lung_veins = state[LUNG_VEINS] / pulmonary.vein_compliance_ml_per_mmhg;
        let left_atrium = heart.left_atrium(active.atrium, state[LEFT_ATRIUM]);
        let left_ventricle =
            heart.left_ventricle(active.ventricle, self.contractility, state[LEFT_VENTRICLE]);

        let to_cava = cava::starling(veins, great_vein, systemic.vein_resistance_mmhg_s_per_ml);
        let to_atrium = cava::starling(great_vein, right_atrium, cava.resistance_mmhg_s_per_ml);
        let to_left = (lung_veins - left_atrium) / pulmonary.vein_resistance_mmhg_s_per_ml;
        let from_cava = cannulation.drainage_cava_share * flow.drained;
        let into_atrium = cannulation.return_atrium_share * flow.returned;
        let into_arteries = flow.returned - into_atrium;
        let femoral = cannulation.return_femoral_share * into_arteries;
        let peripheral = self.tone * systemic.peripheral_resistance_mmhg_s_per_ml;
        let line =
            |drop: f64, resistance: f64, inertance: f64, flow: f64| (drop - resistance * flow) / inertance;

        let mut rate = [0.0; SIZE];
        rate[AORTA] = state[Q_AORTIC] - state[Q_AORTA] + (into_arteries - femoral);
        rate[ARTERIES] = state[Q_AORTA] - state[Q_PERIPHERAL] + femoral;
        rate[VEINS] = state[Q_PERIPHERAL] - to_cava + flow.veins;
        rate[CAVA] = to_cava - to_atrium - from_cava;
        rate[RIGHT_ATRIUM] = to_atrium - state[Q_TRICUSPID] - (flow.drained - from_cava) + into_atrium;
        rate[RIGHT_VENTRICLE] = state[Q_TRICUSPID] - state[Q_PULMONARY];
        rate[LUNG_SINUS] = state[Q_PULMONARY] - state[Q_SINUS];
        rate[LUNG_ARTERIES] = state[Q_SINUS] - state[Q_LUNG];
        rate[LUNG_VEINS] = state[Q_LUNG] - to_left;
        rate[LEFT_ATRIUM] = to_left - state[Q_MITRAL];
        rate[LEFT_VENTRICLE] = state[Q_MITRAL] - state[Q_AORTIC];
        rate[Q_AORTA] = line(
            aorta - arteries,
            systemic.aorta_resistance_mmhg_s_per_ml,
            systemic.aorta_inertance_mmhg_s2_per_ml,
            state[Q_AORTA],
        );
        rate[Q_PERIPHERAL] = line(
            arteries - veins,
            peripheral,
            systemic.peripheral_inertance_mmhg_s2_per_ml,
            state[Q_PERIPHERAL],
        );
        rate[Q_SINUS] = line(
            sinus - lung_arteries,
            pulmonary.sinus_resistance_mmhg_s_per_ml,
            pulmonary.sinus_inertance_mmhg_s2_per_ml,
            state[Q_SINUS],
        );
        rate[Q_LUNG] = line(
            lung_arteries - lung_veins,
            pulmonary.resistance_mmhg_s_per_ml,
            pulmonary.inertance_mmhg_s2_per_ml,
            state[Q_LUNG],
        );
        rate[Q_TRICUSPID] = self.inlet_valve.rate(right_atrium - right_ventricle, state[Q_TRICUSPID]);
        rate[Q_PULMONARY] = self.outlet_valve.rate(right_ventricle - sinus, state[Q_PULMONARY]);
        rate[Q_MITRAL] = self.inlet_valve.rate(left_atrium - left_ventricle, state[Q_MITRAL]);
        rate[Q_AORTIC] = self.outlet_valve.rate(left_ventricle - aorta, state[Q_AORTIC]);
        rate
    }
}

/// A state some time later at these rates.
pub(super) fn moved(state: &State, rate: &State, by_s: f64) -> State {
    core::array::from_fn(|index| state[index] + by_s * rate[index])
}
