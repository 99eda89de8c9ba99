// SPDX-License-Identifier: Apache-2.0
//! A simulation that a test steps, breaks and commands by hand.

use levitas::fault_catalogue::FAULTS;
use levitas::simulation::Simulation;
use levitas_core::task::supervisor::{Command, Refusal};

/// Goes on for so long [s].
pub(crate) fn pass(simulation: &mut Simulation<'_>, time_s: f64) {
    let until_s = simulation.truth().time_s + time_s;
    while simulation.truth().time_s < until_s {
        simulation.step();
    }
}

/// A fault of the catalogue in a unit from now on.
pub(crate) fn break_unit(simulation: &mut Simulation<'_>, set: usize, name: &str, values: &[f64]) {
    let spec = FAULTS.iter().find(|spec| spec.name == name).unwrap();
    let now_s = simulation.truth().time_s;
    simulation.fault(set, &(spec.make)(values), now_s);
}

/// Commands this, and waits for 0.3 s: why it was refused, if it was.
pub(crate) fn ask(simulation: &mut Simulation<'_>, command: Command) -> Option<Refusal> {
    let refused = |simulation: &Simulation<'_>| {
        simulation.log().events().iter().filter(|event| event.kind == "command_refused").count()
    };
    let before = refused(simulation);
    simulation.command(command, "command");
    pass(simulation, 0.3);
    if refused(simulation) == before {
        return None;
    }
    let last = simulation.log().events().iter().rfind(|event| event.kind == "command_refused").unwrap();
    (1..=u32::from(u8::MAX))
        .filter_map(Refusal::from_code)
        .find(|refusal| last.text.ends_with(refusal.reason()))
}
