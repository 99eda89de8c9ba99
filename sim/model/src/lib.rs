// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]
// Units stand in brackets, [periods], which rustdoc takes for links.
#![allow(rustdoc::broken_intra_doc_links)]

pub mod command_rules;
pub mod commands;
pub mod drive;
pub mod page;
pub mod pair;
pub mod rules;
pub mod search;
