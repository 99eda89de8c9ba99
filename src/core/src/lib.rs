// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
#![no_std]
// Units stand in brackets, [rpm], which rustdoc takes for links.
#![allow(rustdoc::broken_intra_doc_links)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        unreachable_pub
    )
)]

#[cfg(test)]
extern crate std;

#[macro_use]
pub mod config;
#[macro_use]
pub mod mailbox;
pub mod alarms;
pub mod arbitration;
pub mod bearing;
pub mod calibration;
pub mod circulation;
mod code;
pub mod commissioning;
pub mod health;
pub mod kits;
pub mod link;
pub mod mail;
pub mod math;
pub mod motor;
pub mod ports;
pub mod power;
pub mod priming;
pub mod probe;
pub mod records;
pub mod replay;
pub mod retained;
pub mod schedule;
pub mod self_test;
pub mod task;
pub mod unit;
pub mod units;
pub mod warming;
