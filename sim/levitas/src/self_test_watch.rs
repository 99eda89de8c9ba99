// SPDX-License-Identifier: Apache-2.0
//! Watches the self-test of each unit: logs what was found when it is over.

use levitas_core::mail::Mailboxes;
use levitas_core::self_test::{Item, SelfTestReport, Stage, Verdict};

use crate::event_log::EventLog;
use crate::metrics::Metrics;
use crate::scenario::TARGETS;

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub(crate) struct SelfTestWatch {
    /// The last report of each unit.
    seen: [Option<SelfTestReport>; 2],
}

impl SelfTestWatch {
    /// What lies in the mail of the unit of that set; `None`: it is off.
    pub(crate) fn step(&mut self, time_s: f64, set: usize, mail: Option<&Mailboxes>, log: &mut EventLog) {
        let Some((seen, unit)) = self.seen.get_mut(set).zip(TARGETS.get(set)) else { return };
        let report = mail.and_then(|mail| mail.self_test.read::<SelfTestReport>()).map(|(_, report)| report);
        let stage = |report: Option<SelfTestReport>| report.map_or(0, |report| report.stage);
        let (before, now) = (stage(*seen), stage(report));
        *seen = report.or(*seen);
        let Some(report) = report.filter(|_| now != before) else { return };
        if now == Stage::Watch as u32 {
            log.push(time_s, "self_test", format!("{unit}: begins"));
        } else if now == Stage::Over as u32 {
            Item::ALL
                .iter()
                .for_each(|item| log.push(time_s, "self_test", format!("{unit}: {}", line(&report, *item))));
            log.push(time_s, "self_test", format!("{unit}: over after {} ms", report.time_ms));
        } else if now == Stage::Waived as u32 {
            log.push(time_s, "self_test", format!("{unit}: waived by the operator"));
        }
    }

    /// Enters the figures of the host.
    pub(crate) fn measure(&self, metrics: &mut Metrics) {
        let Some(report) = self.seen[0].filter(SelfTestReport::is_over) else { return };
        let count = |verdict: Verdict| {
            Item::ALL.iter().filter(|item| report.verdict(**item) == verdict).count() as f64
        };
        metrics.set("self_test.time_s", f64::from(report.time_ms) * 1e-3);
        metrics.set("self_test.passed", count(Verdict::Passed));
        metrics.set("self_test.failed", count(Verdict::Failed));
        metrics.set("self_test.not_run", count(Verdict::NotRun));
        metrics.set("self_test.not_fitted", count(Verdict::NotFitted));
    }
}

/// `coil_x_resistance passed: 1.02 ohm`.
fn line(report: &SelfTestReport, item: Item) -> String {
    let verdict = report.verdict(item).name();
    let measured = report.measured[item as usize];
    let number = if measured.is_nan() { String::new() } else { format!(": {measured:.3} {}", item.unit()) };
    format!("{} {verdict}{number}", item.name())
}
