// SPDX-License-Identifier: Apache-2.0
//! Embeds the scenarios, plants, circuits, patients and pump curves, so that their names work from any folder.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

/// Constant, folder from the root of the repository, extension.
const FOLDERS: [(&str, &str, &str); 6] = [
    ("SCENARIOS", "tests/scenarios", "toml"),
    ("PLANTS", "sim/world/plants", "toml"),
    ("CIRCUITS", "sim/world/circuits", "toml"),
    ("PATIENTS", "sim/world/patients", "toml"),
    ("PUMPS", "sim/world/pumps", "csv"),
    ("SCENARIO_CURVES", "tests/scenarios", "csv"),
];

fn main() {
    if let Err(message) = generate() {
        println!("cargo::error={message}");
        process::exit(1);
    }
}

fn generate() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    let manifest = env::var("CARGO_MANIFEST_DIR").map_err(|error| error.to_string())?;
    let root = Path::new(&manifest).join("../..");
    let mut text = String::new();
    for (constant, folder, extension) in FOLDERS {
        println!("cargo::rerun-if-changed=../../{folder}");
        let _ = writeln!(text, "/// Files of `{folder}`.\npub const {constant}: &[BuiltIn] = &[");
        for path in files(&root.join(folder), extension).map_err(|error| format!("{folder}: {error}"))? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            let _ = writeln!(
                text,
                "BuiltIn {{ name: {name:?}, file: {:?}, text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {:?})) }},",
                format!("{folder}/{file}"),
                format!("/../../{folder}/{file}"),
            );
        }
        text.push_str("];\n");
    }
    let out = env::var("OUT_DIR").map_err(|error| error.to_string())?;
    fs::write(Path::new(&out).join("built_in.rs"), text).map_err(|error| error.to_string())
}

/// The files of a folder with an extension, sorted by name.
fn files(folder: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
