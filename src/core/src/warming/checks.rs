// SPDX-License-Identifier: Apache-2.0
//! Heater and water loop: do they do what they are told.
//!
//! | check | wrong when | for |
//! |---|---|---|
//! | power | other than told by 15 W and a quarter, or not measured | 1 s |
//! | leakage | over 2 mA | 0.3 s |
//! | level | under half, or not measured; again over 0.6 | 1 s, 5 s |
//! | flow | under 3 L/min, 5 s after the pump began, or not measured | 2 s, 5 s |

use super::WarmingConfig;
use super::limits::{
    LEAKAGE_MA_MAX, LEVEL_AGAIN, LEVEL_MIN, PERIODS_PER_S, POWER_OFF_PART, POWER_OFF_W, WATER_FLOW_LPM_MIN,
};
use crate::ports::{WarmingInputs, WarmingOutputs, valid};

const PERIODS_POWER: u32 = PERIODS_PER_S;
const PERIODS_LEAKAGE: u32 = 3;
const PERIODS_AGAIN: u32 = 5 * PERIODS_PER_S;

/// Counts how long something has been wrong, and how long right since.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    wrong: u32,
    right: u32,
    stands: bool,
}

impl Watch {
    fn step(&mut self, is_wrong: bool, periods: u32) -> bool {
        if is_wrong {
            (self.wrong, self.right) = (self.wrong.saturating_add(1), 0);
        } else {
            (self.wrong, self.right) = (0, self.right.saturating_add(1));
        }
        if self.wrong >= periods {
            self.stands = true;
        } else if self.right >= PERIODS_AGAIN {
            self.stands = false;
        }
        self.stands
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checks {
    power: Watch,
    leakage: Watch,
    level: Watch,
    flow: Watch,
    pump_periods: u32,
}

impl Checks {
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
        let power = self.power.step(!(fits && inputs.valid & valid::HEATER_POWER != 0), PERIODS_POWER);
        let is_tight = inputs.leakage_ma <= LEAKAGE_MA_MAX && inputs.valid & valid::LEAKAGE != 0;
        self.leakage.step(!is_tight, PERIODS_LEAKAGE) || power
    }

    /// True when water is missing.
    pub(super) fn level(&mut self, inputs: &WarmingInputs) -> bool {
        let least = if self.level.stands { LEVEL_AGAIN } else { LEVEL_MIN };
        let is_full = inputs.water_level >= least && inputs.valid & valid::WATER_LEVEL != 0;
        self.level.step(!is_full, PERIODS_PER_S)
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
        let is_due = self.pump_periods > 5 * PERIODS_PER_S;
        self.flow.step(is_due && !flows, 2 * PERIODS_PER_S)
    }
}
