// SPDX-License-Identifier: Apache-2.0
//! Events of a scenario: one table of what there is, which keys each needs and what they may be.

use levitas_core::alarms::AlarmOrder;
use levitas_core::circulation::sensing::CircuitOrder;
use levitas_core::circulation::therapy::Mode;
use levitas_core::priming::PrimingOrder;
use levitas_core::task::supervisor::Command;
use levitas_core::warming::{Aim, WarmingSettings};
use levitas_world::{CircuitChange, CircuitSensor, Disturbance, PatientChange};

use super::{Scenario, circulation_event, warming_event};

use super::therapy;
use crate::fault_catalogue::{Broken, FAULTS, FaultSpec, alarm_bit};
use crate::input::{BadInput, Checked, allowed_names, any_of};
use crate::key_spec::KeySpec;
use crate::remote::Order;
use crate::story::Act;
use crate::toml_file::{Entry, Table};

/// An event or a disturbance of the format.
#[derive(Clone, Debug)]
pub struct Specification {
    /// Value of `do` or `kind`.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its numbers.
    pub keys: &'static [KeySpec],
}

const ANGLE_DEG: KeySpec = KeySpec::numbers(
    "angle_deg",
    -360.0..=360.0,
    "direction of the force on the rotor, 0 along x, 90 along y",
);
const DURATION_S: KeySpec = KeySpec::numbers("duration_s", 50e-6..=3600.0, "how long it lasts [s]");
const G: KeySpec = KeySpec::numbers("g", 0.0..=1000.0, "peak acceleration in units of 9.81 m/s2");
const DURATION_MS: KeySpec = KeySpec::numbers("duration_ms", 0.1..=1000.0, "length of the half-sine [ms]");
const SPIN_N_M: KeySpec = KeySpec::numbers("n_m", -10.0..=10.0, "size of the torque [N.m]");
const BRAKE_N_M: KeySpec = KeySpec::numbers("n_m", 0.0..=10.0, "size of the torque [N.m]");
const MOMENT_N_M: KeySpec = KeySpec::numbers("n_m", -10.0..=10.0, "size of the moment [N.m]");
/// How long a fault lasts, where the scenario says so.
pub const FAULT_DURATION_S: KeySpec =
    KeySpec::numbers("duration_s", 50e-6..=3600.0, "how long it lasts [s]; without it until `clear`");
/// Units that a fault may befall, in the order of their winding sets.
pub const TARGETS: [&str; 2] = ["host", "emergency_drive"];
/// What can break: the units, then the sensors of the circuit in the order of [`CircuitSensor::ALL`].
pub const FAULT_TARGETS: [&str; 7] =
    ["host", "emergency_drive", "drainage", "pre_membrane", "return", "flow", "warming"];
/// Place of the warming device in [`FAULT_TARGETS`].
pub const WARMING_TARGET: usize = FAULT_TARGETS.len() - 1;

/// The sensor of the circuit that a target is; `None` for a unit.
#[must_use]
pub fn sensor_of(target: usize) -> Option<CircuitSensor> {
    CircuitSensor::ALL.get(target.checked_sub(TARGETS.len())?).copied()
}

/// Commands of the link, in the order of [`command_of`].
const COMMANDS: [&str; 11] = [
    "lift_off",
    "land",
    "set_speed",
    "set_flow",
    "resume",
    "takeover_drill",
    "hand_back",
    "rejoin",
    "start_alone",
    "service",
    "commission",
];
const COMMAND_NAME: KeySpec = KeySpec::names("name", &COMMANDS, "what is asked of the unit `target`");
const COMMAND_VALUE: KeySpec =
    KeySpec::numbers("value", 0.0..=10e3, "set-point [rpm] of set_speed, [L/min] of set_flow");

/// In the order of the names of [`ALARM_ORDER`].
const ALARM_ORDERS: [AlarmOrder; 3] =
    [AlarmOrder::Acknowledge, AlarmOrder::PauseAudio, AlarmOrder::ResumeAudio];
const ALARM_ORDER: KeySpec =
    KeySpec::names("order", &["acknowledge", "pause", "sound"], "as `levitas alarm` of the shell spells it");

/// In the order of [`PrimingOrder::ALL`].
const PRIMING_ORDER: KeySpec = KeySpec::names(
    "order",
    &["begin", "confirm", "skip", "end"],
    "as `levitas prime` of the shell spells it",
);

/// Events that the program carries out.
pub const EVENTS: [Specification; 22] = [
    Specification { name: "lift_off", doc: "the operator has the rotor lifted off", keys: &[] },
    Specification {
        name: "land",
        doc: "the operator has the pump stopped and the rotor set down",
        keys: &[],
    },
    Specification {
        name: "power_off",
        doc: "the same, and the unit says when it may be switched off; while it pumps it has to be asked twice, supervisor.md",
        keys: &[],
    },
    Specification {
        name: "prime",
        doc: "the operator speaks to the guide for priming, kits.md",
        keys: &[PRIMING_ORDER],
    },
    Specification {
        name: "set_mode",
        doc: "the operator sets a mode, with the set-point that comes with it",
        keys: &[],
    },
    Specification { name: "set_limit", doc: "the operator sets a limit of the therapy", keys: &[] },
    Specification {
        name: "set",
        doc: "the operator sets what is no limit and no set-point: pulses, steps, the return vessel",
        keys: &[],
    },
    Specification { name: "resume", doc: "the operator ends what an intervention holds", keys: &[] },
    Specification {
        name: "circuit_order",
        doc: "the operator tells the sensors of the circuit what is known: a zero, a flow, a new part; flow-meter.md",
        keys: &[],
    },
    Specification {
        name: "alarm_order",
        doc: "the operator presses a key of the alarm system of both units",
        keys: &[ALARM_ORDER],
    },
    Specification {
        name: "load_test",
        doc: "the operator has both units test their batteries, power.md",
        keys: &[],
    },
    Specification {
        name: "warming",
        doc: "the operator sets the warming device: `value` [C] is the target of an aim, `celsius_per_h` the rate of both directions, 0.5 at first",
        keys: &[warming_event::AIM],
    },
    Specification {
        name: "cut_out_button",
        doc: "the operator presses the button of the cut-out, for 0.3 s",
        keys: &[],
    },
    Specification { name: "disturb", doc: "the plant is disturbed; see the table of kinds", keys: &[] },
    Specification {
        name: "fault",
        doc: "something in a unit breaks; see the fault catalogue, faults.md",
        keys: &[FAULT_DURATION_S],
    },
    Specification { name: "clear", doc: "every fault of a unit is over", keys: &[] },
    Specification {
        name: "takeover_drill",
        doc: "the operator has the driving unit let go as a failure would, to see the other one take over",
        keys: &[],
    },
    Specification {
        name: "hand_back",
        doc: "the operator gives the head from the driving unit to the other one",
        keys: &[],
    },
    Specification {
        name: "command",
        doc: "a tool outside sends a command over the link, with the key of the simulator",
        keys: &[COMMAND_NAME, COMMAND_VALUE],
    },
    Specification {
        name: "rejoin",
        doc: "the operator lets a unit that has failed and is isolated join the pair again",
        keys: &[],
    },
    Specification {
        name: "circuit",
        doc: "something happens to the circuit; see the table of its `what`",
        keys: &[],
    },
    Specification {
        name: "patient",
        doc: "something happens to a living patient; see the table of its `what`",
        keys: &[],
    },
];

/// Kinds of `disturb`.
pub const DISTURBANCES: [Specification; 8] = [
    Specification {
        name: "force_step",
        doc: "a radial force on the rotor",
        keys: &[KeySpec::numbers("newton", 0.0..=1000.0, "size of the force [N]"), ANGLE_DEG, DURATION_S],
    },
    Specification {
        name: "shock",
        doc: "a half-sine acceleration of the housing",
        keys: &[G, DURATION_MS, ANGLE_DEG],
    },
    Specification {
        name: "unbalance",
        doc: "from now on the centre of mass lies this far off the axis",
        keys: &[KeySpec::numbers(
            "eccentricity_um",
            0.0..=1000.0,
            "distance of the centre of mass from the axis [um]",
        )],
    },
    Specification {
        name: "tilt",
        doc: "a moment on the rotor about the x axis",
        keys: &[MOMENT_N_M, DURATION_S],
    },
    Specification {
        name: "spin",
        doc: "a torque on the rotor about its axis, forward positive",
        keys: &[SPIN_N_M, DURATION_S],
    },
    Specification {
        name: "brake",
        doc: "something rubs on the rotor, a clot: a torque against the rotation",
        keys: &[BRAKE_N_M, DURATION_S],
    },
    Specification {
        name: "axial_shock",
        doc: "a half-sine acceleration of the housing along the rotor axis",
        keys: &[G, DURATION_MS],
    },
    Specification {
        name: "tilt_shock",
        doc: "a half-sine of moment on the rotor about the x axis",
        keys: &[MOMENT_N_M, DURATION_MS],
    },
];

/// Events of the format whose parts come with later versions.
pub const LATER_EVENTS: [&str; 1] = ["set_speed"];
/// Faults of the format whose parts come with later versions.
pub const LATER_FAULTS: [&str; 3] = ["bit_flip", "coil_short", "flash_write_fail"];
/// What an event does.
#[derive(Clone, Debug, PartialEq)]
pub enum EventAction {
    /// A command of the operator.
    Operator(Command),
    /// An order to the sensors of the circuit, with its value.
    CircuitOrder(CircuitOrder, f32),
    /// An order to the alarm system.
    AlarmOrder(AlarmOrder),
    /// The operator has both batteries tested.
    LoadTest,
    /// The operator sets the warming device.
    Warming(Aim, WarmingSettings),
    /// The operator presses the button of its cut-out.
    CutOutButton,
    /// A command over the link.
    Remote(Order),
    /// A disturbance of the plant that lasts for this long [s].
    Disturb(Disturbance, f64),
    /// Something breaks.
    Fault(InjectedFault),
    /// Every fault of a target of [`FAULT_TARGETS`] is over.
    Clear(usize),
    /// Something happens to the circuit.
    Circuit(CircuitChange),
    /// Something happens to the patient.
    Patient(PatientChange),
}

/// A fault of the scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InjectedFault {
    /// Winding set of the unit, or behind them the sensor, as in [`FAULT_TARGETS`].
    pub set: usize,
    /// What breaks.
    pub broken: Broken,
    /// Name in the catalogue.
    pub name: &'static str,
    /// How long it lasts [s]; `None` until it is cleared.
    pub duration_s: Option<f64>,
    /// Bit of the alarm that it must raise, in [`crate::fault_catalogue::all_alarms`].
    pub alarm: u64,
    /// Time in which [s].
    pub within_s: f64,
    /// Bus voltage below which that time begins [V]; infinite when it begins with the fault.
    pub below_bus_v: f64,
}

/// An event of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When [s].
    pub at_s: f64,
    /// Name as in the format.
    pub name: &'static str,
    /// What.
    pub action: EventAction,
    /// For people: "10 N at 0 deg for 0.5 s".
    pub text: String,
}

impl EventAction {
    /// Its meaning for measuring; a record that is damaged before the run disturbs nothing in it.
    #[must_use]
    pub fn act(&self) -> Option<Act> {
        Some(match self {
            Self::Remote(order) => return Self::Operator(order.command).act(),
            Self::Operator(Command::LiftOff | Command::LiftOffAlone) => Act::LiftOff,
            Self::Operator(Command::HandBack | Command::TakeoverDrill) => Act::Disturb,
            Self::Operator(Command::Rejoin | Command::Prime(_))
            | Self::CircuitOrder(..)
            | Self::AlarmOrder(_)
            | Self::LoadTest
            | Self::Warming(..)
            | Self::CutOutButton => return None,
            Self::Operator(Command::Land | Command::PowerOff | Command::Service | Command::Commission) => {
                Act::Land
            }
            Self::Operator(Command::SetMode { .. } | Command::Set { .. } | Command::Resume) => Act::SetMode,
            Self::Fault(InjectedFault { broken: Broken::Record(_), .. }) => return None,
            Self::Disturb(..) | Self::Fault(_) | Self::Circuit(_) | Self::Patient(_) => Act::Disturb,
            Self::Clear(_) => Act::DisturbEnd,
        })
    }

    /// Something breaks or is disturbed, or ends, or the head changes hands: what a twin run does without.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        let rejoin = matches!(
            self,
            Self::Operator(Command::Rejoin) | Self::Remote(Order { command: Command::Rejoin, .. })
        );
        rejoin || matches!(self.act(), Some(Act::Disturb | Act::DisturbEnd))
    }

    /// Winding set of the unit whose command key the third node of the link needs for this; `None` when it needs none.
    #[must_use]
    pub fn needs_key_of(&self) -> Option<usize> {
        match self {
            Self::Remote(order) => Some(order.set),
            Self::Fault(InjectedFault { broken: Broken::Forgery { .. }, set, .. }) => Some(*set),
            _ => None,
        }
    }

    /// How long it acts [s]; 0 when it stays.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        match self {
            Self::Disturb(_, duration_s) => *duration_s,
            Self::Fault(fault) => fault.duration_s.unwrap_or(0.0),
            Self::CutOutButton => warming_event::PRESSED_S,
            Self::Patient(PatientChange::BloodLoss { over_s, .. } | PatientChange::Volume { over_s, .. }) => {
                *over_s
            }
            Self::Operator(_)
            | Self::CircuitOrder(..)
            | Self::AlarmOrder(_)
            | Self::LoadTest
            | Self::Warming(..)
            | Self::Remote(_)
            | Self::Clear(_)
            | Self::Circuit(_)
            | Self::Patient(_) => 0.0,
        }
    }
}

/// Reads one `[[event]]`.
pub(super) fn read(table: &Table<'_>, scenario: &Scenario) -> Checked<Event> {
    let end_s = scenario.duration_s;
    let names: Vec<&str> = EVENTS.iter().map(|event| event.name).collect();
    let what = table.required("do", &any_of(&names))?;
    let name = known(&what, &EVENTS, &LATER_EVENTS, "event")?.name;
    let at = table.required("at_s", &format!("a time from 0 to before the end at {end_s} s"))?;
    let at_s = at.number(&(0.0..=f64::MAX)).map_err(|error| BadInput {
        allowed: format!("a time from 0 to before the end at {end_s} s"),
        ..error
    })?;
    if at_s >= end_s {
        return Err(at.refuse("after the end of the run", format!("0 to below duration_s = {end_s}")));
    }
    let (action, text) = match name {
        "lift_off" => (EventAction::Operator(Command::LiftOff), String::new()),
        "land" => (EventAction::Operator(Command::Land), String::new()),
        "power_off" => (EventAction::Operator(Command::PowerOff), String::new()),
        "prime" => prime(table)?,
        "takeover_drill" => (EventAction::Operator(Command::TakeoverDrill), String::new()),
        "hand_back" => (EventAction::Operator(Command::HandBack), String::new()),
        "rejoin" => (EventAction::Operator(Command::Rejoin), String::new()),
        "set_mode" => therapy::set_mode(table)?,
        "set_limit" | "set" => therapy::set(table, name)?,
        "resume" => (EventAction::Operator(Command::Resume), String::new()),
        "circuit_order" => therapy::circuit_order(table)?,
        "alarm_order" => alarm_order(table)?,
        "load_test" => (EventAction::LoadTest, String::new()),
        "command" => command(table)?,
        "fault" => fault(table)?,
        "clear" => clear(table)?,
        "circuit" => circulation_event::circuit(table)?,
        "patient" => circulation_event::patient(table, &scenario.patient)?,
        "warming" => warming_event::warming(table)?,
        "cut_out_button" => (EventAction::CutOutButton, String::new()),
        _ => disturb(table)?,
    };
    if matches!(
        name,
        "lift_off"
            | "land"
            | "power_off"
            | "takeover_drill"
            | "hand_back"
            | "rejoin"
            | "resume"
            | "load_test"
            | "cut_out_button"
    ) {
        table.allow_keys(&["at_s", "do"], &format!(" of event {name}"))?;
    }
    warming_event::check_there(table, scenario, &action)?;
    Ok(Event { at_s, name, action, text })
}

/// The specification of a name, or why there is none.
fn known<'a>(
    entry: &Entry,
    specifications: &'a [Specification],
    later: &[&str],
    what: &str,
) -> Checked<&'a Specification> {
    let name = entry.text()?;
    if let Some(found) = specifications.iter().find(|specification| specification.name == name) {
        return Ok(found);
    }
    let names: Vec<&str> = specifications.iter().map(|specification| specification.name).collect();
    if later.contains(&name) {
        return Err(entry.refuse(format!("this {what} is not available yet"), any_of(&names)));
    }
    Err(entry.refuse(format!("unknown {what}"), allowed_names(name, &names)))
}

fn command(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let set = target(table)?;
    let kind = COMMAND_NAME.read(table)?;
    let command = command_of(kind as usize);
    let mut keys = vec!["at_s", "do", "target", COMMAND_NAME.name];
    let mut text = format!("{}: {}", TARGETS.get(set).unwrap_or(&""), COMMAND_NAME.shown(kind));
    let command = match command {
        Command::SetMode { mode, .. } => {
            keys.push(COMMAND_VALUE.name);
            let value = COMMAND_VALUE.read(table)?;
            text.push_str(&format!(" {value} {}", if mode == Mode::Speed { "rpm" } else { "L/min" }));
            Command::SetMode { mode, value: value as f32 }
        }
        other => other,
    };
    table.allow_keys(&keys, &format!(" of command {}", COMMAND_NAME.shown(kind)))?;
    Ok((EventAction::Remote(Order { set, command }), text))
}

fn prime(table: &Table<'_>) -> Checked<(EventAction, String)> {
    table.allow_keys(&["at_s", "do", PRIMING_ORDER.name], " of event prime")?;
    let index = PRIMING_ORDER.read(table)?;
    let order = PrimingOrder::ALL.get(index as usize).copied().unwrap_or(PrimingOrder::Begin);
    Ok((EventAction::Operator(Command::Prime(order)), order.name().to_owned()))
}

fn alarm_order(table: &Table<'_>) -> Checked<(EventAction, String)> {
    table.allow_keys(&["at_s", "do", ALARM_ORDER.name], " of event alarm_order")?;
    let index = ALARM_ORDER.read(table)?;
    let order = ALARM_ORDERS.get(index as usize).copied().unwrap_or(AlarmOrder::Acknowledge);
    Ok((EventAction::AlarmOrder(order), ALARM_ORDER.shown(index)))
}

/// The command of a name in [`COMMANDS`].
fn command_of(index: usize) -> Command {
    match index {
        0 => Command::LiftOff,
        1 => Command::Land,
        2 => Command::speed(0.0),
        3 => Command::SetMode { mode: Mode::Flow, value: 0.0 },
        4 => Command::Resume,
        5 => Command::TakeoverDrill,
        6 => Command::HandBack,
        7 => Command::Rejoin,
        8 => Command::LiftOffAlone,
        9 => Command::Service,
        _ => Command::Commission,
    }
}

fn disturb(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let kinds: Vec<&str> = DISTURBANCES.iter().map(|kind| kind.name).collect();
    let kind = known(&table.required("kind", &any_of(&kinds))?, &DISTURBANCES, &[], "kind of disturbance")?;
    let mut keys = vec!["at_s", "do", "kind"];
    keys.extend(kind.keys.iter().map(|key| key.name));
    table.allow_keys(&keys, &format!(" of disturb {}", kind.name))?;
    let values = kind.keys.iter().map(|key| key.read(table)).collect::<Checked<Vec<f64>>>()?;
    let (disturbance, duration_s, text) = disturbance(kind.name, &values);
    Ok((EventAction::Disturb(disturbance, duration_s), format!("{} {text}", kind.name)))
}

/// The world's disturbance, its length and its description; `values` are in the order of the kind's keys.
fn disturbance(kind: &str, values: &[f64]) -> (Disturbance, f64, String) {
    let value = |index: usize| values.get(index).copied().unwrap_or(0.0);
    let (a, b, c) = (value(0), value(1), value(2));
    match kind {
        "force_step" => (
            Disturbance::ForceStep { newton: a, angle_rad: b.to_radians(), duration_s: c },
            c,
            format!("{a} N at {b} deg for {c} s"),
        ),
        "shock" => (
            Disturbance::Shock { g: a, duration_s: b / 1e3, angle_rad: c.to_radians() },
            b / 1e3,
            format!("{a} g for {b} ms at {c} deg"),
        ),
        "unbalance" => (Disturbance::Unbalance { eccentricity_m: a / 1e6 }, 0.0, format!("{a} um")),
        "axial_shock" => {
            (Disturbance::AxialShock { g: a, duration_s: b / 1e3 }, b / 1e3, format!("{a} g for {b} ms"))
        }
        "spin" => (Disturbance::Spin { n_m: a, duration_s: b }, b, format!("{a} N.m for {b} s")),
        "brake" => (Disturbance::Brake { n_m: a, duration_s: b }, b, format!("{a} N.m for {b} s")),
        "tilt_shock" => {
            (Disturbance::TiltShock { n_m: a, duration_s: b / 1e3 }, b / 1e3, format!("{a} N.m for {b} ms"))
        }
        _ => (Disturbance::Tilt { n_m: a, duration_s: b }, b, format!("{a} N.m for {b} s")),
    }
}

/// The winding set of an event's target.
fn target(table: &Table<'_>) -> Checked<usize> {
    KeySpec::names("target", &TARGETS, "").read(table).map(|set| set as usize)
}

/// What an event breaks or heals, as in [`FAULT_TARGETS`].
fn fault_target(table: &Table<'_>) -> Checked<usize> {
    KeySpec::names("target", &FAULT_TARGETS, "").read(table).map(|set| set as usize)
}

fn fault(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let set = fault_target(table)?;
    let names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
    let entry = table.required("fault", &any_of(&names))?;
    let Some(spec) = FAULTS.iter().find(|fault| entry.text().is_ok_and(|text| text == fault.name)) else {
        let problem = if LATER_FAULTS.contains(&entry.text()?) {
            "this fault is not available yet"
        } else {
            "unknown fault"
        };
        return Err(entry.refuse(problem, allowed_names(entry.text()?, &names)));
    };
    let mut keys = vec!["at_s", "do", "target", "fault", FAULT_DURATION_S.name];
    keys.extend(spec.keys.iter().map(|key| key.name));
    table.allow_keys(&keys, &format!(" of fault {}", spec.name))?;
    let values = spec.keys.iter().map(|key| key.read(table)).collect::<Checked<Vec<f64>>>()?;
    let broken = (spec.make)(&values);
    if matches!(broken, Broken::Record(_)) {
        check_record(table)?;
    }
    check_place(table, set, &broken)?;
    let duration_s = match table.entry(FAULT_DURATION_S.name) {
        Some(_) => Some(FAULT_DURATION_S.read(table)?),
        None => None,
    };
    let injected = InjectedFault {
        set,
        broken,
        name: spec.name,
        duration_s,
        alarm: alarm_bit(spec.alarm),
        within_s: spec.within_s(&broken),
        below_bus_v: spec.below_bus_v(),
    };
    Ok((EventAction::Fault(injected), fault_text(spec, &values, &injected)))
}

/// What breaks is a part of the target.
fn check_place(table: &Table<'_>, set: usize, broken: &Broken) -> Checked<()> {
    let fits = |target: usize| match (broken, sensor_of(target)) {
        (Broken::Circuit(fault), Some(sensor)) => fault.fits(sensor),
        (Broken::Circuit(_), None) => false,
        (Broken::Warming(_), _) => target == WARMING_TARGET,
        _ => target < TARGETS.len(),
    };
    if fits(set) {
        return Ok(());
    }
    let allowed: Vec<&str> =
        (0..FAULT_TARGETS.len()).filter(|target| fits(*target)).map(|target| FAULT_TARGETS[target]).collect();
    let allowed = any_of(&allowed);
    Err(table.required("target", &allowed)?.refuse("this fault is none of it", allowed))
}

/// A record is the host's, is read at power-up alone, and does not heal.
fn check_record(table: &Table<'_>) -> Checked<()> {
    let refuse = |key: &str, problem: &str, allowed: &str| match table.entry(key) {
        Some(entry) => Err(entry.refuse(problem, allowed)),
        None => Ok(()),
    };
    if target(table)? != 0 {
        refuse("target", "the record of this unit is not read yet", TARGETS[0])?;
    }
    if table.required("at_s", "0")?.number(&(0.0..=f64::MAX))? != 0.0 {
        refuse("at_s", "the record is read at power-up", "0")?;
    }
    refuse(FAULT_DURATION_S.name, "a damaged record stays damaged", "no duration_s")
}

/// `host: hall_open, element x+, rail high, for 0.1 s`.
fn fault_text(spec: &FaultSpec, values: &[f64], injected: &InjectedFault) -> String {
    let mut text = format!("{}: {}", FAULT_TARGETS.get(injected.set).unwrap_or(&""), spec.name);
    for (key, value) in spec.keys.iter().zip(values) {
        text.push_str(&format!(", {} {}", key.name, key.shown(*value)));
    }
    if let Some(duration_s) = injected.duration_s {
        text.push_str(&format!(", for {duration_s} s"));
    }
    text
}

fn clear(table: &Table<'_>) -> Checked<(EventAction, String)> {
    table.allow_keys(&["at_s", "do", "target"], " of event clear")?;
    let set = fault_target(table)?;
    Ok((EventAction::Clear(set), (*FAULT_TARGETS.get(set).unwrap_or(&"")).to_owned()))
}

/// Refuses a fault with `duration_s` beside another one of the same unit: its end ends every fault of the unit.
/// `events` are in the order of `tables`.
pub(super) fn check_faults(tables: &[Table<'_>], events: &[Event]) -> Checked<()> {
    let span = |event: &Event| {
        let EventAction::Fault(injected) = event.action else { return None };
        event.action.act()?;
        let cleared = |other: &&Event| {
            matches!(other.action, EventAction::Clear(set) if set == injected.set) && other.at_s >= event.at_s
        };
        let cleared_s = events.iter().filter(cleared).map(|other| other.at_s).fold(f64::INFINITY, f64::min);
        let end_s = injected.duration_s.map_or(f64::INFINITY, |duration_s| event.at_s + duration_s);
        Some((injected, event.at_s, end_s.min(cleared_s)))
    };
    for (table, event) in tables.iter().zip(events) {
        let Some((mine, start_s, end_s)) = span(event).filter(|(mine, ..)| mine.duration_s.is_some()) else {
            continue;
        };
        let overlaps = |other: &Event| {
            !std::ptr::eq(other, event)
                && span(other).is_some_and(|(theirs, from_s, to_s)| {
                    theirs.set == mine.set && from_s < end_s && to_s > start_s
                })
        };
        if let Some(other) = events.iter().find(|other| overlaps(other)) {
            let allowed =
                "no other fault of the unit meanwhile, or faults without duration_s and one event clear";
            let problem = format!("its end would end {} too", other.text);
            return Err(table.required(FAULT_DURATION_S.name, allowed)?.refuse(problem, allowed));
        }
    }
    Ok(())
}
