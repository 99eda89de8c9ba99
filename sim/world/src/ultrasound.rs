// SPDX-License-Identifier: Apache-2.0
//! The ultrasonic flow meter as physics: a wide beam across a real velocity profile, through warm walls and bubbles.
//!
//! # Model
//! Transit times against and with the flow, L = D / sin(phi), phi the true angle of the beam:
//! t = L / (c -+ K U cos(phi)) + t_wall + dt_wall (T - 37) +- (zero + dzero (T - 37)) / 2 + noise / sqrt(shots)
//! | symbol | meaning | here |
//! |---|---|---|
//! | U | mean velocity, Q / (pi D^2 / 4) | - |
//! | K | velocity seen by the beam over U: the profile integrated over the band of the lumen \|y\| < b R that the beam fills | `factor` |
//! | b | width of the beam over the lumen; b = 1 sees all of the flow, K = 1 whatever the profile | `beam_width_fraction` |
//! | c | speed of sound of blood or saline | [`Blood`] |
//!
//! Profile over r = radius / R, by the Reynolds number Re of fluid, temperature and flow:
//! | | profile |
//! |---|---|
//! | laminar, Re < 2000 | (1 + 2/m)(1 - r^m): plug at the inlet, parabola (m = 2) far from it; the velocity on the axis is U (2 - exp(-(150 x / (D Re))^0.69)), x = `straight_length_m` [1] |
//! | turbulent, Re > 3000 | (1 - r)^(1/n), n = 6 at Re = 4000, 6.6 at 23,000, 7 at 110,000 [2] |
//! | between | the two blended as the circuit's friction is |
//!
//! Amplitude: the bubbles' shadows overlap at random, so exp(-shadow), shadow = 3/2 air fraction L / bubble diameter.
//! # Limits and failure
//! One straight beam, no refraction, no swirl; a turbulent profile is fully developed. Bubbles do not change c.
//! Foam finer than the wavelength (0.4 mm) would scatter more than its shadow.
//! # Source
//! 1. The laminar inlet is over, 99 %, at x / D = 0.06 Re: H. Schlichting, Boundary-Layer Theory, 7th ed., chapter IX.
//!    The form of the way there is ours.
//! 2. J. Nikuradse's measurements, Schlichting, chapter XX, table 20.1; n is linear in log Re here.

use core::f64::consts::PI;

use levitas_core::ports::FlowShot;

use crate::blood::Blood;
use crate::circuit::turbulence;
use crate::noise::Noise;
use crate::parameters::FlowMeter;
use crate::units::{M3_PER_S_PER_LPM, RAD_PER_DEG};

/// Shots that are delivered, each the mean of the meter's own, per second.
pub(crate) const SHOTS_HZ: f64 = 1000.0;
/// Stream of a seed.
const NOISE_STREAM: u64 = 2;
/// Temperature at which delays are as said [C].
const DELAY_CELSIUS: f64 = 37.0;
/// Points of the tables of K, and decades of Reynolds numbers that the turbulent one spans.
const LAMINAR: usize = 9;
const TURBULENT: usize = 4;
const DECADES: f64 = 1.5;
/// Points of the integration over the beam, each way.
const POINTS: usize = 16;

/// Air where the beam is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Air {
    /// Part of the volume, 0 to 1.
    pub fraction: f64,
    /// Diameter of its bubbles [m].
    pub bubble_diameter_m: f64,
}

impl Air {
    /// Nothing but fluid.
    pub const NONE: Self = Self { fraction: 0.0, bubble_diameter_m: 4e-3 };

    /// Received amplitude over the one in clear fluid, along a path of this length.
    fn amplitude(&self, length_m: f64) -> f64 {
        libm::exp(-1.5 * self.fraction * length_m / self.bubble_diameter_m)
    }
}

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct Ultrasound {
    meter: FlowMeter,
    length_m: f64,
    cosine: f64,
    velocity_per_lpm: f64,
    /// K over the velocity on the axis, and over the decades above Re = 4000.
    laminar: [f64; LAMINAR],
    turbulent: [f64; TURBULENT],
    noise: Noise,
}

/// Mean over the band |y| < b of the lumen, of an axial velocity over the radius; both with R = 1.
fn mean_in_band(width: f64, velocity: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut area) = (0.0, 0.0);
    for row in 0..POINTS {
        let y = width * (row as f64 + 0.5) / POINTS as f64;
        let chord = libm::sqrt(1.0 - y * y);
        for column in 0..POINTS {
            let z = chord * (column as f64 + 0.5) / POINTS as f64;
            sum += chord * velocity(libm::sqrt(y * y + z * z));
            area += chord;
        }
    }
    sum / area
}

/// What the beam sees of a profile, over its mean.
fn seen(width: f64, profile: impl Fn(f64) -> f64) -> f64 {
    mean_in_band(width, &profile) / mean_in_band(1.0, &profile)
}

/// Value of an evenly spaced table at a place from 0 to 1.
fn interpolated<const N: usize>(table: &[f64; N], place: f64) -> f64 {
    let scaled = place.clamp(0.0, 1.0) * (N - 1) as f64;
    let index = (scaled as usize).min(N - 2);
    table[index] + (scaled - index as f64) * (table[index + 1] - table[index])
}

/// 1 / n of the turbulent profile, `decades` above Re = 4000.
fn turbulent_exponent(decades: f64) -> f64 {
    1.0 / (6.0 + 0.7 * decades)
}

impl Ultrasound {
    /// A meter of these parameters; the seed is that of its noise.
    #[must_use]
    pub fn new(meter: &FlowMeter, seed: u64) -> Self {
        let angle = (meter.path_angle_deg + meter.path_angle_error_deg) * RAD_PER_DEG;
        let width = meter.beam_width_fraction;
        let area_m2 = 0.25 * PI * meter.diameter_m * meter.diameter_m;
        Self {
            meter: *meter,
            length_m: meter.diameter_m / libm::sin(angle),
            cosine: libm::cos(angle),
            velocity_per_lpm: M3_PER_S_PER_LPM / area_m2,
            laminar: core::array::from_fn(|index| {
                // Over the velocity on the axis; the first is the plug.
                let on_axis_less_one = index as f64 / (LAMINAR - 1) as f64;
                let exponent = 2.0 / on_axis_less_one;
                if index == 0 { 1.0 } else { seen(width, |r| 1.0 - libm::pow(r, exponent)) }
            }),
            turbulent: core::array::from_fn(|index| {
                let exponent = turbulent_exponent(DECADES * index as f64 / (TURBULENT - 1) as f64);
                seen(width, |r| libm::pow(1.0 - r, exponent))
            }),
            noise: Noise::new(seed, NOISE_STREAM),
        }
    }

    /// Velocity in the beam over mean velocity.
    fn factor(&self, reynolds: f64) -> f64 {
        let share = turbulence(reynolds);
        let inlet = self.meter.straight_length_m / (self.meter.diameter_m * reynolds.max(1e-3));
        let on_axis_less_one = 1.0 - libm::exp(-libm::pow(150.0 * inlet, 0.69));
        let laminar = interpolated(&self.laminar, on_axis_less_one);
        if share <= 0.0 {
            return laminar;
        }
        let turbulent = interpolated(&self.turbulent, libm::log10(reynolds / 4000.0) / DECADES);
        laminar + share * (turbulent - laminar)
    }

    /// Transit times against and with the flow without noise [s].
    fn transit_s(&self, flow_lpm: f64, blood: &Blood) -> [f64; 2] {
        let velocity = self.velocity_per_lpm * flow_lpm;
        let kinematic = blood.viscosity_pa_s() / blood.density_kg_per_m3();
        let reynolds = velocity.abs() * self.meter.diameter_m / kinematic;
        let along = self.factor(reynolds) * velocity * self.cosine;
        let c = blood.sound_speed_m_per_s();
        let warmer_k = blood.temperature_celsius - DELAY_CELSIUS;
        let wall = self.meter.wall_delay_s + self.meter.wall_delay_s_per_k * warmer_k;
        let half_zero = 0.5 * (self.meter.zero_drift_s + self.meter.zero_drift_s_per_k * warmer_k);
        [self.length_m / (c - along) + wall + half_zero, self.length_m / (c + along) + wall - half_zero]
    }

    /// The means of a millisecond with this mean flow.
    pub fn shot(&mut self, flow_lpm: f64, blood: &Blood, air: &Air) -> FlowShot {
        let shots = (self.meter.shots_per_s / SHOTS_HZ).max(1.0);
        let spread = self.meter.timing_noise_rms_s / libm::sqrt(shots);
        let [up, down] = self.transit_s(flow_lpm, blood).map(|time| time + spread * self.noise.gaussian());
        let noise = 1.0 + self.meter.amplitude_noise_rms / libm::sqrt(shots) * self.noise.gaussian();
        let amplitude = air.amplitude(self.length_m) * noise.max(0.0);
        if amplitude < self.meter.echo_amplitude_min {
            return FlowShot::default();
        }
        FlowShot { transit_up_s: up as f32, transit_down_s: down as f32, amplitude: amplitude as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ECMO_50;

    fn ideal() -> FlowMeter {
        FlowMeter {
            path_angle_error_deg: 0.0,
            beam_width_fraction: 1.0,
            zero_drift_s: 0.0,
            wall_delay_s: 0.0,
            ..ECMO_50.flow_meter
        }
    }

    fn close(what: &str, value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance, "{what}: {value}, expected {expected}");
    }

    #[test]
    fn transit_times_have_the_published_figures() {
        let meter = Ultrasound::new(&ideal(), 1);
        close("path in mm", meter.length_m * 1e3, 13.47, 0.005);
        let [still, _] = meter.transit_s(0.0, &Blood::ORDINARY);
        close("t0 in us", still * 1e6, 8.58, 0.005);
        let [up, down] = meter.transit_s(1.0, &Blood::ORDINARY);
        close("difference in ns", (up - down) * 1e9, 1.81, 0.005);
    }

    #[test]
    fn a_beam_sees_of_the_profile_what_textbooks_say() {
        // A parabola in a band of half width b: 4/3 of the mean of (1 - y^2)^1.5 over the mean of (1 - y^2)^0.5.
        let factor = |meter: FlowMeter, reynolds| Ultrasound::new(&meter, 1).factor(reynolds);
        let far = |beam_width_fraction| FlowMeter { beam_width_fraction, straight_length_m: 10.0, ..ideal() };
        close("laminar, b = 0.9", factor(far(0.9), 500.0), 1.033, 0.002);
        close("laminar, b = 0.8", factor(far(0.8), 500.0), 1.082, 0.002);
        close("laminar, thin beam", factor(far(0.01), 500.0), 4.0 / 3.0, 0.003);
        // Thin beam and power law: (2 n + 1) / (2 n).
        close("turbulent, thin beam", factor(far(0.01), 4000.0), 13.0 / 12.0, 0.01);
        for reynolds in [10.0, 500.0, 2500.0, 20e3] {
            close("whole lumen", factor(far(1.0), reynolds), 1.0, 1e-12);
        }
        // Behind the inlet the profile is flat, and the beam sees the mean.
        let inlet = FlowMeter { straight_length_m: 1e-5, ..far(0.01) };
        close("inlet", factor(inlet, 1900.0), 1.0, 0.02);
    }

    #[test]
    fn temperature_moves_the_delay_and_the_zero() {
        let parameters = FlowMeter { wall_delay_s_per_k: 4e-9, zero_drift_s_per_k: 1e-12, ..ideal() };
        let meter = Ultrasound::new(&parameters, 1);
        let warm = Blood { temperature_celsius: 39.0, ..Blood::ORDINARY };
        let [up, down] = meter.transit_s(0.0, &warm);
        close("zero", up - down, 2e-12, 1e-15);
        let sound_s = meter.length_m / warm.sound_speed_m_per_s();
        close("delay", 0.5 * (up + down) - sound_s, 8e-9, 1e-15);
    }

    #[test]
    fn air_takes_amplitude_and_at_last_the_echo() {
        let quiet = FlowMeter { amplitude_noise_rms: 0.0, timing_noise_rms_s: 0.0, ..ideal() };
        let mut meter = Ultrasound::new(&quiet, 1);
        let mut amplitude = |fraction, bubble_diameter_m| {
            meter.shot(4.0, &Blood::ORDINARY, &Air { fraction, bubble_diameter_m }).amplitude
        };
        assert_eq!(amplitude(0.0, 4e-3), 1.0);
        let [coarse, fine] = [amplitude(0.1, 4e-3), amplitude(0.1, 2e-3)];
        assert!((coarse - 0.604).abs() < 0.002, "{coarse}");
        assert!((fine - coarse * coarse).abs() < 1e-6, "the same air in finer bubbles has more shadow");
        assert_eq!(
            meter.shot(4.0, &Blood::ORDINARY, &Air { fraction: 1.0, ..Air::NONE }),
            FlowShot::default()
        );
    }
}
