// SPDX-License-Identifier: Apache-2.0
//! A scenario whose units run in processes of their own, in lockstep with the world over a socket.
//!
//! # Model
//! The world is the master of time: each tick it sends every unit what it finds, waits for all answers, then advances. The
//! loop, the plant, the bus and the figures are those of `levitas run`; only the place of a unit differs. What the
//! scenario does to the computer of a unit is done to the process: without power it is killed, a hang stops it.
//!
//! # Limits and failure
//! A unit that says nothing for [`SILENCE`] of wall time hangs from this tick on; one whose process ends has lost its power. A
//! unit comes back only as a new process, and knows nothing of its time before. The images have the configuration that
//! they are built with, so a scenario that changes it is refused, as are one about their calibration records and one with commands over the link,
//! for which they have no key.

mod door;
mod process;

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use levitas_core::schedule::TaskId;
use levitas_core::unit::Role;
use levitas_world::Fault;

use crate::fault_catalogue::Broken;
use crate::input::{BadInput, Checked};
use crate::installed::{Computer, Installed};
use crate::scenario::{EventAction, InjectedFault, Scenario, configuration_for};
use crate::simulation::{Outcome, Units, run_with};
use crate::unit_in_loop::UnitInLoop;

use door::Door;
use process::Process;

/// Wall time after which a unit that does not answer counts as stopped.
pub const SILENCE: Duration = Duration::from_secs(2);

/// Names of the units on the command line, by winding set.
pub const UNIT_NAMES: [&str; 2] = ["host", "drive"];

/// Which units run in processes of their own, by winding set.
pub type Processes = [bool; 2];

/// Reads a list like `host,drive`.
///
/// # Errors
/// A name that no unit has.
pub fn parse_units(text: &str) -> Checked<Processes> {
    let mut processes = [false; 2];
    for name in text.split(',') {
        let set = UNIT_NAMES.iter().position(|known| *known == name);
        let allowed = "host, drive, or host,drive";
        let set = set.ok_or_else(|| BadInput::key("--units", "units", text, "no such unit", allowed))?;
        processes[set] = true;
    }
    Ok(processes)
}

/// Refuses what images cannot do.
fn check(scenario: &Scenario, processes: Processes) -> Checked<()> {
    let refuse = |problem: &str, allowed: &str| Err(BadInput::of(&scenario.argument, problem, allowed));
    if processes[1] && scenario.units == Units::Host {
        return refuse("no emergency drive in this scenario", "--units host");
    }
    for (set, config) in [&scenario.host, &scenario.emergency_drive].into_iter().enumerate() {
        if processes[set] && *config != configuration_for(&scenario.patient) {
            let allowed = "a scenario without config.*: an image has the configuration that it is built with";
            return refuse("it changes the configuration of a unit that is a process", allowed);
        }
    }
    if processes[0] && scenario.water_celsius.is_some() {
        return refuse(
            "its host runs a warming device, a process has none",
            "--units drive or another scenario",
        );
    }
    let is_about_battery = |action: &EventAction| {
        matches!(action, EventAction::LoadTest)
            || matches!(
                action,
                EventAction::Fault(InjectedFault {
                    broken: Broken::World(
                        Fault::BatteryWeak { .. } | Fault::BatterySensorLoss | Fault::BatterySensorStuck
                    ),
                    ..
                })
            )
    };
    if scenario.events.iter().any(|event| is_about_battery(&event.action)) {
        return refuse("it is about batteries, which a process does not measure yet", "another scenario");
    }
    if scenario.self_test.is_some() {
        return refuse("its units test themselves, which a process does not do yet", "another scenario");
    }
    let is_about_record = |action: &EventAction| matches!(action, EventAction::Fault(InjectedFault { broken: Broken::Record(_), set, .. }) if processes[*set]);
    if scenario.events.iter().any(|event| is_about_record(&event.action)) {
        return refuse("it is about the calibration record of a unit that is a process", "another scenario");
    }
    let is_stall = |action: &EventAction| matches!(action, EventAction::Fault(InjectedFault { broken: Broken::Computer(Computer::Stall(task)), set, .. }) if processes[*set] && *task != TaskId::Levitation);
    if scenario.events.iter().any(|event| is_stall(&event.action)) {
        return refuse(
            "of a unit that is a process levitation alone can stall",
            "thread_stall, hang or another scenario",
        );
    }
    if scenario.events.iter().any(|event| event.action.needs_key_of().is_some_and(|set| processes[set])) {
        let allowed =
            "a scenario without command and can_forgery for it, or --units with the other unit alone";
        return refuse("a process has no command key", allowed);
    }
    Ok(())
}

/// Opens the socket, waits for the units, runs the scenario. `tell` gets a line now and then, `complain` what is refused.
///
/// # Errors
/// The scenario or the socket.
pub fn run(
    scenario: &Scenario,
    socket: &Path,
    processes: Processes,
    tell: &mut dyn FnMut(&str),
    complain: fn(&str),
    progress: &mut dyn FnMut(f64),
) -> Checked<Outcome> {
    check(scenario, processes)?;
    let door = Rc::new(RefCell::new(Door::open(socket, processes, complain)?));
    tell(&format!("waiting at {} for: {}", socket.display(), names(processes)));
    let roles = [Role::Host, Role::EmergencyDrive].into_iter();
    let roles = roles.take(if scenario.units == Units::Both { 2 } else { 1 });
    let mut units: Vec<Box<dyn UnitInLoop + '_>> = Vec::new();
    for (set, role) in roles.enumerate() {
        if processes[set] {
            let (process, pid) = Process::join(set, &door);
            tell(&format!("{}: process {pid}", UNIT_NAMES[set]));
            units.push(Box::new(process));
        } else {
            units.push(Box::new(Installed::new(scenario, role)?.0));
        }
    }
    run_with(scenario, units, progress)
}

fn names(processes: Processes) -> String {
    let names: Vec<&str> = UNIT_NAMES
        .iter()
        .zip(processes)
        .filter_map(|(name, is_process)| is_process.then_some(*name))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_named_one_by_one_or_both() {
        assert_eq!(parse_units("host").unwrap(), [true, false]);
        assert_eq!(parse_units("drive,host").unwrap(), [true, true]);
        for text in ["", "host,", "both"] {
            let error = parse_units(text).unwrap_err().to_string();
            assert!(error.contains("no such unit; allowed is host, drive, or host,drive"), "{error}");
        }
    }
}
