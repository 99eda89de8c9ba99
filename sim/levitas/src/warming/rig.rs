// SPDX-License-Identifier: Apache-2.0
//! The loop: control and cut-out of the core, device and heat of the world, ten times a second.

use levitas_core::mail::Mailboxes;
use levitas_core::ports::{CutOutOutputs, WarmingOutputs};
use levitas_core::task::cut_out::CutOutTask;
use levitas_core::task::warming::WarmingTask;
use levitas_core::warming::messages::{CutOutMail, WarmingMail, WarmingOrderMail};
use levitas_core::warming::{Aim, WarmingConfig, WarmingSettings, WarmingState};
use levitas_world::{ECMO_50, VA_25_21, WarmingBench, WarmingTruth};

use super::faults::Broken;
use crate::input::{BadInput, Checked};

/// One period [s].
pub(super) const PERIOD_S: f64 = 0.1;
/// Blood of an adult of 70 kg [mL].
const BLOOD_ML: f64 = 4900.0;
/// Shaft power at 4 L/min [W]: facts/clinical.md 3.1, as are the others about it.
const SHAFT_W: f64 = 8.0;

/// What was seen since the last call of `forget`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extremes {
    pub(super) water_celsius: f64,
    /// Anywhere in the circuit.
    pub(super) blood_celsius: f64,
    pub(super) water_over_blood_k: f64,
    /// Bits of the conditions, and when the first came [s].
    pub(super) conditions: u32,
    pub(super) told_s: Option<f64>,
}

impl Extremes {
    const NONE: Self = Self {
        water_celsius: f64::NEG_INFINITY,
        blood_celsius: f64::NEG_INFINITY,
        water_over_blood_k: f64::NEG_INFINITY,
        conditions: 0,
        told_s: None,
    };
}

/// See the [module](self).
#[derive(Clone)]
pub(super) struct Rig {
    pub(super) bench: WarmingBench,
    mail: Mailboxes,
    control: WarmingTask,
    cut_out: CutOutTask,
    orders: u32,
    told: WarmingOutputs,
    permit: CutOutOutputs,
    pub(super) control_stalls: bool,
    pub(super) cut_out_stalls: bool,
    /// In place of the control: full power, with an output that looks alive.
    pub(super) runs_away: bool,
    pub(super) extremes: Extremes,
    time_s: f64,
}

impl Rig {
    /// A patient of this temperature at this flow, cold water, nothing asked for.
    pub(super) fn new(celsius: f64, blood_flow_lpm: f64, seed: u64) -> Checked<Self> {
        let mut bench = WarmingBench::new(&ECMO_50, &VA_25_21, BLOOD_ML, celsius, seed);
        (bench.blood_flow_lpm, bench.shaft_w) = (blood_flow_lpm, SHAFT_W * blood_flow_lpm / 4.0);
        let control = WarmingTask::new(&WarmingConfig::ECMO_50)
            .map_err(|error| BadInput::of("warming", error.to_string(), "a configuration in range"))?;
        Ok(Self {
            bench,
            mail: Mailboxes::new(),
            control,
            cut_out: CutOutTask::default(),
            orders: 0,
            told: WarmingOutputs::default(),
            permit: CutOutOutputs::default(),
            control_stalls: false,
            cut_out_stalls: false,
            runs_away: false,
            extremes: Extremes::NONE,
            time_s: 0.0,
        })
    }

    /// The operator sets a target, and a rate for both directions [C, C/h].
    pub(super) fn set(&mut self, aim: Aim, celsius: f32, celsius_per_h: f32) -> Checked<()> {
        let mut settings = WarmingSettings {
            warming_celsius_per_h: celsius_per_h,
            cooling_celsius_per_h: celsius_per_h,
            ..WarmingSettings::ADULT
        };
        match aim {
            Aim::Blood => settings.blood_celsius = celsius,
            Aim::Water => settings.water_celsius = celsius,
            Aim::Off => {}
        }
        settings.check().map_err(|error| BadInput::of("warming", error.to_string(), "a setting in range"))?;
        self.orders += 1;
        self.mail.warming_order.write(&WarmingOrderMail::new(self.orders, aim, &settings));
        Ok(())
    }

    /// Until the target is followed, ten minutes at most, and then for so long.
    pub(super) fn settle(&mut self, seconds: f64) {
        for _ in 0..6000 {
            if self.said().is_some_and(|said| said.state == WarmingState::Warming as u32) {
                break;
            }
            self.period();
        }
        self.run(seconds, |_| {});
        self.forget();
    }

    /// What was seen so far does not count.
    pub(super) fn forget(&mut self) {
        (self.extremes, self.time_s) = (Extremes::NONE, 0.0);
    }

    /// Something breaks.
    pub(super) fn break_down(&mut self, broken: &Broken) -> Checked<()> {
        match broken {
            Broken::Device(fault) => self
                .bench
                .fault(fault)
                .map_err(|error| BadInput::of("warming", error.to_string(), "a fault in range"))?,
            Broken::ControlStalls => self.control_stalls = true,
            Broken::CutOutStalls => self.cut_out_stalls = true,
            Broken::BloodStops => (self.bench.blood_flow_lpm, self.bench.shaft_w) = (0.0, 0.0),
        }
        Ok(())
    }

    /// Runs, and shows what is the case after each period.
    pub(super) fn run(&mut self, seconds: f64, mut look: impl FnMut(&Self)) {
        for _ in 0..(seconds / PERIOD_S).round() as u64 {
            self.period();
            look(self);
        }
    }

    /// Blood that leaves the lung [C].
    pub(super) fn lung_celsius(&self) -> f64 {
        self.bench.blood_celsius()[1]
    }

    pub(super) fn truth(&self) -> WarmingTruth {
        self.bench.truth()
    }

    /// Water and blood: what was seen, or what is hotter [C].
    pub(super) fn hotter(&self, other: [f64; 2]) -> [f64; 2] {
        let Extremes { water_celsius, blood_celsius, .. } = self.extremes;
        [hotter(water_celsius, other[0]), hotter(blood_celsius, other[1])]
    }

    /// The cut-out is open, as it says.
    pub(super) fn has_tripped(&self) -> bool {
        self.mail.cut_out.read::<CutOutMail>().is_some_and(|(_, said)| said.trip != 0)
    }

    /// What the control said last.
    fn said(&self) -> Option<WarmingMail> {
        self.mail.warming.read().map(|(_, said)| said)
    }

    fn period(&mut self) {
        let own = self.bench.sample_cut_out();
        if !self.cut_out_stalls {
            self.permit = self.cut_out.step(&own, &self.mail);
        }
        self.bench.cut_out(&self.permit);
        let samples = self.bench.sample();
        if self.runs_away {
            let alive = self.told.alive ^ 1;
            self.told = WarmingOutputs { heater_duty: 1.0, heater_relay: 1, water_pump: 1, alive };
        } else if !self.control_stalls {
            self.told = self.control.step(&samples, &self.mail);
            self.take();
        }
        self.bench.control(&self.told);
        self.bench.advance();
        self.time_s += PERIOD_S;
        let [hottest, lung, _] = self.bench.blood_celsius();
        let truth = self.bench.truth();
        [self.extremes.water_celsius, self.extremes.blood_celsius] =
            self.hotter([truth.water_celsius, hottest]);
        let extremes = &mut self.extremes;
        if truth.water_flow_lpm > 0.0 {
            extremes.water_over_blood_k = extremes.water_over_blood_k.max(truth.water_celsius - lung);
        }
    }

    fn take(&mut self) {
        let conditions = self.said().map_or(0, |said| said.conditions);
        if conditions != 0 && self.extremes.told_s.is_none() {
            self.extremes.told_s = Some(self.time_s);
        }
        self.extremes.conditions |= conditions;
    }
}

/// The higher one; what is no number is higher than any.
fn hotter(one: f64, other: f64) -> f64 {
    if one.is_nan() || one > other { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_hotter_than_any() {
        assert_eq!((hotter(1.0, 2.0), hotter(4.0, 3.0)), (2.0, 4.0));
        assert!(hotter(f64::NAN, 1.0).is_nan() && hotter(1.0, f64::NAN).is_nan());
    }

    /// What the control believes of its device is what the plant has, with half of the water's own drop in the exchanger.
    #[test]
    fn the_configuration_is_that_of_the_plant() {
        let (config, plant) = (WarmingConfig::ECMO_50, ECMO_50.warming);
        let water_w_per_k = 4180.0 / 60.0 * plant.water_flow_lpm;
        let exchanger_w_per_k = 1.0 / (1.0 / plant.exchanger_w_per_k + 0.5 / water_w_per_k);
        for (name, believed, is) in [
            ("heater_w", config.heater_w, plant.heater_w),
            ("water_l", config.water_l, plant.water_l),
            ("exchanger_w_per_k", config.exchanger_w_per_k, exchanger_w_per_k),
            ("water_loss_w_per_k", config.water_loss_w_per_k, plant.water_loss_w_per_k),
        ] {
            assert!((f64::from(believed) / is - 1.0).abs() < 0.005, "{name}: {believed}, {is}");
        }
    }
}
