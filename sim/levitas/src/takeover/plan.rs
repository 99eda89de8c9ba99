// SPDX-License-Identifier: Apache-2.0
//! The plan: what fails, and where the rotor is when it does.

use levitas_core::schedule::TaskId;
use levitas_core::task::supervisor::Command;
use levitas_world::{CanFault, CanNode, Disturbance, Fault};

use crate::fault_catalogue::Broken;
use crate::input::{BadInput, Checked};
use crate::installed::Computer;
use crate::scenario::{Scenario, Setting, load};
use crate::simulation::Simulation;

/// Where the rotor is.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// For people.
    pub name: &'static str,
    /// Pump speed [rpm].
    pub speed_rpm: f64,
    /// The fault falls into the lift-off.
    pub is_lift_off: bool,
    /// The emergency drive has the head and the host stands by.
    pub by_drive: bool,
    /// The fault falls into a shock of this size [g].
    pub shock_g: f64,
    /// The patient has lost blood, and the vein has just closed at the flow that is asked for.
    pub is_suction: bool,
    /// The clocks of the units are off by so much, one fast, one slow [ppm].
    pub clock_ppm: f64,
    /// The drive lines are not connected: the units know each other by the link alone.
    pub is_bench: bool,
    /// Phases are drawn from this time [s].
    pub phase_span_s: f64,
}

const fn at(name: &'static str, speed_rpm: f64) -> Situation {
    Situation {
        name,
        speed_rpm,
        is_lift_off: false,
        by_drive: false,
        shock_g: 0.0,
        is_suction: false,
        clock_ppm: 0.0,
        is_bench: false,
        phase_span_s: TURN_S,
    }
}

/// Every situation.
pub const SITUATIONS: [Situation; 10] = [
    at("levitated, 0 rpm", 0.0),
    Situation { is_lift_off: true, phase_span_s: LIFT_OFF_S, ..at("lift-off", 0.0) },
    at("1000 rpm", 1000.0),
    at("3000 rpm", 3000.0),
    at("5500 rpm", 5500.0),
    Situation { by_drive: true, ..at("3000 rpm, the emergency drive drives", 3000.0) },
    Situation { shock_g: 30.0, phase_span_s: SHOCK_S, ..at("3000 rpm, in a shock of 30 g", 3000.0) },
    Situation { is_suction: true, phase_span_s: SUCTION_S, ..at("in suction", SUCTION_RPM) },
    Situation { clock_ppm: CLOCK_PPM, ..at("3000 rpm, clocks that drift", 3000.0) },
    Situation { is_bench: true, ..at("3000 rpm, a bench without drive lines", 3000.0) },
];

/// A fault that a case injects.
#[derive(Clone, Copy, Debug)]
pub struct Injected {
    /// Makes it.
    pub make: fn() -> Broken,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// These faults, at once.
    Faults(&'static [Injected]),
    /// The operator gives the head to the other unit.
    HandBack,
    /// The driving unit lets go as a failure would.
    Drill,
    /// The same, and these faults in the unit that is to take the head.
    DrillWith(&'static [Injected]),
}

/// Who is to drive afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The unit that drove.
    Same,
    /// The other one.
    Other,
    /// One of them.
    Either,
}

/// Something that happens to the pair.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// For people.
    pub name: &'static str,
    /// What.
    pub kind: Kind,
    /// The unit that it befalls: 0 the one that drives, 1 the other.
    pub unit: usize,
    /// Who is to drive afterwards.
    pub after: After,
    /// Both drive for a while, and the host yields.
    pub is_yield: bool,
    /// The unit does not know it: the other one has to see it.
    pub is_wrong: bool,
}

/// Bounds of a row.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Last valid PWM update to first PWM edge [s].
    pub total_s: f64,
    /// Nobody drives [s].
    pub nobody_s: f64,
    /// Both drive [s].
    pub both_s: f64,
    /// Radius [um].
    pub radius_um: f64,
    /// Radius less the one before, or the one that stays [um].
    pub peak_um: f64,
    /// Dip [%].
    pub dip_pct: f64,
    /// Volume that runs back [mL].
    pub reverse_ml: f64,
    /// From the fault to the end of lift-off [s].
    pub lift_off_s: f64,
    /// Currents of the other unit off those of the twin, parts of full scale.
    pub step: f64,
}

macro_rules! faults {
    ($($make:expr),+) => { Kind::Faults(&[$(Injected { make: || $make }),+]) };
}

const fn lost(name: &'static str, kind: Kind) -> Case {
    Case { name, kind, unit: 0, after: After::Other, is_yield: false, is_wrong: false }
}

/// A unit that is alive and wrong, and does not know it.
const fn wrong(name: &'static str, kind: Kind) -> Case {
    Case { is_wrong: true, ..lost(name, kind) }
}

/// Seeds among which the phases of a row are shared: noise, start, tolerances of the monostables.
const SEEDS: u32 = 4;
/// The same where the verdict on noisy measurements decides, the phase of two clocks or of the heart.
const MANY_SEEDS: u32 = 20;
/// Three frames at 2 kHz: until then a unit that has no line is not missed [s].
const THREE_FRAMES_S: f64 = 1.5e-3;
/// Drift of the clocks [ppm]: twice what a quartz has.
const CLOCK_PPM: f64 = 100.0;
/// Drift of the Halls that no voter can name soon [m/s].
const DRIFT_M_PER_S: f64 = 2e-3;

/// Every case.
pub const CASES: [Case; 25] = [
    lost("power loss", faults!(Broken::Computer(Computer::PowerLoss))),
    lost("hang", faults!(Broken::Computer(Computer::Hang))),
    lost("levitation task stalls", faults!(Broken::Computer(Computer::Stall(TaskId::Levitation)))),
    lost("reboot", faults!(Broken::Computer(Computer::Reboot { boot_s: 0.1 }))),
    lost("gate driver fault", faults!(Broken::World(Fault::GateFault))),
    lost("Hall set lost: no samples", faults!(Broken::World(Fault::SampleLoss))),
    lost(
        "Hall set lost: both pairs frozen",
        faults!(Broken::World(Fault::HallFrozen { axis: 0 }), Broken::World(Fault::HallFrozen { axis: 1 })),
    ),
    Case {
        after: After::Either,
        ..lost(
            "a Hall drifts",
            faults!(Broken::World(Fault::HallDrift { element: 0, m_per_s: DRIFT_M_PER_S })),
        )
    },
    lost("coil open", faults!(Broken::World(Fault::CoilOpen { axis: 0 }))),
    lost("phase short", faults!(Broken::World(Fault::PhaseShort { phase: 0 }))),
    Case {
        after: After::Same,
        ..lost("link cut", faults!(Broken::Bus(CanFault::Break { node: CanNode::Host })))
    },
    Case { after: After::Same, ..lost("drive line cut", faults!(Broken::World(Fault::LineCut))) },
    Case { is_yield: true, ..lost("drive line stuck", faults!(Broken::World(Fault::LineStuck))) },
    Case {
        after: After::Same,
        unit: 1,
        ..lost(
            "other unit wrong: a Hall drifts",
            faults!(Broken::World(Fault::HallDrift { element: 0, m_per_s: DRIFT_M_PER_S })),
        )
    },
    wrong(
        "wrong: a pair drifts",
        faults!(Broken::World(Fault::HallPairDrift { axis: 0, m_per_s: DRIFT_M_PER_S })),
    ),
    wrong(
        "wrong: gain 0.3",
        faults!(Broken::World(Fault::HallMiscalibrated { axis: 0, gain: 0.3, offset_m: 0.0 })),
    ),
    wrong(
        "wrong: a pair is deaf",
        faults!(Broken::World(Fault::HallMiscalibrated { axis: 0, gain: 0.0, offset_m: 0.0 })),
    ),
    wrong(
        "wrong: calibration of another head",
        faults!(Broken::World(Fault::HallMiscalibrated { axis: 0, gain: 0.8, offset_m: 80e-6 })),
    ),
    Case {
        after: After::Same,
        unit: 1,
        ..wrong(
            "other unit wrong: a pair drifts",
            faults!(Broken::World(Fault::HallPairDrift { axis: 0, m_per_s: DRIFT_M_PER_S })),
        )
    },
    Case {
        after: After::Same,
        unit: 1,
        ..wrong(
            "other unit wrong: gain 0.3",
            faults!(Broken::World(Fault::HallMiscalibrated { axis: 0, gain: 0.3, offset_m: 0.0 })),
        )
    },
    Case {
        after: After::Same,
        unit: 1,
        ..wrong(
            "other unit wrong: a pair is deaf",
            faults!(Broken::World(Fault::HallMiscalibrated { axis: 0, gain: 0.0, offset_m: 0.0 })),
        )
    },
    Case {
        after: After::Same,
        unit: 1,
        ..wrong(
            "other unit wrong: calibration of another head",
            faults!(Broken::World(Fault::HallMiscalibrated { axis: 0, gain: 0.8, offset_m: 80e-6 })),
        )
    },
    lost("hand-back", Kind::HandBack),
    lost("drill", Kind::Drill),
    Case {
        after: After::Same,
        ..lost(
            "drill, the other unit's coil open",
            Kind::DrillWith(&[Injected { make: || Broken::World(Fault::CoilOpen { axis: 0 }) }]),
        )
    },
];

impl Case {
    /// Whether it can happen there.
    #[must_use]
    pub fn applies(&self, situation: &Situation) -> bool {
        // Nobody gives the head away in a lift-off or a shock.
        let planned = matches!(self.kind, Kind::HandBack | Kind::Drill | Kind::DrillWith(_));
        let calm = !situation.is_lift_off && situation.shock_g == 0.0;
        // Only what a bench can tell: there is no line to cut, and a unit that hangs keeps its bridges open for good.
        let bench = !situation.is_bench || ["power loss", "reboot", "link cut"].contains(&self.name);
        // Who is wrong is decided by frames, whose age the clocks change by 1 in 5000.
        let clocks = situation.clock_ppm == 0.0 || !self.is_wrong;
        // The supervisor refuses a drill beside a condition of the circulation.
        let is_refused = situation.is_suction && matches!(self.kind, Kind::Drill | Kind::DrillWith(_));
        (calm || !planned) && bench && clocks && !is_refused
    }

    /// Seeds among which the phases are shared. Clocks that drift have another phase to each other at each seed, and a vein closes in
    /// another beat.
    #[must_use]
    pub fn seeds(&self, situation: &Situation) -> u32 {
        if self.is_wrong || situation.is_suction || situation.clock_ppm != 0.0 { MANY_SEEDS } else { SEEDS }
    }

    /// Whether the gates of both sets are as they should be afterwards.
    #[must_use]
    pub fn is_right(&self, situation: &Situation, mut gate_open: [bool; 2]) -> bool {
        if situation.by_drive {
            gate_open.swap(0, 1);
        }
        // Of two that drive the host yields, whoever had the head before.
        let after = match self.after {
            _ if situation.by_drive && self.is_yield => After::Same,
            // No unit has seen enough of a rotor on its way up to be believed against the other one.
            After::Other if self.is_wrong && situation.is_lift_off => After::Either,
            // A motor that stands shows no short.
            After::Other if self.name == "phase short" && situation.speed_rpm == 0.0 => After::Either,
            after => after,
        };
        match after {
            After::Same => gate_open == [true, false],
            After::Other => gate_open == [false, true],
            After::Either => gate_open == [true, false] || gate_open == [false, true],
        }
    }

    /// After how many of so many phases the other unit drives at some time, at least. In a drill with an open coil that depends on the phase: one
    /// whose windings were tested before its turn comes does not take the head.
    #[must_use]
    pub fn takers_min(&self, phases: u32) -> u32 {
        match (self.after, self.kind) {
            (After::Other, _) => phases,
            (_, Kind::DrillWith(_)) => 1,
            _ => 0,
        }
    }

    /// What must hold.
    #[must_use]
    pub fn bounds(&self, situation: &Situation) -> Bounds {
        let planned = matches!(self.kind, Kind::HandBack);
        let calm = situation.shock_g == 0.0;
        let total_s = if situation.is_bench { THREE_FRAMES_S + 0.5e-3 } else { 0.5e-3 };
        Bounds {
            total_s,
            nobody_s: if planned { 50e-6 } else { total_s },
            both_s: 10e-3,
            // The other unit challenges from 50 um on; a wrong centre throws the rotor by itself.
            radius_um: if calm && !self.is_wrong { 60.0 } else { 150.0 },
            peak_um: if planned { 20.0 } else { f64::INFINITY },
            dip_pct: if planned || matches!(self.kind, Kind::Drill) { 0.5 } else { 1.0 },
            reverse_ml: 0.0,
            // A wrong centre is held until the other unit has seen enough.
            lift_off_s: if situation.is_lift_off && !self.is_wrong { 60e-3 } else { f64::INFINITY },
            // What the rotor does meanwhile in a shock or on its way up, and what a wrong unit does to it, has to be met.
            step: if calm && !situation.is_lift_off && !self.is_wrong { 0.1 } else { f64::INFINITY },
        }
    }
}

/// Time at which the rotor is lifted [s].
const LIFT_S: f64 = 0.02;
/// From the order to the fork in a lift-off [s]: the supervisor has looked, the bearing has begun.
const INTO_LIFT_S: f64 = 0.02;
/// A turn at 1000 rpm [s].
const TURN_S: f64 = 0.06;
/// Way of a lift-off to the centre [s].
const LIFT_OFF_S: f64 = 0.025;
/// Length of the shock [s].
const SHOCK_S: f64 = 0.011;
/// Onset of suction and the dip of the speed that answers it [s].
const SUCTION_S: f64 = 1.0;
/// About the speed at the onset [rpm].
const SUCTION_RPM: f64 = 3400.0;
/// The vein covers more than this part of the inlet: suction.
const COLLAPSED: f64 = 0.5;
/// Blood that is lost over eight seconds [mL], and what is added for each seed.
const LOSS_ML: f64 = 300.0;
const LOSS_ML_PER_SEED: f64 = 5.0;
/// Latest time of the onset [s]: blood is given soon after it.
const ONSET_S_MAX: f64 = 15.0;

impl Situation {
    /// Winding set of the unit that drives.
    pub(super) const fn driver(&self) -> usize {
        self.by_drive as usize
    }

    /// The scenario behind its runs: both units, and nothing else that happens by itself.
    pub(super) fn scenario(&self, seed: u64) -> Checked<Scenario> {
        let seed_is = Setting::seed(&seed.to_string());
        let clocks = Setting::parse(&format!("clock_ppm={}", self.clock_ppm))?;
        let both = Setting::parse("units=both")?;
        let lines = if self.is_bench { "none" } else { "connected" };
        let lines = Setting::parse(&format!("drive_lines={lines}"))?;
        if self.is_suction {
            // Another loss at each seed: the vein closes in another beat.
            let loss = Setting::parse(&format!("event.3.ml={}", LOSS_ML + LOSS_ML_PER_SEED * seed as f64))?;
            let mut scenario = load("5e_suction", &[both, seed_is, clocks, loss])?;
            scenario.expects.clear();
            return Ok(scenario);
        }
        let mut scenario =
            load("1a_levitation", &[both, seed_is, Setting::parse("duration_s=60")?, clocks, lines])?;
        scenario.events.clear();
        scenario.expects.clear();
        Ok(scenario)
    }

    /// Brings a new simulation there.
    pub(super) fn lead_up(&self, simulation: &mut Simulation<'_>) -> Checked<()> {
        if self.is_suction {
            return run_to_suction(simulation);
        }
        run_to(simulation, LIFT_S);
        simulation.command(Command::LiftOff, "lift_off");
        if self.is_lift_off {
            run_to(simulation, LIFT_S + INTO_LIFT_S);
            return Ok(());
        }
        run_to(simulation, 0.2);
        if self.speed_rpm > 0.0 {
            simulation.command(Command::speed(self.speed_rpm as f32), "set_mode");
        }
        run_to(simulation, 1.2 + self.speed_rpm / 2000.0);
        if self.by_drive {
            simulation.command(Command::HandBack, "hand_back");
            run_to(simulation, 1.6 + self.speed_rpm / 2000.0);
        }
        if self.shock_g > 0.0 {
            simulation.disturb(Disturbance::Shock { g: self.shock_g, duration_s: SHOCK_S, angle_rad: 0.3 });
        }
        Ok(())
    }
}

fn run_to(simulation: &mut Simulation<'_>, time_s: f64) {
    while simulation.sample().time_s < time_s {
        simulation.step();
    }
}

fn run_to_suction(simulation: &mut Simulation<'_>) -> Checked<()> {
    while simulation.sample().body.cava_collapse <= COLLAPSED {
        if simulation.sample().time_s > ONSET_S_MAX {
            return Err(BadInput::of("5e_suction", "the vein does not close", "a loss that closes it"));
        }
        simulation.step();
    }
    Ok(())
}
