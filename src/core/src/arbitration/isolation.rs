// SPDX-License-Identifier: Apache-2.0
//! Why a unit is out of the pair, and what must be seen before it may join again.
//!
//! The one place where that is known is the state of [`super::Arbitration`]: whoever isolates a unit says why. It is told in
//! `LevitationMail::isolation`, kept over a reset in [`crate::retained::Retained`], and lost with a power-up, after which the unit tests itself.

use super::Inputs;
use crate::code::from_code;

/// See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Isolation {
    /// A fault of bearing, sensors or gate that has its own alarm.
    Fault = 1,
    /// It took the head, and no current came.
    NoCurrent,
    /// A pair of Halls did not show what its coil did.
    Deaf,
    /// The other unit saw the rotor elsewhere, and this one was proven wrong.
    Challenge,
    /// The self-test after power-up has found what a unit should not drive with.
    SelfTest,
}

from_code!(Isolation: u32 { Fault, NoCurrent, Deaf, Challenge, SelfTest });

impl Isolation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fault, Self::NoCurrent, Self::Deaf, Self::Challenge, Self::SelfTest];

    /// For logs.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Fault => "a fault that has its own alarm",
            Self::NoCurrent => "no current came when it took the head",
            Self::Deaf => "its Halls did not show its coil",
            Self::Challenge => "it saw the rotor wrongly",
            Self::SelfTest => "its self-test has failed",
        }
    }

    /// Nothing speaks for it any more. What a unit out of the pair cannot see of itself stands until it has been switched off and on and has
    /// tested itself.
    pub(super) const fn is_over(self, inputs: &Inputs) -> bool {
        match self {
            Self::Fault => true,
            Self::Challenge => inputs.innovation_ok && inputs.agrees,
            Self::NoCurrent | Self::Deaf | Self::SelfTest => false,
        }
    }
}

impl core::fmt::Display for Isolation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.text())
    }
}
