// SPDX-License-Identifier: Apache-2.0
//! From probe results to calibration values, stage by stage.
//!
//! # Angle and order
//! The current turns as cos(phi + theta_0), order x sin(phi + theta_0). A rotor that follows it shows cos and sin of phi +
//! theta_0 + offset at the angle Halls. The part of the two that turns forward is then of full size and its angle is theta_0 +
//! offset; with the other order the rotor is shaken, or follows backward, and that part is small.
//!
//! # Runout
//! Slow roll with the notch: once the coil current has no harmonic left, what the notch adds is minus what the Halls
//! show. Three measurements take off what is no runout: motion by unbalance grows with the square of the speed, pickup of
//! the motor current with that current.

use super::Parameters;
use super::complex::Complex;
use super::force::{
    AxisForce, FREQUENCIES_HZ, Sine, inductance_h, pickup_m_per_a, resistance_and_inductance,
};
use super::report::{CommissioningReport, Reason, Stage};
use super::script::{FAST_HZ, INDUCTANCE_HZ, PICKUP_HZ, ROLL_COUNT, SLOW_HZ};
use super::wall::{Wall, WallFit};
use crate::calibration::Calibration;
use crate::math::{sin_cos, sqrt, wrap_to_pi};
use crate::probe::{ProbeResult, Signal};
use crate::units::RAD_PER_S_PER_HZ;

/// Smallest part of the Halls' amplitude that turns with the current of a rotor that follows.
const FOLLOWING_MIN: f32 = 0.6;

/// A still set-point: difference of the pair and current of its axis.
type Still = [f32; 2];

/// Everything measured so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Findings {
    pub(super) report: CommissioningReport,
    wall: Wall,
    fit: Option<WallFit>,
    inductance_h: [f32; 2],
    still: [Still; 4],
    sines: [Sine; 6],
    pickup: [[Sine; 2]; 2],
    force: [AxisForce; 2],
    pub(super) offset_rad: f32,
    pub(super) order: f32,
    rolls: [[f32; 8]; ROLL_COUNT],
    roll_counts: [f32; ROLL_COUNT],
}

/// Differences of the pairs, as tones [V].
fn pairs(result: &ProbeResult) -> [Complex; 2] {
    let of = |signal| Complex::of(&result.tone(signal));
    [of(Signal::HallXPlus) - of(Signal::HallXMinus), of(Signal::HallYPlus) - of(Signal::HallYMinus)]
}

/// Amplitude of what the pairs x and y show [V].
pub(crate) fn pair_swing_v(result: &ProbeResult) -> [f32; 2] {
    pairs(result).map(Complex::size)
}

fn mean_of(pair: [f32; 2]) -> f32 {
    let [x, y] = pair;
    0.5 * (x + y)
}

impl Findings {
    pub(super) fn new(report: CommissioningReport) -> Self {
        Self {
            report,
            wall: Wall::new(),
            fit: None,
            inductance_h: [0.0; 2],
            still: [[0.0; 2]; 4],
            sines: [Sine::default(); 6],
            pickup: [[Sine::default(); 2]; 2],
            force: [AxisForce::default(); 2],
            offset_rad: report.values.angle_hall_offset_rad,
            order: 1.0,
            rolls: [[0.0; 8]; ROLL_COUNT],
            roll_counts: [0.0; ROLL_COUNT],
        }
    }

    /// Sensitivities of the pairs as far as they are known [V/m].
    fn v_per_m(&self, parameters: &Parameters) -> [f32; 2] {
        let nominal = parameters.hall_v_per_m;
        [self.report.values.hall_gain_x * nominal, self.report.values.hall_gain_y * nominal]
    }

    /// Takes in the result of a step of a stage.
    pub(super) fn take(&mut self, parameters: &Parameters, stage: Stage, step: u32, result: &ProbeResult) {
        match stage {
            Stage::Wall => self.wall.add(result),
            Stage::Coils => self.take_coil(step, parameters, result),
            Stage::Force => self.take_force(step, result),
            Stage::Pickup => self.take_pickup(step, result),
            _ => {}
        }
    }

    fn take_coil(&mut self, axis: u32, parameters: &Parameters, result: &ProbeResult) {
        let resistance_ohm = self.report.values.coil_resistance_ohm;
        let sine = sine(result, INDUCTANCE_HZ, axis as usize);
        if let Some(to) = self.inductance_h.get_mut(axis as usize) {
            *to = inductance_h(&sine, resistance_ohm, parameters.period_s);
        }
    }

    fn take_force(&mut self, step: u32, result: &ProbeResult) {
        let (first, index) = (step as usize, step.saturating_sub(4) as usize);
        if let Some(still) = self.still.get_mut(first) {
            let [x_v, y_v] = [
                result.tone(Signal::HallXPlus).mean - result.tone(Signal::HallXMinus).mean,
                result.tone(Signal::HallYPlus).mean - result.tone(Signal::HallYMinus).mean,
            ];
            *still = if first < 2 {
                [x_v, result.tone(Signal::CoilCurrentX).mean]
            } else {
                [y_v, result.tone(Signal::CoilCurrentY).mean]
            };
        } else if let Some(to) = self.sines.get_mut(index) {
            let axis = usize::from(index >= FREQUENCIES_HZ.len());
            *to = sine(result, result.frequency_hz, axis);
        }
    }

    fn take_pickup(&mut self, step: u32, result: &ProbeResult) {
        let excited = sine(result, PICKUP_HZ, step as usize);
        let [x_v, y_v] = pairs(result);
        if let Some(to) = self.pickup.get_mut(step as usize) {
            *to = [x_v, y_v].map(|displacement_m| Sine { displacement_m, ..excited });
        }
    }

    /// Takes in a turning current that began at this angle; true when the rotor follows.
    pub(super) fn take_motor(
        &mut self,
        parameters: &Parameters,
        begin_rad: f32,
        order: f32,
        result: &ProbeResult,
    ) -> bool {
        let (cosine, sine) = (result.tone(Signal::AngleCosine), result.tone(Signal::AngleSine));
        let forward =
            Complex { re: 0.5 * (cosine.cosine + sine.sine), im: 0.5 * (sine.cosine - cosine.sine) };
        self.report.checks.motor_following = forward.size() / parameters.angle_hall_amplitude_v;
        let follows = self.report.checks.motor_following > FOLLOWING_MIN;
        if follows {
            self.order = order;
            self.offset_rad = wrap_to_pi(forward.angle_rad() - begin_rad);
        }
        follows
    }

    /// Takes in the coefficients of the notch at the end of a measurement of the slow roll.
    pub(super) fn take_roll(&mut self, measurement: usize, result: &ProbeResult) {
        if let (Some(sums), Some(count)) =
            (self.rolls.get_mut(measurement), self.roll_counts.get_mut(measurement))
        {
            for (sum, value) in sums.iter_mut().zip(result.notch_m) {
                *sum += value;
            }
            *count += 1.0;
        }
    }

    /// Ends a stage: its values, each of them plausible.
    pub(super) fn conclude(&mut self, parameters: &Parameters, stage: Stage) -> Result<(), Reason> {
        match stage {
            Stage::Wall => self.conclude_wall(parameters)?,
            Stage::Coils => self.report.values.coil_inductance_h = mean_of(self.inductance_h),
            Stage::Force => self.conclude_force(parameters)?,
            Stage::Pickup => self.conclude_pickup(parameters)?,
            Stage::Motor => {
                self.report.values.angle_hall_offset_rad = self.offset_rad;
                self.report.values.motor_phase_order = self.order * parameters.phase_order;
            }
            Stage::Runout => {
                self.conclude_runout(parameters);
                self.correct_wall(parameters)?;
            }
            _ => {}
        }
        self.check(stage)
    }

    fn check(&self, stage: Stage) -> Result<(), Reason> {
        self.report.values.check().or_else(|error| {
            // What a later stage is to find is still what it was before.
            if stage.fields().contains(&error.field) { Err(Reason::Implausible(error)) } else { Ok(()) }
        })?;
        let checks = &self.report.checks;
        match checks.check() {
            Err(error) if !error.value.is_nan() => Err(Reason::Implausible(error)),
            _ => Ok(()),
        }
    }

    fn conclude_wall(&mut self, parameters: &Parameters) -> Result<(), Reason> {
        let fit =
            self.wall.fit(parameters.clearance_m, parameters.hall_v_per_m).ok_or(Reason::Undetermined)?;
        self.fit = Some(fit);
        let values = &mut self.report.values;
        [
            values.hall_mid_x_plus_v,
            values.hall_mid_x_minus_v,
            values.hall_mid_y_plus_v,
            values.hall_mid_y_minus_v,
        ] = fit.mid_v;
        values.coil_resistance_ohm = mean_of(fit.resistance_ohm);
        self.report.checks.wall_residual_m = fit.residual_m;
        self.report.checks.wall_shift_m_per_a = fit.shift_m_per_a;
        self.scale(parameters);
        Ok(())
    }

    /// Gains of the pairs from the circle and what is known of k_x.
    fn scale(&mut self, parameters: &Parameters) {
        let Some(fit) = self.fit else { return };
        let factor = WallFit::gain_factor(
            self.report.values.force_displacement_n_per_m,
            parameters.config.wall_stiffness_n_per_m,
        );
        let [x, y] = fit.v_per_m.map(|v_per_m| factor * v_per_m / parameters.hall_v_per_m);
        (self.report.values.hall_gain_x, self.report.values.hall_gain_y) = (x, y);
    }

    fn conclude_force(&mut self, parameters: &Parameters) -> Result<(), Reason> {
        // k_x is in the gains, the gains are in k_x: a hundredth of a hundredth is left after two rounds.
        for _ in 0..2 {
            self.force = self.forces(parameters).ok_or(Reason::Undetermined)?;
            let [x, y] = self.force;
            let mean = |of: fn(&AxisForce) -> f32| 0.5 * (of(&x) + of(&y));
            let k_i = mean(|axis| axis.k_i_n_per_a);
            self.report.values.force_current_n_per_a = k_i;
            self.report.values.force_displacement_n_per_m = mean(|axis| axis.k_x_n_per_m);
            self.report.checks.levitated_mass_kg = mean(|axis| axis.mass_kg);
            self.report.checks.force_current_difference = (x.k_i_n_per_a - y.k_i_n_per_a) / k_i;
            self.report.checks.inductance_ratio =
                mean(|axis| axis.inductance_h) / self.report.values.coil_inductance_h;
            self.scale(parameters);
        }
        Ok(())
    }

    /// Force of both axes with the pickup that is known by now.
    fn forces(&self, parameters: &Parameters) -> Option<[AxisForce; 2]> {
        let [x_high, x_low, y_high, y_low] = self.still;
        let (sines_x, sines_y) = self.sines.split_at_checked(FREQUENCIES_HZ.len())?;
        let [v_per_m_x, v_per_m_y] = self.v_per_m(parameters);
        let pickup_m_per_a = self.report.values.coil_pickup_m_per_a;
        let of = |sines: &[Sine], [high_v, high_a]: Still, [low_v, low_a]: Still, v_per_m: f32| {
            let apart_m = (high_v - low_v) / v_per_m - pickup_m_per_a * (high_a - low_a);
            let mut seen = [Sine::default(); FREQUENCIES_HZ.len()];
            for (to, sine) in seen.iter_mut().zip(sines) {
                let unlagged = unlagged_m(sine, v_per_m, parameters);
                *to = Sine { displacement_m: unlagged - sine.current_a.times(pickup_m_per_a), ..*sine };
            }
            AxisForce::of(&seen, (high_a - low_a) / apart_m, &parameters.tilt(), parameters.period_s)
        };
        Some([of(sines_x, x_high, x_low, v_per_m_x)?, of(sines_y, y_high, y_low, v_per_m_y)?])
    }

    fn conclude_pickup(&mut self, parameters: &Parameters) -> Result<(), Reason> {
        for _ in 0..2 {
            let [v_per_m_x, v_per_m_y] = self.v_per_m(parameters);
            let [[x_by_x, y_by_x], [x_by_y, y_by_y]] = self.pickup;
            let in_m = |sine: &Sine, v_per_m| Sine {
                displacement_m: unlagged_m(sine, v_per_m, parameters),
                ..*sine
            };
            let [force_x, force_y] = self.force;
            let cross = |sine: Sine| sine.displacement_m.over(sine.current_a).re;
            self.report.values.coil_pickup_m_per_a = mean_of([
                pickup_m_per_a(&in_m(&x_by_x, v_per_m_x), &force_x),
                pickup_m_per_a(&in_m(&y_by_y, v_per_m_y), &force_y),
            ]);
            self.report.values.coil_pickup_cross_m_per_a =
                mean_of([cross(in_m(&y_by_x, v_per_m_y)), cross(in_m(&x_by_y, v_per_m_x))]);
            // Pickup is in what the set-points showed.
            self.conclude_force(parameters)?;
        }
        Ok(())
    }

    fn conclude_runout(&mut self, parameters: &Parameters) {
        let old = runout(&parameters.before);
        let [slow, fast, weak] = self.rolls;
        let [slow_count, fast_count, weak_count] = self.roll_counts;
        let (slow_2, fast_2) = (SLOW_HZ * SLOW_HZ, FAST_HZ * FAST_HZ);
        let mut found = [0.0; 8];
        let (mut unbalance_m2, mut motor_m2) = (0.0, 0.0);
        let measured = slow.into_iter().zip(fast).zip(weak).zip(old);
        for (index, (to, (((slow, fast), weak), old))) in found.iter_mut().zip(measured).enumerate() {
            let (slow, fast, weak) = (slow / slow_count, fast / fast_count, weak / weak_count);
            // The notch is minus the runout, plus what is proportional to speed squared and to current.
            let by_motion = (fast - slow) * (slow_2 / (fast_2 - slow_2));
            let by_current = 2.0 * (fast - weak);
            *to = old - (slow - by_motion - by_current);
            if index < 2 {
                unbalance_m2 += by_motion * by_motion;
                motor_m2 += by_current * by_current;
            }
        }
        self.report.checks.unbalance_motion_m = sqrt(unbalance_m2);
        self.report.checks.motor_pickup_motion_m = sqrt(motor_m2);
        let values = &mut self.report.values;
        let turn_rad = values.angle_hall_offset_rad - parameters.before.angle_hall_offset_rad;
        let (gain_x, gain_y) = (
            parameters.before.hall_gain_x / values.hall_gain_x,
            parameters.before.hall_gain_y / values.hall_gain_y,
        );
        let [x_c1, x_s1, x_c2, x_s2, y_c1, y_s1, y_c2, y_s2] = found;
        let turned = |cos_m: f32, sin_m: f32, times: f32, gain: f32| {
            let (sin, cos) = sin_cos(wrap_to_pi(times * turn_rad));
            (gain * (cos_m * cos + sin_m * sin), gain * (sin_m * cos - cos_m * sin))
        };
        (values.runout_x_cos_1_m, values.runout_x_sin_1_m) = turned(x_c1, x_s1, 1.0, gain_x);
        (values.runout_x_cos_2_m, values.runout_x_sin_2_m) = turned(x_c2, x_s2, 2.0, gain_x);
        (values.runout_y_cos_1_m, values.runout_y_sin_1_m) = turned(y_c1, y_s1, 1.0, gain_y);
        (values.runout_y_cos_2_m, values.runout_y_sin_2_m) = turned(y_c2, y_s2, 2.0, gain_y);
    }

    /// The wall once more: at standstill the runout looks like a shifted centre, by up to 15 um.
    fn correct_wall(&mut self, parameters: &Parameters) -> Result<(), Reason> {
        let values = self.report.values;
        let [v_per_m_x, v_per_m_y] = self.v_per_m(parameters);
        let (sin_offset, cos_offset) = sin_cos(values.angle_hall_offset_rad);
        self.wall.correct(|[hall_cos, hall_sin]| {
            let size = sqrt(hall_cos * hall_cos + hall_sin * hall_sin);
            let (hall_cos, hall_sin) = (hall_cos / size, hall_sin / size);
            let cos = hall_cos * cos_offset + hall_sin * sin_offset;
            let sin = hall_sin * cos_offset - hall_cos * sin_offset;
            let (cos_2, sin_2) = (cos * cos - sin * sin, 2.0 * sin * cos);
            let [x_c1, x_s1, x_c2, x_s2, y_c1, y_s1, y_c2, y_s2] = runout(&values);
            [
                v_per_m_x * (x_c1 * cos + x_s1 * sin + x_c2 * cos_2 + x_s2 * sin_2),
                v_per_m_y * (y_c1 * cos + y_s1 * sin + y_c2 * cos_2 + y_s2 * sin_2),
            ]
        });
        self.conclude_wall(parameters)?;
        self.conclude_pickup(parameters)
    }
}

/// The runout table in the order of the notch coefficients.
fn runout(values: &Calibration) -> [f32; 8] {
    [
        values.runout_x_cos_1_m,
        values.runout_x_sin_1_m,
        values.runout_x_cos_2_m,
        values.runout_x_sin_2_m,
        values.runout_y_cos_1_m,
        values.runout_y_sin_1_m,
        values.runout_y_cos_2_m,
        values.runout_y_sin_2_m,
    ]
}

/// Resistance [ohm] and inductance [H] of the coil of an axis, 0 or 1, whose rotor stands still, by a sine of its current.
pub(crate) fn coil(result: &ProbeResult, nominal_hz: f32, axis: usize, period_s: f32) -> [f32; 2] {
    resistance_and_inductance(&sine(result, nominal_hz, axis), period_s)
}

/// Current and voltage of an axis, and the difference of its pair in place of the displacement.
fn sine(result: &ProbeResult, nominal_hz: f32, axis: usize) -> Sine {
    let of = |signal| Complex::of(&result.tone(signal));
    let frequency_hz = if result.frequency_hz > 0.0 { result.frequency_hz } else { nominal_hz };
    let [x_v, y_v] = pairs(result);
    if axis == 0 {
        let (current_a, voltage_v) = (of(Signal::CoilCurrentX), of(Signal::CoilVoltageX));
        Sine { frequency_hz, current_a, voltage_v, displacement_m: x_v }
    } else {
        let (current_a, voltage_v) = (of(Signal::CoilCurrentY), of(Signal::CoilVoltageY));
        Sine { frequency_hz, current_a, voltage_v, displacement_m: y_v }
    }
}

/// Displacement that a pair shows, the lag of its Halls taken off.
fn unlagged_m(sine: &Sine, v_per_m: f32, parameters: &Parameters) -> Complex {
    let lag = Complex { re: 1.0, im: RAD_PER_S_PER_HZ * sine.frequency_hz * parameters.hall_lag_s };
    (sine.displacement_m * lag).times(1.0 / v_per_m)
}
