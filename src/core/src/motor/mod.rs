// SPDX-License-Identifier: Apache-2.0
//! The pump's motor: from Hall pair, phase currents and torque-current reference to three duties.
//!
//! # Model
//! One 20 kHz step, each line in the file of its name:
//! ```text
//! Halls --> angle_observer --> angle, speed, load torque --------> speed_control (1 kHz) --> i_q reference
//! phase currents --> transforms (Clarke, Park) --> current_control --> voltage d, q
//! voltage d, q --> transforms (inverse Park 1.5 periods ahead) --> space_vector --> duties
//! ```
//! | symbol | meaning | here |
//! |---|---|---|
//! | theta_e = p theta | electrical angle, p pole pairs | [`transforms::Rotation::times`] |
//! | T = 3/2 p psi_m i_q | torque; L_d = L_q | [`MotorConfig::torque_n_m_per_a`] |
//!
//! # Signs
//! Positive speed, torque and i_q turn the rotor from x to y; positive phase current flows into the motor.
//!
//! # Imposed current
//! For commissioning: with `imposed_a` the same current control works in the stator frame, so angle offset and phase
//! order can be found at standstill. It needs no angle. Going to it and back opens the bridge for one period.
//!
//! # Timing
//! Samples at k; the duties act from k+1 to k+2, so the voltage is turned by the angle at k + 1.5 periods.
//! What a step costs is in `docs/cost.md`.
//!
//! # Limits and failure
//! Whatever comes, the step ends with duties within 0 to 1 and says in `limits` what held it back. The phase bridge
//! opens (`gate` false) without an angle (but for a pulse, `standstill_probe.rs`), without a bus, after [`CURRENT_COAST_STEPS`] without a phase current, or with a
//! phase on a rail (`phase_monitor.rs`). With one phase open it runs on the other two. A missing or implausible current (over twice the limit, or no number) is replaced by the model's.
//!
//! # Source
//! W. Leonhard, "Control of Electrical Drives", 3rd edition, 2001, chapter 14; values: `config.rs`.
//!
//! # Shown by
//! `the_whole_motor_reaches_4000_rpm_and_holds_it` and its neighbours in `tests.rs`; faults in `tests_angle_faults.rs`,
//! `tests_phase_faults.rs` and, in the world, `sim/levitas/tests/motor_faults.rs`.

pub mod angle_observer;
mod back_emf;
pub mod config;
pub mod current_control;
mod current_sensors;
pub mod current_window;
mod hall_channel;
pub mod limits;
mod observer_gains;
mod phase_monitor;
#[cfg(test)]
mod rig;
pub mod space_vector;
pub mod speed_control;
pub mod speed_guard;
mod standstill_probe;
mod takeover;
#[cfg(test)]
pub(crate) mod test_plant;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_angle_faults;
#[cfg(test)]
mod tests_phase_faults;
pub mod transforms;

pub use angle_observer::RotorEstimate;
pub use config::{MotorConfig, SpeedConfig};
pub use speed_control::{SpeedControl, SpeedInput, SpeedOutput};

use crate::config::ConfigError;
use crate::mail::fault;
use crate::math::saturate;
use angle_observer::AngleObserver;
use current_control::CurrentControl;
use current_sensors::CurrentSensors;
use phase_monitor::{Look, PhaseMonitor, SURPRISE_A_MAX};
use space_vector::modulate;
use standstill_probe::{StandstillProbe, Verdict};
use transforms::{Abc, AlphaBeta, Dq, Rotation};

/// Steps that the current may run on the model alone: 1 ms.
pub const CURRENT_COAST_STEPS: u32 = 20;
/// From the sample to the middle of the period in which its voltage acts.
const DELAY_PERIODS: f32 = 1.5;

/// What one step of the motor looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotorInput<'a> {
    /// Angle Halls, cosine and sine [V]; `None` when the driver does not vouch for them.
    pub angle_hall_v: Option<&'a [f32; 2]>,
    /// Currents into the phases A, B, C [A]; `None` when the driver does not vouch for them.
    pub phase_current_a: Option<&'a [f32; 3]>,
    /// Bus voltage [V]; no number when it is unknown.
    pub bus_voltage_v: f32,
    /// Wanted torque current [A].
    pub torque_current_reference_a: f32,
    /// Wanted current along the flux, which makes no torque [A].
    pub flux_current_reference_a: f32,
    /// Torque current of the other unit, which turns the same rotor [A].
    pub foreign_torque_a: f32,
    /// A current vector in the stator frame in place of the torque current, whatever the angle Halls say; `None` in
    /// operation. The rotor turns its flux toward it [A].
    pub imposed_a: Option<AlphaBeta>,
    /// False: open the phase bridge, keep observing.
    pub enable: bool,
}

/// What one step of the motor decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotorOutput {
    /// Duties of the half bridges A, B, C, 0 to 1.
    pub phase_duty: [f32; 3],
    /// True: the bridge switches; false: open.
    pub gate: bool,
    /// Bits of [`limits`].
    pub limits: u32,
    /// Bits of [`fault`].
    pub faults: u32,
}

/// The 20 kHz part of one winding set's motor; see the [module](self).
#[derive(Clone, Copy, Debug)]
pub struct MotorDrive {
    observer: AngleObserver,
    control: CurrentControl,
    pole_pairs: u32,
    torque_n_m_per_a: f32,
    current_limit_a: f32,
    /// Sum of the squares of three currents that a converter can deliver: a vector of twice the limit [A2].
    plausible_a2: f32,
    bus_voltage_v_min: f32,
    delay_s: f32,
    /// Sign of beta: -1 when B and C are exchanged.
    order: f32,
    imposed: bool,
    rotor: RotorEstimate,
    current_dq_a: Dq,
    /// The current control had a current to explain.
    explains: bool,
    phases: PhaseMonitor,
    probe: StandstillProbe,
    sensors: CurrentSensors,
    /// As they are wired [A].
    phase_current_a: Abc,
    current_missing_steps: u32,
}

impl MotorDrive {
    /// Checks the configuration once; `step` is then total.
    ///
    /// # Errors
    /// The first field that is outside its range.
    pub fn new(config: &MotorConfig, period_s: f32) -> Result<Self, ConfigError> {
        let pole_pairs = config.checked_pole_pairs()?;
        let observer = AngleObserver::new(config, period_s);
        let bound_a = 2.0 * config.motor_current_limit_a_max;
        Ok(Self {
            rotor: observer.estimate(),
            observer,
            control: CurrentControl::new(config, period_s),
            pole_pairs,
            torque_n_m_per_a: config.torque_n_m_per_a(),
            current_limit_a: config.motor_current_limit_a_max,
            plausible_a2: 1.5 * bound_a * bound_a,
            bus_voltage_v_min: config.motor_bus_voltage_v_min,
            delay_s: DELAY_PERIODS * period_s,
            order: if config.motor_phase_order < 0.0 { -1.0 } else { 1.0 },
            imposed: false,
            current_dq_a: Dq::default(),
            explains: false,
            phases: PhaseMonitor::new(config.motor_current_limit_a_max),
            probe: StandstillProbe::new(config, period_s),
            sensors: CurrentSensors::default(),
            phase_current_a: Abc::default(),
            current_missing_steps: 0,
        })
    }

    /// One 20 kHz step.
    pub fn step(&mut self, input: &MotorInput<'_>) -> MotorOutput {
        // The torque since the last sample is that of the last current: 50 us late, which no rotor feels. An imposed one
        // may be of phases in the wrong order; its torque is none, and the Halls tell the rest.
        let torque_current_a = if self.imposed { 0.0 } else { self.current_dq_a.q };
        let mut limits = self.observer.step(
            input.angle_hall_v,
            self.torque_n_m_per_a * (torque_current_a + input.foreign_torque_a),
            self.explains.then_some(self.control.disturbance_v()),
        );
        if self.observer.jump_rad() != 0.0 {
            self.control.turn_frame(self.pole_pairs as f32 * self.observer.jump_rad());
        }
        let faults = self.angle_faults(limits);
        self.rotor = self.observer.estimate();
        let rotor = Rotation { cos: self.rotor.cos, sin: self.rotor.sin }.times(self.pole_pairs);
        let (frame, speed_rad_per_s, obstacles) = if input.imposed_a.is_some() {
            (Rotation::IDENTITY, 0.0, limits::BRIDGE_OPEN & !limits::ANGLE_LOST)
        } else {
            (rotor, self.pole_pairs as f32 * self.observer.speed_rad_per_s(), limits::BRIDGE_OPEN)
        };
        let changed = core::mem::replace(&mut self.imposed, input.imposed_a.is_some()) != self.imposed;
        let measured = self.measured(input.phase_current_a, frame);
        limits |= self.count_missing(measured.is_some());
        let has_bus = input.bus_voltage_v >= self.bus_voltage_v_min; // false for no number
        if !has_bus {
            limits |= limits::BUS_TOO_LOW;
        }
        if self.phases.waits() {
            limits |= limits::PHASE_TRIPPED;
        }
        if limits & obstacles != 0 || !input.enable || changed {
            let output = self.open_bridge(measured, speed_rad_per_s, limits, faults);
            let is_asked = limits & obstacles == limits::ANGLE_LOST && input.enable && !changed;
            return MotorOutput { gate: self.probes(is_asked, measured.is_some()), ..output };
        }
        let line = self.phases.line().map(|line| line.to_dq(frame));
        let reference_a = self.reference(input, line, &mut limits);
        let usable = measured.map(|current| line.map_or(current, |line| current.along(line)));
        self.current_dq_a = self.control.current_a(usable);
        let voltage_v = self.control.step(usable, reference_a, speed_rad_per_s);
        if self.phases_must_open(input.bus_voltage_v, measured, frame) {
            return self.open_bridge(measured, speed_rad_per_s, limits, faults);
        }
        self.explains = measured.is_some() && !self.imposed && line.is_none();
        if let Some(line) = line {
            self.control.keep_to(line);
        }
        if input.imposed_a.is_some() {
            self.current_dq_a = self.current_dq_a.to_alpha_beta(frame).to_dq(rotor);
        }
        let ahead = frame.turned_by_small(speed_rad_per_s * self.delay_s);
        let modulation = modulate(self.as_wired(voltage_v.to_alpha_beta(ahead)), input.bus_voltage_v);
        if modulation.is_saturated() {
            self.control.realised(modulation.scale);
            limits |= limits::VOLTAGE;
        }
        let Abc { a, b, c } = modulation.duty;
        MotorOutput { phase_duty: [a, b, c], gate: true, limits, faults: self.all_faults(faults) }
    }

    /// The step's end without a voltage.
    fn open_bridge(
        &mut self,
        measured: Option<Dq>,
        speed_rad_per_s: f32,
        limits: u32,
        faults: u32,
    ) -> MotorOutput {
        self.current_dq_a = measured.unwrap_or_default();
        self.control.stand_by(measured, speed_rad_per_s);
        self.explains = false;
        MotorOutput { phase_duty: [0.5; 3], gate: false, limits, faults: self.all_faults(faults) }
    }

    /// True: short the windings, to see whether a rotor turns whose Halls stand still after a loss.
    #[cold]
    fn probes(&mut self, is_asked: bool, is_measured: bool) -> bool {
        if !is_asked || !self.observer.waits_for_a_turn() {
            self.probe.rest();
            return false;
        }
        // Of sensors that stand still nothing can be learnt.
        let is_live = is_measured && !self.sensors.is_one_stuck();
        match self.probe.step(is_live.then(|| self.phase_current_a.to_alpha_beta())) {
            Verdict::Wait => false,
            Verdict::Pulse => true,
            Verdict::Stands => {
                self.observer.stands();
                false
            }
        }
    }

    /// Looks at the phases one by one when the current is not the predicted one.
    fn phases_must_open(&mut self, bus_voltage_v: f32, measured: Option<Dq>, frame: Rotation) -> bool {
        let Some(measured) = measured else { return false };
        let surprise = self.control.surprise_a();
        let square_a2 = surprise.d * surprise.d + surprise.q * surprise.q;
        if square_a2 < SURPRISE_A_MAX * SURPRISE_A_MAX && self.phases.line().is_none() {
            self.phases.is_sound();
            return false;
        }
        let opens = self.phases.look(&Look {
            current_a: self.in_order(self.phase_current_a),
            surprise_a: surprise.to_alpha_beta(frame).to_abc(),
            square_a2: measured.d * measured.d + measured.q * measured.q,
            unmodelled_v: *self.control.disturbance_v(),
            bus_voltage_v,
        });
        if let Some(line) = self.phases.line() {
            // Across the line of an open phase there was a voltage without a current: nothing of it is left to explain.
            self.control.keep_to(line.to_dq(frame));
        }
        opens
    }

    fn all_faults(&self, faults: u32) -> u32 {
        let current =
            if self.sensors.is_one_stuck() || self.current_missing_steps != 0 { fault::CURRENT } else { 0 };
        faults | self.phases.faults() | current
    }

    fn angle_faults(&self, limits: u32) -> u32 {
        if limits & (limits::ANGLE_COASTING | limits::ANGLE_LOST) == 0 {
            0
        } else if self.observer.is_sensorless() {
            fault::ANGLE | fault::SENSORLESS
        } else {
            fault::ANGLE
        }
    }

    /// The wanted current in the frame of the control, within the limit; with an open phase, twice the torque current as
    /// far as it lies on the line.
    fn reference(&self, input: &MotorInput<'_>, line: Option<Dq>, limits: &mut u32) -> Dq {
        let limit_a = self.current_limit_a;
        let wanted_q_a = input.torque_current_reference_a;
        let q = saturate(wanted_q_a, limit_a);
        let (reference, clipped) = match (input.imposed_a, line) {
            (Some(AlphaBeta { alpha, beta }), _) => {
                let reference = Dq { d: saturate(alpha, limit_a), q: saturate(beta, limit_a) };
                (reference, reference != Dq { d: alpha, q: beta })
            }
            (None, None) => (Dq { d: saturate(input.flux_current_reference_a, limit_a), q }, q != wanted_q_a),
            (None, Some(line)) => {
                let wanted_a = 2.0 * q * line.q;
                let along_a = saturate(wanted_a, limit_a);
                (line.scaled(along_a), along_a != wanted_a)
            }
        };
        if clipped {
            *limits |= limits::CURRENT;
        }
        reference
    }

    /// Phases as they are wired, or as they are named: it is the same exchange.
    fn in_order(&self, phases: Abc) -> Abc {
        if self.order < 0.0 { phases.reordered() } else { phases }
    }

    /// The same for a vector in the stator frame: B and C exchanged are beta with the other sign.
    fn as_wired(&self, AlphaBeta { alpha, beta }: AlphaBeta) -> AlphaBeta {
        AlphaBeta { alpha, beta: self.order * beta }
    }

    /// Angle, speed and load torque at the sample of the last step.
    #[must_use]
    pub fn rotor(&self) -> RotorEstimate {
        self.rotor
    }

    /// Nobody knows the angle, or whether to believe the one that is seen.
    #[must_use]
    pub fn is_angle_lost(&self) -> bool {
        self.observer.is_lost()
    }

    /// Current at the sample of the last step, measured or modelled [A].
    #[must_use]
    pub fn current_dq_a(&self) -> Dq {
        self.current_dq_a
    }

    /// Currents of the phases A, B, C as they are wired [A].
    #[must_use]
    pub fn phase_current_a(&self) -> [f32; 3] {
        let Abc { a, b, c } = self.phase_current_a;
        [a, b, c]
    }

    /// Phase currents in the frame of the control, unless one is missing or implausible.
    fn measured(&mut self, phase_current_a: Option<&[f32; 3]>, frame: Rotation) -> Option<Dq> {
        let [a, b, c] = self.sensors.step(phase_current_a?);
        self.phase_current_a = Abc { a, b, c };
        let current = self.as_wired(self.phase_current_a.to_alpha_beta()).to_dq(frame);
        // Of three that add up to nothing the squares are 3/2 of that of the vector; what they have in common counts as well.
        (a * a + b * b + c * c <= self.plausible_a2).then_some(current)
    }

    fn count_missing(&mut self, is_measured: bool) -> u32 {
        if is_measured {
            self.current_missing_steps = 0;
            return 0;
        }
        self.current_missing_steps = self.current_missing_steps.saturating_add(1);
        if self.current_missing_steps > CURRENT_COAST_STEPS {
            limits::CURRENT_COASTING | limits::CURRENT_LOST
        } else {
            limits::CURRENT_COASTING
        }
    }
}
