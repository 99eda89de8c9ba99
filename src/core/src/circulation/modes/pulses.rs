// SPDX-License-Identifier: Apache-2.0
//! Pulses on a mean speed: height, duty and rate, with bounded slopes.
//!
//! # Model
//! The wave is high for `duty` of the cycle and low for the rest, about a mean of zero: `h (1 - d)` and `-h d`. It changes by
//! `SLEW_RPM_PER_S` at most, which bounds what the blood and the bearing see. A pulse begins when the ECG says so, or at the fixed
//! rate. ECG pulses that fail to come are replaced by the fixed rate, counted on from the last one. By the ECG it is low again when the heart
//! contracts: where only every second beat has its pulse, `d` of the cycle would reach into systole.
//!
//! # Source
//! Height and duty of pulsatile extracorporeal support: facts of the maker's rates 60 to 90 bpm, amplitudes 1000 to 4000 rpm of a smaller
//! pump (references in `docs/circulation.md`).

use super::PERIOD_S;
use crate::circulation::therapy::TherapySettings;
use crate::math::{between, larger, slew, smaller};

/// Steepest slope of the wave [rpm/s].
const SLEW_RPM_PER_S: f32 = 3000.0;
/// Slope with which pulses end when the mode is left [rpm/s].
const FADE_RPM_PER_S: f32 = 1000.0;
/// Seconds in a minute.
const S_PER_MIN: f32 = 60.0;
/// Longest wait for a heartbeat, in cycles of the heart or of the fixed rate.
const WAIT_CYCLES: f32 = 2.0;

/// What the trigger says in this period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PulseTiming {
    /// A pulse is to begin now, by the ECG.
    pub begins: bool,
    /// From one pulse to the next by the ECG [s]; 0 when there is none.
    pub cycle_s: f32,
    /// Longest time that the pulse may be high and be over when the heart contracts [s].
    pub room_s: Option<f32>,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pulses {
    wave_rpm: f32,
    since_s: f32,
    cycle_s: f32,
    room_s: Option<f32>,
    lost: bool,
}

impl Pulses {
    /// One period: what is added to the mean speed [rpm].
    pub(super) fn step(&mut self, settings: &TherapySettings, timing: PulseTiming) -> f32 {
        let fixed_s = S_PER_MIN / settings.pulse_rate_bpm;
        let by_ecg = settings.pulse_by_ecg >= 0.5;
        self.since_s += PERIOD_S;
        let wait_s = WAIT_CYCLES * larger(fixed_s, self.cycle_s);
        let fixed_is_due = self.since_s >= if by_ecg && !self.lost { wait_s } else { fixed_s };
        if by_ecg && timing.begins {
            (self.since_s, self.cycle_s, self.lost) = (0.0, timing.cycle_s, false);
            self.room_s = timing.room_s;
        } else if fixed_is_due {
            (self.since_s, self.cycle_s, self.lost) = (0.0, fixed_s, by_ecg);
            self.room_s = None;
        }
        let cycle_s = if self.cycle_s > 0.0 { self.cycle_s } else { fixed_s };
        let wanted_duty = settings.pulse_duty_pct / 100.0;
        let duty = self.room_s.map_or(wanted_duty, |room_s| smaller(wanted_duty, room_s / cycle_s));
        let is_high = self.since_s < duty * cycle_s;
        // Higher it does not come in that time, and the mean would sink.
        let height_rpm = smaller(settings.pulse_amplitude_rpm, SLEW_RPM_PER_S * duty * cycle_s);
        let wanted_rpm = if is_high { height_rpm * (1.0 - duty) } else { -height_rpm * duty };
        self.move_to(wanted_rpm, SLEW_RPM_PER_S)
    }

    /// The mode is left: what is added fades.
    pub(super) fn fade(&mut self) -> f32 {
        (self.since_s, self.lost) = (0.0, false);
        self.move_to(0.0, FADE_RPM_PER_S)
    }

    fn move_to(&mut self, wanted_rpm: f32, slope_rpm_per_s: f32) -> f32 {
        let step_rpm = slope_rpm_per_s * PERIOD_S;
        self.wave_rpm = between(slew(self.wave_rpm, wanted_rpm, step_rpm, step_rpm), -2000.0, 2000.0);
        self.wave_rpm
    }

    /// What is added to the mean speed now [rpm].
    pub(super) const fn wave_rpm(&self) -> f32 {
        self.wave_rpm
    }

    /// The ECG was to lead and does not.
    pub(super) const fn has_lost_trigger(&self) -> bool {
        self.lost
    }
}
