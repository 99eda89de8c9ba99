// SPDX-License-Identifier: Apache-2.0
//! Levitas on Zephyr: the start and the entries of the task threads; everything else is in `firmware`.
//!
//! Each thread owns its task, waits for its release, and exchanges data with the others through mailboxes alone.
//! The table of the threads is in `src/firmware/threads.c`.

#![no_std]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::undocumented_unsafe_blocks
)]

mod firmware;

use core::ffi::c_void;
use core::sync::atomic::Ordering;

use firmware::{kits, link, retained, shim, units};

/// Called by `main`: builds the tasks and starts the threads, or says why not and leaves everything open.
#[unsafe(no_mangle)]
extern "C" fn rust_main() {
    if let Err(error) = units::build() {
        zephyr::printkln!("levitas: not started: configuration: {}", error);
        return;
    }
    let result = shim::start_threads();
    if result != 0 {
        zephyr::printkln!("levitas: not started: error {}", result);
    }
    // A long read, for which no rotor waits that is to be held again.
    kits::at_start();
}

/// 20 kHz: samples in, duties out; then a sample for the snapshot.
#[unsafe(no_mangle)]
extern "C" fn levitas_levitation_thread(thread: *mut c_void, unit: usize, _: usize) {
    let Some((unit, task)) = units::claim(unit, |unit| &unit.levitation) else { return };
    #[cfg(levitas_records)]
    let mut writer = levitas_core::records::snapshot::SnapshotWriter::default();
    loop {
        shim::wait(thread);
        let outputs = task.step(&shim::read_levitation(unit.number), &unit.mail);
        shim::write_levitation(unit.number, &outputs);
        #[cfg(levitas_records)]
        writer.step(&unit.mail, &unit.snapshot, shim::uptime_ms);
    }
}

/// 2 kHz: what this unit says to the other one, and hears of it.
#[unsafe(no_mangle)]
extern "C" fn levitas_link_thread(thread: *mut c_void, unit: usize, _: usize) {
    let Some((unit, task)) = units::claim(unit, |unit| &unit.link) else { return };
    let Some(receiver) = unit.receiver.claim() else { return };
    let mut line = link::Line::new(unit);
    loop {
        let releases = shim::wait(thread);
        task.stood(releases.saturating_sub(1));
        line.listen(task);
        link::hear_bus(unit, receiver, task);
        let outputs = task.step(&unit.mail);
        line.speak(unit, &outputs);
    }
}

/// 1 kHz: rotor speed in, torque current out.
#[unsafe(no_mangle)]
extern "C" fn levitas_speed_thread(thread: *mut c_void, unit: usize, _: usize) {
    let Some((unit, task)) = units::claim(unit, |unit| &unit.speed) else { return };
    loop {
        shim::wait(thread);
        task.step(&unit.mail);
    }
}

/// 100 Hz: flow and pressures in, speed set-point out.
#[unsafe(no_mangle)]
extern "C" fn levitas_circulation_thread(thread: *mut c_void, unit: usize, _: usize) {
    let Some((unit, task)) = units::claim(unit, |unit| &unit.circulation) else { return };
    loop {
        shim::wait(thread);
        task.step(&shim::read_circulation(unit.number), &unit.mail);
    }
}

/// 100 Hz: mains and battery, commands and states; then what the next start needs of them, and an alarm where the alarm task is silent.
#[unsafe(no_mangle)]
extern "C" fn levitas_supervisor_thread(thread: *mut c_void, unit: usize, _: usize) {
    let Some((unit, task)) = units::claim(unit, |unit| &unit.supervisor) else { return };
    #[cfg(levitas_power)]
    let Some(power) = unit.power.claim() else { return };
    loop {
        shim::wait(thread);
        #[cfg(levitas_power)]
        if let Some(samples) = shim::read_power(unit.number) {
            shim::write_power(unit.number, &power.step(&samples, &unit.mail));
        }
        task.know_settings(unit.settings_known.load(Ordering::Relaxed));
        task.step(&unit.mail);
        retained::keep(unit);
        if let Some(status) = task.sounds() {
            shim::write_alarm_signal(unit.number, status);
        }
    }
}

/// 100 Hz: what is shown, heard and lit, and what of all that is written down.
#[unsafe(no_mangle)]
extern "C" fn levitas_alarm_thread(thread: *mut c_void, unit: usize, _: usize) {
    let Some((unit, task)) = units::claim(unit, |unit| &unit.alarm) else { return };
    #[cfg(levitas_records)]
    let Some(watch) = unit.watch.claim() else { return };
    loop {
        shim::wait(thread);
        let status = task.step(&unit.mail);
        shim::write_alarm_signal(unit.number, &status);
        #[cfg(levitas_records)]
        watch.step(&unit.mail, &status, shim::uptime_ms(), &unit.events);
    }
}

/// 10 Hz: the cut-out's own sensors and button in, its own relay out.
#[cfg(levitas_warming)]
#[unsafe(no_mangle)]
extern "C" fn levitas_cut_out_thread(thread: *mut c_void, unit: usize, _: usize) {
    let Some((unit, task)) = units::claim(unit, |unit| &unit.cut_out) else { return };
    loop {
        shim::wait(thread);
        let outputs = task.step(&shim::read_cut_out(), &unit.mail);
        shim::write_cut_out(&outputs);
    }
}

/// 10 Hz: temperatures of water and blood in, heater and water pump out.
#[cfg(levitas_warming)]
#[unsafe(no_mangle)]
extern "C" fn levitas_warming_thread(thread: *mut c_void, unit: usize, _: usize) {
    let Some((unit, task)) = units::claim(unit, |unit| &unit.warming) else { return };
    loop {
        shim::wait(thread);
        let outputs = task.step(&shim::read_warming(), &unit.mail);
        shim::write_warming(&outputs);
    }
}
