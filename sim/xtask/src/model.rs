// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask model`: every state that two units can reach, and docs/model.md from what was found.

use std::fs;

use crate::Options;
use crate::host::cargo;
use crate::process::output;
use crate::project::Project;

/// The page that is written.
const PAGE: &str = "docs/model.md";

/// `cargo xtask model [--check]`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    if options.has("--check") {
        return check(project);
    }
    println!("searching, about four minutes on two cores");
    fs::write(project.root.join(PAGE), page(project)?).map_err(|error| format!("{PAGE}: {error}"))?;
    println!("{PAGE}: written");
    Ok(())
}

/// Searches anew; fails when something is broken or the page says something else.
pub(crate) fn check(project: &Project) -> Result<(), String> {
    let page = page(project)?;
    if project.read(PAGE)? == page {
        Ok(())
    } else {
        Err(format!("{PAGE} is out of date: cargo xtask model"))
    }
}

fn page(project: &Project) -> Result<String, String> {
    let mut search = cargo(project, &["run", "--release", "--quiet", "-p", "levitas-model", "--", "page"]);
    Ok(output(&mut search)? + "\n")
}
