// SPDX-License-Identifier: Apache-2.0
//! The parameter files as constants, written by the build script.

use crate::parameters::*;

include!(concat!(env!("OUT_DIR"), "/presets.rs"));
