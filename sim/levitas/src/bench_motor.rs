// SPDX-License-Identifier: Apache-2.0
//! Sine, cosine and field-oriented control beside the blocks of a peer, for `levitas bench`.
//!
//! # What the peers do
//! From Halls and phase currents to three duties. Linear mathematics as far as a crate has blocks for it; what it has none for
//! (Clarke, Park, space vectors) is written with our functions, so that only the blocks differ:
//!
//! | peer | blocks |
//! |---|---|
//! | idsp | `atan2`, `cossin`, two clamped PI |
//! | biquad | our arc tangent and sine, two PI sections |
//! | pid | our arc tangent and sine, two PI |
//! | foc | our arc tangent, `Foc::update` in fixed point, angle taken as it is |
//!
//! Coefficients are any stable ones: they do not change the time. No peer judges its samples, predicts over the delay, observes
//! speed and load, or watches its phases; ours does all that in its row.
//!
//! Sine and cosine: everybody gets an angle in rad and gives two numbers in -1 to 1, and the largest error over a turn stands
//! beside the time.

use std::f64::consts::PI as HALF_TURN;

use biquad::{Biquad as _, Coefficients};
use dsp_process::SplitProcess as _;
use fixed::types::I16F16;
use foc::pwm::SpaceVector;
use idsp::iir::{Biquad, BiquadClamp};
use levitas_core::math::{atan2, sin_cos};
use levitas_core::motor::space_vector::modulate;
use levitas_core::motor::transforms::{Abc, Dq, Rotation};
use levitas_core::motor::{MotorConfig, MotorDrive, MotorInput};
use levitas_core::ports::LevitationInputs;

use crate::bench_peers::{Contestant, add};

/// A PI with a leak, as a section: b_0 b_1 b_2 and, with the sign of idsp, a_1 a_2.
const PI: [f32; 5] = [0.52, -0.5, 0.0, 0.999, 0.0];
/// Pole pairs and torque current of the bench.
const POLE_PAIRS: f32 = 2.0;
const TORQUE_CURRENT_A: f32 = 1.0;
/// Largest voltage along d and q [V].
const VOLTAGE_V_MAX: f32 = 27.0;
/// Full scale and half a turn of idsp's integers.
const FULL: f32 = 2_147_483_648.0;
/// Steps of a duty of the crate foc.
const DUTY_STEPS: u16 = 1000;
/// Angles at which the error of a sine is looked for.
const ERROR_ANGLES: i32 = 100_000;

/// A motor from Halls and phase currents to three duties.
pub(crate) trait Motor {
    fn step(&mut self, samples: &LevitationInputs, torque_current_a: f32) -> [f32; 3];
    /// Electrical angle [rad] and torque current [A] of the last sample, for the mail.
    fn seen(&self) -> [f32; 2];
}

/// What one crate has for it.
pub(crate) trait Blocks {
    fn new() -> Self;
    fn pi(&mut self, component: usize, error: f32) -> f32;
    /// Electrical angle of the Hall pair as a rotation, and in rad.
    fn rotation(&mut self, [cosine, sine]: [f32; 2]) -> (Rotation, f32) {
        let angle_rad = POLE_PAIRS * atan2(sine, cosine);
        let (sin, cos) = sin_cos(angle_rad);
        (Rotation { cos, sin }, angle_rad)
    }
}

/// The motor around the blocks.
#[derive(Clone)]
pub(crate) struct BlockMotor<B> {
    blocks: B,
    seen: [f32; 2],
}

impl<B: Blocks> BlockMotor<B> {
    pub(crate) fn new() -> Self {
        Self { blocks: B::new(), seen: [0.0; 2] }
    }
}

impl<B: Blocks> Motor for BlockMotor<B> {
    fn step(&mut self, samples: &LevitationInputs, torque_current_a: f32) -> [f32; 3] {
        let (rotor, angle_rad) = self.blocks.rotation(samples.angle_hall_v);
        let [a, b, c] = samples.phase_current_a;
        let current = Abc { a, b, c }.to_alpha_beta().to_dq(rotor);
        self.seen = [angle_rad, current.q];
        let (d, q) = (self.blocks.pi(0, -current.d), self.blocks.pi(1, torque_current_a - current.q));
        let Abc { a, b, c } = modulate(Dq { d, q }.to_alpha_beta(rotor), samples.bus_voltage_v).duty;
        [a, b, c]
    }

    fn seen(&self) -> [f32; 2] {
        self.seen
    }
}

/// idsp: transposed direct form, clamped.
#[derive(Clone)]
pub(crate) struct IdspBlocks {
    pi: BiquadClamp<f32>,
    components: [idsp::iir::DirectForm2Transposed<f32>; 2],
}

impl Blocks for IdspBlocks {
    fn new() -> Self {
        let (min, max) = (-VOLTAGE_V_MAX, VOLTAGE_V_MAX);
        Self { pi: BiquadClamp { coeff: Biquad::from(PI), u: 0.0, min, max }, components: Default::default() }
    }

    fn pi(&mut self, component: usize, error: f32) -> f32 {
        self.pi.process(&mut self.components[component], error)
    }

    fn rotation(&mut self, [cosine, sine]: [f32; 2]) -> (Rotation, f32) {
        let angle = idsp::atan2((sine * 0.5 * FULL) as i32, (cosine * 0.5 * FULL) as i32);
        let angle = angle.wrapping_mul(POLE_PAIRS as i32);
        let (cos, sin) = idsp::cossin(angle);
        let rotation = Rotation { cos: cos as f32 / FULL, sin: sin as f32 / FULL };
        (rotation, angle as f32 * (HALF_TURN as f32 / FULL))
    }
}

/// biquad: transposed direct form.
#[derive(Clone)]
pub(crate) struct BiquadBlocks([biquad::DirectForm2Transposed<f32>; 2]);

impl Blocks for BiquadBlocks {
    fn new() -> Self {
        let [b0, b1, b2, a1, a2] = PI;
        Self([biquad::DirectForm2Transposed::new(Coefficients { a1: -a1, a2: -a2, b0, b1, b2 }); 2])
    }

    fn pi(&mut self, component: usize, error: f32) -> f32 {
        self.0[component].run(error)
    }
}

/// pid: controllers.
#[derive(Clone)]
pub(crate) struct PidBlocks([pid::Pid<f32>; 2]);

impl Blocks for PidBlocks {
    fn new() -> Self {
        let mut pi = pid::Pid::new(0.0, VOLTAGE_V_MAX);
        pi.p(2.0, VOLTAGE_V_MAX).i(0.1, VOLTAGE_V_MAX);
        Self([pi; 2])
    }

    fn pi(&mut self, component: usize, error: f32) -> f32 {
        self.0[component].next_control_output(-error).output
    }
}

/// foc: the whole control, in fixed point.
pub(crate) struct FocCrate {
    control: foc::Foc<SpaceVector, DUTY_STEPS>,
    seen: [f32; 2],
}

impl FocCrate {
    pub(crate) fn new() -> Self {
        let pi = || foc::pid::PIController::new(I16F16::from_num(0.05), I16F16::from_num(0.001));
        Self { control: foc::Foc::new(pi(), pi()), seen: [0.0; 2] }
    }
}

impl Clone for FocCrate {
    /// The crate's control cannot be cloned: a new one, which computes as long.
    fn clone(&self) -> Self {
        Self { seen: self.seen, ..Self::new() }
    }
}

impl Motor for FocCrate {
    fn step(&mut self, samples: &LevitationInputs, torque_current_a: f32) -> [f32; 3] {
        let [cosine, sine] = samples.angle_hall_v;
        let angle_rad = POLE_PAIRS * atan2(sine, cosine);
        self.seen = [angle_rad, torque_current_a];
        let [a, b, _] = samples.phase_current_a.map(I16F16::from_num);
        let wanted = I16F16::from_num(torque_current_a);
        self.control
            .update([a, b], I16F16::from_num(angle_rad), wanted, I16F16::from_num(0.001))
            .map(|steps| f32::from(steps) * (1.0 / f32::from(DUTY_STEPS)))
    }

    fn seen(&self) -> [f32; 2] {
        self.seen
    }
}

/// Sine and cosine by idsp.
fn idsp_sin_cos(angle_rad: f32) -> (f32, f32) {
    let (cos, sin) = idsp::cossin((angle_rad * (FULL / HALF_TURN as f32)) as i32);
    (sin as f32 * (1.0 / FULL), cos as f32 * (1.0 / FULL))
}

/// Sine and cosine as foc takes them.
fn cordic_sin_cos(angle_rad: f32) -> (f32, f32) {
    let (sin, cos) = cordic::sin_cos(I16F16::from_num(angle_rad));
    (sin.to_num(), cos.to_num())
}

/// Largest error over a turn.
fn largest_error(function: fn(f32) -> (f32, f32)) -> f64 {
    (-ERROR_ANGLES..ERROR_ANGLES)
        .map(|step| {
            let angle_rad = (HALF_TURN * f64::from(step) / f64::from(ERROR_ANGLES)) as f32;
            let ((sin, cos), (sin_true, cos_true)) = (function(angle_rad), f64::from(angle_rad).sin_cos());
            (f64::from(sin) - sin_true).abs().max((f64::from(cos) - cos_true).abs())
        })
        .fold(0.0, f64::max)
}

/// Rows of sine and cosine.
pub(crate) fn rotations(list: &mut Vec<Contestant<'_>>) {
    const WORK: &str = "sine and cosine of an angle";
    fn row(
        list: &mut Vec<Contestant<'_>>,
        name: &'static str,
        function: impl Fn(f32) -> (f32, f32) + 'static,
        error: f64,
    ) {
        let contestant =
            add(list, WORK, name, "a table of 128 lines and integers: fewer digits", move |samples| {
                let (sin, cos) = function(samples.angle_hall_v[0]);
                sin + cos
            });
        contestant.note = format!("largest error {error:.1e}");
    }
    row(list, "ours", sin_cos, largest_error(sin_cos));
    row(list, "idsp", idsp_sin_cos, largest_error(idsp_sin_cos));
    row(list, "foc", cordic_sin_cos, largest_error(cordic_sin_cos));
}

/// Rows of the motor.
pub(crate) fn currents(list: &mut Vec<Contestant<'_>>) {
    const WORK: &str = "FOC, Halls and currents to duties";
    fn peer(mut motor: impl Motor) -> impl FnMut(&LevitationInputs) -> f32 {
        move |samples| motor.step(samples, TORQUE_CURRENT_A).iter().sum()
    }
    if let Ok(mut ours) = MotorDrive::new(&MotorConfig::ECMO_50, 50e-6) {
        add(list, WORK, "ours", "", move |samples| {
            let input = MotorInput {
                angle_hall_v: Some(&samples.angle_hall_v),
                phase_current_a: Some(&samples.phase_current_a),
                bus_voltage_v: samples.bus_voltage_v,
                torque_current_reference_a: TORQUE_CURRENT_A,
                flux_current_reference_a: 0.0,
                foreign_torque_a: 0.0,
                imposed_a: None,
                enable: true,
            };
            ours.step(&input).phase_duty.iter().sum()
        });
    }
    add(list, WORK, "idsp", "", peer(BlockMotor::<IdspBlocks>::new()));
    add(list, WORK, "biquad", "", peer(BlockMotor::<BiquadBlocks>::new()));
    add(list, WORK, "pid", "", peer(BlockMotor::<PidBlocks>::new()));
    add(list, WORK, "foc", "", peer(FocCrate::new()));
}
