// SPDX-License-Identifier: Apache-2.0
//! Parameter files and overrides: numbers of the world and of the controllers, set by key and checked at once.

use std::collections::BTreeMap;
use std::path::Path;

use levitas_core::unit::UnitConfig;
use levitas_world::{Circuit, FixedPatient, KeyInfo, LivingPatient, Patient, Plant, PlantError, SetError};

use super::{Scenario, parts, unknown_key};
use crate::catalogue::{CIRCUIT_SHELF, Found, PATIENT_SHELF, PLANT_SHELF, PUMP_SHELF, Shelf, find_for_key};
use crate::curve::read_curve;
use crate::input::{BadInput, Checked, allowed_names, any_of, number_text, range_text};
use crate::toml_file::{Entry, Source, Table, Value};

/// Prefixes of controller keys, one per unit.
pub const CONFIG_PREFIXES: [&str; 2] = ["config.host.", "config.emergency_drive."];
/// Prefix of the circuit's keys in an override.
const CIRCUIT_PREFIX: &str = "circuit.";
/// Prefix of the patient's keys in an override.
const PATIENT_PREFIX: &str = "patient.";
/// Key of the measured pump curve.
const CURVE_KEY: &str = "pump.curve";

/// A key that can be overridden.
#[derive(Clone, Debug, PartialEq)]
pub struct OverrideKey {
    /// The key as it is written.
    pub key: String,
    /// Meaning, with the unit in brackets.
    pub doc: String,
    /// Allowed values.
    pub allowed: String,
    /// Value in the default plant, circuit, patient or configuration.
    pub default: String,
}

/// Parameters that are set by key.
trait Keyed: Sized {
    /// Keys may name parts, see `parts`.
    const HAS_PARTS: bool;
    fn set_key(&mut self, key: &str, values: &[f64]) -> Result<(), SetError>;
    fn check_all(&self) -> Result<(), PlantError>;
    fn infos() -> Vec<KeyInfo>;
}

macro_rules! keyed {
    ($type:ident, $has_parts:literal) => {
        impl Keyed for $type {
            const HAS_PARTS: bool = $has_parts;

            fn set_key(&mut self, key: &str, values: &[f64]) -> Result<(), SetError> {
                self.set(key, values)
            }
            fn check_all(&self) -> Result<(), PlantError> {
                self.check()
            }
            fn infos() -> Vec<KeyInfo> {
                Self::keys().collect()
            }
        }
    };
}
keyed!(Plant, false);
keyed!(Circuit, true);
keyed!(Patient, false);

/// Key of a patient file that says what the other ones are.
const KIND_KEY: &str = "kind";

/// Reads a plant file: every key of a plant, and no other.
pub(super) fn read_plant(found: &Found) -> Checked<Plant> {
    read_file(found, levitas_world::ECMO_50)
}

/// Reads a circuit file.
pub(super) fn read_circuit(found: &Found) -> Checked<Circuit> {
    read_file(found, levitas_world::VA_25_21)
}

/// Reads a patient file: its kind, and every key of that kind.
pub(super) fn read_patient(found: &Found) -> Checked<Patient> {
    let document = found.source.parse()?;
    let kind = Table::top(&found.source, &document).required(KIND_KEY, &any_of(&Patient::KINDS))?;
    let (value, keys): (Patient, Vec<KeyInfo>) = match kind.text()? {
        kind if kind == Patient::KINDS[0] => (levitas_world::VA_FIXED, FixedPatient::keys().collect()),
        kind if kind == Patient::KINDS[1] => (levitas_world::VA_ADULT, LivingPatient::keys().collect()),
        _ => return Err(kind.refuse("unknown kind of patient", any_of(&Patient::KINDS))),
    };
    let patient = read_keys(found, value, keys)?;
    patient.check_together().map_err(|error| {
        let allowed = allowed_numbers(1, error.min, error.max);
        BadInput::key(&found.source.name, error.key, number_text(error.value), "out of range", allowed)
    })?;
    Ok(patient)
}

/// Sets every key of the file on a value whose own numbers are all replaced.
fn read_file<T: Keyed>(found: &Found, value: T) -> Checked<T> {
    read_keys(found, value, T::infos())
}

/// The same with the keys that must be there.
fn read_keys<T: Keyed>(found: &Found, mut value: T, keys: Vec<KeyInfo>) -> Checked<T> {
    let document = found.source.parse()?;
    let known: Vec<String> = keys.iter().map(|info| info.key.to_string()).collect();
    let mut missing = keys;
    for (key, entry) in Table::top(&found.source, &document).flattened() {
        if key == KIND_KEY {
            continue;
        }
        if let Some(numbers) = T::HAS_PARTS.then(|| parts::numbers_of(&key, &entry)).flatten() {
            for (key, number) in numbers? {
                set(&mut value, key, &parts::entry_of(&entry, number), &known)?;
                missing.retain(|info| !info.key.is(key));
            }
            continue;
        }
        if !known.contains(&key) {
            return Err(unknown_key(&entry, &key, &known));
        }
        set(&mut value, &key, &entry, &known)?;
        missing.retain(|info| !info.key.is(&key));
    }
    match missing.first() {
        None => Ok(value),
        Some(info) => Err(BadInput::key(
            &found.source.name,
            info.key,
            "",
            "the key is missing",
            allowed_numbers(info.count, info.min, info.max),
        )),
    }
}

fn names<T: Keyed>(prefix: &str) -> Vec<String> {
    T::infos().iter().map(|info| format!("{prefix}{}", info.key)).collect()
}

fn allowed_numbers(count: usize, min: f64, max: f64) -> String {
    let range = range_text(min, max);
    if count == 1 { format!("a number from {range}") } else { format!("{count} numbers from {range}") }
}

/// Sets one key, and checks the value at once so that a refusal can point to it.
fn set<T: Keyed>(value: &mut T, key: &str, entry: &Entry, known: &[String]) -> Checked<()> {
    let info = T::infos().into_iter().find(|info| info.key.is(key));
    let Some(info) = info else { return Err(unknown_key(entry, key, known)) };
    let allowed = allowed_numbers(info.count, info.min, info.max);
    let numbers = match &entry.value {
        Value::Number(number) => vec![*number],
        Value::Numbers(numbers) => numbers.clone(),
        other => return Err(entry.refuse(format!("this is {}", other.kind()), allowed)),
    };
    value.set_key(key, &numbers).map_err(|error| entry.refuse(error, &allowed))?;
    let outside = numbers.iter().find(|number| !(info.min..=info.max).contains(*number));
    if let Some(number) = outside {
        let problem = if number.is_finite() { "out of range" } else { "this is not a finite number" };
        return Err(entry.refuse(problem, allowed));
    }
    value.check_all().map_err(|error| entry.refuse(error, allowed))
}

/// Applies one override to a scenario.
pub(super) fn apply(scenario: &mut Scenario, key: &str, entry: &Entry, folder: &Path) -> Checked<()> {
    if key == CURVE_KEY {
        let found = find_for_key(&PUMP_SHELF, entry, folder)?;
        scenario.pump_table = Some(read_curve(&found.source)?);
        scenario.pump_curve = Some(found.name);
    } else if let Some(name) = key.strip_prefix(CONFIG_PREFIXES[0]) {
        set_config(&mut scenario.host, name, entry)?;
    } else if let Some(name) = key.strip_prefix(CONFIG_PREFIXES[1]) {
        set_config(&mut scenario.emergency_drive, name, entry)?;
    } else if let Some(numbers) =
        key.strip_prefix(CIRCUIT_PREFIX).and_then(|name| parts::numbers_of(name, entry))
    {
        for (key, number) in numbers? {
            set(&mut scenario.circuit, key, &parts::entry_of(entry, number), &[])?;
        }
    } else if let Some(name) = key.strip_prefix(CIRCUIT_PREFIX) {
        set(&mut scenario.circuit, name, entry, &names::<Circuit>(CIRCUIT_PREFIX))?;
    } else if let Some(name) = key.strip_prefix(PATIENT_PREFIX) {
        let known: Vec<String> = match scenario.patient {
            Patient::Fixed(_) => FixedPatient::keys().map(|info| info.key.to_string()).collect(),
            Patient::Living(_) => LivingPatient::keys().map(|info| info.key.to_string()).collect(),
        };
        if !known.iter().any(|known| known == name) {
            let problem = format!("unknown key of a patient of kind {}", scenario.patient.kind());
            let known: Vec<String> = known.iter().map(|name| format!("{PATIENT_PREFIX}{name}")).collect();
            return Err(entry.refuse(problem, allowed_names(key, &known)));
        }
        set(&mut scenario.patient, name, entry, &known)?;
    } else if Plant::keys().any(|info| info.key.is(key)) {
        set(&mut scenario.plant, key, entry, &[])?;
    } else {
        let known: Vec<String> = override_keys().into_iter().map(|known| known.key).collect();
        return Err(unknown_key(entry, key, &known));
    }
    scenario.overridden.push(format!("{key} = {}", entry.value));
    Ok(())
}

fn set_config(config: &mut UnitConfig, name: &str, entry: &Entry) -> Checked<()> {
    let field =
        UnitConfig::PARTS.iter().flat_map(|(_, fields)| fields.iter()).find(|field| field.name == name);
    let (Some(field), Some(value)) = (field, config.field_mut(name)) else {
        let known: Vec<String> = UnitConfig::PARTS
            .iter()
            .flat_map(|(_, fields)| {
                fields.iter().map(|field| format!("{}{}", CONFIG_PREFIXES[0], field.name))
            })
            .collect();
        return Err(unknown_key(entry, &format!("{}{name}", CONFIG_PREFIXES[0]), &known));
    };
    *value = entry.number(&(f64_of(field.min)..=f64_of(field.max)))? as f32;
    Ok(())
}

/// Checks the controllers as a whole, once every override is in: the range of a field may depend on another one.
/// Blames the last override of the field that is out, or else the last one of that unit.
pub(super) fn check_together(scenario: &Scenario, applied: &[(String, Entry)]) -> Checked<()> {
    for (prefix, config) in CONFIG_PREFIXES.into_iter().zip([&scenario.host, &scenario.emergency_drive]) {
        let Err(error) = config.check() else { continue };
        let field = format!("{prefix}{}", error.field);
        let blamed = applied
            .iter()
            .rfind(|(key, _)| *key == field)
            .or_else(|| applied.iter().rfind(|(key, _)| key.starts_with(prefix)));
        let allowed = format!("{} for {}", range_text(f64_of(error.min), f64_of(error.max)), error.field);
        let value = number_text(f64_of(error.value));
        return Err(match blamed {
            Some((_, entry)) => entry
                .refuse(format!("with the other values {} = {value} is out of range", error.field), allowed),
            None => BadInput::key(&scenario.argument, field, value, "out of range", allowed),
        });
    }
    Ok(())
}

/// The number a person wrote for an `f32`: 0.1, not 0.10000000149.
fn f64_of(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

/// Every key that `[override]` and `--set` take, with documentation.
#[must_use]
pub fn override_keys() -> Vec<OverrideKey> {
    let mut keys = vec![OverrideKey {
        key: CURVE_KEY.to_owned(),
        doc: "Measured pump curve in place of the formula; its columns are rpm, L/min, mmHg.".to_owned(),
        allowed: format!("path of a .csv file or {}", crate::input::any_of(&PUMP_SHELF.names())),
        default: "none".to_owned(),
    }];
    keys.extend(world_keys::<Plant>("", &PLANT_SHELF, "ecmo-50"));
    keys.extend(world_keys::<Circuit>(CIRCUIT_PREFIX, &CIRCUIT_SHELF, "va-25-21"));
    keys.extend(parts::PART_KEYS.iter().map(|part| OverrideKey {
        key: format!("{CIRCUIT_PREFIX}{}", part.name),
        doc: part.doc.to_owned(),
        allowed: parts::allowed(part.name),
        default: String::new(),
    }));
    let mut patient = world_keys::<Patient>(PATIENT_PREFIX, &PATIENT_SHELF, "va-fixed");
    for (key, living) in
        patient.iter_mut().zip(world_keys::<Patient>(PATIENT_PREFIX, &PATIENT_SHELF, "va-adult"))
    {
        if key.default.is_empty() {
            key.default = living.default;
        }
    }
    keys.extend(patient);
    for prefix in CONFIG_PREFIXES {
        keys.extend(
            config_keys()
                .into_iter()
                .map(|(_, key)| OverrideKey { key: format!("{prefix}{}", key.key), ..key }),
        );
    }
    keys
}

/// The controller fields with the part they belong to; keys without a prefix.
#[must_use]
pub fn config_keys() -> Vec<(&'static str, OverrideKey)> {
    let mut defaults = UnitConfig::ECMO_50;
    let mut keys = Vec::new();
    for (part, fields) in UnitConfig::PARTS {
        for field in fields {
            let default =
                defaults.field_mut(field.name).map(|value| number_text(f64_of(*value))).unwrap_or_default();
            keys.push((
                part,
                OverrideKey {
                    key: field.name.to_owned(),
                    doc: field.doc.trim().to_owned(),
                    allowed: range_text(f64_of(field.min), f64_of(field.max)),
                    default,
                },
            ));
        }
    }
    keys
}

/// The keys of a kind of parameter file, with the values of a built-in file as defaults.
fn world_keys<T: Keyed>(prefix: &'static str, shelf: &Shelf, name: &str) -> Vec<OverrideKey> {
    let defaults = default_values(shelf, name);
    T::infos()
        .into_iter()
        .map(|info| OverrideKey {
            key: format!("{prefix}{}", info.key),
            doc: info.doc.to_owned(),
            allowed: range_text(info.min, info.max),
            default: defaults.get(&info.key.to_string()).cloned().unwrap_or_default(),
        })
        .collect()
}

/// Values of a built-in file, as written to a person.
fn default_values(shelf: &Shelf, name: &str) -> BTreeMap<String, String> {
    let Some(file) = shelf.built_in(name) else { return BTreeMap::new() };
    let source = Source { name: file.file.to_owned(), text: file.text.to_owned() };
    let Ok(document) = source.parse() else { return BTreeMap::new() };
    let entries = Table::top(&source, &document).flattened();
    entries.into_iter().map(|(key, entry)| (key, default_text(&entry.value))).collect()
}

fn default_text(value: &Value) -> String {
    match value {
        Value::Number(number) => number_text(*number),
        Value::Numbers(numbers) => {
            format!("[{}]", numbers.iter().map(|number| number_text(*number)).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
