// SPDX-License-Identifier: Apache-2.0
//! What each thread of an image takes of its stack at most, by a walk over the calls, and what it has.
//!
//! A call through a pointer is taken for the deepest of what [`THREADS`] says that the thread reaches by one; a frame of an exception comes
//! on top, as interrupts have a stack of their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::disassembly::Disassembly;

/// What must be left of a stack [%].
const SPARE_PERCENT: u64 = 30;
/// Registers that an exception leaves on the stack, with those of the floating-point unit and the alignment.
const EXCEPTION_BYTES: u64 = 112;
/// The guard of the MPU at the end of a stack, which the symbol of the stack counts.
const GUARD_BYTES: u64 = 128;

/// A thread: its name, file and function that it begins with, the symbol of its stack, what it reaches through pointers.
struct Thread {
    name: &'static str,
    file: &'static str,
    root: &'static str,
    stack: &'static str,
    behind: &'static [&'static str],
}

const fn thread(
    name: &'static str,
    file: &'static str,
    root: &'static str,
    stack: &'static str,
    behind: &'static [&'static str],
) -> Thread {
    Thread { name, file, root, stack, behind }
}

/// Bridges, their samples, the hardware watchdog.
const FAST: &[&str] = &["coil_driver_apply", "coil_driver_fetch", "motor_inverter_apply", "iwdg_stm32_feed"];
/// The flash behind its bus, the console.
const STORAGE: &[&str] =
    &["spi_nor_read", "spi_nor_write", "spi_nor_erase", "spi_stm32_transceive", "iwdg_stm32_feed"];
/// Buses.
const SPI: &[&str] = &["spi_stm32_transceive"];
const I2C: &[&str] = &["i2c_stm32_transfer"];
/// Converters on a bus.
const CONVERTERS: &[&str] = &["ads114s0x_read", "adc_ads7052_read", "spi_stm32_transceive"];
/// What a task does itself beside its own calls: pins, the watchdog.
const TASK: &[&str] = &["gpio_stm32_port_set_bits_raw", "iwdg_stm32_feed"];
/// Puts out text, a character at a time.
const TEXT: [&str; 3] = ["z_cbvprintf_impl", "outs", "vprintk"];

/// Threads of a host; those that the drive has not are left out there. `UNIT` stands for the name of the unit.
const THREADS: [Thread; 18] = [
    thread("main", "", "rust_main", "z_main_stack", STORAGE),
    thread("levitation", "", "levitas_levitation_thread", "_k_thread_stack_levitas_UNIT_levitation", FAST),
    thread(
        "link",
        "",
        "levitas_link_thread",
        "_k_thread_stack_levitas_UNIT_link",
        &["can_mcan_send", "iwdg_stm32_feed"],
    ),
    thread("speed", "", "levitas_speed_thread", "_k_thread_stack_levitas_UNIT_speed", &["iwdg_stm32_feed"]),
    thread("circulation", "", "levitas_circulation_thread", "_k_thread_stack_levitas_UNIT_circulation", TASK),
    thread("supervisor", "", "levitas_supervisor_thread", "_k_thread_stack_levitas_UNIT_supervisor", TASK),
    thread("alarm", "", "levitas_alarm_thread", "_k_thread_stack_levitas_UNIT_alarm", TASK),
    thread("cut-out", "", "levitas_cut_out_thread", "_k_thread_stack_levitas_UNIT_cut_out", TASK),
    thread("warming", "", "levitas_warming_thread", "_k_thread_stack_levitas_UNIT_warming", TASK),
    thread("flow meter", "flow_meter_tdc.c", "run", "_k_thread_stack_levitas_flow_meter_0", CONVERTERS),
    thread("ECG", "ecg_ads1292r.c", "run", "_k_thread_stack_levitas_ecg_0", SPI),
    thread("pressures", "pressure_bridge.c", "run", "_k_thread_stack_levitas_pressure_0", CONVERTERS),
    thread("gate driver", "gate_driver_drv8353.c", "run", "gate_driver_stack_0", SPI),
    thread("converter on I2C", "ads1115.c", "scan", "ads1115_stack_0", I2C),
    thread("settings", "settings.c", "run", "_k_thread_stack_levitas_settings", STORAGE),
    thread("records", "records.c", "run", "_k_thread_stack_levitas_records", STORAGE),
    thread("commissioning", "commission.c", "follower", "_k_thread_stack_levitas_commission", STORAGE),
    thread("system work queue", "work.c", "work_queue_main", "sys_work_q_stack", TASK),
];

/// Functions and objects of an image by file and name, each with address and size; what is not local to a file is of the file "".
pub(crate) struct Symbols(BTreeMap<(String, String), (u64, u64)>);

impl Symbols {
    /// From the text of `objdump -t`.
    pub(crate) fn new(text: &str) -> Self {
        let mut file = "";
        let mut symbols = BTreeMap::new();
        for line in text.lines() {
            let Some((before, after)) = line.split_once('\t') else { continue };
            let (Some(flags), Some((size, name))) = (before.get(9..16), after.split_once(' ')) else {
                continue;
            };
            if flags.contains('f') {
                file = name;
                continue;
            }
            let hex = |text: &str| u64::from_str_radix(text, 16).ok();
            if let (Some(address), Some(size)) = (before.get(..8).and_then(hex), hex(size)) {
                let of = if flags.starts_with('l') { file } else { "" };
                symbols.insert(
                    (of.to_string(), name.trim_start_matches(".hidden ").to_string()),
                    (address, size),
                );
            }
        }
        Self(symbols)
    }

    fn get(&self, file: &str, name: &str) -> Option<(u64, u64)> {
        self.0.get(&(file.to_string(), name.to_string())).copied()
    }

    fn anywhere(&self, name: &str) -> Option<(u64, u64)> {
        self.0.iter().find(|((_, other), _)| other == name).map(|(_, found)| *found)
    }
}

/// A row each of what a thread needs and has, and what is wrong with them.
pub(crate) fn table(code: &Disassembly, symbols: &Symbols, unit: &str) -> (String, Vec<String>) {
    let mut text = String::from("| thread | deepest call | stack | spare | |\n|---|---|---|---|---|\n");
    let mut wrong = Vec::new();
    for thread in &THREADS {
        let stack = symbols.anywhere(&thread.stack.replace("UNIT", unit));
        // A host has them all.
        let mut lacks = |name: &str| {
            if unit == "host" {
                wrong.push(format!(
                    "the row {} of the stacks asks for {name}, which the image does not have",
                    thread.name
                ));
            }
        };
        let Some((root, _)) = symbols.get(thread.file, thread.root) else {
            lacks(thread.root);
            continue;
        };
        let Some((_, size)) = stack else {
            lacks(thread.stack);
            continue;
        };
        let mut behind = Vec::new();
        for name in thread.behind {
            match symbols.anywhere(name) {
                Some((at, _)) => behind.push(at & !1),
                None => lacks(name),
            }
        }
        let need = code.deepest(root & !1, &behind, &TEXT) + EXCEPTION_BYTES;
        let size = size.saturating_sub(GUARD_BYTES);
        let spare = 100 * size.saturating_sub(need) / size.max(1);
        let verdict = if spare >= SPARE_PERCENT { "held" } else { "MISSED" };
        let _ = writeln!(text, "| {} | {need} bytes | {size} bytes | {spare} % | {verdict} |", thread.name);
        if spare < SPARE_PERCENT {
            wrong.push(format!("the stack of {} has {size} bytes, its calls take {need}", thread.name));
        }
    }
    (text, wrong)
}
#[cfg(test)]
mod tests {
    use super::*;

    const SYMBOLS: &str = "\
00000000 l    df *ABS*\t00000000 settings.c
08000201 l     F text\t00000010 run
00000000 l    df *ABS*\t00000000 ecg_ads1292r.c
08000101 l     F text\t00000020 run
20000000 g     O noinit\t00000480 _k_thread_stack_levitas_ecg_0
08000301 l     F text\t00000020 spi_stm32_transceive
";
    const CODE: &str = "
08000100 <run>:
 8000100:\tsub\tsp, #400
 8000102:\tblx\tr3

08000200 <run>:
 8000200:\tsub\tsp, #2000

08000300 <spi_stm32_transceive>:
 8000300:\tsub\tsp, #204
";

    #[test]
    fn a_thread_is_known_by_its_file_and_a_pointer_by_what_it_may_be() {
        let (text, wrong) = table(&Disassembly::new(CODE), &Symbols::new(SYMBOLS), "drive");
        assert!(text.contains("| ECG | 716 bytes | 1024 bytes | 30 % | held |"), "{text}");
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn less_than_thirty_percent_to_spare_is_found() {
        let deeper = CODE.replace("#204", "#208");
        let (_, wrong) = table(&Disassembly::new(&deeper), &Symbols::new(SYMBOLS), "drive");
        assert_eq!(wrong, ["the stack of ECG has 1024 bytes, its calls take 720"]);
    }
    #[test]
    fn a_row_that_finds_nothing_is_found_on_a_host() {
        let (_, wrong) = table(&Disassembly::new(CODE), &Symbols::new(SYMBOLS), "host");
        assert!(wrong.contains(
            &"the row main of the stacks asks for rust_main, which the image does not have".into()
        ));
        assert!(wrong.iter().all(|wrong| !wrong.contains("the row ECG")), "{wrong:?}");
    }
}
