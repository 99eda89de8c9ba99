// SPDX-License-Identifier: Apache-2.0
//! Finds the Zephyr tree that the firmware stage builds against. It only finds and reports: it never clones,
//! links or changes one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Options;
use crate::process::{command, find as find_program, output, version};
use crate::project::Project;

/// Programs that the suites are built and run with: name, argument that prints the version, Debian package.
pub(crate) const TOOLS: [(&str, &str, &str); 6] = [
    ("cmake", "--version", "cmake"),
    ("ninja", "--version", "ninja-build"),
    ("dtc", "--version", "device-tree-compiler"),
    ("gperf", "--version", "gperf"),
    (ARM_COMPILER, "--version", "gcc-arm-none-eabi"),
    ("qemu-system-arm", "--version", "qemu-system-arm"),
];

/// Minor version of Zephyr that the drivers, the configuration and the Rust module's pairing are made for.
const SERIES: &str = "3.7";

/// Compiler for the Arm images, unless the user has chosen a toolchain.
const ARM_COMPILER: &str = "arm-none-eabi-gcc";

/// Variables by which a user chooses Zephyr's toolchain.
const TOOLCHAIN_VARIABLES: [&str; 2] = ["ZEPHYR_TOOLCHAIN_VARIANT", "ZEPHYR_SDK_INSTALL_DIR"];

/// Folders in which libclang is looked for, beside those of `LIBCLANG_PATH` and llvm-config.
const LIBRARY_FOLDERS: [&str; 6] = [
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/opt/homebrew/opt/llvm/lib",
];

/// Folders of the modules that `west.yml` names, below the workspace.
const MODULES: [&str; 3] = ["modules/hal/cmsis", "modules/lang/rust", "modules/hal/stm32"];

/// A Zephyr tree with the modules beside it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    /// What `ZEPHYR_BASE` is to be.
    pub base: PathBuf,
    /// Version of its VERSION file.
    pub version: String,
    /// How it was found.
    pub origin: &'static str,
    /// The modules, all present.
    pub modules: Vec<PathBuf>,
}

impl Tree {
    /// Refuses a tree of another series: the build would fail far inside, or worse, not fail.
    pub(crate) fn of_our_series(self) -> Result<Self, String> {
        if is_of_series(&self.version) {
            return Ok(self);
        }
        let (version, base) = (&self.version, self.base.display());
        Err(format!(
            "Zephyr {version} in {base} (from {}), but {SERIES}.x is needed: west update",
            self.origin
        ))
    }
}

fn is_of_series(version: &str) -> bool {
    version.strip_prefix(SERIES).is_some_and(|rest| rest.starts_with('.'))
}

/// Looks where the environment says, then around the checkout, then in the home folder.
pub(crate) fn find(project: &Project) -> Result<Tree, String> {
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join("zephyrproject/zephyr"));
    let places = [
        ("ZEPHYR_BASE", env::var_os("ZEPHYR_BASE").filter(|base| !base.is_empty()).map(PathBuf::from)),
        ("the west workspace around the checkout", workspace_around(&project.root)),
        ("the home folder", home.filter(|base| base.exists())),
    ];
    let found = places.into_iter().find_map(|(origin, base)| base.map(|base| (origin, base)));
    let (origin, base) = found.ok_or_else(|| {
        let root = project.root.display();
        format!("no Zephyr tree here: `west init -l {root} && west update` get one beside the checkout")
    })?;
    let base = base.canonicalize().map_err(|error| format!("{} ({origin}): {error}", base.display()))?;
    tree(base, origin)
}

/// The tree at this place, when it is one.
fn tree(base: PathBuf, origin: &'static str) -> Result<Tree, String> {
    let text = fs::read_to_string(base.join("VERSION"));
    let text =
        text.map_err(|_| format!("{} ({origin}) is no Zephyr tree: it has no VERSION", base.display()))?;
    let workspace = base.parent().unwrap_or(&base);
    let modules: Vec<PathBuf> = MODULES.iter().map(|module| workspace.join(module)).collect();
    match modules.iter().find(|module| !module.join("zephyr/module.yml").exists()) {
        Some(missing) => {
            Err(format!("{} ({origin}) lacks the module {}: west update", base.display(), missing.display()))
        }
        None => Ok(Tree { version: version_of(&text), base, origin, modules }),
    }
}

/// "3.7.1" from the text of a VERSION file.
fn version_of(text: &str) -> String {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_prefix('='));
        line.unwrap_or("?").trim().to_string()
    };
    [value("VERSION_MAJOR"), value("VERSION_MINOR"), value("PATCHLEVEL")].join(".")
}

/// The Zephyr tree of the west workspace that a folder lies in.
fn workspace_around(folder: &Path) -> Option<PathBuf> {
    let workspace = folder.ancestors().find(|ancestor| ancestor.join(".west/config").is_file())?;
    let config = fs::read_to_string(workspace.join(".west/config")).ok()?;
    Some(workspace.join(zephyr_base_of(&config)))
}

/// `base` of the section `[zephyr]` of a west configuration, `zephyr` when it says none.
fn zephyr_base_of(config: &str) -> &str {
    let section = config.split_once("[zephyr]").map_or("", |(_, rest)| rest);
    let lines = section.lines().take_while(|line| !line.trim_start().starts_with('['));
    let mut values = lines.filter_map(|line| line.split_once('='));
    values.find(|(key, _)| key.trim() == "base").map_or("zephyr", |(_, value)| value.trim())
}

/// `cargo xtask zephyr`.
pub(crate) fn run(project: &Project, _options: &Options) -> Result<(), String> {
    let tree = find(project)?;
    print!("{}", report(project, &tree));
    Ok(())
}

/// Which tree, revisions and tools are used.
pub(crate) fn report(project: &Project, tree: &Tree) -> String {
    let mut text = format!("Zephyr {} in {} (from {})\n", tree.version, tree.base.display(), tree.origin);
    for folder in std::iter::once(&tree.base).chain(&tree.modules) {
        text += &format!("  {:<52} {}\n", folder.display().to_string(), revision(project, folder));
    }
    for (tool, argument, package) in TOOLS {
        let found =
            version(project, tool, argument).unwrap_or_else(|| format!("missing (Debian: {package})"));
        text += &format!("  {tool:<20} {found}\n");
    }
    let libclang = libclang(project)
        .map_or("missing (Debian: libclang-14-dev)".into(), |file| file.display().to_string());
    text += &format!("  {:<20} {libclang}\n", "libclang");
    let toolchain = chosen_toolchain().unwrap_or_else(|| "gnuarmemb in /usr".into());
    text + &format!("  {:<20} {toolchain}\n", "toolchain")
}

/// Revision of a folder that is a git work tree of its own, and not merely inside another one.
fn revision(project: &Project, folder: &Path) -> String {
    if !folder.join(".git").exists() {
        return "no git history".into();
    }
    let log = output(command(project, "git").arg("-C").arg(folder).args(["log", "-1", "--format=%h (%cs)"]));
    log.unwrap_or_else(|_| "revision unknown".into())
}

/// What the user's variables say about the toolchain, if anything: then we choose none and demand none.
pub(crate) fn chosen_toolchain() -> Option<String> {
    let said = |name: &&str| env::var(name).ok().filter(|value| !value.is_empty());
    let chosen =
        TOOLCHAIN_VARIABLES.iter().filter_map(|name| said(name).map(|value| format!("{name}={value}")));
    let chosen: Vec<String> = chosen.collect();
    if chosen.is_empty() { None } else { Some(chosen.join(" ")) }
}

/// Tools that are missing, with the packages that have them.
pub(crate) fn missing_tools(project: &Project) -> Option<String> {
    let chosen = chosen_toolchain().is_some();
    let needed = TOOLS.iter().filter(|(tool, ..)| !(chosen && *tool == ARM_COMPILER));
    let missing = needed.filter(|(tool, ..)| find_program(tool).is_none());
    let mut packages: Vec<&str> = missing.map(|(.., package)| *package).collect();
    if libclang(project).is_none() {
        packages.push("libclang-14-dev (libclang, which bindgen loads)");
    }
    if packages.is_empty() {
        None
    } else {
        Some(format!("tools are missing, Debian has them in {}", packages.join(", ")))
    }
}

/// The library that bindgen loads to read Zephyr's headers.
fn libclang(project: &Project) -> Option<PathBuf> {
    if let Some(place) = env::var_os("LIBCLANG_PATH").filter(|place| !place.is_empty()).map(PathBuf::from) {
        return if place.is_file() { Some(place) } else { libclang_in(&place) };
    }
    let of_llvm = output(command(project, "llvm-config").arg("--libdir")).ok().map(PathBuf::from);
    let versions =
        files(Path::new("/usr/lib")).into_iter().filter(|folder| name_of(folder).starts_with("llvm-"));
    let mut folders = of_llvm.into_iter().chain(versions.map(|folder| folder.join("lib")));
    let found = folders.find_map(|folder| libclang_in(&folder));
    found.or_else(|| LIBRARY_FOLDERS.iter().find_map(|folder| libclang_in(Path::new(folder))))
}

fn libclang_in(folder: &Path) -> Option<PathBuf> {
    files(folder).into_iter().find(|file| is_libclang(name_of(file)))
}

/// True for libclang.so, libclang.so.14, libclang-14.so and their like, not for libclang-cpp.so or libclangAST.a.
fn is_libclang(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("libclang") else { return false };
    let numbered =
        rest.strip_prefix('-').map(|rest| rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()));
    match numbered {
        Some(rest) => rest.starts_with("so"),
        None => rest.starts_with(".so") || rest == ".dylib",
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn name_of(file: &Path) -> &str {
    file.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_zephyrs_file() {
        let text =
            "VERSION_MAJOR = 3\nVERSION_MINOR = 7\nPATCHLEVEL = 1\nVERSION_TWEAK = 0\nEXTRAVERSION =\n";
        assert_eq!(version_of(text), "3.7.1");
        assert_eq!(version_of(""), "?.?.?");
    }

    #[test]
    fn only_one_series_of_zephyr_is_accepted() {
        assert!(is_of_series("3.7.0") && is_of_series("3.7.1"));
        assert!(!is_of_series("4.1.0") && !is_of_series("3.70.0") && !is_of_series("?.?.?"));
        let other =
            Tree { base: "zephyr".into(), version: "4.1.0".into(), origin: "test", modules: Vec::new() };
        let error = other.of_our_series().expect_err("refused");
        assert!(error.starts_with("Zephyr 4.1.0 in zephyr") && error.contains("3.7.x is needed"), "{error}");
    }

    #[test]
    fn libclang_is_told_from_its_neighbours() {
        for name in
            ["libclang.so", "libclang.so.1", "libclang-14.so.13", "libclang-14.0.6.so", "libclang.dylib"]
        {
            assert!(is_libclang(name), "{name}");
        }
        for name in ["libclang-cpp.so.14", "libclangAST.a", "libclang_rt.so", "libclang.a", "clang"] {
            assert!(!is_libclang(name), "{name}");
        }
    }

    #[test]
    fn the_workspace_says_where_its_zephyr_is() {
        let config = "[manifest]\npath = levitas\nfile = west.yml\n\n[zephyr]\nbase = deps/zephyr\n";
        assert_eq!(zephyr_base_of(config), "deps/zephyr");
        assert_eq!(zephyr_base_of("[manifest]\npath = levitas\nbase = x\n"), "zephyr");
    }

    #[test]
    fn a_folder_that_is_no_tree_is_refused_in_one_line() {
        let error = tree(std::env::temp_dir(), "ZEPHYR_BASE").expect_err("no tree");
        assert!(error.contains("is no Zephyr tree") && !error.contains('\n'), "{error}");
    }
}
