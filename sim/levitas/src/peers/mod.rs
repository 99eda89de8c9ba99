// SPDX-License-Identifier: Apache-2.0
//! Control laws of others, in the same plant as ours: what `levitas compare` shows.
//!
//! # What is compared
//! | contender | law | gains |
//! |---|---|---|
//! | ours | the whole unit of `levitas-core`, every task | `BearingConfig::ECMO_50` |
//! | published PID | PID of the project's fact sheet: closed-loop stiffness 30 N/mm, damping ratio 0.9, derivative 4 kHz | published |
//! | active damping | stiffness and damped derivative as forces, PI around them, 10 kHz [1] | published bandwidths, PI by hand |
//! | tuned PID | PID with two lags | searched |
//! | + plain notch | the same, synchronous part of the sample taken off | notch as ours adapts |
//! | + generalised notch | the same, synchronous current made zero [2] | notch as ours adapts |
//! | LQG | regulator with integral action on a Kalman filter without disturbance [3] | searched |
//! | LADRC | third-order extended state observer, bandwidth parametrised [4] | searched |
//!
//! # What the peers are given
//! The same samples; the same predictive current loop, delay and motion EMF compensated ([`axis`]); the pickup taken off
//! as far as suits them; prediction past the delay where the law has a model; an integrator that stops at the limit;
//! the core's own motor and speed control. They start at the centre, so lift-off is not compared. "Searched" is:
//! least peak after a 20 N step under sensitivity peak <= 2.0 and idle current <= 0.16 A rms (`tests/clients/peer_design.py`).
//!
//! # Source
//! [1] github.com/Zhouzhou377/Bearingless-Machine, `bim_outloop_control.c`: the formula, no line of it. [2] Herzog et al., IEEE
//! Trans. Control Syst. Technol. 4(5), 1996. [3] H. C. Kim, J. Kim, Int. J. Artif. Organs 23(10), 2000. [4] Z. Gao, Proc. ACC
//! 2003, 4989; G. Herbst, Control Theory Technol. 19, 2021.
//!
//! # Shown by
//! `tests/peers.rs`; the gains by `tests/clients/test_peers.py`.

mod axis;
mod compare;
mod damped;
mod drive;
mod figures;
mod gains;
mod ladrc;
mod lqg;
mod notch;
mod pid;
mod table;
mod trial;

pub use compare::{compare, compare_figures, run_count};
pub use figures::{FIGURES, Figure, Goal, Value};
pub use table::Comparison;

use notch::Kind;

/// Who is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contender {
    /// The unit of the core.
    Ours,
    /// PID of the fact sheet.
    PublishedPid,
    /// Active stiffness and damping at 10 kHz.
    ActiveDamping,
    /// PID, searched.
    TunedPid,
    /// PID, searched, with a plain synchronous notch.
    PlainNotch,
    /// PID, searched, with the generalised notch.
    GeneralisedNotch,
    /// Kalman filter without disturbance and regulator with integral action, searched.
    Lqg,
    /// Linear active disturbance rejection, searched.
    Ladrc,
}

impl Contender {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 8] = [
        Self::Ours,
        Self::PublishedPid,
        Self::ActiveDamping,
        Self::TunedPid,
        Self::PlainNotch,
        Self::GeneralisedNotch,
        Self::Lqg,
        Self::Ladrc,
    ];

    /// Head of its column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::PublishedPid => "published PID",
            Self::ActiveDamping => "active damping",
            Self::TunedPid => "tuned PID",
            Self::PlainNotch => "+ plain notch",
            Self::GeneralisedNotch => "+ gen. notch",
            Self::Lqg => "LQG",
            Self::Ladrc => "LADRC",
        }
    }

    const fn notch(self) -> Option<Kind> {
        match self {
            Self::PlainNotch => Some(Kind::Plain),
            Self::GeneralisedNotch => Some(Kind::Generalised),
            _ => None,
        }
    }
}
