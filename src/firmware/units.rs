// SPDX-License-Identifier: Apache-2.0
//! The units of this image: mailboxes and tasks, each task owned by one thread.
//!
//! An image has the unit of its role, or both in simulation. One takes 48 KiB of RAM, of which the snapshot is 32.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use levitas_core::config::ConfigError;
use levitas_core::mail::Mailboxes;
use levitas_core::mailbox::Mailbox;
#[cfg(levitas_records)]
use levitas_core::records::{
    queue::EventQueue, snapshot::SnapshotRing, trend::TrendWatch, watch::RecordWatch,
};
use levitas_core::schedule::SCHEDULE;
#[cfg(levitas_warming)]
use levitas_core::schedule::WARMING_SCHEDULE;
use levitas_core::self_test::MemoryChecks;
use levitas_core::task::alarm::AlarmTask;
use levitas_core::task::circulation::CirculationTask;
#[cfg(levitas_warming)]
use levitas_core::task::cut_out::CutOutTask;
use levitas_core::task::levitation::LevitationTask;
use levitas_core::task::link::LinkTask;
#[cfg(levitas_power)]
use levitas_core::task::power::PowerTask;
use levitas_core::task::speed::SpeedTask;
use levitas_core::task::supervisor::SupervisorTask;
#[cfg(levitas_warming)]
use levitas_core::task::warming::WarmingTask;
use levitas_core::unit::{Role, UnitConfig, UnitTask};
use levitas_wire::{Receiver, Unit};

use super::calibration::{self, PLACE_NONE};
use super::key;
use super::link::{FAST_WORDS, SLOW_WORDS};
use super::{retained, self_test, settings, shim};

const EMPTY: u8 = 0;
const BUSY: u8 = 1;
const READY: u8 = 2;

/// A place for one value that is put once, then claimed by the thread that owns it for the rest of its life.
pub(crate) struct Owned<T> {
    state: AtomicU8,
    /// Without a value it is all zeros, and costs no flash.
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the value is reached by whoever moved `state` to BUSY and by nobody else; see `put` and `claim`.
unsafe impl<T: Send> Sync for Owned<T> {}

impl<T> Owned<T> {
    pub(crate) const fn empty() -> Self {
        Self { state: AtomicU8::new(EMPTY), value: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Puts the value that `make` makes; not when there was one before, which then stays, and the console says so. Made where it is written, so
    /// that the stack holds it once.
    fn put<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<(), E> {
        if self.state.compare_exchange(EMPTY, BUSY, Ordering::Acquire, Ordering::Relaxed).is_err() {
            say_lost::<T>("made twice");
            return Ok(());
        }
        match make() {
            Ok(value) => {
                // SAFETY: the exchange above succeeds once in the life of this place, and nobody claims before READY.
                unsafe { (*self.value.get()).write(value) };
                self.state.store(READY, Ordering::Release);
                Ok(())
            }
            Err(error) => {
                self.state.store(EMPTY, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// Lets `act` change the value before it is claimed. `None`: there is none, or somebody else has it; the console says so, for what was to
    /// be changed is lost.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> Option<R> {
        if self.state.compare_exchange(READY, BUSY, Ordering::Acquire, Ordering::Relaxed).is_err() {
            say_lost::<T>("not there to be changed");
            return None;
        }
        // SAFETY: READY says that the value was put, and whoever moves it to BUSY is alone with it.
        let done = act(unsafe { (*self.value.get()).assume_init_mut() });
        self.state.store(READY, Ordering::Release);
        Some(done)
    }

    /// The value, once; `None` before it was put and after it was claimed.
    #[expect(clippy::mut_from_ref, reason = "given out once; the state is what makes it exclusive")]
    pub(crate) fn claim(&'static self) -> Option<&'static mut T> {
        self.state.compare_exchange(READY, BUSY, Ordering::Acquire, Ordering::Relaxed).ok()?;
        // SAFETY: READY says that the value was put; after a claim it never comes back, and `with` gives it back before anybody can
        // claim, so this is the only reference there will ever be.
        Some(unsafe { (*self.value.get()).assume_init_mut() })
    }
}

/// What was meant for a value has not reached it: a mistake of the start, which does not keep the drive from running.
#[cold]
#[inline(never)]
fn say_lost<T>(why: &str) {
    zephyr::printkln!("levitas: START: {}: {}", core::any::type_name::<T>(), why);
}

impl<T: UnitTask> Owned<T> {
    /// Puts a task that is made here: not inlined, so that the stack of the start, which has no room for all of them, holds one at a time.
    #[inline(never)]
    fn make(&self, config: &UnitConfig, role: Role) -> Result<(), ConfigError> {
        self.put(|| T::of(config, role))
    }
}

/// One unit.
pub(crate) struct FirmwareUnit {
    /// Number as in `enum levitas_unit`.
    pub(crate) number: u32,
    pub(crate) role: Role,
    state: &'static UnitState,
}

impl Deref for FirmwareUnit {
    type Target = UnitState;

    fn deref(&self) -> &UnitState {
        self.state
    }
}

/// What changes in a unit; all zeros at first, so that it needs RAM and no flash.
pub(crate) struct UnitState {
    pub(crate) mail: Mailboxes,
    /// Number of the last command that was posted.
    pub(crate) command_number: AtomicU32,
    /// The same of the orders to the sensors of the circuit.
    pub(crate) order_number: AtomicU32,
    /// And of those about alarms.
    pub(crate) alarm_order_number: AtomicU32,
    /// And of those to the warming device.
    #[cfg(levitas_warming)]
    pub(crate) warming_order_number: AtomicU32,
    /// And of those to the power task.
    #[cfg(levitas_power)]
    pub(crate) power_order_number: AtomicU32,
    /// Place of the calibration record that the tasks were built from, counted from 1, 0 for none; and its sequence number.
    start_place: AtomicU32,
    pub(crate) start_sequence: AtomicU32,
    /// It is known what limits and settings lie in the storage, so that others may take their place; see `settings.rs`.
    pub(crate) settings_known: AtomicBool,
    /// What this start found of the time before it; see `retained.rs`.
    pub(crate) start: AtomicU32,
    /// What it says to the other unit.
    pub(crate) fast_frame: Mailbox<FAST_WORDS>,
    pub(crate) slow_frame: Mailbox<SLOW_WORDS>,
    pub(crate) levitation: Owned<LevitationTask>,
    pub(crate) link: Owned<LinkTask>,
    /// What of the bus goes to the link task; the key is in it.
    pub(crate) receiver: Owned<Receiver>,
    /// The key was erased since the start.
    pub(crate) key_revoked: AtomicBool,
    pub(crate) speed: Owned<SpeedTask>,
    pub(crate) circulation: Owned<CirculationTask>,
    pub(crate) supervisor: Owned<SupervisorTask>,
    pub(crate) alarm: Owned<AlarmTask>,
    #[cfg(levitas_power)]
    pub(crate) power: Owned<PowerTask>,
    #[cfg(levitas_warming)]
    pub(crate) cut_out: Owned<CutOutTask>,
    #[cfg(levitas_warming)]
    pub(crate) warming: Owned<WarmingTask>,
    #[cfg(levitas_records)]
    pub(crate) watch: Owned<RecordWatch>,
    /// What the record thread has not written yet.
    #[cfg(levitas_records)]
    pub(crate) events: EventQueue,
    #[cfg(levitas_records)]
    pub(crate) snapshot: SnapshotRing,
    #[cfg(levitas_records)]
    pub(crate) trends: TrendWatch,
}

impl UnitState {
    const fn new() -> Self {
        Self {
            mail: Mailboxes::new(),
            command_number: AtomicU32::new(0),
            order_number: AtomicU32::new(0),
            alarm_order_number: AtomicU32::new(0),
            #[cfg(levitas_warming)]
            warming_order_number: AtomicU32::new(0),
            #[cfg(levitas_power)]
            power_order_number: AtomicU32::new(0),
            start_place: AtomicU32::new(0),
            start_sequence: AtomicU32::new(0),
            settings_known: AtomicBool::new(false),
            start: AtomicU32::new(0),
            fast_frame: Mailbox::new(),
            slow_frame: Mailbox::new(),
            levitation: Owned::empty(),
            link: Owned::empty(),
            receiver: Owned::empty(),
            key_revoked: AtomicBool::new(false),
            speed: Owned::empty(),
            circulation: Owned::empty(),
            supervisor: Owned::empty(),
            alarm: Owned::empty(),
            #[cfg(levitas_power)]
            power: Owned::empty(),
            #[cfg(levitas_warming)]
            cut_out: Owned::empty(),
            #[cfg(levitas_warming)]
            warming: Owned::empty(),
            #[cfg(levitas_records)]
            watch: Owned::empty(),
            #[cfg(levitas_records)]
            events: EventQueue::new(),
            #[cfg(levitas_records)]
            snapshot: SnapshotRing::new(),
            #[cfg(levitas_records)]
            trends: TrendWatch::new(),
        }
    }
}

impl FirmwareUnit {
    /// Place of the calibration record that the tasks were built from, or [`PLACE_NONE`].
    pub(crate) fn start_place(&self) -> u32 {
        self.start_place.load(Ordering::Relaxed).checked_sub(1).unwrap_or(PLACE_NONE)
    }

    /// Builds the tasks on what the storage holds, if it is mounted; whatever that is, the drive starts. With checks of the memory they test
    /// themselves.
    fn build(
        &self,
        config: &UnitConfig,
        mounted: bool,
        memory: Option<MemoryChecks>,
    ) -> Result<(), ConfigError> {
        let selection = calibration::select(self);
        if mounted {
            calibration::report(self, &selection);
        }
        self.make_tasks(&selection.configuration(config))?;
        if selection.is_refused() {
            self.levitation.with(LevitationTask::doubt_calibration);
        }
        if mounted {
            settings::at_start(self);
        }
        retained::restart(self);
        if let Some(memory) = memory {
            self.supervisor.with(|supervisor| supervisor.begin_self_test(memory));
        }
        let (key, session) = key::at_start(self);
        self.link.with(|link| link.begin(session));
        let sender = if self.role == Role::Host { Unit::Host } else { Unit::Drive };
        self.receiver.put(|| Ok(Receiver::new(sender, key)))?;
        if let (Some(place), Some(record)) = (selection.place, selection.record()) {
            self.start_place.store(place as u32 + 1, Ordering::Relaxed);
            self.start_sequence.store(record.sequence, Ordering::Relaxed);
        }
        #[cfg(levitas_records)]
        self.watch.put(|| Ok(RecordWatch::new(self.role)))?;
        Ok(())
    }

    fn make_tasks(&self, config: &UnitConfig) -> Result<(), ConfigError> {
        self.levitation.make(config, self.role)?;
        self.link.make(config, self.role)?;
        self.speed.make(config, self.role)?;
        self.circulation.make(config, self.role)?;
        self.supervisor.make(config, self.role)?;
        self.alarm.make(config, self.role)?;
        #[cfg(levitas_power)]
        self.power.make(config, self.role)?;
        #[cfg(levitas_warming)]
        {
            self.cut_out.make(config, self.role)?;
            self.warming.make(config, self.role)?;
        }
        Ok(())
    }
}

/// The units of this image.
static UNITS: &[FirmwareUnit] = &[
    #[cfg(levitas_has_host)]
    FirmwareUnit { number: 0, role: Role::Host, state: &HOST },
    #[cfg(levitas_has_drive)]
    FirmwareUnit { number: 1, role: Role::EmergencyDrive, state: &DRIVE },
];
#[cfg(levitas_has_host)]
#[cfg_attr(levitas_dtcm, unsafe(link_section = ".dtcm_bss.levitas_host"))]
static HOST: UnitState = UnitState::new();
#[cfg(levitas_has_drive)]
#[cfg_attr(levitas_dtcm, unsafe(link_section = ".dtcm_bss.levitas_drive"))]
static DRIVE: UnitState = UnitState::new();

/// The configuration of both units; the world within an image has no patient.
pub(crate) const CONFIG: UnitConfig =
    if cfg!(levitas_world) { UnitConfig::BENCH } else { UnitConfig::ECMO_50 };

/// Builds all tasks on the calibration records of the storage. A storage that cannot be mounted is named and is no
/// reason not to start.
///
/// # Errors
/// The field of the configuration that is outside its range.
pub(crate) fn build() -> Result<(), ConfigError> {
    let memory = if retained::begin(UNITS) { self_test::check_memory() } else { None };
    let mounted = shim::mount_storage();
    if let Err(error) = mounted {
        zephyr::printkln!(
            "levitas: storage: error {}: the drive runs on the values it is built with and can store none until \"levitas storage format\"",
            error
        );
    }
    UNITS.iter().try_for_each(|unit| unit.build(&CONFIG, mounted.is_ok(), memory))
}

/// The unit of that number, if this image has it.
pub(crate) fn get(unit: usize) -> Option<&'static FirmwareUnit> {
    UNITS.iter().find(|other| usize::try_from(other.number) == Ok(unit))
}

/// The unit of that number and one of its tasks, for the thread that runs it.
pub(crate) fn claim<T>(
    unit: usize,
    task: impl FnOnce(&'static FirmwareUnit) -> &'static Owned<T>,
) -> Option<(&'static FirmwareUnit, &'static mut T)> {
    let unit = get(unit)?;
    Some((unit, task(unit).claim()?))
}

/// Rate of a task in the core's schedule [Hz]; 0 for a task that this image does not have.
#[unsafe(no_mangle)]
extern "C" fn levitas_schedule_rate_hz(task: u32) -> u32 {
    let slots = SCHEDULE.iter();
    #[cfg(levitas_warming)]
    let mut slots = slots.chain(&WARMING_SCHEDULE);
    #[cfg(not(levitas_warming))]
    let mut slots = slots;
    usize::try_from(task).ok().and_then(|task| slots.nth(task)).map_or(0, |slot| slot.rate_hz)
}
