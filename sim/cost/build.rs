// SPDX-License-Identifier: Apache-2.0
//! Hands the linker the memory map of the board that QEMU plays for this target.

use std::env::var;

fn main() {
    println!("cargo:rerun-if-changed=.");
    let board = match var("TARGET").unwrap_or_default().as_str() {
        "thumbv8m.main-none-eabihf" => "mps3-an547",
        "thumbv7em-none-eabihf" => "mps2-an500",
        _ => return,
    };
    let folder = var("CARGO_MANIFEST_DIR").unwrap_or_default();
    println!("cargo:rustc-link-arg-bins=-L{folder}");
    println!("cargo:rustc-link-arg-bins=-T{board}.ld");
}
