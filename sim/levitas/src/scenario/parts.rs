// SPDX-License-Identifier: Apache-2.0
//! Parts of a circuit by size and type: one key in place of the numbers that it stands for.

use levitas_world::{DRAINAGE_CANNULAS, Line, MEMBRANE_LUNGS, RETURN_CANNULAS, cannula_mmhg_per_lpm2};

use crate::input::{Checked, allowed_names, any_of, number_text};
use crate::toml_file::{Entry, Value};

/// A key of a circuit that names a part.
pub(super) struct PartKey {
    /// Name, without the prefix of an override.
    pub(super) name: &'static str,
    /// Keys that it stands for.
    pub(super) sets: &'static [&'static str],
    /// Meaning.
    pub(super) doc: &'static str,
}

const DRAINAGE: &str = "drainage_cannula.resistance_mmhg_per_lpm2";
const RETURN: &str = "return_cannula.resistance_mmhg_per_lpm2";
const LUNG: [&str; 2] = ["membrane_lung.resistance_mmhg_per_lpm", "membrane_lung.volume_ml"];

/// All of them.
pub(super) const PART_KEYS: [PartKey; 3] = [
    PartKey {
        name: "drainage_cannula.size_fr",
        sets: &[DRAINAGE],
        doc: "Outer diameter [Fr], in place of the resistance.",
    },
    PartKey {
        name: "return_cannula.size_fr",
        sets: &[RETURN],
        doc: "Outer diameter [Fr], in place of the resistance.",
    },
    PartKey { name: "membrane_lung.type", sets: &LUNG, doc: "In place of resistance and volume." },
];

/// What a key of a part may be.
pub(super) fn allowed(name: &str) -> String {
    let sizes =
        |sizes: &[(f64, f64)]| any_of(&sizes.iter().map(|(size, _)| number_text(*size)).collect::<Vec<_>>());
    match name {
        "drainage_cannula.size_fr" => sizes(&DRAINAGE_CANNULAS),
        "return_cannula.size_fr" => sizes(&RETURN_CANNULAS),
        _ => any_of(&MEMBRANE_LUNGS.map(|lung| lung.name)),
    }
}

/// The keys and numbers that an entry stands for; `None` when its key names no part.
pub(super) fn numbers_of(name: &str, entry: &Entry) -> Option<Checked<Vec<(&'static str, f64)>>> {
    let key = PART_KEYS.iter().find(|key| key.name == name)?;
    Some(match key.sets {
        [_, _] => lung(entry),
        _ => cannula(name, entry).map(|resistance| key.sets.iter().map(|set| (*set, resistance)).collect()),
    })
}

fn cannula(name: &str, entry: &Entry) -> Checked<f64> {
    let line = if name.starts_with("drainage") { Line::Drainage } else { Line::Return };
    let size_fr = entry.number(&(0.0..=f64::MAX))?;
    cannula_mmhg_per_lpm2(line, size_fr)
        .ok_or_else(|| entry.refuse("there is no cannula of this size", allowed(name)))
}

fn lung(entry: &Entry) -> Checked<Vec<(&'static str, f64)>> {
    let name = entry.text()?;
    let names = MEMBRANE_LUNGS.map(|lung| lung.name);
    match MEMBRANE_LUNGS.iter().find(|lung| lung.name == name) {
        Some(lung) => Ok(vec![(LUNG[0], lung.resistance_mmhg_per_lpm), (LUNG[1], lung.volume_ml)]),
        None => Err(entry.refuse("unknown type of membrane lung", allowed_names(name, &names))),
    }
}

/// The entry of a number that an entry of a part stands for, at its place.
pub(super) fn entry_of(part: &Entry, value: f64) -> Entry {
    Entry { value: Value::Number(value), ..part.clone() }
}
