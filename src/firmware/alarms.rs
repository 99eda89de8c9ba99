// SPDX-License-Identifier: Apache-2.0
//! The alarms at the shell: one line each, and what an operator can silence.

use core::sync::atomic::Ordering;

use levitas_core::alarms::{ALARMS, AlarmOrder, AlarmOrderMail, AlarmStatus};

use super::operator::look;
use super::{text, units};

/// What the alarm task has said last.
pub(crate) fn status(unit: u32) -> Option<AlarmStatus> {
    let unit = usize::try_from(unit).ok().and_then(units::get)?;
    look(|| unit.mail.alarm.read())
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_alarm_text(unit: u32, index: u32, text: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some(status) = status(unit) else { return false };
    let shown = ALARMS.iter().enumerate().filter(|(place, _)| status.standing.contains(*place));
    let Some((place, alarm)) = usize::try_from(index).ok().and_then(|index| { shown }.nth(index)) else {
        return false;
    };
    let state = match (status.latched.contains(place), status.acknowledged.contains(place)) {
        (true, _) => ", over, not acknowledged",
        (false, true) => ", acknowledged",
        (false, false) => "",
    };
    let priority = if status.escalated.contains(place) { alarm.priority().above() } else { alarm.priority() };
    let (name, priority) = (alarm.name, priority.name());
    let (message, cause, action) = (alarm.message, alarm.cause(), alarm.action);
    text::fill(buffer, format_args!("{priority}: {message} ({name}{state})\n  {cause}\n  {action}"));
    true
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_alarm_headline(unit: u32, text: *mut u8, size: usize) -> u32 {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some(status) = status(unit) else { return 0 };
    text::fill(buffer, format_args!("{}", status.pump.text()));
    status.periods
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_alarm_answered(unit: u32, number: u32) -> bool {
    status(unit).is_some_and(|status| status.answered == number)
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_alarm_pause_ms(unit: u32) -> u32 {
    status(unit).map_or(u32::MAX, |status| status.pause_ms)
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_alarm_order(unit: u32, order: u32) -> u32 {
    let Some(unit) = usize::try_from(unit).ok().and_then(units::get) else { return 0 };
    if AlarmOrder::from_code(order).is_none() {
        return 0;
    }
    let number = unit.alarm_order_number.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
    unit.mail.alarm_order.write(&AlarmOrderMail { number, order });
    number
}
