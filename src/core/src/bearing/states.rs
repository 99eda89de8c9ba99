// SPDX-License-Identifier: Apache-2.0
//! The state machine of the bearing; the states are drawn in [`super`].

use super::trajectory::{SCurve, Setpoint};
use super::turn::RotorDirection;
use super::{
    Bearing, BearingInput, CARRY_FRACTION, CENTRED_FRACTION, CENTRED_S, CENTRING_S_MAX, CLEAR_FRACTION, State,
};
use crate::mail::LevitateRequest;
use crate::probe::Excitation;

impl Bearing {
    /// Moves the state machine by one period; what the set-points add to the references of both axes, or `None` when nothing is to be held.
    pub(super) fn next_state(&mut self, input: &BearingInput<'_>) -> Option<[f32; 2]> {
        if matches!(self.state, State::Levitated)
            && input.request == LevitateRequest::Levitate
            && !self.has_lost_hold()
        {
            self.recovery.hold();
            if !matches!(input.excitation, Excitation::SetPoint { .. }) {
                return Some([0.0; 2]); // the centre
            }
        }
        let [setpoint_x, setpoint_y] = self.change_state(input)?;
        Some([self.law.lead_a(&setpoint_x), self.law.lead_a(&setpoint_y)])
    }

    /// The rest of [`Self::next_state`], for what is not the everyday: kept out of the way of a rotor that is held.
    #[cold]
    fn change_state(&mut self, input: &BearingInput<'_>) -> Option<[Setpoint; 2]> {
        self.state = match (self.state, input.request) {
            (_, LevitateRequest::Off) | (State::Off | State::Service, LevitateRequest::Land) => State::Off,
            (State::Off, LevitateRequest::Service) => State::Service,
            (State::Off | State::Service, LevitateRequest::Levitate) if self.is_blind() => State::Off,
            (State::Off, LevitateRequest::Levitate) if self.is_within(CARRY_FRACTION) => {
                State::Carried { curve: self.way_to_centre() }
            }
            (State::Off, LevitateRequest::Levitate) if self.is_within(CLEAR_FRACTION) => State::Levitated,
            (State::Off | State::Service | State::Landing { .. }, LevitateRequest::Levitate) => {
                self.lift_off(false)
            }
            (
                State::LiftOff { .. } | State::Levitated | State::Carried { .. } | State::Touchdown { .. },
                LevitateRequest::Land,
            ) => State::Landing { curve: self.way_down() },
            (state, _) => self.follow(state, input.rotor.as_ref()),
        };
        // A drift that made the rotor touch is still judged by what was before it.
        if matches!(self.state, State::Off | State::Service | State::LiftOff { after_touchdown: false, .. }) {
            self.x.hall.voter.forget_base();
            self.y.hall.voter.forget_base();
        }
        if matches!(self.state, State::Off) {
            self.recovery.forget();
        }
        let blind = self.is_blind();
        match &mut self.state {
            State::Off | State::Service => None,
            State::Touchdown { .. } if blind => None,
            State::LiftOff { curve, .. } | State::Landing { curve } | State::Carried { curve } => {
                Some(curve.step())
            }
            State::Levitated => Some(Setpoint::excited(input.excitation)),
            State::Touchdown { at_m } => {
                Some(at_m.map(|displacement_m| Setpoint { displacement_m, ..Setpoint::default() }))
            }
        }
    }

    /// Changes of state that the rotor causes.
    fn follow(&mut self, state: State, rotor: Option<&RotorDirection>) -> State {
        let lost = self.has_lost_hold();
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
                    if after_touchdown { self.try_again() } else { self.lift_off(false) }
                } else {
                    State::LiftOff { curve, after_touchdown, cleared, centred_s, overtime_s }
                }
            }
            State::Levitated | State::Carried { .. } if lost => self.touch_down(),
            State::Carried { curve } if curve.is_done() => State::Levitated,
            State::Levitated => {
                self.recovery.hold();
                State::Levitated
            }
            State::Touchdown { at_m } => {
                if !self.is_blind() && self.recovery.may_lift(rotor) {
                    self.lift_off(true)
                } else {
                    State::Touchdown { at_m }
                }
            }
            State::Landing { curve } if curve.is_done() => State::Off,
            other => other,
        }
    }

    /// No displacement for longer than the model is good for, or none yet.
    pub(super) fn is_blind(&self) -> bool {
        self.blind_periods() > self.astray_periods
    }

    /// Periods since the last believable displacement, of the axis that waits longer.
    pub(crate) fn blind_periods(&self) -> u32 {
        self.x.blind_periods().max(self.y.blind_periods())
    }

    fn touch_down(&mut self) -> State {
        self.touchdown_count = self.touchdown_count.saturating_add(1);
        self.try_again()
    }

    /// Waits for the next try where the rotor is now.
    fn try_again(&mut self) -> State {
        self.recovery.touch();
        State::Touchdown { at_m: self.controlled_m() }
    }

    /// From here to the centre.
    fn way_to_centre(&self) -> SCurve {
        SCurve::new(self.controlled_m(), [0.0; 2], self.liftoff_s, self.period_s)
    }

    /// Lift-off from where the rotor is now.
    fn lift_off(&self, after_touchdown: bool) -> State {
        let curve = self.way_to_centre();
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
}
