// SPDX-License-Identifier: Apache-2.0
//! What must hold at every world step of every scenario, whatever it does.

use levitas_core::alarms::Sign;
use levitas_core::arbitration::alarm as pair;
use levitas_core::circulation::conditions;

use crate::channel::{Sample, ThermalSample};
use crate::event_log::EventLog;
use crate::metrics::PairFigures;
use crate::scenario::Scenario;
use crate::warming::{BLOOD_CELSIUS_MAX, WATER_CELSIUS_MAX};

/// Lowest drainage pressure that may last [mmHg]: the usual limit against suction and haemolysis in adults.
pub const DRAINAGE_LIMIT_MMHG: f64 = -100.0;
/// Highest return pressure that may last [mmHg]: the usual limit behind a membrane lung.
pub const RETURN_LIMIT_MMHG: f64 = 300.0;
/// Time in all that a pressure may spend beyond its limit [s].
pub const PRESSURE_GRACE_S: f64 = 1.0;
/// Largest net backward excursion [mL].
pub const REVERSE_LIMIT_ML: f64 = 5.0;

/// Longest time in which both units may drive [s].
pub const BOTH_S_MAX: f64 = 10e-3;
/// Longest time in which nobody may [s].
pub const NOBODY_S_MAX: f64 = 0.5e-3;

/// Every invariant of this stage: name and meaning.
pub const INVARIANTS: [(&str, &str); 12] = [
    (
        "touchdown",
        "the rotor does not touch between lift-off's end and a land event, unless the scenario expects it: \
         levitation.touchdowns with a min of 1 or more",
    ),
    (
        "alarm_in_time",
        "every fault of the host raises the alarm of the catalogue within its time, see faults.md",
    ),
    ("false_alarm", "the host raises no alarm before the first fault or disturb event"),
    (
        "alarms_shown",
        "a latching alarm stays until it is acknowledged; where a scenario lists alarms, the units show those and no others, each \
         within its delays, and over when it says so",
    ),
    ("both_drive", "with both units: their gates are never open together for more than 10 ms"),
    (
        "nobody_drives",
        "with both units: while the rotor is to be held there is never no open gate for more than 0.5 ms, unless the scenario lists \
         that alarm",
    ),
    (
        "retrograde_flow",
        "the net backward excursion stays within 5 mL, unless the scenario lists the alarm backflow",
    ),
    ("drainage_pressure", "the drainage pressure is above -100 mmHg for all but 1 s"),
    ("return_pressure", "the return pressure is below 300 mmHg for all but 1 s"),
    (
        "temperature",
        "with a warming device: the hottest blood of the circuit stays at 40.0 C or below, its water at 42.0 C or below",
    ),
    ("finite", "every recorded quantity of the world is a finite number"),
    ("event_numbers", "the numbers of the event log are gapless"),
];

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    touchdown_expected: bool,
    nobody_expected: bool,
    backflow_expected: bool,
    drainage_beyond_s: f64,
    return_beyond_s: f64,
    broken: Vec<String>,
}

impl Invariants {
    /// Nothing broken yet.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            touchdown_expected: scenario.expects_touchdown(),
            nobody_expected: scenario.lists_alarm(Sign::Pair(pair::NOBODY_DRIVES)),
            backflow_expected: scenario.lists_alarm(Sign::Circulation(conditions::BACKFLOW)),
            ..Self::default()
        }
    }

    /// Checks one step; what breaks goes to the log, once.
    pub fn step(
        &mut self,
        sample: &Sample,
        touchdowns: u32,
        reverse_ml: f64,
        step_s: f64,
        log: &mut EventLog,
    ) {
        if !is_finite(sample) {
            self.break_now("finite", sample.time_s, "the world has left the numbers".to_owned(), log);
        }
        if touchdowns > 0 && !self.touchdown_expected {
            self.break_now("touchdown", sample.time_s, "the rotor touched".to_owned(), log);
        }
        if reverse_ml > REVERSE_LIMIT_ML && !self.backflow_expected {
            self.break_now(
                "retrograde_flow",
                sample.time_s,
                format!("over {REVERSE_LIMIT_ML} mL ran back"),
                log,
            );
        }
        let is_hot = |thermal: ThermalSample| {
            thermal.blood_max_celsius > BLOOD_CELSIUS_MAX || thermal.water_celsius > WATER_CELSIUS_MAX
        };
        if let Some(thermal) = sample.thermal.filter(|thermal| is_hot(*thermal)) {
            let text =
                format!("water {:.1} C, blood {:.1} C", thermal.water_celsius, thermal.blood_max_celsius);
            self.break_now("temperature", sample.time_s, text, log);
        }
        if sample.drainage_pressure_mmhg < DRAINAGE_LIMIT_MMHG {
            self.drainage_beyond_s += step_s;
        }
        if sample.return_pressure_mmhg > RETURN_LIMIT_MMHG {
            self.return_beyond_s += step_s;
        }
        if self.drainage_beyond_s > PRESSURE_GRACE_S {
            let text = format!("below {DRAINAGE_LIMIT_MMHG} mmHg for {PRESSURE_GRACE_S} s");
            self.break_now("drainage_pressure", sample.time_s, text, log);
        }
        if self.return_beyond_s > PRESSURE_GRACE_S {
            let text = format!("above {RETURN_LIMIT_MMHG} mmHg for {PRESSURE_GRACE_S} s");
            self.break_now("return_pressure", sample.time_s, text, log);
        }
    }

    /// What the pair did so far.
    pub fn take_pair(&mut self, figures: &PairFigures, time_s: f64, log: &mut EventLog) {
        if figures.both_s > BOTH_S_MAX {
            self.break_now(
                "both_drive",
                time_s,
                "both units have driven for more than 10 ms".to_owned(),
                log,
            );
        }
        if figures.nobody_s > NOBODY_S_MAX && !self.nobody_expected {
            self.break_now("nobody_drives", time_s, "nobody has driven for more than 0.5 ms".to_owned(), log);
        }
    }

    /// What the alarms broke: time, invariant, text.
    pub fn take_alarms(&mut self, broken: &[(f64, &'static str, String)], log: &mut EventLog) {
        for (time_s, name, text) in broken {
            self.break_now(name, *time_s, text.clone(), log);
        }
    }

    /// The check that needs the whole log.
    pub fn finish(&mut self, time_s: f64, log: &mut EventLog) {
        if !log.is_gapless() {
            self.break_now("event_numbers", time_s, "a number is missing".to_owned(), log);
        }
    }

    /// Names of what was broken, in the order of breaking.
    #[must_use]
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    fn break_now(&mut self, name: &str, time_s: f64, text: String, log: &mut EventLog) {
        if self.broken.iter().all(|known| known != name) {
            log.push(time_s, "invariant_broken", format!("{name}: {text}"));
            self.broken.push(name.to_owned());
        }
    }
}

/// Whether what is recorded of the world is all numbers.
pub(crate) fn is_finite(sample: &Sample) -> bool {
    let [x, y, z] = sample.displacement_m;
    let sum = x + y + z + sample.rotor_angle_rad + sample.speed_rpm + sample.flow_lpm + sample.head_mmhg;
    (sum + sample.drainage_pressure_mmhg + sample.return_pressure_mmhg).is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_by(sample: Sample, steps: u32, touchdowns: u32, reverse_ml: f64) -> Vec<String> {
        let (mut invariants, mut log) = (Invariants::default(), EventLog::default());
        for _ in 0..steps {
            invariants.step(&sample, touchdowns, reverse_ml, 50e-6, &mut log);
        }
        invariants.finish(1.0, &mut log);
        assert_eq!(log.events().len(), invariants.broken().len());
        invariants.broken().to_vec()
    }

    #[test]
    fn each_breaks_just_beyond_its_bound() {
        let quiet =
            Sample { drainage_pressure_mmhg: -99.0, return_pressure_mmhg: 299.0, ..Sample::default() };
        assert!(broken_by(quiet, 40_000, 0, 5.0).is_empty());
        assert_eq!(broken_by(quiet, 1, 1, 5.1), ["touchdown", "retrograde_flow"]);
        let beyond =
            Sample { drainage_pressure_mmhg: -101.0, return_pressure_mmhg: 301.0, ..Sample::default() };
        assert!(broken_by(beyond, 19_990, 0, 0.0).is_empty());
        assert_eq!(broken_by(beyond, 20_010, 0, 0.0), ["drainage_pressure", "return_pressure"]);
        let at = |blood_max_celsius, water_celsius| Sample {
            thermal: Some(ThermalSample { blood_max_celsius, water_celsius, ..ThermalSample::default() }),
            ..quiet
        };
        assert!(broken_by(at(40.0, 42.0), 1, 0, 0.0).is_empty());
        for hot in [at(40.01, 37.0), at(37.0, 42.01)] {
            assert_eq!(broken_by(hot, 1, 0, 0.0), ["temperature"]);
        }
    }
}
