// SPDX-License-Identifier: Apache-2.0
//! Commissioning of a host against the world, and what it found beside what is the case.
//!
//! The routine is the core's ([`levitas_core::commissioning`]); this module runs it, and knows the truth.

mod table;
mod wiring;

use std::path::PathBuf;

use levitas_core::calibration::{Calibration, CalibrationError, Identity, RECORD_BYTES, Selection};
use levitas_core::commissioning::{CommissioningReport, Outcome, Stage};
use levitas_core::ports::LevitationOutputs;
use levitas_core::schedule::{SCHEDULE, TaskId};
use levitas_core::task::supervisor::Command;
use levitas_core::unit::{Role, Unit, UnitConfig};
use levitas_world::{Plant, RUNOUT_1X_RAD, RUNOUT_2X_RAD, STEP_S, World};

use crate::catalogue::Found;
use crate::input::{BadInput, Checked};
use crate::scenario::{Scenario, Setting, read};
use crate::simulation::setup;
use crate::toml_file::Source;

pub use table::{json, table};
pub use wiring::Wiring;

/// Prefix of the settings of [`Wiring`].
const WIRING_PREFIX: &str = "wiring.";
/// Longest simulated time of a commissioning [s].
const DURATION_S_MAX: f64 = 180.0;
/// Mid level of the world's Halls [V].
const MID_V: f64 = 1.65;
/// Commands are given from here on; the unit has seen its sensors by then [s].
const START_S: f64 = 0.05;

/// A drive to be commissioned.
#[derive(Clone, Debug)]
pub struct Bench {
    /// Plant, seed and configuration before.
    pub scenario: Scenario,
    /// What the electronics differ by.
    pub wiring: Wiring,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Commissioned {
    /// The last report of the routine.
    pub report: CommissioningReport,
    /// Simulated time at the end of each stage [s].
    pub stages: Vec<(Stage, f64)>,
    /// What is the case.
    pub truth: Calibration,
    /// The record, if all stages passed.
    pub record: Option<[u8; RECORD_BYTES]>,
}

impl Bench {
    /// A drive with these settings; `wiring.*` are taken here, the rest is the scenario's.
    ///
    /// # Errors
    /// A key that does not exist or a value out of its range.
    pub fn new(settings: &[Setting]) -> Checked<Self> {
        let mut wiring = Wiring::IDEAL;
        let mut others = Vec::new();
        for setting in settings {
            match setting.key.strip_prefix(WIRING_PREFIX) {
                Some(name) => wiring.set(name, &setting.entry)?,
                None => others.push(setting.clone()),
            }
        }
        let text = format!("title = \"Commissioning\"\nduration_s = {DURATION_S_MAX}\n");
        let source = Source { name: "commission".to_owned(), text };
        let found = Found { name: "commission".to_owned(), folder: PathBuf::new(), source };
        let mut scenario = read(&found, "commission", &others)?;
        // Reciprocity: the same magnets make force and motion EMF.
        scenario.plant.bearing.motion_emf_v_s_per_m = scenario.plant.bearing.k_i_n_per_a;
        Ok(Self { scenario, wiring })
    }

    /// Runs the routine to its end; `stop_s` is when the operator stops it, `progress` gets report and time.
    ///
    /// # Errors
    /// World or unit refuse the numbers as a whole.
    pub fn run(
        &self,
        identity: &Identity,
        stop_s: Option<f64>,
        progress: &mut dyn FnMut(f64, &CommissioningReport),
    ) -> Checked<Commissioned> {
        let refused = |error: &dyn std::fmt::Display| BadInput::of("commission", error, "");
        let mut world = World::new(&setup(&self.scenario)).map_err(|error| refused(&error))?;
        world.connect_lines();
        let mut unit = Unit::new(&self.scenario.host, Role::Host).map_err(|error| refused(&error))?;
        let mut report = CommissioningReport::new(&self.scenario.host);
        let mut stages = Vec::new();
        let mut tick = 0_u64;
        let ticks_at = |time_s: f64| (time_s / STEP_S).round() as u64;
        while tick < ticks_at(DURATION_S_MAX) && report.stage != Stage::Over {
            if tick == ticks_at(START_S) {
                unit.command(Command::Commission);
            }
            if stop_s.is_some_and(|stop_s| tick == ticks_at(stop_s)) {
                unit.command(Command::Land);
            }
            let outputs = self.control(&mut unit, &mut world, tick);
            world.advance(&[outputs, LevitationOutputs::default()]);
            tick += 1;
            if TaskId::Supervisor.slot().is_due(tick)
                && let Some((_, now)) = unit.mail.commissioning.read::<CommissioningReport>()
            {
                let time_s = tick as f64 * STEP_S;
                if now.stage != report.stage {
                    stages.push((report.stage, time_s));
                }
                report = now;
                progress(time_s, &report);
            }
        }
        let record = (report.outcome == Outcome::Passed).then(|| {
            let nothing = [Err(CalibrationError::Missing); 2];
            let selection = Selection::new(nothing, identity, &self.scenario.host);
            selection.next_record(report.values, identity, &self.scenario.host)
        });
        let record = record.transpose().map_err(|error| refused(&error))?;
        let truth = truth(&self.scenario.plant, &self.scenario.host, &self.wiring);
        Ok(Commissioned { report, stages, truth, record })
    }

    /// The tasks that are due, with the wiring between unit and world.
    fn control(&self, unit: &mut Unit, world: &mut World, tick: u64) -> LevitationOutputs {
        let mut outputs = LevitationOutputs::default();
        for slot in SCHEDULE.iter().filter(|slot| slot.is_due(tick)) {
            match slot.task {
                TaskId::Levitation => {
                    let samples = self.wiring.samples(&world.sample(0));
                    outputs = self.wiring.outputs(&unit.step_levitation(&samples));
                }
                TaskId::Link => {
                    unit.step_link();
                }
                TaskId::Speed => unit.step_speed(),
                TaskId::Circulation => unit.step_circulation(&world.sample_circulation()),
                TaskId::Supervisor => unit.step_supervisor(),
                TaskId::Alarm => {
                    unit.step_alarm();
                }
                TaskId::CutOut | TaskId::Warming => {}
            }
        }
        outputs
    }
}

/// The calibration that is right for this plant and wiring.
#[must_use]
pub fn truth(plant: &Plant, config: &UnitConfig, wiring: &Wiring) -> Calibration {
    let mut truth = Calibration::of(config);
    let sensor = &plant.sensor_displacement;
    let nominal = f64::from(config.levitation.bearing.hall_v_per_m);
    truth.hall_mid_x_plus_v = (MID_V + wiring.mid_x_plus_v) as f32;
    truth.hall_mid_x_minus_v = (MID_V + wiring.mid_x_minus_v) as f32;
    truth.hall_mid_y_plus_v = (MID_V + wiring.mid_y_plus_v) as f32;
    truth.hall_mid_y_minus_v = (MID_V + wiring.mid_y_minus_v) as f32;
    truth.hall_gain_x = (wiring.gain_x * sensor.v_per_m / nominal) as f32;
    truth.hall_gain_y = (wiring.gain_y * sensor.v_per_m / nominal) as f32;
    truth.coil_pickup_m_per_a = sensor.coil_pickup_m_per_a as f32;
    truth.coil_pickup_cross_m_per_a = sensor.coil_pickup_cross_m_per_a as f32;
    let part = |size_m: f64, angle_rad: f64| (size_m * angle_rad.cos()) as f32;
    let quarter = std::f64::consts::FRAC_PI_2;
    // x = r cos(n theta + a), y = r sin(n theta + a).
    for (size_m, angle_rad, [x_cos, x_sin, y_cos, y_sin]) in [
        (
            sensor.runout_1x_m,
            RUNOUT_1X_RAD,
            [
                &mut truth.runout_x_cos_1_m,
                &mut truth.runout_x_sin_1_m,
                &mut truth.runout_y_cos_1_m,
                &mut truth.runout_y_sin_1_m,
            ],
        ),
        (
            sensor.runout_2x_m,
            RUNOUT_2X_RAD,
            [
                &mut truth.runout_x_cos_2_m,
                &mut truth.runout_x_sin_2_m,
                &mut truth.runout_y_cos_2_m,
                &mut truth.runout_y_sin_2_m,
            ],
        ),
    ] {
        *x_cos = part(size_m, angle_rad);
        *x_sin = part(size_m, angle_rad + quarter);
        *y_cos = part(size_m, angle_rad - quarter);
        *y_sin = part(size_m, angle_rad);
    }
    truth.force_displacement_n_per_m = plant.rotor.k_x_n_per_m as f32;
    truth.force_current_n_per_a = plant.bearing.k_i_n_per_a as f32;
    truth.coil_resistance_ohm = plant.bearing.resistance_ohm as f32;
    truth.coil_inductance_h = plant.bearing.inductance_h as f32;
    truth.angle_hall_offset_rad = plant.sensor_angle.offset_error_rad as f32;
    truth.motor_phase_order = wiring.phase_order as f32;
    truth
}
