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
//! | flow, pressures | slower threads | through a mailbox |

use core::cell::UnsafeCell;

use levitas_core::mailbox::{Mailbox, Words};
use levitas_core::ports::{CirculationInputs, LevitationInputs, LevitationOutputs, valid};
use levitas_core::schedule::TaskId;
use levitas_world::units::RAD_PER_S_PER_RPM;
use levitas_world::{Disturbance, ECMO_50, RotorStart, Setup, VA_25_21, VA_ADULT, World};

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
const CIRCULATION_INPUT_WORDS: usize = 7;

/// Circulation samples that travel through a mailbox.
#[derive(Clone, Copy)]
struct Published(CirculationInputs);

impl Words<CIRCULATION_INPUT_WORDS> for Published {
    fn to_words(&self) -> [u32; CIRCULATION_INPUT_WORDS] {
        let samples = &self.0;
        [
            samples.flow_transit_up_s.to_bits(),
            samples.flow_transit_down_s.to_bits(),
            samples.flow_amplitude.to_bits(),
            samples.drainage_pressure_mmhg.to_bits(),
            samples.pre_membrane_pressure_mmhg.to_bits(),
            samples.return_pressure_mmhg.to_bits(),
            samples.valid,
        ]
    }

    fn from_words(words: [u32; CIRCULATION_INPUT_WORDS]) -> Self {
        let [up, down, amplitude, drainage, pre_membrane, ret, valid] = words;
        Self(CirculationInputs {
            flow_transit_up_s: f32::from_bits(up),
            flow_transit_down_s: f32::from_bits(down),
            flow_amplitude: f32::from_bits(amplitude),
            drainage_pressure_mmhg: f32::from_bits(drainage),
            pre_membrane_pressure_mmhg: f32::from_bits(pre_membrane),
            return_pressure_mmhg: f32::from_bits(ret),
            valid,
        })
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
struct Simulation {
    world: World,
    /// Period since boot that the plant has reached; `None` before the first trigger.
    period: Option<u64>,
    samples: [LevitationInputs; 2],
    outputs: [LevitationOutputs; 2],
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

struct Shared(UnsafeCell<Option<Simulation>>);

// SAFETY: see "Who touches it" in the module's header; the firmware runs on one core.
unsafe impl Sync for Shared {}

static SIMULATION: Shared = Shared(UnsafeCell::new(None));

/// Runs `act` on the plant; the default before it exists.
///
/// # Safety
/// Only from a levitation thread, or with interrupts locked; `act` must not call back into this function.
unsafe fn with_simulation<R: Default>(act: impl FnOnce(&mut Simulation) -> R) -> R {
    // SAFETY: the caller's promise excludes a second reference.
    unsafe { (*SIMULATION.0.get()).as_mut() }.map_or_else(R::default, act)
}

/// As [`with_simulation`], from any thread but a levitation thread.
fn with_interrupts_locked<R: Default>(act: impl FnOnce(&mut Simulation) -> R) -> R {
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

/// Writes a group to where C wants it; true when there was one.
fn give<T>(value: Option<T>, place: Option<&mut T>) -> bool {
    match (value, place) {
        (Some(value), Some(place)) => {
            *place = value;
            true
        }
        _ => false,
    }
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_start() -> i32 {
    let setup = Setup {
        plant: ECMO_50,
        circuit: VA_25_21,
        patient: VA_ADULT,
        pump_table: None,
        seed: SEED,
        start: RotorStart::Lying { angle_rad: START_ANGLE_RAD },
    };
    match World::new(&setup) {
        Ok(mut world) => {
            world.connect_lines();
            let simulation =
                Simulation { world, period: None, samples: Default::default(), outputs: Default::default() };
            // SAFETY: called before the threads start, so nobody else looks at the plant.
            unsafe { *SIMULATION.0.get() = Some(simulation) };
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

/// What the slow sensors read last. The writer is a levitation thread, so a second look finds it whole.
fn published() -> Option<CirculationInputs> {
    PUBLISHED.read::<Published>().or_else(|| PUBLISHED.read()).map(|(_, Published(samples))| samples)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_flow(
    transit_up_s: Option<&mut f32>,
    transit_down_s: Option<&mut f32>,
    amplitude: Option<&mut f32>,
) -> bool {
    let samples = published().filter(|samples| samples.valid & valid::FLOW != 0);
    give(samples.map(|samples| samples.flow_transit_up_s), transit_up_s)
        && give(samples.map(|samples| samples.flow_transit_down_s), transit_down_s)
        && give(samples.map(|samples| samples.flow_amplitude), amplitude)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_pressure(site: u32, pressure_mmhg: Option<&mut f32>) -> bool {
    let pressure = published().and_then(|samples| {
        let (bit, pressure_mmhg) = match site {
            0 => (valid::DRAINAGE_PRESSURE, samples.drainage_pressure_mmhg),
            1 => (valid::PRE_MEMBRANE_PRESSURE, samples.pre_membrane_pressure_mmhg),
            2 => (valid::RETURN_PRESSURE, samples.return_pressure_mmhg),
            _ => return None,
        };
        (samples.valid & bit != 0).then_some(pressure_mmhg)
    });
    give(pressure, pressure_mmhg)
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
