// SPDX-License-Identifier: Apache-2.0
//! Sensitivity function of one bearing axis by a stepped sine, while the pump runs.
//!
//! # Model
//! ```text
//! w --> (+) --> "after" --> notch, observer, feedback, coil, rotor, Hall --> pickup taken off --+
//!        ^                                                                                      |
//!        +--------------------------------------------------------------------------------------+
//! S = after / w,   raw S = (w + Hall signal before the pickup is taken off) / w
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | w | excitation at the summing point | m | `amplitude_m` |
//! | S | sensitivity, its peak is the inverse of the least distance of the loop from -1 | 1 | [`SensitivityPoint`] |
//!
//! # Running speed
//! A turning rotor shows 1x and 2x of runout, as large as w and larger. Every frequency keeps a third of the running
//! speed's frequency away from its harmonics up to [`HARMONICS`], and is measured for [`CYCLES_OFF`] cycles of that distance,
//! where the window of [`crate::probe`] leaves 0.5 % of them. A frequency that moves onto the one before is left out.
//!
//! # Timing
//! One `step` in a task of 10 Hz to 1 kHz; 60 frequencies take 30 s.
//!
//! # Limits and failure
//! The probe refuses or stops for its own reasons; the sweep then ends with that status. A point at which a coil was at a
//! limit, or a fault was named, says so: it is not the linear loop that was measured.
//!
//! # Source
//! ISO 14839-3:2006, evaluation of stability margin.
//!
//! # Shown by
//! `tests.rs`; `sim/levitas/tests/sensitivity.rs` and `tests/clients/test_sensitivity.py` against the linear model.

use super::Zone;
use crate::mail::{Mailboxes, limit};
use crate::math::{atan2, larger, smaller, sqrt};
use crate::probe::{ProbeRequest, ProbeResult, ProbeStatus, Signal, Target, Tone};
use crate::units::RAD_PER_TURN;

/// Most frequencies of a sweep.
pub const POINTS_MAX: usize = 64;
/// Harmonics of the running speed that are avoided.
const HARMONICS: f32 = 6.0;
/// Least distance from a harmonic, as a part of the running speed's frequency.
const DISTANCE: f32 = 1.0 / 3.0;
/// Cycles of that distance in a measurement.
const CYCLES_OFF: f32 = 4.0;
/// Cycles of the excitation in a measurement, at least.
const CYCLES: f32 = 4.0;
/// Speed below which the rotor counts as standing: 60 rpm [Hz].
const STANDING_HZ: f32 = 1.0;

/// An axis of the bearing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Along x.
    X,
    /// Along y.
    Y,
}

crate::ranged_struct! {
    /// How to sweep.
    pub struct SweepConfig: f32 {
        /// Amplitude of the excitation [m].
        amplitude_m: 0.1e-6..=20e-6,
        /// First frequency [Hz].
        frequency_hz_min: 1.0..=100.0,
        /// Last frequency [Hz].
        frequency_hz_max: 200.0..=8000.0,
        /// Number of frequencies, spaced by equal factors [1].
        points: 2.0..=64.0,
        /// Time to settle at each frequency [s].
        settle_s: 0.01..=10.0,
        /// Least time to measure at each frequency [s].
        measure_s: 0.05..=5.0,
    }
}

impl SweepConfig {
    /// 10 Hz to 5 kHz with 3 um: with 1 um of sensor noise each |S| is found to 1 % (1 sigma), and no coil comes to its
    /// voltage limit (from 4 um at 2 kHz).
    pub const STANDARD: Self = Self {
        amplitude_m: 3e-6,
        frequency_hz_min: 10.0,
        frequency_hz_max: 5000.0,
        points: 60.0,
        settle_s: 0.05,
        measure_s: 0.4,
    };
}

/// A ratio of two signals at one frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Response {
    /// In phase.
    pub re: f32,
    /// 90 degrees ahead.
    pub im: f32,
}

impl Response {
    /// Its size.
    #[must_use]
    pub fn magnitude(self) -> f32 {
        sqrt(self.re * self.re + self.im * self.im)
    }

    /// By how much it leads, -pi to pi [rad].
    #[must_use]
    pub fn phase_rad(self) -> f32 {
        atan2(self.im, self.re)
    }
}

/// What was found at one frequency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SensitivityPoint {
    /// Frequency [Hz].
    pub frequency_hz: f32,
    /// After the pickup is taken off, where the loop is closed.
    pub compensated: Response,
    /// At the Halls, before the pickup is taken off.
    pub raw: Response,
    /// A coil was at a limit meanwhile.
    pub limited: bool,
    /// Bits of `LevitationMail::faults` that were set meanwhile.
    pub faults: u32,
}

/// Largest |S| of a sweep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Its value.
    pub value: f32,
    /// Where it is [Hz].
    pub frequency_hz: f32,
    /// Its zone.
    pub zone: Zone,
}

/// How far a sweep has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This many frequencies are measured.
    Running(usize),
    /// All are.
    Done,
    /// The probe has refused or stopped, for this reason.
    Failed(ProbeStatus),
}

/// One sweep of one axis; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    axis: Axis,
    config: SweepConfig,
    hall_v_per_m: f32,
    factor: f32,
    frequency_hz: f32,
    left: u32,
    request: Option<ProbeRequest>,
    points: [SensitivityPoint; POINTS_MAX],
    count: usize,
    progress: Progress,
}

impl Sweep {
    /// A sweep that has not begun. `hall_v_per_m` is the gain of that axis' Hall pair.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(
        axis: Axis,
        config: &SweepConfig,
        hall_v_per_m: f32,
    ) -> Result<Self, crate::config::ConfigError> {
        config.check()?;
        let ratio = config.frequency_hz_max / config.frequency_hz_min;
        Ok(Self {
            axis,
            config: *config,
            hall_v_per_m,
            factor: root(ratio, (config.points as u32).saturating_sub(1)),
            frequency_hz: config.frequency_hz_min,
            left: config.points as u32,
            request: None,
            points: [SensitivityPoint::default(); POINTS_MAX],
            count: 0,
            progress: Progress::Running(0),
        })
    }

    /// One period of the task that runs the sweep; `rotor_speed_rad_per_s` is the present one.
    pub fn step(&mut self, mail: &Mailboxes, rotor_speed_rad_per_s: f32) -> Progress {
        if !matches!(self.progress, Progress::Running(_)) {
            return self.progress;
        }
        let Some(request) = self.request else {
            self.ask(mail, rotor_speed_rad_per_s);
            return self.progress;
        };
        mail.probe_request.write(&request); // renewed
        let Some((_, result)) = mail.probe_result.read::<ProbeResult>() else { return self.progress };
        let status = ProbeStatus::from_code(result.status).filter(|_| result.number == request.number);
        match status {
            Some(ProbeStatus::Done) => {
                self.keep(&result);
                self.progress = Progress::Running(self.count);
                self.ask(mail, rotor_speed_rad_per_s);
            }
            Some(status) if status.is_final() => {
                self.progress = Progress::Failed(status);
                self.withdraw(mail);
            }
            _ => {}
        }
        self.progress
    }

    /// Takes the excitation back; to be called when the sweep is given up half-way.
    pub fn withdraw(&mut self, mail: &Mailboxes) {
        mail.probe_request.write(&ProbeRequest {
            measure_s: self.config.measure_s,
            ..ProbeRequest::listening(next_number(mail))
        });
        self.request = None;
    }

    /// What has been measured so far.
    pub fn points(&self) -> impl Iterator<Item = &SensitivityPoint> {
        self.points.iter().take(self.count)
    }

    /// Largest |S| so far, where the loop is closed.
    #[must_use]
    pub fn peak(&self) -> Option<Peak> {
        self.peak_of(|point| point.compensated)
    }

    /// Largest |S| so far at the Halls.
    #[must_use]
    pub fn raw_peak(&self) -> Option<Peak> {
        self.peak_of(|point| point.raw)
    }

    fn peak_of(&self, response: impl Fn(&SensitivityPoint) -> Response) -> Option<Peak> {
        let mut largest: Option<Peak> = None;
        for point in self.points() {
            let value = response(point).magnitude();
            if largest.is_none_or(|peak| value > peak.value) {
                let zone = Zone::of_sensitivity(value);
                largest = Some(Peak { value, frequency_hz: point.frequency_hz, zone });
            }
        }
        largest
    }

    /// The next frequency and the time to measure there; `None` when all are measured.
    fn next(&mut self, rotor_speed_rad_per_s: f32) -> Option<(f32, f32)> {
        let running_hz = rotor_speed_rad_per_s.abs() / RAD_PER_TURN;
        let last_hz = self.points().last().map_or(0.0, |point| point.frequency_hz);
        while self.left > 0 {
            self.left = self.left.saturating_sub(1);
            let next = avoiding(running_hz, self.frequency_hz, self.config.measure_s);
            self.frequency_hz *= self.factor;
            if next.0 > 1.05 * last_hz {
                return Some(next);
            }
        }
        None
    }

    /// Asks the probe for the next frequency, or ends.
    fn ask(&mut self, mail: &Mailboxes, rotor_speed_rad_per_s: f32) {
        let Some((frequency_hz, measure_s)) = self.next(rotor_speed_rad_per_s) else {
            self.progress = Progress::Done;
            return self.withdraw(mail);
        };
        let (cosine_x, cosine_y) = match self.axis {
            Axis::X => (self.config.amplitude_m, 0.0),
            Axis::Y => (0.0, self.config.amplitude_m),
        };
        let request = ProbeRequest {
            target: Target::Displacement as u32,
            cosine_x,
            cosine_y,
            frequency_hz,
            settle_s: self.config.settle_s,
            measure_s,
            ..ProbeRequest::listening(next_number(mail))
        };
        mail.probe_request.write(&request);
        self.request = Some(request);
    }

    /// Takes the answer of the probe.
    fn keep(&mut self, result: &ProbeResult) {
        let (after, plus, minus) = match self.axis {
            Axis::X => (Signal::DisplacementX, Signal::HallXPlus, Signal::HallXMinus),
            Axis::Y => (Signal::DisplacementY, Signal::HallYPlus, Signal::HallYMinus),
        };
        let per_m = 1.0 / self.config.amplitude_m;
        let at_halls = per_m / self.hall_v_per_m;
        let (plus, minus) = (result.tone(plus), result.tone(minus));
        let point = SensitivityPoint {
            frequency_hz: result.frequency_hz,
            compensated: response(result.tone(after), per_m),
            raw: Response {
                re: 1.0 + at_halls * (plus.cosine - minus.cosine),
                im: -at_halls * (plus.sine - minus.sine),
            },
            limited: result.limits & (limit::COIL_CURRENT | limit::COIL_VOLTAGE) != 0,
            faults: result.faults,
        };
        if let Some(place) = self.points.get_mut(self.count) {
            *place = point;
            self.count = self.count.saturating_add(1);
        }
    }
}

/// A tone over an excitation that is all cosine.
fn response(tone: Tone, per_m: f32) -> Response {
    Response { re: tone.cosine * per_m, im: -tone.sine * per_m }
}

/// A number that nobody has used for the last request.
fn next_number(mail: &Mailboxes) -> u32 {
    mail.probe_request.read::<ProbeRequest>().map_or(1, |(_, request)| request.number.wrapping_add(1))
}

/// Frequency and time that keep off the harmonics of the running speed.
fn avoiding(running_hz: f32, frequency_hz: f32, measure_s: f32) -> (f32, f32) {
    let measure_s = larger(measure_s, CYCLES / frequency_hz);
    if running_hz < STANDING_HZ || frequency_hz > (HARMONICS + 0.5) * running_hz {
        return (frequency_hz, measure_s);
    }
    let harmonic = ((frequency_hz / running_hz + 0.5) as u32) as f32 * running_hz;
    let distance_hz = frequency_hz - harmonic;
    let least_hz = DISTANCE * running_hz;
    let moved_hz = if harmonic == 0.0 || distance_hz.abs() >= least_hz {
        frequency_hz
    } else if distance_hz >= 0.0 {
        harmonic + least_hz
    } else {
        harmonic - least_hz
    };
    (moved_hz, smaller(larger(measure_s, CYCLES_OFF / least_hz), crate::probe::MEASURE_S.1))
}

/// The `n`-th root of `value` >= 1, by bisection.
fn root(value: f32, n: u32) -> f32 {
    let (mut low, mut high) = (1.0_f32, value);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        let power = (0..n).fold(1.0_f32, |power, _| power * middle);
        if power < value {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests;
