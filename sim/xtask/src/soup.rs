// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask soup`: docs/soup.md, the list of software of unknown provenance in the sense of IEC 62304.
//!
//! Names, versions, licences and users come from the manifests; what each is for stands in sim/xtask/soup.toml.
//! A dependency without a purpose is an error, and so is a purpose without a dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::host::cargo;
use crate::process::output;
use crate::project::Project;
use crate::{Options, soup_firmware};

/// The page that is written.
const PAGE: &str = "docs/soup.md";
/// Where the purposes stand.
const PURPOSES: &str = "sim/xtask/soup.toml";
/// What pins the firmware's crates.
const FIRMWARE_LOCK: &str = "firmware/Cargo.lock";
/// Members of the workspace that run in the device.
const IN_THE_DEVICE: [&str; 2] = ["levitas-core", "levitas-wire"];
/// The platform whose dependencies are listed, so that the page is the same on every machine.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// One line of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Item {
    name: String,
    version: String,
    licence: String,
    used_by: BTreeSet<String>,
    /// Where its makers publish faults.
    anomalies: String,
}

/// `cargo xtask soup [--check]`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    if options.has("--check") {
        return check(project);
    }
    let page = page(project)?;
    fs::write(project.root.join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))?;
    println!("{PAGE}: written");
    Ok(())
}

/// Fails when the page is not what would be written now.
pub(crate) fn check(project: &Project) -> Result<(), String> {
    let page = page(project)?;
    if project.read(PAGE)? == page { Ok(()) } else { Err(format!("{PAGE} is out of date: cargo xtask soup")) }
}

fn page(project: &Project) -> Result<String, String> {
    let purposes = parsed(project, PURPOSES)?;
    let crates = crates(&metadata(project)?)?;
    let (direct, indirect): (Vec<Item>, Vec<Item>) =
        crates.into_iter().partition(|item| !item.used_by.is_empty());
    let firmware = firmware_crates(project)?;
    let west = west_projects(project)?;
    let python = python_packages(project)?;
    let mut text = head(&direct);
    text += "\n## Zephyr and its modules\n\nRevisions of `west.yml`.\n\n";
    text += &table(&west, "west", &purposes, true)?;
    text += "\n## Crates of the firmware's own manifest\n\n";
    text += &table(&firmware, "firmware", &purposes, false)?;
    if project.root.join(FIRMWARE_LOCK).exists() {
        text += "\nWhat is built with it: all that `firmware/Cargo.lock` pins, but the packages for Windows alone.\n\n";
        let part = soup_firmware::section(&parsed(project, FIRMWARE_LOCK)?, &purposes);
        text += &part.map_err(|error| format!("{PURPOSES}: {error}"))?;
    }
    text += "\n## Crates of the host workspace\n\n";
    text += &table(&direct, "crates", &purposes, true)?;
    text += "\n## Python packages of the outside clients\n\nNot part of the product: they check it from outside.\n\n";
    text += &table(&python, "python", &purposes, false)?;
    text += "\n## Shipped with the sources, and tools\n\n";
    text += &table(&other(&purposes)?, "other", &purposes, true)?;
    text += "\n## Crates that the above bring along\n\n| name | version | licence |\n|---|---|---|\n";
    for item in indirect {
        text += &format!("| {} | {} | {} |\n", item.name, item.version, item.licence);
    }
    Ok(text)
}

fn parsed(project: &Project, path: &str) -> Result<toml::Table, String> {
    toml::from_str(&project.read(path)?).map_err(|error| format!("{path}: {}", error.message()))
}

fn head(direct: &[Item]) -> String {
    let runs_in_device =
        |item: &&Item| item.used_by.iter().any(|user| IN_THE_DEVICE.contains(&user.as_str()));
    let device: Vec<&str> = direct.iter().filter(runs_in_device).map(|item| item.name.as_str()).collect();
    let device = if device.is_empty() { "none".into() } else { device.join(", ") };
    format!(
        "<!-- Written by `cargo xtask soup` from the manifests and sim/xtask/soup.toml; do not edit. -->\n\
         # Software of unknown provenance\n\n\
         What is not ours, in the sense of IEC 62304 (5.3.3, 5.3.4, 7.1.2, 8.1.2): title, designator of the exact\n\
         configuration item, licence, what it is required to do here, and where its makers publish its faults.\n\
         `cargo xtask ci` fails when a dependency is missing here or the page is out of date.\n\n\
         Known vulnerabilities of crates are collected by RustSec, <https://rustsec.org>. The simulated plant\n\
         (`levitas-world`) and what it uses are linked into images for native_sim and QEMU, never into the device.\n\n\
         Crates that the controllers in the device use (`levitas-core`, `levitas-wire`): {device}.\n"
    )
}

/// One table; every item has a purpose in its section of the list, and every purpose an item.
fn table(items: &[Item], section: &str, purposes: &toml::Table, anomalies: bool) -> Result<String, String> {
    let empty = toml::Table::new();
    let list = purposes.get(section).and_then(toml::Value::as_table).unwrap_or(&empty);
    if let Some(name) = list.keys().find(|name| !items.iter().any(|item| item.name == **name)) {
        return Err(format!("{PURPOSES}: [{section}] {name} is not a dependency any more"));
    }
    if items.is_empty() {
        return Ok("None.\n".into());
    }
    let last = if anomalies {
        " faults published at |\n|---|---|---|---|---|---|\n"
    } else {
        "\n|---|---|---|---|---|\n"
    };
    let mut text = format!("| name | version | licence | used by | required to |{last}");
    for item in items {
        let entry = list
            .get(&item.name)
            .ok_or(format!("{PURPOSES}: [{section}] has no purpose for {}", item.name))?;
        let said = |key: &str| entry.get(key).and_then(toml::Value::as_str).map(str::to_string);
        let purpose = entry.as_str().map(str::to_string).or_else(|| said("purpose"));
        let purpose = purpose.ok_or(format!("{PURPOSES}: [{section}] {} has no purpose", item.name))?;
        let licence = said("licence").unwrap_or_else(|| item.licence.clone());
        let used_by = item.used_by.iter().cloned().collect::<Vec<_>>().join(", ");
        text += &format!("| {} | {} | {licence} | {used_by} | {purpose} |", item.name, item.version);
        if anomalies {
            let place = said("anomalies").unwrap_or_else(|| item.anomalies.clone());
            text += &format!(" {place} |");
        }
        text.push('\n');
    }
    Ok(text)
}

fn metadata(project: &Project) -> Result<Value, String> {
    let arguments = ["metadata", "--format-version", "1", "--filter-platform", PLATFORM];
    let text = output(&mut cargo(project, &arguments))?;
    serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))
}

/// All crates of the workspace that are not ours; those that a member names itself have users.
fn crates(metadata: &Value) -> Result<Vec<Item>, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let members: BTreeSet<String> = list(&metadata["workspace_members"]).iter().map(text).collect();
    let mut items = BTreeMap::new();
    let mut names = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        let id = text(&package["id"]);
        names.insert(id.clone(), text(&package["name"]));
        if !members.contains(&id) {
            let (name, version) = (text(&package["name"]), text(&package["version"]));
            let (licence, anomalies) =
                (text(&package["license"]), format!("<{}>", text(&package["repository"])));
            items.insert(id, Item { name, version, licence, anomalies, used_by: BTreeSet::new() });
        }
    }
    let mut reached = BTreeSet::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let id = text(&node["id"]);
        reached.insert(id.clone());
        for dependency in list(&node["deps"]).iter().filter(|_| members.contains(&id)) {
            let user = names.get(&id).ok_or("cargo metadata: a member has no package")?;
            if let Some(item) = items.get_mut(&text(&dependency["pkg"])) {
                item.used_by
                    .extend(list(&dependency["dep_kinds"]).iter().map(|kind| user_of_kind(user, kind)));
            }
        }
    }
    Ok(items.into_iter().filter(|(id, _)| reached.contains(id)).map(|(_, item)| item).collect())
}

/// "levitas-core", "levitas-core (tests)" or "levitas-world (build)".
fn user_of_kind(user: &str, kind: &Value) -> String {
    match kind["kind"].as_str() {
        Some("dev") => format!("{user} (tests)"),
        Some("build") => format!("{user} (build)"),
        _ => user.to_string(),
    }
}

/// What the firmware's manifest names, with the versions of its lock file.
fn firmware_crates(project: &Project) -> Result<Vec<Item>, String> {
    if !project.root.join("firmware/Cargo.toml").exists() {
        return Ok(Vec::new());
    }
    let (manifest, lock) = (parsed(project, "firmware/Cargo.toml")?, parsed(project, FIRMWARE_LOCK)?);
    let mut items: BTreeMap<String, Item> = BTreeMap::new();
    dependencies(&manifest, &mut |name, kind| {
        let item = items.entry(name.to_string()).or_default();
        item.name = name.to_string();
        item.version = locked_version(&lock, name);
        item.used_by.insert(if kind == "build-dependencies" {
            "firmware (build)".into()
        } else {
            "firmware".into()
        });
    });
    Ok(items.into_values().collect())
}

/// Calls back for every dependency of a manifest that is not one of our folders.
fn dependencies(manifest: &toml::Table, found: &mut impl FnMut(&str, &str)) {
    for kind in ["dependencies", "build-dependencies"] {
        let entries = manifest.get(kind).and_then(toml::Value::as_table).into_iter().flatten();
        for (name, _) in entries.filter(|(_, value)| value.get("path").is_none()) {
            found(name, kind);
        }
    }
    let targets = manifest.get("target").and_then(toml::Value::as_table).into_iter().flatten();
    for (_, target) in targets {
        if let Some(target) = target.as_table() {
            dependencies(target, found);
        }
    }
}

fn locked_version(lock: &toml::Table, name: &str) -> String {
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let package =
        packages.into_iter().find(|package| package.get("name").and_then(toml::Value::as_str) == Some(name));
    let version = package.and_then(|package| package.get("version")).and_then(toml::Value::as_str);
    version.unwrap_or("of the west build").to_string()
}

/// Names and revisions in west.yml.
fn west_projects(project: &Project) -> Result<Vec<Item>, String> {
    if !project.root.join("west.yml").exists() {
        return Ok(Vec::new());
    }
    Ok(projects_of(&project.read("west.yml")?))
}

fn projects_of(manifest: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let projects = manifest.split_once("projects:").map_or("", |(_, rest)| rest);
    for line in projects.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("- name:") {
            let used_by = BTreeSet::from(["firmware".to_string()]);
            items.push(Item { name: name.trim().into(), used_by, ..Item::default() });
        }
        if let (Some(revision), Some(item)) = (line.strip_prefix("revision:"), items.last_mut()) {
            item.version = revision.trim().trim_matches('"').into();
        }
    }
    items
}

/// Lines `name==version` of the outside clients' requirements.
fn python_packages(project: &Project) -> Result<Vec<Item>, String> {
    let path = "tests/clients/requirements.txt";
    if !project.root.join(path).exists() {
        return Ok(Vec::new());
    }
    Ok(project.read(path)?.lines().filter_map(requirement).collect())
}

fn requirement(line: &str) -> Option<Item> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let end = line.find(['=', '<', '>', '~', '!']).unwrap_or(line.len());
    let (name, version) = line.split_at(end);
    let used_by = BTreeSet::from(["tests/clients".to_string()]);
    let version = version.trim_start_matches('=').to_string();
    if name.is_empty() {
        None
    } else {
        Some(Item { name: name.trim().into(), version, used_by, ..Item::default() })
    }
}

/// What no manifest names: files that others wrote and tools.
fn other(purposes: &toml::Table) -> Result<Vec<Item>, String> {
    let list = purposes.get("other").and_then(toml::Value::as_table).into_iter().flatten();
    let item = |(name, entry): (&String, &toml::Value)| {
        let said = |key: &str| {
            let value = entry.get(key).and_then(toml::Value::as_str);
            value.map(str::to_string).ok_or(format!("{PURPOSES}: [other] {name} has no {key}"))
        };
        let used_by = BTreeSet::from([said("used_by")?]);
        Ok(Item { name: name.clone(), version: said("version")?, used_by, ..Item::default() })
    };
    list.map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purposes(text: &str) -> toml::Table {
        toml::from_str(text).expect("valid")
    }

    fn item(name: &str) -> Item {
        Item { name: name.into(), version: "1.0.0".into(), licence: "MIT".into(), ..Item::default() }
    }

    #[test]
    fn a_dependency_without_a_purpose_is_refused() {
        let error = table(&[item("csv")], "crates", &purposes("[crates]\n"), true).expect_err("refused");
        assert!(error.contains("no purpose for csv"), "{error}");
    }

    #[test]
    fn a_purpose_without_a_dependency_is_refused() {
        let error =
            table(&[], "crates", &purposes("[crates]\ncsv = \"reads tables\"\n"), true).expect_err("refused");
        assert!(error.contains("csv is not a dependency any more"), "{error}");
    }

    #[test]
    fn west_projects_have_their_revisions() {
        let manifest = "manifest:\n  remotes:\n    - name: z\n  projects:\n    - name: zephyr\n      revision: v3.7.1\n\
                        \x20   - name: cmsis\n      path: modules/hal/cmsis\n      revision: \"4b96\"\n";
        let items = projects_of(manifest);
        let found: Vec<(&str, &str)> =
            items.iter().map(|item| (item.name.as_str(), item.version.as_str())).collect();
        assert_eq!(found, [("zephyr", "v3.7.1"), ("cmsis", "4b96")]);
    }

    #[test]
    fn requirements_are_names_and_versions() {
        let item = requirement("scipy==1.16.3  # integrator").expect("a package");
        assert_eq!((item.name.as_str(), item.version.as_str()), ("scipy", "1.16.3"));
        assert_eq!(requirement("# only a remark"), None);
    }

    #[test]
    fn a_member_that_uses_a_crate_in_tests_says_so() {
        let metadata = serde_json::json!({
            "workspace_members": ["ours"],
            "packages": [{ "id": "ours", "name": "levitas-core" },
                         { "id": "theirs", "name": "proptest", "version": "1.12.0", "license": "MIT", "repository": "r" }],
            "resolve": { "nodes": [{ "id": "ours", "deps": [{ "pkg": "theirs", "dep_kinds": [{ "kind": "dev" }] }] },
                                   { "id": "theirs", "deps": [] }] }
        });
        let items = crates(&metadata).expect("metadata");
        assert_eq!(items[0].used_by, BTreeSet::from(["levitas-core (tests)".to_string()]));
        assert!(head(&items).contains("(`levitas-core`, `levitas-wire`): none."));
    }
}
