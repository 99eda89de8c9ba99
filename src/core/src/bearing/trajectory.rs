// SPDX-License-Identifier: Apache-2.0
//! The S-curve along which the rotor is lifted off and set down.
//!
//! # Model
//! The minimum-jerk polynomial s(p) = 10 p^3 - 15 p^4 + 6 p^5 over the progress p = t / t_end, 0 to 1: velocity
//! and acceleration are zero at both ends, so neither the current nor the observer sees a step.
//! Largest acceleration 5.77 distance / t_end^2: 0.5 mm in 40 ms is 1.8 m/s^2, 0.2 N.
//!
//! # Source
//! T. Flash, N. Hogan, J. Neurosci. 5(7), 1985, 1688, equation 3.

use crate::probe::Excitation;

/// Where one axis is to be now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Setpoint {
    /// Displacement [m].
    pub displacement_m: f32,
    /// Velocity [m/s].
    pub velocity_m_per_s: f32,
    /// Acceleration [m/s^2].
    pub acceleration_m_per_s2: f32,
}

impl Setpoint {
    /// The centre, or where the probe wants the rotor.
    pub(super) fn excited(excitation: &Excitation) -> [Self; 2] {
        let Excitation::SetPoint { displacement_m, velocity_m_per_s, acceleration_m_per_s2 } = excitation
        else {
            return [Self::default(); 2];
        };
        let ([x, y], [v_x, v_y], [a_x, a_y]) = (*displacement_m, *velocity_m_per_s, *acceleration_m_per_s2);
        [
            Self { displacement_m: x, velocity_m_per_s: v_x, acceleration_m_per_s2: a_x },
            Self { displacement_m: y, velocity_m_per_s: v_y, acceleration_m_per_s2: a_y },
        ]
    }
}

/// A move of both axes from one point to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct SCurve {
    from_m: [f32; 2],
    distance_m: [f32; 2],
    per_s: f32,
    progress_step: f32,
    progress: f32,
}

impl SCurve {
    pub(super) fn new(from_m: [f32; 2], to_m: [f32; 2], duration_s: f32, period_s: f32) -> Self {
        let ([from_x, from_y], [to_x, to_y]) = (from_m, to_m);
        Self {
            from_m,
            distance_m: [to_x - from_x, to_y - from_y],
            per_s: 1.0 / duration_s,
            progress_step: period_s / duration_s,
            progress: 0.0,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.progress >= 1.0
    }

    /// One period further; set-points of x and y.
    pub(super) fn step(&mut self) -> [Setpoint; 2] {
        let stepped = self.progress + self.progress_step;
        self.progress = if stepped < 1.0 { stepped } else { 1.0 };
        let p = self.progress;
        let position = p * p * p * (10.0 - p * (15.0 - 6.0 * p));
        let velocity = 30.0 * p * p * (1.0 - p) * (1.0 - p) * self.per_s;
        let acceleration = 60.0 * p * (1.0 - p) * (1.0 - 2.0 * p) * self.per_s * self.per_s;
        let along = |from_m: f32, distance_m: f32| Setpoint {
            displacement_m: from_m + distance_m * position,
            velocity_m_per_s: distance_m * velocity,
            acceleration_m_per_s2: distance_m * acceleration,
        };
        let ([from_x, from_y], [distance_x, distance_y]) = (self.from_m, self.distance_m);
        [along(from_x, distance_x), along(from_y, distance_y)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_and_ends_at_rest_and_never_goes_back() {
        let mut curve = SCurve::new([400e-6, -300e-6], [0.0, 0.0], 0.04, 50e-6);
        let mut last = [Setpoint { displacement_m: 400e-6, ..Setpoint::default() }, Setpoint::default()];
        let mut steps = 0;
        while !curve.is_done() {
            let next = curve.step();
            assert!(next[0].displacement_m <= last[0].displacement_m + 1e-9); // 1 nm: rounding
            assert!(next[0].acceleration_m_per_s2.abs() < 5.78 * 400e-6 / (0.04 * 0.04));
            last = next;
            steps += 1;
        }
        assert!((799..=801).contains(&steps), "{steps}");
        for setpoint in last {
            assert!(setpoint.displacement_m.abs() < 1e-9 && setpoint.velocity_m_per_s.abs() < 1e-6);
        }
    }

    #[test]
    fn velocity_and_acceleration_are_the_derivatives() {
        let mut curve = SCurve::new([500e-6, 0.0], [0.0, 0.0], 0.04, 50e-6);
        let points: std::vec::Vec<Setpoint> = (0..800).map(|_| curve.step()[0]).collect();
        for three in points.windows(3) {
            let velocity = (three[2].displacement_m - three[0].displacement_m) / 100e-6;
            assert!((velocity - three[1].velocity_m_per_s).abs() < 1e-4);
            let acceleration = (three[2].velocity_m_per_s - three[0].velocity_m_per_s) / 100e-6;
            assert!((acceleration - three[1].acceleration_m_per_s2).abs() < 0.02);
        }
    }
}
