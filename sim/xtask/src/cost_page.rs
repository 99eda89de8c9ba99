// SPDX-License-Identifier: Apache-2.0
//! `docs/cost.md`: what a step costs and where the instructions go, from what `cargo xtask cost --renew` counted.

use std::fmt::Write as _;

use crate::cost::{Counted, HOST, PARTS};

/// Files that are shown by themselves; the rest is one line.
const FILES_SHOWN: usize = 16;

const HEAD: &str = "\
# What a step costs

Made by `cargo xtask cost --renew`; do not edit. `cargo xtask cost` counts again and fails when a step costs more than 5 % above its
line in [cost.toml](../sim/xtask/cost.toml); CI does the same. For whoever changes the 20 kHz path.

Counted are instructions, not cycles: they are the same on every machine and in every run. The program is
[sim/cost](../sim/cost/src/main.rs): one unit against the simulated plant, the rotor levitated at 4000 rpm and the pump at work, mean of
4000 periods. Cortex-M55 and Cortex-M7 run under QEMU, where an instruction takes a nanosecond; SysTick is calibrated against a loop of
known length. Callgrind counts on x86-64. The most that a levitation step may cost is 1500 instructions.

## Instructions a step

";

const NOTES: &str = "
The longest step is the longest seen, read with a resolution of 31 (Cortex-M55) and 40 (Cortex-M7) instructions.

## Where they go

A levitation step on x86-64 by the source file the instructions were compiled from; what is inlined from Rust's library counts for
the file before it.

";

/// The page.
pub(crate) fn text(counted: &Counted) -> String {
    let mut text = String::from(HEAD);
    let chips: Vec<_> = counted.costs.iter().filter(|(name, _)| **name != HOST).collect();
    text += "| step |";
    for (name, _) in &chips {
        let _ = write!(text, " {name} | longest |");
    }
    let _ = writeln!(text, " {HOST} |\n|---|{}---|", "---|---|".repeat(chips.len()));
    for (part, meaning) in PARTS {
        let _ = write!(text, "| {meaning} |");
        for (_, costs) in &chips {
            let cost = costs.get(part);
            let longest = cost.and_then(|cost| cost.longest);
            let _ = write!(text, " {} | {} |", or_dash(cost.map(|cost| cost.mean)), or_dash(longest));
        }
        let host = counted.costs.get(HOST).and_then(|costs| costs.get(part));
        let _ = writeln!(text, " {} |", or_dash(host.map(|cost| cost.mean)));
    }
    text += NOTES;
    text += "| file of src/core/src | instructions |\n|---|---|\n";
    let (shown, rest) = counted.files.split_at(FILES_SHOWN.min(counted.files.len()));
    for (file, count) in shown {
        let _ = writeln!(text, "| {file} | {count:.0} |");
    }
    let _ =
        writeln!(text, "| {} more | {:.0} |", rest.len(), rest.iter().map(|(_, count)| count).sum::<f64>());
    text
}

fn or_dash(count: Option<u64>) -> String {
    count.map_or("-".into(), |count| count.to_string())
}
