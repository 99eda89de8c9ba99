// SPDX-License-Identifier: Apache-2.0
//! One hour: the plan of its seed carried out on the two units and the world, and what was seen.
//!
//! # Model
//! At the drill the simulation is forked: the twin goes on without it, and the flows of both are compared until the head has
//! been handed back and 3 s more. Everything depends on seed and length alone.

use std::collections::VecDeque;

use levitas_core::link::{PeerReport, UnitCode};
use levitas_core::mail::fault;
use levitas_core::task::supervisor::Command;
use levitas_world::STEP_S;

use super::Settings;
use super::plan::{
    Action, DRILL_WATCH_S, FRAME_LOSS, HAND_BACK_S, Kind, MINUTE_S, OUTAGE, OUTAGE_S, Plan, What,
};
use super::statements::Seen;
use super::watch::{Watch, in_their_roles, only};
use crate::corners::experiment::scenario_with;
use crate::event_log::EventLog;
use crate::fault_catalogue::Broken;
use crate::input::Checked;
use crate::scenario::{Scenario, TARGETS};
use crate::simulation::Simulation;

/// Steps between two words on the progress: a simulated second.
const PROGRESS_STEPS: u64 = 20_000;

/// An hour that is over.
#[derive(Clone, Debug)]
pub(super) struct Hour {
    pub plant: String,
    pub driver: usize,
    pub drill_s: f64,
    pub seen: Seen,
    /// What was done and seen, for whoever looks for the cause of a failure.
    pub log: EventLog,
}

/// Something that lasts.
struct Lasting {
    end_s: f64,
    set: usize,
    broken: Broken,
}

/// The twin, and until when it is compared [s].
struct Twin<'a> {
    simulation: Box<Simulation<'a>>,
    until_s: f64,
}

struct Course<'a> {
    driver: usize,
    simulation: Simulation<'a>,
    actions: VecDeque<Action>,
    lasting: Vec<Lasting>,
    full_until_s: Option<f64>,
    twin: Option<Twin<'a>>,
    states: [UnitCode; 2],
    watch: Watch,
    log: EventLog,
}

/// Runs an hour; `progress` hears of every simulated second.
///
/// # Errors
/// The scenario behind it is refused.
pub(super) fn run(settings: &Settings, hour: u32, progress: &dyn Fn()) -> Checked<Hour> {
    let seed = settings.seed_of(hour);
    let plan = Plan::draw(seed, settings.minutes);
    let (plant, driver, drill_s) = (plan.corner.text(), plan.driver, plan.drill_s);
    let (seen, log) = follow(plan, seed, settings.minutes, progress)?;
    Ok(Hour { plant, driver, drill_s, seen, log })
}

/// Carries out a plan.
fn follow(plan: Plan, seed: u64, minutes: u32, progress: &dyn Fn()) -> Checked<(Seen, EventLog)> {
    let duration_s = f64::from(minutes) * MINUTE_S;
    let scenario = scenario(&plan, seed, duration_s)?;
    let mut course = Course {
        driver: plan.driver,
        simulation: Simulation::new(&scenario)?,
        actions: plan.actions.into(),
        lasting: Vec::new(),
        full_until_s: None,
        twin: None,
        states: [UnitCode::default(); 2],
        watch: Watch::default(),
        log: EventLog::default(),
    };
    for set in 0..2 {
        course.simulation.fault(set, &FRAME_LOSS, 0.0);
    }
    for step in 0..(duration_s / STEP_S).round() as u64 {
        course.step();
        if step % PROGRESS_STEPS == PROGRESS_STEPS - 1 {
            progress();
        }
    }
    let Course { mut simulation, watch, mut log, .. } = course;
    for event in simulation.log().events() {
        log.push(event.time_s, &event.kind, event.text.clone());
    }
    Ok((watch.finish(&mut simulation, minutes), log))
}

/// Both units on the plant of the plan, and nothing that happens by itself.
fn scenario(plan: &Plan, seed: u64, duration_s: f64) -> Checked<Scenario> {
    let mut keys = plan.corner.settings();
    keys.extend(["units=both".to_owned(), format!("duration_s={duration_s}"), format!("seed={seed}")]);
    let mut scenario = scenario_with("1a_levitation", &keys)?;
    scenario.events.clear();
    scenario.expects.clear();
    Ok(scenario)
}

impl Course<'_> {
    fn step(&mut self) {
        let time_s = self.simulation.sample().time_s;
        self.end_what_is_over(time_s);
        while let Some(action) = self.actions.pop_front_if(|action| action.at_s <= time_s) {
            self.begin(&action);
        }
        self.simulation.step();
        if self.watch.step(&mut self.simulation) {
            self.log.push(
                time_s,
                "false_takeover",
                format!("gates {:?}", self.simulation.sample().gate_open),
            );
        }
        self.tell_states(time_s);
        let Some(twin) = &mut self.twin else { return };
        twin.simulation.step();
        self.watch.compare(&self.simulation, &twin.simulation);
        if time_s >= twin.until_s {
            self.judge_drill(time_s);
        }
    }

    /// A unit that changes its state in the pair goes to the log, with what it does not believe.
    fn tell_states(&mut self, time_s: f64) {
        for (set, state) in self.states.iter_mut().enumerate() {
            let Some(mail) = self.simulation.said(set) else { continue };
            let now = PeerReport::from_bits(mail.report).state;
            if now != *state {
                let of_faults = fault::TABLE.iter().filter(|(bit, ..)| mail.faults & bit != 0);
                let names: Vec<&str> = of_faults.map(|(_, name, _)| *name).collect();
                let text = format!("{}: {state:?} to {now:?}; faults: {}", TARGETS[set], names.join(" "));
                self.log.push(time_s, "unit_state", text);
                *state = now;
            }
        }
    }

    /// The head is back, and both units are what they were.
    fn judge_drill(&mut self, time_s: f64) {
        self.twin = None;
        if self.watch.is_served() && in_their_roles(&self.simulation, self.driver) {
            self.watch.seen().drills.count(time_s);
        }
    }

    fn begin(&mut self, action: &Action) {
        let at_s = action.at_s;
        self.log.push(at_s, "begin", format!("{:?}", action.what));
        self.watch.disturb(at_s, action.what.duration_s());
        let seen = self.watch.seen();
        match action.what {
            What::HandBack { to } => {
                // If the other unit does not drive by now, the drill has failed: there is nothing to hand back.
                if self.simulation.sample().gate_open == only(1 - to) {
                    self.watch.ask(to);
                    self.simulation.command(Command::HandBack, "hand_back");
                }
            }
            What::Order(command, name) => self.simulation.command(command, name),
            What::Drill => {
                let twin = Box::new(self.simulation.clone());
                self.twin = Some(Twin { simulation: twin, until_s: at_s + DRILL_WATCH_S });
                self.watch.ask(1 - self.driver);
                self.simulation.command(Command::TakeoverDrill, "takeover_drill");
            }
            What::Load(disturbance) => {
                seen.loads.count(at_s);
                self.simulation.disturb(disturbance);
            }
            What::Outage { set } => {
                self.watch.outage(at_s);
                self.breaks(at_s, set, OUTAGE, OUTAGE_S);
            }
            What::Trouble { kind, sets, broken, duration_s } => {
                match kind {
                    Kind::Interference => seen.bursts.count(at_s),
                    Kind::BusErrors => seen.error_bursts.count(at_s),
                    Kind::Babble => seen.babbles.count(at_s),
                }
                for set in (0..2).filter(|set| sets[*set]) {
                    self.breaks(at_s, set, broken, duration_s);
                }
            }
            What::FullBus { duration_s } => {
                seen.full_load_s.value += duration_s;
                self.full_until_s = Some(at_s + duration_s);
                self.fill(true);
            }
        }
    }

    fn breaks(&mut self, at_s: f64, set: usize, broken: Broken, duration_s: f64) {
        self.simulation.fault(set, &broken, at_s);
        self.lasting.push(Lasting { end_s: at_s + duration_s, set, broken });
    }

    fn fill(&mut self, full: bool) {
        self.simulation.link().fill(full);
        if let Some(twin) = &mut self.twin {
            twin.simulation.link().fill(full);
        }
    }

    /// To end one fault of the world is to end them all: what still lasts begins anew.
    fn end_what_is_over(&mut self, time_s: f64) {
        if self.full_until_s.is_some_and(|until_s| until_s <= time_s) {
            self.full_until_s = None;
            self.fill(false);
        }
        if self.lasting.iter().all(|lasting| lasting.end_s > time_s) {
            return;
        }
        self.lasting.retain(|lasting| lasting.end_s > time_s);
        for set in 0..2 {
            self.simulation.clear(set);
        }
        for set in 0..2 {
            self.simulation.fault(set, &FRAME_LOSS, time_s);
        }
        for Lasting { set, broken, .. } in &self.lasting {
            self.simulation.fault(*set, broken, time_s);
        }
    }
}

const _: () = assert!(HAND_BACK_S < DRILL_WATCH_S);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::plan::Action;
    use crate::campaign::statements::STATEMENTS;
    use crate::installed::Computer;

    /// A minute with what is given, on the plan of a seed: statements that fail, with the instant of the first.
    fn failing(change: impl Fn(&mut Plan)) -> Vec<(&'static str, Option<f64>)> {
        let mut plan = Plan::draw(3, 1);
        change(&mut plan);
        plan.actions.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        let (seen, _) = follow(plan, 3, 1, &|| {}).unwrap();
        let fails = STATEMENTS.iter().filter(|statement| !statement.bound.holds((statement.of)(&seen).value));
        fails.map(|statement| (statement.key, (statement.of)(&seen).at_s)).collect()
    }

    #[test]
    fn a_unit_that_fails_is_seen_as_a_takeover_that_nobody_asked_for() {
        assert_eq!(failing(|_| {}), []);
        // The unit that drives hangs: the other one is right to take over, and no drill can follow.
        let found = failing(|plan| {
            let sets = [plan.driver == 0, plan.driver == 1];
            let broken = Broken::Computer(Computer::Hang);
            let what = What::Trouble { kind: Kind::Interference, sets, broken, duration_s: 1.0 };
            plan.actions.push(Action { at_s: plan.drill_s - 3.0, what });
        });
        let keys: Vec<&str> = found.iter().map(|(key, _)| *key).collect();
        assert!(keys.starts_with(&["false_takeovers", "drills"]), "{found:?}");
        let drill_s = Plan::draw(3, 1).drill_s;
        assert!(found[0].1.is_some_and(|at_s| (at_s - (drill_s - 3.0)).abs() < 1e-3), "{found:?}");
    }

    #[test]
    fn a_minute_without_its_outage_and_a_drill_without_its_hand_back_are_missed() {
        let found = failing(|plan| {
            let is_wanted = |action: &Action| match action.what {
                What::Outage { .. } => false,
                What::HandBack { .. } => action.at_s < plan.drill_s,
                _ => true,
            };
            plan.actions.retain(is_wanted);
        });
        let keys: Vec<&str> = found.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["drills", "outages_missed"]);
    }
}
