// SPDX-License-Identifier: Apache-2.0
//! When the pump gives its pulse: after the beat, in diastole; at a fixed rate when the ECG is lost. 100 Hz.
//!
//! # Model
//! ```text
//! pulse at t_R + min(delay, 0.6 RR), if the pulse before is at least 0.8 shortest intervals ago
//! next R wave at t_R + RR,           RR = median of the last five intervals
//! ratio 1:r, r = smallest from the programmed one to 3 with rate / r <= rate_max; back at 0.9 rate_max
//! ```
//! ```text
//! FixedRate --a score of 8: 2 for an interval within 20 % of RR, 1 for another one of 0.25 to 2 s, from good signal only--> Ecg
//! Ecg --no beat for 2.2 RR + 4 deviations (1 to 3 s); no signal for 0.5 s; noise for 3 s--> FixedRate
//! ```
//! Regular beats are back after four, those of atrial fibrillation after eight. A beat that does not come leaves out its pulse; nothing is guessed.
//! A beat that comes before the pulse of the one before takes its place: the pulse would meet a contracting heart.
//!
//! The pulses go on across each change of source: the fixed rate begins one interval after the last pulse, with the interval
//! that there was, and goes to its own by 10 % a pulse; the ECG begins with the first beat whose pulse keeps the shortest interval.
//!
//! # Timing
//! A pulse is told in the period before it, with the time until it: the R wave's age is known to the millisecond, and a
//! delay is longer than that age.
//!
//! # Limits and failure
//! What the pump needs to follow is its own matter: a pulse here is the start of the command.
//!
//! # Source
//! An ECG-triggered pump whose assist ratio falls by itself at high rates is the i-cor system, tried at 90, 120 and 150 /min
//! (MEDLINE 30151915). The numbers here are of our choice.
//!
//! # Shown by
//! Unit tests and properties in `trigger_tests.rs`; docs/ecg.md.

use super::SAMPLES_PER_STEP;
use super::detector::EcgReport;
use super::quality::Quality;
use crate::config::ConfigError;
use crate::math::{between, larger, saturate_between, smaller};

/// Period [ms].
const STEP_MS: f32 = SAMPLES_PER_STEP as f32;
/// Intervals between beats that there are [ms].
const INTERVAL_MS: (f32, f32) = (250.0, 2000.0);
/// Largest part of an interval that the delay takes.
const DELAY_SHARE_MAX: f32 = 0.6;
/// From the end of a pulse to the next R wave [ms].
const MARGIN_MS: f32 = 50.0;
/// Shortest interval between pulses, of that at the largest rate.
const EARLY_SHARE: f32 = 0.8;
/// An interval that is regular deviates by less.
const REGULAR: f32 = 0.2;
/// Score that brings the ECG back.
const SCORE: u32 = 8;
/// Change of the interval from one pulse of the fixed rate to the next.
const GLIDE: f32 = 0.1;
/// Without a signal, and with too much noise, for so long: the fixed rate [ms].
const SIGNAL_LOST_MS: f32 = 500.0;
const NOISE_MS: f32 = 3000.0;
/// Without a beat for so many intervals and deviations, within limits: the fixed rate [ms].
const BEAT_LOST: (f32, f32) = (2.2, 4.0);
const BEAT_LOST_MS: (f32, f32) = (1000.0, 3000.0);

crate::ranged_struct! {
    /// Configuration of the trigger.
    pub struct TriggerConfig: f32 {
        /// From the R wave to the start of the pulse [ms].
        delay_ms: 100.0..=600.0,
        /// Largest rate of pulses [1/min].
        pulse_rate_per_min_max: 90.0..=180.0,
        /// Rate of the pulses without an ECG [1/min].
        fixed_rate_per_min: 30.0..=90.0,
    }
}

impl TriggerConfig {
    /// Pulses in early diastole, up to 100 a minute.
    pub const DEFAULT: Self =
        Self { delay_ms: 350.0, pulse_rate_per_min_max: 100.0, fixed_rate_per_min: 60.0 };
}

/// Beats to a pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ratio {
    /// 1:1.
    EveryBeat = 1,
    /// 1:2.
    EverySecond = 2,
    /// 1:3.
    EveryThird = 3,
}

impl Ratio {
    const ALL: [Self; 3] = [Self::EveryBeat, Self::EverySecond, Self::EveryThird];

    fn beats(self) -> f32 {
        f32::from(self as u8)
    }
}

/// What times the pulses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The heart.
    Ecg,
    /// A clock.
    FixedRate,
}

/// A pulse that begins in the coming period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pulse {
    /// Time until it [ms].
    pub in_ms: f32,
    /// From the R wave to it, as meant; 0 at the fixed rate [ms].
    pub delay_ms: f32,
    /// How long it can be and be over when the heart contracts; infinite at the fixed rate [ms].
    pub room_ms: f32,
}

/// What a step says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TriggerReport {
    /// A pulse of the coming period.
    pub pulse: Option<Pulse>,
    /// What times the pulses.
    pub source: Source,
    /// Beats to a pulse that are in force.
    pub ratio: Ratio,
    /// Expected interval between pulses [ms].
    pub pulse_interval_ms: f32,
    /// Place in that interval, from the last pulse on; stays at 1 when the next one is late.
    pub phase: f32,
    /// Time until the next R wave is expected, 0 when it is late [ms]; `None` without an ECG.
    pub beat_in_ms: Option<f32>,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    config: TriggerConfig,
    programmed: Ratio,
    ratio: Ratio,
    source: Source,
    /// Last intervals, the newest first, their median and the mean deviation from it [ms].
    intervals_ms: [f32; 5],
    interval_ms: f32,
    deviation_ms: f32,
    since_beat_ms: f32,
    since_pulse_ms: f32,
    beats: u32,
    pending_ms: Option<f32>,
    /// Of the pulse that is pending.
    delay_ms: f32,
    fixed_interval_ms: f32,
    no_signal_ms: f32,
    noise_ms: f32,
    score: u32,
}

impl Trigger {
    /// A trigger that begins with the fixed rate.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &TriggerConfig, programmed: Ratio) -> Result<Self, ConfigError> {
        config.check()?;
        let fixed_interval_ms = 60_000.0 / config.fixed_rate_per_min;
        Ok(Self {
            config: *config,
            programmed,
            ratio: programmed,
            source: Source::FixedRate,
            intervals_ms: [fixed_interval_ms; 5],
            interval_ms: fixed_interval_ms,
            deviation_ms: 0.0,
            since_beat_ms: f32::INFINITY,
            since_pulse_ms: 0.0,
            beats: 0,
            pending_ms: None,
            delay_ms: 0.0,
            fixed_interval_ms,
            no_signal_ms: 0.0,
            noise_ms: 0.0,
            score: 0,
        })
    }

    /// Another delay from the R wave to the start of the pulse [ms], held within its range.
    pub fn set_delay_ms(&mut self, delay_ms: f32) {
        self.config.delay_ms = saturate_between(delay_ms, 100.0, 600.0);
    }

    /// One period, with what the detector has found in the one before it.
    pub fn step(&mut self, ecg: &EcgReport) -> TriggerReport {
        self.since_beat_ms += STEP_MS;
        self.since_pulse_ms += STEP_MS;
        self.watch_signal(ecg.quality);
        if let Some(age_ms) = ecg.beat_age_ms {
            self.beat(larger(age_ms, 0.0), ecg.quality == Quality::Good);
        }
        if self.source == Source::Ecg && self.is_lost() {
            self.lose();
        }
        let due_ms = match self.source {
            Source::Ecg => self.pending_ms,
            Source::FixedRate => Some(larger(self.fixed_interval_ms - self.since_pulse_ms, 0.0)),
        };
        let pulse = due_ms.filter(|due_ms| *due_ms < STEP_MS).map(|in_ms| self.give(larger(in_ms, 0.0)));
        self.pending_ms = self.pending_ms.map(|due_ms| due_ms - STEP_MS);
        self.report(pulse)
    }

    fn report(&self, pulse: Option<Pulse>) -> TriggerReport {
        let pulse_interval_ms = match self.source {
            Source::Ecg => self.interval_ms * self.ratio.beats(),
            Source::FixedRate => self.fixed_interval_ms,
        };
        let beat_in_ms = larger(self.interval_ms - self.since_beat_ms, 0.0);
        TriggerReport {
            pulse,
            source: self.source,
            ratio: self.ratio,
            pulse_interval_ms,
            phase: between(self.since_pulse_ms / pulse_interval_ms, 0.0, 1.0),
            beat_in_ms: (self.source == Source::Ecg).then_some(beat_in_ms),
        }
    }

    fn watch_signal(&mut self, quality: Quality) {
        let longer = |time_ms: f32, is: bool| if is { time_ms + STEP_MS } else { 0.0 };
        self.no_signal_ms = longer(self.no_signal_ms, !matches!(quality, Quality::Good | Quality::Noisy));
        self.noise_ms = longer(self.noise_ms, quality == Quality::Noisy);
        if quality != Quality::Good {
            self.score = 0;
        }
    }

    fn is_lost(&self) -> bool {
        let (intervals, deviations) = BEAT_LOST;
        let (least_ms, most_ms) = BEAT_LOST_MS;
        let patience_ms = intervals * self.interval_ms + deviations * self.deviation_ms;
        self.since_beat_ms > between(patience_ms, least_ms, most_ms)
            || self.no_signal_ms >= SIGNAL_LOST_MS
            || self.noise_ms >= NOISE_MS
    }

    /// From the heart to the clock, which begins where the heart has left off.
    fn lose(&mut self) {
        let shortest_ms = 60_000.0 / self.config.pulse_rate_per_min_max;
        self.source = Source::FixedRate;
        self.fixed_interval_ms = larger(self.interval_ms * self.ratio.beats(), shortest_ms);
        (self.score, self.pending_ms) = (0, None);
    }

    /// An R wave of this age.
    fn beat(&mut self, age_ms: f32, is_sure: bool) {
        let interval_ms = self.since_beat_ms - age_ms;
        let (shortest_ms, longest_ms) = INTERVAL_MS;
        self.since_beat_ms = age_ms;
        if interval_ms < shortest_ms || interval_ms > longest_ms {
            self.score = 0;
        } else {
            let off_ms = (interval_ms - self.interval_ms).abs();
            let points = if off_ms < REGULAR * self.interval_ms { 2 } else { 1 };
            self.score = if is_sure { self.score.saturating_add(points) } else { 0 };
            self.learn(interval_ms, off_ms);
        }
        if self.source == Source::FixedRate && self.score >= SCORE {
            self.source = Source::Ecg;
            self.beats = u32::MAX;
        }
        self.beats = self.beats.saturating_add(1);
        self.pending_ms = None;
        self.delay_ms = smaller(self.config.delay_ms, DELAY_SHARE_MAX * self.interval_ms);
        let due_ms = larger(self.delay_ms - age_ms, 0.0);
        let apart_ms = EARLY_SHARE * 60_000.0 / self.config.pulse_rate_per_min_max;
        if self.beats >= self.ratio as u32 && self.since_pulse_ms + due_ms >= apart_ms {
            self.pending_ms = Some(due_ms);
        }
    }

    fn learn(&mut self, interval_ms: f32, off_ms: f32) {
        self.deviation_ms += 0.2 * (off_ms - self.deviation_ms);
        let [a, b, c, d, _] = self.intervals_ms;
        self.intervals_ms = [interval_ms, a, b, c, d];
        self.interval_ms = median(self.intervals_ms);
        let fits = |ratio: Ratio, share: f32| {
            60_000.0 / self.interval_ms <= share * self.config.pulse_rate_per_min_max * ratio.beats()
        };
        let allowed = Ratio::ALL.into_iter().filter(|ratio| *ratio >= self.programmed);
        let wanted = allowed.filter(|ratio| fits(*ratio, if *ratio < self.ratio { 0.9 } else { 1.0 }));
        self.ratio = wanted.min().unwrap_or(Ratio::EveryThird);
    }

    /// Gives the pulse.
    fn give(&mut self, in_ms: f32) -> Pulse {
        self.since_pulse_ms = -in_ms;
        self.pending_ms = None;
        self.beats = 0;
        let fixed_ms = 60_000.0 / self.config.fixed_rate_per_min;
        let (delay_ms, room_ms) = match self.source {
            Source::Ecg => (self.delay_ms, self.interval_ms - self.since_beat_ms - in_ms - MARGIN_MS),
            Source::FixedRate => {
                let glide_ms = GLIDE * self.fixed_interval_ms;
                self.fixed_interval_ms += between(fixed_ms - self.fixed_interval_ms, -glide_ms, glide_ms);
                (0.0, f32::INFINITY)
            }
        };
        Pulse { in_ms, delay_ms, room_ms: larger(room_ms, MARGIN_MS) }
    }
}

/// The value in the middle.
fn median(values: [f32; 5]) -> f32 {
    let count = |is: &dyn Fn(f32) -> bool| values.iter().filter(|value| is(**value)).count();
    let is_middle =
        |value: &&f32| count(&|other| other < **value) <= 2 && count(&|other| other <= **value) > 2;
    values.iter().find(is_middle).copied().unwrap_or(INTERVAL_MS.1)
}

#[cfg(test)]
#[path = "trigger_tests.rs"]
mod tests;
