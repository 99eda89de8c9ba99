// SPDX-License-Identifier: Apache-2.0
//! What cannulas of a size give, and which limits go with them.
//!
//! # Model
//! ```text
//! p_drainage = P_v - T(Q) - b R_d Q^2        p_return = P_a + T(Q) + b R_r Q^2
//! ```
//! | symbol | meaning | here |
//! |---|---|---|
//! | R_d, R_r | resistance by the makers' charts, with water [mmHg/(L/min)2] | `DRAINAGE`, `RETURN` |
//! | b | blood over water: at most 1 / 0.79^2, as 3 to 21 % less flow at the same pressure | `BLOOD` |
//! | T | two metres of 3/8" tubing, turbulent: 2.74 Q^1.75 [mmHg] | `tubing_mmhg` |
//! | P_v, P_a | venous and mean arterial pressure [mmHg] | 5, 80 |
//!
//! A limit is the pressure that this gives with blood at the wanted flow, with a margin, to the next 5 mmHg: 20 mmHg below the drainage pressure, 50 mmHg
//! above the return pressure, and never beyond -100 and 300 mmHg, the usual limits. A vein that closes is met
//! the sooner the nearer the drainage limit is; the intervention against suction learns by itself what is usual and has no threshold to set.
//! # Limits and failure
//! A proposal: margins and patient's pressures are ours, not measured. Heights between patient and pump are left out, 0.78 mmHg each centimetre.
//! # Source
//! Table of `docs/circulation.md` [16]: ECLIPSE's fits to the makers' data sheets; blood: Maastricht, in vitro; tubing: Blasius, 3 mPa s.

use crate::math::{between, larger, smaller, sqrt};

/// A cannula: size [Fr], resistance with water [mmHg/(L/min)2].
pub type Size = (u8, f32);

/// Drainage cannulas.
pub const DRAINAGE: [Size; 5] = [(19, 5.03), (21, 3.58), (23, 2.48), (25, 1.69), (29, 1.03)];
/// Return cannulas.
pub const RETURN: [Size; 5] = [(15, 14.98), (17, 8.11), (19, 4.63), (21, 3.08), (23, 2.00)];

/// Pressure drop of a cannula with blood over that with water, at most.
const BLOOD: f32 = 1.0 / (0.79 * 0.79);
const VENOUS_MMHG: f32 = 5.0;
const ARTERIAL_MMHG: f32 = 80.0;
const DRAINAGE_MARGIN_MMHG: f32 = 20.0;
const RETURN_MARGIN_MMHG: f32 = 50.0;
/// Usual limits [mmHg].
const DRAINAGE_MMHG_MIN: f32 = -100.0;
const RETURN_MMHG_MAX: f32 = 300.0;
/// Limits are proposed in steps of this [mmHg].
const STEP_MMHG: f32 = 5.0;
/// Flows that can be wanted [L/min].
pub const FLOW_LPM: core::ops::RangeInclusive<f32> = 0.5..=8.0;
/// Step in which the largest flow is sought [L/min].
const FLOW_STEP_LPM: f32 = 0.1;

/// The two cannulas of a circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cannulas {
    drainage: f32,
    back: f32,
    return_is_arterial: bool,
}

/// Values for the settings of these names, and how far they reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Setting `drainage_pressure_mmhg_min` [mmHg].
    pub drainage_pressure_mmhg_min: f32,
    /// Setting `return_pressure_mmhg_max` [mmHg].
    pub return_pressure_mmhg_max: f32,
    /// Largest flow with blood within the usual limits, to 0.1 [L/min].
    pub flow_lpm_max: f32,
}

/// The resistance of a size with water [mmHg/(L/min)2]; `None` where there is no such size.
#[must_use]
pub fn resistance(sizes: &[Size], size_fr: u8) -> Option<f32> {
    sizes.iter().find(|(size, _)| *size == size_fr).map(|(_, resistance)| *resistance)
}

impl Cannulas {
    /// Cannulas of these sizes [Fr]; `None` where one of them is not in [`DRAINAGE`] or [`RETURN`].
    #[must_use]
    pub fn new(drainage_fr: u8, return_fr: u8, return_is_arterial: bool) -> Option<Self> {
        let (drainage, back) = (resistance(&DRAINAGE, drainage_fr)?, resistance(&RETURN, return_fr)?);
        Some(Self { drainage, back, return_is_arterial })
    }

    /// Drainage pressure at a flow [mmHg, L/min]: with blood, or as on the charts.
    #[must_use]
    pub fn drainage_mmhg(&self, flow_lpm: f32, blood: bool) -> f32 {
        VENOUS_MMHG - line_mmhg(self.drainage, flow_lpm, blood)
    }

    /// Return pressure at a flow [mmHg, L/min]: with blood, or as on the charts.
    #[must_use]
    pub fn return_mmhg(&self, flow_lpm: f32, blood: bool) -> f32 {
        let patient_mmhg = if self.return_is_arterial { ARTERIAL_MMHG } else { VENOUS_MMHG };
        patient_mmhg + line_mmhg(self.back, flow_lpm, blood)
    }

    /// Limits for a flow [L/min], taken within [`FLOW_LPM`].
    #[must_use]
    pub fn propose(&self, flow_lpm: f32) -> Proposal {
        let flow_lpm = between(flow_lpm, *FLOW_LPM.start(), *FLOW_LPM.end());
        let drainage_mmhg = next_step(DRAINAGE_MARGIN_MMHG - self.drainage_mmhg(flow_lpm, true));
        let return_mmhg = next_step(RETURN_MARGIN_MMHG + self.return_mmhg(flow_lpm, true));
        let mut flow_lpm_max = *FLOW_LPM.end();
        // 75 steps at most.
        while flow_lpm_max > *FLOW_LPM.start() && !self.is_usual(flow_lpm_max) {
            flow_lpm_max -= FLOW_STEP_LPM;
        }
        Proposal {
            drainage_pressure_mmhg_min: larger(-drainage_mmhg, DRAINAGE_MMHG_MIN),
            return_pressure_mmhg_max: smaller(return_mmhg, RETURN_MMHG_MAX),
            flow_lpm_max,
        }
    }

    fn is_usual(&self, flow_lpm: f32) -> bool {
        self.drainage_mmhg(flow_lpm, true) >= DRAINAGE_MMHG_MIN
            && self.return_mmhg(flow_lpm, true) <= RETURN_MMHG_MAX
    }
}

/// Drop of cannula and tubing [mmHg].
fn line_mmhg(resistance: f32, flow_lpm: f32, blood: bool) -> f32 {
    let factor = if blood { BLOOD } else { 1.0 };
    tubing_mmhg(flow_lpm) + factor * resistance * flow_lpm * flow_lpm
}

fn tubing_mmhg(flow_lpm: f32) -> f32 {
    let root = sqrt(sqrt(flow_lpm));
    if root > 0.0 { 2.74 * flow_lpm * flow_lpm / root } else { 0.0 }
}

/// The step above.
fn next_step(value_mmhg: f32) -> f32 {
    // A cast truncates and saturates.
    ((value_mmhg / STEP_MMHG) as i16 as f32 + 1.0) * STEP_MMHG
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circulation::therapy::{Therapy, TherapySettings};

    /// 65, 96 and 132 mmHg over 4.2 m at 4, 5 and 6 L/min (Blasius).
    #[test]
    fn tubing_is_that_of_blasius() {
        for (flow_lpm, mmhg) in [(4.0, 65.0), (5.0, 96.0), (6.0, 132.0)] {
            let found = tubing_mmhg(flow_lpm) * 4.2 / 2.0;
            assert!((found - mmhg).abs() < 1.0, "{flow_lpm} L/min: {found}");
        }
        assert_eq!(tubing_mmhg(0.0), 0.0);
    }

    #[test]
    fn narrower_cannulas_get_wider_limits_and_less_flow() {
        let propose = |drainage, back| Cannulas::new(drainage, back, true).unwrap().propose(4.0);
        let (wide, usual, narrow) = (propose(29, 23), propose(25, 21), propose(19, 15));
        assert_eq!((usual.drainage_pressure_mmhg_min, usual.return_pressure_mmhg_max), (-90.0, 240.0));
        assert_eq!((narrow.drainage_pressure_mmhg_min, narrow.return_pressure_mmhg_max), (-100.0, 300.0));
        assert!(wide.drainage_pressure_mmhg_min > usual.drainage_pressure_mmhg_min);
        assert!(wide.return_pressure_mmhg_max < usual.return_pressure_mmhg_max);
        let flows = [narrow, usual, wide].map(|proposal| proposal.flow_lpm_max);
        assert!(flows.is_sorted() && (2.5..3.0).contains(&flows[0]) && flows[2] > 5.0, "{flows:?}");
    }

    #[test]
    fn every_proposal_is_one_that_the_settings_take() {
        for (drainage, _) in DRAINAGE {
            for (back, _) in RETURN {
                for flow_lpm in [f32::NAN, -1.0, 0.5, 4.0, 8.0, 1e9] {
                    for arterial in [false, true] {
                        let proposal = Cannulas::new(drainage, back, arterial).unwrap().propose(flow_lpm);
                        let mut therapy = Therapy::IDLE;
                        for (name, value) in [
                            ("drainage_pressure_mmhg_min", proposal.drainage_pressure_mmhg_min),
                            ("return_pressure_mmhg_max", proposal.return_pressure_mmhg_max),
                        ] {
                            let index = TherapySettings::index_of(name).unwrap();
                            therapy.set(TherapySettings::field(index).unwrap(), value).unwrap();
                        }
                    }
                }
            }
        }
        assert_eq!(Cannulas::new(20, 21, true), None);
        assert_eq!(Cannulas::new(25, 25, true), None);
    }
}
