// SPDX-License-Identifier: Apache-2.0
//! The magnetic bearing of one winding set: two Hall pairs and two coil currents in, two coil duties out.
//!
//! # States
//! ```text
//!            Levitate                 centred for 1 ms
//!   Off ----------------> LiftOff ----------------------> Levitated
//!    ^                     |  ^  ^                        |   |
//!    |                Land |  |  +-`recovery`- Touchdown <-+  | Land
//!    |                     v  | Levitate   at the clearance   |
//!    +------- done ------ Landing <---------------------------+
//! ```
//! A rotor that floats when the bearing is asked for is held without lift-off: the other unit let go of it. What was the
//! centre for that unit's Halls is so far off the own one, and the rotor is led there slowly (`Carried`; to all others it is
//! `Levitated`).
//! `Service` is entered from `Off` alone: the rotor stays where it lies and the coils carry what the probe asks for.
//! `Off` is asked for by name and opens the coils from every state. A touchdown is counted and named, the speed task
//! slows the rotor down, and `recovery` says when the rotor is lifted off again from wherever it then is: at once, then
//! with pauses, and as often as it takes. There is no latched stop.
//!
//! # Signal path of one axis
//! `displacement` - `runout` + `synchronous` -> `observer` -> `state_feedback` -> `current_loop`, put together in `axis`. x and y
//! have one each; they meet in the coil pickup and in the state machine. All numbers: [`BearingConfig`].
//!
//! # Signs
//! Positive current pulls toward the positive axis; k_x > 0 pushes off the centre.
//!
//! # Timing
//! One `step` per levitation period (20 kHz). Missed triggers are predicted over; the caller bounds them.
//!
//! # Limits and failure
//! | what fails | what is done | named |
//! |---|---|---|
//! | one Hall of a pair | the axis runs on the other one (`vote`) | `HALL_ELEMENT`, `HALL_DRIFT` |
//! | both Halls of a pair, or all samples | the observer predicts; the bearing is lost after `BLIND_S`; after `ASTRAY_S` nobody knows where the rotor is: `Touchdown`, coils open, lift-off when the Halls are back | `DISPLACEMENT`, `BEARING_LOST` |
//! | every Hall at once by noise | the observers follow at a quarter of their bandwidth, the notches stand still | `INTERFERENCE` |
//! | a current sensor | the current loop predicts | `CURRENT` |
//! | a coil | the other axis is held; the voltage stays on, for a coil that comes back | `COIL_OPEN`, `BEARING_LOST` |
//! | more force than the bearing has, for `OVERLOAD_S` | the coil stays at its limit | `BEARING_OVERLOAD` |
//!
//! Without a sample of both axes there is no lift-off in the first place.
//!
//! # Shown by
//! Unit tests below against a free mass; `tests/scenarios/1a_levitation.toml` and `sim/levitas/tests/bearing_faults.rs`
//! against the whole plant.

mod answer;
mod axis;
mod config;
mod current_loop;
pub mod current_watch;
pub mod displacement;
mod observer;
mod recovery;
pub mod runout;
mod state_feedback;
mod states;
pub mod synchronous;
mod trajectory;
pub mod turn;
pub mod vote;

use crate::config::ConfigError;
use crate::mail::{BearingState, LevitateRequest, fault};
use crate::math::larger;
use crate::probe::Excitation;
use axis::{Axis, Law};
pub use config::BearingConfig;
use current_loop::Bridge;
use displacement::{PairCalibration, Seen, SeenCurrents};
pub use observer::AxisState;
use recovery::Recovery;
use runout::Runout;
use trajectory::SCurve;
pub use turn::RotorDirection;
use turn::Turn;

/// Radius at which the rotor counts as touching, as a fraction of the clearance.
const TOUCHDOWN_FRACTION: f32 = 0.95;
/// Radius below which a lifted rotor counts as clear, so that touching again is a touchdown.
const CLEAR_FRACTION: f32 = 0.6;
/// Radius within which a rotor that is taken over is led to the centre, as a fraction of the clearance: errors of two sets of
/// Halls and an orbit. Further out it is pulled there at once.
const CARRY_FRACTION: f32 = 0.08;
/// Radius within which the rotor counts as centred.
const CENTRED_FRACTION: f32 = 0.1;
/// Time that the rotor must be centred before it counts as levitated [s].
const CENTRED_S: f32 = 1e-3;
/// Time after the end of the S-curve within which it must be centred, else lift-off starts again [s].
const CENTRING_S_MAX: f32 = 0.1;
/// Periods in a row beyond the touchdown radius that make a touchdown: one may be a sample.
const OUTSIDE_PERIODS: u32 = 2;
/// Time without a believable displacement after which the bearing counts as lost [s]: the estimate leaves the truth by an
/// e-fold in 2.9 ms, and 5 ms are to be endured.
const BLIND_S: f32 = 5.5e-3;
/// Time without a believable displacement after which nobody knows where the rotor is [s].
const ASTRAY_S: f32 = 10e-3;
/// Time at a limit of a coil after which that is named [s].
const OVERLOAD_S: f32 = 0.02;
/// Radius within which a deaf pair shows the rotor, whatever it does, as a fraction of the clearance: its offset and the field of the coil.
const DEAF_FRACTION: f32 = 0.2;

/// Samples of one period; `None` where the driver does not vouch for them.
#[derive(Clone, Copy, Debug)]
pub struct BearingInput<'a> {
    /// Hall voltages x+, x-, y+, y- [V].
    pub hall_v: Option<&'a [f32; 4]>,
    /// Coil currents x, y [A].
    pub coil_current_a: Option<&'a [f32; 2]>,
    /// Bus voltage [V].
    pub bus_voltage_v: f32,
    /// Triggers missed before this one, as many as are to be predicted over.
    pub missed: u32,
    /// Where the rotor points; `None` when nobody knows.
    pub rotor: Option<RotorDirection>,
    /// Currents of the other unit's coils x, y, which act on the same rotor, while it drives [A].
    pub foreign_current_a: Option<[f32; 2]>,
    /// The own gate is asked for but not open yet: what is given does not act.
    pub waits: bool,
    /// What the supervisor asks for.
    pub request: LevitateRequest,
    /// What the probe excites.
    pub excitation: &'a Excitation,
}

/// Commands for the next period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BearingOutput {
    /// Duty of the coils x, y, -1 to 1.
    pub coil_duty: [f32; 2],
    /// The coil bridges switch.
    pub gate: bool,
    /// Bits of [`limit`].
    pub limits: u32,
    /// Bits of [`fault`].
    pub faults: u32,
}

/// The states of the [module](self) with what belongs to each.
#[derive(Clone, Copy, Debug)]
enum State {
    Off,
    LiftOff { curve: SCurve, after_touchdown: bool, cleared: bool, centred_s: f32, overtime_s: f32 },
    Levitated,
    Carried { curve: SCurve },
    Landing { curve: SCurve },
    Touchdown { at_m: [f32; 2] },
    Service,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Bearing {
    law: Law,
    x: Axis,
    y: Axis,
    currents: SeenCurrents,
    mirrors: bool,
    turns: u32,
    state: State,
    period_s: f32,
    clearance_m: f32,
    liftoff_s: f32,
    landing_s: f32,
    recovery: Recovery,
    touchdown_count: u32,
    outside_periods: u32,
    overload_periods: u32,
    overload_periods_max: u32,
    blind_periods_max: u32,
    astray_periods: u32,
}

impl Bearing {
    /// A bearing with open coils.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &BearingConfig, period_s: f32) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            law: Law::new(config, period_s),
            x: Axis::new(config, &PairCalibration::x(config), Runout::x(config), period_s),
            y: Axis::new(config, &PairCalibration::y(config), Runout::y(config), period_s),
            currents: SeenCurrents::new(config, period_s),
            mirrors: false,
            turns: 0,
            state: State::Off,
            period_s,
            clearance_m: config.clearance_m,
            liftoff_s: config.liftoff_s,
            landing_s: config.landing_s,
            recovery: Recovery::new(config, period_s),
            touchdown_count: 0,
            outside_periods: 0,
            overload_periods: 0,
            overload_periods_max: (OVERLOAD_S / period_s) as u32,
            blind_periods_max: (BLIND_S / period_s) as u32,
            astray_periods: (ASTRAY_S / period_s) as u32,
        })
    }

    /// One levitation period.
    pub fn step(&mut self, input: &BearingInput<'_>) -> BearingOutput {
        if input.missed != 0 {
            self.predict(input.missed);
        }
        if input.waits {
            self.x.current.restart();
            self.y.current.restart();
        }
        if self.mirrors != input.foreign_current_a.is_some() {
            self.mirror_or_not();
        }
        let [foreign_x_a, foreign_y_a] = input.foreign_current_a.unwrap_or_default();
        (self.x.foreign_sum_a, self.y.foreign_sum_a) = (2.0 * foreign_x_a, 2.0 * foreign_y_a);
        let [screened_x_a, screened_y_a] = self.screen_currents(input.coil_current_a);
        let turn = Turn::of(input.rotor);
        let halls = self.seen(input, [screened_x_a, screened_y_a]);
        let [seen_x, seen_y] = match &halls {
            Some([x, y]) => [Some(x), Some(y)],
            None => [None, None],
        };
        self.turns = self.turns.wrapping_add(1);
        let settles = self.turns & 1 != 0;
        self.x.observe(seen_x, &turn, &self.y.hall.voter, settles);
        self.y.observe(seen_y, &turn, &self.x.hall.voter, settles);
        match self.turns & 3 {
            0 => self.x.learn(screened_x_a, &turn),
            2 => self.y.learn(screened_y_a, &turn),
            _ => (),
        }
        let forecast_x = self.x.advance(&self.law, screened_x_a);
        let forecast_y = self.y.advance(&self.law, screened_y_a);
        let outside = !self.is_within(TOUCHDOWN_FRACTION);
        self.outside_periods = if outside { self.outside_periods.saturating_add(1) } else { 0 };
        if !self.is_within(DEAF_FRACTION) {
            self.x.hall.hears();
            self.y.hall.hears();
        }
        let output = match self.next_state(input) {
            Some([lead_x_a, lead_y_a]) => {
                let bridge = Bridge::of(input.bus_voltage_v);
                let (duty_x, limits_x) = self.x.control(&self.law, &forecast_x, lead_x_a, bridge);
                let (duty_y, limits_y) = self.y.control(&self.law, &forecast_y, lead_y_a, bridge);
                let limits = limits_x | limits_y;
                self.watch_overload(limits);
                BearingOutput { coil_duty: [duty_x, duty_y], gate: true, limits, faults: 0 }
            }
            None if matches!(self.state, State::Service) => self.carry(input),
            None => {
                self.x.current.restart();
                self.y.current.restart();
                self.overload_periods = 0;
                BearingOutput::default()
            }
        };
        let well = self.x.is_well()
            && self.y.is_well()
            && matches!(self.state, State::Levitated)
            && self.overload_periods < self.overload_periods_max
            && !self.recovery.is_lost();
        BearingOutput { faults: if well { 0 } else { self.faults(input) }, ..output }
    }

    /// The other unit has begun to drive, or has ended.
    #[cold]
    #[inline(never)]
    fn mirror_or_not(&mut self) {
        if self.mirrors {
            self.x.expect_outliers();
            self.y.expect_outliers();
        }
        self.mirrors = !self.mirrors;
    }

    /// Counts the periods for which a coil has been at its limit.
    fn watch_overload(&mut self, limits: u32) {
        self.overload_periods = if limits == 0 {
            self.overload_periods.saturating_sub(1)
        } else {
            self.overload_periods.saturating_add(1).min(self.overload_periods_max)
        };
    }

    /// Carries the models over missed triggers.
    #[cold]
    fn predict(&mut self, missed: u32) {
        for _ in 0..missed {
            self.x.predict(&self.law, &self.y.hall.voter);
            self.y.predict(&self.law, &self.x.hall.voter);
        }
    }

    /// The currents as far as they are to be believed.
    fn screen_currents(&mut self, coil_current_a: Option<&[f32; 2]>) -> [Option<f32>; 2] {
        let [measured_x_a, measured_y_a] = match coil_current_a {
            Some(&[x_a, y_a]) => [Some(x_a), Some(y_a)],
            None => [None, None],
        };
        [self.x.current.screen(measured_x_a), self.y.current.screen(measured_y_a)]
    }

    /// What the Halls show, and the currents that disturb them; for one that is not believed stands the model.
    fn seen(
        &mut self,
        input: &BearingInput<'_>,
        [screened_x_a, screened_y_a]: [Option<f32>; 2],
    ) -> Option<[Seen; 2]> {
        let [own_x_a, own_y_a] = [
            screened_x_a.unwrap_or(self.x.current.predicted_a()),
            screened_y_a.unwrap_or(self.y.current.predicted_a()),
        ];
        self.x.gather(own_x_a);
        self.y.gather(own_y_a);
        let [x_a, y_a] = self.currents.step([own_x_a, own_y_a]);
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

    /// What is wrong with sensors, coils and rotor, as bits of [`fault`].
    #[cold]
    #[inline(never)]
    fn faults(&self, input: &BearingInput<'_>) -> u32 {
        let (x, y) = (&self.x, &self.y);
        let when = |is: bool, bits: u32| if is { bits } else { 0 };
        let held = !matches!(self.state, State::Off | State::Service);
        x.hall.voter.faults()
            | y.hall.voter.faults()
            | when(x.hall.voter.is_noisy() && y.hall.voter.is_noisy(), fault::INTERFERENCE)
            | when(input.hall_v.is_none(), fault::DISPLACEMENT)
            | when(input.coil_current_a.is_none(), fault::CURRENT)
            | when(x.current.watch.is_doubted() || y.current.watch.is_doubted(), fault::CURRENT)
            | when(x.current.watch.is_gone() || y.current.watch.is_gone(), fault::COIL_OPEN)
            | when(
                x.current.watch.is_open() || y.current.watch.is_open(),
                fault::COIL_OPEN | fault::BEARING_LOST,
            )
            | when(held && self.blind_periods() > self.blind_periods_max, fault::BEARING_LOST)
            | when(self.recovery.is_lost(), fault::BEARING_LOST)
            | when(self.state() == BearingState::Touchdown, fault::TOUCHDOWN)
            | when(self.overload_periods >= self.overload_periods_max, fault::BEARING_OVERLOAD)
    }

    /// A pair does not show what its coil does, see [`answer`].
    pub(crate) fn is_deaf(&self) -> bool {
        self.x.hall.is_deaf() || self.y.hall.is_deaf()
    }

    /// Amplitude of the coil current that turns with the rotor, the larger one of both axes [A].
    #[must_use]
    pub fn synchronous_current_a(&self) -> f32 {
        larger(self.x.synchronous_current_a(), self.y.synchronous_current_a())
    }

    /// What the notch has learned: x cos, sin, cos 2, sin 2, then y [m].
    #[must_use]
    pub fn notch_m(&self) -> [f32; 8] {
        let ([a, b, c, d], [e, f, g, h]) = (self.x.notch_m(), self.y.notch_m());
        [a, b, c, d, e, f, g, h]
    }

    /// Displacement x, y after the summing point, the last one that was believed [m].
    #[must_use]
    pub fn summed_m(&self) -> [f32; 2] {
        [self.x.summed_m(), self.y.summed_m()]
    }

    /// Service: the coils carry what the probe asks for, the rotor stays where that pulls it.
    fn carry(&mut self, input: &BearingInput<'_>) -> BearingOutput {
        let [reference_x_a, reference_y_a] = match input.excitation {
            Excitation::CoilCurrent(reference_a) => *reference_a,
            _ => [0.0; 2],
        };
        let bridge = Bridge::of(input.bus_voltage_v);
        let (duty_x, limits_x) = self.x.carry(&self.law, reference_x_a, bridge);
        let (duty_y, limits_y) = self.y.carry(&self.law, reference_y_a, bridge);
        BearingOutput { coil_duty: [duty_x, duty_y], gate: true, limits: limits_x | limits_y, faults: 0 }
    }

    /// Nobody knows where the rotor is, or it is at the wall.
    fn has_lost_hold(&self) -> bool {
        self.is_blind() || self.outside_periods >= OUTSIDE_PERIODS
    }

    fn is_within(&self, fraction: f32) -> bool {
        let [x_m, y_m] = self.displacement_m();
        let radius_m = fraction * self.clearance_m;
        x_m * x_m + y_m * y_m < radius_m * radius_m
    }

    /// The rotor is well off the wall.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.is_within(CLEAR_FRACTION)
    }

    /// No Hall is voted out or named, whatever noise there is on all of them.
    #[must_use]
    pub fn has_whole_halls(&self) -> bool {
        self.x.hall.voter.has_named_none() && self.y.hall.voter.has_named_none()
    }

    /// For how many periods each axis has not been seen.
    pub(crate) fn blind_periods_xy(&self) -> [u32; 2] {
        [self.x.blind_periods(), self.y.blind_periods()]
    }

    /// No Hall is voted out or rough.
    #[must_use]
    pub fn has_well_halls(&self) -> bool {
        self.x.hall.voter.is_well() && self.y.hall.voter.is_well()
    }

    /// The rotor has jumped of late as none can.
    #[must_use]
    pub fn has_jumped(&self) -> bool {
        self.x.has_jumped() || self.y.has_jumped()
    }

    /// Where the rotor is, x, y [m].
    #[must_use]
    pub fn displacement_m(&self) -> [f32; 2] {
        [self.x.displacement_m(), self.y.displacement_m()]
    }

    /// Displacement x, y in the coordinates that are controlled [m].
    fn controlled_m(&self) -> [f32; 2] {
        [self.x.controlled().displacement_m, self.y.controlled().displacement_m]
    }

    /// Estimated state of the axes x and y.
    #[cfg(test)]
    fn axes(&self) -> [AxisState; 2] {
        [*self.x.controlled(), *self.y.controlled()]
    }

    /// Which state the bearing is in.
    #[must_use]
    pub fn state(&self) -> BearingState {
        match self.state {
            State::Off => BearingState::Off,
            State::LiftOff { after_touchdown: false, .. } => BearingState::LiftOff,
            State::Levitated | State::Carried { .. } => BearingState::Levitated,
            State::Landing { .. } => BearingState::Landing,
            State::Service => BearingState::Service,
            State::Touchdown { .. } | State::LiftOff { after_touchdown: true, .. } => BearingState::Touchdown,
        }
    }

    /// Touchdowns since power-up.
    #[must_use]
    pub fn touchdown_count(&self) -> u32 {
        self.touchdown_count
    }
}

#[cfg(test)]
mod tests;
