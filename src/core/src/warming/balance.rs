// SPDX-License-Identifier: Apache-2.0
//! Does the heat that goes into the water come out of it by the temperatures that are shown: what finds a sensor that drifts.
//!
//! # Model
//! P - C dT_w/dt - k_l (T_w - T_room) = UA (T_w - T_b), on means over a minute.
//! | symbol | meaning | unit |
//! |---|---|---|
//! | P | heater power, measured | W |
//! | C | heat capacity of the water | J/K |
//! | k_l, UA | loss of the water, exchanger | W/K |
//!
//! A sensor that is off by d makes the two sides differ by UA d. At a steady 37 C some 100 W flow: a quarter of a kelvin across the
//! exchanger, so that an exchanger which is half or twice as good as assumed explains little of it.
//! # Timing
//! Told when it has not fitted for a minute, three minutes after the pump began at the earliest.
//! # Limits and failure
//! Which sensor it is cannot be said: two water sensors that drift alike look as a blood sensor that does. Under 0.6 K nothing is found.

use super::WarmingConfig;
use super::limits::{PERIOD_S, PERIODS_PER_S, ROOM_CELSIUS};

/// Time constant of the means [s].
const MEAN_S: f32 = 60.0;
const PERIODS_TO_SETTLE: u32 = 180 * PERIODS_PER_S;
const PERIODS_WRONG: u32 = 60 * PERIODS_PER_S;
/// What sensors in order may be off by [K], and the part of the drop that the exchanger may be.
const OFF_K: f32 = 0.6;
const OFF_PART: f32 = 0.6;
/// Power that can be, over that of the heater [1]: mains that are 10 % high make 1.21.
const POWER_PART_MAX: f32 = 1.5;
const J_PER_L_K: f32 = 4180.0;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct HeatBalance {
    water_celsius: f32,
    blood_celsius: f32,
    power_w: f32,
    periods: u32,
    wrong: u32,
}

impl HeatBalance {
    pub(super) const NEW: Self =
        Self { water_celsius: 0.0, blood_celsius: 0.0, power_w: 0.0, periods: 0, wrong: 0 };

    /// One period in which water flows; true when it does not fit. A power that cannot be counts as the mean of those before it.
    pub(super) fn step(&mut self, config: &WarmingConfig, water: f32, blood: f32, power_w: f32) -> bool {
        let can_be = power_w.abs() <= POWER_PART_MAX * config.heater_w;
        let power_w = if can_be { power_w } else { self.power_w };
        if self.periods == 0 {
            (self.water_celsius, self.blood_celsius, self.power_w) = (water, blood, power_w);
        }
        self.periods = self.periods.saturating_add(1);
        let part = PERIOD_S / MEAN_S;
        let storing_w = config.water_l * J_PER_L_K * (water - self.water_celsius) / MEAN_S;
        self.water_celsius += part * (water - self.water_celsius);
        self.blood_celsius += part * (blood - self.blood_celsius);
        self.power_w += part * (power_w - self.power_w);
        let lost_w = config.water_loss_w_per_k * (self.water_celsius - ROOM_CELSIUS);
        let drop_k = (self.power_w - storing_w - lost_w) / config.exchanger_w_per_k;
        let off_k = self.water_celsius - self.blood_celsius - drop_k;
        let is_wrong = off_k.abs() > OFF_K + OFF_PART * drop_k.abs() && self.periods > PERIODS_TO_SETTLE;
        self.wrong = if is_wrong { self.wrong.saturating_add(1) } else { 0 };
        self.wrong >= PERIODS_WRONG
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Periods until 37 C of water, 100 W and this blood do not fit, with this power in one period after two minutes.
    fn found_after(blood: f32, once_w: f32) -> Option<u32> {
        let mut balance = HeatBalance::NEW;
        (0..20 * 60 * PERIODS_PER_S).find(|period| {
            let power_w = if *period == 120 * PERIODS_PER_S { once_w } else { 100.0 };
            balance.step(&WarmingConfig::ECMO_50, 37.0, blood, power_w)
        })
    }

    #[test]
    fn a_blood_sensor_that_is_off_by_a_kelvin_is_found_whatever_the_power_meter_says_once() {
        for once_w in [100.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30] {
            let found = found_after(35.8, once_w).unwrap();
            assert!(found <= PERIODS_TO_SETTLE + PERIODS_WRONG, "{once_w}: {found}");
            assert_eq!(found_after(36.8, once_w), None, "{once_w}");
        }
    }
}
