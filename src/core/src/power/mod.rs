// SPDX-License-Identifier: Apache-2.0
//! Mains and battery of this unit: who feeds it, how long the battery lasts, whether it is strong. 100 Hz, most of it once a second.
//!
//! | file | what |
//! |---|---|
//! | `channel.rs` | which measurement is to be believed |
//! | `cell.rs` | voltage at rest and state of charge |
//! | `gauge.rs` | charge, load, time that is left |
//! | `load_test.rs` | the load test |
//! | `conditions.rs`, `messages.rs` | what is told |
//! | `told.rs` | what of it the other unit hears |
//!
//! # Model
//! The mains are lost when their supply is under [`MAINS_V_LOST`] for 20 ms, there again over [`MAINS_V_BACK`] for 100 ms; where it is not
//! measured, lost while the battery gives more than half of the load.
//!
//! `battery_15_min` stands with mains, too: it is what a loss of the mains would leave. `battery_5_min` is for a unit on its battery. Each goes
//! with a fifth more than its time.
//! # Timing
//! One [`Power::step`] per 10 ms. Means over a second: charge, time and the low-battery conditions are a second old at most.
//! # Limits and failure
//! It commands nothing but charger and test load. What is not measured is marked: [`conditions::BATTERY_UNKNOWN`], and no number in its place.
//! # Source
//! facts/clinical.md 4.3, rows 1 and 16.
//! # Shown by
//! `tests.rs`; scenarios 8a to 8c; docs/power.md.

mod cell;
mod channel;
pub mod conditions;
mod gauge;
mod load_test;
pub mod messages;
#[cfg(test)]
mod tests;
pub mod told;

use crate::code::from_code;
use crate::config::ConfigError;
use crate::ports::{PowerInputs, PowerOutputs, valid};
use channel::Channel;
use conditions as condition;
use gauge::{Gauge, Second};
use load_test::LoadTest;

/// Steps per second.
pub const PERIODS_PER_S: u32 = 100;
/// Under this voltage the mains do not feed the bus [V]: a full battery is at 45 V.
const MAINS_V_LOST: f32 = 45.5;
const MAINS_V_BACK: f32 = 46.5;
const LOST_PERIODS: u32 = 2;
const BACK_PERIODS: u32 = 10;
/// Where the mains are not measured: part of the load that the battery gives when they are lost.
const BATTERY_SHARE: f32 = 0.5;
const VOLTS: [f32; 2] = [-1.0, 70.0];
const AMPERES: [f32; 2] = [-50.0, 50.0];
/// Samples that a mean over a second needs.
const SAMPLES_MIN: f32 = 50.0;
/// Seconds until what has never been known counts as unknown.
const START_S: u32 = 5;
const LOW_S: f32 = 900.0;
const VERY_LOW_S: f32 = 300.0;
/// A low battery is none any more with so much more time.
const AGAIN_FACTOR: f32 = 1.2;

ranged_struct! {
    /// What is known of the battery when it is new, and how it is tested.
    pub struct PowerConfig: f32 {
        /// Cells in series \[1\].
        battery_series_cells: 1.0..=20.0,
        /// Capacity of a new battery \[Ah\].
        battery_capacity_ah: 1.0e-3..=100.0,
        /// Resistance of a new battery at once, with its wiring \[ohm\].
        battery_resistance_ohm: 0.01..=10.0,
        /// Resistance that comes with minutes \[ohm\].
        battery_polarisation_ohm: 0.0..=10.0,
        /// Time without current after which its voltage says its charge \[s\].
        battery_rest_s: 2.0..=7200.0,
        /// A battery with less than this part of its capacity is weak \[1\].
        battery_capacity_fraction_min: 0.3..=1.0,
        /// A battery with more than this times its resistance is weak \[1\].
        battery_resistance_factor_max: 1.1..=10.0,
        /// Time for which the load test draws the battery \[s\].
        load_test_s: 5.0..=100.0,
    }
}

impl PowerConfig {
    /// Of the plant ecmo-50: 11 cells of 3 Ah at 30 C; a test of the simulator compares them. A battery counts as spent at 70 % of its capacity or twice its resistance.
    pub const ECMO_50: Self = Self {
        battery_series_cells: 11.0,
        battery_capacity_ah: 3.0,
        battery_resistance_ohm: 0.337,
        battery_polarisation_ohm: 0.192,
        battery_rest_s: 600.0,
        battery_capacity_fraction_min: 0.7,
        battery_resistance_factor_max: 2.0,
        load_test_s: 60.0,
    };
}

/// How the load test stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum TestState {
    /// There was none.
    #[default]
    None = 0,
    /// The charger is held.
    Before = 1,
    /// The load draws.
    Draw = 2,
    /// The battery comes to rest.
    Rest = 3,
    /// The battery is strong.
    Passed = 4,
    /// It is weak.
    Weak = 5,
    /// It did not come to an end: mains or measurement were lost, or the load drew nothing.
    Stopped = 6,
}

from_code!(TestState: u32 { None, Before, Draw, Rest, Passed, Weak, Stopped });

impl TestState {
    const fn is_running(self) -> bool {
        matches!(self, Self::Before | Self::Draw | Self::Rest)
    }
}

/// Why a load test is not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum TestRefusal {
    /// No such order.
    Order = 1,
    /// The unit runs on its battery.
    NoMains = 2,
    /// Mains, battery or charge are not known.
    Unknown = 3,
    /// One is running.
    Running = 4,
    /// The battery has too little charge.
    Charge = 5,
}

from_code!(TestRefusal: u32 { Order, NoMains, Unknown, Running, Charge });

impl TestRefusal {
    /// As shell and logs say it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Order => "no such order",
            Self::NoMains => "the unit runs on its battery",
            Self::Unknown => "mains, battery or charge are not known",
            Self::Running => "one is running",
            Self::Charge => "too little charge",
        }
    }
}

/// What is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PowerReport {
    /// Bits of [`conditions`].
    pub conditions: u32,
    /// State of charge, 0 to 1.
    pub charge: Option<f32>,
    /// Time that the battery lasts, or would, at the load of the last minute [s].
    pub remaining_s: Option<f32>,
    /// That load [W].
    pub load_w: Option<f32>,
    /// Capacity as the load test found it [Ah].
    pub capacity_ah: Option<f32>,
    /// Resistance as it found it [ohm].
    pub resistance_ohm: Option<f32>,
    /// See [`TestState`].
    pub test: TestState,
}

/// A mean that grows.
#[derive(Clone, Copy, Debug, Default)]
struct Mean {
    sum: f32,
    count: f32,
}

impl Mean {
    fn add(&mut self, value: Option<f32>) {
        if let Some(value) = value {
            self.sum += value;
            self.count += 1.0;
        }
    }

    /// What there was, if it was enough, and from the beginning.
    fn take(&mut self) -> Option<f32> {
        let Self { sum, count } = core::mem::take(self);
        (count >= SAMPLES_MIN).then(|| sum / count)
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Power {
    mains: Channel,
    battery_volt: Channel,
    battery_current: Channel,
    load_current: Channel,
    on_battery: bool,
    /// Periods that speak against `on_battery`.
    contrary: u32,
    battery_v: Mean,
    battery_a: Mean,
    load_w: Mean,
    periods: u32,
    seconds: u32,
    gauge: Gauge,
    test: LoadTest,
    low: bool,
    very_low: bool,
}

impl Power {
    /// A unit that has just been switched on: mains taken for there, nothing known of the battery.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &PowerConfig) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            mains: Channel::new(VOLTS).still_below(MAINS_V_LOST),
            battery_volt: Channel::new(VOLTS),
            battery_current: Channel::new(AMPERES),
            load_current: Channel::new(AMPERES),
            on_battery: false,
            contrary: 0,
            battery_v: Mean::default(),
            battery_a: Mean::default(),
            load_w: Mean::default(),
            periods: 0,
            seconds: 0,
            gauge: Gauge::new(config),
            test: LoadTest::new(config),
            low: false,
            very_low: false,
        })
    }

    /// What a task before this one knew of the battery.
    pub fn recall(&mut self, capacity_ah: Option<f32>, resistance_ohm: Option<f32>, is_weak: bool) {
        self.test.recall(capacity_ah, resistance_ohm, is_weak);
        self.gauge.capacity_ah = capacity_ah;
    }

    /// Begins a load test.
    ///
    /// # Errors
    /// Why it is not begun.
    pub fn begin_test(&mut self) -> Result<(), TestRefusal> {
        let is_known = !self.is_blind();
        self.test.begin(self.on_battery, is_known, &self.gauge)
    }

    /// One period of 10 ms.
    pub fn step(&mut self, inputs: &PowerInputs) -> (PowerOutputs, PowerReport) {
        let has = |bit: u32| inputs.valid & bit != 0;
        let mains_v = self.mains.step(has(valid::MAINS_VOLTAGE), inputs.mains_v);
        let battery_v = self.battery_volt.step(has(valid::BATTERY_VOLTAGE), inputs.battery_v);
        let battery_a = self.battery_current.step(has(valid::BATTERY_CURRENT), inputs.battery_a);
        let load_a = self.load_current.step(has(valid::LOAD_CURRENT), inputs.load_a);
        self.watch_mains(mains_v, battery_a, load_a);
        self.battery_v.add(battery_v);
        self.battery_a.add(battery_a);
        // On battery the load is what the battery gives: one measurement less to trust.
        let of_battery = battery_a.zip(battery_v);
        let fed_w = load_a.zip(if self.on_battery { battery_v } else { mains_v }).map(|(a, v)| a * v);
        let given_w = of_battery.filter(|_| self.on_battery).map(|(a, v)| a * v);
        self.load_w.add(given_w.or(fed_w));
        self.periods = self.periods.saturating_add(1);
        if self.periods >= PERIODS_PER_S {
            self.periods = 0;
            self.step_second();
        }
        let outputs = PowerOutputs {
            test_load: u32::from(self.test.state == TestState::Draw),
            hold_charger: u32::from(self.test.state.is_running()),
        };
        (outputs, self.report())
    }

    fn watch_mains(&mut self, mains_v: Option<f32>, battery_a: Option<f32>, load_a: Option<f32>) {
        // Mains that have a voltage and feed nothing are as good as lost. The test load is no load of the unit.
        let feeds = battery_a
            .zip(load_a)
            .filter(|_| !self.test.draws())
            .map(|(battery_a, load_a)| battery_a > gauge::REST_A && battery_a > BATTERY_SHARE * load_a);
        let lost = match mains_v {
            Some(mains_v) => {
                let least_v = if self.on_battery { MAINS_V_BACK } else { MAINS_V_LOST };
                mains_v < least_v || feeds == Some(true)
            }
            None => feeds.unwrap_or(self.on_battery),
        };
        self.contrary = if lost == self.on_battery { 0 } else { self.contrary.saturating_add(1) };
        if self.contrary >= if lost { LOST_PERIODS } else { BACK_PERIODS } {
            (self.on_battery, self.contrary) = (lost, 0);
        }
        if self.on_battery {
            self.test.stop();
        }
    }

    fn step_second(&mut self) {
        let second = Second {
            battery_v: self.battery_v.take(),
            battery_a: self.battery_a.take(),
            load_w: self.load_w.take(),
            on_battery: self.on_battery,
        };
        self.gauge.step(&second);
        self.test.step(&second, &self.gauge);
        if self.test.take_measured() {
            self.gauge.trust(self.test.capacity_ah);
        }
        self.seconds = self.seconds.saturating_add(1);
        let left_s = self.gauge.remaining_s();
        let low = |was: bool, limit_s: f32| {
            // A battery that is not known is told as such, and does not become a full one by it.
            left_s.map_or(was, |left_s| left_s < if was { limit_s * AGAIN_FACTOR } else { limit_s })
        };
        (self.low, self.very_low) = (low(self.low, LOW_S), low(self.very_low, VERY_LOW_S));
    }

    /// A measurement has been in trouble for long.
    const fn is_blind(&self) -> bool {
        self.mains.is_out()
            || self.battery_volt.is_out()
            || self.battery_current.is_out()
            || self.load_current.is_out()
    }

    fn report(&self) -> PowerReport {
        let remaining_s = self.gauge.remaining_s().filter(|_| !self.is_blind());
        let unknown = self.is_blind() || self.seconds >= START_S && remaining_s.is_none();
        let bits = [
            (self.on_battery, condition::MAINS_LOST),
            (self.low, condition::BATTERY_15_MIN),
            (self.very_low && self.on_battery, condition::BATTERY_5_MIN),
            (self.test.is_weak || self.gauge.is_doubted(), condition::BATTERY_WEAK),
            (unknown, condition::BATTERY_UNKNOWN),
        ];
        PowerReport {
            conditions: bits.into_iter().filter(|(is, _)| *is).fold(0, |bits, (_, bit)| bits | bit),
            charge: self.gauge.charge,
            remaining_s,
            load_w: self.gauge.load_w(),
            capacity_ah: self.test.capacity_ah,
            resistance_ohm: self.test.resistance_ohm,
            test: self.test.state,
        }
    }
}
