// SPDX-License-Identifier: Apache-2.0
//! Flow from the torque that the motor's observer reports, on the simulated pump: noise, offsets and errors of the drive included.

mod bench;

use bench::Bench;
use levitas_core::circulation::estimate::{Estimate, PumpEstimator, PumpMap};
use levitas_core::mail::LevitationMail;
use levitas_core::task::supervisor::Command;
use levitas_core::units::RPM_PER_RAD_PER_S;

/// The estimator beside a unit that pumps.
struct Beside {
    bench: Bench,
    estimator: PumpEstimator,
    has_meter: bool,
    has_head: bool,
}

impl Beside {
    /// Pumps at a speed; the last estimate and the true flow, both as means of the last second.
    fn pump(&mut self, speed_rpm: f32, duration_s: f64) -> (Estimate, f64, f64) {
        self.bench.command(Command::speed(speed_rpm));
        let (estimator, has_meter, has_head) = (&mut self.estimator, self.has_meter, self.has_head);
        let (mut tick, mut last, mut sums, mut count) = (0_u64, None, [0.0; 2], 0.0);
        self.bench.run(duration_s, |truth, host| {
            tick += 1;
            if !tick.is_multiple_of(200) {
                return;
            }
            let reported: LevitationMail = host.mail.levitation.read().expect("it runs").1;
            let estimate = estimator.update(
                reported.rotor_speed_rad_per_s * RPM_PER_RAD_PER_S,
                reported.load_torque_n_m,
                has_head.then_some(truth.head_mmhg as f32),
                has_meter.then_some(truth.flow_lpm as f32),
                0.01,
            );
            last = Some(estimate);
            if tick as f64 * levitas_world::STEP_S > duration_s - 1.0 {
                sums = [sums[0] + f64::from(estimate.flow_lpm), sums[1] + truth.flow_lpm];
                count += 1.0;
            }
        });
        (last.expect("it ran"), sums[0] / count, sums[1] / count)
    }
}

#[test]
fn the_flow_of_the_simulated_pump_is_known_without_its_meter() {
    let mut beside = Beside {
        bench: Bench::nominal(3).levitated(),
        estimator: PumpEstimator::new(&PumpMap::ECMO_50).unwrap(),
        has_meter: true,
        has_head: true,
    };
    for speed_rpm in [3400.0, 3700.0, 4000.0, 3600.0] {
        beside.pump(speed_rpm, 4.0);
    }
    beside.has_meter = false;
    for (has_head, speed_rpm) in
        [(true, 3100.0), (true, 4300.0), (false, 3100.0), (false, 4300.0), (false, 3600.0)]
    {
        beside.has_head = has_head;
        let (estimate, mean_lpm, true_lpm) = beside.pump(speed_rpm, 4.0);
        let off_lpm = (mean_lpm - true_lpm).abs();
        let text = format!("head {has_head}, {speed_rpm} rpm: {mean_lpm:.3} of {true_lpm:.3}, {estimate:?}");
        println!("{text}");
        assert!(true_lpm > 1.0 && off_lpm < 0.1 * true_lpm, "{text}");
        assert!(off_lpm < 3.0 * f64::from(estimate.flow_sd_lpm), "{text}");
    }
}
