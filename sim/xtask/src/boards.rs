// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask boards`: builds both boards, and what an image needs of flash, memories, stacks and time.
//!
//! An image that needs more than [`TOLERANCE`] above its line in `sim/xtask/boards.toml` fails, and so does one whose levitation task
//! calls code outside the ITCM. `--renew` writes that file and the generated parts of `docs/boards.md`. The limits of the product stand
//! beside what is needed, held or not.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Options;
use crate::cost::{self, Cost};
use crate::disassembly::Disassembly;
use crate::fast_path;
use crate::firmware::Build;
use crate::generated;
use crate::process::{command, output};
use crate::project::Project;
use crate::stacks::{self, Symbols};
use crate::stage::{Obstacle, Outcome};

/// Budgets.
const FILE: &str = "sim/xtask/boards.toml";
/// Page with the tables.
const PAGE: &str = "docs/boards.md";
/// What an image may need over its budget before it fails.
const TOLERANCE: f64 = 1.02;
/// The boards.
pub(crate) const BOARDS: [&str; 2] = ["levitas_host", "levitas_drive"];

const ITCM: std::ops::Range<u64> = 0..0x1_0000;
const FLASH: std::ops::Range<u64> = 0x0800_0000..0x0820_0000;
/// DTCM and AXI SRAM.
const RAM: [std::ops::Range<u64>; 2] = [0x2000_0000..0x2002_0000, 0x2400_0000..0x2408_0000];

/// What the product allows, in bytes.
const LIMITS: [(&str, u64); 3] = [("flash", 256 << 10), ("ram", 128 << 10), ("itcm", 64 << 10)];

/// Cycles of a period of 50 us at 480 MHz, and what a step may take of it [%].
const PERIOD_CYCLES: f64 = 24_000.0;
const PART_MAX: f64 = 35.0;
/// Assumptions about what QEMU does not count.
const CYCLES_PER_INSTRUCTION: f64 = 1.0;
const REGISTERS: u64 = 60;
const CYCLES_PER_REGISTER: u64 = 25;
/// The interrupt, the switch to the thread, the switch away from it.
const EXCEPTIONS: u64 = 3;
const CYCLES_PER_EXCEPTION: u64 = 60;

/// Bytes by memory.
type Needs = BTreeMap<String, u64>;
/// Needs by board.
type Budgets = BTreeMap<String, Needs>;

/// An image that was built.
struct Image {
    needs: Needs,
    code: Disassembly,
    symbols: Symbols,
    folder: PathBuf,
}

/// `cargo xtask boards [--renew]`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    look(project, options.has("--renew")).map_err(|obstacle| obstacle.of("boards"))
}

/// The same as a stage of CI.
pub(crate) fn check(project: &Project) -> Outcome {
    look(project, false)
}

fn look(project: &Project, renew: bool) -> Outcome {
    let build = Build::new(project)?;
    let folder = project.target.join("twister-boards");
    build.twister(&project.root.join("tests/zephyr/boards"), &folder, &BOARDS, &[])?;
    let mut images = BTreeMap::new();
    for board in BOARDS {
        images.insert(board, image(project, &folder, board)?);
    }
    print!("{}", needs_table(&images));
    let mut wrong = findings(&images);
    if renew {
        let page = page(project, &build, &images)?;
        generated::renew(project, PAGE, "images", "cargo xtask boards --renew", &page)?;
        let file = project.root.join(FILE);
        fs::write(&file, budgets_text(&images)).map_err(|error| format!("{FILE}: {error}"))?;
    } else {
        let text = project.read(FILE)?;
        let budgets: Budgets = toml::from_str(&text).map_err(|error| format!("{FILE}: {error}"))?;
        wrong.extend(over_budget(&images, &budgets));
    }
    match wrong.as_slice() {
        [] => Ok(()),
        [first, rest @ ..] => Err(Obstacle::Failed(format!("{first}, and {} more", rest.len()))),
    }
}

/// Reads an image that Twister has built.
fn image(project: &Project, folder: &Path, board: &str) -> Result<Image, String> {
    let folder = folder.join(board).join("levitas.boards/zephyr");
    let elf = folder.join("zephyr.elf");
    let objdump = |option: &str| {
        output(command(project, "arm-none-eabi-objdump").args([option, "--no-show-raw-insn"]).arg(&elf))
    };
    Ok(Image {
        needs: needs(&objdump("-h")?),
        code: Disassembly::new(&objdump("-d")?),
        symbols: Symbols::new(&objdump("-t")?),
        folder,
    })
}

/// Bytes of flash, RAM and ITCM, from the table of sections of `objdump -h`: what is loaded lies in the flash as well.
fn needs(sections: &str) -> Needs {
    let mut needs: Needs = LIMITS.iter().map(|(memory, _)| (memory.to_string(), 0)).collect();
    let mut add = |memory: &str, size: u64| *needs.entry(memory.to_string()).or_default() += size;
    let lines: Vec<&str> = sections.lines().collect();
    for pair in lines.windows(2) {
        let fields: Vec<&str> = pair[0].split_whitespace().collect();
        let hex = |at: usize| fields.get(at).and_then(|field| u64::from_str_radix(field, 16).ok());
        let (Some(size), Some(runs_at), Some(lies_at)) = (hex(2), hex(3), hex(4)) else { continue };
        if !pair[1].contains("ALLOC") {
            continue;
        }
        if pair[1].contains("LOAD") && FLASH.contains(&lies_at) {
            add("flash", size);
        }
        if RAM.iter().any(|range| range.contains(&runs_at)) {
            add("ram", size);
        }
        if ITCM.contains(&runs_at) {
            add("itcm", size);
        }
    }
    needs
}

/// What is wrong with the levitation path and the stacks of each image, one phrase each.
fn findings(images: &BTreeMap<&str, Image>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (board, image) in images {
        let unit = if *board == BOARDS[0] { "host" } else { "drive" };
        let found = stacks::table(&image.code, &image.symbols, unit).1;
        wrong.extend(found.iter().map(|finding| format!("{board}: {finding}")));
        wrong.extend(
            fast_path::findings(&image.code, &ITCM).iter().map(|finding| format!("{board}: {finding}")),
        );
    }
    for finding in &wrong {
        println!("{finding}");
    }
    wrong
}

/// Needs beyond their budgets, one phrase each.
fn over_budget(images: &BTreeMap<&str, Image>, budgets: &Budgets) -> Vec<String> {
    let mut over = Vec::new();
    for (board, image) in images {
        for (memory, bytes) in &image.needs {
            match budgets.get(*board).and_then(|needs| needs.get(memory)) {
                None => over.push(format!("{FILE} has no budget for {memory} of {board}")),
                Some(budget) if *bytes as f64 > TOLERANCE * *budget as f64 => over.push(format!(
                    "{board}: {bytes} bytes of {memory}, {:.1} % over the budget of {budget}: make it smaller, or cargo xtask boards --renew",
                    100.0 * (*bytes as f64 / *budget as f64 - 1.0)
                )),
                Some(_) => {}
            }
        }
    }
    over
}

fn budgets_text(images: &BTreeMap<&str, Image>) -> String {
    let mut text = String::from(
        "# SPDX-License-Identifier: Apache-2.0\n\
         # Bytes that the image of a board needs, by `cargo xtask boards --renew`. More than 2 % above a line fails.\n",
    );
    for (board, image) in images {
        let _ = writeln!(text, "\n[{board}]");
        for (memory, bytes) in &image.needs {
            let _ = writeln!(text, "{memory} = {bytes}");
        }
    }
    text
}

/// What each image needs, beside the limit of the product.
fn needs_table(images: &BTreeMap<&str, Image>) -> String {
    let mut text = String::from("| memory | limit |");
    for board in images.keys() {
        let _ = write!(text, " {board} | |");
    }
    let _ = writeln!(text, "\n|---|---|{}", "---|---|".repeat(images.len()));
    for (memory, limit) in LIMITS {
        let _ = write!(text, "| {memory} | {} KiB |", limit >> 10);
        for image in images.values() {
            let bytes = image.needs.get(memory).copied().unwrap_or(0);
            let verdict = if bytes <= limit { "held" } else { "MISSED" };
            let _ = write!(text, " {:.1} KiB | {verdict} |", bytes as f64 / 1024.0);
        }
        text.push('\n');
    }
    text
}

/// What the levitation path takes of a period, from counted instructions and the assumptions that are written beside them.
fn path_table(levitation: &Cost, image: &Image) -> String {
    let around = fast_path::instructions(&image.code, &fast_path::PATH);
    let timers = fast_path::instructions(&image.code, &fast_path::TIMERS);
    let longest = levitation.longest.unwrap_or(levitation.mean);
    let cycles = |instructions: u64| instructions as f64 * CYCLES_PER_INSTRUCTION;
    let part = |cycles: f64| 100.0 * cycles / PERIOD_CYCLES;
    let row = |what: &str, step: u64| {
        let cycles = cycles(step + around)
            + (REGISTERS * CYCLES_PER_REGISTER + EXCEPTIONS * CYCLES_PER_EXCEPTION) as f64;
        let verdict = if part(cycles) <= PART_MAX { "held" } else { "MISSED" };
        format!("| {what} | {step} | {} | {cycles:.0} | {:.1} % | {verdict} |\n", step + around, part(cycles))
    };
    format!(
        "| step of the core | instructions | with the code around it | cycles | of the period, at most {PART_MAX} % | |\n\
         |---|---|---|---|---|---|\n{}{}\n\
         Around the step: interrupt, switch to the thread and away from it, port, drivers, watchdogs; {around} instructions at most, by a walk over the \
         calls and loops of the image with the bounds in [fast_path.rs](../sim/xtask/src/fast_path.rs). The step is counted on QEMU's \
         Cortex-M7 with the profile of the image, and the longest is the longest seen, no bound. Assumed: {CYCLES_PER_INSTRUCTION} cycles an \
         instruction (the Cortex-M7 issues up to two at a time, divisions take longer, and code and data are in the TCMs), {REGISTERS} accesses \
         to registers of peripherals of {CYCLES_PER_REGISTER} cycles each beyond their own instruction, {EXCEPTIONS} exceptions of \
         {CYCLES_PER_EXCEPTION} cycles, in and out with the floating-point registers.\n\n\
         What may interrupt it: the system clock, with all timeouts due at once and the longest list to sort each anew into, \
         {timers} instructions at most, {:.1} % of the period; once in 10 ms; \
         and the interrupts of the link, the buses, the console and the pins, which are not counted. The sum of the rows is no bound either.\n",
        row("mean, 4000 rpm", levitation.mean),
        row("longest", longest),
        part(cycles(timers)),
    )
}

/// The generated part of the page.
fn page(project: &Project, build: &Build<'_>, images: &BTreeMap<&str, Image>) -> Result<String, Obstacle> {
    let host = images.get(BOARDS[0]).ok_or_else(|| format!("no image of {}", BOARDS[0]))?;
    let levitation = cost::of_board(project)?;
    let mut pins = build.python();
    pins.arg(project.root.join("boards/levitas/pin_table.py")).env("ZEPHYR_BASE", build.base());
    for image in images.values() {
        pins.arg(image.folder.join("edt.pickle"));
    }
    Ok(format!(
        "### Memory\n\n{}\n### Time\n\n{}\n### Stacks\n\nBy a walk over the calls of the image of the host, with a frame of an exception. A call \
         through a pointer is taken for the deepest of the drivers that [stacks.rs](../sim/xtask/src/stacks.rs) names for the thread; what \
         formats text through one is not among them. 30 % must be spare. What was used on QEMU after all suites the suite `worst_stacks` shows.\n\n{}\n### Pins\n\n{}\n",
        needs_table(images),
        path_table(&levitation, host),
        stacks::table(&host.code, &host.symbols, "host").0,
        output(&mut pins)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTIONS: &str = "
Idx Name          Size      VMA       LMA       File off  Algn
  0 rom_start     00000298  08000000  08000000  000000f8  2**2
                  CONTENTS, ALLOC, LOAD, CODE
  1 .levitas_itcm 00000100  00000000  08000298  000003d0  2**3
                  CONTENTS, ALLOC, LOAD, READONLY, CODE
  2 bss           00000020  20000000  20000000  00000000  2**2
                  ALLOC
  3 datas         00000008  20000020  08000398  00000500  2**2
                  CONTENTS, ALLOC, LOAD, DATA
  4 .debug_info   00010000  00000000  00000000  00000600  2**0
                  CONTENTS, READONLY, DEBUGGING, OCTETS
";

    fn images(code: &str) -> BTreeMap<&'static str, Image> {
        let image = Image {
            needs: needs(SECTIONS),
            code: Disassembly::new(code),
            symbols: Symbols::new(""),
            folder: PathBuf::new(),
        };
        [("levitas_host", image)].into()
    }

    #[test]
    fn what_is_loaded_counts_where_it_lies_and_where_it_runs() {
        let expected = [("flash", 0x298 + 0x100 + 8), ("itcm", 0x100), ("ram", 0x28)];
        assert_eq!(needs(SECTIONS), expected.map(|(memory, bytes)| (memory.to_string(), bytes)).into());
    }

    #[test]
    fn two_percent_over_the_budget_pass_and_more_fails() {
        let budget = |ram: u64| -> Budgets {
            [(
                "levitas_host".into(),
                [("flash".into(), 1000), ("itcm".into(), 256), ("ram".into(), ram)].into(),
            )]
            .into()
        };
        assert_eq!(over_budget(&images(""), &budget(40)), [""; 0]);
        assert_eq!(over_budget(&images(""), &budget(39)).len(), 1);
        assert_eq!(over_budget(&images(""), &Budgets::new()).len(), 3, "no budget is no leave");
    }
}
