// SPDX-License-Identifier: Apache-2.0
//! Equations of motion of the rotor and of the winding currents.
//!
//! # Model
//! z is the rotor axis. Tilt a about x, b about y; W: speed of rotation, theta: angle. Coil forces (F_x, F_y) act in
//! the actuator plane, h above the centre of mass; all others in the centre of mass.
//! | equation | |
//! |---|---|
//! | (m + m_a) x'' | coils + k_x (x, y) + k_c (-y, x) - d_eddy v + film + unbalance + static + gravity + contact + load |
//! | coils | rotated by the force angle error: sum over sets of k_i (1 - 0.05 min(\|i\|/i_max, 2)^2) i |
//! | film | -C v + (C W / 2) (-y, x) + (m_a W^2 / 4) (x, y) |
//! | unbalance | m e W^2 (cos theta, sin theta) |
//! | static | F (cos chi, sin chi), chi = 0.5 rad + 0.2 rad/(L/min) Q |
//! | I_t a'' + I_p W b' | -k_t a - c_t a' - h F_y - D W^2 sin theta + moment |
//! | I_t b'' - I_p W a' | -k_t b - c_t b' + h F_x + D W^2 cos theta |
//! | m z'' | -k_z z - c_z z' + thrust (n / 4 krpm)^2 + m g_z + stop + load |
//! | J W' | 3/2 p psi (i_q,A + i_q,B) - pump torque - friction in contact |
//!
//! Contact: normal force k s + d s' (never negative) at depth s in the touchdown circle, friction mu N against
//! the sliding speed of the rotor's surface, d s w against a whirl w: the dent goes round with the rotor, and the
//! damper of the wall acts in its direction too. Axial stops: the same k and d, without friction, at the highest place of
//! the upper rim and the lowest one of the lower rim: s = R |(a, b)| +- z - axial clearance, moment R N against the
//! tilt.
//! # Timing
//! Classic fourth-order Runge-Kutta, fixed substeps.
//! # Source
//! Plant file ecmo-50; contact, static direction and speed law of the thrust are engineering choices.

use core::f64::consts::PI;

use crate::film::Film;
use crate::parameters::{Plant, RotorFluid};
use crate::pump::{KRPM_PER_RAD_PER_S, ShaftTorque};
use crate::units::RAD_PER_DEG;

/// State of rotor and windings; the places below say what is where.
pub(crate) type State = [f64; 20];
/// x, y, z [m].
pub(crate) const POSITION: usize = 0;
/// Tilt about x, y [rad].
pub(crate) const TILT: usize = 3;
/// Angle turned since the start of the period [rad].
pub(crate) const ANGLE: usize = 5;
/// Velocity x, y, z [m/s].
pub(crate) const VELOCITY: usize = 6;
/// Tilt rates [rad/s].
pub(crate) const TILT_RATE: usize = 9;
/// Speed of rotation [rad/s].
pub(crate) const SPEED: usize = 11;
/// Coil currents A x, A y, B x, B y [A].
pub(crate) const COIL: usize = 12;
/// Phase currents A alpha, A beta, B alpha, B beta [A].
pub(crate) const PHASE: usize = 16;

/// Stiffness and damping of the touchdown circle and of the axial stop.
pub(crate) const CONTACT_STIFFNESS_N_PER_M: f64 = 2.0e6;
pub(crate) const CONTACT_DAMPING_N_S_PER_M: f64 = 300.0;
/// Wet plastic on plastic.
const CONTACT_FRICTION: f64 = 0.1;
/// Sliding speed at which friction has 71 % of its full value [m/s].
const CONTACT_CREEP_M_PER_S: f64 = 0.01;
/// Speed from which on dry friction is whole [rad/s]: with the largest torque and the rotor's inertia still slow for a step.
const RUBBING_RAD_PER_S: f64 = 20.0;
/// Direction of the static force at rest, and how it turns with flow.
const STATIC_ANGLE_RAD: f64 = 0.5;
const STATIC_TURN_RAD_PER_LPM: f64 = 0.2;
/// Loss of the force-current factor at rated current, and the current in units of rated from where on it stays.
const SATURATION: f64 = 0.05;
const SATURATION_END: f64 = 2.0;

/// What does not change within a substep.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// Cosine and sine of the angle at the start of the period, mechanical and electrical.
    pub(crate) direction: [f64; 2],
    pub(crate) direction_electrical: [f64; 2],
    /// Radial force from outside, the static one included [N].
    pub(crate) force_n: [f64; 2],
    /// Axial force from outside [N].
    pub(crate) axial_force_n: f64,
    /// Moment about x from outside [N m].
    pub(crate) moment_n_m: f64,
    /// Torque about the axis from outside, and what rubs against the rotation [N m].
    pub(crate) spin_n_m: f64,
    pub(crate) brake_n_m: f64,
    /// Flow through the pump at the start of the period [L/min] and its rate [L/min/s].
    pub(crate) flow_lpm: f64,
    pub(crate) flow_rate: f64,
    /// Time from the start of the period to that of the substep [s].
    pub(crate) start_s: f64,
    pub(crate) coil_voltage_v: [f64; 4],
    pub(crate) coil_inverse: [[f64; 3]; 2],
    pub(crate) phase_voltage_v: [[f64; 2]; 2],
    /// Symmetric projection onto what may change: xx, xy, yy.
    pub(crate) phase_projection: [[f64; 3]; 2],
    /// Signs of the currents that diodes carry, 0 for none; of open bridges alone.
    pub(crate) phase_sign: [[f64; 3]; 2],
}

/// Constants of the equations, from the plant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dynamics {
    pub(crate) plant: Plant,
    film: Film,
    shaft: ShaftTorque,
    force_direction: [f64; 2],
    cross_n_per_m: f64,
    mass_inverse: f64,
    saturation: f64,
    current_end_a: f64,
    torque_n_m_per_a: f64,
    /// What air in the head leaves of the pump's torque.
    pub(crate) torque_factor: f64,
}

/// Forces on the rotor that the truth shows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Torques {
    pub(crate) motor_n_m: f64,
    pub(crate) pump_n_m: f64,
}

/// Cosine and sine of a small angle, to 1e-9 for up to half a radian.
pub(crate) fn small_angle(angle: f64) -> [f64; 2] {
    let s = angle * angle;
    let cosine = 1.0 - s * (0.5 - s * (1.0 / 24.0 - s * (1.0 / 720.0 - s / 40_320.0)));
    let sine = angle * (1.0 - s * (1.0 / 6.0 - s * (1.0 / 120.0 - s * (1.0 / 5040.0 - s / 362_880.0))));
    [cosine, sine]
}

/// Dry friction at a speed as a part of its whole: none at rest, all of it from `RUBBING_RAD_PER_S` on, so that it holds without chatter.
fn rubbing(speed_rad_per_s: f64) -> f64 {
    (speed_rad_per_s / RUBBING_RAD_PER_S).clamp(-1.0, 1.0)
}

pub(crate) fn rotate(by: [f64; 2], v: [f64; 2]) -> [f64; 2] {
    [by[0] * v[0] - by[1] * v[1], by[1] * v[0] + by[0] * v[1]]
}

impl Dynamics {
    pub(crate) fn new(plant: &Plant) -> Self {
        let film = Film::new(&plant.rotor, &plant.rotor_fluid);
        let (sine, cosine) = libm::sincos(plant.rotor.force_angle_error_deg * RAD_PER_DEG);
        let rated = plant.bearing.current_a_max;
        Self {
            plant: *plant,
            film,
            shaft: ShaftTorque::new(plant, &plant.rotor_fluid),
            force_direction: [cosine, sine],
            cross_n_per_m: plant.rotor.k_x_n_per_m * plant.rotor.k_x_cross_fraction,
            mass_inverse: 1.0 / (plant.rotor.mass_kg + film.added_mass_kg),
            saturation: SATURATION / (rated * rated),
            current_end_a: SATURATION_END * rated,
            torque_n_m_per_a: 1.5 * plant.motor.pole_pairs * plant.motor.flux_linkage_wb,
            torque_factor: 1.0,
        }
    }

    /// Another fluid around the rotor and in the pump.
    pub(crate) fn set_fluid(&mut self, fluid: &RotorFluid) {
        let mut plant = self.plant;
        plant.rotor_fluid = *fluid;
        *self = Self { torque_factor: self.torque_factor, ..Self::new(&plant) };
    }

    /// Static hydraulic force at a flow [N].
    pub(crate) fn static_force_n(&self, flow_lpm: f64) -> [f64; 2] {
        let (sine, cosine) = libm::sincos(STATIC_ANGLE_RAD + STATIC_TURN_RAD_PER_LPM * flow_lpm);
        let size = self.plant.rotor.static_radial_force_n;
        [size * cosine, size * sine]
    }

    /// Force of all coils, in the sensor frame [N].
    pub(crate) fn coil_force_n(&self, state: &State) -> [f64; 2] {
        let force = |current: f64| {
            let size = current.abs().min(self.current_end_a);
            self.plant.bearing.k_i_n_per_a * current * (1.0 - self.saturation * size * size)
        };
        let x = force(state[COIL]) + force(state[COIL + 2]);
        let y = force(state[COIL + 1]) + force(state[COIL + 3]);
        rotate(self.force_direction, [x, y])
    }

    /// Displacement of a plane `offset` above the centre of mass [m].
    pub(crate) fn plane(state: &State, first: usize, tilt: usize, offset: f64) -> [f64; 2] {
        [state[first] + offset * state[tilt + 1], state[first + 1] - offset * state[tilt]]
    }

    /// Current square to the rotor's flux, per set [A].
    pub(crate) fn torque_current_a(state: &State, set: usize, electrical: [f64; 2]) -> f64 {
        state[PHASE + 2 * set + 1] * electrical[0] - state[PHASE + 2 * set] * electrical[1]
    }

    /// Torques of motor and pump at the given electrical direction and flow.
    pub(crate) fn torques(&self, state: &State, electrical: [f64; 2], flow_lpm: f64) -> Torques {
        let current =
            Self::torque_current_a(state, 0, electrical) + Self::torque_current_a(state, 1, electrical);
        Torques {
            motor_n_m: self.torque_n_m_per_a * current,
            pump_n_m: self.torque_factor * self.shaft.torque_n_m(state[SPEED] * KRPM_PER_RAD_PER_S, flow_lpm),
        }
    }

    /// One Runge-Kutta step.
    pub(crate) fn step(&self, held: &Held, state: &State, step_s: f64) -> State {
        let along =
            |rate: &State, step: f64| -> State { core::array::from_fn(|k| state[k] + step * rate[k]) };
        let half = 0.5 * step_s;
        let k1 = self.rate(held, held.start_s, state);
        let k2 = self.rate(held, held.start_s + half, &along(&k1, half));
        let k3 = self.rate(held, held.start_s + half, &along(&k2, half));
        let k4 = self.rate(held, held.start_s + step_s, &along(&k3, step_s));
        core::array::from_fn(|k| state[k] + step_s / 6.0 * (k1[k] + 2.0 * (k2[k] + k3[k]) + k4[k]))
    }

    /// Time derivative of the state, `time_s` after the start of the period.
    fn rate(&self, held: &Held, time_s: f64, state: &State) -> State {
        let turn = small_angle(state[ANGLE]);
        let direction = rotate(turn, held.direction);
        let poles = self.plant.motor.pole_pairs;
        let electrical = if poles == 1.0 {
            direction
        } else {
            rotate(small_angle(poles * state[ANGLE]), held.direction_electrical)
        };
        let flow = held.flow_lpm + held.flow_rate * time_s;

        let mut rate = [0.0; 20];
        rate[POSITION..ANGLE].copy_from_slice(&state[VELOCITY..SPEED]);
        rate[ANGLE] = state[SPEED];
        let friction_n_m = self.radial_and_tilt(held, state, direction, &mut rate);
        self.axial(held, state, &mut rate);
        let torques = self.torques(state, electrical, flow);
        let outside_n_m = held.spin_n_m - held.brake_n_m * rubbing(state[SPEED]);
        rate[SPEED] = (torques.motor_n_m - torques.pump_n_m + friction_n_m + outside_n_m)
            / self.plant.motor.inertia_kg_m2;
        self.coils(held, state, &mut rate);
        self.phases(held, state, electrical, &mut rate);
        rate
    }

    /// Accelerations of x, y and tilt; returns the torque of friction about z.
    fn radial_and_tilt(&self, held: &Held, state: &State, direction: [f64; 2], rate: &mut State) -> f64 {
        let rotor = &self.plant.rotor;
        let (x, y) = (state[POSITION], state[POSITION + 1]);
        let (vx, vy) = (state[VELOCITY], state[VELOCITY + 1]);
        let speed = state[SPEED];
        let speed_squared = speed * speed;
        let lever = rotor.actuator_plane_offset_m;

        let coil = self.coil_force_n(state);
        let eddy = rotor.eddy_damping_n_s_per_m;
        let passive = [
            rotor.k_x_n_per_m * x - self.cross_n_per_m * y - eddy * vx,
            rotor.k_x_n_per_m * y + self.cross_n_per_m * x - eddy * vy,
        ];

        let damping = self.film.damping_n_s_per_m;
        let cross = 0.5 * damping * speed;
        let outward = 0.25 * self.film.added_mass_kg * speed_squared;
        let unbalance = rotor.mass_kg * rotor.eccentricity_m * speed_squared;
        let (contact, friction_n_m) = self.contact(x, y, vx, vy, speed);
        let force = [
            coil[0] + passive[0] - damping * vx - cross * y
                + outward * x
                + unbalance * direction[0]
                + rotor.mass_kg * rotor.gravity_x_m_per_s2
                + held.force_n[0]
                + contact[0],
            coil[1] + passive[1] - damping * vy
                + cross * x
                + outward * y
                + unbalance * direction[1]
                + rotor.mass_kg * rotor.gravity_y_m_per_s2
                + held.force_n[1]
                + contact[1],
        ];
        rate[VELOCITY] = force[0] * self.mass_inverse;
        rate[VELOCITY + 1] = force[1] * self.mass_inverse;

        let gyroscopic = rotor.inertia_polar_kg_m2 * speed;
        let dynamic = rotor.dynamic_unbalance_kg_m2 * speed_squared;
        let spring = |k: usize| {
            -rotor.tilt_stiffness_n_m_per_rad * state[TILT + k]
                - rotor.tilt_damping_n_m_s_per_rad * state[TILT_RATE + k]
        };
        let moment_x =
            spring(0) - gyroscopic * state[TILT_RATE + 1] - lever * coil[1] - dynamic * direction[1]
                + held.moment_n_m;
        let moment_y = spring(1) + gyroscopic * state[TILT_RATE] + lever * coil[0] + dynamic * direction[0];
        rate[TILT_RATE] = moment_x / rotor.inertia_transverse_kg_m2;
        rate[TILT_RATE + 1] = moment_y / rotor.inertia_transverse_kg_m2;
        friction_n_m
    }

    /// Force of the touchdown circle on the rotor and its torque about z.
    fn contact(&self, x: f64, y: f64, vx: f64, vy: f64, speed: f64) -> ([f64; 2], f64) {
        let clearance = self.plant.rotor.clearance_m;
        let square = x * x + y * y;
        if square <= clearance * clearance {
            return ([0.0; 2], 0.0);
        }
        let radius = libm::sqrt(square);
        let (nx, ny) = (x / radius, y / radius);
        let depth_rate = vx * nx + vy * ny;
        let normal = (CONTACT_STIFFNESS_N_PER_M * (radius - clearance)
            + CONTACT_DAMPING_N_S_PER_M * depth_rate)
            .max(0.0);
        let surface = self.plant.rotor_fluid.radius_m;
        let along = vy * nx - vx * ny;
        let sliding = along + surface * speed;
        let friction = -CONTACT_FRICTION * normal * sliding
            / libm::sqrt(sliding * sliding + CONTACT_CREEP_M_PER_S * CONTACT_CREEP_M_PER_S);
        let dent = CONTACT_DAMPING_N_S_PER_M * (radius - clearance) / radius * along;
        let tangential = friction - if normal > 0.0 { dent } else { 0.0 };
        ([-normal * nx - tangential * ny, -normal * ny + tangential * nx], surface * friction)
    }

    fn axial(&self, held: &Held, state: &State, rate: &mut State) {
        let rotor = &self.plant.rotor;
        let (z, vz) = (state[POSITION + 2], state[VELOCITY + 2]);
        let n = state[SPEED] * (KRPM_PER_RAD_PER_S / 4.0);
        let mut force = -rotor.axial_stiffness_n_per_m * z - rotor.axial_damping_n_s_per_m * vz
            + rotor.axial_thrust_n * n * n
            + rotor.mass_kg * rotor.gravity_z_m_per_s2
            + held.axial_force_n;
        if self.rim_reach_m(state) > rotor.axial_clearance_m {
            force += self.stops(state, rate);
        }
        rate[VELOCITY + 2] = force / rotor.mass_kg;
    }

    /// How far the rotor's rims are off the middle at most, seen along the axis, or a little more [m].
    pub(crate) fn rim_reach_m(&self, state: &State) -> f64 {
        let tilt = state[TILT].abs() + state[TILT + 1].abs();
        state[POSITION + 2].abs() + self.plant.rotor_fluid.radius_m * tilt
    }

    /// How deep the highest place of the upper rim and the lowest one of the lower rim are in their stops [m].
    pub(crate) fn stop_depths_m(&self, state: &State) -> [f64; 2] {
        let rim = self.plant.rotor_fluid.radius_m * libm::hypot(state[TILT], state[TILT + 1]);
        let (z, clearance) = (state[POSITION + 2], self.plant.rotor.axial_clearance_m);
        [rim + z - clearance, rim - z - clearance]
    }

    /// Force of the axial stops along z; their moment goes into the rate of the tilt.
    fn stops(&self, state: &State, rate: &mut State) -> f64 {
        let radius = self.plant.rotor_fluid.radius_m;
        let (a, b) = (state[TILT], state[TILT + 1]);
        let tilt = libm::hypot(a, b);
        let direction = if tilt > 0.0 { [a / tilt, b / tilt] } else { [0.0; 2] };
        let rim_rate = radius * (state[TILT_RATE] * direction[0] + state[TILT_RATE + 1] * direction[1]);
        let [upper, lower] = self.stop_depths_m(state);
        let normal = |depth: f64, rate: f64| {
            let force = CONTACT_STIFFNESS_N_PER_M * depth + CONTACT_DAMPING_N_S_PER_M * rate;
            if depth > 0.0 { force.max(0.0) } else { 0.0 }
        };
        let vz = state[VELOCITY + 2];
        let (down, up) = (normal(upper, rim_rate + vz), normal(lower, rim_rate - vz));
        for (k, part) in direction.into_iter().enumerate() {
            rate[TILT_RATE + k] -= radius * part * (down + up) / self.plant.rotor.inertia_transverse_kg_m2;
        }
        up - down
    }

    fn coils(&self, held: &Held, state: &State, rate: &mut State) {
        let bearing = &self.plant.bearing;
        let [vx, vy] = Self::plane(state, VELOCITY, TILT_RATE, self.plant.rotor.actuator_plane_offset_m);
        let [cosine, sine] = self.force_direction;
        let emf =
            [cosine * vx + sine * vy, cosine * vy - sine * vx].map(|v| v * bearing.motion_emf_v_s_per_m);
        for axis in 0..2 {
            let drive = |channel: usize| {
                held.coil_voltage_v[channel] - bearing.resistance_ohm * state[COIL + channel] - emf[axis]
            };
            let (a, b) = (drive(axis), drive(2 + axis));
            let [aa, ab, bb] = held.coil_inverse[axis];
            rate[COIL + axis] = aa * a + ab * b;
            rate[COIL + 2 + axis] = ab * a + bb * b;
        }
    }

    fn phases(&self, held: &Held, state: &State, electrical: [f64; 2], rate: &mut State) {
        let motor = &self.plant.motor;
        let emf = motor.pole_pairs * state[SPEED] * motor.flux_linkage_wb;
        let inverse = 1.0 / motor.phase_inductance_h;
        for set in 0..2 {
            let alpha = PHASE + 2 * set;
            let voltage = held.phase_voltage_v[set];
            let a = (voltage[0] - motor.phase_resistance_ohm * state[alpha] + emf * electrical[1]) * inverse;
            let b =
                (voltage[1] - motor.phase_resistance_ohm * state[alpha + 1] - emf * electrical[0]) * inverse;
            let [xx, xy, yy] = held.phase_projection[set];
            rate[alpha] = xx * a + xy * b;
            rate[alpha + 1] = xy * a + yy * b;
        }
    }
}

/// Wraps an angle that left 0..2 pi by less than a turn.
pub(crate) fn wrap(angle: f64) -> f64 {
    if angle >= 2.0 * PI {
        angle - 2.0 * PI
    } else if angle < 0.0 {
        angle + 2.0 * PI
    } else {
        angle
    }
}
