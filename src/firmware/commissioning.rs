// SPDX-License-Identifier: Apache-2.0
//! What the shell shows of a commissioning: stage, outcome, and every value with its range.

use levitas_core::calibration::Calibration;
use levitas_core::commissioning::{Checks, CommissioningReport, Outcome};

use super::operator::look;
use super::{text, units};

/// Number of values of a run: those of the record, then the checks.
pub(crate) const VALUES: usize = Calibration::FIELDS.len() + Checks::FIELDS.len();

/// Mirrors `struct levitas_field`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldView {
    pub(crate) name: [u8; 32],
    pub(crate) min: f32,
    pub(crate) max: f32,
}

/// Mirrors `struct levitas_commissioning`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommissioningView {
    pub(crate) stage: u32,
    pub(crate) outcome: u32,
    pub(crate) values: [f32; VALUES],
    pub(crate) stage_name: [u8; 16],
    pub(crate) reason: [u8; 128],
}

fn view(report: &CommissioningReport) -> CommissioningView {
    let mut view = CommissioningView {
        stage: report.stage as u32,
        outcome: 0,
        values: [f32::NAN; VALUES],
        stage_name: [0; 16],
        reason: [0; 128],
    };
    for (to, (_, value)) in view.values.iter_mut().zip(report.lines()) {
        *to = value;
    }
    text::fill(&mut view.stage_name, format_args!("{}", report.stage.name()));
    match report.outcome {
        Outcome::Running => {}
        Outcome::Passed => view.outcome = 1,
        Outcome::Failed(stage, reason) => {
            view.outcome = 2;
            text::fill(&mut view.reason, format_args!("stage {}: {reason}", stage.name()));
        }
    }
    view
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_commissioning_read(unit: u32, result: Option<&mut CommissioningView>) -> bool {
    let unit = usize::try_from(unit).ok().and_then(units::get);
    let report = unit.and_then(|unit| look(|| unit.mail.commissioning.read::<CommissioningReport>()));
    let (Some(report), Some(result)) = (report, result) else { return false };
    *result = view(&report);
    true
}

/// See `shim.h`.
#[unsafe(no_mangle)]
extern "C" fn levitas_field_read(index: u32, result: Option<&mut FieldView>) -> bool {
    let mut fields = Calibration::FIELDS.iter().chain(Checks::FIELDS);
    let field = usize::try_from(index).ok().and_then(|index| fields.nth(index));
    let (Some(field), Some(result)) = (field, result) else { return false };
    (result.min, result.max) = (field.min, field.max);
    text::fill(&mut result.name, format_args!("{}", field.name));
    true
}
