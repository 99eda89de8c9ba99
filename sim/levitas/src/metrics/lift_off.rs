// SPDX-License-Identifier: Apache-2.0
//! Watches one rotor lift off, be held, and touch when it should not.
//!
//! # Model
//! *Held* means: within 10 % of the clearance for 20 ms without a break; lift-off's end is when that stay began.
//! Overshoot is the largest r . u with u the unit vector to the centre from where the rotor was last beyond 90 %
//! of the clearance: it may slide along the touchdown circle before it leaves it.

use crate::channel::{Sample, UM_PER_M};

/// Radius that counts as held, as a fraction of the clearance.
const HELD_FRACTION: f64 = 0.1;
/// Radius from which the rotor counts as still lying, as a fraction of the clearance.
const LYING_FRACTION: f64 = 0.9;
/// Time that the rotor must stay within it [s].
const HELD_S: f64 = 0.020;
/// Time after lift-off's end in which a crossing still counts as overshoot [s].
const OVERSHOOT_S: f64 = 0.100;

/// State of the watch.
#[derive(Clone, Debug)]
pub(crate) struct LiftOffWatch {
    /// Touchdown clearance [m].
    pub(crate) clearance_m: f64,
    commanded_s: Option<f64>,
    next_event_s: f64,
    direction: [f64; 2],
    inside_since_s: Option<f64>,
    /// End of the first lift-off [s].
    pub(crate) ended_s: Option<f64>,
    /// Largest crossing past the centre [um].
    pub(crate) overshoot_um: f64,
    held: bool,
    /// The rotor was told to land, and not yet to lift off again.
    landed: bool,
    /// The rotor has been held since the last lift_off event, and no land event came since.
    pub(crate) flying: bool,
    /// Touchdowns so far.
    pub(crate) touchdowns: u32,
}

/// What the watch has seen in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Seen {
    /// Lift-off ended at this time [s].
    LiftedOff(f64),
    /// The rotor touched.
    Touchdown,
}

impl LiftOffWatch {
    pub(crate) fn new(clearance_m: f64) -> Self {
        Self {
            clearance_m,
            commanded_s: None,
            next_event_s: f64::INFINITY,
            direction: [0.0; 2],
            inside_since_s: None,
            ended_s: None,
            overshoot_um: 0.0,
            held: false,
            landed: false,
            flying: false,
            touchdowns: 0,
        }
    }

    /// The scenario says lift off; `sample` is where the rotor lies.
    pub(crate) fn lift_off(&mut self, time_s: f64, sample: &Sample, next_event_s: f64) {
        self.landed = false;
        if self.commanded_s.is_some() {
            return;
        }
        self.commanded_s = Some(time_s);
        self.next_event_s = next_event_s;
        self.approach_from(sample);
    }

    /// The rotor is here before it approaches the centre.
    fn approach_from(&mut self, sample: &Sample) {
        let [x, y, _] = sample.displacement_m;
        let radius_m = sample.radius_m();
        if radius_m > 0.0 {
            self.direction = [-x / radius_m, -y / radius_m];
        }
    }

    /// The scenario says land: contact is wanted from now on.
    pub(crate) fn land(&mut self) {
        self.held = false;
        self.flying = false;
        self.landed = true;
        self.inside_since_s = None;
    }

    /// Time from the first lift_off event to its end [s].
    pub(crate) fn duration_s(&self) -> Option<f64> {
        Some(self.ended_s? - self.commanded_s?)
    }

    pub(crate) fn step(&mut self, sample: &Sample) -> Option<Seen> {
        self.commanded_s?;
        self.measure_overshoot(sample);
        if self.landed {
            return None;
        }
        if self.held {
            if !sample.touching {
                return None;
            }
            self.held = false;
            self.inside_since_s = None;
            self.touchdowns += 1;
            return Some(Seen::Touchdown);
        }
        let inside = sample.radius_m() <= HELD_FRACTION * self.clearance_m; // false for NaN
        if !inside {
            self.inside_since_s = None;
            return None;
        }
        let since_s = *self.inside_since_s.get_or_insert(sample.time_s);
        if sample.time_s - since_s < HELD_S {
            return None;
        }
        self.held = true;
        self.flying = true;
        if self.ended_s.is_some() {
            return None;
        }
        self.ended_s = Some(since_s);
        Some(Seen::LiftedOff(since_s))
    }

    fn measure_overshoot(&mut self, sample: &Sample) {
        if self.ended_s.is_none() && sample.radius_m() > LYING_FRACTION * self.clearance_m {
            self.approach_from(sample);
        }
        let until_s = self.ended_s.map_or(f64::INFINITY, |end| end + OVERSHOOT_S).min(self.next_event_s);
        if sample.time_s < until_s {
            let [x, y, _] = sample.displacement_m;
            let past_um = (x * self.direction[0] + y * self.direction[1]) * UM_PER_M;
            self.overshoot_um = self.overshoot_um.max(past_um);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time_s: f64, x_um: f64) -> Sample {
        let displacement_m = [x_um / UM_PER_M, 0.0, 0.0];
        Sample { time_s, displacement_m, touching: x_um.abs() >= 500.0, ..Sample::default() }
    }

    #[test]
    fn time_overshoot_and_touchdown_of_a_made_up_lift_off() {
        let mut watch = LiftOffWatch::new(0.5e-3);
        watch.lift_off(0.1, &at(0.1, -500.0), 5.0);
        let mut seen = Vec::new();
        for k in 0..4000 {
            let time_s = 0.1 + f64::from(k) * 1e-4;
            // Inside at 30 ms, out again at 35 ms (30 um past the centre never leaves), inside for good at 40 ms.
            let x_um = match k {
                0..300 => -500.0,
                300..350 => 30.0,
                350..400 => -60.0,
                400..3000 => 12.0,
                _ => 500.0,
            };
            seen.extend(watch.step(&at(time_s, x_um)));
        }
        assert!(matches!(seen[..], [Seen::LiftedOff(_), Seen::Touchdown]), "{seen:?}");
        assert!((watch.duration_s().unwrap() - 0.040).abs() < 1e-9);
        assert!((watch.overshoot_um - 30.0).abs() < 1e-9);
        assert_eq!(watch.touchdowns, 1);
    }

    #[test]
    fn landing_is_no_touchdown() {
        let mut watch = LiftOffWatch::new(0.5e-3);
        watch.lift_off(0.0, &at(0.0, 500.0), 5.0);
        for k in 0..300 {
            watch.step(&at(f64::from(k) * 1e-4, 0.0));
        }
        watch.land();
        for k in 0..300 {
            watch.step(&at(0.03 + f64::from(k) * 1e-4, 0.0)); // still spinning down at the centre
        }
        assert_eq!(watch.step(&at(0.06, 500.0)), None);
        assert_eq!((watch.touchdowns, watch.ended_s, watch.flying), (0, Some(0.0), false));
        watch.lift_off(0.1, &at(0.1, 500.0), 5.0);
        for k in 0..300 {
            watch.step(&at(0.1 + f64::from(k) * 1e-4, 0.0));
        }
        assert!(watch.flying);
        assert_eq!(watch.step(&at(0.2, 500.0)), Some(Seen::Touchdown));
    }
}
