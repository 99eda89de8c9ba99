// SPDX-License-Identifier: Apache-2.0
//! What an event of the log says, for people: every code by its name, every value with its unit.

use levitas_core::alarms::ALARMS;
use levitas_core::arbitration::Isolation;
use levitas_core::circulation::sensing::CircuitOrder;
use levitas_core::circulation::therapy::{Mode, TherapySettings};
use levitas_core::link::LinkRefusal;
use levitas_core::mail::{BearingState, UnitState};
use levitas_core::records::event::{Event, Source};
use levitas_core::records::{crc_32, watch};
use levitas_core::task::supervisor::{Command, Refusal};

use crate::scenario::setting_unit;

/// A code that this program has no name for.
const OTHER: &str = "of another version";

/// One line.
#[must_use]
pub(crate) fn event_text(event: &Event) -> String {
    let Event { source, code, value, cause, .. } = *event;
    let number = u32::from(code);
    match source {
        Source::Log => match code {
            watch::STARTED => format!("the unit has started; serial number {cause}"),
            watch::LOST => format!("{cause} events were lost"),
            _ => OTHER.to_owned(),
        },
        Source::Alarm => alarm(code, cause),
        Source::Unit => change(
            UnitState::from_code(number).map(UnitState::name),
            UnitState::from_code(cause).map(UnitState::name),
        ),
        Source::Bearing => {
            let name = |code| BearingState::from_code(code).map(BearingState::name);
            change(name(number), name(cause))
        }
        Source::Mode => {
            let name = |code| Mode::from_code(code).map(Mode::name);
            let follows =
                if value.is_finite() { format!("; follows {value:.2} L/min") } else { String::new() };
            change(name(number), name(cause)) + &follows
        }
        Source::Pair => pair(code, value, cause),
        Source::Touchdown => {
            format!("the rotor has touched at {value:.0} rpm, {cause} times since the start")
        }
        Source::Command | Source::Remote => format!("{}: {}", command(cause, value), result(number)),
        Source::Refused => {
            let kind = LinkRefusal::ALL.iter().find(|kind| **kind as u8 == code);
            format!("{}: {cause} since the start", kind.map_or(OTHER, |kind| kind.name()))
        }
        Source::Circuit => {
            let order = CircuitOrder::from_code(cause).map_or(OTHER, CircuitOrder::name);
            format!("{order} {value}: result {code}")
        }
        Source::Kit | Source::Storage | Source::Crash => meanings(source),
    }
}

fn alarm(code: u8, cause: u32) -> String {
    let alarm = ALARMS.iter().find(|alarm| crc_32(alarm.name.as_bytes()) == cause);
    let what = match code {
        watch::RAISED => "raised",
        watch::OVER => "over",
        watch::ACKNOWLEDGED => "acknowledged",
        _ => OTHER,
    };
    let name = alarm.map_or("an alarm of another version", |alarm| alarm.name);
    format!("{name}: {what}")
}

/// `operating, before: lifting_off`.
fn change(now: Option<&str>, before: Option<&str>) -> String {
    format!("{}, before: {}", now.unwrap_or(OTHER), before.unwrap_or(OTHER))
}

fn pair(code: u8, speed_rpm: f32, cause: u32) -> String {
    match code {
        watch::ISOLATED if cause == 0 => "in the pair again".to_owned(),
        watch::ISOLATED => {
            format!("out of the pair: {}", Isolation::from_code(cause).map_or(OTHER, Isolation::text))
        }
        drives => {
            let what = if drives == 0 { "drives the head no more" } else { "drives the head" };
            let table = levitas_core::arbitration::alarm::TABLE.iter();
            let alarms: Vec<&str> =
                table.filter(|(bit, ..)| cause & bit != 0).map(|(_, name, _)| *name).collect();
            let alarms = if alarms.is_empty() { String::new() } else { format!("; {}", alarms.join(", ")) };
            format!("{what}, at {speed_rpm:.0} rpm{alarms}")
        }
    }
}

fn command(kind: u32, value: f32) -> String {
    let Some(command) = Command::from_code(kind, value) else { return format!("command {kind}, {OTHER}") };
    match command {
        Command::SetMode { mode, .. } => {
            let field = TherapySettings::FIELDS.iter().find(|field| mode.setpoint() == Some(field.name));
            let value = field.map_or(String::new(), |field| format!(" {value} {}", setting_unit(field)));
            format!("mode {}{value}", mode.name())
        }
        Command::Set { setting, value } => match TherapySettings::field(setting) {
            Some(field) => format!("{} {value} {}", field.name, setting_unit(field)),
            None => format!("setting {setting}, {OTHER}"),
        },
        Command::LiftOff => "lift off".to_owned(),
        Command::LiftOffAlone => "lift off alone".to_owned(),
        Command::Land => "land".to_owned(),
        Command::Resume => "resume".to_owned(),
        Command::Service => "service".to_owned(),
        Command::Commission => "commission".to_owned(),
        Command::HandBack => "hand back".to_owned(),
        Command::TakeoverDrill => "takeover drill".to_owned(),
        Command::Rejoin => "rejoin".to_owned(),
        Command::PowerOff => "power off".to_owned(),
        Command::Prime(order) => format!("priming guide: {}", order.name()),
    }
}

fn result(code: u32) -> String {
    match (code, Refusal::from_code(code)) {
        (0, _) => "accepted".to_owned(),
        (_, Some(refusal)) => format!("refused: {refusal}"),
        (_, None) => format!("refused, {OTHER}"),
    }
}

/// What code, value and cause stand for, where the numbers themselves are the text.
fn meanings(source: Source) -> String {
    let row = Source::TABLE.iter().find(|(other, ..)| *other == source);
    row.map_or(String::new(), |(_, _, [code, value, cause], _)| {
        [("code", code), ("value", value), ("cause", cause)]
            .iter()
            .filter(|(_, meaning)| **meaning != "-")
            .map(|(name, meaning)| format!("{name}: {meaning}"))
            .collect::<Vec<_>>()
            .join("; ")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use levitas_core::unit::Role;

    fn text(source: Source, code: u8, value: f32, cause: u32) -> String {
        event_text(&Event { source, code, unit: Role::Host, value, cause })
    }

    #[test]
    fn an_event_says_names_and_units() {
        let no_backup = crc_32(b"no_backup");
        let drainage = 64 + TherapySettings::index_of("drainage_pressure_mmhg_min").unwrap();
        for (source, code, value, cause, expected) in [
            (Source::Log, 1, 0.0, 17, "the unit has started; serial number 17"),
            (Source::Alarm, 1, 2.0, no_backup, "no_backup: raised"),
            (Source::Unit, 2, 0.0, 1, "operating, before: lifting_off"),
            (Source::Bearing, 4, 0.0, 2, "touchdown, before: levitated"),
            (Source::Mode, 1, 4.0, 0, "flow, before: speed; follows 4.00 L/min"),
            (Source::Mode, 4, f32::NAN, 1, "zero_flow, before: flow"),
            (Source::Pair, 1, 2995.6, 2, "drives the head, at 2996 rpm; "),
            (Source::Pair, 2, 0.0, 3, "out of the pair: its Halls did not show its coil"),
            (Source::Pair, 2, 0.0, 0, "in the pair again"),
            (Source::Touchdown, 0, 5500.0, 2, "the rotor has touched at 5500 rpm, 2 times since the start"),
            (Source::Command, 0, 4.0, 5, "mode flow 4 L/min: accepted"),
            (
                Source::Command,
                2,
                900.0,
                drainage,
                "drainage_pressure_mmhg_min 900 mmHg: refused: outside of what is allowed",
            ),
            (Source::Remote, 0, 0.0, 17, "hand back: accepted"),
        ] {
            let text = text(source, code, value, cause);
            assert!(text.starts_with(expected), "{text}, expected {expected}");
        }
    }

    #[test]
    fn what_has_no_name_here_says_so_and_nothing_panics() {
        for (source, ..) in Source::TABLE {
            for code in 0..=255 {
                for cause in [0, 1, 40, u32::MAX] {
                    assert!(!text(*source, code, f32::NAN, cause).is_empty());
                }
            }
        }
        assert_eq!(text(Source::Unit, 77, 0.0, 0), "of another version, before: standby");
    }
}
