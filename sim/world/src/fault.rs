// SPDX-License-Identifier: Apache-2.0
//! What breaks in a unit: sensors, windings, power stages, supply.
//!
//! # Model
//! Several faults may act on one winding set at the same time; the same fault again on the same part takes the place
//! of the one before. What each does to the physics stands with the sensors (`sensors.rs`), the windings
//! (`windings.rs`) and the bus (`bus.rs`).
//! | fault | acts on |
//! |---|---|
//! | `HallOpen`, `HallStuck`, `HallFrozen`, `HallNoise`, `HallDrift`, `HallPairDrift`, `HallMiscalibrated` | displacement Halls |
//! | `AngleOpen`, `AngleStuck` | angle Halls |
//! | `CurrentStuck` | current sensors |
//! | `EmiBurst` | all of these |
//! | `SampleLoss`, `SamplesFrozen` | every group of samples |
//! | `BusSensorLoss` | bus voltage as it is measured |
//! | `CoilOpen`, `PhaseOpen`, `PhaseShort`, `WindingLeak` | windings |
//! | `GateFault` | both bridges |
//! | `BusSag` | supply, behind mains and battery |
//! | `MainsLoss`, `BatteryWeak`, `BatterySensorLoss`, `BatterySensorStuck` | mains, battery and what measures it: `power/mod.rs` |
//! | `PowerLoss`, `LineCut`, `LineStuck` | power of the electronics, drive line |
//!
//! # Timing
//! A fault acts from the next sample and the next period on and until it is cleared; how long is up to the scenario.
//! # Limits and failure
//! Every number has a range; one outside, NaN among them, is refused by name before anything has changed.
//! # Shown by
//! `tests/sensor_faults.rs`, `tests/power_faults.rs`, `tests/bus.rs`.

use crate::keys::{RangeError, RangedNumber, check_numbers};

/// A fault of one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The wire of a displacement Hall is open: it reads a rail of the converter.
    HallOpen {
        /// 0 to 3: x+, x-, y+, y-.
        element: usize,
        /// Upper rail, else lower.
        high: bool,
    },
    /// A displacement Hall repeats its last value to the last bit.
    HallStuck {
        /// 0 to 3: x+, x-, y+, y-.
        element: usize,
    },
    /// Both Halls of a pair repeat their last value to the last bit.
    HallFrozen {
        /// 0, 1: x, y.
        axis: usize,
    },
    /// A displacement Hall has more noise.
    HallNoise {
        /// 0 to 3: x+, x-, y+, y-.
        element: usize,
        /// What a reader of that Hall alone sees, as displacement [m rms], 0 to 1e-3.
        rms_m: f64,
    },
    /// The mid level of a displacement Hall wanders away.
    HallDrift {
        /// 0 to 3: x+, x-, y+, y-.
        element: usize,
        /// What a reader of that Hall alone sees, as displacement [m/s], -1 to 1.
        m_per_s: f64,
    },
    /// Both Halls of a pair wander away together, as they would if the rotor did.
    HallPairDrift {
        /// 0, 1: x, y.
        axis: usize,
        /// Drift of the displacement that the pair shows [m/s], -1 to 1.
        m_per_s: f64,
    },
    /// A pair shows the displacement times `gain` and `offset_m` more: a calibration of another head, a reference gone wrong.
    /// Its noise is what it was. A gain of 0 is a pair that is deaf and looks alive.
    HallMiscalibrated {
        /// 0, 1: x, y.
        axis: usize,
        /// Factor, -4 to 4.
        gain: f64,
        /// Offset [m], -1e-3 to 1e-3.
        offset_m: f64,
    },
    /// Interference on every analog signal of the unit at once.
    EmiBurst {
        /// Noise of the displacement of each axis, read from both Halls [m rms], 0 to 1e-3.
        rms_m: f64,
    },
    /// The converters deliver nothing: no group of samples is valid, the count goes on.
    SampleLoss,
    /// The converters deliver the same samples again and again, and the count stands.
    SamplesFrozen,
    /// The bus voltage is not measured.
    BusSensorLoss,
    /// The wire of an angle Hall is open: it reads a rail of the converter.
    AngleOpen {
        /// 0, 1: cosine, sine.
        channel: usize,
        /// Upper rail, else lower.
        high: bool,
    },
    /// Both angle Halls repeat their last value to the last bit.
    AngleStuck,
    /// A bearing coil is interrupted.
    CoilOpen {
        /// 0, 1: x, y.
        axis: usize,
    },
    /// A motor phase is interrupted.
    PhaseOpen {
        /// 0 to 2: A, B, C.
        phase: usize,
    },
    /// The terminal of a motor phase lies on the lower rail, until the phase gate opens the isolation switch.
    PhaseShort {
        /// 0 to 2: A, B, C.
        phase: usize,
    },
    /// An insulation between a winding and the stator has failed; their currents do not show it.
    WindingLeak,
    /// A current sensor repeats its last value to the last bit.
    CurrentStuck {
        /// 0 to 4: coils x, y, phases A, B, C.
        channel: usize,
    },
    /// The supply gives this voltage and no more; 0 is a supply that is gone.
    BusSag {
        /// Voltage of the supply without load [V], 0 to 100.
        bus_v: f64,
    },
    /// No mains: the battery feeds the bus.
    MainsLoss,
    /// The battery has aged, or is cold.
    BatteryWeak {
        /// Part of the capacity that is left, 0.01 to 1.
        capacity_factor: f64,
        /// Factor of the resistance, 1 to 20.
        resistance_factor: f64,
    },
    /// Voltage and current of the battery are not measured.
    BatterySensorLoss,
    /// Both repeat their last value to the last bit.
    BatterySensorStuck,
    /// The gate drivers are dead: both bridges stay open whatever the outputs say.
    GateFault,
    /// The electronics have no power: no edges on the line, both bridges open. Whoever computes the outputs must stop, too.
    PowerLoss {
        /// From the start of the coming period on [s], 0 to 50e-6.
        after_s: f64,
    },
    /// The cable of the unit's drive line is cut.
    LineCut,
    /// The unit's drive line stands still at one level, seen from the other unit.
    LineStuck,
}

/// A number of a fault outside its range.
pub type FaultError = RangeError;

/// Largest noise of a fault [m rms]: twice the clearance.
const NOISE_RANGE_M: [f64; 2] = [0.0, 1.0e-3];
const DRIFT_RANGE_M_PER_S: [f64; 2] = [-1.0, 1.0];
const GAIN_RANGE: [f64; 2] = [-4.0, 4.0];
/// Largest offset of a pair [m]: twice the clearance.
const OFFSET_RANGE_M: [f64; 2] = [-1.0e-3, 1.0e-3];
const WITHIN_PERIOD_S: [f64; 2] = [0.0, crate::STEP_S];
const SUPPLY_RANGE_V: [f64; 2] = [0.0, 100.0];
const CAPACITY_RANGE: [f64; 2] = [0.01, 1.0];
const RESISTANCE_RANGE: [f64; 2] = [1.0, 20.0];

/// A part by its number, as the range check takes it.
fn part(name: &'static str, index: usize, count: usize) -> RangedNumber {
    (name, index as f64, [0.0, count as f64 - 1.0])
}

impl Fault {
    /// Checks every number against its range, as [`World::fault`](crate::World::fault) does.
    ///
    /// # Errors
    /// The first number that is outside.
    pub fn check(&self) -> Result<(), FaultError> {
        match *self {
            Self::HallOpen { element, .. } => check_numbers("hall_open", &[part("element", element, 4)]),
            Self::HallStuck { element } => check_numbers("hall_stuck", &[part("element", element, 4)]),
            Self::HallFrozen { axis } => check_numbers("hall_frozen", &[part("axis", axis, 2)]),
            Self::HallNoise { element, rms_m } => {
                check_numbers("hall_noise", &[part("element", element, 4), ("rms_m", rms_m, NOISE_RANGE_M)])
            }
            Self::HallDrift { element, m_per_s } => check_numbers(
                "hall_drift",
                &[part("element", element, 4), ("m_per_s", m_per_s, DRIFT_RANGE_M_PER_S)],
            ),
            Self::HallPairDrift { axis, m_per_s } => check_numbers(
                "hall_pair_drift",
                &[part("axis", axis, 2), ("m_per_s", m_per_s, DRIFT_RANGE_M_PER_S)],
            ),
            Self::HallMiscalibrated { axis, gain, offset_m } => check_numbers(
                "hall_miscalibrated",
                &[part("axis", axis, 2), ("gain", gain, GAIN_RANGE), ("offset_m", offset_m, OFFSET_RANGE_M)],
            ),
            Self::EmiBurst { rms_m } => check_numbers("emi_burst", &[("rms_m", rms_m, NOISE_RANGE_M)]),
            Self::AngleOpen { channel, .. } => check_numbers("angle_open", &[part("channel", channel, 2)]),
            Self::CoilOpen { axis } => check_numbers("coil_open", &[part("axis", axis, 2)]),
            Self::PhaseOpen { phase } => check_numbers("phase_open", &[part("phase", phase, 3)]),
            Self::PhaseShort { phase } => check_numbers("phase_short", &[part("phase", phase, 3)]),
            Self::CurrentStuck { channel } => check_numbers("current_stuck", &[part("channel", channel, 5)]),
            Self::BusSag { bus_v } => check_numbers("bus_sag", &[("bus_v", bus_v, SUPPLY_RANGE_V)]),
            Self::BatteryWeak { capacity_factor, resistance_factor } => check_numbers(
                "battery_weak",
                &[
                    ("capacity_factor", capacity_factor, CAPACITY_RANGE),
                    ("resistance_factor", resistance_factor, RESISTANCE_RANGE),
                ],
            ),
            Self::PowerLoss { after_s } => {
                check_numbers("power_loss", &[("after_s", after_s, WITHIN_PERIOD_S)])
            }
            Self::SampleLoss
            | Self::SamplesFrozen
            | Self::BusSensorLoss
            | Self::AngleStuck
            | Self::MainsLoss
            | Self::BatterySensorLoss
            | Self::BatterySensorStuck
            | Self::WindingLeak
            | Self::GateFault
            | Self::LineCut
            | Self::LineStuck => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn parts_that_do_not_exist_are_refused_by_name() {
        type Make = fn(usize) -> Fault;
        let cases: [(&str, usize, Make); 12] = [
            ("hall_open.element", 4, |k| Fault::HallOpen { element: k, high: true }),
            ("hall_stuck.element", 4, |k| Fault::HallStuck { element: k }),
            ("hall_frozen.axis", 2, |k| Fault::HallFrozen { axis: k }),
            ("hall_noise.element", 4, |k| Fault::HallNoise { element: k, rms_m: 0.0 }),
            ("hall_drift.element", 4, |k| Fault::HallDrift { element: k, m_per_s: 0.0 }),
            ("hall_pair_drift.axis", 2, |k| Fault::HallPairDrift { axis: k, m_per_s: 0.0 }),
            ("hall_miscalibrated.axis", 2, |k| Fault::HallMiscalibrated {
                axis: k,
                gain: 1.0,
                offset_m: 0.0,
            }),
            ("angle_open.channel", 2, |k| Fault::AngleOpen { channel: k, high: false }),
            ("coil_open.axis", 2, |k| Fault::CoilOpen { axis: k }),
            ("phase_open.phase", 3, |k| Fault::PhaseOpen { phase: k }),
            ("phase_short.phase", 3, |k| Fault::PhaseShort { phase: k }),
            ("current_stuck.channel", 5, |k| Fault::CurrentStuck { channel: k }),
        ];
        for (key, count, make) in cases {
            assert!(make(0).check().is_ok() && make(count - 1).check().is_ok(), "{key}");
            let error = make(count).check().unwrap_err();
            assert!(error.key.is(key) && error.max == count as f64 - 1.0, "{error}");
        }
    }

    #[test]
    fn numbers_outside_their_range_are_refused_by_name() {
        type Make = fn(f64) -> Fault;
        let cases: [(&str, [f64; 2], Make); 10] = [
            ("hall_noise.rms_m", NOISE_RANGE_M, |v| Fault::HallNoise { element: 0, rms_m: v }),
            ("hall_drift.m_per_s", DRIFT_RANGE_M_PER_S, |v| Fault::HallDrift { element: 0, m_per_s: v }),
            ("hall_pair_drift.m_per_s", DRIFT_RANGE_M_PER_S, |v| Fault::HallPairDrift {
                axis: 0,
                m_per_s: v,
            }),
            ("hall_miscalibrated.gain", GAIN_RANGE, |v| Fault::HallMiscalibrated {
                axis: 0,
                gain: v,
                offset_m: 0.0,
            }),
            ("hall_miscalibrated.offset_m", OFFSET_RANGE_M, |v| Fault::HallMiscalibrated {
                axis: 0,
                gain: 1.0,
                offset_m: v,
            }),
            ("emi_burst.rms_m", NOISE_RANGE_M, |v| Fault::EmiBurst { rms_m: v }),
            ("bus_sag.bus_v", SUPPLY_RANGE_V, |v| Fault::BusSag { bus_v: v }),
            ("battery_weak.capacity_factor", CAPACITY_RANGE, |v| Fault::BatteryWeak {
                capacity_factor: v,
                resistance_factor: 1.0,
            }),
            ("battery_weak.resistance_factor", RESISTANCE_RANGE, |v| Fault::BatteryWeak {
                capacity_factor: 1.0,
                resistance_factor: v,
            }),
            ("power_loss.after_s", WITHIN_PERIOD_S, |v| Fault::PowerLoss { after_s: v }),
        ];
        for (key, [min, max], make) in cases {
            assert!(make(min).check().is_ok() && make(max).check().is_ok(), "{key}");
            for bad in [f64::NAN, f64::INFINITY, min - 1e-6, max * (1.0 + 1e-9)] {
                let error = make(bad).check().unwrap_err();
                assert_eq!(error.to_string(), std::format!("{key} = {bad}: allowed is {min} to {max}"));
            }
        }
        for fault in [Fault::SampleLoss, Fault::AngleStuck, Fault::GateFault] {
            assert!(fault.check().is_ok());
        }
    }
}
