// SPDX-License-Identifier: Apache-2.0
//! Python environments below the target folder, made when asked for and kept until their requirements change.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::process::{command, output, run_within};
use crate::project::Project;

/// Longest time for the packages of one environment to arrive.
const INSTALL_TIME_MAX: Duration = Duration::from_mins(10);

/// The environment `target/venv/NAME` with the packages of the requirement files; an error says what is missing.
pub(crate) fn make(project: &Project, name: &str, requirements: &[PathBuf]) -> Result<PathBuf, String> {
    let folder = project.target.join("venv").join(name);
    let wanted = wanted(requirements)?;
    let stamp = folder.join("requirements.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let python = output(command(project, "python3").args(["-m", "venv", "--clear"]).arg(&folder));
    python.map_err(|error| format!("no Python environment (Debian: python3-venv): {error}"))?;
    let mut pip = command(project, folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"]);
    for file in requirements {
        pip.arg("-r").arg(file);
    }
    println!("installing {} into {}", shown(requirements), folder.display());
    run_within(&mut pip, INSTALL_TIME_MAX)
        .map_err(|_| format!("PyPI did not give what {} asks for", shown(requirements)))?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(folder)
}

/// Everything that decides what is installed.
fn wanted(requirements: &[PathBuf]) -> Result<String, String> {
    let read =
        |file: &PathBuf| fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()));
    requirements.iter().map(read).collect()
}

fn shown(requirements: &[PathBuf]) -> String {
    let name = |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().into_owned());
    requirements.iter().filter_map(name).collect::<Vec<_>>().join(", ")
}

/// The folder with an environment's programs.
pub(crate) fn programs(environment: &Path) -> PathBuf {
    environment.join("bin")
}
