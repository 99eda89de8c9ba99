// SPDX-License-Identifier: Apache-2.0
//! What flows in the circuit: blood or saline, with its viscosity, density and speed of sound.
//!
//! # Model
//! T in C, h haematocrit in %; h = 0 is saline of 0.9 %, anything above is blood.
//! | property | blood | saline |
//! |---|---|---|
//! | viscosity [mPa s] | 10^(0.01138 h + 0.03699) e^(-0.02 (T - 37)) [1] | 1.02 times water's 0.02414 10^(247.8 / (T + 133.15)) [2] |
//! | density [kg/m3] | 1025 + h [1] | 999.7 - 0.36 (T - 37) [3] |
//! | speed of sound [m/s] | 1540 + h + 1.5 (T - 37) [1] | water's 1404.3 + 4.7 T - 0.04 T^2 [4], and 10 for the salt [3] |
//!
//! # Limits and failure
//! Newtonian. Published viscosities differ by 25 % ([1] gives 2.4 mPa s at 30 %, Pirofsky's data 1.8), speeds of sound of
//! blood by about 10 m/s. Between saline and thin blood the properties jump: a prime that mixes is not modelled.
//!
//! # Source
//! 1. References of `docs/circulation.md`: Lichtman's fit of viscosity at 37 C, and textbook slopes.
//! 2. T. Al-Shemmeri, Engineering Fluid Mechanics, 2012, p. 18 (T there in K); the factor for the salt is a textbook value.
//! 3. Textbook values of 9 g/L of sodium chloride at 37 C: 6.4 kg/m3 and about 1.1 m/s per g/L more than water.
//! 4. J. Lubbers, R. Graaff, "A simple and accurate formula for the sound velocity in water", Ultrasound in Medicine
//!    and Biology 24, 1998, within 0.2 m/s from 15 to 35 C.

use levitas_core::ranged_struct;

ranged_struct! {
    /// See the [module](self).
    pub struct Blood: f64 {
        /// Haematocrit [%]; 0 is saline.
        haematocrit_pct: 0.0..=70.0,
        /// Temperature [C].
        temperature_celsius: 4.0..=45.0,
    }
}

/// Temperature that the values are published for [C].
const BODY_CELSIUS: f64 = 37.0;

impl Blood {
    /// Ordinary blood on support: 30 %, 37 C.
    pub const ORDINARY: Self = Self { haematocrit_pct: 30.0, temperature_celsius: BODY_CELSIUS };
    /// Warm saline.
    pub const SALINE: Self = Self { haematocrit_pct: 0.0, temperature_celsius: BODY_CELSIUS };

    /// Saline, which has no cells.
    #[must_use]
    pub fn is_saline(&self) -> bool {
        self.haematocrit_pct <= 0.0
    }

    /// Dynamic viscosity [Pa s].
    #[must_use]
    pub fn viscosity_pa_s(&self) -> f64 {
        let celsius = self.temperature_celsius;
        if self.is_saline() {
            return 1.02 * 2.414e-5 * libm::exp10(247.8 / (celsius + 133.15));
        }
        let warm = 1e-3 * libm::exp10(0.01138 * self.haematocrit_pct + 0.03699);
        warm * libm::exp(-0.02 * (celsius - BODY_CELSIUS))
    }

    /// Density [kg/m3].
    #[must_use]
    pub fn density_kg_per_m3(&self) -> f64 {
        if self.is_saline() {
            999.7 - 0.36 * (self.temperature_celsius - BODY_CELSIUS)
        } else {
            1025.0 + self.haematocrit_pct
        }
    }

    /// Speed of sound [m/s].
    #[must_use]
    pub fn sound_speed_m_per_s(&self) -> f64 {
        let celsius = self.temperature_celsius;
        if self.is_saline() {
            1404.3 + celsius * (4.7 - 0.04 * celsius) + 10.0
        } else {
            1540.0 + self.haematocrit_pct + 1.5 * (celsius - BODY_CELSIUS)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(what: &str, value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{what}: {value}, expected {expected}");
    }

    #[test]
    fn blood_has_the_published_figures() {
        // Table of [1] in mPa s.
        for (haematocrit_pct, expected) in
            [(20.0, 1.84), (25.0, 2.10), (30.0, 2.39), (35.0, 2.72), (40.0, 3.11), (45.0, 3.54)]
        {
            let blood = Blood { haematocrit_pct, ..Blood::ORDINARY };
            close("viscosity", blood.viscosity_pa_s() * 1e3, expected, 0.006);
        }
        close("density", Blood::ORDINARY.density_kg_per_m3(), 1055.0, 1e-9);
        close("speed of sound", Blood::ORDINARY.sound_speed_m_per_s(), 1570.0, 1e-9);
        let cold = Blood { temperature_celsius: 27.0, ..Blood::ORDINARY };
        close("2 % per K", cold.viscosity_pa_s() / Blood::ORDINARY.viscosity_pa_s(), 1.22, 0.005);
    }

    #[test]
    fn saline_is_warm_water_with_salt() {
        // Water at 37 C: 0.692 mPa s, 993.3 kg/m3, 1524 m/s.
        close("viscosity", Blood::SALINE.viscosity_pa_s() * 1e3, 1.02 * 0.692, 0.004);
        close("density", Blood::SALINE.density_kg_per_m3(), 993.3 + 6.4, 0.1);
        close("speed of sound", Blood::SALINE.sound_speed_m_per_s(), 1524.0 + 10.0, 1.0);
    }

    #[test]
    fn what_is_not_blood_is_refused_by_name() {
        for (haematocrit_pct, temperature_celsius, field) in [
            (-1.0, 37.0, "haematocrit_pct"),
            (71.0, 37.0, "haematocrit_pct"),
            (f64::NAN, 37.0, "haematocrit_pct"),
            (30.0, 3.9, "temperature_celsius"),
            (30.0, 45.1, "temperature_celsius"),
        ] {
            assert_eq!(Blood { haematocrit_pct, temperature_celsius }.check().unwrap_err().field, field);
        }
        assert!(Blood::ORDINARY.check().is_ok() && Blood::SALINE.check().is_ok());
        assert!(Blood { haematocrit_pct: 70.0, temperature_celsius: 45.0 }.check().is_ok());
    }
}
