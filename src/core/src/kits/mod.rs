// SPDX-License-Identifier: Apache-2.0
//! Disposables of the circuit: what they are and whether they may be used.
//!
//! | part | question it answers |
//! |---|---|
//! | [`registry`] | may it be used, and which ones are in use since when |
//! | [`record`] | which ones were before a power-off |
//! | [`udi`] | which product, lot and serial number is this, until when may it be used |
//! | [`cannula`] | what do cannulas of a size give, which limits go with them |
//! | [`date`] | which day is it |

pub mod cannula;
pub mod date;
pub mod record;
pub mod registry;
pub mod udi;
