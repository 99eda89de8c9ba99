// SPDX-License-Identifier: Apache-2.0
//! Mains and battery of the simulated plant behind the simulated driver; see `world.rs`.

use levitas_core::ports::{PowerOutputs, valid};
use levitas_world::Fault;

use super::circuit_sensors::give;
use super::world::with_interrupts_locked;

/// The bits of the core's `valid`, in the order of `enum levitas_power_measured`.
const MEASURED: [u32; 4] =
    [valid::MAINS_VOLTAGE, valid::BATTERY_VOLTAGE, valid::BATTERY_CURRENT, valid::LOAD_CURRENT];

/// Mirrors `struct levitas_power_sample`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct PowerSample {
    pub(crate) mains_v: f32,
    pub(crate) battery_v: f32,
    pub(crate) battery_a: f32,
    pub(crate) load_a: f32,
    pub(crate) measured: u32,
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_power(set: u32, sample: Option<&mut PowerSample>) -> bool {
    let Ok(set) = usize::try_from(set) else { return false };
    let shown = with_interrupts_locked(|simulation| {
        let inputs = simulation.world.sample_power(set);
        let vouched = MEASURED.iter().zip(0..).filter(|(bit, _)| inputs.valid & **bit != 0);
        Some(PowerSample {
            mains_v: inputs.mains_v,
            battery_v: inputs.battery_v,
            battery_a: inputs.battery_a,
            load_a: inputs.load_a,
            measured: vouched.fold(0, |bits, (_, place)| bits | 1 << place),
        })
    });
    give(shown, sample)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_latch_power(set: u32, test_load: bool, hold_charger: bool) {
    let Ok(set) = usize::try_from(set) else { return };
    let outputs = PowerOutputs { test_load: test_load.into(), hold_charger: hold_charger.into() };
    with_interrupts_locked(|simulation| simulation.world.control_power(set, &outputs));
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_mains(set: u32, there: bool) {
    let Ok(set) = usize::try_from(set) else { return };
    with_interrupts_locked(|simulation| {
        simulation.world.clear(set);
        if !there {
            // It has no number that could be out of range.
            let _ = simulation.world.fault(set, Fault::MainsLoss);
        }
    });
}
