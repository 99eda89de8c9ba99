// SPDX-License-Identifier: Apache-2.0
//! Which of the two is wrong when meter and pump say different flows: the membrane lung is the third witness.
//!
//! # Model
//! ```text
//! Q_L = (p_pre - p_return) / R
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | p_pre, p_return | pressure before and behind the membrane lung | mmHg | `drop_mmhg` |
//! | R | resistance of the lung, learnt while meter and pump agree | mmHg/(L/min) | `resistance` |
//! | Q_L | flow that the drop stands for | L/min | |
//!
//! Nothing in it is the pump's: a clot in its head, or air, changes head and torque and not this. While the two disagree R stands, and the meter
//! is refuted when Q_L lies nearer to the pump's flow than to the meter's, by a factor of `CLEARLY`, for [`REFUTED_S`]. It is
//! trusted again when it has agreed for [`TRUSTED_S`]: a flow that changes makes them agree in passing.
//!
//! # Limits and failure
//! A unit that looks on has no torque: it takes over what the one that drives has found.
//! Without one of the two pressures, or before R is known, nobody is refuted and the meter leads. A lung that clots within seconds while
//! the meter drifts deceives it; R follows one that clots over minutes.
//!
//! # Shown by
//! Tests below; `tests/scenarios/5s_meter_wrong.toml`.

use crate::circulation::pressures::Trend;
use crate::math::smaller;

/// Lag of R [periods], and those after which it is known.
const RESISTANCE_PERIODS: f32 = 6000.0;
const KNOWN_PERIODS: f32 = 500.0;
/// Lag of what is compared [s]: longer than a beat.
const MEAN_S: f32 = 1.0;
/// Meter and pump agree to this part of the flow: R is learnt, and a refuted meter is on its way back.
const AGREE: f32 = 0.1;
/// So much nearer to the one than to the other.
const CLEARLY: f32 = 2.0;
/// For how long the lung must speak against the meter [s].
pub const REFUTED_S: f32 = 1.0;
/// For how long a refuted meter must agree until it is believed [s].
pub const TRUSTED_S: f32 = 10.0;

/// What the witnesses say in a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Testimony {
    /// Flow by the meter [L/min].
    pub meter_lpm: f32,
    /// Flow by speed and torque [L/min].
    pub pump_lpm: f32,
    /// Pressure drop of the membrane lung [mmHg].
    pub drop_mmhg: f32,
    /// Meter and pump disagree, beyond what both are uncertain by.
    pub disagree: bool,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Witness {
    resistance: Trend,
    /// Mean testimony; `None` when there was none in the period before.
    mean: Option<Testimony>,
    against_s: f32,
    agreed_s: f32,
    refuted: bool,
}

impl Default for Witness {
    fn default() -> Self {
        Self {
            resistance: Trend::new(RESISTANCE_PERIODS, true),
            mean: None,
            against_s: 0.0,
            agreed_s: 0.0,
            refuted: false,
        }
    }
}

impl Witness {
    /// The meter is refuted.
    #[must_use]
    pub const fn has_refuted(&self) -> bool {
        self.refuted
    }

    /// The unit that drives has refuted the meter that both read, or trusts it: without the torque of the pump this one cannot tell.
    pub fn adopt(&mut self, refuted: bool) {
        if self.refuted != refuted {
            (self.refuted, self.against_s, self.agreed_s) = (refuted, 0.0, 0.0);
        }
    }

    /// One period of `dt_s` [s]; `None`: one of the witnesses is not believed. Whether the meter is refuted.
    pub fn step(&mut self, said: Option<Testimony>, dt_s: f32) -> bool {
        let Some(said) = said else {
            (self.mean, self.against_s) = (None, 0.0);
            return self.refuted;
        };
        let last = self.mean.unwrap_or(said);
        let toward = |from: f32, to: f32| from + (to - from) * smaller(dt_s / MEAN_S, 1.0);
        let now = Testimony {
            meter_lpm: toward(last.meter_lpm, said.meter_lpm),
            pump_lpm: toward(last.pump_lpm, said.pump_lpm),
            drop_mmhg: toward(last.drop_mmhg, said.drop_mmhg),
            disagree: said.disagree,
        };
        self.mean = Some(now);
        // By the flows themselves: a doubt fades as the pump's map grows old, and the meter is as wrong as it was.
        let is_near = (now.meter_lpm - now.pump_lpm).abs() < AGREE * now.meter_lpm.abs();
        self.agreed_s = if is_near { smaller(self.agreed_s + dt_s, TRUSTED_S) } else { 0.0 };
        self.refuted &= self.agreed_s < TRUSTED_S;
        if now.disagree {
            self.judge(&now, dt_s);
        } else {
            self.against_s = 0.0;
            if is_near && !self.refuted {
                self.resistance.step(Some(now.drop_mmhg), Some(now.meter_lpm), |flow_lpm| flow_lpm);
            }
        }
        self.refuted
    }

    fn judge(&mut self, now: &Testimony, dt_s: f32) {
        let Some(resistance) = self.resistance.reference(KNOWN_PERIODS) else { return };
        let by_lung_lpm = now.drop_mmhg / resistance;
        let from_pump = (by_lung_lpm - now.pump_lpm).abs();
        let from_meter = (by_lung_lpm - now.meter_lpm).abs();
        self.against_s = if from_meter > CLEARLY * from_pump { self.against_s + dt_s } else { 0.0 };
        self.refuted |= self.against_s >= REFUTED_S;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DT_S: f32 = 0.01;

    fn said(meter_lpm: f32, pump_lpm: f32, drop_mmhg: f32) -> Testimony {
        let disagree = (meter_lpm - pump_lpm).abs() > 0.6;
        Testimony { meter_lpm, pump_lpm, drop_mmhg, disagree }
    }

    fn run(witness: &mut Witness, seconds: f32, said: Testimony) -> bool {
        (0..(seconds / DT_S) as u32).map(|_| witness.step(Some(said), DT_S)).last().unwrap()
    }

    /// Has seen 4 L/min over a lung of 10 mmHg/(L/min).
    fn acquainted() -> Witness {
        let mut witness = Witness::default();
        assert!(!run(&mut witness, 10.0, said(4.0, 4.1, 40.0)));
        witness
    }

    #[test]
    fn a_meter_that_reads_a_third_too_much_is_refuted_and_trusted_again_when_it_agrees() {
        let mut witness = acquainted();
        assert!(!run(&mut witness, 0.9, said(5.2, 4.1, 40.0)), "not at once");
        assert!(run(&mut witness, 3.0, said(5.2, 4.1, 40.0)));
        // The flow mode that goes by the pump now brings the flow back: the ratio is the same.
        assert!(run(&mut witness, 60.0, said(5.2, 4.0, 40.0)));
        assert!(run(&mut witness, TRUSTED_S - 0.5, said(4.0, 4.1, 40.0)));
        assert!(!run(&mut witness, 2.0, said(4.0, 4.1, 40.0)));
    }

    /// The pump's map grows uncertain, so nobody says any more that they disagree.
    #[test]
    fn a_doubt_that_fades_does_not_bring_a_wrong_meter_back() {
        let mut witness = acquainted();
        assert!(run(&mut witness, 3.0, said(5.2, 4.1, 40.0)));
        let faded = Testimony { disagree: false, ..said(5.2, 4.1, 40.0) };
        assert!(run(&mut witness, 600.0, faded));
    }

    #[test]
    fn what_the_unit_that_drives_has_found_stands_until_the_own_witnesses_agree() {
        let mut witness = Witness::default();
        assert!(!run(&mut witness, 20.0, said(5.2, 4.1, 40.0)), "the lung is not known here");
        witness.adopt(true);
        assert!(run(&mut witness, 60.0, said(5.2, 4.1, 40.0)));
        assert!(run(&mut witness, TRUSTED_S - 0.5, said(4.0, 4.1, 40.0)));
        assert!(!run(&mut witness, 2.0, said(4.0, 4.1, 40.0)));
        witness.adopt(true);
        witness.adopt(false);
        assert!(!run(&mut witness, 0.1, said(5.2, 4.1, 40.0)));
    }

    #[test]
    fn a_pump_that_has_changed_refutes_no_meter() {
        let mut witness = acquainted();
        assert!(!run(&mut witness, 60.0, said(4.0, 5.2, 40.0)));
    }

    #[test]
    fn without_the_lung_or_before_it_is_known_nobody_is_refuted() {
        assert!(!run(&mut Witness::default(), 60.0, said(5.2, 4.0, 40.0)));
        let mut witness = acquainted();
        assert!(run(&mut witness, 3.0, said(5.2, 4.1, 40.0)));
        assert!((0..1000).all(|_| witness.step(None, DT_S)), "nor is anybody believed again");
    }

    #[test]
    fn a_lung_that_clots_over_minutes_is_followed() {
        let mut witness = acquainted();
        for second in 0..600 {
            run(&mut witness, 1.0, said(4.0, 4.0, 40.0 + 0.05 * second as f32));
        }
        assert!(!run(&mut witness, 60.0, said(4.0, 5.2, 70.0)), "the pump is wrong");
        assert!(run(&mut witness, 10.0, said(5.2, 4.0, 70.0)));
    }
}
