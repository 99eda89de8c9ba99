// SPDX-License-Identifier: Apache-2.0
//! k_i, k_x, levitated mass, L and pickup of one axis from sines of the levitated rotor.
//!
//! # Model
//! ```text
//! u = R i + L i' + k_i x_a'          coil, motion EMF by reciprocity           -> k_i (and L)
//! k_i i = -(k_x + m s^2) x + c s x   force                                     -> k_x, m
//! x_s = x + t s_s F,  x_a = x + t s_a F,  t = s_a / (k_t (1 - (f/f_t)^2))      tilt between the planes
//! ```
//! | symbol | meaning | unit |
//! |---|---|---|
//! | x, x_s, x_a | displacement of the centre of mass, in the plane of the Halls, in that of the coils | m |
//! | s_s, s_a | height of these planes over the centre of mass | m |
//! | k_t, f_t | passive tilt stiffness and its frequency | N.m/rad, Hz |
//! | D, M | (z - 1) / T and (z + 1) / 2 with z = exp(j w T): derivative and mean over a period | 1/s, 1 |
//!
//! Why the EMF and not a known mass: the head may hold air or fluid, whose added mass is a quarter of the
//! rotor's. The EMF needs neither; the mass that comes out is the check. At low frequency L counts least, at high frequency
//! it is all there is: three frequencies separate the two. 40 Hz, the tilt resonance, is kept away from.
//!
//! # Source
//! Reciprocity of force and EMF: G. Schweitzer, E. Maslen, Magnetic Bearings, 2009, ch. 3 and 15 (identification).

use super::complex::Complex;
use super::least_squares::LeastSquares;
use crate::units::RAD_PER_S_PER_HZ;

/// Frequencies of the sines [Hz].
pub(super) const FREQUENCIES_HZ: [f32; 3] = [12.0, 110.0, 180.0];

/// Heights and tilt of the rotor, design numbers of the pump head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tilt {
    pub(super) sensor_plane_m: f32,
    pub(super) actuator_plane_m: f32,
    pub(super) stiffness_n_m_per_rad: f32,
    pub(super) frequency_hz: f32,
}

impl Tilt {
    /// Displacement of a plane over the centre of mass per force [m/N].
    pub(super) fn compliance_m_per_n(&self, plane_m: f32, frequency_hz: f32) -> f32 {
        let ratio = frequency_hz / self.frequency_hz;
        plane_m * self.actuator_plane_m / (self.stiffness_n_m_per_rad * (1.0 - ratio * ratio))
    }
}

/// One sine: coil current, coil voltage, and displacement in the sensor plane, pickup taken off.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sine {
    pub(super) frequency_hz: f32,
    pub(super) current_a: Complex,
    pub(super) voltage_v: Complex,
    pub(super) displacement_m: Complex,
}

/// What the sines of one axis say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AxisForce {
    pub(super) k_i_n_per_a: f32,
    pub(super) k_x_n_per_m: f32,
    pub(super) mass_kg: f32,
    pub(super) inductance_h: f32,
}

/// z - 1 over T, and z + 1 over 2.
pub(super) fn derivative_and_mean(frequency_hz: f32, period_s: f32) -> (Complex, Complex) {
    let z = Complex::turn(RAD_PER_S_PER_HZ * frequency_hz * period_s);
    ((z - Complex::ONE).times(1.0 / period_s), (z + Complex::ONE).times(0.5))
}

impl AxisForce {
    /// `static_a_per_m`: slope of current over displacement in the sensor plane between two set-points.
    pub(super) fn of(sines: &[Sine], static_a_per_m: f32, tilt: &Tilt, period_s: f32) -> Option<Self> {
        let mut k_i_n_per_a = 8.0;
        let mut inductance_h = 0.0;
        // k_i is in the tilt between the planes, a hundredth: two rounds settle it.
        for _ in 0..3 {
            let mut fit = LeastSquares::<3>::new();
            for sine in sines {
                let (d, m) = derivative_and_mean(sine.frequency_hz, period_s);
                let force_n = sine.current_a.times(k_i_n_per_a);
                let between_m =
                    tilt.compliance_m_per_n(tilt.sensor_plane_m - tilt.actuator_plane_m, sine.frequency_hz);
                let actuator_m = sine.displacement_m - force_n.times(between_m);
                let unit = (d * actuator_m).size();
                // Unknowns: R, L in mH, k_i.
                let columns = [m * sine.current_a, (d * sine.current_a).times(1e-3), d * actuator_m]
                    .map(|column| column.times(1.0 / unit));
                let value = sine.voltage_v.times(1.0 / unit);
                fit.add(&columns.map(|column| column.re), value.re);
                fit.add(&columns.map(|column| column.im), value.im);
            }
            let [_, inductance_mh, found] = fit.solve()?;
            (k_i_n_per_a, inductance_h) = (found, inductance_mh * 1e-3);
        }
        let sensor_m_per_n = tilt.compliance_m_per_n(tilt.sensor_plane_m, 0.0);
        // x = x_s - compliance k_i i, so dx/di = 1 / slope - compliance k_i.
        let static_m_per_a = 1.0 / static_a_per_m - sensor_m_per_n * k_i_n_per_a;
        let k_x_n_per_m = -k_i_n_per_a / static_m_per_a;
        let last = sines.last()?;
        let w2 = (RAD_PER_S_PER_HZ * last.frequency_hz) * (RAD_PER_S_PER_HZ * last.frequency_hz);
        let sensor_m_per_n = tilt.compliance_m_per_n(tilt.sensor_plane_m, last.frequency_hz);
        let centre_m = last.displacement_m - last.current_a.times(k_i_n_per_a * sensor_m_per_n);
        let stiffness_n_per_m = -k_i_n_per_a * last.current_a.over(centre_m).re;
        Some(Self { k_i_n_per_a, k_x_n_per_m, mass_kg: (stiffness_n_per_m - k_x_n_per_m) / w2, inductance_h })
    }
}

/// Inductance of a coil whose rotor stands still [H].
pub(super) fn inductance_h(sine: &Sine, resistance_ohm: f32, period_s: f32) -> f32 {
    let (d, m) = derivative_and_mean(sine.frequency_hz, period_s);
    (sine.voltage_v - (m * sine.current_a).times(resistance_ohm)).over(d * sine.current_a).re
}

/// Resistance [ohm] and inductance [H] of a coil whose rotor stands still, both of one sine: U / I = R M + L D.
pub(super) fn resistance_and_inductance(sine: &Sine, period_s: f32) -> [f32; 2] {
    let (d, m) = derivative_and_mean(sine.frequency_hz, period_s);
    let impedance_ohm = sine.voltage_v.over(sine.current_a);
    let area = |a: Complex, b: Complex| a.re * b.im - a.im * b.re;
    [area(impedance_ohm, d) / area(m, d), area(m, impedance_ohm) / area(m, d)]
}

/// Apparent displacement per current at a frequency which the rotor follows by its inertia alone [m/A]: its motion,
/// k_i / (m w^2 + k_x) against the current, is added back.
pub(super) fn pickup_m_per_a(sine: &Sine, force: &AxisForce) -> f32 {
    let w = RAD_PER_S_PER_HZ * sine.frequency_hz;
    let motion_m_per_a = force.k_i_n_per_a / (force.mass_kg * w * w + force.k_x_n_per_m);
    sine.displacement_m.over(sine.current_a).re + motion_m_per_a
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD_S: f32 = 50e-6;
    const TILT: Tilt =
        Tilt { sensor_plane_m: 2e-3, actuator_plane_m: 1e-3, stiffness_n_m_per_rad: 1.5, frequency_hz: 40.0 };

    /// A sine of the model's own equations.
    fn sine(frequency_hz: f32, k_i: f32, k_x: f32, mass: f32) -> Sine {
        let (d, m) = derivative_and_mean(frequency_hz, PERIOD_S);
        let w2 = (RAD_PER_S_PER_HZ * frequency_hz).powi(2);
        let current_a = Complex { re: 0.4, im: -0.1 };
        let force_n = current_a.times(k_i);
        let centre_m = current_a.times(-k_i / (k_x + mass * w2));
        let displacement_m = centre_m + force_n.times(TILT.compliance_m_per_n(2e-3, frequency_hz));
        let actuator_m = centre_m + force_n.times(TILT.compliance_m_per_n(1e-3, frequency_hz));
        let voltage_v =
            (m * current_a).times(1.1) + (d * current_a).times(1.8e-3) + (d * actuator_m).times(k_i);
        Sine { frequency_hz, current_a, voltage_v, displacement_m }
    }

    #[test]
    fn the_numbers_of_the_model_come_back() {
        for (k_i, k_x, mass) in [(8.0, 15e3, 0.124), (6.4, 25e3, 0.1), (9.6, 10e3, 0.13)] {
            let sines = FREQUENCIES_HZ.map(|frequency_hz| sine(frequency_hz, k_i, k_x, mass));
            let slope_m_per_a = -k_i / k_x + k_i * TILT.compliance_m_per_n(2e-3, 0.0);
            let found = AxisForce::of(&sines, 1.0 / slope_m_per_a, &TILT, PERIOD_S).unwrap();
            assert!((found.k_i_n_per_a / k_i - 1.0).abs() < 2e-3, "{found:?}");
            assert!((found.k_x_n_per_m / k_x - 1.0).abs() < 2e-3, "{found:?}");
            assert!((found.mass_kg / mass - 1.0).abs() < 4e-3, "{found:?}");
            assert!((found.inductance_h / 1.8e-3 - 1.0).abs() < 2e-3, "{found:?}");
        }
    }

    #[test]
    fn inductance_at_the_wall_and_pickup_come_back() {
        let (d, m) = derivative_and_mean(1500.0, PERIOD_S);
        let current_a = Complex { re: 0.3, im: 0.2 };
        let voltage_v = (m * current_a).times(1.1) + (d * current_a).times(1.8e-3);
        let sine =
            Sine { frequency_hz: 1500.0, current_a, voltage_v, displacement_m: current_a.times(4.8e-6) };
        assert!((inductance_h(&sine, 1.1, PERIOD_S) / 1.8e-3 - 1.0).abs() < 1e-4);
        let [resistance_ohm, inductance_h] = resistance_and_inductance(&sine, PERIOD_S);
        assert!((resistance_ohm / 1.1 - 1.0).abs() < 1e-3 && (inductance_h / 1.8e-3 - 1.0).abs() < 1e-4);
        let force = AxisForce { k_i_n_per_a: 8.0, k_x_n_per_m: 15e3, mass_kg: 0.1, inductance_h: 0.0 };
        let motion_m_per_a = 8.0 / (0.1 * (RAD_PER_S_PER_HZ * 1500.0).powi(2) + 15e3);
        assert!((pickup_m_per_a(&sine, &force) - 4.8e-6 - motion_m_per_a).abs() < 1e-9);
    }
}
