// SPDX-License-Identifier: Apache-2.0
//! Orders to the sensors of the circuit at the shell: words in, the answer of the circulation task out.

use core::ffi::c_char;
use core::sync::atomic::Ordering;

use levitas_core::circulation::sensing::{CircuitOrder, OrderResult};
use levitas_core::mail::{CircuitOrderMail, CirculationMail};

use super::operator::look;
use super::text::{self, Decimal};
use super::therapy::{Names, word};
use super::units;

/// Answers of `enum levitas_order_answer`.
const NONE: u32 = 0;
const DONE: u32 = 1;
const RUNNING: u32 = 2;
const REFUSED: u32 = 3;

/// The order of these words; otherwise what is allowed.
fn parse(name: &str, value: Option<&str>, buffer: &mut [u8]) -> Option<(CircuitOrder, f32)> {
    let Some(order) = CircuitOrder::ALL.into_iter().find(|order| order.name() == name) else {
        let names = Names(CircuitOrder::ALL.iter().map(|order| order.name()));
        text::fill(buffer, format_args!("order \"{name}\": allowed is {names}"));
        return None;
    };
    let Some((least, most, unit)) = order.range() else {
        if value.is_some() {
            text::fill(buffer, format_args!("{name} takes no value"));
        }
        return value.is_none().then_some((order, 0.0));
    };
    let value = value.and_then(text::decimal).filter(|value| (least..=most).contains(value));
    if value.is_none() {
        let [least, most] = [least, most].map(Decimal);
        text::fill(buffer, format_args!("{name}: give a number from {least} to {most} {unit}"));
    }
    value.map(|value| (order, value))
}

/// See `shim.h`.
///
/// # Safety
/// `name` and `value` are null or texts with a terminating zero, `text` is null or points to `size` bytes that nobody else uses
/// during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_circuit_order(
    unit: u32,
    name: *const c_char,
    value: *const c_char,
    text: *mut u8,
    size: usize,
) -> u32 {
    // SAFETY: the caller's promise.
    let (name, value, buffer) = unsafe { (word(name), word(value), text::buffer(text, size)) };
    let Some(unit) = usize::try_from(unit).ok().and_then(units::get) else { return 0 };
    // An order that there is not takes the place of one that is withdrawn.
    let (kind, value) = match name.map(|name| parse(name, value, buffer)) {
        Some(Some((order, value))) => (order as u32, value),
        Some(None) => return 0,
        None => (0, 0.0),
    };
    let number = unit.order_number.load(Ordering::Relaxed).wrapping_add(1).max(1);
    unit.order_number.store(number, Ordering::Relaxed);
    unit.mail.circuit_order.write(&CircuitOrderMail { number, kind, value });
    number
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_circuit_answer(unit: u32, number: u32, text: *mut u8, size: usize) -> u32 {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let unit = usize::try_from(unit).ok().and_then(units::get);
    let Some(mail) = unit.and_then(|unit| look(|| unit.mail.circulation.read::<CirculationMail>())) else {
        return NONE;
    };
    if mail.order_number == 0 || number != 0 && mail.order_number != number {
        return NONE;
    }
    let result = OrderResult::from_code(mail.order_result);
    text::fill(buffer, format_args!("{}", result.text()));
    match result {
        OrderResult::Done => DONE,
        OrderResult::Running => RUNNING,
        _ => REFUSED,
    }
}
