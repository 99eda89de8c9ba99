// SPDX-License-Identifier: Apache-2.0
//! The stages that need nothing but Rust.

use std::process::Command;

use crate::process::{command, output, run};
use crate::project::Project;
use crate::stage::{Obstacle, Outcome};

/// A cargo command in the top folder.
pub(crate) fn cargo(project: &Project, arguments: &[&str]) -> Command {
    let mut cargo = command(project, "cargo");
    cargo.args(arguments);
    cargo
}

/// Not run, when this cargo lacks a subcommand.
fn need(project: &Project, subcommand: &str, component: &str) -> Outcome {
    match output(&mut cargo(project, &[subcommand, "--version"])) {
        Ok(_) => Ok(()),
        Err(_) => {
            Err(Obstacle::NotRun(format!("cargo {subcommand} is missing: rustup component add {component}")))
        }
    }
}

/// The formatting of every Rust file, the firmware's glue among them.
pub(crate) fn format(project: &Project) -> Outcome {
    need(project, "fmt", "rustfmt")?;
    run(&mut cargo(project, &["fmt", "--all", "--check"]))?;
    if project.root.join("src/lib.rs").exists() {
        run(command(project, "rustfmt").args(["--check", "--edition", "2024", "src/lib.rs"]))?;
    }
    Ok(())
}

/// Clippy over the whole workspace, tests and examples included.
pub(crate) fn clippy(project: &Project) -> Outcome {
    need(project, "clippy", "clippy")?;
    Ok(run(&mut cargo(project, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?)
}

/// rustdoc over the whole workspace: every link leads somewhere. Private items are documented too, for the pages
/// are for those who read the sources.
pub(crate) fn documentation(project: &Project) -> Outcome {
    let mut doc = cargo(project, &["doc", "--workspace", "--no-deps", "--document-private-items"]);
    Ok(run(doc.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"))?)
}

/// The examples in READMEs and documentation comments, which no other runner knows.
pub(crate) fn doctests(project: &Project) -> Outcome {
    Ok(run(&mut cargo(project, &["test", "--workspace", "--doc"]))?)
}

/// Unit, property, closed-loop and scenario tests.
pub(crate) fn tests(project: &Project) -> Outcome {
    if output(&mut cargo(project, &["nextest", "--version"])).is_ok() {
        return Ok(run(&mut cargo(project, &["nextest", "run", "--workspace", "--no-fail-fast"]))?);
    }
    let targets = ["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"];
    Ok(run(&mut cargo(project, &targets))?)
}

/// What the README's first command runs.
pub(crate) fn demonstration(project: &Project) -> Outcome {
    Ok(run(&mut cargo(project, &["sim"]))?)
}
