// SPDX-License-Identifier: Apache-2.0
//! Watches what the units say of their links and of themselves: alarms, commands that were carried out, frames that were refused, states.
//!
//! # Limits and failure
//! Refusals are logged with their numbers, once a second at most and at the end: a flood of frames is no flood of lines. A unit that
//! starts anew counts from 0; what it had counted stays in the sums.

use levitas_core::arbitration::Isolation;
use levitas_core::link::{LINK_REFUSALS, LinkMail, LinkRefusal};
use levitas_core::mail::{CirculationMail, LevitationMail, SupervisorMail};
use levitas_core::task::supervisor::{Refusal, SupervisorState};

use crate::event_log::EventLog;
use crate::metrics::Metrics;
use crate::scenario::TARGETS;
use crate::unit_in_loop::UnitInLoop;

/// Time between two lines about refusals of a unit [s].
const LINE_S: f64 = 1.0;

/// What was seen of one unit.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    counts: [u32; LINK_REFUSALS],
    sums: [u64; LINK_REFUSALS],
    logged: [u64; LINK_REFUSALS],
    next_line_s: f64,
    answered: u32,
    state: Option<SupervisorState>,
    /// Code of an [`Isolation`].
    isolation: u32,
    alarms: u32,
    circuit_alarms: u32,
    /// Of the supervisor.
    own_alarms: u32,
}

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub struct LinkWatch {
    seen: [Seen; 2],
    executed: u64,
    declined: u64,
    /// A unit of this program is there; a process tells nothing of its link.
    sees_inside: bool,
}

impl LinkWatch {
    /// Looks at every unit; once a millisecond is enough.
    pub fn step<U: UnitInLoop>(&mut self, units: &[U], time_s: f64, log: &mut EventLog) {
        for unit in units {
            let Some(seen) = self.seen.get_mut(unit.set()) else { continue };
            let name = TARGETS.get(unit.set()).copied().unwrap_or_default();
            let Some(mail) = unit.mail() else { continue };
            self.sees_inside = true;
            if let Some((_, link)) = mail.link.read::<LinkMail>() {
                seen.take(&link);
            }
            if time_s >= seen.next_line_s && seen.sums != seen.logged {
                seen.log(name, time_s, log);
            }
            if let Some((_, circulation)) = mail.circulation.read::<CirculationMail>() {
                seen.circuit_alarms = circulation.alarms;
            }
            if let Some((_, levitation)) = mail.levitation.read::<LevitationMail>()
                && levitation.isolation != seen.isolation
            {
                seen.isolation = levitation.isolation;
                let reason = Isolation::from_code(seen.isolation).map_or("no more", Isolation::text);
                log.push(time_s, "isolated", format!("{name}: {reason}"));
            }
            let Some((_, mail)) = mail.supervisor.read::<SupervisorMail>() else { continue };
            seen.own_alarms = mail.alarms;
            let state = SupervisorState::from_code(mail.named_state);
            if let Some(news) = state.filter(|_| state != seen.state) {
                seen.state = state;
                log.push(time_s, "unit_state", format!("{name}: {}", news.name()));
            }
            let is_new = mail.remote_number != seen.answered;
            seen.answered = mail.remote_number;
            // 0: it has just started.
            if is_new && mail.remote_number != 0 {
                let refusal = Refusal::from_code(mail.remote_result);
                self.executed += u64::from(refusal.is_none());
                self.declined += u64::from(refusal.is_some());
                let answer = refusal.map_or("accepted".to_owned(), |refusal| format!("refused: {refusal}"));
                log.push(time_s, "command_answered", format!("{name}: {answer}"));
            }
        }
    }

    /// Alarms that link, circulation and supervisor task of a unit raise.
    #[must_use]
    pub fn alarms(&self, set: usize) -> u32 {
        self.seen.get(set).map_or(0, |seen| seen.alarms | seen.circuit_alarms | seen.own_alarms)
    }

    /// Commands that the supervisors have accepted.
    #[must_use]
    pub fn executed(&self) -> u64 {
        self.executed
    }

    /// Refusals of both units by kind, in the order of [`LinkRefusal::ALL`].
    #[must_use]
    pub fn refused(&self) -> [u64; LINK_REFUSALS] {
        let [host, drive] = &self.seen;
        std::array::from_fn(|kind| host.sums[kind] + drive.sums[kind])
    }

    /// Logs what has not been yet.
    pub fn finish(&mut self, time_s: f64, log: &mut EventLog) {
        for (seen, name) in self.seen.iter_mut().zip(TARGETS) {
            if seen.sums != seen.logged {
                seen.log(name, time_s, log);
            }
        }
    }

    /// Enters the sums of both units.
    pub fn measure(&self, metrics: &mut Metrics) {
        if !self.sees_inside {
            return;
        }
        metrics.set("commands.executed", self.executed as f64);
        metrics.set("commands.declined", self.declined as f64);
        for (refusal, count) in LinkRefusal::ALL.iter().zip(self.refused()) {
            metrics.set(refusal.name(), count as f64);
        }
    }
}

impl Seen {
    fn take(&mut self, mail: &LinkMail) {
        let starts_anew = mail.refused.iter().zip(self.counts).any(|(new, old)| *new < old);
        for ((sum, old), new) in self.sums.iter_mut().zip(&mut self.counts).zip(mail.refused) {
            *sum += u64::from(if starts_anew { new } else { new - *old });
            *old = new;
        }
        self.alarms = mail.alarms;
    }

    fn log(&mut self, name: &str, time_s: f64, log: &mut EventLog) {
        let news = LinkRefusal::ALL.iter().zip(self.sums).zip(self.logged);
        let parts: Vec<String> = news
            .filter(|((_, sum), logged)| sum != logged)
            .map(|((refusal, sum), logged)| format!("{} {}", sum - logged, refusal.name()))
            .collect();
        log.push(time_s, "link_refused", format!("{name}: {}", parts.join(", ")));
        (self.logged, self.next_line_s) = (self.sums, time_s + LINE_S);
    }
}
