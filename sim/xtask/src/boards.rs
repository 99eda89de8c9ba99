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
use crate::firmware::Build;
use crate::generated;
use crate::process::{command, output};
use crate::project::Project;
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

/// Where the path of a levitation step begins: the interrupt and the thread, and what they call through pointers.
const PATH: [&str; 10] = [
    "levitas_levitation_thread",
    "sampler_isr",
    "release",
    "hall_displacement_fetch",
    "hall_angle_fetch",
    "coil_driver_fetch",
    "coil_driver_apply",
    "motor_inverter_fetch",
    "motor_inverter_fetch_bus_voltage",
    "motor_inverter_apply",
];

/// Threads whose stacks are walked, with the function that each begins with.
const STACKS: [(&str, &str); 7] = [
    ("main", "rust_main"),
    ("levitation", "levitas_levitation_thread"),
    ("link", "levitas_link_thread"),
    ("speed", "levitas_speed_thread"),
    ("circulation", "levitas_circulation_thread"),
    ("supervisor", "levitas_supervisor_thread"),
    ("alarm", "levitas_alarm_thread"),
];

/// What of it may lie in flash: what copies the ITCM itself, and the time of day, which is looked at when a snapshot begins.
const MAY_LIE_IN_FLASH: [&str; 7] = [
    "memcpy",
    "memset",
    "levitas_uptime_ms",
    "k_uptime_get_32",
    "__aeabi_uldivmod",
    "__udivmoddi4",
    "__aeabi_idiv0",
];

/// Cycles of a period of 50 us at 480 MHz, and what a step may take of it [%].
const PERIOD_CYCLES: f64 = 24_000.0;
const PART_MAX: f64 = 35.0;
/// Assumptions about what QEMU does not count.
const CYCLES_PER_INSTRUCTION: f64 = 1.0;
const REGISTERS: u64 = 60;
const CYCLES_PER_REGISTER: u64 = 25;

/// Bytes by memory.
type Needs = BTreeMap<String, u64>;
/// Needs by board.
type Budgets = BTreeMap<String, Needs>;

/// An image that was built.
struct Image {
    needs: Needs,
    code: Disassembly,
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
    let mut wrong = outside_itcm(&images);
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
    Ok(Image { needs: needs(&objdump("-h")?), code: Disassembly::new(&objdump("-d")?), folder })
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

/// Functions of the levitation path that do not lie in the ITCM, one phrase each; a name of [`PATH`] that an image does not have is one, too.
fn outside_itcm(images: &BTreeMap<&str, Image>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (board, image) in images {
        for root in PATH.iter().filter(|root| image.code.get(root).is_none()) {
            wrong.push(format!("{board}: there is no function {root} to begin the levitation path with"));
        }
        for (address, caller) in image.code.reached(&PATH) {
            let name = image.code.name(address);
            if !ITCM.contains(&address) && !MAY_LIE_IN_FLASH.contains(&name) {
                let caller = image.code.name(caller);
                wrong.push(format!(
                    "{board}: {name}, called by {caller}, lies at 0x{address:08x} and not in the ITCM"
                ));
            }
        }
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
    let reached = image.code.reached(&PATH);
    let around: u64 = reached
        .keys()
        .filter(|address| !image.code.name(**address).contains("levitas_core"))
        .filter_map(|address| image.code.at(*address))
        .map(|function| function.instructions)
        .sum();
    let longest = levitation.longest.unwrap_or(levitation.mean);
    let cycles = |step: u64| {
        (step + around) as f64 * CYCLES_PER_INSTRUCTION + (REGISTERS * CYCLES_PER_REGISTER) as f64
    };
    let part = |step: u64| 100.0 * cycles(step) / PERIOD_CYCLES;
    let verdict = |step: u64| if part(step) <= PART_MAX { "held" } else { "MISSED" };
    format!(
        "| step of the core | instructions | with the code around it | cycles | of the period, at most {PART_MAX} % | |\n\
         |---|---|---|---|---|---|\n\
         | mean, 4000 rpm | {} | {} | {:.0} | {:.1} % | {} |\n\
         | longest | {longest} | {} | {:.0} | {:.1} % | {} |\n\n\
         Assumed: {CYCLES_PER_INSTRUCTION} cycles an instruction (the Cortex-M7 issues up to two at a time, and code and data are in the TCMs), \
         {REGISTERS} accesses to registers of peripherals of {CYCLES_PER_REGISTER} cycles each beyond their own instruction; interrupt, port, drivers and \
         the switch to the thread cost every instruction of each of their functions once, {around} in all. Instructions of the step: QEMU's Cortex-M7, with the profile of the image.\n",
        levitation.mean,
        levitation.mean + around,
        cycles(levitation.mean),
        part(levitation.mean),
        verdict(levitation.mean),
        longest + around,
        cycles(longest),
        part(longest),
        verdict(longest),
    )
}

/// The most that each thread takes of its stack by the calls in the image.
fn stack_table(image: &Image) -> String {
    let mut text = String::from("| thread | deepest call |\n|---|---|\n");
    for (thread, root) in STACKS {
        let _ = writeln!(text, "| {thread} | {} bytes |", image.code.deepest(root));
    }
    text
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
        "### Memory\n\n{}\n### Time\n\n{}\n### Stacks\n\nBy a walk over the calls of the image of the host, without what calls through \
         pointers and interrupts take; what was used on QEMU after all suites is shown by the suite `worst_stacks`, which wants 30 % to spare.\n\n{}\n### Pins\n\n{}\n",
        needs_table(images),
        path_table(&levitation, host),
        stack_table(host),
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
        let image = Image { needs: needs(SECTIONS), code: Disassembly::new(code), folder: PathBuf::new() };
        [("levitas_host", image)].into()
    }

    #[test]
    fn what_is_loaded_counts_where_it_lies_and_where_it_runs() {
        let expected = [("flash", 0x298 + 0x100 + 8), ("itcm", 0x100), ("ram", 0x28)];
        assert_eq!(needs(SECTIONS), expected.map(|(memory, bytes)| (memory.to_string(), bytes)).into());
    }

    #[test]
    fn code_outside_the_itcm_is_found_with_its_caller() {
        let code: String = (0..)
            .zip(PATH)
            .map(|(at, root)| format!("0000004{at} <{root}>:\n 40:\tbl\t8000200 <slow>\n"))
            .collect();
        let wrong = outside_itcm(&images(&format!("{code}\n08000200 <slow>:\n 8000200:\tbx\tlr\n")));
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].contains("slow") && wrong[0].contains("0x08000200"), "{wrong:?}");
        assert_eq!(outside_itcm(&images("")).len(), PATH.len(), "a path without its beginnings is none");
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
