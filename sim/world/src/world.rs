// SPDX-License-Identifier: Apache-2.0
//! The world: rotor, windings, pump, circuit and sensors, stepped together.
//!
//! # Timing
//! `advance` is one levitation period of 50 us. The outputs given to it act in the next period, those given to the
//! call before act now: with the sample at the start of a period the voltage it causes has its middle 1.5 periods
//! later. Within a period rotor and windings take one Runge-Kutta step with flow linear in time ([`SUBSTEPS_FINE`] near
//! the touchdown circle or while diodes conduct), then the buses, then the circuit one with speed linear in time.
//!
//! Units with clocks of their own ([`World::part_clocks`]) do the same in the middle of a period of the world: up to the
//! instant of one ([`World::pass_to`]) rotor and windings move, then it samples, and its outputs change ([`World::update`]);
//! [`World::complete`] ends the period. Circuit, buses and circuit sensors keep the world's.
//! # Limits and failure
//! Averaged PWM; buses that move from period to period; one flow. `docs/world.md` lists what is left out and why.

use levitas_core::ports::{CirculationInputs, LevitationInputs, LevitationOutputs};

use crate::bus::Bus;
use crate::circuit::{CircuitChange, Pressures};
use crate::circuit_faults::{CircuitFault, CircuitSensor};
use crate::circuit_sensors::{AtSensors, CircuitSensors};
use crate::circulation::Circulation;
use crate::disturbance::{Disturbance, DisturbanceError, Disturbances};
use crate::dynamics::{
    ANGLE, COIL, Dynamics, Held, PHASE, POSITION, SPEED, State, TILT, TILT_RATE, VELOCITY, wrap,
};
use crate::fault::{Fault, FaultError};
use crate::keys::RangeError;
use crate::pair::Pair;
use crate::parameters::Patient;
use crate::patient::{ChangeError, PatientChange};
use crate::power::Power;
use crate::sensors::SetSensors;
use crate::setup::{Setup, SetupError, initial, to_state};
use crate::truth::Truth;
use crate::warming::WarmingDevice;
use crate::windings::{TEST_S, Windings, phase_currents};

/// Length of a levitation period and of one `advance` [s].
pub const STEP_S: f64 = 50e-6;
/// Runge-Kutta steps per period where contact or diodes act, else one: touchdown circle and friction are stiff, and
/// freewheeling currents end at the end of a step.
const SUBSTEPS_FINE: usize = 4;
/// From this part of the clearance on, contact may come within the period: 25 um of 0.5 mm are 50 us at 0.5 m/s.
const NEAR_FRACTION: f64 = 0.95;
/// A rotor counts as free again when it is this far inside the touchdown circle.
const FREE_FRACTION: f64 = 0.9;

/// The plant and everything around it.
#[derive(Clone, Debug)]
pub struct World {
    dynamics: Dynamics,
    windings: Windings,
    circulation: Circulation,
    set_sensors: [SetSensors; 2],
    circuit_sensors: CircuitSensors,
    disturbances: Disturbances,
    state: State,
    /// Angle of the rotor at the start of the period, its direction, the electrical direction.
    angle_rad: f64,
    direction: [f64; 2],
    electrical: [f64; 2],
    buses: [Bus; 2],
    pub(crate) power: [Power; 2],
    /// Outputs in force, and those given for the next period of each set.
    active: [LevitationOutputs; 2],
    pending: [LevitationOutputs; 2],
    pair: Pair,
    /// When a winding of each set last failed [s].
    winding_failed_s: [f64; 2],
    /// Time since the start of the period [s]; what the bridges have taken since [J]; speed then [rad/s].
    within_s: f64,
    taken_j: [f64; 2],
    start_speed: f64,
    /// The units have clocks of their own.
    parted: bool,
    seed: u64,
    disturbance_force_n: [f64; 2],
    tick: u64,
    radial: Contact,
    axial: Contact,
}

impl World {
    /// A world at time zero.
    ///
    /// # Errors
    /// The first value of the set-up that is out of range.
    pub fn new(setup: &Setup) -> Result<Self, SetupError> {
        setup.check()?;
        let plant = &setup.plant;
        let start = initial(plant, &setup.start);
        let state = to_state(&start);
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        if !finite(&state) || !finite(&[start.rotor_angle_rad, start.flow_lpm, start.clamp_opening]) {
            return Err(SetupError::Start);
        }
        let is_alive = matches!(setup.patient, Patient::Living(_));
        let mut circulation = Circulation::of(setup);
        circulation.start(start.flow_lpm, start.clamp_opening, state[SPEED]);
        let mut world = Self {
            dynamics: Dynamics::new(plant),
            windings: Windings::new(plant),
            circulation,
            set_sensors: [0, 1].map(|set| SetSensors::new(plant, set, setup.seed, STEP_S)),
            circuit_sensors: CircuitSensors::new(plant, setup.seed, STEP_S, is_alive),
            disturbances: Disturbances::default(),
            state,
            angle_rad: libm::fmod(start.rotor_angle_rad, core::f64::consts::TAU),
            direction: [1.0, 0.0],
            electrical: [1.0, 0.0],
            buses: [Bus::new(&plant.drive, STEP_S); 2],
            power: [0, 1].map(|set| Power::new(plant, set, setup.seed, STEP_S)),
            active: [LevitationOutputs::default(); 2],
            pending: [LevitationOutputs::default(); 2],
            pair: Pair::bench(),
            winding_failed_s: [f64::NEG_INFINITY; 2],
            within_s: 0.0,
            taken_j: [0.0; 2],
            start_speed: state[SPEED],
            parted: false,
            seed: setup.seed,
            disturbance_force_n: [0.0; 2],
            tick: 0,
            radial: Contact::default(),
            axial: Contact::default(),
        };
        world.turn();
        world.watch_contact();
        for contact in [&mut world.radial, &mut world.axial] {
            contact.free = !contact.touching;
        }
        let pressures = world.pressures();
        world.circuit_sensors.start(&pressures);
        for sensors in &mut world.set_sensors {
            sensors.start(plant, &world.state, world.direction);
        }
        Ok(world)
    }

    /// Samples of a winding set's sensors, now: set 0 is A (host), everything else B (emergency drive).
    pub fn sample(&mut self, set: usize) -> LevitationInputs {
        let set = set.min(1);
        if self.parted {
            self.set_sensors[set].follow(&self.dynamics.plant, &self.state, self.direction);
        }
        let samples = self.set_sensors[set].sample(
            &self.dynamics.plant,
            &self.state,
            self.direction,
            self.windings.terminal_currents(&self.state, set),
            self.buses[set].voltage_v,
        );
        LevitationInputs { pair: self.pair.read(set, self.time_s()) | self.winding_test(set), ..samples }
    }

    /// What the test of the resting windings of a set says: nothing while their gate is open.
    fn winding_test(&self, set: usize) -> u32 {
        let rests_s = self.time_s() - self.pair.closed_s()[set].max(self.winding_failed_s[set]);
        if self.pair.is_open(set) || rests_s < TEST_S { 0 } else { self.windings.test(set) }
    }

    /// Connects the drive lines of two units and puts their latches before the gates; a new world is a bench without them.
    pub fn connect_lines(&mut self) {
        self.pair.connect(&self.dynamics.plant.drive_line, self.seed);
    }

    /// Samples of the circuit's sensors, now; shots and ECG of the last ten milliseconds.
    pub fn sample_circulation(&mut self) -> CirculationInputs {
        self.circuit_sensors.sample(&self.dynamics.plant)
    }

    /// The units have clocks of their own from now on: their sensors follow from one of their samples to the next.
    pub fn part_clocks(&mut self) {
        self.parted = true;
    }

    /// One levitation period; `outputs` of the sets A and B act in the next one.
    pub fn advance(&mut self, outputs: &[LevitationOutputs; 2]) {
        self.update(&outputs.map(Some));
        self.complete();
    }

    /// A period of these sets begins now: what was given for it acts, `outputs` act in the next one.
    pub fn update(&mut self, outputs: &[Option<LevitationOutputs>; 2]) {
        for ((active, pending), output) in self.active.iter_mut().zip(&mut self.pending).zip(outputs) {
            if let Some(output) = output {
                *active = core::mem::replace(pending, *output);
            }
        }
        self.pair.update(&self.active, self.time_s());
    }

    /// Goes on to `within_s` after the start of this period; not back, and not beyond its end.
    pub fn pass_to(&mut self, within_s: f64) {
        let within_s = within_s.min(STEP_S);
        if within_s > self.within_s {
            self.move_rotor(within_s);
            self.turn();
        }
    }

    /// Goes on to the end of this period.
    pub fn complete(&mut self) {
        self.pass_to(STEP_S);
        let taken_j = core::mem::take(&mut self.taken_j);
        for ((bus, power), taken_j) in self.buses.iter_mut().zip(&mut self.power).zip(taken_j) {
            let current_a = bus.advance(taken_j, power.instead());
            power.advance(current_a, bus.voltage_v);
        }
        self.circulation.advance([self.start_speed, self.state[SPEED]], STEP_S);
        self.dynamics.torque_factor = self.circulation.torque_factor();
        (self.within_s, self.start_speed) = (0.0, self.state[SPEED]);
        self.tick += 1;

        let there = AtSensors {
            pressures: self.pressures(),
            flow_lpm: self.circulation.circuit.flow_lpm,
            blood: self.circulation.blood_at_meter(),
            air: self.circulation.air_at_meter(),
            next_beat: self.circulation.next_beat(),
        };
        self.circuit_sensors.follow(&there);
        if self.parted {
            // No period of a set need begin here.
            self.pair.settle(self.time_s());
        } else {
            for sensors in &mut self.set_sensors {
                sensors.follow(&self.dynamics.plant, &self.state, self.direction);
            }
        }
    }

    /// Lets `outputs` act in the coming period already, as if they had been given one period ago; for tests.
    pub fn prime(&mut self, outputs: &[LevitationOutputs; 2]) {
        self.pending = *outputs;
    }

    /// Starts a disturbance, which acts from the next `advance` on.
    ///
    /// # Errors
    /// The first of its numbers that is out of range; the world is then as before.
    pub fn disturb(&mut self, disturbance: Disturbance) -> Result<(), DisturbanceError> {
        disturbance.check()?;
        if let Disturbance::Unbalance { eccentricity_m } = disturbance {
            self.dynamics.plant.rotor.eccentricity_m = eccentricity_m;
        }
        self.disturbances.start(disturbance, self.time_s());
        Ok(())
    }

    /// Something happens to the circuit. Other blood changes the film around the rotor and the pump's torque, too.
    ///
    /// # Errors
    /// The first of its numbers that is out of range; the world is then as before.
    pub fn change_circuit(&mut self, change: CircuitChange) -> Result<(), RangeError> {
        self.circulation.change_circuit(&change)?;
        if matches!(change, CircuitChange::Viscosity { .. }) {
            self.dynamics.set_fluid(&self.circulation.fluid());
        }
        Ok(())
    }

    /// Water of the heat exchanger [C]; `None` when none flows.
    pub fn set_water(&mut self, celsius: Option<f64>) {
        self.circulation.set_water(celsius);
    }

    /// A warming device in place of the heater-cooler of the house, full of water of this temperature [C].
    pub fn connect_warming(&mut self, water_celsius: f64) {
        self.circulation.connect_warming(water_celsius, self.seed);
    }

    /// The warming device, if there is one.
    pub fn warming(&mut self) -> Option<&mut WarmingDevice> {
        self.circulation.warming()
    }

    /// Something happens to the patient.
    ///
    /// # Errors
    /// The first of its numbers that is out of range, or there is no patient; the world is then as before.
    pub fn change_patient(&mut self, change: PatientChange) -> Result<(), ChangeError> {
        self.circulation.change_patient(&change)?;
        self.circuit_sensors.change(&change);
        Ok(())
    }

    /// Starts a fault of a unit (0: A, everything else B), which acts from the next sample and `advance` on.
    ///
    /// # Errors
    /// The first of its numbers that is out of range; the world is then as before.
    pub fn fault(&mut self, set: usize, fault: Fault) -> Result<(), FaultError> {
        fault.check()?;
        let set = set.min(1);
        self.set_sensors[set].fault(&fault, &self.dynamics.plant);
        self.windings.fault(set, &fault, &self.pending, &mut self.state);
        if matches!(fault, Fault::CoilOpen { .. } | Fault::PhaseOpen { .. } | Fault::WindingLeak) {
            self.winding_failed_s[set] = self.time_s();
        }
        self.buses[set].fault(&fault);
        self.power[set].fault(&fault);
        self.pair.fault(set, &fault, self.time_s());
        Ok(())
    }

    /// A sensor of the circuit breaks, from the next sample on; a fault that is none of this sensor does nothing.
    ///
    /// # Errors
    /// The first of its numbers that is out of range; the world is then as before.
    pub fn fault_circuit(&mut self, sensor: CircuitSensor, fault: CircuitFault) -> Result<(), FaultError> {
        fault.check()?;
        self.circuit_sensors.fault(sensor, fault);
        Ok(())
    }

    /// Ends every fault of a sensor of the circuit.
    pub fn clear_circuit(&mut self, sensor: CircuitSensor) {
        self.circuit_sensors.clear(sensor);
    }

    /// A unit without power has it again; its other faults stay.
    pub fn restore_power(&mut self, set: usize) {
        self.pair.restore_power(set.min(1));
    }

    /// Ends every fault of a unit; what was interrupted conducts again.
    pub fn clear(&mut self, set: usize) {
        let set = set.min(1);
        self.set_sensors[set].clear();
        self.windings.clear(set);
        self.buses[set].clear();
        self.power[set].clear();
        self.pair.clear(set);
    }

    /// What is really the case.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let state = &self.state;
        let pressures = self.pressures();
        let torques = self.dynamics.torques(state, self.electrical, self.circulation.circuit.pumped_lpm);
        let alpha_beta = |set: usize| [state[PHASE + 2 * set], state[PHASE + 2 * set + 1]];
        let coil = |set: usize| [state[COIL + 2 * set], state[COIL + 2 * set + 1]];
        let truth = Truth {
            time_s: self.time_s(),
            displacement_m: [state[POSITION], state[POSITION + 1], state[POSITION + 2]],
            velocity_m_per_s: [state[VELOCITY], state[VELOCITY + 1], state[VELOCITY + 2]],
            tilt_rad: [state[TILT], state[TILT + 1]],
            tilt_rate_rad_per_s: [state[TILT_RATE], state[TILT_RATE + 1]],
            rotor_angle_rad: self.angle_rad,
            rotor_speed_rad_per_s: state[SPEED],
            coil_current_a: [coil(0), coil(1)],
            phase_current_a: [phase_currents(alpha_beta(0)), phase_currents(alpha_beta(1))],
            bus_voltage_v: self.buses.map(|bus| bus.voltage_v),
            power: [self.power[0].truth(), self.power[1].truth()],
            torque_current_a: [0, 1].map(|set| Dynamics::torque_current_a(state, set, self.electrical)),
            coil_force_n: self.dynamics.coil_force_n(state),
            static_force_n: self.dynamics.static_force_n(self.circulation.circuit.pumped_lpm),
            disturbance_force_n: self.disturbance_force_n,
            motor_torque_n_m: torques.motor_n_m,
            pump_torque_n_m: torques.pump_n_m,
            gate_open: [0, 1].map(|set| self.pair.is_open(set)),
            gate_opened_s: self.pair.opened_s(),
            gate_closed_s: self.pair.closed_s(),
            last_update_s: self.pair.last_update_s(),
            touching: self.radial.touching,
            touchdown_count: self.radial.count,
            axial_touching: self.axial.touching,
            axial_touchdown_count: self.axial.count,
            ecg: self.circuit_sensors.ecg_truth(),
            ..Truth::default()
        };
        self.circulation.tell(pressures, truth)
    }

    /// Time since the start [s].
    #[must_use]
    pub fn time_s(&self) -> f64 {
        self.tick as f64 * STEP_S + self.within_s
    }

    fn pressures(&self) -> Pressures {
        self.circulation.pressures(self.state[SPEED])
    }

    /// The substeps of rotor and windings up to `until_s` after the start of the period.
    fn move_rotor(&mut self, until_s: f64) {
        let active = self.windings.reach(self.active);
        let start_s = self.tick as f64 * STEP_S;
        let middle_s = 0.5 * (self.within_s + until_s);
        let load = self.disturbances.load(start_s + middle_s, self.dynamics.plant.rotor.mass_kg);
        let (flow_lpm, flow_rate) = (self.circulation.circuit.pumped_lpm, self.circulation.circuit.flow_rate);
        let still = self.dynamics.static_force_n(flow_lpm + middle_s * flow_rate);
        let [load_x, load_y, load_z] = load.force_n;
        self.disturbance_force_n = [load_x, load_y];
        let mut held = Held {
            direction: self.direction,
            direction_electrical: self.electrical,
            force_n: [still[0] + load_x, still[1] + load_y],
            axial_force_n: load_z,
            moment_n_m: load.moment_n_m,
            spin_n_m: load.spin_n_m,
            brake_n_m: load.brake_n_m,
            flow_lpm,
            flow_rate,
            start_s: self.within_s,
            coil_voltage_v: [0.0; 4],
            coil_inverse: [[0.0; 3]; 2],
            phase_voltage_v: [[0.0; 2]; 2],
            phase_projection: [[0.0; 3]; 2],
            phase_sign: [[0.0; 3]; 2],
        };
        while self.within_s < until_s {
            let part_end_s = (self.pair.next_change_s(start_s + self.within_s) - start_s).min(until_s);
            self.move_part(&self.pair.gated(active), part_end_s - self.within_s, &mut held);
            self.within_s = part_end_s;
            if part_end_s < until_s {
                self.pair.settle(start_s + part_end_s);
            }
        }
    }

    /// A part of a period in which no latch moves.
    fn move_part(&mut self, active: &[LevitationOutputs; 2], part_s: f64, held: &mut Held) {
        let bus_v = self.buses.map(|bus| bus.voltage_v);
        let substeps = if self.is_stiff(active) { SUBSTEPS_FINE } else { 1 };
        let step_s = part_s / substeps as f64;
        for _ in 0..substeps {
            self.windings.apply(active, bus_v, &self.state, held);
            let mut next = self.dynamics.step(held, &self.state, step_s);
            self.windings.extinguish(active, held, &self.state, &mut next);
            for (set, taken_j) in self.taken_j.iter_mut().enumerate() {
                *taken_j += Windings::taken_j(held, set, &self.state, &next, step_s);
            }
            self.state = next;
            self.watch_contact();
            held.start_s += step_s;
        }
    }

    /// Contact may come in this period, or diodes conduct.
    fn is_stiff(&self, active: &[LevitationOutputs; 2]) -> bool {
        let rotor = &self.dynamics.plant.rotor;
        let near = NEAR_FRACTION * rotor.clearance_m;
        let (x, y) = (self.state[POSITION], self.state[POSITION + 1]);
        x * x + y * y > near * near
            || self.dynamics.rim_reach_m(&self.state) > NEAR_FRACTION * rotor.axial_clearance_m
            || active
                .iter()
                .zip(&self.buses)
                .enumerate()
                .any(|(set, (output, bus))| self.windings.freewheels(output, set, &self.state, bus.voltage_v))
    }

    /// Moves the angle turned since the last call into the rotor's angle.
    fn turn(&mut self) {
        self.angle_rad = wrap(self.angle_rad + self.state[ANGLE]);
        self.state[ANGLE] = 0.0;
        let (sine, cosine) = libm::sincos(self.angle_rad);
        self.direction = [cosine, sine];
        let poles = self.dynamics.plant.motor.pole_pairs;
        self.electrical = if poles == 1.0 {
            self.direction
        } else {
            let (sine, cosine) = libm::sincos(poles * self.angle_rad);
            [cosine, sine]
        };
    }

    fn watch_contact(&mut self) {
        let clearance = self.dynamics.plant.rotor.clearance_m;
        let (x, y) = (self.state[POSITION], self.state[POSITION + 1]);
        let square = x * x + y * y;
        let inside = FREE_FRACTION * clearance;
        self.radial.watch(square >= clearance * clearance, square < inside * inside);
        let axial_clearance = self.dynamics.plant.rotor.axial_clearance_m;
        // The reach is never less than the depth: far from the stops the root is spared.
        if self.dynamics.rim_reach_m(&self.state) < FREE_FRACTION * axial_clearance {
            self.axial.watch(false, true);
        } else {
            let [upper, lower] = self.dynamics.stop_depths_m(&self.state);
            let depth = upper.max(lower);
            self.axial.watch(depth >= 0.0, depth < (FREE_FRACTION - 1.0) * axial_clearance);
        }
    }
}

/// Touching, and how often it began.
#[derive(Clone, Copy, Debug, Default)]
struct Contact {
    touching: bool,
    /// Has been well inside since it last touched.
    free: bool,
    count: u32,
}

impl Contact {
    fn watch(&mut self, touching: bool, inside: bool) {
        self.touching = touching;
        if touching && self.free {
            self.count = self.count.wrapping_add(1);
        }
        self.free = !touching && (self.free || inside);
    }
}
