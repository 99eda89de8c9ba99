// SPDX-License-Identifier: Apache-2.0
//! The fault catalogue: what can break in a unit, which alarm it must raise, how soon, and what the system does.
//!
//! # Model
//! One table, [`FAULTS`]. From it come the events `fault` of the scenario format, the invariant `alarm_in_time`, the
//! list `levitas list faults` and the page `docs/faults.md`. What a fault does to the physics is the world's matter
//! ([`levitas_world::Fault`]), to the memory of a unit this program's ([`Broken`]); what an alarm means is the core's
//! ([`levitas_core::mail::fault`]).
//!
//! # Timing
//! The time of an alarm is the end of the period whose step raised it, so one period is the least there is. A fault
//! that is over before its bound demands no alarm.

mod power;
mod warming;

use std::sync::LazyLock;

use levitas_core::arbitration::alarm;
use levitas_core::mail::fault::TABLE;
use levitas_core::schedule::TaskId;
use levitas_world::{CanFault, CanNode, CircuitFault, Fault, WarmingFault};

use crate::installed::Computer;
use crate::key_spec::KeySpec;
use Broken::{Bus, Circuit, Record, World};

/// How soon the alarm must be there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Within {
    /// So long after the fault [s].
    Time(f64),
    /// Before the fault has drifted so far [m].
    Drift(f64),
    /// So long after the supply has fallen below a voltage [s, V].
    Supply(f64, f64),
    /// It depends on how much of it there is: no bound.
    Open,
}

/// What a fault breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Broken {
    /// Something of the plant.
    World(Fault),
    /// A sensor of the circuit.
    Circuit(CircuitFault),
    /// Something of the warming device.
    Warming(WarmingFault),
    /// The copies A and B of the calibration record, before the unit reads them.
    Record([bool; 2]),
    /// The computer of a unit.
    Computer(Computer),
    /// The bus between the units; a node in it stands for the target's.
    Bus(CanFault),
    /// Somebody on the bus forges commands to a unit.
    Forgery {
        /// Frames per second.
        rate_hz: f64,
    },
}

/// A fault of the catalogue.
#[derive(Clone, Debug)]
pub struct FaultSpec {
    /// Value of `fault`.
    pub name: &'static str,
    /// What it does in the world.
    pub doc: &'static str,
    /// Its parameters.
    pub keys: &'static [KeySpec],
    /// Name of the alarm that it must raise, a fault or one of the pair; with [`Within::Open`] any of the alarm table.
    pub alarm: &'static str,
    /// How soon.
    pub within: Within,
    /// What the system does.
    pub reaction: &'static str,
    /// What breaks; the values are in the order of the keys, a name as its index.
    pub make: fn(&[f64]) -> Broken,
}

const ELEMENT: KeySpec = KeySpec::names("element", &["x+", "x-", "y+", "y-"], "which displacement Hall");
const AXIS: KeySpec = KeySpec::names("axis", &["x", "y"], "which axis");
const RAIL: KeySpec = KeySpec::names("rail", &["low", "high"], "rail of the converter that it reads");
const PHASE: KeySpec = KeySpec::names("phase", &["a", "b", "c"], "which motor phase");
/// What one element may have drifted: read with the other of its pair, the rotor has then moved by half of it.
const DRIFT_M: f64 = 100e-6;

const PROBABILITY: KeySpec = KeySpec::numbers("probability", 0.0..=1.0, "share of the frames");
/// Stands for the target's node in a fault of the bus, see [`of_node`].
const TARGET: CanNode = CanNode::Host;

/// Bus voltage from which on the supply counts as sagging [V].
const BUS_SAG_V: f64 = 36.0;

/// Every fault of this stage: of the units, the link and the circuit, then of mains and battery and of the warming device.
pub static FAULTS: LazyLock<Vec<FaultSpec>> =
    LazyLock::new(|| DRIVE_FAULTS.into_iter().chain(power::FAULTS).chain(warming::FAULTS).collect());

const DRIVE_FAULTS: [FaultSpec; 51] = [
    FaultSpec {
        name: "hall_open",
        doc: "The wire of a displacement Hall is open: it reads a rail of the converter.",
        keys: &[ELEMENT, RAIL],
        alarm: "hall_element",
        within: Within::Time(100e-6),
        reaction: "The element is voted out; the axis is read from the other one.",
        make: |v| World(Fault::HallOpen { element: index(v, 0), high: index(v, 1) == 1 }),
    },
    FaultSpec {
        name: "hall_stuck",
        doc: "A displacement Hall repeats its last value to the last bit.",
        keys: &[ELEMENT],
        alarm: "hall_element",
        within: Within::Time(1e-3),
        reaction: "The element is voted out; the axis is read from the other one.",
        make: |v| World(Fault::HallStuck { element: index(v, 0) }),
    },
    FaultSpec {
        name: "hall_noise",
        doc: "A displacement Hall has more noise.",
        keys: &[
            ELEMENT,
            KeySpec::numbers("rms_um", 0.0..=1000.0, "what a reader of that Hall alone sees [um rms]"),
        ],
        alarm: "hall_element",
        within: Within::Time(5e-3),
        reaction: "The element is voted out; the axis is read from the other one.",
        make: |v| World(Fault::HallNoise { element: index(v, 0), rms_m: value(v, 1) / 1e6 }),
    },
    FaultSpec {
        name: "hall_drift",
        doc: "The mid level of a displacement Hall wanders away.",
        keys: &[
            ELEMENT,
            KeySpec::numbers("um_per_s", -1e6..=1e6, "what a reader of that Hall alone sees [um/s]"),
        ],
        alarm: "hall_drift",
        within: Within::Drift(DRIFT_M),
        reaction: "The alarm stands before the rotor has moved by 50 um; the drifting element is voted out.",
        make: |v| World(Fault::HallDrift { element: index(v, 0), m_per_s: value(v, 1) / 1e6 }),
    },
    FaultSpec {
        name: "hall_frozen",
        doc: "Both displacement Halls of a pair repeat their last value to the last bit.",
        keys: &[AXIS],
        alarm: "displacement",
        within: Within::Time(1e-3),
        reaction: "Neither is believed; the observer of the axis runs on its model until a sample is believed again.",
        make: |v| World(Fault::HallFrozen { axis: index(v, 0) }),
    },
    FaultSpec {
        name: "hall_pair_drift",
        doc: "Both displacement Halls of a pair wander away together, as they would if the rotor did.",
        keys: &[
            AXIS,
            KeySpec::numbers("um_per_s", -1e6..=1e6, "drift of the displacement that the pair shows [um/s]"),
        ],
        alarm: "challenged",
        within: Within::Open,
        reaction: "No unit can see it alone: from 50 um on the other unit challenges, and the one whose model fails lets go.",
        make: |v| World(Fault::HallPairDrift { axis: index(v, 0), m_per_s: value(v, 1) / 1e6 }),
    },
    FaultSpec {
        name: "hall_miscalibrated",
        doc: "A pair of displacement Halls shows the displacement times a gain, and an offset more; a gain of 0 is a pair that is deaf and \
              looks alive.",
        keys: &[
            AXIS,
            KeySpec::numbers("gain", -4.0..=4.0, "factor"),
            KeySpec::numbers("offset_um", -1000.0..=1000.0, "offset [um]"),
        ],
        alarm: "challenged",
        within: Within::Open,
        reaction: "From 50 um on the other unit challenges, and the one whose model fails lets go. A deaf pair does not show its own coil's \
            field: its unit lets go as soon as the other one sees the rotor elsewhere.",
        make: |v| {
            World(Fault::HallMiscalibrated {
                axis: index(v, 0),
                gain: value(v, 1),
                offset_m: value(v, 2) / 1e6,
            })
        },
    },
    FaultSpec {
        name: "emi_burst",
        doc: "Interference: independent noise on every analog signal of the unit.",
        keys: &[KeySpec::numbers("rms_um", 0.0..=1000.0, "noise of the displacement of each axis [um rms]")],
        alarm: "interference",
        within: Within::Time(5e-3),
        reaction: "No element is voted out; the displacement is believed less while it lasts.",
        make: |v| World(Fault::EmiBurst { rms_m: value(v, 0) / 1e6 }),
    },
    FaultSpec {
        name: "sample_loss",
        doc: "The converters deliver nothing: no group of samples is valid.",
        keys: &[],
        alarm: "displacement",
        within: Within::Time(100e-6),
        reaction: "All observers run on their models; after 5 ms the gates open.",
        make: |_| World(Fault::SampleLoss),
    },
    FaultSpec {
        name: "samples_frozen",
        doc: "The converters deliver the same samples again and again, and their count stands.",
        keys: &[],
        alarm: "samples_stale",
        within: Within::Time(100e-6),
        reaction: "As for sample_loss.",
        make: |_| World(Fault::SamplesFrozen),
    },
    FaultSpec {
        name: "bus_sensor_loss",
        doc: "The voltage of the supply is not measured.",
        keys: &[],
        alarm: "bus_voltage",
        within: Within::Time(100e-6),
        reaction: "The last voltage that was measured is used.",
        make: |_| World(Fault::BusSensorLoss),
    },
    FaultSpec {
        name: "angle_loss",
        doc: "The wire of an angle Hall is open: it reads a rail of the converter.",
        keys: &[KeySpec::names("channel", &["cosine", "sine"], "which angle Hall"), RAIL],
        alarm: "angle",
        within: Within::Time(2e-3),
        reaction: "Above 800 rpm the angle comes from the back-EMF, below it from the model for a while.",
        make: |v| World(Fault::AngleOpen { channel: index(v, 0), high: index(v, 1) == 1 }),
    },
    FaultSpec {
        name: "angle_stuck",
        doc: "Both angle Halls repeat their last value to the last bit.",
        keys: &[],
        alarm: "angle",
        within: Within::Time(2e-3),
        reaction: "Above 800 rpm the angle comes from the back-EMF, below it from the model for a while.",
        make: |_| World(Fault::AngleStuck),
    },
    FaultSpec {
        name: "current_stuck",
        doc: "A current sensor repeats its last value to the last bit.",
        keys: &[KeySpec::names(
            "channel",
            &["coil_x", "coil_y", "phase_a", "phase_b", "phase_c"],
            "which current",
        )],
        alarm: "current",
        within: Within::Time(2e-3),
        reaction: "The current that the model predicts is used instead.",
        make: |v| World(Fault::CurrentStuck { channel: index(v, 0) }),
    },
    FaultSpec {
        name: "coil_open",
        doc: "A bearing coil is interrupted; it conducts again when the fault is cleared.",
        keys: &[AXIS],
        alarm: "coil_open",
        within: Within::Time(1e-3),
        reaction: "The fault is named at once, for the other unit to take over: this one cannot hold the axis.",
        make: |v| World(Fault::CoilOpen { axis: index(v, 0) }),
    },
    FaultSpec {
        name: "gate_driver_fault",
        doc: "The gate drivers are dead: both bridges stay open, the coils freewheel.",
        keys: &[],
        alarm: "coil_open",
        within: Within::Time(1e-3),
        reaction: "The fault is named at once; when the drivers come back the rotor is caught where it is.",
        make: |_| World(Fault::GateFault),
    },
    FaultSpec {
        name: "phase_open",
        doc: "A motor phase is interrupted; it conducts again when the fault is cleared.",
        keys: &[PHASE],
        alarm: "phase_open",
        within: Within::Time(2e-3),
        reaction: "The rotor stays levitated; the motor runs on with what two phases give, or coasts.",
        make: |v| World(Fault::PhaseOpen { phase: index(v, 0) }),
    },
    FaultSpec {
        name: "phase_short",
        doc: "The terminal of a motor phase lies on the lower rail until the phase gate opens.",
        keys: &[PHASE],
        alarm: "phase_short",
        within: Within::Time(2e-3),
        reaction: "The phase bridge and its isolation switches open, so that nothing brakes the rotor; it stays levitated.",
        make: |v| World(Fault::PhaseShort { phase: index(v, 0) }),
    },
    FaultSpec {
        name: "winding_leak",
        doc: "The insulation between a winding and the stator has failed; no current shows it.",
        keys: &[],
        alarm: "winding",
        within: Within::Open,
        reaction: "Nothing while the unit drives. At rest its test finds it: the unit is not ready, and takes the head only when nobody else does.",
        make: |_| World(Fault::WindingLeak),
    },
    FaultSpec {
        name: "bus_sag",
        doc: "The supply gives this voltage and no more; 0 is a supply that is gone.",
        keys: &[KeySpec::numbers("volt", 0.0..=100.0, "voltage of the supply without load [V]")],
        alarm: "bus_sag",
        within: Within::Supply(100e-6, BUS_SAG_V),
        reaction: "The motor takes less; the rotor stays levitated down to 24 V, with full speed up to 5000 rpm.",
        make: |v| World(Fault::BusSag { bus_v: value(v, 0) }),
    },
    FaultSpec {
        name: "calibration_corrupt",
        doc: "A bit of the calibration record has turned over before the host reads it, at at_s = 0 only, and for good. Without --calibration \
              there is a record beforehand that fits the plant.",
        keys: &[KeySpec::names("copy", &["a", "b", "both"], "which of the two copies")],
        alarm: "calibration",
        within: Within::Time(100e-6),
        reaction: "The other copy is in force, or the values that the drive is built with; the rotor is lifted and held, the alarm stays.",
        make: |v| Record([index(v, 0) != 1, index(v, 0) != 0]),
    },
    FaultSpec {
        name: "power_loss",
        doc: "The electronics of the unit have no power: both bridges open at once, line and link fall silent.",
        keys: &[],
        alarm: "link_lost",
        within: Within::Time(3e-3),
        reaction: "The other unit, if it is ready, drives the head within 0.5 ms and goes on with its settings.",
        make: |_| Broken::Computer(Computer::PowerLoss),
    },
    FaultSpec {
        name: "hang",
        doc: "Every task of the unit stands; the bridges keep their last duty until the monostable of its line falls.",
        keys: &[],
        alarm: "link_lost",
        within: Within::Time(3e-3),
        reaction: "The other unit, if it is ready, drives the head within 0.5 ms of the last PWM update.",
        make: |_| Broken::Computer(Computer::Hang),
    },
    FaultSpec {
        name: "thread_stall",
        doc: "The levitation task of the unit stands, the others go on; the bridges keep their last duty until the monostable falls.",
        keys: &[],
        alarm: "link_lost",
        within: Within::Time(4e-3),
        reaction: "As for hang. The link task sends no more fast frames, so that nobody is told that this unit drives.",
        make: |_| Broken::Computer(Computer::Stall(TaskId::Levitation)),
    },
    FaultSpec {
        name: "link_stall",
        doc: "The link task of the unit stands, the others go on.",
        keys: &[],
        alarm: "link_lost",
        within: Within::Time(4e-3),
        reaction: "An alarm and no takeover: the drive line tells who drives. The unit itself says link_silent.",
        make: |_| Broken::Computer(Computer::Stall(TaskId::Link)),
    },
    FaultSpec {
        name: "speed_stall",
        doc: "The speed task of the unit stands, the others go on.",
        keys: &[],
        alarm: "speed_task_silent",
        within: Within::Time(0.02),
        reaction: "Levitation holds the last speed itself.",
        make: |_| Broken::Computer(Computer::Stall(TaskId::Speed)),
    },
    FaultSpec {
        name: "circulation_stall",
        doc: "The circulation task of the unit stands, the others go on.",
        keys: &[],
        alarm: "circulation_silent",
        within: Within::Open,
        reaction: "The last speed is held, no limit is watched; a high alarm after 60 ms ([alarms.md](alarms.md)).",
        make: |_| Broken::Computer(Computer::Stall(TaskId::Circulation)),
    },
    FaultSpec {
        name: "supervisor_stall",
        doc: "The supervisor of the unit stands, the others go on.",
        keys: &[],
        alarm: "supervisor_silent",
        within: Within::Time(0.2),
        reaction: "What was asked for last stands: mode, limits and speed go on, no command is taken.",
        make: |_| Broken::Computer(Computer::Stall(TaskId::Supervisor)),
    },
    FaultSpec {
        name: "alarm_stall",
        doc: "The alarm task of the unit stands, the others go on.",
        keys: &[],
        alarm: "alarm_silent",
        within: Within::Time(0.4),
        reaction: "The supervisor sounds and lights a high alarm in its place; the other unit says alarm_silent. No drill meanwhile.",
        make: |_| Broken::Computer(Computer::Stall(TaskId::Alarm)),
    },
    FaultSpec {
        name: "reboot",
        doc: "The unit is reset, not by its supply: its outputs are off, then the tasks begin anew with what the retained RAM says.",
        keys: &[KeySpec::numbers("boot_s", 0.001..=10.0, "until the tasks run [s]")],
        alarm: "link_lost",
        within: Within::Time(3e-3),
        reaction: "The other unit, if it is ready, drives the head; this one comes back as its backup. Alone, it lifts the rotor again and goes on with its therapy, with the alarm restarted.",
        make: |v| Broken::Computer(Computer::Reboot { boot_s: value(v, 0) }),
    },
    FaultSpec {
        name: "can_break",
        doc: "The unit's cable of the link is cut: it hears nothing, and nobody hears it.",
        keys: &[],
        alarm: "link_lost",
        within: Within::Time(3e-3),
        reaction: "An alarm and no takeover: the drive line tells who drives.",
        make: |_| Bus(CanFault::Break { node: TARGET }),
    },
    FaultSpec {
        name: "can_errors",
        doc: "Interference destroys frames on the bus; they are sent again.",
        keys: &[PROBABILITY],
        alarm: "link_lost",
        within: Within::Open,
        reaction: "Frames come late or not; an alarm when three in a row are missing, and no takeover.",
        make: |v| Bus(CanFault::Errors { probability: value(v, 0) }),
    },
    FaultSpec {
        name: "can_loss",
        doc: "The unit's driver loses good frames.",
        keys: &[PROBABILITY],
        alarm: "link_lost",
        within: Within::Open,
        reaction: "An alarm when three in a row are missing, and no takeover.",
        make: |v| Bus(CanFault::Loss { node: TARGET, probability: value(v, 0) }),
    },
    FaultSpec {
        name: "can_babble",
        doc: "The unit's controller sends frames of the highest priority without end.",
        keys: &[KeySpec::numbers("share", 0.0..=1.0, "share of the bus that they take")],
        alarm: "link_lost",
        within: Within::Open,
        reaction: "The link is silent when there is no room left: an alarm, and no takeover.",
        make: |v| Bus(CanFault::Babble { node: TARGET, share: value(v, 0) }),
    },
    FaultSpec {
        name: "can_delay",
        doc: "The unit gets its frames later.",
        keys: &[KeySpec::numbers("ms", 0.0..=10.0, "how much later [ms]")],
        alarm: "link_lost",
        within: Within::Open,
        reaction: "Frames that are too old by their echo are no news: beyond 1.5 ms an alarm, and no takeover.",
        make: |v| Bus(CanFault::Delay { node: TARGET, delay_s: value(v, 0) / 1e3 }),
    },
    FaultSpec {
        name: "can_replay",
        doc: "A stranger on the bus sends again what it has heard.",
        keys: &[
            KeySpec::numbers("age_s", 0.0..=0.03, "age of the frames [s]"),
            KeySpec::numbers("rate_hz", 0.0..=2000.0, "frames per second"),
        ],
        alarm: "link_lost",
        within: Within::Open,
        reaction: "Frames that come twice are no news; nothing happens.",
        make: |v| Bus(CanFault::Replay { delay_s: value(v, 0), rate_hz: value(v, 1) }),
    },
    FaultSpec {
        name: "can_forgery",
        doc: "A stranger on the bus sends commands to the unit, and status frames to it, that are forged, recorded, late, cut, damaged, \
              under another id or of another version.",
        keys: &[KeySpec::numbers("rate_hz", 100.0..=4000.0, "frames per second")],
        alarm: "commands_refused",
        within: Within::Time(0.2),
        reaction: "Each is counted and logged, none is carried out; the drive goes on.",
        make: |v| Broken::Forgery { rate_hz: value(v, 0) },
    },
    FaultSpec {
        name: "line_cut",
        doc: "The cable of the unit's drive line is cut: the other unit sees no current.",
        keys: &[],
        alarm: "line_broken",
        within: Within::Time(1e-3),
        reaction: "An alarm and no takeover: the link tells who drives.",
        make: |_| World(Fault::LineCut),
    },
    FaultSpec {
        name: "line_stuck",
        doc: "The unit's drive line stands still at one level, high or low: the other unit reads released.",
        keys: &[],
        alarm: "both_drive",
        within: Within::Time(2e-3),
        reaction: "The other unit takes the head; both drive for a few milliseconds until the host yields.",
        make: |_| World(Fault::LineStuck),
    },
    FaultSpec {
        name: "flow_meter_loss",
        doc: "The flow meter does not answer; target flow.",
        keys: &[],
        alarm: "flow_meter",
        within: Within::Time(1.0),
        reaction: "The last flow stands for 50 ms, then it is marked.",
        make: |_| Circuit(CircuitFault::FlowLoss),
    },
    FaultSpec {
        name: "flow_meter_bias",
        doc: "The flow meter reads too much or too little by a share of the flow; target flow.",
        keys: &[KeySpec::numbers("share", -0.9..=1.0, "share of the flow that it reads too much")],
        alarm: "flow_meter",
        within: Within::Open,
        reaction: "The meter alone cannot see it.",
        make: |v| Circuit(CircuitFault::FlowBias { share: value(v, 0) }),
    },
    FaultSpec {
        name: "flow_meter_frozen",
        doc: "The flow meter delivers its last shots again and again; target flow.",
        keys: &[],
        alarm: "flow_meter",
        within: Within::Time(1.0),
        reaction: "As for flow_meter_loss.",
        make: |_| Circuit(CircuitFault::FlowFrozen),
    },
    FaultSpec {
        name: "flow_meter_spikes",
        doc: "Some of the shots of the flow meter are wild; target flow.",
        keys: &[
            KeySpec::numbers("probability", 0.0..=1.0, "share of the shots"),
            KeySpec::numbers(
                "ns",
                0.0..=1000.0,
                "how much longer or shorter the time against the flow is [ns]",
            ),
        ],
        alarm: "flow_meter",
        within: Within::Open,
        reaction: "Shots that are 1.5 L/min or more off are left out; where they are half of all, the flow is marked.",
        make: |v| Circuit(CircuitFault::FlowSpikes { probability: value(v, 0), ns: value(v, 1) }),
    },
    FaultSpec {
        name: "flow_meter_nan",
        doc: "Times and amplitude of the flow meter are no numbers; target flow.",
        keys: &[],
        alarm: "flow_meter",
        within: Within::Time(1.0),
        reaction: "As for flow_meter_loss; it is no air.",
        make: |_| Circuit(CircuitFault::FlowNan),
    },
    FaultSpec {
        name: "bubble_sensor_loss",
        doc: "The amplitude of the ultrasound repeats its last value to the last bit; target flow.",
        keys: &[],
        alarm: "bubble_sensor",
        within: Within::Time(1.0),
        reaction: "The flow is read on; bubbles cannot be seen, and it says so.",
        make: |_| Circuit(CircuitFault::BubbleLoss),
    },
    FaultSpec {
        name: "pressure_loss",
        doc: "A pressure sensor does not answer; target drainage, pre_membrane or return.",
        keys: &[],
        alarm: "pressure_sensor",
        within: Within::Time(1.0),
        reaction: "That pressure keeps its last value for 50 ms and is marked then; the others are believed on.",
        make: |_| Circuit(CircuitFault::PressureLoss),
    },
    FaultSpec {
        name: "pressure_drift",
        doc: "The zero of a pressure sensor wanders away; target drainage, pre_membrane or return.",
        keys: &[KeySpec::numbers("mmhg_per_s", -100.0..=100.0, "how fast [mmHg/s]")],
        alarm: "pressure_sensor",
        within: Within::Open,
        reaction: "Against the other two and the pump it is named from 30 mmHg on, after 3 s; a return sensor that falls looks like a clot.",
        make: |v| Circuit(CircuitFault::PressureDrift { mmhg_per_s: value(v, 0) }),
    },
    FaultSpec {
        name: "pressure_frozen",
        doc: "A pressure sensor delivers its last sample again and again; target drainage, pre_membrane or return.",
        keys: &[],
        alarm: "pressure_sensor",
        within: Within::Time(1.0),
        reaction: "That pressure is marked after 250 ms; the others are believed on.",
        make: |_| Circuit(CircuitFault::PressureFrozen),
    },
    FaultSpec {
        name: "pressure_spikes",
        doc: "Some samples of a pressure sensor are wild; target drainage, pre_membrane or return.",
        keys: &[
            KeySpec::numbers("probability", 0.0..=1.0, "share of the samples"),
            KeySpec::numbers("mmhg", 0.0..=2000.0, "how much higher or lower they are [mmHg]"),
        ],
        alarm: "pressure_sensor",
        within: Within::Open,
        reaction: "Samples that are 100 mmHg or more off are left out; one after the other that do not agree, or no good one for 50 ms: the pressure is marked.",
        make: |v| Circuit(CircuitFault::PressureSpikes { probability: value(v, 0), mmhg: value(v, 1) }),
    },
    FaultSpec {
        name: "pressure_nan",
        doc: "A pressure sensor delivers no number; target drainage, pre_membrane or return.",
        keys: &[],
        alarm: "pressure_sensor",
        within: Within::Time(1.0),
        reaction: "As for pressure_loss.",
        make: |_| Circuit(CircuitFault::PressureNan),
    },
    FaultSpec {
        name: "pressure_exchanged",
        doc: "The sensors of drainage and return are exchanged; target drainage or return.",
        keys: &[],
        alarm: "pressure_sensor",
        within: Within::Open,
        reaction: "Both are marked a second after the pump makes 50 mmHg; the one before the membrane lung stands in for the return pressure.",
        make: |_| Circuit(CircuitFault::PressuresExchanged),
    },
];

/// A fault of a device beside the pump, which the alarm task finds.
const fn of_device(
    name: &'static str,
    doc: &'static str,
    keys: &'static [KeySpec],
    alarm: &'static str,
    reaction: &'static str,
    make: fn(&[f64]) -> Broken,
) -> FaultSpec {
    FaultSpec { name, doc, keys, alarm, within: Within::Open, reaction, make }
}

fn value(values: &[f64], index: usize) -> f64 {
    values.get(index).copied().unwrap_or(0.0)
}

/// A name's index, as [`KeySpec::read`] gives it.
fn index(values: &[f64], index: usize) -> usize {
    value(values, index) as usize
}

/// A fault of the bus at a node.
#[must_use]
pub const fn of_node(fault: CanFault, node: CanNode) -> CanFault {
    match fault {
        CanFault::Break { .. } => CanFault::Break { node },
        CanFault::Loss { probability, .. } => CanFault::Loss { node, probability },
        CanFault::Babble { share, .. } => CanFault::Babble { node, share },
        CanFault::Delay { delay_s, .. } => CanFault::Delay { node, delay_s },
        CanFault::Errors { .. } | CanFault::Replay { .. } => fault,
    }
}

/// Both kinds of alarms as one set of bits: faults of a unit, above them the alarms of the pair.
#[must_use]
pub const fn all_alarms(faults: u32, pair_alarms: u32) -> u64 {
    faults as u64 | (pair_alarms as u64) << 32
}

/// The bit of an alarm in [`all_alarms`]; 0 for a name that is none.
#[must_use]
pub fn alarm_bit(name: &str) -> u64 {
    let fault = TABLE.iter().find(|(_, alarm, _)| *alarm == name).map_or(0, |(bit, ..)| *bit);
    let pair = alarm::TABLE.iter().find(|(_, alarm, _)| *alarm == name).map_or(0, |(bit, ..)| *bit);
    all_alarms(fault, pair)
}

/// The name of an alarm by its bit in [`all_alarms`].
#[must_use]
pub fn alarm_name(bit: u64) -> &'static str {
    let mut names = TABLE.iter().chain(alarm::TABLE).map(|(_, name, _)| *name);
    names.find(|name| alarm_bit(name) == bit).unwrap_or("")
}

impl FaultSpec {
    /// Time from the fault in which its alarm must rise [s].
    #[must_use]
    pub fn within_s(&self, broken: &Broken) -> f64 {
        match (self.within, broken) {
            (Within::Drift(drift_m), World(Fault::HallDrift { m_per_s, .. })) => drift_m / m_per_s.abs(),
            (Within::Drift(_) | Within::Open, _) => f64::INFINITY,
            (Within::Time(time_s) | Within::Supply(time_s, _), _) => time_s,
        }
    }

    /// Bus voltage below which that time begins [V]; infinite when it begins with the fault.
    #[must_use]
    pub fn below_bus_v(&self) -> f64 {
        match self.within {
            Within::Supply(_, bus_v) => bus_v,
            Within::Time(_) | Within::Drift(_) | Within::Open => f64::INFINITY,
        }
    }

    /// The bound for people.
    #[must_use]
    pub fn within_text(&self) -> String {
        match self.within {
            Within::Time(time_s) => format!("{} ms", crate::metrics::rounded(time_s * 1e3, 3)),
            Within::Open => "-".to_owned(),
            Within::Supply(time_s, bus_v) => {
                format!("{} ms after the bus is below {bus_v} V", crate::metrics::rounded(time_s * 1e3, 3))
            }
            Within::Drift(drift_m) => format!("before {} um", crate::metrics::rounded(drift_m * 1e6, 3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use levitas_core::alarms::ALARMS;

    use super::*;

    #[test]
    fn every_fault_is_one_of_the_worlds_and_has_an_alarm_of_the_core() {
        for (position, spec) in FAULTS.iter().enumerate() {
            assert!(FAULTS[..position].iter().all(|other| other.name != spec.name));
            // What the alarm task alone finds has no bit, and is judged by what the units show.
            let is_shown = spec.within == Within::Open && ALARMS.iter().any(|alarm| alarm.name == spec.alarm);
            assert!(alarm_bit(spec.alarm) != 0 || is_shown, "{}", spec.name);
            let ends = [KeySpec::first, KeySpec::last];
            for values in ends.map(|end| spec.keys.iter().map(end).collect::<Vec<f64>>()) {
                let broken = (spec.make)(&values);
                assert!(
                    match broken {
                        World(fault) => fault.check().is_ok(),
                        Circuit(fault) => fault.check().is_ok(),
                        Record(copies) => copies != [false; 2],
                        Broken::Warming(fault) => fault.check().is_ok(),
                        Bus(fault) => of_node(fault, CanNode::Drive).check().is_ok(),
                        Broken::Computer(_) | Broken::Forgery { .. } => true,
                    },
                    "{}: {broken:?}",
                    spec.name
                );
                assert!(spec.within_s(&broken) > 0.0);
            }
        }
        let drift = World(Fault::HallDrift { element: 0, m_per_s: -1e-3 });
        assert!((FAULTS[3].within_s(&drift) - 0.1).abs() < 1e-12);
    }
}
