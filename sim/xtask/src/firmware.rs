// SPDX-License-Identifier: Apache-2.0
//! The firmware stage: Twister over tests/zephyr, for native_sim and QEMU, against the Zephyr tree found.
//!
//! It tests the checkout that it runs in, not the one that a workspace links to: the list of modules is given
//! whole, with this checkout as the last one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{command, output, run as run_command};
use crate::project::Project;
use crate::rust_std::{self, Toolchain};
use crate::signed::Images;
use crate::stage::{Obstacle, Outcome};
use crate::{Options, lockstep};
use crate::{venv, zephyr};

/// What the suites run on.
const PLATFORMS: [&str; 2] = ["native_sim/native/64", "mps3/an547"];

/// Zephyr's requirement files that building and Twister need.
const REQUIREMENTS: [&str; 3] =
    ["requirements-base.txt", "requirements-build-test.txt", "requirements-run-test.txt"];

/// Twister imports `pkg_resources`, which later setuptools have dropped.
const SETUPTOOLS: &str = "setuptools<81\n";

/// What MCUboot's own imgtool needs, by which images are signed and looked at.
const IMGTOOL: &str = "bootloader/mcuboot/scripts/requirements.txt";

/// `cargo xtask firmware`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    suites(project, options.has("--build-std"), &options.passed_on)
        .map_err(|obstacle| obstacle.of("firmware"))
}

/// Builds and runs all suites; not run where the tree, tools, Python packages or Rust's targets are missing.
pub(crate) fn suites(project: &Project, build_std: bool, passed_on: &[String]) -> Outcome {
    Build::of(project, build_std)?.twister(
        &project.root.join("tests/zephyr"),
        &results(project),
        &PLATFORMS,
        passed_on,
    )
}

/// What building for native_sim and QEMU needs: the tree, Python's packages, a Rust.
pub(crate) struct Build<'a> {
    project: &'a Project,
    tree: zephyr::Tree,
    toolchain: Toolchain,
    environment: PathBuf,
}

impl<'a> Build<'a> {
    /// Finds everything and says what it is; not run where something is missing.
    pub(crate) fn new(project: &'a Project) -> Result<Self, Obstacle> {
        Self::of(project, false)
    }

    fn of(project: &'a Project, build_std: bool) -> Result<Self, Obstacle> {
        let tree = zephyr::find(project).map_err(Obstacle::NotRun)?;
        print!("{}", zephyr::report(project, &tree));
        let tree = tree.of_our_series().map_err(Obstacle::NotRun)?;
        if let Some(missing) = zephyr::missing_tools(project) {
            return Err(Obstacle::NotRun(missing));
        }
        let toolchain = rust_std::choose(project, build_std).map_err(Obstacle::NotRun)?;
        println!("  {:<20} {}", "rustc", toolchain.name);
        let environment = python(project, &tree.base).map_err(Obstacle::NotRun)?;
        Ok(Self { project, tree, toolchain, environment })
    }

    /// Twister over a folder of suites.
    pub(crate) fn twister(
        &self,
        suites: &Path,
        results: &Path,
        platforms: &[&str],
        passed_on: &[String],
    ) -> Outcome {
        let mut twister = self.python();
        twister.arg(self.tree.base.join("scripts/twister"));
        twister.arg("-T").arg(suites).arg("-A").arg(self.project.root.join("boards"));
        twister.arg("-x").arg(format!("ZEPHYR_MODULES={}", modules(self.project, &self.tree)?));
        for platform in platforms {
            twister.args(["-p", platform]);
        }
        let jobs = std::thread::available_parallelism().map_or(1, usize::from).to_string();
        twister.arg("-O").arg(results).args(["--clobber-output", "--inline-logs", "-v", "-j", &jobs]);
        // An image that does not fit is otherwise skipped, and its tests with it.
        twister.arg("--overflow-as-errors");
        twister.args(passed_on);
        self.set_variables(&mut twister)?;
        Ok(run_command(&mut twister)?)
    }

    /// Compiles the drivers of a suite with one more overlay: what the build says when it fails.
    pub(crate) fn drivers_of(&self, suite: &str, overlay: &Path) -> Result<Option<String>, String> {
        let folder = self.project.target.join("overlays").join(suite);
        let mut cmake = command(self.project, "cmake");
        cmake.args(["-GNinja", "-S"]).arg(self.project.root.join("tests/zephyr").join(suite));
        cmake.arg("-B").arg(&folder).arg(format!("-DBOARD={}", PLATFORMS[0]));
        cmake.arg(format!("-DZEPHYR_MODULES={}", modules(self.project, &self.tree)?));
        cmake.arg(format!("-DEXTRA_DTC_OVERLAY_FILE={}", overlay.display()));
        self.set_variables(&mut cmake)?;
        let mut ninja = command(self.project, "ninja");
        ninja.args(["-k", "0", "-C"]).arg(&folder).arg("levitas_drivers");
        self.set_variables(&mut ninja)?;
        for program in [&mut cmake, &mut ninja] {
            let result =
                program.output().map_err(|error| format!("{}: {error}", program.get_program().display()))?;
            if !result.status.success() {
                let said = [result.stdout, result.stderr].concat();
                return Ok(Some(String::from_utf8_lossy(&said).into_owned()));
            }
        }
        Ok(None)
    }

    /// The folder of the Zephyr tree.
    pub(crate) fn base(&self) -> &Path {
        &self.tree.base
    }

    /// The Python that has Zephyr's requirements.
    pub(crate) fn python(&self) -> Command {
        command(self.project, venv::programs(&self.environment).join("python"))
    }

    /// Builds the application for native_sim in a folder of this name, which is kept; the program.
    pub(crate) fn image(&self, name: &str, options: &[&str]) -> Result<PathBuf, String> {
        let folder = self.project.target.join(name);
        let mut cmake = command(self.project, "cmake");
        cmake.args(["-GNinja", "-S"]).arg(&self.project.root).arg("-B").arg(&folder);
        cmake.arg(format!("-DBOARD={}", PLATFORMS[0]));
        cmake.arg(format!("-DZEPHYR_MODULES={}", modules(self.project, &self.tree)?)).args(options);
        self.set_variables(&mut cmake)?;
        run_command(&mut cmake)?;
        let mut ninja = command(self.project, "ninja");
        ninja.arg("-C").arg(&folder);
        self.set_variables(&mut ninja)?;
        run_command(&mut ninja)?;
        Ok(folder.join("zephyr/zephyr.exe"))
    }

    /// MCUboot beside the tree, with a workspace in which its images can be signed; the error says what is missing.
    pub(crate) fn boot_loader(&self) -> Result<PathBuf, String> {
        let workspace = self.tree.base.parent().unwrap_or(&self.tree.base);
        let module = workspace.join("bootloader/mcuboot");
        if !module.join("zephyr/module.yml").exists() {
            return Err(format!("there is no MCUboot in {}: west update", module.display()));
        }
        if !workspace.join(".west/config").exists() {
            return Err(format!("{} is no west workspace, and west signs only in one", workspace.display()));
        }
        Ok(module)
    }

    /// Zephyr's system build for a board: boot loader, and the application signed with this key.
    pub(crate) fn signed(&self, board: &str, boot_loader: &Path, key: &Path) -> Result<Images, String> {
        let folder = self.project.target.join("signed").join(board);
        // A configuration of before would stand against defaults that have changed since.
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let boot_loader = boot_loader.to_str().ok_or("the path of MCUboot is not UTF-8")?;
        let mut cmake = command(self.project, "cmake");
        cmake.args(["-GNinja", "-S"]).arg(self.tree.base.join("share/sysbuild")).arg("-B").arg(&folder);
        cmake.arg(format!("-DAPP_DIR={}", self.project.root.display())).arg(format!("-DBOARD={board}"));
        cmake.arg(format!("-DZEPHYR_MODULES={boot_loader};{}", modules(self.project, &self.tree)?));
        let mut ninja = command(self.project, "ninja");
        ninja.arg("-C").arg(&folder);
        for program in [&mut cmake, &mut ninja] {
            program.env("LEVITAS_SIGNING_KEY", key);
            self.set_variables(program)?;
            run_command(program)?;
        }
        // The application's image has the name of the checkout's folder.
        let name = self.project.root.file_name().ok_or("the checkout is the top of the file system")?;
        Ok(Images {
            boot_loader: folder.join("mcuboot"),
            signed: folder.join(name).join("zephyr/zephyr.signed.bin"),
        })
    }

    /// Tree, compilers and programs for Zephyr's build; a toolchain chosen by the user stands.
    fn set_variables(&self, program: &mut Command) -> Result<(), String> {
        program.env("ZEPHYR_BASE", &self.tree.base);
        share_crates(self.project, program);
        share_objects(self.project, program);
        self.toolchain.apply(program, &[&venv::programs(&self.environment)])?;
        if zephyr::chosen_toolchain().is_none() {
            program.env("ZEPHYR_TOOLCHAIN_VARIANT", "gnuarmemb").env("GNUARMEMB_TOOLCHAIN_PATH", "/usr");
        }
        Ok(())
    }
}

/// Clippy over the firmware's own crate, with the settings of the suites' native_sim build and of a lockstep image.
pub(crate) fn clippy(project: &Project) -> Outcome {
    let suite = results(project).join("native_sim_native_64/firmware/levitas.firmware.host");
    let builds = [suite, project.target.join(lockstep::HOST)];
    let settings = builds.map(|build| build.join("firmware/rust/sample-cargo-config.toml"));
    if !settings.iter().all(|settings| settings.exists()) {
        let reason = "there is no native_sim build of the suites and of lockstep to take the settings from";
        return Err(Obstacle::NotRun(reason.into()));
    }
    let tree = zephyr::find(project).and_then(zephyr::Tree::of_our_series).map_err(Obstacle::NotRun)?;
    let toolchain = rust_std::choose(project, false).map_err(Obstacle::NotRun)?;
    let mut version = command(project, "cargo");
    toolchain.apply(version.args(["clippy", "--version"]), &[])?;
    if output(&mut version).is_err() {
        return Err(Obstacle::NotRun("this Rust has no clippy (Debian: rust-web-clippy)".into()));
    }
    for settings in settings {
        let mut cargo = command(project, "cargo");
        cargo.current_dir(project.root.join("firmware")).args([
            "clippy",
            "--release",
            "--no-deps",
            "--config",
        ]);
        cargo.arg(settings).args(["--", "-D", "warnings"]).env("ZEPHYR_BASE", &tree.base);
        share_crates(project, &mut cargo);
        toolchain.apply(&mut cargo, &[])?;
        run_command(&mut cargo)?;
    }
    Ok(())
}

/// One folder for the crates that all images have in common; firmware.cmake keeps those apart that differ.
fn share_crates(project: &Project, program: &mut Command) {
    program.env("CARGO_BUILD_BUILD_DIR", project.target.join("firmware-crates"));
}

/// Where there is ccache, which Zephyr's build then uses by itself: one folder for what the C compiler has made. Nearly all of Zephyr is the same in
/// two images of a platform, but for the names of their folders, which the compiler's debug information would have in it.
fn share_objects(project: &Project, program: &mut Command) {
    program.env("CCACHE_DIR", project.target.join("firmware-objects"));
    program.env("CCACHE_BASEDIR", &project.target).env("CCACHE_NOHASHDIR", "1");
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
    files.extend(Some(base.join("..").join(IMGTOOL)).filter(|file| file.exists()));
    venv::make(project, "zephyr", &files)
}

/// The list that replaces Zephyr's own search for modules: those of the tree, then this checkout.
fn modules(project: &Project, tree: &zephyr::Tree) -> Result<String, String> {
    let all = tree.modules.iter().chain(std::iter::once(&project.root));
    let names: Option<Vec<&str>> = all.map(|folder| folder.to_str()).collect();
    Ok(names.ok_or("a path of a module is not UTF-8")?.join(";"))
}
