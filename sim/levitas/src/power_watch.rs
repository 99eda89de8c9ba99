// SPDX-License-Identifier: Apache-2.0
//! Watches what the power tasks of the units say of mains and battery, logs what changes, holds it against the truth.

use levitas_core::mail::Mailboxes;
use levitas_core::power::conditions::TABLE;
use levitas_core::power::messages::PowerMail;
use levitas_core::power::told::PowerTold;
use levitas_core::power::{TestRefusal, TestState};
use levitas_world::PowerTruth;

use crate::event_log::EventLog;
use crate::metrics::Metrics;

const UNITS: [&str; 2] = ["host", "emergency_drive"];
/// Logged at least so often while a unit runs on its battery [s].
const AGAIN_S: f64 = 60.0;

/// Of one unit.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    conditions: u32,
    test: u32,
    order: u32,
    said_s: f64,
    last: Option<(PowerMail, PowerTruth)>,
    /// Largest distance of the charge that it knows from the true one [1].
    charge_error: f64,
    /// What it has heard of the other one.
    other: Option<PowerTold>,
}

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub(crate) struct PowerWatch {
    seen: [Seen; 2],
}

impl PowerWatch {
    /// What lies in the mail of the unit of that set; `None`: it is off.
    pub(crate) fn step(
        &mut self,
        time_s: f64,
        set: usize,
        mail: Option<&Mailboxes>,
        truth: &PowerTruth,
        log: &mut EventLog,
    ) {
        let Some((seen, unit)) = self.seen.get_mut(set).zip(UNITS.get(set)) else { return };
        let Some((_, said)) = mail.and_then(|mail| mail.power.read::<PowerMail>()) else { return };
        if said.charge.is_finite() {
            let error = (f64::from(said.charge) - truth.charge).abs();
            seen.charge_error = seen.charge_error.max(error);
        }
        let is_due = !truth.mains && time_s - seen.said_s >= AGAIN_S;
        if said.conditions != seen.conditions || is_due {
            (seen.conditions, seen.said_s) = (said.conditions, time_s);
            log.push(time_s, "power_state", format!("{unit}: {}", state(&said)));
        }
        if said.test != seen.test {
            seen.test = said.test;
            log.push(time_s, "load_test", format!("{unit}: {}", test(&said)));
        }
        if said.order_number != seen.order {
            seen.order = said.order_number;
            if let Some(refusal) = TestRefusal::from_code(said.order_result) {
                log.push(time_s, "order_refused", format!("{unit}: load test: {}", refusal.text()));
            }
        }
        seen.last = Some((said, *truth));
        seen.other = mail.and_then(|mail| mail.peer_power.read::<PowerTold>()).map(|(_, told)| told);
    }

    /// Enters the figures of the host.
    pub(crate) fn measure(&self, metrics: &mut Metrics) {
        let [Seen { last: Some((said, truth)), charge_error, other, .. }, _] = &self.seen else { return };
        metrics.set("power.charge_pct", 100.0 * truth.charge);
        metrics.set("power.charge_error_pct", 100.0 * charge_error);
        let known = [
            ("power.remaining_min", said.remaining_s / 60.0),
            ("power.load_w", said.load_w),
            ("power.capacity_ah", said.capacity_ah),
            ("power.resistance_ohm", said.resistance_ohm),
        ];
        for (name, value) in known.into_iter().filter(|(_, value)| value.is_finite()) {
            metrics.set(name, f64::from(value));
        }
        let other = other.unwrap_or_default();
        let told = [
            ("power.other_charge_pct", other.battery_charge_pct),
            ("power.other_remaining_min", other.battery_remaining_min),
        ];
        for (name, value) in told {
            if let Some(value) = value {
                metrics.set(name, f64::from(value));
            }
        }
    }
}

/// `mains_lost; charge 43 %, 12.3 min left at 21.4 W`.
fn state(said: &PowerMail) -> String {
    let names: Vec<&str> =
        TABLE.iter().filter(|(bit, ..)| said.conditions & bit != 0).map(|(_, name, _)| *name).collect();
    let names = if names.is_empty() { "well".to_owned() } else { names.join(", ") };
    let (charge, minutes, load_w) = (100.0 * said.charge, said.remaining_s / 60.0, said.load_w);
    format!("{names}; charge {charge:.1} %, {minutes:.1} min left at {load_w:.1} W")
}

fn test(said: &PowerMail) -> String {
    let found = || format!("{:.3} ohm, {:.3} Ah", said.resistance_ohm, said.capacity_ah);
    match TestState::from_code(said.test).unwrap_or_default() {
        TestState::None => "none".to_owned(),
        TestState::Before => "begins".to_owned(),
        TestState::Draw => "the load draws".to_owned(),
        TestState::Rest => "the battery comes to rest".to_owned(),
        TestState::Passed => format!("passed: {}", found()),
        TestState::Weak => format!("weak: {}", found()),
        TestState::Stopped => "stopped".to_owned(),
    }
}
