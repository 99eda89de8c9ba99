// SPDX-License-Identifier: Apache-2.0
//! The tasks: one struct and one `step` each, nothing shared but the mailboxes.

pub mod alarm;
pub mod circulation;
pub mod cut_out;
pub mod levitation;
pub mod link;
pub mod power;
pub mod speed;
pub mod supervisor;
pub mod warming;
