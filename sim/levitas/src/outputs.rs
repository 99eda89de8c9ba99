// SPDX-License-Identifier: Apache-2.0
//! Files of a run, written so that nobody ever sees half of one.
//!
//! All files are written into a temporary folder, beside a target that does not exist yet and inside of one that
//! does (it may be a mount), and renamed into place at the end. A run that is interrupted before that leaves the
//! target as it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use crate::input::{BadInput, Checked};

/// A file by name and content.
pub type NamedText<'a> = (&'a str, String);

/// What an output folder may be, for messages.
const ALLOWED: &str = "a folder that can be created and written";

/// Refuses a folder that cannot be written, before a run is spent on it. Leaves nothing behind.
///
/// # Errors
/// The folder, or the nearest parent that exists, is not a folder or takes no files.
pub fn check_folder(folder: &Path, option: &str) -> Checked<()> {
    check_place(folder, folder, option, ALLOWED)
}

/// Refuses `shown` when nothing can be written into `folder`.
fn check_place(folder: &Path, shown: &Path, option: &str, allowed: &str) -> Checked<()> {
    let mut existing = absolute(folder);
    while !existing.exists() {
        match existing.parent() {
            Some(parent) => existing = parent.to_path_buf(),
            None => break,
        }
    }
    let refused =
        |problem: String| BadInput::key(option, option_key(option), shown.display(), problem, allowed);
    if !existing.is_dir() {
        return Err(refused(format!("{} is no folder", existing.display())));
    }
    let probe = existing.join(format!(".levitas-probe-{}", process::id()));
    fs::create_dir(&probe)
        .and_then(|()| fs::remove_dir(&probe))
        .map_err(|error| refused(format!("{} cannot be written ({error})", existing.display())))
}

/// Refuses a file that cannot be written, before a run is spent on it. Leaves nothing behind.
///
/// # Errors
/// The path is a folder, or its parent cannot be written.
pub fn check_file(file: &Path, option: &str) -> Checked<()> {
    let allowed = "the path of a file that can be written, or - for standard output";
    if file.is_dir() {
        return Err(BadInput::key(
            option,
            option_key(option),
            file.display(),
            "this is a directory",
            allowed,
        ));
    }
    check_place(parent_of(file), file, option, allowed)
}

fn option_key(option: &str) -> &str {
    option.trim_start_matches('-')
}

/// Writes all files into the folder, at once.
///
/// # Errors
/// The folder or a file cannot be written; then the target is untouched, or holds whole old and new files.
pub fn write_folder(folder: &Path, files: &[NamedText<'_>]) -> Checked<()> {
    write_all(folder, files).map_err(|error| {
        BadInput::key("--out", "out", folder.display(), format!("cannot be written ({error})"), ALLOWED)
    })
}

fn write_all(folder: &Path, files: &[NamedText<'_>]) -> io::Result<()> {
    let folder = absolute(folder);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let beside = if folder.exists() { &folder } else { parent_of(&folder) };
    fs::create_dir_all(beside)?;
    let staging = beside.join(format!(".{name}.partial-{}", process::id()));
    let _ = fs::remove_dir_all(&staging);
    let written = stage_and_move(&staging, &folder, files);
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    written
}

fn stage_and_move(staging: &Path, folder: &Path, files: &[NamedText<'_>]) -> io::Result<()> {
    fs::create_dir(staging)?;
    for (name, text) in files {
        fs::write(staging.join(name), text)?;
    }
    if !folder.exists() {
        return fs::rename(staging, folder);
    }
    for (name, _) in files {
        fs::rename(staging.join(name), folder.join(name))?;
    }
    Ok(())
}

/// Writes one file by way of a temporary one beside it.
///
/// # Errors
/// It cannot be written.
pub fn write_file(file: &Path, text: &str, option: &str) -> Checked<()> {
    write_bytes(file, text.as_bytes(), option)
}

/// As [`write_file`], for what is no text.
///
/// # Errors
/// It cannot be written.
pub fn write_bytes(file: &Path, bytes: &[u8], option: &str) -> Checked<()> {
    let target = absolute(file);
    let failed = |error: io::Error| {
        let problem = format!("cannot be written ({error})");
        BadInput::key(option, option_key(option), file.display(), problem, "the path of a file")
    };
    if target.exists() && !target.is_file() {
        return fs::write(&target, bytes).map_err(failed); // a device or a pipe must not be replaced
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let staging = parent_of(&target).join(format!(".{name}.partial-{}", process::id()));
    let written = fs::create_dir_all(parent_of(&target))
        .and_then(|()| fs::write(&staging, bytes))
        .and_then(|()| fs::rename(&staging, &target));
    written.map_err(|error| {
        let _ = fs::remove_file(&staging);
        failed(error)
    })
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("levitas-outputs-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn files_arrive_together_and_nothing_else_stays() {
        let root = scratch("together");
        let target = root.join("a/b");
        check_folder(&target, "--out").unwrap();
        assert!(!root.join("a").exists(), "a check leaves nothing behind");
        for text in ["1", "2"] {
            write_folder(&target, &[("x", text.to_owned()), ("y", text.to_owned())]).unwrap();
            assert_eq!(fs::read_to_string(target.join("y")).unwrap(), text);
        }
        assert_eq!(fs::read_dir(root.join("a")).unwrap().count(), 1);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_folder_under_a_file_is_refused() {
        let root = scratch("refused");
        fs::write(root.join("file"), "").unwrap();
        for path in ["file", "file/deeper"] {
            assert!(
                check_folder(&root.join(path), "--out").unwrap_err().to_string().contains("is no folder")
            );
        }
        assert!(check_file(&root, "--json").unwrap_err().to_string().contains("this is a directory"));
        fs::remove_dir_all(root).unwrap();
    }
}
