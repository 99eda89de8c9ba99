// SPDX-License-Identifier: Apache-2.0
//! A Rust compiler that has `core` and `alloc` for the Arm targets of the firmware.
//!
//! 1. The compiler in PATH, when the targets are installed or rustup can add them.
//! 2. The one of the Debian package rustc-web in /usr/bin, when somebody has installed the targets for it.
//! 3. The same with a library made here from the Debian package rust-web-src: about a minute per target, kept
//!    below the target folder. Nothing is written outside of it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::{command, find, output, path_with, run, run_within};
use crate::project::Project;

/// Rust targets of QEMU's platform and of the boards; native_sim has the host's own.
pub(crate) const TARGETS: [&str; 2] = ["thumbv8m.main-none-eabihf", "thumbv7em-none-eabihf"];

/// Longest time for rustup to fetch a target.
const RUSTUP_TIME_MAX: Duration = Duration::from_mins(2);

/// Crates of the standard library that the firmware links.
const CRATES: [&str; 3] = ["core", "alloc", "compiler_builtins"];

/// How `cargo` and `rustc` are called to build for the Arm targets.
pub(crate) struct Toolchain {
    /// What to call it in messages.
    pub name: String,
    /// Folder of its programs, where that is not simply PATH.
    pub folder: Option<PathBuf>,
    /// Compiler to use in place of the one beside cargo.
    pub rustc: Option<PathBuf>,
}

impl Toolchain {
    /// Has a command use this toolchain, with more folders before it in PATH.
    ///
    /// Each build has a target folder of its own. A RUSTFLAGS variable would replace the flags per target in
    /// .cargo/config.toml.
    pub(crate) fn apply(&self, command: &mut Command, first: &[&Path]) -> Result<(), String> {
        let folders: Vec<&Path> = first.iter().copied().chain(self.folder.as_deref()).collect();
        command.env("PATH", path_with(&folders)?);
        for name in ["CARGO_TARGET_DIR", "RUSTFLAGS"] {
            command.env_remove(name);
        }
        if let Some(rustc) = &self.rustc {
            command.env("RUSTC", rustc).env_remove("RUSTUP_TOOLCHAIN");
        }
        Ok(())
    }
}

/// The first of the three that works; the error says what would make one work.
pub(crate) fn choose(project: &Project, build_std: bool) -> Result<Toolchain, String> {
    if !build_std {
        if let Some(toolchain) = installed(project, Path::new("rustc"), "Rust of PATH")? {
            return Ok(toolchain);
        }
        if add_with_rustup(project)
            && let Some(toolchain) = installed(project, Path::new("rustc"), "Rust of PATH")?
        {
            return Ok(toolchain);
        }
        if let Some(toolchain) = installed(project, Path::new("/usr/bin/rustc"), "Debian's Rust")? {
            return Ok(toolchain);
        }
    }
    built(project)
}

/// The compiler, when its sysroot has all targets.
fn installed(project: &Project, rustc: &Path, name: &str) -> Result<Option<Toolchain>, String> {
    let Ok(sysroot) = sysroot(project, rustc) else { return Ok(None) };
    if !TARGETS.iter().all(|target| has_core(&library(&sysroot, target))) {
        return Ok(None);
    }
    let version = output(command(project, rustc).arg("--version"))?;
    let folder = rustc.parent().filter(|folder| folder.is_absolute()).map(Path::to_path_buf);
    Ok(Some(Toolchain { name: format!("{name}, {version}"), folder, rustc: None }))
}

fn sysroot(project: &Project, rustc: &Path) -> Result<PathBuf, String> {
    output(command(project, rustc).args(["--print", "sysroot"])).map(PathBuf::from)
}

fn library(sysroot: &Path, target: &str) -> PathBuf {
    sysroot.join("lib/rustlib").join(target).join("lib")
}

fn has_core(folder: &Path) -> bool {
    rlibs(folder).iter().any(|file| is_rlib_of(file, "core"))
}

fn rlibs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "rlib"))
        .collect()
}

/// True for `libNAME-HASH.rlib`.
fn is_rlib_of(file: &Path, name: &str) -> bool {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    stem.strip_prefix("lib")
        .and_then(|stem| stem.rsplit_once('-'))
        .is_some_and(|(crate_name, _)| crate_name == name)
}

fn add_with_rustup(project: &Project) -> bool {
    if find("rustup").is_none() {
        return false;
    }
    let mut rustup = command(project, "rustup");
    run_within(rustup.args(["target", "add"]).args(TARGETS), RUSTUP_TIME_MAX).is_ok()
}

/// Debian's compiler with a library made from its sources, in `target/rust-std`.
fn built(project: &Project) -> Result<Toolchain, String> {
    let rustc = Path::new("/usr/bin/rustc");
    let system = sysroot(project, rustc).map_err(|_| no_compiler())?;
    if !system.join("lib/rustlib/src/rust/library/core").exists() || !Path::new("/usr/bin/cargo").exists() {
        return Err(no_compiler());
    }
    let version = output(command(project, rustc).arg("--version"))?;
    let folder = project.target.join("rust-std");
    let stamp = folder.join("version.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|made_for| made_for == version) {
        return Ok(toolchain_at(&folder, &version));
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    for target in TARGETS {
        build_library(project, &folder, target)?;
    }
    link_host_library(project, &system, &folder)?;
    write_wrapper(&folder)?;
    fs::write(&stamp, &version).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(toolchain_at(&folder, &version))
}

fn no_compiler() -> String {
    let targets = TARGETS.join(" ");
    format!(
        "no Rust for Arm: `rustup target add {targets}`, or Debian's rustc-web, cargo-web and rust-web-src"
    )
}

/// Builds an empty crate with its own standard library and keeps the library.
fn build_library(project: &Project, folder: &Path, target: &str) -> Result<(), String> {
    let seed = folder.join("seed");
    let at = |error: std::io::Error| format!("{}: {error}", seed.display());
    fs::create_dir_all(seed.join("src")).map_err(at)?;
    let manifest = "[package]\nname = \"seed\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(seed.join("Cargo.toml"), manifest).map_err(at)?;
    fs::write(seed.join("src/lib.rs"), "#![no_std]\n").map_err(at)?;
    let mut cargo = command(project, "/usr/bin/cargo");
    cargo.current_dir(&seed).args(["build", "--release", "--target", target]);
    cargo.arg(format!("-Zbuild-std={}", CRATES.join(","))).arg("-Zbuild-std-features=compiler-builtins-mem");
    cargo
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC", "/usr/bin/rustc")
        .env("CARGO_TARGET_DIR", seed.join("target"));
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTFLAGS");
    run(&mut cargo)?;
    let library = library(folder, target);
    fs::create_dir_all(&library).map_err(|error| format!("{}: {error}", library.display()))?;
    for file in rlibs(&seed.join("target").join(target).join("release/deps")) {
        let name = file.file_name().unwrap_or_default();
        if CRATES.iter().any(|wanted| is_rlib_of(&file, wanted)) {
            fs::copy(&file, library.join(name)).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    if has_core(&library) { Ok(()) } else { Err(format!("building core for {target} left no library")) }
}

/// Build scripts and macros are for this machine: its library is the compiler's own.
fn link_host_library(project: &Project, system: &Path, folder: &Path) -> Result<(), String> {
    let text = output(command(project, "/usr/bin/rustc").arg("-vV"))?;
    let host =
        text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or("x86_64-unknown-linux-gnu");
    let link = folder.join("lib/rustlib").join(host);
    symlink(system.join("lib/rustlib").join(host), &link)
        .map_err(|error| format!("{}: {error}", link.display()))
}

/// A `rustc` that looks for libraries in this folder.
fn write_wrapper(folder: &Path) -> Result<(), String> {
    let file = folder.join("rustc");
    let text = format!("#!/bin/sh\nexec /usr/bin/rustc --sysroot '{}' \"$@\"\n", folder.display());
    fs::write(&file, text)
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o755)))
        .map_err(|error| format!("{}: {error}", file.display()))
}

fn toolchain_at(folder: &Path, version: &str) -> Toolchain {
    let name = format!("Debian's Rust with its library built here, {version}");
    Toolchain { name, folder: Some("/usr/bin".into()), rustc: Some(folder.join("rustc")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_told_apart_by_name() {
        assert!(is_rlib_of(Path::new("a/libcore-0123abcd.rlib"), "core"));
        assert!(is_rlib_of(Path::new("libcompiler_builtins-1f.rlib"), "compiler_builtins"));
        assert!(!is_rlib_of(Path::new("librustc_std_workspace_core-1f.rlib"), "core"));
        assert!(!is_rlib_of(Path::new("libcore.rlib"), "core"));
    }

    #[test]
    fn a_folder_without_libraries_has_no_core() {
        assert!(!has_core(Path::new("/does/not/exist")));
    }
}
