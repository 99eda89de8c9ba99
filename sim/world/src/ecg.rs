// SPDX-License-Identifier: Apache-2.0
//! An electrocardiogram with known R waves: rhythm, morphology, noise, pacing, electrode.
//!
//! # Model
//! A beat is a sum of Gaussians about its R wave at t_R:
//! ```text
//! z(t) = sum_i a_i exp(-(t - t_R - s tau_i)^2 / (2 b_i^2)),   s = sqrt(RR / 1 s) for T, 1 for the others
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | a_i, tau_i, b_i | height, place and width of P, Q, R, S and T | mV, s, s | [`Wave`] |
//! | RR | interval to the beat before | s | `interval_s` |
//!
//! | kind | rhythm | beats | noise |
//! |---|---|---|---|
//! | `Sinus` | 72 /min, breathing moves it by 4 % | P, QRS, T | wander 0.1 mV, muscle 10 uV, mains 20 uV |
//! | `Noisy` | the same | the same | wander 0.5 mV, muscle 100 uV in bursts of 250 uV, mains 0.2 mV; the electrode moves: a step every 5 s, a hump of 20 to 150 ms every 20 s |
//! | `Ectopic` | the same; 15 % ventricular beats, a third too early, with a pause | these without P, wide, high, T opposite | as `Sinus` |
//! | `AtrialFibrillation` | intervals drawn one by one, 0.35 to 1.3 s | no P; f waves of 4 to 7 Hz, 0.06 mV | as `Sinus` |
//! | `Paced` | 75 /min; every sixth beat paced in the atrium too; 6 % of the spikes are not followed by a beat | spike of 2 ms and 3 mV, 60 ms later a wide QRS | as `Sinus` |
//!
//! # Interface
//! [`EcgGenerator::new`] has a rhythm of its own; [`EcgGenerator::driven`] beats when a heart says so, by [`EcgGenerator::beat`]
//! once a beat, or by [`EcgGenerator::expect`] as often as it likes. A pacemaker's spikes all capture then.
//! [`EcgGenerator::sample`] is called with times that do not go back.
//!
//! # Limits and failure
//! The truth is the centre of the R wave; the largest value of the sum is within 2.5 ms of it (asserted). A beat that is told
//! less than [`NOTICE_S`] before its R wave comes without a P wave. The front end saturates at [`RAIL_MV`], resolves 5 uV.
//!
//! # Source
//! P. E. McSharry, G. D. Clifford, L. Tarassenko, L. A. Smith, A dynamical model for generating synthetic electrocardiogram
//! signals, IEEE Trans. Biomed. Eng. 50 (2003) 289: Gaussians about P, Q, R, S, T (table I, in time instead of angle at 60 /min), T
//! stretched with the root of the interval. Rates of ectopic beats, noise and pacing are of our choice.
//!
//! # Shown by
//! Unit tests below; `levitas ecg`.

mod waves;

use core::f64::consts::TAU;

use heapless::Deque;

use crate::noise::Noise;
use waves::{ATRIAL_S, Beat, CAPTURE_S, NORMAL, PACED, VENTRICULAR, Wave, wave};

/// Largest signal of the front end [mV].
pub const RAIL_MV: f64 = 5.0;
/// Resolution of the front end [mV].
const LSB_MV: f64 = 5e-3;
/// Time before its R wave at which a beat has to be known for its P wave to be seen [s].
pub const NOTICE_S: f64 = 0.3;
/// What a beat reaches before and after its R wave [s].
const REACH_S: (f64, f64) = (0.35, 0.9);
/// So much earlier than [`NOTICE_S`] an expected beat is taken, that it is never late by a sample.
const EARLY_S: f64 = 2e-3;
/// A heart has no second R wave within this time [s].
const REFRACTORY_S: f64 = 0.2;
/// Beats that are seen at a time, or known and still to come.
const BEATS: usize = 8;

/// What the electrodes see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EcgKind {
    /// Sinus rhythm with little noise.
    Sinus,
    /// The same with wander, muscle, mains and steps of the electrode.
    Noisy,
    /// With ventricular extrasystoles.
    Ectopic,
    /// Irregular, no P waves.
    AtrialFibrillation,
    /// By a pacemaker.
    Paced,
}

impl EcgKind {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Sinus, "sinus rhythm"),
        (Self::Noisy, "noise"),
        (Self::Ectopic, "ectopic beats"),
        (Self::AtrialFibrillation, "atrial fibrillation"),
        (Self::Paced, "pacing spikes"),
    ];
}

/// Size of each disturbance.
#[derive(Clone, Copy, Debug)]
struct Disturbances {
    wander_mv: f64,
    muscle_mv: f64,
    burst_mv: f64,
    mains_mv: f64,
    steps_per_s: f64,
    humps_per_s: f64,
}

const QUIET: Disturbances = Disturbances {
    wander_mv: 0.1,
    muscle_mv: 0.01,
    burst_mv: 0.01,
    mains_mv: 0.02,
    steps_per_s: 0.0,
    humps_per_s: 0.0,
};
const LOUD: Disturbances = Disturbances {
    wander_mv: 0.5,
    muscle_mv: 0.1,
    burst_mv: 0.25,
    mains_mv: 0.2,
    steps_per_s: 0.2,
    humps_per_s: 0.05,
};

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct EcgGenerator {
    kind: EcgKind,
    own_rhythm: bool,
    rate_per_min: f64,
    mains_hz: f64,
    rhythm: Noise,
    noise: Noise,
    beats: Deque<Beat, BEATS>,
    passed_s: Deque<f64, BEATS>,
    last_at_s: f64,
    beat_count: u32,
    pause: f64,
    offset_mv: f64,
    /// Where the electrode has moved for a moment: place is a time [s].
    hump: Wave,
    electrode_on: bool,
    time_s: f64,
}

impl EcgGenerator {
    /// With a rhythm of its own.
    #[must_use]
    pub fn new(kind: EcgKind, seed: u64) -> Self {
        let rate_per_min = if kind == EcgKind::Paced { 75.0 } else { 72.0 };
        Self {
            kind,
            own_rhythm: true,
            rate_per_min,
            mains_hz: 50.0,
            rhythm: Noise::new(seed, 101),
            noise: Noise::new(seed, 102),
            beats: Deque::new(),
            passed_s: Deque::new(),
            last_at_s: 0.0,
            beat_count: 0,
            pause: 1.0,
            offset_mv: 0.0,
            hump: wave(0.0, 0.0, 1.0),
            electrode_on: true,
            time_s: 0.0,
        }
    }

    /// Beats when it is told to, with the morphology and noise of a kind.
    #[must_use]
    pub fn driven(kind: EcgKind, seed: u64) -> Self {
        Self { own_rhythm: false, ..Self::new(kind, seed) }
    }

    /// Mean rate of the own rhythm from the next beat on.
    pub fn set_rate(&mut self, rate_per_min: f64) {
        self.rate_per_min = rate_per_min;
    }

    /// Frequency of the mains.
    pub fn set_mains(&mut self, mains_hz: f64) {
        self.mains_hz = mains_hz;
    }

    /// Electrode on or off the skin.
    pub fn set_electrode(&mut self, is_on: bool) {
        self.electrode_on = is_on;
    }

    /// It is on the skin.
    #[must_use]
    pub fn has_electrode(&self) -> bool {
        self.electrode_on
    }

    /// The heart has its next R wave at that time; [`NOTICE_S`] before is early enough for the P wave. More than are seen at
    /// a time are forgotten.
    pub fn beat(&mut self, at_s: f64) {
        let is_ventricular = self.kind == EcgKind::Ectopic && self.rhythm.uniform() < 0.15;
        self.push(at_s, is_ventricular);
    }

    /// The heart has its next R wave then, as it seems now; `None`: it stands still. To be said before each sample.
    pub fn expect(&mut self, r_wave_s: Option<(f64, bool)>) {
        let waiting = self.beats.back().is_some_and(|beat| !beat.is_told);
        match (r_wave_s, self.beats.back_mut().filter(|_| waiting)) {
            (Some((at_s, _)), Some(beat)) => beat.move_to(at_s),
            (None, Some(_)) => {
                self.beats.pop_back();
            }
            (Some((at_s, is_ventricular)), None) => {
                let is_next = at_s > self.time_s && at_s - self.last_at_s > REFRACTORY_S;
                if is_next && at_s - self.time_s < NOTICE_S + EARLY_S {
                    self.push(at_s, is_ventricular);
                }
            }
            (None, None) => {}
        }
    }

    /// Morphology and noise of another kind from the next beat on.
    pub fn set_kind(&mut self, kind: EcgKind) {
        self.kind = kind;
    }

    /// Time of an R wave that has passed since, each once.
    pub fn passed_beat(&mut self) -> Option<f64> {
        self.passed_s.pop_front()
    }

    /// Voltage between the electrodes as the front end sees it; times do not go back [mV].
    pub fn sample(&mut self, t_s: f64) -> f64 {
        let step_s = t_s - self.time_s;
        self.time_s = t_s;
        while self.own_rhythm && self.last_at_s < t_s + REACH_S.0 + NOTICE_S {
            self.draw_beat();
        }
        for beat in self.beats.iter_mut().filter(|beat| beat.at_s <= t_s && !beat.is_told) {
            beat.is_told = true;
            if beat.is_captured {
                let _ = self.passed_s.push_back(beat.at_s);
            }
        }
        while self.beats.front().is_some_and(|beat| beat.at_s + REACH_S.1 < t_s) {
            self.beats.pop_front();
        }
        let heart_mv = self.clean_mv(t_s);
        let noise_mv = self.noise_mv(t_s, step_s);
        let seen_mv = if self.electrode_on { heart_mv + noise_mv } else { self.open_mv(t_s) };
        libm::round(seen_mv.clamp(-RAIL_MV, RAIL_MV) / LSB_MV) * LSB_MV
    }

    /// An open input: mains and what the amplifier drifts to.
    fn open_mv(&mut self, t_s: f64) -> f64 {
        4.0 + 2.5 * libm::sin(TAU * self.mains_hz * t_s) + 0.2 * self.noise.gaussian()
    }

    /// What the heart gives.
    fn clean_mv(&self, t_s: f64) -> f64 {
        let beats_mv: f64 = self.beats.iter().map(|beat| beat.value_mv(t_s)).sum();
        if self.kind != EcgKind::AtrialFibrillation {
            return beats_mv;
        }
        let swell = 0.75 + 0.25 * libm::sin(TAU * 0.37 * t_s);
        let wandering = TAU * 5.5 * t_s + 2.0 * libm::sin(TAU * 0.6 * t_s);
        beats_mv + 0.06 * swell * (libm::sin(wandering) + 0.3 * libm::sin(2.0 * wandering + 1.0))
    }

    fn noise_mv(&mut self, t_s: f64, step_s: f64) -> f64 {
        let sizes = if self.kind == EcgKind::Noisy { LOUD } else { QUIET };
        let wander = 0.7 * libm::sin(TAU * 0.23 * t_s) + 0.3 * libm::sin(TAU * 0.071 * t_s + 1.3);
        let in_burst = libm::fmod(t_s, 20.0) > 15.0;
        let muscle_mv = if in_burst { sizes.burst_mv } else { sizes.muscle_mv };
        let mains = libm::sin(TAU * self.mains_hz * t_s) + 0.2 * libm::sin(TAU * 3.0 * self.mains_hz * t_s);
        if self.noise.uniform() < sizes.steps_per_s * step_s {
            self.offset_mv = 1.5 * self.noise.gaussian();
        }
        if self.noise.uniform() < sizes.humps_per_s * step_s {
            let width_s = 0.02 + 0.13 * self.noise.uniform();
            self.hump = wave(0.7 * self.noise.gaussian(), t_s + 4.0 * width_s, width_s);
        }
        let distance = (t_s - self.hump.place_s) / self.hump.width_s;
        sizes.wander_mv * wander
            + self.hump.height_mv * libm::exp(-0.5 * distance * distance)
            + muscle_mv * self.noise.gaussian()
            + sizes.mains_mv * mains
            + self.offset_mv.clamp(-2.5, 2.5)
    }

    /// The next beat of the own rhythm.
    fn draw_beat(&mut self) {
        let mean_s = 60.0 / self.rate_per_min;
        let breathing = 1.0 + 0.04 * libm::sin(TAU * 0.25 * self.last_at_s);
        let jitter = 1.0 + 0.01 * self.rhythm.gaussian();
        let (interval_s, is_ventricular) = match self.kind {
            EcgKind::AtrialFibrillation => {
                let drawn_s = mean_s * (0.85 + 0.28 * self.rhythm.gaussian());
                (drawn_s.clamp(0.35, 1.3), false)
            }
            EcgKind::Ectopic if self.pause <= 1.0 && self.rhythm.uniform() < 0.15 => {
                (0.66 * mean_s * jitter, true)
            }
            EcgKind::Paced => (mean_s, false),
            _ => (self.pause * mean_s * breathing * jitter, false),
        };
        self.pause = if is_ventricular { 1.34 } else { 1.0 };
        self.push(self.last_at_s + interval_s, is_ventricular);
    }

    fn push(&mut self, at_s: f64, is_ventricular: bool) {
        let interval_s = (at_s - self.last_at_s).clamp(0.3, 2.0);
        self.last_at_s = at_s;
        self.beat_count = self.beat_count.wrapping_add(1);
        let never_s = f64::NEG_INFINITY;
        let is_paced = self.kind == EcgKind::Paced;
        let in_atrium = is_paced && self.beat_count.is_multiple_of(6);
        let spike_s = at_s - CAPTURE_S;
        let morphology = match () {
            () if is_paced => &PACED,
            () if is_ventricular => &VENTRICULAR,
            () => &NORMAL,
        };
        let beat = Beat {
            at_s,
            stretch: libm::sqrt(interval_s),
            morphology,
            has_p_wave: self.kind != EcgKind::AtrialFibrillation && at_s - self.time_s >= NOTICE_S,
            spikes_s: [
                if is_paced { spike_s } else { never_s },
                if in_atrium { spike_s - ATRIAL_S } else { never_s },
            ],
            is_captured: !is_paced || !self.own_rhythm || self.rhythm.uniform() >= 0.06,
            is_told: false,
        };
        let _ = self.beats.push_back(beat);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// R waves, and samples at 1 kHz.
    fn record(generator: &mut EcgGenerator, duration_s: f64) -> (Vec<f64>, Vec<f64>) {
        let mut beats = Vec::new();
        let count = (duration_s * 1e3) as usize;
        let samples = (0..count)
            .map(|index| {
                let sample = generator.sample(index as f64 * 1e-3);
                beats.extend(generator.passed_beat());
                sample
            })
            .collect();
        (beats, samples)
    }

    #[test]
    fn the_truth_is_where_the_clean_signal_is_largest() {
        for (kind, name) in EcgKind::ALL {
            let mut generator = EcgGenerator::new(kind, 3);
            let (mut beats, mut clean) = (Vec::new(), Vec::new());
            for index in 0..120_000 {
                generator.sample(f64::from(index) * 1e-3);
                clean.push(generator.clean_mv(f64::from(index) * 1e-3));
                beats.extend(generator.passed_beat());
            }
            assert!(beats.len() > 120, "{name}: {}", beats.len());
            for beat_s in &beats[1..beats.len() - 1] {
                let middle = (beat_s * 1e3) as usize;
                let largest =
                    (middle - 40..middle + 40).max_by(|a, b| clean[*a].abs().total_cmp(&clean[*b].abs()));
                let off_s = largest.unwrap() as f64 * 1e-3 - beat_s;
                assert!(off_s.abs() < 2.5e-3, "{name} at {beat_s}: {off_s}");
            }
        }
    }

    #[test]
    fn rhythms_are_what_they_are_called() {
        let intervals = |kind| {
            let (beats, _) = record(&mut EcgGenerator::new(kind, 5), 300.0);
            beats.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<f64>>()
        };
        let spread = |intervals: &[f64]| {
            let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
            let square = intervals.iter().map(|interval| (interval - mean) * (interval - mean)).sum::<f64>();
            (mean, libm::sqrt(square / intervals.len() as f64) / mean)
        };
        let (mean, regular) = spread(&intervals(EcgKind::Sinus));
        assert!((mean - 60.0 / 72.0).abs() < 0.01 && regular < 0.05, "{mean} {regular}");
        let (_, fibrillating) = spread(&intervals(EcgKind::AtrialFibrillation));
        assert!(fibrillating > 0.2, "{fibrillating}");
        let early = intervals(EcgKind::Ectopic).iter().filter(|interval| **interval < 0.65).count();
        assert!((25..80).contains(&early), "{early}");
        let missed = intervals(EcgKind::Paced).iter().filter(|interval| **interval > 1.2).count();
        assert!((8..40).contains(&missed), "{missed}");
    }

    #[test]
    fn a_heart_tells_its_beats_and_a_late_word_costs_the_p_wave() {
        let p_wave = |notice_s: f64| {
            let mut generator = EcgGenerator::driven(EcgKind::Sinus, 1);
            generator.sample(1.0 - notice_s);
            generator.beat(1.0);
            generator.sample(0.84);
            let p_mv = generator.clean_mv(0.84);
            generator.sample(1.0);
            assert_eq!((generator.passed_beat(), generator.passed_beat()), (Some(1.0), None));
            assert!(generator.clean_mv(1.0) > 1.0);
            p_mv
        };
        assert!(p_wave(0.4) > 0.1 && p_wave(0.2) < 0.01);
    }

    #[test]
    fn seeds_repeat_the_front_end_saturates_and_an_open_electrode_shows_no_heart() {
        let (beats, samples) = record(&mut EcgGenerator::new(EcgKind::Noisy, 7), 30.0);
        assert_eq!(
            (&beats, &samples),
            (&record(&mut EcgGenerator::new(EcgKind::Noisy, 7), 30.0).0, &samples)
        );
        assert!(record(&mut EcgGenerator::new(EcgKind::Noisy, 8), 30.0).1 != samples);
        let mut generator = EcgGenerator::new(EcgKind::Sinus, 7);
        generator.set_electrode(false);
        let (_, open) = record(&mut generator, 2.0);
        let railed = open.iter().filter(|sample| **sample >= RAIL_MV).count();
        assert!(open.iter().all(|sample| sample.abs() <= RAIL_MV) && railed > 500, "{railed}");
    }
}
