// SPDX-License-Identifier: Apache-2.0
//! Heart beats that the unit that drives finds in the ECG of the patient, and the pulses that it gives after them.
//!
//! # Model
//! | figure | from | to |
//! |---|---|---|
//! | latency of a beat | its true R wave | the step of the circulation task that tells it |
//! | place of a pulse | the last true R wave before it, and the programmed delay | the speed has risen by [`RISE_RPM`] |
//!
//! The first [`LEARN_S`] of the run do not count, in which the size of the beats is learnt.
//! # Limits and failure
//! A pulse without a rise of the speed within [`RISE_S_MAX`] counts as infinitely far off.

use levitas_core::circulation::therapy::Mode;
use levitas_core::mail::CirculationMail;
use levitas_world::{Truth, units::RAD_PER_S_PER_RPM};

use crate::ecg::score::{Found, Score, quantile};
use crate::metrics::Metrics;

/// Rise of the true speed by which a pulse is known [rpm].
const RISE_RPM: f64 = 30.0;
/// Time in which it comes after the task has begun the pulse [s].
const RISE_S_MAX: f64 = 0.15;
const LEARN_S: f64 = 3.0;
/// A beat so short before the end is not expected to be found yet [s].
const LATE_S: f64 = 0.1;
/// Place in the beat at which systole is over.
const SYSTOLE_END: f64 = 0.45;
const MS_PER_S: f64 = 1e3;

/// A pulse that the task has begun.
#[derive(Clone, Copy, Debug)]
struct Begun {
    at_s: f64,
    delay_ms: f64,
}

/// Ups and downs of a speed.
#[derive(Clone, Copy, Debug, Default)]
struct Swing {
    is_up: bool,
    /// Highest speed since it is up, lowest since it is down [rpm].
    extreme_rpm: f64,
}

impl Swing {
    /// True when it has just gone up.
    fn step(&mut self, speed_rpm: f64) -> bool {
        let is_further = if self.is_up { speed_rpm > self.extreme_rpm } else { speed_rpm < self.extreme_rpm };
        if is_further {
            self.extreme_rpm = speed_rpm;
        }
        let turns = (speed_rpm - self.extreme_rpm).abs() > RISE_RPM;
        if turns {
            *self = Self { is_up: !self.is_up, extreme_rpm: speed_rpm };
        }
        turns && self.is_up
    }
}

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct HeartWatch {
    /// Winding set of the unit that is looked at, its beats and pulses.
    seen: Option<(usize, u32, u32)>,
    r_wave_count: u32,
    r_wave_s: f64,
    r_waves_ms: Vec<f64>,
    found: Vec<Found>,
    swing: Swing,
    is_pulsatile: bool,
    begun: Option<Begun>,
    pulses_off_ms: Vec<f64>,
    in_diastole: usize,
    by_clock: usize,
    /// In the last period of the task a beat was found, a pulse begun.
    pub news: [bool; 2],
}

impl HeartWatch {
    /// The state after a step of the world.
    pub fn follow(&mut self, truth: &Truth) {
        let Some(ecg) = truth.ecg else { return };
        if ecg.r_wave_count != self.r_wave_count {
            (self.r_wave_count, self.r_wave_s) = (ecg.r_wave_count, ecg.r_wave_s);
            self.r_waves_ms.push(ecg.r_wave_s * MS_PER_S);
        }
        let has_risen = self.swing.step(truth.rotor_speed_rad_per_s / RAD_PER_S_PER_RPM);
        let Some(begun) = self.begun else {
            self.by_clock += usize::from(has_risen && self.is_pulsatile);
            return;
        };
        if has_risen {
            let off_ms = (truth.time_s - self.r_wave_s) * MS_PER_S - begun.delay_ms;
            self.pulses_off_ms.push(off_ms.abs());
            let phase = truth.patient.map_or(0.0, |patient| patient.heart_phase);
            self.in_diastole += usize::from(phase >= SYSTOLE_END);
        } else if truth.time_s > begun.at_s + RISE_S_MAX {
            self.pulses_off_ms.push(f64::INFINITY);
        } else {
            return;
        }
        self.begun = None;
    }

    /// What the circulation task of a winding set's unit said in its step at that time.
    pub fn hear(&mut self, time_s: f64, set: usize, mail: &CirculationMail) {
        self.is_pulsatile = mail.mode == Mode::Pulsatile as u32;
        let before = self.seen.replace((set, mail.beat_count, mail.pulse_count));
        let Some((_, beats, pulses)) = before.filter(|(before, ..)| *before == set) else { return };
        self.news = [mail.beat_count != beats, mail.pulse_count != pulses];
        let [has_beat, has_pulse] = self.news;
        if has_beat {
            // The last sample is of the end of the step before.
            let told_ms = time_s * MS_PER_S;
            self.found.push(Found { at_ms: told_ms - f64::from(mail.beat_age_ms), told_ms });
        }
        if has_pulse {
            self.begun = Some(Begun { at_s: time_s, delay_ms: f64::from(mail.pulse_delay_ms) });
        }
    }

    /// Enters the figures of a run that has ended at that time.
    pub fn measure(&self, end_s: f64, metrics: &mut Metrics) {
        let counts = |at_ms: f64| (LEARN_S..end_s - LATE_S).contains(&(at_ms / MS_PER_S));
        let beats_ms: Vec<f64> = self.r_waves_ms.iter().copied().filter(|at_ms| counts(*at_ms)).collect();
        let found: Vec<Found> = self.found.iter().copied().filter(|found| counts(found.at_ms)).collect();
        if beats_ms.is_empty() {
            return;
        }
        let score = Score::of(&beats_ms, &found);
        metrics.set("ecg.beats", beats_ms.len() as f64);
        metrics.set("ecg.sensitivity_pct", score.sensitivity_pct());
        metrics.set("ecg.predictivity_pct", score.predictivity_pct());
        metrics.set("ecg.latency_ms", quantile(&score.latency_ms, 0.95));
        metrics.set("pulse.by_clock", self.by_clock as f64);
        if self.pulses_off_ms.is_empty() {
            return;
        }
        let mut off_ms = self.pulses_off_ms.clone();
        off_ms.sort_by(f64::total_cmp);
        metrics.set("pulse.by_heart", off_ms.len() as f64);
        metrics.set("pulse.off_ms", quantile(&off_ms, 0.95));
        metrics.set("pulse.in_diastole_pct", 100.0 * self.in_diastole as f64 / off_ms.len() as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use levitas_core::mailbox::Words as _;
    use levitas_world::{EcgTruth, PatientTruth};

    /// A beat a second, found 40 ms late; a pulse 400 ms after it that the speed follows `late_s` later.
    fn watched(late_s: f64, phase: f64) -> Metrics {
        let mut watch = HeartWatch::default();
        let mut mail = CirculationMail::from_words([0; levitas_core::mail::CIRCULATION_WORDS]);
        (mail.beat_age_ms, mail.pulse_delay_ms) = (40.0, 400.0);
        mail.mode = Mode::Pulsatile as u32;
        for period in 0..1000_u32 {
            let time_s = f64::from(period) * 0.01;
            let in_beat_s = time_s % 1.0;
            mail.beat_count += u32::from((in_beat_s - 0.04).abs() < 1e-6);
            mail.pulse_count += u32::from((in_beat_s - 0.4).abs() < 1e-6);
            watch.hear(time_s, 0, &mail);
            let is_high = (0.4 + late_s..0.7).contains(&in_beat_s) || time_s < 0.1;
            let speed_rpm = if is_high { 3100.0 } else { 3000.0 };
            watch.follow(&Truth {
                time_s,
                rotor_speed_rad_per_s: speed_rpm * RAD_PER_S_PER_RPM,
                patient: Some(PatientTruth { heart_phase: phase, ..PatientTruth::default() }),
                ecg: Some(EcgTruth {
                    r_wave_count: period / 100 + 1,
                    r_wave_s: time_s.floor(),
                    ..EcgTruth::default()
                }),
                ..Truth::default()
            });
        }
        let mut metrics = Metrics::default();
        watch.measure(10.0, &mut metrics);
        metrics
    }

    #[test]
    fn beats_and_pulses_are_measured_against_the_truth() {
        let metrics = watched(0.025, 0.6);
        for (name, value) in [
            ("ecg.beats", 7.0),
            ("ecg.sensitivity_pct", 100.0),
            ("ecg.predictivity_pct", 100.0),
            ("ecg.latency_ms", 40.0),
            ("pulse.by_heart", 10.0),
            // From the standstill.
            ("pulse.by_clock", 1.0),
            ("pulse.off_ms", 30.0),
            ("pulse.in_diastole_pct", 100.0),
        ] {
            let found = metrics.get(name).unwrap_or(f64::NAN);
            assert!((found - value).abs() < 1e-6, "{name}: {found}");
        }
        assert_eq!(watched(0.0, 0.2).get("pulse.in_diastole_pct"), Some(0.0));
    }

    #[test]
    fn a_pulse_that_the_speed_does_not_follow_has_no_place() {
        let metrics = watched(1.0, 0.6);
        assert_eq!((metrics.get("pulse.by_heart"), metrics.get("pulse.off_ms")), (Some(10.0), None));
    }
}
