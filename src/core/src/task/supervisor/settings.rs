// SPDX-License-Identifier: Apache-2.0
//! Limits and settings over a power-off: what the storage has of them ([`crate::circulation::settings_record`]).

use super::SupervisorTask;
use crate::circulation::settings_record;
use crate::mail::fault;

impl SupervisorTask {
    /// What lies in the storage, before the first period. The settings that are lost, a bit each in the order of the fields.
    pub fn recall_settings(&mut self, record: &[u8]) -> u32 {
        let (settings, lost) = settings_record::decode(record, &self.therapy.settings);
        self.therapy.settings = settings;
        lost
    }

    /// Whether it is known what lies in the storage, whatever is in force: a reset and the other unit may have given limits back. Until it is, `fault::SETTINGS` stands. Before a period.
    pub fn know_settings(&mut self, are_known: bool) {
        self.own_alarms &= !fault::SETTINGS;
        self.own_alarms |= if are_known { 0 } else { fault::SETTINGS };
    }
}

#[cfg(test)]
mod tests {
    use crate::circulation::therapy::{Mode, TherapyMail, TherapySettings};
    use crate::mail::{Mailboxes, SupervisorMail, fault};
    use crate::task::supervisor::SupervisorTask;
    use crate::unit::{Role, UnitConfig};

    #[test]
    fn a_unit_that_is_switched_on_has_the_limits_of_before_and_stands() {
        let limits = TherapySettings {
            return_pressure_mmhg_max: 250.0,
            flow_lpm_min: 2.5,
            speed_setpoint_rpm: 4000.0,
            ..TherapySettings::ADULT
        };
        let record = super::settings_record::encode(&limits);
        let (mut task, mail) =
            (SupervisorTask::new(&UnitConfig::ECMO_50, Role::Host).unwrap(), Mailboxes::new());
        assert_eq!(task.recall_settings(&record), 0);
        for _ in 0..200 {
            task.step(&mail);
        }
        let (_, TherapyMail { therapy, .. }) = mail.therapy.read::<TherapyMail>().unwrap();
        let expected = TherapySettings { speed_setpoint_rpm: 0.0, ..limits };
        assert_eq!((therapy.mode, therapy.settings), (Mode::Speed, expected));
    }

    #[test]
    fn while_the_limits_of_before_are_not_known_the_unit_says_so() {
        let (mut task, mail) =
            (SupervisorTask::new(&UnitConfig::ECMO_50, Role::Host).unwrap(), Mailboxes::new());
        (0..50).for_each(|_| task.step(&mail));
        for (are_known, alarms) in [(true, 0), (false, fault::SETTINGS), (true, 0)] {
            task.know_settings(are_known);
            task.step(&mail);
            assert_eq!(mail.supervisor.read::<SupervisorMail>().unwrap().1.alarms, alarms, "{are_known}");
        }
    }
}
