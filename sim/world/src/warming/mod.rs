// SPDX-License-Identifier: Apache-2.0
//! The warming device: heater, a litre of water, pump, exchanger, relays, thermostat, sensors.
//!
//! # Model
//! Sheath and water are well mixed:
//! | part | heat |
//! |---|---|
//! | sheath | gains P while power comes through; gives k_s (T_s - T_w) to the water |
//! | water | loses k_l (T_w - T_room) and k (T_w - T_lung) to the blood in the lung; heat capacity 4.18 kJ/K per litre that is left |
//! | exchanger | 1/k = 1/UA + 1/(2 rho c Q_w): the water's own drop counts by half. Against a lung that is well mixed the effectiveness on the blood side is k/(k + rho c Q) |
//!
//! Power comes through thermostat, cut-out relay, control relay and switch, in this order. Both relays are held by monostables that want
//! edges. The thermostat opens by its own lagged temperature, and closes 5 K below. Under 0.2 L the pump draws air, and at 0.1 L
//! nothing flows; 0.05 L stay around heater and sensors. Without flow the tank still mixes by itself.
//! # Limits and failure
//! A sheath that stands in air, and layers in standing water, are left out.
//! # Source
//! facts/clinical.md 3.7: exchangers of 0.5 to 0.7 at 4 to 5 L/min with 8 to 12 L/min of water: UA 500 W/K gives 0.59 and 0.54. Losses,
//! sheath, relays: choices.
//! # Shown by
//! Unit tests below; `levitas warming`.

mod bench;
mod faults;
mod sensors;

use levitas_core::ports::{CutOutInputs, CutOutOutputs, WarmingInputs, WarmingOutputs, valid};

pub use bench::WarmingBench;
pub use faults::{TemperatureFault, WarmingFault, WarmingSensor};

use crate::fault::FaultError;
use crate::parameters::Warming;
use faults::Broken;
use sensors::Sensors;

const J_PER_L_K: f64 = 4180.0;
const W_PER_K_PER_LPM: f64 = J_PER_L_K / 60.0;
/// Water that never runs out, at which nothing flows, at which the pump begins to draw air [L].
const WATER_L_MIN: f64 = 0.05;
const NO_FLOW_L: f64 = 0.1;
const FULL_FLOW_L: f64 = 0.2;
const THERMOSTAT_HYSTERESIS_K: f64 = 5.0;

/// Opens when nobody retriggers it.
#[derive(Clone, Copy, Debug, Default)]
struct Monostable {
    level: u32,
    left_s: f64,
}

impl Monostable {
    fn take(&mut self, level: u32, hold_s: f64) {
        if level != self.level {
            (self.level, self.left_s) = (level, hold_s);
        }
    }

    fn is_held(&self) -> bool {
        self.left_s > 0.0
    }
}

/// What is really the case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmingTruth {
    /// Water [C].
    pub water_celsius: f64,
    /// Water that is left [L].
    pub water_l: f64,
    /// Water through the exchanger [L/min].
    pub water_flow_lpm: f64,
    /// Electric power of the heater [W].
    pub heater_w: f64,
    /// The cut-out's relay conducts.
    pub cut_out_closed: bool,
    /// The thermostat conducts.
    pub thermostat_closed: bool,
}

/// What the lung feels of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange {
    pub(crate) water_celsius: f64,
    pub(crate) w_per_k: f64,
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct WarmingDevice {
    parameters: Warming,
    step_s: f64,
    water_celsius: f64,
    sheath_celsius: f64,
    water_l: f64,
    thermostat_celsius: f64,
    thermostat_closed: bool,
    told: WarmingOutputs,
    alive: Monostable,
    permit: Monostable,
    is_button_pressed: bool,
    sensors: Sensors,
    broken: Broken,
}

impl WarmingDevice {
    /// At rest in a room, beside blood of this temperature.
    pub(crate) fn new(parameters: &Warming, blood_celsius: f64, seed: u64, step_s: f64) -> Self {
        let room = parameters.room_celsius;
        let mut device = Self {
            parameters: *parameters,
            step_s,
            water_celsius: room,
            sheath_celsius: room,
            water_l: parameters.water_l,
            thermostat_celsius: room,
            thermostat_closed: true,
            told: WarmingOutputs::default(),
            alive: Monostable::default(),
            permit: Monostable::default(),
            is_button_pressed: false,
            sensors: Sensors::new(parameters, room, seed, step_s),
            broken: Broken::default(),
        };
        device.sensors.settle(room, blood_celsius);
        device
    }

    /// Water, sheath and thermostat at a temperature.
    pub(crate) fn fill(&mut self, water_celsius: f64, blood_celsius: f64) {
        (self.water_celsius, self.sheath_celsius, self.thermostat_celsius) =
            (water_celsius, water_celsius, water_celsius);
        self.sensors.settle(water_celsius, blood_celsius);
    }

    /// What the control says; it stands until it says something else.
    pub fn control(&mut self, outputs: &WarmingOutputs) {
        self.alive.take(outputs.alive, self.parameters.monostable_s);
        self.told = *outputs;
    }

    /// What the cut-out says, likewise.
    pub fn cut_out(&mut self, outputs: &CutOutOutputs) {
        self.permit.take(outputs.permit, self.parameters.monostable_s);
    }

    /// The cut-out's button is held, or let go.
    pub fn press(&mut self, is_pressed: bool) {
        self.is_button_pressed = is_pressed;
    }

    /// Something breaks.
    ///
    /// # Errors
    /// The first of its numbers that is out of range; nothing has changed then.
    pub fn fault(&mut self, fault: &WarmingFault) -> Result<(), FaultError> {
        fault.check()?;
        match *fault {
            WarmingFault::Sensor(which, fault) => self.sensors.fault(which, fault),
            _ => self.broken.take(fault),
        }
        Ok(())
    }

    /// Everything is whole, and full, again.
    pub fn clear(&mut self) {
        self.sensors.clear();
        self.broken = Broken::default();
        self.water_l = self.parameters.water_l;
    }

    pub(crate) fn truth(&self) -> WarmingTruth {
        WarmingTruth {
            water_celsius: self.water_celsius,
            water_l: self.water_l,
            water_flow_lpm: self.flow_lpm(),
            heater_w: self.heater_w(),
            cut_out_closed: self.permit.is_held() || self.broken.cut_out_welded,
            thermostat_closed: self.thermostat_closed,
        }
    }

    /// What the lung feels now; nothing while no water flows.
    pub(crate) fn exchange(&self) -> Option<Exchange> {
        let flow_lpm = self.flow_lpm();
        (flow_lpm > 0.0).then(|| Exchange {
            water_celsius: self.water_celsius,
            w_per_k: 1.0 / (1.0 / self.parameters.exchanger_w_per_k + 0.5 / (W_PER_K_PER_LPM * flow_lpm)),
        })
    }

    /// One step beside a lung of this temperature.
    pub(crate) fn advance(&mut self, lung_celsius: f64) {
        let Warming { sheath_j_per_k, sheath_w_per_k, water_loss_w_per_k, room_celsius, .. } =
            self.parameters;
        let given_w =
            self.exchange().map_or(0.0, |exchange| exchange.w_per_k * (self.water_celsius - lung_celsius));
        // Exact for water that stands, so that a small sheath is no matter of the step.
        let power_w = self.heater_w();
        let settled = self.water_celsius + power_w / sheath_w_per_k;
        let kept = libm::exp(-self.step_s * sheath_w_per_k / sheath_j_per_k);
        let after = settled + kept * (self.sheath_celsius - settled);
        let from_sheath_w = power_w - sheath_j_per_k * (after - self.sheath_celsius) / self.step_s;
        self.sheath_celsius = after;
        let lost_w = water_loss_w_per_k * (self.water_celsius - room_celsius);
        let water_j_per_k = J_PER_L_K * self.water_l;
        self.water_celsius += self.step_s * (from_sheath_w - given_w - lost_w) / water_j_per_k;
        self.water_l = (self.water_l - self.broken.loss_lpm * self.step_s / 60.0).max(WATER_L_MIN);
        self.step_relays();
        self.sensors.follow(self.water_celsius, lung_celsius, self.step_s);
    }

    fn step_relays(&mut self) {
        self.alive.left_s -= self.step_s;
        self.permit.left_s -= self.step_s;
        let keep = libm::exp(-self.step_s / self.parameters.thermostat_lag_s);
        self.thermostat_celsius = self.water_celsius + keep * (self.thermostat_celsius - self.water_celsius);
        let opens = self.parameters.thermostat_celsius;
        if self.thermostat_celsius >= opens {
            self.thermostat_closed = false;
        } else if self.thermostat_celsius < opens - THERMOSTAT_HYSTERESIS_K {
            self.thermostat_closed = true;
        }
    }

    fn heater_w(&self) -> f64 {
        let relay = self.told.heater_relay == 1 && self.alive.is_held() || self.broken.relay_welded;
        let cut_out = self.permit.is_held() || self.broken.cut_out_welded;
        if !(relay && cut_out && self.thermostat_closed) {
            return 0.0;
        }
        let duty =
            if self.broken.heater_stuck { 1.0 } else { f64::from(self.told.heater_duty).clamp(0.0, 1.0) };
        duty * self.parameters.heater_w
    }

    fn flow_lpm(&self) -> f64 {
        if self.told.water_pump != 1 || self.broken.pump_stands {
            return 0.0;
        }
        let filled = (self.water_l - NO_FLOW_L) / (FULL_FLOW_L - NO_FLOW_L);
        self.parameters.water_flow_lpm * filled.clamp(0.0, 1.0)
    }

    /// The control's samples of this instant.
    pub fn sample(&mut self) -> WarmingInputs {
        let shown_lpm = if self.broken.flow_stuck { self.parameters.water_flow_lpm } else { self.flow_lpm() };
        let level = if self.broken.level_stuck { 1.0 } else { self.water_l / self.parameters.water_l };
        let heater_w = self.heater_w();
        let leaks_ma = if heater_w > 0.0 { self.parameters.leakage_ma + self.broken.leakage_ma } else { 0.0 };
        WarmingInputs {
            water_celsius: [WarmingSensor::WaterA, WarmingSensor::WaterB]
                .map(|which| self.sensors.sample(which)),
            blood_celsius: self.sensors.sample(WarmingSensor::Blood),
            heater_power_w: if self.broken.meter_dead { 0.0 } else { heater_w as f32 },
            leakage_ma: leaks_ma as f32,
            water_flow_lpm: shown_lpm as f32,
            water_level: level as f32,
            valid: valid::WARMING,
        }
    }

    /// The cut-out's samples of this instant.
    pub fn sample_cut_out(&mut self) -> CutOutInputs {
        CutOutInputs {
            water_celsius: self.sensors.sample(WarmingSensor::CutOutWater),
            blood_celsius: self.sensors.sample(WarmingSensor::CutOutBlood),
            reset: u32::from(self.is_button_pressed),
            valid: valid::CUT_OUT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ECMO_50;

    const STEP_S: f64 = 0.01;

    fn device() -> WarmingDevice {
        WarmingDevice::new(&ECMO_50.warming, 37.0, 1, STEP_S)
    }

    /// Runs with full power, edges as told; what happens at each tenth of a second is looked at.
    fn run(device: &mut WarmingDevice, seconds: u32, edges: [bool; 2], pump: u32, lung_celsius: f64) {
        for tenth in 0..10 * seconds {
            let edge = |alternates: bool| if alternates { tenth % 2 } else { 0 };
            device.control(&WarmingOutputs {
                heater_duty: 1.0,
                heater_relay: 1,
                water_pump: pump,
                alive: edge(edges[0]),
            });
            device.cut_out(&CutOutOutputs { permit: edge(edges[1]) });
            (0..10).for_each(|_| device.advance(lung_celsius));
        }
    }

    /// facts 3.7: 500 W in a litre are 0.12 K/s.
    #[test]
    fn five_hundred_watts_warm_a_litre_by_an_eighth_of_a_kelvin_a_second() {
        let mut device = device();
        device.fill(22.0, 37.0);
        run(&mut device, 10, [true; 2], 0, 37.0);
        let before = device.truth().water_celsius;
        run(&mut device, 50, [true; 2], 0, 37.0);
        let rate = (device.truth().water_celsius - before) / 50.0;
        // The sheath warms along with it, and the room takes a little.
        assert!((rate / 0.1196 - 1.0).abs() < 0.08, "{rate}");
    }

    #[test]
    fn power_needs_the_edges_of_both_outputs() {
        for (edges, flows) in [([true, true], true), ([false, true], false), ([true, false], false)] {
            let mut device = device();
            run(&mut device, 2, edges, 0, 37.0);
            assert_eq!(device.truth().heater_w > 0.0, flows, "{edges:?}");
        }
        let mut welded = device();
        welded.fault(&WarmingFault::RelayWelded).unwrap();
        welded.fault(&WarmingFault::CutOutRelayWelded).unwrap();
        run(&mut welded, 2, [false; 2], 0, 37.0);
        assert!(welded.truth().heater_w > 0.0);
        run(&mut welded, 300, [false; 2], 0, 37.0);
        let truth = welded.truth();
        assert!(!truth.thermostat_closed && truth.water_celsius < 45.0, "{truth:?}");
    }

    /// facts 3.7: effectiveness 0.5 to 0.7 at 4 to 5 L/min.
    #[test]
    fn the_exchanger_has_the_effectiveness_of_its_source() {
        let mut device = device();
        run(&mut device, 1, [true; 2], 1, 37.0);
        let k = device.exchange().unwrap().w_per_k;
        let effectiveness = |lpm: f64| k / (k + 3.8 * lpm * 1000.0 / 60.0);
        assert!((effectiveness(4.0) - 0.59).abs() < 0.01 && (effectiveness(5.0) - 0.54).abs() < 0.01);
    }

    #[test]
    fn water_that_runs_out_stops_flowing_and_warms_faster() {
        let mut device = device();
        device.fault(&WarmingFault::WaterLoss { lpm: 1.0 }).unwrap();
        run(&mut device, 50, [true; 2], 1, 37.0);
        let truth = device.truth();
        assert!(truth.water_flow_lpm > 0.0 && truth.water_flow_lpm < 10.0, "{truth:?}");
        run(&mut device, 20, [true; 2], 1, 37.0);
        assert_eq!((device.truth().water_flow_lpm, device.truth().water_l), (0.0, WATER_L_MIN));
        assert!(device.sample().water_level < 0.1 && device.exchange().is_none());
    }

    #[test]
    fn broken_sensors_show_what_they_should() {
        let mut device = device();
        let drift = TemperatureFault::Drift { k_per_s: 0.5 };
        for (which, fault) in [
            (WarmingSensor::WaterA, TemperatureFault::Open),
            (WarmingSensor::WaterB, TemperatureFault::Short),
            (WarmingSensor::Blood, drift),
            (WarmingSensor::CutOutWater, TemperatureFault::Stuck),
        ] {
            device.fault(&WarmingFault::Sensor(which, fault)).unwrap();
        }
        let first = device.sample_cut_out().water_celsius;
        run(&mut device, 10, [true; 2], 0, 37.0);
        let samples = device.sample();
        assert_eq!(samples.water_celsius, [-20.0, 100.0]);
        assert!((samples.blood_celsius - 42.0).abs() < 0.2, "{samples:?}");
        let own = device.sample_cut_out();
        assert!(own.water_celsius == first && (own.blood_celsius - 37.0).abs() < 0.2);
        device.clear();
        assert!((device.sample().blood_celsius - 37.0).abs() < 0.2);
        assert!(
            WarmingFault::Sensor(WarmingSensor::Blood, TemperatureFault::Drift { k_per_s: 2.0 })
                .check()
                .is_err()
        );
        assert!(WarmingFault::WaterLoss { lpm: -1.0 }.check().is_err());
        assert!(WarmingFault::Leakage { ma: f64::NAN }.check().is_err());
    }
}
