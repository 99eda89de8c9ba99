// SPDX-License-Identifier: Apache-2.0
//! Disposables of the circuit: what they are and whether they may be used.
//!
//! | part | question it answers |
//! |---|---|
//! | [`udi`] | which product, lot and serial number is this, until when may it be used |
//! | [`date`] | which day is it |

pub mod date;
pub mod udi;
