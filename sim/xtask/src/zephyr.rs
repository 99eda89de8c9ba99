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
    ("arm-none-eabi-gcc", "--version", "gcc-arm-none-eabi"),
    ("qemu-system-arm", "--version", "qemu-system-arm"),
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
    let variant = env::var("ZEPHYR_TOOLCHAIN_VARIANT").unwrap_or_else(|_| "gnuarmemb in /usr".into());
    text + &format!("  {:<20} {variant}\n", "toolchain")
}

/// Revision of a folder that is a git work tree of its own, and not merely inside another one.
fn revision(project: &Project, folder: &Path) -> String {
    if !folder.join(".git").exists() {
        return "no git history".into();
    }
    let log = output(command(project, "git").arg("-C").arg(folder).args(["log", "-1", "--format=%h (%cs)"]));
    log.unwrap_or_else(|_| "revision unknown".into())
}

/// Tools that are missing, with the packages that have them.
pub(crate) fn missing_tools() -> Option<String> {
    let missing = TOOLS.iter().filter(|(tool, ..)| find_program(tool).is_none());
    let packages: Vec<&str> = missing.map(|(.., package)| *package).collect();
    if packages.is_empty() {
        None
    } else {
        Some(format!("tools are missing, Debian has them in {}", packages.join(", ")))
    }
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
