// SPDX-License-Identifier: Apache-2.0
//! One axis of the bearing: from displacement sample and coil current to a duty.
//!
//! [`HallPair`] gives the sample, [`Runout`] takes off what is no motion, [`Synchronous`] adds what takes the synchronous
//! current away, [`Observer`] estimates, [`StateFeedback`] decides, [`CurrentLoop`] acts.
//!
//! # Turns
//! | period | what is slow |
//! |---|---|
//! | 0 of 4, 2 of 4 | the notch of x, the notch of y learns, from the mean of four samples: of one alone it would take the noise near 10 kHz, which is most of the current, for a synchronous one (1x current 1.1 mA in place of 0.1) |
//! | 1 of 4, 3 of 4 | the slow means of both axes: sum of a Hall pair, disturbance |
//!
//! # Two displacements
//! `controlled_m` is what the loop holds on its set-point: the estimate of sample plus notch. `displacement_m` is the
//! estimate without what the notch adds: where the rotor is, as far as Halls and runout table can tell. States,
//! mail and shell speak of the second one.

use super::BearingConfig;
use super::current_loop::{Bridge, Coil, CurrentForecast, CurrentLoop};
use super::displacement::{HallPair, PairCalibration, Seen};
use super::observer::{AxisState, Motion, Observer};
use super::runout::Runout;
use super::state_feedback::StateFeedback;
use super::synchronous::Synchronous;
use super::trajectory::Setpoint;
use super::turn::Turn;
use super::vote::Voter;
use crate::mail::limit;

/// Periods from which the notch learns at once.
const LEARN_PERIODS: f32 = 4.0;

/// What both axes have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Law {
    coil: Coil,
    motion: Motion,
    feedback: StateFeedback,
    /// Half of k_i: the force of the sum of two currents.
    force_sum_n_per_a: f32,
}

impl Law {
    pub(super) fn new(config: &BearingConfig, period_s: f32) -> Self {
        Self {
            coil: Coil::new(config, period_s),
            motion: Motion::new(config, period_s),
            feedback: StateFeedback::new(config),
            force_sum_n_per_a: 0.5 * config.force_current_n_per_a,
        }
    }

    /// What a set-point adds to the current reference [A].
    pub(super) fn lead_a(&self, setpoint: &Setpoint) -> f32 {
        self.feedback.lead_a(setpoint)
    }
}

/// Everything that one axis has of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub(super) hall: HallPair,
    pub(super) current: CurrentLoop,
    observer: Observer,
    runout: Runout,
    synchronous: Synchronous,
    /// Twice the current of the other unit's coil: at the start and at the end of the period [A].
    pub(super) foreign_sum_a: f32,
    added_m: f32,
    summed_m: f32,
    /// Sum of the currents since the notch learned.
    gathered_a: f32,
    blind_periods: u32,
}

impl Axis {
    /// An axis that has not seen anything yet.
    pub(super) fn new(config: &BearingConfig, pair: &PairCalibration, runout: Runout, period_s: f32) -> Self {
        Self {
            hall: HallPair::new(config, pair, period_s),
            current: CurrentLoop::default(),
            observer: Observer::new(config, period_s),
            runout,
            synchronous: Synchronous::new(config, LEARN_PERIODS * period_s),
            foreign_sum_a: 0.0,
            added_m: 0.0,
            summed_m: 0.0,
            gathered_a: 0.0,
            blind_periods: u32::MAX,
        }
    }

    /// The other unit's force has ended, a few periods ago or now.
    pub(super) fn expect_outliers(&mut self) {
        self.observer.expect_outliers();
    }

    /// Brings the estimate to the present sample, and the slow means when it `settles`.
    #[inline(always)]
    pub(super) fn observe(&mut self, halls: Option<&Seen>, turn: &Turn, other: &Voter, settles: bool) {
        self.added_m = self.synchronous.added_m(turn);
        let expected_m = self.observer.expected_m() + (self.runout.at_m(turn) - self.added_m);
        let innovation_m = halls.and_then(|seen| {
            let mean_current_a = self.synchronous.mean_current_a();
            let shown_m = expected_m - seen.injected_m;
            self.hall.innovation_m(seen, shown_m, mean_current_a, other, settles)
        });
        let seen = innovation_m.is_some_and(|innovation_m| {
            self.summed_m = expected_m + innovation_m;
            self.observer.correct(innovation_m, self.hall.voter.is_rough())
        });
        if settles {
            self.observer.settle();
        }
        if seen {
            self.blind_periods = 0;
        } else {
            self.blind_periods = self.blind_periods.saturating_add(1);
            // One sample that is passed over is no reason to forget a force that has just begun.
            if self.blind_periods > 1 {
                self.observer.coast();
            }
        }
    }

    /// Sums the current of this sample, or the one that the model has for it, for the notch.
    pub(super) fn gather(&mut self, current_a: f32) {
        self.gathered_a += current_a;
    }

    /// The notch learns from the currents since the last time, unless this one is missing or the Halls are rough.
    #[inline(always)]
    pub(super) fn learn(&mut self, screened_a: Option<f32>, turn: &Turn) {
        let mean_a = self.gathered_a * (1.0 / LEARN_PERIODS);
        self.gathered_a = 0.0;
        if screened_a.is_some() && !self.hall.voter.is_rough() {
            self.synchronous.adapt(turn, mean_a, self.observer.steady_n());
        }
    }

    /// Carries the estimate on to the start of the next period.
    #[inline(always)]
    pub(super) fn advance(&mut self, law: &Law, screened_a: Option<f32>) -> CurrentForecast {
        let state = *self.observer.state();
        let rough = self.hall.voter.is_rough();
        let forecast = self.current.forecast(&law.coil, screened_a, state.velocity_m_per_s, rough);
        let force_n = law.force_sum_n_per_a * (forecast.sum_a + self.foreign_sum_a) + state.disturbance_n;
        self.observer.advance(law.motion.after(&state, force_n));
        forecast
    }

    /// Carries the estimate over a period without samples.
    #[cold]
    #[inline(never)]
    pub(super) fn predict(&mut self, law: &Law, other: &Voter) {
        self.observe(None, &Turn::UNKNOWN, other, false);
        self.advance(law, None);
    }

    /// Duty for the next period and the limits that act; `observe` comes first.
    pub(super) fn control(
        &mut self,
        law: &Law,
        forecast: &CurrentForecast,
        lead_a: f32,
        bridge: Bridge,
    ) -> (f32, u32) {
        let next = self.observer.state();
        let (reference_a, current_limited) = law.feedback.reference_a(next, forecast.next_a, lead_a);
        let (duty, voltage_limited) =
            self.current.duty(&law.coil, reference_a, next.velocity_m_per_s, bridge);
        let limits = if current_limited { limit::COIL_CURRENT } else { 0 }
            | if voltage_limited { limit::COIL_VOLTAGE } else { 0 };
        (duty, limits)
    }

    /// As `control`, for a current that is given.
    pub(super) fn carry(&mut self, law: &Law, reference_a: f32, bridge: Bridge) -> (f32, u32) {
        let velocity_m_per_s = self.observer.state().velocity_m_per_s;
        let (duty, limited) = self.current.duty(&law.coil, reference_a, velocity_m_per_s, bridge);
        (duty, if limited { limit::COIL_VOLTAGE } else { 0 })
    }

    /// Nothing is to be named on this axis.
    pub(super) fn is_well(&self) -> bool {
        self.blind_periods == 0 && self.hall.voter.is_well() && self.current.watch.is_well()
    }

    /// The rotor has jumped of late as none can.
    pub(super) fn has_jumped(&self) -> bool {
        self.observer.has_jumped()
    }

    /// Estimated state in the coordinate that is controlled.
    pub(super) fn controlled(&self) -> &AxisState {
        self.observer.state()
    }

    /// Where the rotor is [m].
    pub(super) fn displacement_m(&self) -> f32 {
        self.observer.state().displacement_m - self.added_m
    }

    /// Coefficients of the notch [m].
    pub(super) fn notch_m(&self) -> [f32; 4] {
        self.synchronous.coefficients_m()
    }

    /// Amplitude of the coil current that turns with the rotor [A].
    pub(super) fn synchronous_current_a(&self) -> f32 {
        self.synchronous.amplitude_a()
    }

    /// Displacement after the summing point, where excitation is injected; the last one that was believed [m].
    pub(super) fn summed_m(&self) -> f32 {
        self.summed_m
    }

    /// Periods since the last sample that was believed; `u32::MAX` before the first.
    pub(super) fn blind_periods(&self) -> u32 {
        self.blind_periods
    }
}
