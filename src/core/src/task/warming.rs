// SPDX-License-Identifier: Apache-2.0
//! The warming task: temperatures of water and blood in, heater and water pump out. 10 Hz.
//!
//! # Stale input
//! A cut-out that has not been heard of for 0.5 s does not permit. What the operator wants stands until he wants something else, and a task
//! that starts anew finds it where it lay.
//!
//! # Refused
//! A setting outside its range; the blood as the aim while its sensor is not believed: the water can be. What was followed before is followed on.
//!
//! # Restart
//! A task that starts anew looks once at what it said itself: what stands until a target is set anew stands on, unless one was set meanwhile; an
//! order that was refused stays refused. It has not seen the blood yet, and takes one that is there for good.
//!
//! # Shown by
//! Unit tests below; [`crate::warming`]; docs/warming.md.

use crate::config::ConfigError;
use crate::mail::Mailboxes;
use crate::mailbox::Reader;
use crate::ports::{WarmingInputs, WarmingOutputs};
use crate::schedule::TaskId;
use crate::warming::messages::{CutOutMail, ORDER_BLIND, ORDER_UNKNOWN, WarmingMail, WarmingOrderMail};
use crate::warming::{Aim, Warming, WarmingConfig, WarmingSettings};

const PERIOD_US: u32 = TaskId::Warming.slot().period_us();
/// Age from which the cut-out counts as silent [us].
const CUT_OUT_US_MAX: u32 = 500_000;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct WarmingTask {
    warming: Warming,
    heater_w: f32,
    cut_out: Reader<CutOutMail>,
    order: Reader<WarmingOrderMail>,
    order_result: u32,
    is_running: bool,
    /// The sensor of the blood was believed in the period before.
    sees_blood: bool,
}

impl WarmingTask {
    /// Off, until an order is found.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &WarmingConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            warming: Warming::new(config)?,
            heater_w: config.heater_w,
            cut_out: Reader::new(PERIOD_US),
            order: Reader::new(PERIOD_US),
            order_result: 0,
            is_running: false,
            sees_blood: false,
        })
    }

    /// One period.
    pub fn step(&mut self, inputs: &WarmingInputs, mail: &Mailboxes) -> WarmingOutputs {
        if self.order.poll(&mail.warming_order) {
            let said = mail.warming.read::<WarmingMail>().map(|(_, said)| said).filter(|_| !self.is_running);
            self.order_result = self.order.latest().map_or(0, |order| {
                let refused = said.filter(|said| said.order_number == order.number && said.order_result != 0);
                refused.map_or_else(|| self.carry_out(&order), |said| said.order_result)
            });
        }
        let number = self.order.latest().map_or(0, |order| order.number);
        if !core::mem::replace(&mut self.is_running, true) {
            match mail.warming.read::<WarmingMail>() {
                Some((_, said)) if said.order_number == number => {
                    self.warming.resume(said.conditions, said.latched);
                }
                Some(_) => {}
                // It ended while it wrote: what it would have said is not known, so everything may have been found.
                None if mail.warming.is_used() => self.warming.resume(u32::MAX, u32::MAX),
                None => {}
            }
        }
        self.cut_out.poll(&mail.cut_out);
        let is_heard = self.cut_out.age_us() <= CUT_OUT_US_MAX;
        let cut_out = self.cut_out.latest().filter(|_| is_heard).map(|said| said.report());
        let (outputs, report) = self.warming.step(inputs, cut_out);
        self.sees_blood = self.warming.sees_blood();
        let heater_w = if outputs.heater_relay == 1 { outputs.heater_duty * self.heater_w } else { 0.0 };
        mail.warming.write(&WarmingMail::new(&report, heater_w, number, self.order_result));
        outputs
    }

    fn carry_out(&mut self, order: &WarmingOrderMail) -> u32 {
        let Some(aim) = Aim::from_code(order.aim) else { return ORDER_UNKNOWN };
        if aim == Aim::Blood && self.is_running && !self.sees_blood {
            return ORDER_BLIND;
        }
        let place = |field: &str| WarmingSettings::FIELDS.iter().position(|known| known.name == field);
        match self.warming.set(aim, &order.settings()) {
            Ok(()) => 0,
            Err(error) => place(error.field).map_or(ORDER_UNKNOWN, |place| place.saturating_add(1) as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{CutOutInputs, valid};
    use crate::task::cut_out::CutOutTask;
    use crate::warming::WarmingState;
    use crate::warming::conditions as condition;

    struct Bench {
        warming: WarmingTask,
        cut_out: CutOutTask,
        mail: Mailboxes,
        periods: u32,
        leakage_ma: f32,
        /// The blood sensor of the control vouches for nothing.
        blood_is_lost: bool,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                warming: WarmingTask::new(&WarmingConfig::ECMO_50).unwrap(),
                cut_out: CutOutTask::default(),
                mail: Mailboxes::new(),
                periods: 0,
                leakage_ma: 0.0,
                blood_is_lost: false,
            }
        }

        fn order(&self, number: u32, settings: &WarmingSettings) {
            self.mail.warming_order.write(&WarmingOrderMail::new(number, Aim::Blood, settings));
        }

        fn run(&mut self, periods: u32, cut_out_runs: bool) -> WarmingMail {
            for _ in 0..periods {
                self.periods += 1;
                let noise = 0.001 * (self.periods % 3) as f32;
                let own = CutOutInputs {
                    water_celsius: 36.5 + noise,
                    blood_celsius: 36.0 + noise,
                    reset: 0,
                    valid: valid::CUT_OUT,
                };
                if cut_out_runs {
                    self.cut_out.step(&own, &self.mail);
                }
                let before = self.mail.warming.read::<WarmingMail>().map_or(0.0, |(_, mail)| mail.heater_w);
                let inputs = WarmingInputs {
                    water_celsius: [own.water_celsius; 2],
                    blood_celsius: own.blood_celsius,
                    heater_power_w: before,
                    leakage_ma: self.leakage_ma,
                    water_flow_lpm: 10.0,
                    water_level: 1.0,
                    valid: valid::WARMING,
                };
                let inputs = if self.blood_is_lost {
                    WarmingInputs { blood_celsius: f32::NAN, ..inputs }
                } else {
                    inputs
                };
                self.warming.step(&inputs, &self.mail);
            }
            self.mail.warming.read().unwrap().1
        }
    }

    #[test]
    fn orders_are_answered_and_stand_after_a_restart() {
        let mut bench = Bench::new();
        assert_eq!(bench.run(20, true).state, WarmingState::Off as u32);
        bench.order(1, &WarmingSettings { warming_celsius_per_h: 7.0, ..WarmingSettings::ADULT });
        let seen = bench.run(1, true);
        assert_eq!((seen.order_number, seen.order_result, seen.state), (1, 3, WarmingState::Off as u32));
        bench.order(2, &WarmingSettings::ADULT);
        let seen = bench.run(40, true);
        assert_eq!((seen.order_number, seen.order_result, seen.state), (2, 0, WarmingState::Warming as u32));
        bench.mail.warming_order.write(&WarmingOrderMail { number: 3, aim: 9, ..order() });
        assert_eq!(bench.run(1, true).order_result, ORDER_UNKNOWN);
        bench.order(4, &WarmingSettings::ADULT);
        bench.run(1, true);
        bench.warming = WarmingTask::new(&WarmingConfig::ECMO_50).unwrap();
        assert_eq!(bench.run(40, true).state, WarmingState::Warming as u32);
    }

    #[test]
    fn what_has_stopped_stays_stopped_after_a_restart_until_a_target_is_set_anew() {
        let mut bench = Bench::new();
        bench.run(20, true);
        bench.order(1, &WarmingSettings::ADULT);
        assert_eq!(bench.run(40, true).state, WarmingState::Warming as u32);
        bench.leakage_ma = 5.0;
        assert_eq!(bench.run(5, true).state, WarmingState::Stopped as u32);
        bench.leakage_ma = 0.0;
        bench.warming = WarmingTask::new(&WarmingConfig::ECMO_50).unwrap();
        for _ in 0..100 {
            let seen = bench.run(1, true);
            assert_eq!((seen.state, seen.heater_w), (WarmingState::Stopped as u32, 0.0));
        }
        assert_eq!(bench.run(1, true).latched, condition::HEATER);
        // A target that was set while the task stood ends it.
        bench.order(2, &WarmingSettings::ADULT);
        bench.warming = WarmingTask::new(&WarmingConfig::ECMO_50).unwrap();
        assert_eq!(bench.run(40, true).state, WarmingState::Warming as u32);
    }

    #[test]
    fn the_blood_is_no_aim_while_its_sensor_is_not_believed_and_what_was_goes_on() {
        let mut bench = Bench::new();
        bench.run(20, true);
        bench.mail.warming_order.write(&WarmingOrderMail::new(1, Aim::Water, &WarmingSettings::ADULT));
        assert_eq!(bench.run(40, true).state, WarmingState::Warming as u32);
        bench.blood_is_lost = true;
        bench.run(50, true);
        let reference_celsius = bench.run(1, true).reference_celsius;
        bench.order(2, &WarmingSettings { blood_celsius: 34.0, ..WarmingSettings::ADULT });
        let seen = bench.run(10, true);
        assert_eq!((seen.order_number, seen.order_result), (2, ORDER_BLIND));
        assert_eq!(seen.state, WarmingState::Warming as u32);
        assert!((seen.reference_celsius - reference_celsius).abs() < 0.1, "{}", seen.reference_celsius);
        // Refused is refused, also for a task that starts anew and does not know the sensor yet.
        bench.warming = WarmingTask::new(&WarmingConfig::ECMO_50).unwrap();
        let seen = bench.run(10, true);
        assert_eq!(
            (seen.order_number, seen.order_result, seen.state),
            (2, ORDER_BLIND, WarmingState::Off as u32)
        );
        bench.mail.warming_order.write(&WarmingOrderMail::new(3, Aim::Water, &WarmingSettings::ADULT));
        assert_eq!(bench.run(1, true).order_result, 0, "the water can be followed");
        bench.blood_is_lost = false;
        bench.run(100, true);
        bench.order(4, &WarmingSettings::ADULT);
        assert_eq!(bench.run(1, true).order_result, 0, "it is believed again");
    }

    #[test]
    fn a_task_that_starts_anew_goes_on_with_the_blood_as_its_aim_without_its_sensor() {
        let mut bench = Bench::new();
        bench.run(20, true);
        bench.order(1, &WarmingSettings::ADULT);
        assert_eq!(bench.run(40, true).state, WarmingState::Warming as u32);
        bench.blood_is_lost = true;
        bench.run(50, true);
        bench.warming = WarmingTask::new(&WarmingConfig::ECMO_50).unwrap();
        let seen = bench.run(50, true);
        assert_eq!((seen.order_result, seen.state == WarmingState::Off as u32), (0, false));
    }

    fn order() -> WarmingOrderMail {
        WarmingOrderMail::new(0, Aim::Off, &WarmingSettings::ADULT)
    }

    #[test]
    fn without_the_cut_out_nothing_is_heated() {
        let mut bench = Bench::new();
        bench.run(20, true);
        bench.order(1, &WarmingSettings::ADULT);
        assert_eq!(bench.run(40, true).state, WarmingState::Warming as u32);
        assert_eq!(bench.run(5, false).conditions, 0);
        let seen = bench.run(1, false);
        assert_eq!((seen.conditions, seen.heater_w), (condition::CUT_OUT, 0.0));
        assert_eq!(bench.run(100, true).state, WarmingState::Warming as u32);
    }
}
