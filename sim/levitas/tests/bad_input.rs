// SPDX-License-Identifier: Apache-2.0
//! Every refusal: exit code 2, one line on standard error that names file, key and what is allowed, nothing written.

mod common;

use std::fs;

use common::{Scratch, levitas};
use levitas::scenario::settings_of;
use levitas_core::circulation::therapy::{Mode, TherapySettings};

/// A good head, to which each case adds what is wrong.
const HEAD: &str = "title = \"t\"\nduration_s = 1.0\n";
const LIFT: &str = "[[event]]\nat_s = 0.1\ndo = \"lift_off\"\n";

/// A scenario text with what its refusal must name: file and place, key or value, what is allowed.
struct Case(&'static str, String, &'static [&'static str]);

fn event(body: &str) -> String {
    format!("{HEAD}{LIFT}[[event]]\n{body}\n")
}

/// A second event that breaks something of the host.
fn breaking(body: &str) -> String {
    event(&format!("at_s = 0.2\ndo = \"fault\"\ntarget = \"host\"\n{body}"))
}

fn overriding(line: &str) -> String {
    format!("{HEAD}[override]\n{line}\n")
}

fn alarming(body: &str) -> String {
    format!("{HEAD}{LIFT}[[alarm]]\n{body}\n")
}

fn expecting(body: &str) -> String {
    format!("{HEAD}{LIFT}[[expect]]\n{body}\n")
}

#[rustfmt::skip]
fn circulation_cases() -> Vec<Case> {
    vec![
        Case("limit out of range", event("at_s = 0.2\ndo = \"set_limit\"\nlimit = \"return_pressure_mmhg_max\"\nvalue = 900"), &["value = 900", "50 to 400 mmHg"]),
        Case("unknown limit", event("at_s = 0.2\ndo = \"set_limit\"\nlimit = \"pulse_rate_bpm\"\nvalue = 60"), &["limit = \"pulse_rate_bpm\"", "unknown limit"]),
        Case("set-point by set", event("at_s = 0.2\ndo = \"set\"\nsetting = \"flow_setpoint_lpm\"\nvalue = 4"), &["unknown setting"]),
        Case("flow out of range", event("at_s = 0.2\ndo = \"set_mode\"\nmode = \"flow\"\nvalue = 40"), &["value = 40", "0 to 8 L/min"]),
        Case("value for a mode without one", event("at_s = 0.2\ndo = \"set_mode\"\nmode = \"zero_flow\"\nvalue = 4"), &["value", "unknown key of mode zero_flow"]),
        Case("a key of the other kind of patient", format!("{HEAD}patient = \"bench\"\n[override]\n\"patient.heart.rate_bpm\" = 60\n"), &["patient.heart.rate_bpm", "unknown key of a patient of kind fixed", "patient.venous_pressure_mmhg"]),
        Case("a heart that is too fast", format!("{HEAD}patient = \"va-adult\"\n[override]\n\"patient.heart.rate_bpm\" = 600\n"), &["patient.heart.rate_bpm = 600", "out of range", "20 to 240"]),
        Case("a cannula that is not made", overriding("\"circuit.return_cannula.size_fr\" = 20"), &["circuit.return_cannula.size_fr = 20", "no cannula of this size", "15, 17, 19, 21 or 23"]),
        Case("unknown lung", overriding("\"circuit.membrane_lung.type\" = \"quadrox\""), &["circuit.membrane_lung.type = \"quadrox\"", "unknown type of membrane lung", "quadrox-i-adult"]),
        Case("a size that is no number", overriding("\"circuit.drainage_cannula.size_fr\" = \"large\""), &["size_fr = \"large\"", "this is a string"]),
        Case("circuit without what", event("at_s = 0.2\ndo = \"circuit\""), &["[[event]] 2", "what", "missing", "clamp"]),
        Case("unknown change of the circuit", event("at_s = 0.2\ndo = \"circuit\"\nwhat = \"clam\""), &["what = \"clam\"", "unknown change of the circuit", "did you mean clamp?"]),
        Case("a kink without a site", event("at_s = 0.2\ndo = \"circuit\"\nwhat = \"kink\"\nfactor = 3"), &["site", "missing", "drainage_cannula"]),
        Case("a kink that widens", event("at_s = 0.2\ndo = \"circuit\"\nwhat = \"kink\"\nsite = \"return_tubing\"\nfactor = 0.5"), &["factor = 0.5", "out of range", "1 to 1000"]),
        Case("a clamp where none is", event("at_s = 0.2\ndo = \"circuit\"\nwhat = \"clamp\"\nsite = \"pump\""), &["site = \"pump\"", "unknown site", "return or drainage"]),
        Case("a clot with a key of a bolus", event("at_s = 0.2\ndo = \"circuit\"\nwhat = \"clot\"\nfactor = 2\nml = 3"), &["ml", "unknown key", "circuit clot"]),
        Case("an event of a patient who is fixed", event("at_s = 0.2\ndo = \"patient\"\nwhat = \"arrest\""), &["do = \"patient\"", "kind fixed", "va-adult"]),
        Case("blood lost in no time", format!("patient = \"va-adult\"\n{}", event("at_s = 0.2\ndo = \"patient\"\nwhat = \"blood_loss\"\nml = 100\nover_s = 0")), &["over_s = 0", "out of range", "0.1 to 3600"]),
        Case("unknown change of the patient", format!("patient = \"va-adult\"\n{}", event("at_s = 0.2\ndo = \"patient\"\nwhat = \"fever\"")), &["what = \"fever\"", "unknown change of the patient", "blood_loss"]),
    ]
}

#[rustfmt::skip]
fn scenario_cases() -> Vec<Case> {
    vec![
        Case("broken TOML", "title = \"t\"\nduration_s = = 1\n".into(), &["bad.toml:2:", "broken TOML", "allowed is TOML"]),
        Case("broken TOML, open string", "title = \"t\nduration_s = 1\n".into(), &["bad.toml:1:", "broken TOML"]),
        Case("duplicate key", format!("{HEAD}title = \"u\"\n"), &["bad.toml:3:", "broken TOML", "duplicate"]),
        Case("empty file", String::new(), &["bad.toml: title", "missing", "allowed is one line"]),
        Case("no duration", "title = \"t\"\n".into(), &["bad.toml: duration_s", "missing"]),
        Case("unknown key", format!("{HEAD}colour = 1\n"), &["bad.toml:3:1: colour", "unknown key", "allowed is title"]),
        Case("unknown key, near miss", format!("{HEAD}sead = 1\n"), &["sead", "did you mean seed?"]),
        Case("wrong type", "title = \"t\"\nduration_s = \"long\"\n".into(), &["bad.toml:2:14: duration_s = \"long\"", "this is a string", "allowed is a number"]),
        Case("title is no string", "title = 3\nduration_s = 1\n".into(), &["bad.toml:1:9: title = 3", "allowed is a string"]),
        Case("title of two lines", "title = \"a\\nb\"\nduration_s = 1\n".into(), &["title", "one line"]),
        Case("infinite duration", "title = \"t\"\nduration_s = inf\n".into(), &["duration_s = inf", "not a finite number", "0.001 to 3600"]),
        Case("NaN duration", "title = \"t\"\nduration_s = nan\n".into(), &["duration_s = NaN", "not a finite number", "0.001 to 3600"]),
        Case("huge duration", "title = \"t\"\nduration_s = 1e99\n".into(), &["duration_s", "out of range", "0.001 to 3600"]),
        Case("negative duration", "title = \"t\"\nduration_s = -1\n".into(), &["duration_s = -1", "0.001 to 3600"]),
        Case("seed with a fraction", format!("{HEAD}seed = 1.5\n"), &["seed = 1.5", "whole number"]),
        Case("unknown self-test", format!("{HEAD}self_test = \"maybe\"\n"), &["self_test = \"maybe\"", "there is no such self-test", "allowed is no, yes, ram_fails"]),
        Case("negative seed", format!("{HEAD}seed = -1\n"), &["seed = -1", "from 0"]),
        Case("unknown plant", format!("{HEAD}plant = \"ecmo-51\"\n"), &["plant = \"ecmo-51\"", "ecmo-50"]),
        Case("unknown circuit", format!("{HEAD}circuit = \"x.toml\"\n"), &["circuit = \"x.toml\"", "no such file", "allowed is the path"]),
        Case("unknown patient", format!("{HEAD}patient = \"zzz\"\n"), &["patient = \"zzz\"", "va-adult"]),
        Case("plant is a folder", format!("{HEAD}plant = \"./\"\n"), &["plant = \"./\"", "directory"]),
        Case("negative mass", overriding("\"rotor.mass_kg\" = -0.1"), &["bad.toml:4:19: [override]: rotor.mass_kg = -0.1", "out of range", "allowed is a number from 0.001 to 10"]),
        Case("NaN mass", overriding("\"rotor.mass_kg\" = nan"), &["rotor.mass_kg = NaN", "not a finite number", "0.001 to 10"]),
        Case("infinite stiffness", overriding("rotor.k_x_n_per_m = inf"), &["rotor.k_x_n_per_m = inf", "not a finite number"]),
        Case("mass is a string", overriding("\"rotor.mass_kg\" = \"light\""), &["rotor.mass_kg = \"light\"", "this is a string"]),
        Case("mass is a list", overriding("\"rotor.mass_kg\" = [1, 2]"), &["rotor.mass_kg = [1", "takes 1 numbers"]),
        Case("gravity is one number", overriding("\"rotor.gravity_m_per_s2\" = 9.81"), &["rotor.gravity_m_per_s2 = 9.81", "3 numbers"]),
        Case("unknown override", overriding("\"rotor.mas_kg\" = 1"), &["rotor.mas_kg", "unknown key", "rotor.mass_kg (did you mean it?)"]),
        Case("unknown circuit key", overriding("\"circuit.length_m\" = 1"), &["circuit.length_m", "unknown key"]),
        Case("unknown controller key", overriding("\"config.host.gain\" = 1"), &["config.host.gain", "unknown key", "allowed is config.host."]),
        Case("controller key out of range", overriding("\"config.host.speed_rpm_max\" = -5"), &["config.host.speed_rpm_max = -5", "out of range", "allowed is a number from"]),
        Case("controller key is NaN", overriding("\"config.emergency_drive.speed_rpm_max\" = nan"), &["config.emergency_drive.speed_rpm_max = NaN", "not a finite number"]),
        Case("override is no table", format!("override = 3\n{HEAD}"), &["override", "this is a number", "a table"]),
        Case("unknown event", event("at_s = 0.2\ndo = \"lift_of\""), &["bad.toml:8:6: [[event]] 2: do = \"lift_of\"", "unknown event", "did you mean lift_off?"]),
        Case("unknown mode", event("at_s = 0.2\ndo = \"set_mode\"\nmode = \"warp\"\nvalue = 4"), &["mode = \"warp\"", "unknown mode", "allowed is speed, flow"]),
        Case("mode without value", event("at_s = 0.2\ndo = \"set_mode\"\nmode = \"speed\""), &["[[event]] 2: value", "missing", "0 to 10000 rpm"]),
        Case("no do", event("at_s = 0.2"), &["bad.toml:6:1: [[event]] 2: do", "missing", "allowed is lift_off"]),
        Case("no time", event("do = \"land\""), &["[[event]] 2: at_s", "missing"]),
        Case("negative time", event("at_s = -0.1\ndo = \"land\""), &["[[event]] 2: at_s = -0.1", "allowed is a time from 0"]),
        Case("NaN time", event("at_s = nan\ndo = \"land\""), &["[[event]] 2: at_s = NaN", "not a finite number"]),
        Case("event after the end", event("at_s = 1.0\ndo = \"land\""), &["bad.toml:7:8: [[event]] 2: at_s = 1", "after the end", "below duration_s = 1"]),
        Case("foreign key in event", event("at_s = 0.2\ndo = \"land\"\nmode = \"speed\""), &["[[event]] 2: mode", "unknown key of event land", "allowed is at_s or do"]),
        Case("unknown kind", event("at_s = 0.2\ndo = \"disturb\"\nkind = \"kick\""), &["kind = \"kick\"", "unknown kind", "force_step"]),
        Case("missing newton", event("at_s = 0.2\ndo = \"disturb\"\nkind = \"force_step\"\nangle_deg = 0\nduration_s = 1"), &["[[event]] 2: newton", "missing", "0 to 1000"]),
        Case("foreign key in disturb", event("at_s = 0.2\ndo = \"disturb\"\nkind = \"unbalance\"\neccentricity_um = 5\nnewton = 3"), &["newton", "unknown key of disturb unbalance"]),
        Case("endless force", event("at_s = 0.2\ndo = \"disturb\"\nkind = \"force_step\"\nnewton = 1\nangle_deg = 0\nduration_s = inf"), &["duration_s = inf", "not a finite number"]),
        Case("command without a name", event("at_s = 0.2\ndo = \"command\"\ntarget = \"host\""), &["[[event]] 2: name", "missing", "lift_off"]),
        Case("unknown command", event("at_s = 0.2\ndo = \"command\"\ntarget = \"host\"\nname = \"stop\""), &["name = \"stop\"", "unknown name", "set_speed"]),
        Case("speed command without a speed", event("at_s = 0.2\ndo = \"command\"\ntarget = \"host\"\nname = \"set_speed\""), &["[[event]] 2: value", "missing", "0 to 10000"]),
        Case("landing with a speed", event("at_s = 0.2\ndo = \"command\"\ntarget = \"host\"\nname = \"land\"\nvalue = 3"), &["value", "unknown key of command land"]),
        Case("event is no table", format!("{HEAD}event = 3\n"), &["event", "[[event]]"]),
        Case("unknown metric", expecting("metric = \"flow.lmp\"\nmax = 1"), &["[[expect]] 1: metric = \"flow.lmp\"", "unknown metric", "flow.lpm (did you mean it?)"]),
        Case("metric of a later version", expecting("metric = \"takeover.detect_us\"\nmax = 1"), &["takeover.detect_us", "not available yet"]),
        Case("metric that is a list", expecting("metric = \"invariants.broken\"\nmax = 0"), &["invariants.broken", "list"]),
        Case("min above max", expecting("metric = \"flow.lpm\"\nmin = 5\nmax = 4"), &["[[expect]] 1: min = 5", "above max = 4", "allowed is at most"]),
        Case("no bound", expecting("metric = \"flow.lpm\""), &["[[expect]] 1: metric", "no bound", "allowed is min, max or both"]),
        Case("NaN bound", expecting("metric = \"flow.lpm\"\nmax = nan"), &["[[expect]] 1: max = NaN", "not a finite number"]),
        Case("unknown alarm", alarming("name = \"low_flw\"\nfrom_s = 0.1"), &["[[alarm]] 1: name = \"low_flw\"", "unknown alarm", "low_flow (did you mean it?)"]),
        Case("alarm without its time", alarming("name = \"low_flow\""), &["[[alarm]] 1: from_s", "allowed is a time from 0 to the end"]),
        Case("alarm over before it comes", alarming("name = \"low_flow\"\nfrom_s = 0.2\nover_by_s = 0.1"), &["[[alarm]] 1: over_by_s = 0.1", "allowed is a time from 0.2 to the end"]),
        Case("unknown order to the alarms", event("at_s = 0.2\ndo = \"alarm_order\"\norder = \"mute\""), &["order = \"mute\"", "acknowledge, pause or sound"]),
        Case("unknown key of expect", expecting("metric = \"flow.lpm\"\nmaximum = 4"), &["[[expect]] 1: maximum", "unknown key of expect", "allowed is metric, min or max"]),
        Case("curve that is not there", overriding("\"pump.curve\" = \"no.csv\""), &["pump.curve = \"no.csv\"", "no such file", "allowed is"]),
        Case("curve of an unknown name", overriding("\"pump.curve\" = \"heartmate2\""), &["pump.curve = \"heartmate2\"", "heartmate3"]),
        Case("curve is a number", overriding("\"pump.curve\" = 3"), &["pump.curve = 3", "a string"]),
    ]
}

#[rustfmt::skip]
fn fault_cases() -> Vec<Case> {
    vec![
        Case("fault without target", event("at_s = 0.2\ndo = \"fault\"\nfault = \"angle_stuck\""), &["[[event]] 2: target", "missing", "allowed is host, emergency_drive"]),
        Case("fault of an unknown unit", event("at_s = 0.2\ndo = \"fault\"\ntarget = \"pump\"\nfault = \"angle_stuck\""), &["target = \"pump\"", "unknown target", "host, emergency_drive", "return, flow or warming"]),
        Case("fault of a unit at a sensor", event("at_s = 0.2\ndo = \"fault\"\ntarget = \"flow\"\nfault = \"angle_stuck\""), &["[[event]] 2: target = \"flow\"", "this fault is none of it", "allowed is host or emergency_drive"]),
        Case("fault of a sensor at a unit", breaking("fault = \"pressure_loss\""), &["target = \"host\"", "none of it", "allowed is drainage, pre_membrane or return"]),
        Case("fault of another sensor", event("at_s = 0.2\ndo = \"fault\"\ntarget = \"return\"\nfault = \"flow_meter_loss\""), &["target = \"return\"", "none of it", "allowed is flow"]),
        Case("bias out of range", event("at_s = 0.2\ndo = \"fault\"\ntarget = \"flow\"\nfault = \"flow_meter_bias\"\nshare = 2"), &["share = 2", "-0.9 to 1"]),
        Case("no fault", event("at_s = 0.2\ndo = \"fault\"\ntarget = \"host\""), &["[[event]] 2: fault", "missing", "hall_open"]),
        Case("unknown fault", breaking("fault = \"hall_opne\""), &["fault = \"hall_opne\"", "unknown fault", "hall_open"]),
        Case("fault that is a number", breaking("fault = 3"), &["fault = 3", "this is a number"]),
        Case("fault of a later version", breaking("fault = \"bit_flip\""), &["fault = \"bit_flip\"", "not available yet"]),
        Case("missing element", breaking("fault = \"hall_stuck\""), &["[[event]] 2: element", "missing", "x+, x-, y+ or y-"]),
        Case("unknown element", breaking("fault = \"hall_stuck\"\nelement = \"z+\""), &["bad.toml:11:11: [[event]] 2: element = \"z+\"", "unknown element", "x+, x-, y+ or y-"]),
        Case("foreign key in fault", breaking("fault = \"angle_stuck\"\nelement = \"x+\""), &["element", "unknown key of fault angle_stuck"]),
        Case("NaN noise", breaking("fault = \"emi_burst\"\nrms_um = nan"), &["rms_um = NaN", "not a finite number", "0 to 1000"]),
        Case("negative noise", breaking("fault = \"emi_burst\"\nrms_um = -1"), &["rms_um = -1", "out of range", "0 to 1000"]),
        Case("huge bus voltage", breaking("fault = \"bus_sag\"\nvolt = 1e9"), &["volt = 1000000000", "out of range", "0 to 100"]),
        Case("endless fault", breaking("fault = \"angle_stuck\"\nduration_s = inf"), &["duration_s = inf", "not a finite number"]),
        Case("two faults and one end", breaking("fault = \"angle_stuck\"\nduration_s = 0.2\n[[event]]\nat_s = 0.3\ndo = \"fault\"\ntarget = \"host\"\nfault = \"coil_open\"\naxis = \"x\""), &["[[event]] 2: duration_s = 0.2", "would end host: coil_open", "one event clear"]),
        Case("record corrupt while it runs", breaking("fault = \"calibration_corrupt\"\ncopy = \"a\""), &["[[event]] 2: at_s = 0.2", "read at power-up", "allowed is 0"]),
        Case("record of the other unit", event("at_s = 0\ndo = \"fault\"\ntarget = \"emergency_drive\"\nfault = \"calibration_corrupt\"\ncopy = \"a\""), &["target = \"emergency_drive\"", "not read yet", "allowed is host"]),
        Case("record that heals", event("at_s = 0\ndo = \"fault\"\ntarget = \"host\"\nfault = \"calibration_corrupt\"\ncopy = \"both\"\nduration_s = 1"), &["duration_s = 1", "stays damaged"]),
        Case("record without a copy", event("at_s = 0\ndo = \"fault\"\ntarget = \"host\"\nfault = \"calibration_corrupt\""), &["[[event]] 2: copy", "missing", "a, b or both"]),
        Case("clear of an unknown unit", event("at_s = 0.2\ndo = \"clear\"\ntarget = \"all\""), &["target = \"all\"", "unknown target"]),
        Case("foreign key in clear", event("at_s = 0.2\ndo = \"clear\"\ntarget = \"host\"\nfault = \"coil_open\""), &["fault", "unknown key of event clear"]),
        Case("axial shock with a direction", event("at_s = 0.2\ndo = \"disturb\"\nkind = \"axial_shock\"\ng = 3\nduration_ms = 11\nangle_deg = 0"), &["angle_deg", "unknown key of disturb axial_shock"]),
        Case("other units", "title = \"u\"\nduration_s = 0.1\nunits = \"three\"\n".to_owned(), &["units = \"three\"", "there are no such units", "allowed is host or both"]),
        Case("hand-back with a key", event("at_s = 0.2\ndo = \"hand_back\"\ntarget = \"host\""), &["target", "unknown key of event hand_back"]),
        Case("boot without a time", breaking("fault = \"reboot\""), &["boot_s"]),
        Case("endless moment", event("at_s = 0.2\ndo = \"disturb\"\nkind = \"tilt_shock\"\nn_m = 0.1\nduration_ms = inf"), &["duration_ms = inf", "not a finite number"]),
        Case("alarm that is none", expecting("metric = \"alarm.hall_opne.latency_s\"\nmax = 1"), &["alarm.hall_opne.latency_s", "unknown metric"]),
    ]
}

/// A curve table with what its refusal must name.
#[rustfmt::skip]
const CURVES: [(&str, &str, &[&str]); 7] = [
    ("empty", "", &["curve.csv", "empty", "allowed is rows of three numbers"]),
    ("heading alone", "rpm,lpm,mmhg\n", &["curve.csv", "empty", "allowed is"]),
    ("not numeric", "rpm,lpm,mmhg\n4000,0,400\n4000,2,x\n", &["curve.csv:3: head_mmhg = x", "not a number", "allowed is"]),
    ("infinite", "4000,0,inf\n", &["curve.csv:1: head_mmhg = inf", "finite", "allowed is"]),
    ("two columns", "4000,0\n", &["curve.csv:1: row = 4000,0", "2 columns", "allowed is"]),
    ("other columns", "flow,speed,head\n0,4000,400\n", &["curve.csv:1: heading = flow,speed,head", "allowed is rpm"]),
    ("not monotonic in speed", "rpm,lpm,mmhg\n4000,0,400\n4000,3,380\n4000,6,330\n5000,0,390\n5000,3,370\n5000,6,320\n",
        &["curve.csv:", "not monotonic in speed", "allowed is"]),
];

/// Runs a bad command line in a folder and checks everything that holds for all of them.
fn refused(scratch: &Scratch, name: &str, arguments: &[&str], wanted: &[&str]) {
    let before = scratch.names();
    let run = levitas(&scratch.path, arguments);
    assert_eq!(run.code, 2, "{name}: exit code, {}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{name}: one line, not {:?}", run.stderr);
    assert_eq!(run.stdout, "", "{name}: nothing on standard output");
    assert_eq!(scratch.names(), before, "{name}: nothing is written");
    for part in wanted {
        assert!(run.stderr.contains(part), "{name}: {part:?} is not in {:?}", run.stderr);
    }
}

#[test]
fn bad_scenarios() {
    let scratch = Scratch::new("bad-scenarios");
    for Case(name, text, wanted) in
        scenario_cases().into_iter().chain(circulation_cases()).chain(fault_cases())
    {
        fs::write(scratch.path.join("bad.toml"), text).unwrap();
        refused(&scratch, name, &["run", "bad.toml"], &[&["bad.toml"], wanted].concat());
    }
}

/// Every limit, setting and set-point there is, by the table of the settings: below and above its range, no number, no finite one.
#[test]
fn every_limit_setting_and_set_point_names_what_is_allowed() {
    let scratch = Scratch::new("bad-limits");
    let set = ["set_limit", "set"].into_iter().flat_map(|event| {
        let key = if event == "set_limit" { "limit" } else { "setting" };
        settings_of(event)
            .into_iter()
            .map(move |name| (format!("do = \"{event}\"\n{key} = \"{name}\""), name))
    });
    let modes = Mode::ALL.into_iter().filter_map(|mode| {
        Some((format!("do = \"set_mode\"\nmode = \"{}\"", mode.name()), mode.setpoint()?))
    });
    let mut fields = std::collections::BTreeSet::new();
    for (keys, name) in set.chain(modes) {
        let field = TherapySettings::FIELDS.iter().find(|field| field.name == name).unwrap();
        fields.insert(name);
        let allowed = format!("{} to {}", field.min, field.max);
        for value in
            [format!("{}", field.min - 1.0), format!("{}", field.max + 1.0), "nan".into(), "-inf".into()]
        {
            let text = event(&format!("at_s = 0.2\n{keys}\nvalue = {value}"));
            fs::write(scratch.path.join("bad.toml"), text).unwrap();
            refused(&scratch, name, &["run", "bad.toml"], &["bad.toml", "value = ", &allowed]);
        }
    }
    assert_eq!(fields.len(), TherapySettings::FIELDS.len(), "one cannot be set");
}

#[test]
fn bad_curves() {
    let scratch = Scratch::new("bad-curves");
    fs::write(scratch.path.join("s.toml"), overriding("\"pump.curve\" = \"curve.csv\"")).unwrap();
    for (name, text, wanted) in CURVES {
        fs::write(scratch.path.join("curve.csv"), text).unwrap();
        refused(&scratch, name, &["run", "s.toml"], wanted);
    }
}

#[test]
fn bad_files_and_folders() {
    let scratch = Scratch::new("bad-files");
    fs::create_dir(scratch.path.join("folder.toml")).unwrap();
    fs::write(scratch.path.join("file"), "").unwrap();
    fs::write(scratch.path.join("bytes.toml"), [0x74, 0x0a, 0xff, 0xfe]).unwrap();
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &[&str]); 8] = [
        ("missing file", &["run", "no/such.toml"], &["no/such.toml", "no such file", "allowed is"]),
        ("missing name", &["run", "1a_levitatio"], &["1a_levitatio", "1a_levitation (did you mean it?)"]),
        ("a directory", &["run", "folder.toml"], &["folder.toml", "this is a directory", "allowed is"]),
        ("not text", &["run", "bytes.toml"], &["bytes.toml", "not UTF-8", "line 2"]),
        ("out is a file", &["run", "1f_lift_off", "--out", "file"], &["--out", "out = file", "is no folder", "allowed is"]),
        ("out is under a file", &["run", "1f_lift_off", "--out", "file/x/y"], &["out = file/x/y", "is no folder"]),
        ("json is a directory", &["run", "1f_lift_off", "--json", "folder.toml"], &["--json", "folder.toml", "this is a directory"]),
        ("json is under a file", &["run", "1f_lift_off", "--json", "file/x.json"], &["--json", "file/x.json", "is no folder"]),
    ];
    for (name, arguments, wanted) in cases {
        refused(&scratch, name, arguments, wanted);
    }
}

#[test]
fn a_folder_without_permission_is_refused_before_the_run() {
    // On Linux even root cannot make a folder here.
    if std::path::Path::new("/proc/self").is_dir() {
        let scratch = Scratch::new("bad-permission");
        refused(
            &scratch,
            "proc",
            &["run", "1f_lift_off", "--out", "/proc/out"],
            &["out = /proc/out", "cannot be written"],
        );
    }
}

#[test]
fn bad_settings() {
    let scratch = Scratch::new("bad-settings");
    #[rustfmt::skip]
    let cases: [(&[&str], &[&str]); 19] = [
        (&["--set", "rotor.mass_kg=-1"], &["--set: rotor.mass_kg = -1", "0.001 to 10"]),
        (&["--set", "rotor.mass_kg=nan"], &["--set: rotor.mass_kg = NaN", "finite"]),
        (&["--set", "rotor.mass_kg=heavy"], &["--set: rotor.mass_kg = \"heavy\"", "this is a string"]),
        (&["--set", "rotor.weight=1"], &["--set: rotor.weight", "unknown key"]),
        (&["--set", "rotor.mass_kg"], &["--set: rotor.mass_kg", "there is no =", "allowed is key=value"]),
        (&["--set", "=1"], &["--set", "empty"]),
        (&["--set", "duration_s=inf"], &["--set: duration_s = inf", "finite"]),
        (&["--set", "plant=nowhere"], &["--set: plant", "ecmo-50"]),
        (&["--set", "pump.curve=/no.csv"], &["--set: pump.curve", "no such file"]),
        (&["--set", "config.host.bus_sag_end_v=59"], &["--set: config.host.bus_sag_end_v = 59", "with the other values", "allowed is 5 to 36 for bus_sag_end_v"]),
        (&["--set", "event.2.at_s=0.1"], &["--set: event.2.at_s", "there is no such event", "N from 1 to 1"]),
        (&["--set", "event.0.at_s=0.1"], &["--set: event.0.at_s", "there is no such event"]),
        (&["--set", "event.first.at_s=0.1"], &["event.first.at_s", "there is no such event"]),
        (&["--set", "event.1.at_s=nan"], &["--set: event.1.at_s = NaN", "finite"]),
        (&["--set", "event.1.newton=3"], &["--set: event.1.newton", "unknown key of event lift_off"]),
        (&["--seed", "-1"], &["--seed"]),
        (&["--seed", "many"], &["--seed", "many"]),
        (&["--bogus"], &["--bogus", "allowed is"]),
        (&["--out"], &["--out", "allowed is"]),
    ];
    for (arguments, wanted) in cases {
        refused(&scratch, arguments.last().unwrap(), &[&["run", "1f_lift_off"], arguments].concat(), wanted);
    }
    for seeds in ["7", "3..3", "b..c"] {
        refused(
            &scratch,
            seeds,
            &["sweep", "1f_lift_off", "--seeds", seeds],
            &["--seeds: seeds =", "allowed is A..B"],
        );
    }
}

#[test]
fn bad_corners() {
    let scratch = Scratch::new("bad-corners");
    fs::create_dir(scratch.path.join("folder")).unwrap();
    fs::write(scratch.path.join("page.md"), "# A page\n").unwrap();
    fs::write(scratch.path.join("open.md"), "<!-- generated: corners, `x` -->\n").unwrap();
    fs::write(scratch.path.join("bytes.md"), [0xff, 0xfe]).unwrap();
    #[rustfmt::skip]
    let cases: [(&[&str], &[&str]); 9] = [
        (&["--jobs", "0"], &["--jobs: jobs = 0", "no thread would run", "allowed is 1 or more"]),
        (&["--jobs", "-1"], &["-1", "allowed is"]),
        (&["--jobs", "many"], &["--jobs", "many"]),
        (&["--json", "folder"], &["--json", "this is a directory"]),
        (&["--markdown", "folder"], &["--markdown", "this is a directory"]),
        (&["--markdown", "page.md"], &["markdown = page.md", "no generated section corners", "allowed is an empty or new file"]),
        (&["--markdown", "open.md"], &["markdown = open.md", "does not end", "allowed is"]),
        (&["--markdown", "bytes.md"], &["markdown = bytes.md", "cannot be read", "allowed is"]),
        (&["2a_idle"], &["2a_idle", "allowed is"]),
    ];
    for (arguments, wanted) in cases {
        refused(&scratch, arguments.last().unwrap(), &[&["corners", "--short"], arguments].concat(), wanted);
    }
}

#[test]
fn bad_flow_meters() {
    let scratch = Scratch::new("bad-flow-meter");
    #[rustfmt::skip]
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--meters", "0"], &["--meters: meters = 0", "too few or too many", "1 to 100000"]),
        (&["--meters", "some"], &["--meters", "some"]),
        (&["--bubbles", "100001"], &["--bubbles: bubbles = 100001", "too many", "0 to 100000"]),
        (&["--quiet-hours", "nan"], &["quiet_hours = NaN", "out of range", "0 to 10000"]),
        (&["--quiet-hours", "20000"], &["quiet_hours = 20000", "0 to 10000"]),
        (&["--jobs", "0"], &["--jobs: jobs = 0", "no thread would run"]),
    ];
    for (arguments, wanted) in cases {
        refused(&scratch, arguments.last().unwrap(), &[&["flow-meter"], arguments].concat(), wanted);
    }
}

#[test]
fn bad_campaigns() {
    let scratch = Scratch::new("bad-campaign");
    fs::create_dir(scratch.path.join("strange")).unwrap();
    fs::write(scratch.path.join("strange/campaign.jsonl"), "{\"hour\":1}\n").unwrap();
    fs::write(scratch.path.join("file"), "").unwrap();
    #[rustfmt::skip]
    let cases: [(&[&str], &[&str]); 12] = [
        (&["--hours", "0"], &["0", "1..=1000", "allowed is"]),
        (&["--hours", "1001"], &["1001", "1..=1000"]),
        (&["--minutes", "61"], &["61", "1..=60"]),
        (&["--minutes", "0.5"], &["0.5", "--minutes"]),
        (&["--seed", "-1"], &["-1", "allowed is"]),
        (&["--only", "24"], &["--only: only = 24", "no such hours", "within 0..24"]),
        (&["--only", "5..5"], &["only = 5..5", "no such hours"]),
        (&["--only", "7..3"], &["only = 7..3", "no such hours"]),
        (&["--only", "first"], &["only = first", "no such hours"]),
        (&["--out", "strange"], &["--out: out = strange", "no results of a campaign", "allowed is another folder"]),
        (&["--out", "file"], &["out = file", "is no folder"]),
        (&["--jobs", "0"], &["--jobs: jobs = 0", "no thread would run"]),
    ];
    for (arguments, wanted) in cases {
        refused(&scratch, arguments.last().unwrap(), &[&["campaign"], arguments].concat(), wanted);
    }
}

#[test]
fn bad_kits() {
    let scratch = Scratch::new("bad-kits");
    let good = "(01)09501101530003(17)271119";
    #[rustfmt::skip]
    let cases: [(&[&str], &[&str]); 12] = [
        (&["check", good], &["--date", "allowed is"]),
        (&["check", "--date", "2026-11-27"], &["<UDI>", "allowed is"]),
        (&["check", good, "--date", "2026-02-29"], &["--date: date = 2026-02-29", "no such day", "YYYY-MM-DD"]),
        (&["check", good, "--date", "27.11.2026"], &["--date: date = 27.11.2026", "no such day"]),
        (&["check", good, "--date", "2026-11-27", "--kind", "lung"], &["--kind: kind = lung", "unknown", "circulation, drainage_cannula"]),
        (&["check", good, "--date", "2026-11-27", "--reason", "haste"], &["--reason: reason = haste", "unknown", "emergency, no_other or inspected"]),
        (&["check", good, "(01)09501101530002", "--date", "2026-11-27"], &["UDI 2: character 18: check digit 2 of (01)", "allowed is 3"]),
        (&["check", "]d2\u{1d}01", "--date", "2026-11-27"], &["UDI 1: character 4", "no GS1 identifier", "allowed is"]),
        (&["cannulas", "--drainage", "20", "--return", "21", "--flow", "4"], &["--drainage: drainage = 20", "no cannula of this size", "19, 21, 23, 25 or 29 Fr"]),
        (&["cannulas", "--drainage", "25", "--return", "25", "--flow", "4"], &["--return: return = 25", "15, 17, 19, 21 or 23 Fr"]),
        (&["cannulas", "--drainage", "25", "--return", "21", "--flow", "nan"], &["--flow: flow = NaN", "out of range", "0.5 to 8 L/min"]),
        (&[], &["kit", "subcommand", "allowed is"]),
    ];
    for (arguments, wanted) in cases {
        refused(&scratch, &format!("{arguments:?}"), &[&["kit"], arguments].concat(), wanted);
    }
}

#[test]
fn a_bad_plant_file_is_refused_by_its_own_name() {
    let scratch = Scratch::new("bad-plant");
    fs::write(scratch.path.join("s.toml"), format!("{HEAD}plant = \"mine.toml\"\n")).unwrap();
    #[rustfmt::skip]
    let cases: [(&str, &[&str]); 3] = [
        ("[rotor]\nmass_kg = 0.1\n", &["mine.toml: rotor.", "missing", "allowed is a number"]),
        ("[rotor]\nmass_kg = -1\n", &["mine.toml:2:11: rotor.mass_kg = -1", "out of range"]),
        ("[rotor]\ncolour = 1\n", &["mine.toml:2:10: rotor.colour", "unknown key"]),
    ];
    for (text, wanted) in cases {
        fs::write(scratch.path.join("mine.toml"), text).unwrap();
        refused(&scratch, text, &["run", "s.toml"], wanted);
    }
}

/// A patient file without its kind, with another one, with a key too few, with more stressed blood than blood.
#[test]
fn a_bad_patient_file_is_refused_by_its_own_name() {
    let scratch = Scratch::new("bad-patient");
    fs::write(scratch.path.join("s.toml"), format!("{HEAD}patient = \"mine.toml\"\n")).unwrap();
    let good = include_str!("../../world/patients/va-adult.toml");
    let without = |line: &str| {
        let lines: Vec<&str> = good.lines().filter(|found| !found.starts_with(line)).collect();
        lines.join("\n")
    };
    for (text, wanted) in [
        (without("kind"), ["mine.toml", "kind", "missing", "fixed or living"]),
        (
            good.replace("\"living\"", "\"dead\""),
            ["mine.toml", "kind = \"dead\"", "unknown kind", "fixed or living"],
        ),
        (without("rate_bpm"), ["mine.toml", "heart.rate_bpm", "missing", "20 to 240"]),
        (format!("{good}colour = 1\n"), ["mine.toml", "cannulation.colour", "unknown key", "cannulation."]),
        (
            good.replace("rate_bpm = 120.0", "rate_bpm = 0.0"),
            ["mine.toml", "heart.rate_bpm = 0", "out of range", "20 to 240"],
        ),
        (
            good.replace("stressed_ml = 985.0", "stressed_ml = 3500.0"),
            ["mine.toml", "blood.stressed_ml", "3500", "120 to 2458"],
        ),
        (
            format!("venous_pressure_mmhg = 5\n{good}"),
            ["mine.toml", "venous_pressure_mmhg", "unknown key", "blood.volume_ml"],
        ),
    ] {
        fs::write(scratch.path.join("mine.toml"), &text).unwrap();
        refused(&scratch, &wanted.join(" "), &["run", "s.toml"], &wanted);
    }
}

/// A circuit file with a key too few, a part that is not made, a number that is none or out of range, a key too many.
#[test]
fn a_bad_circuit_file_is_refused_by_its_own_name() {
    let scratch = Scratch::new("bad-circuit");
    fs::write(scratch.path.join("s.toml"), format!("{HEAD}circuit = \"mine.toml\"\n")).unwrap();
    let good = include_str!("../../world/circuits/va-21-17.toml");
    let instead = |line: &str, other: &str| {
        let lines: Vec<&str> =
            good.lines().map(|found| if found.starts_with(line) { other } else { found }).collect();
        assert!(lines.contains(&other), "{line} is in the file");
        lines.join("\n")
    };
    let drainage = "resistance_mmhg_per_lpm2 = 3.58";
    let returning = "resistance_mmhg_per_lpm2 = 8.11";
    for (text, wanted) in [
        (
            instead("volume_ml", ""),
            ["mine.toml", "membrane_lung.volume_ml", "missing", "allowed is a number"],
        ),
        (instead(drainage, ""), ["mine.toml", "drainage_cannula.resistance", "missing", "allowed is"]),
        (
            instead(drainage, "size_fr = 20"),
            [
                "mine.toml:5:",
                "drainage_cannula.size_fr = 20",
                "no cannula of this size",
                "19, 21, 23, 25 or 29",
            ],
        ),
        (
            instead(returning, "size_fr = 25"),
            ["mine.toml", "return_cannula.size_fr = 25", "no cannula of this size", "15, 17, 19, 21 or 23"],
        ),
        (
            instead(returning, "size_fr = nan"),
            ["mine.toml", "return_cannula.size_fr = NaN", "not a finite number", "allowed is"],
        ),
        (
            instead("length_m = 0.2", "length_m = -0.2"),
            ["mine.toml:12:", "pump_tubing.length_m = -0.2", "out of range", "allowed is a number from"],
        ),
        (
            instead("opening_s", "opening_s = nan"),
            ["mine.toml", "return_clamp.opening_s = NaN", "not a finite number", "allowed is a number from"],
        ),
        (
            instead("diameter_m", "diameter_m = inf"),
            ["mine.toml", "tubing.diameter_m = inf", "not a finite number", "allowed is a number from"],
        ),
        (
            instead("volume_ml", "volume_ml = \"335\""),
            ["mine.toml", "membrane_lung.volume_ml = \"335\"", "this is a string", "a number"],
        ),
        (format!("{good}colour = 1\n"), ["mine.toml", "return_clamp.colour", "unknown key", "return_clamp."]),
    ] {
        fs::write(scratch.path.join("mine.toml"), &text).unwrap();
        refused(&scratch, &wanted.join(" "), &["run", "s.toml"], &wanted);
    }
    fs::write(scratch.path.join("mine.toml"), good).unwrap();
    let run = levitas(&scratch.path, &["run", "s.toml", "--out", "good"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}
