// SPDX-License-Identifier: Apache-2.0
//! One axis of a peer's whole bearing, for `bench_whole.rs`: the core's Hall pair, runout, notch and current watch around a
//! [`Linear`] part, with outliers and bus limit written as in the core.

use levitas_core::bearing::BearingConfig;
use levitas_core::bearing::current_watch::CurrentWatch;
use levitas_core::bearing::displacement::{HallPair, PairCalibration, Seen};
use levitas_core::bearing::runout::Runout;
use levitas_core::bearing::turn::Turn;
use levitas_core::mail::limit;
use levitas_core::math::{exp_of_minus, saturate};
use levitas_world::STEP_S;

use crate::bench_bearing::{Linear, Notch};

/// As in the core.
const TOUCHDOWN_FRACTION: f32 = 0.95;
pub(crate) const DUTY_MAX: f32 = 0.97;
const OUTLIER_FRACTION: f32 = 0.02;
const ROUGH_FRACTION: f32 = 0.06;
const OUTLIERS_MAX: u32 = 3;

/// Numbers that both axes have in common.
#[derive(Clone, Copy)]
pub(crate) struct Common {
    outlier_m: f32,
    rough_m: f32,
    force_current_n_per_a: f32,
    decay: f32,
    a_per_v: f32,
    pub(crate) radius_m: f32,
}

impl Common {
    pub(crate) fn new(config: &BearingConfig) -> Self {
        let decay = exp_of_minus(config.coil_resistance_ohm * STEP_S as f32 / config.coil_inductance_h);
        Self {
            outlier_m: OUTLIER_FRACTION * config.clearance_m,
            rough_m: ROUGH_FRACTION * config.clearance_m,
            force_current_n_per_a: config.force_current_n_per_a,
            decay,
            a_per_v: (1.0 - decay) / config.coil_resistance_ohm,
            radius_m: TOUCHDOWN_FRACTION * config.clearance_m,
        }
    }
}

/// One axis.
#[derive(Clone)]
pub(crate) struct PeerAxis<L> {
    pub(crate) hall: HallPair,
    runout: Runout,
    notch: Notch,
    pub(crate) watch: CurrentWatch,
    linear: L,
    /// Displacement with what the notch adds, the last one that was believed.
    believed_m: f32,
    added_m: f32,
    outliers: u32,
    pub(crate) blind_periods: u32,
    pub(crate) voltage_v: f32,
    pub(crate) predicted_a: f32,
}

impl<L: Linear> PeerAxis<L> {
    pub(crate) fn new(config: &BearingConfig, pair: &PairCalibration, runout: Runout, turn: u32) -> Self {
        Self {
            hall: HallPair::new(config, pair, STEP_S as f32),
            runout,
            notch: Notch::new(config, turn),
            watch: CurrentWatch::default(),
            linear: L::new(config, STEP_S),
            believed_m: 0.0,
            added_m: 0.0,
            outliers: 0,
            blind_periods: 0,
            voltage_v: 0.0,
            predicted_a: 0.0,
        }
    }

    /// Takes in what the Halls show.
    pub(crate) fn observe(
        &mut self,
        seen: Option<&Seen>,
        turn: &Turn,
        other: &HallPair,
        settles: bool,
        common: &Common,
    ) {
        self.added_m = self.notch.added_m(turn);
        let expected_m = self.believed_m - self.added_m + self.runout.at_m(turn);
        let innovation_m = seen.and_then(|seen| {
            let mean_current_a = self.notch.mean_current_a();
            let shown_m = expected_m - seen.injected_m;
            self.hall.innovation_m(seen, shown_m, mean_current_a, &other.voter, settles)
        });
        match innovation_m {
            Some(innovation_m) if self.hall.voter.is_rough() => {
                self.believe(saturate(innovation_m, common.rough_m));
            }
            Some(innovation_m) if innovation_m.abs() <= common.outlier_m || self.outliers >= OUTLIERS_MAX => {
                self.outliers = 0;
                self.believe(innovation_m);
            }
            _ => {
                self.outliers += u32::from(innovation_m.is_some());
                self.blind_periods = self.blind_periods.saturating_add(1);
            }
        }
    }

    fn believe(&mut self, innovation_m: f32) {
        self.believed_m += innovation_m;
        self.blind_periods = 0;
    }

    /// Takes in the screened current and gives the voltage that the linear part wants [V].
    pub(crate) fn wanted_v(&mut self, screened_a: Option<f32>, turn: &Turn, common: &Common) -> f32 {
        let rough = self.hall.voter.is_rough();
        let mut current_a = self.predicted_a;
        if let Some(screened_a) = screened_a {
            let innovation_a = screened_a - self.predicted_a;
            let share = self.watch.share(screened_a, innovation_a, rough);
            // What is half believed in ours is so in the linear part.
            current_a = if rough { current_a + share * innovation_a } else { screened_a };
        }
        let disturbance_n = common.force_current_n_per_a * self.notch.mean_current_a();
        self.notch.learn(turn, current_a, disturbance_n, screened_a.is_some() && !rough);
        self.predicted_a = common.decay * current_a + common.a_per_v * self.voltage_v;
        self.watch.drive(self.predicted_a - current_a);
        self.linear.voltage_v(self.believed_m, current_a)
    }

    /// The duty that the bus allows, and whether it limits.
    pub(crate) fn duty(&mut self, wanted_v: f32, voltage_v_max: f32, duty_per_v: f32) -> (f32, u32) {
        self.voltage_v = saturate(wanted_v, voltage_v_max);
        (self.voltage_v * duty_per_v, if self.voltage_v == wanted_v { 0 } else { limit::COIL_VOLTAGE })
    }

    /// Where the rotor is [m].
    pub(crate) fn displacement_m(&self) -> f32 {
        self.believed_m - self.added_m
    }

    pub(crate) fn is_well(&self) -> bool {
        self.blind_periods == 0 && self.hall.voter.is_well() && self.watch.is_well()
    }
}

/// Gain of the PID and the PI as a part of what would hold: recorded currents do not follow their voltage, and a coil that
/// does not follow is called open. It does not change the time.
const PID_PART: f32 = 0.01;

/// A PID for the displacement over a PI for the current.
#[derive(Clone)]
pub(crate) struct PidAxis {
    displacement: pid::Pid<f32>,
    current: pid::Pid<f32>,
}

impl Linear for PidAxis {
    fn new(config: &BearingConfig, period_s: f64) -> Self {
        let (a_max, v_max) = (config.coil_current_a_max, DUTY_MAX * 48.0);
        let rate_hz = 1.0 / period_s as f32;
        let p = PID_PART * config.feedback_displacement_a_per_m;
        let d = PID_PART * config.feedback_velocity_a_s_per_m * rate_hz;
        let mut displacement = pid::Pid::new(0.0, a_max);
        displacement.p(p, a_max).i(0.01 * p, a_max).d(d, a_max);
        let mut current = pid::Pid::new(0.0, v_max);
        current.p(PID_PART * config.coil_inductance_h * rate_hz / 2.0, v_max).i(PID_PART * 0.01, v_max);
        Self { displacement, current }
    }

    fn voltage_v(&mut self, displacement_m: f32, current_a: f32) -> f32 {
        self.current.setpoint = self.displacement.next_control_output(displacement_m).output;
        self.current.next_control_output(current_a).output
    }
}
