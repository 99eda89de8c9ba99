// SPDX-License-Identifier: Apache-2.0
//! What a period of the levitation task runs in the image of a board: where it lies, and an upper bound of its instructions.
//!
//! # Model
//! The walk begins at the [exceptions and the thread](PATH) and follows each call by name and, through [`POINTERS`], each by pointer; the calls
//! of [`NEVER`] it leaves out. A call costs its instructions each once, those of loops as often as [`LOOPS`] says, and what it calls
//! each time anew. The step of the core is not bounded but counted, by `cargo xtask cost`.
//!
//! # Limits and failure
//! A pointer or a loop that the tables do not name fails, and so does a name in them that an image does not have. Both ways of a branch
//! count.

use std::collections::{BTreeMap, BTreeSet};

use crate::disassembly::{Disassembly, Function};
use crate::loops;

/// Exceptions and threads of a period, with how often: interrupt of the sampler, switch to the thread and away from it, the thread's step.
pub(crate) const PATH: [(&str, u64); 3] =
    [("_isr_wrapper", 1), ("z_arm_pendsv", 2), ("levitas_levitation_thread", 1)];

/// What may interrupt it: the system clock, with all timeouts due at once.
pub(crate) const TIMERS: [(&str, u64); 1] = [("sys_clock_isr", 1)];

/// What of the core a period runs, which is counted.
const COUNTED: [&str; 2] = ["LevitationTask4step", "SnapshotWriter4step"];

/// A function that calls through pointers.
struct Pointers {
    caller: &'static str,
    /// What stands behind each of its calls, one of them each time; none, if the path does not come to that call.
    targets: &'static [&'static [&'static str]],
}

/// Calls through pointers in the path, from the wiring of the devices in `boards/levitas` and the code of Zephyr.
const POINTERS: &[Pointers] = &[
    Pointers { caller: "_isr_wrapper", targets: &[&["sampler_isr"]] },
    Pointers { caller: "sampler_isr", targets: &[&["release"]] },
    Pointers {
        caller: "levitas_port_read_levitation",
        targets: &[
            &["hall_displacement_fetch"],
            &["hall_angle_fetch"],
            &["coil_driver_fetch"],
            &["motor_inverter_fetch"],
            &["motor_inverter_fetch_bus_voltage"],
        ],
    },
    Pointers {
        caller: "levitas_port_write_levitation",
        // The first is a trial of a bridge (levitas bridge), which nobody makes while a rotor is held.
        targets: &[&[], &["coil_driver_apply"], &["motor_inverter_apply"]],
    },
    Pointers { caller: "hall_displacement_fetch", targets: &[SAMPLER] },
    Pointers { caller: "hall_angle_fetch", targets: &[SAMPLER] },
    Pointers { caller: "coil_driver_fetch", targets: &[SAMPLER] },
    Pointers { caller: "pair_read", targets: &[&["gpio_stm32_port_get_raw"]] },
    Pointers { caller: "coil_driver_apply", targets: &[SAMPLER] },
    Pointers {
        caller: "gpio_pin_set_dt",
        targets: &[&["gpio_stm32_port_set_bits_raw", "gpio_stm32_port_clear_bits_raw"]],
    },
    Pointers { caller: "levitas_sampler_latest", targets: &[SAMPLER] },
    Pointers { caller: "levitas_thread_wait", targets: &[&["iwdg_stm32_feed"]] },
    // threads.c keeps the hardware watchdog itself and gives the task watchdog none.
    Pointers { caller: "schedule_next_timeout", targets: &[&[]] },
    // Timers and threads that wait for a time; the timer of the task watchdog fires when a task stands.
    Pointers {
        caller: "sys_clock_announce",
        targets: &[&["z_timer_expiration_handler", "z_thread_timeout"]],
    },
    Pointers { caller: "z_timer_expiration_handler", targets: &[&["release_by_timer"]] },
];

const SAMPLER: &[&str] = &["sampler_latest"];

/// Loops, with how often any instruction of them runs in one call at most.
const LOOPS: &[(&str, u64, &str)] = &[
    ("levitas_levitation_thread", 1, "a turn is a period"),
    ("levitas_thread_wait", 1, "a second wait is one of the next period"),
    ("__aeabi_memclr4", 15, "words of the samples"),
    ("sampler_isr", 4, "three converters, and a second look at a flag: they end within two of their clocks"),
    ("hall_displacement_fetch", 4, "Halls"),
    ("hall_angle_fetch", 2, "Halls"),
    ("pair_read", 8, "inputs of the pair"),
    ("coil_driver_fetch", 2, "axes"),
    ("write_duty", 2, "axes"),
    ("motor_inverter_fetch", 3, "phases"),
    ("update_duty", 3, "phases"),
    ("schedule_next_timeout", 7, "channels: six tasks and none for the hardware"),
    ("add_to_waitq_locked", 1, "a task waits alone for its release"),
    ("ready_thread", THREADS, "threads that are ready before it"),
    ("z_add_timeout", TIMEOUTS, "timeouts that are due before it"),
    ("sys_clock_announce", TIMEOUTS, "timeouts that are due at once: all of them"),
    ("arm_core_mpu_configure_dynamic_mpu_regions", 16, "regions of the MPU"),
    ("mpu_configure_regions", 1, "the guard of the thread is the one dynamic region"),
];

/// Timers of the tasks and of the task watchdog, the sensors' threads, and what the drivers wait for.
const TIMEOUTS: u64 = 24;
/// Threads of an image: tasks, sensors, converters, storage, records, shell, work queue, main.
const THREADS: u64 = 24;

/// Calls that the path does not come to: by whom, of what, and why not.
const NEVER: &[(&str, &str, &str)] = &[
    ("z_handle_obj_poll_events", "signal_poll_event", "nobody polls the semaphore of a task"),
    ("mpu_configure_regions", "z_log_minimal_printk", "the MPU has a region for each guard"),
    ("region_allocate_and_init", "z_log_minimal_printk", "the MPU has a region for each guard"),
    ("z_pend_curr", "z_add_timeout", "a task waits for its release without a limit"),
];

/// What of the path may lie in flash, with the reason.
const MAY_LIE_IN_FLASH: &[(&str, &str)] = &[
    ("memcpy", "copies the ITCM itself"),
    ("memset", "clears memory before the ITCM is there"),
    ("levitas_uptime_ms", TIME_OF_DAY),
    ("k_uptime_get_32", TIME_OF_DAY),
    ("__aeabi_uldivmod", TIME_OF_DAY),
    ("__udivmoddi4", TIME_OF_DAY),
    ("__aeabi_idiv0", TIME_OF_DAY),
];

const TIME_OF_DAY: &str = "the time is looked at when a snapshot begins";

/// A name as the source has it: the compiler appends to it how it has specialised a function.
fn plain(name: &str) -> &str {
    ["isra", "constprop", "part", "cold"]
        .iter()
        .find_map(|kind| name.split_once(&format!(".{kind}")))
        .map_or(name, |(plain, _)| plain)
}

/// Whether a name in a table means this function: the whole name, or for Rust a part of the mangled one.
fn means(entry: &str, function: &Function) -> bool {
    plain(&function.name) == entry || (function.name.starts_with("_ZN") && function.name.contains(entry))
}

fn pointers_of(function: &Function) -> Option<&'static Pointers> {
    POINTERS.iter().find(|entry| means(entry.caller, function))
}

fn find(code: &Disassembly, name: &str) -> Option<u64> {
    code.functions().find(|(_, function)| means(name, function)).map(|(address, _)| address)
}

/// Addresses of all that these reach, theirs among it; each with that of who called it first.
fn reached(code: &Disassembly, roots: &[(&str, u64)]) -> BTreeMap<u64, u64> {
    let mut found = BTreeMap::new();
    let mut next: Vec<(u64, u64)> =
        roots.iter().filter_map(|(root, _)| find(code, root)).map(|root| (root, root)).collect();
    while let Some((address, caller)) = next.pop() {
        let address = code.behind(address);
        let Some(function) = code.at(address) else { continue };
        if found.contains_key(&address) || code.at(caller).is_some_and(|caller| is_never(caller, function)) {
            continue;
        }
        found.insert(address, caller);
        next.extend(function.calls.values().map(|call| (*call, address)));
        let behind =
            pointers_of(function).into_iter().flat_map(|entry| entry.targets.iter().copied().flatten());
        next.extend(behind.filter_map(|name| find(code, name)).map(|target| (target, address)));
    }
    found
}

/// What is wrong with the path of an image, one phrase each: code outside the ITCM, pointers and loops that no table names, names that are not there.
pub(crate) fn findings(code: &Disassembly, itcm: &std::ops::Range<u64>) -> Vec<String> {
    let mut wrong = Vec::new();
    let roots = [PATH.as_slice(), TIMERS.as_slice()].concat();
    let targets = POINTERS.iter().flat_map(|entry| entry.targets.iter().copied().flatten());
    let names = roots.iter().map(|(name, _)| name).chain(targets).chain(&COUNTED);
    let names: BTreeSet<&str> = names.copied().collect();
    wrong.extend(
        names
            .into_iter()
            .filter(|name| find(code, name).is_none())
            .map(|name| format!("there is no function {name}, of which the levitation path was made")),
    );
    let reached = reached(code, &roots);
    for (address, caller) in &reached {
        let Some(function) = code.at(*address) else { continue };
        if !itcm.contains(address) && !MAY_LIE_IN_FLASH.iter().any(|(name, _)| means(name, function)) {
            let caller = code.name(*caller);
            wrong.push(format!(
                "{}, called by {caller}, lies at 0x{address:08x} and not in the ITCM",
                function.name
            ));
        }
        let named = pointers_of(function).map_or(0, |entry| entry.targets.len());
        if function.pointers.len() != named {
            wrong.push(format!(
                "{}: {} calls through pointers, {named} in the table of fast_path.rs",
                function.name,
                function.pointers.len()
            ));
        }
    }
    let mut bound = Bound { code, known: BTreeMap::new(), unbounded: BTreeSet::new() };
    bound.of(&roots);
    wrong.extend(
        bound
            .unbounded
            .iter()
            .map(|name| format!("{name} has a loop that LOOPS in fast_path.rs does not name")),
    );
    wrong
}

/// Instructions of a period around the step of the core, at most.
pub(crate) fn instructions(code: &Disassembly, roots: &[(&str, u64)]) -> u64 {
    Bound { code, known: BTreeMap::new(), unbounded: BTreeSet::new() }.of(roots)
}

struct Bound<'a> {
    code: &'a Disassembly,
    known: BTreeMap<u64, u64>,
    unbounded: BTreeSet<String>,
}

impl Bound<'_> {
    fn of(&mut self, roots: &[(&str, u64)]) -> u64 {
        roots
            .iter()
            .map(|(root, times)| times * find(self.code, root).map_or(0, |root| self.below(root)))
            .sum()
    }

    /// One call; a recursion is counted once.
    fn below(&mut self, address: u64) -> u64 {
        let address = self.code.behind(address);
        if let Some(bound) = self.known.get(&address) {
            return *bound;
        }
        self.known.insert(address, 0);
        let bound = match self.code.at(address) {
            Some(function) if !COUNTED.iter().any(|name| means(name, function)) => self.within(function),
            _ => 0,
        };
        self.known.insert(address, bound);
        bound
    }

    fn within(&mut self, function: &Function) -> u64 {
        let times = LOOPS.iter().find(|(name, ..)| means(name, function)).map(|(_, times, _)| *times);
        let loops = if function.switches { None } else { loops::loops(&function.ways()) };
        if loops.as_ref().is_none_or(|loops| !loops.is_empty() && times.is_none()) {
            self.unbounded.insert(function.name.clone());
        }
        let repeated: BTreeSet<usize> = loops.into_iter().flatten().flatten().collect();
        let weight = |index: usize| if repeated.contains(&index) { times.unwrap_or(1) } else { 1 };
        let mut pointers = 1;
        let mut bound = 0;
        for (index, instruction) in function.instructions.iter().enumerate() {
            bound += weight(index);
            if let Some(target) = function.calls.get(&instruction.at).map(|target| self.code.behind(*target))
                && !self.code.at(target).is_some_and(|called| is_never(function, called))
            {
                bound += weight(index) * self.below(target);
            }
            if function.pointers.contains(&instruction.at) {
                pointers = pointers.max(weight(index));
            }
        }
        let behind = pointers_of(function).map_or(&[][..], |entry| entry.targets);
        let behind: u64 = behind
            .iter()
            .map(|targets| {
                targets
                    .iter()
                    .filter_map(|name| find(self.code, name))
                    .map(|it| self.below(it))
                    .max()
                    .unwrap_or(0)
            })
            .sum();
        bound + pointers * behind
    }
}

fn is_never(caller: &Function, called: &Function) -> bool {
    NEVER.iter().any(|(by, of, _)| means(by, caller) && means(of, called))
}
#[cfg(test)]
mod tests {
    use super::*;

    const ITCM: std::ops::Range<u64> = 0..0x1_0000;

    fn around(code: &str, names: &[&str]) -> Vec<String> {
        let findings = findings(&Disassembly::new(code), &ITCM);
        findings.into_iter().filter(|finding| names.iter().any(|name| finding.contains(name))).collect()
    }

    #[test]
    fn an_image_without_the_path_has_none() {
        let findings = findings(&Disassembly::new(""), &ITCM);
        for name in [
            "_isr_wrapper",
            "sampler_isr",
            "gpio_stm32_port_set_bits_raw",
            "sys_clock_isr",
            "LevitationTask4step",
        ] {
            assert!(findings.iter().any(|finding| finding.contains(name)), "{name}");
        }
    }

    #[test]
    fn code_outside_the_itcm_is_found_behind_a_pointer_with_its_caller() {
        let code = "00000040 <_isr_wrapper>:\n 40:\tblx\tr3\n\n08000200 <sampler_isr>:\n 8000200:\tbx\tlr\n";
        let wrong = around(code, &["sampler_isr, called by _isr_wrapper, lies at 0x08000200"]);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
    }

    #[test]
    fn a_pointer_that_no_table_names_fails() {
        let code = "00000040 <z_arm_pendsv>:\n 40:\tblx\tr3\n";
        assert_eq!(around(code, &["z_arm_pendsv: 1 calls through pointers, 0 in the table"]).len(), 1);
    }

    #[test]
    fn a_loop_that_no_table_names_fails() {
        let code = "00000040 <z_arm_pendsv>:\n 40:\tnop\n 42:\tbne.n\t40 <z_arm_pendsv>\n 44:\tbx\tlr\n";
        assert_eq!(around(code, &["z_arm_pendsv has a loop"]).len(), 1);
    }

    #[test]
    fn loops_calls_and_pointers_count_as_often_as_they_run() {
        // Of the sampler's interrupt a loop of two instructions, four times, then a pointer; the switch is twice in a period.
        let code = "
00000040 <_isr_wrapper>:
 40:\tblx\tr3
 42:\tbx\tlr

00000050 <sampler_isr>:
 50:\tnop
 52:\tbne.n\t50 <sampler_isr>
 54:\tblx\tr3
 56:\tbx\tlr

00000060 <release>:
 60:\tbx\tlr

00000070 <z_arm_pendsv>:
 70:\tbl\t80 <_ZN4core14LevitationTask4stepE>
 72:\tbx\tlr

00000080 <_ZN4core14LevitationTask4stepE>:
 80:\tbx\tlr
";
        assert_eq!(instructions(&Disassembly::new(code), &PATH), 2 + (4 * 2 + 2 + 1) + 2 * 2);
    }
}
