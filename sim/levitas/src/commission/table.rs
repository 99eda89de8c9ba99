// SPDX-License-Identifier: Apache-2.0
//! Commissioning as a table for people and as JSON: value, range, truth, error, goal.

use std::fmt::Write as _;

use levitas_core::calibration::Calibration;
use levitas_core::commissioning::{CommissioningReport, Outcome, Stage};
use serde_json::json;

use super::Commissioned;

/// How far a value may be off.
#[derive(Clone, Copy, Debug)]
enum Goal {
    /// By a part of the truth.
    Part(f64),
    /// By an absolute amount.
    Amount(f64),
}

/// How a field is shown and how good it must be: name, factor to the shown unit, unit, goal in the field's unit. A mid is
/// half of what moves the zero of its pair, 1 V/mm.
const GOALS: [(&str, f64, &str, Goal); 22] = [
    ("hall_mid_x_plus_v", 1e3, "mV", Goal::Amount(5e-3)),
    ("hall_mid_x_minus_v", 1e3, "mV", Goal::Amount(5e-3)),
    ("hall_mid_y_plus_v", 1e3, "mV", Goal::Amount(5e-3)),
    ("hall_mid_y_minus_v", 1e3, "mV", Goal::Amount(5e-3)),
    ("hall_gain_x", 1.0, "", Goal::Part(0.01)),
    ("hall_gain_y", 1.0, "", Goal::Part(0.01)),
    ("coil_pickup_m_per_a", 1e6, "um/A", Goal::Amount(0.5e-6)),
    ("coil_pickup_cross_m_per_a", 1e6, "um/A", Goal::Amount(0.5e-6)),
    ("runout_x_cos_1_m", 1e6, "um", Goal::Amount(1e-6)),
    ("runout_x_sin_1_m", 1e6, "um", Goal::Amount(1e-6)),
    ("runout_x_cos_2_m", 1e6, "um", Goal::Amount(1e-6)),
    ("runout_x_sin_2_m", 1e6, "um", Goal::Amount(1e-6)),
    ("runout_y_cos_1_m", 1e6, "um", Goal::Amount(1e-6)),
    ("runout_y_sin_1_m", 1e6, "um", Goal::Amount(1e-6)),
    ("runout_y_cos_2_m", 1e6, "um", Goal::Amount(1e-6)),
    ("runout_y_sin_2_m", 1e6, "um", Goal::Amount(1e-6)),
    ("force_displacement_n_per_m", 1e-3, "N/mm", Goal::Part(0.03)),
    ("force_current_n_per_a", 1.0, "N/A", Goal::Part(0.03)),
    ("coil_resistance_ohm", 1.0, "ohm", Goal::Part(0.02)),
    ("coil_inductance_h", 1e3, "mH", Goal::Part(0.02)),
    ("angle_hall_offset_rad", 1.0, "rad", Goal::Amount(0.02)),
    ("motor_phase_order", 1.0, "", Goal::Amount(0.0)),
];

/// One value with everything that belongs to it, in the unit it is shown in.
struct Line {
    name: &'static str,
    stage: Stage,
    unit: &'static str,
    value: f64,
    range: [f64; 2],
    /// Truth and largest error allowed; none for a check.
    truth: Option<[f64; 2]>,
}

impl Line {
    fn error(&self) -> Option<f64> {
        self.truth.map(|[truth, _]| self.value - truth)
    }

    fn within(&self) -> Option<bool> {
        // The smallest step of f32 is no error.
        self.truth.map(|[truth, most]| (self.value - truth).abs() <= most + 1e-6 * truth.abs())
    }
}

/// Stage that finds a field; checks belong to the one whose name they begin with.
fn stage_of(name: &str) -> Stage {
    let check = [
        ("wall_", Stage::Wall),
        ("force_current_difference", Stage::Force),
        ("levitated_", Stage::Force),
        ("inductance_", Stage::Force),
        ("motor_following", Stage::Motor),
    ];
    Stage::ALL
        .into_iter()
        .find(|stage| stage.fields().contains(&name))
        .or_else(|| check.iter().find(|(part, _)| name.starts_with(part)).map(|(_, stage)| *stage))
        .unwrap_or(Stage::Runout)
}

fn lines(report: &CommissioningReport, truth: &Calibration) -> Vec<Line> {
    let mut truth = *truth;
    let mut lines: Vec<Line> = report
        .lines()
        .map(|(field, value)| {
            let known = GOALS.iter().find(|(name, ..)| *name == field.name);
            let (factor, unit) = known.map_or((1.0, ""), |(_, factor, unit, _)| (*factor, *unit));
            let truth = known.zip(truth.field_mut(field.name)).map(|((.., goal), truth)| {
                let truth = f64::from(*truth) * factor;
                let most = match goal {
                    Goal::Part(part) => part * truth.abs(),
                    Goal::Amount(amount) => amount * factor,
                };
                [truth, most]
            });
            Line {
                name: field.name,
                stage: stage_of(field.name),
                unit,
                value: f64::from(value) * factor,
                range: [f64::from(field.min) * factor, f64::from(field.max) * factor],
                truth,
            }
        })
        .collect();
    lines.sort_by_key(|line| line.stage as u32);
    lines
}

impl Commissioned {
    /// Every value of the record is as near to the truth as it must be.
    #[must_use]
    pub fn is_accurate(&self) -> bool {
        lines(&self.report, &self.truth).iter().all(|line| line.within() != Some(false))
    }

    /// Passed, and accurate.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.report.outcome == Outcome::Passed && self.is_accurate()
    }

    /// Why it did not pass, one line each.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        if let Outcome::Failed(stage, reason) = self.report.outcome {
            return vec![format!("stage {}: {reason}; nothing was written", stage.name())];
        }
        lines(&self.report, &self.truth)
            .iter()
            .filter(|line| line.within() == Some(false))
            .filter_map(|line| line.truth.map(|truth| (line, truth)))
            .map(|(line, [truth, most])| {
                format!(
                    "{} = {:.5} {}: {most:.5} from {truth:.5} is allowed",
                    line.name, line.value, line.unit
                )
            })
            .collect()
    }
}

/// The table for a terminal, stage by stage. What a failed run did not get to is not in it.
#[must_use]
pub fn table(done: &Commissioned) -> String {
    let mut text = format!(
        "  {:8} {:32} {:>10} {:>21} {:>10} {:>9} {:>8}\n",
        "stage", "value", "found", "plausible", "truth", "error", "goal"
    );
    let mut last = Stage::Idle;
    let reached = |stage: Stage| done.stages.iter().any(|(passed, _)| *passed == stage);
    for line in lines(&done.report, &done.truth).iter().filter(|line| reached(line.stage)) {
        let stage = if line.stage == last { "" } else { line.stage.name() };
        last = line.stage;
        let range = format!("{} to {}", short(line.range[0]), short(line.range[1]));
        let (truth, error, goal) = match (line.truth, line.error()) {
            (Some([truth, most]), Some(error)) => {
                let mark = if line.within() == Some(false) { " !" } else { "" };
                (short(truth), format!("{}{mark}", short(error)), short(most))
            }
            _ => (String::new(), String::new(), String::new()),
        };
        let name =
            if line.unit.is_empty() { line.name.into() } else { format!("{} [{}]", line.name, line.unit) };
        let found = short(line.value);
        let _ =
            writeln!(text, "  {stage:8} {name:32} {found:>10} {range:>21} {truth:>10} {error:>9} {goal:>8}");
    }
    text
}

/// Four digits that matter.
fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".to_owned()
    } else if size >= 1000.0 {
        format!("{value:.0}")
    } else if size >= 0.01 {
        let digits = (3.0 - size.log10().floor()).clamp(0.0, 4.0) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.2e}")
    }
}

/// JSON for `--json`.
#[must_use]
pub fn json(done: &Commissioned) -> String {
    let (outcome, failed, reason) = match done.report.outcome {
        Outcome::Passed => ("passed", None, None),
        Outcome::Running => ("running", None, None),
        Outcome::Failed(stage, reason) => ("failed", Some(stage.name()), Some(reason.to_string())),
    };
    let values: serde_json::Map<String, serde_json::Value> = lines(&done.report, &done.truth)
        .iter()
        .map(|line| {
            let value = json!({
                "stage": line.stage.name(), "unit": line.unit, "found": line.value, "min": line.range[0],
                "max": line.range[1], "truth": line.truth.map(|[truth, _]| truth), "error": line.error(),
                "goal": line.truth.map(|[_, most]| most), "within": line.within(),
            });
            (line.name.to_owned(), value)
        })
        .collect();
    let stages: Vec<serde_json::Value> =
        done.stages.iter().map(|(stage, end_s)| json!({"stage": stage.name(), "end_s": end_s})).collect();
    let object = json!({
        "outcome": outcome, "stage": failed, "reason": reason, "stages": stages,
        "values": values,
    });
    format!("{object:#}\n")
}
