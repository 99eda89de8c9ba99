// SPDX-License-Identifier: Apache-2.0
//! Air that travels with the blood: before the pump, in its head, at the flow meter, into the patient.
//!
//! # Model
//! A bolus is a plug of its own volume; its front is so many mL behind the drainage cannula and moves with the flow. Sites in
//! mL of the circuit, in the order of the flow: drainage tubing, pump head, pump tubing, membrane lung, return tubing.
//! | place | what is said |
//! |---|---|
//! | a window of 1 mL at the end of the drainage tubing | air fraction before the pump |
//! | the pump head | its part filled with air: head times (1 - f), and less beyond f = 0.3, nothing from 0.6 on; torque times (1 - f) |
//! | end of the membrane lung | half of the air stays in the lung, once |
//! | a window of 1 mL at the start of the return tubing | air fraction at the flow meter |
//! | past the return cannula | into the patient, counted |
//!
//! So air that fills more than half of the head ends the flow and stays there: an air lock. It goes when the pump is slow
//! enough for the patient's pressure to push it back, or with a clamp and time: below 500 rpm it rises out with 5 mL/s.
//! # Limits and failure
//! Air takes part in the flow as if it could not be compressed; a plug does not break up. At most 8 of them; more join the
//! last one. What comes back to the drainage cannula is gone.
//! # Source
//! Shares, thresholds, venting: choices. Volumes: the circuit's and the plant's file.

use crate::parameters::{Circuit, Tubing};

/// Boluses at the same time.
const BOLUSES: usize = 8;
/// Window of a bubble sensor [mL].
const WINDOW_ML: f64 = 1.0;
/// Part of the air that passes a membrane lung.
const LUNG_PASSES: f64 = 0.5;
/// Parts of the head filled with air at which it begins to lose prime, and has lost it.
const PRIME_LESS: f64 = 0.3;
const PRIME_LOST: f64 = 0.6;
/// Air leaves the head by itself below this speed [krpm], so fast [mL/s].
const VENTING_KRPM: f64 = 0.5;
const VENTING_ML_PER_S: f64 = 5.0;

/// A bolus: its front [mL behind the drainage cannula] and its size [mL].
#[derive(Clone, Copy, Debug, Default)]
struct Bolus {
    front_ml: f64,
    ml: f64,
    /// It has passed the membrane lung.
    filtered: bool,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(crate) struct AirInCircuit {
    boluses: [Bolus; BOLUSES],
    /// Ends of drainage tubing, head, pump tubing, lung, return tubing [mL].
    ends_ml: [f64; 5],
    any: bool,
    pub(crate) in_patient_ml: f64,
}

/// Volume of tubing [mL].
pub(crate) fn volume_ml(tubing: &Tubing) -> f64 {
    0.25e6 * core::f64::consts::PI * tubing.diameter_m * tubing.diameter_m * tubing.length_m
}

impl AirInCircuit {
    pub(crate) fn new(circuit: &Circuit, head_ml: f64) -> Self {
        let parts = [
            volume_ml(&circuit.drainage_tubing),
            head_ml,
            volume_ml(&circuit.pump_tubing),
            circuit.membrane_lung.volume_ml,
            volume_ml(&circuit.return_tubing),
        ];
        let mut end = 0.0;
        let ends_ml = parts.map(|part| {
            end += part;
            end
        });
        Self { boluses: [Bolus::default(); BOLUSES], ends_ml, any: false, in_patient_ml: 0.0 }
    }

    /// Air enters at the drainage cannula or behind the membrane lung.
    pub(crate) fn enter(&mut self, ml: f64, behind_lung: bool) {
        let start = if behind_lung { self.ends_ml[3] } else { 0.0 };
        let free = self.boluses.iter().position(|bolus| bolus.ml <= 0.0);
        match free.and_then(|free| self.boluses.get_mut(free)) {
            Some(bolus) => *bolus = Bolus { front_ml: start + ml, ml, filtered: behind_lung },
            None => self.boluses[BOLUSES - 1].ml += ml,
        }
        self.any = true;
    }

    /// Moves on with the flow; `krpm` is the speed of the pump.
    pub(crate) fn advance(&mut self, flow_lpm: f64, krpm: f64, step_s: f64) {
        if !self.any {
            return;
        }
        let moved_ml = flow_lpm * 1000.0 / 60.0 * step_s;
        let [inlet, outlet, _, lung, tip] = self.ends_ml;
        let mut any = false;
        for bolus in self.boluses.iter_mut().filter(|bolus| bolus.ml > 0.0) {
            bolus.front_ml += moved_ml;
            if krpm < VENTING_KRPM && bolus.front_ml > inlet && bolus.front_ml - bolus.ml < outlet {
                bolus.ml = (bolus.ml - VENTING_ML_PER_S * step_s).max(0.0);
            }
            if !bolus.filtered && bolus.front_ml >= lung {
                bolus.ml *= LUNG_PASSES;
                bolus.filtered = true;
            }
            let out_ml = (bolus.front_ml - tip).clamp(0.0, bolus.ml);
            self.in_patient_ml += out_ml;
            bolus.ml -= out_ml;
            bolus.front_ml -= out_ml;
            if bolus.front_ml <= 0.0 {
                bolus.ml = 0.0;
            }
            any |= bolus.ml > 0.0;
        }
        self.any = any;
    }

    /// Part of the circuit from one place to another that is air.
    fn fraction(&self, from_ml: f64, to_ml: f64) -> f64 {
        if !self.any || to_ml <= from_ml {
            return 0.0;
        }
        let inside =
            |bolus: &Bolus| (bolus.front_ml.min(to_ml) - (bolus.front_ml - bolus.ml).max(from_ml)).max(0.0);
        let air: f64 = self.boluses.iter().filter(|bolus| bolus.ml > 0.0).map(inside).sum();
        (air / (to_ml - from_ml)).min(1.0)
    }

    /// Before the pump.
    pub(crate) fn before_pump(&self) -> f64 {
        self.fraction(self.ends_ml[0] - WINDOW_ML, self.ends_ml[0])
    }

    /// In the pump's head.
    pub(crate) fn in_head(&self) -> f64 {
        self.fraction(self.ends_ml[0], self.ends_ml[1])
    }

    /// At the flow meter.
    pub(crate) fn at_meter(&self) -> f64 {
        self.fraction(self.ends_ml[3], self.ends_ml[3] + WINDOW_ML)
    }

    /// What is left of the pump's torque; exactly 1 without air.
    pub(crate) fn torque_factor(&self) -> f64 {
        1.0 - self.in_head()
    }

    /// What the head with this part of air in it makes of its pressure; exactly 1 without air.
    pub(crate) fn head_factor(&self) -> f64 {
        let air = self.in_head();
        let lost = ((air - PRIME_LESS) / (PRIME_LOST - PRIME_LESS)).clamp(0.0, 1.0);
        (1.0 - air) * (1.0 - lost * lost * (3.0 - 2.0 * lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VA_25_21;

    /// At 4 L/min 66.7 mL pass in a second: 142.5 mL of drainage tubing take 2.1 s, the pump's 31 mL 0.47 s.
    #[test]
    fn a_bolus_passes_every_site_in_its_time_and_half_of_it_the_lung() {
        let mut air = AirInCircuit::new(&VA_25_21, 31.0);
        air.enter(1.0, false);
        let (mut head, mut meter, mut patient) = (None, None, None);
        for step in 0..400_000_u32 {
            air.advance(4.0, 3.5, 50e-6);
            let time_s = f64::from(step) * 50e-6;
            head = head.or((air.in_head() > 0.0).then_some(time_s));
            meter = meter.or((air.at_meter() > 0.0).then_some(time_s));
            patient = patient.or((air.in_patient_ml > 0.0).then_some(time_s));
        }
        let ml_per_s = 4000.0 / 60.0;
        for (found, expected_ml) in [
            (head, 142.512 - 1.0),
            (meter, 142.512 + 31.0 + 14.251 + 335.0 - 1.0),
            (patient, 142.512 + 31.0 + 14.251 + 335.0 + 142.512 - 1.0),
        ] {
            let found = found.unwrap();
            assert!((found - expected_ml / ml_per_s).abs() < 0.02, "{found} s, {expected_ml} mL");
        }
        assert!((air.in_patient_ml - 0.5).abs() < 1e-9 && !air.any, "{}", air.in_patient_ml);
    }

    #[test]
    fn a_small_bolus_weakens_the_head_and_a_large_one_locks_it() {
        let factor_with = |ml: f64| {
            let mut air = AirInCircuit::new(&VA_25_21, 31.0);
            air.enter(ml, false);
            let mut least = 1.0_f64;
            for _ in 0..100_000 {
                air.advance(4.0, 3.5, 50e-6);
                least = least.min(air.head_factor());
            }
            least
        };
        assert_eq!(AirInCircuit::new(&VA_25_21, 31.0).head_factor(), 1.0);
        assert!((factor_with(1.0) - (1.0 - 1.0 / 31.0)).abs() < 1e-6, "{}", factor_with(1.0));
        assert!(factor_with(15.0) < 0.3, "{}", factor_with(15.0));
        assert_eq!(factor_with(25.0), 0.0);
    }

    #[test]
    fn air_behind_the_lung_goes_into_the_patient_whole_and_backflow_takes_it_away() {
        let mut air = AirInCircuit::new(&VA_25_21, 31.0);
        air.enter(2.0, true);
        assert_eq!(air.at_meter(), 1.0);
        for _ in 0..100_000 {
            air.advance(4.0, 3.5, 50e-6);
        }
        assert!((air.in_patient_ml - 2.0).abs() < 1e-9);
        let mut back = AirInCircuit::new(&VA_25_21, 31.0);
        back.enter(2.0, false);
        back.advance(-1.0, 0.0, 1.0);
        assert_eq!((back.in_patient_ml, back.any), (0.0, false));
    }

    #[test]
    fn air_in_a_slow_head_rises_out() {
        let mut air = AirInCircuit::new(&VA_25_21, 31.0);
        air.enter(25.0, false);
        air.advance(60.0, 3.5, 0.155);
        assert!(air.in_head() > 0.3);
        let before = air.in_head();
        air.advance(0.0, 3.5, 10.0);
        assert_eq!(air.in_head(), before);
        for _ in 0..120_000 {
            air.advance(0.0, 0.3, 50e-6);
        }
        assert_eq!(air.in_head(), 0.0);
    }
}
