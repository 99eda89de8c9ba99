// SPDX-License-Identifier: Apache-2.0
//! The power task: voltages and currents of mains and battery in, charger and test load out. 100 Hz, with the supervisor and before it; on a
//! unit without these sensors it does not run, and nobody misses it.
//!
//! # Restart
//! A task that starts anew judges the charge by the voltage, as after power-up, and knows from its own mail what the load test has found and
//! that the battery is weak; a load test is over, and the order of before is not carried out again.
//!
//! # Shown by
//! Unit tests below; [`crate::power`]; docs/power.md.

use crate::config::ConfigError;
use crate::mail::Mailboxes;
use crate::mailbox::Reader;
use crate::ports::{PowerInputs, PowerOutputs};
use crate::power::conditions as condition;
use crate::power::messages::{PowerMail, PowerOrder, PowerOrderMail};
use crate::power::{Power, PowerConfig, TestRefusal};
use crate::schedule::TaskId;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct PowerTask {
    power: Power,
    order: Reader<PowerOrderMail>,
    /// Number of the last order; none before the first period.
    answered: Option<u32>,
    order_result: u32,
}

impl PowerTask {
    /// Nothing known yet.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &PowerConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            power: Power::new(config)?,
            order: Reader::new(TaskId::Supervisor.slot().period_us()),
            answered: None,
            order_result: 0,
        })
    }

    fn recall(&mut self, mail: &Mailboxes) {
        if let Some((_, before)) = mail.power.read::<PowerMail>() {
            let known = |value: f32| Some(value).filter(|value| value.is_finite());
            let is_weak = before.conditions & condition::BATTERY_WEAK != 0;
            self.power.recall(known(before.capacity_ah), known(before.resistance_ohm), is_weak);
        }
    }

    /// One period; what it knows lies in `mail.power`.
    pub fn step(&mut self, inputs: &PowerInputs, mail: &Mailboxes) -> PowerOutputs {
        if self.answered.is_none() {
            self.recall(mail);
        }
        self.order.poll(&mail.power_order);
        let asked = self.order.latest();
        let number = asked.map_or(0, |asked| asked.number);
        let is_new = self.answered.replace(number).is_some_and(|answered| answered != number);
        if let Some(asked) = asked.filter(|_| is_new) {
            let result = match PowerOrder::from_code(asked.order) {
                Some(PowerOrder::LoadTest) => self.power.begin_test(),
                None => Err(TestRefusal::Order),
            };
            self.order_result = result.map_or_else(|refusal| refusal as u32, |()| 0);
        }
        let (outputs, report) = self.power.step(inputs);
        mail.power.write(&PowerMail::new(&report, number, self.order_result));
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Mailboxes;
    use crate::ports::valid;
    use crate::power::TestState;

    fn run(task: &mut PowerTask, mail: &Mailboxes, periods: u32) -> (PowerOutputs, PowerMail) {
        let mut outputs = PowerOutputs::default();
        for period in 0..periods {
            let noise = 0.001 * (period % 3) as f32;
            let inputs = PowerInputs {
                mains_v: 48.0 + noise,
                battery_v: 44.0 - 0.5 * outputs.test_load as f32 + noise,
                battery_a: 1.7 * outputs.test_load as f32 + noise,
                load_a: 0.5 + noise,
                valid: valid::POWER,
            };
            outputs = task.step(&inputs, mail);
        }
        (outputs, mail.power.read::<PowerMail>().unwrap().1)
    }

    #[test]
    fn an_order_is_carried_out_once_and_answered_and_not_again_after_a_restart() {
        let (mut task, mail) = (PowerTask::new(&PowerConfig::ECMO_50).unwrap(), Mailboxes::new());
        let (_, before) = run(&mut task, &mail, 300);
        assert_eq!((before.test, before.order_number), (TestState::None as u32, 0));
        mail.power_order.write(&PowerOrderMail { number: 1, order: PowerOrder::LoadTest as u32 });
        let (outputs, seen) = run(&mut task, &mail, 400);
        assert_eq!((outputs.test_load, seen.order_number, seen.order_result), (1, 1, 0));
        mail.power_order.write(&PowerOrderMail { number: 2, order: PowerOrder::LoadTest as u32 });
        assert_eq!(run(&mut task, &mail, 1).1.order_result, TestRefusal::Running as u32);
        mail.power_order.write(&PowerOrderMail { number: 3, order: 9 });
        assert_eq!(run(&mut task, &mail, 1).1.order_result, TestRefusal::Order as u32);
        let (_, before) = mail.power.read::<PowerMail>().unwrap();
        let found = PowerMail { capacity_ah: 1.5, conditions: condition::BATTERY_WEAK, ..before };
        mail.power.write(&found);
        task = PowerTask::new(&PowerConfig::ECMO_50).unwrap();
        let (outputs, seen) = run(&mut task, &mail, 400);
        assert_eq!(outputs, PowerOutputs::default());
        assert_eq!(
            (seen.capacity_ah, seen.conditions),
            (1.5, condition::BATTERY_WEAK),
            "what was found stands"
        );
    }
}
