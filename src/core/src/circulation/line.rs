// SPDX-License-Identifier: Apache-2.0
//! How the pressure drop of a line grows with its flow: a cannula and its tubing.
//!
//! # Model
//! ```text
//! D(Q) = R Q^2 + T(Q),   T(Q) = (1 - s) a Q + s b (c Q + d Q^2),   s = 3 u^2 - 2 u^3,   u = (Re_1 Q - 2000) / 1000 within 0 to 1
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | Q | flow | L/min | |
//! | R | resistance of the cannula | mmHg/(L/min)^2 | from the drop that is seen |
//! | T | drop of two metres of 3/8" tubing, as an adult's circuit has on each side, with blood of 3.6 mPa s | mmHg | `tube_mmhg` |
//! | a | laminar flow, 128 mu l / (pi D^4) | mmHg/(L/min) | [`LAMINAR`] |
//! | b | turbulent flow, f l / D rho v^2 / 2 with f = 0.316 Re^-0.25 | mmHg/(L/min)^1.75 | [`TURBULENT`] |
//! | c, d | c Q + d Q^2 is Q^1.75 within 2.5 % from 2.5 to 8 L/min, and needs no roots | | `tube_mmhg` |
//! | Re_1 | Reynolds number of 1 L/min | min/L | [`REYNOLDS_PER_LPM`] |
//!
//! One measured drop gives one unknown, the cannula; so the tubing is taken as the usual one. That matters between 3 and 5 L/min, where its drop
//! triples: a law that grows as Q (Q + 3 L/min) names up to 25 % too much as the largest flow of a 25 Fr cannula.
//! # Limits and failure
//! Thin blood is turbulent from less flow on: at 2.1 mPa s, a haematocrit of 25 %, the largest flow comes out up to 10 % too low from 2.5 to 3.5 L/min. A
//! drop that is less than the tubing's is taken as that of shorter tubing alone.
//! # Source
//! Hagen and Poiseuille; H. Blasius, 1913; the blend is a choice. Values: `the_tube_is_the_one_of_the_formulas`.
//! # Shown by
//! Tests here; `cargo sim -- circulation`, beside what a sweep of the speed reaches.

use crate::math::{between, larger};

const LAMINAR: f32 = 4.455;
const TURBULENT: f32 = 2.841;
const REYNOLDS_PER_LPM: f32 = 652.9;
/// No line carries more [L/min].
const FLOW_LPM_MAX: f32 = 12.0;
/// Halvings of that range: to 3 mL/min.
const HALVINGS: u32 = 12;
/// A drop that is less is none [mmHg].
const DROP_MMHG_MIN: f32 = 1.0;

/// What a line drops now, and what it may drop [mmHg].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drop {
    /// At the flow that is seen.
    pub seen_mmhg: f32,
    /// At the limit of its pressure.
    pub most_mmhg: f32,
}

/// What the tubing of a line drops.
pub(super) fn tube_mmhg(flow_lpm: f32) -> f32 {
    let turbulence = between((REYNOLDS_PER_LPM * flow_lpm - 2000.0) / 1000.0, 0.0, 1.0);
    let share = turbulence * turbulence * (3.0 - 2.0 * turbulence);
    let turbulent = TURBULENT * (0.726 + 0.518 * flow_lpm);
    flow_lpm * (LAMINAR + share * (turbulent - LAMINAR))
}

/// The largest flow at which no line drops more than it may; `seen_lpm`, more than 0, is the flow now [L/min].
#[must_use]
pub fn largest_flow_lpm(seen_lpm: f32, lines: [Option<Drop>; 2]) -> f32 {
    let tube = tube_mmhg(seen_lpm);
    let lines = lines.map(|line| {
        line.map(|Drop { seen_mmhg, most_mmhg }| {
            let seen_mmhg = larger(seen_mmhg, DROP_MMHG_MIN);
            let cannula = larger(seen_mmhg - tube, 0.0) / (seen_lpm * seen_lpm);
            let tube_part = if tube > seen_mmhg { seen_mmhg / tube } else { 1.0 };
            (cannula, tube_part, most_mmhg)
        })
    });
    let (mut least, mut most) = (0.0, FLOW_LPM_MAX);
    for _ in 0..HALVINGS {
        let flow = 0.5 * (least + most);
        let tube = tube_mmhg(flow);
        let is_within = lines
            .iter()
            .flatten()
            .all(|(cannula, tube_part, most_mmhg)| cannula * flow * flow + tube_part * tube < *most_mmhg);
        if is_within { least = flow } else { most = flow }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tube_is_the_one_of_the_formulas() {
        let (length_m, diameter_m, viscosity_pa_s, density) = (2.0_f32, 9.525e-3_f32, 3.6e-3, 1055.0);
        let area_m2 = core::f32::consts::PI / 4.0 * diameter_m * diameter_m;
        let velocity = 1e-3 / 60.0 / area_m2;
        let reynolds = density * velocity * diameter_m / viscosity_pa_s;
        let laminar_pa = 32.0 * viscosity_pa_s * length_m * velocity / (diameter_m * diameter_m);
        let turbulent_pa =
            0.316 * reynolds.powf(-0.25) * length_m / diameter_m * 0.5 * density * velocity * velocity;
        for (is, should) in [
            (REYNOLDS_PER_LPM, reynolds),
            (LAMINAR, laminar_pa / 133.322),
            (TURBULENT, turbulent_pa / 133.322),
        ] {
            assert!((is / should - 1.0).abs() < 1e-3, "{is} {should}");
        }
        assert!((tube_mmhg(1.0) - LAMINAR).abs() < 1e-3);
        for flow in [4.6_f32, 5.0, 6.0, 7.0, 8.0] {
            let off = tube_mmhg(flow) / (TURBULENT * flow.powf(1.75)) - 1.0;
            assert!(off.abs() < 0.025, "{flow} L/min: {off}");
        }
    }

    fn flow_at_drop(seen_lpm: f32, seen_mmhg: f32, most_mmhg: f32) -> f32 {
        largest_flow_lpm(seen_lpm, [None, Some(Drop { seen_mmhg, most_mmhg })])
    }

    #[test]
    fn a_line_goes_back_to_where_it_was_seen_and_on_by_its_own_law() {
        for (cannula, seen_lpm) in [(1.69, 1.0), (1.69, 3.0), (3.58, 2.0), (8.11, 4.0)] {
            let drop = |flow: f32| cannula * flow * flow + tube_mmhg(flow);
            for flow in [seen_lpm, 2.5, 3.5, 5.0] {
                let found = flow_at_drop(seen_lpm, drop(seen_lpm), drop(flow));
                assert!((found - flow).abs() < 4e-3, "{cannula}: {found} for {flow}");
            }
        }
    }

    #[test]
    fn short_tubing_no_drop_and_no_number_have_a_flow_all_the_same() {
        let short = flow_at_drop(2.0, 0.5 * tube_mmhg(2.0), 0.5 * tube_mmhg(5.0));
        assert!((short - 5.0).abs() < 4e-3, "{short}");
        assert!(flow_at_drop(3.0, -20.0, 100.0) > 11.9);
        assert!(flow_at_drop(3.0, 30.0, -5.0) == 0.0);
        let both =
            [(30.0, 100.0), (30.0, 60.0)].map(|(seen_mmhg, most_mmhg)| Some(Drop { seen_mmhg, most_mmhg }));
        assert!(largest_flow_lpm(3.0, both) == flow_at_drop(3.0, 30.0, 60.0), "the nearer limit counts");
        assert!(largest_flow_lpm(3.0, [None; 2]) > 11.9);
        assert!((0.0..=FLOW_LPM_MAX).contains(&flow_at_drop(3.0, f32::NAN, f32::NAN)));
    }
}
