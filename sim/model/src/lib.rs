// SPDX-License-Identifier: Apache-2.0
#![doc = include_str!("../README.md")]

pub mod drive;
pub mod page;
pub mod pair;
pub mod rules;
pub mod search;
