// SPDX-License-Identifier: Apache-2.0
//! Parameters by the key of their file: set, check, list.

use core::fmt;

use levitas_core::config::Field;

use crate::parameters::{
    Circuit, FixedPatient, LivingPatient, Patient, Plant, Ranged, Section, VECTOR_KEYS, VectorKey,
};

/// Key of a parameter file; shown as `rotor.mass_kg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Table; empty for keys outside of any table.
    pub section: &'static str,
    /// Name in the table.
    pub name: &'static str,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.section.is_empty() {
            f.write_str(self.name)
        } else {
            write!(f, "{}.{}", self.section, self.name)
        }
    }
}

impl Key {
    /// True when `key` is this key written out.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        name_in(self.section, key) == Some(self.name)
    }
}

/// What may be said under a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyInfo {
    /// The key.
    pub key: Key,
    /// Meaning, with the unit in brackets.
    pub doc: &'static str,
    /// Smallest allowed value.
    pub min: f64,
    /// Largest allowed value.
    pub max: f64,
    /// How many numbers it takes.
    pub count: usize,
}

/// A number outside its range; NaN is outside of every range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RangeError {
    /// The key; of a disturbance or a fault its kind and the number's name, shown as `force_step.newton`.
    pub key: Key,
    /// The value that was refused.
    pub value: f64,
    /// Smallest allowed value.
    pub min: f64,
    /// Largest allowed value.
    pub max: f64,
}

/// A value of a plant, circuit or patient outside its range.
pub type PlantError = RangeError;

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}: allowed is {} to {}", self.key, self.value, self.min, self.max)
    }
}

impl core::error::Error for RangeError {}

/// A number with its name and its range.
pub(crate) type RangedNumber = (&'static str, f64, [f64; 2]);

/// Checks numbers that belong to no parameter file, by kind and name.
pub(crate) fn check_numbers(section: &'static str, numbers: &[RangedNumber]) -> Result<(), RangeError> {
    for &(name, value, [min, max]) in numbers {
        if !(value >= min && value <= max) {
            return Err(RangeError { key: Key { section, name }, value, min, max });
        }
    }
    Ok(())
}

/// A key that cannot be set as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetError {
    /// There is no such key.
    UnknownKey,
    /// The key takes another count of numbers.
    WrongCount {
        /// How many it takes.
        expected: usize,
        /// How many were given.
        given: usize,
    },
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => f.write_str("unknown key"),
            Self::WrongCount { expected, given } => write!(f, "takes {expected} numbers, {given} given"),
        }
    }
}

impl core::error::Error for SetError {}

/// The part of `key` behind the table's name, when the key belongs to that table.
fn name_in<'key>(section: &str, key: &'key str) -> Option<&'key str> {
    if section.is_empty() { Some(key) } else { key.strip_prefix(section)?.strip_prefix('.') }
}

fn expect_count(expected: usize, values: &[f64]) -> Result<(), SetError> {
    if values.len() == expected {
        Ok(())
    } else {
        Err(SetError::WrongCount { expected, given: values.len() })
    }
}

fn set_in(section: &str, part: &mut dyn Ranged, key: &str, values: &[f64]) -> Option<Result<(), SetError>> {
    let name = name_in(section, key)?;
    if let Some(vector) = VECTOR_KEYS.iter().find(|vector| vector.section == section && vector.name == name) {
        return Some(expect_count(vector.components.len(), values).map(|()| {
            for (component, &value) in vector.components.iter().zip(values) {
                if let Some(field) = part.named_mut(component) {
                    *field = value;
                }
            }
        }));
    }
    let field = part.named_mut(name)?;
    let &[value] = values else { return Some(expect_count(1, values)) };
    *field = value;
    Some(Ok(()))
}

fn check_in(section: &'static str, part: &dyn Ranged) -> Option<PlantError> {
    let error = part.check_fields().err()?;
    let name = vector_of(section, error.field).map_or(error.field, |vector| vector.name);
    Some(PlantError { key: Key { section, name }, value: error.value, min: error.min, max: error.max })
}

fn vector_of(section: &str, component: &str) -> Option<&'static VectorKey> {
    VECTOR_KEYS.iter().find(|vector| vector.section == section && vector.components.contains(&component))
}

/// The line of a field in the list of keys; a vector is listed once, at its first component.
fn info(section: &'static str, field: &'static Field<f64>) -> Option<KeyInfo> {
    let (name, doc, count) = match vector_of(section, field.name) {
        Some(vector) if vector.components.first() == Some(&field.name) => {
            (vector.name, vector.doc, vector.components.len())
        }
        Some(_) => return None,
        None => (field.name, field.doc.trim_ascii(), 1),
    };
    Some(KeyInfo { key: Key { section, name }, doc, min: field.min, max: field.max, count })
}

fn list(sections: &'static [Section]) -> impl Iterator<Item = KeyInfo> + Clone {
    sections.iter().flat_map(|section| section.fields.iter().filter_map(|field| info(section.key, field)))
}

macro_rules! keyed {
    ($($type:ident),+) => { $(
        impl $type {
            /// Checks every number against its range.
            ///
            /// # Errors
            /// The first key whose value is outside.
            pub fn check(&self) -> Result<(), PlantError> {
                let mut copy = *self;
                match copy.find(|section, part| check_in(section, part)) {
                    Some(error) => Err(error),
                    None => Ok(()),
                }
            }

            /// Sets the numbers of a key of its file; ranges are looked at by `check`.
            ///
            /// # Errors
            /// No such key, or another count of numbers.
            pub fn set(&mut self, key: &str, values: &[f64]) -> Result<(), SetError> {
                self.find(|section, part| set_in(section, part, key, values)).unwrap_or(Err(SetError::UnknownKey))
            }

            /// All keys of its file with their documentation and ranges, in order.
            pub fn keys() -> impl Iterator<Item = KeyInfo> + Clone {
                list(Self::SECTIONS)
            }
        }
    )+ };
}

keyed!(Plant, Circuit, LivingPatient);

impl FixedPatient {
    /// All keys of its file with their documentation and ranges, in order.
    pub fn keys() -> impl Iterator<Item = KeyInfo> + Clone {
        Self::FIELDS.iter().filter_map(|field| info("", field))
    }

    /// Sets the number of a key of its file; ranges are looked at by `check`.
    ///
    /// # Errors
    /// No such key, or not one number.
    pub fn set(&mut self, key: &str, values: &[f64]) -> Result<(), SetError> {
        set_in("", self, key, values).unwrap_or(Err(SetError::UnknownKey))
    }
}

impl Patient {
    /// Sets the number of a key of its file; ranges are looked at by `check`.
    ///
    /// # Errors
    /// No such key of this kind of patient, or not one number.
    pub fn set(&mut self, key: &str, values: &[f64]) -> Result<(), SetError> {
        match self {
            Self::Fixed(patient) => patient.set(key, values),
            Self::Living(patient) => patient.set(key, values),
        }
    }

    /// All keys of both kinds with their documentation and ranges, in order.
    pub fn keys() -> impl Iterator<Item = KeyInfo> + Clone {
        FixedPatient::keys().chain(LivingPatient::keys())
    }

    /// Checks every number against its range.
    ///
    /// # Errors
    /// The first key whose value is outside.
    pub fn check(&self) -> Result<(), PlantError> {
        match self {
            Self::Fixed(patient) => check_in("", patient).map_or(Ok(()), Err),
            Self::Living(patient) => patient.check(),
        }
    }

    /// Its kind, as `kind` in its file.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fixed(_) => Self::KINDS[0],
            Self::Living(_) => Self::KINDS[1],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;
    use crate::{ECMO_50, VA_25_21, VA_ADULT, VA_FIXED};

    #[test]
    fn a_negative_mass_and_nan_are_refused_by_key() {
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            let mut plant = ECMO_50;
            plant.set("rotor.mass_kg", &[bad]).unwrap();
            let error = plant.check().unwrap_err();
            assert!(error.key.is("rotor.mass_kg"));
            assert!(error.to_string().starts_with("rotor.mass_kg = "), "{error}");
        }
    }

    #[test]
    fn keys_of_nested_tables_and_vectors_are_set() {
        let mut plant = ECMO_50;
        plant.set("rotor.fluid.radius_m", &[0.02]).unwrap();
        plant.set("rotor.gravity_m_per_s2", &[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(plant.rotor_fluid.radius_m, 0.02);
        assert_eq!(plant.rotor.gravity_z_m_per_s2, 3.0);
        assert_eq!(
            plant.set("rotor.gravity_m_per_s2", &[1.0]),
            Err(SetError::WrongCount { expected: 3, given: 1 })
        );
        assert_eq!(plant.set("rotor.mass_kg", &[]), Err(SetError::WrongCount { expected: 1, given: 0 }));
        assert_eq!(plant.set("rotor.colour", &[1.0]), Err(SetError::UnknownKey));
        plant.rotor.gravity_y_m_per_s2 = 99.0;
        assert!(plant.check().unwrap_err().key.is("rotor.gravity_m_per_s2"));
    }

    #[test]
    fn every_listed_key_can_be_set_and_the_presets_pass() {
        let (mut plant, mut circuit, mut patient) = (ECMO_50, VA_25_21, VA_FIXED);
        for info in Plant::keys() {
            plant.set(&info.key.to_string(), &[1.0; 4][..info.count]).unwrap();
        }
        for info in Circuit::keys() {
            circuit.set(&info.key.to_string(), &[1.0]).unwrap();
        }
        for info in FixedPatient::keys() {
            patient.set(&info.key.to_string(), &[1.0]).unwrap();
        }
        let Patient::Living(mut living) = VA_ADULT else { panic!("va-adult is a living patient") };
        for info in LivingPatient::keys() {
            assert_eq!(patient.set(&info.key.to_string(), &[1.0]), Err(SetError::UnknownKey));
            living.set(&info.key.to_string(), &[1.0]).unwrap();
        }
        assert_eq!(Plant::keys().count(), 126);
        assert!(ECMO_50.check().is_ok() && VA_25_21.check().is_ok() && VA_FIXED.check().is_ok());
    }
}
