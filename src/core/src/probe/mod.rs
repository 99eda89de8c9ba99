// SPDX-License-Identifier: Apache-2.0
//! One exciter and one lock-in inside the levitation task, for sensitivity, commissioning and service.
//!
//! Asked by [`ProbeRequest`], answered by [`ProbeResult`].

mod messages;

pub use messages::{
    PROBE_REQUEST_WORDS, PROBE_RESULT_WORDS, ProbeRequest, ProbeResult, ProbeStatus, SIGNALS, Signal, Target,
    Tone,
};

/// Age of a request from which it counts as withdrawn [us].
pub const STALE_US_MAX: u32 = 1_000_000;
/// Largest displacement that is added at the summing point, per axis [m].
pub const DISPLACEMENT_M_MAX: f32 = 20e-6;
/// Largest set-point, per axis, as a fraction of the clearance.
pub const SET_POINT_FRACTION_MAX: f32 = 0.3;
