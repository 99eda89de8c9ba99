// SPDX-License-Identifier: Apache-2.0
//! Beats and pulses of the core on ECGs whose beats are known: `levitas ecg`.
//!
//! A row is one signal: the detector gets it in periods of ten samples, as on the chip, and the trigger gets what the
//! detector says. Beats are compared with the truth ([`score`]), pulses with the programmed delay after the true R wave.

pub mod record;
pub mod score;
mod table;

use levitas_core::circulation::ecg::SAMPLES_PER_STEP;
use levitas_core::circulation::ecg::detector::{EcgReport, QrsDetector};
use levitas_core::circulation::ecg::trigger::{Ratio, Source, Trigger, TriggerConfig, TriggerReport};
use levitas_world::{EcgGenerator, EcgKind, RAIL_MV};

use record::Recorded;
use score::{Found, Score};

pub use table::{markdown, plain, to_json};

/// What must be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Least sensitivity and positive predictivity [%].
    pub least_pct: f64,
    /// Largest latency of 95 % of the beats [ms].
    pub latency_ms: f64,
    /// Largest distance of a pulse from its programmed place [ms].
    pub pulse_off_ms: f64,
}

/// Of a recorded ECG.
pub const OF_RECORD: Bounds = Bounds { least_pct: 99.5, latency_ms: 60.0, pulse_off_ms: 50.0 };
/// Of a synthetic one.
pub const OF_SYNTHETIC: Bounds = Bounds { least_pct: 97.0, ..OF_RECORD };

/// A pulse that the heart has timed.
#[derive(Clone, Copy, Debug)]
struct Timed {
    at_ms: f64,
    delay_ms: f64,
}

/// Result of one signal.
#[derive(Clone, Debug)]
pub struct Row {
    /// What the signal is.
    pub name: String,
    /// What it must reach.
    pub bounds: Bounds,
    /// Its length [s].
    pub duration_s: f64,
    /// Beats as they were found.
    pub found: Vec<Found>,
    /// Beats.
    pub score: Score,
    /// Pulses that the heart timed: distance from their programmed place after the nearest true R wave, sorted by size [ms].
    pub pulse_off_ms: Vec<f64>,
    /// Part of the time in which the heart timed the pulses [%].
    pub on_ecg_pct: f64,
}

impl Row {
    /// Every bound holds.
    #[must_use]
    pub fn is_met(&self) -> bool {
        let bounds = &self.bounds;
        self.score.sensitivity_pct() >= bounds.least_pct
            && self.score.predictivity_pct() >= bounds.least_pct
            && score::quantile(&self.score.latency_ms, 0.95) <= bounds.latency_ms
            && score::quantile(&self.pulse_off_ms, 0.95) <= bounds.pulse_off_ms
    }
}

/// An ECG whose beats are known.
#[derive(Clone, Debug)]
pub struct Signal {
    /// What it is.
    pub name: String,
    /// What is to be reached on it.
    pub bounds: Bounds,
    /// At 1 kHz [mV].
    pub samples_mv: Vec<f32>,
    /// Its R waves [ms].
    pub beats_ms: Vec<f64>,
}

impl Signal {
    /// From a person.
    #[must_use]
    pub fn recorded(name: &str, record: Recorded) -> Self {
        let Recorded { samples_mv, beats_ms } = record;
        Self { name: name.to_owned(), bounds: OF_RECORD, samples_mv, beats_ms }
    }

    /// From the world.
    #[must_use]
    pub fn synthetic(name: &str, generator: EcgGenerator, duration_s: u32) -> Self {
        Self::prepared(name, generator, duration_s, |_, _| ())
    }

    /// From the world, with something done at each time before its sample is taken [s].
    #[must_use]
    pub fn prepared(
        name: &str,
        mut generator: EcgGenerator,
        duration_s: u32,
        mut prepare: impl FnMut(&mut EcgGenerator, f64),
    ) -> Self {
        let mut beats_ms = Vec::new();
        let sample = |index: u32| {
            let time_s = f64::from(index) * 1e-3;
            prepare(&mut generator, time_s);
            let sample_mv = generator.sample(time_s) as f32;
            beats_ms.extend(generator.passed_beat().map(|at_s| at_s * 1e3));
            sample_mv
        };
        let samples_mv = (0..duration_s * 1000).map(sample).collect();
        Self { name: name.to_owned(), bounds: OF_SYNTHETIC, samples_mv, beats_ms }
    }

    /// One of each kind.
    #[must_use]
    pub fn all(seed: u64, duration_s: u32) -> Vec<Self> {
        EcgKind::ALL
            .into_iter()
            .map(|(kind, name)| Self::synthetic(name, EcgGenerator::new(kind, seed), duration_s))
            .collect()
    }
}

/// One period as the units see it, and its end [ms].
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The time of its last sample [ms].
    pub now_ms: f64,
    /// What the detector says.
    pub ecg: EcgReport,
    /// What the trigger says.
    pub trigger: TriggerReport,
}

/// Detector and trigger over a whole signal.
pub fn follow(signal: &Signal) -> impl Iterator<Item = Step> + '_ {
    let mut detector = QrsDetector::new(RAIL_MV as f32);
    // The default is within its ranges: the core's tests make it so.
    let mut trigger = Trigger::new(&TriggerConfig::DEFAULT, Ratio::EveryBeat).ok();
    let periods = signal.samples_mv.chunks_exact(SAMPLES_PER_STEP).enumerate();
    periods.filter_map(move |(index, samples)| {
        let now_ms = (index + 1) as f64 * SAMPLES_PER_STEP as f64 - 1.0;
        let ecg = detector.step(samples);
        let trigger = trigger.as_mut()?.step(&ecg);
        Some(Step { now_ms, ecg, trigger })
    })
}

/// What comes of a signal.
#[must_use]
pub fn judge(signal: &Signal) -> Row {
    let (mut found, mut timed) = (Vec::new(), Vec::new());
    let (mut steps, mut on_ecg) = (0_u32, 0_u32);
    for Step { now_ms, ecg, trigger } in follow(signal) {
        steps += 1;
        found.extend(
            ecg.beat_age_ms.map(|age_ms| Found { at_ms: now_ms - f64::from(age_ms), told_ms: now_ms }),
        );
        if trigger.source == Source::Ecg {
            on_ecg += 1;
            timed.extend(trigger.pulse.map(|pulse| Timed {
                at_ms: now_ms + f64::from(pulse.in_ms),
                delay_ms: f64::from(pulse.delay_ms),
            }));
        }
    }
    Row {
        name: signal.name.clone(),
        bounds: signal.bounds,
        duration_s: signal.samples_mv.len() as f64 * 1e-3,
        score: Score::of(&signal.beats_ms, &found),
        pulse_off_ms: pulses_off(&signal.beats_ms, &timed),
        on_ecg_pct: 100.0 * f64::from(on_ecg) / f64::from(steps.max(1)),
        found,
    }
}

/// How far each pulse is from where it was meant: its delay after the last true R wave before it; a pulse that the next
/// heart beat has overtaken is far off.
fn pulses_off(beats_ms: &[f64], timed: &[Timed]) -> Vec<f64> {
    let off = |pulse: &Timed| {
        let before = beats_ms.partition_point(|beat_ms| *beat_ms <= pulse.at_ms).checked_sub(1)?;
        Some((pulse.at_ms - beats_ms[before] - pulse.delay_ms).abs())
    };
    let mut off_ms: Vec<f64> = timed.iter().map(|pulse| off(pulse).unwrap_or(f64::INFINITY)).collect();
    off_ms.sort_by(f64::total_cmp);
    off_ms
}
