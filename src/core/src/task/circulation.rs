// SPDX-License-Identifier: Apache-2.0
//! The circulation task: flow and pressures of the circuit, and the speed set-point. 100 Hz.
//!
//! # Model
//! Ultrasonic transit time across the tube, path at an angle to the flow:
//! ```text
//! t_up - t_down = 2 L v cos(phi) / c^2,   (t_up + t_down) / 2 = L / c + t_wall,   Q = v pi D^2 / 4 / k
//! ```
//! | symbol | meaning | unit | here |
//! |---|---|---|---|
//! | D | inner diameter of the tube | m | `tube_diameter_m` |
//! | phi | angle of the path to the flow, L = D / sin(phi) | rad | `path_angle_deg` |
//! | c | speed of sound, from the sum of the same two times | m/s | - |
//! | k | profile factor, mean velocity on the path over mean velocity in the tube | 1 | `profile_factor` |
//! | t_wall | delay in tube wall and coupling | s | `wall_delay_s` |
//!
//! # Stale input
//! Invalid or out of range: the flow keeps its last value and is marked invalid; the filter starts anew afterwards. The rest
//! in [`crate::circulation::pilot`].
//!
//! # Source
//! L. C. Lynnworth, Ultrasonic Measurements for Process Control, 1989, section 4.2.
//!
//! # Shown by
//! Unit tests below; `tests/scenarios/1a_levitation.toml`.

use crate::circulation::pilot::{Measured, Pilot};
use crate::config::ConfigError;
use crate::mail::{CirculationMail, Mailboxes};
use crate::ports::{CirculationInputs, FlowShot, valid};
use crate::schedule::TaskId;
use crate::units::{LPM_PER_M3_PER_S, RAD_PER_DEG};

crate::ranged_struct! {
    /// Configuration of the circulation task.
    pub struct CirculationConfig: f32 {
        /// Inner diameter of the tube in the flow meter [m].
        tube_diameter_m: 3e-3..=20e-3,
        /// Angle of the ultrasonic path to the flow [deg].
        path_angle_deg: 20.0..=70.0,
        /// Velocity on the path over mean velocity [1]: 1.33 laminar, 1.05 to 1.1 turbulent.
        profile_factor: 1.0..=1.4,
        /// Delay in tube wall and coupling, both ways together with the electronics [s].
        wall_delay_s: 0.0..=10e-6,
        /// Smallest received amplitude that is believed, as a fraction of clear fluid [1].
        amplitude_min: 0.01..=0.9,
        /// Time constant of the flow filter [s].
        flow_filter_s: 0.0..=2.0,
    }
}

impl CirculationConfig {
    /// For the plant ecmo-50.
    pub const ECMO_50: Self = Self {
        tube_diameter_m: 9.525e-3,
        path_angle_deg: 45.0,
        profile_factor: 1.0,
        wall_delay_s: 1.5e-6,
        amplitude_min: 0.3,
        flow_filter_s: 0.05,
    };
}

/// Speeds of sound that a tube with blood, saline or water can have [m/s].
const SOUND_SPEED_M_PER_S: (f32, f32) = (1400.0, 1700.0);
/// Largest flow that is believed [L/min].
const FLOW_LPM_MAX: f32 = 20.0;
/// Range of a believable pressure [mmHg].
const PRESSURE_MMHG_MAX: f32 = 2000.0;

/// See the [module](self).
#[derive(Clone, Debug)]
pub struct CirculationTask {
    path_length_m: f32,
    lpm_per_m_per_s: f32,
    path_cosine: f32,
    wall_delay_s: f32,
    amplitude_min: f32,
    filter_gain: f32,
    pilot: Pilot,
    latest: CirculationMail,
    has_flow: bool,
}

impl CirculationTask {
    /// A circulation task with set-point 0; `speed_rpm_max` is the speed control's limit.
    ///
    /// # Errors
    /// A field of the configuration that is outside its range.
    pub fn new(config: &CirculationConfig, speed_rpm_max: f32) -> Result<Self, ConfigError> {
        config.check()?;
        let period_us = TaskId::Circulation.slot().period_us();
        let period_s = period_us as f32 * crate::units::S_PER_US;
        let (sine, cosine) = crate::math::sin_cos(config.path_angle_deg * RAD_PER_DEG);
        let area_m2 = core::f32::consts::FRAC_PI_4 * config.tube_diameter_m * config.tube_diameter_m;
        Ok(Self {
            path_length_m: config.tube_diameter_m / sine,
            lpm_per_m_per_s: area_m2 * LPM_PER_M3_PER_S / config.profile_factor,
            path_cosine: cosine,
            wall_delay_s: config.wall_delay_s,
            amplitude_min: config.amplitude_min,
            filter_gain: period_s / (config.flow_filter_s + period_s),
            pilot: Pilot::new(speed_rpm_max),
            latest: CirculationMail {
                speed_setpoint_rpm: 0.0,
                mode: 0,
                flow_target_lpm: f32::NAN,
                conditions: 0,
                flow_lpm_max: f32::INFINITY,
                flow_lpm: 0.0,
                flow_valid: false,
                drainage_pressure_mmhg: 0.0,
                pre_membrane_pressure_mmhg: 0.0,
                return_pressure_mmhg: 0.0,
                pressures_valid: false,
            },
            has_flow: false,
        })
    }

    /// One period.
    pub fn step(&mut self, samples: &CirculationInputs, mail: &Mailboxes) {
        self.pilot.poll(mail);
        self.measure(samples);
        self.steer();
        mail.circulation.write(&self.latest);
    }

    /// Where the speed goes.
    fn steer(&mut self) {
        let latest = &self.latest;
        let measured = Measured {
            flow_lpm: latest.flow_valid.then_some(latest.flow_lpm),
            drainage_mmhg: latest.pressures_valid.then_some(latest.drainage_pressure_mmhg),
            return_mmhg: latest.pressures_valid.then_some(latest.return_pressure_mmhg),
            ..Measured::default()
        };
        let course = self.pilot.step(&measured);
        self.latest.speed_setpoint_rpm = course.speed_rpm;
        self.latest.mode = course.mode as u32;
        self.latest.flow_target_lpm = course.flow_target_lpm.unwrap_or(f32::NAN);
        self.latest.conditions = course.conditions;
        self.latest.flow_lpm_max = course.flow_lpm_max;
    }

    /// What is known of flow and pressures.
    fn measure(&mut self, samples: &CirculationInputs) {
        let flow_lpm = self.flow_lpm(samples);
        self.latest.flow_valid = flow_lpm.is_some();
        if let Some(flow_lpm) = flow_lpm {
            let gain = if self.has_flow { self.filter_gain } else { 1.0 };
            self.latest.flow_lpm += gain * (flow_lpm - self.latest.flow_lpm);
            self.has_flow = true;
        } else {
            // The filter starts anew after a gap: what it remembers is as old as the gap.
            self.has_flow = false;
        }
        let sites = [
            (
                valid::DRAINAGE_PRESSURE,
                samples.drainage_pressure_mmhg,
                &mut self.latest.drainage_pressure_mmhg,
            ),
            (
                valid::PRE_MEMBRANE_PRESSURE,
                samples.pre_membrane_pressure_mmhg,
                &mut self.latest.pre_membrane_pressure_mmhg,
            ),
            (valid::RETURN_PRESSURE, samples.return_pressure_mmhg, &mut self.latest.return_pressure_mmhg),
        ];
        self.latest.pressures_valid = true;
        for (bit, pressure_mmhg, latest_mmhg) in sites {
            if samples.valid & bit != 0
                && pressure_mmhg > -PRESSURE_MMHG_MAX
                && pressure_mmhg < PRESSURE_MMHG_MAX
            {
                *latest_mmhg = pressure_mmhg;
            } else {
                self.latest.pressures_valid = false;
            }
        }
    }

    /// Mean flow of the new shots that are to be believed [L/min].
    fn flow_lpm(&self, samples: &CirculationInputs) -> Option<f32> {
        let mut sum_lpm = 0.0;
        let mut count = 0_u8;
        for flow_lpm in samples.new_shots().filter_map(|shot| self.shot_lpm(shot)) {
            sum_lpm += flow_lpm;
            count = count.saturating_add(1);
        }
        (count > 0).then(|| sum_lpm / f32::from(count))
    }

    /// Flow of a shot [L/min], if it is to be believed.
    fn shot_lpm(&self, shot: &FlowShot) -> Option<f32> {
        let mean_s = 0.5 * (shot.transit_up_s + shot.transit_down_s) - self.wall_delay_s;
        let sound_m_per_s = self.path_length_m / mean_s;
        let (sound_min, sound_max) = SOUND_SPEED_M_PER_S;
        let difference_s = shot.transit_up_s - shot.transit_down_s;
        let velocity_m_per_s =
            difference_s * sound_m_per_s * sound_m_per_s / (2.0 * self.path_length_m * self.path_cosine);
        let flow_lpm = velocity_m_per_s * self.lpm_per_m_per_s;
        let believable = shot.amplitude >= self.amplitude_min
            && sound_m_per_s > sound_min
            && sound_m_per_s < sound_max
            && flow_lpm > -FLOW_LPM_MAX
            && flow_lpm < FLOW_LPM_MAX;
        believable.then_some(flow_lpm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::BATCH;

    /// Transit times at 5 L/min, 1570 m/s: 1.81 ns per L/min (facts of the flow meter, 45 degrees, 9.525 mm).
    fn five_lpm() -> CirculationInputs {
        let mean_s = 13.4704e-3 / 1570.0 + 1.5e-6;
        let half_s = 0.5 * 5.0 * 1.807e-9;
        shots(FlowShot { transit_up_s: mean_s + half_s, transit_down_s: mean_s - half_s, amplitude: 1.0 })
    }

    /// A period with this shot in every millisecond.
    fn shots(shot: FlowShot) -> CirculationInputs {
        CirculationInputs {
            shots: [shot; BATCH],
            shot_count: BATCH as u32,
            drainage_pressure_mmhg: -40.0,
            pre_membrane_pressure_mmhg: 250.0,
            return_pressure_mmhg: 200.0,
            valid: valid::CIRCULATION,
            ..CirculationInputs::default()
        }
    }

    fn step(task: &mut CirculationTask, samples: &CirculationInputs) -> CirculationMail {
        let mail = Mailboxes::new();
        task.step(samples, &mail);
        mail.circulation.read().unwrap().1
    }

    #[test]
    fn nine_nanoseconds_are_five_litres_a_minute() {
        let mut task = CirculationTask::new(&CirculationConfig::ECMO_50, 5500.0).unwrap();
        let seen = step(&mut task, &five_lpm());
        assert!(seen.flow_valid && seen.pressures_valid);
        assert!((seen.flow_lpm - 5.0).abs() < 0.02, "{}", seen.flow_lpm);
        assert_eq!(seen.drainage_pressure_mmhg, -40.0);
    }

    #[test]
    fn what_cannot_be_believed_is_marked_and_the_last_value_stays() {
        let mut task = CirculationTask::new(&CirculationConfig::ECMO_50, 5500.0).unwrap();
        let good = step(&mut task, &five_lpm());
        let [shot, ..] = five_lpm().shots;
        let bad = [
            shots(FlowShot { amplitude: 0.1, ..shot }),
            shots(FlowShot { transit_up_s: f32::NAN, ..shot }),
            shots(FlowShot::default()),
            CirculationInputs { valid: valid::CIRCULATION & !valid::FLOW, ..five_lpm() },
            CirculationInputs { shot_count: 0, ..five_lpm() },
        ];
        for samples in bad {
            let seen = step(&mut task, &samples);
            assert!(!seen.flow_valid && seen.pressures_valid, "{samples:?}");
            assert_eq!(seen.flow_lpm, good.flow_lpm);
        }
        // After the gap the first good sample counts in full.
        let still_s = 0.5 * (shot.transit_up_s + shot.transit_down_s);
        let still = shots(FlowShot { transit_up_s: still_s, transit_down_s: still_s, amplitude: 1.0 });
        assert!(step(&mut task, &still).flow_lpm.abs() < 0.01);
        let seen = step(&mut task, &CirculationInputs { return_pressure_mmhg: f32::INFINITY, ..five_lpm() });
        assert!(seen.flow_valid && !seen.pressures_valid);
        assert_eq!(seen.return_pressure_mmhg, 200.0);
    }
}
