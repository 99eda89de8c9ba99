// SPDX-License-Identifier: Apache-2.0
//! Takes every step of a run and ends with its metrics.
//!
//! # Timing
//! The measuring window is known from the scenario (see `story`), so only its samples are kept.

use super::circulation::CirculationWatch;
use super::flow::FlowFigures;
use super::lift_off::{LiftOffWatch, Seen};
use super::thermal::ThermalFigures;
use super::{CLEARANCE_USE, Metrics, PairFigures, PairWatch, REALTIME_FACTOR};
use crate::analysis::{ac_rms, harmonic_amplitude, mean, rms, whole_revolutions};
use crate::channel::{Sample, UM_PER_M};
use crate::event_log::EventLog;
use crate::scenario::TARGETS;
use crate::story::{Act, Span, Story};

/// mL per L, and s per min.
const ML_PER_L: f64 = 1000.0;
const S_PER_MIN: f64 = 60.0;
/// A window below this length says nothing about a steady state [s].
const WINDOW_S_MIN: f64 = 0.05;
/// Mean speed below which the rotor counts as not turning [rpm].
const TURNING_RPM_MIN: f64 = 30.0;

/// The samples of the measuring window, one column each.
#[derive(Clone, Debug, Default)]
struct Window {
    position_um: [Vec<f64>; 2],
    current_a: [Vec<f64>; 2],
    angle_rad: Vec<f64>,
    speed_rpm: Vec<f64>,
    setpoint_rpm: Vec<f64>,
    head_mmhg: Vec<f64>,
    flow_lpm: Vec<f64>,
}

/// Measures a run while it goes on.
#[derive(Clone, Debug)]
pub struct Meter {
    story: Story,
    span: Span,
    step_s: f64,
    watch: LiftOffWatch,
    flow: FlowFigures,
    pair: PairWatch,
    window: Window,
    peak_radius_um: f64,
    axial_peak_um: f64,
    speed_peak_error_rpm: f64,
    bus_v: [f64; 2],
    drainage_min_mmhg: f64,
    return_max_mmhg: f64,
    circulation: CirculationWatch,
    thermal: ThermalFigures,
    volume_ml: f64,
    volume_max_ml: f64,
    reverse_ml: f64,
}

impl Meter {
    /// A meter of one run.
    #[must_use]
    pub fn new(story: &Story, step_s: f64) -> Self {
        Self {
            story: story.clone(),
            span: story.measuring_window(),
            step_s,
            watch: LiftOffWatch::new(story.clearance_m),
            flow: FlowFigures::default(),
            pair: PairWatch::default(),
            window: Window::default(),
            peak_radius_um: f64::NEG_INFINITY,
            axial_peak_um: f64::NEG_INFINITY,
            speed_peak_error_rpm: f64::NEG_INFINITY,
            bus_v: [f64::INFINITY, f64::NEG_INFINITY],
            drainage_min_mmhg: f64::INFINITY,
            return_max_mmhg: f64::NEG_INFINITY,
            thermal: ThermalFigures::NEW,
            circulation: CirculationWatch::new(story.first(Act::Disturb), step_s),
            volume_ml: 0.0,
            volume_max_ml: 0.0,
            reverse_ml: 0.0,
        }
    }

    /// The scenario acts; `sample` is the step before.
    pub fn act(&mut self, time_s: f64, act: Act, sample: &Sample) {
        match act {
            Act::LiftOff => self.watch.lift_off(time_s, sample, self.story.next_after(time_s)),
            Act::Land => self.watch.land(),
            Act::Disturb => self.flow.disturb(),
            Act::SetMode | Act::DisturbEnd => {}
        }
    }

    /// Takes one step; what it sees goes to the log.
    pub fn step(&mut self, sample: &Sample, log: &mut EventLog) {
        self.watch_pair(sample, log);
        self.flow.step(sample.time_s, sample.flow_setpoint_lpm, sample.flow_lpm);
        match self.watch.step(sample) {
            Some(Seen::LiftedOff(time_s)) => {
                let taken_ms = self.watch.duration_s().unwrap_or(0.0) * 1e3;
                log.push(
                    time_s,
                    "lifted_off",
                    format!("within 10 % of the clearance after {taken_ms:.1} ms"),
                );
            }
            Some(Seen::Touchdown) => {
                let speed_rpm = sample.speed_rpm;
                log.push(sample.time_s, "touchdown", format!("the rotor touched at {speed_rpm:.0} rpm"));
            }
            None => {}
        }
        if self.span.contains(sample.time_s) && self.watch.flying {
            self.window.push(sample);
        }
        let peak_from_s = self.story.first(Act::Disturb).or(self.watch.ended_s);
        if self.watch.flying && peak_from_s.is_some_and(|from_s| sample.time_s >= from_s) {
            self.peak_radius_um = self.peak_radius_um.max(sample.radius_m() * UM_PER_M);
        }
        if peak_from_s.is_some_and(|from_s| sample.time_s >= from_s) {
            let tilt_m = sample.tilt_rad[0].hypot(sample.tilt_rad[1]) * self.story.radius_m;
            self.axial_peak_um = self.axial_peak_um.max((sample.displacement_m[2].abs() + tilt_m) * UM_PER_M);
        }
        if self.story.first(Act::Disturb).is_some_and(|from_s| sample.time_s > from_s) {
            let error_rpm = (sample.speed_rpm - sample.speed_setpoint_rpm).abs();
            self.speed_peak_error_rpm = self.speed_peak_error_rpm.max(error_rpm);
        }
        self.bus_v = [self.bus_v[0].min(sample.bus_voltage_v), self.bus_v[1].max(sample.bus_voltage_v)];
        self.drainage_min_mmhg = self.drainage_min_mmhg.min(sample.drainage_pressure_mmhg);
        self.return_max_mmhg = self.return_max_mmhg.max(sample.return_pressure_mmhg);
        self.circulation.step(sample);
        self.thermal.step(sample.thermal);
        self.volume_ml += sample.flow_lpm * ML_PER_L / S_PER_MIN * self.step_s;
        self.volume_max_ml = self.volume_max_ml.max(self.volume_ml);
        self.reverse_ml = self.reverse_ml.max(self.volume_max_ml - self.volume_ml);
    }

    fn watch_pair(&mut self, sample: &Sample, log: &mut EventLog) {
        let before = self.pair.figures().count;
        self.pair.step(sample);
        if self.pair.figures().count != before {
            let who = self.pair.driver().and_then(|set| TARGETS.get(set)).unwrap_or(&"");
            log.push(sample.time_s, "takeover", format!("{who} drives the head"));
        }
    }

    /// Figures of the pair so far.
    #[must_use]
    pub fn pair(&self) -> &PairFigures {
        self.pair.figures()
    }

    /// Largest net backward excursion so far [mL].
    #[must_use]
    pub fn reverse_ml(&self) -> f64 {
        self.reverse_ml
    }

    /// Touchdowns so far.
    #[must_use]
    pub fn touchdowns(&self) -> u32 {
        self.watch.touchdowns
    }

    /// End of the first lift-off [s].
    #[must_use]
    pub fn lift_off_end_s(&self) -> Option<f64> {
        self.watch.ended_s
    }

    /// The metrics of the run.
    #[must_use]
    pub fn metrics(&self, realtime_factor: Option<f64>) -> Metrics {
        let mut metrics = Metrics::default();
        if let Some(duration_s) = self.watch.duration_s() {
            metrics.set("levitation.liftoff_s", duration_s);
            metrics.set("levitation.overshoot_um", self.watch.overshoot_um);
            metrics.set("levitation.touchdowns", f64::from(self.watch.touchdowns));
        }
        metrics.set("levitation.axial_peak_um", self.axial_peak_um);
        if self.window.speed_rpm.len() as f64 * self.step_s >= WINDOW_S_MIN {
            self.window.measure(&mut metrics);
        }
        if let Some(orbit_um) = metrics.get("levitation.orbit_peak_um") {
            metrics.set("levitation.peak_um", self.peak_radius_um - orbit_um);
            metrics.set(CLEARANCE_USE, 100.0 * orbit_um / (self.watch.clearance_m * UM_PER_M));
        }
        metrics.set("motor.speed_peak_error_rpm", self.speed_peak_error_rpm);
        metrics.set("motor.bus_min_v", self.bus_v[0]);
        metrics.set("motor.bus_max_v", self.bus_v[1]);
        self.flow.measure(&mut metrics);
        metrics.set("flow.reverse_ml", self.reverse_ml);
        metrics.set("pressure.drainage_min_mmhg", self.drainage_min_mmhg);
        metrics.set("pressure.return_max_mmhg", self.return_max_mmhg);
        self.circulation.enter(&mut metrics);
        self.thermal.enter(&mut metrics);
        if let Some(factor) = realtime_factor {
            metrics.set(REALTIME_FACTOR, factor);
        }
        metrics
    }
}

impl Window {
    fn push(&mut self, sample: &Sample) {
        for axis in 0..2 {
            self.position_um[axis].push(sample.displacement_m[axis] * UM_PER_M);
            self.current_a[axis].push(sample.coil_current_a[axis]);
        }
        self.angle_rad.push(sample.rotor_angle_rad);
        self.speed_rpm.push(sample.speed_rpm);
        self.setpoint_rpm.push(sample.speed_setpoint_rpm);
        self.head_mmhg.push(sample.head_mmhg);
        self.flow_lpm.push(sample.flow_lpm);
    }

    /// Enters the figures of the window, over whole revolutions when the rotor turns.
    fn measure(&self, metrics: &mut Metrics) {
        let turning = mean(&self.speed_rpm).abs() >= TURNING_RPM_MIN;
        let start = whole_revolutions(&self.angle_rad).filter(|_| turning).map(|(start, _)| start);
        let from = start.unwrap_or(0);
        let angle_rad = &self.angle_rad[from..];
        let [x_um, y_um] = [&self.position_um[0][from..], &self.position_um[1][from..]];
        let [x_a, y_a] = [&self.current_a[0][from..], &self.current_a[1][from..]];
        let radius_um = x_um.iter().zip(y_um).map(|(x, y)| x.hypot(*y)).fold(0.0, f64::max);
        metrics.set("levitation.orbit_peak_um", radius_um);
        metrics.set("levitation.rms_um", ac_rms(x_um).max(ac_rms(y_um)));
        metrics.set("levitation.current_rms_a", ac_rms(x_a).max(ac_rms(y_a)));
        metrics.set("levitation.current_dc_a", mean(x_a).abs().max(mean(y_a).abs()));
        if start.is_some() {
            let larger = |x: &[f64], y: &[f64], order| {
                harmonic_amplitude(x, angle_rad, order).max(harmonic_amplitude(y, angle_rad, order))
            };
            metrics.set("levitation.orbit_1x_um", larger(x_um, y_um, 1.0));
            metrics.set("levitation.sync_current_a", larger(x_a, y_a, 1.0));
            metrics.set("levitation.second_harmonic_current_a", larger(x_a, y_a, 2.0));
        }
        let error_rpm: Vec<f64> = self.speed_rpm[from..]
            .iter()
            .zip(&self.setpoint_rpm[from..])
            .map(|(speed, set)| speed - set)
            .collect();
        metrics.set("motor.speed_error_rpm_rms", rms(&error_rpm));
        metrics.set("pump.speed_rpm", mean(&self.speed_rpm[from..]));
        metrics.set("pump.head_mmhg", mean(&self.head_mmhg[from..]));
        metrics.set("flow.lpm", mean(&self.flow_lpm[from..]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::story::Mark;
    use std::f64::consts::TAU;

    const STEP_S: f64 = 50e-6;

    /// A rotor at 3000 rpm on a 10 um orbit about (2, 0) um, kicked by 40 um at 2 s, with 0.25 A DC and 3 mA 1x.
    fn made_up(time_s: f64) -> Sample {
        let angle = 50.0 * TAU * time_s;
        let kick = if (2.0..2.01).contains(&time_s) { 40e-6 } else { 0.0 };
        Sample {
            time_s,
            displacement_m: [2e-6 + 10e-6 * angle.cos() + kick, 10e-6 * angle.sin(), 0.0],
            rotor_angle_rad: angle,
            speed_rpm: 3001.0,
            speed_setpoint_rpm: 3000.0,
            coil_current_a: [0.25 + 0.003 * angle.cos(), 0.001 * (2.0 * angle).sin()],
            flow_lpm: if time_s < 1.0 { 4.0 } else { -0.6 },
            head_mmhg: 200.0,
            drainage_pressure_mmhg: -40.0 - time_s,
            return_pressure_mmhg: 150.0,
            ..Sample::default()
        }
    }

    fn measured(marks: Vec<Mark>) -> Metrics {
        let story = Story { duration_s: 3.0, clearance_m: 0.5e-3, radius_m: 25e-3, marks };
        let mut meter = Meter::new(&story, STEP_S);
        let mut log = EventLog::default();
        for k in 0..60_000_u32 {
            let sample = made_up(f64::from(k) * STEP_S);
            if k == 0 {
                meter.act(0.0, Act::LiftOff, &sample);
            }
            meter.step(&sample, &mut log);
        }
        assert_eq!(log.events().len(), 1);
        meter.metrics(None)
    }

    #[test]
    fn the_figures_of_a_made_up_run_are_found() {
        let mark = |time_s, act| Mark { time_s, act };
        let metrics = measured(vec![mark(0.0, Act::LiftOff), mark(2.0, Act::Disturb)]);
        for (name, value, tolerance) in [
            ("levitation.orbit_peak_um", 12.0, 1e-6),
            ("levitation.clearance_use_pct", 2.4, 1e-6),
            ("levitation.orbit_1x_um", 10.0, 0.01),
            ("levitation.peak_um", 40.0, 0.5),
            ("levitation.rms_um", 10.0 / 2_f64.sqrt(), 0.01),
            ("levitation.current_dc_a", 0.25, 1e-5),
            ("levitation.current_rms_a", 0.003 / 2_f64.sqrt(), 1e-5),
            ("levitation.sync_current_a", 0.003, 1e-5),
            ("levitation.second_harmonic_current_a", 0.001, 1e-5),
            ("levitation.touchdowns", 0.0, 0.0),
            ("motor.speed_error_rpm_rms", 1.0, 1e-9),
            ("flow.lpm", -0.6, 1e-9),
            ("flow.reverse_ml", 20.0, 0.01),
            ("pressure.drainage_min_mmhg", -43.0, 0.001),
        ] {
            let found = metrics.get(name).unwrap_or(f64::NAN);
            assert!((found - value).abs() <= tolerance, "{name}: {found} for {value}");
        }
    }

    #[test]
    fn a_rotor_that_never_lifted_off_has_no_levitation_figures() {
        let story = Story { duration_s: 1.0, clearance_m: 0.5e-3, radius_m: 25e-3, marks: Vec::new() };
        let mut meter = Meter::new(&story, STEP_S);
        for k in 0..20_000_u32 {
            meter.step(&made_up(f64::from(k) * STEP_S), &mut EventLog::default());
        }
        let metrics = meter.metrics(Some(10.0));
        assert!(metrics.numbers.keys().all(|name| !name.starts_with("levitation.")), "{metrics:?}");
        assert_eq!(metrics.get(REALTIME_FACTOR), Some(10.0));
    }
}
