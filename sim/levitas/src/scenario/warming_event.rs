// SPDX-License-Identifier: Apache-2.0
//! Events of the warming device: what the operator sets, the button of the cut-out.

use levitas_core::schedule::TaskId;
use levitas_core::warming::{Aim, WarmingSettings};

use super::Scenario;
use super::event::{EventAction, InjectedFault};
use super::therapy::{number, unit_of};
use crate::fault_catalogue::Broken;
use crate::input::Checked;
use crate::installed::Computer;
use crate::key_spec::KeySpec;
use crate::toml_file::Table;

/// Aims in the order of their codes.
const AIMS: [(Aim, Option<&str>); 3] =
    [(Aim::Off, None), (Aim::Blood, Some("blood_celsius")), (Aim::Water, Some("water_celsius"))];
pub(super) const AIM: KeySpec =
    KeySpec::names("aim", &["off", "blood", "water"], "what is followed: blood is that behind the lung");
/// How long a finger stays on the button [s].
pub(super) const PRESSED_S: f64 = 0.3;

/// Reads an event `warming`.
pub(super) fn warming(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let index = AIM.read(table)?;
    let mut settings = WarmingSettings::ADULT;
    let (aim, target) = AIMS.get(index as usize).copied().unwrap_or((Aim::Off, None));
    let mut text = AIM.shown(index);
    let Some(name) = target else {
        table.allow_keys(&["at_s", "do", AIM.name], " of aim off")?;
        return Ok((EventAction::Warming(aim, settings), text));
    };
    table.allow_keys(&["at_s", "do", AIM.name, "value", RATE_KEY], " of event warming")?;
    let field = |name: &str| WarmingSettings::FIELDS.iter().find(|field| field.name == name);
    for (key, name) in
        [("value", name), (RATE_KEY, "warming_celsius_per_h"), (RATE_KEY, "cooling_celsius_per_h")]
    {
        let Some(known) = field(name).filter(|_| key == "value" || table.entry(key).is_some()) else {
            continue;
        };
        let value = number(table, key, known)?;
        settings.field_mut(name).into_iter().for_each(|setting| *setting = value as f32);
        if name != "cooling_celsius_per_h" {
            text.push_str(&format!(" {value} {}", unit_of(known)));
        }
    }
    Ok((EventAction::Warming(aim, settings), text))
}

const RATE_KEY: &str = "celsius_per_h";

/// Refuses an event of a warming device that is not there.
pub(super) fn check_there(table: &Table<'_>, scenario: &Scenario, action: &EventAction) -> Checked<()> {
    let is_of_it = match action {
        EventAction::Warming(..) | EventAction::CutOutButton => true,
        EventAction::Fault(InjectedFault { broken, .. }) => matches!(
            broken,
            Broken::Warming(_) | Broken::Computer(Computer::Stall(TaskId::CutOut | TaskId::Warming))
        ),
        _ => false,
    };
    if !is_of_it || scenario.water_celsius.is_some() {
        return Ok(());
    }
    let allowed = "a scenario with the key water_celsius";
    Err(table.required("do", allowed)?.refuse("the scenario has no warming device", allowed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Found;
    use crate::scenario::read;
    use crate::toml_file::Source;

    /// The first event of a scenario with these lines in its head.
    fn event(head: &str, event: &str) -> Checked<EventAction> {
        let text = format!("title = \"t\"\nduration_s = 2\n{head}\n[[event]]\nat_s = 1\n{event}");
        let source = Source { name: "s.toml".to_owned(), text };
        let found = Found { name: "s".to_owned(), folder: std::path::PathBuf::new(), source };
        Ok(read(&found, "s.toml", &[])?.events.remove(0).action)
    }

    #[test]
    fn what_the_operator_sets_is_read_and_held_against_the_settings_of_the_core() {
        let read = |text: &str| event("water_celsius = 30", &format!("do = \"warming\"\n{text}"));
        let target = WarmingSettings { water_celsius: 38.5, ..WarmingSettings::ADULT };
        assert_eq!(read("aim = \"water\"\nvalue = 38.5").unwrap(), EventAction::Warming(Aim::Water, target));
        let fast = WarmingSettings {
            blood_celsius: 36.0,
            warming_celsius_per_h: 2.0,
            cooling_celsius_per_h: 2.0,
            ..WarmingSettings::ADULT
        };
        let found = read("aim = \"blood\"\nvalue = 36\ncelsius_per_h = 2").unwrap();
        assert_eq!(found, EventAction::Warming(Aim::Blood, fast));
        assert_eq!(read("aim = \"off\"").unwrap(), EventAction::Warming(Aim::Off, WarmingSettings::ADULT));
        for (text, refused) in [
            ("aim = \"blood\"\nvalue = 38.1", "32 to 38 C"),
            ("aim = \"blood\"", "value"),
            ("aim = \"water\"\nvalue = 38\ncelsius_per_h = 7", "0.1 to 6 C/h"),
            ("aim = \"off\"\nvalue = 37", "value"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(refused), "{text}: {error}");
        }
    }

    #[test]
    fn a_device_that_is_not_there_is_neither_set_nor_broken() {
        for text in [
            "do = \"warming\"\naim = \"off\"",
            "do = \"cut_out_button\"",
            "do = \"fault\"\ntarget = \"warming\"\nfault = \"heater_stuck_on\"",
            "do = \"fault\"\ntarget = \"host\"\nfault = \"cut_out_stall\"",
        ] {
            assert!(event("water_celsius = 30", text).is_ok(), "{text}");
            let error = event("", text).unwrap_err().to_string();
            assert!(error.contains("no warming device"), "{text}: {error}");
        }
        let elsewhere = "do = \"fault\"\ntarget = \"host\"\nfault = \"water_loss\"\nlpm = 1";
        let error = event("water_celsius = 30", elsewhere).unwrap_err().to_string();
        assert!(error.contains("allowed is warming"), "{error}");
        assert!(
            event("water_celsius = 40", "do = \"lift_off\"").unwrap_err().to_string().contains("5 to 39")
        );
    }
}
