// SPDX-License-Identifier: Apache-2.0
//! Forged frames against two units that pump: none is carried out, and the drive does not feel them.
//!
//! # Model
//! One run leads up to [`FLOW_LPM`]. From there it is forked: the twin gets genuine commands alone, one every [`GENUINE_S`]; the
//! other fork gets the same ones, and forged frames. First past the bus, as many in every period of the link task as a bus could carry
//! and the units look at, so that the bus has no part in it: every figure of the drive must be the twin's, bit for bit. Then over the
//! bus, as fast as it takes them, beside the units' own frames: those come later then, so the figures need not be the same. Status
//! frames are not forged there: under the id of a unit that sends they collide with it.
//!
//! # Figures
//! | figure | definition |
//! |---|---|
//! | sent | frames of a kind that both units were given |
//! | refused | refusals that they have counted meanwhile: one frame may be two, when either unit has a reason |
//! | carried out | commands that the supervisors have accepted, less the genuine ones that were sent; of all kinds together, since an answer takes a period of the supervisor |
//!
//! # Limits and failure
//! Execution time is not simulated: that no deadline is missed is shown on the chip, see docs/commands.md.

mod table;

use levitas_core::link::LinkRefusal;
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::link::COMMANDS_PER_PERIOD_MAX;
use levitas_core::task::supervisor::Command;
use levitas_wire::FRAMES_PER_PERIOD_MAX;
use levitas_world::STEP_S;

use crate::channel::Sample;
use crate::input::Checked;
use crate::metrics::PairWatch;
use crate::remote::{Forgery, Order};
use crate::scenario::{Scenario, Setting, load};
use crate::simulation::Simulation;

pub use table::{markdown, plain, to_json};

/// Speed at which this circuit and patient get [`FLOW_LPM`] [rpm].
const SPEED_RPM: f32 = 3500.0;
/// Flow of the therapy, as a floor [L/min].
pub const FLOW_LPM: f64 = 4.0;
/// End of the run that leads up to it [s].
const LEAD_UP_S: f64 = 4.0;
/// Time from one genuine command to the next [s].
pub const GENUINE_S: f64 = 0.05;
/// The same as ticks.
const GENUINE_TICKS: u64 = (GENUINE_S / STEP_S) as u64;
/// The genuine commands ask for the speed and for this much more by turns [rpm].
const GENUINE_RPM: f32 = 50.0;
/// Frames per second of the attacker over the bus: they fill what the units leave.
const BUS_RATE_HZ: f64 = 5000.0;
/// Share of all frames that go over the bus.
const BUS_SHARE: u64 = 20;
/// Commands to a unit in a period that leave room for a genuine one, and for one under the wrong id.
const COMMANDS_MAX: u32 = COMMANDS_PER_PERIOD_MAX - 2;

/// What became of the frames of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row {
    /// Frames.
    pub sent: u64,
    /// Refusals.
    pub refused: u64,
}

/// What the drive felt.
#[derive(Clone, Copy, Debug, Default)]
pub struct Therapy {
    /// Ticks in which a figure of the drive was another than the twin's.
    pub differing_ticks: u64,
    /// Largest difference of the pump speed from the twin's [rpm].
    pub speed_rpm: f64,
    /// Largest radius of the rotor, and the twin's [um].
    pub radius_um: [f64; 2],
    /// Smallest flow [L/min].
    pub flow_lpm_min: f64,
    /// Takeovers.
    pub takeovers: u32,
    /// Longest time in which nobody, or both, drove [s].
    pub nobody_s: f64,
    /// See `nobody_s`.
    pub both_s: f64,
    /// Touchdowns.
    pub touchdowns: u32,
}

/// One way to the units.
#[derive(Clone, Debug, Default)]
pub struct Attack {
    /// Genuine commands that were sent, and how many the units accepted; forged ones would be more.
    pub genuine: u64,
    /// See `genuine`.
    pub executed: u64,
    /// Refusals by kind, in the order of [`LinkRefusal::ALL`].
    pub refused: Vec<u64>,
    /// What the drive felt.
    pub therapy: Therapy,
    /// Simulated time [s].
    pub simulated_s: f64,
    /// The alarm of the attack stood.
    pub is_alarmed: bool,
    /// Busy share of the bus in the last second.
    pub bus_load: f64,
}

/// The result.
#[derive(Clone, Debug)]
pub struct Forged {
    /// Seed.
    pub seed: u64,
    /// By kind, in the order of [`Forgery::ALL`], past the bus.
    pub rows: Vec<Row>,
    /// Past the bus.
    pub direct: Attack,
    /// Frames that were sent over the bus.
    pub bus_sent: u64,
    /// Over the bus.
    pub bus: Attack,
}

impl Forged {
    /// Frames in all.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.rows.iter().map(|row| row.sent).sum::<u64>() + self.bus_sent
    }

    /// All that does not hold; empty when everything does.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut demand = |holds: bool, what: &str| {
            if !holds {
                found.push(what.to_owned());
            }
        };
        for (row, kind) in self.rows.iter().zip(Forgery::ALL) {
            demand(
                row.sent > 0 && row.refused >= row.sent,
                &format!("{}: not every frame was refused", kind.text().0),
            );
        }
        for (attack, way) in [(&self.direct, "past the bus"), (&self.bus, "over the bus")] {
            let therapy = &attack.therapy;
            demand(attack.genuine > 0, &format!("{way}: no genuine command was sent"));
            demand(attack.executed <= attack.genuine, &format!("{way}: a forged command was carried out"));
            demand(attack.is_alarmed, &format!("{way}: no alarm"));
            let held = therapy.takeovers == 0
                && therapy.touchdowns == 0
                && therapy.nobody_s <= 0.0
                && therapy.both_s <= 0.0;
            demand(held && therapy.flow_lpm_min >= FLOW_LPM, &format!("{way}: the drive felt it"));
        }
        demand(
            self.direct.executed == self.direct.genuine,
            "past the bus: a genuine command was not carried out",
        );
        demand(self.bus.executed > 0, "over the bus: no genuine command was carried out");
        demand(
            self.direct.therapy.differing_ticks == 0,
            "past the bus: the drive did not do what it does without",
        );
        found
    }
}

/// Runs it with so many frames. `progress` gets the share that is done.
///
/// # Errors
/// The scenario behind it is refused.
pub fn forge(frames: u64, seed: u64, progress: &mut dyn FnMut(f64)) -> Checked<Forged> {
    let scenario = scenario(seed)?;
    let mut base = Simulation::new(&scenario)?;
    base.attach_outside();
    lead_up(&mut base);
    let over_bus = (frames / BUS_SHARE).max(1);
    let mut rows = vec![Row::default(); Forgery::ALL.len()];
    let mut direct = Course::new(&base);
    let mut next = Next::default();
    while next.sent < frames.saturating_sub(over_bus) {
        if is_link_tick(direct.tick) {
            direct.strike(&mut next, frames - over_bus, &mut rows);
        }
        direct.step();
        progress(next.sent as f64 / frames as f64);
    }
    direct.settle();
    let mut bus = Course::new(&base);
    while bus.simulation.forged() < over_bus {
        if bus.tick == 0 {
            bus.simulation.attack(0, BUS_RATE_HZ);
        }
        bus.step();
        progress((next.sent + bus.simulation.forged()) as f64 / frames as f64);
    }
    bus.simulation.attack(0, 0.0);
    bus.settle();
    let bus_sent = bus.simulation.forged();
    Ok(Forged { seed, rows, direct: direct.attack(), bus_sent, bus: bus.attack() })
}

/// Which frame comes next past the bus.
#[derive(Clone, Copy, Debug, Default)]
struct Next {
    sent: u64,
    /// Frames tried so far.
    turn: u64,
}

/// The twin and the attacked fork, side by side.
struct Course<'a> {
    simulation: Simulation<'a>,
    twin: Simulation<'a>,
    tick: u64,
    genuine: u64,
    before: (u64, Vec<u64>, u32),
    pair: PairWatch,
    therapy: Therapy,
    is_alarmed: bool,
    bus_load: f64,
}

impl<'a> Course<'a> {
    fn new(base: &Simulation<'a>) -> Self {
        let touchdowns = base.truth().touchdown_count;
        Self {
            simulation: base.clone(),
            twin: base.clone(),
            tick: 0,
            genuine: 0,
            before: (base.links().executed(), base.links().refused().to_vec(), touchdowns),
            pair: PairWatch::default(),
            therapy: Therapy { flow_lpm_min: f64::INFINITY, ..Therapy::default() },
            is_alarmed: false,
            bus_load: 0.0,
        }
    }

    /// Forged frames before a period of the link task, past the bus.
    fn strike(&mut self, next: &mut Next, frames: u64, rows: &mut [Row]) {
        let mut commands = [0; 2];
        for _ in 0..FRAMES_PER_PERIOD_MAX {
            let kinds = Forgery::ALL.len() as u64;
            let (round, kind) = (next.turn / kinds, next.turn % kinds);
            let (kind, set) = (kind as usize, ((round + kind) % 2) as usize);
            let Some(forgery) = Forgery::ALL.get(kind) else { return };
            if next.sent >= frames || commands[set] >= COMMANDS_MAX {
                return;
            }
            next.turn += 1;
            if let Some(refused) = self.simulation.inject(*forgery, set) {
                commands[set] += u32::from(forgery.is_command());
                next.sent += 1;
                rows[kind].sent += 1;
                rows[kind].refused += refused;
            }
        }
    }

    /// One tick of both; a genuine command when it is due.
    fn step(&mut self) {
        let turn = self.tick / GENUINE_TICKS;
        if self.tick.is_multiple_of(GENUINE_TICKS) {
            let more_rpm = if turn.is_multiple_of(2) { GENUINE_RPM } else { 0.0 };
            let order = Order { set: 0, command: Command::speed(SPEED_RPM + more_rpm) };
            // The backup declines it; it is there to be replayed.
            let to_backup = Order { set: 1, command: Command::Rejoin };
            let [sent, _] = [&mut self.simulation, &mut self.twin].map(|simulation| {
                simulation.order(to_backup);
                simulation.order(order)
            });
            self.genuine += u64::from(sent);
        }
        self.simulation.step();
        self.twin.step();
        self.tick += 1;
        self.compare();
    }

    fn compare(&mut self) {
        let (sample, twin) = (self.simulation.sample(), self.twin.sample());
        self.pair.step(sample);
        let therapy = &mut self.therapy;
        therapy.differing_ticks += u64::from(figures(sample) != figures(twin));
        therapy.speed_rpm = therapy.speed_rpm.max((sample.speed_rpm - twin.speed_rpm).abs());
        for (radius_um, sample) in therapy.radius_um.iter_mut().zip([sample, twin]) {
            *radius_um = radius_um.max(sample.radius_m() * 1e6);
        }
        therapy.flow_lpm_min = therapy.flow_lpm_min.min(sample.flow_lpm);
        self.is_alarmed |= sample.faults & levitas_core::mail::fault::COMMANDS_REFUSED != 0;
        self.bus_load = self.bus_load.max(self.simulation.link().load());
    }

    /// Until the last command has been answered.
    fn settle(&mut self) {
        while !self.tick.is_multiple_of(GENUINE_TICKS) {
            self.step();
        }
    }

    fn attack(&self) -> Attack {
        let (executed, refused, touchdowns) = &self.before;
        let links = self.simulation.links();
        let figures = self.pair.figures();
        Attack {
            genuine: self.genuine,
            executed: links.executed() - executed,
            refused: links.refused().iter().zip(refused).map(|(now, before)| now - before).collect(),
            therapy: Therapy {
                takeovers: figures.count,
                nobody_s: figures.nobody_s,
                both_s: figures.both_s,
                touchdowns: self.simulation.truth().touchdown_count - touchdowns,
                ..self.therapy
            },
            simulated_s: self.tick as f64 * STEP_S,
            is_alarmed: self.is_alarmed,
            bus_load: self.bus_load,
        }
    }
}

/// What must be the same bit for bit.
fn figures(sample: &Sample) -> [u64; 12] {
    let [x, y, z] = sample.displacement_m;
    let ([i_x, i_y], [tilt_x, tilt_y]) = (sample.coil_current_a, sample.tilt_rad);
    let driving = sample.driving_set as f64;
    let (angle, speed, flow) = (sample.rotor_angle_rad, sample.speed_rpm, sample.flow_lpm);
    [x, y, z, tilt_x, tilt_y, angle, speed, i_x, i_y, sample.torque_current_a, flow, driving]
        .map(f64::to_bits)
}

/// The link task has a period in this tick.
fn is_link_tick(tick: u64) -> bool {
    SCHEDULE.iter().any(|slot| slot.task == TaskId::Link && slot.is_due(tick))
}

fn lead_up(simulation: &mut Simulation<'_>) {
    while simulation.sample().time_s < LEAD_UP_S {
        let time_s = simulation.sample().time_s;
        let is_at = |at_s: f64| (time_s - at_s).abs() < 0.5 * STEP_S;
        if is_at(0.1) {
            simulation.command(Command::LiftOff, "lift_off");
        } else if is_at(0.4) {
            simulation.command(Command::speed(SPEED_RPM), "set_mode");
        }
        simulation.step();
    }
}

fn scenario(seed: u64) -> Checked<Scenario> {
    let mut scenario = load("0_demonstration", &[Setting::seed(&seed.to_string())])?;
    scenario.events.clear();
    scenario.expects.clear();
    Ok(scenario)
}

/// Name of a refusal with its count, of those that are there.
fn counted(refused: &[u64]) -> impl Iterator<Item = (LinkRefusal, u64)> + '_ {
    LinkRefusal::ALL.iter().copied().zip(refused.iter().copied()).filter(|(_, count)| *count > 0)
}
