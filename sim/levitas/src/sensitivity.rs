// SPDX-License-Identifier: Apache-2.0
//! `levitas sensitivity`: the stability margin of the bearing, measured while it pumps.
//!
//! # What runs
//! The scenario gives plant, circuit, patient and configuration; its events are left out. The host lifts the rotor off,
//! brings it to the speed, waits until notch and speed have settled, and sweeps one axis after the other with the core's own
//! [`Sweep`], as the firmware does. The core's figures of the orbit are taken before the first excitation.
//!
//! # Limits and failure
//! A rotor that does not fly or does not reach its speed, or a probe that stops, is told as a [`Failure`]: exit code 1.

mod output;

use levitas_core::health::Zone;
use levitas_core::health::orbit::OrbitMail;
use levitas_core::health::sensitivity::{Axis, Peak, Progress, SensitivityPoint, Sweep, SweepConfig};
use levitas_core::mail::{BearingState, LevitationMail, Mailboxes};
use levitas_core::schedule::TaskId;
use levitas_core::task::supervisor::Command;
use levitas_world::{STEP_S, units::RAD_PER_S_PER_RPM};

pub use output::{complaints, csv, json, table, verdict};

use crate::input::{BadInput, Checked, range_text};
use crate::scenario::{Event, EventAction, Scenario};
use crate::simulation::Simulation;

/// Amplitudes that the probe takes [um].
const AMPLITUDE_UM: (f64, f64) = (0.1, 20.0);
/// When the operator sets the speed [s].
const SPEED_AT_S: f64 = 0.5;
/// Time in which the rotor must have come to its speed [s].
const AT_SPEED_S_MAX: f64 = 30.0;
/// Largest speed error of a rotor that has come to its speed: the estimate of a slow one swings within a turn [rpm].
const SPEED_ERROR_RPM: f64 = 30.0;
/// Time at speed before the measurement: the notch has adapted, and the orbit has been measured twice [s].
const SETTLE_S: f64 = 2.5;

/// Axes to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Axes {
    /// x alone.
    X,
    /// y alone.
    Y,
    /// x, then y.
    #[default]
    Both,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Axes.
    pub axes: Axes,
    /// Speed while measuring [rpm].
    pub speed_rpm: f64,
    /// Amplitude of the excitation [um].
    pub amplitude_um: f64,
}

/// What was found of one axis.
#[derive(Clone, Debug)]
pub struct AxisResult {
    /// `x` or `y`.
    pub name: &'static str,
    /// Every frequency.
    pub points: Vec<SensitivityPoint>,
    /// Largest |S| where the loop is closed.
    pub peak: Peak,
    /// Largest |S| at the Halls.
    pub raw_peak: Peak,
}

impl AxisResult {
    /// The worse zone of the two points.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.peak.zone.max(self.raw_peak.zone)
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Every axis.
    pub axes: Vec<AxisResult>,
    /// Mean speed while measuring, as the core knows it [rpm].
    pub speed_rpm: f64,
    /// Orbit before the first excitation, as the core knows it.
    pub orbit: OrbitMail,
    /// Largest use of the clearance by the end [1].
    pub clearance_use_max: f32,
    /// Simulated time [s].
    pub simulated_s: f64,
}

impl Answer {
    /// The worst zone of all axes.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.axes.iter().map(AxisResult::zone).max().unwrap_or(Zone::D)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure(String);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Question {
    /// Refuses numbers that cannot be asked for.
    ///
    /// # Errors
    /// The option that is outside its range.
    pub fn check(&self, scenario: &Scenario) -> Checked<()> {
        let inside = |option: &str, value: f64, (min, max): (f64, f64)| {
            if value >= min && value <= max {
                return Ok(());
            }
            let key = option.trim_start_matches('-');
            Err(BadInput::key(option, key, value, "this is outside of what is allowed", range_text(min, max)))
        };
        let speed_rpm_max = f64::from(scenario.host.speed.speed_rpm_max);
        inside("--speed", self.speed_rpm, (0.0, speed_rpm_max))?;
        inside("--amplitude-um", self.amplitude_um, AMPLITUDE_UM)
    }
}

/// Lifts off, pumps and measures. `progress` gets the frequencies measured so far of all axes.
///
/// # Errors
/// The scenario's numbers are refused as a whole.
pub fn measure(
    scenario: &Scenario,
    question: &Question,
    progress: &mut dyn FnMut(f64),
) -> Checked<Result<Answer, Failure>> {
    question.check(scenario)?;
    let scenario = Scenario { events: events(question.speed_rpm), expects: Vec::new(), ..scenario.clone() };
    let mut simulation = Simulation::new(&scenario)?;
    Ok(Pump { simulation: &mut simulation, ticks: 0 }.answer(&scenario, question, progress))
}

/// Number of frequencies of a sweep.
#[must_use]
pub fn points_of(axes: Axes) -> f64 {
    let axes = if axes == Axes::Both { 2.0 } else { 1.0 };
    axes * f64::from(SweepConfig::STANDARD.points)
}

/// Lift-off and speed, as an operator would ask for them.
fn events(speed_rpm: f64) -> Vec<Event> {
    let event = |at_s, name, command| Event {
        at_s,
        name,
        action: EventAction::Operator(command),
        text: String::new(),
    };
    vec![
        event(0.0, "lift_off", Command::LiftOff),
        event(SPEED_AT_S, "set_mode", Command::speed(speed_rpm as f32)),
    ]
}

/// The pump that is measured.
struct Pump<'a, 'b> {
    simulation: &'a mut Simulation<'b>,
    ticks: u64,
}

impl Pump<'_, '_> {
    fn answer(
        &mut self,
        scenario: &Scenario,
        question: &Question,
        progress: &mut dyn FnMut(f64),
    ) -> Result<Answer, Failure> {
        self.come_to_speed(question.speed_rpm)?;
        let orbit = self.mail()?.orbit.read::<OrbitMail>().map(|(_, orbit)| orbit);
        let orbit = orbit.ok_or_else(|| Failure("the core reports no orbit".to_owned()))?;
        let axes: &[Axis] = match question.axes {
            Axes::X => &[Axis::X],
            Axes::Y => &[Axis::Y],
            Axes::Both => &[Axis::X, Axis::Y],
        };
        let (mut results, mut speeds_rpm) = (Vec::new(), Vec::new());
        for axis in axes {
            let done = results.len() as f64 * points_of(Axes::X);
            let count = &mut |points: usize| progress(done + points as f64);
            results.push(self.sweep(scenario, *axis, question.amplitude_um, &mut speeds_rpm, count)?);
        }
        self.run_for(1.1); // the orbit of the last window
        let last = self.mail()?.orbit.read::<OrbitMail>().map_or(orbit, |(_, orbit)| orbit);
        Ok(Answer {
            axes: results,
            speed_rpm: crate::analysis::mean(&speeds_rpm),
            orbit,
            clearance_use_max: last.clearance_use_max,
            simulated_s: self.ticks as f64 * STEP_S,
        })
    }

    fn come_to_speed(&mut self, speed_rpm: f64) -> Result<(), Failure> {
        let held = |mail: &LevitationMail| mail.state == BearingState::Levitated as u32;
        self.run_for(SPEED_AT_S + 0.1);
        let mut settled_s = 0.0;
        while settled_s < SETTLE_S {
            self.run_for(0.05);
            let mail = self.levitation()?;
            let measured_rpm = f64::from(mail.rotor_speed_rad_per_s) / RAD_PER_S_PER_RPM;
            let settled = held(&mail) && (measured_rpm - speed_rpm).abs() < SPEED_ERROR_RPM;
            settled_s = if settled { settled_s + 0.05 } else { 0.0 };
            if settled_s == 0.0 && self.ticks as f64 * STEP_S > AT_SPEED_S_MAX {
                let problem = if held(&mail) {
                    format!("the rotor turns at {measured_rpm:.0} rpm")
                } else {
                    "the rotor is not levitated".to_owned()
                };
                return Err(Failure(format!(
                    "{problem} {AT_SPEED_S_MAX} s after the start, {speed_rpm} rpm were asked for"
                )));
            }
        }
        Ok(())
    }

    fn sweep(
        &mut self,
        scenario: &Scenario,
        axis: Axis,
        amplitude_um: f64,
        speeds_rpm: &mut Vec<f64>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<AxisResult, Failure> {
        let bearing = &scenario.host.levitation.bearing;
        let (name, gain) = match axis {
            Axis::X => ("x", bearing.hall_gain_x),
            Axis::Y => ("y", bearing.hall_gain_y),
        };
        let config = SweepConfig { amplitude_m: (amplitude_um * 1e-6) as f32, ..SweepConfig::STANDARD };
        let mut sweep = Sweep::new(axis, &config, bearing.hall_v_per_m * gain)
            .map_err(|error| Failure(error.to_string()))?;
        loop {
            let speed_rad_per_s = self.levitation()?.rotor_speed_rad_per_s;
            speeds_rpm.push(f64::from(speed_rad_per_s) / RAD_PER_S_PER_RPM);
            match sweep.step(self.mail()?, speed_rad_per_s) {
                Progress::Running(points) => progress(points),
                Progress::Done => break,
                Progress::Failed(status) => {
                    return Err(Failure(format!("axis {name}: the probe has {}", status.text())));
                }
            }
            self.run(u64::from(TaskId::Supervisor.slot().period_ticks()));
        }
        let (Some(peak), Some(raw_peak)) = (sweep.peak(), sweep.raw_peak()) else {
            return Err(Failure(format!("axis {name}: no frequency was measured")));
        };
        Ok(AxisResult { name, points: sweep.points().copied().collect(), peak, raw_peak })
    }

    fn run(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.simulation.step();
        }
        self.ticks += ticks;
    }

    fn run_for(&mut self, time_s: f64) {
        self.run((time_s / STEP_S).round() as u64);
    }

    fn mail(&self) -> Result<&Mailboxes, Failure> {
        self.simulation.host_mail().ok_or_else(|| Failure("there is no host".to_owned()))
    }

    fn levitation(&self) -> Result<LevitationMail, Failure> {
        let mail = self.mail()?.levitation.read::<LevitationMail>();
        mail.map(|(_, mail)| mail).ok_or_else(|| Failure("the levitation task does not run".to_owned()))
    }
}
