// SPDX-License-Identifier: Apache-2.0
//! The warming device: a litre of water that is heated and pumped through the membrane lung's exchanger. 10 Hz.
//!
//! | file | what |
//! |---|---|
//! | `limits.rs` | every number, with its reason |
//! | `thermometer.rs`, `sensors.rs` | which temperature is to be believed |
//! | `balance.rs` | a sensor that drifts, by the heat that goes through |
//! | `checks.rs` | heater power, leakage, level, flow of the water |
//! | `control.rs` | ramp, blood over water, water over power |
//! | `cutout.rs` | the cut-out, which shares nothing with all of these |
//! | `trouble.rs` | how long something has been wrong |
//! | `conditions.rs`, `messages.rs` | what is told |
//!
//! # Model
//! ```text
//! off --target--> preparing --water 0.2 K below to 1 K over the blood--> warming
//! preparing, warming --water missing or standing, no temperature, blood hot, cut-out open--> waiting --5 s well--> preparing
//! any --water over 40.2 C, heater's power or leakage wrong--> stopped --a new target--> preparing
//! any --target off--> off
//! ```
//! While it waits or is stopped the pump runs only with water that is not much colder than the blood: 1 K, or 5 K when one of them is too
//! warm. Where one is not seen the pump goes on, or does not begin.
//! Preparing first proves that neither relay nor switch conducts alone: power that is not told stops it. Then it heats the water alone, the pump stands: a litre at room temperature would cool the patient by a quarter of a kelvin.
//! # Timing
//! One [`Warming::step`] per 0.1 s; what the cut-out said may be 0.5 s old.
//! # Limits and failure
//! The heater has power only while relay and switch are told so, both tasks run and the cut-out permits. With a blood temperature that is
//! lost, or does not fit the heat that flows, the water stays where it was, at 38.0 C at most. Blood that was hot when its temperature was
//! lost counts as hot until it is seen to be cool, or a target is set anew.
//! # Source
//! facts/clinical.md 2.5, 3.7; anti-windup by holding the integral: K. J. Astrom, T. Hagglund, Advanced PID Control, 2006, section 3.5.
//! # Shown by
//! `levitas warming`, docs/warming.md; unit tests.

mod balance;
mod checks;
pub mod conditions;
mod control;
pub mod cutout;
pub mod limits;
pub mod messages;
mod sensors;
mod thermometer;
mod trouble;

#[cfg(test)]
mod tests;

use crate::code::from_code;
use crate::config::ConfigError;
use crate::ports::{WarmingInputs, WarmingOutputs};
use balance::HeatBalance;
use checks::Checks;
use conditions as condition;
use control::{Cascade, Rates};
use limits::{
    BLOOD_CELSIUS_AGAIN, BLOOD_CELSIUS_ALARM, CUT_OUT_APART_K_MAX, PERIODS_PER_S, WATER_BLIND_CELSIUS_MAX,
    WATER_CELSIUS_ALARM, WATER_UNDER_BLOOD_K_MAX, WATER_UNDER_HOT_BLOOD_K_MAX,
};
use sensors::{TemperatureSensors, Temperatures};
use trouble::Trouble;

ranged_struct! {
    /// What the warming device is made of.
    pub struct WarmingConfig: f32 {
        /// Electric power of the heater [W].
        heater_w: 50.0..=2000.0,
        /// Water in tank, hoses and exchanger [L].
        water_l: 0.2..=10.0,
        /// Heat from water to blood per kelvin [W/K].
        exchanger_w_per_k: 20.0..=2000.0,
        /// Heat that tank and hoses lose to the room per kelvin [W/K].
        water_loss_w_per_k: 0.0..=20.0,
    }
}

impl WarmingConfig {
    /// Of the device of the plant ecmo-50; a test of the simulator compares them.
    pub const ECMO_50: Self =
        Self { heater_w: 500.0, water_l: 1.0, exchanger_w_per_k: 368.0, water_loss_w_per_k: 2.0 };
}

ranged_struct! {
    /// What an operator can ask of it.
    pub struct WarmingSettings: f32 {
        /// Target of the blood that leaves the membrane lung [C].
        blood_celsius: 32.0..=38.0,
        /// Target of the water [C].
        water_celsius: 25.0..=39.0,
        /// Rate at which it warms [C/h].
        warming_celsius_per_h: 0.1..=6.0,
        /// Rate at which it lets cool [C/h].
        cooling_celsius_per_h: 0.1..=6.0,
    }
}

impl WarmingSettings {
    /// Those of an adult: rewarming by half a degree an hour.
    pub const ADULT: Self = Self {
        blood_celsius: 37.0,
        water_celsius: 37.0,
        warming_celsius_per_h: 0.5,
        cooling_celsius_per_h: 0.5,
    };
}

/// What is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Aim {
    /// Nothing: heater and pump are off.
    #[default]
    Off = 0,
    /// The temperature of the blood that leaves the membrane lung.
    Blood = 1,
    /// The temperature of the water.
    Water = 2,
}

from_code!(Aim: u32 { Off, Blood, Water });

/// Where it is; the transitions are drawn in the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum WarmingState {
    /// Nothing is asked for.
    #[default]
    Off = 0,
    /// The water alone is heated.
    Preparing = 1,
    /// Water flows through the exchanger, the target is followed.
    Warming = 2,
    /// Something is missing that may come back.
    Waiting = 3,
    /// Something has failed; until a target is set anew.
    Stopped = 4,
}

/// What the cut-out says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CutOutReport {
    /// It permits.
    pub permits: bool,
    /// Its own water and blood [C].
    pub celsius: [f32; 2],
}

/// What the control sees and does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmingReport {
    /// See [`WarmingState`].
    pub state: WarmingState,
    /// Bits of [`conditions`].
    pub conditions: u32,
    /// Those that stand until a target is set anew.
    pub latched: u32,
    /// Water, the higher of two sensors [C]; `None` when it is not believed.
    pub water_celsius: Option<f32>,
    /// Blood [C]; likewise.
    pub blood_celsius: Option<f32>,
    /// Where the ramp is [C].
    pub reference_celsius: f32,
    /// What the water is to have [C].
    pub water_reference_celsius: f32,
}

const PERIODS_APART: u32 = 10 * PERIODS_PER_S;
const PERIODS_WELL: u32 = 5 * PERIODS_PER_S;
const PERIODS_HOT: u32 = 3;
/// The switch alone, then the relay alone: longer than it takes to find power that is not told.
const PERIODS_SWITCH: u32 = 12;
const PERIODS_PROOF: u32 = 24;
/// Water beside the blood when the pump begins [K].
const PREPARED_K: (f32, f32) = (-0.2, 1.0);
/// Water when the pump begins without a blood temperature [C].
const PREPARED_BLIND_CELSIUS: f32 = 35.0;

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Warming {
    config: WarmingConfig,
    aim: Aim,
    settings: WarmingSettings,
    state: WarmingState,
    sensors: TemperatureSensors,
    checks: Checks,
    balance: HeatBalance,
    cascade: Cascade,
    outputs: WarmingOutputs,
    water_hot: Trouble,
    blood_hot: Trouble,
    blood_is_hot: bool,
    cut_out_apart: Trouble,
    well: u32,
    /// Periods of the present preparation.
    prepared: u32,
    /// The temperatures do not fit the heat that flows; until a target is set anew.
    is_blind: bool,
    /// Conditions that stand until a target is set anew.
    latched: u32,
    sees_blood: bool,
}

impl Warming {
    /// Off.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &WarmingConfig) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            config: *config,
            aim: Aim::Off,
            settings: WarmingSettings::ADULT,
            state: WarmingState::Off,
            sensors: TemperatureSensors::NEW,
            checks: Checks::NEW,
            balance: HeatBalance::NEW,
            cascade: Cascade::at(f32::NAN),
            outputs: WarmingOutputs::default(),
            water_hot: Trouble::after(PERIODS_HOT),
            blood_hot: Trouble::after(PERIODS_HOT),
            blood_is_hot: false,
            cut_out_apart: Trouble::after(PERIODS_APART),
            well: 0,
            prepared: 0,
            is_blind: false,
            latched: 0,
            sees_blood: false,
        })
    }

    /// What the operator wants from now on; ends what was stopped.
    ///
    /// # Errors
    /// The setting that is outside its range; nothing has changed then.
    pub fn set(&mut self, aim: Aim, settings: &WarmingSettings) -> Result<(), ConfigError> {
        settings.check()?;
        let goes_on = self.state == WarmingState::Warming && self.aim == aim && aim != Aim::Off;
        (self.aim, self.settings) = (aim, *settings);
        if !goes_on {
            self.state = if aim == Aim::Off { WarmingState::Off } else { WarmingState::Preparing };
            self.checks = Checks::NEW;
            self.prepared = 0;
            self.latched = 0;
        }
        // Somebody has looked at the sensors: they are judged anew.
        (self.is_blind, self.blood_is_hot, self.balance) = (false, false, HeatBalance::NEW);
        Ok(())
    }

    /// What its report said before the task started anew; after the target of that time was set.
    pub fn resume(&mut self, conditions: u32, latched: u32) {
        self.latched = latched & (condition::HEATER | condition::OVERHEATED);
        self.is_blind = latched & condition::TEMPERATURE_SENSOR != 0;
        self.blood_is_hot = conditions & condition::OVERHEATED != 0;
    }

    /// One period; `cut_out` is `None` when nothing has been heard of it for 0.5 s.
    pub fn step(
        &mut self,
        inputs: &WarmingInputs,
        cut_out: Option<CutOutReport>,
    ) -> (WarmingOutputs, WarmingReport) {
        let seen = self.sensors.step(inputs);
        self.sees_blood = seen.blood_celsius.is_some();
        let conditions = self.conditions(inputs, &seen, cut_out);
        self.go_on(conditions, &seen);
        let power_w = self.power_w(&seen);
        let (heater_duty, heater_relay) = match self.state {
            WarmingState::Preparing if self.prepared <= PERIODS_SWITCH => (1.0, 0),
            WarmingState::Preparing if self.prepared <= PERIODS_PROOF => (0.0, 1),
            WarmingState::Preparing | WarmingState::Warming => (power_w / self.config.heater_w, 1),
            _ => (0.0, 0),
        };
        self.outputs = WarmingOutputs {
            heater_duty,
            heater_relay,
            water_pump: u32::from(self.pumps(conditions, &seen)),
            alive: self.outputs.alive ^ 1,
        };
        let report = WarmingReport {
            state: self.state,
            conditions,
            latched: self.latched | if self.is_blind { condition::TEMPERATURE_SENSOR } else { 0 },
            water_celsius: seen.water_celsius,
            blood_celsius: self.blood(&seen),
            reference_celsius: self.cascade.reference_celsius,
            water_reference_celsius: self.cascade.water_celsius,
        };
        (self.outputs, report)
    }

    /// What is wrong; also what the balance and the hot ones say.
    fn conditions(
        &mut self,
        inputs: &WarmingInputs,
        seen: &Temperatures,
        cut_out: Option<CutOutReport>,
    ) -> u32 {
        let told = self.outputs;
        let bit = |stands: bool, bit: u32| if stands { bit } else { 0 };
        let heater = self.checks.heater(&self.config, inputs, &told);
        let level = self.checks.level(inputs);
        let flow = self.checks.flow(inputs, &told);
        if let Some(water) = seen.water_celsius {
            self.water_hot.step(water > WATER_CELSIUS_ALARM);
        }
        self.watch_blood(seen);
        self.watch_balance(inputs, seen);
        let is_on = self.aim != Aim::Off;
        let stops = bit(heater, condition::HEATER) | bit(self.water_hot.stands(), condition::OVERHEATED);
        if is_on {
            self.latched |= stops;
        }
        self.latched
            | stops
            | bit(self.blood_is_hot, condition::OVERHEATED)
            | bit((seen.is_in_trouble || self.is_blind) && is_on, condition::TEMPERATURE_SENSOR)
            | bit((level || flow) && is_on, condition::WATER_LOOP)
            | bit(!self.is_guarded(seen, cut_out) && is_on, condition::CUT_OUT)
    }

    /// What is not seen is as it was.
    fn watch_blood(&mut self, seen: &Temperatures) {
        let Some(blood) = seen.blood_celsius else { return };
        if self.blood_hot.step(blood > BLOOD_CELSIUS_ALARM) {
            self.blood_is_hot = true;
        } else if blood < BLOOD_CELSIUS_AGAIN {
            self.blood_is_hot = false;
        }
    }

    fn watch_balance(&mut self, inputs: &WarmingInputs, seen: &Temperatures) {
        match (self.state, seen.water_celsius, seen.blood_celsius) {
            (WarmingState::Warming, Some(water), Some(blood)) => {
                self.is_blind |= self.balance.step(&self.config, water, blood, inputs.heater_power_w);
            }
            _ => self.balance = HeatBalance::NEW,
        }
    }

    /// The cut-out permits, and sees what the control sees.
    fn is_guarded(&mut self, seen: &Temperatures, cut_out: Option<CutOutReport>) -> bool {
        let Some(report) = cut_out else { return false };
        let [own_water, own_blood] = report.celsius;
        // What is no number is apart.
        let is_near = |own: f32, other: f32| (own - other).abs() <= CUT_OUT_APART_K_MAX;
        let apart = |own: f32, other: Option<f32>| other.is_some_and(|other| !is_near(own, other));
        let differ = apart(own_water, seen.water_celsius) || apart(own_blood, self.blood(seen));
        report.permits && !self.cut_out_apart.step(differ)
    }

    /// Blood that the control goes by.
    fn blood(&self, seen: &Temperatures) -> Option<f32> {
        seen.blood_celsius.filter(|_| !self.is_blind)
    }

    /// The sensor of the blood was believed in the last period, whatever the heat that flows says of it.
    #[must_use]
    pub fn sees_blood(&self) -> bool {
        self.sees_blood
    }

    /// The next state.
    fn go_on(&mut self, conditions: u32, seen: &Temperatures) {
        const WAITS: u32 = condition::OVERHEATED | condition::CUT_OUT | condition::WATER_LOOP;
        let before = self.state;
        let is_well = conditions & WAITS == 0 && seen.water_celsius.is_some();
        self.well = if is_well { self.well.saturating_add(1) } else { 0 };
        self.state = match before {
            _ if self.aim == Aim::Off => WarmingState::Off,
            _ if self.latched != 0 => WarmingState::Stopped,
            WarmingState::Preparing | WarmingState::Warming if !is_well => WarmingState::Waiting,
            WarmingState::Preparing if self.is_prepared(seen) => WarmingState::Warming,
            WarmingState::Waiting if self.well >= PERIODS_WELL => WarmingState::Preparing,
            same => same,
        };
        let prepares = self.state == WarmingState::Preparing;
        self.prepared = if prepares { self.prepared.saturating_add(1) } else { 0 };
        if self.state == before {
            return;
        }
        // From where it is now, without a bump.
        let start = match (self.state, self.aim) {
            (WarmingState::Warming, Aim::Blood) => self.blood(seen).or(seen.water_celsius),
            (WarmingState::Warming, _) => seen.water_celsius,
            _ => None,
        };
        self.cascade = Cascade::at(start.unwrap_or(f32::NAN));
    }

    fn is_prepared(&self, seen: &Temperatures) -> bool {
        let Some(water) = seen.water_celsius.filter(|_| self.prepared > PERIODS_PROOF) else { return false };
        let (below_k, over_k) = PREPARED_K;
        match self.blood(seen) {
            Some(blood) => (below_k..=over_k).contains(&(water - blood)),
            None => (PREPARED_BLIND_CELSIUS..=WATER_BLIND_CELSIUS_MAX).contains(&water),
        }
    }

    /// Power of this period [W].
    fn power_w(&mut self, seen: &Temperatures) -> f32 {
        let Some(water) = seen.water_celsius else { return 0.0 };
        let blood = self.blood(seen);
        let rates = Rates {
            warming_celsius_per_h: self.settings.warming_celsius_per_h,
            cooling_celsius_per_h: self.settings.cooling_celsius_per_h,
        };
        match (self.state, self.aim, blood) {
            (WarmingState::Preparing, ..) => {
                self.cascade.water_celsius =
                    blood.unwrap_or(PREPARED_BLIND_CELSIUS).min(WATER_BLIND_CELSIUS_MAX);
                return self.cascade.power_w(&self.config, water, None);
            }
            (WarmingState::Warming, Aim::Blood, Some(blood)) => {
                self.cascade.follow_blood(self.settings.blood_celsius, rates, blood);
            }
            (WarmingState::Warming, Aim::Water, Some(blood)) => {
                self.cascade.follow_water(self.settings.water_celsius, rates, blood);
            }
            // Blind: the water stays where it was.
            (WarmingState::Warming, ..) => {
                let stays = self.cascade.water_celsius.min(WATER_BLIND_CELSIUS_MAX);
                self.cascade.water_celsius = stays;
            }
            _ => return 0.0,
        }
        self.cascade.power_w(&self.config, water, blood)
    }

    fn pumps(&self, conditions: u32, seen: &Temperatures) -> bool {
        // What is not seen is as it was: a pump that stands does not begin.
        let is_hot = conditions & condition::OVERHEATED != 0;
        let under_k_max = if is_hot { WATER_UNDER_HOT_BLOOD_K_MAX } else { WATER_UNDER_BLOOD_K_MAX };
        let (may, cools) = match (seen.water_celsius, seen.blood_celsius) {
            // Too warm: water that is cooler than the blood may take heat away.
            (Some(water), Some(blood)) => (water >= blood - under_k_max, water < blood),
            _ => (self.outputs.water_pump == 1, false),
        };
        let may = may && !self.checks.is_dry();
        match self.state {
            WarmingState::Warming => true,
            WarmingState::Waiting => may && (!is_hot || cools),
            WarmingState::Stopped => may && is_hot && cools,
            WarmingState::Off | WarmingState::Preparing => false,
        }
    }
}
