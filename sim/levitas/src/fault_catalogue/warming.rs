// SPDX-License-Identifier: Apache-2.0
//! Faults of the warming device, target warming, and of its two tasks, target host.
//!
//! How warm water and blood become under each and under each pair is in docs/warming.md.

use levitas_core::schedule::TaskId;
use levitas_world::{TemperatureFault, WarmingFault, WarmingSensor};

use super::{Broken, FaultSpec, Within, index, of_device, value};
use crate::installed::Computer;
use crate::key_spec::KeySpec;

const SENSOR: KeySpec = KeySpec::names(
    "sensor",
    &["water_a", "water_b", "blood", "cut_out_water", "cut_out_blood"],
    "which of its temperature sensors",
);

/// A fault of one of its temperature sensors.
const fn of_sensor(
    name: &'static str,
    doc: &'static str,
    keys: &'static [KeySpec],
    make: fn(&[f64]) -> Broken,
) -> FaultSpec {
    FaultSpec {
        name,
        doc,
        keys,
        alarm: "temperature_sensor",
        within: Within::Open,
        reaction: "The other water sensor, or the water alone, is followed; with a sensor of the cut-out nothing is heated, and the alarm is cut_out.",
        make,
    }
}

const fn broken(fault: WarmingFault) -> Broken {
    Broken::Warming(fault)
}

fn sensor(values: &[f64], fault: TemperatureFault) -> Broken {
    let which = WarmingSensor::ALL.get(index(values, 0)).copied().unwrap_or(WarmingSensor::WaterA);
    broken(WarmingFault::Sensor(which, fault))
}

const STOPS: &str = "Relay and switch open, until a target is set anew.";
const WAITS: &str = "Nothing is heated; 5 s after it is well again it goes on.";
const NOT_FOUND: &str = "Nobody finds it before it is needed: the layer behind it holds (warming.md).";

/// All of them.
pub(super) const FAULTS: [FaultSpec; 13] = [
    of_sensor(
        "temperature_open",
        "The wire of a temperature sensor is open: it reads -20 C; target warming.",
        &[SENSOR],
        |v| sensor(v, TemperatureFault::Open),
    ),
    of_sensor(
        "temperature_short",
        "A temperature sensor is shorted: it reads 100 C; target warming.",
        &[SENSOR],
        |v| sensor(v, TemperatureFault::Short),
    ),
    of_sensor(
        "temperature_stuck",
        "A temperature sensor repeats its last value to the last bit; target warming.",
        &[SENSOR],
        |v| sensor(v, TemperatureFault::Stuck),
    ),
    of_sensor(
        "temperature_drift",
        "A temperature sensor wanders away, by 10 K at most; target warming.",
        &[SENSOR, KeySpec::numbers("k_per_s", -1.0..=1.0, "how fast [K/s]")],
        |v| sensor(v, TemperatureFault::Drift { k_per_s: value(v, 1) }),
    ),
    of_device(
        "heater_stuck_on",
        "The heater's switch conducts whatever it is told; target warming.",
        &[],
        "heater",
        STOPS,
        |_| broken(WarmingFault::HeaterStuckOn),
    ),
    of_device(
        "heater_leakage",
        "The heater leaks current while it has power; target warming.",
        &[KeySpec::numbers("ma", 0.0..=1000.0, "how much [mA]")],
        "heater",
        STOPS,
        |v| broken(WarmingFault::Leakage { ma: value(v, 0) }),
    ),
    of_device(
        "heater_relay_welded",
        "The control's relay stays closed; target warming.",
        &[],
        "heater",
        "Found at the next start; until then the switch keeps the heater off.",
        |_| broken(WarmingFault::RelayWelded),
    ),
    of_device(
        "cut_out_relay_welded",
        "The relay of the cut-out stays closed; target warming.",
        &[],
        "cut_out",
        NOT_FOUND,
        |_| broken(WarmingFault::CutOutRelayWelded),
    ),
    of_device(
        "water_loss",
        "Water runs out of the warming device, down to what stays around the heater; target warming.",
        &[KeySpec::numbers("lpm", 0.0..=10.0, "how fast [L/min]")],
        "water_loop",
        WAITS,
        |v| broken(WarmingFault::WaterLoss { lpm: value(v, 0) }),
    ),
    of_device("water_pump_stops", "The water pump stands; target warming.", &[], "water_loop", WAITS, |_| {
        broken(WarmingFault::WaterPumpStops)
    }),
    of_device(
        "power_meter_dead",
        "The meter of the heater's power reads nothing; target warming.",
        &[],
        "heater",
        STOPS,
        |_| broken(WarmingFault::PowerMeterDead),
    ),
    of_device(
        "warming_stall",
        "The warming task of the unit stands, its outputs stay as they were.",
        &[],
        "warming_silent",
        "The monostable opens the control's relay within 0.5 s.",
        |_| Broken::Computer(Computer::Stall(TaskId::Warming)),
    ),
    of_device(
        "cut_out_stall",
        "The cut-out task of the unit stands, its output stays as it was.",
        &[],
        "warming_silent",
        "The monostable opens its relay within 0.5 s; the control heats nothing until it is heard of again.",
        |_| Broken::Computer(Computer::Stall(TaskId::CutOut)),
    ),
];
