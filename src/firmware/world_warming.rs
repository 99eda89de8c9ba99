// SPDX-License-Identifier: Apache-2.0
//! The warming device of the simulated plant behind the simulated drivers; see `world.rs`.
//!
//! A sample is taken when the heater, or the cut-out, is asked; the temperatures beside them are those of that sample, so that no step
//! of a task sees two instants. Where no task runs it, as in the image of the emergency drive, there is no device.

use levitas_core::ports::{CutOutInputs, CutOutOutputs, WarmingInputs, WarmingOutputs, valid};
use levitas_world::{CircuitChange, Line, WarmingDevice, WarmingFault};

use super::circuit_sensors::give;
use super::world::with_interrupts_locked;

/// Water at the start [C]: as somebody has left it who prepared the device.
#[cfg(levitas_warming)]
const WATER_CELSIUS: f64 = 36.7;

/// The last samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Samples {
    control: WarmingInputs,
    cut_out: CutOutInputs,
}

/// Mirrors `struct levitas_heater_sample`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaterSample {
    pub(crate) power_w: f32,
    pub(crate) leakage_ma: f32,
    pub(crate) water_flow_lpm: f32,
    pub(crate) water_level: f32,
}

/// Mirrors `struct levitas_warming_truth`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeatTruth {
    pub(crate) water_celsius: f32,
    pub(crate) blood_celsius: f32,
    pub(crate) heater_w: f32,
    pub(crate) cut_out_closed: u32,
}

/// Puts a device into the plant.
#[cfg(levitas_warming)]
pub(super) fn connect(world: &mut levitas_world::World) {
    world.connect_warming(WATER_CELSIUS);
}

/// Runs `act` on the device, if there is one.
fn with_device<R: Default>(act: impl FnOnce(&mut WarmingDevice) -> R) -> R {
    with_interrupts_locked(|simulation| simulation.world.warming().map_or_else(R::default, act))
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_heater(sample: Option<&mut HeaterSample>) -> bool {
    const METERS: u32 = valid::HEATER_POWER | valid::LEAKAGE | valid::WATER_FLOW | valid::WATER_LEVEL;
    let inputs = with_interrupts_locked(|simulation| {
        simulation.warming.control =
            simulation.world.warming().map(WarmingDevice::sample).unwrap_or_default();
        simulation.warming.control
    });
    let answers = inputs.valid & METERS == METERS;
    let shown = HeaterSample {
        power_w: inputs.heater_power_w,
        leakage_ma: inputs.leakage_ma,
        water_flow_lpm: inputs.water_flow_lpm,
        water_level: inputs.water_level,
    };
    give(answers.then_some(shown), sample)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_cut_out(pressed: Option<&mut bool>) -> bool {
    let reset = with_interrupts_locked(|simulation| {
        let inputs = simulation.world.warming().map(WarmingDevice::sample_cut_out);
        simulation.warming.cut_out = inputs.unwrap_or_default();
        inputs.map(|inputs| inputs.reset == 1)
    });
    give(reset, pressed)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_temperature(site: u32, celsius: Option<&mut f32>) -> bool {
    let Samples { control, cut_out } = with_interrupts_locked(|simulation| simulation.warming);
    let [water_a, water_b] = control.water_celsius;
    let (vouched, bit, shown) = match site {
        0 => (control.valid, valid::WATER_A, water_a),
        1 => (control.valid, valid::WATER_B, water_b),
        2 => (control.valid, valid::BLOOD, control.blood_celsius),
        3 => (cut_out.valid, valid::CUT_OUT_WATER, cut_out.water_celsius),
        4 => (cut_out.valid, valid::CUT_OUT_BLOOD, cut_out.blood_celsius),
        _ => return false,
    };
    give((vouched & bit != 0).then_some(shown), celsius)
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_latch_heater(duty: Option<&f32>, relay: bool, water_pump: bool, alive: bool) {
    let outputs = WarmingOutputs {
        heater_duty: duty.copied().unwrap_or_default(),
        heater_relay: u32::from(relay),
        water_pump: u32::from(water_pump),
        alive: u32::from(alive),
    };
    with_device(|device| device.control(&outputs));
}

/// See `levitas/world.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_latch_cut_out(permit: bool) {
    with_device(|device| device.cut_out(&CutOutOutputs { permit: u32::from(permit) }));
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_warming_truth(truth: Option<&mut HeatTruth>) {
    let state = with_interrupts_locked(|simulation| {
        let truth = simulation.world.truth();
        let [.., lung, _] = truth.blood_celsius;
        truth.warming.map(|device| HeatTruth {
            water_celsius: device.water_celsius as f32,
            blood_celsius: lung as f32,
            heater_w: device.heater_w as f32,
            cut_out_closed: u32::from(device.cut_out_closed),
        })
    });
    give(state, truth);
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_heater_stuck(stuck: bool) {
    with_device(|device| {
        device.clear();
        for fault in [WarmingFault::HeaterStuckOn, WarmingFault::RelayWelded].iter().filter(|_| stuck) {
            // They have no numbers that could be out of range.
            let _ = device.fault(fault);
        }
    });
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_cut_out_press(pressed: bool) {
    with_device(|device| device.press(pressed));
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_world_clamp_return_line() {
    with_interrupts_locked(|simulation| {
        // It has no number that could be out of range.
        let _ = simulation.world.change_circuit(CircuitChange::Clamp(Line::Return));
    });
}
