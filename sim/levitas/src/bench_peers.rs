// SPDX-License-Identifier: Apache-2.0
//! Our steps beside the same work built from the crates that a user would pick: idsp, biquad, pid, foc.
//!
//! # Model
//! Samples are recorded from a run at 4000 rpm, four whole turns, and every contestant gets them in a circle. A round times
//! each contestant once over all samples, one after the other; shown is the median of [`ROUNDS`] rounds a step, and ours over
//! theirs: below one ours is faster.
//!
//! # What the peers do
//! The rows "same mathematics" are in `bench_bearing.rs`. The others have work of the same order: linear mathematics as far as a crate has blocks for it; what it has none for (Hall pairs, Clarke, Park, space
//! vectors) is written with our functions, so that only the blocks differ. Coefficients are any stable ones: they do not
//! change the time.
//!
//! | peer | bearing, each axis | motor, from Halls and phase currents |
//! |---|---|---|
//! | idsp | two notches; observer and feedback as two sections from displacement and two from current; clamped PI for the current | `atan2`, `cossin`, two clamped PI |
//! | biquad | the same sections, not clamped | our arc tangent and sine, two PI sections |
//! | pid | PID and PI: no observer, no notch | our arc tangent and sine, two PI |
//! | foc | none | our arc tangent, `Foc::update` in fixed point, angle taken as it is |
//!
//! No peer judges its samples, predicts over missed ones or over the delay, learns, limits and reports, or has states. Our
//! whole steps do; the time of that is in them. The parts (sine, one PI) are like against like.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use biquad::{Biquad as _, Coefficients};
use dsp_process::SplitProcess as _;
use fixed::types::I16F16;
use foc::pwm::SpaceVector;
use idsp::iir::{Biquad, BiquadClamp};
use levitas_core::mail::{BearingState, LevitationMail};
use levitas_core::math::{atan2, sin_cos};
use levitas_core::motor::space_vector::modulate;
use levitas_core::motor::transforms::{Abc, Dq, Rotation};
use levitas_core::motor::{MotorConfig, MotorDrive, MotorInput, SpeedConfig, SpeedControl, SpeedInput};
use levitas_core::ports::LevitationInputs;
use levitas_core::unit::Unit;

use crate::bench_bearing;

/// Rounds, of which the median is shown.
const ROUNDS: usize = 101;
/// Sections of an axis: two notches, two from displacement, two from current, one for the current.
const SECTIONS: usize = 7;
/// A stable section, b_0 b_1 b_2 and, with the sign of idsp, a_1 a_2.
const SECTION: [f32; 5] = [0.2, 0.1, 0.05, 0.9, -0.18];
/// A PI with a leak, as a section.
const PI: [f32; 5] = [0.52, -0.5, 0.0, 0.999, 0.0];
/// Displacement per volt of a pair, and pickup of a coil.
const M_PER_V: f32 = 0.5e-3;
const PICKUP_M_PER_A: f32 = 4e-6;
/// Pole pairs and torque current of the bench.
const POLE_PAIRS: f32 = 2.0;
const TORQUE_CURRENT_A: f32 = 1.0;

/// One way to do a piece of work: the result of a step is summed up, so that nothing is left out.
pub(crate) struct Contestant<'a> {
    work: &'static str,
    name: &'static str,
    step: Box<dyn FnMut(&LevitationInputs) -> f32 + 'a>,
    times_ns: Vec<f64>,
}

/// Two axes and a motor, built from one peer.
trait Peer {
    fn section(&mut self, axis: usize, index: usize, value: f32) -> f32;
    fn pi(&mut self, component: usize, error: f32) -> f32;
    /// Electrical angle of the Hall pair as a rotation.
    fn rotation(&mut self, hall_v: [f32; 2]) -> Rotation {
        let [cosine, sine] = hall_v;
        let (sin, cos) = sin_cos(POLE_PAIRS * atan2(sine, cosine));
        Rotation { cos, sin }
    }

    fn bearing(&mut self, samples: &LevitationInputs) -> [f32; 2] {
        let [x_plus, x_minus, y_plus, y_minus] = samples.displacement_hall_v;
        let [i_x, i_y] = samples.coil_current_a;
        let pairs = [(x_plus - x_minus, i_x, i_y), (y_plus - y_minus, i_y, i_x)];
        let mut duty = [0.0; 2];
        for (axis, (pair_v, own_a, other_a)) in pairs.into_iter().enumerate() {
            duty[axis] = self.axis(axis, pair_v, own_a, other_a) / samples.bus_voltage_v;
        }
        duty
    }

    /// Voltage of one coil [V].
    fn axis(&mut self, axis: usize, pair_v: f32, own_a: f32, other_a: f32) -> f32 {
        let displacement_m = pair_v * M_PER_V - PICKUP_M_PER_A * (own_a + 0.3 * other_a);
        let notched_m = self.section(axis, 0, displacement_m);
        let notched_m = self.section(axis, 1, notched_m);
        let reference_a = self.section(axis, 2, notched_m)
            + self.section(axis, 3, notched_m)
            + self.section(axis, 4, own_a)
            + self.section(axis, 5, own_a);
        self.section(axis, 6, reference_a.clamp(-6.0, 6.0) - own_a)
    }

    fn motor(&mut self, samples: &LevitationInputs) -> [f32; 3] {
        let rotor = self.rotation(samples.angle_hall_v);
        let [a, b, c] = samples.phase_current_a;
        let current = Abc { a, b, c }.to_alpha_beta().to_dq(rotor);
        let (d, q) = (self.pi(0, -current.d), self.pi(1, TORQUE_CURRENT_A - current.q));
        let Abc { a, b, c } = modulate(Dq { d, q }.to_alpha_beta(rotor), samples.bus_voltage_v).duty;
        [a, b, c]
    }
}

/// idsp: transposed direct form, the last section and the PI clamped.
struct Idsp {
    section: Biquad<f32>,
    clamped: BiquadClamp<f32>,
    pi: BiquadClamp<f32>,
    axes: [[idsp::iir::DirectForm2Transposed<f32>; SECTIONS]; 2],
    components: [idsp::iir::DirectForm2Transposed<f32>; 2],
}

impl Idsp {
    fn new() -> Self {
        let clamped =
            |section: [f32; 5]| BiquadClamp { coeff: Biquad::from(section), u: 0.0, min: -46.0, max: 46.0 };
        Self {
            section: Biquad::from(SECTION),
            clamped: clamped(SECTION),
            pi: clamped(PI),
            axes: Default::default(),
            components: Default::default(),
        }
    }
}

impl Peer for Idsp {
    fn section(&mut self, axis: usize, index: usize, value: f32) -> f32 {
        let state = &mut self.axes[axis][index];
        if index + 1 == SECTIONS {
            self.clamped.process(state, value)
        } else {
            self.section.process(state, value)
        }
    }

    fn pi(&mut self, component: usize, error: f32) -> f32 {
        self.pi.process(&mut self.components[component], error)
    }

    fn rotation(&mut self, [cosine, sine]: [f32; 2]) -> Rotation {
        const FULL: f32 = 2_147_483_648.0;
        let angle = idsp::atan2((sine * 0.5 * FULL) as i32, (cosine * 0.5 * FULL) as i32);
        let (cos, sin) = idsp::cossin(angle.wrapping_mul(POLE_PAIRS as i32));
        Rotation { cos: cos as f32 / FULL, sin: sin as f32 / FULL }
    }
}

/// biquad: transposed direct form.
struct Sections {
    axes: [[biquad::DirectForm2Transposed<f32>; SECTIONS]; 2],
    components: [biquad::DirectForm2Transposed<f32>; 2],
}

impl Sections {
    fn new() -> Self {
        let section = |[b0, b1, b2, a1, a2]: [f32; 5]| {
            biquad::DirectForm2Transposed::new(Coefficients { a1: -a1, a2: -a2, b0, b1, b2 })
        };
        Self { axes: [[section(SECTION); SECTIONS]; 2], components: [section(PI); 2] }
    }
}

impl Peer for Sections {
    fn section(&mut self, axis: usize, index: usize, value: f32) -> f32 {
        self.axes[axis][index].run(value)
    }

    fn pi(&mut self, component: usize, error: f32) -> f32 {
        self.components[component].run(error)
    }
}

/// pid: controllers only; an axis is a PID for the displacement and a PI for the current.
struct Pids {
    displacement: [pid::Pid<f32>; 2],
    current: [pid::Pid<f32>; 2],
    components: [pid::Pid<f32>; 2],
}

/// A controller of the crate pid.
fn pid_of(p: f32, i: f32, d: f32, limit: f32) -> pid::Pid<f32> {
    let mut controller = pid::Pid::new(0.0, limit);
    controller.p(p, limit).i(i, limit).d(d, limit);
    controller
}

impl Pids {
    fn new() -> Self {
        Self {
            displacement: [pid_of(5600.0, 1.0, 13.0 * 20e3, 6.0); 2],
            current: [pid_of(20.0, 0.5, 0.0, 46.0); 2],
            components: [pid_of(2.0, 0.1, 0.0, 27.0); 2],
        }
    }
}

impl Peer for Pids {
    fn section(&mut self, _: usize, _: usize, value: f32) -> f32 {
        value
    }

    fn axis(&mut self, axis: usize, pair_v: f32, own_a: f32, other_a: f32) -> f32 {
        let displacement_m = pair_v * M_PER_V - PICKUP_M_PER_A * (own_a + 0.3 * other_a);
        self.current[axis].setpoint = self.displacement[axis].next_control_output(displacement_m).output;
        self.current[axis].next_control_output(own_a).output
    }

    fn pi(&mut self, component: usize, error: f32) -> f32 {
        self.components[component].next_control_output(-error).output
    }
}

/// foc: the motor alone.
struct FocCrate(foc::Foc<SpaceVector, 1000>);

impl FocCrate {
    fn new() -> Self {
        let pi = || foc::pid::PIController::new(I16F16::from_num(0.05), I16F16::from_num(0.001));
        Self(foc::Foc::new(pi(), pi()))
    }

    fn motor(&mut self, samples: &LevitationInputs) -> f32 {
        let [cosine, sine] = samples.angle_hall_v;
        let angle = I16F16::from_num(POLE_PAIRS * atan2(sine, cosine));
        let [a, b, _] = samples.phase_current_a.map(I16F16::from_num);
        let wanted = I16F16::from_num(TORQUE_CURRENT_A);
        let [a, b, c] = self.0.update([a, b], angle, wanted, I16F16::from_num(0.001));
        f32::from(a) + f32::from(b) + f32::from(c)
    }
}

/// The table of all contestants; `unit` flies at the speed of the samples.
pub(crate) fn table(
    unit: &mut Unit,
    samples: &[LevitationInputs],
    without_notch: &[LevitationInputs],
) -> String {
    let mut contestants = contestants(unit, without_notch);
    for _ in 0..ROUNDS {
        for contestant in &mut contestants {
            let samples = if contestant.work == bench_bearing::WORK { without_notch } else { samples };
            let started = Instant::now();
            let sum: f32 = samples.iter().map(|samples| (contestant.step)(black_box(samples))).sum();
            black_box(sum);
            contestant.times_ns.push(started.elapsed().as_nanos() as f64 / samples.len() as f64);
        }
    }
    let mut text =
        format!("\n  {:34} {:12} {:>8} {:>14}\n", "the same work, median", "by", "ns", "ours / theirs");
    let (mut ours_ns, mut linear_ns) = (0.0, 0.0);
    for contestant in &mut contestants {
        contestant.times_ns.sort_by(f64::total_cmp);
        let median_ns = contestant.times_ns[ROUNDS / 2];
        if contestant.name == "ours" {
            ours_ns = median_ns;
        }
        let ratio = ours_ns / median_ns;
        let _ =
            write!(text, "  {:34} {:12} {median_ns:>8.1} {ratio:>14.2}", contestant.work, contestant.name);
        if contestant.name == bench_bearing::LINEAR {
            linear_ns = median_ns;
        } else if contestant.work == bench_bearing::WORK && linear_ns > 0.0 {
            let _ = write!(text, "   linear / theirs {:.2}", linear_ns / median_ns);
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "  a peer's steps are linear mathematics alone, ours judge, learn, limit and report: see bench_peers.rs\n  \
         bearing, same mathematics: outputs agree (test), two axes with notch; ours is the whole step with vote, limits,\n  \
         faults and states, `ours, linear` the core's equations alone; pid cannot: see bench_bearing.rs"
    );
    drop(contestants);
    let flies = unit
        .mail
        .levitation
        .read::<LevitationMail>()
        .is_some_and(|(_, mail)| mail.state == BearingState::Levitated as u32);
    if !flies {
        text += "  our unit did not stay levitated: its levitation step was not the whole one\n";
    }
    text
}

fn contestants<'a>(unit: &'a mut Unit, without_notch: &[LevitationInputs]) -> Vec<Contestant<'a>> {
    let mut list = Vec::new();
    rotations(&mut list);
    currents(&mut list);
    speeds(&mut list);
    bench_bearing::rows(&mut list, without_notch);
    levitations(&mut list, unit);
    list
}

pub(crate) fn add<'a>(
    list: &mut Vec<Contestant<'a>>,
    work: &'static str,
    name: &'static str,
    step: impl FnMut(&LevitationInputs) -> f32 + 'a,
) {
    list.push(Contestant { work, name, step: Box::new(step), times_ns: Vec::with_capacity(ROUNDS) });
}

/// Sine and cosine of an angle.
fn rotations(list: &mut Vec<Contestant<'_>>) {
    const WORK: &str = "sine and cosine of an angle";
    add(list, WORK, "ours", |samples| {
        let (sin, cos) = sin_cos(samples.angle_hall_v[0]);
        sin + cos
    });
    add(list, WORK, "idsp", |samples| {
        let (cos, sin) = idsp::cossin((samples.angle_hall_v[0] * 683_565_275.6) as i32);
        cos as f32 + sin as f32
    });
    add(list, WORK, "foc", |samples| {
        let (sin, cos) = cordic::sin_cos(I16F16::from_num(samples.angle_hall_v[0]));
        (sin + cos).to_num()
    });
}

/// Halls and phase currents in, three duties out.
fn currents(list: &mut Vec<Contestant<'_>>) {
    const WORK: &str = "FOC, Halls and currents to duties";
    if let Ok(mut ours) = MotorDrive::new(&MotorConfig::ECMO_50, 50e-6) {
        add(list, WORK, "ours", move |samples| {
            let input = MotorInput {
                angle_hall_v: Some(&samples.angle_hall_v),
                phase_current_a: Some(&samples.phase_current_a),
                bus_voltage_v: samples.bus_voltage_v,
                torque_current_reference_a: TORQUE_CURRENT_A,
                flux_current_reference_a: 0.0,
                imposed_a: None,
                enable: true,
            };
            ours.step(&input).phase_duty.iter().sum()
        });
    }
    let (mut idsp, mut sections, mut pids, mut foc) =
        (Idsp::new(), Sections::new(), Pids::new(), FocCrate::new());
    add(list, WORK, "idsp", move |samples| idsp.motor(samples).iter().sum());
    add(list, WORK, "biquad", move |samples| sections.motor(samples).iter().sum());
    add(list, WORK, "pid", move |samples| pids.motor(samples).iter().sum());
    add(list, WORK, "foc", move |samples| foc.motor(samples));
}

/// The speed step.
fn speeds(list: &mut Vec<Contestant<'_>>) {
    const WORK: &str = "speed step";
    let speed = |samples: &LevitationInputs| 400.0 + samples.angle_hall_v[0];
    if let Ok(mut ours) = SpeedControl::new(&SpeedConfig::ECMO_50, &MotorConfig::ECMO_50, 1e-3) {
        add(list, WORK, "ours", move |samples| {
            let input = SpeedInput {
                setpoint_rpm: 4000.0,
                speed_rad_per_s: speed(samples),
                load_torque_n_m: 0.02,
                bus_voltage_v: samples.bus_voltage_v,
                torque_current_limit_a: 6.0,
                sensorless: false,
                enable: true,
            };
            ours.step(&input).torque_current_reference_a
        });
    }
    let (mut idsp, mut sections, mut pids) = (Idsp::new(), Sections::new(), Pids::new());
    add(list, WORK, "idsp", move |samples| idsp.pi(0, 419.0 - speed(samples)));
    add(list, WORK, "biquad", move |samples| sections.pi(0, 419.0 - speed(samples)));
    add(list, WORK, "pid", move |samples| pids.pi(0, 419.0 - speed(samples)));
}

/// The whole levitation step.
fn levitations<'a>(list: &mut Vec<Contestant<'a>>, unit: &'a mut Unit) {
    const WORK: &str = "levitation step, two axes and FOC";
    let mut sample_count = 0;
    add(list, WORK, "ours", move |samples| {
        sample_count += 1;
        let outputs = unit.step_levitation(&LevitationInputs { sample_count, ..*samples });
        outputs.coil_duty[0] + outputs.phase_duty[0]
    });
    fn both(peer: &mut impl Peer, samples: &LevitationInputs) -> f32 {
        peer.bearing(samples)[0] + peer.motor(samples)[0]
    }
    let (mut idsp, mut sections, mut pids) = (Idsp::new(), Sections::new(), Pids::new());
    add(list, WORK, "idsp", move |samples| both(&mut idsp, samples));
    add(list, WORK, "biquad", move |samples| both(&mut sections, samples));
    add(list, WORK, "pid", move |samples| both(&mut pids, samples));
    let (mut axes, mut foc) = (Idsp::new(), FocCrate::new());
    add(list, WORK, "idsp + foc", move |samples| axes.bearing(samples)[0] + foc.motor(samples));
}
