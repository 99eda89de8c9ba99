// SPDX-License-Identifier: Apache-2.0
//! Heater and water loop: do they do what they are told.
//!
//! | check | wrong when | for |
//! |---|---|---|
//! | power | other than told by 15 W and a quarter, or not measured | 1 s |
//! | leakage | over 2 mA | 0.3 s |
//! | level | under half, or not measured; again over 0.6 | 1 s, 5 s |
//! | flow | under 3 L/min, 5 s after the pump began, or not measured | 2 s, 5 s |
//!
//! What comes and goes counts as in `trouble.rs`.

use super::WarmingConfig;
use super::limits::{
    LEAKAGE_MA_MAX, LEVEL_AGAIN, LEVEL_MIN, PERIODS_PER_S, POWER_OFF_PART, POWER_OFF_W, WATER_FLOW_LPM_MIN,
};
use super::trouble::Trouble;
use crate::ports::{WarmingInputs, WarmingOutputs, valid};

const PERIODS_POWER: u32 = PERIODS_PER_S;
const PERIODS_LEAKAGE: u32 = 3;
const PERIODS_LEVEL: u32 = PERIODS_PER_S;
const PERIODS_FLOW: u32 = 2 * PERIODS_PER_S;
/// The pump is given so long to move the water.
const PERIODS_PUMP: u32 = 5 * PERIODS_PER_S;
const PERIODS_AGAIN: u32 = 5 * PERIODS_PER_S;

/// Something that has been wrong for long, until it has been right for long.
#[derive(Clone, Copy, Debug)]
struct Watch {
    wrong: Trouble,
    right: u32,
    stands: bool,
}

impl Watch {
    const fn after(periods: u32) -> Self {
        Self { wrong: Trouble::after(periods), right: 0, stands: false }
    }

    fn step(&mut self, is_wrong: bool) -> bool {
        self.right = if is_wrong { 0 } else { self.right.saturating_add(1) };
        if self.wrong.step(is_wrong) {
            self.stands = true;
        } else if self.right >= PERIODS_AGAIN {
            self.stands = false;
        }
        self.stands
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct Checks {
    power: Watch,
    leakage: Watch,
    level: Watch,
    flow: Watch,
    pump_periods: u32,
}

impl Checks {
    pub(super) const NEW: Self = Self {
        power: Watch::after(PERIODS_POWER),
        leakage: Watch::after(PERIODS_LEAKAGE),
        level: Watch::after(PERIODS_LEVEL),
        flow: Watch::after(PERIODS_FLOW),
        pump_periods: 0,
    };

    /// True when the heater is not to be trusted; `told` are the outputs of the period that was measured.
    pub(super) fn heater(
        &mut self,
        config: &WarmingConfig,
        inputs: &WarmingInputs,
        told: &WarmingOutputs,
    ) -> bool {
        let told_w = if told.heater_relay == 1 { told.heater_duty * config.heater_w } else { 0.0 };
        let off_w = (inputs.heater_power_w - told_w).abs();
        let fits = off_w <= POWER_OFF_W + POWER_OFF_PART * told_w;
        let power = self.power.step(!(fits && inputs.valid & valid::HEATER_POWER != 0));
        let is_tight = inputs.leakage_ma <= LEAKAGE_MA_MAX && inputs.valid & valid::LEAKAGE != 0;
        self.leakage.step(!is_tight) || power
    }

    /// True when water is missing.
    pub(super) fn level(&mut self, inputs: &WarmingInputs) -> bool {
        let least = if self.level.stands { LEVEL_AGAIN } else { LEVEL_MIN };
        let is_full = inputs.water_level >= least && inputs.valid & valid::WATER_LEVEL != 0;
        self.level.step(!is_full)
    }

    /// Water is missing, as far as is known.
    pub(super) fn is_dry(&self) -> bool {
        self.level.stands
    }

    /// True when water does not flow although the pump is told to run.
    pub(super) fn flow(&mut self, inputs: &WarmingInputs, told: &WarmingOutputs) -> bool {
        let runs = told.water_pump == 1;
        self.pump_periods = if runs { self.pump_periods.saturating_add(1) } else { 0 };
        let flows = inputs.water_flow_lpm >= WATER_FLOW_LPM_MIN && inputs.valid & valid::WATER_FLOW != 0;
        let is_due = self.pump_periods > PERIODS_PUMP;
        self.flow.step(is_due && !flows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The switch of the boards closes for whole waves of the mains, five a period, and their meter gives the mean of 500 ms:
    /// src/drivers/heater/heater_relay.c. True when the heater is found wrong within ten minutes.
    fn is_found(told: impl Fn(u32) -> f32, mains: f32) -> bool {
        let config = WarmingConfig::ECMO_50;
        let mut checks = Checks::NEW;
        let (mut rest, mut last) = (0.0, [0.0; 5]);
        (0..600 * PERIODS_PER_S).any(|period| {
            let heater_duty = told(period);
            let mut closed = 0.0;
            for _ in 0..5 {
                rest += heater_duty;
                if rest >= 1.0 {
                    rest -= 1.0;
                    closed += 1.0;
                }
            }
            last[period as usize % 5] = closed / 5.0;
            let heater_power_w = mains * config.heater_w * last.iter().sum::<f32>() / 5.0;
            let inputs = WarmingInputs { heater_power_w, valid: valid::WARMING, ..Default::default() };
            let outputs = WarmingOutputs { heater_duty, heater_relay: 1, ..Default::default() };
            checks.heater(&config, &inputs, &outputs)
        })
    }

    #[test]
    fn whole_waves_of_the_mains_are_no_fault() {
        for duty in (0..=100_u16).map(|percent| f32::from(percent) / 100.0) {
            for mains in [0.81, 1.0, 1.21] {
                assert!(!is_found(|_| duty, mains), "{duty}");
                // What 10 mK of noise make of the power: 6 W.
                let with_noise =
                    |period| (duty + [0.012, -0.012, 0.0][period as usize * 7 % 3]).clamp(0.0, 1.0);
                assert!(!is_found(with_noise, mains), "{duty}");
                let steps = |period| if period / 50 % 2 == 0 { duty } else { 1.0 - duty };
                assert!(!is_found(steps, mains), "{duty}");
            }
        }
        assert!(is_found(|_| 0.5, 0.6) && is_found(|_| 0.5, 1.6) && is_found(|_| 0.1, 0.0));
    }
}
