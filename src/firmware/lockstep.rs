// SPDX-License-Identifier: Apache-2.0
//! The plant in another process: `levitas/world.h`, `world_can.h` and `lockstep.h` over the messages of `levitas-lockstep`.
//!
//! # Time
//! A message begins a period: it brings the samples of the trigger, frames, and the operator's command. The answer goes
//! out when the processor sleeps and the period is over. Nothing else moves the plant.
//!
//! # Who touches it
//! | call | from | why that is alone |
//! |---|---|---|
//! | take, frames received and sent | interrupt | it interrupts no call of the others: they lock interrupts |
//! | reply | outside, the processor sleeps | no thread runs |
//! | samples, latches, flow, pressures, ECG, frames to send | threads | interrupts locked |

use core::cell::UnsafeCell;
use core::sync::atomic::Ordering;

use levitas_core::mail::CommandMail;
use levitas_core::ports::{CirculationInputs, LevitationInputs, valid};
use levitas_lockstep::{BusState, Hello, Reply, SIZE_MAX, Step, ToUnit};
use levitas_world::{CAN_DATA_MAX, CanFrame};

use super::can::{RawFrame, flag};
use super::circuit_sensors::{EcgBatch, FlowBatch, give, site_pressure_mmhg};
use super::operator::look;
use super::text;
use super::units::{self, FirmwareUnit};

/// Orders of `enum levitas_lockstep_order`.
const TRIGGER: u32 = 0;
const NO_TRIGGER: u32 = 1;
const END: u32 = 2;
const REFUSED: u32 = 3;

/// What the last message said, and the answer as far as it has been made.
#[derive(Default)]
struct Lockstep {
    set: usize,
    step: Step,
    circulation: CirculationInputs,
    /// Counts them.
    circulations: u32,
    reply: Reply,
    /// Received frames and sent identifiers that were handed out.
    frames_read: usize,
    sent_read: usize,
}

struct Shared(UnsafeCell<Option<Lockstep>>);

// SAFETY: see "Who touches it" in the module's header; the firmware runs on one core.
unsafe impl Sync for Shared {}

static LOCKSTEP: Shared = Shared(UnsafeCell::new(None));

/// Runs `act` on the state; the default before there is one.
fn with_lockstep<R: Default>(act: impl FnOnce(&mut Lockstep) -> R) -> R {
    // SAFETY: always allowed; unlocked below.
    let key = unsafe { zephyr::raw::zr_irq_lock() };
    // SAFETY: interrupts are locked or the processor sleeps, and no `act` below calls back into this function.
    let result = unsafe { (*LOCKSTEP.0.get()).as_mut() }.map_or_else(R::default, act);
    // SAFETY: the key of the lock above.
    unsafe { zephyr::raw::zr_irq_unlock(key) };
    result
}

impl Lockstep {
    fn take(&mut self, step: Step) {
        let is_new = |command: &CommandMail| Some(command.number) != self.step.command.map(|old| old.number);
        if let (Some(unit), Some(command)) = (units::get(self.set), step.command.filter(is_new)) {
            // There is no shell beside the world that could post, too.
            unit.command_number.store(command.number, Ordering::Relaxed);
            unit.mail.command.write(&command);
        }
        if let Some(circulation) = step.circulation {
            self.circulation = circulation;
            self.circulations = self.circulations.wrapping_add(1);
        }
        self.step = step;
        (self.frames_read, self.sent_read) = (0, 0);
    }

    /// The answer of the period that ends; the next one begins without frames.
    fn answer(&mut self, unit: &FirmwareUnit) -> Reply {
        let mut reply = self.reply.clone();
        reply.said = look(|| unit.mail.levitation.read());
        if let Some(supervisor) = look(|| unit.mail.supervisor.read::<levitas_core::mail::SupervisorMail>()) {
            reply.command_number = supervisor.command_number;
            reply.command_result = supervisor.command_result;
        }
        self.reply.frames.clear();
        self.reply.bus_recover = false;
        reply
    }

    /// One group of the samples, if this is the set's unit and the sensor vouches for it.
    fn group<T>(&self, set: u32, bit: u32, select: impl FnOnce(&LevitationInputs) -> T) -> Option<T> {
        let is_sampled = set as usize == self.set && self.step.samples.valid & bit != 0;
        is_sampled.then(|| select(&self.step.samples))
    }
}

/// See `shim.h`. The connection is made by the trigger's start.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_start() -> i32 {
    // SAFETY: called before the threads start, so nobody else looks at it.
    unsafe { *LOCKSTEP.0.get() = Some(Lockstep::default()) };
    0
}

/// See `levitas/lockstep.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_lockstep_hello(set: u32, bytes: Option<&mut [u8; SIZE_MAX]>) -> usize {
    let set = set as u8;
    with_lockstep(|lockstep| lockstep.set = usize::from(set));
    bytes.map_or(0, |bytes| Hello { set }.encode(bytes))
}

/// See `levitas/lockstep.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_lockstep_reply(bytes: Option<&mut [u8; SIZE_MAX]>) -> usize {
    // SAFETY: the processor sleeps, so nobody else looks at it; interrupts cannot be locked from outside.
    let lockstep = unsafe { (*LOCKSTEP.0.get()).as_mut() };
    let Some((lockstep, bytes)) = lockstep.zip(bytes) else { return 0 };
    units::get(lockstep.set).map_or(0, |unit| lockstep.answer(unit).encode(bytes))
}

/// See `levitas/lockstep.h`.
///
/// # Safety
/// `bytes` points to `length` bytes, `text` to `size` bytes that nobody else uses during the call.
#[unsafe(no_mangle)]
unsafe extern "C" fn levitas_lockstep_take(
    bytes: *const u8,
    length: usize,
    text: *mut u8,
    size: usize,
) -> u32 {
    // SAFETY: the caller's promise.
    let (bytes, buffer) = unsafe { (core::slice::from_raw_parts(bytes, length), text::buffer(text, size)) };
    match ToUnit::decode(bytes) {
        Ok(ToUnit::Step(step)) => {
            let order = if step.trigger { TRIGGER } else { NO_TRIGGER };
            with_lockstep(|lockstep| lockstep.take(step));
            order
        }
        Ok(ToUnit::End) => END,
        Ok(ToUnit::Refused(reason)) => {
            text::fill(buffer, format_args!("the world refuses this image: {reason}"));
            REFUSED
        }
        Err(error) => {
            text::fill(buffer, format_args!("the world: {error}"));
            REFUSED
        }
    }
}

/// See `levitas/world.h`: the world's messages move the plant.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_trigger(_: u32, _: u64) {}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_displacement_hall(set: u32, hall_v: Option<&mut [f32; 4]>) -> bool {
    let select = |samples: &LevitationInputs| samples.displacement_hall_v;
    give(with_lockstep(|lockstep| lockstep.group(set, valid::DISPLACEMENT, select)), hall_v)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_angle_hall(set: u32, hall_v: Option<&mut [f32; 2]>) -> bool {
    let select = |samples: &LevitationInputs| samples.angle_hall_v;
    give(with_lockstep(|lockstep| lockstep.group(set, valid::ANGLE, select)), hall_v)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_coil_current(set: u32, current_a: Option<&mut [f32; 2]>) -> bool {
    let select = |samples: &LevitationInputs| samples.coil_current_a;
    give(with_lockstep(|lockstep| lockstep.group(set, valid::COIL_CURRENT, select)), current_a)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_phase_current(set: u32, current_a: Option<&mut [f32; 3]>) -> bool {
    let select = |samples: &LevitationInputs| samples.phase_current_a;
    give(with_lockstep(|lockstep| lockstep.group(set, valid::PHASE_CURRENT, select)), current_a)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_bus_voltage(set: u32, voltage_v: Option<&mut f32>) -> bool {
    let select = |samples: &LevitationInputs| samples.bus_voltage_v;
    give(with_lockstep(|lockstep| lockstep.group(set, valid::BUS_VOLTAGE, select)), voltage_v)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_pair(set: u32) -> u32 {
    with_lockstep(|lockstep| if set as usize == lockstep.set { lockstep.step.samples.pair } else { 0 })
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_latch_coil(
    _: u32,
    duty: Option<&[f32; 2]>,
    gate: bool,
    drive_line: bool,
    latch_override: bool,
) {
    with_lockstep(|lockstep| {
        let outputs = &mut lockstep.reply.outputs;
        outputs.coil_duty = duty.copied().unwrap_or_default();
        outputs.coil_gate = u32::from(gate);
        outputs.drive_line = u32::from(drive_line);
        outputs.latch_override = u32::from(latch_override);
    });
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_latch_phase(_: u32, duty: Option<&[f32; 3]>, gate: bool) {
    with_lockstep(|lockstep| {
        let outputs = &mut lockstep.reply.outputs;
        outputs.phase_duty = duty.copied().unwrap_or_default();
        outputs.phase_gate = u32::from(gate);
    });
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_flow(batch: Option<&mut FlowBatch>) -> bool {
    let select = |lockstep: &mut Lockstep| FlowBatch::new(lockstep.circulations, &lockstep.circulation);
    give(with_lockstep(select), batch)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_ecg(batch: Option<&mut EcgBatch>) -> bool {
    let select = |lockstep: &mut Lockstep| EcgBatch::new(lockstep.circulations, &lockstep.circulation);
    give(with_lockstep(select), batch)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_pressure(site: u32, pressure_mmhg: Option<&mut f32>) -> bool {
    give(with_lockstep(|lockstep| site_pressure_mmhg(site, &lockstep.circulation)), pressure_mmhg)
}

/// Mirrors `struct levitas_world_can_status`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct CanStatus {
    state: u32,
    transmit_errors: u32,
    receive_errors: u32,
}

/// See `levitas/world_can.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_can_enable(enable: bool) {
    with_lockstep(|lockstep| lockstep.reply.bus_on = enable);
}

/// See `levitas/world_can.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_can_recover() {
    with_lockstep(|lockstep| lockstep.reply.bus_recover = true);
}

/// See `levitas/world_can.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_can_send(raw: Option<&RawFrame>) -> bool {
    const _: () = assert!(CAN_DATA_MAX == super::can::DATA_MAX);
    let Some(raw) = raw else { return false };
    let frame = CanFrame {
        id: raw.id,
        extended: raw.flags & flag::EXTENDED != 0,
        fd: raw.flags & flag::FD != 0,
        brs: raw.flags & flag::BRS != 0,
        remote: raw.flags & flag::REMOTE != 0,
        len: raw.length,
        data: raw.data,
    };
    with_lockstep(|lockstep| lockstep.reply.frames.push(frame).is_ok())
}

/// See `levitas/world_can.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_can_sent(id: Option<&mut u32>) -> bool {
    let sent = with_lockstep(|lockstep| {
        let sent = lockstep.step.bus.sent.get(lockstep.sent_read).copied();
        lockstep.sent_read = lockstep.sent_read.saturating_add(1);
        sent
    });
    give(sent, id)
}

/// See `levitas/world_can.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_can_receive(raw: Option<&mut RawFrame>) -> bool {
    let frame = with_lockstep(|lockstep| {
        let frame = lockstep.step.bus.frames.get(lockstep.frames_read).copied();
        lockstep.frames_read = lockstep.frames_read.saturating_add(1);
        frame
    });
    let bits = |frame: &CanFrame| {
        let is_set = [
            (frame.extended, flag::EXTENDED),
            (frame.fd, flag::FD),
            (frame.brs, flag::BRS),
            (frame.remote, flag::REMOTE),
        ];
        is_set.iter().filter(|(is_set, _)| *is_set).fold(0, |sum, (_, bit)| sum | bit)
    };
    let raw_of = |frame: CanFrame| RawFrame {
        id: frame.id,
        flags: bits(&frame),
        length: frame.len,
        reserved: [0; 2],
        data: frame.data,
    };
    give(frame.map(raw_of), raw)
}

/// See `levitas/world_can.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_can_status(status: Option<&mut CanStatus>) {
    let now = with_lockstep(|lockstep| {
        let bus = &lockstep.step.bus;
        let state = match bus.state {
            BusState::ErrorActive => 0,
            BusState::ErrorPassive => 1,
            BusState::BusOff => 2,
        };
        Some(CanStatus { state, transmit_errors: u32::from(bus.tec), receive_errors: u32::from(bus.rec) })
    });
    give(now, status);
}
