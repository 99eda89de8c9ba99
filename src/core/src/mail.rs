// SPDX-License-Identifier: Apache-2.0
//! What the tasks of one unit tell each other: one latest-value snapshot per writer.
//!
//! | mailbox | written by | read by |
//! |---|---|---|
//! | `levitation` | levitation task | link, speed, supervisor, shell |
//! | `peer` | link task | levitation, supervisor, circulation |
//! | `peer_therapy` | link task | supervisor, circulation |
//! | `remote_command` | link task, one command at a time | supervisor |
//! | `link` | link task, every millisecond | supervisor, shell, simulator |
//! | `speed` | speed task | levitation |
//! | `orbit` | speed task, once a second | who looks after the bearing: shell, simulator |
//! | `circulation` | circulation task | speed, link, shell; supervisor |
//! | `circuit_order` | whoever works at the sensors, one order at a time | circulation, supervisor |
//! | `supervisor` | supervisor task | levitation, link, circulation, shell |
//! | `therapy` | supervisor task | circulation, link, shell; itself, after a restart |
//! | `command` | the operator: shell or scenario, one command at a time | supervisor |
//! | `probe_request` | one of sensitivity, commissioning, shell at a time | levitation |
//! | `probe_result` | levitation task | who asked |
//! | `warming` | warming task | alarm, shell |
//! | `warming_order` | the operator: shell or scenario | warming |
//! | `cut_out` | cut-out task, which reads none | warming, shell |
//! | `power` | power task | alarm, supervisor, link, shell |
//! | `power_order` | the operator: shell or scenario | power |
//! | `peer_power` | link task | alarm, supervisor, shell |
//! | `self_test` | supervisor task | shell, simulator; itself, after a restart |
//! | `priming` | supervisor task | shell, simulator; itself, after a restart |
//! | `commissioning` | supervisor task | shell, storage of the calibration record |

use crate::alarms::{ALARM_ORDER_WORDS, ALARM_WORDS};
use crate::circulation::therapy::THERAPY_WORDS;
use crate::code::from_code;
use crate::commissioning::COMMISSIONING_WORDS;
use crate::health::orbit::ORBIT_WORDS;
use crate::link::{LINK_WORDS, PEER_THERAPY_WORDS, PEER_WORDS, REMOTE_COMMAND_WORDS};
use crate::mailbox::Mailbox;
use crate::power::messages::{POWER_ORDER_WORDS, POWER_WORDS};
use crate::power::told::POWER_TOLD_WORDS;
use crate::priming::PRIMING_WORDS;
use crate::probe::{PROBE_REQUEST_WORDS, PROBE_RESULT_WORDS};
use crate::retained::RETAINED_WORDS;
use crate::self_test::SELF_TEST_WORDS;
use crate::warming::messages::{CUT_OUT_WORDS, WARMING_ORDER_WORDS, WARMING_WORDS};

/// State of the bearing; the transitions are drawn in [`crate::bearing`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum BearingState {
    /// Coils open.
    #[default]
    Off = 0,
    /// On the way from where the rotor lay to the centre.
    LiftOff = 1,
    /// Held at the centre.
    Levitated = 2,
    /// On the way down, deliberately.
    Landing = 3,
    /// The rotor touched although it was to be held; it is on its way back, or waits for a displacement sample.
    Touchdown = 4,
    /// Not held: the coils carry the currents that the probe asks for.
    Service = 5,
}

/// What the supervisor asks of the bearing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum LevitateRequest {
    /// Coils open, as after power-up.
    #[default]
    Off = 0,
    /// Lift off and hold.
    Levitate = 1,
    /// Set the rotor down, then open the coils.
    Land = 2,
    /// Leave the rotor where it lies and carry the currents that the probe asks for; from `Off` only.
    Service = 3,
}

/// State of the unit as the operator sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum UnitState {
    /// Nothing energised.
    #[default]
    Standby = 0,
    /// Lift-off in progress.
    LiftingOff = 1,
    /// Levitated, speed set-points are taken.
    Operating = 2,
    /// Speed ramps to zero, then the rotor is set down.
    Landing = 3,
    /// Rotor lying at the wall, coils given to the probe; no therapy.
    Service = 4,
    /// Commissioning, at the wall or levitated; the motor turns only as the probe wants. No therapy.
    Commissioning = 5,
}

impl BearingState {
    /// As logs spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::LiftOff => "lift_off",
            Self::Levitated => "levitated",
            Self::Landing => "landing",
            Self::Touchdown => "touchdown",
            Self::Service => "service",
        }
    }
}

impl UnitState {
    /// As logs spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standby => "standby",
            Self::LiftingOff => "lifting_off",
            Self::Operating => "operating",
            Self::Landing => "landing",
            Self::Service => "service",
            Self::Commissioning => "commissioning",
        }
    }
}

from_code!(BearingState: u32 { Off, LiftOff, Levitated, Landing, Touchdown, Service });
from_code!(LevitateRequest: u32 { Off, Levitate, Land, Service });
from_code!(UnitState: u32 { Standby, LiftingOff, Operating, Landing, Service, Commissioning });

/// Bearing bits of `LevitationMail::limits`: what saturates now. Bits 0 to 15 are in [`crate::motor::limits`].
pub mod limit {
    /// A coil voltage is at the bus voltage.
    pub const COIL_VOLTAGE: u32 = 1 << 16;
    /// A coil current reference is at its limit.
    pub const COIL_CURRENT: u32 = 1 << 17;
}

/// Bits of `LevitationMail::faults`, what the levitation task does not believe, or cannot do, now; the last ones are bits of
/// [`crate::link::LinkMail::alarms`], [`CirculationMail::alarms`] and [`SupervisorMail::alarms`].
pub mod fault {
    crate::code::bit_table! {
        0 DISPLACEMENT "displacement" "A displacement axis has no believable element; its observer runs on the model.";
        1 ANGLE "angle" "The angle Halls are not trusted; the angle observer runs on its model.";
        2 CURRENT "current" "A coil or phase current is invalid or not what the model expects; the prediction is used instead.";
        3 BUS_VOLTAGE "bus_voltage" "The bus voltage is invalid; the last good one is used.";
        4 SPEED_TASK_SILENT "speed_task_silent" "The speed task is silent; the last speed is held.";
        5 SUPERVISOR_SILENT "supervisor_silent" "The supervisor is silent or says what does not exist; its last request stands.";
        6 SAMPLES_STALE "samples_stale" "The sample counter stands still: nothing that the drivers show is new.";
        7 BEARING_OVERLOAD "bearing_overload" "A coil has been at its limit for long: more force than the bearing has.";
        8 HALL_ELEMENT "hall_element" "One element of a displacement pair is voted out: open, railed, stuck or noisy.";
        9 HALL_DRIFT "hall_drift" "The two elements of a displacement pair drift apart.";
        10 INTERFERENCE "interference" "All displacement elements are noisy at once: interference.";
        11 COIL_OPEN "coil_open" "A coil does not carry the current that its voltage must cause.";
        12 PHASE_OPEN "phase_open" "A motor phase does not carry the current that its voltage must cause, or the motor's gate driver reports a fault or does not answer as it should.";
        13 PHASE_SHORT "phase_short" "A motor phase carries a current that its voltage does not explain; the phase bridge is open.";
        14 SENSORLESS "sensorless" "The rotor angle comes from the back-EMF, for want of angle Halls.";
        15 OVERSPEED "overspeed" "The rotor turns faster than it may.";
        16 STALL "stall" "The rotor does not turn although the motor pulls.";
        17 TOUCHDOWN "touchdown" "The rotor touched although it was to be held; the speed is reduced until it is held again.";
        18 BEARING_LOST "bearing_lost" "The bearing of this unit cannot hold the rotor; the other unit should.";
        19 CALIBRATION "calibration" "A copy of the calibration record was refused; the other copy or the defaults are in force.";
        20 BUS_SAG "bus_sag" "The supply sags: the motor takes less, the bearing what it needs.";
        21 COMMANDS_REFUSED "commands_refused" "Commands of the link are refused again and again: somebody has a wrong key, or attacks.";
        22 PROTOCOL_VERSION "protocol_version" "The other unit, or a tool, speaks another version of the protocol.";
        23 FLOW_METER "flow_meter" "The flow meter is not to be believed: the flow is estimated from speed and torque where they are known.";
        24 PRESSURE_SENSOR "pressure_sensor" "A pressure of the circuit is not to be believed: missing, frozen, wild, drifting or exchanged.";
        25 BUBBLE_SENSOR "bubble_sensor" "The flow meter cannot see bubbles.";
        26 THERAPY_LOST "therapy_lost" "The head has come to a unit that does not know the therapy: the speed that the rotor had is held until a mode is set.";
        27 RESTARTED "restarted" "This unit was reset while it drove, and holds the rotor again: meanwhile nobody did, and it may have rubbed on the wall.";
        28 SELF_TEST "self_test" "The self-test after power-up has found something; with some of it the unit is out of the pair.";
        29 WINDING "winding" "A resting coil or phase does not pass its test current, or leaks to the stator.";
        30 SETTINGS "settings" "Stored limits and settings could not be read: in force are a new unit's, or what a reset or the other unit gave back; none is kept over a power-off.";
        31 ALARM_SILENT "alarm_silent" "The alarm task of a unit does not run: its alarms are neither listed nor ranked; its supervisor sounds and lights in its place, and the other unit tells it.";
    }
}

snapshot! {
    /// What the levitation task knows and does.
    pub struct LevitationMail [LEVITATION_WORDS] {
        /// A [`BearingState`].
        pub state: u32,
        /// Displacement x, what is added for the notch taken off [m].
        pub displacement_x_m: f32,
        /// Displacement y, likewise [m].
        pub displacement_y_m: f32,
        /// Coil current x, the last one that was believed [A].
        pub coil_current_x_a: f32,
        /// Coil current y, likewise [A].
        pub coil_current_y_a: f32,
        /// Coil current x, mean over 0.25 ms: what the other unit is told at 2 kHz without folding the noise of 20 kHz [A].
        pub coil_current_mean_x_a: f32,
        /// Coil current y, likewise [A].
        pub coil_current_mean_y_a: f32,
        /// Amplitude of the coil current that turns with the rotor, the larger one of both axes [A].
        pub synchronous_current_a: f32,
        /// Mechanical rotor angle, estimated [rad].
        pub rotor_angle_rad: f32,
        /// Rotor speed, estimated [rad/s].
        pub rotor_speed_rad_per_s: f32,
        /// Measured current in the q axis [A].
        pub torque_current_a: f32,
        /// Load torque, estimated [N.m].
        pub load_torque_n_m: f32,
        /// Bus voltage [V].
        pub bus_voltage_v: f32,
        /// Touchdowns since power-up.
        pub touchdown_count: u32,
        /// Triggers that were missed since power-up.
        pub missed_samples: u32,
        /// Bits of [`limit`] and of [`crate::motor::limits`].
        pub limits: u32,
        /// Bits of [`fault`].
        pub faults: u32,
        /// Those of the last 10 to 20 ms.
        pub recent_faults: u32,
        /// Current of phase A, as measured [A].
        pub phase_current_a_a: f32,
        /// Current of phase B, as measured [A].
        pub phase_current_b_a: f32,
        /// What this unit says of itself: bits of a [`crate::link::PeerReport`].
        pub report: u32,
        /// Bits of [`crate::arbitration::alarm`].
        pub pair_alarms: u32,
        /// Code of a [`crate::arbitration::Isolation`]; 0: the unit is not isolated.
        pub isolation: u32,
        /// Number of the last order to the pair that was looked at to the end.
        pub order_number: u32,
        /// 0: it was carried out; else the code of a [`crate::arbitration::Refusal`].
        pub order_result: u32,
        /// The test of the resting windings has run since power-up: [`fault::WINDING`] says what it has found.
        pub windings_tested: bool,
    }
}

snapshot! {
    /// What the speed task asks of the motor.
    pub struct SpeedMail [SPEED_WORDS] {
        /// Reference of the q-axis current [A].
        pub torque_current_reference_a: f32,
        /// Reference of the d-axis current, which makes no torque [A].
        pub flux_current_reference_a: f32,
        /// The motor may be energised: the rotor is held. What else keeps the bridge open the motor knows itself.
        pub motor_enable: bool,
        /// The slewed speed reference [rad/s].
        pub speed_reference_rad_per_s: f32,
        /// Bits of [`crate::motor::limits`]: what holds the speed back.
        pub limits: u32,
    }
}

snapshot! {
    /// What the circulation task measures and asks for.
    pub struct CirculationMail [CIRCULATION_WORDS] {
        /// Speed set-point [rpm].
        pub speed_setpoint_rpm: f32,
        /// The [`crate::circulation::therapy::Mode`] in force: the operator's, or zero flow where an intervention holds it.
        pub mode: u32,
        /// Flow that is followed [L/min]; not a number when none is.
        pub flow_target_lpm: f32,
        /// Bits of [`crate::circulation::conditions`].
        pub conditions: u32,
        /// The largest flow that pump and limits give now, as far as is known [L/min].
        pub flow_lpm_max: f32,
        /// Lid that suction has put on the speed; 0: none [rpm].
        pub suction_lid_rpm: f32,
        /// Time since its dip began [ms].
        pub suction_lid_age_ms: u32,
        /// Blood flow, positive toward the return cannula [L/min].
        pub flow_lpm: f32,
        /// The flow is to be believed.
        pub flow_valid: bool,
        /// Flow by speed and torque [L/min].
        pub flow_estimate_lpm: f32,
        /// Its standard deviation [L/min].
        pub flow_estimate_sd_lpm: f32,
        /// Share of good shots of the meter, 0 to 1.
        pub flow_quality: f32,
        /// Code of a [`crate::circulation::flow_meter::Fluid`].
        pub fluid: u32,
        /// Trend of the haematocrit [%]; not a number when it is not known.
        pub haematocrit_pct: f32,
        /// Bubbles can be seen.
        pub bubbles_valid: bool,
        /// Bubbles since power-up.
        pub bubble_count: u32,
        /// Size of the last one [mL].
        pub bubble_ml: f32,
        /// Air of bubbles that has passed in this period [mL].
        pub air_ml: f32,
        /// Drainage pressure [mmHg].
        pub drainage_pressure_mmhg: f32,
        /// Bits of [`crate::circulation::pressures::trouble`]; 0: it is to be believed.
        pub drainage_trouble: u32,
        /// Pre-membrane pressure [mmHg].
        pub pre_membrane_pressure_mmhg: f32,
        /// Likewise.
        pub pre_membrane_trouble: u32,
        /// Return pressure [mmHg].
        pub return_pressure_mmhg: f32,
        /// Likewise.
        pub return_trouble: u32,
        /// All three pressures are to be believed.
        pub pressures_valid: bool,
        /// Resistance of the membrane lung [mmHg/(L/min)]; not a number when it is not known, likewise the next three.
        pub lung_mmhg_per_lpm: f32,
        /// It over that of the lung's first minute [1]: over 1 is a clot.
        pub lung_ratio: f32,
        /// Resistance of drainage cannula and tube over that of the last minutes [1]: over 1 is a kink, or suction.
        pub drainage_cannula_ratio: f32,
        /// The same of return tube and cannula [1].
        pub return_cannula_ratio: f32,
        /// Shear index of [`crate::circulation::exposure`], no measurement [1]; not a number when it is not known, likewise the next.
        pub shear_index: f32,
        /// Heat index [min/h].
        pub heat_index_min_per_h: f32,
        /// Bits of [`fault`]: alarms of the circuit's sensors.
        pub alarms: u32,
        /// Number of the last order that was looked at.
        pub order_number: u32,
        /// Code of a [`crate::circulation::sensing::OrderResult`].
        pub order_result: u32,
        /// Heart beats that were found since power-up; wraps.
        pub beat_count: u32,
        /// Age of the R wave of the last one when it was found [ms].
        pub beat_age_ms: f32,
        /// Pulses of the speed that the heart has timed since power-up; wraps.
        pub pulse_count: u32,
        /// From the R wave to the last of them, as meant [ms].
        pub pulse_delay_ms: f32,
    }
}

snapshot! {
    /// What is done to the circuit's sensors, each order once, when its number is new.
    pub struct CircuitOrderMail [CIRCUIT_ORDER_WORDS] {
        /// Counts the orders.
        pub number: u32,
        /// Code of a [`crate::circulation::sensing::CircuitOrder`].
        pub kind: u32,
        /// What goes with it.
        pub value: f32,
    }
}

snapshot! {
    /// What the supervisor has decided.
    pub struct SupervisorMail [SUPERVISOR_WORDS] {
        /// A [`UnitState`].
        pub state: u32,
        /// A [`LevitateRequest`].
        pub levitate: u32,
        /// Counts the orders to the pair; each is carried out once, when its number is new.
        pub order_number: u32,
        /// Code of a [`crate::arbitration::Order`].
        pub order: u32,
        /// Operator's speed set-point [rpm].
        pub speed_setpoint_rpm: f32,
        /// Number of the last command that was looked at.
        pub command_number: u32,
        /// 0: it was accepted; else the code of a [`crate::task::supervisor::Refusal`].
        pub command_result: u32,
        /// Sequence of the last command of the link that was looked at.
        pub remote_number: u32,
        /// Its result, likewise.
        pub remote_result: u32,
        /// Bits of [`fault`] that the supervisor raises.
        pub alarms: u32,
        /// A [`crate::task::supervisor::SupervisorState`]: the state as people name it.
        pub named_state: u32,
    }
}

snapshot! {
    /// A command of the operator.
    pub struct CommandMail [COMMAND_WORDS] {
        /// Counts commands; a command is carried out once, when its number is new.
        pub number: u32,
        /// A [`crate::task::supervisor::Command`]'s code.
        pub kind: u32,
        /// Its argument.
        pub value: f32,
    }
}

/// All mailboxes of one unit; a `static` on the chip.
#[derive(Clone, Debug, Default)]
pub struct Mailboxes {
    /// From the levitation task.
    pub levitation: Mailbox<LEVITATION_WORDS>,
    /// The other unit, from the link task.
    pub peer: Mailbox<PEER_WORDS>,
    /// What of its therapy carries over, from the link task.
    pub peer_therapy: Mailbox<PEER_THERAPY_WORDS>,
    /// What the link asks for, from the link task.
    pub remote_command: Mailbox<REMOTE_COMMAND_WORDS>,
    /// From the link task.
    pub link: Mailbox<LINK_WORDS>,
    /// From the speed task.
    pub speed: Mailbox<SPEED_WORDS>,
    /// Orbit of the rotor, from the speed task.
    pub orbit: Mailbox<ORBIT_WORDS>,
    /// From the circulation task.
    pub circulation: Mailbox<CIRCULATION_WORDS>,
    /// To the circulation task: what is done to its sensors.
    pub circuit_order: Mailbox<CIRCUIT_ORDER_WORDS>,
    /// From the supervisor task.
    pub supervisor: Mailbox<SUPERVISOR_WORDS>,
    /// What the operator wants of the circulation, from the supervisor task.
    pub therapy: Mailbox<THERAPY_WORDS>,
    /// What is kept over a reset, from the supervisor task.
    pub retained: Mailbox<RETAINED_WORDS>,
    /// From the operator.
    pub command: Mailbox<COMMAND_WORDS>,
    /// What is shown, heard and lit, from the alarm task.
    pub alarm: Mailbox<ALARM_WORDS>,
    /// To the alarm task, from the operator.
    pub alarm_order: Mailbox<ALARM_ORDER_WORDS>,
    /// From the warming task.
    pub warming: Mailbox<WARMING_WORDS>,
    /// To the warming task, from the operator.
    pub warming_order: Mailbox<WARMING_ORDER_WORDS>,
    /// From the cut-out task.
    pub cut_out: Mailbox<CUT_OUT_WORDS>,
    /// From the power task.
    pub power: Mailbox<POWER_WORDS>,
    /// To the power task, from the operator.
    pub power_order: Mailbox<POWER_ORDER_WORDS>,
    /// Mains and battery of the other unit, from the link task.
    pub peer_power: Mailbox<POWER_TOLD_WORDS>,
    /// To the probe.
    pub probe_request: Mailbox<PROBE_REQUEST_WORDS>,
    /// From the probe.
    pub probe_result: Mailbox<PROBE_RESULT_WORDS>,
    /// From the guide for priming.
    pub priming: Mailbox<PRIMING_WORDS>,
    /// From commissioning.
    pub commissioning: Mailbox<COMMISSIONING_WORDS>,
    /// From the self-test.
    pub self_test: Mailbox<SELF_TEST_WORDS>,
}

impl Mailboxes {
    /// Empty mailboxes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            levitation: Mailbox::new(),
            peer: Mailbox::new(),
            peer_therapy: Mailbox::new(),
            remote_command: Mailbox::new(),
            link: Mailbox::new(),
            speed: Mailbox::new(),
            orbit: Mailbox::new(),
            circulation: Mailbox::new(),
            circuit_order: Mailbox::new(),
            supervisor: Mailbox::new(),
            therapy: Mailbox::new(),
            retained: Mailbox::new(),
            command: Mailbox::new(),
            alarm: Mailbox::new(),
            alarm_order: Mailbox::new(),
            warming: Mailbox::new(),
            warming_order: Mailbox::new(),
            cut_out: Mailbox::new(),
            power: Mailbox::new(),
            power_order: Mailbox::new(),
            peer_power: Mailbox::new(),
            probe_request: Mailbox::new(),
            probe_result: Mailbox::new(),
            priming: Mailbox::new(),
            commissioning: Mailbox::new(),
            self_test: Mailbox::new(),
        }
    }
}
