// SPDX-License-Identifier: Apache-2.0
//! Watches the guide for priming of each unit: logs its steps, and when the circuit is ready.

use levitas_core::mail::Mailboxes;
use levitas_core::priming::{Outcome, PrimingMail};

use crate::event_log::EventLog;
use crate::metrics::Metrics;
use crate::scenario::TARGETS;

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub(crate) struct PrimingWatch {
    /// What the guide of each unit said last.
    seen: [Option<PrimingMail>; 2],
    ready_s: Option<f64>,
}

impl PrimingWatch {
    /// What lies in the mail of the unit of that set; `None`: it is off.
    pub(crate) fn step(&mut self, time_s: f64, set: usize, mail: Option<&Mailboxes>, log: &mut EventLog) {
        let Some((seen, unit)) = self.seen.get_mut(set).zip(TARGETS.get(set)) else { return };
        let now = mail.and_then(|mail| mail.priming.read::<PrimingMail>()).map(|(_, now)| now);
        let Some(now) = now else { return };
        // How far a step has come is no news.
        let is_news =
            seen.is_none_or(|before| PrimingMail { progress_pct: now.progress_pct, ..before } != now);
        *seen = Some(now);
        if is_news {
            log.push(time_s, "priming", format!("{unit}: {now}"));
            if now.outcome == Outcome::Ready as u32 {
                self.ready_s = Some(time_s);
            }
        }
    }

    /// Enters the figures.
    pub(crate) fn measure(&self, metrics: &mut Metrics) {
        let skipped = self.seen.iter().flatten().map(|seen| seen.skipped().count());
        if self.seen.iter().any(Option::is_some) {
            metrics.set("priming.skipped", skipped.sum::<usize>() as f64);
        }
        if let Some(ready_s) = self.ready_s {
            metrics.set("priming.ready_s", ready_s);
        }
    }
}
