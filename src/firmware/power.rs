// SPDX-License-Identifier: Apache-2.0
//! Mains and battery at the shell: what each unit knows of its own and of the other one's, and the load test.

use core::fmt::{Display, Formatter, Result};
use core::sync::atomic::Ordering;

use levitas_core::power::messages::{PowerMail, PowerOrder, PowerOrderMail};
use levitas_core::power::told::{PowerSource, PowerTold};
use levitas_core::power::{TestRefusal, TestState, conditions};

use super::operator::look;
use super::text::{self, Decimal};
use super::units::{self, FirmwareUnit};

/// Answers of `enum levitas_order_answer`.
const NONE: u32 = 0;
const DONE: u32 = 1;
const REFUSED: u32 = 3;

fn unit_of(number: u32) -> Option<&'static FirmwareUnit> {
    usize::try_from(number).ok().and_then(units::get)
}

/// To tenths, or a word where there is no number.
struct Known(Option<f32>);

impl Display for Known {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            // A cast saturates.
            Some(value) => write!(f, "{}", Decimal((value * 10.0 + 0.5) as i32 as f32 / 10.0)),
            None => f.write_str("unknown"),
        }
    }
}

impl Display for Told {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let PowerTold { power_source, battery_charge_pct, battery_remaining_min, .. } = self.0;
        if power_source == PowerSource::NotTold {
            return f.write_str("not measured");
        }
        let (charge, left) = (Known(battery_charge_pct), Known(battery_remaining_min));
        write!(f, "fed by {}; battery {charge} %, {left} min", power_source.name())
    }
}

/// In one line.
struct Told(PowerTold);

/// What the other unit has told, and whether it still does.
struct Other(Option<PowerTold>, bool);

impl Display for Other {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(Some(told), is_silent) = self else { return f.write_str("not heard of since the start") };
        let alarm = if told.battery_alarm { "; LOW, WEAK OR NOT KNOWN" } else { "" };
        let silent = if *is_silent { "; before it fell silent" } else { "" };
        write!(f, "{}{alarm}{silent}", Told(*told))
    }
}

/// How the load test stands.
struct Test(PowerMail);

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let text = match TestState::from_code(self.0.test).unwrap_or_default() {
            TestState::None => return f.write_str("none since the start"),
            TestState::Before => "the charger is held",
            TestState::Draw => "the load draws",
            TestState::Rest => "the battery comes to rest",
            TestState::Passed => "passed",
            TestState::Weak => "WEAK",
            TestState::Stopped => "stopped before its end",
        };
        f.write_str(text)?;
        if self.0.capacity_ah.is_nan() {
            return Ok(());
        }
        let [capacity, resistance] = [self.0.capacity_ah, self.0.resistance_ohm].map(Decimal);
        write!(f, "; found {capacity} Ah, {resistance} ohm")
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_power_text(
    unit: u32,
    line: u32,
    is_alive: bool,
    text: *mut u8,
    size: usize,
) -> bool {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some(unit) = unit_of(unit) else { return false };
    let own = look(|| unit.mail.power.read::<PowerMail>());
    match (line, own) {
        (0 | 2, Some(_)) if !is_alive => {
            text::fill(buffer, format_args!("unknown: the power task does not run"))
        }
        (3.., _) if !is_alive => return false,
        (0, None) => text::fill(buffer, format_args!("not measured")),
        (0, Some(own)) => {
            let load = Known(Some(own.load_w).filter(|load_w| load_w.is_finite()));
            text::fill(buffer, format_args!("{} at {load} W", Told(PowerTold::of(&own))));
        }
        (1, _) => {
            let told = look(|| unit.mail.peer_power.read::<PowerTold>());
            let peer = look(|| unit.mail.peer.read::<levitas_core::link::PeerMail>());
            text::fill(buffer, format_args!("{}", Other(told, peer.is_none_or(|peer| peer.silent))));
        }
        (2, Some(own)) => text::fill(buffer, format_args!("{}", Test(own))),
        (3.., Some(own)) => {
            let mut stands = conditions::TABLE.iter().filter(|(bit, ..)| own.conditions & bit != 0);
            let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(3);
            let Some((_, name, what)) = stands.nth(index) else { return false };
            text::fill(buffer, format_args!("{name}: {what}"));
        }
        _ => return false,
    }
    true
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_power_count(unit: u32) -> u32 {
    let said = unit_of(unit)
        .and_then(|unit| look(|| unit.mail.power.read::<PowerMail>().map(|(count, _)| (count, count))));
    said.unwrap_or(0)
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_power_order(unit: u32, load_test: bool) -> u32 {
    let Some(unit) = unit_of(unit) else { return 0 };
    let number = unit.power_order_number.load(Ordering::Relaxed).wrapping_add(1).max(1);
    unit.power_order_number.store(number, Ordering::Relaxed);
    let order = if load_test { PowerOrder::LoadTest as u32 } else { 0 };
    unit.mail.power_order.write(&PowerOrderMail { number, order });
    number
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_power_answer(unit: u32, number: u32, text: *mut u8, size: usize) -> u32 {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let said = unit_of(unit).and_then(|unit| look(|| unit.mail.power.read::<PowerMail>()));
    let Some(said) = said.filter(|said| said.order_number == number) else { return NONE };
    match TestRefusal::from_code(said.order_result) {
        Some(refusal) => {
            text::fill(buffer, format_args!("{}", refusal.text()));
            REFUSED
        }
        None => DONE,
    }
}
