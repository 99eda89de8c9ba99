// SPDX-License-Identifier: Apache-2.0
//! Hall mids, Hall gains and coil resistance from a rotor that is pressed against the wall all around.
//!
//! # Model
//! The rotor's centre lies on the circle of radius C; what the Hall pairs show of it is shifted by the coil current:
//! ```text
//! X = a_x v_x + b_x - s i_x,   Y = a_y v_y + b_y - s i_y,   X^2 + Y^2 = C^2
//! ```
//! | symbol | meaning | unit |
//! |---|---|---|
//! | v | difference of a pair | V |
//! | a, b | inverse sensitivity, and it times the mid of the difference | m/V, m |
//! | s | apparent displacement per current: pickup, tilt and compression of the wall | m/A |
//!
//! Every direction is pressed with full and with half current, which separates s from a. The equation is solved by
//! Gauss and Newton, all lengths in units of C. A cross pickup turns with twice the direction, square to
//! everything that is sought. At zero current the rotor still presses with k_x C, so the circle is larger by k_x / k_wall;
//! [`WallFit::gain_factor`] takes that off once k_x is known. R is the slope of voltage over current of the same points.
//!
//! # Source
//! The linear start and the iteration are those of W. Gander, G. H. Golub, R. Strebel, Least-squares fitting of circles
//! and ellipses, BIT 34, 1994, 558, sections 2 and 3.

use super::least_squares::LeastSquares;
use crate::probe::{ProbeResult, Signal};

/// Directions around the circle.
pub(super) const DIRECTIONS: u32 = 12;
/// Probes: each direction with full, then with half current.
pub(super) const POINTS: usize = 24;
/// Steps of Gauss and Newton; each squares the error, and the start is right to a tenth.
const ITERATIONS: u32 = 8;

/// What one probe saw.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    difference_v: [f32; 2],
    current_a: [f32; 2],
    /// Cosine and sine of the rotor's angle, as the angle Halls show it.
    direction: [f32; 2],
}

/// Points seen so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wall {
    points: [Point; POINTS],
    count: usize,
    sum_v: [f32; 2],
    resistance: [LeastSquares<2>; 2],
}

/// What the points say.
#[derive(Clone, Copy, Debug)]
pub(super) struct WallFit {
    /// Mean output of x+, x-, y+, y- with the rotor at the centre [V].
    pub(super) mid_v: [f32; 4],
    /// Sensitivity of x and y, before [`Self::gain_factor`] [V/m].
    pub(super) v_per_m: [f32; 2],
    /// Apparent displacement per pressing current [m/A].
    pub(super) shift_m_per_a: f32,
    /// Resistance of coil x and y [ohm].
    pub(super) resistance_ohm: [f32; 2],
    /// Root mean square of what the circle leaves [m].
    pub(super) residual_m: f32,
}

impl Wall {
    pub(super) fn new() -> Self {
        Self {
            points: [Point::default(); POINTS],
            count: 0,
            sum_v: [0.0; 2],
            resistance: [LeastSquares::new(); 2],
        }
    }

    /// Takes in a probe.
    pub(super) fn add(&mut self, result: &ProbeResult) {
        let mean = |signal| result.tone(signal).mean;
        let (x_plus, x_minus) = (mean(Signal::HallXPlus), mean(Signal::HallXMinus));
        let (y_plus, y_minus) = (mean(Signal::HallYPlus), mean(Signal::HallYMinus));
        let current_a = [mean(Signal::CoilCurrentX), mean(Signal::CoilCurrentY)];
        let direction = [mean(Signal::AngleCosine), mean(Signal::AngleSine)];
        let voltage_v = [mean(Signal::CoilVoltageX), mean(Signal::CoilVoltageY)];
        if let Some(point) = self.points.get_mut(self.count) {
            *point = Point { difference_v: [x_plus - x_minus, y_plus - y_minus], current_a, direction };
            self.count = self.count.saturating_add(1);
        }
        let [sum_x, sum_y] = self.sum_v;
        self.sum_v = [sum_x + x_plus + x_minus, sum_y + y_plus + y_minus];
        for ((fit, current_a), voltage_v) in self.resistance.iter_mut().zip(current_a).zip(voltage_v) {
            fit.add(&[current_a, 1.0], voltage_v);
        }
    }

    /// Takes what the Halls show without motion off every point: a function of cosine and sine at the angle Halls [V].
    pub(super) fn correct(&mut self, shown_v: impl Fn([f32; 2]) -> [f32; 2]) {
        for point in &mut self.points {
            let ([x_v, y_v], [shown_x_v, shown_y_v]) = (point.difference_v, shown_v(point.direction));
            point.difference_v = [x_v - shown_x_v, y_v - shown_y_v];
        }
    }

    /// The fit; `None` when the points do not go around the circle.
    pub(super) fn fit(&self, clearance_m: f32, nominal_v_per_m: f32) -> Option<WallFit> {
        let points = self.points.get(..self.count)?;
        let start = 1.0 / (nominal_v_per_m * clearance_m);
        let mut unknowns = [start, 0.0, start, 0.0, 0.0];
        for _ in 0..ITERATIONS {
            let mut step = LeastSquares::new();
            for point in points {
                let (slopes, value) = circle(point, &unknowns);
                step.add(&slopes, -value);
            }
            for (unknown, change) in unknowns.iter_mut().zip(step.solve()?) {
                *unknown += change;
            }
        }
        let count = self.count as f32;
        let square: f32 =
            points.iter().map(|point| circle(point, &unknowns).1).map(|value| value * value).sum();
        let [a_x, b_x, a_y, b_y, shift] = unknowns;
        let [sum_x, sum_y] = self.sum_v.map(|sum_v| sum_v / count);
        let (mid_x, mid_y) = (-b_x / a_x, -b_y / a_y);
        let [resistance_x, resistance_y] = self.resistance;
        let ([r_x, _], [r_y, _]) = (resistance_x.solve()?, resistance_y.solve()?);
        Some(WallFit {
            mid_v: [
                0.5 * (sum_x + mid_x),
                0.5 * (sum_x - mid_x),
                0.5 * (sum_y + mid_y),
                0.5 * (sum_y - mid_y),
            ],
            v_per_m: [1.0 / (a_x * clearance_m), 1.0 / (a_y * clearance_m)],
            shift_m_per_a: shift * clearance_m,
            resistance_ohm: [r_x, r_y],
            residual_m: 0.5 * clearance_m * crate::math::sqrt(square / count),
        })
    }
}

impl WallFit {
    /// What the sensitivities are to be multiplied with: the circle is larger than C by the compressed wall.
    pub(super) fn gain_factor(k_x_n_per_m: f32, wall_n_per_m: f32) -> f32 {
        1.0 / (1.0 + k_x_n_per_m / wall_n_per_m)
    }
}

/// X^2 + Y^2 - 1 in units of C, and its slopes by the unknowns a_x, b_x, a_y, b_y, s.
fn circle(point: &Point, unknowns: &[f32; 5]) -> ([f32; 5], f32) {
    let [a_x, b_x, a_y, b_y, shift] = *unknowns;
    let ([v_x, v_y], [i_x, i_y]) = (point.difference_v, point.current_a);
    let x = a_x * v_x + b_x - shift * i_x;
    let y = a_y * v_y + b_y - shift * i_y;
    let slopes = [2.0 * x * v_x, 2.0 * x, 2.0 * y * v_y, 2.0 * y, -2.0 * (x * i_x + y * i_y)];
    (slopes, x * x + y * y - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Tone;

    /// What the Halls show of a rotor at this angle under this current along it.
    fn pressed(angle: f32, current_a: f32) -> ProbeResult {
        let (sin, cos) = angle.sin_cos();
        // The rotor lies a little beside the direction of the current, as a force across makes it.
        let at = (angle + 0.1).sin_cos();
        let (x, y) = (0.5e-3 * at.1 + 15e-6 * current_a * cos, 0.5e-3 * at.0 + 15e-6 * current_a * sin);
        let mut result = ProbeResult::default();
        let mut set = |signal: Signal, mean| result.tones[signal as usize] = Tone { mean, ..Tone::default() };
        set(Signal::HallXPlus, 1.66 + 0.5 * 2100.0 * x);
        set(Signal::HallXMinus, 1.63 - 0.5 * 2100.0 * x);
        set(Signal::HallYPlus, 1.65 + 0.5 * 1900.0 * y);
        set(Signal::HallYMinus, 1.68 - 0.5 * 1900.0 * y);
        set(Signal::CoilCurrentX, current_a * cos);
        set(Signal::CoilCurrentY, current_a * sin);
        set(Signal::CoilVoltageX, 0.9 * current_a * cos + 0.02);
        set(Signal::CoilVoltageY, 1.1 * current_a * sin - 0.02);
        result
    }

    #[test]
    fn a_shifted_and_stretched_circle_is_found() {
        let mut wall = Wall::new();
        assert!(wall.fit(0.5e-3, 2e3).is_none());
        for direction in 0..DIRECTIONS {
            let angle = direction as f32 * core::f32::consts::TAU / DIRECTIONS as f32;
            wall.add(&pressed(angle, 2.0));
            wall.add(&pressed(angle, 1.0));
        }
        let fit = wall.fit(0.5e-3, 2e3).unwrap();
        for (found, set) in fit.mid_v.iter().zip([1.66, 1.63, 1.65, 1.68]) {
            assert!((found - set).abs() < 1e-3, "{fit:?}");
        }
        assert!((fit.v_per_m[0] / 2100.0 - 1.0).abs() < 1e-3, "{fit:?}");
        assert!((fit.v_per_m[1] / 1900.0 - 1.0).abs() < 1e-3, "{fit:?}");
        assert!((fit.shift_m_per_a - 15e-6).abs() < 0.2e-6, "{fit:?}");
        assert!((fit.resistance_ohm[0] - 0.9).abs() < 1e-3 && (fit.resistance_ohm[1] - 1.1).abs() < 1e-3);
        assert!(fit.residual_m < 0.3e-6, "{fit:?}");
    }

    #[test]
    fn points_on_one_side_are_no_circle() {
        let mut wall = Wall::new();
        for _ in 0..POINTS {
            wall.add(&pressed(0.3, 2.0));
        }
        assert!(wall.fit(0.5e-3, 2e3).is_none());
    }
}
