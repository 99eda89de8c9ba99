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
known length. Callgrind counts on x86-64. A levitation step shall cost 1500 instructions at most and does not yet, see *What was done*.

## Instructions a step

";

const NOTES: &str = "
The longest step is the longest seen, read with a resolution of 31 (Cortex-M55) and 40 (Cortex-M7) instructions.

## Where they go

A levitation step on x86-64 by the source file the instructions were compiled from; what is inlined from Rust's library counts for
the file before it.

";

const STORY: &str = "
## What was done

2026-11-22, Cortex-M55, levitation at 4000 rpm. The step grew by what was built on the same day, and shrank by the lines below.

| change | instructions |
|---|---|
| before, no fault detection | 1910 |
| order of phases, gain of each Hall, probe, table of runout | +164 |
| limits by vmaxnm and vminnm in place of compares and branches | -110 |
| readers look at the sequence first | -60 |
| samples judged as integers, nothing copied | -55 |
| rotor direction made once for both axes, notch that averages | -84 |
| vote of the Halls, coil and phase monitors, sensorless angle, overspeed, stall | +400 |
| short way for a rotor that is held, missed triggers out of line, feedback sorted anew | -106 |

No multiplication is fused with an addition, because host and chip shall agree to the last bit; that costs about 200. Tried and of no
use: more inlining of bearing and motor, fat link-time optimisation, optimising for size (a quarter more), no vector unit. What
is left, estimated: one set of constants for both axes (about 80 loads), samples handed on by reference (about 60), the mail
published every other period (about 40), the slow monitors of coils and Halls in turns (about 100), one word of state per
monitor in place of three. Together they do not reach 1500 with all monitors at 20 kHz; without the monitors they do.

The figure of 2155 in earlier notes was read from a clock of 25 MHz where QEMU's board has 32 MHz; it meant 1684.
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
    text + STORY
}

fn or_dash(count: Option<u64>) -> String {
    count.map_or("-".into(), |count| count.to_string())
}
