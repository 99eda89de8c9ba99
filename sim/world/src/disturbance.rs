// SPDX-License-Identifier: Apache-2.0
//! What is done to the rotor from outside: force steps, shocks, unbalance, tilting moments.

use core::f64::consts::PI;

use crate::units::STANDARD_GRAVITY_M_PER_S2;

/// A disturbance, which begins with the next period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Disturbance {
    /// A radial force that stays for a while.
    ForceStep {
        /// Size [N].
        newton: f64,
        /// Direction from x to y [rad].
        angle_rad: f64,
        /// How long [s].
        duration_s: f64,
    },
    /// A half-sine of acceleration of the housing; the rotor feels mass times it.
    Shock {
        /// Peak in standard gravities.
        g: f64,
        /// Length of the half-sine [s].
        duration_s: f64,
        /// Direction of the force on the rotor, from x to y [rad].
        angle_rad: f64,
    },
    /// Another distance of the centre of mass from the axis, for good.
    Unbalance {
        /// Distance [m].
        eccentricity_m: f64,
    },
    /// A moment about x that stays for a while.
    Tilt {
        /// Size [N m].
        n_m: f64,
        /// How long [s].
        duration_s: f64,
    },
}

/// Load on the rotor from outside.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    pub(crate) force_n: [f64; 2],
    pub(crate) moment_n_m: f64,
}

/// How many may act at the same time; one more replaces the one that ends first.
const ACTIVE_MAX: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Active {
    kind: Disturbance,
    direction: [f64; 2],
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
    /// Starts one at `now_s`. An unbalance is not kept here: it changes the rotor.
    pub(crate) fn start(&mut self, kind: Disturbance, now_s: f64) {
        let (angle_rad, duration_s) = match kind {
            Disturbance::ForceStep { angle_rad, duration_s, .. }
            | Disturbance::Shock { angle_rad, duration_s, .. } => (angle_rad, duration_s),
            Disturbance::Tilt { duration_s, .. } => (0.0, duration_s),
            Disturbance::Unbalance { .. } => return,
        };
        if !(angle_rad.is_finite() && duration_s > 0.0) {
            return;
        }
        let (sine, cosine) = libm::sincos(angle_rad);
        let new = Active { kind, direction: [cosine, sine], start_s: now_s, end_s: now_s + duration_s };
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
            let force_n = match active.kind {
                Disturbance::ForceStep { newton, .. } => newton,
                Disturbance::Shock { g, duration_s, .. } => {
                    let phase = PI * (time_s - active.start_s) / duration_s;
                    mass_kg * g * STANDARD_GRAVITY_M_PER_S2 * libm::sin(phase)
                }
                Disturbance::Tilt { n_m, .. } => {
                    load.moment_n_m += n_m;
                    0.0
                }
                Disturbance::Unbalance { .. } => 0.0,
            };
            load.force_n[0] += force_n * active.direction[0];
            load.force_n[1] += force_n * active.direction[1];
        }
        load
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_force_step_ends_and_a_shock_has_its_impulse() {
        let mut list = Disturbances::default();
        list.start(Disturbance::ForceStep { newton: 10.0, angle_rad: PI / 2.0, duration_s: 0.01 }, 1.0);
        assert!((list.load(1.005, 0.1).force_n[1] - 10.0).abs() < 1e-12);
        assert_eq!(list.load(1.011, 0.1).force_n, [0.0, 0.0]);

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
