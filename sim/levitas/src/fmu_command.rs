// SPDX-License-Identifier: Apache-2.0
//! The command `levitas fmu`.

use std::env::consts::{ARCH, DLL_PREFIX, DLL_SUFFIX, OS};
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use levitas::catalogue::{BUILT_IN_FOLDER, Found, SCENARIO_SHELF};
use levitas::fmu::{MODEL, SCENARIO_FILE, description};
use levitas::input::{BadInput, Checked};
use levitas::outputs::{check_file, write_bytes};
use levitas::scenario::{load, read};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::say;

/// Shown after the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  cargo build --release -p levitas-fmu        the library that goes into it, once
  levitas fmu 1a_levitation --out levitation.fmu
  fmpy simulate levitation.fmu --show-plot    in a Python with FMPy

FMI 2.0 for co-simulation: the closed loop of a scenario, with all channels of `levitas list channels` as outputs and the
operator's speed and flow as inputs; any communication step. docs/fmu.md.";

/// In place of the folder of a scenario: no path that begins with it is one of a file. An absolute one does not begin with it, which is why
/// the other folder is that of built-in files, which is not on a disk at all.
const NO_FOLDER: &str = "\0";

/// What is missing where the library is.
const BUILD: &str = "the library beside the program, made by `cargo build --release -p levitas-fmu`";

/// Command line of `levitas fmu`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Scenario file, or the name of a built-in scenario; a file that exists wins
    #[arg(value_name = "FILE|NAME")]
    scenario: String,
    /// The model [default: NAME.fmu]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Shared library that goes into it [default: the one beside this program]
    #[arg(long, value_name = "FILE")]
    library: Option<PathBuf>,
}

/// Packs a model. True when it is there.
pub(crate) fn run(arguments: &Arguments) -> Checked<bool> {
    let scenario = load(&arguments.scenario, &[])?;
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.fmu", scenario.name)));
    check_file(&out, "--out")?;
    let found = SCENARIO_SHELF
        .find(&arguments.scenario, Path::new(""))
        .map_err(|missing| missing.of(&arguments.scenario))?;
    // A model has the text of the scenario alone.
    let alone = |folder: &str| Found { folder: PathBuf::from(folder), ..found.clone() };
    let readable = [NO_FOLDER, BUILT_IN_FOLDER].map(|folder| read(&alone(folder), &arguments.scenario, &[]));
    readable.into_iter().find_map(Result::err).map_or(Ok(()), |error| {
        Err(BadInput::of(
            &arguments.scenario,
            error,
            "a scenario that names no file of its own: a model has none",
        ))
    })?;
    let library = library(arguments)?;
    let model = pack(platform()?, &description(&scenario), &found.source.text, &library)
        .map_err(|error| BadInput::key("--out", "out", out.display(), error, "the path of a file"))?;
    write_bytes(&out, &model, "--out")?;
    say(&format!(
        "{}: FMI 2.0 for co-simulation, {} s of {}\n",
        out.display(),
        scenario.duration_s,
        scenario.name
    ));
    Ok(true)
}

fn library(arguments: &Arguments) -> Checked<Vec<u8>> {
    let beside = || {
        let name = format!("{DLL_PREFIX}levitas_fmu{DLL_SUFFIX}");
        std::env::current_exe().map(|program| program.with_file_name(name)).unwrap_or_default()
    };
    let file = arguments.library.clone().unwrap_or_else(beside);
    std::fs::read(&file).map_err(|error| BadInput::key("--library", "library", file.display(), error, BUILD))
}

/// Name of this machine in FMI 2.0, which knows processors of one kind alone.
fn platform() -> Checked<&'static str> {
    match (OS, ARCH) {
        ("linux", "x86_64") => Ok("linux64"),
        ("windows", "x86_64") => Ok("win64"),
        ("macos", "x86_64") => Ok("darwin64"),
        _ => Err(BadInput::of(
            "fmu",
            format!("FMI 2.0 has no name for {OS} on {ARCH}"),
            "Linux, Windows or macOS on x86_64",
        )),
    }
}

/// The file: description, library, scenario.
fn pack(
    platform: &str,
    description: &str,
    scenario: &str,
    library: &[u8],
) -> zip::result::ZipResult<Vec<u8>> {
    let mut model = ZipWriter::new(Cursor::new(Vec::new()));
    let binary = format!("binaries/{platform}/{MODEL}{DLL_SUFFIX}");
    let resource = format!("resources/{SCENARIO_FILE}");
    for (name, bytes) in [
        ("modelDescription.xml", description.as_bytes()),
        (binary.as_str(), library),
        (resource.as_str(), scenario.as_bytes()),
    ] {
        model.start_file(name, SimpleFileOptions::default())?;
        model.write_all(bytes)?;
    }
    Ok(model.finish()?.into_inner())
}
