// SPDX-License-Identifier: Apache-2.0
//! Says where the plant is: `levitas_world` for images that contain it, on the targets whose dependencies contain it (see
//! Cargo.toml), `levitas_lockstep` for images that reach it in another process. And `levitas_records` for those with partitions for records,
//! `levitas_self_test` for those that test themselves, `levitas_warming` for those with a warming device,
//! `levitas_warming_sim` for those whose simulated drivers ask for one; likewise `levitas_power` and `levitas_power_sim` of mains and battery. `levitas_has_host` and `levitas_has_drive` are the units of the image, which lie in the DTCM with `levitas_dtcm`.

use std::env::var;
use std::fs;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DOTCONFIG");
    println!("cargo:rustc-check-cfg=cfg(levitas_world, levitas_lockstep, levitas_records, levitas_self_test, levitas_warming, levitas_warming_sim, levitas_power, levitas_power_sim, levitas_has_host, levitas_has_drive, levitas_dtcm)");
    let is_linux = var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    let is_mps3 = var("TARGET").is_ok_and(|target| target == "thumbv8m.main-none-eabihf");
    if has("CONFIG_LEVITAS_DTCM=y") {
        println!("cargo:rustc-cfg=levitas_dtcm");
    }
    if !has("CONFIG_LEVITAS_ROLE_EMERGENCY_DRIVE=y") {
        println!("cargo:rustc-cfg=levitas_has_host");
    }
    if !has("CONFIG_LEVITAS_ROLE_HOST=y") {
        println!("cargo:rustc-cfg=levitas_has_drive");
    }
    if has("CONFIG_LEVITAS_RECORDS=y") {
        println!("cargo:rustc-cfg=levitas_records");
    }
    if has("CONFIG_LEVITAS_SELF_TEST=y") {
        println!("cargo:rustc-cfg=levitas_self_test");
    }
    if has("CONFIG_LEVITAS_WARMING=y") {
        println!("cargo:rustc-cfg=levitas_warming");
    }
    if has("CONFIG_LEVITAS_POWER=y") {
        println!("cargo:rustc-cfg=levitas_power");
    }
    if has("CONFIG_LEVITAS_POWER_SUPPLY_SIM=y") {
        println!("cargo:rustc-cfg=levitas_power_sim");
    }
    if has("CONFIG_LEVITAS_HEATER_SIM=y") {
        println!("cargo:rustc-cfg=levitas_warming_sim");
    }
    if is_linux && has("CONFIG_LEVITAS_LOCKSTEP=y") {
        println!("cargo:rustc-cfg=levitas_lockstep");
    } else if is_linux || is_mps3 {
        println!("cargo:rustc-cfg=levitas_world");
    }
}

/// Whether the image's configuration, which the Zephyr build names in `DOTCONFIG`, has a line.
fn has(line: &str) -> bool {
    let Ok(configuration) = var("DOTCONFIG") else { return false };
    println!("cargo:rerun-if-changed={configuration}");
    fs::read_to_string(configuration).is_ok_and(|text| text.lines().any(|other| other == line))
}
