// SPDX-License-Identifier: Apache-2.0
//! A living patient: closed loop of heart, vessels and a vein that collapses, with the circuit in parallel.
//!
//! # Model
//! Eleven volumes and eight flows, in mL, mL/s, mmHg. Vessels have a compliance, P = V / C with V their stressed volume;
//! chambers are in [`heart`], the vena cava in [`cava`].
//! | from | to | flow |
//! |---|---|---|
//! | left ventricle | aorta | valve |
//! | aorta | arteries | L dQ/dt = dP - R Q |
//! | arteries | veins | the same, R times the vascular tone |
//! | veins | vena cava | Starling |
//! | vena cava | right atrium | Starling |
//! | right atrium | right ventricle | valve |
//! | right ventricle | pulmonary sinus, arteries, veins | valve; L dQ/dt = dP - R Q; the same |
//! | pulmonary veins | left atrium | dP / R |
//! | left atrium | left ventricle | valve |
//!
//! The circuit drains from vena cava and right atrium by the drainage share, and returns to right atrium, aorta and femoral
//! artery by the return shares. Recirculation of a veno-venous circuit, the part of the returned blood that is drained again:
//! share k Q / (Q + Q_v), Q_v the flow of the veins toward the cannula, k the coupling of the tips.
//!
//! # Timing
//! [`STEP_S`] with one classic Runge-Kutta step; the circuit's flow is its mean over the step. Starts settled, without flow.
//! # Limits and failure
//! No reflexes, no breathing, no valves that leak, no gas. Nothing is lost: volumes change by transfers alone.
//! # Source
//! ECLIPSE (RWTH Aachen), `lpm.py` and `Parameters/`; `docs/world.md` says where this differs and why.
//! # Shown by
//! Unit tests here, `tests/patient.rs`, `tests/patient_properties.rs`.

mod cava;
mod change;
mod heart;
mod rates;
mod rhythm;

pub use change::{ChangeError, PatientChange};
pub(crate) use rhythm::NextBeat;
pub use rhythm::R_WAVE_LEAD_S;

use change::Transfers;
use heart::{Activation, STANDSTILL, SYSTOLE_END, Valve};
use rates::{
    AORTA, ARTERIES, CAVA, Inflow, LEFT_ATRIUM, LEFT_VENTRICLE, LUNG_ARTERIES, LUNG_SINUS, LUNG_VEINS,
    Q_AORTIC, Q_TRICUSPID, RIGHT_ATRIUM, RIGHT_VENTRICLE, SIZE, State, VEINS, VOLUMES, moved,
};
use rhythm::Rhythm;

use crate::parameters::LivingPatient;
use crate::truth::PatientTruth;

/// Step of the patient [s].
pub(crate) const STEP_S: f64 = 0.5e-3;
/// Time for which a new patient settles before the start [s].
const SETTLING_S: f64 = 20.0;
/// A mean over the beat is made at its end, or after this time without one [s].
const BEAT_S_MAX: f64 = 3.0;
/// mL/s per L/min.
pub(crate) const ML_PER_S_PER_LPM: f64 = 1000.0 / 60.0;

/// What the patient does at both ends of the circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ends {
    /// Pressure around the drainage cannula [mmHg].
    pub(crate) venous_mmhg: f64,
    /// Pressure around the return cannula [mmHg].
    pub(crate) arterial_mmhg: f64,
    /// Resistance of an inlet that the wall covers [mmHg/(L/min)2].
    pub(crate) inlet_mmhg_per_lpm2: f64,
}

impl Ends {
    /// Part of the way to other ends; to equal ones it stays exactly.
    pub(crate) fn toward(&self, other: &Self, part: f64) -> Self {
        let between = |from: f64, to: f64| from + part * (to - from);
        Self {
            venous_mmhg: between(self.venous_mmhg, other.venous_mmhg),
            arterial_mmhg: between(self.arterial_mmhg, other.arterial_mmhg),
            inlet_mmhg_per_lpm2: between(self.inlet_mmhg_per_lpm2, other.inlet_mmhg_per_lpm2),
        }
    }
}

/// Means over a beat.
#[derive(Clone, Copy, Debug, Default)]
struct Beat {
    time_s: f64,
    sums: [f64; 4],
    means: [f64; 4],
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(crate) struct Body {
    parameters: LivingPatient,
    inlet_valve: Valve,
    outlet_valve: Valve,
    state: State,
    phase: f64,
    beats: u32,
    rate_bpm: f64,
    beating: bool,
    rhythm: Rhythm,
    contractility: f64,
    tone: f64,
    /// Open part of the drainage inlet.
    opening: f64,
    transfers: Transfers,
    drained_ml_per_s: f64,
    beat: Beat,
    told: PatientTruth,
}

impl Body {
    /// A settled patient without flow in the circuit; the seed is that of an irregular rhythm.
    pub(crate) fn new(parameters: &LivingPatient, seed: u64) -> Self {
        let heart = &parameters.heart;
        let mut body = Self {
            parameters: *parameters,
            inlet_valve: Valve::new(heart.inlet_valve_ml_per_s, heart.valve_inertance_mmhg_s2_per_ml),
            outlet_valve: Valve::new(heart.outlet_valve_ml_per_s, heart.valve_inertance_mmhg_s2_per_ml),
            state: [0.0; SIZE],
            phase: STANDSTILL,
            beats: 0,
            rate_bpm: heart.rate_bpm,
            beating: heart.beating >= 0.5,
            rhythm: Rhythm::new(seed),
            contractility: 1.0,
            tone: 1.0,
            opening: 1.0,
            transfers: Transfers::new(&parameters.blood),
            drained_ml_per_s: 0.0,
            beat: Beat::default(),
            told: PatientTruth::default(),
        };
        body.fill();
        for _ in 0..(SETTLING_S / STEP_S) as u32 {
            body.advance(STEP_S, 0.0, 0.0);
        }
        body.beats = 0;
        body.told = body.look();
        body
    }

    /// Spreads the stressed volume over all vessels as at rest, so that settling is short.
    fn fill(&mut self) {
        let (systemic, pulmonary) = (&self.parameters.systemic, &self.parameters.pulmonary);
        let weights = [
            (AORTA, 8.0 * systemic.aorta_compliance_ml_per_mmhg),
            (ARTERIES, 8.0 * systemic.artery_compliance_ml_per_mmhg),
            (VEINS, systemic.vein_compliance_ml_per_mmhg),
            (LUNG_SINUS, 1.5 * pulmonary.sinus_compliance_ml_per_mmhg),
            (LUNG_ARTERIES, 1.5 * pulmonary.artery_compliance_ml_per_mmhg),
            (LUNG_VEINS, pulmonary.vein_compliance_ml_per_mmhg),
        ];
        let stressed = self.parameters.blood.stressed_ml;
        let cava = self.parameters.cava.unstressed_ml.min(0.2 * stressed);
        // Chambers take a quarter.
        let chambers =
            [(RIGHT_ATRIUM, 0.05), (RIGHT_VENTRICLE, 0.08), (LEFT_ATRIUM, 0.05), (LEFT_VENTRICLE, 0.07)];
        self.state[CAVA] = cava;
        let mut left = stressed - cava;
        for (chamber, part) in chambers {
            self.state[chamber] = part * stressed;
            left -= part * stressed;
        }
        let all: f64 = weights.iter().map(|(_, weight)| weight).sum();
        for (vessel, weight) in weights {
            self.state[vessel] = left * weight / all;
        }
    }

    /// One step with the circuit's mean flows [L/min].
    pub(crate) fn advance(&mut self, step_s: f64, drained_lpm: f64, returned_lpm: f64) {
        let flow = Inflow {
            drained: drained_lpm * ML_PER_S_PER_LPM,
            returned: returned_lpm * ML_PER_S_PER_LPM,
            veins: self.transfers.advance(step_s),
        };
        let phase_step = self.rate_bpm / 60.0 * step_s;
        let active = |phase: f64| Activation::at(if phase >= 1.0 { phase - 1.0 } else { phase });
        let [first, middle, last] =
            [0.0, 0.5, 1.0].map(|part| active(self.phase + self.beat_step(part * phase_step)));
        let half = 0.5 * step_s;
        let k1 = self.rates(&self.state, first, &flow);
        let k2 = self.rates(&moved(&self.state, &k1, half), middle, &flow);
        let k3 = self.rates(&moved(&self.state, &k2, half), middle, &flow);
        let k4 = self.rates(&moved(&self.state, &k3, step_s), last, &flow);
        for (index, value) in self.state.iter_mut().enumerate() {
            *value += step_s / 6.0 * (k1[index] + 2.0 * (k2[index] + k3[index]) + k4[index]);
        }
        // A valve closes where its flow ends.
        for valve in &mut self.state[Q_TRICUSPID..=Q_AORTIC] {
            *valve = valve.max(0.0);
        }
        self.opening = self.parameters.cava.next_opening(self.opening, self.state[CAVA], drained_lpm, step_s);
        self.drained_ml_per_s = flow.drained;
        self.beat_on(phase_step, step_s);
        self.told = self.look();
    }

    /// How far the phase moves: a heart that stands still finishes its systole, and another interval is another diastole.
    fn beat_step(&self, phase_step: f64) -> f64 {
        match self.phase < SYSTOLE_END || self.phase >= 1.0 {
            true => phase_step,
            false if !self.beating => 0.0,
            false => phase_step / self.rhythm.diastole(),
        }
    }

    fn beat_on(&mut self, phase_step: f64, step_s: f64) {
        self.phase += self.beat_step(phase_step);
        let ended = self.phase >= 1.0;
        if ended {
            self.phase -= 1.0;
            self.beats = self.beats.wrapping_add(1);
            self.rhythm.beat();
        }
        let [venous, ..] = self.venous();
        let now = [
            self.state[AORTA] / self.parameters.systemic.aorta_compliance_ml_per_mmhg,
            venous,
            self.state[Q_AORTIC] / ML_PER_S_PER_LPM,
            self.state[LUNG_ARTERIES] / self.parameters.pulmonary.artery_compliance_ml_per_mmhg,
        ];
        self.beat.add(now, step_s, ended);
    }

    /// Pressures of vena cava and right atrium, and their mean as the drainage sees it [mmHg].
    fn venous(&self) -> [f64; 3] {
        let active = Activation::at(self.phase);
        let cava = self.parameters.cava.pressure_mmhg(self.state[CAVA]);
        let atrium = self.parameters.heart.right_atrium(active.atrium, self.state[RIGHT_ATRIUM]);
        let share = self.parameters.cannulation.drainage_cava_share;
        [cava, atrium, share * cava + (1.0 - share) * atrium]
    }

    /// What the circuit meets.
    pub(crate) fn ends(&self) -> Ends {
        let cannulation = &self.parameters.cannulation;
        let systemic = &self.parameters.systemic;
        let [_, atrium, venous_mmhg] = self.venous();
        let aorta = self.state[AORTA] / systemic.aorta_compliance_ml_per_mmhg;
        let femoral = self.state[ARTERIES] / systemic.artery_compliance_ml_per_mmhg;
        let arteries = aorta + cannulation.return_femoral_share * (femoral - aorta);
        Ends {
            venous_mmhg,
            arterial_mmhg: arteries + cannulation.return_atrium_share * (atrium - arteries),
            inlet_mmhg_per_lpm2: cannulation.drainage_cava_share
                * self.parameters.cava.inlet_mmhg_per_lpm2(self.opening),
        }
    }

    /// All blood of the patient, without what is in the circuit [mL].
    pub(crate) fn volume_ml(&self) -> f64 {
        self.state[..VOLUMES].iter().sum::<f64>() + self.transfers.unstressed_ml()
    }

    /// Part of the returned blood that is drained again.
    fn recirculation(&self) -> f64 {
        let cannulation = &self.parameters.cannulation;
        let drained = self.drained_ml_per_s.max(0.0);
        let systemic = &self.parameters.systemic;
        let veins = self.state[VEINS] / systemic.vein_compliance_ml_per_mmhg;
        let [cava, ..] = self.venous();
        let venous = cava::starling(veins, cava, systemic.vein_resistance_mmhg_s_per_ml).max(0.0);
        if drained + venous <= 0.0 {
            return 0.0;
        }
        cannulation.tip_coupling * cannulation.return_atrium_share * drained / (drained + venous)
    }

    /// What is really the case; made once a step.
    pub(crate) fn truth(&self) -> PatientTruth {
        self.told
    }

    fn look(&self) -> PatientTruth {
        let active = Activation::at(self.phase);
        let (heart, state) = (&self.parameters.heart, &self.state);
        let [vena_cava, right_atrium, _] = self.venous();
        let [map_mmhg, venous_mmhg, native_output_lpm, lung_mmhg] = self.beat.means;
        PatientTruth {
            aortic_pressure_mmhg: state[AORTA] / self.parameters.systemic.aorta_compliance_ml_per_mmhg,
            vena_cava_pressure_mmhg: vena_cava,
            right_atrial_pressure_mmhg: right_atrium,
            left_ventricular_pressure_mmhg: heart.left_ventricle(
                active.ventricle,
                self.contractility,
                state[LEFT_VENTRICLE],
            ),
            pulmonary_pressure_mmhg: state[LUNG_ARTERIES]
                / self.parameters.pulmonary.artery_compliance_ml_per_mmhg,
            aortic_valve_flow_lpm: state[Q_AORTIC] / ML_PER_S_PER_LPM,
            map_mmhg,
            central_venous_pressure_mmhg: venous_mmhg,
            native_output_lpm,
            mean_pulmonary_pressure_mmhg: lung_mmhg,
            heart_rate_bpm: if self.beating { self.rate_bpm } else { 0.0 },
            heart_phase: self.phase,
            beat_count: self.beats,
            cava_collapse: 1.0 - self.opening,
            recirculation: self.recirculation(),
            blood_volume_ml: self.volume_ml(),
        }
    }
}

impl Beat {
    fn add(&mut self, now: [f64; 4], step_s: f64, ended: bool) {
        self.time_s += step_s;
        for (sum, value) in self.sums.iter_mut().zip(now) {
            *sum += value * step_s;
        }
        if ended || self.time_s >= BEAT_S_MAX {
            self.means = self.sums.map(|sum| sum / self.time_s);
            (self.time_s, self.sums) = (0.0, [0.0; 4]);
        }
    }
}

#[cfg(test)]
mod tests;
