// SPDX-License-Identifier: Apache-2.0
//! From one shot of the flow meter to what it says of the fluid: velocity in the beam, speed of sound.
//!
//! # Model
//! Less the delay of walls and electronics: t_up = L / (c - v cos(phi)), t_down = L / (c + v cos(phi)), so
//! ```text
//! v = L / (2 cos(phi)) (t_up - t_down - zero) / (t_up t_down),   c = L (t_up + t_down) / (2 t_up t_down)
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | D | inner diameter of the tube | m | `tube_diameter_m` |
//! | phi | angle of the beam to the flow, L = D / sin(phi) | rad | `path_angle_deg` |
//! | v | velocity in the beam | m/s | `velocity_m_per_s` |
//! | c | speed of sound | m/s | `sound_speed_m_per_s` |
//! | zero | time difference at no flow | s | `zero_s` |
//!
//! v needs no c: whatever changes c, temperature and haematocrit above all, is in both times. An error of phi changes v
//! as sin(2 phi), by 0.06 % per degree at 45 degrees, but c as sin(phi), by 1.7 %: c has a factor of its own.
//! # Limits and failure
//! A time or amplitude that is no number, an echo that is too weak, a speed of sound that no fluid here can have: `None`.
//! # Source
//! L. C. Lynnworth, Ultrasonic Measurements for Process Control, 1989, section 4.2.

use super::FlowMeterConfig;
use crate::ports::FlowShot;
use crate::units::RAD_PER_DEG;

/// Speeds of sound that saline and blood can have, with the path's error [m/s].
const SOUND_SPEED_M_PER_S: (f32, f32) = (1400.0, 1700.0);
/// No flow in this tube is faster: 20 L/min in 3/8" [m/s].
const VELOCITY_M_PER_S_MAX: f32 = 4.7;

/// What one shot says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// Velocity in the beam, zero taken off [m/s].
    pub(super) velocity_m_per_s: f32,
    /// Time difference, nothing taken off [s].
    pub(super) difference_s: f32,
    /// Speed of sound, path as designed [m/s].
    pub(super) sound_speed_m_per_s: f32,
}

/// The path as designed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    length_m: f32,
    half_over_cosine_m: f32,
    wall_delay_s: f32,
    amplitude_min: f32,
}

impl Path {
    pub(super) fn new(config: &FlowMeterConfig) -> Self {
        let (sine, cosine) = crate::math::sin_cos(config.path_angle_deg * RAD_PER_DEG);
        let length_m = config.tube_diameter_m / sine;
        Self {
            length_m,
            half_over_cosine_m: 0.5 * length_m / cosine,
            wall_delay_s: config.wall_delay_s,
            amplitude_min: config.amplitude_min,
        }
    }

    pub(super) fn length_m(&self) -> f32 {
        self.length_m
    }

    /// What a shot says, if it is to be believed.
    pub(super) fn estimate(&self, shot: &FlowShot, zero_s: f32) -> Option<Estimate> {
        let up_s = shot.transit_up_s - self.wall_delay_s;
        let down_s = shot.transit_down_s - self.wall_delay_s;
        let per_product = 1.0 / (up_s * down_s);
        let difference_s = shot.transit_up_s - shot.transit_down_s;
        let velocity_m_per_s = self.half_over_cosine_m * (difference_s - zero_s) * per_product;
        let sound_speed_m_per_s = 0.5 * self.length_m * (up_s + down_s) * per_product;
        let (sound_min, sound_max) = SOUND_SPEED_M_PER_S;
        let believable = shot.amplitude >= self.amplitude_min
            && shot.amplitude < f32::INFINITY
            && sound_speed_m_per_s > sound_min
            && sound_speed_m_per_s < sound_max
            && velocity_m_per_s > -VELOCITY_M_PER_S_MAX
            && velocity_m_per_s < VELOCITY_M_PER_S_MAX;
        believable.then_some(Estimate { velocity_m_per_s, difference_s, sound_speed_m_per_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(up_ns: f32, down_ns: f32) -> FlowShot {
        let wall_s = FlowMeterConfig::ECMO_50.wall_delay_s;
        FlowShot {
            transit_up_s: up_ns * 1e-9 + wall_s,
            transit_down_s: down_ns * 1e-9 + wall_s,
            amplitude: 1.0,
        }
    }

    #[test]
    fn the_published_times_give_the_published_velocity() {
        // facts: t0 8.58 us, 1.81 ns and 0.234 m/s per L/min at 1570 m/s.
        let path = Path::new(&FlowMeterConfig::ECMO_50);
        let estimate = path.estimate(&shot(8580.0 + 4.52, 8580.0 - 4.52), 0.0).unwrap();
        assert!((estimate.velocity_m_per_s - 5.0 * 0.234).abs() < 0.005, "{estimate:?}");
        assert!((estimate.sound_speed_m_per_s - 1570.0).abs() < 1.0, "{estimate:?}");
        let backward = path.estimate(&shot(8580.0 - 4.52, 8580.0 + 4.52), 0.0).unwrap();
        assert!((backward.velocity_m_per_s + estimate.velocity_m_per_s).abs() < 1e-3);
        let zeroed = path.estimate(&shot(8580.0 + 4.52, 8580.0 - 4.52), estimate.difference_s).unwrap();
        assert_eq!(zeroed.velocity_m_per_s, 0.0);
    }

    #[test]
    fn what_no_fluid_can_say_is_not_believed() {
        let path = Path::new(&FlowMeterConfig::ECMO_50);
        let good = shot(8580.0, 8580.0);
        for bad in [
            FlowShot { amplitude: 0.1, ..good },
            FlowShot { amplitude: f32::NAN, ..good },
            FlowShot { amplitude: f32::INFINITY, ..good },
            FlowShot { transit_up_s: f32::NAN, ..good },
            FlowShot { transit_down_s: f32::INFINITY, ..good },
            FlowShot::default(),
            shot(7900.0, 7900.0),
            shot(9700.0, 9700.0),
            shot(8580.0 + 30.0, 8580.0 - 30.0),
            shot(-8580.0, -8580.0),
        ] {
            assert_eq!(path.estimate(&bad, 0.0), None, "{bad:?}");
        }
        assert!(path.estimate(&good, 0.0).is_some());
    }
}
