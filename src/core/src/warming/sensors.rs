// SPDX-License-Identifier: Apache-2.0
//! The temperatures of the warming device: two of the water, one of the blood, each alone and beside each other.
//!
//! Of two water sensors that differ the higher one is followed: the water is then no warmer than was meant. Which of them is wrong
//! is for the operator to find out.

use super::limits::{PERIODS_PER_S, WATER_APART_K_MAX};
use super::thermometer::Thermometer;
use super::trouble::Trouble;
use crate::ports::{WarmingInputs, valid};

/// Periods until a difference is told: the sensors' lags may differ.
const PERIODS_APART: u32 = 3 * PERIODS_PER_S;

/// What is believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Temperatures {
    /// Water, the higher one [C].
    pub(super) water_celsius: Option<f32>,
    /// Blood [C].
    pub(super) blood_celsius: Option<f32>,
    /// A sensor is out, or the water sensors differ.
    pub(super) is_in_trouble: bool,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct TemperatureSensors {
    water: [Thermometer; 2],
    blood: Thermometer,
    apart: Trouble,
}

impl TemperatureSensors {
    pub(super) const NEW: Self =
        Self { water: [Thermometer::NEW; 2], blood: Thermometer::NEW, apart: Trouble::after(PERIODS_APART) };

    /// One period.
    pub(super) fn step(&mut self, inputs: &WarmingInputs) -> Temperatures {
        let seen = |celsius: f32, bit: u32| (inputs.valid & bit != 0).then_some(celsius);
        let [a, b] = inputs.water_celsius;
        let [water_a, water_b] = &mut self.water;
        let water = [water_a.step(seen(a, valid::WATER_A)), water_b.step(seen(b, valid::WATER_B))];
        let blood_celsius = self.blood.step(seen(inputs.blood_celsius, valid::BLOOD));
        let differ = matches!(water, [Some(a), Some(b)] if (a - b).abs() > WATER_APART_K_MAX);
        let are_apart = self.apart.step(differ);
        let water_celsius = match water {
            [Some(a), Some(b)] => Some(a.max(b)),
            [a, b] => a.or(b),
        };
        let is_out = self.water.iter().chain([&self.blood]).any(Thermometer::is_out);
        Temperatures { water_celsius, blood_celsius, is_in_trouble: is_out || are_apart }
    }
}
