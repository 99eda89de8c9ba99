// SPDX-License-Identifier: Apache-2.0
//! The part of docs/soup.md about firmware/Cargo.lock: every package that is built into an image or builds it.
//!
//! Names, versions and who brings what along are the lock file's. Licences and purposes stand in
//! sim/xtask/soup.toml, for cargo cannot read the firmware's graph outside of a west build.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

/// Beginnings of the names of packages that cargo locks but builds on Windows alone.
const NEVER_BUILT: [&str; 2] = ["winapi", "windows-"];

/// A package of the lock file.
struct Package {
    name: String,
    version: String,
    /// Cargo took it from a registry; the others come from this checkout or from the west build.
    from_registry: bool,
    /// As the lock file writes them: a name, and the version where there are several.
    dependencies: Vec<String>,
}

impl Package {
    fn is_ours(&self) -> bool {
        !self.from_registry && (self.name == "rustapp" || self.name.starts_with("levitas-"))
    }

    fn is_called(&self, dependency: &str) -> bool {
        let mut words = dependency.split(' ');
        words.next() == Some(&self.name) && words.next().is_none_or(|version| version == self.version)
    }
}

/// The section's text; an error when a licence or a purpose is missing, or one is there for nothing.
pub(crate) fn section(lock: &Table, purposes: &Table) -> Result<String, String> {
    let packages = packages(lock);
    let (licences, users) = (licences(purposes)?, table(purposes, "firmware-users"));
    let mut text = String::from("| brought by | required to |\n|---|---|\n");
    for (user, purpose) in &users {
        if !packages.iter().any(|package| package.name == *user && !package.from_registry) {
            return Err(format!("[firmware-users] {user} is not in firmware/Cargo.lock any more"));
        }
        let purpose = purpose.as_str().ok_or(format!("[firmware-users] {user} has no purpose"))?;
        text += &format!("| {user} | {purpose} |\n");
    }
    let brought = brought(&packages, &users);
    let mut said: BTreeSet<&str> = licences.keys().map(String::as_str).collect();
    text += "\n| name | version | licence | brought by |\n|---|---|---|---|\n";
    for (index, package) in packages.iter().enumerate() {
        let Package { name, version, .. } = package;
        if package.is_ours() || NEVER_BUILT.iter().any(|beginning| name.starts_with(beginning)) {
            continue;
        }
        let licence = licences.get(name).ok_or(format!("[firmware-licences] has none for {name}"))?;
        said.remove(name.as_str());
        let by = match brought.get(&index) {
            Some(users) => users.iter().copied().collect::<Vec<_>>().join(", "),
            None if package.from_registry => return Err(format!("[firmware-users] nobody brings {name}")),
            None => "zephyr-lang-rust".into(),
        };
        text += &format!("| {name} | {version} | {licence} | {by} |\n");
    }
    match said.first() {
        Some(name) => Err(format!("[firmware-licences] {name} is not in firmware/Cargo.lock any more")),
        None => Ok(text),
    }
}

fn table(purposes: &Table, name: &str) -> Table {
    purposes.get(name).and_then(Value::as_table).cloned().unwrap_or_default()
}

/// Licence of each name; the list is the other way round.
fn licences(purposes: &Table) -> Result<BTreeMap<String, String>, String> {
    let mut licences = BTreeMap::new();
    for (licence, names) in table(purposes, "firmware-licences") {
        for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if licences.insert(name.to_string(), licence.clone()).is_some() {
                return Err(format!("[firmware-licences] {name} stands there twice"));
            }
        }
    }
    Ok(licences)
}

fn packages(lock: &Table) -> Vec<Package> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_string();
    let all = lock.get("package").and_then(Value::as_array).into_iter().flatten();
    let package = |entry: &Value| {
        let list = entry.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        Package {
            name: text(entry.get("name")),
            version: text(entry.get("version")),
            from_registry: entry.get("source").is_some(),
            dependencies: list.filter_map(Value::as_str).map(str::to_string).collect(),
        }
    };
    all.map(package).collect()
}

/// For each package from a registry, which of the users reach it without going through another one.
fn brought<'a>(packages: &[Package], users: &'a Table) -> BTreeMap<usize, BTreeSet<&'a str>> {
    let mut brought: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for user in users.keys() {
        let mut open: Vec<&Package> = packages.iter().filter(|package| package.name == *user).collect();
        while let Some(package) = open.pop() {
            for (index, other) in packages.iter().enumerate().filter(|(_, other)| other.from_registry) {
                let needed = package.dependencies.iter().any(|dependency| other.is_called(dependency));
                if needed && brought.entry(index).or_default().insert(user) {
                    open.push(other);
                }
            }
        }
    }
    brought
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
        package = [
            { name = "rustapp", version = "0.1.0", dependencies = ["zephyr"] },
            { name = "zephyr", version = "0.1.0", dependencies = ["log", "syn 2.0.0", "zephyr-sys"] },
            { name = "zephyr-sys", version = "0.1.0", dependencies = ["syn 3.0.0", "winapi"] },
            { name = "log", version = "0.4.0", source = "r", dependencies = ["paste"] },
            { name = "paste", version = "1.0.0", source = "r" },
            { name = "syn", version = "2.0.0", source = "r" },
            { name = "syn", version = "3.0.0", source = "r" },
            { name = "winapi", version = "0.3.9", source = "r" },
        ]"#;
    const PURPOSES: &str = r#"
        firmware-licences = { MIT = ["log", "paste", "syn"], "Apache-2.0" = ["zephyr", "zephyr-sys"] }
        firmware-users = { zephyr = "image", zephyr-sys = "headers" }"#;

    fn of(lock: &str, purposes: &str) -> Result<String, String> {
        section(&toml::from_str(lock).expect("valid"), &toml::from_str(purposes).expect("valid"))
    }

    #[test]
    fn every_package_that_is_built_is_listed_with_who_brings_it() {
        let text = of(LOCK, PURPOSES).expect("complete");
        for line in [
            "| zephyr | 0.1.0 | Apache-2.0 | zephyr-lang-rust |",
            "| paste | 1.0.0 | MIT | zephyr |",
            "| syn | 2.0.0 | MIT | zephyr |",
            "| syn | 3.0.0 | MIT | zephyr-sys |",
        ] {
            assert!(text.lines().any(|is| is == line), "{line} in\n{text}");
        }
        assert!(!text.contains("rustapp") && !text.contains("winapi"), "{text}");
    }

    #[test]
    fn what_is_missing_or_left_over_is_refused() {
        let refused = |from: &str, to: &str| of(LOCK, &PURPOSES.replace(from, to)).expect_err("refused");
        assert!(refused("\"paste\", ", "").contains("none for paste"));
        assert!(refused("\"paste\"", "\"paste\", \"gone\"").contains("gone is not in"));
        assert!(refused("\"paste\"", "\"paste\", \"zephyr\"").contains("zephyr stands there twice"));
        assert!(refused(", zephyr-sys = \"headers\"", "").contains("nobody brings syn"));
        assert!(refused("zephyr-sys = \"headers\"", "other = \"x\"").contains("other is not in"));
    }
}
