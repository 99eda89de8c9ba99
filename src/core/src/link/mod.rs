// SPDX-License-Identifier: Apache-2.0
//! What the two units tell each other over CAN, and when it is to be believed.
//!
//! | file | idea |
//! |---|---|
//! | `frames.rs` | what each frame says, in physical units; how it lies on the wire is in `can/levitas.dbc` alone |

mod frames;

pub use frames::{CommandFrame, FastStatus, PeerReport, SlowStatus, UnitCode};
