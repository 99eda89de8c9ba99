// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
// Units in brackets, as in `[mmHg]`, are no links.
#![allow(rustdoc::broken_intra_doc_links)]

pub mod alarms;
pub mod analysis;
pub mod bench;
mod bench_axis;
mod bench_bearing;
mod bench_levitation;
mod bench_motor;
mod bench_peers;
mod bench_sections;
mod bench_speed;
mod bench_whole;
pub mod campaign;
pub mod candump;
pub mod canhub;
pub mod catalogue;
pub mod channel;
pub mod circulation;
mod clocks;
pub mod commission;
pub mod condition_watch;
pub mod corners;
pub mod curve;
pub mod ecg;
pub mod event_log;
pub mod fault_catalogue;
pub mod flow_meter;
pub mod forge;
pub mod heart_watch;
pub mod input;
pub mod installed;
pub mod invariants;
pub mod key_spec;
pub mod link_bus;
pub mod link_watch;
pub mod list;
pub mod lockstep;
pub mod metrics;
pub mod order_watch;
pub mod outputs;
pub mod peers;
pub mod progress;
mod record_fault;
pub mod recording;
pub mod remote;
pub mod report;
pub mod scenario;
pub mod sensitivity;
pub mod simulation;
pub mod story;
pub mod summary;
pub mod sweep;
pub mod takeover;
pub mod toml_file;
pub mod unit_in_loop;
