// SPDX-License-Identifier: Apache-2.0
//! What `can/levitas.dbc` says, for those who build from it.
//!
//! The DBC is the only source of the wire format. Crate `levitas-wire` generates its codec from it, `cargo xtask can` the
//! page docs/can.md; both first ask here whether it contradicts itself.
//!
//! | file | idea |
//! |---|---|
//! | `check.rs` | contradictions of messages, each one line |
//! | `check_signals.rs` | contradictions of signals |
//! | `facts.rs` | attributes and bits by name |
//! | `scale.rs` | what the generated codec does not tell, as Rust constants |
//! | `bus_load.rs` | the longest a frame can last, and the share of the bus |
//! | `page.rs` | docs/can.md |
//! | `place.rs` | the line of a finding |
// Units stand in brackets, [us], which rustdoc takes for links.
#![allow(rustdoc::broken_intra_doc_links)]

mod bus_load;
mod check;
mod check_signals;
mod facts;
mod page;
mod place;
mod scale;
#[cfg(test)]
mod tests;

pub use can_dbc::Dbc;
use can_dbc::DbcError;
pub use page::page;
pub use scale::constants;

/// Where the DBC lies, from the top folder of the checkout.
pub const PATH: &str = "can/levitas.dbc";

/// The DBC, or all that is wrong with it: each finding is one line that says where (file, line, name), what, and what is allowed.
///
/// # Errors
/// The text is no DBC, or contradicts itself or our conventions.
pub fn load(text: &str) -> Result<Dbc, Vec<String>> {
    let dbc = Dbc::try_from(text).map_err(|error| vec![format!("{PATH}: {}", unreadable(error))])?;
    let mut findings = check::findings(&dbc, text);
    if findings.is_empty() {
        return Ok(dbc);
    }
    for finding in &mut findings {
        let line = place::line_of(text, finding).map_or(String::new(), |line| format!(":{line}"));
        *finding = format!("{PATH}{line}: {finding}");
    }
    Err(findings)
}

/// The parser's error in one line.
fn unreadable(error: DbcError) -> String {
    let text = match error {
        DbcError::Pest(error) => error.to_string(),
        other => other.to_string(),
    };
    // The parser draws the place with an arrow over several lines: `--> line:column`, the line, `= what was expected`.
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let starting = |sign: &str| lines.iter().find_map(|line| line.strip_prefix(sign));
    match (starting("--> "), starting("= ")) {
        (Some(place), Some(expected)) => format!("line and column {place}: {expected}"),
        _ => lines.join(" "),
    }
}
