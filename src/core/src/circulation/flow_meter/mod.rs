// SPDX-License-Identifier: Apache-2.0
//! The ultrasonic flow meter: from the shots of each millisecond to a flow, its worth, the fluid and bubbles.
//!
//! | file | question it answers |
//! |---|---|
//! | `shot.rs` | what does one shot say of velocity and sound |
//! | `gate.rs` | is the shot to be believed |
//! | `fluid.rs` | blood or saline, how thick, and which part of the profile does the beam see |
//! | `bubbles.rs` | how much air was in it |
//! | `weighing.rs` | how wrong is the meter, when a flow is known |
//!
//! # Model
//! Q = gain A v / K(Re), Re from v and the fluid's viscosity; two first-order filters of 31 Hz make 20 Hz.
//! | learned | from | kept within |
//! |---|---|---|
//! | zero | the mean of the time difference while the flow is known to be zero, from 1 s on | 0.2 ns, 0.11 L/min |
//! | gain | one known flow of 1 L/min or more for ten seconds (`weighing.rs`) | 0.85 to 1.15 |
//! | path of the sound | saline of known temperature | 0.95 to 1.05 |
//!
//! # Timing
//! 1 kHz estimates; the filtered flow is 10 ms behind a ramp of the flow, and up to 10 ms older when the task reads it.
//! A step of more than 1.5 L/min, which blood cannot make, comes in 20 ms later (`gate.rs`).
//! # Limits and failure
//! Without a good shot the last flow stands and is valid for 50 ms, the time that a bubble takes; then it is marked, and
//! the next good shot counts in full. Below a quality of 0.5 it is marked, too. A batch that is
//! the same to the last bit as the one before is none, unless no shot had an echo.
//! # Source
//! `docs/flow-meter.md`: errors over flow, fluid and temperature against a meter whose physics is not this formula.

mod bubbles;
mod fluid;
mod gate;
mod shot;
#[cfg(test)]
mod tests;
mod weighing;

pub use fluid::Fluid;

use bubbles::BubbleDetector;
use fluid::{FluidMonitor, profile_factor};
use gate::Gate;
use shot::{Estimate, Path};
use weighing::Weighing;

use crate::config::ConfigError;
use crate::ports::{BATCH, CirculationInputs, FlowShot, valid};
use crate::units::LPM_PER_M3_PER_S;

crate::ranged_struct! {
    /// The flow meter as it is built.
    pub struct FlowMeterConfig: f32 {
        /// Inner diameter of the tube in the flow meter [m].
        tube_diameter_m: 3e-3..=20e-3,
        /// Angle of the ultrasonic path to the flow [deg].
        path_angle_deg: 20.0..=70.0,
        /// Velocity in the beam over mean velocity in laminar flow [1]: 1.33 for a thin beam, 1 for one as wide as the lumen.
        profile_laminar: 1.0..=1.4,
        /// The same in turbulent flow [1]: 1.08 for a thin beam.
        profile_turbulent: 1.0..=1.2,
        /// Delay in tube wall and coupling, both ways together with the electronics [s].
        wall_delay_s: 0.0..=10e-6,
        /// Smallest received amplitude that is believed, as a fraction of clear fluid [1].
        amplitude_min: 0.01..=0.9,
    }
}

impl FlowMeterConfig {
    /// For the plant ecmo-50: a beam that fills 90 % of the lumen.
    pub const ECMO_50: Self = Self {
        tube_diameter_m: 9.525e-3,
        path_angle_deg: 45.0,
        // A parabola in a band of 90 %; a power law of 1/6 in it.
        profile_laminar: 1.033,
        profile_turbulent: 1.010,
        wall_delay_s: 1.5e-6,
        amplitude_min: 0.3,
    };
}

/// Share of a filter stage that is new with each shot: 31 Hz.
const FILTER_GAIN: f32 = 1.0 / (1.0 + 5.1);
/// Shots after which a flow that is not renewed is marked.
const GAP_SHOTS_MAX: u32 = 50;
const QUALITY_MIN: f32 = 0.5;
/// Shots that make a zero, and the most that it remembers.
const ZERO_SHOTS_MIN: f32 = 1000.0;
const ZERO_SHOTS_MAX: f32 = 10_000.0;
/// Largest zero that is taken [s].
const ZERO_S_MAX: f32 = 0.2e-9;
/// Shots that make a speed of sound.
const SOUND_SHOTS_MIN: u32 = 1500;

/// What is known beside the shots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surroundings {
    /// Somebody vouches that nothing flows: the line is clamped.
    pub flow_is_zero: bool,
    /// Temperature of the blood [C].
    pub temperature_celsius: f32,
}

/// What the meter says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowReading {
    /// Flow through a filter of 20 Hz, positive toward the return cannula [L/min].
    pub flow_lpm: f32,
    /// It is to be believed.
    pub is_valid: bool,
    /// Share of good shots in the last 100 ms, 0 to 1.
    pub quality: f32,
    /// Speed of sound [m/s]; 0 before the first echo.
    pub sound_speed_m_per_s: f32,
    /// What flows.
    pub fluid: Fluid,
    /// Trend of the haematocrit [%]; `None` for saline and before the path is calibrated.
    pub haematocrit_pct: Option<f32>,
    /// Bubbles can be seen.
    pub sees_bubbles: bool,
    /// Bubbles since power-up.
    pub bubble_count: u32,
    /// Size of the last one [mL].
    pub bubble_ml: f32,
    /// Air of bubbles that has passed in this period [mL].
    pub air_ml: f32,
    /// What became of a known flow that was weighed; in the period in which it ends.
    pub weighed: Option<Result<(), CalibrationRefused>>,
}

/// Why something is not learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalibrationRefused {
    /// The meter hears too little.
    NoEcho,
    /// The known flow is too small, or no number.
    KnownFlow,
    /// The meter would have to be wrong by more than it can be.
    TooFarOff,
    /// The flow has changed meanwhile.
    Unsteady,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct FlowMeter {
    config: FlowMeterConfig,
    path: Path,
    lpm_per_m_per_s: f32,
    /// The batch before.
    last_shots: [FlowShot; BATCH],
    gate: Gate,
    fluid: FluidMonitor,
    bubbles: BubbleDetector,
    /// Of the time difference at no flow: in force, and being learned [s].
    zero_s: f32,
    /// The zero from before the one that is being learned.
    zero_before_s: f32,
    zero_sum_s: f32,
    zero_shots: f32,
    gain: f32,
    /// Velocity of the two filter stages; meaningless while `gap_shots` is over its limit.
    velocity_m_per_s: [f32; 2],
    gap_shots: u32,
    weighing: Option<Weighing>,
    weighed: Option<Result<(), CalibrationRefused>>,
    good_shots: u32,
    /// The last good one [L/min].
    flow_lpm: f32,
    estimates_lpm: [f32; BATCH],
}

impl FlowMeter {
    /// An uncalibrated meter.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &FlowMeterConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let area_m2 = core::f32::consts::FRAC_PI_4 * config.tube_diameter_m * config.tube_diameter_m;
        let path = Path::new(config);
        Ok(Self {
            config: *config,
            path,
            last_shots: [FlowShot::default(); BATCH],
            lpm_per_m_per_s: area_m2 * LPM_PER_M3_PER_S,
            gate: Gate::new(),
            fluid: FluidMonitor::new(),
            bubbles: BubbleDetector::new(path.length_m()),
            zero_s: 0.0,
            zero_before_s: 0.0,
            zero_sum_s: 0.0,
            zero_shots: 0.0,
            gain: 1.0,
            velocity_m_per_s: [0.0; 2],
            gap_shots: u32::MAX,
            weighing: None,
            weighed: None,
            good_shots: 0,
            flow_lpm: 0.0,
            estimates_lpm: [0.0; BATCH],
        })
    }

    /// One period.
    pub fn step(&mut self, samples: &CirculationInputs, around: &Surroundings) -> FlowReading {
        self.bubbles.passed_ml = 0.0;
        let mut estimates = [self.flow_lpm; BATCH];
        let mut places = estimates.iter_mut();
        let mut any = false;
        let before = core::mem::replace(&mut self.last_shots, samples.shots);
        // No echo at all is air, as long as it lasts.
        let is_repeated = before == samples.shots && before != [FlowShot::default(); BATCH];
        for shot in samples.new_shots().filter(|_| !is_repeated) {
            any = true;
            let estimate_lpm = self.take(shot, around);
            if let (Some(place), Some(estimate_lpm)) = (places.next(), estimate_lpm) {
                *place = estimate_lpm;
            }
        }
        self.estimates_lpm = estimates;
        if !any {
            self.gate.miss(BATCH as u8);
            self.gap_shots = self.gap_shots.saturating_add(BATCH as u32);
        }
        let answers = samples.valid & valid::FLOW != 0 && any;
        let is_recent = self.gap_shots < GAP_SHOTS_MAX;
        FlowReading {
            flow_lpm: self.flow_lpm,
            is_valid: is_recent && (self.gate.quality() >= QUALITY_MIN || self.bubbles.is_in_event()),
            quality: self.gate.quality(),
            sound_speed_m_per_s: self.fluid.sound_speed_m_per_s(),
            fluid: self.fluid.fluid(),
            haematocrit_pct: self.fluid.haematocrit_pct(around.temperature_celsius),
            sees_bubbles: answers && self.bubbles.works(),
            bubble_count: self.bubbles.count,
            bubble_ml: self.bubbles.size_ml,
            air_ml: self.bubbles.passed_ml,
            weighed: self.weighed.take(),
        }
    }

    /// Flow of each shot of the last period, not filtered; the flow before it where a shot is missing [L/min].
    #[must_use]
    pub fn estimates_lpm(&self) -> &[f32; BATCH] {
        &self.estimates_lpm
    }

    /// The flow is known from elsewhere, now and for the next ten seconds; [`FlowReading::weighed`] is the result.
    ///
    /// # Errors
    /// It is no flow that can be weighed.
    pub fn weigh(&mut self, known_lpm: f32) -> Result<(), CalibrationRefused> {
        self.weighing = Some(Weighing::new(known_lpm)?);
        Ok(())
    }

    /// The known flow is none any more.
    pub fn stop_weighing(&mut self) {
        self.weighing = None;
    }

    /// What became of the zero, since the line is known to be clamped.
    ///
    /// # Errors
    /// Too few shots, or a zero that is none.
    pub fn has_zero(&self) -> Result<(), CalibrationRefused> {
        if self.zero_shots < ZERO_SHOTS_MIN {
            return Err(CalibrationRefused::NoEcho);
        }
        let mean_s = self.zero_sum_s / self.zero_shots;
        if mean_s.abs() < ZERO_S_MAX { Ok(()) } else { Err(CalibrationRefused::TooFarOff) }
    }

    /// What was learned as the zero of late was none: the one from before is in force again.
    pub const fn drop_zero(&mut self) {
        self.zero_s = self.zero_before_s;
    }

    /// The circuit is full of saline of this temperature.
    ///
    /// # Errors
    /// The reason why nothing was learned.
    pub fn calibrate_in_saline(&mut self, temperature_celsius: f32) -> Result<(), CalibrationRefused> {
        if self.good_shots < SOUND_SHOTS_MIN || self.gate.quality() < QUALITY_MIN {
            return Err(CalibrationRefused::NoEcho);
        }
        if self.fluid.fluid() == Fluid::Blood {
            return Err(CalibrationRefused::TooFarOff);
        }
        self.fluid.calibrate_in_saline(temperature_celsius).ok_or(CalibrationRefused::TooFarOff)
    }

    /// Flow of a shot [L/min], if it is good.
    fn take(&mut self, shot: &FlowShot, around: &Surroundings) -> Option<f32> {
        let [_, filtered] = self.velocity_m_per_s;
        let so_far = (self.gap_shots < GAP_SHOTS_MAX).then_some(filtered);
        let estimate = self.path.estimate(shot, self.zero_s);
        let passed = self.gate.pass(shot, estimate, so_far);
        if let Some(estimate) = passed {
            self.follow(&estimate, so_far.is_none(), around);
        } else {
            self.gap_shots = self.gap_shots.saturating_add(1);
        }
        self.learn_zero(passed.as_ref(), around.flow_is_zero);
        self.bubbles.step(shot, self.flow_lpm);
        passed.map(|estimate| self.gain * self.raw_lpm(estimate.velocity_m_per_s, around))
    }

    fn follow(&mut self, estimate: &Estimate, is_first: bool, around: &Surroundings) {
        let velocity = estimate.velocity_m_per_s;
        let [mut first, mut second] = self.velocity_m_per_s;
        // A step that the gate lets in is a new flow: the filter would only delay it.
        if is_first || (velocity - second).abs() >= gate::BAND_M_PER_S {
            (first, second) = (velocity, velocity);
        }
        first += FILTER_GAIN * (velocity - first);
        second += FILTER_GAIN * (first - second);
        self.velocity_m_per_s = [first, second];
        self.gap_shots = 0;
        self.fluid.step(estimate.sound_speed_m_per_s, around.temperature_celsius);
        let raw_lpm = self.raw_lpm(second, around);
        self.flow_lpm = self.gain * raw_lpm;
        self.good_shots = self.good_shots.saturating_add(1);
        let weighed = self.weighing.as_mut().and_then(|weighing| weighing.step(raw_lpm));
        if let Some(result) = weighed {
            self.weighing = None;
            self.gain = result.unwrap_or(self.gain);
            self.weighed = Some(result.map(|_| ()));
        }
    }

    /// Flow without gain [L/min].
    fn raw_lpm(&self, velocity_m_per_s: f32, around: &Surroundings) -> f32 {
        let kinematic = self.fluid.kinematic_viscosity_m2_per_s(around.temperature_celsius);
        let reynolds = velocity_m_per_s.abs() * self.config.tube_diameter_m / kinematic;
        velocity_m_per_s * self.lpm_per_m_per_s / profile_factor(&self.config, reynolds)
    }

    fn learn_zero(&mut self, passed: Option<&Estimate>, flow_is_zero: bool) {
        if !flow_is_zero {
            (self.zero_sum_s, self.zero_shots) = (0.0, 0.0);
            return;
        }
        let Some(estimate) = passed else { return };
        if self.zero_shots == 0.0 {
            self.zero_before_s = self.zero_s;
        }
        if self.zero_shots < ZERO_SHOTS_MAX {
            self.zero_sum_s += estimate.difference_s;
            self.zero_shots += 1.0;
        }
        let mean_s = self.zero_sum_s / self.zero_shots;
        if self.zero_shots >= ZERO_SHOTS_MIN && mean_s.abs() < ZERO_S_MAX {
            self.zero_s = mean_s;
        }
    }
}
