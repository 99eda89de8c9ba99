// SPDX-License-Identifier: Apache-2.0
//! Says where the plant is: `levitas_world` for images that contain it, on the targets whose dependencies contain it (see
//! Cargo.toml), `levitas_lockstep` for images that reach it in another process.

use std::env::var;
use std::fs;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DOTCONFIG");
    println!("cargo:rustc-check-cfg=cfg(levitas_world, levitas_lockstep)");
    let is_linux = var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    let is_mps3 = var("TARGET").is_ok_and(|target| target == "thumbv8m.main-none-eabihf");
    if is_linux && is_lockstep() {
        println!("cargo:rustc-cfg=levitas_lockstep");
    } else if is_linux || is_mps3 {
        println!("cargo:rustc-cfg=levitas_world");
    }
}

/// What the image's configuration says, which the Zephyr build names in `DOTCONFIG`.
fn is_lockstep() -> bool {
    let Ok(configuration) = var("DOTCONFIG") else { return false };
    println!("cargo:rerun-if-changed={configuration}");
    fs::read_to_string(configuration)
        .is_ok_and(|text| text.lines().any(|line| line == "CONFIG_LEVITAS_LOCKSTEP=y"))
}
