// SPDX-License-Identifier: Apache-2.0
//! Events of a scenario: one table of what there is, which keys each needs and what they may be.

use std::ops::RangeInclusive;

use levitas_core::task::supervisor::Command;
use levitas_world::Disturbance;

use crate::input::{BadInput, Checked, allowed_names, any_of, range_text};
use crate::story::Act;
use crate::toml_file::{Entry, Table};

/// A key of an event or of a disturbance.
#[derive(Clone, Debug)]
pub struct KeySpec {
    /// Name with its unit suffix.
    pub name: &'static str,
    /// Allowed numbers.
    pub range: RangeInclusive<f64>,
    /// Meaning.
    pub doc: &'static str,
}

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

const ANGLE_DEG: KeySpec = KeySpec {
    name: "angle_deg",
    range: -360.0..=360.0,
    doc: "direction of the force on the rotor, 0 along x, 90 along y",
};
const DURATION_S: KeySpec =
    KeySpec { name: "duration_s", range: 50e-6..=3600.0, doc: "how long it lasts [s]" };

/// Events that the program carries out.
pub const EVENTS: [Specification; 4] = [
    Specification { name: "lift_off", doc: "the operator has the rotor lifted off", keys: &[] },
    Specification {
        name: "land",
        doc: "the operator has the pump stopped and the rotor set down",
        keys: &[],
    },
    Specification {
        name: "set_mode",
        doc: "the operator sets a mode; now: mode = \"speed\"",
        keys: &[KeySpec { name: "value", range: 0.0..=20e3, doc: "speed set-point [rpm]" }],
    },
    Specification { name: "disturb", doc: "the plant is disturbed; see the table of kinds", keys: &[] },
];

/// Kinds of `disturb`.
pub const DISTURBANCES: [Specification; 4] = [
    Specification {
        name: "force_step",
        doc: "a radial force on the rotor",
        keys: &[
            KeySpec { name: "newton", range: 0.0..=1000.0, doc: "size of the force [N]" },
            ANGLE_DEG,
            DURATION_S,
        ],
    },
    Specification {
        name: "shock",
        doc: "a half-sine acceleration of the housing",
        keys: &[
            KeySpec { name: "g", range: 0.0..=1000.0, doc: "peak acceleration in units of 9.81 m/s2" },
            KeySpec { name: "duration_ms", range: 0.1..=1000.0, doc: "length of the half-sine [ms]" },
            ANGLE_DEG,
        ],
    },
    Specification {
        name: "unbalance",
        doc: "from now on the centre of mass lies this far off the axis",
        keys: &[KeySpec {
            name: "eccentricity_um",
            range: 0.0..=1000.0,
            doc: "distance of the centre of mass from the axis [um]",
        }],
    },
    Specification {
        name: "tilt",
        doc: "a moment on the rotor about the x axis",
        keys: &[KeySpec { name: "n_m", range: -10.0..=10.0, doc: "size of the moment [N.m]" }, DURATION_S],
    },
];

/// Events of the format whose parts come with later versions.
pub const LATER_EVENTS: [&str; 9] = [
    "takeover_drill",
    "hand_back",
    "set_speed",
    "set_limit",
    "fault",
    "clear",
    "circuit",
    "patient",
    "command",
];
/// Modes of `set_mode` that come with later versions.
pub const LATER_MODES: [&str; 6] =
    ["flow", "pressure", "pulsatile", "zero_flow", "weaning", "retrograde_trial"];

/// What an event does.
#[derive(Clone, Debug, PartialEq)]
pub enum EventAction {
    /// A command of the operator.
    Operator(Command),
    /// A disturbance of the plant that lasts for this long [s].
    Disturb(Disturbance, f64),
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
    /// Its meaning for measuring.
    #[must_use]
    pub fn act(&self) -> Act {
        match self {
            Self::Operator(Command::LiftOff) => Act::LiftOff,
            Self::Operator(Command::Land | Command::Service) => Act::Land,
            Self::Operator(Command::SetSpeed { .. }) => Act::SetMode,
            Self::Disturb(..) => Act::Disturb,
        }
    }

    /// How long it acts [s]; 0 when it stays.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        match self {
            Self::Disturb(_, duration_s) => *duration_s,
            Self::Operator(_) => 0.0,
        }
    }
}

/// Reads one `[[event]]`.
pub(super) fn read(table: &Table<'_>, end_s: f64) -> Checked<Event> {
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
        "set_mode" => set_mode(table)?,
        _ => disturb(table)?,
    };
    if matches!(name, "lift_off" | "land") {
        table.allow_keys(&["at_s", "do"], &format!(" of event {name}"))?;
    }
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

fn set_mode(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let mode = table.required("mode", "speed")?;
    if mode.text()? != "speed" {
        let problem = if LATER_MODES.contains(&mode.text()?) {
            "this mode is not available yet"
        } else {
            "unknown mode"
        };
        return Err(mode.refuse(problem, "speed"));
    }
    table.allow_keys(&["at_s", "do", "mode", "value"], " of event set_mode")?;
    let speed_rpm = number(table, &EVENTS[2].keys[0])?;
    let command = Command::SetSpeed { speed_rpm: speed_rpm as f32 };
    Ok((EventAction::Operator(command), format!("speed {speed_rpm} rpm")))
}

fn disturb(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let kinds: Vec<&str> = DISTURBANCES.iter().map(|kind| kind.name).collect();
    let kind = known(&table.required("kind", &any_of(&kinds))?, &DISTURBANCES, &[], "kind of disturbance")?;
    let mut keys = vec!["at_s", "do", "kind"];
    keys.extend(kind.keys.iter().map(|key| key.name));
    table.allow_keys(&keys, &format!(" of disturb {}", kind.name))?;
    let mut values = Vec::new();
    for key in kind.keys {
        values.push(number(table, key)?);
    }
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
        _ => (Disturbance::Tilt { n_m: a, duration_s: b }, b, format!("{a} N.m for {b} s")),
    }
}

fn number(table: &Table<'_>, key: &KeySpec) -> Checked<f64> {
    let allowed = format!("a number from {}", range_text(*key.range.start(), *key.range.end()));
    table.required(key.name, &allowed)?.number(&key.range)
}
