// SPDX-License-Identifier: Apache-2.0
//! The C functions that Rust calls, each behind a safe function; the header is `shim.h`.

use core::ffi::c_void;

use levitas_core::alarms::AlarmStatus;
use levitas_core::calibration::Place;
use levitas_core::ports::{CirculationInputs, LevitationInputs, LevitationOutputs};
#[cfg(levitas_warming)]
use levitas_core::ports::{CutOutInputs, CutOutOutputs, WarmingInputs, WarmingOutputs};
#[cfg(levitas_power)]
use levitas_core::ports::{PowerInputs, PowerOutputs};

use super::can::RawFrame;

// Safety of the whole block: the declarations mirror `shim.h`, whose structs the layout test compares.
unsafe extern "C" {
    fn levitas_thread_wait(thread: *mut c_void) -> u32;
    fn levitas_threads_start() -> i32;
    fn levitas_port_read_levitation(unit: u32, inputs: *mut LevitationInputs);
    fn levitas_port_write_levitation(unit: u32, outputs: *const LevitationOutputs);
    fn levitas_port_read_circulation(unit: u32, inputs: *mut CirculationInputs);
    fn levitas_port_write_alarm_signal(unit: u32, tone_hz: u32, light: u32);
    fn levitas_crash_take();
    #[cfg(levitas_warming)]
    fn levitas_port_read_warming(inputs: *mut WarmingInputs);
    #[cfg(levitas_warming)]
    fn levitas_port_write_warming(outputs: *const WarmingOutputs);
    #[cfg(levitas_warming)]
    fn levitas_port_read_cut_out(inputs: *mut CutOutInputs);
    #[cfg(levitas_warming)]
    fn levitas_port_write_cut_out(outputs: *const CutOutOutputs);
    #[cfg(levitas_power)]
    fn levitas_port_read_power(unit: u32, inputs: *mut PowerInputs) -> bool;
    #[cfg(levitas_power)]
    fn levitas_port_write_power(unit: u32, outputs: *const PowerOutputs);
    fn levitas_storage_mount() -> i32;
    fn levitas_storage_read(unit: u32, place: u32, bytes: *mut u8, size: u32) -> i32;
    fn levitas_storage_write(unit: u32, place: u32, bytes: *const u8, size: u32) -> i32;
    fn levitas_storage_entry_read(entry: u32, unit: u32, bytes: *mut u8, size: u32) -> i32;
    fn levitas_storage_entry_write(entry: u32, unit: u32, bytes: *const u8, size: u32) -> i32;
    fn levitas_storage_entry_delete(entry: u32, unit: u32) -> i32;
    fn levitas_kits_lock() -> bool;
    fn levitas_kits_unlock();
    fn levitas_kits_keep();
    fn levitas_serial_number() -> u32;
    fn levitas_retained_read(offset: u32, bytes: *mut u8, size: u32) -> i32;
    fn levitas_retained_write(offset: u32, bytes: *const u8, size: u32) -> i32;
    fn levitas_reset_cause() -> u32;
    fn levitas_reset_cause_clear() -> i32;
    fn levitas_retained_blank() -> i32;
    fn levitas_memory_check_ram() -> u32;
    fn levitas_memory_check_flash() -> u32;
    #[cfg(levitas_records)]
    fn levitas_uptime_ms() -> u32;
    #[cfg(levitas_records)]
    fn levitas_record_event(says: *const u8) -> i32;
    fn levitas_can_start() -> i32;
    fn levitas_can_send(frame: *const RawFrame) -> i32;
    fn levitas_can_receive(unit: u32, frame: *mut RawFrame) -> bool;
}

/// What [`start_can`] says where there is no controller, and [`blank_retained`] where there is no memory: `-ENODEV`.
pub(crate) const NO_DEVICE: i32 = -19;
/// Mirrors `enum levitas_storage_entry`.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(crate) enum Entry {
    Key = 0,
    Starts = 1,
    Settings = 2,
    Kits = 3,
}

/// How often what fails is tried at the start.
const READS: u32 = 3;
/// What the storage says of an entry that does not exist: `-ENOENT`.
pub(crate) const NO_ENTRY: i32 = -2;
/// What it says while it is not mounted: `-EACCES`.
pub(crate) const NOT_MOUNTED: i32 = -13;

/// Starts the threads of the table; a negative errno when a device or a rate is not as it must be.
pub(crate) fn start_threads() -> i32 {
    // SAFETY: no arguments; called once, from `rust_main`.
    unsafe { levitas_threads_start() }
}

/// Ends the step before and waits for the next release; `thread` is what the kernel gave the thread's entry. Returns how many
/// releases this one step serves: more than one when the thread is late.
pub(crate) fn wait(thread: *mut c_void) -> u32 {
    // SAFETY: the pointer is the thread's own row of the static thread table and came here unchanged.
    unsafe { levitas_thread_wait(thread) }
}

/// Samples the levitation devices of a unit.
pub(crate) fn read_levitation(unit: u32) -> LevitationInputs {
    let mut inputs = LevitationInputs::default();
    // SAFETY: the pointer is valid for the call, and `unit` exists because a thread of it is running.
    unsafe { levitas_port_read_levitation(unit, &raw mut inputs) };
    inputs
}

/// Commands the power stages of a unit.
pub(crate) fn write_levitation(unit: u32, outputs: &LevitationOutputs) {
    // SAFETY: as above.
    unsafe { levitas_port_write_levitation(unit, outputs) }
}

/// Samples the circulation devices of a unit.
pub(crate) fn read_circulation(unit: u32) -> CirculationInputs {
    let mut inputs = CirculationInputs::default();
    // SAFETY: as above.
    unsafe { levitas_port_read_circulation(unit, &raw mut inputs) };
    inputs
}

/// Sounds and shows what the alarm system says.
pub(crate) fn write_alarm_signal(unit: u32, status: &AlarmStatus) {
    let light = status.light.map_or(0, |colour| colour as u32);
    // SAFETY: as above.
    unsafe { levitas_port_write_alarm_signal(unit, status.tone_hz as u32, light) }
}

/// Samples mains and battery of a unit, if it measures them.
#[cfg(levitas_power)]
pub(crate) fn read_power(unit: u32) -> Option<PowerInputs> {
    let mut inputs = PowerInputs::default();
    // SAFETY: the pointer is valid for the call, and `unit` exists because a thread of it is running.
    unsafe { levitas_port_read_power(unit, &raw mut inputs) }.then_some(inputs)
}

/// Commands charger and test load of a unit.
#[cfg(levitas_power)]
pub(crate) fn write_power(unit: u32, outputs: &PowerOutputs) {
    // SAFETY: as above.
    unsafe { levitas_port_write_power(unit, outputs) }
}

/// Samples the devices of the warming control.
#[cfg(levitas_warming)]
pub(crate) fn read_warming() -> WarmingInputs {
    let mut inputs = WarmingInputs::default();
    // SAFETY: the pointer is valid for the call.
    unsafe { levitas_port_read_warming(&raw mut inputs) };
    inputs
}

/// Commands heater and water pump.
#[cfg(levitas_warming)]
pub(crate) fn write_warming(outputs: &WarmingOutputs) {
    // SAFETY: as above.
    unsafe { levitas_port_write_warming(outputs) }
}

/// Samples what belongs to the cut-out.
#[cfg(levitas_warming)]
pub(crate) fn read_cut_out() -> CutOutInputs {
    let mut inputs = CutOutInputs::default();
    // SAFETY: as above.
    unsafe { levitas_port_read_cut_out(&raw mut inputs) };
    inputs
}

/// Holds the relay of the cut-out, or not.
#[cfg(levitas_warming)]
pub(crate) fn write_cut_out(outputs: &CutOutOutputs) {
    // SAFETY: as above.
    unsafe { levitas_port_write_cut_out(outputs) }
}

/// Does it, and again where the storage fails.
fn insist<T>(mut act: impl FnMut() -> Result<T, i32>) -> Result<T, i32> {
    let mut done = act();
    for _ in 1..READS {
        if !done.as_ref().is_err_and(|error| ![NO_ENTRY, NOT_MOUNTED].contains(error)) {
            break;
        }
        done = act();
    }
    done
}

/// Makes the storage readable; a negative errno when it cannot be.
pub(crate) fn mount_storage() -> Result<(), i32> {
    insist(|| {
        // SAFETY: no arguments; called before the threads start.
        match unsafe { levitas_storage_mount() } {
            0 => Ok(()),
            error => Err(error),
        }
    })
}

/// Reads a copy of a calibration record; the number of bytes there are, which may be more than fit.
pub(crate) fn read_storage(unit: u32, place: Place, bytes: &mut [u8]) -> Result<usize, i32> {
    let size = u32::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: the pointer is valid for `size` bytes during the call.
    let count = unsafe { levitas_storage_read(unit, place as u32, bytes.as_mut_ptr(), size) };
    usize::try_from(count).map_err(|_| count)
}

/// Writes a copy of a calibration record.
pub(crate) fn write_storage(unit: u32, place: Place, bytes: &[u8]) -> Result<(), i32> {
    let size = u32::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: the pointer is valid for `size` bytes during the call.
    match unsafe { levitas_storage_write(unit, place as u32, bytes.as_ptr(), size) } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// Reads an entry; the number of bytes there are, which may be more than fit.
pub(crate) fn read_entry(entry: Entry, unit: u32, bytes: &mut [u8]) -> Result<usize, i32> {
    let size = u32::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: the pointer is valid for `size` bytes during the call.
    let count = unsafe { levitas_storage_entry_read(entry as u32, unit, bytes.as_mut_ptr(), size) };
    usize::try_from(count).map_err(|_| count)
}

/// The same, and again where the storage fails.
pub(crate) fn read_entry_surely(entry: Entry, unit: u32, bytes: &mut [u8]) -> Result<usize, i32> {
    insist(|| read_entry(entry, unit, bytes))
}

/// Waits until nobody else is at the list of kits; false when that takes too long.
pub(crate) fn lock_kits() -> bool {
    // SAFETY: no arguments; from threads alone.
    unsafe { levitas_kits_lock() }
}

/// Whoever waits for the list of kits may have it.
pub(crate) fn unlock_kits() {
    // SAFETY: no arguments; from the thread that has locked.
    unsafe { levitas_kits_unlock() }
}

/// The list of kits is to be written into the storage now.
pub(crate) fn keep_kits() {
    // SAFETY: no arguments.
    unsafe { levitas_kits_keep() }
}

/// Writes an entry.
pub(crate) fn write_entry(entry: Entry, unit: u32, bytes: &[u8]) -> Result<(), i32> {
    let size = u32::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: the pointer is valid for `size` bytes during the call.
    match unsafe { levitas_storage_entry_write(entry as u32, unit, bytes.as_ptr(), size) } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// Deletes an entry; 0 or a negative errno.
pub(crate) fn delete_entry(entry: Entry, unit: u32) -> i32 {
    // SAFETY: no pointers.
    unsafe { levitas_storage_entry_delete(entry as u32, unit) }
}

/// Since the start of the image; wraps.
#[cfg(levitas_records)]
pub(crate) fn uptime_ms() -> u32 {
    // SAFETY: no arguments.
    unsafe { levitas_uptime_ms() }
}

/// Writes an event into the log.
#[cfg(levitas_records)]
pub(crate) fn record_event(says: &[u8; levitas_core::records::event::EVENT_BYTES]) -> Result<(), i32> {
    // SAFETY: the pointer is valid for LEVITAS_EVENT_BYTES during the call.
    match unsafe { levitas_record_event(says.as_ptr()) } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// Serial number of this drive.
pub(crate) fn serial_number() -> u32 {
    // SAFETY: no arguments, a constant.
    unsafe { levitas_serial_number() }
}

/// Reads from the memory that a reset leaves alone.
pub(crate) fn read_retained(offset: u32, bytes: &mut [u8]) -> Result<(), i32> {
    let size = u32::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: the pointer is valid for `size` bytes during the call.
    match unsafe { levitas_retained_read(offset, bytes.as_mut_ptr(), size) } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// Writes to it.
pub(crate) fn write_retained(offset: u32, bytes: &[u8]) -> Result<(), i32> {
    let size = u32::try_from(bytes.len()).unwrap_or(0);
    // SAFETY: the pointer is valid for `size` bytes during the call.
    match unsafe { levitas_retained_write(offset, bytes.as_ptr(), size) } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// Takes over the note of a crash that is in there.
pub(crate) fn take_crash() {
    // SAFETY: no arguments; called before the threads start.
    unsafe { levitas_crash_take() }
}

/// Blanks all of it; an error where it is not blank then.
pub(crate) fn blank_retained() -> Result<(), i32> {
    // SAFETY: no arguments.
    match unsafe { levitas_retained_blank() } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// Why this unit starts: `enum levitas_reset_cause`.
pub(crate) fn reset_cause() -> u32 {
    // SAFETY: no arguments.
    unsafe { levitas_reset_cause() }
}

/// The next start is told its own cause alone; an error where it is not.
pub(crate) fn clear_reset_cause() -> Result<(), i32> {
    // SAFETY: no arguments.
    match unsafe { levitas_reset_cause_clear() } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// `enum levitas_check`.
const fn checked(code: u32) -> Option<bool> {
    match code {
        1 => Some(true),
        2 => Some(false),
        _ => None,
    }
}

/// Whether the RAM of this image keeps what is written; `None`: it was not looked at.
pub(crate) fn check_ram() -> Option<bool> {
    // SAFETY: no arguments; called before the task threads start.
    checked(unsafe { levitas_memory_check_ram() })
}

/// Whether the image is what was built; likewise.
pub(crate) fn check_flash() -> Option<bool> {
    // SAFETY: no arguments.
    checked(unsafe { levitas_memory_check_flash() })
}

/// Starts the CAN controller of the link.
pub(crate) fn start_can() -> Result<(), i32> {
    // SAFETY: no arguments; called from the link thread alone.
    match unsafe { levitas_can_start() } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// Sends a frame, if the controller has room for it.
pub(crate) fn send_can(frame: &RawFrame) -> Result<(), i32> {
    // SAFETY: the pointer is valid for the call.
    match unsafe { levitas_can_send(frame) } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// The oldest frame that has come.
pub(crate) fn receive_can(unit: u32) -> Option<RawFrame> {
    let mut frame = RawFrame::EMPTY;
    // SAFETY: the pointer is valid for the call, and `unit` exists because its link task is running.
    unsafe { levitas_can_receive(unit, &raw mut frame) }.then_some(frame)
}
