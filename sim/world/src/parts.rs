// SPDX-License-Identifier: Apache-2.0
//! Cannulas by size and membrane lungs by type: what a circuit's file may name instead of a resistance.
//!
//! # Source
//! ECLIPSE (RWTH Aachen): cubic fits in the size to Getinge's HLS data sheets, evaluated here at the sizes that there are;
//! `parameter_oxy.txt`, mmHg s/mL times 1000/60. All with water, as the makers measure.

use crate::circuit::Line;

/// A cannula: size [Fr], pressure drop per flow squared [mmHg/(L/min)2].
pub type CannulaSize = (f64, f64);

/// Drainage cannulas.
pub const DRAINAGE_CANNULAS: [CannulaSize; 5] =
    [(19.0, 5.03), (21.0, 3.58), (23.0, 2.48), (25.0, 1.69), (29.0, 1.03)];
/// Return cannulas.
pub const RETURN_CANNULAS: [CannulaSize; 5] =
    [(15.0, 14.98), (17.0, 8.11), (19.0, 4.63), (21.0, 3.08), (23.0, 2.00)];

/// A membrane lung.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LungType {
    /// Name in a circuit's file.
    pub name: &'static str,
    /// Pressure drop per flow [mmHg/(L/min)].
    pub resistance_mmhg_per_lpm: f64,
    /// Blood in it [mL].
    pub volume_ml: f64,
}

/// Membrane lungs.
pub const MEMBRANE_LUNGS: [LungType; 3] = [
    LungType { name: "quadrox-i-adult", resistance_mmhg_per_lpm: 11.24, volume_ml: 335.0 },
    LungType { name: "quadrox-i-small-adult", resistance_mmhg_per_lpm: 8.62, volume_ml: 295.0 },
    LungType { name: "nautilus-mc3", resistance_mmhg_per_lpm: 10.52, volume_ml: 280.0 },
];

/// Resistance of the cannula of a size, on the drainage or the return side.
#[must_use]
pub fn cannula_mmhg_per_lpm2(line: Line, size_fr: f64) -> Option<f64> {
    let sizes = match line {
        Line::Drainage => &DRAINAGE_CANNULAS,
        Line::Return => &RETURN_CANNULAS,
    };
    sizes.iter().find(|(size, _)| *size == size_fr).map(|(_, resistance)| *resistance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Circuit, PAEDIATRIC_19_15, VA_21_17, VA_25_21, VA_25_21_ELASTIC, VV_25_19};

    /// The cubics of `parameter_cannula.txt` at every size.
    #[test]
    fn the_tables_are_the_fits_of_the_source() {
        let fits = [
            (&RETURN_CANNULAS, [-0.030_456_333_05, 1.977_453_171, -43.294_344_69, 322.259_074_0]),
            (&DRAINAGE_CANNULAS, [-0.000_365_623_145, 0.065_646_598_16, -2.910_667_320, 39.143_496_94]),
        ];
        for (sizes, [a, b, c, d]) in fits {
            for (size, resistance) in sizes {
                let fit = ((a * size + b) * size + c) * size + d;
                assert!((fit - resistance).abs() < 0.02, "{size} Fr: {fit}");
            }
        }
    }

    #[test]
    fn the_circuits_have_the_cannulas_of_their_names() {
        let cannulas = |circuit: &Circuit| {
            [
                circuit.drainage_cannula.resistance_mmhg_per_lpm2,
                circuit.return_cannula.resistance_mmhg_per_lpm2,
            ]
        };
        for (circuit, drainage, back) in [
            (VA_25_21, 25.0, 21.0),
            (VA_25_21_ELASTIC, 25.0, 21.0),
            (VA_21_17, 21.0, 17.0),
            (VV_25_19, 25.0, 19.0),
            (PAEDIATRIC_19_15, 19.0, 15.0),
        ] {
            let wanted = [
                cannula_mmhg_per_lpm2(Line::Drainage, drainage).unwrap(),
                cannula_mmhg_per_lpm2(Line::Return, back).unwrap(),
            ];
            assert_eq!(cannulas(&circuit), wanted);
        }
        assert_eq!(cannula_mmhg_per_lpm2(Line::Return, 25.0), None);
    }
}
