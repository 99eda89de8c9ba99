// SPDX-License-Identifier: Apache-2.0
//! A generated section inside of a page that is otherwise written by hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::input::{BadInput, Checked};
use crate::outputs::{check_file, write_file};

/// Option that names the page.
const OPTION: &str = "--markdown";

/// Line that ends a generated section.
const END: &str = "<!-- end of generated part -->";

/// First words of the line that starts the section of a name; the command stands behind them.
fn start_of(name: &str) -> String {
    format!("<!-- generated: {name}, ")
}

/// A page that is to get a section.
#[derive(Clone, Debug)]
pub struct Page {
    file: PathBuf,
    text: String,
}

impl Page {
    /// The page as it is; a file that is not there yet is an empty page.
    ///
    /// # Errors
    /// It cannot be read, or not be written.
    pub fn open(file: &Path) -> Checked<Self> {
        check_file(file, OPTION)?;
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(refused(
                    file,
                    &format!("cannot be read ({error})"),
                    "a page of text or a new file",
                ));
            }
        };
        Ok(Self { file: file.to_path_buf(), text })
    }

    /// Checks that the page can take a section of a name: it is empty, or it has one that starts and ends.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(&self, name: &str) -> Checked<()> {
        self.parts(name).map(|_| ())
    }

    /// What stands before and after the section.
    fn parts(&self, name: &str) -> Checked<(&str, &str)> {
        if self.text.trim().is_empty() {
            return Ok(("", ""));
        }
        let allowed = format!("an empty or new file, or a page with `{}...` and `{END}`", start_of(name));
        let Some((before, rest)) = self.text.split_once(&start_of(name)) else {
            return Err(refused(&self.file, &format!("the page has no generated section {name}"), &allowed));
        };
        match rest.split_once(&format!("{END}\n")) {
            Some((_, after)) => Ok((before, after)),
            None => Err(refused(&self.file, &format!("the generated section {name} does not end"), &allowed)),
        }
    }

    /// The page with the text in its section.
    fn with_section(&self, name: &str, command: &str, text: &str) -> Checked<String> {
        let (before, after) = self.parts(name)?;
        Ok(format!("{before}{}`{command}` -->\n{text}{END}\n{after}", start_of(name)))
    }

    /// Writes the page with the text in its section.
    ///
    /// # Errors
    /// As [`Page::check`], or it cannot be written.
    pub fn write(&self, name: &str, command: &str, text: &str) -> Checked<()> {
        write_file(&self.file, &self.with_section(name, command, text)?, OPTION)
    }
}

fn refused(file: &Path, problem: &str, allowed: &str) -> BadInput {
    BadInput::key(OPTION, "markdown", file.display(), problem, allowed)
}

/// The commit that the program was built in, with `-dirty` when files differ from it; `None` outside of a repository.
#[must_use]
pub fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let output =
            Command::new("git").arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let short = git(&["rev-parse", "--short", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changed.is_empty() { short } else { format!("{short}-dirty") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_replaced_and_the_rest_stays() {
        let old = "# A\n<!-- generated: b, `c` -->\nold\n<!-- end of generated part -->\nrest\n\
                    <!-- generated: d, `e` -->\n<!-- end of generated part -->\n";
        let page = |text: &str| Page { file: PathBuf::from("p.md"), text: text.to_owned() };
        let new = page(old).with_section("b", "c --x", "new\n").unwrap();
        assert!(
            new.starts_with(
                "# A\n<!-- generated: b, `c --x` -->\nnew\n<!-- end of generated part -->\nrest\n"
            )
        );
        assert!(new.ends_with("<!-- generated: d, `e` -->\n<!-- end of generated part -->\n"));
        let alone = page("").with_section("b", "c", "x\n").unwrap();
        assert_eq!(alone, "<!-- generated: b, `c` -->\nx\n<!-- end of generated part -->\n");
        for bad in ["# A page\n", "<!-- generated: b, `c` -->\nno end\n"] {
            assert!(page(bad).check("b").is_err());
        }
    }
}
