// SPDX-License-Identifier: Apache-2.0
//! What breaks on the CAN bus, and what strangers do on it.
//!
//! # Model
//! Several faults may act at the same time; the same fault again on the same part takes the place of the one before.
//! What each does is told in `can_bus.rs`.
//! # Timing
//! A fault acts from the bus's time on and until all are cleared.
//! # Limits and failure
//! Every number has a range; one outside, NaN among them, is refused by name before anything has changed.
//! # Shown by
//! `tests/can_bus_faults.rs`.

use crate::can_bus::CanNode;
use crate::keys::{RangeError, check_numbers};

/// A fault of the CAN bus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CanFault {
    /// A node is cut off: it hears nothing, and nobody hears it.
    Break {
        /// Which.
        node: CanNode,
    },
    /// Frames are destroyed by interference.
    Errors {
        /// Share of the frames, 0 to 1.
        probability: f64,
    },
    /// A node's driver does not take good frames.
    Loss {
        /// Which.
        node: CanNode,
        /// Share of the frames, 0 to 1.
        probability: f64,
    },
    /// A node sends frames with identifier 0 without end.
    Babble {
        /// Which.
        node: CanNode,
        /// Share of the bus that these frames take if nothing else is sent, 0 to 1.
        share: f64,
    },
    /// A node's controller and driver are late with what they receive.
    Delay {
        /// Which.
        node: CanNode,
        /// From the frame's end to its reception [s], 0 to 0.01.
        delay_s: f64,
    },
    /// A stranger on the bus sends again what it has heard.
    Replay {
        /// Age of the frames [s], 0 to 10.
        delay_s: f64,
        /// Frames per second, 0 to 2000, and no more than 64 in `delay_s`.
        rate_hz: f64,
    },
}

/// A number of a fault outside its range.
pub type CanFaultError = RangeError;

/// What a receiver's queue holds at full load of the pair's own frames.
const DELAY_RANGE_S: [f64; 2] = [0.0, 0.01];
const REPLAY_DELAY_RANGE_S: [f64; 2] = [0.0, 10.0];
const REPLAY_RATE_RANGE_HZ: [f64; 2] = [0.0, 2000.0];
/// Frames that the stranger can keep.
pub(crate) const REPLAY_COUNT_MAX: usize = 64;
const SHARE_RANGE: [f64; 2] = [0.0, 1.0];

impl CanFault {
    /// Checks every number against its range, as [`CanBus::fault`](crate::CanBus::fault) does.
    ///
    /// # Errors
    /// The first number that is outside.
    pub fn check(&self) -> Result<(), CanFaultError> {
        match *self {
            Self::Break { .. } => Ok(()),
            Self::Errors { probability } => {
                check_numbers("can_errors", &[("probability", probability, SHARE_RANGE)])
            }
            Self::Loss { probability, .. } => {
                check_numbers("can_loss", &[("probability", probability, SHARE_RANGE)])
            }
            Self::Babble { share, .. } => check_numbers("can_babble", &[("share", share, SHARE_RANGE)]),
            Self::Delay { delay_s, .. } => check_numbers("can_delay", &[("delay_s", delay_s, DELAY_RANGE_S)]),
            Self::Replay { delay_s, rate_hz } => check_numbers(
                "can_replay",
                &[
                    ("delay_s", delay_s, REPLAY_DELAY_RANGE_S),
                    ("rate_hz", rate_hz, REPLAY_RATE_RANGE_HZ),
                    ("delay_s * rate_hz", delay_s * rate_hz, [0.0, REPLAY_COUNT_MAX as f64]),
                ],
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn numbers_outside_their_range_are_refused_by_name() {
        type Make = fn(f64) -> CanFault;
        let node = CanNode::Host;
        let cases: [(&str, [f64; 2], Make); 6] = [
            ("can_errors.probability", SHARE_RANGE, |v| CanFault::Errors { probability: v }),
            ("can_loss.probability", SHARE_RANGE, |v| CanFault::Loss {
                node: CanNode::Drive,
                probability: v,
            }),
            ("can_babble.share", SHARE_RANGE, |v| CanFault::Babble { node: CanNode::Outside, share: v }),
            ("can_delay.delay_s", DELAY_RANGE_S, |v| CanFault::Delay { node: CanNode::Host, delay_s: v }),
            ("can_replay.delay_s", REPLAY_DELAY_RANGE_S, |v| CanFault::Replay { delay_s: v, rate_hz: 1.0 }),
            ("can_replay.rate_hz", REPLAY_RATE_RANGE_HZ, |v| CanFault::Replay { delay_s: 0.01, rate_hz: v }),
        ];
        for (key, [min, max], make) in cases {
            assert!(make(min).check().is_ok() && make(max).check().is_ok(), "{key}");
            for bad in [f64::NAN, f64::INFINITY, min - 1e-6, max * (1.0 + 1e-9)] {
                let error = make(bad).check().unwrap_err();
                assert_eq!(error.to_string(), std::format!("{key} = {bad}: allowed is {min} to {max}"));
            }
        }
        assert!(CanFault::Break { node }.check().is_ok());
        let error = CanFault::Replay { delay_s: 0.1, rate_hz: 641.0 }.check().unwrap_err();
        assert!(error.to_string().starts_with("can_replay.delay_s * rate_hz = 64.1"), "{error}");
    }
}
