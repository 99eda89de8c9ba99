// SPDX-License-Identifier: Apache-2.0
//! The circuit's sensors as the simulated drivers ask for them, wherever the plant runs.

use levitas_core::ports::{BATCH, CirculationInputs, FlowShot, valid};

/// Mirrors `struct levitas_world_flow_batch`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlowBatch {
    pub(crate) number: u32,
    pub(crate) count: u32,
    pub(crate) shots: [FlowShot; BATCH],
}

impl FlowBatch {
    /// Nothing when the meter does not answer.
    pub(crate) fn new(number: u32, samples: &CirculationInputs) -> Option<Self> {
        let answers = samples.valid & valid::FLOW != 0;
        answers.then_some(Self { number, count: samples.shot_count, shots: samples.shots })
    }
}

/// Mirrors `struct levitas_world_ecg_batch`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct EcgBatch {
    pub(crate) number: u32,
    pub(crate) ecg_mv: [f32; BATCH],
}

impl EcgBatch {
    /// Nothing when an electrode is off.
    pub(crate) fn new(number: u32, samples: &CirculationInputs) -> Option<Self> {
        (samples.valid & valid::ECG != 0).then_some(Self { number, ecg_mv: samples.ecg_mv })
    }
}

/// Pressure at a site of `enum levitas_pressure_site`, if its sensor vouches for it.
pub(crate) fn site_pressure_mmhg(site: u32, samples: &CirculationInputs) -> Option<f32> {
    let (bit, pressure_mmhg) = match site {
        0 => (valid::DRAINAGE_PRESSURE, samples.drainage_pressure_mmhg),
        1 => (valid::PRE_MEMBRANE_PRESSURE, samples.pre_membrane_pressure_mmhg),
        2 => (valid::RETURN_PRESSURE, samples.return_pressure_mmhg),
        _ => return None,
    };
    (samples.valid & bit != 0).then_some(pressure_mmhg)
}

/// Writes a value to where C wants it; true when there was one.
pub(crate) fn give<T>(value: Option<T>, place: Option<&mut T>) -> bool {
    match (value, place) {
        (Some(value), Some(place)) => {
            *place = value;
            true
        }
        _ => false,
    }
}
