// SPDX-License-Identifier: Apache-2.0
//! Faults of mains and battery.

use levitas_world::Fault;

use super::{Broken, FaultSpec, of_device, value};
use crate::key_spec::KeySpec;

const UNKNOWN: &str = "The time left is shown as unknown; the load stands in for the current of the battery.";

/// All of them.
pub(super) const FAULTS: [FaultSpec; 4] = [
    of_device(
        "mains_loss",
        "The mains of the unit are gone at once; its battery feeds the bus.",
        &[],
        "mains_lost",
        "Nothing changes but the bus, which falls to the battery's voltage; the time left is told, with alarms from 15 and 5 min on.",
        |_| Broken::World(Fault::MainsLoss),
    ),
    of_device(
        "battery_weak",
        "The battery of the unit has aged.",
        &[
            KeySpec::numbers("capacity", 0.01..=1.0, "part of its capacity that is left"),
            KeySpec::numbers("resistance", 1.0..=20.0, "factor of its resistance"),
        ],
        "battery_weak",
        "The load test finds it; without one it is doubted on battery, 30 s after its voltage says 10 % less charge than was counted.",
        |v| {
            Broken::World(Fault::BatteryWeak { capacity_factor: value(v, 0), resistance_factor: value(v, 1) })
        },
    ),
    of_device(
        "battery_sensor_loss",
        "Voltage and current of the unit's battery are not measured.",
        &[],
        "battery_unknown",
        UNKNOWN,
        |_| Broken::World(Fault::BatterySensorLoss),
    ),
    of_device(
        "battery_sensor_stuck",
        "Both repeat their last value to the last bit.",
        &[],
        "battery_unknown",
        UNKNOWN,
        |_| Broken::World(Fault::BatterySensorStuck),
    ),
];
