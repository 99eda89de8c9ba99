// SPDX-License-Identifier: Apache-2.0
//! One run of a scenario: the units of the core against the world, step by step.
//!
//! # Timing
//! Tick k: sample, run the tasks that [`SCHEDULE`] has due, hand the outputs to the world, advance it by one
//! levitation period. Time is virtual, so a run depends on its scenario and seed alone.
//!
//! # Signs
//! Set 0 is winding and Hall set A of the host, set 1 is B of the emergency drive.

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::time::Instant;

use levitas_core::calibration::{CalibrationError, Identity};
use levitas_core::mail::{LevitationMail, Mailboxes};
use levitas_core::ports::LevitationOutputs;
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::supervisor::Command;
use levitas_core::unit::{Role, Unit};
use levitas_world::{RotorStart, STEP_S, Setup, Truth, World, units::RAD_PER_S_PER_RPM};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use crate::alarms::AlarmWatch;
use crate::channel::{Sample, bearing_state_name};
use crate::event_log::EventLog;
use crate::fault_catalogue::Broken;
use crate::input::{BadInput, Checked};
use crate::invariants::Invariants;
use crate::metrics::{Meter, Metrics};
use crate::record_fault;
use crate::recording::Recording;
use crate::scenario::{EventAction, InjectedFault, Scenario, Verdict};
use crate::story::{Act, Story};

/// Which units are in the loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// The host alone: all there is to see until the emergency drive can take over.
    #[default]
    Host,
    /// The emergency drive too, observing on set B with its gates open.
    Both,
}

/// What a run leaves behind.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Figures.
    pub metrics: Metrics,
    /// What happened.
    pub log: EventLog,
    /// Trace and envelope.
    pub recording: Recording,
    /// Expectations with their values.
    pub verdicts: Vec<Verdict>,
    /// Wall-clock time of the simulation [s].
    pub wall_s: f64,
}

impl Outcome {
    /// True when every expectation held and no invariant broke.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.metrics.invariants_broken.is_empty() && self.verdicts.iter().all(|verdict| verdict.held)
    }
}

/// A unit in the loop.
struct Installed {
    unit: Unit,
    set: usize,
}

/// Something that is due at a tick.
#[derive(Clone, Copy, Debug)]
struct Due {
    tick: u64,
    event: usize,
    ends: bool,
}

/// A command on its way to the supervisor.
struct Posted {
    number: u32,
    what: &'static str,
}

/// The loop; see the [module](self).
pub struct Simulation<'a> {
    scenario: &'a Scenario,
    world: World,
    units: Vec<Installed>,
    due: VecDeque<Due>,
    waiting: VecDeque<(Command, &'static str)>,
    posted: Option<Posted>,
    speed_setpoint_rpm: f64,
    sample: Sample,
    log: EventLog,
    tick: u64,
    ticks: u64,
}

impl<'a> Simulation<'a> {
    /// The loop before its first tick.
    ///
    /// # Errors
    /// The world or a unit refuses the scenario's numbers as a whole.
    pub fn new(scenario: &'a Scenario, units: Units) -> Checked<Self> {
        let refused = |error: &dyn std::fmt::Display| BadInput::of(&scenario.argument, error, "");
        let world = World::new(&setup(scenario)).map_err(|error| refused(&error))?;
        for event in &scenario.events {
            match &event.action {
                EventAction::Disturb(disturbance, _) => {
                    disturbance.check().map_err(|error| refused(&error))?
                }
                EventAction::Fault(InjectedFault { broken: Broken::World(fault), .. }) => {
                    fault.check().map_err(|error| refused(&error))?
                }
                EventAction::Fault(_) | EventAction::Operator(_) | EventAction::Clear(_) => {}
            }
        }
        let mut installed = Vec::new();
        let identity = Identity { serial_number: scenario.serial_number, role: Role::Host };
        let copies = record_fault::copies(scenario, &identity)?;
        let places = copies.each_ref().map(|copy| copy.as_deref().ok_or(CalibrationError::Missing));
        let (host, selection) =
            Unit::calibrated(&scenario.host, &identity, places).map_err(|error| refused(&error))?;
        installed.push(Installed { unit: host, set: 0 });
        if units == Units::Both {
            let drive = Unit::new(&scenario.emergency_drive, Role::EmergencyDrive)
                .map_err(|error| refused(&error))?;
            installed.push(Installed { unit: drive, set: 1 });
        }
        let ticks = ticks_of(scenario.duration_s).max(1);
        let mut simulation = Self {
            scenario,
            world,
            units: installed,
            due: due_events(scenario, ticks),
            waiting: VecDeque::new(),
            posted: None,
            speed_setpoint_rpm: f64::NAN,
            sample: Sample::default(),
            log: EventLog::default(),
            tick: 0,
            ticks,
        };
        for (letter, copy) in ['A', 'B'].into_iter().zip(&selection.copies) {
            match copy {
                Err(CalibrationError::Missing) => {}
                Err(error) => {
                    simulation.log.push(0.0, "calibration_refused", format!("copy {letter}: {error}"))
                }
                Ok(record) => {
                    let text = format!("copy {letter}: number {}", record.sequence);
                    simulation.log.push(0.0, "calibration_valid", text);
                }
            }
        }
        simulation.observe();
        Ok(simulation)
    }

    /// Number of ticks of the run.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// State after the last tick.
    #[must_use]
    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// The host's mail: to look at, and to ask its probe.
    #[must_use]
    pub fn host_mail(&self) -> Option<&Mailboxes> {
        self.units.first().map(|host| &host.unit.mail)
    }

    /// The world, to look at.
    #[must_use]
    pub fn truth(&self) -> Truth {
        self.world.truth()
    }

    /// One tick; returns the acts of the scenario in it.
    pub fn step(&mut self) -> Vec<(f64, Act)> {
        let acts = self.act();
        self.post_command();
        let outputs = self.control();
        self.world.advance(&outputs);
        self.tick += 1;
        self.observe();
        acts
    }

    /// Does what the scenario has due now.
    fn act(&mut self) -> Vec<(f64, Act)> {
        let mut acts = Vec::new();
        while let Some(due) = self.due.front().copied().filter(|due| due.tick <= self.tick) {
            self.due.pop_front();
            let scenario = self.scenario;
            let Some(event) = scenario.events.get(due.event) else { continue };
            if due.ends {
                let end_s = event.at_s + event.action.duration_s();
                let kind = match event.action {
                    EventAction::Fault(injected) => {
                        self.world.clear(injected.set);
                        "fault_end"
                    }
                    _ => "disturbance_end",
                };
                self.log.push(end_s, kind, event.text.clone());
                acts.push((end_s, Act::DisturbEnd));
                continue;
            }
            self.log.push(event.at_s, event.name, event.text.clone());
            acts.extend(event.action.act().map(|act| (event.at_s, act)));
            match &event.action {
                EventAction::Disturb(disturbance, _) => {
                    let started = self.world.disturb(*disturbance);
                    debug_assert!(started.is_ok(), "checked before the first tick");
                }
                EventAction::Fault(injected) => {
                    if let Broken::World(fault) = injected.broken {
                        let started = self.world.fault(injected.set, fault);
                        debug_assert!(started.is_ok(), "checked before the first tick");
                    }
                }
                EventAction::Clear(set) => self.world.clear(*set),
                EventAction::Operator(command) => self.waiting.push_back((*command, event.name)),
            }
        }
        acts
    }

    /// Posts the next command once the supervisor has looked at the one before: its mailbox holds only one.
    fn post_command(&mut self) {
        let Some(host) = self.units.first_mut() else { return };
        if let Some(posted) = &self.posted {
            let Some(result) = host.unit.command_result(posted.number) else { return };
            if let Err(refusal) = result {
                self.log.push(self.sample.time_s, "command_refused", format!("{}: {refusal}", posted.what));
            }
            self.posted = None;
        }
        if let Some((command, what)) = self.waiting.pop_front() {
            match command {
                Command::SetSpeed { speed_rpm } => self.speed_setpoint_rpm = f64::from(speed_rpm),
                Command::Land | Command::Service | Command::Commission => self.speed_setpoint_rpm = f64::NAN,
                Command::LiftOff => {}
            }
            self.posted = Some(Posted { number: host.unit.command(command), what });
        }
    }

    /// Runs the tasks that are due, in the order of the schedule.
    fn control(&mut self) -> [LevitationOutputs; 2] {
        let mut outputs = [LevitationOutputs::default(); 2];
        for slot in SCHEDULE.iter().filter(|slot| slot.is_due(self.tick)) {
            for Installed { unit, set } in &mut self.units {
                match slot.task {
                    TaskId::Levitation => {
                        let samples = self.world.sample(*set);
                        outputs[*set] = unit.step_levitation(&samples);
                        if *set == 0 {
                            self.sample.coil_current_a = samples.coil_current_a.map(f64::from);
                        }
                    }
                    TaskId::Speed => unit.step_speed(),
                    TaskId::Circulation => unit.step_circulation(&self.world.sample_circulation()),
                    TaskId::Supervisor => unit.step_supervisor(),
                }
            }
        }
        outputs
    }

    /// Takes over the state of world and host after a tick.
    fn observe(&mut self) {
        let truth = self.world.truth();
        let sample = &mut self.sample;
        sample.time_s = truth.time_s;
        sample.displacement_m = truth.displacement_m;
        sample.tilt_rad = truth.tilt_rad;
        let turned_rad = truth.rotor_angle_rad - sample.rotor_angle_rad;
        sample.rotor_angle_rad += turned_rad - TAU * (turned_rad / TAU).round();
        sample.speed_rpm = truth.rotor_speed_rad_per_s / RAD_PER_S_PER_RPM;
        sample.speed_setpoint_rpm = self.speed_setpoint_rpm;
        sample.flow_lpm = truth.flow_lpm;
        sample.head_mmhg = truth.head_mmhg;
        sample.drainage_pressure_mmhg = truth.drainage_pressure_mmhg;
        sample.pre_membrane_pressure_mmhg = truth.pre_membrane_pressure_mmhg;
        sample.return_pressure_mmhg = truth.return_pressure_mmhg;
        sample.touching = truth.touching;
        sample.bus_voltage_v = truth.bus_voltage_v[0];
        let mail = self.units.first().and_then(|host| host.unit.mail.levitation.read::<LevitationMail>());
        if let Some((_, mail)) = mail {
            sample.displacement_known_m =
                [f64::from(mail.displacement_x_m), f64::from(mail.displacement_y_m)];
            sample.torque_current_a = f64::from(mail.torque_current_a);
            sample.faults = mail.faults;
            if mail.state != sample.bearing_state {
                sample.bearing_state = mail.state;
                self.log.push(sample.time_s, "bearing_state", bearing_state_name(mail.state));
            }
        }
    }
}

/// The world's set-up of a scenario.
#[must_use]
pub fn setup(scenario: &Scenario) -> Setup {
    Setup {
        plant: scenario.plant,
        circuit: scenario.circuit,
        patient: scenario.patient,
        pump_table: scenario.pump_table.clone(),
        seed: scenario.seed,
        start: RotorStart::Lying { angle_rad: start_angle_rad(scenario.seed) },
    }
}

/// Stream of the generator that draws where the rotor lies; the world's own draws use others.
const START_STREAM: u128 = 0x6c65_7669_7461_7301;

/// Where on the touchdown circle the rotor of this seed lies [rad].
fn start_angle_rad(seed: u64) -> f64 {
    let draw = Pcg64::new(u128::from(seed), START_STREAM).next_u64();
    TAU * (draw >> 11) as f64 / (1_u64 << 53) as f64
}

/// Number of ticks until a time.
fn ticks_of(time_s: f64) -> u64 {
    (time_s / STEP_S).round() as u64
}

/// Begins and ends of all events in the order of time; what ends after the run does not end in it.
fn due_events(scenario: &Scenario, ticks: u64) -> VecDeque<Due> {
    let mut due = Vec::new();
    for (index, event) in scenario.events.iter().enumerate() {
        due.push(Due { tick: ticks_of(event.at_s), event: index, ends: false });
        if event.action.duration_s() > 0.0 {
            due.push(Due {
                tick: ticks_of(event.at_s + event.action.duration_s()),
                event: index,
                ends: true,
            });
        }
    }
    due.retain(|due| due.tick < ticks);
    due.sort_by_key(|due| due.tick);
    due.into()
}

/// Runs a scenario to its end. `progress` gets the simulated time now and then.
///
/// # Errors
/// As [`Simulation::new`].
pub fn run(scenario: &Scenario, units: Units, progress: &mut dyn FnMut(f64)) -> Checked<Outcome> {
    let story: Story = scenario.story();
    let started = Instant::now();
    let mut simulation = Simulation::new(scenario, units)?;
    let ticks = simulation.ticks();
    let mut meter = Meter::new(&story, STEP_S);
    let mut invariants = Invariants::new(scenario.expects_touchdown());
    let mut alarms = AlarmWatch::new(scenario);
    let mut recording = Recording::new(&story, ticks, STEP_S);
    for tick in 0..ticks {
        let before = *simulation.sample();
        for (time_s, act) in simulation.step() {
            meter.act(time_s, act, &before);
        }
        let sample = simulation.sample;
        let log = &mut simulation.log;
        meter.step(&sample, log);
        alarms.step(&sample, meter.touchdowns(), log);
        invariants.step(&sample, meter.touchdowns(), meter.reverse_ml(), STEP_S, log);
        recording.step(tick, &sample);
        if tick.is_multiple_of(1024) {
            progress(sample.time_s);
        }
    }
    let wall_s = started.elapsed().as_secs_f64();
    let mut log = simulation.log;
    invariants.take_alarms(&alarms.broken(scenario.duration_s), &mut log);
    invariants.finish(scenario.duration_s, &mut log);
    log.push(scenario.duration_s, "end", "");
    let mut metrics = meter.metrics(Some(scenario.duration_s / wall_s.max(1e-9)));
    alarms.measure(&mut metrics);
    metrics.invariants_broken = invariants.broken().to_vec();
    let verdicts = scenario.expects.iter().map(|expect| expect.judge(&metrics)).collect();
    Ok(Outcome { metrics, log, recording, verdicts, wall_s })
}
