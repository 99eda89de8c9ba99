// SPDX-License-Identifier: Apache-2.0
//! A scenario: one story, its plant, its events, its expectations. The format is described in `docs/scenarios.md`.
//!
//! # Order of reading
//! The top keys of the file, then `--set` and `--seed`; then plant, circuit, patient and controller
//! configurations by name; then `[override]`, then `--set` again for the keys inside of them; then events and
//! expectations. Everything is checked before anything is written.

mod alarm;
mod circulation_event;
mod event;
mod expect;
mod overrides;
mod parts;
mod therapy;
mod warming_event;

use std::path::{Path, PathBuf};

use levitas_core::alarms::{ALARMS, Sign};
use levitas_core::self_test::MemoryChecks;
use levitas_core::unit::UnitConfig;
use levitas_world::{Circuit, Patient, Plant, PumpTable};

pub use alarm::ExpectedAlarm;
pub use circulation_event::{CIRCUIT_EVENTS, PATIENT_EVENTS};
pub use event::{
    DISTURBANCES, EVENTS, Event, EventAction, FAULT_DURATION_S, FAULT_TARGETS, InjectedFault, LATER_EVENTS,
    LATER_FAULTS, Specification, TARGETS, WARMING_TARGET, sensor_of,
};
pub use expect::{Expect, Verdict};
pub use overrides::{CONFIG_PREFIXES, OverrideKey, config_keys, override_keys};
pub(crate) use therapy::unit_of as setting_unit;
pub use therapy::{circuit_orders, settings_of};

use crate::catalogue::{CIRCUIT_SHELF, Found, PATIENT_SHELF, PLANT_SHELF, SCENARIO_SHELF, find_for_key};
use crate::input::{BadInput, Checked, allowed_names};
use crate::simulation::Units;
use crate::story::{Act, Mark, Story};
use crate::toml_file::{Entry, Place, Table, value_of_argument};

/// What units are set to that nobody has configured: open limits where no patient lives.
#[must_use]
pub fn configuration_for(patient: &Patient) -> UnitConfig {
    match patient {
        Patient::Fixed(_) => UnitConfig::BENCH,
        Patient::Living(_) => UnitConfig::ECMO_50,
    }
}

/// Shortest and longest run [s].
const DURATION_S_MIN: f64 = 0.001;
const DURATION_S_MAX: f64 = 3600.0;
/// Largest drift of a clock [ppm]: far more than an oscillator has that works.
const CLOCK_PPM_MAX: f64 = 1000.0;
/// Water of a warming device at the start [C]: what the operator may set at most.
const WATER_CELSIUS: std::ops::RangeInclusive<f64> = 5.0..=39.0;
/// Largest seed: the largest integer that every JSON reader takes without loss.
pub const SEED_MAX: u64 = (1 << 53) - 1;

/// Prefix of the settings that change an event of the file.
const EVENT_PREFIX: &str = "event.";

/// Top keys that may also be given by `--set`, with their documentation.
pub const TOP_KEYS: [(&str, &str); 11] = [
    ("title", "what the story is, one line (required)"),
    ("duration_s", "simulated time in seconds, 0.001 to 3600 (required)"),
    ("units", "\"host\", alone, or \"both\": the emergency drive stands ready; default \"host\""),
    (
        "drive_lines",
        "\"connected\", or \"none\": a bench, on which the units know each other by the link alone; default \"connected\"",
    ),
    (
        "clock_ppm",
        "drift of the clocks, -1000 to 1000: the host's is so many parts in a million fast, the emergency drive's as many slow, and their phases are drawn; default 0: both step with the world",
    ),
    (
        "self_test",
        "whether the units have just been switched on and test themselves: \"no\", \"yes\", or \"ram_fails\" or \"flash_fails\" for a host whose image has found that; default \"no\"",
    ),
    ("seed", "seed of every random draw, below 2^53; default 1"),
    ("plant", "name of a built-in plant or path of a plant file; default \"ecmo-50\""),
    ("circuit", "name of a built-in circuit or path of a circuit file; default \"va-25-21\""),
    ("patient", "name of a built-in patient or path of a patient file; default \"va-fixed\""),
    (
        "water_celsius",
        "a warming device in place of the heater-cooler of the house, run by the host: the temperature of its water at the start, 5 to 39 C; default: none, and water of 37 C",
    ),
];

/// A checked scenario, ready to run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name, from the file name.
    pub name: String,
    /// How to name it on a command line.
    pub argument: String,
    /// One line for people.
    pub title: String,
    /// Simulated time [s].
    pub duration_s: f64,
    /// Seed of every random draw.
    pub seed: u64,
    /// Which units are in the loop.
    pub units: Units,
    /// The drive lines are connected; else it is a bench.
    pub drive_lines: bool,
    /// Drift of the host's clock, and with the other sign of the emergency drive's [ppm].
    pub clock_ppm: f64,
    /// There is a warming device, with water of this temperature at the start [C].
    pub water_celsius: Option<f64>,
    /// What the image of the host, and of the emergency drive, has found of its memory; none: they have been on for a while.
    pub self_test: Option<[MemoryChecks; 2]>,
    /// Name of the plant, as given.
    pub plant_name: String,
    /// Name of the circuit, as given.
    pub circuit_name: String,
    /// Name of the patient, as given.
    pub patient_name: String,
    /// Name of the measured pump curve, if there is one.
    pub pump_curve: Option<String>,
    /// The plant.
    pub plant: Plant,
    /// The circuit.
    pub circuit: Circuit,
    /// The patient.
    pub patient: Patient,
    /// The measured pump curve; without one the plant's formula holds.
    pub pump_table: Option<PumpTable>,
    /// Serial number of the host, and the copies A and B of its calibration record.
    pub serial_number: u32,
    /// See `serial_number`; none: the host runs on its configuration.
    pub calibration: [Option<Vec<u8>>; 2],
    /// Configuration of the host.
    pub host: UnitConfig,
    /// Configuration of the emergency drive.
    pub emergency_drive: UnitConfig,
    /// Events, sorted by time.
    pub events: Vec<Event>,
    /// Expectations.
    pub expects: Vec<Expect>,
    /// What the units must show, and nothing else; empty: it is not judged.
    pub alarms: Vec<ExpectedAlarm>,
    /// What was overridden, as `key = value`, in order.
    pub overridden: Vec<String>,
}

/// One `key=value` of the command line.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Key.
    pub key: String,
    /// Value with its place, which is the option itself.
    pub entry: Entry,
}

impl Setting {
    /// Parses the argument of `--set`.
    ///
    /// # Errors
    /// There is no `=`, or no key before it.
    pub fn parse(argument: &str) -> Checked<Self> {
        let allowed = "key=value, for instance rotor.k_x_n_per_m=20e3";
        let Some((key, value)) = argument.split_once('=') else {
            return Err(BadInput::key("--set", argument, "", "there is no =", allowed));
        };
        let (key, value) = (key.trim().to_owned(), value.trim());
        if key.is_empty() || value.is_empty() {
            return Err(BadInput::key("--set", argument, "", "key or value is empty", allowed));
        }
        let entry =
            Entry { key: key.clone(), value: value_of_argument(value), place: Place("--set".to_owned()) };
        Ok(Self { key, entry })
    }

    /// The setting that `--seed N` stands for.
    #[must_use]
    pub fn seed(text: &str) -> Self {
        let entry = Entry {
            key: "seed".to_owned(),
            value: value_of_argument(text),
            place: Place("--seed".to_owned()),
        };
        Self { key: "seed".to_owned(), entry }
    }
}

/// Reads the scenario of a file or name, with the settings of the command line.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn load(argument: &str, settings: &[Setting]) -> Checked<Scenario> {
    let found = SCENARIO_SHELF.find(argument, Path::new("")).map_err(|missing| missing.of(argument))?;
    read(&found, argument, settings)
}

/// Reads a scenario whose text is at hand.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(found: &Found, argument: &str, settings: &[Setting]) -> Checked<Scenario> {
    let document = found.source.parse()?;
    let top = Table::top(&found.source, &document);
    let mut keys: Vec<&str> = TOP_KEYS.iter().map(|(key, _)| *key).collect();
    keys.extend(["override", "event", "expect", "alarm"]);
    top.allow_keys(&keys, "")?;

    let head = Head { top: &top, settings, folder: &found.folder };
    let mut scenario = head.scenario(&found.name, argument)?;
    let mut applied = match top.table("override")? {
        Some(table) => table.flattened(),
        None => Vec::new(),
    };
    for (key, entry) in &applied {
        overrides::apply(&mut scenario, key, entry, &found.folder)?;
    }
    let (of_events, others): (Vec<&Setting>, Vec<&Setting>) = settings
        .iter()
        .filter(|setting| !is_top_key(&setting.key))
        .partition(|setting| setting.key.starts_with(EVENT_PREFIX));
    for setting in others {
        overrides::apply(&mut scenario, &setting.key, &setting.entry, Path::new(""))?;
        applied.push((setting.key.clone(), setting.entry.clone()));
    }
    overrides::check_together(&scenario, &applied)?;
    let mut tables = top.tables("event")?;
    for setting in of_events {
        set_event(&mut tables, setting)?;
        scenario.overridden.push(format!("{} = {}", setting.key, setting.entry.value));
    }
    for table in &tables {
        scenario.events.push(event::read(table, &scenario)?);
    }
    event::check_faults(&tables, &scenario.events)?;
    scenario.events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    for table in top.tables("expect")? {
        scenario.expects.push(expect::read(&table)?);
    }
    for table in top.tables("alarm")? {
        scenario.alarms.push(alarm::read(&table, scenario.duration_s)?);
    }
    Ok(scenario)
}

/// Puts a setting `event.N.key=value` above what the file says of its N-th event.
fn set_event(tables: &mut [Table<'_>], setting: &Setting) -> Checked<()> {
    let allowed = format!("event.N.KEY with N from 1 to {}, the place in the file", tables.len());
    let found = setting.key.strip_prefix(EVENT_PREFIX).and_then(|rest| {
        let (number, key) = rest.split_once('.')?;
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        Some((tables.get_mut(index)?, key))
    });
    match found {
        Some((table, key)) => {
            table.set(key, &setting.entry);
            Ok(())
        }
        None => Err(BadInput::key(&setting.entry.place, &setting.key, "", "there is no such event", allowed)),
    }
}

fn is_top_key(key: &str) -> bool {
    TOP_KEYS.iter().any(|(top, _)| *top == key)
}

/// The top keys with what the command line sets above them.
struct Head<'a> {
    top: &'a Table<'a>,
    settings: &'a [Setting],
    folder: &'a Path,
}

impl Head<'_> {
    /// The last setting of a key, else the file's, with the folder that a path in it starts from.
    fn entry(&self, key: &str) -> Option<(Entry, PathBuf)> {
        match self.settings.iter().rev().find(|setting| setting.key == key) {
            Some(setting) => Some((setting.entry.clone(), PathBuf::new())),
            None => Some((self.top.entry(key)?, self.folder.to_path_buf())),
        }
    }

    fn required(&self, key: &str, allowed: &str) -> Checked<Entry> {
        match self.entry(key) {
            Some((entry, _)) => Ok(entry),
            None => self.top.required(key, allowed),
        }
    }

    fn scenario(&self, name: &str, argument: &str) -> Checked<Scenario> {
        let title = self.required("title", "one line of text")?;
        if title.text()?.trim().is_empty() || title.text()?.contains('\n') {
            return Err(title.refuse("empty or more than one line", "one line of text"));
        }
        let duration = self.required("duration_s", "the simulated time in seconds")?;
        let (plant_name, plant) = self.plant()?;
        let (circuit_name, circuit) = self.circuit()?;
        let (patient_name, patient) = self.patient()?;
        Ok(Scenario {
            name: name.to_owned(),
            argument: argument.to_owned(),
            title: title.text()?.to_owned(),
            duration_s: duration.number(&(DURATION_S_MIN..=DURATION_S_MAX))?,
            seed: self.seed()?,
            units: self.units()?,
            drive_lines: self.drive_lines()?,
            clock_ppm: self.clock_ppm()?,
            water_celsius: self.water_celsius()?,
            self_test: self.self_test()?,
            plant_name,
            circuit_name,
            patient_name,
            pump_curve: None,
            plant,
            circuit,
            patient,
            pump_table: None,
            serial_number: 1,
            calibration: [None, None],
            host: configuration_for(&patient),
            emergency_drive: configuration_for(&patient),
            events: Vec::new(),
            expects: Vec::new(),
            alarms: Vec::new(),
            overridden: Vec::new(),
        })
    }

    fn seed(&self) -> Checked<u64> {
        let Some((entry, _)) = self.entry("seed") else { return Ok(1) };
        let seed = entry.number(&(0.0..=SEED_MAX as f64))?;
        if seed.fract() != 0.0 {
            return Err(entry.refuse("this is not a whole number", format!("0 to {SEED_MAX}")));
        }
        Ok(seed as u64)
    }

    fn units(&self) -> Checked<Units> {
        let Some((entry, _)) = self.entry("units") else { return Ok(Units::Host) };
        match entry.text()? {
            "host" => Ok(Units::Host),
            "both" => Ok(Units::Both),
            _ => Err(entry.refuse("there are no such units", "host or both")),
        }
    }

    fn clock_ppm(&self) -> Checked<f64> {
        let Some((entry, _)) = self.entry("clock_ppm") else { return Ok(0.0) };
        entry.number(&(-CLOCK_PPM_MAX..=CLOCK_PPM_MAX))
    }

    fn water_celsius(&self) -> Checked<Option<f64>> {
        self.entry("water_celsius").map(|(entry, _)| entry.number(&WATER_CELSIUS)).transpose()
    }

    fn drive_lines(&self) -> Checked<bool> {
        let Some((entry, _)) = self.entry("drive_lines") else { return Ok(true) };
        match entry.text()? {
            "connected" => Ok(true),
            "none" => Ok(false),
            _ => Err(entry.refuse("there is no such wiring", "connected or none")),
        }
    }

    fn self_test(&self) -> Checked<Option<[MemoryChecks; 2]>> {
        let Some((entry, _)) = self.entry("self_test") else { return Ok(None) };
        let well = MemoryChecks { ram: Some(true), flash: Some(true) };
        match entry.text()? {
            "no" => Ok(None),
            "yes" => Ok(Some([well; 2])),
            "ram_fails" => Ok(Some([MemoryChecks { ram: Some(false), ..well }, well])),
            "flash_fails" => Ok(Some([MemoryChecks { flash: Some(false), ..well }, well])),
            _ => Err(entry.refuse("there is no such self-test", "no, yes, ram_fails or flash_fails")),
        }
    }

    fn plant(&self) -> Checked<(String, Plant)> {
        let Some((entry, folder)) = self.entry("plant") else {
            return Ok(("ecmo-50".to_owned(), levitas_world::ECMO_50));
        };
        let found = find_for_key(&PLANT_SHELF, &entry, &folder)?;
        Ok((found.name.clone(), overrides::read_plant(&found)?))
    }

    fn circuit(&self) -> Checked<(String, Circuit)> {
        let Some((entry, folder)) = self.entry("circuit") else {
            return Ok(("va-25-21".to_owned(), levitas_world::VA_25_21));
        };
        let found = find_for_key(&CIRCUIT_SHELF, &entry, &folder)?;
        Ok((found.name.clone(), overrides::read_circuit(&found)?))
    }

    fn patient(&self) -> Checked<(String, Patient)> {
        let Some((entry, folder)) = self.entry("patient") else {
            return Ok(("va-fixed".to_owned(), levitas_world::VA_FIXED));
        };
        let found = find_for_key(&PATIENT_SHELF, &entry, &folder)?;
        Ok((found.name.clone(), overrides::read_patient(&found)?))
    }
}

impl Scenario {
    /// The course of the scenario, for measuring.
    #[must_use]
    pub fn story(&self) -> Story {
        let mut marks = Vec::new();
        for event in &self.events {
            let Some(act) = event.action.act() else { continue };
            marks.push(Mark { time_s: event.at_s, act });
            let end_s = event.at_s + event.action.duration_s();
            if act == Act::Disturb && end_s > event.at_s && end_s < self.duration_s {
                marks.push(Mark { time_s: end_s, act: Act::DisturbEnd });
            }
        }
        marks.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        Story {
            duration_s: self.duration_s,
            clearance_m: self.plant.rotor.clearance_m,
            radius_m: self.plant.rotor_fluid.radius_m,
            marks,
        }
    }

    /// True when it lists the alarm of a sign.
    #[must_use]
    pub fn lists_alarm(&self, sign: Sign) -> bool {
        self.alarms.iter().any(|alarm| ALARMS[alarm.index].sign == sign)
    }

    /// True when a touchdown is what the scenario is about.
    #[must_use]
    pub fn expects_touchdown(&self) -> bool {
        let wanted = |expect: &Expect| {
            expect.metric == "levitation.touchdowns" && expect.min.is_some_and(|min| min >= 1.0)
        };
        self.expects.iter().any(wanted)
    }
}

/// The name of an unknown key among many, refused.
fn unknown_key(entry: &Entry, key: &str, known: &[String]) -> BadInput {
    BadInput::key(&entry.place, &entry.key, "", "unknown key", allowed_names(key, known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toml_file::Source;

    fn scenario(text: &str, settings: &[&str]) -> Checked<Scenario> {
        let source = Source { name: "s.toml".to_owned(), text: text.to_owned() };
        let found = Found { name: "s".to_owned(), folder: PathBuf::new(), source };
        let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
        read(&found, "s.toml", &settings)
    }

    const HEAD: &str = "title = \"t\"\nduration_s = 2\n";

    #[test]
    fn a_rejoin_is_trouble_by_whatever_way_it_is_commanded() {
        let is_trouble = |event: &str| {
            let text = format!("{HEAD}units = \"both\"\n[[event]]\nat_s = 1\n{event}");
            scenario(&text, &[]).unwrap().events[0].action.is_trouble()
        };
        let order = "do = \"command\"\ntarget = \"host\"\nname =";
        assert!(is_trouble("do = \"rejoin\""));
        assert!(is_trouble(&format!("{order} \"rejoin\"")));
        assert!(is_trouble(&format!("{order} \"takeover_drill\"")));
        assert!(!is_trouble(&format!("{order} \"land\"")));
    }

    #[test]
    fn cannulas_and_lungs_are_taken_by_size_and_type() {
        let text = format!(
            "{HEAD}[override]\n\"circuit.drainage_cannula.size_fr\" = 23\n\"circuit.membrane_lung.type\" = \"nautilus-mc3\"\n"
        );
        let read = scenario(&text, &["circuit.return_cannula.size_fr=17"]).unwrap().circuit;
        assert_eq!(read.drainage_cannula.resistance_mmhg_per_lpm2, 2.48);
        assert_eq!(read.return_cannula.resistance_mmhg_per_lpm2, 8.11);
        assert_eq!(
            (read.membrane_lung.resistance_mmhg_per_lpm, read.membrane_lung.volume_ml),
            (10.52, 280.0)
        );
        let file = include_str!("../../world/circuits/va-25-21.toml")
            .replace("resistance_mmhg_per_lpm2 = 1.69", "size_fr = 29")
            .replace("resistance_mmhg_per_lpm = 11.24", "type = \"quadrox-i-small-adult\"")
            .replace("\nvolume_ml = 335.0", "");
        let source = Source { name: "c.toml".to_owned(), text: file };
        let found = Found { name: "c".to_owned(), folder: PathBuf::new(), source };
        let read = overrides::read_circuit(&found).unwrap();
        assert_eq!(read.drainage_cannula.resistance_mmhg_per_lpm2, 1.03);
        assert_eq!((read.membrane_lung.resistance_mmhg_per_lpm, read.membrane_lung.volume_ml), (8.62, 295.0));
    }

    #[test]
    fn defaults_are_the_demonstration_plant_and_settings_win() {
        let read = scenario(HEAD, &["seed=7", "duration_s=3", "rotor.mass_kg=0.2"]).unwrap();
        assert_eq!((read.seed, read.duration_s, read.plant.rotor.mass_kg), (7, 3.0, 0.2));
        assert_eq!(read.circuit_name, "va-25-21");
        assert_eq!(read.overridden, ["rotor.mass_kg = 0.2"]);
    }

    #[test]
    fn events_come_in_any_order_and_end_marks_are_added() {
        let text = format!(
            "{HEAD}[[event]]\nat_s = 1.0\ndo = \"disturb\"\nkind = \"force_step\"\nnewton = 5\nangle_deg = 0\n\
             duration_s = 0.5\n[[event]]\nat_s = 0\ndo = \"lift_off\"\n"
        );
        let acts: Vec<Act> =
            scenario(&text, &[]).unwrap().story().marks.iter().map(|mark| mark.act).collect();
        assert_eq!(acts, [Act::LiftOff, Act::Disturb, Act::DisturbEnd]);
    }

    #[test]
    fn a_setting_needs_key_and_value() {
        for argument in ["seed", "=3", "seed="] {
            assert!(Setting::parse(argument).unwrap_err().to_string().contains("allowed is key=value"));
        }
    }
}
