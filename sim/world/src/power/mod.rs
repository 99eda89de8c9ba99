// SPDX-License-Identifier: Apache-2.0
//! What feeds the bus of a unit: mains or battery, the diodes between, charger and test load, and what measures them.
//!
//! # Model
//! The supply of the mains and the battery meet behind two ideal diodes. The mains are higher than a full battery, so the battery gives nothing
//! while they are there. They go at once: what the supply itself stores is not counted. From then on the bus falls until the battery's
//! diode conducts, at first with the drop of the diode, after `diode_s` without. How it falls is the matter of `bus.rs`: C, load, and what
//! feeds. Charger and test load stand before the diode, at the battery; both have power, and conduct, only while the mains are there. The charger gives its current until the voltage of a full
//! battery at rest, then what that voltage drives.
//! # Sensors
//! Voltage of the mains' supply before its diode, of the battery, its current (positive: it gives), current into the bus; each the mean since the
//! last sample, with noise and gain error.
//! # Limits and failure
//! A supply that sags (`BusSag`) sags behind both diodes: the battery does not help. Without the unit's own power the test load opens after
//! `test_load_s_max`.
//! # Source
//! Engineering choice; values with their reasons in the plant file. The battery: `battery.rs`.
//! # Shown by
//! `tests/power.rs`.

mod battery;
mod bench;

use levitas_core::ports::{PowerInputs, PowerOutputs, valid};

use crate::bus::Feed;
use crate::fault::Fault;
use crate::noise::Noise;
use crate::parameters::{Battery as Parameters, Plant};
use crate::world::World;
use battery::Battery;
pub use bench::PowerBench;

/// Streams of noise from here on, one per unit.
const NOISE_STREAM: u64 = 8;
/// Periods from one step of the battery to the next: 10 ms.
const BATTERY_PERIODS: u32 = 200;

/// The battery of a unit as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PowerTruth {
    /// The mains are there.
    pub mains: bool,
    /// State of charge of the battery, 0 to 1.
    pub charge: f64,
    /// What the battery gives, mean of 10 ms [A]; it takes where this is below 0.
    pub battery_a: f64,
    /// Its voltage without load [V].
    pub open_v: f64,
    /// Its resistance at once [ohm].
    pub resistance_ohm: f64,
    /// Power that goes into the bus, mean of 10 ms [W].
    pub load_w: f64,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub(crate) struct Power {
    parameters: Parameters,
    battery: Battery,
    mains_v: f64,
    has_mains: bool,
    bus_ohm: f64,
    bus_f: f64,
    step_s: f64,
    /// What the battery is to the bus without and with the drop of its diode.
    feed: Feed,
    /// Time since its diode conducts [s].
    conducts_s: f64,
    outputs: PowerOutputs,
    test_s: f64,
    periods: u32,
    /// Sums of this battery step: charge into the bus [A periods], energy [V A periods].
    into_bus_a: f64,
    into_bus_w: f64,
    truth: PowerTruth,
    sums: Sums,
    noise: Noise,
    lost: bool,
    stuck: bool,
    shown: PowerInputs,
}

/// Since the last sample.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    periods: f64,
    battery_v: f64,
    battery_a: f64,
    load_a: f64,
}

impl Power {
    pub(crate) fn new(plant: &Plant, set: usize, seed: u64, step_s: f64) -> Self {
        let battery = Battery::new(&plant.battery);
        let drive = &plant.drive;
        let mut power = Self {
            parameters: plant.battery,
            battery,
            mains_v: drive.bus_voltage_v,
            has_mains: true,
            bus_ohm: drive.supply_resistance_ohm,
            bus_f: drive.bus_capacitance_f,
            step_s,
            feed: Feed::NOTHING,
            conducts_s: 0.0,
            outputs: PowerOutputs::default(),
            test_s: 0.0,
            periods: 0,
            into_bus_a: 0.0,
            into_bus_w: 0.0,
            truth: PowerTruth::default(),
            sums: Sums::default(),
            noise: Noise::new(seed, NOISE_STREAM + set as u64),
            lost: false,
            stuck: false,
            shown: PowerInputs::default(),
        };
        power.renew();
        power.look(0.0);
        power
    }

    pub(crate) fn fault(&mut self, fault: &Fault) {
        match *fault {
            Fault::MainsLoss => (self.has_mains, self.conducts_s) = (false, 0.0),
            Fault::BatteryWeak { capacity_factor, resistance_factor } => {
                self.battery.age(capacity_factor, resistance_factor);
                self.renew();
            }
            Fault::BatterySensorLoss => self.lost = true,
            Fault::BatterySensorStuck => self.stuck = true,
            _ => {}
        }
    }

    pub(crate) fn clear(&mut self) {
        (self.has_mains, self.lost, self.stuck) = (true, false, false);
        self.battery.age(1.0, 1.0);
        self.renew();
    }

    pub(crate) fn control(&mut self, outputs: &PowerOutputs) {
        self.outputs = *outputs;
    }

    /// What feeds the bus instead of the mains; `None` while these do.
    pub(crate) fn instead(&self) -> Option<Feed> {
        if self.has_mains {
            return None;
        }
        if self.battery.charge <= 0.0 {
            return Some(Feed::NOTHING);
        }
        let drop_v = if self.conducts_s < self.parameters.diode_s { self.parameters.diode_v } else { 0.0 };
        Some(self.feed.less(drop_v))
    }

    /// A period in which `current_a` went into the bus, at `bus_v`.
    pub(crate) fn advance(&mut self, current_a: f64, bus_v: f64) {
        self.into_bus_a += current_a;
        self.into_bus_w += current_a * bus_v;
        if !self.has_mains && current_a > 0.0 {
            self.conducts_s += self.step_s;
        }
        self.periods += 1;
        if self.periods == BATTERY_PERIODS {
            self.step_battery();
        }
    }

    fn step_battery(&mut self) {
        let periods = f64::from(core::mem::take(&mut self.periods));
        let load_a = core::mem::take(&mut self.into_bus_a) / periods;
        self.truth.load_w = core::mem::take(&mut self.into_bus_w) / periods;
        let tests = self.outputs.test_load == 1 && self.test_s < self.parameters.test_load_s_max;
        let step_s = periods * self.step_s;
        self.test_s = if self.outputs.test_load == 1 { self.test_s + step_s } else { 0.0 };
        let ohm = self.battery.resistance_ohm();
        let beside_a = if !self.has_mains {
            0.0
        } else if tests && self.battery.charge > 0.0 {
            self.battery.open_v() / (self.parameters.test_load_ohm + ohm)
        } else if self.outputs.hold_charger == 1 {
            0.0
        } else {
            let drives_a = (self.battery.full_v() - self.battery.open_v()) / ohm;
            -drives_a.clamp(0.0, self.parameters.charge_a)
        };
        let battery_a = beside_a + if self.has_mains { 0.0 } else { load_a };
        self.battery.advance(battery_a, step_s);
        self.renew();
        self.look(battery_a);
        self.sums.periods += 1.0;
        self.sums.battery_v += self.battery.open_v() - ohm * battery_a;
        self.sums.battery_a += battery_a;
        self.sums.load_a += load_a;
    }

    fn renew(&mut self) {
        let ohm = self.battery.resistance_ohm() + self.bus_ohm;
        self.feed = Feed::new(self.battery.open_v(), ohm, self.bus_f, self.step_s);
    }

    fn look(&mut self, battery_a: f64) {
        self.truth = PowerTruth {
            mains: self.has_mains,
            charge: self.battery.charge,
            battery_a,
            open_v: self.battery.open_v(),
            resistance_ohm: self.battery.resistance_ohm(),
            ..self.truth
        };
    }

    pub(crate) fn truth(&self) -> PowerTruth {
        PowerTruth { mains: self.has_mains, ..self.truth }
    }

    /// The sensors, now.
    pub(crate) fn sample(&mut self) -> PowerInputs {
        let sums = core::mem::take(&mut self.sums);
        let mains_v = if self.has_mains { self.mains_v } else { 0.0 };
        let mean = |sum: f64, at_once: f64| if sums.periods > 0.0 { sum / sums.periods } else { at_once };
        let gain = 1.0 + self.parameters.voltage_gain_error;
        let mut volts =
            |volt: f64| (gain * volt + self.parameters.voltage_noise_rms_v * self.noise.gaussian()) as f32;
        let (mains_v, battery_v) = (volts(mains_v), volts(mean(sums.battery_v, self.truth.open_v)));
        let mut amps = |amp: f64| {
            let noise_a = self.parameters.current_noise_rms_a * self.noise.gaussian();
            (amp + self.parameters.current_offset_a + noise_a) as f32
        };
        let (battery_a, load_a) =
            (amps(mean(sums.battery_a, self.truth.battery_a)), amps(mean(sums.load_a, 0.0)));
        if !self.stuck {
            (self.shown.battery_v, self.shown.battery_a) = (battery_v, battery_a);
        }
        let missing = if self.lost { valid::BATTERY_VOLTAGE | valid::BATTERY_CURRENT } else { 0 };
        self.shown = PowerInputs { mains_v, load_a, valid: valid::POWER & !missing, ..self.shown };
        self.shown
    }
}

impl World {
    /// Samples of the power sensors of a unit, now: means since the last call.
    pub fn sample_power(&mut self, set: usize) -> PowerInputs {
        self.power[set.min(1)].sample()
    }

    /// What a unit asks of its charger and test load, until the next call.
    pub fn control_power(&mut self, set: usize, outputs: &PowerOutputs) {
        self.power[set.min(1)].control(outputs);
    }
}
