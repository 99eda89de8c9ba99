// SPDX-License-Identifier: Apache-2.0
//! The warming device at the shell: what it does, and what is wanted of it.

use core::ffi::c_char;
use core::fmt::{Display, Formatter, Result};
use core::sync::atomic::Ordering;

use levitas_core::config::Field;
use levitas_core::warming::cutout::Trip;
use levitas_core::warming::messages::{CutOutMail, ORDER_BLIND, WarmingMail, WarmingOrderMail};
use levitas_core::warming::{Aim, WarmingSettings, WarmingState, conditions};

use super::operator::look;
use super::text::{self, Decimal};
use super::therapy::word;
use super::units::{self, FirmwareUnit};

/// Answers of `enum levitas_order_answer`.
const NONE: u32 = 0;
const DONE: u32 = 1;
const REFUSED: u32 = 3;

const PREPARING: u32 = WarmingState::Preparing as u32;
const WARMING: u32 = WarmingState::Warming as u32;

/// The unit that has the device.
fn host() -> Option<&'static FirmwareUnit> {
    units::get(0)
}

/// A temperature, or a word where there is none.
struct Celsius(f32);

impl Display for Celsius {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if self.0.is_nan() {
            return f.write_str("unknown");
        }
        // A cast saturates; to hundredths, which is a fifth of what a sensor is off.
        write!(f, "{} C", Decimal((self.0 * 100.0 + 0.5) as i32 as f32 / 100.0))
    }
}

/// What is followed, in words.
struct Wanted(Aim, WarmingSettings);

impl Display for Wanted {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self(aim, settings) = self;
        let (name, celsius) = match aim {
            Aim::Off => return f.write_str("off"),
            Aim::Blood => ("blood", settings.blood_celsius),
            Aim::Water => ("water", settings.water_celsius),
        };
        let rate = Decimal(settings.warming_celsius_per_h);
        write!(f, "{name} to {} at {rate} C/h", Celsius(celsius))
    }
}

fn state_name(state: u32) -> &'static str {
    const NAMES: [&str; 5] = ["off", "preparing", "warming", "waiting", "stopped until a target is set"];
    NAMES.get(state as usize).copied().unwrap_or("unknown")
}

fn cut_out_name(trip: u32) -> &'static str {
    match (trip, Trip::from_code(trip)) {
        (0, _) => "closed",
        (_, Some(Trip::Water)) => "OPEN, the water was too warm",
        (_, Some(Trip::Blood)) => "OPEN, the blood was too warm",
        (_, Some(Trip::Sensor)) => "OPEN, a sensor of its own is not to be believed",
        (_, Some(Trip::Start)) => "open, it has just started",
        (_, None) => "unknown",
    }
}

/// All that is shown.
struct Shown {
    wanted: Wanted,
    said: WarmingMail,
    cut_out: Option<CutOutMail>,
}

impl Display for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { wanted, said, cut_out } = self;
        write!(f, "warming device: {}", state_name(said.state))?;
        if wanted.0 != Aim::Off {
            write!(f, "; {wanted}")?;
        }
        write!(f, "\n  water    {}", Celsius(said.water_celsius))?;
        let is_heating = matches!(said.state, PREPARING | WARMING);
        if is_heating {
            write!(f, ", is to have {}", Celsius(said.water_reference_celsius))?;
        }
        write!(f, "\n  blood    {}", Celsius(said.blood_celsius))?;
        if is_heating && !said.reference_celsius.is_nan() {
            write!(f, "; the ramp is at {}", Celsius(said.reference_celsius))?;
        }
        write!(f, "\n  heater   {} W", Decimal((said.heater_w + 0.5) as u32 as f32))?;
        match cut_out {
            Some(own) => {
                let (water, blood) = (Celsius(own.water_celsius), Celsius(own.blood_celsius));
                write!(f, "\n  cut-out  {}; its water {water}, its blood {blood}", cut_out_name(own.trip))?;
            }
            None => write!(f, "\n  cut-out  not heard of")?,
        }
        let stands = conditions::TABLE.iter().filter(|(bit, ..)| said.conditions & bit != 0);
        stands.into_iter().try_for_each(|(_, name, what)| write!(f, "\n  TROUBLE  {name}: {what}"))
    }
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_heater_text(text: *mut u8, size: usize) -> bool {
    // SAFETY: the caller's promise.
    let buffer = unsafe { text::buffer(text, size) };
    let Some(unit) = host() else { return false };
    let Some(said) = look(|| unit.mail.warming.read::<WarmingMail>()) else { return false };
    let order = look(|| unit.mail.warming_order.read::<WarmingOrderMail>());
    let wanted = order.map_or(Wanted(Aim::Off, WarmingSettings::ADULT), |order| {
        Wanted(Aim::from_code(order.aim).unwrap_or_default(), order.settings())
    });
    let cut_out = look(|| unit.mail.cut_out.read::<CutOutMail>());
    text::fill(buffer, format_args!("{}", Shown { wanted, said, cut_out }));
    true
}

/// The number of a word within the range of a setting, which the operator knows as `called`; otherwise what is allowed.
fn number(name: &str, called: &str, unit: &str, value: Option<&str>, buffer: &mut [u8]) -> Option<f32> {
    let Field { min, max, .. } = WarmingSettings::FIELDS.iter().find(|field| field.name == name)?;
    let number = value.and_then(text::decimal).filter(|value| (min..=max).contains(&value));
    let [least, most] = [*min, *max].map(Decimal);
    match (number, value) {
        (Some(_), _) => {}
        (None, Some(value)) => {
            text::fill(buffer, format_args!("{called} \"{value}\": allowed is {least} to {most} {unit}"));
        }
        (None, None) => {
            text::fill(buffer, format_args!("{called}: give a number from {least} to {most} {unit}"));
        }
    }
    number
}

/// What these words want; otherwise what is allowed.
fn parse(aim: &str, celsius: Option<&str>, rate: Option<&str>, buffer: &mut [u8]) -> Option<Wanted> {
    let mut settings = WarmingSettings::ADULT;
    let aim = match aim {
        "off" if celsius.is_none() => Aim::Off,
        "off" => {
            text::fill(buffer, format_args!("off takes no temperature"));
            return None;
        }
        "blood" => Aim::Blood,
        "water" => Aim::Water,
        _ => {
            text::fill(buffer, format_args!("heater \"{aim}\": allowed is water, blood, off"));
            return None;
        }
    };
    match aim {
        Aim::Off => {}
        Aim::Blood => settings.blood_celsius = number("blood_celsius", "blood", "C", celsius, buffer)?,
        Aim::Water => settings.water_celsius = number("water_celsius", "water", "C", celsius, buffer)?,
    }
    if rate.is_some() {
        settings.warming_celsius_per_h = number("warming_celsius_per_h", "rate", "C/h", rate, buffer)?;
        settings.cooling_celsius_per_h = settings.warming_celsius_per_h;
    }
    Some(Wanted(aim, settings))
}

/// See `shim.h`.
///
/// # Safety
/// The first three are null or texts with a terminating zero, `text` is null or points to `size` bytes that nobody else uses during the
/// call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_heater_order(
    aim: *const c_char,
    celsius: *const c_char,
    rate: *const c_char,
    text: *mut u8,
    size: usize,
) -> u32 {
    // SAFETY: the caller's promise.
    let (celsius, rate, buffer) = unsafe { (word(celsius), word(rate), text::buffer(text, size)) };
    // A pointer that is no word is no order either.
    let wanted = if aim.is_null() {
        Some(Wanted(Aim::Off, WarmingSettings::ADULT))
    } else {
        // SAFETY: the caller's promise.
        parse(unsafe { word(aim) }.unwrap_or(""), celsius, rate, buffer)
    };
    let (Some(unit), Some(wanted)) = (host(), wanted) else { return 0 };
    let number = unit.warming_order_number.load(Ordering::Relaxed).wrapping_add(1).max(1);
    unit.warming_order_number.store(number, Ordering::Relaxed);
    text::fill(buffer, format_args!("{wanted}"));
    let Wanted(aim, settings) = wanted;
    unit.mail.warming_order.write(&WarmingOrderMail::new(number, aim, &settings));
    number
}

/// See `shim.h`.
///
/// # Safety
/// `text` is null or points to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_heater_answer(number: u32, text: *mut u8, size: usize) -> u32 {
    let said = host().and_then(|unit| look(|| unit.mail.warming.read::<WarmingMail>()));
    match said.filter(|said| said.order_number == number) {
        Some(said) if said.order_result == 0 => DONE,
        Some(said) => {
            if said.order_result == ORDER_BLIND {
                // SAFETY: the caller's promise.
                let buffer = unsafe { text::buffer(text, size) };
                text::fill(buffer, format_args!("the blood temperature is not known: aim at the water"));
            }
            REFUSED
        }
        None => NONE,
    }
}
