// SPDX-License-Identifier: Apache-2.0
//! `cargo xtask cost`: instructions per step of each task, against the budgets in `sim/xtask/cost.toml`.
//!
//! One program, `sim/cost`, is counted on three processors: on this machine by callgrind, on Cortex-M55 and Cortex-M7 by
//! QEMU. A step that costs more than [`TOLERANCE`] and the uncertainty of its clock above its line in the file fails;
//! `--renew` writes the file and `docs/cost.md` from what is counted now. What cannot be counted here is said and stays as it was.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::callgrind;
use crate::process::{command, find, output};
use crate::project::Project;
use crate::stage::{Obstacle, Outcome};
use crate::{Options, cost_page};

/// Budgets.
const FILE: &str = "sim/xtask/cost.toml";
/// Page made from them.
const PAGE: &str = "docs/cost.md";
/// What a step may cost over its budget before it fails.
const TOLERANCE: f64 = 1.05;
/// The parts in the order of the tables, with what they are.
pub(crate) const PARTS: [(&str, &str); 5] = [
    ("levitation", "levitation task, 4000 rpm, notch and learning at work"),
    ("lift_off", "levitation task, the recorded lift-off"),
    ("speed", "speed task"),
    ("circulation", "circulation task"),
    ("supervisor", "supervisor task"),
];
/// The processor of this machine in file and tables.
pub(crate) const HOST: &str = "x86-64";

/// A processor that QEMU plays.
struct Chip {
    name: &'static str,
    target: &'static str,
    machine: &'static str,
    /// Instructions between two counts of its clock.
    resolution: f64,
}

/// How the images of the boards are optimised: firmware/CMakeLists.txt.
const BOARD_PROFILE: [(&str, &str); 2] =
    [("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s"), ("CARGO_PROFILE_RELEASE_LTO", "fat")];

#[rustfmt::skip]
const CHIPS: [Chip; 2] = [
    Chip { name: "cortex-m55", target: "thumbv8m.main-none-eabihf", machine: "mps3-an547", resolution: 31.25 },
    Chip { name: "cortex-m7", target: "thumbv7em-none-eabihf", machine: "mps2-an500", resolution: 40.0 },
];

/// Instructions of one step: the mean, and the longest where it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    pub mean: u64,
    pub longest: Option<u64>,
    /// Three standard deviations of the mean, from the clock's resolution.
    pub uncertainty: u64,
}

/// Three standard deviations of a mean of so many differences of two readings: each has resolution^2 / 6. 4000 steps: 1; the 20 of
/// a task at 100 Hz: 11 instructions on the Cortex-M7, more than the tolerance.
fn uncertainty(resolution: f64, steps: u64) -> u64 {
    (3.0 * resolution / (6.0 * steps.max(1) as f64).sqrt()).ceil() as u64
}

/// Costs by part.
pub(crate) type Costs = BTreeMap<String, Cost>;
/// Budgets by processor and part.
type Budgets = BTreeMap<String, BTreeMap<String, u64>>;

/// What was counted on this machine, and what was not and why.
#[derive(Default)]
pub(crate) struct Counted {
    pub costs: BTreeMap<&'static str, Costs>,
    pub not_run: Vec<String>,
    /// Instructions of a levitation step by source file, on the host.
    pub files: Vec<(String, f64)>,
}

/// `cargo xtask cost [--renew]`.
pub(crate) fn run(project: &Project, options: &Options) -> Result<(), String> {
    if !options.has("--renew") {
        return check(project).map_err(|obstacle| obstacle.of("cost"));
    }
    let counted = count(project)?;
    if !counted.not_run.is_empty() {
        return Err(format!("the budgets need all processors; not run: {}", counted.not_run.join("; ")));
    }
    print!("{}", table(&counted, &Budgets::new()));
    for (path, text) in [(FILE, budgets_text(&counted)), (PAGE, cost_page::text(&counted))] {
        std::fs::write(project.root.join(path), text).map_err(|error| format!("{path}: {error}"))?;
        println!("{path} written");
    }
    Ok(())
}

/// Counts, prints, and fails when a step costs too much; not run where nothing can be counted.
pub(crate) fn check(project: &Project) -> Outcome {
    let budgets: Budgets =
        toml::from_str(&project.read(FILE)?).map_err(|error| format!("{FILE}: {}", error.message()))?;
    let counted = count(project)?;
    print!("{}", table(&counted, &budgets));
    for reason in &counted.not_run {
        println!("not run: {reason}");
    }
    let over = over_budget(&counted, &budgets);
    if let Some(first) = over.first() {
        let more = if over.len() > 1 { format!(", and {} more", over.len() - 1) } else { String::new() };
        return Err(Obstacle::Failed(format!("{first}{more}: shorten it, or cargo xtask cost --renew")));
    }
    match (counted.costs.is_empty(), counted.not_run.first()) {
        (true, Some(reason)) => Err(Obstacle::NotRun(reason.clone())),
        _ => Ok(()),
    }
}

/// Every processor that can be counted here.
fn count(project: &Project) -> Result<Counted, String> {
    let mut counted = Counted::default();
    match find("valgrind") {
        None => counted.not_run.push(format!("{HOST}: valgrind is missing")),
        Some(_) => {
            let program = build(project, None)?;
            let calls = steps(&output(command(project, &program).arg(""))?);
            let profile = callgrind::profile(project, &program)?;
            counted.costs.insert(HOST, profile.costs(&calls));
            counted.files = profile.files(calls.get("levitation").copied().unwrap_or(1));
        }
    }
    for chip in &CHIPS {
        match count_on(project, chip) {
            Ok(costs) => {
                counted.costs.insert(chip.name, costs);
            }
            Err(Obstacle::NotRun(reason)) => counted.not_run.push(format!("{}: {reason}", chip.name)),
            Err(Obstacle::Failed(reason)) => return Err(format!("{}: {reason}", chip.name)),
        }
    }
    Ok(counted)
}

/// The parts on a chip.
fn count_on(project: &Project, chip: &Chip) -> Result<Costs, Obstacle> {
    const QEMU: &str = "qemu-system-arm";
    if find(QEMU).is_none() {
        return Err(Obstacle::NotRun(format!("{QEMU} is missing")));
    }
    let sysroot = output(command(project, "rustc").args(["--print", "sysroot"]))?;
    if !Path::new(&sysroot).join("lib/rustlib").join(chip.target).join("lib").exists() {
        return Err(Obstacle::NotRun(format!("rustup target add {}", chip.target)));
    }
    let program = build(project, Some(chip.target))?;
    let mut qemu = command(project, "timeout");
    qemu.args(["120", QEMU, "-machine", chip.machine, "-cpu", chip.name, "-display", "none"]);
    qemu.args(["-monitor", "none", "-serial", "none", "-icount", "shift=0"]);
    // The chip's text goes to standard output only when that is asked for by name.
    qemu.args(["-chardev", "stdio,id=text", "-semihosting-config", "enable=on,target=native,chardev=text"]);
    let text = output(qemu.arg("-kernel").arg(program))?;
    let costs = parse(&text, chip.resolution);
    if costs.len() == PARTS.len() { Ok(costs) } else { Err(format!("QEMU printed: {text}").into()) }
}

/// A levitation step on the processor of the boards.
pub(crate) fn of_board(project: &Project) -> Result<Cost, Obstacle> {
    let [_, board] = &CHIPS;
    let costs = count_on(project, board)?;
    costs.get("levitation").copied().ok_or_else(|| Obstacle::Failed("no levitation step was counted".into()))
}

/// Builds the counted program and gives its place.
fn build(project: &Project, target: Option<&str>) -> Result<std::path::PathBuf, String> {
    let mut cargo = command(project, "cargo");
    cargo.args(["build", "--quiet", "--release", "-p", "levitas-cost"]).env_remove("RUSTFLAGS");
    cargo.env("CARGO_TARGET_DIR", &project.target);
    if let Some(target) = target {
        cargo.args(["--target", target]);
    }
    if target == Some(CHIPS[1].target) {
        cargo.envs(BOARD_PROFILE);
    }
    output(&mut cargo)?;
    Ok(project.target.join(target.unwrap_or_default()).join("release/levitas-cost"))
}

/// Lines `part steps mean longest`; what begins with # is for readers.
fn lines(text: &str) -> impl Iterator<Item = (String, [u64; 3])> + '_ {
    text.lines().filter_map(|line| {
        let (part, numbers) = line.split_once(' ')?;
        let numbers: Vec<u64> = numbers.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        Some((part.to_string(), numbers.try_into().ok()?))
    })
}

fn parse(text: &str, resolution: f64) -> Costs {
    let cost = |[steps, mean, longest]: [u64; 3]| Cost {
        mean,
        longest: Some(longest),
        uncertainty: uncertainty(resolution, steps),
    };
    lines(text).map(|(part, numbers)| (part, cost(numbers))).collect()
}

fn steps(text: &str) -> BTreeMap<String, u64> {
    lines(text).map(|(part, [steps, ..])| (part, steps)).collect()
}

/// The table on the terminal: part, then mean, longest and budget of each processor.
fn table(counted: &Counted, budgets: &Budgets) -> String {
    let mut text = String::from("  instructions a step      processor        mean  longest   budget\n");
    for (part, _) in PARTS {
        for (processor, costs) in &counted.costs {
            let Some(cost) = costs.get(part) else { continue };
            let longest = cost.longest.map_or("-".into(), |it| it.to_string());
            let budget = budget_of(budgets, processor, part).map_or("-".into(), |it| it.to_string());
            let _ = writeln!(text, "  {part:<24} {processor:<12} {:>8} {longest:>8} {budget:>8}", cost.mean);
        }
    }
    text
}

fn budget_of(budgets: &Budgets, processor: &str, part: &str) -> Option<u64> {
    budgets.get(processor)?.get(part).copied()
}

/// Steps that cost too much or have no budget, one phrase each.
fn over_budget(counted: &Counted, budgets: &Budgets) -> Vec<String> {
    let mut over = Vec::new();
    for (processor, costs) in &counted.costs {
        for (part, cost) in costs {
            match budget_of(budgets, processor, part) {
                None => over.push(format!("{FILE} has no budget for {part} on {processor}")),
                Some(budget) if cost.mean as f64 > TOLERANCE * budget as f64 + cost.uncertainty as f64 => {
                    over.push(format!(
                        "{part} on {processor}: {} instructions, {:.0} % over the budget of {budget}",
                        cost.mean,
                        100.0 * (cost.mean as f64 / budget as f64 - 1.0)
                    ))
                }
                Some(_) => (),
            }
        }
    }
    over
}

fn budgets_text(counted: &Counted) -> String {
    let mut text = String::from(
        "# SPDX-License-Identifier: Apache-2.0\n\
         # Instructions a step, counted by `cargo xtask cost --renew`. More than 5 % above a line fails.\n",
    );
    for (processor, costs) in &counted.costs {
        let _ = writeln!(text, "\n[{processor}]");
        for (part, _) in PARTS {
            if let Some(cost) = costs.get(part) {
                let _ = writeln!(text, "{part} = {}", cost.mean);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(levitation: u64) -> Counted {
        let costs = parse(&format!("# 0 touchdowns\nlevitation 4000 {levitation} 1600\n"), 31.25);
        Counted { costs: [("cortex-m55", costs)].into(), ..Counted::default() }
    }

    #[test]
    fn five_percent_over_the_budget_pass_and_more_fails() {
        let budgets: Budgets = toml::from_str("[cortex-m55]\nlevitation = 1000").expect("a table");
        assert_eq!(over_budget(&counted(1050), &budgets), [""; 0]);
        let over = over_budget(&counted(1061), &budgets);
        assert_eq!(over, ["levitation on cortex-m55: 1061 instructions, 6 % over the budget of 1000"]);
    }

    #[test]
    fn a_mean_of_few_steps_is_known_less_well() {
        assert_eq!([uncertainty(40.0, 4000), uncertainty(40.0, 20), uncertainty(0.0, 1)], [1, 11, 0]);
        let budgets: Budgets = toml::from_str("[cortex-m7]\ncirculation = 156").expect("a table");
        let circulation = |mean: u64| Counted {
            costs: [("cortex-m7", parse(&format!("circulation 20 {mean} 192\n"), 40.0))].into(),
            ..Counted::default()
        };
        assert_eq!(over_budget(&circulation(174), &budgets), [""; 0]);
        assert_eq!(over_budget(&circulation(176), &budgets).len(), 1);
    }

    #[test]
    fn a_part_without_a_budget_fails() {
        assert_eq!(over_budget(&counted(1), &Budgets::new()).len(), 1);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let budgets: Budgets = toml::from_str(&budgets_text(&counted(1499))).expect("a table");
        assert_eq!(budget_of(&budgets, "cortex-m55", "levitation"), Some(1499));
    }
}
