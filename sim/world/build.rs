// SPDX-License-Identifier: Apache-2.0
//! Turns plants/, circuits/ and patients/ into constants, and tabulates the noise generator's ziggurat.
//!
//! A file with a missing or unknown key, or with a value outside its range, fails the build and says which.

#[path = "src/parameters.rs"]
#[allow(dead_code, unreachable_pub, unused_macros, missing_docs, clippy::double_comparisons)]
mod parameters;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, process};

use parameters::{Circuit, FixedPatient, LivingPatient, Patient, Plant, Section, VECTOR_KEYS};

/// The numbers of one file by full key ("rotor.mass_kg").
type Numbers = BTreeMap<String, f64>;

fn main() {
    if let Err(message) = generate() {
        println!("cargo::error={message}");
        process::exit(1);
    }
}

fn generate() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut text = String::new();
    constants("plants", "Plant", &mut text, |table| struct_of("Plant", Plant::SECTIONS, &table))?;
    constants("circuits", "Circuit", &mut text, |table| struct_of("Circuit", Circuit::SECTIONS, &table))?;
    constants("patients", "Patient", &mut text, patient_of)?;
    ziggurat(&mut text);
    let out = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    fs::write(Path::new(&out).join("presets.rs"), text).map_err(|error| error.to_string())
}

/// A patient of the kind that the file names.
fn patient_of(mut table: toml::Table) -> Result<String, String> {
    let fixed = [Section { key: "", member: "", type_name: "FixedPatient", fields: FixedPatient::FIELDS }];
    let kind = table.remove("kind");
    let kind = kind.as_ref().and_then(toml::Value::as_str);
    if kind == Some(Patient::KINDS[0]) {
        Ok(format!("Patient::Fixed({})", struct_of("FixedPatient", &fixed, &table)?))
    } else if kind == Some(Patient::KINDS[1]) {
        Ok(format!("Patient::Living({})", struct_of("LivingPatient", LivingPatient::SECTIONS, &table)?))
    } else {
        Err(format!("kind: allowed is {}", Patient::KINDS.join(" or ")))
    }
}

/// The struct literal of a table.
fn struct_of(type_name: &str, sections: &[Section], table: &toml::Table) -> Result<String, String> {
    let mut numbers = Numbers::new();
    flatten(table, "", &mut numbers)?;
    literal(type_name, sections, numbers)
}

/// One constant per file of a folder.
fn constants(
    folder: &str,
    type_name: &str,
    text: &mut String,
    value_of: impl Fn(toml::Table) -> Result<String, String>,
) -> Result<(), String> {
    println!("cargo::rerun-if-changed={folder}");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .map_err(|error| format!("sim/world/{folder}: {error}"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    for path in paths {
        let shown = format!("sim/world/{}", path.display());
        let source = fs::read_to_string(&path).map_err(|error| format!("{shown}: {error}"))?;
        let table: toml::Table =
            source.parse().map_err(|error| format!("{shown}: {error}").replace('\n', " "))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let value = value_of(table).map_err(|error| format!("{shown}: {error}"))?;
        let name = stem.to_uppercase().replace('-', "_");
        let _ = writeln!(text, "/// `{folder}/{stem}.toml`.\npub const {name}: {type_name} = {value};");
    }
    Ok(())
}

/// Collects the numbers of a table under their full keys; a vector becomes one number per component.
fn flatten(table: &toml::Table, prefix: &str, numbers: &mut Numbers) -> Result<(), String> {
    for (key, value) in table {
        let full = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(inner, &full, numbers)?,
            toml::Value::Array(values) => {
                let vector = VECTOR_KEYS
                    .iter()
                    .find(|vector| vector.section == prefix && vector.name == key)
                    .ok_or_else(|| format!("{full} takes one number"))?;
                if values.len() != vector.components.len() {
                    return Err(format!("{full} takes {} numbers", vector.components.len()));
                }
                for (component, value) in vector.components.iter().zip(values) {
                    numbers.insert(format!("{prefix}.{component}"), number(&full, value)?);
                }
            }
            _ => {
                numbers.insert(full.clone(), number(&full, value)?);
            }
        }
    }
    Ok(())
}

fn number(key: &str, value: &toml::Value) -> Result<f64, String> {
    match value {
        toml::Value::Float(number) => Ok(*number),
        toml::Value::Integer(number) => Ok(*number as f64),
        other => Err(format!("{key}: a number is wanted, not a {}", other.type_str())),
    }
}

/// The struct literal, after a check that every key is there, known and in range.
fn literal(type_name: &str, sections: &[Section], mut numbers: Numbers) -> Result<String, String> {
    let mut text = format!("{type_name} {{ ");
    for section in sections {
        if !section.member.is_empty() {
            let _ = write!(text, "{}: {} {{ ", section.member, section.type_name);
        }
        for field in section.fields {
            let key = if section.key.is_empty() {
                field.name.to_owned()
            } else {
                format!("{}.{}", section.key, field.name)
            };
            let value = numbers.remove(&key).ok_or_else(|| format!("key {key} is missing"))?;
            if !(value >= field.min && value <= field.max) {
                return Err(format!("{key} = {value}: allowed is {} to {}", field.min, field.max));
            }
            let _ = write!(text, "{}: {value:?}_f64, ", field.name);
        }
        if !section.member.is_empty() {
            text.push_str("}, ");
        }
    }
    text.push('}');
    match numbers.keys().next() {
        Some(key) => Err(format!("unknown key {key}")),
        None => Ok(text),
    }
}

/// Ziggurat of the standard normal density with 128 layers (Marsaglia and Tsang, 2000): layer edges and the
/// density at them. `libm` computes them, so every build machine makes the same table.
fn ziggurat(text: &mut String) {
    const LAYERS: usize = 128;
    const TAIL: f64 = 3.442_619_855_899;
    const AREA: f64 = 9.912_563_035_262_17e-3;
    let density = |x: f64| libm::exp(-0.5 * x * x);
    let mut edge = [0.0_f64; LAYERS + 1];
    edge[0] = AREA / density(TAIL);
    edge[1] = TAIL;
    for layer in 2..LAYERS {
        let previous = edge[layer - 1];
        edge[layer] = libm::sqrt(-2.0 * libm::log(AREA / previous + density(previous)));
    }
    edge[LAYERS] = 0.0;
    let _ = writeln!(text, "pub(crate) const ZIGGURAT_TAIL: f64 = {TAIL:?};");
    let _ = writeln!(text, "pub(crate) static ZIGGURAT_EDGE: [f64; {}] = {edge:?};", LAYERS + 1);
    let height = edge.map(density);
    let _ = writeln!(text, "pub(crate) static ZIGGURAT_DENSITY: [f64; {}] = {height:?};", LAYERS + 1);
}
