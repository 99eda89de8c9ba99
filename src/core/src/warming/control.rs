// SPDX-License-Identifier: Apache-2.0
//! The heater's power: a cascade, blood over water, each with feed-forward and an integral that does not wind up.
//!
//! # Model
//! Ramp: r goes to the target by the rate that is allowed, and waits where the blood is 0.5 K behind.
//! Outer loop: T_w* = r + K_b (r - T_b) + I_b, at most 10 K over the blood and 39.5 C.
//! Inner loop: P = UA (T_w* - T_b) + k_l (T_w* - T_room) + K_w (T_w* - T_w) + I_w, 0 to the heater's power.
//! | symbol | value | why |
//! |---|---|---|
//! | K_w | 280 W/K | 15 s for a litre: three times the lags of sheath and sensor |
//! | I_w | 60 s | four times that |
//! | K_b | 1 | the lung passes on 0.5 to 0.9 of a step of the water, and all of it in the long run |
//! | I_b | 200 s | ten times the inner loop and the lung |
//! # Limits and failure
//! An integral stands while what it acts on is at its limit in its direction; the outer one also while the heater is at its own.
//! There is no cooler: blood cools as room and tubing take it, by the ramp's rate at most.
//! # Shown by
//! `levitas warming`, docs/warming.md.

use super::WarmingConfig;
use super::limits::{PERIOD_S, ROOM_CELSIUS, WATER_CELSIUS_MAX, WATER_OVER_BLOOD_K_MAX};
use crate::math::{between, slew};

const WATER_W_PER_K: f32 = 280.0;
const WATER_INTEGRAL_S: f32 = 60.0;
const WATER_INTEGRAL_W_MAX: f32 = 250.0;
const BLOOD_INTEGRAL_S: f32 = 200.0;
const BLOOD_INTEGRAL_K_MAX: f32 = 6.0;
/// What the blood may be behind the ramp [K].
const BEHIND_K_MAX: f32 = 0.5;
const WATER_CELSIUS_MIN: f32 = 20.0;

/// Rates of the ramp.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rates {
    /// Up [C/h].
    pub(super) warming_celsius_per_h: f32,
    /// Down [C/h].
    pub(super) cooling_celsius_per_h: f32,
}

impl Rates {
    fn toward(&self, from: f32, to: f32) -> f32 {
        let step = |celsius_per_h: f32| celsius_per_h * PERIOD_S / 3600.0;
        slew(from, to, step(self.warming_celsius_per_h), step(self.cooling_celsius_per_h))
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Cascade {
    /// Where the ramp is [C].
    pub(super) reference_celsius: f32,
    /// What the water is to have [C].
    pub(super) water_celsius: f32,
    blood_integral_k: f32,
    water_integral_w: f32,
    /// The heater was at its limit: 1 at the upper, -1 at the lower one.
    at_limit: i8,
}

impl Cascade {
    /// Begins where it is, without a bump.
    pub(super) const fn at(celsius: f32) -> Self {
        Self {
            reference_celsius: celsius,
            water_celsius: celsius,
            blood_integral_k: 0.0,
            water_integral_w: 0.0,
            at_limit: 0,
        }
    }

    /// Moves the water's target so that the blood comes to its own.
    pub(super) fn follow_blood(&mut self, target_celsius: f32, rates: Rates, blood_celsius: f32) {
        let next = rates.toward(self.reference_celsius, target_celsius);
        let behind_k = next - blood_celsius;
        let moves_away = (next - self.reference_celsius) * behind_k > 0.0 && behind_k.abs() > BEHIND_K_MAX;
        if !moves_away {
            self.reference_celsius = next;
        }
        let error_k = self.reference_celsius - blood_celsius;
        let wanted = self.reference_celsius + error_k + self.blood_integral_k;
        self.water_celsius = limited(wanted, blood_celsius);
        let is_held = (wanted > self.water_celsius || self.at_limit > 0) && error_k > 0.0
            || (wanted < self.water_celsius || self.at_limit < 0) && error_k < 0.0;
        if !is_held {
            let more_k = self.blood_integral_k + error_k * PERIOD_S / BLOOD_INTEGRAL_S;
            self.blood_integral_k = between(more_k, -BLOOD_INTEGRAL_K_MAX, BLOOD_INTEGRAL_K_MAX);
        }
    }

    /// Moves the water's target to a temperature of its own.
    pub(super) fn follow_water(&mut self, target_celsius: f32, rates: Rates, blood_celsius: f32) {
        self.reference_celsius = rates.toward(self.reference_celsius, target_celsius);
        self.water_celsius = limited(self.reference_celsius, blood_celsius);
    }

    /// Power for the water's target; `blood_celsius` is that of blood which the water meets now [W].
    pub(super) fn power_w(&mut self, config: &WarmingConfig, water: f32, blood_celsius: Option<f32>) -> f32 {
        let error_k = self.water_celsius - water;
        let given_w =
            blood_celsius.map_or(0.0, |blood| config.exchanger_w_per_k * (self.water_celsius - blood));
        let lost_w = config.water_loss_w_per_k * (self.water_celsius - ROOM_CELSIUS);
        let wanted_w = given_w + lost_w + WATER_W_PER_K * error_k + self.water_integral_w;
        let power_w = between(wanted_w, 0.0, config.heater_w);
        self.at_limit = match wanted_w {
            wanted_w if wanted_w > config.heater_w => 1,
            wanted_w if wanted_w < 0.0 => -1,
            _ => 0,
        };
        let is_held = self.at_limit > 0 && error_k > 0.0 || self.at_limit < 0 && error_k < 0.0;
        if !is_held {
            let more_w = self.water_integral_w + WATER_W_PER_K * error_k * PERIOD_S / WATER_INTEGRAL_S;
            self.water_integral_w = between(more_w, -WATER_INTEGRAL_W_MAX, WATER_INTEGRAL_W_MAX);
        }
        power_w
    }
}

/// Water within its limits.
fn limited(water_celsius: f32, blood_celsius: f32) -> f32 {
    let most = WATER_CELSIUS_MAX.min(blood_celsius + WATER_OVER_BLOOD_K_MAX);
    between(water_celsius, WATER_CELSIUS_MIN, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Water over blood, at both edges: the first two by the blood, the others by the water's own limits.
    #[test]
    fn water_is_asked_for_at_most_ten_kelvin_over_the_blood() {
        for (water, blood, asked) in [
            (45.0, 25.0, 35.0),
            (34.9, 25.0, 34.9),
            (45.0, 29.25, 39.25),
            (45.0, 37.0, 39.5),
            (10.0, 25.0, 20.0),
        ] {
            let rates = Rates { warming_celsius_per_h: 6.0, cooling_celsius_per_h: 6.0 };
            let mut cascade = Cascade::at(water);
            cascade.follow_water(water, rates, blood);
            assert_eq!(cascade.water_celsius, asked, "water {water}, blood {blood}");
        }
        let mut cascade = Cascade::at(25.0);
        (cascade.reference_celsius, cascade.blood_integral_k) = (37.0, BLOOD_INTEGRAL_K_MAX);
        cascade.follow_blood(37.0, Rates { warming_celsius_per_h: 6.0, cooling_celsius_per_h: 6.0 }, 25.0);
        assert_eq!(cascade.water_celsius, 35.0);
    }
}
