// SPDX-License-Identifier: Apache-2.0
//! Files by name: what is built into the program, and how a name or a path of the user is resolved.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::input::{BadInput, Checked, allowed_names};
use crate::toml_file::Source;

/// A file that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// Name without extension.
    pub name: &'static str,
    /// Path in the repository.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/built_in.rs"));

/// Folder of the built-in scenarios, as [`Found::folder`]: paths in them name built-in files, never the user's.
pub const BUILT_IN_FOLDER: &str = "<built-in>";
/// Largest input file [bytes].
const FILE_BYTES_MAX: u64 = 16 << 20;

/// A kind of file, with its built-in ones.
#[derive(Clone, Copy, Debug)]
pub struct Shelf {
    /// What such a file is, for messages.
    pub what: &'static str,
    /// Extension that marks a path.
    pub extension: &'static str,
    /// The built-in files.
    pub files: &'static [BuiltIn],
}

/// Scenarios.
pub const SCENARIO_SHELF: Shelf = Shelf { what: "scenario", extension: "toml", files: SCENARIOS };
/// Plants.
pub const PLANT_SHELF: Shelf = Shelf { what: "plant", extension: "toml", files: PLANTS };
/// Circuits.
pub const CIRCUIT_SHELF: Shelf = Shelf { what: "circuit", extension: "toml", files: CIRCUITS };
/// Patients.
pub const PATIENT_SHELF: Shelf = Shelf { what: "patient", extension: "toml", files: PATIENTS };
/// Pump curves.
pub const PUMP_SHELF: Shelf = Shelf { what: "pump curve", extension: "csv", files: PUMPS };

/// A file that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Name without folder and extension.
    pub name: String,
    /// Folder that relative paths in the file start from.
    pub folder: PathBuf,
    /// Text with the name for messages.
    pub source: Source,
}

impl BuiltIn {
    fn found(&self) -> Found {
        Found {
            name: self.name.to_owned(),
            folder: PathBuf::from(BUILT_IN_FOLDER),
            source: Source { name: self.file.to_owned(), text: self.text.to_owned() },
        }
    }
}

/// Why a file was not found; the caller says which key asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// What is wrong.
    pub problem: String,
    /// What is allowed instead.
    pub allowed: String,
}

impl NotFound {
    /// The refusal when the name itself was the input.
    #[must_use]
    pub fn of(self, place: &str) -> BadInput {
        BadInput::of(place, self.problem, self.allowed)
    }
}

impl Shelf {
    /// The built-in file of a name.
    #[must_use]
    pub fn built_in(&self, name: &str) -> Option<&'static BuiltIn> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Names of the built-in files.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.files.iter().map(|file| file.name).collect()
    }

    /// Finds a path or a name; a file that exists wins over a built-in one of the same name.
    ///
    /// # Errors
    /// Neither exists, or the file cannot be read as text.
    pub fn find(&self, wanted: &str, folder: &Path) -> Result<Found, NotFound> {
        if folder == Path::new(BUILT_IN_FOLDER) {
            return self.find_built_in(wanted);
        }
        let path = folder.join(wanted);
        let is_path = wanted.contains(['/', '\\']) || wanted.ends_with(&format!(".{}", self.extension));
        if path.is_dir() && (is_path || self.built_in(wanted).is_none()) {
            return Err(self.not_found("this is a directory".to_owned()));
        }
        if path.exists() && !path.is_dir() {
            return self.read(&path);
        }
        match self.built_in(wanted) {
            Some(file) => Ok(file.found()),
            None if is_path => Err(self.not_found("no such file".to_owned())),
            None => Err(NotFound {
                problem: format!("no such file and no built-in {} of that name", self.what),
                allowed: format!("a path or {}", allowed_names(wanted, &self.names())),
            }),
        }
    }

    /// What a built-in scenario names: a built-in file, or a curve that lies beside it.
    fn find_built_in(&self, wanted: &str) -> Result<Found, NotFound> {
        let beside =
            SCENARIO_CURVES.iter().find(|file| wanted == format!("{}.{}", file.name, self.extension));
        match self.built_in(wanted).or(beside) {
            Some(file) => Ok(file.found()),
            None => Err(self.not_found("no such built-in file".to_owned())),
        }
    }

    fn read(&self, path: &Path) -> Result<Found, NotFound> {
        let text = read_text(path).map_err(|problem| self.not_found(problem))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Ok(Found { name, folder, source: Source { name: path.display().to_string(), text } })
    }

    fn not_found(&self, problem: String) -> NotFound {
        NotFound {
            problem,
            allowed: format!(
                "the path of a .{} file or the name of a built-in {}, see `levitas list`",
                self.extension, self.what
            ),
        }
    }
}

fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read ({error})"))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(format!("larger than {} MiB", FILE_BYTES_MAX >> 20));
    }
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count();
        format!("not UTF-8 text (line {line})")
    })
}

/// A built-in or user file that a key of a scenario names.
///
/// # Errors
/// As [`Shelf::find`], with the key.
pub fn find_for_key(shelf: &Shelf, entry: &crate::toml_file::Entry, folder: &Path) -> Checked<Found> {
    shelf.find(entry.text()?, folder).map_err(|missing| entry.refuse(missing.problem, missing.allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_names_work_from_any_folder_and_unknown_ones_are_listed() {
        let found = PLANT_SHELF.find("ecmo-50", Path::new("/nowhere")).unwrap();
        assert_eq!(found.source.name, "sim/world/plants/ecmo-50.toml");
        let missing = PLANT_SHELF.find("ecmo-5", Path::new("")).unwrap_err();
        assert!(missing.allowed.contains("did you mean ecmo-50?"), "{}", missing.allowed);
        assert_eq!(SCENARIO_SHELF.find("no/such.toml", Path::new("")).unwrap_err().problem, "no such file");
        assert_eq!(SCENARIO_SHELF.find("/", Path::new("")).unwrap_err().problem, "this is a directory");
    }
}
