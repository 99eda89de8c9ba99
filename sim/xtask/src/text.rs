// SPDX-License-Identifier: Apache-2.0
//! Text hygiene: licence lines, line ends, and links between the pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::process::{command, output};
use crate::project::Project;

/// Endings of the sources that say their licence in the first line (after `#!`, the second).
const SOURCES: [&str; 13] =
    ["rs", "c", "h", "py", "sh", "js", "css", "toml", "yaml", "yml", "overlay", "conf", "cmake"];

/// Names of sources whose ending does not say that they are one.
const SOURCE_NAMES: [&str; 2] = ["CMakeLists.txt", "Kconfig"];

/// The licence line, without its comment sign.
const LICENCE: &str = "SPDX-License-Identifier: Apache-2.0";

/// Looks at every file that git tracks, what others brought along (`vendor`) apart.
pub(crate) fn check(project: &Project) -> Result<(), String> {
    let list =
        output(command(project, "git").args(["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    let mut findings = Vec::new();
    let files: BTreeSet<&str> = list.lines().filter(|path| !path.contains("/vendor/")).collect();
    for path in &files {
        let (source, page) = (is_source(path), has_ending(path, &["md"]));
        if !(source || page) || !project.root.join(path).exists() {
            continue;
        }
        let text = project.read(path)?;
        findings.extend(white_space(&text).map(|finding| format!("{path}: {finding}")));
        if source && !says_licence(&text) {
            findings.push(format!("{path}: the first line does not say {LICENCE}"));
        }
        if page {
            findings.extend(dead_links(project, path, &text));
        }
    }
    for finding in &findings {
        println!("{finding}");
    }
    println!("{} files", files.len());
    if findings.is_empty() {
        Ok(())
    } else {
        Err(format!("{} findings in text files, listed above", findings.len()))
    }
}

fn is_source(path: &str) -> bool {
    let name = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    SOURCE_NAMES.contains(&name) || has_ending(path, &SOURCES)
}

fn has_ending(path: &str, endings: &[&str]) -> bool {
    let ending = Path::new(path).extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}

fn says_licence(text: &str) -> bool {
    let skip = usize::from(text.starts_with("#!"));
    text.lines().nth(skip).is_some_and(|line| line.contains(LICENCE))
}

/// The first thing wrong with line ends, if any.
fn white_space(text: &str) -> Option<String> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Some("the last line has no end".into());
    }
    let wrong = |line: &str| line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r');
    let number = text.split('\n').position(wrong)? + 1;
    Some(format!("line {number} ends in white space"))
}

/// Links to files that are not there.
fn dead_links(project: &Project, page: &str, text: &str) -> Vec<String> {
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    let missing = |target: &&str| fs::metadata(project.root.join(folder).join(target)).is_err();
    link_targets(text).filter(missing).map(|target| format!("{page}: {target} does not exist")).collect()
}

/// Paths in `[text](path)`; addresses, places within a page and rustdoc's paths to items are no files.
fn link_targets(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let paths = targets.map(|target| target.split_once('#').map_or(target, |(path, _)| path));
    paths.filter(|path| {
        !path.is_empty() && !path.contains("://") && !path.contains("::") && !path.contains(' ')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_licence_line_may_follow_the_interpreter_line() {
        assert!(says_licence("// SPDX-License-Identifier: Apache-2.0\n"));
        assert!(says_licence("#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\n"));
        assert!(!says_licence("//! A module.\n// SPDX-License-Identifier: Apache-2.0\n"));
        assert!(!says_licence(""));
    }

    #[test]
    fn manifests_and_build_files_are_sources() {
        for path in ["Cargo.toml", "a/CMakeLists.txt", "src/Kconfig", "boards/x.overlay", "west.yml", "a.rs"]
        {
            assert!(is_source(path), "{path}");
        }
        for path in ["Cargo.lock", "tests/clients/requirements.txt", "README.md", "LICENSE"] {
            assert!(!is_source(path), "{path}");
        }
    }

    #[test]
    fn white_space_at_the_end_of_a_line_is_found() {
        assert_eq!(white_space("a\nb \n"), Some("line 2 ends in white space".into()));
        assert_eq!(white_space("a\r\nb\n"), Some("line 1 ends in white space".into()));
        assert_eq!(white_space("a\nb"), Some("the last line has no end".into()));
        assert_eq!(white_space("a\n\nb\n"), None);
        assert_eq!(white_space(""), None);
    }

    #[test]
    fn links_to_files_are_told_from_other_links() {
        let page =
            "[a](docs/a.md), [b](docs/b.md#part), [c](https://x.invalid/c), [d](#here), [e](crate::units)";
        assert_eq!(link_targets(page).collect::<Vec<_>>(), ["docs/a.md", "docs/b.md"]);
    }
}
