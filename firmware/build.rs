// SPDX-License-Identifier: Apache-2.0
//! Says `levitas_world` for the targets whose dependencies contain the simulated plant; see Cargo.toml.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(levitas_world)");
    let is_linux = var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    let is_mps3 = var("TARGET").is_ok_and(|target| target == "thumbv8m.main-none-eabihf");
    if is_linux || is_mps3 {
        println!("cargo:rustc-cfg=levitas_world");
    }
}
