// SPDX-License-Identifier: Apache-2.0
//! Modes and settings of the therapy at the shell: words in, a command or one line of what is allowed out.

use core::ffi::CStr;
use core::ffi::c_char;

use levitas_core::circulation::conditions;
use levitas_core::circulation::reach::reach;
use levitas_core::circulation::therapy::{Mode, TherapyMail, TherapySettings};
use levitas_core::config::Field;
use levitas_core::mail::CirculationMail;
use levitas_core::task::supervisor::Command;

use super::operator::{OperatorCommand, look};
use super::text::{self, Decimal};
use super::units::{self, CONFIG};

/// The word of C, if it is one.
///
/// # Safety
/// `word` is null or points to a text with a terminating zero that stays as it is during the call.
pub(crate) unsafe fn word<'a>(word: *const c_char) -> Option<&'a str> {
    if word.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(word) }.to_str().ok()
}

fn field_named(name: &str) -> Option<&'static Field<f32>> {
    TherapySettings::FIELDS.iter().find(|field| field.name == name)
}

/// Names with a comma between them.
pub(crate) struct Names<I>(pub(crate) I);

impl<'a, I: Iterator<Item = &'a str> + Clone> core::fmt::Display for Names<I> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0
            .clone()
            .enumerate()
            .try_for_each(|(index, name)| write!(f, "{}{name}", if index == 0 { "" } else { ", " }))
    }
}

/// Why words make no command; what they make otherwise.
enum Parsed {
    Command(Command),
    UnknownMode,
    UnknownSetting,
    NoNumber(&'static Field<f32>),
    NeedsNoValue(Mode),
}

fn number(field: &'static Field<f32>, value: Option<&str>) -> Result<f32, Parsed> {
    value.and_then(text::decimal).ok_or(Parsed::NoNumber(field))
}

fn mode(name: &str, value: Option<&str>) -> Result<Command, Parsed> {
    let mode = Mode::ALL.into_iter().find(|mode| mode.name() == name).ok_or(Parsed::UnknownMode)?;
    match (mode.setpoint().and_then(field_named), value) {
        (Some(field), value) => Ok(Command::SetMode { mode, value: number(field, value)? }),
        (None, None) => Ok(Command::SetMode { mode, value: 0.0 }),
        (None, Some(_)) => Err(Parsed::NeedsNoValue(mode)),
    }
}

fn setting(name: &str, value: Option<&str>) -> Result<Command, Parsed> {
    let field = field_named(name).ok_or(Parsed::UnknownSetting)?;
    let value = number(field, value)?;
    let setting = TherapySettings::index_of(name).ok_or(Parsed::UnknownSetting)?;
    Ok(Command::Set { setting, value })
}

fn explain(parsed: &Parsed, name: &str, buffer: &mut [u8]) {
    match parsed {
        Parsed::Command(_) => {}
        Parsed::UnknownMode => {
            let names = Names(Mode::ALL.iter().map(|mode| mode.name()));
            text::fill(buffer, format_args!("mode \"{name}\": allowed is {names}"));
        }
        Parsed::UnknownSetting => {
            text::fill(buffer, format_args!("setting \"{name}\": see levitas settings"));
        }
        Parsed::NoNumber(field) => {
            let Field { name, min, max, .. } = field;
            text::fill(
                buffer,
                format_args!("{name}: give a number from {} to {}", Decimal(*min), Decimal(*max)),
            );
        }
        Parsed::NeedsNoValue(mode) => {
            text::fill(buffer, format_args!("mode {} takes no value", mode.name()));
        }
    }
}

/// See `shim.h`.
///
/// # Safety
/// `name` and `value` are null or texts with a terminating zero, `text` is null or points to `size` bytes that nobody else uses
/// during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_therapy_parse(
    is_mode: bool,
    name: *const c_char,
    value: *const c_char,
    command: Option<&mut OperatorCommand>,
    text: *mut u8,
    size: usize,
) -> bool {
    // SAFETY: the caller's promise.
    let (name, value, buffer) = unsafe { (word(name), word(value), text::buffer(text, size)) };
    let name = name.unwrap_or("");
    let parsed = if is_mode { mode(name, value) } else { setting(name, value) };
    let parsed = parsed.map_or_else(|problem| problem, Parsed::Command);
    explain(&parsed, name, buffer);
    match (parsed, command) {
        (Parsed::Command(found), Some(command)) => {
            let (kind, value) = found.code();
            *command = OperatorCommand { kind, value };
            true
        }
        _ => false,
    }
}

/// The least and the most that something may be; the least above the most: nothing.
pub(crate) struct Range(f32, f32);

impl core::fmt::Display for Range {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self(least, most) = self;
        if least > most {
            return f.write_str("nothing: what it follows is not believed");
        }
        write!(f, "{} to {}", Decimal(*least), Decimal(*most))
    }
}

/// What the set-point of a mode may be now, as the supervisor of the unit judges.
fn reach_of(unit: u32, mode: Mode) -> Range {
    let mail = usize::try_from(unit).ok().and_then(units::get).map(|unit| &unit.mail);
    let therapy = mail.and_then(|mail| look(|| mail.therapy.read::<TherapyMail>()));
    let seen = mail.and_then(|mail| look(|| mail.circulation.read::<CirculationMail>()));
    let settings = therapy.map_or(TherapySettings::ADULT, |mail| mail.therapy.settings);
    let (least, most) = reach(mode, &settings, CONFIG.speed.speed_rpm_max, seen.as_ref());
    Range(least, most)
}

/// What a set-point or setting may be, for the line that refuses it; `None` for a command that takes no number.
pub(crate) fn allowed(unit: u32, command: &OperatorCommand) -> Option<(&'static str, Range)> {
    match Command::from_code(command.kind, command.value)? {
        Command::SetMode { mode, .. } => mode.setpoint().map(|name| (name, reach_of(unit, mode))),
        Command::Set { setting, .. } => {
            TherapySettings::field(setting).map(|field| (field.name, Range(field.min, field.max)))
        }
        _ => None,
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_reach_text(unit: u32, index: u32, text: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some(mode) = usize::try_from(index).ok().and_then(|index| Mode::ALL.get(index)) else { return false };
    let name = mode.name();
    match mode.setpoint() {
        Some(setpoint) => text::fill(buffer, format_args!("{name}: {setpoint} {}", reach_of(unit, *mode))),
        None => text::fill(buffer, format_args!("{name}")),
    }
    true
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_setting_text(unit: u32, index: u32, text: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some(Field { name, min, max, .. }) = TherapySettings::field(index) else { return false };
    let unit = usize::try_from(unit).ok().and_then(units::get);
    let mail = unit.and_then(|unit| look(|| unit.mail.therapy.read::<TherapyMail>()));
    match mail.and_then(|mail| { mail }.therapy.settings.field_mut(name).copied()) {
        Some(value) => text::fill(
            buffer,
            format_args!("{name} {}, {} to {}", Decimal(value), Decimal(*min), Decimal(*max)),
        ),
        None => text::fill(buffer, format_args!("{name} unknown, {} to {}", Decimal(*min), Decimal(*max))),
    }
    true
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_mode_name(mode: u32, text: *mut u8, size: usize) {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    text::fill(buffer, format_args!("{}", Mode::from_code(mode).map_or("unknown", Mode::name)));
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_condition_text(conditions: u32, index: u32, text: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let mut standing = conditions::TABLE.iter().filter(|(bit, ..)| conditions & bit != 0);
    let found = usize::try_from(index).ok().and_then(|index| standing.nth(index));
    if let Some((_, name, sentence)) = found {
        text::fill(buffer, format_args!("{name}: {sentence}"));
    }
    found.is_some()
}
