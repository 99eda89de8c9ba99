// SPDX-License-Identifier: Apache-2.0
//! The whole bearing step around a peer's linear part, for `levitas bench`.
//!
//! # What the peers do
//! [`PeerBearing`] does what [`Bearing`] does: both Hall pairs with vote, plausibility and lag of the coil currents, runout,
//! notch with its freeze, outliers, coil currents screened and watched, clearance, states, bus limit, overload, faults. Those parts
//! are the core's own where they can be named; the rest is written here as it is there. In the place of observer, state
//! feedback and current loop stands a [`Linear`] part (`bench_axis.rs`): sections of idsp or biquad, which give the voltage of ours
//! (`bench_bearing.rs`), or a PID over a PI of pid, which has less to say: no disturbance, no prediction.
//!
//! | ours has an estimate | a peer takes |
//! |---|---|
//! | displacement that is expected | the last one that was believed |
//! | current that is expected | what the last voltage makes of the last current |
//! | disturbance, for the freeze of the notch | the force of the mean current |
//! | current reference, with its limit | nothing: sections know only the voltage |
//! | prediction over missed triggers; lift-off, landing, recovery | nothing: rare, and not timed |
//!
//! # Shown by
//! The unit test below: on recorded samples with a Hall that fails, a peer votes as ours does and goes on holding.

use levitas_core::bearing::displacement::{PairCalibration, Seen, SeenCurrents};
use levitas_core::bearing::runout::Runout;
use levitas_core::bearing::turn::Turn;
use levitas_core::bearing::{Bearing, BearingConfig, BearingInput, BearingOutput};
use levitas_core::mail::{BearingState, LevitateRequest, fault};
use levitas_core::ports::LevitationInputs;
use levitas_core::probe::Excitation;
use levitas_world::STEP_S;

use crate::bench_axis::{Common, DUTY_MAX, PeerAxis, PidAxis};
use crate::bench_bearing::{
    BiquadSection, IdspSection, Linear, Sections, WARM_CIRCLES, bearing_input, direction, slow_notch,
};
use crate::bench_peers::{Contestant, add};

/// As in the core.
const OUTSIDE_PERIODS: u32 = 2;
const OVERLOAD_PERIODS: u32 = 400;
const ASTRAY_PERIODS: u32 = 200;

/// See the [module](self).
#[derive(Clone)]
pub(crate) struct PeerBearing<L> {
    common: Common,
    axes: [PeerAxis<L>; 2],
    currents: SeenCurrents,
    turns: u32,
    state: BearingState,
    touchdown_count: u32,
    outside_periods: u32,
    overload_periods: u32,
}

impl<L: Linear> PeerBearing<L> {
    /// A bearing that holds a rotor.
    pub(crate) fn new(config: &BearingConfig) -> Self {
        Self {
            common: Common::new(config),
            axes: [
                PeerAxis::new(config, &PairCalibration::x(config), Runout::x(config), 0),
                PeerAxis::new(config, &PairCalibration::y(config), Runout::y(config), 2),
            ],
            currents: SeenCurrents::new(config, STEP_S as f32),
            turns: 0,
            state: BearingState::Levitated,
            touchdown_count: 0,
            outside_periods: 0,
            overload_periods: 0,
        }
    }

    /// One period.
    pub(crate) fn step(&mut self, input: &BearingInput<'_>) -> BearingOutput {
        let turn = Turn::of(input.rotor);
        let [measured_x_a, measured_y_a] = match input.coil_current_a {
            Some(&[x_a, y_a]) => [Some(x_a), Some(y_a)],
            None => [None, None],
        };
        let [x, y] = &mut self.axes;
        let screened_x_a = x.watch.screen(measured_x_a, x.predicted_a);
        let screened_y_a = y.watch.screen(measured_y_a, y.predicted_a);
        let own_a = [screened_x_a.unwrap_or(x.predicted_a), screened_y_a.unwrap_or(y.predicted_a)];
        let halls = seen(input, self.currents.step(own_a));
        let [seen_x, seen_y] = match &halls {
            Some([x, y]) => [Some(x), Some(y)],
            None => [None, None],
        };
        self.turns = self.turns.wrapping_add(1);
        let settles = self.turns & 1 != 0;
        x.observe(seen_x, &turn, &y.hall, settles, &self.common);
        y.observe(seen_y, &turn, &x.hall, settles, &self.common);
        let wanted_x_v = x.wanted_v(screened_x_a, &turn, &self.common);
        let wanted_y_v = y.wanted_v(screened_y_a, &turn, &self.common);
        let output = if self.is_held(input.request) {
            let [x, y] = &mut self.axes;
            let duty_per_v = if input.bus_voltage_v > 1.0 { 1.0 / input.bus_voltage_v } else { 0.0 };
            let voltage_v_max = DUTY_MAX * input.bus_voltage_v;
            let (duty_x, limits_x) = x.duty(wanted_x_v, voltage_v_max, duty_per_v);
            let (duty_y, limits_y) = y.duty(wanted_y_v, voltage_v_max, duty_per_v);
            let limits = limits_x | limits_y;
            self.overload_periods = if limits == 0 {
                self.overload_periods.saturating_sub(1)
            } else {
                self.overload_periods.saturating_add(1).min(OVERLOAD_PERIODS)
            };
            BearingOutput { coil_duty: [duty_x, duty_y], gate: true, limits, faults: 0 }
        } else {
            self.axes.iter_mut().for_each(|axis| axis.voltage_v = 0.0);
            BearingOutput::default()
        };
        let [x, y] = &self.axes;
        let well = x.is_well()
            && y.is_well()
            && self.state == BearingState::Levitated
            && self.overload_periods < OVERLOAD_PERIODS;
        BearingOutput { faults: if well { 0 } else { self.faults(input) }, ..output }
    }

    /// Counts what ends the hold; whether the rotor is held.
    fn is_held(&mut self, request: LevitateRequest) -> bool {
        let [x_m, y_m] = self.displacement_m();
        let outside = x_m * x_m + y_m * y_m >= self.common.radius_m * self.common.radius_m;
        self.outside_periods = if outside { self.outside_periods.saturating_add(1) } else { 0 };
        let [x, y] = &self.axes;
        let blind = x.blind_periods.max(y.blind_periods) > ASTRAY_PERIODS;
        let lost = blind || self.outside_periods >= OUTSIDE_PERIODS;
        if self.state == BearingState::Levitated && request == LevitateRequest::Levitate && !lost {
            return true;
        }
        self.change_state(request, lost)
    }

    #[cold]
    fn change_state(&mut self, request: LevitateRequest, lost: bool) -> bool {
        let was = self.state;
        self.state = match request {
            LevitateRequest::Levitate if lost => BearingState::Touchdown,
            LevitateRequest::Levitate => BearingState::Levitated,
            _ => BearingState::Off,
        };
        self.touchdown_count += u32::from(was != self.state && self.state == BearingState::Touchdown);
        self.state == BearingState::Levitated
    }

    #[cold]
    #[inline(never)]
    fn faults(&self, input: &BearingInput<'_>) -> u32 {
        let [x, y] = &self.axes;
        let when = |is: bool, bits: u32| if is { bits } else { 0 };
        x.hall.voter.faults()
            | y.hall.voter.faults()
            | when(input.hall_v.is_none(), fault::DISPLACEMENT)
            | when(input.coil_current_a.is_none(), fault::CURRENT)
            | when(x.watch.is_doubted() || y.watch.is_doubted(), fault::CURRENT)
            | when(x.watch.is_open() || y.watch.is_open(), fault::COIL_OPEN | fault::BEARING_LOST)
            | when(self.state == BearingState::Touchdown, fault::TOUCHDOWN | fault::BEARING_LOST)
            | when(self.overload_periods >= OVERLOAD_PERIODS, fault::BEARING_OVERLOAD)
    }

    pub(crate) fn state(&self) -> BearingState {
        self.state
    }

    pub(crate) fn touchdown_count(&self) -> u32 {
        self.touchdown_count
    }

    /// Where the rotor is, x, y [m].
    pub(crate) fn displacement_m(&self) -> [f32; 2] {
        let [x, y] = &self.axes;
        [x.displacement_m(), y.displacement_m()]
    }
}

/// What the Halls show, with the coil currents through their lag and what the probe adds.
fn seen(input: &BearingInput<'_>, [x_a, y_a]: [f32; 2]) -> Option<[Seen; 2]> {
    let [x_plus_v, x_minus_v, y_plus_v, y_minus_v] = *input.hall_v?;
    let [injected_x_m, injected_y_m] = match input.excitation {
        Excitation::Displacement(injected_m) => *injected_m,
        _ => [0.0; 2],
    };
    Some([
        Seen { hall_v: [x_plus_v, x_minus_v], current_a: [x_a, y_a], injected_m: injected_x_m },
        Seen { hall_v: [y_plus_v, y_minus_v], current_a: [y_a, x_a], injected_m: injected_y_m },
    ])
}

/// A step that begins every circle of the samples alike, so that nothing drifts into a limit.
fn circling<S: Clone, T>(
    warm: S,
    samples_a_circle: usize,
    step: impl Fn(&mut S, &LevitationInputs) -> T,
) -> impl FnMut(&LevitationInputs) -> T {
    let (mut now, mut period) = (warm.clone(), 0);
    move |samples| {
        if period == samples_a_circle {
            (now, period) = (warm.clone(), 0);
        }
        period += 1;
        step(&mut now, samples)
    }
}

/// A peer's bearing that has seen the samples once.
pub(crate) fn warm<L: Linear>(config: &BearingConfig, samples: &[LevitationInputs]) -> PeerBearing<L> {
    let mut bearing = PeerBearing::new(config);
    for samples in samples {
        bearing.step(&bearing_input(samples, Some(direction(samples))));
    }
    bearing
}

/// Ours, after it has lifted off on the samples.
fn flying(config: &BearingConfig, samples: &[LevitationInputs]) -> Option<Bearing> {
    let mut ours = Bearing::new(config, STEP_S as f32).ok()?;
    for _ in 0..WARM_CIRCLES {
        for samples in samples {
            ours.step(&bearing_input(samples, None));
        }
    }
    Some(ours)
}

/// The rows of the whole bearing step.
pub(crate) fn rows(list: &mut Vec<Contestant<'_>>, samples: &[LevitationInputs]) {
    const WORK: &str = "bearing, the whole step";
    fn peer<L: Linear + Clone>(
        config: &BearingConfig,
        samples: &[LevitationInputs],
    ) -> impl FnMut(&LevitationInputs) -> f32 + use<L> {
        circling(warm::<L>(config, samples), samples.len(), |bearing, samples| {
            let output = bearing.step(&bearing_input(samples, Some(direction(samples))));
            output.coil_duty.iter().sum()
        })
    }
    let config = slow_notch(&BearingConfig::ECMO_50);
    if let Some(ours) = flying(&config, samples) {
        let step = circling(ours, samples.len(), |ours, samples| {
            ours.step(&bearing_input(samples, Some(direction(samples)))).coil_duty.iter().sum()
        });
        add(list, WORK, "ours", "", step);
    }
    const CHAIN: &str = "in fewer instructions, but each of our equations waits for the last one";
    add(list, WORK, "idsp", CHAIN, peer::<Sections<IdspSection>>(&config, samples));
    add(list, WORK, "biquad", CHAIN, peer::<Sections<BiquadSection>>(&config, samples));
    add(list, WORK, "pid", CHAIN, peer::<PidAxis>(&config, samples));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::recorded_without_notch;
    use crate::scenario::load;

    /// Periods until a Hall fails, and after: on recorded samples the currents soon are not those that the vote asks for.
    const SOUND_PERIODS: usize = 600;
    const FAULT_PERIODS: usize = 50;

    fn assert_holds<L: Linear>(samples: &[LevitationInputs], ours: &Bearing) {
        let mut ours = *ours;
        let mut theirs = warm::<L>(&slow_notch(&BearingConfig::ECMO_50), samples);
        let mut voted = 0;
        for (period, samples) in samples.iter().enumerate().take(SOUND_PERIODS + FAULT_PERIODS) {
            let mut samples = *samples;
            if period >= SOUND_PERIODS {
                samples.displacement_hall_v[0] = 3.3;
            }
            let rotor = Some(direction(&samples));
            let (our, their) =
                (ours.step(&bearing_input(&samples, rotor)), theirs.step(&bearing_input(&samples, rotor)));
            assert_eq!(our.faults, their.faults, "{period}");
            assert!(their.gate && theirs.state() == BearingState::Levitated, "{period}");
            voted += u32::from(their.faults & fault::HALL_ELEMENT != 0);
        }
        assert!(voted + 5 > FAULT_PERIODS as u32, "{voted}");
    }

    #[test]
    fn a_peer_votes_as_ours_does_and_goes_on() {
        let samples = recorded_without_notch(&load("0_demonstration", &[]).unwrap()).unwrap().samples;
        let ours = flying(&slow_notch(&BearingConfig::ECMO_50), &samples).unwrap();
        assert_holds::<Sections<IdspSection>>(&samples, &ours);
        assert_holds::<Sections<BiquadSection>>(&samples, &ours);
        assert_holds::<PidAxis>(&samples, &ours);
    }
}
