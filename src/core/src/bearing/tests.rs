// SPDX-License-Identifier: Apache-2.0
//! The bearing in closed loop with a free mass between walls; the whole plant is in `levitas-world`.

use super::*;

const PERIOD_S: f32 = 50e-6;

/// What the bearing gets of one period.
struct Sample {
    hall_v: Option<[f32; 4]>,
    coil_current_a: Option<[f32; 2]>,
    request: LevitateRequest,
}

impl Sample {
    fn input(&self) -> BearingInput<'_> {
        BearingInput {
            hall_v: self.hall_v.as_ref(),
            coil_current_a: self.coil_current_a.as_ref(),
            bus_voltage_v: 48.0,
            missed: 0,
            rotor: None,
            foreign_current_a: None,
            waits: false,
            request: self.request,
            excitation: &crate::probe::Excitation::None,
        }
    }
}

/// A mass with negative stiffness, two coils with one period of delay, walls at the clearance.
struct Mass {
    position_m: [f32; 2],
    velocity_m_per_s: [f32; 2],
    current_a: [f32; 2],
    acting_v: [f32; 2],
    force_n: [f32; 2],
    samples: u32,
}

impl Mass {
    fn lying_at(angle_rad: f32) -> Self {
        let position_m = [0.5e-3 * angle_rad.cos(), 0.5e-3 * angle_rad.sin()];
        Self {
            position_m,
            velocity_m_per_s: [0.0; 2],
            current_a: [0.0; 2],
            acting_v: [0.0; 2],
            force_n: [0.0; 2],
            samples: 0,
        }
    }

    /// A converter never shows the same twice for long: a tenth of a step of noise.
    fn noise(&self, channel: u32, size: f32) -> f32 {
        let mixed = (self.samples ^ channel.wrapping_mul(0x9e37)).wrapping_mul(2_654_435_761) >> 16;
        size * (mixed as f32 / 32_768.0 - 1.0)
    }

    fn sample(&mut self) -> Sample {
        self.samples += 1;
        let measured = [0, 1].map(|axis| {
            self.position_m[axis] + 5e-6 * self.current_a[axis] + 1e-6 * self.current_a[1 - axis]
        });
        let halls = measured.map(|x_m| [1.65 + 1e3 * x_m, 1.65 - 1e3 * x_m]);
        let halls = [halls[0][0], halls[0][1], halls[1][0], halls[1][1]];
        Sample {
            hall_v: Some([0, 1, 2, 3].map(|channel| halls[channel] + self.noise(channel as u32, 1e-4))),
            coil_current_a: Some([0, 1].map(|axis| self.current_a[axis] + self.noise(4 + axis as u32, 4e-4))),
            request: LevitateRequest::Levitate,
        }
    }

    fn advance(&mut self, output: &BearingOutput) {
        for _ in 0..10 {
            let dt_s = PERIOD_S / 10.0;
            let radius_m = self.position_m[0].hypot(self.position_m[1]);
            for axis in 0..2 {
                let emf_v = 8.0 * self.velocity_m_per_s[axis];
                let driving_v = self.acting_v[axis] - self.current_a[axis] - emf_v;
                self.current_a[axis] += driving_v / 2e-3 * dt_s;
                let depth_m = (radius_m - 0.5e-3).max(0.0);
                let wall_n = if depth_m > 0.0 {
                    -self.position_m[axis] / radius_m * 1e6 * depth_m - 30.0 * self.velocity_m_per_s[axis]
                } else {
                    0.0
                };
                let force_n =
                    15e3 * self.position_m[axis] + 8.0 * self.current_a[axis] + self.force_n[axis] + wall_n;
                self.velocity_m_per_s[axis] += force_n / 0.1239 * dt_s;
                self.position_m[axis] += self.velocity_m_per_s[axis] * dt_s;
            }
        }
        self.acting_v = if output.gate { output.coil_duty.map(|duty| duty * 48.0) } else { [0.0; 2] };
    }

    fn radius_um(&self) -> f32 {
        self.position_m[0].hypot(self.position_m[1]) * 1e6
    }
}

struct Bench {
    bearing: Bearing,
    mass: Mass,
}

impl Bench {
    fn lying_at(angle_rad: f32) -> Self {
        let bearing = Bearing::new(&BearingConfig::ECMO_50, PERIOD_S).unwrap();
        let mut bench = Self { bearing, mass: Mass::lying_at(angle_rad) };
        bench.run_with(0.01, |sample| sample.request = LevitateRequest::Off);
        bench
    }

    fn levitated() -> Self {
        let mut bench = Self::lying_at(0.3);
        bench.run(0.1);
        assert_eq!(bench.bearing.state(), BearingState::Levitated);
        bench
    }

    fn run(&mut self, duration_s: f32) -> f32 {
        self.run_with(duration_s, |_| {})
    }

    /// Runs and returns the largest radius [um].
    fn run_with(&mut self, duration_s: f32, change: impl Fn(&mut Sample)) -> f32 {
        let mut peak_um = 0.0_f32;
        for _ in 0..(duration_s / PERIOD_S).round() as u32 {
            let mut sample = self.mass.sample();
            change(&mut sample);
            let output = self.bearing.step(&sample.input());
            self.mass.advance(&output);
            peak_um = peak_um.max(self.mass.radius_um());
        }
        peak_um
    }
}

#[test]
fn it_lifts_off_from_anywhere_and_settles() {
    for index in 0..24 {
        let mut bench = Bench::lying_at(index as f32 * core::f32::consts::TAU / 24.0);
        bench.mass.force_n = [0.6, -0.8];
        bench.run(0.06);
        assert_eq!(bench.bearing.state(), BearingState::Levitated, "{index}");
        assert_eq!(bench.bearing.touchdown_count(), 0);
        assert!(bench.run(0.02) < 5.0);
    }
}

#[test]
fn a_20_n_step_moves_it_65_um_and_leaves_no_error() {
    let mut bench = Bench::levitated();
    bench.mass.force_n = [20.0, 0.0];
    let peak_um = bench.run(0.05);
    assert!(peak_um < 70.0, "{peak_um}");
    // The pickup that is left on purpose shifts the centre: 2.5 A times 1.4 um/A.
    let left = 1.0 - BearingConfig::ECMO_50.coil_pickup_taken_off;
    let left_um = 2.5 * left * BearingConfig::ECMO_50.coil_pickup_m_per_a * 1e6;
    assert!((bench.mass.position_m[0] * 1e6 - left_um).abs() < 0.3, "{:?}, {left_um}", bench.mass.position_m);
    let [x, y] = bench.bearing.axes();
    assert!((x.disturbance_n - 20.0).abs() < 0.2 && y.disturbance_n.abs() < 0.2, "{x:?} {y:?}");
}

#[test]
fn too_much_force_is_a_touchdown_and_it_comes_back() {
    let mut bench = Bench::levitated();
    bench.mass.force_n = [80.0, 0.0];
    bench.run(0.02);
    assert!(bench.bearing.touchdown_count() >= 1);
    bench.mass.force_n = [1.0, 0.0];
    // Nobody knows the speed here, so the second try comes after a second.
    bench.run(1.2);
    assert_eq!(bench.bearing.state(), BearingState::Levitated);
    assert!(bench.mass.radius_um() < 5.0);
}

#[test]
fn half_a_millisecond_without_halls_or_currents_is_carried_by_the_model() {
    let mut bench = Bench::levitated();
    bench.mass.force_n = [1.0, 0.0];
    bench.run(0.05);
    let peak_um = bench.run_with(0.0005, |sample| (sample.hall_v, sample.coil_current_a) = (None, None));
    assert!(peak_um.max(bench.run(0.02)) < 30.0);
    assert_eq!(bench.bearing.touchdown_count(), 0);
}

#[test]
fn faults_are_named() {
    let mut bench = Bench::levitated();
    let mut sample = bench.mass.sample();
    sample.hall_v = Some([0.0, 1.65, 1.651, 1.651]);
    assert_eq!(bench.bearing.step(&sample.input()).faults, fault::HALL_ELEMENT);
    sample.hall_v = Some([0.0, 3.3, 1.65, 1.65]);
    assert_eq!(bench.bearing.step(&sample.input()).faults, fault::HALL_ELEMENT | fault::DISPLACEMENT);
    sample.coil_current_a = None;
    assert_eq!(
        bench.bearing.step(&sample.input()).faults,
        fault::HALL_ELEMENT | fault::DISPLACEMENT | fault::CURRENT
    );
}

#[test]
fn landing_sets_it_down_where_it_is_pushed_and_opens_the_coils() {
    let mut bench = Bench::levitated();
    bench.mass.force_n = [0.0, 1.0];
    bench.run(0.05);
    bench.run_with(0.15, |sample| sample.request = LevitateRequest::Land);
    assert_eq!(bench.bearing.state(), BearingState::Off);
    assert!(bench.mass.position_m[1] > 0.45e-3, "{:?}", bench.mass.position_m);
    assert_eq!(bench.bearing.touchdown_count(), 0);
}

#[test]
fn signs_of_force_and_displacement() {
    let mut bench = Bench::levitated();
    bench.mass.force_n = [0.0, 4.0];
    bench.run(0.002);
    // Pushed toward +y: the y Halls and the estimate say so, and the current pulls back.
    assert!(bench.mass.position_m[1] > 1e-6 && bench.bearing.displacement_m()[1] > 1e-6);
    bench.run(0.05);
    assert!((bench.mass.current_a[1] + 0.5).abs() < 0.01, "{:?}", bench.mass.current_a);
    // Positive duty is positive current.
    let output = bench.bearing.step(&bench.mass.sample().input());
    assert!(output.coil_duty[1] < 0.0);
}

#[test]
fn one_absurd_hall_sample_hardly_moves_the_rotor() {
    for absurd_v in [0.4, 1.0, 1.3, 1.6] {
        let mut bench = Bench::levitated();
        let absurd = |sample: &mut Sample| {
            sample.hall_v = Some([1.65 + absurd_v / 2.0, 1.65 - absurd_v / 2.0, 1.65, 1.65])
        };
        let peak_um = bench.run_with(PERIOD_S, absurd).max(bench.run(0.05));
        assert!(peak_um < 5.0, "{absurd_v} V: {peak_um} um");
        assert_eq!(bench.bearing.touchdown_count(), 0, "{absurd_v} V");
    }
}

#[test]
fn a_frozen_pair_is_named() {
    let mut bench = Bench::levitated();
    let frozen = bench.mass.sample().hall_v;
    bench.mass.force_n = [5.0, 0.0];
    let mut named_after_s = None;
    for period in 0..4000 {
        let sample = Sample { hall_v: frozen, ..bench.mass.sample() };
        let output = bench.bearing.step(&sample.input());
        bench.mass.advance(&output);
        if output.faults != 0 && named_after_s.is_none() {
            named_after_s = Some(period as f32 * PERIOD_S);
        }
    }
    assert!(named_after_s.is_some_and(|after_s| after_s < 0.1), "{named_after_s:?}");
}

#[test]
fn a_drive_that_was_never_calibrated_is_read_from_both_halls() {
    // The mids of x are 20 mV off, upward; the sensors of the coil currents show 20 mA too much.
    let off = |input: &mut Sample| {
        if let (Some([x_plus_v, x_minus_v, ..]), Some(current_a)) =
            (&mut input.hall_v, &mut input.coil_current_a)
        {
            (*x_plus_v, *x_minus_v) = (*x_plus_v + 0.02, *x_minus_v + 0.02);
            *current_a = current_a.map(|current_a| current_a + 0.02);
        }
    };
    let mut bench = Bench::lying_at(0.3);
    let misread_um =
        |bench: &Bench| 1e6 * (bench.bearing.displacement_m()[0] - bench.mass.position_m[0]).abs();
    bench.run_with(1.0, |input| {
        off(input);
        input.request = LevitateRequest::Off;
    });
    assert!(misread_um(&bench) < 2.0, "in standby: {} um", misread_um(&bench));
    bench.mass.force_n = [3.0, 0.0];
    bench.run_with(1.0, off);
    assert_eq!(bench.bearing.state(), BearingState::Levitated);
    assert!(misread_um(&bench) < 2.0, "levitated: {} um", misread_um(&bench));
    let mut input = bench.mass.sample();
    off(&mut input);
    assert_eq!(bench.bearing.step(&input.input()).faults, fault::HALL_DRIFT);
}
