// SPDX-License-Identifier: Apache-2.0
//! The self-test after power-up, the guide for priming, and what a unit is doing, for an operator at the shell.
//!
//! What is looked at, and what follows, is the core's (`docs/self-test.md`); an image adds its RAM and its flash.

use core::fmt::{Display, Formatter, Result};

use levitas_core::alarms::{ALARMS, Alarm, Sign};
use levitas_core::mail::SupervisorMail;
use levitas_core::mailbox::Words as _;
use levitas_core::priming::{PRIMING_WORDS, PrimingMail};
use levitas_core::self_test::{Item, MemoryChecks, SelfTestReport, Verdict};
use levitas_core::task::supervisor::{PAST, SupervisorState};

use super::alarms;
use super::operator::look;
use super::shim;
use super::text::{self, Decimal, Names};
use super::units::{self, FirmwareUnit};

/// Looks at the memory; `None`: this image does not test itself.
pub(crate) fn check_memory() -> Option<MemoryChecks> {
    cfg!(levitas_self_test).then(|| MemoryChecks { ram: shim::check_ram(), flash: shim::check_flash() })
}

fn report(unit: &FirmwareUnit) -> Option<SelfTestReport> {
    look(|| unit.mail.self_test.read())
}

/// Names of the items whose bits are set.
fn items(bits: u32) -> Names<impl Iterator<Item = &'static str> + Clone> {
    Names(Item::ALL.into_iter().filter(move |item| bits & item.bit() != 0).map(Item::name))
}

/// What a unit is doing, and why not more.
struct State<'a>(&'a FirmwareUnit);

impl Display for State<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let code = look(|| self.0.mail.supervisor.read::<SupervisorMail>()).map(|mail| mail.named_state);
        let Some(state) = code.and_then(SupervisorState::from_code) else {
            return f.write_str("unknown: the supervisor has not spoken");
        };
        f.write_str(state.name())?;
        if state == SupervisorState::Shutdown {
            write!(f, ": {}", state.meaning())?;
        }
        if let Some(report) = report(self.0).filter(SelfTestReport::blocks) {
            write!(f, ": lift-off is refused, the self-test has failed: {}", items(report.blocking))?;
        }
        if state != SupervisorState::DegradedTherapy {
            return Ok(());
        }
        let standing = alarms::status(self.0.number).map(|status| status.standing).unwrap_or_default();
        let is_why = |alarm: &Alarm| !matches!(alarm.sign, Sign::Fault(bits) if bits & PAST != 0);
        let standing =
            move |(place, alarm): &(usize, &'static Alarm)| standing.contains(*place) && is_why(alarm);
        let shown = ALARMS.iter().enumerate().filter(standing);
        let names = shown.map(|(_, alarm)| alarm.name);
        if names.clone().next().is_none() {
            return f.write_str(": an alarm has just begun or ended, or is the other unit's");
        }
        write!(f, ": {}", Names(names))
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_state_text(unit: u32, text: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    if let Some(unit) = usize::try_from(unit).ok().and_then(units::get) {
        text::fill(buffer, format_args!("{}", State(unit)));
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_priming_text(unit: u32, text: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    if let Some(unit) = usize::try_from(unit).ok().and_then(units::get) {
        let never = PrimingMail::from_words([0; PRIMING_WORDS]);
        let mail = look(|| unit.mail.priming.read::<PrimingMail>()).unwrap_or(never);
        text::fill(buffer, format_args!("{mail}"));
    }
}

/// How the self-test stands.
struct Outcome(Option<SelfTestReport>);

impl Display for Outcome {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Some(report) = self.0 else {
            return f.write_str("no self-test since this start");
        };
        let (passed, failed) = (report.passed.count_ones(), report.failed.count_ones());
        let stands = if report.is_over() { "over after" } else { "under way for" };
        write!(f, "self-test {stands} {} ms: {passed} passed, {failed} failed", report.time_ms)?;
        if report.blocks() {
            f.write_str("; lift-off is refused")?;
        } else if report.is_over() && report.blocking != 0 {
            f.write_str("; wanted all the same by the operator")?;
        }
        Ok(())
    }
}

/// One item: name, verdict, what was measured, its limit.
fn fill_item(buffer: &mut [u8], report: &SelfTestReport, item: Item) {
    let (name, verdict) = (item.name(), report.verdict(item));
    let effect = match (verdict, report.blocking & item.bit()) {
        (Verdict::Failed, 0) => ", warns",
        (Verdict::Failed, _) => ", blocks",
        _ => "",
    };
    let (verdict, unit, limit) = (verdict.name(), item.unit(), item.limit());
    match report.measured.get(item as usize).filter(|measured| !measured.is_nan()) {
        Some(measured) => text::fill(
            buffer,
            format_args!("{name}: {verdict}{effect}, {} {unit}; limit: {limit}", Decimal(*measured)),
        ),
        None => text::fill(buffer, format_args!("{name}: {verdict}{effect}; limit: {limit}")),
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_self_test_text(unit: u32, line: u32, text: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some(report) = usize::try_from(unit).ok().and_then(units::get).map(report) else { return false };
    let index = usize::try_from(line).ok().and_then(|line| line.checked_sub(1));
    match (index.map(|index| Item::ALL.get(index)), report) {
        (None, report) => text::fill(buffer, format_args!("{}", Outcome(report))),
        (Some(Some(item)), Some(report)) => fill_item(buffer, &report, *item),
        _ => return false,
    }
    true
}
