// SPDX-License-Identifier: Apache-2.0
//! What crosses the border between a controller and its plant, once per task period.
//!
//! The same structs are filled by `levitas-world` and by the Zephyr drivers, so they are `repr(C)`, hold no
//! pointers and no padding; a Zephyr test compares their layout with the C header. All values are physical
//! (volts at the sensor, amperes, seconds); what they mean is known to the task alone, through its calibration.
//!
//! # Frames
//! x and y are radial and fixed to the stator, z is the rotor axis, angles turn from x to y. Phase A's axis
//! lies on x. Positive coil current pulls the rotor toward the positive axis.

/// Samples of the levitation task, 20 kHz, all taken at the trigger.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LevitationInputs {
    /// Output of the displacement Halls [V], order x+, x-, y+, y-: each pair is differential, and its sum is constant.
    pub displacement_hall_v: [f32; 4],
    /// Output of the angle Halls less their mid level [V], order cosine, sine of the rotor angle.
    pub angle_hall_v: [f32; 2],
    /// Currents of the bearing coils x, y [A].
    pub coil_current_a: [f32; 2],
    /// Currents of the phases A, B, C into the motor [A].
    pub phase_current_a: [f32; 3],
    /// Voltage of the unit's DC bus [V].
    pub bus_voltage_v: f32,
    /// Counts triggers and wraps; a step of more than one says that samples were missed.
    pub sample_count: u32,
    /// One bit per group of samples that the driver vouches for, see [`valid`].
    pub valid: u32,
    /// What hardware says of the pair of units, see [`pair`].
    pub pair: u32,
}

/// Bits of [`LevitationInputs::pair`]. A line without current is broken or not there: nothing is known.
pub mod pair {
    /// Edges on the other unit's drive line: it drives the head.
    pub const LINE_EDGES: u32 = 1;
    /// Current on the other unit's drive line.
    pub const LINE_CURRENT: u32 = 1 << 1;
    /// The carrier of the other winding set is in the own windings.
    pub const FOREIGN_RIPPLE: u32 = 1 << 2;
    /// The own gate is open: the latch has let the own request pass.
    pub const GATE_OPEN: u32 = 1 << 3;
    /// The own gate driver has switched itself off.
    pub const GATE_FAULT: u32 = 1 << 4;
    /// A coil or a phase of the own set does not pass its test current: 50 mA at most, by a path of its own beside the bridges, and only
    /// while the own gate is shut.
    pub const WINDING_OPEN: u32 = 1 << 5;
    /// Of that current some goes to the stator: an insulation has failed.
    pub const WINDING_LEAK: u32 = 1 << 6;
    /// That current has flowed: the two bits above say what has come of it. A board without the path never says so.
    pub const WINDING_TESTED: u32 = 1 << 7;
    /// The motor's gate driver reports a fault on its bus, does not answer, sleeps, or has lost its configuration.
    pub const GATE_DOUBTED: u32 = 1 << 8;
}

/// Bits of the `valid` members.
pub mod valid {
    /// Displacement Halls.
    pub const DISPLACEMENT: u32 = 1;
    /// Angle Halls.
    pub const ANGLE: u32 = 1 << 1;
    /// Coil currents.
    pub const COIL_CURRENT: u32 = 1 << 2;
    /// Phase currents.
    pub const PHASE_CURRENT: u32 = 1 << 3;
    /// Bus voltage.
    pub const BUS_VOLTAGE: u32 = 1 << 4;
    /// Everything the levitation task reads.
    pub const LEVITATION: u32 = 0x1f;

    /// The flow meter answers.
    pub const FLOW: u32 = 1 << 8;
    /// Drainage pressure.
    pub const DRAINAGE_PRESSURE: u32 = 1 << 9;
    /// Pressure between pump and membrane lung.
    pub const PRE_MEMBRANE_PRESSURE: u32 = 1 << 10;
    /// Pressure behind the membrane lung.
    pub const RETURN_PRESSURE: u32 = 1 << 11;
    /// The sensors of the circuit.
    pub const CIRCULATION: u32 = 0xf00;
    /// New ECG from electrodes that are in contact.
    pub const ECG: u32 = 1 << 12;

    /// The first water sensor of the warming device answers.
    pub const WATER_A: u32 = 1 << 16;
    /// The second one.
    pub const WATER_B: u32 = 1 << 17;
    /// Blood temperature.
    pub const BLOOD: u32 = 1 << 18;
    /// Power of the heater.
    pub const HEATER_POWER: u32 = 1 << 19;
    /// Its leakage current.
    pub const LEAKAGE: u32 = 1 << 20;
    /// Flow of the water.
    pub const WATER_FLOW: u32 = 1 << 21;
    /// Level of the water.
    pub const WATER_LEVEL: u32 = 1 << 22;
    /// Everything the warming task reads.
    pub const WARMING: u32 = 0x7f_0000;

    /// Water temperature of the cut-out.
    pub const CUT_OUT_WATER: u32 = 1 << 24;
    /// Its blood temperature.
    pub const CUT_OUT_BLOOD: u32 = 1 << 25;
    /// Everything the cut-out reads.
    pub const CUT_OUT: u32 = 0x300_0000;

    /// Voltage of the mains' supply.
    pub const MAINS_VOLTAGE: u32 = 1 << 26;
    /// Voltage of the battery.
    pub const BATTERY_VOLTAGE: u32 = 1 << 27;
    /// Current of the battery.
    pub const BATTERY_CURRENT: u32 = 1 << 28;
    /// Current into the bus.
    pub const LOAD_CURRENT: u32 = 1 << 29;
    /// Everything the power task reads.
    pub const POWER: u32 = 0x3c00_0000;
}

/// Commands of the levitation task to its own winding set; they take effect at the next PWM update.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LevitationOutputs {
    /// Mean voltage of the coil full bridges x, y as a fraction of the bus voltage, -1 to 1.
    pub coil_duty: [f32; 2],
    /// On-time of the upper switch of the half bridges A, B, C, 0 to 1.
    pub phase_duty: [f32; 3],
    /// 1: coil bridges switch; 0: all switches open, current decays through the diodes.
    pub coil_gate: u32,
    /// 1: phase bridges switch; 0: open.
    pub phase_gate: u32,
    /// Level of the drive line; alternates every period while this unit drives the head, else stands still.
    pub drive_line: u32,
    /// 1: the latch may open although the other unit's line is broken.
    pub latch_override: u32,
}

/// Shots, and samples of the ECG, that one batch holds: one per millisecond of the circulation task's period.
pub const BATCH: usize = 10;

/// What the flow meter measured in one millisecond: the means of its shots. All zero: no echo came back.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowShot {
    /// Ultrasonic transit time against the flow [s].
    pub transit_up_s: f32,
    /// Ultrasonic transit time with the flow [s].
    pub transit_down_s: f32,
    /// Received ultrasonic amplitude as a fraction of the one in clear fluid.
    pub amplitude: f32,
}

/// Samples of the circulation task, 100 Hz: what came since the last one, oldest first.
///
/// A bubble of 0.3 mL is in the ultrasound for a few milliseconds, and the steepest edge of an ECG is no longer.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CirculationInputs {
    /// Shots of the flow meter; the first `shot_count` count.
    pub shots: [FlowShot; BATCH],
    /// ECG [mV]; all count, or none, as `valid` says.
    pub ecg_mv: [f32; BATCH],
    /// Pressure in the drainage line before the pump [mmHg].
    pub drainage_pressure_mmhg: f32,
    /// Pressure between pump and membrane lung [mmHg].
    pub pre_membrane_pressure_mmhg: f32,
    /// Pressure between membrane lung and return cannula [mmHg].
    pub return_pressure_mmhg: f32,
    /// New shots.
    pub shot_count: u32,
    /// Bits of [`valid`].
    pub valid: u32,
}

impl CirculationInputs {
    /// The new shots, if the meter answers.
    pub fn new_shots(&self) -> impl Iterator<Item = &FlowShot> {
        let count = if self.valid & valid::FLOW != 0 { self.shot_count as usize } else { 0 };
        self.shots.iter().take(count)
    }
}

/// Samples of the warming task, 10 Hz.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WarmingInputs {
    /// Water on its way to the exchanger, two sensors [C]. An open or a shorted one reads an end of its converter's range.
    pub water_celsius: [f32; 2],
    /// Blood that leaves the membrane lung, in which the exchanger is [C].
    pub blood_celsius: f32,
    /// Electric power of the heater, mean of the last period [W].
    pub heater_power_w: f32,
    /// Current that the heater takes and does not give back [mA].
    pub leakage_ma: f32,
    /// Water through the exchanger [L/min].
    pub water_flow_lpm: f32,
    /// Water over what belongs in [1].
    pub water_level: f32,
    /// Bits of [`valid`].
    pub valid: u32,
}

/// Commands of the warming task to its device. The heater needs two of them: its switch and its relay.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WarmingOutputs {
    /// Part of the next period in which the heater's switch is closed, 0 to 1.
    pub heater_duty: f32,
    /// 1: the relay before the switch is closed, as long as `alive` alternates.
    pub heater_relay: u32,
    /// 1: the water pump runs.
    pub water_pump: u32,
    /// Alternates every period; a monostable opens the relay when it stands still.
    pub alive: u32,
}

/// Samples of the cut-out, 10 Hz, from sensors that nobody else reads.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CutOutInputs {
    /// Water at the heater [C].
    pub water_celsius: f32,
    /// Blood that leaves the membrane lung [C].
    pub blood_celsius: f32,
    /// 1 while its button is pressed.
    pub reset: u32,
    /// Bits of [`valid`].
    pub valid: u32,
}

/// What the cut-out says to its relay.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CutOutOutputs {
    /// Alternates every period while the heater may have power; a monostable opens the relay when it stands still.
    pub permit: u32,
}

/// Samples of the power task, 100 Hz: means since the last one.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PowerInputs {
    /// Supply of the mains before its diode [V].
    pub mains_v: f32,
    /// Terminals of the battery [V].
    pub battery_v: f32,
    /// What the battery gives; below 0 it is charged [A].
    pub battery_a: f32,
    /// Current into the bus of the unit, whatever feeds it [A].
    pub load_a: f32,
    /// Bits of [`valid`].
    pub valid: u32,
}

/// Commands of the power task. The bus feels neither: both act at the battery, before its diode, and only while the mains are there.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PowerOutputs {
    /// 1: the test load is at the battery; its own timer opens it at last.
    pub test_load: u32,
    /// 1: the charger gives nothing.
    pub hold_charger: u32,
}
