// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask can`: docs/can.md, the frames of the CAN link, from can/levitas.dbc.

use std::fs;

use crate::Options;
use crate::project::Project;

/// The page that is written.
const PAGE: &str = "docs/can.md";

/// `cargo xtask can`.
pub(crate) fn run(project: &Project, _: &Options) -> Result<(), String> {
    fs::write(project.root.join(PAGE), page(project)?).map_err(|error| format!("{PAGE}: {error}"))?;
    println!("{PAGE}: written");
    Ok(())
}

fn page(project: &Project) -> Result<String, String> {
    let dbc = levitas_dbc::load(&project.read(levitas_dbc::PATH)?).map_err(|findings| findings.join("\n"))?;
    Ok(levitas_dbc::page(&dbc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_dbc_says() {
        let project = Project::find().expect("a checkout");
        let current = project.read(PAGE).expect("the page");
        assert!(current == page(&project).expect("a sound DBC"), "{PAGE} is out of date: cargo xtask can");
    }
}
