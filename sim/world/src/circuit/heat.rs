// SPDX-License-Identifier: Apache-2.0
//! Blood temperature along the circuit, without gas: patient, drainage tubing, pump head, membrane lung, return tubing.
//!
//! # Model
//! Four well-mixed volumes, each fed by the one before (backward, by the one behind), with rho c = 3.8 MJ/(m3 K):
//! | place | gains |
//! |---|---|
//! | tubing | k (T_room - T), k = 0.3 W/K per metre |
//! | pump head | the power of the shaft: all of it ends as heat of the blood |
//! | membrane lung | k (T_water - T), when water flows: that of the warming device, or of a heater-cooler of the house with 380 W/K |
//! | patient | rho c Q (T_return - T); 1.1 W/kg of metabolism, 7 % less per kelvin under 37 C; 0.07 W/K per kg to the room. Heat capacity 3470 J/(kg K), 14.3 kg of body per litre of blood |
//!
//! A lung that is well mixed has the effectiveness k/(k + rho c Q): 0.6 at 4 L/min.
//! # Limits and failure
//! Viscosity does not follow the temperature: `CircuitChange::Viscosity` sets it. A patient who sweats or shivers is left out.
//! # Source
//! facts 3.7: rho c, effectiveness 0.5 to 0.7 of exchangers, 3470 J/(kg K). Loss of tubing: 10 W/(m2 K) on 9.5 mm, a choice. Metabolism and
//! loss of the patient: 77 W of an adult at rest, in balance at 37 C in a room of 22 C (general knowledge, unverified).

use super::air::volume_ml;
use crate::parameters::{Circuit, Tubing};
use crate::warming::Exchange;

/// Heat capacity of blood [J/(mL K)].
const J_PER_ML_K: f64 = 3.8;
/// Loss of tubing [W/(m K)].
const LOSS_W_PER_M_K: f64 = 0.3;
/// Exchanger of a heater-cooler of the house [W/K].
const HOUSE_W_PER_K: f64 = 380.0;
/// Metabolism at 37 C and loss to the room, over the heat capacity [1/s K, 1/s]: 1.1 W and 0.073 W/K over 3470 J/K, per kg.
const METABOLISM_K_PER_S: f64 = 1.1 / 3470.0;
const BODY_LOSS_PER_S: f64 = 1.1 / 15.0 / 3470.0;
/// Part of the metabolism per kelvin.
const METABOLISM_PER_K: f64 = 0.07;
/// Heat capacity of the body per blood [J/(mL K)]: 3470 J/(kg K) and 70 mL/kg.
const BODY_J_PER_ML_K: f64 = 3470.0 / 70.0;
/// Temperature of blood and water at the start [C].
pub(crate) const BODY_CELSIUS: f64 = 37.0;

/// See the [module](self).
#[derive(Clone, Debug)]
pub(crate) struct Heat {
    /// Drainage tubing, head, lung, return tubing [C].
    pub(crate) celsius: [f64; 4],
    pub(crate) patient_celsius: f64,
    /// Water at the heat exchanger; `None` when none flows.
    pub(crate) exchange: Option<Exchange>,
    room_celsius: f64,
    volume_ml: [f64; 4],
    loss_w_per_k: [f64; 4],
    body_j_per_k: f64,
}

impl Heat {
    /// Everything at 37 C, in a room of this temperature, with water of 37 C from the house.
    pub(crate) fn new(circuit: &Circuit, head_ml: f64, patient_ml: f64, room_celsius: f64) -> Self {
        let least = |ml: f64| ml.max(5.0);
        let loss = |tubing: &Tubing| LOSS_W_PER_M_K * tubing.length_m;
        Self {
            celsius: [BODY_CELSIUS; 4],
            patient_celsius: BODY_CELSIUS,
            exchange: Self::house(Some(BODY_CELSIUS)),
            room_celsius,
            volume_ml: [
                least(volume_ml(&circuit.drainage_tubing)),
                least(head_ml),
                least(circuit.membrane_lung.volume_ml),
                least(volume_ml(&circuit.return_tubing)),
            ],
            loss_w_per_k: [loss(&circuit.drainage_tubing), 0.0, 0.0, loss(&circuit.return_tubing)],
            body_j_per_k: BODY_J_PER_ML_K * patient_ml,
        }
    }

    /// Blood and patient at a temperature; no water.
    pub(crate) fn start(&mut self, celsius: f64) {
        (self.celsius, self.patient_celsius, self.exchange) = ([celsius; 4], celsius, None);
    }

    /// Water of a heater-cooler of the house.
    pub(crate) fn house(water_celsius: Option<f64>) -> Option<Exchange> {
        water_celsius.map(|water_celsius| Exchange { water_celsius, w_per_k: HOUSE_W_PER_K })
    }

    /// One step with a mean flow and the power that the head turns into heat.
    pub(crate) fn advance(&mut self, flow_lpm: f64, shaft_w: f64, step_s: f64) {
        let moved_ml_per_s = flow_lpm * 1000.0 / 60.0;
        let [drainage, head, lung, back] = self.celsius;
        let patient = self.patient_celsius;
        let entering =
            if flow_lpm >= 0.0 { [patient, drainage, head, lung] } else { [head, lung, back, patient] };
        let exchanged_w = self.exchange.map_or(0.0, |water| water.w_per_k * (water.water_celsius - lung));
        let gain_w = [0.0, shaft_w, exchanged_w, 0.0];
        for (index, celsius) in self.celsius.iter_mut().enumerate() {
            let carried_w = J_PER_ML_K * moved_ml_per_s.abs() * (entering[index] - *celsius);
            let lost_w = self.loss_w_per_k[index] * (*celsius - self.room_celsius);
            let rate = (carried_w + gain_w[index] - lost_w) / (J_PER_ML_K * self.volume_ml[index]);
            *celsius += step_s * rate;
        }
        let back_to_patient = if flow_lpm >= 0.0 { back } else { drainage };
        let carried_k_per_s =
            J_PER_ML_K * moved_ml_per_s.abs() * (back_to_patient - patient) / self.body_j_per_k;
        let own_k_per_s = METABOLISM_K_PER_S * (1.0 + METABOLISM_PER_K * (patient - BODY_CELSIUS)).max(0.0)
            - BODY_LOSS_PER_S * (patient - self.room_celsius);
        self.patient_celsius += step_s * (carried_k_per_s + own_k_per_s);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VA_25_21;

    fn after(flow_lpm: f64, shaft_w: f64, seconds: u32, water_celsius: Option<f64>) -> Heat {
        let mut heat = Heat::new(&VA_25_21, 31.0, 5000.0, 22.0);
        heat.exchange = Heat::house(water_celsius);
        for _ in 0..2000 * seconds {
            heat.advance(flow_lpm, shaft_w, 0.5e-3);
        }
        heat
    }

    /// facts 3.7: 2, 4, 8 W in 31 mL are 1, 2, 4 K/min.
    #[test]
    fn a_head_without_flow_warms_by_a_kelvin_a_minute_per_two_watts() {
        for (shaft_w, kelvin) in [(2.0, 1.0), (4.0, 2.0), (8.0, 4.0)] {
            let found = after(0.0, shaft_w, 60, None).celsius[1] - BODY_CELSIUS;
            assert!((found / kelvin - 1.0).abs() < 0.03, "{shaft_w} W: {found} K");
        }
    }

    /// facts 3.7: 200 W are 3 K/h for 70 kg; the exchanger moves 0.6 rho c Q per kelvin, 152 W/K at 4 L/min.
    #[test]
    fn warm_water_warms_the_patient_through_the_exchanger() {
        let heat = after(4.0, 0.0, 120, Some(39.0));
        let lung = heat.celsius[2];
        assert!((lung - 38.2).abs() < 0.1, "0.6 of 2 K: {lung}");
        let warmed = heat.patient_celsius - BODY_CELSIUS;
        // 0.6 x 3.8 x 66.7 x 2 = 304 W less 19 W of the tubing, for 120 s on 248 kJ/K.
        assert!((warmed / (285.0 * 110.0 / 248e3) - 1.0).abs() < 0.1, "{warmed} K");
    }

    /// 0.07 W/K per kg over 3470 J/K per kg: a patient without any metabolism would take 13 h; one of 33 C has three quarters of it.
    #[test]
    fn a_patient_alone_is_in_balance_at_37_and_cools_below() {
        let mut heat = Heat::new(&VA_25_21, 31.0, 5000.0, 22.0);
        let rate = |heat: &mut Heat| {
            let before = heat.patient_celsius;
            (0..3600).for_each(|_| heat.advance(0.0, 0.0, 1.0));
            heat.patient_celsius - before
        };
        assert!(rate(&mut heat).abs() < 1e-6);
        heat.start(33.0);
        let expected = 3600.0 * (1.1 * 0.72 - 1.1 / 15.0 * 11.0) / 3470.0;
        assert!((rate(&mut heat) - expected).abs() < 0.01, "{expected}");
    }

    #[test]
    fn blood_cools_in_the_tubing_and_stays_where_it_is_when_still() {
        let heat = after(4.0, 0.0, 30, None);
        // 2 m x 0.3 W/(m K) x 15 K = 9 W in 253 W/K.
        assert!((37.0 - heat.celsius[0] - 9.0 / 253.0).abs() < 0.01, "{:?}", heat.celsius);
        assert!(heat.celsius[3] < heat.celsius[0]);
        let still = after(0.0, 0.0, 60, Some(41.0));
        assert!((still.celsius[2] - 41.0).abs() < 0.01, "standing blood takes the water's temperature");
        assert!((still.patient_celsius - 37.0).abs() < 1e-3);
    }
}
