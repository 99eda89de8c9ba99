// SPDX-License-Identifier: Apache-2.0
//! The least that a program needs to run on an emulated Cortex-M: start, clock, text, end.
//!
//! # Clock
//! Under QEMU with `-icount shift=0` an instruction takes one nanosecond and SysTick counts at the clock of the board.
//! How many instructions a tick is worth, a loop of known length tells at the start, so no board's frequency has to be
//! believed: 31.25 on mps3-an547, whose clock is 32 MHz there and 25 MHz in Zephyr's device tree.
#![allow(unsafe_code)]

use core::arch::{asm, naked_asm};
use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::ptr::{read_volatile, write_volatile};

use crate::Clock;

/// Control, reload value and present value of SysTick.
const SYST_CSR: *mut u32 = 0xe000_e010 as *mut u32;
const SYST_RVR: *mut u32 = 0xe000_e014 as *mut u32;
const SYST_CVR: *mut u32 = 0xe000_e018 as *mut u32;
/// Enabled, no interrupt, clock of the processor.
const SYST_ON: u32 = 0b101;
/// SysTick is 24 bits wide and counts down.
const TICKS_MAX: u32 = 0x00ff_ffff;
/// Turns of the calibration loop, two instructions each.
const CALIBRATION_TURNS: u32 = 1_000_000;
/// Semihosting calls: write a text that ends with 0, end the program.
const SYS_WRITE0: u32 = 0x04;
const SYS_EXIT: u32 = 0x18;
/// Reasons to end: as a program does, or by an error.
const EXIT_OK: u32 = 0x20026;
const EXIT_ERROR: u32 = 0x20023;

unsafe extern "C" {
    static stack_top: u32;
}

/// What the processor reads at reset.
#[repr(C)]
struct Vectors {
    stack: *const u32,
    reset: unsafe extern "C" fn() -> !,
    faults: [extern "C" fn() -> !; 14],
}
// SAFETY: it is never written.
unsafe impl Sync for Vectors {}

#[unsafe(link_section = ".vectors")]
#[used]
static VECTORS: Vectors = Vectors { stack: &raw const stack_top, reset, faults: [fault; 14] };

/// Switches the floating-point unit on (CPACR) before any code that uses it.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn reset() -> ! {
    naked_asm!(
        "ldr r0, =0xe000ed88",
        "ldr r1, [r0]",
        "orr r1, r1, #0xf00000",
        "str r1, [r0]",
        "dsb",
        "isb",
        "bl {start}",
        start = sym start,
    )
}

extern "C" fn start() -> ! {
    // SAFETY: SysTick belongs to the core, and nobody else uses it.
    unsafe {
        write_volatile(SYST_RVR, TICKS_MAX);
        write_volatile(SYST_CVR, 0);
        write_volatile(SYST_CSR, SYST_ON);
    }
    crate::measure(&SysTick::calibrated(), &mut Terminal);
    exit(EXIT_OK)
}

extern "C" fn fault() -> ! {
    let _ = Terminal.write_str("# the processor reports a fault\n");
    exit(EXIT_ERROR)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Terminal, "# {info}");
    exit(EXIT_ERROR)
}

fn exit(reason: u32) -> ! {
    loop {
        semihost(SYS_EXIT, reason);
    }
}

fn semihost(operation: u32, parameter: u32) {
    // SAFETY: the two calls read at most a text, which lives through the call.
    unsafe { asm!("bkpt 0xab", inout("r0") operation => _, in("r1") parameter) };
}

/// Text to QEMU's terminal.
struct Terminal;

impl Write for Terminal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for chunk in text.as_bytes().chunks(63) {
            let mut buffer = [0_u8; 64];
            buffer[..chunk.len()].copy_from_slice(chunk);
            semihost(SYS_WRITE0, buffer.as_ptr() as u32);
        }
        Ok(())
    }
}

/// Counts instructions by SysTick.
struct SysTick {
    thousandths_per_tick: u64,
}

impl SysTick {
    fn calibrated() -> Self {
        let began = now();
        // SAFETY: counts a register down.
        unsafe { asm!("2: subs {0}, #1", "bne 2b", inout(reg) CALIBRATION_TURNS => _) };
        let ticks = u64::from(began.wrapping_sub(now()) & TICKS_MAX);
        Self { thousandths_per_tick: 2000 * u64::from(CALIBRATION_TURNS) / ticks.max(1) }
    }
}

fn now() -> u32 {
    // SAFETY: reads a register of the core.
    unsafe { read_volatile(SYST_CVR) }
}

impl Clock for SysTick {
    fn now(&self) -> u32 {
        now()
    }

    fn thousandths(&self, began: u32, ended: u32) -> u64 {
        u64::from(began.wrapping_sub(ended) & TICKS_MAX) * self.thousandths_per_tick
    }
}
