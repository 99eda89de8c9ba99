// SPDX-License-Identifier: Apache-2.0
//! What an operator, or the supervisor, can order of a unit in the pair, and when it is refused.

use super::{
    Arbitration, Inputs, Isolation, Line, Order, Other, Refusal, State, UnitCode, broke, would_take,
};

impl Arbitration {
    /// Carries out an order, or says why not.
    pub(super) fn obey(&mut self, order: Order, inputs: &Inputs) -> Result<(), Refusal> {
        let active = self.state == State::Active;
        self.state = match order {
            Order::Start { alone } => self.start(alone, inputs)?,
            Order::HandBack | Order::Drill | Order::Stop if !active => return Err(Refusal::NotActive),
            // It yields in this very period; an order must not put that off.
            Order::HandBack | Order::Drill | Order::Stop if self.must_yield() => {
                return Err(Refusal::OtherDrives);
            }
            Order::HandBack | Order::Drill if !would_take(inputs) => return Err(Refusal::OtherNotReady),
            // Its edges may be the last ones of a start that failed.
            Order::HandBack | Order::Drill if !self.is_alone(inputs) => return Err(Refusal::OtherDrives),
            // Nobody would take a head that need not be held.
            Order::HandBack | Order::Drill if !self.therapy => return Err(Refusal::NoTherapy),
            Order::HandBack => State::Offering,
            // Without its line nobody would see at once whether the other unit takes the head.
            Order::Drill if self.line.settled() != Line::Released => return Err(Refusal::OtherUnknown),
            Order::Drill => State::LetGo { softly: false },
            Order::Stop if self.therapy => return Err(Refusal::Therapy),
            // Unheard, the other unit would take the head that this one lets go.
            Order::Stop if inputs.peer.is_none() && self.line.settled() != Line::Broken => {
                return Err(Refusal::OtherUnknown);
            }
            Order::Stop => State::Ending,
            Order::Isolate => match self.state {
                State::Standby | State::Ready
                    if self.therapy && (self.is_alone(inputs) || self.line.has_just_ended()) =>
                {
                    return Err(Refusal::Therapy);
                }
                State::Standby | State::Ready => State::Isolated(Isolation::SelfTest),
                State::Isolated(_) => return Err(Refusal::NotInPair),
                _ => return Err(Refusal::Drives),
            },
            Order::Rejoin => match self.state {
                State::Isolated(_) if broke(inputs).is_some() => return Err(Refusal::NotFit),
                State::Isolated(reason) if !reason.is_over(inputs) && self.other_serves(inputs) => {
                    return Err(Refusal::Isolated);
                }
                State::Isolated(_) => State::Standby,
                _ => return Err(Refusal::InPair),
            },
        };
        Ok(())
    }

    fn start(&self, alone: bool, inputs: &Inputs) -> Result<State, Refusal> {
        match self.state {
            State::Standby | State::Ready => {}
            State::Isolated(_) => return Err(Refusal::NotInPair),
            _ => return Err(Refusal::Drives),
        }
        // One that is not fit would keep a good one away from a rotor that is to be held.
        if !(inputs.fit || inputs.able && (alone && !would_take(inputs) || !self.therapy)) {
            return Err(Refusal::NotFit);
        }
        match self.other(inputs) {
            Other::Drives | Other::Claims if !(alone && self.is_free(inputs)) => Err(Refusal::OtherDrives),
            Other::Unknown if !alone => Err(Refusal::OtherUnknown),
            _ => Ok(self.taking()),
        }
    }

    /// Another unit drives, or would take the head.
    fn other_serves(&self, inputs: &Inputs) -> bool {
        let codes = [UnitCode::Ready, UnitCode::Active, UnitCode::Releasing];
        self.line.settled() == Line::Driving || inputs.peer.is_some_and(|peer| codes.contains(&peer.state))
    }
}
