// SPDX-License-Identifier: Apache-2.0
//! One run of a scenario: the units of the core against the world, step by step.
//!
//! # Timing
//! Tick k: sample, run the tasks that [`SCHEDULE`] has due, hand the outputs to the world, advance it by one
//! levitation period. Time is virtual, so a run depends on its scenario and seed alone. Units whose clocks drift
//! ([`crate::clocks`]) do so each at its own instant, so that in a tick of the world none, one or two of their periods begin.
//!
//! # Signs
//! Set 0 is winding and Hall set A of the host, set 1 is B of the emergency drive.

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::time::Instant;

use levitas_core::alarms::{AlarmOrder, AlarmOrderMail, AlarmStatus};
use levitas_core::calibration::CalibrationError;
use levitas_core::circulation::sensing::CircuitOrder;
use levitas_core::circulation::therapy::{Mode, TherapyMail};
use levitas_core::link::UnitCode;
use levitas_core::mail::{CircuitOrderMail, CirculationMail, LevitationMail, Mailboxes};
use levitas_core::power::messages::{PowerOrder, PowerOrderMail};
use levitas_core::schedule::{SCHEDULE, Slot, TaskId, WARMING_SCHEDULE};
use levitas_core::task::supervisor::Command;
use levitas_core::unit::Role;
use levitas_core::warming::messages::WarmingOrderMail;
use levitas_world::{
    CanNode, Disturbance, Fault, RotorStart, STEP_S, Setup, Truth, WarmingDevice, World,
    units::RAD_PER_S_PER_RPM,
};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use crate::alarms::AlarmWatch;
use crate::channel::{BodySample, Sample, ThermalSample, bearing_state_name};
use crate::clocks::Clock;
use crate::condition_watch::ConditionWatch;
use crate::event_log::EventLog;
use crate::fault_catalogue::{Broken, of_node};
use crate::heart_watch::HeartWatch;
use crate::input::{BadInput, Checked};
use crate::installed::{Computer, Installed};
use crate::invariants::Invariants;
use crate::link_bus::LinkBus;
use crate::link_watch::LinkWatch;
use crate::metrics::{Meter, Metrics};
use crate::order_watch::OrderWatch;
use crate::power_watch::PowerWatch;
use crate::priming_watch::PrimingWatch;
use crate::recording::Recording;
use crate::remote::{Forgery, Order};
use crate::restart_watch::RestartWatch;
use crate::scenario::{EventAction, InjectedFault, Scenario, Verdict, WARMING_TARGET, sensor_of};
use crate::self_test_watch::SelfTestWatch;
use crate::signal_watch::SignalWatch;
use crate::story::{Act, Story};
use crate::unit_in_loop::{Loss, UnitInLoop};
use crate::warming_watch::WarmingWatch;

/// Which units are in the loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// The host alone; the other end of its lines has no power.
    #[default]
    Host,
    /// The emergency drive too, ready to take the head.
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
    /// Every frame of the link, as `candump -l` writes it; empty without both units.
    pub candump: String,
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

/// Something that is due at a tick.
#[derive(Clone, Copy, Debug)]
struct Due {
    tick: u64,
    event: usize,
    ends: bool,
}

/// A command on its way to a supervisor.
#[derive(Clone)]
struct Posted {
    set: usize,
    number: u32,
    what: &'static str,
}

/// The loop; see the [module](self). A clone goes on as the original would have.
#[derive(Clone)]
pub struct Simulation<'a, U = Installed<'a>> {
    scenario: &'a Scenario,
    world: World,
    units: Vec<U>,
    /// Of each of the units.
    clocks: Vec<Clock>,
    bus: LinkBus,
    links: LinkWatch,
    due: VecDeque<Due>,
    waiting: VecDeque<(usize, Command, &'static str)>,
    posted: Option<Posted>,
    speed_setpoint_rpm: f64,
    flow_setpoint_lpm: f64,
    conditions: ConditionWatch,
    signals: SignalWatch,
    heart: HeartWatch,
    orders: OrderWatch,
    warming: WarmingWatch,
    power: PowerWatch,
    restart: RestartWatch,
    self_tests: SelfTestWatch,
    priming: PrimingWatch,
    /// Shear and heat index that the driving unit has told last.
    exposure: [f32; 2],
    sample: Sample,
    log: EventLog,
    tick: u64,
    ticks: u64,
}

impl<'a> Simulation<'a> {
    /// The loop before its first tick, with the units in this program.
    ///
    /// # Errors
    /// The world or a unit refuses the scenario's numbers as a whole.
    pub fn new(scenario: &'a Scenario) -> Checked<Self> {
        let (host, selection) = Installed::new(scenario, Role::Host)?;
        let mut units = vec![host];
        if scenario.units == Units::Both {
            units.push(Installed::new(scenario, Role::EmergencyDrive)?.0);
        }
        let mut log = EventLog::default();
        for (letter, copy) in ['A', 'B'].into_iter().zip(&selection.copies) {
            match copy {
                Err(CalibrationError::Missing) => {}
                Err(error) => log.push(0.0, "calibration_refused", format!("copy {letter}: {error}")),
                Ok(record) => {
                    let text = format!("copy {letter}: number {}", record.sequence);
                    log.push(0.0, "calibration_valid", text);
                }
            }
        }
        Self::with(scenario, units, log)
    }

    /// The host's mail: to look at, and to ask its probe.
    #[must_use]
    pub fn host_mail(&self) -> Option<&Mailboxes> {
        self.units.first().map(Installed::mail)
    }

    /// Gives a forged frame to both units now, past the bus: how many refusals it causes; `None` while there is nothing to make it of.
    pub fn inject(&mut self, kind: Forgery, set: usize) -> Option<u64> {
        let frame = self.bus.forge(kind, set, self.tick as f64 * STEP_S)?;
        let mut refused = 0;
        for unit in self.units.iter_mut().filter(|unit| unit.listens()) {
            let count = |unit: &mut Installed<'_>| -> u64 { unit.refused().into_iter().map(u64::from).sum() };
            let before = count(unit);
            self.bus.hand_on(&frame, unit);
            refused += count(unit) - before;
        }
        Some(refused)
    }

    /// The same run as far as another one has come, which is not harmed by it.
    fn as_far_as<U>(other: &Simulation<'a, U>) -> Checked<Self> {
        let mut simulation = Self::new(other.scenario)?;
        while simulation.tick < other.tick {
            simulation.step();
        }
        Ok(simulation)
    }
}

impl<'a, U: UnitInLoop> Simulation<'a, U> {
    /// The loop before its first tick, with these units.
    ///
    /// # Errors
    /// The world refuses the scenario's numbers as a whole.
    pub fn with(scenario: &'a Scenario, units: Vec<U>, log: EventLog) -> Checked<Self> {
        let refused = |error: &dyn std::fmt::Display| BadInput::of(&scenario.argument, error, "");
        let mut world = World::new(&setup(scenario)).map_err(|error| refused(&error))?;
        if scenario.drive_lines {
            world.connect_lines();
        }
        scenario.water_celsius.into_iter().for_each(|celsius| world.connect_warming(celsius));
        if scenario.clock_ppm != 0.0 {
            world.part_clocks();
        }
        let clock = |unit: &U| Clock::new(unit.set(), scenario.clock_ppm, scenario.seed);
        let clocks = units.iter().map(clock).collect();
        check_events(scenario)?;
        let ticks = ticks_of(scenario.duration_s).max(1);
        let mut simulation = Self {
            scenario,
            world,
            units,
            clocks,
            bus: LinkBus::new(scenario.seed, scenario.units == Units::Both),
            links: LinkWatch::default(),
            due: due_events(scenario, ticks),
            waiting: VecDeque::new(),
            posted: None,
            speed_setpoint_rpm: f64::NAN,
            flow_setpoint_lpm: f64::NAN,
            conditions: ConditionWatch::default(),
            signals: SignalWatch::default(),
            heart: HeartWatch::default(),
            orders: OrderWatch::default(),
            warming: WarmingWatch::default(),
            power: PowerWatch::default(),
            restart: RestartWatch::default(),
            self_tests: SelfTestWatch::default(),
            priming: PrimingWatch::default(),
            exposure: [f32::NAN; 2],
            sample: Sample::default(),
            log,
            tick: 0,
            ticks,
        };
        if scenario.events.iter().any(|event| event.action.needs_key_of().is_some()) {
            simulation.attach_outside();
        }
        simulation.observe();
        Ok(simulation)
    }

    /// The link between the units.
    pub fn link(&mut self) -> &mut LinkBus {
        &mut self.bus
    }

    /// Every tick has been made.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.tick >= self.ticks
    }

    /// Ticks made so far.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.tick
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

    /// What the units have said of their links.
    #[must_use]
    pub fn links(&self) -> &LinkWatch {
        &self.links
    }

    /// Switches on the third node of the link, for commands and forgeries.
    pub fn attach_outside(&mut self) {
        self.bus.attach_outside(self.scenario.seed);
    }

    /// The third node sends a genuine command now; false when it cannot.
    pub fn order(&mut self, order: Order) -> bool {
        let sent = self.bus.order(order, self.tick as f64 * STEP_S);
        let drives = self.units.iter().any(|unit| unit.set() == order.set && unit.report().drives);
        if sent && drives {
            self.take_setpoint(order.command);
        }
        sent
    }

    /// What a command to the unit that drives makes of the set-point that the figures are measured against.
    fn take_setpoint(&mut self, command: Command) {
        match command {
            Command::SetMode { mode, value } => {
                let of = |followed: Mode| if mode == followed { f64::from(value) } else { f64::NAN };
                (self.speed_setpoint_rpm, self.flow_setpoint_lpm) = (of(Mode::Speed), of(Mode::Flow));
            }
            Command::Land | Command::PowerOff | Command::Service | Command::Commission => {
                (self.speed_setpoint_rpm, self.flow_setpoint_lpm) = (f64::NAN, f64::NAN);
            }
            _ => {}
        }
    }

    /// The third node begins to forge commands over the bus, so many frames per second.
    pub fn attack(&mut self, set: usize, rate_hz: f64) {
        self.bus.attack(set, rate_hz, self.tick as f64 * STEP_S);
    }

    /// Forged frames that went to the bus.
    #[must_use]
    pub fn forged(&self) -> u64 {
        self.bus.forged()
    }

    /// What the levitation task of a unit said last.
    #[must_use]
    pub fn said(&self, set: usize) -> Option<LevitationMail> {
        self.units.iter().find(|unit| unit.set() == set).and_then(U::said)
    }

    /// What the circulation task of a unit said last, where the unit runs in this program.
    #[must_use]
    pub fn circulation(&self, set: usize) -> Option<CirculationMail> {
        let unit = self.units.iter().find(|unit| unit.set() == set)?;
        unit.mail()?.circulation.read::<CirculationMail>().map(|(_, mail)| mail)
    }

    /// What was seen and refused so far.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// A unit drives the head.
    #[must_use]
    pub fn is_driven(&self) -> bool {
        self.units.iter().any(|unit| unit.report().drives)
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
        let (start_s, end_s) = (self.tick as f64 * STEP_S, (self.tick + 1) as f64 * STEP_S);
        while let Some(at_s) = self.next_period_s().filter(|at_s| *at_s < end_s) {
            self.world.pass_to(at_s - start_s);
            self.control(at_s);
        }
        self.world.complete();
        self.tick += 1;
        self.observe();
        self.observe_warming();
        self.observe_units();
        self.observe_restart();
        acts
    }

    /// An event that breaks or disturbs something is due now.
    fn disturbs_now(&self) -> bool {
        self.due
            .iter()
            .take_while(|due| due.tick <= self.tick)
            .filter_map(|due| self.scenario.events.get(due.event))
            .any(|event| event.action.act() == Some(Act::Disturb))
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
                    EventAction::CutOutButton => {
                        self.press_cut_out(false);
                        continue;
                    }
                    EventAction::Fault(injected) => {
                        self.clear(injected.set);
                        "fault_end"
                    }
                    _ => "disturbance_end",
                };
                self.log.push(end_s, kind, event.text.clone());
                acts.push((end_s, Act::DisturbEnd));
                continue;
            }
            self.log.push(event.at_s, event.name, event.text.clone());
            self.conditions.act(event.at_s);
            self.signals.act(event.at_s);
            self.restart.act();
            acts.extend(event.action.act().map(|act| (event.at_s, act)));
            match &event.action {
                EventAction::Disturb(disturbance, _) => {
                    self.disturb(*disturbance);
                }
                EventAction::Fault(injected) => self.fault(injected.set, &injected.broken, event.at_s),
                EventAction::Clear(set) => self.clear(*set),
                EventAction::Circuit(change) => {
                    let done = self.world.change_circuit(*change);
                    debug_assert!(done.is_ok(), "{done:?}");
                }
                EventAction::Patient(change) => {
                    let done = self.world.change_patient(*change);
                    debug_assert!(done.is_ok(), "{done:?}");
                }
                EventAction::Operator(command) => self.command(*command, event.name),
                EventAction::CircuitOrder(order, value) => self.order_circuit(*order, *value, due.event),
                EventAction::AlarmOrder(order) => {
                    let mail = AlarmOrderMail { number: due.event as u32 + 1, order: *order as u32 };
                    self.units.iter().filter_map(U::mail).for_each(|unit| unit.alarm_order.write(&mail));
                    if *order == AlarmOrder::Acknowledge {
                        self.signals.acknowledged(event.at_s);
                    }
                }
                EventAction::LoadTest => {
                    let mail =
                        PowerOrderMail { number: due.event as u32 + 1, order: PowerOrder::LoadTest as u32 };
                    self.units.iter().filter_map(U::mail).for_each(|unit| unit.power_order.write(&mail));
                }
                EventAction::Warming(aim, settings) => {
                    let mail = WarmingOrderMail::new(due.event as u32 + 1, *aim, settings);
                    let host = self.units.iter().find(|unit| unit.set() == 0).and_then(U::mail);
                    host.into_iter().for_each(|unit| unit.warming_order.write(&mail));
                }
                EventAction::CutOutButton => self.press_cut_out(true),
                EventAction::Remote(order) => {
                    if !self.order(*order) {
                        let text = format!("{}: not sent: nothing is heard of the unit", event.text);
                        self.log.push(event.at_s, "command_refused", text);
                    }
                }
            }
        }
        acts
    }

    /// Starts a disturbance now; one with a number that is out of range does nothing.
    pub fn disturb(&mut self, disturbance: Disturbance) {
        let started = self.world.disturb(disturbance);
        debug_assert!(started.is_ok(), "{started:?}");
    }

    /// Something breaks now, `at_s` within this tick.
    pub fn fault(&mut self, set: usize, broken: &Broken, at_s: f64) {
        let started = match *broken {
            Broken::World(fault) => self.world.fault(set, fault),
            Broken::Circuit(fault) => {
                sensor_of(set).map_or(Ok(()), |sensor| self.world.fault_circuit(sensor, fault))
            }
            Broken::Warming(fault) => self.world.warming().map_or(Ok(()), |device| device.fault(&fault)),
            Broken::Computer(computer) => {
                let unit = self.units.iter_mut().zip(&self.clocks).find(|(unit, _)| unit.set() == set);
                if let Some((unit, clock)) = unit {
                    unit.fault(computer, clock.tick(), STEP_S);
                }
                match computer {
                    Computer::PowerLoss | Computer::Reboot { .. } => {
                        let after_s = (at_s - self.world.time_s()).clamp(0.0, STEP_S);
                        self.bus.power(set, false);
                        if matches!(computer, Computer::Reboot { .. }) && set == 0 && self.units.len() == 1 {
                            self.restart.reset(at_s, &self.sample);
                        }
                        self.world.fault(set, Fault::PowerLoss { after_s })
                    }
                    Computer::Hang | Computer::Stall(_) => Ok(()),
                }
            }
            Broken::Bus(fault) => {
                self.bus.fault(of_node(fault, CanNode::of_set(set)));
                Ok(())
            }
            Broken::Forgery { rate_hz } => {
                self.bus.attack(set, rate_hz, at_s);
                Ok(())
            }
            Broken::Record(_) => Ok(()),
        };
        debug_assert!(started.is_ok(), "checked before the first tick");
    }

    /// Every fault of a unit is over, and what was done to the link; or of a sensor of the circuit.
    pub fn clear(&mut self, set: usize) {
        if let Some(sensor) = sensor_of(set) {
            self.world.clear_circuit(sensor);
            return;
        }
        if set == WARMING_TARGET {
            self.world.warming().into_iter().for_each(WarmingDevice::clear);
            return;
        }
        self.world.clear(set);
        self.bus.clear();
        let unit = self.units.iter_mut().zip(&self.clocks).find(|(unit, _)| unit.set() == set);
        if let Some((unit, clock)) = unit {
            unit.clear(clock.tick(), &mut self.world, &mut self.bus);
        }
    }

    fn press_cut_out(&mut self, is_pressed: bool) {
        self.world.warming().into_iter().for_each(|device| device.press(is_pressed));
    }

    /// An order to the sensors of the circuit, which each unit reads for itself; `index` is that of its event.
    fn order_circuit(&mut self, order: CircuitOrder, value: f32, index: usize) {
        let mail = CircuitOrderMail { number: index as u32 + 1, kind: order as u32, value };
        let mut units = self.units.iter().filter_map(U::mail).peekable();
        if units.peek().is_none() {
            self.log.push(
                self.tick as f64 * STEP_S,
                "order_refused",
                "no unit of this program is in the loop",
            );
        }
        units.for_each(|unit| unit.circuit_order.write(&mail));
    }

    /// A command of the operator, for the unit that drives the head.
    pub fn command(&mut self, command: Command, what: &'static str) {
        let drives = self.units.iter().find(|unit| unit.report().drives);
        // What has left the pair joins it again where it is.
        let has_left = |unit: &&U| matches!(unit.report().state, UnitCode::Isolated | UnitCode::Service);
        let to = if command == Command::Rejoin { self.units.iter().find(has_left) } else { drives };
        self.waiting.push_back((to.map_or(0, U::set), command, what));
    }

    /// Posts the next command once the supervisor has looked at the one before: its mailbox holds only one.
    fn post_command(&mut self) {
        if let Some(posted) = &self.posted {
            let unit = self.units.iter_mut().find(|unit| unit.set() == posted.set);
            let Some(result) = unit.and_then(|unit| unit.command_result(posted.number)) else {
                return;
            };
            if let Err(refusal) = result {
                self.log.push(self.sample.time_s, "command_refused", format!("{}: {refusal}", posted.what));
            }
            self.posted = None;
        }
        if let Some((set, command, what)) = self.waiting.pop_front() {
            self.take_setpoint(command);
            let Some(unit) = self.units.iter_mut().find(|unit| unit.set() == set) else { return };
            self.posted = Some(Posted { set, number: unit.command(command), what });
        }
    }

    /// When the next period of a unit begins [s].
    fn next_period_s(&self) -> Option<f64> {
        self.clocks.iter().map(Clock::next_s).min_by(f64::total_cmp)
    }

    /// The units whose period begins now run the tasks that are due, in the order of the schedule.
    fn control(&mut self, now_s: f64) {
        let Self { world, units, clocks, bus, .. } = self;
        let clocks: &[Clock] = clocks;
        let is_now = |clock: &Clock| clock.next_s() <= now_s;
        for (unit, clock) in units.iter_mut().zip(clocks).filter(|(_, clock)| is_now(clock)) {
            unit.begin_tick(clock.tick(), world, bus);
        }
        bus.deliver(now_s, units);
        let slow: &[Slot] = if self.scenario.water_celsius.is_some() { &WARMING_SCHEDULE } else { &[] };
        for slot in SCHEDULE.iter().chain(slow) {
            let is_due = |clock: &Clock| is_now(clock) && slot.is_due(clock.tick());
            for (unit, clock) in units.iter_mut().zip(clocks).filter(|(_, clock)| is_due(clock)) {
                unit.run(slot.task, clock.tick(), world, bus);
            }
        }
        for (unit, clock) in units.iter_mut().zip(clocks).filter(|(_, clock)| is_now(clock)) {
            unit.ask(clock.tick(), bus);
        }
        let mut losses = Vec::new();
        for (unit, _) in units.iter_mut().zip(clocks).filter(|(_, clock)| is_now(clock)) {
            losses.extend(unit.answer(now_s, bus).map(|loss| (unit.set(), loss)));
        }
        losses.into_iter().for_each(|(set, loss)| self.lose(set, &loss, now_s));
        let mut outputs = [None; 2];
        for (unit, clock) in self.units.iter().zip(&mut self.clocks).filter(|(_, clock)| is_now(clock)) {
            outputs[unit.set()] = Some(unit.outputs());
            clock.go_on();
        }
        self.world.update(&outputs);
    }

    /// A unit is lost now.
    fn lose(&mut self, set: usize, loss: &Loss, now_s: f64) {
        self.log.push(now_s, "unit_lost", loss.reason.clone());
        let computer = if loss.is_silent { Computer::Hang } else { Computer::PowerLoss };
        self.fault(set, &Broken::Computer(computer), now_s);
    }

    /// Looks at the warming device after each period of its tasks.
    fn observe_warming(&mut self) {
        let is_due = |tick: u64| TaskId::Warming.slot().is_due(tick);
        if self.scenario.water_celsius.is_some() && self.tick.checked_sub(1).is_some_and(is_due) {
            let host = self.units.iter().find(|unit| unit.set() == 0).and_then(U::mail);
            self.warming.step(self.sample.time_s, host, &mut self.log);
        }
    }

    /// Looks at mains, battery, self-test and guide of each unit after each period of its supervisor.
    fn observe_units(&mut self) {
        if self.tick.checked_sub(1).is_some_and(|tick| TaskId::Supervisor.slot().is_due(tick)) {
            let truth = self.world.truth().power;
            for unit in &self.units {
                let (set, mail) = (unit.set(), unit.mail());
                self.power.step(self.sample.time_s, set, mail, &truth[set.min(1)], &mut self.log);
                self.self_tests.step(self.sample.time_s, set, mail, &mut self.log);
                self.priming.step(self.sample.time_s, set, mail, &mut self.log);
            }
        }
    }

    /// Looks at a unit that starts again, alone.
    fn observe_restart(&mut self) {
        let runs = self.units.first().and_then(U::mail).is_some();
        let clearance_m = self.scenario.plant.rotor.clearance_m;
        self.restart.step(&self.sample, runs, clearance_m, STEP_S, &mut self.log);
    }

    /// Takes over the state of world and driving unit after a tick.
    fn observe(&mut self) {
        if self.tick.is_multiple_of(LINK_WATCH_TICKS) {
            self.links.step(&self.units, self.sample.time_s, &mut self.log);
        }
        let truth = self.world.truth();
        let sample = &mut self.sample;
        sample.time_s = truth.time_s;
        sample.displacement_m = truth.displacement_m;
        sample.tilt_rad = truth.tilt_rad;
        let turned_rad = truth.rotor_angle_rad - sample.rotor_angle_rad;
        sample.rotor_angle_rad += turned_rad - TAU * (turned_rad / TAU).round();
        sample.speed_rpm = truth.rotor_speed_rad_per_s / RAD_PER_S_PER_RPM;
        sample.speed_setpoint_rpm = self.speed_setpoint_rpm;
        sample.flow_setpoint_lpm = self.flow_setpoint_lpm;
        sample.flow_lpm = truth.flow_lpm;
        sample.head_mmhg = truth.head_mmhg;
        sample.drainage_pressure_mmhg = truth.drainage_pressure_mmhg;
        sample.pre_membrane_pressure_mmhg = truth.pre_membrane_pressure_mmhg;
        sample.return_pressure_mmhg = truth.return_pressure_mmhg;
        sample.body = BodySample::of(&truth);
        sample.thermal = ThermalSample::of(&truth);
        sample.touching = truth.touching;
        sample.gate_open = truth.gate_open;
        sample.gate_opened_s = truth.gate_opened_s;
        sample.gate_closed_s = truth.gate_closed_s;
        sample.last_update_s = truth.last_update_s;
        // A unit that drives knows; while nobody does, what was to be held still is, whatever the units believe.
        let drives = self.units.iter().map(U::report).find(|report| report.drives);
        sample.held = drives.map_or(sample.held, |report| report.therapy);
        // Whoever drives is looked at; without one, the host.
        let set = usize::from(truth.gate_open == [false, true]);
        sample.driving_set = set;
        sample.bus_voltage_v = truth.bus_voltage_v[set];
        sample.pair_alarms =
            self.units.iter().filter_map(U::said).fold(0, |sum, mail| sum | mail.pair_alarms);
        let unit = self.units.iter().find(|unit| unit.set() == set);
        if TaskId::Circulation.slot().is_due(self.tick)
            && let Some((_, seen)) =
                unit.and_then(U::mail).and_then(|mail| mail.circulation.read::<CirculationMail>())
        {
            self.conditions.step(sample.time_s, seen.conditions, &mut self.log);
        }
        if TaskId::Alarm.slot().is_due(self.tick) {
            for unit in &self.units {
                let shown = unit.mail().and_then(|mail| mail.alarm.read::<AlarmStatus>());
                let status = shown.as_ref().map(|(_, status)| status);
                self.signals.step(sample.time_s, unit.set(), status, &mut self.log);
            }
        }
        let stepped = self.tick.checked_sub(1).filter(|tick| TaskId::Circulation.slot().is_due(*tick));
        if let (Some(tick), Some(seen)) =
            (stepped, unit.and_then(U::mail).and_then(|mail| mail.circulation.read::<CirculationMail>()))
        {
            self.heart.hear(tick as f64 * STEP_S, set, &seen.1);
            self.orders.hear(tick as f64 * STEP_S, &seen.1, &mut self.log);
            self.exposure = [seen.1.shear_index, seen.1.heat_index_min_per_h];
            let therapy = unit.and_then(U::mail).and_then(|mail| mail.therapy.read::<TherapyMail>());
            sample.return_limit_mmhg =
                therapy.map(|(_, mail)| f64::from(mail.therapy.settings.return_pressure_mmhg_max));
        }
        self.heart.follow(&truth);
        [sample.body.beat_found, sample.body.pulse_begun] = self.heart.news;
        if let Some(mail) = unit.and_then(U::said) {
            sample.coil_current_a = [mail.coil_current_x_a, mail.coil_current_y_a].map(f64::from);
            sample.displacement_known_m =
                [f64::from(mail.displacement_x_m), f64::from(mail.displacement_y_m)];
            sample.torque_current_a = f64::from(mail.torque_current_a);
            sample.faults = mail.faults | self.links.alarms(set);
            if mail.state != sample.bearing_state {
                sample.bearing_state = mail.state;
                self.log.push(sample.time_s, "bearing_state", bearing_state_name(mail.state));
            }
        }
    }
}

/// The same run without the first event that breaks or disturbs something and those after it: what the flow would have been.
#[derive(Clone, Default)]
struct Twin<'a> {
    twin: Option<Box<Simulation<'a>>>,
    flow_min_lpm: f64,
    dip: f64,
}

impl<'a> Twin<'a> {
    /// Forks before the first such event, where a second unit may take over.
    fn before<U: UnitInLoop>(&mut self, simulation: &Simulation<'a, U>, fork: Fork<'a, U>) -> Checked<()> {
        if self.twin.is_none() && simulation.scenario.units == Units::Both && simulation.disturbs_now() {
            let mut twin = fork(simulation)?;
            twin.bus.drop_log();
            let events = &simulation.scenario.events;
            twin.due.retain(|due| events.get(due.event).is_some_and(|event| !event.action.is_trouble()));
            self.twin = Some(Box::new(twin));
            self.flow_min_lpm = f64::INFINITY;
        }
        Ok(())
    }

    fn after<U>(&mut self, simulation: &Simulation<'a, U>) {
        let Some(twin) = &mut self.twin else { return };
        twin.step();
        let (flow_lpm, wanted_lpm) = (simulation.sample.flow_lpm, twin.sample.flow_lpm);
        self.flow_min_lpm = self.flow_min_lpm.min(flow_lpm);
        if wanted_lpm > FLOW_LPM_MIN {
            self.dip = self.dip.max((wanted_lpm - flow_lpm) / wanted_lpm);
        }
    }

    fn measure(&self, metrics: &mut Metrics) {
        if self.twin.is_some() && metrics.get("takeover.count").is_some_and(|count| count > 0.0) {
            metrics.set("takeover.flow_min_lpm", self.flow_min_lpm);
            metrics.set("takeover.flow_dip_pct", 100.0 * self.dip);
        }
    }
}

/// Ticks between two looks at the links: a millisecond.
const LINK_WATCH_TICKS: u64 = 20;
/// Flow below which a dip is no figure [L/min].
const FLOW_LPM_MIN: f64 = 0.2;

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

/// Whether the world can do what the events of the scenario ask of it.
fn check_events(scenario: &Scenario) -> Checked<()> {
    let refused = |error: &dyn std::fmt::Display| BadInput::of(&scenario.argument, error, "");
    for event in &scenario.events {
        match &event.action {
            EventAction::Disturb(disturbance, _) => disturbance.check().map_err(|error| refused(&error))?,
            EventAction::Fault(InjectedFault { broken: Broken::World(fault), .. }) => {
                fault.check().map_err(|error| refused(&error))?
            }
            EventAction::Fault(InjectedFault { broken: Broken::Circuit(fault), .. }) => {
                fault.check().map_err(|error| refused(&error))?
            }
            EventAction::Fault(InjectedFault { broken: Broken::Warming(fault), .. }) => {
                fault.check().map_err(|error| refused(&error))?
            }
            EventAction::Fault(InjectedFault { broken: Broken::Bus(fault), .. }) => {
                fault.check().map_err(|error| refused(&error))?
            }
            EventAction::Circuit(change) => change.check().map_err(|error| refused(&error))?,
            EventAction::Patient(change) => change.check().map_err(|error| refused(&error))?,
            EventAction::Fault(_)
            | EventAction::Operator(_)
            | EventAction::CircuitOrder(..)
            | EventAction::AlarmOrder(_)
            | EventAction::LoadTest
            | EventAction::Warming(..)
            | EventAction::CutOutButton
            | EventAction::Remote(_)
            | EventAction::Clear(_) => {}
        }
    }
    Ok(())
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
pub fn run(scenario: &Scenario, progress: &mut dyn FnMut(f64)) -> Checked<Outcome> {
    finish(Simulation::new(scenario)?, |simulation| Ok(simulation.clone()), progress)
}

/// Runs a scenario to its end with these units.
///
/// # Errors
/// As [`Simulation::with`].
pub fn run_with<U: UnitInLoop>(
    scenario: &Scenario,
    units: Vec<U>,
    progress: &mut dyn FnMut(f64),
) -> Checked<Outcome> {
    finish(Simulation::with(scenario, units, EventLog::default())?, Simulation::as_far_as, progress)
}

/// How a run is forked whose units are in this program.
type Fork<'a, U> = fn(&Simulation<'a, U>) -> Checked<Simulation<'a>>;

/// Runs a simulation to its end.
fn finish<'a, U: UnitInLoop>(
    mut simulation: Simulation<'a, U>,
    fork: Fork<'a, U>,
    progress: &mut dyn FnMut(f64),
) -> Checked<Outcome> {
    let scenario = simulation.scenario;
    let story: Story = scenario.story();
    let started = Instant::now();
    if scenario.units == Units::Both {
        simulation.bus.keep_log();
    }
    let ticks = simulation.ticks();
    let mut meter = Meter::new(&story, STEP_S);
    let mut invariants = Invariants::new(scenario);
    let mut alarms = AlarmWatch::new(scenario);
    let mut recording = Recording::new(&story, ticks, STEP_S);
    let mut twin = Twin::default();
    for tick in 0..ticks {
        let before = *simulation.sample();
        twin.before(&simulation, fork)?;
        for (time_s, act) in simulation.step() {
            meter.act(time_s, act, &before);
        }
        twin.after(&simulation);
        let sample = simulation.sample;
        let log = &mut simulation.log;
        meter.step(&sample, log);
        alarms.step(&sample, meter.touchdowns(), log);
        invariants.step(&sample, meter.touchdowns(), meter.reverse_ml(), STEP_S, log);
        if scenario.units == Units::Both {
            invariants.take_pair(meter.pair(), sample.time_s, log);
        }
        recording.step(tick, &sample);
        if tick.is_multiple_of(1024) {
            progress(sample.time_s);
        }
    }
    let wall_s = started.elapsed().as_secs_f64();
    simulation.links.finish(scenario.duration_s, &mut simulation.log);
    let candump = simulation.bus.log().to_owned();
    let mut log = simulation.log;
    invariants.take_alarms(&alarms.broken(scenario.duration_s), &mut log);
    invariants.take_alarms(&simulation.signals.broken(&scenario.alarms, scenario.duration_s), &mut log);
    invariants.finish(scenario.duration_s, &mut log);
    log.push(scenario.duration_s, "end", "");
    let mut metrics = meter.metrics(Some(scenario.duration_s / wall_s.max(1e-9)));
    alarms.measure(&mut metrics);
    simulation.conditions.measure(&mut metrics);
    simulation.signals.measure(&mut metrics);
    simulation.heart.measure(scenario.duration_s, &mut metrics);
    simulation.orders.measure(&mut metrics);
    simulation.power.measure(&mut metrics);
    simulation.restart.measure(&mut metrics);
    simulation.self_tests.measure(&mut metrics);
    simulation.priming.measure(&mut metrics);
    let [shear, heat] = simulation.exposure.map(f64::from);
    metrics.set("exposure.shear_index", shear);
    metrics.set("exposure.heat_index_min_per_h", heat);
    if scenario.units == Units::Both {
        meter.pair().measure(&mut metrics);
        twin.measure(&mut metrics);
        simulation.links.measure(&mut metrics);
    }
    metrics.invariants_broken = invariants.broken().to_vec();
    let verdicts = scenario.expects.iter().map(|expect| expect.judge(&metrics)).collect();
    Ok(Outcome { metrics, log, recording, verdicts, candump, wall_s })
}
