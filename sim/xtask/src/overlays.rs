// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask overlays`: device-tree values that make no sense must not build.
//!
//! `tests/zephyr/bad_overlays/SUITE.NAME.overlay` breaks one value of the device tree of a suite; its second line is a comment with what
//! the compiler must then say: node, property, and what is wrong.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Options;
use crate::firmware::Build;
use crate::project::Project;
use crate::stage::{Obstacle, Outcome};

/// The overlays.
const FOLDER: &str = "tests/zephyr/bad_overlays";
/// A short run builds one in so many.
const SHORT: usize = 8;

/// `cargo xtask overlays [--short]`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    check(project, options.has("--short")).map_err(|obstacle| obstacle.of("overlays"))
}

/// Builds the drivers of each overlay's suite with it; one that builds, or fails with other words, fails.
pub(crate) fn check(project: &Project, is_short: bool) -> Outcome {
    let build = Build::new(project)?;
    let all = overlays(&project.root.join(FOLDER))?;
    let step = if is_short { SHORT } else { 1 };
    let mut wrong = Vec::new();
    let tried: Vec<&PathBuf> = all.iter().step_by(step).collect();
    for overlay in &tried {
        let name = overlay.file_name().unwrap_or_default().to_string_lossy();
        let (suite, _) = name.split_once('.').unwrap_or_default();
        let text = fs::read_to_string(overlay).map_err(|error| format!("{}: {error}", overlay.display()))?;
        let wanted = expected(&text).ok_or_else(|| format!("{name}: the second line is no comment"))?;
        let said = build.drivers_of(suite, overlay)?;
        let verdict = match said {
            None => "builds",
            Some(said) if said.contains(wanted) => "ok",
            Some(_) => "fails with other words",
        };
        println!("  {verdict:<24} {name}: {wanted}");
        if verdict != "ok" {
            wrong.push(format!("{name} {verdict}"));
        }
    }
    println!("{} of {} overlays tried, {} not as they should be", tried.len(), all.len(), wrong.len());
    match wrong.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(Obstacle::Failed(first)),
    }
}

/// All overlays of the folder, by name.
fn overlays(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let at = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut all: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(at)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "overlay"))
        .collect();
    all.sort();
    if all.is_empty() { Err(format!("{}: no overlay", folder.display())) } else { Ok(all) }
}

/// What stands in the comment of the second line, behind the licence's.
fn expected(text: &str) -> Option<&str> {
    text.lines().nth(1)?.strip_prefix("/*")?.strip_suffix("*/").map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_line_is_what_must_be_said() {
        assert_eq!(
            expected("/* licence */\n/* /node: value is zero */\n/ { };\n"),
            Some("/node: value is zero")
        );
        assert_eq!(expected("/* licence */\n/ { };\n"), None);
    }
}
