// SPDX-License-Identifier: Apache-2.0
//! The corners: what varies, between which values, and which combinations are run.
//!
//! # Model
//! Eight factors with a low and a high value each; the controllers keep the gains of the nominal plant, or have what an
//! exact commissioning gives them ([`super::commissioned`]).
//! | design | runs | for |
//! |---|---|---|
//! | extremes | all 2^8 = 256 | figures of a run of 2 s |
//! | one at a time | 16 | costly figures |
//! | quarter of a quarter: 2^(8-4), E = BCD, F = ACD, G = ABC, H = ABD | 16 | costly figures: pairs of factors (resolution IV) |
//! | worst combination | 1 for each figure and speed | every factor at the side that was worse alone |
//!
//! # Source
//! G. Box, J. S. Hunter, W. Hunter, Statistics for Experimenters, 2005, chapter 6, for the generators.

/// Settings of the command line, without their `--set`.
pub type Settings = &'static [&'static str];

/// Something that varies.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    /// For people.
    pub name: &'static str,
    /// Low and high value for people.
    pub values: [&'static str; 2],
    /// Low and high value as settings.
    pub settings: [Settings; 2],
}

/// Number of factors.
pub const FACTOR_COUNT: usize = 8;

/// All factors, A to H.
pub const FACTORS: [Factor; FACTOR_COUNT] = [
    Factor {
        name: "k_x",
        values: ["10 N/mm", "25 N/mm"],
        settings: [&["rotor.k_x_n_per_m=10e3"], &["rotor.k_x_n_per_m=25e3"]],
    },
    Factor {
        name: "k_i",
        values: ["-20 %", "+20 %"],
        settings: [
            &["bearing.k_i_n_per_a=6.4", "bearing.motion_emf_v_s_per_m=6.4"],
            &["bearing.k_i_n_per_a=9.6", "bearing.motion_emf_v_s_per_m=9.6"],
        ],
    },
    Factor {
        name: "L",
        values: ["-20 %", "+20 %"],
        settings: [&["bearing.inductance_h=1.6e-3"], &["bearing.inductance_h=2.4e-3"]],
    },
    Factor {
        name: "R",
        values: ["-20 %", "+20 %"],
        settings: [&["bearing.resistance_ohm=0.8"], &["bearing.resistance_ohm=1.2"]],
    },
    Factor {
        name: "sensor gain",
        values: ["-5 %", "+5 %"],
        settings: [&["sensor.displacement.v_per_m=1900"], &["sensor.displacement.v_per_m=2100"]],
    },
    Factor {
        name: "pickup",
        values: ["-20 %", "+20 %"],
        settings: [
            &["sensor.displacement.coil_pickup_m_per_a=4e-6"],
            &["sensor.displacement.coil_pickup_m_per_a=6e-6"],
        ],
    },
    Factor {
        name: "force angle",
        values: ["-5 deg", "+5 deg"],
        settings: [&["rotor.force_angle_error_deg=-5"], &["rotor.force_angle_error_deg=5"]],
    },
    Factor {
        name: "eccentricity",
        values: ["5 um", "40 um"],
        settings: [&["rotor.eccentricity_m=5e-6"], &["rotor.eccentricity_m=40e-6"]],
    },
];

/// The head with 1.5 mm of clearance: its own sensors, and the controller told so.
const WIDE: Settings = &[
    "rotor.clearance_m=1.5e-3",
    "sensor.displacement.v_per_m=900",
    "config.host.clearance_m=1.5e-3",
    "config.host.hall_v_per_m=900",
    "config.host.levitated_mass_kg=0.108",
];

/// A combination of the factors: -1 low, 0 nominal, 1 high.
pub type Levels = [i8; FACTOR_COUNT];

/// A plant that is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corner {
    /// Its factors.
    pub levels: Levels,
    /// It has the head with 1.5 mm of clearance.
    pub wide: bool,
    /// The controller knows it, as after an exact commissioning.
    pub commissioned: bool,
}

impl Corner {
    /// The nominal plant.
    pub const NOMINAL: Self = Self { levels: [0; FACTOR_COUNT], wide: false, commissioned: false };

    const fn of(levels: Levels) -> Self {
        Self { levels, wide: false, commissioned: false }
    }

    /// The same plant, known to the controller.
    #[must_use]
    pub const fn known(self) -> Self {
        Self { commissioned: true, ..self }
    }

    /// True for the nominal plant.
    #[must_use]
    pub fn is_nominal(&self) -> bool {
        *self == Self::NOMINAL
    }

    /// The factor that alone is not nominal, with its level.
    #[must_use]
    pub fn single(&self) -> Option<(usize, i8)> {
        let mut off = self.levels.iter().copied().enumerate().filter(|(_, level)| *level != 0);
        let first = off.next()?;
        (off.next().is_none() && !self.wide).then_some(first)
    }

    /// What to set in the plant.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        let wide = if self.wide { WIDE } else { &[] };
        let factors = FACTORS.iter().zip(self.levels).filter_map(|(factor, level)| match level {
            0 => None,
            level => Some(factor.settings[usize::from(level > 0)]),
        });
        wide.iter().chain(factors.flatten()).map(|text| (*text).to_owned()).collect()
    }

    /// `k_x 25 N/mm, L +20 %`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut parts: Vec<String> = FACTORS
            .iter()
            .zip(self.levels)
            .filter(|(_, level)| *level != 0)
            .map(|(factor, level)| format!("{} {}", factor.name, factor.values[usize::from(level > 0)]))
            .collect();
        if self.wide {
            parts.insert(0, "C = 1.5 mm".to_owned());
        }
        if parts.is_empty() { "nominal".to_owned() } else { parts.join(", ") }
    }
}

/// Nominal, and every factor alone at both ends.
#[must_use]
pub fn one_at_a_time() -> Vec<Corner> {
    let mut corners = vec![Corner::NOMINAL];
    for factor in 0..FACTOR_COUNT {
        for level in [-1, 1] {
            let mut levels = [0; FACTOR_COUNT];
            levels[factor] = level;
            corners.push(Corner::of(levels));
        }
    }
    corners
}

/// The 16 combinations of the fractional design.
#[must_use]
pub fn fraction() -> Vec<Corner> {
    (0..16_u8)
        .map(|number| {
            let [a, b, c, d] = [0, 1, 2, 3].map(|bit| if number >> bit & 1 == 1 { 1 } else { -1 });
            Corner::of([a, b, c, d, b * c * d, a * c * d, a * b * c, a * b * d])
        })
        .collect()
}

/// All 256 combinations of both ends.
#[must_use]
pub fn extremes() -> Vec<Corner> {
    (0..1_u16 << FACTOR_COUNT)
        .map(|number| {
            let mut levels = [0; FACTOR_COUNT];
            for (bit, level) in levels.iter_mut().enumerate() {
                *level = if number >> bit & 1 == 1 { 1 } else { -1 };
            }
            Corner::of(levels)
        })
        .collect()
}

/// The head with 1.5 mm of clearance at the nominal and the low k_x: more than 15 N/mm it must not have.
#[must_use]
pub fn wide() -> Vec<Corner> {
    let low = one_at_a_time()[1];
    [Corner::NOMINAL, low].map(|corner| Corner { wide: true, ..corner }).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn designs_have_their_sizes_and_no_doubles() {
        for (corners, count) in [(one_at_a_time(), 17), (fraction(), 16), (extremes(), 256), (wide(), 2)] {
            assert_eq!(corners.len(), count);
            for (index, corner) in corners.iter().enumerate() {
                assert!(corners[..index].iter().all(|other| other != corner));
            }
        }
    }

    #[test]
    fn the_fraction_is_balanced_in_every_pair_of_factors() {
        for a in 0..FACTOR_COUNT {
            for b in 0..a {
                let sum: i32 = fraction().iter().map(|c| i32::from(c.levels[a] * c.levels[b])).sum();
                assert_eq!(sum, 0, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_corner_says_what_it_is() {
        let corner = Corner::of([1, 0, -1, 0, 0, 0, 0, 0]);
        assert_eq!(corner.text(), "k_x 25 N/mm, L -20 %");
        assert_eq!(corner.settings(), ["rotor.k_x_n_per_m=25e3", "bearing.inductance_h=1.6e-3"]);
        assert_eq!((corner.single(), one_at_a_time()[2].single()), (None, Some((0, 1))));
        assert_eq!((Corner::NOMINAL.text(), wide()[0].single()), ("nominal".to_owned(), None));
    }
}
