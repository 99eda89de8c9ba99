// SPDX-License-Identifier: Apache-2.0
//! Evaluation zones of ISO 14839.
//!
//! # Source
//! ISO 14839-3:2006 (peak of the sensitivity: 3, 4, 5, which are 9.5, 12 and 14 dB); ISO 14839-2:2004 (largest
//! displacement from the clearance centre over the least clearance: 0.3, 0.4, 0.5).

/// A is what a new machine should be in, B may run for long, C is to be put right, D is not to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// Newly commissioned machines.
    A,
    /// Acceptable for long-term operation.
    B,
    /// Not for long: repair at the next occasion.
    C,
    /// Damage is to be expected.
    D,
}

impl Zone {
    /// Zone of the peak of a sensitivity function; what is no number is D.
    #[must_use]
    pub fn of_sensitivity(peak: f32) -> Self {
        Self::below(peak, [3.0, 4.0, 5.0])
    }

    /// Zone of the part of the clearance that is used; what is no number is D.
    #[must_use]
    pub fn of_clearance_use(part: f32) -> Self {
        Self::below(part, [0.3, 0.4, 0.5])
    }

    fn below(value: f32, limits: [f32; 3]) -> Self {
        let [a, b, c] = limits;
        if value < a {
            Self::A
        } else if value < b {
            Self::B
        } else if value < c {
            Self::C
        } else {
            Self::D
        }
    }

    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_at_both_sides_of_their_limits() {
        let of = |values: [f32; 8], zone: fn(f32) -> Zone| values.map(|value| zone(value).letter()).concat();
        assert_eq!(of([1.0, 2.99, 3.0, 3.99, 4.0, 4.99, 5.0, f32::NAN], Zone::of_sensitivity), "AABBCCDD");
        assert_eq!(of([0.0, 0.29, 0.3, 0.39, 0.4, 0.49, 0.5, f32::NAN], Zone::of_clearance_use), "AABBCCDD");
        assert!(Zone::A < Zone::D);
    }
}
