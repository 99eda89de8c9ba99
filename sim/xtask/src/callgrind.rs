// SPDX-License-Identifier: Apache-2.0
//! Runs `sim/cost` under callgrind and reads what it wrote.
//!
//! # Format
//! A line `fl=`, `fi=` or `fe=` names the source file of the lines below, `cfn=` the function that a `calls=` line calls;
//! names are written once, `(7) name`, and then as `(7)`. A line of numbers is a position and a count; the one after
//! `calls=` is what the call cost with all that it called. Valgrind manual, "Callgrind Format Specification".

use std::collections::BTreeMap;

use crate::cost::{Cost, Costs};
use crate::process::{command, output};
use crate::project::Project;

/// Functions of `sim/cost` that are counted: `cost_` and a part.
const COUNTED: &str = "levitas_cost::cost_";
/// The one whose source files are told apart.
const BY_FILE: &str = "levitation";

/// Instructions that callgrind counted.
pub(crate) struct Profile {
    /// By part, whole.
    parts: BTreeMap<String, u64>,
    /// Of a levitation step, by source file of the core.
    files: BTreeMap<String, u64>,
}

impl Profile {
    /// Costs of a step, from how many of each part ran.
    pub(crate) fn costs(&self, steps: &BTreeMap<String, u64>) -> Costs {
        let cost = |(part, total): (&String, &u64)| {
            let steps = steps.get(part).copied().filter(|steps| *steps > 0)?;
            Some((part.clone(), Cost { mean: (total + steps / 2) / steps, longest: None, uncertainty: 0 }))
        };
        self.parts.iter().filter_map(cost).collect()
    }

    /// Instructions of a levitation step by source file, most first.
    pub(crate) fn files(&self, steps: u64) -> Vec<(String, f64)> {
        let mut files: Vec<(String, f64)> =
            self.files.iter().map(|(file, count)| (file.clone(), *count as f64 / steps as f64)).collect();
        files.sort_by(|a, b| b.1.total_cmp(&a.1));
        files
    }
}

/// Counts all parts, then levitation alone for its files.
pub(crate) fn profile(project: &Project, program: &std::path::Path) -> Result<Profile, String> {
    let (parts, _) = read(&counted(project, program, "*")?);
    let (_, files) = read(&counted(project, program, BY_FILE)?);
    Ok(Profile { parts, files })
}

/// Callgrind's file for the functions of one part, or of all.
fn counted(project: &Project, program: &std::path::Path, part: &str) -> Result<String, String> {
    let file = project.target.join("callgrind.out");
    let mut valgrind = command(project, "valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(format!("--toggle-collect={COUNTED}{part}*")).arg(program);
    output(&mut valgrind)?;
    std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Counts by part, and by source file of the core; what is inlined from Rust's library belongs to the file before.
fn read(text: &str) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    let (mut parts, mut files) = (BTreeMap::new(), BTreeMap::new());
    let (mut names, mut file_names) = (BTreeMap::new(), BTreeMap::new());
    let (mut called, mut file, mut after_call) = (String::new(), String::new(), false);
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=').filter(|(key, _)| key.len() <= 5) {
            match key {
                "cfn" => called = name(&mut names, value),
                "fn" => _ = name(&mut names, value),
                "fl" | "fi" | "fe" => {
                    let path = name(&mut file_names, value);
                    if let Some((_, own)) = path.split_once("/src/core/src/") {
                        file = own.to_string();
                    }
                }
                "cfi" | "cfl" => _ = name(&mut file_names, value),
                "calls" => after_call = true,
                _ => (),
            }
            continue;
        }
        let is_count = line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first));
        let count = line.split_once(' ').and_then(|(_, count)| count.trim().parse::<u64>().ok());
        let Some(count) = count.filter(|_| is_count) else { continue };
        if std::mem::take(&mut after_call) {
            if let Some(part) = called.strip_prefix(COUNTED) {
                *parts.entry(part.to_string()).or_default() += count;
            }
        } else if !file.is_empty() {
            *files.entry(file.clone()).or_default() += count;
        }
    }
    (parts, files)
}

/// The name of `(7) name`, or the one that `(7)` stood for before.
fn name(known: &mut BTreeMap<String, String>, value: &str) -> String {
    match value.split_once(") ") {
        Some((number, name)) => {
            known.insert(number.to_string(), name.to_string());
            name.to_string()
        }
        None => known.get(value.trim_end_matches(')')).cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
events: Ir
fl=(1) /a/src/core/src/math.rs
fn=(2) levitas_core::task
12 300
fi=(3) /rustc/option.rs
+2 40
cfn=(4) levitas_cost::cost_speed
calls=2 0
* 600
cfn=(4)
calls=1 0
* 300

totals: 1240
";

    #[test]
    fn calls_and_files_are_told_apart() {
        let (parts, files) = read(TEXT);
        assert_eq!(parts, [("speed".to_string(), 900)].into());
        assert_eq!(files, [("math.rs".to_string(), 340)].into());
        let profile = Profile { parts, files };
        let costs = profile.costs(&[("speed".to_string(), 3)].into());
        assert_eq!(costs["speed"].mean, 300);
        assert_eq!(profile.files(2), [("math.rs".to_string(), 170.0)]);
    }
}
