// SPDX-License-Identifier: Apache-2.0
//! Which fluid the speed of sound speaks of, how thick it is, and how its profile shows in the beam.
//!
//! # Model
//! | quantity | law |
//! |---|---|
//! | speed of sound of saline [m/s] | 1534 + 1.8 (T - 37) |
//! | speed of sound of blood [m/s] | 1540 + h + 1.5 (T - 37) |
//! | saline or blood | below or above 1547 at 37 C; changes when the other has been there for a second |
//! | haematocrit h [%] | from the law of blood, kept within 15 to 50 |
//! | viscosity of blood [mPa s] | (1.25 + 0.0125 h + 0.00085 h^2) (1 - 0.02 (T - 37)); saline 0.7 |
//! | velocity in the beam over mean velocity K | laminar below Re = 2300, turbulent above 4000, linear between |
//!
//! T is the temperature of the blood in C. K of both regimes belongs to the type of meter: `profile_laminar`,
//! `profile_turbulent`.
//! # Limits and failure
//! The speed of sound is good to 2 % before the path is calibrated in a known fluid, which is more than lies between
//! saline and blood: the fluid is unknown until then, and the haematocrit is taken as 30 %. After it, 1 K of an error of T
//! is 1.5 % of haematocrit, and published speeds of sound differ by 10 m/s: a trend, no measurement.
//! A wrong viscosity moves the transition alone; K changes there by the difference of two factors, 2 % with a beam that
//! fills 90 % of the lumen.
//! # Source
//! References of `docs/circulation.md` The limits of the transition: H. Schlichting, Boundary-Layer Theory, 7th ed., XX.

use super::FlowMeterConfig;
use crate::math::between;

/// Temperature that the laws are written about [C].
pub(super) const BODY_CELSIUS: f32 = 37.0;
/// Speed of sound between saline and blood at 37 C [m/s].
const BLOOD_FROM_M_PER_S: f32 = 1547.0;
/// Time for which the other fluid must be seen [shots].
const DEBOUNCE_SHOTS: u32 = 1000;
/// Taken before the path is calibrated [%].
const HAEMATOCRIT_PCT: f32 = 30.0;
/// Time constant of the speed of sound [shots].
const SOUND_SHOTS: f32 = 300.0;
const REYNOLDS_LAMINAR: f32 = 2300.0;
const REYNOLDS_TURBULENT: f32 = 4000.0;

/// What flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Fluid {
    /// The path is not calibrated, or no echo has come.
    #[default]
    Unknown = 0,
    /// Saline: the prime.
    Saline = 1,
    /// Blood.
    Blood = 2,
}

impl Fluid {
    /// The fluid of a code; what does not exist is unknown.
    #[must_use]
    pub fn from_code(code: u32) -> Self {
        match code {
            1 => Self::Saline,
            2 => Self::Blood,
            _ => Self::Unknown,
        }
    }
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(super) struct FluidMonitor {
    /// Speed of sound with the path as designed [m/s]; 0 before the first.
    sound_speed_m_per_s: f32,
    /// True over designed.
    sound_factor: Option<f32>,
    fluid: Fluid,
    other_shots: u32,
}

impl FluidMonitor {
    pub(super) const fn new() -> Self {
        Self { sound_speed_m_per_s: 0.0, sound_factor: None, fluid: Fluid::Unknown, other_shots: 0 }
    }

    pub(super) fn fluid(&self) -> Fluid {
        self.fluid
    }

    /// Speed of sound [m/s]; 0 before the first echo.
    pub(super) fn sound_speed_m_per_s(&self) -> f32 {
        self.sound_speed_m_per_s * self.sound_factor.unwrap_or(1.0)
    }

    /// Haematocrit [%], once the path is calibrated and blood is there.
    pub(super) fn haematocrit_pct(&self, temperature_celsius: f32) -> Option<f32> {
        let warmer = temperature_celsius - BODY_CELSIUS;
        let seen = self.sound_speed_m_per_s() - 1540.0 - 1.5 * warmer;
        (self.fluid == Fluid::Blood).then(|| between(seen, 15.0, 50.0))
    }

    /// Takes the speed of sound of a shot.
    pub(super) fn step(&mut self, sound_speed_m_per_s: f32, temperature_celsius: f32) {
        if self.sound_speed_m_per_s == 0.0 {
            self.sound_speed_m_per_s = sound_speed_m_per_s;
        }
        self.sound_speed_m_per_s += (sound_speed_m_per_s - self.sound_speed_m_per_s) / SOUND_SHOTS;
        if self.sound_factor.is_none() {
            return;
        }
        let at_body = self.sound_speed_m_per_s() - 1.65 * (temperature_celsius - BODY_CELSIUS);
        let seen = if at_body < BLOOD_FROM_M_PER_S { Fluid::Saline } else { Fluid::Blood };
        self.other_shots = if seen == self.fluid { 0 } else { self.other_shots.saturating_add(1) };
        if self.other_shots >= DEBOUNCE_SHOTS {
            (self.fluid, self.other_shots) = (seen, 0);
        }
    }

    /// The fluid is saline of this temperature: what is the path really? `None` when it cannot be true.
    pub(super) fn calibrate_in_saline(&mut self, temperature_celsius: f32) -> Option<()> {
        let expected = 1534.0 + 1.8 * (temperature_celsius - BODY_CELSIUS);
        let factor = expected / self.sound_speed_m_per_s;
        // 2.5 degrees of the angle, or what a few wall delays can do.
        if !(factor > 0.95 && factor < 1.05) {
            return None;
        }
        (self.sound_factor, self.fluid, self.other_shots) = (Some(factor), Fluid::Saline, 0);
        Some(())
    }

    /// Kinematic viscosity [m2/s].
    pub(super) fn kinematic_viscosity_m2_per_s(&self, temperature_celsius: f32) -> f32 {
        if self.fluid == Fluid::Saline {
            return 0.7e-6;
        }
        let h = self.haematocrit_pct(temperature_celsius).unwrap_or(HAEMATOCRIT_PCT);
        let warmer = between(temperature_celsius - BODY_CELSIUS, -20.0, 5.0);
        1e-3 * (1.25 + h * (0.0125 + 0.00085 * h)) * (1.0 - 0.02 * warmer) / (1025.0 + h)
    }
}

/// Velocity in the beam over mean velocity.
pub(super) fn profile_factor(config: &FlowMeterConfig, reynolds: f32) -> f32 {
    let place = (reynolds - REYNOLDS_LAMINAR) / (REYNOLDS_TURBULENT - REYNOLDS_LAMINAR);
    let turbulent = between(place, 0.0, 1.0);
    config.profile_laminar + turbulent * (config.profile_turbulent - config.profile_laminar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(monitor: &mut FluidMonitor, sound_speed_m_per_s: f32, celsius: f32) -> Fluid {
        for _ in 0..5000 {
            monitor.step(sound_speed_m_per_s, celsius);
        }
        monitor.fluid()
    }

    #[test]
    fn before_the_prime_nobody_knows_and_afterwards_blood_is_seen() {
        let mut monitor = FluidMonitor::new();
        // A path that is longer than designed makes every fluid look 1.7 % slow.
        assert_eq!(settled(&mut monitor, 1534.0 / 1.017, 37.0), Fluid::Unknown);
        assert_eq!(monitor.haematocrit_pct(37.0), None);
        assert_eq!(monitor.calibrate_in_saline(37.0), Some(()));
        assert_eq!(monitor.fluid(), Fluid::Saline);
        assert!((monitor.sound_speed_m_per_s() - 1534.0).abs() < 0.5);
        assert_eq!(settled(&mut monitor, 1570.0 / 1.017, 37.0), Fluid::Blood);
        assert!((monitor.haematocrit_pct(37.0).unwrap() - 30.0).abs() < 1.0);
        assert_eq!(settled(&mut monitor, 1540.5 / 1.017, 39.0), Fluid::Saline);
        assert_eq!(settled(&mut monitor, 1554.0 / 1.017, 33.0), Fluid::Blood);
        assert!((monitor.haematocrit_pct(33.0).unwrap() - 20.0).abs() < 1.0);
    }

    #[test]
    fn what_cannot_be_saline_calibrates_nothing() {
        let mut monitor = FluidMonitor::new();
        assert_eq!(monitor.calibrate_in_saline(37.0), None, "no echo yet");
        settled(&mut monitor, 1400.0, 37.0);
        assert_eq!(monitor.calibrate_in_saline(37.0), None);
        assert_eq!(monitor.calibrate_in_saline(f32::NAN), None);
        assert_eq!(monitor.fluid(), Fluid::Unknown);
    }

    #[test]
    fn viscosities_are_the_published_ones() {
        let mut monitor = FluidMonitor::new();
        let ordinary = monitor.kinematic_viscosity_m2_per_s(37.0);
        assert!((ordinary * 1055.0 * 1e3 - 2.39).abs() < 0.02, "{ordinary}");
        settled(&mut monitor, 1534.0, 37.0);
        monitor.calibrate_in_saline(37.0).unwrap();
        assert_eq!(monitor.kinematic_viscosity_m2_per_s(37.0), 0.7e-6);
        settled(&mut monitor, 1580.0, 37.0);
        let thick = monitor.kinematic_viscosity_m2_per_s(37.0);
        assert!((thick * 1065.0 * 1e3 - 3.11).abs() < 0.05, "{thick}");
        assert!((monitor.kinematic_viscosity_m2_per_s(27.0) / thick) > 1.19);
    }

    #[test]
    fn the_profile_is_laminar_turbulent_or_between() {
        let config = FlowMeterConfig::ECMO_50;
        assert_eq!(profile_factor(&config, 0.0), config.profile_laminar);
        assert_eq!(profile_factor(&config, 2300.0), config.profile_laminar);
        assert_eq!(profile_factor(&config, 4000.0), config.profile_turbulent);
        let middle = 0.5 * (config.profile_laminar + config.profile_turbulent);
        assert!((profile_factor(&config, 3150.0) - middle).abs() < 1e-6);
        for code in 0..3 {
            assert_eq!(Fluid::from_code(code) as u32, code);
        }
        assert_eq!(Fluid::from_code(9), Fluid::Unknown);
    }
}
