// SPDX-License-Identifier: Apache-2.0
//! What the pump head does to the blood: two indices, of shear and of heat. They are no measurements of haemolysis.
//!
//! # Model
//! Power that neither speed nor head keeps is dissipated in the blood of the head, P = T w - H Q. Its mean shear stress is
//! tau = sqrt(mu P / V), and blood stays for t = V / Q. With the power law of haemolysis, C tau^a t^b for one passage, times the flow:
//! ```text
//! shear index = P / P_0 (Q / Q_0)^(1 - b)          heat: V rho c dT/dt = P - rho c Q (T - T_in)
//! heat index = 60 * 4^-(43 - T) below 43 C, 60 * 2^(T - 43) above
//! ```
//! | symbol | meaning | here |
//! |---|---|---|
//! | T w, H, Q | power of the shaft by the load torque, head, flow | |
//! | P_0, Q_0 | reference, at which the shear index is 1 | 4 W, 4 L/min |
//! | a, b | exponents: 1.9918, taken as 2, and 0.6606; 1 - b as 11/32 | within 2 % for ten times the reference |
//! | V | blood in the head | 31 mL |
//! | rho c | heat capacity of blood | 3.8 J/(mL K) |
//! | T_in | blood that comes, not measured | 37 C |
//!
//! Both are means of a minute. The shear index says how many times as fast as at the reference red cells would be damaged; the heat index is the time
//! at 43 C that would do as much to tissue, in minutes for each hour.
//! # Limits and failure
//! Good to compare operating points of one head, not heads, and not as a haemolysis: the constants over-predict it, and scalar laws rank at best. The viscosity is taken as
//! that of the reference; eddies and recirculation at low flow, measured to raise damage more than this law does, are left out; heat through the wall, too.
//! Nothing is said where torque, flow or head is unknown for a second, so not by the unit that stands by.
//! # Source
//! Law and constants: T. Zhang et al., Artif. Organs 35 (2011) 1180. Shear from dissipation: S. Hund, J. Antaki, M. Massoudi, Int. J. Eng. Sci. 48 (2010) 1325. Equivalent minutes:
//! S. Sapareto, W. Dewey, Int. J. Radiat. Oncol. Biol. Phys. 10 (1984) 787. Volume: CentriMag.

use crate::circulation::modes::PERIOD_S;
use crate::math::{between, exp_of_minus, larger, smaller, sqrt};
use crate::units::{LPM_PER_M3_PER_S, PA_PER_MMHG, RAD_PER_S_PER_RPM};

const REFERENCE_W: f32 = 4.0;
const REFERENCE_LPM: f32 = 4.0;
const VOLUME_ML: f32 = 31.0;
const HEAT_J_PER_ML_K: f32 = 3.8;
const BLOOD_CELSIUS: f32 = 37.0;
/// Beyond it there is no blood any more.
const CELSIUS_MAX: f32 = 60.0;
const EQUIVALENT_CELSIUS: f32 = 43.0;
const ML_PER_S_PER_LPM: f32 = 1000.0 / 60.0;
const MINUTES_PER_H: f32 = 60.0;
/// Periods of the mean.
const MEAN_PERIODS: f32 = 60.0 / PERIOD_S;
/// Periods without, after which nothing is known any more.
const GAP_PERIODS_MAX: u32 = 100;

/// What the pump does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Speed [rpm].
    pub speed_rpm: f32,
    /// Torque that brakes the rotor [N.m].
    pub torque_n_m: f32,
    /// Head [mmHg].
    pub head_mmhg: f32,
    /// Flow [L/min].
    pub flow_lpm: f32,
}

/// Both indices, see the [module](self).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Indices {
    /// Shear index [1].
    pub shear: f32,
    /// Heat index [min/h].
    pub heat_min_per_h: f32,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Exposure {
    head_celsius: f32,
    mean: Indices,
    periods: f32,
    gap_periods: u32,
}

impl Default for Exposure {
    fn default() -> Self {
        let mean = Indices { shear: 0.0, heat_min_per_h: 0.0 };
        Self { head_celsius: BLOOD_CELSIUS, mean, periods: 0.0, gap_periods: 0 }
    }
}

impl Exposure {
    /// One period of 10 ms; `None`: not known.
    pub fn step(&mut self, work: Option<Work>) -> Option<Indices> {
        let Some((dissipated_w, flow_lpm)) = work.as_ref().and_then(dissipation) else {
            self.gap_periods = self.gap_periods.saturating_add(1);
            if self.gap_periods >= GAP_PERIODS_MAX {
                *self = Self::default();
            }
            return self.told();
        };
        self.gap_periods = 0;
        self.warm(dissipated_w, flow_lpm);
        self.periods = smaller(self.periods + 1.0, MEAN_PERIODS);
        self.mean.shear += (shear(dissipated_w, flow_lpm) - self.mean.shear) / self.periods;
        self.mean.heat_min_per_h +=
            (heat_min_per_h(self.head_celsius) - self.mean.heat_min_per_h) / self.periods;
        self.told()
    }

    fn told(&self) -> Option<Indices> {
        (self.periods > 0.0).then_some(self.mean)
    }

    fn warm(&mut self, dissipated_w: f32, flow_lpm: f32) {
        let warmed_k = dissipated_w * PERIOD_S / (HEAT_J_PER_ML_K * VOLUME_ML);
        // At most all of it is exchanged in a period.
        let exchanged = smaller(flow_lpm * ML_PER_S_PER_LPM * PERIOD_S / VOLUME_ML, 1.0);
        let cooled_k = (self.head_celsius - BLOOD_CELSIUS) * exchanged;
        self.head_celsius = between(self.head_celsius + warmed_k - cooled_k, BLOOD_CELSIUS, CELSIUS_MAX);
    }
}

/// Power that stays in the head [W], and the size of the flow [L/min]; `None` when one of the inputs is no number.
fn dissipation(work: &Work) -> Option<(f32, f32)> {
    let shaft_w = work.torque_n_m * work.speed_rpm * RAD_PER_S_PER_RPM;
    let hydraulic_w = work.head_mmhg * PA_PER_MMHG * work.flow_lpm / LPM_PER_M3_PER_S;
    let dissipated_w = shaft_w - hydraulic_w;
    dissipated_w.is_finite().then_some((larger(dissipated_w, 0.0), work.flow_lpm.abs()))
}

fn shear(dissipated_w: f32, flow_lpm: f32) -> f32 {
    let eighth = |value: f32| sqrt(sqrt(sqrt(value)));
    let quarter = sqrt(sqrt(flow_lpm / REFERENCE_LPM));
    let sixteenth = sqrt(sqrt(quarter));
    // 11/32 = 1/4 + 1/16 + 1/32
    dissipated_w / REFERENCE_W * quarter * sixteenth * eighth(quarter)
}

fn heat_min_per_h(celsius: f32) -> f32 {
    let below_k = EQUIVALENT_CELSIUS - celsius;
    let ln_2 = core::f32::consts::LN_2;
    MINUTES_PER_H
        * if below_k > 0.0 { exp_of_minus(2.0 * ln_2 * below_k) } else { 1.0 / exp_of_minus(-ln_2 * below_k) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shaft power that leaves so much behind at a head and a flow.
    fn work(dissipated_w: f32, head_mmhg: f32, flow_lpm: f32) -> Work {
        let speed_rpm = 3500.0;
        let hydraulic_w = head_mmhg * PA_PER_MMHG * flow_lpm / LPM_PER_M3_PER_S;
        let torque_n_m = (dissipated_w + hydraulic_w) / (speed_rpm * RAD_PER_S_PER_RPM);
        Work { speed_rpm, torque_n_m, head_mmhg, flow_lpm }
    }

    fn after(seconds: u32, work: Work) -> (Exposure, Indices) {
        let mut exposure = Exposure::default();
        let told = (0..seconds * 100).map(|_| exposure.step(Some(work))).last().unwrap();
        (exposure, told.unwrap())
    }

    #[test]
    fn the_shear_index_is_the_power_law_over_that_of_the_reference() {
        // C tau^a t^b Q with tau = sqrt(mu P / V), t = V / Q: C, mu and V fall out but for a.
        let law = |dissipated_w: f32, flow_lpm: f32| {
            (dissipated_w).powf(1.9918 / 2.0) * flow_lpm.powf(1.0 - 0.6606)
        };
        for (dissipated_w, flow_lpm) in
            [(4.0, 4.0), (8.0, 5.0), (2.0, 1.0), (12.0, 7.0), (3.0, 0.4), (40.0, 4.0)]
        {
            let (_, told) = after(1, work(dissipated_w, 300.0, flow_lpm));
            let wanted = law(dissipated_w, flow_lpm) / law(REFERENCE_W, REFERENCE_LPM);
            assert!(
                (told.shear / wanted - 1.0).abs() < 0.02,
                "{dissipated_w} W, {flow_lpm}: {} not {wanted}",
                told.shear
            );
        }
    }

    /// 2, 4 and 8 W in the clamped head: 1, 2 and 4 K a minute (facts of the clamped outlet).
    #[test]
    fn a_clamped_head_warms_as_it_is_known_to() {
        for (dissipated_w, k) in [(2.0, 1.0), (4.0, 2.0), (8.0, 4.0)] {
            let (exposure, _) = after(60, work(dissipated_w, 300.0, 0.0));
            assert!((exposure.head_celsius - BLOOD_CELSIUS - k).abs() < 0.1 * k, "{}", exposure.head_celsius);
        }
    }

    #[test]
    fn flow_takes_the_heat_away() {
        // 8 W into 4 L/min: P / (rho c Q) = 0.03 K.
        let (exposure, told) = after(60, work(8.0, 300.0, 4.0));
        assert!((exposure.head_celsius - BLOOD_CELSIUS - 0.0316).abs() < 0.001, "{}", exposure.head_celsius);
        assert!((told.heat_min_per_h / (60.0 * 0.25_f32.powf(6.0 - 0.0316)) - 1.0).abs() < 0.01, "{told:?}");
    }

    #[test]
    fn equivalent_minutes_are_quartered_by_a_kelvin_below_43_and_doubled_above() {
        for (celsius, minutes) in [(43.0, 60.0), (42.0, 15.0), (40.0, 0.9375), (44.0, 120.0), (46.0, 480.0)] {
            assert!((heat_min_per_h(celsius) / minutes - 1.0).abs() < 1e-3, "{celsius}");
        }
        assert!(heat_min_per_h(CELSIUS_MAX).is_finite());
    }

    #[test]
    fn what_is_not_known_is_not_said_and_begins_anew() {
        let mut exposure = Exposure::default();
        assert_eq!(exposure.step(None), None);
        let told = exposure.step(Some(work(4.0, 300.0, 4.0)));
        assert!(told.is_some());
        for _ in 1..GAP_PERIODS_MAX {
            assert_eq!(exposure.step(None), told);
        }
        assert_eq!(exposure.step(None), None);
        for wrong in [f32::NAN, f32::INFINITY] {
            assert_eq!(exposure.step(Some(Work { flow_lpm: wrong, ..work(4.0, 300.0, 4.0) })), None);
        }
    }
}
