// SPDX-License-Identifier: Apache-2.0
//! Voltage of a lithium-ion cell at rest by its state of charge, and back.
//!
//! # Source
//! M. Chen, G. A. Rincon-Mora, Accurate electrical battery model capable of predicting runtime and I-V performance, IEEE Trans. Energy
//! Convers. 21 (2006) 504, equation 2.

use crate::math::exp_of_minus;

/// Halvings of the way back: to 1e-6.
const HALVINGS: u32 = 20;

/// Voltage at rest [V] by charge, 0 to 1.
pub(super) fn rest_v(charge: f32) -> f32 {
    let s = charge;
    3.685 - 1.031 * exp_of_minus(35.0 * s) + s * (0.2156 + s * (-0.1178 + 0.3201 * s))
}

/// Over full: a cell of another batch, or a gain that is high, still shows how far its charge falls.
const CHARGE_MAX: f32 = 1.2;

/// Charge, 0 to [`CHARGE_MAX`], by the voltage at rest [V].
pub(super) fn charge(rest_volt: f32) -> f32 {
    let (mut low, mut high) = (0.0_f32, CHARGE_MAX);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if rest_v(middle) < rest_volt { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charge_is_found_again_and_ends_are_kept() {
        for k in 0..=100 {
            let there = k as f32 / 100.0;
            assert!((charge(rest_v(there)) - there).abs() < 1e-5, "{there}");
        }
        assert!(charge(2.0) < 1e-5 && charge(5.0) > CHARGE_MAX - 1e-5);
        // Figure 4 of the source: 4.1 V full, 3.7 V at half.
        assert!((rest_v(1.0) - 4.103).abs() < 1e-3 && (rest_v(0.5) - 3.803).abs() < 1e-3);
    }
}
