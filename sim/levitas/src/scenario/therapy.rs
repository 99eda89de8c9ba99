// SPDX-License-Identifier: Apache-2.0
//! Events by which the operator says what he wants of the circulation, and what he knows of it: modes, settings, orders to sensors.

use levitas_core::circulation::sensing::CircuitOrder;
use levitas_core::circulation::therapy::{Mode, TherapySettings};
use levitas_core::config::Field;
use levitas_core::task::supervisor::Command;

use super::event::EventAction;
use crate::input::{BadInput, Checked, allowed_names, any_of, range_text};
use crate::toml_file::Table;

/// Settings that are no limits of pressure or flow.
const LIMITS: [&str; 3] = ["drainage_pressure_mmhg_min", "return_pressure_mmhg_max", "flow_lpm_min"];

fn field_named(name: &str) -> Option<&'static Field<f32>> {
    TherapySettings::FIELDS.iter().find(|field| field.name == name)
}

/// What follows the number of a setting: its unit, from the brackets of its documentation.
pub(crate) fn unit_of(field: &Field<f32>) -> &'static str {
    field.doc.rsplit_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(unit, _)| unit)
}

/// Names of the settings of an event.
#[must_use]
pub fn settings_of(event: &str) -> Vec<&'static str> {
    let names = TherapySettings::FIELDS.iter().map(|field| field.name);
    names.filter(|name| !Mode::is_setpoint(name) && LIMITS.contains(name) == (event == "set_limit")).collect()
}

/// `set_mode`: the mode, and the set-point that comes with it.
pub(super) fn set_mode(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let names = Mode::ALL.map(Mode::name);
    let entry = table.required("mode", &any_of(&names))?;
    let text = entry.text()?;
    let Some(mode) = Mode::ALL.into_iter().find(|mode| mode.name() == text) else {
        return Err(entry.refuse("unknown mode", allowed_names(text, &names)));
    };
    let Some(field) = mode.setpoint().and_then(field_named) else {
        table.allow_keys(&["at_s", "do", "mode"], &format!(" of mode {}", mode.name()))?;
        return Ok((EventAction::Operator(Command::SetMode { mode, value: 0.0 }), mode.name().to_owned()));
    };
    table.allow_keys(&["at_s", "do", "mode", "value"], " of event set_mode")?;
    let value = number(table, "value", field)?;
    let text = format!("{} {value} {}", mode.name(), unit_of(field));
    Ok((EventAction::Operator(Command::SetMode { mode, value: value as f32 }), text))
}

/// `set_limit` and `set`: one setting.
pub(super) fn set(table: &Table<'_>, event: &str) -> Checked<(EventAction, String)> {
    let key = if event == "set_limit" { "limit" } else { "setting" };
    table.allow_keys(&["at_s", "do", key, "value"], &format!(" of event {event}"))?;
    let names = settings_of(event);
    let entry = table.required(key, &any_of(&names))?;
    let name = entry.text()?;
    let found = names.iter().find(|known| **known == name).and_then(|name| field_named(name));
    let Some(field) = found else {
        return Err(entry.refuse(format!("unknown {key}"), allowed_names(name, &names)));
    };
    let value = number(table, "value", field)?;
    let setting = TherapySettings::index_of(field.name).unwrap_or(u32::MAX);
    let command = Command::Set { setting, value: value as f32 };
    Ok((EventAction::Operator(command), format!("{} {value} {}", field.name, unit_of(field))))
}

/// Names of the orders of `circuit_order`.
#[must_use]
pub fn circuit_orders() -> [&'static str; CircuitOrder::ALL.len()] {
    CircuitOrder::ALL.map(CircuitOrder::name)
}

/// `circuit_order`: an order to the sensors of the circuit, with its value where it has one.
pub(super) fn circuit_order(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let names = circuit_orders();
    let entry = table.required("order", &any_of(&names))?;
    let name = entry.text()?;
    let Some(order) = CircuitOrder::ALL.into_iter().find(|order| order.name() == name) else {
        return Err(entry.refuse("unknown order", allowed_names(name, &names)));
    };
    let Some((least, most, unit)) = order.range() else {
        table.allow_keys(&["at_s", "do", "order"], &format!(" of order {name}"))?;
        return Ok((EventAction::CircuitOrder(order, 0.0), name.to_owned()));
    };
    table.allow_keys(&["at_s", "do", "order", "value"], &format!(" of order {name}"))?;
    let allowed = format!("a number from {} {unit}", range_text(f64::from(least), f64::from(most)));
    let value = table.required("value", &allowed)?.number(&(f64::from(least)..=f64::from(most)))?;
    Ok((EventAction::CircuitOrder(order, value as f32), format!("{name} {value} {unit}")))
}

/// The number of a key that has the range of this setting.
pub(super) fn number(table: &Table<'_>, key: &str, field: &Field<f32>) -> Checked<f64> {
    // As they are written, not as they are stored: 0.1 and not 0.10000000149.
    let written = |bound: f32| format!("{bound}").parse::<f64>().unwrap_or(f64::from(bound));
    let (min, max) = (written(field.min), written(field.max));
    let allowed = format!("{} {}", range_text(min, max), unit_of(field));
    let entry = table.required(key, &format!("a number from {allowed}"))?;
    entry.number(&(min..=max)).map_err(|error| BadInput { allowed, ..error })
}
