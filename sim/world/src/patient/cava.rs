// SPDX-License-Identifier: Apache-2.0
//! The vein around the drainage cannula: a tube that collapses, and an inlet that its wall covers.
//!
//! # Model
//! Fill f = V / V_0, V_0 the volume without stress; a: open part of the inlet, 0 to 1; Q: drained flow in L/min.
//! | equation | |
//! |---|---|
//! | tube law | P = K (f^10 - f^-1.5) |
//! | flow through a collapsible vein | (max(P_up, 0) - max(P_down, 0)) / R: what the pressure below 0 adds is lost in the collapse (Starling) |
//! | inlet | dP = R_i (1 / a^2 - 1) Q\|Q\|, the suction d across its holes |
//! | fill that the holes see | f - h (1 - a) d / (d + d_h): a wall that is held lags |
//! | where the inlet goes | a smooth step of that fill from 0.2, closed, to 0.6, open |
//! | how fast | closes with 50 ms; opens with 150 ms (1 + d / d_h): suction holds the wall |
//!
//! So a collapsed vein stays collapsed at a speed at which an open one stays open, and a short deep dip of the speed,
//! which takes the suction from the holes, opens it faster than going to the final speed at once.
//! # Limits and failure
//! The law is linear below a fill of 0.05 and above 1.3, to stay finite and not stiff. The inlet always leaves 3 % open.
//! # Source
//! Tube law: A. H. Shapiro, "Steady flow in collapsible tubes", J. Biomech. Eng. 99, 1977. Inlet, hold and their times:
//! choices, made so that the two findings of Molegraaf on collapse and a two-step dip hold (facts 3.5).

use crate::parameters::VenaCava;

/// Fill at which the inlet is shut and open.
const FILL_SHUT: f64 = 0.2;
const FILL_OPEN: f64 = 0.6;
/// Ends of the tube law.
const FILL_LOW: f64 = 0.05;
const FILL_HIGH: f64 = 1.3;
/// Smallest open part of the inlet.
const OPENING_MIN: f64 = 0.03;
/// Time constants of the wall [s].
const CLOSING_S: f64 = 0.05;
const OPENING_S: f64 = 0.15;

/// Tube law without its scale.
fn law(fill: f64) -> f64 {
    let square = fill * fill;
    let fourth = square * square;
    fourth * fourth * square - 1.0 / (fill * libm::sqrt(fill))
}

/// Its slope.
fn slope(fill: f64) -> f64 {
    let square = fill * fill;
    let fourth = square * square;
    10.0 * fourth * fourth * fill + 1.5 / (square * libm::sqrt(fill))
}

/// Flow from one collapsible vessel to the next [mL/s].
pub(crate) fn starling(up: f64, down: f64, resistance: f64) -> f64 {
    (up.max(0.0) - down.max(0.0)) / resistance
}

impl VenaCava {
    /// Pressure over that of the surroundings [mmHg].
    pub(crate) fn pressure_mmhg(&self, volume_ml: f64) -> f64 {
        let fill = volume_ml / self.unstressed_ml;
        let inside = fill.clamp(FILL_LOW, FILL_HIGH);
        let mut pressure = law(inside);
        if fill != inside {
            pressure += slope(inside) * (fill - inside);
        }
        self.stiffness_mmhg * pressure
    }

    /// Resistance of the inlet beside that on the chart of the cannula [mmHg/(L/min)2].
    pub(crate) fn inlet_mmhg_per_lpm2(&self, opening: f64) -> f64 {
        self.inlet_mmhg_per_lpm2 * (1.0 / (opening * opening) - 1.0)
    }

    /// The open part of the inlet one step later.
    pub(crate) fn next_opening(&self, opening: f64, volume_ml: f64, drained_lpm: f64, step_s: f64) -> f64 {
        let suction = self.inlet_mmhg_per_lpm2(opening) * drained_lpm * drained_lpm.max(0.0);
        let lag = self.hold_fraction * (1.0 - opening) * suction / (suction + self.hold_mmhg);
        let fill = volume_ml / self.unstressed_ml - lag;
        let u = ((fill - FILL_SHUT) / (FILL_OPEN - FILL_SHUT)).clamp(0.0, 1.0);
        let target = (u * u * (3.0 - 2.0 * u)).max(OPENING_MIN);
        let time_s = if target < opening { CLOSING_S } else { OPENING_S * (1.0 + suction / self.hold_mmhg) };
        opening + (target - opening) * step_s / time_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Patient, VA_ADULT};

    fn cava() -> VenaCava {
        let Patient::Living(patient) = VA_ADULT else { panic!("a living patient") };
        patient.cava
    }

    #[test]
    fn the_tube_law_is_shapiros() {
        let mut cava = cava();
        (cava.unstressed_ml, cava.stiffness_mmhg) = (50.0, 1.0);
        // 1 without stress; 2^10 - 2^-1.5 would be far beyond; 0.5: 2^-10 - 2^1.5; 0.25: 2^-20 - 8.
        for (volume, pressure) in [(50.0, 0.0), (25.0, -2.827_450_6), (12.5, -7.999_999), (55.0, 1.726_964)] {
            let found = cava.pressure_mmhg(volume);
            assert!((found - pressure).abs() < 1e-5, "{volume} mL: {found}");
        }
        let mut before = cava.pressure_mmhg(-10.0);
        for tenth_ml in -99..1000 {
            let now = cava.pressure_mmhg(0.1 * f64::from(tenth_ml));
            assert!(now > before, "at {tenth_ml} tenths of a mL");
            before = now;
        }
    }

    #[test]
    fn a_waterfall_has_a_flow_that_suction_does_not_raise() {
        assert_eq!(starling(8.0, 4.0, 0.05), 80.0);
        assert_eq!(starling(8.0, -10.0, 0.05), starling(8.0, -100.0, 0.05));
        assert_eq!(starling(-3.0, -100.0, 0.05), 0.0);
        assert_eq!(starling(2.0, 5.0, 0.05), -60.0);
    }

    /// The same fill, the same flow: open from open, covered from covered.
    #[test]
    fn a_wall_that_is_held_stays_where_an_open_one_stays_open() {
        let cava = cava();
        let volume = 0.6 * cava.unstressed_ml;
        let settle = |mut opening: f64, suction_mmhg: f64| {
            for _ in 0..20_000 {
                // The pump pulls with a fixed suction: the flow is what passes the holes.
                let resistance = cava.inlet_mmhg_per_lpm2(opening) + 2.0;
                let flow = libm::sqrt(suction_mmhg / resistance);
                opening = cava.next_opening(opening, volume, flow, 0.5e-3);
            }
            opening
        };
        assert!(settle(1.0, 100.0) > 0.9, "{}", settle(1.0, 100.0));
        assert!(settle(0.05, 100.0) < 0.5, "{}", settle(0.05, 100.0));
        assert!(settle(0.05, 1.0) > 0.9, "without suction it comes free: {}", settle(0.05, 1.0));
    }
}
