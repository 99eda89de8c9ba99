// SPDX-License-Identifier: Apache-2.0
//! Events `circuit` and `patient`: what happens to the tubing and to the one at its end.

use levitas_world::{CircuitChange, EcgKind, KinkSite, Line, Patient, PatientChange};

use super::event::{EventAction, Specification};
use crate::input::{Checked, allowed_names, any_of};
use crate::key_spec::KeySpec;
use crate::toml_file::Table;

const LINES: [&str; 2] = ["return", "drainage"];
const KINK_SITES: [&str; 4] = ["drainage_cannula", "drainage_tubing", "return_tubing", "return_cannula"];

const CLAMP_SITE: KeySpec = KeySpec::names("site", &LINES, "which tubing; default return");
const AIR_SITE: KeySpec = KeySpec::names(
    "site",
    &LINES,
    "drainage: at the patient; return: behind the membrane lung; default drainage",
);
const KINK_SITE: KeySpec = KeySpec::names("site", &KINK_SITES, "which part");
const LOSS_ML: KeySpec = KeySpec::numbers("ml", 0.0..=5000.0, "how much blood [mL]");
const LOSS_OVER_S: KeySpec = KeySpec::numbers("over_s", 0.1..=3600.0, "in which time [s]");
const GIVEN_OVER_S: KeySpec = KeySpec::numbers("over_s", 0.1..=3600.0, "in which time [s]; default 60");
const TILT_DEG: KeySpec =
    KeySpec::numbers("tilt_deg", -30.0..=90.0, "0 lying, 90 upright, below 0 head down [deg]; default 60");
/// Rhythms in the order of [`EcgKind::ALL`], then electrodes that come off.
const ECG_KIND: KeySpec = KeySpec::names(
    "kind",
    &["sinus", "noise", "ectopic", "atrial_fibrillation", "paced", "open", "none"],
    "open: an electrode is off and the front end does not notice; none: it does",
);
/// Values of keys that are left out.
const GIVEN_OVER_S_DEFAULT: f64 = 60.0;
const TILT_DEG_DEFAULT: f64 = 60.0;

/// Values of `what` of `circuit`.
pub const CIRCUIT_EVENTS: [Specification; 6] = [
    Specification { name: "clamp", doc: "a hand closes the clamp of a line, in 0.3 s", keys: &[CLAMP_SITE] },
    Specification {
        name: "unclamp",
        doc: "a hand opens it, in the time of the circuit's file",
        keys: &[CLAMP_SITE],
    },
    Specification {
        name: "kink",
        doc: "the pressure drop of a part becomes this times what it was",
        keys: &[KINK_SITE, KeySpec::numbers("factor", 1.0..=1000.0, "1: the kink is gone")],
    },
    Specification {
        name: "air_bolus",
        doc: "air enters and travels with the flow",
        keys: &[KeySpec::numbers("ml", 0.01..=200.0, "how much air [mL]"), AIR_SITE],
    },
    Specification {
        name: "clot",
        doc: "the resistance of the membrane lung becomes this times that of a new one",
        keys: &[KeySpec::numbers("factor", 1.0..=100.0, "1: as new")],
    },
    Specification {
        name: "viscosity",
        doc: "blood of another haematocrit fills the circuit",
        keys: &[KeySpec::numbers("haematocrit_pct", 0.0..=70.0, "haematocrit [%], 0 is saline")],
    },
];

/// Values of `what` of `patient`.
pub const PATIENT_EVENTS: [Specification; 8] = [
    Specification { name: "blood_loss", doc: "blood is lost", keys: &[LOSS_ML, LOSS_OVER_S] },
    Specification { name: "volume", doc: "blood is given", keys: &[LOSS_ML, GIVEN_OVER_S] },
    Specification {
        name: "vasoplegia",
        doc: "the resistance of the arteries becomes this times the patient's own",
        keys: &[KeySpec::numbers("factor", 0.2..=2.0, "1: as at the start")],
    },
    Specification {
        name: "contractility",
        doc: "the strength of both ventricles becomes this times the patient's own",
        keys: &[KeySpec::numbers("factor", 0.0..=3.0, "1: as at the start")],
    },
    Specification {
        name: "heart_rate",
        doc: "another heart rate; a heart that stands still beats again",
        keys: &[KeySpec::numbers("bpm", 20.0..=240.0, "beats per minute")],
    },
    Specification { name: "arrest", doc: "the heart stands still", keys: &[] },
    Specification {
        name: "ecg",
        doc: "the heart gets another rhythm, the electrodes other noise, or they come off; at first sinus",
        keys: &[ECG_KIND],
    },
    Specification {
        name: "posture",
        doc: "the patient is tilted; upright 600 mL pool in the legs",
        keys: &[TILT_DEG],
    },
];

/// The specification that `what` names, after a check of the keys.
fn what<'a>(table: &Table<'_>, event: &str, all: &'a [Specification]) -> Checked<&'a Specification> {
    let names: Vec<&str> = all.iter().map(|specification| specification.name).collect();
    let entry = table.required("what", &any_of(&names))?;
    let name = entry.text()?;
    let Some(found) = all.iter().find(|specification| specification.name == name) else {
        return Err(entry.refuse(format!("unknown change of the {event}"), allowed_names(name, &names)));
    };
    let mut keys = vec!["at_s", "do", "what"];
    keys.extend(found.keys.iter().map(|key| key.name));
    table.allow_keys(&keys, &format!(" of {event} {name}"))?;
    Ok(found)
}

/// A key's value, or what it is without the key.
fn or_default(key: &KeySpec, table: &Table<'_>, default: f64) -> Checked<f64> {
    match table.entry(key.name) {
        Some(_) => key.read(table),
        None => Ok(default),
    }
}

fn line(key: &KeySpec, table: &Table<'_>, default: Line) -> Checked<Line> {
    let index = or_default(key, table, f64::from(u8::from(default == Line::Drainage)))?;
    Ok(if index < 0.5 { Line::Return } else { Line::Drainage })
}

/// Reads an event `circuit`.
pub(super) fn circuit(table: &Table<'_>) -> Checked<(EventAction, String)> {
    let found = what(table, "circuit", &CIRCUIT_EVENTS)?;
    let number = |index: usize| match found.keys.get(index) {
        Some(key) => key.read(table),
        None => Ok(0.0),
    };
    let at = |line: Line| LINES[usize::from(line == Line::Drainage)];
    let (change, text) = match found.name {
        "clamp" => {
            let line = line(&CLAMP_SITE, table, Line::Return)?;
            (CircuitChange::Clamp(line), at(line).to_owned())
        }
        "unclamp" => {
            let line = line(&CLAMP_SITE, table, Line::Return)?;
            (CircuitChange::Unclamp(line), at(line).to_owned())
        }
        "kink" => {
            use KinkSite::{DrainageCannula, DrainageTubing, ReturnCannula, ReturnTubing};
            let site = number(0)? as usize;
            let factor = number(1)?;
            let sites = [DrainageCannula, DrainageTubing, ReturnTubing, ReturnCannula];
            (
                CircuitChange::Kink { site: sites[site.min(3)], factor },
                format!("{} x {factor}", KINK_SITES[site.min(3)]),
            )
        }
        "air_bolus" => {
            let (ml, line) = (number(0)?, line(&AIR_SITE, table, Line::Drainage)?);
            (CircuitChange::AirBolus { ml, line }, format!("{ml} mL, {}", at(line)))
        }
        "clot" => {
            let factor = number(0)?;
            (CircuitChange::Clot { factor }, format!("x {factor}"))
        }
        _ => {
            let haematocrit_pct = number(0)?;
            (CircuitChange::Viscosity { haematocrit_pct }, format!("haematocrit {haematocrit_pct} %"))
        }
    };
    Ok((EventAction::Circuit(change), format!("{} {text}", found.name)))
}

/// Reads an event `patient`.
pub(super) fn patient(table: &Table<'_>, patient: &Patient) -> Checked<(EventAction, String)> {
    let found = what(table, "patient", &PATIENT_EVENTS)?;
    if matches!(patient, Patient::Fixed(_)) {
        let entry = table.required("do", "patient")?;
        return Err(entry.refuse(
            "the scenario's patient is of kind fixed and cannot change",
            "a patient of kind living, for instance patient = \"va-adult\"",
        ));
    }
    let number = |index: usize| match found.keys.get(index) {
        Some(key) => key.read(table),
        None => Ok(0.0),
    };
    let (change, text) = match found.name {
        "blood_loss" => {
            let (ml, over_s) = (number(0)?, number(1)?);
            (PatientChange::BloodLoss { ml, over_s }, format!("{ml} mL over {over_s} s"))
        }
        "volume" => {
            let (ml, over_s) = (number(0)?, or_default(&GIVEN_OVER_S, table, GIVEN_OVER_S_DEFAULT)?);
            (PatientChange::Volume { ml, over_s }, format!("{ml} mL over {over_s} s"))
        }
        "vasoplegia" => (PatientChange::Vasoplegia { factor: number(0)? }, format!("x {}", number(0)?)),
        "contractility" => (PatientChange::Contractility { factor: number(0)? }, format!("x {}", number(0)?)),
        "heart_rate" => (PatientChange::HeartRate { bpm: number(0)? }, format!("{} per minute", number(0)?)),
        "arrest" => (PatientChange::Arrest, String::new()),
        "ecg" => {
            let index = number(0)?;
            let change = match EcgKind::ALL.get(index as usize) {
                Some((kind, _)) => PatientChange::Rhythm(*kind),
                None => PatientChange::ElectrodesOff { is_noticed: ECG_KIND.shown(index) == "none" },
            };
            (change, ECG_KIND.shown(index))
        }
        _ => {
            let tilt_deg = or_default(&TILT_DEG, table, TILT_DEG_DEFAULT)?;
            (PatientChange::Posture { tilt_deg }, format!("{tilt_deg} deg"))
        }
    };
    Ok((EventAction::Patient(change), format!("{} {text}", found.name).trim_end().to_owned()))
}
