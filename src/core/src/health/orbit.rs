// SPDX-License-Identifier: Apache-2.0
//! Orbit of the rotor and the part of the clearance that it uses, from the mail of the levitation task. 1 kHz.
//!
//! # Model
//! Over a window of [`WINDOW_PERIODS`] of positions (x, y), the notch's and the runout table's part taken off:
//! ```text
//! use = max sqrt(x^2 + y^2) / C
//! rms = sqrt(mean (x - mean x)^2)
//! a_n = 2 |mean (x - mean x) exp(-j n theta)|,   n = 1, 2
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | C | touchdown clearance | m | `clearance_m` |
//! | theta | rotor angle | rad | `rotor_angle_rad` |
//! | a_1, a_2 | amplitude at once and twice the speed of rotation, of each axis | m | `first_m`, `second_m` |
//!
//! The means are those of the window before, so that nothing is stored.
//!
//! # Limits and failure
//! Counts while the rotor is levitated only; a window that it leaves begins anew. 1 kHz sees a turn of 5500 rpm at 11
//! places, and with a speed that is no divisor of 1 kHz a second of them comes within 1 % of the largest.
//! The harmonics count at 60 rpm and faster; what is no whole number of turns leaves 1 / (6 turns) of the other parts.
//!
//! # Source
//! ISO 14839-2:2004, evaluation of vibration: D_max from the clearance centre over the least clearance.
//!
//! # Shown by
//! Unit tests below; `the_orbit_that_the_core_reports_is_the_true_one` in `sim/levitas/tests/sensitivity.rs`.

use super::Zone;
use crate::mail::{BearingState, LevitationMail};
use crate::math::{larger, sin_cos, sqrt};
use crate::units::RAD_PER_S_PER_RPM;

/// Periods of a window: 1 s.
pub const WINDOW_PERIODS: u32 = 1000;
/// Speed from which there are harmonics of it: 60 rpm [rad/s].
const TURNING_RAD_PER_S: f32 = 60.0 * RAD_PER_S_PER_RPM;

snapshot! {
    /// Orbit of the last window.
    pub struct OrbitMail [ORBIT_WORDS] {
        /// Windows since power-up; what follows is of the last one.
        pub windows: u32,
        /// Largest distance from the clearance centre over the clearance [1].
        pub clearance_use: f32,
        /// The largest one since the rotor was lifted off [1].
        pub clearance_use_max: f32,
        /// Rms about the mean, x [m].
        pub rms_x_m: f32,
        /// Rms about the mean, y [m].
        pub rms_y_m: f32,
        /// 1x amplitude, x [m].
        pub first_x_m: f32,
        /// 1x amplitude, y [m].
        pub first_y_m: f32,
        /// 2x amplitude, x [m].
        pub second_x_m: f32,
        /// 2x amplitude, y [m].
        pub second_y_m: f32,
    }
}

impl OrbitMail {
    /// Zone of the last window.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::of_clearance_use(self.clearance_use)
    }
}

/// Sums of one axis over a window.
#[derive(Clone, Copy, Debug, Default)]
struct AxisSums {
    /// Taken off before anything is summed: the mean of the window before [m].
    nominal_m: f32,
    sum_m: f32,
    square_m2: f32,
    first_m: [f32; 2],
    second_m: [f32; 2],
}

impl AxisSums {
    fn add(&mut self, displacement_m: f32, first: [f32; 2], second: [f32; 2]) {
        let value_m = displacement_m - self.nominal_m;
        self.sum_m += value_m;
        self.square_m2 += value_m * value_m;
        for (sum_m, part) in
            self.first_m.iter_mut().chain(&mut self.second_m).zip(first.iter().chain(&second))
        {
            *sum_m += value_m * part;
        }
    }

    fn rms_m(&self) -> f32 {
        let per_period = 1.0 / WINDOW_PERIODS as f32;
        let mean_m = self.sum_m * per_period;
        sqrt(self.square_m2 * per_period - mean_m * mean_m)
    }

    /// Ready for the next window.
    fn next(&self) -> Self {
        Self { nominal_m: self.nominal_m + self.sum_m / WINDOW_PERIODS as f32, ..Self::default() }
    }
}

fn amplitude_m([cosine_m, sine_m]: [f32; 2]) -> f32 {
    sqrt(cosine_m * cosine_m + sine_m * sine_m) * (2.0 / WINDOW_PERIODS as f32)
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct OrbitMonitor {
    per_clearance: f32,
    x: AxisSums,
    y: AxisSums,
    largest_m2: f32,
    periods: u32,
    windows: u32,
    use_max: f32,
}

impl OrbitMonitor {
    /// For a bearing of this clearance.
    #[must_use]
    pub fn new(clearance_m: f32) -> Self {
        Self {
            per_clearance: 1.0 / clearance_m,
            x: AxisSums::default(),
            y: AxisSums::default(),
            largest_m2: 0.0,
            periods: 0,
            windows: 0,
            use_max: 0.0,
        }
    }

    /// One period; figures at the end of every window.
    pub fn step(&mut self, levitation: &LevitationMail) -> Option<OrbitMail> {
        match BearingState::from_code(levitation.state) {
            Some(BearingState::Levitated) => {}
            Some(BearingState::Touchdown) => {
                self.restart();
                self.use_max = 1.0;
                return None;
            }
            _ => {
                self.restart();
                self.use_max = 0.0;
                return None;
            }
        }
        let (x_m, y_m) = (levitation.displacement_x_m, levitation.displacement_y_m);
        self.largest_m2 = larger(self.largest_m2, x_m * x_m + y_m * y_m);
        let turning = levitation.rotor_speed_rad_per_s.abs() > TURNING_RAD_PER_S;
        let (sin, cos) = if turning { sin_cos(levitation.rotor_angle_rad) } else { (0.0, 0.0) };
        let (first, second) = ([cos, sin], [cos * cos - sin * sin, 2.0 * cos * sin]);
        self.x.add(x_m, first, second);
        self.y.add(y_m, first, second);
        self.periods = self.periods.saturating_add(1);
        (self.periods >= WINDOW_PERIODS).then(|| self.finish())
    }

    /// A new window, without what the last one knew.
    fn restart(&mut self) {
        (self.x, self.y) = (AxisSums::default(), AxisSums::default());
        (self.largest_m2, self.periods) = (0.0, 0);
    }

    fn finish(&mut self) -> OrbitMail {
        let clearance_use = sqrt(self.largest_m2) * self.per_clearance;
        self.use_max = larger(self.use_max, clearance_use);
        self.windows = self.windows.wrapping_add(1);
        let mail = OrbitMail {
            windows: self.windows,
            clearance_use,
            clearance_use_max: self.use_max,
            rms_x_m: self.x.rms_m(),
            rms_y_m: self.y.rms_m(),
            first_x_m: amplitude_m(self.x.first_m),
            first_y_m: amplitude_m(self.y.first_m),
            second_x_m: amplitude_m(self.x.second_m),
            second_y_m: amplitude_m(self.y.second_m),
        };
        (self.x, self.y) = (self.x.next(), self.y.next());
        (self.largest_m2, self.periods) = (0.0, 0);
        mail
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Words;
    use crate::units::RAD_PER_TURN;

    fn levitation(state: BearingState, x_m: f32, y_m: f32, angle_rad: f32, speed: f32) -> LevitationMail {
        LevitationMail {
            state: state as u32,
            displacement_x_m: x_m,
            displacement_y_m: y_m,
            rotor_angle_rad: angle_rad,
            rotor_speed_rad_per_s: speed,
            ..LevitationMail::from_words([0; crate::mail::LEVITATION_WORDS])
        }
    }

    /// Windows of an orbit of 12 um, shifted by 20 um along x, with 3 um of twice the speed in y.
    fn windows(monitor: &mut OrbitMonitor, count: u32, speed_rpm: f32) -> OrbitMail {
        let step = speed_rpm / 60.0 * 1e-3;
        let mut turns = 0.0_f32;
        let mut last = None;
        for _ in 0..count * WINDOW_PERIODS {
            turns = (turns + step).fract();
            let angle_rad = RAD_PER_TURN * turns - core::f32::consts::PI;
            let (sin, cos) = sin_cos(angle_rad);
            let mail = levitation(
                BearingState::Levitated,
                20e-6 + 12e-6 * cos,
                12e-6 * sin + 3e-6 * (cos * cos - sin * sin),
                angle_rad,
                speed_rpm * RAD_PER_S_PER_RPM,
            );
            last = monitor.step(&mail).or(last);
        }
        last.unwrap()
    }

    #[test]
    fn a_shifted_circle_with_a_second_harmonic() {
        let near = |value: f32, expected: f32| (value - expected).abs() < 0.3e-6;
        for speed_rpm in [730.0, 3000.0, 5500.0] {
            let mail = windows(&mut OrbitMonitor::new(0.5e-3), 3, speed_rpm);
            assert_eq!(mail.windows, 3);
            assert!(near(mail.first_x_m, 12e-6) && near(mail.first_y_m, 12e-6), "{speed_rpm}: {mail:?}");
            assert!(near(mail.second_x_m, 0.0) && near(mail.second_y_m, 3e-6), "{speed_rpm}: {mail:?}");
            assert!(near(mail.rms_x_m, 12e-6 / 2.0_f32.sqrt()), "{mail:?}");
            assert!(near(mail.rms_y_m, (153e-12_f32 / 2.0).sqrt()), "{mail:?}");
            assert!((mail.clearance_use / 0.064 - 1.0).abs() < 0.02 && mail.zone() == Zone::A, "{mail:?}");
        }
    }

    #[test]
    fn a_standing_rotor_has_no_harmonics() {
        let mail = windows(&mut OrbitMonitor::new(0.5e-3), 1, 30.0);
        assert_eq!((mail.first_x_m, mail.second_y_m), (0.0, 0.0));
    }

    #[test]
    fn the_largest_use_lasts_until_the_next_flight_and_a_touchdown_is_all_of_it() {
        let mut monitor = OrbitMonitor::new(0.5e-3);
        let held = |x_m: f32| levitation(BearingState::Levitated, x_m, 0.0, 0.0, 0.0);
        monitor.step(&held(175e-6));
        let run = |monitor: &mut OrbitMonitor| (0..1000).find_map(|_| monitor.step(&held(50e-6))).unwrap();
        let mail = run(&mut monitor);
        assert!((mail.clearance_use - 0.35).abs() < 1e-6 && mail.zone() == Zone::B);
        let mail = run(&mut monitor);
        assert!((mail.clearance_use - 0.1).abs() < 1e-6 && (mail.clearance_use_max - 0.35).abs() < 1e-6);
        assert_eq!(monitor.step(&levitation(BearingState::Touchdown, 0.5e-3, 0.0, 0.0, 0.0)), None);
        assert_eq!(run(&mut monitor).clearance_use_max, 1.0);
        monitor.step(&levitation(BearingState::LiftOff, 0.4e-3, 0.0, 0.0, 0.0));
        let mail = run(&mut monitor);
        assert_eq!((mail.windows, mail.clearance_use_max), (4, mail.clearance_use));
    }
}
