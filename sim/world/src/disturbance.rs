// SPDX-License-Identifier: Apache-2.0
//! What is done to the rotor from outside: force steps, shocks, unbalance, tilting moments.
//!
//! # Limits and failure
//! Every number has a range, wide enough for any scenario and narrow enough that the state stays finite. One outside,
//! NaN among them, is refused by name before anything has changed. At most [`ACTIVE_MAX`] act at the same time.

use core::f64::consts::PI;

use crate::keys::{RangeError, check_numbers};
use crate::units::STANDARD_GRAVITY_M_PER_S2;

/// A disturbance, which begins with the next period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Disturbance {
    /// A radial force that stays for a while.
    ForceStep {
        /// Size [N], -1000 to 1000.
        newton: f64,
        /// Direction from x to y [rad], -10 to 10.
        angle_rad: f64,
        /// How long [s], 50e-6 to 3600.
        duration_s: f64,
    },
    /// A half-sine of acceleration of the housing; the rotor feels mass times it.
    Shock {
        /// Peak in standard gravities, -1000 to 1000.
        g: f64,
        /// Length of the half-sine [s], 50e-6 to 3600.
        duration_s: f64,
        /// Direction of the force on the rotor, from x to y [rad], -10 to 10.
        angle_rad: f64,
    },
    /// Another distance of the centre of mass from the axis, for good.
    Unbalance {
        /// Distance [m], 0 to 1e-3 as the key `rotor.eccentricity_m`.
        eccentricity_m: f64,
    },
    /// A moment about x that stays for a while.
    Tilt {
        /// Size [N m], -10 to 10.
        n_m: f64,
        /// How long [s], 50e-6 to 3600.
        duration_s: f64,
    },
    /// A torque on the rotor about its axis that stays for a while, as a stream drives it.
    Spin {
        /// Size, forward positive [N m], -10 to 10.
        n_m: f64,
        /// How long [s], 50e-6 to 3600.
        duration_s: f64,
    },
    /// Something rubs on the rotor, a clot: a torque against the rotation, whichever way it goes.
    Brake {
        /// Size [N m], 0 to 10.
        n_m: f64,
        /// How long [s], 50e-6 to 3600.
        duration_s: f64,
    },
    /// A half-sine of acceleration of the housing along the axis; the rotor feels mass times it along z.
    AxialShock {
        /// Peak in standard gravities, -1000 to 1000.
        g: f64,
        /// Length of the half-sine [s], 50e-6 to 3600.
        duration_s: f64,
    },
    /// A half-sine of moment about x.
    TiltShock {
        /// Peak [N m], -10 to 10.
        n_m: f64,
        /// Length of the half-sine [s], 50e-6 to 3600.
        duration_s: f64,
    },
}

/// A number of a disturbance outside its range.
pub type DisturbanceError = RangeError;

const FORCE_RANGE_N: [f64; 2] = [-1000.0, 1000.0];
const SHOCK_RANGE_G: [f64; 2] = [-1000.0, 1000.0];
const MOMENT_RANGE_N_M: [f64; 2] = [-10.0, 10.0];
const BRAKE_RANGE_N_M: [f64; 2] = [0.0, 10.0];
const ECCENTRICITY_RANGE_M: [f64; 2] = [0.0, 1.0e-3];
/// More than a turn either way, so that no rounding of a turn is refused.
const ANGLE_RANGE_RAD: [f64; 2] = [-10.0, 10.0];
/// One period to an hour.
const DURATION_RANGE_S: [f64; 2] = [50.0e-6, 3600.0];

impl Disturbance {
    /// From its start to its end [s]; `None` for what stays for good.
    #[must_use]
    pub const fn duration_s(&self) -> Option<f64> {
        match *self {
            Self::ForceStep { duration_s, .. }
            | Self::Shock { duration_s, .. }
            | Self::Tilt { duration_s, .. }
            | Self::Spin { duration_s, .. }
            | Self::Brake { duration_s, .. }
            | Self::AxialShock { duration_s, .. }
            | Self::TiltShock { duration_s, .. } => Some(duration_s),
            Self::Unbalance { .. } => None,
        }
    }

    /// Checks every number against its range, as [`World::disturb`](crate::World::disturb) does.
    ///
    /// # Errors
    /// The first number that is outside.
    pub fn check(&self) -> Result<(), DisturbanceError> {
        match *self {
            Self::ForceStep { newton, angle_rad, duration_s } => check_numbers(
                "force_step",
                &[
                    ("newton", newton, FORCE_RANGE_N),
                    ("angle_rad", angle_rad, ANGLE_RANGE_RAD),
                    ("duration_s", duration_s, DURATION_RANGE_S),
                ],
            ),
            Self::Shock { g, duration_s, angle_rad } => check_numbers(
                "shock",
                &[
                    ("g", g, SHOCK_RANGE_G),
                    ("duration_s", duration_s, DURATION_RANGE_S),
                    ("angle_rad", angle_rad, ANGLE_RANGE_RAD),
                ],
            ),
            Self::Unbalance { eccentricity_m } => {
                check_numbers("unbalance", &[("eccentricity_m", eccentricity_m, ECCENTRICITY_RANGE_M)])
            }
            Self::Tilt { n_m, duration_s } => check_numbers(
                "tilt",
                &[("n_m", n_m, MOMENT_RANGE_N_M), ("duration_s", duration_s, DURATION_RANGE_S)],
            ),
            Self::Spin { n_m, duration_s } => check_numbers(
                "spin",
                &[("n_m", n_m, MOMENT_RANGE_N_M), ("duration_s", duration_s, DURATION_RANGE_S)],
            ),
            Self::Brake { n_m, duration_s } => check_numbers(
                "brake",
                &[("n_m", n_m, BRAKE_RANGE_N_M), ("duration_s", duration_s, DURATION_RANGE_S)],
            ),
            Self::AxialShock { g, duration_s } => check_numbers(
                "axial_shock",
                &[("g", g, SHOCK_RANGE_G), ("duration_s", duration_s, DURATION_RANGE_S)],
            ),
            Self::TiltShock { n_m, duration_s } => check_numbers(
                "tilt_shock",
                &[("n_m", n_m, MOMENT_RANGE_N_M), ("duration_s", duration_s, DURATION_RANGE_S)],
            ),
        }
    }
}

/// Load on the rotor from outside.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    pub(crate) force_n: [f64; 3],
    pub(crate) moment_n_m: f64,
    pub(crate) spin_n_m: f64,
    pub(crate) brake_n_m: f64,
}

impl Load {
    /// Adds what a disturbance does `after_s` its start.
    fn add(&mut self, kind: &Disturbance, after_s: f64, mass_kg: f64) {
        let half_sine = |duration_s: f64| libm::sin(PI * after_s / duration_s);
        let inertia = |g: f64| mass_kg * g * STANDARD_GRAVITY_M_PER_S2;
        let mut radial = |size: f64, angle_rad: f64| {
            let (sine, cosine) = libm::sincos(angle_rad);
            self.force_n[0] += size * cosine;
            self.force_n[1] += size * sine;
        };
        match *kind {
            Disturbance::ForceStep { newton, angle_rad, .. } => radial(newton, angle_rad),
            Disturbance::Shock { g, duration_s, angle_rad } => {
                radial(inertia(g) * half_sine(duration_s), angle_rad);
            }
            Disturbance::AxialShock { g, duration_s } => {
                self.force_n[2] += inertia(g) * half_sine(duration_s)
            }
            Disturbance::Tilt { n_m, .. } => self.moment_n_m += n_m,
            Disturbance::TiltShock { n_m, duration_s } => self.moment_n_m += n_m * half_sine(duration_s),
            Disturbance::Spin { n_m, .. } => self.spin_n_m += n_m,
            Disturbance::Brake { n_m, .. } => self.brake_n_m += n_m,
            Disturbance::Unbalance { .. } => {}
        }
    }
}

/// How many may act at the same time; one more replaces the one that ends first.
const ACTIVE_MAX: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Active {
    kind: Disturbance,
    start_s: f64,
    end_s: f64,
}

/// The disturbances that act now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disturbances {
    active: [Option<Active>; ACTIVE_MAX],
    any: bool,
}

impl Disturbances {
    /// Starts one, already checked, at `now_s`. An unbalance is not kept here: it changes the rotor.
    pub(crate) fn start(&mut self, kind: Disturbance, now_s: f64) {
        let Some(duration_s) = kind.duration_s() else { return };
        let new = Active { kind, start_s: now_s, end_s: now_s + duration_s };
        let end = |slot: &Option<Active>| slot.map_or(f64::NEG_INFINITY, |active| active.end_s);
        if let Some(slot) = self.active.iter_mut().min_by(|a, b| end(a).total_cmp(&end(b))) {
            *slot = Some(new);
            self.any = true;
        }
    }

    /// The sum at `time_s`; a shock acts on `mass_kg`.
    pub(crate) fn load(&mut self, time_s: f64, mass_kg: f64) -> Load {
        let mut load = Load::default();
        if !self.any {
            return load;
        }
        self.any = false;
        for slot in &mut self.active {
            let Some(active) = slot else { continue };
            if time_s >= active.end_s {
                *slot = None;
                continue;
            }
            self.any = true;
            load.add(&active.kind, time_s - active.start_s, mass_kg);
        }
        load
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    /// Each number of each kind: just inside at both ends, then outside, and what is no number.
    #[test]
    fn numbers_outside_their_range_are_refused_by_name() {
        let force = |newton, angle_rad, duration_s| Disturbance::ForceStep { newton, angle_rad, duration_s };
        let shock = |g, angle_rad, duration_s| Disturbance::Shock { g, duration_s, angle_rad };
        type Make<'a> = &'a dyn Fn(f64) -> Disturbance;
        let cases: [(&str, [f64; 2], Make<'_>); 17] = [
            ("force_step.newton", FORCE_RANGE_N, &|v| force(v, 0.0, 1.0)),
            ("force_step.angle_rad", ANGLE_RANGE_RAD, &|v| force(1.0, v, 1.0)),
            ("force_step.duration_s", DURATION_RANGE_S, &|v| force(1.0, 0.0, v)),
            ("shock.g", SHOCK_RANGE_G, &|v| shock(v, 0.0, 1.0)),
            ("shock.angle_rad", ANGLE_RANGE_RAD, &|v| shock(1.0, v, 1.0)),
            ("shock.duration_s", DURATION_RANGE_S, &|v| shock(1.0, 0.0, v)),
            ("unbalance.eccentricity_m", ECCENTRICITY_RANGE_M, &|v| Disturbance::Unbalance {
                eccentricity_m: v,
            }),
            ("tilt.n_m", MOMENT_RANGE_N_M, &|v| Disturbance::Tilt { n_m: v, duration_s: 1.0 }),
            ("tilt.duration_s", DURATION_RANGE_S, &|v| Disturbance::Tilt { n_m: 1.0, duration_s: v }),
            ("spin.n_m", MOMENT_RANGE_N_M, &|v| Disturbance::Spin { n_m: v, duration_s: 1.0 }),
            ("spin.duration_s", DURATION_RANGE_S, &|v| Disturbance::Spin { n_m: 1.0, duration_s: v }),
            ("brake.n_m", BRAKE_RANGE_N_M, &|v| Disturbance::Brake { n_m: v, duration_s: 1.0 }),
            ("brake.duration_s", DURATION_RANGE_S, &|v| Disturbance::Brake { n_m: 1.0, duration_s: v }),
            ("axial_shock.g", SHOCK_RANGE_G, &|v| Disturbance::AxialShock { g: v, duration_s: 1.0 }),
            ("axial_shock.duration_s", DURATION_RANGE_S, &|v| Disturbance::AxialShock {
                g: 1.0,
                duration_s: v,
            }),
            ("tilt_shock.n_m", MOMENT_RANGE_N_M, &|v| Disturbance::TiltShock { n_m: v, duration_s: 1.0 }),
            ("tilt_shock.duration_s", DURATION_RANGE_S, &|v| Disturbance::TiltShock {
                n_m: 1.0,
                duration_s: v,
            }),
        ];
        for (key, [min, max], make) in cases {
            assert!(make(min).check().is_ok() && make(max).check().is_ok(), "{key}");
            for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, min - 1e-6, max * (1.0 + 1e-9)] {
                let error = make(bad).check().unwrap_err();
                assert_eq!(error.to_string(), std::format!("{key} = {bad}: allowed is {min} to {max}"));
            }
        }
    }

    #[test]
    fn unbalance_has_the_range_of_its_key() {
        let field = crate::Rotor::FIELDS.iter().find(|field| field.name == "eccentricity_m").unwrap();
        assert_eq!([field.min, field.max], ECCENTRICITY_RANGE_M);
    }

    #[test]
    fn a_force_step_ends_and_a_shock_has_its_impulse() {
        let mut list = Disturbances::default();
        list.start(Disturbance::ForceStep { newton: 10.0, angle_rad: PI / 2.0, duration_s: 0.01 }, 1.0);
        assert!((list.load(1.005, 0.1).force_n[1] - 10.0).abs() < 1e-12);
        assert_eq!(list.load(1.011, 0.1).force_n, [0.0; 3]);

        list.start(Disturbance::Shock { g: 30.0, duration_s: 0.011, angle_rad: 0.0 }, 0.0);
        let impulse: f64 =
            (0..220).map(|k| list.load((f64::from(k) + 0.5) * 50e-6, 0.1).force_n[0] * 50e-6).sum();
        let expected = 0.1 * 30.0 * STANDARD_GRAVITY_M_PER_S2 * 0.011 * 2.0 / PI;
        assert!((impulse / expected - 1.0).abs() < 1e-4, "{impulse} {expected}");
    }

    #[test]
    fn one_too_many_replaces_the_first_to_end() {
        let mut list = Disturbances::default();
        for k in 0..9 {
            let duration_s = 1.0 + f64::from(k);
            list.start(Disturbance::ForceStep { newton: 1.0, angle_rad: 0.0, duration_s }, 0.0);
        }
        assert_eq!(list.load(0.5, 0.1).force_n[0], 8.0);
    }
}
