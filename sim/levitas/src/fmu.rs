// SPDX-License-Identifier: Apache-2.0
//! A scenario as a model of others: FMI 2.0 for co-simulation, the closed loop of world and units behind a few variables.
//!
//! [`Session`] is what runs in such a model, [`description`] what its file says of it; the functions of C are in `sim/fmu`.
//!
//! # Source
//! Functional Mock-up Interface for Model Exchange and Co-Simulation 2.0.4, <https://fmi-standard.org>.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use levitas_core::circulation::therapy::Mode;
use levitas_core::task::supervisor::Command;
use levitas_world::STEP_S;

use crate::channel::CHANNELS;
use crate::mdf::unit_of;
use crate::report::escaped;
use crate::scenario::Scenario;
use crate::simulation::Simulation;

/// Identifier of the model: what its shared library is called.
pub const MODEL: &str = "levitas";
/// File with the scenario in the folder `resources` of a model.
pub const SCENARIO_FILE: &str = "scenario.toml";
/// Code of a bearing that is levitated, as in [`CHANNELS`].
const LEVITATED: u32 = 2;

/// A set-point that the surroundings give.
#[derive(Clone, Copy, Debug)]
pub struct Input {
    /// Name with the unit suffix.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    mode: Mode,
}

/// The inputs; their value references come behind those of the channels.
pub const INPUTS: [Input; 2] = [
    Input {
        name: "speed_command_rpm",
        doc: "speed that the operator asks for once a rotor is levitated; 0: what the scenario asks for",
        mode: Mode::Speed,
    },
    Input {
        name: "flow_command_lpm",
        doc: "flow that the operator asks for once a rotor is levitated; 0: what the scenario asks for",
        mode: Mode::Flow,
    },
];

/// Why a step was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepError {
    /// The step does not begin where the session is, or ends before that or behind the end of the scenario.
    OutOfRange,
}

/// A scenario that goes on step by step. A clone goes on as the original would have.
#[derive(Clone)]
pub struct Session<'a> {
    simulation: Simulation<'a>,
    inputs: [f64; INPUTS.len()],
    /// Inputs that have changed and were not asked for yet.
    is_new: [bool; INPUTS.len()],
}

impl<'a> Session<'a> {
    /// The loop before its first tick.
    ///
    /// # Errors
    /// As [`Simulation::new`].
    pub fn new(scenario: &'a Scenario) -> crate::input::Checked<Self> {
        let simulation = Simulation::new(scenario)?;
        Ok(Self { simulation, inputs: [0.0; INPUTS.len()], is_new: [false; INPUTS.len()] })
    }

    /// Goes on from this time by so much [s], each to the nearest tick of [`STEP_S`].
    ///
    /// # Errors
    /// The step does not begin where the session is, or leaves what is left of the scenario; nothing was done then.
    pub fn advance(&mut self, now_s: f64, by_s: f64) -> Result<(), StepError> {
        let (here, end) = (self.simulation.tick() as f64, ((now_s + by_s) / STEP_S).round());
        // Half a tick from it where steps are no multiples of one, give or take what their sum is off.
        let begins_here = (now_s / STEP_S - here).abs() <= 0.5 + 1e-6;
        if !begins_here || !(here..=self.simulation.ticks() as f64).contains(&end) {
            return Err(StepError::OutOfRange);
        }
        while (self.simulation.tick() as f64) < end {
            self.ask();
            self.simulation.step();
        }
        Ok(())
    }

    /// Gives commands for the inputs that have changed, once there is a rotor to obey them.
    fn ask(&mut self) {
        if !self.simulation.is_driven() || self.simulation.sample().bearing_state != LEVITATED {
            return;
        }
        for (index, input) in INPUTS.iter().enumerate() {
            if std::mem::take(&mut self.is_new[index]) {
                let command = Command::SetMode { mode: input.mode, value: self.inputs[index] as f32 };
                self.simulation.command(command, input.name);
            }
        }
    }

    /// Value by its reference: a channel's or an input's.
    #[must_use]
    pub fn value(&self, reference: usize) -> Option<f64> {
        match CHANNELS.get(reference) {
            Some(channel) => Some((channel.value)(self.simulation.sample())),
            None => self.inputs.get(reference.checked_sub(CHANNELS.len())?).copied(),
        }
    }

    /// Gives an input its value; one that has changed to more than 0 is a command of the operator as soon as a rotor is levitated. False for what
    /// is no input.
    pub fn set(&mut self, reference: usize, value: f64) -> bool {
        let index = reference.checked_sub(CHANNELS.len());
        let Some((index, input)) = index.and_then(|index| Some((index, self.inputs.get_mut(index)?))) else {
            return false;
        };
        if value != *input {
            *input = value;
            self.is_new[index] = value > 0.0;
        }
        true
    }
}

/// What the file must say to be of this library: the same for every scenario, another one where version or variables are.
#[must_use]
pub fn guid() -> String {
    let names = CHANNELS.iter().map(|channel| channel.name).chain(INPUTS.iter().map(|input| input.name));
    let bytes = names.chain([env!("CARGO_PKG_VERSION")]).flat_map(|name| name.bytes().chain([0]));
    // FNV-1a, 64 bits.
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{{levitas-{hash:016x}}}")
}

/// `modelDescription.xml` of a scenario.
#[must_use]
pub fn description(scenario: &Scenario) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<fmiModelDescription fmiVersion=\"2.0\" modelName=\"{}\" guid=\"{}\" description=\"{}\" version=\"{}\" \
         license=\"Apache-2.0\" generationTool=\"levitas\" variableNamingConvention=\"flat\" numberOfEventIndicators=\"0\">",
        escaped(&scenario.name),
        guid(),
        escaped(&scenario.title),
        env!("CARGO_PKG_VERSION"),
    );
    let _ = writeln!(
        text,
        "  <CoSimulation modelIdentifier=\"{MODEL}\" canHandleVariableCommunicationStepSize=\"true\" \
         canGetAndSetFMUstate=\"true\"/>"
    );
    text += "  <UnitDefinitions>\n";
    let units = CHANNELS.iter().map(|channel| unit_of(channel.name)).filter(|unit| !unit.is_empty());
    for unit in units.collect::<BTreeSet<_>>() {
        let _ = writeln!(text, "    <Unit name=\"{unit}\"/>");
    }
    text += "  </UnitDefinitions>\n";
    let _ = writeln!(
        text,
        "  <DefaultExperiment startTime=\"0\" stopTime=\"{}\" stepSize=\"0.001\"/>\n  <ModelVariables>",
        scenario.duration_s
    );
    for (reference, channel) in CHANNELS.iter().enumerate() {
        let variability = if unit_of(channel.name).is_empty() { "discrete" } else { "continuous" };
        let attributes = format!("causality=\"output\" variability=\"{variability}\"");
        variable(&mut text, reference, [channel.name, channel.doc, &attributes], "");
    }
    for (index, input) in INPUTS.iter().enumerate() {
        let attributes = "causality=\"input\" variability=\"discrete\"";
        variable(&mut text, CHANNELS.len() + index, [input.name, input.doc, attributes], " start=\"0\"");
    }
    text += "  </ModelVariables>\n  <ModelStructure>\n";
    for list in ["Outputs", "InitialUnknowns"] {
        let _ = writeln!(text, "    <{list}>");
        for index in 1..=CHANNELS.len() {
            let _ = writeln!(text, "      <Unknown index=\"{index}\"/>");
        }
        let _ = writeln!(text, "    </{list}>");
    }
    text += "  </ModelStructure>\n</fmiModelDescription>\n";
    text
}

fn variable(text: &mut String, reference: usize, [name, doc, attributes]: [&str; 3], start: &str) {
    let unit = match unit_of(name) {
        "" => String::new(),
        unit => format!(" unit=\"{unit}\""),
    };
    let _ = writeln!(
        text,
        "    <ScalarVariable name=\"{name}\" valueReference=\"{reference}\" description=\"{}\" {attributes}><Real{unit}{start}/></ScalarVariable>",
        escaped(doc)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::channel_index;
    use crate::scenario::load;

    fn session(scenario: &Scenario) -> Session<'_> {
        Session::new(scenario).unwrap()
    }

    #[test]
    fn steps_of_any_length_end_where_one_long_one_does() {
        let scenario = load("1a_levitation", &[]).unwrap();
        let (mut long, mut short) = (session(&scenario), session(&scenario));
        long.advance(0.0, 0.05).unwrap();
        // Half a tick is left over in every second step, and the master's sum is no exact one.
        for step in 0..80 {
            short.advance(625e-6 * f64::from(step), 625e-6).unwrap();
        }
        for (reference, channel) in CHANNELS.iter().enumerate() {
            let [a, b] = [&long, &short].map(|session| session.value(reference).unwrap());
            assert_eq!(a.to_bits(), b.to_bits(), "{}", channel.name);
        }
    }

    #[test]
    fn there_is_nothing_behind_the_end_and_no_way_back() {
        let scenario = load("1a_levitation", &[]).unwrap();
        let mut session = session(&scenario);
        session.advance(0.0, 0.01).unwrap();
        for (now_s, by_s) in
            [(0.01, -0.005), (0.01, scenario.duration_s), (0.0, 0.001), (0.02, 0.001), (0.01, f64::NAN)]
        {
            assert_eq!(session.advance(now_s, by_s), Err(StepError::OutOfRange), "{now_s} by {by_s}");
        }
        assert!(!session.set(0, 1.0), "a channel is no input");
        assert_eq!(session.value(CHANNELS.len() + INPUTS.len()), None);
    }

    #[test]
    fn a_speed_that_is_asked_for_before_anything_floats_is_followed() {
        let scenario = load("1a_levitation", &[]).unwrap();
        let mut session = session(&scenario);
        assert!(session.set(CHANNELS.len(), 1500.0));
        // The scenario asks for 4000 rpm at 0.4 s, the input as soon as the rotor floats and again when it changes.
        session.advance(0.0, 0.39).unwrap();
        let speed = channel_index("speed_rpm").unwrap();
        assert!(session.value(speed).unwrap() > 100.0, "{:?} rpm", session.value(speed));
        session.advance(0.39, 2.0).unwrap();
        assert!(session.set(CHANNELS.len(), 1600.0));
        session.advance(2.39, 1.0).unwrap();
        assert!((session.value(speed).unwrap() - 1600.0).abs() < 20.0, "{:?} rpm", session.value(speed));
    }

    #[test]
    fn every_variable_is_described_once_with_what_xml_needs_escaped() {
        let scenario = load("1a_levitation", &[]).unwrap();
        let text = description(&scenario);
        let names = CHANNELS.iter().map(|channel| channel.name).chain(INPUTS.iter().map(|input| input.name));
        for (reference, name) in names.enumerate() {
            let variable = format!("<ScalarVariable name=\"{name}\" valueReference=\"{reference}\" ");
            assert_eq!(text.matches(&variable).count(), 1, "{name}");
        }
        assert_eq!(text.matches("<ScalarVariable ").count(), CHANNELS.len() + INPUTS.len());
        assert_eq!(escaped("a<b & \"c\">"), "a&lt;b &amp; &quot;c&quot;&gt;");
    }
}
