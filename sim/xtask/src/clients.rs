// SPDX-License-Identifier: Apache-2.0
//! Real clients from outside: the Python tests in tests/clients, in an environment of their own.

use crate::process::{command, path_with, run, version};
use crate::project::Project;
use crate::stage::{Obstacle, Outcome};
use crate::venv;

/// Runs pytest over tests/clients; not run where Python or its packages are out of reach.
pub(crate) fn run_tests(project: &Project) -> Outcome {
    let requirements = project.root.join("tests/clients/requirements.txt");
    if !requirements.exists() {
        return Err(Obstacle::NotRun("there is no tests/clients/requirements.txt".into()));
    }
    let environment = venv::make(project, "clients", &[requirements]).map_err(Obstacle::NotRun)?;
    let programs = venv::programs(&environment);
    let mut pytest = command(project, programs.join("python"));
    pytest.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/clients"]);
    pytest.env("PATH", path_with(&[&programs])?).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(run(&mut pytest)?)
}

/// The table of figures in docs/world.md against what the world's tests print now.
pub(crate) fn world_figures(project: &Project) -> Outcome {
    if version(project, "python3", "--version").is_none() {
        return Err(Obstacle::NotRun("python3 is missing".into()));
    }
    Ok(run(command(project, "python3").args(["sim/world/figures.py", "--check"]))?)
}
