// SPDX-License-Identifier: Apache-2.0
//! The stages that need nothing but Rust.

use std::process::Command;

use crate::process::{command, output, run};
use crate::project::Project;
use crate::stage::{Obstacle, Outcome};

/// Says in which folder the record of docs/ecg.md is.
const ECG_FOLDER: &str = "LEVITAS_ECG_DIR";

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

/// The compiled core never reaches Rust's panic machinery: the optimised assembly does not name it. Lints keep
/// `unwrap` and its like out of the source; this also sees what the compiler puts in by itself.
pub(crate) fn panic_free(project: &Project) -> Outcome {
    let folder = project.root.join("target/panic-free");
    // What an earlier compiler left there would be judged too.
    let _ = std::fs::remove_dir_all(&folder);
    let mut rustc =
        cargo(project, &["rustc", "--quiet", "-p", "levitas-core", "--release", "--lib", "--target-dir"]);
    run(rustc.arg(&folder).args(["--", "--emit=asm", "-C", "lto=off"]))?;
    let compiled = folder.join("release/deps");
    let entries = std::fs::read_dir(&compiled).map_err(|error| format!("{}: {error}", compiled.display()))?;
    let mut line_count = 0;
    for path in entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "s"))
    {
        let assembly =
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        line_count += assembly.lines().count();
        if let Some(line) = assembly.lines().find(|line| line.contains("panic")) {
            return Err(format!("levitas-core can panic: its assembly names {}", line.trim()).into());
        }
    }
    if line_count == 0 {
        return Err(format!("{}: no assembly was written", compiled.display()).into());
    }
    println!("{line_count} lines of assembly, none names the panic machinery");
    Ok(())
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

/// The ECG of a person, which is not ours to give; not run where nobody says where it is.
pub(crate) fn recorded_ecg(project: &Project) -> Outcome {
    if std::env::var_os(ECG_FOLDER).is_none() {
        return Err(Obstacle::NotRun(format!("{ECG_FOLDER} does not say where record 100 is")));
    }
    let name = "a_recorded_ecg_holds_its_bounds";
    let said = output(&mut cargo(
        project,
        &["test", "-p", "levitas", "--test", "ecg", "--", "--ignored", "--exact", name],
    ))?;
    // A test of another name would not run, and nothing would have failed.
    if said.contains("1 passed") { Ok(()) } else { Err(format!("{name} did not run: {said}").into()) }
}

/// What the README's first command runs.
pub(crate) fn demonstration(project: &Project) -> Outcome {
    Ok(run(&mut cargo(project, &["sim"]))?)
}

/// Ten minutes of the 24-hour campaign, from the start: results of an earlier program prove nothing.
pub(crate) fn campaign(project: &Project) -> Outcome {
    let folder = project.target.join("campaign");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {error}", folder.display()).into());
        }
        _ => {}
    }
    let mut sim = cargo(project, &["sim", "--", "campaign", "--hours", "2", "--minutes", "5", "--out"]);
    Ok(run(sim.arg(&folder))?)
}
