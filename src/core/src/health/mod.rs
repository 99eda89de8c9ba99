// SPDX-License-Identifier: Apache-2.0
//! Health of the bearing, measured while it pumps: margin of its loop and use of its clearance.
//!
//! | question | in | after |
//! |---|---|---|
//! | how far is the loop from instability? | [`sensitivity`], zones 3, 4, 5 | ISO 14839-3 |
//! | how much of the clearance does the orbit use? | [`orbit`], zones 0.3, 0.4, 0.5 | ISO 14839-2 |
//!
//! Both standards are for machines above 15 kW; for a pump of 25 W they are a yardstick, not a requirement.

pub mod orbit;
pub mod sensitivity;
mod zone;

pub use zone::Zone;
