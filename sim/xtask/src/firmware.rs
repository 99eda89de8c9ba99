// SPDX-License-Identifier: Apache-2.0
//! The firmware stage: Twister over tests/zephyr, for native_sim and QEMU, against the Zephyr tree found.
//!
//! It tests the checkout that it runs in, not the one that a workspace links to: the list of modules is given
//! whole, with this checkout as the last one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Options;
use crate::process::{command, output, run as run_command};
use crate::project::Project;
use crate::rust_std::{self, Toolchain};
use crate::stage::{Obstacle, Outcome};
use crate::{venv, zephyr};

/// What the suites run on.
const PLATFORMS: [&str; 2] = ["native_sim/native/64", "mps3/an547"];

/// Zephyr's requirement files that building and Twister need.
const REQUIREMENTS: [&str; 3] =
    ["requirements-base.txt", "requirements-build-test.txt", "requirements-run-test.txt"];

/// Twister imports `pkg_resources`, which later setuptools have dropped.
const SETUPTOOLS: &str = "setuptools<81\n";

/// `cargo xtask firmware`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    suites(project, options.has("--build-std"), &options.passed_on).map_err(|obstacle| match obstacle {
        Obstacle::NotRun(reason) => format!("firmware: not run: {reason}"),
        Obstacle::Failed(reason) => format!("firmware: failed: {reason}"),
    })
}

/// Builds and runs all suites; not run where the tree, tools, Python packages or Rust's targets are missing.
pub(crate) fn suites(project: &Project, build_std: bool, passed_on: &[String]) -> Outcome {
    let tree = zephyr::find(project).map_err(Obstacle::NotRun)?;
    print!("{}", zephyr::report(project, &tree));
    let tree = tree.of_our_series().map_err(Obstacle::NotRun)?;
    if let Some(missing) = zephyr::missing_tools(project) {
        return Err(Obstacle::NotRun(missing));
    }
    let toolchain = rust_std::choose(project, build_std).map_err(Obstacle::NotRun)?;
    println!("  {:<20} {}", "rustc", toolchain.name);
    let environment = python(project, &tree.base).map_err(Obstacle::NotRun)?;
    let mut twister = command(project, venv::programs(&environment).join("python"));
    twister.arg(tree.base.join("scripts/twister"));
    twister.arg("-T").arg(project.root.join("tests/zephyr")).arg("-A").arg(project.root.join("boards"));
    twister.arg("-x").arg(format!("ZEPHYR_MODULES={}", modules(project, &tree)?));
    for platform in PLATFORMS {
        twister.args(["-p", platform]);
    }
    let jobs = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    twister.arg("-O").arg(results(project)).args(["--clobber-output", "--inline-logs", "-v", "-j", &jobs]);
    twister.args(passed_on);
    set_variables(&mut twister, &tree.base, &environment, &toolchain)?;
    Ok(run_command(&mut twister)?)
}

/// Clippy over the firmware's own crate, with the settings of the suites' native_sim build.
pub(crate) fn clippy(project: &Project) -> Outcome {
    let settings = results(project).join("native_sim_native_64/firmware/levitas.firmware.host");
    let settings = settings.join("firmware/rust/sample-cargo-config.toml");
    if !settings.exists() {
        return Err(Obstacle::NotRun("there is no native_sim build to take the settings from".into()));
    }
    let tree = zephyr::find(project).and_then(zephyr::Tree::of_our_series).map_err(Obstacle::NotRun)?;
    let toolchain = rust_std::choose(project, false).map_err(Obstacle::NotRun)?;
    let mut version = command(project, "cargo");
    toolchain.apply(version.args(["clippy", "--version"]), &[])?;
    if output(&mut version).is_err() {
        return Err(Obstacle::NotRun("this Rust has no clippy (Debian: rust-web-clippy)".into()));
    }
    let mut cargo = command(project, "cargo");
    cargo.current_dir(project.root.join("firmware")).args(["clippy", "--release", "--no-deps", "--config"]);
    cargo.arg(settings).args(["--", "-D", "warnings"]).env("ZEPHYR_BASE", &tree.base);
    toolchain.apply(&mut cargo, &[])?;
    Ok(run_command(&mut cargo)?)
}

/// Where Twister builds, one folder per suite and platform.
fn results(project: &Project) -> PathBuf {
    project.target.join("twister")
}

/// The environment with Zephyr's Python requirements.
fn python(project: &Project, base: &Path) -> Result<PathBuf, String> {
    let ours = project.target.join("venv/setuptools.txt");
    let made = fs::create_dir_all(project.target.join("venv")).and_then(|()| fs::write(&ours, SETUPTOOLS));
    made.map_err(|error| format!("{}: {error}", ours.display()))?;
    let mut files: Vec<PathBuf> = REQUIREMENTS.iter().map(|file| base.join("scripts").join(file)).collect();
    files.push(ours);
    venv::make(project, "zephyr", &files)
}

/// The list that replaces Zephyr's own search for modules: those of the tree, then this checkout.
fn modules(project: &Project, tree: &zephyr::Tree) -> Result<String, String> {
    let all = tree.modules.iter().chain(std::iter::once(&project.root));
    let names: Option<Vec<&str>> = all.map(|folder| folder.to_str()).collect();
    Ok(names.ok_or("a path of a module is not UTF-8")?.join(";"))
}

/// Tree, compilers and programs for Zephyr's build; a toolchain chosen by the user stands.
fn set_variables(twister: &mut Command, base: &Path, environment: &Path, toolchain: &Toolchain) -> Outcome {
    toolchain.apply(twister.env("ZEPHYR_BASE", base), &[&venv::programs(environment)])?;
    if zephyr::chosen_toolchain().is_none() {
        twister.env("ZEPHYR_TOOLCHAIN_VARIANT", "gnuarmemb").env("GNUARMEMB_TOOLCHAIN_PATH", "/usr");
    }
    Ok(())
}
