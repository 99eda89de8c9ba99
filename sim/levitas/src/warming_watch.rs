// SPDX-License-Identifier: Apache-2.0
//! Watches what the two tasks of the warming device say, and logs what changes.

use levitas_core::mail::Mailboxes;
use levitas_core::warming::messages::{CutOutMail, WarmingMail};

use crate::event_log::EventLog;

/// States of the warming task, by their code.
const STATES: [&str; 5] = ["off", "preparing", "warming", "waiting", "stopped"];
/// What the cut-out says, by its code.
const TRIPS: [&str; 5] = [
    "closed",
    "open: water too warm",
    "open: blood too warm",
    "open: own sensor",
    "open: it has just started",
];

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub(crate) struct WarmingWatch {
    state: u32,
    trip: Option<u32>,
}

impl WarmingWatch {
    /// What lies in the mail of the unit; `None`: it is off.
    pub(crate) fn step(&mut self, time_s: f64, mail: Option<&Mailboxes>, log: &mut EventLog) {
        let said = mail.and_then(|mail| mail.warming.read::<WarmingMail>()).map(|(_, said)| said.state);
        if let Some(state) = said.filter(|state| *state != self.state) {
            self.state = state;
            log.push(time_s, "warming_state", STATES.get(state as usize).copied().unwrap_or("unknown"));
        }
        let trip = mail.and_then(|mail| mail.cut_out.read::<CutOutMail>()).map(|(_, said)| said.trip);
        if let Some(trip) = trip.filter(|trip| Some(*trip) != self.trip) {
            self.trip = Some(trip);
            log.push(time_s, "cut_out_state", TRIPS.get(trip as usize).copied().unwrap_or("unknown"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use levitas_core::warming::WarmingState;
    use levitas_core::warming::cutout::Trip;

    #[test]
    fn codes_have_their_names() {
        assert_eq!(STATES[WarmingState::Off as usize], "off");
        assert_eq!(STATES[WarmingState::Stopped as usize], "stopped");
        assert_eq!(STATES.len(), WarmingState::Stopped as usize + 1);
        assert_eq!(TRIPS[Trip::Water as usize], "open: water too warm");
        assert_eq!(TRIPS.len(), Trip::Start as usize + 1);
    }
}
