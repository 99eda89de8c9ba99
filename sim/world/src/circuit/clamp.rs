// SPDX-License-Identifier: Apache-2.0
//! A tubing clamp: open, closed, or on its way.

use crate::parameters::ReturnClamp;

/// A clamp less open than this lets nothing through.
pub(crate) const OPENING_MIN: f64 = 0.01;
/// Time in which a hand closes a clamp [s].
const CLOSING_S: f64 = 0.3;

/// What the staff does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hand {
    /// Waits until the pump can carry the flow.
    Waits,
    Opens,
    Closes,
}

/// See the [module](self).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clamp {
    /// 0 closed, 1 open.
    pub(crate) opening: f64,
    hand: Hand,
}

impl Clamp {
    pub(crate) const OPEN: Self = Self { opening: 1.0, hand: Hand::Opens };

    /// A clamp that is that far open; a closed one waits for the pump.
    pub(crate) fn at(opening: f64) -> Self {
        Self { opening: opening.clamp(0.0, 1.0), hand: if opening > 0.0 { Hand::Opens } else { Hand::Waits } }
    }

    pub(crate) fn open(&mut self) {
        self.hand = Hand::Opens;
    }

    pub(crate) fn close(&mut self) {
        self.hand = Hand::Closes;
    }

    /// Closed at the start, and nobody has touched it.
    pub(crate) fn waits(&self) -> bool {
        self.hand == Hand::Waits
    }

    pub(crate) fn is_shut(&self) -> bool {
        self.opening < OPENING_MIN
    }

    /// Its opening some time later.
    pub(crate) fn after(&self, clamp: &ReturnClamp, time_s: f64) -> f64 {
        let rate = match self.hand {
            Hand::Waits => 0.0,
            Hand::Opens => 1.0 / clamp.opening_s,
            Hand::Closes => -1.0 / CLOSING_S,
        };
        (self.opening + rate * time_s).clamp(0.0, 1.0)
    }
}
