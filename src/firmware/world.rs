// SPDX-License-Identifier: Apache-2.0
//! The simulated plant behind the simulated drivers: `levitas/world.h` over `levitas-world`.
//!
//! # Time
//! The plant advances only inside `levitas_world_trigger`, by the periods that have passed since the last one, with
//! the outputs that were latched last: a levitation thread that comes late is punished as in reality.
//!
//! # Who touches it
//! | call | from | why that is alone |
//! |---|---|---|
//! | trigger, Halls, currents, latches | levitation threads | cooperative: none interrupts another |
//! | truth, force step | slower threads | interrupts locked, so no levitation thread can start in between |
//! | flow, pressures, ECG | slower threads | through a mailbox |
//! | warming device, clamp | slower threads | interrupts locked, in `world_warming.rs` |
//! | mains and battery | supervisor threads, shell | interrupts locked, in `world_power.rs` |

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

use levitas_core::mailbox::{Mailbox, Words};
use levitas_core::ports::{CirculationInputs, LevitationInputs, LevitationOutputs, valid};
use levitas_core::schedule::TaskId;
use levitas_world::units::RAD_PER_S_PER_RPM;
use levitas_world::{Disturbance, ECMO_50, RotorStart, Setup, VA_25_21, VA_FIXED, World};

use super::circuit_sensors::{EcgBatch, FlowBatch, give, site_pressure_mmhg};

/// Periods that one trigger makes up for at most, one second: a debugger that stops the processor for longer
/// should not find the plant busy for minutes.
const CATCH_UP_PERIODS_MAX: u64 = 20_000;

/// Seed of the plant's noise: every run of an image is the same.
const SEED: u64 = 1;

/// Where the rotor lies at the start [rad].
const START_ANGLE_RAD: f64 = -2.0;

/// What the slow sensors read last.
static PUBLISHED: Mailbox<CIRCULATION_INPUT_WORDS> = Mailbox::new();

/// Words of [`Published`].
const CIRCULATION_INPUT_WORDS: usize = size_of::<CirculationInputs>() / size_of::<u32>();

/// Circulation samples that travel through a mailbox.
#[derive(Clone, Copy)]
struct Published(CirculationInputs);

impl Words<CIRCULATION_INPUT_WORDS> for Published {
    fn to_words(&self) -> [u32; CIRCULATION_INPUT_WORDS] {
        let samples = &self.0;
        let shots =
            samples.shots.iter().flat_map(|shot| [shot.transit_up_s, shot.transit_down_s, shot.amplitude]);
        let pressures_mmhg = [
            samples.drainage_pressure_mmhg,
            samples.pre_membrane_pressure_mmhg,
            samples.return_pressure_mmhg,
        ];
        let floats = shots.chain(samples.ecg_mv).chain(pressures_mmhg);
        let mut words = floats.map(f32::to_bits).chain([samples.shot_count, samples.valid]);
        core::array::from_fn(|_| words.next().unwrap_or_default())
    }

    fn from_words(words: [u32; CIRCULATION_INPUT_WORDS]) -> Self {
        let mut words = words.into_iter();
        let mut word = || words.next().unwrap_or_default();
        let mut samples = CirculationInputs::default();
        for shot in &mut samples.shots {
            for member in [&mut shot.transit_up_s, &mut shot.transit_down_s, &mut shot.amplitude] {
                *member = f32::from_bits(word());
            }
        }
        samples.ecg_mv.fill_with(|| f32::from_bits(word()));
        samples.drainage_pressure_mmhg = f32::from_bits(word());
        samples.pre_membrane_pressure_mmhg = f32::from_bits(word());
        samples.return_pressure_mmhg = f32::from_bits(word());
        samples.shot_count = word();
        samples.valid = word();
        Self(samples)
    }
}

/// Mirrors `struct levitas_truth`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlantTruth {
    pub(crate) displacement_m: [f32; 2],
    pub(crate) speed_rpm: f32,
    pub(crate) flow_lpm: f32,
    pub(crate) head_mmhg: f32,
    pub(crate) touching: u32,
    pub(crate) touchdown_count: u32,
    pub(crate) periods: u32,
}

/// Mirrors `struct levitas_force_step`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForceStep {
    pub(crate) force_n: f32,
    pub(crate) angle_rad: f32,
    pub(crate) duration_s: f32,
}

/// The plant, the samples that the units took of it and the outputs that they latched, by winding set.
pub(super) struct Simulation {
    pub(super) world: World,
    /// Period since boot that the plant has reached; `None` before the first trigger.
    period: Option<u64>,
    samples: [LevitationInputs; 2],
    outputs: [LevitationOutputs; 2],
    #[cfg(levitas_warming_sim)]
    pub(super) warming: super::world_warming::Samples,
}

impl Simulation {
    fn trigger(&mut self, set: usize, period: u64) {
        if self.period.is_none() {
            PUBLISHED.write(&Published(self.world.sample_circulation()));
        }
        let reached = self.period.unwrap_or(period);
        for passed in 0..period.saturating_sub(reached).min(CATCH_UP_PERIODS_MAX) {
            self.world.advance(&self.outputs);
            if TaskId::Circulation.slot().is_due(reached.wrapping_add(passed)) {
                PUBLISHED.write(&Published(self.world.sample_circulation()));
            }
        }
        self.period = Some(period.max(reached));
        if let Some(samples) = self.samples.get_mut(set) {
            *samples = self.world.sample(set);
        }
    }
}

/// The plant, once it is there; all zeros before, so that it costs no flash.
struct Shared {
    is_there: AtomicBool,
    plant: UnsafeCell<MaybeUninit<Simulation>>,
}

// SAFETY: see "Who touches it" in the module's header; the firmware runs on one core.
unsafe impl Sync for Shared {}

static SIMULATION: Shared =
    Shared { is_there: AtomicBool::new(false), plant: UnsafeCell::new(MaybeUninit::uninit()) };

/// Runs `act` on the plant; the default before it exists.
///
/// # Safety
/// Only from a levitation thread, or with interrupts locked; `act` must not call back into this function.
unsafe fn with_simulation<R: Default>(act: impl FnOnce(&mut Simulation) -> R) -> R {
    if !SIMULATION.is_there.load(Ordering::Relaxed) {
        return R::default();
    }
    // SAFETY: it was written before it was said to be there; the caller's promise excludes a second reference.
    act(unsafe { (*SIMULATION.plant.get()).assume_init_mut() })
}

/// As [`with_simulation`], from any thread but a levitation thread.
pub(super) fn with_interrupts_locked<R: Default>(act: impl FnOnce(&mut Simulation) -> R) -> R {
    // SAFETY: always allowed; unlocked below.
    let key = unsafe { zephyr::raw::zr_irq_lock() };
    // SAFETY: interrupts are locked, so no levitation thread begins, and none was interrupted: it is cooperative.
    let result = unsafe { with_simulation(act) };
    // SAFETY: the key of the lock above.
    unsafe { zephyr::raw::zr_irq_unlock(key) };
    result
}

/// One group of the last samples of a set, if the sensor vouches for it.
fn group<T: Copy + Default>(set: u32, bit: u32, select: impl FnOnce(&LevitationInputs) -> T) -> Option<T> {
    // SAFETY: `levitas/world.h` reserves these calls for the levitation thread.
    let samples = unsafe {
        with_simulation(|simulation| {
            usize::try_from(set).ok().and_then(|set| simulation.samples.get(set).copied())
        })
    }?;
    (samples.valid & bit != 0).then(|| select(&samples))
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_start() -> i32 {
    let setup = Setup {
        plant: ECMO_50,
        circuit: VA_25_21,
        patient: VA_FIXED,
        pump_table: None,
        seed: SEED,
        start: RotorStart::Lying { angle_rad: START_ANGLE_RAD },
    };
    match World::new(&setup) {
        Ok(mut world) => {
            world.connect_lines();
            #[cfg(all(levitas_warming, levitas_warming_sim))]
            super::world_warming::connect(&mut world);
            let simulation = Simulation {
                world,
                period: None,
                samples: Default::default(),
                outputs: Default::default(),
                #[cfg(levitas_warming_sim)]
                warming: Default::default(),
            };
            // SAFETY: called before the threads start, so nobody else looks at the plant.
            unsafe { (*SIMULATION.plant.get()).write(simulation) };
            SIMULATION.is_there.store(true, Ordering::Relaxed);
            0
        }
        Err(error) => {
            zephyr::printkln!("levitas: simulated plant: {}", error);
            -1
        }
    }
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_trigger(set: u32, period: u64) {
    let Ok(set) = usize::try_from(set) else { return };
    // SAFETY: `levitas/world.h` reserves this call for the levitation thread.
    unsafe { with_simulation(|simulation| simulation.trigger(set, period)) };
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_displacement_hall(set: u32, hall_v: Option<&mut [f32; 4]>) -> bool {
    give(group(set, valid::DISPLACEMENT, |samples| samples.displacement_hall_v), hall_v)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_angle_hall(set: u32, hall_v: Option<&mut [f32; 2]>) -> bool {
    give(group(set, valid::ANGLE, |samples| samples.angle_hall_v), hall_v)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_coil_current(set: u32, current_a: Option<&mut [f32; 2]>) -> bool {
    give(group(set, valid::COIL_CURRENT, |samples| samples.coil_current_a), current_a)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_phase_current(set: u32, current_a: Option<&mut [f32; 3]>) -> bool {
    give(group(set, valid::PHASE_CURRENT, |samples| samples.phase_current_a), current_a)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_bus_voltage(set: u32, voltage_v: Option<&mut f32>) -> bool {
    give(group(set, valid::BUS_VOLTAGE, |samples| samples.bus_voltage_v), voltage_v)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_pair(set: u32) -> u32 {
    let Ok(set) = usize::try_from(set) else { return 0 };
    // SAFETY: `levitas/world.h` reserves this call for the levitation thread.
    let pair =
        unsafe { with_simulation(|simulation| simulation.samples.get(set).map(|samples| samples.pair)) };
    pair.unwrap_or(0)
}

/// Changes the latched outputs of a set.
fn latch(set: u32, change: impl FnOnce(&mut LevitationOutputs)) {
    let Ok(set) = usize::try_from(set) else { return };
    // SAFETY: `levitas/world.h` reserves these calls for the levitation thread.
    unsafe {
        with_simulation(|simulation| {
            if let Some(outputs) = simulation.outputs.get_mut(set) {
                change(outputs);
            }
        });
    }
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_latch_coil(
    set: u32,
    duty: Option<&[f32; 2]>,
    gate: bool,
    drive_line: bool,
    latch_override: bool,
) {
    latch(set, |outputs| {
        outputs.coil_duty = duty.copied().unwrap_or_default();
        outputs.coil_gate = u32::from(gate);
        outputs.drive_line = u32::from(drive_line);
        outputs.latch_override = u32::from(latch_override);
    });
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_latch_phase(set: u32, duty: Option<&[f32; 3]>, gate: bool) {
    latch(set, |outputs| {
        outputs.phase_duty = duty.copied().unwrap_or_default();
        outputs.phase_gate = u32::from(gate);
    });
}

/// What the slow sensors read last, with its number. The writer is a levitation thread, so a second look finds it whole.
fn published() -> Option<(u32, CirculationInputs)> {
    let look = || PUBLISHED.read::<Published>();
    look().or_else(look).map(|(number, Published(samples))| (number, samples))
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_flow(batch: Option<&mut FlowBatch>) -> bool {
    give(published().and_then(|(number, samples)| FlowBatch::new(number, &samples)), batch)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_ecg(batch: Option<&mut EcgBatch>) -> bool {
    give(published().and_then(|(number, samples)| EcgBatch::new(number, &samples)), batch)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_pressure(site: u32, pressure_mmhg: Option<&mut f32>) -> bool {
    give(published().and_then(|(_, samples)| site_pressure_mmhg(site, &samples)), pressure_mmhg)
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_truth(truth: Option<&mut PlantTruth>) {
    let Some(result) = truth else { return };
    let state = with_interrupts_locked(|simulation| Some((simulation.world.truth(), simulation.period)));
    let Some((state, period)) = state else { return };
    let [x_m, y_m, _] = state.displacement_m;
    *result = PlantTruth {
        displacement_m: [x_m as f32, y_m as f32],
        speed_rpm: (state.rotor_speed_rad_per_s / RAD_PER_S_PER_RPM) as f32,
        flow_lpm: state.flow_lpm as f32,
        head_mmhg: state.head_mmhg as f32,
        touching: u32::from(state.touching),
        touchdown_count: state.touchdown_count,
        periods: period.unwrap_or(0) as u32,
    };
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_force_step(step: Option<&ForceStep>) {
    let Some(step) = step else { return };
    with_interrupts_locked(|simulation| {
        let step = Disturbance::ForceStep {
            newton: f64::from(step.force_n),
            angle_rad: f64::from(step.angle_rad),
            duration_s: f64::from(step.duration_s),
        };
        // The shell's ranges lie within the plant's; what lies outside changes nothing.
        let _ = simulation.world.disturb(step);
    });
}
