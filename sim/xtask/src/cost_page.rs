// SPDX-License-Identifier: Apache-2.0
//! `docs/cost.md`: what a step costs and where the instructions go, from what `cargo xtask cost --renew` counted.

use std::fmt::Write as _;

use crate::cost::{Counted, HOST, PARTS};

/// Files that are shown by themselves; the rest is one line.
const FILES_SHOWN: usize = 16;

const HEAD: &str = "\
# What a step costs

Made by `cargo xtask cost --renew`; do not edit. `cargo xtask cost` counts again and fails when a step costs more than 5 %, and what
the clock cannot tell, above its line in [cost.toml](../sim/xtask/cost.toml); CI does the same. The clock leaves 1 instruction of a mean of
4000 steps, and 11 of the 20 steps of a task at 100 Hz. For whoever changes the 20 kHz path.

Counted are instructions, not cycles: they are the same on every machine and in every run. The program is
[sim/cost](../sim/cost/src/main.rs): one unit against the simulated plant, the rotor levitated at 4000 rpm and the pump at work, mean of
4000 periods. Cortex-M55 and Cortex-M7 run under QEMU, where an instruction takes a nanosecond; SysTick is calibrated against a loop of
known length. For the Cortex-M7 it is optimised as the images of the boards are: for size, with fat link-time optimisation. Callgrind counts on x86-64. A levitation step shall cost 1500 instructions at most and does not yet, see *What was done*.

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

2026-11-26, the same. The arithmetic is the same to the last bit but where the table says *in turns* or *learn*.

| change | instructions |
|---|---|
| before | 1989 |
| notch and open-coil monitor every other period, x and y in turns; Hall lag of the coil currents once for both axes | -72 |
| what supervisor and speed task want is taken over when they write; ranges by one comparison; Hall channels learn every fourth step | -70 |
| samples handed on by reference | -21 |
| bearing and motor each inlined whole, what is rare out of line as cold functions | -100 |
| one set of constants of coil, motion and feedback for both axes, x and y next to each other | -26 |
| mean of the disturbance, voltage of an open coil, base of a drift, watch of the phase sensors | +34 |
| the coil watched in every period again, the notch fed with pairs of samples | +43 |
| constants of current control and coil folded, phase currents judged by one sum of squares, EMF and learning of the channels in turns | -26 |
| notch every fourth period of an axis from four samples, slow means of the Halls every other one | -64 |
| Halls and phase currents judged once, where they are used | -66 |
| after | 1625 |

2026-11-26, likewise: the unit is one of a pair.

| change | instructions |
|---|---|
| before | 1625 |
| protocol of the pair in every period, currents of the other unit, six words more of mail | +602 |
| where nothing has changed the last answer of the protocol stands | -340 |
| line, hold and link as the hostile reading wants them | -9 |
| after | 1878 |

The longest step rose to 2838: one in ten, in which a frame has come, is decided anew. Where the longest and the mean matter most, the
protocol is where to look: it keeps its alarms and compares its whole state.

Of the step without a pair: the longest step fell from 2244 to 1963. No multiplication is fused with an addition, because host and chip shall agree to the last bit;
that costs about 200. Tried and of no use: the levitation task inlined whole (+18: the registers run out), fat link-time
optimisation, optimising for size (a quarter more), no vector unit, one word of trouble per axis (+4). Tried and taken back: the angle
Halls every other step (-49, but four tests of their monitors fail), the mail every other period (-18 of the mean, +31 of the longest).
1500 with all monitors at 20 kHz is not reached: it would take the angle observer (about 140) at 10 kHz, whose monitors then
need other bounds than theirs of today, or a compiler that may fuse on host and chip alike.

2026-11-28: the sample for the snapshot, which the levitation thread takes behind its step, is counted with it: 200 instructions on the Cortex-M55,
562 on the Cortex-M7.

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
