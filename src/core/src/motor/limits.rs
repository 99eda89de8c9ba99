// SPDX-License-Identifier: Apache-2.0
//! Which limit acts now: one bit each in the `limits` word of the levitation and the speed task.
//!
//! A limit is no error: the step stays total, saturates, and says here what held it back. Bits 0 to 7 come from
//! the 20 kHz step of the motor, bits 8 to 15 from speed control; bits 16 and up are free for others.

/// The demanded torque current was beyond `motor_current_limit_a_max`.
pub const CURRENT: u32 = 1;
/// The demanded voltage was beyond what the bus gives; it was scaled down at the same angle.
pub const VOLTAGE: u32 = 1 << 1;
/// The bus voltage is missing or below `motor_bus_voltage_v_min`: the phase bridge is open.
pub const BUS_TOO_LOW: u32 = 1 << 2;
/// The angle Halls are missing, implausible or at odds with the model now: angle and speed run on the model.
pub const ANGLE_COASTING: u32 = 1 << 3;
/// No angle: not found yet, found but not to be believed, or coasted for `angle_coast_s_max`. The phase bridge is open.
pub const ANGLE_LOST: u32 = 1 << 4;
/// The phase currents are missing or implausible now: the current runs on the model.
pub const CURRENT_COASTING: u32 = 1 << 5;
/// The phase currents were missing for longer than the model is good for. The phase bridge is open.
pub const CURRENT_LOST: u32 = 1 << 6;
/// A phase was shorted, or none carried its current: the phase bridge is open for a while.
pub const PHASE_TRIPPED: u32 = 1 << 7;
/// All that keeps the phase bridge open whatever is asked for: no torque, so speed control shall wait.
pub const BRIDGE_OPEN: u32 = BUS_TOO_LOW | ANGLE_LOST | CURRENT_LOST | PHASE_TRIPPED;

/// The speed set-point was outside 0 to `speed_rpm_max`.
pub const SPEED_RANGE: u32 = 1 << 8;
/// The speed reference is on its way to the set-point.
pub const SLEW: u32 = 1 << 9;
/// The torque current is held at its ceiling, the largest of the configuration.
pub const TORQUE_CURRENT: u32 = 1 << 10;
/// The torque current is held by `motor_power_w_max`.
pub const POWER: u32 = 1 << 11;
/// The torque current is held because the bus sags.
pub const BUS_SAG: u32 = 1 << 12;
/// The braking current is held because the bus is high.
pub const REGENERATION: u32 = 1 << 13;
/// The rotor is faster than a tenth above `speed_rpm_max`: no motoring current until it is in range again.
pub const OVERSPEED: u32 = 1 << 14;
/// The rotor did not turn with all the current there is: no current for a while.
pub const STALL: u32 = 1 << 15;
