// SPDX-License-Identifier: Apache-2.0
//! Zephyr glue: the border to C, the units of this image, and in simulation the plant or the way to it.

pub(crate) mod alarms;
pub(crate) mod calibration;
pub(crate) mod can;
pub(crate) mod circuit_orders;
#[cfg(any(levitas_world, levitas_lockstep))]
pub(crate) mod circuit_sensors;
pub(crate) mod commissioning;
pub(crate) mod key;
pub(crate) mod kits;
#[cfg(levitas_world)]
pub(crate) mod layout;
pub(crate) mod link;
#[cfg(levitas_lockstep)]
pub(crate) mod lockstep;
pub(crate) mod operator;
#[cfg(levitas_power)]
pub(crate) mod power;
#[cfg(levitas_records)]
pub(crate) mod records;
pub(crate) mod replay;
pub(crate) mod retained;
pub(crate) mod self_test;
pub(crate) mod settings;
pub(crate) mod shim;
#[cfg(levitas_world)]
pub(crate) mod signed;
pub(crate) mod text;
pub(crate) mod therapy;
#[cfg(levitas_world)]
pub(crate) mod truth;
pub(crate) mod units;
#[cfg(levitas_warming)]
pub(crate) mod warming;
#[cfg(levitas_world)]
pub(crate) mod world;
#[cfg(all(levitas_world, levitas_power_sim))]
pub(crate) mod world_power;
#[cfg(all(levitas_world, levitas_warming_sim))]
pub(crate) mod world_warming;
