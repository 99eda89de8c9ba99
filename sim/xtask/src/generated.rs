// SPDX-License-Identifier: Apache-2.0
//! Generated parts of the pages in docs/: written anew, and from a commit that others can go back to.
//!
//! A part stands between `<!-- generated: NAME, ... -->` and `<!-- end of generated part -->`. Each commit that one names is an ancestor of
//! the present one: a figure whose program nobody has is no evidence.

use std::fs;

use crate::process::{command, output};
use crate::project::Project;
use crate::stage::{Obstacle, Outcome};

/// Folder of the pages.
const PAGES: &str = "docs";
const START: &str = "<!-- generated";
const END: &str = "<!-- end of generated part -->";
/// The fewest digits of a commit.
const DIGITS_MIN: usize = 7;

/// A commit that a generated part names.
#[derive(Debug, PartialEq, Eq)]
struct Named<'a> {
    /// Number of its line, from 1 on.
    line: usize,
    /// As it is written.
    commit: &'a str,
    /// What stands in the line that starts the part: its name, and the command that makes it anew.
    part: &'a str,
}

/// Every commit that the generated parts of a page name, and what stands in the place of one.
fn named(page: &str) -> Vec<Named<'_>> {
    let (mut part, mut all) = (None, Vec::new());
    for (index, line) in page.lines().enumerate() {
        if let Some(start) = line.strip_prefix(START) {
            part = Some(start.trim_end_matches("-->").trim_start_matches([':', ' ']).trim_end());
        }
        if line == END {
            part = None;
        }
        let Some(part) = part else { continue };
        let words = line.split_whitespace().map(|word| word.trim_matches(['.', ',', ':', ';', '(', ')']));
        for (before, commit) in words.clone().zip(words.skip(1)) {
            if before == "commit" {
                all.push(Named { line: index + 1, commit, part });
            }
        }
    }
    all
}

/// Every commit that a generated part names is an ancestor of the present one; not run where the history is not there.
pub(crate) fn check(project: &Project) -> Outcome {
    let git = |arguments: &[&str]| output(command(project, "git").args(arguments));
    match git(&["rev-parse", "--is-shallow-repository"]).as_deref() {
        Ok("false") => {}
        Ok(_) => {
            return Err(Obstacle::NotRun("a shallow clone has no history: git fetch --unshallow".into()));
        }
        Err(_) => return Err(Obstacle::NotRun("no git repository, so no history".into())),
    }
    let list = git(&["ls-files", "--cached", "--others", "--exclude-standard", "--", PAGES])?;
    let (mut findings, mut count) = (Vec::new(), 0);
    for path in list.lines().filter(|path| path.ends_with(".md") && project.root.join(path).exists()) {
        let page = project.read(path)?;
        for Named { line, commit, part } in named(&page) {
            count += 1;
            let is_number = commit.len() >= DIGITS_MIN && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_number || git(&["merge-base", "--is-ancestor", commit, "HEAD"]).is_err() {
                findings.push(format!(
                    "{path}:{line}: no commit {commit} in the history of this one: make the part anew, {part}"
                ));
            }
        }
    }
    for finding in &findings {
        println!("{finding}");
    }
    println!("{count} commits in generated parts");
    match &findings[..] {
        [] => Ok(()),
        [only] => Err(Obstacle::Failed(only.clone())),
        [first, rest @ ..] => {
            Err(Obstacle::Failed(format!("{first}, and {} more, listed above", rest.len())))
        }
    }
}

/// Writes the part of a name anew, from the present commit; `command` does it again.
pub(crate) fn renew(
    project: &Project,
    path: &str,
    name: &str,
    command: &str,
    text: &str,
) -> Result<(), String> {
    let commit = commit(project)?;
    let part = format!("From commit {commit}.\n\n{text}");
    let page = with_part(&project.read(path)?, name, command, &part)
        .ok_or_else(|| format!("{path}: no generated part {name}"))?;
    fs::write(project.root.join(path), page).map_err(|error| format!("{path}: {error}"))?;
    println!("{path}: written");
    Ok(())
}

/// The present commit, with `-dirty` when files differ from it.
fn commit(project: &Project) -> Result<String, String> {
    let git = |arguments: &[&str]| output(command(project, "git").args(arguments));
    let short = git(&["rev-parse", "--short", "HEAD"])?;
    let is_clean = git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Ok(if is_clean { short } else { format!("{short}-dirty") })
}

/// The page with another text in its part, if it has one of this name.
fn with_part(page: &str, name: &str, command: &str, text: &str) -> Option<String> {
    let start = format!("{START}: {name}, ");
    let (before, rest) = page.split_once(&start)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{start}`{command}` -->\n{text}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::path::Path;

    use super::*;

    const PAGE: &str = "From commit 0000000.\n<!-- generated: b, `c` -->\nFrom commit 1111111: 3 runs.\nSeed 1, commit 2222222-dirty.\n\
                        <!-- end of generated part -->\ncommit 3333333\n";

    #[test]
    fn commits_of_generated_parts_are_found_and_others_are_not() {
        let found = named(PAGE);
        let short: Vec<_> = found.iter().map(|named| (named.line, named.commit)).collect();
        assert_eq!(short, [(3, "1111111"), (4, "2222222-dirty")]);
        assert!(found.iter().all(|named| named.part == "b, `c`"));
    }

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let page = with_part(PAGE, "b", "d", "new\n").expect("a part");
        assert_eq!(
            page,
            "From commit 0000000.\n<!-- generated: b, `d` -->\nnew\n<!-- end of generated part -->\ncommit 3333333\n"
        );
        assert!(with_part(PAGE, "c", "d", "new\n").is_none());
        assert!(with_part("<!-- generated: b, `c` -->\nno end\n", "b", "d", "new\n").is_none());
    }

    /// A repository of two branches in a folder of its own, removed at the end.
    struct Repository(Project);

    impl Repository {
        fn at(root: &Path) -> Self {
            Self(Project { root: root.to_path_buf(), target: root.join("target") })
        }

        fn new(name: &str) -> Self {
            let root = env::temp_dir().join(format!("levitas-{name}-{}", std::process::id()));
            fs::create_dir_all(root.join(PAGES)).expect("a folder");
            let new = Self::at(&root);
            new.git(&["init", "--quiet", "--initial-branch", "main"]);
            new.commit();
            new
        }

        fn git(&self, arguments: &[&str]) -> String {
            let mut git = command(&self.0, "git");
            git.args(["-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false"]);
            output(git.args(arguments)).expect("git")
        }

        /// Makes an empty commit, and says which.
        fn commit(&self) -> String {
            self.git(&["commit", "--quiet", "--allow-empty", "--message", "a"]);
            self.git(&["rev-parse", "--short", "HEAD"])
        }

        fn verdict(&self, commit: &str) -> Outcome {
            let page = format!("<!-- generated: b, `c` -->\nFrom commit {commit}.\n{END}\n");
            fs::write(self.0.root.join("docs/a.md"), page).expect("a page");
            check(&self.0)
        }
    }

    impl Drop for Repository {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0.root);
        }
    }

    #[test]
    fn a_commit_that_is_not_in_the_history_is_one_clear_line() {
        let here = Repository::new("history");
        let own = here.commit();
        here.git(&["checkout", "--quiet", "-b", "other", "HEAD~1"]);
        fs::write(here.0.root.join("x"), "").expect("a file");
        here.git(&["add", "x"]);
        let other = here.commit();
        here.git(&["checkout", "--quiet", "main"]);
        assert_eq!(here.verdict(&own), Ok(()));
        for wrong in [other.as_str(), "0000000", "unknown", &format!("{own}-dirty")] {
            let line = format!(
                "docs/a.md:2: no commit {wrong} in the history of this one: make the part anew, b, `c`"
            );
            assert_eq!(here.verdict(wrong), Err(Obstacle::Failed(line)));
        }
    }

    #[test]
    fn a_shallow_clone_and_no_repository_are_not_run() {
        let whole = Repository::new("whole");
        whole.commit();
        let address = format!("file://{}", whole.0.root.display());
        whole.git(&["clone", "--quiet", "--depth", "1", &address, "shallow"]);
        let shallow = Repository::at(&whole.0.root.join("shallow"));
        fs::create_dir_all(shallow.0.root.join(PAGES)).expect("a folder");
        assert!(matches!(shallow.verdict("0000000"), Err(Obstacle::NotRun(_))));
    }

    #[test]
    fn the_pages_name_commits_of_this_history() {
        match check(&Project::find().expect("a checkout")) {
            Ok(()) => {}
            Err(Obstacle::NotRun(reason)) => println!("not run: {reason}"),
            Err(Obstacle::Failed(reason)) => panic!("{reason}"),
        }
    }
}
