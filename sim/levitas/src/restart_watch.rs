// SPDX-License-Identifier: Apache-2.0
//! Watches a unit that is alone in the loop start again while it drives: how long until its tasks run, until the rotor is held, and until
//! it has its speed back. All of the true rotor.

use crate::channel::Sample;
use crate::event_log::EventLog;
use crate::metrics::Metrics;

/// Radius that counts as held, as a fraction of the clearance, and the time for which it must last [s]: as at lift-off's end.
const HELD_FRACTION: f64 = 0.1;
const HELD_S: f64 = 0.020;
/// Part of the speed within which it is back.
const SPEED_PART: f64 = 0.01;

/// Since one reset; all times by the world's clock.
#[derive(Clone, Copy, Debug)]
struct Restart {
    reset_s: f64,
    speed_rpm: f64,
    speed_min_rpm: f64,
    runs_s: Option<f64>,
    inside_since_s: Option<f64>,
    held_s: Option<f64>,
    wall_s: f64,
    /// The speed has been what it was since then.
    back_s: Option<f64>,
    /// The scenario has done something else since.
    is_over: bool,
}

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub(crate) struct RestartWatch {
    restart: Option<Restart>,
}

impl RestartWatch {
    /// The unit is reset.
    pub(crate) fn reset(&mut self, time_s: f64, before: &Sample) {
        self.restart = Some(Restart {
            reset_s: time_s,
            speed_rpm: before.speed_rpm,
            speed_min_rpm: before.speed_rpm,
            runs_s: None,
            inside_since_s: None,
            held_s: None,
            wall_s: 0.0,
            back_s: None,
            is_over: false,
        });
    }

    /// The scenario does something else: what the speed does from now on is of that.
    pub(crate) fn act(&mut self) {
        if let Some(restart) = &mut self.restart {
            restart.is_over = true;
        }
    }

    /// After a tick; `runs`: the tasks of the unit do.
    pub(crate) fn step(
        &mut self,
        sample: &Sample,
        runs: bool,
        clearance_m: f64,
        step_s: f64,
        log: &mut EventLog,
    ) {
        let Some(restart) = &mut self.restart else { return };
        let now_s = sample.time_s;
        if runs {
            // They began with this tick.
            restart.runs_s.get_or_insert(now_s - step_s);
        }
        if restart.held_s.is_none() {
            restart.wall_s += if sample.touching { step_s } else { 0.0 };
            // What is still held by the currents of before the reset is not held again.
            let inside = runs && sample.radius_m() <= HELD_FRACTION * clearance_m;
            let since_s = *restart.inside_since_s.get_or_insert(now_s);
            if !inside {
                restart.inside_since_s = None;
            } else if now_s - since_s >= HELD_S {
                restart.held_s = Some(since_s);
                let after_ms = (since_s - restart.reset_s) * 1e3;
                log.push(since_s, "held_again", format!("{after_ms:.1} ms after the reset"));
            }
        }
        if !restart.is_over {
            restart.speed_min_rpm = restart.speed_min_rpm.min(sample.speed_rpm);
            let is_back =
                (sample.speed_rpm - restart.speed_rpm).abs() <= SPEED_PART * restart.speed_rpm.abs();
            // Before the rotor is held it has not lost it yet.
            restart.back_s =
                if is_back && restart.held_s.is_some() { restart.back_s.or(Some(now_s)) } else { None };
        }
    }

    /// Enters the figures of the last reset.
    pub(crate) fn measure(&self, metrics: &mut Metrics) {
        let Some(restart) = &self.restart else { return };
        let since_reset = |time_s: Option<f64>| time_s.map_or(f64::NAN, |time_s| time_s - restart.reset_s);
        metrics.set("restart.run_s", since_reset(restart.runs_s));
        metrics.set("restart.held_s", since_reset(restart.held_s));
        metrics.set("restart.speed_s", since_reset(restart.back_s));
        metrics.set("restart.speed_min_rpm", restart.speed_min_rpm);
        metrics.set("restart.wall_s", restart.wall_s);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP_S: f64 = 50e-6;

    /// Reset at 1 s and 5000 rpm, at the wall from 1.01 to 1.12 s, tasks from 1.1 s on, 4000 rpm at 1.1 s and back at 5000 rpm at 1.4 s.
    fn made_up(time_s: f64) -> Sample {
        let touching = (1.01..1.12).contains(&time_s);
        let slowed = (time_s - 1.0) * 10e3;
        let speed_rpm =
            if time_s < 1.1 { 5000.0 - slowed } else { (4000.0 + (time_s - 1.1) / 0.3 * 1000.0).min(5000.0) };
        let displacement_m = [if touching { 500e-6 } else { 10e-6 }, 0.0, 0.0];
        Sample { time_s, displacement_m, touching, speed_rpm, ..Sample::default() }
    }

    #[test]
    fn the_times_of_a_made_up_restart_are_found() {
        let (mut watch, mut log) = (RestartWatch::default(), EventLog::default());
        watch.reset(1.0, &made_up(1.0));
        for step in 1..20_000 {
            let time_s = 1.0 + f64::from(step) * STEP_S;
            if (1.6..1.6 + STEP_S).contains(&time_s) {
                watch.act();
            }
            let fast = if time_s > 1.7 { 1000.0 } else { 0.0 };
            let sample = made_up(time_s);
            let sample = Sample { speed_rpm: sample.speed_rpm + fast, ..sample };
            watch.step(&sample, time_s > 1.1 + STEP_S / 2.0, 0.5e-3, STEP_S, &mut log);
        }
        let mut metrics = Metrics::default();
        watch.measure(&mut metrics);
        for (name, expected) in [
            ("restart.run_s", 0.1),
            ("restart.held_s", 0.12),
            ("restart.speed_s", 0.385),
            ("restart.speed_min_rpm", 4000.0),
            ("restart.wall_s", 0.11),
        ] {
            let found = metrics.get(name).unwrap();
            assert!((found - expected).abs() <= 2.0 * STEP_S * expected.max(1.0), "{name}: {found}");
        }
        assert_eq!(log.events().len(), 1);
    }
}
