// SPDX-License-Identifier: Apache-2.0
//! Other programs: started without the variables that cargo set for xtask itself, and never left hanging.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::project::Project;

/// How often a program with a time limit is looked at.
const POLL: Duration = Duration::from_millis(50);

/// A command in the top folder of the checkout.
///
/// `cargo run` tells the program it starts about that program's package and points the loader at its own
/// libraries. A nested cargo would take the first for its own, a second compiler would load the wrong libraries.
pub(crate) fn command(project: &Project, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&project.root).stdin(Stdio::null()).env_remove("LD_LIBRARY_PATH");
    for (name, _) in env::vars_os() {
        let foreign = name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if foreign {
            command.env_remove(name);
        }
    }
    command
}

/// The command as a user would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs a command whose output the user sees.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let text = shown(command);
    println!("$ {text}");
    let status = command.status().map_err(|error| format!("{text}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{text}: {status}")) }
}

/// Runs a command for what it prints; the error is its last line on stderr.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let text = shown(command);
    let Output { status, stdout, stderr } = command.output().map_err(|error| format!("{text}: {error}"))?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).trim_end().to_string());
    }
    let stderr = String::from_utf8_lossy(&stderr);
    let reason = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(format!("{text}: {status}: {reason}"))
}

/// First line that `program argument` prints, or none when it is not installed.
pub(crate) fn version(
    project: &Project,
    program: impl AsRef<std::ffi::OsStr>,
    argument: &str,
) -> Option<String> {
    let text = output(command(project, program).arg(argument)).ok()?;
    text.lines().next().map(str::to_string)
}

/// Runs a command that may wait for a network that never answers.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<(), String> {
    let text = shown(command);
    let mut child = command.spawn().map_err(|error| format!("{text}: {error}"))?;
    let start = Instant::now();
    while start.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("{text}: {status}")),
            Ok(None) => sleep(POLL),
            Err(error) => return Err(format!("{text}: {error}")),
        }
    }
    let stopped = child.kill().and_then(|()| child.wait());
    Err(format!(
        "{text}: no answer within {} s ({})",
        limit.as_secs(),
        if stopped.is_ok() { "ended" } else { "still running" }
    ))
}

/// Where a program lies in PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// PATH with folders put before the rest.
pub(crate) fn path_with(folders: &[&Path]) -> Result<std::ffi::OsString, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let first = folders.iter().map(|folder| folder.to_path_buf());
    env::join_paths(first.chain(env::split_paths(&path))).map_err(|error| format!("PATH: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_program_is_ended() {
        let start = Instant::now();
        let error =
            run_within(Command::new("sleep").arg("20"), Duration::from_millis(200)).expect_err("ended");
        assert!(error.starts_with("sleep 20: no answer"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_failure_says_which_command_and_why() {
        let error = output(Command::new("cat").arg("/does/not/exist")).expect_err("fails");
        assert!(
            error.starts_with("cat /does/not/exist: exit status: 1: ") && error.contains("No such file"),
            "{error}"
        );
    }
}
