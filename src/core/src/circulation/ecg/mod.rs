// SPDX-License-Identifier: Apache-2.0
//! Electrocardiogram: the heart beats in a raw signal, and when the pump gives its pulse. 1 kHz signal, 100 Hz steps.
//!
//! | idea | in |
//! |---|---|
//! | pacing spikes and mains off, slope of what is left | [`filters`] |
//! | can the signal be used at all? | [`quality`] |
//! | rise and fall of a QRS complex against a threshold that follows the signal | [`detector`] |
//! | pulse after the beat, ratio, fixed rate when the signal is lost | [`trigger`] |

pub mod detector;
pub mod filters;
pub mod half_waves;
pub mod levels;
pub mod quality;
pub mod trigger;

/// Samples of a period of 10 ms.
pub const SAMPLES_PER_STEP: usize = 10;
/// Time of a sample [ms].
pub const SAMPLE_MS: f32 = 1.0;
