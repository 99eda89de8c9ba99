// SPDX-License-Identifier: Apache-2.0
//! The magnetic bearing of one winding set: two Hall pairs and two coil currents in, two coil duties out.
//!
//! # States
//! ```text
//!            Levitate                 centred for 1 ms
//!   Off ----------------> LiftOff ----------------------> Levitated
//!    ^                     |  ^  ^                        |   |
//!    |                Land |  |  +---1 ms--- Touchdown <--+   | Land
//!    |                     v  | Levitate   at the clearance   |
//!    +------- done ------ Landing <---------------------------+
//! ```
//! `Service` is entered from `Off` alone: the rotor stays where it lies and the coils carry what the probe asks for.
//! `Off` is asked for by name and opens the coils from every state. A touchdown is counted and the rotor lifted
//! off again from wherever it then is, as often as it takes: there is no latched stop.
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
//! No believable displacement: the observer predicts, for `BLIND_S` at most. After that nobody knows where the rotor is:
//! the state is `Touchdown`, the coils open, and lift-off follows when the Halls are back. Without a sample of both
//! axes there is no lift-off in the first place. No believable current: the current loop predicts.
//! A coil at its limit for `OVERLOAD_S` is named: more force than the bearing has, or a frozen displacement pair.
//!
//! # Shown by
//! Unit tests below against a free mass; `tests/scenarios/1a_levitation.toml` against the whole plant.

mod axis;
mod config;
mod current_loop;
mod displacement;
mod observer;
mod runout;
mod state_feedback;
mod synchronous;
mod trajectory;
mod turn;

use crate::config::ConfigError;
use crate::mail::{BearingState, LevitateRequest, fault};
use crate::math::saturate_between;
use crate::probe::Excitation;
use axis::Axis;
pub use config::BearingConfig;
use displacement::PairCalibration;
pub use observer::AxisState;
use runout::Runout;
use trajectory::{SCurve, Setpoint};
pub use turn::RotorDirection;
use turn::Turn;

/// Radius at which the rotor counts as touching, as a fraction of the clearance.
const TOUCHDOWN_FRACTION: f32 = 0.95;
/// Radius below which a lifted rotor counts as clear, so that touching again is a touchdown.
const CLEAR_FRACTION: f32 = 0.6;
/// Radius within which the rotor counts as centred.
const CENTRED_FRACTION: f32 = 0.1;
/// Time that the rotor must be centred before it counts as levitated [s].
const CENTRED_S: f32 = 1e-3;
/// Time after the end of the S-curve within which it must be centred, else lift-off starts again [s].
const CENTRING_S_MAX: f32 = 0.1;
/// Time between touchdown and the new lift-off [s].
const TOUCHDOWN_S: f32 = 1e-3;
/// Periods in a row beyond the touchdown radius that make a touchdown: one may be a sample.
const OUTSIDE_PERIODS: u32 = 2;
/// Longest time without a believable displacement [s]: the estimate leaves the truth by an e-fold in 2.9 ms.
const BLIND_S: f32 = 5e-3;
/// Time at a limit of a coil after which that is named [s].
const OVERLOAD_S: f32 = 0.02;

/// Samples of one period; `None` where the driver does not vouch for them.
#[derive(Clone, Copy, Debug)]
pub struct BearingInput {
    /// Hall voltages x+, x-, y+, y- [V].
    pub hall_v: Option<[f32; 4]>,
    /// Coil currents x, y [A].
    pub coil_current_a: Option<[f32; 2]>,
    /// Bus voltage [V].
    pub bus_voltage_v: f32,
    /// Triggers missed before this one, as many as are to be predicted over.
    pub missed: u32,
    /// Where the rotor points; `None` when nobody knows.
    pub rotor: Option<RotorDirection>,
    /// What the supervisor asks for.
    pub request: LevitateRequest,
    /// What the probe excites.
    pub excitation: Excitation,
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
    Landing { curve: SCurve },
    Touchdown { since_s: f32, at_m: [f32; 2] },
    Service,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct Bearing {
    x: Axis,
    y: Axis,
    state: State,
    period_s: f32,
    clearance_m: f32,
    liftoff_s: f32,
    landing_s: f32,
    touchdown_count: u32,
    outside_periods: u32,
    overload_s: f32,
    blind_periods_max: u32,
    summed_m: [f32; 2],
}

impl Bearing {
    /// A bearing with open coils.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &BearingConfig, period_s: f32) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            x: Axis::new(config, &PairCalibration::x(config), Runout::x(config), period_s),
            y: Axis::new(config, &PairCalibration::y(config), Runout::y(config), period_s),
            state: State::Off,
            period_s,
            clearance_m: config.clearance_m,
            liftoff_s: config.liftoff_s,
            landing_s: config.landing_s,
            touchdown_count: 0,
            outside_periods: 0,
            overload_s: 0.0,
            blind_periods_max: (BLIND_S / period_s) as u32,
            summed_m: [0.0; 2],
        })
    }

    /// One levitation period.
    pub fn step(&mut self, input: &BearingInput) -> BearingOutput {
        for _ in 0..input.missed {
            self.x.observe(None, None, &Turn::UNKNOWN);
            self.y.observe(None, None, &Turn::UNKNOWN);
        }
        let (samples_m, mut faults) = self.displacement(input);
        let samples_m = self.sum(samples_m, &input.excitation);
        let [current_x_a, current_y_a] = match input.coil_current_a {
            Some([x, y]) => [Some(x), Some(y)],
            None => [None, None],
        };
        let turn = Turn::of(input.rotor);
        let forecast_x = self.x.observe(samples_m[0], current_x_a, &turn);
        let forecast_y = self.y.observe(samples_m[1], current_y_a, &turn);
        let outside = !self.is_within(TOUCHDOWN_FRACTION);
        self.outside_periods = if outside { self.outside_periods.saturating_add(1) } else { 0 };
        let setpoints = self.next_state(input);
        if matches!(self.state, State::Service) {
            return self.carry(input, faults);
        }
        let Some([setpoint_x, setpoint_y]) = setpoints else {
            self.x.current.restart();
            self.y.current.restart();
            self.overload_s = 0.0;
            return BearingOutput { faults, ..BearingOutput::default() };
        };
        let (duty_x, limits_x) = self.x.control(&forecast_x, &setpoint_x, input.bus_voltage_v);
        let (duty_y, limits_y) = self.y.control(&forecast_y, &setpoint_y, input.bus_voltage_v);
        let limits = limits_x | limits_y;
        let overload_s =
            if limits == 0 { self.overload_s - self.period_s } else { self.overload_s + self.period_s };
        self.overload_s = saturate_between(overload_s, 0.0, OVERLOAD_S);
        faults |= if self.overload_s >= OVERLOAD_S { fault::BEARING_OVERLOAD } else { 0 };
        faults |= if self.x.current.is_doubted() || self.y.current.is_doubted() { fault::CURRENT } else { 0 };
        BearingOutput { coil_duty: [duty_x, duty_y], gate: true, limits, faults }
    }

    /// Displacement samples of both axes [m], and the faults seen in them.
    fn displacement(&mut self, input: &BearingInput) -> ([Option<f32>; 2], u32) {
        let current_fault = if input.coil_current_a.is_none() { fault::CURRENT } else { 0 };
        let [current_x_a, current_y_a] =
            input.coil_current_a.unwrap_or([self.x.current.predicted_a(), self.y.current.predicted_a()]);
        self.x.hall.see_currents(current_x_a, current_y_a);
        self.y.hall.see_currents(current_y_a, current_x_a);
        let Some([x_plus_v, x_minus_v, y_plus_v, y_minus_v]) = input.hall_v else {
            return ([None, None], fault::DISPLACEMENT | current_fault);
        };
        let x_m = self.x.hall.displacement_m(x_plus_v, x_minus_v);
        let y_m = self.y.hall.displacement_m(y_plus_v, y_minus_v);
        let hall_fault = if x_m.is_none() || y_m.is_none() { fault::DISPLACEMENT } else { 0 };
        ([x_m, y_m], hall_fault | current_fault)
    }

    /// The summing point: excitation is added here, and seen here.
    fn sum(&mut self, samples_m: [Option<f32>; 2], excitation: &Excitation) -> [Option<f32>; 2] {
        let [mut x_m, mut y_m] = samples_m;
        if let Excitation::Displacement([added_x_m, added_y_m]) = excitation {
            x_m = x_m.map(|x_m| x_m + added_x_m);
            y_m = y_m.map(|y_m| y_m + added_y_m);
        }
        let [last_x_m, last_y_m] = self.summed_m;
        self.summed_m = [x_m.unwrap_or(last_x_m), y_m.unwrap_or(last_y_m)];
        [x_m, y_m]
    }

    /// Displacement x, y after the summing point, the last one that was believed [m].
    #[must_use]
    pub fn summed_m(&self) -> [f32; 2] {
        self.summed_m
    }

    /// Service: the coils carry what the probe asks for, the rotor stays where that pulls it.
    fn carry(&mut self, input: &BearingInput, faults: u32) -> BearingOutput {
        let [reference_x_a, reference_y_a] = match input.excitation {
            Excitation::CoilCurrent(reference_a) => reference_a,
            _ => [0.0; 2],
        };
        let (duty_x, limits_x) = self.x.carry(reference_x_a, input.bus_voltage_v);
        let (duty_y, limits_y) = self.y.carry(reference_y_a, input.bus_voltage_v);
        BearingOutput { coil_duty: [duty_x, duty_y], gate: true, limits: limits_x | limits_y, faults }
    }

    /// Moves the state machine by one period; the set-points of both axes, or `None` when nothing is to be held.
    fn next_state(&mut self, input: &BearingInput) -> Option<[Setpoint; 2]> {
        self.state = match (self.state, input.request) {
            (_, LevitateRequest::Off) | (State::Off | State::Service, LevitateRequest::Land) => State::Off,
            (State::Off, LevitateRequest::Service) => State::Service,
            (State::Off | State::Service, LevitateRequest::Levitate) if self.is_blind() => State::Off,
            (State::Off | State::Service | State::Landing { .. }, LevitateRequest::Levitate) => {
                self.lift_off(false)
            }
            (State::LiftOff { .. } | State::Levitated | State::Touchdown { .. }, LevitateRequest::Land) => {
                State::Landing { curve: self.way_down() }
            }
            (state, _) => self.follow(state),
        };
        let blind = self.is_blind();
        match &mut self.state {
            State::Off | State::Service => None,
            State::Touchdown { .. } if blind => None,
            State::LiftOff { curve, .. } | State::Landing { curve } => Some(curve.step()),
            State::Levitated => Some(Setpoint::excited(&input.excitation)),
            State::Touchdown { at_m, .. } => {
                Some(at_m.map(|displacement_m| Setpoint { displacement_m, ..Setpoint::default() }))
            }
        }
    }

    /// Changes of state that the rotor causes.
    fn follow(&mut self, state: State) -> State {
        let lost = self.is_blind() || self.outside_periods >= OUTSIDE_PERIODS;
        match state {
            State::LiftOff { curve, after_touchdown, cleared, centred_s, overtime_s } => {
                let cleared = cleared || self.is_within(CLEAR_FRACTION);
                if (cleared && lost) || self.is_blind() {
                    return self.touch_down();
                }
                if !curve.is_done() {
                    return State::LiftOff { curve, after_touchdown, cleared, centred_s, overtime_s };
                }
                let centred_s =
                    if self.is_within(CENTRED_FRACTION) { centred_s + self.period_s } else { 0.0 };
                let overtime_s = overtime_s + self.period_s;
                if centred_s >= CENTRED_S {
                    State::Levitated
                } else if overtime_s >= CENTRING_S_MAX {
                    self.lift_off(after_touchdown)
                } else {
                    State::LiftOff { curve, after_touchdown, cleared, centred_s, overtime_s }
                }
            }
            State::Levitated if lost => self.touch_down(),
            State::Touchdown { since_s, .. } if since_s >= TOUCHDOWN_S && !self.is_blind() => {
                self.lift_off(true)
            }
            State::Touchdown { since_s, at_m } => {
                let since_s = if self.is_blind() { 0.0 } else { since_s + self.period_s };
                State::Touchdown { since_s, at_m }
            }
            State::Landing { curve } if curve.is_done() => State::Off,
            other => other,
        }
    }

    /// No displacement for longer than the model is good for, or none yet.
    fn is_blind(&self) -> bool {
        self.x.blind_periods() > self.blind_periods_max || self.y.blind_periods() > self.blind_periods_max
    }

    fn touch_down(&mut self) -> State {
        self.touchdown_count = self.touchdown_count.saturating_add(1);
        State::Touchdown { since_s: 0.0, at_m: self.controlled_m() }
    }

    /// Lift-off from where the rotor is now.
    fn lift_off(&self, after_touchdown: bool) -> State {
        let curve = SCurve::new(self.controlled_m(), [0.0; 2], self.liftoff_s, self.period_s);
        State::LiftOff { curve, after_touchdown, cleared: false, centred_s: 0.0, overtime_s: 0.0 }
    }

    /// From here to the clearance circle, on the side to which the rotor is pushed anyway.
    fn way_down(&self) -> SCurve {
        let push_x_n = self.x.controlled().disturbance_n;
        let push_y_n = self.y.controlled().disturbance_n;
        let push_n = crate::math::sqrt(push_x_n * push_x_n + push_y_n * push_y_n);
        let toward = if push_n > 1e-3 { [push_x_n / push_n, push_y_n / push_n] } else { [1.0, 0.0] };
        SCurve::new(
            self.controlled_m(),
            toward.map(|part| part * self.clearance_m),
            self.landing_s,
            self.period_s,
        )
    }

    fn is_within(&self, fraction: f32) -> bool {
        let [x_m, y_m] = self.displacement_m();
        let radius_m = fraction * self.clearance_m;
        x_m * x_m + y_m * y_m < radius_m * radius_m
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
            State::Levitated => BearingState::Levitated,
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
