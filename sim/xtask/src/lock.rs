// SPDX-License-Identifier: Apache-2.0
//! Lock files stay as committed, and the registry's stranger named `zephyr` is met nowhere.
//!
//! The `zephyr` crate of the firmware exists only inside a west build; the registry has an unrelated crate of
//! that name. A cargo command that meets the firmware's manifest outside west would lock that one.

use std::fs;

use crate::Options;
use crate::host::cargo;
use crate::process::run as run_command;
use crate::project::Project;

/// The lock files of the host workspace and of the firmware.
const LOCK_FILES: [&str; 2] = ["Cargo.lock", "firmware/Cargo.lock"];

/// Crates that come with Zephyr's Rust module and never from a registry.
const OF_THE_WEST_BUILD: [&str; 4] = ["zephyr", "zephyr-build", "zephyr-macros", "zephyr-sys"];

/// Contents of the lock files at one moment; none where there is no file.
#[derive(PartialEq, Eq)]
pub(crate) struct Snapshot([Option<Vec<u8>>; 2]);

impl Snapshot {
    /// The contents now.
    pub(crate) fn take(project: &Project) -> Result<Self, String> {
        let read = |path: &str| match fs::read(project.root.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{path}: {error}")),
        };
        let [host, firmware] = LOCK_FILES;
        Ok(Self([read(host)?, read(firmware)?]))
    }
}

/// `cargo xtask lock-check`: the commands a developer types, then the check.
pub(crate) fn run(project: &Project, _options: &Options) -> Result<(), String> {
    let before = Snapshot::take(project)?;
    for arguments in [
        &["build", "--workspace"][..],
        &["test", "--workspace", "--no-run"],
        &["clippy", "--workspace", "--all-targets"],
        &["doc", "--workspace", "--no-deps"],
    ] {
        run_command(&mut cargo(project, arguments))?;
    }
    check(project, &before)?;
    println!("lock files: unchanged, and no crate named zephyr from a registry");
    Ok(())
}

/// Compares with the contents before, and looks at who is in them.
pub(crate) fn check(project: &Project, before: &Snapshot) -> Result<(), String> {
    let after = Snapshot::take(project)?;
    for ((path, was), is) in LOCK_FILES.iter().zip(&before.0).zip(&after.0) {
        if was != is {
            return Err(format!(
                "{path} was changed by a cargo command; commit it or undo the change of a manifest"
            ));
        }
    }
    let [host, firmware] = &after.0;
    if let Some(bytes) = host {
        host_lock(&String::from_utf8_lossy(bytes))?;
    }
    match firmware {
        None if project.root.join("firmware/Cargo.toml").exists() => {
            Err("firmware/Cargo.lock is missing".into())
        }
        None => Ok(()),
        Some(bytes) => firmware_lock(&String::from_utf8_lossy(bytes)),
    }
}

/// The host workspace has nothing of the west build. The lock file names the crates of all platforms, and reading it
/// needs neither their sources nor a network, as `cargo metadata` does.
fn host_lock(text: &str) -> Result<(), String> {
    match packages(text, "Cargo.lock")?.iter().find(|(name, _)| OF_THE_WEST_BUILD.contains(&name.as_str())) {
        Some((name, _)) => {
            Err(format!("Cargo.lock: the host workspace depends on {name}, which belongs to the west build"))
        }
        None => Ok(()),
    }
}

/// In the firmware's lock file the crates of the west build have no source: west brings them.
fn firmware_lock(text: &str) -> Result<(), String> {
    for (name, from_registry) in packages(text, "firmware/Cargo.lock")? {
        if from_registry && OF_THE_WEST_BUILD.contains(&name.as_str()) {
            return Err(format!(
                "firmware/Cargo.lock: {name} comes from a registry, it must come from the west build"
            ));
        }
    }
    Ok(())
}

/// Names in a lock file, and whether each has a source.
fn packages(text: &str, path: &str) -> Result<Vec<(String, bool)>, String> {
    let lock: toml::Table = toml::from_str(text).map_err(|error| format!("{path}: {}", error.message()))?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let name = |package: &toml::Value| Some(package.get("name")?.as_str()?.to_string());
    Ok(packages.filter_map(|package| Some((name(package)?, package.get("source").is_some()))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zephyr_from_a_registry_is_refused_and_from_west_is_not() {
        let west = "[[package]]\nname = \"zephyr\"\nversion = \"0.1.0\"\n[[package]]\nname = \"log\"\nversion = \"0.4.0\"\n\
                    source = \"registry+https://registry.invalid\"\n";
        assert_eq!(firmware_lock(west), Ok(()));
        let stranger = "[[package]]\nname = \"zephyr\"\nversion = \"0.1.0\"\nsource = \"registry+https://registry.invalid\"\n";
        assert!(firmware_lock(stranger).expect_err("refused").contains("zephyr comes from a registry"));
    }

    #[test]
    fn a_stranger_in_the_workspace_is_seen() {
        let ours = "[[package]]\nname = \"toml\"\nversion = \"1.2.1\"\n";
        assert_eq!(host_lock(ours), Ok(()));
        let theirs = format!("{ours}[[package]]\nname = \"zephyr\"\nversion = \"0.1.0\"\n");
        assert!(host_lock(&theirs).expect_err("refused").contains("depends on zephyr"));
        assert!(host_lock("package = [").expect_err("no lock file").starts_with("Cargo.lock: "));
    }
}
